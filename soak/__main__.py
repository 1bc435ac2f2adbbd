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


@app.command("page")
def write_page(page: Annotated[Path, typer.Option("--page", help="Where the page is written.")] = PAGE) -> None:
    """Write the page from the figures at hand."""
    from pipeline.storage import write_text
    from soak.page import page_of

    write_text(page_of(), page)
    print(page)


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m soak"))
