"""Where tables are read and results are left: folders of this machine, or of any file system that fsspec knows."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import cast

from pipeline.errors import UnusableInputError

SCHEME = "://"
"""What tells `s3://bucket/march` from a folder of this machine."""


def place(text: str) -> Path:
    """The path that a text names; with a scheme (`s3://`, `gs://`, `memory://`, ...) one of that file system.

    Such a path has the methods of a `Path` that reading and writing need, but is none that the operating system knows.

    Raises:
        UnusableInputError: no such scheme, or what it needs is not installed.
    """
    if SCHEME not in text:
        return Path(text)
    scheme = text.split(SCHEME, maxsplit=1)[0]
    try:
        from upath import UPath

        found = UPath(text)
        found.exists()
    except ImportError as error:
        raise UnusableInputError(
            f"path: '{text}' cannot be reached. Found: {error}. Install that, and the extra in Assay's folder: "
            "pip install -e '.[cluster]'."
        ) from error
    except ValueError as error:
        raise UnusableInputError(
            f"path: '{text}' names no file system. Found: '{scheme}'. Use a folder, s3://, gs://, az:// or another "
            "scheme of fsspec."
        ) from error
    except OSError as error:
        raise UnusableInputError(
            f"path: '{text}' cannot be reached. Found: {error}. Check the address and your credentials."
        ) from error
    return cast("Path", found)


def is_remote(path: Path) -> bool:
    """Whether the path is of another file system than this machine's."""
    return SCHEME in str(path)


def send(source: Path, destination: Path) -> None:
    """Copy a file or folder of this machine to a remote place; what stood there under the same names is replaced.

    An object store shows a file when it is whole; a folder is complete when the last of its files is.
    """
    if source.is_dir():
        kept = {part.name for part in source.iterdir()}
        for part in source.iterdir():
            send(part, destination / part.name)
        for former in list(destination.iterdir()) if destination.exists() else []:
            if former.name not in kept:
                former.unlink()
        return
    destination.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as here, destination.open("wb") as there:
        shutil.copyfileobj(here, there)
