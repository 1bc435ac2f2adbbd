"""The frame of posts that the engagement features are computed from, and what their expressions share.

Helpers return expressions over the rows of one account, usable in any `group_by().agg()` over the frame. Those named
`push_...` belong to the evidence: what each row adds to the value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta

import polars as pl

from features.tables import Tables
from features.wording import counted, times_the_usual

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


FEWEST_EXACT, MOST_EXACT = 100, 999
"""Counts whose last digits are judged: platforms round from four digits on, and below 100 digits are not uniform."""

ROUND = 50
"""Multiples of this count as round."""

FIRST_DIGIT_SHARES = {digit: math.log10(1 + 1 / digit) for digit in range(1, 10)}
"""Benford's law."""

COUNTS = ("likes", "comments", "views")
"""The three counts of a post, as the frame names them."""


def posts_frame(tables: Tables) -> pl.DataFrame:
    """The newest settled posts with counts, oldest first within an account.

    Besides `account`, `account_id`, `post_id`, `posted_at`, `format`, `is_sponsored`:
    `likes`, `comments`, `views`: counts, null where hidden, closed or not observed;
    `<count>_log`: their logarithm; `<count>_relative`: that less the usual of the account's format;
    `<count>_swing`: the same within `LARGEST_SWING`; `likes_per_view`: relative likes less relative views;
    `<count>_median`, `<count>_relative_median`, `likes_per_view_median`: the account's, the same for all its posts;
    `<count>_and_<count>`: whether the post has both;
    `comments_mean_here`: mean comments of the account's posts of that format;
    `age_rank`: 0 for the newest post; `is_newer`: in the newer half;
    `month`: months of 30 days before the newest post, at most 0;
    `followers`, `followers_then`: now, and at posting; null where unknown; `audience_log`: the logarithm of the
    latter, else of the former;
    `platform`; `expected_<ratio>`, `spread_<ratio>`: what size, platform and format expect, as ln, and its standard
    deviation between accounts;
    `is_most_liked`, `is_most_liked_per_view`: in the upper of two groups of posts, null without comments or views;
    `is_after_step`: after the cut in time that divides the likes best, null without comments;
    `likes_before`: relative likes of the nearest earlier post that shows them; `likes_step`: median of the five
    relative likes that end with the post less that of the five before, among the `STEP_POSTS` newest;
    `<pair>_rank_product`, `<pair>_rank_scale`: product of the ranks' deviations from their means, and what the
    account's sum of products is divided by to give Spearman's correlation, of `likes_comments`, `likes_views` and
    `likes_lag` (with the post before);
    `likes_beside_comments`, `comments_beside_likes`, `followers_beside_likes`: swing, or ln followers at posting, less
    its mean over the posts that have both; `gap_beside_followers`: the same of swing less ln followers;
    `<count>_first_digit`: null where the account's counts of that kind are of one magnitude; `judged_first_digits`:
    how many of the three are not; `same_first_digit`: for each of them, the account's counts of that digit over the
    share that Benford's law gives it, summed;
    `exact_counts`: how many of the three lie between 100 and 999; `round_counts`, `ten_counts`: those of them that are
    multiples of 50 and of 10; `same_last_digit`: for each of them, the account's exact counts of that last digit,
    summed.
    """
    from features.engagement_posts import posts  # numba takes half a second, which the catalogue need not pay

    return posts(tables)


# --- helpers of the expressions ---------------------------------------------------------------------------------------


def within_swing(count: str) -> pl.Expr:
    """Relative logarithm of a count, cut at `LARGEST_SWING` either way."""
    return pl.col(f"{count}_swing")


def likes_per_view() -> pl.Expr:
    """Logarithm of likes per view, less the usual of the post's format."""
    return pl.col("likes_per_view")


def both(first: str, second: str) -> pl.Expr:
    """Whether a post has both of two counts; the pairs are columns of the frame."""
    return pl.col(f"{first}_and_{second}")


def only_where(chosen: pl.Expr, value: pl.Expr) -> pl.Expr:
    """The value of the chosen rows, null elsewhere: sums and medians of it cost half of those of filtered rows."""
    return pl.when(chosen).then(value)


def posts_with(*counts: str) -> pl.Expr:
    """How many of the account's posts have these counts; a column of the frame."""
    return first_of(f"posts_with_{'_and_'.join(counts)}")


def where_given(value: pl.Expr, rows: pl.Expr, at_least: int) -> pl.Expr:
    """The value where there are at least so many rows; null otherwise."""
    return pl.when(rows >= at_least).then(value)


def is_recent() -> pl.Expr:
    """Whether a post is one of the newest, which levels are taken from."""
    return pl.col("age_rank") < RECENT_POSTS


def first_of(column: str) -> pl.Expr:
    """A column of the frame that is one for all rows of an account."""
    return pl.col(column).first()


def usual(column: str) -> pl.Expr:
    """Median of a column over the account's posts; the medians are columns of the frame."""
    return first_of(f"{column}_median")


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
    return pl.col("audience_log")


def log_of_sums(numerator: pl.Expr, denominator: pl.Expr, chosen: pl.Expr) -> pl.Expr:
    """Logarithm of the ratio of two counts' sums over the chosen posts, which have both.

    Sums and not a mean of ratios: comment counts are so overdispersed that a post with few likes would decide.
    """
    top = only_where(chosen, numerator).sum().cast(pl.Float64).clip(lower_bound=0.5)
    bottom = only_where(chosen, denominator).sum().cast(pl.Float64)
    return top.log() - pl.when(bottom > 0).then(bottom).log()


def robust_sd(column: str) -> pl.Expr:
    """Median absolute deviation, scaled to the standard deviation of a normal distribution."""
    return (pl.col(column) - pl.col(f"{column}_median")).abs().median() * ROBUST_SD


def share_of(condition: pl.Expr, rows: pl.Expr) -> pl.Expr:
    """Share of so many rows that fulfil `condition`, which holds for no others; null where there is none."""
    return condition.sum() / pl.when(rows > 0).then(rows)


def at_least(relative: pl.Expr, factor: float) -> pl.Expr:
    """Whether a count is so many times the usual; the tiny slack lets exactly twice as many count as twice."""
    return relative >= math.log(factor) - 1e-9


def at_most(relative: pl.Expr, factor: float) -> pl.Expr:
    """Whether a count is at most so many times the usual, with the same slack."""
    return relative <= math.log(factor) + 1e-9


def shrunk_slope(outcome: str, cause: str, *, prior: float) -> pl.Expr:
    """Slope of a straight line through two columns less their means, drawn towards zero.

    `prior` is added to the cause's sum of squares.
    """
    return (pl.col(cause) * pl.col(outcome)).sum() / ((pl.col(cause) ** 2).sum() + prior)


def rank_correlation(pair: str) -> pl.Expr:
    """Spearman's correlation of a pair of the frame over the rows that have both."""
    return (pl.col(f"{pair}_rank_product").sum() / pl.col(f"{pair}_rank_scale").first()).clip(-1, 1)


def mean_apart(value: pl.Expr, upper: pl.Expr, lower: pl.Expr) -> pl.Expr:
    """Mean of the upper group less that of the lower one."""
    return only_where(upper, value).mean() - only_where(lower, value).mean()


# --- pushes: what each row adds to a value ----------------------------------------------------------------------------


def push_beyond(count: pl.Expr, base: pl.Expr, log_ratio: pl.Expr, chosen: pl.Expr) -> pl.Expr:
    """Push on a ratio of sums: the count less what its base and a ratio, given as ln, lead one to expect."""
    return pl.when(chosen).then(count - base * log_ratio.exp())


def push_of_deviation(column: str, typical: float) -> pl.Expr:
    """Push on a spread: distance from the usual, less the typical distance in an honest account."""
    return (pl.col(column) - pl.col(f"{column}_median")).abs() - typical


def push_of_tail(value: pl.Expr, level: float) -> pl.Expr:
    """Push on a quantile over the median: the distance from the median of the rows at or beyond that quantile."""
    limit = value.quantile(level, "linear")
    beyond = value >= limit if level > 0.5 else value <= limit  # noqa: PLR2004
    return pl.when(beyond).then(value - value.median())


def push_of_relation(outcome: str, cause: str) -> pl.Expr:
    """Push on a slope: product of the two deviations from their means."""
    return pl.col(cause) * pl.col(outcome)


def push_of_rank_relation(pair: str) -> pl.Expr:
    """Push on a rank correlation: product of the two ranks' deviations, among rows that have both."""
    return pl.col(f"{pair}_rank_product")


def push_apart(
    value: pl.Expr, upper: pl.Expr, lower: pl.Expr, middle: Callable[[pl.Expr], pl.Expr] = pl.Expr.mean
) -> pl.Expr:
    """Push on the difference of two groups' middles: distance from half-way between them, over the group's size.

    With means the pushes sum to the difference.
    """
    half_way = (middle(only_where(upper, value)) + middle(only_where(lower, value))) / 2
    return pl.when(upper).then((value - half_way) / upper.sum()).when(lower).then((half_way - value) / lower.sum())


def push_of_step(value: pl.Expr, chosen: pl.Expr, steps: pl.Expr) -> pl.Expr:
    """Push on the largest of the steps between blocks: of the posts after it against those before, in its direction.

    Args:
        value: what steps, of all rows; one that falls with the step pushes the step's size down.
        chosen: the rows that the blocks are made of.
        steps: median of the `BLOCK_POSTS` posts that end with a row less that of as many before, of all rows, null
            at those not chosen and at the first; the largest either way counts.
    """
    steps = steps.filter(chosen)
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
