"""`python -m soak all`: everything that runs for long, into docs/reliability.md; `make soak`.

Each part is a command of its own and leaves `reports/reliability/<part>.json`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

PAGE = Path("docs/reliability.md")


@app.command("all")
def run_all() -> None:
    """Run every part, one after the other, each in a process of its own, and write the page.

    Exit code 1: a part failed, or something that was owed does not hold.
    """
    from soak.result import PARTS, Result

    failed = []
    for part in PARTS:
        print(f"== {part}", flush=True)
        ended = subprocess.run([sys.executable, "-m", "soak", part], check=False)
        result = Result.read(part)
        if ended.returncode or result is None or not result.holds:
            failed.append(part)
    write_page()
    if failed:
        sys.exit(f"soak: not all is well with {', '.join(failed)}; see {PAGE}")


@app.command("page")
def write_page(page: Annotated[Path, typer.Option("--page", help="Where the page is written.")] = PAGE) -> None:
    """Write the page from the figures at hand."""
    from pipeline.storage import write_text
    from soak.page import page_of

    write_text(page_of(), page)
    print(page)


@app.command()
def coverage(
    tests: Annotated[str, typer.Option(help="Folder or file of tests; others than all say little.")] = "tests",
) -> None:
    """Run the test-suite and see which branches of pipeline/, features/ and models/ it takes; a quarter of an hour."""
    from soak.coverage import measure

    measure(tests).write()


@app.command()
def mutation(
    mutants: Annotated[
        int, typer.Option(help="How many changes are tried, in proportion to each module's code.")
    ] = 400,
    minutes: Annotated[float, typer.Option(help="No trial begins later; those left over are said.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Trials at a time, each in a copy of the tree.")] = 2,
) -> None:
    """Change features/ and models/ in one place at a time and see whether their tests notice; half an hour."""
    from soak.mutation import measure

    measure(mutants, minutes, seed, workers).write()


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m soak"))
