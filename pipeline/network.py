"""The network features of a folder: a survey over all its buckets, and of a reference's, without holding any of it.

Every step reads parts of the scratch folder and writes others, so that it may run wherever that folder is seen:

1. each bucket is made narrow (`sightings`), its commenters sorted by their hash;
2. of each range of hashes, all buckets' commenters are counted (`roaming`): the one shuffle;
3. each bucket gives what crosses to other accounts (`crossings`), and who met whom, sorted by hash;
4. of each range of hashes, all buckets' meetings are weighed (`in_step`);
5. here, what crosses is put together (`settled`): a few numbers per account and per edge of a roaming commenter;
6. each bucket's features are computed of its narrow form and its own share of the survey.

Only narrow columns are read. Ids are hashed with a key as soon as they are read; nothing of the survey or of the
reference is left.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import polars as pl

from features.compute import compute_group
from features.evidence import EVIDENCE_SCHEMA, evidence
from features.network import standing_out
from features.network_frames import narrow_tables, with_network
from features.network_sightings import Sightings, sightings
from features.network_survey import (
    Crossings,
    Range,
    Survey,
    crossings,
    habits,
    in_step,
    ranges_of_meetings,
    ranges_of_persons,
    roaming,
    settled,
)
from features.tables import POSTS, Tables, only
from pipeline import layout
from pipeline.aside import Prepared, prepared_aside
from pipeline.dataset import bucket_ids
from pipeline.engines import Engine, Threads
from pipeline.errors import AssayError
from pipeline.progress import counted
from pipeline.pseudonyms import known_ids, with_known_ids
from pipeline.storage import atomic_path, bucket_path, write_parquet

GROUP = "network"

KEY_VARIABLE = "ASSAY_ID_KEY"
"""Environment variable with the key that ids are hashed with; without it a random one is drawn for each run.

No value depends on it: only whether two ids are equal is used."""

COMMENT_COLUMNS = ("account_id", "comment_id", "post_id", "commenter_id", "commented_at")
READING_COLUMNS = ("account_id", "date", "follower_count", "following_count")

NOTES, EVIDENCE = "notes", "evidence"
"""Columns of `network.parquet` besides the features."""

ROWS_PER_GROUP = 32_768
"""Rows of a part's row group: of sorted parts, a range reads little more than its own rows."""

Report = Callable[[str], None]
Result = TypeVar("Result")


# --- the scratch folder -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Scratch:
    """Numbered parts of named frames in a folder."""

    folder: Path

    def write(self, name: str, part: int, frame: pl.DataFrame) -> None:
        with atomic_path(self._path(name, part)) as temporary:
            frame.write_parquet(temporary, compression="uncompressed", row_group_size=ROWS_PER_GROUP, statistics=True)

    def read(self, name: str, part: int) -> pl.DataFrame:
        return pl.read_parquet(self._path(name, part), glob=False)

    def read_all(self, name: str, rows: pl.Expr | None = None) -> pl.DataFrame:
        """All parts, one after the other, or some of their rows."""
        parts = sorted(self.folder.glob(f"{name}-*.parquet"))
        found = pl.scan_parquet(parts, glob=False)
        return (found if rows is None else found.filter(rows)).collect()

    def write_sightings(self, part: int, seen: Sightings) -> None:
        for field in fields(Sightings):
            self.write(f"seen_{field.name}", part, getattr(seen, field.name))

    def read_sightings(self, part: int) -> Sightings:
        return Sightings(*(self.read(f"seen_{field.name}", part) for field in fields(Sightings)))

    def _path(self, name: str, part: int) -> Path:
        return self.folder / f"{name}-{part:05d}.parquet"


# --- the steps, as they are sent to the workers -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """A bucket of the folder or of the reference."""

    prepared: Path
    bucket: int
    is_reference: bool

    def tables(self, known: pl.DataFrame) -> Tables:
        """The narrow columns; commenters who are accounts of either folder under their own id, as `known` has it."""

        def read(table: str, columns: tuple[str, ...] | None = None) -> pl.DataFrame:
            path = bucket_path(self.prepared, table, self.bucket)
            return pl.read_parquet(path, columns=list(columns) if columns else None, glob=False)

        readings = read("followers_daily", READING_COLUMNS)
        comments = with_known_ids(read("comments", COMMENT_COLUMNS), known)
        return Tables(read("accounts"), readings, POSTS.empty(), comments)

    def account_ids(self) -> pl.Series:
        path = bucket_path(self.prepared, "accounts", self.bucket)
        return pl.read_parquet(path, columns=["account_id"], glob=False)["account_id"]


@dataclass(frozen=True, slots=True)
class _See:
    """Makes a bucket narrow; returns its edges."""

    scratch: _Scratch
    sources: Sequence[_Source]
    key: bytes

    def __call__(self, part: int) -> int:
        source = self.sources[part]
        known = self.scratch.read("known", 0) if source.is_reference else None
        seen = sightings(source.tables(self.scratch.read("ids", 0)), self.key, known)
        self.scratch.write_sightings(part, seen)
        return seen.edges.height


@dataclass(frozen=True, slots=True)
class _Roam:
    """Counts the accounts of a range of persons."""

    scratch: _Scratch
    limits: Sequence[Range]

    def __call__(self, place: int) -> None:
        persons = self.scratch.read_all("seen_persons", self.limits[place].rows("person"))["person"]
        self.scratch.write("roaming", place, roaming(persons))


@dataclass(frozen=True, slots=True)
class _Cross:
    """Finds what of a bucket crosses to other accounts; returns how many edges and meetings that are."""

    scratch: _Scratch

    def __call__(self, part: int) -> tuple[int, int]:
        reach = self.scratch.read_all("roaming")
        creators = self.scratch.read("creators", 0)["account"]
        found = crossings(self.scratch.read_sightings(part), reach, creators)
        for field in fields(Crossings):
            self.scratch.write(f"crossing_{field.name}", part, getattr(found, field.name))
        return found.edges.height, found.meetings.height


@dataclass(frozen=True, slots=True)
class _Step:
    """Weighs the meetings of a range of persons."""

    scratch: _Scratch
    limits: Sequence[Range]

    def __call__(self, place: int) -> None:
        met = self.scratch.read_all("crossing_meetings", self.limits[place].rows("one"))
        self.scratch.write("step", place, in_step(met, self.scratch.read("habits", 0)))


@dataclass(frozen=True, slots=True)
class _Value:
    """Computes the features of a bucket's accounts."""

    scratch: _Scratch
    commented: int

    def survey(self, part: int) -> Survey:
        return Survey(self.scratch.read("survey", part), self.scratch.read("days", 0), self.commented)

    def __call__(self, part: int) -> pl.DataFrame:
        return compute_group(narrow_tables(self.scratch.read_sightings(part), self.survey(part)), GROUP)


@dataclass(frozen=True, slots=True)
class _Cite:
    """Finds the rows behind a bucket's noted values, of which `noted` has a part each."""

    value: _Value
    sources: Sequence[_Source]
    key: bytes

    def __call__(self, part: int) -> pl.DataFrame:
        wanted = self.value.scratch.read("noted", part)
        if wanted.is_empty():
            return pl.DataFrame(schema=EVIDENCE_SCHEMA)
        tables = only(self.sources[part].tables(self.value.scratch.read("ids", 0)), wanted["account_id"])
        return evidence(with_network(tables, self.value.survey(part), self.key), wanted)


# --- the survey -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Observed:
    """The surveyed buckets of the folder and, after them, of the reference."""

    engine: Engine
    report: Report
    value: _Value
    sources: Sequence[_Source]
    key: bytes

    def values(self, *, is_reference: bool) -> pl.DataFrame:
        """The group's features of the accounts of the folder, or of those that the reference alone has."""
        parts = self._parts(is_reference=is_reference)
        found = list(_over(self.engine, self.value, parts, "features", self.report))
        values: pl.DataFrame = pl.concat(found).sort("account_id")
        return values

    def evidence(self, noted: pl.DataFrame) -> pl.DataFrame:
        """`account_id` and the rows behind its noted values as a list; accounts without any are left out."""
        wanted = noted.select("account_id", "feature", side=pl.lit("high"))
        parts = self._parts(is_reference=False)
        scratch = self.value.scratch
        for part in parts:
            ids = scratch.read("seen_accounts", part)["account_id"]
            scratch.write("noted", part, wanted.filter(pl.col("account_id").is_in(ids.implode())))
        rows = pl.concat(
            list(_over(self.engine, _Cite(self.value, self.sources, self.key), parts, "evidence", self.report))
        ).sort("account_id", maintain_order=True)
        columns = [name for name in EVIDENCE_SCHEMA if name != "account_id"]
        return rows.group_by("account_id", maintain_order=True).agg(pl.struct(columns).alias(EVIDENCE))

    def _parts(self, *, is_reference: bool) -> list[int]:
        return [part for part, source in enumerate(self.sources) if source.is_reference == is_reference]


def network_features(
    prepared: Prepared, reference: Path | None, report: Report, jobs: int, engine: Engine | None = None
) -> pl.DataFrame:
    """`account_id` and the network features of a prepared folder, one row per account, sorted.

    Args:
        prepared: the folder; what is later than its `as_of` is not used of the reference either.
        reference: a dataset folder whose accounts count as observed, too; those that are in the folder count once, with
            the folder's rows.
        report: told what is being done.
        jobs: threads; the result does not depend on it.
        engine: where the buckets are worked on; by default threads.

    Raises:
        UnusableInputError, TooManyBadRowsError: of the reference, see `prepare_dataset`.
    """
    with _observed(prepared, reference, report, jobs, engine) as observed:
        return observed.values(is_reference=False)


def write_network(
    prepared: Prepared, reference: Path | None, report: Report, jobs: int, engine: Engine | None = None
) -> None:
    """Write `network.parquet` into the prepared folder: the network features, `notes` and `evidence`.

    `notes` are sentences on the values that stand out among all observed accounts, `evidence` up to ten rows behind
    each. Arguments and errors as for `network_features`.
    """
    with _observed(prepared, reference, report, jobs, engine) as observed:
        values = yardstick = observed.values(is_reference=False)
        if reference is not None:
            others = observed.values(is_reference=True)
            yardstick = pl.concat([values, others.join(values, on="account_id", how="anti")])
        noted = standing_out(yardstick, values["account_id"])
        rows = observed.evidence(noted)
    texts = noted.group_by("account_id", maintain_order=True).agg(pl.col("text").alias(NOTES))
    table = values
    for lists in (texts, rows):
        name = lists.columns[-1]
        nothing = pl.lit([], dtype=lists.schema[name])
        table = table.join(lists, on="account_id", how="left", maintain_order="left")
        table = table.with_columns(pl.col(name).fill_null(nothing))
    write_parquet(table, prepared.folder / layout.NETWORK_FILE)


@contextmanager
def _observed(
    prepared: Prepared, reference: Path | None, report: Report, jobs: int, engine: Engine | None
) -> Iterator[_Observed]:
    engine = engine or Threads(jobs)
    key = _key()
    with ExitStack() as stack:
        scratch = stack.enter_context(_scratch(prepared.folder))
        sources = [_Source(prepared.folder, bucket, False) for bucket in bucket_ids(prepared.folder)]
        own = len(sources)
        if reference is not None:
            try:
                folder = stack.enter_context(
                    prepared_aside(
                        reference,
                        prepared.folder,
                        as_of=prepared.summary.as_of,
                        jobs=jobs,
                        report=report,
                        under=prepared.under,
                    )
                ).folder
            except AssayError as error:
                raise type(error)([f"reference: {problem}" for problem in error.problems]) from error
            sources += [_Source(folder, bucket, True) for bucket in bucket_ids(folder)]
        # A commenter who is an account, of whichever of the two folders, must be found again under its own id.
        ids = pl.concat([source.account_ids() for source in sources])
        scratch.write("ids", 0, known_ids(ids, prepared.under))
        edges = sum(_over(engine, _See(scratch, sources, key), range(own), "reading", report))
        if reference is not None:
            scratch.write("known", 0, scratch.read_all("seen_accounts").select("account"))
            parts = range(own, len(sources))
            edges += sum(_over(engine, _See(scratch, sources, key), parts, "reading the reference", report))
        commented = _survey(scratch, len(sources), edges, engine, report)
        yield _Observed(engine, report, _Value(scratch, commented), sources, key)


def _survey(scratch: _Scratch, parts: int, edges: int, engine: Engine, report: Report) -> int:
    """Leave each part's share of the survey in the scratch folder; returns the accounts that somebody commented on."""
    scratch.write("creators", 0, scratch.read_all("seen_accounts").select(pl.col("account").sort()))
    persons = ranges_of_persons(edges)
    list(_over(engine, _Roam(scratch, persons), range(len(persons)), "counting", report))
    heights = list(_over(engine, _Cross(scratch), range(parts), "comparing", report))
    met = ranges_of_meetings(sum(meetings for _, meetings in heights))
    scratch.write("habits", 0, habits(_crossings(scratch, parts)))
    list(_over(engine, _Step(scratch, met), range(len(met)), "meetings", report))
    steps = (scratch.read("step", place) for place in range(len(met)))
    survey = settled(_crossings(scratch, parts), steps, (scratch.read("seen_days", part) for part in range(parts)))
    begin = 0
    for part, (crossing, _) in enumerate(heights):
        scratch.write("survey", part, survey.commenters.slice(begin, crossing))
        begin += crossing
    scratch.write("days", 0, survey.days)
    return survey.commented


def _crossings(scratch: _Scratch, parts: int) -> Iterator[Crossings]:
    """The parts' crossings without the meetings, which are weighed elsewhere."""
    for part in range(parts):
        accounts, edges = (scratch.read(f"crossing_{name}", part) for name in ("accounts", "edges"))
        yield Crossings(accounts, edges, pl.DataFrame())


def _over(
    engine: Engine, work: Callable[[int], Result], parts: Sequence[int], doing: str, report: Report
) -> Iterator[Result]:
    return counted(engine.map(work, parts), report, f"network, {doing}", "parts", len(parts))


@contextmanager
def _scratch(folder: Path) -> Iterator[_Scratch]:
    """A scratch folder within the prepared one, on the same disk; removed in the end."""
    path = Path(tempfile.mkdtemp(prefix=".network-", dir=folder))
    try:
        yield _Scratch(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _key() -> bytes:
    """The key of this run, 64 bytes: the longest that BLAKE2b takes."""
    given = os.environ.get(KEY_VARIABLE, "")
    return hashlib.blake2b(given.encode()).digest() if given else secrets.token_bytes(hashlib.blake2b.MAX_KEY_SIZE)
