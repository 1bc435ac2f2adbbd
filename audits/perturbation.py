"""The same accounts, recorded otherwise: readings a week apart, rounded counts, a glitch, fewer comments, fewer posts.

What an account did is not changed by how it was collected, so a feature worth its name keeps its value. Every choice
follows from a keyed hash of the row's own names: the same rows are left out whoever else stands in the tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl

from features.context import end_of_day, with_account_context
from features.tables import CONTRACTS, OBSERVED_TABLES, Tables

Change = Callable[[Tables], Tables]

DAYS_PER_WEEK = 7

EARLIEST_COMMENTS = 50
"""Comments that a first page or a first export commonly holds; assumed."""

SIGNIFICANT_DIGITS = 3
"""Digits that YouTube shows of a subscriber count; FACTS, Growth."""

FEWEST_READINGS = 3
"""Readings between whose ends a glitch can lie."""


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One other way of recording the same accounts.

    Attributes:
        name: name of its function.
        title: the head of its column, in a few words.
        meaning: what is changed in which accounts, for a reader of the catalogue.
        change: from clean tables to tables; both are left as they were.
    """

    name: str
    title: str
    meaning: str
    change: Change


PERTURBATIONS: dict[str, Perturbation] = {}
"""Every perturbation by name, in the order of the catalogue's columns."""


def perturbation(title: str) -> Callable[[Change], Change]:
    """Register the decorated function; its docstring is what the catalogue says of it."""

    def register(function: Change) -> Change:
        name = function.__name__
        meaning = " ".join((function.__doc__ or "").split())
        PERTURBATIONS[name] = Perturbation(name, title, meaning, function)
        return function

    return register


@perturbation("weekly")
def weekly_readings(tables: Tables) -> Tables:
    """Of every seven days, counted back from an account's newest reading, the newest reading alone is kept."""
    age = (pl.col("date").max().over("account_id") - pl.col("date")).dt.total_days()
    week = tables.followers_daily.with_columns(week=age // DAYS_PER_WEEK)
    is_newest = pl.col("date") == pl.col("date").max().over("account_id", "week")
    return replace(tables, followers_daily=week.filter(is_newest).drop("week"))


@perturbation("rounded")
def rounded_counts(tables: Tables) -> Tables:
    """Follower counts, of the profile and of every reading, are cut to three digits as YouTube shows them."""
    cut = _cut_to_digits("follower_count")
    return replace(
        tables,
        accounts=tables.accounts.with_columns(cut),
        followers_daily=tables.followers_daily.with_columns(cut),
    )


@perturbation("glitch")
def zero_glitch(tables: Tables) -> Tables:
    """One reading of each curve of three and more, neither the first nor the last, says 0 followers.

    The tables are then cleaned as every input is, which takes such a reading for a tracker's fault and leaves it out.
    """
    readings, place = pl.len().over("account_id"), pl.int_range(pl.len()).over("account_id")
    curves = tables.followers_daily.sort("account_id", "date")
    # The position wanders over the inner readings; short curves have none.
    inner = (readings.cast(pl.Int64) - 2).clip(lower_bound=1)
    is_hit = (readings >= FEWEST_READINGS) & (place == 1 + pl.col("dice") % inner)
    count = pl.when(is_hit).then(0).otherwise(pl.col("follower_count"))
    diced = curves.with_columns(_dice(curves, "account_id"))
    hit = diced.with_columns(follower_count=count.cast(pl.Int64)).drop("dice")
    return replace(tables, followers_daily=hit)


@perturbation("half the comments")
def half_of_comments(tables: Tables) -> Tables:
    """Half of each account's comments, drawn at random."""
    return replace(tables, comments=_half(tables.comments, "comment_id"))


@perturbation("first 50 comments")
def earliest_comments(tables: Tables) -> Tables:
    """The 50 earliest comments of each account, where all of its comments carry an instant; others stay."""
    place = pl.struct("commented_at", "comment_id").rank("ordinal").over("account_id")
    has_no_order = pl.col("commented_at").is_null().any().over("account_id")
    return replace(tables, comments=tables.comments.filter(has_no_order | (place <= EARLIEST_COMMENTS)))


@perturbation("half the posts")
def half_of_posts(tables: Tables) -> Tables:
    """Half of each account's posts, drawn at random, leave with their comments."""
    kept = _half(tables.posts, "post_id")
    gone = tables.posts.join(kept, on=["account_id", "post_id"], how="anti")
    comments = tables.comments.join(gone, on=["account_id", "post_id"], how="anti", maintain_order="left")
    return replace(tables, posts=kept, comments=comments)


@perturbation("a week less")
def week_cut_off(tables: Tables) -> Tables:
    """As if collected a week earlier: the rows of an account's newest seven days are gone, in every table.

    Its follower count is the last reading left, where it has one; the counts of older posts stay as they were read.
    """
    newest = with_account_context(tables).accounts.select("account_id", "newest_at")
    ends = newest.select("account_id", cut=pl.col("newest_at") - timedelta(days=DAYS_PER_WEEK))

    def before(table: pl.DataFrame, instant: pl.Expr) -> pl.DataFrame:
        beside = table.join(ends, on="account_id", how="left", maintain_order="left")
        return beside.filter((instant <= pl.col("cut")).fill_null(True))

    readings = before(tables.followers_daily, end_of_day("date")).drop("cut")
    last = readings.sort("date").group_by("account_id").agg(last=pl.col("follower_count").last())
    read_at = pl.min_horizontal("observed_at", "cut")
    observed_at = pl.when(pl.col("observed_at").is_not_null()).then(read_at).alias("observed_at")
    accounts = tables.accounts.join(ends, on="account_id", how="left", maintain_order="left")
    accounts = accounts.join(last, on="account_id", how="left", maintain_order="left")
    return Tables(
        accounts.with_columns(observed_at, follower_count=pl.coalesce("last", "follower_count")).drop("cut", "last"),
        readings,
        before(tables.posts, pl.col("posted_at")).with_columns(observed_at).drop("cut"),
        before(tables.comments, pl.col("commented_at")).drop("cut"),
    )


def touched(before: Tables, after: Tables) -> pl.Series:
    """Accounts of which any row differs between the two, sorted: the others cannot say how stable a feature is."""
    changed: list[pl.Series] = []
    for name in ("accounts", *OBSERVED_TABLES):
        columns = list(CONTRACTS[name].schema)
        sides = getattr(before, name).select(columns), getattr(after, name).select(columns)
        for one, other in (sides, sides[::-1]):
            changed.append(one.join(other, on=columns, how="anti", nulls_equal=True)["account_id"])
    accounts: pl.Series = pl.concat(changed).unique().sort()
    return accounts


def _half(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """Half of each account's rows, the larger half where their number is odd."""
    diced = table.with_columns(_dice(table, "account_id", name))
    place = pl.struct("dice", name).rank("ordinal").over("account_id")
    return diced.filter(2 * place <= pl.len().over("account_id") + 1).drop("dice")


def _dice(table: pl.DataFrame, *names: str) -> pl.Series:
    """A number of each row, as good as random, that follows from its names alone."""
    digests = (
        hashlib.blake2b("\x1f".join(row).encode(), digest_size=7).digest() for row in table.select(names).iter_rows()
    )
    return pl.Series("dice", [int.from_bytes(digest) for digest in digests], dtype=pl.Int64)


def _cut_to_digits(column: str) -> pl.Expr:
    """The count with all but its first three digits 0; shorter ones stay exact."""
    digits = pl.col(column).cast(pl.String).str.len_chars().cast(pl.Int64)
    step = pl.lit(10, dtype=pl.Int64).pow((digits - SIGNIFICANT_DIGITS).clip(lower_bound=0))
    return (pl.col(column) // step * step).cast(pl.Int64).alias(column)
