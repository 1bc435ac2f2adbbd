"""The frame of posts that the engagement features are computed from, and what their expressions share.

Helpers return expressions over the rows of one account, usable in any `group_by().agg()` over the frame. Those named
`push_...` belong to the evidence: what each row adds to the value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

import polars as pl

from features.context import end_of_day
from features.expectations import expected_of_accounts, expected_of_posts
from features.tables import Tables
from features.wording import counted, times_the_usual

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

USUAL_THAT_BELIES_ZERO = 20
"""Median likes of an account's posts with any, from which a post without any hides them: with honest likes spread by
half or so around 20 or more, none at all does not happen. Real channels hide likes for some weeks (YouTube folder)."""

FOLLOWER_READING_WITHIN = timedelta(days=31)
"""Distance from a post to the follower reading taken for it; monthly readings still serve."""

LARGEST_RESIDUAL = 4.0
"""Residuals are cut here, in standard deviations: being further out adds no evidence, only unlikeness to training."""

LARGEST_SWING = 1.5
"""Logarithms by which a post counts as above or below the usual in a slope: one viral post must not draw the line."""

ROBUST_SD = 1.4826
"""Median absolute deviation to standard deviation, for a normal distribution."""

SMALLEST_GROUP_SHARE = 0.15
"""Share of an account's posts that each of two groups has at least: a single post is no group. Assumed."""

BLOCK_POSTS = 5
"""Neighbouring posts whose middle is compared with that of as many before them."""

STEP_POSTS = 30
"""Newest posts in which a step is looked for: habits of liking and commenting change over years."""

WIDE_SPAN = 10.0
"""Ninetieth over tenth percentile from which an account's counts are spread widely enough for a law of first digits."""

LEAST_DIGIT_COUNT = 10
"""Counts below this have one digit: chance and the limit at zero decide it."""

SECONDS_PER_MONTH = 30 * 24 * 3600.0


COUNTS = ("likes", "comments", "views")
_OBSERVED = ("like_count", "comment_count", "view_count")


def _log_count(column: str) -> pl.Expr:
    """Logarithm of a count, zero read as half a one: counts keep their order and scale exactly."""
    return pl.col(column).cast(pl.Float64).clip(lower_bound=0.5).log()


def _unless_switched_off() -> list[pl.Expr]:
    """The counts under short names; a count that is zero on every post and may be hidden or closed becomes null.

    Platforms and trackers write 0 where likes are hidden or comments closed. Likes are believed to be zero only
    where nothing else was counted either; and a single post's zero not where the account's other posts draw
    `USUAL_THAT_BELIES_ZERO` and more: its likes were hidden for a while.
    """
    likes, comments, views = pl.col("like_count"), pl.col("comment_count"), pl.col("view_count")
    others_seen = ((comments > 0).any() | (views > 0).any()).over("account_id")
    liked = (likes > 0).any().over("account_id")
    usual_where_shown = pl.when(likes > 0).then(likes).median().over("account_id")
    hidden = (likes == 0) & (usual_where_shown >= USUAL_THAT_BELIES_ZERO).fill_null(False)
    return [
        pl.when((liked | ~others_seen) & ~hidden).then(likes).alias("likes"),
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


def _mean_comments_here() -> pl.Expr:
    """Mean comments of the account's posts of that format, or of all its posts where too few."""
    comments, of_format = pl.col("comments"), ["account_id", "format"]
    return (
        pl.when(comments.count().over(of_format) >= FORMAT_POSTS)
        .then(comments.mean().over(of_format))
        .otherwise(comments.mean().over("account_id"))
        .alias("comments_mean_here")
    )


def _first_digit(count: str) -> pl.Expr:
    """First digit of a count of two digits or more, where a tenth of them at most is smaller and they span a decade."""
    value = pl.col(count)
    low, high = (value.quantile(level, "linear").over("account_id") for level in (0.1, 0.9))
    spans = (low >= LEAST_DIGIT_COUNT) & (high >= WIDE_SPAN * low)
    digit = value.cast(pl.String).str.head(1).cast(pl.Int8)
    return pl.when(spans & (value >= LEAST_DIGIT_COUNT)).then(digit).alias(f"{count}_first_digit")


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


def within_swing(count: str) -> pl.Expr:
    """Relative logarithm of a count, cut at `LARGEST_SWING` either way."""
    return pl.col(f"{count}_relative").clip(-LARGEST_SWING, LARGEST_SWING)


def likes_per_view() -> pl.Expr:
    """Logarithm of likes per view, less the usual of the post's format."""
    return pl.col("likes_relative") - pl.col("views_relative")


def both(first: str, second: str) -> pl.Expr:
    """Whether a row has both counts."""
    return pl.col(first).is_not_null() & pl.col(second).is_not_null()


def _with_later_group(posts: pl.DataFrame, name: str, value: pl.Expr, order: pl.Expr, chosen: pl.Expr) -> pl.DataFrame:
    """Add the column `name`: whether a chosen post is in the later, by `order`, of the two groups that fit best.

    The cut makes the variance of the value between the groups largest, where each has `SMALLEST_GROUP_SHARE` of the
    posts. Ordered by the value itself, these are its low and its high group (Otsu); by age, before and after a step.
    """
    ordered = posts.filter(chosen).select("account_id", order=order, value=value).sort("account_id", "order", "value")
    ordered = ordered.with_columns(
        below=pl.int_range(1, pl.len() + 1).over("account_id"),
        posts=pl.len().cast(pl.Int64).over("account_id"),
        earlier=pl.col("value").cum_sum().over("account_id"),
        total=pl.col("value").sum().over("account_id"),
        next=pl.col("order").shift(-1).over("account_id"),
    )
    below, above, fewest = pl.col("below"), pl.col("posts") - pl.col("below"), SMALLEST_GROUP_SHARE * pl.col("posts")
    apart = (pl.col("total") - pl.col("earlier")) / above - pl.col("earlier") / below
    cuts = (
        ordered.filter((below >= fewest) & (above >= fewest))
        .group_by("account_id")
        .agg(cut=pl.col("next").get((apart**2 * below * above).arg_max()))
    )
    with_cut = posts.join(cuts, on="account_id", how="left", maintain_order="left")
    return with_cut.with_columns(pl.when(chosen).then(order >= pl.col("cut")).alias(name)).drop("cut")


def posts_frame(tables: Tables) -> pl.DataFrame:
    """The newest settled posts with counts, oldest first within an account.

    Besides `account_id`, `post_id`, `posted_at`, `format`, `is_sponsored`:
    `likes`, `comments`, `views`: counts, null where hidden, closed or not observed;
    `<count>_log`: their logarithm; `<count>_relative`: that less the usual of the account's format;
    `comments_mean_here`: mean comments of the account's posts of that format;
    `age_rank`: 0 for the newest post; `is_newer`: in the newer half;
    `month`: months of 30 days before the newest post, at most 0;
    `followers`, `followers_then`: now, and at posting; null where unknown;
    `platform`; `expected_<ratio>`, `spread_<ratio>`: what size, platform and format expect, as ln, and its standard
    deviation between accounts;
    `is_most_liked`, `is_most_liked_per_view`: in the upper of two groups of posts, null without comments or views;
    `is_after_step`: after the cut in time that divides the likes best, null without comments;
    `<count>_first_digit`: null where the account's counts of that kind are of one magnitude.
    """
    accounts = tables.accounts.select("account_id", "newest_at")
    has_count = pl.any_horizontal(pl.col("like_count", "comment_count", "view_count").is_not_null())
    settled = pl.col("posted_at") + SETTLED_AFTER <= pl.coalesce("observed_at", "newest_at")
    posts = (
        tables.posts.join(accounts, on="account_id", how="inner")
        .filter(has_count & settled)
        .select("account_id", "post_id", "posted_at", "format", "is_sponsored", *_OBSERVED)
        .sort("account_id", "posted_at", "post_id")
        .with_columns(age_rank=pl.int_range(pl.len(), dtype=pl.Int64).reverse().over("account_id"))
        .filter(pl.col("age_rank") < NEWEST_POSTS)
        .with_columns(
            *_unless_switched_off(),
            is_newer=pl.col("age_rank") < pl.len().over("account_id") // 2,
            month=(pl.col("posted_at") - pl.col("posted_at").max().over("account_id")).dt.total_seconds()
            / SECONDS_PER_MONTH,
        )
        .with_columns(_log_count(count).alias(f"{count}_log") for count in COUNTS)
        .with_columns(*(_relative_to_usual(count) for count in COUNTS), _mean_comments_here())
        .drop(_OBSERVED)
    )
    likes, with_comments = within_swing("likes"), both("likes", "comments")
    rate = likes_per_view().clip(-LARGEST_SWING, LARGEST_SWING)
    posts = _with_later_group(posts, "is_most_liked", likes, likes, with_comments)
    posts = _with_later_group(posts, "is_most_liked_per_view", rate, rate, both("likes", "views"))
    posts = _with_later_group(posts, "is_after_step", likes, -pl.col("age_rank"), with_comments)
    return (
        _followers_then(posts, tables.followers_daily)
        .join(expected_of_accounts(tables.accounts), on="account_id", how="left")
        .with_columns(*expected_of_posts(), *(_first_digit(count) for count in COUNTS))
        .sort("account_id", "posted_at", "post_id")
    )


# --- helpers of the expressions ---------------------------------------------------------------------------------------


def where_given(value: pl.Expr, given: pl.Expr, at_least: int) -> pl.Expr:
    """The value where at least so many rows fulfil `given`; null otherwise."""
    return pl.when(given.sum() >= at_least).then(value)


def is_recent() -> pl.Expr:
    """Whether a post is one of the newest, which levels are taken from."""
    return pl.col("age_rank") < RECENT_POSTS


def usual(column: str) -> pl.Expr:
    """Median of a column over the account's posts."""
    return pl.col(column).median()


def expected(*ratios: str) -> pl.Expr:
    """Logarithm of the expected product of ratios, per post.

    Comments per follower are expected to be like rate times comments per like, say.
    """
    return pl.sum_horizontal(pl.col(f"expected_{ratio}") for ratio in ratios)


def in_deviations(difference: pl.Expr, *ratios: str) -> pl.Expr:
    """A log ratio less its expectation, in standard deviations between honest accounts, cut at `LARGEST_RESIDUAL`."""
    variance = pl.sum_horizontal(pl.col(f"spread_{ratio}").first() ** 2 for ratio in ratios)
    return (difference / variance.sqrt()).clip(-LARGEST_RESIDUAL, LARGEST_RESIDUAL)


def audience_log() -> pl.Expr:
    """Logarithm of the followers that could see the post: those at posting where known, else those of now."""
    return pl.coalesce("followers_then", "followers").log()


def log_of_sums(numerator: pl.Expr, denominator: pl.Expr, chosen: pl.Expr) -> pl.Expr:
    """Logarithm of the ratio of two counts' sums over the chosen posts, which have both.

    Sums and not a mean of ratios: comment counts are so overdispersed that a post with few likes would decide.
    """
    top = numerator.filter(chosen).sum().cast(pl.Float64).clip(lower_bound=0.5)
    bottom = denominator.filter(chosen).sum().cast(pl.Float64)
    return top.log() - pl.when(bottom > 0).then(bottom).log()


def robust_sd(value: pl.Expr) -> pl.Expr:
    """Median absolute deviation, scaled to the standard deviation of a normal distribution."""
    return (value - value.median()).abs().median() * ROBUST_SD


def share_of(condition: pl.Expr, among: pl.Expr) -> pl.Expr:
    """Share of the rows `among` that fulfil `condition`; null where there is none."""
    rows = among.sum()
    return (condition & among).sum() / pl.when(rows > 0).then(rows)


def at_least(relative: pl.Expr, factor: float) -> pl.Expr:
    """Whether a count is so many times the usual; the tiny slack lets exactly twice as many count as twice."""
    return relative >= math.log(factor) - 1e-9


def at_most(relative: pl.Expr, factor: float) -> pl.Expr:
    """Whether a count is at most so many times the usual, with the same slack."""
    return relative <= math.log(factor) + 1e-9


def shrunk_slope(outcome: pl.Expr, cause: pl.Expr, *, prior: float) -> pl.Expr:
    """Slope of a straight line through both, drawn towards zero: `prior` is added to the cause's sum of squares."""
    deviation = cause - cause.mean()
    return push_of_relation(outcome, cause).sum() / ((deviation**2).sum() + prior)


def rank_correlation(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Spearman's correlation over the rows that have both."""
    known = first.is_not_null() & second.is_not_null()
    return pl.corr(first.filter(known).rank(), second.filter(known).rank()).clip(-1, 1)


def of_post_before(value: pl.Expr) -> pl.Expr:
    """The value of the nearest earlier post that has one."""
    return value.forward_fill().shift(1)


def mean_apart(value: pl.Expr, upper: pl.Expr, lower: pl.Expr) -> pl.Expr:
    """Mean of the upper group less that of the lower one."""
    return value.filter(upper).mean() - value.filter(lower).mean()


def block_steps(value: pl.Expr) -> pl.Expr:
    """Median of each block of posts less that of the block before it; null at the first posts."""
    blocks = value.rolling_median(BLOCK_POSTS)
    return blocks - blocks.shift(BLOCK_POSTS)


# --- pushes: what each row adds to a value ----------------------------------------------------------------------------


def push_beyond(count: pl.Expr, base: pl.Expr, log_ratio: pl.Expr, chosen: pl.Expr) -> pl.Expr:
    """Push on a ratio of sums: the count less what its base and a ratio, given as ln, lead one to expect."""
    return pl.when(chosen).then(count - base * log_ratio.exp())


def push_of_deviation(value: pl.Expr, typical: float) -> pl.Expr:
    """Push on a spread: distance from the usual, less the typical distance in an honest account."""
    return (value - value.median()).abs() - typical


def push_of_tail(value: pl.Expr, level: float) -> pl.Expr:
    """Push on a quantile over the median: the distance from the median of the rows at or beyond that quantile."""
    limit = value.quantile(level, "linear")
    beyond = value >= limit if level > 0.5 else value <= limit  # noqa: PLR2004
    return pl.when(beyond).then(value - value.median())


def push_of_relation(outcome: pl.Expr, cause: pl.Expr) -> pl.Expr:
    """Push on a slope or correlation: product of the two deviations from their means."""
    return (cause - cause.mean()) * (outcome - outcome.mean())


def push_of_rank_relation(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Push on a rank correlation: product of the two ranks' deviations, among rows that have both."""
    known = first.is_not_null() & second.is_not_null()
    ranks = [pl.when(known).then(each).rank() for each in (first, second)]
    return push_of_relation(*ranks)


def push_apart(
    value: pl.Expr, upper: pl.Expr, lower: pl.Expr, middle: Callable[[pl.Expr], pl.Expr] = pl.Expr.mean
) -> pl.Expr:
    """Push on the difference of two groups' middles: distance from half-way between them, over the group's size.

    With means the pushes sum to the difference.
    """
    half_way = (middle(value.filter(upper)) + middle(value.filter(lower))) / 2
    return pl.when(upper).then((value - half_way) / upper.sum()).when(lower).then((half_way - value) / lower.sum())


def push_of_step(value: pl.Expr, chosen: pl.Expr, steps: pl.Expr) -> pl.Expr:
    """Push on the largest of the steps between blocks: of the posts after it against those before, in its direction.

    Args:
        value: what steps, of all rows; one that falls with the step pushes the step's size down.
        chosen: the rows that `steps` has one each of.
        steps: see `block_steps`; the largest either way counts.
    """
    at = steps.abs().arg_max()
    number = chosen.cast(pl.Int64).cum_sum() - 1
    after = chosen & number.is_between(at - BLOCK_POSTS + 1, at)
    before = chosen & number.is_between(at - 2 * BLOCK_POSTS + 1, at - BLOCK_POSTS)
    return steps.get(at, null_on_oob=True).sign() * push_apart(value, after, before)


# --- how a post is cited ----------------------------------------------------------------------------------------------


def post_text() -> pl.Expr:
    """A post in numbers: "2026-01-03: 240 likes, 9,000 views; 2.3 times the usual likes, 0.8 times the usual views"."""
    counts = pl.concat_str(
        [counted(count, count.removesuffix("s")) for count in COUNTS], separator=", ", ignore_nulls=True
    )
    times = pl.concat_str([_times_usual(count) for count in COUNTS], separator=", ", ignore_nulls=True)
    sponsored = pl.when("is_sponsored").then(pl.lit(" (sponsored)"))
    day = pl.col("posted_at").dt.date().cast(pl.String)
    compared = pl.when(times != "").then(pl.format("; {}", times))
    return pl.concat_str([day, sponsored, pl.lit(": "), counts, compared], ignore_nulls=True)


def _times_usual(count: str) -> pl.Expr:
    """Null where the usual is no whole count: nothing can be said to be so many times none."""
    factor = pl.col(f"{count}_relative").exp()
    has_usual = pl.col(f"{count}_log").exp() / factor >= 1 - 1e-9
    # The logarithm of a zero is that of one half, which nobody should read.
    several = pl.when(pl.col(count) == 0).then(pl.lit("none of the usual")).otherwise(times_the_usual(factor.round(2)))
    return pl.when(has_usual).then(pl.format("{} {}", several, pl.lit(count)))
