"""One run at a time in an output folder, and what a killed one left there put right."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipeline.errors import UnusableInputError
from pipeline.locks import NO_LOCKS, release, try_lock
from pipeline.places import is_remote
from pipeline.storage import JOURNAL, check_output_folder, finish_publishing, sweep

CLAIM = ".assay-claim"
"""File within an output folder while a run writes there: locked, and telling who it is."""

Report = Callable[[str], None]


@contextmanager
def claimed(output: Path, report: Report = lambda _: None) -> Iterator[None]:
    """The output folder, made if it is missing, for this run alone; it goes again where the run leaves nothing in it.

    A result that a killed run left half published is finished first, and its scratch folders are removed. The claim
    ends with the process, however that ends. Remote places, and disks that know no locks, are not claimed: there,
    two runs at once must be avoided by whoever starts them.

    Raises:
        UnusableInputError: another run is at work there, or a file takes the place.
    """
    if is_remote(output):
        yield
        return
    check_output_folder(output)
    is_new = not output.exists()
    output.mkdir(parents=True, exist_ok=True)
    lock = _claim(output)
    try:
        if finish_publishing(output):
            report("the result of a killed run is complete now")
        left = sweep(output) + sweep(output.absolute().parent)
        if left:
            report(f"removed what killed runs left: {left}")
        yield
    finally:
        (output / CLAIM).unlink(missing_ok=True)
        release(lock)
        if is_new and not any(output.iterdir()):
            output.rmdir()


def settle(folder: Path) -> None:
    """Before something is read from a result: finish what a killed run left half published. Mostly nothing to do.

    Raises:
        UnusableInputError: a run is publishing this very moment, or the journal is none of ours.
    """
    if not is_remote(folder) and (folder / JOURNAL).is_dir():
        with claimed(folder):
            pass


def _claim(output: Path) -> int | None:
    path = output / CLAIM
    while True:
        path.touch()
        try:
            lock = try_lock(path)
        except FileNotFoundError:
            continue  # the one before ended between the two steps
        except OSError as error:
            if error.errno in NO_LOCKS:
                return None
            raise
        if lock is None:
            raise UnusableInputError(
                f"output: another run is at work in '{output}'. Found: {_who(path)}. Wait for its end, or name another "
                "folder."
            )
        since = datetime.now(tz=UTC).isoformat(timespec="seconds")
        path.write_text(f"process {os.getpid()} on {platform.node()}, since {since}", encoding="utf-8")
        return lock


def _who(path: Path) -> str:
    """What the other run says of itself; it may be about to."""
    try:
        return path.read_text(encoding="utf-8") or "a run that has just begun"
    except OSError:
        return "a run that has just ended"
