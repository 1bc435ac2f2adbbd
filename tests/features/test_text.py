"""Derived text columns: samples of twenty languages, and parity with a naive version on random Unicode."""

# ruff: noqa: RUF001 - look-alikes of Latin letters are what these tests are about

from __future__ import annotations

import random
import re
import sys
import unicodedata
from math import ceil
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.text import (
    LONGEST_WORD_LIST,
    SCRIPTS,
    folded_text,
    script_of_language,
    text_pass,
    what_was_said,
)
from tests.features.text_columns import script_of, with_text_columns

FLAGS = ["is_emoji_only", "is_mention_only", "has_mention", "has_link", "has_contact", "has_question"]


def derived(text: str | None) -> dict[str, Any]:
    (row,) = with_text_columns(pl.DataFrame({"text": [text]}, schema={"text": pl.String})).to_dicts()
    return row


def test_no_row_gives_no_row_with_all_columns() -> None:
    empty = with_text_columns(pl.DataFrame(schema={"text": pl.String}))
    assert empty.height == 0
    assert set(empty.columns) == set(derived("a"))


def test_unknown_text_stays_unknown() -> None:
    assert set(derived(None).values()) == {None}


@pytest.mark.parametrize(
    ("text", "true_flags"),
    [
        pytest.param("", [], id="empty text is nothing"),
        pytest.param("   \n", [], id="white space is nothing"),
        pytest.param("\ufeff", [], id="a byte order mark is nothing"),
        pytest.param("\ufe0f", [], id="a lone variation selector is nothing"),
        pytest.param("❤️❤️", ["is_emoji_only"], id="hearts with variation selectors"),
        pytest.param("👩‍👩‍👧 🇹🇭 👍🏽", ["is_emoji_only"], id="joined family, flag, skin tone"),
        pytest.param("1️⃣ 🔥", ["is_emoji_only"], id="a keycap is an emoji, not a digit"),
        pytest.param("!!! :)", ["is_emoji_only"], id="punctuation without a word"),
        pytest.param("?", ["is_emoji_only", "has_question"], id="a bare question mark"),
        pytest.param("❤️ wow", [], id="emoji beside a word"),
        pytest.param("100", [], id="digits are not emoji"),
        pytest.param("@anna @bob.c_9 😍", ["is_mention_only", "has_mention"], id="names and emoji"),
        pytest.param("@สวย.มาก", ["is_mention_only", "has_mention"], id="a Thai name"),
        pytest.param("@anna look", ["has_mention"], id="a name and a word"),
        pytest.param("@anna https://a.b/c", ["has_mention", "has_link"], id="a name and a link"),
        pytest.param("https://a.b/c?d=1", ["has_link"], id="a question mark inside a link asks nothing"),
        pytest.param("visit murdev.com", ["has_link"], id="a bare domain"),
        pytest.param("see WWW.SHOP.DE", ["has_link"], id="capitals"),
        pytest.param("so cute.Love it", [], id="a forgotten space is no domain"),
        pytest.param("write to ann.b@mail.com", ["has_contact"], id="a mail address is neither a mention nor a link"),
        pytest.param("@ann 😍 bob@mail.com", ["has_mention", "has_contact"], id="a mail address beside a name"),
        pytest.param("bob@mail.com !!", ["has_contact"], id="a mail address is something said"),
        pytest.param("so cute@bob.smith", ["has_mention"], id="a mention right behind a word"),
        pytest.param("+1 (555) 123-4567", ["has_contact"], id="a number from abroad"),
        pytest.param("โทร 081 234 5678", ["has_contact"], id="a number from home, Thai"),
        pytest.param("𝟎𝟔𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖", ["has_contact"], id="a number in fancy digits"),
        pytest.param("1️⃣2️⃣3️⃣ 4️⃣5️⃣6️⃣ 7️⃣8️⃣", ["is_emoji_only", "has_contact"], id="a number in keycaps"),
        pytest.param("find me on WhatsApp", ["has_contact"], id="a messenger"),
        pytest.param("пиши в ватсап", ["has_contact"], id="a messenger in Russian"),
        pytest.param("加我微信", ["has_contact"], id="a messenger in Chinese"),
        pytest.param("2,000,000,000 views", [], id="a count of views is no number to dial"),
        pytest.param("10 000 000 000 views", [], id="nor is the tail of one"),
        pytest.param("2012 2013 2014 2015", [], id="nor is a row of years"),
        pytest.param("really？", ["has_question"], id="full-width question mark"),
        pytest.param("حقا؟", ["has_question"], id="Arabic question mark"),
        pytest.param('<a href="http://x.org/y">this</a>', [], id="markup is not what was said"),
    ],
)
def test_flags(text: str, true_flags: list[str]) -> None:
    row = derived(text)
    assert [flag for flag in FLAGS if row[flag]] == true_flags
    found = text_pass(pl.Series([text]))
    assert [flag for flag in FLAGS if getattr(found, flag)[0]] == true_flags


@pytest.mark.parametrize(
    ("text", "words", "script"),
    [
        pytest.param("Don't you love it?", 4, "latin", id="English, typed apostrophe"),
        pytest.param("Don’t you love it?", 4, "latin", id="English, typographic apostrophe"),
        pytest.param("¡Qué bonita eres!", 3, "latin", id="Spanish"),
        pytest.param("Que linda você está", 4, "latin", id="Portuguese"),
        pytest.param("Wunderschön, liebe Grüße", 3, "latin", id="German"),
        pytest.param("Très belle photo", 3, "latin", id="French"),
        pytest.param("Bellissima", 1, "latin", id="Italian"),
        pytest.param("çok güzelsin", 2, "latin", id="Turkish"),
        pytest.param("cantik banget kak", 3, "latin", id="Indonesian"),
        pytest.param("Đẹp quá chị ơi", 4, "latin", id="Vietnamese"),
        pytest.param(unicodedata.normalize("NFD", "Đẹp quá chị ơi"), 4, "latin", id="Vietnamese, decomposed"),
        pytest.param("Какая красивая фотография", 3, "cyrillic", id="Russian"),
        pytest.param("Дуже гарно", 2, "cyrillic", id="Ukrainian"),
        pytest.param("Πολύ όμορφη φωτογραφία", 3, "greek", id="Greek"),
        pytest.param("איזה יופי של תמונה", 4, "hebrew", id="Hebrew"),
        pytest.param("صورة جميلة جدًّا", 3, "arabic", id="Arabic with vowel marks"),
        pytest.param("می\u200cخواهم این را", 3, "arabic", id="Persian with a joiner inside a word"),
        pytest.param("बहुत सुंदर तस्वीर है", 4, "indic", id="Hindi"),
        pytest.param("খুব সুন্দর", 2, "indic", id="Bengali"),
        pytest.param("너무 예뻐요", 2, "hangul", id="Korean"),
        pytest.param("สวยมาก", 2, "thai", id="Thai, 6 characters: ceil(6 / 4)"),
        pytest.param("น่ารักมากเลยค่ะ", 4, "thai", id="Thai, 15 characters: ceil(15 / 4)"),
        pytest.param("太美了", 2, "han_or_kana", id="Chinese, 3 characters: ceil(3 / 2)"),
        pytest.param("今天真的好美", 3, "han_or_kana", id="Chinese, 6 characters: 6 / 2"),
        pytest.param("とても可愛いですね", 5, "han_or_kana", id="Japanese, 9 characters: ceil(9 / 2)"),
        pytest.param("BTS最高", 2, "latin", id="one Latin word and one Chinese"),
        pytest.param("ძალიან ლამაზი", 2, "other", id="Georgian"),
        pytest.param("𝓛𝓸𝓿𝓮 𝓲𝓽", 2, "latin", id="fancy letters"),
        pytest.param("@anna love https://a.b it", 2, "latin", id="names and links are not words"),
        pytest.param("❤️ 😍", 0, None, id="emoji"),
    ],
)
def test_words_and_script(text: str, words: int, script: str | None) -> None:
    row = derived(text)
    assert (row["word_count"], row["script"]) == (words, script)
    found = text_pass(pl.Series([text]))
    assert (found.word_count[0], found.script[0]) == (words, -1 if script is None else SCRIPTS.index(script))


def test_same_words_in_other_clothes_are_the_same_words() -> None:
    plain = derived("don't miss 5 of it")["words"]
    assert plain == ["dont", "miss", "0", "of", "it"]
    for variant in ("DON&#39;T miss <b>5</b> of it", "Don’t miss 1200 of it!! 😍", "don't miss 7 of it https://a.b"):
        assert derived(variant)["words"] == plain, variant


def test_a_heart_in_ascii_is_not_markup() -> None:
    assert derived("i <3 you and you >3 me")["words"] == ["i", "0", "you", "and", "you", "0", "me"]


def test_an_essay_is_compared_by_its_beginning() -> None:
    row = derived(" ".join(["word"] * (LONGEST_WORD_LIST + 10)))
    assert row["word_count"] == LONGEST_WORD_LIST + 10
    assert len(row["words"]) == LONGEST_WORD_LIST


def test_symbols_are_kept_in_order_and_counted_by_kind() -> None:
    row = derived("wow ❤️😍❤️ 🔥")
    assert (row["symbols"], row["symbol_kinds"]) == ("❤😍❤🔥", 3)


@pytest.mark.parametrize(
    ("language", "script"),
    [
        ("en", "latin"),
        ("pt-BR", "latin"),
        ("RU", "cyrillic"),
        ("zh-Hant", "han_or_kana"),
        ("ckb", "arabic"),
        (None, None),
    ],
)
def test_script_of_a_language(language: str | None, script: str | None) -> None:
    frame = pl.DataFrame({"language": [language]}, schema={"language": pl.String})
    assert frame.select(script_of_language(pl.col("language"))).item() == script


# Parity with a naive version, one character at a time -----------------------------------------------------------------

DROPPED = set("'\u2019\u00ad\u2060\ufe0e\ufe0f\ufeff") | {chr(point) for point in range(0x200B, 0x2010)}
DENSE = [(0x3040, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)]
SYLLABIC = [(0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF)]
DOMAINS = "com|net|org|info|gg|shop|xyz|io|tv|link"


def naive(text: str) -> dict[str, Any]:
    folded = re.sub(r"</?[a-zA-Z][^<>]{0,300}>", " ", text)
    for entity, character in [("&#39;", "'"), ("&quot;", '"'), ("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " ")]:
        folded = folded.replace(entity, character)
    folded = re.sub("[0-9#*]\ufe0f?\u20e3", "🔢", folded.replace("&amp;", "&"))
    folded = "".join(each for each in unicodedata.normalize("NFKC", folded) if each not in DROPPED).lower()
    link = rf"https?://\S+|www\.\S+|[a-z0-9-]+\.(?:{DOMAINS})(?![a-z0-9_])\S*"
    mail = rf"[\w.%+\-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:{DOMAINS})(?![a-z0-9_])[a-z.]*"
    folded, has_mail = re.subn(mail, " ", folded)
    said, has_link = re.subn(link, " ", folded)
    said, has_mention = naive_without_mentions(said)
    letters = sum(is_letter(each) for each in said)
    wordless = letters == 0 and not has_link and not has_mail
    visible = any(unicodedata.category(each)[0] in "SP" for each in said)
    return {
        "word_count": naive_words(said),
        "letter_count": letters,
        "has_question": any(each in "?\u061f\u055e" for each in said),
        "has_link": bool(has_link),
        "is_emoji_only": wordless and not has_mention and visible,
        "is_mention_only": wordless and has_mention,
        "symbol_kinds": len({each for each in said if unicodedata.category(each) == "So"}),
    }


def naive_without_mentions(text: str) -> tuple[str, bool]:
    said, index, found = [], 0, False
    while index < len(text):
        if text[index] == "@" and index + 1 < len(text) and (is_letter(text[index + 1]) or text[index + 1] == "_"):
            index += 2
            while index < len(text) and (is_letter(text[index]) or is_mark(text[index]) or text[index] in "_.-"):
                index += 1
            said.append(" ")
            found = True
        else:
            said.append(text[index])
            index += 1
    return "".join(said), found


def naive_words(said: str) -> int:
    dense = sum(within(each, DENSE) and is_letter(each) for each in said)
    syllabic = sum(within(each, SYLLABIC) and (is_letter(each) or is_mark(each)) for each in said)
    spaced, inside = 0, False
    for each in said:
        unspaced = within(each, DENSE) or within(each, SYLLABIC)
        starts = is_letter(each) and not unspaced
        spaced += starts and not inside
        inside = starts or (inside and is_mark(each) and not unspaced)
    return spaced + ceil(dense / 2) + ceil(syllabic / 4)


def is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"


def is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"


def within(character: str, ranges: list[tuple[int, int]]) -> bool:
    return any(low <= ord(character) <= high for low, high in ranges)


SCRIPT_RANGES = [
    (0x20, 0x7E),
    (0xC0, 0x24F),
    (0x300, 0x36F),
    (0x370, 0x3FF),
    (0x400, 0x4FF),
    (0x530, 0x58F),
    (0x591, 0x5F4),
    (0x600, 0x6FF),
    (0x900, 0x97F),
    (0x980, 0x9FF),
    (0xB80, 0xBFF),
    (0xE01, 0xE5B),
    (0xE81, 0xEDF),
    (0x1000, 0x109F),
    (0x10A0, 0x10FF),
    (0x1780, 0x17F9),
    (0x1100, 0x11FF),
    (0x1EA0, 0x1EF9),
    (0x200B, 0x200F),
    (0x2600, 0x27BF),
    (0x3041, 0x30FF),
    (0x4E00, 0x4EFF),
    (0xAC00, 0xACFF),
    (0xFF01, 0xFF5E),
    (0x1D4D0, 0x1D503),
    (0x1F1E6, 0x1F1FF),
    (0x1F300, 0x1F64F),
    (0xFE0E, 0xFE0F),
]
SNIPPETS = [
    "@",
    "ann@mail.com",
    "@b.net",
    "https://a.b/",
    "www.",
    ".com",
    "?",
    "&amp;",
    "&#39;",
    "<br>",
    "<3",
    "1\ufe0f\u20e3",
    " ",
    "  ",
    ".",
]


def random_text(generator: random.Random) -> str:
    """A few runs of characters, each from one script, with names, links and markup between them."""
    parts = []
    for _ in range(generator.randint(0, 5)):
        low, high = generator.choice(SCRIPT_RANGES)
        run = (chr(generator.randint(low, high)) for _ in range(generator.randint(1, 8)))
        parts.append("".join(each for each in run if unicodedata.category(each) != "Cn"))
        parts.append(generator.choice(SNIPPETS))
    return "".join(parts)


def assert_parity(texts: list[str]) -> None:
    rows = with_text_columns(pl.DataFrame({"text": texts}, schema={"text": pl.String}))
    for text, row in zip(texts, rows.to_dicts(), strict=True):
        expected = naive(text)
        assert {name: row[name] for name in expected} == expected, ascii(text)


def test_parity_on_three_thousand_random_texts() -> None:
    generator = random.Random(7)  # noqa: S311 - test data
    assert_parity([random_text(generator) for _ in range(3000)])


ASSIGNED = st.characters(max_codepoint=sys.maxunicode, exclude_categories=["Cs", "Cn", "Co"])


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(ASSIGNED, max_size=20), min_size=1, max_size=40))
def test_parity_on_any_text(texts: list[str]) -> None:
    assert_parity(texts)


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=40))
def test_flags_exclude_each_other_on_any_text(text: str) -> None:
    row = derived(text)
    assert row["is_emoji_only"] + row["is_mention_only"] + (row["word_count"] > 0) <= 1
    assert row["has_mention"] or not row["is_mention_only"]
    assert bool(row["words"]) == (row["word_count"] > 0) == (row["letter_count"] > 0)


def test_folding_again_changes_nothing_that_was_said() -> None:
    texts = pl.DataFrame({"text": ["Ｈｅｌｌｏ", "ÉCOLE", "I’m", "สวยมาก", "1️⃣"]})
    once = texts.select(text=folded_text(pl.col("text")))
    assert once.equals(once.select(text=folded_text(pl.col("text"))))


def test_script_is_that_of_what_was_said_and_not_of_names() -> None:
    frame = pl.DataFrame({"text": ["@anna спасибо"]})
    assert what_was_said(frame).select(script_of(pl.col("said"))).item() == "cyrillic"
