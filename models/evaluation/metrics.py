"""Metrics of a probability against a label, and the points of its curves, without intervals.

All arrays are one value an account; a probability lies in 0-1, a label is true for inauthentic. A metric is None where
a class it needs is absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

CALIBRATION_BINS = 15
"""Equal-mass bins of the expected calibration error."""

TINY = 1e-9
"""Undoes the float error of share times count: 0.05 * 20 must allow one account."""

METRICS = (
    "auc",
    "average_precision",
    "recall_at_1_percent_false_positives",
    "recall_at_5_percent_false_positives",
    "brier",
    "expected_calibration_error",
)
"""Names of the metrics, in reporting order. The last two are better when lower."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The metrics of one model on one set of accounts; None where a class is absent."""

    auc: float | None
    average_precision: float | None
    recall_at_1_percent_false_positives: float | None
    recall_at_5_percent_false_positives: float | None
    brier: float | None
    expected_calibration_error: float | None


class Ranked:
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

    def areas(self, weights: NDArray[Any]) -> FloatArray:
        """AUC for each row of weights at once, shape (replicates,); NaN where a class was not drawn."""
        positives, mass = self._by_probability(weights)
        negatives = mass - positives
        below = np.cumsum(negatives, axis=1) - negatives / 2
        pairs = positives.sum(axis=1) * negatives.sum(axis=1)
        above: FloatArray = (positives * below).sum(axis=1)
        area: FloatArray = np.divide(above, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)
        return area

    def calibration_errors(self, weights: NDArray[Any]) -> FloatArray:
        """Expected calibration error for each row of weights at once; NaN where nothing was drawn."""
        positives, mass = self._by_probability(weights)
        total = mass.sum(axis=1)
        middle = (np.cumsum(mass, axis=1) - mass / 2) / np.maximum(total, 1.0)[:, None]
        bins = np.minimum((CALIBRATION_BINS * middle).astype(np.intp), CALIBRATION_BINS - 1)
        bins += CALIBRATION_BINS * np.arange(len(mass))[:, None]
        off = (positives - mass * self.probability[self.starts]).ravel()
        error = np.abs(np.bincount(bins.ravel(), weights=off, minlength=CALIBRATION_BINS * len(mass)))
        by_row = error.reshape(len(mass), CALIBRATION_BINS).sum(axis=1)
        share: FloatArray = np.divide(by_row, total, out=np.full(len(total), np.nan), where=total > 0)
        return share

    def _by_probability(self, weights: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
        """Inauthentic accounts and all accounts at each distinct probability, a row a replicate."""
        weight = weights[:, self.order].astype(np.float64)
        mass: FloatArray = np.add.reduceat(weight, self.starts, axis=1)
        positives: FloatArray = np.add.reduceat(weight * self.labels, self.starts, axis=1)
        return positives, mass


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
    allowed = refused <= false_positive_share * refused[-1] + TINY
    return float(positives[::-1][allowed].sum() / positives.sum())


def checked(labels: BoolArray, probability: FloatArray) -> tuple[BoolArray, FloatArray]:
    """Both as arrays of their kind.

    Raises:
        ValueError: arrays of different length, or a value that is not a probability.
    """
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
    labels, probability = checked(labels, probability)
    if labels.size == 0:
        return Metrics(*[None] * len(METRICS))
    values = Ranked(labels, probability).metrics(np.ones(labels.size))
    return Metrics(*(number(value) for value in values))


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
    labels, probability = checked(labels, probability)
    if labels.all() or not labels.any():
        return None
    ranked = Ranked(labels, probability)
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


def number(value: float) -> float | None:
    """The value as a plain number, None for NaN."""
    return None if np.isnan(value) else float(value)


def flagged_at(labels: BoolArray, probability: FloatArray, false_positive_share: float) -> BoolArray:
    """Which accounts lie above the lowest threshold that flags at most `false_positive_share` of the genuine ones.

    The threshold lies between distinct probabilities, as in `recall_at_fpr`; without a genuine account all are flagged.
    """
    labels, probability = checked(labels, probability)
    genuine = np.sort(probability[~labels])[::-1]
    allowed = int(false_positive_share * genuine.size + TINY)
    if allowed >= genuine.size:
        return np.ones(labels.size, dtype=bool)
    above: BoolArray = probability > genuine[allowed]
    return above


def bins_of(probability: FloatArray, bins: int = CALIBRATION_BINS) -> NDArray[np.intp]:
    """The equal-mass bin of each account, 0 to `bins` - 1; equal probabilities stay in one bin."""
    order = np.argsort(probability, kind="stable")
    ordered = probability[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=np.nan) != 0)
    sizes = np.diff(np.append(starts, ordered.size))
    middle = np.cumsum(sizes) - sizes / 2
    result = np.empty(ordered.size, dtype=np.intp)
    result[order] = np.repeat(np.minimum((bins * middle / max(ordered.size, 1)).astype(np.intp), bins - 1), sizes)
    return result


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
    labels, probability = checked(labels, probability)
    if labels.all() or not labels.any():
        raise ValueError("a curve needs genuine and inauthentic accounts; one class is absent.")
    ranked = Ranked(labels, probability)
    positives = np.add.reduceat(ranked.labels, ranked.starts)
    negatives = np.add.reduceat(1.0 - ranked.labels, ranked.starts)
    return np.cumsum(positives[::-1]), np.cumsum(negatives[::-1])
