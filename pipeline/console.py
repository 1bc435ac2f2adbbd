"""What every command shares: progress, and a foreseen error as its message and its exit code."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from typer.core import TyperGroup

from pipeline.compiled import find_a_place
from pipeline.errors import AssayError, UnusableInputError
from pipeline.plain import plain, plain_lines
from pipeline.progress import progress

Quiet = Annotated[bool, typer.Option("--quiet", help="No progress and no summary; errors still go to stderr.")]


ORDER_OF_WORK = (
    "map",
    "validate",
    "score",
    "report",
    "shortlist",
    "feedback",
    "evaluate",
    "features",
    "compare",
    "promote",
    "ui",
)
"""In the help these come first, in this order."""


class InOrderOfWork(TyperGroup):
    """Commands listed as a person needs them, not as they stand in the file."""

    def list_commands(self, context: typer.Context) -> list[str]:  # type: ignore[override]
        """The names, those of `ORDER_OF_WORK` first."""
        names = super().list_commands(context)
        return sorted(names, key=lambda name: ORDER_OF_WORK.index(name) if name in ORDER_OF_WORK else len(names))


@contextmanager
def _ended_by_signals() -> Iterator[Callable[[], None]]:
    """A request to end (of docker, systemd, a cluster) ends the command as Ctrl-C does: what is half done goes.

    What is yielded ends it where a request was lost. It is no `Exception`, since libraries catch those; but modules
    written in C that are being imported drop every kind (pandas, on the way of pyarrow), and the command would go on.
    """
    asked: list[int] = []

    def heed() -> None:
        if asked:
            sys.exit(_SIGNALLED + asked[0])

    def end(number: int, _: object) -> None:
        asked.append(number)
        sys.unraisablehook = _said_nothing
        heed()

    if threading.current_thread() is not threading.main_thread():
        yield heed  # only the main thread may say what a signal does
        return
    former, hook = signal.signal(signal.SIGTERM, end), sys.unraisablehook
    try:
        yield heed
    finally:
        signal.signal(signal.SIGTERM, former)
        sys.unraisablehook = hook


def _said_nothing(_: object) -> None:
    """Of a request that was lost in the end of an object: `heed` hears it."""


_SIGNALLED = 128
"""Added to a signal's number, by the custom of shells."""


@contextmanager
def reported(quiet: bool, title: str) -> Iterator[Callable[[str], None]]:  # noqa: FBT001 - a command's flag
    """Progress while the work goes on; a foreseen error becomes its message and its exit code, without a trace."""
    find_a_place()
    try:
        with _ended_by_signals() as heed, progress(title, quiet=quiet, heed=heed) as report:
            yield report
    except AssayError as error:
        for problem in plain_lines(error.problems):
            typer.echo(problem, err=True)
        raise typer.Exit(error.exit_code) from error
    except BrokenPipeError:
        raise  # the reader of the results went away (`| head`), which is no fault
    except OSError as error:
        # What the machine refuses (a place, a permission, room on the disk) is for the caller to repair too.
        typer.echo(
            plain(f"files: {error}. Check that the place exists, may be read and written to, and has room."), err=True
        )
        raise typer.Exit(UnusableInputError.exit_code) from error
