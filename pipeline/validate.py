"""Command `validate`: the contract check alone, and what each account lacks for a verdict."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from features.sufficiency import sufficiency
from features.tables import CONTRACTS
from pipeline.dataset import MAX_QUARANTINED_SHARE, DatasetSummary, bucket_ids, prepare_dataset, read_bucket
from pipeline.pseudonyms import COLUMN
from pipeline.redaction import WITHHELD, WRITTEN
from pipeline.routing import Progress
from pipeline.storage import quarantine_path

COUNTS = ("rows_in", "used", "quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of", "repaired")

SHOWN_ROWS = 3
"""Rows that are named of each kind of defect, the first in the order of their cells."""

SHOWN_CELLS = 4
"""Cells that are shown of a row of which the key is missing."""

SHOWN_CHARACTERS = 60
"""Of a cell."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What `validate` says: `lines` are the result; `enough` of the `accounts` have what a verdict needs."""

    lines: list[str]
    warnings: list[str]
    accounts: int
    enough: int


def run(dataset: Path, as_of: datetime | None = None, *, progress: Progress | None = None) -> Checked:
    """Check the folder: its summary, its bad rows, and the accounts that lack something for a verdict.

    Nothing is left behind.

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
            progress=progress,
            compression="uncompressed",
        )
        accounts, lacking = _sufficient(prepared)
        enough = accounts - len(lacking)
        lines = [
            *_summary_lines(summary, prepared),
            f"accounts with enough for a verdict: {enough:,} of {accounts:,}",
            *(f"{account_id}: {' | '.join(reasons)}" for account_id, reasons in lacking),
        ]
        return Checked(lines, summary.warnings, accounts, enough)


def _summary_lines(summary: DatasetSummary, prepared: Path) -> Iterator[str]:
    width = max(len(name) for name in summary.tables)
    yield " " * width + "".join(f"  {name}" for name in COUNTS)
    for table, counts in summary.tables.items():
        cells = (f"  {getattr(counts, name):>{len(name)},}" for name in COUNTS)
        yield f"{table:<{width}}" + "".join(cells)
    for table, counts in summary.tables.items():
        for problem, rows in counts.problems.items():
            yield f"{table}: {problem} ({rows:,} {'row' if rows == 1 else 'rows'})"
            yield from _bad_rows(quarantine_path(prepared, table), table, problem, rows)
    yield f"as_of: {summary.as_of.isoformat() if summary.as_of else 'unknown, no row carries an instant'}"


def _bad_rows(quarantined: Path, table: str, problem: str, count: int) -> Iterator[str]:
    """The first few rows of a defect: their key and the cell it is about, or the cells given where the key is not."""
    contract = CONTRACTS[table]
    # A row may have several defects, joined by "; ", which stands within one of them, too.
    has_it = pl.format("; {}; ", "problem").str.contains(f"; {problem}; ", literal=True)
    rows = pl.scan_parquet(quarantined, glob=False).filter(has_it).head(SHOWN_ROWS).collect()
    about = problem.split(" ", maxsplit=1)[0]
    for row in rows.iter_rows(named=True):
        named = [*contract.key, *([about] if about in contract.schema and about not in contract.key else [])]
        if any(_is_blank(row[name]) for name in contract.key):
            named += [name for name in contract.schema if not _is_blank(row[name]) and name not in named][:SHOWN_CELLS]
        cells = (f"{name} {_said(name, row[name])}" for name in named)
        yield f"  {', '.join(cells)}"
    if count > rows.height:
        yield f"  ... and {count - rows.height:,} more"


def _is_blank(text: str | None) -> bool:
    return text is None or not text.strip()


def _said(column: str, text: str | None) -> str:
    """A cell as it may be printed: what people wrote, and who, stays in the table."""
    return WITHHELD if text and column in (*WRITTEN, COLUMN) else _cell(text)


def _cell(text: str | None) -> str:
    """A cell on one line, with what cannot be seen escaped: it was written by whomever."""
    if not text:
        return "nothing"
    shown = text[:SHOWN_CHARACTERS]
    return repr(shown) if len(shown) == len(text) else f"{shown!r}..."


def _sufficient(prepared: Path) -> tuple[int, list[tuple[str, list[str]]]]:
    """How many accounts there are, and what the others than those owed a verdict lack, sorted."""
    accounts = 0
    lacking: list[tuple[str, list[str]]] = []
    for bucket in bucket_ids(prepared):
        found = sufficiency(read_bucket(prepared, bucket))
        accounts += found.height
        short = found.filter(found["insufficient_because"].list.len() > 0)
        lacking += short.select("account_id", "insufficient_because").rows()
    return accounts, sorted(lacking)
