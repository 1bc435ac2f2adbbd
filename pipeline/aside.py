"""A dataset folder prepared aside for one command, and work spread over its buckets."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from pipeline.dataset import MAX_QUARANTINED_SHARE, DatasetSummary, bucket_ids, prepare_dataset
from pipeline.engines import Result, Threads

BUCKETS: int | None = None
"""Account-hash buckets of one command's run; None: as many as the size of the input asks for."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared folder and what became of the rows."""

    folder: Path
    summary: DatasetSummary


@contextmanager
def prepared_aside(
    source: Path, output: Path, *, as_of: datetime | None, jobs: int, report: Callable[[str], None]
) -> Iterator[Prepared]:
    """The source, prepared in a scratch folder that is removed in the end, whatever happens.

    It lies in `output` where that is a folder, beside it otherwise: on the disk of the result, so that the last step
    is a rename, and where a place that may not be written to shows before the work begins.

    Raises:
        UnusableInputError, TooManyBadRowsError: see `prepare_dataset`.
    """
    parent = output.absolute() if output.is_dir() else output.absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".assay-", dir=parent))
    try:
        folder = scratch / "prepared"
        summary = prepare_dataset(
            source,
            folder,
            as_of=as_of,
            buckets=BUCKETS,
            max_quarantined_share=MAX_QUARANTINED_SHARE,
            jobs=jobs,
            progress=report,
            compression="uncompressed",
        )
        yield Prepared(folder, summary)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def over_buckets(
    prepared: Path, work: Callable[[int], pl.DataFrame], report: Callable[[str], None], jobs: int
) -> pl.DataFrame:
    """The concatenated results of `work` on every bucket of a prepared folder, sorted by account.

    Threads, since polars and LightGBM release the interpreter's lock; the result does not depend on their number.
    """
    buckets = bucket_ids(prepared)
    parts = counted(Threads(jobs).map(work, buckets), len(buckets), report)
    result: pl.DataFrame = pl.concat(parts).sort("account_id")
    return result


def counted(results: Iterator[Result], buckets: int, report: Callable[[str], None]) -> Iterator[Result]:
    """The results of the buckets, each reported as it comes."""
    for done, result in enumerate(results, start=1):
        report(f"bucket {done} of {buckets}")
        yield result
