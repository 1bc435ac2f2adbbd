"""Figures in the documentation come from reports/, and say what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.results import METRIC_NAMES, SEGMENT_TITLES, headline, results_page
from pipeline.storage import write_json

SHARES = ("reject", "flagged", "review", "insufficient_data", "genuine_pass", "genuine_reject", "found")
SEGMENTS = (*SEGMENT_TITLES, "scheme", "benign_story", "dose")
REJECTS = ("genuine_rejected", "benign_rejected", "inauthentic_rejected")
RIGHT = ("rejects_right", "rejects_right_at_prevalence")


def metric(value: float | None) -> dict[str, float | None]:
    return {"value": value, "lower": value and value - 0.01, "upper": value and value + 0.01}


def share(value: float | None) -> dict[str, float | None]:
    return {"value": value, "lower": value and value / 2, "upper": value and min(2 * value, 1.0)}


def choice(*, cost: float | None) -> dict[str, Any]:
    """A row of the tables of costs and caps."""
    named = {"pass_below": 0.25, "reject_above": 0.95, "evidence_as_probability": 0.7, "binding": "cost"}
    shares = ("genuine_passed", "genuine_reviewed", "inauthentic_flagged", *RIGHT)
    found = {name: share(0.4) for name in shares} | {name: share(0.004) for name in REJECTS}
    return named | found | {"rejects": 12, "cost_per_100": cost}


def verdicts() -> dict[str, Any]:
    """What `measure_verdicts` adds to the metrics."""
    by_verdict = {name: share(0.25) for name in ("pass", "review", "reject", "insufficient_data")}
    cut = {"cut": "a day over 5 %", "source": "a naive rule", "accounts": 5_000}
    rule = {"rule": "follows_many", "source": "HypeAuditor", "accounts": 6_000, "auc": metric(0.5)}
    head = {"scheme": "engagement_pod", "accounts": 50, "auc": metric(0.8), "calibration": metric(0.02)}
    done = {"true": "engagement_pod", "accounts": 50, "answers": {"engagement_pod": 30, "none named": 20}}
    return {
        "calibration": {
            "expected_calibration_error": {**metric(0.02), "noise_floor": 0.014},
            "under_mixes": [
                {"scheme": "engagement_pod", "accounts": 80, "calibration": metric(0.09), "difference": metric(0.05)}
            ],
            "cohorts": {
                "cohorts": 64,
                "mean_absolute_difference": 0.048,
                "of_it_noise": 0.035,
                "beyond_90": 0.2,
                "spread": metric(0.041),
                "prevalence_spread": metric(0.062),
                "difference_10th": -0.065,
                "difference_50th": 0.01,
                "difference_90th": 0.074,
            },
        },
        "decisions": {
            "prevalence": 0.2,
            "genuine": by_verdict,
            "inauthentic": by_verdict,
            "benign_accounts": 2_000,
            "benign_rejected": share(0.004),
            "rejects": 515,
            "with_small_doses": {
                "small_doses": 571,
                "small_doses_rejected": share(0.05),
                "rejects": 540,
                "rejects_right": share(0.94),
            },
            **{name: share(0.9) for name in RIGHT},
        },
        "costs": {
            "by_cost": [{"pay_inauthentic": 4.0, "refuse_genuine": 20.0, "is_present": True, **choice(cost=52.8)}],
            "by_cap": [
                {
                    "honest_reject_cap": 0.005,
                    "is_present": False,
                    "alone": {name: share(0.1) for name in REJECTS},
                    **choice(cost=None),
                }
            ],
            "frontier": [{"refuse_genuine": 10.0, **choice(cost=None)}],
        },
        "risk_coverage": {
            "curve": [{"coverage": 0.5, "risk": share(0.06)}],
            **{name: share(0.1) for name in ("coverage", "risk", "decided", "decided_risk")},
        },
        "insufficient_because": [{"because": "too few readings; 14 are needed", "accounts": 40, "genuine": 30}],
        "schemes": {
            "confusion": [{**done, "named": share(0.6), "named_wrongly": share(0.1)}],
            "heads": [
                {**head, "noise_floor": 0.01, **{name: share(0.3) for name in ("recall", "precision", "genuine_found")}}
            ],
        },
        "rules": {
            "cuts": [cut | {name: share(0.1) for name in ("false_positives", "recall", "model_recall")}],
            "rules": [rule | {"recall": share(0.05)}],
            "not_computed": {"Modash": "who the followers are is in no table"},
        },
    }


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
    metrics |= verdicts()
    row: dict[str, Any] = {"segment": None, "scheme": "any", "story": "viral", "accounts": 0, "cohorts": 3}
    row |= {f"{name}{part}": None for name in ("auc", "calibration", "difference") for part in ("", "_lower", "_upper")}
    row |= {"dose_from": 0.1, "dose_to": 0.2}
    for name in (*SHARES, "flagged", "inauthentic_reject", "inauthentic_review"):
        row |= {f"{name}_share": None, f"{name}_lower": None, f"{name}_upper": None}
    row |= {"reject_share": 0.25, "reject_lower": 0.2, "reject_upper": 0.3}
    write_json(metrics, folder / "metrics.json")
    told = row | {"segment": "days+posts", "accounts": 2_000, "calibration_noise_floor": 0.025}
    told |= {
        f"{name}{part}": 0.03 for name in ("auc", "calibration", "difference") for part in ("", "_lower", "_upper")
    }
    named = {"confidence": 0.9, "interval": "cohorts"}
    write_json(named | {name: [row] for name in SEGMENTS} | {"tables_observed": [told]}, folder / "segments.json")
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


def test_the_page_says_what_a_verdict_is_worth_before_anything_else(tmp_path: Path) -> None:
    text = results_page(reports(tmp_path))
    titles = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert titles[:6] == [
        "What a verdict is worth",
        "Calibration",
        "What other costs would do",
        "Abstaining",
        "Which scheme",
        "The rules in use",
    ]
    assert "| rejects that are right, where 20% of the accounts are inauthentic | 90.0% (45.0% to 100.0%) |" in text
    # Few honest rejects are told to a hundredth of a per cent.
    assert "| genuine accounts with a story that looks bought (2,000) rejected | 0.40% (0.20% to 0.80%) |" in text


def test_a_calibration_error_stands_beside_what_chance_alone_gives(tmp_path: Path) -> None:
    text = results_page(reports(tmp_path))
    assert "0.020 (0.010 to 0.030). A perfectly calibrated model would get 0.014 on so many accounts" in text
    assert "| what was observed | days+posts | 2,000 | 0.030 (0.030 to 0.030) | 0.025 |" in text
    assert "| engagement pod | 80 | 0.090 (0.080 to 0.100) | 0.050 (0.040 to 0.060) |" in text
    assert "standard deviation of 0.041 (0.031 to 0.051) over cohorts" in text


def test_the_costs_in_use_stand_in_bold(tmp_path: Path) -> None:
    text = results_page(reports(tmp_path))
    assert "| **4** | **20** | **0.250** | **0.950** | **cost** |" in text
    assert "| 0.50% | 0.250 | 0.950 | cost |" in text
    assert "10.0% / 10.0% / 10.0% |" in text


def test_accounts_of_no_cohort_are_said_to_stand_alone(tmp_path: Path) -> None:
    folder = reports(tmp_path)
    segments = folder / "segments.json"
    segments.write_text(segments.read_text().replace('"interval": "cohorts"', '"interval": "accounts"'))
    assert "Intervals of 90%: exact ones (Clopper-Pearson) for shares" in results_page(folder)
