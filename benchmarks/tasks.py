"""What a measured process can be told to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import curves, duplicates, extraction, scoring
from benchmarks.measuring import Cost, spent, spent_since
from features.definition import MODEL_GROUPS

READ, ALL, NETWORK, FRAMES = "read", "all", "network", "frames"
READ_PANDAS, AGREEMENT = "read-pandas", "agreement"
SCORE, PHASES, DUPLICATES = "score", "phases", "duplicates"


def notebook_task(way: str) -> str:
    """Name of the task that computes the notebook's features in one of its ways."""
    return f"notebook-{way}"


def curves_task(library: str) -> str:
    """Name of the task that computes a library's features of the follower curves."""
    return f"curves-{library.replace(' ', '-')}"


@dataclass(frozen=True, slots=True)
class Task:
    """Something to measure.

    Attributes:
        run: called with the folder and the task's settings; what it returns can be written as JSON.
        whole: the process counts from its start, imports included; otherwise the work alone, after it was done once
            on a small folder, so that imports and compiled kernels are in memory.
    """

    run: Callable[..., Any]
    whole: bool = False

    def cost(self, folder: Path, settings: dict[str, Any], warm: Path | None, started_at: float) -> tuple[Cost, Any]:
        """Do it, and tell what it cost and what it found."""
        if self.whole:
            return spent_since(started_at, lambda: self.run(folder, **settings))
        if warm is not None:
            self.run(warm, **settings)
        return spent(lambda: self.run(folder, **settings))


def _score(folder: Path, output: str, **settings: Any) -> dict[str, Any]:
    return scoring.score(folder, Path(output), **settings)


def _phases(folder: Path, output: str, model: str) -> list[dict[str, Any]]:
    return scoring.phase_costs(folder, Path(output), model)


def _duplicates(_: Path, accounts: int, seed: int, finder: str, comments_each: int) -> dict[str, Any]:
    return duplicates.duplicates(accounts, seed, finder, comments_each)


TASKS: dict[str, Task] = {
    READ: Task(extraction.read),
    **{group: Task(partial(extraction.extract, group=group)) for group in MODEL_GROUPS},
    ALL: Task(extraction.extract),
    NETWORK: Task(extraction.network),
    FRAMES: Task(extraction.frame_costs),
    READ_PANDAS: Task(extraction.read_pandas),
    **{notebook_task(way): Task(partial(extraction.notebook_features, way=way)) for way in ("apply", "vectorised")},
    AGREEMENT: Task(extraction.notebook_agreement),
    **{curves_task(name): Task(partial(curves.curve_features, library=name)) for name in curves.LIBRARIES},
    DUPLICATES: Task(_duplicates, whole=True),
    SCORE: Task(_score, whole=True),
    PHASES: Task(_phases, whole=True),
}


def task_of(name: str) -> Task:
    """The task of this name.

    Raises:
        ValueError: there is none.
    """
    if name not in TASKS:
        raise ValueError(f"work: task '{name}' is unknown. Known: {', '.join(TASKS)}.")
    return TASKS[name]
