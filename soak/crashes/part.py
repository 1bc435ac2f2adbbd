"""The part as a whole: scene, kills, disks and stores, and the figures of them."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import UnusableInputError
from soak.crashes.children import NOBODY
from soak.crashes.disks import Outcome, disk_cases
from soak.crashes.kills import MIXED, PENDING, Counts, kill_all
from soak.crashes.scene import Scene
from soak.crashes.stores import store_cases
from soak.result import Figure, Result, stopwatch

SHOWN_FAULTS = 5


def crashes(kills: int, seed: int, project: Path, *, with_dvc: bool = True, with_disks: bool = True) -> Result:
    """Kill, fill, forbid and cut off; see the package.

    Args:
        kills: how many times a command is killed.
        seed: of the moments.
        project: where `dvc repro` ran: its model and reports are copied.
        with_dvc: kill `dvc repro`, too.
        with_disks: try disks and stores, too.

    Raises:
        UnusableInputError: the project has no model.
    """
    model = (project / "data" / "model").absolute()
    if not model.is_dir():
        raise UnusableInputError(f"crashes: there is no model at {model}. Train one with 'dvc repro'.")
    root = Path(tempfile.mkdtemp(prefix="assay-crashes-"))
    root.chmod(0o755)  # a case looks at it as somebody else
    try:
        with stopwatch() as seconds:
            _say("scene")
            scene = Scene(root, _copied(model, root), project.absolute())
            scene.make()
            counts = kill_all(scene, scene.cases(with_dvc=with_dvc), kills, seed, _say)
            disks, forbidden = disk_cases(scene, _say) if with_disks else ([], [])
            stores, impossible = store_cases(scene, _say) if with_disks else ([], [])
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return Result(
        part="crashes",
        title="Crashes",
        command=f"python -m soak crashes --kills {kills} --seed {seed}",
        seconds=seconds[0],
        figures=(*_killed(counts, kills), *_tried([*disks, *stores])),
        notes=_notes(counts, [*forbidden, *impossible]),
    )


def _copied(model: Path, root: Path) -> Path:
    """The model where everybody may read it."""
    shutil.copytree(model, root / "model")
    return root / "model"


def _killed(counts: dict[str, Counts], asked: int) -> list[Figure]:
    """What the kills did, together and by command."""
    kills = sum(each.kills for each in counts.values())
    states, phases = Counter[str](), Counter[str]()
    for each in counts.values():
        states.update(each.states)
        phases.update(each.phases)
    finished = sum(each.finished for each in counts.values())
    faults = [fault for each in counts.values() for fault in each.faults]
    mixed = states[MIXED]
    found = [
        Figure(name="killed with kill -9", value=f"{kills:,}", owed=f"{asked:,}", holds=kills >= asked),
        Figure(name="of those, while", value=_listed(phases)),
        Figure(name="then a reader finds", value=_listed(states)),
        Figure(name="parts of two results, unmarked", value=str(mixed), owed="0", holds=mixed == 0),
        Figure(
            name="second run ends well, with the bytes of an undisturbed one, and leaves nothing behind",
            value=f"{finished:,} of {kills:,}",
            owed="all",
            holds=finished == kills,
        ),
        Figure(
            name="faults",
            value="; ".join(faults[:SHOWN_FAULTS]) or "none",
            owed="none",
            holds=not faults,
        ),
    ]
    return found + [
        Figure(
            name=f"`{name}`",
            value=f"{each.kills} kills, {each.finished} finished by the second run",
            owed="all",
            holds=each.kills == each.finished,
        )
        for name, each in counts.items()
    ]


def _tried(outcomes: Sequence[Outcome]) -> list[Figure]:
    return [Figure(name=each.name, value=each.found, owed=each.owed, holds=each.holds) for each in outcomes]


def _listed(counts: Counter[str]) -> str:
    return "; ".join(f"{name}: {count}" for name, count in counts.most_common()) or "none"


def _notes(counts: dict[str, Counts], skipped: Sequence[str]) -> tuple[str, ...]:
    """How it was measured, and what it does not tell."""
    late = sum(each.late for each in counts.values())
    notes = [
        (
            "Moments are uniform over the time that an undisturbed run takes, and a tenth more; the process and all "
            f"that it started die at once. {late} runs were done before their kill and are not counted; others took "
            "their place. Commands are forked from a process that has imported everything, so that the start of Python "
            "is not what is hit. Folders are small: sixty accounts, one bucket."
        ),
    ]
    notes.append(
        f"Between the first and the last rename of a result (state '{PENDING}') its summary is missing; the next run, "
        "`shortlist`, `report`, `feedback` and `--previous` finish it. A program of another kind should take a folder "
        "without its summary for incomplete."
    )
    notes.append(
        "A kill is not a power cut: what the disk had not written by then is the file system's. Missing rights were "
        f"tried as user {NOBODY}."
    )
    if skipped:
        notes.append(f"Not tried, since this machine does not allow it: {'; '.join(skipped)}.")
    return tuple(notes)


def _say(text: str) -> None:
    print(f"crashes: {text}", file=sys.stderr, flush=True)
