"""Small draws that several modules of the simulation share."""

from __future__ import annotations

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
    values = np.log(table) if logarithmic else np.asarray(table, dtype=np.float64)
    lowest = values[0] - (values[1] - values[0]) * 0.5
    highest = values[-1] + (values[-1] - values[-2]) * 0.5
    if not logarithmic:
        lowest = max(lowest, 0.0)
    drawn = np.interp(rng.random(), (0.0, *LEVELS, 1.0), (lowest, *values, highest))
    return float(np.exp(drawn)) if logarithmic else float(drawn)


def weighted_choice(weights: dict[str, float], rng: np.random.Generator) -> str:
    """One key, with chances in proportion to its weight."""
    names = list(weights)
    edges = np.cumsum([weights[name] for name in names])
    return names[int(np.searchsorted(edges, rng.random() * edges[-1], side="right"))]


def overdispersed(mean: Floats, size: float, rng: np.random.Generator) -> Integers:
    """Negative binomial counts with the given means and size (variance: mean + mean squared / size)."""
    return rng.poisson(rng.gamma(size, np.maximum(mean, 0.0) / size)).astype(np.int64)


def random_identifiers(count: int, rng: np.random.Generator, digits: int = 12) -> list[str]:
    """Random hexadecimal identifiers. They carry no order and no hint of what they name."""
    text = rng.bytes(count * digits // 2).hex()
    return [text[start : start + digits] for start in range(0, count * digits, digits)]
