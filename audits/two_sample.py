"""Can a classifier tell real accounts from simulated genuine ones? The better it can, the less training teaches.

The two sides are first made alike in everything that is not the accounts': the simulated tables are observed as the
real folder was (`as_observed`), and simulated accounts are weighted to the real ones' platforms, sizes and tables.
An out-of-fold AUC of 0.5 is then perfect; the features that the trees used give the simulation away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from audits.realism import LEVELS, STORY_SHARE_FLOOR
from features.tables import OBSERVED_TABLES, Tables
from models.classifier import import_lightgbm
from simulation.priors import Priors

FEWEST_MATCHED = 200
"""Real accounts with simulated ones beside them below which nothing is said."""

BINS_PER_DECADE = 5
"""Bins of the follower count in which real and simulated accounts are matched: each spans a factor of 1.58."""

MOST_PER_REAL = 5
"""Simulated accounts kept per real one of their bin; more cost time and say nothing new."""

CONTEXT = ("account_id", "platform", "follower_count", "tables_observed")
"""Columns of the two frames that are not features."""

REPLICATES = 500
"""Bootstrap resamples of the accounts behind the interval."""

INTERVAL = (2.5, 97.5)
"""Ends of the interval, in per cent."""

_TREES = 120
_SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": 8,
    "learning_rate": 0.05,
    "min_child_samples": 10,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
"""A small model: a few hundred accounts. Fixed, so that a result changes with the simulation alone."""

FloatArray = NDArray[np.float64]


def priors_like(priors: Priors, real: Tables) -> Priors:
    """The priors under which genuine accounts alone live, of the real folder's platforms, sizes and lengths.

    Only who is there and what is recorded of them follows the folder; how accounts grow and are liked stays. Honest
    stories are as frequent as in training, or rarer: training holds more of them than life does, on purpose.

    Args:
        priors: the training cohorts' priors.
        real: the real folder's tables, at least one account.
    """
    platforms = dict(real.accounts["platform"].value_counts().iter_rows())
    values = priors.model_dump()
    values["population"] |= {
        "prevalence": (0.0, 0.0),
        "low_dose_share": (0.0, 0.0),
        "small_share": (0.0, 0.0),
        "followers": _quantiles(real.accounts["follower_count"]),
        "platform_weights": {name: (float(platforms.get(name, 0)),) * 2 for name in priors.population.platform_weights},
    }
    values["stories"]["genuine_share"] = (STORY_SHARE_FLOOR, priors.stories.genuine_share[1])
    always = ("everything_missing", "column_missing", "column_dropped", "glitch_share")
    values["observation"] |= dict.fromkeys(always, (0.0, 0.0))
    for name in OBSERVED_TABLES:
        key = "followers_missing" if name == "followers_daily" else f"{name}_missing"
        missing = 1.0 - getattr(real, name)["account_id"].n_unique() / real.accounts.height
        values["observation"][key] = (missing, missing)
    if real.followers_daily.height:
        longest = float(_longest(real.followers_daily, _CURVE_DAYS))
        values["observation"]["history_days"] = (max(longest, 2.0),) * 2
        values["observation"]["sampling_weights"] |= {
            name: (float(name == "daily"),) * 2 for name in priors.observation.sampling_weights
        }
    if real.posts.height:
        values["engagement"]["posts_observed"] = _quantiles(_lengths(real.posts, pl.len()))
    return Priors.model_validate(values)


def _quantiles(values: pl.Series) -> tuple[float, ...]:
    return tuple(float(values.quantile(level, "linear") or 0.0) for level in LEVELS)


_CURVE_DAYS = (pl.col("date").max() - pl.col("date").min()).dt.total_days() + 1


def _lengths(table: pl.DataFrame, length: pl.Expr) -> pl.Series:
    """A length of each account's rows."""
    return table.group_by("account_id", maintain_order=True).agg(length=length)["length"]


def as_observed(simulated: Tables, real: Tables) -> Tables:
    """The simulated tables as if they had been collected as the real folder was.

    A table or optional column that the real folder never fills is blank. The simulated curves keep their last days, in
    turn as many as each of the real ones has; accounts keep as many newest posts as the longest real ones have.
    """
    tables = {name: _blanked(getattr(simulated, name), getattr(real, name)) for name in ("accounts", *OBSERVED_TABLES)}
    tables["followers_daily"] = _cut_curves(tables["followers_daily"], real.followers_daily)
    newest = pl.col("posted_at").rank("ordinal", descending=True).over("account_id")
    tables["posts"] = tables["posts"].filter(newest <= _longest(real.posts, pl.len()))
    return Tables(**tables)


def _cut_curves(simulated: pl.DataFrame, real: pl.DataFrame) -> pl.DataFrame:
    """The last days of each simulated curve, as many as a real one has: the real lengths are dealt out in turn."""
    if simulated.is_empty() or real.is_empty():
        return simulated
    lengths = _lengths(real.sort("account_id"), _CURVE_DAYS)
    accounts = simulated.select(pl.col("account_id").unique().sort())
    dealt = accounts.with_columns(kept=lengths.gather(pl.int_range(accounts.height, eager=True) % len(lengths)))
    age = (pl.col("date").max().over("account_id") - pl.col("date")).dt.total_days()
    joined = simulated.join(dealt, on="account_id", maintain_order="left")
    return joined.filter(age < pl.col("kept")).drop("kept")


def _blanked(simulated: pl.DataFrame, real: pl.DataFrame) -> pl.DataFrame:
    if real.is_empty():
        return simulated.clear()
    never = [name for name in simulated.columns if name not in real.columns or real[name].null_count() == real.height]
    return simulated.with_columns(pl.lit(None, simulated.schema[name]).alias(name) for name in never)


def _longest(table: pl.DataFrame, length: pl.Expr) -> int:
    return max(_lengths(table, length).to_list(), default=0)


def with_context(features: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Features with what accounts are matched by: platform, size, and what was observed of an account.

    `tables_observed` names the tables in which it has rows, and `likes` where a post shows any.
    """
    rows = {name: getattr(tables, name) for name in OBSERVED_TABLES}
    rows["likes"] = tables.posts.filter(pl.col("like_count").is_not_null())
    seen = [
        pl.when(pl.col("account_id").is_in(table["account_id"].unique().implode())).then(pl.lit(name))
        for name, table in rows.items()
    ]
    context = tables.accounts.select(
        "account_id",
        "platform",
        "follower_count",
        tables_observed=pl.concat_str(seen, separator="+", ignore_nulls=True),
    )
    return context.join(features, on="account_id", how="inner", maintain_order="left")


def two_sample(
    real: pl.DataFrame, simulated: pl.DataFrame, *, folds: int = 5, seed: int = 0, fewest: int = FEWEST_MATCHED
) -> dict[str, Any]:
    """How well trees tell the real accounts from the simulated ones.

    Args:
        real: features of real accounts with the columns of `CONTEXT` (`with_context`), any order.
        simulated: the same of simulated genuine accounts, computed on tables that `as_observed` made alike.
        folds: parts of which each is predicted by trees fitted on the others; at least 2.
        seed: of the choice among simulated accounts, the folds, the trees and the resampling.
        fewest: real accounts that must be matched.

    Returns:
        `auc` with `lower` and `upper` (95 %, bootstrap over accounts), `accounts` (real ones matched), `unmatched`
        real ones, `simulated` accounts beside them, `message`, and `features`: per feature that both sides have,
        largest gain first, its `name`, `gain_share`, `real_median` and `simulated_median` and the share of nulls on
        both sides. With fewer matched accounts than `fewest` the AUC is None, `features` is empty and `message` says
        so.
    """
    names = [name for name in real.columns if name in simulated.columns and name not in CONTEXT]
    frame, unmatched = _matched(real, simulated, names, seed)
    labels = frame["is_real"].to_numpy()
    accounts = int(labels.sum())
    result: dict[str, Any] = {
        "auc": None,
        "lower": None,
        "upper": None,
        "accounts": accounts,
        "unmatched": unmatched,
        "simulated": frame.height - accounts,
        "message": f"{accounts} real accounts matched",
        "features": [],
    }
    if accounts < fewest or accounts < folds:
        result["message"] = (
            f"{accounts} real accounts have simulated ones of their platform, size and tables beside them; at least "
            f"{max(fewest, folds)} are needed. Give a larger folder of real accounts, or simulate more."
        )
        return result
    names = [name for name in names if _has_values(frame, name)]
    values = frame.select(pl.col(names).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
    weights = frame["weight"].to_numpy()
    predicted, gain = _out_of_fold(values, labels, weights, folds, seed)
    low, high = _interval(labels, predicted, weights, seed)
    point = _weighted_auc(labels, predicted, weights)
    result |= {"auc": point, "lower": low, "upper": high, "features": _feature_rows(frame, names, gain)}
    return result


def _matched(real: pl.DataFrame, simulated: pl.DataFrame, names: list[str], seed: int) -> tuple[pl.DataFrame, int]:
    """Real accounts and the simulated ones beside them; number of real accounts left over.

    Simulated accounts weigh as much per bin as the real ones do, so that a bin says nothing about the side.
    """
    size = (pl.col("follower_count").clip(lower_bound=1).log10() * BINS_PER_DECADE).floor().cast(pl.Int64)
    keys = ["platform", "tables_observed", "size"]
    wanted = [pl.col(name).cast(pl.Float64) for name in names]
    keys_as_text = [pl.col(name).cast(pl.String) for name in ("account_id", "platform", "tables_observed")]
    sides = [side.sort("account_id").select(*keys_as_text, *wanted, size=size) for side in (real, simulated)]
    order = np.random.default_rng(seed).permutation(sides[1].height)
    sides[1] = sides[1][order]
    numbers = sides[0].group_by(keys).agg(real_ones=pl.len())
    place = pl.int_range(pl.len()).over(keys)
    beside = sides[1].join(numbers, on=keys, maintain_order="left").filter(place < MOST_PER_REAL * pl.col("real_ones"))
    weight = pl.col("real_ones") / pl.len().over(keys)
    beside = beside.with_columns(weight=weight, is_real=pl.lit(False)).drop("real_ones")
    kept = sides[0].join(beside.select(keys).unique(), on=keys, how="semi", maintain_order="left")
    kept = kept.with_columns(weight=pl.lit(1.0), is_real=pl.lit(True))
    frame = pl.concat([kept, beside]).sort("is_real", "account_id")
    return frame, real.height - kept.height


def _has_values(frame: pl.DataFrame, name: str) -> bool:
    """Whether both sides have the feature at least once."""
    counts = frame.group_by("is_real").agg(pl.col(name).count())
    return counts.height == 2 and bool((counts[name] > 0).all())  # noqa: PLR2004 - the two sides


def _out_of_fold(
    values: FloatArray, labels: NDArray[np.bool_], weights: FloatArray, folds: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Prediction of each account by trees that have not seen it, and the features' mean shares of the gain."""
    library = import_lightgbm()
    generator = np.random.default_rng(seed)
    fold = np.empty(len(labels), dtype=np.int64)
    for side in (True, False):
        members = np.flatnonzero(labels == side)
        fold[generator.permutation(members)] = np.arange(len(members)) % folds
    predicted, gain = np.empty(len(labels)), np.zeros(values.shape[1])
    for index in range(folds):
        held = fold == index
        data = library.Dataset(values[~held], labels[~held].astype(float), weight=weights[~held])
        booster = library.train({**_SETTINGS, "seed": seed}, data, _TREES)
        predicted[held] = np.asarray(booster.predict(values[held]))
        shares = booster.feature_importance("gain")
        gain += shares / max(float(shares.sum()), 1e-12) / folds
    return predicted, gain


def _weighted_auc(labels: NDArray[np.bool_], predicted: FloatArray, weights: FloatArray) -> float:
    """Chance that a real account ranks above a simulated one, both drawn by weight; ties count half."""
    order = np.argsort(predicted, kind="stable")
    _, group = np.unique(predicted[order], return_inverse=True)
    real = np.bincount(group, weights=weights[order] * labels[order])
    simulated = np.bincount(group, weights=weights[order] * ~labels[order])
    below = np.cumsum(simulated) - simulated
    return float((real * (below + simulated / 2.0)).sum() / (real.sum() * simulated.sum()))


def _interval(labels: NDArray[np.bool_], predicted: FloatArray, weights: FloatArray, seed: int) -> tuple[float, float]:
    generator = np.random.default_rng(seed)
    sides = [np.flatnonzero(labels), np.flatnonzero(~labels)]
    draws = []
    for _ in range(REPLICATES):
        chosen = np.concatenate([generator.choice(side, len(side)) for side in sides])
        draws.append(_weighted_auc(labels[chosen], predicted[chosen], weights[chosen]))
    low, high = np.percentile(draws, INTERVAL)
    return float(low), float(high)


def _feature_rows(frame: pl.DataFrame, names: list[str], gain: FloatArray) -> list[dict[str, Any]]:
    real, simulated = frame.filter("is_real"), frame.filter(~pl.col("is_real"))
    rows = [
        {
            "name": name,
            "gain_share": float(share),
            "real_median": real[name].median(),
            "simulated_median": simulated[name].median(),
            "real_null_share": real[name].null_count() / real.height,
            "simulated_null_share": simulated[name].null_count() / simulated.height,
        }
        for name, share in zip(names, gain, strict=True)
    ]
    return sorted(rows, key=lambda row: (-row["gain_share"], row["name"]))
