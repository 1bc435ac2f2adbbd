"""Which constants the simulation has, as priors: a range from which each cohort draws its own value.

A cohort never uses the priors themselves but a draw from them (`simulation.rules`), so that two seeds differ in
their rules and not only in their dice. Values, units and sources stand in section `priors` of params.yaml,
and nowhere else; here stand the names and the shapes. Every name must be given: there is no default to fall back on.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from features.tables import PLATFORMS, SCHEMES
from simulation.lexicon import LEXICONS


def _ordered(values: tuple[float, ...]) -> tuple[float, ...]:
    if list(values) != sorted(values):
        raise ValueError(f"must not fall from left to right, found {values}")
    return values


Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
"""Lowest and highest value that a cohort may draw."""

Quantiles = Annotated[tuple[float, float, float, float, float], AfterValidator(_ordered)]
"""5 / 25 / 50 / 75 / 95 % over accounts; a cohort draws the whole table times one factor."""

Constant = TypeVar("Constant")
"""`Range` in the priors, `float` in a cohort's rules: one declaration serves both."""


SHARES = ("_share", "_missing", "_dropped", "_probability")
"""Ends of the names of priors that are shares or chances."""

BOUNDS = {"prevalence": (0.0, 1.0), "memory": (0.0, 0.8), "drift_memory": (0.0, 0.999), "history_days": (2.0, 3650.0)}
"""Of priors whose name does not tell them."""

KEYS: dict[str, tuple[str, ...]] = {
    "platform_weights": PLATFORMS,
    "language_weights": tuple(LEXICONS),
    "weights": SCHEMES,
    "sampling_weights": ("daily", "weekly", "irregular", "monthly"),
    "sample_weights": ("all", "earliest", "newest", "top", "random"),
    "reading_weights": ("end", "unknown", "after_days"),
}
"""What the weights of these priors may be given for."""


class Section(BaseModel, Generic[Constant]):
    """One group of constants."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="after")
    def _are_possible(self) -> Self:
        """Shares and chances lie within 0 to 1; weights are of known names and not negative."""
        problems = []
        for name in type(self).model_fields:
            value = getattr(self, name)
            unknown = sorted(set(value) - set(KEYS[name])) if name in KEYS else []
            if unknown:
                problems.append(f"{name}: {', '.join(unknown)} is unknown; known: {', '.join(KEYS[name])}")
            low, high = _bounds(name)
            numbers = _numbers(value)
            if numbers and not low <= min(numbers) <= max(numbers) <= high:
                problems.append(f"{name} must lie within {low:g} to {high:g}, found {value}")
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _bounds(name: str) -> tuple[float, float]:
    """Least and largest possible number of a prior."""
    if name in BOUNDS:
        return BOUNDS[name]
    if name.endswith(SHARES):
        return 0.0, 1.0
    return (0.0 if name in KEYS else -math.inf), math.inf


def _numbers(value: Any) -> list[float]:
    """Every number of a prior, whatever its shape."""
    if isinstance(value, dict):
        return [number for inner in value.values() for number in _numbers(inner)]
    return [float(number) for number in value] if isinstance(value, tuple) else [float(value)]


class Population(Section[Constant], Generic[Constant]):
    """Who the accounts are and how many of them cheat. Nothing here depends on the label."""

    prevalence: Constant
    low_dose_share: Constant
    platform_weights: dict[str, Constant]
    language_weights: dict[str, Constant]
    followers: Quantiles
    small_share: Constant
    following: Quantiles
    following_small: Quantiles
    personal_share: Constant
    following_per_follower_personal: Quantiles
    following_personal_slope: Constant
    following_other_platforms: Quantiles
    age_years_median: Constant
    age_spread: Constant
    verified_share: Constant
    business_share: Constant
    handle_digits_share: Constant
    handle_joiner_share: Constant
    empty_biography_share: Constant
    topics_per_account: Constant
    foreign_language_share: Constant


class Growth(Section[Constant], Generic[Constant]):
    """Organic follower curves. Calibrated to FACTS "Growth, daily, real Twitch accounts" unless said otherwise."""

    gain_rate_median: Constant
    gain_rate_spread: Constant
    gain_rate_spread_youtube: Constant
    gain_rate_size_slope: Constant
    gain_rate_size_slope_youtube: Constant
    churn_ratio_median: Constant
    churn_ratio_spread: Constant
    churn_floor: Constant
    churn_floor_spread: Constant
    weekday_strength: Constant
    memory: Constant
    restlessness: Constant
    regime_changes_per_year: Constant
    regime_spread: Constant
    dispersion_median: Constant
    dispersion_spread: Constant
    steady_share: Constant
    bursts_per_month: Constant
    burst_spread: Constant
    burst_minimum_days: Constant
    burst_tail: Constant
    burst_largest_share: Constant
    burst_post_share: Constant
    burst_first_day: Constant
    burst_regret: Constant
    rest_day_share: Constant
    purge_probability: Constant
    purge_depth: Constant


class Engagement(Section[Constant], Generic[Constant]):
    """Posts and their counts."""

    likes_per_follower: dict[str, Constant]
    likes_size_slope: Constant
    personal_likes_odds: Constant
    personal_likes_slope: Constant
    personal_likes_spread: Constant
    likes_account_spread: Constant
    likes_account_skew: Constant
    niche_spread: Constant
    views_per_follower: dict[str, Constant]
    views_size_slope: Constant
    views_account_spread: Constant
    likes_per_view: dict[str, Constant]
    likes_per_view_spread: Constant
    likes_per_view_within: Quantiles
    likes_per_view_fall: Quantiles
    within_spread: Quantiles
    within_size_slope: Constant
    within_spread_personal: Quantiles
    within_spread_views: Quantiles
    drift_share: Quantiles
    drift_share_personal: Quantiles
    drift_share_views: Quantiles
    drift_memory: Constant
    promoted_accounts: Constant
    promoted_posts: Constant
    promoted_views: Constant
    audience_follows: Constant
    promoted_likes: Constant
    tail_degrees: Constant
    quality_skew: Constant
    quality_skew_personal: Constant
    quality_skew_views: Constant
    comments_per_100_likes: dict[str, Constant]
    comments_spread: Constant
    comments_spread_size_slope: Constant
    comments_spread_personal: Constant
    comments_spread_views: Constant
    comments_platform: dict[str, Constant]
    comments_elasticity: Constant
    comments_elasticity_views: Constant
    comments_elasticity_personal: Constant
    comments_drift: Constant
    comments_drift_personal: Constant
    comments_yearly_change: Constant
    comments_yearly_change_views: Constant
    comments_yearly_change_personal: Constant
    comments_dispersion_median: Constant
    comments_dispersion_spread: Constant
    comments_dispersion_views: Constant
    comments_dispersion_personal: Constant
    comments_bare_personal: Constant
    posts_per_week: Quantiles
    posts_per_week_small: Quantiles
    posts_per_week_personal: Quantiles
    posts_per_week_factor: dict[str, Constant]
    whole_history_small: Constant
    whole_history_large: Constant
    burst_lift: Constant
    posts_observed: Quantiles
    accumulation: dict[str, Constant]
    gathering_hours: Constant
    past_growth: Constant
    sponsored_share: Constant
    sponsored_cost: Constant
    hidden_likes_share: Constant
    video_share: Constant
    dead_share: Constant
    early_rush: Constant


class Comments(Section[Constant], Generic[Constant]):
    """Who comments, when, and in what words. Shares are per account; FACTS "Comments" unless said otherwise."""

    emoji_only: Quantiles
    emoji_size_slope: Constant
    short: Quantiles
    mention_only: Quantiles
    mention_size_slope: Constant
    distinct: Quantiles
    owner_replies: Quantiles
    creators: Quantiles
    mention: Constant
    link: Constant
    question: Constant
    relevance: Constant
    emoji_tail: Constant
    stretched: Constant
    typo: Constant
    second_sentence: Constant
    lowercase: Constant
    lag_hours: Quantiles
    echo: Quantiles
    taste: Constant


class Schemes(Section[Constant], Generic[Constant]):
    """What is bought or traded. FACTS "Schemes as they are sold and seen" unless said otherwise."""

    weights: dict[str, Constant]
    mix_share: Constant
    dose: Constant
    engagement_dose: Constant
    comment_dose: Constant
    dose_skew: Constant
    evasion: Constant
    vendors: Constant
    delivery_careless: dict[str, Constant]
    delivery_evasive: dict[str, Constant]
    campaign_days: Constant
    speed_per_day: Quantiles
    at_once: Constant
    delivery_days: Constant
    drop_share: Constant
    drop_per_month: Constant
    refill_share: Constant
    refill_days: Constant
    follows_per_day: Constant
    follow_back: Constant
    follow_lag_days: Constant
    counts_bought: dict[str, Constant]
    fixed_lots: Constant
    surplus: Constant
    as_followers: Constant
    likes_per_day: Quantiles
    views_per_day: Quantiles
    gradual_days: Constant
    like_drop_share: Constant
    likes_lost: Constant
    start_hours: Constant
    comment_kinds: dict[str, Constant]
    comments_in_language: Constant
    phrases: Constant
    bought_relevance: Constant
    fixed_order: Constant
    comment_pool: Constant
    comment_lots: Constant
    comments_per_day: Quantiles
    pod_members: Constant
    open_pods: Constant
    open_pod_members: Constant
    pod_first_hour: Constant


class Stories(Section[Constant], Generic[Constant]):
    """What happens to honest accounts and looks bought. FACTS "Stories that look bought and are not"."""

    genuine_share: Constant
    inauthentic_share: Constant
    viral_gain: Constant
    giveaway_gain: Constant
    giveaway_loss: Constant
    advertising_gain: Constant
    visitors_lift: Constant
    shoutout_gain: Constant
    bots_gain: Constant
    circle: Constant
    circle_faithful: Constant
    circle_attendance: Constant
    mega_low_rate: Constant
    emoji_culture: Constant
    mixed_language: Constant


class Observation(Section[Constant], Generic[Constant]):
    """What of it all was recorded. Nothing here depends on the label."""

    sampling_weights: dict[str, Constant]
    history_days: Constant
    gap_share: Constant
    glitch_share: Constant
    rounded_share: Constant
    following_daily_share: Constant
    followers_missing: Constant
    posts_missing: Constant
    comments_missing: Constant
    everything_missing: Constant
    column_missing: Constant
    column_dropped: Constant
    comments_observed: Constant
    sample_weights: dict[str, Constant]
    reading_weights: dict[str, Constant]


class Priors(BaseModel):
    """All constants of the simulation; params.yaml gives each its range and its source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table_factor: Range
    population: Population[Range]
    growth: Growth[Range]
    engagement: Engagement[Range]
    comments: Comments[Range]
    schemes: Schemes[Range]
    stories: Stories[Range]
    observation: Observation[Range]
