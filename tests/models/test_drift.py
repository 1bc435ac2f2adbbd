"""Drift: what is counted, what is ordinary among cohorts, and what is warned of in which words."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from functools import reduce
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.drift import FEWEST_ACCOUNTS, SCORE, STATED_AT, Distribution, Drift, Kind, added, fit_drift
from models.scoring import SCORE_PREVALENCE

NAN = float("nan")
NAMES = ("growth_calm_spread", "growth_burst_share", "comments_rare_share")
COHORTS, MEMBERS = 40, 250


def accounts(seed: int, cohort_spread: float = 0.3, count: int = MEMBERS, shift: float = 0.0) -> np.ndarray:
    """One cohort's accounts: its level wanders by `cohort_spread`; a tenth lacks growth, the share is mostly 0."""
    generator = np.random.default_rng(seed)
    level = shift + cohort_spread * generator.normal()
    growth = generator.normal(level, 1.0, count)
    burst = np.where(generator.random(count) < 0.8, 0.0, generator.random(count))
    for column in (growth, burst):
        column[generator.random(count) < 0.1] = NAN
    rare = np.where(generator.random(count) < 0.01, 0.5, NAN)
    return np.column_stack([growth, burst, rare])


def probability(values: np.ndarray) -> np.ndarray:
    """A score that follows the first feature; no verdict without it."""
    return 1.0 / (1.0 + np.exp(1.0 - values[:, 0]))


def fitted(**changes: Any) -> Drift:
    values = np.vstack([accounts(seed, **changes) for seed in range(COHORTS)])
    cohorts = np.repeat([f"cohort-{index:02d}" for index in range(COHORTS)], MEMBERS)
    return fit_drift(values, NAMES, cohorts, probability(values), cohorts, seed=1)


def tallied(drift: Drift, values: np.ndarray) -> dict[str, Any]:
    return drift.tally(pl.DataFrame(dict(zip(NAMES, values.T, strict=True))).fill_nan(None), probability(values))


def warned(drift: Drift, values: np.ndarray) -> list[Any]:
    found = drift.warnings(tallied(drift, values))
    assert found is not None
    return found


def test_nothing_is_said_of_an_empty_batch() -> None:
    drift = fitted()
    assert drift.warnings(tallied(drift, np.empty((0, 3)))) is None


def test_the_stated_prevalence_is_that_of_the_score() -> None:
    assert STATED_AT == SCORE_PREVALENCE


def test_a_batch_of_499_is_not_measured_and_one_of_500_is() -> None:
    drift = fitted()
    values = accounts(77, count=FEWEST_ACCOUNTS, shift=9.0)
    assert drift.warnings(tallied(drift, values[1:])) is None
    assert warned(drift, values)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([], [0, 0, 0, 0], id="nobody"),
        pytest.param([NAN, NAN], [0, 0, 0, 2], id="nobody with a value"),
        pytest.param([0.0, 0.1, 0.2, 0.5, 0.6, NAN], [2, 2, 1, 1], id="a bin includes its upper edge"),
        pytest.param([-9.0, 9.0], [1, 0, 1, 0], id="beyond the training's range the outer bins count"),
    ],
)
def test_a_tally_counts_bins_and_the_missing(values: list[float], expected: list[int]) -> None:
    known = Distribution((0.1, 0.5), 0.0, 1.0, (5, 5, 5), 0, {"values": 0.0, "missing": 0.0})
    assert known.tally(np.array(values)).tolist() == expected


def test_tallies_of_parts_add_up_whatever_their_order() -> None:
    drift = fitted()
    values = accounts(5, count=900, shift=3.0)
    whole = drift.warnings(tallied(drift, values))
    parts = [tallied(drift, part) for part in np.array_split(values, 7)]
    assert drift.warnings(reduce(added, parts[::-1])) == whole


def test_the_median_lies_where_half_of_the_tally_does() -> None:
    known = Distribution((1.0, 2.0), 0.0, 4.0, (4, 4, 4), 0, {"values": 0.0, "missing": 0.0})
    assert known.median(np.array([0, 4, 0, 9])) == 1.5
    assert known.median(np.array([1, 1, 2, 0])) == 2.0
    assert np.isnan(known.median(np.array([0, 0, 0, 9])))
    assert known.rank(1.5) == (4 + 4 * 0.5) / 12


@pytest.mark.parametrize(
    ("value", "rank"),
    [
        pytest.param(-5.0, 0.0, id="below all"),
        pytest.param(0.5, 10 * 0.5 / 40, id="within the first bin"),
        pytest.param(1.0, 10 / 40, id="an edge belongs to the bin below"),
        pytest.param(2.0, (10 + 20 * 0.5) / 40, id="within the second"),
        pytest.param(3.0, (10 + 20) / 40, id="the upper edge"),
        pytest.param(4.0, (30 + 10 * 0.25) / 40, id="within the last"),
        pytest.param(99.0, 1.0, id="above all"),
    ],
)
def test_a_rank_is_the_share_of_the_training_up_to_a_value(value: float, rank: float) -> None:
    known = Distribution((1.0, 3.0), 0.0, 7.0, (10, 20, 10), 5, {"values": 0.0, "missing": 0.0})
    assert known.rank(value) == pytest.approx(rank)


def test_a_value_that_all_of_a_bin_share_has_the_rank_of_its_middle() -> None:
    known = Distribution((2.0,), 2.0, 9.0, (30, 10), 0, {"values": 0.0, "missing": 0.0})
    assert known.rank(2.0) == 30 * 0.5 / 40


def warnings_of(
    batch: tuple[int, ...], training: tuple[int, ...], limits: dict[Kind, float] | None = None
) -> list[Any]:
    """Of one feature with edges 1 and 3, values from 0 to 4; both tallies end with those without a value."""
    known = Distribution((1.0, 3.0), 0.0, 4.0, training[:-1], training[-1], {"values": 0.01, "missing": 0.01})
    flat = Distribution((), 0.5, 0.5, (sum(training),), 0, {"values": 0.0, "missing": 0.0})
    drift = Drift({"growth_made_up_share": known}, flat, limits or {"values": 2.0, "missing": 2.0})
    found = drift.warnings({SCORE: np.array([sum(batch), 0]), "growth_made_up_share": np.array(batch)})
    assert found is not None
    return found


def test_the_index_and_what_is_expected_by_hand() -> None:
    # Half an account more a bin: (600.5, 200.5, 200.5) / 1001.5 against (200.5, 600.5, 200.5) / 1001.5.
    here, there = np.array([600.5, 200.5, 200.5]) / 1001.5, np.array([200.5, 600.5, 200.5]) / 1001.5
    (found,) = warnings_of((600, 200, 200, 0), (200, 600, 200, 0))
    assert found["psi"] == round(float(((here - there) * np.log(here / there)).sum()), 4)
    # two degrees of freedom, a thousand accounts each side, a surplus of 0.01, a limit of 2; yet never below 0.1
    assert found["expected"] == max(round(2.0 * (2 * (1 / 1000 + 1 / 1000) + 0.01), 4), 0.1) == 0.1
    (found,) = warnings_of((600, 200, 200, 0), (200, 600, 200, 0), {"values": 20.0, "missing": 20.0})
    assert found["expected"] == round(20.0 * (2 * (1 / 1000 + 1 / 1000) + 0.01), 4) == 0.28
    (found,) = warnings_of((600, 200, 200, 0), (200, 600, 200, 0), {"values": 20.03, "missing": 20.0})
    assert found["expected"] == 0.2804, "20.03 x 0.014 = 0.28042"


@pytest.mark.parametrize(
    ("batch", "training", "text"),
    [
        pytest.param(
            (600, 200, 200, 0),
            (200, 600, 200, 0),
            # medians: 500 of the 600 below 1; 300 of the 600 between 1 and 3
            "values are lower than in training: median below 1 against 2, 60% of them at most 1 against 20%",
            id="lower",
        ),
        pytest.param(
            (100, 100, 800, 0),
            (200, 600, 200, 0),
            "values are higher than in training: median above 3 against 2, 80% of them above 3 against 20%",
            id="higher",
        ),
        pytest.param(
            (450, 100, 450, 0),
            (100, 800, 100, 0),
            "values are otherwise spread than in training: median 2 against 2, 10% of them from 1 to 3 against 80%",
            id="wider",
        ),
        pytest.param(
            (0, 500, 0, 500),
            (0, 1000, 0, 0),
            "known of 50% of the accounts, of 100% in training",
            id="missing",
        ),
    ],
)
def test_a_warning_says_where_the_values_lie_instead(batch: Any, training: Any, text: str) -> None:
    (found,) = warnings_of(batch, training)
    assert found["text"] == f"growth_made_up_share: {text}"


def test_forty_nine_values_are_too_few_to_say_where_they_lie() -> None:
    kinds = [{each["kind"] for each in warnings_of((known, 0, 0, 950), (0, 900, 0, 100))} for known in (49, 50)]
    assert kinds == [{"missing"}, {"missing", "values"}]


def test_ties_leave_fewer_bins_and_one_value_leaves_none() -> None:
    values = np.column_stack([np.arange(400.0), np.repeat([0.0, 1.0], [300, 100]), np.full(400, 7.0)])
    drift = fit_drift(values, NAMES, np.repeat(["a"], 400), np.full(400, 0.5), np.repeat(["a"], 400), seed=1)
    known = drift.features
    assert [len(known[name].counts) for name in NAMES] == [10, 2, 1]
    assert known["growth_burst_share"].counts == (300, 100)
    assert known["growth_calm_spread"].counts == (40,) * 10


def test_fresh_cohorts_like_the_training_warn_seldom() -> None:
    drift = fitted()
    batches = [accounts(1000 + seed, count=500 + 60 * seed) for seed in range(25)]
    assert sum(bool(warned(drift, batch)) for batch in batches) <= 2


def test_a_batch_like_no_cohort_is_warned_of_although_cohorts_differ() -> None:
    found = warned(fitted(), accounts(3, count=1000, shift=3.0))
    assert {each["feature"] for each in found} == {"growth_calm_spread", SCORE}
    (growth,) = [each for each in found if each["feature"] == "growth_calm_spread"]
    assert growth["psi"] > growth["expected"] >= 0.1
    assert growth["text"].startswith("growth_calm_spread: values are higher than in training: median above 1.")
    assert "against 10%" in growth["text"]


def test_what_is_drift_among_like_cohorts_is_ordinary_among_unlike_ones() -> None:
    batch = accounts(8, cohort_spread=0.0, count=1000, shift=0.6)
    assert warned(fitted(cohort_spread=0.0), batch)
    assert warned(fitted(cohort_spread=0.5), batch) == []


def test_a_table_that_is_missing_is_one_warning() -> None:
    values = accounts(9, count=800)
    values[:, :2] = NAN
    found = warned(fitted(), values)
    assert [(each["feature"].split("_")[0], each["kind"]) for each in found] == [("growth", "missing")]
    assert "known of 0% of the accounts, of 90% in training, and so with 1 more of this group" in found[0]["text"]


def test_the_farthest_beyond_what_is_expected_comes_first() -> None:
    values = accounts(10, count=800, shift=2.0)
    values[:, 1] = NAN
    found = warned(fitted(), values)
    factors = [each["psi"] / each["expected"] for each in found]
    assert len(found) == 3
    assert factors == sorted(factors, reverse=True)


def test_few_values_say_nothing_of_where_they_lie() -> None:
    """Of 800 accounts about 8 have the rare feature, wherever: 50 values are needed."""
    values = accounts(11, count=800)
    values[:, 2] = np.where(np.isnan(values[:, 2]), NAN, 99.0)
    assert warned(fitted(), values) == []


@pytest.mark.parametrize(("cohorts", "members"), [(3, 300), (30, 60), (900, 1)], ids=["few", "small", "none at all"])
def test_too_few_large_cohorts_are_no_obstacle(cohorts: int, members: int) -> None:
    values = accounts(12, count=cohorts * members)
    names = np.repeat([f"{index:03d}" for index in range(cohorts)], members)
    drift = fit_drift(values, NAMES, names, probability(values), names, seed=1)
    assert drift == fit_drift(values, NAMES, names, probability(values), names, seed=1)
    assert warned(drift, accounts(13, cohort_spread=0.0, count=700, shift=4.0))


def test_the_order_of_the_training_accounts_changes_nothing_where_cohorts_are_known() -> None:
    values = np.vstack([accounts(seed) for seed in range(COHORTS)])
    cohorts = np.repeat([f"cohort-{index:02d}" for index in range(COHORTS)], MEMBERS)
    turned = np.random.default_rng(2).permutation(len(cohorts))
    assert fitted() == fit_drift(
        values[turned], NAMES, cohorts[turned], probability(values)[turned], cohorts[turned], seed=1
    )


def test_it_survives_json() -> None:
    drift = fitted()
    assert Drift.from_json(json.loads(json.dumps(asdict(drift), allow_nan=False))) == drift


def test_a_missing_entry_is_refused() -> None:
    entry = asdict(replace(fitted()))
    del entry["limits"]["missing"]
    with pytest.raises(KeyError, match="missing"):
        Drift.from_json(entry)
