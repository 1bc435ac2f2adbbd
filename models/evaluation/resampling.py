"""Intervals: whole cohorts are drawn where accounts share cohorts, exact ones are used where they do not.

Accounts of a simulated cohort share sellers, pods and the cohort's own rules, so they are not independent evidence,
and an interval over accounts would be too narrow. Real accounts of no named cohort are.
"""

from __future__ import annotations

from typing import Any, TypedDict

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.evaluation.metrics import BoolArray, FloatArray, number

Interval = dict[str, float | None]
"""`value`, `lower` and `upper`; all None where there is nothing to tell."""

CHUNK = 25
"""Replicates computed at once: 25 of 50,000 accounts are 10 MB a column."""

NOTHING: Interval = {"value": None, "lower": None, "upper": None}


class Draws(TypedDict):
    """The bootstrap of every interval: how many draws, their coverage (0 to 1), and their seed."""

    replicates: int
    confidence: float
    seed: int


def resampled_units(cohorts: NDArray[Any]) -> tuple[NDArray[np.intp], str]:
    """The number of the unit each account belongs to, and what the units are: `cohorts` or `accounts`.

    With fewer than two cohorts, or where every account is a cohort of its own, accounts are the units.
    """
    names, members = np.unique(cohorts, return_inverse=True)
    if 2 <= len(names) < len(cohorts):  # noqa: PLR2004 -- one cohort cannot be resampled
        return members.astype(np.intp), "cohorts"
    return np.arange(len(cohorts), dtype=np.intp), "accounts"


def draws_of(units: int, replicates: int, seed: int) -> NDArray[np.uint16]:
    """How often each unit was drawn, with replacement, in each replicate; shape (replicates, units)."""
    generator = np.random.default_rng(seed)
    draws = np.zeros((replicates if units else 0, units), dtype=np.uint16)
    for replicate in range(len(draws)):
        draws[replicate] = np.bincount(generator.integers(0, units, units), minlength=units)
    return draws


def clopper_pearson(count: int, total: int, confidence: float = 0.95) -> tuple[float | None, float | None]:
    """Exact interval of a share of `count` in `total`; (None, None) for a total of 0."""
    if total == 0:
        return None, None
    from scipy.stats import beta  # scoring states no interval and need not wait for it

    tail = (1 - confidence) / 2
    lower = 0.0 if count == 0 else float(beta.ppf(tail, count, total - count + 1))
    upper = 1.0 if count == total else float(beta.ppf(1 - tail, count + 1, total - count))
    return lower, upper


def percentiles(draws: FloatArray, confidence: float) -> tuple[float, float]:
    """The interval of the draws that are defined; NaN where none is."""
    defined = draws[~np.isnan(draws)]
    if not defined.size:
        return np.nan, np.nan
    lower, upper = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(lower), float(upper)


class Sample:
    """Labelled accounts with everything said of them, and one set of draws for every interval.

    Attributes:
        frame: one row an account, with `cohort` filled, in a fixed order (sorted by account).
        members: the resampled unit of each account.
        unit: `cohorts` or `accounts`.
        draws: how often each unit was drawn, shape (replicates, units).
        confidence: coverage of every interval, 0 to 1.
    """

    def __init__(self, frame: pl.DataFrame, *, replicates: int, confidence: float, seed: int) -> None:
        self.frame = frame
        self.members, self.unit = resampled_units(frame["cohort"].to_numpy())
        self.draws = draws_of(int(self.members.max()) + 1 if frame.height else 0, replicates, seed)
        self.confidence = confidence

    def where(self, condition: pl.Expr) -> BoolArray:
        """Which accounts meet a condition; null is no."""
        return self.frame.select(condition.fill_null(False).alias("met")).to_series().to_numpy()

    def weights(self, among: BoolArray, replicates: slice) -> NDArray[np.uint16]:
        """How often each of the accounts `among` was drawn in some replicates; shape (replicates, accounts among)."""
        chosen: NDArray[np.uint16] = self.draws[replicates][:, self.members[among]]
        return chosen

    def chunks(self) -> list[slice]:
        """All replicates in parts of which one fits the memory, whatever the number of accounts."""
        return [slice(start, start + CHUNK) for start in range(0, len(self.draws), CHUNK)]

    def cohorts(self, among: BoolArray) -> int:
        """Distinct cohorts of some accounts."""
        return int(np.unique(self.frame["cohort"].to_numpy()[among]).size)

    def share(self, hit: BoolArray, among: BoolArray) -> Interval:
        """Share of `hit` among some accounts.

        Where cohorts are drawn the interval is never narrower than the exact one: no draw of cohorts without a reject
        holds one, and yet the next cohort may.
        """
        count, total = int((hit & among).sum()), int(among.sum())
        if total == 0:
            return dict(NOTHING)
        lower, upper = clopper_pearson(count, total, self.confidence)
        if lower is None or upper is None or self.unit == "accounts":
            return {"value": count / total, "lower": lower, "upper": upper}
        drawn = self.ratio_draws((hit & among).astype(float), among.astype(float))
        low, high = percentiles(drawn, self.confidence)
        return {"value": count / total, "lower": float(np.fmin(lower, low)), "upper": float(np.fmax(upper, high))}

    def ratio(self, above: FloatArray, below: FloatArray) -> Interval:
        """Sum of `above` over sum of `below` (one number an account each), with the interval of the draws."""
        total = float(below.sum())
        if total == 0.0:
            return dict(NOTHING)
        lower, upper = percentiles(self.ratio_draws(above, below), self.confidence)
        return {"value": float(above.sum()) / total, "lower": number(lower), "upper": number(upper)}

    def ratio_draws(self, above: FloatArray, below: FloatArray) -> FloatArray:
        """The ratio of both sums in each replicate; NaN where nothing was drawn of what stands below."""
        units = self.draws.shape[1]
        sums = np.column_stack([np.bincount(self.members, weights=each, minlength=units) for each in (above, below)])
        # In parts: the product makes the draws float64, which for 50,000 accounts of no cohort would take 200 MB.
        drawn = [self.draws[rows] @ sums for rows in self.chunks()]
        top, bottom = np.concatenate(drawn).T if drawn else np.zeros((2, 0))
        ratio: FloatArray = np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
        return ratio
