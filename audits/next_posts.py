"""What the next posts draw, against two ways to say it beforehand: the mean of all posts, the median of the newest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from features.engagement_level import NEWEST_POSTS
from features.sufficiency import settled_posts
from features.tables import Tables

NEXT_POSTS = 5
"""Newest posts of an account, whose mean is to be foretold."""

REPLICATES, SEED, CONFIDENCE = 2000, 0, 0.90


def next_posts(tables: Tables) -> dict[str, Any] | None:
    """By which factor two forecasts are off the mean likes and comments of an account's `NEXT_POSTS` newest posts.

    Made of the settled posts before them that show their likes, of accounts with more than `NEWEST_POSTS` of these.
    Half a like is added to either side, so that zero has a logarithm.

    Returns:
        `accounts`; by name of the forecast its `factor`, exp of the mean absolute difference in ln, `lower` and `upper`
        (90 %, bootstrap over accounts), and `bias`, exp of the median difference: above 1 it says too much. None where
        no account has posts enough.
    """
    drew = pl.col("like_count") + pl.col("comment_count").fill_null(0)
    rows = settled_posts(tables).select("account_id", "posted_at", "post_id", drew=drew).drop_nulls("drew")
    drawn = rows.sort("posted_at", "post_id").group_by("account_id", maintain_order=True).agg("drew")
    off: dict[str, list[float]] = {"mean of all before": [], f"median of the {NEWEST_POSTS} before": []}
    for account in sorted(drawn.iter_rows()):
        before, after = np.array(account[1][:-NEXT_POSTS]), np.array(account[1][-NEXT_POSTS:])
        if before.size > NEWEST_POSTS:
            forecasts = (before.mean(), np.median(before[-NEWEST_POSTS:]))
            for name, forecast in zip(off, forecasts, strict=True):
                off[name].append(math.log((forecast + 0.5) / (after.mean() + 0.5)))
    accounts = len(next(iter(off.values())))
    if not accounts:
        return None
    picks = np.random.default_rng(SEED).integers(accounts, size=(REPLICATES, accounts))
    return {"accounts": accounts} | {name: _summed_up(np.array(values), picks) for name, values in off.items()}


def _summed_up(off: np.ndarray, picks: np.ndarray) -> dict[str, float]:
    """The factor with its interval, and the bias."""
    tail = (1 - CONFIDENCE) / 2
    lower, upper = np.quantile(np.abs(off)[picks].mean(axis=1), (tail, 1 - tail))
    return {
        "factor": round(math.exp(np.abs(off).mean()), 3),
        "lower": round(math.exp(lower), 3),
        "upper": round(math.exp(upper), 3),
        "bias": round(math.exp(float(np.median(off))), 3),
    }
