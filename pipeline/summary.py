"""What a person reads at the end of a command, on stderr, so that stdout stays free for results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pipeline.compare import Comparison
    from pipeline.promote import Outcome

NOT_USED = ("quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of")
"""What may become of a row besides being used, as the summary counts it."""

FEWEST_OF_A_CLASS = 20
"""Genuine and inauthentic accounts that a segment must hold to be called the worst: below, it is chance; assumed."""

DECISIONS = ("inauthentic", "genuine", "unclear")
"""Rows of the table of reviewers' outcomes."""

LARGEST_TABLE = 20
"""Rows shown of a longer list; the file holds them all."""


def show_score_summary(summary: dict[str, Any], output: Path) -> None:
    """Accounts by verdict, rows by table, warnings, and where to look next."""
    console = Console(stderr=True)
    total = max(sum(summary["verdicts"].values()), 1)
    verdicts = Table(title="Accounts by verdict")
    verdicts.add_column("verdict")
    verdicts.add_column("accounts", justify="right")
    verdicts.add_column("share", justify="right")
    for verdict, count in summary["verdicts"].items():
        verdicts.add_row(verdict, f"{count:,}", f"{count / total:.1%}")
    console.print(verdicts)
    for name, rows in summary["tables"].items():
        other = {kind: rows[kind] for kind in NOT_USED if rows[kind]}
        details = "".join(f", {count:,} {kind.replace('_', ' ')}" for kind, count in other.items())
        console.print(
            f"{name}: {rows['rows_in']:,} rows, {rows['used']:,} used{details}", highlight=False, markup=False
        )
        for problem, count in rows["problems"].items():
            console.print(f"  {problem}: {count:,} (see quarantine/{name}.parquet)", highlight=False, markup=False)
    if "previous" in summary:
        _show_previous(console, summary["previous"])
    _show_warnings(console, summary["warnings"])
    for line in drift_lines(summary):
        console.print(line, style="yellow", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"Written to {output}. Rank candidates next: python -m pipeline shortlist --help",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def drift_lines(summary: dict[str, Any]) -> list[str]:
    """What the summary says of drift; nothing where none was found or too few accounts were scored to tell."""
    warnings = summary["drift_warnings"]
    if not warnings:
        return []
    found = summary["drift_warnings_found"]
    named = f", the {len(warnings)} farthest" if found > len(warnings) else ""
    ways = "1 way" if found == 1 else f"{found} ways"
    head = (
        f"drift: these accounts are unlike those trained on in {ways}{named}; probabilities may be off (PSI, and up to "
        "what it was expected):"
    )
    return [head, *(f"  {each['text']} (PSI {each['psi']:.2f}, up to {each['expected']:.2f})" for each in warnings)]


def show_shortlist(ranked: pl.DataFrame, output: Path) -> None:
    """The first candidates with their verdicts."""
    console = Console(stderr=True)
    table = Table(title="Shortlist")
    columns = ("campaign", "rank", "account_id", "handle", "verdict", "cost_per_authentic_engagement")
    for column in columns:
        table.add_column(column)
    for row in ranked.select(columns).head(LARGEST_TABLE).iter_rows():
        # Text, since a handle in square brackets would be read as markup: it is written by the people judged.
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console.print(table)
    passed = int((ranked["verdict"] == "pass").sum())
    if ranked.height > LARGEST_TABLE:
        console.print(f"... and {ranked.height - LARGEST_TABLE:,} more, the last ranks among them.", highlight=False)
    console.print(f"{passed} of {ranked.height} candidates pass. Written to {output}.", highlight=False, markup=False)


def show_metrics(metrics: dict[str, Any], segments: dict[str, Any], output: Path) -> None:
    """The headline with intervals, verdicts by class, what a reject is worth, calibration, and the worst segment."""
    console = Console(stderr=True)
    table = Table(title=f"Assay on {metrics['accounts']:,} labelled accounts")
    for column in ("metric", "value", "interval"):
        table.add_column(column)
    for name, entry in metrics["models"]["assay"].items():
        if entry["value"] is None:
            table.add_row(name, "cannot be told", "")
        else:
            table.add_row(name, f"{entry['value']:.3f}", f"{entry['lower']:.3f} to {entry['upper']:.3f}")
    console.print(table)
    verdicts = Table(title="Verdicts")
    verdicts.add_column("accounts")
    for verdict in metrics["confusion"]["genuine"]:
        verdicts.add_column(verdict, justify="right")
    for name, counts in metrics["confusion"].items():
        total = max(sum(counts.values()), 1)
        verdicts.add_row(name, *(f"{count:,} ({count / total:.1%})" for count in counts.values()))
    console.print(verdicts)
    for line in (*_of_rejects(metrics["decisions"]), *_of_calibration(metrics), *_worst_segment(segments)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"Intervals: {metrics['confidence']:.0%}, {metrics['interval']}; those of shares are exact ones or wider. "
        f"Left out of the metrics: {metrics['without_verdict']:,} without a verdict, and "
        f"{metrics['small_doses_left_out']:,} that bought less than 10 % (see segments.json).",
        highlight=False,
        soft_wrap=True,
    )
    console.print(f"Written to {output}.", highlight=False, markup=False)


def _of_rejects(found: dict[str, Any]) -> list[str]:
    if not found["rejects"]:
        return ["Rejects: none, so how often one is right cannot be told."]
    here, declared = _percent(found["rejects_right"]), _percent(found["rejects_right_at_prevalence"])
    return [
        f"Rejects: {found['rejects']:,}, right in {here} here, {declared} if {found['prevalence']:.0%} are inauthentic."
    ]


def _of_calibration(metrics: dict[str, Any]) -> list[str]:
    error = metrics["calibration"]["expected_calibration_error"]
    if error["value"] is None:
        return []
    interval = f"{error['value']:.3f} ({error['lower']:.3f} to {error['upper']:.3f})"
    return [f"Calibration error: {interval}; by chance alone it would be {error['noise_floor']:.3f}."]


def _worst_segment(segments: dict[str, Any]) -> list[str]:
    """The segment with the lowest AUC among those of enough accounts of both classes."""
    rows = [
        (row["auc"], name, row)
        for name, table in segments.items()
        if isinstance(table, list)
        for row in table
        if row.get("auc") is not None
        and min(row["genuine_accounts"], row["inauthentic_accounts"]) >= FEWEST_OF_A_CLASS
        and row["segment"]
    ]
    if not rows:
        return []
    area, name, row = min(rows, key=lambda entry: entry[:2])
    interval = f"{area:.3f} ({row['auc_lower']:.3f} to {row['auc_upper']:.3f})"
    return [f"Worst segment: {name.replace('_', ' ')} {row['segment']}, {row['accounts']:,} accounts, AUC {interval}."]


def _percent(entry: dict[str, Any]) -> str:
    if entry["value"] is None:
        return "a share that cannot be told"
    return f"{entry['value']:.1%} ({entry['lower']:.1%} to {entry['upper']:.1%})"


PIPE_WIDTH = 140
"""Columns where nobody's terminal tells them: the names of features need the room."""


def _results() -> Console:
    """Standard output, for tables that are a command's result."""
    console = Console()
    return console if console.is_terminal else Console(width=PIPE_WIDTH)


def show_promotion(outcome: Outcome) -> None:
    """How it ended and why, and the tables behind it. On stdout: they are the result."""
    console = _results()
    if outcome.figures:
        _show("Figures", ("figure", "candidate", "champion", "difference, paired"), outcome.figures)
        _show("Limits", ("limit", "candidate", "champion", "at most", "holds"), outcome.limits)
    console.print(Text(outcome.title, style="bold"))
    for sentence in outcome.sentences:
        console.print(Text(f"- {sentence}"))


def show_comparison(comparison: Comparison) -> None:
    """What to conclude, and every table. On stdout: they are the result."""
    console = _results()
    first, *others = comparison.conclusion
    console.print(Text(first, style="bold"))
    for sentence in others:
        console.print(Text(sentence))
    for table in comparison.tables:
        if table.rows:
            _show(table.title, table.heads, table.rows)
        if table.words:
            console.print(Text(f"{'' if table.rows else f'{table.title}: '}{table.words}"))
    attached = " and ".join(f"'{name}'" for name in comparison.attached)
    console.print(Text(f"Written to {comparison.output}." + (f" Attached to {attached}." if attached else "")))


def _show(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(title=Text(title), title_justify="left")
    for head in heads:
        table.add_column(Text(head), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    _results().print(table)


def show_feedback(summary: dict[str, Any], output: Path) -> None:
    """What reviewers found, by verdict, with exact intervals; then what it cannot tell."""
    console = Console(stderr=True)
    found = summary["verdicts"]
    table = Table(title="What reviewers found, by verdict")
    table.add_column("")
    for verdict in found:
        table.add_column(verdict, justify="right", overflow="fold")
    for title, name in (("scored", "accounts"), ("looked at", "looked_at"), *((each, each) for each in DECISIONS)):
        table.add_row(title, *(f"{row[name]:,}" for row in found.values()))
    table.add_row("share inauthentic", *(_whole_percent(row["inauthentic_share"]) for row in found.values()))
    table.add_row("95 % interval", *(_interval(row["lower"], row["upper"]) for row in found.values()))
    console.print(table)
    rows = summary["decisions"]
    other = {kind: count for kind, count in rows.items() if count and kind not in ("rows_in", "problems")}
    details = "".join(f", {count:,} {kind.replace('_', ' ')}" for kind, count in other.items())
    console.print(f"decisions: {rows['rows_in']:,} rows{details}", highlight=False, markup=False)
    for problem, count in rows["problems"].items():
        console.print(f"  {problem}: {count:,} (see quarantine/decisions.parquet)", highlight=False, markup=False)
    _show_warnings(console, summary["warnings"])
    console.print(
        f"{summary['labels']:,} labels written to {output}. Use them next: docs/own-data.md",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def _whole_percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _interval(lower: float | None, upper: float | None) -> str:
    return "-" if lower is None else f"{_whole_percent(lower)} to {_whole_percent(upper)}"


def _show_previous(console: Console, previous: dict[str, Any]) -> None:
    flips = ", ".join(f"{flip}: {count:,}" for flip, count in previous["verdicts_changed"].items()) or "none"
    console.print(
        f"previous: {previous['accounts_in_both']:,} accounts in both, {previous['accounts_new']:,} new, "
        f"{previous['accounts_gone']:,} gone; verdicts changed: {flips}",
        highlight=False,
        markup=False,
    )


def _show_warnings(console: Console, warnings: list[str]) -> None:
    for warning in warnings:
        console.print(f"warning: {warning}", style="yellow", highlight=False, markup=False)
