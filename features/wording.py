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


def counted(number: pl.Expr | str, noun: str, plural: str | None = None) -> pl.Expr:
    """The number, grouped, with its noun: "1 word", "1,240 likes", "2 people"; null stays null."""
    value = pl.col(number) if isinstance(number, str) else number
    many = plural or f"{noun}s"
    return pl.format("{} {}", grouped(value), pl.when(value == 1).then(pl.lit(noun)).otherwise(pl.lit(many)))


def percent(share: pl.Expr | str) -> pl.Expr:
    """A share in whole per cent: "12%"; what rounds to all or nothing and is not is "over 99%" or "under 1%".

    Null stays null.
    """
    value = pl.col(share) if isinstance(share, str) else share
    whole = (100 * value).round()
    return (
        pl.when((whole == 0) & (value > 0))
        .then(pl.lit("under 1%"))
        .when((whole == 100) & (value < 1))  # noqa: PLR2004 -- all of it
        .then(pl.lit("over 99%"))
        .otherwise(pl.format("{}%", grouped(whole)))
    )


def times_the_usual(factor: pl.Expr | str) -> pl.Expr:
    """A factor of two significant digits: "2.3 times the usual", "0.05 times the usual", "the usual"; null stays."""
    value = pl.col(factor) if isinstance(factor, str) else factor
    number = value.cast(pl.Float64).round_sig_figs(2)
    digits = pl.when(number.abs() >= 100).then(grouped(number)).otherwise(number.cast(pl.String))  # noqa: PLR2004
    several = pl.format("{} times the usual", digits.str.strip_suffix(".0"))
    return pl.when(number == 1).then(pl.lit("the usual")).otherwise(several)
