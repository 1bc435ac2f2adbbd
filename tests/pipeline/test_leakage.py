"""What training may not find where nothing is to be found, and must find where something is."""

from __future__ import annotations

from contextlib import chdir
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from features.catalog import features
from models.classifier import raw_scores, train_booster
from models.evaluation import auc
from models.training import TrainingSettings, feature_values, is_headline
from pipeline import layout
from pipeline.params import read_section
from pipeline.train import TrainParams, labelled_features

REPETITIONS = 8
TEST_COHORTS, TUNE_COHORTS = 4, 1


@pytest.fixture(scope="module")
def small(project: Path) -> tuple[pl.DataFrame, TrainingSettings]:
    """Labels beside features of the project's training accounts, and its settings."""
    with chdir(project):
        table = labelled_features(layout.PREPARED).filter(is_headline())
        return table, read_section("train", TrainParams).settings()


def mean_auc(table: pl.DataFrame, names: list[str], settings: TrainingSettings, *, permute: bool) -> float:
    """Mean test AUC over random splits by cohort, labels permuted within each cohort on request."""
    catalogue = features()
    monotone = [catalogue[name].monotone if name in catalogue else 0 for name in names]
    values, labels = feature_values(table, names), table["is_inauthentic"].to_numpy().astype(float)
    cohorts = table["cohort"].to_numpy()
    found = []
    for repetition in range(REPETITIONS):
        generator = np.random.default_rng(repetition)
        target = permuted(labels, cohorts, generator) if permute else labels
        order = generator.permutation(np.unique(cohorts))
        test = np.isin(cohorts, order[:TEST_COHORTS])
        tune = np.isin(cohorts, order[TEST_COHORTS : TEST_COHORTS + TUNE_COHORTS])
        fit = ~(test | tune)
        trees = train_booster(
            (values[fit], target[fit]), (values[tune], target[tune]), names, monotone, settings.classifier
        )
        raw = raw_scores(trees, values[test])
        told = auc(target[test] > 0, 1.0 / (1.0 + np.exp(-raw)))
        assert told is not None
        found.append(told)
    return float(np.mean(found))


def permuted(
    labels: NDArray[np.float64], cohorts: NDArray[np.str_], generator: np.random.Generator
) -> NDArray[np.float64]:
    result = labels.copy()
    for cohort in np.unique(cohorts):
        members = np.flatnonzero(cohorts == cohort)
        result[members] = labels[generator.permutation(members)]
    return result


def test_permuted_labels_teach_nothing(small: tuple[pl.DataFrame, TrainingSettings]) -> None:
    table, settings = small
    # About 370 test accounts eight times over: the mean AUC of a coin varies by about 0.012.
    assert mean_auc(table, list(features()), settings, permute=True) == pytest.approx(0.5, abs=0.06)


def test_real_labels_teach_something(small: tuple[pl.DataFrame, TrainingSettings]) -> None:
    table, settings = small
    assert mean_auc(table, list(features()), settings, permute=False) > 0.62


def test_a_planted_signal_is_found(small: tuple[pl.DataFrame, TrainingSettings]) -> None:
    table, settings = small
    noise = np.random.default_rng(1).normal(size=table.height)
    planted = table.with_columns(planted=2.5 * table["is_inauthentic"].cast(pl.Float64).to_numpy() + noise)
    # Two normal distributions 2.5 standard deviations apart: AUC = Phi(2.5 / sqrt(2)) = 0.961.
    assert mean_auc(planted, [*features(), "planted"], settings, permute=False) > 0.92
