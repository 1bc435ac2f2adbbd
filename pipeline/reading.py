"""Any dataset folder of the contract, as batches of raw cells: parquet, CSV and JSON lines, whole or in parts.

No cell is judged here. CSV and JSON lines give strings, parquet its own types; `pipeline.casting` turns both into
the types of the contract. No more than one batch is held at a time.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from features.tables import TableContract
from pipeline.casting import is_readable
from pipeline.places import is_remote
from pipeline.unpacking import MOST_BATCH_BYTES, Unpacked

BATCH_ROWS = 262_144
"""Rows of one parquet batch."""

LARGEST_ROW_GROUP = 4 * 1024 * 1024
"""Rows of a group that polars reads, which holds a whole one; Arrow reads larger ones piece by piece."""

CHUNK_BYTES = 8 * 1024 * 1024
"""Bytes of one batch of CSV or JSON lines; also the longest CSV row that can be read."""

BYTES_PER_ROW = {"csv": 100.0, "jsonl": 200.0}
"""Bytes of a row of text, assumed; of JSON more, since each row repeats the names of the columns."""

GZIP_RATIO = 5.0
"""How many times its size a compressed file of text holds; assumed."""

PROBED_LINES = 1_000
"""Lines of a JSON-lines part that say which columns it has; JSON has no header."""

ROW_PROBLEM = "row_problem"
"""Extra column of a raw batch: what is wrong with the row as a whole, null where nothing is."""

BROKEN = "assay:row_problem"
"""The same in a Parquet file that a mapping wrote (`pipeline.mapping`): a name that no export has."""

RAGGED_ROW = "the row has more or fewer cells than the header"
NO_OBJECT = "the line is not a JSON object"
UNCLOSED_QUOTE = f"{RAGGED_ROW}; a quote may not be closed"

LONGEST_RAGGED_ROW = 131_072
"""Characters from which a row of several lines is none, but all that follows a quote that is never closed; as many as
Python's own limit of a cell, which others may change."""


FORMS = {".parquet": "parquet", ".csv": "csv", ".csv.gz": "csv", ".jsonl": "jsonl", ".jsonl.gz": "jsonl"}


class UnreadableFileError(Exception):
    """A part whose bytes cannot be read as what its name says."""


@dataclass(frozen=True, slots=True)
class TableSource:
    """Where the rows of one table are."""

    contract: TableContract
    form: str
    parts: tuple[Path, ...]

    def estimated_rows(self) -> float:
        """About how many rows there are: counted where the files say it, guessed from their size otherwise."""
        return sum(_estimated_rows(part, self.form) for part in self.parts)

    def known_rows(self) -> float | None:
        """How many rows there are, where files of this machine say it; None: only reading them would tell."""
        if self.form != "parquet" or any(is_remote(part) for part in self.parts):
            return None
        try:
            return self.estimated_rows()
        except READ_ERRORS:
            return None  # told as a problem when it is read

    def batches(self) -> Iterator[pl.DataFrame]:
        """The raw rows, at most one batch at a time: contract columns that are present, and `ROW_PROBLEM`.

        Raises:
            UnreadableFileError: with the part's name and what is wrong.
        """
        read = {"parquet": _parquet_batches, "csv": _csv_batches, "jsonl": _jsonl_batches}[self.form]
        for part in self.parts:
            try:
                yield from read(part, self.contract)
            except READ_ERRORS as error:
                raise unreadable_part(part, error) from error


@dataclass(slots=True)
class Header:
    """What is known of a part before its rows are read."""

    columns: list[str]
    unreadable_types: dict[str, str] = field(default_factory=dict)


READ_ERRORS = (
    OSError,
    EOFError,
    UnicodeError,
    zlib.error,
    csv.Error,
    pa.ArrowException,
    pl.exceptions.PolarsError,
    pl.exceptions.PanicException,  # what polars ends in on some damaged pages
)


def read_header(part: Path, form: str, contract: TableContract) -> Header:
    """The columns of one part.

    Raises:
        UnreadableFileError: the part cannot be read.
    """
    read = {"parquet": _parquet_header, "csv": _csv_header, "jsonl": _jsonl_header}[form]
    try:
        return read(part, contract)
    except READ_ERRORS as error:
        raise unreadable_part(part, error) from error


def _estimated_rows(part: Path, form: str) -> float:
    if form == "parquet":
        with _parquet(part) as file:
            return float(file.metadata.num_rows)
    size = part.stat().st_size * (GZIP_RATIO if part.name.endswith(".gz") else 1.0)
    return size / BYTES_PER_ROW[form]


def form_of(path: Path) -> str | None:
    """The form that a file's name promises; None for any other file."""
    return next((form for ending, form in FORMS.items() if path.name.endswith(ending)), None)


def unreadable_part(part: Path, error: BaseException) -> UnreadableFileError:
    """What is wrong with a part, in words."""
    text = str(error)
    if isinstance(error, UnicodeError) or "UTF8" in text or "Invalid UTF-8" in text:
        return UnreadableFileError(f"'{part.name}' is not UTF-8")
    if isinstance(error, PermissionError):
        return UnreadableFileError(f"'{part.name}' may not be opened")
    if "straddling" in text or isinstance(error, csv.Error):
        return UnreadableFileError(f"'{part.name}' holds a row too long to be read; a quote may not be closed")
    return UnreadableFileError(f"'{part.name}': {text.splitlines()[0] if text else type(error).__name__}")


def open_part(part: Path) -> BinaryIO:
    """The bytes of a part, unpacked where its name says that they are packed."""
    if part.stat().st_size == 0 and part.name.endswith((".csv", ".gz")):
        raise OSError("the file is empty")
    if part.name.endswith(".gz"):
        return cast("BinaryIO", io.BufferedReader(Unpacked(_gzip(part), part.stat().st_size)))
    return part.open("rb")


def _gzip(part: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(part.open("rb") if is_remote(part) else part))


# parquet


@contextmanager
def _parquet(part: Path) -> Iterator[pa.parquet.ParquetFile]:
    """The file of a part; a remote one through its own file system."""
    with ExitStack() as stack:
        place = stack.enter_context(part.open("rb")) if is_remote(part) else part
        yield stack.enter_context(pa.parquet.ParquetFile(place))


def _parquet_header(part: Path, contract: TableContract) -> Header:
    with _parquet(part) as file:
        schema = file.schema_arrow
    header = Header(list(schema.names))
    declared = {column.name: column for column in contract.columns}
    for column in [name for name in declared if name in schema.names]:
        arrow_type = _in_utc(schema.field(schema.get_all_field_indices(column)[0]).type)
        if pa.types.is_decimal256(arrow_type):  # polars ends in a panic, which no `except` should have to know
            header.unreadable_types[column] = str(arrow_type)
            continue
        try:
            dtype = pl.Series(pl.from_arrow(pa.array([], type=arrow_type))).dtype
            readable = is_readable(dtype, declared[column])
        except (pl.exceptions.PolarsError, pa.ArrowException, NotImplementedError, ValueError):
            readable = False  # an Arrow type that polars does not have
        if not readable:
            header.unreadable_types[column] = str(arrow_type)
    return header


def _parquet_batches(part: Path, contract: TableContract) -> Iterator[pl.DataFrame]:
    with _parquet(part) as file:
        names = file.schema_arrow.names
        columns = [name for name in names if name in contract.schema or name == BROKEN]
        groups = (file.metadata.row_group(number).num_rows for number in range(file.metadata.num_row_groups))
        is_small = max(groups, default=0) <= LARGEST_ROW_GROUP
        is_plain = len(set(names)) == len(names) and all(_is_plain(field.type) for field in file.schema_arrow)
        if is_plain and is_small and not is_remote(part):
            # Polars' own reader takes a third of the time and a quarter of the memory, but not every Arrow type.
            rows = pl.scan_parquet(part, glob=False).select(columns)
            batches: Iterator[pl.DataFrame] = rows.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True)
        else:
            arrow = file.iter_batches(batch_size=BATCH_ROWS, columns=columns)
            batches = (_checked(batch) for batch in arrow)
        for frame in complete(batches, file.metadata.num_rows):
            check_size(frame)
            # In one piece: whatever picks rows out of several costs ten times as much.
            problem = pl.col(BROKEN) if BROKEN in names else pl.lit(None, dtype=pl.String)
            yield frame.rechunk().with_columns(problem.alias(ROW_PROBLEM)).drop(BROKEN, strict=False)


def complete(batches: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """The batches of a Parquet file that says it holds so many rows.

    Raises:
        OSError: fewer came.
    """
    read = 0
    for frame in batches:
        read += frame.height
        yield frame
    if read != rows:  # a thread of polars that panics on a damaged page ends the rows, no more
        raise OSError(f"{read:,} of its {rows:,} rows can be read")


def check_size(batch: pl.DataFrame) -> None:
    """Refuse a batch whose text is short in the file, since it repeats, and would fill the memory.

    Raises:
        OSError: it does.
    """
    texts = (column for column in batch.iter_columns() if column.dtype == pl.String)
    size = sum(int(column.str.len_bytes().cast(pl.Int64).sum()) for column in texts)
    if size > MOST_BATCH_BYTES:
        raise OSError(f"{batch.height:,} rows of it hold {size / 1e9:,.0f} GB of text")


def _checked(batch: pa.RecordBatch) -> pl.DataFrame:
    """The batch in polars' types.

    Raises:
        ArrowInvalid: its content is none of its types, such as text that is not UTF-8: nobody else looks, and polars
            would read beyond the end of it.
    """
    batch.validate(full=True)
    fields = [field.with_type(_in_utc(field.type)) for field in batch.schema]
    return pl.DataFrame(pl.from_arrow(batch.cast(pa.schema(fields))))


def _in_utc(arrow_type: pa.DataType) -> pa.DataType:
    """The type with UTC for any other zone: it says how to print an instant, and polars knows none such as +02:00."""
    zoned = pa.types.is_timestamp(arrow_type) and arrow_type.tz is not None
    return pa.timestamp(arrow_type.unit, "UTC") if zoned else arrow_type


def _is_plain(arrow_type: pa.DataType) -> bool:
    """Whether polars and Arrow are sure to read the same from a column of this type."""
    if pa.types.is_timestamp(arrow_type):
        return arrow_type.tz in (None, "UTC")
    return any(
        is_type(arrow_type)
        for is_type in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_integer,
            pa.types.is_float32,
            pa.types.is_float64,
            pa.types.is_boolean,
            pa.types.is_date32,
        )
    )


# CSV


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file of separated cells is written; the contract's own by default."""

    separator: str = ","
    encoding: str = "utf-8"
    skip_rows: int = 0
    """Lines above the header."""


CONTRACT_DIALECT = Dialect()


def csv_columns(part: Path, dialect: Dialect = CONTRACT_DIALECT) -> list[str]:
    """The header of a file of separated cells."""
    with _csv_rows(part, dialect) as rows:
        return next(rows, [])


@contextmanager
def _csv_rows(part: Path, dialect: Dialect) -> Iterator[Iterator[list[str]]]:
    """The rows that are not empty, the header first."""
    encoding = "utf-8-sig" if dialect.encoding == "utf-8" else dialect.encoding
    with open_part(part) as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
        lines = islice(_bounded_lines(text), dialect.skip_rows, None)
        yield (row for row in csv.reader(lines, delimiter=dialect.separator) if row)


def _bounded_lines(text: io.TextIOWrapper) -> Iterator[str]:
    """The lines, none of which is held that is longer than a row may be."""
    while line := text.readline(CHUNK_BYTES):
        if len(line) == CHUNK_BYTES:
            raise csv.Error(f"a line of more than {CHUNK_BYTES:,} characters")
        yield line


def _csv_header(part: Path, contract: TableContract) -> Header:  # noqa: ARG001 - one signature for all forms
    return Header(csv_columns(part))


def _has_rows(part: Path, dialect: Dialect) -> bool:
    """Whether anything follows the header; pyarrow refuses a lone header that no newline ends."""
    with _csv_rows(part, dialect) as rows:
        try:
            return len(list(islice(rows, 2))) > 1
        except csv.Error:  # a cell longer than Python's own limit is a row, too
            return True


def _csv_batches(part: Path, contract: TableContract) -> Iterator[pl.DataFrame]:
    return csv_cells(part, [name for name in csv_columns(part) if name in contract.schema])


def csv_cells(part: Path, kept: list[str], dialect: Dialect = CONTRACT_DIALECT) -> Iterator[pl.DataFrame]:
    """The raw cells of some columns and `ROW_PROBLEM`, a chunk at a time."""
    columns = csv_columns(part, dialect)
    if not _has_rows(part, dialect):
        return
    ragged: list[Any] = []

    def note(row: Any) -> str:
        ragged.append(row)
        return "skip"

    with open_part(part) as stream, _refused_once(note):
        reader = pa.csv.open_csv(
            stream,
            read_options=pa.csv.ReadOptions(
                block_size=CHUNK_BYTES, encoding=dialect.encoding, skip_rows=dialect.skip_rows
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=dialect.separator, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), include_columns=kept, strings_can_be_null=False
            ),
        )
        for batch in reader:
            yield pl.DataFrame(pl.from_arrow(batch)).with_columns(pl.lit(None, dtype=pl.String).alias(ROW_PROBLEM))
            if ragged:
                yield _ragged_rows(ragged, columns, kept, dialect)
                ragged.clear()
    if ragged:
        yield _ragged_rows(ragged, columns, kept, dialect)


@contextmanager
def _refused_once(handler: Callable[[Any], str]) -> Iterator[None]:
    """A row cut within a character makes pyarrow refuse the file, and print first why it could not ask `handler`."""
    before = sys.unraisablehook

    def hook(error: sys.UnraisableHookArgs) -> None:
        if error.object is not handler or not isinstance(error.exc_value, UnicodeDecodeError):
            before(error)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _ragged_rows(rows: list[Any], columns: list[str], kept: list[str], dialect: Dialect) -> pl.DataFrame:
    """Rows with too few or too many cells, as far as their cells can be told apart."""
    cells: dict[str, list[str | None]] = {name: [] for name in [*kept, ROW_PROBLEM]}
    for row in rows:
        if (
            "\n" in row.text and len(row.text) > LONGEST_RAGGED_ROW
        ):  # a quote that is never closed takes all that follows into one cell
            raise csv.Error(f"a row of {len(row.text):,} characters")
        values = next(csv.reader(io.StringIO(row.text), delimiter=dialect.separator), [])
        by_name = dict(zip(columns, values, strict=False))
        for name in kept:
            cells[name].append(by_name.get(name))
        cells[ROW_PROBLEM].append(UNCLOSED_QUOTE if "\n" in row.text else RAGGED_ROW)
    return pl.DataFrame(cells, schema=dict.fromkeys(cells, pl.String))


# JSON lines


def _jsonl_header(part: Path, contract: TableContract) -> Header:
    columns: dict[str, None] = {}
    flat: set[str] = set()
    nested: set[str] = set()
    lines = 0
    with open_part(part) as stream:
        for line in islice((each for each in stream if each.strip()), PROBED_LINES):
            lines += 1
            record = _json_object(line)
            columns.update(dict.fromkeys(record or {}))
            for name, value in (record or {}).items():
                (nested if isinstance(value, dict | list) else flat).add(name)
    if lines and not columns:
        raise OSError("no line of it is a JSON object")
    if not lines:
        columns = dict.fromkeys(contract.schema)  # no line: a table without rows, which has every column
    return Header(list(columns), dict.fromkeys(sorted(nested - flat), "nested JSON"))


def _json_object(line: bytes) -> dict[str, Any] | None:
    text = _with_whole_characters(line).decode("utf-8-sig")  # a name in half characters could not be shown either
    try:
        # Numbers as text: only the kind of a value is asked for, and Python refuses whole numbers of 4,301 digits.
        value = json.loads(text, parse_int=str)
    except (json.JSONDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _jsonl_batches(part: Path, contract: TableContract) -> Iterator[pl.DataFrame]:
    with open_part(part) as stream:
        first = True
        while chunk := stream.read(CHUNK_BYTES):
            chunk += stream.readline()
            if first:
                chunk, first = chunk.removeprefix(b"\xef\xbb\xbf"), False
            if chunk.strip():
                yield _json_rows(chunk, contract)


def _json_rows(chunk: bytes, contract: TableContract) -> pl.DataFrame:
    chunk = _with_whole_characters(chunk)
    try:
        return _json_frame([line for line in chunk.split(b"\n") if line.strip()], contract)
    except pl.exceptions.PolarsError:
        return _json_rows_one_by_one(chunk, contract)


def _with_whole_characters(chunk: bytes) -> bytes:
    """The chunk with the replacement character for every half of one, as cutting a text short in UTF-16 leaves it.

    Python and JavaScript write such halves without complaint; polars reads them as zeros.
    """
    if _HALF_CHARACTER.search(chunk) is None:
        return chunk
    return _ESCAPES.sub(lambda found: found[1] or rb"\ufffd", chunk)


_HALF_CHARACTER = re.compile(
    rb"\\u[dD](?:[89abAB]..(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F])", re.DOTALL
)
"""May find too much (behind a backslash that is itself escaped), never too little."""

_HEX = rb"[0-9a-fA-F]{2}"
_ESCAPES = re.compile(rb"(\\\\|\\u[dD][89abAB]" + _HEX + rb"\\u[dD][c-fC-F]" + _HEX + rb")|\\u[dD][89a-fA-F]" + _HEX)
"""An escaped backslash or a pair of halves, both as they should be; or a half alone."""


def _json_frame(lines: list[bytes], contract: TableContract) -> pl.DataFrame:
    """A row for every line.

    Raises:
        PolarsError: some line is no JSON object.
    """
    frame = pl.read_ndjson(io.BytesIO(b"\n".join(lines)), schema=dict.fromkeys(contract.schema, pl.String()))
    if frame.height != len(lines):
        raise pl.exceptions.ShapeError(f"{frame.height} rows of {len(lines)} lines")
    return frame.with_columns(_nested_texts(frame, lines, contract))


def _nested_texts(frame: pl.DataFrame, lines: list[bytes], contract: TableContract) -> pl.Series:
    """What is wrong with rows that hold an object or a list where a text belongs: polars writes it out as a text."""
    texts = [column.name for column in contract.columns if column.dtype == pl.String]
    problems: list[str | None] = [None] * frame.height
    suspected = pl.any_horizontal(pl.col(name).str.contains(r"^[\[{]") for name in texts).fill_null(value=False)
    for row in frame.select(suspected).to_series().arg_true():
        record = _json_object(lines[row])
        nested = [name for name in texts if isinstance((record or {}).get(name), dict | list)]
        problems[row] = "; ".join(f"{name} cannot be read as text" for name in nested) or None
        if record is None:
            problems[row] = NO_OBJECT
    return pl.Series(ROW_PROBLEM, problems, dtype=pl.String)


def _json_rows_one_by_one(chunk: bytes, contract: TableContract) -> pl.DataFrame:
    """The rows of a chunk in which some line is no JSON object: those lines become rows with a problem."""
    lines = [line for line in chunk.splitlines() if line.strip()]
    good = [line for line in lines if _json_object(line) is not None]
    frames, stack = [], [good]
    rejected = len(lines) - len(good)
    while stack:
        # The two parsers disagree on rare lines (a bare NaN): halving finds these without parsing line by line.
        some = stack.pop()
        try:
            if some:
                frames.append(_json_frame(some, contract))
        except pl.exceptions.PolarsError:
            if len(some) == 1:
                rejected += 1
            else:
                stack += [some[: len(some) // 2], some[len(some) // 2 :]]
    empty = dict.fromkeys(contract.schema, pl.Series([None] * rejected, dtype=pl.String))
    problems = pl.DataFrame(empty).with_columns(pl.lit(NO_OBJECT).alias(ROW_PROBLEM))
    return pl.concat([*frames, problems])
