"""The catalogue's figures: quantiles and AUC with visible arithmetic, what moved, and who lies beyond the ordinary."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from audits.catalogue import beyond_ordinary, described, genuine_ranges, stability
from models.evaluation import clopper_pearson
from tests.models.synthetic import FEATURES

HIGH, LOW = FEATURES["growth_burst_share"], FEATURES["growth_calm_spread"]
BOTH = next(each for each in FEATURES.values() if each.suspicious == "both")
CONTEXT = FEATURES["profile_age_days"]
SETTINGS: dict[str, Any] = {"replicates": 30, "confidence": 0.9, "seed": 1}


def values(name: str, numbers: list[float | None]) -> pl.DataFrame:
    accounts = [f"a{index:04d}" for index in range(len(numbers))]
    return pl.DataFrame({"account_id": accounts, name: pl.Series(numbers, dtype=pl.Float64)})


def shown(feature: Any, numbers: list[float | None], labels: list[bool]) -> dict[str, Any]:
    cohorts = np.array([f"c{index % 2}" for index in range(len(labels))])
    frame = values(feature.name, numbers)
    found = described(frame, np.array(labels, dtype=bool), cohorts, [feature], **SETTINGS)
    json.dumps(found, allow_nan=False)
    return found[feature.name]


# --- by class, and alone ----------------------------------------------------------------------------------------------


def test_no_account_has_no_figure() -> None:
    assert shown(HIGH, [], []) == {
        "missing_share": None,
        "genuine": {"low": None, "median": None, "high": None},
        "inauthentic": {"low": None, "median": None, "high": None},
        "auc": {"value": None, "lower": None, "upper": None, "better_side": None, "accounts": 0},
    }


def test_quantiles_and_missing_values_by_class() -> None:
    numbers = [*[float(each) for each in range(101)], 7.0, None, None]
    found = shown(HIGH, numbers, [False] * 101 + [True] * 3)
    assert found["genuine"] == {"low": 5.0, "median": 50.0, "high": 95.0}
    assert found["inauthentic"] == {"low": 7.0, "median": 7.0, "high": 7.0}
    assert found["missing_share"] == pytest.approx(2 / 104)
    assert found["auc"]["accounts"] == 102


# Bought 2 and 4, genuine 1 and 3: 4 beats both, 2 beats one of them; a pair in two cohorts.
NUMBERS: list[float | None] = [1.0, 3.0, 2.0, 4.0]
LABELS = [False, False, True, True]


@pytest.mark.parametrize(
    ("feature", "numbers", "expected", "side"),
    [
        pytest.param(HIGH, NUMBERS, (2 + 1) / 4, None, id="declared high"),
        pytest.param(LOW, NUMBERS, 1 - (2 + 1) / 4, None, id="declared low: the wrong side here"),
        pytest.param(BOTH, NUMBERS, (2 + 1) / 4, "high", id="both: as it does better"),
        pytest.param(CONTEXT, [4.0, 2.0, 3.0, 1.0], (2 + 1) / 4, "low", id="context: as it does better"),
        pytest.param(HIGH, [5.0, 5.0, 5.0, 5.0], 0.5, None, id="all alike"),
    ],
)
def test_auc_alone_is_oriented_as_declared(
    feature: Any, numbers: list[float | None], expected: float, side: str | None
) -> None:
    found = shown(feature, numbers, LABELS)["auc"]
    assert (found["value"], found["better_side"]) == (pytest.approx(expected), side)
    assert found["lower"] <= found["value"] <= found["upper"]


def test_a_class_without_values_has_no_auc() -> None:
    assert shown(CONTEXT, [1.0, 2.0, None, None], LABELS)["auc"]["value"] is None


# --- steadiness -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        pytest.param([], 0.0, id="no value"),
        pytest.param([0.0, 1.0, 2.0, 3.0, 4.0], 2.0, id="quartiles 1 and 3"),
        pytest.param([0.0] * 90 + [1.0] * 10, 1.0, id="quartiles agree: 5 to 95 %"),
        pytest.param([3.0, 3.0, None], 0.0, id="all alike"),
    ],
)
def test_the_range_of_genuine_accounts(numbers: list[float | None], expected: float) -> None:
    bought = [100.0, 200.0]
    frame, labels = values(HIGH.name, [*numbers, *bought]), np.array([False] * len(numbers) + [True] * 2)
    assert genuine_ranges(frame, labels, [HIGH]) == {HIGH.name: expected}


def steadiness(before: list[float | None], after: list[float | None], width: float = 2.0) -> dict[str, Any]:
    found = stability(values(HIGH.name, before), values(HIGH.name, after).reverse(), {HIGH.name: width})
    json.dumps(found, allow_nan=False)
    return found


def test_values_that_stay_are_not_listed() -> None:
    assert steadiness([], []) == {}
    assert steadiness([1.0, None], [1.0, None]) == {}


def test_what_moves_and_what_is_lost() -> None:
    # More than half of 2: 1.0 is not, 1.5 is; null is moved and lost; a null that becomes known had nothing to lose.
    found = steadiness([1.0, 2.0, 3.0, 4.0, None], [1.0, 3.0, 4.5, None, 9.0])[HIGH.name]
    assert found == {"accounts": 4, "lost_share": 1 / 4, "moved_share": 2 / 4, "correlation": None}


def test_without_a_range_every_change_moves() -> None:
    assert steadiness([1.0, 1.0], [1.0, 1.001], width=0.0)[HIGH.name]["moved_share"] == 1 / 2


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param([each / 2 for each in range(30)], 1.0, id="halved: the same order"),
        pytest.param([-each for each in range(30)], -1.0, id="turned round"),
        pytest.param([1.0] * 30, None, id="all alike afterwards"),
        pytest.param([0.0, *range(2, 20), *[None] * 11], None, id="nineteen pairs are too few"),
    ],
)
def test_the_order_of_the_values(after: list[float | None], expected: float | None) -> None:
    assert steadiness([float(each) for each in range(30)], after)[HIGH.name]["correlation"] == expected


def test_only_accounts_perturbed_count() -> None:
    before = values(HIGH.name, [1.0, 2.0])
    found = stability(before, values(HIGH.name, [1.0]), {HIGH.name: 1.0})[HIGH.name]
    assert (found["accounts"], found["lost_share"]) == (2, 1 / 2)  # one that is not there afterwards has no value


# --- beyond the ordinary ----------------------------------------------------------------------------------------------

ORDINARY: list[float | None] = [each / 10 for each in range(1001)]  # 0 to 100: percentiles are their own values


@pytest.mark.parametrize(
    ("feature", "expected"),
    [
        pytest.param(HIGH, {"high": (1, None, 99.0)}, id="above 99: one, and 99 itself is not"),
        pytest.param(LOW, {"low": (2, 1.0, None)}, id="below 1: two"),
        pytest.param(BOTH, {"low": (2, 1.0, None), "high": (1, None, 99.0)}, id="a row a side"),
        pytest.param(CONTEXT, {"context": (2, 0.5, 99.5)}, id="both tails of half a per cent together"),
    ],
)
def test_accounts_beyond_what_simulated_ones_show(feature: Any, expected: dict[str, Any]) -> None:
    real = values(feature.name, [0.0, 0.7, 50.0, 99.0, 99.9, None])
    rows = beyond_ordinary(real, values(feature.name, ORDINARY), [feature])
    assert {row["side"]: (row["beyond"], row["limits"]["low"], row["limits"]["high"]) for row in rows} == {
        side: (count, pytest.approx(low), pytest.approx(high)) for side, (count, low, high) in expected.items()
    }
    for row in rows:
        assert (row["accounts"], row["simulated_accounts"]) == (5, 1001)
        assert row["share"] == row["beyond"] / 5
        assert (row["lower"], row["upper"]) == clopper_pearson(row["beyond"], 5)
        assert (row["real_median"], row["simulated_median"]) == (50.0, 50.0)


@pytest.mark.parametrize(
    ("real", "simulated"),
    [
        pytest.param([], ORDINARY, id="no real account"),
        pytest.param([None], ORDINARY, id="no real value"),
        pytest.param([1.0], [None], id="nothing simulated to compare with"),
    ],
)
def test_without_values_on_both_sides_there_is_no_row(real: list[float | None], simulated: list[float | None]) -> None:
    assert beyond_ordinary(values(HIGH.name, real), values(HIGH.name, simulated), [HIGH]) == []


def test_the_most_often_odd_feature_comes_first() -> None:
    real = values(HIGH.name, [0.0, 100.0]).with_columns(pl.lit(-5.0).alias(LOW.name))
    simulated = values(HIGH.name, ORDINARY).with_columns(pl.col(HIGH.name).alias(LOW.name))
    rows = beyond_ordinary(real, simulated, [HIGH, LOW])
    assert [(row["feature"], row["share"]) for row in rows] == [(LOW.name, 1.0), (HIGH.name, 0.5)]
