"""The stages of the audit on a small project: what they leave, what the page says, and that a limit fails them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from pipeline import layout
from pipeline.audit import leakage, limits, recall, summary, track
from pipeline.audit.__main__ import app
from pipeline.audit.page import audit_page
from pipeline.audit.summary import AuditSummaryParams, held
from pipeline.errors import UnusableInputError
from pipeline.storage import read_json, write_json
from tests.pipeline.dataset_builders import content_of
from tests.pipeline.projects import silent, write_params

pytestmark = pytest.mark.slow


@pytest.fixture
def inside(audited: Path) -> Iterator[Path]:
    with chdir(audited):
        yield audited


@pytest.mark.usefixtures("inside")
def test_no_account_of_the_audit_is_known_to_the_training() -> None:
    known = pl.read_parquet(layout.TRAINING / "accounts" / "*.parquet")["account_id"]
    for folder in (layout.AUDIT_FRESH, layout.AUDIT_BATCHES):
        found = pl.read_parquet(folder / "accounts" / "*.parquet")["account_id"]
        assert found.len() > 0
        assert not found.is_in(known.implode()).any()


@pytest.mark.usefixtures("inside")
def test_cohorts_have_the_sizes_asked_for() -> None:
    labels = pl.read_parquet(layout.AUDIT_BATCHES / "labels" / "*.parquet")
    assert sorted(labels.group_by("cohort").len()["len"]) == [40, 40, 80]
    assert pl.read_parquet(layout.AUDIT_BATCHES_SCORED).height == 2 * 40 + 80


@pytest.mark.usefixtures("inside")
def test_every_number_of_the_page_comes_from_the_reports() -> None:
    page = audit_page()
    for head in ("Limits", "Nuisance", "Triviality", "Learnability", "Realism", "Generalisation", "Dose"):
        assert f"## {head}" in page
    for each in read_json(layout.AUDIT_SUMMARY)["limits"]:
        assert f"| {each['name']} | {each['rule']}" in page
    names = [line.partition("figures/")[2].partition(".png")[0] for line in page.splitlines() if "](figures/" in line]
    assert sorted(names) == sorted(path.stem for path in layout.AUDIT_FIGURES.iterdir())
    assert "nan" not in page.lower().replace("financ", "")


@pytest.mark.usefixtures("inside")
def test_a_second_run_gives_the_same_bytes() -> None:
    before = content_of(Path("reports/audit"))
    for stage in (leakage, recall, summary):
        stage.run(silent)
    assert content_of(Path("reports/audit")) == before


HELD: dict[str, Any] = {
    "leakage": {"nuisance": {"lower": 0.5}, "triviality": {"best": {"auc": 0.7}, "tree": {"auc": 0.7}}},
    "realism": {"inside_share": 1.0},
    "recall": {
        "fresh_observed": {"models": {"assay": {"auc": {"value": 0.92}}}},
        "fresh": {
            "models": {"assay": {"auc": {"value": 0.9}}, "depth_two_tree": {"auc": {"value": 0.7}}},
            "confusion": {"genuine": {"pass": 99, "review": 0, "reject": 1, "insufficient_data": 0}},
        },
    },
}
LIMITS = AuditSummaryParams(
    nuisance_auc=0.55,
    single_rule_auc=0.8,
    tree_auc=0.82,
    model_auc=0.75,
    model_auc_goal=0.85,
    model_auc_observed_goal=0.85,
    margin_over_tree=0.08,
    realism_inside=1.0,
    genuine_rejected=0.01,
)


def _changed(path: str, value: float | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(HELD))
    *steps, last = path.split(".")
    place = found
    for step in steps:
        place = place[step]
    place[last] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "broken"),
    [
        pytest.param("realism.inside_share", 1.0, [], id="every limit holds"),
        pytest.param("leakage.nuisance.lower", 0.551, ["nuisance"], id="a nuisance tells the label"),
        pytest.param("leakage.triviality.best.auc", 0.81, ["best simple rule"], id="a simple rule does"),
        pytest.param(
            "leakage.triviality.tree.auc",
            0.83,
            ["depth-2 tree over the simple rules", "lead over the better depth-2 tree, of rules or of features"],
            id="the tree does: 0.90 - 0.83 = 0.07",
        ),
        pytest.param(
            "recall.fresh.models.assay.auc.value",
            0.74,
            [
                "the model on fresh cohorts",
                "the model on fresh cohorts, goal",
                "lead over the better depth-2 tree, of rules or of features",
            ],
            id="nothing to learn: 0.74 - 0.70 = 0.04",
        ),
        pytest.param(
            "recall.fresh_observed.models.assay.auc.value",
            0.84,
            ["the model where all tables are observed, goal"],
            id="nothing to learn where all is observed",
        ),
        pytest.param(
            "recall.fresh.models.depth_two_tree.auc.value",
            0.83,
            ["lead over the better depth-2 tree, of rules or of features"],
            id="a tree over features is near: 0.90 - 0.83 = 0.07",
        ),
        pytest.param("realism.inside_share", 0.99, ["realism"], id="a real quantile lies outside"),
        pytest.param("realism.inside_share", None, ["realism"], id="nothing measured does not hold"),
        pytest.param(
            "recall.fresh.confusion.genuine.reject", 2, ["genuine fresh accounts rejected"], id="2 of 101 rejected"
        ),
    ],
)
def test_a_limit_holds_or_does_not(path: str, value: float | None, broken: list[str]) -> None:
    found = held(LIMITS, **_changed(path, value))
    assert [each["name"] for each in found if not each["holds"]] == broken


@pytest.mark.usefixtures("inside")
def test_a_limit_that_does_not_hold_fails_the_stage_by_name() -> None:
    report = read_json(layout.AUDIT_SUMMARY)
    broken = [each for each in report["limits"] if not each["holds"] and not each["is_goal"]]
    assert broken  # a cohort this small trains no model worth its name
    with pytest.raises(UnusableInputError) as raised:
        limits.run(silent)
    assert len(raised.value.problems) == len(broken)
    assert f"audit: {broken[0]['name']} is {broken[0]['value']}, the limit is {broken[0]['limit']}" in str(raised.value)
    done = CliRunner().invoke(app, ["limits"])
    assert done.exit_code == 2
    assert "'make docs' brings the whole report" in done.stderr


def test_limits_that_all_hold_pass_and_a_goal_fails_nothing(tmp_path: Path) -> None:
    found = held(LIMITS, **_changed("recall.fresh.models.assay.auc.value", 0.84))
    assert [each["is_goal"] for each in found if not each["holds"]] == [True]
    with chdir(tmp_path):
        layout.AUDIT_SUMMARY.parent.mkdir(parents=True)
        layout.AUDIT_SUMMARY.write_text(json.dumps({"limits": found}))
        assert CliRunner().invoke(app, ["limits"]).exit_code == 0


@pytest.mark.usefixtures("inside")
def test_the_run_gets_the_page_the_figures_and_every_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    attached: list[tuple[Any, ...]] = []
    monkeypatch.setattr(track, "attach_to_run", lambda *given: attached.append(given))
    write_json({"model_sha256": "a" * 64}, layout.TRACKED)
    track.run(silent)
    ((experiment, model, tag, metrics, files),) = attached
    assert (experiment, model, tag[0]) == ("assay", "a" * 64, "audit_sha256")
    assert all(re.fullmatch(r"[\w\-. :/]+", name) for name in metrics)
    assert len(metrics) == len(read_json(layout.AUDIT_SUMMARY)["limits"]) + 1
    assert {"audit/audit.md", "audit/summary.json", "audit/figures/gallery.png"} <= set(files)
    assert files["audit/audit.md"].read_text(encoding="utf-8") == audit_page()


def test_sizes_upside_down_are_said(tmp_path: Path) -> None:
    write_params(tmp_path, audit_cohorts={"largest_cohort": 10})
    with chdir(tmp_path):
        done = CliRunner().invoke(app, ["cohorts"])
    assert done.exit_code == 2
    assert "largest_cohort is below smallest_cohort" in done.stderr


@pytest.mark.usefixtures("inside")
def test_real_accounts_are_compared_and_scored(incoming: Path, tmp_path: Path) -> None:
    """The incoming batch stands for a real folder: it is too small to tell, and says so."""
    done = CliRunner().invoke(app, ["real", "--input", str(incoming), "--output", str(tmp_path / "out"), "--quiet"])
    assert done.exit_code == 0, done.stderr
    found = json.loads((tmp_path / "out" / f"{incoming.name}.json").read_text())
    assert sum(found["verdicts"].values()) == found["accounts"] == 80
    assert found["two_sample"]["auc"] is None
    assert "at least 200 are needed" in done.stdout
