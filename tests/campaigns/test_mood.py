"""The mood of comments: what counts as English, what the list knows, and what it is wrong about."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from campaigns.mood import FEWEST_LETTERS, FEWEST_LONG, LONGEST_READ, MOOD_SCHEMA, comment_mood
from tests.pipeline.test_report import HOSTILE

LONG_ENGLISH = "i have been watching these videos since the very beginning"
LONG_SPANISH = "llevo viendo estos vídeos desde el principio de todo y cada semana"


def mood(texts: list[str], language: str | None = None, by: str | None = "fan") -> dict[str, Any]:
    accounts = pl.DataFrame({"account_id": ["a"], "language": [language]}, schema_overrides={"language": pl.String})
    comments = pl.DataFrame(
        {"account_id": ["a"] * len(texts), "commenter_id": [by] * len(texts), "text": texts},
        schema={"account_id": pl.String, "commenter_id": pl.String, "text": pl.String},
    )
    found = comment_mood(accounts, comments)
    return found.row(0, named=True) if found.height else {}


def counts(found: dict[str, Any]) -> tuple[int, ...]:
    return tuple(found[name] for name in MOOD_SCHEMA if name != "account_id")


def test_no_comment_gives_no_row() -> None:
    assert mood([]) == {}


def test_the_owners_own_comments_are_left_out() -> None:
    assert mood(["great"], "en", by="a") == {}
    assert counts(mood(["great"], "en", by=None)) == (1, 1, 1, 1, 0)


@pytest.mark.parametrize(
    ("text", "rated", "positive", "negative"),
    [
        ("I love it", 1, 1, 0),
        ("not good", 1, 0, 1),
        ("this is horrible", 1, 0, 1),
        ("the same old thing", 1, 0, 0),
        ("watching in 2015", 0, 0, 0),
    ],
    ids=["praise", "negated", "blame", "known and neutral", "no word known"],
)
def test_a_short_comment_of_an_english_account(text: str, rated: int, positive: int, negative: int) -> None:
    assert counts(mood([text], "en-GB")) == (1, 1, rated, positive, negative)


@pytest.mark.parametrize(
    ("text", "called"),
    [("this beat is sick", "negative_comments"), ("so spousal abuse, cool that's great", "positive_comments")],
    ids=["slang", "irony"],
)
def test_what_the_list_is_wrong_about_as_the_page_says(text: str, called: str) -> None:
    assert mood([text], "en")[called] == 1


@pytest.mark.parametrize("language", [None, "es", "pt-BR"], ids=["unknown", "spanish", "portuguese"])
def test_short_comments_of_other_accounts_are_not_english(language: str | None) -> None:
    assert counts(mood(["great"], language)) == (1, 0, 0, 0, 0)


def test_long_comments_speak_for_themselves() -> None:
    assert min(len(LONG_ENGLISH), len(LONG_SPANISH)) > FEWEST_LETTERS
    assert mood([LONG_ENGLISH, LONG_SPANISH, LONG_SPANISH], "es")["english_comments"] == 1


def test_enough_long_comments_say_what_the_short_ones_are_written_in() -> None:
    assert mood([*[LONG_ENGLISH] * FEWEST_LONG, "great"], "es")["english_comments"] == FEWEST_LONG + 1
    assert mood([*[LONG_ENGLISH] * (FEWEST_LONG - 1), "great"], "es")["english_comments"] == FEWEST_LONG - 1
    assert mood([*[LONG_SPANISH] * FEWEST_LONG, "great"], "en")["english_comments"] == 0


@pytest.mark.parametrize(
    "text", ["😍😍", "@fan", "https://a.example/good", "12", ""], ids=["emoji", "name", "link", "number", "nothing"]
)
def test_what_has_no_words_is_in_no_language(text: str) -> None:
    assert counts(mood([text], "en")) == (1, 0, 0, 0, 0)


def test_hostile_texts_are_counted_like_any_other() -> None:
    found = mood([*HOSTILE.values(), "<" * 100_000, "good " * 50_000, "!" * 100_000], "en")
    assert found["comments_by_others"] == len(HOSTILE) + 3
    assert found["positive_comments"] == 1


def test_nothing_beyond_the_part_that_is_read_counts() -> None:
    assert mood(["x " * (LONGEST_READ // 2) + "great"], "en")["rated_comments"] == 0
