"""The second pass over a bucket: no duplicate, no conflict, no glitch, sorted by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from features.context import end_of_day
from features.tables import INSTANT, TableContract


@dataclass(frozen=True, slots=True)
class CleanBucket:
    """One bucket as it is written, and what was taken out of it: rows in conflict, duplicates, glitches."""

    rows: pl.DataFrame
    conflicts: pl.DataFrame
    collapsed: int
    repaired: int


def clean_bucket(rows: pl.DataFrame, contract: TableContract) -> CleanBucket:
    """One bucket without duplicates, conflicts and glitches, sorted by key."""
    key = list(contract.key)
    rows = _sorted(rows, contract)
    repeated = rows.select(_repeats(key)).to_series()
    conflicts, collapsed = rows.clear(), 0
    if repeated.any():
        suspects = rows.filter(repeated)
        distinct = suspects.unique()
        collapsed = suspects.height - distinct.height
        clash = distinct.select(pl.struct(key).is_duplicated()).to_series()
        conflicts = distinct.filter(clash)
        rows = _sorted(pl.concat([rows.filter(~repeated), distinct.filter(~clash)]), contract)
    repaired = 0
    if contract.name == "followers_daily":
        clean = rows.filter(~_glitch())
        repaired, rows = rows.height - clean.height, clean
    return CleanBucket(rows, conflicts, collapsed, repaired)


def _sorted(rows: pl.DataFrame, contract: TableContract) -> pl.DataFrame:
    """The rows by key: accounts first, by number, then each account's own. That takes a quarter of sorting by texts."""
    account, *rest = contract.key
    if not rest:
        return rows.sort(account)
    number = rows[account].cast(pl.Enum(rows[account].unique().sort())).to_physical()
    places = rows.select(rest).with_columns(number=number).with_row_index("place").sort("number")
    order = places.group_by("number", maintain_order=True).agg(pl.col("place").sort_by(rest))
    return rows[order["place"].explode()]


def _repeats(key: list[str]) -> pl.Expr:
    """Whether a row of a sorted frame has the key of a neighbour."""
    same_as_former = pl.all_horizontal((pl.col(name) == pl.col(name).shift(1)).fill_null(False) for name in key)
    same_as_next = pl.all_horizontal((pl.col(name) == pl.col(name).shift(-1)).fill_null(False) for name in key)
    return same_as_former | same_as_next


def _glitch() -> pl.Expr:
    """A single reading of 0 between two of the same account above 0: a tracker's fault, not a loss of everybody."""
    count, account = pl.col("follower_count"), pl.col("account_id")
    former = (count.shift(1) > 0) & (account.shift(1) == account)
    following = (count.shift(-1) > 0) & (account.shift(-1) == account)
    return ((count == 0) & former & following).fill_null(False)


def newest_instant(rows: pl.DataFrame, contract: TableContract) -> datetime | None:
    """The newest instant at which something of the rows became known; null for labels, which are no observation."""
    if contract.name == "labels":
        return None
    instants = [pl.col(name).max() for name, dtype in contract.schema.items() if dtype == INSTANT]
    if "date" in contract.schema:
        instants.append(end_of_day("date").max())
    newest = rows.select(pl.max_horizontal(instants)).item()
    return newest if isinstance(newest, datetime) else None
