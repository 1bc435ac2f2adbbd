"""How commands look in a terminal: one kind of table, one kind of line, and what to do next.

Colours, boxes and widths are what the terminal can show: none where NO_COLOR is set or a file is written to, ASCII
where the encoding is not UTF-8.
"""

from __future__ import annotations

import re
import shlex
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.plain import plain, plain_lines

PIPE_WIDTH = 140
"""Columns where nobody's terminal tells them: the names of features need the room."""

NUMBER = re.compile(r"[+-]?[\d,.]+ ?(%|s|/s|/min)?( \(.*\))?( to .*)?|-|")
"""A cell that is set flush right: a number with its unit or its interval, or nothing in its place."""


def for_people() -> Console:
    """Standard error: summaries, warnings and what comes next, so that stdout stays free for results."""
    return Console(stderr=True, highlight=False)


def for_results() -> Console:
    """Standard output, for what is a command's result; a character that its encoding lacks is written as its number."""
    _never_failing(sys.stdout)
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def _never_failing(stream: TextIO) -> None:
    reconfigure = getattr(stream, "reconfigure", None)  # a stream that a test or a caller put there may have none
    if reconfigure is not None and not (stream.encoding or "").lower().startswith("utf"):
        reconfigure(errors="backslashreplace")


def show_table(console: Console, title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table; columns of numbers are flush right. Cells are text, whatever they hold: some come from those judged."""
    heads = [plain(head) for head in heads]
    rows = [[plain(cell) for cell in row] for row in rows]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for place, head in enumerate(heads):
        is_number = any(row[place] for row in rows) and all(NUMBER.fullmatch(row[place]) for row in rows)
        if is_number:
            # A number is never broken; its head is, to its longest word, so that a narrow terminal has room for more.
            broken = "\n".join(textwrap.wrap(head, max(len(each) for each in (*head.split(), rows[0][place]))))
            is_bare = not any(" " in row[place] for row in rows)  # an interval may stand below its value
            table.add_column(Text(broken), justify="right", overflow="fold", no_wrap=is_bare)
        else:
            table.add_column(Text(head), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    say(console, title, "bold")  # as the title of the table it would break at the table's width
    console.print(table)
    console.print()


def as_text(text: str, style: str = "") -> Text:
    """A text that is neither markup nor anything that a terminal obeys, whoever wrote parts of it."""
    return Text(plain(text), style=style)


def say(console: Console, text: str, style: str = "") -> None:
    """A sentence. It breaks between words on a terminal, and is one line in a log, where it is searched for."""
    console.print(as_text(text, style), soft_wrap=not console.is_terminal)


def warn(console: Console, warnings: Iterable[str]) -> None:
    """Warnings, a sentence each."""
    for warning in plain_lines(warnings):
        say(console, f"warning: {warning}", "yellow")


def next_step(console: Console, *words: object) -> None:
    """The command that comes next, to be copied: never broken into lines, its words quoted for a shell."""
    command = shlex.join(str(word) for word in words)
    console.print(as_text(f"next: {command}", "bold"), soft_wrap=True)


def pipeline_step(console: Console, *words: object) -> None:
    """The same of one of our own commands; a word in capitals stands for what only the reader knows."""
    next_step(console, "python", "-m", "pipeline", *words)
