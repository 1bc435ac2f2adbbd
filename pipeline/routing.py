"""The first pass over a table: every usable row goes, cast, to the file of its account's bucket.

Nothing holds all rows: a batch is read, judged row by row and appended to the buckets' files.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl
import pyarrow as pa

from features.context import end_of_day
from features.tables import TableContract
from pipeline.casting import cast_cells, known_or_other, unknown_values
from pipeline.progress import steps
from pipeline.pseudonyms import COLUMN, Pseudonyms
from pipeline.quarantine import Tally, illegal_rows, unreadable_rows
from pipeline.reading import ROW_PROBLEM, TableSource

FOLLOWER_COUNT_GIVEN = "follower_count_given"
"""Extra column of the prepared accounts: the count as given, also where `as_of` forbids its use. For output only."""

ACCOUNT_COUNTS = ("follower_count", "following_count", "post_count")
POST_COUNTS = ("like_count", "comment_count", "view_count")

SPILLED_BYTES = 16 * 1024 * 1024
"""Rows that wait before they go to their buckets; a multiple of a batch of comments, so that pieces are not tiny."""

Progress = Callable[[str], None]
"""Called now and then with what is being done, in words."""


def bucket_of(account_id: str, buckets: int) -> int:
    """The bucket of an account: CRC-32 of its UTF-8 bytes, the same on every machine and in every version."""
    return zlib.crc32(account_id.encode()) % buckets


def quarantine(table: str) -> str:
    """The name under which the quarantined rows of a table are spilled, all of them `in_one` bucket."""
    return f"{table}-quarantine"


def in_one(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows as a single bucket, number 0."""
    return rows.with_columns(pl.lit(0, dtype=pl.UInt16).alias("bucket"))


def prepared_schema(contract: TableContract) -> dict[str, pl.DataType | type[pl.DataType]]:
    """The columns of a prepared bucket: the contract's, and for accounts the follower count as given."""
    extra = {FOLLOWER_COUNT_GIVEN: pl.Int64} if contract.name == "accounts" else {}
    return {**contract.schema, **extra}


def padded(ids: pl.Expr) -> pl.Expr:
    """Whether an id has spaces around it, which no eye sees."""
    return (ids != ids.str.strip_chars()).fill_null(False)


def known_at(contract: TableContract) -> pl.Expr | None:
    """The instant at which a row became known; None for tables that `as_of` does not cut."""
    if contract.known_by is None:
        return None
    return end_of_day("date") if contract.known_by == "date" else pl.col(contract.known_by)


@dataclass(slots=True)
class Spill:
    """Appends rows to a file per bucket, to be read back with `read_spilled`.

    Rows wait up to `SPILLED_BYTES` and then go to the files of their buckets, one file open at a time: neither memory
    nor open files grow with the number of rows or of buckets.
    """

    folder: Path
    _waiting: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self.folder.mkdir()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.clear()

    def append(self, name: str, rows: pl.DataFrame) -> None:
        """Add rows to the buckets that their column `bucket` tells; all rows of one name have the same columns."""
        waiting = self._waiting.setdefault(name, [])
        waiting.append(rows)
        if sum(each.estimated_size() for each in waiting) > SPILLED_BYTES:
            self.flush(name)

    def flush(self, name: str) -> None:
        """Write what waits; from then on all of the name can be read."""
        waiting = self._waiting.pop(name, [])
        if not waiting:
            return
        rows = pl.concat(waiting, rechunk=True).sort("bucket")
        arrow = rows.drop("bucket").to_arrow(compat_level=pl.CompatLevel.oldest())
        start = 0
        for run in rows["bucket"].rle():
            path = _spill_file(self.folder, name, run["value"])
            with path.open("ab") as file, pa.ipc.new_stream(file, arrow.schema) as stream:
                stream.write_table(arrow.slice(start, run["len"]))
            start += run["len"]


def read_spilled(folder: Path, name: str, bucket: int) -> pl.DataFrame | None:
    """The rows of a spilled bucket; None where there are none. It can be read once: the file is removed."""
    path = _spill_file(folder, name, bucket)
    if not path.exists():
        return None
    parts = []
    with pa.OSFile(str(path)) as file:
        while file.tell() < file.size():  # one stream after the other, as they were appended
            with pa.ipc.open_stream(file) as stream:
                parts.append(stream.read_all())
    path.unlink()
    return pl.DataFrame(pl.from_arrow(pa.concat_tables(parts))).rechunk()


def _spill_file(folder: Path, name: str, bucket: int) -> Path:
    return folder / f"{name}.{bucket}.arrows"


@dataclass(frozen=True, slots=True)
class Members:
    """The accounts of a folder and the bucket of each: all that is held of all accounts at once while rows are routed.

    `ids` are sorted, `categories` are the same, and `buckets` (UInt16) has a value for each.
    """

    ids: pl.Series
    categories: pl.Enum
    buckets: pl.Series

    @classmethod
    def of(cls, account_ids: pl.Series, buckets: int) -> Members:
        """The members with these ids, of which none may be null; they may repeat."""
        ids = account_ids.unique().sort()
        numbers = [bucket_of(account_id, buckets) for account_id in ids]
        return cls(ids, pl.Enum(ids), pl.Series(numbers, dtype=pl.UInt16))

    def bucket(self, account_ids: pl.Series) -> pl.Series:
        """The bucket of each id; null for an account that is no member.

        A cast reads all categories every time, so for fewer rows than there are accounts a search costs less: of a
        million accounts in parts of some thousand, a hundredth.
        """
        if len(account_ids) >= len(self.ids):
            return self.buckets.gather(account_ids.cast(self.categories, strict=False).to_physical())
        places = self.ids.search_sorted(account_ids, side="left").clip(upper_bound=len(self.ids) - 1)
        is_member = self.ids.gather(places) == account_ids
        return self.buckets.gather(places).set(~is_member.fill_null(value=False), None)


@dataclass(frozen=True, slots=True)
class Router:
    """Sends the rows of one table to their buckets.

    `members` are the usable accounts; None while the accounts themselves are routed, or where they cannot be used and
    the table is read for its problems alone.
    """

    source: TableSource
    tally: Tally
    spill: Spill
    buckets: int
    as_of: datetime | None
    members: Members | None
    pseudonyms: Pseudonyms
    are_pseudonyms: bool = False
    """Whether the commenters of the table are pseudonyms already."""

    def route(self, progress: Progress) -> None:
        """Read the whole table.

        Raises:
            UnreadableFileError: a part broke off or is damaged.
        """
        advance = steps(progress, f"reading {self.source.contract.name}", "rows", self.source.known_rows())
        for raw in self.source.batches():
            self._route_batch(raw)
            advance(raw.height)
        self.spill.flush(self.source.contract.name)

    def _route_batch(self, raw: pl.DataFrame) -> None:
        contract, tally = self.source.contract, self.tally
        batch = cast_cells(raw, contract)
        if COLUMN in raw.columns and COLUMN in contract.schema:
            # Before anything else sees the row: not even the quarantine keeps who commented.
            hidden = self.pseudonyms.replaced(batch.frame, are_pseudonyms=self.are_pseudonyms)
            batch = replace(batch, frame=batch.frame.with_columns(hidden))
            raw = raw.with_columns(hidden)
        tally.rows_in += raw.height
        tally.note_cells(raw, batch)
        rows = self._known_by_then(self._in_scope(batch.frame.with_columns(_position())))
        unreadable = unreadable_rows(raw, batch, contract).join(rows, on="row", how="semi")
        legible = _without(rows, unreadable)
        illegal = illegal_rows(legible.select(*contract.schema), contract)
        illegal = illegal.with_columns(legible["row"].gather(illegal["row"]))
        problems = pl.concat([unreadable, illegal])
        if not problems.is_empty():
            self.spill.append(quarantine(contract.name), in_one(tally.quarantine(raw.drop(ROW_PROBLEM), problems)))
        self._spill_good(_without(legible, illegal))

    def _in_scope(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows with the `bucket` of their account; those of unknown accounts are counted and left out.

        A row without `account_id` stays, to be quarantined: nobody can say that it is out of scope.
        """
        ids = rows["account_id"]
        members = self.members if self.members is not None else Members.of(ids.drop_nulls(), self.buckets)
        rows = rows.with_columns(members.bucket(ids).alias("bucket"))
        if rows["bucket"].null_count() == 0:
            return rows
        kept = rows.filter(pl.col("bucket").is_not_null() | pl.col("account_id").is_null())
        outside = rows.filter(pl.col("bucket").is_null() & pl.col("account_id").is_not_null())["account_id"]
        if len(outside):
            self.tally.note_strangers(outside)
        if self.members is not None:
            strangers = outside.to_frame().filter(padded(pl.col("account_id")))["account_id"]
            known = self.members.bucket(strangers.str.strip_chars()).is_not_null()
            self.tally.note_padded(strangers.filter(known))
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
            self.tally.note_padded(rows.filter(padded(pl.col("account_id")))["account_id"])
            rows = rows.with_columns(pl.col("follower_count").alias(FOLLOWER_COUNT_GIVEN))
        if self.as_of is not None:
            rows = _without_future(rows, contract.name, self.as_of)
        self.spill.append(contract.name, rows.select("bucket", *prepared_schema(contract)))


def _position() -> pl.Expr:
    """Column `row`, the position in the batch."""
    return pl.int_range(pl.len(), dtype=pl.Int64).alias("row")


def _without(rows: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    """The rows of which none of the problems tells."""
    return rows if problems.is_empty() else rows.join(problems, on="row", how="anti", maintain_order="left")


def _without_future(rows: pl.DataFrame, table: str, as_of: datetime) -> pl.DataFrame:
    """Null in place of what was only observed after `as_of`."""
    counts = {"accounts": ACCOUNT_COUNTS, "posts": POST_COUNTS}.get(table, ())
    if counts:
        future = (pl.col("observed_at") > as_of).fill_null(False)
        rows = rows.with_columns(pl.when(~future).then(pl.col(name)).alias(name) for name in (*counts, "observed_at"))
    if table == "accounts":
        rows = rows.with_columns(pl.when(pl.col("created_on") <= as_of.date()).then(pl.col("created_on")))
    return rows
