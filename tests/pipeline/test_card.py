"""The model card against the reports: no figure and no name in it may come from anywhere else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pipeline import card, layout
from pipeline.card import DEFINED, USE, card_page, failures
from pipeline.storage import read_json

REPORTS = (
    layout.METRICS,
    layout.SEGMENTS,
    layout.TRAINING_REPORT,
    layout.AUDIT_GENERALISATION,
    layout.AUDIT_RECALL,
    layout.AUDIT_ROBUSTNESS,
    layout.AUDIT_EVASION,
    layout.AUDIT_RIVAL,
)
CARD = Path("docs/model-card.md")
NUMBER = re.compile(r"\d[\d,.]*")
LINK = re.compile(r"\[[^\]]*\]\([^)]*\)")
CODE = re.compile(r"`[^`]*`")
FRAMES = re.compile(r"AUC|depth 2|recall at [15] % false positives|by a margin of [\d.]+|less than 10 %")
"""Words of tables that hold a digit and say what a column is, not how much was found."""


def shifted(value: Any) -> Any:
    """The report with every number moved, so that none of it can be printed as it stood."""
    if isinstance(value, dict):
        return {key: shifted(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shifted(each) for each in value]
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return value + 100_003 if isinstance(value, int) else value * 0.8317 + 0.0111


@pytest.fixture
def other_reports(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The committed reports, which the card reads; a test may change them by file name."""
    reports = {path.name: read_json(path) for path in REPORTS}
    monkeypatch.setattr(card, "read_json", lambda path: reports[path.name])
    monkeypatch.setattr("pipeline.results.read_json", lambda path: reports[path.name])
    return reports


def figures(text: str) -> list[str]:
    """Numbers of a line that are no name of a column, no definition and no code."""
    for words in DEFINED:
        text = text.replace(words, "")
    return NUMBER.findall(FRAMES.sub("", CODE.sub("", LINK.sub("", text))))


def test_the_fixed_text_holds_no_figure_but_the_definitions() -> None:
    assert figures("10 % of 5 to 20 %, AUC 0.8") == ["0.8"]
    assert figures(USE) == []


def test_the_committed_card_is_what_the_committed_reports_say() -> None:
    assert card_page() in CARD.read_text(encoding="utf-8")


def test_every_figure_moves_with_the_reports(other_reports: dict[str, Any]) -> None:
    before = card_page().splitlines()
    for name, report in list(other_reports.items()):
        other_reports[name] = shifted(report)
    after = set(card_page().splitlines())
    kept = [line for line in before if line in after and figures(line)]
    # Which dose is half seen is written in words by the audit, beside its figures.
    half_doses = {each["in_words"] for each in other_reports[layout.AUDIT_RECALL.name]["dose"]["half_doses"]}
    assert [line for line in kept if not any(words in line for words in half_doses)] == []


@pytest.mark.parametrize(
    ("report", "path", "value", "says"),
    [
        (layout.SEGMENTS, ("scheme",), "engagement_pod", "Seen least is engagement pod: 0% (0% to 1%)"),
        (layout.SEGMENTS, ("benign_story",), "purge", "sent to review most: purge 90% (80% to 95%)"),
    ],
    ids=["another scheme is seen least", "another story is reviewed most"],
)
def test_a_sentence_follows_its_report(
    other_reports: dict[str, Any], report: Path, path: tuple[str], value: str, says: str
) -> None:
    assert says not in card_page()
    rows = other_reports[report.name][path[0]]
    row = next(row for row in rows if value in (row.get("scheme"), row.get("story")))
    row |= {"flagged_share": 0.0, "flagged_lower": 0.0, "flagged_upper": 0.01}
    row |= {"review_share": 0.9, "review_lower": 0.8, "review_upper": 0.95}
    assert says in card_page()


def test_reports_without_accounts_make_no_sentences() -> None:
    metrics = {
        "confusion": {"genuine": {"insufficient_data": 0}, "inauthentic": {"insufficient_data": 0}},
        "calibration": {"expected_calibration_error": {"value": None}, "cohorts": None},
    }
    segments = {name: [] for name in ("scheme", "dose", "benign_story", "size_tier", "platform", "tables_observed")}
    found = failures(metrics, segments, {"leave_one_out": []}, {"mixes": [], "rows": [], "curves": {}})
    assert len(found) == 1
    assert found[0].startswith("It gives no verdict on 0.0% of the genuine, 0.0% of the inauthentic accounts: ")


def test_a_card_of_numbers_that_are_no_numbers_is_not_written(other_reports: dict[str, Any]) -> None:
    del other_reports[layout.METRICS.name]["decisions"]
    with pytest.raises(KeyError, match="decisions"):
        card_page()
    assert json.dumps(shifted({"a": [1, 0.5, True, None, "x"]})) == '{"a": [100004, 0.42695, true, null, "x"]}'
