"""Which tests run a line, from one run of them under coverage with a note of each test's seconds."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
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

        A line that runs once for all (an import, a cached table) is credited to one test or none: therefore the others.
        A constant and a decorator are met by the tests of what uses or holds them; where there are none either, by all
        that run anything of the module.
        """
        first, last = _statement(self.root / path, line)
        named = self._running(path, range(first, last + 1))
        if not named:
            named = frozenset().union(*(self._running(*place) for place in self._used_in(path, line)))
        if not named:
            return self._within(self._running(path, self.lines.get(path, {})), ONLY_THOSE)
        taken = self._within(named, ONLY_THOSE)
        files = {name.partition("::")[0] for name in named}
        rest = [name for name in self.seconds if name not in named and name.partition("::")[0] in files]
        return taken + self._within(rest, OTHERS)

    def _running(self, path: Path, lines: Iterable[int]) -> frozenset[str]:
        """The tests that run any of the lines."""
        known = self.lines.get(path, {})
        return frozenset().union(*(known.get(line, frozenset()) for line in lines)) - {""}

    def _used_in(self, path: Path, line: int) -> Iterator[tuple[Path, Iterable[int]]]:
        """Modules and lines that a statement run at import is for: a definition's body, or all that name a constant."""
        for node in _parsed(self.root / path).body:
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
            last = node.end_lineno or node.lineno
            if not first <= line <= last:
                continue
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield path, range(first, last + 1)
            for name in (
                each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
            ):
                yield from ((module, _naming(self.root / module).get(name, ())) for module in self.lines)

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
def _parsed(path: Path) -> ast.Module:
    """The module; read once, before anything is changed in it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _naming(path: Path) -> dict[str, set[int]]:
    """By name the lines of a module that read it, by itself or as an attribute of its module."""
    found: dict[str, set[int]] = {}
    for node in ast.walk(_parsed(path)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.setdefault(node.id, set()).add(node.lineno)
        elif isinstance(node, ast.Attribute):
            found.setdefault(node.attr, set()).add(node.lineno)
    return found


@cache
def _statements(path: Path) -> list[tuple[int, int]]:
    """First and last line of every statement; of one with a body only its head."""
    found = []
    for node in ast.walk(_parsed(path)):
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
            _naming(trees[0] / path)  # read now: later a worker may have changed it
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
    """What the tests run in: own packages from `root`, kernels as plain Python, the same examples every time.

    Whoever measures coverage around this (the part `coverage` does) must not measure within: a process has one tracer.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith("COVERAGE_")
    }
    return kept | {
        "PYTHONPATH": str(root),
        "NUMBA_DISABLE_JIT": "1",
        "CI": "1",
        "POLARS_MAX_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
