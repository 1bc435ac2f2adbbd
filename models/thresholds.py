"""From a probability to a verdict, by what each mistake costs.

Passing an account costs `pay_inauthentic` if it is bought; refusing it costs `refuse_genuine` if it is honest;
a review costs `review` either way. The cheapest action at probability p follows: pass below review /
pay_inauthentic, reject above 1 - review / refuse_genuine, review between. Refusing an honest creator is the fault
feared most, so a cap on honest rejects adds a cut on the evidence itself (the likelihood ratio, which does not move
with the declared prevalence), and an account is rejected only above the stricter of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

VERDICTS = ("pass", "review", "reject", "insufficient_data")

OTHER_CAPS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05)
"""Caps on honest rejects whose evidence cuts travel beside the one in use, so that an evaluation can say what they
would do."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What each outcome costs, in any one unit; only their ratios matter. All positive."""

    pay_inauthentic: float
    refuse_genuine: float
    review: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The verdict's cuts.

    Attributes:
        pass_below: probability at the declared prevalence below which an account passes.
        reject_above: probability at the declared prevalence above which it may be rejected.
        reject_above_evidence: log-likelihood ratio above which it may be rejected; both cuts must be exceeded.
    """

    pass_below: float
    reject_above: float
    reject_above_evidence: float

    def verdicts(self, probability: FloatArray, evidence: FloatArray) -> NDArray[np.str_]:
        """`pass`, `review` or `reject` for each account."""
        reject = (probability > self.reject_above) & (evidence > self.reject_above_evidence)
        return np.where(reject, "reject", np.where(probability < self.pass_below, "pass", "review"))


def cost_cuts(costs: Costs) -> tuple[float, float]:
    """Probabilities below which passing, and above which refusing, is the cheapest action.

    Where a review is never the cheapest, both are the probability at which passing and refusing cost the same.
    """
    pass_below = costs.review / costs.pay_inauthentic
    reject_above = 1.0 - costs.review / costs.refuse_genuine
    if pass_below >= reject_above:
        indifferent = costs.refuse_genuine / (costs.refuse_genuine + costs.pay_inauthentic)
        return indifferent, indifferent
    return pass_below, reject_above


def choose_thresholds(
    costs: Costs, genuine_evidence: FloatArray, honest_reject_cap: float, weights: FloatArray | None = None
) -> Thresholds:
    """The cuts from the costs and from the evidence of genuine accounts that training never saw.

    With `weights` the cap on honest rejects is a share of the accounts' weight.

    Raises:
        ValueError: no genuine account to take the cap from.
    """
    pass_below, reject_above = cost_cuts(costs)
    return Thresholds(pass_below, reject_above, evidence_cut(genuine_evidence, honest_reject_cap, weights))


def evidence_cut(genuine_evidence: FloatArray, honest_reject_cap: float, weights: FloatArray | None = None) -> float:
    """The smallest evidence of a genuine account that at most `honest_reject_cap` (0-1) of them exceed.

    It is a value of theirs, never an interpolation, so that few accounts err towards rejecting nobody. With `weights`
    the cap is a share of the accounts' weight.

    Raises:
        ValueError: no genuine account to take the cap from.
    """
    if genuine_evidence.size == 0:
        raise ValueError("thresholds need genuine calibration accounts; found none.")
    if weights is None:
        return float(np.quantile(genuine_evidence, 1.0 - honest_reject_cap, method="higher"))
    return _weighted_cut(genuine_evidence, weights, honest_reject_cap)


def evidence_cuts(
    genuine_evidence: FloatArray, honest_reject_cap: float, weights: FloatArray | None = None
) -> tuple[tuple[float, float], ...]:
    """Each of `OTHER_CAPS`, and the cap in use, with its evidence cut; rising caps."""
    caps = sorted({*OTHER_CAPS, honest_reject_cap})
    return tuple((cap, evidence_cut(genuine_evidence, cap, weights)) for cap in caps)


def _weighted_cut(evidence: FloatArray, weights: FloatArray, cap: float) -> float:
    """The smallest value above which at most the share `cap` of the others' weight lies: a quantile."""
    order = np.argsort(evidence)
    rising, up_to = evidence[order], np.cumsum(weights[order])
    # Equal values stand or fall together: what lies above one is what lies above the last of its like.
    last = np.searchsorted(rising, rising, side="right") - 1
    others = up_to[-1] - weights[order]
    # The tiny addend undoes the float error of the sums, which could forbid what the cap just allows.
    allowed = up_to[-1] - up_to[last] <= (cap + 1e-12) * others + 1e-12 * up_to[-1]
    return float(rising[np.argmax(allowed)])
