"""Whether anything that should not matter tells the label: size, place, sampling, row counts, what is missing, ids.

A simulation may give its classes away by how they are recorded instead of by what they did, and a model would learn
that. So a classifier is fitted to nothing but such covariates; on cohorts that it never saw it must do no better than
chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import rankdata

from features.context import with_account_context
from features.tables import ACCOUNTS, COMMENTS, FOLLOWERS_DAILY, POSTS, TableContract, Tables
from models.classifier import import_lightgbm
from models.evaluation import SIZE_NAMES, auc, evaluate_models, size_tier
from models.split import cohort_folds

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

FOLDS = 5
"""Every cohort is judged once, by a classifier fitted on the cohorts of the other folds."""

ROUNDS = 150
"""Trees of the audit's classifier. Fixed: stopping early would stop at nothing, which is what a good cohort offers."""

PARAMETERS: Mapping[str, Any] = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.05,
    "min_child_samples": 40,
    "lambda_l2": 5.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
"""LightGBM's, in its own terms: few leaves and many of them averaged, since a leak would be faint; assumed.
One thread: the trees take seconds, and more threads may change their last bits."""

CATEGORIES = ("platform", "language", "country", "niche")
"""Covariates without an order."""

NAME_LETTERS = 6
"""Letters at either end of an identifier that are read as a number in base 36, which any of them can be."""

_SECONDS_A_DAY = 86_400


def nuisance_columns(tables: Tables) -> pl.DataFrame:
    """`account_id`, and per account everything known of it that must not tell the label; sorted by account.

    Categories are text, all else is a number; null where the table or the cell is missing. The exact follower count
    is left out on purpose (the tier stands for it), and so is every count that an account can buy.
    """
    frame = with_account_context(tables).accounts.select("account_id", *_of_accounts())
    for covariates in (_of_curves(tables.followers_daily), _of_posts(tables), _of_comments(tables.comments)):
        frame = frame.join(covariates, on="account_id", how="left", maintain_order="left")
    rows = [pl.col(name).fill_null(0) for name in ("reading_rows", "post_rows", "comment_rows")]
    return frame.with_columns(rows)


def _of_accounts() -> list[pl.Expr]:
    observed, handle, created = pl.col("observed_at"), pl.col("handle"), pl.col("created_on")
    return [
        size_tier("followers").replace_strict({name: tier for tier, name in enumerate(SIZE_NAMES)}, default=None),
        *(pl.col(name) for name in CATEGORIES),
        pl.col("is_verified").cast(pl.Int8),
        pl.col("is_business").cast(pl.Int8),
        (pl.col("newest_at").dt.date() - created).dt.total_days().alias("age_days"),
        handle.str.len_chars().alias("handle_length"),
        handle.str.count_matches(r"\p{N}").alias("handle_digits"),
        pl.col("biography").str.len_chars().alias("biography_length"),
        ((observed.dt.epoch("s") % _SECONDS_A_DAY) / 3600).alias("observed_hour"),
        observed.dt.weekday().alias("observed_weekday"),
        ((pl.col("newest_at") - observed).dt.total_seconds() / 3600).alias("observed_hours_before_newest"),
        *_identifier("account_id"),
        *_null_shares(ACCOUNTS, aggregate=False),
    ]


def _of_curves(curves: pl.DataFrame) -> pl.DataFrame:
    """Rhythm, length and gaps of the readings; nothing of what was read."""
    spacing = pl.col("date").sort().diff().dt.total_days()
    return curves.group_by("account_id").agg(
        pl.len().alias("reading_rows"),
        spacing.median().alias("reading_spacing_median_days"),
        (spacing.std() / spacing.mean()).alias("reading_spacing_variation"),
        spacing.max().alias("reading_spacing_longest_days"),
        ((pl.col("date").max() - pl.col("date").min()).dt.total_days() + 1).alias("history_days"),
        *_null_shares(FOLLOWERS_DAILY),
    )


def _of_posts(tables: Tables) -> pl.DataFrame:
    posted, observed = pl.col("posted_at"), pl.col("observed_at")
    return tables.posts.group_by("account_id").agg(
        pl.len().alias("post_rows"),
        ((posted.max() - posted.min()).dt.total_seconds() / _SECONDS_A_DAY).alias("post_span_days"),
        (observed.n_unique() / pl.len()).alias("post_readings_per_post"),
        *_identifier("post_id", first=True),
        *_null_shares(POSTS),
    )


def _of_comments(comments: pl.DataFrame) -> pl.DataFrame:
    return comments.group_by("account_id").agg(
        pl.len().alias("comment_rows"),
        *_identifier("comment_id", first=True),
        *_identifier("commenter_id", first=True),
        *_null_shares(COMMENTS),
    )


def _identifier(column: str, *, first: bool = False) -> list[pl.Expr]:
    """Length of an identifier, and its first and last letters as numbers; of the first row where there are many.

    A mean over the rows would lie the nearer to the middle the more different identifiers there are, which for
    commenters is evidence and no nuisance.
    """
    text = pl.col(column).str.to_lowercase().str.replace_all("[^a-z0-9]", "")
    parts = {
        f"{column}_length": pl.col(column).str.len_chars(),
        f"{column}_first": text.str.head(NAME_LETTERS).str.to_integer(base=36, strict=False),
        f"{column}_last": text.str.tail(NAME_LETTERS).str.to_integer(base=36, strict=False),
    }
    return [(part.first() if first else part).alias(name) for name, part in parts.items()]


def _null_shares(contract: TableContract, *, aggregate: bool = True) -> list[pl.Expr]:
    """Per optional column of a table: the share of the account's cells that are null."""
    columns = [column.name for column in contract.columns if not column.required]
    missing = {name: pl.col(name).is_null().cast(pl.Float64) for name in columns}
    return [
        (flag.mean() if aggregate else flag).alias(f"{contract.name}_{name}_null_share")
        for name, flag in missing.items()
    ]


def nuisance_auc(
    covariates: pl.DataFrame,
    labels: BoolArray,
    cohorts: Sequence[str],
    *,
    seed: int,
    replicates: int,
    confidence: float,
) -> dict[str, Any]:
    """How well the covariates alone tell the label on cohorts that the classifier was not fitted on.

    Probabilities are turned into ranks within each fold: the folds' classifiers differ in level, and a level that
    follows the prevalence of the *other* cohorts would push the AUC below one half.

    Args:
        covariates: of `nuisance_columns`, one row an account.
        labels: true for inauthentic, in the same order.
        cohorts: cohort of each account; at least `FOLDS` different ones.
        seed: of the folds, the trees, the shuffles and the bootstrap.
        replicates: bootstrap draws of whole cohorts.
        confidence: coverage of the interval, 0 to 1.

    Returns:
        `accounts`, `cohorts`, `auc`, `lower`, `upper`, and `importance`: per covariate the AUC that is lost when it
        is shuffled among the accounts of a fold, the largest first, and its share of the trees' gain.

    Raises:
        ValueError: fewer cohorts than folds, or a class is absent from the others of a fold.
    """
    names = [name for name in covariates.columns if name != "account_id"]
    values = _encoded(covariates.select(names))
    folds = cohort_folds(cohorts, FOLDS, seed)
    probability = np.zeros(len(labels))
    shuffled = np.zeros((len(names), len(labels)))
    gain = np.zeros(len(names))
    generator = np.random.default_rng(seed)
    for fold in range(FOLDS):
        held = folds == fold
        booster = _fitted(values[~held], labels[~held], names, seed)
        gain += booster.feature_importance("gain")
        probability[held] = _ranks(booster.predict(values[held]))
        for column in range(len(names)):
            changed = values[held].copy()
            generator.shuffle(changed[:, column])
            shuffled[column, held] = _ranks(booster.predict(changed))
    found = evaluate_models(
        labels,
        {"nuisance": probability},
        np.asarray(cohorts),
        replicates=replicates,
        confidence=confidence,
        seed=seed,
    )
    measured = found["models"]["nuisance"]["auc"]
    lost = [_difference(measured["value"], auc(labels, each)) for each in shuffled]
    shares = gain / gain.sum() if gain.sum() > 0.0 else gain
    rows = [
        {"covariate": name, "auc_lost": loss, "gain_share": float(share)}
        for name, loss, share in zip(names, lost, shares, strict=True)
    ]
    return {
        "accounts": found["accounts"],
        "cohorts": found["cohorts"],
        "auc": measured["value"],
        "lower": measured["lower"],
        "upper": measured["upper"],
        "importance": sorted(rows, key=lambda row: (-(row["auc_lost"] or 0.0), row["covariate"])),
    }


def _encoded(covariates: pl.DataFrame) -> FloatArray:
    """Numbers as they are, categories as ranks of their names, nulls as NaN."""
    numbers = covariates.with_columns(pl.col(pl.String).rank("dense")).cast(pl.Float64).fill_null(float("nan"))
    values: FloatArray = np.ascontiguousarray(numbers.to_numpy(), dtype=np.float64)
    return values


def _fitted(values: FloatArray, labels: BoolArray, names: Sequence[str], seed: int) -> Any:
    if labels.all() or not labels.any():
        raise ValueError("nuisance: the cohorts fitted on hold only one class; genuine and inauthentic are needed.")
    library = import_lightgbm()
    # Categories stay ordinary columns, split by rank: LightGBM's own handling warns of every level it has not seen.
    data = library.Dataset(values, labels.astype(np.float64), feature_name=list(names))
    return library.train({**PARAMETERS, "seed": seed}, data, ROUNDS)


def _ranks(probability: FloatArray) -> FloatArray:
    """Ranks as shares strictly between 0 and 1; ties share theirs."""
    ranks: FloatArray = rankdata(probability) / (len(probability) + 1.0)
    return ranks


def _difference(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else whole - part
