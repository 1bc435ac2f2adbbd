"""Part `evasion`: what a verdict costs whoever wants another one, from the audits' own reports."""

from __future__ import annotations

from typing import Any

from pipeline import layout
from pipeline.errors import UnusableInputError
from pipeline.storage import read_json
from soak import rival
from soak.result import Figure, Result

TITLE = "Evasion, and the reverse"
SEARCHED = (
    "A search, random and greedy, over what the owner of a rejected account of fresh simulated cohorts could do, and "
    "would have to pay for, until the model passes it. Prices are mostly assumed. It is an upper bound of the cost: "
    "another adversary may know more. Nothing is owed here: what imitates honesty well enough passes. What each "
    "move is, by scheme and budget: docs/audit.md; what was hardened: docs/decisions/0024-what-a-pass-costs.md."
)
KEPT_BACK = (
    "What was kept back is the cheapest of all, and no model can mend it: `score --require days --require posts "
    "--require comments` gives no verdict where a table is missing. Data that one collects oneself needs none of it."
)


def evasion(seconds: float, command: str) -> Result:
    """The part's result from reports/audit/evasion.json, and from the rival's report where it was made.

    Raises:
        UnusableInputError: the audit was not run.
    """
    if not layout.AUDIT_EVASION.exists():
        raise UnusableInputError(
            f"evasion: {layout.AUDIT_EVASION} is missing. Run 'python -m pipeline.audit evasion' or 'make audit'."
        )
    found = read_json(layout.AUDIT_EVASION)
    return Result(
        part="evasion",
        title=TITLE,
        command=command,
        seconds=seconds,
        figures=(*figures(found), *_rival()),
        notes=(SEARCHED, KEPT_BACK),
    )


def figures(found: dict[str, Any]) -> list[Figure]:
    """For each scheme and for what is allowed, who passes and for how much."""
    most = max(found["budgets"])
    return [
        Figure(
            name=f"{name}, {row['scheme'].replace('_', ' ')}: {row['accounts']} rejects that pass without money, for "
            f"{most:,.0f} dollars; median cost",
            value=f"{_share(row['passed'][0])}, {_share(row['passed'][-1])}; {_dollars(row['median_dollars'], most)}",
        )
        for name, rows in found["allowed"].items()
        for row in rows
    ]


def _share(step: dict[str, Any]) -> str:
    return "-" if step["value"] is None else f"{step['value']:.0%} ({step['lower']:.0%} to {step['upper']:.0%})"


def _dollars(median: dict[str, Any], most: float) -> str:
    return f"over {most:,.0f} dollars" if median["value"] is None else f"{median['value']:,.0f} dollars"


def _rival() -> list[Figure]:
    """What a rival needs to get an honest creator refused, where that audit was run."""
    return rival.figures() if layout.AUDIT_RIVAL.exists() else []
