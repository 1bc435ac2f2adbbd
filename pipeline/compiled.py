"""A place for compiled kernels where numba finds none: Assay installed by one user, run by another without a home.

Numba keeps them beside the source or below the user's cache folder, and stops where neither can be written to.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"
"""Read by numba when it is imported."""

INSTALLED = Path(__file__).resolve().parent.parent

PACKAGES = ("features", "models")
"""What has a folder `kernels`."""


def find_a_place(root: Path = INSTALLED) -> None:
    """Name a folder of this user's own under the system's temporary one, unless numba has a place or is told one."""
    beside = [root / package / "kernels" / "__pycache__" for package in PACKAGES]
    if os.environ.get(VARIABLE) or all(map(_writable, beside)) or _writable(_user_cache()):
        return
    os.environ[VARIABLE] = str(_own_folder(Path(tempfile.gettempdir())))


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path(os.environ.get("HOME") or "/") / ".cache") / "numba"


def _writable(folder: Path) -> bool:
    """Whether the folder can be written to, or made."""
    while not _exists(folder):
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _exists(folder: Path) -> bool:
    """Whether it is there and may be looked at: the home of somebody else may not."""
    try:
        return folder.exists()
    except PermissionError:
        return False


def _own_folder(parent: Path) -> Path:
    """The folder of this user, kept for the next run; a new one where somebody else made one of that name.

    What numba reads back is code, so that nobody else may write there.
    """
    folder = parent / f"assay-kernels-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
        return folder if is_own else Path(tempfile.mkdtemp(prefix="assay-kernels-", dir=parent))
    return folder
