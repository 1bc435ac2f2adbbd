"""What the verdicts are worth where accounts are recorded otherwise, scored again later, or cheat in another mix.

An account recorded otherwise is the same account: its verdict ought to stay, and above all nobody honest ought to be
refused for how the data was collected. Every figure is of the model in use, as it is, with a percentile interval from
resampled cohorts, the same draws for every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logit

from features.tables import SCHEMES
from models.evaluation import clopper_pearson, evaluate_models, headline_rows
from models.evaluation.metrics import CALIBRATION_BINS
from models.thresholds import VERDICTS

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

OTHERWISE, AS_RECORDED = "otherwise", "as recorded"

REPORTED = ("auc", "recall_at_1_percent_false_positives", "expected_calibration_error")
"""Metrics of `evaluate_models` that are kept."""

MOST_CERTAIN = 1e-12
"""Distance from 0 and 1 at which a probability counts in log-odds, so that they stay numbers."""

MIX_PREVALENCES = (0.05, 0.2, 0.5)
"""Shares of inauthentic accounts to which each mix of schemes is weighted; assumed, around the declared 0.2."""


# --- recorded otherwise -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draws:
    """The bootstrap behind the intervals: draws of whole cohorts, coverage (0 to 1), seed."""

    replicates: int
    confidence: float
    seed: int


def compared(before: pl.DataFrame, after: pl.DataFrame, drawn: Draws) -> dict[str, Any]:
    """One set of accounts, scored as recorded and otherwise.

    Args:
        before: `account_id`, `cohort`, `is_inauthentic`, `scheme`, `verdict`, `probability` (null without a verdict)
            and `declared_prevalence`, one row an account.
        after: `account_id`, `verdict` and `probability` of the same accounts; one that is absent has no verdict.
        drawn: how the intervals are made.

    Returns:
        `accounts` (small doses left out), `inauthentic`, `judged` (with a verdict both times); `models`: the metrics
        of `REPORTED` over those, otherwise and as recorded; `auc_lost` (as recorded less otherwise); and shares, each
        {value, lower, upper}: `genuine_rejected`, `genuine_passed`, `inauthentic_rejected`, `no_verdict`, `swapped`
        (pass to reject or back), `verdict_changed`, `genuine_pass_to_reject` (of genuine accounts that passed), and
        `log_odds_moved` (mean absolute difference), `correlation` (of the log-odds, a number or None).
    """
    both = headline_rows(before).join(
        after.select("account_id", verdict_after="verdict", probability_after="probability"),
        on="account_id",
        how="left",
    )
    both = both.with_columns(pl.col("verdict_after").fill_null("insufficient_data")).sort("account_id")
    judged = both.filter(pl.col("probability").is_not_null() & pl.col("probability_after").is_not_null())
    ranked = _ranked(judged, drawn)
    first, second = _log_odds(judged["probability"]), _log_odds(judged["probability_after"])
    resampled = _Resampled(both["cohort"].to_numpy(), drawn)
    genuine = ~both["is_inauthentic"].to_numpy()
    verdicts = both["verdict"].to_numpy(), both["verdict_after"].to_numpy()
    everybody = np.ones(both.height, dtype=bool)
    passed, rejected = (np.array([each == name for each in verdicts]) for name in ("pass", "reject"))
    swapped = (passed[0] & rejected[1]) | (rejected[0] & passed[1])
    moved = np.full(both.height, np.nan)
    has_both = both.select(pl.all_horizontal(pl.col("probability", "probability_after").is_not_null())).to_series()
    moved[has_both.to_numpy()] = np.abs(second - first)
    return {
        "accounts": both.height,
        "inauthentic": int((~genuine).sum()),
        "judged": judged.height,
        **ranked,
        "genuine_rejected": resampled.share(rejected[1], genuine),
        "genuine_passed": resampled.share(passed[1], genuine),
        "inauthentic_rejected": resampled.share(rejected[1], ~genuine),
        "no_verdict": resampled.share(verdicts[1] == "insufficient_data", everybody),
        "swapped": resampled.share(swapped, everybody),
        "verdict_changed": resampled.share(verdicts[0] != verdicts[1], everybody),
        "genuine_pass_to_reject": resampled.share(rejected[1], genuine & passed[0]),
        "log_odds_moved": resampled.mean(np.nan_to_num(moved), ~np.isnan(moved)),
        "correlation": _correlation(first, second),
    }


def transitions(before: pl.DataFrame, after: pl.DataFrame) -> list[dict[str, Any]]:
    """How verdicts change: rows of `is_inauthentic`, `before`, `after` and `accounts`, zeros left out."""
    both = headline_rows(before).join(after.select("account_id", after="verdict"), on="account_id", how="left")
    order = pl.Enum(VERDICTS)
    counted = both.select(
        "is_inauthentic",
        before=pl.col("verdict").cast(order),
        after=pl.col("after").fill_null("insufficient_data").cast(order),
    )
    keys = ["is_inauthentic", "before", "after"]
    return counted.group_by(keys).len("accounts").sort(keys).with_columns(pl.col(keys[1:]).cast(pl.String)).to_dicts()


def _ranked(judged: pl.DataFrame, drawn: Draws) -> dict[str, Any]:
    labels = judged["is_inauthentic"].to_numpy()
    share = float(labels.mean()) if labels.size else 0.0
    predictions = {
        name: _carried(judged[column].to_numpy(), judged["declared_prevalence"].to_numpy(), share)
        for name, column in ((AS_RECORDED, "probability"), (OTHERWISE, "probability_after"))
    }
    found = evaluate_models(
        labels,
        predictions,
        judged["cohort"].to_numpy(),
        **asdict(drawn),
    )
    return {
        "models": {name: {metric: each[metric] for metric in REPORTED} for name, each in found["models"].items()},
        "auc_lost": found["differences"][OTHERWISE]["auc"],
    }


def _carried(probability: FloatArray, declared: FloatArray, share: float) -> FloatArray:
    """The probabilities at another prevalence, by the contract's formula."""
    if not 0.0 < share < 1.0 or not probability.size:
        return probability
    carried: FloatArray = expit(logit(probability) - logit(declared) + logit(share))
    return carried


def _log_odds(probability: pl.Series) -> FloatArray:
    values: FloatArray = logit(np.clip(probability.to_numpy(), MOST_CERTAIN, 1.0 - MOST_CERTAIN))
    return values


def _correlation(first: FloatArray, second: FloatArray) -> float | None:
    if first.size < 2 or not first.std() or not second.std():  # noqa: PLR2004 -- a line has two ends
        return None
    return float(np.corrcoef(first, second)[0, 1])


class _Resampled:
    """How often each account counts in each bootstrap draw of whole cohorts."""

    def __init__(self, cohorts: NDArray[Any], drawn: Draws) -> None:
        names, self._members = np.unique(cohorts, return_inverse=True)
        self._units = len(names)
        generator = np.random.default_rng(drawn.seed)
        replicates = drawn.replicates if self._units else 0
        self._weights = np.zeros((replicates, self._units))
        for row in range(replicates):
            self._weights[row] = np.bincount(generator.integers(0, self._units, self._units), minlength=self._units)
        self._confidence = drawn.confidence

    def mean(self, values: FloatArray, chosen: BoolArray) -> dict[str, float | None]:
        """Mean of the chosen accounts' values with its interval over cohorts; None without accounts."""
        if not chosen.any():
            return {"value": None, "lower": None, "upper": None}
        by_cohort, sizes = (
            np.bincount(self._members, weights=weights, minlength=self._units)
            for weights in (np.where(chosen, values, 0.0), chosen.astype(np.float64))
        )
        total = self._weights @ sizes
        draws = (self._weights @ by_cohort)[total > 0] / total[total > 0]
        lower, upper = self.interval(draws)
        return {"value": float(by_cohort.sum() / sizes.sum()), "lower": lower, "upper": upper}

    def counts(self) -> Iterator[FloatArray]:
        """How often each account counts, draw by draw."""
        for weights in self._weights:
            yield weights[self._members]

    def interval(self, draws: Sequence[float] | FloatArray) -> tuple[float | None, float | None]:
        """The central part of the draws; (None, None) without any."""
        if not len(draws):
            return None, None
        tail = (1.0 - self._confidence) / 2
        lower, upper = np.quantile(draws, [tail, 1.0 - tail])
        return float(lower), float(upper)

    def share(self, event: BoolArray, chosen: BoolArray) -> dict[str, float | None]:
        """Share of the chosen accounts with the event.

        Where none of them has it, every draw has none: the upper end is then the exact one over accounts.
        """
        found = self.mean(event.astype(np.float64), chosen)
        if found["value"] == 0.0:
            found["upper"] = clopper_pearson(0, int(chosen.sum()), self._confidence)[1]
        return found


# --- another mix ------------------------------------------------------------------------------------------------------


def mixes(scored: pl.DataFrame, drawn: Draws) -> list[dict[str, Any]]:
    """Calibration where the inauthentic accounts cheat in another mix of schemes, and are more or fewer.

    The accounts are weighted and the probabilities carried over to the prevalence by the contract's formula. Nothing
    promises that a calibration holds for another mix: an easy scheme is under-, a hard one overestimated.

    Args:
        scored: `account_id`, `cohort`, `is_inauthentic`, `scheme`, `probability`, `declared_prevalence`; accounts
            without a verdict and doses too small for the label are left out.
        drawn: how the intervals are made.

    Returns:
        Rows of `mix`, `prevalence`, `accounts` (inauthentic ones in the mix), `expected_calibration_error` (0 to 1)
        with `lower`, `upper`, `mean_predicted` and `mean_predicted_inauthentic`. Mixes: as simulated, every scheme
        alone as common as the others, one scheme alone, only those that mix several.
    """
    told = headline_rows(scored).filter(pl.col("probability").is_not_null()).sort("account_id")
    labels, scheme = told["is_inauthentic"].to_numpy(), told["scheme"]
    alone = {name: labels & (scheme == name).fill_null(value=False).to_numpy() for name in SCHEMES}
    several = labels & scheme.str.contains("+", literal=True).fill_null(value=False).to_numpy()
    even = np.zeros(told.height)
    for members in alone.values():
        even[members] = 1.0 / max(int(members.sum()), 1)
    weighted: dict[str, FloatArray] = {"as simulated": labels.astype(np.float64), "every scheme alike": even}
    weighted |= {f"{name} alone": members.astype(np.float64) for name, members in alone.items()}
    weighted["several at once"] = several.astype(np.float64)
    resampled = _Resampled(told["cohort"].to_numpy(), drawn)
    return [
        {"mix": mix, "prevalence": prevalence, "accounts": int((weights > 0).sum())}
        | _calibration(told, labels, weights, prevalence, resampled)
        for mix, weights in weighted.items()
        if weights.any() and not labels.all()
        for prevalence in MIX_PREVALENCES
    ]


def _calibration(
    told: pl.DataFrame, labels: BoolArray, weights: FloatArray, prevalence: float, resampled: _Resampled
) -> dict[str, Any]:
    """The weighted calibration error at a prevalence, with an interval, and the mean probabilities."""
    probability = _carried(told["probability"].to_numpy(), told["declared_prevalence"].to_numpy(), prevalence)

    def weighed(counts: FloatArray) -> FloatArray:
        """Weights of all accounts, the classes summing to their shares, each account counted so many times."""
        bought, genuine = counts * weights, counts * ~labels
        total = max(bought.sum(), MOST_CERTAIN), max(genuine.sum(), MOST_CERTAIN)
        shares: FloatArray = prevalence * bought / total[0] + (1.0 - prevalence) * genuine / total[1]
        return shares

    order = np.argsort(probability, kind="stable")
    at_hand = weighed(np.ones(told.height))
    value = _calibration_error(probability[order], labels[order], at_hand[order])
    draws = [
        _calibration_error(probability[order], labels[order], weighed(counts)[order]) for counts in resampled.counts()
    ]
    lower, upper = resampled.interval(draws)
    # Resampling adds noise that this error counts as miscalibration: its draws lie too high as a whole.
    excess = float(np.mean(draws)) - value if draws else 0.0
    return {
        "expected_calibration_error": value,
        "lower": None if lower is None else max(lower - excess, 0.0),
        "upper": None if upper is None else upper - excess,
        "mean_predicted": float(at_hand @ probability),
        "mean_predicted_inauthentic": float((weights @ probability) / weights.sum()),
    }


def _calibration_error(probability: FloatArray, labels: BoolArray, weights: FloatArray) -> float:
    """Mean absolute difference between probability and share over bins of equal weight; rows by rising probability."""
    middle = np.cumsum(weights) - weights / 2
    bins = np.minimum((CALIBRATION_BINS * middle / weights.sum()).astype(np.intp), CALIBRATION_BINS - 1)
    surplus = np.bincount(bins, weights=weights * (probability - labels), minlength=CALIBRATION_BINS)
    return float(np.abs(surplus).sum() / weights.sum())
