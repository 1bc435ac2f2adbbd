"""Contract tables from a few cells, for the audits' tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from features.tables import CONTRACTS, Tables

DAY = date(2024, 1, 1)
NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


def table(name: str, rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows of one table; cells not named are null."""
    contract = CONTRACTS[name]
    filled = [{column: row.get(column) for column in contract.schema} for row in rows]
    return pl.DataFrame(filled, schema=contract.schema).sort(list(contract.key))


def tables(
    accounts: Sequence[dict[str, Any]] = (),
    followers_daily: Sequence[dict[str, Any]] = (),
    posts: Sequence[dict[str, Any]] = (),
    comments: Sequence[dict[str, Any]] = (),
) -> Tables:
    """Tables of some accounts; without `accounts`, of one with 10,000 followers, 500 followed, on Instagram."""
    first = {"account_id": "a", "platform": "instagram", "follower_count": 10_000, "following_count": 500}
    return Tables(
        table("accounts", [first | row for row in accounts] or [first]),
        table("followers_daily", followers_daily),
        table("posts", posts),
        table("comments", comments),
    )


def nothing() -> Tables:
    """Tables without a row."""
    return Tables(*(table(name, []) for name in ("accounts", "followers_daily", "posts", "comments")))


def curve(counts: Sequence[int], *, every: int = 1, **columns: Sequence[Any]) -> list[dict[str, Any]]:
    """Readings of account `a`, some days apart."""
    return [
        {
            "account_id": "a",
            "date": DAY + timedelta(days=index * every),
            "follower_count": count,
            **{name: cells[index] for name, cells in columns.items()},
        }
        for index, count in enumerate(counts)
    ]


def posts(likes: Sequence[int | None], **columns: Sequence[Any]) -> list[dict[str, Any]]:
    """Posts of account `a`, one a day."""
    return [
        {
            "account_id": "a",
            "post_id": f"p{index}",
            "posted_at": NOON + timedelta(days=index),
            "like_count": count,
            **{name: cells[index] for name, cells in columns.items()},
        }
        for index, count in enumerate(likes)
    ]


def comments(texts: Sequence[str], **columns: Sequence[Any]) -> list[dict[str, Any]]:
    """Comments under the first post of account `a`, a minute apart, each by somebody else."""
    return [
        {
            "account_id": "a",
            "post_id": "p0",
            "comment_id": f"c{index:03d}",
            "commenter_id": f"u{index}",
            "commented_at": NOON + timedelta(minutes=index),
            "text": text,
            **{name: cells[index] for name, cells in columns.items()},
        }
        for index, text in enumerate(texts)
    ]
