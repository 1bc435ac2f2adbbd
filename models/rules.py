"""The simple rules that anybody would try first, above all those that vetting tools document.

The rules are frozen. They are computed from the contract's tables and from nothing in `features/`, so that no work on
the features can move the yardstick. Change one only where it does not do what its source says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from features.tables import Tables

Suspicious = Literal["high", "low"]

MAD_TO_SD = 1.4826
MEAN_DEVIATION_TO_SD = 1.2533
"""Factors that make a median and a mean absolute deviation the standard deviation of a normal variable."""

VENDOR_BANDS: tuple[tuple[int, float, float, float], ...] = (
    (0, 1.72, 3.9, 7.97),
    (5_000, 0.62, 1.435, 3.54),
    (10_000, 0.39, 0.975, 2.61),
    (50_000, 0.32, 0.88, 2.47),
    (100_000, 0.41, 1.005, 2.63),
    (500_000, 0.46, 1.005, 2.46),
)
"""From how many followers, and the low, average (middle of the range given) and high engagement rate in per cent of
followers; Instagram. FACTS "Rules that vetting tools document", vendor engagement bands. The lowest tier is given from
1,000 followers and used below it, the highest is given to a million and used above it."""

LARGE_DAILY_GROWTH = 0.05
"""A day's growth that a naive rule calls a purchase; FACTS "Rules", a naive curve rule."""

HOLLOW_VIEWS, HOLLOW_RATE = 1.5, 0.7
"""Views from this many medians with a rate down to this part of the median; FACTS "Rules", CreatorDB."""

EVEN_LIKES = 0.1
"""Posts whose likes lie this near to the median, as a share of it, count as alike; assumed."""

FEWEST_READINGS, FEWEST_POSTS, FEWEST_COMMENTS = 14, 5, 20
"""Rows below which a rule says nothing: the contract's least for a verdict, and CreatorDB's five posts."""

_MENTION = r"@[\p{L}\p{N}_][\p{L}\p{N}\p{M}_.\-]*"
_LINK = r"https?://\S+|www\.\S+"
_WORD = r"[\p{L}\p{N}][\p{L}\p{N}\p{M}']*"


@dataclass(frozen=True, slots=True)
class Rule:
    """One number per account that a tool looks at.

    Attributes:
        name: of the rule and its column.
        source: who documents it; see FACTS "Rules that vetting tools document".
        table: table of the contract that it needs.
        suspicious: side on which the source finds a value suspicious.
        fewest: rows of the table below which it says nothing (null).
        meaning: what it counts, in words.
        expression: the aggregation over one account's rows of the table's frame.
    """

    name: str
    source: str
    table: str
    suspicious: Suspicious
    fewest: int
    meaning: str
    expression: Callable[[], pl.Expr]


RULES: dict[str, Rule] = {}
"""Every rule by name."""


def rule(
    *, table: str, suspicious: Suspicious, source: str, fewest: int = 1
) -> Callable[[Callable[[], pl.Expr]], Callable[[], pl.Expr]]:
    """Register the decorated expression under its own name; its docstring is the meaning."""

    def register(expression: Callable[[], pl.Expr]) -> Callable[[], pl.Expr]:
        name = expression.__name__
        meaning = (expression.__doc__ or "").rstrip(".")
        RULES[name] = Rule(name, source, table, suspicious, fewest, meaning, expression)
        return expression

    return register


# --- profile ----------------------------------------------------------------------------------------------------------


@rule(table="accounts", suspicious="high", source="IG Audit style; SRF Data")
def following_per_follower() -> pl.Expr:
    """Accounts followed per follower."""
    return (pl.col("following_count") / _positive("follower_count")).first()


@rule(table="accounts", suspicious="high", source="HypeAuditor: a mass follower follows more than 1,500")
def follows_many() -> pl.Expr:
    """Accounts followed."""
    return pl.col("following_count").first()


# --- the follower curve -----------------------------------------------------------------------------------------------


@rule(table="followers_daily", suspicious="high", source="a naive curve rule", fewest=FEWEST_READINGS)
def largest_day_log_growth() -> pl.Expr:
    """Largest growth of ln followers a day between two readings."""
    return pl.col("growth").max()


@rule(table="followers_daily", suspicious="high", source="a naive curve rule: z over 6", fewest=FEWEST_READINGS)
def spike_robust_z() -> pl.Expr:
    """How many robust standard deviations the largest day lies above the median day."""
    growth = pl.col("growth")
    off = growth - growth.median()
    # On quiet curves most days are alike and the median deviation is 0: the mean one stands in, as usual.
    robust, mean = MAD_TO_SD * off.abs().median(), MEAN_DEVIATION_TO_SD * off.abs().mean()
    return off.max() / pl.when(robust > 0.0).then(robust).when(mean > 0.0).then(mean)


@rule(table="followers_daily", suspicious="high", source="a naive curve rule: a day over 5 %", fewest=FEWEST_READINGS)
def days_over_5_percent() -> pl.Expr:
    """Readings with a growth of more than 5 % a day."""
    return (pl.col("growth") > float(np.log1p(LARGE_DAILY_GROWTH))).sum()


@rule(table="followers_daily", suspicious="high", source="Tagger: growth jump then taper", fewest=FEWEST_READINGS)
def best_day_share() -> pl.Expr:
    """Share of all gains that came with the largest one."""
    gain = pl.col("change").clip(lower_bound=0)
    return gain.max() / pl.when(gain.sum() > 0).then(gain.sum())


@rule(table="followers_daily", suspicious="high", source="Tagger: growth jump then taper", fewest=FEWEST_READINGS)
def loss_after_the_best_day() -> pl.Expr:
    """Part of the largest gain that was lost again by the end of the curve."""
    gain, count = pl.col("change"), pl.col("follower_count")
    lost = count.get(gain.arg_max()) - count.last()
    return lost / pl.when(gain.max() > 0).then(gain.max())


@rule(table="followers_daily", suspicious="high", source="vendors' monthly net growth", fewest=FEWEST_READINGS)
def net_growth_a_month() -> pl.Expr:
    """Growth of ln followers over the curve, per thirty days."""
    count, days = pl.col("follower_count"), (pl.col("date").last() - pl.col("date").first()).dt.total_days()
    return (count.last().log() - count.first().log()) / days * 30


@rule(table="followers_daily", suspicious="high", source="FACTS, follow / unfollow", fewest=FEWEST_READINGS)
def following_swing() -> pl.Expr:
    """Range of the number followed over its largest value."""
    following = pl.col("following_count")
    return (following.max() - following.min()) / pl.when(following.max() > 0).then(following.max())


# --- posts ------------------------------------------------------------------------------------------------------------


@rule(table="posts", suspicious="low", source="vendor engagement bands; IG Audit style", fewest=FEWEST_POSTS)
def engagement_rate() -> pl.Expr:
    """Median of likes and comments per follower."""
    return pl.col("rate").median()


@rule(table="posts", suspicious="high", source="vendor engagement bands, Instagram; CreatorDB", fewest=FEWEST_POSTS)
def engagement_rate_off_average() -> pl.Expr:
    """Distance of ln engagement rate from the average that vendors give for the size, either way."""
    return (pl.col("rate").median() / pl.col("band_average").first()).log().abs()


@rule(table="posts", suspicious="high", source="vendor engagement bands, Instagram; CreatorDB", fewest=FEWEST_POSTS)
def engagement_rate_out_of_band() -> pl.Expr:
    """Distance of ln engagement rate from the band from low to high that vendors give for the size; 0 inside."""
    rate = pl.col("rate").median()
    below, above = (pl.col("band_low").first() / rate).log(), (rate / pl.col("band_high").first()).log()
    return pl.when(below.is_not_null()).then(pl.max_horizontal(below, above, 0.0))


@rule(table="posts", suspicious="low", source="trendHERO: likes spread under 40 %, as a variation", fewest=FEWEST_POSTS)
def likes_variation() -> pl.Expr:
    """Standard deviation of the likes of posts over their mean."""
    return pl.col("like_count").std() / pl.when(pl.col("like_count").mean() > 0).then(pl.col("like_count").mean())


@rule(table="posts", suspicious="low", source="trendHERO: likes spread under 40 %, as a range", fewest=FEWEST_POSTS)
def likes_range() -> pl.Expr:
    """Range of the likes of posts over their mean."""
    likes = pl.col("like_count")
    return (likes.max() - likes.min()) / pl.when(likes.mean() > 0).then(likes.mean())


@rule(table="posts", suspicious="high", source="FACTS, bought likes too even", fewest=FEWEST_POSTS)
def even_likes_share() -> pl.Expr:
    """Share of posts whose likes lie within 10 % of the median."""
    likes = pl.col("like_count")
    return ((likes - likes.median()).abs() <= EVEN_LIKES * likes.median()).mean()


@rule(table="posts", suspicious="high", source="FACTS, pods: comments from 2 to 40-100", fewest=FEWEST_POSTS)
def comments_per_like() -> pl.Expr:
    """Comments of all posts over their likes."""
    counted = pl.col("like_count").is_not_null() & pl.col("comment_count").is_not_null()
    likes = pl.col("like_count").filter(counted).sum()
    return pl.col("comment_count").filter(counted).sum() / pl.when(likes > 0).then(likes)


@rule(table="posts", suspicious="high", source="CreatorDB: views up, engagement rate down", fewest=FEWEST_POSTS)
def hollow_views_share() -> pl.Expr:
    """Share of posts with one and a half times the median of views and a rate down by 30 %."""
    views, rate = pl.col("view_count"), pl.col("rate_of_views")
    hollow = (views >= HOLLOW_VIEWS * views.median()) & (rate <= HOLLOW_RATE * rate.median())
    return pl.when(rate.count() >= FEWEST_POSTS).then(hollow.sum() / rate.count())


@rule(table="posts", suspicious="high", source="FACTS, bought likes on views", fewest=FEWEST_POSTS)
def likes_per_view() -> pl.Expr:
    """Median of likes per view."""
    return (pl.col("like_count") / _positive("view_count")).median()


# --- comments ---------------------------------------------------------------------------------------------------------


@rule(table="comments", suspicious="high", source="FACTS, bought comments from templates", fewest=FEWEST_COMMENTS)
def duplicate_comment_share() -> pl.Expr:
    """Share of the comments of two words and more that repeat another one."""
    texts = pl.col("words").filter(pl.col("word_count") > 1)
    return 1.0 - texts.n_unique() / pl.when(texts.len() > 0).then(texts.len())


@rule(table="comments", suspicious="high", source="HypeAuditor: emoji only", fewest=FEWEST_COMMENTS)
def emoji_comment_share() -> pl.Expr:
    """Share of comments without a letter, digit or mention."""
    return ((pl.col("word_count") == 0) & ~pl.col("has_mention")).mean()


@rule(table="comments", suspicious="high", source="HypeAuditor: mention only", fewest=FEWEST_COMMENTS)
def mention_comment_share() -> pl.Expr:
    """Share of comments with nothing but mentions."""
    return ((pl.col("word_count") == 0) & pl.col("has_mention")).mean()


@rule(table="comments", suspicious="high", source='HypeAuditor: "wow", "cool"', fewest=FEWEST_COMMENTS)
def short_comment_share() -> pl.Expr:
    """Share of comments of at most two words."""
    return (pl.col("word_count") <= 2).mean()  # noqa: PLR2004 -- FACTS counts up to two words


@rule(table="comments", suspicious="high", source="FACTS, bought comments by a pool of authors", fewest=FEWEST_COMMENTS)
def repeated_commenter_share() -> pl.Expr:
    """Share of comments beyond the first of each commenter."""
    authors = pl.col("commenter_id").drop_nulls()
    return 1.0 - authors.n_unique() / pl.when(authors.len() > 0).then(authors.len())


@rule(
    table="comments", suspicious="high", source="Tagger: the same commenters in the same order", fewest=FEWEST_COMMENTS
)
def same_order_share() -> pl.Expr:
    """Share of pairs of successive commenters that also follow each other under another post."""
    return (pl.col("posts_of_pair") > 1).mean()


@rule(table="comments", suspicious="high", source="Weerasinghe et al.: pods come at once", fewest=FEWEST_COMMENTS)
def first_hour_comment_share() -> pl.Expr:
    """Share of comments within an hour of their post."""
    return (pl.col("lag_seconds") <= 3600).mean()  # noqa: PLR2004 -- an hour


# --- values -----------------------------------------------------------------------------------------------------------


def rule_values(tables: Tables) -> pl.DataFrame:
    """`account_id` and one column per rule; null where the rule says nothing. Sorted by account."""
    frames = {
        "accounts": tables.accounts,
        "followers_daily": _curves(tables.followers_daily),
        "posts": _posts(tables),
        "comments": _comments(tables),
    }
    result = tables.accounts.select("account_id").sort("account_id")
    for table, frame in frames.items():
        values = [
            pl.when(pl.len() >= each.fewest).then(each.expression().cast(pl.Float64)).alias(name)
            for name, each in RULES.items()
            if each.table == table
        ]
        found = frame.group_by("account_id", maintain_order=True).agg(values)
        result = result.join(found, on="account_id", how="left", maintain_order="left")
    columns = pl.col(list(RULES))
    return result.with_columns(pl.when(columns.is_finite()).then(columns))


def _positive(column: str) -> pl.Expr:
    return pl.when(pl.col(column) > 0).then(pl.col(column))


def _curves(followers_daily: pl.DataFrame) -> pl.DataFrame:
    """Readings with their growth; a 0 is a tracker's glitch and is left out, as it would be every account's spike."""
    curve = followers_daily.filter(pl.col("follower_count") > 0).sort("account_id", "date")
    count, previous = pl.col("follower_count"), pl.col("follower_count").shift().over("account_id")
    days = (pl.col("date") - pl.col("date").shift().over("account_id")).dt.total_days()
    return curve.with_columns(growth=(count / previous).log() / days, change=count - previous)


def _posts(tables: Tables) -> pl.DataFrame:
    """Posts with their engagement rates (per cent of followers) and the vendors' band for the account's size."""
    followers = pl.col("follower_count")
    accounts = tables.accounts.select("account_id", "platform", "follower_count").sort("follower_count")
    bands = pl.DataFrame(
        VENDOR_BANDS,
        schema={"from": pl.Int64, "band_low": pl.Float64, "band_average": pl.Float64, "band_high": pl.Float64},
        orient="row",
    )
    accounts = accounts.join_asof(bands, left_on="follower_count", right_on="from", check_sortedness=False)
    on_instagram = pl.when(pl.col("platform") == "instagram")
    accounts = accounts.with_columns(
        on_instagram.then(pl.col(name)).alias(name) for name in ("band_low", "band_average", "band_high")
    )
    engagement = pl.col("like_count") + pl.col("comment_count").fill_null(0)
    return tables.posts.join(accounts, on="account_id", how="left", maintain_order="left").with_columns(
        rate=100.0 * engagement / pl.when(followers > 0).then(followers),
        rate_of_views=engagement / _positive("view_count"),
    )


def _comments(tables: Tables) -> pl.DataFrame:
    """Comments of others than the owner with their words, their lag, and how many posts their pair stands under."""
    said = pl.col("text").str.to_lowercase().str.replace_all(_LINK, " ").str.replace_all(_MENTION, " ")
    others = tables.comments.filter(pl.col("commenter_id").ne_missing(pl.col("account_id")))
    frame = (
        others.with_columns(words=said.str.extract_all(_WORD), has_mention=pl.col("text").str.contains(_MENTION))
        .with_columns(word_count=pl.col("words").list.len(), words=pl.col("words").list.join(" "))
        .join(tables.posts.select("account_id", "post_id", "posted_at"), on=["account_id", "post_id"], how="left")
        .sort("account_id", "post_id", "commented_at", "comment_id")
    )
    post = ["account_id", "post_id"]
    follower = pl.when(pl.col("commented_at").is_not_null()).then(pl.col("commenter_id").shift(-1).over(post))
    pair = ["account_id", "commenter_id", "next_commenter"]
    known = pl.col("commenter_id").is_not_null() & pl.col("next_commenter").is_not_null()
    return frame.with_columns(next_commenter=follower).with_columns(
        posts_of_pair=pl.when(known).then(pl.col("post_id").n_unique().over(pair)),
        lag_seconds=(pl.col("commented_at") - pl.col("posted_at")).dt.total_seconds(),
    )
