"""The rows behind a value: which days, posts or comments make a feature as high or as low as it is.

A feature declares the push of each row of its frame; a frame declares how a row is cited. Both are made of the columns
that the value itself is computed from, so that the evidence cannot tell another story than the number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from features.catalog import features
from features.compute import frame, group_module
from features.context import with_account_context
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

Row = tuple[str, str]
"""A row of the tables: the table and the key in it."""

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
    catalogue = features(GROUPS)
    unknown = sorted(set(wanted["feature"]) - set(catalogue))
    if unknown:
        raise KeyError(f"evidence: {', '.join(unknown)} not in the catalogue.")
    tables = with_account_context(tables)
    names = [name for name in catalogue if name in set(wanted["feature"])]
    parts = [pl.DataFrame(schema=EVIDENCE_SCHEMA)]
    for name in names:
        entry = catalogue[name]
        module = group_module(entry.group)
        asked = wanted.filter(pl.col("feature") == name).select("account_id", "side")
        behind = _rows_behind(entry, module.CITATIONS[entry.frame], frame(tables, entry.group, entry.frame), asked)
        parts.append(behind.filter(pl.col("rank") <= most))
    order = pl.Enum(names)
    return pl.concat(parts).sort("account_id", pl.col("feature").cast(order), "rank").select(*EVIDENCE_SCHEMA)


def _rows_behind(entry: Feature, citation: Citation, rows: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Evidence rows of one feature for the accounts asked for."""
    chosen = rows.join(asked, on="account_id", how="semi", maintain_order="left")
    listed = chosen.group_by("account_id", maintain_order=True).agg(
        key=pl.col(citation.key).cast(pl.String),
        text=citation.text().cast(pl.String),
        push=entry.evidence().cast(pl.Float64).round_sig_figs(PUSH_DIGITS),
    )
    pushing = listed.explode("key", "text", "push", empty_as_null=False).join(asked, on="account_id", how="inner")
    towards = (
        pl.when(pl.col("side") == "high")
        .then(pl.col("push"))
        .when(pl.col("side") == "low")
        .then(-pl.col("push"))
        .otherwise(pl.col("push").abs())
    )
    return (
        pushing.with_columns(towards=towards)
        .filter(pl.col("towards").is_finite() & (pl.col("towards") > 0))
        # The key decides between equal rows, so that the choice does not depend on the order of the input.
        .sort("account_id", "towards", "key", descending=[False, True, False])
        .with_columns(
            rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("account_id"),
            feature=pl.lit(entry.name),
            table=pl.lit(citation.table),
        )
        .select(*EVIDENCE_SCHEMA)
    )


def evidence_of_reasons(tables: Tables, wanted: pl.DataFrame) -> pl.DataFrame:
    """As `evidence`, but a row of the tables stands under one reason of an account, so that none is read twice.

    The reasons choose in turns, each its strongest row that is not taken: those with fewer rows first, and of equally
    many the stronger. Only a reason whose rows are all taken shows them again: it could not be looked up otherwise.

    Args:
        tables: clean tables that hold the wanted accounts.
        wanted: as in `evidence`, the reasons of each account strongest first.
    """
    reason = ["account_id", "feature"]
    order = wanted.select(*reason, place=pl.int_range(1, pl.len() + 1).over("account_id"))
    reasons = pl.col("place").max().over("account_id")
    # What the other reasons of the account take must leave enough; how many others have is not to change its turn.
    found = (
        evidence(tables, wanted, MOST_EVIDENCE * max(order["place"], default=1))
        .join(order, on=reason, how="left", maintain_order="left")
        .filter(pl.col("rank") <= MOST_EVIDENCE * reasons)
        .with_row_index("position")
    )
    offered = (
        found.group_by(*reason, "place", maintain_order=True)
        .agg("position", row=pl.struct("table", "key"), rows=pl.len())
        .sort("account_id", "rows", "place")
        .group_by("account_id", maintain_order=True)
        .agg("position", "row")
    )
    chosen = [
        position
        for positions, rows in offered.select("position", "row").iter_rows()
        for position in _in_turns(
            [
                [(place, (row["table"], row["key"])) for place, row in zip(*own, strict=True)]
                for own in zip(positions, rows, strict=True)
            ]
        )
    ]
    return (
        found.filter(pl.col("position").is_in(chosen))
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(reason))
        .select(*EVIDENCE_SCHEMA)
    )


def _in_turns(offers: Sequence[Sequence[tuple[int, Row]]]) -> Iterator[int]:
    """Positions of the rows that each reason of one account shows; its offers are its rows, strongest first."""
    taken: set[Row] = set()
    shown = [0] * len(offers)
    left = [iter(offer) for offer in offers]
    for _ in range(MOST_EVIDENCE):
        for index, offer in enumerate(left):
            position, row = next((each for each in offer if each[1] not in taken), (None, None))
            if position is not None and row is not None:
                taken.add(row)
                shown[index] += 1
                yield position
    for count, own in zip(shown, offers, strict=True):
        if count == 0:
            yield from (position for position, _ in own[:MOST_EVIDENCE])
