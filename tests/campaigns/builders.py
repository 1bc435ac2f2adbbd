"""Tables of a few accounts, as short as a test allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from features.tables import CONTRACTS, Tables

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def account(account_id: str = "a", **columns: Any) -> dict[str, Any]:
    return {"account_id": account_id, "platform": "instagram", "follower_count": 1_000, "observed_at": NOW, **columns}


def post(days_ago: float, **columns: Any) -> dict[str, Any]:
    return {"account_id": "a", "post_id": f"p{days_ago}", "posted_at": NOW - timedelta(days=days_ago), **columns}


def comment(number: int, text: str, **columns: Any) -> dict[str, Any]:
    return {"account_id": "a", "post_id": "p1", "comment_id": f"c{number}", "text": text, **columns}


def tables(
    accounts: list[dict[str, Any]],
    posts: list[dict[str, Any]] | None = None,
    comments: list[dict[str, Any]] | None = None,
) -> Tables:
    rows = {"accounts": accounts, "followers_daily": [], "posts": posts or [], "comments": comments or []}
    return Tables(**{name: pl.DataFrame(part, schema=CONTRACTS[name].schema) for name, part in rows.items()})
