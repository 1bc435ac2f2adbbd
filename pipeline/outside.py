"""What a folder that others filled may not hold: links that lead elsewhere, and things that are no files.

A file that lies in the DVC cache of this project is as good as one in the folder: DVC itself puts such links
(`cache.type symlink`). Which cache that is, only the project's own configuration says, never the folder's.
"""

from __future__ import annotations

import configparser
from collections.abc import Sequence
from pathlib import Path

from pipeline import layout


def leading_out(paths: Sequence[Path], root: Path) -> list[Path]:
    """Those that lie outside of `root`, wherever a link of theirs leads, or nowhere at all."""
    inside = [root.resolve(), *_caches()]
    return [path for path in paths if not _lies_in(path, inside)]


def no_files(paths: Sequence[Path]) -> list[Path]:
    """Those that are neither a file nor a folder: a pipe, a device, a socket. Opening one may wait forever."""
    return [path for path in paths if not path.is_file() and not path.is_dir()]


def _lies_in(path: Path, folders: Sequence[Path]) -> bool:
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError):  # links that lead to each other, a RuntimeError until Python 3.13
        return False
    return any(resolved.is_relative_to(folder) for folder in folders)


def _caches() -> list[Path]:
    """Where DVC keeps the files of the project in the working directory."""
    found = [layout.DVC_FOLDER / "cache"]
    for name in ("config", "config.local"):
        config = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            config.read(layout.DVC_FOLDER / name, encoding="utf-8")
        except configparser.Error:
            continue  # DVC itself says what is wrong with it
        place = config.get("cache", "dir", fallback=None)
        if place is not None:
            found.append(layout.DVC_FOLDER / place.strip("'\""))
    return [folder.resolve() for folder in found if folder.is_dir()]
