"""The rows behind a value: which days, posts or comments make a feature as high or as low as it is.

A feature declares the push of each row of its frame; a frame declares how a row is cited. Both are made of the columns
that the value itself is computed from, so that the evidence cannot tell another story than the number.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from features.catalog import features
from features.compute import frame, group_module
from features.context import ACCOUNT, with_account_context
from features.definition import GROUPS, MOST_EVIDENCE, Citation, Feature
from features.tables import Tables

EVIDENCE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "account_id": pl.String,
    "feature": pl.String,
    "rank": pl.Int64,
    "table": pl.String,
    "key": pl.String,
    "push": pl.Float64,
    "text": pl.String,
}
"""Columns of the evidence: rank from 1; `key` finds the row in `table` (date, post, comment, or the account itself)."""

PUSH_DIGITS = 6
"""Significant digits of a push: rows that differ by the noise of a float sum are equal, and the key decides."""


def evidence(tables: Tables, wanted: pl.DataFrame, most: int = MOST_EVIDENCE) -> pl.DataFrame:
    """Up to `most` rows behind each wanted value, strongest first, by account and feature in the catalogue's order.

    Args:
        tables: clean tables that hold the wanted accounts; others in them change nothing. Their frames are taken where
            `compute` has built them; where it has not, `only` the wanted accounts' tables cost less.
        wanted: `account_id`, `feature` (a name of the catalogue) and `side`: `high` asks for rows that make the value
            higher, `low` for rows that make it lower, `context` for those that move it most either way.
        most: rows per value.

    Returns:
        Columns of `EVIDENCE_SCHEMA`. A value that rests on no single row (all days alike, say) has no evidence rows.

    Raises:
        KeyError: a feature that is not in the catalogue.
    """
    tables = with_account_context(tables)
    return _cited(tables, _strongest(tables, wanted, most))


_FOUND = {
    ACCOUNT: pl.UInt32,
    "number": pl.Int64,
    "row": pl.Int64,
    "rank": pl.Int64,
    "key": pl.String,
    "push": pl.Float64,
}
"""What is found: `account` (its code), `number` of the feature in the catalogue, `row` in its frame, `rank` from 1."""


def _numbered(tables: Tables, wanted: pl.DataFrame) -> pl.DataFrame:
    """The wanted values with the code of the account and the `number` of the feature in the catalogue."""
    catalogue = list(features(GROUPS))
    unknown = sorted(set(wanted["feature"]) - set(catalogue))
    if unknown:
        raise KeyError(f"evidence: {', '.join(unknown)} not in the catalogue.")
    numbers = pl.DataFrame({"feature": catalogue, "number": range(len(catalogue))})
    accounts = tables.accounts.select("account_id", ACCOUNT)
    return wanted.join(numbers, on="feature", maintain_order="left").join(
        accounts, on="account_id", maintain_order="left"
    )


def _strongest(tables: Tables, wanted: pl.DataFrame, most: int) -> pl.DataFrame:
    """What `evidence` returns, not yet in words: columns of `_FOUND`, by account and feature."""
    entries = list(features(GROUPS).values())
    asked = (
        _numbered(tables, wanted)
        .group_by("number", ACCOUNT)
        .agg(wants_high=(pl.col("side") != "low").any(), wants_low=(pl.col("side") != "high").any())
        .sort("number", ACCOUNT)
    )
    of_frames: dict[tuple[str, str], list[pl.DataFrame]] = {}
    for (number,), rows in asked.partition_by("number", as_dict=True, maintain_order=True).items():
        entry = entries[int(number)]
        of_feature = _pushing(entry, frame(tables, entry.group, entry.frame), rows)
        of_frames.setdefault((entry.group, entry.frame), []).append(of_feature)
    parts = [pl.DataFrame(schema=_FOUND)]
    for (group, name), pushing in of_frames.items():
        keys = frame(tables, group, name)[group_module(group).CITATIONS[name].key]
        parts.append(_ranked(pl.concat(pushing), keys, most))
    return pl.concat(parts).sort(ACCOUNT, "number", "rank")


def _pushing(entry: Feature, rows: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The rows of the frame that push one feature towards a side asked for, of the accounts asked for.

    An account's rows are a slice of the frame, and only the columns that the push reads are taken of it.
    """
    accounts = asked[ACCOUNT].to_numpy()
    starts, ends = (np.searchsorted(rows[ACCOUNT].to_numpy(), accounts, side=side) for side in ("left", "right"))
    size = ends - starts
    taken = np.arange(size.sum()) + np.repeat(starts - np.cumsum(size) + size, size)
    push = entry.evidence().cast(pl.Float64).round_sig_figs(PUSH_DIGITS).alias("push")
    columns = dict.fromkeys((ACCOUNT, *push.meta.root_names()))
    pushes = (
        rows.select(*columns)[taken]
        .group_by(pl.col(ACCOUNT).set_sorted(), maintain_order=True)
        .agg(push)["push"]
        .explode(empty_as_null=False)
        .fill_null(np.nan)
        .to_numpy()
    )
    wants_high, wants_low = (np.repeat(asked[side].to_numpy(), size) for side in ("wants_high", "wants_low"))
    chosen = np.flatnonzero(((pushes > 0) & wants_high | (pushes < 0) & wants_low) & np.isfinite(pushes))
    return pl.DataFrame(
        {
            ACCOUNT: np.repeat(accounts, size)[chosen],
            "number": np.full(len(chosen), asked["number"].first()),
            "row": taken[chosen],
            "push": pushes[chosen],
        },
        schema={name: _FOUND[name] for name in (ACCOUNT, "number", "row", "push")},
    )


def _ranked(pushing: pl.DataFrame, keys: pl.Series, most: int) -> pl.DataFrame:
    """The strongest rows of each account and feature: columns of `_FOUND`."""
    return (
        pushing.with_columns(key=keys.gather(pushing["row"]), towards=pl.col("push").abs())
        # The key decides between equal rows, so that the choice does not depend on the order of the input.
        .sort("number", ACCOUNT, "towards", "key", descending=[False, False, True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("number", ACCOUNT))
        .filter(pl.col("rank") <= most)
        .select(ACCOUNT, "number", "row", "rank", pl.col("key").cast(pl.String), "push")
    )


def _cited(tables: Tables, found: pl.DataFrame) -> pl.DataFrame:
    """The rows found in words: columns of `EVIDENCE_SCHEMA`, in the order they are in."""
    entries = list(features(GROUPS).values())
    names = pl.Series("feature", [entry.name for entry in entries], dtype=pl.String)
    numbered = found.with_columns(
        tables.accounts["account_id"].gather(found[ACCOUNT]), names.gather(found["number"])
    ).with_row_index("place")
    parts = [numbered.clear().with_columns(table=pl.lit(None, pl.String), text=pl.lit(None, pl.String))]
    by_frame: dict[tuple[str, str], list[int]] = {}
    for number in found["number"].unique().sort():
        by_frame.setdefault((entries[number].group, entries[number].frame), []).append(number)
    for (group, name), numbers in by_frame.items():
        citation: Citation = group_module(group).CITATIONS[name]
        rows = numbered.filter(pl.col("number").is_in(numbers))
        text = citation.text().cast(pl.String).alias("text")
        seen = frame(tables, group, name).select(*dict.fromkeys(text.meta.root_names()))[rows["row"]]
        parts.append(
            rows.with_columns(seen.select(text).to_series(), table=pl.lit(citation.table)).select(parts[0].columns)
        )
    return pl.concat(parts).sort("place").select(*EVIDENCE_SCHEMA)


def evidence_of_reasons(tables: Tables, wanted: pl.DataFrame) -> pl.DataFrame:
    """As `evidence`, but a row of the tables stands under one reason of an account, so that none is read twice.

    The reasons choose in turns, each its strongest row that is not taken: those with fewer rows first, and of equally
    many the stronger. Only a reason whose rows are all taken shows them again: it could not be looked up otherwise.

    Args:
        tables: clean tables that hold the wanted accounts.
        wanted: as in `evidence`, the reasons of each account strongest first.
    """
    tables = with_account_context(tables)
    places = _numbered(tables, wanted).select(ACCOUNT, "number", place=pl.int_range(pl.len()).over(ACCOUNT))
    reasons = places.group_by(ACCOUNT, maintain_order=True).agg(reasons=pl.len())
    # What the other reasons of the account take must leave enough; how many others have is not to change its turn.
    found = (
        _strongest(tables, wanted, MOST_EVIDENCE * max(reasons["reasons"], default=1))
        .join(reasons, on=ACCOUNT, how="left", maintain_order="left")
        .filter(pl.col("rank") <= MOST_EVIDENCE * pl.col("reasons"))
        .drop("reasons")
    )
    chosen = found.filter(_in_turns(found, places))
    again = chosen.with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(ACCOUNT, "number"))
    return _cited(tables, again)


def _in_turns(found: pl.DataFrame, places: pl.DataFrame) -> pl.Series:
    """Whether each row found is shown; `places` tells how strong each reason is, 0 for the strongest."""
    from features.kernels.evidence import in_turns

    table_of = [group_module(entry.group).CITATIONS[entry.frame].table for entry in features(GROUPS).values()]
    tables = pl.Series(table_of, dtype=pl.Enum(sorted(set(table_of)))).to_physical().cast(pl.UInt64)
    keys = found["key"].hash() ^ tables.gather(found["number"])
    offers = (
        found.with_row_index("first")
        .group_by(ACCOUNT, "number", maintain_order=True)
        .agg(pl.col("first").first().cast(pl.Int64), size=pl.len().cast(pl.Int64))
        .join(places, on=[ACCOUNT, "number"], maintain_order="left")
        .sort(ACCOUNT, "size", "place")
    )
    starts = np.append(np.flatnonzero(offers[ACCOUNT].rle_id().diff().fill_null(1).to_numpy()), offers.height)
    first, size = (offers[name].to_numpy(writable=True) for name in ("first", "size"))
    return pl.Series(in_turns(starts, first, size, keys.to_numpy(writable=True), MOST_EVIDENCE))
