"""A dataset folder prepared aside for one command, and work spread over its buckets."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from pipeline.dataset import MAX_QUARANTINED_SHARE, DatasetSummary, bucket_ids, prepare_dataset
from pipeline.engines import Threads
from pipeline.places import is_remote
from pipeline.progress import counted
from pipeline.pseudonyms import Pseudonyms, pseudonyms

BUCKETS: int | None = None
"""Account-hash buckets of one command's run; None: as many as the size of the input asks for."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared folder, what became of the rows, and what its commenters' pseudonyms were made with."""

    folder: Path
    summary: DatasetSummary
    under: Pseudonyms = field(default_factory=pseudonyms)


@contextmanager
def prepared_aside(
    source: Path,
    output: Path,
    *,
    as_of: datetime | None,
    jobs: int,
    report: Callable[[str], None],
    scratch: Path | None = None,
    under: Pseudonyms | None = None,
) -> Iterator[Prepared]:
    """The source, prepared in a scratch folder that is removed in the end, whatever happens.

    It is made in `scratch` if that is given. Without, it lies in `output` where that is a folder, beside it otherwise:
    on the disk of the result, so that the last step is a rename, and where a place that may not be written to shows
    before the work begins. For a remote output it is the system's place for temporary files.

    Raises:
        UnusableInputError, TooManyBadRowsError: see `prepare_dataset`.
    """
    parent = _parent(output) if scratch is None else _made(scratch)
    under = under or pseudonyms()
    # Named before it is made: a request to end may come at any moment after, and must find it within the block.
    place = (parent or Path(tempfile.gettempdir())) / f".assay-{uuid.uuid4().hex[:16]}"
    try:
        place.mkdir(mode=0o700)
        folder = place / "prepared"
        summary = prepare_dataset(
            source,
            folder,
            as_of=as_of,
            buckets=BUCKETS,
            max_quarantined_share=MAX_QUARANTINED_SHARE,
            jobs=jobs,
            progress=report,
            compression="uncompressed",
            under=under,
        )
        yield Prepared(folder, summary, under)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _parent(output: Path) -> Path | None:
    """Where the scratch folder of an output is made; None: where the system keeps temporary files."""
    if is_remote(output):
        return None
    return _made(output.absolute() if output.is_dir() else output.absolute().parent)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


def over_buckets(
    prepared: Path,
    work: Callable[[int], pl.DataFrame],
    report: Callable[[str], None],
    jobs: int,
    *,
    doing: str = "computing features",
    rows: int | None = None,
) -> pl.DataFrame:
    """The concatenated results of `work` on every bucket of a prepared folder, sorted by account.

    Threads, since polars and LightGBM release the interpreter's lock; the result does not depend on their number. Where
    the `rows` of the result are known beforehand, an account each, progress is told in accounts, otherwise in buckets.
    """
    buckets = bucket_ids(prepared)
    results = Threads(jobs).map(work, buckets)
    if rows is None:
        parts = counted(results, report, doing, "buckets", len(buckets))
    else:
        parts = counted(results, report, doing, "accounts", rows, size=lambda frame: frame.height)
    result: pl.DataFrame = pl.concat(parts).sort("account_id")
    return result
