"""Small tables for the engagement features: lists of counts in, contract frames out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.compute import compute_group
from features.evidence import evidence
from features.tables import ACCOUNTS, COMMENTS, CONTRACTS, FOLLOWERS_DAILY, POSTS, TableContract, Tables

REAL = Path(__file__).parents[3] / "shared" / "real"

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


def value(name: str, rows: Sequence[Row], **others: Any) -> float | None:
    return features_of(rows, **others)[f"engagement_{name}"]


def number(name: str, rows: Sequence[Row], **others: Any) -> float:
    result = value(name, rows, **others)
    assert result is not None
    return result


def cited(name: str, rows: Sequence[Row], side: str = "high", **others: Any) -> list[tuple[str, str]]:
    """Post and text of each row behind one feature of the account 'a', strongest first."""
    wanted = pl.DataFrame({"account_id": ["a"], "feature": [f"engagement_{name}"], "side": [side]})
    return evidence(tables(rows, **others), wanted).select("key", "text").rows()


def cited_posts(name: str, rows: Sequence[Row], side: str = "high", **others: Any) -> list[int]:
    """Numbers of the posts behind one feature, strongest first."""
    return [int(key) for key, _ in cited(name, rows, side, **others)]


def _frame(contract: TableContract, rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=contract.schema).sort(contract.key)


# Accounts of known character ------------------------------------------------------------------------------------------


def honest(seed: int, size: int = 40, account_id: str = "a", scale: int = 1) -> list[Row]:
    """Likes lognormal with spread .34, comments negative binomial around them, views with a viral tail."""
    generator = np.random.default_rng(seed)
    interest = generator.normal(0, 0.34, size)
    likes = (650 * np.exp(interest)).astype(int)
    views = (14_000 * np.exp(interest + generator.normal(0, 0.3, size))).astype(int)
    comments = generator.negative_binomial(1.5, 1.5 / (1.5 + 20 * np.exp(interest)))
    likes, views, comments = ([int(each) * scale for each in counts] for counts in (likes, views, comments))
    return posts(likes, comments, views, account_id=account_id)


# Real accounts --------------------------------------------------------------------------------------------------------


def real(folder: str) -> Tables:
    if not (REAL / folder).exists():
        pytest.skip(f"real data '{folder}' is not beside the repository")
    return Tables(*(_read(folder, name) for name in ("accounts", "followers_daily", "posts", "comments")))


def _read(folder: str, name: str) -> pl.DataFrame:
    contract, path = CONTRACTS[name], REAL / folder / f"{name}.parquet"
    if not path.exists():
        return contract.empty()
    frame = pl.read_parquet(path).unique(list(contract.key), keep="first", maintain_order=True)
    given = [
        (pl.col(column) if column in frame.columns else pl.lit(None)).cast(dtype).alias(column)
        for column, dtype in contract.schema.items()
    ]
    return frame.select(given).sort(contract.key)
