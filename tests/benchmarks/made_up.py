"""Figures of a benchmark that did not take place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.duplicates import KINDS
from benchmarks.measuring import Cost
from benchmarks.tasks import AGREEMENT, DUPLICATES, FRAMES, PHASES, SCORE

PER_ACCOUNT = {"read": 0.01, "all": 0.06, "score": 0.15, "notebook-apply": 4.0, "notebook-vectorised": 0.9}
"""CPU seconds of an account; all other tasks cost 0.02."""

START = 2.0
"""CPU seconds of a `score` without accounts."""

FOUND: dict[str, Any] = {
    PHASES: [
        {"phase": "extract features", "cpu_seconds": 6.0},
        {"phase": "evidence", "cpu_seconds": 2.0},
        {"phase": "all else", "cpu_seconds": 0.5},
    ],
    FRAMES: [
        {"group": "growth", "frame": "days", "features": 8, "build": 1.0, "aggregate": 2.0},
        {"group": "comments", "frame": "comments", "features": 39, "build": 8.0, "aggregate": 1.0},
    ],
    AGREEMENT: [
        {"feature": "growth_drawdown_share", "accounts": 20, "nulls": 0, "difference": 1e-9},
        {"feature": "comments_liked_share", "accounts": 18, "nulls": 0, "difference": 2e-8},
    ],
    DUPLICATES: {
        "comments": 4000,
        "planted_pairs": 900,
        "found_pairs": 1000,
        "precision": 0.6,
        "recall": 0.7,
        "recall_of_kind": {name: 0.1 + place / 10 for place, name in enumerate(KINDS)},
        "cpu_seconds_per_million": 3.5,
    },
}


def accounts_of(folder: Path) -> int:
    """Accounts of a folder of the study; eight where it is none."""
    return pl.read_parquet(folder / "accounts").height if (folder / "accounts").is_dir() else 8


def process(
    arguments: Sequence[str], *, threads: int = 1, environment: Mapping[str, str] | None = None
) -> tuple[Cost, Any]:
    """What a measured process would answer."""
    task, accounts = arguments[0], accounts_of(Path(arguments[1]))
    seconds = PER_ACCOUNT.get(task, 0.02) * accounts
    if task == SCORE:
        seconds += START + (7.0 if environment else 0.0)
    found = FOUND.get(task, accounts)
    if task == SCORE:
        found = {"accounts": accounts, "flagged": 0.25, "digest": "abc"}
    if task.startswith("curves"):
        found = {"curves": accounts, "features": 24}
    return Cost(seconds, seconds / threads + 0.25, 300.0 + accounts / 100), found


def command(command: Sequence[str]) -> tuple[Cost, str]:
    """What a whole command would answer."""
    return Cost(0.2, 0.3 if "--help" in command else 1.7, 0.0), "Data and pipelines are up to date."


def silent(_: str) -> None:
    """A progress report that nobody watches."""
