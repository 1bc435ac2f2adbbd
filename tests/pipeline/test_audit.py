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

from features.catalog import features
from features.definition import GROUPS
from features.signals import SIGNALS
from pipeline import docs, layout
from pipeline.audit import catalogue, evasion, leakage, limits, recall, rival, robustness, summary, track
from pipeline.audit.__main__ import app
from pipeline.audit.page import audit_page
from pipeline.audit.real import page as real_page
from pipeline.audit.summary import AuditSummaryParams, held
from pipeline.card import card_page
from pipeline.docs import features_page
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
    for head in (
        "Limits",
        "Nuisance",
        "Triviality",
        "Learnability",
        "Ablation",
        "Realism",
        "Generalisation",
        "Dose",
        "Robustness",
        "Evasion",
        "A rival",
    ):
        assert f"## {head}" in page
    for each in read_json(layout.AUDIT_SUMMARY)["limits"]:
        assert f"| {each['name']} | {each['rule']}" in page
    names = [line.partition("figures/")[2].partition(".png")[0] for line in page.splitlines() if "](figures/" in line]
    assert sorted(names) == sorted(path.stem for path in layout.AUDIT_FIGURES.iterdir())
    assert "nan" not in page.lower().replace("financ", "")


@pytest.mark.usefixtures("inside")
def test_a_second_run_gives_the_same_bytes() -> None:
    before = content_of(Path("reports/audit"))
    for stage in (leakage, catalogue, robustness, evasion, recall, rival, summary):
        stage.run(silent)
    assert content_of(Path("reports/audit")) == before


@pytest.mark.usefixtures("inside")
def test_the_rule_makes_no_rival_s_life_easier() -> None:
    found = read_json(layout.AUDIT_RIVAL)
    shares = {name: [each["value"] for each in rows[0]["rejected"]] for name, rows in found["scenarios"].items()}
    assert found["outside_days"] > 0
    assert set(shares) == set(rival.SCENARIOS)
    assert all(first <= last for first, last in shares.values()), "more money reaches no less"
    assert shares["within a month"][-1] <= shares["without the rule"][-1]


@pytest.mark.usefixtures("inside")
def test_every_group_is_left_out_and_stands_alone_on_the_page() -> None:
    section = audit_page().split("## Ablation")[1].split("\n## ")[0]
    variants = [line.split(" | ")[0].removeprefix("| ") for line in section.splitlines() if line.startswith("| ")]
    groups = read_json(layout.AUDIT_CATALOGUE)["observed"]
    assert set(groups) == {"growth", "comments", "engagement", "profile"}
    assert set(variants[2:]) == {
        "every group",
        *(f"without {each}" for each in groups),
        *(f"{each} alone" for each in groups),
    }


@pytest.mark.usefixtures("inside")
def test_every_feature_of_the_model_is_measured_and_the_report_holds_no_other() -> None:
    found = read_json(layout.AUDIT_CATALOGUE)
    assert set(found["features"]) == set(features())
    assert found["perturbed_accounts"] == 60
    assert all(0 < count <= 60 for count in found["perturbations"].values())
    text = features_page()
    for name, row in found["features"].items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {name} | ")]
        assert line.count(" | ") == 4 + len(found["perturbations"])
        assert f"{row['missing_share']:.0%}" in line
    assert "nan" not in text.lower().replace("nano", "")


@pytest.mark.usefixtures("inside")
def test_curves_alone_do_not_move_what_comments_and_posts_say() -> None:
    found = read_json(layout.AUDIT_CATALOGUE)["features"]
    moved = {
        each for name, row in found.items() if "half_of_comments" in row["stability"] for each in [name.split("_")[0]]
    }
    assert "comments" in moved
    assert moved <= {"comments", "engagement"}


@pytest.mark.usefixtures("inside")
def test_the_network_group_has_definitions_and_the_reason_why_no_figures() -> None:
    section = features_page().split("\n## network (")[1]
    assert f"{len(features(['network']))})" in section[:4]
    assert "Not measured" in section
    assert [f"\n## {group} (" in features_page() for group in GROUPS] == [True] * len(GROUPS)


@pytest.mark.usefixtures("inside")
def test_a_feature_that_the_audit_has_not_met_gets_dashes(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_json(layout.AUDIT_CATALOGUE)
    name = next(iter(features()))
    del found["features"][name]
    monkeypatch.setattr(docs, "read_json", lambda _: found)
    (line,) = [line for line in features_page().splitlines() if line.startswith(f"| {name} | ")]
    assert set(line.removeprefix(f"| {name} | ").removesuffix(" |").split(" | ")) == {"-"}


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
    "robustness": {
        "rows": [{"genuine_rejected": {"value": 0.002}}, {"genuine_rejected": {"value": 0.01}}],
        "later": [{"genuine_pass_to_reject": {"value": 0.005}}],
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
    genuine_rejected_perturbed=0.02,
    genuine_pass_to_reject=0.005,
)


def _changed(path: str, value: float | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(HELD))
    *steps, last = path.split(".")
    place = found
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
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
        pytest.param(
            "robustness.rows.1.genuine_rejected.value",
            0.021,
            ["genuine accounts rejected, recorded in the worst other way"],
            id="more are rejected where they were recorded otherwise",
        ),
        pytest.param(
            "robustness.rows.0.genuine_rejected.value",
            None,
            ["genuine accounts rejected, recorded in the worst other way"],
            id="a perturbation that was not measured does not hold",
        ),
        pytest.param(
            "robustness.later.0.genuine_pass_to_reject.value",
            0.006,
            ["genuine accounts that passed, rejected a week later"],
            id="a week turns passes into rejects",
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
    assert files["documents/model-card.md"].read_text(encoding="utf-8") == card_page()


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
    assert {row["signal"] for row in found["reasons"]} <= {each.heading for each in SIGNALS.values()}
    flagged = found["verdicts"]["review"] + found["verdicts"]["reject"]
    assert flagged > 0
    assert all(0 < row["review"] + row["reject"] <= flagged for row in found["reasons"])
    assert "At the same thresholds, of the inauthentic accounts of the test cohorts" in done.stdout
    assert found["two_sample"]["auc"] is None
    assert "at least 200 are needed" in done.stdout
    rows = found["beyond_ordinary"]
    assert {row["feature"] for row in rows} <= set(features())
    assert [row["share"] for row in rows] == sorted((row["share"] for row in rows), reverse=True)
    assert all(
        f"| {row['feature']} | {row['side']} | {row['beyond']} of {row['accounts']} |" in done.stdout for row in rows
    )


def test_a_feature_that_finds_many_real_accounts_odd_is_marked() -> None:
    row = {"feature": "growth_x", "side": "high", "limits": {"low": None, "high": 0.5}, "accounts": 100, "beyond": 6}
    row |= {"share": 0.06, "lower": 0.02, "upper": 0.13, "real_median": 0.1, "simulated_median": 0.1}
    calm = row | {"feature": "growth_y", "share": 0.05, "beyond": 5}
    sample = {"auc": None, "message": "few.", "features": []}
    found = {"folder": "f", "half": "all", "accounts": 100, "verdicts": {"pass": 99, "reject": 1}, "two_sample": sample}
    off = {"factor": 1.645, "lower": 1.558, "upper": 1.739, "bias": 1.0}
    found |= {"next_posts": {"accounts": 40, "median of the 10 before": off}}
    found |= {"reasons": [{"signal": "Even likes or views", "review": 0, "reject": 1}]}
    text = real_page(found | {"beyond_ordinary": [row, calm]})
    assert "| growth_x | high | 6 of 100 | **6.0%** | 2.0% to 13.0% | - to 0.5 | 0.1 | 0.1 |" in text
    assert "| growth_y | high | 5 of 100 | 5.0% |" in text
    assert "posts of 40 accounts draw in the mean" in text
    assert "| median of the 10 before | 1.65 (1.56 to 1.74) | 1.00 |" in text
    assert "told by" not in real_page(found | {"beyond_ordinary": [], "next_posts": None})
    assert "over **5%** are 1 of 2" in text
    assert "| reject | 1 | 1.0% (0.0% to 5.4%) |" in text
    assert "| Even likes or views | 0 | 1 |" in text
