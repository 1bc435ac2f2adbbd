"""The range that a feature declares is the one its unit tells a person, and what its formula allows."""

from __future__ import annotations

import math
import re

import pytest

from features.catalog import features

NUMBER = r"-?\d+(?:\.\d+|/\d+)?"
TOLD_OTHERWISE = {
    "growth_following_lost_rate_per_month": (0.0, None),
    "growth_burst_lot_closeness_ratio": (0.0, 1.0),
    # Below 0 where there is less than chance gives, of one weekday with many days without limit.
    "growth_weekday_rhythm_share": (None, 1.0),
    # The denominator is 0.05 or more, and so the numerator's 1.5 + 0.05 are at most 31 times it.
    "engagement_likes_to_views_spread_ratio": (0.0, (1.5 + 0.05) / 0.05),
    # All visits under posts of three regulars: chance is 1 / 2, and (0 - 1/2) / (1 - 1/2) = -1.
    "comments_same_successor_residual": (-1.0, 1.0),
    # Groups of posts lie at most 1.5 + 1.5 apart in likes and as much in what should move with them.
    "engagement_likes_beyond_comments_ratio": (math.exp(0 - 3), math.exp(3 + 3)),
    "engagement_likes_step_beyond_comments_ratio": (math.exp(0 - 3), math.exp(3 + 3)),
    "engagement_likes_beyond_views_ratio": (math.exp(-3 - 3), math.exp(3 - 0)),
    # Twenty counts spread evenly over the digits: X2 = 0, (0 - 9) / sqrt(18 * (1 - 1 / 20)).
    "engagement_last_digit_zscore": (-9 / math.sqrt(18 * 19 / 20), None),
}
"""Ranges that the unit rounds or says in other words, from the formula."""

ANY_NUMBER = {
    "growth_net_log_rate_per_month",
    "growth_recent_acceleration_rate_per_month",
    "growth_level_shift_zscore",
    "growth_burst_engagement_residual",
    "profile_following_follower_ratio",
}
"""Logarithms and standard errors, to which there is no limit."""


def told(unit: str) -> tuple[float | None, float | None]:
    """The bounds in a unit: "a to b" or "a or b", else "a or more", "from a", "b at most"; None where it has none."""
    if both := re.search(rf"({NUMBER}) (?:to|or) ({NUMBER})(?!\d)", unit.rpartition(" counts from 100 to 999")[2]):
        return _number(both[1]), _number(both[2])
    if low := re.search(rf"(?:from ({NUMBER})$|({NUMBER}) or more)", unit):
        return _number(low[1] or low[2]), None
    return None, None


def _number(text: str) -> float:
    whole, _, part = text.partition("/")
    return float(whole) / float(part or 1)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("share of counts from 100 to 999, 0 to 1", (0.0, 1.0)),
        ("squared coefficient of variation beyond chance, -1/3 to 60", (-1 / 3, 60.0)),
        ("squared relative distance between shares beyond chance, -0.4 or more", (-0.4, None)),
        ("days, from 0 to 30", (0.0, 30.0)),
        ("posts per 30 days, from 0", (0.0, None)),
        ("0 or 1", (0.0, 1.0)),
        ("natural log of followers per 30 days", (None, None)),
    ],
)
def test_a_unit_tells_its_range(unit: str, expected: tuple[float | None, float | None]) -> None:
    assert told(unit) == expected


@pytest.mark.parametrize("name", features())
def test_the_declared_range_is_the_one_told(name: str) -> None:
    entry = features()[name]
    low, high = TOLD_OTHERWISE.get(name, told(entry.unit))
    assert (low is None and high is None) == (name in ANY_NUMBER)
    assert entry.low == (None if low is None else pytest.approx(low))
    assert entry.high == (None if high is None else pytest.approx(high))
