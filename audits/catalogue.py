"""What each feature shows on accounts that no training saw: its spread by class, its worth alone, its steadiness.

A value alone decides nothing: these figures say what a feature adds and when not to trust it. They are measured on
simulated accounts, except for `beyond_ordinary`, which holds the simulation against real ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import rankdata, spearmanr

from features.definition import Feature
from models.evaluation import clopper_pearson, evaluate_models

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

LEVELS = {"low": 0.05, "median": 0.5, "high": 0.95}
"""Quantiles that describe a class."""

CHANCE = 0.5

MOVED_SHARE_OF_RANGE = 0.5
"""A value has moved when it differs by more than this share of the genuine accounts' own range."""

FEWEST_PAIRS = 20
"""Accounts below which a rank correlation says little; assumed."""

ORDINARY_SHARE = 0.01
"""Share of simulated genuine accounts that lies beyond the limits of the ordinary."""


def described(
    values: pl.DataFrame,
    labels: BoolArray,
    cohorts: NDArray[Any],
    features: Sequence[Feature],
    *,
    replicates: int,
    confidence: float,
    seed: int,
) -> dict[str, dict[str, Any]]:
    """Each feature's distribution by class, AUC alone and missing share.

    Args:
        values: one column a feature, one row an account, null where the value cannot be told.
        labels: true for inauthentic, in the same order.
        cohorts: cohort of each account.
        features: which columns, and the side that each declares.
        replicates: bootstrap draws of whole cohorts.
        confidence: coverage of the interval, 0 to 1.
        seed: of the draws.

    Returns:
        By feature: `missing_share` (None without accounts), `genuine` and `inauthentic` (`low`, `median`, `high`: the
        quantiles of `LEVELS`; None without values) and `auc`: among the accounts with a value, `value` with `lower`,
        `upper` and `accounts`, None where a class is absent. It is oriented as the feature declares (0.5 to 0: the
        declared side is wrong); where it declares both sides or none, as it does better, and `better_side` says which.
    """
    bootstrap = {"replicates": replicates, "confidence": confidence, "seed": seed}
    found = {}
    for feature in features:
        column = values[feature.name].cast(pl.Float64)
        known = column.is_not_null().to_numpy()
        numbers = column.drop_nulls().to_numpy()
        is_bought = labels[known]
        found[feature.name] = {
            "missing_share": float(1.0 - known.mean()) if known.size else None,
            "genuine": _levels(numbers[~is_bought]),
            "inauthentic": _levels(numbers[is_bought]),
            "auc": _auc_alone(feature, numbers, is_bought, cohorts[known], bootstrap),
        }
    return found


def _levels(values: FloatArray) -> dict[str, float | None]:
    return {name: float(np.quantile(values, level)) if values.size else None for name, level in LEVELS.items()}


def _auc_alone(
    feature: Feature, values: FloatArray, labels: BoolArray, cohorts: NDArray[Any], bootstrap: Mapping[str, Any]
) -> dict[str, Any]:
    rank = rankdata(values) / (values.size + 1.0)
    high = evaluate_models(labels, {"high": rank}, cohorts, **bootstrap)["models"]["high"]["auc"]
    side: str = feature.suspicious
    better_side = None
    if side not in ("high", "low"):
        better_side = side = "high" if high["value"] is None or high["value"] >= CHANCE else "low"
    # The AUC of the other side is what is missing to 1, and so are the ends of its interval, which change places.
    turned = {"value": _less(high["value"]), "lower": _less(high["upper"]), "upper": _less(high["lower"])}
    return {**(high if side == "high" else turned), "better_side": better_side, "accounts": int(values.size)}


def _less(value: float | None) -> float | None:
    return None if value is None else 1.0 - value


def genuine_ranges(values: pl.DataFrame, labels: BoolArray, features: Sequence[Feature]) -> dict[str, float]:
    """By feature, how far genuine accounts lie apart: the distance between their quartiles.

    Where the quartiles agree, as they do for what most accounts lack, the distance between 5 and 95 % stands in; 0
    where that is none either, or without values.
    """
    genuine = values.filter(pl.Series(~labels))
    ranges = {}
    for feature in features:
        numbers = genuine[feature.name].cast(pl.Float64).drop_nulls().to_numpy()
        low, first, third, high = np.quantile(numbers, [0.05, 0.25, 0.75, 0.95]) if numbers.size else np.zeros(4)
        ranges[feature.name] = float(third - first) or float(high - low)
    return ranges


def stability(before: pl.DataFrame, after: pl.DataFrame, ranges: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """How well each feature keeps its value when the same accounts are recorded otherwise.

    Args:
        before: `account_id` and features of the accounts that the perturbation touches.
        after: the same accounts and columns, computed on the perturbed tables.
        ranges: of `genuine_ranges`; its names are the features looked at.

    Returns:
        By feature of which any value changed, in the order of `ranges`: `accounts` with a value before, `lost_share` of
        them whose value is null afterwards, `moved_share` whose value is null or differs by more than half of the range
        (both None without accounts), and `correlation`, Spearman's over the accounts with a value on both sides (None
        below `FEWEST_PAIRS` of them, or where all values on one side are equal).
    """
    pairs = before.join(after, on="account_id", how="left", suffix="_after", maintain_order="left")
    found: dict[str, dict[str, Any]] = {}
    for name, width in ranges.items():
        values = pairs.select(before=pl.col(name).cast(pl.Float64), after=pl.col(f"{name}_after").cast(pl.Float64))
        if values["before"].eq_missing(values["after"]).all():
            continue
        known = values.drop_nulls("before")
        difference = (known["after"] - known["before"]).abs()
        moved = (difference > MOVED_SHARE_OF_RANGE * width).fill_null(True)
        both = known.drop_nulls()
        found[name] = {
            "accounts": known.height,
            "lost_share": known["after"].null_count() / known.height if known.height else None,
            "moved_share": int(moved.sum()) / known.height if known.height else None,
            "correlation": _rank_correlation(both["before"].to_numpy(), both["after"].to_numpy()),
        }
    return found


def _rank_correlation(first: FloatArray, second: FloatArray) -> float | None:
    if len(first) < FEWEST_PAIRS or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None
    # The last bits of the sums say nothing and would make the report differ between machines.
    return round(float(spearmanr(first, second).statistic), 6)


def beyond_ordinary(
    real: pl.DataFrame, simulated: pl.DataFrame, features: Sequence[Feature], *, confidence: float = 0.95
) -> list[dict[str, Any]]:
    """How many real accounts each feature finds odd: beyond what 99 % of the simulated genuine ones show.

    Args:
        real: features of real accounts.
        simulated: the same of simulated genuine accounts, recorded as the real ones were.
        features: those to look at; columns of both frames.
        confidence: coverage of the exact (Clopper-Pearson) intervals, which take accounts as independent.

    Returns:
        A row a feature and suspicious side, `high` above the simulated 99th percentile and `low` below the first; for
        a context feature one row with side `context`, outside the central 99 %. Keys: `feature`, `side`, `limits`
        (`low`, `high`: where the ordinary ends; None on a side not looked at), `accounts` (real ones with a value),
        `simulated_accounts`, `beyond` (count), `share`, `lower`, `upper`, `real_median`, `simulated_median`. Largest
        share first. A feature without a value on either side has no row.
    """
    rows = []
    for feature in features:
        found, ordinary = (frame[feature.name].cast(pl.Float64).drop_nulls().to_numpy() for frame in (real, simulated))
        if not found.size or not ordinary.size:
            continue
        for side, (low, high) in _limits(feature, ordinary).items():
            is_beyond = np.zeros(found.size, dtype=bool)
            is_beyond |= found < low if low is not None else False
            is_beyond |= found > high if high is not None else False
            count = int(is_beyond.sum())
            lower, upper = clopper_pearson(count, found.size, confidence)
            rows.append(
                {
                    "feature": feature.name,
                    "side": side,
                    "limits": {"low": low, "high": high},
                    "accounts": int(found.size),
                    "simulated_accounts": int(ordinary.size),
                    "beyond": count,
                    "share": count / found.size,
                    "lower": lower,
                    "upper": upper,
                    "real_median": float(np.median(found)),
                    "simulated_median": float(np.median(ordinary)),
                }
            )
    return sorted(rows, key=lambda row: (-row["share"], row["feature"], row["side"]))


def _limits(feature: Feature, ordinary: FloatArray) -> dict[str, tuple[float | None, float | None]]:
    """By suspicious side, below and above which value an account is odd."""

    def level(share: float) -> float:
        return float(np.quantile(ordinary, share))

    if feature.suspicious == "context":
        return {"context": (level(ORDINARY_SHARE / 2), level(1.0 - ORDINARY_SHARE / 2))}
    sides = {"low": (level(ORDINARY_SHARE), None), "high": (None, level(1.0 - ORDINARY_SHARE))}
    return {side: limits for side, limits in sides.items() if feature.suspicious in (side, "both")}
