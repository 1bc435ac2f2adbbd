"""docs/reliability.md from the figures that the parts left and from what they found; no number is typed by hand."""

from __future__ import annotations

from pathlib import Path

from pipeline.audit.page import table
from soak.result import FINDINGS, PARTS, RESULTS, Finding, Result, findings

INTRODUCTION = """\
# Reliability

<!-- Made by `python -m soak page` from reports/reliability/ and soak/findings/. Mend those instead of this page. -->

What was done to break Assay, what it withstood, and what was mended on the way. `make soak` runs every part again, with
the counts below, and writes this page; `python -m soak <part>` runs one. Everything here was measured on one machine
with two cores; counts carry over to others, seconds do not.
"""

NOT_RUN = "This part has not been run: `python -m soak {}`.\n"


def page_of(results: Path = RESULTS, found: Path = FINDINGS) -> str:
    """The page: one section a part, in the order of `PARTS`."""
    sections = [_section(part, Result.read(part, results), findings(part, found)) for part in PARTS]
    return "\n".join([INTRODUCTION, *sections])


def _section(part: str, result: Result | None, found: list[Finding]) -> str:
    """One part."""
    if result is None:
        body = [f"## {part.capitalize()}\n", NOT_RUN.format(part)]
    else:
        rows = [[figure.name, figure.value, _owed(figure.owed, holds=figure.holds)] for figure in result.figures]
        made = f"`{result.command}`, {result.seconds:,.0f} seconds.\n"
        body = [f"## {result.title}\n", made, *table(["what", "measured", "owed"], rows), ""]
        body += [f"{note}\n" for note in result.notes]
    return "\n".join([*body, *_found(found)])


def _owed(owed: str, *, holds: bool) -> str:
    """What was owed, and plainly where it was not given."""
    return owed if holds else f"{owed}: **does not hold**"


def _found(found: list[Finding]) -> list[str]:
    """The table of findings; nothing where there are none."""
    if not found:
        return []
    rows = [[each.found, each.mended, f"`{each.test}`" if each.test else "none: left alone"] for each in found]
    return ["### Found\n", *table(["what happened", "what happens now", "kept so by"], rows), ""]
