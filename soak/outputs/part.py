"""The part itself: how many texts went where, and what came of it."""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from soak.outputs.files import csv_faults, line_faults, name_faults
from soak.outputs.folders import CASES, folder_fault, planted_faults, workbook_fault
from soak.outputs.pages import compared, faults_of, reported, shortlisted
from soak.outputs.texts import VECTORS, harmless, made_up
from soak.result import Figure, Result, stopwatch

TEXTS_PER_FILE = 50
"""Cells of a CSV that is written and read back."""

SHORT = 1_000
"""Texts longer than that are tried in pages alone: a line is cut, and says so."""

REPORTED_SHARE = 10
"""Of so many texts one goes through `report`, which prepares a folder each time; all go through the other pages."""

NOTES = (
    (
        "A text stands in every place at once that a table, a list, scores, evidence or a summary can bring to a page. "
        "The page is parsed and compared with its twin, the same page with letters of the same number: every element "
        "with its parent, its attributes and their values must be the same, no attribute may run or lead anywhere but "
        "to our pages."
    ),
    (
        "Not covered: what a particular spreadsheet does beyond the signs that are known to begin formulas; a folder "
        "that somebody changes while it is read; `.ods` and `.xlsb`, whose cells are not looked at before they are; "
        "Parquet of groups beyond four million rows whose long texts repeat."
    ),
)


def run(cases: int, seed: int) -> Result:
    """Try every known vector and `cases` texts made up by `seed` everywhere."""
    draw = random.Random(seed)
    texts = [*VECTORS, *(made_up(draw) for _ in range(cases))]
    with stopwatch() as seconds, tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        figures = [
            _pages(
                "pages of shortlists and comparisons",
                texts,
                lambda text, _: [*shortlisted(text), *compared(text)],
                place,
            ),
            _pages(
                "pages of batches and accounts", [*VECTORS, *texts[len(VECTORS) :: REPORTED_SHARE]], reported, place
            ),
            _csv(texts, place),
            _figure(
                "names of pages", len(texts), name_faults(texts), "one file an id, in its folder, whatever the case"
            ),
            _lines([text for text in texts if len(text) < SHORT]),
            *_folders(place),
        ]
    command = f"python -m soak outputs --cases {cases} --seed {seed}"
    return Result(
        part="outputs", title="Outputs", command=command, seconds=seconds[0], figures=tuple(figures), notes=NOTES
    )


def _pages(name: str, texts: list[str], make: Callable[[str, Path], list[str]], place: Path) -> Figure:
    faults, count = [], 0
    for number, text in enumerate(texts):
        hostile, twin = (
            make(each, place / f"{name}-{number}-{kind}")
            for kind, each in (("hostile", text), ("twin", harmless(text)))
        )
        count += len(hostile)
        for one, other in zip(hostile, twin, strict=True):
            faults += [f"{text!r}: {fault}" for fault in faults_of(one, other)]
        _tell(name, number, len(texts))
    return _figure(
        f"{name} ({len(texts):,} texts)", count, faults, "elements and attributes equal those of a harmless twin"
    )


def _csv(texts: list[str], place: Path) -> Figure:
    faults = []
    for start in range(0, len(texts), TEXTS_PER_FILE):
        faults += csv_faults(texts[start : start + TEXTS_PER_FILE], place)
    return _figure(
        "cells, headers and lists of CSV", len(texts), faults, "read back as they were, none begins a formula"
    )


def _lines(texts: list[str]) -> Figure:
    faults = [fault for text in texts for fault in line_faults(text)]
    return _figure("lines of a terminal, and names in Markdown", len(texts), faults, "shown and never obeyed")


def _folders(place: Path) -> Iterable[Figure]:
    faults = [fault for n, case in enumerate(CASES) if (fault := folder_fault(case, place / f"folder-{n}"))]
    refused = sum(case.is_refused for case in CASES)
    owed = f"{refused} refused with a message within seconds, {len(CASES) - refused} read; nothing outside is"
    yield _figure("dataset folders with links, pipes or bombs", len(CASES), faults, owed)
    yield _figure(
        "links in an output folder", 3, planted_faults(place / "planted"), "replaced, what they lead to untouched"
    )
    fault = workbook_fault(place)
    yield _figure(
        "workbooks whose two cells lie 17 billion apart", 1, [fault] if fault else [], "refused before it is read"
    )


def _figure(name: str, tried: int, faults: list[str], owed: str) -> Figure:
    for fault in faults[:20]:
        print(fault.encode("unicode_escape").decode(), file=sys.stderr)
    return Figure(name=name, value=f"{tried:,} tried, {len(faults):,} faults", owed=owed, holds=not faults)


def _tell(name: str, number: int, total: int) -> None:
    if number % 100 == 0:
        print(f"{name}: {number:,} of {total:,}", file=sys.stderr, flush=True)
