"""What weekly sampling, three shown digits, a failed reading and ten times the followers may do to each feature.

Drawn curves of every story are read twice, as they are and perturbed. A feature must become null, or move by no more
than its tolerance at the median of the curves: half of the accounts see less.
"""

# ruff: noqa: S311 -- curves are drawn, no secret is
from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from statistics import median

import polars as pl
import pytest

from features.compute import compute_group
from features.growth import FEATURES
from tests.features.builders_growth import Row, daily, post, tables
from tests.features.test_growth_archetypes import STORIES, saw_tooth

SEEDS = range(8)
START = 200_003
"""Two hundred thousand followers: three digits are steps of a thousand."""

PACE = 20
"""Times the pace of the archetypes, so that the stories weigh as much at this size."""


def drawn_accounts() -> dict[str, list[Row]]:
    """Daily readings of each drawn account; the saw-tooth alone has its following count read."""
    curves = {
        f"{story} {seed}": daily(
            [PACE * gain for gain in STORIES[story](random.Random(seed))], start=START, account_id=f"{story} {seed}"
        )
        for story in STORIES
        for seed in SEEDS
    }
    for seed in SEEDS:
        name = f"saw-tooth {seed}"
        curves[name] = [row | {"account_id": name} for row in saw_tooth(random.Random(seed))]
    return curves


def drawn_posts(name: str) -> list[Row]:
    """A post every four days, now and then a good one."""
    dice = random.Random(name)
    return [
        post(day + 0.4, account_id=name, like_count=round(3_000 * dice.lognormvariate(0, 0.4)))
        for day in range(0, 118, 4)
    ]


def weekly(rows: list[Row]) -> list[Row]:
    return rows[::-1][::7][::-1]


def rounded(rows: list[Row]) -> list[Row]:
    def shown(count: int) -> int:
        step = 10 ** max(len(str(count)) - 3, 0)
        return count // step * step

    return [row | {"follower_count": shown(row["follower_count"])} for row in rows]


def glitch(rows: list[Row]) -> list[Row]:
    """One reading of 0, on a day when nothing else happens."""
    return [row | {"follower_count": 0} if index == 97 else row for index, row in enumerate(rows)]


def tenfold(rows: list[Row]) -> list[Row]:
    """Ten times the followers and the likes per post; seven more, so that no zero ends every count."""
    return [row | {"follower_count": 10 * row["follower_count"] + 7} for row in rows]


PERTURBATIONS: dict[str, Callable[[list[Row]], list[Row]]] = {
    "weekly": weekly,
    "rounded": rounded,
    "glitch": glitch,
    "tenfold": tenfold,
}


@cache
def differences(perturbation: str) -> dict[str, list[tuple[float, float | None]]]:
    """Per feature the pairs of value and perturbed value of the accounts that have the former."""
    curves = drawn_accounts()
    posts = [row for name in curves for row in drawn_posts(name)]

    def computed(change: Callable[[list[Row]], list[Row]]) -> pl.DataFrame:
        return compute_group(
            tables(followers=[row for rows in curves.values() for row in change(rows)], posts=posts), "growth"
        )

    plain, perturbed = computed(lambda rows: rows), computed(PERTURBATIONS[perturbation])
    return {
        name: [pair for pair in zip(plain[name], perturbed[name], strict=True) if pair[0] is not None]
        for name in FEATURES
    }


NULL = None
"""All of the accounts must lose the value."""

EXACT = 1e-5

TOLERANCES: dict[str, tuple[float | None, float, float, float]] = {
    # name: weekly readings, three digits, a failed reading, ten times as many
    "growth_net_log_rate_per_month": (0.002, 0.001, EXACT, EXACT),
    "growth_recent_acceleration_rate_per_month": (0.005, 0.005, EXACT, EXACT),
    "growth_drawdown_share": (0.01, 0.002, EXACT, EXACT),
    "growth_following_lost_rate_per_month": (0.15, EXACT, 0.001, EXACT),
    "growth_peak_day_share": (NULL, 0.01, 0.005, EXACT),
    "growth_peak_day_tail_ratio": (NULL, 0.5, 0.01, 0.1),
    "growth_losing_day_share": (NULL, 0.1, 0.01, EXACT),
    "growth_gain_variation_ratio": (NULL, 0.1, 0.05, 0.01),
    "growth_day_to_day_correlation": (NULL, 0.2, 0.02, EXACT),
    "growth_weekday_rhythm_share": (NULL, 0.02, 0.01, EXACT),
    "growth_follow_back_correlation": (NULL, 0.15, 0.02, 0.1),
    "growth_gain_after_posts_correlation": (NULL, 0.05, 0.02, EXACT),
    "growth_peak_week_tail_ratio": (EXACT, 0.3, EXACT, 0.1),
    "growth_peak_week_share": (EXACT, 0.01, EXACT, EXACT),
    "growth_weekly_loss_share": (EXACT, 0.01, EXACT, EXACT),
    "growth_level_shift_zscore": (EXACT, 0.2, EXACT, 0.01),
    "growth_weekly_gain_engagement_correlation": (EXACT, 0.1, EXACT, EXACT),
    "growth_peak_month_ratio": (NULL, 0.2, EXACT, 0.1),
    "growth_burst_mass_share": (0.05, 0.05, 0.005, EXACT),
    "growth_burst_lost_7_days_share": (0.05, 0.02, 0.005, EXACT),
    "growth_burst_lost_30_days_share": (0.05, 0.02, 0.005, EXACT),
    "growth_burst_half_life_days": (3.0, 1.0, 0.1, EXACT),
    "growth_burst_unexplained_share": (0.05, 0.05, 0.005, EXACT),
    "growth_burst_lot_closeness_ratio": (0.1, 0.1, 0.005, EXACT),
    "growth_plateau_days": (NULL, 1.0, EXACT, EXACT),
    "growth_plateau_unexplained_days": (NULL, 1.0, EXACT, EXACT),
    "growth_burst_daily_spread": (NULL, 0.2, EXACT, EXACT),
    "growth_burst_late_share": (NULL, 0.02, EXACT, EXACT),
    "growth_refill_rate_per_month": (0.1, 0.1, EXACT, EXACT),
    "growth_drop_rate_per_month": (0.002, 0.001, EXACT, EXACT),
    "growth_drop_restored_share": (0.05, 0.05, EXACT, EXACT),
    "growth_burst_engagement_residual": (0.1, 0.05, EXACT, EXACT),
    "growth_following_reversal_rate_per_month": (0.05, EXACT, EXACT, EXACT),
}
"""Largest difference at the median. What goes up and down within a week is netted in weekly readings."""


def test_every_feature_has_its_tolerances() -> None:
    assert list(TOLERANCES) == list(FEATURES)


@pytest.mark.parametrize("perturbation", PERTURBATIONS)
@pytest.mark.parametrize("name", TOLERANCES)
def test_moves_within_its_tolerance_or_is_null(name: str, perturbation: str) -> None:
    tolerance = TOLERANCES[name][list(PERTURBATIONS).index(perturbation)]
    pairs = differences(perturbation)[name]
    assert len(pairs) >= len(SEEDS)
    kept = [abs(value - after) for value, after in pairs if after is not None]
    if tolerance is NULL:
        assert kept == []
    else:
        assert len(kept) >= len(pairs) / 5
        assert median(kept) <= tolerance
