"""Stage `track`: what is read from the files of a finished run, and what the stage leaves."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from models.bundle import Bundle
from pipeline import layout, track
from pipeline.errors import UnusableInputError
from pipeline.tracking import Record
from tests.models.synthetic import handmade_bundle, silent
from tests.pipeline.tracking_builders import METRICS, SCORING, TRAINING, write_run


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    """The bundle of a finished run; its folder is the working directory."""
    bundle = handmade_bundle()
    write_run(tmp_path, bundle)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_EXP_NAME", raising=False)
    return bundle


@pytest.fixture
def tracked(monkeypatch: pytest.MonkeyPatch) -> list[Record]:
    """What would be logged: no store is touched."""
    records: list[Record] = []
    monkeypatch.setattr("pipeline.track.track_run", lambda record, _model, _experiment: records.append(record))
    return records


# --- the stage --------------------------------------------------------------------------------------------------------


def test_the_output_depends_on_the_model_alone(bundle: Bundle, tracked: list[Record]) -> None:
    track.run(silent)
    first = layout.TRACKED.read_bytes()
    track.run(silent)
    assert layout.TRACKED.read_bytes() == first
    assert json.loads(first) == {
        "experiment": "assay",
        "model_version": bundle.version,
        "model_sha256": track.model_sha256(bundle),
    }
    assert tracked[0] == tracked[1]


def test_the_version_begins_the_sha256(bundle: Bundle) -> None:
    assert track.model_sha256(bundle)[:16] == bundle.version


@pytest.mark.parametrize(
    "path", [layout.METRICS, layout.SEGMENTS, layout.TRAINING_REPORT, layout.SCORING_REPORT], ids=str
)
@pytest.mark.usefixtures("bundle", "tracked")
def test_a_missing_report_is_said(path: Path) -> None:
    path.unlink()
    with pytest.raises(UnusableInputError, match=rf"track: {path.as_posix()} is missing\. Run 'dvc repro'"):
        track.run(silent)
    assert not layout.TRACKED.exists()


@pytest.mark.usefixtures("bundle", "tracked")
def test_a_changed_bundle_is_said() -> None:
    (layout.MODEL / "model.txt").write_text("other trees")
    with pytest.raises(UnusableInputError, match=r"not what was written \(changed: model\.txt\)"):
        track.run(silent)


@pytest.mark.usefixtures("bundle", "tracked")
def test_a_name_that_no_folder_could_have_is_refused() -> None:
    layout.PARAMS.write_text("track: {experiment: 'a/b', registered_model: authenticity}")
    with pytest.raises(UnusableInputError, match=r"params: 'track\.experiment' is 'a/b'"):
        track.run(silent)


# --- the record -------------------------------------------------------------------------------------------------------


def test_the_record_of_a_bare_folder(bundle: Bundle) -> None:
    Path("dvc.lock").unlink()
    (layout.FIGURES / "roc.png").unlink()
    record = track.run_record(bundle)
    assert record.datasets == []
    assert not [place for place in record.files if place.startswith("figures/")]
    assert "dvc.lock" not in record.files


def test_datasets_carry_the_hash_that_dvc_gave_them(bundle: Bundle) -> None:
    assert track.run_record(bundle).datasets == [
        ("training", "1" * 32 + ".dir", "data/raw/training", "training"),
        ("incoming", "2" * 32 + ".dir", "data/raw/incoming", "scoring"),
    ]


def test_a_trial_of_dvc_names_the_run(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_EXP_NAME", "muddy-hops")
    record = track.run_record(bundle)
    assert (record.name, record.tags["dvc_experiment"]) == ("muddy-hops", "muddy-hops")


def test_the_moment_is_not_content(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    before = track.run_record(bundle).content_sha256
    monkeypatch.setenv("DVC_EXP_NAME", "muddy-hops")
    Path("dvc.lock").unlink()
    assert track.run_record(bundle).content_sha256 == before


@pytest.mark.parametrize(
    "path", [layout.PARAMS, layout.METRICS, layout.FIGURES / "roc.png", layout.PLOTS / "roc.json"], ids=str
)
def test_every_file_is_content(path: Path, bundle: Bundle) -> None:
    before = track.run_record(bundle).content_sha256
    path.write_bytes(path.read_bytes() + b"\n")
    assert track.run_record(bundle).content_sha256 != before


# --- parameters, metrics, name, note ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sections", "expected"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"train": {}}, {}, id="an empty section"),
        pytest.param({"audit": {"batches": {50: 2}}}, {"audit.batches.50": "2"}, id="one below another"),
        pytest.param({"prepare": {"as_of": None}}, {"prepare.as_of": "null"}, id="null"),
        pytest.param({"train": {"monotone": True}}, {"train.monotone": "true"}, id="flag"),
        pytest.param({"evaluate": {"tiers": [0, 1000]}}, {"evaluate.tiers": "[0, 1000]"}, id="list"),
        pytest.param({"track": {"note": "x" * 501}}, {"track.note": "x" * 499 + "…"}, id="too long"),
    ],
)
def test_parameters_are_flat(sections: dict[str, Any], expected: dict[str, str]) -> None:
    assert dict(track.flat_parameters(sections)) == expected


def test_priors_are_one_digest_that_changes_with_any_of_them() -> None:
    sections = {"train": {"seed": 1}, "priors": {"growth": {"memory": [0.0, 0.5]}}}
    found = track.without_priors(sections)
    assert found["train"] == {"seed": 1}
    assert re.fullmatch("[0-9a-f]{12}", found["priors"])
    assert track.without_priors({**sections, "priors": {"growth": {"memory": [0.0, 0.4]}}}) != found


def test_metrics_are_grouped_and_undefined_ones_left_out() -> None:
    assert dict(track.metrics_of(METRICS, TRAINING, SCORING)) == {
        "assay/auc": 0.87,
        "assay/auc_lower": 0.84,
        "assay/auc_upper": 0.9,
        "assay/recall_at_1_percent_false_positives": 0.45,
        "assay/recall_at_1_percent_false_positives_lower": 0.3,
        "assay/recall_at_1_percent_false_positives_upper": 0.6,
        "prevalence/auc": 0.5,
        "difference_to_prevalence/auc": 0.37,
        "difference_to_prevalence/auc_lower": 0.34,
        "difference_to_prevalence/auc_upper": 0.4,
        "evaluation/accounts": 120,
        "evaluation/confidence": 0.9,
        "evaluation/confusion/genuine/pass": 90,
        "evaluation/confusion/genuine/review": 9,
        "evaluation/confusion/genuine/reject": 1,
        "evaluation/confusion/genuine/insufficient_data": 0,
        "evaluation/confusion/inauthentic/pass": 5,
        "evaluation/confusion/inauthentic/review": 6,
        "evaluation/confusion/inauthentic/reject": 9,
        "evaluation/confusion/inauthentic/insufficient_data": 0,
        "training/accounts": 400,
        "training/pass_below": 0.25,
        "scored/pass": 7,
        "scored/review": 2,
        "scored/reject": 1,
        "scored/insufficient_data": 0,
    }


def test_metrics_come_in_the_order_to_read_them() -> None:
    names = [name for name, _ in track.metrics_of(METRICS, TRAINING, SCORING)]
    recall = "assay/recall_at_1_percent_false_positives"
    assert names[:4] == [recall, f"{recall}_lower", f"{recall}_upper", "assay/auc"]


def test_a_value_comes_before_its_bounds_as_reports_are_sorted() -> None:
    entry = {"lower": 0.8, "upper": 0.9, "value": 0.85}
    found = dict(track.metrics_of({"models": {"assay": {"auc": entry}}}, {}, {"verdicts": {}}))
    assert list(found) == ["assay/auc", "assay/auc_lower", "assay/auc_upper"]


def test_sections_that_make_no_model_are_no_parameters_of_a_run() -> None:
    sections: dict[str, Any] = {"simulate": {"jobs": 2}, "train": {"seed": 1}}
    others: dict[str, Any] = {name: {"seed": 1} for name in ("audit_recall", "tune", "promote", "track")}
    found = track.of_the_model({**others, **sections})
    assert list(found) == ["train", "simulate"]
    assert track.of_the_model({}) == {}


def test_names_that_mlflow_refuses_are_written_otherwise() -> None:
    metrics = {"models": {"assay": {"recall@1%": {"value": 0.5}}}}
    assert dict(track.metrics_of(metrics, {}, {"verdicts": {}})) == {"assay/recall_1_": 0.5}


@pytest.mark.parametrize(
    ("revision", "models", "expected"),
    [
        pytest.param("", {}, "no metric", id="nothing"),
        pytest.param("1a2b3c4d5e6f", {"assay": {"auc": {"value": None}}}, "1a2b3c4", id="undefined"),
        pytest.param("1a2b3c4d5e6f", METRICS["models"], "1a2b3c4 recall 0.450 auc 0.870", id="all"),
    ],
)
def test_the_name_tells_the_headline(revision: str, models: Any, expected: str) -> None:
    assert track.run_name(revision, {"models": models}) == expected


def test_figures_are_numbered_in_the_order_to_look_at_them(bundle: Bundle) -> None:
    for name in ("zebra", "importance", "score_distribution"):
        (layout.FIGURES / f"{name}.png").write_bytes(b"picture")
    found = [place for place in track.run_record(bundle).files if place.startswith("figures/")]
    assert found == [
        "figures/01_score_distribution.png",
        "figures/02_roc.png",
        "figures/03_importance.png",
        "figures/04_zebra.png",
    ]


def test_a_model_card_goes_with_the_bundle_it_names_and_is_no_content(bundle: Bundle) -> None:
    before = track.run_record(bundle)
    assert before.documents == {}
    track.MODEL_CARD.parent.mkdir()
    track.MODEL_CARD.write_text("Version `another`.", encoding="utf-8")
    assert track.run_record(bundle).documents == {}
    track.MODEL_CARD.write_text(f"Version `{bundle.version}`.", encoding="utf-8")
    after = track.run_record(bundle)
    assert after.documents == {"documents/model-card.md": track.MODEL_CARD}
    assert after.content_sha256 == before.content_sha256


# --- hashes and revision ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("", {}, id="empty"),
        pytest.param("schema: '2.0'\nstages: {}\n", {}, id="no stage"),
        pytest.param(
            "stages: {a: {deps: [{path: data/own, md5: aa}, {path: x.py, md5: bb}], outs: [{path: data/b, md5: cc}]}}",
            {"data/own": "aa", "data/b": "cc"},
            id="raw data of one's own and outputs, no code",
        ),
        pytest.param("stages: {track: {outs: [{path: data/tracked.json, md5: aa}]}}", {}, id="not the stage's own"),
    ],
)
def test_hashes_of_the_data(content: str, expected: dict[str, str], tmp_path: Path) -> None:
    lock = tmp_path / "dvc.lock"
    assert track.data_hashes(lock) == {}
    lock.write_text(content)
    assert track.data_hashes(lock) == expected


def test_the_revision_is_dirty_by_code_and_not_by_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert track.git_tags() == {}

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        return subprocess.run(["git", *identity, *arguments], capture_output=True, text=True, check=True).stdout.strip()

    git("init", "--quiet")
    assert track.git_tags() == {}, "no commit yet"
    Path("reports").mkdir()
    for name in ("code.py", "dvc.lock", "reports/metrics.json"):
        Path(name).write_text("first")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    clean = {
        "git_revision": git("rev-parse", "HEAD"),
        "git_dirty": "false",
        "mlflow.source.git.commit": git("rev-parse", "HEAD"),
    }
    assert track.git_tags() == clean
    Path("dvc.lock").write_text("second")
    Path("reports/metrics.json").write_text("second")
    assert track.git_tags() == clean
    Path("code.py").write_text("second")
    assert track.git_tags() == {**clean, "git_dirty": "true"}
