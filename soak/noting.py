"""A pytest plugin (`-p soak.noting --notes FILE`): which test runs which lines, and how long each passing test takes.

Coverage's own contexts name the test function only while it is on the stack; here what its fixtures run counts too.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper
from pathlib import Path
from types import FrameType

import coverage
import pytest
from coverage import Coverage

TOO_LONG = 5.0
"""Seconds of processor time after which a test is given up: some walk all of Unicode, which takes minutes without the
compiler. Assumed."""


A_MOMENT = 0.001
COVERAGE = Path(coverage.__file__).parent
FRAMES = 5
"""More than coverage has above its own when it takes its lock."""


class TooLongError(BaseException):
    """No `Exception`: hypothesis would look for a smaller example of it."""


class Notes:
    """Seconds of every test that passed."""

    def __init__(self, path: Path) -> None:
        self._path, self._seconds, self._failed = path, {}, set()
        self._seconds: dict[str, float]
        self._failed: set[str]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """What runs from here on runs for this test."""
        current = Coverage.current()
        if current is not None:
            _forget(tuple(current.get_option("run:source_pkgs") or ()))
            current.switch_context(item.nodeid)
        result = yield
        if current is not None:
            current.switch_context("")
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        """No test for longer than `TOO_LONG`; one that is given up has not passed."""
        signal.signal(signal.SIGVTALRM, _give_up)
        signal.setitimer(signal.ITIMER_VIRTUAL, TOO_LONG)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add set-up, call and tear-down."""
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration
        if report.outcome != "passed":
            self._failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Leave the notes."""
        passed = {name: seconds for name, seconds in self._seconds.items() if name not in self._failed}
        self._path.write_text(json.dumps(passed), encoding="utf-8")


def _forget(packages: tuple[str, ...]) -> None:
    """Empty what the packages keep of earlier calls: else lines whose result is kept run for the first test alone."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in packages:
            for value in list(vars(module).values()):
                if isinstance(value, _lru_cache_wrapper):
                    value.cache_clear()


def _give_up(signal_number: int, frame: FrameType | None) -> None:  # noqa: ARG001 -- as signal wants it
    """End the test; a moment later where coverage is at work, which would keep its lock for ever."""
    if _is_within_coverage(frame):
        signal.setitimer(signal.ITIMER_VIRTUAL, A_MOMENT)
        return
    raise TooLongError


def _is_within_coverage(frame: FrameType | None) -> bool:
    """Whether one of the innermost frames is coverage's; the outermost always are."""
    for _ in range(FRAMES):
        if frame is None:
            return False
        if Path(frame.f_code.co_filename).parent == COVERAGE:
            return True
        frame = frame.f_back
    return False


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that says where the notes go."""
    parser.addoption("--notes", type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    """Take notes."""
    config.pluginmanager.register(Notes(config.getoption("--notes")))
