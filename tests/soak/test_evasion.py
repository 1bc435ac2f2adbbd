"""The part of the soak that takes over what the audit measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import layout
from pipeline.errors import UnusableInputError
from pipeline.storage import write_json
from soak import evasion as part
from soak.evasion import evasion, figures

NOBODY = {"value": None, "lower": None, "upper": None}


def report(rows: list[dict[str, object]]) -> dict[str, object]:
    return {"budgets": [10, 1000], "allowed": {"disguise": rows}}


def row(value: float | None) -> dict[str, object]:
    step = NOBODY if value is None else {"value": value, "lower": 0.1, "upper": 0.6}
    passed = [{"budget": budget} | step for budget in (0, 10, 1000)]
    return {"scheme": "engagement_pod", "accounts": 8, "passed": passed, "median_dollars": NOBODY}


def test_without_the_audit_it_is_said_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(layout, "AUDIT_EVASION", tmp_path / "evasion.json")
    with pytest.raises(UnusableInputError, match="make audit"):
        evasion(0.0, "python -m soak evasion")


def test_nobody_searched_has_no_share() -> None:
    assert figures(report([])) == []
    (figure,) = figures(report([row(None)]))
    assert figure.value == "-, -; over 1,000 dollars"


def test_each_scheme_is_a_figure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(layout, "AUDIT_EVASION", tmp_path / "evasion.json")
    monkeypatch.setattr(part.layout, "AUDIT_RIVAL", tmp_path / "rival.json")
    write_json(report([row(0.25)]), layout.AUDIT_EVASION)
    result = evasion(1.5, "python -m soak evasion")
    assert [each.value for each in result.figures] == ["25% (10% to 60%), 25% (10% to 60%); over 1,000 dollars"]
    assert "engagement pod: 8 rejects" in result.figures[0].name
    assert result.holds
