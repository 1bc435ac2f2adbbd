"""All datasets of a run over worker processes that are replaced where they end, and the figures of it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from soak.fuzz.mutations import MUTATIONS
from soak.result import Figure, Result, stopwatch

SLICE = 250
"""Datasets of a process, so that what one leaves in memory never reaches far."""

SHOWN_FAULTS = 20

METHOD = """\
Datasets of three to eight accounts in Parquet, CSV and JSON lines, packed or not, whole or in parts, with up to four
mutations each (`soak/fuzz/mutations.py`), seed {seed}. What must become of every row is worked out by
`soak/fuzz/reference.py`, which shares no code with the readers: exit code, each count of summary.json, the accounts
that are scored. Where a mutation leaves that open (a changed byte, an unclosed quote), the counts must still add up.
`validate`, `features` and `report` run on a sample of the same folders. The model is read once a process; everything
else is the command as a person calls it."""


def run(datasets: int, seed: int, jobs: int, model: str, minutes: float = math.inf) -> Result:
    """Judge that many datasets, or those that were begun within the minutes: a figure says how many."""
    last = time.monotonic() + 60.0 * minutes

    def judged(each: tuple[int, int]) -> list[dict[str, Any]]:
        return list(_judged(seed, *each, model)) if time.monotonic() < last else []

    with stopwatch() as seconds:
        slices = [(first, min(first + SLICE, datasets)) for first in range(0, datasets, SLICE)]
        lines: list[dict[str, Any]] = []
        with ThreadPoolExecutor(jobs) as pool:
            for found in pool.map(judged, slices):
                lines += found
                for line in found:
                    for fault in line["faults"]:
                        print(f"fuzz: dataset {line['number']}: {fault}", file=sys.stderr)
                faults = sum(bool(line["faults"]) for line in lines)
                print(f"fuzz: {len(lines):,} of {datasets:,} datasets, {faults} with a fault", file=sys.stderr)
    return result_of(lines, datasets, seed, seconds[0])


def _judged(seed: int, first: int, last: int, model: str) -> Iterator[dict[str, Any]]:
    """The outcome of each dataset of a slice; where a process ends of itself, the next goes on behind it."""
    while first < last:
        begun = None
        numbers = ["--seed", str(seed), "--first", str(first), "--last", str(last)]
        command = [sys.executable, "-m", "soak.fuzz.worker", *numbers, "--model", model]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        for text in ended.stdout.splitlines():
            line = json.loads(text)
            begun = line["number"]
            if "exit_code" in line:
                yield line
                begun = None
        if ended.returncode == 0:
            return
        if begun is None:
            raise RuntimeError(f"fuzz: a worker ended with {ended.returncode} between datasets: {ended.stderr[-500:]}")
        said = ended.stderr.strip().splitlines()
        fault = f"the process ended with {ended.returncode}: {said[-1] if said else 'without a word'}"
        yield {"number": begun, "exit_code": ended.returncode, "faults": [fault], **dict.fromkeys(_COUNTED, 0)} | {
            "mutations": [],
            "forms": [],
        }
        first = begun + 1


_COUNTED = ("quarantined", "tables", "compared")


def result_of(lines: list[dict[str, Any]], datasets: int, seed: int, seconds: float) -> Result:
    """The figures of the page."""
    codes = Counter(line["exit_code"] for line in lines)
    quarantined = sum(line["exit_code"] == 0 and line["quarantined"] > 0 for line in lines)
    faults = [f"{line['number']}: {fault}" for line in lines for fault in line["faults"][:1]]
    covered = {name for line in lines for name in line["mutations"]}
    figures = (
        Figure(name="datasets", value=f"{len(lines):,}", owed=f"{datasets:,}", holds=len(lines) == datasets),
        Figure(
            name="all rows scored or set aside without a bad one (exit code 0)", value=f"{codes[0] - quarantined:,}"
        ),
        Figure(name="good accounts scored, bad rows in quarantine (exit code 0)", value=f"{quarantined:,}"),
        Figure(name="input refused with a message (exit code 2)", value=f"{codes[2]:,}"),
        Figure(name="too many bad rows, with a message (exit code 3)", value=f"{codes[3]:,}"),
        Figure(
            name="tracebacks, crashes, hangs, lost rows, wrong rows, wrong scores",
            value=f"{len(faults):,}",
            owed="0",
            holds=not faults,
        ),
        Figure(name="tables of which every row is accounted for", value=f"{sum(line['tables'] for line in lines):,}"),
        Figure(
            name="accounts whose rows no mutation touched, of which every score is equal to the bit",
            value=f"{sum(line['compared'] for line in lines):,}",
        ),
        Figure(name="kinds of mutation that came about", value=f"{len(covered)}", owed=f"{len(MUTATIONS)}"),
    )
    shown = (f"Fault in dataset {fault}" for fault in faults[:SHOWN_FAULTS])
    notes = (METHOD.format(seed=seed), *shown)
    command = f"python -m soak fuzz --datasets {datasets} --seed {seed}"
    return Result(part="fuzz", title="Fuzzing", command=command, seconds=seconds, figures=figures, notes=notes)


def default_model() -> str:
    """The bundle that `dvc repro` left."""
    from pipeline import layout

    return str(Path(layout.MODEL))
