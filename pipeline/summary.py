"""What a person reads at the end of a command, on stderr, so that stdout stays free for results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

NOT_USED = ("quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of")
"""What may become of a row besides being used, as the summary counts it."""

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
    console.print(
        f"Written to {output}. Rank candidates next: python -m pipeline shortlist --help",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


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
    console.print(f"{passed} of {ranked.height} candidates pass. Written to {output}.", highlight=False, markup=False)


def show_metrics(metrics: dict[str, Any], output: Path) -> None:
    """Every metric with its interval."""
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
    console.print(
        f"Left out of these: {metrics['without_verdict']:,} without a verdict, and "
        f"{metrics['small_doses_left_out']:,} that bought less than 10 % (see segments.json).",
        highlight=False,
    )
    console.print(f"Written to {output}.", highlight=False, markup=False)


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
    table.add_row("share inauthentic", *(_percent(row["inauthentic_share"]) for row in found.values()))
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


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _interval(lower: float | None, upper: float | None) -> str:
    return "-" if lower is None else f"{_percent(lower)} to {_percent(upper)}"


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
