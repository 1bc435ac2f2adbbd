"""A small dataset as rows of Python values, before anybody wrote it to a file.

A cell is a plain value of its column's type, None, or `Odd`: what a file shows in its place, and what that means.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

from features.tables import CONTRACTS, FORMATS, NICHES, PLATFORMS, TableContract

START = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
"""First day of every dataset; any would do."""

TEXTS = (
    "so nice",
    "love this",
    'she said "wow", twice',
    "two\nlines",
    "😍😍",
    "Ça va, où ?",
    "12",
    "null",
    "follow me, please",
    "great shot, where was it taken?",
    "",
)


class Reading(Enum):
    """What becomes of a cell that has no plain meaning."""

    UNREADABLE = "no value of the column's type"
    ILLEGAL = "a value of the type that no row of the contract may have"


@dataclass(frozen=True, slots=True)
class Odd:
    """A cell as somebody might write it.

    Attributes:
        text: what a file of text shows; a Parquet file has the column as text.
        meaning: the plain value that it is read as, None, or a `Reading`.
        json: the JSON value; None: the text as a JSON string.
        arrow: (type, physical whole number), for a Parquet file alone, in place of the text.
    """

    text: str
    meaning: Any
    json: str | None = None
    arrow: tuple[str, int] | None = None


@dataclass(slots=True)
class Row:
    """One row of a table.

    Attributes:
        cells: by column; absent is None.
        cut: cells that were taken off its end, in a file of separated cells.
        raw: a line that is no row of the table at all, as it stands in the file; its cells say nothing.
    """

    cells: dict[str, Any]
    cut: int = 0
    raw: str | None = None

    def copy(self) -> Row:
        """The same, to be changed."""
        return Row(dict(self.cells), self.cut, self.raw)


@dataclass(slots=True)
class Content:
    """One table and how it is written.

    Attributes:
        form: a key of `pipeline.reading.FORMS`.
        parts: files in a folder of the table's name; 0: a single file of it.
        columns: in the order of the file; repeated where a mutation repeated them.
        names: how the file names a column, where it does otherwise.
        storage: Arrow type of a column in a Parquet file, where it is not its own.
        missing: part to columns that it lacks.
        newline: of a file of separated cells.
        damage: functions of bytes, by number of the part, applied to the finished file in turn.
        fatal: why the table cannot be used, where a mutation saw to that.
        unknown: why nobody can say what becomes of its rows, likewise.
    """

    contract: TableContract
    rows: list[Row]
    form: str
    parts: int = 0
    columns: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    storage: dict[str, str] = field(default_factory=dict)
    missing: dict[int, set[str]] = field(default_factory=dict)
    newline: str = "\n"
    damage: dict[int, list[Any]] = field(default_factory=dict)
    fatal: str = ""
    unknown: str = ""

    @property
    def kind(self) -> str:
        """The form without its packing: parquet, csv or jsonl."""
        return self.form.split(".")[1]

    def part_rows(self) -> list[list[Row]]:
        """The rows of each file."""
        if self.parts == 0:
            return [self.rows]
        return [self.rows[number :: self.parts] for number in range(self.parts)]


@dataclass(slots=True)
class Dataset:
    """The tables, and with which `--as-of` they are scored."""

    tables: dict[str, Content]
    as_of: datetime | None = None
    renamed: dict[str, str] = field(default_factory=dict)
    """New account id to the one that it replaced everywhere."""
    mutations: list[str] = field(default_factory=list)


def base_rows(seed: int) -> dict[str, list[Row]]:
    """A clean dataset of three to eight accounts; tables besides `accounts` may be missing."""
    draw = random.Random(seed)
    ids = [f"account-{number}" for number in range(draw.randint(3, 8))]
    days, posts, comments = draw.randint(5, 30), draw.randint(1, 6), draw.randint(4, 24)
    level = {each: draw.randint(250, 90_000) for each in ids}
    rows = {"accounts": [_account(draw, each, level[each], days) for each in ids]}
    observed = {
        "followers_daily": lambda: [_reading(draw, each, day, level) for each in ids for day in range(days)],
        "posts": lambda: [_post(draw, each, post, level[each]) for each in ids for post in range(posts)],
        "comments": lambda: [_comment(draw, each, number, posts) for each in ids for number in range(comments)],
        "labels": lambda: [{"account_id": each, "is_inauthentic": draw.random() < 0.3} for each in ids],
    }
    for table, make in observed.items():
        if draw.random() < (0.3 if table == "labels" else 0.8):
            rows[table] = make()
    return {table: [Row(cells) for cells in content] for table, content in rows.items()}


def _account(draw: random.Random, account_id: str, followers: int, days: int) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "platform": draw.choice(PLATFORMS),
        "handle": f"@{account_id}",
        "follower_count": followers,
        "following_count": draw.choice([None, draw.randint(0, 5_000)]),
        "post_count": draw.choice([None, draw.randint(0, 900)]),
        "observed_at": START + timedelta(days=days, hours=draw.randint(0, 30)),
        "created_on": draw.choice([None, date(2019, 2, 28) + timedelta(days=draw.randint(0, 900))]),
        "is_verified": draw.choice([None, True, False]),
        "is_business": draw.choice([None, True, False]),
        "niche": draw.choice([None, *NICHES]),
        "language": draw.choice([None, "en", "pt-BR"]),
        "country": draw.choice([None, "DE"]),
        "biography": draw.choice([None, "a, b\nand c", "travel 🌍"]),
    }


def _reading(draw: random.Random, account_id: str, day: int, level: dict[str, int]) -> dict[str, Any]:
    level[account_id] += draw.randint(-20, 60)
    return {
        "account_id": account_id,
        "date": START.date() + timedelta(days=day),
        "follower_count": level[account_id],
        "following_count": draw.choice([None, 300 + day]),
    }


def _post(draw: random.Random, account_id: str, post: int, followers: int) -> dict[str, Any]:
    posted_at = START + timedelta(days=3 * post, seconds=draw.randint(0, 80_000), microseconds=draw.choice([0, 7]))
    return {
        "account_id": account_id,
        "post_id": f"post-{post}",
        "posted_at": posted_at,
        "observed_at": draw.choice([None, posted_at + timedelta(days=draw.randint(1, 9))]),
        "format": draw.choice([None, *FORMATS]),
        "like_count": draw.choice([None, draw.randint(0, followers // 5)]),
        "comment_count": draw.randint(0, 80),
        "view_count": draw.choice([None, draw.randint(0, 2 * followers)]),
        "caption": draw.choice([None, *TEXTS[:-1]]),
        "is_sponsored": draw.choice([None, True, False]),
    }


def _comment(draw: random.Random, account_id: str, number: int, posts: int) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "post_id": f"post-{number % posts}",
        "comment_id": f"comment-{number}",
        "commenter_id": draw.choice([None, account_id, f"fan-{draw.randint(0, 9)}"]),
        "commented_at": draw.choice([None, START + timedelta(hours=5 * number, seconds=draw.randint(0, 9_000))]),
        "text": draw.choice(TEXTS),
        "like_count": draw.choice([None, draw.randint(0, 40)]),
    }


def written(rows: dict[str, list[Row]], form: str = ".parquet", parts: int = 0) -> Dataset:
    """The rows as a dataset in one form, nothing of it damaged."""
    return Dataset(
        {
            table: Content(
                CONTRACTS[table], [row.copy() for row in content], form, parts, list(CONTRACTS[table].schema)
            )
            for table, content in rows.items()
        }
    )
