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
from itertools import chain

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

DOMAINS = (("com", "net", "org", "xyz"), ("info", "link", "shop"), ("gg", "io", "tv"))
"""Endings by which a web address is known that begins with neither http nor www; a row holds those of one length."""

_DOMAIN_END = rf"\.(?:{'|'.join(chain(*DOMAINS))})(?-u:\b)"
_LINK = rf"https?://\S+|www\.\S+|[a-z0-9-]+{_DOMAIN_END}\S*"
MAIL_CHARACTER = r"[\p{L}\p{N}._%+\-]"
_MAIL = rf"{MAIL_CHARACTER}+@[a-z0-9-]+(?:\.[a-z0-9-]+)*{_DOMAIN_END}[a-z.]*"
"""A mail address is no mention, though a sign between two names is all that makes it one."""
NAME_START, NAME_CHARACTER = r"[\p{L}\p{N}_]", r"[\p{L}\p{N}\p{M}_.\-]"
NAMED_ACCOUNT = f"@{NAME_START}{NAME_CHARACTER}*"
"""An account that a text names: a third person."""
_PHONE = r"(?:^|[^\p{N}.,\s])\s*(?:\+|0[1-9])(?:[\s()./\-]{0,2}\p{N}){8}"
"""A number dialled from abroad, eight digits and more behind a plus, or from home, ten and more with a zero first.

Counts of views and rows of years begin with neither, and the tail of a longer number is not taken for one. The lengths
are those of ITU E.164 less the countries with the shortest numbers.
"""
_KEYCAPS_DIALLED = r"(?:🔢\s?){8}"
MESSENGERS = (
    ("whatsapp", "whats app", "telegram", "kakaotalk", "kakao talk", "snapchat"),
    ("wechat", "we chat"),
    ("viber", "wa.me"),
    ("ватсап", "вотсап", "телеграм", "вайбер", "واتساب", "واتس اب", "تلجرام", "تلغرام", "تيليجرام"),
    ("微信", "カカオトーク", "카카오톡", "วอทส์แอป", "วอทสแอป"),
)
"""Brand names of messengers, in the scripts that spell them their own way; those named in FACTS and the commonest.

Names in a row are looked for together, see `features.characters.masks_of`: they are alike in length, or of scripts
whose characters hardly mix.
"""
_MESSENGERS = "|".join(chain(*MESSENGERS)).replace(".", r"\.")
LETTER_OR_DIGIT = r"[\p{L}\p{N}]"
VISIBLE_SYMBOL = r"[\p{S}\p{P}]"
QUESTION = r"[?\x{061F}\x{055E}]"  # Latin and, after folding, full-width; Arabic; Armenian
_UNSPACED = f"[{DENSE_RANGES}{SYLLABIC_RANGES}]"
SPACED_START, SPACED_CHARACTER = rf"[{LETTER_OR_DIGIT}--{_UNSPACED}]", rf"[[\p{{L}}\p{{N}}\p{{M}}]--{_UNSPACED}]"
DENSE_CHARACTER = rf"[{LETTER_OR_DIGIT}&&[{DENSE_RANGES}]]"
SYLLABIC_CHARACTER = rf"[[\p{{L}}\p{{M}}\p{{N}}]&&[{SYLLABIC_RANGES}]]"

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


def _without_mail(folded: pl.Expr) -> pl.Expr:
    return folded.str.replace_all(_MAIL, " ")


def _without_names(folded: pl.Expr) -> pl.Expr:
    return folded.str.replace_all(_LINK, " ").str.replace_all(NAMED_ACCOUNT, " ")


def script_of_language(language: pl.Expr) -> pl.Expr:
    """Usual script of a BCP 47 language tag; null stays null. A script named in the tag (sr-Cyrl) is not read."""
    scripts = {tag: script for script, tags in LANGUAGE_SCRIPTS.items() for tag in tags}
    primary = language.str.to_lowercase().str.extract(r"^([a-z]+)")
    return primary.replace_strict(scripts, default=pl.when(primary.is_not_null()).then(pl.lit("latin")))


def what_was_said(frame: pl.DataFrame) -> pl.DataFrame:
    """Replace the column `text` of `frame` by `said` and by what is left out of it.

    What was said is the folded text without addresses and without the names of mentioned accounts. Adds `has_mention`,
    `has_link` and `has_contact` as described in `TextPass`, and `has_address`: a link or a mail address.
    """
    folded = frame.with_columns(folded=folded_text(pl.col("text"))).drop("text")
    addressed = folded.with_columns(addressed=_without_mail(pl.col("folded")))
    return (
        addressed.with_columns(
            said=_without_names(pl.col("addressed")),
            has_mention=pl.col("addressed").str.contains(NAMED_ACCOUNT),
            has_link=pl.col("addressed").str.contains(_LINK),
            has_contact=pl.col("folded").str.contains(f"{_MAIL}|{_PHONE}|{_KEYCAPS_DIALLED}|{_MESSENGERS}"),
        )
        .with_columns(has_address=pl.col("has_link") | (pl.col("addressed") != pl.col("folded")))
        .drop("folded", "addressed")
    )


@dataclass(frozen=True, slots=True)
class TextPass:
    """What is derived of n texts, as numpy arrays of n rows.

    A key is a 64-bit hash, never 0 where there is something to hash: equal keys of one column mean equal words. Keys
    hang on the text alone, so they mean the same in every account and table.

    Attributes:
        word_count: int64; runs of letters and digits, and in scripts without spaces as many words as their characters
            make. Mentions and links are not words.
        letter_count: int64, letters and digits of the writer's own words.
        symbol_kinds: int64, different symbols (Unicode class So: emoji, hearts, flags).
        script: int8, place in `SCRIPTS` of the first letter's script; -1 where there is no letter.
        has_mention, has_link, has_question: bool.
        has_contact: bool; a mail address, a telephone number or the name of a messenger.
        is_emoji_only: bool; no letter, digit, mention or address, and at least one visible symbol or punctuation mark.
        is_mention_only: bool; a mention, and neither a word nor an address beside it.
        list_length: int64, words in the text's list: the first ones in order, every number as 0, so that a slot filled
            with one matches. In scripts without spaces a word is an unbroken run, often a phrase: such texts match as
            wholes only.
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
    from features.text_bytes import read  # with it come numba and the tables of characters

    return read(text, longest)
