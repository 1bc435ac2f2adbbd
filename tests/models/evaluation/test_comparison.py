"""Models side by side: intervals, paired differences, and what is left out."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from models.evaluation import METRICS, evaluate_models
from models.evaluation.comparison import _with_intervals, recentred

NOTHING = np.array([])


def sample(size: int, signal: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.random(size) < 0.3
    return labels, 1 / (1 + np.exp(1 - signal * labels - generator.normal(size=size)))


def evaluate(labels: np.ndarray, predictions: dict[str, np.ndarray], cohorts: np.ndarray, **options: Any) -> Any:
    return evaluate_models(
        labels, predictions, cohorts, **({"replicates": 200, "confidence": 0.95, "seed": 5} | options)
    )


def test_evaluation_of_nothing_has_only_nones() -> None:
    found = evaluate(NOTHING.astype(bool), {"main": NOTHING, "other": NOTHING}, NOTHING)
    empty = {name: {"value": None, "lower": None, "upper": None} for name in METRICS}
    assert found["accounts"] == found["inauthentic"] == found["cohorts"] == 0
    assert found["models"] == {"main": empty, "other": empty}
    assert found["differences"] == {"other": empty}


def test_values_lie_within_their_intervals_and_the_same_seed_repeats_them() -> None:
    labels, probability = sample(600, 2.0, seed=1)
    cohorts = np.arange(600) // 10
    found = evaluate(labels, {"main": probability}, cohorts)
    for name in METRICS[:5]:
        entry = found["models"]["main"][name]
        assert entry["lower"] < entry["value"] < entry["upper"], name
    assert found["interval"] == "bootstrap over cohorts"
    assert (found["accounts"], found["cohorts"], found["left_out"]) == (600, 60, 0)
    assert found == evaluate(labels, {"main": probability}, cohorts)
    assert found != evaluate(labels, {"main": probability}, cohorts, seed=6)
    assert json.loads(json.dumps(found)) == found


def test_interval_matches_theory_where_accounts_are_independent() -> None:
    labels, probability = sample(2_000, 1.0, seed=2)
    entry = evaluate(labels, {"main": probability}, np.arange(2_000), replicates=400)["models"]["main"]["brier"]
    error = np.std((probability - labels) ** 2) / math.sqrt(2_000)
    assert entry["upper"] - entry["lower"] == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_accounts_that_share_a_cohort_widen_the_interval() -> None:
    labels, probability = sample(40, 1.0, seed=3)
    labels, probability = np.repeat(labels, 25), np.repeat(probability, 25)
    together = evaluate(labels, {"main": probability}, np.repeat(np.arange(40), 25))
    apart = evaluate(labels, {"main": probability}, np.arange(1_000))
    width = [
        each["models"]["main"]["auc"]["upper"] - each["models"]["main"]["auc"]["lower"] for each in (together, apart)
    ]
    assert width[0] > 3 * width[1]


@pytest.mark.parametrize(
    ("cohorts", "interval"),
    [
        pytest.param(np.zeros(100), "bootstrap over accounts", id="one cohort cannot be resampled"),
        pytest.param(np.arange(100), "bootstrap over accounts", id="every account its own"),
        pytest.param(np.arange(100) % 2, "bootstrap over cohorts", id="two"),
    ],
)
def test_the_result_says_what_was_drawn(cohorts: np.ndarray, interval: str) -> None:
    labels, probability = sample(100, 1.0, seed=4)
    assert evaluate(labels, {"main": probability}, cohorts)["interval"] == interval


def test_differences_are_paired() -> None:
    labels, probability = sample(500, 1.5, seed=5)
    found = evaluate(labels, {"main": probability, "same": probability, "coin": np.full(500, 0.3)}, np.arange(500) // 5)
    assert found["differences"]["same"]["auc"] == {"value": 0.0, "lower": 0.0, "upper": 0.0}
    over_coin = found["differences"]["coin"]["auc"]
    assert over_coin["value"] == pytest.approx(found["models"]["main"]["auc"]["value"] - 0.5)
    assert over_coin["lower"] > 0
    assert set(found["differences"]) == {"same", "coin"}


def test_an_account_that_one_model_cannot_score_is_left_out_for_all() -> None:
    labels, probability = sample(100, 1.5, seed=6)
    gap = probability.copy()
    gap[:7] = np.nan
    found = evaluate(labels, {"main": gap, "other": probability}, np.arange(100))
    without = evaluate(labels[7:], {"main": probability[7:], "other": probability[7:]}, np.arange(93))
    assert (found["accounts"], found["left_out"]) == (93, 7)
    assert found["models"]["other"] == without["models"]["other"]


def test_evaluation_refuses_what_it_cannot_compare() -> None:
    labels, probability = sample(10, 1.0, seed=7)
    with pytest.raises(ValueError, match="at least one model"):
        evaluate(labels, {}, np.arange(10))
    with pytest.raises(ValueError, match=r"cohorts \(9\) and labels \(10\)"):
        evaluate(labels, {"main": probability}, np.arange(9))


def test_the_interval_of_the_calibration_error_holds_its_value() -> None:
    # Resampling adds noise that this error counts as miscalibration: unmended, the value lies below its own interval.
    generator = np.random.default_rng(4)
    probability = generator.uniform(size=1500)
    labels = generator.uniform(size=1500) < probability
    found = evaluate_models(labels, {"model": probability}, np.arange(1500), replicates=60, confidence=0.9, seed=1)[
        "models"
    ]["model"]["expected_calibration_error"]
    assert 0.0 <= found["lower"] <= found["value"] <= found["upper"]


def test_an_error_is_not_below_zero_but_a_difference_of_two_is() -> None:
    # Draws 0, 0.01, ... 1 of a value of 0.1: their mean is 0.4 too high, and 0.05 to 0.95 less that is -0.35 to 0.55.
    values, draws = np.full(len(METRICS), 0.1), np.tile(np.linspace(0.0, 1.0, 101)[:, None], len(METRICS))
    error = _with_intervals(values, draws, 0.9)["expected_calibration_error"]
    assert error == {"value": 0.1, "lower": 0.0, "upper": pytest.approx(0.55)}
    difference = _with_intervals(values, draws, 0.9, lowest=-np.inf)["expected_calibration_error"]
    assert difference["lower"] == pytest.approx(-0.35)


def test_the_interval_of_an_error_ends_at_zero_unless_told_otherwise() -> None:
    assert recentred(0.1, np.linspace(0.0, 1.0, 101), 0.9) == (0.0, pytest.approx(0.55))
