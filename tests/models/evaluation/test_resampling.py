"""Intervals: exact ones for accounts of no shared cohort, whole cohorts drawn for the others."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models.evaluation import Sample, clopper_pearson
from tests.models.evaluation.judged import judged, sampled


@pytest.mark.parametrize(
    ("count", "total", "expected"),
    [
        pytest.param(0, 0, (None, None), id="none at all"),
        pytest.param(0, 30, (0.0, 1 - 0.025 ** (1 / 30)), id="0 of 30: the upper end in closed form"),
        pytest.param(30, 30, (0.025 ** (1 / 30), 1.0), id="30 of 30"),
        pytest.param(5, 10, (0.1871, 0.8129), id="5 of 10, from Clopper and Pearson's tables"),
    ],
)
def test_clopper_pearson(count: int, total: int, expected: tuple[float | None, float | None]) -> None:
    assert clopper_pearson(count, total) == (pytest.approx(expected[0], abs=1e-4), pytest.approx(expected[1], abs=1e-4))


def test_nothing_has_no_share() -> None:
    empty = sampled(judged())
    nothing = np.zeros(0, dtype=bool)
    assert empty.share(nothing, nothing) == {"value": None, "lower": None, "upper": None}
    assert empty.ratio(np.zeros(0), np.zeros(0)) == {"value": None, "lower": None, "upper": None}


def alike(cohorts: list[str], hit: list[bool]) -> tuple[Sample, np.ndarray, np.ndarray]:
    """Accounts of the cohorts named, which of them are hit, and all of them."""
    frame = judged(*({"cohort": cohort} for cohort in cohorts))
    return sampled(frame), np.array(hit), np.ones(len(hit), dtype=bool)


def test_accounts_of_no_shared_cohort_get_exact_intervals() -> None:
    sample, hit, everyone = alike([f"{index}" for index in range(10)], [True] * 5 + [False] * 5)
    assert sample.unit == "accounts"
    found = sample.share(hit, everyone)
    assert (found["lower"], found["upper"]) == clopper_pearson(5, 10, 0.9)


def test_cohorts_that_differ_widen_the_interval() -> None:
    # Twenty cohorts of ten: in half of them all are hit, in the others none. As accounts they would be 200 coins.
    cohorts = [f"{index // 10:02d}" for index in range(200)]
    sample, hit, everyone = alike(cohorts, [index // 10 < 10 for index in range(200)])
    found = sample.share(hit, everyone)
    lower, upper = clopper_pearson(100, 200, 0.9)
    assert sample.unit == "cohorts"
    assert found["value"] == 0.5
    assert found["upper"] - found["lower"] > 2 * (upper - lower)


def test_none_among_cohorts_is_not_certain_to_stay_none() -> None:
    sample, hit, everyone = alike([f"{index // 10}" for index in range(40)], [False] * 40)
    assert sample.share(hit, everyone) == {"value": 0.0, "lower": 0.0, "upper": clopper_pearson(0, 40, 0.9)[1]}


def test_a_ratio_is_of_sums_and_repeats() -> None:
    sample, hit, everyone = alike(["a", "a", "b", "b"], [True, False, True, True])
    found = sample.ratio(hit * 2.0, everyone * 4.0)
    assert found["value"] == 3 * 2 / (4 * 4)
    assert found == sample.ratio(hit * 2.0, everyone * 4.0)
    # A draw of a twice gives (2 + 2) / 16, of b twice (4 + 4) / 16.
    assert (found["lower"], found["upper"]) == (4 / 16, 8 / 16)


def test_null_is_no() -> None:
    frame = judged({"benign_story": "viral"}, {"benign_story": None})
    assert sampled(frame).where(pl.col("benign_story") == "viral").tolist() == [True, False]
