"""Engagement features: likes, comments and views against size, against each other and against the account's own past.

Honest levels differ by a factor of ten between platforms, and by a factor of five between a private account and a
creator of the same size, so a level is always compared with what its size and platform expect, on both sides, and
most features look at the structure within one account instead: how even, how related, how steady the counts are.
Neither the size of an account nor the number of its rows is a feature.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from features.context import end_of_day
from features.definition import Feature, FrameBuilder, feature
from features.tables import PLATFORMS, Tables

FEATURES: dict[str, Feature] = {}

SETTLED_AFTER = timedelta(hours=48)
"""Posts keep gathering likes; younger ones are left out (FACTS, "Engagement": missing the first hour loses 20-30 %)."""

NEWEST_POSTS = 60
"""Posts an account is judged on, so that a long archive and a short one are compared over the same stretch."""

RECENT_POSTS = 20
"""Posts that a level per follower is taken from: older ones were seen by an audience of another size."""

FORMAT_POSTS = 5
"""Posts of one format from which its own median is trusted; rarer formats are compared with the whole account."""

LEAST_USUAL_COUNT = 50
"""Median count below which evenness is not judged: whole numbers that small repeat by themselves, and the friends and
family of a private account (InstaFake, real) like every post; the smallest lots sold are larger."""

FOLLOWER_READING_WITHIN = timedelta(days=31)
"""Distance from a post to the follower reading taken for it; monthly readings still serve."""

LARGEST_RESIDUAL = 4.0
"""Residuals are cut here, in standard deviations: being further out adds no evidence, only unlikeness to training."""

LARGEST_SWING = 1.5
"""Logarithms by which a post counts as above or below the usual in a slope: one viral post must not draw the line."""

ROBUST_SD = 1.4826
"""Median absolute deviation to standard deviation, for a normal distribution."""

EXPECTED_COMMENT_DISPERSION = 0.9
"""Negative binomial k of comment counts (FACTS, "Engagement": k about 0.9)."""

FEWEST_EXACT, MOST_EXACT = 100, 999
"""Counts whose last digits are judged: platforms round from four digits on, and below 100 digits are not uniform."""

SECONDS_PER_MONTH = 30 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Expectation:
    """A ratio expected at each size: followers and ratio at some anchors, linear in logarithms between them.

    `spread` is the standard deviation, between honest accounts, of the logarithm of the ratio around that line.
    """

    anchors: tuple[tuple[float, float], ...]
    spread: float

    def log_ratio(self, followers: np.ndarray) -> np.ndarray:
        """Logarithm of the expected ratio at these follower counts; constant beyond the outer anchors, NaN for NaN."""
        size, ratio = np.log(np.array(self.anchors, dtype=float)).T
        with np.errstate(divide="ignore"):
            return np.asarray(np.interp(np.log(followers), size, ratio))


def _assumed(base: float, shape: Expectation, spread: float) -> Expectation:
    """An expectation for a platform that was not measured: `shape`, moved to `base` at 22,000 followers."""
    factor = base / math.exp(shape.log_ratio(np.array([22_000.0]))[0])
    return Expectation(tuple((size, ratio * factor) for size, ratio in shape.anchors), spread)


# Instagram from 3,200 followers on: FACTS "Engagement", medians per tier at the tier's geometric middle. The first
# anchor lies halfway, in logarithms, between small creators and the private accounts of InstaFake (medians .21 likes
# per follower and .024 comments per like), since at that size both are honest. YouTube: medians of 227 channels
# (2026). The others are assumed, with a wide spread: sources disagree by a factor of two and more.
_INSTAGRAM_LIKE_RATE = Expectation(
    ((500, 0.09), (3_200, 0.038), (22_000, 0.030), (70_000, 0.026), (220_000, 0.025), (1_000_000, 0.022)), 0.95
)
_INSTAGRAM_COMMENTS_PER_LIKE = Expectation(
    ((500, 0.035), (3_200, 0.042), (22_000, 0.030), (70_000, 0.019), (220_000, 0.0124), (1_000_000, 0.0072)), 1.1
)
_YOUTUBE_VIEW_RATE = Expectation(((1_000, 0.9), (5_000, 0.8), (20_000, 0.32), (100_000, 0.145), (500_000, 0.125)), 1.3)

LIKE_RATE: dict[str, Expectation] = {
    "instagram": _INSTAGRAM_LIKE_RATE,
    "youtube": Expectation(((1_000, 0.025), (5_000, 0.020), (20_000, 0.007), (100_000, 0.0035), (500_000, 0.004)), 1.6),
    "tiktok": _assumed(0.040, _INSTAGRAM_LIKE_RATE, 1.6),
    "twitch": _assumed(0.005, _INSTAGRAM_LIKE_RATE, 1.6),
    "x": _assumed(0.005, _INSTAGRAM_LIKE_RATE, 1.6),
    "facebook": _assumed(0.005, _INSTAGRAM_LIKE_RATE, 1.6),
    "other": _assumed(0.015, _INSTAGRAM_LIKE_RATE, 1.8),
}
"""Median likes of a post over followers."""

COMMENTS_PER_LIKE: dict[str, Expectation] = {
    "instagram": _INSTAGRAM_COMMENTS_PER_LIKE,
    "youtube": Expectation(((5_000, 0.11), (20_000, 0.094), (100_000, 0.070), (500_000, 0.057)), 0.95),
    "tiktok": _assumed(0.015, _INSTAGRAM_COMMENTS_PER_LIKE, 1.3),
    "twitch": _assumed(0.060, _INSTAGRAM_COMMENTS_PER_LIKE, 1.5),
    "x": _assumed(0.060, _INSTAGRAM_COMMENTS_PER_LIKE, 1.3),
    "facebook": _assumed(0.060, _INSTAGRAM_COMMENTS_PER_LIKE, 1.3),
    "other": _assumed(0.040, _INSTAGRAM_COMMENTS_PER_LIKE, 1.5),
}
"""Comments of all posts over their likes."""

VIEW_RATE: dict[str, Expectation] = {
    "youtube": _YOUTUBE_VIEW_RATE,
    "instagram": _assumed(0.35, _YOUTUBE_VIEW_RATE, 1.3),
    "tiktok": _assumed(0.50, _YOUTUBE_VIEW_RATE, 1.6),
    "twitch": _assumed(0.10, _YOUTUBE_VIEW_RATE, 1.6),
    "x": _assumed(0.25, _YOUTUBE_VIEW_RATE, 1.6),
    "facebook": _assumed(0.10, _YOUTUBE_VIEW_RATE, 1.6),
    "other": _assumed(0.25, _YOUTUBE_VIEW_RATE, 1.8),
}
"""Median views of a post over followers."""

LIKES_PER_VIEW: dict[str, Expectation] = {
    "youtube": Expectation(((1_000, 0.024),), 0.8),
    "instagram": Expectation(((1_000, 0.045),), 0.9),
    "tiktok": Expectation(((1_000, 0.075),), 0.9),
    "twitch": Expectation(((1_000, 0.020),), 1.3),
    "x": Expectation(((1_000, 0.015),), 1.1),
    "facebook": Expectation(((1_000, 0.025),), 1.1),
    "other": Expectation(((1_000, 0.030),), 1.3),
}
"""Likes of a post over its views; no trend with size on the channels measured."""

_RATIOS = {
    "like_rate": LIKE_RATE,
    "comments_per_like": COMMENTS_PER_LIKE,
    "view_rate": VIEW_RATE,
    "likes_per_view": LIKES_PER_VIEW,
}


def _expectations(accounts: pl.DataFrame) -> pl.DataFrame:
    """`account_id`, `followers` and, per ratio, `expected_<ratio>` (ln) and `spread_<ratio>`; null without followers.

    A ratio without follower count in it (comments per like, likes per view) is still compared within its size, and
    at the middle size where that is unknown.
    """
    followers = accounts["followers"].cast(pl.Float64).to_numpy(writable=True)
    followers = np.where(followers > 0, followers, np.nan)
    sized = np.where(np.isnan(followers), 22_000.0, followers)
    platform = accounts["platform"].to_numpy()
    columns: dict[str, np.ndarray] = {}
    for ratio, table in _RATIOS.items():
        expected, spread = np.full(len(sized), np.nan), np.full(len(sized), np.nan)
        for name in PLATFORMS:
            chosen = platform == name
            expected[chosen] = table[name].log_ratio(sized[chosen])
            spread[chosen] = table[name].spread
        columns[f"expected_{ratio}"], columns[f"spread_{ratio}"] = expected, spread
    columns["followers"] = followers
    return accounts.select("account_id").with_columns(
        pl.Series(name, values, dtype=pl.Float64, nan_to_null=True) for name, values in columns.items()
    )


def _log_count(column: str) -> pl.Expr:
    """Logarithm of a count, zero read as half a one: counts keep their order and scale exactly."""
    return pl.col(column).cast(pl.Float64).clip(lower_bound=0.5).log()


def _unless_switched_off() -> list[pl.Expr]:
    """The counts under short names; a count that is zero on every post and may be hidden or closed becomes null.

    Platforms and trackers write 0 where likes are hidden or comments closed. Likes are believed to be zero only
    where nothing else was counted either.
    """
    likes, comments, views = pl.col("like_count"), pl.col("comment_count"), pl.col("view_count")
    others_seen = ((comments > 0).any() | (views > 0).any()).over("account_id")
    liked = (likes > 0).any().over("account_id")
    return [
        pl.when(liked | ~others_seen).then(likes).alias("likes"),
        pl.when((comments > 0).any().over("account_id")).then(comments).alias("comments"),
        pl.when((views > 0).any().over("account_id")).then(views).alias("views"),
    ]


def _relative_to_usual(count: str) -> pl.Expr:
    """Logarithm of a count less the median of the account's posts of that format, or of all its posts where too few."""
    value = pl.col(f"{count}_log")
    of_format = ["account_id", "format"]
    usual = (
        pl.when(value.count().over(of_format) >= FORMAT_POSTS)
        .then(value.median().over(of_format))
        .otherwise(value.median().over("account_id"))
    )
    return (value - usual).alias(f"{count}_relative")


def _followers_then(posts: pl.DataFrame, followers_daily: pl.DataFrame) -> pl.DataFrame:
    """Add `followers_then`, the reading nearest to the post; null where none lies within a month of it."""
    readings = followers_daily.filter(pl.col("follower_count") > 0).select(
        "account_id", known_at=end_of_day("date"), followers_then=pl.col("follower_count").cast(pl.Float64)
    )
    return posts.sort("posted_at", "post_id").join_asof(
        readings.sort("known_at"),
        left_on="posted_at",
        right_on="known_at",
        by="account_id",
        strategy="nearest",
        tolerance=FOLLOWER_READING_WITHIN,
        coalesce=True,
        check_sortedness=False,  # both sides are sorted just above, and polars cannot check within groups
    )


def posts_frame(tables: Tables) -> pl.DataFrame:
    """The newest settled posts with counts, oldest first within an account.

    Besides `account_id`, `post_id`, `posted_at`, `format`, `is_sponsored`:
    `likes`, `comments`, `views`: counts, null where hidden, closed or not observed;
    `<count>_log`: their logarithm; `<count>_relative`: that less the usual of the account's format;
    `age_rank`: 0 for the newest post; `is_newer`: in the newer half;
    `month`: months of 30 days before the newest post, at most 0;
    `followers`, `followers_then`: now, and at posting; null where unknown;
    `expected_<ratio>`, `spread_<ratio>`: what size and platform expect, as ln, and its standard deviation.
    """
    accounts = tables.accounts.select("account_id", "newest_at")
    counted = pl.any_horizontal(pl.col("like_count", "comment_count", "view_count").is_not_null())
    settled = pl.col("posted_at") + SETTLED_AFTER <= pl.coalesce("observed_at", "newest_at")
    posts = (
        tables.posts.join(accounts, on="account_id", how="inner")
        .filter(counted & settled)
        .select("account_id", "post_id", "posted_at", "format", "is_sponsored", *_COUNTS)
        .sort("account_id", "posted_at", "post_id")
        .with_columns(age_rank=pl.int_range(pl.len(), dtype=pl.Int64).reverse().over("account_id"))
        .filter(pl.col("age_rank") < NEWEST_POSTS)
        .with_columns(
            *_unless_switched_off(),
            is_newer=pl.col("age_rank") < pl.len().over("account_id") // 2,
            month=(pl.col("posted_at") - pl.col("posted_at").max().over("account_id")).dt.total_seconds()
            / SECONDS_PER_MONTH,
        )
        .with_columns(_log_count(count).alias(f"{count}_log") for count in ("likes", "comments", "views"))
        .with_columns(_relative_to_usual(count) for count in ("likes", "comments", "views"))
        .drop(_COUNTS)
    )
    return (
        _followers_then(posts, tables.followers_daily)
        .join(_expectations(tables.accounts), on="account_id", how="left")
        .sort("account_id", "posted_at", "post_id")
    )


_COUNTS = ("like_count", "comment_count", "view_count")
FRAMES: dict[str, FrameBuilder] = {"posts": posts_frame}


# --- helpers of the expressions ---------------------------------------------------------------------------------------


def _where_given(value: pl.Expr, given: pl.Expr, at_least: int) -> pl.Expr:
    """The value where at least so many rows fulfil `given`; null otherwise."""
    return pl.when(given.sum() >= at_least).then(value)


def _both(first: str, second: str) -> pl.Expr:
    return pl.col(first).is_not_null() & pl.col(second).is_not_null()


def _recent(column: str) -> pl.Expr:
    return pl.col(column).filter(pl.col("age_rank") < RECENT_POSTS)


def _residual(log_ratio: pl.Expr, *ratios: str) -> pl.Expr:
    """Log ratio less its expectation, in standard deviations between honest accounts, cut at `LARGEST_RESIDUAL`.

    Several ratios multiply: comments per follower are expected to be like rate times comments per like.
    """
    expected = pl.sum_horizontal(pl.col(f"expected_{ratio}").first() for ratio in ratios)
    variance = pl.sum_horizontal(pl.col(f"spread_{ratio}").first() ** 2 for ratio in ratios)
    return ((log_ratio - expected) / variance.sqrt()).clip(-LARGEST_RESIDUAL, LARGEST_RESIDUAL)


def _audience_log() -> pl.Expr:
    """Logarithm of the followers that could see the post: those at posting where known, else those of now."""
    return pl.coalesce("followers_then", "followers").log()


def _log_of_sums(numerator: str, denominator: str, chosen: pl.Expr | None = None) -> pl.Expr:
    """Logarithm of the ratio of two counts' sums over the posts that have both.

    Sums and not a mean of ratios: comment counts are so overdispersed that a post with few likes would decide.
    """
    pair = _both(numerator, denominator)
    pair = pair if chosen is None else pair & chosen
    top = pl.col(numerator).filter(pair).sum().cast(pl.Float64).clip(lower_bound=0.5)
    bottom = pl.col(denominator).filter(pair).sum().cast(pl.Float64)
    return top.log() - pl.when(bottom > 0).then(bottom).log()


def _robust_sd(value: pl.Expr) -> pl.Expr:
    return (value - value.median()).abs().median() * ROBUST_SD


def _share_of(condition: pl.Expr, among: pl.Expr) -> pl.Expr:
    """Share of the rows `among` that fulfil `condition`; null where there is none."""
    rows = among.sum()
    return (condition & among).sum() / pl.when(rows > 0).then(rows)


def _at_least(relative: pl.Expr, factor: float) -> pl.Expr:
    """Whether a count is so many times the usual; the tiny slack lets exactly twice as many count as twice."""
    return relative >= math.log(factor) - 1e-9


def _at_most(relative: pl.Expr, factor: float) -> pl.Expr:
    return relative <= math.log(factor) + 1e-9


def _shrunk_slope(outcome: pl.Expr, cause: pl.Expr, *, prior: float) -> pl.Expr:
    """Slope of a straight line through both, drawn towards zero: `prior` is added to the cause's sum of squares."""
    deviation = cause - cause.mean()
    return (deviation * (outcome - outcome.mean())).sum() / ((deviation**2).sum() + prior)


def _usual(column: str) -> pl.Expr:
    return pl.col(column).median()


def _rank_correlation(first: str, second: str) -> pl.Expr:
    pair = _both(first, second)
    return pl.corr(pl.col(first).filter(pair).rank(), pl.col(second).filter(pair).rank())


# --- levels, against what size and platform expect --------------------------------------------------------------------


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(median(ln likes - ln followers at posting) over the 20 newest posts - expected) / spread",
    suspicious="both",
    reason_high="Likes per follower are very high for this size and platform (by {value:+.1f} standard deviations)",
    reason_low="Likes per follower are very low for this size and platform (by {value:+.1f} standard deviations)",
    source="FACTS, Engagement: likes / followers per tier, residual sd 0.95; YouTube medians of 227 channels",
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_like_rate_residual() -> pl.Expr:
    """Likes per follower compared with honest accounts of this size and platform.

    Bought followers lower it, bought likes raise it; a private account or a very large one does the same honestly.
    """
    rate = _recent("likes_log") - _audience_log().filter(pl.col("age_rank") < RECENT_POSTS)
    return _where_given(_residual(rate.median(), "like_rate"), _recent("likes").is_not_null(), 3)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(ln(mean(comments)) over the 20 newest posts - median(ln followers at posting) - expected) / spread",
    suspicious="both",
    reason_high="Unusually many comments per follower for this size and platform (by {value:+.1f} standard deviations)",
    reason_low="Unusually few comments per follower for this size and platform (by {value:+.1f} standard deviations)",
    source="FACTS, Engagement: likes / followers times comments per like",
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_comment_rate_residual() -> pl.Expr:
    """Comments per follower compared with honest accounts of this size and platform; serves where likes are hidden."""
    counted = (pl.col("age_rank") < RECENT_POSTS) & pl.col("comments").is_not_null()
    comments = pl.col("comments").filter(counted).sum().cast(pl.Float64).clip(lower_bound=0.5)
    rate = comments.log() - counted.sum().log() - _audience_log().filter(counted).median()
    return _where_given(_residual(rate, "like_rate", "comments_per_like"), counted, 3)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(ln(sum(comments) / sum(likes)) - expected) / spread",
    suspicious="both",
    reason_high="Many comments for the likes, for this size and platform (by {value:+.1f} standard deviations)",
    reason_low="Few comments for the likes, for this size and platform (by {value:+.1f} standard deviations)",
    source="FACTS, Engagement: comments per 100 likes per tier",
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_comments_per_like_residual() -> pl.Expr:
    """Comments per like compared with honest accounts of this size and platform.

    Pods and bought comments raise it, bought likes lower it. Null under 100 likes in all: too few to tell.
    """
    pair = _both("likes", "comments")
    enough = pl.col("likes").filter(pair).sum() >= 100  # noqa: PLR2004
    value = _residual(_log_of_sums("comments", "likes"), "comments_per_like")
    return _where_given(pl.when(enough).then(value), pair, 3)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(median(ln views - ln followers at posting) over the 20 newest posts - expected) / spread",
    suspicious="both",
    reason_high="Views per follower are very many for this size and platform (by {value:+.1f} standard deviations)",
    reason_low="Views per follower are very few for this size and platform (by {value:+.1f} standard deviations)",
    source="YouTube medians of 227 channels; other platforms assumed",
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_view_rate_residual() -> pl.Expr:
    """Views per follower compared with honest accounts of this size and platform."""
    rate = _recent("views_log") - _audience_log().filter(pl.col("age_rank") < RECENT_POSTS)
    return _where_given(_residual(rate.median(), "view_rate"), _recent("views").is_not_null(), 3)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(median(ln likes - ln views) - expected) / spread, over posts with a view",
    suspicious="both",
    reason_high="Likes per view are unusually many for this platform (by {value:+.1f} standard deviations)",
    reason_low="Likes per view are unusually few for this platform (by {value:+.1f} standard deviations)",
    source="YouTube median .024 of 227 channels; other platforms assumed",
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_likes_per_view_residual() -> pl.Expr:
    """Likes per view compared with honest accounts of this platform: bought views lower it, bought likes raise it."""
    viewed = _both("likes", "views") & (pl.col("views") > 0)
    rate = (pl.col("likes_log") - pl.col("views_log")).filter(viewed)
    return _where_given(_residual(rate.median(), "likes_per_view"), viewed, 3)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="standard deviations between honest accounts, -4 to 4",
    formula="(ln(sum(comments) / sum(views)) - expected) / spread",
    suspicious="both",
    reason_high="Comments per view are unusually many for this size and platform (by {value:+.1f} standard deviations)",
    reason_low="Comments per view are unusually few for this size and platform (by {value:+.1f} standard deviations)",
    source="product of the expectations of likes per view and comments per like",
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=3,
)
def engagement_comments_per_view_residual() -> pl.Expr:
    """Comments per view compared with honest accounts of this size and platform; null under 1,000 views in all."""
    pair = _both("comments", "views")
    enough = pl.col("views").filter(pair).sum() >= 1_000  # noqa: PLR2004
    value = _residual(_log_of_sums("comments", "views"), "comments_per_like", "likes_per_view")
    return _where_given(pl.when(enough).then(value), pair, 3)


# --- evenness: how much the counts of one account vary ----------------------------------------------------------------


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="robust standard deviation of ln likes, 0 or more",
    formula="1.4826 * median(|x - median(x)|), x = ln likes less the usual of its format",
    suspicious="low",
    reason="Likes are almost the same on every post (spread {value:.2f})",
    source="FACTS, Engagement: within-account sd of ln likes .15 / .25 / .34 / .46 / .79",
    low=0.0,
    min_rows=6,
)
def engagement_likes_spread() -> pl.Expr:
    """How much likes vary from post to post; a fixed lot bought for every post flattens them.

    Null where the median post has under 50 likes: so few are alike by themselves.
    """
    value = pl.when(_usual("likes") >= LEAST_USUAL_COUNT).then(_robust_sd(pl.col("likes_relative")))
    return _where_given(value, pl.col("likes").is_not_null(), 6)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="robust standard deviation of ln likes, 0 or more",
    formula="1.4826 / sqrt(2) * median(|x - x of the post before|), x = ln likes less the usual of its format",
    suspicious="low",
    reason="Likes hardly change from one post to the next (spread {value:.2f})",
    source="FACTS, Engagement: within-account sd of ln likes; private accounts (InstaFake) .10 to .39",
    low=0.0,
    min_rows=7,
)
def engagement_likes_successive_spread() -> pl.Expr:
    """How much likes vary between neighbouring posts, whatever the account's growth over the years."""
    change = pl.col("likes_relative").drop_nulls().diff().abs().median() * (ROBUST_SD / math.sqrt(2))
    value = pl.when(_usual("likes") >= LEAST_USUAL_COUNT).then(change)
    return _where_given(value, pl.col("likes").is_not_null(), 7)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="robust standard deviation of ln views, 0 or more",
    formula="1.4826 * median(|x - median(x)|), x = ln views less the usual of its format",
    suspicious="low",
    reason="Views are almost the same on every post (spread {value:.2f})",
    source="as for likes; a fixed lot of views on every post flattens them",
    low=0.0,
    min_rows=6,
)
def engagement_views_spread() -> pl.Expr:
    """How much views vary from post to post. Null where the median post has under 50 views."""
    value = pl.when(_usual("views") >= LEAST_USUAL_COUNT).then(_robust_sd(pl.col("views_relative")))
    return _where_given(value, pl.col("views").is_not_null(), 6)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="robust standard deviation of ln(likes / views), 0 or more",
    formula="1.4826 * median(|x - median(x)|), x = relative ln likes - relative ln views",
    suspicious="both",
    reason_high="The share of viewers who like differs strangely between posts (spread {value:.2f})",
    reason_low="The share of viewers who like is almost the same on every post (spread {value:.2f})",
    source="bought views or likes on some posts widen it, automatic lots of both narrow it",
    low=0.0,
    min_rows=6,
)
def engagement_likes_per_view_spread() -> pl.Expr:
    """How much likes per view vary from post to post, formats compared with themselves."""
    ratio = pl.col("likes_relative") - pl.col("views_relative")
    value = pl.when(_usual("likes") >= LEAST_USUAL_COUNT).then(_robust_sd(ratio))
    return _where_given(value, _both("likes", "views"), 6)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="squared coefficient of variation beyond chance, -1/3 to 60",
    formula="(var(comments) - mean(comments)) / mean(comments)^2",
    suspicious="low",
    reason="Comment counts are more alike than an audience's usually are (dispersion {value:.2f})",
    source="FACTS, Engagement: negative binomial k .31-2.7, of which this is the moment estimate of 1 / k",
    low=-1 / 3,
    high=float(NEWEST_POSTS),
    min_rows=6,
)
def engagement_comments_dispersion_ratio() -> pl.Expr:
    """How much comment counts vary beyond chance; a fixed lot on every post makes them alike.

    Null under three comments a post, where chance hides the rest.
    """
    mean = pl.col("comments").mean()
    ratio = (pl.col("comments").var() - mean) / mean**2
    return _where_given(pl.when(mean >= 3).then(ratio), pl.col("comments").is_not_null(), 6)  # noqa: PLR2004


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="tenth percentile over median, 0 to 1",
    formula="exp(quantile(x, .1) - median(x)), x = ln likes less the usual of its format",
    suspicious="context",
    source="a lot on every post lifts the least liked posts and leaves the best alone",
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_floor_ratio() -> pl.Expr:
    """How far the least liked posts fall below the usual."""
    relative = pl.col("likes_relative")
    ratio = (relative.quantile(0.1, "linear") - relative.median()).exp()
    value = pl.when(_usual("likes") >= LEAST_USUAL_COUNT).then(ratio)
    return _where_given(value, pl.col("likes").is_not_null(), 8)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="ninetieth percentile over median, 1 or more",
    formula="exp(quantile(x, .9) - median(x)), x = ln likes less the usual of its format",
    suspicious="context",
    source="FACTS, Engagement: largest over median of 17 posts 1.65, 3.4 at 95 %; a quantile does not grow with posts",
    low=1.0,
    min_rows=8,
)
def engagement_likes_ceiling_ratio() -> pl.Expr:
    """How far the most liked posts rise above the usual."""
    relative = pl.col("likes_relative")
    ratio = (relative.quantile(0.9, "linear") - relative.median()).exp()
    return _where_given(ratio, pl.col("likes").is_not_null(), 8)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="ninetieth percentile over median, 1 or more",
    formula="exp(quantile(x, .9) - median(x)), x = relative ln likes - relative ln views",
    suspicious="context",
    source="likes bought for some posts; but so look the unpromoted posts of a channel that advertises its others",
    low=1.0,
    min_rows=8,
)
def engagement_likes_per_view_ceiling_ratio() -> pl.Expr:
    """How far the posts with most likes per view rise above the account's usual."""
    ratio = pl.col("likes_relative") - pl.col("views_relative")
    value = (ratio.quantile(0.9, "linear") - ratio.median()).exp()
    return _where_given(pl.when(_usual("likes") >= LEAST_USUAL_COUNT).then(value), _both("likes", "views"), 8)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="tenth percentile over median, 0 to 1",
    formula="exp(quantile(x, .1) - median(x)), x = relative ln likes - relative ln views",
    suspicious="context",
    source="views bought for some posts, and honest viral posts, do this alike; so it is never a reason",
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_per_view_floor_ratio() -> pl.Expr:
    """How far the posts with fewest likes per view fall below the account's usual."""
    ratio = pl.col("likes_relative") - pl.col("views_relative")
    value = (ratio.quantile(0.1, "linear") - ratio.median()).exp()
    return _where_given(pl.when(_usual("likes") >= LEAST_USUAL_COUNT).then(value), _both("likes", "views"), 8)


# --- relation: whether the counts of one post go together -------------------------------------------------------------


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="rank correlation, -1 to 1",
    formula="spearman(ln likes, ln comments), each less the usual of its format",
    suspicious="both",
    reason_high="Likes and comments move in lockstep (correlation {value:.2f})",
    reason_low="Posts with more likes do not get more comments (correlation {value:.2f})",
    source="FACTS, Engagement: corr(ln likes, ln comments) .34 median, -.07 at 5 %",
    low=-1.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_comments_correlation() -> pl.Expr:
    """Whether posts with more likes get more comments. Null where half of the posts have no comment at all."""
    pair = _both("likes", "comments")
    mostly_commented = pl.col("comments").filter(pair).median() > 0
    value = pl.when(mostly_commented).then(_rank_correlation("likes_relative", "comments_relative"))
    return _where_given(value.clip(-1, 1), pair, 8)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="change of ln comments per change of ln likes, -6 to 6; about 1 where both follow interest",
    formula="sum(x (y - mean(y))) / (sum(x^2) + 0.1), x = relative ln likes less their mean, y = relative ln comments, "
    "both within 1.5 of the usual",
    suspicious="context",
    source="likes in a fixed number on top of an audience's own make comments swing more than likes, likes bought for "
    "some posts make them swing less; real medians .86 (227 YouTube channels) and .99 (InstaFake)",
    low=-6.0,
    high=6.0,
    min_rows=8,
)
def engagement_comments_on_likes_slope_ratio() -> pl.Expr:
    """By how much comments move when likes do. Null under a median of three comments, where chance hides it.

    The addition to the denominator draws it towards zero where likes hardly vary or posts are few.
    """
    pair = _both("likes", "comments")
    likes = pl.col("likes_relative").filter(pair).clip(-LARGEST_SWING, LARGEST_SWING)
    comments = pl.col("comments_relative").filter(pair).clip(-LARGEST_SWING, LARGEST_SWING)
    slope = _shrunk_slope(comments, likes, prior=0.1).clip(-6, 6)
    return _where_given(pl.when(_usual("comments") >= 3).then(slope), pair, 8)  # noqa: PLR2004


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="rank correlation, -1 to 1",
    formula="spearman(ln likes, ln views), each less the usual of its format",
    suspicious="low",
    reason="Posts with more views do not get more likes (correlation {value:.2f})",
    source="who likes has viewed: honest counts rise together; separate deliveries do not",
    low=-1.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_views_correlation() -> pl.Expr:
    """Whether posts with more views get more likes."""
    value = _rank_correlation("likes_relative", "views_relative").clip(-1, 1)
    return _where_given(value, _both("likes", "views"), 8)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="share of posts, 0 to 1",
    formula="share of posts with likes >= 2 times the usual and comments at most the usual",
    suspicious="high",
    reason="{value:.0%} of posts have twice the usual likes or more without any more comments",
    source="a delivery of likes brings no conversation; a viral post brings both",
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_without_comments_share() -> pl.Expr:
    """Share of posts whose likes stand far above the usual while comments do not.

    Null where the median post has under five comments: then comments stay put by chance.
    """
    pair = _both("likes", "comments")
    lifted = _at_least(pl.col("likes_relative"), 2.0) & _at_most(pl.col("comments_relative"), 1.0)
    value = pl.when(_usual("comments") >= 5).then(_share_of(lifted, pair))  # noqa: PLR2004
    return _where_given(value, pair, 8)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="share of posts, 0 to 1",
    formula="share of posts with comments >= 3 times the usual and likes at most 1.1 times the usual",
    suspicious="context",
    source="comments bought for some posts, and honest giveaways, do this alike; so it is never a reason",
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_comments_without_likes_share() -> pl.Expr:
    """Share of posts whose comments stand far above the usual while likes do not."""
    pair = _both("likes", "comments")
    lifted = _at_least(pl.col("comments_relative"), 3.0) & _at_most(pl.col("likes_relative"), 1.1)
    value = pl.when(_usual("comments") >= 3).then(_share_of(lifted, pair))  # noqa: PLR2004
    return _where_given(value, pair, 8)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="share of posts, 0 to 1",
    formula="share of posts with views >= 1.5 times the usual and likes per view <= 0.7 times the usual",
    suspicious="context",
    source="FACTS, Rules: CreatorDB's suspicious post. Honest viral posts fulfil it too, so it is never a reason",
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_views_spike_share() -> pl.Expr:
    """Share of posts that CreatorDB's rule would call suspicious."""
    rate = pl.col("likes_relative") - pl.col("views_relative")
    spike = _at_least(pl.col("views_relative"), 1.5) & _at_most(rate, 0.7)
    pair = _both("likes", "views")
    return _where_given(_share_of(spike, pair), pair, 8)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="share of posts, 0 to 1",
    formula="share of posts with views >= 1.5 times the usual and likes at most the usual",
    suspicious="high",
    reason="{value:.0%} of posts have 1.5 times the usual views or more without any more likes",
    source="FACTS, Rules: CreatorDB's rule, made stricter: a viral post gathers likes as well, bought views do not",
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_views_without_likes_share() -> pl.Expr:
    """Share of posts whose views stand far above the usual while likes do not rise at all."""
    pair = _both("likes", "views")
    lifted = _at_least(pl.col("views_relative"), 1.5) & _at_most(pl.col("likes_relative"), 1.0)
    return _where_given(_share_of(lifted, pair), pair, 8)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="share of posts, 0 to 1",
    formula="share of posts with likes >= 1.5 times the usual and views at most the usual",
    suspicious="high",
    reason="{value:.0%} of posts have 1.5 times the usual likes or more without any more views",
    source="who likes has viewed: a delivery of likes alone is the exception",
    low=0.0,
    high=1.0,
    min_rows=8,
)
def engagement_likes_without_views_share() -> pl.Expr:
    """Share of posts whose likes stand far above the usual while views do not rise at all."""
    pair = _both("likes", "views")
    lifted = _at_least(pl.col("likes_relative"), 1.5) & _at_most(pl.col("views_relative"), 1.0)
    return _where_given(_share_of(lifted, pair), pair, 8)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="difference of two shares, -1 to 1",
    formula="share of posts without comment - (1 + mean(comments) / 0.9) ** -0.9",
    suspicious="both",
    reason_high="More posts without any comment than the average would explain (by {value:.0%} of posts)",
    reason_low="Fewer posts without any comment than the average would explain ({value:.0%} of posts)",
    source="FACTS, Engagement: negative binomial k about 0.9, of which this is the expected share of zeros",
    low=-1.0,
    high=1.0,
    min_rows=8,
)
def engagement_uncommented_residual() -> pl.Expr:
    """Share of posts without comment beyond what the account's own average expects.

    Comments bought for some posts leave the others bare; comments bought for all leave none bare.
    """
    mean = pl.col("comments").mean()
    expected = (1 + mean / EXPECTED_COMMENT_DISPERSION) ** -EXPECTED_COMMENT_DISPERSION
    value = (pl.col("comments") == 0).mean() - expected
    return _where_given(value, pl.col("comments").is_not_null(), 8)


# --- time: whether engagement changed, and whether the audience explains it -------------------------------------------


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="change of ln likes per month of 30 days, -2 to 2",
    formula="(median(x) of the newest third - of the oldest third) / months between their median posts",
    suspicious="both",
    reason_high="Likes rise quickly (log change {value:+.2f} a month, where +0.69 is a doubling)",
    reason_low="Likes fall quickly (log change {value:+.2f} a month, where -0.69 is a halving)",
    source="a trend from medians, which a single viral post does not turn",
    low=-2.0,
    high=2.0,
    min_rows=9,
)
def engagement_likes_trend_rate_per_month() -> pl.Expr:
    """How fast likes rise or fall. Null where the thirds lie less than half a month apart."""
    third = pl.len() // 3
    newest, oldest = pl.col("age_rank") < third, pl.col("age_rank") >= pl.len() - third
    likes, month = pl.col("likes_relative"), pl.col("month")
    apart = month.filter(newest).median() - month.filter(oldest).median()
    change = likes.filter(newest).median() - likes.filter(oldest).median()
    value = (change / pl.when(apart >= 0.5).then(apart)).clip(-2, 2)  # noqa: PLR2004
    return _where_given(value, pl.col("likes").is_not_null(), 9)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="ratio of two medians, 1 or more",
    formula="exp(max |median of 5 posts - median of the 5 posts before|) of ln likes, over the 30 newest posts",
    suspicious="context",
    source="purchases start and stop at once; so do honest changes of subject, so it is never a reason",
    low=1.0,
    min_rows=10,
)
def engagement_likes_step_ratio() -> pl.Expr:
    """Largest shift of likes between neighbouring blocks of five posts."""
    likes = pl.col("likes_relative").filter(pl.col("age_rank") < 30).drop_nulls()  # noqa: PLR2004
    median = likes.rolling_median(5)
    return (median - median.shift(5)).abs().max().exp()


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="rank correlation, -1 to 1",
    formula="spearman(x, x of the post before), x = ln likes less the usual of its format",
    suspicious="context",
    source="FACTS, Engagement: lag-1 autocorrelation about 0 over 17 posts; growth over years raises it honestly",
    low=-1.0,
    high=1.0,
    min_rows=10,
)
def engagement_likes_lag_correlation() -> pl.Expr:
    """Whether a post's likes resemble those of the post before."""
    likes = pl.col("likes_relative").drop_nulls()
    later, earlier = likes.slice(1, None), likes.slice(0, likes.len() - 1)
    value = pl.corr(later.rank(), earlier.rank()).clip(-1, 1)
    return _where_given(value, pl.col("likes").is_not_null(), 10)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="difference of two changes of logarithms, -4 to 4",
    formula="change(ln followers at posting) - change(ln likes), from the older to the newer half of posts",
    suspicious="both",
    reason_high="Followers grew faster than likes (log difference {value:+.2f})",
    reason_low="Likes grew faster than followers (log difference {value:+.2f})",
    source="followers who came honestly like as the others did; bought ones do not",
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=8,
)
def engagement_followers_outgrow_likes_residual() -> pl.Expr:
    """Whether likes kept up with followers. Null where followers at posting varied by less than 5 %."""
    followers = pl.col("followers_then").log()
    known = _both("likes", "followers_then")
    newer, older = known & pl.col("is_newer"), known & ~pl.col("is_newer")
    growth = followers.filter(newer).median() - followers.filter(older).median()
    change = pl.col("likes_relative").filter(newer).median() - pl.col("likes_relative").filter(older).median()
    varied = followers.filter(known).max() - followers.filter(known).min() >= math.log(1.05)
    value = (growth - change).clip(-LARGEST_RESIDUAL, LARGEST_RESIDUAL)
    return _where_given(_where_given(pl.when(varied).then(value), newer, 4), older, 4)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="change of ln likes per change of ln followers, less 1, -6 to 6; 0 where followers stand still",
    formula="sum(x (y - x)) / (sum(x^2) + 0.05), x = ln followers at posting less their mean, y = relative ln likes, "
    "within 1.5 of the usual",
    suspicious="context",
    source="followers who came honestly like as the others did; bought ones do not. As "
    "engagement_followers_outgrow_likes_residual, for histories in which followers changed by less than 5 % too",
    low=-6.0,
    high=6.0,
    min_rows=6,
)
def engagement_likes_follow_followers_residual() -> pl.Expr:
    """Whether likes moved with followers, from all posts with a follower reading near them.

    The addition to the denominator draws it towards zero where followers hardly changed: then chance decides.
    """
    known = _both("likes", "followers_then")
    followers = pl.col("followers_then").filter(known).log()
    likes = pl.col("likes_relative").filter(known).clip(-LARGEST_SWING, LARGEST_SWING)
    value = _shrunk_slope(likes - followers, followers, prior=0.05).clip(-6, 6)
    return _where_given(value, known, 6)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="change of a logarithm, -4 to 4",
    formula="ln(sum(comments) / sum(likes)) of the newer half of posts - of the older half",
    suspicious="both",
    reason_high="Comments per like rose from older to newer posts (log change {value:+.2f})",
    reason_low="Comments per like fell from older to newer posts (log change {value:+.2f})",
    source="a purchase that starts within the window changes the mix of likes and comments",
    low=-LARGEST_RESIDUAL,
    high=LARGEST_RESIDUAL,
    min_rows=8,
)
def engagement_comments_per_like_change_residual() -> pl.Expr:
    """Whether the mix of comments and likes changed. Null under 20 comments in either half."""
    newer, older = pl.col("is_newer"), ~pl.col("is_newer")
    pair = _both("likes", "comments")
    fewest = pl.min_horizontal(pl.col("comments").filter(pair & half).sum() for half in (newer, older))
    change = _log_of_sums("comments", "likes", newer) - _log_of_sums("comments", "likes", older)
    value = pl.when(fewest >= 20).then(change.clip(-LARGEST_RESIDUAL, LARGEST_RESIDUAL))  # noqa: PLR2004
    return _where_given(value, pair, 8)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="ratio of two medians, 0 or more",
    formula="exp(median(x | sponsored) - median(x | not)), x = ln likes less the usual of its format",
    suspicious="high",
    reason="Sponsored posts get {value:.1f} times the likes of the others",
    source="likes are bought for the posts that are paid for; honest sponsored posts rarely do better than others",
    low=0.0,
    min_rows=8,
)
def engagement_sponsored_likes_ratio() -> pl.Expr:
    """Likes of sponsored posts over those of the others. Null under 3 sponsored or 5 other posts with likes."""
    known = pl.col("likes").is_not_null()
    paid = known & pl.col("is_sponsored").fill_null(False)
    other = known & ~pl.col("is_sponsored").fill_null(False)
    likes = pl.col("likes_relative")
    ratio = (likes.filter(paid).median() - likes.filter(other).median()).exp()
    return _where_given(_where_given(ratio, paid, 3), other, 5)


# --- digits -----------------------------------------------------------------------------------------------------------

FEWEST_DIGITS = 20
"""Exact counts below which their digits are not judged."""

MOSTLY_ROUNDED = 0.8
"""Share of counts that end in zero above which the source rounds, and digits say nothing about the account."""


def _exact_counts(condition: pl.Expr) -> pl.Expr:
    """Number of like, comment and view counts from 100 to 999 for which a condition on those three columns holds."""
    counts = pl.col("likes", "comments", "views")
    return pl.sum_horizontal((counts.is_between(FEWEST_EXACT, MOST_EXACT) & condition).sum())


def _where_digits_tell(value: pl.Expr) -> pl.Expr:
    counts = pl.col("likes", "comments", "views")
    exact = _exact_counts(pl.lit(True))
    rounded = _exact_counts(counts % 10 == 0)
    return pl.when((exact >= FEWEST_DIGITS) & (rounded < MOSTLY_ROUNDED * exact)).then(value)


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="share of counts from 100 to 999, 0 to 1",
    formula="share of like, comment and view counts from 100 to 999 that are multiples of 50; 0.02 by chance",
    suspicious="high",
    reason="{value:.0%} of counts are multiples of 50, where chance gives 2 %",
    source="FACTS, Schemes: lots are sold in round numbers; platforms show counts under 1,000 exactly",
    low=0.0,
    high=1.0,
)
def engagement_round_counts_share() -> pl.Expr:
    """Share of exact counts that are round. Null where the source rounds, or under 20 such counts."""
    counts = pl.col("likes", "comments", "views")
    return _where_digits_tell(_exact_counts(counts % 50 == 0) / _exact_counts(pl.lit(True)))


@feature(
    FEATURES,
    group="engagement",
    frame="posts",
    unit="standard deviations, -2.2 or more",
    formula="(X2 - 9) / sqrt(18 * (1 - 1 / n)), X2 = chi-square of the last digits of n counts from 100 to 999",
    suspicious="high",
    reason="Some last digits of the counts come far more often than chance gives (z = {value:.1f})",
    source="exact mean and variance of Pearson's chi-square for ten equally likely digits, at any n",
    low=-9 / math.sqrt(18 * 0.95),
)
def engagement_last_digit_zscore() -> pl.Expr:
    """Departure of last digits from equal shares: invented numbers avoid some digits.

    Null where the source rounds, or under 20 counts.
    """
    counts = pl.col("likes", "comments", "views")
    exact = _exact_counts(pl.lit(True)).cast(pl.Float64)
    squares = pl.sum_horizontal(_exact_counts(counts % 10 == digit).cast(pl.Float64) ** 2 for digit in range(10))
    chi_square = squares * 10 / exact - exact
    return _where_digits_tell((chi_square - 9) / (18 * (1 - 1 / exact)).sqrt())
