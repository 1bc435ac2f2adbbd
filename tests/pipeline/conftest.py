from __future__ import annotations

import dataclasses
import shutil
from collections import OrderedDict
from contextlib import chdir
from pathlib import Path

import polars as pl
import pytest

from models.bundle import Head
from models.classifier import MixtureTrees, import_lightgbm
from models.scoring import Scorer
from pipeline import aside, layout, track
from pipeline.audit import (
    ablation,
    catalogue,
    cohorts,
    evasion,
    generalisation,
    leakage,
    realism,
    recall,
    rival,
    robustness,
    summary,
)
from pipeline.audit import scores as verdicts
from pipeline.bundles import load_scorer, read_bundle
from pipeline.contenders import frozen_cohorts, open_contender, score_contenders
from pipeline.params import read_section
from pipeline.promote import PromoteParams
from pipeline.simulate import read_priors
from pipeline.storage import atomic_folder
from tests.pipeline.projects import invoke, silent
from tests.pipeline.tracking_builders import OUTSIDE


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
            evasion,
            recall,
            rival,
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


@pytest.fixture(scope="session")
def rivals_once(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which two models were tracked: the champion, and a challenger of a few of its trees.

    The challenger's bundle is also in the folder `blunt`; the frozen cohorts and their features are there.
    """
    folder = tmp_path_factory.mktemp("rivals once") / "project"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("raw", "prepared", "features"))
    with pytest.MonkeyPatch.context() as patch:
        for name in OUTSIDE:
            patch.delenv(name, raising=False)
        patch.chdir(folder)
        track.run(silent)
        bundle = read_bundle(layout.MODEL)
        whole = bundle.classifier.trees
        general = whole.general if isinstance(whole, MixtureTrees) else whole
        few = import_lightgbm().Booster(model_str=general).model_to_string(num_iteration=3)
        blunt = dataclasses.replace(bundle, classifier=Head(few, bundle.classifier.calibration))
        for place in (layout.MODEL, Path("blunt")):
            with atomic_folder(place) as temporary:
                for name, content in blunt.to_files().items():
                    (temporary / name).write_bytes(content)
        layout.PARAMS.write_text(layout.PARAMS.read_text().replace("num_boost_round: 30", "num_boost_round: 3"))
        track.run(silent)
        params = read_section("promote", PromoteParams)
        frozen = frozen_cohorts(params, read_priors(), silent)
        score_contenders([open_contender("blunt", "a", folder / "scratch", "assay", "authenticity")], frozen, 1, silent)
    return folder


@pytest.fixture
def rivals(rivals_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of `rivals_once`, and the working directory."""
    folder = tmp_path / "rivals"
    shutil.copytree(rivals_once, folder)
    for name in OUTSIDE:
        monkeypatch.delenv(name, raising=False)
    # MLflow remembers by the run's id where its files are; here many copies of one run lie in different folders.
    monkeypatch.setattr("mlflow.tracking._tracking_service.utils._artifact_repos_cache", OrderedDict())
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def few_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two buckets instead of 16: nothing but the time depends on it, which a test of its own shows."""
    monkeypatch.setattr(aside, "BUCKETS", 2)
