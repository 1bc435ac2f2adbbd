"""Comment texts, captions and biographies: genuine voices, and the phrase families that sellers use."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from simulation.lexicon import EMOJI, HANDLE_WORDS, LEXICONS, Lexicon

FAMILY_MODULUS = 997
"""Phrases of a language are numbered; a cohort uses the numbers that leave seed % 997. Two cohorts whose seeds
differ by less than 997 therefore never share a phrase, and a model cannot know a family by heart."""


class Dice:
    """Fast single draws for text, where a numpy generator costs ten times as much. Deterministic for a seed."""

    __slots__ = ("draw",)

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed).random  # noqa: S311 - a simulation, nothing secret

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self.draw() < probability

    def pick(self, items: Sequence[str]) -> str:
        """One item, all alike."""
        return items[int(self.draw() * len(items))]

    def common(self, items: Sequence[str], taste: float) -> str:
        """One item of a list from common to rare; `taste` above 1 prefers the common ones (Zipf-like)."""
        return items[int(self.draw() ** taste * len(items))]

    def number(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.draw() * (high - low + 1))


@dataclass(frozen=True, slots=True)
class Voice:
    """How the people under one account write. Rates are shares of comments, 0 to 1."""

    language: str
    niche: str
    foreign_languages: tuple[str, ...]
    foreign_share: float
    emoji_only: float
    mention_only: float
    short: float
    """Comments of one or two words, emoji-only and mention-only ones left out."""
    question: float
    mention: float
    link: float
    relevance: float
    emoji_tail: float
    stretched: float
    typo: float
    second_sentence: float
    lowercase: float
    taste: float
    emoji: tuple[str, ...]
    """This account's emoji, commonest first."""

    def changed(self, **rates: float) -> Voice:
        """The same voice with some rates replaced."""
        return replace(self, **rates)  # type: ignore[arg-type]


def comment(voice: Voice, topics: Sequence[str], dice: Dice) -> str:
    """One genuine comment under a post about `topics`."""
    drawn = dice.draw()
    if drawn < voice.emoji_only:
        return emoji_row(voice, dice)
    drawn -= voice.emoji_only
    if drawn < voice.mention_only:
        return mentions(dice)
    language = voice.language
    if voice.foreign_languages and dice.chance(voice.foreign_share):
        language = dice.pick(voice.foreign_languages)
    lexicon = LEXICONS[language]
    if drawn - voice.mention_only < voice.short:
        text = _reaction(lexicon, voice, dice)
    else:
        own = topics if language == voice.language else ()
        text = sentences(lexicon, voice, own, dice)
    return _finish(text, lexicon, voice, dice)


def emoji_row(voice: Voice, dice: Dice) -> str:
    """One to eight emoji, mostly of one kind."""
    first = dice.common(voice.emoji, voice.taste)
    count = 1 + int(dice.draw() ** 2 * 6)
    if dice.chance(0.6):
        return first * count
    return "".join(dice.common(voice.emoji, voice.taste) for _ in range(count)) + first


def mentions(dice: Dice) -> str:
    """One to three handles and nothing else: people who call their friends, or enter a giveaway."""
    count = 1 if dice.chance(0.7) else dice.number(2, 3)
    return " ".join(f"@{handle(dice, 0.4, 0.5)}" for _ in range(count))


def handle(dice: Dice, digits_share: float, joiner_share: float) -> str:
    """A public name such as `mia.studio42`; digits and joiners with the given chances."""
    joiner = dice.pick((".", "_")) if dice.chance(joiner_share) else ""
    middle = chr(97 + dice.number(0, 25)) + chr(97 + dice.number(0, 25))
    name = f"{dice.pick(HANDLE_WORDS)}{joiner}{middle}{dice.pick(HANDLE_WORDS)}"
    return name + (str(dice.number(1, 9999)) if dice.chance(digits_share) else "")


def sentences(lexicon: Lexicon, voice: Voice, topics: Sequence[str], dice: Dice) -> str:
    """One or two sentences or a question; their nouns are of the topics with chance `relevance`."""
    draw = dice.draw
    pool = lexicon.questions if draw() < voice.question else lexicon.sentences
    text = _fill(dice.common(pool, 1.2), lexicon, voice, topics, dice)
    if draw() < voice.second_sentence:
        joiner = dice.pick((". ", ", ", "! ", " and ")) if lexicon is LEXICONS["en"] else dice.pick((". ", ", ", "! "))
        text += joiner + _fill(dice.pick(lexicon.sentences), lexicon, voice, topics, dice)
    if draw() < 0.25:
        text = lexicon.joiner.join((dice.common(lexicon.openers, voice.taste), text))
    if draw() < 0.2:
        text = lexicon.joiner.join((text, dice.common(lexicon.closers, voice.taste)))
    return text


def caption(voice: Voice, topics: Sequence[str], is_sponsored: bool, dice: Dice) -> str:  # noqa: FBT001
    """A post's caption that names its topics, with hashtags at times."""
    lexicon = LEXICONS[voice.language]
    draw = dice.draw
    text = _fill(dice.pick(lexicon.sentences), lexicon, voice, topics, dice) if draw() < 0.8 else ""
    tags = [f"#{topic.replace(' ', '')}" for topic in topics if draw() < 0.4]
    if is_sponsored:
        tags.append(dice.pick(("#ad", "#sponsored", "#werbung", "#gifted")))
    if draw() < 0.4:
        tags.insert(0, dice.pick(voice.emoji))
    return " ".join((text, *tags)).strip()


def biography(language: str, topics: Sequence[str], dice: Dice) -> str:
    """A short description made of topics, a reaction and emoji."""
    lexicon = LEXICONS[language]
    parts = [dice.pick(topics) for _ in range(dice.number(1, 3))]
    if dice.chance(0.4):
        parts.append(lexicon.joiner.join((dice.pick(lexicon.adjectives), dice.pick(lexicon.nouns))))
    text = dice.pick((" | ", ", ", " · ", "\n")).join(parts)
    if dice.chance(0.5):
        text += " " + dice.pick(EMOJI)
    if dice.chance(0.2):
        text += f" {handle(dice, 0.3, 0.5)}@mail.example"
    return text


def account_topics(language: str, niche: str, count: int, dice: Dice) -> tuple[str, ...]:
    """The nouns an account keeps coming back to."""
    lexicon = LEXICONS[language]
    pool = list(lexicon.niche_nouns.get(niche, lexicon.nouns))
    return tuple(pool.pop(int(dice.draw() * len(pool))) for _ in range(min(count, len(pool))))


def account_emoji(dice: Dice) -> tuple[str, ...]:
    """The emoji seen under one account, commonest first: the usual ones, in an order of its own."""
    ranked = sorted(range(len(EMOJI)), key=lambda rank: rank + 25.0 * dice.draw())
    return tuple(EMOJI[rank] for rank in ranked[: dice.number(10, 40)])


# --- phrase families ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Family:
    """Ready phrases that one seller posts again and again, in one `kind`: template, praise, short or emoji.

    Templates may end in a slot that each delivery fills anew, so that no two texts need be the same.
    """

    kind: str
    phrases: tuple[str, ...]
    has_slot: bool


def draw_family(kind: str, language: str, seed: int, size: int, dice: Dice) -> Family:
    """A family of up to `size` phrases with the cohort's remainder; see `FAMILY_MODULUS`."""
    parts = _family_parts(kind, LEXICONS[language])
    total = 1
    for part in parts:
        total *= len(part)
    remainder = seed % FAMILY_MODULUS
    steps = max((total - remainder) // FAMILY_MODULUS, 1)
    numbers = sorted({remainder + FAMILY_MODULUS * dice.number(0, steps - 1) for _ in range(size)})
    joiner = "" if kind in ("emoji", "short") else LEXICONS[language].joiner
    phrases = tuple(_phrase(number, parts, joiner) for number in numbers)
    return Family(kind, phrases, has_slot=kind == "template" and dice.chance(0.5))


def family_text(family: Family, voice: Voice, dice: Dice) -> str:
    """One delivered comment of the family."""
    text = dice.pick(family.phrases)
    if family.has_slot:
        lexicon = LEXICONS[voice.language]
        text = lexicon.joiner.join((text, dice.pick(lexicon.nouns)))
    if family.kind != "emoji" and dice.chance(0.3):
        text += " " + dice.pick(voice.emoji)
    return text


SHORT_ENDINGS = ("", "!", "!!", "!!!", ".", "..", "...", " !", " :)", " ;)", " <3", " xx", " x", "~", " ^^", " :D")
"""What a seller puts behind two words of praise, so that short phrases are enough for every cohort to have its own."""


def _family_parts(kind: str, lexicon: Lexicon) -> tuple[tuple[str, ...], ...]:
    if kind == "emoji":
        return (EMOJI, EMOJI, EMOJI, EMOJI)
    reactions = tuple(dict.fromkeys(word for word in lexicon.reactions if word not in lexicon.adjectives))
    if kind == "short":
        return (lexicon.adjectives, (lexicon.joiner,), reactions, SHORT_ENDINGS)
    if kind == "praise":
        return (reactions, lexicon.adjectives, reactions)
    return (lexicon.openers, lexicon.adjectives, lexicon.nouns, lexicon.closers)


def _phrase(number: int, parts: tuple[tuple[str, ...], ...], joiner: str) -> str:
    chosen = []
    for part in parts:
        number, digit = divmod(number, len(part))
        chosen.append(part[digit])
    return joiner.join(chosen)


# --- pieces ------------------------------------------------------------------------------------------------------


def _reaction(lexicon: Lexicon, voice: Voice, dice: Dice) -> str:
    drawn = dice.draw()
    if drawn < 0.75:
        return dice.common(lexicon.reactions, voice.taste)
    if drawn < 0.9:
        return lexicon.joiner.join((dice.common(lexicon.openers, 1.5), dice.common(lexicon.adjectives, voice.taste)))
    return lexicon.joiner.join((dice.common(lexicon.adjectives, voice.taste), dice.common(lexicon.nouns, 1.2)))


def _fill(pattern: str, lexicon: Lexicon, voice: Voice, topics: Sequence[str], dice: Dice) -> str:
    pieces = _pieces(pattern).copy()
    # Words stand between the literal pieces: a noun for "n", an adjective for "a".
    for place in range(1, len(pieces), 2):
        if pieces[place] == "n":
            pieces[place] = dice.pick(topics if topics and dice.draw() < voice.relevance else lexicon.nouns)
        else:
            pieces[place] = dice.common(lexicon.adjectives, voice.taste)
    return "".join(pieces)


@cache
def _pieces(pattern: str) -> list[str]:
    """A pattern cut at its slots: literal, slot, literal, ..., literal. Callers copy it."""
    return re.split(r"\{([na])\}", pattern)


def _finish(text: str, lexicon: Lexicon, voice: Voice, dice: Dice) -> str:
    draw = dice.draw
    if draw() < voice.stretched and text[-1].isalpha():
        text += text[-1] * dice.number(1, 4)
    if draw() < voice.typo and len(text) > 3:
        position = dice.number(1, len(text) - 2)
        text = text[:position] + text[position + 1] + text[position] + text[position + 2 :]
    if draw() >= voice.lowercase:
        text = text[0].upper() + text[1:]
    drawn = draw()
    if drawn < 0.18:
        text += "!" * dice.number(1, 3)
    elif drawn < 0.25 and lexicon.joiner:
        text += dice.pick((".", "...", " :)", "?!"))
    if draw() < voice.mention:
        name = f"@{handle(dice, 0.4, 0.5)}"
        text = f"{name} {text}" if dice.chance(0.6) else f"{text} {name}"
    if draw() < voice.emoji_tail:
        first = dice.common(voice.emoji, voice.taste)
        text += dice.pick((" ", "")) + first * (1 + int(dice.draw() ** 2.5 * 4))
    if draw() < voice.link:
        text += f" https://{dice.pick(HANDLE_WORDS)}{dice.number(1, 999)}.example/{dice.number(100, 99999)}"
    return text
