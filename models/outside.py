"""What could have come from outside in one go: an account without its busiest days, and without what bears no date.

Followers, likes, views and comments can be ordered for an account by anybody; a rival needs no password. What was seen
within a month may be one such order, and a count under a post says nothing of when it rose. So an account is refused
only if it would be on what is left; see `Scorer.withstood`.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from features.compute import compute
from features.tables import LARGEST_COUNT, Tables

GROUPS = ("growth", "comments", "profile")
"""Groups of features that are computed of what is left. Those of engagement are not: counts under posts bear no date,
so that all of them may have risen in one go."""

OWN_SIGNALS = ("follow_unfollow", "profile")
"""Signals that nobody but the account's owner can move: whom it follows, what it says of itself. They stay."""


def features_without_busiest_days(tables: Tables, days: int) -> pl.DataFrame:
    """`account_id` and the features of `GROUPS` of what is left of each account without its busiest `days`."""
    return compute(without_busiest_days(tables, days), GROUPS)


def without_busiest_days(tables: Tables, days: int) -> Tables:
    """The tables without the days of each in which most came, or left, that can be ordered.

    Of a follower curve the `days` of the largest gain are cut out, and then those of the largest loss, since bought
    followers leave again: what comes after moves up to where they began, in date and in level. Of the comments those
    of the `days` with most comments whose author or text comes more than once are left out, and all that bear no
    date. What is shorter than that is left out whole. Posts and profiles stay.
    """
    curves = _without_largest_move(tables.followers_daily, days, sign=1)
    curves = _without_largest_move(curves, days, sign=-1)
    return replace(tables, followers_daily=curves, comments=_without_repetition(tables.comments, days))


def _without_largest_move(curves: pl.DataFrame, days: int, *, sign: int) -> pl.DataFrame:
    """The curves without the `days` in which the count rose (`sign` 1) or fell (-1) most, the newest of equal ones."""
    ordered = curves.sort("account_id", "date")
    begins = ordered.select("account_id", begin="date", before="follower_count")
    # A stretch begins at the oldest reading that is at most so many days older than the one it ends with.
    stretches = ordered.select("account_id", end="date", after="follower_count").with_columns(
        earliest=pl.col("end").dt.offset_by(f"-{days}d")
    )
    largest = (
        stretches.join_asof(
            begins, left_on="earliest", right_on="begin", by="account_id", strategy="forward", check_sortedness=False
        )
        .with_columns(move=pl.col("after") - pl.col("before"))
        .sort("account_id", pl.col("move") * sign, "end", descending=[False, True, True])
        .unique("account_id", keep="first", maintain_order=True)
        .filter(pl.col("move") * sign > 0)
        .select("account_id", "begin", "end", scale=pl.col("before") / pl.col("after").clip(lower_bound=1))
    )
    placed = ordered.join(largest, on="account_id", how="left", maintain_order="left")
    is_later = (pl.col("date") > pl.col("end")).fill_null(value=False)
    is_inside = ((pl.col("date") > pl.col("begin")) & ~is_later).fill_null(value=False)
    moved_up = pl.col("date") - (pl.col("end") - pl.col("begin"))
    # In proportion: what comes later is a share of the audience, and no level falls below zero.
    level = (pl.col("follower_count") * pl.col("scale")).round().clip(upper_bound=LARGEST_COUNT).cast(pl.Int64)
    left = placed.filter(~is_inside).with_columns(
        date=pl.when(is_later).then(moved_up).otherwise("date"),
        follower_count=pl.when(is_later).then(level).otherwise("follower_count"),
    )
    return left.select(curves.columns)


def _without_repetition(comments: pl.DataFrame, days: int) -> pl.DataFrame:
    """The dated comments without the `days` in which most repeat a text or an author, the newest of equal ones."""
    dated = comments.filter(pl.col("commented_at").is_not_null())
    is_owner = pl.col("commenter_id").eq_missing(pl.col("account_id"))
    is_known = pl.col("commenter_id").is_not_null()
    again = (pl.len().over("account_id", "text") > 1) | (is_known & (pl.len().over("account_id", "commenter_id") > 1))
    timed = dated.with_columns(again=(again & ~is_owner).cast(pl.Int64)).sort("account_id", "commented_at")
    busiest = (
        timed.rolling("commented_at", period=f"{days}d", group_by="account_id")
        .agg(again=pl.col("again").sum(), rows=pl.len())
        .sort("account_id", "again", "rows", "commented_at", descending=[False, True, True, True])
        .unique("account_id", keep="first", maintain_order=True)
        .select("account_id", end="commented_at")
    )
    placed = dated.join(busiest, on="account_id", how="left", maintain_order="left")
    begin = pl.col("end").dt.offset_by(f"-{days}d")
    is_inside = (pl.col("commented_at") > begin) & (pl.col("commented_at") <= pl.col("end"))
    return placed.filter(~is_inside).drop("end")
