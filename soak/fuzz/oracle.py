"""Runs a command on a dataset as a person would, and says what of the outcome nobody may be shown."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from features.tables import CONTRACTS, OBSERVED_TABLES
from pipeline.storage import read_json
from soak.fuzz.content import Dataset, Row, written
from soak.fuzz.reference import Expectation, Fate, expected
from soak.fuzz.writing import write

LONGEST_SECONDS = 60
"""A small dataset takes a fraction of one."""

LONGEST_MESSAGE = 20_000
"""Characters that a command may say about a small dataset; a person reads a screen of two thousand."""

FORESEEN = (0, 2, 3)

NOT_COMPARED = ("account_id", "as_of")

Scores = dict[str, tuple[Any, ...]]


class HangError(Exception):
    """A command took longer than any may."""


@dataclass(slots=True)
class Outcome:
    """What a dataset came to, and what is wrong with that."""

    exit_code: int
    quarantined: int = 0
    tables: int = 0
    compared: int = 0
    faults: list[str] = field(default_factory=list)


@contextmanager
def limited(seconds: int = LONGEST_SECONDS) -> Iterator[None]:
    """Raise HangError in the block after so many seconds."""

    def end(*_: object) -> None:
        raise HangError(f"no end after {seconds} seconds")

    former = signal.signal(signal.SIGALRM, end)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


def run(*arguments: object) -> tuple[int, str, list[str]]:
    """Exit code, what was said, and the faults that show in these alone."""
    from typer.testing import CliRunner

    from pipeline.__main__ import app

    try:
        with limited():
            result = CliRunner().invoke(app, [str(each) for each in arguments])
    except pl.exceptions.PanicException as error:  # no Exception of Python's, so that the runner lets it pass
        return 1, "", [f"{arguments[0]}: polars panics: {str(error)[:200]}"]
    faults = []
    said = result.output
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        trace = traceback.extract_tb(result.exc_info[2]) if result.exc_info else []
        places = [
            f"{Path(frame.filename).name}:{frame.lineno}" for frame in trace if "site-packages" not in frame.filename
        ]
        shown = f"{type(result.exception).__name__}: {str(result.exception)[:200]}"
        faults.append(f"{arguments[0]}: traceback {shown} at {' '.join(places[-3:])}")
    elif result.exit_code not in FORESEEN:
        faults.append(f"{arguments[0]}: exit code {result.exit_code}: {said[:300]}")
    if "Traceback" in said:
        faults.append(f"{arguments[0]}: it shows a traceback: {said[-300:]}")
    if len(said) > LONGEST_MESSAGE:
        faults.append(f"{arguments[0]}: a message of {len(said):,} characters: {said[:100]}")
    return result.exit_code, said, faults


class Oracle:
    """Judges datasets; the scores of clean ones are kept, since many are made of one."""

    def __init__(self, scratch: Path, model: str) -> None:
        self.scratch = scratch
        self.model = model
        self._clean: dict[tuple[int, datetime | None], tuple[Scores, Expectation]] = {}

    def clean(self, base: int, rows: dict[str, list[Row]], as_of: datetime | None) -> tuple[Scores, Expectation]:
        """The scores of a clean dataset, and what becomes of its rows."""
        if (base, as_of) not in self._clean:
            self._clean = {key: kept for key, kept in self._clean.items() if key[0] == base}
            dataset = written(rows)
            dataset.as_of = as_of
            folder = self.scratch / f"clean-{base}-{len(self._clean)}"
            write(dataset, folder / "in")
            code, said, faults = self._score(folder, dataset, loud=False)
            if code or faults:
                raise AssertionError(f"the clean dataset {base} is not scored: {faults} {said}")
            self._clean[base, as_of] = (scores_of(folder / "out"), expected(dataset))
        return self._clean[base, as_of]

    def judge(self, dataset: Dataset, number: int, base: int, rows: dict[str, list[Row]]) -> Outcome:
        """Score the dataset and compare what happened with what must."""
        folder = self.scratch / f"dataset-{number}"
        write(dataset, folder / "in")
        foreseen = expected(dataset)
        code, said, faults = self._score(folder, dataset, loud=number % 3 == 0)
        outcome = Outcome(code, faults=faults)
        if foreseen.exit_code is not None and code != foreseen.exit_code:
            why = [content.fatal for content in dataset.tables.values() if content.fatal]
            outcome.faults.append(f"score: exit code {code} instead of {foreseen.exit_code} {why}: {said[:400]}")
        if code in (2, 3):
            outcome.faults += _message_faults(said, foreseen)
            if sorted(path.name for path in folder.iterdir()) != ["in"]:
                outcome.faults.append(f"score: exit code {code}, and something was left behind")
        elif code == 0 and not faults:
            self._judge_scores(outcome, dataset, foreseen, folder / "out", self.clean(base, rows, dataset.as_of))
        outcome.faults += self._judge_others(folder, dataset, number, code)
        return outcome

    def _score(self, folder: Path, dataset: Dataset, *, loud: bool) -> tuple[int, str, list[str]]:
        as_of = [] if dataset.as_of is None else ["--as-of", dataset.as_of.isoformat()]
        quiet = [] if loud else ["--quiet"]
        return run("score", "--input", folder / "in", "--output", folder / "out", "--model", self.model, *as_of, *quiet)

    def _judge_scores(
        self, outcome: Outcome, dataset: Dataset, foreseen: Expectation, out: Path, clean: tuple[Scores, Expectation]
    ) -> None:
        summary = read_json(out / "summary.json")
        for table, counts in summary["tables"].items():
            outcome.tables += 1
            outcome.quarantined += counts["quarantined"]
            outcome.faults += _count_faults(table, counts, foreseen.fates.get(table), out)
        if set(summary["tables"]) != set(dataset.tables):
            outcome.faults.append(f"score: tables {sorted(summary['tables'])} of {sorted(dataset.tables)}")
        scores = scores_of(out)
        if len(scores) != summary["tables"]["accounts"]["used"]:
            outcome.faults.append(f"score: {len(scores)} scores of {summary['tables']['accounts']['used']} accounts")
        fate = foreseen.fates["accounts"]
        if fate is not None and set(scores) != set(fate.used):
            outcome.faults.append(f"score: scored {sorted(scores)[:9]} instead of {sorted(fate.used)[:9]}")
        if None not in foreseen.fates.values():
            before, fates = clean
            for account in _untouched(dataset, foreseen, fates):
                outcome.compared += 1
                old = dataset.renamed.get(account, account)
                if account in scores and scores[account] != before[old]:
                    outcome.faults.append(
                        f"score: {account!r} was not touched, and scores {_difference(scores[account], before[old])}"
                    )

    def _judge_others(self, folder: Path, dataset: Dataset, number: int, code: int) -> list[str]:
        """Other commands on the same folder, now and then: none may fail where `score` does not, nor the other way."""
        faults: list[str] = []
        as_of = [] if dataset.as_of is None else ["--as-of", dataset.as_of.isoformat()]
        if number % 10 == 0:
            found, said, more = run("validate", "--input", folder / "in", *as_of)
            faults += more
            if found != code and not more:
                faults.append(f"validate: exit code {found}, of score {code}: {said[:200]}")
        if number % 20 == 1:
            found, said, more = run(
                "features", "--input", folder / "in", "--output", folder / "f.parquet", "--quiet", *as_of
            )
            faults += more
            if found != code and not more:
                faults.append(f"features: exit code {found}, of score {code}: {said[:200]}")
        if number % 40 == 2 and code == 0:
            accounts = [] if not (ids := scores_of(folder / "out")) else ["--account", next(iter(ids))]
            scored = folder / "out" / "scores.parquet"
            found, said, more = run(
                "report", "--input", folder / "in", "--scores", scored, "--output", folder / "r", *accounts
            )
            faults += more
            if found and not more:
                faults.append(f"report: exit code {found} on what was scored: {said[:300]}")
        return faults


def scores_of(out: Path) -> Scores:
    """The scores by account, without the columns that other accounts may change."""
    frame = pl.read_parquet(out / "scores.parquet", glob=False)
    kept = [name for name in frame.columns if name not in NOT_COMPARED]
    return {each["account_id"]: tuple(repr(each[name]) for name in kept) for each in frame.iter_rows(named=True)}


def _untouched(dataset: Dataset, foreseen: Expectation, clean: Expectation) -> list[str]:
    """The accounts of which every used row is as in the clean dataset."""
    accounts = foreseen.fates["accounts"]
    if accounts is None:
        return []
    found = []
    for account in accounts.used:
        old = dataset.renamed.get(account, account)
        tables = ("accounts", *OBSERVED_TABLES)
        if all(
            sorted(_rows_of(foreseen.fates.get(table), account, account, old), key=repr)
            == sorted(_rows_of(clean.fates.get(table), old, old, old), key=repr)
            for table in tables
        ):
            found.append(account)
    return found


def _rows_of(fate: Fate | None, account: str, new: str, old: str) -> list[tuple[Any, ...]]:
    """The used rows of an account in which its new id is the old one."""
    rows = [] if fate is None else fate.used.get(account, [])
    return [tuple(old if value == new else value for value in row) for row in rows]


def _difference(now: tuple[Any, ...], before: tuple[Any, ...]) -> str:
    return "; ".join(f"{a[:80]} instead of {b[:80]}" for a, b in zip(now, before, strict=True) if a != b)[:400]


def _count_faults(table: str, counts: dict[str, Any], fate: Fate | None, out: Path) -> list[str]:
    faults = []
    names = ("used", "quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of")
    if counts["rows_in"] != sum(counts[name] for name in names):
        faults.append(f"{table}: rows are lost: {counts}")
    path = out / "quarantine" / f"{table}.parquet"
    if path.exists() or counts["quarantined"]:
        frame = pl.read_parquet(path, glob=False)
        if frame.height != counts["quarantined"] or frame["problem"].null_count():
            faults.append(f"{table}: {frame.height} rows in quarantine of {counts['quarantined']}")
    if fate is not None:
        wrong = {name: (counts[name], owed) for name, owed in fate.counts().items() if counts[name] != owed}
        if wrong:
            faults.append(f"{table}: (found, owed) {wrong} {list(counts['problems'])[:5]}")
    return faults


def _message_faults(said: str, foreseen: Expectation) -> list[str]:
    lines = [line for line in said.splitlines() if line.strip()]
    named = {line.split(":")[0] for line in lines}
    if not named & set(CONTRACTS):
        return [f"score: the message names no table: {said[:300]!r}"]
    return [f"score: the message does not name {table}: {said[:300]}" for table in foreseen.fatal if table not in named]
