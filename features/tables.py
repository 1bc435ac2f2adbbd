"""The input contract: every table's grain, key, columns, types and legal values.

One declaration serves four readers: the simulation (what to write), `pipeline.dataset` (what to accept and what
to quarantine), the features (what they may rely on) and the documentation. Polars only, since a feature stage
should start in a fraction of a second; pandera is imported when a schema is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

if TYPE_CHECKING:
    import pandera.polars as pa

Derived = TypeVar("Derived")

INSTANT = pl.Datetime("us", "UTC")
"""Every instant of the product: microseconds, UTC."""

EARLIEST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_INSTANT = datetime(2100, 1, 1, tzinfo=UTC)
"""Instants outside [1970, 2100) are clocks that failed: no platform of the contract existed, or will have by then."""

LARGEST_COUNT = 100_000_000_000
"""No count on any platform comes near (the most viewed video has 16 billion views); beyond it a cell is a defect."""

PLATFORMS = ("instagram", "tiktok", "youtube", "twitch", "x", "facebook", "other")
FORMATS = ("photo", "carousel", "video", "short", "story", "text", "live", "other")
NICHES = (
    "beauty",
    "education",
    "family",
    "fashion",
    "fitness",
    "food",
    "gaming",
    "music",
    "photography",
    "technology",
    "travel",
    "other",
)
SCHEMES = ("bought_followers", "follow_unfollow", "bought_engagement", "bought_comments", "engagement_pod")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the contract.

    `required` columns must be present and never null; the others may be absent or null, which means not observed.
    `low` and `high` are inclusive; `allowed` lists the known values of a vocabulary, and any other is read as `other`.
    """

    name: str
    dtype: pl.DataType | type[pl.DataType]
    required: bool = False
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class TableContract:
    """One table: its columns, the key that makes a row unique, and the column that says when a row became known."""

    name: str
    grain: str
    key: tuple[str, ...]
    known_by: str | None
    columns: tuple[Column, ...]

    @property
    def schema(self) -> dict[str, pl.DataType | type[pl.DataType]]:
        """Column name to polars type, in contract order."""
        return {column.name: column.dtype for column in self.columns}

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that must be present and not null."""
        return tuple(column.name for column in self.columns if column.required)

    def empty(self) -> pl.DataFrame:
        """The table with its full schema and no row: what *not observed* looks like to a feature."""
        return pl.DataFrame(schema=self.schema)

    def pandera_schema(self) -> pa.DataFrameSchema:
        """The same declaration as a pandera schema, for eager frames at the borders (lazy frames skip the values)."""
        import pandera.polars as pa

        columns = {}
        for column in self.columns:
            checks = []
            if column.low is not None:
                checks.append(pa.Check.ge(column.low, error=f"is below {column.low:g}"))
            if column.high is not None:
                checks.append(pa.Check.le(column.high, error=f"is above {column.high:g}"))
            if column.dtype == INSTANT:
                checks.append(pa.Check.in_range(EARLIEST_INSTANT, LATEST_INSTANT, include_max=False, error=_YEARS))
            if column.dtype == pl.Date:
                first, last = EARLIEST_INSTANT.date(), date(LATEST_INSTANT.year - 1, 12, 31)
                checks.append(pa.Check.in_range(first, last, error=_YEARS))
            columns[column.name] = pa.Column(column.dtype, checks, nullable=not column.required)
        return pa.DataFrameSchema(columns, strict=True, ordered=True, name=self.name)


_YEARS = "lies outside the years 1970 to 2099"


def _identifier(name: str, description: str, *, required: bool = True) -> Column:
    return Column(name, pl.String, required=required, description=description)


def _count(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, pl.Int64, required=required, low=0, high=LARGEST_COUNT, description=description)


def _text(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, pl.String, required=required, description=description)


def _flag(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, pl.Boolean, required=required, description=description)


def _instant(name: str, description: str, *, required: bool = False) -> Column:
    return Column(name, INSTANT, required=required, description=description)


def _share(name: str, description: str) -> Column:
    return Column(name, pl.Float64, low=0.0, high=1.0, description=description)


ACCOUNTS = TableContract(
    "accounts",
    "one row an account",
    ("account_id",),
    None,  # an account is not cut by as_of; its counts are, by observed_at
    (
        _identifier("account_id", "the platform's or the user's own identifier"),
        Column("platform", pl.String, required=True, allowed=PLATFORMS, description="where the account lives"),
        _text("handle", "the public name"),
        _count("follower_count", "followers, as shown by the platform", required=True),
        _count("following_count", "accounts followed"),
        _count("post_count", "posts ever published"),
        _instant("observed_at", "when these counts were read"),
        Column("created_on", pl.Date, description="day on which the account was opened"),
        _flag("is_verified", "carries the platform's badge"),
        _flag("is_business", "declared as a business or creator account"),
        Column("niche", pl.String, allowed=NICHES, description="what the account is about"),
        _text("language", "main language, BCP 47"),
        _text("country", "main country, ISO 3166"),
        _text("biography", "the account's own description"),
    ),
)

FOLLOWERS_DAILY = TableContract(
    "followers_daily",
    "one row an account and day; days may be missing",
    ("account_id", "date"),
    "date",
    (
        _identifier("account_id", "as in accounts"),
        Column("date", pl.Date, required=True, description="UTC day; the reading is known at its end"),
        _count("follower_count", "followers on that day", required=True),
        _count("following_count", "accounts followed on that day"),
    ),
)

POSTS = TableContract(
    "posts",
    "one row a post",
    ("account_id", "post_id"),
    "posted_at",
    (
        _identifier("account_id", "as in accounts"),
        _identifier("post_id", "unique within the account"),
        _instant("posted_at", "when it was published", required=True),
        _instant("observed_at", "when its counts were read"),
        Column("format", pl.String, allowed=FORMATS, description="kind of post"),
        _count("like_count", "likes; null where hidden"),
        _count("comment_count", "comments"),
        _count("view_count", "views or plays"),
        _text("caption", "the author's text"),
        _flag("is_sponsored", "declared as advertising"),
    ),
)

COMMENTS = TableContract(
    "comments",
    "one row a comment; all of them, or an earliest, newest, top or random sample",
    ("account_id", "comment_id"),
    "commented_at",
    (
        _identifier("account_id", "the account whose post it is"),
        _identifier("post_id", "as in posts"),
        _identifier("comment_id", "unique within the account"),
        _identifier("commenter_id", "who wrote it; equal to account_id: the owner", required=False),
        _instant("commented_at", "when it was written"),
        _text("text", "the comment as published", required=True),
        _count("like_count", "likes of the comment"),
    ),
)

LABELS = TableContract(
    "labels",
    "one row an account; training and evaluation only",
    ("account_id",),
    None,
    (
        _identifier("account_id", "as in accounts"),
        _flag("is_inauthentic", "bought or traded at least 10 % of followers or engagement", required=True),
        _text("scheme", "what was done; several joined by +"),
        _share("inauthentic_follower_share", "share of present followers that was bought or traded"),
        _share("inauthentic_engagement_share", "share of engagement on the posts supplied that was bought or traded"),
        Column("labelled_on", pl.Date, description="day of the judgement"),
        _text("label_source", "who judged, or which simulation"),
        _text(
            "benign_story",
            "what an account went through that can look bought; known of simulated ones, the inauthentic too",
        ),
        # Added to the contract: accounts that share sellers, pods or commenters must stay on one side of a split.
        _text("cohort", "accounts of one cohort never cross a split; absent: every account is its own cohort"),
    ),
)

CONTRACTS: dict[str, TableContract] = {
    contract.name: contract for contract in (ACCOUNTS, FOLLOWERS_DAILY, POSTS, COMMENTS, LABELS)
}
"""Every table by name, `accounts` first since the others refer to it."""

OBSERVED_TABLES = ("followers_daily", "posts", "comments")
"""The tables besides `accounts` that describe what was seen of an account."""


@dataclass(frozen=True)
class Tables:
    """The observed tables of some accounts, clean and sorted by their keys; an unobserved table has no rows."""

    accounts: pl.DataFrame
    followers_daily: pl.DataFrame
    posts: pl.DataFrame
    comments: pl.DataFrame

    @cached_property
    def _derived(self) -> dict[str, Any]:
        return {}

    def once(self, name: str, build: Callable[[], Derived]) -> Derived:
        """What `build` makes of these tables, made at the first call and kept under `name` as long as they are.

        Several features, and then their evidence, need the same intermediate frames. `build` may depend on nothing but
        the tables; the names are the builders' own, such as "growth/intervals".
        """
        if name not in self._derived:
            self._derived[name] = build()
        kept: Derived = self._derived[name]
        return kept


def only(tables: Tables, account_ids: pl.Series) -> Tables:
    """The rows of the named accounts alone, in the order they were in, without the account context: it numbers them."""
    named = account_ids.unique().implode()
    chosen = (
        getattr(tables, name).filter(pl.col("account_id").is_in(named)) for name in ("accounts", *OBSERVED_TABLES)
    )
    return Tables(*(rows.drop("account", "newest_at", "followers", strict=False) for rows in chosen))
