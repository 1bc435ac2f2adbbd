"""Whether a stated probability is one: pooled, in bins, cohort by cohort, and within any part of the accounts.

The expected calibration error of few accounts is mostly noise, which it counts as miscalibration: beside every one
stands its noise floor, what a perfectly calibrated model would get on the same accounts. Single cohorts are too small
for it; they are judged by their mean probability against their share inauthentic, with the binomial noise taken out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.evaluation.comparison import recentred
from models.evaluation.metrics import CALIBRATION_BINS, BoolArray, FloatArray, Ranked, bins_of, number
from models.evaluation.resampling import NOTHING, Interval, Sample, percentiles

NORMAL_MEAN_ABSOLUTE = float(np.sqrt(2.0 / np.pi))
"""Mean absolute value of a standard normal variable."""

NORMAL_90 = 1.6449
"""One in ten standard normal values lies further from 0."""

SMALLEST_VARIANCE = 1e-12
"""Stands for none where every probability of a cohort is 0 or 1, so that a precision stays a number."""

COHORT_QUANTILES = (0.1, 0.5, 0.9)
"""Of the differences of single cohorts."""


def noise_floor(probability: FloatArray) -> float | None:
    """Expected calibration error that a perfectly calibrated model gets on so many accounts; None without any.

    Within a bin the sum of label less probability has variance sum p (1 - p) and is close to normal, so its mean
    absolute value is sqrt(2 / pi) times its standard deviation.
    """
    if probability.size == 0:
        return None
    variance = np.bincount(bins_of(probability), weights=probability * (1.0 - probability))
    return float(NORMAL_MEAN_ABSOLUTE * np.sqrt(variance).sum() / probability.size)


def calibration_error(
    sample: Sample, labels: BoolArray, probability: FloatArray, among: BoolArray
) -> dict[str, float | None]:
    """Expected calibration error of some accounts: `value`, `lower`, `upper`, `noise_floor`.

    `labels` and `probability` hold one value an account of the sample; those of `among` are judged.
    """
    _, found = ranking_and_calibration(sample, labels, probability, among)
    return {**found, "noise_floor": noise_floor(probability[among])}


def ranking_and_calibration(
    sample: Sample, labels: BoolArray, probability: FloatArray, among: BoolArray
) -> tuple[Interval, Interval]:
    """AUC and expected calibration error of some accounts, from the same draws."""
    if not among.any():
        return dict(NOTHING), dict(NOTHING)
    ranked = Ranked(labels[among], probability[among])
    once = np.ones((1, int(among.sum())), dtype=np.uint16)
    area, error = float(ranked.areas(once)[0]), float(ranked.calibration_errors(once)[0])
    chunks = [sample.weights(among, rows) for rows in sample.chunks()]
    lower, upper = percentiles(np.concatenate([ranked.areas(each) for each in chunks]), sample.confidence)
    errors = np.concatenate([ranked.calibration_errors(each) for each in chunks])
    low, high = recentred(error, errors, sample.confidence)
    return (
        {"value": number(area), "lower": number(lower), "upper": number(upper)},
        {"value": number(error), "lower": number(low), "upper": number(high)},
    )


def calibration_under_mixes(sample: Sample, labels: BoolArray, probability: FloatArray) -> list[dict[str, Any]]:
    """Calibration if one scheme were all that is done: a report, since no curve can hold for every mix.

    Inauthentic accounts with that scheme alone weigh as much together as all inauthentic accounts do, so that the
    share inauthentic stays; the others are left away. The sample holds `scheme`.

    Returns:
        Rows of `scheme`, `accounts` with it alone, `calibration` (expected calibration error: value, lower, upper) and
        `difference` (share inauthentic less mean probability: above 0 where the scheme is underestimated).
    """
    everyone = np.ones(labels.size, dtype=bool)
    alone = sample.where(pl.col("is_inauthentic") & ~pl.col("scheme").str.contains("+", literal=True))
    rows = []
    for scheme in sample.frame.filter(alone)["scheme"].unique().sort():
        members = alone & sample.where(pl.col("scheme") == scheme)
        weight = np.where(labels, members * (labels.sum() / members.sum()), 1.0)
        ranked = Ranked(labels, probability)
        value = float(ranked.calibration_errors(weight[None, :])[0])
        draws = [ranked.calibration_errors(sample.weights(everyone, each) * weight) for each in sample.chunks()]
        lower, upper = recentred(value, np.concatenate(draws), sample.confidence)
        rows.append(
            {
                "scheme": scheme,
                "accounts": int(members.sum()),
                "calibration": {"value": number(value), "lower": number(lower), "upper": number(upper)},
                "difference": sample.ratio(weight * (labels - probability), weight),
            }
        )
    return rows


def reliability_bins(
    sample: Sample, labels: BoolArray, probability: FloatArray, *, bins: int = CALIBRATION_BINS
) -> list[dict[str, Any]]:
    """Equal-mass bins of probability: accounts, mean probability, share inauthentic and its interval.

    Equal probabilities stay in one bin, so there may be fewer bins than asked for; empty input gives none.
    """
    bin_of = bins_of(probability, bins)
    rows = []
    for each in np.unique(bin_of):
        chosen = bin_of == each
        share = sample.share(labels, chosen)
        rows.append(
            {
                "accounts": int(chosen.sum()),
                "mean_probability": float(probability[chosen].mean()),
                "inauthentic_share": share["value"],
                "lower": share["lower"],
                "upper": share["upper"],
            }
        )
    return rows


def cohort_calibration(sample: Sample, labels: BoolArray, probability: FloatArray) -> dict[str, Any] | None:
    """Calibration in the large of each cohort, share inauthentic less mean probability; None without cohorts, classes.

    Returns:
        `cohorts`; `mean_absolute_difference` and `of_it_noise`, what perfect probabilities would get in cohorts of
        these sizes; `beyond_90`, the share of cohorts further off than nine in ten would be by chance (0.1 expected);
        `spread`, the standard deviation of the true differences over cohorts with the binomial noise taken out (moment
        estimate; value, lower, upper); `prevalence_spread`, the same of the cohorts' shares inauthentic, which is what
        a model without any feature would miss by; and the 10th, 50th and 90th percentile of the differences.
    """
    if sample.unit != "cohorts" or labels.all() or not labels.any():
        return None
    count = _sum_by_unit(sample, np.ones(labels.size))
    share, expected = _sum_by_unit(sample, labels) / count, _sum_by_unit(sample, probability) / count
    variance = _sum_by_unit(sample, probability * (1.0 - probability)) / count**2
    overall = float(labels.mean())
    quantiles = np.quantile(share - expected, COHORT_QUANTILES)
    return {
        "cohorts": int(count.size),
        "mean_absolute_difference": float(np.abs(share - expected).mean()),
        "of_it_noise": float(NORMAL_MEAN_ABSOLUTE * np.sqrt(variance).mean()),
        "beyond_90": float((np.abs(share - expected) > NORMAL_90 * np.sqrt(variance)).mean()),
        "spread": _spread(sample, share - expected, variance),
        "prevalence_spread": _spread(sample, share - overall, overall * (1.0 - overall) / count),
        **{f"difference_{round(100 * at)}th": float(q) for at, q in zip(COHORT_QUANTILES, quantiles, strict=True)},
    }


def _sum_by_unit(sample: Sample, values: NDArray[Any]) -> FloatArray:
    return np.bincount(sample.members, weights=values.astype(float)).astype(np.float64)


def _spread(sample: Sample, difference: FloatArray, variance: FloatArray) -> Interval:
    """Standard deviation of true differences: squared z less one, over the precisions (DerSimonian and Laird)."""
    variance = np.maximum(variance, SMALLEST_VARIANCE)
    surplus, precision = difference**2 / variance - 1.0, 1.0 / variance

    def of(weights: NDArray[Any]) -> FloatArray:
        spread: FloatArray = np.sqrt(np.maximum(weights @ surplus, 0.0) / (weights @ precision))
        return spread

    lower, upper = percentiles(of(sample.draws), sample.confidence)
    return {"value": float(of(np.ones((1, len(surplus))))[0]), "lower": number(lower), "upper": number(upper)}
