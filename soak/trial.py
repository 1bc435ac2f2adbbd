"""`python -m soak.trial`: tries mutants, one a line on stdin, in a copy of the tree that is its working directory.

Imports of libraries take longer than most trials, so they are made once, and each trial is a fork. Own packages are
imported in the fork, with the change in them. A trial is held to seconds of processor time, not of the clock: how busy
the machine is decides nothing.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

LIBRARIES = ("hypothesis", "lightgbm", "numba", "pandera.polars", "polars.testing", "pydantic", "scipy.stats", "yaml")
MEMORY = 8 * 2**30
"""Bytes of address space; a change that asks for more is noticed by the refusal."""
PATIENCE = 10
"""Seconds of the clock for each second of processor time that a trial may take: it sleeps or waits for itself."""
IGNORED = ("ignore:overflow:RuntimeWarning", "ignore:Module already imported")
"""Whole numbers wrap around in kernels as they do compiled; and the fork has its libraries already."""
PYTEST = (
    "-x",
    "-q",
    "-p",
    "no:randomly",
    "-p",
    "no:cacheprovider",
    *(part for each in IGNORED for part in ("-W", each)),
)
SURVIVED, KILLED, TIMED_OUT = "survived", "killed", "timed out"
OUTCOMES = {0: SURVIVED, 1: KILLED, 2: KILLED}
"""By pytest's exit code: all passed; some failed; a module could not be imported."""
NOT_FOUND = 4
"""Pytest's exit code where no test has that name: its file cannot be imported, or its cases are called otherwise."""


def main() -> None:
    """Answer every line with the outcome of its trial."""
    for name in LIBRARIES:
        importlib.import_module(name)
    modified = time.time_ns() // 10**9
    for line in sys.stdin:
        trial = json.loads(line)
        modified += 1  # Python takes compiled code for current where size and second of the change agree
        with changed(Path(trial["path"]), trial["source"], modified):
            found = outcome(trial["tests"], trial["seconds"])
        print(json.dumps(found), flush=True)  # not before the tree is as it was


@contextmanager
def changed(path: Path, source: str, modified: int) -> Iterator[None]:
    """The module with other text for as long as the block takes; `modified` is its time of change in seconds."""
    before, at = path.read_bytes(), path.stat().st_mtime
    path.write_text(source, encoding="utf-8")
    os.utime(path, (modified, modified))
    try:
        yield
    finally:
        path.write_bytes(before)
        os.utime(path, (at, at))


def outcome(tests: list[str], seconds: int) -> str:
    """What the tests say to the tree as it stands, within so many seconds of processor time.

    Where one of them is not found, their files are asked, which tells a file that cannot be imported from cases that
    have other names now; those are then run.
    """
    found = _asked(tests, seconds)
    if found == NOT_FOUND:
        found = _asked(sorted({name.partition("::")[0] for name in tests}), seconds, Chosen(tests))
    return found if isinstance(found, str) else OUTCOMES.get(found, f"pytest ended with code {found}")


class Chosen:
    """A pytest plugin: of what is collected, the named tests, and all cases of a test of which one is gone."""

    def __init__(self, names: list[str]) -> None:
        self._names = frozenset(names)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the others."""
        there = {item.nodeid for item in items}
        renamed = {name.partition("[")[0] for name in self._names - there}
        items[:] = [item for item in items if item.nodeid in self._names or item.nodeid.partition("[")[0] in renamed]


def _asked(tests: list[str], seconds: int, *plugins: object) -> str | int:
    """How a fork that runs the tests ends: pytest's exit code, or an outcome where it does not come to one."""
    child = os.fork()
    if child == 0:
        _test(tests, seconds, plugins)
    deadline = time.monotonic() + PATIENCE * seconds
    ended = 0
    while not ended and time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if not ended:
            time.sleep(0.02)
    if not ended:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return TIMED_OUT
    if os.WIFSIGNALED(status):
        return TIMED_OUT if os.WTERMSIG(status) in {signal.SIGXCPU, signal.SIGKILL} else KILLED
    return os.waitstatus_to_exitcode(status)


def _test(tests: list[str], seconds: int, plugins: Sequence[object]) -> None:
    """Be the fork: run pytest and end with its code."""
    os.setpgid(0, 0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    code = 3
    try:
        code = int(pytest.main([*PYTEST, *tests], list(plugins)))
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
