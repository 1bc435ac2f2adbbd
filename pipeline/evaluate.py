"""Stage and command `evaluate`: what the model is worth on labelled accounts that it never saw."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pydantic import Field
from scipy.special import expit, logit

from features.compute import compute
from features.tables import only
from models import figures
from models.evaluation import (
    confusion,
    dose_table,
    evaluate_models,
    headline_rows,
    precision_recall_points,
    roc_points,
    scheme_table,
    segment_table,
    size_tier,
    story_table,
)
from models.scoring import Scorer
from models.training import with_cohorts
from pipeline import layout
from pipeline.aside import over_buckets, prepared_aside
from pipeline.bundles import load_scorer
from pipeline.dataset import read_bucket, read_labels
from pipeline.errors import UnusableInputError
from pipeline.params import Section, read_section
from pipeline.score import score_features
from pipeline.storage import atomic_folder, atomic_path, check_output_folder, read_json, write_json, write_parquet

MODEL_NAME = "assay"
"""Name of the model beside the baselines' in every report."""

BASELINE = "baseline_"
"""What the columns of the baselines' probabilities start with."""

SEGMENTS = ("size_tier", "platform", "language", "tables_observed", "origin")

SIMULATED = "simulation"
"""`label_source` of simulated accounts."""

CURVE_POINTS = 200
"""Points of a curve kept for DVC's plots: what a screen shows."""

REPLICATES, CONFIDENCE, SEED = 500, 0.9, 7
"""Bootstrap of the command, which reads no params.yaml."""


class EvaluateParams(Section):
    """Section `evaluate` of params.yaml."""

    replicates: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)
    jobs: int = Field(ge=1)


def run(report: Callable[[str], None]) -> None:
    """The stage: the test cohorts of the training dataset, beside every baseline."""
    params = read_section("evaluate", EvaluateParams)
    accounts = pl.read_parquet(layout.TEST_ACCOUNTS)["account_id"]
    scored = scored_labels(load_scorer(), layout.PREPARED, accounts=accounts, jobs=params.jobs, report=report)
    report("metrics")
    split = f"test cohorts ({_described(scored)})"
    metrics, segments, pictures, curves = measure(scored, split, params.replicates, params.confidence, params.seed)
    write_json(metrics, layout.METRICS)
    write_json(segments, layout.SEGMENTS)
    write_parquet(scored.drop("reasons", "suspected_schemes", "insufficient_because"), layout.EVALUATION)
    training = read_json(layout.TRAINING_REPORT)
    pictures["importance"] = figures.importance(
        training["importance"], split="labelled accounts", accounts=training["importance_accounts"]
    )
    save_figures(pictures, layout.FIGURES)
    save_curves(curves, layout.PLOTS)


def evaluate_folder(
    source: Path,
    output: Path,
    scorer: Scorer,
    *,
    as_of: datetime | None,
    prevalence: float | None,
    jobs: int,
    report: Callable[[str], None],
) -> dict[str, Any]:
    """The command: any labelled folder; writes metrics.json, segments.json and figures, and returns the metrics.

    Raises:
        UnusableInputError: no labels, or an input that cannot be used.
        TooManyBadRowsError: see `prepare_dataset`.
    """
    check_output_folder(output)
    with prepared_aside(source, output, as_of=as_of, jobs=jobs, report=report) as prepared:
        if read_labels(prepared.folder).is_empty():
            raise UnusableInputError(
                "labels: evaluation needs labelled accounts. Found: none. Add a table 'labels' with 'account_id' and "
                "'is_inauthentic'."
            )
        scored = scored_labels(scorer, prepared.folder, prevalence=prevalence, jobs=jobs, report=report)
    report("metrics")
    metrics, segments, pictures, _ = measure(scored, f"folder {source.name}", REPLICATES, CONFIDENCE, SEED)
    output.mkdir(exist_ok=True)
    write_json(metrics, output / layout.METRICS.name)
    write_json(segments, output / layout.SEGMENTS.name)
    save_figures(pictures, output / layout.FIGURES.name)
    return metrics


def scored_labels(
    scorer: Scorer,
    prepared: Path,
    *,
    accounts: pl.Series | None = None,
    prevalence: float | None = None,
    jobs: int,
    report: Callable[[str], None],
) -> pl.DataFrame:
    """Labels beside scores of the labelled accounts of a prepared folder (or of those named), sorted by account.

    Adds `probability` (null where no verdict is given), each baseline's at the same prevalence, `size_tier` and
    `tables_observed` for the tables of the report.
    """
    at = scorer.bundle.prevalence if prevalence is None else prevalence
    labels = with_cohorts(read_labels(prepared))
    if accounts is not None:
        labels = labels.filter(pl.col("account_id").is_in(accounts.implode()))
    observed = pl.concat_str(
        [pl.when(pl.col(f"observed_{what}") > 0).then(pl.lit(what)) for what in ("days", "posts", "comments")],
        separator="+",
        ignore_nulls=True,
    )

    def score_labelled(bucket: int) -> pl.DataFrame:
        tables = only(read_bucket(prepared, bucket), labels["account_id"])
        features = compute(tables)
        baselines = scorer.baselines(features, at).rename(
            lambda name: name if name == "account_id" else BASELINE + name
        )
        return (
            score_features(scorer, tables, features, at)
            .join(labels, on="account_id", how="inner")
            .join(baselines, on="account_id", how="left")
            .join(tables.accounts.select("account_id", "language"), on="account_id", how="left")
        )

    return over_buckets(prepared, score_labelled, report, jobs).with_columns(
        size_tier(),
        probability="probability_inauthentic",
        tables_observed=observed,
        declared_prevalence=pl.lit(at),
    )


def measure(
    scored: pl.DataFrame, split: str, replicates: int, confidence: float, seed: int
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Metrics, segment tables, figures by name and curve points by name.

    Calibration is judged at the prevalence of the accounts at hand, to which the probabilities are carried over by
    the contract's formula: at any other prevalence a perfect model would look wrong. Baselines stand in the columns
    that `scored_labels` adds. Accounts without a verdict take part in the tables and not in the metrics.
    """
    headline = headline_rows(scored)
    told = headline.filter(pl.col("probability").is_not_null()).sort("account_id")
    labels = told["is_inauthentic"].to_numpy()
    share = float(labels.mean()) if labels.size else 0.0
    named = {name.removeprefix(BASELINE): name for name in told.columns if name.startswith(BASELINE)}
    predictions = {
        name: _at_own_prevalence(told, column, share) for name, column in ({MODEL_NAME: "probability"} | named).items()
    }
    metrics = evaluate_models(
        labels,
        predictions,
        told["cohort"].to_numpy(),
        replicates=replicates,
        confidence=confidence,
        seed=seed,
    )
    metrics |= {
        "split": split,
        "without_verdict": headline.height - told.height,
        "small_doses_left_out": scored.height - headline.height,
        "confusion": confusion(headline["verdict"], headline["is_inauthentic"]),
    }
    segments = {
        "split": split,
        **{name: segment_table(headline, name) for name in SEGMENTS},
        "benign_story": story_table(scored),
        "scheme": scheme_table(scored),
        "dose": dose_table(scored),
    }
    if not labels.any() or labels.all():
        return metrics, segments, {}, {}
    main = {MODEL_NAME: predictions[MODEL_NAME]}
    pictures = {
        "roc": figures.roc(labels, predictions, split=split),
        "precision_recall": figures.precision_recall(labels, predictions, split=split),
        "reliability": figures.reliability(labels, main, split=split, confidence=confidence),
        "score_distribution": figures.score_distribution(labels, main[MODEL_NAME], split=split),
    }
    false_positives, found = roc_points(labels, predictions[MODEL_NAME])
    recall, precision = precision_recall_points(labels, predictions[MODEL_NAME])
    curves = {
        "roc": _thinned(false_positive_rate=false_positives, recall=found),
        "precision_recall": _thinned(recall=recall, precision=precision),
    }
    return metrics, segments, pictures, curves


def _described(scored: pl.DataFrame) -> str:
    """How many cohorts, unseen in training, and how many of their accounts are no simulated ones."""
    real = scored.filter(pl.col("label_source").ne_missing(SIMULATED)).height
    cohorts = f"{scored['cohort'].n_unique():,}"
    if real == 0:
        return f"{cohorts} simulated, unseen"
    return f"{cohorts}, unseen; {real:,} of {scored.height:,} accounts are not simulated"


def save_figures(pictures: dict[str, Any], folder: Path) -> None:
    """Each figure as PNG; the folder is replaced whole."""
    with atomic_folder(folder) as temporary:
        for name, figure in pictures.items():
            figure.savefig(temporary / f"{name}.png", dpi=110, metadata={"Software": None})


def save_curves(curves: dict[str, list[dict[str, Any]]], folder: Path) -> None:
    """Each curve as JSON in the shape of DVC's plots."""
    for name, points in curves.items():
        with atomic_path(folder / f"{name}.json") as path:
            path.write_text(json.dumps(points) + "\n", encoding="utf-8")


def _at_own_prevalence(told: pl.DataFrame, column: str, share: float) -> Any:
    probability = told[column].to_numpy()
    if not 0.0 < share < 1.0 or not probability.size:
        return probability
    return expit(logit(probability) + logit(share) - logit(told["declared_prevalence"].to_numpy()))


def _thinned(**columns: Any) -> list[dict[str, float]]:
    length = len(next(iter(columns.values())))
    chosen = np.unique(np.linspace(0, length - 1, min(CURVE_POINTS, length)).astype(int))
    return [{name: round(float(values[index]), 6) for name, values in columns.items()} for index in chosen]
