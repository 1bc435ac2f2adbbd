"""Every metric of several models on the same accounts, with intervals, and their paired differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.evaluation.metrics import METRICS, BoolArray, FloatArray, Ranked, checked, number
from models.evaluation.resampling import draws_of, percentiles, resampled_units


def evaluate_models(
    labels: BoolArray,
    predictions: Mapping[str, FloatArray],
    cohorts: NDArray[Any],
    *,
    replicates: int,
    confidence: float,
    seed: int,
) -> dict[str, Any]:
    """Every metric of every model with a percentile bootstrap interval, and the first model less each other one.

    Cohorts are drawn whole, with replacement, the same draw for all models, so that differences are paired. With
    fewer than two cohorts, or where every account is a cohort of its own, accounts are drawn. A replicate without
    one of the classes is left out of the metrics that need both. An account for which any model gives NaN is left
    out for all of them, and counted.

    Args:
        labels: true for inauthentic.
        predictions: model name to probability per account, the main model first.
        cohorts: cohort of each account; rows are expected in a fixed order (sorted by account).
        replicates: number of bootstrap draws.
        confidence: coverage of the intervals, 0-1.
        seed: of the draws; the same seed gives the same intervals.

    Returns:
        `accounts`, `inauthentic`, `cohorts`, `left_out`, `interval` (what was drawn), `confidence`, `replicates`,
        `models` (model to metric to {value, lower, upper}) and `differences` (other model to the same, main - other).

    Raises:
        ValueError: no model, arrays of different length, or a value that is not a probability.
    """
    if not predictions:
        raise ValueError("evaluation needs the predictions of at least one model.")
    if len(cohorts) != len(labels):
        raise ValueError(f"cohorts ({len(cohorts)}) and labels ({len(labels)}) must be of one length.")
    scored = np.all([np.isfinite(probability) for probability in predictions.values()], axis=0)
    ranked = {
        name: Ranked(*checked(np.asarray(labels)[scored], probability[scored]))
        for name, probability in predictions.items()
    }
    kept = int(scored.sum())
    members, drawn = resampled_units(np.asarray(cohorts)[scored])
    ones = np.ones(kept)
    values = {name: _or_undefined(model, ones) for name, model in ranked.items()}
    draws = {name: np.full((replicates, len(METRICS)), np.nan) for name in ranked}
    for replicate, drawn_units in enumerate(draws_of(int(members.max()) + 1 if kept else 0, replicates, seed)):
        weights = drawn_units[members].astype(float)
        for name, model in ranked.items():
            draws[name][replicate] = model.metrics(weights)
    main, *others = ranked
    return {
        "accounts": kept,
        "inauthentic": int(np.asarray(labels, dtype=bool)[scored].sum()),
        "cohorts": len(np.unique(np.asarray(cohorts)[scored])),
        "left_out": int((~scored).sum()),
        "interval": f"bootstrap over {drawn}",
        "confidence": confidence,
        "replicates": replicates,
        "models": {name: _with_intervals(values[name], draws[name], confidence) for name in ranked},
        "differences": {
            name: _with_intervals(values[main] - values[name], draws[main] - draws[name], confidence, lowest=-np.inf)
            for name in others
        },
    }


def _or_undefined(model: Ranked, weights: FloatArray) -> FloatArray:
    return model.metrics(weights) if weights.size else np.full(len(METRICS), np.nan)


def _with_intervals(
    values: FloatArray, draws: FloatArray, confidence: float, lowest: float = 0.0
) -> dict[str, dict[str, float | None]]:
    result = {}
    for column, name in enumerate(METRICS):
        lower, upper = percentiles(draws[:, column], confidence)
        if name == "expected_calibration_error":
            lower, upper = recentred(values[column], draws[:, column], confidence, lowest)
        result[name] = {"value": number(values[column]), "lower": number(lower), "upper": number(upper)}
    return result


def recentred(value: float, draws: FloatArray, confidence: float, lowest: float = 0.0) -> tuple[float, float]:
    """Interval of a calibration error: resampling adds noise that it counts, so its draws lie too high as a whole.

    `lowest` is what it cannot fall below: 0 for an error, minus infinity for the difference of two.
    """
    lower, upper = percentiles(draws, confidence)
    if np.isnan(lower):
        return lower, upper
    excess = float(np.nanmean(draws)) - value
    return max(lower - excess, lowest), upper - excess
