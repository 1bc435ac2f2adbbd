"""Engagement features: the empty cases, one worked example each, what scale and order may not change, archetypes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from statistics import mean, median
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, spearmanr

from features.compute import compute_group
from features.context import with_account_context
from features.engagement import FEATURES
from features.engagement_frames import NEWEST_POSTS, posts_frame
from features.tables import PLATFORMS, Tables
from tests.features.builders_engagement import (
    SIZE,
    Row,
    account,
    features_of,
    honest,
    number,
    posts,
    readings,
    real,
    tables,
    value,
)

LIKES = [400, 900, 650, 700, 520, 1100, 610, 480, 830, 560, 720, 640, 980, 450, 690, 590]
"""Sixteen posts as an honest account of 22,000 followers has them: median 645, spread about .3."""

COMMENTS = [10, 33, 12, 25, 8, 41, 14, 22, 20, 16, 30, 9, 37, 11, 18, 21]


# --- nothing to go by -------------------------------------------------------------------------------------------------


def test_no_account_gives_no_row() -> None:
    result = compute_group(tables(), "engagement")
    assert result.height == 0
    assert result.columns == ["account_id", *FEATURES]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no post"),
        pytest.param(posts([500, 600]), id="two posts"),
        pytest.param(posts([None] * 12), id="posts without any count"),
        pytest.param(posts(LIKES, COMMENTS, seen_after=timedelta(hours=47)), id="posts too young"),
    ],
)
def test_too_little_gives_only_nulls(rows: list[Row]) -> None:
    assert set(features_of(rows, accounts=[account()]).values()) == {None}


# --- which posts, which counts ----------------------------------------------------------------------------------------


VIEWS = [20 * likes + 137 * comments for likes, comments in zip(LIKES, COMMENTS, strict=True)]
COUNTED_ELSEWHERE = {
    "engagement_sponsored_likes_ratio",
    "engagement_sponsored_comments_per_like_ratio",
    "engagement_round_counts_share",
    "engagement_last_digit_zscore",
    "engagement_first_digit_residual",
}
"""Features with a number of their own: of sponsored posts, of comments expected of them, of counts with that digit."""


def test_the_declared_number_of_posts_is_enough_and_one_less_is_not() -> None:
    grown = readings([10_000 + 100 * day for day in range(160)])
    fewest: dict[str, int] = {}
    for count in range(1, 11):
        rows = posts(LIKES[:count], COMMENTS[:count], VIEWS[:count], every=10)
        given = {name for name, found in features_of(rows, grown).items() if found is not None}
        fewest |= dict.fromkeys(given - set(fewest), count)
    assert fewest == {name: entry.min_rows for name, entry in FEATURES.items() if name not in COUNTED_ELSEWHERE}


def frame_of(rows: Sequence[Row], followers: Sequence[Row] = (), **columns: Any) -> pl.DataFrame:
    return posts_frame(with_account_context(tables(rows, followers, [account(**columns)])))


@pytest.mark.parametrize(
    ("seen_after", "kept"),
    [
        pytest.param(timedelta(hours=48), 3, id="48 h old when seen"),
        pytest.param(timedelta(hours=48, microseconds=-1), 0, id="a microsecond younger"),
        pytest.param(None, 1, id="not said when seen: the account's newest row, the third post, 2 days later"),
    ],
)
def test_only_settled_posts_count(seen_after: timedelta | None, kept: int) -> None:
    assert frame_of(posts([1, 2, 3], seen_after=seen_after)).height == kept


def test_an_old_archive_is_left_out() -> None:
    frame = frame_of(posts(list(range(1, NEWEST_POSTS + 11))))
    assert frame["likes"].to_list() == list(range(11, NEWEST_POSTS + 11))
    assert frame["age_rank"].to_list() == list(range(NEWEST_POSTS - 1, -1, -1))
    assert frame["is_newer"].sum() == NEWEST_POSTS / 2


@pytest.mark.parametrize(
    ("rows", "column", "expected"),
    [
        pytest.param(posts([0, 0], [3, 0]), "likes", None, id="no like but comments: likes are hidden"),
        pytest.param(posts([0, 0], [0, 0], [9, 0]), "likes", None, id="no like but views: likes are hidden"),
        pytest.param(posts([0, 0], [0, 0]), "likes", 0, id="nothing at all: nobody likes"),
        pytest.param(posts([5, 9], [0, 0]), "comments", None, id="no comment on any post: may be closed"),
        pytest.param(posts([5, 9], [0, 1]), "comments", 0, id="a comment elsewhere: zero is zero"),
        pytest.param(posts([5, 9], None, [0, 0]), "views", None, id="no view on any post: not counted"),
    ],
)
def test_a_count_that_is_switched_off_is_not_zero(rows: list[Row], column: str, expected: int | None) -> None:
    assert frame_of(rows)[column][0] == expected


def test_formats_are_compared_with_themselves_where_there_are_five() -> None:
    likes = [10, 20, 30, 40, 50, 1000, 2000, 3000, 4000]
    frame = frame_of(posts(likes, format=["photo"] * 5 + ["video"] * 4))
    usual = [30.0] * 5 + [median(likes)] * 4
    expected = [math.log(count / base) for count, base in zip(likes, usual, strict=True)]
    assert frame["likes_relative"].to_list() == pytest.approx(expected)


def test_followers_at_posting_are_the_nearest_reading_within_a_month() -> None:
    # Read at the ends of 1 to 3 January; posts on 1 January, 10 February, 21 March at noon. The glitch is no reading.
    frame = frame_of(posts([1, 2, 3], every=40), readings([1_000, 0, 3_000]))
    assert frame["followers_then"].to_list() == [1_000, None, None]
    frame = frame_of(posts([1, 2, 3], every=30), readings([1_000, 0, 3_000]))
    assert frame["followers_then"].to_list() == [1_000, 3_000, None]


# --- levels -----------------------------------------------------------------------------------------------------------


def test_every_platform_has_expectations() -> None:
    for platform in PLATFORMS:
        found = features_of(posts(LIKES, COMMENTS, [9_000] * 16), accounts=[account(platform=platform)])
        assert None not in [found[name] for name in FEATURES if name.endswith("_residual") and "rate" in name]


@pytest.mark.parametrize(
    ("likes", "expected"),
    [
        pytest.param([660] * 3, 0.0, id="as expected: .030 of 22,000"),
        pytest.param([220] * 3, math.log(1 / 3) / 0.95, id="a third of it"),
        pytest.param([220, 660, 9999], 0.0, id="the median decides"),
        pytest.param([1] * 3, -4.0, id="cut at four standard deviations"),
    ],
)
def test_like_rate(likes: list[int], expected: float) -> None:
    assert number("like_rate_residual", posts(likes)) == pytest.approx(expected, abs=1e-8)


def test_like_rate_uses_followers_at_posting() -> None:
    # 660 likes from 22,000 followers then; the account has grown tenfold since.
    rows, grown = posts([660] * 3), [account(follower_count=220_000)]
    with_history = number("like_rate_residual", rows, followers=readings([22_000] * 3), accounts=grown)
    assert with_history == pytest.approx(math.log(0.030 / 0.025) / 0.95)
    assert number("like_rate_residual", rows, accounts=grown) == pytest.approx(math.log(0.003 / 0.025) / 0.95)


@pytest.mark.parametrize(
    "columns", [pytest.param({"follower_count": None}, id="unknown"), pytest.param({"follower_count": 0}, id="none")]
)
def test_without_followers_no_level_per_follower(columns: Row) -> None:
    found = features_of(posts(LIKES, COMMENTS, [9_000] * 16), accounts=[account(**columns)])
    assert {found[f"engagement_{name}_rate_residual"] for name in ("like", "comment", "view")} == {None}
    assert found["engagement_comments_per_like_residual"] is not None
    assert found["engagement_likes_spread"] is not None


def test_comments_per_like_is_a_ratio_of_sums() -> None:
    # 30 comments on 1,000 likes: .030 is expected at 22,000 followers. The mean of ratios would be .34.
    assert number("comments_per_like_residual", posts([10, 490, 500], [10, 10, 10])) == pytest.approx(0.0, abs=1e-9)
    assert number("comments_per_like_residual", posts([10, 490, 500], [20, 20, 20])) == pytest.approx(math.log(2) / 1.1)
    assert value("comments_per_like_residual", posts([33, 33, 33], [1, 1, 1])) is None  # 99 likes in all


def test_comments_per_follower() -> None:
    # .030 likes per follower times .030 comments per like: 19.8 comments a post of 22,000 followers.
    spread = math.hypot(0.95, 1.1)
    rows = posts(None, [20, 30, 49])
    assert number("comment_rate_residual", rows) == pytest.approx(math.log(33 / 19.8) / spread)


def test_views() -> None:
    # YouTube: .32 views per follower at 20,000; .024 likes per view.
    youtube = [account(platform="youtube", follower_count=20_000)]
    rows = posts([154, 307, 614], [9, 9, 9], [6_400, 12_800, 25_600])
    found = features_of(rows, accounts=youtube)
    assert found["engagement_view_rate_residual"] == pytest.approx(math.log(2) / 1.3)
    assert found["engagement_likes_per_view_residual"] == pytest.approx(math.log(307 / 12_800 / 0.024) / 0.8)
    rate = 27 / 44_800
    assert found["engagement_comments_per_view_residual"] == pytest.approx(
        math.log(rate / (0.094 * 0.024)) / math.hypot(0.95, 0.8)
    )


# --- evenness ---------------------------------------------------------------------------------------------------------


def test_likes_spread() -> None:
    # Around the median of 400: ln .5, ln .5, 0, 0, ln 2, ln 2, ln 4. Median deviation ln 2.
    rows = posts([200, 200, 400, 400, 800, 800, 1600])
    assert number("likes_spread", rows) == pytest.approx(1.4826 * math.log(2))
    # Successive changes: 0, ln 2, 0, ln 2, 0, ln 2. Median ln 2 / 2.
    assert number("likes_successive_spread", rows) == pytest.approx(1.4826 / math.sqrt(2) * math.log(2) / 2)


def test_small_counts_are_not_too_even() -> None:
    assert value("likes_spread", posts([49] * 12)) is None
    assert number("likes_spread", posts([50] * 12)) == 0.0
    assert value("likes_successive_spread", posts([249] * 12)) is None
    assert number("likes_successive_spread", posts([250] * 12)) == 0.0


def test_likes_hidden_for_a_while_are_not_read_as_none() -> None:
    shown = posts([40, 50, 60, 50, 40, 60, 50, 40], [5] * 8)
    hidden = posts([40, 0, 60, 0, 40, 60, 0, 40], [5] * 8)
    assert number("comments_per_like_residual", hidden) == pytest.approx(
        number("comments_per_like_residual", [shown[place] for place in (0, 2, 4, 5, 7)]), abs=0.02
    )
    # Around ten likes, a post without any is possible, and counts.
    few = posts([10, 0, 12, 0, 10, 12, 0, 10], [5] * 8)
    nulls = [posts_frame(with_account_context(tables(rows)))["likes"].null_count() for rows in (hidden, few)]
    assert nulls == [3, 0]


@pytest.mark.parametrize("name", ["likes_without_views_share", "views_without_likes_share"])
def test_small_counts_do_not_stand_out(name: str) -> None:
    for usual, is_told in ((40, False), (60, True)):
        rows = posts([usual] * 8 + [2 * usual] * 2, None, [1000] * 6 + [3000] * 2 + [1000] * 2)
        assert (value(name, rows) is not None) is is_told


def test_growth_over_years_is_not_spread_between_neighbours() -> None:
    rows = posts([round(300 * 1.2**month) for month in range(24)], every=30)
    assert number("likes_spread", rows) > 1.0
    assert number("likes_successive_spread", rows) < 0.2


def test_views_and_likes_per_view_spread() -> None:
    views = [1000, 1000, 2000, 2000, 4000, 4000, 8000]
    rows = posts([100, 100, 200, 200, 400, 400, 800], None, views)
    assert number("views_spread", rows) == pytest.approx(1.4826 * math.log(2))
    assert number("likes_per_view_spread", rows) == pytest.approx(0.0, abs=1e-12)


def test_comment_dispersion() -> None:
    counts = [2, 4, 6, 8, 10, 12]
    # Mean 7, variance 70 / 5 = 14.
    assert number("comments_dispersion_ratio", posts(None, counts)) == pytest.approx((14 - 7) / 49)
    assert number("comments_dispersion_ratio", posts(None, [3] * 6)) == pytest.approx(-1 / 3)
    assert value("comments_dispersion_ratio", posts(None, [2, 3] * 3)) is None


def test_floor_and_ceiling() -> None:
    # Eleven posts: the tenth percentile is the second lowest, the ninetieth the second highest.
    rows = posts([100, 150, 300, 300, 300, 300, 300, 300, 300, 900, 9000])
    assert number("likes_floor_ratio", rows) == pytest.approx(150 / 300)
    assert number("likes_ceiling_ratio", rows) == pytest.approx(900 / 300)


def test_floor_and_ceiling_of_likes_per_view() -> None:
    likes = [100, 150, 300, 300, 300, 300, 300, 300, 300, 900, 9000]
    rows = posts(likes, None, [10_000] * 11)
    assert number("likes_per_view_floor_ratio", rows) == pytest.approx(150 / 300)
    assert number("likes_per_view_ceiling_ratio", rows) == pytest.approx(900 / 300)
    few_likes = posts([count // 10 for count in likes], None, [10_000] * 11)
    assert value("likes_per_view_ceiling_ratio", few_likes) is None


# --- relation ---------------------------------------------------------------------------------------------------------


def test_correlations() -> None:
    likes = [100, 200, 300, 400, 500, 600, 700, 800]
    assert number("likes_comments_correlation", posts(likes, [1, 2, 3, 4, 5, 6, 7, 8])) == pytest.approx(1.0)
    assert number("likes_views_correlation", posts(likes, None, [8, 7, 6, 5, 4, 3, 2, 1])) == pytest.approx(-1.0)
    assert value("likes_comments_correlation", posts(likes, [0, 0, 0, 0, 0, 6, 7, 8])) is None
    assert value("likes_comments_correlation", posts(likes, [5] * 8)) is None


SHARES = {
    "likes_without_comments": (posts([100] * 7 + [200], [10] * 8), posts([100] * 7 + [200], [10] * 7 + [11])),
    "comments_without_likes": (posts([100] * 8, [10] * 7 + [30]), posts([100] * 7 + [111], [10] * 7 + [30])),
    "views_spike": (
        posts([100] * 7 + [105], None, [1000] * 7 + [1500]),
        posts([100] * 7 + [106], None, [1000] * 7 + [1500]),
    ),
    "views_without_likes": (
        posts([100] * 8, None, [1000] * 7 + [1500]),
        posts([100] * 7 + [101], None, [1000] * 7 + [1500]),
    ),
    "likes_without_views": (
        posts([100] * 7 + [150], None, [1000] * 8),
        posts([100] * 7 + [150], None, [1000] * 7 + [1001]),
    ),
}


@pytest.mark.parametrize("name", SHARES)
def test_one_post_in_eight_stands_out_unless_the_other_count_follows(name: str) -> None:
    alone, together = SHARES[name]
    assert number(f"{name}_share", alone) == 1 / 8
    assert number(f"{name}_share", together) == 0.0


def test_uncommented_posts_against_the_average() -> None:
    # Mean 9 / 8; expected share of zeros (1 + 1.125 / .9) ** -.9.
    expected = 2.25**-0.9
    assert number("uncommented_residual", posts(None, [0] * 7 + [9])) == pytest.approx(7 / 8 - expected)
    assert value("uncommented_residual", posts(LIKES, [0] * 16)) is None


# --- time -------------------------------------------------------------------------------------------------------------


def test_trend() -> None:
    # Thirds of three posts, 10 days apart: their middle posts lie 60 days, two months, apart; likes have doubled.
    rows = posts([90, 100, 110, 140, 140, 140, 180, 200, 220], every=10)
    assert number("likes_trend_rate_per_month", rows) == pytest.approx(math.log(2) / 2)
    assert value("likes_trend_rate_per_month", posts(LIKES[:9], every=1)) is None
    # Thirds of five posts, 1.5 days apart: ten steps between their middle posts are 15 days, half a month.
    half_a_month = posts([100] * 10 + [200] * 5, every=1.5)
    assert number("likes_trend_rate_per_month", half_a_month) == pytest.approx(math.log(2) / 0.5)


def test_step() -> None:
    assert number("likes_step_ratio", posts([100] * 5 + [300] * 5)) == pytest.approx(3.0)
    assert number("likes_step_ratio", posts([100] * 5 + [300] + [100] * 5)) == pytest.approx(1.0)


def test_lag_correlation() -> None:
    assert number("likes_lag_correlation", posts(list(range(100, 112)))) == pytest.approx(1.0)
    assert number("likes_lag_correlation", posts([100, 200] * 6)) == pytest.approx(-1.0)


def test_followers_outgrow_likes() -> None:
    rows = posts([100] * 4 + [150] * 4)
    # Readings are taken at the end of the day, 12 h after each post and 12 h before the next: ties take either side.
    doubled = readings([10_000] * 4 + [20_000] * 8)
    assert number("followers_outgrow_likes_residual", rows, followers=doubled) == pytest.approx(math.log(2 / 1.5))
    flat = readings([10_000] * 4 + [10_400] * 8)
    assert value("followers_outgrow_likes_residual", rows, followers=flat) is None
    assert value("followers_outgrow_likes_residual", rows) is None


def test_likes_follow_followers() -> None:
    doubled = readings([10_000] * 4 + [20_000] * 8)
    half = math.log(2) / 2
    squares = 8 * half**2
    # Four posts at half a doubling below the mean, four above. Likes stand still, double with them, or fourfold.
    for factor, slope in ((1, 0), (2, 1), (4, 2)):
        rows = posts([100] * 4 + [100 * factor] * 4)
        expected = (slope - 1) * squares / (squares + 0.05)
        assert number("likes_follow_followers_residual", rows, followers=doubled) == pytest.approx(expected, abs=1e-9)
    flat = readings([10_000] * 12)
    assert number("likes_follow_followers_residual", posts(LIKES[:8]), followers=flat) == pytest.approx(0.0, abs=1e-9)
    assert value("likes_follow_followers_residual", posts(LIKES)) is None


def test_comments_move_with_likes() -> None:
    likes, squares = [100, 200] * 4, 8 * (math.log(2) / 2) ** 2
    for comments, slope in (([10, 10], 0), ([10, 20], 1), ([10, 40], 2), ([20, 10], -1)):
        expected = slope * squares / (squares + 0.1)
        found = number("comments_on_likes_slope_ratio", posts(likes, comments * 4))
        assert found == pytest.approx(expected, abs=1e-9)
    assert value("comments_on_likes_slope_ratio", posts(likes, [2, 2] * 4)) is None


def test_a_slope_is_cut_off_at_six_either_way() -> None:
    # Sixteen posts, likes 9 % below or above the middle and comments 1.5 in logarithms: 16 * .09 * 1.5 / (16 * .09^2
    # + 0.1) = 9.4.
    likes, comments = [1000, 1197] * 8, [10, 201] * 8
    assert number("comments_on_likes_slope_ratio", posts(likes, comments)) == 6.0
    assert number("comments_on_likes_slope_ratio", posts(likes, comments[::-1])) == -6.0


def test_mix_changes() -> None:
    rows = posts([100] * 4 + [400] * 4, [10] * 8)
    assert number("comments_per_like_change_residual", rows) == pytest.approx(math.log(1 / 4))
    assert value("comments_per_like_change_residual", posts([100] * 8, [4, 5, 5, 5, 9, 9, 9, 9])) is None


def test_sponsored_posts() -> None:
    paid = [True] * 3 + [False] * 4 + [None]
    assert number("sponsored_likes_ratio", posts([300] * 3 + [100] * 5, is_sponsored=paid)) == pytest.approx(3.0)
    assert value("sponsored_likes_ratio", posts(LIKES)) is None


# --- digits -----------------------------------------------------------------------------------------------------------


def test_round_counts() -> None:
    # Twenty exact counts, five of them multiples of 50; counts outside 100 to 999 do not vote.
    likes = [100, 150, 500, 900, 950, *range(101, 116), 50, 5_000]
    assert number("round_counts_share", posts(likes)) == pytest.approx(5 / 20)
    assert value("round_counts_share", posts(likes[1:])) is None


@pytest.mark.parametrize("name", ["round_counts_share", "last_digit_zscore"])
def test_digits_say_nothing_where_the_source_rounds(name: str) -> None:
    assert value(name, posts([100 + 10 * step for step in range(24)])) is None


def test_last_digits() -> None:
    # Two of each digit: as even as can be, chi-square 0. All threes: 20 * 9 = 180.
    even, odd = posts(list(range(100, 120))), posts([103 + 10 * step for step in range(20)])
    assert number("last_digit_zscore", even) == pytest.approx(-9 / math.sqrt(18 * 0.95))
    assert number("last_digit_zscore", odd) == pytest.approx((180 - 9) / math.sqrt(18 * 0.95))


# --- a slow, plain version gives the same -----------------------------------------------------------------------------


def plain(likes: list[int | None], comments: list[int | None], views: list[int | None]) -> dict[str, float]:
    """The features of one account with one format, from loops. Complete enough data is presumed."""

    def logs(counts: Sequence[int | None]) -> list[float | None]:
        given = [math.log(max(count, 0.5)) for count in counts if count is not None]
        return [None if count is None else math.log(max(count, 0.5)) - median(given) for count in counts]

    def pairs(first: Sequence[Any], second: Sequence[Any]) -> list[tuple[Any, Any]]:
        return [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]

    x, c, v = logs(likes), logs(comments), logs(views)
    known = [each for each in x if each is not None]
    recent = [each for each in x[-30:] if each is not None]
    blocks = [median(recent[start : start + 5]) for start in range(len(recent) - 4)]
    digits = [count % 10 for counts in (likes, comments, views) for count in counts if count and 100 <= count <= 999]
    third = len(x) // 3
    old, new = ([each for each in part if each is not None] for part in (x[:third], x[-third:]))
    rates = [a - b for a, b in pairs(x, v)]
    statistic = chisquare([digits.count(digit) for digit in range(10)]).statistic
    return {
        "likes_spread": 1.4826 * median(abs(each) for each in known),
        "likes_successive_spread": 1.4826 / math.sqrt(2) * median(abs(b - a) for a, b in pairwise(known)),
        "likes_per_view_ceiling_ratio": math.exp(float(np.quantile(rates, 0.9)) - median(rates)),
        "likes_per_view_spread": 1.4826 * median(abs(each - median(rates)) for each in rates),
        "likes_comments_correlation": spearmanr(*zip(*pairs(x, c), strict=True)).statistic,
        "likes_views_correlation": spearmanr(*zip(*pairs(x, v), strict=True)).statistic,
        "likes_lag_correlation": spearmanr(known[:-1], known[1:]).statistic,
        "likes_step_ratio": math.exp(max(abs(b - a) for a, b in zip(blocks[:-5], blocks[5:], strict=True))),
        "likes_trend_rate_per_month": (median(new) - median(old)) / ((len(x) - third) / 30),
        "likes_without_comments_share": mean(a >= math.log(2) and b <= 0 for a, b in pairs(x, c)),
        "views_spike_share": mean(b >= math.log(1.5) and a - b <= math.log(0.7) for a, b in pairs(x, v)),
        "last_digit_zscore": (statistic - 9) / math.sqrt(18 * (1 - 1 / len(digits))),
        "round_counts_share": mean(
            count % 50 == 0 for counts in (likes, comments, views) for count in counts if count and 100 <= count <= 999
        ),
    }


@pytest.mark.parametrize("seed", range(5))
def test_parity_with_a_plain_version(seed: int) -> None:
    generator = np.random.default_rng(seed)
    size = int(generator.integers(30, NEWEST_POSTS + 1))

    def counts(median_count: float, missing: float) -> list[int | None]:
        drawn = generator.lognormal(math.log(median_count), 0.7, size).astype(int)
        return [None if generator.random() < missing else int(count) for count in drawn]

    likes, comments, views = counts(400, 0.1), counts(12, 0.1), counts(900, 0.2)
    found = features_of(posts(likes, comments, views))
    expected = plain(likes, comments, views)
    assert {name: found[f"engagement_{name}"] for name in expected} == pytest.approx(expected, rel=1e-6, abs=1e-9)


# --- what may not matter ----------------------------------------------------------------------------------------------


def test_row_order_does_not_matter() -> None:
    rows = [*honest(1), *honest(2, account_id="b")]
    ordered = tables(rows, readings([21_000, 22_000]))
    shuffled = Tables(*(frame.sample(fraction=1, shuffle=True, seed=7) for frame in _frames(ordered)))
    assert compute_group(ordered, "engagement").equals(compute_group(shuffled, "engagement"))


def test_other_accounts_do_not_matter() -> None:
    alone = compute_group(tables(honest(1)), "engagement")
    rows = [*honest(1), *honest(2, account_id="b"), *posts([None, 0], account_id="c")]
    together = compute_group(tables(rows, readings([5_000], account_id="b")), "engagement")
    assert together.filter(pl.col("account_id") == "a").equals(alone)


def _frames(given: Tables) -> list[pl.DataFrame]:
    return [given.accounts, given.followers_daily, given.posts, given.comments]


SCALE_FREE = [
    name
    for name, feature in FEATURES.items()
    if "digit" not in name and "round" not in name and "dispersion" not in name and "uncommented" not in name
]
"""Digits are about exact counts, and the two comment features about chance, which larger counts have less of."""


def test_size_alone_does_not_matter() -> None:
    """Ten times the followers and every count: only the expectation per size moves, and it is flat past its anchors."""
    small = features_of(honest(3), accounts=[account(follower_count=10 * SIZE * 5)])
    large = features_of(honest(3, scale=10), accounts=[account(follower_count=100 * SIZE * 5)])
    known = {name: small[name] for name in SCALE_FREE if small[name] is not None}
    assert len(known) == len(SCALE_FREE) - 4  # no follower history, no sponsored post
    assert {name: large[name] for name in known} == pytest.approx(known, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_the_number_of_posts_alone_does_not_matter(seed: int) -> None:
    """The same posts once and twice over: levels, spreads and shares may not grow with the number of rows."""
    once, twice = honest(seed, size=20), honest(seed, size=20)
    for index, row in enumerate(honest(seed, size=20)):
        twice.append(row | {"post_id": f"{index + 20:03d}", "posted_at": row["posted_at"] + timedelta(hours=1)})
    short, long = features_of(once), features_of(twice)
    for name in ("likes_spread", "likes_ceiling_ratio", "views_spread", "likes_per_view_residual", "views_spike_share"):
        column = f"engagement_{name}"
        assert long[column] == pytest.approx(short[column], rel=0.1, abs=0.05), name


COUNT = st.none() | st.integers(0, 5) | st.integers(0, 10**11) | st.sampled_from([50, 100, 500, 999, 1000])


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(COUNT, COUNT, COUNT, st.sampled_from(["photo", "video", None]), st.booleans()), max_size=70
    ),
    followers=st.none() | st.integers(0, 10**9),
    history=st.lists(st.integers(0, 10**9), max_size=40),
    platform=st.sampled_from(PLATFORMS),
)
def test_values_are_null_or_within_bounds(
    rows: list[tuple[Any, ...]], followers: int | None, history: list[int], platform: str
) -> None:
    likes, comments, views, formats, paid = zip(*rows, strict=True) if rows else ((),) * 5
    given_posts = posts(likes, comments, views, format=formats, is_sponsored=paid)
    who = [account(platform=platform, follower_count=followers)]
    for name, found in features_of(given_posts, readings(history), who).items():
        if found is None:
            continue
        low, high = FEATURES[name].low, FEATURES[name].high
        assert low is None or found >= low - 1e-7, name
        assert high is None or found <= high + 1e-7, name


LEVELS = [name for name, feature in FEATURES.items() if feature.unit.startswith("standard deviations between")]
"""Residuals against what size and platform expect."""


# --- archetypes: what must, and what must not, lie on the suspicious side ---------------------------------------------


def test_an_honest_account_looks_ordinary() -> None:
    found = features_of(honest(5))
    levels = {name: found[name] or 0 for name in LEVELS}
    assert {name: level for name, level in levels.items() if abs(level) > 2} == {}
    assert 0.15 < (found["engagement_likes_spread"] or 0) < 0.79
    assert (found["engagement_likes_views_correlation"] or 0) > 0.4
    assert found["engagement_views_without_likes_share"] == pytest.approx(0, abs=0.1)


def test_likes_bought_for_every_post_are_even_and_uncommented() -> None:
    rows = honest(5)
    bought = [row | {"like_count": 3_000 + row["like_count"] // 3} for row in rows]
    before, after = features_of(rows), features_of(bought)
    for name in ("likes_spread", "likes_successive_spread", "comments_per_like_residual"):
        assert (after[f"engagement_{name}"] or 0) < (before[f"engagement_{name}"] or 0) - 0.1, name
    assert (after["engagement_likes_spread"] or 1) < 0.1
    assert (after["engagement_like_rate_residual"] or 0) > 1.5


def test_views_bought_for_a_few_posts_lack_likes() -> None:
    rows = honest(5)
    bought = [row | {"view_count": row["view_count"] * 8} if index % 5 == 0 else row for index, row in enumerate(rows)]
    # 8 of 40 posts, those with no more than the usual likes: about half of them.
    assert number("views_without_likes_share", bought) >= 3 / 40
    assert number("views_spike_share", bought) >= 8 / 40
    assert number("likes_views_correlation", bought) < number("likes_views_correlation", rows)
    assert number("likes_per_view_floor_ratio", bought) < number("likes_per_view_floor_ratio", rows) / 3


def test_likes_bought_for_a_few_posts_lack_views() -> None:
    rows = honest(5)
    bought = [row | {"like_count": row["like_count"] * 4} if index % 5 == 0 else row for index, row in enumerate(rows)]
    assert number("likes_without_views_share", rows) <= 1 / 40
    assert number("likes_without_views_share", bought) >= 3 / 40
    assert number("likes_per_view_ceiling_ratio", bought) > 1.5 * number("likes_per_view_ceiling_ratio", rows)


def test_a_viral_post_brings_everything_and_accuses_nobody() -> None:
    rows = honest(5)
    viral = rows[20] | {"view_count": 2_000_000, "like_count": 20_000, "comment_count": 400}
    before, after = features_of(rows), features_of([*rows[:20], viral, *rows[21:]])
    for name in ("views_without_likes_share", "likes_without_comments_share", "likes_without_views_share"):
        assert after[f"engagement_{name}"] == pytest.approx(before[f"engagement_{name}"], abs=1 / 40), name
    assert after["engagement_likes_spread"] == pytest.approx(before["engagement_likes_spread"], rel=0.2)


def test_a_mega_account_with_a_low_rate_is_within_two_deviations() -> None:
    # .0024 likes per follower is the fifth percentile over 500k.
    rows = posts([12_000] * 5)
    assert number("like_rate_residual", rows, accounts=[account(follower_count=5_000_000)]) > -2.5


def test_a_private_account_of_friends_is_within_two_deviations() -> None:
    # Real accounts of 300 to 1,000 followers: .21 likes per follower, .024 comments per like.
    rows = posts([105] * 5, [3, 2, 3, 2, 3])
    small = [account(follower_count=500)]
    assert abs(number("like_rate_residual", rows, accounts=small)) < 1
    assert abs(number("comments_per_like_residual", rows, accounts=small)) < 1


def test_hidden_likes_leave_the_rest() -> None:
    hidden = [row | {"like_count": None} for row in honest(5)]
    found = features_of(hidden)
    assert {found[name] for name in FEATURES if "likes" in name or "like_rate" in name} == {None}
    assert found["engagement_comment_rate_residual"] is not None
    assert found["engagement_view_rate_residual"] is not None


# --- real accounts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["youtube-tech-227", "instagram-instafake-700"])
def test_real_accounts_rarely_stand_out(folder: str) -> None:
    given = real(folder)
    in_range = given.accounts.filter(pl.col("follower_count").is_between(200, 5_000_000))
    found = compute_group(Tables(in_range, given.followers_daily, given.posts, given.comments), "engagement")
    medians = found.select(pl.col(name).median() for name in LEVELS).row(0, named=True)
    assert {name: level for name, level in medians.items() if abs(level or 0) > 1.1} == {}
    assert _share(found["engagement_likes_without_comments_share"] > 0.2) < 0.02
    assert _share(found["engagement_last_digit_zscore"] > 5) < 0.01
    assert _share(found["engagement_likes_spread"] < 0.1) < 0.03


def _share(condition: pl.Series) -> float:
    return condition.cast(pl.Float64).drop_nulls().to_numpy().mean()
