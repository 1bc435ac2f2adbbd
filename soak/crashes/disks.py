"""Disks that are full, forbidden or elsewhere, two runs at once, a wrong clock: what is said and what is left."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from soak.crashes.children import NOBODY, Command, Ended, run
from soak.crashes.kills import leftovers
from soak.crashes.scene import Files, Scene, files_of

ACCEPTED_TRACE = "Traceback"
TEN_YEARS = -10 * 365.25 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case: what it was, what was owed, whether it was given, and what came instead."""

    name: str
    owed: str
    holds: bool
    found: str


class NoMountError(Exception):
    """The user may not mount a disk."""


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """A disk in memory of that size.

    Raises:
        NoMountError: it takes the rights of root.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        raise NoMountError(made.stderr.decode(errors="replace").strip())
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder, mounted on itself without the right to write.

    Raises:
        NoMountError: as `small_disk`.
    """
    for arguments in (["--bind", str(folder), str(folder)], ["-o", "remount,bind,ro", str(folder)]):
        made = subprocess.run(["mount", *arguments], capture_output=True, check=False)
        if made.returncode:
            raise NoMountError(made.stderr.decode(errors="replace").strip())
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def disk_cases(scene: Scene, say: Callable[[str], None]) -> tuple[list[Outcome], list[str]]:
    """Every case, and the names of those that this machine does not allow."""
    found, skipped = [], []
    for name, case in CASES.items():
        say(name)
        try:
            found.append(case(_Desk(scene, name)))
        except NoMountError as error:
            skipped.append(f"{name} ({error})")
    return found, skipped


@dataclass(slots=True)
class _Desk:
    """Where one case is tried: the second folder is scored over the result of the first."""

    scene: Scene
    name: str

    def fresh(self) -> Path:
        """The working folder, made anew, with the earlier result in `out`."""
        folder = self.scene.root / "desk"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.scene.root / "second", folder / "second")
        shutil.copytree(self.scene.root / "scored-first", folder / "out")
        return folder

    def score(
        self, folder: Path, *more: str, output: Path | None = None, source: str = "second", **kind: object
    ) -> Ended:
        """Score the second folder."""
        into = ("score", "--input", source, "--output", str(output or folder / "out"), "--model", str(self.scene.model))
        command = Command((*into, *more, "--quiet"), folder, **kind)  # type: ignore[arg-type]
        return run(command, self.scene.root / "log")

    @property
    def old(self) -> Files:
        return files_of(self.scene.root / "scored-first")

    @property
    def new(self) -> Files:
        return files_of(self.scene.root / "scored-second")

    def refused(self, ended: Ended, output: Path, expected: Files, words: str = "") -> Outcome:
        """Exit code 2 with a message and no trace of Python's; the output as it was, and nothing left."""
        owed = "exit code 2, says what to do, the earlier result untouched"
        faults = []
        if ended.code != 2:
            faults.append(f"exit code {ended.code}")
        if ACCEPTED_TRACE in ended.told or not ended.told.strip():
            faults.append("a traceback" if ended.told.strip() else "no message")
        if words not in ended.told:
            faults.append(f"the message lacks '{words}'")
        if files_of(output) != expected:
            faults.append("the output changed")
        with suppress(OSError):
            faults += [f"left behind: {each}" for each in leftovers(output, output.parent)]
        told = " ".join(ended.told.split())[-400:]
        return Outcome(self.name, owed, not faults, f"{'; '.join(faults)} ({told})" if faults else "so it is")

    def well(self, ended: Ended, output: Path, expected: Files) -> Outcome:
        """Exit code 0 and the bytes of an undisturbed run."""
        faults = [] if ended.code == 0 else [f"exit code {ended.code}: {' '.join(ended.told.split())[-400:]}"]
        if files_of(output) != expected:
            faults.append("other bytes")
        faults += [f"left behind: {each}" for each in leftovers(output, output.parent)]
        return Outcome(self.name, "the bytes of any other run", not faults, "; ".join(faults) or "so it is")


def _full_output(desk: _Desk) -> Outcome:
    folder = desk.fresh()
    with small_disk(folder / "disk", 600) as disk:
        shutil.copytree(desk.scene.root / "scored-first", disk / "out")
        ended = desk.score(folder, output=disk / "out")
        return desk.refused(ended, disk / "out", desk.old, "room")


def _full_at_the_end(desk: _Desk) -> Outcome:
    """The scratch folder has room, the disk of the output has none: the copy before the rename fails."""
    folder = desk.fresh()
    size = sum(len(content) for content in desk.old.values()) // 1024
    with small_disk(folder / "disk", size + 60) as disk:
        shutil.copytree(desk.scene.root / "scored-first", disk / "out")
        ended = desk.score(folder, "--scratch", str(folder / "scratch"), output=disk / "out")
        return desk.refused(ended, disk / "out", desk.old, "room")


def _full_scratch(desk: _Desk) -> Outcome:
    folder = desk.fresh()
    with small_disk(folder / "disk", 300) as disk:
        ended = desk.score(folder, "--scratch", str(disk))
        return desk.refused(ended, folder / "out", desk.old, "room")


def _elsewhere(desk: _Desk) -> Outcome:
    folder = desk.fresh()
    with small_disk(folder / "disk", 100_000) as disk:
        ended = desk.score(folder, "--scratch", str(disk))
        return desk.well(ended, folder / "out", desk.new)


def _read_only_output(desk: _Desk) -> Outcome:
    folder = desk.fresh()
    with read_only(folder / "out"):
        return desk.refused(desk.score(folder), folder / "out", desk.old, "written to")


def _read_only_input(desk: _Desk) -> Outcome:
    folder = desk.fresh()
    with read_only(folder / "second"):
        return desk.well(desk.score(folder), folder / "out", desk.new)


def _no_right_to_write(desk: _Desk) -> Outcome:
    folder = desk.fresh()
    return desk.refused(desk.score(folder, user=NOBODY), folder / "out", desk.old, "written to")


def _no_right_to_read(desk: _Desk) -> Outcome:
    folder = desk.fresh()
    (folder / "second" / "posts.parquet").chmod(0o600)
    (folder / "out").chmod(0o777)
    return desk.refused(desk.score(folder, user=NOBODY), folder / "out", desk.old, "posts")


def _a_file(desk: _Desk) -> Outcome:
    folder = desk.fresh()
    (folder / "taken").write_text("mine", encoding="utf-8")
    outcome = desk.refused(desk.score(folder, output=folder / "taken"), folder / "out", desk.old, "not a folder")
    kept = (folder / "taken").read_text(encoding="utf-8") == "mine"
    return outcome if kept else Outcome(desk.name, outcome.owed, False, "the file changed")


def _clock_set_back(desk: _Desk) -> Outcome:
    folder = desk.fresh()
    return desk.well(desk.score(folder, patched_clock=TEN_YEARS), folder / "out", desk.new)


def _two_at_once(desk: _Desk) -> Outcome:
    """One ends well, the other is told whose process is there, whichever comes first; or both, one after the other."""
    folder = desk.fresh()
    ends: list[Ended] = []
    logs = [desk.scene.root / f"log-{number}" for number in range(2)]
    into = ("score", "--input", "second", "--output", "out", "--model", str(desk.scene.model), "--quiet")
    threads = [
        threading.Thread(target=lambda log=log: ends.append(run(Command(into, folder), log)))  # type: ignore[misc]
        for log in logs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    codes = sorted(str(each.code) for each in ends)
    said = all("process " in each.told and "since " in each.told for each in ends if each.code)
    faults = [] if codes in (["0", "2"], ["0", "0"]) and said else [f"{codes}: {[each.told[-300:] for each in ends]}"]
    faults += [] if files_of(folder / "out") == desk.new else ["other bytes"]
    faults += [f"left behind: {each}" for each in leftovers(folder / "out", folder)]
    owed = "one is refused and told whose process is there; the bytes of the other"
    return Outcome(desk.name, owed, not faults, "; ".join(faults) or "so it is")


CASES: dict[str, Callable[[_Desk], Outcome]] = {
    "the disk of the output is full": _full_output,
    "the disk of the output is full at the last step": _full_at_the_end,
    "the disk of the scratch folder is full": _full_scratch,
    "the scratch folder is on another disk": _elsewhere,
    "the output is read-only": _read_only_output,
    "the input is read-only": _read_only_input,
    "no right to write to the output": _no_right_to_write,
    "no right to read a table": _no_right_to_read,
    "the output is a file": _a_file,
    "the clock is ten years back": _clock_set_back,
    "two runs at once into one folder": _two_at_once,
}
