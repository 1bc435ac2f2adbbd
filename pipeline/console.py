"""What every command shares: progress, and a foreseen error as its message and its exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from pipeline.errors import AssayError, UnusableInputError
from pipeline.progress import progress

Quiet = Annotated[bool, typer.Option("--quiet", help="No progress and no summary; errors still go to stderr.")]


@contextmanager
def reported(quiet: bool, title: str) -> Iterator[Callable[[str], None]]:  # noqa: FBT001 - a command's flag
    """Progress while the work goes on; a foreseen error becomes its message and its exit code, without a trace."""
    try:
        with progress(title, quiet=quiet) as report:
            yield report
    except AssayError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(error.exit_code) from error
    except BrokenPipeError:
        raise  # the reader of the results went away (`| head`), which is no fault
    except OSError as error:
        # What the machine refuses (a place, a permission, room on the disk) is for the caller to repair too.
        typer.echo(f"files: {error}. Check that the place exists, may be read and written to, and has room.", err=True)
        raise typer.Exit(UnusableInputError.exit_code) from error
