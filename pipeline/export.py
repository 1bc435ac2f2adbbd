"""CSV for spreadsheets: nested values as JSON text, and no cell that a spreadsheet would run as a formula.

What is done to a cell can be undone exactly (`restored`), whatever text it held: one mark is put before whatever could
be taken for a formula, marks that stood there before included.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.storage import atomic_path

NEUTRALISER = "'"
"""Put before such a cell: spreadsheets then show it as text."""

_FORMULA = "[=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b]"
"""What begins a formula, also in the wide and small forms that a spreadsheet in Chinese or Japanese takes for it."""

_BLANK = (
    "[ \\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\xa0\\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]"
)
"""What may be trimmed from before it, or is not seen: blanks, control characters, marks of no width."""

_SIGN = f"{_BLANK}*{_FORMULA}"

_START = f"(?:[\\t\\r\\n]|{_SIGN})"
"""A text cell that starts so is executed by spreadsheets, perhaps; handles are written by the people judged."""

_BREAK = "[;\\t\\r\\n]"
"""Where a spreadsheet that separates by something else than a comma begins a cell: half of Europe has semicolons."""

DANGEROUS = re.compile(f"^{_START}|{_BREAK}{_SIGN}")
"""What no cell of ours holds."""

_JSON_BREAK = re.compile(f"(;{NEUTRALISER}*{_BLANK}*)({_FORMULA})")


def write_csv(frame: pl.DataFrame, path: Path) -> None:
    """Write the frame atomically: lists and structs as JSON, dangerous text neutralised, instants in ISO 8601."""
    write_csv_parts([frame], path)


def write_csv_parts(frames: Iterable[pl.DataFrame], path: Path) -> None:
    """The same of frames that follow each other, one of which is held at a time; all have the same columns."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        for number, frame in enumerate(frames):
            cells = frame.select(_as_text(frame, name) for name in frame.columns)
            cells = _renamed(cells, _marked)
            cells.write_csv(file, include_header=number == 0, datetime_format="%Y-%m-%dT%H:%M:%S%.fZ")


def restored(frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of text of a CSV of ours, and their names, as they were before it was written."""
    return _renamed(frame, _unmarked).with_columns(_unmarked(pl.col(pl.String)))


def json_text(value: Any) -> str:
    """The value as JSON in which nothing can be taken for a formula; whoever reads JSON gets the value itself."""
    text = json.dumps(value, ensure_ascii=False)
    # Such a sign can only stand within a string of JSON, where an escape means the same.
    return _JSON_BREAK.sub(lambda found: f"{found[1]}\\u{ord(found[2]):04x}", text)


def _as_text(frame: pl.DataFrame, name: str) -> pl.Expr:
    dtype = frame.schema[name]
    if dtype.is_nested():
        values = frame[name].to_list()
        return pl.lit(pl.Series(name, [None if each is None else json_text(each) for each in values], dtype=pl.String))
    if dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum):
        return _marked(pl.col(name).cast(pl.String))
    return pl.col(name)


def _renamed(frame: pl.DataFrame, change: Callable[[pl.Expr], pl.Expr]) -> pl.DataFrame:
    names = pl.DataFrame({"name": frame.columns}, schema={"name": pl.String}).select(change(pl.col("name")))["name"]
    return frame.rename(dict(zip(frame.columns, names, strict=True)))


def _marked(cell: pl.Expr) -> pl.Expr:
    """The text with a mark before whatever could be taken for a formula: first within, so that it can be undone."""
    within = cell.str.replace_all(f"({_BREAK})({NEUTRALISER}*{_SIGN})", f"${{1}}{NEUTRALISER}${{2}}")
    return within.str.replace(f"^({NEUTRALISER}*{_START})", f"{NEUTRALISER}${{1}}")


def _unmarked(cell: pl.Expr) -> pl.Expr:
    unmarked = cell.str.replace(f"^{NEUTRALISER}({NEUTRALISER}*{_START})", "${1}")
    return unmarked.str.replace_all(f"({_BREAK}){NEUTRALISER}({NEUTRALISER}*{_SIGN})", "${1}${2}")
