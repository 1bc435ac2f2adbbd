"""What a person reads of drift at the end of scoring."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.summary import drift_lines


def summary(found: int | None) -> dict[str, Any]:
    one = {
        "feature": "growth_x",
        "kind": "values",
        "psi": 0.5,
        "expected": 0.123,
        "text": "growth_x: values are higher",
    }
    return {"drift_warnings": None if found is None else [one] * min(found, 10), "drift_warnings_found": found}


@pytest.mark.parametrize("found", [None, 0], ids=["not measured", "none found"])
def test_nothing_found_is_no_line(found: int | None) -> None:
    assert drift_lines(summary(found)) == []


@pytest.mark.parametrize(
    ("found", "named"), [(1, "in 1 way;"), (10, "in 10 ways;"), (12, "in 12 ways, the 10 farthest;")]
)
def test_every_warning_is_a_line_below_their_number(found: int, named: str) -> None:
    head, *lines = drift_lines(summary(found))
    assert named in head
    assert lines == ["  growth_x: values are higher (PSI 0.50, up to 0.12)"] * min(found, 10)
