"""What a run of `score` is, in a digest: runs of one digest leave the same bytes, so one may go on for another."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import features
import models
import pipeline
from pipeline.errors import UnusableInputError
from pipeline.network import KEY_VARIABLE
from pipeline.places import is_remote

LIBRARIES = ("lightgbm", "numba", "numpy", "polars", "pyarrow", "scipy")
"""Libraries whose version may change a byte of the result."""


def run_digest(sources: Iterable[Path | None], options: Mapping[str, Any]) -> str:
    """Of the files read, the options given, and the code and libraries at work.

    Files are told by name, size and time of the last change, since reading them is half of the work that is spared: a
    file that is written again starts the run anew, whatever it holds.

    Raises:
        UnusableInputError: a source on another file system, whose changes may not show.
    """
    named = [path for path in sources if path is not None]
    remote = [str(path) for path in named if is_remote(path)]
    if remote:
        raise UnusableInputError(
            f"resume: whether '{remote[0]}' changed since cannot be told. Found: a remote place. Copy it to this "
            "machine, or leave out --resume."
        )
    told = [
        [[str(path.absolute()), *_files(path)] for path in named],
        {name: str(value) for name, value in sorted(options.items())},
        [f"{name} {version(name)}" for name in LIBRARIES],
        os.environ.get(KEY_VARIABLE, ""),
        _code([path for package in (features, models, pipeline) for path in package.__path__]),
    ]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _files(path: Path) -> Iterator[tuple[str, int, int]]:
    """The files of a folder but for hidden ones, or the file itself."""
    if path.is_file():
        yield _told(path, path.parent)
        return
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            file = Path(folder) / name
            if not name.startswith(".") and file.is_file():
                yield _told(file, path)


def _told(file: Path, root: Path) -> tuple[str, int, int]:
    found = file.stat()
    return str(file.relative_to(root)), found.st_size, found.st_mtime_ns


def _code(folders: Sequence[str]) -> str:
    """Of every module that may take part."""
    files = sorted(file for folder in folders for file in Path(folder).rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
