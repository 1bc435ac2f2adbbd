"""What is observed of each account, and what it lacks for a verdict."""

from __future__ import annotations

import polars as pl

from features.context import with_account_context
from features.tables import Tables

READINGS_NEEDED = 14
POSTS_NEEDED = 3
COMMENTS_NEEDED = 20
"""A verdict is owed as soon as one of the three is observed (the data contract, "Output: scores")."""

SETTLED_HOURS = 48
"""Younger posts still gather likes: missing the first hour alone loses 20-30 % (FACTS, Engagement)."""


def settled_posts(tables: Tables) -> pl.DataFrame:
    """The posts with at least one count that were 48 hours old or older when their counts were read.

    The counts were read at `observed_at` or, where that is not known, at the account's own newest row. The columns
    are those of `posts`, and `newest_at`.
    """
    newest = with_account_context(tables).accounts.select("account_id", "newest_at")
    age = pl.coalesce("observed_at", "newest_at") - pl.col("posted_at")
    counted = pl.any_horizontal(pl.col("like_count", "comment_count", "view_count").is_not_null())
    return tables.posts.join(newest, on="account_id", how="left", maintain_order="left").filter(
        (age >= pl.duration(hours=SETTLED_HOURS)) & counted
    )


def sufficiency(tables: Tables) -> pl.DataFrame:
    """What each account's verdict rests on, one row an account, sorted by `account_id`.

    Columns: `observed_days` (distinct dates with a reading), `observed_posts` (48 hours old or older, with counts),
    `observed_comments`, all Int64 and 0 where nothing was observed; `insufficient_because`, a list of what is missing,
    empty where a verdict is owed.
    """
    days = tables.followers_daily.group_by("account_id").agg(observed_days=pl.col("date").n_unique())
    posts = settled_posts(tables).group_by("account_id").agg(observed_posts=pl.len())
    comments = tables.comments.group_by("account_id").agg(observed_comments=pl.len())
    result = tables.accounts.select("account_id").sort("account_id")
    for counts in (days, posts, comments):
        result = result.join(counts, on="account_id", how="left", maintain_order="left")
    names = ("observed_days", "observed_posts", "observed_comments")
    result = result.with_columns(pl.col(names).fill_null(0).cast(pl.Int64))
    owed = (
        (pl.col("observed_days") >= READINGS_NEEDED)
        | (pl.col("observed_posts") >= POSTS_NEEDED)
        | (pl.col("observed_comments") >= COMMENTS_NEEDED)
    )
    lacks = pl.concat_list(
        _lack("observed_days", "{} reading{}; " + f"{READINGS_NEEDED} are needed"),
        _lack("observed_posts", "{} post{} older than 48 hours with counts; " + f"{POSTS_NEEDED} are needed"),
        _lack("observed_comments", "{} comment{}; " + f"{COMMENTS_NEEDED} are needed"),
    )
    nothing = pl.lit([], dtype=pl.List(pl.String))
    return result.with_columns(pl.when(owed).then(nothing).otherwise(lacks).alias("insufficient_because"))


def _lack(column: str, sentence: str) -> pl.Expr:
    plural = pl.when(pl.col(column) == 1).then(pl.lit("")).otherwise(pl.lit("s"))
    return pl.format(sentence, pl.col(column), plural)
