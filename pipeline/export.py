"""CSV for spreadsheets: nested values as JSON text, and no cell that a spreadsheet would run as a formula."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.storage import atomic_path

FORMULA_STARTS = "^[=+\\-@\t\r]"
"""A text cell that starts so is executed by common spreadsheets; handles are written by the people judged."""

NEUTRALISER = "'"
"""Put before such a cell: spreadsheets then show it as text."""


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write the frame atomically: lists and structs as JSON, dangerous text neutralised, instants in ISO 8601."""
    write_csv_parts([frame], path)


def write_csv_parts(frames: Iterable[pl.DataFrame], path: Path) -> None:
    """The same of frames that follow each other, one of which is held at a time; all have the same columns."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        for number, frame in enumerate(frames):
            cells = frame.select(_as_text(frame, name) for name in frame.columns)
            cells.write_csv(file, include_header=number == 0, datetime_format="%Y-%m-%dT%H:%M:%S%.fZ")


def _as_text(frame: pl.DataFrame, name: str) -> pl.Expr:
    dtype = frame.schema[name]
    if dtype.is_nested():
        texts = pl.Series(name, [_json(value) for value in frame[name].to_list()], dtype=pl.String)
        return pl.lit(texts)
    if dtype == pl.String:
        column = pl.col(name)
        return pl.when(column.str.contains(FORMULA_STARTS)).then(NEUTRALISER + column).otherwise(column).alias(name)
    return pl.col(name)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
