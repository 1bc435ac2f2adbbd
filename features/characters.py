"""What each character is, and what becomes of it when text is folded: tables for the text kernel.

They are read off the expressions of `features.text`, which define both, once a process. So the kernel and the
expressions cannot tell different stories, whatever Unicode version polars brings. Only the order of combining marks
comes from Python, whose Unicode may be older: a mark that it does not know is left to the expressions. (By Unicode's
stability policy a character's order and its compositions never change.)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features import text as definition
from features.kernels import text as kernel

PLANES = (range(0xD800), range(0xE000, 0x40000), range(0xE0000, 0xF0000))
"""Planes that hold characters; all others are unassigned or private, without a class, and left to the expressions."""

CLASSES = {
    kernel.LETTER_OR_DIGIT: definition.LETTER_OR_DIGIT,
    kernel.NUMBER: r"\p{N}",
    kernel.MARK: r"\p{M}",
    kernel.SYMBOL: r"\p{So}",
    kernel.VISIBLE: definition.VISIBLE_SYMBOL,
    kernel.SPACED: definition.SPACED_START,
    kernel.SPACED_OR_MARK: definition.SPACED_CHARACTER,
    kernel.DENSE: definition.DENSE_CHARACTER,
    kernel.SYLLABIC: definition.SYLLABIC_CHARACTER,
    kernel.QUESTION: definition.QUESTION,
    kernel.NAME: definition.NAME_CHARACTER,
    kernel.NAME_START: definition.NAME_START,
    kernel.MAIL: definition.MAIL_CHARACTER,
    kernel.LETTER: r"\p{L}",
}
"""Regular expression of the characters that have the bit."""

BUCKETS = (
    *([f".{ending}" for ending in endings] for endings in definition.DOMAINS[:-1]),
    [*(f".{ending}" for ending in definition.DOMAINS[-1]), "://", "www."],
    *definition.MESSENGERS,
)
"""Folded text with one of these strings may hold an address, or a way to get in touch."""

_RARE_CHARACTERS = "\u20e3🔢"
"""Keycaps, and what they become."""

_SIGMA, _PLUS = "Σ", "+"
"""Capital sigma becomes one of two letters, as its neighbours are; a plus is looked for among single characters."""

_SPREADING_FROM = 0x80
"""First code point of two bytes; see `LONGEST_SEQUENCE`."""


@cache
def character_tables() -> kernel.Characters:
    """The tables of all characters; made at the first call, in a third of a second."""
    codes = np.concatenate([np.arange(plane.start, plane.stop) for plane in PLANES])
    text = pl.Series(list(codes.astype("<u4").tobytes().decode("utf-32-le")), dtype=pl.String)
    classes = _classes(text)
    letters, masks = masks_of(BUCKETS)
    entries = np.full(kernel.CODE_POINTS, kernel.RARE, np.uint32)
    entries[codes] = classes
    for character, letter in letters.items():
        entries[ord(character)] |= letter << kernel.LETTER_SHIFT
    is_mark = pl.Series((classes & kernel.MARK) != 0)
    folding = _folding(pl.DataFrame({"code": codes, "text": text, "is_mark": is_mark}))
    for code, action in folding.actions.items():
        entries[code] |= action
    return kernel.Characters(
        entries,
        folding.folded,
        np.array(folding.sequences, np.int32),
        folding.combining,
        folding.firsts,
        folding.seconds,
        folding.composes,
        masks,
    )


def _classes(text: pl.Series) -> NDArray[np.uint32]:
    """The bits of each character, its script included."""
    classes = np.zeros(len(text), np.uint32)
    has_class = np.flatnonzero(text.str.contains(r"[\p{L}\p{M}\p{N}\p{S}\p{P}]"))
    known = text.gather(has_class)
    for bit, pattern in CLASSES.items():
        classes[has_class[known.str.contains(pattern)]] |= bit
    is_letter = np.flatnonzero(classes & kernel.LETTER)
    letters = text.gather(is_letter)
    scripts = np.full(len(letters), len(definition.SCRIPT_PATTERNS), np.uint32)
    for index, pattern in reversed(list(enumerate(definition.SCRIPT_PATTERNS.values()))):
        scripts[letters.str.contains(pattern)] = index
    classes[is_letter] |= scripts << kernel.SCRIPT_SHIFT
    return classes


@dataclass(slots=True)
class _Folding:
    """What folding does, as in `kernel.Characters`, and the action of each character that does not stay as it is."""

    composes: NDArray[np.bool_]
    actions: dict[int, int] = field(default_factory=dict)
    sequences: list[int] = field(default_factory=list)
    folded: NDArray[np.int32] = field(default_factory=lambda: np.arange(kernel.CODE_POINTS, dtype=np.int32))
    combining: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(kernel.CODE_POINTS, np.uint8))
    firsts: NDArray[np.int16] = field(default_factory=lambda: np.zeros(kernel.CODE_POINTS, np.int16))
    seconds: NDArray[np.int16] = field(default_factory=lambda: np.zeros(kernel.CODE_POINTS, np.int16))


def _folding(characters: pl.DataFrame) -> _Folding:
    """What becomes of each character; `characters` has its `code`, its `text` and `is_mark`."""
    changed = characters.with_columns(
        normal=pl.col("text").str.normalize("NFKC"),
        folded=definition.folded_text(pl.col("text")),
        decomposed=pl.col("text").str.normalize("NFD"),
    )
    firsts, seconds, composes = _pairs(changed.filter(pl.col("decomposed") != pl.col("text")))
    is_part = pl.col("text").is_in(list({**firsts, **seconds}))
    stays = (pl.col("folded") == pl.col("text")) & (pl.col("normal") == pl.col("text")) & ~pl.col("is_mark") & ~is_part
    marks = set(characters["text"].filter(characters["is_mark"]))
    folding = _Folding(composes)
    for code, text, normal, folded in changed.filter(~stays).select("code", "text", "normal", "folded").iter_rows():
        orders = [unicodedata.combining(character) for character in normal]
        folding.firsts[code] = firsts.get(normal[-1], 0)
        is_single = len(normal) == 1
        is_second = normal[0] in seconds
        is_unknown = any(each in marks and unicodedata.category(each) == "Cn" for each in normal)
        # Of several characters, the first could melt into the one before, and a last that is a mark be moved about.
        is_entangled = not is_single and (is_second or any(orders) or _PLUS in normal)
        if is_unknown or is_entangled or _SIGMA in normal or text in _RARE_CHARACTERS:
            action = kernel.RARE
        elif is_single and (any(orders) or is_second):
            folding.combining[code] = orders[0]
            folding.seconds[code] = seconds.get(normal, 0)
            folding.folded[code] = ord(folded)
            action = kernel.COMBINING
        else:
            action = _plain_action(folding, code, text, folded)
        folding.actions[code] = action
    folding.actions |= dict.fromkeys(map(ord, "<&+"), kernel.WATCHED) | dict.fromkeys(
        map(ord, _RARE_CHARACTERS), kernel.RARE
    )
    return folding


def _plain_action(folding: _Folding, code: int, text: str, folded: str) -> int:
    """The action of a character that hangs on no other; what it becomes is put down in `folding`."""
    if folded == text:
        return 0
    if not folded:
        return kernel.DROPPED
    if len(folded) == 1:
        folding.folded[code] = ord(folded)
        return kernel.MAPPED
    if code < _SPREADING_FROM or len(folded) > kernel.LONGEST_SEQUENCE:
        return kernel.RARE
    folding.folded[code] = len(folding.sequences)
    folding.sequences += [len(folded), *map(ord, folded)]
    return kernel.SPREAD


def _pairs(composed: pl.DataFrame) -> tuple[dict[str, int], dict[str, int], NDArray[np.bool_]]:
    """Characters that may come first and second where two become one, numbered from 1, and which pairs of them do.

    `composed` are the characters (`text`) that others make up (`decomposed`). Such a one is made of the last of these
    and of what the ones before it make. Behind a character that is itself composed, any second one may be put between
    its parts; Korean syllables are their own.
    """
    parts = composed["decomposed"]
    second = parts.str.slice(1).str.split("").explode().drop_nulls().unique().sort()
    second = second.filter(second != "")
    first = parts.str.head(-1).str.normalize("NFC").unique().sort()
    first = first.filter(first.str.len_chars() == 1)
    rows = pl.DataFrame({"first": first}).join(
        pl.DataFrame({"second": second}), how="cross", maintain_order="left_right"
    )
    pair = rows["first"] + rows["second"]
    composes = np.zeros((len(first) + 2, len(second) + 1), np.bool_)
    composes[1:-1, 1:] = (pair.str.normalize("NFKC") != pair).to_numpy().reshape(len(first), len(second))
    composes[-1, 1:] = True
    others = composed["text"].filter(~composed["text"].str.contains(r"\p{Hangul}"))
    firsts = dict.fromkeys(others, len(first) + 1) | {each: number for number, each in enumerate(first, start=1)}
    return firsts, {each: number for number, each in enumerate(second, start=1)}, composes


def masks_of(buckets: Sequence[Sequence[str]]) -> tuple[dict[str, int], NDArray[np.uint64]]:
    """The letter of each character of the strings, and the masks by which the kernel looks for them.

    Strings are compared from their ends, all buckets at once, by shifting bits (the filter of Hyperscan: Wang et al.
    2019, NSDI). All of them are found. What is found may be put together of several strings of one bucket; it goes to
    the expressions, which know better.
    """
    characters = sorted({character for bucket in buckets for string in bucket for character in string})
    letters = {character: letter for letter, character in enumerate(characters, start=1)}
    masks = np.zeros((kernel.LETTERS, kernel.BUCKET_LENGTH, kernel.BUCKETS), np.bool_)
    for number, bucket in enumerate(buckets):
        ends = [string[-kernel.BUCKET_LENGTH :] for string in bucket]
        first_place = kernel.BUCKET_LENGTH - min(map(len, ends))
        masks[:, :first_place, number] = True
        for end in ends:
            for place, character in enumerate(end, start=kernel.BUCKET_LENGTH - len(end)):
                masks[letters[character], place, number] = True
    bits = np.packbits(masks.reshape(kernel.LETTERS, -1), axis=1, bitorder="little")
    return letters, bits.view("<u8").reshape(-1).astype(np.uint64)
