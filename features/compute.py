"""From tables to one row per account, one group at a time.

Only the module of the group asked for is imported, so that editing one group leaves the others' results valid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from types import ModuleType

import polars as pl

from features.context import ACCOUNT, with_account_context
from features.definition import GROUPS, MODEL_GROUPS, Feature, FrameBuilder
from features.tables import Tables

SIGNIFICANT_DIGITS = 9
"""Values are rounded to this many digits: the last bits of a float sum may depend on how a frame was chunked, and
an account must get the same value alone and in any batch. Nine digits are finer than any count in the contract."""

ROWS = "rows"
"""Column of totals: how many rows of the frame an account has."""

SMALLEST_VALUE = 1e-9
"""A value nearer to zero is zero: every feature is a share, a rate, a logarithm or a count, where 1e-9 says nothing."""


def group_module(group: str) -> ModuleType:
    """The module of one feature group: its `FRAMES` and its `FEATURES`."""
    if group not in GROUPS:
        raise ValueError(f"feature group '{group}' is unknown. Known: {', '.join(GROUPS)}.")
    return import_module(f"features.{group}")


def compute_group(tables: Tables, group: str) -> pl.DataFrame:
    """`account_id` and one Float64 column per feature of the group, one row per account, sorted by `account_id`.

    A value is null where the account has too few rows for it, or where it would not be finite.
    """
    module = group_module(group)
    features: dict[str, Feature] = module.FEATURES
    tables = with_account_context(tables)
    result = tables.accounts.select(ACCOUNT, "account_id")
    for frame_name in module.FRAMES:
        members = [feature for feature in features.values() if feature.frame == frame_name]
        counted = totals(group).get(frame_name)
        values = aggregated(frame(tables, group, frame_name) if counted is None else counted(tables), members)
        result = result.join(values, on=ACCOUNT, how="left", maintain_order="left")
    return _tidy(result.select("account_id", *features))


def totals(group: str) -> dict[str, FrameBuilder]:
    """Frames of a group whose rows a kernel has counted: what they add up to, one row an account with `ROWS`."""
    counted: dict[str, FrameBuilder] = getattr(group_module(group), "TOTALS", {})
    return counted


def aggregated(source: pl.DataFrame, members: Iterable[Feature]) -> pl.DataFrame:
    """`account` and the values of the features, from the rows of a frame or from its `totals`."""
    if ROWS in source.columns:
        return source.select(ACCOUNT, *(feature.aggregation(ROWS) for feature in members))
    return source.group_by(ACCOUNT, maintain_order=True).agg(feature.aggregation() for feature in members)


def frame(tables: Tables, group: str, name: str) -> pl.DataFrame:
    """A frame of a group, in order of `account`: built at the first call and kept with the tables, for the evidence.

    `tables` must have the account context.
    """
    build: FrameBuilder = group_module(group).FRAMES[name]

    return tables.once(f"{group}/{name}", lambda: build(tables).with_columns(pl.col(ACCOUNT).set_sorted()))


def compute(tables: Tables, groups: Sequence[str] = MODEL_GROUPS) -> pl.DataFrame:
    """The feature table: `account_id` and the columns of the groups asked for, in catalogue order."""
    result = tables.accounts.select("account_id").sort("account_id")
    for group in groups:
        result = result.join(compute_group(tables, group), on="account_id", how="left", maintain_order="left")
    return result


def _tidy(table: pl.DataFrame) -> pl.DataFrame:
    """The values rounded; null where they are not finite. All columns at once, which costs a third."""
    names = table.columns[1:]
    if not names:
        return table
    values = pl.concat([table[name].rename("value") for name in names], rechunk=True).to_frame()
    value: pl.Expr = pl.when(pl.col("value").is_finite()).then(pl.col("value"))
    # What is left of numbers that cancel is noise with digits of its own, which no rounding to digits removes.
    value = pl.when(value.abs() < SMALLEST_VALUE).then(0.0).otherwise(value)
    # Adding 0.0 turns a negative zero into zero, which would otherwise differ in bytes and not in value.
    tidy = values.select(value.round_sig_figs(SIGNIFICANT_DIGITS) + 0.0).to_series()
    rows = table.height
    return table.select("account_id", *(tidy.slice(each * rows, rows).alias(name) for each, name in enumerate(names)))
