"""What a part of the soak leaves: figures in reports/reliability/<part>.json; what was found stands in findings/."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import UnusableInputError
from pipeline.storage import read_json, write_json

RESULTS = Path("reports/reliability")
FINDINGS = Path(__file__).parent / "findings"

PARTS = ("fuzz", "crashes", "models", "outputs", "evasion", "privacy", "supply", "load", "coverage", "mutation")
"""In the order of the page."""


class Closed(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Figure(Closed):
    """One measured number: what it is of, its value as it is printed, and what was owed, where something was."""

    name: str
    value: str
    owed: str = ""
    holds: bool = True


class Result(Closed):
    """What one part measured.

    Attributes:
        part: one of `PARTS`; the file's name.
        title: heading on the page.
        command: what makes the figures again.
        seconds: how long that took.
        figures: rows of the part's table.
        notes: paragraphs below it, in Markdown: how it was measured, what it does not cover.
    """

    part: str
    title: str
    command: str
    seconds: float = Field(ge=0)
    figures: tuple[Figure, ...]
    notes: tuple[str, ...] = ()

    def write(self, folder: Path = RESULTS) -> None:
        """Leave it for the page."""
        write_json(self.model_dump(mode="json"), folder / f"{self.part}.json")

    @classmethod
    def read(cls, part: str, folder: Path = RESULTS) -> Self | None:
        """What the part left; None where it has not run."""
        path = folder / f"{part}.json"
        return cls.model_validate(read_json(path)) if path.exists() else None

    @property
    def holds(self) -> bool:
        """Whether nothing that was owed is missing."""
        return all(figure.holds for figure in self.figures)


class Finding(Closed):
    """A fault that a part brought to light.

    Attributes:
        found: what happened.
        mended: what happens now; or why it was left.
        test: the test that keeps it so, as `tests/folder/test_file.py::test_name`; None where it was left.
    """

    found: str
    mended: str
    test: str | None = None


def findings(part: str, folder: Path = FINDINGS) -> list[Finding]:
    """What the part found, written by hand in `findings/<part>.yaml`; empty where nothing was.

    Raises:
        UnusableInputError: naming the file that cannot be read.
    """
    path = folder / f"{part}.yaml"
    if not path.exists():
        return []
    try:
        return [Finding.model_validate(each) for each in yaml.safe_load(path.read_text(encoding="utf-8")) or []]
    except (yaml.YAMLError, ValidationError, TypeError) as error:
        raise UnusableInputError(f"findings: '{path}' cannot be read. Found: {error}. Mend the file.") from error


@contextmanager
def stopwatch() -> Iterator[list[float]]:
    """A list that holds the seconds the block took, once it ended."""
    started, seconds = time.monotonic(), [0.0]
    yield seconds
    seconds[0] = round(time.monotonic() - started, 1)
