"""Which table of the contract a table of an export is like, and which of its columns is which."""

from __future__ import annotations

from features.tables import CONTRACTS, Column
from pipeline.mapping.files import form_of
from pipeline.mapping.infer import ENOUGH, Read, dates_among, read_of
from pipeline.mapping.names import NAMES, TABLE_WORDS, TOTALS, plain, rank
from pipeline.mapping.nested import UP
from pipeline.mapping.shapes import Shape

WEIGHTS: dict[str, dict[str, float]] = {
    # How much a column says about which table it is in; assumed. Ids and names are in every table.
    "accounts": {
        "follower_count": 3,
        "following_count": 2,
        "post_count": 1,
        "biography": 2,
        "is_verified": 1,
        "country": 1,
    },
    "followers_daily": {"date": 2, "follower_count": 3},
    "posts": {"posted_at": 2, "like_count": 2, "view_count": 2, "comment_count": 2, "caption": 1, "post_id": 1},
    "comments": {"text": 3, "comment_id": 2, "commenter_id": 1, "commented_at": 1},
    "labels": {"is_inauthentic": 6},
}
NAMED = 3.0
"""Weight of a file, sheet or list that is named after the table; assumed."""

DAILY = "followers_daily"

FEWEST_DAYS, FEWEST_ACCOUNTS = 3, 2
"""Headers that are dates, or columns of numbers beside one of dates, from which on a table is laid out across."""

LATER = ("platform", "account_id", "post_id", "comment_id")
"""Required columns that are told from more than a name, or that a person is asked for."""

AROUND = ("account_id", "post_id", "observed_at")
"""Columns that may stand around the row: a count of the account's is none of the post's."""


def assigned(shapes: list[Shape]) -> dict[str, Shape]:
    """Table to the shape that is most like it; each shape is one table."""
    scored = [
        (_likeness(table, shape), -order, table, shape) for order, shape in enumerate(shapes) for table in CONTRACTS
    ]
    chosen: dict[str, Shape] = {}
    for points, _, table, shape in sorted(scored, key=lambda each: (-each[0], -each[1], each[2])):
        if points > 0 and table not in chosen and all(shape is not taken for taken in chosen.values()):
            chosen[table] = shape
    return chosen


def _likeness(table: str, shape: Shape) -> float:
    """How much a shape is like a table; 0 where it lacks what the table cannot be without."""
    named_so = NAMED if any(plain(word) in plain(shape.words) for word in TABLE_WORDS[table].split()) else 0.0
    if shape.across is not None:
        return 2 * NAMED + named_so if table == "followers_daily" else 0.0
    named = named_columns(table, shape)
    needed = [column for column in CONTRACTS[table].required if column not in LATER]
    if any(column not in named for column in needed) or not any(column in named for column in WEIGHTS[table]):
        return 0.0
    points = sum(weight for column, weight in WEIGHTS[table].items() if column in named)
    if table in ("accounts", "followers_daily"):
        # One row an account, or many: the same columns may be either.
        ids = ids_of(table, shape)
        repeats = bool(ids) and len(set(shape.cells[ids[0]])) < shape.height
        if not ids:
            repeats = shape.height > len(shape.parts)
        points += (NAMED if repeats else -NAMED) * (1 if table == "followers_daily" else -1)
    return points + named_so if points > 1 else 0.0


def named_columns(table: str, shape: Shape) -> dict[str, str]:
    """Column of the contract to the shape's column whose name and cells fit best; each is used once."""
    found = []
    for order, column in enumerate(CONTRACTS[table].columns):
        for place, name in enumerate(shape.cells):
            likelihood = rank(table, column.name, name)
            if name.startswith(UP) and column.name not in AROUND:
                continue
            if likelihood is not None and fits(shape, table, column.name, name):
                found.append((name.count(UP), likelihood, order, place, column.name, name))
    chosen: dict[str, str] = {}
    for *_, target, name in sorted(found):
        if target not in chosen and (name not in chosen.values() or target in ("account_id", "handle")):
            chosen[target] = name
    return chosen


def ids_of(table: str, shape: Shape) -> list[str]:
    """Columns that may hold the account's id, the likeliest first."""
    ranked = []
    for place, name in enumerate(shape.cells):
        ranks = [rank(each, "account_id", name) for each in (table, "accounts")]
        likely = [each for each in ranks if each is not None]
        if likely:
            ranked.append((min(likely), place, name))
    return [name for *_, name in sorted(ranked)]


def laid_out_across(shape: Shape) -> tuple[str, list[str]] | None:
    """Whether a shape is laid out across: what its headers hold, and which of them."""
    if form_of(shape.parts[0]) == "json":
        return None
    days = dates_among(list(shape.cells))
    if len(days) >= FEWEST_DAYS:
        return "date", days
    dates = [name for name in shape.cells if rank(DAILY, "date", name) is not None and fits(shape, DAILY, "date", name)]
    others = [name for name in shape.cells if name not in dates and plain(name) not in TOTALS]
    named = any(rank(table, column, name) is not None for table in NAMES for column in NAMES[table] for name in others)
    if len(dates) != 1 or len(others) < FEWEST_ACCOUNTS or named:
        return None
    counts = all(any(shape.cells[name]) and fits(shape, DAILY, "follower_count", name) for name in others)
    return ("account_id", others) if counts else None


def reading_of(shape: Shape, table: str, column: str, name: str) -> Read:
    """How a column of a shape is read as one of the contract; remembered, since reading costs more than asking."""
    key = (f"{table}.{column}", name)
    if key not in shape.reads:
        shape.reads[key] = read_of(declared(table, column), name, shape.cells[name])
    read: Read = shape.reads[key]
    return read


def fits(shape: Shape, table: str, column: str, name: str) -> bool:
    """Whether the cells of a column can be one of the contract."""
    return reading_of(shape, table, column, name).fits >= ENOUGH


def declared(table: str, column: str) -> Column:
    """The declaration of a column of the contract."""
    return next(each for each in CONTRACTS[table].columns if each.name == column)
