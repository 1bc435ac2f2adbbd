"""Numbers in words: nulls stay nulls, and one is not "1 times"."""

from __future__ import annotations

import polars as pl
import pytest

from features.catalog import features
from features.definition import Shown
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


@pytest.mark.parametrize(
    ("number", "specification", "words"),
    [
        pytest.param(0.997, ".0%", "over 99%", id="nearly all"),
        pytest.param(1.0, ".0%", "100%", id="all"),
        pytest.param(0.003, ".0%", "under 1%", id="nearly nothing"),
        pytest.param(0.0, ".0%", "0%", id="nothing"),
        pytest.param(-0.003, ".0%", "0%", id="no minus before nothing"),
        pytest.param(0.0004, ".1%", "under 0.1%", id="one digit"),
        pytest.param(2.083, ".1%", "208.3%", id="more than all"),
        pytest.param(-0.03, "+.0%", "-3%", id="a sign: a difference, as it is"),
        pytest.param(3.14159, ".2f", "3.14", id="no share"),
    ],
)
def test_what_rounds_to_all_or_nothing_is_not_told_as_such(number: float, specification: str, words: str) -> None:
    assert format(Shown(number), specification) == words


@pytest.mark.parametrize("name", ["comments_same_successor_residual", "comments_same_next_text_residual"])
def test_a_value_below_chance_is_not_called_more_often_than_chance(name: str) -> None:
    # Genuine regulars lie far below chance, so that a suspicious value may lie below it, too.
    sentence = features()[name].sentence(-0.03, "high")
    assert "more often than in most accounts" in sentence
    assert "-3" in sentence
    assert "against chance" in sentence


def test_six_accounts_given_up_of_a_thousand_are_no_zero() -> None:
    sentence = features()["growth_following_lost_rate_per_month"].sentence(0.004596, "high")
    assert (
        sentence
        == "per month the account gave up 0.5% of the number of accounts it follows (up to two at a time aside)"
    )


@pytest.mark.parametrize("name", [name for name, entry in features().items() if entry.reason])
def test_no_sentence_shouts(name: str) -> None:
    shouted = {"very", "unusually", "extremely", "far more", "clearly"}
    assert not [word for sentence in features()[name].reason.values() for word in shouted if f"{word} " in sentence]
