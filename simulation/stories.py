"""What happens to honest accounts and looks bought. A story is one registered function: add one here only.

Dishonest accounts go through the same stories as often: a purge or a viral post spares nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simulation.engagement import SMALL_ACCOUNT, VIDEO_FORMATS
from simulation.growth import LARGEST_DAILY_ADVERTISING
from simulation.lexicon import LEXICONS
from simulation.life import Life
from simulation.rules import Rules, draw_range

Story = Callable[[Life, Rules, np.random.Generator], None]
"""Changes the latent state of an account before its curve and counts are drawn."""

STORIES: dict[str, Story] = {}
"""Every story by the name it has in `benign_story`."""


def story(function: Story) -> Story:
    """Register a story under the function's name."""
    STORIES[function.__name__] = function
    return function


def _day(life: Life, rng: np.random.Generator) -> int:
    """A day of the window, early enough that something can follow."""
    return int(rng.integers(life.window_start, max(life.days - 3, life.window_start + 1)))


def _post_near(life: Life, day: int) -> int | None:
    """The post nearest to a day, if one lies within the lived days."""
    days = life.days_of_posts()
    lived = np.flatnonzero(days >= 0)
    return int(lived[np.argmin(np.abs(days[lived] - day))]) if len(lived) else None


def _post_on(life: Life, day: int, rng: np.random.Generator) -> int:
    """The post nearest to a day; where none lies within the lived days, the newest one was posted on that day."""
    post = _post_near(life, day)
    if post is None:
        post = life.posts - 1
        life.post_age_hours[post] = 24.0 * (life.days - 1 - day + rng.random())
    return post


def _visit(life: Life, day: int, rules: Rules, rng: np.random.Generator) -> None:
    """Newcomers look around: the posts of the days before and of the weeks after are liked more, less and less."""
    after = life.days_of_posts() - day
    near = np.where(after >= 0, np.exp(-after / 10.0), np.exp(after / 3.0))
    life.post_quality += draw_range(rules.priors.stories.visitors_lift, rng) * near


def _wave(life: Life, start: int, mass: float, first_day: float) -> np.ndarray:
    """New followers per day that decay from `start`; they sum to `mass` unless the end cuts them."""
    after = np.arange(life.days) - start
    return np.where(after >= 0, mass * first_day * (1.0 - first_day) ** np.maximum(after, 0), 0.0)


@story
def viral(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """A post travels: followers jump with its views and likes, and most of them stay."""
    day = _day(life, rng)
    post = _post_on(life, day, rng)
    gain = draw_range(rules.priors.stories.viral_gain, rng)
    day = int(life.days_of_posts()[post])
    _visit(life, day, rules, rng)
    # A larger wave of followers comes from a post that more people saw.
    life.post_quality[post] += rng.uniform(1.2, 2.5) + 2.5 * gain
    life.comment_factor[post] *= rng.uniform(0.4, 1.0)
    life.arrivals += _wave(life, day, gain, rng.uniform(0.25, 0.7))
    life.departures += _wave(life, day + 5, gain * rng.uniform(0.0, 0.25), 0.1)


@story
def giveaway(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """A prize for those who follow and tag friends: mention-only comments, and many leave within two weeks."""
    day = _day(life, rng)
    gain = draw_range(rules.priors.stories.giveaway_gain, rng)
    length = int(rng.integers(3, 10))
    life.arrivals[day : day + length] += gain / length
    leaving = gain * draw_range(rules.priors.stories.giveaway_loss, rng)
    life.departures += _wave(life, day + length, leaving, 0.2)
    post = _post_near(life, day)
    if post is not None:
        life.comment_factor[post] *= rng.uniform(4.0, 20.0)
        life.post_quality[post] += rng.uniform(0.2, 1.0)
    share = rng.uniform(0.25, 0.6)
    life.voice = life.voice.changed(mention_only=share, short=life.voice.short * (1.0 - share), mention=0.3)
    life.voice = life.voice.changed(emoji_only=life.voice.emoji_only * (1.0 - share))


@story
def paid_ads(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """Advertising on the platform: a steady, capped gain of real people for weeks."""
    start = _day(life, rng)
    length = int(rng.integers(5, 90))
    stop = min(start + length, life.days)
    gain = draw_range(rules.priors.stories.advertising_gain, rng) / length
    daily = min(gain, LARGEST_DAILY_ADVERTISING / life.persona.followers)
    evenness = rng.uniform(16.0, 60.0)
    life.arrivals[start:stop] += daily * rng.gamma(evenness, 1.0 / evenness, stop - start)
    lived = life.days_of_posts()
    life.is_promoted |= (lived >= start) & (lived < stop) & (rng.random(life.posts) < rng.uniform(0.1, 0.7))
    # Advertised videos gather views; an advertised picture gathers some likes, since views of it are not counted.
    is_video = np.array([name in VIDEO_FORMATS for name in life.post_format])
    life.post_quality += np.where(life.is_promoted & ~is_video, rng.uniform(0.2, 1.0), 0.0)


@story
def shoutout(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """A larger creator names the account: a step with ordinary retention, and people who like as the others do."""
    for _ in range(int(rng.integers(1, 4))):
        day = _day(life, rng)
        life.arrivals += _wave(life, day, draw_range(rules.priors.stories.shoutout_gain, rng), rng.uniform(0.4, 0.9))
        _visit(life, day, rules, rng)


@story
def press(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """Television or a newspaper: a step that lasts days, with people who rarely like anything."""
    gain = draw_range(rules.priors.stories.shoutout_gain, rng)
    day = _day(life, rng)
    life.arrivals += _wave(life, day, gain, rng.uniform(0.15, 0.5))
    life.post_quality -= np.where(life.days_of_posts() > day, 0.5 * gain, 0.0)


@story
def purge(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """The platform removes fake followers that nobody bought, on one day: where that lies in sight, everyone's."""
    day = life.sweep_day if life.window_start < life.sweep_day < life.days else _day(life, rng)
    depth = draw_range(rules.priors.growth.purge_depth, rng) * rng.uniform(0.7, 1.5)
    life.departures[day] += depth
    # Who was removed had never liked anything.
    life.post_quality -= np.where(life.days_of_posts() < day, depth, 0.0)


@story
def bot_targeted(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """Bots follow an account that bought nothing, to look real; the platform removes a part later."""
    gain = draw_range(rules.priors.stories.bots_gain, rng)
    day = _day(life, rng)
    length = int(rng.integers(1, 25))
    stop = min(day + length, life.days)
    life.arrivals[day:stop] += gain / length
    leaving = _wave(life, day + length, gain * rng.uniform(0.0, 0.9), 0.03)
    life.departures += leaving
    life.voice = life.voice.changed(link=min(life.voice.link * rng.uniform(1.0, 30.0), 0.1))
    # Bots like nothing: what the others like is a smaller share of the followers while they are there.
    bots = np.zeros(life.days)
    bots[day:stop] = gain / length
    present = np.clip(np.cumsum(bots - leaving), 0.0, 0.5)
    days = life.days_of_posts()
    life.post_quality += np.where(days >= 0, np.log1p(-present[np.clip(days, 0, None)]), 0.0)


@story
def tight_community(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """Friends and family, or a club: the same people under every post, with emoji and much love.

    Of a small account the followers are friends and family, and they comment on every post; so do some clubs.
    """
    life.circle_size = round(draw_range(rules.priors.stories.circle, rng))
    if life.persona.followers < SMALL_ACCOUNT or rng.random() < rules.stories.circle_faithful:
        life.circle_attendance = draw_range(rules.priors.stories.circle_attendance, rng)
    life.rate_offset += rng.uniform(0.2, 1.2)
    life.comment_factor *= rng.uniform(1.5, 4.0)
    life.voice = life.voice.changed(
        emoji_only=min(life.voice.emoji_only + rng.uniform(0.05, 0.25), 0.5), taste=life.voice.taste + 0.5
    )


@story
def dormant_return(life: Life, rules: Rules, rng: np.random.Generator) -> None:  # noqa: ARG001
    """Months of silence, then posts again: a flat, slowly sinking curve that wakes up."""
    day = _day(life, rng)
    life.gain_factor[:day] *= rng.uniform(0.0, 0.15)
    life.gain_factor[day:] *= rng.uniform(2.0, 6.0)
    ages = life.post_age_hours
    wake = 24.0 * (life.days - day)
    ages[:] = np.where(
        ages > wake, np.minimum(ages + 24.0 * rng.uniform(60.0, 200.0), (life.persona.age_days - 1) * 24.0), ages
    )


@story
def hidden_likes(life: Life, rules: Rules, rng: np.random.Generator) -> None:  # noqa: ARG001
    """The owner hides the like counts, for calm or for the looks of it."""
    life.plan.hides_likes = True
    life.rate_offset -= rng.uniform(0.0, 0.5)


@story
def niche_switch(life: Life, rules: Rules, rng: np.random.Generator) -> None:  # noqa: ARG001
    """A new subject: old followers leave and like less, new ones come."""
    day = _day(life, rng)
    life.loss_factor[day:] *= rng.uniform(2.0, 6.0)
    life.gain_factor[day:] *= rng.uniform(0.8, 2.5)
    life.post_quality -= np.where(life.days_of_posts() > day, rng.uniform(0.5, 1.6), 0.0)


@story
def mega_low_rate(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """A name that everybody follows and nobody likes: old fame, a brand, a news outlet."""
    life.rate_offset -= draw_range(rules.priors.stories.mega_low_rate, rng)
    life.gain_factor *= rng.uniform(0.3, 1.0)


@story
def emoji_culture(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """Fans who answer in emoji: rows of hearts are how they say that they were there."""
    share = draw_range(rules.priors.stories.emoji_culture, rng)
    left = max(1.0 - share, 0.05)
    voice = life.voice
    life.voice = voice.changed(
        emoji_only=share, short=voice.short * left, mention_only=voice.mention_only * left, taste=voice.taste + 0.8
    )


@story
def mixed_language(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """An audience of many countries: comments in other languages than the account's own."""
    others = [language for language in LEXICONS if language != life.persona.language]
    chosen = rng.choice(len(others), size=int(rng.integers(2, 6)), replace=False)
    life.voice = life.voice.changed(foreign_share=draw_range(rules.priors.stories.mixed_language, rng))
    life.voice = replace(life.voice, foreign_languages=tuple(others[int(index)] for index in chosen))


@story
def follow_back(life: Life, rules: Rules, rng: np.random.Generator) -> None:
    """A culture of following back: followed and followers rise together, and nothing is undone."""
    gain = draw_range(rules.priors.stories.shoutout_gain, rng)
    growing = gain * rng.dirichlet(np.ones(life.days) * 3.0)
    life.arrivals += growing
    share = rng.uniform(0.4, 1.0)
    life.following_offset += np.cumsum(growing) * share * life.persona.followers
    life.persona.following = min(round(life.persona.followers * rng.uniform(0.4, 1.3)), 7500)
