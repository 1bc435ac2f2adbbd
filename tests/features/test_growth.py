"""Growth features: the empty cases, one worked example each, and what sampling and rounding may not change."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate
from statistics import mean, pvariance

import numpy as np
import polars as pl
import pytest

from features.compute import compute_group
from features.context import with_account_context
from features.growth import FEATURES, FRAMES, TOTALS
from features.kernels import growth as kernels
from features.tables import Tables
from tests.features.builders_growth import START, Row, account, daily, growth, post, readings, tables, values

CALM = [10] * 20
SPIKE = [*CALM, 610, *CALM]
"""Forty days of ten followers and one of 610: 1,010 in all, 600 of them above the usual."""

TWO_WEEKS_ON_OFF = ([60] * 14 + [-50] * 14) * 3
"""Accounts followed and unfollowed per day, in turns."""


def following(changes: list[int], start: int = 1_001) -> list[int]:
    return list(accumulate(changes, initial=start))


# --- nothing to go by -------------------------------------------------------------------------------------------------


def test_no_account_gives_no_row() -> None:
    result = compute_group(tables(), "growth")
    assert result.height == 0
    assert result.columns == ["account_id", *FEATURES]


@pytest.mark.parametrize(
    "followers",
    [
        pytest.param([], id="no reading"),
        pytest.param(readings([(0, 500)]), id="one reading"),
        pytest.param(readings([(0, 500), (1, 510)]), id="two readings"),
        pytest.param(readings([(day, 0) for day in range(60)]), id="only failed readings"),
    ],
)
def test_every_feature_is_null_without_a_curve(followers: list[Row]) -> None:
    row = values(tables([account("a")], followers))
    assert {name for name, value in row.items() if value is not None} == set()


def test_a_curve_that_never_moves_shows_no_sign() -> None:
    row = growth(daily([0] * 60, start=4_321))
    for name in ("growth_peak_day_share", "growth_peak_day_tail_ratio", "growth_burst_mass_share"):
        assert row[name] is None, name
    assert row["growth_plateau_days"] == 0
    assert row["growth_net_log_rate_per_month"] == 0


# --- one worked example per feature -----------------------------------------------------------------------------------

PLATEAU = [10] * 30 + [210] * 8 + [10] * 30
"""Eight days of 200 followers above the usual ten."""

REFILLED = [10] * 15 + [610] + [10] * 4 + [-300] + [10] * 4 + [310] + [10] * 15
"""A burst, half of it lost on the fifth day after it, and made up for five days later."""


def _variation(gains: list[int]) -> float:
    return math.sqrt(pvariance(gains) - mean(gains)) / mean(gains)


def _lead(largest: float, other: float, noise: float) -> float:
    return (largest + 3 * noise) / (other + 3 * noise)


def _rhythm(count: int) -> float:
    """Every Saturday and Sunday 30, else 0, is all rhythm: no variance within a weekday."""
    return 1 - (1 - 1) * (count - 1) / (count - 7)


HALVED = [*CALM, 610, *[-100] * 5, *CALM]
"""A burst, and a hundred a day lost on the five days after it. Forty calm days of 10 and five without gain."""

HALF_REFILLED = [10] * 15 + [610] + [10] * 4 + [-300] + [10] * 4 + [160] + [10] * 15
"""As REFILLED, with a burst of half the size: 160 less the usual ten of 38 days in 39."""

AFTER_POSTS = [20 if day % 6 in (0, 1) else 5 for day in range(48)]
"""Twenty followers on the day of a post and the day after, five on the other four."""

AFTER_POSTS_ONCE = [20 if day % 6 == 1 else 5 for day in range(48)]
"""Twenty on the day after a post alone: half of the days near a post are like the days without."""

POSTS_EVERY_SIX = [post(day + 0.5, like_count=9) for day in range(-5, 48, 6)]
"""On the first day of each six of the above: the first gain arrives on day 1."""

WEEKLY_POSTS = [post(day + 0.5, like_count=100 * (1 + day // 7)) for day in range(-1, 80, 7)]
RISING_WEEKS = [10 + day // 7 for day in range(77)]
PLATEAU_POSTS = [post(day + 0.5, like_count=100) for day in range(0, 80, 5)]

QUIET_POSTS = [post(day + 0.5, like_count=100) for day in range(0, 42, 5)]
VIRAL_POSTS = [*QUIET_POSTS, post(19.6, like_count=201)]
RATE_FALLS = [post(day + 0.5, like_count=100 if day <= 20 else 90) for day in range(0, 42, 5)]

WORKED: dict[str, tuple[str, Callable[[], Row], float | None]] = {
    "a month of 1 % growth in 30 days": (
        "growth_net_log_rate_per_month",
        lambda: growth(readings([(day, 10_001 + 10 * day) for day in range(0, 31, 5)])),
        math.log(10_301 / 10_001) * 30 / 30,
    ),
    "nothing for 30 days, then 20 a day": (
        "growth_recent_acceleration_rate_per_month",
        lambda: growth(daily([0] * 30 + [20] * 30)),
        math.log((START + 600) / START) - 0,
    ),
    "from 1,201 down to 1,081 and up again": (
        "growth_drawdown_share",
        lambda: growth(daily([20] * 10 + [-12] * 10 + [5] * 10, start=1_001)),
        120 / 1_201,
    ),
    "3 of 14-day phases that give up 50 a day, 2 of them everyday": (
        "growth_following_lost_rate_per_month",
        lambda: growth(daily([5] * 84, following_count=following(TWO_WEEKS_ON_OFF))),
        30 * (3 * 14 * (50 - 2)) / 84 / mean(following(TWO_WEEKS_ON_OFF)[:-1]),
    ),
    "one of nine given up, and later two of eight": (
        "growth_following_lost_rate_per_month",
        lambda: growth(daily([5] * 20, following_count=[9] * 8 + [8] * 8 + [6] * 5)),
        0,
    ),
    "three of nine given up at once, two of them everyday": (
        "growth_following_lost_rate_per_month",
        lambda: growth(daily([5] * 20, following_count=[9] * 10 + [6] * 11)),
        30 * (3 - 2) / 20 / mean([9] * 10 + [6] * 10),
    ),
    "610 of 1,010 on one day": ("growth_peak_day_share", lambda: growth(daily(SPIKE)), 610 / 1_010),
    "610 against 10 on the fifth day": (
        "growth_peak_day_tail_ratio",
        lambda: growth(daily(SPIKE)),
        _lead(610, 10, math.sqrt(1_010 / 41)),
    ),
    "every third day a loss": ("growth_losing_day_share", lambda: growth(daily([7, 8, -3] * 10)), 10 / 30),
    "less variance than chance gives": ("growth_gain_variation_ratio", lambda: growth(daily([9] * 30)), 0.0),
    "variance beyond chance": ("growth_gain_variation_ratio", lambda: growth(daily(SPIKE)), _variation(SPIKE)),
    "followers at weekends only": (
        "growth_weekday_rhythm_share",
        lambda: growth(daily([0, 0, 0, 0, 0, 30, 30] * 6)),
        _rhythm(42),
    ),
    "670 in one week against 70": (
        "growth_peak_week_tail_ratio",
        lambda: growth(daily([10] * 20 + [610] + [10] * 21)),
        _lead(670, 70, math.sqrt(1_020 / 6)),
    ),
    "670 of 1,160 in one week": (
        "growth_peak_week_share",
        lambda: growth(daily([10] * 20 + [610] + [10] * 35)),
        670 / 1_160,
    ),
    "weeks of 70 and of -30 in turns": (
        "growth_weekly_loss_share",
        lambda: growth(daily(([10] * 7 + [-5] * 6 + [0]) * 4)),
        30 / (70 + 30),
    ),
    "two rounding steps up and one down": (
        "growth_weekly_loss_share",
        lambda: growth(readings([(7 * week, 12_300 + 100 * (week in (3, 4)) + 100 * (week > 5)) for week in range(8)])),
        100 / 300,
    ),
    "thirty days of 300 among three of 30": (
        "growth_peak_month_ratio",
        lambda: growth(readings([(0, 10_001), (30, 10_031), (60, 10_331), (90, 10_361), (120, 10_391)])),
        _lead(300, 30, math.sqrt(390 / 4)),
    ),
    "600 of 1,010 above the usual": ("growth_burst_mass_share", lambda: growth(daily(SPIKE)), 600 / 1_010),
    # 300 lost on the fifth day after the first burst, nothing after the second. 38 calm days of 10 and the day of the
    # loss, with none, make the usual gain.
    "300 of two bursts lost": (
        "growth_burst_lost_7_days_share",
        lambda: growth(daily(REFILLED)),
        300 / (610 - 380 / 39 + 310 - 380 / 39),
    ),
    "60 lost in week three": (
        "growth_burst_lost_30_days_share",
        lambda: growth(daily([*CALM, 610, *CALM, -60, *CALM])),
        60 / (610 - 600 / 61),
    ),
    "no post drew more than usual": (
        "growth_burst_unexplained_share",
        lambda: growth(daily(SPIKE), QUIET_POSTS),
        600 / 1_010,
    ),
    "a post drew twice as many likes": (
        "growth_burst_unexplained_share",
        lambda: growth(daily(SPIKE), VIRAL_POSTS),
        0.0,
    ),
    "600 between lots of 500 and 1,000": (
        "growth_burst_lot_closeness_ratio",
        lambda: growth(daily(SPIKE)),
        1 - math.log10(600 / 500) / (math.log10(1_000 / 500) / 2),
    ),
    "an exact lot of 1,000": (
        "growth_burst_lot_closeness_ratio",
        lambda: growth(daily([*CALM, 1_010, *CALM])),
        1.0,
    ),
    "eight days at 210": ("growth_plateau_days", lambda: growth(daily(PLATEAU)), 8.0),
    "inner days of 200, 100, 200": (
        "growth_burst_daily_spread",
        lambda: growth(daily([0] * 30 + [200, 200, 100, 200, 200] + [0] * 30)),
        math.sqrt(pvariance([200, 100, 200])) / mean([200, 100, 200]),
    ),
    "last four of eight equal days": ("growth_burst_late_share", lambda: growth(daily(PLATEAU)), 4 / 8),
    # 610 - 400 / 45 came, and half of that is lost within the fourth day: three hundred and a bit.
    "half of the burst lost on the fourth day": (
        "growth_burst_half_life_days",
        lambda: growth(daily(HALVED)),
        (610 - 400 / 45) / 2 / 100,
    ),
    "a hundred lost on each of five days": (
        "growth_drop_rate_per_month",
        lambda: growth(daily(HALVED)),
        sum(100 / (START + 810 - 100 * day) for day in range(5)) * 30 / 46,
    ),
    "all of the drop made good": ("growth_drop_restored_share", lambda: growth(daily(REFILLED)), 1.0),
    "half of the drop made good": (
        "growth_drop_restored_share",
        lambda: growth(daily(HALF_REFILLED)),
        (160 - 380 / 39) / 300,
    ),
    "more followers after every post": (
        "growth_gain_after_posts_correlation",
        lambda: growth(daily(AFTER_POSTS), POSTS_EVERY_SIX),
        1.0,
    ),
    "more followers after half of the posts' days": (
        "growth_gain_after_posts_correlation",
        lambda: growth(daily(AFTER_POSTS_ONCE), POSTS_EVERY_SIX),
        2 * (0.5 + 0.5 * 0.5) - 1,
    ),
    "weeks of more likes are weeks of more followers": (
        "growth_weekly_gain_engagement_correlation",
        lambda: growth(daily(RISING_WEEKS), WEEKLY_POSTS),
        1.0,
    ),
    "eight weeks whose posts are known": (
        "growth_weekly_gain_engagement_correlation",
        lambda: growth(daily(RISING_WEEKS[: 8 * 7]), WEEKLY_POSTS),
        1.0,
    ),
    "eight days at 210 and no good post": (
        "growth_plateau_unexplained_days",
        lambda: growth(daily(PLATEAU), PLATEAU_POSTS),
        8.0,
    ),
    "eight days at 210 and a good post before": (
        "growth_plateau_unexplained_days",
        lambda: growth(daily(PLATEAU), [*PLATEAU_POSTS, post(29.1, like_count=400)]),
        0.0,
    ),
    "one refill in 41 days": ("growth_refill_rate_per_month", lambda: growth(daily(REFILLED)), 1 * 30 / 41),
    "likes fall a tenth while followers rise": (
        "growth_burst_engagement_residual",
        lambda: growth(daily(SPIKE), RATE_FALLS),
        math.log(90 / 100) - math.log((START + 200 + 610) / (START + 200)),
    ),
    "five turns in 84 days": (
        "growth_following_reversal_rate_per_month",
        lambda: growth(daily([5] * 84, following_count=following(TWO_WEEKS_ON_OFF))),
        5 * 30 / 84,
    ),
}


@pytest.mark.parametrize("case", WORKED)
def test_worked_example(case: str) -> None:
    name, row, expected = WORKED[case]
    assert row()[name] == pytest.approx(expected, rel=1e-6, abs=1e-9)


OWN_TESTS = {"growth_day_to_day_correlation", "growth_level_shift_zscore", "growth_follow_back_correlation"}


def test_every_feature_has_a_worked_example() -> None:
    assert {entry[0] for entry in WORKED.values()} | OWN_TESTS == set(FEATURES)


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        pytest.param([0, 9] * 15, -1.0, id="good and bad days in turns"),
        pytest.param([0, 0, 9, 9] * 8, 0.0, id="good days in pairs"),
    ],
)
def test_day_to_day_correlation(gains: list[int], expected: float) -> None:
    assert growth(daily(gains))["growth_day_to_day_correlation"] == pytest.approx(expected, abs=0.05)


def test_follow_back_correlation_is_one_where_gains_repeat_the_follows() -> None:
    follows = [0] * 7 + [40, 0, 0, 0, 0, 0, 0, 0, 0, 0] * 4
    # Forty followed, and forty followers on each of the seven days after: the week before holds 40 or 0.
    gains = [40 if 40 in follows[max(0, day - 7) : day] else 0 for day in range(len(follows))]
    row = growth(daily(gains, following_count=following(follows)))
    assert row["growth_follow_back_correlation"] == pytest.approx(1.0)


def test_follow_back_correlation_is_null_where_nobody_is_followed() -> None:
    row = growth(daily([3, 8] * 30, following_count=[500] * 61))
    assert row["growth_follow_back_correlation"] is None
    assert row["growth_following_lost_rate_per_month"] == 0
    assert row["growth_following_reversal_rate_per_month"] == 0


@pytest.mark.parametrize(
    ("gains", "low", "high"),
    [
        pytest.param([20] * 42 + [80] * 42, 5.0, math.inf, id="faster for good"),
        pytest.param([80] * 42 + [20] * 42, -math.inf, -5.0, id="slower for good"),
        pytest.param([*[20] * 42, 600, *[20] * 41], -2.5, 2.5, id="one spike is no lasting change"),
    ],
)
def test_level_shift(gains: list[int], low: float, high: float) -> None:
    assert low < growth(daily(gains, start=100_003))["growth_level_shift_zscore"] < high


# --- sampling ---------------------------------------------------------------------------------------------------------

UNEVEN = [12, 3, 0, 25, 8, -4, 17] * 8 + [400, 180, 60] + [9, -2, 14, 5, 0, 21, 11] * 9
SAME_BY_WEEK = [
    "growth_net_log_rate_per_month",
    "growth_peak_week_share",
    "growth_peak_week_tail_ratio",
    "growth_weekly_loss_share",
    "growth_level_shift_zscore",
]


def every(rows: list[Row], step: int) -> list[Row]:
    """Every `step`-th reading, back from the newest."""
    return rows[::-1][::step][::-1]


@pytest.mark.parametrize("name", SAME_BY_WEEK)
def test_weekly_readings_give_the_value_of_daily_ones(name: str) -> None:
    rows = daily(UNEVEN)
    assert growth(every(rows, 7))[name] == pytest.approx(growth(rows)[name], rel=0.05)


def test_a_burst_weighs_about_the_same_by_day_and_by_week() -> None:
    rows = daily(UNEVEN)
    by_day, by_week = growth(rows)["growth_burst_mass_share"], growth(every(rows, 7))["growth_burst_mass_share"]
    assert by_week == pytest.approx(by_day, abs=0.1)


def test_day_scale_features_are_null_for_weekly_readings() -> None:
    row = growth(every(daily(UNEVEN * 3), 7))
    by_day = [name for name, entry in FEATURES.items() if entry.frame == "days"]
    assert [row[name] for name in by_day] == [None] * len(by_day)
    assert row["growth_plateau_days"] is None


def test_monthly_readings_give_rates_and_months_only() -> None:
    row = growth(every(daily(UNEVEN * 4), 30))
    present = {FEATURES[name].frame for name, value in row.items() if value is not None}
    assert present == {"intervals", "months"}


def test_a_gap_is_neither_a_spike_nor_a_week() -> None:
    gap = [*((day, 10_001 + 10 * day) for day in range(60)), *((day, 10_001 + 10 * day) for day in range(120, 180))]
    row = growth(readings(gap))
    assert row["growth_peak_day_tail_ratio"] == 1
    assert row["growth_peak_week_tail_ratio"] == 1
    assert row["growth_burst_mass_share"] == 0
    assert FRAMES["weeks"](with_account_context(tables(followers=readings(gap))))["gain"].to_list() == [70.0] * (
        56 // 7 + (175 - 126) // 7
    )


# --- what trackers and platforms do to counts -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "glitch", [pytest.param(0, id="zero"), pytest.param(70, id="hundredth"), pytest.param(9_000_000, id="hundredfold")]
)
def test_a_glitch_changes_no_spike(glitch: int) -> None:
    rows = daily(SPIKE * 2)
    rows[33] = rows[33] | {"follower_count": glitch}
    without = growth(rows[:33] + rows[34:])
    assert growth(rows) == without
    assert without["growth_burst_mass_share"] == pytest.approx(
        growth(daily(SPIKE * 2))["growth_burst_mass_share"], 0.01
    )


def test_rounding_steps_are_not_bursts() -> None:
    exact = [123_456 + 40 * day for day in range(100)]  # four steps of 1,000
    row = growth(readings([(day, count // 1_000 * 1_000) for day, count in enumerate(exact)]))
    assert row["growth_burst_mass_share"] == 0
    assert row["growth_refill_rate_per_month"] == 0
    assert row["growth_peak_day_tail_ratio"] == pytest.approx(_lead(1_000, 0, 1_000))
    for name in ("growth_losing_day_share", "growth_gain_variation_ratio", "growth_day_to_day_correlation"):
        assert row[name] is None, name


def test_movement_within_two_rounding_steps_has_no_share_of_losses() -> None:
    up_and_down = [(7 * week, 12_300 + 100 * (week in (3, 4))) for week in range(8)]  # +100 and -100, in steps of 100
    assert growth(readings(up_and_down))["growth_weekly_loss_share"] is None


def test_a_burst_shows_through_rounding() -> None:
    exact = list(accumulate([40] * 40 + [20_000] + [40] * 40, initial=123_456))
    row = growth(readings([(day, count // 1_000 * 1_000) for day, count in enumerate(exact)]))
    assert row["growth_burst_mass_share"] == pytest.approx(20_000 / 23_200, abs=0.06)
    assert row["growth_peak_day_tail_ratio"] > 3


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param([1_234, 1_235], [0, 0], id="exact"),
        pytest.param([998, 1_000, 1_010], [0, 10, 10], id="three digits, from the thousand on in tens"),
        pytest.param([9_980, 10_000, 10_100], [10, 100, 100], id="three digits over a power of ten"),
        pytest.param([1_200_000, 1_300_000], [100_000, 100_000], id="two digits"),
        pytest.param([123_000, 123_400], [100, 100], id="hundreds divide all"),
    ],
)
def test_rounding_step(counts: list[int], expected: list[int]) -> None:
    shown, rows = np.array(counts), np.arange(len(counts))
    shared, is_rounded = kernels._shared_rounding(shown, rows, len(counts))
    assert [kernels._rounding_step(count, shared, is_rounded) for count in shown] == expected


@pytest.mark.parametrize("name", ["growth_peak_day_share", "growth_burst_mass_share", "growth_burst_lost_7_days_share"])
def test_tenfold_counts_change_nothing(name: str) -> None:
    small, large = growth(daily(REFILLED, start=10_001)), growth(daily([10 * gain for gain in REFILLED], start=100_013))
    assert large[name] == pytest.approx(small[name], rel=0.01)


def test_a_small_account_has_no_bursts_of_five_people() -> None:
    row = growth(daily([0, 1, 0, 0, 2, 0, 5, 0, 1, 0] * 6, start=203))
    assert row["growth_burst_mass_share"] == 0
    assert row["growth_peak_day_tail_ratio"] < 1.5


# --- posts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("posts", "expected"),
    [
        pytest.param([], None, id="no posts"),
        pytest.param(QUIET_POSTS[:4], None, id="too few posts to know the usual"),
        pytest.param([row | {"like_count": None} for row in QUIET_POSTS], None, id="hidden likes"),
        pytest.param([row | {"like_count": 0} for row in QUIET_POSTS], None, id="no likes at all"),
        pytest.param(
            [*QUIET_POSTS, post(19.6, seen_after=1.9, like_count=150)], 0.0, id="a post too young to tell: not counted"
        ),
        pytest.param([*QUIET_POSTS, post(16.6, like_count=900)], 600 / 1_010, id="a good post four days before"),
        pytest.param([*QUIET_POSTS, post(17.1, like_count=900)], 0.0, id="a good post three days before"),
        pytest.param([*QUIET_POSTS, post(22.1, like_count=900)], 600 / 1_010, id="a good post the day after"),
    ],
)
def test_unexplained_share(posts: list[Row], expected: float | None) -> None:
    assert growth(daily(SPIKE), posts)["growth_burst_unexplained_share"] == (
        None if expected is None else pytest.approx(expected)
    )


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        pytest.param(53, 600 / (610 + 13 * 10), id="posts are known of two weeks"),
        pytest.param(54, None, id="posts are known of thirteen days"),
    ],
)
def test_unexplained_share_needs_two_weeks_with_posts(first: int, expected: float | None) -> None:
    late = [*[10] * 60, 610, *[10] * 6]  # 67 days
    posts = [post(day + 0.5, like_count=100) for day in range(first, 68)]
    assert growth(daily(late), posts)["growth_burst_unexplained_share"] == (
        None if expected is None else pytest.approx(expected)
    )


def test_views_explain_where_likes_are_hidden() -> None:
    posts = [row | {"like_count": None, "view_count": 1_000} for row in QUIET_POSTS]
    posts.append(post(19.6, view_count=5_000))
    assert growth(daily(SPIKE), posts)["growth_burst_unexplained_share"] == 0


def test_engagement_residual_needs_three_posts_on_each_side() -> None:
    posts = [row for row in RATE_FALLS if row["posted_at"].day <= 20 or row["posted_at"].month > 1]
    assert growth(daily(SPIKE), posts)["growth_burst_engagement_residual"] is None


@pytest.mark.parametrize(
    ("posts", "expected"),
    [
        pytest.param([], None, id="no posts"),
        pytest.param([post(0.5, like_count=9)], None, id="one post: days after it are too few"),
        pytest.param([post(day, like_count=9) for day in range(48)], None, id="a post every day: nothing to compare"),
        pytest.param([post(day + 0.5) for day in range(-5, 48, 6)], 1.0, id="hidden likes: when it posted is enough"),
    ],
)
def test_gain_after_posts_needs_days_with_and_without(posts: list[Row], expected: float | None) -> None:
    assert growth(daily(AFTER_POSTS), posts)["growth_gain_after_posts_correlation"] == expected


def test_weeks_with_a_post_too_young_to_judge_are_left_out() -> None:
    young = [*WEEKLY_POSTS, post(76.5, seen_after=1.0, like_count=1)]
    assert growth(daily(RISING_WEEKS), young)["growth_weekly_gain_engagement_correlation"] == pytest.approx(1.0)


def test_a_burst_that_is_kept_has_no_half_life_and_one_lost_late_has_none_either() -> None:
    assert growth(daily(SPIKE))["growth_burst_half_life_days"] is None
    late = [*CALM, 610, *[10] * 31, *[-100] * 5]
    assert growth(daily(late))["growth_burst_half_life_days"] is None


def test_one_drop_is_not_made_good_by_two_bursts() -> None:
    twice = [10] * 15 + [-600] + [10] * 2 + [310] + [10] * 2 + [310] + [10] * 15
    # Nothing in the 36 calm days but 350: 35 of ten and the day of the loss. The second burst has no drop of its own.
    value = growth(daily(twice))["growth_drop_restored_share"]
    assert value == pytest.approx((310 - 340 / 35) / 600)


# --- declarations -----------------------------------------------------------------------------------------------------


def test_sixteen_features_or_more_and_each_frame_is_used() -> None:
    assert len(FEATURES) >= 16
    assert {entry.frame for entry in FEATURES.values()} == set(FRAMES) == set(TOTALS)


@pytest.mark.parametrize("name", FEATURES)
def test_reasons_are_sentences_for_any_value(name: str) -> None:
    entry = FEATURES[name]
    for side in entry.reason:
        sentence = entry.sentence(0.5, side)  # type: ignore[arg-type]
        assert "{" not in sentence
        assert not {"fake", "fraud", "bought", "cheat"} & set(sentence.split())


def test_frames_are_sorted_by_time() -> None:
    both = tables(followers=[*daily(UNEVEN, account_id="b"), *daily(UNEVEN, account_id="a")])
    shuffled = Tables(
        both.accounts, both.followers_daily.sample(fraction=1.0, shuffle=True, seed=3), both.posts, both.comments
    )
    for build in (FRAMES["intervals"], FRAMES["days"], FRAMES["bursts"]):
        context = build(with_account_context(shuffled))
        assert context.select("account_id", "date").equals(context.select("account_id", "date").sort(pl.all()))
