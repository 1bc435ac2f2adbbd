from __future__ import annotations

import shutil
from contextlib import chdir
from pathlib import Path

import polars as pl
import pytest

from models.scoring import Scorer
from pipeline import aside
from pipeline.audit import ablation, catalogue, cohorts, generalisation, leakage, realism, recall, robustness, summary
from pipeline.audit import scores as verdicts
from pipeline.bundles import load_scorer
from tests.pipeline.projects import invoke, run_stages, silent, write_params


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder in which every stage but `track` ran once on small simulated data. Read it only."""
    folder = tmp_path_factory.mktemp("project")
    write_params(folder)
    with chdir(folder):
        run_stages()
    return folder


@pytest.fixture(scope="session")
def audited(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which every audit ran, but for the two that need MLflow or fail. Read it only."""
    folder = tmp_path_factory.mktemp("audited") / "project"
    shutil.copytree(project, folder)
    with chdir(folder):
        for stage in (
            cohorts,
            verdicts,
            leakage,
            realism,
            generalisation,
            ablation,
            catalogue,
            robustness,
            recall,
            summary,
        ):
            stage.run(silent)
    return folder


@pytest.fixture(scope="session")
def model(project: Path) -> Path:
    """The bundle of the project."""
    return project / "data" / "model"


@pytest.fixture(scope="session")
def scorer(model: Path) -> Scorer:
    return load_scorer(str(model))


@pytest.fixture(scope="session")
def incoming(project: Path) -> Path:
    """The unlabelled batch of the project, 80 accounts. Read it only."""
    return project / "data" / "raw" / "incoming"


@pytest.fixture(scope="session")
def scores(project: Path) -> pl.DataFrame:
    """Scores of the incoming batch, as the stage left them."""
    return pl.read_parquet(project / "data" / "scores" / "scores.parquet")


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A labelled folder of 100 accounts that no stage saw. Read it only."""
    folder = tmp_path_factory.mktemp("labelled") / "cohort"
    assert invoke("simulate", "--output", folder, "--accounts", 100, "--seed", 4242, "--quiet").exit_code == 0
    return folder


@pytest.fixture
def few_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two buckets instead of 16: nothing but the time depends on it, which a test of its own shows."""
    monkeypatch.setattr(aside, "BUCKETS", 2)
