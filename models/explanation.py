"""Why: the signals that pushed an account towards inauthentic, in words a person can check.

A contribution alone is not a reason: it may come from a value on the harmless side, or from how features act
together. A feature speaks only where its contribution pushes towards inauthentic, its value lies on the side that it
declares suspicious, and most genuine accounts do not look like it. Features of one signal see one thing: the strongest
speaks for all of them, so that no thing is said twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from features.definition import Feature, Shown
from features.signals import SIGNALS

FloatArray = NDArray[np.float64]

ORDINARY_QUANTILES = (0.1, 0.9)
"""A value between these quantiles of genuine training accounts is ordinary, and an ordinary value is no reason: eight
in ten honest creators have one. (With the middle half, reasons said "unusual" of values that were not.)"""

ALSO_NAMED = 1
"""Further features of a signal that its reason names: a second look at the same thing supports it, a third repeats."""

SMALLEST_CONTRIBUTION = 0.05
"""Log-odds below which a push is not worth a person's time: 0.05 moves a probability of 0.5 by 0.012."""


class Reason(TypedDict):
    """One signal, as it stands in the scores.

    Attributes:
        feature, value: the feature of the signal that speaks, and its value.
        contribution: log-odds that the signal adds, see `_contribution`.
        text: the signal's heading, what was seen, the genuine accounts' range, and the next feature of the signal.
    """

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
    """The strongest reasons of one account, at most `most`, one per signal, strongest first.

    `values` and `contributions` are that account's, shape (features,), in the order of `features`.
    """
    members: dict[str, list[int]] = {}
    for index, feature in enumerate(features):
        members.setdefault(feature.signal, []).append(index)
    found = []
    for signal, own in members.items():
        by_strength = sorted(own, key=lambda index: -contributions[index])
        pushing = [index for index in by_strength if contributions[index] > 0]
        sentences = {
            index: sentence
            for index in pushing
            if (sentence := _sentence(features[index], float(values[index]), ordinary[features[index].name]))
        }
        contribution = _contribution(contributions, own, list(sentences))
        if contribution >= SMALLEST_CONTRIBUTION:
            loudest = next(iter(sentences))
            found.append(
                Reason(
                    feature=features[loudest].name,
                    value=float(values[loudest]),
                    contribution=round(contribution, 6),
                    text=_text(signal, list(sentences.values())),
                )
            )
    return sorted(found, key=lambda reason: -reason["contribution"])[:most]


def _contribution(contributions: FloatArray, own: Sequence[int], speaking: Sequence[int]) -> float:
    """What a signal adds, in log-odds: the sum over all its features, but no more than the speaking ones add.

    So features that found nothing take away from it, and features that cannot be shown to a person do not add to it.
    """
    return min(float(contributions[list(own)].sum()), float(contributions[list(speaking)].sum()))


def _text(signal: str, sentences: Sequence[str]) -> str:
    """What the signal's features saw, the strongest first: "Burst of new followers: ... (...). Also: ..."."""
    first, *others = sentences[: 1 + ALSO_NAMED]
    return " ".join([f"{SIGNALS[signal].heading}: {first}.", *(f"Also: {other}." for other in others)])


def _sentence(feature: Feature, value: float, ordinary: OrdinaryRange) -> str | None:
    """The feature's sentence with the genuine accounts' range in its own format, so that a person can compare.

    None where the value is not on the suspicious side.
    """
    side = suspicious_side(feature, value, ordinary)
    if side is None:
        return None
    specification = next(spec for _, name, spec, _ in Formatter().parse(feature.reason[side]) if name == "value")
    bounds = [bound for bound in (ordinary.low, ordinary.high) if bound is not None]
    low, high = (format(Shown(bound), specification or "") for bound in bounds)
    return f"{feature.sentence(value, side)} (eight in ten genuine training accounts: {low} to {high})"


class Push(TypedDict):
    """What one signal adds to an account's raw score, as it stands in the scores.

    Attributes:
        signal: a name of `features.signals.SIGNALS`.
        contribution: log-odds that all its features add together; negative where they speak for the account.
    """

    signal: str
    contribution: float


def pushes(contributions: FloatArray, features: Sequence[Feature]) -> list[Push]:
    """What every signal adds to one account's raw score, the strongest either way first.

    Reasons tell only what a person can check; this tells the whole, also the signals that are never a reason and those
    that speak for the account. A push below `SMALLEST_CONTRIBUTION` either way is left out. `contributions` are that
    account's, in the order of `features`.
    """
    sums: dict[str, float] = {}
    for feature, contribution in zip(features, contributions, strict=True):
        sums[feature.signal] = sums.get(feature.signal, 0.0) + float(contribution)
    found = [Push(signal=signal, contribution=round(total, 6)) for signal, total in sums.items()]
    strong = [each for each in found if abs(each["contribution"]) >= SMALLEST_CONTRIBUTION]
    return sorted(strong, key=lambda each: (-abs(each["contribution"]), each["signal"]))


def named_evidence(found: Sequence[Reason]) -> float:
    """What the reasons of an account add together, in log-odds; 0 without a reason."""
    return float(sum(reason["contribution"] for reason in found))
