from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from simulation.lexicon import LEXICONS
from simulation.life import Persona
from simulation.population import draw_persona, draw_voice
from simulation.rules import draw_rules
from simulation.text import FAMILY_MODULUS, Dice, Voice, biography, caption, comment, draw_family, family_text
from tests.priors import PRIORS

KINDS = ("template", "praise", "emoji")


@pytest.fixture
def english() -> Voice:
    rng, dice = np.random.default_rng(1), Dice(1)
    rules = draw_rules(PRIORS, rng)
    persona: Persona = draw_persona("a", rules, rng, dice)
    persona.language = "en"
    return draw_voice(persona, rules, rng, dice).changed(foreign_share=0.0)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", text)


@pytest.mark.parametrize("language", LEXICONS)
def test_every_language_has_sixty_words_and_whole_sentences(language: str) -> None:
    lexicon = LEXICONS[language]
    lists = (lexicon.reactions, lexicon.adjectives, lexicon.nouns, lexicon.openers, lexicon.closers)

    assert sum(len(set(each)) for each in lists) >= 60
    assert all(text == text.strip() and text for each in lists for text in each)
    for pattern in (*lexicon.sentences, *lexicon.questions):
        assert re.sub(r"\{[an]\}", "", pattern).isprintable()
        assert set(re.findall(r"\{(.*?)\}", pattern)) <= {"a", "n"}


def test_languages_cover_at_least_four_scripts() -> None:
    scripts = {
        "Latin": r"[a-z]",
        "Cyrillic": r"[\u0400-\u04ff]",
        "Arabic": r"[\u0600-\u06ff]",
        "Devanagari": r"[\u0900-\u097f]",
        "Thai": r"[\u0e00-\u0e7f]",
        "Hangul": r"[\uac00-\ud7af]",
        "Kana": r"[\u3040-\u30ff]",
    }
    nouns = " ".join(noun for lexicon in LEXICONS.values() for noun in lexicon.nouns)

    assert [name for name, letters in scripts.items() if not re.search(letters, nouns)] == []


def test_no_slot_is_left_open_in_any_language(english: Voice) -> None:
    dice = Dice(2)
    for language in LEXICONS:
        voice = english.changed(language=language)  # type: ignore[arg-type]
        texts = [comment(voice, LEXICONS[language].nouns[:3], dice) for _ in range(200)]
        texts.append(caption(voice, LEXICONS[language].nouns[:3], True, dice))
        texts.append(biography(language, LEXICONS[language].nouns[:3], dice))
        assert [text for text in texts if "{" in text or "}" in text or not text.strip()] == []


def test_shares_of_classes_follow_the_voice(english: Voice) -> None:
    voice = english.changed(
        emoji_only=0.2, mention_only=0.1, short=0.3, mention=0.0, emoji_tail=0.0, link=0.0, typo=0.0, stretched=0.0
    )
    dice = Dice(3)
    texts = [comment(voice, ("cake",), dice) for _ in range(4000)]
    emoji_only = [text for text in texts if not _words(text)]
    mention_only = [text for text in texts if text.startswith("@")]

    assert len(emoji_only) / 4000 == pytest.approx(0.2, abs=0.02)
    assert len(mention_only) / 4000 == pytest.approx(0.1, abs=0.02)
    short = [text for text in texts if len(_words(text)) <= 2 and not text.startswith("@")]
    assert len(short) / 4000 == pytest.approx(0.2 + 0.3, abs=0.06)


def test_relevance_decides_how_often_a_topic_is_named(english: Voice) -> None:
    def share(relevance: float) -> float:
        dice = Dice(4)
        voice = english.changed(relevance=relevance, emoji_only=0.0, mention_only=0.0, short=0.0)
        return sum("zeppelin" in comment(voice, ("zeppelin",), dice) for _ in range(1000)) / 1000

    assert share(0.0) == 0.0
    assert share(0.9) > 0.6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LEXICONS)
def test_phrase_families_are_never_shared_by_cohorts(kind: str, language: str) -> None:
    families = [set(draw_family(kind, language, seed, 40, Dice(seed)).phrases) for seed in (5, 6, 450, 901)]

    assert all(families)
    for first, second in combinations(families, 2):
        assert first & second == set()


def test_seeds_a_modulus_apart_may_share_a_family() -> None:
    first, second = (draw_family("praise", "th", seed, 200, Dice(1)) for seed in (3, 3 + FAMILY_MODULUS))

    assert first.phrases == second.phrases


def test_a_family_repeats_itself(english: Voice) -> None:
    dice = Dice(8)
    family = draw_family("praise", "en", 8, 10, dice)
    stems = {
        text
        for text in (family_text(family, english.changed(emoji_tail=0.0), dice) for _ in range(200))
        if text in family.phrases
    }

    assert 1 <= len(stems) <= 10


def test_dice_of_one_seed_fall_alike() -> None:
    first, second = ([dice.number(1, 6) for _ in range(50)] for dice in (Dice(9), Dice(9)))

    assert first == second
    assert set(first) == {1, 2, 3, 4, 5, 6}
