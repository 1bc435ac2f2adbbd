"""What is measured of scored accounts with labels: the numbers of the reports, their figures and their curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit, logit

from models import figures
from models.bundle import Bundle
from models.coverage import coverage_table
from models.evaluation import (
    Draws,
    Sample,
    calibration_error,
    calibration_under_mixes,
    cohort_calibration,
    confusion,
    dose_table,
    evaluate_models,
    headline_rows,
    precision_recall_points,
    reliability_bins,
    roc_points,
    scheme_table,
    segment_table,
    story_table,
)
from models.evaluation.decisions import Decisions, cap_table, cost_table, frontier, insufficiency, risk_coverage
from models.evaluation.schemes import Heads, head_table, scheme_confusion
from models.rule_systems import rule_systems
from models.scoring import Scorer
from models.shares import SHARES, bought_share

MODEL_NAME = "assay"
"""Name of the model beside the baselines' in every report."""

BASELINE = "baseline_"
"""What the columns of the baselines' probabilities start with."""

SEGMENTS = ("size_tier", "platform", "language", "tables_observed", "reading_rhythm", "rows_observed", "origin")
"""Columns that `scored_labels` adds or finds, each with a table of its own."""

DECIMALS = 5
"""Of the numbers in the tables: more would be noise in git."""

CURVE_POINTS = 200
"""Points of a curve kept for DVC's plots: what a screen shows."""


def measure(
    scored: pl.DataFrame, split: str, draws: Draws
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, list[dict[str, Any]]]]:
    """Metrics and calibration, segment tables, figures by name and curve points by name.

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
        **draws,
    )
    own = predictions[MODEL_NAME]
    sample = Sample(told, **draws)
    everyone = scored.with_columns(pl.Series("probability", _at_own_prevalence(scored, "probability", share)))
    tables = Sample(everyone.with_columns(pl.col("probability").fill_nan(None)), **draws)
    metrics |= {
        "split": split,
        "without_verdict": headline.height - told.height,
        "small_doses_left_out": scored.height - headline.height,
        "confusion": confusion(headline["verdict"], headline["is_inauthentic"]),
        "calibration": rounded(
            {
                "expected_calibration_error": calibration_error(sample, labels, own, np.ones(labels.size, dtype=bool)),
                "cohorts": cohort_calibration(sample, labels, own),
                "under_mixes": calibration_under_mixes(sample, labels, own),
                "bins": reliability_bins(sample, labels, own),
            }
        ),
    }
    segments = {
        "split": split,
        "confidence": draws["confidence"],
        "interval": tables.unit,
        **rounded({name: segment_table(tables, name) for name in SEGMENTS}),
        **rounded(
            {"benign_story": story_table(tables), "scheme": scheme_table(tables), "dose": dose_table(tables)},
        ),
        **rounded({f"{share}_share": coverage_table(scored, share, **draws) for share in SHARES}),
    }
    if not labels.any() or labels.all():
        return metrics, segments, {}, {}
    pictures = {
        "roc": figures.roc(labels, predictions, split=split),
        "precision_recall": figures.precision_recall(labels, predictions, split=split),
        "reliability": figures.reliability(
            labels, {MODEL_NAME: metrics["calibration"]["bins"]}, split=split, confidence=draws["confidence"]
        ),
        "score_distribution": figures.score_distribution(labels, own, split=split),
        **{f"{share}_share": _intervals(scored, share, split) for share in SHARES},
    }
    false_positives, found = roc_points(labels, predictions[MODEL_NAME])
    recall, precision = precision_recall_points(labels, predictions[MODEL_NAME])
    curves = {
        "roc": _thinned(false_positive_rate=false_positives, recall=found),
        "precision_recall": _thinned(recall=recall, precision=precision),
    }
    return metrics, segments, pictures, curves


def measure_verdicts(
    scored: pl.DataFrame, split: str, scorer: Scorer, draws: Draws
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the verdicts are worth and would cost, abstention, schemes and the rules in use; and figures by name."""
    bundle = scorer.bundle
    headline = headline_rows(scored)
    told = Sample(headline.filter(pl.col("probability").is_not_null()), **draws)
    prevalence = float(scored["declared_prevalence"].first() or bundle.prevalence)  # type: ignore[arg-type]
    decisions = Decisions(Sample(headline, **draws), prevalence, bundle.settings["least_named_evidence"])
    heads = Heads(scorer.scheme_prevalences(prevalence), bundle.settings["suspected_scheme_above"])
    found = {
        "decisions": {
            "prevalence": prevalence,
            **decisions.worth(decisions.verdicts(bundle.thresholds)),
            "with_small_doses": _with_small_doses(Sample(scored, **draws)),
        },
        "costs": _other_choices(decisions, bundle),
        "risk_coverage": risk_coverage(decisions),
        "insufficient_because": insufficiency(headline.filter(pl.col("verdict") == "insufficient_data")),
        "schemes": {
            "confusion": scheme_confusion(decisions.sample, heads),
            "heads": head_table(decisions.sample, heads),
        },
        "rules": rule_systems(told, told.frame["probability"].to_numpy()),
    }
    found = rounded(found)
    if not decisions.inauthentic.any() or decisions.inauthentic.all() or not decisions.told.any():
        return found, {}
    labels = headline["is_inauthentic"].to_numpy()
    pictures = {
        "reject_cuts": figures.reject_cuts(found["costs"]["frontier"], bundle.thresholds, labels, split=split),
        "risk_coverage": figures.risk_coverage(found["risk_coverage"], labels, prevalence=prevalence, split=split),
    }
    return found, pictures


def _with_small_doses(everyone: Sample) -> dict[str, Any]:
    """Rejects among all accounts: one that bought less than 10 % is genuine by the label, and rejecting it wrong."""
    rejected, inauthentic = everyone.where(pl.col("verdict") == "reject"), everyone.where(pl.col("is_inauthentic"))
    small = ~inauthentic & everyone.where(pl.col("scheme").is_not_null())
    return {
        "small_doses": int(small.sum()),
        "small_doses_rejected": everyone.share(rejected, small),
        "rejects": int(rejected.sum()),
        "rejects_right": everyone.share(inauthentic, rejected),
    }


def _intervals(scored: pl.DataFrame, share: str, split: str) -> Any:
    ordered = scored.sort("account_id")
    truth = 1.0 - bought_share(ordered, SHARES[share].label)
    known = ~np.isnan(truth)
    lower, upper = (
        ordered[f"authentic_{share}_share_{end}"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        for end in ("lower", "upper")
    )
    return figures.share_intervals(truth[known], lower[known], upper[known], share=share, split=split)


def _other_choices(decisions: Decisions, bundle: Bundle) -> dict[str, Any]:
    thresholds, costs = bundle.thresholds, bundle.costs
    return {
        "by_cost": cost_table(decisions, costs, thresholds.reject_above_evidence),
        "by_cap": cap_table(decisions, costs, dict(bundle.evidence_cuts), thresholds.reject_above_evidence),
        "frontier": frontier(decisions),
    }


def rounded(value: Any) -> Any:
    """The same with every float rounded to `DECIMALS`."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, DECIMALS) if isinstance(value, float) else value


def _at_own_prevalence(told: pl.DataFrame, column: str, share: float) -> Any:
    probability = told[column].cast(pl.Float64).to_numpy()
    if not 0.0 < share < 1.0 or not probability.size:
        return probability
    return expit(logit(probability) + logit(share) - logit(told["declared_prevalence"].to_numpy()))


def _thinned(**columns: Any) -> list[dict[str, float]]:
    length = len(next(iter(columns.values())))
    chosen = np.unique(np.linspace(0, length - 1, min(CURVE_POINTS, length)).astype(int))
    return [{name: round(float(values[index]), 6) for name, values in columns.items()} for index in chosen]
