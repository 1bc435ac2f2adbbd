"""Texts that others wrote, made fit for a terminal, a log or Markdown: names, ids and cells stand in messages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

LONGEST_LINE = 4_000
"""Characters of one line that are shown: a cell or a header may hold megabytes."""

SHOWN_AT_THE_END = 1_000
"""Of them after the gap: a message ends with what to do."""

MOST_LINES = 200
"""Lines of one list that are shown: of a file that is wrong throughout, every row is a problem of its own."""

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""What a terminal obeys instead of showing it, what turns the direction of what follows, and what nobody sees. Without
the joiners of emoji and of Persian or Indian words."""


def plain(text: str) -> str:
    """The text on one line of bounded length; what cannot be seen is written as its escape."""
    if len(text) > LONGEST_LINE:
        left_out = len(text) - LONGEST_LINE
        start, end = text[: LONGEST_LINE - SHOWN_AT_THE_END], text[-SHOWN_AT_THE_END:]
        text = f"{start} ... ({left_out:,} characters) ... {end}"
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def plain_lines(texts: Iterable[str]) -> Iterator[str]:
    """The texts, a line each; how many are not shown where there are very many."""
    more = 0
    for number, text in enumerate(texts):
        if number < MOST_LINES:
            yield plain(text)
        else:
            more += 1
    if more:
        yield f"... and {more:,} more."


_MARKS = str.maketrans({mark: f"&#{ord(mark)};" for mark in "\\`*[]<>|&~@"})
"""Of Markdown, as what shows them: links, pictures, HTML, ends of cells. A hash or hyphen means something only at the
start of a line, an underscore only at the edge of a word."""


def markdown(text: str) -> str:
    """The text as it shows in a sentence or a cell of Markdown; nothing in it is a link or a mark-up of any kind."""
    shown = plain(text).translate(_MARKS)
    # What some readers make a link of by themselves.
    return shown.replace("://", "&#58;//").replace("www.", "www&#46;")
