"""The text pass in plain expressions over words: what `text_pass` must equal, text by text and group by group."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.text import (
    DENSE_CHARACTER,
    DENSE_CHARACTERS_PER_WORD,
    FRAME_WORDS,
    LONG_DENSE_WORD,
    LONG_SYLLABIC_WORD,
    LONGEST_WORD_LIST,
    SCRIPT_PATTERNS,
    SCRIPTS,
    SENTENCE_WORDS,
    SHORTEST_CONTENT_WORD,
    SPACED_CHARACTER,
    SPACED_START,
    SYLLABIC_CHARACTER,
    SYLLABIC_CHARACTERS_PER_WORD,
    TextPass,
    what_was_said,
)

KEYS = ("text_key", "opening_key", "closing_key", "slotted_keys", "symbols_key", "first_symbol_key", "word_keys")
VALUES = tuple(name for name in TextPass.__slots__ if name not in KEYS)


def naive_pass(text: pl.Series, longest: int = LONGEST_WORD_LIST) -> TextPass:
    """What `text_pass` returns, by one expression for each column. Its keys are polars' hashes."""
    said = what_was_said(text.to_frame("text"))
    words = naive_words(pl.col("said"), longest)
    symbols = pl.col("said").str.extract_all(r"\p{So}")
    rows = said.with_columns(
        words=words,
        list_length=words.list.len().cast(pl.Int64),
        word_count=_word_count(pl.col("said")),
        letter_count=pl.col("said").str.count_matches(r"[\p{L}\p{N}]").cast(pl.Int64),
        symbol_kinds=symbols.list.n_unique().cast(pl.Int64),
        symbols=symbols.list.join(""),
        script=_script(pl.col("said")),
        has_question=pl.col("said").str.contains(r"[?\x{061F}\x{055E}]"),
        has_visible=pl.col("said").str.contains(r"[\p{S}\p{P}]"),
    )
    wordless = (pl.col("letter_count") == 0) & ~pl.col("has_address")
    rows = rows.with_columns(
        is_emoji_only=wordless & ~pl.col("has_mention") & pl.col("has_visible"),
        is_mention_only=wordless & pl.col("has_mention"),
    ).with_columns(**_keys())
    word = rows["words"].explode(empty_as_null=False)
    columns: dict[str, Any] = {name: rows[name].to_numpy() for name in (*VALUES, *KEYS) if name in rows.columns}
    slotted = [f"slotted_after_{first}" for first in range(1, SENTENCE_WORDS)]
    return TextPass(
        **columns,
        slotted_keys=np.stack([rows[name].to_numpy() for name in slotted], axis=1),
        word_offsets=np.concatenate([[0], np.cumsum(rows["list_length"].to_numpy())]).astype(np.int64),
        word_keys=word.hash().to_numpy(),
        word_is_content=(word.str.len_chars() >= SHORTEST_CONTENT_WORD).to_numpy(),
    )


def naive_words(said: pl.Expr, longest: int) -> pl.Expr:
    return said.str.replace_all(r"\p{N}+", "0").str.extract_all(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*").list.head(longest)


def _word_count(said: pl.Expr) -> pl.Expr:
    spaced = said.str.count_matches(f"{SPACED_START}{SPACED_CHARACTER}*")
    dense, syllabic = said.str.count_matches(DENSE_CHARACTER), said.str.count_matches(SYLLABIC_CHARACTER)
    return (
        spaced
        + (dense / DENSE_CHARACTERS_PER_WORD).ceil().cast(pl.UInt32)
        + (syllabic / SYLLABIC_CHARACTERS_PER_WORD).ceil().cast(pl.UInt32)
    ).cast(pl.Int64)


def _script(said: pl.Expr) -> pl.Expr:
    """Place in `SCRIPTS` of the script of the first letter, -1 where there is none."""
    letter = said.str.extract(r"(\p{L})")
    script = pl.when(letter.is_null()).then(-1)
    for index, pattern in enumerate(SCRIPT_PATTERNS.values()):
        script = script.when(letter.str.contains(pattern)).then(index)
    return script.otherwise(SCRIPTS.index("other")).cast(pl.Int8)


def _keys() -> dict[str, pl.Expr]:
    words, length, symbols = pl.col("words"), pl.col("list_length"), pl.col("symbols")
    is_framed = length > FRAME_WORDS
    keys = {
        "text_key": pl.when(length >= 1).then(words.hash()),
        "opening_key": pl.when(is_framed).then(words.list.head(FRAME_WORDS).hash()),
        "closing_key": pl.when(is_framed).then(words.list.tail(FRAME_WORDS).hash()),
        "symbols_key": pl.when(symbols != "").then(symbols.hash()),
        "first_symbol_key": pl.when(symbols != "").then(symbols.str.head(1).hash()),
    }
    characters = words.list.join("")
    is_unspaced = pl.col("word_count") // 2 > length
    is_dense = pl.col("script") == SCRIPTS.index("han_or_kana")
    per_word = pl.when(is_dense).then(LONG_DENSE_WORD).otherwise(LONG_SYLLABIC_WORD).cast(pl.Int64)
    for first in range(1, SENTENCE_WORDS):
        last = SENTENCE_WORDS - first
        spaced = pl.struct(words.list.head(first).hash(), words.list.tail(last).hash().alias("end")).hash()
        unspaced = pl.struct(characters.str.head(per_word * first), characters.str.tail(per_word * last).alias("end"))
        keys[f"slotted_after_{first}"] = (
            pl.when(is_unspaced & (characters.str.len_chars() > per_word * SENTENCE_WORDS))
            .then(unspaced.hash())
            .when(~is_unspaced & (length > SENTENCE_WORDS))
            .then(spaced)
        )
    return {name: key.fill_null(0) for name, key in keys.items()}


def assert_same(texts: pl.Series, found: TextPass, expected: TextPass) -> None:
    """Equal counts and flags in every row, and keys that part the rows into the same groups."""
    for name in VALUES:
        one, other = getattr(found, name), getattr(expected, name)
        assert (one.dtype, one.shape) == (other.dtype, other.shape), name
        differs = np.flatnonzero(one != other)
        texts_at = differs
        if one.size != len(texts):  # by word
            texts_at = np.searchsorted(expected.word_offsets, differs, side="right") - 1
        at = [ascii(texts[row]) for row in texts_at[:3].tolist() if row < len(texts)]
        assert not differs.size, (name, differs.size, at)
    for name in KEYS:
        one, other = getattr(found, name), getattr(expected, name)
        assert (one.dtype, one.shape) == (other.dtype, other.shape), name
        for column in range(one[0].size if one.ndim > 1 and len(one) else 1):
            _assert_same_groups(name, *(array[:, column] if array.ndim > 1 else array for array in (one, other)))


def _assert_same_groups(name: str, one: NDArray[np.uint64], other: NDArray[np.uint64]) -> None:
    assert np.array_equal(one == 0, other == 0), name
    pairs = pl.DataFrame({"one": one, "other": other})
    groups = (pairs["one"].n_unique(), pairs["other"].n_unique(), pairs.n_unique())
    assert groups[0] == groups[1] == groups[2], (name, groups)
