"""What bots sent to an honest creator bring about: figures for the part `evasion`, from the audit's stage `rival`."""

from __future__ import annotations

from typing import Any

from pipeline import layout
from pipeline.storage import read_json
from soak.result import Figure

MOST_WITHIN_A_MONTH = 0.05
"""Largest share of honest accounts that orders within a month may bring to a reject, at the largest budget; assumed."""


def figures() -> list[Figure]:
    """Shares of honest fresh accounts that a rival gets rejected, by scenario and budget, from the audit's report."""
    found = read_json(layout.AUDIT_RIVAL)
    everybody = {
        scenario: next(row for row in rows if row["size"] == "all") for scenario, rows in found["scenarios"].items()
    }
    rows = [
        _figure(scenario, everybody[scenario]["accounts"], each)
        for scenario in ("without the rule", "within a month", "over months")
        for each in everybody[scenario]["rejected"]
    ]
    most = everybody["within a month"]["rejected"][-1]["value"]
    owed = Figure(
        name="rival, orders within a month: most honest accounts rejected",
        value="-" if most is None else f"{most:.1%}",
        owed=f"at most {MOST_WITHIN_A_MONTH:.0%}",
        holds=most is not None and most <= MOST_WITHIN_A_MONTH,
    )
    return [*rows, owed]


def _figure(scenario: str, accounts: int, share: dict[str, Any]) -> Figure:
    told = "-" if share["value"] is None else f"{share['value']:.1%} ({share['lower']:.1%} to {share['upper']:.1%})"
    return Figure(
        name=f"rival, {scenario}, ${share['budget']:g}: honest accounts rejected, of {accounts:,}", value=told
    )
