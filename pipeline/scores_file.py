"""The scores of an earlier run, read back from Parquet or CSV."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import polars as pl
import pyarrow.parquet as pq

from models.thresholds import VERDICTS
from pipeline.claims import settle
from pipeline.errors import UnusableInputError, did_you_mean
from pipeline.export import restored
from pipeline.reading import READ_ERRORS, complete

SHOWN_VALUES = 5


Columns = Mapping[str, pl.DataType | type[pl.DataType]]


def read_scores(path: Path, columns: Columns, table: str, optional: Columns = MappingProxyType({})) -> pl.DataFrame:
    """The named columns of a scores file, sorted by account.

    Args:
        path: `scores.parquet` or `scores.csv` as the command wrote it. What neutralised a cell of the CSV is undone.
        columns: name to type; `account_id` and `verdict` among them. Lists are given as text in CSV and must be
            declared as lists of structs, of whose fields only the named ones are read.
        table: what the messages call the file.
        optional: further columns, read where they are there.

    Raises:
        UnusableInputError: the file is missing or unreadable, lacks a column, holds a cell of the wrong type, a verdict
            that is none, no account id or one twice; all problems at once.
    """
    frame = read_file(path, table)
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        others = [name for name in frame.columns if name not in columns]
        raise UnusableInputError([_missing(table, path, name, frame.columns, others) for name in missing])
    typed, problems = [], []
    for name, dtype in {**columns, **{name: optional[name] for name in optional if name in frame.columns}}.items():
        try:
            typed.append(_typed(frame[name], dtype))
        except (pl.exceptions.PolarsError, ValueError):
            example = frame[name].drop_nulls().head(1).to_list()
            problems.append(
                f"{table}: column '{name}' of {path} holds something else than scores do. Found: {frame[name].dtype}, "
                f"such as {str(example)[:80]}. Score again."
            )
    if not problems:
        scores = pl.DataFrame(typed)
        problems = _row_problems(scores, path, table)
    if problems:
        raise UnusableInputError(problems)
    return scores.sort("account_id")


def read_file(path: Path, table: str) -> pl.DataFrame:
    """A file of `score`, Parquet or CSV, as it is: every column of a CSV as text, what neutralised its cells undone.

    Raises:
        UnusableInputError: it is missing or unreadable.
    """
    settle(path.parent)
    if not path.is_file():
        raise UnusableInputError(
            f"{table}: {path} is missing. Name the scores.parquet or scores.csv that 'python -m pipeline score' wrote."
        )
    try:
        if path.suffix == ".csv":
            return restored(pl.read_csv(path, infer_schema=False, glob=False))
        with pq.ParquetFile(path) as file:
            return pl.concat(complete([pl.read_parquet(path, glob=False)], file.metadata.num_rows))
    except READ_ERRORS as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the machine refuses it, not its content
        raise UnusableInputError(
            f"{table}: {path} cannot be read as {'CSV' if path.suffix == '.csv' else 'Parquet'} "
            f"({str(error).splitlines()[0]}). Score again."
        ) from error


def _missing(table: str, path: Path, name: str, found: list[str], others: list[str]) -> str:
    near = did_you_mean(name, others)
    repair = f"Did you mean '{near}'? Rename it to '{name}'." if near else "Score again."
    return f"{table}: column '{name}' of {path} is missing. Found: {', '.join(found)}. {repair}"


def _typed(column: pl.Series, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
    """The column in its type; text (of a CSV) is parsed, an empty cell is null.

    Raises:
        PolarsError, ValueError: a cell is of no such type.
    """
    if column.dtype == dtype:
        return column
    if isinstance(column.dtype, pl.List) and isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        names = [field.name for field in dtype.inner.fields]
        return column.list.eval(pl.struct(pl.element().struct.field(names))).cast(dtype)
    if column.dtype != pl.String:
        raise ValueError
    if dtype.is_nested():
        return column.str.json_decode(dtype)
    if isinstance(dtype, pl.Datetime):
        return column.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC")
    return column.cast(dtype)


def _row_problems(scores: pl.DataFrame, path: Path, table: str) -> list[str]:
    ids = scores["account_id"]
    problems = []
    if ids.null_count():
        problems.append(f"{table}: {ids.null_count():,} rows of {path} have no account_id. Score again.")
    repeated = ids.filter(ids.is_duplicated()).drop_nulls().unique().sort().to_list()
    if repeated:
        shown = ", ".join(repeated[:SHOWN_VALUES])
        problems.append(
            f"{table}: {len(repeated):,} accounts stand in {path} more than once. Found: {shown}. Keep one row each."
        )
    strange = scores["verdict"].filter(~scores["verdict"].is_in(VERDICTS).fill_null(False))
    if len(strange):
        shown = ", ".join(repr(value) for value in strange.unique().sort().to_list()[:SHOWN_VALUES])
        problems.append(f"{table}: verdicts of {path} are none of {', '.join(VERDICTS)}. Found: {shown}. Score again.")
    return problems
