"""What every command shares: progress, and a foreseen error as its message and its exit code."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from typer.core import TyperGroup

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
def _ended_by_signals() -> Iterator[None]:
    """A request to end (of docker, systemd, a cluster) ends the command as Ctrl-C does: what is half done goes."""

    def end(number: int, _: object) -> None:
        raise typer.Exit(_SIGNALLED + number)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say what a signal does
        return
    former = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, former)


_SIGNALLED = 128
"""Added to a signal's number, by the custom of shells."""


@contextmanager
def reported(quiet: bool, title: str) -> Iterator[Callable[[str], None]]:  # noqa: FBT001 - a command's flag
    """Progress while the work goes on; a foreseen error becomes its message and its exit code, without a trace."""
    try:
        with _ended_by_signals(), progress(title, quiet=quiet) as report:
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
