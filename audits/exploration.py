"""The catalogue as tables: what there is, what each feature shows alone, and which ones say the same thing.

Made for the notebooks; the audits measure more (`audits.catalogue`), on cohorts that no training saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import rankdata

from audits.catalogue import FEWEST_PAIRS
from features.definition import Feature
from features.signals import SIGNALS

FloatArray = NDArray[np.float64]


def overview(features: Sequence[Feature]) -> pl.DataFrame:
    """One row a feature, in the order given: what it sees, in which unit, on which side, and when it is null.

    Columns: `feature`, `group`, `sees` (its signal's heading), `unit`, `suspicious`, `rows` (the frame whose rows it is
    made of), `fewest_rows` (below which it is null), `low` and `high` (legal bounds), `description`, `source`.
    """
    return pl.DataFrame(
        [
            {
                "feature": entry.name,
                "group": entry.group,
                "sees": SIGNALS[entry.signal].heading,
                "unit": entry.unit,
                "suspicious": entry.suspicious,
                "rows": entry.frame,
                "fewest_rows": entry.min_rows,
                "low": entry.low,
                "high": entry.high,
                "description": entry.description,
                "source": entry.source,
            }
            for entry in features
        ],
        schema_overrides={"low": pl.Float64, "high": pl.Float64},
    )


def alone(described: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    """What `audits.catalogue.described` returns, one row a feature, by the AUC that it has alone, highest first.

    Columns: `feature`, `missing_share`, `genuine_` and `inauthentic_` with `low`, `median`, `high` (5, 50 and 95 %),
    `auc` with `lower` and `upper` (null where a class is absent), `accounts` with a value, `better_side`.
    """
    rows = [
        {
            "feature": name,
            "missing_share": found["missing_share"],
            **{
                f"{which}_{level}": found[which][level]
                for which in ("genuine", "inauthentic")
                for level in ("low", "median", "high")
            },
            "auc": found["auc"]["value"],
            "lower": found["auc"]["lower"],
            "upper": found["auc"]["upper"],
            "accounts": found["auc"]["accounts"],
            "better_side": found["auc"]["better_side"],
        }
        for name, found in described.items()
    ]
    numbers = {name: pl.Float64 for row in rows[:1] for name in row if name not in ("feature", "accounts")}
    table = pl.DataFrame(rows, schema_overrides=numbers | {"better_side": pl.String}, infer_schema_length=None)
    return table.sort("auc", "feature", descending=[True, False], nulls_last=True) if rows else table


def observed_by_group(values: pl.DataFrame, features: Sequence[Feature]) -> pl.DataFrame:
    """Of each group, in the order of `features`: `features`, and how much of it accounts show.

    `accounts_with_any` is the share of the accounts with a value of any feature of the group, `values_known` the share
    of all its values that are not null; both null without accounts.
    """
    groups: dict[str, list[str]] = {}
    for entry in features:
        groups.setdefault(entry.group, []).append(entry.name)
    rows = []
    for group, names in groups.items():
        known = values.select(pl.col(names).is_not_null())
        rows.append(
            {
                "group": group,
                "features": len(names),
                "accounts_with_any": known.select(pl.any_horizontal(names)).to_series().mean(),
                "values_known": known.select(pl.mean_horizontal(pl.col(names).cast(pl.Float64))).to_series().mean(),
            }
        )
    return pl.DataFrame(rows, schema_overrides={"accounts_with_any": pl.Float64, "values_known": pl.Float64})


def redundancy(values: pl.DataFrame, features: Sequence[Feature]) -> pl.DataFrame:
    """Pairs of features by how alike they rank accounts, the most alike first.

    Rank correlation (Spearman's) over the accounts that show both; pairs that fewer than `FEWEST_PAIRS` accounts show,
    or one of which does not vary among them, are left out. Give one class of accounts: what two features share among
    both classes together is the label, too.

    Args:
        values: one column a feature, one row an account, null where the value cannot be told.
        features: those to look at.

    Returns:
        `first`, `second` (in the order of `features`), `same_signal`, `correlation` (-1 to 1), `accounts`.
    """
    names = [entry.name for entry in features]
    columns = [values[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in names]
    known = [~np.isnan(column) for column in columns]
    rows = []
    for first, left in enumerate(columns):
        for second in range(first + 1, len(columns)):
            both = known[first] & known[second]
            correlation = _rank_correlation(left[both], columns[second][both])
            if correlation is not None:
                same = features[first].signal == features[second].signal
                rows.append((names[first], names[second], same, correlation, int(both.sum())))
    schema = {
        "first": pl.String,
        "second": pl.String,
        "same_signal": pl.Boolean,
        "correlation": pl.Float64,
        "accounts": pl.Int64,
    }
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.sort(pl.col("correlation").abs(), "first", "second", descending=[True, False, False])


def _rank_correlation(first: FloatArray, second: FloatArray) -> float | None:
    """Spearman's, without the test that `scipy.stats.spearmanr` computes for each of thousands of pairs."""
    if first.size < FEWEST_PAIRS or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    return round(float(np.corrcoef(rankdata(first), rankdata(second))[0, 1]), 6)
