"""Command `validate`: the contract check alone, and what each account lacks for a verdict."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import typer

from features.sufficiency import sufficiency
from pipeline.dataset import MAX_QUARANTINED_SHARE, DatasetSummary, bucket_ids, prepare_dataset, read_bucket
from pipeline.routing import Progress

COUNTS = ("rows_in", "used", "quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of", "repaired")


def run(dataset: Path, as_of: datetime | None = None, *, quiet: bool = False, progress: Progress | None = None) -> None:
    """Check the folder and print its summary, then the accounts that lack something for a verdict.

    Warnings go to stderr unless `quiet`; nothing is left behind.

    Raises:
        UnusableInputError, TooManyBadRowsError: as `prepare_dataset`.
    """
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        prepared = Path(folder) / "prepared"
        summary = prepare_dataset(
            dataset,
            prepared,
            as_of=as_of,
            buckets=None,
            max_quarantined_share=MAX_QUARANTINED_SHARE,
            progress=None if quiet else progress,
            compression="uncompressed",
        )
        if not quiet:
            for warning in summary.warnings:
                typer.echo(f"warning: {warning}", err=True)
        for line in _summary_lines(summary):
            typer.echo(line)
        for line in _account_lines(prepared):
            typer.echo(line)


def _summary_lines(summary: DatasetSummary) -> Iterator[str]:
    width = max(len(name) for name in summary.tables)
    yield " " * width + "".join(f"  {name}" for name in COUNTS)
    for table, counts in summary.tables.items():
        cells = (f"  {getattr(counts, name):>{len(name)},}" for name in COUNTS)
        yield f"{table:<{width}}" + "".join(cells)
    for table, counts in summary.tables.items():
        for problem, rows in counts.problems.items():
            yield f"{table}: {problem} ({rows:,} {'row' if rows == 1 else 'rows'})"
    yield f"as_of: {summary.as_of.isoformat() if summary.as_of else 'unknown, no row carries an instant'}"


def _account_lines(prepared: Path) -> Iterator[str]:
    """How many accounts are owed a verdict, and a line for each of the others."""
    accounts = 0
    lacking: list[tuple[str, list[str]]] = []
    for bucket in bucket_ids(prepared):
        found = sufficiency(read_bucket(prepared, bucket))
        accounts += found.height
        short = found.filter(found["insufficient_because"].list.len() > 0)
        lacking += short.select("account_id", "insufficient_because").rows()
    yield f"accounts with enough for a verdict: {accounts - len(lacking):,} of {accounts:,}"
    for account_id, reasons in sorted(lacking):
        yield f"{account_id}: {' | '.join(reasons)}"
