"""The network features of a folder: one survey over all its buckets, and of a reference's, then bucket by bucket.

Only narrow columns are read, and what is held of all buckets at once is a few numbers per comment. Ids are hashed with
a key as soon as they are read; nothing of the survey or of the reference is written.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features.compute import compute_group
from features.evidence import EVIDENCE_SCHEMA, evidence
from features.network import standing_out
from features.network_frames import Sightings, Survey, sightings, survey, with_network
from features.tables import POSTS, Tables, only
from pipeline import layout
from pipeline.aside import Prepared, over_buckets, prepared_aside
from pipeline.dataset import bucket_ids
from pipeline.errors import AssayError
from pipeline.storage import bucket_path, write_parquet

GROUP = "network"

KEY_VARIABLE = "ASSAY_ID_KEY"
"""Environment variable with the key that ids are hashed with; without it a random one is drawn for each run.

No value depends on it: only whether two ids are equal is used."""

COMMENT_COLUMNS = ("account_id", "comment_id", "post_id", "commenter_id", "commented_at")
READING_COLUMNS = ("account_id", "date", "follower_count", "following_count")

NOTES, EVIDENCE = "notes", "evidence"
"""Columns of `network.parquet` besides the features."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Observed:
    """The folder, the reference where there is one, and what all their accounts have in common."""

    folder: Path
    reference: Path | None
    found: Survey
    key: bytes

    def tables(self, prepared: Path, bucket: int) -> Tables:
        """One bucket's tables with the network's columns."""
        return with_network(_read_narrow(prepared, bucket), self.found, self.key)

    def values(self, prepared: Path, report: Report, jobs: int) -> pl.DataFrame:
        """The group's features of the accounts of a prepared folder."""
        return over_buckets(prepared, lambda bucket: compute_group(self.tables(prepared, bucket), GROUP), report, jobs)


def network_features(prepared: Prepared, reference: Path | None, report: Report, jobs: int) -> pl.DataFrame:
    """`account_id` and the network features of a prepared folder, one row per account, sorted.

    Args:
        prepared: the folder; what is later than its `as_of` is not used of the reference either.
        reference: a dataset folder whose accounts count as observed, too; those that are in the folder count once, with
            the folder's rows.
        report: told what is being done.
        jobs: threads; the result does not depend on it.

    Raises:
        UnusableInputError, TooManyBadRowsError: of the reference, see `prepare_dataset`.
    """
    with _observed(prepared, reference, report, jobs) as observed:
        return observed.values(observed.folder, report, jobs)


def write_network(prepared: Prepared, reference: Path | None, report: Report, jobs: int) -> None:
    """Write `network.parquet` into the prepared folder: the network features, `notes` and `evidence`.

    `notes` are sentences on the values that stand out among all observed accounts, `evidence` up to ten rows behind
    each. Arguments and errors as for `network_features`.
    """
    with _observed(prepared, reference, report, jobs) as observed:
        values = yardstick = observed.values(observed.folder, report, jobs)
        if observed.reference is not None:
            others = observed.values(observed.reference, report, jobs)
            yardstick = pl.concat([values, others.join(values, on="account_id", how="anti")])
        noted = standing_out(yardstick, values["account_id"])
        rows = _evidence(observed, noted, report, jobs)
    texts = noted.group_by("account_id", maintain_order=True).agg(pl.col("text").alias(NOTES))
    table = values
    for lists in (texts, rows):
        name = lists.columns[-1]
        nothing = pl.lit([], dtype=lists.schema[name])
        table = table.join(lists, on="account_id", how="left", maintain_order="left")
        table = table.with_columns(pl.col(name).fill_null(nothing))
    write_parquet(table, prepared.folder / layout.NETWORK_FILE)


def _evidence(observed: _Observed, noted: pl.DataFrame, report: Report, jobs: int) -> pl.DataFrame:
    """`account_id` and the rows behind its noted values as a list; accounts without any are left out."""
    wanted = noted.select("account_id", "feature", side=pl.lit("high"))

    def of_bucket(bucket: int) -> pl.DataFrame:
        tables = observed.tables(observed.folder, bucket)
        own = wanted.join(tables.accounts, on="account_id", how="semi")
        return evidence(only(tables, own["account_id"]), own)

    columns = [name for name in EVIDENCE_SCHEMA if name != "account_id"]
    if noted.is_empty():
        rows = pl.DataFrame(schema=EVIDENCE_SCHEMA)
    else:
        rows = over_buckets(observed.folder, of_bucket, report, jobs)
    return rows.group_by("account_id", maintain_order=True).agg(pl.struct(columns).alias(EVIDENCE))


@contextmanager
def _observed(prepared: Prepared, reference: Path | None, report: Report, jobs: int) -> Iterator[_Observed]:
    key = _key()
    parts = _sightings(prepared.folder, key, None, report)
    if reference is None:
        yield _Observed(prepared.folder, None, survey(parts), key)
        return
    known = pl.concat([part.accounts for part in parts]).select("account")
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(
                prepared_aside(reference, prepared.folder, as_of=prepared.summary.as_of, jobs=jobs, report=report)
            ).folder
        except AssayError as error:
            raise type(error)([f"reference: {problem}" for problem in error.problems]) from error
        parts += _sightings(folder, key, known, report)
        yield _Observed(prepared.folder, folder, survey(parts), key)


def _sightings(folder: Path, key: bytes, besides: pl.DataFrame | None, report: Report) -> list[Sightings]:
    found = []
    buckets = bucket_ids(folder)
    for done, bucket in enumerate(buckets, start=1):
        found.append(sightings(_read_narrow(folder, bucket), key, besides))
        report(f"network: bucket {done} of {len(buckets)}")
    return found


def _read_narrow(prepared: Path, bucket: int) -> Tables:
    def read(table: str, columns: tuple[str, ...] | None = None) -> pl.DataFrame:
        return pl.read_parquet(
            bucket_path(prepared, table, bucket), columns=list(columns) if columns else None, glob=False
        )

    return Tables(
        read("accounts"), read("followers_daily", READING_COLUMNS), POSTS.empty(), read("comments", COMMENT_COLUMNS)
    )


def _key() -> bytes:
    """The key of this run, 64 bytes: the longest that BLAKE2b takes."""
    given = os.environ.get(KEY_VARIABLE, "")
    return hashlib.blake2b(given.encode()).digest() if given else secrets.token_bytes(hashlib.blake2b.MAX_KEY_SIZE)
