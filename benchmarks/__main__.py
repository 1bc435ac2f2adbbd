"""`python -m benchmarks bench`: what Assay costs, and what others do, into docs/benchmarks.md; `make bench`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)

PAGE, PLOT, FIGURES = Path("docs/benchmarks.md"), Path("docs/benchmarks.png"), Path("reports/benchmarks.json")
DEFAULT_MODEL = Path("data/model")

PagePath = Annotated[Path, typer.Option("--page", help="Where the page is written; its plot lies beside it.")]
FiguresPath = Annotated[Path, typer.Option("--figures", help="Where the figures are kept, as JSON.")]


@app.command()
def bench(
    accounts: Annotated[
        int, typer.Option("--accounts", min=8, help="Accounts; a fourth and four times as many are measured, too.")
    ] = 20_000,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Runs of each measurement; the median counts.")] = 3,
    largest: Annotated[
        int | None, typer.Option("--largest", min=1, help="One more run of score, of so many accounts.")
    ] = None,
    largest_rows: Annotated[
        float, typer.Option("--largest-rows", min=0.01, max=1.0, help="Share of the rows that those accounts have.")
    ] = 1.0,
    model: Annotated[Path, typer.Option("--model", help="The bundle that scores.")] = DEFAULT_MODEL,
    place: Annotated[Path | None, typer.Option("--place", help="Folder for the data. Default: the system's.")] = None,
    page: PagePath = PAGE,
    figures: FiguresPath = FIGURES,
) -> None:
    """Measure everything and write the page.

    Exit code 2: there is no usable bundle, or the disk is too small.
    """
    from benchmarks.accounts import Size
    from benchmarks.study import measure
    from pipeline.bundles import load_scorer
    from pipeline.console import reported
    from pipeline.storage import write_json

    with reported(False, "bench") as report:
        load_scorer(str(model))  # twenty minutes of work should not end at a missing bundle
        size = Size()
        fewer = replace(size, **{name: max(round(rows * largest_rows), 1) for name, rows in asdict(size).items()})
        found = measure(
            accounts,
            size,
            runs=runs,
            model=model,
            largest=largest,
            largest_size=fewer,
            place=place,
            report=report,
        )
        write_json(found, figures)
    write_page(page, figures)


@app.command("page")
def write_page(page: PagePath = PAGE, figures: FiguresPath = FIGURES) -> None:
    """Write the page and its plot again, from figures that were measured before."""
    from benchmarks.page import page_of
    from benchmarks.plot import plot_of
    from pipeline.storage import atomic_path, read_json

    found = read_json(figures)
    picture = page.with_suffix(".png")
    with atomic_path(picture) as temporary:
        plot_of(found).savefig(temporary, format="png", dpi=120)
    with atomic_path(page) as temporary:
        temporary.write_text(page_of(found, picture.name), encoding="utf-8")
    print(f"{page} and {picture} from {figures}")


@app.command(hidden=True)
def work(
    task: str,
    folder: Path,
    settings: Annotated[str, typer.Option("--settings", help="JSON.")] = "{}",
    warm: Annotated[Path | None, typer.Option("--warm", help="Folder for the run that does not count.")] = None,
    started_at: Annotated[float, typer.Option("--started-at", help="When this process was started.")] = 0.0,
) -> None:
    """One measured process: do the task and print what it cost and found, as JSON on the last line."""
    from benchmarks.tasks import task_of

    cost, found = task_of(task).cost(folder, json.loads(settings), warm, started_at)
    print(json.dumps({"cost": asdict(cost), "found": found}))


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m benchmarks"))
