"""A mapping proposed for a folder: which table is where, which column is which, and why.

Nothing that changes the meaning is guessed: where the cells allow two readings, the mapping holds `undecided`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.tables import CONTRACTS, PLATFORMS, Column, TableContract
from pipeline.mapping.files import form_of, shown, stem_of
from pipeline.mapping.infer import ENOUGH, Read, date_format, dates_among, read_of
from pipeline.mapping.names import NAMES, PLATFORM_WORDS, TABLE_WORDS, TOTALS, plain, rank
from pipeline.mapping.nested import UP
from pipeline.mapping.shapes import Shape, shapes_of
from pipeline.mapping.specification import UNDECIDED

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

LONGEST_ADDRESS = 200
"""Characters of a cell in which an address of a platform is looked for: longer ones are texts."""

LATER = ("platform", "account_id", "post_id", "comment_id")
"""Required columns that are told from more than a name, or that a person is asked for."""

AROUND = ("account_id", "post_id", "observed_at")
"""Columns that may stand around the row: a count of the account's is none of the post's."""

OF_ONE_KIND = 0.1
"""Weight of ids that are of one kind, beside the shares of ids that are found in other tables; assumed."""


@dataclass(slots=True)
class Guess:
    """Where one column comes from, and why.

    Attributes:
        table, column: of the contract.
        spec: what the mapping says of it; None: not found.
        why: the grounds, with cells.
        question: what only a person can decide; None: nothing.
        choices: answers, each in words and as a `spec`.
    """

    table: str
    column: str
    spec: Any
    why: str
    question: str | None = None
    choices: list[tuple[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Proposal:
    """A mapping with its grounds.

    Attributes:
        places: table to where it is (file, sheet, rows, ...), and `wide` where it is laid out across.
        guesses: column by column, in the order of the contract.
        notes: what of the folder is not mapped, and why.
    """

    places: dict[str, dict[str, Any]] = field(default_factory=dict)
    guesses: list[Guess] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def open_questions(self) -> list[Guess]:
        """What a person has to decide before the mapping can be used."""
        return [guess for guess in self.guesses if guess.question is not None]


def propose(root: Path) -> Proposal:
    """The mapping that the names and cells of a folder suggest."""
    shapes, refused = shapes_of(root)
    for shape in shapes:
        shape.across = _across(shape)
    proposal = Proposal(notes=[f"not read: {each}." for each in refused])
    chosen = _assigned(shapes)
    named: dict[str, dict[str, str]] = {}
    for table, shape in chosen.items():
        named[table] = _named(table, shape) if shape.across is None else {}
    _join(chosen, named)
    for table in (table for table in CONTRACTS if table in chosen):
        shape = chosen[table]
        proposal.places[table] = dict(shape.place)
        proposal.guesses += _columns(table, shape, named[table], proposal.places[table], shapes, root.resolve().name)
        used = {*named[table].values()}
        unused = [name for name in shape.cells if name not in used and not name.startswith(UP)]
        if unused and "wide" not in proposal.places[table]:
            proposal.notes.append(f"{table}: not used of {shape.name}: {shown(unused)}.")
    if "accounts" not in chosen and "followers_daily" in chosen:
        proposal.places = {"accounts": {"from_table": "followers_daily"}, **proposal.places}
        proposal.guesses.insert(0, _platform(None, shapes, root.resolve().name))
        proposal.notes.append("accounts: no table of accounts was found: one for each id of the tracker.")
    elif "accounts" not in chosen:
        proposal.notes.append(
            "accounts: no table of accounts was found. A column of follower counts and one of ids tell it."
        )
    files = {str(shape.place["file"]) for shape in chosen.values() if "sheet" not in shape.place}
    for shape in shapes:
        # A list inside of records that are read is no file that was forgotten.
        if all(shape is not each for each in chosen.values()) and str(shape.place["file"]) not in files:
            proposal.notes.append(f"not mapped: {shape.name}.")
    return proposal


def _assigned(shapes: list[Shape]) -> dict[str, Shape]:
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
    named = _named(table, shape)
    needed = [column for column in CONTRACTS[table].required if column not in LATER]
    if any(column not in named for column in needed) or not any(column in named for column in WEIGHTS[table]):
        return 0.0
    points = sum(weight for column, weight in WEIGHTS[table].items() if column in named)
    if table in ("accounts", "followers_daily"):
        # One row an account, or many: the same columns may be either.
        ids = _ids(table, shape)
        repeats = bool(ids) and len(set(shape.cells[ids[0]])) < shape.height
        if not ids:
            repeats = shape.height > len(shape.parts)
        points += (NAMED if repeats else -NAMED) * (1 if table == "followers_daily" else -1)
    return points + named_so if points > 1 else 0.0


def _named(table: str, shape: Shape) -> dict[str, str]:
    """Column of the contract to the shape's column whose name and cells fit best; each is used once."""
    found = []
    for order, column in enumerate(CONTRACTS[table].columns):
        for place, name in enumerate(shape.cells):
            likelihood = rank(table, column.name, name)
            if name.startswith(UP) and column.name not in AROUND:
                continue
            if likelihood is not None and _fits(shape, table, column.name, name):
                found.append((name.count(UP), likelihood, order, place, column.name, name))
    chosen: dict[str, str] = {}
    for *_, target, name in sorted(found):
        if target not in chosen and (name not in chosen.values() or target in ("account_id", "handle")):
            chosen[target] = name
    return chosen


def _ids(table: str, shape: Shape) -> list[str]:
    """Columns that may hold the account's id, the likeliest first."""
    ranked = []
    for place, name in enumerate(shape.cells):
        ranks = [rank(each, "account_id", name) for each in (table, "accounts")]
        likely = [each for each in ranks if each is not None]
        if likely:
            ranked.append((min(likely), place, name))
    return [name for *_, name in sorted(ranked)]


def _across(shape: Shape) -> tuple[str, list[str]] | None:
    """Whether a shape is laid out across: what its headers hold, and which of them."""
    if form_of(shape.parts[0]) == "json":
        return None
    days = dates_among(list(shape.cells))
    if len(days) >= FEWEST_DAYS:
        return "date", days
    dates = [
        name for name in shape.cells if rank(DAILY, "date", name) is not None and _fits(shape, DAILY, "date", name)
    ]
    others = [name for name in shape.cells if name not in dates and plain(name) not in TOTALS]
    named = any(rank(table, column, name) is not None for table in NAMES for column in NAMES[table] for name in others)
    if len(dates) != 1 or len(others) < FEWEST_ACCOUNTS or named:
        return None
    counts = all(any(shape.cells[name]) and _fits(shape, DAILY, "follower_count", name) for name in others)
    return ("account_id", others) if counts else None


def _read(shape: Shape, table: str, column: str, name: str) -> Read:
    """How a column of a shape is read as one of the contract; remembered, since reading costs more than asking."""
    key = (f"{table}.{column}", name)
    if key not in shape.reads:
        shape.reads[key] = read_of(_declared(table, column), name, shape.cells[name])
    read: Read = shape.reads[key]
    return read


def _fits(shape: Shape, table: str, column: str, name: str) -> bool:
    return _read(shape, table, column, name).fits >= ENOUGH


def _declared(table: str, column: str) -> Column:
    return next(each for each in CONTRACTS[table].columns if each.name == column)


def _join(chosen: dict[str, Shape], named: dict[str, dict[str, str]]) -> None:
    """Choose the columns of ids so that the tables refer to each other; changes `named`."""
    accounts = chosen.get("accounts")
    options = [] if accounts is None else [name for name in _ids("accounts", accounts) if _is_key(accounts, name)]
    if accounts is not None and options:
        others = {table: shape for table, shape in chosen.items() if table != "accounts"}
        commenter = named.get("comments", {}).get("commenter_id", "")
        matches = {
            name: {table: _best(table, shape, accounts, name) for table, shape in others.items()} for name in options
        }
        # An owner's own reply is told by the commenter being the account: the ids should be of one kind.
        points = {
            name: sum(share for share, _ in best.values())
            + OF_ONE_KIND * (commenter != "" and _is_id(name) == _is_id(commenter))
            for name, best in matches.items()
        }
        key = max(options, key=lambda name: (points[name], -options.index(name)))
        named["accounts"]["account_id"] = key
        for table, (share, column) in matches[key].items():
            if column is not None and share > 0:
                named[table]["account_id"] = column
    if "comments" in chosen and "posts" in chosen:
        ids = set(chosen["posts"].cells.get(named["posts"].get("post_id", ""), []))
        found = {
            name: _overlap(cells, ids)
            for name, cells in chosen["comments"].cells.items()
            if rank("comments", "post_id", name) is not None or name.startswith(UP)
        }
        if found and max(found.values()) > 0:
            named["comments"]["post_id"] = max(found, key=lambda name: found[name])


def _is_id(name: str) -> bool:
    """Whether a column holds ids and not names, by its own name."""
    return plain(name.rsplit(".", maxsplit=1)[-1]).endswith(("id", "pk"))


def _is_key(shape: Shape, name: str) -> bool:
    cells = shape.cells[name]
    return all(cells) and len(set(cells)) == shape.height


def _best(table: str, shape: Shape, accounts: Shape, name: str) -> tuple[float, str | None]:
    """The share of a table's ids that are found among the accounts', and the column of the table that they are in."""
    known = set(accounts.cells[name])
    if shape.across is not None and shape.across[0] == "account_id":
        return _overlap(shape.across[1], known), None
    columns = _ids(table, shape) + [each for each in shape.cells if each.startswith(UP)]
    shares = {each: _overlap(shape.cells[each], known) for each in dict.fromkeys(columns)}
    best = max(shares, key=lambda each: shares[each], default=None)
    return (shares[best], best) if best is not None else (0.0, None)


def _overlap(cells: Iterable[str | None], known: set[str | None]) -> float:
    filled = {cell for cell in cells if cell}
    return len(filled & known) / len(filled) if filled else 0.0


def _columns(
    table: str, shape: Shape, named: dict[str, str], place: dict[str, Any], shapes: list[Shape], folder: str
) -> list[Guess]:
    """The columns of one table, each with its grounds."""
    contract = CONTRACTS[table]
    guesses = []
    across = shape.across
    if across is not None:
        headers, names = across
        guesses += _wide(shape, headers, names, place, named)
    for column in contract.columns:
        if column.name == "platform":
            guesses.append(_platform((shape, named.get("platform")), shapes, folder))
        elif column.name in named:
            name = named[column.name]
            read = _read(shape, table, column.name, name)
            guesses.append(_guess(table, column.name, name, read, shape))
        elif column.name == "account_id" and len(shape.parts) > 1 and (across is None or across[0] == "date"):
            stems = shown([stem_of(part) for part in shape.parts[:2]])
            guesses.append(Guess(table, "account_id", {"file_name": True}, f"One file an account: {stems}."))
        elif column.required and not (across is not None and column.name in (across[0], "follower_count")):
            guesses.append(_not_found(contract, column.name, shape))
    return guesses


def _guess(table: str, column: str, name: str, read: Read, shape: Shape) -> Guess:
    cells = list(dict.fromkeys(cell for cell in shape.cells[name] if cell))[:2]
    examples = ", ".join(f"'{cell[:30]}'" for cell in cells) or "no cell"
    why = " ".join([f"'{name}' holds {examples}.", *([read.why] if read.why else [])])
    choices = [(label, {"from": name, **options}) for label, options in read.choices]
    question = f"{table}.{column}: {read.question}" if read.question else None
    return Guess(table, column, {"from": name, **read.options} if read.options else name, why, question, choices)


def _not_found(contract: TableContract, column: str, shape: Shape) -> Guess:
    choices: list[tuple[str, Any]] = []
    for name in shape.cells:
        read = _read(shape, contract.name, column, name)
        if read.fits >= ENOUGH and read.question is None:
            choices.append((name, {"from": name, **read.options} if read.options else name))
    what = _declared(contract.name, column).description
    question = f"{contract.name}.{column}: which column of {shape.name} is it ({what})?"
    return Guess(contract.name, column, None, "Required, and no column is named so.", question, choices)


def _wide(shape: Shape, headers: str, names: list[str], place: dict[str, Any], named: dict[str, str]) -> list[Guess]:
    """A table that is laid out across: `wide` in its place, and its remaining columns."""
    cells = [cell for name in names for cell in shape.cells[name][:50]]
    counts = read_of(_declared(DAILY, "follower_count"), "", cells)
    wide: dict[str, Any] = {"headers": headers}
    guesses = []
    others = [name for name in shape.cells if name not in names]
    if headers == "date":
        dates = date_format(names)
        wide |= dates.options
        ids = named.get("account_id") or next(iter(_ids("followers_daily", shape)), None)
        if ids is None and len(others) == 1:
            ids = others[0]
        if ids is not None:
            named["account_id"] = ids
        why = f"{len(names)} columns are days ({names[0]} to {names[-1]}): one row an account."
        question = f"followers_daily.wide: {dates.question}" if dates.question else None
        choices = [(label, {**wide, **options}) for label, options in dates.choices]
        guesses.append(Guess("followers_daily", "wide", wide, f"{why} {dates.why}", question, choices))
    else:
        totals = [name for name in others if plain(name) in TOTALS]
        [day] = [name for name in others if name not in totals]
        named["date"] = day
        wide |= {"leave_out": totals} if totals else {}
        some = shown(names[:3])
        why = f"'{day}' holds days and the other {len(names)} columns numbers: one column an account ({some})."
        guesses.append(Guess("followers_daily", "wide", wide, why))
    wide["cells"] = {"follower_count": counts.options or None}
    for _, spec in guesses[0].choices:
        spec["cells"] = wide["cells"]
    if counts.question:
        answers = [(label, {**wide, "cells": {"follower_count": options}}) for label, options in counts.choices]
        if guesses[0].question is None:
            guesses[0].question, guesses[0].choices = f"followers_daily.wide: {counts.question}", answers
    place["wide"] = wide
    return guesses


def _platform(own: tuple[Shape, str | None] | None, shapes: list[Shape], folder: str) -> Guess:
    """The platform: a column, or what the names of files and fields and the addresses in cells give away."""
    if own is not None and own[1] is not None:
        shape, name = own[0], own[1]
        cells = {cell.strip().lower() for cell in shape.cells[name] if cell}
        if cells & set(PLATFORMS):
            return _guess("accounts", "platform", name, Read(), shape)
    found: dict[str, list[str]] = {}
    for platform, words in PLATFORM_WORDS.items():
        pattern = re.compile("|".join(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])" for word in words.split()))
        texts = [folder, *(text for shape in shapes for text in (shape.words, *shape.cells, *_addresses(shape)))]
        found[platform] = [text for text in texts if pattern.search(text.lower())]
    telling = {platform: texts for platform, texts in found.items() if texts}
    choices = [(platform, {"value": platform}) for platform in PLATFORM_WORDS]
    if len(telling) == 1:
        [(platform, texts)] = telling.items()
        return Guess("accounts", "platform", {"value": platform}, f"'{texts[0][:60]}' tells it.")
    why = f"{', '.join(telling)} are all named." if telling else "Nothing in the files tells it."
    question = "accounts.platform: where do these accounts live?"
    return Guess("accounts", "platform", {"value": UNDECIDED}, why, question, choices)


def _addresses(shape: Shape) -> Iterator[str]:
    """Cells of the first rows that are addresses or kinds (youtube#channel)."""
    for cells in shape.cells.values():
        for cell in cells[:3]:
            if cell and len(cell) < LONGEST_ADDRESS and ("://" in cell or "#" in cell):
                yield cell
