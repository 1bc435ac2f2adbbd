"""Scores made by a cluster, and of folders on other file systems: the same bytes."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import pytest
from distributed import Client, LocalCluster

from features.catalog import catalog_hash
from models.scoring import Scorer
from pipeline import aside
from pipeline.engines import Cluster
from pipeline.places import place
from pipeline.score import score_folder
from pipeline.score_bucket import BucketCounts, ScoreBucket
from tests.pipeline.dataset_builders import FORMS, write
from tests.pipeline.projects import invoke, read, refused, silent

FILES = ("scores.parquet", "evidence.parquet", "network.parquet")


@pytest.fixture
def several_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aside, "BUCKETS", 6)


@pytest.fixture(scope="module")
def expected(scorer: Scorer, incoming: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    output = tmp_path_factory.mktemp("threads")
    score_folder(incoming, output, scorer, report=silent)
    return bytes_of(output)


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory that no other test uses: what is cleared there may leave empty folders behind."""
    yield place(f"memory://{tmp_path.name}")
    fsspec.filesystem("memory").store.clear()


def bytes_of(output: Path) -> dict[str, bytes]:
    return {name: (output / name).read_bytes() for name in FILES}


@dataclass(frozen=True)
class DiesOnce:
    """Scores a bucket; before the unlucky one for the first time, the worker is killed."""

    work: ScoreBucket
    marks: Path
    unlucky: int

    def __call__(self, bucket: int) -> BucketCounts:
        mark = self.marks / "died"
        if bucket == self.unlucky and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.work(bucket)


class Unlucky(Cluster):
    """A cluster that loses a worker halfway through the scoring."""

    marks: Path

    def map(self, work: Any, buckets: Any) -> Iterator[Any]:
        if isinstance(work, ScoreBucket):
            work = DiesOnce(work, self.marks, buckets[len(buckets) // 2])
        return super().map(work, buckets)


@pytest.mark.slow
@pytest.mark.usefixtures("several_buckets")
def test_a_cluster_that_loses_a_worker_halfway_leaves_the_same_bytes(
    scorer: Scorer, incoming: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        cluster = stack.enter_context(
            LocalCluster(
                n_workers=2,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
            )
        )
        engine = Unlucky(stack.enter_context(Client(cluster, set_as_default=False)), catalog_hash)
        engine.marks = tmp_path
        score_folder(incoming, tmp_path / "out", scorer, engine=engine, scratch=tmp_path / "scratch", report=silent)
    assert (tmp_path / "died").exists()
    assert bytes_of(tmp_path / "out") == expected
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.slow
def test_the_command_starts_a_cluster_of_its_own(
    model: Path, incoming: Path, expected: dict[str, bytes], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    result = invoke(
        *(
            "score",
            "--input",
            incoming,
            "--output",
            output,
            "--model",
            model,
            "--engine",
            "dask",
            "--jobs",
            2,
            "--quiet",
        )
    )
    assert result.exit_code == 0, result.output
    assert bytes_of(output) == expected


def test_an_address_without_dask_is_refused(model: Path, incoming: Path, tmp_path: Path) -> None:
    problem = refused(
        *("score", "--input", incoming, "--output", tmp_path / "out", "--model", model),
        *("--address", "tcp://127.0.0.1:1"),
    )
    assert "Add --engine dask" in problem
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("form", FORMS)
def test_input_and_output_may_lie_on_another_file_system(
    form: str, scorer: Scorer, incoming: Path, expected: dict[str, bytes], memory: Path, tmp_path: Path
) -> None:
    local = write(tmp_path / "in", read(incoming), form)
    for file in local.rglob("*"):
        if file.is_file():
            there = memory / "in" / file.relative_to(local).as_posix()
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_bytes(file.read_bytes())
    score_folder(memory / "in", memory / "out", scorer, scratch=tmp_path / "scratch", report=silent)
    assert bytes_of(memory / "out") == expected
    assert sorted(each.name for each in (memory / "out").iterdir()) == sorted([*FILES, "summary.json"])
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_remote_folder_that_is_not_there_is_refused(memory: Path, model: Path, tmp_path: Path) -> None:
    problem = refused("score", "--input", str(memory / "nowhere"), "--output", tmp_path / "out", "--model", model)
    assert "there is no such folder" in problem


def test_a_scheme_that_nobody_knows_is_refused(model: Path, tmp_path: Path) -> None:
    result = invoke("score", "--input", "nowhere://x", "--output", tmp_path / "out", "--model", model)
    assert result.exit_code == 2
    assert "names no file system" in " ".join(result.stderr.split())


def test_a_request_to_end_leaves_nothing_behind(model: Path, incoming: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline", "score", "--input", str(incoming), "--output", str(tmp_path / "out")]
    with subprocess.Popen([*command, "--model", str(model.absolute())], stderr=subprocess.PIPE, text=True) as running:
        while running.poll() is None and not list(tmp_path.glob(".assay-*")):
            time.sleep(0.02)
        assert running.poll() is None, "it was done before it could be asked to end"
        running.send_signal(signal.SIGTERM)
        _, told = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []
