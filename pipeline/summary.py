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
    for warning in summary["warnings"]:
        console.print(f"warning: {warning}", style="yellow", highlight=False, markup=False)
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
