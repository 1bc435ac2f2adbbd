"""What a dataset folder holds, and what is wrong with it before any row is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from features.tables import CONTRACTS, TableContract
from pipeline.errors import did_you_mean
from pipeline.outside import leading_out, no_files
from pipeline.quarantine import wrong_type
from pipeline.reading import BROKEN, FORMS, TableSource, UnreadableFileError, form_of, read_header
from pipeline.storage import read_json

NOTES_FILE = "_mapped.json"
"""What a mapping left out, beside the tables that it wrote: a list of sentences."""

SHOWN_NAMES = 10
"""Files or columns that a message names."""

SHOWN_CHARACTERS = 80
"""Of each of them."""


@dataclass(slots=True)
class Folder:
    """A dataset folder: its tables, and what is wrong or odd about it before any row is read."""

    tables: dict[str, TableSource] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def locate_tables(source: Path) -> Folder:
    """Find every table of the contract in the folder, and say what cannot be used."""
    folder = Folder()
    if not source.is_dir():
        what = "it is a file" if source.exists() else "there is no such folder"
        folder.problems.append(f"input: '{source}' cannot be read. Found: {what}. Give a dataset folder.")
        return folder
    names = sorted(path.name for path in source.iterdir() if not path.name.startswith((".", "_")))
    for table in CONTRACTS:
        candidates = [source / table, *(source / f"{table}{form}" for form in FORMS)]
        found = [path for path in candidates if path.exists() or path.is_symlink()]
        if len(found) > 1:
            folder.problems.append(
                f"{table}: the table is present in {len(found)} forms. "
                f"Found: {', '.join(path.name for path in found)}. Keep one of them."
            )
        elif found:
            _locate_parts(folder, table, found[0], source)
    _note_strangers(folder, names)
    folder.warnings += _notes(source)
    return folder


def _notes(source: Path) -> list[str]:
    """What a mapping of ours left out; nothing where the file is none that it writes."""
    path = source / NOTES_FILE
    if not path.is_file() or leading_out([path], source):
        return []
    try:
        notes = read_json(path)
    except ValueError:
        notes = None
    is_ours = isinstance(notes, list) and all(isinstance(each, str) for each in notes)
    return notes if is_ours else [f"input: '{NOTES_FILE}' is not read. It is no list of sentences."]


def _locate_parts(folder: Folder, table: str, path: Path, root: Path) -> None:
    problem = _not_opened([path], root)
    if problem:
        folder.problems.append(f"{table}: {problem}")
        return
    parts = [path]
    if path.is_dir():
        parts = sorted(each for each in path.iterdir() if not each.name.startswith((".", "_")))
        nested = [each.name for each in parts if each.is_dir()]
        if nested:
            folder.problems.append(
                f"{table}: folders inside '{table}/' are not read. Found: {_some(nested)}. "
                f"Put the parts directly into '{table}/'."
            )
            return
        strangers = [each.name for each in parts if form_of(each) is None]
        if strangers:
            folder.warnings.append(f"{table}: not read inside '{table}/': {_some(strangers)}.")
        parts = [each for each in parts if form_of(each) is not None]
    problem = _not_opened(parts, root)
    if problem:
        folder.problems.append(f"{table}: {problem}")
        return
    forms = sorted({form_of(each) or "" for each in parts})
    if len(forms) == 1 and forms[0]:
        folder.tables[table] = TableSource(CONTRACTS[table], forms[0], tuple(parts))
    elif not parts:
        folder.problems.append(
            f"{table}: the folder '{table}/' holds no part. Found: nothing that ends in {', '.join(FORMS)}. "
            "Add the parts, or remove the folder if nothing was observed."
        )
    else:
        folder.problems.append(
            f"{table}: the table is present in {len(forms)} forms. "
            f"Found: {_some([each.name for each in parts])}. Keep one form."
        )


def _not_opened(paths: list[Path], root: Path) -> str | None:
    """Why something in the folder must not be opened; None where all of it may."""
    escaping = leading_out(paths, root)
    if escaping:
        names = _some([each.name for each in escaping])
        return f"links that lead out of the folder are not followed. Found: {names}. Copy the file into the folder."
    strange = no_files(paths)
    if strange:
        names = _some([each.name for each in strange])
        return f"only files are read. Found: {names}, a pipe, a device or a link to nothing. Put a file in its place."
    return None


def _note_strangers(folder: Folder, names: list[str]) -> None:
    """Say what was found instead of `accounts`, and warn of files that look like a misspelt table."""
    expected = set(CONTRACTS) | {f"{table}{form}" for table in CONTRACTS for form in FORMS}
    strangers = [name for name in names if name not in expected]
    for name in strangers:
        near = did_you_mean(name.split(".")[0], list(CONTRACTS))
        if near is not None:
            folder.warnings.append(f"input: '{name}' is not read. Did you mean a table '{near}' ({', '.join(FORMS)})?")
    mentioned = any(problem.startswith("accounts:") for problem in folder.problems)
    if "accounts" not in folder.tables and not mentioned:
        found = _some(names) if names else "nothing"
        near_accounts = [name for name in strangers if did_you_mean(name.split(".")[0], ["accounts"])]
        hint = f" Did you mean '{near_accounts[0]}'?" if near_accounts else ""
        folder.problems.append(
            f"accounts: the table is missing. Found: {found}.{hint} "
            "Add accounts.parquet, accounts.csv or accounts.jsonl with one row an account."
        )


def check_headers(folder: Folder) -> None:
    """Report what the headers show to be unusable, and take these tables out of the folder."""
    for table, source in list(folder.tables.items()):
        problems: dict[str, None] = {}
        unknown: set[str] = set()
        for part in source.parts:
            try:
                header = read_header(part, source.form, source.contract)
            except UnreadableFileError as error:
                problems[unreadable(table, error)] = None
                continue
            unknown |= {name for name in header.columns if name not in source.contract.schema and name != BROKEN}
            found = header.unreadable_types.items()
            problems.update(dict.fromkeys(_header_problems(source.contract, header.columns)))
            problems.update(dict.fromkeys(wrong_type(source.contract, name, kind) for name, kind in found))
        if unknown:
            names = _some([_short(repr(name)) for name in sorted(unknown)])
            folder.warnings.append(f"{table}: columns that the contract does not know are not used: {names}.")
        if problems:
            folder.problems += problems
            del folder.tables[table]


def _header_problems(contract: TableContract, columns: Sequence[str]) -> list[str]:
    found = _some([_short(name) for name in columns]) or "no column"
    problems = [
        f"{contract.name}: column '{name}' appears more than once. Found: {found}. Keep one of them."
        for name in contract.schema
        if columns.count(name) > 1
    ]
    candidates = [name for name in columns if name not in contract.schema]
    for name in contract.required:
        if name in columns:
            continue
        near = did_you_mean(name, candidates)
        repair = f"Did you mean '{near}'? Rename it to '{name}'." if near else "Add it."
        problems.append(f"{contract.name}: column '{name}' is missing. Found: {found}. {repair}")
    if len(columns) == 1 and problems and any(mark in columns[0] for mark in ";\t|"):
        problems = [f"{contract.name}: the file has a single column. Found: {found}. Separate the cells by commas."]
    return problems


def unreadable(table: str, error: UnreadableFileError) -> str:
    """The problem of a table of which a file cannot be read."""
    return f"{table}: unreadable file. Found: {error}. Write the file anew."


def _short(name: str) -> str:
    """A name as a message shows it: what stands in the place of a header may be a whole file."""
    return name if len(name) <= SHOWN_CHARACTERS else f"{name[:SHOWN_CHARACTERS]}..."


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:SHOWN_NAMES])
    return f"{shown} and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else shown
