"""How cheaply an honest creator can be made to look bought: what a rival can order from outside, and what it costs.

A rival buys followers, likes, views and comments *for* a creator who bought nothing. It cannot touch what the creator
alone does (captions, replies, whom the account follows, when it posts), nor the time before the first order. Prices
are medians of sellers' offers for Instagram (FACTS, Sources: 1,656 offers of 2021), in dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.tables import Tables

FloatArray = NDArray[np.float64]

Score = Callable[[Tables], pl.DataFrame]
"""Clean tables to `account_id`, `verdict` and `probability` (null without a verdict), one row an account."""

Spending = Mapping[str, FloatArray]
"""Dollars by the name of an order, one value an account."""

ROUBLES_PER_DOLLAR = 74.0
"""Mean of 2021, the year of the offers (Bank of Russia, yearly mean 73.7)."""

PRICES = {
    "followers": 0.39 / ROUBLES_PER_DOLLAR,
    "likes": 0.374 / ROUBLES_PER_DOLLAR,
    "views": 0.05 / ROUBLES_PER_DOLLAR,
    "comments": 0.72 / ROUBLES_PER_DOLLAR,
}
"""Dollars a unit: median offer for Instagram, of 105, 61, 56 and 47 (the offers' own figures, in roubles)."""

NEWEST_POSTS = 10
"""Posts that an order "on the newest posts" is placed on; assumed."""

MOST_COMMENT_ROWS = 1_000
"""Comments that one order adds to what was collected of an account, at most: nobody collects more of few posts; assumed."""

AUTHORS = 40
"""Accounts that a comment seller writes with, in turn; assumed, as the smaller of the simulated sellers' pools."""

PHRASES = ("Love this", "So beautiful", "Amazing content", "Great post", "Wow, stunning", "You are the best", "Nice one")
EMOJI_ROWS = ("\U0001f525\U0001f525\U0001f525", "\u2764\ufe0f\u2764\ufe0f", "\U0001f60d\U0001f60d\U0001f60d")
"""What the cheapest comments say (FACTS, Schemes: templates, emoji rows, praise)."""


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that can be ordered for somebody else's account.

    Attributes:
        name: what is ordered and how it comes, in words.
        goods: a name of `PRICES`.
        apply: tables and units by account (in the order of `accounts`) to tables; the given ones are left as they were.
        days: days from the first delivery to the newest row, that is how long a rival has to have planned ahead.
    """

    name: str
    goods: str
    apply: Callable[[Tables, pl.DataFrame], Tables]
    days: int


# --- what each order does ---------------------------------------------------------------------------------------------


def _followers(
    *, lots: int, days: int, first: int, apart: int = 7, lost: float = 0.0
) -> Callable[[Tables, pl.DataFrame], Tables]:
    """Followers in `lots`, each over `days`, from `first` days before the newest reading; `lost` leave in a fortnight."""

    def apply(tables: Tables, ordered: pl.DataFrame) -> Tables:
        curves = tables.followers_daily.join(ordered, on="account_id", how="left", maintain_order="left")
        day = (pl.col("date") - pl.col("date").max().over("account_id")).dt.total_days().cast(pl.Float64)
        arrived = pl.lit(0.0)
        for lot in range(lots):
            start = first - lot * apart
            arrived = arrived + ((day + start) / days).clip(0.0, 1.0) / lots
        gone = lost * ((day + first - lots * apart) / 14.0).clip(0.0, 1.0)
        given = pl.col("follower_count")
        scale = (10.0 ** (given.cast(pl.Float64).clip(1.0).log10().floor() - 2.0)).clip(1.0)
        # A curve shown with three digits shows a rival's followers with three digits, too.
        rounded = (given.cast(pl.Float64) % scale == 0.0).all().over("account_id")
        count = given + (pl.col("units") * (arrived - gone)).fill_null(0.0)
        unit = pl.when(rounded).then((10.0 ** (count.clip(1.0).log10().floor() - 2.0)).clip(1.0)).otherwise(1.0)
        counts = (count / unit).floor() * unit
        stayed = pl.col("units").fill_null(0.0) * (1.0 - lost)
        accounts = tables.accounts.join(ordered, on="account_id", how="left", maintain_order="left").with_columns(
            follower_count=(pl.col("follower_count") + stayed).cast(pl.Int64)
        )
        return replace(
            tables,
            accounts=accounts.drop("units"),
            followers_daily=curves.with_columns(follower_count=counts.cast(pl.Int64)).drop("units"),
        )

    return apply


def _newest(posts: int | None) -> pl.Expr:
    """Whether a post is among the newest of its account; all of them for None."""
    if posts is None:
        return pl.lit(value=True)
    return pl.col("posted_at").rank("ordinal", descending=True).over("account_id") <= posts


def _counts(column: str, posts: int | None) -> Callable[[Tables, pl.DataFrame], Tables]:
    """Units of a count, the same lot on every one of the newest posts (all of them for None)."""

    def apply(tables: Tables, ordered: pl.DataFrame) -> Tables:
        chosen = tables.posts.join(ordered, on="account_id", how="left", maintain_order="left").with_columns(
            chosen=_newest(posts)
        )
        lot = pl.col("units").fill_null(0.0) / pl.col("chosen").sum().over("account_id")
        added = pl.when("chosen").then(lot).otherwise(0.0)
        counts = (pl.col(column) + added).floor().cast(pl.Int64)
        return replace(tables, posts=chosen.with_columns(counts.alias(column)).drop("units", "chosen"))

    return apply


def _comments(texts: Sequence[str], posts: int) -> Callable[[Tables, pl.DataFrame], Tables]:
    """Comments of few authors, in one order, under the newest posts, within the last day that was collected.

    Of them as many are seen as of the account's other comments.
    """

    def apply(tables: Tables, ordered: pl.DataFrame) -> Tables:
        counted = _counts("comment_count", posts)(tables, ordered)
        seen = tables.comments.group_by("account_id").agg(
            rows=pl.len(), newest_comment=pl.col("commented_at").max()
        )
        public = tables.posts.group_by("account_id").agg(public=pl.col("comment_count").sum())
        under = (
            tables.posts.filter(_newest(posts))
            .sort("account_id", "posted_at", "post_id", descending=[False, True, False])
            .group_by("account_id", maintain_order=True)
            .agg(under=pl.col("post_id"), newest_post=pl.col("posted_at").max())
        )
        share = pl.when(pl.col("public") > 0).then(pl.col("rows") / pl.col("public")).otherwise(1.0).clip(0.0, 1.0)
        units = (pl.col("units") * share).floor().clip(0, MOST_COMMENT_ROWS).cast(pl.Int64)
        numbers = (
            ordered.join(seen, on="account_id")
            .join(public, on="account_id", how="left")
            .join(under, on="account_id")
            .with_columns(units.alias("units"))
            .filter(pl.col("units") > 0)
            .with_columns(number=pl.int_ranges(0, pl.col("units")))
            .explode("number")
        )
        if numbers.is_empty():
            return counted
        number = pl.col("number")
        place = number % pl.col("under").list.len()
        newest = pl.max_horizontal("newest_comment", pl.col("newest_post") + pl.duration(hours=12))
        rows = numbers.select(
            "account_id",
            post_id=pl.col("under").list.get(place),
            comment_id=pl.concat_str(pl.lit("rival-"), pl.lit(texts[0]).hash().cast(pl.String), pl.lit("-"), number),
            commenter_id=pl.concat_str(pl.lit("rival-"), (number // pl.col("under").list.len()) % AUTHORS),
            commented_at=(newest - pl.duration(seconds=(pl.col("units") - number) * 40)).cast(
                tables.comments.schema["commented_at"]
            ),
            text=pl.lit(list(texts), dtype=pl.List(pl.String)).list.get(number % len(texts)),
            like_count=pl.lit(0, dtype=pl.Int64),
        )
        rows = rows.select(tables.comments.columns)
        return replace(counted, comments=pl.concat([tables.comments, rows]).sort("account_id", "comment_id"))

    return apply


ORDERS: dict[str, Order] = {
    order.name: order
    for order in (
        Order("followers at once", "followers", _followers(lots=1, days=2, first=14), 14),
        Order("followers that leave again", "followers", _followers(lots=1, days=5, first=28, lost=0.5), 28),
        Order("followers in three lots", "followers", _followers(lots=3, days=3, first=24), 24),
        Order("followers evenly for weeks", "followers", _followers(lots=1, days=21, first=24), 24),
        Order("followers in three months", "followers", _followers(lots=3, days=3, first=90, apart=35), 90),
        Order("likes on the newest posts", "likes", _counts("like_count", NEWEST_POSTS), 1),
        Order("likes on all posts", "likes", _counts("like_count", None), 1),
        Order("views of the newest posts", "views", _counts("view_count", NEWEST_POSTS), 1),
        Order("views of all posts", "views", _counts("view_count", None), 1),
        Order("praise on the newest posts", "comments", _comments(PHRASES, NEWEST_POSTS), 1),
        Order("praise under one post", "comments", _comments(PHRASES, 1), 1),
        Order("emoji on the newest posts", "comments", _comments(EMOJI_ROWS, NEWEST_POSTS), 1),
    )
}


def attacked(tables: Tables, account_ids: pl.Series, spending: Spending) -> Tables:
    """The tables after the orders, each spent on as `spending` says (dollars, one value an account)."""
    for name, dollars in spending.items():
        order = ORDERS[name]
        units = np.floor(dollars / PRICES[order.goods])
        tables = order.apply(tables, pl.DataFrame({"account_id": account_ids, "units": units}))
    return tables
