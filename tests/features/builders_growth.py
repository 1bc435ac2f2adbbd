"""Small tables for the growth and profile features: dicts in, contract frames out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any

import polars as pl

from features.compute import compute_group
from features.tables import ACCOUNTS, COMMENTS, FOLLOWERS_DAILY, POSTS, TableContract, Tables

FIRST_DAY = date(2024, 1, 1)
START = 10_001
"""A first count that no power of ten divides: the curve is exact."""

Row = dict[str, Any]


def account(account_id: str = "a", **columns: Any) -> Row:
    return {"account_id": account_id, "platform": "instagram"} | columns


def daily(gains: Sequence[int], *, start: int = START, account_id: str = "a", **columns: Sequence[int]) -> list[Row]:
    """One reading a day: `start`, then one after each gain. Further columns hold one value per reading."""
    return readings(list(enumerate(accumulate(gains, initial=start))), account_id=account_id, **columns)


def readings(counts: Iterable[tuple[int, int]], *, account_id: str = "a", **columns: Sequence[int]) -> list[Row]:
    """Readings as (day since `FIRST_DAY`, count)."""
    return [
        {"account_id": account_id, "date": FIRST_DAY + timedelta(days=day), "follower_count": count}
        | {name: values[index] for name, values in columns.items()}
        for index, (day, count) in enumerate(counts)
    ]


def post(day: float, *, account_id: str = "a", seen_after: float = 30.0, **columns: Any) -> Row:
    """A post published so many days after `FIRST_DAY`, and seen so many days later."""
    posted_at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day)
    row = {"account_id": account_id, "post_id": f"{day}", "posted_at": posted_at}
    return row | {"observed_at": posted_at + timedelta(days=seen_after)} | columns


def tables(accounts: Sequence[Row] = (), followers: Sequence[Row] = (), posts: Sequence[Row] = ()) -> Tables:
    """The contract's frames; accounts named in the other tables are added."""
    known = {row["account_id"] for row in accounts}
    named = sorted({row["account_id"] for row in (*followers, *posts)} - known)
    accounts = [*accounts, *(account(name) for name in named)]
    return Tables(
        _frame(ACCOUNTS, accounts), _frame(FOLLOWERS_DAILY, followers), _frame(POSTS, posts), _frame(COMMENTS, ())
    )


def values(tables: Tables, group: str = "growth") -> Row:
    """The features of the only account."""
    (row,) = compute_group(tables, group).drop("account_id").to_dicts()
    return row


def growth(followers: Sequence[Row], posts: Sequence[Row] = ()) -> Row:
    return values(tables(followers=followers, posts=posts))


def _frame(contract: TableContract, rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=contract.schema).sort(contract.key)
