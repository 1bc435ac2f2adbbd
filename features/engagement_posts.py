"""How the frame of posts is made: the columns that polars has no cheap expression for come from kernels."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from features.context import ACCOUNT, end_of_day
from features.engagement_frames import (
    BLOCK_POSTS,
    COUNTS,
    FEWEST_EXACT,
    FIRST_DIGIT_SHARES,
    FOLLOWER_READING_WITHIN,
    FORMAT_POSTS,
    LARGEST_SWING,
    LEAST_DIGIT_COUNT,
    MOST_EXACT,
    NEWEST_POSTS,
    ROUND,
    SECONDS_PER_MONTH,
    SMALLEST_GROUP_SHARE,
    STEP_POSTS,
    USUAL_THAT_BELIES_ZERO,
    WIDE_SPAN,
)
from features.expectations import expected_of_accounts, expected_of_posts
from features.kernels import engagement as kernels
from features.sufficiency import settled_posts
from features.tables import Tables

_OBSERVED = ("like_count", "comment_count", "view_count")


def _log_count(column: str) -> pl.Expr:
    """Logarithm of a count, zero read as half a one: counts keep their order and scale exactly."""
    return pl.col(column).cast(pl.Float64).clip(lower_bound=0.5).log()


def _numbers(column: pl.Series) -> np.ndarray:
    """A column as the kernels take it: NaN for null."""
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy(writable=True)


def _column(name: str, values: np.ndarray, dtype: type[pl.DataType] = pl.Float64) -> pl.Series:
    """What a kernel returned as a column: null for NaN."""
    return pl.Series(name, values, nan_to_null=True).cast(dtype)


def _newest(tables: Tables) -> pl.DataFrame:
    """The newest settled posts of each account, oldest first, equal instants by `post_id`."""
    settled = settled_posts(tables)
    # Rows come by `post_id`, and the kernel keeps the order of equal instants.
    instants = settled["posted_at"].to_physical().to_numpy(writable=True)
    posts = settled[kernels.newest_rows(settled[ACCOUNT].to_numpy(writable=True), instants, NEWEST_POSTS)]
    age_rank, rows = kernels.ages(posts[ACCOUNT].to_numpy(writable=True))
    newest = posts["posted_at"].gather(np.arange(posts.height) + age_rank)
    return posts.with_columns(
        pl.col(ACCOUNT).set_sorted(),
        age_rank=pl.Series(age_rank),
        is_newer=pl.Series(age_rank < rows // 2),
        month=(pl.col("posted_at") - newest).dt.total_seconds() / SECONDS_PER_MONTH,
    )


def _unless_switched_off(posts: pl.DataFrame) -> pl.DataFrame:
    """The counts under short names; a count that is zero on every post and may be hidden or closed becomes null.

    Platforms and trackers write 0 where likes are hidden or comments closed. Likes are believed to be zero only
    where nothing else was counted either; and a single post's zero not where the account's other posts draw
    `USUAL_THAT_BELIES_ZERO` and more: its likes were hidden for a while.
    """
    account = posts[ACCOUNT].to_numpy(writable=True)
    likes, comments, views = (_numbers(posts[observed]) for observed in _OBSERVED)
    liked, commented, viewed = (kernels.any_above_zero(account, count) for count in (likes, comments, views))
    usual_where_shown = kernels.median(account, np.where(likes > 0, likes, np.nan))
    hidden = (likes == 0) & (usual_where_shown >= USUAL_THAT_BELIES_ZERO)
    return posts.with_columns(
        _column("likes", np.where((liked | ~(commented | viewed)) & ~hidden, likes, np.nan), pl.Int64),
        _column("comments", np.where(commented, comments, np.nan), pl.Int64),
        _column("views", np.where(viewed, views, np.nan), pl.Int64),
    ).drop(_OBSERVED)


def _beside_usual(posts: pl.DataFrame) -> pl.DataFrame:
    """Add what a post's counts are beside the account's usual ones, and whether it has two of them."""
    account = posts[ACCOUNT].to_numpy(writable=True)
    kind = posts["format"].cast(pl.Categorical).to_physical().cast(pl.Int64).fill_null(-1).to_numpy(writable=True)
    posts = posts.with_columns(_log_count(count).alias(f"{count}_log") for count in COUNTS)
    logs = {count: _numbers(posts[f"{count}_log"]) for count in COUNTS}
    relative = {count: log - kernels.usual_of_kind(account, kind, log, FORMAT_POSTS)[0] for count, log in logs.items()}
    comments = _numbers(posts["comments"])
    posts = posts.with_columns(
        *(_column(f"{count}_relative", values) for count, values in relative.items()),
        _column("comments_mean_here", kernels.usual_of_kind(account, kind, comments, FORMAT_POSTS)[1]),
        _column("likes_per_view", relative["likes"] - relative["views"]),
        *(
            _column(f"{count}_relative_median", kernels.median(account, relative[count]))
            for count in ("likes", "views")
        ),
        _column("likes_per_view_median", kernels.median(account, relative["likes"] - relative["views"])),
        *(_column(f"{count}_swing", values.clip(-LARGEST_SWING, LARGEST_SWING)) for count, values in relative.items()),
    )
    return posts.with_columns(
        (pl.col(first).is_not_null() & pl.col(second).is_not_null()).alias(f"{first}_and_{second}")
        for first, second in (("likes", "comments"), ("likes", "views"), ("comments", "views"))
    )


def _relations(posts: pl.DataFrame) -> pl.DataFrame:
    """Add the columns of relations between counts, groups of posts and steps."""
    account = posts[ACCOUNT].to_numpy(writable=True)
    relative = {count: _numbers(posts[f"{count}_relative"]) for count in COUNTS}
    likes, comments = (_numbers(posts[f"{count}_swing"]) for count in ("likes", "comments"))
    followers = _numbers(posts["followers_then"].log())
    rate = (relative["likes"] - relative["views"]).clip(-LARGEST_SWING, LARGEST_SWING)
    order = -posts["age_rank"].cast(pl.Float64).to_numpy()
    commented_likes, liked_comments = (
        np.where(np.isnan(comments), np.nan, likes),
        np.where(np.isnan(likes), np.nan, comments),
    )
    beside_followers = np.where(np.isnan(likes), np.nan, followers)
    groups = {
        "is_most_liked": (commented_likes, commented_likes),
        "is_most_liked_per_view": (rate, rate),
        "is_after_step": (order, commented_likes),
    }
    before = kernels.value_before(account, relative["likes"])
    ranks = {
        "likes_comments": (relative["likes"], relative["comments"]),
        "likes_views": (relative["likes"], relative["views"]),
        "likes_lag": (relative["likes"], before),
    }
    stepping = np.where(posts["age_rank"].to_numpy() < STEP_POSTS, relative["likes"], np.nan)
    related = {name: kernels.rank_relation(account, *pair) for name, pair in ranks.items()}
    return posts.with_columns(
        *(
            _column(name, kernels.in_later_group(account, *by, SMALLEST_GROUP_SHARE), pl.Boolean)
            for name, by in groups.items()
        ),
        *(_column(f"{name}_rank_product", product) for name, (product, _) in related.items()),
        *(_column(f"{name}_rank_scale", scale) for name, (_, scale) in related.items()),
        _column("likes_before", before),
        _column("likes_step", kernels.block_steps(account, stepping, BLOCK_POSTS)),
        _column("likes_beside_comments", kernels.less_mean(account, commented_likes)),
        _column("comments_beside_likes", kernels.less_mean(account, liked_comments)),
        _column("followers_beside_likes", kernels.less_mean(account, beside_followers)),
        _column("gap_beside_followers", kernels.less_mean(account, likes - beside_followers)),
    )


def _digits(posts: pl.DataFrame) -> pl.DataFrame:
    """Add the medians of likes and comments, and the columns of digits."""
    account = posts[ACCOUNT].to_numpy(writable=True)
    counts = {count: _numbers(posts[count]) for count in COUNTS}
    tenths = {count: kernels.tenths(account, values) for count, values in counts.items()}
    first = np.empty((len(COUNTS), posts.height))
    for row, (count, values) in enumerate(counts.items()):
        low, _, high = tenths[count]
        spans = (low >= LEAST_DIGIT_COUNT) & (high >= WIDE_SPAN * low)
        first[row] = kernels.first_digits(values, spans & (values >= LEAST_DIGIT_COUNT))
    every = np.array(list(counts.values()))
    exact = (every >= FEWEST_EXACT) & (every <= MOST_EXACT)
    shares = np.array([FIRST_DIGIT_SHARES[digit] for digit in range(1, 10)])
    return posts.with_columns(
        *(_column(f"{count}_median", middle) for count, (_, middle, _) in tenths.items()),
        *(_column(f"{count}_first_digit", digits, pl.Int8) for count, digits in zip(COUNTS, first, strict=True)),
        pl.Series("exact_counts", exact.sum(axis=0)),
        pl.Series("round_counts", (exact & (every % ROUND == 0)).sum(axis=0)),
        pl.Series("ten_counts", (exact & (every % 10 == 0)).sum(axis=0)),
        pl.Series("same_last_digit", kernels.same_last_digit(account, every, FEWEST_EXACT, MOST_EXACT)),
        pl.Series("judged_first_digits", (~np.isnan(first)).sum(axis=0)),
        pl.Series("same_first_digit", kernels.same_first_digit(account, first, shares)),
    )


def _followers_then(posts: pl.DataFrame, followers_daily: pl.DataFrame) -> pl.DataFrame:
    """Add `followers_then`, the reading nearest to the post; null where none lies within a month of it."""
    readings = followers_daily.select(
        ACCOUNT,
        known_at=end_of_day("date").to_physical(),
        followers_then=pl.when(pl.col("follower_count") > 0).then(pl.col("follower_count")),
    )
    nearest = kernels.nearest_reading(
        posts[ACCOUNT].to_numpy(writable=True),
        posts["posted_at"].to_physical().to_numpy(writable=True),
        readings[ACCOUNT].to_numpy(writable=True),
        readings["known_at"].to_numpy(writable=True),
        _numbers(readings["followers_then"]),
        FOLLOWER_READING_WITHIN // timedelta(microseconds=1),
    )
    return posts.with_columns(_column("followers_then", nearest))


def posts(tables: Tables) -> pl.DataFrame:
    """See `features.engagement_frames.posts_frame`."""
    posts = _beside_usual(_unless_switched_off(_newest(tables)))
    posts = _relations(_followers_then(posts, tables.followers_daily))
    expected = expected_of_accounts(tables.accounts).drop("account_id")[posts[ACCOUNT]]
    return (
        _digits(posts)
        .hstack(expected)
        .with_columns(*expected_of_posts(), audience_log=pl.coalesce("followers_then", "followers").log())
    )
