"""Any dataset folder of the contract to clean buckets of whole accounts, with quarantine and summary.

Two passes, neither of which holds all rows: `pipeline.routing` sends every usable row to its account's bucket, then
each bucket is freed of duplicates, sorted and written. The result depends on the rows alone: not on their order, on
the parts they came in, on the file format or on the number of jobs.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
from pydantic import BaseModel

from features.tables import CONTRACTS, TableContract, Tables
from models.origins import DATASET, ORIGIN
from pipeline import storage
from pipeline.cleaning import clean_bucket, newest_instant
from pipeline.engines import Threads
from pipeline.errors import LostRowsError, TooManyBadRowsError, UnusableInputError
from pipeline.layout import SUMMARY_FILE
from pipeline.locating import Folder, check_headers, locate_tables, unreadable
from pipeline.progress import counted
from pipeline.pseudonyms import Pseudonyms, pseudonyms
from pipeline.quarantine import CONFLICT, Tally
from pipeline.reading import TableSource, UnreadableFileError
from pipeline.routing import Members, Progress, Router, Spill, in_one, prepared_schema, quarantine, read_spilled
from pipeline.storage import Compression

MAX_QUARANTINED_SHARE = 0.05
"""Default of the commands: largest share of a table's in-scope rows that may be bad (data contract, "Bad input")."""

ROWS_PER_BUCKET = 500_000
"""Rows of all tables in a bucket, about: what a worker holds at once is one bucket, some 100 MB of tables and several
times that while their features are made. So memory is the same whatever the size of the input."""

_SPILL_FOLDER = ".spill"


class TableSummary(BaseModel):
    """What became of one table's rows: `rows_in` is the sum of the five counts that follow it."""

    rows_in: int
    used: int
    quarantined: int
    duplicates_collapsed: int
    out_of_scope: int
    after_as_of: int
    repaired: int
    """Of the used rows: glitches (a single 0 between two readings above 0) that were left out of the buckets."""
    problems: dict[str, int]
    """Kind of defect to rows that have it; a row may have several."""


PLACES = ("used", "quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of")
"""Counts of a table's summary of which every row read is in exactly one."""


class DatasetSummary(BaseModel):
    """What `prepare_dataset` read and left; also written as summary.json."""

    as_of: datetime | None
    """Up to when data was used; null where no row of the folder carries an instant."""
    buckets: int
    tables: dict[str, TableSummary]
    """The tables that the folder holds; one that is absent was not observed."""
    warnings: list[str]


def prepare_dataset(
    source: Path,
    destination: Path,
    *,
    as_of: datetime | None,
    buckets: int | None,
    max_quarantined_share: float,
    jobs: int = 1,
    progress: Progress | None = None,
    compression: Compression = "zstd",
    under: Pseudonyms | None = None,
) -> DatasetSummary:
    """Read the dataset folder `source` and leave clean buckets, quarantine and summary in `destination`.

    Args:
        source: a dataset folder of the contract.
        destination: replaced whole when everything went well, untouched otherwise.
        as_of: rows known later are left out and counted; None: the newest instant of the rows used, which cuts
            nothing. A naive instant is read as UTC.
        buckets: files per table; an account's rows are all in the bucket of its hash. None: as many as make buckets of
            about `ROWS_PER_BUCKET` rows.
        max_quarantined_share: largest share of a table's in-scope rows that may be bad.
        jobs: threads over the buckets of the second pass.
        progress: called now and then with what is being done.
        compression: of the buckets; none where they are read once and removed.
        under: what commenters' ids are replaced by; None: under the key of the environment.

    Raises:
        UnusableInputError: tables that cannot be used; all problems of the folder at once.
        TooManyBadRowsError: more bad rows than allowed; all tables concerned at once.
    """
    check_places(source, destination)
    under = under or pseudonyms()
    folder = locate_tables(source)
    if not source.is_dir():
        raise UnusableInputError(folder.problems)
    check_headers(folder)
    if as_of is not None:
        as_of = as_of.astimezone(UTC) if as_of.tzinfo else as_of.replace(tzinfo=UTC)
    if buckets is None:
        rows = sum(table.estimated_rows() for table in folder.tables.values())
        buckets = max(1, round(rows / ROWS_PER_BUCKET))
    report = progress or (lambda _: None)
    with storage.atomic_folder(destination) as temporary:
        with Spill(temporary / _SPILL_FOLDER) as spill:
            work = _Preparation(
                folder, temporary, spill, as_of, buckets, jobs, report, compression, under, under.were_applied(source)
            )
            summary = work.run(max_quarantined_share)
            under.note(temporary)
        shutil.rmtree(temporary / _SPILL_FOLDER)
        storage.write_json(summary.model_dump(mode="json"), temporary / SUMMARY_FILE)
    return summary


def bucket_ids(prepared: Path) -> list[int]:
    """The buckets of a prepared folder, ascending."""
    return storage.bucket_numbers(prepared)


def read_bucket(prepared: Path, bucket: int) -> Tables:
    """The observed tables of the accounts of one bucket, sorted by their keys.

    `accounts` has one column more than the contract, `follower_count_given`; its `follower_count` is null where it
    was observed after `as_of`.
    """
    frames = {table: _read(storage.bucket_path(prepared, table, bucket)) for table in CONTRACTS if table != "labels"}
    return Tables(**frames)


def read_labels(prepared: Path) -> pl.DataFrame:
    """All labels of a prepared folder, sorted by `account_id`; without rows where the dataset had none.

    One column more than the contract: `origin`, `own` for a user's accounts that were put beside a dataset, `dataset`
    for all others.
    """
    parts = [_read(storage.bucket_path(prepared, "labels", bucket)) for bucket in bucket_ids(prepared)]
    empty = CONTRACTS["labels"].empty().with_columns(pl.lit(None, pl.String).alias(ORIGIN))
    labels = pl.concat([empty, *parts], how="diagonal")
    return labels.with_columns(pl.col(ORIGIN).fill_null(DATASET)).sort("account_id")


def read_follower_counts(prepared: Path) -> pl.DataFrame:
    """`account_id` and `followers`, the count as given, of all accounts of a prepared folder."""
    parts = [
        _read(storage.bucket_path(prepared, "accounts", bucket)).select("account_id", followers="follower_count")
        for bucket in bucket_ids(prepared)
    ]
    return pl.concat([CONTRACTS["accounts"].empty().select("account_id", followers="follower_count"), *parts])


def _read(path: Path) -> pl.DataFrame:
    return pl.read_parquet(path, glob=False)  # a bracket in the name of a folder is no pattern


def read_summary(prepared: Path) -> DatasetSummary:
    """The summary of a prepared folder."""
    return DatasetSummary.model_validate(storage.read_json(prepared / SUMMARY_FILE))


def check_places(source: Path, destination: Path) -> None:
    """Refuse a destination that would replace the input, or a folder that is not a result of ours.

    Raises:
        UnusableInputError: naming it.
    """
    if source.exists() and source.resolve().is_relative_to(destination.resolve()):
        raise UnusableInputError(
            f"output: '{destination}' would replace the input. Found: '{source}' inside it. Give another folder."
        )
    if destination.exists() and not destination.is_dir():
        raise UnusableInputError(f"output: '{destination}' is not a folder. Found: a file. Give a folder.")
    if destination.is_dir() and any(destination.iterdir()) and not (destination / SUMMARY_FILE).exists():
        raise UnusableInputError(
            f"output: '{destination}' is not empty and would be replaced whole. Found: no {SUMMARY_FILE} in it, so it "
            "is not an earlier result. Give another folder, or empty it."
        )


@dataclass(slots=True)
class _Preparation:
    """One run: the state that the passes share."""

    folder: Folder
    destination: Path
    spill: Spill
    as_of: datetime | None
    buckets: int
    jobs: int
    progress: Progress
    compression: Compression
    under: Pseudonyms
    are_pseudonyms: bool

    def run(self, max_quarantined_share: float) -> DatasetSummary:
        problems = list(self.folder.problems)
        tallies: dict[str, Tally] = {}
        newest: list[datetime] = []
        members: Members | None = None
        for table, source in self.folder.tables.items():
            tallies[table] = tally = Tally(source.contract)
            problems += self._route(source, tally, members)
            if not problems:  # finished before the next is read, so that the rows of one table alone wait on the disk
                ids = self._finish_table(tally, newest)
                members = Members.of(ids, self.buckets) if table == "accounts" else members
        if problems:
            raise UnusableInputError(problems)
        for contract in CONTRACTS.values():
            if contract.name not in tallies:
                self._finish_table(Tally(contract), newest)
        excess = [text for tally in tallies.values() if (text := tally.too_many(max_quarantined_share))]
        if excess:
            raise TooManyBadRowsError(excess)
        (self.destination / storage.QUARANTINE_FOLDER).mkdir()
        for table in tallies:
            self._write_quarantine(table)
        lost = [text for table, tally in tallies.items() if (text := self._lost_rows(table, tally))]
        if lost:
            raise LostRowsError(lost)
        as_of = self.as_of if self.as_of is not None else max(newest, default=None)
        warnings = [*self.folder.warnings, *(each for tally in tallies.values() for each in tally.warnings())]
        if tallies["accounts"].used == 0:
            warnings.append("accounts: every row was quarantined, so that no account is left to look at.")
        return DatasetSummary(
            as_of=as_of,
            buckets=self.buckets,
            tables={table: _table_summary(tally) for table, tally in tallies.items()},
            warnings=warnings,
        )

    def _route(self, source: TableSource, tally: Tally, members: Members | None) -> list[str]:
        """Send the table's rows to their buckets; the problems that only its rows show."""
        table = source.contract.name
        try:
            Router(source, tally, self.spill, self.buckets, self.as_of, members, self.under, self.are_pseudonyms).route(
                self.progress
            )
        except UnreadableFileError as error:
            return [unreadable(table, error)]
        if table == "accounts" and tally.rows_in == 0:
            return ["accounts: the table has no account in it. Found: 0 rows. Add one row an account."]
        return tally.wrong_types()

    def _finish_table(self, tally: Tally, newest: list[datetime]) -> pl.Series:
        """Finish and write every bucket of a table; returns the ids of its accounts."""
        contract = tally.contract
        finish = _Finish(self.spill.folder, self.destination, contract, self.compression)
        ids = []
        results = Threads(self.jobs).map(finish, range(self.buckets))
        for done in counted(results, self.progress, f"sorting {contract.name}", "buckets", self.buckets):
            tally.used += done.used
            tally.duplicates_collapsed += done.collapsed
            tally.repaired += done.repaired
            self._quarantine_conflicts(tally, done.conflicts)
            newest += [done.newest] if done.newest is not None else []
            ids += [done.account_ids] if done.account_ids is not None else []
        return pl.concat(ids) if ids else pl.Series(dtype=pl.String)

    def _quarantine_conflicts(self, tally: Tally, conflicts: pl.DataFrame) -> None:
        if conflicts.is_empty():
            return
        text = CONFLICT.format(key=", ".join(tally.contract.key))
        problems = pl.DataFrame({"row": range(conflicts.height), "problem": [text] * conflicts.height})
        self.spill.append(quarantine(tally.contract.name), in_one(tally.quarantine(conflicts, problems)))

    def _lost_rows(self, table: str, tally: Tally) -> str | None:
        """What of a table's rows does not add up: counts against what was read, and files against counts."""
        counts = {name: getattr(tally, name) for name in PLACES}
        files = [storage.bucket_path(self.destination, table, bucket) for bucket in range(self.buckets)]
        quarantined = storage.quarantine_path(self.destination, table)
        known = self.folder.tables[table].known_rows()
        found = {
            "rows_in": tally.rows_in if known is None else int(known),
            "used": sum(pq.read_metadata(path).num_rows for path in files) + tally.repaired,
            "quarantined": pq.read_metadata(quarantined).num_rows if quarantined.exists() else 0,
        }
        if tally.rows_in == sum(counts.values()) and all(getattr(tally, name) == rows for name, rows in found.items()):
            return None
        told = ", ".join(f"{name} {rows:,}" for name, rows in {"rows_in": tally.rows_in, **counts}.items())
        written = ", ".join(f"{name} {rows:,}" for name, rows in found.items())
        return (
            f"{table}: rows are lost or counted twice. Found: {told}; in the files {written}. This is a fault of ours: "
            "nothing was written. Report it with the table."
        )

    def _write_quarantine(self, table: str) -> None:
        """The table's bad rows as one file, sorted, so that it does not depend on the order of reading."""
        self.spill.flush(quarantine(table))
        frame = read_spilled(self.spill.folder, quarantine(table), 0)
        if frame is not None:
            storage.write_parquet(frame.sort(frame.columns), storage.quarantine_path(self.destination, table))


@dataclass(frozen=True, slots=True)
class _Finished:
    """What became of one bucket of a table; its rows are on the disk.

    Attributes:
        used: rows of the input that stand in the bucket, the repaired among them.
        collapsed, repaired: see `TableSummary`.
        conflicts: rows of one key and different content, which were left out.
        newest: when the newest of it became known.
        account_ids: of the bucket, for the table `accounts` alone.
    """

    used: int
    collapsed: int
    repaired: int
    conflicts: pl.DataFrame
    newest: datetime | None
    account_ids: pl.Series | None


@dataclass(frozen=True, slots=True)
class _Finish:
    """The second pass over one bucket of a table: a callable that needs nothing but the folders."""

    spilled: Path
    destination: Path
    contract: TableContract
    compression: Compression

    def __call__(self, bucket: int) -> _Finished:
        """Read the bucket's rows, clean and write them."""
        name = self.contract.name
        rows = read_spilled(self.spilled, name, bucket)
        if rows is None:
            rows = pl.DataFrame(schema=prepared_schema(self.contract))
        clean = clean_bucket(rows, self.contract)
        storage.write_parquet(clean.rows, storage.bucket_path(self.destination, name, bucket), self.compression)
        return _Finished(
            used=clean.rows.height + clean.repaired,
            collapsed=clean.collapsed,
            repaired=clean.repaired,
            conflicts=clean.conflicts,
            newest=newest_instant(clean.rows, self.contract),
            account_ids=clean.rows["account_id"] if name == "accounts" else None,
        )


def _table_summary(tally: Tally) -> TableSummary:
    return TableSummary(
        rows_in=tally.rows_in,
        used=tally.used,
        quarantined=tally.quarantined,
        duplicates_collapsed=tally.duplicates_collapsed,
        out_of_scope=tally.out_of_scope,
        after_as_of=tally.after_as_of,
        repaired=tally.repaired,
        problems=dict(sorted(tally.problems.items())),
    )
