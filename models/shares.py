"""How much was bought: a distribution of the bought share of followers, and of engagement, with intervals.

Most accounts bought nothing, the others mostly a good part: the share has a spike at 0 and a continuous part. So each
share has a model of its own in two parts, neither of which sees the verdict's probability: a calibrated head says how
probable any purchase of that kind is, and quantile heads, trained on the accounts that bought some, say how much
(Cragg 1971, two-part model; Meinshausen 2006 for intervals from quantiles). Together they give the quantiles of the
whole distribution. The level that the interval is read at is then chosen on accounts that no tree has seen, so that it
covers what it says (Romano, Patterson, Candes 2019; Chernozhukov, Wuthrich, Zhu 2021: the level is conformalised).

Shares here are *bought* shares, 0 to 1; the scores tell the rest, what is authentic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.calibration import Calibration, fit_calibration
from models.classifier import ClassifierSettings, masked_copies, raw_scores, train_booster
from models.evaluation import SIZE_TIERS
from models.trees import Trees

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

COVERAGE = 0.9
"""Share of accounts whose bought share the interval is to hold (the data contract)."""

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles of the share among those who bought that have an ensemble each; the rest is interpolated."""

CANDIDATE_LEVELS = np.round(np.arange(0.7, 0.996, 0.005), 3)
"""Nominal levels among which the calibration accounts choose."""

SURE = 1.645
"""Standard errors by which calibration accounts are to be covered above `COVERAGE`: 95 % sure, one-sided. Split
conformal prediction is right on average over calibration sets; this is right for the one at hand (Vovk 2012)."""

FEWEST_IN_TIER = 100
"""Accounts of a tier, at least, for a level of its own (assumed): of fewer, ten misses decide it."""

EDGE = 0.01
"""The smallest and the largest share are these quantiles of what was trained on, not its single extremes (assumed)."""

FEWEST_BOUGHT = 20
"""Accounts that bought, at least, for a model to be fitted: of fewer, none need lie below the 5 % quantile."""

MOST_TREES = 200
LEARNING_RATE = 0.1
"""Light ensembles, since twelve are trained beside the classifier. With up to 600 trees the tune cohorts stopped the
head for bought followers at 200 as well."""

DIGITS = 6
"""Decimals of a reported share: one follower in a million."""


@dataclass(frozen=True, slots=True)
class ShareKind:
    """One share that is modelled.

    Attributes:
        label: label column that holds it.
        groups: feature groups of which at least one feature must be observed; without them the share is not told.
    """

    label: str
    groups: tuple[str, ...]


SHARES = {
    "follower": ShareKind("inauthentic_follower_share", ("growth",)),
    "engagement": ShareKind("inauthentic_engagement_share", ("engagement", "comments")),
}
"""What is told of whom was measured: without the named groups the distribution is no better than the cohort's own
(docs/decisions/0012-bought-shares-by-quantiles.md)."""


@dataclass(frozen=True, slots=True)
class ShareModel:
    """A fitted distribution of one bought share.

    Attributes:
        any_bought: trees of the head for a share above 0.
        calibration: makes their raw score a probability; its prevalence is that of the calibration accounts.
        how_much: trees per level of `LEVELS`, for the accounts that bought.
        smallest, largest: range of shares that were trained on, 0 to 1; nothing is told apart below the smallest.
        tiers: follower counts between size tiers, rising.
        levels: nominal level per tier at which the interval covers `COVERAGE` of accounts that no tree saw, and last
            that of accounts whose follower count is not known.
        bought_per_inauthentic: accounts with a share above 0 per inauthentic account, small doses included.
        small_per_inauthentic: accounts with a dose too small for the label, per inauthentic account.
        needed: names of the features of which one must be observed.
    """

    any_bought: str
    calibration: Calibration
    how_much: tuple[str, ...]
    smallest: float
    largest: float
    tiers: tuple[int, ...]
    levels: tuple[float, ...]
    bought_per_inauthentic: float
    small_per_inauthentic: float
    needed: tuple[str, ...]

    def prior(self, prevalence: float) -> float:
        """Share of accounts that bought any, where `prevalence` of those with a label are inauthentic; 0 to 1.

        Small doses grow with the prevalence: who sells to one sells to the other (assumed).
        """
        return prevalence * self.bought_per_inauthentic / (1.0 + prevalence * self.small_per_inauthentic)

    def texts(self) -> dict[str, str]:
        """The ensembles by part, as a bundle keeps them."""
        levels = {f"level_{round(100 * level):02d}": trees for level, trees in zip(LEVELS, self.how_much, strict=True)}
        return {"any": self.any_bought, **levels}

    def to_json(self) -> dict[str, Any]:
        """Everything but the ensembles."""
        entry = asdict(self)
        del entry["any_bought"], entry["how_much"]
        return entry | {"parts": list(self.texts())}

    @classmethod
    def from_json(cls, entry: Mapping[str, Any], texts: Mapping[str, str]) -> ShareModel:
        """Read back what `to_json` and `texts` gave.

        Raises:
            KeyError, TypeError, ValueError: an entry or an ensemble is missing or extra.
        """
        numbers = dict(entry)
        parts = numbers.pop("parts")
        numbers |= {name: tuple(numbers[name]) for name in ("needed", "tiers", "levels")}
        curve = numbers["calibration"]
        as_written: dict[str, Any] = {
            name: tuple(each) if isinstance(each, list) else each for name, each in curve.items()
        }
        numbers["calibration"] = Calibration(**as_written)
        any_bought, *how_much = (texts[part] for part in parts)
        model = cls(any_bought=any_bought, how_much=tuple(how_much), **numbers)
        if list(model.texts()) != parts:
            raise ValueError(f"parts of a share are {parts}")
        return model


@dataclass(frozen=True, slots=True)
class BoughtShare:
    """What is told of one share, one value an account; NaN in all of them where it cannot be told.

    `lower <= median <= upper` and `lower <= mean <= upper`, all 0 to 1.
    """

    lower: FloatArray
    median: FloatArray
    mean: FloatArray
    upper: FloatArray


class SharePredictor:
    """A share model made ready: trees parsed once."""

    def __init__(self, model: ShareModel, features: Sequence[str]) -> None:
        self._model = model
        self._any_bought = Trees(model.any_bought)
        self._how_much = [Trees(text) for text in model.how_much]
        self._needed = [list(features).index(name) for name in model.needed]

    @property
    def ensembles(self) -> list[Trees]:
        """All of its parts."""
        return [self._any_bought, *self._how_much]

    def predict(self, values: FloatArray, followers: FloatArray, prevalence: float) -> BoughtShare:
        """The bought share of each account, at a declared prevalence of inauthentic accounts (0 to 1 exclusive).

        `followers` is each account's follower count, NaN if unknown: the level of the interval goes by size.

        Median and mean are those at the declared prevalence. The interval is that at the calibration accounts' own
        prevalence where more of them bought: what holds among many buyers also holds among few, and who declares too
        low a prevalence is not told more than is known.
        """
        model = self._model
        declared, observed = model.prior(prevalence), model.calibration.prevalence
        expected, cautious = self.distributions(values, (declared, max(declared, observed)))
        lower, upper = cautious.interval(np.array(model.levels)[tier_of(followers, model.tiers)], model.smallest)
        told = self.told(values)
        found = (
            lower,
            np.clip(expected.quantile(np.full(len(values), 0.5)), lower, upper),
            np.clip(expected.mean(), lower, upper),
            upper,
        )
        return BoughtShare(*(np.where(told, each, np.nan) for each in found))

    def distributions(self, values: FloatArray, bought: Sequence[float]) -> list[ShareDistribution]:
        """The whole distribution of each account, once per share of accounts (0 to 1 exclusive) that bought any."""
        raw = self._any_bought.raw_scores(values)
        found = np.sort(np.column_stack([trees.raw_scores(values) for trees in self._how_much]), axis=1)
        low, high = (np.full((len(values), 1), edge) for edge in (self._model.smallest, self._model.largest))
        quantiles = np.hstack([low, np.clip(found, low, high), high])
        return [ShareDistribution(self._model.calibration.probability(raw, each), quantiles) for each in bought]

    def told(self, values: FloatArray) -> BoolArray:
        """Whose share can be told: one of the features that it needs is observed."""
        return np.asarray(~np.isnan(values[:, self._needed]).all(axis=1), dtype=np.bool_)


KNOTS = np.array([0.0, *LEVELS, 1.0])


class ShareDistribution:
    """A spike at 0 and, with the given probability, a share whose quantiles at `KNOTS` are known; one an account.

    `bought` has shape (accounts,), each in 0 to 1; `quantiles` (accounts, knots), rising along each row.
    """

    def __init__(self, bought: FloatArray, quantiles: FloatArray) -> None:
        self._bought = np.maximum(bought, np.finfo(np.float64).tiny)
        self._quantiles = quantiles

    def quantile(self, level: FloatArray) -> FloatArray:
        """Quantile of the whole distribution at each account's own level: 0 as far as the spike reaches."""
        rank = (level - (1.0 - self._bought)) / self._bought
        inside = np.clip(rank, 0.0, 1.0)
        left = np.clip(np.searchsorted(KNOTS, inside, side="right") - 1, 0, len(KNOTS) - 2)
        weight = (inside - KNOTS[left]) / (KNOTS[left + 1] - KNOTS[left])
        rows = np.arange(len(inside))
        among = self._quantiles[rows, left] * (1.0 - weight) + self._quantiles[rows, left + 1] * weight
        return np.where(rank <= 0.0, 0.0, among)

    def interval(self, level: FloatArray, smallest: float) -> tuple[FloatArray, FloatArray]:
        """Bounds that hold each account's `level` of the distribution, equal tails where the spike is not in them.

        Where it is, nothing lies below, so the whole miss lies above. An upper bound is never under `smallest`:
        smaller purchases were not trained on, so nobody is said to have bought nothing at all.
        """
        tail = (1.0 - level) / 2.0
        has_spike = 1.0 - self._bought >= tail
        lower = np.where(has_spike, 0.0, self.quantile(tail))
        upper = self.quantile(np.where(has_spike, level, 1.0 - tail))
        return lower, np.maximum(upper, smallest)

    def mean(self) -> FloatArray:
        """Mean of the whole distribution, taking the quantile function as linear between its knots."""
        total = np.zeros(len(self._bought))  # added column by column: a matrix product's bits depend on the batch
        for column in range(len(KNOTS) - 1):
            middle = (self._quantiles[:, column] + self._quantiles[:, column + 1]) / 2.0
            total = total + middle * (KNOTS[column + 1] - KNOTS[column])
        return self._bought * total


def fit_shares(
    part: Mapping[str, pl.DataFrame],
    values: Mapping[str, FloatArray],
    names: Sequence[str],
    groups: Sequence[str],
    monotone: Sequence[int],
    settings: ClassifierSettings,
) -> dict[str, ShareModel]:
    """A model per share that the labels tell of enough accounts; the others are left out, and then never told.

    Args:
        part: labelled accounts per role (`fit`, `tune`, `calibrate`), sorted by account, doses too small for the
            label among them: they are known shares.
        values: their features, shape (accounts, features).
        names: of the features, in the order of the columns.
        groups: each column's feature group.
        monotone: each column's declared direction, -1, 0 or 1.
        settings: as for the classifier; the number of trees and their rate are `MOST_TREES` and `LEARNING_RATE`.
    """
    light = replace(settings, num_boost_round=min(settings.num_boost_round, MOST_TREES), learning_rate=LEARNING_RATE)
    columns = _Columns(names, groups, monotone)
    models = {}
    for name, kind in SHARES.items():
        share = {role: bought_share(frame, kind.label) for role, frame in part.items()}
        bought = {role: np.nan_to_num(each) > 0.0 for role, each in share.items()}
        genuine = {role: each == 0.0 for role, each in share.items()}
        both = all(bought[role].any() and genuine[role].any() for role in share)
        if both and bought["fit"].sum() >= FEWEST_BOUGHT:
            models[name] = _fit_share(kind, part, values, share, columns, light)
    return models


def bought_share(frame: pl.DataFrame, label: str) -> FloatArray:
    """The share per account: 0 for a genuine account without one, NaN where a cheat's share is not known."""
    if label not in frame.columns:
        return np.full(frame.height, np.nan)
    is_genuine = ~pl.col("is_inauthentic") & pl.col("scheme").is_null()
    share = pl.coalesce(pl.col(label), pl.when(is_genuine).then(0.0))
    return frame.select(share.cast(pl.Float64).fill_null(float("nan"))).to_series().to_numpy()


@dataclass(frozen=True, slots=True)
class _Columns:
    names: Sequence[str]
    groups: Sequence[str]
    monotone: Sequence[int]


def _fit_share(
    kind: ShareKind,
    part: Mapping[str, pl.DataFrame],
    values: Mapping[str, FloatArray],
    share: Mapping[str, FloatArray],
    columns: _Columns,
    settings: ClassifierSettings,
) -> ShareModel:
    known = {role: ~np.isnan(each) for role, each in share.items()}
    bought = {role: np.nan_to_num(each) > 0.0 for role, each in share.items()}

    def masked(role: str, chosen: BoolArray, target: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
        return masked_copies(values[role][chosen], target[chosen].astype(np.float64), columns.groups, settings)

    head = train_booster(
        masked("fit", known["fit"], bought["fit"]),
        masked("tune", known["tune"], bought["tune"]),
        columns.names,
        columns.monotone,
        settings,
    )
    free = [0] * len(columns.names)  # what makes a purchase visible does not say that it was a large one
    amounts = {role: masked(role, bought[role], share[role]) for role in ("fit", "tune")}
    how_much = tuple(
        train_booster(amounts["fit"], amounts["tune"], columns.names, free, settings, quantile=level).model_to_string()
        for level in LEVELS
    )
    nothing_observed = np.full((1, len(columns.names)), np.nan)
    held_out = known["calibrate"]
    calibration = fit_calibration(
        raw_scores(head, values["calibrate"][held_out]),
        bought["calibrate"][held_out],
        float(raw_scores(head, nothing_observed)[0]),
    )
    smallest, largest = np.quantile(share["fit"][bought["fit"]], [EDGE, 1.0 - EDGE])
    inauthentic = part["fit"]["is_inauthentic"].to_numpy() & known["fit"]
    small = ~part["fit"]["is_inauthentic"].to_numpy() & part["fit"]["scheme"].is_not_null().to_numpy() & known["fit"]
    count = max(int(inauthentic.sum()), 1)
    model = ShareModel(
        any_bought=head.model_to_string(),
        calibration=calibration,
        how_much=how_much,
        smallest=float(smallest),
        largest=float(largest),
        tiers=SIZE_TIERS,
        levels=(),
        bought_per_inauthentic=float((bought["fit"] & (inauthentic | small)).sum() / count),
        small_per_inauthentic=float(small.sum() / count),
        needed=tuple(name for name, group in zip(columns.names, columns.groups, strict=True) if group in kind.groups),
    )
    predictor = SharePredictor(model, columns.names)
    told = held_out & predictor.told(values["calibrate"])
    (distribution,) = predictor.distributions(values["calibrate"][told], (calibration.prevalence,))
    levels = conformal_levels(
        distribution,
        share["calibrate"][told],
        part["calibrate"]["cohort"].to_numpy()[told],
        tier_of(_followers(part["calibrate"])[told], model.tiers),
        model,
    )
    return replace(model, levels=levels)


def tier_of(followers: FloatArray, tiers: Sequence[int]) -> NDArray[np.intp]:
    """Each account's size tier, counted from 0; one past the last where its follower count is not known (NaN)."""
    return np.where(np.isnan(followers), len(tiers) + 1, np.searchsorted(tiers, followers, side="right"))


def _followers(frame: pl.DataFrame) -> FloatArray:
    if "followers" not in frame.columns:
        return np.full(frame.height, np.nan)
    return frame["followers"].cast(pl.Float64).fill_null(float("nan")).to_numpy()


def conformal_levels(
    distribution: ShareDistribution,
    share: FloatArray,
    cohorts: NDArray[Any],
    tier: NDArray[np.intp],
    model: ShareModel,
) -> tuple[float, ...]:
    """Per tier, and last for all accounts, the lowest nominal level whose interval is sure to hold `COVERAGE` of them.

    Sure: the share of these accounts that it holds lies `SURE` standard errors above `COVERAGE`; the highest candidate
    where none is. Accounts of a cohort are missed together, so the error is one over cohorts. A tier of fewer than
    `FEWEST_IN_TIER` accounts takes the level of all. Arrays hold one value an account of whom the share is told.
    """
    held = []
    for level in CANDIDATE_LEVELS:
        lower, upper = distribution.interval(np.full(len(share), level), model.smallest)
        held.append((share >= lower) & (share <= upper))
    whole = _lowest_level(held, cohorts, np.full(len(share), True))
    members = [tier == number for number in range(len(model.tiers) + 1)]
    return (
        *(whole if each.sum() < FEWEST_IN_TIER else _lowest_level(held, cohorts, each) for each in members),
        whole,
    )


def _lowest_level(held: Sequence[BoolArray], cohorts: NDArray[Any], chosen: BoolArray) -> float:
    names, member = np.unique(cohorts[chosen], return_inverse=True)
    for level, all_held in zip(CANDIDATE_LEVELS, held, strict=True):
        each = all_held[chosen].astype(np.float64)
        if len(names) and _surely_covered(each, member):
            return float(level)
    return float(CANDIDATE_LEVELS[-1])


def _surely_covered(held: FloatArray, member: NDArray[np.intp]) -> bool:
    excess = np.bincount(member, weights=held - held.mean())
    error = float(np.sqrt((excess**2).sum())) / held.size
    return bool(held.mean() - SURE * error >= COVERAGE)
