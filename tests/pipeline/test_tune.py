"""The study of settings as a stage, what is refused before it, and how it stands in MLflow."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import mlflow
import pytest

from pipeline import layout, track_tuning, tune
from pipeline.errors import UnusableInputError
from pipeline.storage import read_json
from pipeline.tracking import DATABASE, SQLITE, URI_VARIABLE
from tests.models.synthetic import silent
from tests.pipeline.projects import refused, write_params

STUDY: dict[str, Any] = {
    "trials": [
        {
            "settings": {"num_leaves": 24, "monotone": True},
            "value": 0.6,
            "lower": 0.58,
            "upper": 0.62,
            "difference": {"value": 0.0, "lower": 0.0, "upper": 0.0},
        },
        {
            "settings": {"num_leaves": 12, "monotone": False},
            "value": 0.61,
            "lower": 0.59,
            "upper": 0.63,
            "difference": {"value": 0.01, "lower": -0.002, "upper": 0.022},
        },
    ],
    "best": 1,
    "is_better": False,
    "unmet_schemes": {},
    "cohorts": 40,
    "accounts": 9000,
    "study": {"folds": 2, "trials": 2, "false_positive_share": 0.05, "replicates": 9, "confidence": 0.9, "seed": 29},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with params.yaml and nothing else, and a store of its own."""
    for name in (URI_VARIABLE, "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    write_params(tmp_path)
    return tmp_path


@pytest.fixture
def studied(folder: Path) -> Path:
    """The same with a study."""
    layout.TUNING.parent.mkdir(parents=True)
    layout.TUNING.write_text(json.dumps(STUDY))
    return folder


@pytest.fixture
def ready(project: Path, folder: Path) -> Path:
    """The same with the tables that a study reads."""
    for place in (layout.PREPARED, layout.FEATURES):
        shutil.copytree(project / place, folder / place)
    return folder


def runs(folder: Path) -> list[Any]:
    client = mlflow.MlflowClient(f"{SQLITE}{folder / DATABASE}")
    experiment = client.get_experiment_by_name("assay")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))


@pytest.mark.slow
@pytest.mark.usefixtures("ready")
def test_the_stage_leaves_a_study_whose_first_trial_is_what_is_in_use() -> None:
    tune.run(silent)
    found = read_json(layout.TUNING)
    assert len(found["trials"]) == 2
    assert found["trials"][0]["settings"] == {"num_leaves": 7, "monotone": True}
    assert set(found["unmet_schemes"]) >= {"in_use", "monotone_turned"}
    assert found["cohorts"] >= 2


@pytest.mark.slow
def test_a_space_without_the_setting_in_use_is_refused(ready: Path) -> None:
    write_params(ready, tune={"space": {"num_leaves": [3, 4], "leaves": [1]}})
    message = refused("stage", "tune", "--quiet")
    assert "params: tune.space: 'num_leaves' is 7 in use" in message
    assert "'leaves' is no setting" in message
    assert not layout.TUNING.exists()


@pytest.mark.slow
@pytest.mark.usefixtures("ready")
def test_without_optuna_the_repair_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UnusableInputError) as caught:
        tune.run(silent)
    assert caught.value.problems == ["tune: optuna is not installed. Install it: pip install '.[tune]'."]


@pytest.mark.usefixtures("folder")
def test_without_a_study_nothing_is_tracked() -> None:
    assert "reports/tuning/study.json is missing. Run 'make tune'." in refused("stage", "track-tuning", "--quiet")


def test_every_trial_is_a_run_nested_in_the_study(studied: Path) -> None:
    track_tuning.run(silent)
    found = {run.info.run_name: run for run in runs(studied)}
    assert sorted(found) == ["trial 0", "trial 1", "tuning 2 trials, best 0.610"]
    parent = found["tuning 2 trials, best 0.610"]
    for name, leaves in (("trial 0", "24"), ("trial 1", "12")):
        assert found[name].data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert found[name].data.params["num_leaves"] == leaves
    assert found["trial 1"].data.metrics["partial_auc"] == 0.61
    assert found["trial 1"].data.metrics["difference_to_in_use/partial_auc_lower"] == -0.002
    assert parent.data.params["best.monotone"] == "false"
    assert {run.info.status for run in found.values()} == {"FINISHED"}


def test_the_same_study_is_logged_once_and_another_beside_it(studied: Path) -> None:
    track_tuning.run(silent)
    tracked = layout.TUNING_TRACKED.read_bytes()
    track_tuning.run(silent)
    assert len(runs(studied)) == 3
    assert layout.TUNING_TRACKED.read_bytes() == tracked
    layout.TUNING.write_text(json.dumps(STUDY | {"cohorts": 41}))
    track_tuning.run(silent)
    assert len(runs(studied)) == 6


def test_a_study_whose_logging_was_cut_short_is_logged_anew(studied: Path) -> None:
    track_tuning.run(silent)
    client = mlflow.MlflowClient(f"{SQLITE}{studied / DATABASE}")
    cut = next(run.info.run_id for run in runs(studied) if run.info.run_name.startswith("tuning"))
    client.set_terminated(cut, "RUNNING")
    track_tuning.run(silent)
    found = runs(studied)
    assert len(found) == 3
    assert cut not in {run.info.run_id for run in found}


@pytest.mark.parametrize(
    ("is_better", "words"),
    [(False, "no better beyond its interval: the settings in use stay"), (True, "flattered by the choice")],
    ids=["no better", "better"],
)
def test_the_note_says_what_the_study_found(is_better: bool, words: str) -> None:  # noqa: FBT001 - a case
    text = track_tuning.note(STUDY | {"is_better": is_better})
    assert words in text
    assert "| num_leaves | 24 | 12 |" in text
    assert "difference 0.0100 (-0.0020 to 0.0220)" in text
