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
    accounts = tables.accounts.sort("account_id").with_row_index(ACCOUNT)
    ordered = {name: _in_order(tables, name, accounts) for name in OBSERVED_TABLES}
    newest = {
        "followers_daily": {"last_day": pl.col("date").last(), "last_reading": pl.col("follower_count").last()},
        "posts": {"last_post": pl.col("posted_at").max(), "last_count": pl.col("observed_at").max()},
        "comments": {"last_comment": pl.col("commented_at").max()},
    }
    for name, columns in newest.items():
        of_account = ordered[name].group_by(ACCOUNT, maintain_order=True).agg(**columns)
        accounts = accounts.join(of_account, on=ACCOUNT, how="left", maintain_order="left")
    instants = ("observed_at", end_of_day("last_day"), "last_post", "last_count", "last_comment")
    accounts = accounts.with_columns(
        newest_at=pl.max_horizontal(*instants), followers=pl.coalesce("follower_count", "last_reading")
    ).drop(name for columns in newest.values() for name in columns)
    return Tables(accounts, **ordered)


def _in_order(tables: Tables, name: str, accounts: pl.DataFrame) -> pl.DataFrame:
    """The table sorted by its key, with `account`; rows of no account are left out, as no group can hold them."""
    table: pl.DataFrame = getattr(tables, name)
    first, second = CONTRACTS[name].key
    if not table[first].is_sorted():
        table = table.sort(first, second)
    starts = table[first].search_sorted(accounts["account_id"], side="left")
    ends = table[first].search_sorted(accounts["account_id"], side="right")
    rows = ends.to_numpy().astype(np.int64) - starts.to_numpy()
    if rows.sum() != table.height:
        table = table.join(accounts, on="account_id", how="semi", maintain_order="left")
    codes = pl.Series(ACCOUNT, np.repeat(accounts[ACCOUNT].to_numpy(), rows), dtype=pl.UInt32)
    # In one chunk: columns chunked otherwise than `account` would be copied by every later operation.
    table = table.rechunk().with_columns(codes.set_sorted())
    follows = (pl.col(second) > pl.col(second).shift()) | (pl.col(ACCOUNT) != pl.col(ACCOUNT).shift())
    if table.select(follows.all()).item():
        return table
    # A sort by several columns is slow, so it is done only where the rows are not in order already.
    return table.sort(ACCOUNT, second).with_columns(pl.col(ACCOUNT).set_sorted())


def of_accounts(rows: pl.DataFrame, accounts: pl.Series, *columns: str) -> pl.DataFrame:
    """`account` and these columns of the rows of the accounts of these codes, in the order they are in."""
    codes, asked = rows[ACCOUNT].to_numpy(), accounts.to_numpy()
    is_asked = np.zeros(int(max(codes.max(initial=0), asked.max(initial=0))) + 1, dtype=np.bool_)
    is_asked[asked] = True
    chosen = rows.select(ACCOUNT, *columns).filter(pl.Series(is_asked[codes]))
    return chosen.with_columns(pl.col(ACCOUNT).set_sorted())
