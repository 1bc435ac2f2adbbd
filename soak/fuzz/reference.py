"""What must become of every row of a dataset, by the words of the data contract and by nothing of the product.

Rows are Python dicts and the rules are loops: slow, plain, and written apart from `pipeline/`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from features.tables import INSTANT, Column
from soak.fuzz.content import Content, Dataset, Odd, Reading, Row

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LARGEST_COUNT = 100_000_000_000
MAX_SHARE, MIN_ROWS = 0.05, 20
FEWEST_OF_A_WRONG_TYPE = 3


@dataclass(slots=True)
class Fate:
    """What became of a table's rows; `used` by account, as the values that they have."""

    rows_in: int = 0
    quarantined: int = 0
    duplicates_collapsed: int = 0
    out_of_scope: int = 0
    after_as_of: int = 0
    used: dict[str, list[tuple[Any, ...]]] = field(default_factory=lambda: defaultdict(list))
    wrong_type: bool = False

    def counts(self) -> dict[str, int]:
        """As summary.json has them."""
        names = ("rows_in", "quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of")
        return {name: getattr(self, name) for name in names} | {"used": sum(map(len, self.used.values()))}


@dataclass(slots=True)
class Expectation:
    """What must become of a dataset.

    `exit_code` and `fates` of tables are None where a mutation made them unforeseeable.
    """

    exit_code: int | None
    fates: dict[str, Fate | None]
    fatal: list[str]


def expected(dataset: Dataset) -> Expectation:
    """What must become of the dataset."""
    fates: dict[str, Fate | None] = {}
    members: set[str] | None = set()
    for table, content in dataset.tables.items():
        known = not content.fatal and not content.unknown and members is not None and not _without_objects(content)
        fate = _fate(content, dataset.as_of, None if table == "accounts" else members) if known else None
        fates[table] = fate
        if table == "accounts":
            members = None if fate is None else set(fate.used)
    fatal = [table for table, content in dataset.tables.items() if content.fatal]
    fatal += [table for table, fate in fates.items() if fate is not None and fate.wrong_type]
    unforeseeable = any(fate is None for fate in fates.values())
    if fatal:
        return Expectation(2, fates, fatal)
    excess = any(fate is not None and _too_many(fate) for fate in fates.values())
    return Expectation(None if unforeseeable else 3 if excess else 0, fates, [])


def _without_objects(content: Content) -> bool:
    """Whether a file of JSON lines holds none that was meant as a row: it may then be no such file at all."""
    return content.kind == "jsonl" and any(rows and all(row.raw for row in rows) for rows in content.part_rows())


def _too_many(fate: Fate) -> bool:
    counts = fate.counts()
    in_scope = counts["used"] + fate.quarantined + fate.duplicates_collapsed
    return fate.quarantined >= MIN_ROWS and fate.quarantined > MAX_SHARE * in_scope


def _fate(content: Content, as_of: datetime | None, members: set[str] | None) -> Fate:
    contract, fate = content.contract, Fate()
    filled: dict[str, int] = defaultdict(int)
    unreadable: dict[str, int] = defaultdict(int)
    by_key: dict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for number, rows in enumerate(content.part_rows()):
        lacking = content.missing.get(number, set()) | (set(contract.schema) - set(content.columns))
        for row in rows:
            fate.rows_in += 1
            values = [_meaning(content, row, column, lacking) for column in contract.columns]
            for column, value in zip(contract.columns, values, strict=True):
                filled[column.name] += value is not None
                unreadable[column.name] += value is Reading.UNREADABLE
            by_name = dict(zip(contract.schema, values, strict=True))
            account_id = by_name["account_id"]
            if members is not None and account_id is not None and account_id not in members:
                fate.out_of_scope += 1
            elif account_id is not None and _is_late(by_name, contract.known_by, as_of):
                fate.after_as_of += 1
            elif row.raw is not None or row.cut or not _is_legal(contract.columns, values):
                fate.quarantined += 1
            else:
                by_key[tuple(by_name[name] for name in contract.key)].append(
                    tuple(_kept(by_name, contract.name, as_of))
                )
    for rows_of_key in by_key.values():
        distinct = list(dict.fromkeys(rows_of_key))
        fate.duplicates_collapsed += len(rows_of_key) - len(distinct)
        if len(distinct) == 1:
            fate.used[distinct[0][0]] += distinct
        else:
            fate.quarantined += len(distinct)
    fate.wrong_type = any(
        cells >= FEWEST_OF_A_WRONG_TYPE and unreadable[name] == cells for name, cells in filled.items()
    )
    if contract.name == "accounts" and fate.rows_in == 0:
        fate.wrong_type = True  # a table without an account cannot be used either
    return fate


def _meaning(content: Content, row: Row, column: Column, lacking: set[str]) -> Any:
    if row.raw is not None or column.name in lacking:
        return None
    if row.cut > 0 and column.name in content.columns[-row.cut :]:
        return None
    cell = row.cells.get(column.name)
    value = cell.meaning if isinstance(cell, Odd) else cell
    if isinstance(value, str) and column.name != "text" and not value.strip():
        return None
    if isinstance(value, str) and column.allowed is not None:
        value = value.strip().lower()
        return value if value in column.allowed else "other"
    return value


def _is_late(row: dict[str, Any], known_by: str | None, as_of: datetime | None) -> bool:
    known = row.get(known_by) if known_by else None
    if as_of is None or known is None or isinstance(known, Reading):
        return False
    if not isinstance(known, datetime):  # a day is known at its end; counted back, since no day follows the last
        return datetime(known.year, known.month, known.day, tzinfo=UTC) > as_of - timedelta(days=1)
    return known > as_of


def _is_legal(columns: tuple[Column, ...], values: list[Any]) -> bool:
    for column, value in zip(columns, values, strict=True):
        if isinstance(value, Reading) or (value is None and column.required):
            return False
        if value is None:
            continue
        if column.dtype == INSTANT and not FIRST <= value < LAST:
            return False
        if column.dtype == pl.Date and not FIRST.date() <= value < LAST.date():
            return False
        if column.dtype == pl.Int64 and not 0 <= value <= LARGEST_COUNT:
            return False
        if column.dtype == pl.Float64 and not 0 <= value <= 1:
            return False
    return True


def _kept(row: dict[str, Any], table: str, as_of: datetime | None) -> list[Any]:
    """The values as they may be used: what was observed after `as_of` is not."""
    observed_at = row.get("observed_at")
    if as_of is not None and table in ("accounts", "posts") and observed_at is not None and observed_at > as_of:
        counts = ("following_count", "post_count", "like_count", "comment_count", "view_count", "observed_at")
        row = {name: None if name in counts else value for name, value in row.items()}
        if table == "accounts":
            row["follower_count"] = (row["follower_count"],)  # kept for the output alone
    created_on = row.get("created_on")
    if as_of is not None and isinstance(created_on, date) and created_on > as_of.date():
        row = row | {"created_on": None}
    return list(row.values())
