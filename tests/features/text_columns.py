"""What is derived of a text, one polars expression a column: the form in which the text pass was first written.

The tests of samples and languages read these columns; `tests.features.text_twin` holds the pass to the same words.
"""

from __future__ import annotations

import polars as pl

from features.text import (
    DENSE_CHARACTER,
    DENSE_CHARACTERS_PER_WORD,
    LETTER_OR_DIGIT,
    LONGEST_WORD_LIST,
    QUESTION,
    SCRIPT_PATTERNS,
    SPACED_CHARACTER,
    SPACED_START,
    SYLLABIC_CHARACTER,
    SYLLABIC_CHARACTERS_PER_WORD,
    VISIBLE_SYMBOL,
    what_was_said,
)

_WORD = rf"{LETTER_OR_DIGIT}[\p{{L}}\p{{N}}\p{{M}}]*"


def estimated_word_count(said: pl.Expr) -> pl.Expr:
    """Words, 0 or more: runs of letters and digits, and in scripts without spaces an estimate from the characters."""
    spaced = said.str.count_matches(f"{SPACED_START}{SPACED_CHARACTER}*")
    dense = said.str.count_matches(DENSE_CHARACTER)
    syllabic = said.str.count_matches(SYLLABIC_CHARACTER)
    return (
        spaced
        + (dense + DENSE_CHARACTERS_PER_WORD - 1) // DENSE_CHARACTERS_PER_WORD
        + (syllabic + SYLLABIC_CHARACTERS_PER_WORD - 1) // SYLLABIC_CHARACTERS_PER_WORD
    ).cast(pl.Int64)


def word_list(said: pl.Expr, longest: int = LONGEST_WORD_LIST) -> pl.Expr:
    """The first `longest` words in order; every number reads 0, so that a slot filled with one matches.

    In scripts without spaces a "word" is an unbroken run, often a phrase: such texts match as wholes only.
    """
    return said.str.replace_all(r"\p{N}+", "0").str.extract_all(_WORD).list.head(longest)


def script_of(said: pl.Expr) -> pl.Expr:
    """Script of the text's first letter, one of `SCRIPT_PATTERNS` or `other`; null where there is no letter."""
    letter = said.str.extract(r"(\p{L})")
    script: pl.Expr = pl.when(letter.is_not_null()).then(pl.lit("other"))
    for name, pattern in reversed(SCRIPT_PATTERNS.items()):
        script = pl.when(letter.str.contains(pattern)).then(pl.lit(name)).otherwise(script)
    return script


def with_text_columns(frame: pl.DataFrame, longest: int = LONGEST_WORD_LIST) -> pl.DataFrame:
    """Replace the column `text` of `frame` by what is derived from it, row by row.

    Adds:
        words: list of str, see `word_list`.
        symbols: str, symbols of the text in order (Unicode class So: emoji, hearts, flags); empty where none.
        symbol_kinds: int, different symbols among them.
        word_count: int, see `estimated_word_count`; mentions and links are not words.
        letter_count: int, letters and digits of the writer's own words.
        script: str, see `script_of`.
        is_emoji_only: no letter, digit, mention or address, and at least one visible symbol or punctuation mark.
        is_mention_only: a mention, and neither a word nor an address beside it.
        has_mention, has_link, has_question: bool.
        has_contact: bool; a mail address, a telephone number or the name of a messenger.
    """
    said = what_was_said(frame)
    symbols = pl.col("said").str.extract_all(r"\p{So}")
    derived = said.with_columns(
        words=word_list(pl.col("said"), longest),
        symbols=symbols.list.join(""),
        symbol_kinds=symbols.list.n_unique().cast(pl.Int64),
        word_count=estimated_word_count(pl.col("said")),
        letter_count=pl.col("said").str.count_matches(LETTER_OR_DIGIT).cast(pl.Int64),
        script=script_of(pl.col("said")),
        has_question=pl.col("said").str.contains(QUESTION),
        has_symbol=pl.col("said").str.contains(VISIBLE_SYMBOL),
    )
    wordless = (pl.col("letter_count") == 0) & ~pl.col("has_address")
    return derived.with_columns(
        is_emoji_only=wordless & ~pl.col("has_mention") & pl.col("has_symbol"),
        is_mention_only=wordless & pl.col("has_mention"),
    ).drop("said", "has_address", "has_symbol")
