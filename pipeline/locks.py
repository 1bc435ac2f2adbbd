"""Who still works on what: locks of the operating system, which end with their process however it ends.

A lock lies on a file or a folder, never on a number of a process: what a killed run left is told from what a run is
working on, in containers too, and none is ever stale.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path

NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF}
"""What a file system answers that knows no locks, such as some network drives: nobody's work can be told there."""

A_MOMENT = 0.001
"""Seconds until it is looked again."""


def try_lock(path: Path) -> int | None:
    """Lock an existing file or folder; the lock is the descriptor's, to be closed. None where another holds it.

    Raises:
        FileNotFoundError: it is not there, or went while it was locked.
        OSError: it may not be opened, or the place knows no locks (`NO_LOCKS`).
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe planted under that name must not hang
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_there = os.path.samestat(os.fstat(descriptor), path.stat())
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    if not is_there:
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return descriptor


def hold_new(path: Path, *, is_folder: bool, mode: int = 0o777) -> int | None:
    """Make a file or folder and lock it; None where the place knows no locks. FileExistsError where it is there."""
    while True:
        if is_folder:
            path.mkdir(mode=mode)
        else:
            path.touch(exist_ok=False)
        try:
            while (lock := try_lock(path)) is None:
                time.sleep(A_MOMENT)  # who sweeps came between the making and the locking, and is removing it
        except FileNotFoundError:
            continue
        except OSError as error:
            if error.errno in NO_LOCKS:
                return None
            raise
        return lock


def release(descriptor: int | None) -> None:
    """Give a lock back."""
    if descriptor is not None:
        os.close(descriptor)


def take_left(path: Path) -> int | None:
    """The lock of what nobody works on any more, to be held while it is removed: nobody can begin on it meanwhile.

    None where somebody works on it, or that cannot be told.
    """
    try:
        return try_lock(path)
    except OSError:
        return None
