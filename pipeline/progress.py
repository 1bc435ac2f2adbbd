"""Progress on long work: one live line on stderr while a person watches, nothing in a log.

Work is told what to report to as a plain function of a text, so that the pure packages and the tests need no more.
Where the amount of work is known in a unit that means something, `steps` and `counted` tell that as well: the live
line then shows the rate and the time left, and a plain function is told the same in words.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pipeline.plain import plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, Task, TaskID

Result = TypeVar("Result")
Report = Callable[[str], None]
"""Called now and then with what is being done, in words."""

REFRESHES_PER_SECOND = 4
"""Of the live line. Drawing it takes about a millisecond of the interpreter, so this costs less than one per cent."""

SECONDS_OF_RATE = 600.0
"""The rate is that of the last so many seconds: a bucket of half a million rows may take a minute."""

SECONDS_BEFORE_A_RATE = 1.0
"""What the first instants of a phase tell is the time of its first piece, not a rate."""

WIDE, NARROW = 100, 72
"""Columns from which there is room for a bar, and below which the amounts are told as a percentage."""


def is_watched() -> bool:
    """Whether a person sees stderr: a terminal that can redraw a line, and no job of a CI that only looks like one."""
    is_job = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown") and not is_job


def duration(seconds: float) -> str:
    """Minutes and seconds as on a clock, with hours where there are any: 0:07, 12:30, 1:02:03."""
    minutes, rest = divmod(max(round(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate_text(per_second: float) -> str:
    """How fast, in the unit of time that gives a number people can read."""
    if per_second >= 10:  # noqa: PLR2004 - two digits
        return f"{per_second:,.0f}/s"
    return f"{per_second:.1f}/s" if per_second >= 1 else f"{per_second * 60:.1f}/min"


@dataclass(frozen=True, slots=True)
class Amount:
    """How far a phase has come: what is told beside its name.

    Attributes:
        done, total: in `unit`; a total of None is not known.
        rate: units a second; None before there are two points in time to tell it from.
        elapsed: seconds since the phase began.
    """

    done: float
    total: float | None
    unit: str
    rate: float | None
    elapsed: float

    def left(self) -> str | None:
        """The time left, where total and rate are known."""
        if self.total is None or not self.rate:
            return None
        return f"{duration((self.total - self.done) / self.rate)} left"

    def text(self, width: int) -> str:
        """For a terminal of so many columns."""
        if not self.unit:
            return duration(self.elapsed)
        left = self.left()
        if self.total is not None and width < NARROW:
            return ", ".join(filter(None, (f"{self.done / max(self.total, 1):.0%}", left)))
        amount = f"{self.done:,.0f}{'' if self.total is None else f' of {self.total:,.0f}'} {self.unit}"
        rate = rate_text(self.rate) if self.rate else None
        return ", ".join(filter(None, (amount, rate, left or duration(self.elapsed))))


def _go_on() -> None:
    """Nothing ends the work."""


class LiveLine:
    """The phases of one command as a line that is redrawn; gone when the command ends."""

    def __init__(self, live: Progress, title: str, heed: Callable[[], None] = _go_on) -> None:
        self._live = live
        self._heed = heed
        self._title = title
        self._phase: TaskID | None = None

    def __call__(self, text: str) -> None:
        """A phase of which nobody knows how long it takes."""
        self.phase(text)

    def phase(self, text: str, unit: str = "", total: float | None = None) -> None:
        """Begin a phase; the former one is over."""
        self._heed()
        if self._phase is not None:
            self._live.remove_task(self._phase)
        if total is not None and total <= 1:
            unit, total = "", None  # nothing to count
        self._phase = self._live.add_task(
            plain(f"{self._title}: {text}" if text else self._title), total=total, unit=unit
        )
        self.advance(0)  # the point in time that the first rate is told from

    def advance(self, number: float) -> None:
        """So many more units of the phase are done."""
        self._heed()
        if self._phase is not None:
            self._live.advance(self._phase, number)


def steps(report: Report, doing: str, unit: str, total: float | None = None) -> Callable[[float], None]:
    """Begin a phase of known units, and return the function to be told how many more of them are done."""
    if isinstance(report, LiveLine):
        report.phase(doing, unit, total)
        return report.advance
    done = 0.0

    def advance(number: float) -> None:
        nonlocal done
        done += number
        report(f"{doing}: {done:,.0f}{'' if total is None else f' of {total:,.0f}'} {unit}")

    return advance


def counted(
    results: Iterable[Result],
    report: Report,
    doing: str,
    unit: str,
    total: float | None = None,
    *,
    size: Callable[[Result], float] = lambda _: 1,
) -> Iterator[Result]:
    """The results as they come, each reported with its `size` in `unit`: by default one apiece."""
    advance = steps(report, doing, unit, total)
    for result in results:
        advance(size(result))
        yield result


@contextmanager
def progress(title: str, *, quiet: bool, heed: Callable[[], None] = _go_on) -> Iterator[Report]:
    """What to report to: a live line where a person watches, and nothing otherwise.

    Each report calls `heed` first, which may end the work.
    """
    if quiet or not is_watched():
        yield lambda _: heed()
        return
    from rich.console import Console

    with live_line(title, Console(stderr=True), heed) as line:
        yield line


@contextmanager
def live_line(title: str, console: Console, heed: Callable[[], None] = _go_on) -> Iterator[LiveLine]:
    """The line on this console, for as long as the block lasts."""
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
    from rich.table import Column
    from rich.text import Text

    class AmountColumn(ProgressColumn):
        def render(self, task: Task) -> Text:
            elapsed = task.elapsed or 0.0
            rate = task.speed if elapsed >= SECONDS_BEFORE_A_RATE else None
            amount = Amount(task.completed, task.total, task.fields["unit"], rate, elapsed)
            return Text(amount.text(console.width), no_wrap=True)

    is_plain = not console.encoding.startswith("utf")
    columns: list[ProgressColumn] = [
        SpinnerColumn("line" if is_plain else "dots"),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
        *([BarColumn(bar_width=20)] if console.width >= WIDE else []),
        AmountColumn(table_column=Column(no_wrap=True)),
    ]
    # Stdout stays what it is: a result that is printed meanwhile would be sent to stderr by rich.
    with Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=False,
        refresh_per_second=REFRESHES_PER_SECOND,
        speed_estimate_period=SECONDS_OF_RATE,
    ) as live:
        line = LiveLine(live, title, heed)
        line("")
        yield line
