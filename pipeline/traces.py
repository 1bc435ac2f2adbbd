"""Whether a file holds an id, and the file without it: tables row by row, text word by word, each form decoded first.

An id counts where it stands alone: `anna` is not found in `anna.b` or `anna-2`, which are others. A row of a table that
is of the id (a cell of a column of ids) goes; elsewhere `[erased]` takes its place.
"""

from __future__ import annotations

import csv
import gzip
import html
import io
import json
import re
import sqlite3
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.addresses import address
from pipeline.errors import UnusableInputError
from pipeline.export import NEUTRALISER
from pipeline.pseudonyms import FORM
from pipeline.storage import atomic_path, write_parquet

ERASED = "[erased]"

ID_COLUMN = re.compile(r"(^|_)(id|account|user|author|owner|channel|handle|commenter)$", re.IGNORECASE)
"""Columns whose cells name somebody: a row with the id there is the id's own."""

_PARQUET, _SQLITE, _GZIP, _ZIP = b"PAR1", b"SQLite format 3\x00", b"\x1f\x8b", b"PK\x03\x04"
_BEFORE, _AFTER = r"(^|[^\w.\-]|[^\w]\.)", r"($|[^\w.\-]|\.($|[^\w]))"
PLAIN = re.compile(r"^[A-Za-z0-9_.\-]+$")
"""An id that every form writes as it is."""

_QUOTE = "[\"'`]"
LARGEST_CELL = 1 << 27
"""Characters of a CSV cell: what Python's reader takes, 131,072, is less than a comment may hold."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for: ids as they are given, and the pseudonyms that stand for them."""

    names: frozenset[str]

    @cached_property
    def pattern(self) -> str:
        """Any of the names standing alone; between what stood before it (group 1) and after it (group 3)."""
        return f"{_BEFORE}({'|'.join(re.escape(name) for name in sorted(self.names))}){_AFTER}"

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    @cached_property
    def in_prose(self) -> re.Pattern[str]:
        """In text without cells a bare number is a number: there, an id of digits counts in quotes alone."""
        words = "|".join(re.escape(name) for name in sorted(self.names) if not name.isdigit())
        numbers = "|".join(f"{_QUOTE}{name}{_QUOTE}" for name in sorted(self.names) if name.isdigit())
        forms = [f"{_BEFORE}({words}){_AFTER}"] if words else []
        return re.compile("|".join([*forms, *([f"()({numbers})()"] if numbers else [])]), re.MULTILINE)

    def stands_in(self, text: str) -> bool:
        """Whether a name stands alone anywhere in it."""
        return self._expression.search(text) is not None

    def erased_from(self, text: str) -> str:
        """The text with `[erased]` in place of each name; twice, since two may share what stands between them."""
        for _ in range(2):
            text = self._expression.sub(lambda found: f"{found[1]}{ERASED}{found[3]}", text)
        return text

    def may_be_in(self, content: bytes) -> bool:
        """False only where no decoding could bring a name to light.

        None stands there as bytes, and none has a sign that some form writes as an escape; a pseudonym is only ever in
        tables of ours.
        """
        return any(name.encode() in content or not (PLAIN.match(name) or re.match(FORM, name)) for name in self.names)


@dataclass(frozen=True, slots=True)
class Trace:
    """A file that holds what is wanted: how many of its rows, or 1 for a text; `remedy` is what erasing does to it."""

    path: Path
    count: int
    remedy: str


REWRITE, REMOVE, BY_HAND = "rewritten without it", "removed", "left: erase it by hand"


def trace(path: Path, wanted: Wanted) -> Trace | None:
    """What a file holds of it; None where nothing. A table or database that broke off is searched as bytes."""
    if any(path.name == address(name) for name in wanted.names) or wanted.stands_in(path.stem):
        return Trace(path, 1, REMOVE)
    start, remedy = _start(path), REWRITE
    try:
        if start.startswith(_PARQUET):
            count = _parquet_rows(path, wanted)
        elif start.startswith(_SQLITE):
            count = sum(len(rows) for *_, rows in _sqlite_cells(path, wanted))
        elif start.startswith(_ZIP):
            count, remedy = _members(path, wanted), BY_HAND
        else:
            count, remedy = _places(path, wanted)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, sqlite3.DatabaseError, zipfile.BadZipFile):
        count, remedy = int(wanted.stands_in(path.read_bytes().decode("utf-8", "replace"))), REMOVE
    return Trace(path, count, remedy) if count else None


def _start(path: Path) -> bytes:
    """What the form of a file is told by."""
    with path.open("rb") as file:
        return file.read(len(_SQLITE))


def _members(path: Path, wanted: Wanted) -> int:
    with zipfile.ZipFile(path) as archive:
        texts = (archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
        return sum(wanted.stands_in(text) for text in texts)


def _places(path: Path, wanted: Wanted) -> tuple[int, str]:
    content = _content(path)
    edited = _edited(path, content, wanted) if wanted.may_be_in(content) else None
    if edited is None:
        return 0, REWRITE
    return edited.count, REMOVE if edited.text is None else REWRITE


def erase(path: Path, wanted: Wanted) -> None:
    """Erase it from a file that `trace` says can be rewritten; atomically, a database by a transaction.

    Raises:
        UnusableInputError: another process holds the database.
    """
    start = _start(path)
    if start.startswith(_PARQUET):
        _erase_parquet(path, wanted)
    elif start.startswith(_SQLITE):
        try:
            _erase_sqlite(path, wanted)
        except sqlite3.OperationalError as error:
            raise UnusableInputError(
                f"forget: '{path}' cannot be written. Found: {error}. End what holds it, and repeat the command."
            ) from error
    else:
        edited = _edited(path, _content(path), wanted)
        if edited is None or edited.text is None:
            raise ValueError(f"{path} is not to be rewritten.")
        packed = edited.text.encode("utf-8", "surrogateescape")
        with atomic_path(path) as temporary:
            temporary.write_bytes(gzip.compress(packed, mtime=0) if start.startswith(_GZIP) else packed)


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError):  # a file that broke off
        return content


# Parquet --------------------------------------------------------------------------------------------------------------


def _own_rows(schema: pl.Schema, wanted: Wanted) -> pl.Expr:
    """Rows that are of the id: a cell of a column of ids is one of the names."""
    names = sorted(wanted.names)
    found = [
        pl.col(name).cast(pl.String).is_in(names).fill_null(value=False)
        for name, dtype in schema.items()
        if ID_COLUMN.search(name) and not dtype.is_nested() and dtype != pl.Binary
    ]
    return pl.any_horizontal(pl.lit(value=False), *found)


def _mentions(value: pl.Expr, dtype: pl.DataType, wanted: Wanted) -> pl.Expr | None:
    """Whether a cell of any depth holds a name; None for a type that holds no text."""
    if dtype.base_type() in (pl.String, pl.Categorical, pl.Enum):
        return value.cast(pl.String).str.contains(wanted.pattern).fill_null(value=False)
    if isinstance(dtype, pl.List):
        inner = _mentions(pl.element(), dtype.inner, wanted)  # type: ignore[arg-type]
        return None if inner is None else value.list.eval(inner).list.any().fill_null(value=False)
    if isinstance(dtype, pl.Struct):
        parts = [_mentions(value.struct.field(field.name), field.dtype, wanted) for field in dtype.fields]  # type: ignore[arg-type]
        told = [part for part in parts if part is not None]
        return pl.any_horizontal(told) if told else None
    return None


def _without(value: pl.Expr, dtype: pl.DataType, wanted: Wanted) -> pl.Expr:
    """The cell with `[erased]` in place of each name, at any depth."""
    if dtype == pl.String:
        for _ in range(2):
            value = value.str.replace_all(wanted.pattern, f"${{1}}{ERASED}${{3}}")
        return value
    if isinstance(dtype, pl.List):
        return value.list.eval(_without(pl.element(), dtype.inner, wanted))  # type: ignore[arg-type]
    if isinstance(dtype, pl.Struct):
        return value.struct.with_fields(
            _without(pl.field(field.name), field.dtype, wanted).alias(field.name)  # type: ignore[arg-type]
            for field in dtype.fields
        )
    return value


def _parquet_rows(path: Path, wanted: Wanted) -> int:
    rows = pl.scan_parquet(path, glob=False)
    schema = rows.collect_schema()
    told = [part for name, dtype in schema.items() if (part := _mentions(pl.col(name), dtype, wanted)) is not None]
    return int(rows.select(pl.any_horizontal(_own_rows(schema, wanted), *told).sum()).collect().item())


def _erase_parquet(path: Path, wanted: Wanted) -> None:
    rows = pl.read_parquet(path, glob=False)
    kept = rows.filter(~_own_rows(rows.schema, wanted))
    write_parquet(kept.with_columns(_without(pl.col(name), dtype, wanted) for name, dtype in rows.schema.items()), path)


# SQLite ---------------------------------------------------------------------------------------------------------------


def _sqlite_cells(path: Path, wanted: Wanted) -> Iterator[tuple[str, str, list[tuple[int, str]]]]:
    """(table, column, rows with their text) of every column that holds a name."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        yield from _cells_of(connection, wanted)


def _cells_of(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[tuple[str, str, list[tuple[int, str]]]]:
    tables = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%WITHOUT ROWID%'"
    )
    for (table,) in tables.fetchall():
        for _, column, *_ in connection.execute(f'PRAGMA table_info("{table}")').fetchall():
            texts = connection.execute(
                f'SELECT rowid, "{column}" FROM "{table}" WHERE typeof("{column}") = \'text\''  # noqa: S608 - names of its own schema
            )
            rows = [(row, text) for row, text in texts if wanted.stands_in(text)]
            if rows:
                yield table, column, rows


def _erase_sqlite(path: Path, wanted: Wanted) -> None:
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        for table, column, rows in list(_cells_of(connection, wanted)):
            connection.executemany(
                f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?',  # noqa: S608 - names of its own schema
                [(wanted.erased_from(text), row) for row, text in rows],
            )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("VACUUM")  # what was overwritten is gone from the file's free pages, too


# Texts ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Edited:
    """A text that held it: how often, and the text without it; None: nothing of the file would be left to use."""

    count: int
    text: str | None


def _edited(path: Path, content: bytes, wanted: Wanted) -> _Edited | None:
    """The text without it; None where it holds nothing."""
    if b"\x00" in content[:1024]:
        found = wanted.stands_in(content.decode("utf-8", "replace"))
        return _Edited(1, None) if found else None
    text = content.decode("utf-8", "surrogateescape")
    name = path.name.removesuffix(".gz")
    for ending, edit in _FORMS.items():
        if name.endswith(ending):
            return edit(text, wanted)
    return _prose(text, wanted)


def _prose(text: str, wanted: Wanted) -> _Edited | None:
    count, result = 0, text
    for _ in range(2):
        result, found = wanted.in_prose.subn(lambda hit: f"{hit[1] or ''}{ERASED}{hit[3] or ''}", result)
        count += found
    return _Edited(count, result) if count else None


def _page(text: str, wanted: Wanted) -> _Edited | None:
    """A page is made anew from what it was made of: it goes whole."""
    found = any(wanted.in_prose.search(each) for each in (text, html.unescape(text)))
    return _Edited(1, None) if found else None


def _json(text: str, wanted: Wanted) -> _Edited | None:
    try:
        value = json.loads(text)
    except ValueError:
        return _json_lines(text, wanted)
    count, cleaned = _cleaned(value, wanted)
    return _Edited(count, json.dumps(cleaned, ensure_ascii=False, indent=2) + "\n") if count else None


def _json_lines(text: str, wanted: Wanted) -> _Edited | None:
    kept, total = [], 0
    for line in text.split("\n"):
        try:
            value = json.loads(line) if line.strip() else None
        except ValueError:
            edited = _prose(line, wanted)
            total += edited.count if edited else 0
            kept.append(edited.text or "" if edited else line)
            continue
        is_own = isinstance(value, dict) and any(_is_name(each, wanted) for each in value.values())
        count, cleaned = (1, None) if is_own else _cleaned(value, wanted)
        total += count
        if not is_own:
            kept.append(json.dumps(cleaned, ensure_ascii=False) if count else line)
    return _Edited(total, "\n".join(kept)) if total else None


def _is_name(value: Any, wanted: Wanted) -> bool:
    return isinstance(value, str) and value in wanted.names


def _cleaned(value: Any, wanted: Wanted) -> tuple[int, Any]:
    """A JSON value without it, and how often it was there; an entry of a list that names it goes."""
    if isinstance(value, str):
        return (1, wanted.erased_from(value)) if wanted.stands_in(value) else (0, value)
    if isinstance(value, dict):
        pairs = [(_cleaned(key, wanted), _cleaned(each, wanted)) for key, each in value.items()]
        return sum(key[0] + each[0] for key, each in pairs), {key[1]: each[1] for key, each in pairs}
    if not isinstance(value, list):
        return 0, value
    kept, total = [], 0
    for each in value:
        cells: Iterable[Any] = each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        if any(_is_name(cell, wanted) for cell in cells):
            total += 1
            continue
        count, cleaned = _cleaned(each, wanted)
        total += count
        kept.append(cleaned)
    return total, kept


@contextmanager
def _large_cells() -> Iterator[None]:
    """Python's limit of a CSV cell is the whole process's, and others rely on it: `pipeline.reading` does."""
    before = csv.field_size_limit(LARGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(before)


@_large_cells()
def _csv(text: str, wanted: Wanted) -> _Edited | None:
    head = text.split("\n", 1)[0]
    separator = max(",;\t|", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    names = next(rows, [])
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\n")
    writer.writerow(names)
    total = 0
    is_id = [bool(ID_COLUMN.search(name)) for name in names]
    for row in rows:
        if any(flag and cell.removeprefix(NEUTRALISER) in wanted.names for flag, cell in zip(is_id, row, strict=False)):
            total += 1
            continue
        # A number in a column of numbers is no id, whoever it looks like.
        hits = [wanted.stands_in(cell) and not (cell.isdigit() and cell in wanted.names) for cell in row]
        total += sum(hits)
        writer.writerow([wanted.erased_from(cell) if hit else cell for hit, cell in zip(hits, row, strict=True)])
    return _Edited(total, out.getvalue()) if total else None


_FORMS: dict[str, Callable[[str, Wanted], _Edited | None]] = {
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".json": _json,
    ".ipynb": _json,
    ".html": _page,
}
