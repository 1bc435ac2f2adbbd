"""Profile features: what the account says about itself, beside its audience.

Profile-only rules do not transfer between sets (trained on one, AUC .33 to .82 on another), and size does not tell
bought from grown. So most of these are context: they inform the model beside other groups and are never a reason.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import polars as pl

from features.definition import Citation, Feature, FrameBuilder, feature
from features.profile_frames import account_text, accounts

DAYS_PER_MONTH = 30

FEATURES: dict[str, Feature] = {}
"""The group's features by name, in catalogue order."""

profile_feature = functools.partial(feature, FEATURES, group="profile", frame="accounts")


FRAMES: dict[str, FrameBuilder] = {"accounts": accounts}
"""The group's frames by name."""

CITATIONS: dict[str, Citation] = {"accounts": Citation("accounts", "account_id", account_text)}
"""How a row of the frame is named: the account itself."""


def _push_of_account(column: str) -> Callable[[], pl.Expr]:
    """Push of the only row there is: it makes the value what it is wherever the column behind it is known."""
    return lambda: pl.when(pl.col(column).is_not_null()).then(1.0)


@profile_feature(
    signal="follow_unfollow",
    unit="natural log of a ratio",
    formula="ln((following + 1) / (followers + 1))",
    suspicious="context",
    evidence=_push_of_account("following_count"),
    source="InstaFake: this alone tells fake followers (95.8 %), which is why it may only be context for creators",
)
def profile_following_follower_ratio() -> pl.Expr:
    """Accounts followed per follower, as a logarithm; null where either is unknown."""
    return ((pl.col("following_count") + 1) / (pl.col("followers") + 1)).log().first()


def _limit_share() -> pl.Expr:
    return (pl.col("following_count") / pl.col("following_limit")).clip(upper_bound=1)


@profile_feature(
    signal="follow_unfollow",
    unit="share of the platform's limit, 0 to 1",
    formula="min(following / limit, 1), limits 7,500 (Instagram), 10,000 (TikTok), 5,000 (X)",
    suspicious="high",
    reason="the account follows many others: {value:.0%} of the platform's limit (100% is the limit or more)",
    evidence=_limit_share,
    source="HypeAuditor: mass follower above 1,500; real influencers follow 176 / 557 / 974 / 1,828 / 5,316",
    low=0.0,
    high=1.0,
)
def profile_following_limit_share() -> pl.Expr:
    """How close the account comes to the most accounts it may follow; null on platforms without a known limit."""
    return _limit_share().first()


@profile_feature(
    signal="profile",
    unit="posts per 30 days, from 0",
    formula="30 · post_count / age_days",
    suspicious="context",
    evidence=_push_of_account("post_count"),
    source="posts a week of accounts over 100k followers: 1 / 3.4 / 6.3 / 11.9 / 30",
    low=0.0,
)
def profile_post_rate_per_month() -> pl.Expr:
    """Posts per month over the account's life; null where its age is unknown or under thirty days."""
    return (DAYS_PER_MONTH * pl.col("post_count") / pl.col("age_days")).first()


@profile_feature(
    signal="follow_unfollow",
    unit="accounts per day, from 0",
    formula="following_count / age_days",
    suspicious="context",
    evidence=_push_of_account("following_count"),
    source="mass followers reach their limit within months",
    low=0.0,
)
def profile_following_rate_per_day() -> pl.Expr:
    """Accounts followed per day of the account's life; null where its age is unknown or under thirty days."""
    return (pl.col("following_count") / pl.col("age_days")).first()


@profile_feature(
    signal="profile",
    unit="share of characters, 0 to 1",
    formula="digits in the handle / characters of the handle",
    suspicious="context",
    evidence=_push_of_account("handle_length"),
    source="SRF Data 2017: digits at the end of the name mark followers, hardly creators",
    low=0.0,
    high=1.0,
)
def profile_handle_digit_share() -> pl.Expr:
    """Share of digits in the handle; null without a handle."""
    return (pl.col("handle_digits") / pl.col("handle_length")).first()


@profile_feature(
    signal="profile",
    unit="digits, from 0",
    formula="length of the run of digits that ends the handle",
    suspicious="context",
    evidence=_push_of_account("handle_length"),
    source="SRF Data 2017: digits at the end of the name",
    low=0.0,
)
def profile_handle_final_digit_count() -> pl.Expr:
    """Digits at the end of the handle; null without a handle."""
    return pl.col("handle_final_digits").first()


@profile_feature(
    signal="profile",
    unit="characters, from 1",
    formula="characters of the handle",
    suspicious="context",
    evidence=_push_of_account("handle_length"),
    source="InstaFake profile columns",
    low=1.0,
)
def profile_handle_length() -> pl.Expr:
    """Characters of the handle; null without one."""
    return pl.col("handle_length").first()


@profile_feature(
    signal="profile",
    unit="0 or 1",
    formula="1 if the biography holds a character that is not white space",
    suspicious="context",
    evidence=_push_of_account("biography_length"),
    source="InstaFake profile columns",
    low=0.0,
    high=1.0,
)
def profile_biography_flag() -> pl.Expr:
    """Whether the account describes itself; null where the biography was not observed."""
    return (pl.col("biography_length") > 0).first()


@profile_feature(
    signal="profile",
    unit="characters, from 0",
    formula="characters of the biography without outer white space",
    suspicious="context",
    evidence=_push_of_account("biography_length"),
    source="InstaFake profile columns",
    low=0.0,
)
def profile_biography_length() -> pl.Expr:
    """Length of the account's description of itself; null where it was not observed."""
    return pl.col("biography_length").first()


@profile_feature(
    signal="follow_unfollow",
    unit="0 or 1",
    formula="1 if the biography offers a follow, like or subscription in exchange (f4f, follow back, sub for sub, …)",
    suspicious="high",
    reason="the biography offers to follow in exchange for being followed (found: {value:.0f})",
    evidence=lambda: pl.col("offers_exchange").cast(pl.Float64),
    source="follow-back culture; wordings of exchange groups",
    low=0.0,
    high=1.0,
)
def profile_follow_exchange_flag() -> pl.Expr:
    """Whether the biography offers followers, likes or subscriptions in exchange; null where it was not observed."""
    return pl.col("offers_exchange").first()
