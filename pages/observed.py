"""One account's rows as its page needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from features.compute import frame
from features.context import with_account_context
from features.tables import Tables
from features.text import text_pass


@dataclass(frozen=True, slots=True)
class Observed:
    """One account's rows and frames.

    Attributes:
        account: its row of `accounts`, with `newest_at`.
        readings, posts, comments: its rows of the tables, comments with `text_key`, `said_words` and `lag_hours`.
        measured: its rows of the engagement features' frame: settled posts with what is expected of them.
    """

    account: dict[str, Any]
    readings: pl.DataFrame
    posts: pl.DataFrame
    comments: pl.DataFrame
    measured: pl.DataFrame


def observed(tables: Tables) -> dict[str, Observed]:
    """Every account of some clean tables by its id."""
    tables = with_account_context(tables)
    texts = text_pass(tables.comments["text"])
    instants = tables.posts.select("account_id", "post_id", "posted_at")
    lag = (pl.col("commented_at") - pl.col("posted_at")).dt.total_seconds(fractional=True) / 3600
    comments = (
        tables.comments.with_columns(
            text_key=pl.Series(texts.text_key), said_words=pl.Series(texts.list_length.astype(np.int64))
        )
        .join(instants, on=["account_id", "post_id"], how="left", maintain_order="left")
        .with_columns(lag_hours=pl.when(lag >= 0).then(lag))
    )
    rows = {
        "readings": tables.followers_daily,
        "posts": tables.posts,
        "comments": comments,
        "measured": frame(tables, "engagement", "posts"),
    }
    parts = {name: table.partition_by("account_id", as_dict=True) for name, table in rows.items()}
    nothing = {name: table.clear() for name, table in rows.items()}
    return {
        row["account_id"]: Observed(
            row, **{name: parts[name].get((row["account_id"],), nothing[name]) for name in parts}
        )
        for row in tables.accounts.iter_rows(named=True)
    }


def by_others(comments: pl.DataFrame) -> pl.DataFrame:
    """The comments without the account's own replies; an unknown author counts as somebody else."""
    return comments.filter(pl.col("commenter_id").ne_missing(pl.col("account_id")))
