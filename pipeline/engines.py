"""Where the buckets are worked on: threads of this process, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

import joblib

Result = TypeVar("Result")


class Engine(Protocol):
    """Calls a function on every bucket. The results come in the order of the buckets, whoever was done first."""

    def map(self, work: Callable[[int], Result], buckets: Sequence[int]) -> Iterator[Result]:
        """`work` of each bucket. An error in one ends the iteration with it."""
        ...


class Threads:
    """Threads of this process: polars, LightGBM and the kernels release the interpreter's lock."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def map(self, work: Callable[[int], Result], buckets: Sequence[int]) -> Iterator[Result]:
        """See `Engine`."""
        parallel = joblib.Parallel(n_jobs=self._jobs, backend="threading", return_as="generator")
        results: Iterator[Result] = parallel(joblib.delayed(work)(bucket) for bucket in buckets)
        return results
