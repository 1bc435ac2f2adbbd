"""Numbers in words: nulls stay nulls, and one is not "1 times"."""

from __future__ import annotations

import polars as pl
import pytest

from features.wording import counted, grouped, percent, times_the_usual


def worded(expression: pl.Expr, number: float | None) -> str | None:
    text: str | None = pl.DataFrame({"n": [number]}, schema={"n": pl.Float64}).select(expression).item()
    return text


@pytest.mark.parametrize(
    "expression",
    [grouped("n"), counted("n", "like"), percent("n"), times_the_usual("n")],
    ids=["grouped", "counted", "per cent", "times the usual"],
)
def test_nothing_observed_is_put_into_no_words(expression: pl.Expr) -> None:
    assert worded(expression, None) is None


@pytest.mark.parametrize(
    ("expression", "number", "words"),
    [
        pytest.param(grouped("n"), -1500.4, "-1,500", id="thousands"),
        pytest.param(counted("n", "like"), 1.0, "1 like", id="one"),
        pytest.param(counted("n", "like"), 0.0, "0 likes", id="none"),
        pytest.param(counted("n", "person", "people"), 2.0, "2 people", id="a plural of its own"),
        pytest.param(percent("n"), 0.124, "12%", id="per cent"),
        pytest.param(percent("n"), 0.0, "0%", id="no per cent"),
        pytest.param(percent("n"), 0.003, "under 1%", id="nearly none"),
        pytest.param(percent("n"), 0.997, "over 99%", id="nearly all"),
        pytest.param(percent("n"), 1.0, "100%", id="all"),
        pytest.param(times_the_usual("n"), 1.0, "the usual", id="once"),
        pytest.param(times_the_usual("n"), 0.996, "the usual", id="once, rounded"),
        pytest.param(times_the_usual("n"), 2.04, "2 times the usual", id="twice, rounded"),
        pytest.param(times_the_usual("n"), 2.3, "2.3 times the usual", id="two digits"),
        pytest.param(times_the_usual("n"), 0.053, "0.053 times the usual", id="a twentieth"),
        pytest.param(times_the_usual("n"), 1840.0, "1,800 times the usual", id="very many"),
    ],
)
def test_numbers_read_as_people_write_them(expression: pl.Expr, number: float, words: str) -> None:
    assert worded(expression, number) == words
