"""Audit stage `limits`: fails when one of the limits does not hold. The report is there and tracked all the same."""

from __future__ import annotations

from collections.abc import Callable

from pipeline import layout
from pipeline.errors import UnusableInputError
from pipeline.storage import read_json


def run(report: Callable[[str], None]) -> None:
    """The stage.

    Raises:
        UnusableInputError: naming every limit that does not hold, with the figure and the limit.
    """
    report("limits")
    problems = [
        f"audit: {each['name']} is {each['value']}, the limit is {each['limit']} ({each['rule']}). "
        f"'make docs' brings the whole report into docs/audit.md."
        for each in read_json(layout.AUDIT_SUMMARY)["limits"]
        if not each["holds"] and not each["is_goal"]
    ]
    if problems:
        raise UnusableInputError(problems)


def table_of_limits() -> str:
    """Every limit, a line each: whether it holds, the figure, the limit. Goals fail nothing and say so."""
    lines = []
    for each in read_json(layout.AUDIT_SUMMARY)["limits"]:
        verdict = "holds" if each["holds"] else "not reached" if each["is_goal"] else "DOES NOT HOLD"
        lines.append(f"{verdict:14} {each['value']!s:8} {each['rule']} {each['limit']:g}: {each['name']}")
    return "\n".join(lines)
