"""What engagement an account's size, platform and format lead one to expect, as saved curves and not as tiers.

Ratios differ between honest accounts by a factor of five at one size, so each comes with that spread. Niche has no
curve: the accounts measured are all of one niche (YouTube, technology) or do not say theirs (Instagram).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from features.tables import PLATFORMS

MIDDLE_SIZE = 22_000.0
"""Followers that stand in where the count is unknown: the geometric middle of the 10-50k tier."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """A ratio expected at each size: followers and ratio at some anchors, linear in logarithms between them.

    `spread` is the standard deviation, between honest accounts, of the logarithm of the ratio around that line.
    """

    anchors: tuple[tuple[float, float], ...]
    spread: float

    def log_ratio(self, followers: np.ndarray) -> np.ndarray:
        """Logarithm of the expected ratio at these follower counts; constant beyond the outer anchors, NaN for NaN."""
        size, ratio = np.log(np.array(self.anchors, dtype=float)).T
        with np.errstate(divide="ignore"):
            return np.asarray(np.interp(np.log(followers), size, ratio))


def _assumed(base: float, shape: Expectation, spread: float) -> Expectation:
    """An expectation for a platform that was not measured: `shape`, moved to `base` at `MIDDLE_SIZE`."""
    factor = base / math.exp(shape.log_ratio(np.array([MIDDLE_SIZE]))[0])
    return Expectation(tuple((size, ratio * factor) for size, ratio in shape.anchors), spread)


# Instagram from 3,200 followers on: FACTS "Engagement", medians per tier at the tier's geometric middle. The first
# anchor lies halfway, in logarithms, between small creators and the private accounts of InstaFake (medians .21 likes
# per follower and .024 comments per like), since at that size both are honest. YouTube: medians of 227 channels
# (2026). The others are assumed, with a wide spread: sources disagree by a factor of two and more.
_INSTAGRAM_LIKE_RATE = Expectation(
    ((500, 0.09), (3_200, 0.038), (22_000, 0.030), (70_000, 0.026), (220_000, 0.025), (1_000_000, 0.022)), 0.95
)
_INSTAGRAM_COMMENTS_PER_LIKE = Expectation(
    ((500, 0.035), (3_200, 0.042), (22_000, 0.030), (70_000, 0.019), (220_000, 0.0124), (1_000_000, 0.0072)), 1.1
)
_YOUTUBE_VIEW_RATE = Expectation(((1_000, 0.9), (5_000, 0.8), (20_000, 0.32), (100_000, 0.145), (500_000, 0.125)), 1.3)

LIKE_RATE: dict[str, Expectation] = {
    "instagram": _INSTAGRAM_LIKE_RATE,
    "youtube": Expectation(((1_000, 0.025), (5_000, 0.020), (20_000, 0.007), (100_000, 0.0035), (500_000, 0.004)), 1.6),
    "tiktok": _assumed(0.040, _INSTAGRAM_LIKE_RATE, 1.6),
    "twitch": _assumed(0.005, _INSTAGRAM_LIKE_RATE, 1.6),
    "x": _assumed(0.005, _INSTAGRAM_LIKE_RATE, 1.6),
    "facebook": _assumed(0.005, _INSTAGRAM_LIKE_RATE, 1.6),
    "other": _assumed(0.015, _INSTAGRAM_LIKE_RATE, 1.8),
}
"""Median likes of a post over followers."""

COMMENTS_PER_LIKE: dict[str, Expectation] = {
    "instagram": _INSTAGRAM_COMMENTS_PER_LIKE,
    "youtube": Expectation(((5_000, 0.11), (20_000, 0.094), (100_000, 0.070), (500_000, 0.057)), 0.95),
    "tiktok": _assumed(0.015, _INSTAGRAM_COMMENTS_PER_LIKE, 1.3),
    "twitch": _assumed(0.060, _INSTAGRAM_COMMENTS_PER_LIKE, 1.5),
    "x": _assumed(0.060, _INSTAGRAM_COMMENTS_PER_LIKE, 1.3),
    "facebook": _assumed(0.060, _INSTAGRAM_COMMENTS_PER_LIKE, 1.3),
    "other": _assumed(0.040, _INSTAGRAM_COMMENTS_PER_LIKE, 1.5),
}
"""Comments of all posts over their likes."""

VIEW_RATE: dict[str, Expectation] = {
    "youtube": _YOUTUBE_VIEW_RATE,
    "instagram": _assumed(0.35, _YOUTUBE_VIEW_RATE, 1.3),
    "tiktok": _assumed(0.50, _YOUTUBE_VIEW_RATE, 1.6),
    "twitch": _assumed(0.10, _YOUTUBE_VIEW_RATE, 1.6),
    "x": _assumed(0.25, _YOUTUBE_VIEW_RATE, 1.6),
    "facebook": _assumed(0.10, _YOUTUBE_VIEW_RATE, 1.6),
    "other": _assumed(0.25, _YOUTUBE_VIEW_RATE, 1.8),
}
"""Median views of a post over followers."""

LIKES_PER_VIEW: dict[str, Expectation] = {
    "youtube": Expectation(((1_000, 0.024),), 0.8),
    "instagram": Expectation(((1_000, 0.045),), 0.9),
    "tiktok": Expectation(((1_000, 0.075),), 0.9),
    "twitch": Expectation(((1_000, 0.020),), 1.3),
    "x": Expectation(((1_000, 0.015),), 1.1),
    "facebook": Expectation(((1_000, 0.025),), 1.1),
    "other": Expectation(((1_000, 0.030),), 1.3),
}
"""Likes of a post over its views; no trend with size on the channels measured."""

RATIOS = {
    "like_rate": LIKE_RATE,
    "comments_per_like": COMMENTS_PER_LIKE,
    "view_rate": VIEW_RATE,
    "likes_per_view": LIKES_PER_VIEW,
}


YOUTUBE_FORMATS: dict[str, dict[str, float]] = {
    "like_rate": {"video": 0.10, "short": -0.27},
    "comments_per_like": {"video": 0.23, "short": -0.62},
    "likes_per_view": {"video": 0.10, "short": -0.27},
}
"""ln of a format's ratio over that of YouTube's usual mix, of 27 % shorts, at which the curves were measured.

Within the 91 channels of youtube-tech-227 (2026) that have five posts of each, shorts get a log ratio of -.37 (standard
error .12) likes per view and -.85 (.11) comments per like against the channel's own videos, and as many views (-.03,
.16). Other platforms have no format in any data at hand, so theirs have no shift.
"""


def expected_of_accounts(accounts: pl.DataFrame) -> pl.DataFrame:
    """`account_id`, `platform`, `followers` (null where unknown or 0), and the expected ratios.

    Per ratio `expected_<ratio>`, as ln for the platform's usual mix of formats, and `spread_<ratio>` between accounts.
    A ratio without follower count in it (comments per like, likes per view) is still compared within its size, and
    at the middle size where that is unknown.
    """
    followers = accounts["followers"].cast(pl.Float64).to_numpy(writable=True)
    followers = np.where(followers > 0, followers, np.nan)
    sized = np.where(np.isnan(followers), MIDDLE_SIZE, followers)
    platform = accounts["platform"].to_numpy()
    columns: dict[str, np.ndarray] = {}
    for ratio, table in RATIOS.items():
        expected, spread = np.full(len(sized), np.nan), np.full(len(sized), np.nan)
        for name in PLATFORMS:
            chosen = platform == name
            expected[chosen] = table[name].log_ratio(sized[chosen])
            spread[chosen] = table[name].spread
        columns[f"expected_{ratio}"], columns[f"spread_{ratio}"] = expected, spread
    columns["followers"] = followers
    return accounts.select("account_id", "platform").with_columns(
        pl.Series(name, values, dtype=pl.Float64, nan_to_null=True) for name, values in columns.items()
    )


def expected_of_posts() -> list[pl.Expr]:
    """The columns `expected_<ratio>` of posts, moved from the account's to those of the post's format."""
    on_youtube = pl.col("platform") == "youtube"
    moved = []
    for ratio, shifts in YOUTUBE_FORMATS.items():
        shift = pl.lit(0.0)
        for name, of_format in shifts.items():
            shift = pl.when(on_youtube & (pl.col("format") == name)).then(of_format).otherwise(shift)
        moved.append(pl.col(f"expected_{ratio}") + shift)
    return moved
