"""What two models' paired figures say, in sentences and as differences to draw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.promotion import DECISION_METRIC
from pages.drawing import Difference
from pipeline.side_by_side import LOWER_IS_BETTER, figure_words


def conclusion(
    compared: Mapping[str, Any], flips: Sequence[Mapping[str, Any]], accounts: int, confidence: float
) -> str:
    """What to conclude of `b` after `a`, in a sentence: the metric that decides, whose verdict flips, which way.

    Args:
        compared: `side_by_side` of `b` and `a`, in this order.
        flips: as `transitions` from a to b counts them.
        accounts: scored by both.
        confidence: of the intervals, 0 to 1.
    """
    difference = compared["metrics"]["differences"]["a"][DECISION_METRIC]
    value, lower, upper = (difference[key] for key in ("value", "lower", "upper"))
    metric = figure_words(DECISION_METRIC)
    if value is None or lower is None or upper is None:
        said = f"Whether b is better than a cannot be told: {metric} is not defined for both"
    else:
        how = "better than a" if lower > 0.0 else "worse than a" if upper < 0.0 else "neither better nor worse than a"
        b, a = (compared["metrics"]["models"][arm][DECISION_METRIC]["value"] for arm in ("b", "a"))
        said = (
            f"b is {how} beyond the {confidence:.0%} interval: {metric} {b:.3f} against {a:.3f}, "
            f"paired difference {value:+z.3f} ({lower:+z.3f} to {upper:+z.3f})"
        )
    flipped = sum(entry["accounts"] for entry in flips)
    newly, no_longer = (
        sum(entry["accounts"] for entry in flips if entry["class"] == "genuine" and entry[end] == "reject")
        for end in ("to", "from")
    )
    return (
        f"{said}; {flipped:,} of {accounts:,} verdicts flip, genuine accounts newly rejected: {newly:,}, "
        f"no longer rejected: {no_longer:,}."
    )


def told_apart(differences: Sequence[Difference], confidence: float) -> str:
    """Which figures the intervals tell apart, and how many would seem so by chance."""
    named = {style: [each.name for each in differences if each.style == style] for style in ("better", "worse")}
    said = "; ".join(f"{style}: {', '.join(names)}" for style, names in named.items() if names) or "none"
    by_chance = len(differences) * (1.0 - confidence)
    return (
        f"Told apart by their intervals, b beside a: {said}. Of {len(differences)} figures about {by_chance:.1f} would "
        "seem so by chance if nothing differed; the figures are not independent of each other."
    )


def drawn_differences(compared: Mapping[str, Any], other: str) -> list[Difference]:
    """Every paired difference to the arm `other` that is defined, for a forest plot."""
    found = []
    for part in ("metrics", "shares"):
        for key, entry in compared[part]["differences"][other].items():
            if all(entry[end] is not None for end in ("value", "lower", "upper")):
                bounds = (entry["value"], entry["lower"], entry["upper"])
                found.append(Difference(figure_words(key), *bounds, is_good=key not in LOWER_IS_BETTER))
    return found
