"""The authentic shares of the last run as Markdown, from `reports/segments.json` alone."""

from __future__ import annotations

from typing import Any

from pipeline.plain import markdown

Entry = dict[str, Any]

SHARES = {"follower_share": "followers", "engagement_share": "engagement"}
"""Key of the segments, and the word for it."""

HEADINGS = {
    "all": "all accounts",
    "size_tier": "size",
    "tables_observed": "what was observed",
    "account_class": "class",
    "scheme": "scheme",
    "bought_share": "bought share",
}
"""What groups the rows, in the order of the table."""

COLUMNS = (
    "accounts",
    "not told",
    "held by the interval",
    "at the declared prevalence",
    "mean width (constant)",
    "interval score (constant)",
    "mean error (constant)",
)

INTRODUCTION = """\
How often the 90 % interval holds the true authentic share, over the accounts of whom it is told; by bootstrap over
cohorts. The labelled cohorts hold more buyers than the declared prevalence says: the next column weights the accounts
to it. In brackets, the one interval and the one estimate that fit these accounts best without looking at any. The
interval score is the width plus twenty times the distance by which the truth is missed: lower is better. Most accounts
bought nothing and are nearly always covered; those who bought are covered less often the less of it can be seen.
"""


def shares_section(segments: Entry) -> list[str]:
    """The section for docs/results.md, as lines; nothing where no share is known."""
    known = {name: segments.get(name) for name in SHARES}
    parts: list[str] = []
    for name, rows in known.items():
        if rows:
            parts += [f"\n## Authentic {SHARES[name]}\n", INTRODUCTION, *_table(rows)]
    return parts


def _table(rows: list[Entry]) -> list[str]:
    lines = ["| | " + " | ".join(COLUMNS) + " |", "| --- |" + " --- |" * len(COLUMNS)]
    for by, heading in HEADINGS.items():
        for row in rows:
            if row["by"] == by:
                label = (
                    heading
                    if by == "all"
                    else f"{heading}: {markdown(str(row['segment'] or 'none').replace('_', ' '))}"
                )
                lines.append(f"| {label} | {row['accounts']:,} | " + " | ".join(_cells(row)) + " |")
    return lines


def _cells(row: Entry) -> list[str]:
    not_told = "" if row["null_share"] is None else f"{row['null_share']:.1%}"
    if row["coverage"] is None:
        return [not_told, "", "", "", "", ""]
    declared = row["coverage_at_declared"]
    return [
        not_told,
        f"{row['coverage']:.1%} ({row['coverage_lower']:.1%} to {row['coverage_upper']:.1%})",
        "" if declared is None else f"{declared:.1%}",
        f"{row['mean_width']:.3f} ({row['constant_width']:.3f})",
        f"{row['interval_score']:.3f} ({row['constant_interval_score']:.3f})",
        f"{row['mean_absolute_error']:.3f} ({row['constant_error']:.3f})",
    ]
