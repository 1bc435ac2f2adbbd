"""Command `map`: how an export becomes the tables of the contract, guessed and asked; or carried out, to look at."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import typer

from pipeline.dataset import check_places
from pipeline.errors import UnusableInputError
from pipeline.mapping.apply import map_folder
from pipeline.mapping.checking import read_mapping
from pipeline.mapping.guess import Proposal
from pipeline.plain import plain, plain_lines
from pipeline.storage import atomic_folder, write_text

Report = Callable[[str], None]


def next_step(source: Path, mapping: Path | None) -> str:
    """What follows when a folder was found usable."""
    option = f" --mapping {shlex.quote(str(mapping))}" if mapping is not None else ""
    return f"Score it next: python -m pipeline score --input {shlex.quote(str(source))}{option} --output scored"


def write_tables(source: Path, mapping: Path, destination: Path, report: Report) -> list[str]:
    """Write what a mapping makes of a folder as a dataset folder of the contract; returns what was left out.

    Raises:
        UnusableInputError: the mapping, what it names, or a destination that is not free.
    """
    check_places(source, destination)
    if destination.is_dir() and any(destination.iterdir()):
        raise UnusableInputError(
            f"to: '{destination}' is not empty and would be replaced whole. Found: files in it. Give another folder."
        )
    specification = read_mapping(mapping)
    with atomic_folder(destination) as temporary:
        return map_folder(source, specification, temporary, mapping.name, report)


def make_mapping(source: Path, output: Path, *, ask: bool, report: Report) -> Proposal:
    """Guess the mapping of a folder, ask about what is open where a person is there, and write it.

    Raises:
        UnusableInputError: there is no such folder, or no table of any kind in it; or the output is there already.
    """
    from pipeline.mapping.guess import propose
    from pipeline.mapping.writing import mapping_text

    if not source.is_dir():
        what = "it is a file" if source.exists() else "there is no such folder"
        raise UnusableInputError(f"input: '{source}' cannot be read. Found: {what}. Give the folder of the export.")
    if output.exists():
        raise UnusableInputError(
            f"output: '{output}' is there already. Found: perhaps a mapping that was corrected by hand. Remove it, or "
            "give another name."
        )
    report("looking at the files")
    proposal = propose(source)
    if not proposal.places:
        notes = " ".join(proposal.notes)
        raise UnusableInputError(
            f"input: nothing in '{source}' looks like accounts, readings, posts or comments. {notes} "
            "Write the mapping by hand (docs/mapping.md)."
        )
    if ask:
        from rich.console import Console

        from pipeline.mapping.ask import decide

        decide(proposal, Console(stderr=True))
    write_text(mapping_text(proposal), output)
    return proposal


def run(
    source: Path,
    output: Path,
    *,
    mapping: Path | None,
    to: Path | None,
    guess: bool,
    quiet: bool,
    report: Report,
) -> bool:
    """The command; returns whether nothing is left to decide."""
    if (mapping is None) != (to is None):
        raise UnusableInputError("map: --mapping and --to belong together. Found: one of them. Give both, or neither.")
    if mapping is not None and to is not None:
        notes = write_tables(source, mapping, to, report)
        if not quiet:
            for note in plain_lines(notes):
                typer.echo(f"warning: {note}", err=True)
            typer.echo(f"Written to {to}, to look at. {next_step(source, mapping)}", err=True)
        return True
    asks = not guess and not quiet and sys.stdin.isatty() and sys.stderr.isatty()
    proposal = make_mapping(source, output, ask=asks, report=report)
    left = proposal.open_questions()
    missing = [] if "accounts" in proposal.places else ["accounts: no table of accounts was found"]
    if not quiet:
        show(proposal, output, source, [*missing, *(each.question or "" for each in left)])
    return not left and not missing


def show(proposal: Proposal, output: Path, source: Path, left: list[str]) -> None:
    """The mapping in a few lines, what is open, and the next step."""
    for table, place in proposal.places.items():
        found = [guess for guess in proposal.guesses if guess.table == table and guess.spec is not None]
        where = place.get("file", place.get("from_table"))
        inside = place.get("sheet") or place.get("rows")
        typer.echo(plain(f"{table}: {where}{f' ({inside})' if inside else ''}"))
        for guess in found:
            if guess.question is None:
                typer.echo(plain(f"  {guess.column}: {guess.why}"))
    for note in plain_lines(proposal.notes):
        typer.echo(f"note: {note}", err=True)
    for question in plain_lines(left):
        typer.echo(f"undecided: {question}", err=True)
    check = f"python -m pipeline validate --input {shlex.quote(str(source))} --mapping {shlex.quote(str(output))}"
    mend = "Decide what is open in it (DECIDE), then check it: " if left else "Read it, then check it: "
    typer.echo(f"Written to {output}. {mend}{check}", err=True)
    if not left:
        typer.echo(next_step(source, output), err=True)
