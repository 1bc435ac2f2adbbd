"""The same params give the same bytes: in another process, with another hash seed and other numbers of workers."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest

from pipeline import train
from tests.pipeline.projects import ROOT, results_of, silent, write_params

WORKERS = {section: {"jobs": 2} for section in ("simulate", "prepare", "evaluate", "score")}

RUN = """
from pipeline import extract
from tests.pipeline.projects import run_stages
extract.WORKERS = 1
run_stages()
"""


@pytest.mark.slow
def test_a_second_run_with_other_workers_leaves_the_same_bytes(project: Path, tmp_path: Path) -> None:
    write_params(tmp_path, **WORKERS)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", RUN], cwd=tmp_path, env=environment, check=True)
    first, second = results_of(project), results_of(tmp_path)
    assert {"data/model/model.txt", "data/scores/scores.parquet", "reports/figures/roc.png"} <= set(first)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_training_again_leaves_the_same_bundle(project: Path) -> None:
    before = results_of(project)
    with chdir(project):
        train.run(silent)
    assert results_of(project) == before


def test_nothing_but_results_is_left(project: Path) -> None:
    assert sorted(path.name for path in project.iterdir()) == ["data", "own", "params.yaml", "reports"]
    assert list(project.rglob(".*")) == []
