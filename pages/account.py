"""What is shown of one account: its verdict in words, its curves, its comments, every reason beside its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from features.benign import OUTCOMES
from features.comments_frames import FIRST_HOURS
from features.signals import SIGNALS
from features.sufficiency import COUNTS_OF_POSTS
from features.text import NAMED_ACCOUNT
from pages import telling
from pages.charts import charts, gauge
from pages.observed import Observed, by_others
from pages.wording import BEYOND_TRAINING, NEXT_STEP_WITHOUT_REASONS, NEXT_STEPS, VERDICT_BEYOND

CLUSTERS_SHOWN, AUTHORS_SHOWN = 10, 10
"""Groups of like comments, and of authors, that a page lists."""

FEWEST_IN_CLUSTER = 2
"""People who wrote the same words, at least, for a group: nobody repeats another alone."""

LONGEST_TEXT = 280
"""Characters of a comment that are shown."""

STRONGEST_SHOWN = 2
"""Reasons that stand beside the verdict."""

_BEYOND_THE_POINT = re.compile(r" \(|[.;] ")
"""Where a reason's sentence leaves its point: figures to compare with, or the next sentence."""

UNLIKE, OUT_OF_RANGE = "unlike the accounts trained on", "are in range"
"""How a lack begins or ends that no further data of the account would mend; see `models.scoring`."""

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
    return {
        "account": seen.account,
        "score": score,
        "gauge": gauge(score["authenticity_score"]),
        "strongest": _strongest(reasons),
        "next_step": next_step(score),
        "verdict": VERDICT_BEYOND if is_beyond_training(score) else VERDICT_WORDS[score["verdict"]],
        "schemes": [
            (SCHEME_WORDS.get(each["scheme"], each["scheme"]), each["probability"])
            for each in score["suspected_schemes"]
        ],
        "reasons": reasons,
        "told": telling.told(seen, score, reasons, summary),
        "charts": charts(seen, evidence),
        "posts_drawn": not seen.measured.is_empty(),
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


def _strongest(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The first reasons, each as short as it can be said: without its figures' comparison and what else was seen."""
    found = []
    for number, reason in enumerate(reasons[:STRONGEST_SHOWN], start=1):
        heading = reason["heading"] or reason["feature"].replace("_", " ")
        short = _BEYOND_THE_POINT.split(reason["said"], maxsplit=1)[0].rstrip(".")
        found.append({"number": number, "heading": heading, "short": short})
    return found


def next_step(score: Mapping[str, Any]) -> str:
    """What a campaign manager does with the verdict."""
    if is_beyond_training(score):
        return BEYOND_TRAINING
    if score["verdict"] == "review" and not score["reasons"]:
        return NEXT_STEP_WITHOUT_REASONS
    return NEXT_STEPS[score["verdict"]]


def is_beyond_training(score: Mapping[str, Any]) -> bool:
    """Whether no verdict is given for another reason than missing data: more of it would change nothing."""
    return any(
        because.startswith(UNLIKE) or because.endswith(OUT_OF_RANGE) for because in score["insufficient_because"]
    )


# Comments -------------------------------------------------------------------------------------------------------------


def _clusters(comments: pl.DataFrame) -> list[dict[str, Any]]:
    """The largest groups of comments with the same words by different people, one text of each."""
    others = by_others(comments).filter(pl.col("said_words") > 0)
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
    others = by_others(comments).filter(pl.col("commenter_id").is_not_null())
    early = (pl.col("lag_hours") <= FIRST_HOURS).sum()
    people = (
        others.group_by("commenter_id")
        .agg(comments=pl.len(), posts=pl.col("post_id").n_unique(), within_an_hour=early)
        .filter(pl.col("posts") > 1)
        # Equal in all that is shown, whoever they are: the order must not tell who.
        .sort("comments", "posts", "within_an_hour", descending=True)
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
            f"likes of {withheld:,} further {'post' if withheld == 1 else 'posts'}: 0 is read where others have dozens",
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
