"""A dataset to files, in every form of the contract. Independent of the readers: nothing here is used by them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from soak.fuzz.content import Content, Dataset, Odd, Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICKS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}

ARROW = {
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint64": pa.uint64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "decimal128": pa.decimal128(30, 2),
    "decimal256": pa.decimal256(50, 0),
    "string": pa.string(),
    "large_string": pa.large_string(),
    "string_view": pa.string_view(),
    "dictionary": pa.dictionary(pa.int32(), pa.string()),
    "bool": pa.bool_(),
    "null": pa.null(),
    "date32": pa.date32(),
    "date64": pa.date64(),
    "time64": pa.time64("us"),
    "duration": pa.duration("us"),
    "binary": pa.binary(),
    "list": pa.list_(pa.string()),
    "struct": pa.struct([("x", pa.string())]),
    "map": pa.map_(pa.string(), pa.int64()),
    **{f"timestamp_{unit}": pa.timestamp(unit) for unit in TICKS},
    **{f"timestamp_{unit}_utc": pa.timestamp(unit, "UTC") for unit in TICKS},
    "timestamp_us_berlin": pa.timestamp("us", "Europe/Berlin"),
    "timestamp_us_offset": pa.timestamp("us", "+02:00"),
}
_OWN = {pl.String: "string", pl.Int64: "int64", pl.Float64: "float64", pl.Boolean: "bool", pl.Date: "date32"}


def write(dataset: Dataset, folder: Path) -> None:
    """Write every table below the folder."""
    folder.mkdir(parents=True)
    for table, content in dataset.tables.items():
        for number, rows in enumerate(content.part_rows()):
            data = _bytes(content, rows, content.missing.get(number, set()))
            for damage in content.damage.get(number, []):
                data = damage(data)
            path = (
                folder / table / f"part-{number}{content.form}" if content.parts else folder / f"{table}{content.form}"
            )
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)


def _bytes(content: Content, rows: list[Row], missing: set[str]) -> bytes:
    columns = [column for column in content.columns if column not in missing]
    if content.kind == "parquet":
        return _parquet(content, rows, columns)
    data = (_csv if content.kind == "csv" else _jsonl)(content, rows, columns)
    return gzip.compress(data, 1) if content.form.endswith(".gz") else data


def plain(value: Any) -> str:
    """A plain value as files of text show it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else str(value)


def _shown(cell: Any) -> str:
    return cell.text if isinstance(cell, Odd) else plain(cell)


def _csv(content: Content, rows: list[Row], columns: list[str]) -> bytes:
    stream = io.StringIO()
    # Where lines end otherwise, Python would leave a line feed within a cell without its quotes.
    quoting = csv.QUOTE_ALL if content.newline == "\r" else csv.QUOTE_MINIMAL
    writer = csv.writer(stream, lineterminator=content.newline, quoting=quoting)
    writer.writerow([content.names.get(column, column) for column in columns])
    for row in rows:
        if row.raw is not None:
            stream.write(row.raw + content.newline)
            continue
        cells = [_shown(row.cells.get(column)) for column in columns]
        writer.writerow(cells[: len(cells) - row.cut] if row.cut >= 0 else [*cells, "one cell more"])
    return stream.getvalue().encode()


def _jsonl(content: Content, rows: list[Row], columns: list[str]) -> bytes:
    lines = []
    for row in rows:
        cells = (f"{json.dumps(content.names.get(name, name))}:{_json(row.cells.get(name))}" for name in columns)
        lines.append(row.raw if row.raw is not None else "{" + ",".join(cells) + "}")
    return "".join(line + content.newline for line in lines).encode()


def _json(cell: Any) -> str:
    if isinstance(cell, Odd):
        return cell.json if cell.json is not None else json.dumps(cell.text, ensure_ascii=False)
    if isinstance(cell, bool | int | float) or cell is None:
        return json.dumps(cell)
    return json.dumps(plain(cell))


def _parquet(content: Content, rows: list[Row], columns: list[str]) -> bytes:
    types = {column.name: column.dtype for column in content.contract.columns}
    arrays = []
    for column in columns:
        own = types.get(column, pl.String)
        storage = content.storage.get(column) or _OWN.get(own.base_type(), "timestamp_us_utc")
        cells = [row.cells.get(column) for row in rows]
        physical = [cell.arrow for cell in cells if isinstance(cell, Odd) and cell.arrow is not None]
        if physical:
            storage = physical[0][0]
        elif any(isinstance(cell, Odd) for cell in cells) and storage not in ("large_string", "dictionary"):
            storage = "string"
        arrays.append(_array(cells, storage))
    table = pa.Table.from_arrays(arrays, names=[content.names.get(column, column) for column in columns])
    sink = io.BytesIO()
    pq.write_table(table, sink, version="2.6", store_schema=True)
    return sink.getvalue()


def _array(cells: list[Any], storage: str) -> pa.Array:
    """The cells as an Arrow array of that type; cells that it cannot hold are null."""
    arrow = ARROW[storage]
    if pa.types.is_timestamp(arrow) or pa.types.is_date32(arrow):
        unit = None if pa.types.is_date32(arrow) else arrow.unit
        ticks = pa.array([_ticks(cell, unit) for cell in cells], pa.int32() if unit is None else pa.int64())
        return ticks.view(arrow)
    if storage in ("string", "large_string", "string_view", "dictionary"):
        return pa.array([None if cell is None else _shown(cell) for cell in cells], arrow)
    return pa.array([_held(cell, storage) for cell in cells], arrow)


def _ticks(cell: Any, unit: str | None) -> int | None:
    if isinstance(cell, Odd):
        return cell.arrow[1] if cell.arrow is not None else None
    if cell is None:
        return None
    at = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day, tzinfo=UTC)
    if unit is None:
        return (at - EPOCH).days
    since = at - EPOCH
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return micros * TICKS[unit] // 1_000_000


def _held(cell: Any, storage: str) -> Any:
    if isinstance(cell, Odd):
        value = cell.arrow[1] if cell.arrow is not None else None
        return bool(value) if storage == "bool" else value
    if cell is None or storage == "null":
        return None
    if storage.startswith(("int", "uint")):
        return int(cell)
    if storage.startswith("float"):
        return float(cell)
    if storage.startswith("decimal"):
        return Decimal(int(cell))
    made = {
        "time64": lambda: 1,
        "duration": lambda: 1,
        "binary": lambda: b"bytes",
        "list": lambda: ["a"],
        "struct": lambda: {"x": "a"},
        "map": lambda: [("a", 1)],
    }
    return made[storage]() if storage in made else cell
