"""The files of an export, whatever their form, as batches of raw texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from pipeline.errors import did_you_mean
from pipeline.mapping.nested import Nested
from pipeline.mapping.specification import Table
from pipeline.outside import leading_out
from pipeline.reading import (
    BATCH_ROWS,
    ROW_PROBLEM,
    Dialect,
    check_size,
    complete,
    csv_cells,
    csv_columns,
    open_part,
)
from pipeline.unpacking import check_workbook

FORMS = {
    "csv": (".csv", ".csv.gz", ".tsv", ".tsv.gz", ".txt", ".txt.gz"),
    "sheet": (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"),
    "json": (".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"),
    "parquet": (".parquet",),
}

SHOWN = 12
"""Files or columns that a message names."""


def form_of(path: Path) -> str | None:
    """What the name of a file promises; None for any other."""
    name = path.name.lower()
    return next((form for form, endings in FORMS.items() if name.endswith(endings)), None)


def stem_of(path: Path) -> str:
    """The name of a file without its ending."""
    ending = max((each for endings in FORMS.values() for each in endings if path.name.lower().endswith(each)), key=len)
    return path.name[: -len(ending)]


def find_files(root: Path, patterns: Sequence[str], where: str) -> tuple[list[Path], list[str]]:
    """The files of the folder that the patterns name, sorted, and what is wrong with them."""
    found: dict[Path, None] = {}
    problems = []
    for pattern in patterns:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts or "://" in pattern:
            problems.append(
                f"{where}: '{pattern}' leads out of the folder. Found: no path below '{root}'. Copy the file into the "
                "folder, and name it relative to that."
            )
            continue
        # A name is itself first: a bracket in it is a pattern only where no such file exists.
        try:
            matches = [root / pattern] if (root / pattern).is_file() else sorted(root.glob(pattern))
        except (ValueError, NotImplementedError) as error:
            problems.append(f"{where}: '{pattern}' is no pattern. Found: {error}. Name a file, or files as in *.csv.")
            continue
        hidden = pattern.startswith(".")
        matches = [path for path in matches if path.is_file() and (hidden or not path.name.startswith("."))]
        if not matches:
            problems.append(_no_file(root, pattern, where))
        escaping = [path.name for path in leading_out(matches, root)]
        if escaping:
            problems.append(
                f"{where}: links that lead out of the folder are not followed. Found: {shown(escaping)}. Copy the file "
                "into the folder."
            )
        strangers = [path.name for path in matches if form_of(path) is None]
        if strangers:
            endings = ", ".join(each for endings in FORMS.values() for each in endings if not each.endswith(".gz"))
            problems.append(f"{where}: no such form is read. Found: {shown(strangers)}. Give {endings}.")
        found |= dict.fromkeys(matches)
    return sorted(found), problems


def _no_file(root: Path, pattern: str, where: str) -> str:
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
    near = did_you_mean(pattern, names)
    hint = f"Did you mean '{near}'?" if near else "Name a file of the folder, or a pattern such as profiles/*.json."
    return f"{where}: there is no file '{pattern}'. Found: {shown(names) or 'nothing'}. {hint}"


def shown(names: Sequence[str]) -> str:
    """Some of the names, in words."""
    some = ", ".join(names[:SHOWN])
    return f"{some} and {len(names) - SHOWN} more" if len(names) > SHOWN else some


@dataclass(slots=True)
class Source:
    """The files of one table of a mapping, opened as it says."""

    spec: Table
    parts: list[Path]
    nested: Nested = field(init=False)

    def __post_init__(self) -> None:
        """Make the reader of JSON, which remembers what it met."""
        self.nested = Nested(self.spec.rows, sorted(self.wanted()))

    def wanted(self) -> set[str]:
        """The columns of the files that the mapping names."""
        return {column.source for column in self.spec.columns.values() if column.source is not None}

    def columns(self, part: Path) -> list[str] | None:
        """The header of a part; None for JSON, which has none.

        Raises:
            READ_ERRORS of `pipeline.reading`: it cannot be read.
        """
        form = form_of(part)
        if form == "json":
            return None
        if form == "csv":
            return csv_columns(part, self._dialect(part))
        return (
            (_sheet(part, self.spec) if form == "sheet" else pl.scan_parquet(part, glob=False)).collect_schema().names()
        )

    def header_problems(self, part: Path, where: str) -> Iterator[str]:
        """What the header of a part shows to be wrong with the mapping."""
        columns = self.columns(part)
        if columns is None:
            if self.spec.wide:
                yield f"{where}: 'wide' is for tables. Found: JSON in '{part.name}'. Say the path with 'rows'."
            return
        if self.spec.rows:
            yield f"{where}: 'rows' is for JSON. Found: the table '{part.name}'. Remove it."
        counts = Counter(columns)
        for name in self.spec.wide.leave_out if self.spec.wide else ():
            if name not in counts:
                yield f"{where}: there is no column '{name}' to leave out in '{part.name}'. Found: {shown(columns)}."
        for name in sorted(self.wanted()):
            if counts[name] > 1:
                yield f"{where}: column '{name}' appears more than once in '{part.name}'. Rename one of them."
            if name not in counts:
                near = did_you_mean(name, columns)
                hint = f"Did you mean '{near}'?" if near else "Name a column of the file."
                if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|,"):
                    hint = 'Say what separates the cells: separator: ";".'
                yield f"{where}: there is no column '{name}' in '{part.name}'. Found: {shown(columns)}. {hint}"

    def batches(self, part: Path) -> Iterator[pl.DataFrame]:
        """The raw cells of a part as texts, and `ROW_PROBLEM`; of a table that is laid out across all its columns."""
        form = form_of(part)
        if form == "json":
            yield from self.nested.batches(part)
            return
        columns = list(dict.fromkeys(self.columns(part) or []))
        kept = columns if self.spec.wide else [name for name in columns if name in self.wanted()]
        if form == "csv":
            yield from csv_cells(part, kept, self._dialect(part))
            return
        if form == "sheet":
            frames = iter([_sheet(part, self.spec)])
        else:
            rows = pl.scan_parquet(part, glob=False).select(kept)
            batches = rows.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
            frames = complete(batches, pq.read_metadata(part).num_rows)
        for frame in frames:
            check_size(frame)
            yield _texts(frame.select(kept)).with_columns(pl.lit(None, dtype=pl.String).alias(ROW_PROBLEM))

    def _dialect(self, part: Path) -> Dialect:
        tabs = part.name.lower().endswith((".tsv", ".tsv.gz"))
        return Dialect(self.spec.separator or ("\t" if tabs else ","), self.spec.encoding, self.spec.skip_rows)


def sheet_names(part: Path) -> list[str]:
    """The sheets of a spreadsheet, in their order."""
    import fastexcel

    with open_part(part) as stream:
        try:
            content = stream.read()
            check_workbook(content)
            names: list[str] = fastexcel.read_excel(content).sheet_names
        except fastexcel.FastExcelError as error:
            raise OSError(str(error).splitlines()[0]) from error
    return names


def sheet_rows(part: Path, sheet: str | None, skip_rows: int = 0) -> pl.DataFrame:
    """All rows of a sheet as texts, the header among them; a date is ISO 8601."""
    import fastexcel

    with open_part(part) as stream:
        content = stream.read()
    check_workbook(content)
    try:
        book = fastexcel.read_excel(content)
        name = sheet if sheet is not None else book.sheet_names[0]
        if name not in book.sheet_names:
            near = did_you_mean(name, book.sheet_names)
            hint = f"; did you mean '{near}'?" if near else ""
            raise OSError(f"has no sheet '{name}', but {shown(book.sheet_names)}{hint}")
        rows: pl.DataFrame = book.load_sheet(name, header_row=None, skip_rows=skip_rows, dtypes="string").to_polars()
    except fastexcel.FastExcelError as error:
        raise OSError(str(error).splitlines()[0]) from error
    return rows


def _sheet(part: Path, spec: Table) -> pl.DataFrame:
    """A sheet by its header; a row without any cell is none."""
    cells = sheet_rows(part, spec.sheet, spec.skip_rows)
    if cells.is_empty():
        return pl.DataFrame()
    header = [text if text is not None else f"column {index}" for index, text in enumerate(cells.row(0), start=1)]
    names = [text if header.count(text) == 1 else f"{text} ({index})" for index, text in enumerate(header, start=1)]
    rows = cells.slice(1).filter(~pl.all_horizontal(pl.all().is_null()))
    return rows.rename(dict(zip(rows.columns, names, strict=True)))


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Every column as texts that the contract reads as it would have read the column."""
    return frame.select(_as_text(pl.col(name), dtype).alias(name) for name, dtype in frame.schema.items())


def _as_text(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        zoned = value.dt.replace_time_zone("UTC") if dtype.time_zone is None else value.dt.convert_time_zone("UTC")
        return zoned.dt.to_string("%Y-%m-%dT%H:%M:%S%.6fZ")
    if dtype in (pl.Float32, pl.Float64):
        number = value.cast(pl.Float64).fill_nan(None)
        is_whole = (number == number.round()) & (number.abs() <= 2.0**53)
        return (
            pl.when(is_whole)
            .then(number.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(number.cast(pl.String))
        )
    return value.cast(pl.String)
