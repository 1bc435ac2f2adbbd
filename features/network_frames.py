"""The frames of the network features: what the survey of all observed accounts says of each account's own rows.

`features.network_sightings` makes the tables of some accounts narrow, `features.network_survey` looks at all observed
accounts together, and what it finds is put beside the rows it came from here: with `with_network` in the tables
themselves, for the evidence, or with `narrow_tables` without them, for the values alone. The frames are then a matter
of each account's own rows, like those of every other group.

An account is observed where it is in the folder or in the reference. Identities are told apart by platform and id. The
owner's own comments and those of unknown authors take no part; a comment without an instant takes part in everything
but lockstep. Ids of a simulated cohort are drawn per account: nothing here means anything on them.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.context import ACCOUNT, with_account_context
from features.network_sightings import Sightings, sightings
from features.network_survey import Survey, survey
from features.tables import POSTS, Tables

FEWEST_ACCOUNTS = 500
"""Observed accounts below which every value is null: in a small folder nearly nobody can be seen twice."""

FEWEST_OF_PLATFORM = 30
"""Accounts of a platform read across a day from which the share that fell is formed: half of them is 0.5 +- 0.09."""

COMMENTER_COLUMNS = (
    "commenter_comments",
    "commenter_accounts",
    "is_wide",
    "is_creator",
    "is_mutual",
    "mates",
    "meetings",
    "ties",
)
"""Columns that `with_network` adds to `comments`; `loss_share` and `fallen_share` are added to `followers_daily`."""


# --- frames -----------------------------------------------------------------------------------------------------------


def commenters(tables: Tables) -> pl.DataFrame:
    """One row per account and commenter, as the comment that stands for them: the first, one in lockstep if any.

    Columns besides those of `comments`: `commenter_comments` (theirs under this account), `commenter_accounts` (that
    they comment under, of the observed), `is_wide` (those are unusually many), `is_creator` (they are an observed
    account), `is_mutual` (which this account comments under, too), `mates` (people they are in lockstep with here),
    `meetings` (accounts that they meet one of those under, at most; 0 without mates), `ties` (how often others of the
    account's commenters meet this one elsewhere; see `features.network_survey`).
    """
    return _surveyed(tables).comments.filter(pl.col("commenter_accounts").is_not_null())


def drops(tables: Tables) -> pl.DataFrame:
    """The up to three biggest drops of each account, as the reading that showed them.

    Columns besides those of `followers_daily`: `loss_share` of the followers before, `fallen_share` of the observed
    accounts of the platform with one of their biggest drops on the same day; of several days, the day with most.
    """
    return _surveyed(tables).followers_daily.filter(pl.col("fallen_share").is_not_null())


def _surveyed(tables: Tables) -> Tables:
    """The tables with the network's columns; those without are taken for the whole folder."""
    if "fallen_share" in tables.followers_daily.columns:
        return tables
    return tables.once("network/surveyed", lambda: with_network(tables, survey([sightings(tables)])))


# --- beside the rows --------------------------------------------------------------------------------------------------


def with_network(tables: Tables, found: Survey, key: bytes = b"", fewest_accounts: int = FEWEST_ACCOUNTS) -> Tables:
    """The tables with the network's columns: on the comment that stands for a commenter, on the reading of a drop.

    Null on every other row, and everywhere below `fewest_accounts` observed accounts: with a commenter known for
    `comments`, read across the day for `followers_daily`.

    Args:
        tables: those that `sightings` saw, or a part of their accounts with all rows of these.
        found: the survey.
        key: as `sightings` was given.
        fewest_accounts: see above.
    """
    tables = with_account_context(tables)
    seen = sightings(tables, key)
    row = pl.int_range(pl.len(), dtype=pl.UInt32).over(ACCOUNT)
    comments = tables.comments.with_columns(row=row).join(
        _commenters(seen, found, fewest_accounts).drop("account_id"),
        on=[ACCOUNT, "row"],
        how="left",
        maintain_order="left",
    )
    readings = tables.followers_daily.join(
        _shared_drops(seen, found.days, fewest_accounts).drop("account_id"),
        on=[ACCOUNT, "date"],
        how="left",
        maintain_order="left",
    )
    return Tables(tables.accounts, readings, tables.posts, comments.drop("row"))


def narrow_tables(seen: Sightings, found: Survey, fewest_accounts: int = FEWEST_ACCOUNTS) -> Tables:
    """What the frames need of the tables that were seen, and nothing else: no row but those that `with_network` marks.

    `found` may be a part of the survey that holds these accounts.
    """
    accounts = seen.accounts.select("account_id", "platform").with_row_index(ACCOUNT)
    drops = _shared_drops(seen, found.days, fewest_accounts)
    return Tables(accounts, drops, POSTS.empty(), _commenters(seen, found, fewest_accounts))


def _commenters(seen: Sightings, found: Survey, fewest_accounts: int) -> pl.DataFrame:
    """`account`, `account_id`, `row` and the network's columns: a row for each commenter of each account, in order."""
    own = found.commenters.join(
        seen.accounts.select(place=pl.int_range(pl.len(), dtype=pl.UInt32), account="account"), on="account"
    )
    people = seen.accounts["people"].to_numpy()
    place = np.repeat(np.arange(len(people), dtype=np.uint32), people)
    row = seen.edges["row"].to_numpy()
    # Edges are in the order of account and row, so that both as one number find an edge.
    edge = np.searchsorted(_joint(place, row), _joint(own["place"].to_numpy(), own["row"].to_numpy()))
    counts = {"commenter_accounts": np.uint32(1), "mates": np.uint32(0), "meetings": np.uint32(0), "ties": 0.0}
    flags = dict.fromkeys(("is_wide", "is_creator", "is_mutual"), np.bool_(False))
    columns = {}
    for name, usual in (counts | flags).items():
        columns[name] = np.full(len(row), usual)
        columns[name][edge] = own[name].to_numpy()
    in_step = own["mates"].to_numpy() > 0
    stands = row.copy()
    stands[edge[in_step]] = own["lockstep_row"].to_numpy()[in_step]
    comments = seen.edges["commenter_comments"]
    rows = pl.DataFrame({ACCOUNT: place, "row": stands, "commenter_comments": comments, **columns})
    if found.commented < fewest_accounts:
        rows = rows.clear()
    ids = seen.accounts["account_id"].gather(rows[ACCOUNT])
    return rows.select(pl.col(ACCOUNT).set_sorted(), ids, "row", *COMMENTER_COLUMNS)


def _joint(places: NDArray[np.uint32], rows: NDArray[np.uint32]) -> NDArray[np.uint64]:
    joint: NDArray[np.uint64] = (places.astype(np.uint64) << np.uint64(32)) | rows
    return joint


def _shared_drops(seen: Sightings, days: pl.DataFrame, fewest_accounts: int) -> pl.DataFrame:
    """`account`, `account_id`, `date`, `loss_share`, `fallen_share` of drops on days that enough accounts tell of."""
    told = days.filter(
        (pl.col("covered").sum().over("date") >= fewest_accounts) & (pl.col("covered") >= FEWEST_OF_PLATFORM)
    )
    told = told.select("platform", day="date", fallen_share=pl.col("fallen") / pl.col("covered"))
    accounts = seen.accounts.select("account_id", "platform").with_row_index(ACCOUNT)
    return (
        seen.drops.rename({"place": ACCOUNT})
        .join(accounts, on=ACCOUNT)
        .with_columns(day=pl.date_ranges(pl.col("start_date") + pl.duration(days=1), "date"))
        .explode("day", empty_as_null=False)
        .join(told, on=["platform", "day"])
        .group_by(ACCOUNT, "account_id", "date")
        .agg(pl.col("loss_share").first(), pl.col("fallen_share").max())
        .sort(ACCOUNT, "date")
    )
