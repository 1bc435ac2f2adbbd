from __future__ import annotations

import polars as pl
import pytest

from simulation.cohort import simulate_cohort
from tests.priors import PRIORS

SEEDS = range(300, 308)
ACCOUNTS = 300


@pytest.fixture(scope="session")
def cohorts() -> list[dict[str, pl.DataFrame]]:
    """Eight cohorts with their own rules; simulated once for all tests of this folder."""
    return [simulate_cohort(seed, ACCOUNTS, PRIORS) for seed in SEEDS]


@pytest.fixture(scope="session")
def tables(cohorts: list[dict[str, pl.DataFrame]]) -> dict[str, pl.DataFrame]:
    """The eight cohorts one below the other."""
    return {name: pl.concat([cohort[name] for cohort in cohorts]) for name in cohorts[0]}
