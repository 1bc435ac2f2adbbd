"""What well-known stories look like in the features: directions, over several drawn curves each.

The curves are drawn here and not by the simulation, so that the features are not tested on their training ground.
"""

# ruff: noqa: S311 -- curves are drawn, no secret is
from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from statistics import median

import pytest

from features.compute import compute_group
from tests.features.builders_growth import Row, daily, growth, post, tables

SEEDS = range(12)
DAYS = 120
BURST_DAY = 60


def organic(dice: random.Random, pace: float = 40.0) -> list[int]:
    """Heavy-tailed daily net gains: a lognormal pace, now and then a decaying burst of Pareto size, some losses."""
    gains = [dice.lognormvariate(math.log(pace), 0.6) - dice.expovariate(1 / (0.4 * pace)) for _ in range(DAYS)]
    for _ in range(4):
        day, size = dice.randrange(DAYS), pace * min(dice.paretovariate(1.3), 12)
        for later in range(day, min(day + 8, DAYS)):
            gains[later] += size * 0.55 ** (later - day)
    return [round(gain) for gain in gains]


def _add(gains: list[int], extra: dict[int, int]) -> list[int]:
    return [gain + extra.get(day, 0) for day, gain in enumerate(gains)]


def burst_with_drop(dice: random.Random) -> list[int]:
    drop = {BURST_DAY + 1 + day: -dice.randrange(80, 160) for day in range(25)}
    return _add(organic(dice), {BURST_DAY: 5_000} | drop)


def plateau(dice: random.Random) -> list[int]:
    return _add(organic(dice), {BURST_DAY + day: 500 + dice.randrange(-30, 30) for day in range(12)})


def viral(dice: random.Random) -> list[int]:
    """Five thousand followers with a post, decaying over a week, and they stay."""
    return _add(organic(dice), {BURST_DAY + day: round(2_400 * 0.52**day) for day in range(10)})


def refilled(dice: random.Random) -> list[int]:
    cycle = {20: 2_500, 26: -900, 32: 950, 40: -800, 47: 850, 55: -900, 60: 950}
    return _add(organic(dice, pace=15), cycle)


def drip(dice: random.Random) -> list[int]:
    """Every day within five per cent of the same number."""
    return [round(150 * dice.uniform(0.95, 1.05)) for _ in range(DAYS)]


STORIES: dict[str, Callable[[random.Random], list[int]]] = {
    "organic": organic,
    "burst with drop": burst_with_drop,
    "plateau": plateau,
    "viral": viral,
    "refilled": refilled,
    "drip": drip,
}


def typical(story: str, feature: str, posts: Sequence[Row] = ()) -> float:
    """Median of the feature over the drawn curves; at least half of them must have a value."""
    names = {f"a{seed}": seed for seed in SEEDS}
    followers = [
        row
        for name, seed in names.items()
        for row in daily(STORIES[story](random.Random(seed)), start=20_003, account_id=name)
    ]
    drawn_posts = [row | {"account_id": name} for name in names for row in posts]
    present = compute_group(tables(followers=followers, posts=drawn_posts), "growth")[feature].drop_nulls().to_list()
    assert len(present) >= len(names) / 2, f"{feature} is null for most {story} curves"
    return median(present)


@pytest.mark.parametrize(
    ("feature", "bought"),
    [
        ("growth_peak_day_share", "burst with drop"),
        ("growth_peak_day_tail_ratio", "burst with drop"),
        ("growth_peak_week_tail_ratio", "burst with drop"),
        ("growth_burst_mass_share", "burst with drop"),
        ("growth_burst_mass_share", "plateau"),
        ("growth_peak_week_share", "plateau"),
        ("growth_plateau_days", "plateau"),
        ("growth_refill_rate_per_month", "refilled"),
    ],
)
def test_higher_than_organic(feature: str, bought: str) -> None:
    assert typical(bought, feature) > 1.3 * typical("organic", feature) + 0.05


def test_drip_feed_is_more_even_than_organic_growth() -> None:
    assert typical("drip", "growth_gain_variation_ratio") < 0.2 * typical("organic", "growth_gain_variation_ratio")


def test_a_plateau_is_even_and_a_viral_post_is_not() -> None:
    assert typical("plateau", "growth_burst_daily_spread") < 0.4 < typical("viral", "growth_burst_daily_spread")
    assert typical("viral", "growth_burst_late_share") < 0.2
    assert typical("plateau", "growth_burst_late_share") > 0.4
    assert typical("viral", "growth_plateau_days") == 0


def test_followers_of_a_viral_post_stay_and_bought_ones_drop() -> None:
    for feature in ("growth_burst_lost_7_days_share", "growth_burst_lost_30_days_share"):
        assert typical("viral", feature) < 0.05, feature
        assert typical("burst with drop", feature) > 0.08, feature


def test_what_dropped_is_made_good_by_a_refill() -> None:
    assert typical("refilled", "growth_drop_restored_share") > 0.9
    assert typical("refilled", "growth_drop_rate_per_month") > 0.02
    assert typical("organic", "growth_drop_rate_per_month") < 0.005


def vanishing(dice: random.Random) -> list[int]:
    """Five thousand on a day, and a twentieth of them gone on each of the fourteen days that follow."""
    return _add(organic(dice), {BURST_DAY: 5_000} | {BURST_DAY + 1 + day: -250 for day in range(14)})


def test_a_delivery_that_vanishes_is_halved_within_a_fortnight_and_a_viral_burst_is_not() -> None:
    drawn = [growth(daily(vanishing(random.Random(seed)), start=20_003)) for seed in SEEDS]
    # Ten days by the delivery alone; what comes in the meantime hides a few losses.
    assert 9 < median(row["growth_burst_half_life_days"] for row in drawn) < 15
    viral_curves = [growth(daily(viral(random.Random(seed)), start=20_003)) for seed in SEEDS]
    assert [row["growth_burst_half_life_days"] for row in viral_curves] == [None] * len(SEEDS)


def test_a_plateau_without_a_good_post_is_unexplained() -> None:
    flat = posts_with(lambda day: 800 + 40 * (day % 5))
    assert typical("plateau", "growth_plateau_unexplained_days", flat) >= 10
    assert typical("viral", "growth_plateau_unexplained_days", flat) == 0
    assert typical("organic", "growth_plateau_unexplained_days", flat) == 0


def test_followers_who_come_by_posts_come_after_posts() -> None:
    def with_posts(dice: random.Random) -> list[int]:
        return [gain + (40 if day % 4 in (0, 1) else 0) for day, gain in enumerate(organic(dice))]

    curves = [daily(with_posts(random.Random(seed)), start=20_003) for seed in SEEDS]
    flat = posts_with(lambda day: 800 + 40 * (day % 5))
    drawn = [growth(curve, shifted(flat)) for curve in curves]
    assert median(row["growth_gain_after_posts_correlation"] for row in drawn) > 0.4
    assert abs(typical("organic", "growth_gain_after_posts_correlation", flat)) < 0.15


def shifted(posts: Sequence[Row]) -> list[Row]:
    """A day later: the first gain of a curve arrives on day 1."""
    return [row | {"posted_at": row["posted_at"] + timedelta(days=1)} for row in posts]


def posts_with(likes: Callable[[int], int]) -> list[Row]:
    return [post(day + 0.4, like_count=likes(day)) for day in range(0, DAYS, 4)]


def test_a_viral_post_explains_its_burst_and_a_purchase_has_no_post() -> None:
    usual = posts_with(lambda day: 800 + 40 * (day % 5))
    viral_post = posts_with(lambda day: 9_000 if day == BURST_DAY else 800 + 40 * (day % 5))
    assert typical("burst with drop", "growth_burst_unexplained_share", usual) > 0.4
    assert typical("viral", "growth_burst_unexplained_share", viral_post) < 0.15


def test_engagement_follows_a_viral_burst_and_not_a_purchase() -> None:
    flat = posts_with(lambda day: 800 + 40 * (day % 5))
    grown = posts_with(lambda day: round((800 + 40 * (day % 5)) * (1.22 if day > BURST_DAY else 1)))
    bought = typical("burst with drop", "growth_burst_engagement_residual", flat)
    assert bought < -0.1 < typical("viral", "growth_burst_engagement_residual", grown)


def saw_tooth(dice: random.Random, *, lag: int = 3) -> list[Row]:
    """Ten days of following sixty a day, ten of unfollowing; a fifth of those followed answer `lag` days later."""
    changes = [60 if day // 10 % 2 == 0 else -55 for day in range(DAYS)]
    following = [1_500]
    for change in changes:
        following.append(following[-1] + change)
    answers = [12 if day >= lag and changes[day - lag] > 0 else 0 for day in range(DAYS)]
    gains = [round(dice.gauss(6, 3)) + answer for answer in answers]
    return daily(gains, start=8_003, following_count=following)


def quiet_following(dice: random.Random) -> list[Row]:
    following = [900]
    for _ in range(DAYS):
        following.append(following[-1] + dice.choice([-1, 0, 0, 0, 1, 2]))
    return daily(organic(dice, pace=8), start=8_003, following_count=following)


def test_a_saw_tooth_of_accounts_followed_shows() -> None:
    for seed in SEEDS:
        row, quiet = growth(saw_tooth(random.Random(seed))), growth(quiet_following(random.Random(seed)))
        assert row["growth_following_reversal_rate_per_month"] == pytest.approx(11 * 30 / DAYS)
        assert row["growth_following_lost_rate_per_month"] > 0.3 > 10 * quiet["growth_following_lost_rate_per_month"]
        assert row["growth_follow_back_correlation"] > 0.5 > quiet["growth_follow_back_correlation"]
        assert quiet["growth_following_reversal_rate_per_month"] == 0


def test_paid_advertising_that_is_kept_loses_nothing() -> None:
    """Steady and capped like a delivery: what tells them apart is what happens afterwards."""
    for seed in SEEDS:
        row = growth(daily(plateau(random.Random(seed)), start=20_003))
        assert row["growth_burst_lost_30_days_share"] == pytest.approx(0, abs=0.1)
        assert row["growth_refill_rate_per_month"] == 0
