"""The same accounts, recorded otherwise: readings a week apart, rounded counts, a glitch, fewer comments, fewer posts.

What an account did is not changed by how it was collected, so a feature worth its name keeps its value. Every choice
follows from a keyed hash of the row's own names: the same rows are left out whoever else stands in the tables.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import polars as pl
from scipy.special import ndtri

from features.context import end_of_day, with_account_context
from features.tables import CONTRACTS, OBSERVED_TABLES, Tables

Change = Callable[[Tables], Tables]
ChangeBy = Callable[[Tables, float], Tables]

DAYS_PER_WEEK = 7

HALF = 0.5

POST_COUNTS = ("like_count", "comment_count", "view_count")

OPTIONAL_COLUMNS = {
    "accounts": ("following_count", "post_count", "created_on", "is_verified", "is_business", "language", "biography"),
    "followers_daily": ("following_count",),
    "posts": ("observed_at", "format", *POST_COUNTS, "caption", "is_sponsored"),
    "comments": ("commenter_id", "commented_at", "like_count"),
}
"""Columns that an export may lack (the data contract), as far as a feature looks at them."""

DICE_BYTES = 7
"""Bytes of a row's number: an Int64 holds them."""

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
    return readings_apart(tables, DAYS_PER_WEEK)


@perturbation("rounded")
def rounded_counts(tables: Tables) -> Tables:
    """Follower counts, of the profile and of every reading, are cut to three digits as YouTube shows them."""
    return follower_digits(tables, SIGNIFICANT_DIGITS)


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
    return comments_kept(tables, HALF)


@perturbation("first 50 comments")
def earliest_comments(tables: Tables) -> Tables:
    """The 50 earliest comments of each account, where all of its comments carry an instant; others stay."""
    place = pl.struct("commented_at", "comment_id").rank("ordinal").over("account_id")
    has_no_order = pl.col("commented_at").is_null().any().over("account_id")
    return replace(tables, comments=tables.comments.filter(has_no_order | (place <= EARLIEST_COMMENTS)))


@perturbation("half the posts")
def half_of_posts(tables: Tables) -> Tables:
    """Half of each account's posts, drawn at random, leave with their comments."""
    return posts_kept(tables, HALF)


@perturbation("a week less")
def week_cut_off(tables: Tables) -> Tables:
    """As if collected a week earlier: the rows of an account's newest seven days are gone, in every table.

    Its follower count is the last reading left, where it has one; the counts of older posts stay as they were read.
    """
    return collected_earlier(tables, DAYS_PER_WEEK)


# --- by strength ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Curve:
    """One way of recording the same accounts otherwise, more and more so.

    Attributes:
        name: name of its function.
        title: what is changed, in a few words.
        strengths: how much, from least to most.
        unit: of the strengths: `share` (0 to 1) or a plural noun.
        meaning: what is done, for a reader of the report.
        change: from clean tables and a strength to tables.
    """

    name: str
    title: str
    strengths: tuple[float, ...]
    unit: str
    meaning: str
    change: ChangeBy


CURVES: dict[str, Curve] = {}
"""Every curve by name, in the order of the report. Strengths are assumed, but for the three digits of YouTube."""


def curve(title: str, strengths: tuple[float, ...], unit: str) -> Callable[[ChangeBy], ChangeBy]:
    """Register the decorated function; its docstring is what the report says of it."""

    def register(function: ChangeBy) -> ChangeBy:
        name = function.__name__
        CURVES[name] = Curve(name, title, strengths, unit, " ".join((function.__doc__ or "").split()), function)
        return function

    return register


@curve("noise on follower counts", (0.001, 0.003, 0.01, 0.03), "share")
def follower_noise(tables: Tables, strength: float) -> Tables:
    """Every reading is multiplied by a log-normal error of this spread of its own; the profile's count likewise."""
    return replace(
        tables,
        accounts=_noisy(tables.accounts, ("account_id",), ("follower_count",), strength),
        followers_daily=_noisy(tables.followers_daily, ("account_id", "date"), ("follower_count",), strength),
    )


@curve("noise on likes, comments and views", (0.01, 0.03, 0.1, 0.3), "share")
def count_noise(tables: Tables, strength: float) -> Tables:
    """Every count of every post is multiplied by a log-normal error of this spread of its own."""
    return replace(tables, posts=_noisy(tables.posts, ("account_id", "post_id"), POST_COUNTS, strength))


@curve("clock ahead", (1.0, 6.0, 12.0), "hours")
def clock_ahead(tables: Tables, strength: float) -> Tables:
    """Local time taken for UTC: the instants of posts, comments and profile are so much later, dates stay."""
    later = pl.duration(minutes=round(strength * 60))
    moved = {"accounts": ("observed_at",), "posts": ("posted_at", "observed_at"), "comments": ("commented_at",)}
    return replace(
        tables,
        **{
            name: getattr(tables, name).with_columns(pl.col(column) + later for column in columns)
            for name, columns in moved.items()
        },
    )


@curve("cells missing", (0.02, 0.05, 0.1, 0.2, 0.4), "share")
def cells_missing(tables: Tables, strength: float) -> Tables:
    """So many of the cells of optional columns are null, in every table, whatever stands in them."""
    changed = {}
    for name, columns in OPTIONAL_COLUMNS.items():
        contract = CONTRACTS[name]
        table: pl.DataFrame = getattr(tables, name)
        for column in columns:
            diced = table.with_columns(_dice(table, *contract.key, salt=column))
            table = diced.with_columns(pl.when(_uniform() >= strength).then(pl.col(column))).drop("dice")
        changed[name] = table
    return replace(tables, **changed)


@curve("share of comments kept", (0.5, 0.25, 0.1), "share")
def comments_kept(tables: Tables, strength: float) -> Tables:
    """So many of each account's comments stay, drawn at random."""
    return replace(tables, comments=_share_of(tables.comments, "comment_id", strength))


@curve("share of posts kept", (0.5, 0.25, 0.1), "share")
def posts_kept(tables: Tables, strength: float) -> Tables:
    """So many of each account's posts stay, drawn at random; the others leave with their comments."""
    kept = _share_of(tables.posts, "post_id", strength)
    gone = tables.posts.join(kept, on=["account_id", "post_id"], how="anti")
    comments = tables.comments.join(gone, on=["account_id", "post_id"], how="anti", maintain_order="left")
    return replace(tables, posts=kept, comments=comments)


@curve("days between readings", (DAYS_PER_WEEK, 14, 30), "days")
def readings_apart(tables: Tables, strength: float) -> Tables:
    """Of so many days, counted back from an account's newest reading, the newest reading alone is kept."""
    age = (pl.col("date").max().over("account_id") - pl.col("date")).dt.total_days()
    span = tables.followers_daily.with_columns(span=age // round(strength))
    is_newest = pl.col("date") == pl.col("date").max().over("account_id", "span")
    return replace(tables, followers_daily=span.filter(is_newest).drop("span"))


@curve("digits of follower counts", (SIGNIFICANT_DIGITS, 2), "digits")
def follower_digits(tables: Tables, strength: float) -> Tables:
    """Follower counts, of the profile and of every reading, keep so many digits and end in zeros."""
    cut = _cut_to_digits("follower_count", round(strength))
    return replace(
        tables,
        accounts=tables.accounts.with_columns(cut),
        followers_daily=tables.followers_daily.with_columns(cut),
    )


@curve("collected earlier", (DAYS_PER_WEEK, 14, 28), "days")
def collected_earlier(tables: Tables, strength: float) -> Tables:
    """As if collected so many days earlier: the newest rows of an account are gone, in every table.

    Its follower count is the last reading left, where it has one; the counts of older posts stay as they were read.
    """
    newest = with_account_context(tables).accounts.select("account_id", "newest_at")
    ends = newest.select("account_id", cut=pl.col("newest_at") - timedelta(days=strength))

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


def _share_of(table: pl.DataFrame, name: str, share: float) -> pl.DataFrame:
    """A share of each account's rows, rounded up: at least one stays."""
    diced = table.with_columns(_dice(table, "account_id", name))
    place = pl.struct("dice", name).rank("ordinal").over("account_id")
    return diced.filter(place <= (share * pl.len().over("account_id")).ceil()).drop("dice")


def _dice(table: pl.DataFrame, *names: str, salt: str = "") -> pl.Series:
    """A number of each row, as good as random, that follows from its names and the salt alone."""
    rows = table.select(pl.col(names).cast(pl.String)).iter_rows()
    digests = (
        hashlib.blake2b("\x1f".join(row).encode(), digest_size=DICE_BYTES, key=salt.encode()).digest() for row in rows
    )
    return pl.Series("dice", [int.from_bytes(digest) for digest in digests], dtype=pl.Int64)


def _uniform() -> pl.Expr:
    """The row's number as a number between 0 and 1, neither included."""
    return (pl.col("dice") + HALF) / float(2 ** (8 * DICE_BYTES))


def _noisy(table: pl.DataFrame, names: Sequence[str], counts: Sequence[str], spread: float) -> pl.DataFrame:
    """Each count times exp(spread times a normal number of its own), rounded; what is 0 or null stays."""
    for count in counts:
        diced = table.with_columns(_dice(table, *names, salt=count))
        error = np.exp(spread * ndtri(diced.select(_uniform()).to_series().to_numpy()))
        noisy = (pl.col(count) * pl.Series(error)).round().cast(pl.Int64)
        table = table.with_columns(noisy.alias(count))
    return table


def _cut_to_digits(column: str, kept: int) -> pl.Expr:
    """The count with all but its first digits 0; shorter ones stay exact."""
    digits = pl.col(column).cast(pl.String).str.len_chars().cast(pl.Int64)
    step = pl.lit(10, dtype=pl.Int64).pow((digits - kept).clip(lower_bound=0))
    return (pl.col(column) // step * step).cast(pl.Int64).alias(column)
