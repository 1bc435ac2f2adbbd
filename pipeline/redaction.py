"""What people wrote, withheld: in the quarantine that `score --redact` leaves."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipeline.storage import QUARANTINE_FOLDER, write_parquet

WITHHELD = "withheld"
"""What stands in place of a text."""

WRITTEN = ("text", "caption", "biography", "handle", "note")
"""Columns of any table in which somebody wrote something, or names themselves."""


def redacted(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with `withheld` wherever something was written; what is null stays null."""
    written = [name for name in WRITTEN if name in rows.columns]
    return rows.with_columns(pl.when(pl.col(name).is_not_null()).then(pl.lit(WITHHELD)).alias(name) for name in written)


def redact_quarantine(folder: Path) -> None:
    """Withhold what was written in every table of a folder's quarantine."""
    for path in sorted((folder / QUARANTINE_FOLDER).glob("*.parquet")):
        write_parquet(redacted(pl.read_parquet(path, glob=False)), path)
