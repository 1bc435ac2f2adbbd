"""Does a batch look like the accounts that the model was trained on? Nothing here touches a score.

Per feature, the population stability index (PSI): sum over bins of (p - q) ln(p / q), with p the batch's and q the
training's shares in bins that hold a tenth of the training each. Two questions are asked of each feature: do its values
lie elsewhere, and is it missing more or less often; one index over both would drown the first in the second, since
whole exports lack a column. The distribution of the score is asked about too.

What is ordinary comes from the training cohorts. A PSI of n accounts drawn from N has the mean (bins - 1)(1/n + 1/N),
but no batch is such a draw: each cohort has rules of its own and differs from the others as whole. So the mean surplus
between each training cohort and all others is kept per feature, and a feature counts as drifted where its PSI exceeds
noise and surplus by a factor that the most unusual feature of hardly any training cohort exceeds, which also corrects
for asking of many features at once. Below 500 accounts nothing is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import numpy as np
import polars as pl
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Kind = Literal["values", "missing"]

FEWEST_ACCOUNTS = 500
"""Accounts of a batch below which drift is not measured (issue: "each batch of 500 or more")."""

FEWEST_VALUES = 50
"""Values below which nothing is said of where they lie: five expected in each of ten bins, Cochran's rule."""

BINS = 10
"""Bins of a feature's values, each a tenth of the training's, fewer where values are tied."""

SMALLEST_PSI = 0.1
"""Below it the trade speaks of no significant change (Siddiqi 2006, Credit Risk Scorecards), however sure it is."""

FALSE_WARNING_SHARE = 0.05
"""Share of batches like the training cohorts in which anything is warned of, over both kinds; assumed."""

SMALLEST_GROUP: dict[Kind, int] = {"values": 200, "missing": FEWEST_VALUES}
"""Accounts of a training cohort that shows what is ordinary: smaller ones show little of values but their own dice.
Whether values are missing takes fewer, and many cohorts: a whole export lacks a column now and then."""

FEWEST_GROUPS = 20
"""Cohorts that show what is ordinary, at least: one in twenty is the share above. With fewer large ones the largest
count, and where those are too small for any bins, groups of accounts drawn at random stand for cohorts."""

HALF_ACCOUNT = 0.5
"""Added to every bin, so that an empty one leaves the logarithm a number."""

HALF = 0.5

SAME_MEDIAN = 0.1
"""A batch's median no farther than this from the middle of the training's values, in ranks, is not called higher or
lower; assumed."""

MOST_WARNINGS = 10
"""Features named, at most; the others are counted."""

SCORE = "probability_inauthentic"
"""Stands for a feature's name where the distribution of the score itself has drifted."""

STATED_AT = 0.2
"""Prevalence at which that is stated, `models.scoring.SCORE_PREVALENCE`: drift is not to depend on a campaign's."""


Tally = dict[str, IntArray]
"""Accounts of a part of a batch per bin, by feature and, under `SCORE`, of the score; adds up over parts."""


class DriftWarning(TypedDict):
    """One drifted feature. `expected`: the largest PSI that a batch of this size was to show."""

    feature: str
    kind: Kind
    psi: float
    expected: float
    text: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """A column as training knows it.

    Attributes:
        edges: inner edges of the bins, rising; a bin includes its upper edge. None where all values are one.
        low, high: the smallest and the largest value; 0 where there is none.
        counts: accounts per bin, one more than edges.
        missing: accounts without a value.
        surplus: by kind, mean PSI of a cohort against all others beyond the noise of its size.
    """

    edges: tuple[float, ...]
    low: float
    high: float
    counts: tuple[int, ...]
    missing: int
    surplus: dict[Kind, float]

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Distribution:
        """What `dataclasses.asdict` made of one."""
        return cls(
            edges=tuple(entry["edges"]),
            low=entry["low"],
            high=entry["high"],
            counts=tuple(entry["counts"]),
            missing=entry["missing"],
            surplus=_by_kind(entry["surplus"]),
        )

    def tally(self, values: FloatArray) -> IntArray:
        """Accounts per bin and, last, those without a value (NaN); adds up over parts of a batch."""
        return _tally(values, np.array(self.edges))

    def median(self, tally: IntArray) -> float:
        """Where half of the tallied values lie below, evenly spread within a bin; NaN without values."""
        ends = np.array([self.low, *self.edges, self.high])
        cumulated = np.append(0.0, np.cumsum(tally[:-1]))
        if not cumulated[-1]:
            return float("nan")
        return float(np.interp(cumulated[-1] / 2, cumulated, ends))

    def rank(self, value: float) -> float:
        """Share of the training's values up to this one, 0 to 1, a tie at its middle."""
        place = int(np.searchsorted(self.edges, value, side="left"))
        below, inside = sum(self.counts[:place]), self.counts[place]
        ends = [self.low, *self.edges, self.high]
        first, last = ends[place], ends[place + 1]
        within = 0.5 if last <= first else min(max((value - first) / (last - first), 0.0), 1.0)
        return (below + within * inside) / max(sum(self.counts), 1)


@dataclass(frozen=True, slots=True)
class Drift:
    """What the bundle knows of its training accounts, to compare batches with.

    Attributes:
        features: by name, in the bundle's order.
        score: of the probability, at `STATED_AT`, of accounts that the trees were not fitted on.
        limits: by kind, how many times noise and surplus a PSI may be.
    """

    features: dict[str, Distribution]
    score: Distribution
    limits: dict[Kind, float]

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> Drift:
        """What `dataclasses.asdict` made of one."""
        return cls(
            features={name: Distribution.from_json(each) for name, each in entry["features"].items()},
            score=Distribution.from_json(entry["score"]),
            limits=_by_kind(entry["limits"]),
        )

    def tally(self, features: pl.DataFrame, probability: FloatArray) -> Tally:
        """The accounts of a feature table by feature and bin, and by score; see `Distribution.tally`.

        `probability`: of each account at `STATED_AT`, NaN without a verdict.
        """
        columns = features.select(pl.col(list(self.features)).cast(pl.Float64).fill_null(float("nan")))
        found = {name: known.tally(columns[name].to_numpy()) for name, known in self.features.items()}
        return {SCORE: self.score.tally(probability), **found}

    def warnings(self, tally: Tally) -> list[DriftWarning] | None:
        """Everything that drifted in a batch, the farthest beyond what is expected first; None below 500 accounts."""
        if tally[SCORE].sum() < FEWEST_ACCOUNTS:
            return None
        # An account without a verdict has no score by rule and not by accident: that share is in the verdicts.
        found = _judged(SCORE, self.score, tally[SCORE], "values", self.limits["values"])
        for name, known in self.features.items():
            for kind, limit in self.limits.items():
                found += _judged(name, known, tally[name], kind, limit)
        found.sort(key=lambda each: (-each["psi"] / each["expected"], each["feature"], each["kind"]))
        return _one_line_per_table(found)


def added(one: Tally, other: Tally) -> Tally:
    """The tally of two parts of a batch together."""
    return {name: counts + other[name] for name, counts in one.items()}


def fit_drift(
    values: FloatArray,
    names: Sequence[str],
    cohorts: NDArray[Any],
    probability: FloatArray,
    probability_cohorts: NDArray[Any],
    seed: int,
) -> Drift:
    """Learn what the training looks like and how much its cohorts differ.

    Args:
        values: of the training accounts as observed, shape (accounts, features), NaN where not observed.
        names: of the features, in the order of the columns.
        cohorts: of each training account.
        probability: at `STATED_AT`, of accounts that the trees were not fitted on.
        probability_cohorts: cohort of each of those.
        seed: of the groups drawn where there are too few large cohorts.
    """
    groups = {kind: _groups(cohorts, smallest, seed) for kind, smallest in SMALLEST_GROUP.items()}
    fitted = {name: _fit(column, groups) for name, column in zip(names, values.T, strict=True)}
    # Cohorts that the trees were not fitted on are few, so small ones count too.
    held_out = _groups(probability_cohorts, FEWEST_VALUES, seed)
    score, _ = _fit(probability, dict.fromkeys(SMALLEST_GROUP, held_out))
    tail = FALSE_WARNING_SHARE / len(SMALLEST_GROUP)
    limits: dict[Kind, float] = {}
    for kind in SMALLEST_GROUP:
        worst = np.max([factors[kind] for _, factors in fitted.values()], axis=0)
        limits[kind] = float(np.quantile(worst, 1.0 - tail, method="higher"))
    return Drift({name: known for name, (known, _) in fitted.items()}, score, limits)


def _fit(column: FloatArray, groups: Mapping[Kind, Sequence[IntArray]]) -> tuple[Distribution, dict[Kind, FloatArray]]:
    """One column's distribution, and how many times the expected PSI each group shows."""
    seen = column[~np.isnan(column)]
    edges = _edges(seen)
    total = _tally(column, edges)
    surplus: dict[Kind, float] = {}
    factors: dict[Kind, FloatArray] = {}
    for kind, members in groups.items():
        parts = [_tally(column[group], edges) for group in members]
        # Every group against all others, or a large one would be compared with itself.
        compared = [_compared(part, total - part, kind) for part in parts]
        beyond = [psi - noise for psi, noise in compared if psi is not None]
        surplus[kind] = max(float(np.mean(beyond)), 0.0) if beyond else 0.0
        factors[kind] = np.array(
            [
                psi / (noise + surplus[kind]) if psi is not None and psi >= SMALLEST_PSI else 0.0
                for psi, noise in compared
            ]
        )
    known = Distribution(
        edges=tuple(float(edge) for edge in edges),
        low=float(seen.min()) if seen.size else 0.0,
        high=float(seen.max()) if seen.size else 0.0,
        counts=tuple(int(count) for count in total[:-1]),
        missing=int(total[-1]),
        surplus=surplus,
    )
    return known, factors


def _edges(seen: FloatArray) -> FloatArray:
    """Inner deciles that are values of the column; ties leave fewer, and none is the largest value."""
    if not seen.size:
        return np.empty(0)
    ranks = -(-np.arange(1, BINS) * len(seen) // BINS) - 1
    edges: FloatArray = np.unique(np.sort(seen)[ranks])
    below: FloatArray = edges[edges < seen.max()]
    return below


def _tally(values: FloatArray, edges: FloatArray) -> IntArray:
    seen = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, seen, side="left"), minlength=len(edges) + 1)
    tally: IntArray = np.append(counts, len(values) - len(seen)).astype(np.int64)
    return tally


def _by_kind(entry: Mapping[str, Any]) -> dict[Kind, float]:
    return {"values": float(entry["values"]), "missing": float(entry["missing"])}


def _groups(cohorts: NDArray[Any], smallest: int, seed: int) -> list[IntArray]:
    """Rows of each large cohort, or of the largest; where those are small too, of groups drawn at random instead."""
    large = _cohorts(cohorts, smallest)
    if len(large) >= FEWEST_GROUPS:
        return large
    by_size = sorted(_cohorts(cohorts, FEWEST_VALUES), key=len, reverse=True)
    if len(by_size) >= FEWEST_GROUPS:
        return by_size[:FEWEST_GROUPS]
    shuffled = np.random.default_rng(seed).permutation(len(cohorts))
    return [np.sort(group).astype(np.int64) for group in np.array_split(shuffled, FEWEST_GROUPS)]


def _cohorts(cohorts: NDArray[Any], smallest: int) -> list[IntArray]:
    """Rows of each cohort of so many accounts and more, by name."""
    _, members, sizes = np.unique(cohorts, return_inverse=True, return_counts=True)
    return [np.flatnonzero(members == each).astype(np.int64) for each in np.flatnonzero(sizes >= smallest)]


def _compared(batch: IntArray, training: IntArray, kind: Kind) -> tuple[float | None, float]:
    """PSI of two tallies and its mean over draws from one population; no PSI where too little is known."""
    if kind == "missing":
        batch, training = (np.array([each[:-1].sum(), each[-1]]) for each in (batch, training))
    else:
        batch, training = batch[:-1], training[:-1]
    drawn, known = int(batch.sum()), int(training.sum())
    if len(batch) == 1 or min(drawn, known) < FEWEST_VALUES:
        return None, 0.0
    noise = (len(batch) - 1) * (1.0 / drawn + 1.0 / known)
    return _psi(batch, training), noise


def _psi(batch: IntArray, training: IntArray) -> float:
    here, there = ((each + HALF_ACCOUNT) / (each.sum() + HALF_ACCOUNT * len(each)) for each in (batch, training))
    return float(((here - there) * np.log(here / there)).sum())


def _judged(name: str, known: Distribution, tally: IntArray, kind: Kind, limit: float) -> list[DriftWarning]:
    """The warning of one feature, or none."""
    training = np.array([*known.counts, known.missing])
    psi, noise = _compared(tally, training, kind)
    if psi is None:
        return []
    expected = max(limit * (noise + known.surplus[kind]), SMALLEST_PSI)
    if psi <= expected:
        return []
    text = _of_values(known, tally, training) if kind == "values" else _of_missing(tally, training)
    return [
        DriftWarning(feature=name, kind=kind, psi=round(psi, 4), expected=round(expected, 4), text=f"{name}: {text}")
    ]


def _one_line_per_table(found: Sequence[DriftWarning]) -> list[DriftWarning]:
    """The same with one warning for all features of a group that are missing: one table behind them is."""
    groups = Counter(_group(each) for each in found)
    kept: dict[str, DriftWarning] = {}
    for each in found:
        others = groups[_group(each)] - 1
        more = f", and so with {others} more of this group" if others else ""
        one = DriftWarning(**each)
        one["text"] += more
        kept.setdefault(_group(each), one)
    return list(kept.values())


def _group(warning: DriftWarning) -> str:
    """What stands for one warning: the group of a missing feature, the feature itself otherwise."""
    return warning["feature"].partition("_")[0] if warning["kind"] == "missing" else warning["feature"]


def _of_missing(tally: IntArray, training: IntArray) -> str:
    here, there = (1.0 - each[-1] / each.sum() for each in (tally, training))
    return f"known of {here:.0%} of the accounts, of {there:.0%} in training"


def _median(known: Distribution, tally: IntArray) -> str:
    """The median; in an outer bin, of whose inside the training says little, only that it lies there."""
    here = known.median(tally)
    if known.edges and here > known.edges[-1]:
        return f"above {known.edges[-1]:.3g}"
    if known.edges and here < known.edges[0]:
        return f"below {known.edges[0]:.3g}"
    return f"{here:.3g}"


def _of_values(known: Distribution, tally: IntArray, training: IntArray) -> str:
    """Where the values lie instead: the medians, and the bin that gained or lost most."""
    here, there = known.median(tally), known.median(training)
    rank = known.rank(here)
    direction = "otherwise spread" if abs(rank - HALF) < SAME_MEDIAN else "higher" if rank > HALF else "lower"
    shares, before = (each[:-1] / each[:-1].sum() for each in (tally, training))
    most = int(np.argmax(np.abs(shares - before)))
    if most == len(known.edges):
        place = f"above {known.edges[-1]:.3g}"
    elif most == 0:
        place = f"at most {known.edges[0]:.3g}"
    else:
        place = f"from {known.edges[most - 1]:.3g} to {known.edges[most]:.3g}"
    return (
        f"values are {direction} than in training: median {_median(known, tally)} against {there:.3g}, "
        f"{shares[most]:.0%} of them {place} against {before[most]:.0%}"
    )
