"""Who the accounts are: size, platform, language, age, handle. All of it drawn without knowing the label."""

from __future__ import annotations

import math

import numpy as np

from features.tables import NICHES
from simulation.draws import from_quantiles, weighted_choice
from simulation.engagement import PERSONAL_SIZE, SMALL_ACCOUNT, VIEW_PLATFORMS
from simulation.lexicon import LEXICONS
from simulation.life import Persona
from simulation.rules import Rules
from simulation.text import Dice, Voice, account_emoji, account_topics, biography, handle

SMALLEST_ACCOUNT, LARGEST_ACCOUNT = 200, 5_000_000
"""Range of followers that the contract promises a verdict for."""

MOST_POSTS = 200
"""Posts of one account in a folder."""

PERSONAL_ACCOUNT = 1000
"""Followers up to which nearly every account is a private person's."""

TYPICAL_ACCOUNT = 60_000
"""Followers at which the shares of comments hold: accounts with 30 comments on a post or two are large; assumed."""

LARGE_ACCOUNT = 100_000
"""Followers from which FACTS gives the posting pace."""

COUNTRIES = {
    "en": ("US", "GB", "CA", "AU"),
    "es": ("ES", "MX", "AR"),
    "pt": ("BR", "PT"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE", "CH"),
    "it": ("IT",),
    "id": ("ID",),
    "tr": ("TR",),
    "ru": ("RU", "KZ"),
    "hi": ("IN",),
    "ar": ("EG", "SA", "AE"),
    "th": ("TH",),
    "ja": ("JP",),
    "ko": ("KR",),
}


def draw_persona(account_id: str, rules: Rules, rng: np.random.Generator, dice: Dice) -> Persona:
    """One account's identity, its present size and its posting habit."""
    population = rules.population
    platform = weighted_choice(population.platform_weights, rng)
    language = weighted_choice(population.language_weights, rng)
    niche = dice.pick(NICHES)
    followers = _followers(rules, rng)
    is_personal = _is_personal(platform, followers, rules, rng)
    age_days = int(
        np.clip(365.0 * population.age_years_median * math.exp(rng.normal(0.0, population.age_spread)), 120, 6000)
    )
    topics = account_topics(language, niche, max(3, round(rng.normal(population.topics_per_account, 1.5))), dice)
    posts_per_week = _posts_per_week(platform, followers, rules, rng, is_personal=is_personal)
    active = rng.uniform(0.6 if is_personal else 0.3, 1.1)
    post_count = max(1, round(posts_per_week * age_days / 7.0 * active))
    posts_wanted = _posts_wanted(followers, post_count, rules, rng)
    has_biography = not dice.chance(population.empty_biography_share)
    return Persona(
        account_id=account_id,
        platform=platform,
        handle=handle(dice, population.handle_digits_share, population.handle_joiner_share),
        followers=followers,
        following=_following(platform, followers, rules, rng, is_personal=is_personal),
        post_count=max(posts_wanted, post_count),
        age_days=age_days,
        is_verified=dice.chance(population.verified_share * (0.5 if followers < LARGE_ACCOUNT else 3.0)),
        is_business=dice.chance(population.business_share),
        niche=niche,
        language=language,
        country=dice.pick(COUNTRIES[language]),
        biography=biography(language, topics, dice) if has_biography else "",
        posts_per_week=posts_per_week,
        topics=topics,
        posts_wanted=posts_wanted,
        is_personal=is_personal,
    )


def draw_voice(persona: Persona, rules: Rules, rng: np.random.Generator, dice: Dice) -> Voice:
    """How the people under this account write."""
    comments = rules.comments
    decades = math.log10(persona.followers / TYPICAL_ACCOUNT)
    mention_only = min(
        from_quantiles(comments.mention_only, rng) * math.exp(comments.mention_size_slope * decades), 0.3
    )
    # The measured share of at most two words counts emoji-only and mention-only comments in.
    up_to_two_words = min(from_quantiles(comments.short, rng), 0.92)
    emoji_only = from_quantiles(comments.emoji_only, rng) * math.exp(comments.emoji_size_slope * decades)
    emoji_only = min(emoji_only, 0.85 * up_to_two_words)
    short = max(up_to_two_words - emoji_only - mention_only, 0.02)
    jitter = rng.lognormal(0.0, 0.35, size=9)
    return Voice(
        language=persona.language,
        niche=persona.niche,
        foreign_languages=tuple(_foreign_language(dice) for _ in range(dice.number(1, 3))),
        foreign_share=min(rules.population.foreign_language_share * jitter[0], 1.0),
        emoji_only=emoji_only,
        mention_only=mention_only,
        short=short,
        question=min(comments.question * jitter[1], 0.6),
        mention=min(comments.mention * jitter[2], 0.5),
        link=comments.link,
        relevance=float(np.clip(comments.relevance * jitter[3], 0.1, 0.95)),
        emoji_tail=min(comments.emoji_tail * jitter[4], 0.9),
        stretched=comments.stretched * jitter[5],
        typo=comments.typo * jitter[6],
        second_sentence=min(comments.second_sentence * jitter[7], 0.7),
        lowercase=min(comments.lowercase, 0.97),
        taste=max(comments.taste * float(jitter[8]) ** 0.5, 1.0),
        emoji=account_emoji(dice),
    )


def _foreign_language(dice: Dice) -> str:
    """A language that strangers write in: English half of the time."""
    return "en" if dice.chance(0.5) else dice.pick(tuple(LEXICONS))


def _followers(rules: Rules, rng: np.random.Generator) -> int:
    if rng.random() < rules.population.small_share:
        return int(math.exp(rng.uniform(math.log(SMALLEST_ACCOUNT), math.log(1000.0))))
    drawn = from_quantiles(rules.population.followers, rng, logarithmic=True)
    return int(np.clip(drawn, SMALLEST_ACCOUNT, LARGEST_ACCOUNT))


def _is_personal(platform: str, followers: int, rules: Rules, rng: np.random.Generator) -> bool:
    """Whether a private person is behind the account: nearly always up to 1,000 followers, never from 3,000 on."""
    smallness = math.log(SMALL_ACCOUNT / followers) / math.log(SMALL_ACCOUNT / PERSONAL_ACCOUNT)
    chance = rules.population.personal_share * float(np.clip(smallness, 0.0, 1.0))
    return bool(rng.random() < chance) and platform not in VIEW_PLATFORMS


def _following(platform: str, followers: int, rules: Rules, rng: np.random.Generator, *, is_personal: bool) -> int:
    population = rules.population
    if is_personal:
        # Friends follow each other: the two counts go together.
        per_follower = from_quantiles(population.following_per_follower_personal, rng, logarithmic=True)
        tilt = population.following_personal_slope * math.log10(followers / PERSONAL_SIZE)
        return int(np.clip(followers * per_follower * math.exp(tilt), 0, 7500))
    if platform in VIEW_PLATFORMS:
        table = population.following_other_platforms
    elif followers < 1000:
        table = population.following_small
    else:
        table = population.following
    return int(np.clip(from_quantiles(table, rng, logarithmic=True), 0, 7500))


def _posts_per_week(
    platform: str, followers: int, rules: Rules, rng: np.random.Generator, *, is_personal: bool
) -> float:
    """Creators': between the tables of small and of large accounts, in the logarithm of the size."""
    engagement = rules.engagement
    if is_personal:
        return from_quantiles(engagement.posts_per_week_personal, rng, logarithmic=True)
    level = rng.random()
    weight = float(np.clip(math.log(followers / SMALL_ACCOUNT) / math.log(LARGE_ACCOUNT / SMALL_ACCOUNT), 0.0, 1.0))
    tables = (engagement.posts_per_week_small, engagement.posts_per_week)
    small, large = (float(np.interp(level, (0.02, 0.25, 0.5, 0.75, 0.98), np.log(table))) for table in tables)
    return math.exp((1.0 - weight) * small + weight * large) * engagement.posts_per_week_factor.get(platform, 1.0)


def _posts_wanted(followers: int, post_count: int, rules: Rules, rng: np.random.Generator) -> int:
    """Posts in the folder: a page of the newest, or every post of a small account's years."""
    engagement = rules.engagement
    is_small = followers < SMALL_ACCOUNT
    page = int(np.clip(from_quantiles(engagement.posts_observed, rng, logarithmic=True), 1, MOST_POSTS))
    whole = rng.random() < (engagement.whole_history_small if is_small else engagement.whole_history_large)
    return min(post_count, MOST_POSTS) if whole else page
