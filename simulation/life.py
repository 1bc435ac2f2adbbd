"""The latent state of one account, which schemes and stories change and from which the tables are read off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np

from simulation.draws import Floats, Integers
from simulation.text import Voice

WARM_UP_DAYS = 60
"""Days lived before the first reading, so that a purchase can lie before the window and still decay inside it."""


@dataclass(slots=True)
class Persona:
    """Who the account is. Drawn before, and independently of, anything it does."""

    account_id: str
    platform: str
    handle: str
    followers: int
    following: int
    post_count: int
    age_days: int
    is_verified: bool
    is_business: bool
    niche: str
    language: str
    country: str
    biography: str
    posts_per_week: float
    topics: tuple[str, ...]
    posts_wanted: int
    is_personal: bool
    """A private person among friends, not a creator."""


@dataclass(slots=True)
class Plan:
    """What will be recorded of the account: drawn independently of the label."""

    end: datetime
    history_days: int
    sampling: str
    has_followers: bool
    has_posts: bool
    has_comments: bool
    has_following_daily: bool
    is_rounded: bool
    has_glitch: bool
    gap_share: float
    reading: str
    comments_wanted: int
    comment_sample: str
    hides_likes: bool
    missing: frozenset[str]

    @property
    def last_date(self) -> date:
        """The day of the last reading, complete at `end`."""
        return self.end.date()


@dataclass(slots=True)
class CommentSource:
    """One origin of comments under the account's posts.

    `counts` holds comments per post. `lags(rng, n)` gives hours after the post, `authors(post, n)` who wrote them
    in order of arrival, `text(post)` the words.
    """

    counts: Integers
    lags: Callable[[np.random.Generator, int], Floats]
    authors: Callable[[int, int], list[str]]
    text: Callable[[int], str]


@dataclass(slots=True)
class Life:
    """One account's days and posts.

    Days run from `WARM_UP_DAYS` before the window to its last day; arrays per day have `days` entries. Posts are in
    order of time; `post_age_hours` counts back from the end. Growth in shares refers to `persona.followers`.
    """

    persona: Persona
    plan: Plan
    first_day: int
    """Index of the first lived day on the cohort's calendar, on which weekdays and platform purges lie."""
    days: int
    post_age_hours: Floats
    post_format: list[str]
    voice: Voice
    gain_factor: Floats
    """Multiplies ordinary new followers of a day."""
    loss_factor: Floats
    arrivals: Floats
    """Further honest new followers of a day, share of the present followers."""
    departures: Floats
    bought_stock: Floats
    """Bought or traded followers at the end of a day, share of the present followers; its last value is the dose."""
    following_offset: Floats
    """Accounts followed beyond the present count, a day."""
    post_quality: Floats
    """ln factor of a post's likes and views."""
    is_promoted: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    """Posts that the account openly advertises on the platform."""
    sweep_day: int = -1
    """Day on which the platform removes fake accounts, as an index of the arrays per day; may lie outside them."""
    rate_offset: float = 0.0
    """ln factor of all likes and views."""
    comment_factor: Floats = field(default_factory=lambda: np.ones(0))
    """Multiplies the organic comments of a post."""
    circle_size: int = 0
    """People of a tight community who write most comments; 0: there is none."""
    circle_attendance: float = 0.0
    """Chance that one of them comments on a post; 0: not as a habit."""
    care: float = 0.0
    """Of a cheat: chance that a detail of what was bought is chosen to look organic."""
    buys_in_rhythm: bool = False
    """Bought followers are ordered for the days on which others come: see `growth.grow`."""
    scheme_names: list[str] = field(default_factory=list)
    story: str | None = None

    organic_followers: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    bought_followers: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    following: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    likes: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    views: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    has_views: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    comments: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    is_sponsored: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=bool))
    bought_likes: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    bought_views: Integers = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    bought_sources: list[CommentSource] = field(default_factory=list)

    @property
    def posts(self) -> int:
        """Number of posts in the folder."""
        return len(self.post_age_hours)

    @property
    def window_start(self) -> int:
        """First day of the observed window, as an index of the arrays per day."""
        return WARM_UP_DAYS

    @property
    def bought_comments(self) -> Integers:
        """Bought or traded comments per post."""
        total = np.zeros(self.posts, dtype=np.int64)
        for source in self.bought_sources:
            total += source.counts
        return total

    def follower_share(self) -> float:
        """Share of the present followers that was bought or traded."""
        return float(self.bought_followers[-1]) / max(self.persona.followers, 1)

    def engagement_share(self) -> float:
        """Bought or traded share of the posts' engagement.

        It is the largest of the shares of likes, of comments and of views: a sum would hide a purchase of comments
        behind the hundredfold likes.
        """
        pairs = (
            (self.bought_likes, self.likes),
            (self.bought_comments, self.comments),
            (self.bought_views, self.views),
        )
        return max(float(bought.sum()) / max(float((bought + organic).sum()), 1.0) for bought, organic in pairs)

    def days_of_posts(self) -> Integers:
        """Day of each post as an index of the arrays per day; negative before the first lived day."""
        return (self.days - 1 - np.floor(self.post_age_hours / 24.0)).astype(np.int64)
