"""The shortlist as a page: every candidate in its order, and what the same money buys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pages.render import page
from pages.shortlist import MOST_SMALL, same_budget, shortlist_view
from pipeline.shortlist import shortlist, shortlist_file
from tests.pipeline.test_report import Page
from tests.pipeline.test_shortlist import candidates, scores


def candidate(account_id: str, followers: int, fee: float | None, engagement: float, **columns: Any) -> dict[str, Any]:
    given = {
        "account_id": account_id,
        "handle": account_id,
        "verdict": "pass",
        "follower_count": followers,
        "fee": fee,
        "currency": "EUR",
        "cost_per_authentic_engagement": None if fee is None else fee / engagement,
        "expected_engagement_per_post": engagement,
        "expected_engagement_per_post_lower": engagement / 2,
        "expected_engagement_per_post_upper": engagement * 2,
        "authentic_followers": followers * 0.9,
        "authentic_followers_lower": followers * 0.8,
        "authentic_followers_upper": float(followers),
    }
    return given | columns


def test_no_candidate_gives_a_page_that_says_so() -> None:
    html = page("shortlist.html", shortlist_view(shortlist(candidates(), scores()), {}))
    assert "Shortlist of 0 candidates" in html


def test_the_money_of_the_largest_is_spread_over_the_cheapest() -> None:
    rows = [
        candidate("large", 100_000, 1_000.0, 1_000.0),
        candidate("cheap", 5_000, 300.0, 600.0),  # 0.50 each
        candidate("dear", 6_000, 600.0, 400.0),  # 1.50 each
        candidate("too dear", 9_000, 700.0, 300.0),  # 2.33 each; 100 are left after the two
    ]
    found = same_budget(rows)
    assert found is not None
    large, small = found["options"]
    assert (large["handles"], small["handles"]) == (["large"], ["cheap", "dear"])
    assert small["fee"] == 300.0 + 600.0
    assert small["expected_engagement_per_post"] == 600.0 + 400.0
    assert small["authentic_followers_lower"] == pytest.approx(0.8 * (5_000 + 6_000))


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [candidate("large", 100_000, 1_000.0, 1_000.0), candidate("one", 5_000, 300.0, 600.0)],
        [
            candidate("a", 9_000, 100.0, 9.0),
            candidate("b", 5_000, 10.0, 9.0, currency="USD"),
            candidate("c", 1, 1.0, 9.0),
        ],
        [candidate("a", 9_000, None, 9.0), candidate("b", 5_000, None, 9.0), candidate("c", 1, None, 9.0)],
        [candidate("a", 9_000, 9.0, 9.0), *(candidate(name, 5, 1.0, 9.0, verdict="review") for name in "bcd")],
    ],
    ids=["nobody", "a single small one", "two currencies", "no fee", "others do not pass"],
)
def test_without_a_fair_comparison_there_is_none(rows: list[dict[str, Any]]) -> None:
    assert same_budget(rows) is None


def test_no_more_are_chosen_than_can_be_looked_after() -> None:
    rows = [candidate("large", 100_000, 1_000.0, 1_000.0), *(candidate(f"s{i:02d}", 900, 1.0, 9.0) for i in range(40))]
    found = same_budget(rows)
    assert found is not None
    assert len(found["options"][1]["handles"]) == MOST_SMALL


def test_an_unknown_part_makes_the_sum_unknown() -> None:
    rows = [
        candidate("large", 100_000, 1_000.0, 1_000.0),
        candidate("a", 900, 10.0, 9.0, authentic_followers=None),
        candidate("b", 900, 10.0, 9.0),
    ]
    found = same_budget(rows)
    assert found is not None
    assert found["options"][1]["authentic_followers"] is None
    assert found["options"][1]["expected_engagement_per_post"] == 18.0


def test_a_handle_with_markup_stays_text() -> None:
    hostile = '<script>alert(1)</script>"'
    ranked = shortlist(
        candidates({"account_id": "a", "campaign": hostile}), scores(a={"verdict": "pass", "handle": hostile})
    )
    shown = Page(page("shortlist.html", shortlist_view(ranked, {})))
    assert "script" not in shown.elements
    assert shown.text.count(hostile) == 2
    assert shown.running == []


def test_the_page_stands_beside_the_csv(project: Path, tmp_path: Path) -> None:
    ranked = shortlist_file(
        project / "data" / "raw" / "candidates.csv", project / "data" / "scores" / "scores.parquet", tmp_path / "out"
    )
    html = (tmp_path / "out" / "shortlist.html").read_text(encoding="utf-8")
    assert f"Shortlist of {ranked.height} candidates" in html
    words = Page(html).words
    assert all(name in words for name in ranked["handle"].drop_nulls())
