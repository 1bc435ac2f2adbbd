"""Errors a person can act on: each carries an exit code and its problems, one sentence group each.

The command line prints the problems one per line and exits with the code; nobody is shown a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

MIN_PART = 4
"""Letters that a name must share with a known one, where it is a part of it, to be suggested."""


class AssayError(Exception):
    """Something the caller can repair.

    Attributes:
        problems: what is wrong, each as "table: problem. Found: ... Repair."; at least one.
        exit_code: what the command ends with.
    """

    exit_code = 1

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems: list[str] = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class UnusableInputError(AssayError):
    """A folder, a table or an option that cannot be used at all."""

    exit_code = 2


class UnusableStoreError(UnusableInputError):
    """The tracking store cannot be reached or used: nothing but the record of a run waits for it."""


class TooManyBadRowsError(AssayError):
    """More rows of a table were quarantined than `max_quarantined_share` allows."""

    exit_code = 3


class LostRowsError(AssayError):
    """What became of a table's rows does not add up to the rows that were read: a fault of ours, never of the input."""

    exit_code = 1


def did_you_mean(name: str, known: Sequence[str]) -> str | None:
    """The known name nearest to `name`, whatever the case; None where none is near."""
    name = name.lower()
    by_lower_case = {each.lower(): each for each in known}
    near = difflib.get_close_matches(name, by_lower_case, n=1)
    if near:
        return by_lower_case[near[0]]
    # A part of the name is how people abbreviate ("followers"), and too far for the edit distance.
    partial = [each for each in known if len(each) >= MIN_PART and (each.lower() in name or name in each.lower())]
    return min(partial, key=len) if partial else None
