"""The anchored curve: honest about knowing nothing, strictly increasing, and better than the raw score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.metrics import log_loss

from models.calibration import SMALLEST_SLOPE, Calibration, cohort_spread, fit_calibration

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

BY_HAND = Calibration(
    anchor=-1.0,
    prevalence=0.3,
    knots_above=(1.0, 3.0),
    slopes_above=(2.0, 1.0, 0.5),
    knots_below=(2.0,),
    slopes_below=(1.0, 0.25),
)


def sample(
    slope: float, count: int = 4000, anchor: float = -1.0, prevalence: float = 0.3, seed: int = 1
) -> tuple[FloatArray, BoolArray]:
    """Raw scores, and labels whose log-odds are the anchored raw score times `slope`."""
    generator = np.random.default_rng(seed)
    raw = anchor + 2.0 * generator.normal(size=count)
    labels = generator.random(count) < expit(slope * (raw - anchor) + logit(prevalence))
    return raw, labels


def test_no_score_gives_no_probability() -> None:
    assert BY_HAND.probability(np.array([]), 0.2).shape == (0,)


def test_no_account_has_no_spread() -> None:
    assert cohort_spread(np.array([]), np.array([], dtype=bool), np.array([], dtype=str)) == 0.0


def test_cohorts_off_by_more_than_chance_spread() -> None:
    # Two cohorts of 100 at probability 0.5: 60 and 40 inauthentic. Each is off by 10 with an information of
    # 100 * 0.25 = 25, so 10² / 25 - 1 = 3 beyond chance; sqrt(2 * 3 / 50).
    labels = np.array([True] * 60 + [False] * 40 + [True] * 40 + [False] * 60)
    cohorts = np.repeat(["a", "b"], 100)
    assert cohort_spread(np.full(200, 0.5), labels, cohorts) == pytest.approx(np.sqrt(6 / 50))


def test_cohorts_off_by_no_more_than_chance_do_not_spread() -> None:
    labels = np.array([True] * 52 + [False] * 48 + [True] * 48 + [False] * 52)
    assert cohort_spread(np.full(200, 0.5), labels, np.repeat(["a", "b"], 100)) == 0.0


def test_the_spread_of_planted_offsets_is_found() -> None:
    generator = np.random.default_rng(3)
    cohorts = np.repeat(np.arange(200), 300)
    log_odds = generator.normal(size=len(cohorts)) - 1.0
    offsets = 0.4 * generator.normal(size=200)
    labels = generator.random(len(cohorts)) < expit(log_odds + offsets[cohorts])
    assert cohort_spread(expit(log_odds), labels, cohorts.astype(str)) == pytest.approx(0.4, abs=0.06)


@pytest.mark.parametrize("label", [True, False], ids=["only inauthentic", "only genuine"])
def test_one_class_is_refused(label: bool) -> None:  # noqa: FBT001 - a case
    with pytest.raises(ValueError, match="calibration needs genuine and inauthentic accounts; found only one"):
        fit_calibration(np.array([0.0, 1.0]), np.array([label, label]), anchor=0.0)


@pytest.mark.parametrize(
    ("raw", "evidence"),
    [
        pytest.param(-1.0, 0.0, id="at the anchor"),
        pytest.param(-0.5, 0.5 * 2.0, id="first segment above"),
        pytest.param(1.0, 1.0 * 2.0 + 1.0 * 1.0, id="second segment above"),
        pytest.param(9.0, 1.0 * 2.0 + 2.0 * 1.0 + 7.0 * 0.5, id="last segment above"),
        pytest.param(-2.0, -1.0 * 1.0, id="first segment below"),
        pytest.param(-7.0, -(2.0 * 1.0 + 4.0 * 0.25), id="last segment below"),
    ],
)
def test_evidence_adds_up_segment_by_segment(raw: float, evidence: float) -> None:
    assert BY_HAND.log_likelihood_ratio(np.array([raw]))[0] == pytest.approx(evidence, abs=1e-12)


@pytest.mark.parametrize("prevalence", [0.001, 0.2, 0.5, 0.97])
def test_the_account_with_nothing_observed_gets_exactly_the_prevalence(prevalence: float) -> None:
    assert BY_HAND.probability(np.array([BY_HAND.anchor]), prevalence)[0] == pytest.approx(prevalence, abs=1e-15)


@pytest.mark.parametrize("prevalence", [0.01, 0.2, 0.8])
def test_prevalence_moves_the_log_odds_by_its_own(prevalence: float) -> None:
    raw = np.linspace(-6.0, 6.0, 50)
    at_fitted = BY_HAND.probability(raw, BY_HAND.prevalence)
    expected = logit(at_fitted) + logit(prevalence) - logit(BY_HAND.prevalence)
    np.testing.assert_allclose(logit(BY_HAND.probability(raw, prevalence)), expected, atol=1e-9)


def flat_in_the_tails() -> tuple[FloatArray, BoolArray]:
    """Half of the accounts beyond the first knots contradict the score: a free fit would turn the curve around."""
    raw = np.concatenate([np.linspace(-3.0, 3.0, 400), np.full(200, 6.0), np.full(200, -6.0)])
    return raw, np.concatenate([np.linspace(-3.0, 3.0, 400) > 0.0, np.arange(400) % 2 == 0])


def separable() -> tuple[FloatArray, BoolArray]:
    raw, _ = sample(1.0)
    return raw, raw > 0.5


def turned_around() -> tuple[FloatArray, BoolArray]:
    return sample(-1.5)


@pytest.mark.parametrize("prevalence", [0.02, 0.2, 0.7])
@pytest.mark.parametrize("data", [sample, flat_in_the_tails, separable, turned_around])
def test_probability_strictly_increases_far_beyond_the_fitted_scores(data: object, prevalence: float) -> None:
    raw, labels = data(1.0) if data is sample else data()  # type: ignore[operator]
    curve = fit_calibration(raw, labels, anchor=-1.0)
    grid = np.arange(-15.0, 15.0, 0.001)
    assert (np.diff(curve.probability(grid, prevalence)) > 0).all()
    assert min(curve.slopes_above + curve.slopes_below) >= SMALLEST_SLOPE


@given(
    seed=st.integers(0, 10**6),
    anchor=st.floats(-5.0, 5.0),
    scale=st.floats(0.05, 4.0),
    slope=st.floats(-1.0, 3.0),
    count=st.integers(2, 300),
)
@settings(max_examples=25, deadline=None)
def test_any_fit_is_increasing_and_anchored(seed: int, anchor: float, scale: float, slope: float, count: int) -> None:
    generator = np.random.default_rng(seed)
    raw = scale * generator.normal(size=count)
    labels = generator.random(count) < expit(slope * raw)
    labels[:2] = True, False
    curve = fit_calibration(raw, labels, anchor)
    grid = np.linspace(-10.0, 10.0, 1001)
    assert (np.diff(curve.log_likelihood_ratio(grid)) > 0).all()
    assert curve.probability(np.array([anchor]), 0.2)[0] == pytest.approx(0.2, abs=1e-12)


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0])
def test_a_known_slope_is_found(slope: float) -> None:
    # Half are inauthentic, so that the share at the anchor is the share of all: what the anchored curve assumes.
    curve = fit_calibration(*sample(slope, count=20_000, prevalence=0.5), anchor=-1.0)
    raw = np.linspace(-3.0, 1.0, 9)
    # The slope of one short segment is noise; the curve is not. In the tail, few accounts leave the ridge some weight.
    np.testing.assert_allclose(curve.log_likelihood_ratio(raw), slope * (raw + 1.0), atol=0.35)
    middle = np.array([-2.0, 0.0])
    np.testing.assert_allclose(curve.log_likelihood_ratio(middle), slope * (middle + 1.0), rtol=0.12)


@pytest.mark.parametrize("slope", [0.3, 2.5], ids=["overconfident score", "timid score"])
def test_the_fit_improves_the_loss_of_accounts_it_never_saw(slope: float) -> None:
    curve = fit_calibration(*sample(slope, seed=1), anchor=-1.0)
    raw, labels = sample(slope, seed=2)
    taken_at_its_word = expit((raw + 1.0) + logit(curve.prevalence))
    assert log_loss(labels, curve.probability(raw, curve.prevalence)) < log_loss(labels, taken_at_its_word) - 0.01


def test_few_accounts_leave_the_score_near_its_word() -> None:
    curve = fit_calibration(np.array([-0.2, 0.3]), np.array([False, True]), anchor=0.0)
    assert all(0.9 < slope < 1.2 for slope in curve.slopes_above + curve.slopes_below)


@pytest.mark.parametrize(
    ("anchor", "empty_knots", "empty_slopes"),
    [(50.0, "knots_above", "slopes_above"), (-50.0, "knots_below", "slopes_below")],
    ids=["no account above the anchor", "no account below the anchor"],
)
def test_a_side_without_accounts_takes_the_score_at_its_word(
    anchor: float, empty_knots: str, empty_slopes: str
) -> None:
    raw, labels = sample(1.0, count=500)
    curve = fit_calibration(raw, labels, anchor)
    assert getattr(curve, empty_knots) == ()
    assert getattr(curve, empty_slopes) == pytest.approx((1.0,))


def test_equal_scores_do_not_make_empty_segments() -> None:
    raw = np.repeat([1.0, -1.0], 50)
    curve = fit_calibration(raw, raw > 0, anchor=0.0)
    assert curve.knots_above == (1.0,)
    assert curve.knots_below == (1.0,)
    assert len(curve.slopes_above) == len(curve.knots_above) + 1


def test_the_order_of_accounts_matters_only_to_the_last_digits() -> None:
    raw, labels = sample(1.0, count=500)
    turned = fit_calibration(raw[::-1], labels[::-1], anchor=-1.0)
    grid = np.linspace(-8.0, 8.0, 100)
    expected = fit_calibration(raw, labels, anchor=-1.0).log_likelihood_ratio(grid)
    np.testing.assert_allclose(turned.log_likelihood_ratio(grid), expected, atol=1e-3)


def test_a_score_alone_gets_the_bits_it_gets_in_a_batch() -> None:
    curve = fit_calibration(*sample(1.0, count=500), anchor=-1.0)
    raw = 3.0 * np.random.default_rng(4).normal(size=1001)
    alone = np.concatenate([curve.probability(raw[index : index + 1], 0.2) for index in range(len(raw))])
    np.testing.assert_array_equal(alone, curve.probability(raw, 0.2))
