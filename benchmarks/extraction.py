"""The measured work on prepared folders: reading, extracting, and what of it costs how much."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.accounts import LAST_DAY, OBSERVED
from benchmarks.measuring import cpu_seconds
from features.compute import aggregated, compute, compute_group, frame, group_module, totals
from features.context import with_account_context
from features.definition import MODEL_GROUPS
from pipeline.dataset import bucket_ids, read_bucket


def read(folder: Path) -> int:
    """Every table of a prepared or raw folder, part by part, as polars reads it; returns the accounts seen."""
    seen = 0
    for part in sorted((folder / "accounts").glob("*.parquet")):
        tables = {name: pl.read_parquet(folder / name / part.name) for name in OBSERVED}
        seen += tables["accounts"].height
    return seen


def read_pandas(folder: Path) -> int:
    """The same as the notebook reads it: each table whole."""
    from benchmarks import notebook

    return len(notebook.read(folder)["accounts"])


def extract(folder: Path, group: str | None = None) -> int:
    """The features of one group, or of all that look at one account alone, bucket by bucket; returns the accounts."""
    seen = 0
    for bucket in bucket_ids(folder):
        tables = read_bucket(folder, bucket)
        seen += (compute(tables) if group is None else compute_group(tables, group)).height
    return seen


def network(folder: Path) -> int:
    """The features across accounts, as the command `features` computes them."""
    from pipeline.aside import Prepared
    from pipeline.dataset import DatasetSummary
    from pipeline.network import network_features

    end = datetime.combine(LAST_DAY + timedelta(days=1), datetime.min.time(), UTC)
    summary = DatasetSummary(as_of=end, buckets=len(bucket_ids(folder)), tables={}, warnings=[])
    return network_features(Prepared(folder, summary), None, lambda _: None, 1).height


def notebook_features(folder: Path, way: str) -> int:
    """The notebook's features; returns the accounts. Its warnings are pandas' own affair."""
    from benchmarks import notebook

    return len(notebook.WAYS[way](notebook.read(folder)))


def notebook_agreement(folder: Path) -> list[dict[str, Any]]:
    """How far each of the notebook's features is off the catalogue's, the worse of its two ways.

    Returns:
        `feature`, `accounts` with a value, `nulls`: accounts where only one side has a value, `difference`: the
        largest, relative where the value is above 1.
    """
    from benchmarks import notebook

    own = pl.concat([compute(read_bucket(folder, bucket)) for bucket in bucket_ids(folder)]).sort("account_id")
    tables = notebook.read(folder)
    rows: dict[str, dict[str, Any]] = {}
    for way in notebook.WAYS.values():
        found = way(tables)
        for name in found.columns:
            other = pl.Series(found[name].to_numpy(), dtype=pl.Float64).fill_nan(None)
            apart = (other - own[name]).abs() / own[name].abs().clip(lower_bound=1.0)
            row = rows.setdefault(name, {"feature": name, "accounts": 0, "nulls": 0, "difference": 0.0})
            row["accounts"] = int(own[name].count())
            row["nulls"] = max(row["nulls"], int((other.is_null() != own[name].is_null()).sum()))
            row["difference"] = max(row["difference"], float(apart.max() or 0.0))  # type: ignore[arg-type]
    return list(rows.values())


def frame_costs(folder: Path) -> list[dict[str, Any]]:
    """CPU seconds of building each frame, or its totals, and of aggregating its features, over all buckets.

    What several frames share is counted where it is first needed. The first row is what every group needs.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}

    def timed(group: str, name: str, kind: str, features: int, work: Callable[[], Any]) -> Any:
        row = rows.setdefault(
            (group, name), {"group": group, "frame": name, "features": features, "build": 0.0, "aggregate": 0.0}
        )
        started = cpu_seconds()
        found = work()
        row[kind] += cpu_seconds() - started
        return found

    for bucket in bucket_ids(folder):
        read_tables = read_bucket(folder, bucket)
        tables = timed("each", "context of the account", "build", 0, partial(with_account_context, read_tables))
        for group in MODEL_GROUPS:
            module = group_module(group)
            for name in module.FRAMES:
                members = [each for each in module.FEATURES.values() if each.frame == name]
                counted = totals(group).get(name)
                build = partial(frame, tables, group, name) if counted is None else partial(counted, tables)
                rows_or_totals = timed(group, name, "build", len(members), build)
                timed(group, name, "aggregate", len(members), partial(aggregated, rows_or_totals, members))
    return list(rows.values())
