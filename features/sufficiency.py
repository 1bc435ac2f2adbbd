"""What is observed of each account, and what it lacks for a verdict."""

from __future__ import annotations

import polars as pl

from features.context import ACCOUNT, with_account_context
from features.tables import Tables

READINGS_NEEDED = 14
POSTS_NEEDED = 3
COMMENTS_NEEDED = 20
"""A verdict is owed as soon as one of the three is observed (the data contract, "Output: scores")."""

SETTLED_HOURS = 48
"""Younger posts still gather likes: missing the first hour alone loses 20-30 % (FACTS, Engagement)."""

COUNTS_OF_POSTS = ("like_count", "comment_count", "view_count")
"""A post without any of them says nothing."""


def settled_posts(tables: Tables) -> pl.DataFrame:
    """The posts with at least one count that were 48 hours old or older when their counts were read.

    The counts were read at `observed_at` or, where that is not known, at the account's own newest row. The columns
    are `account`, `account_id`, `post_id`, `posted_at`, `format`, `is_sponsored` and the counts, in order of the key.
    """
    tables = with_account_context(tables)
    return tables.once("posts/settled", lambda: _settled_posts(tables))


def _settled_posts(tables: Tables) -> pl.DataFrame:
    newest = tables.accounts["newest_at"].gather(tables.posts[ACCOUNT])
    age = pl.coalesce("observed_at", newest) - pl.col("posted_at")
    counted = pl.any_horizontal(pl.col(*COUNTS_OF_POSTS).is_not_null())
    columns = (ACCOUNT, "account_id", "post_id", "posted_at", "format", "is_sponsored", *COUNTS_OF_POSTS)
    settled = tables.posts.select(*columns, is_settled=(age >= pl.duration(hours=SETTLED_HOURS)) & counted).filter(
        "is_settled"
    )
    return settled.drop("is_settled").with_columns(pl.col(ACCOUNT).set_sorted())


def sufficiency(tables: Tables) -> pl.DataFrame:
    """What each account's verdict rests on, one row an account, sorted by `account_id`.

    Columns: `observed_days` (dates with a reading), `observed_posts` (48 hours old or older, with counts),
    `observed_comments`, all Int64 and 0 where nothing was observed; `insufficient_because`, a list of what is missing,
    empty where a verdict is owed.
    """
    tables = with_account_context(tables)
    observed = {
        "observed_days": tables.followers_daily,
        "observed_posts": settled_posts(tables),
        "observed_comments": tables.comments,
    }
    result = tables.accounts.select(ACCOUNT, "account_id")
    for name, rows in observed.items():
        counts = rows.group_by(ACCOUNT, maintain_order=True).agg(pl.len().cast(pl.Int64).alias(name))
        result = result.join(counts, on=ACCOUNT, how="left", maintain_order="left")
    result = result.drop(ACCOUNT).with_columns(pl.col(*observed).fill_null(0))
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
