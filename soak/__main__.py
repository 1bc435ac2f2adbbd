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


@app.command("fuzz")
def fuzz(
    datasets: Annotated[int, typer.Option("--datasets", min=1, help="Datasets to make and to judge.")] = 10_000,
    seed: Annotated[int, typer.Option("--seed", help="Another one makes other datasets.")] = 1,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Processes at once.")] = 2,
    model: Annotated[str | None, typer.Option("--model", help="Bundle folder. Default: that of 'dvc repro'.")] = None,
    *,
    large: Annotated[bool, typer.Option(help="Also the few large ones: a million rows and the like.")] = True,
) -> None:
    """Score generated datasets that are damaged in every way at hand; about 20 minutes on two idle cores."""
    from soak.fuzz.large import figures
    from soak.fuzz.run import default_model, run

    bundle = model or default_model()
    result = run(datasets, seed, jobs, bundle)
    if large:
        result = result.model_copy(update={"figures": (*result.figures, *figures(bundle))})
    result.write()


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m soak"))
