"""What several feature groups need to know of an account besides its own rows."""

from __future__ import annotations

import polars as pl

from features.tables import INSTANT, Tables


def end_of_day(date_column: str) -> pl.Expr:
    """The instant at which a dated reading is known: the end of its UTC day."""
    return pl.col(date_column).cast(INSTANT) + pl.duration(days=1)


def with_account_context(tables: Tables) -> Tables:
    """Add to `accounts` what several groups need: `newest_at`, the account's own newest row, and `followers`.

    `newest_at` ends the account's windows, whatever other accounts or `as_of` show, so that an account scored alone
    and in a batch gets the same values. `followers` is the given count or, where that may not be used, the newest
    reading of `followers_daily`; null where neither is known.
    """
    newest = pl.concat(
        [
            tables.accounts.select("account_id", newest_at="observed_at"),
            tables.followers_daily.select("account_id", newest_at=end_of_day("date")),
            tables.posts.select("account_id", newest_at=pl.max_horizontal("posted_at", "observed_at")),
            tables.comments.select("account_id", newest_at="commented_at"),
        ]
    )
    newest = newest.group_by("account_id").agg(pl.col("newest_at").max())
    last_reading = tables.followers_daily.group_by("account_id").agg(
        last_reading=pl.col("follower_count").sort_by("date").last()
    )
    accounts = (
        tables.accounts.join(newest, on="account_id", how="left")
        .join(last_reading, on="account_id", how="left")
        .with_columns(followers=pl.coalesce("follower_count", "last_reading"))
        .drop("last_reading")
        .sort("account_id")
    )
    return Tables(accounts, tables.followers_daily, tables.posts, tables.comments)
