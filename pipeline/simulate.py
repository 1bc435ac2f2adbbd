"""Stage `simulate`, and the command: labelled cohorts for training, an unlabelled incoming batch, candidates."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import joblib
import polars as pl
from pydantic import Field, model_validator

from features.tables import CONTRACTS
from pipeline import layout
from pipeline.claims import claimed
from pipeline.errors import UnusableInputError
from pipeline.params import Section, read_section
from pipeline.progress import Report, counted
from pipeline.storage import (
    ROWS_PER_GROUP,
    atomic_folder,
    atomic_path,
    publish,
    scratch_folder,
    write_parquet,
)
from simulation.cohort import cohort_sizes, simulate_chunks, simulate_cohort
from simulation.priors import Priors

COHORTS_PER_PART = 10
"""Cohorts in one file of a table: reading costs by the file, and a worker holds one part at a time."""

LABEL_SOURCE = "simulation"
"""What the labels of a simulated cohort say of their source."""

FEE_SHARE = 0.9
"""Share of the candidates whose fee is known, so that the shortlist shows both cases."""


class SimulateParams(Section):
    """Section `simulate` of params.yaml."""

    first_seed: int = Field(ge=0)
    cohorts: int = Field(ge=4)
    smallest_cohort: int = Field(ge=1)
    largest_cohort: int = Field(ge=1)
    incoming_seed: int = Field(ge=0)
    incoming_accounts: int = Field(ge=1)
    candidates: int = Field(ge=0)
    jobs: int = Field(ge=1)

    @model_validator(mode="after")
    def _incoming_is_fresh(self) -> SimulateParams:
        if self.incoming_seed in self.seeds:
            raise ValueError("incoming_seed is one of the training cohorts' seeds; the batch would be known already")
        if self.candidates > self.incoming_accounts:
            raise ValueError("candidates exceeds incoming_accounts")
        if self.largest_cohort < self.smallest_cohort:
            raise ValueError("largest_cohort is below smallest_cohort")
        return self

    @property
    def seeds(self) -> range:
        """Seeds of the training cohorts."""
        return range(self.first_seed, self.first_seed + self.cohorts)

    @property
    def sizes(self) -> list[int]:
        """Accounts of each training cohort, in the order of the seeds."""
        return cohort_sizes(self.cohorts, self.smallest_cohort, self.largest_cohort, self.first_seed)


def read_priors(path: Path = layout.PARAMS) -> Priors:
    """Section `priors` of params.yaml.

    Raises:
        UnusableInputError: as `read_section`.
    """
    return read_section("priors", Priors, path)


def run(report: Report) -> None:
    """The stage: everything that section `simulate` asks for, under data/raw."""
    params, priors = read_section("simulate", SimulateParams), read_priors()
    with atomic_folder(layout.TRAINING) as training:
        write_cohorts(training, list(zip(params.seeds, params.sizes, strict=True)), priors, params.jobs, report)
    # The stage owns its folder: it is replaced whatever it holds.
    incoming = (layout.INCOMING, params.incoming_accounts, params.incoming_seed)
    simulate_folder(*incoming, priors, labels=False, overwrite=True, report=report)
    write_candidates(params.candidates, params.incoming_seed)


def simulate_folder(
    output: Path,
    accounts: int,
    seed: int,
    priors: Priors,
    *,
    labels: bool = True,
    overwrite: bool = False,
    report: Report = lambda _: None,
) -> None:
    """One cohort as a dataset folder of the contract, one file a table; what else is in the folder stays there.

    Args:
        output: made if it is missing.
        accounts: how many.
        seed: of the cohort's rules and dice.
        priors: what the rules are drawn from.
        labels: whether the table of that name is written, too.
        overwrite: replace tables even if they are not those of an earlier simulation.
        report: told what is being done.

    Raises:
        UnusableInputError: the place is no folder, holds a table in another form, which would then stand twice, or
            tables that no simulation wrote, unless `overwrite`.
    """
    with claimed(output, report):
        _check_free(output, overwrite=overwrite)
        # In the output, not in the system's temporary folder: a million accounts may not fit there.
        with scratch_folder(output) as aside:
            _simulate(aside, accounts, seed, priors, labels=labels, report=report)
            publish(aside, [f"{name}.parquet" for name in _tables(labels=labels)], output)


def _check_free(output: Path, *, overwrite: bool) -> None:
    """Refuse a folder whose tables would stand twice or be lost, see `simulate_folder`."""
    others = sorted(path.name for path in output.iterdir() if _is_other_form(path))
    if others:
        raise UnusableInputError(
            f"output: '{output}' holds a table in another form. Found: {', '.join(others)}. Give another folder."
        )
    if not overwrite:
        _check_own(output)


def _tables(*, labels: bool) -> list[str]:
    return [name for name in CONTRACTS if labels or name != "labels"]


def _simulate(aside: Path, accounts: int, seed: int, priors: Priors, *, labels: bool, report: Report) -> None:
    """Write the tables of a cohort, one file each, into an empty folder; and others, in parts."""
    names = _tables(labels=labels)
    chunks = simulate_chunks(seed, accounts, priors)
    size = _accounts_of
    for number, tables in enumerate(counted(chunks, report, "simulating", "accounts", accounts, size=size)):
        for name in names:
            write_parquet(tables[name], aside / f"{name}-{number:06d}.parquet")
    for name in names:
        with atomic_path(aside / f"{name}.parquet") as path:
            pl.scan_parquet(aside / f"{name}-*.parquet").sink_parquet(path, row_group_size=ROWS_PER_GROUP)


def write_cohorts(folder: Path, cohorts: Sequence[tuple[int, int]], priors: Priors, jobs: int, report: Report) -> None:
    """A labelled dataset folder of many cohorts, given as seed and accounts; one file a table for some of them each."""
    parts = [cohorts[start : start + COHORTS_PER_PART] for start in range(0, len(cohorts), COHORTS_PER_PART)]
    # The longest first, so that no worker is left with it at the end.
    parts.sort(key=lambda part: -sum(accounts for _, accounts in part))
    # A worker that an earlier call left may stand in another folder: a path of its own would lead there.
    place = folder.absolute()
    work = joblib.Parallel(n_jobs=jobs, return_as="generator_unordered")(
        joblib.delayed(write_part)(place, part, priors) for part in parts
    )
    total = sum(accounts for _, accounts in cohorts)
    for _ in counted(work, report, "simulating", "accounts", total, size=float):
        pass


def _accounts_of(tables: dict[str, pl.DataFrame]) -> int:
    return tables["accounts"].height


def _check_own(output: Path) -> None:
    """Refuse tables that are not those of an earlier simulation: what somebody collected is not made again."""
    found = [f"{name}.parquet" for name in CONTRACTS if (output / f"{name}.parquet").exists()]
    if not found or _is_simulated(output / "labels.parquet"):
        return
    raise UnusableInputError(
        f"output: '{output}' holds tables that would be replaced. Found: {', '.join(found)}, and no labels.parquet "
        "that says they were simulated. Give another folder, or add --overwrite."
    )


def _is_simulated(labels: Path) -> bool:
    """Whether every label of the file is of a simulation; a file that cannot be read is somebody else's."""
    try:
        sources = pl.read_parquet(labels, columns=["label_source"], glob=False)["label_source"]
    except (OSError, pl.exceptions.PolarsError):
        return False
    return sources.eq_missing(LABEL_SOURCE).all()


def _is_other_form(path: Path) -> bool:
    table = path.name.partition(".")[0]
    return table in CONTRACTS and path.name != f"{table}.parquet"


def write_part(folder: Path, part: Sequence[tuple[int, int]], priors: Priors) -> int:
    """Write one part of each table's folder, with a cohort of each seed and number of accounts; returns these added."""
    cohorts = [simulate_cohort(seed, accounts, priors) for seed, accounts in part]
    for name in CONTRACTS:
        path = folder / name / f"seeds-{part[0][0]:06d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(pl.concat([tables[name] for tables in cohorts]), path)
    return sum(accounts for _, accounts in part)


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
