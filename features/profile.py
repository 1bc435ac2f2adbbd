"""Profile features: what the account says about itself, beside its audience.

Profile-only rules do not transfer between sets (trained on one, AUC .33 to .82 on another), and size does not tell
bought from grown. So most of these are context: they inform the model beside other groups and are never a reason.
"""

from __future__ import annotations

import functools

import polars as pl

from features.definition import Feature, FrameBuilder, feature
from features.tables import Tables

DAYS_PER_MONTH = 30
YOUNGEST_AGE = 30
"""Days of age below which a rate over an account's life says little."""

FOLLOWING_LIMITS = {"instagram": 7_500, "tiktok": 10_000, "x": 5_000, "facebook": 5_000}
"""Accounts that one account may follow, as the platforms document; others have no limit that is documented."""

FOLLOW_EXCHANGE = r"(?i)\b(?:f4f|l4l|fol(?:low)?\s*(?:4|for)\s*fol(?:low)?|follow\s*-?\s*back|sub\s*(?:4|for)\s*sub)\b"
"""Wordings that offer followers, likes or subscriptions in exchange."""

FEATURES: dict[str, Feature] = {}
"""The group's features by name, in catalogue order."""

profile_feature = functools.partial(feature, FEATURES, group="profile", frame="accounts")


def accounts(tables: Tables) -> pl.DataFrame:
    """One row per account, with `age_days`: from opening to the counts' own instant; null under 30 days."""
    seen_on = pl.coalesce("observed_at", "newest_at").dt.date()
    age = (seen_on - pl.col("created_on")).dt.total_days().cast(pl.Float64)
    return tables.accounts.with_columns(age_days=pl.when(age >= YOUNGEST_AGE).then(age)).sort("account_id")


FRAMES: dict[str, FrameBuilder] = {"accounts": accounts}
"""The group's frames by name."""


@profile_feature(
    unit="natural log of a ratio",
    formula="ln((following + 1) / (followers + 1))",
    suspicious="context",
    source="InstaFake: this alone tells fake followers (95.8 %), which is why it may only be context for creators",
)
def profile_following_follower_ratio() -> pl.Expr:
    """Accounts followed per follower, as a logarithm; null where either is unknown."""
    return ((pl.col("following_count") + 1) / (pl.col("followers") + 1)).log().first()


@profile_feature(
    unit="share of the platform's limit, 0 to 1",
    formula="min(following / limit, 1), limits 7,500 (Instagram), 10,000 (TikTok), 5,000 (X, Facebook)",
    suspicious="high",
    reason="the account follows {value:.0%} of the number of accounts that the platform allows",
    source="HypeAuditor: mass follower above 1,500; real influencers follow 176 / 557 / 974 / 1,828 / 5,316",
    low=0.0,
    high=1.0,
)
def profile_following_limit_share() -> pl.Expr:
    """How close the account comes to the most accounts it may follow; null on platforms without a known limit."""
    limit = pl.col("platform").replace_strict(FOLLOWING_LIMITS, default=None, return_dtype=pl.Float64)
    return (pl.col("following_count") / limit).clip(upper_bound=1).first()


@profile_feature(
    unit="posts per 30 days, from 0",
    formula="30 · post_count / age_days",
    suspicious="context",
    source="posts a week of accounts over 100k followers: 1 / 3.4 / 6.3 / 11.9 / 30",
    low=0.0,
)
def profile_post_rate_per_month() -> pl.Expr:
    """Posts per month over the account's life; null where its age is unknown or under thirty days."""
    return (DAYS_PER_MONTH * pl.col("post_count") / pl.col("age_days")).first()


@profile_feature(
    unit="accounts per day, from 0",
    formula="following_count / age_days",
    suspicious="context",
    source="mass followers reach their limit within months",
    low=0.0,
)
def profile_following_rate_per_day() -> pl.Expr:
    """Accounts followed per day of the account's life; null where its age is unknown or under thirty days."""
    return (pl.col("following_count") / pl.col("age_days")).first()


@profile_feature(
    unit="share of characters, 0 to 1",
    formula="digits in the handle / characters of the handle",
    suspicious="context",
    source="SRF Data 2017: digits at the end of the name mark followers, hardly creators",
    low=0.0,
    high=1.0,
)
def profile_handle_digit_share() -> pl.Expr:
    """Share of digits in the handle; null without a handle."""
    length = pl.col("handle").str.len_chars()
    return (pl.col("handle").str.count_matches(r"[0-9]") / pl.when(length > 0).then(length)).first()


@profile_feature(
    unit="digits, from 0",
    formula="length of the run of digits that ends the handle",
    suspicious="context",
    source="SRF Data 2017: digits at the end of the name",
    low=0.0,
)
def profile_handle_final_digit_count() -> pl.Expr:
    """Digits at the end of the handle; null without a handle."""
    handle = pl.col("handle")
    final = handle.str.extract(r"([0-9]*)$", 1).str.len_chars()
    return pl.when(handle.str.len_chars() > 0).then(final).first()


@profile_feature(
    unit="characters, from 1",
    formula="characters of the handle",
    suspicious="context",
    source="InstaFake profile columns",
    low=1.0,
)
def profile_handle_length() -> pl.Expr:
    """Characters of the handle; null without one."""
    length = pl.col("handle").str.len_chars()
    return pl.when(length > 0).then(length).first()


@profile_feature(
    unit="0 or 1",
    formula="1 if the biography holds a character that is not white space",
    suspicious="context",
    source="InstaFake profile columns",
    low=0.0,
    high=1.0,
)
def profile_biography_flag() -> pl.Expr:
    """Whether the account describes itself; null where the biography was not observed."""
    return (pl.col("biography").str.strip_chars().str.len_chars() > 0).first()


@profile_feature(
    unit="characters, from 0",
    formula="characters of the biography without outer white space",
    suspicious="context",
    source="InstaFake profile columns",
    low=0.0,
)
def profile_biography_length() -> pl.Expr:
    """Length of the account's description of itself; null where it was not observed."""
    return pl.col("biography").str.strip_chars().str.len_chars().first()


@profile_feature(
    unit="0 or 1",
    formula="1 if the biography offers a follow, like or subscription in exchange (f4f, follow back, sub for sub, …)",
    suspicious="high",
    reason="the biography offers to follow in exchange for being followed (found: {value:.0f})",
    source="follow-back culture; wordings of exchange groups",
    low=0.0,
    high=1.0,
)
def profile_follow_exchange_flag() -> pl.Expr:
    """Whether the biography offers followers, likes or subscriptions in exchange; null where it was not observed."""
    return pl.col("biography").str.contains(FOLLOW_EXCHANGE).first()
