"""Writes that are complete or absent, and the layout inside a prepared folder.

A file or folder appears under its final name only when it is whole; a failed or interrupted run leaves what was
there before. The same content gives the same bytes.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import polars as pl

from pipeline.errors import UnusableInputError
from pipeline.places import is_remote, send

QUARANTINE_FOLDER = "quarantine"
"""Where a result keeps the rows that could not be used, beside its summary."""

Compression = Literal["zstd", "uncompressed"]
"""Of a Parquet file: `zstd` for what is kept; none for what is read once, since it costs more than the reading."""

ZSTD_LEVEL = 3

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
    temporary = _beside(final)
    try:
        yield temporary
        temporary.replace(final)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(final: Path) -> Iterator[Path]:
    """A new folder beside `final` that replaces it whole when the block ends well, and is removed otherwise."""
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = _beside(final)
    try:
        temporary.mkdir()
        yield temporary
        replace_folder(temporary, final)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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


def publish(folder: Path, names: Sequence[str], output: Path) -> None:
    """Move complete files and folders from `folder` into `output`, which is made if it is missing.

    All are whole before the first moves, so that a disk that fills up on the way leaves an earlier result as it was. To
    another file system they are sent, one after the other.
    """
    output.mkdir(parents=True, exist_ok=True)
    for name in names:
        if is_remote(output):
            send(folder / name, output / name)
        elif (folder / name).is_dir():
            if (output / name).is_symlink():
                # Whoever put a link there does not get what it leads to replaced, and the former content removed.
                (output / name).unlink()
            replace_folder(folder / name, output / name)
        else:
            (folder / name).replace(output / name)


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
    return final.parent / f".{final.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.partial"
