"""Organic follower curves: drift, weekday rhythm, restless intensity, heavy-tailed bursts, churn, integer noise.

The displayed size of the last day is given; the curve is built backward from it, so that the present size of an
account says nothing about how it came about.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.signal import lfilter

from simulation.draws import Floats, Integers, overdispersed
from simulation.life import Life
from simulation.rules import Rules, draw_range

LARGEST_DAILY_ADVERTISING = 5000.0
"""New followers a day that steady advertising brings at most; FACTS "Stories"."""

PLATFORM_PACE = {
    "tiktok": 1.6,
    "instagram": 1.2,
    "youtube": 3.4,
    "twitch": 1.0,
    "x": 0.8,
    "facebook": 0.5,
    "other": 1.0,
}
"""Factor on the gain rate, which was measured on Twitch; YouTube measured as `gain_rate_size_slope_youtube`, the
others assumed."""

PLATFORM_CHURN = {"youtube": 0.25}
"""Factor on the churn ratio, 1 elsewhere: few unsubscribe; 95 % of the channels over 10,000 lost nobody in a month of
rounded counts, measured on the development half of youtube-tech-227."""


PLATFORM_BURSTS = {"youtube": 0.4}
"""Factor on the number of bursts, 1 elsewhere: hardly a channel over 10,000 rises by more than one step of the rounded
count in a month of days, measured on the development half of youtube-tech-227."""


def grow(life: Life, purges: dict[str, tuple[int, float]], rules: Rules, rng: np.random.Generator) -> None:
    """Fill the daily counts of `life`: organic and bought followers, and accounts followed.

    `purges` holds per platform the day and the depth of a purge that hits every account of it.
    """
    growth = rules.growth
    followers = life.persona.followers
    bought = np.rint(life.bought_stock * followers).astype(np.int64)
    organic_end = followers - int(bought[-1])
    steady = rng.random() < growth.steady_share
    rate = _gain_rate(life, rules, rng)
    churn = _churn_rate(life, rate, rules, rng)
    path = np.exp(np.clip((churn - rate) * np.arange(life.days - 1, -1, -1), -1.5, 1.5))
    level = max(organic_end, 1) * path
    size = growth.dispersion_median * math.exp(rng.normal(0.0, growth.dispersion_spread))
    activity = np.ones(life.days) if steady else _activity(life, rules, rng)
    mean_gain = level * rate * activity * life.gain_factor
    mean_loss = level * churn * life.loss_factor
    if steady:
        gains, losses = rng.poisson(mean_gain), rng.poisson(mean_loss)
    else:
        gains, losses = overdispersed(mean_gain, size, rng), overdispersed(mean_loss, size * 2.0, rng)
    gains = gains + rng.poisson(life.arrivals * followers)
    losses = losses + rng.poisson(life.departures * followers)
    burst_gain, burst_loss = _bursts(life, level, level * rate, rules, rng, steady=steady)
    net = _fit(gains + burst_gain, losses + burst_loss, organic_end)
    if life.buys_in_rhythm:
        bought = _in_rhythm(bought, gains + burst_gain, rng)
    organic = organic_end - np.concatenate((np.cumsum(net[::-1])[::-1][1:], [0]))
    life.organic_followers = np.maximum(organic, 1)
    life.bought_followers = bought
    _purge(life, purges)
    life.following = _following(life, rng)


def _in_rhythm(bought: Integers, gains: Integers, rng: np.random.Generator) -> Integers:
    """The same bought followers, ordered for each day in proportion to those who come by themselves.

    Nothing but the days changes. Where followers were lost before as many would have come, all stays as it was.
    """
    steps = np.diff(bought)
    chance = gains[1:] + 1.0
    arrivals = rng.multinomial(int(np.maximum(steps, 0).sum()), chance / chance.sum())
    moved: Integers = bought[0] + np.concatenate(([0], np.cumsum(arrivals + np.minimum(steps, 0))))
    return moved if moved.min() >= 0 else bought


def _gain_rate(life: Life, rules: Rules, rng: np.random.Generator) -> float:
    growth = rules.growth
    decades = math.log10(life.persona.followers / 10_000.0)
    pace = PLATFORM_PACE[life.persona.platform]
    is_youtube = life.persona.platform == "youtube"
    slope = growth.gain_rate_size_slope_youtube if is_youtube else growth.gain_rate_size_slope
    median = growth.gain_rate_median * pace * math.exp(slope * decades)
    spread = growth.gain_rate_spread_youtube if is_youtube else growth.gain_rate_spread
    return min(median * math.exp(rng.normal(0.0, spread)), 0.02)


def _churn_rate(life: Life, gain_rate: float, rules: Rules, rng: np.random.Generator) -> float:
    """Followers that leave a day and follower: some whatever comes, and some of those who just came."""
    growth = rules.growth
    ratio = growth.churn_ratio_median * math.exp(rng.normal(0.0, growth.churn_ratio_spread))
    floor = growth.churn_floor * math.exp(rng.normal(0.0, growth.churn_floor_spread))
    return (gain_rate * ratio + floor) * PLATFORM_CHURN.get(life.persona.platform, 1.0)


def _activity(life: Life, rules: Rules, rng: np.random.Generator) -> Floats:
    """Daily factor around 1: weekday rhythm, rest days, autocorrelated restlessness and lasting changes."""
    growth = rules.growth
    days = np.arange(life.days)
    weekday = (life.first_day + days) % 7
    rhythm = np.exp(rng.normal(0.0, growth.weekday_strength, 7))
    if rng.random() < 0.5:
        rests = rng.random(7) < draw_range(rules.priors.growth.rest_day_share, rng)
        rhythm = np.where(rests, rhythm * 0.25, rhythm)
    memory = growth.memory * rng.uniform(0.0, 1.1) ** 2
    spread = growth.restlessness * rng.uniform(0.4, 1.6)
    restless = lfilter([math.sqrt(1.0 - memory**2)], [1.0, -memory], rng.normal(0.0, spread, life.days))
    regime = np.zeros(life.days)
    for start in np.flatnonzero(rng.random(life.days) < growth.regime_changes_per_year / 365.0):
        regime[start:] += rng.normal(0.0, growth.regime_spread)
    factor: Floats = rhythm[weekday] * np.exp(restless - spread**2 / 2.0 + regime - regime[-1])
    return factor


def _bursts(
    life: Life, level: Floats, ordinary: Floats, rules: Rules, rng: np.random.Generator, *, steady: bool
) -> tuple[Integers, Integers]:
    """New followers that arrive in bursts, and those of them that leave again, per day.

    A burst set off by a post also lifts that post. Sizes are Pareto in days of ordinary gain, capped.
    """
    growth = rules.growth
    gains, losses = np.zeros(life.days, dtype=np.int64), np.zeros(life.days, dtype=np.int64)
    frequency = growth.bursts_per_month * math.exp(rng.normal(0.0, growth.burst_spread)) * (0.1 if steady else 1.0)
    frequency *= PLATFORM_BURSTS.get(life.persona.platform, 1.0)
    post_days = life.days_of_posts()
    for day in rng.integers(0, life.days, size=rng.poisson(frequency * life.days / 30.0)):
        strength = growth.burst_minimum_days * (1.0 + rng.pareto(growth.burst_tail))
        mass = min(strength * float(np.mean(ordinary)), growth.burst_largest_share * float(level[day]))
        count = rng.poisson(mass)
        start = int(day)
        near = np.flatnonzero(np.abs(post_days - day) <= 3)
        if len(near) and rng.random() < growth.burst_post_share:
            post = int(near[0])
            start = int(np.clip(post_days[post], 0, life.days - 1))
            life.post_quality[post] += math.log(strength) * rules.engagement.burst_lift * rng.uniform(0.0, 2.0)
        first = draw_range(rules.priors.growth.burst_first_day, rng)
        _scatter(gains, start, count, first, rng)
        _scatter(losses, start + 2, rng.binomial(count, draw_range(rules.priors.growth.burst_regret, rng)), 0.1, rng)
    return gains, losses


def _scatter(target: Integers, start: int, count: int, daily_share: float, rng: np.random.Generator) -> None:
    """Add `count` arrivals from day `start` on, each day taking `daily_share` of those left; the end is cut."""
    if count:
        days = start + rng.geometric(min(daily_share, 1.0), size=min(count, 200)) - 1
        weight = np.bincount(days[days < len(target)], minlength=len(target))
        target += np.rint(weight * (count / min(count, 200))).astype(np.int64)


def _fit(gains: Integers, losses: Integers, organic_end: int) -> Integers:
    """Net change per day; thinned where the window would otherwise have begun with almost nobody."""
    net: Integers = gains - losses
    total, most = int(net.sum()), int(0.85 * organic_end)
    if total > most:
        scaled = np.floor(np.cumsum(net) * (most / total))
        net = np.diff(scaled, prepend=0.0).astype(np.int64)
    elif total < -3 * organic_end:
        scaled = np.ceil(np.cumsum(net) * (3 * organic_end / -total))
        net = np.diff(scaled, prepend=0.0).astype(np.int64)
    return net


def _purge(life: Life, purges: dict[str, tuple[int, float]]) -> None:
    """A platform's purge: before its day the account had the followers that were then removed."""
    if life.persona.platform not in purges:
        return
    calendar_day, depth = purges[life.persona.platform]
    day = calendar_day - life.first_day
    if 0 < day < life.days:
        # Bought followers are what a purge is after: it takes three times as many of them.
        life.organic_followers[:day] += np.rint(life.organic_followers[day] * depth).astype(np.int64)
        removed = life.bought_followers[day] * min(3.0 * depth, 0.6)
        has_bought = life.bought_followers[:day] > 0
        life.bought_followers[:day] += np.where(has_bought, np.rint(removed), 0).astype(np.int64)


def _following(life: Life, rng: np.random.Generator) -> Integers:
    present = life.persona.following
    steps = rng.poisson(min(present, 400) * rng.uniform(0.0, 0.002) + 0.01, life.days) * np.where(
        rng.random(life.days) < 0.75, 1, -1
    )
    drift = present - np.concatenate((np.cumsum(steps[::-1])[::-1][1:], [0]))
    offset = life.following_offset - life.following_offset[-1]
    following: Integers = np.maximum(drift + np.rint(offset), 0).astype(np.int64)
    return following
