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

    The evidence cut is a value that at most `honest_reject_cap` of those accounts exceed: it is one of theirs, never
    an interpolation, so that few accounts err towards rejecting nobody. With `weights` it is the share of the accounts'
    weight that may exceed it.

    Raises:
        ValueError: no genuine account to take the cap from.
    """
    if genuine_evidence.size == 0:
        raise ValueError("thresholds need genuine calibration accounts; found none.")
    pass_below, reject_above = cost_cuts(costs)
    if weights is None:
        cut = float(np.quantile(genuine_evidence, 1.0 - honest_reject_cap, method="higher"))
    else:
        cut = _weighted_cut(genuine_evidence, weights, honest_reject_cap)
    return Thresholds(pass_below, reject_above, cut)


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
