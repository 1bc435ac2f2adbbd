"""Texts -> `TextPass`: their bytes through the kernel, and those of a rare shape through the expressions as well."""

from __future__ import annotations

from operator import attrgetter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features import text as definition
from features.characters import character_tables
from features.kernels import text as kernel

_NO_BYTES = np.frombuffer(b"\0", np.uint8)


def read(text: pl.Series, longest: int) -> definition.TextPass:
    """See `features.text.text_pass`.

    The kernel reads all bytes once. The few texts of a rare shape (addresses, telephone numbers, markup, ...) then go
    through the expressions, and what was said in them through the kernel.
    """
    columns = with_kernel(text, longest, is_said=False)
    has_link, has_address = np.zeros((2, len(text)), np.bool_)
    rare = np.flatnonzero(columns.is_rare)
    if rare.size:
        said = definition.what_was_said(text.gather(rare).to_frame("text"))
        columns = _replaced(columns, rare, with_kernel(said["said"], longest, is_said=True))
        columns.flags[kernel.HAS_MENTION, rare] = said["has_mention"]
        columns.flags[kernel.HAS_CONTACT, rare] = said["has_contact"]
        has_link[rare], has_address[rare] = said["has_link"], said["has_address"]
    flags, keys, counts = columns.flags, columns.keys, columns.counts
    has_mention = flags[kernel.HAS_MENTION]
    is_wordless = (counts[kernel.LETTER_COUNT] == 0) & ~has_address
    return definition.TextPass(
        word_count=counts[kernel.WORD_COUNT],
        letter_count=counts[kernel.LETTER_COUNT],
        symbol_kinds=counts[kernel.SYMBOL_KINDS],
        script=columns.script,
        has_mention=has_mention,
        has_link=has_link,
        has_contact=flags[kernel.HAS_CONTACT],
        has_question=flags[kernel.HAS_QUESTION],
        is_emoji_only=is_wordless & ~has_mention & flags[kernel.HAS_VISIBLE],
        is_mention_only=is_wordless & has_mention,
        list_length=counts[kernel.LIST_LENGTH],
        text_key=keys[kernel.TEXT],
        opening_key=keys[kernel.OPENING],
        closing_key=keys[kernel.CLOSING],
        slotted_keys=columns.slotted_keys,
        symbols_key=keys[kernel.SYMBOLS],
        first_symbol_key=keys[kernel.FIRST_SYMBOL],
        word_offsets=columns.word_offsets,
        word_keys=columns.word_keys[: columns.word_offsets[-1]],
        word_is_content=columns.word_is_content[: columns.word_offsets[-1]],
    )


def with_kernel(text: pl.Series, longest: int, *, is_said: bool) -> kernel.Columns:
    """What the kernel makes of texts as published, or of what was said in them."""
    rows = len(text)
    arrow = text.to_arrow(compat_level=pl.CompatLevel.oldest())  # a LargeStringArray
    _, offsets_buffer, data_buffer = arrow.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int64)[arrow.offset : arrow.offset + rows + 1]
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer else _NO_BYTES
    # A word has a byte at least. Memory that is never written to is not taken from the machine.
    room = int(np.minimum(np.diff(offsets), longest).sum())
    columns = kernel.Columns(
        counts=np.empty((4, rows), np.int64),
        flags=np.zeros((4, rows), np.bool_),
        keys=np.empty((5, rows), np.uint64),
        script=np.empty(rows, np.int8),
        slotted_keys=np.empty((rows, definition.SENTENCE_WORDS - 1), np.uint64),
        is_rare=np.empty(rows, np.bool_),
        word_offsets=np.zeros(rows + 1, np.int64),
        word_keys=np.empty(room, np.uint64),
        word_is_content=np.empty(room, np.bool_),
    )
    limits = kernel.Limits(
        longest_list=longest,
        frame_words=definition.FRAME_WORDS,
        sentence_words=definition.SENTENCE_WORDS,
        content_letters=definition.SHORTEST_CONTENT_WORD,
        dense_per_word=definition.DENSE_CHARACTERS_PER_WORD,
        syllabic_per_word=definition.SYLLABIC_CHARACTERS_PER_WORD,
        long_dense_word=definition.LONG_DENSE_WORD,
        long_syllabic_word=definition.LONG_SYLLABIC_WORD,
        dense_script=definition.SCRIPTS.index("han_or_kana"),
    )
    kernel.read_texts(data, offsets, is_said, limits, character_tables(), columns)
    return columns


def _replaced(columns: kernel.Columns, rows: NDArray[np.int64], other: kernel.Columns) -> kernel.Columns:
    """The columns with those of `other` in the given rows, which had no words."""
    columns.counts[:, rows], columns.flags[:, rows], columns.keys[:, rows] = other.counts, other.flags, other.keys
    columns.script[rows], columns.slotted_keys[rows] = other.script, other.slotted_keys
    words = columns.word_offsets[-1] + other.word_offsets[-1]
    merged = columns._replace(
        word_offsets=np.empty_like(columns.word_offsets),
        word_keys=np.empty(words, np.uint64),
        word_is_content=np.empty(words, np.bool_),
    )
    words_of = attrgetter("word_offsets", "word_keys", "word_is_content")
    kernel.merge_words(columns.is_rare, *words_of(columns), *words_of(other), *words_of(merged))
    return merged
