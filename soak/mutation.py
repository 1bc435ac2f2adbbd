"""Part `mutation`: small changes of `features/` and `models/`, one at a time, and whether their tests notice.

The kernels are tried as plain Python: compiling a changed one would take a minute. Nothing is changed in place: each
worker has a copy of the tree in a scratch folder.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from scipy.stats import binomtest

from pipeline.audit.page import table
from pipeline.storage import write_json
from soak.covering import Coverings, coverings, environment
from soak.mutants import Mutant, drawn, places_of
from soak.result import RESULTS, Figure, Result, stopwatch
from soak.trial import KILLED, SURVIVED, TIMED_OUT

ROOT = Path(__file__).parent.parent
PACKAGES = ("features", "models")
TESTS = ("tests/features", "tests/models", "tests/audits/test_triviality.py")
"""The packages' own; the worked cases of `models/rules.py` stand with the audit that it is for."""
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", "data", "mlruns", "mlflow.db", "__pycache__", ".*_cache", "*.html"
)
SECONDS_AT_LEAST, SLOWER = 20, 4
"""A trial's limit in seconds of processor time: four times what its tests took, and imports. Assumed."""
UNTESTED = "no test"
CONFIDENCE = 0.95

NOTE_ON_CHANGES = """\
mutmut leaves decorated functions alone, and every feature and every kernel is one; so cosmic-ray makes the changes. A
draw is of a place of the code, then of one change at it: one sum can be changed in eleven ways, and a draw among
changes would mostly ask whether a shift of a float is noticed. Annotations and the compiler's decorator are left out,
since nothing runs them."""

NOTE_ON_TESTS = """\
A mutant meets the tests of `tests/features` and `tests/models` (and the worked cases of the rules) that run its line,
quickest first, up to half a minute of them, and others of the same files; kernels run as plain Python. Tests of
`tests/pipeline`, slow ones and hypothesis with other examples are not asked, so the share of survivors errs upwards.
Intervals: Clopper-Pearson, 95 %. Survivors, line by line: `reports/reliability/mutants.json`."""


class Tried(NamedTuple):
    """A mutant, how many tests it met, and what became of it."""

    mutant: Mutant
    tests: int
    outcome: str


def measure(mutants: int, minutes: float, seed: int, workers: int) -> Result:
    """Draw, try and count; the survivors go to `mutants.json` beside the part's figures."""
    with stopwatch() as seconds, tempfile.TemporaryDirectory(prefix="assay-mutation-") as scratch:
        trees = [_copy(Path(scratch) / f"tree{number}") for number in range(workers)]
        modules = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
        places = [place for path in modules for place in places_of(path, ROOT)]
        sample = drawn(places, mutants, seed)
        print(f"{len(places):,} places, {len(sample)} drawn; which tests run which lines", file=sys.stderr)
        covered = coverings(trees, PACKAGES, TESTS, Path(scratch))
        tried = _try_all(sample, covered, trees, time.monotonic() + 60 * minutes)
    write_json(_listed(tried, seed), RESULTS / "mutants.json")
    population = {
        "places": len(places),
        "changes": sum(len(place.changes) for place in places),
        "modules": len(modules),
    }
    command = f"python -m soak mutation --mutants {mutants} --minutes {minutes:g} --seed {seed}"
    return result_of(tried, population, len(sample), command, seconds[0])


def _copy(tree: Path) -> Path:
    """A tree of its own for one worker."""
    shutil.copytree(ROOT, tree, ignore=LEFT_BEHIND)
    return tree


def _try_all(sample: list[Mutant], covered: Coverings, trees: list[Path], deadline: float) -> list[Tried]:
    """What became of those that the time was enough for, in the order of the draw."""
    waiting: SimpleQueue[tuple[int, Mutant]] = SimpleQueue()
    for numbered in enumerate(sample):
        waiting.put(numbered)
    done: SimpleQueue[tuple[int, Tried]] = SimpleQueue()

    def work(tree: Path) -> None:
        with _worker(tree, covered) as ask:
            while time.monotonic() < deadline:
                try:
                    number, mutant = waiting.get_nowait()
                except Empty:
                    return
                tests = covered.tests(mutant.path, mutant.line)
                done.put((number, Tried(mutant, len(tests), ask(mutant, tests) if tests else UNTESTED)))
                if done.qsize() % 20 == 0:
                    print(f"{done.qsize():,} of {len(sample):,} mutants tried", file=sys.stderr)

    with ThreadPoolExecutor(len(trees)) as pool:
        for finished in [pool.submit(work, tree) for tree in trees]:
            finished.result()
    return [tried for _, tried in sorted((done.get() for _ in range(done.qsize())), key=lambda each: each[0])]


@contextmanager
def _worker(tree: Path, covered: Coverings) -> Iterator[Callable[[Mutant, list[str]], str]]:
    """A process in a tree of its own that answers with the outcome of one mutant after the other."""
    command = [sys.executable, "-m", "soak.trial"]
    with subprocess.Popen(
        command, cwd=tree, env=environment(tree), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def ask(mutant: Mutant, tests: list[str]) -> str:
            limit = SECONDS_AT_LEAST + round(SLOWER * sum(covered.seconds[name] for name in tests))
            trial = {"path": str(mutant.path), "source": mutant.source(ROOT), "tests": tests, "seconds": limit}
            assert process.stdin is not None  # noqa: S101 -- for the type checker: it was asked for above
            assert process.stdout is not None  # noqa: S101 -- likewise
            process.stdin.write(json.dumps(trial) + "\n")
            process.stdin.flush()
            return str(json.loads(process.stdout.readline()))

        yield ask


def result_of(tried: list[Tried], population: dict[str, int], drawn_: int, command: str, seconds: float) -> Result:
    """Shares by package and module."""
    outcomes = Counter(each.outcome for each in tried)
    unclear = len(tried) - sum(outcomes[name] for name in (KILLED, TIMED_OUT, SURVIVED, UNTESTED))
    figures = [
        Figure(name="changes that cosmic-ray knows here", value=f"{population['changes']:,}"),
        Figure(name="places of the code that they are at", value=f"{population['places']:,}"),
        Figure(name="mutants drawn, one a place, in proportion to each module's places", value=f"{drawn_:,}"),
        Figure(name="tried within the time", value=f"{len(tried):,}", owed=f"{drawn_:,}", holds=len(tried) == drawn_),
        Figure(name="killed by an assertion or an error", value=f"{outcomes[KILLED]:,}"),
        Figure(name="killed by the limit of processor time", value=f"{outcomes[TIMED_OUT]:,}"),
        Figure(name="survived", value=f"{outcomes[SURVIVED]:,}"),
        Figure(name="survived: no test runs the module", value=f"{outcomes[UNTESTED]:,}"),
        Figure(name="trials without an answer", value=f"{unclear:,}", owed="0", holds=not unclear),
    ]
    for room in ("all", "features", "features/kernels", "models"):
        of_room = [each for each in tried if room == "all" or _room(each.mutant.path) == room]
        if of_room:
            figures.append(Figure(name=f"share that survived, {room}", value=_share(of_room)))
    rows = [
        [f"`{path}`", str(len(of_module)), str(sum(map(_lives, of_module)))]
        for path, of_module in ((path, list(group)) for path, group in groupby(sorted(tried, key=_path), key=_path))
    ]
    notes = (NOTE_ON_CHANGES, NOTE_ON_TESTS, "\n".join(table(["module", "tried", "survived"], rows)))
    return Result(
        part="mutation", title="Mutation", command=command, seconds=seconds, figures=tuple(figures), notes=notes
    )


def _path(tried: Tried) -> Path:
    """Of the module."""
    return tried.mutant.path


def _room(path: Path) -> str:
    """Kernels are a room of their own: they run as plain Python here."""
    return "features/kernels" if path.match("features/kernels/*") else path.parts[0]


def _lives(tried: Tried) -> bool:
    """Whether no test noticed."""
    return tried.outcome in {SURVIVED, UNTESTED}


def _share(tried: list[Tried]) -> str:
    """Survivors of all, with the interval."""
    lives = sum(map(_lives, tried))
    interval = binomtest(lives, len(tried)).proportion_ci(CONFIDENCE)
    return f"{lives} of {len(tried)}: {lives / len(tried):.1%} ({interval.low:.1%} to {interval.high:.1%})"


def _listed(tried: list[Tried], seed: int) -> dict[str, object]:
    """The survivors by module and line."""
    lives = sorted((each for each in tried if _lives(each)), key=lambda each: (each.mutant.path, each.mutant.line))
    return {
        "seed": seed,
        "survivors": [
            {
                "module": str(each.mutant.path),
                "line": each.mutant.line,
                "operator": each.mutant.change.operator,
                "difference": each.mutant.difference(ROOT),
                "tests": each.tests,
            }
            for each in lives
        ],
    }
