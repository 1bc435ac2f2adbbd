"""Is an account like anything the model was trained on? If not, the honest verdict is that we cannot tell.

A tree ensemble answers far outside its data as confidently as inside. So each feature's trained range is kept in
the bundle, and the account's strangeness is how far it lies outside, summed over what is observed of it. A sum and
not a mean: a mean of few features strays further by itself, so that an account with one table would be called strange
more often than the same account with all of them, and hiding a table must never cost an honest creator the verdict.

A value beyond the range on the side that a feature declares suspicious is not strange: the classifier is held to that
direction, so more of the same is at least as suspicious. Otherwise the crudest purchases would be abstained from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

INNER_QUANTILES = (0.005, 0.995)
"""The trained range: all but one account in a hundred, so that a few freaks do not stretch it."""

UNBOUNDED = 1e300
"""Stands for no bound: JSON has no infinity."""

SMALLEST_WIDTH = 1e-12
"""Width of a range that has none, so that an excess stays a number."""

LARGEST_EXCESS = 0.5
"""An excess, in trained ranges, beyond which further does not count: one absurd value is not many odd ones."""


@dataclass(frozen=True, slots=True)
class Applicability:
    """Trained ranges per feature, in feature order, and the strangeness above which no verdict is given.

    `width` is the trained range's; `low` or `high` is unbounded where a value beyond is evidence and not strange.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    width: tuple[float, ...]
    limit: float

    def strangeness(self, values: FloatArray) -> FloatArray:
        """Sum of the excesses over the trained ranges, in ranges; a feature that is not observed adds 0."""
        low, high = np.array(self.low), np.array(self.high)
        excess = np.maximum(np.maximum(low - values, values - high), 0.0) / np.array(self.width)
        excess = np.where(np.isnan(values), 0.0, np.minimum(excess, LARGEST_EXCESS))
        result: FloatArray = excess.sum(axis=1)
        return result

    def is_strange(self, values: FloatArray) -> NDArray[np.bool_]:
        """Accounts beyond the limit."""
        beyond: NDArray[np.bool_] = self.strangeness(values) > self.limit
        return beyond

    def outside(self, values: FloatArray) -> NDArray[np.bool_]:
        """Which values lie outside their trained range; shape of `values`, False where not observed."""
        out: NDArray[np.bool_] = (values < np.array(self.low)) | (values > np.array(self.high))
        return out


def fit_applicability(
    training: FloatArray, held_out: FloatArray, abstain_share: float, directions: Sequence[int]
) -> Applicability:
    """Ranges from the training accounts; the limit is what at most `abstain_share` of held-out accounts exceed.

    `directions` are the features' monotone ones: 1 leaves the range open above, -1 below. A feature that no training
    account shows gets an unbounded range: nothing can be said about it.
    """
    low, high, width = [], [], []
    for column, direction in zip(training.T, directions, strict=True):
        seen = column[~np.isnan(column)]
        first, last = np.quantile(seen, INNER_QUANTILES) if seen.size else (-UNBOUNDED, UNBOUNDED)
        if first == last:  # a rare signal: without a width, its rare values would count as infinitely far
            first, last = seen.min(), seen.max()
        width.append(max(float(last - first), SMALLEST_WIDTH))
        low.append(-UNBOUNDED if direction < 0 else float(first))
        high.append(UNBOUNDED if direction > 0 else float(last))
    ranges = Applicability(tuple(low), tuple(high), tuple(width), UNBOUNDED)
    limit = float(np.quantile(ranges.strangeness(held_out), 1.0 - abstain_share, method="higher"))
    return Applicability(ranges.low, ranges.high, ranges.width, limit)
