"""What extracting features costs beside reading the tables: `python -m benchmarks.extraction`, or `make bench`.

Every figure is of a process of its own that does one thing over all buckets, a set number of threads, median of a few
runs. The imports are over before the clock starts. The page is written from the figures alone.
"""

from __future__ import annotations

import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.accounts import LAST_DAY, Size, write_accounts
from features.compute import aggregated, compute, compute_group, frame, group_module, totals
from features.context import with_account_context
from features.definition import MODEL_GROUPS
from pipeline.audit.page import table
from pipeline.dataset import bucket_ids, read_bucket

PAGE = Path("docs/benchmarks.md")
SEED = 20_260_630

READ, ALL, NETWORK, FRAMES = "read", "all", "network", "frames"
"""What a measured process does: read every table; also extract all groups that look at one account alone; extract what
looks across accounts; time each frame."""

SMALLER = 4
"""The cost of all groups is measured on a part of this many, too: does it grow in proportion?"""

THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
LIBRARIES = ("polars", "numpy", "pyarrow")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process spent: seconds of CPU (user and system) and on the clock, and its largest resident memory."""

    cpu_seconds: float
    wall_seconds: float
    peak_megabytes: float


@app.command()
def bench(
    accounts: Annotated[int, typer.Option("--accounts", min=SMALLER, help="Accounts to extract.")] = 20_000,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Runs of each task; the median counts.")] = 3,
    threads: Annotated[int, typer.Option("--threads", min=1, help="Threads of a measured process.")] = 1,
    page: Annotated[Path, typer.Option("--page", help="Where the page is written.")] = PAGE,
) -> None:
    """Measure extraction and write the page."""
    figures = measure(accounts, Size(), runs=runs, threads=threads)
    page.write_text(page_of(figures), encoding="utf-8")
    print(f"{page}: all groups at {figures['ratio']:.1f} times the bare read")


@app.command()
def work(folder: Path, task: str) -> None:
    """One measured process: do the task over all buckets of the folder and print what it cost, as JSON."""
    started, clock = _cpu_seconds(), time.perf_counter()
    found = frame_costs(folder) if task == FRAMES else do(folder, task)
    cost = Cost(_cpu_seconds() - started, time.perf_counter() - clock, _peak_megabytes())
    print(json.dumps({"cost": asdict(cost), "found": found}))


def do(folder: Path, task: str) -> int:
    """The task over all buckets, one after the other; returns the accounts it saw.

    Raises:
        ValueError: neither a task nor a group.
    """
    if task == NETWORK:
        return _network(folder)
    if task not in (READ, ALL, *MODEL_GROUPS):
        raise ValueError(f"work: task '{task}' is unknown. Known: {', '.join((READ, ALL, NETWORK, *MODEL_GROUPS))}.")
    seen = 0
    for bucket in bucket_ids(folder):
        tables = read_bucket(folder, bucket)
        if task == READ:
            seen += tables.accounts.height
        else:
            seen += (compute(tables) if task == ALL else compute_group(tables, task)).height
    return seen


def _network(folder: Path) -> int:
    """The features across accounts, as the command `features` computes them."""
    from datetime import UTC, datetime, timedelta

    from pipeline.aside import Prepared
    from pipeline.dataset import DatasetSummary
    from pipeline.network import network_features

    end = datetime.combine(LAST_DAY + timedelta(days=1), datetime.min.time(), UTC)
    summary = DatasetSummary(as_of=end, buckets=len(bucket_ids(folder)), tables={}, warnings=[])
    return network_features(Prepared(folder, summary), None, lambda _: None, 1).height


def frame_costs(folder: Path) -> list[dict[str, Any]]:
    """CPU seconds of building each frame, or its totals, and of aggregating its features, over all buckets.

    The first row is what every group needs of an account, which each group computes for itself.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}

    def spent(group: str, name: str, features: int, kind: str, started: float) -> None:
        row = rows.setdefault(
            (group, name), {"group": group, "frame": name, "features": features, "build": 0.0, "aggregate": 0.0}
        )
        row[kind] += _cpu_seconds() - started

    for bucket in bucket_ids(folder):
        read = read_bucket(folder, bucket)
        started = _cpu_seconds()
        tables = with_account_context(read)
        spent("each", "context of the account", 0, "build", started)
        for group in MODEL_GROUPS:
            module = group_module(group)
            counted = totals(group)
            for name in module.FRAMES:
                members = [each for each in module.FEATURES.values() if each.frame == name]
                started = _cpu_seconds()
                source = counted[name](tables) if name in counted else frame(tables, group, name)
                spent(group, name, len(members), "build", started)
                started = _cpu_seconds()
                aggregated(source, members)
                spent(group, name, len(members), "aggregate", started)
    return list(rows.values())


def measure(accounts: int, size: Size, *, runs: int, threads: int) -> dict[str, Any]:
    """Every figure of the page.

    Returns:
        `accounts`, `size`, `threads`, `runs`, `machine`; `tasks` (task to median `Cost`, with `accounts_per_cpu_second`
        and `ratio` to the bare read), `features` (group to number), `ratio` (of all groups), `growth` (the exponent of
        the cost of all groups in the number of accounts, with the costs it is from) and `frames`.
    """
    tasks = (READ, *MODEL_GROUPS, ALL, NETWORK)
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as place:
        whole, part = Path(place) / "whole", Path(place) / "part"
        write_accounts(whole, accounts, size, SEED)
        write_accounts(part, accounts // SMALLER, size, SEED)
        for folder in (whole, part):
            _run(folder, READ, threads)  # what is read first comes from the disk, and later from memory
        # One run of every task after the other, so that what else the machine does falls on all alike.
        costs: dict[str, list[Cost]] = {task: [] for task in (*tasks, "part")}
        for _ in range(runs):
            for task in tasks:
                costs[task].append(_run(whole, task, threads)[0])
            costs["part"].append(_run(part, ALL, threads)[0])
        frames = _run(whole, FRAMES, threads)[1]
        on_disk = sum(path.stat().st_size for path in whole.rglob("*.parquet"))
    middle = {task: _median(each) for task, each in costs.items()}
    read = middle[READ].cpu_seconds
    smaller, larger = middle["part"].cpu_seconds, middle[ALL].cpu_seconds
    return {
        "accounts": accounts,
        "size": asdict(size),
        "megabytes": on_disk / 1e6,
        "runs": runs,
        "threads": threads,
        "machine": machine(),
        "features": {group: len(group_module(group).FEATURES) for group in (*MODEL_GROUPS, NETWORK)},
        "tasks": {
            task: {
                **asdict(middle[task]),
                "accounts_per_cpu_second": accounts / middle[task].cpu_seconds,
                "ratio": middle[task].cpu_seconds / read,
            }
            for task in tasks
        },
        "ratio": middle[ALL].cpu_seconds / read,
        "growth": {
            "accounts": accounts // SMALLER,
            "cpu_seconds": smaller,
            "peak_megabytes": middle["part"].peak_megabytes,
            "exponent": math.log(larger / smaller) / math.log(accounts / (accounts // SMALLER)),
        },
        "frames": frames,
    }


def machine() -> dict[str, Any]:
    """Cores, memory and versions: what a reader needs to compare with their own."""
    pages, page_size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "gigabytes": pages * page_size / 1e9,
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def _processor() -> str:
    """The processor's name where Linux tells it."""
    place = Path("/proc/cpuinfo")
    lines = place.read_text(encoding="utf-8").splitlines() if place.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "not told")


def _run(folder: Path, task: str, threads: int) -> tuple[Cost, Any]:
    """One task in a process of its own, and what it found. CalledProcessError where it fails."""
    environment = os.environ | dict.fromkeys(THREADS, str(threads))
    command = [sys.executable, "-m", "benchmarks.extraction", "work", str(folder), task]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    answer = json.loads(done.stdout)
    return Cost(**answer["cost"]), answer["found"]


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(values) for values in zip(*(asdict(cost).values() for cost in costs), strict=True)))


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak_megabytes() -> float:
    """Largest resident memory of this process.

    Linux counts the memory of the process that started this one into `ru_maxrss`, so its own file is asked first.
    """
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.is_file() else []
    own = [int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM:")]
    # Linux counts in kilobytes, macOS in bytes.
    whole = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    return own[0] if own else whole


# --- as a page --------------------------------------------------------------------------------------------------------

INTRODUCTION = """\
<!-- Made by `make bench` (python -m benchmarks.extraction). Run it again instead of editing this page. -->

What extracting features costs beside the bare read of the same Parquet files. Each figure is of a process of its own
over all buckets one after the other, imports not counted, the files in memory; the median of the runs.
"""

TASK_COLUMNS = ["task", "features", "CPU s", "ratio to the bare read", "accounts per CPU s", "wall s", "peak MB"]
FRAME_COLUMNS = ["group", "frame", "features", "build CPU s", "aggregate CPU s", "share of all"]

NOT_MEASURED = """\
## What this does not measure

- Preparing a dataset (checking, routing to buckets, duplicates), the model and its reasons, evidence, writing.
- Several workers at once, and a disk that is slow: the files are read again and again and lie in memory.
- Real comments. The texts are drawn from 2,000 a language in fourteen languages; three in ten are two of them in one, a
  quarter carry a word from an open vocabulary. Real ones differ more from each other, and some are longer.
- Accounts of other shapes: cost depends on rows, and here every account has the same number.
- A time limit. The machine may have been doing other work: seconds of CPU suffer less from that than seconds on the
  clock, and are what the ratio is of.
"""


def page_of(figures: dict[str, Any]) -> str:
    """docs/benchmarks.md from the figures."""
    size, where = figures["size"], figures["machine"]
    growth = figures["growth"]
    versions = ", ".join(f"{name} {where[name]}" for name in ("python", *LIBRARIES))
    extracted = (
        f"{figures['accounts']:,} accounts with {size['days']} days, {size['posts']} posts and {size['comments']} "
        f"comments each ({figures['megabytes']:,.0f} MB of Parquet); runs: {figures['runs']}, threads: "
        f"{figures['threads']}.\n"
    )
    grown = (
        f"\nEach task reads all tables, but for `network`, which reads narrow columns. From {growth['accounts']:,} to "
        f"{figures['accounts']:,} accounts the CPU seconds of all groups grow from {growth['cpu_seconds']:.1f} to "
        f"{figures['tasks'][ALL]['cpu_seconds']:.1f}: as the number of accounts to the power "
        f"{growth['exponent']:.2f} (1 is in proportion). Peak memory grows from {growth['peak_megabytes']:,.0f} to "
        f"{figures['tasks'][ALL]['peak_megabytes']:,.0f} MB: one bucket is held at a time, and there are as many "
        "buckets whatever the number of accounts.\n"
    )
    machine_text = (
        f"{where['cores']} cores ({where['processor']}, {where['architecture']}), {where['gigabytes']:.0f} GB; "
        f"{versions}.\n"
    )
    lines = [
        "# Benchmarks\n",
        INTRODUCTION,
        "## Extraction\n",
        extracted,
        *table(TASK_COLUMNS, [_task_row(task, row, figures["features"]) for task, row in figures["tasks"].items()]),
        grown,
        "## Where the time goes\n",
        "One run. CPU seconds of building a frame (rows of days, posts or comments) and of aggregating its features.\n",
        *table(FRAME_COLUMNS, _frame_rows(figures["frames"])),
        "\n## Machine\n",
        machine_text,
        NOT_MEASURED,
    ]
    return "\n".join(lines)


def _task_row(task: str, row: dict[str, float], features: dict[str, int]) -> list[str]:
    count = {READ: 0, ALL: sum(features[group] for group in MODEL_GROUPS)}.get(task)
    names = {READ: "bare read", ALL: "all groups but network"}
    return [
        names.get(task, task),
        f"{features[task] if count is None else count}",
        f"{row['cpu_seconds']:.1f}",
        f"{row['ratio']:.1f}",
        f"{row['accounts_per_cpu_second']:,.0f}",
        f"{row['wall_seconds']:.1f}",
        f"{row['peak_megabytes']:,.0f}",
    ]


def _frame_rows(frames: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Frames, the dearest first."""
    total = sum(row["build"] + row["aggregate"] for row in frames) or 1.0
    ordered = sorted(frames, key=lambda row: -(row["build"] + row["aggregate"]))
    return [
        [
            row["group"],
            row["frame"],
            str(row["features"]),
            f"{row['build']:.1f}",
            f"{row['aggregate']:.1f}",
            f"{(row['build'] + row['aggregate']) / total:.0%}",
        ]
        for row in ordered
    ]


if __name__ == "__main__":
    app()
