"""The rows behind a value: which days, posts or comments make a feature as high or as low as it is.

A feature declares the push of each row of its frame; a frame declares how a row is cited. Both are made of the columns
that the value itself is computed from, so that the evidence cannot tell another story than the number.
"""

from __future__ import annotations

import polars as pl

from features.catalog import features
from features.compute import group_module
from features.context import with_account_context
from features.definition import GROUPS, MOST_EVIDENCE, Citation, Feature
from features.tables import Tables, only

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
        tables: clean tables that hold the wanted accounts; others in them change nothing.
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
    tables = with_account_context(only(tables, wanted["account_id"]))
    names = [name for name in catalogue if name in set(wanted["feature"])]
    frames: dict[tuple[str, str], pl.DataFrame] = {}
    parts = [pl.DataFrame(schema=EVIDENCE_SCHEMA)]
    for name in names:
        entry = catalogue[name]
        module = group_module(entry.group)
        place = (entry.group, entry.frame)
        if place not in frames:
            frames[place] = module.FRAMES[entry.frame](tables)
        asked = wanted.filter(pl.col("feature") == name).select("account_id", "side")
        behind = _rows_behind(entry, module.CITATIONS[entry.frame], frames[place], asked)
        parts.append(behind.filter(pl.col("rank") <= most))
    order = pl.Enum(names)
    return pl.concat(parts).sort("account_id", pl.col("feature").cast(order), "rank").select(*EVIDENCE_SCHEMA)


def _rows_behind(entry: Feature, citation: Citation, frame: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """Evidence rows of one feature for the accounts asked for."""
    chosen = frame.join(asked, on="account_id", how="semi", maintain_order="left")
    listed = chosen.group_by("account_id", maintain_order=True).agg(
        key=pl.col(citation.key).cast(pl.String),
        text=citation.text().cast(pl.String),
        push=entry.evidence().cast(pl.Float64).round_sig_figs(PUSH_DIGITS),
    )
    rows = listed.explode("key", "text", "push", empty_as_null=False).join(asked, on="account_id", how="inner")
    towards = (
        pl.when(pl.col("side") == "high")
        .then(pl.col("push"))
        .when(pl.col("side") == "low")
        .then(-pl.col("push"))
        .otherwise(pl.col("push").abs())
    )
    return (
        rows.with_columns(towards=towards)
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
    """As `evidence`, but a row of the tables stands under one reason of an account: the strongest that it pushes.

    A weaker reason shows its next rows instead, and only where it has no other the ones already shown: a reason
    without rows could not be looked up.

    Args:
        tables: clean tables that hold the wanted accounts.
        wanted: as in `evidence`, the reasons of each account strongest first.
    """
    order = wanted.select("account_id", "feature", place=pl.int_range(1, pl.len() + 1).over("account_id"))
    most_reasons = int(order["place"].max() or 1)  # type: ignore[call-overload]
    # Each stronger reason can take as many rows as are shown, and there must be as many left.
    found = evidence(tables, wanted, MOST_EVIDENCE * most_reasons)
    found = found.with_row_index("catalogue_order").join(order, on=["account_id", "feature"], maintain_order="left")
    row, reason = ["account_id", "table", "key"], ["account_id", "feature"]
    shown = found.clear()
    for place in range(1, most_reasons + 1):
        own = found.filter(pl.col("place") == place)
        fresh = own.join(shown, on=row, how="anti", maintain_order="left")
        repeated = own.join(fresh, on=reason, how="anti", maintain_order="left")
        chosen = pl.concat([fresh, repeated]).with_columns(
            rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(reason)
        )
        shown = pl.concat([shown, chosen.filter(pl.col("rank") <= MOST_EVIDENCE)])
    return shown.sort("catalogue_order").select(*EVIDENCE_SCHEMA)
