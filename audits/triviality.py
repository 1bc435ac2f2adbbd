"""Whether the cohort can be told by what anybody would try first: the frozen `models.rules`, and a tree over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.tree import DecisionTreeClassifier

from models.baselines import TREE_DEPTH
from models.evaluation import auc, evaluate_models
from models.rules import RULES, Rule
from models.split import cohort_folds

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

SMALLEST_LEAF = 20
"""Accounts that a leaf of the depth-2 tree must hold, as for the model's own tree baseline."""


def triviality(
    values: pl.DataFrame,
    labels: BoolArray,
    cohorts: Sequence[str],
    *,
    seed: int,
    replicates: int,
    confidence: float,
) -> dict[str, Any]:
    """How well each rule alone, and a depth-2 tree over all of them, tell the label.

    Args:
        values: of `rule_values`, one row an account.
        labels: true for inauthentic, in the same order.
        cohorts: cohort of each account; at least two different ones.
        seed: of the halves, the tree and the bootstrap.
        replicates: bootstrap draws of whole cohorts.
        confidence: coverage of the intervals, 0 to 1.

    Returns:
        `rules`: a row a rule with the AUC among the accounts that it says something about, oriented as documented and
        as it does best, its interval, and the AUC over all accounts, a null standing in the middle; the best first.
        `best`: the first of them by name, AUC and interval, oriented as it does best. `tree`: fitted on the first
        half of the cohorts, measured on the other.

    Raises:
        ValueError: fewer than two cohorts, or the half that the tree is fitted on holds only one class.
    """
    groups = np.asarray(cohorts)
    bootstrap = {"replicates": replicates, "confidence": confidence, "seed": seed}
    rows = [_rule_row(each, values[name].to_numpy(), labels, groups, bootstrap) for name, each in RULES.items()]
    rows.sort(key=lambda row: (-(row["best_auc"] or 0.0), row["rule"]))
    best = {name: rows[0][name] for name in ("rule", "best_auc", "best_lower", "best_upper")}
    return {
        "accounts": len(labels),
        "inauthentic": int(labels.sum()),
        "cohorts": len(set(cohorts)),
        "rules": rows,
        "best": {name.removeprefix("best_"): value for name, value in best.items()},
        "tree": _tree(values, labels, cohorts, bootstrap),
    }


def _rule_row(
    rule_: Rule, values: FloatArray, labels: BoolArray, cohorts: NDArray[Any], bootstrap: Mapping[str, Any]
) -> dict[str, Any]:
    seen = ~np.isnan(values)
    rank = np.full(len(values), 0.5)
    rank[seen] = rankdata(values[seen]) / (seen.sum() + 1.0)
    rank = rank if rule_.suspicious == "high" else 1.0 - rank
    measured = _measured(labels[seen], rank[seen], cohorts[seen], bootstrap)
    best = dict(measured)
    if measured["auc"] is not None and measured["auc"] < 0.5:  # noqa: PLR2004 -- chance
        best = {"auc": 1.0 - measured["auc"], "lower": _less(measured["upper"]), "upper": _less(measured["lower"])}
    return {
        "rule": rule_.name,
        "meaning": rule_.meaning,
        "source": rule_.source,
        "table": rule_.table,
        "suspicious": rule_.suspicious,
        "accounts": int(seen.sum()),
        **measured,
        **{f"best_{name}": value for name, value in best.items()},
        "auc_over_all": auc(labels, rank),
    }


def _less(value: float | None) -> float | None:
    return None if value is None else 1.0 - value


def _measured(
    labels: BoolArray, probability: FloatArray, cohorts: NDArray[Any], bootstrap: Mapping[str, Any]
) -> dict[str, float | None]:
    """AUC with its interval over cohorts: `auc`, `lower`, `upper`."""
    found = evaluate_models(labels, {"rule": probability}, cohorts, **bootstrap)["models"]["rule"]["auc"]
    return {"auc": found["value"], "lower": found["lower"], "upper": found["upper"]}


def _tree(
    values: pl.DataFrame, labels: BoolArray, cohorts: Sequence[str], bootstrap: Mapping[str, Any]
) -> dict[str, Any]:
    names = list(RULES)
    numbers = values.select(pl.col(names).fill_null(float("nan"))).to_numpy()
    fitted = cohort_folds(cohorts, 2, bootstrap["seed"]) == 0
    if labels[fitted].all() or not labels[fitted].any():
        raise ValueError("triviality: the half fitted on holds only one class; genuine and inauthentic are needed.")
    tree = DecisionTreeClassifier(
        max_depth=TREE_DEPTH, min_samples_leaf=SMALLEST_LEAF, random_state=bootstrap["seed"]
    ).fit(numbers[fitted], labels[fitted])
    probability = tree.predict_proba(numbers[~fitted])[:, 1]
    split = tree.tree_.feature
    return {
        "rules": sorted({names[column] for column in split if column >= 0}),
        "accounts_fitted": int(fitted.sum()),
        "accounts": int((~fitted).sum()),
        **_measured(labels[~fitted], probability, np.asarray(cohorts)[~fitted], bootstrap),
    }
