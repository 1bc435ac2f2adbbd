"""Figures of the last run as Markdown, from `reports/` alone: no number in the documentation is typed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline import layout
from pipeline.storage import read_json

Entry = dict[str, Any]

MODEL_NAMES = {
    "assay": "**Assay** (LightGBM)",
    "logistic_regression": "logistic regression",
    "depth_two_tree": "decision tree of depth 2",
    "engagement_rate_rule": "one cut of the engagement rate",
    "prevalence": "prevalence alone",
}
METRIC_NAMES = {
    "auc": "AUC",
    "average_precision": "average precision",
    "recall_at_1_percent_false_positives": "recall at 1 % false positives",
    "recall_at_5_percent_false_positives": "recall at 5 % false positives",
    "brier": "Brier",
    "expected_calibration_error": "calibration error",
}
TABLES = """\

The intervals of all tables below are exact ones (Clopper-Pearson, 95 %) that take accounts as independent. Accounts of
a cohort are not quite, so they are too narrow. An account that mixes schemes counts in the row of each of them; the
[audit](audit.md) counts schemes alone.
"""

TREE_MARGIN = 0.05
"""An AUC of the depth-2 tree within this of ours means that the cohort is too easy."""


def headline(folder: Path = layout.METRICS.parent) -> str:
    """The README's block: every metric beside every baseline, the verdicts, and what the tree says of the cohort."""
    metrics = read_json(folder / layout.METRICS.name)
    return "\n".join([*_split(metrics), "", *_models(metrics), "", *_verdicts(metrics), "", _tree(metrics)]) + "\n"


def results_page(folder: Path = layout.METRICS.parent) -> str:
    """docs/results.md: the headline, then recall by scheme and dose, false alarms by story, and every segment."""
    segments = read_json(folder / layout.SEGMENTS.name)
    parts = [headline(folder), TABLES, "## Recall by scheme\n", *_rows(segments["scheme"], "scheme", _FOUND)]
    parts += ["\n## Recall by dose\n", "The dose is the bought share of followers or of engagement, the larger one.\n"]
    parts += _doses(segments["dose"])
    parts += ["\n## Honest accounts by story\n", *_rows(segments["benign_story"], "story", _SUSPECTED)]
    for name, title in (
        ("tables_observed", "what was observed"),
        ("size_tier", "size"),
        ("platform", "platform"),
        ("language", "language"),
    ):
        parts += [f"\n## By {title}\n", *_rows(segments[name], "segment", _SEGMENT)]
    if len(segments.get("origin", [])) > 1:  # own accounts stood beside the dataset
        parts += ["\n## By origin\n", *_rows(segments["origin"], "segment", _SEGMENT)]
    return "\n".join(parts) + "\n"


_FOUND = {"rejected": "reject", "rejected or reviewed": "flagged"}
_SUSPECTED = {"rejected": "reject", "reviewed": "review", "no verdict": "insufficient_data"}
_SEGMENT = {
    "genuine passed": "genuine_pass",
    "genuine rejected": "genuine_reject",
    "inauthentic rejected": "inauthentic_reject",
    "inauthentic reviewed": "inauthentic_review",
}


def _split(metrics: Entry) -> list[str]:
    text = (
        f"Measured on {metrics['split']}: {metrics['accounts']:,} accounts with a verdict, "
        f"{metrics['inauthentic']:,} of them inauthentic; {metrics['without_verdict']:,} more got none, and "
        f"{metrics['small_doses_left_out']:,} that bought less than 10 % are left out, except by dose. Intervals: "
        f"{metrics['confidence']:.0%}, {metrics['interval']}, {metrics['replicates']} draws."
    )
    return [text if "not simulated" in metrics["split"] else f"{text} All of it simulated."]


def _models(metrics: Entry) -> list[str]:
    known = [name for name in MODEL_NAMES if name in metrics["models"]]
    lines = ["| | " + " | ".join(METRIC_NAMES.values()) + " |", "| --- |" + " --- |" * len(METRIC_NAMES)]
    for name in known:
        cells = [_interval(metrics["models"][name][metric]) for metric in METRIC_NAMES]
        lines.append(f"| {MODEL_NAMES[name]} | " + " | ".join(cells) + " |")
    return lines


def _interval(entry: Entry) -> str:
    if entry["value"] is None:
        return "cannot be told"
    return f"{entry['value']:.3f} ({entry['lower']:.3f} to {entry['upper']:.3f})"


def _verdicts(metrics: Entry) -> list[str]:
    lines = ["| | pass | review | reject | no verdict |", "| --- | --- | --- | --- | --- |"]
    for kind, counts in metrics["confusion"].items():
        total = max(sum(counts.values()), 1)
        cells = [
            f"{counts[each]:,} ({counts[each] / total:.1%})"
            for each in ("pass", "review", "reject", "insufficient_data")
        ]
        lines.append(f"| {kind} | " + " | ".join(cells) + " |")
    return lines


def _tree(metrics: Entry) -> str:
    ours, tree = (metrics["models"][name]["auc"]["value"] for name in ("assay", "depth_two_tree"))
    if ours is None or tree is None:
        return "Whether the cohort is too easy cannot be told: the depth-2 tree or the model has no AUC."
    verdict = "too easy" if ours - tree < TREE_MARGIN else "not trivial"
    return f"The depth-2 tree lies {ours - tree:.3f} AUC below; by a margin of {TREE_MARGIN}, the cohort is {verdict}."


def _rows(rows: list[Entry], key: str, columns: dict[str, str]) -> list[str]:
    lines = [f"| {key} | accounts | " + " | ".join(columns) + " |", "| --- | --- |" + " --- |" * len(columns)]
    for row in rows:
        label = str(row[key] or "none").replace("_", " ")
        cells = [_share(row, prefix) for prefix in columns.values()]
        lines.append(f"| {label} | {row['accounts']:,} | " + " | ".join(cells) + " |")
    return lines


def _share(row: Entry, prefix: str) -> str:
    if row[f"{prefix}_share"] is None:
        return ""
    return f"{row[f'{prefix}_share']:.1%} ({row[f'{prefix}_lower']:.1%} to {row[f'{prefix}_upper']:.1%})"


def _doses(rows: list[Entry]) -> list[str]:
    lines = [
        "| scheme | dose | accounts | " + " | ".join(_FOUND) + " |",
        "| --- | --- | --- |" + " --- |" * len(_FOUND),
    ]
    for row in rows:
        cells = [_share(row, prefix) for prefix in _FOUND.values()]
        dose = f"{row['dose_from']:.0%} to {row['dose_to']:.0%}"
        lines.append(
            f"| {row['scheme'].replace('_', ' ')} | {dose} | {row['accounts']:,} | " + " | ".join(cells) + " |"
        )
    return lines
