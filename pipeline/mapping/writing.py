"""A proposed mapping as a YAML file, with the grounds of every line beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from pipeline.mapping.guess import Guess, Proposal

_HEAD = """\
# How the files of an export become the tables of Assay's data contract; docs/mapping.md says what may stand here.
# What is wrong shows here, not in the scores: read the grounds, correct what is not so, and try it with
# python -m pipeline validate --input DIR --mapping THIS_FILE
"""
_WIDTH = 118


def mapping_text(proposal: Proposal) -> str:
    """The file's content; the same proposal gives the same text."""
    return _HEAD + "\n".join(_lines(proposal)) + "\n"


def _lines(proposal: Proposal) -> Iterator[str]:
    yield "tables:"
    for table, place in proposal.places.items():
        yield f"  {table}:"
        for key, value in place.items():
            if key != "wide":
                yield f"    {key}: {_plain(value)}"
        guesses = [guess for guess in proposal.guesses if guess.table == table]
        for guess in guesses:
            if guess.column == "wide":
                yield from _comment(guess, "    ")
                yield f"    wide: {_plain(guess.spec)}" if guess.spec is not None else "    # wide:"
        yield "    columns:"
        for guess in guesses:
            if guess.column != "wide":
                yield from _comment(guess, "      ")
                missing = guess.spec is None
                yield f"      {'# ' if missing else ''}{guess.column}: {'' if missing else _plain(guess.spec)}".rstrip()
    for note in proposal.notes:
        yield f"# {_one_line(note)}"


def _comment(guess: Guess, indent: str) -> Iterator[str]:
    yield f"{indent}# {_one_line(guess.why)}"
    if guess.question is not None:
        yield f"{indent}# DECIDE: {_one_line(guess.question)}"
        for label, spec in guess.choices:
            yield f"{indent}#   {_one_line(label)}: {_plain(spec)}"


def _one_line(text: str) -> str:
    """A text that cannot leave its comment."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def _plain(value: Any) -> str:
    """A value in the flow style of YAML, on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=float("inf"), allow_unicode=True, sort_keys=False)
    return text.removesuffix("...\n").strip()
