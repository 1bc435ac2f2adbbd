"""Two models' figures as rows of text, for a terminal and for the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from models.promotion import SHARES

LOWER_IS_BETTER = {
    "brier",
    "expected_calibration_error",
    "genuine_rejected",
    "story_rejected",
    "without_verdict",
}


def figure_rows(compared: Mapping[str, Any], arms: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """Every figure of `side_by_side`: its name, both models' values, their paired difference with its interval."""
    main, other = arms
    rows = []
    for part in ("metrics", "shares"):
        models, differences = compared[part]["models"], compared[part]["differences"][other]
        for key in models[main]:
            name = SHARES.get(key, key.replace("_percent_", " % ").replace("_", " "))
            note = " (lower is better)" if key in LOWER_IS_BETTER else ""
            values = (with_interval(each[key]) for each in (models[main], models[other]))
            rows.append((name + note, *values, with_interval(differences[key], signed=True)))
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
