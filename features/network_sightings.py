"""Some accounts' tables made narrow: all that the survey of the network needs of them.

Ids become numbers by a keyed hash at once. Only whether two of them are equal is used afterwards, so that no value
depends on the key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.context import ACCOUNT, with_account_context
from features.growth_frames import intervals
from features.kernels.growth import LONGEST_SHORT_INTERVAL, MATERIAL_LOSS, ROUNDING_STEPS
from features.kernels.network import distinct, first_arrivals, siphashes
from features.tables import Tables, only

BIGGEST_DROPS = 3
"""Drops of an account that are looked at: its largest."""

Number = TypeVar("Number", bound=np.generic)

_KEY_BYTES = 16
"""Of SipHash."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """The narrow form of some tables, all ids hashed.

    An edge is an account and somebody who commented under it; edges are numbered in the order of their accounts, and
    within one in the order of their first comments. The owner's own comments and those of unknown authors take no part.

    Attributes:
        accounts: one row each, in the order of `account_id`: `account_id`, `account` (hash), `platform`, `people`
            (edges).
        edges: `row` (number, within the account, of the first comment by `comment_id`), `commenter_comments`; a row for
            each edge.
        persons: `person` (hash), `edge`; a row for each edge, by person.
        arrivals: `edge`, `post` (number), `at` (seconds since 1970), `row`: the first comment of each edge under each
            post, of those with an instant; in the order of the accounts, by post and time.
        drops: `place` (the account's row), `date`, `start_date`, `loss_share`: the readings that showed the up to three
            biggest drops of each account.
        days: `platform`, `date`, `covered` (accounts read across that day), `fallen` (those of them with one of their
            biggest drops across it).
    """

    accounts: pl.DataFrame
    edges: pl.DataFrame
    persons: pl.DataFrame
    arrivals: pl.DataFrame
    drops: pl.DataFrame
    days: pl.DataFrame


def sightings(tables: Tables, key: bytes = b"", besides: pl.DataFrame | None = None) -> Sightings:
    """The narrow form of the tables, without the accounts that `besides` (`account`) names.

    ValueError where the key is longer than 64 bytes.
    """
    if besides is not None:
        tables = _without(tables, besides, key)
    tables = with_account_context(tables)
    accounts, comments = tables.accounts, tables.comments
    keys = _keys(accounts["platform"], key)
    hashes = hashed(accounts["account_id"], np.arange(accounts.height, dtype=np.uint32), keys)
    place = _array(comments[ACCOUNT], np.uint32)
    starts = np.searchsorted(place, np.arange(accounts.height + 1))
    persons = hashed(comments["commenter_id"], place, keys)
    is_known = _array(comments["commenter_id"].is_not_null(), np.bool_) & (persons != hashes[place])
    edge_of, first, rows, people = distinct(starts, persons, is_known)
    person_of = np.empty(len(first), np.uint64)
    person_of[edge_of[is_known]] = persons[is_known]
    order = np.argsort(person_of)
    read = _readings(tables)
    drops = _drops(read)
    return Sightings(
        accounts.select(
            "account_id", pl.Series("account", hashes), "platform", people=pl.Series(people, dtype=pl.UInt32)
        ),
        pl.DataFrame({"row": first, "commenter_comments": rows}),
        pl.DataFrame({"person": person_of[order], "edge": order.astype(np.uint32)}),
        _arrivals(comments, hashed(comments["post_id"], place, keys), starts, edge_of, place),
        drops,
        _days(read, drops, accounts["platform"]),
    )


def hashed(ids: pl.Series, key_of: NDArray[np.uint32], keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The 64-bit keyed hash of each id, any number where it is null.

    SipHash-2-4, made for keyed tables of short texts. Among a hundred million ids the chance of one collision is 3 in
    10,000.
    """
    texts = ids.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = texts.buffers()
    count = len(ids) + 1
    ends = np.frombuffer(offsets or bytes(8 * count), np.int64, count, 8 * texts.offset)
    return siphashes(np.frombuffer(data or b"", np.uint8), ends, key_of, keys)


def _keys(platforms: pl.Series, key: bytes) -> NDArray[np.uint64]:
    """A hash key for each account, made of its platform: the same id on another platform is somebody else."""
    known = {
        platform: hashlib.blake2b(platform.encode(), digest_size=_KEY_BYTES, key=key).digest()
        for platform in platforms.unique()
    }
    halves = np.frombuffer(b"".join(known[platform] for platform in platforms), "<u8")
    return halves.astype(np.uint64).reshape(-1, 2)


def _without(tables: Tables, besides: pl.DataFrame, key: bytes) -> Tables:
    accounts = tables.accounts
    places = np.arange(accounts.height, dtype=np.uint32)
    hashes = pl.Series(hashed(accounts["account_id"], places, _keys(accounts["platform"], key)))
    return only(tables, accounts["account_id"].filter(~hashes.is_in(besides["account"].implode())))


def _arrivals(
    comments: pl.DataFrame,
    posts: NDArray[np.uint64],
    starts: NDArray[np.int64],
    edge_of: NDArray[np.int64],
    place: NDArray[np.uint32],
) -> pl.DataFrame:
    seconds = comments["commented_at"].dt.epoch("s")
    times = _array(seconds.fill_null(0), np.int64)
    is_timed = _array(seconds.is_not_null(), np.bool_) & (edge_of >= 0)
    post_of, _, rows_of_post, _ = distinct(starts, posts, is_timed)
    chosen = first_arrivals(post_of, rows_of_post, edge_of, times)
    return pl.DataFrame(
        {
            "edge": edge_of[chosen].astype(np.uint32),
            "post": post_of[chosen].astype(np.uint32),
            "at": times[chosen],
            "row": (chosen - starts[place[chosen]]).astype(np.uint32),
        }
    )


def _array(series: pl.Series, dtype: type[Number]) -> NDArray[Number]:
    """A series without nulls as an array of its own: kernels are compiled once, and not again for read-only ones."""
    return np.array(series.to_numpy(), dtype)


# --- losses -----------------------------------------------------------------------------------------------------------


def _readings(tables: Tables) -> pl.DataFrame:
    """Intervals that say on which day something happened, to the week; `place` is the account's row."""
    columns = (pl.col(ACCOUNT).alias("place"), "start_date", "date", "loss", "count_before", "rounding")
    return intervals(tables).filter(pl.col("days") <= LONGEST_SHORT_INTERVAL).select(*columns)


def _drops(read: pl.DataFrame) -> pl.DataFrame:
    loss = pl.col("loss") / pl.col("count_before")
    is_material = (loss >= MATERIAL_LOSS) & (pl.col("loss") > ROUNDING_STEPS * pl.col("rounding"))
    return (
        read.filter(is_material)
        .select("place", "date", "start_date", loss_share=loss)
        .sort("place", "loss_share", "date", descending=[False, True, False])
        .filter(pl.int_range(pl.len()).over("place") < BIGGEST_DROPS)
    )


def _days(read: pl.DataFrame, drops: pl.DataFrame, platforms: pl.Series) -> pl.DataFrame:
    known = platforms.unique().sort()
    first, last = read.select(pl.col("start_date").min(), last=pl.col("date").max()).row(0)
    days = pl.date_range(first, last, "1d", eager=True) if first else pl.Series([], dtype=pl.Date)
    code = platforms.cast(pl.Enum(known)).to_physical().cast(pl.Int64).to_numpy()
    covered, fallen = (_covered(rows, code, len(known), days) for rows in (read, drops))
    return pl.DataFrame(
        {
            "platform": np.repeat(known.to_numpy(), len(days)),
            "date": pl.concat([days] * len(known)) if len(known) else days,
            "covered": covered,
            "fallen": fallen,
        },
        schema_overrides={"platform": pl.String},
    ).filter(pl.col("covered") > 0)


def _covered(rows: pl.DataFrame, code: NDArray[np.int64], platforms: int, days: pl.Series) -> NDArray[np.int64]:
    """Of each platform and day the intervals with the day after their start and up to their end."""
    width = len(days) + 1
    first = days.to_physical()[0] if len(days) else 0
    offset = code[rows["place"].to_numpy()] * width + 1 - first
    size = platforms * width
    begins, ends = (
        np.bincount(offset + rows[name].to_physical().to_numpy(), minlength=size) for name in ("start_date", "date")
    )
    return np.cumsum((begins - ends).reshape(platforms, width), axis=1)[:, : len(days)].ravel()
