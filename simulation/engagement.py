"""Posts and the honest engagement they draw: likes, views and comments."""

from __future__ import annotations

import math

import numpy as np

from simulation.draws import Floats, Integers, from_quantiles, overdispersed
from simulation.life import Life
from simulation.rules import Rules

VIEW_PLATFORMS = frozenset({"youtube", "tiktok", "twitch"})
"""Platforms where everything is a video that is shown to strangers: views come first, likes follow from them."""

SMALL_ACCOUNT = 3000.0
"""Followers below which personal accounts prevail: friends like, and the rate rises faster as size falls."""

FORMATS = {
    "instagram": ("photo", "carousel", "video", "short"),
    "facebook": ("photo", "video", "text"),
    "x": ("text", "photo", "video"),
    "other": ("photo", "text", "video"),
    "youtube": ("video", "short"),
    "tiktok": ("short",),
    "twitch": ("video", "live"),
}
"""Formats per platform, those without a view count first."""

VIDEO_FORMATS = frozenset({"video", "short", "live"})

SHORT_VIEWS = -0.8
"""ln views of a YouTube short over a video; measured on the development half of youtube-tech-227."""

SHORT_COMMENTS = -1.0
"""ln comments per like of a short over a video; likewise."""


def post_ages(posts: int, posts_per_week: float, age_days: int, rules: Rules, rng: np.random.Generator) -> Floats:
    """Hours before the end at which the account posted, oldest first; all within the account's life."""
    gaps = rng.gamma(rng.uniform(0.6, 2.5), 1.0, size=posts)
    gaps *= 168.0 / posts_per_week / gaps.mean()
    gaps[0] *= rng.random()
    ages = np.cumsum(gaps)
    ages *= min(1.0, (age_days - 2) * 24.0 / ages[-1])
    # Whole days stay, hours crowd around the account's own favourite hour.
    hour = rng.normal(rng.uniform(0.0, 24.0), 24.0 * rules.engagement.early_rush, size=posts) % 24.0
    return np.sort(np.floor(ages / 24.0) * 24.0 + hour)[::-1].copy()


def post_formats(platform: str, posts: int, rules: Rules, rng: np.random.Generator) -> list[str]:
    """Format of each post: an account has a favourite."""
    options = FORMATS[platform]
    if platform in VIEW_PLATFORMS:
        share = rng.beta(2.0, 1.0)
        chances = [share, 1.0 - share] if len(options) == 2 else [1.0]
    else:
        video = float(rng.beta(2.0 * rules.engagement.video_share + 0.2, 2.0))
        still = [option for option in options if option not in VIDEO_FORMATS]
        parts = rng.dirichlet(np.ones(len(still)))
        moving = len(options) - len(still)
        chances = [*(parts * (1.0 - video)), *([video / moving] * moving)]
    return [options[index] for index in rng.choice(len(options), size=posts, p=chances)]


def engage(life: Life, niche_offset: float, rules: Rules, rng: np.random.Generator) -> None:
    """Fill the honest counts of every post of `life`."""
    engagement = rules.engagement
    persona = life.persona
    present = float(life.organic_followers[-1])
    followers = _followers_at_posts(life, rules, rng)
    life.is_sponsored = rng.random(life.posts) < engagement.sponsored_share * rng.uniform(0.0, 2.0)
    quality = life.post_quality - engagement.sponsored_cost * life.is_sponsored + niche_offset + life.rate_offset
    gathered = 1.0 - np.exp(-((life.post_age_hours / engagement.gathering_hours) ** 0.6))
    is_short = np.array([name == "short" for name in life.post_format])
    ratio = math.log(engagement.likes_per_view[persona.platform]) + rng.normal(0.0, engagement.likes_per_view_spread)
    per_view = ratio + rng.normal(0.0, engagement.likes_per_view_within, life.posts)
    if persona.platform in VIEW_PLATFORMS:
        quality = quality + SHORT_VIEWS * is_short * (persona.platform == "youtube")
        views = _views(life, followers, present, quality, rules, rng) * gathered
        likes = np.minimum(views * np.exp(per_view), views * 0.5)
    else:
        likes = _likes(life, followers, present, quality, rules, rng) * gathered
        views = likes / np.minimum(np.exp(per_view), 0.5)
    life.has_views = np.array([name in VIDEO_FORMATS for name in life.post_format])
    life.views = np.where(life.has_views, rng.poisson(views), 0).astype(np.int64)
    life.likes = rng.poisson(likes).astype(np.int64)
    life.likes = np.where(life.has_views, np.minimum(life.likes, life.views), life.likes)
    life.comments = _comments(life, likes, present, is_short, rules, rng)
    life.bought_likes = np.zeros(life.posts, dtype=np.int64)
    life.bought_views = np.zeros(life.posts, dtype=np.int64)


def _followers_at_posts(life: Life, rules: Rules, rng: np.random.Generator) -> Floats:
    """Organic followers on the day of each post; before the lived days, a power of the account's age."""
    days = life.days_of_posts()
    lived = life.organic_followers[np.clip(days, 0, life.days - 1)].astype(np.float64)
    exponent = rules.engagement.past_growth * rng.lognormal(0.0, 0.6)
    age_at_start = max(life.persona.age_days - life.days, 30)
    fraction = np.clip((age_at_start + np.minimum(days, 0)) / age_at_start, 0.02, 1.0)
    followers: Floats = np.maximum(lived * fraction**exponent, 1.0)
    return followers


def _likes(
    life: Life, followers: Floats, present: float, quality: Floats, rules: Rules, rng: np.random.Generator
) -> Floats:
    engagement = rules.engagement
    decades = math.log10(present / 10_000.0)
    small_decades = max(math.log10(SMALL_ACCOUNT / present), 0.0)
    rate = math.log(engagement.likes_per_follower[life.persona.platform])
    rate += engagement.likes_size_slope * decades - engagement.likes_small_slope * small_decades
    rate += rng.normal(0.0, engagement.likes_account_spread * (0.75 if small_decades > 0.0 else 1.0))
    if rng.random() < engagement.dead_share:
        rate -= rng.uniform(2.0, 5.0)
    table = engagement.within_spread_small if small_decades > 0.0 else engagement.within_spread
    spread = from_quantiles(table, rng)
    share = np.exp(rate + quality + spread * _heavy(life.posts, rules, rng))
    likes: Floats = followers * share / (1.0 + share)
    return likes


def _views(
    life: Life, followers: Floats, present: float, quality: Floats, rules: Rules, rng: np.random.Generator
) -> Floats:
    engagement = rules.engagement
    platform = life.persona.platform
    rate = math.log(engagement.views_per_follower[platform])
    rate += engagement.views_size_slope * math.log10(present / 10_000.0)
    rate += rng.normal(0.0, engagement.views_account_spread)
    spread = from_quantiles(engagement.within_spread_views, rng)
    gathering = engagement.accumulation[platform] * np.log(np.maximum(life.post_age_hours / 24.0, 1.0) / 30.0)
    # Strangers see these posts too, long after they appeared: views hardly follow the followers of the time.
    audience = followers**0.25 * present**0.75
    exponent = np.minimum(rate + quality + gathering + spread * _heavy(life.posts, rules, rng), 6.0)
    views: Floats = audience * np.exp(exponent)
    return views


def _heavy(posts: int, rules: Rules, rng: np.random.Generator) -> Floats:
    """Student t draws of unit variance."""
    degrees = rules.engagement.tail_degrees
    draws: Floats = rng.standard_t(degrees, size=posts) * math.sqrt((degrees - 2.0) / degrees)
    return draws


def _comments(
    life: Life, likes: Floats, present: float, is_short: np.ndarray, rules: Rules, rng: np.random.Generator
) -> Integers:
    engagement = rules.engagement
    platform = life.persona.platform
    tiers = [(float(start), rate) for start, rate in engagement.comments_per_100_likes.items()]
    median = next(rate for start, rate in sorted(tiers, reverse=True) if present >= start)
    rate = math.log(median / 100.0 * engagement.comments_platform[platform])
    rate += rng.normal(0.0, engagement.comments_spread)
    size = engagement.comments_dispersion_median * math.exp(rng.normal(0.0, engagement.comments_dispersion_spread))
    if platform in VIEW_PLATFORMS:
        size *= engagement.comments_dispersion_views
    typical = max(float(np.median(likes)), 0.1)
    relative = np.maximum(likes, 1e-3) / typical
    mean = typical * relative**engagement.comments_elasticity * math.exp(min(rate, 0.0))
    mean *= np.exp(SHORT_COMMENTS * is_short * (platform == "youtube")) * life.comment_factor
    return overdispersed(mean, size, rng)
