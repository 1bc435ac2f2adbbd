"""Cells as people, scrapers and spreadsheets write them: by type of column, what a file shows and what it means."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import polars as pl

from features.tables import Column
from soak.fuzz.content import Odd, Reading

NO, OUTSIDE = Reading.UNREADABLE, Reading.ILLEGAL

COUNTS_OF_NO_USE: tuple[tuple[str, Any], ...] = (
    ("1,200", NO),
    ("1.200.000", NO),
    ("1 200", NO),
    ("12k", NO),
    ("many", NO),
    ("-1", -1),
    ("-5e3", -5_000),
    ("-9223372036854775808", -(2**63)),
    ("-9223372036854775809", NO),
    ("9223372036854775807", 2**63 - 1),
    ("9223372036854775808", NO),
    ("18446744073709551615", NO),
    ("340282366920938463463374607431768211456", NO),
    ("100000000001", 100_000_000_001),
    ("1e308", NO),
    ("1e400", NO),
    ("1e-3", NO),
    ("1.5", NO),
    ("NaN", NO),
    ("nan", NO),
    ("inf", NO),
    ("-Infinity", NO),
    ("0x10", NO),
    ("1_000", NO),
    ("true", NO),
    ("--1", NO),
    ("1.", 1),
    ("١٢٣", NO),
    ("１２", NO),
    ("12\x00", NO),
    ("=1+1", NO),
    ("None", NO),
    ("null", NO),
    ("#N/A", NO),
    ("9" * 5_000, NO),
    ("[1]", NO),
)
INSTANTS_OF_NO_USE: tuple[tuple[str, Any], ...] = (
    ("2026-13-01", NO),
    ("2026-02-30", NO),
    ("2025-02-29T10:00:00Z", NO),
    ("1969-12-31T23:59:59Z", OUTSIDE),
    ("1969-12-31", OUTSIDE),
    ("1600-01-01", OUTSIDE),
    ("0000-01-01", OUTSIDE),
    ("2100-01-01T00:00:00Z", datetime(2100, 1, 1, tzinfo=UTC)),
    ("9999-12-31T23:59:59.999999Z", datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ("12345-01-01", NO),
    ("-2026-01-01", NO),
    ("01/02/2026", NO),
    ("01.02.2026", NO),
    ("1767600000", NO),
    ("1767600000000", NO),
    ("2026-01-01T25:00:00Z", NO),
    ("2026-01-01T10:61:00Z", NO),
    ("2026-01-01T10:00:00+99:99", NO),
    ("2026-01-01T10:00:00 Europe/Berlin", NO),
    ("2026-W02-1", NO),
    ("2026-001", NO),
    ("yesterday", NO),
    ("NaT", NO),
    ("null", NO),
    ("2026-01-0१", NO),
    ("２０２６-01-01", NO),
    ("2026-01-01T10:00:00Z\x00", NO),
)
FLAGS_OF_NO_USE = tuple(
    (text, NO) for text in ("maybe", "2", "-1", "t", "y", "on", "NaN", "null", "wahr", "0x1", "1e0?")
)
SHARES_OF_NO_USE = (("10%", NO), ("0,5", NO), ("half", NO), ("-0.1", -0.1), ("1.01", 1.01), ("inf", NO), ("1e999", NO))
NOTHING = ("", " ", "\t", "\u00a0", "   \u2003 ")
"""What an empty cell may look like."""

STRANGE_TEXTS = (
    "\x00",
    "a\x00b",
    "=cmd|' /C calc'!A0",
    "@SUM(A1)",
    "-2+3",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "[bold red]x[/bold red]",
    "\u202egnp.exe",
    "e\u0301",
    "\u00e9",
    "\ufeffstart",
    "\ufffd\uffff",
    "👩‍👩‍👧‍👦" * 50,
    "a\u0300" * 300,
    'quote " in the middle',
    '"',
    "ends in a backslash \\",
    "line\r\nline\rline\nline",
    "\u2028\u2029\x85\x0b\x0c",
    "NaN",
    "1e308",
    "true",
    "2026-01-01",
    "{}",
    "%s %d {0}",
    "x" * 70_000,
)
STRANGE_IDS = (
    "007",
    "1e308",
    "1e3",
    "12.0",
    "inf",
    "NaN",
    "null",
    "True",
    " padded ",
    "with space",
    "tab\there",
    "émile",
    "e\u0301mile",
    "ﬁ",
    "😍",
    "a/b",
    "..",
    "a\\b",
    "-1",
    "=1",
    "a,b",
    'a"b',
    "a\nb",
    "a\x00b",
    "\u200b",
    "ACCOUNT-0",
    "account-0 ",
    "con",
    "i" * 5_000,
    "[0]",
    "*",
    "9223372036854775808",
)
PARQUET_EXTREMES: dict[str, tuple[tuple[str, int], ...]] = {
    "instant": (
        ("timestamp_s", 2**53),
        ("timestamp_ms_utc", 2**63 - 1),
        ("timestamp_ms", -(2**62)),
        ("timestamp_ms_utc", 18_446_745_841_309_551),
        ("timestamp_us_utc", 2**63 - 1),
        ("timestamp_us", -(2**63)),
        ("timestamp_us_berlin", 2**63 - 1),
        ("timestamp_ns_utc", -(2**63)),
        ("date32", 2**31 - 1),
        ("date32", -(2**31)),
        ("date32", 213_503_983 + 20_458),
    ),
    "count": (
        ("uint64", 2**64 - 1),
        ("uint64", 2**63),
        ("int64", -(2**63)),
        ("int64", 2**63 - 1),
    ),
}


def strange(draw: random.Random, column: Column) -> Odd:
    """A cell that has no use, or that hardly anybody would write."""
    kind = column.dtype.base_type()
    if draw.random() < 0.1:
        return nothing(draw, column)
    if kind == pl.String:
        text = draw.choice(STRANGE_TEXTS)
        return Odd(text, text)
    known = {
        pl.Int64: COUNTS_OF_NO_USE,
        pl.Datetime: INSTANTS_OF_NO_USE,
        pl.Date: INSTANTS_OF_NO_USE,
        pl.Boolean: FLAGS_OF_NO_USE,
        pl.Float64: SHARES_OF_NO_USE,
    }[kind]
    text, meaning = draw.choice(known)
    if kind == pl.Date and isinstance(meaning, datetime):
        meaning = meaning.date()
    return Odd(text, meaning)


def nothing(draw: random.Random, column: Column) -> Odd:
    """A cell that looks empty."""
    text = draw.choice(NOTHING)
    return Odd(text, text if column.name == "text" else None)


def spelled_otherwise(draw: random.Random, column: Column, value: Any) -> Odd | None:
    """The same value as other writers have it; None where there is only one way."""
    spell: Callable[[random.Random, Any], str | None] = {
        pl.Int64: _count,
        pl.Datetime: _instant,
        pl.Date: _day,
        pl.Boolean: _flag,
    }.get(column.dtype.base_type(), lambda _, __: None)
    if column.allowed is not None:
        text = draw.choice([value.upper(), value.title(), f"  {value}", f"{value}\u00a0"])
        return Odd(text, value)
    text = spell(draw, value)
    if text is None:
        return None
    as_number = json.dumps(text)
    if column.dtype == pl.Int64 and draw.random() < 0.5 and text.strip() == text and not text.startswith("0"):
        as_number = text
    return Odd(text, value, as_number)


def _count(draw: random.Random, value: int) -> str:
    return draw.choice([f" {value} ", f"{value}.0", f"{value}.000", f"{value}e0", f"0{value}", f"{value}\t"])


def _instant(draw: random.Random, value: datetime) -> str:
    zone = timezone(timedelta(minutes=draw.choice([120, -330, 840, 0])))
    there = value.astimezone(zone).isoformat()
    same = value.isoformat().replace("+00:00", "")
    return draw.choice(
        [same, same + "z", same + " UTC", same.replace("T", " "), there, there.replace("T", " "), f" {same}Z\t"]
    )


def _day(draw: random.Random, value: date) -> str:
    return draw.choice([f"{value}T00:00:00Z", f"{value} 23:59:59", f" {value}", f"{value + timedelta(1)}T01:00+02:00"])


def _flag(draw: random.Random, value: bool) -> str:  # noqa: FBT001 - the cell itself
    return draw.choice(["TRUE", "yes", "1", " True ", "1.0"] if value else ["FALSE", "No", "0", "false\t", "0.0"])
