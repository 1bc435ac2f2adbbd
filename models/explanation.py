"""Why: the features that pushed an account towards inauthentic, in words a person can check.

A contribution alone is not a reason: it may come from a value on the harmless side, or from how features act
together. A reason is shown only where the contribution pushes towards inauthentic, the value lies on the side that
the feature declares suspicious, and most genuine accounts do not look like it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from features.definition import Feature

FloatArray = NDArray[np.float64]

ORDINARY_QUANTILES = (0.1, 0.9)
"""A value between these quantiles of genuine training accounts is ordinary, and an ordinary value is no reason: eight
in ten honest creators have one. (With the middle half, reasons said "unusual" of values that were not.)"""

SMALLEST_CONTRIBUTION = 0.05
"""Log-odds below which a push is not worth a person's time: 0.05 moves a probability of 0.5 by 0.012."""


class Reason(TypedDict):
    """One line of evidence, as it stands in the scores."""

    feature: str
    value: float
    contribution: float
    text: str


@dataclass(frozen=True, slots=True)
class OrdinaryRange:
    """Quantiles of a feature among genuine training accounts; None where none of them showed it."""

    low: float | None
    high: float | None


def ordinary_ranges(genuine_values: FloatArray, names: Sequence[str]) -> dict[str, OrdinaryRange]:
    """Each feature's ordinary range."""
    ranges = {}
    for name, column in zip(names, genuine_values.T, strict=True):
        seen = column[~np.isnan(column)]
        low, high = (float(each) for each in np.quantile(seen, ORDINARY_QUANTILES)) if seen.size else (None, None)
        ranges[name] = OrdinaryRange(low, high)
    return ranges


def suspicious_side(feature: Feature, value: float, ordinary: OrdinaryRange) -> Literal["high", "low"] | None:
    """The side on which the value is suspicious, or None: not observed, ordinary, or on the harmless side."""
    if np.isnan(value) or ordinary.low is None or ordinary.high is None:
        return None
    if value > ordinary.high and "high" in feature.reason:
        return "high"
    if value < ordinary.low and "low" in feature.reason:
        return "low"
    return None


def reasons(
    values: FloatArray,
    contributions: FloatArray,
    features: Sequence[Feature],
    ordinary: Mapping[str, OrdinaryRange],
    most: int,
) -> list[Reason]:
    """The strongest reasons of one account, at most `most`, strongest first.

    `values` and `contributions` are that account's, shape (features,), in the order of `features`.
    """
    found: list[Reason] = []
    for index in np.argsort(-contributions, kind="stable"):
        contribution = float(contributions[index])
        if contribution < SMALLEST_CONTRIBUTION or len(found) == most:
            break
        feature, value = features[index], float(values[index])
        side = suspicious_side(feature, value, ordinary[feature.name])
        if side is not None:
            text = feature.sentence(value, side) + _compared(feature, side, ordinary[feature.name])
            found.append(Reason(feature=feature.name, value=value, contribution=round(contribution, 6), text=text))
    return found


def _compared(feature: Feature, side: Literal["high", "low"], ordinary: OrdinaryRange) -> str:
    """The genuine accounts' range behind the sentence, in the sentence's own format, so that a person can compare."""
    specification = next(spec for _, name, spec, _ in Formatter().parse(feature.reason[side]) if name == "value")
    low, high = (format(bound, specification or "") for bound in (ordinary.low, ordinary.high))
    return f" (eight in ten genuine accounts: {low} to {high})"
