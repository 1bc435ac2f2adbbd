"""Calibration: pooled, in bins, and cohort by cohort with its noise taken out."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from models.evaluation import (
    Sample,
    calibration_error,
    calibration_under_mixes,
    clopper_pearson,
    cohort_calibration,
    noise_floor,
    reliability_bins,
)
from tests.models.evaluation.judged import bought, judged, sampled

NOTHING = np.array([])


def cohorts(sizes: list[int]) -> Sample:
    """As many cohorts of these sizes."""
    names = [f"{index:03d}" for index, size in enumerate(sizes) for _ in range(size)]
    return Sample(pl.DataFrame({"cohort": names}, schema={"cohort": pl.String}), replicates=100, confidence=0.9, seed=2)


def test_nothing_is_neither_calibrated_nor_not() -> None:
    empty, none = cohorts([]), NOTHING.astype(bool)
    assert noise_floor(NOTHING) is None
    assert calibration_error(empty, none, NOTHING, none) == {
        "value": None,
        "lower": None,
        "upper": None,
        "noise_floor": None,
    }
    assert reliability_bins(empty, none, NOTHING) == []
    assert calibration_under_mixes(sampled(judged()), none, NOTHING) == []
    assert cohort_calibration(empty, none, NOTHING) is None


def test_reliability_bins() -> None:
    labels = np.array([True] * 20 + [False] * 30 + [True] * 30 + [False] * 20)
    probability = np.array([0.2] * 50 + [0.6] * 50)
    low, high = reliability_bins(cohorts([1] * 100), labels, probability)
    assert (low["accounts"], low["mean_probability"], low["inauthentic_share"]) == (50, pytest.approx(0.2), 20 / 50)
    assert (low["lower"], low["upper"]) == clopper_pearson(20, 50, 0.9)
    assert high["inauthentic_share"] == 30 / 50


def test_the_noise_floor_is_what_a_perfect_model_gets() -> None:
    generator = np.random.default_rng(8)
    probability = generator.uniform(size=3_000)
    sample, everyone = cohorts([1] * 3_000), np.ones(3_000, dtype=bool)
    errors = []
    for _ in range(12):
        labels = generator.uniform(size=3_000) < probability
        bins = reliability_bins(sample, labels, probability)
        errors.append(sum(row["accounts"] * abs(row["inauthentic_share"] - row["mean_probability"]) for row in bins))
    assert np.mean(errors) / everyone.sum() == pytest.approx(noise_floor(probability), rel=0.2)


def test_a_scheme_that_is_underestimated_is_said_so_when_it_is_all_there_is() -> None:
    # Half are inauthentic and stated .5; those with pods are stated .2, and those who buy followers .8.
    rows = [{"probability": 0.5}] * 8
    rows += [bought("engagement_pod", 0.5, probability=0.2)] * 4 + [
        bought("bought_followers", 0.5, probability=0.8)
    ] * 3
    rows += [bought("bought_followers+engagement_pod", 0.5, probability=0.8)]
    frame = judged(*rows)
    labels, probability = frame["is_inauthentic"].to_numpy(), frame["probability"].to_numpy()
    followers, pods = calibration_under_mixes(sampled(frame), labels, probability)
    assert (followers["scheme"], followers["accounts"], pods["accounts"]) == ("bought_followers", 3, 4)
    assert followers["difference"]["value"] == pytest.approx(0.5 - (0.5 * 0.5 + 0.5 * 0.8))
    assert pods["difference"]["value"] == pytest.approx(0.5 - (0.5 * 0.5 + 0.5 * 0.2))
    # Eight of weight one are stated .5 and none is so; eight of weight two altogether are stated .2 and all are so.
    assert pods["calibration"]["value"] == pytest.approx(0.5 * 0.5 + 0.5 * 0.8)


def drawn(spread: float, seed: int) -> tuple[Sample, np.ndarray, np.ndarray]:
    """Two hundred cohorts of forty whose share inauthentic lies off the stated .4 by a deviation of `spread`."""
    generator = np.random.default_rng(seed)
    true = np.repeat(0.4 + spread * generator.normal(size=200), 40)
    return cohorts([40] * 200), generator.uniform(size=8_000) < true, np.full(8_000, 0.4)


def test_small_cohorts_of_a_calibrated_model_deviate_by_chance_alone() -> None:
    found = cohort_calibration(*drawn(0.0, seed=1))
    assert found is not None
    # Forty coins of .4 have a standard deviation of .077, of which nothing is left.
    assert found["mean_absolute_difference"] == pytest.approx(found["of_it_noise"], rel=0.15)
    assert found["of_it_noise"] == pytest.approx(np.sqrt(2 / np.pi * 0.4 * 0.6 / 40))
    assert found["spread"]["value"] < 0.02
    assert found["beyond_90"] == pytest.approx(0.1, abs=0.07)


def test_what_is_more_than_chance_is_measured() -> None:
    found = cohort_calibration(*drawn(0.08, seed=2))
    assert found is not None
    assert found["spread"]["value"] == pytest.approx(0.08, rel=0.2)
    assert found["spread"]["lower"] < 0.08 < found["spread"]["upper"]
    assert found["beyond_90"] > 0.15  # .1 by chance
    # A constant is as good as no model: the shares inauthentic spread as far.
    assert found["prevalence_spread"]["value"] == pytest.approx(found["spread"]["value"], rel=0.1)


@pytest.mark.parametrize("sizes", [[1] * 30, [30]], ids=["every account its own", "one cohort"])
def test_without_cohorts_there_is_none_to_tell_of(sizes: list[int]) -> None:
    assert cohort_calibration(cohorts(sizes), np.arange(30) < 10, np.full(30, 0.3)) is None


def test_a_cohort_of_certainties_has_no_infinite_weight() -> None:
    labels = np.array([True, True, False, False])
    found = cohort_calibration(cohorts([2, 2]), labels, np.array([1.0, 1.0, 0.0, 0.5]))
    assert found is not None
    assert np.isfinite(found["spread"]["value"])
