"""Stage `simulate`, and the command: labelled cohorts for training, an unlabelled incoming batch, candidates."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import joblib
import polars as pl
from pydantic import Field, model_validator

from features.tables import CONTRACTS
from pipeline import layout
from pipeline.errors import UnusableInputError
from pipeline.params import Section, read_section
from pipeline.storage import atomic_folder, atomic_path, check_output_folder, write_parquet
from simulation.cohort import simulate_cohort
from simulation.priors import Priors

COHORTS_PER_PART = 10
"""Cohorts in one file of a table: reading costs by the file, and a worker holds one part at a time."""

FEE_SHARE = 0.9
"""Share of the candidates whose fee is known, so that the shortlist shows both cases."""


class SimulateParams(Section):
    """Section `simulate` of params.yaml."""

    first_seed: int = Field(ge=0)
    cohorts: int = Field(ge=4)
    accounts_per_cohort: int = Field(ge=1)
    incoming_seed: int = Field(ge=0)
    incoming_accounts: int = Field(ge=1)
    candidates: int = Field(ge=0)
    jobs: int = Field(ge=1)
    priors: Priors

    @model_validator(mode="after")
    def _incoming_is_fresh(self) -> SimulateParams:
        if self.incoming_seed in self.seeds:
            raise ValueError("incoming_seed is one of the training cohorts' seeds; the batch would be known already")
        if self.candidates > self.incoming_accounts:
            raise ValueError("candidates exceeds incoming_accounts")
        return self

    @property
    def seeds(self) -> range:
        """Seeds of the training cohorts."""
        return range(self.first_seed, self.first_seed + self.cohorts)


def run(report: Callable[[str], None]) -> None:
    """The stage: everything that section `simulate` asks for, under data/raw."""
    params = read_section("simulate", SimulateParams)
    with atomic_folder(layout.TRAINING) as training:
        parts = [params.seeds[start : start + COHORTS_PER_PART] for start in range(0, params.cohorts, COHORTS_PER_PART)]
        jobs = joblib.Parallel(n_jobs=params.jobs, return_as="generator_unordered")(
            joblib.delayed(write_part)(training, seeds, params.accounts_per_cohort, params.priors) for seeds in parts
        )
        for done, _ in enumerate(jobs, start=1):
            report(f"part {done} of {len(parts)}")
    report("incoming batch")
    simulate_folder(layout.INCOMING, params.incoming_accounts, params.incoming_seed, params.priors, labels=False)
    write_candidates(params.candidates, params.incoming_seed)


def simulate_folder(output: Path, accounts: int, seed: int, priors: Priors, *, labels: bool = True) -> None:
    """One cohort as a dataset folder of the contract, one file a table; what else is in the folder stays there.

    Raises:
        UnusableInputError: the place is no folder, or holds a table in another form, which would then stand twice.
    """
    check_output_folder(output)
    others = sorted(path.name for path in output.iterdir() if _is_other_form(path)) if output.is_dir() else []
    if others:
        raise UnusableInputError(
            f"output: '{output}' holds a table in another form. Found: {', '.join(others)}. Give another folder."
        )
    tables = simulate_cohort(seed, accounts, priors)
    for name in CONTRACTS:
        if labels or name != "labels":
            write_parquet(tables[name], output / f"{name}.parquet")


def _is_other_form(path: Path) -> bool:
    table = path.name.partition(".")[0]
    return table in CONTRACTS and path.name != f"{table}.parquet"


def write_part(folder: Path, seeds: Sequence[int], accounts: int, priors: Priors) -> None:
    """Write one part of each table's folder, with a cohort of each seed."""
    cohorts = [simulate_cohort(seed, accounts, priors) for seed in seeds]
    for name in CONTRACTS:
        path = folder / name / f"seeds-{seeds[0]:06d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(pl.concat([tables[name] for tables in cohorts]), path)


def write_candidates(count: int, seed: int) -> None:
    """A candidates list drawn from the incoming batch, two campaigns, most with a fee; one account nobody observed.

    A fee is about ten per thousand followers (assumed), so that the shortlist has something to divide.
    """
    accounts = pl.read_parquet(layout.INCOMING / "accounts.parquet").sort("account_id")
    generator = random.Random(seed)  # noqa: S311 - a list of examples, not a secret
    lines = []
    for index, row in enumerate(sorted(generator.sample(range(accounts.height), count))):
        account = accounts.row(row, named=True)
        fee = round(max(account["follower_count"] / 1000, 1) * generator.uniform(6, 14))
        lines.append(
            {
                "campaign": "spring" if index % 2 else "autumn",
                "account_id": account["account_id"],
                "platform": account["platform"],
                "handle": account["handle"],
                "fee": fee if generator.random() < FEE_SHARE else None,
                "currency": "EUR",
            }
        )
    if lines:
        absent = {"campaign": "spring", "account_id": "not-in-the-batch", "platform": None, "handle": None}
        lines.append({**absent, "fee": 100, "currency": "EUR"})
    schema = {
        "campaign": pl.String,
        "account_id": pl.String,
        "platform": pl.String,
        "handle": pl.String,
        "fee": pl.Int64,
        "currency": pl.String,
    }
    with atomic_path(layout.CANDIDATES) as path:
        pl.DataFrame(lines, schema=schema).write_csv(path)
