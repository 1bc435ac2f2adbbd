"""A few datasets that are large in one way: each scored by a process of its own, whose time and memory are measured."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from pipeline.storage import read_json
from soak.fuzz.content import START, base_rows, written
from soak.fuzz.writing import write
from soak.result import Figure

MILLION = 1_000_000
MANY_COLUMNS = 10_000
LARGE_FIELD = 50_000_000

LARGE: dict[str, tuple[Callable[[Path, int], None], int]] = {}
"""What is large, to what adds it to a folder, and the exit code that is owed."""


def _large(name: str, owed: int) -> Callable[[Callable[[Path, int], None]], Callable[[Path, int], None]]:
    def enter(function: Callable[[Path, int], None]) -> Callable[[Path, int], None]:
        LARGE[name] = (function, owed)
        return function

    return enter


@_large("a million comments of one account, each by another commenter", 0)
def _comments(folder: Path, scale: int) -> None:
    rows = MILLION // scale
    number = pl.int_range(rows, eager=True)
    pl.DataFrame(
        {
            "account_id": pl.repeat("account-0", rows, eager=True),
            "post_id": "post-" + (number % 50).cast(pl.String),
            "comment_id": number.cast(pl.String),
            "commenter_id": "fan-" + number.cast(pl.String),
            "commented_at": START + pl.Series(number * 1_000_000).cast(pl.Duration("us")),
            "text": "nice picture number " + (number % 9_973).cast(pl.String),
        }
    ).write_parquet(folder / "comments.parquet")


@_large("a million posts of one account", 0)
def _posts(folder: Path, scale: int) -> None:
    rows = MILLION // scale
    number = pl.int_range(rows, eager=True)
    pl.DataFrame(
        {
            "account_id": pl.repeat("account-0", rows, eager=True),
            "post_id": number.cast(pl.String),
            "posted_at": datetime(2020, 1, 1, tzinfo=START.tzinfo)
            + pl.Series(number * 60_000_000).cast(pl.Duration("us")),
            "like_count": number % 997,
            "comment_count": number % 31,
        }
    ).write_csv(folder / "posts.csv")


@_large("a million readings of one account, most of them of one day", 3)
def _readings(folder: Path, scale: int) -> None:
    rows = MILLION // scale
    number = pl.int_range(rows, eager=True)
    days = [date(2000, 1, 1) + timedelta(days=each % 9_000) for each in range(rows)]
    pl.DataFrame(
        {"account_id": pl.repeat("account-0", rows, eager=True), "date": days, "follower_count": 1_000 + number}
    ).write_parquet(folder / "followers_daily.parquet")


@_large("ten thousand columns", 0)
def _columns(folder: Path, scale: int) -> None:
    path = folder / "accounts.parquet"
    columns = {f"extra_{number}": pl.lit(number) for number in range(MANY_COLUMNS // scale)}
    pl.read_parquet(path).with_columns(**columns).write_csv(folder / "accounts.csv")
    path.unlink()


@_large("a biography of 50 MB, in Parquet", 0)
def _field(folder: Path, scale: int) -> None:
    path = folder / "accounts.parquet"
    is_first = pl.col("account_id") == "account-0"
    text = pl.lit("hello 😍, " * (LARGE_FIELD // scale // 12))
    pl.read_parquet(path).with_columns(pl.when(is_first).then(text).alias("biography")).write_parquet(path)


def _large_comment(scale: int) -> pl.DataFrame:
    """A comment of that many characters, and a short one."""
    row = {"account_id": "account-0", "post_id": "post-0", "comment_id": "1"}
    return pl.DataFrame(
        [row | {"text": "so nice " * (LARGE_FIELD // scale // 8)}, row | {"comment_id": "2", "text": "short"}]
    )


@_large("a comment of 50 MB, in JSON lines", 0)
def _json_field(folder: Path, scale: int) -> None:
    _large_comment(scale).write_ndjson(folder / "comments.jsonl")


@_large("a comment of 50 MB, in CSV: longer than any row that is read", 2)
def _csv_field(folder: Path, scale: int) -> None:
    _large_comment(scale).write_csv(folder / "comments.csv")


def figures(model: str, scale: int = 1) -> tuple[Figure, ...]:
    """A figure for each, `scale` times smaller than its name says."""
    with tempfile.TemporaryDirectory(prefix="assay-fuzz-") as scratch:
        return tuple(_figure(name, Path(scratch), model, scale) for name in LARGE)


def _figure(name: str, scratch: Path, model: str, scale: int) -> Figure:
    folder = scratch / "large"
    add, owed = LARGE[name]
    write(written({"accounts": base_rows(1)["accounts"]}), folder / "in")
    add(folder / "in", scale)
    code, seconds, peak = _measured(folder, model)
    holds = code == owed and (code != 0 or _adds_up(folder / "out"))
    shutil.rmtree(folder)
    print(f"fuzz: {name}: exit code {code}, {seconds:.1f} s, {peak:,.0f} MB", file=sys.stderr)
    value = f"exit code {code}, {seconds:,.0f} s, {peak:,.0f} MB"
    return Figure(name=name, value=value, owed=f"exit code {owed}", holds=holds)


def _measured(folder: Path, model: str) -> tuple[int, float, float]:
    """Exit code, seconds and peak memory in MB of `score`."""
    places = ["--input", folder / "in", "--output", folder / "out", "--model", model]
    command = [sys.executable, "-m", "pipeline", "score", *map(str, places), "--quiet"]
    started = time.monotonic()
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, time.monotonic() - started, usage.ru_maxrss / 1024


def _adds_up(out: Path) -> bool:
    """Whether every account is scored and every row of every table is in one place."""
    tables = read_json(out / "summary.json")["tables"]
    places = ("used", "quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of")
    scored = pl.read_parquet(out / "scores.parquet", glob=False).height
    return scored == tables["accounts"]["used"] and all(
        counts["rows_in"] == sum(counts[name] for name in places) for counts in tables.values()
    )
