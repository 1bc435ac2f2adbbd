"""Where buckets are worked on: the order and the results are the same, and a lost worker costs nothing."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from distributed import Client, LocalCluster

from features.catalog import catalog_hash
from pipeline.engines import DASK, THREADS, Cluster, Engine, Threads, opened_engine
from pipeline.errors import UnusableInputError

BUCKETS = tuple(range(8))


@dataclass(frozen=True)
class Squares:
    """Leaves a file a bucket and returns its square; the first call of the unlucky bucket kills its process."""

    folder: str
    unlucky: int | None = None
    seconds: float = 0.0
    names: list[str] = field(default_factory=list)  # makes it unhashable, as work may be

    def __call__(self, bucket: int) -> int:
        time.sleep(self.seconds)
        dying = Path(self.folder, "dying")
        if bucket == self.unlucky and not dying.exists():
            dying.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        Path(self.folder, str(bucket)).write_text(str(bucket**2))
        return bucket**2


def refuse(bucket: int) -> int:
    if bucket == 3:
        raise UnusableInputError("bucket 3: refused")
    return bucket


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=logging.CRITICAL
    ) as found:
        yield found


@pytest.fixture
def dask(cluster: LocalCluster) -> Iterator[Cluster]:
    with Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        yield Cluster(client, catalog_hash)


def test_without_buckets_there_is_nothing_to_do(dask: Cluster) -> None:
    assert [list(engine.map(refuse, ())) for engine in (Threads(1), Threads(2), dask)] == [[], [], []]


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_buckets(jobs: int, tmp_path: Path) -> None:
    assert list(Threads(jobs).map(Squares(str(tmp_path)), BUCKETS)) == [0, 1, 4, 9, 16, 25, 36, 49]


@pytest.mark.slow
def test_a_cluster_gives_what_threads_give(dask: Cluster, tmp_path: Path) -> None:
    assert list(dask.map(Squares(str(tmp_path)), BUCKETS)) == [0, 1, 4, 9, 16, 25, 36, 49]
    assert sorted(path.name for path in tmp_path.iterdir()) == [str(bucket) for bucket in BUCKETS]


@pytest.mark.slow
def test_a_worker_that_dies_halfway_loses_no_bucket(dask: Cluster, tmp_path: Path) -> None:
    work = Squares(str(tmp_path), unlucky=4, seconds=0.1)
    assert list(dask.map(work, BUCKETS)) == [0, 1, 4, 9, 16, 25, 36, 49]
    assert (tmp_path / "dying").exists()  # it did die


@pytest.mark.slow
@pytest.mark.parametrize("name", ["threads", "dask"])
def test_an_error_in_a_bucket_ends_the_iteration_with_it(name: str, dask: Cluster) -> None:
    engine: Engine = {"threads": Threads(2), "dask": dask}[name]
    with pytest.raises(UnusableInputError, match="bucket 3: refused"):
        list(engine.map(refuse, BUCKETS))


@pytest.mark.slow
def test_a_folder_that_the_workers_see_is_fit_for_work(dask: Cluster, tmp_path: Path) -> None:
    dask.check(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_folder_that_a_worker_cannot_see_is_refused(
    dask: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.engines._is_file", blind)
    with pytest.raises(UnusableInputError, match=r"not seen by 2 of 2 workers.*--scratch"):
        dask.check(tmp_path)
    assert list(tmp_path.iterdir()) == []


def blind(path: str) -> bool:
    """A worker on another machine."""
    return path == ""


@pytest.mark.slow
def test_workers_with_other_features_are_refused(cluster: LocalCluster) -> None:
    with Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        with pytest.raises(UnusableInputError, match=r"2 of 2 run another version of the features\. Found: catalogue"):
            Cluster(client, other_catalogue)


def other_catalogue() -> str:
    """Of this process on every call; another on a worker."""
    return f"catalogue-of-{os.getpid()}"


def test_an_address_is_of_no_use_to_threads() -> None:
    with (
        pytest.raises(UnusableInputError, match="Add --engine dask"),
        opened_engine(THREADS, jobs=1, version=catalog_hash, address="tcp://127.0.0.1:1"),
    ):
        pass


@pytest.mark.slow
def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.engines.SECONDS_TO_CONNECT", 1)
    with (
        pytest.raises(UnusableInputError, match=r"nobody answers at 'tcp://127\.0\.0\.1:1'"),
        opened_engine(DASK, jobs=1, version=catalog_hash, address="tcp://127.0.0.1:1"),
    ):
        pass


def test_a_word_is_no_address() -> None:
    with (
        pytest.raises(UnusableInputError, match=r"'foo' is no address of a scheduler.*tcp://"),
        opened_engine(DASK, jobs=1, version=catalog_hash, address="foo"),
    ):
        pass


def test_without_dask_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with (
        pytest.raises(UnusableInputError, match=r"\.\[cluster\]"),
        opened_engine(DASK, jobs=1, version=catalog_hash),
    ):
        pass
