"""The rival's figures are the audit report's."""

from __future__ import annotations

from typing import Any

import pytest

from soak import rival


def report(most: float | None) -> dict[str, Any]:
    share = {"budget": 10.0, "value": most, "lower": 0.0, "upper": 0.1}
    rows = [{"size": "small", "accounts": 1, "rejected": []}, {"size": "all", "accounts": 160, "rejected": [share]}]
    return {"scenarios": dict.fromkeys(("without the rule", "within a month", "over months"), rows)}


@pytest.mark.parametrize(("most", "holds"), [(None, False), (0.0, True), (0.05, True), (0.06, False)])
def test_figures_are_the_report_s(monkeypatch: pytest.MonkeyPatch, *, most: float | None, holds: bool) -> None:
    monkeypatch.setattr(rival, "read_json", lambda _path: report(most))
    *told, owed = rival.figures()
    assert len(told) == 3
    assert all("of 160" in each.name and each.holds for each in told)
    assert owed.holds == holds
    assert told[0].value == ("-" if most is None else f"{most:.1%} (0.0% to 10.0%)")
