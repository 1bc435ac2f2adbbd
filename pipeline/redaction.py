"""What people wrote and who they are, withheld: what `--redact` does to the quarantine, to pages and to a shortlist.

Counts, dates, charts, reasons, ids of posts and the ids of the accounts that were scored stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def without_names(rows: pl.DataFrame) -> pl.DataFrame:
    """Scores, or candidates, without public names: whoever has the account's id has another way to it."""
    return rows.with_columns(handle=pl.lit(None, pl.String))


def without_comment_ids(evidence: pl.DataFrame) -> pl.DataFrame:
    """The evidence without ids of comments, which lead to what was written and to who wrote it."""
    is_comment = pl.col("table") == "comments"
    return evidence.with_columns(key=pl.when(is_comment).then(pl.lit(WITHHELD)).otherwise("key"))


def without_texts(view: Mapping[str, Any]) -> dict[str, Any]:
    """What an account's page shows, its groups of like comments without their words."""
    return {**view, "clusters": [{**group, "text": WITHHELD} for group in view["clusters"]]}
