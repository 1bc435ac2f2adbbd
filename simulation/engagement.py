"""Posts and the honest engagement they draw: likes, views and comments."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from simulation.draws import Floats, Integers, from_quantiles, lopsided, middle, overdispersed
from simulation.life import Life
from simulation.rules import Rules, draw_range

VIEW_PLATFORMS = frozenset({"youtube", "tiktok", "twitch"})
"""Platforms where everything is a video that is shown to strangers: views come first, likes follow from them."""

SMALL_ACCOUNT = 3000.0
"""Followers below which some accounts are private people's: friends like, and far more of them."""

PERSONAL_SIZE = 500.0
"""Followers at which the figures of private people are given."""

LARGE_SIZE = 100_000.0
"""Followers at which the spreads of creators' likes and comments are given."""

LONGEST_CHANGE_YEARS = 6.0
"""Years back over which habits of commenting are taken to have changed."""

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

MOST_COMMENTS = 1e7
"""Comments that a post draws at most, on average."""

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
    followers, past = _followers_at_posts(life, rules, rng)
    life.is_sponsored = rng.random(life.posts) < engagement.sponsored_share * rng.uniform(0.0, 2.0)
    quality = life.post_quality - engagement.sponsored_cost * life.is_sponsored + niche_offset + life.rate_offset
    gathered = 1.0 - np.exp(-((life.post_age_hours / engagement.gathering_hours) ** 0.6))
    is_short = np.array([name == "short" for name in life.post_format])
    ratio = math.log(engagement.likes_per_view[persona.platform]) + rng.normal(0.0, engagement.likes_per_view_spread)
    drift_share = _drift_share(life, rules, rng)
    within = from_quantiles(engagement.likes_per_view_within, rng)
    per_view = ratio + within * _wander(life.posts, drift_share, rules, rng, engagement.quality_skew)
    fall = min(from_quantiles(engagement.likes_per_view_fall, rng), 0.7)
    life.has_views = np.array([name in VIDEO_FORMATS for name in life.post_format])
    if persona.platform in VIEW_PLATFORMS:
        quality = quality + SHORT_VIEWS * is_short * (persona.platform == "youtube")
        views = _views(life, followers, past, quality, drift_share, rules, rng) * gathered
        likes = views * np.minimum(np.exp(per_view - fall * _relative(views)), 0.5)
    else:
        likes = _likes(life, followers * past, present, quality, drift_share, rules, rng) * gathered
        views = likes / np.minimum(np.exp(per_view - fall / (1.0 - fall) * _relative(likes)), 0.5)
    views, likes = _advertised(life, views, likes, rules, rng)
    life.views = np.where(life.has_views, rng.poisson(views), 0).astype(np.int64)
    life.likes = rng.poisson(likes).astype(np.int64)
    life.likes = np.where(life.has_views, np.minimum(life.likes, life.views), life.likes)
    life.comments = _comments(life, likes, present, is_short, rules, rng)
    if life.circle_attendance:
        # The same people comment on every post, as far as anybody likes it.
        present_friends = rng.binomial(life.circle_size, life.circle_attendance, life.posts)
        life.comments = life.comments + np.minimum(present_friends, life.likes)
    life.bought_likes = np.zeros(life.posts, dtype=np.int64)
    life.bought_views = np.zeros(life.posts, dtype=np.int64)


def _relative(counts: Floats) -> Floats:
    """Logarithm of counts over their median."""
    logs = np.log(np.maximum(counts, 1e-3))
    relative: Floats = logs - middle(logs)
    return relative


def _advertised(
    life: Life, views: Floats, likes: Floats, rules: Rules, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Views and likes with those that open advertising brings: many who see the video, few who like it."""
    engagement = rules.engagement
    if rng.random() < engagement.promoted_accounts:
        share = draw_range(rules.priors.engagement.promoted_posts, rng)
        life.is_promoted = life.is_promoted | (rng.random(life.posts) < share)
    promoted = life.is_promoted & life.has_views
    if not promoted.any():
        return views, likes
    typical = draw_range(rules.priors.engagement.promoted_views, rng) * middle(views[life.has_views])
    extra = np.where(promoted, typical * rng.lognormal(0.0, 0.6, life.posts), 0.0)
    liking = draw_range(rules.priors.engagement.promoted_likes, rng)
    per_view = likes / np.maximum(views, 1e-9)
    return views + extra, likes + extra * liking * per_view


def _followers_at_posts(life: Life, rules: Rules, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Organic followers on the day of each post, and the factor on them before the lived days: a power of the age."""
    days = life.days_of_posts()
    lived = life.organic_followers[np.clip(days, 0, life.days - 1)].astype(np.float64)
    exponent = rules.engagement.past_growth * rng.lognormal(0.0, 0.3)
    age_at_start = max(life.persona.age_days - life.days, 30)
    fraction = np.clip((age_at_start + np.minimum(days, 0)) / age_at_start, 0.02, 1.0)
    return np.maximum(lived, 1.0), fraction**exponent


def _likes(
    life: Life,
    followers: Floats,
    present: float,
    quality: Floats,
    drift_share: float,
    rules: Rules,
    rng: np.random.Generator,
) -> Floats:
    engagement = rules.engagement
    rate = math.log(engagement.likes_per_follower[life.persona.platform])
    if life.persona.is_personal:
        rate += math.log(engagement.personal_likes_odds / engagement.likes_per_follower["instagram"])
        rate += engagement.personal_likes_slope * math.log10(present / PERSONAL_SIZE)
        rate += rng.normal(0.0, engagement.personal_likes_spread)
    else:
        rate += engagement.likes_size_slope * math.log10(present / 10_000.0)
        rate += lopsided(engagement.likes_account_spread, engagement.likes_account_skew, rng)
    if rng.random() < engagement.dead_share:
        rate -= rng.uniform(2.0, 5.0)
    if life.persona.is_personal:
        spread, skew = from_quantiles(engagement.within_spread_personal, rng), engagement.quality_skew_personal
    else:
        tilt = engagement.within_size_slope * math.log10(present / LARGE_SIZE)
        spread, skew = from_quantiles(engagement.within_spread, rng) * math.exp(tilt), engagement.quality_skew
    wander = _wander(life.posts, drift_share, rules, rng, skew)
    share = np.exp(rate + quality + spread * wander)
    likes: Floats = followers * share / (1.0 + share)
    return likes


def _views(
    life: Life,
    followers: Floats,
    past: Floats,
    quality: Floats,
    drift_share: float,
    rules: Rules,
    rng: np.random.Generator,
) -> Floats:
    engagement = rules.engagement
    present = float(life.organic_followers[-1])
    platform = life.persona.platform
    rate = math.log(engagement.views_per_follower[platform])
    rate += engagement.views_size_slope * math.log10(present / 10_000.0)
    rate += rng.normal(0.0, engagement.views_account_spread)
    spread = from_quantiles(engagement.within_spread_views, rng)
    gathering = engagement.accumulation[platform] * np.log(np.maximum(life.post_age_hours / 24.0, 1.0) / 30.0)
    # Strangers see these posts too, long after they appeared: views of old ones hardly follow the size of the time.
    follows = draw_range(rules.priors.engagement.audience_follows, rng)
    audience = present * (followers / present) ** follows * past**0.25
    wander = _wander(life.posts, drift_share, rules, rng, engagement.quality_skew_views)
    exponent = np.minimum(rate + quality + gathering + spread * wander, 6.0)
    views: Floats = audience * np.exp(exponent)
    return views


def _drift_share(life: Life, rules: Rules, rng: np.random.Generator) -> float:
    """Share of the variance of an account's quality that drifts from post to post."""
    engagement = rules.engagement
    if life.persona.platform in VIEW_PLATFORMS:
        table = engagement.drift_share_views
    else:
        table = engagement.drift_share_personal if life.persona.is_personal else engagement.drift_share
    return min(from_quantiles(table, rng), 0.95)


def _wander(posts: int, drift_share: float, rules: Rules, rng: np.random.Generator, skew: float = 0.0) -> Floats:
    """Quality of unit variance: a slow drift over the posts (autoregressive, stationary) and surprises."""
    memory = draw_range(rules.priors.engagement.drift_memory, rng)
    fresh = math.sqrt(1.0 - memory**2)
    steps = rng.normal(0.0, fresh, posts)
    steps[0] /= fresh
    drift = lfilter([1.0], [1.0, -memory], steps)
    quality: Floats = math.sqrt(drift_share) * drift + math.sqrt(1.0 - drift_share) * _heavy(posts, rules, rng, skew)
    return quality


def _heavy(posts: int, rules: Rules, rng: np.random.Generator, skew: float) -> Floats:
    """Student t draws of about unit variance; `skew` lengthens the lower tail and shortens the upper one."""
    degrees = rules.engagement.tail_degrees
    draws: Floats = rng.standard_t(degrees, size=posts) * math.sqrt((degrees - 2.0) / degrees)
    return draws * np.where(draws < 0.0, 1.0 + skew, 1.0 - skew)


@dataclass(frozen=True, slots=True)
class _CommentHabit:
    """How an account's audience comments: drawn once an account."""

    rate: float
    """ln comments per like."""
    size: float
    """Negative binomial size over posts."""
    elasticity: float
    """Growth of ln comments per ln likes."""
    drift: float
    """sd of a slow drift of ln comments per like."""
    yearly_change: float
    """Change of ln comments per like a year."""


def _comments(
    life: Life, likes: Floats, present: float, is_short: np.ndarray, rules: Rules, rng: np.random.Generator
) -> Integers:
    habit = _comment_habit(life, present, rules, rng)
    typical = max(middle(likes), 0.1)
    relative = np.maximum(likes, 1e-3) / typical
    mean = typical * relative**habit.elasticity * math.exp(min(habit.rate, 0.0))
    mean *= np.exp(SHORT_COMMENTS * is_short * (life.persona.platform == "youtube")) * life.comment_factor
    years = np.minimum(life.post_age_hours / (24.0 * 365.25), LONGEST_CHANGE_YEARS)
    drift = habit.drift * _wander(life.posts, 1.0, rules, rng)
    mean = np.minimum(mean * np.exp(drift - habit.yearly_change * (years - middle(years))), MOST_COMMENTS)
    if life.persona.is_personal:
        # Friends talk under some posts and leave others bare; a tight circle leaves none.
        bare = 0.0 if life.circle_size else draw_range(rules.priors.engagement.comments_bare_personal, rng)
        return overdispersed(mean / (1.0 - bare), habit.size, rng) * (rng.random(life.posts) >= bare)
    # A post that asks or gives away draws many comments, and hardly any draws none: no gamma is that lopsided.
    noise = math.sqrt(math.log1p(1.0 / habit.size)) * rng.standard_normal(life.posts)
    return rng.poisson(np.minimum(mean * np.exp(noise), MOST_COMMENTS)).astype(np.int64)


def _comment_habit(life: Life, present: float, rules: Rules, rng: np.random.Generator) -> _CommentHabit:
    engagement = rules.engagement
    platform = life.persona.platform
    tiers = [(float(start), rate) for start, rate in engagement.comments_per_100_likes.items()]
    median = next(rate for start, rate in sorted(tiers, reverse=True) if present >= start)
    rate = math.log(median / 100.0 * engagement.comments_platform[platform])
    size = engagement.comments_dispersion_median * math.exp(rng.normal(0.0, engagement.comments_dispersion_spread))
    ranges = rules.priors.engagement
    drift = draw_range(ranges.comments_drift_personal if life.persona.is_personal else ranges.comments_drift, rng)
    if platform in VIEW_PLATFORMS:
        rate += rng.normal(0.0, engagement.comments_spread_views)
        size *= engagement.comments_dispersion_views
        return _CommentHabit(
            rate, size, engagement.comments_elasticity_views, drift, engagement.comments_yearly_change_views
        )
    if life.persona.is_personal:
        rate += rng.normal(0.0, engagement.comments_spread_personal)
        size *= engagement.comments_dispersion_personal
        return _CommentHabit(
            rate, size, engagement.comments_elasticity_personal, drift, engagement.comments_yearly_change_personal
        )
    tilt = engagement.comments_spread_size_slope * math.log10(present / LARGE_SIZE)
    rate += rng.normal(0.0, max(engagement.comments_spread + tilt, 0.0))
    return _CommentHabit(rate, size, engagement.comments_elasticity, drift, engagement.comments_yearly_change)
