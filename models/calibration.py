"""From a raw score to a probability: strictly increasing, and honest about knowing nothing.

An account of which nothing is observed must come out at the declared prevalence. So the curve is anchored: the raw
score of the all-null account maps to the prevalence of the calibration accounts, and the curve is piecewise linear
in log-odds on either side of it, with slopes that are fitted and never zero. A plateau, as isotonic regression
makes, would tie accounts that the model tells apart; a clip would hide how sure it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

FloatArray = NDArray[np.float64]

SMALLEST_SLOPE = 0.02
"""Lower bound of a slope: keeps the curve strictly increasing where the calibration accounts would flatten it."""

RIDGE = 10.0
"""Pull of each slope towards 1 (the raw score taken at its word), in units of calibration accounts' log-loss. It
decides where a segment holds few accounts, which is where a free slope would be noise. Chosen with the knots, by
log-loss on held-out calibration cohorts (docs/experiments.md); 2 and 30 are worse by less than 0.0002."""

KNOT_QUANTILES = (0.2, 0.4, 0.6, 0.8, 0.95)
"""Knots on each side of the anchor, at these quantiles of the side's distances: through the mass, then the tail."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted curve.

    Attributes:
        anchor: raw score of the account with nothing observed.
        prevalence: share of inauthentic accounts among those the curve was fitted on, 0 to 1 exclusive.
        knots_above, knots_below: distances from the anchor at which the slope changes, rising.
        slopes_above, slopes_below: one more slope than knots, each positive.
    """

    anchor: float
    prevalence: float
    knots_above: tuple[float, ...]
    slopes_above: tuple[float, ...]
    knots_below: tuple[float, ...]
    slopes_below: tuple[float, ...]

    def log_likelihood_ratio(self, raw: FloatArray) -> FloatArray:
        """Evidence of the raw scores in natural log-odds: 0 for nothing observed, the same at any prevalence."""
        distance = np.asarray(raw, dtype=np.float64) - self.anchor
        above = _weighted(_segments(np.maximum(distance, 0.0), self.knots_above), self.slopes_above)
        below = _weighted(_segments(np.maximum(-distance, 0.0), self.knots_below), self.slopes_below)
        return above - below

    def probability(self, raw: FloatArray, prevalence: float) -> FloatArray:
        """Probability at the given prevalence: logit p = logit p0 + logit prevalence - logit prevalence0."""
        probability: FloatArray = expit(self.log_likelihood_ratio(raw) + logit(prevalence))
        return probability


def fit_calibration(
    raw: FloatArray, labels: NDArray[np.bool_], anchor: float, weights: FloatArray | None = None
) -> Calibration:
    """Fit the anchored curve by maximum likelihood on accounts that training never saw.

    `weights` says how much each account counts, in the likelihood and in the prevalence; None: 1.

    Raises:
        ValueError: the labels are all one class, so that there is no prevalence to anchor at.
    """
    weight = np.ones(len(labels)) if weights is None else weights
    prevalence = float(np.average(labels, weights=weight)) if weight.size else 0.0
    if not 0.0 < prevalence < 1.0:
        raise ValueError("calibration needs genuine and inauthentic accounts; found only one of the two.")
    from scipy.optimize import minimize  # scoring never fits and need not wait for it

    distance = np.asarray(raw, dtype=np.float64) - anchor
    knots_above, knots_below = _knots(distance[distance > 0]), _knots(-distance[distance < 0])
    design = np.hstack(
        [_segments(np.maximum(distance, 0.0), knots_above), -_segments(np.maximum(-distance, 0.0), knots_below)]
    )
    offset = float(logit(prevalence))
    sign = np.where(labels, 1.0, -1.0)

    def loss(slopes: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (design @ slopes + offset)
        value = (weight * np.logaddexp(0.0, -margin)).sum() + 0.5 * RIDGE * ((slopes - 1.0) ** 2).sum()
        gradient = -(design.T @ (weight * sign * expit(-margin))) + RIDGE * (slopes - 1.0)
        return float(value), gradient

    start = np.ones(design.shape[1])
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(SMALLEST_SLOPE, None)] * len(start))
    slopes = tuple(float(slope) for slope in fitted.x)
    split = len(knots_above) + 1
    return Calibration(anchor, prevalence, knots_above, slopes[:split], knots_below, slopes[split:])


def cohort_spread(probability: FloatArray, labels: NDArray[np.bool_], cohorts: NDArray[np.str_]) -> float:
    """How far cohorts lie off their probabilities: a standard deviation in log-odds, chance taken off.

    Cohorts differ in their rules and in how many of their accounts cheat; a batch is one cohort. Each cohort's offset
    is one Newton step from its probabilities, `sum(label - p) / sum(p (1 - p))`, whose chance has the variance
    `1 / sum(p (1 - p))`; what the offsets vary beyond that is the spread (DerSimonian and Laird, by moments).

    Args:
        probability: calibrated, at the prevalence that the curve was fitted at, above 0 and below 1.
        labels: whether each account is inauthentic.
        cohorts: each account's cohort.

    Returns:
        0 where chance alone explains the differences, and for no account.
    """
    _, member = np.unique(cohorts, return_inverse=True)
    information = np.bincount(member, weights=probability * (1.0 - probability))
    beyond = np.bincount(member, weights=labels - probability)
    if information.sum() <= 0.0:
        return 0.0
    surplus = (beyond**2 / information - 1.0).sum()
    return float(np.sqrt(max(surplus, 0.0) / information.sum()))


def _knots(distances: FloatArray) -> tuple[float, ...]:
    if distances.size == 0:
        return ()
    knots = np.unique(np.quantile(distances, KNOT_QUANTILES))
    return tuple(float(knot) for knot in knots[knots > 0])


def _weighted(segments: FloatArray, slopes: tuple[float, ...]) -> FloatArray:
    """Sum over the segments of length times slope; shape (n,).

    Added column by column: a matrix product rounds a row differently with the number of rows beside it, and an
    account scored alone must get the bits that it gets in a batch.
    """
    total: FloatArray = np.zeros(len(segments))
    for column, slope in zip(segments.T, slopes, strict=True):
        total = total + column * slope
    return total


def _segments(distance: FloatArray, knots: tuple[float, ...]) -> FloatArray:
    """How much of each distance falls into each segment between knots; shape (n, knots + 1)."""
    edges = np.array([0.0, *knots, np.inf])
    inside: FloatArray = np.clip(distance[:, None] - edges[:-1], 0.0, np.diff(edges))
    return inside
