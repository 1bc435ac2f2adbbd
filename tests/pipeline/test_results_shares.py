"""The section on authentic shares, from the segments alone."""

from __future__ import annotations

from typing import Any

from pipeline.results_shares import COLUMNS, shares_section


def row(**changes: Any) -> dict[str, Any]:
    blank: dict[str, Any] = dict.fromkeys(
        ("coverage_at_declared", "mean_width", "interval_score", "mean_absolute_error")
    )
    blank |= {"coverage": None, "coverage_lower": None, "coverage_upper": None, "null_share": 1.0}
    return blank | {"by": "all", "segment": "all", "accounts": 0} | changes


TOLD = {
    "accounts": 1_200,
    "null_share": 0.25,
    "coverage": 0.9,
    "coverage_lower": 0.88,
    "coverage_upper": 0.92,
    "coverage_at_declared": 0.94,
    "mean_width": 0.15,
    "constant_width": 0.4,
    "interval_score": 0.5,
    "constant_interval_score": 0.7,
    "mean_absolute_error": 0.05,
    "constant_error": 0.08,
}


def test_without_known_shares_there_is_no_section() -> None:
    assert shares_section({}) == []
    assert shares_section({"follower_share": [], "engagement_share": []}) == []


def test_coverage_comes_with_its_interval_and_the_constant_beside() -> None:
    text = "\n".join(shares_section({"follower_share": [row(**TOLD)]}))
    assert "## Authentic followers" in text
    assert (
        "| all accounts | 1,200 | 25.0% | 90.0% (88.0% to 92.0%) | 94.0% | 0.150 (0.400) | 0.500 (0.700) "
        "| 0.050 (0.080) |" in text
    )


def test_what_is_not_told_leaves_blank_cells() -> None:
    rows = [
        row(by="tables_observed", segment=None, accounts=7),
        row(by="bought_share", segment="none", null_share=None),
    ]
    lines = shares_section({"engagement_share": rows})
    assert "| what was observed: none | 7 | 100.0% |  |  |  |  |  |" in lines
    assert "| bought share: none | 0 |  |  |  |  |  |  |" in lines
    table = [line for line in lines if line.startswith("|")]
    assert {line.count("|") for line in table} == {len(COLUMNS) + 2}


def test_a_prevalence_that_cannot_be_weighted_to_is_left_blank() -> None:
    text = "\n".join(shares_section({"follower_share": [row(**TOLD | {"coverage_at_declared": None})]}))
    assert "(88.0% to 92.0%) |  | 0.150" in text
