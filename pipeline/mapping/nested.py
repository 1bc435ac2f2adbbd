"""Records of JSON as rows: the elements of a list inside them, with what stands around it within reach."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.reading import ROW_PROBLEM, open_part

UP = "../"
"""What a path begins with that leaves the row: for the element of the list around it, or for the whole record."""

ROWS_PER_BATCH = 50_000

NOT_AN_OBJECT = "the line is not a JSON object"

_ABSENT = object()


@dataclass(slots=True)
class Nested:
    """The rows of one table in JSON files; `seen` and `strangers` add up while the rows are read.

    Attributes:
        rows: path to the list; None: each record is a row.
        paths: of the cells that are wanted.
        seen: the paths that led somewhere.
        strangers: places where a list was expected and something else stood.
    """

    rows: str | None
    paths: Sequence[str]
    seen: set[str] = field(default_factory=set)
    strangers: int = 0

    def batches(self, part: Path) -> Iterator[pl.DataFrame]:
        """The cells of one file as texts, null where nothing is, and `ROW_PROBLEM`."""
        rows = self._rows(part)
        columns = [*self.paths, ROW_PROBLEM]
        while some := list(islice(rows, ROWS_PER_BATCH)):
            yield pl.DataFrame(some, schema=dict.fromkeys(columns, pl.String), orient="row")

    def _rows(self, part: Path) -> Iterator[list[str | None]]:
        for record in records(part):
            if not isinstance(record, dict):
                yield [*[None] * len(self.paths), NOT_AN_OBJECT]
                continue
            for stack in self.descend(record):
                yield self._cells(stack)

    def descend(self, record: dict[str, Any]) -> Iterator[list[Any]]:
        """The rows of a record, each the last of a stack: the record, the elements of the lists around, the row."""
        if self.rows is None:
            yield [record]
            return
        yield from self._walk([record], record, self.rows.split("."))

    def _walk(self, around: list[Any], value: Any, path: list[str]) -> Iterator[list[Any]]:
        if isinstance(value, list):
            for element in value:
                yield from self._walk([*around, element], element, path)
        elif not path:
            if isinstance(value, dict):
                # The row may lie deeper than the element that it came in (edges.node): `../` still leaves the element.
                yield [*(around[:-1] if len(around) > 1 else around), value]
            else:
                self.strangers += value is not None
        elif isinstance(value, dict):
            if value.get(path[0]) is not None:  # an absent list was not observed
                yield from self._walk(around, value[path[0]], path[1:])
        else:
            self.strangers += 1

    def _cells(self, stack: list[Any]) -> list[str | None]:
        cells: list[str | None] = []
        problem = None
        for path in self.paths:
            levels = path.count(UP)
            value = find(stack[-1 - levels], path[levels * len(UP) :]) if levels < len(stack) else _ABSENT
            if value is not _ABSENT:
                self.seen.add(path)
            if isinstance(value, dict | list):
                problem = f"{path} holds nested JSON instead of a value"
                value = json.dumps(value, ensure_ascii=False)[:1000]
            cells.append(None if value is _ABSENT or value is None else as_text(value))
        return [*cells, problem]


def find(value: Any, path: str) -> Any:
    """What a path leads to; a key that holds full stops itself is found as it stands, a number picks from a list."""
    if isinstance(value, dict) and path in value:
        return value[path]
    for step in path.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _ABSENT
    return value


def is_absent(value: Any) -> bool:
    """Whether `find` found nothing."""
    return value is _ABSENT


def as_text(value: Any) -> str:
    """A plain value of JSON as the text of a cell."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    # Scrapers that cut texts leave half an emoji at the end: JSON can say that (\\ud83d), no file of ours can hold it.
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def records(part: Path) -> Iterator[Any]:
    """The records of a file: the elements of its list, its one object, or its lines.

    A file of lines is held one line at a time; any other whole.

    Raises:
        OSError: it is no JSON.
    """
    if part.name.removesuffix(".gz").endswith((".jsonl", ".ndjson")):
        yield from _lines(part)
        return
    with open_part(part) as stream:
        content = stream.read().decode("utf-8-sig")
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        if not error.msg.startswith("Extra data"):
            raise OSError(f"is not JSON ({error})") from error
        yield from _lines(part)  # lines under the name of one document
        return
    except RecursionError as error:
        raise OSError("is nested too deeply") from error
    except ValueError as error:  # Python reads no whole number of more than 4,300 digits
        raise OSError(f"holds a number that is too long ({error})") from error
    if isinstance(document, list):
        yield from document
    else:
        yield document


def _lines(part: Path) -> Iterator[Any]:
    with open_part(part) as stream:
        for line in stream:
            if not line.strip():
                continue
            text = line.decode("utf-8-sig")
            try:
                yield json.loads(text)
            except (ValueError, RecursionError):  # no JSON, or a whole number of more digits than Python reads
                yield None
