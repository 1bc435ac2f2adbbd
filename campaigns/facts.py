"""What an account shows of itself that a brand weighs beside the verdict: advertising, answers, mood, rhythm.

Counts come with what they were counted among. Not observed is null; an account that was observed without any is 0.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from campaigns.mood import MOOD_SCHEMA, comment_mood
from features.context import with_account_context
from features.sufficiency import settled_posts
from features.tables import Tables

RECENT_DAYS = 90
"""Days before the account's newest row in which posts are counted (assumed: a quarter, as campaigns are planned)."""

COMPARED_DAYS = 365
"""Days before it whose posts are compared with each other (assumed: long enough for some advertising, too short for
the audience to become another)."""

FEWEST_COMPARED = 5
"""Posts on each side for a comparison: the least of which a 90 % interval by ranks exists that is no mere range."""

FEWEST_RATED = 20
"""Comments with words of the list for a share of moods: as many as a verdict asks for (contract)."""

FEWEST_RHYTHM_DAYS = 14.0
"""Days that posts must cover for a rhythm; assumed."""

NORMAL_QUANTILE = 1.6449
"""Of 0.95: bounds of 90 % intervals."""

FACTS_SCHEMA: dict[str, Any] = {
    "account_id": pl.String,
    "niche": pl.String,
    "language": pl.String,
    "country": pl.String,
    "recent_posts": pl.Int64,
    "declared_posts": pl.Int64,
    "sponsored_posts": pl.Int64,
    "sponsored_post_share": pl.Float64,
    "sponsored_posts_compared": pl.Int64,
    "own_posts_compared": pl.Int64,
    "sponsored_engagement_ratio": pl.Float64,
    "sponsored_engagement_ratio_lower": pl.Float64,
    "sponsored_engagement_ratio_upper": pl.Float64,
    "owner_replies": pl.Int64,
    "posts_with_comments": pl.Int64,
    "posts_with_owner_reply": pl.Int64,
    **{name: dtype for name, dtype in MOOD_SCHEMA.items() if name != "account_id"},
    "positive_comment_share": pl.Float64,
    "negative_comment_share": pl.Float64,
    "posts_per_week": pl.Float64,
    "last_post_on": pl.Date,
    "days_since_last_post": pl.Float64,
}
"""Columns of `account_facts`. "Recent": of the last `RECENT_DAYS`; "declared": known to be sponsored or not."""


def account_facts(tables: Tables) -> pl.DataFrame:
    """One row an account, sorted by `account_id`, with the columns of `FACTS_SCHEMA`.

    Everything is counted back from the account's own newest row, so that it does not depend on who else is there.
    """
    tables = with_account_context(tables)
    accounts = tables.accounts.select("account_id", "niche", "language", "country", "newest_at")
    newest = accounts.select("account_id", "newest_at")
    found = accounts
    for part in (
        _posts(tables.posts.join(newest, on="account_id", how="left")),
        _against_own(settled_posts(tables).join(newest, on="account_id", how="left")),
        _replies(tables.comments),
        comment_mood(accounts, tables.comments),
    ):
        found = found.join(part, on="account_id", how="left", maintain_order="left")
    rated = pl.when(pl.col("rated_comments") >= FEWEST_RATED).then("rated_comments")
    found = found.with_columns(
        positive_comment_share=pl.col("positive_comments") / rated,
        negative_comment_share=pl.col("negative_comments") / rated,
    )
    return found.sort("account_id").select(pl.col(name).cast(dtype) for name, dtype in FACTS_SCHEMA.items())


def _posts(posts: pl.DataFrame) -> pl.DataFrame:
    """Advertising and rhythm of the last `RECENT_DAYS`."""
    age = (pl.col("newest_at") - pl.col("posted_at")).dt.total_seconds(fractional=True) / 86_400
    recent = pl.col("age") <= RECENT_DAYS
    is_declared = pl.col("is_sponsored").is_not_null()
    counted = (
        posts.with_columns(age=age)
        .group_by("account_id")
        .agg(
            recent_posts=recent.sum(),
            # An export that never says what is advertising has not observed it, which is not the same as none.
            declared_posts=pl.when(is_declared.any()).then((recent & is_declared).sum()),
            sponsored_posts=pl.when(is_declared.any()).then((recent & pl.col("is_sponsored").fill_null(False)).sum()),
            oldest_age=pl.col("age").max(),
            last_post_on=pl.col("posted_at").max().dt.date(),
            days_since_last_post=pl.col("age").min(),
        )
    )
    # Where the oldest observed post lies within the time, nothing is known of the days before it, and it opens the
    # time itself: the gaps after it are counted.
    whole = pl.col("oldest_age") > RECENT_DAYS
    gaps = pl.when(whole).then("recent_posts").otherwise(pl.col("recent_posts") - 1)
    days = pl.min_horizontal("oldest_age", pl.lit(float(RECENT_DAYS)))
    return counted.with_columns(
        sponsored_post_share=pl.col("sponsored_posts") / pl.when(pl.col("declared_posts") > 0).then("declared_posts"),
        posts_per_week=gaps * 7 / pl.when(days >= FEWEST_RHYTHM_DAYS).then(days),
    ).drop("oldest_age")


def _against_own(posts: pl.DataFrame) -> pl.DataFrame:
    """Likes and comments of sponsored posts against the account's other posts of the last `COMPARED_DAYS`.

    Posts are 48 hours old or older and show their likes; those whose comments are unknown count their likes alone, as
    in `expected_engagement_per_post`.
    """
    shown = pl.col("like_count") + pl.col("comment_count").fill_null(0)
    compared = posts.filter(
        pl.col("posted_at") >= pl.col("newest_at") - pl.duration(days=COMPARED_DAYS),
        pl.col("is_sponsored").is_not_null(),
    ).select("account_id", "is_sponsored", shown=shown)
    rows = []
    for account_id, is_sponsored, engagement in (
        compared.drop_nulls().sort("account_id").group_by("account_id", maintain_order=True).agg(pl.all()).iter_rows()
    ):
        values, flags = np.array(engagement, dtype=np.float64), np.array(is_sponsored)
        sponsored, own = values[flags], values[~flags]
        rows.append((account_id, sponsored.size, own.size, *ratio_by_ranks(sponsored, own)))
    names = [name for name in FACTS_SCHEMA if name.endswith("_compared") or "engagement_ratio" in name]
    schema = {name: FACTS_SCHEMA[name] for name in ("account_id", *names)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def ratio_by_ranks(ones: np.ndarray, others: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """How many times as large `ones` are as `others`, with a 90 % interval; None where either are too few.

    Hodges and Lehmann's estimate on logarithms: the median of all ratios, one each way, and as bounds those ratios
    that the rank test of Mann and Whitney would just not reject. One post that went viral does not decide it. One is
    added to every count, so that a post without any has a ratio. It holds for posts that are independent of each other.
    """
    pairs = ones.size * others.size
    if min(ones.size, others.size) < FEWEST_COMPARED:
        return None, None, None
    ratios = np.sort(np.log1p(ones)[:, None] - np.log1p(others)[None, :], axis=None)
    spread = math.sqrt(pairs * (ones.size + others.size + 1) / 12)
    outside = max(math.floor(pairs / 2 - NORMAL_QUANTILE * spread), 0)
    middle, low, high = np.exp([np.median(ratios), ratios[outside], ratios[pairs - 1 - outside]])
    return float(middle), float(low), float(high)


def _replies(comments: pl.DataFrame) -> pl.DataFrame:
    """The owner's comments, and on how many posts that others commented on; null where commenters are unknown."""
    known = comments.drop_nulls("commenter_id").with_columns(is_owner=pl.col("commenter_id") == pl.col("account_id"))
    of_post = known.group_by("account_id", "post_id").agg(
        owner=pl.col("is_owner").sum(), by_others=(~pl.col("is_owner")).any()
    )
    return of_post.group_by("account_id").agg(
        owner_replies=pl.col("owner").sum(),
        posts_with_comments=pl.col("by_others").sum(),
        posts_with_owner_reply=((pl.col("owner") > 0) & pl.col("by_others")).sum(),
    )
