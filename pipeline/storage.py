"""Writes that are complete or absent, and the layout inside a prepared folder.

A file or folder appears under its final name only when it is whole; a failed or interrupted run leaves what was
there before. The same content gives the same bytes.
"""

from __future__ import annotations

import errno
import json
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import polars as pl

from pipeline.errors import UnusableInputError
from pipeline.locks import hold_new, release, take_left
from pipeline.places import is_remote, send

QUARANTINE_FOLDER = "quarantine"
"""Where a result keeps the rows that could not be used, beside its summary."""

Compression = Literal["zstd", "uncompressed"]
"""Of a Parquet file: `zstd` for what is kept; none for what is read once, since it costs more than the reading."""

ZSTD_LEVEL = 3

RUN_PREFIX = ".assay-run-"
"""Start of the name of every scratch folder: what a killed run leaves is known by it."""

PARTIAL = re.compile(r"\..+\.[0-9a-f]{16}\.partial")
"""Name of what is being written, whole: `.summary.json.0123456789abcdef.partial`."""

JOURNAL = ".assay-publishing"
"""Folder within an output that holds a complete result on its way to its final names. Where it stands, a run was killed
in the middle of that; `finish_publishing` does the rest."""

_STAGED, _ORDER = ".staged", ".order.json"

ROWS_PER_GROUP = 131_072
"""Rows of a parquet row group; fixed, since the default depends on how the frame was put together."""


def bucket_path(folder: Path, table: str, bucket: int) -> Path:
    """The file of one table's bucket inside a prepared folder."""
    return folder / table / f"bucket-{bucket:03d}.parquet"


def bucket_numbers(folder: Path) -> list[int]:
    """The buckets of a prepared folder, ascending. FileNotFoundError where it is not a prepared folder."""
    if not (folder / "accounts").is_dir():
        raise FileNotFoundError(f"{folder} is not a prepared folder: it holds no accounts/.")
    return sorted(int(path.stem.removeprefix("bucket-")) for path in (folder / "accounts").glob("bucket-*.parquet"))


def quarantine_path(folder: Path, table: str) -> Path:
    """The file of one table's quarantined rows."""
    return folder / QUARANTINE_FOLDER / f"{table}.parquet"


@contextmanager
def atomic_path(final: Path) -> Iterator[Path]:
    """A temporary path beside `final` that takes its name when the block ends well, and is removed otherwise."""
    final.parent.mkdir(parents=True, exist_ok=True)
    _swept(final.parent.resolve())
    temporary, lock = _beside(final), None
    try:
        lock = hold_new(temporary, is_folder=False)
        yield temporary
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)
        release(lock)


@contextmanager
def atomic_folder(final: Path) -> Iterator[Path]:
    """A new folder beside `final` that replaces it whole when the block ends well, and is removed otherwise."""
    final.parent.mkdir(parents=True, exist_ok=True)
    _swept(final.parent.resolve())
    temporary, lock = _beside(final), None
    try:
        lock = hold_new(temporary, is_folder=True)
        yield temporary
        replace_folder(temporary, final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        release(lock)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A new folder in `parent` for this run, removed in the end; those that killed runs left there go first."""
    sweep(parent)
    # Named before it is made: a request to end may come at any moment after, and must find it within the block.
    place, lock = parent / f"{RUN_PREFIX}{uuid.uuid4().hex[:16]}", None
    try:
        lock = hold_new(place, is_folder=True, mode=0o700)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
        release(lock)


def sweep(folder: Path) -> int:
    """Remove what killed runs left in the folder, never what a live one works on; how many files and folders."""
    found = 0
    try:
        entries = list(folder.iterdir())
    except OSError:  # not there, or not ours to look into: then nothing in it is ours to remove
        return 0
    for path in entries:
        if not (path.name.startswith(RUN_PREFIX) or PARTIAL.fullmatch(path.name)):
            continue
        lock = take_left(path)
        if lock is None:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        release(lock)
        found += 1
    return found


@lru_cache(maxsize=1024)
def _swept(folder: Path) -> int:
    """`sweep`, once a process: a folder of thousands of parts is not listed for each of them."""
    return sweep(folder)


def replace_folder(temporary: Path, final: Path) -> None:
    """Put the complete folder `temporary` in the place of `final`; the former one is gone only afterwards."""
    final = final.resolve()  # where `final` is a link, what it leads to is replaced and the link stays
    if not final.exists():
        temporary.rename(final)
        return
    former = _beside(final)
    final.rename(former)
    try:
        temporary.rename(final)
    except BaseException:
        former.rename(final)
        raise
    shutil.rmtree(former)


def check_output_folder(output: Path) -> None:
    """Refuse a place for a folder that a file takes, before any work is done.

    Raises:
        UnusableInputError: naming it.
    """
    if output.exists() and not output.is_dir():
        raise UnusableInputError(f"output: '{output}' is not a folder. Found: a file. Give a folder.")


def publish(folder: Path, names: Sequence[str], output: Path, gone: Sequence[str] = ()) -> None:
    """Move complete files and folders from `folder` into `output`, which is made if it is missing, as one step.

    They are put together in a journal within the output first: one rename, until which nothing of an earlier result is
    touched, also where the disk fills up. Then each takes its final name, the last of `names` last; where the process
    is killed between, `finish_publishing` does the rest. Files `gone` of an earlier result are removed with it.

    To another file system they are sent, one after the other. The last of `names` is taken away before the first of
    them changes and comes back when all are there: where it is, the result is complete.
    """
    if is_remote(output):
        output.mkdir(parents=True, exist_ok=True)
        for name in (names[-1], *gone):
            (output / name).unlink(missing_ok=True)
        for name in names:
            send(folder / name, output / name)
        return
    output.mkdir(parents=True, exist_ok=True)
    finish_publishing(output)
    staged = folder / _STAGED
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir()
    for name in names:
        (folder / name).rename(staged / name)
    write_json({"names": list(names), "gone": list(gone)}, staged / _ORDER)
    try:
        staged.rename(output / JOURNAL)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with atomic_folder(output / JOURNAL) as copy:  # the scratch folder lies on another disk
            shutil.copytree(staged, copy, dirs_exist_ok=True)
    finish_publishing(output)


def finish_publishing(output: Path) -> bool:
    """Give the files of a journal their final names; whether there was one. May be called again after any kill."""
    journal = output / JOURNAL
    if not journal.is_dir():
        return False
    if (journal / _ORDER).is_file():
        order = _order(journal / _ORDER)
        last = order["names"][-1]
        stale = [last] if (journal / last).exists() and (output / last).is_file() else []
        for name in (*stale, *order["gone"]):
            (output / name).unlink(missing_ok=True)
        for name in order["names"]:
            if (journal / name).is_dir():
                if (output / name).is_symlink():
                    # Whoever put a link there does not get what it leads to replaced, and the former content removed.
                    (output / name).unlink()
                replace_folder(journal / name, output / name)
            elif (journal / name).exists():
                (journal / name).replace(output / name)
    shutil.rmtree(journal)
    return True


def _order(path: Path) -> dict[str, list[str]]:
    """The names of a journal; whoever hands a folder on could have written it, so none may lead out."""
    try:
        content = read_json(path)
        order = {key: [str(name) for name in content[key]] for key in ("names", "gone")}
    except (ValueError, TypeError, KeyError) as error:
        raise UnusableInputError(
            f"{JOURNAL}: '{path}' is no journal of ours. Found: {error}. Remove its folder."
        ) from error
    strange = [name for name in (*order["names"], *order["gone"]) if name.startswith(".") or Path(name).name != name]
    if strange or not order["names"]:
        found = ", ".join(map(repr, strange)) or "no name"
        raise UnusableInputError(f"{JOURNAL}: '{path}' is no journal of ours. Found: {found}. Remove its folder.")
    return order


def write_parquet(frame: pl.DataFrame, path: Path, compression: Compression = "zstd") -> None:
    """Write the frame atomically; equal frames give equal bytes, however they were put together."""
    level = ZSTD_LEVEL if compression == "zstd" else None
    with atomic_path(path) as temporary:
        frame.rechunk().write_parquet(
            temporary, compression=compression, compression_level=level, row_group_size=ROWS_PER_GROUP, statistics=True
        )


def write_parquet_parts(frames: Iterable[pl.DataFrame], path: Path) -> None:
    """Write frames that follow each other as one file, one of them held at a time.

    They have the same columns; the bytes are those that `write_parquet` gives of all of them together.
    """
    with tempfile.TemporaryDirectory(prefix=".parts-", dir=path.parent) as folder:
        files = []
        for number, frame in enumerate(frames):
            files.append(Path(folder) / f"{number}.parquet")
            write_parquet(frame, files[-1], "uncompressed")
        with atomic_path(path) as temporary:
            pl.scan_parquet(files, glob=False).sink_parquet(
                temporary,
                compression="zstd",
                compression_level=ZSTD_LEVEL,
                row_group_size=ROWS_PER_GROUP,
                statistics=True,
                maintain_order=True,
            )


def write_json(value: Any, path: Path) -> None:
    """Write JSON for people and for diffs: keys sorted, indented, a newline at the end; NaN is refused."""
    text = json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(text + "\n", path)


def write_text(text: str, path: Path) -> None:
    """Write a text file atomically, as UTF-8."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    """The content of a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def _beside(final: Path) -> Path:
    """A hidden name in the same folder, so that the last step is a rename within one file system."""
    return final.parent / f".{final.name}.{uuid.uuid4().hex[:16]}.partial"
