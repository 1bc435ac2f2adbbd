"""Numbers in the words of a citation: one way for every group."""

from __future__ import annotations

import polars as pl


def grouped(number: pl.Expr | str) -> pl.Expr:
    """A number rounded to a whole one and written with commas between its thousands: "-1,500"; null stays null."""
    value = pl.col(number) if isinstance(number, str) else number
    whole = value.cast(pl.Float64).round().cast(pl.Int64)
    digits = whole.abs().cast(pl.String).str.reverse().str.replace_all(r"(\d{3})", "${1},")
    text = digits.str.reverse().str.strip_chars_start(",")
    return pl.concat_str(pl.when(whole < 0).then(pl.lit("-")).otherwise(pl.lit("")), text)


def counted(number: pl.Expr | str, noun: str) -> pl.Expr:
    """The number, grouped, with its noun: "1 word", "1,240 likes"; null stays null."""
    value = pl.col(number) if isinstance(number, str) else number
    return pl.format("{} {}", grouped(value), pl.when(value == 1).then(pl.lit(noun)).otherwise(pl.lit(f"{noun}s")))
