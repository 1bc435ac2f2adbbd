"""The comparison as a page: what to conclude first, intervals in words and drawn, names as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from pages.compare import compare_view
from pages.drawing import Difference, forest
from pages.render import page
from pipeline.conclusions import conclusion, drawn_differences, told_apart
from pipeline.side_by_side import figure_rows
from tests.pipeline.test_report import Page
from tests.pipeline.test_report_in_browser import CHROMIUM, DESKTOP, PHONE, Watched, browser

__all__ = ["browser"]

RECALL = "recall_at_1_percent_false_positives"
HOSTILE = '<script>alert(1)</script>"\u202e' + "x" * 300

BETTER = Difference("AUC", 0.01, 0.005, 0.02, is_good=True)
WORSE = Difference("Brier score", 0.01, 0.005, 0.02, is_good=False)
OPEN = Difference("recall", 0.01, -0.005, 0.02, is_good=True)


def interval(value: float | None, lower: float | None, upper: float | None) -> dict[str, float | None]:
    return {"value": value, "lower": lower, "upper": upper}


def compared(difference: Mapping[str, float | None]) -> dict[str, Any]:
    """What `side_by_side` of b and a gives, with one metric and one share."""
    models = {"b": {RECALL: interval(0.5, 0.4, 0.6)}, "a": {RECALL: interval(0.4, 0.3, 0.5)}}
    shares = {arm: {"genuine_rejected": interval(0.01, 0.0, 0.02)} for arm in "ab"}
    return {
        "metrics": {"models": models, "differences": {"a": {RECALL: difference}}},
        "shares": {"models": shares, "differences": {"a": {"genuine_rejected": interval(None, None, None)}}},
    }


def shown(**parts: Any) -> str:
    given: dict[str, Any] = {
        "title": "two models compared",
        "sentences": ["b is better."],
        "tables": [],
        "differences": [],
        "caption": "b less a",
    }
    return page("compare.html", compare_view(**(given | parts)))


def test_nothing_to_draw_draws_nothing() -> None:
    assert "svg" not in Page(shown()).elements


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        pytest.param(interval(None, None, None), "Whether b is better than a cannot be told: recall at 1 %", id="none"),
        pytest.param(
            interval(0.1, 0.05, 0.15),
            "b is better than a beyond the 90% interval: recall at 1 % false positives 0.500 against 0.400, "
            "paired difference +0.100 (+0.050 to +0.150);",
            id="better",
        ),
        pytest.param(interval(0.1, 0.0, 0.2), "b is neither better nor worse than a beyond", id="ends at zero"),
        pytest.param(interval(-0.1, -0.2, -0.05), "b is worse than a beyond", id="worse"),
    ],
)
def test_the_first_sentence_says_what_to_conclude(difference: dict[str, float | None], said: str) -> None:
    assert conclusion(compared(difference), [], 6_000, 0.9).startswith(said)


def test_flips_are_counted_and_honest_accounts_told_apart() -> None:
    flips = [
        {"class": "genuine", "from": "review", "to": "reject", "accounts": 2},
        {"class": "genuine", "from": "reject", "to": "pass", "accounts": 3},
        {"class": "inauthentic", "from": "review", "to": "reject", "accounts": 7},
    ]
    said = conclusion(compared(interval(0.1, 0.0, 0.2)), flips, 6_000, 0.9)
    assert said.endswith("12 of 6,000 verdicts flip, genuine accounts newly rejected: 2, no longer rejected: 3.")


def test_columns_stand_in_the_order_asked_for() -> None:
    rows = figure_rows(compared(interval(0.1, 0.0, 0.2)), ("a", "b"))
    assert rows[0][1:] == ("0.400 (0.300 to 0.500)", "0.500 (0.400 to 0.600)", "+0.100 (+0.000 to +0.200)")


def test_what_is_not_defined_is_not_drawn() -> None:
    (drawn,) = drawn_differences(compared(interval(0.1, 0.0, 0.2)), "a")
    assert (drawn.name, drawn.style) == ("recall at 1 % false positives", "open")


@pytest.mark.parametrize(
    ("difference", "style"),
    [
        pytest.param(BETTER, "better", id="higher and good"),
        pytest.param(WORSE, "worse", id="higher and bad"),
        pytest.param(Difference("x", -0.1, -0.2, -0.05, is_good=False), "better", id="lower error"),
        pytest.param(OPEN, "open", id="holds zero"),
        pytest.param(Difference("x", 0.0, 0.0, 0.0, is_good=True), "open", id="nothing moved"),
    ],
)
def test_an_interval_says_better_worse_or_neither(difference: Difference, style: str) -> None:
    assert difference.style == style


def test_chance_is_told_beside_what_stands_out() -> None:
    said = told_apart([BETTER, WORSE, OPEN], 0.9)
    assert said.startswith("Told apart by their intervals, b beside a: better: AUC; worse: Brier score. Of 3 figures")
    assert "about 0.3 would" in said  # 3 * 0.1
    assert "b beside a: none." in told_apart([OPEN], 0.9)


def test_intervals_share_one_scale() -> None:
    rows, axis = forest([BETTER, Difference("AUC", 0.01, 0.005, 0.02, is_good=True)])
    assert rows[0] == rows[1]
    assert ">0<" in axis


def test_a_single_interval_at_zero_can_be_drawn() -> None:
    (row,), _ = forest([Difference("x", 0.0, 0.0, 0.0, is_good=True)])
    assert "NaN" not in row
    assert "inf" not in row


def test_the_outcome_stands_in_words() -> None:
    words = Page(shown(differences=[BETTER, WORSE, OPEN])).words
    for said in ("AUC: +0.0100 (+0.0050 to +0.0200), better", "worse", "not told apart"):
        assert said in words


def test_hostile_names_are_text() -> None:
    table = {"title": "Models", "words": HOSTILE, "heads": ("", HOSTILE), "rows": [("a", HOSTILE)]}
    found = Page(shown(sentences=[HOSTILE], tables=[table], title=HOSTILE))
    assert "alert(1)" in found.text
    assert "script" not in found.elements
    assert (found.leading, found.running) == ([], [])


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium")
@pytest.mark.parametrize(("scheme", "viewport"), [("light", PHONE), ("dark", DESKTOP)], ids=["phone", "dark desktop"])
def test_the_page_shows_without_a_fault(
    browser: Browser, scheme: str, viewport: dict[str, int], tmp_path: Path
) -> None:
    rows = [("a", HOSTILE, "0.849 (0.833 to 0.864)"), ("b", "short", "0.847 (0.831 to 0.863)")]
    table = {"title": "Models", "words": "Both.", "heads": ("", "run", "AUC"), "rows": rows}
    file = tmp_path / "compare.html"
    file.write_text(shown(sentences=["b is better.", HOSTILE], tables=[table], differences=[BETTER, WORSE, OPEN]))
    seen = Watched(browser, file, scheme=scheme, viewport=viewport)
    found = (seen.complaints, seen.fetched, seen.wider, seen.faults)
    seen.page.close()
    assert found == ([], [file.as_uri()], 0, [])
