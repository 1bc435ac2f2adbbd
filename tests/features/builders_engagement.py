"""Small tables for the engagement features: lists of counts in, contract frames out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from features.compute import compute_group
from features.tables import ACCOUNTS, COMMENTS, FOLLOWERS_DAILY, POSTS, TableContract, Tables

FIRST = datetime(2024, 1, 1, 12, tzinfo=UTC)
SIZE = 22_000
"""Followers of the accounts of these tests: an anchor of the expectations, where .030 likes per follower are usual."""

Row = dict[str, Any]
Counts = Sequence[int | None]


def account(account_id: str = "a", **columns: Any) -> Row:
    return {"account_id": account_id, "platform": "instagram", "follower_count": SIZE} | columns


def posts(
    likes: Counts | None = None,
    comments: Counts | None = None,
    views: Counts | None = None,
    *,
    account_id: str = "a",
    every: float = 1.0,
    seen_after: timedelta | None = timedelta(days=30),
    **columns: Sequence[Any],
) -> list[Row]:
    """One post per entry, the oldest first, so many days apart, with counts seen so long after each."""
    columns |= {
        name: values
        for name, values in (("like_count", likes), ("comment_count", comments), ("view_count", views))
        if values is not None
    }
    rows = []
    for index in range(max(len(values) for values in columns.values())):
        posted_at = FIRST + timedelta(days=every * index)
        row = {"account_id": account_id, "post_id": f"{index:03d}", "posted_at": posted_at}
        row["observed_at"] = None if seen_after is None else posted_at + seen_after
        rows.append(row | {name: values[index] for name, values in columns.items()})
    return rows


def readings(counts: Sequence[int], *, account_id: str = "a") -> list[Row]:
    """One follower reading a day, from the day of the first post on."""
    return [
        {"account_id": account_id, "date": (FIRST + timedelta(days=day)).date(), "follower_count": count}
        for day, count in enumerate(counts)
    ]


def tables(rows: Sequence[Row] = (), followers: Sequence[Row] = (), accounts: Sequence[Row] = ()) -> Tables:
    """The contract's frames; accounts that the posts name are added."""
    known = {row["account_id"] for row in accounts}
    named = sorted({row["account_id"] for row in rows} - known)
    accounts = [*accounts, *(account(name) for name in named)]
    return Tables(_frame(ACCOUNTS, accounts), _frame(FOLLOWERS_DAILY, followers), _frame(POSTS, rows), COMMENTS.empty())


def features_of(
    rows: Sequence[Row], followers: Sequence[Row] = (), accounts: Sequence[Row] = ()
) -> dict[str, float | None]:
    """The features of the only account."""
    (row,) = compute_group(tables(rows, followers, accounts), "engagement").drop("account_id").to_dicts()
    return row


def _frame(contract: TableContract, rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=contract.schema).sort(contract.key)
