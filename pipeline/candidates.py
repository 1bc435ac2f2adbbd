"""The candidates list: a small CSV that a campaign manager writes by hand."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path

import polars as pl

from pipeline.errors import UnusableInputError
from pipeline.export import restored

FIRST_LINE = 2
"""Of the list: the header stands above it."""

COLUMNS = ("campaign", "account_id", "platform", "handle", "fee", "currency")


def read_candidates(path: Path) -> pl.DataFrame:
    """The list with every known column, absent ones null; `fee` as a number, blanks as null.

    Raises:
        UnusableInputError: missing or unreadable file, missing columns, a row that names no account, a fee that is
            not a number of 0 or more; all problems at once.
    """
    frame = _read(path)
    problems = _column_problems(frame)
    if problems:
        raise UnusableInputError(problems)
    absent = [pl.lit(None, pl.String).alias(name) for name in COLUMNS if name not in frame.columns]
    blank_is_null = pl.when(pl.all().str.strip_chars() != "").then(pl.all().str.strip_chars())
    frame = frame.with_columns(absent).select(COLUMNS).with_columns(blank_is_null.name.keep())
    fee = pl.col("fee").cast(pl.Float64, strict=False)
    problems = [
        *_row_problems(frame, pl.col("campaign").is_null(), "names no campaign. Fill 'campaign'."),
        *_row_problems(
            frame,
            pl.col("account_id").is_null() & (pl.col("platform").is_null() | pl.col("handle").is_null()),
            "names no account. Fill 'account_id', or 'platform' and 'handle'.",
        ),
        *_row_problems(
            frame,
            pl.col("fee").is_not_null() & ~(fee.is_finite() & (fee >= 0)).fill_null(False),
            "has a fee that is not a number of 0 or more. Write it as 250 or 250.00.",
        ),
    ]
    if problems:
        raise UnusableInputError(problems)
    return frame.with_columns(fee)


def without_repeats(found: pl.DataFrame, warn: Callable[[str], None]) -> pl.DataFrame:
    """The candidates with those that stand twice in a campaign on the same terms put together.

    `found` has the columns of the list, with the accounts that were found for it, and `_row`, the place in the list;
    two handles are one whatever their case. `warn` is told of each line that is left out.

    Raises:
        UnusableInputError: an account stands in one campaign with different fees; all of them at once.
    """
    handle = pl.col("handle").str.strip_chars_start("@").str.to_lowercase()
    name = pl.coalesce("account_id", pl.concat_str(pl.col("platform").str.to_lowercase(), handle, separator=" "))
    groups = (
        found.with_columns(_name=name)
        .group_by("campaign", "_name")
        .agg(pl.col("_row").sort(), pl.struct("fee", "currency").sort_by("_row").alias("_terms"))
        .filter(pl.col("_row").list.len() > 1)
        .sort(pl.col("_row").list.first())
    )
    problems, repeated = [], []
    for campaign, account, rows, terms in groups.iter_rows():
        lines = [f"{row + FIRST_LINE}" for row in rows]
        fees = list(dict.fromkeys(_terms(each) for each in terms))
        if len(fees) > 1:
            problems.append(
                f"candidates: lines {', '.join(lines[:-1])} and {lines[-1]} name one account, '{account}', in campaign "
                f"'{campaign}' with different fees. Found: {', '.join(fees)}. Keep one line of them."
            )
            continue
        repeated += rows[1:]
        others = f"lines {', '.join(lines[1:])} say" if len(lines) > 2 else f"line {lines[1]} says"  # noqa: PLR2004
        warn(f"candidates: {others} the same as line {lines[0]}: counted once.")
    if problems:
        raise UnusableInputError(problems)
    return found.filter(~pl.col("_row").is_in(repeated))


def _terms(terms: dict[str, float | str | None]) -> str:
    fee, currency = terms["fee"], str(terms["currency"] or "").upper()
    return "no fee" if fee is None else f"{fee:,.2f} {currency}".strip()


def _read(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise UnusableInputError([f"candidates: {path} is missing. Name a CSV file with --candidates."])
    try:
        # Ids and handles are copied from our own CSV, where some carry a mark.
        return restored(pl.read_csv(path, infer_schema=False, truncate_ragged_lines=False, glob=False))
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise UnusableInputError(
            [f"candidates: {path} cannot be read as CSV ({reason}). Save it as CSV, UTF-8."]
        ) from error


def _column_problems(frame: pl.DataFrame) -> list[str]:
    found = ", ".join(frame.columns)
    problems = []
    if "campaign" not in frame.columns:
        problems.append(f"candidates: column 'campaign' is missing. Found: {found}.{_hint('campaign', frame)}")
    if "account_id" not in frame.columns and not {"platform", "handle"} <= set(frame.columns):
        problems.append(
            f"candidates: column 'account_id' is missing, and so are 'platform' and 'handle'. Found: {found}."
            f"{_hint('account_id', frame)}"
        )
    return problems


def _hint(name: str, frame: pl.DataFrame) -> str:
    near = difflib.get_close_matches(name, frame.columns, n=1, cutoff=0.5)
    return f" Did you mean '{near[0]}'? Rename it to '{name}'." if near else f" Add a column '{name}'."


def _row_problems(frame: pl.DataFrame, wrong: pl.Expr, complaint: str) -> list[str]:
    lines = frame.with_row_index("line", offset=FIRST_LINE).filter(wrong)["line"].to_list()
    return [f"candidates: line {line} {complaint}" for line in lines]
