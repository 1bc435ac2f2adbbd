"""Stage `extract@<group>`, and the command `features`: prepared buckets to one row of numbers per account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from features.compute import compute, compute_group
from features.definition import GROUPS
from pipeline import layout
from pipeline.aside import over_buckets, prepared_aside
from pipeline.dataset import read_bucket
from pipeline.errors import UnusableInputError, did_you_mean
from pipeline.storage import write_parquet

OTHER_FORMATS = (".csv", ".json", ".jsonl", ".tsv", ".txt", ".xlsx")
"""Endings that promise another format than the table's."""

WORKERS = 2
"""Threads of the stage; changes no byte."""


def run(group: str, report: Callable[[str], None]) -> None:
    """The stage: one group's features of the prepared training dataset."""
    check_groups([group])
    table = over_buckets(
        layout.PREPARED, lambda bucket: compute_group(read_bucket(layout.PREPARED, bucket), group), report, WORKERS
    )
    write_parquet(table, layout.feature_file(group))


def features_file(
    source: Path,
    output: Path,
    groups: Sequence[str],
    *,
    as_of: datetime | None,
    jobs: int,
    report: Callable[[str], None],
) -> pl.DataFrame:
    """The command: the feature table of any dataset folder, written to `output` and returned.

    The columns are in the catalogue's order, whatever the order of `groups`.

    Raises:
        UnusableInputError: an unknown group, or an input that cannot be used; nothing is written then.
        TooManyBadRowsError: see `prepare_dataset`.
    """
    check_groups(groups)
    if output.is_dir():
        raise UnusableInputError(f"output: '{output}' is a folder. Give the name of a Parquet file.")
    if output.suffix.lower() in OTHER_FORMATS:
        raise UnusableInputError(f"output: the table is Parquet. Found: '{output}'. Let its name end in .parquet.")
    groups = [group for group in GROUPS if group in groups]
    with prepared_aside(source, output, as_of=as_of, jobs=jobs, report=report) as prepared:
        folder = prepared.folder
        table = over_buckets(folder, lambda bucket: compute(read_bucket(folder, bucket), groups), report, jobs)
    write_parquet(table, output)
    return table


def check_groups(groups: Sequence[str]) -> None:
    """Refuse groups that do not exist.

    Raises:
        UnusableInputError: naming each unknown group and the nearest known one.
    """
    problems = []
    for group in groups:
        if group not in GROUPS:
            near = did_you_mean(group, GROUPS) if group else None
            hint = f" Did you mean '{near}'?" if near else ""
            problems.append(f"features: group '{group}' is unknown. Known: {', '.join(GROUPS)}.{hint}")
    if problems:
        raise UnusableInputError(problems)
