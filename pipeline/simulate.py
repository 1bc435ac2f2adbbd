"""Stage `simulate`, and the command: labelled cohorts for training, an unlabelled incoming batch, candidates."""

from __future__ import annotations

import random
from collections.abc import Callable
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
        jobs = joblib.Parallel(n_jobs=params.jobs, return_as="generator_unordered")(
            joblib.delayed(write_cohort)(
                training, seed, params.accounts_per_cohort, params.priors, part=f"cohort-{seed:06d}"
            )
            for seed in params.seeds
        )
        for done, _ in enumerate(jobs, start=1):
            report(f"cohort {done} of {params.cohorts}")
    report("incoming batch")
    simulate_folder(layout.INCOMING, params.incoming_accounts, params.incoming_seed, params.priors, labels=False)
    write_candidates(params.candidates, params.incoming_seed)


def simulate_folder(output: Path, accounts: int, seed: int, priors: Priors, *, labels: bool = True) -> None:
    """One cohort as a dataset folder of the contract; an existing dataset folder is replaced whole.

    Raises:
        UnusableInputError: the place is taken by something else than tables, which would be lost.
    """
    _check_place(output)
    with atomic_folder(output) as folder:
        write_cohort(folder, seed, accounts, priors, part=None)
        if not labels:
            (folder / "labels.parquet").unlink()


def _check_place(output: Path) -> None:
    check_output_folder(output)
    tables = {f"{name}.parquet" for name in CONTRACTS}
    others = sorted(path.name for path in output.iterdir() if path.name not in tables) if output.is_dir() else []
    if others:
        raise UnusableInputError(
            f"output: '{output}' would be replaced whole. Found: {others[0]!r} in it, which is no table of an earlier "
            "simulation. Give another folder."
        )


def write_cohort(folder: Path, seed: int, accounts: int, priors: Priors, part: str | None) -> None:
    """Write a cohort's tables: one file a table, or one part of each table's folder."""
    tables = simulate_cohort(seed, accounts, priors)
    for name in CONTRACTS:
        path = folder / f"{name}.parquet" if part is None else folder / name / f"{part}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(tables[name], path)


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
