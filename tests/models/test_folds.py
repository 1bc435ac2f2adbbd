"""Folds: whole cohorts, all of them used, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
import pytest

from models.split import cohort_folds

COHORTS = [f"cohort-{index % 7}" for index in range(70)]


def test_fewer_cohorts_than_folds_are_refused() -> None:
    with pytest.raises(ValueError, match="cohorts: 7 found; at least 8 are needed"):
        cohort_folds(COHORTS, 8, seed=1)


def test_a_cohort_stays_whole_and_every_fold_is_used() -> None:
    pairs = set(zip(COHORTS, cohort_folds(COHORTS, 3, seed=1).tolist(), strict=True))
    assert len(pairs) == 7
    assert sorted(fold for _, fold in pairs) == [0, 0, 0, 1, 1, 2, 2]


def test_the_order_of_rows_does_not_matter_and_the_seed_does() -> None:
    shuffled = np.random.default_rng(0).permutation(len(COHORTS))
    found = cohort_folds([COHORTS[index] for index in shuffled], 3, seed=1)
    assert np.array_equal(found, cohort_folds(COHORTS, 3, seed=1)[shuffled])
    assert not np.array_equal(cohort_folds(COHORTS, 3, seed=1), cohort_folds(COHORTS, 3, seed=2))
