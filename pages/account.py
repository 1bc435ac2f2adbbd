"""What is shown of one account: its verdict in words, its curves, its comments, every reason beside its rows."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup

from features.benign import OUTCOMES
from features.comments_frames import FIRST_HOURS
from features.compute import frame
from features.context import with_account_context
from features.signals import SIGNALS
from features.sufficiency import COMMENTS_NEEDED, COUNTS_OF_POSTS
from features.tables import Tables
from features.text import NAMED_ACCOUNT, text_pass
from pages import drawing, telling

LONGEST_GAP_DRAWN = 45.0
"""Days between two readings that are still joined by a line: monthly readings are, a hole is not."""

CLUSTERS_SHOWN, AUTHORS_SHOWN = 10, 10
"""Groups of like comments, and of authors, that a page lists."""

FEWEST_IN_CLUSTER = 2
"""People who wrote the same words, at least, for a group: nobody repeats another alone."""

LEAST_RANGE = 0.2
"""Share of the largest count that a curve's chart spans at least; assumed."""

LONGEST_TEXT = 280
"""Characters of a comment that are shown."""

DELAY_QUANTILES = ((0.05, 11 / 60), (0.25, 2.6), (0.5, 15.0), (0.75, 57.0), (0.95, 48 * 24.0))
"""Hours after the post up to which so many comments have come on real accounts (FACTS, "Comments")."""

DELAY_EDGES = (1 / 6, 1.0, 6.0, 24.0, 72.0, 14 * 24.0)
"""Hours between the bars of the arrival times."""

DELAY_LABELS = ("10 min", "1 h", "6 h", "1 day", "3 days", "14 days", "later")

_OUTCOMES = re.compile(f" (?={'|'.join(re.escape(f'{words}: ') for words in OUTCOMES.values())})")

SCHEME_WORDS = {
    "bought_followers": "bought followers",
    "follow_unfollow": "following and unfollowing for followers",
    "bought_engagement": "bought likes or views",
    "bought_comments": "bought comments",
    "engagement_pod": "an engagement pod",
}
"""The contract's schemes in plain words."""

VERDICT_WORDS = {
    "pass": "Pass: nothing that a brand must look into first",
    "review": "Review: a person should look before money is paid",
    "reject": "Reject: strong signals consistent with bought audience or engagement",
    "insufficient_data": "No verdict: too little is observed to tell",
}


@dataclass(frozen=True, slots=True)
class Observed:
    """One account's rows and frames.

    Attributes:
        account: its row of `accounts`, with `newest_at`.
        readings, posts, comments: its rows of the tables, comments with `text_key`, `said_words` and `lag_hours`.
        measured: its rows of the engagement features' frame: settled posts with what is expected of them.
    """

    account: dict[str, Any]
    readings: pl.DataFrame
    posts: pl.DataFrame
    comments: pl.DataFrame
    measured: pl.DataFrame


def observed(tables: Tables) -> dict[str, Observed]:
    """Every account of some clean tables by its id."""
    tables = with_account_context(tables)
    texts = text_pass(tables.comments["text"])
    instants = tables.posts.select("account_id", "post_id", "posted_at")
    lag = (pl.col("commented_at") - pl.col("posted_at")).dt.total_seconds(fractional=True) / 3600
    comments = (
        tables.comments.with_columns(
            text_key=pl.Series(texts.text_key), said_words=pl.Series(texts.list_length.astype(np.int64))
        )
        .join(instants, on=["account_id", "post_id"], how="left", maintain_order="left")
        .with_columns(lag_hours=pl.when(lag >= 0).then(lag))
    )
    rows = {
        "readings": tables.followers_daily,
        "posts": tables.posts,
        "comments": comments,
        "measured": frame(tables, "engagement", "posts"),
    }
    parts = {name: table.partition_by("account_id", as_dict=True) for name, table in rows.items()}
    nothing = {name: table.clear() for name, table in rows.items()}
    return {
        row["account_id"]: Observed(
            row, **{name: parts[name].get((row["account_id"],), nothing[name]) for name in parts}
        )
        for row in tables.accounts.iter_rows(named=True)
    }


def account_view(
    seen: Observed,
    score: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]],
    summary: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the template `account.html` shows.

    Args:
        seen: the account's rows.
        score: its row of the scores.
        evidence: its rows of the evidence, in their order.
        summary: of the scoring run, if at hand.
    """
    behind: dict[str, list[Mapping[str, Any]]] = {reason["feature"]: [] for reason in score["reasons"]}
    for row in evidence:
        behind.setdefault(row["feature"], []).append(row)
    reasons = [_reason(reason, behind[reason["feature"]]) for reason in score["reasons"]]
    marked = {(row["table"], row["key"]) for row in evidence}
    return {
        "account": seen.account,
        "score": score,
        "verdict": VERDICT_WORDS[score["verdict"]],
        "schemes": [
            (SCHEME_WORDS.get(each["scheme"], each["scheme"]), each["probability"])
            for each in score["suspected_schemes"]
        ],
        "reasons": reasons,
        "told": telling.told(seen, score, reasons, summary),
        "charts": _charts(seen, marked),
        "clusters": _clusters(seen.comments),
        "authors": _authors(seen.comments),
        "not_observed": not_observed(seen),
    }


def _reason(reason: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A reason's text in its parts: heading, what was seen, and what was checked."""
    seen, *checked = _OUTCOMES.split(reason["text"])
    heading, _, said = seen.partition(": ")
    if heading not in {signal.heading for signal in SIGNALS.values()}:
        heading, said = "", seen
    outcomes = [tuple(each.partition(": ")[::2]) for each in checked]
    return {"heading": heading, "said": said, "checked": outcomes, "rows": rows, **reason}


# Curves ---------------------------------------------------------------------------------------------------------------


def _charts(seen: Observed, marked: set[tuple[str, str]]) -> list[dict[str, Any]]:
    """Title, explanation and drawing of every chart that the account's rows allow."""
    found = [
        _curve(seen, marked, "follower_count", "Followers"),
        _curve(seen, marked, "following_count", "Accounts followed"),
        _engagement(seen, marked, "likes", "like_rate"),
        _engagement(seen, marked, "views", "view_rate"),
        _arrivals(seen.comments),
    ]
    return [each for each in found if each is not None]


def _days_across(numbers: Sequence[float]) -> drawing.Scale:
    return drawing.horizontal(min(numbers), max(numbers) + 1.0)


def _curve(seen: Observed, marked: set[tuple[str, str]], column: str, title: str) -> dict[str, Any] | None:
    readings = seen.readings.drop_nulls(column)
    if readings.is_empty():
        return None
    points = [(drawing.day_number(day), float(count)) for day, count in readings.select("date", column).iter_rows()]
    across, counts = _days_across([number for number, _ in points]), [count for _, count in points]
    # A change of a few per cent should not look like a cliff.
    up = drawing.vertical([*counts, max(counts) * (1 - LEAST_RANGE)])
    shaded = [
        drawing.band(number - 1.0, number, across, "marked", f"{key}: named in a reason")
        for table, key in sorted(marked)
        if table == "followers_daily"
        for number in [_key_day(key)]
        if number is not None
    ]
    posted = [drawing.day_number(moment) for moment in seen.posts["posted_at"]]
    posted = [number for number in posted if across.low <= number <= across.high]
    posts = [drawing.band(day, day, across, "post") for day in posted]
    first, last = points[0], points[-1]
    description = (
        f"{len(points)} readings from {drawing.day_text(first[0])} ({first[1]:,.0f}) to {drawing.day_text(last[0])} "
        f"({last[1]:,.0f})."
        + (" What a reason names is shaded, by its last day." if shaded else "")
        + (" Posts of that time are marked below." if posted else "")
        + f" {telling.moves([drawing.day_text(day) for day, _ in points], counts)}"
    ).rstrip()
    marks = [
        *shaded,
        Markup('<g class="posts">{}</g>').format(Markup("").join(posts)),
        drawing.line(points, across, up, "curve", breaks_after=LONGEST_GAP_DRAWN),
        *([drawing.dots(points, across, up, "reading")] if len(points) <= _FEW_READINGS else []),
    ]
    return _chart(title, description, marks, across, up)


_FEW_READINGS = 60
"""Readings up to which each is drawn as a dot: between monthly readings a line alone would seem to know more."""


def _key_day(key: str) -> float | None:
    """The day of an evidence row's key; None for a key that is no date."""
    return drawing.day_number(date.fromisoformat(key)) if re.fullmatch(r"\d{4}-\d\d-\d\d", key) else None


def _engagement(seen: Observed, marked: set[tuple[str, str]], count: str, ratio: str) -> dict[str, Any] | None:
    """Counts of the settled posts against what accounts of its size and platform show."""
    posts = seen.measured.drop_nulls(count)
    if posts.is_empty():
        return None
    rows = posts.with_columns(
        audience=pl.coalesce("followers_then", "followers"),
    ).select("post_id", "posted_at", count, "audience", f"expected_{ratio}", f"spread_{ratio}")
    points, low, high, labels = [], [], [], []
    for _, at, value, audience, expected, spread in rows.iter_rows():
        day = drawing.day_number(at)
        points.append((day, max(float(value), 0.5)))
        labels.append(f"{drawing.day_text(day)}: {value:,} {count}")
        if audience and expected is not None:
            low.append((day, audience * math.exp(expected - spread)))
            high.append((day, audience * math.exp(expected + spread)))
    across = _days_across([number for number, _ in points])
    named = [key for table, key in marked if table == "posts"]
    is_named = rows["post_id"].is_in(named).to_list()
    up = drawing.vertical([y for _, y in (*points, *low, *high)], logarithmic=True)
    usual = [point for point, named_one in zip(points, is_named, strict=True) if not named_one]
    told = [point for point, named_one in zip(points, is_named, strict=True) if named_one]
    expected_words = (
        "The shaded band holds two thirds of honest accounts of this size and platform."
        if low
        else "What accounts of its size show is not drawn: the follower count is unknown."
    )
    description = (
        f"The newest {len(points)} posts older than 48 hours, median {np.median([y for _, y in points]):,.0f} {count}. "
        + (f"Those that a reason names stand out ({len(told)}). " if told else "")
        + expected_words
    )
    marks = [
        *([drawing.area(low, high, across, up, "expected")] if low else []),
        drawing.dots(usual, across, up, "dot", [t for t, n in zip(labels, is_named, strict=True) if not n]),
        drawing.dots(told, across, up, "dot named", [t for t, n in zip(labels, is_named, strict=True) if n]),
    ]
    return _chart(f"{count.capitalize()} per post", description, marks, across, up)


def _arrivals(comments: pl.DataFrame) -> dict[str, Any] | None:
    """When comments came after their post, beside when they come on real accounts."""
    lags = _by_others(comments)["lag_hours"].drop_nulls().to_numpy()
    if lags.size < COMMENTS_NEEDED:
        return None  # one comment is not "100% within an hour"
    edges = np.array([0.0, *DELAY_EDGES, math.inf])
    shares = np.histogram(lags, edges)[0] / lags.size
    usual = np.diff([0.0, *(_usual_share(edge) for edge in DELAY_EDGES), 1.0])
    across = drawing.Scale(0.0, float(len(shares)), drawing.LEFT, drawing.WIDTH - drawing.RIGHT)
    up = drawing.vertical([0.0, *shares * 100, *usual * 100], from_zero=True)
    labels = [
        f"{label}: {share:.0%} of its comments, {other:.0%} elsewhere"
        for label, share, other in zip(DELAY_LABELS, shares, usual, strict=True)
    ]
    middle = [(index + 0.5, other * 100) for index, other in enumerate(usual)]
    description = f"{lags.size:,} comments with a known delay, in per cent. " + "; ".join(labels) + "."
    marks = [drawing.bars(list(shares * 100), across, up, "bar", labels), drawing.dots(middle, across, up, "usual")]
    drawn = drawing.chart(
        marks,
        across,
        up,
        title="Delay of comments after their post",
        description=description,
        across_text=lambda tick: DELAY_LABELS[math.floor(tick)],
        across_ticks=[index + 0.5 for index in range(len(shares))],
    )
    words = (
        f"Share of {lags.size:,} comments by their delay (bars), and of 514,901 comments under influencers' posts "
        "(dots; Instagram, Kim et al. 2020). The earliest or newest comments come with other delays than all of them."
    )
    return {"title": "Delay of comments after their post", "words": words, "drawing": drawn}


def _usual_share(hours: float) -> float:
    """Share of real accounts' comments up to a delay: straight lines in the logarithm between the known quantiles."""
    shares, delays = zip(*DELAY_QUANTILES, strict=True)
    return float(np.interp(math.log(hours), np.log(delays), shares))


def _chart(
    title: str, description: str, marks: Sequence[Markup], across: drawing.Scale, up: drawing.Scale
) -> dict[str, Any]:
    drawn = drawing.chart(
        marks,
        across,
        up,
        title=title,
        description=description,
        across_text=drawing.day_text,
        across_ticks=drawing.day_ticks(across),
    )
    return {"title": title, "words": description, "drawing": drawn}


# Comments -------------------------------------------------------------------------------------------------------------


def _by_others(comments: pl.DataFrame) -> pl.DataFrame:
    """The comments without the account's own replies; an unknown author counts as somebody else."""
    return comments.filter(pl.col("commenter_id").ne_missing(pl.col("account_id")))


def _clusters(comments: pl.DataFrame) -> list[dict[str, Any]]:
    """The largest groups of comments with the same words by different people, one text of each."""
    others = _by_others(comments).filter(pl.col("said_words") > 0)
    person = pl.coalesce("commenter_id", "comment_id")
    groups = (
        others.group_by("text_key")
        .agg(
            comments=pl.len(),
            people=person.n_unique(),
            posts=pl.col("post_id").n_unique(),
            text=pl.col("text").sort_by("comment_id").first(),
        )
        .filter(pl.col("people") >= FEWEST_IN_CLUSTER)
        .sort("comments", "text", descending=[True, False])
    )
    shown = pl.col("text").str.replace_all(NAMED_ACCOUNT, "@\u2026").str.head(LONGEST_TEXT)
    return groups.with_columns(shown).head(CLUSTERS_SHOWN).to_dicts()


def _authors(comments: pl.DataFrame) -> list[dict[str, Any]]:
    """Who commented most, by number and never by name, the account's own replies left out."""
    others = _by_others(comments).filter(pl.col("commenter_id").is_not_null())
    early = (pl.col("lag_hours") <= FIRST_HOURS).sum()
    people = (
        others.group_by("commenter_id")
        .agg(comments=pl.len(), posts=pl.col("post_id").n_unique(), within_an_hour=early)
        .filter(pl.col("posts") > 1)
        .sort("comments", "commenter_id", descending=[True, False])
    )
    listed = people.head(AUTHORS_SHOWN).drop("commenter_id").to_dicts()
    return [{"person": f"Person {number}", **row} for number, row in enumerate(listed, start=1)]


# What is missing ------------------------------------------------------------------------------------------------------


def not_observed(seen: Observed) -> list[str]:
    """What nobody could look at, in words; the verdict rests on the rest."""
    posts, comments = seen.posts, seen.comments
    hidden, unseen = posts["like_count"].null_count(), posts["view_count"].null_count()
    withheld = (
        seen.measured.filter(pl.col("likes").is_null())
        .join(posts.filter(pl.col("like_count") == 0), on="post_id", how="semi")
        .height
    )
    young = posts.height - telling.settled(posts, seen.account["newest_at"], COUNTS_OF_POSTS).height
    lacks = [
        (seen.readings.is_empty(), "how the follower count developed"),
        (
            not seen.readings.is_empty() and seen.readings["following_count"].null_count() == seen.readings.height,
            "how the number of accounts followed developed",
        ),
        (posts.is_empty(), "posts and their engagement"),
        (hidden > 0, f"likes of {hidden:,} of {posts.height:,} posts (hidden or not read)"),
        (
            withheld > 0,
            f"likes of {withheld:,} more posts: they read 0 where the others have dozens, as hidden ones do",
        ),
        (unseen > 0, "views of posts" + ("" if unseen == posts.height else f": {unseen:,} of {posts.height:,}")),
        (
            young > 0,
            f"the engagement of {young:,} of {posts.height:,} posts: under 48 hours old when read, or without a count",
        ),
        (not posts.is_empty() and posts["comment_count"].null_count() == posts.height, "numbers of comments"),
        (comments.is_empty(), "texts of comments"),
        (not comments.is_empty() and comments["commenter_id"].null_count() == comments.height, "who wrote comments"),
        (
            not comments.is_empty() and comments["commented_at"].null_count() == comments.height,
            "when comments were written",
        ),
        (seen.account["created_on"] is None, "when the account was opened"),
        (seen.account["biography"] is None, "what the account says of itself"),
    ]
    return [words for lacking, words in lacks if lacking]
