"""Sentences that a page builds for one account: how sure, what moved it, over which time, what would contest it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from features.definition import Shown
from features.engagement_level import NEWEST_POSTS, with_engagement
from features.signals import SIGNALS
from features.sufficiency import SETTLED_HOURS

if TYPE_CHECKING:
    from pages.observed import Observed

NINE_IN_TEN = 1.645
"""Standard deviations either side of the middle that hold nine in ten of normally spread cohorts."""

FAR_OFF = 2.0
"""Times that the mean and what is drawn now may differ before the page says so; assumed."""

MONTH = timedelta(days=30)
"""Of `train.outside_days`, whose default is a month."""

MOST_NAMED = 3
"""Signals named in the sentence; the table holds all."""

FLAGGED = ("review", "reject")

WHAT_CONTESTS = {
    "follower_burst": "what brought the followers of those days: the platform's own statistics of their sources, a "
    "receipt for advertising, a link to the shout-out, the article or the giveaway",
    "steady_gain": "receipts for the advertising of those days, or the platform's own statistics of the followers' "
    "sources",
    "follower_losses": "what these followers had come for (a giveaway, a subject since dropped), or the platform's "
    "notice of a clean-up",
    "refilled_losses": "what took the followers and what brought others so soon after",
    "follow_unfollow": "why accounts were followed or given up at that time",
    "likes_and_followers_apart": "the platform's own statistics of the posts before and after: reach, and its sources",
    "comments_alike": "what the commenters have in common (an occasion, a language, a custom of the fans)",
    "emoji_comments": "what the commenters have in common (an occasion, a custom of the fans)",
    "short_comments": "comments of other posts, or all of them where these are a sample",
    "comment_order": "who the regular commenters are and how they learn of a new post",
    "same_commenters": "who the regular commenters are and how they learn of a new post",
    "comment_timing": "all comments where these are a sample, and what happened at the time",
    "engagement_for_size": "the platform's own statistics of these posts: reach, its sources, what was advertised",
    "comments_against_likes": "the platform's own statistics of these posts: reach, its sources, what was advertised",
    "likes_against_views": "the platform's own statistics of these posts: sources of views, what was advertised",
    "even_likes": "the platform's own statistics of these posts: who liked, and when",
    "even_comments": "all comments of these posts with their authors",
    "likes_over_time": "what changed at the time: subject, format, pace of posting, advertising",
    "sponsored_posts": "which of the posts were advertised, and by whom",
    "count_digits": "the counts as the platform exports them",
}
"""What the account's side can show against a reason, by its signal."""


def told(
    seen: Observed,
    score: Mapping[str, Any],
    reasons: Sequence[Mapping[str, Any]],
    summary: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What the template shows under `told`.

    Args:
        seen: the account's rows.
        score: its row of the scores.
        reasons: its reasons in their parts, with `heading` and evidence `rows`.
        summary: of the scoring run, if at hand.
    """
    spread = None if summary is None else summary.get("cohort_spread")
    return {
        "sure": how_sure(score["probability_inauthentic"], spread),
        "outside": outside(seen, score, reasons) if score["verdict"] in FLAGGED else [],
        "no_scheme": score["verdict"] in FLAGGED and not score["suspected_schemes"],
        "level": level(seen.measured),
        "signals": signals(score["signals"] or [], reasons),
        "balance": balance(score["signals"] or [], reasons) if score["verdict"] in FLAGGED else "",
        "is_more_unnamed": unnamed(score["signals"] or [], reasons) > named(reasons),
        "contests": contests(seen, reasons) if score["verdict"] in FLAGGED else [],
    }


def how_sure(probability: float | None, spread: float | None) -> list[str]:
    """How far the probability may be off, in sentences; none without a verdict."""
    if probability is None:
        return []
    sentences = ["How often it is right about real accounts is not known: the model learned from simulated ones."]
    if spread is not None and 0.0 < probability < 1.0:
        middle = math.log(probability / (1.0 - probability))
        low, high = (1.0 / (1.0 + math.exp(-(middle + side * NINE_IN_TEN * spread))) for side in (-1, 1))
        sentences.append(
            "Simulated cohorts differ in their rules and in how many accounts buy: in about nine of ten of them the "
            f"probability would be {_hundredths(low)} to {_hundredths(high)} in 100."
        )
    return [*sentences, "An account that bought less than a tenth can look the same."]


def _hundredths(share: float) -> str:
    """Whole hundredths within 1 and 99: neither end is certainty."""
    return f"{min(max(round(100 * share), 1), 99)}"


# What was drawn, and when ---------------------------------------------------------------------------------------------


def outside(seen: Observed, score: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is left of the suspicion where somebody else may have ordered what came, in sentences; none if not asked."""
    left = score.get("probability_without_busiest_month")
    if left is None:
        return []
    taken, remains = _taken(seen)
    without = (
        "Anybody can order followers, likes, views or comments for an account of somebody else's. Without "
        f"{', and without '.join(taken)}, the probability would be {Shown(left):.0%}."
    )
    if score["verdict"] == "reject":
        return [without, "So this verdict does not rest on what somebody else could have ordered within a month."]
    sentences = [without]
    if not remains:
        sentences.append("Little else is observed then, and on so little nobody is rejected.")
    if left < score["probability_inauthentic"] and reasons:
        sentences.append("Ask the creator about it first: what was seen may have been sent, not bought.")
    return sentences


def _taken(seen: Observed) -> tuple[list[str], bool]:
    """What `models.outside` leaves out of this account, in words, and whether days of followers or comments remain."""
    taken, remains = [], False
    for name, instants in (("follower readings", seen.readings["date"]), ("comments", seen.comments["commented_at"])):
        dated = instants.drop_nulls()
        is_longer = bool(not dated.is_empty() and dated.max() - dated.min() > MONTH)  # type: ignore[operator]
        if is_longer:
            taken.append(f"the busiest month of its {name}")
        elif not instants.is_empty():
            taken.append(f"its {name}, which {'bear no date' if dated.is_empty() else 'span a month at most'}")
        remains = remains or is_longer
    if not seen.measured.is_empty():
        taken.append("the counts of its posts, which bear no date")
    return taken, remains


def level(measured: pl.DataFrame) -> list[str]:
    """Of which posts the median is taken, and where the mean of all says something else, that: likes and comments.

    `measured` are the account's rows of the engagement features' frame of posts.
    """
    posts = with_engagement(measured)
    if posts.is_empty():
        return ["No post older than 48 hours shows its likes."]
    newest = posts.tail(NEWEST_POSTS)
    first, last = (f"{newest['posted_at'][place]:%Y-%m-%d}" for place in (0, -1))
    if posts.height == 1:
        return [f"Of a single post of {first}."]
    named = f"newest {newest.height:,} posts" if newest.height < posts.height else f"{newest.height:,} posts"
    sentences = [f"The median of the {named} that show their likes, {first} to {last}."]
    drawn = posts["engagement"].to_numpy()
    now, mean = float(np.median(drawn[-NEWEST_POSTS:])), float(np.mean(drawn))
    if mean > FAR_OFF * max(now, 1.0):
        sentences.append(
            f"The mean of {posts.height:,} is {mean:,.0f}, as observed: few posts, or older ones, make it."
        )
    elif now > FAR_OFF * mean:
        sentences.append(f"The mean of {posts.height:,} is {mean:,.0f}, as observed: the newest draw more.")
    return sentences


def settled(posts: pl.DataFrame, newest_at: Any, counts: Sequence[str]) -> pl.DataFrame:
    """The posts old enough to count when they were read, with at least one of these counts.

    As `features.sufficiency.settled_posts`, of one account.
    """
    age = pl.coalesce("observed_at", pl.lit(newest_at)) - pl.col("posted_at")
    is_old = age >= timedelta(hours=SETTLED_HOURS)
    return posts.filter(is_old & pl.any_horizontal(pl.col(*counts).is_not_null()))


def moves(days: Sequence[str], counts: Sequence[float]) -> str:
    """The largest rise and the largest fall between two readings of a curve, in a sentence; empty without either."""
    changes = [after - before for before, after in pairwise(counts)]
    said = []
    for name, place in (("rise", _largest(changes, 1)), ("fall", _largest(changes, -1))):
        if place is not None:
            share = f" ({Shown(abs(changes[place]) / counts[place]):.1%})" if counts[place] > 0 else ""
            said.append(f"largest {name} {changes[place]:+,.0f}{share} from {days[place]} to {days[place + 1]}")
    return f"Between two readings: {'; '.join(said)}." if said else ""


def _largest(changes: Sequence[float], sign: int) -> int | None:
    """Place of the largest change of that sign, the first of equal ones."""
    places = [place for place, change in enumerate(changes) if change * sign > 0]
    return max(places, key=lambda place: (changes[place] * sign, -place)) if places else None


# What moved the probability -------------------------------------------------------------------------------------------


def signals(pushes: Sequence[Mapping[str, Any]], reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every signal with what it adds to the log-odds, strongest first, and what the page says of it."""
    numbers = {reason["heading"]: number for number, reason in enumerate(reasons, start=1)}
    return [
        {
            "heading": SIGNALS[push["signal"]].heading if push["signal"] in SIGNALS else push["signal"],
            "contribution": push["contribution"],
            "standing": _standing(push, numbers),
        }
        for push in pushes
    ]


def _standing(push: Mapping[str, Any], numbers: Mapping[str, int]) -> str:
    signal = SIGNALS.get(push["signal"])
    if signal is not None and signal.heading in numbers:
        return f"reason {numbers[signal.heading]}"
    if push["contribution"] < 0:
        return "speaks for the account"
    if signal is not None and not signal.checks:
        return "never a reason by itself: honest accounts show it, too"
    return "no value that may be shown as a reason"


def named(reasons: Sequence[Mapping[str, Any]]) -> float:
    """What the reasons add to the log-odds."""
    return float(sum(reason["contribution"] for reason in reasons))


def unnamed(pushes: Sequence[Mapping[str, Any]], reasons: Sequence[Mapping[str, Any]]) -> float:
    """What pushes towards inauthentic beyond the reasons, in log-odds; never below 0."""
    towards = float(sum(push["contribution"] for push in pushes if push["contribution"] > 0))
    return max(towards - named(reasons), 0.0)


def _unshown(pushes: Sequence[Mapping[str, Any]], reasons: Sequence[Mapping[str, Any]]) -> list[tuple[str, float]]:
    """What pushes towards inauthentic beyond the reasons, signal by signal, strongest first.

    Of a signal that is a reason it is what its other values add: ordinary ones, or on no side that may be shown.
    """
    shown = {reason["heading"]: reason["contribution"] for reason in reasons}
    found = []
    for each in signals(pushes, reasons):
        heading = each["heading"].lower()
        rest = each["contribution"] - shown.get(each["heading"], 0.0)
        found.append((f"other values of \u201c{heading}\u201d" if each["heading"] in shown else heading, rest))
    return sorted((one for one in found if one[1] >= LEAST_SAID), key=lambda one: -one[1])


LEAST_SAID = 0.005
"""Log-odds below which an amount would be shown as 0.00."""


def balance(pushes: Sequence[Mapping[str, Any]], reasons: Sequence[Mapping[str, Any]]) -> str:
    """How much of what moved the probability the reasons are, in words; empty where nothing is known of it."""
    if not pushes:
        return ""
    shown, rest = named(reasons), unnamed(pushes, reasons)
    towards = sum(push["contribution"] for push in pushes if push["contribution"] > 0)
    against = sum(push["contribution"] for push in pushes if push["contribution"] < 0)
    most = ", ".join(f"{what} ({rest:+.2f})" for what, rest in _unshown(pushes, reasons)[:MOST_NAMED])
    if not reasons:
        return (
            f"Together the signals add {towards:+.2f} to the log-odds"
            + (f", most of it {most}" if most else "")
            + (f"; {against:+.2f} speaks for the account." if against else ".")
        )
    part = "the smaller part" if rest > shown else "the larger part"
    return (
        f"The signals above are {part} of what moved the probability: they add {shown:+.2f} to the log-odds, what "
        f"cannot be shown as a reason adds {rest:+.2f}"
        + (f" (most of it {most})" if most else "")
        + (f", and {against:+.2f} speaks for the account." if against else ".")
    )


# What would contest it ------------------------------------------------------------------------------------------------


def contests(seen: Observed, reasons: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the account's side can supply, a sentence each: against every reason, and what nobody has looked at."""
    by_heading = {signal.heading: name for name, signal in SIGNALS.items()}
    against: dict[str, list[str]] = {}
    for number, reason in enumerate(reasons, start=1):
        days = [row["key"] for row in reason["rows"] if row["table"] == "followers_daily"]
        around = f", most of all around {days[0]}" if days else ""
        what = WHAT_CONTESTS.get(by_heading.get(reason["heading"], ""))
        if what is not None:
            against.setdefault(what, []).append(f"{number} ({reason['heading'].lower()}{around})")
    found = [f"Against {' and '.join(those)}: {what}." for what, those in against.items()]
    comments = seen.comments
    lacks = (
        (seen.readings.is_empty(), "daily follower counts, from the platform's export or a tracker"),
        (seen.posts.is_empty(), "posts with their dates, likes, comments and views"),
        (
            not seen.posts.is_empty() and seen.posts["like_count"].null_count() == seen.posts.height,
            "the likes of posts, where they are hidden",
        ),
        (comments.is_empty(), "comments with their authors and times"),
        (
            not comments.is_empty() and comments["commented_at"].null_count() == comments.height,
            "the times of the comments",
        ),
    )
    missing = [what for lacking, what in lacks if lacking]
    if missing:
        found.append(f"Not looked at so far, and may speak for the account: {'; '.join(missing)}.")
    return found
