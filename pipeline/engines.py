"""Where the buckets are worked on: threads of this process, or the workers of a Dask cluster.

Both are joblib backends, so that there is one way through: the same function is called on every bucket, and its
results come in the order of the buckets. What runs where is in docs/scale.md.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import joblib

from pipeline.errors import UnusableInputError

if TYPE_CHECKING:
    from distributed import Client

Result = TypeVar("Result")

SECONDS_TO_CONNECT = 10
"""How long a scheduler may take to answer; a wrong address should not hold a person up."""


THREADS, DASK = "threads", "dask"
"""What `--engine` takes."""


class Engine(Protocol):
    """Calls a function on every bucket."""

    def map(self, work: Callable[[int], Result], buckets: Sequence[int]) -> Iterator[Result]:
        """`work` of each bucket, in the order of the buckets, whichever was done first.

        `work` may be sent to another process, and may be called on a bucket again where a worker was lost: it must be
        picklable, and what it leaves must not depend on whether it ran before. An error in one ends the iteration.
        """
        ...

    def check(self, folder: Path) -> None:
        """Whether `folder` can be worked on. UnusableInputError where a worker cannot see it."""
        ...


class Threads:
    """Threads of this process: polars and the kernels release the interpreter's lock."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs

    def map(self, work: Callable[[int], Result], buckets: Sequence[int]) -> Iterator[Result]:
        """See `Engine`."""
        return _each(joblib.parallel_config(backend="threading", n_jobs=self._jobs), work, buckets)

    def check(self, folder: Path) -> None:
        """Nothing to check: the threads see what this process sees."""


class Cluster:
    """The workers of a Dask cluster, which must see the same files and run the same Assay."""

    def __init__(self, client: Client, version: Callable[[], str]) -> None:
        self._client = client
        _check_workers(client, version)

    def map(self, work: Callable[[int], Result], buckets: Sequence[int]) -> Iterator[Result]:
        """See `Engine`. The buckets of a worker that is lost are worked on again by the others."""
        # The backend needs an event loop of its own process, and every bucket is a task: joblib would join short ones.
        return _each(joblib.parallel_config(backend="dask", client=self._client), work, buckets)

    def check(self, folder: Path) -> None:
        """See `Engine`: a file is written here and looked for by every worker."""
        mark = folder / f".seen-{uuid.uuid4().hex}"
        mark.touch()
        try:
            seen: dict[str, bool] = self._client.run(_is_file, str(mark))
        finally:
            mark.unlink()
        blind = sorted(address for address, sees in seen.items() if not sees)
        if blind:
            raise UnusableInputError(
                f"scratch: '{folder}' is not seen by {len(blind)} of {len(seen)} workers. Found: nothing there from "
                f"{', '.join(blind[:3])}. Name a folder that all of them share with --scratch."
            )


@contextmanager
def opened_engine(name: str, *, jobs: int, version: Callable[[], str], address: str | None = None) -> Iterator[Engine]:
    """The engine, for as long as the block lasts.

    Args:
        name: `THREADS` or `DASK`.
        jobs: threads, or worker processes of a Dask cluster of this machine's own where no `address` is given.
        version: tells which definitions a process works by; every worker must tell what this one does.
        address: of a running Dask scheduler, such as tcp://10.0.0.5:8786.

    Raises:
        UnusableInputError: an address without Dask, Dask is not installed, nobody answers at the address, or a
            worker runs another version of the features.
    """
    if name == THREADS:
        if address is not None:
            raise UnusableInputError(
                f"address: '{address}' is of no use to threads. Found: --engine {name}. Add --engine dask."
            )
        yield Threads(jobs)
        return
    with ExitStack() as stack:
        yield Cluster(_client(stack, jobs, address), version)


def _client(stack: ExitStack, jobs: int, address: str | None) -> Client:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise UnusableInputError(
            "engine: Dask is not installed. Found: no module 'distributed'. Install the extra in Assay's folder: "
            "pip install -e '.[cluster]'."
        ) from error
    place: Any = address
    if address is not None and "://" not in address:
        # Dask would take any word for the name of a machine, and wait for it.
        raise UnusableInputError(
            f"address: '{address}' is no address of a scheduler. Found: no protocol. Name it as the scheduler prints "
            "itself, such as tcp://10.0.0.5:8786."
        )
    if address is None:
        # One thread a worker: two buckets at once in one process would share its memory limit.
        cluster = LocalCluster(n_workers=jobs, threads_per_worker=1, processes=True, dashboard_address=None)
        place = stack.enter_context(cluster)
    try:
        client: Client = stack.enter_context(Client(place, timeout=SECONDS_TO_CONNECT, set_as_default=False))
    except (OSError, ValueError) as error:
        raise UnusableInputError(
            f"address: nobody answers at '{address}'. Found: {str(error).splitlines()[0]}. Name the scheduler as it "
            "prints itself, such as tcp://10.0.0.5:8786."
        ) from error
    return client


def _check_workers(client: Client, version: Callable[[], str]) -> None:
    """Refuse workers whose features are defined otherwise: a bucket's scores would depend on who worked on it."""
    mine = version()
    try:
        theirs: dict[str, str] = client.run(version)
    except ImportError as error:
        raise UnusableInputError(
            f"workers: Assay is not installed on them. Found: {error}. Install it there in this version."
        ) from error
    others = sorted(address for address, found in theirs.items() if found != mine)
    if others:
        raise UnusableInputError(
            f"workers: {len(others)} of {len(theirs)} run another version of the features. Found: catalogue "
            f"{theirs[others[0]]} on {others[0]}, {mine} here. Install this version on them."
        )
    if not theirs:
        raise UnusableInputError("workers: the cluster has none. Found: an empty cluster. Start workers first.")


def _is_file(path: str) -> bool:
    return Path(path).is_file()


def _each(
    backend: AbstractContextManager[Any], work: Callable[[int], Result], buckets: Sequence[int]
) -> Iterator[Result]:
    with backend:
        parallel = joblib.Parallel(return_as="generator", batch_size=1)
        # `work` as an argument: joblib's Dask backend keeps functions in a set, and work need not be hashable.
        yield from parallel(joblib.delayed(_call)(work, bucket) for bucket in buckets)


def _call(work: Callable[[int], Result], bucket: int) -> Result:
    return work(bucket)
