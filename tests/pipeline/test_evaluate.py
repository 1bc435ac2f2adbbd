"""The command `evaluate` on labelled folders, and what the stage left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from models.evaluation import METRICS, Sample, clopper_pearson, headline_rows
from models.evaluation.decisions import Decisions
from models.rules import RULES
from pipeline import evaluate
from pipeline.bundles import load_scorer
from pipeline.measure import MODEL_NAME, SEGMENTS
from tests.pipeline.dataset_builders import Frames, content_of, write
from tests.pipeline.projects import invoke, read, refused

LOW_DOSE = ~pl.col("is_inauthentic") & pl.col("scheme").is_not_null()
BASELINES = ("prevalence", "engagement_rate_rule", "depth_two_tree", "logistic_regression")
PICTURES = [
    "engagement_share.png",
    "follower_share.png",
    "precision_recall.png",
    "reject_cuts.png",
    "reliability.png",
    "risk_coverage.png",
    "roc.png",
    "score_distribution.png",
]


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch, few_buckets: None) -> None:  # noqa: ARG001
    monkeypatch.setattr(evaluate, "REPLICATES", 20)


def evaluated(source: Path, output: Path, model: Path, *options: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Metrics and segments of a folder, as the command wrote them."""
    done = invoke("evaluate", "--input", source, "--output", output, "--model", model, "--quiet", *options)
    assert (done.exit_code, done.output) == (0, "")
    return load(output / "metrics.json"), load(output / "segments.json")


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def relabelled(content: Frames, labels: pl.DataFrame, folder: Path) -> Path:
    return write(folder, {**content, "labels": labels})


def told(confusion: dict[str, dict[str, int]]) -> int:
    """Accounts with a verdict."""
    return sum(count for row in confusion.values() for verdict, count in row.items() if verdict != "insufficient_data")


class TestFolder:
    def test_metrics_have_values_intervals_and_counts_that_add_up(
        self, labelled: Path, model: Path, tmp_path: Path
    ) -> None:
        metrics, segments = evaluated(labelled, tmp_path / "out", model)
        labels = read(labelled)["labels"]
        headline = labels.filter(~LOW_DOSE)
        assert headline.height < labels.height
        assert metrics["accounts"] + metrics["without_verdict"] == headline.height
        confusion = metrics["confusion"]
        assert sum(sum(row.values()) for row in confusion.values()) == headline.height
        assert sum(confusion["inauthentic"].values()) == headline["is_inauthentic"].sum()
        assert told(confusion) == metrics["accounts"]
        assert set(metrics["models"]) == {MODEL_NAME, *BASELINES}
        assert set(metrics["models"][MODEL_NAME]) == set(METRICS)
        for entry in metrics["models"][MODEL_NAME].values():
            assert set(entry) == {"value", "lower", "upper"}
            assert entry["lower"] <= entry["upper"]
        discrimination = metrics["models"][MODEL_NAME]["auc"]
        assert discrimination["lower"] <= discrimination["value"] <= discrimination["upper"]
        assert metrics["split"] == segments["split"] == "folder cohort"
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
            "figures",
            "metrics.json",
            "segments.json",
        ]
        assert sorted(path.name for path in (tmp_path / "out" / "figures").iterdir()) == PICTURES

    def test_segments_divide_the_headline_and_doses_have_a_table(
        self, labelled: Path, model: Path, tmp_path: Path
    ) -> None:
        metrics, segments = evaluated(labelled, tmp_path / "out", model)
        for name in SEGMENTS:
            assert sum(row["accounts"] for row in segments[name]) == metrics["accounts"] + metrics["without_verdict"]
        low_doses = read(labelled)["labels"].filter(LOW_DOSE)
        assert low_doses.height > 0
        assert segments["dose"]
        assert segments["scheme"]
        for share in ("follower_share", "engagement_share"):
            whole = segments[share][0]
            assert whole["by"] == "all"
            assert whole["coverage_lower"] <= whole["coverage"] <= whole["coverage_upper"]
            assert whole["mean_width"] < 1.0

    def test_low_doses_are_left_out_of_the_headline(self, labelled: Path, model: Path, tmp_path: Path) -> None:
        content = read(labelled)
        whole, _ = evaluated(labelled, tmp_path / "whole", model)
        doses = content["labels"].filter(LOW_DOSE).height
        source = relabelled(content, content["labels"].filter(~LOW_DOSE), tmp_path / "in")
        without, _ = evaluated(source, tmp_path / "without", model)
        assert (without.pop("small_doses_left_out"), whole.pop("small_doses_left_out")) == (0, doses)
        small = [each["decisions"].pop("with_small_doses")["small_doses"] for each in (without, whole)]
        assert small == [0, doses]
        assert {**without, "split": ""} == {**whole, "split": ""}

    def test_accounts_without_a_label_are_ignored(self, labelled: Path, model: Path, tmp_path: Path) -> None:
        content = read(labelled)
        labels = content["labels"].head(60)
        both = relabelled(content, labels, tmp_path / "both")
        alone = write(
            tmp_path / "alone",
            {name: frame.join(labels.select("account_id"), on="account_id") for name, frame in content.items()},
        )
        left, right = (evaluated(each, tmp_path / f"{each.name}-out", model) for each in (both, alone))
        assert {**left[0], "split": ""} == {**right[0], "split": ""}
        assert {**left[1], "split": ""} == {**right[1], "split": ""}

    @pytest.mark.parametrize("label", [False, True], ids=["genuine alone", "inauthentic alone"])
    def test_of_one_class_only_what_needs_two_cannot_be_told(
        self,
        label: bool,  # noqa: FBT001
        labelled: Path,
        model: Path,
        tmp_path: Path,
    ) -> None:
        content = read(labelled)
        labels = content["labels"].filter(~LOW_DOSE & (pl.col("is_inauthentic") == label))
        metrics, _ = evaluated(relabelled(content, labels, tmp_path / "in"), tmp_path / "out", model)
        assert metrics["models"][MODEL_NAME]["auc"] == {"value": None, "lower": None, "upper": None}
        row, other = ("inauthentic", "genuine") if label else ("genuine", "inauthentic")
        assert sum(metrics["confusion"][row].values()) == labels.height
        assert sum(metrics["confusion"][other].values()) == 0
        assert list((tmp_path / "out" / "figures").iterdir()) == []

    def test_low_doses_alone_leave_an_empty_headline(self, labelled: Path, model: Path, tmp_path: Path) -> None:
        content = read(labelled)
        source = relabelled(content, content["labels"].filter(LOW_DOSE), tmp_path / "in")
        metrics, segments = evaluated(source, tmp_path / "out", model)
        assert (metrics["accounts"], metrics["without_verdict"]) == (0, 0)
        assert segments["dose"]

    def test_accounts_that_nobody_can_judge(self, model: Path, tmp_path: Path) -> None:
        accounts = pl.DataFrame({"account_id": ["a", "b"], "platform": ["x", "x"], "follower_count": [900, 901]})
        labels = pl.DataFrame({"account_id": ["a", "b"], "is_inauthentic": [True, False]})
        source = write(tmp_path / "in", {"accounts": accounts, "labels": labels})
        metrics, _ = evaluated(source, tmp_path / "out", model)
        assert (metrics["accounts"], metrics["without_verdict"]) == (0, 2)

    def test_prevalence_moves_verdicts_and_no_metric(self, labelled: Path, model: Path, tmp_path: Path) -> None:
        low, _ = evaluated(labelled, tmp_path / "low", model, "--prevalence", 0.05)
        high, _ = evaluated(labelled, tmp_path / "high", model, "--prevalence", 0.9)
        assert low["models"][MODEL_NAME]["auc"] == high["models"][MODEL_NAME]["auc"]
        brier = (each["models"][MODEL_NAME]["brier"]["value"] for each in (low, high))
        assert next(brier) == pytest.approx(next(brier), abs=1e-9)
        assert low["confusion"]["genuine"]["pass"] > high["confusion"]["genuine"]["pass"]

    def test_jobs_change_no_byte(self, labelled: Path, model: Path, tmp_path: Path) -> None:
        evaluated(labelled, tmp_path / "one", model)
        evaluated(labelled, tmp_path / "two", model, "--jobs", 2)
        assert content_of(tmp_path / "one") == content_of(tmp_path / "two")

    def test_a_person_is_shown_the_metrics_on_stderr(self, labelled: Path, model: Path, tmp_path: Path) -> None:
        done = invoke("evaluate", "--input", labelled, "--output", tmp_path / "out", "--model", model)
        assert done.exit_code == 0
        assert done.stdout == ""
        assert "average_precision" in done.stderr
        for part in ("inauthentic", "Rejects: ", "Calibration error: ", "Worst segment: ", "Intervals: 90%"):
            assert part in done.stderr

    def test_accounts_of_no_shared_cohort_get_exact_intervals(
        self, labelled: Path, model: Path, tmp_path: Path
    ) -> None:
        content = read(labelled)
        metrics, segments = evaluated(
            relabelled(content, content["labels"].drop("cohort"), tmp_path / "in"), tmp_path / "out", model
        )
        assert (segments["interval"], metrics["interval"]) == ("accounts", "bootstrap over accounts")
        counts = metrics["confusion"]["genuine"]
        found = metrics["decisions"]["genuine"]["pass"]
        exact = clopper_pearson(counts["pass"], sum(counts.values()), metrics["confidence"])
        assert (found["lower"], found["upper"]) == pytest.approx(exact, abs=1e-5)
        assert metrics["calibration"]["cohorts"] is None


class TestRefusals:
    @pytest.mark.parametrize("rows", [None, 0], ids=["no table", "no row"])
    def test_labels_are_needed(self, rows: int | None, labelled: Path, model: Path, tmp_path: Path) -> None:
        content = read(labelled)
        labels = content.pop("labels")
        if rows is not None:
            content["labels"] = labels.head(rows)
        source = write(tmp_path / "in", content)
        message = refused("evaluate", "--input", source, "--output", tmp_path / "out", "--model", model)
        assert message.startswith("labels: evaluation needs labelled accounts. Found: none. Add a table 'labels'")
        assert not (tmp_path / "out").exists()

    def test_a_file_in_the_place_of_the_output(self, labelled: Path, model: Path, tmp_path: Path) -> None:
        (tmp_path / "out").write_text("mine")
        message = refused("evaluate", "--input", labelled, "--output", tmp_path / "out", "--model", model)
        assert "is not a folder. Found: a file." in message


class TestStage:
    def test_it_measures_the_test_cohorts_beside_every_baseline(self, project: Path) -> None:
        metrics = load(project / "reports" / "metrics.json")
        accounts = pl.read_parquet(project / "data" / "test_accounts.parquet")
        assert metrics["split"] == f"test cohorts ({accounts['cohort'].n_unique()} simulated, unseen)"
        assert set(metrics["models"]) == {MODEL_NAME, *BASELINES}
        assert set(metrics["differences"]) == set(metrics["models"]) - {MODEL_NAME}
        figures = sorted(path.name for path in (project / "reports" / "figures").iterdir())
        assert figures == sorted(["importance.png", *PICTURES])

    def test_every_table_is_there_and_plain(self, project: Path) -> None:
        metrics = load(project / "reports" / "metrics.json")
        assert metrics["calibration"]["expected_calibration_error"]["noise_floor"] > 0
        assert sum(row["accounts"] for row in metrics["calibration"]["bins"]) == metrics["accounts"]
        (present,) = (row for row in metrics["costs"]["by_cost"] if row["is_present"])
        # The table and the verdicts come by two ways: by cuts on the probability, and from the scores.
        for name, verdict in (("passed", "pass"), ("reviewed", "review"), ("rejected", "reject")):
            counts = metrics["confusion"]["genuine"]
            assert present[f"genuine_{name}"]["value"] == pytest.approx(
                counts[verdict] / sum(counts.values()), abs=1e-5
            )
        # Among few calibration accounts, smaller caps have the same cut.
        assert 0.005 in [row["honest_reject_cap"] for row in metrics["costs"]["by_cap"] if row["is_present"]]
        rows = {row["true"]: row["accounts"] for row in metrics["schemes"]["confusion"]}
        assert sum(rows.values()) == metrics["accounts"] + metrics["without_verdict"]
        assert len(metrics["rules"]["rules"]) == len(RULES)
        assert metrics["decisions"]["prevalence"] == 0.2

    def test_verdicts_of_other_cuts_are_the_scores_own_at_the_present_ones(self, project: Path) -> None:
        scored = headline_rows(pl.read_parquet(project / "data" / "evaluation.parquet"))
        bundle = load_scorer(str(project / "data" / "model")).bundle
        decisions = Decisions(
            Sample(scored, replicates=1, confidence=0.9, seed=1),
            bundle.prevalence,
            bundle.settings["least_named_evidence"],
        )
        assert decisions.verdicts(bundle.thresholds).tolist() == scored["verdict"].to_list()

    def test_no_test_account_was_trained_on(self, project: Path) -> None:
        evaluation = pl.read_parquet(project / "data" / "evaluation.parquet")
        manifest = load(project / "data" / "model" / "manifest.json")
        labels = pl.concat(
            pl.read_parquet(path) for path in (project / "data" / "raw" / "training" / "labels").iterdir()
        )
        held_out = labels.filter(pl.col("cohort").is_in(evaluation["cohort"].unique().implode()))
        # Whole cohorts are held out: every account of theirs is in the evaluation, and none is among the trained.
        assert sorted(evaluation["account_id"]) == sorted(held_out["account_id"])
        trained = sum(manifest["provenance"]["accounts"].values())
        assert trained == labels.join(held_out, on="account_id", how="anti").filter(~LOW_DOSE).height

    def test_the_curves_are_in_the_form_of_dvc_s_plots(self, project: Path) -> None:
        for name, axes in (("roc", {"false_positive_rate", "recall"}), ("precision_recall", {"recall", "precision"})):
            points = json.loads((project / "reports" / "plots" / f"{name}.json").read_text())
            assert {key for point in points for key in point} == axes
            assert all(0 <= value <= 1 for point in points for value in point.values())
