"""Raw cells to the types of the contract, column by column.

A cell that cannot be read becomes null and is said so beside it; a column whose type can never be read is the
table's problem. An empty cell is null, except in `comments.text`, where an empty comment is a comment.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from features.tables import INSTANT, Column, TableContract

TEXT_COLUMNS = ("text",)
"""Columns in which an empty cell is a value."""

LARGEST_EXACT_FLOAT = 2.0**53
"""Beyond it a float no longer tells whole numbers apart."""

INSTANT_PATTERN = (
    r"^\s*(\d{4}-\d{2}-\d{2})"  # day
    r"(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"  # hours and minutes, seconds, fraction
    r"\s?([Zz]|UTC|[+-]\d{2}(?::?\d{2})?)?)?\s*$"  # zone
)
"""ISO 8601 calendar dates with or without time and zone, as the usual writers print them."""

_INTEGERS = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64)
_FLOATS = (pl.Float32, pl.Float64)
_WORDS = (pl.String, pl.Categorical, pl.Enum)
_NUMBERS = (*_INTEGERS, *_FLOATS, pl.Decimal)
_TIMES = (pl.Datetime, pl.Date)
_READABLE: dict[type[pl.DataType], tuple[type[pl.DataType], ...]] = {
    pl.String: (*_WORDS, *_NUMBERS, *_TIMES, pl.Boolean),
    pl.Int64: (*_WORDS, *_NUMBERS),
    pl.Float64: (*_WORDS, *_NUMBERS),
    pl.Boolean: (*_WORDS, *_NUMBERS, pl.Boolean),
    pl.Datetime: (*_WORDS, *_TIMES),
    pl.Date: (*_WORDS, *_TIMES),
}
_KINDS: dict[type[pl.DataType], str] = {
    pl.String: "text",
    pl.Int64: "a whole number",
    pl.Float64: "a number",
    pl.Boolean: "true or false",
    pl.Datetime: "an instant",
    pl.Date: "a date",
}
_EXAMPLES: dict[type[pl.DataType], str] = {
    pl.String: "text",
    pl.Int64: "whole numbers such as 1234",
    pl.Float64: "numbers such as 0.25",
    pl.Boolean: "true or false",
    pl.Datetime: "ISO 8601 instants such as 2026-01-31T18:00:00Z",
    pl.Date: "ISO 8601 dates such as 2026-01-31",
}


@dataclass(frozen=True, slots=True)
class CastBatch:
    """One batch in the contract's types.

    `frame` has the contract's columns, null where nothing was given or nothing could be read. `filled` says how many
    cells of each column that is present hold something. `unreadable` has the columns, and only these, of which some
    cell holds something that could not be read, as booleans.
    """

    frame: pl.DataFrame
    filled: dict[str, int]
    unreadable: pl.DataFrame


def base_type(column: Column) -> type[pl.DataType]:
    """The column's type without unit or zone."""
    return column.dtype.base_type()


def kind(column: Column) -> str:
    """What a cell of the column must be, in words."""
    return _KINDS[base_type(column)]


def kind_with_example(column: Column) -> str:
    """What the cells of the column must be, with an example to follow."""
    return _EXAMPLES[base_type(column)]


def is_readable(dtype: pl.DataType, column: Column) -> bool:
    """Whether a raw column of this type can hold the column at all."""
    return dtype.base_type() in (*_READABLE[base_type(column)], pl.Null)


def cast_cells(raw: pl.DataFrame, contract: TableContract) -> CastBatch:
    """Cast a raw batch; columns that are absent, or of a type that is not readable, are null throughout."""
    columns = contract.columns
    usable = [c for c in columns if c.name in raw.columns and is_readable(raw.schema[c.name], c)]
    blank = raw.select(_may_be_blank(pl.col(name)).any() for name, dtype in raw.schema.items() if dtype == pl.String)
    present = raw.select(
        _plain(
            column, raw.schema[column.name], may_be_blank=column.name not in blank.columns or blank[column.name][0]
        ).alias(column.name)
        for column in usable
    )
    absent = [pl.lit(None, dtype=column.dtype).alias(column.name) for column in columns if column not in usable]
    casts = [_cast(column, present.schema[column.name]).alias(column.name) for column in usable]
    frame = (
        present.select(casts).with_columns(absent).select(*contract.schema) if usable else _nulls(contract, raw.height)
    )
    filled = {name: raw.height - present[name].null_count() for name in present.columns}
    # A cast makes no value of null, so that equal counts are equal cells: most columns need no second look.
    failed = [name for name, cells in filled.items() if raw.height - frame[name].null_count() != cells]
    unreadable = present.select(pl.col(name).is_not_null() & frame[name].is_null() for name in failed)
    return CastBatch(frame, filled, unreadable)


def as_cells(raw: pl.DataFrame, contract: TableContract) -> pl.DataFrame:
    """The raw rows as strings, in the contract's columns: what the quarantine keeps of them."""
    cells = [
        _as_text(pl.col(name), raw.schema[name]).alias(name)
        if name in raw.columns and not raw.schema[name].is_nested() and raw.schema[name] != pl.Binary
        else pl.lit(None, dtype=pl.String).alias(name)
        for name in contract.schema
    ]
    return raw.select(cells) if raw.columns else pl.DataFrame(schema=dict.fromkeys(contract.schema, pl.String))


def _as_text(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A raw cell as text; an instant beyond the calendar as the number that the file has for it."""
    if dtype.base_type() not in _TIMES:
        return value.cast(pl.String, strict=False)
    return pl.coalesce(_within_calendar(value, dtype).cast(pl.String), value.to_physical().cast(pl.String))


def _within_calendar(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """The dates or instants of the years 1 to 9999, null beyond.

    Parquet holds more: of those polars can print none, and counted in microseconds some become dates of today.
    """
    ticks = 1 if dtype == pl.Date else _TICKS_OF_A_DAY.get(getattr(dtype, "time_unit", ""))
    if ticks is None:  # nanoseconds: all that 64 bits hold lies between 1677 and 2262
        return value
    first, end = (each * ticks for each in _CALENDAR_DAYS)
    return pl.when(value.to_physical().is_between(first, end, closed="left")).then(value)


_CALENDAR_DAYS = (
    date.min.toordinal() - date(1970, 1, 1).toordinal(),
    date.max.toordinal() - date(1970, 1, 1).toordinal() + 1,
)
_TICKS_OF_A_DAY = {"ms": 86_400_000, "us": 86_400_000_000}


def unknown_values(frame: pl.DataFrame, column: Column) -> list[str]:
    """The values of a vocabulary column that are not in the vocabulary, sorted."""
    values = frame.get_column(column.name)
    return values.filter(~values.is_in(list(column.allowed or ()))).drop_nulls().unique().sort().to_list()


def known_or_other(column: Column) -> pl.Expr:
    """The vocabulary column with every unknown value read as `other`; null stays null."""
    value = pl.col(column.name)
    return pl.when(value.is_null() | value.is_in(list(column.allowed or ()))).then(value).otherwise(pl.lit("other"))


def _nulls(contract: TableContract, height: int) -> pl.DataFrame:
    return pl.DataFrame({name: pl.Series([None] * height, dtype=dtype) for name, dtype in contract.schema.items()})


def _plain(column: Column, dtype: pl.DataType, *, may_be_blank: bool) -> pl.Expr:
    """The raw column with categories as strings, and empty cells and NaN as null."""
    value = pl.col(column.name)
    if dtype.base_type() in _FLOATS:
        return value.cast(pl.Float64).fill_nan(None)
    if dtype.base_type() not in (*_WORDS, pl.Null):
        return value
    value = value.cast(pl.String)
    if column.name in TEXT_COLUMNS or not may_be_blank:
        return value
    return pl.when(value.str.strip_chars() != "").then(value)


def _may_be_blank(value: pl.Expr) -> pl.Expr:
    """Whether a text could be empty or white space alone: it does not begin with a visible character of ASCII.

    Nearly every identifier does, and comparing is next to nothing where stripping costs as much as reading.
    """
    return (value < "!") | (value > "~")


def _cast(column: Column, dtype: pl.DataType) -> pl.Expr:
    value = pl.col(column.name)
    if dtype == pl.Null:
        return value.cast(column.dtype)
    cast = {
        pl.String: _to_string,
        pl.Int64: _to_integer,
        pl.Float64: _to_float,
        pl.Boolean: _to_boolean,
        pl.Datetime: _to_instant,
        pl.Date: _to_date,
    }[base_type(column)]
    result = cast(value, dtype)
    return result.str.strip_chars().str.to_lowercase() if column.allowed else result


def _to_string(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Float64:  # identifiers that passed through a float column, as pandas makes it of one null
        whole = (value == value.round()) & (value.abs() <= LARGEST_EXACT_FLOAT)
        return pl.when(whole).then(value.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(value.cast(pl.String))
    return _as_text(value, dtype)


def _to_integer(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.base_type() in _INTEGERS:
        return value.cast(pl.Int64, strict=False)
    if dtype == pl.String:
        value = value.str.strip_chars()
    exact = value.cast(pl.Int64, strict=False) if dtype == pl.String else pl.lit(None, dtype=pl.Int64)
    number = value.cast(pl.Float64, strict=False)
    whole = (number == number.round()) & (number.abs() <= LARGEST_EXACT_FLOAT)
    return pl.coalesce(exact, pl.when(whole).then(number).cast(pl.Int64, strict=False))


def _to_float(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    number = (value.str.strip_chars() if dtype == pl.String else value).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number)


def _to_boolean(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Boolean:
        return value
    if dtype == pl.String:
        word = value.str.strip_chars().str.to_lowercase()
        is_true, is_false = word.is_in(["true", "1", "yes", "1.0"]), word.is_in(["false", "0", "no", "0.0"])
    else:
        is_true, is_false = value == 1, value == 0
    return pl.when(is_true).then(pl.lit(True)).when(is_false).then(pl.lit(False))


def _to_instant(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.base_type() in _TIMES:
        value = _within_calendar(value, dtype)
    if dtype == pl.Date:
        return value.cast(INSTANT)
    if isinstance(dtype, pl.Datetime):
        zoned = value.dt.replace_time_zone("UTC") if dtype.time_zone is None else value.dt.convert_time_zone("UTC")
        return zoned.cast(INSTANT, strict=False)
    part = value.str.extract_groups(INSTANT_PATTERN).struct
    zone = part.field("5").str.to_uppercase().str.replace("UTC", "Z", literal=True)
    text = pl.concat_str(
        part.field("1"),
        pl.lit("T"),
        part.field("2").fill_null("00:00"),
        pl.lit(":"),
        part.field("3").fill_null("00"),
        pl.lit("."),
        part.field("4").fill_null("0"),
        zone.fill_null("Z"),
    )
    return text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False)


def _to_date(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Date:
        return _within_calendar(value, dtype)
    return _to_instant(value, dtype).dt.date()
