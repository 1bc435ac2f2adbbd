"""Signals: what several features see of one thing, so that a reason says it once.

A bought delivery shows in the busiest day, the busiest week and the share that came in bursts; these are three
features and one observation. Every feature declares its signal, a reason speaks for a signal, and the signal says
which benign explanations are looked into (`features.benign`) before a person reads it. Signals decide no value.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    """What its features see together.

    Attributes:
        heading: plain words that a reason begins with.
        checks: benign explanations to look into, by their names in `features.benign.CHECKS`; empty where no feature
            of the signal is ever a reason in the scores.
    """

    heading: str
    checks: tuple[str, ...] = ()


SIGNALS: dict[str, Signal] = {
    "growth_pace": Signal("Pace of growth"),
    "follower_burst": Signal(
        "Burst of new followers", ("viral_post", "giveaway", "return_from_pause", "outside_attention")
    ),
    "steady_gain": Signal("Followers at a capped, even pace", ("viral_post", "advertising")),
    "follower_losses": Signal("Losses of followers", ("giveaway_losses", "purge", "waning_interest", "rounded_counts")),
    "refilled_losses": Signal("Losses made up by new followers", ("viral_post", "purge")),
    "follow_unfollow": Signal("Following and unfollowing", ("single_clean_up", "mutual_following")),
    "likes_and_followers_apart": Signal(
        "Likes and followers moving apart", ("hidden_likes", "return_from_pause", "change_of_format")
    ),
    "comments_alike": Signal("Comments alike", ("one_occasion", "other_scripts")),
    "emoji_comments": Signal("Emoji alike", ("emoji_habit",)),
    "short_comments": Signal("Length of comments", ("other_scripts", "one_occasion")),
    "comment_content": Signal("Content of comments"),
    "comment_order": Signal("Comments in the same order", ("close_circle",)),
    "same_commenters": Signal("The same commenters again", ("close_circle",)),
    "comment_timing": Signal("Timing of comments", ("one_occasion",)),
    "engagement_for_size": Signal(
        "Engagement for an account of its size",
        (
            *("private_circle", "active_circle", "reach_beyond_followers", "very_large_audience", "hidden_likes"),
            "return_from_pause",
        ),
    ),
    "comments_against_likes": Signal(
        "Comments against likes",
        ("wide_audience", "giveaway_comments", "one_busy_post", "active_circle", "hidden_likes", "change_of_format"),
    ),
    "likes_against_views": Signal(
        "Likes and comments against views", ("hidden_likes", "advertised_posts", "change_of_format")
    ),
    "even_likes": Signal("Even likes or views", ("private_circle",)),
    "even_comments": Signal("Even comment counts", ("private_circle", "close_circle")),
    "likes_over_time": Signal("Likes over time", ("change_of_format", "return_from_pause")),
    "sponsored_posts": Signal("Sponsored posts", ("wide_audience",)),
    "count_digits": Signal("Digits of the counts", ("rounding_source",)),
    "profile": Signal("Profile"),
    "shared_commenters": Signal("Commenters shared with other accounts"),
    "shared_losses": Signal("Losses shared with other accounts"),
}
"""By name, in the order of the documentation. No checks: its features inform the model, or stand outside the scores."""
