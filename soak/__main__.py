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
    commands: Annotated[int, typer.Option("--commands", min=1, help="Kinds of change tried through the command.")] = 30,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 8,
) -> None:
    """Bundles changed by a bit, and bundles rewritten with every digest right; some ten minutes."""
    from soak.models import run

    run(model, flips, rewritten, commands, seed).write()


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


@app.command("crashes")
def run_crashes(
    kills: Annotated[int, typer.Option("--kills", min=1, help="Commands killed with kill -9.")] = 200,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the moments.")] = 1,
    project: Annotated[Path, typer.Option("--project", help="Where `dvc repro` ran.")] = Path(),
    *,
    dvc: Annotated[bool, typer.Option(help="Kill `dvc repro`, too.")] = True,
    disks: Annotated[bool, typer.Option(help="Try disks and tracking stores, too.")] = True,
) -> None:
    """Kill -9, full and forbidden disks, two runs at once, tracking stores that are not there; some 15 minutes."""
    from soak.crashes.part import crashes

    result = crashes(kills, seed, project, with_dvc=dvc, with_disks=disks)
    result.write()
    print("all is well" if result.holds else "something owed does not hold: see reports/reliability/crashes.json")


@app.command("privacy")
def run_privacy(
    comments: Annotated[int, typer.Option("--comments", min=1, help="Comments that hashing is timed on.")] = 10_000_000,
) -> None:
    """Canaries in every file of a small project, keys, forgetting, the cost of hashing; about three minutes."""
    from soak.privacy import run

    run(comments).write()


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


@app.command("outputs")
def outputs(
    cases: Annotated[int, typer.Option("--cases", min=0, help="Texts made up, beside the known ones.")] = 2_000,
    seed: Annotated[int, typer.Option("--seed", help="Of the texts.")] = 1,
) -> None:
    """Texts of others in CSV, pages, names of files, terminals and Markdown; links, pipes, bombs. Some four minutes."""
    from soak.outputs import run

    run(cases, seed).write()


@app.command("evasion")
def evasion_part() -> None:
    """Take over what the audits measured of evasion and of rivals: seconds; the audit itself takes some minutes."""
    from soak.evasion import evasion
    from soak.result import stopwatch

    with stopwatch() as seconds:
        result = evasion(0.0, "python -m soak evasion")
    result.model_copy(update={"seconds": seconds[0]}).write()


@app.command("fuzz")
def fuzz(
    datasets: Annotated[int, typer.Option("--datasets", min=1, help="Datasets to make and to judge.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="Another one makes other datasets.")] = 1,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Processes at once.")] = 2,
    minutes: Annotated[float, typer.Option("--minutes", min=0.0, help="No slice of 250 begins later.")] = 60.0,
    model: Annotated[str | None, typer.Option("--model", help="Bundle folder. Default: that of 'dvc repro'.")] = None,
    *,
    large: Annotated[bool, typer.Option(help="Also the few large ones: a million rows and the like.")] = True,
) -> None:
    """Score generated datasets that are damaged in every way at hand; about 20 minutes on two idle cores."""
    from soak.fuzz.large import figures
    from soak.fuzz.run import default_model, run

    bundle = model or default_model()
    result = run(datasets, seed, jobs, bundle, minutes)
    if large:
        result = result.model_copy(update={"figures": (*result.figures, *figures(bundle))})
    result.write()


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m soak"))
