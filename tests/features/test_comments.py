"""Comment features: null rules, worked examples, invariances and accounts of known character."""

# ruff: noqa: RUF001 - look-alikes of Latin letters are how other languages write

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from math import exp, log, log2
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.comments import DRAW, FEATURES, FRAMES
from features.compute import compute_group
from features.tables import Tables
from tests.features.builders_comments import (
    NOUNS,
    Row,
    comment,
    comments,
    emoji_row_seller,
    fixed_order_pod,
    giveaway,
    organic,
    published,
    tables,
    template_seller,
    tight_community,
    value,
    values,
)

CAPTIONS = [f"my {first} and {second}" for first, second in pairwise(NOUNS)][:20]
WORDS = [first + second for first in string.ascii_lowercase for second in string.ascii_lowercase]
"""676 different words: texts made of them share nothing."""


THAI = "เห็นแล้วอยากได้{}แบบนี้มาเลี้ยงที่บ้านบ้างจังเลยนะคะ"
HAN = "每次看到你家里的{}我的心情都会变得特别好"


def different(count: int, words: int = 4) -> list[str]:
    """Texts of so many words that have no word in common."""
    return [" ".join(WORDS[words * number : words * (number + 1)]) for number in range(count)]


# Nothing observed -----------------------------------------------------------------------------------------------------


def test_no_comment_gives_null_everywhere() -> None:
    assert set(values(tables([])).values()) == {None}


def test_no_account_gives_no_row() -> None:
    nothing = tables([])
    result = compute_group(Tables(nothing.accounts.clear(), *_observed(nothing)), "comments")
    assert result.shape == (0, 1 + len(FEATURES))


def _observed(given: Tables) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    return given.followers_daily, given.posts.clear(), given.comments


def test_the_owner_alone_is_no_audience() -> None:
    observed = values(tables(comments(["thank you all"] * 40, commenter_id="a")))
    assert observed.pop("comments_owner_reply_share") == 1.0
    assert set(observed.values()) == {None}


def test_owner_replies_change_no_other_feature() -> None:
    audience = organic(60)
    replies = [comment(900 + number, "thank you so much", commenter_id="a") for number in range(20)]
    without, beside = values(tables(audience, CAPTIONS)), values(tables([*audience, *replies], CAPTIONS))
    assert beside.pop("comments_owner_reply_share") == 20 / 80
    assert without.pop("comments_owner_reply_share") == 0.0
    assert beside == without


NEEDS_AUTHORS = {
    "comments_repeat_author_share",
    "comments_same_author_across_posts_share",
    "comments_author_order_correlation",
    "comments_same_successor_residual",
    "comments_owner_reply_share",
    "comments_regulars_first_hour_residual",
    "comments_regulars_sentence_residual",
    "comments_early_sentences_by_regulars_residual",
    "comments_sentences_by_regulars_residual",
    "comments_regulars_between_posts_spread",
    "comments_returning_delay_ratio",
    "comments_returning_early_sentence_share",
}
NEEDS_INSTANTS = {
    "comments_author_order_correlation",
    "comments_same_successor_residual",
    "comments_lag_median_hours",
    "comments_lag_spread",
    "comments_first_hour_share",
    "comments_regulars_first_hour_residual",
    "comments_early_sentences_by_regulars_residual",
    "comments_early_sentences_residual",
    "comments_burst_share",
    "comments_gap_spread",
    "comments_hour_entropy_bits",
    "comments_late_same_day_share",
    "comments_same_next_text_residual",
    "comments_returning_delay_ratio",
    "comments_returning_early_sentence_share",
}
NEEDS_POSTS = {
    "comments_lag_median_hours",
    "comments_lag_spread",
    "comments_first_hour_share",
    "comments_regulars_first_hour_residual",
    "comments_early_sentences_by_regulars_residual",
    "comments_early_sentences_residual",
    "comments_late_same_day_share",
    "comments_caption_relevance_residual",
    "comments_returning_delay_ratio",
    "comments_returning_early_sentence_share",
}


def everything() -> list[Row]:
    """Regulars who come back and strangers: all features are observed."""
    return [
        *organic(300, posts=8),
        *([comment(9000 + number, "so nice here", commenter_id="a") for number in range(10)]),
        *([row | {"comment_id": f"x{index}"} for index, row in enumerate(fixed_order_pod(6, 8))]),
    ]


def test_everything_observed_gives_a_value_everywhere() -> None:
    observed = values(tables(everything(), CAPTIONS, language="en"))
    assert [name for name, each in observed.items() if each is None] == []


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        pytest.param("commenter_id", NEEDS_AUTHORS, id="no author known"),
        pytest.param("commented_at", NEEDS_INSTANTS, id="no instant known"),
        pytest.param("like_count", {"comments_liked_share"}, id="no likes known"),
    ],
)
def test_an_unknown_column_nulls_what_needs_it_and_nothing_else(column: str, expected: set[str]) -> None:
    rows = [row | {column: None} for row in everything() if row["commenter_id"] != "a"]
    observed = values(tables(rows, CAPTIONS, language="en"))
    assert {name for name, each in observed.items() if each is None} == expected


def test_comments_whose_posts_are_not_observed_have_no_delay() -> None:
    given = tables(everything(), CAPTIONS, language="en")
    without_posts = Tables(given.accounts, given.followers_daily, given.posts.clear(), given.comments)
    observed = values(without_posts)
    assert {name for name, each in observed.items() if each is None} == NEEDS_POSTS


def test_a_comment_before_its_post_has_no_delay() -> None:
    early = comments(["hello"] * DRAW, commented_at=published(0) - timedelta(hours=1))
    assert value("lag_median_hours", early) is None


@pytest.mark.parametrize("name", [name for name, entry in FEATURES.items() if entry.frame == "comments"])
def test_one_row_less_than_declared_gives_null(name: str) -> None:
    fewer = [row for row in everything() if row["commenter_id"] != "a"][: FEATURES[name].min_rows - 1]
    assert values(tables(fewer, CAPTIONS, language="en"))[name] is None


# Words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "texts", "expected"),
    [
        pytest.param("emoji_only_share", ["❤️", "🔥🔥", "!!", *different(7)], 3 / 10, id="3 of 10 without a word"),
        pytest.param(
            "mention_only_share", ["@a", "@a @b 😍", "@a look", *different(7)], 2 / 10, id="2 of 10 only names"
        ),
        pytest.param("mention_share", ["@a", "@a @b 😍", "@a look", *different(7)], 3 / 10, id="3 of 10 with a name"),
        pytest.param("link_share", ["see murdev.com", *different(9)], 1 / 10, id="1 of 10 with a link"),
        pytest.param("contact_share", ["call +44 20 7946 0958", *different(9)], 1 / 10, id="1 of 10 with a number"),
        pytest.param("question_share", ["why?", "❤️?", *different(9)], 1 / 10, id="a question needs a word"),
        pytest.param("short_share", ["wow", "so cute", "❤️", "@a hi", *different(8)], 2 / 10, id="emoji not counted"),
        pytest.param("short_share", ["สวยมากค่ะ"] * 10, 0.0, id="Thai: 9 characters are about 3 words"),
        pytest.param("words_length", ["one"] * 5 + ["one two three four"] * 5, exp(log(4) / 2), id="geometric mean"),
        pytest.param("text_size_spread", ["abcd"] * 20, 0.0, id="all alike"),
        pytest.param(
            "text_size_spread", ["a"] * 10 + ["abc"] * 10, log(3) / 2 * (20 / 19) ** 0.5, id="half 1 letter, half 3"
        ),
        pytest.param("word_agreement_share", ["same"] * 20, 1.0, id="one word only"),
        pytest.param("word_agreement_share", different(20), 0.0, id="no word twice"),
        # 20 authors with 2 words: 40 * 40 - 20 * 2 * 2 = 1520 ordered pairs, 20 * 19 of them the shared word.
        pytest.param("word_agreement_share", [f"same {each}" for each in WORDS[:20]], 20 * 19 / 1520, id="one shared"),
        # Pairs of words: 20 authors with 2 pairs each, as above.
        pytest.param("phrase_agreement_share", [f"so very {each}" for each in WORDS[:20]], 20 * 19 / 1520, id="phrase"),
        pytest.param("phrase_agreement_share", ["same"] * 20, None, id="one word makes no phrase"),
        pytest.param("first_emoji_agreement_share", ["❤️"] * 5 + ["🔥 hi"] * 5, 2 * 5 * 4 / (10 * 9), id="two halves"),
    ],
)
def test_shares_of_texts(name: str, texts: Sequence[str], expected: float | None) -> None:
    assert value(name, comments(texts)) == (None if expected is None else pytest.approx(expected, rel=1e-8))


@pytest.mark.parametrize(
    ("account", "captions", "expected"),
    [
        pytest.param({"language": "en-US"}, [None], 4 / 10, id="by language; emoji show no script"),
        pytest.param({"language": "ru"}, ["an English caption"], 6 / 10, id="language before captions"),
        pytest.param({}, ["Новая книга", "Привет", "hello"], 6 / 10, id="by most captions"),
        pytest.param({}, [None], None, id="own script unknown"),
    ],
)
def test_foreign_script(account: Row, captions: Sequence[str | None], expected: float | None) -> None:
    texts = ["very nice"] * 6 + ["очень красиво"] * 4 + ["❤️"] * 10
    assert value("foreign_script_share", comments(texts), captions, **account) == expected


# Repetition -----------------------------------------------------------------------------------------------------------


def test_draws_of_twenty_from_twenty_hold_every_repeat() -> None:
    texts = ["love your style", "love your style", *different(18)]
    assert value("repeated_text_share", comments(texts)) == 2 / 20


def test_draws_of_twenty_from_forty_hold_a_repeat_by_chance() -> None:
    texts = ["love your style", "love your style", *different(38)]
    # The other one is among 19 of the 39 others with probability 19 / 39; this holds for 2 of 40 comments.
    assert value("repeated_text_share", comments(texts)) == pytest.approx(2 / 40 * 19 / 39)


@pytest.mark.parametrize(
    ("name", "repeated", "expected"),
    [
        pytest.param("repeated_text_share", ["wow", "Wow!"], 0.0, id="one word is generic"),
        pytest.param("repeated_text_share", ["so cute", "SO CUTE 😍😍"], 2 / 20, id="case and emoji do not count"),
        pytest.param("repeated_text_share", ["you look 10/10", "you look 9/10"], 2 / 20, id="figures fill a slot"),
        pytest.param("repeated_text_share", ["@ann so cute", "@bob so cute"], 0.0, id="a mention excuses"),
        pytest.param("repeated_text_share", ["可愛いですね", "可愛いですね"], 0.0, id="Japanese stock phrase"),
        pytest.param("repeated_text_share", ["今天真的好美啊我好喜欢"] * 2, 2 / 20, id="Chinese sentence"),
        pytest.param("repeated_sentence_share", ["so very cute"] * 2, 0.0, id="three words are no sentence"),
        pytest.param("repeated_sentence_share", ["so very cute today"] * 2, 2 / 20, id="four words are"),
        pytest.param("template_share", ["love your new bag", "love your new ring"], 2 / 20, id="same start"),
        pytest.param("template_share", ["your ring made my day", "that made my day"], 2 / 20, id="same end"),
        pytest.param("template_share", ["love your new bag"] * 2, 0.0, id="the same text is no template"),
        pytest.param("template_share", ["love your bag", "love your ring"], 0.0, id="three words have no slot"),
        pytest.param(
            "slotted_text_share", ["love your bag so much", "love your red hat so much"], 2 / 20, id="2 and 2"
        ),
        pytest.param("slotted_text_share", ["this bag keeps me warm", "this hat keeps me warm"], 2 / 20, id="1 and 3"),
        pytest.param("slotted_text_share", ["i adore your bag now", "i adore your hat now"], 2 / 20, id="3 and 1"),
        pytest.param(
            "slotted_text_share", ["love your new red bag", "love your new red hat"], 0.0, id="open at the end"
        ),
        pytest.param("slotted_text_share", ["love your bag", "love your hat"], 0.0, id="three words are too few"),
        pytest.param("slotted_text_share", ["love your bag so much"] * 2, 0.0, id="the same text has no slot"),
        pytest.param(
            "slotted_text_share", ["@a love your bag so much", "@b love your hat so much"], 0.0, id="mentions"
        ),
        # 8 characters for the first word and 24 for the other three, of 39 and 41.
        pytest.param("slotted_text_share", [THAI.format("แมว"), THAI.format("หมาสองตัว")], 2 / 20, id="Thai slot"),
        pytest.param("slotted_text_share", [THAI[:20].format("แมว"), THAI[:20].format("หมา")], 0.0, id="Thai, short"),
        pytest.param("slotted_text_share", [HAN.format("猫"), HAN.format("小狗")], 2 / 20, id="Chinese slot"),
        pytest.param("repeated_emoji_row_share", ["😍🔥💯", "😍🔥💯"], 2 / 20, id="mixed row"),
        pytest.param("repeated_emoji_row_share", ["❤️❤️❤️", "❤️❤️❤️"], 0.0, id="hearts are a habit"),
        pytest.param("repeated_emoji_row_share", ["😍🔥💯 wow", "😍🔥💯 hi"], 0.0, id="a word makes it a comment"),
    ],
)
def test_what_counts_as_repeated(name: str, repeated: list[str], expected: float) -> None:
    assert value(name, comments([*repeated, *different(18, words=5)])) == expected


def test_repeating_oneself_is_not_repeating_others() -> None:
    texts = ["good morning my dear"] * 10 + different(10)
    rows = [row | {"commenter_id": "fan"} if index < 10 else row for index, row in enumerate(comments(texts))]
    observed = values(tables(rows))
    for name in ("repeated_text", "repeated_sentence", "template", "phrase_agreement", "word_agreement"):
        assert observed[f"comments_{name}_share"] == 0.0, name


def worked_through(texts: Sequence[str], posts: int = 4) -> list[Row]:
    """The same texts in the same order under every post, by strangers."""
    return [comment(100 * post + place, text, post=post) for post in range(posts) for place, text in enumerate(texts)]


def test_a_list_of_texts_worked_through_has_the_same_successors() -> None:
    # 4 texts under 4 posts: three of four are followed, each meets its text under 3 other posts, each time alike.
    trials = matches = 3 * 4 * 3
    rows = worked_through(["wow", "so cute", "nice one", "hi"]) + comments(different(4), post=9)[:4]
    assert len(rows) == DRAW
    # The four others are followed, too, under one post: pairs 12 * 9 + 2 * 12 * 3, of which 12 * 3 agree.
    chance = 12 * 3 / (12 * 9 + 2 * 12 * 3)
    expected = (matches - chance * trials) / (trials + 20)
    assert value("same_next_text_residual", rows) == pytest.approx(expected)


def test_greetings_in_any_order_follow_each_other_by_chance() -> None:
    random = np.random.default_rng(2)
    greetings = [f"good morning {name}" for name in WORDS[:12]]
    rows = [
        comment(100 * post + place, greetings[person], post=post, commenter_id=f"friend{person}")
        for post in range(12)
        for place, person in enumerate(random.permutation(12))
    ]
    assert abs(value("same_next_text_residual", rows)) < 0.05


def test_one_text_only_follows_itself_by_chance() -> None:
    assert value("same_next_text_residual", worked_through(["wow"] * 6)) == pytest.approx(0.0)


def test_wishes_under_one_post_do_not_repeat_across_posts() -> None:
    wishes = [comment(number, "happy birthday dear", post=0) for number in range(10)]
    others = [comment(10 + number, text, post=1) for number, text in enumerate(different(10))]
    assert value("repeated_text_across_posts_share", [*wishes, *others]) == 0.0
    assert value("repeated_text_share", [*wishes, *others]) == 10 / 20


def test_the_same_text_under_two_posts_repeats_across_posts() -> None:
    rows = [*comments(different(18)), comment(18, "what a style", post=1), comment(19, "what a style", post=2)]
    assert value("repeated_text_across_posts_share", rows) == 2 / 20


def test_one_post_cannot_repeat_across_posts() -> None:
    assert value("repeated_text_across_posts_share", comments(["what a style"] * 20)) is None


def test_relevance_is_what_the_own_caption_gives_beyond_another() -> None:
    captions = ["this garden today", "that kitchen today"]
    # 15 of 20 take up their own post's caption, 5 the other post's; "today" stands in both and cancels.
    texts = ["garden wow"] * 15 + ["kitchen wow"] * 5
    assert value("caption_relevance_residual", comments(texts), captions) == pytest.approx(15 / 20 - 5 / 20)
    assert value("caption_relevance_residual", comments(["today wow"] * 20), captions) == 0.0


def test_relevance_is_unknown_with_one_caption() -> None:
    assert value("caption_relevance_residual", comments(["garden wow"] * 20), ["this garden", None]) is None


# Authors --------------------------------------------------------------------------------------------------------------


def test_repeat_authors_in_draws_of_twenty() -> None:
    rows = comments(different(40))
    rows[1]["commenter_id"] = rows[0]["commenter_id"]
    assert value("repeat_author_share", rows) == pytest.approx(2 / 40 * 19 / 39)


def test_pairs_by_one_author_under_different_posts() -> None:
    rows = [
        comment(number, text, post=number % 2, commenter_id=f"u{number // 2}")
        for number, text in enumerate(different(20))
    ]
    # Every author wrote once under each of two posts: 10 of 10 * 10 pairs.
    assert value("same_author_across_posts_share", rows) == pytest.approx(10 / 100)


def test_a_list_worked_through_has_the_same_order() -> None:
    observed = values(tables(fixed_order_pod(members=6, posts=8)))
    assert observed["comments_author_order_correlation"] == 1.0
    assert observed["comments_same_successor_residual"] == 1.0


def test_a_list_worked_through_forwards_and_backwards_has_the_opposite_order() -> None:
    rows = [
        comment(
            100 * post + member,
            "hello",
            post=post,
            commenter_id=f"member{member}",
            commented_at=published(post) + timedelta(minutes=member if post % 2 else 9 - member),
        )
        for post in range(8)
        for member in range(10)
    ]
    observed = values(tables(rows))
    assert observed["comments_author_order_correlation"] == -1.0
    # Seven visits of each author in the same direction are three of seven or so of all: far above 1 / 9, below 1.
    assert 0.2 < observed["comments_same_successor_residual"] < 0.6


def test_friends_in_random_order_are_at_chance() -> None:
    observed = values(tables(tight_community(people=20, posts=12)))
    assert abs(observed["comments_author_order_correlation"]) < 0.2
    assert abs(observed["comments_same_successor_residual"]) < 0.1


def test_too_few_regulars_on_a_post_show_no_order() -> None:
    observed = values(tables(fixed_order_pod(members=2, posts=20)))
    assert observed["comments_author_order_correlation"] is None
    assert observed["comments_same_successor_residual"] is None


def test_regulars_who_come_all_at_once_or_not_at_all_by_hand() -> None:
    # Ten people under each of four posts: the same ten under two of them, strangers under the others. Ten, ten, none
    # and none of ten are regulars, a half of all: 4 (5^2 - 10 / 4) over 1 / 4 of 4 * 10 * 9 pairs and 20.
    rows = [
        comment(100 * post + place, "hi", post=post, commenter_id=f"r{place}" if post < 2 else f"s{post}.{place}")
        for post in range(4)
        for place in range(10)
    ]
    assert value("regulars_between_posts_spread", rows) == pytest.approx(4 * (25 - 2.5) / (0.25 * (4 * 90 + 20)))
    assert value("regulars_between_posts_spread", rows[:20]) is None  # two posts are too few, and all are regulars


def test_the_order_of_posts_does_not_depend_on_strangers_between() -> None:
    strangers = [
        comment(
            5000 + 20 * post + place, "hi", post=post, commented_at=published(post) + timedelta(minutes=2 * place + 1)
        )
        for post in range(8)
        for place in range(15)
    ]
    assert value("author_order_correlation", [*fixed_order_pod(members=10, posts=8), *strangers]) == 1.0


# Timing ---------------------------------------------------------------------------------------------------------------


def delayed(hours: Sequence[float], **columns: Any) -> list[Row]:
    return [
        comment(number, "hi", commented_at=published(0) + timedelta(hours=hour), **columns)
        for number, hour in enumerate(hours)
    ]


@pytest.mark.parametrize(
    ("name", "hours", "expected"),
    [
        pytest.param("lag_median_hours", [1.0] * 10 + [3.0] * 10, 2.0, id="between the middle two"),
        pytest.param("first_hour_share", [0.5] * 5 + [1.5] * 15, 5 / 20, id="5 of 20 within the hour"),
        pytest.param("lag_spread", [2.0] * 20, 0.0, id="all at once"),
        pytest.param("hour_entropy_bits", [0.1] * 20, 0.0, id="one hour of the day"),
        pytest.param("hour_entropy_bits", list(range(24)), log2(24), id="every hour once, no pair: the most there is"),
        # 2 hours with 10 each: 2 * 10 * 9 of 20 * 19 ordered pairs.
        pytest.param("hour_entropy_bits", [0.1] * 10 + [1.1] * 10, -log2(180 / 380), id="two hours"),
        pytest.param("late_same_day_share", [100.0] * 5 + [200.0] * 5, 2 * 5 * 4 / (10 * 9), id="two late days"),
        pytest.param("late_same_day_share", [71.0] * 20, None, id="none is late"),
        # 20 gaps: 10 within a minute, 10 of an hour.
        pytest.param("burst_share", [h + m for h in range(11) for m in (0, 1 / 90)][:21], 10 / 20, id="every other"),
        pytest.param("gap_spread", [number / 7 for number in range(22)], 0.0, id="as even as a timer"),
        # Gaps of 1 and 3 in turn: 3 * ((3 - 1) / (3 + 1)) ** 2 for every neighbouring pair.
        pytest.param("gap_spread", [n // 2 * 0.4 + n % 2 * 0.1 for n in range(24)], 3 * (2 / 4) ** 2, id="1 to 3"),
        pytest.param("gap_spread", [24.0 * number for number in range(30)], None, id="dates only: no evenness"),
    ],
)
def test_delays(name: str, hours: Sequence[float], expected: float | None) -> None:
    assert value(name, delayed(hours)) == (None if expected is None else pytest.approx(expected, abs=1e-6))


def test_a_burst_of_one_person_is_a_conversation() -> None:
    assert value("burst_share", delayed([number / 3600 for number in range(30)], commenter_id="u")) is None


def audience(regulars: int, strangers: int, *, early: int, text: str = "hi", other: str = "hi") -> list[Row]:
    """So many regulars within the hour under each of two posts, and strangers, `early` of them within the hour."""
    return [
        *(
            comment(100 * post + person, text, post=post, commenter_id=f"r{person}", commented_at=_at(post, 0.5))
            for post in range(2)
            for person in range(regulars)
        ),
        *(
            comment(500 + n, other, post=n % 2, commented_at=_at(n % 2, 0.5 if n < early else 9))
            for n in range(strangers)
        ),
    ]


def test_regulars_haste_is_a_difference_within_the_audience() -> None:
    rows = audience(10, 16, early=4)
    # All 20 comments of regulars within the hour, 4 of 16 of the others; a half is added to hits and misses.
    difference = 20.5 / 21 - 4.5 / 17
    effective = 20 * 16 / 36
    expected = difference * effective / (effective + 5)
    assert value("regulars_first_hour_residual", rows) == pytest.approx(expected)
    assert value("regulars_first_hour_residual", audience(10, 0, early=0)) is None


def test_a_few_regulars_speak_softly() -> None:
    few, many = (value("regulars_first_hour_residual", audience(count, 8 * count, early=0)) for count in (3, 40))
    # 6 regulars' comments beside 24: m = 4.8; 80 beside 320: m = 64.
    assert few == pytest.approx((6.5 / 7 - 0.5 / 25) * 4.8 / 9.8)
    assert many == pytest.approx((80.5 / 81 - 0.5 / 321) * 64 / 69)
    assert value("regulars_first_hour_residual", audience(1, 16, early=0)) is None


@pytest.mark.parametrize(("people", "is_told"), [(1, False), (2, False), (3, True)])
def test_a_faithful_fan_or_two_are_no_crowd(people: int, *, is_told: bool) -> None:
    rows = audience(people, 24, early=0, text="what a lovely day", other="so cute")
    assert (value("early_sentences_by_regulars_residual", rows) is not None) is is_told


def test_regulars_who_write_sentences() -> None:
    rows = audience(10, 16, early=0, text="what a lovely day", other="so cute")
    # 20 of 20 against 0 of 16, drawn towards zero as the haste is.
    effective = 20 * 16 / 36
    expected = (20.5 / 21 - 0.5 / 17) * effective / (effective + 5)
    assert value("regulars_sentence_residual", rows) == pytest.approx(expected)
    emoji = audience(10, 16, early=0, text="what a lovely day", other="🔥")
    assert value("regulars_sentence_residual", emoji) is None


def test_signs_that_come_together_beyond_chance() -> None:
    rows = audience(10, 20, early=0, text="what a lovely day", other="so cute")
    # 20 of 40 comments are by regulars, the same 20 are early, the same 20 are sentences.
    assert value("early_sentences_by_regulars_residual", rows) == pytest.approx((20 - 40 * 0.5**3) / (40 + 20))
    assert value("sentences_by_regulars_residual", rows) == pytest.approx((20 - 40 * 0.5**2) / (40 + 20))
    assert value("early_sentences_residual", rows) == pytest.approx((20 - 40 * 0.5**2) / (40 + 20))


def test_signs_that_everybody_shows_exceed_nothing() -> None:
    rows = audience(10, 20, early=20, text="what a lovely day", other="what a lovely day")
    # Early and in sentences are all 40: regulars among them are as many as anywhere.
    assert value("early_sentences_by_regulars_residual", rows) == pytest.approx(0.0)
    assert value("early_sentences_residual", rows) == pytest.approx(0.0)


def test_strangers_alone_exceed_nothing() -> None:
    assert value("early_sentences_by_regulars_residual", audience(0, 30, early=15)) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("regulars_by_post", "expected"),
    [
        # p = 10 / 20 over 4 posts of 5 people: noise p (1 - p) = .25, pairs 4 * 5 * 4 = 80.
        pytest.param([5, 5, 0, 0], (4 * 2.5**2 - 20 * 0.25) / (0.25 * (80 + 20)), id="all or none"),
        pytest.param([3, 3, 2, 2], (4 * 0.5**2 - 20 * 0.25) / (0.25 * (80 + 20)), id="evenly"),
        pytest.param([5, 5], None, id="two posts are too few"),
        pytest.param([0, 0, 0, 0], None, id="no regulars"),
        pytest.param([5, 5, 5, 5], None, id="regulars only"),
    ],
)
def test_regulars_between_posts(regulars_by_post: list[int], expected: float | None) -> None:
    rows = [
        comment(100 * post + person, "hi", post=post, commenter_id=name)
        for post, regulars in enumerate(regulars_by_post)
        for person in range(5)
        for name in [f"r{person}" if person < regulars else f"s{post}{person}"]
    ]
    assert value("regulars_between_posts_spread", rows) == (None if expected is None else pytest.approx(expected))


def returning(hours_by_author: Sequence[Sequence[float]], text: str = "what a lovely day") -> list[Row]:
    """Authors with one comment under each post, so many hours after it."""
    return [
        comment(100 * post + author, text, post=post, commenter_id=f"u{author}", commented_at=_at(post, hours))
        for author, delays in enumerate(hours_by_author)
        for post, hours in enumerate(delays)
    ]


def test_who_returns_with_the_same_delay() -> None:
    minute = 1 / 60
    # Ten people, five a minute and five 59 minutes after both posts: ln(1 h) against ln(2 min).
    rows = returning([[minute, minute]] * 5 + [[59 * minute, 59 * minute]] * 5)
    # Of one author 20 pairs without a difference; beside 20 that are usual: sqrt(20 / 40).
    assert value("returning_delay_ratio", rows) == pytest.approx(0.5**0.5)
    swapped = returning([[minute, 59 * minute]] * 5 + [[59 * minute, minute]] * 5)
    # All 20 pairs differ by d = ln(60 / 2), of the 2 * 90 of different authors those with another group's: 2 * 40.
    usual = 80 / 180
    assert value("returning_delay_ratio", swapped) == pytest.approx(((20 + 20 * usual) / 40 / usual) ** 0.5)


def test_who_returns_at_once_with_a_sentence() -> None:
    rows = returning([[0.5, 0.5]] * 5 + [[0.5, 9.0]] * 5)
    # Five people prompt both times, which are 10 of 20 pairs counted both ways round; 20 more draw it towards 0.
    assert value("returning_early_sentence_share", rows) == pytest.approx(10 / (20 + 20))
    hearts = returning([[0.5, 0.5]] * 10, text="❤️")
    assert value("returning_early_sentence_share", hearts) == 0.0


@pytest.mark.parametrize("name", ["returning_delay_ratio", "returning_early_sentence_share"])
def test_two_who_return_say_nothing(name: str) -> None:
    # Two people twice are 4 pairs, counted both ways round; three are 6.
    strangers = [comment(5000 + number, "hi", post=5) for number in range(16)]
    assert value(name, [*returning([[1.0, 2.0]] * 2), *strangers]) is None
    assert value(name, [*returning([[1.0, 2.0]] * 3), *strangers]) is not None


def test_everybody_at_the_same_instant_has_no_delays_to_compare() -> None:
    assert value("returning_delay_ratio", returning([[1.0, 1.0]] * 12)) is None


def _kept(rows: list[Row], kind: str, random: np.random.Generator) -> list[Row]:
    """Half of the comments under each post: the earliest, the newest or any."""
    by_post: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row["commented_at"]):
        by_post.setdefault(row["post_id"], []).append(row)
    kept = []
    for of_post in by_post.values():
        half = len(of_post) // 2
        order = {"earliest": range(half), "newest": range(half, 2 * half)}
        kept += [of_post[place] for place in order.get(kind, random.permutation(len(of_post))[:half])]
    return kept


@pytest.mark.parametrize("kind", ["earliest", "newest", "random"])
def test_friends_come_as_they_find_the_time_in_every_kind_of_sample(kind: str) -> None:
    random = np.random.default_rng(8)
    seen = [value("returning_delay_ratio", _kept(tight_community(seed=seed), kind, random)) for seed in range(8)]
    assert np.mean(seen) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("kind", ["all", "earliest", "random"])
def test_a_pod_among_an_audience_keeps_its_delays_unless_only_late_comments_are_seen(kind: str) -> None:
    pod = [row | {"comment_id": f"pod{index}"} for index, row in enumerate(fixed_order_pod(15, 8))]
    mixed = [*organic(200), *pod]
    kept = mixed if kind == "all" else _kept(mixed, kind, np.random.default_rng(1))
    assert value("returning_delay_ratio", kept) < 0.9


def _at(post: int, hours: float) -> Any:
    return published(post) + timedelta(hours=hours)


def test_liked_comments() -> None:
    likes = [None] * 10 + [0] * 15 + [3] * 5
    rows = [comment(number, "hi", like_count=count) for number, count in enumerate(likes)]
    assert value("liked_share", rows) == 5 / 20


# Invariances ----------------------------------------------------------------------------------------------------------


LANGUAGES = [
    "So beautiful, where did you buy it?",
    "¡Qué bonita estás hoy, mi amor!",
    "Que linda você está, parabéns",
    "Wunderschön, liebe Grüße aus Köln",
    "Très belle photo, j'adore",
    "Bellissima come sempre",
    "Çok güzelsin canım",
    "cantik banget kak, beli di mana?",
    "Đẹp quá chị ơi",
    "Какая красивая фотография",
    "Дуже гарно, дякую",
    "Πολύ όμορφη φωτογραφία",
    "איזה יופי של תמונה",
    "صورة جميلة جدًّا، ما شاء الله",
    "می\u200cخواهم این را بخرم",
    "बहुत सुंदर तस्वीर है",
    "খুব সুন্দর লাগছে",
    "너무 예뻐요 언니",
    "น่ารักมากเลยค่ะ ซื้อที่ไหนคะ",
    "今天真的好美，在哪里买的？",
    "とても可愛いですね",
    "ძალიან ლამაზი ფოტოა",
    "Շատ գեղեցիկ է",
    "በጣም ቆንጆ ነው",
    "ສວຍຫຼາຍ",
    "အရမ်းလှတယ်",
    "ស្អាតណាស់",
]
ODD_TEXTS = [
    "",
    " \n\t ",
    "\u200b\u200d\ufeff\u2060",
    "\u202emirrored\u202c text",
    "👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 🇹🇭",
    "𝓛𝓸𝓿𝓮 𝓲𝓽 𐍈 🜁",
    "a\u0301" * 200,
    "\x00\x1b[31m",
    "@" * 300,
    "x" * 10_000,
    "love " * 2_000,
    "สวย" * 3_000,
    "❤️" * 3_000,
    "\ud7ff\ue000\uffff\U0010ffff",
]


@pytest.mark.parametrize("texts", [LANGUAGES, ODD_TEXTS, [*LANGUAGES, *ODD_TEXTS]], ids=["languages", "odd", "both"])
def test_text_of_any_kind_is_counted_without_error(texts: list[str]) -> None:
    rows = [comment(100 * post + n, text, post=post) for post in range(3) for n, text in enumerate(texts)]
    observed = values(tables(rows, [*LANGUAGES, *ODD_TEXTS[:5], None]))
    assert observed["comments_emoji_only_share"] is not None
    for name, each in observed.items():
        entry = FEATURES[name]
        assert each is None or np.isfinite(each), name
        assert each is None or entry.low is None or each >= entry.low, name
        assert each is None or entry.high is None or each <= entry.high, name


def test_repeated_sentences_weigh_the_same_in_every_script() -> None:
    sentences = ["love this so very much", "очень красиво и мило", "너무 예뻐요 정말 좋아요", THAI, HAN]
    for sentence in sentences:
        rows = comments([sentence, sentence, *different(18, words=5)])
        assert value("repeated_text_share", rows) == 2 / 20, sentence


def test_what_comes_after_a_cut_does_not_reach_back() -> None:
    """Cut at an instant, the rest gives what it would have given had nothing come later."""
    rows = everything()
    instant = published(4)
    earlier = [row for row in rows if row["commented_at"] < instant]
    given = tables(rows, CAPTIONS)
    cut = Tables(
        given.accounts,
        given.followers_daily,
        given.posts.filter(pl.col("posted_at") < instant),
        given.comments.filter(pl.col("commented_at") < instant),
    )
    assert len(earlier) < len(rows)
    assert compute_group(cut, "comments").equals(compute_group(tables(earlier, CAPTIONS[:4]), "comments"))


def test_order_of_rows_changes_nothing() -> None:
    given = tables(everything(), CAPTIONS, language="en")
    shuffled = Tables(
        given.accounts,
        given.followers_daily,
        given.posts.sample(fraction=1, shuffle=True, seed=5),
        given.comments.sample(fraction=1, shuffle=True, seed=5),
    )
    assert compute_group(given, "comments").equals(compute_group(shuffled, "comments"))


def test_other_accounts_change_nothing() -> None:
    alone = compute_group(tables(organic(80, seed=1, account_id="m"), CAPTIONS), "comments")
    company = [*organic(80, seed=1, account_id="m"), *organic(90, seed=2, account_id="b"), *_as("z", tight_community())]
    batch = compute_group(tables(company, CAPTIONS), "comments")
    assert batch.height == 3
    assert batch.filter(pl.col("account_id") == "m").equals(alone)


def _as(account_id: str, rows: list[Row]) -> list[Row]:
    return [row | {"account_id": account_id} for row in rows]


SIZE_FREE = [
    "emoji_only_share",
    "short_share",
    "words_length",
    "text_size_spread",
    "repeated_text_share",
    "repeated_text_across_posts_share",
    "template_share",
    "slotted_text_share",
    "word_agreement_share",
    "phrase_agreement_share",
    "repeat_author_share",
    "same_author_across_posts_share",
]


def test_few_comments_and_many_tell_the_same_on_average() -> None:
    whole = organic(2000, seed=11, posts=5)
    everything_seen = values(tables(whole, CAPTIONS))
    random = np.random.default_rng(3)
    draws = [
        row | {"account_id": f"draw{draw:03}", "comment_id": f"{index}"}
        for draw in range(300)
        for index, row in enumerate(whole[place] for place in random.choice(2000, 25, replace=False))
    ]
    seen = compute_group(tables(draws, CAPTIONS), "comments")
    for name in SIZE_FREE:
        small = seen[f"comments_{name}"].drop_nulls()
        error = small.std() / len(small) ** 0.5
        assert abs(small.mean() - everything_seen[f"comments_{name}"]) < 4 * error, name


def test_thinning_a_timer_moves_its_evenness_towards_chance_and_not_past_it() -> None:
    timer = delayed([number / 100 for number in range(2000)])
    random = np.random.default_rng(1)
    thinned = [timer[place] for place in sorted(random.choice(2000, 200, replace=False))]
    assert value("gap_spread", timer) < 0.01
    assert 0.6 < value("gap_spread", thinned) < 1.1


TEXTS = st.sampled_from(
    ["wow", "so cute", "love your new bag", "love your new ring", "❤️", "😍🔥💯", "@a", "สวยมาก", ""]
)
ROWS = st.tuples(
    TEXTS | st.text(max_size=12),
    st.integers(0, 3),
    st.none() | st.integers(0, 8),
    st.none() | st.integers(-3600, 10**6),
    st.none() | st.integers(0, 5),
)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROWS, min_size=10, max_size=80))
def test_values_stay_within_their_declared_bounds(
    rows: list[tuple[str, int, int | None, int | None, int | None]],
) -> None:
    observed = values(tables([_random_comment(number, *row) for number, row in enumerate(rows)], CAPTIONS))
    for name, each in observed.items():
        entry = FEATURES[name]
        if each is not None:
            assert entry.low is None or each >= entry.low, name
            assert entry.high is None or each <= entry.high, name


def _random_comment(
    number: int, text: str, post: int, author: int | None, seconds: int | None, likes: int | None
) -> Row:
    return comment(
        number,
        text,
        post=post,
        commenter_id=None if author is None else f"u{author}",
        commented_at=None if seconds is None else published(post) + timedelta(seconds=seconds),
        like_count=likes,
    )


# Accounts of known character ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "feature", "at_least"),
    [
        pytest.param(template_seller(100), "repeated_text_share", 0.5, id="templates repeat"),
        pytest.param(template_seller(100), "phrase_agreement_share", 0.03, id="templates share phrases"),
        pytest.param(template_seller(100), "template_share", 0.5, id="templates share frames"),
        pytest.param(template_seller(100), "slotted_text_share", 0.5, id="templates have slots"),
        pytest.param(emoji_row_seller(100), "repeated_emoji_row_share", 0.9, id="emoji rows repeat"),
        pytest.param(fixed_order_pod(), "author_order_correlation", 0.95, id="a pod keeps its order"),
        pytest.param(fixed_order_pod(), "same_successor_residual", 0.95, id="a pod's members follow each other"),
    ],
)
def test_schemes_stand_out(rows: list[Row], feature: str, at_least: float) -> None:
    assert value(feature, rows, CAPTIONS) >= at_least


def test_a_pod_within_an_audience_stands_out() -> None:
    pod = [row | {"comment_id": f"pod{index}"} for index, row in enumerate(fixed_order_pod(15, 8))]
    audience_alone, mixed = organic(200), [*organic(200), *pod]
    for name in ("early_sentences_by_regulars_residual", "sentences_by_regulars_residual"):
        assert value(name, mixed, CAPTIONS) > value(name, audience_alone, CAPTIONS) + 0.03, name


def test_a_delivery_is_even() -> None:
    assert value("gap_spread", template_seller(100)) < 0.1


def _organic(seed: int) -> list[Row]:
    return organic(150, seed=seed)


def _community(seed: int) -> list[Row]:
    return tight_community(seed=seed)


def _giveaway(seed: int) -> list[Row]:
    return giveaway(100, seed=seed)


HONEST_AT_MOST = {
    "repeated_text_share": 0.1,
    "repeated_sentence_share": 0.02,
    "repeated_text_across_posts_share": 0.1,
    "slotted_text_share": 0.1,
    "same_next_text_residual": 0.05,
    "repeated_emoji_row_share": 0.0,
    "phrase_agreement_share": 0.015,
    "author_order_correlation": 0.35,
    "same_successor_residual": 0.2,
    "regulars_first_hour_residual": 0.3,
    "early_sentences_by_regulars_residual": 0.05,
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("build", [_organic, _community, _giveaway], ids=["organic", "tight community", "giveaway"])
def test_honest_accounts_do_not_stand_out(build: Callable[[int], list[Row]], seed: int) -> None:
    observed = values(tables(build(seed), CAPTIONS))
    for name, bound in HONEST_AT_MOST.items():
        each = observed[f"comments_{name}"]
        assert each is None or each <= bound, name
    delays = observed["comments_returning_delay_ratio"]
    # With thirty pairs counted both ways round chance alone has a standard deviation of about a tenth.
    assert delays is None or delays > 0.7
    size_spread = observed["comments_text_size_spread"]
    assert size_spread is None or size_spread > 0.6


# The catalogue's own promises -----------------------------------------------------------------------------------------


def test_every_feature_has_a_frame_that_exists() -> None:
    assert {entry.frame for entry in FEATURES.values()} == set(FRAMES)


def test_there_are_at_least_eighteen_features() -> None:
    assert len(FEATURES) >= 18


@pytest.mark.parametrize("name", FEATURES)
def test_reasons_read_as_sentences(name: str) -> None:
    entry = FEATURES[name]
    assert set(entry.reason) == {"high": {"high"}, "low": {"low"}, "both": {"high", "low"}}.get(entry.suspicious, set())
    for side in entry.reason:
        sentence = entry.sentence(0.5, "high" if side == "high" else "low")
        assert any(figure in sentence for figure in ("50%", "50.0%", "0.50")), sentence
        assert not any(word in sentence for word in ("fraud", "fake", "bot ")), sentence
