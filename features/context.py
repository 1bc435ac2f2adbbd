"""What several feature groups need to know of an account besides its own rows."""

from __future__ import annotations

import numpy as np
import polars as pl

from features.tables import CONTRACTS, INSTANT, OBSERVED_TABLES, Tables


def end_of_day(date_column: str) -> pl.Expr:
    """The instant at which a dated reading is known: the end of its UTC day."""
    return pl.col(date_column).cast(INSTANT) + pl.duration(days=1)


ACCOUNT = "account"
"""Column of every table: the account's row in `accounts`, counted from 0. Sorted, so that a group is a slice."""


def with_account_context(tables: Tables) -> Tables:
    """Add to `accounts` what several groups need: `newest_at`, the account's own newest row, and `followers`.

    Every table is put in the order of its key if it is not, and gets `account` (UInt32, sorted): grouping by it, or a
    window over it, costs a tenth of what the id costs. The result is made once and kept with the tables; tables that
    have it come back as they are.

    `newest_at` ends the account's windows, whatever other accounts or `as_of` show, so that an account scored alone
    and in a batch gets the same values. `followers` is the given count or, where that may not be used, the newest
    reading of `followers_daily`; null where neither is known.
    """
    if ACCOUNT in tables.accounts.columns:
        return tables
    return tables.once("context", lambda: _with_account_context(tables))


def _with_account_context(tables: Tables) -> Tables:
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
        .with_row_index(ACCOUNT)
    )
    return Tables(accounts, *(_in_order(tables, name, accounts) for name in OBSERVED_TABLES))


def _in_order(tables: Tables, name: str, accounts: pl.DataFrame) -> pl.DataFrame:
    """The table sorted by its key, with `account`; rows of no account are left out, as no group can hold them."""
    table: pl.DataFrame = getattr(tables, name)
    first, second = CONTRACTS[name].key
    follows = (pl.col(first) < pl.col(first).shift(-1)) | (
        (pl.col(first) == pl.col(first).shift(-1)) & (pl.col(second) < pl.col(second).shift(-1))
    )
    if not table.select(follows.all()).item():
        table = table.sort(first, second)
    starts = table[first].search_sorted(accounts["account_id"], side="left")
    ends = table[first].search_sorted(accounts["account_id"], side="right")
    rows = ends.to_numpy().astype(np.int64) - starts.to_numpy()
    if rows.sum() != table.height:
        table = table.join(accounts, on="account_id", how="semi", maintain_order="left")
    codes = pl.Series(ACCOUNT, np.repeat(accounts[ACCOUNT].to_numpy(), rows), dtype=pl.UInt32)
    return table.with_columns(codes.set_sorted())
