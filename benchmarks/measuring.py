"""What a process spent: every figure of the benchmark is of a process of its own that does one thing."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipeline.errors import AssayError

THREADS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "ARROW_IO_THREADS")
LIBRARIES = ("polars", "numpy", "numba", "pyarrow", "pandas", "tsfresh", "pycatch22", "datasketch", "rapidfuzz", "dask")

BYTES_PER_KIBIBYTE = 1024


class ProcessFailedError(AssayError):
    """A measured process ended with an error: its last words."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process spent: seconds of CPU (user and system) and on the clock, and its largest resident memory.

    The CPU of processes that it started and waited for is counted, their memory is not.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_megabytes: float


def spent(work: Callable[[], Any]) -> tuple[Cost, Any]:
    """The cost of a call in this process, and what it returned. The peak is that of the process, from its start."""
    started, clock = cpu_seconds(), time.perf_counter()
    found = work()
    return Cost(cpu_seconds() - started, time.perf_counter() - clock, peak_megabytes()), found


def spent_since(started_at: float, work: Callable[[], Any]) -> tuple[Cost, Any]:
    """The cost of this process from its start to the end of the call; `started_at` on the monotonic clock."""
    found = work()
    return Cost(cpu_seconds(), time.monotonic() - started_at, peak_megabytes()), found


def in_own_process(
    arguments: Sequence[str], *, threads: int = 1, environment: Mapping[str, str] | None = None
) -> tuple[Cost, Any]:
    """`python -m benchmarks work <arguments>` in a process of its own: its cost and what it found.

    Raises:
        ProcessFailedError: it ended with an error.
    """
    settings = os.environ | dict.fromkeys(THREADS, str(threads)) | dict(environment or {})
    command = [sys.executable, "-m", "benchmarks", "work", *arguments, "--started-at", str(time.monotonic())]
    done = subprocess.run(command, env=settings, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        words = done.stderr.strip().splitlines() or ["nothing said"]
        raise ProcessFailedError(f"{arguments[0]}: ended with code {done.returncode}. Found: {words[-1]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return Cost(**answer["cost"]), answer["found"]


def command_cost(command: Sequence[str]) -> tuple[Cost, str]:
    """The cost of a whole command, from its start to its end, and what it printed; of its memory nothing is told."""
    before, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    wall, after = time.perf_counter() - clock, resource.getrusage(resource.RUSAGE_CHILDREN)
    used = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    if done.returncode != 0:
        words = done.stdout.strip().splitlines() or ["nothing said"]
        raise ProcessFailedError(f"{' '.join(command[1:])}: ended with code {done.returncode}. Found: {words[-1]}")
    return Cost(used, wall, 0.0), done.stdout


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure for itself."""
    return Cost(*(statistics.median(values) for values in zip(*(asdict(cost).values() for cost in costs), strict=True)))


def cpu_seconds() -> float:
    """CPU of this process so far, and of those that it started and waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def peak_megabytes() -> float:
    """Largest resident memory of this process, in millions of bytes.

    Linux counts the memory of the process that started this one into `ru_maxrss`, so its own file is asked first.
    """
    own = [int(line.split()[1]) * BYTES_PER_KIBIBYTE for line in _lines("/proc/self/status", "VmHWM:")]
    # Linux counts in kibibytes, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else BYTES_PER_KIBIBYTE
    return (own[0] if own else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit) / 1e6


def machine() -> dict[str, Any]:
    """Cores, memory and versions: what a reader needs to compare with their own."""
    pages, page_size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    names = _lines("/proc/cpuinfo", "model name")
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "processor": names[0].partition(":")[2].strip() if names else "not told",
        "gigabytes": pages * page_size / 1e9,
        "versions": [
            ["python", platform.python_version()],
            *([name, _version(name)] for name in LIBRARIES),
        ],
    }


def _lines(file: str, start: str) -> list[str]:
    place = Path(file)
    lines = place.read_text(encoding="utf-8").splitlines() if place.is_file() else []
    return [line for line in lines if line.startswith(start)]


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
