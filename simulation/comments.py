"""Which comments were collected, who wrote them, when, and in what words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from simulation.draws import LEVELS, Floats, Integers, from_quantiles, random_identifiers
from simulation.life import CommentSource, Life
from simulation.rules import Rules
from simulation.text import Dice, comment

Lags = Callable[[np.random.Generator, int], Floats]
"""Hours after the post of `n` comments."""

EVENTS_PER_POST = 300
"""Comments of one post that are lived through; of more, a part stands for all."""

POSTS_COLLECTED = 30
"""Posts whose comments are collected at most, the newest first."""


def organic_lags(rules: Rules, rng: np.random.Generator) -> Lags:
    """Lags with the measured quantiles, faster or slower as a whole from account to account."""
    table = np.log(rules.comments.lag_hours) + rng.normal(0.0, 0.6)
    ends = (table[0] - 2.5, *table, table[-1] + 1.5)

    def lags(rng: np.random.Generator, count: int) -> Floats:
        drawn: Floats = np.exp(np.interp(rng.random(count), (0.0, *LEVELS, 1.0), ends))
        return drawn

    return lags


def early_lags(first_hour: float, rules: Rules) -> Lags:
    """Lags of people told to come at once: a share within the first hour, the others as they find the time."""

    def lags(rng: np.random.Generator, count: int) -> Floats:
        late = np.exp(rng.normal(np.log(rules.comments.lag_hours[1]), 1.0, count))
        drawn: Floats = np.where(rng.random(count) < first_hour, rng.uniform(0.02, 1.0, count), late)
        return drawn

    return lags


def organic_source(
    life: Life,
    topics: Callable[[Life, int], tuple[str, ...]],
    creators: list[str],
    rules: Rules,
    rng: np.random.Generator,
    dice: Dice,
) -> CommentSource:
    """The honest comments: passers-by, a loyal circle, and other creators of the cohort."""
    repeat = max(0.0, 1.0 - min(from_quantiles(rules.comments.distinct, rng), 1.0)) * 1.3
    creator_share = min(from_quantiles(rules.comments.creators, rng), 0.5) * (
        0.5 if life.persona.followers > 100_000 else 1.0
    )
    if life.circle_size:
        circle = random_identifiers(life.circle_size, rng)
        repeat = rng.uniform(0.4, 0.85)
        if life.circle_attendance:
            attending = life.circle_attendance * life.circle_size
            repeat = min(attending / max(float(np.mean(life.comments)), 1.0), 0.95)
            creator_share = min(creator_share, 1.0 - repeat)
    else:
        circle = random_identifiers(int(rng.integers(3, 25)), rng)
    friends = [dice.pick(creators) for _ in range(dice.number(2, 12))]
    friends = [friend for friend in friends if friend != life.persona.account_id] or circle

    def authors(post: int, count: int) -> list[str]:  # noqa: ARG001
        strangers = iter(random_identifiers(count, rng))
        regulars = iter(sorted(circle, key=lambda _: dice.draw()) if life.circle_attendance else ())
        chosen = []
        for _ in range(count):
            drawn = dice.draw()
            if drawn < creator_share:
                chosen.append(dice.pick(friends))
            elif drawn < creator_share + repeat:
                # Who comments on every post does so once; others now and then, and some more than once.
                chosen.append(next(regulars, None) or dice.common(circle, 1.5))
            else:
                chosen.append(next(strangers))
        return chosen

    @cache
    def topics_of(post: int) -> tuple[str, ...]:
        return topics(life, post)

    def text(post: int) -> str:
        return comment(life.voice, topics_of(post), dice)

    return CommentSource(life.comments, organic_lags(rules, rng), authors, text)


@dataclass(slots=True)
class CollectedComments:
    """Parallel lists, one entry a comment: post index, hours after the post, author, text, likes."""

    posts: list[int]
    lags: list[float]
    authors: list[str]
    texts: list[str]
    likes: list[int]


def collect(
    life: Life,
    organic: CommentSource,
    topics: Callable[[Life, int], tuple[str, ...]],
    rules: Rules,
    rng: np.random.Generator,
    dice: Dice,
) -> CollectedComments:
    """The sample of comments that the plan asks for.

    Its size follows from the plan and from the honest comments alone: bought ones displace honest ones in a sample,
    so that the number of rows says nothing.
    """
    sources = [organic, *life.bought_sources]
    counts = np.stack([np.minimum(source.counts, 100_000) for source in sources])
    wanted = min(life.plan.comments_wanted, int(organic.counts.sum()))
    posts = _collected_posts(counts.sum(axis=0), wanted)
    post, lag, origin = _events(counts, posts, sources, life, rng)
    chosen = _sample(post, lag, wanted, life.plan.comment_sample, rng)
    post, lag, origin = post[chosen], lag[chosen], origin[chosen]
    result = CollectedComments([], [], [], [], [])
    echo = min(from_quantiles(rules.comments.echo, rng), 0.5)
    for index in np.unique(post):
        for source_index, source in enumerate(sources):
            mine = np.flatnonzero((post == index) & (origin == source_index))
            if len(mine):
                result.posts.extend([int(index)] * len(mine))
                result.lags.extend(lag[mine].tolist())
                result.authors.extend(source.authors(int(index), len(mine)))
                result.texts.extend([source.text(int(index)) for _ in range(len(mine))])
    _repeat(result, echo, rng)
    _reply(life, result, topics, rules, rng, dice)
    result.likes = rng.poisson(rng.gamma(0.3, 2.0, size=len(result.posts))).tolist()
    return result


def _collected_posts(counts: Integers, wanted: int) -> Integers:
    """The newest posts, as many as bring one and a half times the comments wanted, three at least."""
    newest_first = np.arange(len(counts) - 1, -1, -1)
    gathered = np.cumsum(np.minimum(counts[newest_first], max(wanted // 4, 5)))
    needed = int(np.searchsorted(gathered, 1.5 * wanted)) + 1
    many_silent = int(np.count_nonzero(counts == 0))
    return newest_first[: max(3, min(needed, POSTS_COLLECTED + many_silent))]


def _events(
    counts: Integers, posts: Integers, sources: list[CommentSource], life: Life, rng: np.random.Generator
) -> tuple[Integers, Floats, Integers]:
    """All comments of the posts, in no order: post, hours after it, index of the source."""
    post_parts, lag_parts, origin_parts = [], [], []
    for index in posts:
        total = int(counts[:, index].sum())
        for origin, source in enumerate(sources):
            number = int(counts[origin, index])
            if total > EVENTS_PER_POST:
                number = int(rng.binomial(EVENTS_PER_POST, number / total))
            if not number:
                continue
            lags = source.lags(rng, number)
            # A comment cannot lie after the day on which it was collected: late ones fall somewhere before it.
            age = life.post_age_hours[index]
            lags = np.where(lags < age, lags, rng.random(number) * age)
            post_parts.append(np.full(number, index))
            lag_parts.append(lags)
            origin_parts.append(np.full(number, origin))
    if not post_parts:
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0, dtype=np.int64)
    return np.concatenate(post_parts), np.concatenate(lag_parts), np.concatenate(origin_parts)


def _sample(post: Integers, lag: Floats, wanted: int, kind: str, rng: np.random.Generator) -> Integers:
    """Positions of the comments collected, spread over the posts: `all` of a few posts, or some of each."""
    if kind == "all":
        order = np.lexsort((rng.random(len(post)), -post))
        return order[:wanted]
    priority = {
        "earliest": lag,
        "newest": -lag,
        "top": lag * rng.exponential(1.0, len(lag)),
        "random": rng.random(len(lag)),
    }[kind]
    order = np.lexsort((priority, post))
    sorted_posts = post[order]
    starts = (
        np.flatnonzero(np.r_[True, sorted_posts[1:] != sorted_posts[:-1]])
        if len(order)
        else np.zeros(0, dtype=np.int64)
    )
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return order[np.lexsort((rng.random(len(order)), rank))][:wanted]


def _repeat(result: CollectedComments, share: float, rng: np.random.Generator) -> None:
    """Let a share of the comments say what an earlier one of the same post said."""
    for index in np.flatnonzero(rng.random(len(result.posts)) < share):
        position = int(index)
        earlier = int(rng.integers(max(position - 5, 0), position + 1))
        if result.posts[earlier] == result.posts[position]:
            result.texts[position] = result.texts[earlier]


def _reply(
    life: Life,
    result: CollectedComments,
    topics: Callable[[Life, int], tuple[str, ...]],
    rules: Rules,
    rng: np.random.Generator,
    dice: Dice,
) -> None:
    """Turn a share of the rows into the owner's own replies, a while after the comment answered."""
    share = min(from_quantiles(rules.comments.owner_replies, rng), 0.6)
    voice = life.voice.changed(mention=0.3, emoji_only=0.08)
    for index in np.flatnonzero(rng.random(len(result.posts)) < share):
        position = int(index)
        post = result.posts[position]
        result.authors[position] = life.persona.account_id
        result.texts[position] = comment(voice, topics(life, post), dice)
        later = result.lags[position] + float(rng.exponential(5.0))
        result.lags[position] = min(later, float(life.post_age_hours[post]) * 0.999)
