"""The text kernel against the expressions that define it, on random Unicode of every kind that comes to mind."""

# ruff: noqa: RUF001 - look-alikes of Latin letters are what these tests are about

from __future__ import annotations

import random
import sys
import unicodedata
from collections.abc import Callable
from itertools import chain

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import text_bytes
from features.characters import BUCKETS, PLANES, character_tables
from features.text import LONGEST_WORD_LIST, MESSENGERS, SENTENCE_WORDS, text_pass
from tests.features.test_text import SCRIPT_RANGES, SNIPPETS, random_text
from tests.features.text_twin import KEYS, VALUES, assert_same, naive_pass


def series(texts: list[str]) -> pl.Series:
    return pl.Series(texts, dtype=pl.String)


def assert_twin(texts: list[str], longest: int = LONGEST_WORD_LIST) -> None:
    column = series(texts)
    assert_same(column, text_pass(column, longest), naive_pass(column, longest))


def test_no_text_gives_empty_columns() -> None:
    empty = text_pass(series([]))
    assert {name: len(getattr(empty, name)) for name in (*VALUES, *KEYS)} == {
        name: int(name == "word_offsets") for name in (*VALUES, *KEYS)
    }
    assert empty.slotted_keys.shape == (0, SENTENCE_WORDS - 1)


def test_texts_without_a_byte() -> None:
    nothing = text_pass(series(["", ""]))
    assert nothing.script.tolist() == [-1, -1]
    assert nothing.word_offsets.tolist() == [0, 0, 0]
    assert not nothing.text_key.any()


def key_of(text: str, name: str = "text_key") -> int:
    return int(getattr(text_pass(series([text])), name)[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("so nice", "SO  nice!!", id="case and punctuation"),
        pytest.param("so nice", "so nice 😍 @ann", id="symbols and names"),
        pytest.param("5 of it", "1200 of it", id="numbers"),
        pytest.param("don't", "don’t", id="apostrophes"),
        pytest.param("see https://a.b", "see", id="a link, which goes through the expressions"),
        pytest.param("see www.a.b", "<b>see</b>", id="both through the expressions"),
    ],
)
def test_same_words_same_key(one: str, other: str) -> None:
    assert key_of(one) == key_of(other) != 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("ab c", "a bc", id="other words of the same letters"),
        pytest.param("so nice", "nice so", id="other order"),
        pytest.param("so", "so so", id="once and twice"),
    ],
)
def test_other_words_other_key(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


def test_a_slot_may_hold_any_word() -> None:
    keys = text_pass(series(["love your bag so much", "love your ring so much", "love a bag so much"])).slotted_keys
    assert (keys[0] == keys[1]).tolist() == [False, True, False]
    assert (keys[0] == keys[2]).tolist() == [True, False, False]


def test_keys_hang_on_the_text_alone() -> None:
    texts = ["so nice", "❤️🔥", "see https://a.b/c now", "今天真的好美今天真的好美今天真的好美", "a b c d e f"]
    together = text_pass(series(texts))
    for row, text in enumerate(texts):
        alone = text_pass(series([text]))
        for name in KEYS[:-1]:
            assert np.array_equal(getattr(alone, name)[0], getattr(together, name)[row]), (name, text)


def test_a_slice_of_a_column_is_read_from_where_it_starts() -> None:
    texts = series(["one", "two words", "now three words", ""])
    assert text_pass(texts[1:3]).list_length.tolist() == [2, 3]
    assert text_pass(texts.slice(2)).list_length.tolist() == [3, 0]


def test_texts_longer_than_a_block() -> None:
    texts = ["word " * 3000, "", "so nice " * 2000 + "https://a.b", "今天" * 5000, "😍" * 9000, "x" * 20000]
    assert_twin(texts * 2)


def test_lists_of_other_lengths() -> None:
    texts = [" ".join(f"w{chr(97 + word)}" for word in range(words)) for words in range(26)]
    for longest in (1, 2, 24, 60):
        assert_twin(texts, longest)


@pytest.mark.parametrize(
    "text", ["so nice", "vibes", "wow.", "what's up.", "link in bio", "1 2 3 go", "i <3 u & me", "ㅋㅋ ㅠㅠ"]
)
def test_usual_texts_take_the_short_way(text: str) -> None:
    assert is_left([text]) == [False]


@pytest.mark.parametrize("name", list(chain(*BUCKETS)))
def test_no_sought_string_is_missed(name: str) -> None:
    assert is_left([name, f"so {name} is", f"{name[0]}{name}", f"@{name.upper()}"]) == [True] * 4


def is_left(texts: list[str]) -> list[bool]:
    """Whether the kernel leaves the texts to the expressions."""
    return list(text_bytes.with_kernel(series(texts), LONGEST_WORD_LIST, is_said=False).is_rare.tolist())


# Every character, and every pair that could become one ---------------------------------------------------------------


@pytest.mark.slow
def test_every_character() -> None:
    """Alone between letters, twice, and behind a mark: what it is, what it becomes and what it does to neighbours."""
    characters = [
        chr(code) for plane in PLANES for code in plane if unicodedata.category(chr(code)) not in {"Cn", "Co"}
    ]
    assert_twin([f"a{each}b {each}{each} ก์{each}" for each in characters])


def test_every_pair_that_may_become_one() -> None:
    tables = character_tables()
    firsts, seconds = np.flatnonzero(tables.firsts), np.flatnonzero(tables.seconds)
    generator = random.Random(3)  # noqa: S311 - test data
    pairs = [
        (chr(first), chr(second)) for first in generator.sample(firsts.tolist(), 200) for second in seconds.tolist()
    ]
    assert_twin([f"x{first}{second}" for first, second in pairs])


# Random texts --------------------------------------------------------------------------------------------------------

Generator = Callable[[random.Random], str]

WORDS = [
    *(
        "so",
        "love",
        "your",
        "bag",
        "beautiful",
        "the",
        "WOW",
        "don't",
        "straße",
        "ﬁne",
        "Ｆｕｌｌ",
        "½",
        "10",
        "007",
        "a",
    ),
    *(
        "очень",
        "красиво",
        "ΣΟΦΟΣ",
        "σοφός",
        "İstanbul",
        "güzel",
        "جميل",
        "جدًّا",
        "बहुत",
        "पढ़ना",
        "সুন্দর",
        "너무",
        "예뻐요",
        "ㅠㅠ",
    ),
    *("สวยมาก", "น่ารัก", "太美了", "とても", "カッコイイ", "5", "٣٤", "१२", "𝓛𝓸𝓿𝓮", "x2y", "e\u0301te\u0301", "ნახვა"),
]
SHAPES = [
    *(
        "@ann",
        "@bob.c_9",
        "@สวย.มาก",
        "ann.b@mail.com",
        "b@c",
        "@",
        "@@x",
        "＠ann",
        "@ann@bob",
        "so@bob.net",
        "a.b@c.org.x",
    ),
    *(
        "https://a.b/c?d",
        "http://x",
        "://",
        "www.x",
        "www.",
        "murdev.com",
        ".com",
        "x.community",
        "a.gg!",
        "-.io",
        "SHOP.LINK",
    ),
    *("<b>", "</a>", "<3", "<", "< b>", "<br/>", "&amp;", "&#39;", "&lt;b&gt;", "&nbsp;", "&", "&x", "&amp", "＜b＞"),
    *(
        "+1 (555) 123-4567",
        "081 234 5678",
        "0812345678",
        "+",
        "2012 2013 2014 2015",
        "10 000 000 000",
        "+49",
        "𝟎𝟔𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖",
    ),
    *("1️⃣", "2⃣", "#️⃣", "🔢", "🔢 🔢🔢🔢🔢🔢🔢🔢", "1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣", "?", "？", "؟", "!!", "...", "…", "™", "№", "²"),
    *(name for row in MESSENGERS for name in row),
    *(
        "whats up",
        "WhatsApp",
        "we chap",
        "the gram",
        "viberr",
        "wa.m",
        "ват сап",
        "微 信",
        "tele\u200bgram",
        "ｖｉｂｅｒ",
        "what'sapp",
    ),
]
EMOJI = [
    *(
        "😍",
        "❤️",
        "❤",
        "👍🏽",
        "👩‍👩‍👧",
        "🇹🇭",
        "🇹",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "☺️",
        "✨",
        "🔥",
        "⃝",
        "©",
        "\u200d",
        "\ufe0f",
        "🏽",
        "〰️",
        "㊗️",
        "󾌴",
    ),
    *("♥︎", "→", "•", "✌🏻", "💯"),
]
MARKS = [
    *"aoeunOİΣσςßnшиकनरलळফডদনতকเกสำาไदཀྵلاآةهeㄱㅏ가각나\u1100\u1161\u11a8\u1112\u1175\u09c7\u0bc6\u0b92\u0dd9\u0cc6",
    *"\u0300\u0301\u0303\u0308\u0323\u0327\u0328\u031b\u0307\u0345\u0338\u093c\u094d\u09bc\u09be\u09d7\u0bbe\u0bd7\u0e38\u0e48\u0e49",
    *"\u0e3a\u064b\u064e\u0651\u0653\u0654\u0655\u0670\u05b4\u05bc\u05bf\u3099\u309a\u0f71\u0f72\u0f74\u1037\u1039\u200c\u200d\u034f",
    *"´¨ﬃﷺ①⑴㎏ｶﾞ㋿ﾀｯ한ﬗ℀℻Ω℃ℌK ",
]
BETWEEN = [" ", " ", " ", " ", "  ", "", ", ", "\n", "\u00a0", "\u3000", "-", "_", "\u200b", "'", "."]


def of_any_plane(generator: random.Random) -> str:
    codes = (
        generator.randrange(0x110000 if generator.random() < 0.2 else 0x20000) for _ in range(generator.randrange(12))
    )
    return "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)


def of_marks(generator: random.Random) -> str:
    return "".join(generator.choices(MARKS, k=generator.randrange(1, 9)))


def of_emoji(generator: random.Random) -> str:
    return "".join(generator.choices([*EMOJI, *EMOJI, " ", "!", "a"], k=generator.randrange(1, 7)))


def of_words(generator: random.Random) -> str:
    longest = 40 if generator.random() < 0.1 else 9
    vocabulary = WORDS[:6] if generator.random() < 0.4 else WORDS
    return joined(generator, generator.choices(vocabulary, k=generator.randrange(1, longest)))


def of_shapes(generator: random.Random) -> str:
    return joined(generator, generator.choices([*SHAPES, *SHAPES, *EMOJI, *WORDS], k=generator.randrange(1, 6)))


def of_snippets(generator: random.Random) -> str:
    return "".join(generator.choices([*SNIPPETS, *"aw.@:/&<+0179 tcomgix\u0e01信微ー톡"], k=generator.randrange(1, 14)))


def of_phrases(generator: random.Random) -> str:
    """Unbroken runs with few characters, so that begins and ends meet."""
    alphabet = generator.choice(["今天", "สว้", "ありが", "កខ្", "今天 ", "ส ว้", "今a1"])
    return "".join(generator.choices(alphabet, k=generator.randrange(1, 60)))


def of_scripts(generator: random.Random) -> str:
    low, high = generator.choice(SCRIPT_RANGES)
    return "".join(chr(generator.randint(low, high)) for _ in range(generator.randrange(1, 10)))


def joined(generator: random.Random, parts: list[str]) -> str:
    return "".join(chain.from_iterable((part, generator.choice(BETWEEN)) for part in parts))


GENERATORS: dict[Generator, int] = {
    of_any_plane: 40_000,
    of_marks: 60_000,
    of_emoji: 30_000,
    of_words: 50_000,
    of_shapes: 50_000,
    of_snippets: 30_000,
    of_phrases: 15_000,
    of_scripts: 15_000,
    random_text: 10_000,
}


@pytest.mark.slow
def test_three_hundred_thousand_random_texts() -> None:
    generator = random.Random(11)  # noqa: S311 - test data
    texts = [generate(generator) for generate, number in GENERATORS.items() for _ in range(number)]
    assert len(texts) == 300_000
    assert_twin(texts)


@pytest.mark.parametrize("generate", list(GENERATORS))
def test_random_texts_of_a_kind(generate: Generator) -> None:
    generator = random.Random(5)  # noqa: S311 - test data
    assert_twin([generate(generator) for _ in range(2000)], longest=3)


PARTS = st.sampled_from([*WORDS, *SHAPES, *EMOJI, *MARKS, *BETWEEN])
CHARACTERS = st.characters(max_codepoint=sys.maxunicode, exclude_categories=["Cs"])


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.lists(st.one_of(PARTS, CHARACTERS), max_size=12).map("".join), min_size=1, max_size=40))
def test_any_texts(texts: list[str]) -> None:
    assert_twin(texts)
