"""The whole benchmark: data, measured processes, and every figure of the page."""

from __future__ import annotations

import json
import math
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import scoring
from benchmarks.accounts import OBSERVED, Size, write_accounts, write_raw
from benchmarks.curves import LIBRARIES
from benchmarks.duplicates import COMMENTS as COMMENTS_EACH
from benchmarks.duplicates import FINDERS, MANY_COMMENTS
from benchmarks.measuring import Cost, ProcessFailedError, command_cost, in_own_process, machine, median
from benchmarks.notebook import WAYS
from benchmarks.tasks import (
    AGREEMENT,
    ALL,
    DUPLICATES,
    FRAMES,
    NETWORK,
    PHASES,
    READ,
    READ_PANDAS,
    SCORE,
    curves_task,
    notebook_task,
)
from features.compute import group_module
from features.definition import MODEL_GROUPS
from pipeline.errors import UnusableInputError

SEED = 20_260_630

SIZES = 4
"""The accounts asked for are measured on a fourth and on four times as many, too: does cost grow in proportion?"""

TEN = 10
"""Accounts of the folder that work is warmed up on, and that the start of a command is measured with."""

NOTEBOOK_PARTS, CURVES_PART, EFFICIENT_PART, DUPLICATES_PART, MANY_PART = (10, 40), 40, 200, 100, 2_000
"""The peers work on a part of the accounts: one in so many. In full some would take hours."""

FEWEST = 8
"""Accounts of a part, at least."""

DISK_PER_RAW = 3.0
"""Disk that scoring a folder needs beside it, times its size: the spill, the buckets and the result; assumed."""

AGREED = 1e-6
"""Largest difference at which a feature of the notebook counts as the catalogue's."""

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One figure to take: a task on a folder.

    Attributes:
        key: what it is called in the results.
        task: see `benchmarks.tasks`.
        folder: what the task works on.
        warm: folder on which the work is done once before the clock starts.
        settings: of the task.
        threads: of the process.
        cold: compiled kernels are thrown away first.
        optional: a peer, whose failure is told and not raised.
    """

    key: tuple[str, ...]
    task: str
    folder: Path
    warm: Path | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    threads: int = 1
    cold: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """Median cost of the runs, what the last one found, and how much the runs differ in CPU (largest over smallest)."""

    cost: Cost
    found: Any
    spread: float

    def figures(self) -> dict[str, float]:
        """The cost as numbers by name, with the spread."""
        return {**asdict(self.cost), "spread": self.spread}


Results = dict[tuple[str, ...], Measured]


def measure(
    accounts: int,
    size: Size,
    *,
    runs: int,
    model: Path,
    largest: int | None = None,
    largest_size: Size | None = None,
    place: Path | None = None,
    report: Report,
) -> dict[str, Any]:
    """Every figure of the page, as `benchmarks.page` reads them.

    Args:
        accounts: of the main measurements; a fourth and four times as many are measured, too.
        size: rows of each account.
        runs: of every measurement; the median counts.
        model: the bundle that scores.
        largest: accounts of one more run of `score`.
        largest_size: rows of each of those; default: as many as the others have.
        place: folder for the data, on a disk with room; default: the machine's own for scratch.
        report: told what is being done.

    Raises:
        UnusableInputError: the largest does not fit on the disk.
        ProcessFailedError: a measured process of Assay's own ended with an error.
    """
    with tempfile.TemporaryDirectory(prefix="assay-bench-", dir=place) as scratch:
        study = Study(Path(scratch), accounts, size, runs, model, report)
        study.make_data()
        figures = study.figures()
        if largest is not None:
            figures["largest"] = study.largest(largest, largest_size or size, figures)
    return figures


@dataclass(frozen=True, slots=True)
class Study:
    """One benchmark in a scratch folder."""

    scratch: Path
    accounts: int
    size: Size
    runs: int
    model: Path
    report: Report

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Accounts of the three measurements that tell how cost grows."""
        return max(self.accounts // SIZES, FEWEST), self.accounts, self.accounts * SIZES

    @property
    def parts(self) -> dict[str, int]:
        """Accounts of the parts that the peers work on, by what they do."""
        return {
            "notebook": max(self.accounts // NOTEBOOK_PARTS[0], FEWEST),
            "notebook small": max(self.accounts // NOTEBOOK_PARTS[1], FEWEST // 2),
            "curves": max(self.accounts // CURVES_PART, FEWEST // 2),
            "efficient": max(self.accounts // EFFICIENT_PART, FEWEST // 2),
        }

    def prepared(self, accounts: int) -> Path:
        """The prepared folder of so many accounts."""
        return self.scratch / f"{accounts}" / "prepared"

    def raw(self, accounts: int) -> Path:
        """The same accounts as a dataset folder."""
        return self.scratch / f"{accounts}" / "raw"

    @property
    def shuffled(self) -> Path:
        """The accounts of the smallest size, the rows of each part in random order."""
        return self.scratch / "shuffled"

    def make_data(self) -> None:
        """Write all folders."""
        for accounts in sorted({TEN, *self.parts.values(), *self.sizes}):
            self.report(f"data: {accounts:,} accounts")
            write_accounts(self.prepared(accounts), accounts, self.size, SEED)
            if accounts in (TEN, *self.sizes):
                write_raw(self.prepared(accounts), self.raw(accounts))
        write_raw(self.prepared(self.sizes[0]), self.shuffled, shuffled=True)

    def figures(self) -> dict[str, Any]:
        """All figures but those of the largest run."""
        once, _ = self._run(self._once(), 1)
        results, failed = self._run(self._repeated(), self.runs)
        return {
            "accounts": self.accounts,
            "sizes": list(self.sizes),
            "parts": self.parts,
            "size": asdict(self.size),
            "megabytes": {str(accounts): megabytes(self.raw(accounts)) for accounts in self.sizes},
            "runs": self.runs,
            "machine": machine(),
            "features": {group: len(group_module(group).FEATURES) for group in (*MODEL_GROUPS, NETWORK)},
            **self._extraction(results),
            **self._scoring(results),
            "notebook": self._notebook(results, once),
            "curves": self._curves(results, failed),
            "duplicates": self._duplicates(results, failed),
            "dask": self._dask(results, failed),
            "start": self._start(results),
            "frames": once["frames",].found,
            "phases": once["phases",].found,
            "largest": None,
        }

    # --- what is measured ---------------------------------------------------------------------------------------------

    def _once(self) -> Iterator[Measurement]:
        """What is measured once: it also brings the files into memory and compiles the kernels."""
        ten, main = self.prepared(TEN), self.prepared(self.accounts)
        yield Measurement(("first score",), SCORE, self.raw(TEN), settings=self._score())
        for accounts in self.sizes:
            yield Measurement(("first read", str(accounts)), READ, self.prepared(accounts))
        yield Measurement(("agreement",), AGREEMENT, self.prepared(self.parts["notebook"]))
        yield Measurement(("frames",), FRAMES, main, warm=ten)
        yield Measurement(("phases",), PHASES, self.raw(self.accounts), settings=self._score())

    def _repeated(self) -> Iterator[Measurement]:
        ten, main = self.prepared(TEN), self.accounts
        for accounts in self.sizes:
            for task in (READ, ALL):
                yield Measurement((task, str(accounts)), task, self.prepared(accounts), warm=ten)
            yield Measurement(("score", "1", str(accounts)), SCORE, self.raw(accounts), settings=self._score())
            yield Measurement(
                ("score", "2", str(accounts)), SCORE, self.raw(accounts), settings=self._score(jobs=2), threads=2
            )
        for task in (*MODEL_GROUPS, NETWORK):
            yield Measurement((task, str(main)), task, self.prepared(main), warm=ten)
        yield Measurement(("score", "shuffled"), SCORE, self.shuffled, settings=self._score())
        yield Measurement(("score", "ten"), SCORE, self.raw(TEN), settings=self._score())
        yield Measurement(("score", "cold"), SCORE, self.raw(TEN), settings=self._score(), cold=True)
        if scoring.has_engines():
            settings = self._score(jobs=2, engine="dask")
            yield Measurement(("dask",), SCORE, self.raw(main), settings=settings, optional=True)
            yield Measurement(("dask", "ten"), SCORE, self.raw(TEN), settings=settings, optional=True)
        yield from self._peers(ten)

    def _peers(self, ten: Path) -> Iterator[Measurement]:
        for name in ("notebook", "notebook small"):
            part = self.prepared(self.parts[name])
            for task in (READ, ALL, READ_PANDAS, *map(notebook_task, WAYS)):
                yield Measurement((name, task), task, part, warm=ten)
        for name in ("curves", "efficient"):
            part = self.prepared(self.parts[name])
            yield Measurement((name, "growth"), "growth", part, warm=ten)
            for library in LIBRARIES:
                if (name == "efficient") == (library == "tsfresh efficient"):
                    yield Measurement((name, library), curves_task(library), part, warm=ten, optional=True)
        for finder in FINDERS:
            for each, one_in in ((COMMENTS_EACH, DUPLICATES_PART), (MANY_COMMENTS, MANY_PART)):
                settings = {
                    "accounts": max(self.accounts // one_in, 2 if each == MANY_COMMENTS else FEWEST),
                    "seed": SEED,
                    "finder": finder,
                    "comments_each": each,
                }
                yield Measurement(
                    ("duplicates", finder, str(each)), DUPLICATES, self.scratch, settings=settings, optional=True
                )

    def _score(self, **settings: Any) -> dict[str, Any]:
        return {"output": str(self.scratch / "scored"), "model": str(self.model.absolute()), **settings}

    def _run(self, wanted: Iterator[Measurement], runs: int) -> tuple[Results, dict[tuple[str, ...], str]]:
        """Run after run of all measurements, so that what else the machine does falls on all alike."""
        measurements = list(wanted)
        costs: dict[tuple[str, ...], list[Cost]] = {}
        found: dict[tuple[str, ...], Any] = {}
        failed: dict[tuple[str, ...], str] = {}
        for run in range(runs):
            for place, each in enumerate(measurements, start=1):
                if each.key in failed:
                    continue
                self.report(f"run {run + 1} of {runs}, {place} of {len(measurements)}: {' '.join(each.key)}")
                try:
                    cost, found[each.key] = self._measured(each)
                except ProcessFailedError as error:
                    if not each.optional:
                        raise
                    failed[each.key] = str(error)
                else:
                    costs.setdefault(each.key, []).append(cost)
        done = {key: Measured(median(each), found[key], _spread(each)) for key, each in costs.items()}
        return {key: each for key, each in done.items() if key not in failed}, failed

    def _measured(self, each: Measurement) -> tuple[Cost, Any]:
        arguments = [each.task, str(each.folder), "--settings", json.dumps(each.settings)]
        arguments += ["--warm", str(each.warm)] if each.warm is not None else []
        with _kernels(cold=each.cold) as environment:
            measured = in_own_process(arguments, threads=each.threads, environment=environment)
        shutil.rmtree(self.scratch / "scored", ignore_errors=True)
        return measured

    # --- figures of the parts -----------------------------------------------------------------------------------------

    def _extraction(self, results: Results) -> dict[str, Any]:
        main = str(self.accounts)
        tasks = {task: results[task, main].figures() for task in (READ, *MODEL_GROUPS, ALL, NETWORK)}
        by_size = {task: self._by_size(results, task) for task in (READ, ALL)}
        return {
            "tasks": tasks,
            "by_size": by_size,
            "exponents": {task: self._exponent(rows, 0.0) for task, rows in by_size.items()},
        }

    def _scoring(self, results: Results) -> dict[str, Any]:
        start = results["score", "ten"].cost.cpu_seconds
        jobs = {number: self._by_size(results, "score", number) for number in ("1", "2")}
        digests = {number: results["score", number, str(self.accounts)].found["digest"] for number in ("1", "2")}
        return {
            "score": jobs,
            "score_exponent": self._exponent(jobs["1"], start),
            "flagged": results["score", "1", str(self.accounts)].found["flagged"],
            "shuffled": results["score", "shuffled"].figures(),
            "same_bytes_with_two_jobs": digests["1"] == digests["2"],
        }

    def _by_size(self, results: Results, *key: str) -> dict[str, dict[str, float]]:
        return {str(accounts): results[(*key, str(accounts))].figures() for accounts in self.sizes}

    def _exponent(self, rows: dict[str, dict[str, float]], start: float) -> float:
        """Least-squares slope of ln(CPU seconds beyond the start) on ln(accounts)."""
        seconds = [max(rows[str(accounts)]["cpu_seconds"] - start, 1e-9) for accounts in self.sizes]
        return float(np.polyfit(np.log(self.sizes), np.log(seconds), 1)[0])

    def _notebook(self, results: Results, once: Results) -> dict[str, Any]:
        agreement = once["agreement",].found
        return {
            "agreement": agreement,
            "agreed": sum(row["nulls"] == 0 and row["difference"] <= AGREED for row in agreement),
            "costs": {
                name: {
                    task: results[name, task].figures() for task in (READ, ALL, READ_PANDAS, *map(notebook_task, WAYS))
                }
                for name in ("notebook", "notebook small")
            },
        }

    def _curves(self, results: Results, failed: dict[tuple[str, ...], str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for library in LIBRARIES:
            name = "efficient" if library == "tsfresh efficient" else "curves"
            if (name, library) in failed:
                rows.append({"library": library, "failed": failed[name, library]})
                continue
            own, other = results[name, "growth"], results[name, library]
            curves = self.parts[name]
            rows.append(
                {
                    "library": library,
                    "curves": curves,
                    "features": other.found["features"],
                    "milliseconds": 1e3 * other.cost.cpu_seconds / curves,
                    "assay_milliseconds": 1e3 * own.cost.cpu_seconds / curves,
                    "assay_features": len(group_module("growth").FEATURES),
                    "peak_megabytes": other.cost.peak_megabytes,
                }
            )
        return rows

    def _duplicates(self, results: Results, failed: dict[tuple[str, ...], str]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for finder in FINDERS:
            keys = [("duplicates", finder, str(each)) for each in (COMMENTS_EACH, MANY_COMMENTS)]
            reasons = [failed[key] for key in keys if key in failed]
            if reasons:
                rows.append({"finder": finder, "failed": reasons[0]})
                continue
            found, many = (results[key].found for key in keys)
            rows.append({"finder": finder, **found, "cpu_seconds_per_million_many": many["cpu_seconds_per_million"]})
        return rows

    def _dask(self, results: Results, failed: dict[tuple[str, ...], str]) -> dict[str, Any]:
        if not scoring.has_engines():
            return {"not_measured": "`score` has no option --engine"}
        if ("dask",) in failed:
            return {"not_measured": failed["dask",]}
        local, cluster = results["score", "2", str(self.accounts)], results["dask",]
        return {
            "local": local.figures(),
            "cluster": cluster.figures(),
            "ten": results["dask", "ten"].figures() if ("dask", "ten") in results else None,
            "same_bytes": local.found["digest"] == cluster.found["digest"],
        }

    def _start(self, results: Results) -> dict[str, Any]:
        """What a command costs before it has anything to do."""
        helps = [command_cost([sys.executable, "-m", "pipeline", "--help"])[0] for _ in range(self.runs)]
        return {
            "help": asdict(median(helps)),
            "ten": results["score", "ten"].figures(),
            "cold": results["score", "cold"].figures(),
            "repro": self._no_op_repro(),
        }

    def _no_op_repro(self) -> dict[str, Any]:
        """`dvc repro` where nothing has changed, as a dry run: it looks at the same files and runs nothing."""
        command = [sys.executable, "-m", "dvc", "repro", "--dry"]
        try:
            measured = [command_cost(command) for _ in range(self.runs)]
        except (ProcessFailedError, OSError):
            return {"not_measured": "DVC does not run here"}
        if any("up to date" not in printed for _, printed in measured):
            return {"not_measured": "the pipeline is not up to date here"}
        return asdict(median([cost for cost, _ in measured]))

    # --- the largest --------------------------------------------------------------------------------------------------

    def largest(self, accounts: int, size: Size, figures: dict[str, Any]) -> dict[str, Any]:
        """One run of `score` with two workers on so many accounts, and what the smaller runs lead one to expect of it.

        Raises:
            UnusableInputError: the disk is too small.
        """
        self._check_disk(accounts, size, figures)
        for each in self.sizes:
            shutil.rmtree(self.prepared(each).parent)
        self.report(f"data: {accounts:,} accounts")
        prepared, raw = self.scratch / "largest" / "prepared", self.scratch / "largest" / "raw"
        write_accounts(prepared, accounts, size, SEED)
        write_raw(prepared, raw)
        shutil.rmtree(prepared)
        self.report(f"scoring {accounts:,} accounts")
        read, _ = self._measured(Measurement(("largest read",), READ, raw))
        cost, found = self._measured(Measurement(("largest",), SCORE, raw, settings=self._score(jobs=2), threads=2))
        start, biggest = figures["start"]["ten"]["cpu_seconds"], self.sizes[-1]
        beyond = figures["score"]["2"][str(biggest)]["cpu_seconds"] - start
        rows = accounts * rows_of(size) / (biggest * rows_of(self.size))
        return {
            "accounts": found["accounts"],
            "size": asdict(size),
            "comments": accounts * size.comments,
            "megabytes": megabytes(raw),
            "read": asdict(read),
            "score": asdict(cost),
            "expected_cpu_seconds": start + beyond * rows,
        }

    def _check_disk(self, accounts: int, size: Size, figures: dict[str, Any]) -> None:
        known = figures["megabytes"][str(self.accounts)] / (self.accounts * rows_of(self.size))
        needed = known * accounts * rows_of(size) * (1 + DISK_PER_RAW)
        free = shutil.disk_usage(self.scratch).free / 1e6
        if needed > free:
            fitting = math.floor(accounts * free / needed)
            raise UnusableInputError(
                f"largest: {accounts:,} accounts need about {needed:,.0f} MB of disk. Found: {free:,.0f} MB free at "
                f"{self.scratch.parent}. Ask for at most {fitting:,}, for fewer rows each (--largest-rows), or name "
                "another disk (--place)."
            )


def rows_of(size: Size) -> int:
    """Rows of one account in all tables but `accounts`."""
    return size.days + size.posts + size.comments


def megabytes(folder: Path) -> float:
    """Millions of bytes of a dataset folder's Parquet files."""
    return sum(part.stat().st_size for name in OBSERVED for part in (folder / name).glob("*.parquet")) / 1e6


def _spread(costs: Sequence[Cost]) -> float:
    seconds = [cost.cpu_seconds for cost in costs]
    return max(seconds) / max(min(seconds), 1e-9)


@contextmanager
def _kernels(*, cold: bool) -> Iterator[dict[str, str]]:
    """The environment of a process: with `cold`, numba finds none of what was compiled before."""
    if not cold:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="assay-kernels-") as empty:
        yield {"NUMBA_CACHE_DIR": empty}
