"""A dataset folder prepared aside for one command, and work spread over its buckets."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl

from pipeline.dataset import MAX_QUARANTINED_SHARE, DatasetSummary, bucket_ids, prepare_dataset, read_summary
from pipeline.engines import Threads
from pipeline.errors import AssayError, UnusableInputError
from pipeline.locks import release, try_lock
from pipeline.places import is_remote
from pipeline.progress import counted
from pipeline.pseudonyms import Pseudonyms, pseudonyms
from pipeline.storage import RUN_PREFIX, scratch_folder, sweep

BUCKETS: int | None = None
"""Account-hash buckets of one command's run; None: as many as the size of the input asks for."""


RESUME_PREFIX = ".assay-resume-"
"""Start of the name of a scratch folder that `score --resume` goes on with."""


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
    resume: str | None = None,
    under: Pseudonyms | None = None,
) -> Iterator[Prepared]:
    """The source, prepared in a scratch folder that is removed in the end, whatever happens.

    It is made in `scratch` if that is given. Without, it lies in `output` where that is a folder, beside it otherwise:
    on the disk of the result, so that the last step is a rename, and where a place that may not be written to shows
    before the work begins. For a remote output it is the system's place for temporary files.

    With `resume`, a digest of all that the result depends on, the folder is that of an earlier run of the same digest
    where it broke off, and stays where this one breaks off.

    Raises:
        UnusableInputError, TooManyBadRowsError: see `prepare_dataset`.
    """
    under = under or pseudonyms()
    parent = (scratch_parent(output) if scratch is None else _made(scratch)) or Path(tempfile.gettempdir())
    if resume is None:
        _forget(parent, output)
    with scratch_folder(parent) if resume is None else _resumed(parent, output, resume, report) as place:
        folder = place / "prepared"
        if folder.is_dir():
            yield Prepared(folder, read_summary(folder), under)
            return
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


@contextmanager
def _resumed(parent: Path, output: Path, digest: str, report: Callable[[str], None]) -> Iterator[Path]:
    """The folder of the runs of one digest into one output. It stays unless the run ends well or its input is at fault.

    Raises:
        UnusableInputError: another run works in it.
    """
    place = parent / f"{_resumable(output)}{digest[:16]}"
    sweep(parent)
    others = _forget(parent, output, place)
    if place.is_dir():
        report("going on where an earlier run broke off")
    elif others:
        report("the input, an option, the model or the code changed since the run that broke off: it starts anew")
    place.mkdir(mode=0o700, exist_ok=True)
    lock = try_lock(place)
    if lock is None:
        raise UnusableInputError(f"scratch: another run works in '{place}'. Found: its lock. Wait for its end.")
    is_over = False
    try:
        for left in (*place.glob(".*"), *(place / "prepared").glob(".*")):
            shutil.rmtree(left, ignore_errors=True)
        yield place
        is_over = True
    except AssayError:
        is_over = True
        raise
    finally:
        if is_over:
            # Under another name first: half of it removed must not be taken for something to go on with.
            over = place.rename(parent / f"{RUN_PREFIX}{uuid.uuid4().hex[:16]}")
            shutil.rmtree(over, ignore_errors=True)
        release(lock)


def _resumable(output: Path) -> str:
    """How the names of the folders start that runs into this output may go on with."""
    return f"{RESUME_PREFIX}{hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:8]}-"


def _forget(parent: Path, output: Path, kept: Path | None = None) -> int:
    """Remove what earlier runs into the output left to go on with, and say how many that were."""
    others = [each for each in parent.glob(f"{_resumable(output)}*") if each != kept]
    for other in others:
        shutil.rmtree(other, ignore_errors=True)
    return len(others)


def scratch_parent(output: Path) -> Path | None:
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
