"""Kill -9 at random moments: what is left, and whether the next run makes it whole."""

from __future__ import annotations

import math
import random
import shutil
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.aside import RESUME_PREFIX
from pipeline.storage import JOURNAL, PARTIAL, RUN_PREFIX
from soak.crashes.children import run
from soak.crashes.scene import Case, Files, Scene, done, files_of

LATEST = 1.1
"""Kills come up to this share of the seconds that an undisturbed run takes: some come too late."""


@dataclass(slots=True)
class Counts:
    """What became of the kills of one case.

    Attributes:
        kills: commands that died of it; the others were done before.
        late: done before the kill came.
        phases: what the command was doing.
        states: what a reader finds after it.
        faults: what must not be, a sentence each.
    """

    kills: int = 0
    late: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    faults: list[str] = field(default_factory=list)


def kill_all(scene: Scene, cases: list[Case], kills: int, seed: int, say: object) -> dict[str, Counts]:
    """At least so many kills, shared among the cases by weight; each is followed by an undisturbed run."""
    generator = random.Random(seed)
    counts = {}
    total = sum(case.weight for case in cases)
    for case in cases:
        _undisturbed(scene, case)
        share = math.ceil(kills * case.weight / total)
        counts[case.name] = found = Counts()
        while found.kills < share and found.late < share + 20:
            _kill_once(scene, case, generator, found)
            say(f"{case.name}: {found.kills} of {share}")  # type: ignore[operator]
    return counts


def _undisturbed(scene: Scene, case: Case) -> None:
    """Note what the command leaves when nobody disturbs it, and how long it takes: the second time, all being read."""
    for _ in range(2):
        scene.set_up(case)
        case.seconds = done(case.command, scene.root / "log")
    case.new = files_of(case.output)


def _kill_once(scene: Scene, case: Case, generator: random.Random, found: Counts) -> None:
    """Set up, kill, look, run again, look."""
    scene.set_up(case)
    before = files_of(case.output)
    moment = generator.uniform(0.0, case.seconds * LATEST)
    ended = run(case.command, scene.root / "log", moment)
    if ended.code != -signal.SIGKILL:
        found.late += 1
        case.seconds = min(case.seconds, ended.seconds)
        if ended.code != 0:
            found.faults.append(f"{case.name}: ended with {ended.code} by itself: {ended.told[-300:]}")
        return
    found.kills += 1
    found.phases[phase(case)] += 1
    seen = state(case, before)
    found.states[seen] += 1
    if seen == MIXED:
        found.faults.append(f"{case.name}, killed after {moment:.2f} s: a reader finds parts of two results")
    if fault := case.fault(case.folder, False):
        found.faults.append(f"{case.name}, killed after {moment:.2f} s: {fault}")
    again = run(case.command, scene.root / "log")
    fault = _second(case, again.code, again.told) or case.fault(case.folder, True)
    if fault:
        found.faults.append(f"{case.name}, second run after a kill at {moment:.2f} s: {fault}")
    else:
        found.finished += 1


OLD, NEW, ABSENT, PENDING, MIXED = (
    "the earlier result, untouched",
    "the new result, complete",
    "nothing",
    "being renamed: no summary, and whoever reads it next with Assay finishes it",
    "parts of two results",
)


def state(case: Case, before: Files) -> str:
    """What a reader finds in the output."""
    now = files_of(case.output)
    if now == case.new:
        return NEW
    if now == before:
        return OLD if before else ABSENT
    if (case.output / JOURNAL).is_dir():
        return PENDING
    # DVC takes an output away before the command that makes it begins; `map --to` renames one folder.
    return ABSENT if not now else MIXED


def phase(case: Case) -> str:
    """What a killed command was doing, as its leftovers tell."""
    if (case.output / JOURNAL).is_dir():
        return "publishing"
    for parent in (case.output, case.output.parent):
        for place in parent.glob(".assay-r*") if parent.is_dir() else ():
            if (place / "prepared" / ".complete").is_dir():
                return "writing"
            if (place / "prepared").is_dir():
                return "scoring or pages"
            return "reading"
    return "beginning or ending"


def _second(case: Case, code: int | None, told: str) -> str:
    """What is wrong with the run after the kill; empty where all is well."""
    if code != 0:
        return f"ended with {code}: {told[-300:]}"
    if (now := files_of(case.output)) != case.new:
        differing = sorted(name for name in {*now, *case.new} if now.get(name) != case.new.get(name))
        return f"other bytes than an undisturbed run: {', '.join(differing[:5])}"
    left = leftovers(case.output, case.output.parent)
    return f"left behind: {', '.join(left)}" if left else ""


def leftovers(*folders: Path) -> list[str]:
    """Hidden files and folders of ours."""
    return sorted(
        path.name
        for folder in folders
        if folder.is_dir()
        for path in folder.iterdir()
        if path.name.startswith((RUN_PREFIX, RESUME_PREFIX, JOURNAL, ".assay-claim")) or PARTIAL.fullmatch(path.name)
    )


def clean(folder: Path) -> None:
    """Remove a scene."""
    shutil.rmtree(folder, ignore_errors=True)
