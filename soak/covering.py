"""Which tests run a line, from one run of them under coverage with a note of each test's seconds."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from coverage import CoverageData

from pipeline.errors import UnusableInputError
from soak.trial import PYTEST

SETTINGS = """[run]
branch = true
source_pkgs = {packages}
data_file = {data}
"""
ONLY_THOSE, OTHERS = 30.0, 10.0
"""Seconds of tests that a mutant meets at most: those that run its line, and others of their files. Assumed: a trial
has to end. Tests beyond them are not asked, so a share of survivors errs upwards."""


@dataclass(frozen=True)
class Coverings:
    """For each module and line the tests that run it; for each passing test its seconds."""

    root: Path
    lines: dict[Path, dict[int, frozenset[str]]]
    seconds: dict[str, float]

    def tests(self, path: Path, line: int) -> list[str]:
        """Tests of a statement, quickest first: those that run it, then others of the same files.

        A line that runs once for all (an import, a cached table) is credited to one test or none: therefore the others;
        where no test is named, all that run anything of the module.
        """
        lines = self.lines.get(path, {})
        first, last = _statement(self.root / path, line)
        named = frozenset().union(*(lines.get(each, frozenset()) for each in range(first, last + 1))) - {""}
        if not named:
            named = frozenset().union(*lines.values()) - {""}
            return self._within(named, ONLY_THOSE)
        taken = self._within(named, ONLY_THOSE)
        files = {name.partition("::")[0] for name in named}
        rest = [name for name in self.seconds if name not in named and name.partition("::")[0] in files]
        return taken + self._within(rest, OTHERS)

    def _within(self, names: Iterable[str], budget: float) -> list[str]:
        """The quickest of them that fit into so many seconds; at least one."""
        taken, spent = [], 0.0
        for name in sorted(
            (name for name in names if name in self.seconds), key=lambda name: (self.seconds[name], name)
        ):
            spent += self.seconds[name]
            if taken and spent > budget:
                break
            taken.append(name)
        return taken


@cache
def _statements(path: Path) -> list[tuple[int, int]]:
    """First and last line of every statement; of one with a body only its head."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
            last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            found.append((first, max(first, last)))
    return found


def _statement(path: Path, line: int) -> tuple[int, int]:
    """First and last line of the smallest statement around a line."""
    around = [(last - first, first, last) for first, last in _statements(path) if first <= line <= last]
    return min(around)[1:] if around else (line, line)


def coverings(trees: Sequence[Path], packages: tuple[str, ...], tests: tuple[str, ...], folder: Path) -> Coverings:
    """Run the tests once, without the compiler of the kernels, and see what they run of the packages.

    The files are dealt to the trees, all of them copies of one, and run side by side.

    Raises:
        UnusableInputError: in one of the trees no test passed; with the end of what pytest said.
    """
    found = [path for name in tests for path in (trees[0] / name).glob("**/test_*.py")]
    found += [trees[0] / name for name in tests if name.endswith(".py")]
    by_size = sorted(found, key=lambda path: (-path.stat().st_size, path))
    dealt = [
        [str(path.relative_to(trees[0])) for path in by_size[number :: len(trees)]] for number in range(len(trees))
    ]
    with ThreadPoolExecutor(len(trees)) as pool:
        parts = list(pool.map(partial(_covered, packages=packages, folder=folder), trees, dealt))
    lines: dict[Path, dict[int, frozenset[str]]] = {}
    for part in parts:
        for path, read in part.lines.items():
            known = lines.setdefault(path, {})
            known.update({line: known.get(line, frozenset()) | names for line, names in read.items()})
    return Coverings(trees[0], lines, {name: taken for part in parts for name, taken in part.seconds.items()})


def _covered(root: Path, tests: list[str], packages: tuple[str, ...], folder: Path) -> Coverings:
    """One tree's share."""
    data, notes, settings = (folder / f"{root.name}.{name}" for name in ("lines", "notes", "coveragerc"))
    settings.write_text(SETTINGS.format(packages=",".join(packages), data=data), encoding="utf-8")
    plugin = ["-p", "soak.noting", "--notes", str(notes), *PYTEST[1:]]
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest", *plugin, *tests]
    ended = subprocess.run(command, cwd=root, env=environment(root), capture_output=True, text=True, check=False)
    seconds = json.loads(notes.read_text(encoding="utf-8")) if notes.exists() else {}
    if not seconds:
        raise UnusableInputError(f"tests: none of {', '.join(tests)} passed. Found: {ended.stdout[-2000:]}. Mend them.")
    return Coverings(root, _read(data, root), seconds)


def _read(data: Path, root: Path) -> dict[Path, dict[int, frozenset[str]]]:
    """Coverage's file as lines and names of tests."""
    read = CoverageData(basename=str(data))
    read.read()
    return {
        Path(name).relative_to(root): {line: frozenset(tests) for line, tests in read.contexts_by_lineno(name).items()}
        for name in read.measured_files()
    }


def environment(root: Path) -> dict[str, str]:
    """What the tests run in: own packages from `root`, kernels as plain Python, the same examples every time."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {
        "PYTHONPATH": str(root),
        "NUMBA_DISABLE_JIT": "1",
        "CI": "1",
        "POLARS_MAX_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
