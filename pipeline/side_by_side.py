"""Two models' figures as rows of text, for a terminal and for the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.promotion import SHARES


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
