"""Two models' figures as rows of text, for a terminal and for the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.promotion import DECISION_METRIC, SHARES
from pages.drawing import Difference


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a comparison: title, what is to be known of it, heads and rows of text."""

    title: str
    words: str
    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


LOWER_IS_BETTER = {
    "brier",
    "expected_calibration_error",
    "genuine_rejected",
    "story_rejected",
    "without_verdict",
}


def figure_words(key: str) -> str:
    """A figure's name for people."""
    words = SHARES.get(key) or key.replace("_percent", " %").replace("_", " ")
    return words.replace("auc", "AUC").replace("brier", "Brier score")


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


def figure_rows(compared: Mapping[str, Any], arms: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """Every figure of `side_by_side`: its name, the values of `arms` in their order, the paired difference.

    The difference is that of the arm that `side_by_side` was told first.
    """
    main, other = arms if arms[1] in compared["metrics"]["differences"] else (arms[1], arms[0])
    rows = []
    for part in ("metrics", "shares"):
        models, differences = compared[part]["models"], compared[part]["differences"][other]
        for key in models[main]:
            name = figure_words(key)
            note = " (lower is better)" if key in LOWER_IS_BETTER else ""
            first, second = (with_interval(models[arm][key]) for arm in arms)
            rows.append((name + note, first, second, with_interval(differences[key], signed=True)))
    return rows


def drawn_differences(compared: Mapping[str, Any], other: str) -> list[Difference]:
    """Every paired difference to the arm `other` that is defined, for a forest plot."""
    found = []
    for part in ("metrics", "shares"):
        for key, entry in compared[part]["differences"][other].items():
            if all(entry[end] is not None for end in ("value", "lower", "upper")):
                bounds = (entry["value"], entry["lower"], entry["upper"])
                found.append(Difference(figure_words(key), *bounds, is_good=key not in LOWER_IS_BETTER))
    return found


def figure_numbers(compared: Mapping[str, Any], arms: Sequence[str]) -> Iterator[tuple[str, float]]:
    """The same as `<arm>/<figure>` and `difference/<figure>`, with `_lower` and `_upper`; what is undefined, not."""
    other = arms[1]
    for part in ("metrics", "shares"):
        tables = {arm: compared[part]["models"][arm] for arm in arms}
        tables["difference"] = compared[part]["differences"][other]
        for arm, figures in tables.items():
            for key, entry in figures.items():
                for bound, suffix in (("value", ""), ("lower", "_lower"), ("upper", "_upper")):
                    if entry[bound] is not None:
                        yield f"{arm}/{key}{suffix}", entry[bound]


def with_interval(entry: Mapping[str, float | None] | None, *, signed: bool = False) -> str:
    """`0.870 (0.840 to 0.900)`; a hyphen where it is not defined."""
    value, lower, upper = ((entry or {}).get(key) for key in ("value", "lower", "upper"))
    if value is None:
        return "-"
    sign = "+" if signed else ""
    bounds = "" if lower is None or upper is None else f" ({lower:{sign}z.3f} to {upper:{sign}z.3f})"
    return f"{value:{sign}z.3f}{bounds}"


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table; a bar in a cell is escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    return [f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines]
