"""Rows that cannot be used: what is wrong with each, how many there are, and when they are too many."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from features.tables import EARLIEST_INSTANT, INSTANT, LATEST_INSTANT, Column, TableContract
from pipeline.casting import CastBatch, as_cells, kind, kind_with_example
from pipeline.reading import ROW_PROBLEM

MIN_QUARANTINED_ROWS = 20
"""Fewer bad rows never stop a run, whatever their share."""

MIN_CELLS_OF_A_WRONG_TYPE = 3
"""A column is of the wrong type when none of its cells can be read, and there are at least so many; fewer may be a
bad row or two of a small folder."""

SHOWN_VALUES = 5
"""Unknown values of a vocabulary, or kinds of problem, that a message names."""

CONFLICT = "the key ({key}) appears with different content"


@dataclass(slots=True)
class Tally:
    """What became of one table's rows so far."""

    contract: TableContract
    rows_in: int = 0
    used: int = 0
    quarantined: int = 0
    duplicates_collapsed: int = 0
    out_of_scope: int = 0
    stranger: str | None = None
    after_as_of: int = 0
    repaired: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    filled: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    unreadable_examples: dict[str, str] = field(default_factory=dict)
    unknown_values: dict[str, list[str]] = field(default_factory=dict)
    padded: int = 0
    padded_examples: list[str] = field(default_factory=list)

    def note_cells(self, raw: pl.DataFrame, batch: CastBatch) -> None:
        """Count filled and unreadable cells, to tell a column of the wrong type from a bad row."""
        self.filled.update(batch.filled)
        for name in batch.unreadable.columns:
            self.unreadable[name] += int(batch.unreadable[name].sum())
            if name not in self.unreadable_examples:
                first = raw.filter(batch.unreadable[name]).head(1)
                self.unreadable_examples[name] = str(as_cells(first, self.contract)[name][0])[:60]

    def note_unknown(self, column: str, values: list[str]) -> None:
        """Remember the first few unknown values in the order of the alphabet, whatever the order of the rows."""
        if values:
            known = set(self.unknown_values.get(column, ()))
            self.unknown_values[column] = sorted(known | set(values))[: SHOWN_VALUES + 1]

    def note_strangers(self, account_ids: pl.Series) -> None:
        """Count the rows of accounts that are not in `accounts`, and remember the first such id in the alphabet."""
        self.out_of_scope += len(account_ids)
        first = account_ids.min()
        self.stranger = min(each for each in (self.stranger, first) if isinstance(each, str))

    def note_padded(self, account_ids: pl.Series) -> None:
        """Count ids with spaces around them, and remember the first few in the order of the alphabet."""
        if len(account_ids):
            self.padded += len(account_ids)
            known = {*self.padded_examples, *account_ids.unique()}
            self.padded_examples = sorted(known)[:SHOWN_VALUES]

    def wrong_types(self) -> list[str]:
        """The problem of every column of which no cell could be read."""
        return [
            wrong_type(self.contract, name, f"'{self.unreadable_examples[name]}', and no readable cell in {cells:,}")
            for name, cells in self.filled.items()
            if cells >= MIN_CELLS_OF_A_WRONG_TYPE and self.unreadable[name] == cells
        ]

    def warnings(self) -> list[str]:
        """What was left out whole or read otherwise than it was written, a sentence each."""
        sentences = []
        if self.out_of_scope and self.out_of_scope == self.rows_in:
            sentences.append(
                f"{self.contract.name}: none of the {self.rows_in:,} rows is of an account in accounts; all are out of "
                f"scope, such as those of {(self.stranger or '')[:60]!r}. Check that account_id means the same in both."
            )
        if self.padded:
            shown = ", ".join(repr(value[:60]) for value in self.padded_examples)
            is_left_out = self.contract.name != "accounts"
            what = "rows out of scope only for spaces around account_id" if is_left_out else "ids with spaces around"
            sentences.append(
                f"{self.contract.name}: {what}: {self.padded:,}, such as {shown}. Ids are compared as written. Remove "
                "the spaces."
            )
        for column, values in sorted(self.unknown_values.items()):
            more = " and more" if len(values) > SHOWN_VALUES else ""
            shown = ", ".join(repr(value[:60]) for value in values[:SHOWN_VALUES])
            sentences.append(f"{self.contract.name}: unknown values of '{column}' are read as 'other': {shown}{more}.")
        return sentences

    def too_many(self, max_quarantined_share: float, fewest: int = MIN_QUARANTINED_ROWS) -> str | None:
        """The problem, when more rows were quarantined than is allowed, and at least the `fewest`; else None."""
        in_scope = self.used + self.quarantined + self.duplicates_collapsed
        if self.quarantined < fewest or self.quarantined <= max_quarantined_share * in_scope:
            return None
        commonest = sorted(self.problems.items(), key=lambda item: (-item[1], item[0]))[:SHOWN_VALUES]
        kinds = "; ".join(
            f"{problem} ({count:,} rows, such as {self.examples[problem]})" for problem, count in commonest
        )
        return (
            f"{self.contract.name}: {self.quarantined:,} of {in_scope:,} rows in scope were quarantined, more than the "
            f"share of {max_quarantined_share:g} that is allowed. Found: {kinds}. Correct the rows or the export."
        )

    def quarantine(self, raw: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
        """Count the rows named in `problems` (row, problem; one line per defect) and return them as the file has them.

        Result: the table's columns as strings and `problem`, the defects of the row joined by "; ".
        """
        by_row = problems.group_by("row", maintain_order=True).agg(pl.col("problem").str.join("; ")).sort("row")
        cells = as_cells(raw[by_row["row"]], self.contract).with_columns(by_row["problem"])
        self.quarantined += cells.height
        for problem, count, first in problems.group_by("problem").agg(pl.len(), pl.col("row").min()).iter_rows():
            self.problems[problem] += count
            if problem not in self.examples:
                self.examples[problem] = self._example(as_cells(raw[[first]], self.contract), problem)
        return cells

    def _example(self, cells: pl.DataFrame, problem: str) -> str:
        """The key of a row and the cell that is wrong with it."""
        column = problem.split(" ", maxsplit=1)[0]
        named = [*self.contract.key, *([column] if column in cells.columns else [])]
        return ", ".join(f"{name} {cells[name][0]!r}"[:80] for name in dict.fromkeys(named))


def wrong_type(contract: TableContract, column: str, found: str) -> str:
    """The problem of a column that can never be read."""
    declared = next(each for each in contract.columns if each.name == column)
    return (
        f"{contract.name}: column '{column}' has the wrong type: {kind(declared)} is expected. Found: {found}. "
        f"Convert it to {kind_with_example(declared)}."
    )


def unreadable_rows(raw: pl.DataFrame, batch: CastBatch, contract: TableContract) -> pl.DataFrame:
    """(row, problem) of every row that is broken as a whole or holds a cell that could not be read."""
    kinds = {column.name: f"{column.name} cannot be read as {kind(column)}" for column in contract.columns}
    lines = [
        raw.with_row_index("row").filter(pl.col(ROW_PROBLEM).is_not_null()).select(_ROW, problem=pl.col(ROW_PROBLEM))
    ]
    for name in batch.unreadable.columns:
        rows = batch.unreadable[name].arg_true().alias("row").cast(pl.Int64)
        if len(rows):
            lines.append(rows.to_frame().with_columns(problem=pl.lit(kinds[name])))
    return pl.concat(lines)


def illegal_rows(frame: pl.DataFrame, contract: TableContract) -> pl.DataFrame:
    """(row, problem) of every row of a cast frame that breaks the contract: null where required, outside the range.

    `row` is the position in `frame`.
    """
    lines = [pl.DataFrame(schema={"row": pl.Int64, "problem": pl.String})]
    if _is_legal(frame, contract):
        return lines[0]
    # Not by pandera, whose report of a value must be a Python object: one date before the year 1 or beyond 9999 and
    # it names none of the rows of a batch.
    for column in contract.columns:
        for breach, text in _breaches(column):
            rows = frame.select(breach.arg_true().cast(pl.Int64).alias("row"))
            lines.append(rows.with_columns(problem=pl.lit(f"{column.name} {text}")))
    return pl.concat(lines)


def _breaches(column: Column) -> list[tuple[pl.Expr, str]]:
    """What a value of the column may not be, and how that is said; the same as `TableContract.pandera_schema`."""
    value = pl.col(column.name)
    breaches = [(value.is_null(), "is null")] if column.required else []
    if column.low is not None:
        breaches.append((value < column.low, f"is below {column.low:g}"))
    if column.high is not None:
        breaches.append((value > column.high, f"is above {column.high:g}"))
    if column.dtype == INSTANT:
        breaches.append((~value.is_between(EARLIEST_INSTANT, LATEST_INSTANT, closed="left"), _YEARS))
    if column.dtype == pl.Date:
        first, end = EARLIEST_INSTANT.date(), LATEST_INSTANT.date()
        breaches.append((~value.is_between(first, end, closed="left"), _YEARS))
    return breaches


def _is_legal(frame: pl.DataFrame, contract: TableContract) -> bool:
    """Whether no row breaks the contract, told from counts and extremes, which cost less than a look at every row."""
    broken = []
    for column in contract.columns:
        value = pl.col(column.name)
        if column.required:
            broken.append(value.null_count() > 0)
        if column.low is not None:
            broken.append(value.min() < column.low)
        if column.high is not None:
            broken.append(value.max() > column.high)
        if column.dtype == INSTANT:
            broken += [value.min() < EARLIEST_INSTANT, value.max() >= LATEST_INSTANT]
        if column.dtype == pl.Date:
            broken += [value.min() < EARLIEST_INSTANT.date(), value.max() >= LATEST_INSTANT.date()]
    # The extremes of a column without values are null, and break nothing.
    return not frame.select(pl.any_horizontal(each.fill_null(False) for each in broken)).item()


_YEARS = f"lies outside the years {EARLIEST_INSTANT.year} to {LATEST_INSTANT.year - 1}"

_ROW = pl.col("row").cast(pl.Int64)
