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


@app.command("models")
def run_models(
    model: Annotated[Path, typer.Option("--model", help="The bundle that is spoilt.")] = Path("data/model"),
    flips: Annotated[int, typer.Option("--flips", min=1, help="Bits flipped in each file.")] = 12,
    rewritten: Annotated[int, typer.Option("--rewritten", min=1, help="Bundles rewritten with right digests.")] = 3000,
    shell: Annotated[int, typer.Option("--shell", min=1, help="Kinds of change tried through the command.")] = 30,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 8,
) -> None:
    """Bundles changed by a bit, and bundles rewritten with every digest right; some ten minutes."""
    from soak.models import run

    run(model, flips, rewritten, shell, seed).write()


@app.command("supply")
def run_supply(
    suite: Annotated[
        list[str] | None, typer.Option("--suite", help="Tests that run without a network. Default: tests/models.")
    ] = None,
    *,
    audit: Annotated[bool, typer.Option("--audit/--no-audit", help="Try pip-audit.")] = True,
) -> None:
    """Licences, known faults, and whether anything talks to the network; some six minutes."""
    from soak.supply import run

    run(suite or ["tests/models"], audit=audit).write()


@app.command("load")
def run_load(
    calls: Annotated[int, typer.Option("--calls", min=20, help="Calls in one process.")] = 1000,
    at_once: Annotated[int, typer.Option("--at-once", min=2, help="Processes, and threads, at once.")] = 8,
    processes: Annotated[int, typer.Option("--processes", min=1, help="Calls in processes of their own.")] = 30,
    model: Annotated[Path, typer.Option("--model", help="The bundle that scores.")] = Path("data/model"),
) -> None:
    """Consecutive and simultaneous calls of `score`: memory, files, threads, and equal bytes; some eight minutes."""
    from soak.load import run

    run(calls, at_once, processes, model).write()


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
