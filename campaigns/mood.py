"""The mood of an account's comments, as far as a word list for English tells it.

The list is that of TextBlob (taken from the library pattern): a polarity from -1 to 1 for some 1,500 English
words, negation and emphasis included. It knows no slang, no irony and no emoji (docs/decisions/0022).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

import polars as pl

ENGLISH = "en"

RATED_ABOVE = 0.1
"""Polarity from which a text counts as positive, and below whose opposite as negative: the default of the library's
own `positive()`; the opposite is assumed."""

FEWEST_LETTERS = 30
"""Letters from which a comment's own language is looked at: of real English YouTube comments as long, 97 % are found
to be English; of those with 2 to 10 letters 34 % (docs/decisions/0022)."""

FEWEST_LONG = 5
"""Comments of that length from which they, rather than the account's `language`, say what short ones are written in;
assumed."""

LONGEST_READ = 2_000
"""Characters of a comment that are read; assumed. No platform allows many more that people write."""

MOOD_SCHEMA = {
    "account_id": pl.String,
    "comments_by_others": pl.Int64,
    "english_comments": pl.Int64,
    "rated_comments": pl.Int64,
    "positive_comments": pl.Int64,
    "negative_comments": pl.Int64,
}

_NO_WORDS = re.compile(r"https?://\S+|www\.\S+|<[^>]{0,200}>|&#?\w+;|[@#]\w+")
"""What is no language: addresses, markup, people and tags."""


def comment_mood(accounts: pl.DataFrame, comments: pl.DataFrame) -> pl.DataFrame:
    """One row for each account with comments of others, sorted by `account_id`; see `MOOD_SCHEMA`.

    The owner's own comments are left out where commenters are known. A comment is English if its own words say so or,
    where it is too short to tell, if most of the account's longer ones are (the account's `language`, where fewer than
    `FEWEST_LONG` are long). `rated_comments` are the English ones of which the word list knows a word.

    Args:
        accounts: `account_id` and `language`.
        comments: `account_id`, `commenter_id` and `text`.
    """
    languages = dict(accounts.select("account_id", "language").iter_rows())
    by_others = comments.filter(pl.col("commenter_id").ne_missing(pl.col("account_id"))).sort("account_id")
    rows = [
        (account_id, *_counts(texts, languages.get(account_id)))
        for account_id, texts in by_others.group_by("account_id", maintain_order=True).agg("text").iter_rows()
    ]
    return pl.DataFrame(rows, schema=MOOD_SCHEMA, orient="row")


def _counts(texts: list[str], language: str | None) -> tuple[int, int, int, int, int]:
    english = _english(texts, language)
    moods = Counter(_mood(text) for text in english)
    rated = sum(count for mood, count in moods.items() if mood is not None)
    return len(texts), len(english), rated, moods["positive"], moods["negative"]


def _english(texts: list[str], language: str | None) -> list[str]:
    """The texts that are English; those without a letter are in no language."""
    words = [_NO_WORDS.sub(" ", text[:LONGEST_READ]).lower() for text in texts]
    letters = [sum(map(str.isalpha, each)) for each in words]
    long = [
        found_language(each) if count >= FEWEST_LETTERS else None for each, count in zip(words, letters, strict=True)
    ]
    usual = _usual(each for each in long if each is not None) or (language or "").partition("-")[0].lower()
    return [
        text for text, own, count in zip(texts, long, letters, strict=True) if count > 0 and (own or usual) == ENGLISH
    ]


def _usual(languages: Iterable[str]) -> str | None:
    """The language of most of them, the first by name of equals; None of too few."""
    counts = Counter(languages)
    return min(counts, key=lambda each: (-counts[each], each)) if counts.total() >= FEWEST_LONG else None


def found_language(text: str) -> str:
    """The most probable language of a text, ISO 639-1 where there is such a code."""
    import py3langid  # a model of two megabytes, which only this needs

    return str(py3langid.classify(text)[0])


def _mood(text: str) -> str | None:
    """`positive`, `negative` or `neutral`; None where the list knows no word of it."""
    from textblob import TextBlob  # brings NLTK with it, two seconds

    found = TextBlob(text[:LONGEST_READ]).sentiment_assessments
    if not found.assessments:
        return None
    if abs(found.polarity) < RATED_ABOVE:
        return "neutral"
    return "positive" if found.polarity > 0 else "negative"
