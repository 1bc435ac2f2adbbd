"""What the classifier must beat, on the same split: knowing only the prevalence, one rule, a depth-2 tree, a line.

A fitted baseline is a handful of numbers, so that it travels in the bundle as JSON and stands beside the classifier
wherever that is measured, not only on the split it was fitted for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

FloatArray = NDArray[np.float64]

ENGAGEMENT_RATE_FEATURE = "engagement_like_rate_residual"
"""The quantity that every engagement-rate band cuts: likes per follower, against the size's and platform's usual."""

RULE_CUTS = 19
"""Candidate cuts of the one-rule baseline: every twentieth of the fitted accounts."""

TREE_DEPTH = 2

CLIPPED_QUANTILES = (0.01, 0.99)
"""Ratios have heavy tails; a line is fitted to values clipped at these quantiles of the fitted accounts."""


@dataclass(frozen=True, slots=True)
class Constant:
    """The same probability for every account."""

    share: float

    def probability(self, values: FloatArray) -> FloatArray:
        """One value per row."""
        return np.full(len(values), self.share)


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut of one feature; no cut where nobody showed the feature."""

    column: int
    cut: float | None
    below: float
    above: float
    missing: float

    def probability(self, values: FloatArray) -> FloatArray:
        """One value per row."""
        given = values[:, self.column]
        cut = np.nan if self.cut is None else self.cut
        return np.where(np.isnan(given), self.missing, np.where(given < cut, self.below, self.above))


@dataclass(frozen=True, slots=True)
class Tree:
    """A decision tree in scikit-learn's arrays: a node is a leaf where `left` is negative."""

    column: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    missing_goes_left: tuple[bool, ...]
    share: tuple[float, ...]

    def probability(self, values: FloatArray) -> FloatArray:
        """One value per row."""
        column, threshold, share = np.array(self.column), np.array(self.threshold), np.array(self.share)
        left, right, missing_left = np.array(self.left), np.array(self.right), np.array(self.missing_goes_left)
        node = np.zeros(len(values), dtype=np.int64)
        rows = np.arange(len(values))
        for _ in range(TREE_DEPTH):
            inner = left[node] >= 0
            given = values[rows, np.where(inner, column[node], 0)]
            # scikit-learn splits float32 values; the same rounding keeps an account on the same side.
            goes_left = np.where(np.isnan(given), missing_left[node], given.astype(np.float32) <= threshold[node])
            node = np.where(inner, np.where(goes_left, left[node], right[node]), node)
        result: FloatArray = share[node]
        return result


@dataclass(frozen=True, slots=True)
class Line:
    """A logistic regression on clipped and scaled values; a null stands at the centre and is flagged."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    centre: tuple[float, ...]
    scale: tuple[float, ...]
    weight: tuple[float, ...]
    missing_weight: tuple[float, ...]
    intercept: float

    def design(self, values: FloatArray) -> FloatArray:
        """Scaled values beside the flags of what is missing; shape (rows, 2 x features)."""
        missing = np.isnan(values)
        clipped = np.clip(np.where(missing, self.centre, values), self.low, self.high)
        return np.hstack([(clipped - np.array(self.centre)) / np.array(self.scale), missing.astype(np.float64)])

    def probability(self, values: FloatArray) -> FloatArray:
        """One value per row."""
        weights = np.array((*self.weight, *self.missing_weight))
        # Summed row by row: the last bits of a matrix product depend on how many rows it has.
        log_odds = (np.ascontiguousarray(self.design(values)) * weights).sum(axis=1) + self.intercept
        probability: FloatArray = expit(log_odds)
        return probability


RULES: dict[str, type[Constant | Cut | Tree | Line]] = {
    "constant": Constant,
    "cut": Cut,
    "tree": Tree,
    "line": Line,
}


@dataclass(frozen=True, slots=True)
class Baseline:
    """A fitted baseline; `predict` gives probabilities at the prevalence it was fitted on."""

    name: str
    description: str
    rule: Constant | Cut | Tree | Line

    def predict(self, values: FloatArray) -> FloatArray:
        """Probabilities, one per row of `values`, whose columns are those fitted on."""
        return self.rule.probability(values)

    def to_json(self) -> dict[str, Any]:
        """Plain numbers and names."""
        kind = next(kind for kind, rule in RULES.items() if type(self.rule) is rule)
        return {"name": self.name, "description": self.description, "kind": kind, "rule": asdict(self.rule)}

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> Baseline:
        """What `to_json` gave. KeyError or TypeError where it is something else."""
        numbers: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in entry["rule"].items()
        }
        return cls(entry["name"], entry["description"], RULES[entry["kind"]](**numbers))


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
        _logistic_regression(values, target),
    ]


def _prevalence(target: NDArray[np.bool_]) -> Baseline:
    description = "the share of inauthentic accounts, for every account"
    return Baseline("prevalence", description, Constant(float(target.mean())))


def _engagement_rate_rule(values: FloatArray, target: NDArray[np.bool_], column: int) -> Baseline:
    """The share of inauthentic accounts on each side of the cut of the rate with the least squared error.

    Which side is the suspicious one is left to the accounts: bought followers lower the rate, bought likes raise it.
    Accounts without a rate get the prevalence.
    """
    rate = values[:, column]
    seen = ~np.isnan(rate)
    overall = float(target.mean())
    best = Cut(column, None, overall, overall, overall)
    best_loss = np.inf
    for cut in np.unique(np.quantile(rate[seen], np.arange(1, RULE_CUTS + 1) / (RULE_CUTS + 1))) if seen.any() else []:
        below = rate[seen] < cut
        lower, higher = (float(target[seen][side].mean()) if side.any() else overall for side in (below, ~below))
        loss = float(((np.where(below, lower, higher) - target[seen]) ** 2).mean())
        if loss < best_loss:
            best, best_loss = Cut(column, float(cut), lower, higher, overall), loss
    if best.cut is None:
        description = "one cut of likes per follower: not observed in training, so the prevalence for every account"
    else:
        description = f"one cut of likes per follower for the size, at {best.cut:+.2f} standard deviations"
    return Baseline("engagement_rate_rule", description, best)


def _depth_two_tree(values: FloatArray, target: NDArray[np.bool_], seed: int) -> Baseline:
    from sklearn.tree import DecisionTreeClassifier  # scoring never fits and need not wait for it

    fitted = DecisionTreeClassifier(max_depth=TREE_DEPTH, min_samples_leaf=20, random_state=seed).fit(values, target)
    nodes = fitted.tree_
    # One class alone leaves a single column, whose share is then 0 or 1 by the class.
    shares = nodes.value[:, 0, :] @ fitted.classes_.astype(np.float64)
    tree = Tree(
        tuple(int(each) for each in nodes.feature),
        tuple(float(each) for each in nodes.threshold),
        tuple(int(each) for each in nodes.children_left),
        tuple(int(each) for each in nodes.children_right),
        tuple(bool(each) for each in nodes.missing_go_to_left),
        tuple(float(each) for each in shares),
    )
    return Baseline("depth_two_tree", "a decision tree of depth two", tree)


def _logistic_regression(values: FloatArray, target: NDArray[np.bool_]) -> Baseline:
    from sklearn.linear_model import LogisticRegression

    low, centre, high, scale = [], [], [], []
    for column in values.T:
        seen = column[~np.isnan(column)]
        first, middle, last = (
            np.quantile(seen, (CLIPPED_QUANTILES[0], 0.5, CLIPPED_QUANTILES[1])) if seen.size else (0.0,) * 3
        )
        spread = float(np.clip(seen, first, last).std()) if seen.size else 0.0
        low.append(float(first))
        centre.append(float(middle))
        high.append(float(last))
        scale.append(spread if spread > 0.0 else 1.0)
    count = values.shape[1]
    blank = Line(tuple(low), tuple(high), tuple(centre), tuple(scale), (0.0,) * count, (0.0,) * count, 0.0)
    fitted = LogisticRegression(C=1.0, max_iter=2000).fit(blank.design(values), target)
    weights = tuple(float(each) for each in fitted.coef_[0])
    line = Line(
        blank.low, blank.high, blank.centre, blank.scale, weights[:count], weights[count:], float(fitted.intercept_[0])
    )
    return Baseline("logistic_regression", "clipped and scaled features, linear in log-odds", line)
