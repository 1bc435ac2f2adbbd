"""Who still works on what: locks of the operating system, which end with their process however it ends.

A lock lies on a file or a folder, never on a number of a process: what a killed run left is told from what a run is
working on, in containers too, and none is ever stale.
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF}
"""What a file system answers that knows no locks, such as some network drives: nobody's work can be told there."""


def try_lock(path: Path) -> int | None:
    """Lock an existing file or folder; the lock is the descriptor's, to be closed. None where another holds it.

    Raises:
        FileNotFoundError: it is not there, or went while it was locked.
        OSError: it may not be opened, or the place knows no locks (`NO_LOCKS`).
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(descriptor), path.stat()):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def hold_new(path: Path, *, is_folder: bool, mode: int = 0o777) -> int | None:
    """Make a file or folder and lock it; None where the place knows no locks. FileExistsError where it is there."""
    while True:
        if is_folder:
            path.mkdir(mode=mode)
        else:
            path.touch(exist_ok=False)
        try:
            return try_lock(path)
        except FileNotFoundError:
            continue  # who sweeps came between the making and the locking, and took it for a leftover
        except OSError as error:
            if error.errno in NO_LOCKS:
                return None
            raise


def release(descriptor: int | None) -> None:
    """Give a lock back."""
    if descriptor is not None:
        os.close(descriptor)


def is_left(path: Path) -> bool:
    """Whether nobody works on it any more; False where that cannot be told."""
    try:
        descriptor = try_lock(path)
    except OSError:
        return False
    release(descriptor)
    return descriptor is not None
