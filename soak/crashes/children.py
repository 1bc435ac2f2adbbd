"""Commands as processes of their own that may be killed, started in milliseconds from one that has imported all."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PRELOADED = (
    "soak.crashes.children",
    "pipeline.__main__",
    "pipeline.score",
    "pipeline.summary",
    "pipeline.report",
    "pipeline.shortlist",
    "pipeline.simulate",
    "pipeline.evaluate",
    "pipeline.map",
    "pipeline.mapping.apply",
    "pipeline.track",
)
"""Imported once in a process that runs nothing itself, so that its copies start as a fresh interpreter would."""

SECONDS_AT_MOST = 600.0
"""A run that takes longer hangs."""

NOBODY = 65_534
"""A user without rights on anything of root's."""


@dataclass(slots=True)
class Ended:
    """How a command ended.

    Attributes:
        code: exit code; negative: the signal that killed it; None: it hung and was killed.
        seconds: how long it took.
        told: its stdout and stderr.
    """

    code: int | None
    seconds: float
    told: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command line of `python -m pipeline`, or with `shell` any other, and where it runs."""

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    is_shell: bool = False
    user: int | None = None
    patched_clock: float = 0.0


def run(command: Command, log: Path, kill_after: float | None = None) -> Ended:
    """Run the command, and kill it and all that it started after so many seconds, if it lasts that long."""
    context: Any = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    child = context.Process(target=_work, args=(command, log))
    started = time.monotonic()
    child.start()
    child.join(SECONDS_AT_MOST if kill_after is None else kill_after)
    hung = False
    if child.is_alive():
        hung = kill_after is None
        _kill(child.pid)
        child.join()
    seconds = time.monotonic() - started
    told = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return Ended(None if hung else child.exitcode, seconds, told)


def _kill(process: int) -> None:
    """With everything below it, so that no worker writes on."""
    for each in (process, *_below(process)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _below(process: int) -> list[int]:
    """The processes that it started, and those that they did."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name, in brackets, may hold spaces: state and parent follow it.
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def _as_started_anew() -> None:
    """Numba was imported with our rights: what this user's command would tell it before has to be read again."""
    from numba.core import config

    from pipeline.compiled import find_a_place

    find_a_place()
    config.reload_config()


def _work(command: Command, log: Path) -> None:
    """In the child."""
    os.setsid()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.chdir(command.folder)
    os.environ.update({"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"})
    os.environ.update(command.environment)
    if command.user is not None:
        os.setgroups([])
        os.setgid(command.user)
        os.setuid(command.user)
        _as_started_anew()
    if command.is_shell:
        os.execvp(command.arguments[0], list(command.arguments))  # noqa: S606 - our own words
    if command.patched_clock:
        now = time.time
        time.time = lambda: now() + command.patched_clock
    from pipeline.__main__ import app

    sys.exit(app(list(command.arguments), prog_name="python -m pipeline"))
