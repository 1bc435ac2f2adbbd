"""A mapping proposed for a folder: which table is where, which column is which, and why.

Nothing that changes the meaning is guessed: where the cells allow two readings, the mapping holds `undecided`.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.tables import CONTRACTS, PLATFORMS, TableContract
from pipeline.mapping.files import shown, stem_of
from pipeline.mapping.infer import ENOUGH, Read, date_format, read_of
from pipeline.mapping.joining import join
from pipeline.mapping.likeness import DAILY, assigned, declared, ids_of, laid_out_across, named_columns, reading_of
from pipeline.mapping.names import PLATFORM_WORDS, TABLE_WORDS, TOTALS, plain
from pipeline.mapping.nested import UP
from pipeline.mapping.shapes import Shape, shapes_of
from pipeline.mapping.specification import UNDECIDED

CELLS_OF_EACH = 50
"""Of each column of a table that is laid out across, to tell how its cells are read."""

LONGEST_ADDRESS = 200
"""Characters of a cell in which an address of a platform is looked for: longer ones are texts."""

PERSONAL = ("text", "caption", "biography", "commenter_id")
"""Columns of the contract of which no cell is quoted."""


@dataclass(slots=True)
class Guess:
    """Where one column comes from, and why.

    Attributes:
        table, column: of the contract.
        spec: what the mapping says of it; None: not found.
        why: the grounds, with cells, but for those of `PERSONAL` columns.
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
        shape.across = laid_out_across(shape)
    proposal = Proposal(notes=[f"not read: {each}." for each in refused])
    chosen = assigned(shapes)
    named: dict[str, dict[str, str]] = {}
    for table, shape in chosen.items():
        named[table] = named_columns(table, shape) if shape.across is None else {}
    join(chosen, named)
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
            read = reading_of(shape, table, column.name, name)
            guesses.append(_guess(table, column.name, name, read, shape))
        elif column.name == "account_id" and len(shape.parts) > 1 and (across is None or across[0] == "date"):
            stems = shown([stem_of(part) for part in shape.parts[:2]])
            guesses.append(Guess(table, "account_id", {"file_name": True}, f"One file an account: {stems}."))
        elif column.required and not (across is not None and column.name in (across[0], "follower_count")):
            guesses.append(_not_found(contract, column.name, shape))
    return guesses


def _guess(table: str, column: str, name: str, read: Read, shape: Shape) -> Guess:
    cells = list(dict.fromkeys(cell for cell in shape.cells[name] if cell))
    examples = ", ".join(f"'{cell[:30]}'" for cell in cells[:2]) or "no cell"
    if cells and column in PERSONAL:
        # The mapping is kept and passed on: it does not quote what people wrote, nor who they are.
        length = statistics.median_low(len(cell) for cell in cells)
        examples = f"{len(cells):,} different cells, {length:,} characters in the middle (not quoted: of people)"
    why = " ".join([f"'{name}' holds {examples}.", *([read.why] if read.why else [])])
    choices = [(label, {"from": name, **options}) for label, options in read.choices]
    question = f"{table}.{column}: {read.question}" if read.question else None
    return Guess(table, column, {"from": name, **read.options} if read.options else name, why, question, choices)


def _not_found(contract: TableContract, column: str, shape: Shape) -> Guess:
    choices: list[tuple[str, Any]] = []
    for name in shape.cells:
        read = reading_of(shape, contract.name, column, name)
        if read.fits >= ENOUGH and read.question is None:
            choices.append((name, {"from": name, **read.options} if read.options else name))
    what = declared(contract.name, column).description
    question = f"{contract.name}.{column}: which column of {shape.name} is it ({what})?"
    return Guess(contract.name, column, None, "Required, and no column is named so.", question, choices)


def _wide(shape: Shape, headers: str, names: list[str], place: dict[str, Any], named: dict[str, str]) -> list[Guess]:
    """A table that is laid out across: `wide` in its place, and the column beside the readings in `named`."""
    cells = [cell for name in names for cell in shape.cells[name][:CELLS_OF_EACH] if cell]
    counts = read_of(declared(DAILY, "follower_count"), "", cells)
    others = [name for name in shape.cells if name not in names]
    wide: dict[str, Any] = {"headers": headers}
    question: str | None = None
    choices: list[tuple[str, dict[str, Any]]] = [("", {})]
    if headers == "date":
        dates = date_format(names)
        wide |= dates.options
        ids = named.get("account_id") or next(iter(ids_of(DAILY, shape)), others[0] if len(others) == 1 else None)
        named |= {"account_id": ids} if ids is not None else {}
        why = f"{len(names)} columns are days ({names[0]} to {names[-1]}), one row an account. {dates.why}"
        question, choices = dates.question, dates.choices or choices
    else:
        totals = [name for name in others if plain(name) in TOTALS]
        [named["date"]] = [name for name in others if name not in totals]
        wide |= {"leave_out": totals} if totals else {}
        some = shown(names[:3])
        why = (
            f"'{named['date']}' holds days and the other {len(names)} columns numbers: one column an account ({some})?"
        )
        if not any(plain(word) in plain(shape.words) for word in TABLE_WORDS[DAILY].split()):
            question, choices = f"are {some} accounts, and the cells their followers?", [("yes", {})]
    why = f"{why} Their cells: {shown(cells[:3])}. {counts.why}"
    answers = [
        (", ".join(filter(None, (label, also))), {**wide, **options, "cells": {"follower_count": reading or None}})
        for label, options in choices
        for also, reading in (counts.choices or [("", counts.options)])
    ]
    wide["cells"] = {"follower_count": counts.options or None}
    asked = " ".join(filter(None, (question, counts.question)))
    if not asked:
        place["wide"] = wide
        return [Guess(DAILY, "wide", wide, why)]
    # What is undecided within it is told by `undecided`; whether it is one at all, by leaving it out.
    spec = wide if headers == "date" or question is None else None
    place["wide"] = spec
    return [Guess(DAILY, "wide", spec, why, f"{DAILY}.wide: {asked}", answers)]


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
