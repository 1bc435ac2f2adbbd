"""Small draws that several modules of the simulation share."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles that FACTS gives."""


def from_quantiles(table: Sequence[float], rng: np.random.Generator, *, logarithmic: bool = False) -> float:
    """A value whose 5 / 25 / 50 / 75 / 95 % quantiles are `table`: the line through them at an even draw.

    Beyond the outer quantiles the last segment goes on with half its slope, and never changes sign.
    """
    values = [math.log(value) for value in table] if logarithmic else table
    lowest = values[0] - (values[1] - values[0]) * 0.5
    highest = values[-1] + (values[-1] - values[-2]) * 0.5
    if not logarithmic:
        lowest = max(lowest, 0.0)
    # A single value: plain arithmetic costs a fifth of numpy's interpolation, and an account draws a dozen.
    drawn = rng.random()
    above = bisect_right(LEVELS, drawn)
    left, right = (0.0, *LEVELS, 1.0)[above : above + 2]
    low, high = (lowest, *values, highest)[above : above + 2]
    value = low + (high - low) * (drawn - left) / (right - left)
    return math.exp(value) if logarithmic else float(value)


def middle(values: Floats) -> float:
    """The median, the upper one of an even number: for the short arrays of one account ten times as fast as numpy's."""
    return float(np.sort(values)[len(values) // 2])


def weighted_choice(weights: dict[str, float], rng: np.random.Generator) -> str:
    """One key, with chances in proportion to its weight."""
    left = rng.random() * sum(weights.values())
    chosen = ""
    for name, weight in weights.items():
        if weight > 0.0:
            chosen = name
            if left < weight:
                break
        left -= weight
    return chosen


def overdispersed(mean: Floats, size: float, rng: np.random.Generator) -> Integers:
    """Negative binomial counts with the given means and size (variance: mean + mean squared / size)."""
    return rng.poisson(rng.gamma(size, np.maximum(mean, 0.0) / size)).astype(np.int64)


def lopsided(spread: float, skew: float, rng: np.random.Generator) -> float:
    """A normal draw of median 0 whose sd is `spread`, times 1 + `skew` below the median and 1 - `skew` above it."""
    drawn = spread * rng.standard_normal()
    return float(drawn * (1.0 + skew if drawn < 0.0 else 1.0 - skew))


def random_identifiers(count: int, rng: np.random.Generator, digits: int = 12) -> list[str]:
    """Random hexadecimal identifiers. They carry no order and no hint of what they name."""
    text = rng.bytes(count * digits // 2).hex()
    return [text[start : start + digits] for start in range(0, count * digits, digits)]
