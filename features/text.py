r"""Text of comments and captions -> derived columns, for every script, in vectorised polars expressions.

Nothing here knows a language: only Unicode classes and the brand names of messengers. Three conventions hold
throughout:

- a letter or digit is `[\p{L}\p{N}]`, never `\w`, which matches the emoji variation selector; combining marks
  (`\p{M}`) belong to the word they stand in, or Thai, Hindi and Arabic words would fall apart;
- text is folded first (markup, HTML entities, invisible characters, compatibility forms, case), so that the same
  words in fancy letters or as an API's HTML are the same words;
- scripts written without spaces get an *estimated* word count, or a Thai audience would seem to write one-word
  comments: see `DENSE_CHARACTERS_PER_WORD` and `SYLLABIC_CHARACTERS_PER_WORD`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

DENSE_RANGES = (
    r"\x{3040}-\x{30FF}\x{31F0}-\x{31FF}\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}\x{F900}-\x{FAFF}\x{20000}-\x{3FFFF}"
)
"""Kana and Han: scripts without spaces in which a word has about two characters."""

SYLLABIC_RANGES = r"\x{0E00}-\x{0EFF}\x{1000}-\x{109F}\x{1780}-\x{17FF}"
"""Thai, Lao, Burmese, Khmer: scripts without spaces in which a word has about four characters, marks included."""

DENSE_CHARACTERS_PER_WORD = 2
"""Assumed: modern Chinese words average 1.5 to 2 characters, Japanese 2 to 3; rounded up to whole words per comment."""

SYLLABIC_CHARACTERS_PER_WORD = 4
"""Assumed: Thai words average 4 to 5 characters with their vowel and tone marks; rounded up likewise."""

LONGEST_WORD_LIST = 24
"""Words of a comment that are kept for comparing texts. Essays would otherwise outweigh all other comments."""

FRAME_WORDS = 3
"""Words at the start or end of a comment that make it a template's, where the rest differs."""

SENTENCE_WORDS = 4
"""Words from which two people hardly write the same by chance."""

SHORTEST_CONTENT_WORD = 4
"""Letters from which a word counts as content: shorter ones are mostly articles and pronouns, in any alphabet."""

LONG_SYLLABIC_WORD, LONG_DENSE_WORD = 8, 4
"""Characters that stand for one word of a slotted text in scripts without spaces: two estimated words, as such texts
are stock phrases up to twice as many words."""

_MARKUP = r"</?[a-zA-Z][^<>]{0,300}>"  # a letter must follow: "<3" is a heart
_ENTITIES = {
    "&#39;": "'",
    "&quot;": '"',
    "&lt;": "<",
    "&gt;": ">",
    "&nbsp;": " ",
    "&amp;": "&",
}
_KEYCAP = r"[0-9#*]\x{FE0F}?\x{20E3}"  # an emoji that is written with a digit
_DROPPED = r"['\x{2019}\x{00AD}\x{200B}-\x{200F}\x{2060}\x{FE0E}\x{FE0F}\x{FEFF}]"
"""Apostrophes, so that don't is one word however it is typed; joiners, marks of direction, variation selectors."""

_DOMAIN_END = r"\.(?:com|net|org|info|gg|shop|xyz|io|tv|link)(?-u:\b)"
_LINK = rf"https?://\S+|www\.\S+|[a-z0-9-]+{_DOMAIN_END}\S*"
_MAIL = rf"[\p{{L}}\p{{N}}._%+\-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*{_DOMAIN_END}[a-z.]*"
"""A mail address is no mention, though a sign between two names is all that makes it one."""
_MENTION = r"@[\p{L}\p{N}_][\p{L}\p{N}\p{M}_.\-]*"
_PHONE = r"(?:^|[^\p{N}.,\s])\s*(?:\+|0[1-9])(?:[\s()./\-]{0,2}\p{N}){8}"
"""A number dialled from abroad, eight digits and more behind a plus, or from home, ten and more with a zero first.

Counts of views and rows of years begin with neither, and the tail of a longer number is not taken for one. The lengths
are those of ITU E.164 less the countries with the shortest numbers.
"""
_KEYCAPS_DIALLED = r"(?:🔢\s?){8}"
_MESSENGERS = (
    "whats ?app|telegram|wa\\.me|viber|we ?chat|kakao ?talk|snapchat|"
    "в[оа]тсап+|телеграм+|вайбер|واتساب|واتس ?اب|تلجرام|تلغرام|تيليجرام|微信|カカオトーク|카카오톡|วอทส์?แอป"  # noqa: RUF001 - Cyrillic
)
"""Brand names of messengers, in the scripts that spell them their own way; those named in FACTS and the commonest."""
_LETTER_OR_DIGIT = r"[\p{L}\p{N}]"
_VISIBLE_SYMBOL = r"[\p{S}\p{P}]"
_QUESTION = r"[?\x{061F}\x{055E}]"  # Latin and, after folding, full-width; Arabic; Armenian
_WORD = r"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*"
_UNSPACED = f"[{DENSE_RANGES}{SYLLABIC_RANGES}]"
_SPACED_WORD = rf"[[\p{{L}}\p{{N}}]--{_UNSPACED}][[\p{{L}}\p{{N}}\p{{M}}]--{_UNSPACED}]*"
_DENSE_CHARACTER = rf"[[\p{{L}}\p{{N}}]&&[{DENSE_RANGES}]]"
_SYLLABIC_CHARACTER = rf"[[\p{{L}}\p{{M}}\p{{N}}]&&[{SYLLABIC_RANGES}]]"

SCRIPT_PATTERNS = {
    "latin": r"\p{Latin}",
    "cyrillic": r"\p{Cyrillic}",
    "arabic": r"\p{Arabic}",
    "indic": r"[\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Tamil}"
    r"\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}]",
    "thai": r"\p{Thai}",
    "hangul": r"\p{Hangul}",
    "han_or_kana": r"[\p{Han}\p{Hiragana}\p{Katakana}]",
    "hebrew": r"\p{Hebrew}",
    "greek": r"\p{Greek}",
}
"""Scripts told apart, commonest first; every other one is `other`. Japanese mixes Han and kana: one class."""

SCRIPTS = (*SCRIPT_PATTERNS, "other")
"""What `TextPass.script` counts through."""

LANGUAGE_SCRIPTS = {
    "cyrillic": ("ru", "uk", "be", "bg", "mk", "kk", "ky", "mn", "tg"),
    "arabic": ("ar", "fa", "ur", "ps", "ckb"),
    "indic": ("hi", "mr", "ne", "bn", "pa", "gu", "ta", "te", "kn", "ml", "si"),
    "thai": ("th",),
    "hangul": ("ko",),
    "han_or_kana": ("zh", "ja", "yue"),
    "hebrew": ("he", "iw", "yi"),
    "greek": ("el",),
    "other": ("am", "hy", "ka", "km", "lo", "my"),
}
"""Languages (first part of a BCP 47 tag) by their usual script; every language not named is written in Latin."""


def folded_text(text: pl.Expr) -> pl.Expr:
    """The text in one canonical form: no markup or invisible characters, compatibility forms and case folded.

    Null stays null. Keycap emoji become one symbol, since their digit is not a word.
    """
    return (
        text.str.replace_all(_MARKUP, " ")
        .str.replace_many(_ENTITIES)
        .str.replace_all(_KEYCAP, "🔢")
        .str.normalize("NFKC")
        .str.replace_all(_DROPPED, "")
        .str.to_lowercase()
    )


def own_words(folded: pl.Expr) -> pl.Expr:
    """What the writer says: folded text without addresses and without the names of mentioned accounts."""
    return _without_names(_without_mail(folded))


def _without_mail(folded: pl.Expr) -> pl.Expr:
    return folded.str.replace_all(_MAIL, " ")


def _without_names(folded: pl.Expr) -> pl.Expr:
    return folded.str.replace_all(_LINK, " ").str.replace_all(_MENTION, " ")


def estimated_word_count(said: pl.Expr) -> pl.Expr:
    """Words, 0 or more: runs of letters and digits, and in scripts without spaces an estimate from the characters."""
    spaced = said.str.count_matches(_SPACED_WORD)
    dense = said.str.count_matches(_DENSE_CHARACTER)
    syllabic = said.str.count_matches(_SYLLABIC_CHARACTER)
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


def script_of_language(language: pl.Expr) -> pl.Expr:
    """Usual script of a BCP 47 language tag; null stays null. A script named in the tag (sr-Cyrl) is not read."""
    scripts = {tag: script for script, tags in LANGUAGE_SCRIPTS.items() for tag in tags}
    primary = language.str.to_lowercase().str.extract(r"^([a-z]+)")
    return primary.replace_strict(scripts, default=pl.when(primary.is_not_null()).then(pl.lit("latin")))


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
    folded = frame.with_columns(folded=folded_text(pl.col("text"))).drop("text")
    addressed = folded.with_columns(addressed=_without_mail(pl.col("folded")))
    said = addressed.with_columns(said=_without_names(pl.col("addressed")))
    symbols = pl.col("said").str.extract_all(r"\p{So}")
    derived = said.with_columns(
        words=word_list(pl.col("said"), longest),
        symbols=symbols.list.join(""),
        symbol_kinds=symbols.list.n_unique().cast(pl.Int64),
        word_count=estimated_word_count(pl.col("said")),
        letter_count=pl.col("said").str.count_matches(_LETTER_OR_DIGIT).cast(pl.Int64),
        script=script_of(pl.col("said")),
        has_mention=pl.col("addressed").str.contains(_MENTION),
        has_link=pl.col("addressed").str.contains(_LINK),
        has_contact=pl.col("folded").str.contains(f"{_MAIL}|{_PHONE}|{_KEYCAPS_DIALLED}|{_MESSENGERS}"),
        has_question=pl.col("said").str.contains(_QUESTION),
        has_symbol=pl.col("said").str.contains(_VISIBLE_SYMBOL),
    )
    has_address = pl.col("has_link") | (pl.col("addressed") != pl.col("folded"))
    wordless = (pl.col("letter_count") == 0) & ~has_address
    return derived.with_columns(
        is_emoji_only=wordless & ~pl.col("has_mention") & pl.col("has_symbol"),
        is_mention_only=wordless & pl.col("has_mention"),
    ).drop("folded", "addressed", "said", "has_symbol")


@dataclass(frozen=True, slots=True)
class TextPass:
    """What is derived of n texts, as numpy arrays of n rows.

    A key is a 64-bit hash, never 0 where there is something to hash: equal keys of one column mean equal words. Keys
    hang on the text alone, so they mean the same in every account and table.

    Attributes:
        word_count: int64, see `estimated_word_count`; mentions and links are not words.
        letter_count: int64, letters and digits of the writer's own words.
        symbol_kinds: int64, different symbols (Unicode class So: emoji, hearts, flags).
        script: int8, place of `script_of` in `SCRIPTS`; -1 where there is no letter.
        has_mention, has_link, has_question: bool.
        has_contact: bool; a mail address, a telephone number or the name of a messenger.
        is_emoji_only: bool; no letter, digit, mention or address, and at least one visible symbol or punctuation mark.
        is_mention_only: bool; a mention, and neither a word nor an address beside it.
        list_length: int64, words in the text's list, see `word_list`.
        text_key: uint64, of all words of the list; 0 where there is none.
        opening_key, closing_key: uint64, of the first and the last `FRAME_WORDS` words; 0 where the list has no more.
        slotted_keys: uint64 of shape (n, `SENTENCE_WORDS` - 1). Equal in column i for texts that begin with the same
            i + 1 words and end with the same `SENTENCE_WORDS` - i - 1, with a slot between them; 0 where the list has
            no more words than that. In scripts without spaces characters are counted off at both ends instead.
        symbols_key, first_symbol_key: uint64, of all symbols in order, and of the first; 0 where there is none.
        word_offsets: int64 of length n + 1; the words of text i are rows `word_offsets[i]` to `word_offsets[i + 1]` of
            the two columns below.
        word_keys: uint64, of each word of each list.
        word_is_content: bool, whether it has `SHORTEST_CONTENT_WORD` characters.
    """

    word_count: NDArray[np.int64]
    letter_count: NDArray[np.int64]
    symbol_kinds: NDArray[np.int64]
    script: NDArray[np.int8]
    has_mention: NDArray[np.bool_]
    has_link: NDArray[np.bool_]
    has_contact: NDArray[np.bool_]
    has_question: NDArray[np.bool_]
    is_emoji_only: NDArray[np.bool_]
    is_mention_only: NDArray[np.bool_]
    list_length: NDArray[np.int64]
    text_key: NDArray[np.uint64]
    opening_key: NDArray[np.uint64]
    closing_key: NDArray[np.uint64]
    slotted_keys: NDArray[np.uint64]
    symbols_key: NDArray[np.uint64]
    first_symbol_key: NDArray[np.uint64]
    word_offsets: NDArray[np.int64]
    word_keys: NDArray[np.uint64]
    word_is_content: NDArray[np.bool_]


def text_pass(text: pl.Series, longest: int = LONGEST_WORD_LIST) -> TextPass:
    """Everything that the features need to know of each text; `text` is a String column without nulls.

    `longest` is the number of words kept in a text's list.
    """
    rows = with_text_columns(pl.DataFrame({"text": text.cast(pl.String)}), longest)
    return _pass_of(rows)


def _pass_of(rows: pl.DataFrame) -> TextPass:
    words = pl.col("words")
    length = words.list.len().cast(pl.Int64)
    scripts = {name: index for index, name in enumerate(SCRIPTS)}
    symbols = pl.col("symbols")
    keyed = rows.select(
        "word_count",
        "letter_count",
        "symbol_kinds",
        *("has_mention", "has_link", "has_contact", "has_question", "is_emoji_only", "is_mention_only"),
        script=pl.col("script").replace_strict(scripts, default=-1, return_dtype=pl.Int8),
        list_length=length,
        text_key=pl.when(length >= 1).then(words.hash()),
        opening_key=pl.when(length > FRAME_WORDS).then(words.list.head(FRAME_WORDS).hash()),
        closing_key=pl.when(length > FRAME_WORDS).then(words.list.tail(FRAME_WORDS).hash()),
        symbols_key=pl.when(symbols != "").then(symbols.hash()),
        first_symbol_key=pl.when(symbols != "").then(symbols.str.slice(0, 1).hash()),
        **_slotted_keys(),
    ).with_columns(pl.col(pl.UInt64).fill_null(0))
    arrays: dict[str, Any] = {name: keyed[name].to_numpy() for name in keyed.columns if not name.startswith("slotted")}
    word = rows["words"].explode(empty_as_null=False)
    return TextPass(
        **arrays,
        slotted_keys=keyed.select(pl.col("^slotted.*$")).to_numpy(order="c"),
        word_offsets=np.concatenate([[0], np.cumsum(keyed["list_length"].to_numpy())]).astype(np.int64),
        word_keys=word.hash().to_numpy(),
        word_is_content=(word.str.len_chars() >= SHORTEST_CONTENT_WORD).to_numpy(),
    )


def _slotted_keys() -> dict[str, pl.Expr]:
    words = pl.col("words")
    characters = words.list.join("")
    per_word = (
        pl.when(pl.col("script") == "han_or_kana").then(LONG_DENSE_WORD).otherwise(LONG_SYLLABIC_WORD).cast(pl.Int64)
    )
    is_unspaced = pl.col("word_count") // 2 > words.list.len()
    keys: dict[str, pl.Expr] = {}
    for first in range(1, SENTENCE_WORDS):
        last = SENTENCE_WORDS - first
        spaced = pl.struct(words.list.head(first).hash(), words.list.tail(last).hash().alias("end")).hash()
        unspaced = pl.struct(
            characters.str.head(per_word * first), characters.str.tail(per_word * last).alias("end")
        ).hash()
        keys[f"slotted_after_{first}"] = (
            pl.when(is_unspaced & (characters.str.len_chars() > per_word * SENTENCE_WORDS))
            .then(unspaced)
            .when(~is_unspaced & (words.list.len() > SENTENCE_WORDS))
            .then(spaced)
        )
    return keys
