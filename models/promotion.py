"""May a candidate take the champion's place? Both on the same accounts, their differences paired, and limits to hold.

A candidate has to earn the place: the decision's metric must be better beyond the interval of the paired difference,
and no limit may break. "Not worse" is not enough, since every change of model costs its users a comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logit

from models.evaluation import evaluate_models, headline_rows

FloatArray = NDArray[np.float64]
Entry = Mapping[str, float | None]
"""`value`, `lower` and `upper` of one figure."""

CANDIDATE, CHAMPION = "candidate", "champion"

DECISION_METRIC = "recall_at_1_percent_false_positives"
"""What a candidate must be better at: refusing an honest creator is the fault feared most, so few false positives."""

PARTIAL_AREA = "partial_auc_to_5_percent_false_positives"
"""Mean recall over false-positive shares from 0 to `PARTIAL_LIMIT`, 0 to 1: steadier than the recall at one share."""

PARTIAL_LIMIT = 0.05

SHARES: dict[str, str] = {
    "genuine_rejected": "genuine accounts rejected",
    "story_rejected": "honest accounts with a story rejected",
    "genuine_passed": "genuine accounts passed",
    "inauthentic_rejected": "inauthentic accounts rejected",
    "inauthentic_flagged": "inauthentic accounts rejected or reviewed",
    "rejects_right": "rejected accounts that are inauthentic",
    "without_verdict": "accounts without a verdict",
}
"""Shares of verdicts, by name, in words."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What no candidate may exceed, as shares: all are compared with the figure itself, not with its interval.

    Attributes:
        genuine_rejected: of genuine accounts rejected.
        story_rejected: of genuine accounts with a benign story rejected.
        calibration_error: expected calibration error.
        more_without_verdict: of accounts without a verdict, more than the champion's: a candidate must not win by
            judging fewer accounts.
    """

    genuine_rejected: float
    story_rejected: float
    calibration_error: float
    more_without_verdict: float


@dataclass(frozen=True, slots=True)
class Check:
    """One limit, with the candidate's figure and the champion's (None where the limit is on the difference).

    A figure that is not defined (no such account) breaks its limit: what was not measured was not held.
    """

    name: str
    value: float | None
    champion: float | None
    limit: float

    @property
    def holds(self) -> bool:
        """At most the limit."""
        return self.value is not None and self.value <= self.limit


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome with its grounds.

    Attributes:
        is_promoted: does the candidate take the place?
        reasons: sentences, the decisive ones first.
        checks: every limit.
    """

    is_promoted: bool
    reasons: tuple[str, ...]
    checks: tuple[Check, ...]


def side_by_side(
    scored: pl.DataFrame, arms: Sequence[str], *, replicates: int, confidence: float, seed: int
) -> dict[str, Any]:
    """Ranking metrics and shares of verdicts of two arms on the same accounts, and the first arm less the second.

    Ranking metrics are over the accounts that both arms judge, at the share of inauthentic accounts among them;
    shares are over all accounts but those of a dose too small for the label. Intervals: cohorts drawn whole.

    Args:
        scored: sorted by `account_id`; `cohort`, `is_inauthentic`, `scheme`, `benign_story`, and for each arm
            `probability_<arm>` (null without a verdict), `prevalence_<arm>` that it is stated at, `verdict_<arm>`.
        arms: two names.
        replicates: bootstrap draws.
        confidence: coverage of the intervals, 0 to 1.
        seed: of the draws.

    Returns:
        `metrics` as `evaluate_models` gives them, and `shares` with `models` and `differences` in the same shape.
    """
    main, other = arms
    headline = headline_rows(scored)
    told = headline.filter(pl.all_horizontal(pl.col(f"probability_{arm}").is_not_null() for arm in arms))
    labels = told["is_inauthentic"].to_numpy()
    metrics = evaluate_models(
        labels,
        {arm: at_own_share(told, arm, labels) for arm in arms},
        told["cohort"].to_numpy(),
        replicates=replicates,
        confidence=confidence,
        seed=seed,
    )
    areas = {arm: _partial_areas(told, arm, replicates, seed) for arm in arms}
    for arm in arms:
        metrics["models"][arm][PARTIAL_AREA] = _interval(*areas[arm], confidence)
    less = (areas[main][0] - areas[other][0], areas[main][1] - areas[other][1])
    metrics["differences"][other][PARTIAL_AREA] = _interval(*less, confidence)
    values, draws = {}, {}
    for arm in arms:
        values[arm], draws[arm] = _shares(headline, arm, replicates, seed)
    shares = {
        "models": {arm: _intervals(values[arm], draws[arm], confidence) for arm in arms},
        "differences": {other: _intervals(values[main] - values[other], draws[main] - draws[other], confidence)},
    }
    return {"metrics": metrics, "shares": shares}


def decide(compared: Mapping[str, Any], limits: Limits, confidence: float) -> Decision:
    """The decision on what `side_by_side` found for `CANDIDATE` and `CHAMPION`."""
    checks = _checks(compared, limits)
    difference = compared["metrics"]["differences"][CHAMPION][DECISION_METRIC]
    words = DECISION_METRIC.replace("_", " ").replace("1 percent", "1 %")
    lower, upper, value = difference["lower"], difference["upper"], difference["value"]
    if value is None or lower is None or upper is None:
        is_better, reason = False, f"{words} cannot be told: a class is absent"
    else:
        is_better = lower > 0.0
        interval = f"{value:+.4f}, {confidence:.0%} interval {lower:+.4f} to {upper:+.4f}"
        said = "is better beyond its interval" if is_better else "is not better beyond its interval"
        reason = f"{words} {said} (paired difference {interval})"
    broken = tuple(
        f"a limit breaks: {check.name} {'not defined' if check.value is None else f'{check.value:.4f}'}, "
        f"at most {check.limit:g}"
        for check in checks
        if not check.holds
    )
    return Decision(is_better and not broken, (reason, *(broken or ("every limit holds",))), checks)


def _checks(compared: Mapping[str, Any], limits: Limits) -> tuple[Check, ...]:
    metrics, shares = compared["metrics"]["models"], compared["shares"]["models"]
    more = compared["shares"]["differences"][CHAMPION]["without_verdict"]["value"]
    error = "expected_calibration_error"
    return (
        *(
            Check(SHARES[name], shares[CANDIDATE][name]["value"], shares[CHAMPION][name]["value"], limit)
            for name, limit in (
                ("genuine_rejected", limits.genuine_rejected),
                ("story_rejected", limits.story_rejected),
            )
        ),
        Check(
            "calibration error",
            metrics[CANDIDATE][error]["value"],
            metrics[CHAMPION][error]["value"],
            limits.calibration_error,
        ),
        Check("more accounts without a verdict", more, None, limits.more_without_verdict),
    )


def at_own_share(told: pl.DataFrame, arm: str, labels: NDArray[np.bool_]) -> FloatArray:
    """The arm's probabilities at the share of inauthentic accounts at hand, by the contract's formula."""
    probability: FloatArray = told[f"probability_{arm}"].to_numpy()
    if labels.all() or not labels.any():
        return probability
    prevalence = told[f"prevalence_{arm}"].to_numpy()
    carried: FloatArray = expit(logit(probability) + logit(labels.mean()) - logit(prevalence))
    return carried


def _shares(headline: pl.DataFrame, arm: str, replicates: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """`SHARES` in their order, and their bootstrap draws, shape (replicates, shares); NaN where nobody is counted."""
    verdict, bought = pl.col(f"verdict_{arm}"), pl.col("is_inauthentic")
    story = ~bought & pl.col("benign_story").is_not_null()
    rejected, flagged = verdict == "reject", verdict.is_in(["reject", "review"])
    everyone = verdict.is_not_null()
    parts = {
        "genuine_rejected": (~bought & rejected, ~bought),
        "story_rejected": (story & rejected, story),
        "genuine_passed": (~bought & (verdict == "pass"), ~bought),
        "inauthentic_rejected": (bought & rejected, bought),
        "inauthentic_flagged": (bought & flagged, bought),
        "rejects_right": (bought & rejected, rejected),
        "without_verdict": (verdict == "insufficient_data", everyone),
    }
    counts = headline.group_by("cohort", maintain_order=True).agg(
        *(parts[name][0].sum().cast(pl.Float64).alias(f"{name}_counted") for name in SHARES),
        *(parts[name][1].sum().cast(pl.Float64).alias(f"{name}_total") for name in SHARES),
    )
    counted = counts.select(f"{name}_counted" for name in SHARES).to_numpy()
    total = counts.select(f"{name}_total" for name in SHARES).to_numpy()
    cohorts = counts.height
    if cohorts == 0:
        return np.full(len(SHARES), np.nan), np.full((0, len(SHARES)), np.nan)
    weights = np.random.default_rng(seed).multinomial(cohorts, np.full(cohorts, 1.0 / cohorts), replicates)
    draws = _ratio(weights.astype(np.float64) @ counted, weights.astype(np.float64) @ total)
    return _ratio(counted.sum(axis=0), total.sum(axis=0)), draws


def _ratio(counted: FloatArray, total: FloatArray) -> FloatArray:
    ratio: FloatArray = np.divide(counted, total, out=np.full(total.shape, np.nan), where=total > 0)
    return ratio


def _intervals(values: FloatArray, draws: FloatArray, confidence: float) -> dict[str, Entry]:
    columns = enumerate(SHARES)
    return {name: _interval(float(values[column]), draws[:, column], confidence) for column, name in columns}


def _interval(value: float, draws: FloatArray, confidence: float) -> Entry:
    defined = draws[~np.isnan(draws)]
    if np.isnan(value) or not defined.size:
        return {"value": None, "lower": None, "upper": None}
    tail = (1.0 - confidence) / 2.0
    lower, upper = np.quantile(defined, [tail, 1.0 - tail])
    return {"value": value, "lower": float(lower), "upper": float(upper)}


def _partial_areas(told: pl.DataFrame, arm: str, replicates: int, seed: int) -> tuple[float, FloatArray]:
    """`PARTIAL_AREA` of the arm, and its draws over cohorts, shape (replicates,); NaN without both classes."""
    ranked = told.sort(f"probability_{arm}", descending=True)
    bought = ranked["is_inauthentic"].to_numpy().astype(np.float64)
    probability = ranked[f"probability_{arm}"].to_numpy()
    ends = np.flatnonzero(np.append(np.diff(probability) != 0, [True] * bool(probability.size)))
    names, members = np.unique(ranked["cohort"].to_numpy(), return_inverse=True)

    def area(weights: FloatArray) -> float:
        found, refused = np.cumsum(weights * bought), np.cumsum(weights * (1.0 - bought))
        if not found.size or found[-1] == 0 or refused[-1] == 0:
            return float("nan")
        false_positives = np.append(0.0, refused[ends] / refused[-1])
        recall = np.append(0.0, found[ends] / found[-1])
        within = false_positives <= PARTIAL_LIMIT
        x = np.append(false_positives[within], PARTIAL_LIMIT)
        y = np.append(recall[within], np.interp(PARTIAL_LIMIT, false_positives, recall))
        return float(np.trapezoid(y, x) / PARTIAL_LIMIT)

    generator = np.random.default_rng(seed)
    draws = [
        area(
            np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names))[members].astype(np.float64)
        )
        for _ in range(replicates if len(names) else 0)
    ]
    return area(np.ones(bought.size)), np.array(draws, dtype=np.float64)


def transitions(scored: pl.DataFrame, arms: Sequence[str]) -> list[dict[str, Any]]:
    """How many accounts go from which verdict of the first arm to which of the second, by class, most first.

    Keys: `class` (genuine, inauthentic, or small dose), `from`, `to`, `accounts`, `share` of the class.
    """
    first, second = (f"verdict_{arm}" for arm in arms)
    classed = scored.with_columns(_class()).with_columns(members=pl.len().over("class"))
    counted = (
        classed.filter(pl.col(first) != pl.col(second))
        .group_by("class", first, second)
        .agg(pl.len().alias("accounts"), (pl.len() / pl.col("members").first()).alias("share"))
        .sort(pl.col("accounts"), "class", first, second, descending=[True, False, False, False])
    )
    return counted.rename({first: "from", second: "to"}).to_dicts()


def flips(scored: pl.DataFrame, arms: Sequence[str]) -> pl.DataFrame:
    """Accounts whose verdict differs, those that moved furthest in log-odds first; what one arm does not judge last.

    Adds `class`, as in `transitions`.
    """
    first, second = arms

    def log_odds(arm: str) -> pl.Expr:
        probability = pl.col(f"probability_{arm}")
        return (probability / (1.0 - probability)).log()

    flipped = scored.filter(pl.col(f"verdict_{first}") != pl.col(f"verdict_{second}"))
    moved = (log_odds(second) - log_odds(first)).abs()
    return flipped.with_columns(_class()).sort(moved, "account_id", descending=[True, False], nulls_last=True)


def _class() -> pl.Expr:
    return (
        pl.when("is_inauthentic")
        .then(pl.lit("inauthentic"))
        .when(pl.col("scheme").is_not_null())
        .then(pl.lit("small dose"))
        .otherwise(pl.lit("genuine"))
        .alias("class")
    )
