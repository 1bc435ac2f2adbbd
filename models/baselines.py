"""What the classifier must beat, on the same split: knowing only the prevalence, one rule, a depth-2 tree, a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer
from sklearn.tree import DecisionTreeClassifier

FloatArray = NDArray[np.float64]

ENGAGEMENT_RATE_FEATURE = "engagement_like_rate_residual"
"""The quantity that every engagement-rate band cuts: likes per follower, against the size's and platform's usual."""

RULE_CUTS = 19
"""Candidate cuts of the one-rule baseline: every twentieth of the fitted accounts."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A fitted baseline: `predict(values)` gives probabilities at the prevalence it was fitted on."""

    name: str
    description: str
    predict: Callable[[FloatArray], FloatArray]


def fit_baselines(values: FloatArray, target: NDArray[np.bool_], names: Sequence[str], seed: int) -> list[Baseline]:
    """All baselines, fitted on the accounts that the classifier is fitted on.

    Raises:
        ValueError: the feature of the one-rule baseline is not among `names`.
    """
    if ENGAGEMENT_RATE_FEATURE not in names:
        raise ValueError(f"baselines: the engagement-rate rule needs '{ENGAGEMENT_RATE_FEATURE}' among the features.")
    return [
        _prevalence(target),
        _engagement_rate_rule(values, target, list(names).index(ENGAGEMENT_RATE_FEATURE)),
        _depth_two_tree(values, target, seed),
        _logistic_regression(values, target, seed),
    ]


def _prevalence(target: NDArray[np.bool_]) -> Baseline:
    share = float(target.mean())
    return Baseline(
        "prevalence", "the share of inauthentic accounts, for every account", lambda v: np.full(len(v), share)
    )


def _engagement_rate_rule(values: FloatArray, target: NDArray[np.bool_], column: int) -> Baseline:
    """The share of inauthentic accounts on each side of the cut of the rate with the least squared error.

    Which side is the suspicious one is left to the accounts: bought followers lower the rate, bought likes raise it.
    Accounts without a rate get the prevalence.
    """
    rate = values[:, column]
    seen = ~np.isnan(rate)
    overall = float(target.mean())
    best_cut, best_loss, best_shares = np.nan, np.inf, (overall, overall)
    for cut in np.unique(np.quantile(rate[seen], np.arange(1, RULE_CUTS + 1) / (RULE_CUTS + 1))) if seen.any() else []:
        below = rate[seen] < cut
        lower, higher = (float(target[seen][side].mean()) if side.any() else overall for side in (below, ~below))
        loss = float(((np.where(below, lower, higher) - target[seen]) ** 2).mean())
        if loss < best_loss:
            best_cut, best_loss, best_shares = float(cut), loss, (lower, higher)

    def predict(values: FloatArray) -> FloatArray:
        given = values[:, column]
        return np.where(np.isnan(given), overall, np.where(given < best_cut, *best_shares))

    description = f"one cut of likes per follower for the size, at {best_cut:+.2f} standard deviations"
    if np.isnan(best_cut):
        description = "one cut of likes per follower: not observed in training, so the prevalence for every account"
    return Baseline("engagement_rate_rule", description, predict)


def _depth_two_tree(values: FloatArray, target: NDArray[np.bool_], seed: int) -> Baseline:
    tree = DecisionTreeClassifier(max_depth=2, min_samples_leaf=20, random_state=seed).fit(values, target)
    return Baseline("depth_two_tree", "a decision tree of depth two", lambda v: tree.predict_proba(v)[:, 1])


def _logistic_regression(values: FloatArray, target: NDArray[np.bool_], seed: int) -> Baseline:
    """Rank-transformed features, since ratios have heavy tails; nulls at the median and flagged."""
    quantiles = min(100, len(values))
    line = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        QuantileTransformer(n_quantiles=quantiles, output_distribution="uniform", random_state=seed),
        LogisticRegression(C=1.0, max_iter=2000),
    ).fit(values, target)
    return Baseline("logistic_regression", "rank-transformed features, linear", lambda v: line.predict_proba(v)[:, 1])
