"""From costs and genuine accounts' evidence to cuts, and from cuts to verdicts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.thresholds import OTHER_CAPS, VERDICTS, Costs, Thresholds, choose_thresholds, cost_cuts, evidence_cuts

COSTS = Costs(pay_inauthentic=4.0, refuse_genuine=20.0, review=1.0)


def test_no_genuine_account_is_refused() -> None:
    with pytest.raises(ValueError, match="thresholds need genuine calibration accounts; found none"):
        choose_thresholds(COSTS, np.array([]), 0.01)


@pytest.mark.parametrize(
    ("costs", "pass_below", "reject_above"),
    [
        pytest.param(COSTS, 1.0 / 4.0, 1.0 - 1.0 / 20.0, id="the shipped costs"),
        pytest.param(Costs(10.0, 10.0, 1.0), 1.0 / 10.0, 1.0 - 1.0 / 10.0, id="both mistakes cost the same"),
        pytest.param(Costs(40.0, 200.0, 10.0), 10.0 / 40.0, 1.0 - 10.0 / 200.0, id="only ratios matter"),
        pytest.param(Costs(4.0, 20.0, 100.0), 20.0 / (20.0 + 4.0), 20.0 / (20.0 + 4.0), id="a review never pays"),
        pytest.param(Costs(2.0, 2.0, 1.0), 2.0 / (2.0 + 2.0), 2.0 / (2.0 + 2.0), id="a review just does not pay"),
    ],
)
def test_cuts_follow_from_the_costs(costs: Costs, pass_below: float, reject_above: float) -> None:
    assert cost_cuts(costs) == pytest.approx((pass_below, reject_above))


@given(st.floats(0.1, 100.0), st.floats(0.1, 100.0), st.floats(0.01, 200.0), st.floats(0.001, 0.999))
@settings(max_examples=200, deadline=None)
def test_the_verdict_is_the_cheapest_action(pay: float, refuse: float, review: float, probability: float) -> None:
    pass_below, reject_above = cost_cuts(Costs(pay, refuse, review))
    cost = {"pass": probability * pay, "reject": (1.0 - probability) * refuse, "review": review}
    verdict = Thresholds(pass_below, reject_above, -np.inf).verdicts(np.array([probability]), np.array([0.0]))[0]
    assert cost[verdict] <= min(cost.values()) * (1.0 + 1e-9) or probability == pytest.approx(reject_above)


@given(
    evidence=st.lists(st.floats(-20.0, 20.0), min_size=1, max_size=400),
    cap=st.floats(0.0, 0.2),
)
@settings(max_examples=150, deadline=None)
def test_at_most_the_cap_of_genuine_accounts_exceeds_the_cut(evidence: list[float], cap: float) -> None:
    genuine = np.array(evidence)
    cut = choose_thresholds(COSTS, genuine, cap).reject_above_evidence
    assert (genuine > cut).mean() <= cap
    assert cut in evidence


@pytest.mark.parametrize(
    ("count", "cap", "exceed"),
    [(1000, 0.01, 9), (100, 0.0, 0), (50, 0.01, 0), (201, 0.005, 1)],
    ids=["a thousand accounts", "no honest reject at all", "too few to allow one", "a whole number on the border"],
)
def test_the_cut_is_the_largest_the_cap_asks_for(count: int, cap: float, exceed: int) -> None:
    genuine = np.arange(count, dtype=np.float64)
    cut = choose_thresholds(COSTS, genuine, cap).reject_above_evidence
    assert int((genuine > cut).sum()) == exceed


@pytest.mark.parametrize(
    ("probability", "evidence", "verdict"),
    [
        pytest.param(0.00, -9.0, "pass", id="nothing suspicious"),
        pytest.param(0.24, 9.0, "pass", id="strong evidence at a tiny prevalence"),
        pytest.param(0.25, 0.0, "review", id="on the pass cut"),
        pytest.param(0.60, 1.0, "review", id="between the cuts"),
        pytest.param(0.95, 9.0, "review", id="on the probability cut"),
        pytest.param(0.99, 3.0, "review", id="on the evidence cut"),
        pytest.param(0.99, 2.9, "review", id="probable by prevalence alone"),
        pytest.param(0.951, 3.1, "reject", id="beyond both cuts"),
    ],
)
def test_reject_needs_both_cuts(probability: float, evidence: float, verdict: str) -> None:
    cuts = Thresholds(pass_below=0.25, reject_above=0.95, reject_above_evidence=3.0)
    assert cuts.verdicts(np.array([probability]), np.array([evidence])).tolist() == [verdict]
    assert verdict in VERDICTS


def test_a_cap_that_is_already_met_leaves_the_cost_cut_in_force() -> None:
    cuts = choose_thresholds(COSTS, np.full(500, -5.0), 0.01)
    verdicts = cuts.verdicts(np.array([0.94, 0.96]), np.array([2.75, 3.2]))
    assert verdicts.tolist() == ["review", "reject"]


def test_no_account_gives_no_verdict() -> None:
    assert Thresholds(0.25, 0.95, 3.0).verdicts(np.array([]), np.array([])).tolist() == []


def test_other_caps_travel_with_their_cuts() -> None:
    evidence = np.arange(1000.0)
    cuts = dict(evidence_cuts(evidence, 0.003))
    assert sorted(cuts) == sorted({*OTHER_CAPS, 0.003})
    for cap, cut in cuts.items():
        assert (evidence > cut).mean() <= cap
    assert cuts[0.003] == choose_thresholds(Costs(4.0, 20.0, 1.0), evidence, 0.003).reject_above_evidence
    with pytest.raises(ValueError, match="found none"):
        evidence_cuts(np.array([]), 0.003)
