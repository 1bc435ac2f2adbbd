"""What is recorded of an account: sampling, gaps, rounding, glitches, hidden counts, missing tables and columns.

All of it is planned without knowing the label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import polars as pl

from features.tables import CONTRACTS, INSTANT
from simulation.comments import CollectedComments
from simulation.draws import Integers, random_identifiers, weighted_choice
from simulation.life import Life, Plan
from simulation.rules import Rules, draw_range
from simulation.schemes import post_topics
from simulation.text import Dice, caption

OPTIONAL_COLUMNS = (
    "accounts.handle",
    "accounts.following_count",
    "accounts.post_count",
    "accounts.observed_at",
    "accounts.created_on",
    "accounts.is_verified",
    "accounts.is_business",
    "accounts.niche",
    "accounts.language",
    "accounts.country",
    "accounts.biography",
    "posts.format",
    "posts.view_count",
    "posts.caption",
    "posts.is_sponsored",
    "comments.commenter_id",
    "comments.commented_at",
    "comments.like_count",
)
"""Cells that may be missing for an account, or for a whole export."""

ROUNDED_FROM = 1000
"""YouTube shows the exact count below this."""

EARLIEST_END = date(2023, 1, 1)
END_DAYS = 1100
"""Cohorts end on a day of these three years; assumed."""


def draw_dropped_columns(rules: Rules, rng: np.random.Generator) -> frozenset[str]:
    """Columns that the whole cohort's export lacks."""
    lacks = rng.random(len(OPTIONAL_COLUMNS)) < rules.observation.column_dropped
    return frozenset(name for name, lacking in zip(OPTIONAL_COLUMNS, lacks, strict=True) if lacking)


def draw_plan(
    end_date: date, platform: str, followers: int, dropped: frozenset[str], rules: Rules, rng: np.random.Generator
) -> Plan:
    """What will be recorded of one account."""
    observation = rules.observation
    nothing = rng.random() < observation.everything_missing
    lacks = rng.random(len(OPTIONAL_COLUMNS)) < observation.column_missing
    missing = {name for name, lacking in zip(OPTIONAL_COLUMNS, lacks, strict=True) if lacking}
    rounded = rng.random() < observation.rounded_share and followers > 10_000
    seconds = int(rng.integers(0, 86_400))
    return Plan(
        end=datetime.combine(end_date, time(0), UTC) + timedelta(seconds=seconds),
        history_days=round(draw_range(rules.priors.observation.history_days, rng)),
        sampling=weighted_choice(observation.sampling_weights, rng),
        has_followers=not nothing and rng.random() >= observation.followers_missing,
        has_posts=not nothing and rng.random() >= observation.posts_missing,
        has_comments=not nothing and rng.random() >= observation.comments_missing,
        has_following_daily=rng.random() < observation.following_daily_share,
        is_rounded=platform == "youtube" or bool(rounded),
        has_glitch=rng.random() < observation.glitch_share,
        gap_share=observation.gap_share * rng.uniform(0.0, 2.0) if rng.random() < 0.5 else 0.0,
        reading=weighted_choice(observation.reading_weights, rng),
        comments_wanted=round(draw_range(rules.priors.observation.comments_observed, rng)),
        comment_sample=weighted_choice(observation.sample_weights, rng),
        hides_likes=rng.random() < rules.engagement.hidden_likes_share,
        missing=frozenset(missing) | dropped,
    )


def three_digits(counts: Integers) -> Integers:
    """Counts cut to three significant digits, as YouTube shows subscribers; smaller ones stay exact."""
    digits = np.floor(np.log10(np.maximum(counts, 1))).astype(np.int64)
    step = 10 ** np.maximum(digits - 2, 0)
    rounded: Integers = counts // step * step
    return rounded


@dataclass(slots=True)
class Records:
    """Rows of some accounts, column by column; turned into frames chunk by chunk to bound memory."""

    columns: dict[str, dict[str, list[Any]]] = field(
        default_factory=lambda: {name: {column: [] for column in table.schema} for name, table in CONTRACTS.items()}
    )

    def append(self, table: str, **cells: Any) -> None:
        """One row; columns not named are null."""
        for column, values in self.columns[table].items():
            values.append(cells.get(column))

    def extend(self, table: str, count: int, **cells: Sequence[Any]) -> None:
        """`count` rows; columns not named are null."""
        for column, values in self.columns[table].items():
            values.extend(cells[column] if column in cells else [None] * count)

    def frames(self) -> dict[str, pl.DataFrame]:
        """The rows as frames of the contract. Instants are kept as whole seconds since 1970 until here."""
        result = {}
        for name, columns in self.columns.items():
            schema = CONTRACTS[name].schema
            series = []
            for column, values in columns.items():
                if schema[column] == INSTANT:
                    micros = pl.Series(column, values, dtype=pl.Int64) * 1_000_000
                    series.append(micros.cast(INSTANT))
                elif schema[column] == pl.Date:
                    series.append(pl.Series(column, values, dtype=pl.Int32).cast(pl.Date))
                else:
                    series.append(pl.Series(column, values, dtype=schema[column]))
            result[name] = pl.DataFrame(series)
        return result


def record(
    life: Life, comments: CollectedComments | None, records: Records, rng: np.random.Generator, dice: Dice
) -> None:
    """Append the observed rows of one account."""
    _record_account(life, records)
    if life.plan.has_followers:
        _record_followers(life, records, rng)
    post_ids = random_identifiers(life.posts, rng)
    if life.plan.has_posts:
        _record_posts(life, post_ids, records, rng, dice)
    if comments is not None and comments.posts:
        _record_comments(life, comments, post_ids, records, rng)


def _record_account(life: Life, records: Records) -> None:
    persona, plan = life.persona, life.plan
    followers = np.array([persona.followers])
    end = int(plan.end.timestamp())
    cells = {
        "handle": persona.handle,
        "following_count": int(life.following[-1]),
        "post_count": max(persona.post_count, life.posts),
        "observed_at": end,
        "created_on": _days(plan.last_date) - persona.age_days,
        "is_verified": persona.is_verified,
        "is_business": persona.is_business,
        "niche": persona.niche,
        "language": persona.language,
        "country": persona.country,
        "biography": persona.biography,
    }
    cells = {name: cell for name, cell in cells.items() if f"accounts.{name}" not in plan.missing}
    shown = int((three_digits(followers) if plan.is_rounded else followers)[0])
    records.append("accounts", account_id=persona.account_id, platform=persona.platform, follower_count=shown, **cells)


def _record_followers(life: Life, records: Records, rng: np.random.Generator) -> None:
    plan = life.plan
    days = _reading_days(life, rng)
    counts = (life.organic_followers + life.bought_followers)[days]
    counts = three_digits(counts) if plan.is_rounded else counts
    if plan.has_glitch and len(days) >= 10:
        counts = counts.copy()
        counts[int(rng.integers(1, len(days) - 1))] = 0
    cells: dict[str, Sequence[Any]] = {
        "account_id": [life.persona.account_id] * len(days),
        "date": (_days(plan.last_date) - (life.days - 1 - days)).tolist(),
        "follower_count": counts.tolist(),
    }
    if plan.has_following_daily:
        cells["following_count"] = life.following[days].tolist()
    records.extend("followers_daily", len(days), **cells)


def _reading_days(life: Life, rng: np.random.Generator) -> Integers:
    """Days with a reading, in order, by the plan's rhythm."""
    plan = life.plan
    window = np.arange(life.window_start, life.days)
    if plan.sampling == "weekly":
        window = window[::-1][::7][::-1]
    elif plan.sampling == "monthly":
        window = window[::-1][::30][::-1]
    elif plan.sampling == "irregular":
        window = window[rng.random(len(window)) < rng.uniform(0.15, 0.7)]
    if plan.gap_share > 0.0:
        window = window[rng.random(len(window)) >= plan.gap_share]
        if rng.random() < 0.3 and len(window) > 20:
            start = int(rng.integers(0, len(window) - 10))
            window = np.delete(window, slice(start, start + int(rng.integers(2, 10))))
    return window


def _record_posts(life: Life, post_ids: list[str], records: Records, rng: np.random.Generator, dice: Dice) -> None:
    plan, persona = life.plan, life.persona
    end = int(plan.end.timestamp())
    posted = end - np.rint(life.post_age_hours * 3600.0).astype(np.int64)
    likes = (life.likes + life.bought_likes).tolist()
    comments = (life.comments + life.bought_comments).tolist()
    views = (life.views + life.bought_views).tolist()
    cells: dict[str, Sequence[Any]] = {
        "account_id": [persona.account_id] * life.posts,
        "post_id": post_ids,
        "posted_at": posted.tolist(),
        "comment_count": comments,
        "format": life.post_format,
        "view_count": [count if shown else None for count, shown in zip(views, life.has_views, strict=True)],
        "is_sponsored": life.is_sponsored.tolist(),
    }
    if not plan.hides_likes:
        cells["like_count"] = likes
    if plan.reading == "end":
        cells["observed_at"] = [end] * life.posts
    elif plan.reading == "after_days":
        delay = round(float(rng.uniform(2.0, 14.0)) * 86_400)
        cells["observed_at"] = np.minimum(posted + delay, end).tolist()
    if "posts.caption" not in plan.missing:
        cells["caption"] = [
            caption(life.voice, post_topics(life, post), bool(life.is_sponsored[post]), dice)
            for post in range(life.posts)
        ]
    cells = {name: values for name, values in cells.items() if f"posts.{name}" not in plan.missing}
    records.extend("posts", life.posts, **cells)


def _record_comments(
    life: Life, comments: CollectedComments, post_ids: list[str], records: Records, rng: np.random.Generator
) -> None:
    plan = life.plan
    end = int(plan.end.timestamp())
    count = len(comments.posts)
    posts = np.array(comments.posts)
    posted = end - np.rint(life.post_age_hours[posts] * 3600.0).astype(np.int64)
    written = np.minimum(posted + np.maximum(np.rint(np.array(comments.lags) * 3600.0), 1.0).astype(np.int64), end)
    cells: dict[str, Sequence[Any]] = {
        "account_id": [life.persona.account_id] * count,
        "post_id": [post_ids[post] for post in comments.posts],
        "comment_id": random_identifiers(count, rng),
        "commenter_id": comments.authors,
        "commented_at": written.tolist(),
        "text": comments.texts,
        "like_count": comments.likes,
    }
    cells = {name: values for name, values in cells.items() if f"comments.{name}" not in plan.missing}
    records.extend("comments", count, **cells)


def _days(day: date) -> int:
    return (day - date(1970, 1, 1)).days
