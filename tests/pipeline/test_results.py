"""Figures in the documentation come from reports/, and say what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.results import METRIC_NAMES, headline, results_page
from pipeline.storage import write_json

SHARES = ("reject", "flagged", "review", "insufficient_data", "genuine_pass", "genuine_reject")
SEGMENTS = ("tables_observed", "size_tier", "platform", "language", "scheme", "benign_story", "dose")


def metric(value: float | None) -> dict[str, float | None]:
    return {"value": value, "lower": value and value - 0.01, "upper": value and value + 0.01}


def reports(folder: Path, ours: float | None = 0.8, tree: float = 0.6) -> Path:
    metrics = {
        "split": "test cohorts (3 simulated, unseen)",
        "accounts": 1200,
        "inauthentic": 300,
        "without_verdict": 7,
        "small_doses_left_out": 21,
        "confidence": 0.9,
        "interval": "bootstrap over cohorts",
        "replicates": 500,
        "models": {
            "assay": dict.fromkeys(METRIC_NAMES, metric(ours)),
            "depth_two_tree": dict.fromkeys(METRIC_NAMES, metric(tree)),
        },
        "confusion": {
            "genuine": {"pass": 80, "review": 15, "reject": 1, "insufficient_data": 4},
            "inauthentic": {"pass": 0, "review": 0, "reject": 0, "insufficient_data": 0},
        },
    }
    row: dict[str, Any] = {"segment": None, "scheme": "any", "story": "viral", "accounts": 0}
    row |= {"dose_from": 0.1, "dose_to": 0.2}
    for name in (*SHARES, "inauthentic_reject", "inauthentic_review"):
        row |= {f"{name}_share": None, f"{name}_lower": None, f"{name}_upper": None}
    row |= {"reject_share": 0.25, "reject_lower": 0.2, "reject_upper": 0.3}
    write_json(metrics, folder / "metrics.json")
    write_json({name: [row] for name in SEGMENTS}, folder / "segments.json")
    return folder


def test_a_metric_comes_with_its_split_its_interval_and_its_baseline(tmp_path: Path) -> None:
    text = headline(reports(tmp_path))
    assert "test cohorts (3 simulated, unseen): 1,200 accounts with a verdict, 300 of them inauthentic" in text
    assert "0.800 (0.790 to 0.810)" in text
    assert "| decision tree of depth 2 | 0.600 (0.590 to 0.610)" in text
    assert "90%, bootstrap over cohorts, 500 draws. All of it simulated." in text


def test_a_metric_that_cannot_be_told_is_said_so(tmp_path: Path) -> None:
    folder = reports(tmp_path)
    metrics_file = folder / "metrics.json"
    metrics_file.write_text(metrics_file.read_text().replace('"value": 0.6', '"value": null', 1))
    assert "cannot be told" in headline(folder)


def test_verdicts_are_shares_of_their_class(tmp_path: Path) -> None:
    text = headline(reports(tmp_path))
    assert "| genuine | 80 (80.0%) | 15 (15.0%) | 1 (1.0%) | 4 (4.0%) |" in text
    assert "| inauthentic | 0 (0.0%) |" in text


def test_a_tree_that_comes_close_says_that_the_cohort_is_too_easy(tmp_path: Path) -> None:
    assert "the cohort is not trivial" in headline(reports(tmp_path / "far", ours=0.8, tree=0.6))
    assert "the cohort is too easy" in headline(reports(tmp_path / "near", ours=0.8, tree=0.76))


def test_the_page_shows_shares_with_intervals_and_leaves_unknown_ones_blank(tmp_path: Path) -> None:
    text = results_page(reports(tmp_path))
    assert "| any | 10% to 20% | 0 | 25.0% (20.0% to 30.0%) |  |" in text
    assert "## Honest accounts by story" in text
