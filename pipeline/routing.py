"""The first pass over a table: every usable row goes, cast, to the file of its account's bucket.

Nothing holds all rows: a batch is read, judged row by row and appended to the buckets' files.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import polars as pl
import pyarrow as pa

from features.context import end_of_day
from features.tables import TableContract
from pipeline.casting import cast_cells, known_or_other, unknown_values
from pipeline.quarantine import Tally, illegal_rows, unreadable_rows
from pipeline.reading import ROW_PROBLEM, TableSource

FOLLOWER_COUNT_GIVEN = "follower_count_given"
"""Extra column of the prepared accounts: the count as given, also where `as_of` forbids its use. For output only."""

ACCOUNT_COUNTS = ("follower_count", "following_count", "post_count")
POST_COUNTS = ("like_count", "comment_count", "view_count")

QUARANTINE_BUCKET, CONFLICT_BUCKET = -1, -2
"""The quarantined rows of a table are spilled like two more buckets: those of the first and of the second pass."""

Progress = Callable[[str], None]
"""Called now and then with what is being done, in words."""


def bucket_of(account_id: str, buckets: int) -> int:
    """The bucket of an account: CRC-32 of its UTF-8 bytes, the same on every machine and in every version."""
    return zlib.crc32(account_id.encode()) % buckets


def prepared_schema(contract: TableContract) -> dict[str, pl.DataType | type[pl.DataType]]:
    """The columns of a prepared bucket: the contract's, and for accounts the follower count as given."""
    extra = {FOLLOWER_COUNT_GIVEN: pl.Int64} if contract.name == "accounts" else {}
    return {**contract.schema, **extra}


def known_at(contract: TableContract) -> pl.Expr | None:
    """The instant at which a row became known; None for tables that `as_of` does not cut."""
    if contract.known_by is None:
        return None
    return end_of_day("date") if contract.known_by == "date" else pl.col(contract.known_by)


@dataclass(slots=True)
class Spill:
    """Appends frames to one file per table and bucket, and reads each back whole."""

    folder: Path
    _writers: dict[tuple[str, int], Any] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.folder.mkdir()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, table: str, bucket: int, frame: pl.DataFrame) -> None:
        """Add rows to a bucket; all frames of one bucket have the same columns."""
        arrow = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        writer = self._writers.get((table, bucket))
        if writer is None:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            writer = pa.ipc.new_stream(str(self._path(table, bucket)), arrow.schema, options=options)
            self._writers[table, bucket] = writer
        writer.write_table(arrow)

    def close(self) -> None:
        """Finish all files; they can be read from then on."""
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()

    def read(self, table: str, bucket: int) -> pl.DataFrame | None:
        """The rows of a bucket in the order of appending; None where there are none."""
        path = self._path(table, bucket)
        if not path.exists():
            return None
        with pa.ipc.open_stream(str(path)) as reader:
            frame = pl.DataFrame(pl.from_arrow(reader.read_all()))
        path.unlink()
        return frame

    def _path(self, table: str, bucket: int) -> Path:
        return self.folder / f"{table}.{bucket}.arrows"


@dataclass(frozen=True, slots=True)
class Router:
    """Sends the rows of one table to their buckets.

    `known_accounts` (account_id, bucket) are the usable accounts; None while the accounts themselves are routed, or
    where they cannot be used and the table is read for its problems alone.
    """

    source: TableSource
    tally: Tally
    spill: Spill
    buckets: int
    as_of: datetime | None
    known_accounts: pl.DataFrame | None

    def route(self, progress: Progress) -> None:
        """Read the whole table.

        Raises:
            UnreadableFileError: a part broke off or is damaged.
        """
        for raw in self.source.batches():
            self._route_batch(raw)
            progress(f"{self.source.contract.name}: {self.tally.rows_in:,} rows read")
        self.spill.close()

    def _route_batch(self, raw: pl.DataFrame) -> None:
        contract, tally = self.source.contract, self.tally
        batch = cast_cells(raw, contract)
        tally.rows_in += raw.height
        tally.note_cells(raw, batch)
        rows = self._in_scope(batch.frame.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64)))
        rows = self._known_by_then(rows)
        unreadable = unreadable_rows(raw, batch, contract).join(rows, on="row", how="semi")
        legible = rows.join(unreadable, on="row", how="anti")
        illegal = illegal_rows(legible.select(*contract.schema), contract)
        illegal = illegal.with_columns(legible["row"].gather(illegal["row"]))
        problems = pl.concat([unreadable, illegal])
        if not problems.is_empty():
            self.spill.append(contract.name, QUARANTINE_BUCKET, tally.quarantine(raw.drop(ROW_PROBLEM), problems))
        self._spill_good(legible.join(illegal, on="row", how="anti"))

    def _in_scope(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the `bucket` of their account; those of unknown accounts are counted and left out.

        A row without `account_id` stays, to be quarantined: nobody can say that it is out of scope.
        """
        if self.known_accounts is None:
            known = rows.select(pl.col("account_id").unique(maintain_order=True)).drop_nulls()
            numbers = [bucket_of(account_id, self.buckets) for account_id in known["account_id"]]
            known = known.with_columns(pl.Series("bucket", numbers, dtype=pl.Int64))
        else:
            known = self.known_accounts
        rows = rows.join(known, on="account_id", how="left", maintain_order="left")
        kept = rows.filter(pl.col("bucket").is_not_null() | pl.col("account_id").is_null())
        self.tally.out_of_scope += rows.height - kept.height
        return kept

    def _known_by_then(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows that were known at `as_of`; the others are counted and left out."""
        instant = known_at(self.source.contract)
        if self.as_of is None or instant is None:
            return rows
        late = (instant > self.as_of).fill_null(False) & pl.col("account_id").is_not_null()
        kept = rows.filter(~late)
        self.tally.after_as_of += rows.height - kept.height
        return kept

    def _spill_good(self, rows: pl.DataFrame) -> None:
        contract = self.source.contract
        for column in contract.columns:
            if column.allowed is not None:
                self.tally.note_unknown(column.name, unknown_values(rows, column))
                rows = rows.with_columns(known_or_other(column).alias(column.name))
        if contract.name == "accounts":
            rows = rows.with_columns(pl.col("follower_count").alias(FOLLOWER_COUNT_GIVEN))
        if self.as_of is not None:
            rows = _without_future(rows, contract.name, self.as_of)
        rows = rows.select("bucket", *prepared_schema(contract))
        for (bucket,), part in rows.partition_by("bucket", as_dict=True, include_key=False).items():
            self.spill.append(contract.name, int(bucket), part)


def _without_future(rows: pl.DataFrame, table: str, as_of: datetime) -> pl.DataFrame:
    """Null in place of what was only observed after `as_of`."""
    counts = {"accounts": ACCOUNT_COUNTS, "posts": POST_COUNTS}.get(table, ())
    if counts:
        future = (pl.col("observed_at") > as_of).fill_null(False)
        rows = rows.with_columns(pl.when(~future).then(pl.col(name)).alias(name) for name in (*counts, "observed_at"))
    if table == "accounts":
        rows = rows.with_columns(pl.when(pl.col("created_on") <= as_of.date()).then(pl.col("created_on")))
    return rows
