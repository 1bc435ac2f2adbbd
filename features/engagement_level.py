"""How much engagement a post draws: not a feature (it is mostly size), but what a price is compared with."""

from __future__ import annotations

import polars as pl

from features.context import ACCOUNT, with_account_context
from features.sufficiency import settled_posts
from features.tables import Tables


def engagement_per_post(tables: Tables) -> pl.DataFrame:
    """`account_id` and `engagement_per_post`: mean likes plus comments over posts old enough to count, sorted.

    Null where no such post shows its likes. A post whose comments are unknown counts its likes alone.
    """
    shown = pl.col("like_count") + pl.col("comment_count").fill_null(0)
    tables = with_account_context(tables)
    of_account = settled_posts(tables).group_by(ACCOUNT, maintain_order=True).agg(engagement_per_post=shown.mean())
    result = tables.accounts.select(ACCOUNT, "account_id").join(
        of_account, on=ACCOUNT, how="left", maintain_order="left"
    )
    return result.drop(ACCOUNT)
