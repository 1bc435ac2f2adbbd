"""Part `coverage`: which branches the test-suite takes, subprocesses included.

numba's compiled kernels cannot be traced: the tests of `features/` and `models/` run a second time with the kernels as
plain Python.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.audit.page import table
from pipeline.storage import read_json
from soak.result import Figure, Result, stopwatch

ROOT = Path(__file__).parent.parent
OWED = {"features": 0.9, "pipeline": 0.9, "models": None}
"""Share of branches by package; None: measured, nothing owed."""
UNCOMPILED = ("tests/features", "tests/models")
"""Run again without numba's compiler."""
RUN = ["-m", "coverage", "run", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
COUNTS = ("num_branches", "covered_branches", "num_statements", "covered_lines")

NOTE = """\
Branches are counted by coverage.py over the default suite, with the processes that tests start; nothing is excluded
from the count. numba's compiled kernels cannot be traced, so the tests of `tests/features` and `tests/models` run a
second time with the kernels as plain Python (tests of the compiler itself fail there; only the first run's failures
count)."""


def measure(tests: str) -> Result:
    """Run twice, put together, and count."""
    with stopwatch() as seconds, tempfile.TemporaryDirectory(prefix="assay-coverage-") as scratch:
        print("the suite", file=sys.stderr)
        failed = _failed(_run([tests], scratch))
        print("again, with kernels as plain Python", file=sys.stderr)
        again = [tests] if tests != "tests" else list(UNCOMPILED)
        _run(["-W", "ignore:overflow:RuntimeWarning", *again], scratch, NUMBA_DISABLE_JIT="1")
        modules = _counts(Path(scratch))
    return result_of(
        modules, failed, f"python -m soak coverage{'' if tests == 'tests' else f' --tests {tests}'}", seconds[0]
    )


def _run(arguments: list[str], scratch: str, **variables: str) -> str:
    """Pytest under coverage from the project's folder; what it said."""
    variables |= {"PYTHONPATH": str(ROOT), "COVERAGE_FILE": f"{scratch}/lines"}
    command = [sys.executable, *RUN, *arguments]
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=False)
    print(ended.stdout[-2000:], file=sys.stderr)
    return ended.stdout


def _failed(said: str) -> int:
    """Failures and errors of pytest's last line."""
    last = said.strip().rpartition("\n")[2]
    return sum(int(count) for count in re.findall(r"(\d+) (?:failed|errors?)", last))


def _counts(scratch: Path) -> dict[str, dict[str, int]]:
    """By module what `COUNTS` names."""
    variables = os.environ | {"COVERAGE_FILE": str(scratch / "lines")}
    for command in (["combine", "--quiet"], ["json", "--quiet", "--ignore-errors", "-o", str(scratch / "report.json")]):
        subprocess.run([sys.executable, "-m", "coverage", *command], cwd=ROOT, env=variables, check=True)
    files: dict[str, Any] = read_json(scratch / "report.json")["files"]
    return {
        name: {count: int(entry["summary"][count]) for count in COUNTS}
        for name, entry in sorted(files.items())
        if is_ours(name)
    }


def is_ours(name: str) -> bool:
    """Whether a file is the project's: tests also run copies of it, of which models bring their own."""
    return Path(name).parts[0] in OWED


def result_of(modules: dict[str, dict[str, int]], failed: int, command: str, seconds: float) -> Result:
    """The packages' shares, and a row a module."""
    figures = [Figure(name="tests that failed meanwhile", value=str(failed), owed="0", holds=not failed)]
    for package, owed in OWED.items():
        total = _sum(counts for name, counts in modules.items() if name.startswith(f"{package}/"))
        share = _share(total, "branches")
        holds = owed is None or (share is not None and share >= owed)
        figures += [
            Figure(
                name=f"branches taken in {package}/",
                value=_text(total, "branches"),
                owed="" if owed is None else f"at least {owed:.0%}",
                holds=holds,
            ),
            Figure(name=f"lines run in {package}/", value=_text(total, "lines")),
        ]
    rows = [[f"`{name}`", _text(counts, "branches"), _text(counts, "lines")] for name, counts in modules.items()]
    return Result(
        part="coverage",
        title="Coverage",
        command=command,
        seconds=seconds,
        figures=tuple(figures),
        notes=(NOTE, "\n".join(table(["module", "branches", "lines"], rows))),
    )


def _sum(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """All modules of a package as one."""
    each = list(counts)
    return {name: sum(count[name] for count in each) for name in COUNTS}


OF = {"branches": ("covered_branches", "num_branches"), "lines": ("covered_lines", "num_statements")}


def _share(counts: dict[str, int], what: str) -> float | None:
    """None where there is none."""
    taken, there = (counts[name] for name in OF[what])
    return taken / there if there else None


def _text(counts: dict[str, int], what: str) -> str:
    """The share and what it is made of."""
    share = _share(counts, what)
    taken, there = (counts[name] for name in OF[what])
    return "none there" if share is None else f"{share:.1%} ({taken:,} of {there:,})"
