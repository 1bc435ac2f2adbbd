"""What a rival can do to a creator who bought nothing: orders for somebody else's account, no password needed.

A rival cannot touch what the creator alone does (captions, replies, whom the account follows, when it posts), nor the
time before the first order. Prices are medians of sellers' offers for Instagram, in dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from audits.adversary.moves import Move, Moves, move
from features.tables import Tables

ROUBLES_PER_DOLLAR = 74.0
"""Of the offers' time: yearly mean of 2021, to the rouble; assumed, since the offers bear no day."""

PRICES = {
    "followers": 0.39 / ROUBLES_PER_DOLLAR,
    "likes": 0.374 / ROUBLES_PER_DOLLAR,
    "views": 0.05 / ROUBLES_PER_DOLLAR,
    "comments": 0.72 / ROUBLES_PER_DOLLAR,
}
"""Dollars a unit: median of 105, 61, 56 and 47 offers for Instagram, in roubles (FACTS, Sources: Kolomeets and
Chechulin 2021). The cheaper quarter asks up to a third less for followers and half for likes."""

SOURCE = "median offer for Instagram (Kolomeets and Chechulin 2021)"

MOST_UNITS = 10_000_000.0
"""Largest order that is tried; beyond every budget."""

NEWEST_POSTS = 10
"""Posts that an order "on the newest posts" is placed on; assumed."""

MOST_COMMENT_ROWS = 1_000
"""Comments that one order adds to those collected of an account, at most; assumed."""

AUTHORS = 40
"""Accounts that a comment seller writes with, in turn; assumed, among the simulated sellers' pools of 15 to 600."""

SECONDS_APART = 40
"""Between two bought comments; assumed: 1,000 take half a day."""

FADING_DAYS = 14.0
"""Days over which bought followers leave again; assumed."""

PHRASES = (
    "Love this",
    "So beautiful",
    "Amazing content",
    "Great post",
    "Wow, stunning",
    "You are the best",
    "Nice one",
)
EMOJI_ROWS = ("\U0001f525\U0001f525\U0001f525", "\u2764\ufe0f\u2764\ufe0f", "\U0001f60d\U0001f60d\U0001f60d")
"""What the cheapest comments say (FACTS, Schemes: emoji rows, two to four praise words)."""

Order = Callable[[Tables, pl.DataFrame], Tables]
"""Tables, and `account_id` with `units` ordered, to tables."""

# --- what each order does ---------------------------------------------------------------------------------------------


def _followers(*, lots: int, days: int, first: int, apart: int = 7, lost: float = 0.0) -> Order:
    """Followers in `lots`, each over `days`, from `first` days before the newest reading; a share `lost` leaves."""

    def apply(tables: Tables, ordered: pl.DataFrame) -> Tables:
        curves = tables.followers_daily.join(ordered, on="account_id", how="left", maintain_order="left")
        day = (pl.col("date") - pl.col("date").max().over("account_id")).dt.total_days().cast(pl.Float64)
        arrived = pl.lit(0.0)
        for lot in range(lots):
            start = first - lot * apart
            arrived = arrived + ((day + start) / days).clip(0.0, 1.0) / lots
        gone = lost * ((day + first - lots * apart) / FADING_DAYS).clip(0.0, 1.0)
        given = pl.col("follower_count")
        scale = (10.0 ** (given.cast(pl.Float64).clip(1.0).log10().floor() - 2.0)).clip(1.0)
        # A curve shown with three digits shows a rival's followers with three digits, too.
        is_cut = (given.cast(pl.Float64) % scale == 0.0).all() & (scale > 1.0).any()
        rounded = is_cut.over("account_id")
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


def _counts(column: str, posts: int | None) -> Order:
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


def _comments(name: str, texts: Sequence[str], posts: int) -> Order:
    """Comments of few authors, in one order, under the newest posts, within the last day that was collected.

    Of them as many are seen as of the account's other comments.
    """

    def apply(tables: Tables, ordered: pl.DataFrame) -> Tables:
        counted = _counts("comment_count", posts)(tables, ordered)
        seen = tables.comments.group_by("account_id").agg(rows=pl.len(), newest_comment=pl.col("commented_at").max())
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
            comment_id=pl.concat_str(pl.lit(f"rival-{name}-"), number),
            commenter_id=pl.concat_str(pl.lit("rival-"), (number // pl.col("under").list.len()) % AUTHORS),
            commented_at=(newest - pl.duration(seconds=(pl.col("units") - number) * SECONDS_APART)).cast(
                tables.comments.schema["commented_at"]
            ),
            text=pl.lit(list(texts), dtype=pl.List(pl.String)).list.get(number % len(texts)),
            like_count=pl.lit(0, dtype=pl.Int64),
        )
        rows = rows.select(tables.comments.columns)
        return replace(counted, comments=pl.concat([tables.comments, rows]).sort("account_id", "comment_id"))

    return apply


# --- the moves --------------------------------------------------------------------------------------------------------

AT_ONCE: dict[str, Move] = {}
"""What a rival can order within a month."""

PATIENT: dict[str, Move] = {}
"""What takes longer: the same again, months apart."""


def _register(
    registry: dict[str, Move], name: str, title: str, goods: str, order: Order, *, burden: str, meaning: str
) -> None:
    """An order as a move of the rival."""

    def change(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:  # noqa: ARG001 -- nothing is drawn
        return order(tables, amounts.rename({"amount": "units"}))

    change.__name__, change.__doc__ = name, meaning
    move(
        registry,
        title,
        actor="rival",
        kind="public",
        unit=goods,
        price=PRICES[goods],
        source=SOURCE,
        doses=(MOST_UNITS,),
        burden=burden,
    )(change)


for _name, _title, _order, _burden, _meaning in (
    (
        "rival_followers_at_once",
        "followers at once",
        _followers(lots=1, days=2, first=14),
        "two weeks ahead",
        "Followers within two days, two weeks before the newest reading.",
    ),
    (
        "rival_followers_that_leave",
        "followers that leave again",
        _followers(lots=1, days=5, first=28, lost=0.5),
        "four weeks ahead",
        "Followers within five days, four weeks before the newest reading; half of them leave within a fortnight.",
    ),
    (
        "rival_followers_in_lots",
        "followers in three lots",
        _followers(lots=3, days=3, first=24),
        "four weeks ahead",
        "Followers in three lots a week apart, within the last four weeks.",
    ),
    (
        "rival_followers_evenly",
        "followers evenly for weeks",
        _followers(lots=1, days=21, first=24),
        "four weeks ahead",
        "As many followers on each of 21 days, within the last four weeks.",
    ),
):
    _register(AT_ONCE, _name, _title, "followers", _order, burden=_burden, meaning=_meaning)

for _name, _title, _goods, _order, _meaning in (
    (
        "rival_likes_newest",
        "likes on the newest posts",
        "likes",
        _counts("like_count", NEWEST_POSTS),
        "The same lot of likes on each of the newest ten posts.",
    ),
    ("rival_likes_all", "likes on all posts", "likes", _counts("like_count", None), "The same lot on every post."),
    (
        "rival_views_newest",
        "views of the newest posts",
        "views",
        _counts("view_count", NEWEST_POSTS),
        "The same lot of views of each of the newest ten posts.",
    ),
    (
        "rival_praise_newest",
        "praise on the newest posts",
        "comments",
        _comments("praise", PHRASES, NEWEST_POSTS),
        "Comments of few words by few authors in one order, under the newest ten posts, within a day.",
    ),
    (
        "rival_praise_one_post",
        "praise under one post",
        "comments",
        _comments("one-post", PHRASES, 1),
        "The same under the newest post alone.",
    ),
    (
        "rival_emoji_newest",
        "emoji on the newest posts",
        "comments",
        _comments("emoji", EMOJI_ROWS, NEWEST_POSTS),
        "Rows of emoji by few authors in one order, under the newest ten posts, within a day.",
    ),
):
    _register(AT_ONCE, _name, _title, _goods, _order, burden="a day", meaning=_meaning)

_register(
    PATIENT,
    "rival_followers_for_months",
    "followers in three months",
    "followers",
    _followers(lots=3, days=3, first=90, apart=35),
    burden="three months ahead",
    meaning="Followers in three lots five weeks apart, the first 90 days before the newest reading.",
)

RIVAL_MOVES: Moves = {**AT_ONCE, **PATIENT}
"""All of it."""
