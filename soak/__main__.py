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


@app.command("evasion")
def evasion_part() -> None:
    """Take over what the audits measured of evasion and of rivals: seconds; the audit itself takes some minutes."""
    from soak.evasion import evasion
    from soak.result import stopwatch

    with stopwatch() as seconds:
        result = evasion(0.0, "python -m soak evasion")
    result.model_copy(update={"seconds": seconds[0]}).write()


if __name__ == "__main__":
    sys.exit(app(prog_name="python -m soak"))
