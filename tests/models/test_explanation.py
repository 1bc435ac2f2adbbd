"""A reason pushes towards inauthentic, lies on the declared side, is not what most genuine accounts look like, and
speaks for a whole signal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.signals import SIGNALS
from models.baselines import ENGAGEMENT_RATE_FEATURE
from models.explanation import (
    SMALLEST_CONTRIBUTION,
    OrdinaryRange,
    Reason,
    ordinary_ranges,
    pushes,
    reasons,
    suspicious_side,
)
from tests.models.synthetic import FEATURES, NAMES

ORDINARY = {
    "growth_burst_share": OrdinaryRange(0.1, 0.2),
    "growth_calm_spread": OrdinaryRange(0.8, 1.2),
    "comments_repeat_share": OrdinaryRange(0.0, 0.05),
    ENGAGEMENT_RATE_FEATURE: OrdinaryRange(-0.7, 0.7),
    "engagement_even_spread": OrdinaryRange(0.3, 0.5),
    "profile_age_days": OrdinaryRange(500.0, 2000.0),
}
SUSPICIOUS = {
    "growth_burst_share": 0.45,
    "growth_calm_spread": 0.3,
    "comments_repeat_share": 0.5,
    ENGAGEMENT_RATE_FEATURE: -2.5,
    "engagement_even_spread": 0.05,
    "profile_age_days": 1.0,
}
NULL = np.nan

BURST = ORDINARY["growth_burst_share"]
COMPARED = f"(eight in ten genuine training accounts: {BURST.low:.0%} to {BURST.high:.0%})"


def explain(values: dict[str, float], contributions: dict[str, float], most: int = 9) -> dict[str, str]:
    """Reasons by feature, in their order; a feature that is not named is null and pushes nothing."""
    found = reasons(
        np.array([values.get(name, NULL) for name in NAMES]),
        np.array([contributions.get(name, 0.0) for name in NAMES]),
        list(FEATURES.values()),
        ORDINARY,
        most,
    )
    return {reason["feature"]: reason["text"] for reason in found}


def test_nothing_observed_gives_no_reason_even_where_the_null_itself_pushes() -> None:
    assert explain({}, dict.fromkeys(NAMES, 2.0)) == {}


def test_a_reason_carries_feature_value_contribution_and_sentence() -> None:
    values, contributions = np.full(len(NAMES), NULL), np.zeros(len(NAMES))
    values[0], contributions[0] = 0.4567, 0.123456789
    assert reasons(values, contributions, list(FEATURES.values()), ORDINARY, 5) == [
        {
            "feature": "growth_burst_share",
            "value": 0.4567,
            "contribution": 0.123457,
            "text": f"Burst of new followers: 46% of the gain came on one day {COMPARED}.",
        }
    ]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        pytest.param("growth_burst_share", 0.45, "45% of the gain came on one day", id="high where high is suspicious"),
        pytest.param("growth_calm_spread", 0.3, "daily growth varies by 0.30 only", id="low where low is suspicious"),
        pytest.param(ENGAGEMENT_RATE_FEATURE, 2.5, "likes per follower are unusually high (+2.5)", id="both, high"),
        pytest.param(ENGAGEMENT_RATE_FEATURE, -2.5, "likes per follower are unusually low (-2.5)", id="both, low"),
    ],
)
def test_a_suspicious_value_that_pushes_is_a_reason(name: str, value: float, text: str) -> None:
    found = explain({name: value}, {name: 0.5})
    assert list(found) == [name]
    heading = SIGNALS[FEATURES[name].signal].heading
    assert found[name].startswith(f"{heading}: {text} (eight in ten genuine training accounts: ")


def test_the_genuine_range_stands_in_the_sentence_s_own_format() -> None:
    assert explain({"growth_burst_share": 0.45}, {"growth_burst_share": 0.5})["growth_burst_share"].endswith(
        f"{COMPARED}."
    )


@pytest.mark.parametrize(
    ("name", "value", "contribution"),
    [
        pytest.param("growth_burst_share", 0.45, -0.5, id="pushes towards genuine"),
        pytest.param("growth_burst_share", 0.45, 0.0, id="pushes nothing"),
        pytest.param("growth_burst_share", 0.45, SMALLEST_CONTRIBUTION - 1e-9, id="pushes too little"),
        pytest.param("growth_burst_share", 0.01, 0.5, id="low where high is suspicious"),
        pytest.param("growth_calm_spread", 2.0, 0.5, id="high where low is suspicious"),
        pytest.param("growth_burst_share", 0.15, 0.5, id="ordinary"),
        pytest.param("growth_burst_share", 0.2, 0.5, id="on the border of ordinary"),
        pytest.param(ENGAGEMENT_RATE_FEATURE, 0.0, 0.5, id="ordinary on both sides"),
        pytest.param("profile_age_days", 1.0, 0.5, id="context, low"),
        pytest.param("profile_age_days", 1e6, 0.5, id="context, high"),
        pytest.param("growth_burst_share", NULL, 0.5, id="null"),
    ],
)
def test_anything_else_is_none(name: str, value: float, contribution: float) -> None:
    assert explain({name: value}, {name: contribution}) == {}


def test_a_feature_that_no_genuine_account_showed_is_no_reason() -> None:
    unknown = OrdinaryRange(None, None)
    assert suspicious_side(FEATURES["growth_burst_share"], 0.99, unknown) is None


def test_the_strongest_come_first_and_no_more_than_asked() -> None:
    pushes = {"growth_burst_share": 0.2, "comments_repeat_share": 0.9, "growth_calm_spread": 0.5}
    order = ["comments_repeat_share", "growth_calm_spread", "growth_burst_share"]
    for most in range(4):
        assert list(explain(SUSPICIOUS, pushes, most)) == order[:most]


def test_a_strong_push_that_is_no_reason_does_not_use_up_a_place() -> None:
    pushes = {"profile_age_days": 3.0, "growth_burst_share": 0.2, "comments_repeat_share": 0.1}
    assert list(explain(SUSPICIOUS, pushes, most=2)) == ["growth_burst_share", "comments_repeat_share"]


def test_equal_pushes_keep_the_catalogue_s_order() -> None:
    assert list(explain(SUSPICIOUS, dict.fromkeys(NAMES, 0.3))) == NAMES[:-1]


@given(
    values=st.lists(st.one_of(st.just(NULL), st.floats(-5.0, 5.0)), min_size=6, max_size=6),
    contributions=st.lists(st.floats(-2.0, 2.0), min_size=6, max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_every_reason_keeps_the_rules(values: list[float], contributions: list[float]) -> None:
    found = reasons(np.array(values), np.array(contributions), list(FEATURES.values()), ORDINARY, 3)
    assert len(found) <= 3
    strengths = [reason["contribution"] for reason in found]
    assert strengths == sorted(strengths, reverse=True)
    for reason in found:
        feature, ordinary = FEATURES[reason["feature"]], ORDINARY[reason["feature"]]
        assert reason["contribution"] > 0
        assert feature.suspicious != "context"
        assert reason["value"] == values[NAMES.index(feature.name)]
        low, high = ordinary.low or 0.0, ordinary.high or 0.0
        too_high = feature.suspicious in ("high", "both") and reason["value"] > high
        too_low = feature.suspicious in ("low", "both") and reason["value"] < low
        assert too_high or too_low


def test_ordinary_ranges_are_the_middle_eight_tenths_of_the_observed() -> None:
    column = np.concatenate([np.arange(101.0), np.full(50, NULL)])
    ranges = ordinary_ranges(np.column_stack([column, np.full(151, NULL)]), ["seen", "never_seen"])
    assert ranges == {"seen": OrdinaryRange(10.0, 90.0), "never_seen": OrdinaryRange(None, None)}


def test_a_range_for_every_name_or_none() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ordinary_ranges(np.zeros((2, 1)), ["first", "second"])


# Signals: several features, one reason --------------------------------------------------------------------------------

TWIN = replace(
    FEATURES["growth_burst_share"],
    name="growth_busy_week_share",
    reason={"high": "{value:.0%} of the gain came in one week"},
)
"""A second feature of the bursts; the next informs the model about them and cannot be shown."""
UNSPOKEN = replace(FEATURES["profile_age_days"], name="growth_pace_ratio", signal="follower_burst")
GROUP = [FEATURES["growth_burst_share"], TWIN, UNSPOKEN]
GROUP_ORDINARY = dict.fromkeys((entry.name for entry in GROUP), OrdinaryRange(0.1, 0.2))
WEEK = "60% of the gain came in one week (eight in ten genuine training accounts: 10% to 20%)"
DAY = "45% of the gain came on one day (eight in ten genuine training accounts: 10% to 20%)"


def grouped(day: float, week: float, unspoken: float = 0.0, week_value: float = 0.6) -> list[Reason]:
    """Reasons of one account that pushes so much by each of the three features of one signal."""
    values, pushes = np.array([0.45, week_value, 5.0]), np.array([day, week, unspoken])
    return reasons(values, pushes, GROUP, GROUP_ORDINARY, 9)


@pytest.mark.parametrize(
    ("day", "week", "unspoken", "expected"),
    [
        pytest.param(0.3, 0.5, 0.0, 0.3 + 0.5, id="both add up"),
        pytest.param(0.3, 0.5, -0.2, 0.3 + 0.5 - 0.2, id="what finds nothing takes away"),
        pytest.param(0.3, 0.5, 2.0, 0.3 + 0.5, id="what cannot be shown does not add"),
        pytest.param(-0.1, 0.5, 0.0, -0.1 + 0.5, id="one that pushes the other way takes away"),
        pytest.param(-0.1, 0.5, 2.0, 0.5, id="what cannot be shown makes up for what pushes the other way"),
        pytest.param(0.03, 0.03, 0.0, 0.03 + 0.03, id="each alone too little"),
    ],
)
def test_a_reason_s_contribution_is_that_of_its_signal(
    day: float, week: float, unspoken: float, expected: float
) -> None:
    (found,) = grouped(day, week, unspoken)
    assert found["contribution"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("day", "week", "unspoken"),
    [
        pytest.param(0.3, 0.5, -0.8, id="the whole signal adds nothing"),
        pytest.param(0.3, 0.5, -5.0, id="the whole signal speaks for the account"),
        pytest.param(0.02, 0.02, 0.0, id="together too little"),
        pytest.param(0.02, 0.02, 5.0, id="nearly all of it cannot be shown"),
        pytest.param(-0.3, -0.5, 5.0, id="none of it can be shown"),
    ],
)
def test_a_signal_that_adds_too_little_is_no_reason(day: float, week: float, unspoken: float) -> None:
    assert grouped(day, week, unspoken) == []


def test_the_strongest_feature_speaks_and_the_next_is_named() -> None:
    (found,) = grouped(day=0.3, week=0.5)
    assert (found["feature"], found["value"]) == ("growth_busy_week_share", 0.6)
    assert found["text"] == f"Burst of new followers: {WEEK}. Also: {DAY}."
    (found,) = grouped(day=0.6, week=0.5)
    assert (found["feature"], found["value"]) == ("growth_burst_share", 0.45)
    assert found["text"] == f"Burst of new followers: {DAY}. Also: {WEEK}."


@pytest.mark.parametrize("week_value", [0.15, 0.01, NULL], ids=["ordinary", "harmless", "null"])
def test_only_suspicious_values_are_named(week_value: float) -> None:
    (found,) = grouped(day=0.3, week=0.5, week_value=week_value)
    assert found["text"] == f"Burst of new followers: {DAY}."
    # 0.3 is all that can be shown of 0.3 + 0.5.
    assert found["contribution"] == pytest.approx(0.3)


def test_a_third_feature_repeats_and_is_not_named() -> None:
    third = replace(TWIN, name="growth_busy_month_share", reason={"high": "{value:.0%} of the gain came in one month"})
    three, ordinary = [*GROUP[:2], third], GROUP_ORDINARY | {third.name: OrdinaryRange(0.1, 0.2)}
    (found,) = reasons(np.array([0.45, 0.6, 0.7]), np.array([0.6, 0.5, 0.4]), three, ordinary, 9)
    assert found["contribution"] == pytest.approx(0.6 + 0.5 + 0.4)
    assert found["text"] == f"Burst of new followers: {DAY}. Also: {WEEK}."


@given(
    values=st.lists(st.one_of(st.just(NULL), st.floats(-5.0, 5.0)), min_size=6, max_size=6),
    contributions=st.lists(st.floats(-2.0, 2.0), min_size=6, max_size=6),
    copied=st.integers(0, 4),
    share=st.floats(0.1, 0.9),
)
@settings(max_examples=100, deadline=None)
def test_a_correlated_copy_adds_no_reason(
    values: list[float], contributions: list[float], copied: int, share: float
) -> None:
    """A copy takes over part of the contribution, as trees share it out: as many reasons, as strong."""
    entries = list(FEATURES.values())
    before = reasons(np.array(values), np.array(contributions), entries, ORDINARY, 9)
    copy = replace(entries[copied], name=f"{NAMES[copied]}_copy")
    whole = contributions[copied]
    pushes = np.array([*contributions, (1 - share) * whole])
    pushes[copied] = share * whole
    after = reasons(
        np.array([*values, values[copied]]),
        pushes,
        [*entries, copy],
        ORDINARY | {copy.name: ORDINARY[NAMES[copied]]},
        9,
    )
    signals = {entry.name: entry.signal for entry in [*entries, copy]}
    assert [signals[each["feature"]] for each in after] == [signals[each["feature"]] for each in before]
    assert len({signals[each["feature"]] for each in after}) == len(after)
    strengths = [[each["contribution"] for each in found] for found in (after, before)]
    assert strengths[0] == pytest.approx(strengths[1], abs=2e-6)


def test_nothing_that_pushes_gives_no_push() -> None:
    assert pushes(np.zeros(len(NAMES)), list(FEATURES.values())) == []


def test_every_signal_is_told_with_all_its_features_whatever_their_side() -> None:
    contributions = dict.fromkeys(NAMES, 0.0) | {"growth_burst_share": 0.5, "comments_repeat_share": -0.75}
    found = pushes(np.array(list(contributions.values())), list(FEATURES.values()))
    assert found == [
        {"signal": FEATURES["comments_repeat_share"].signal, "contribution": -0.75},
        {"signal": FEATURES["growth_burst_share"].signal, "contribution": 0.5},
    ]


def test_a_push_too_small_to_be_told_is_left_out() -> None:
    contributions = np.zeros(len(NAMES))
    contributions[0] = SMALLEST_CONTRIBUTION - 0.001
    assert pushes(contributions, list(FEATURES.values())) == []
    contributions[0] = -SMALLEST_CONTRIBUTION
    assert len(pushes(contributions, list(FEATURES.values()))) == 1


def test_a_push_is_told_to_six_digits() -> None:
    contributions = np.zeros(len(NAMES))
    contributions[0] = 0.123456789
    assert [each["contribution"] for each in pushes(contributions, list(FEATURES.values()))] == [0.123457]
