"""How the frame of posts is made: the columns that polars has no cheap expression for come from kernels."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

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

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]

_OBSERVED = {"likes": "like_count", "comments": "comment_count", "views": "view_count"}


def _log_count(values: Numbers) -> Numbers:
    """Logarithm of a count, zero read as half a one: counts keep their order and scale exactly."""
    # By polars, whose logarithm is the one of the other columns.
    return pl.Series(values).clip(lower_bound=0.5).log().to_numpy(writable=True)


def _starts(rows: pl.DataFrame) -> Integers:
    """Where each account's rows begin, and the number of all rows."""
    codes = rows[ACCOUNT].to_numpy()
    is_first = np.ones(len(codes), dtype=np.bool_)
    is_first[1:] = codes[1:] != codes[:-1]
    return np.append(np.flatnonzero(is_first), len(codes))


def _numbers(column: pl.Series) -> Numbers:
    """A column as the kernels take it: NaN for null."""
    return column.cast(pl.Float64).fill_null(np.nan).to_numpy(writable=True)


def _column(name: str, values: Numbers, dtype: type[pl.DataType] = pl.Float64) -> pl.Series:
    """What a kernel returned as a column: null for NaN."""
    return pl.Series(name, values, nan_to_null=True).cast(dtype)


def _newest(tables: Tables) -> pl.DataFrame:
    """The newest settled posts of each account, oldest first, equal instants by `post_id`."""
    settled = settled_posts(tables)
    # Rows come by `post_id`, and the kernel keeps the order of equal instants.
    instants = settled["posted_at"].to_physical().to_numpy(writable=True)
    posts = settled[kernels.newest_rows(_starts(settled), instants, NEWEST_POSTS)]
    age_rank, rows = kernels.ages(_starts(posts))
    newest = posts["posted_at"].gather(np.arange(posts.height) + age_rank)
    return posts.with_columns(
        pl.col(ACCOUNT).set_sorted(),
        age_rank=pl.Series(age_rank),
        is_newer=pl.Series(age_rank < rows // 2),
        month=(pl.col("posted_at") - newest).dt.total_seconds() / SECONDS_PER_MONTH,
    )


class _Posts:
    """The columns that kernels make of the posts' counts.

    What one needs of another stands in an attribute: above all the rows sorted by each value, as medians, ranks and
    groups are one walk over rows in order.
    """

    def __init__(self, posts: pl.DataFrame) -> None:
        self.starts = _starts(posts)
        observed = {count: _numbers(posts[column]) for count, column in _OBSERVED.items()}
        self.order = {count: kernels.sorted_rows(self.starts, values) for count, values in observed.items()}
        self.counts = self._unless_switched_off(observed)
        self.logs = {count: _log_count(values) for count, values in self.counts.items()}
        formats = posts["format"].cast(pl.Categorical).to_physical().cast(pl.Int64).fill_null(-1)
        self.format = kernels.kinds(self.starts, formats.to_numpy(writable=True))
        usual = {count: self._of_format(count, log)[0] for count, log in self.logs.items()}
        self.relative = {count: log - usual[count] for count, log in self.logs.items()}
        self.relative_order = {
            count: kernels.sorted_rows(self.starts, values) for count, values in self.relative.items()
        }
        self.swing = {count: value.clip(-LARGEST_SWING, LARGEST_SWING) for count, value in self.relative.items()}
        self.followers = _numbers(posts["followers_then"].log())
        self.age_rank, self.rows = kernels.ages(self.starts)

    def _unless_switched_off(self, observed: dict[str, Numbers]) -> dict[str, Numbers]:
        """The counts; one that is zero on every post and may be hidden or closed becomes unknown.

        Platforms and trackers write 0 where likes are hidden or comments closed. Likes are believed to be zero only
        where nothing else was counted either; and a single post's zero not where the account's other posts draw
        `USUAL_THAT_BELIES_ZERO` and more: its likes were hidden for a while.
        """
        any_seen = {count: kernels.any_above_zero(self.starts, values) for count, values in observed.items()}
        likes = observed["likes"]
        shown = np.where(likes == 0, np.nan, likes)
        usual_where_shown = kernels.median(self.starts, shown, self.order["likes"])
        hidden = (likes == 0) & (usual_where_shown >= USUAL_THAT_BELIES_ZERO)
        believed = any_seen["likes"] | ~(any_seen["comments"] | any_seen["views"])
        return {
            "likes": np.where(believed & ~hidden, likes, np.nan),
            "comments": np.where(any_seen["comments"], observed["comments"], np.nan),
            "views": np.where(any_seen["views"], observed["views"], np.nan),
        }

    def _of_format(self, count: str, values: Numbers) -> tuple[Numbers, Numbers]:
        """Median and mean of the account's posts of that format, or of all its posts where too few."""
        return kernels.usual_of_kind(self.starts, self.format, values, self.order[count], FORMAT_POSTS)

    def levels(self) -> list[pl.Series]:
        """What the counts are, and what they are beside the account's usual ones."""
        low, middle, high = kernels.tenths(self.starts, self.relative["likes"], self.relative_order["likes"])
        views = kernels.median(self.starts, self.relative["views"], self.relative_order["views"])
        known = {count: ~np.isnan(values) for count, values in self.counts.items()}
        pairs = (("likes", "comments"), ("likes", "views"), ("comments", "views"))
        both = {f"{first}_and_{second}": known[first] & known[second] for first, second in pairs}
        beside_followers = known["likes"] & ~np.isnan(self.followers)
        counted = known | both | {"likes_and_followers": beside_followers}
        return [
            *(_column(count, values, pl.Int64) for count, values in self.counts.items()),
            *(_column(f"{count}_log", values) for count, values in self.logs.items()),
            *(_column(f"{count}_relative", values) for count, values in self.relative.items()),
            *(_column(f"{count}_swing", values) for count, values in self.swing.items()),
            _column("likes_relative_tenth", low),
            _column("likes_relative_median", middle),
            _column("likes_relative_ninetieth", high),
            _column("views_relative_median", views),
            *(pl.Series(name, values) for name, values in both.items()),
            *(pl.Series(f"posts_with_{name}", kernels.rows_where(self.starts, of)) for name, of in counted.items()),
            _column("comments_mean_here", self._of_format("comments", self.counts["comments"])[1]),
        ]

    def groups(self) -> list[pl.Series]:
        """Likes per view, and the groups of posts that counts show."""
        rate = self.relative["likes"] - self.relative["views"]
        by_rate = kernels.sorted_rows(self.starts, rate)
        low, middle, high = kernels.tenths(self.starts, rate, by_rate)
        likes = np.where(np.isnan(self.counts["comments"]), np.nan, self.swing["likes"])
        swing = rate.clip(-LARGEST_SWING, LARGEST_SWING)
        by_likes, share = self.relative_order["likes"], SMALLEST_GROUP_SHARE
        return [
            _column("likes_per_view", rate),
            _column("likes_per_view_tenth", low),
            _column("likes_per_view_median", middle),
            _column("likes_per_view_ninetieth", high),
            _column("is_most_liked", kernels.in_upper_group(self.starts, likes, by_likes, share), pl.Boolean),
            _column("is_most_liked_per_view", kernels.in_upper_group(self.starts, swing, by_rate, share), pl.Boolean),
            _column("is_after_step", kernels.after_step(self.starts, likes, share), pl.Boolean),
        ]

    def parts(self, posts: pl.DataFrame) -> list[pl.Series]:
        """Medians of parts of an account's posts."""
        in_time = np.arange(posts.height)
        likes = (self.relative["likes"], self.relative_order["likes"])
        known = ~np.isnan(likes[0] + self.followers)
        followers = (self.followers, kernels.sorted_rows(self.starts, np.where(known, self.followers, np.nan)))
        month = (posts["month"].to_numpy(writable=True), in_time)
        newer = posts["is_newer"].to_numpy()
        paid = posts["is_sponsored"].fill_null(False).to_numpy()
        third = self.rows // 3
        newest, oldest = self.age_rank < third, self.age_rank >= self.rows - third
        medians = {
            "likes_of_newest_third": (*likes, newest),
            "likes_of_oldest_third": (*likes, oldest),
            "month_of_newest_third": (*month, newest),
            "month_of_oldest_third": (*month, oldest),
            "likes_of_newer_half": (*likes, known & newer),
            "likes_of_older_half": (*likes, known & ~newer),
            "followers_of_newer_half": (*followers, known & newer),
            "followers_of_older_half": (*followers, known & ~newer),
            "likes_of_sponsored": (*likes, paid),
            "likes_of_others": (*likes, ~paid),
        }
        return [_column(name, kernels.median_where(self.starts, *of)) for name, of in medians.items()]

    def relations(self) -> list[pl.Series]:
        """How likes go with comments, views, followers and the likes before them."""
        likes, by_likes = self.relative["likes"], self.relative_order["likes"]
        before = kernels.value_before(self.starts, likes)
        ranked = {
            "likes_comments": (self.relative["comments"], self.relative_order["comments"]),
            "likes_views": (self.relative["views"], self.relative_order["views"]),
            "likes_lag": (before, kernels.sorted_rows(self.starts, before)),
        }
        related = {name: kernels.rank_relation(self.starts, likes, by_likes, *other) for name, other in ranked.items()}
        swing, comments, followers = self.swing["likes"], self.swing["comments"], self.followers
        centred = {
            "likes_beside_comments": np.where(np.isnan(comments), np.nan, swing),
            "comments_beside_likes": np.where(np.isnan(swing), np.nan, comments),
            "followers_beside_likes": np.where(np.isnan(swing), np.nan, followers),
            "gap_beside_followers": swing - followers,
        }
        stepping = np.where(self.age_rank < STEP_POSTS, likes, np.nan)
        return [
            *(_column(f"{name}_rank_product", product) for name, (product, _) in related.items()),
            *(_column(f"{name}_rank_scale", scale) for name, (_, scale) in related.items()),
            *(_column(name, kernels.less_mean(self.starts, values)) for name, values in centred.items()),
            _column("likes_before", before),
            _column("likes_step", kernels.block_steps(self.starts, stepping, BLOCK_POSTS)),
        ]

    def digits(self) -> list[pl.Series]:
        """Medians of the counts, and what their digits are."""
        counts, first, medians = np.array(list(self.counts.values())), [], []
        for count, values in self.counts.items():
            low, middle, high = kernels.tenths(self.starts, values, self.order[count])
            spans = (low >= LEAST_DIGIT_COUNT) & (high >= WIDE_SPAN * low)
            first.append(kernels.first_digits(values, spans & (values >= LEAST_DIGIT_COUNT)))
            medians.append(_column(f"{count}_median", middle))
        shares = np.array([FIRST_DIGIT_SHARES[digit] for digit in range(1, 10)])
        last = kernels.last_digits(self.starts, counts, FEWEST_EXACT, MOST_EXACT, ROUND)
        names = ("exact_counts", "round_counts", "ten_counts", "same_last_digit")
        judged, alike = kernels.same_first_digit(self.starts, np.array(first), shares)
        return [
            *medians,
            *(_column(f"{count}_first_digit", digits, pl.Int8) for count, digits in zip(COUNTS, first, strict=True)),
            *(pl.Series(name, values) for name, values in zip(names, last, strict=True)),
            pl.Series("judged_first_digits", judged),
            pl.Series("same_first_digit", alike),
        ]


def _followers_then(posts: pl.DataFrame, followers_daily: pl.DataFrame) -> pl.DataFrame:
    """Add `followers_then`, the reading nearest to the post; null where none lies within a month of it."""
    known_at = followers_daily.select(end_of_day("date").to_physical()).to_series()
    nearest = kernels.nearest_reading(
        posts[ACCOUNT].to_numpy(writable=True),
        posts["posted_at"].to_physical().to_numpy(writable=True),
        followers_daily[ACCOUNT].to_numpy(writable=True),
        known_at.to_numpy(writable=True),
        followers_daily["follower_count"].to_numpy(writable=True),
        FOLLOWER_READING_WITHIN // timedelta(microseconds=1),
    )
    return posts.with_columns(_column("followers_then", nearest))


def posts(tables: Tables) -> pl.DataFrame:
    """See `features.engagement_frames.posts_frame`."""
    posts = _followers_then(_newest(tables), tables.followers_daily)
    made = _Posts(posts)
    expected = expected_of_accounts(tables.accounts).drop("account_id")[posts[ACCOUNT]]
    columns = [
        *made.levels(),
        *made.groups(),
        *made.parts(posts),
        *made.relations(),
        *made.digits(),
        *expected.get_columns(),
    ]
    return (
        posts.drop(_OBSERVED.values())
        .hstack(columns)
        .with_columns(*expected_of_posts(), audience_log=pl.coalesce("followers_then", "followers").log())
    )
