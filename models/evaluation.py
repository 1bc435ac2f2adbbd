"""What a model is worth: metrics with intervals, paired comparisons with baselines, and tables by segment.

Every number comes with an interval. Accounts of one cohort share sellers, pods and commenters, so the bootstrap draws
whole cohorts; shares of a table get exact (Clopper-Pearson) intervals. All arrays are one value an account; a
probability lies in 0-1, a label is true for inauthentic. A metric is None where a class it needs is absent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import beta

from models.thresholds import VERDICTS

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

CALIBRATION_BINS = 15
"""Equal-mass bins of the expected calibration error."""

DOSE_EDGES = (0.03, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Edges of the dose-response table; the label's own border, 0.1, is one of them."""

SIZE_TIERS = (1_000, 10_000, 50_000, 100_000, 500_000)
"""Follower counts between tiers, as in the tables of engagement by size."""

SIZE_NAMES = ("under 1k", "1k-10k", "10k-50k", "50k-100k", "100k-500k", "500k and more")

METRICS = (
    "auc",
    "average_precision",
    "recall_at_1_percent_false_positives",
    "recall_at_5_percent_false_positives",
    "brier",
    "expected_calibration_error",
)
"""Names of the metrics of `evaluate_models`, in reporting order. The last two are better when lower."""


# --- metrics ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of one model on one set of accounts; None where a class is absent."""

    auc: float | None
    average_precision: float | None
    recall_at_1_percent_false_positives: float | None
    recall_at_5_percent_false_positives: float | None
    brier: float | None
    expected_calibration_error: float | None


class _Ranked:
    """One model's predictions, sorted once, so that each bootstrap replicate is a few sums over weights.

    Accounts with equal probability form one group: none of the metrics may depend on the order within it.
    """

    def __init__(self, labels: BoolArray, probability: FloatArray) -> None:
        self.order = np.lexsort((labels, probability))
        self.labels = labels[self.order].astype(float)
        self.probability = probability[self.order]
        self.squared_error = (self.probability - self.labels) ** 2
        starts = np.flatnonzero(np.diff(self.probability, prepend=np.nan) != 0)
        self.starts = starts.astype(np.intp)

    def metrics(self, weights: FloatArray) -> FloatArray:
        """The metrics in the order of `METRICS` with each account counted `weights` times; NaN where undefined."""
        weight = weights[self.order]
        total = weight.sum()
        if total == 0:
            return np.full(len(METRICS), np.nan)
        positives = np.add.reduceat(weight * self.labels, self.starts)
        mass = np.add.reduceat(weight, self.starts)
        negatives = mass - positives
        brier = float(weight @ self.squared_error) / total
        calibration = self._calibration_error(weight, mass, positives, total)
        if positives.sum() == 0 or negatives.sum() == 0:
            return np.array([np.nan, np.nan, np.nan, np.nan, brier, calibration])
        return np.array(
            [
                _auc(positives, negatives),
                _average_precision(positives, negatives),
                _recall_at(positives, negatives, 0.01),
                _recall_at(positives, negatives, 0.05),
                brier,
                calibration,
            ]
        )

    def _calibration_error(self, weight: FloatArray, mass: FloatArray, positives: FloatArray, total: float) -> float:
        middle = np.cumsum(mass) - mass / 2
        bins = np.minimum((CALIBRATION_BINS * middle / total).astype(np.intp), CALIBRATION_BINS - 1)
        predicted = np.add.reduceat(weight * self.probability, self.starts)
        return float(np.abs(np.bincount(bins, weights=positives - predicted)).sum() / total)


def _auc(positives: FloatArray, negatives: FloatArray) -> float:
    below = np.cumsum(negatives) - negatives
    return float(positives @ (below + negatives / 2) / (positives.sum() * negatives.sum()))


def _average_precision(positives: FloatArray, negatives: FloatArray) -> float:
    found, refused = np.cumsum(positives[::-1]), np.cumsum(negatives[::-1])
    flagged = found + refused
    precision = np.divide(found, flagged, out=np.zeros_like(found), where=flagged > 0)
    return float(positives[::-1] @ precision / found[-1])


def _recall_at(positives: FloatArray, negatives: FloatArray, false_positive_share: float) -> float:
    refused = np.cumsum(negatives[::-1])
    # The tiny addend undoes the float error of share times count (0.05 * 20 must allow one account).
    allowed = refused <= false_positive_share * refused[-1] + 1e-9
    return float(positives[::-1][allowed].sum() / positives.sum())


def _checked(labels: BoolArray, probability: FloatArray) -> tuple[BoolArray, FloatArray]:
    labels, probability = np.asarray(labels, dtype=bool), np.asarray(probability, dtype=float)
    if labels.shape != probability.shape or labels.ndim != 1:
        raise ValueError(f"labels {labels.shape} and probabilities {probability.shape} must be of one length.")
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("probabilities must lie in 0 to 1 and be given for every account.")
    return labels, probability


def metrics(labels: BoolArray, probability: FloatArray) -> Metrics:
    """All metrics at once, without intervals.

    Raises:
        ValueError: arrays of different length, or a value that is not a probability.
    """
    labels, probability = _checked(labels, probability)
    if labels.size == 0:
        return Metrics(*[None] * len(METRICS))
    values = _Ranked(labels, probability).metrics(np.ones(labels.size))
    return Metrics(*(_number(value) for value in values))


def auc(labels: BoolArray, probability: FloatArray) -> float | None:
    """Chance that an inauthentic account gets a higher probability than a genuine one, ties counting half."""
    return metrics(labels, probability).auc


def average_precision(labels: BoolArray, probability: FloatArray) -> float | None:
    """Precision averaged over the recall gained at each distinct probability, highest first."""
    return metrics(labels, probability).average_precision


def recall_at_fpr(labels: BoolArray, probability: FloatArray, false_positive_share: float) -> float | None:
    """Share of inauthentic accounts found when at most `false_positive_share` (0-1) of genuine ones are flagged.

    The threshold lies between distinct probabilities and its tie is flagged whole or not at all, so the share is
    never exceeded: with fewer genuine accounts than 1 / share, none of them may be flagged.
    """
    labels, probability = _checked(labels, probability)
    if labels.all() or not labels.any():
        return None
    ranked = _Ranked(labels, probability)
    positives = np.add.reduceat(ranked.labels, ranked.starts)
    negatives = np.add.reduceat(1.0 - ranked.labels, ranked.starts)
    return _recall_at(positives, negatives, false_positive_share)


def brier(labels: BoolArray, probability: FloatArray) -> float | None:
    """Mean squared difference between probability and label, 0-1, lower is better."""
    return metrics(labels, probability).brier


def expected_calibration_error(labels: BoolArray, probability: FloatArray) -> float | None:
    """Mean absolute difference, over equal-mass bins, between mean probability and share inauthentic; 0-1.

    Equal probabilities stay in one bin. A perfectly calibrated model still gets about sqrt(bins / accounts) / 3.
    """
    return metrics(labels, probability).expected_calibration_error


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


# --- intervals and comparisons ----------------------------------------------------------------------------------------


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
        name: _Ranked(*_checked(np.asarray(labels)[scored], probability[scored]))
        for name, probability in predictions.items()
    }
    kept = int(scored.sum())
    members, drawn = _resampled_units(np.asarray(cohorts)[scored])
    ones = np.ones(kept)
    values = {name: _or_undefined(model, ones) for name, model in ranked.items()}
    draws = {name: np.full((replicates, len(METRICS)), np.nan) for name in ranked}
    generator = np.random.default_rng(seed)
    units = int(members.max()) + 1 if kept else 0
    for replicate in range(replicates if kept else 0):
        weights = np.bincount(generator.integers(0, units, units), minlength=units)[members].astype(float)
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
            name: _with_intervals(values[main] - values[name], draws[main] - draws[name], confidence) for name in others
        },
    }


def _or_undefined(model: _Ranked, weights: FloatArray) -> FloatArray:
    return model.metrics(weights) if weights.size else np.full(len(METRICS), np.nan)


def _resampled_units(cohorts: NDArray[Any]) -> tuple[NDArray[np.intp], str]:
    """The number of the unit each account belongs to, and what the units are."""
    names, members = np.unique(cohorts, return_inverse=True)
    if 2 <= len(names) < len(cohorts):  # noqa: PLR2004 -- one cohort cannot be resampled
        return members.astype(np.intp), "cohorts"
    return np.arange(len(cohorts), dtype=np.intp), "accounts"


def _with_intervals(values: FloatArray, draws: FloatArray, confidence: float) -> dict[str, dict[str, float | None]]:
    tail = (1 - confidence) / 2
    result = {}
    for column, name in enumerate(METRICS):
        defined = draws[:, column][~np.isnan(draws[:, column])]
        lower, upper = np.quantile(defined, [tail, 1 - tail]) if defined.size else (np.nan, np.nan)
        if name == "expected_calibration_error" and defined.size:
            # Resampling adds noise that this error counts as miscalibration: its draws lie too high as a whole.
            excess = defined.mean() - values[column]
            lower, upper = max(lower - excess, min(values[column], 0.0)), upper - excess
        result[name] = {"value": _number(values[column]), "lower": _number(lower), "upper": _number(upper)}
    return result


def clopper_pearson(count: int, total: int, confidence: float = 0.95) -> tuple[float | None, float | None]:
    """Exact interval of a share of `count` in `total`; (None, None) for a total of 0."""
    if total == 0:
        return None, None
    tail = (1 - confidence) / 2
    lower = 0.0 if count == 0 else float(beta.ppf(tail, count, total - count + 1))
    upper = 1.0 if count == total else float(beta.ppf(1 - tail, count + 1, total - count))
    return lower, upper


# --- curves -----------------------------------------------------------------------------------------------------------


def roc_points(labels: BoolArray, probability: FloatArray) -> tuple[FloatArray, FloatArray]:
    """False-positive and true-positive share at each distinct threshold, from (0, 0) to (1, 1).

    Raises:
        ValueError: a class is absent.
    """
    found, refused = _cumulative(labels, probability)
    return np.append(0.0, refused / refused[-1]), np.append(0.0, found / found[-1])


def precision_recall_points(labels: BoolArray, probability: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Recall and precision at each distinct threshold, by rising recall.

    Raises:
        ValueError: a class is absent.
    """
    found, refused = _cumulative(labels, probability)
    return found / found[-1], found / (found + refused)


def _cumulative(labels: BoolArray, probability: FloatArray) -> tuple[FloatArray, FloatArray]:
    labels, probability = _checked(labels, probability)
    if labels.all() or not labels.any():
        raise ValueError("a curve needs genuine and inauthentic accounts; one class is absent.")
    ranked = _Ranked(labels, probability)
    positives = np.add.reduceat(ranked.labels, ranked.starts)
    negatives = np.add.reduceat(1.0 - ranked.labels, ranked.starts)
    return np.cumsum(positives[::-1]), np.cumsum(negatives[::-1])


def reliability_bins(
    labels: BoolArray, probability: FloatArray, *, bins: int = CALIBRATION_BINS, confidence: float = 0.95
) -> list[dict[str, Any]]:
    """Equal-mass bins of probability: accounts, mean probability, share inauthentic and its exact interval.

    Equal probabilities stay in one bin, so there may be fewer bins than asked for; empty input gives none.
    """
    labels, probability = _checked(labels, probability)
    if labels.size == 0:
        return []
    ranked = _Ranked(labels, probability)
    sizes = np.diff(np.append(ranked.starts, labels.size))
    middle = np.cumsum(sizes) - sizes / 2
    bin_of_row = np.repeat(np.minimum((bins * middle / labels.size).astype(int), bins - 1), sizes)
    rows = []
    for number in np.unique(bin_of_row):
        chosen = bin_of_row == number
        count, total = int(ranked.labels[chosen].sum()), int(chosen.sum())
        lower, upper = clopper_pearson(count, total, confidence)
        rows.append(
            {
                "accounts": total,
                "mean_probability": float(ranked.probability[chosen].mean()),
                "inauthentic_share": count / total,
                "lower": lower,
                "upper": upper,
            }
        )
    return rows


# --- tables -----------------------------------------------------------------------------------------------------------


def headline_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of the headline figures: without doses under 10 % (a scheme is named, the label is false)."""
    return frame.filter(pl.col("is_inauthentic") | pl.col("scheme").is_null())


def size_tier(column: str = "follower_count") -> pl.Expr:
    """The account's size tier as text, null where the count is; `size_tier` is the column's name."""
    tier = pl.lit(SIZE_NAMES[-1])
    for limit, name in zip(reversed(SIZE_TIERS), reversed(SIZE_NAMES[:-1]), strict=True):
        tier = pl.when(pl.col(column) < limit).then(pl.lit(name)).otherwise(tier)
    return pl.when(pl.col(column).is_not_null()).then(tier).alias("size_tier")


def confusion(verdict: Iterable[str], label: Iterable[bool]) -> dict[str, dict[str, int]]:
    """Number of accounts by class (`genuine`, `inauthentic`) and verdict; every cell is present."""
    counted = Counter(zip(label, verdict, strict=True))
    classes = {"genuine": False, "inauthentic": True}
    return {name: {each: counted[(value, each)] for each in VERDICTS} for name, value in classes.items()}


def segment_table(frame: pl.DataFrame, by: str, *, confidence: float = 0.95) -> list[dict[str, Any]]:
    """Per value of column `by`: accounts, AUC, and each verdict's share among genuine and among inauthentic accounts.

    One row a value, sorted, the accounts without a value last under None. Keys: `segment`, `accounts`,
    `genuine_accounts`, `inauthentic_accounts`, `auc` (over accounts with a probability) and, for each class and
    verdict, `<class>_<verdict>_share`, `_lower`, `_upper`.
    """
    rows = []
    for segment, members in _parts(frame, by):
        scored = members.filter(pl.col("probability").is_not_null())
        genuine, inauthentic = (members.filter(pl.col("is_inauthentic") == value) for value in (False, True))
        row: dict[str, Any] = {
            "segment": segment,
            "accounts": members.height,
            "genuine_accounts": genuine.height,
            "inauthentic_accounts": inauthentic.height,
            "auc": auc(scored["is_inauthentic"].to_numpy(), scored["probability"].to_numpy()),
        }
        for name, part in (("genuine", genuine), ("inauthentic", inauthentic)):
            for verdict in VERDICTS:
                row |= _share(f"{name}_{verdict}", part, [verdict], confidence)
        rows.append(row)
    return rows


def story_table(frame: pl.DataFrame, *, confidence: float = 0.95) -> list[dict[str, Any]]:
    """Per benign story: genuine accounts, and the shares of them rejected, reviewed and not judged.

    Accounts without a story stand under None, last: what the stories are to be compared with.
    """
    genuine = headline_rows(frame).filter(~pl.col("is_inauthentic"))
    return [
        {
            "story": story,
            "accounts": members.height,
            **_share("reject", members, ["reject"], confidence),
            **_share("review", members, ["review"], confidence),
            **_share("insufficient_data", members, ["insufficient_data"], confidence),
        }
        for story, members in _parts(_one_row_each(genuine, "benign_story"), "benign_story")
    ]


def scheme_table(frame: pl.DataFrame, *, confidence: float = 0.95) -> list[dict[str, Any]]:
    """Per scheme: inauthentic accounts, and the shares rejected and flagged (rejected or reviewed).

    An account that mixes schemes counts for each of them; `mixed_accounts` says how many of a row do.
    """
    bought = frame.filter(pl.col("is_inauthentic")).with_columns(
        is_mixed=pl.col("scheme").str.contains("+", literal=True)
    )
    return [
        {
            "scheme": scheme,
            "accounts": members.height,
            "mixed_accounts": int(members["is_mixed"].sum()),
            **_share("reject", members, ["reject"], confidence),
            **_share("flagged", members, ["reject", "review"], confidence),
        }
        for scheme, members in _parts(_one_row_each(bought, "scheme"), "scheme")
    ]


def dose_table(frame: pl.DataFrame, *, confidence: float = 0.95) -> list[dict[str, Any]]:
    """Per scheme, and for `any`, and per dose from 3 % up: accounts, and the shares rejected and flagged.

    The dose is the larger of the two inauthentic shares; accounts with neither known are left out. A bin includes
    its lower edge; the last includes both. Doses under 10 % are the ones that the headline leaves out.
    """
    dose = pl.max_horizontal("inauthentic_follower_share", "inauthentic_engagement_share")
    bought = frame.filter(pl.col("scheme").is_not_null()).with_columns(dose=dose)
    parts = [("any", bought), *_parts(_one_row_each(bought, "scheme"), "scheme")]
    rows = []
    for scheme, members in parts:
        for low, high in pairwise(DOSE_EDGES):
            below = pl.col("dose") <= high if high == DOSE_EDGES[-1] else pl.col("dose") < high
            chosen = members.filter((pl.col("dose") >= low) & below)
            rows.append(
                {
                    "scheme": scheme,
                    "dose_from": low,
                    "dose_to": high,
                    "accounts": chosen.height,
                    **_share("reject", chosen, ["reject"], confidence),
                    **_share("flagged", chosen, ["reject", "review"], confidence),
                }
            )
    return rows


def _one_row_each(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """One row per account and name in a `+`-joined column; null stays one row."""
    return frame.with_columns(pl.col(column).str.split("+")).explode(column)


def _parts(frame: pl.DataFrame, by: str) -> list[tuple[Any, pl.DataFrame]]:
    values = frame[by].unique().sort(nulls_last=True).to_list()
    return [(value, frame.filter(pl.col(by).eq_missing(pl.lit(value)))) for value in values]


def _share(name: str, frame: pl.DataFrame, verdicts: list[str], confidence: float) -> dict[str, float | None]:
    count = int(frame["verdict"].is_in(verdicts).sum())
    lower, upper = clopper_pearson(count, frame.height, confidence)
    share = count / frame.height if frame.height else None
    return {f"{name}_share": share, f"{name}_lower": lower, f"{name}_upper": upper}
