"""Part `load`: `score` called a thousand times over and many at once; what grows, and whether any byte differs."""

from __future__ import annotations

import gc
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import monotonic

import numpy as np
from scipy.stats import theilslopes

import features.kernels
import models.kernels
from pipeline.bundles import load_scorer, read_bundle
from pipeline.score import score_folder
from pipeline.simulate import read_priors, simulate_folder
from pipeline.storage import read_json
from soak.models import cut_down
from soak.result import Figure, Result, stopwatch

ACCOUNTS = 20
SEED = 5_000_002
"""Of the cohort that is scored over and over: small, so that what is measured is a call and not its rows."""

MOST_GROWTH = 16.0
"""Kibibytes a call by which memory may grow at most, with the upper end of the interval: 16 MB in a thousand (assumed).
A table of the cohort, kept by each call, would be more."""

CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds after a call."""

    resident: int
    files: int
    threads: int
    temporary: int
    kernels: int
    beside: int


def run(calls: int, at_once: int, processes: int, model: Path) -> Result:
    """The part's figures; see the command for the arguments."""
    with stopwatch() as seconds, tempfile.TemporaryDirectory() as scratch, _temporary_folder(Path(scratch) / "tmp"):
        place = Path(scratch)
        source, small = place / "cohort", place / "small"
        simulate_folder(source, ACCOUNTS, SEED, read_priors(), overwrite=True, report=lambda _: None)
        small.mkdir()
        for name, content in cut_down(read_bundle(model)).to_files().items():
            (small / name).write_bytes(content)
        gc.collect()
        figures = [
            *in_one_process(source, small, calls, place),
            *in_threads(source, small, at_once, place),
            *in_processes(source, model, processes, at_once, place),
        ]
    return Result(
        part="load",
        title="Load",
        command="python -m soak load",
        seconds=seconds[0],
        figures=tuple(figures),
        notes=NOTES,
    )


NOTES = (
    (
        f"Each call reads the bundle, checks it, prepares a folder of {ACCOUNTS} simulated accounts, scores it and "
        "writes all results, as the command does. The calls in one process, one after the other or in threads, use a "
        "bundle whose ensembles are cut to a few trees, so that a thousand take minutes; those in processes of their "
        "own use the whole one. Growth is the median slope over the second half of the calls (Theil and Sen) with a "
        "90 % interval. All results but the seconds in summary.json are compared byte by byte."
    ),
)


def in_one_process(source: Path, model: Path, calls: int, place: Path) -> list[Figure]:
    """One call after the other; what the process holds after each."""
    output, digests, held, took = place / "output", set(), [], []
    for number in range(calls):
        started = monotonic()
        _score(source, output, model)
        took.append(monotonic() - started)
        digests.add(digest_of(output))
        held.append(_held(place))
        if sys.stderr.isatty():
            print(f"\rcall {number + 1:,}", end="", file=sys.stderr, flush=True)
    return [
        Figure(name="consecutive calls in one process", value=f"{calls:,}, {median(took):.2f} s each (median)"),
        Figure(name="different results among them", value=f"{len(digests)}", owed="1", holds=len(digests) == 1),
        *growth(held),
    ]


def growth(held: Sequence[Held]) -> list[Figure]:
    """Memory's slope over the second half of the calls, and how much more of all else the last holds than its first."""
    half = held[len(held) // 2 :]
    resident = np.array([each.resident for each in half]) / 1024.0
    slope, _, lower, upper = theilslopes(resident, np.arange(len(half)), alpha=CONFIDENCE)
    more = {
        "open files": half[-1].files - half[0].files,
        "threads": half[-1].threads - half[0].threads,
        "temporary files": half[-1].temporary - half[0].temporary,
        "files of compiled kernels": half[-1].kernels - half[0].kernels,
        "files beside the output": half[-1].beside - half[0].beside,
    }
    return [
        Figure(
            name="growth of memory a call, second half",
            value=f"{slope:+.1f} kB ({lower:+.1f} to {upper:+.1f}), at {resident[-1] / 1024:,.0f} MB",
            owed=f"interval below {MOST_GROWTH:g} kB",
            holds=bool(upper < MOST_GROWTH),
        ),
        Figure(
            name="more at the last call than in the middle",
            value=", ".join(f"{count} {what}" for what, count in more.items()),
            owed="0 of each",
            holds=all(count <= 0 for count in more.values()),
        ),
    ]


def in_threads(source: Path, model: Path, at_once: int, place: Path) -> list[Figure]:
    """Calls at once in threads of one process, twice over, each into a folder of its own."""
    outputs = [place / f"thread-{number}" for number in range(2 * at_once)]
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda output: _score(source, output, model), outputs))
    digests = {digest_of(output) for output in outputs}
    alone = digest_of(place / "output")
    return [
        Figure(
            name=f"{len(outputs)} calls in {at_once} threads of one process: results that differ from a call alone",
            value=f"{len(digests - {alone})}",
            owed="0",
            holds=digests == {alone},
        )
    ]


def in_processes(source: Path, model: Path, calls: int, at_once: int, place: Path) -> list[Figure]:
    """The command itself, first one after the other, then at once on the same input and bundle."""
    ends, digests, took = [], set(), []

    def call(name: str) -> None:
        started = monotonic()
        ends.append(_command(source, place / name, model))
        took.append(monotonic() - started)
        digests.add(digest_of(place / name))

    for number in range(calls):
        call(f"process-{number}")
    alone, slowest = len(ends), median(took)
    started = monotonic()
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(call, [f"at-once-{number}" for number in range(at_once)]))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    bad = [end for end in ends if end]
    return [
        Figure(
            name=f"`score` in processes of their own: {alone} one after the other, {at_once} at once; that failed",
            value=f"{len(bad)}" + (f": {bad[0][:200]}" if bad else ""),
            owed="0",
            holds=not bad,
        ),
        Figure(
            name="their time: one alone (median), all at once until the last ends; most memory of one",
            value=f"{slowest:.1f} s, {monotonic() - started:.1f} s; {peak:,} MB",
        ),
        Figure(name="different results among them", value=f"{len(digests)}", owed="1", holds=len(digests) == 1),
    ]


def digest_of(output: Path) -> str:
    """Of all files below the folder by name; the summary without its seconds."""
    digest = hashlib.sha256()
    for path in sorted(output.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.name == "summary.json":
                content = repr(sorted((read_json(path) | {"seconds": None}).items())).encode()
            digest.update(str(path.relative_to(output)).encode() + b"\0" + content)
    return digest.hexdigest()


def _score(source: Path, output: Path, model: Path) -> None:
    """What the command `score` does, with the bundle read anew."""
    score_folder(source, output, load_scorer(str(model)), report=lambda _: None)


def _command(source: Path, output: Path, model: Path) -> str:
    """The command's complaint; empty where it ended well."""
    command = [sys.executable, "-m", "pipeline", "score", "--quiet"]
    options = ["--input", str(source), "--output", str(output), "--model", str(model)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr.strip()[-200:]}"


def _held(place: Path) -> Held:
    """What is held now, as Linux tells it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    packages = (features.kernels, models.kernels)
    caches = [Path(folder) / "__pycache__" for package in packages for folder in package.__path__]
    return Held(
        resident=pages * os.sysconf("SC_PAGE_SIZE"),
        files=len(list(Path("/proc/self/fd").iterdir())),
        threads=max(threading.active_count(), len(list(Path("/proc/self/task").iterdir()))),
        temporary=len(list((place / "tmp").rglob("*"))),
        kernels=sum(len(list(cache.glob("*.nb*"))) for cache in caches if cache.is_dir()),
        beside=len(list(place.glob(".*"))) + len(list((place / "output").rglob(".*"))),
    )


@contextmanager
def _temporary_folder(folder: Path) -> Iterator[None]:
    """Python's temporary files go into the folder while the block runs, so that those left can be counted."""
    folder.mkdir()
    before, former = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir, os.environ["TMPDIR"] = str(folder), str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before
        os.environ.pop("TMPDIR")
        if former is not None:
            os.environ["TMPDIR"] = former
