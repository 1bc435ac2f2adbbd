"""What an export holds: every table, sheet and list of its files, with some of its rows."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.mapping.files import Source, form_of, sheet_names, sheet_rows
from pipeline.mapping.nested import UP, Nested, as_text, records
from pipeline.mapping.specification import Table
from pipeline.outside import leading_out
from pipeline.reading import READ_ERRORS, ROW_PROBLEM, Dialect, csv_columns, open_part

SAMPLED_ROWS, SAMPLED_FILES = 1_000, 20
"""What is looked at of each table, and of files that are alike; a mapping meets all rows when it is used."""

SNIFFED_BYTES = 64 * 1024
SEPARATORS = (",", ";", "\t", "|")
MOST_TITLE_ROWS = 5
"""Rows above a header that are looked for."""

SAMPLED_RECORDS = 5
"""Records that tell which files of JSON are alike, and rows of each of their lists."""

ALIKE = 0.8
"""Share of the names in the shorter of two files that the other holds too, where they are parts of one; assumed."""

DEEPEST = 6
"""Levels of JSON below a record, or below a row, that are looked at."""

Cells = dict[str, list[str | None]]


@dataclass(slots=True)
class Shape:
    """One table of an export.

    Attributes:
        place: what a mapping says of it: file, sheet, separator, rows, ...
        parts: its files, or some of many that are alike.
        cells: column to sampled cells.
        words: names of its files, sheet and list, to tell what it holds.
        across: what its headers hold (date or account_id) and which of them, where it is laid out across.
        reads: how its columns are read, remembered.
    """

    place: dict[str, Any]
    parts: list[Path]
    cells: Cells
    words: str
    across: tuple[str, list[str]] | None = None
    reads: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For people: the file, and what of it."""
        inside = self.place.get("sheet") or self.place.get("rows")
        file = self.place["file"]
        return f"{file if isinstance(file, str) else ', '.join(file)}{f' ({inside})' if inside else ''}"

    @property
    def height(self) -> int:
        """Sampled rows."""
        return max(map(len, self.cells.values()), default=0)


def shapes_of(root: Path) -> tuple[list[Shape], list[str]]:
    """The tables of a folder in a fixed order, and the files that cannot be read or are of no known form."""
    shapes: list[Shape] = []
    refused: list[str] = []
    alike: dict[tuple[Any, ...], list[Path]] = defaultdict(list)
    nested: dict[tuple[Path, str], list[tuple[frozenset[str], list[Path]]]] = defaultdict(list)
    for path in _files(root):
        form = form_of(path)
        try:
            if form == "json":
                _together(nested[path.parent, path.suffix], frozenset(_names(path)), path)
            for key in _keys(path, form):
                alike[path.parent, path.suffix, form, *key].append(path)
        except READ_ERRORS as error:
            refused.append(f"{path.relative_to(root)}: {error}")
        if form is None:
            refused.append(f"{path.relative_to(root)}: no form that is read")
    for group, parts in alike.items():
        form, key = group[2], group[3:]
        shapes.append(_flat_shape(root, {"file": _pattern(root, parts)}, parts, form, key))
    for parts in (parts for groups in nested.values() for _, parts in groups):
        shapes += _json_shapes(root, {"file": _pattern(root, parts)}, parts)
    return [shape for shape in shapes if shape.cells], refused


def _files(root: Path) -> Iterator[Path]:
    """The files of a folder and its folders, sorted; none that is hidden or leads out of it."""
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith((".", "_")) for part in path.relative_to(root).parts)
        if not hidden and path.is_file() and not leading_out([path], root):
            yield path


def _keys(path: Path, form: str | None) -> Iterator[tuple[Any, ...]]:
    """What files must share to be parts of one table; a spreadsheet is a table a sheet."""
    if form == "sheet":
        for sheet in sheet_names(path):
            yield str(path), sheet
    elif form == "csv":
        dialect = _dialect(path)
        yield dialect, tuple(csv_columns(path, dialect))
    elif form == "parquet":
        yield (tuple(pl.read_parquet_schema(path)),)


def _names(path: Path) -> Iterator[str]:
    """The names of everything in the first records of a file of JSON."""
    for record in islice(records(path), SAMPLED_RECORDS):
        lists = list(dict.fromkeys(_lists(record, []))) if isinstance(record, dict) else []
        for rows in [None, *lists]:
            for stack in islice(Nested(rows, ()).descend(record), SAMPLED_RECORDS):
                yield from (f"{rows}: {name}" for name in _flat(stack) if not name.startswith(UP))


def _together(groups: list[tuple[frozenset[str], list[Path]]], names: frozenset[str], path: Path) -> None:
    """Put a file of JSON to those that hold the same, or begin a new group: optional fields may be absent."""
    for number, (known, parts) in enumerate(groups):
        if len(known & names) >= ALIKE * min(len(known), len(names)):
            groups[number] = (known | names, [*parts, path])
            return
    groups.append((names, [path]))


def _pattern(root: Path, parts: list[Path]) -> str | list[str]:
    """A pattern for files that are all of their kind in their folder; else their names."""
    names = [part.relative_to(root).as_posix() for part in parts]
    if len(parts) == 1:
        return names[0]
    ending = parts[0].suffix if parts[0].suffix != ".gz" else "".join(parts[0].suffixes[-2:])
    folder = parts[0].parent
    pattern = (folder.relative_to(root) / f"*{ending}").as_posix()
    return pattern if sorted(folder.glob(f"*{ending}")) == sorted(parts) else names


def _dialect(path: Path) -> Dialect:
    """The separator that cuts the first rows into most columns of equal number, the encoding, the titles above."""
    with open_part(path) as stream:
        start = stream.read(SNIFFED_BYTES)
    encoding = "utf-16" if start.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        # The last character may be cut in two.
        text = start.decode(encoding, errors="strict" if len(start) < SNIFFED_BYTES else "ignore")
    except UnicodeDecodeError:
        encoding, text = "cp1252", start.decode("cp1252", errors="replace")
    lines = text.splitlines()[: SAMPLED_ROWS // 10]

    def widths(separator: str) -> list[int]:
        return [len(row) for row in csv.reader(lines, delimiter=separator)]

    separator = max(SEPARATORS, key=lambda mark: (sorted(widths(mark) or [0])[len(widths(mark)) // 2], mark == ","))
    found = widths(separator)
    full = max(found, default=0)
    filled = [sum(bool(cell.strip()) for cell in row) for row in csv.reader(lines, delimiter=separator)]
    return Dialect(separator, encoding, _title_rows(filled, full))


def _title_rows(filled: list[int], full: int) -> int:
    """Rows above the header: they fill a cell or none where the header fills several."""
    titles = 0
    while titles < min(MOST_TITLE_ROWS, len(filled) - 1) and filled[titles] <= 1 and full > 1:
        titles += 1
    return titles if titles < len(filled) and filled[titles] > 1 else 0


def _flat_shape(root: Path, place: dict[str, Any], parts: list[Path], form: str, key: Sequence[Any]) -> Shape:
    place = dict(place)
    if form == "sheet":
        place["sheet"] = key[1]
        place |= _skipped(parts[0], place)
    if form == "csv":
        dialect: Dialect = key[0]
        tabs = parts[0].name.lower().endswith((".tsv", ".tsv.gz"))
        if dialect.separator != ("\t" if tabs else ","):
            place["separator"] = dialect.separator
        place |= {"encoding": dialect.encoding} if dialect.encoding != "utf-8" else {}
        place |= {"skip_rows": dialect.skip_rows} if dialect.skip_rows else {}
    # As a wide table every column is read.
    spec = Table.model_validate({**place, "wide": {"headers": "date", "cells": {"follower_count": {}}}})
    source = Source(spec, parts)
    cells: Cells = {}
    for part in parts[:SAMPLED_FILES]:
        batch = next(iter(source.batches(part)), None)
        for column in [] if batch is None else batch.head(SAMPLED_ROWS).drop(ROW_PROBLEM).iter_columns():
            cells.setdefault(column.name, []).extend(text or None for text in column)
    return Shape(place, parts, cells, _words(root, parts, place))


def _skipped(part: Path, place: dict[str, Any]) -> dict[str, int]:
    """Rows above the header of a sheet."""
    rows = sheet_rows(part, place["sheet"]).head(MOST_TITLE_ROWS + 10)
    filled = [sum(text is not None for text in row) for row in rows.iter_rows()]
    titles = _title_rows(filled, rows.width)
    return {"skip_rows": titles} if titles else {}


def _words(root: Path, parts: list[Path], place: dict[str, Any]) -> str:
    files = [part.relative_to(root).as_posix() for part in parts[:1]]
    return " ".join([*files, place.get("sheet", ""), place.get("rows", "") or ""]).lower()


def _json_shapes(root: Path, place: dict[str, Any], parts: list[Path]) -> Iterator[Shape]:
    """The records themselves, and every list of objects inside them."""
    some = [record for part in parts[:SAMPLED_FILES] for record in islice(records(part), SAMPLED_ROWS)]
    some = [record for record in some if isinstance(record, dict)][:SAMPLED_ROWS]
    lists: dict[str, None] = {}
    for record in some:
        lists.update(dict.fromkeys(_lists(record, [])))
    for rows in [None, *lists]:
        nested = Nested(rows, ())
        sampled: list[dict[str, str]] = []
        for record in some:
            sampled += [_flat(stack) for stack in islice(nested.descend(record), SAMPLED_ROWS - len(sampled))]
        names = dict.fromkeys(name for row in sampled for name in row)
        cells: Cells = {name: [row.get(name) for row in sampled] for name in names}
        where = {**place, **({"rows": rows} if rows else {})}
        yield Shape(where, parts, cells, _words(root, parts, where))


def _lists(value: Any, path: list[str]) -> Iterator[str]:
    """Paths to lists of objects; an element that only wraps another object (edges.node) is passed through."""
    if len(path) > DEEPEST:
        return
    if isinstance(value, list):
        objects = [each for each in value if isinstance(each, dict)]
        if not objects:
            return
        wrapped = [next(iter(each.values())) for each in objects if len(each) == 1]
        if len(wrapped) == len(objects) and all(isinstance(each, dict) for each in wrapped):
            path = [*path, next(iter(objects[0]))]
            objects = wrapped
        yield ".".join(path)
        for each in objects:
            for name, inner in each.items():
                yield from _lists(inner, [*path, name])
    elif isinstance(value, dict):
        for name, inner in value.items():
            if "." not in name:
                yield from _lists(inner, [*path, name])


def _flat(stack: list[Any]) -> dict[str, str]:
    """The plain values of a row by path, and those of what stands around it."""
    found = dict(_values(stack[-1], [], lists=True))
    for level, around in enumerate(reversed(stack[:-1]), start=1):
        found.update({UP * level + name: text for name, text in _values(around, [], lists=False)})
    return found


def _values(value: Any, path: list[str], *, lists: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and len(path) < DEEPEST:
        for name, inner in value.items():
            yield from _values(inner, [*path, name], lists=lists)
    elif isinstance(value, list):
        # A caption of Instagram's web responses is the only element of a list.
        if lists and len(value) == 1 and len(path) < DEEPEST:
            yield from _values(value[0], [*path, "0"], lists=lists)
    elif value is not None and not isinstance(value, dict) and path:
        yield ".".join(path), as_text(value)
