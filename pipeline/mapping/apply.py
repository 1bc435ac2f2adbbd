"""A mapping carried out: the tables of the contract out of an export, a batch at a time.

Every cell stays a text: what the mapping reads is written as the contract writes it, and what it cannot read is kept
and marked, so that `pipeline.casting` finds it unreadable and its row goes to quarantine. No row vanishes: a reading
that a wide table leaves empty was not observed, and is counted.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet

from features.tables import CONTRACTS, INSTANT, TableContract
from pipeline import storage
from pipeline.errors import UnusableInputError
from pipeline.locating import NOTES_FILE
from pipeline.mapping.checking import read_mapping
from pipeline.mapping.dates import read_date
from pipeline.mapping.files import Source, find_files, form_of, shown, stem_of
from pipeline.mapping.numbers import read_number
from pipeline.mapping.specification import Mapping, Reading, Table, Wide
from pipeline.places import is_remote
from pipeline.reading import BROKEN, READ_ERRORS, ROW_PROBLEM, unreadable_part

UNREADABLE = "unreadable: "
"""What stands before a cell that is not as the mapping says: with it, the contract can never read the cell."""

CELLS_AT_ONCE = 250_000
"""Cells of a wide table that are laid out in one piece."""

WRITTEN = ("text", "caption", "biography")
"""Columns that people write: what means `missing` elsewhere in the table may be all that somebody said."""

_CELL, _HEADER = "assay:cell", "assay:header"
_EMPTY = pl.lit(None, dtype=pl.String)

Report = Callable[[str], None]


@contextmanager
def mapped_aside(source: Path, mapping: Path | None, output: Path | None, report: Report) -> Iterator[Path]:
    """The folder that a command reads: `source` itself, or what a mapping makes of it, removed in the end.

    Args:
        source: dataset folder, or with `mapping` any folder of exports.
        mapping: a mapping file; None: the folder is in the contract.
        output: where the command leaves its result: the mapped tables lie on the same disk. None: the system's place
            for temporary files, as for a remote output.
        report: is told what is being done.

    Raises:
        UnusableInputError: the mapping, or what it names; all problems at once.
    """
    if mapping is None:
        yield source
        return
    if is_remote(source):
        raise UnusableInputError(
            f"input: a mapping reads files of this machine. Found: '{source}'. Copy the folder here, or what "
            "'map --mapping FILE --to DIR' writes to there."
        )
    specification = read_mapping(mapping)
    beside = None
    if output is not None and not is_remote(output):
        beside = output.absolute() if output.is_dir() else output.absolute().parent
        beside.mkdir(parents=True, exist_ok=True)
    with storage.scratch_folder(beside or Path(tempfile.gettempdir())) as place:
        folder = place / (source.name or "mapped")
        folder.mkdir()
        map_folder(source, specification, folder, mapping.name, report)
        yield folder


def map_folder(source: Path, mapping: Mapping, destination: Path, name: str, report: Report) -> list[str]:
    """Write the tables of a mapping into an empty folder, and return what was left out, one sentence each.

    Args:
        source: folder of the export.
        mapping: what `read_mapping` returned.
        destination: an empty folder; a dataset folder of the contract in the end.
        name: of the mapping file, for messages.
        report: is told what is being done.

    Raises:
        UnusableInputError: files or columns are missing, or cannot be read; all problems at once.
    """
    if not source.is_dir():
        what = "it is a file" if source.exists() else "there is no such folder"
        raise UnusableInputError(f"input: '{source}' cannot be read. Found: {what}. Give the folder of the export.")
    problems: list[str] = []
    notes: list[str] = []
    sources: dict[str, Source] = {}
    for table, spec in mapping.tables.items():
        if spec.file:
            sources[table] = _located(source, table, spec, name, problems, notes)
    if problems:
        raise UnusableInputError(list(dict.fromkeys(problems)))
    for table, opened in sources.items():
        report(f"mapping {table}")
        work = _Written(CONTRACTS[table], opened, destination / f"{table}.parquet")
        try:
            work.write()
        except _PartError as error:
            problems.append(f"{name}: tables.{table}: {error}")
            continue
        never = sorted(opened.nested.paths if work.is_json else ())
        never = [path for path in never if path not in opened.nested.seen]
        problems += _never_seen(opened.spec, CONTRACTS[table], never, f"{name}: tables.{table}")
        notes += work.notes(never)
    if problems:
        raise UnusableInputError(problems)
    for table, spec in mapping.tables.items():
        if spec.from_table:
            _derive_accounts(destination, spec, CONTRACTS[table])
    storage.write_json(notes, destination / NOTES_FILE)
    return notes


def _located(root: Path, table: str, spec: Table, name: str, problems: list[str], notes: list[str]) -> Source:
    """The files of a table; their problems and notes are added to the lists."""
    where = f"{name}: tables.{table}"
    parts, found = find_files(root, spec.file, where)
    problems += found
    opened = Source(spec, parts)
    unused: set[str] = set()
    for part in [] if found else parts:
        try:
            problems += opened.header_problems(part, where)
            unused |= set(opened.columns(part) or []) - opened.wanted()
        except READ_ERRORS as error:
            problems.append(f"{where}: unreadable file. Found: {unreadable_part(part, error)}. Write the file anew.")
    if unused and not spec.wide:
        notes.append(f"{table}: columns of the export that the mapping does not use: {shown(sorted(unused))}.")
    return opened


def _never_seen(spec: Table, contract: TableContract, never: list[str], where: str) -> list[str]:
    """The problem of every required column whose path leads nowhere in any record."""
    columns = {name: column.source for name, column in spec.columns.items() if name in contract.required}
    return [
        f"{where}: column '{name}' is required, and no record has '{path}'. Found: it nowhere. Name another path, or "
        "say with 'rows' where the rows are."
        for name, path in columns.items()
        if path in never
    ]


class _PartError(Exception):
    """A file that cannot be read to its end."""


@dataclass(slots=True)
class _Written:
    """One table on its way to the disk, and what was left out of it."""

    contract: TableContract
    source: Source
    path: Path
    is_json: bool = False
    empty_cells: int = 0
    empty_rows: int = 0
    strange_headers: set[str] = field(default_factory=set)

    def write(self) -> None:
        """Write the table, a batch at a time."""
        produced = [column for column in self.contract.schema if column in self.source.spec.produced()]
        schema = pa.schema([(column, pa.large_string()) for column in [*produced, BROKEN]])
        with storage.atomic_path(self.path) as temporary, pa.parquet.ParquetWriter(temporary, schema) as writer:
            for part in self.source.parts:
                self.is_json |= form_of(part) == "json"
                try:
                    for batch in self.source.batches(part):
                        # A row of a wide table becomes hundreds: few of them at a time.
                        some = max(1, CELLS_AT_ONCE // batch.width)
                        for piece in batch.iter_slices(some if self.source.spec.wide else max(1, batch.height)):
                            rows = self._rows(piece, part).select(*produced, BROKEN)
                            writer.write_table(rows.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema))
                except READ_ERRORS as error:
                    found = unreadable_part(part, error)
                    raise _PartError(f"unreadable file. Found: {found}. Write the file anew.") from error

    def _rows(self, raw: pl.DataFrame, part: Path) -> pl.DataFrame:
        """The rows of a batch in the columns of the contract, as texts."""
        spec = self.source.spec
        columns = []
        for name, column in spec.columns.items():
            if column.source is not None:
                plain = column.is_number and _is_plain(raw[column.source])
                value = _read(pl.col(column.source), name, column, spec, self.contract, is_plain=plain)
            else:
                constant = column.value if column.value is not None else stem_of(part)
                value = _read(pl.lit(constant), name, column, spec, self.contract)
            columns.append(value.alias(name))
        if spec.wide is None:
            # A constant alone would make a single row.
            return raw.with_columns(pl.col(ROW_PROBLEM).alias(BROKEN)).with_columns(columns)
        return self._long(raw, columns, spec.wide)

    def _long(self, raw: pl.DataFrame, columns: list[pl.Expr], wide: Wide) -> pl.DataFrame:
        """One row a reading, out of one row a date or account."""
        spec = self.source.spec
        taken = self.source.wanted() | set(wide.leave_out) | {ROW_PROBLEM}
        headers = {name: name for name in raw.columns if name not in taken}
        if wide.headers == "date":
            table = pl.DataFrame({"header": list(headers)}, schema={"header": pl.String})
            read = table.select(read_date(pl.col("header"), wide.date, None, day_only=True)).to_series()
            self.strange_headers |= {name for name, text in zip(headers, read, strict=True) if text is None}
            headers = {name: text for name, text in zip(headers, read, strict=True) if text is not None}
        [(counted, reading)] = wide.cells.items()
        kept = [name for name in self.contract.schema if name in spec.columns]
        readings = raw.with_columns(pl.col(ROW_PROBLEM).alias(BROKEN)).with_columns(columns)
        # The readings' columns may bear the names of the contract's: they are taken from the file as it stands.
        across = pl.concat(
            [readings.select(*kept, BROKEN).rename(lambda name: f"assay:{name}"), raw.select(list(headers))],
            how="horizontal",
        )
        long = across.unpivot(
            list(headers),
            index=[f"assay:{name}" for name in [*kept, BROKEN]],
            variable_name=_HEADER,
            value_name=_CELL,
        ).rename({f"assay:{name}": name for name in [*kept, BROKEN]})
        missing = (*spec.missing, *reading.missing)
        cell = _observed(pl.col(_CELL), missing, blank_too=True)
        nothing = [_observed(pl.col(name), missing, blank_too=True).is_null() for name in headers]
        empty = raw.select(pl.all_horizontal(pl.col(ROW_PROBLEM).is_null(), *nothing).sum()).item() if raw.height else 0
        self.empty_rows += empty
        broken = pl.col(BROKEN).is_not_null()
        # A row that is broken as a whole is one bad row, not one a day.
        once = broken & (pl.col(_HEADER) == next(iter(headers), ""))
        filled = long.filter((cell.is_not_null() & ~broken) | once)
        self.empty_cells += long.filter(cell.is_null() & ~broken).height
        header = pl.col(_HEADER).replace_strict(headers, return_dtype=pl.String) if headers else _EMPTY
        plain = reading.is_number and _is_plain(filled[_CELL])
        value = _read(pl.col(_CELL), counted, reading, spec, self.contract, is_plain=plain)
        return filled.with_columns(header.alias(wide.headers), value.alias(counted))

    def notes(self, never: list[str]) -> list[str]:
        """What was left out, in words."""
        table = self.contract.name
        notes = []
        if self.empty_cells:
            notes.append(f"{table}: {self.empty_cells:,} empty cells of the wide table were not observed: no row each.")
        if self.empty_rows:
            notes.append(f"{table}: {self.empty_rows:,} rows of the wide table hold no reading at all.")
        if self.strange_headers:
            names = shown(sorted(self.strange_headers))
            notes.append(
                f"{table}: columns of the export whose header is no date of the mapping are not used: {names}."
            )
        if self.source.nested.strangers:
            count = self.source.nested.strangers
            notes.append(
                f"{table}: {count:,} places hold no list where '{self.source.spec.rows}' should lead to one: no rows."
            )
        if never:
            notes.append(f"{table}: no record has {shown(never)}: not observed.")
        return notes


def _observed(value: pl.Expr, missing: Sequence[str], *, blank_too: bool) -> pl.Expr:
    """The cell, null where its text means: not observed."""
    plain = value.str.strip_chars()
    nothing = [*missing, *([""] if blank_too else [])]
    return pl.when(plain.is_in(nothing)).then(None).otherwise(value) if nothing else value


def _is_plain(cells: pl.Series) -> bool:
    """Whether all cells are whole numbers as the contract reads them: most are, and looking is cheap."""
    return cells.cast(pl.Int64, strict=False).null_count() == cells.null_count()


def _read(
    value: pl.Expr, name: str, reading: Reading, spec: Table, contract: TableContract, *, is_plain: bool = False
) -> pl.Expr:
    """One cell as the contract writes it; what is not as the mapping says stays, marked."""
    missing = (*(() if name in WRITTEN else spec.missing), *reading.missing)
    value = _observed(value, missing, blank_too=reading.is_number or bool(reading.date))
    if reading.values:
        value = value.str.strip_chars().replace(reading.values)
    if not reading.is_number and not reading.date and reading.zone is None:
        return value
    if is_plain and reading.times is None and not reading.values:
        return value
    if reading.is_number:
        read = read_number(value, reading.decimal or ".", reading.times or 1.0, reading.suffixes)
    else:
        day_only = contract.schema[name] == pl.Date
        read = read_date(value, reading.date, reading.zone, day_only=day_only)
    return pl.when(read.is_not_null() | value.is_null()).then(read).otherwise(pl.lit(UNREADABLE) + value)


def _derive_accounts(destination: Path, spec: Table, contract: TableContract) -> None:
    """One account for each id of the tracker, with its newest reading and the end of that day."""
    readings = pl.scan_parquet(destination / "followers_daily.parquet", glob=False)
    day = pl.col("date").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    count = pl.col("follower_count").cast(pl.Int64, strict=False)
    newest = (
        readings.select("account_id", day=day, count=count)
        .filter(pl.col("account_id").is_not_null() & pl.col("day").is_not_null() & pl.col("count").is_not_null())
        .group_by("account_id")
        .agg(pl.col("count").sort_by("day", "count").last(), pl.col("day").max())
        .sort("account_id")
        .collect(engine="streaming")
    )
    end = (pl.col("day") + pl.duration(days=1)).cast(INSTANT).dt.to_string("%Y-%m-%dT%H:%M:%SZ")
    constants = {name: column.value for name, column in spec.columns.items() if column.value}
    accounts = newest.select(
        "account_id",
        follower_count=pl.col("count").cast(pl.String),
        observed_at=end,
        **{name: pl.lit(value) for name, value in constants.items()},
    )
    ordered = [name for name in contract.schema if name in accounts.columns]
    storage.write_parquet(accounts.select(ordered), destination / f"{contract.name}.parquet", "uncompressed")
