"""How strange an account is: distance outside the trained ranges, summed over what is observed of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.applicability import LARGEST_EXCESS, UNBOUNDED, Applicability, fit_applicability

RANGES = Applicability(low=(0.0, 10.0, -UNBOUNDED), high=(2.0, 20.0, UNBOUNDED), width=(2.0, 10.0, 1.0), limit=0.4)
FREE = 0
NULL = np.nan


def test_no_account_gives_no_strangeness() -> None:
    assert RANGES.strangeness(np.empty((0, 3))).shape == (0,)


@pytest.mark.parametrize(
    ("values", "strangeness"),
    [
        pytest.param([NULL, NULL, NULL], 0.0, id="nothing observed"),
        pytest.param([1.0, 15.0, 7.0], 0.0, id="all inside"),
        pytest.param([0.0, 20.0, 7.0], 0.0, id="on the borders"),
        pytest.param([2.5, 15.0, 7.0], (2.5 - 2.0) / (2.0 - 0.0), id="a quarter above, of three observed"),
        pytest.param([2.5, NULL, NULL], (2.5 - 2.0) / (2.0 - 0.0), id="a quarter above, of one observed"),
        pytest.param([1.0, 5.0, NULL], (10.0 - 5.0) / (20.0 - 10.0), id="half a range below"),
        pytest.param([3.0, 5.0, NULL], 0.5 + 0.5, id="half a range in two features"),
        pytest.param([1e12, 15.0, 7.0], LARGEST_EXCESS, id="one absurd value counts for half a range"),
        pytest.param([1.0, 15.0, 1e12], 0.0, id="a feature that training never showed says nothing"),
    ],
)
def test_strangeness_is_the_summed_excess_of_the_observed(values: list[float], strangeness: float) -> None:
    assert RANGES.strangeness(np.array([values]))[0] == pytest.approx(strangeness)


def test_the_limit_itself_is_not_beyond_the_limit() -> None:
    values = np.array([[2.0 + 0.4 * 2.0, NULL, NULL], [2.81, NULL, NULL]])
    assert RANGES.is_strange(values).tolist() == [False, True]


def test_outside_tells_which_values_and_a_null_is_none_of_them() -> None:
    values = np.array([[2.5, 5.0, 9e99], [NULL, 20.0, NULL]])
    assert RANGES.outside(values).tolist() == [[True, True, False], [False, False, False]]


def test_the_lowest_and_the_highest_that_training_showed_are_not_outside() -> None:
    values = np.array([[0.0, 10.0, 7.0], [2.0, 20.0, 7.0], [-0.1, 9.9, 7.0], [2.1, 20.1, 7.0]])
    assert RANGES.outside(values).tolist() == [[False] * 3, [False] * 3, [True, True, False], [True, True, False]]


def test_ranges_leave_out_one_account_in_a_hundred_and_the_nulls() -> None:
    column = np.concatenate([np.arange(1001.0), np.full(500, NULL)])
    fitted = fit_applicability(column[:, None], column[:, None], 0.02, [FREE])
    assert fitted.low == pytest.approx((5.0,))
    assert fitted.high == pytest.approx((995.0,))


def test_an_unobserved_feature_is_unbounded_and_never_strange() -> None:
    training = np.array([[0.0, NULL], [1.0, NULL]])
    fitted = fit_applicability(training, training, 0.02, [FREE, FREE])
    assert (fitted.low[1], fitted.high[1]) == (-UNBOUNDED, UNBOUNDED)
    assert fitted.strangeness(np.array([[0.5, 1e9]]))[0] == 0.0


def test_a_rare_signal_is_not_infinitely_far_from_its_usual_zero() -> None:
    training = np.zeros((1000, 1))
    training[0] = 0.4
    fitted = fit_applicability(training, training, 0.02, [FREE])
    assert fitted.strangeness(np.array([[0.2], [0.5]])) == pytest.approx([0.0, (0.5 - 0.4) / (0.4 - 0.0)])


@given(seed=st.integers(0, 10**6), share=st.floats(0.0, 0.05), count=st.integers(1, 400))
@settings(max_examples=50, deadline=None)
def test_at_most_the_abstain_share_of_held_out_accounts_is_strange(seed: int, share: float, count: int) -> None:
    generator = np.random.default_rng(seed)
    training, held_out = generator.standard_t(2, size=(200, 4)), generator.standard_t(2, size=(count, 4))
    held_out[generator.random(held_out.shape) < 0.3] = NULL
    fitted = fit_applicability(training, held_out, share, [FREE] * 4)
    assert fitted.is_strange(held_out).mean() <= share


@given(seed=st.integers(0, 10**6), share=st.floats(0.0, 1.0))
@settings(max_examples=50, deadline=None)
def test_hiding_features_never_makes_an_account_stranger(seed: int, share: float) -> None:
    generator = np.random.default_rng(seed)
    values = generator.standard_t(2, size=(50, 12))
    fitted = fit_applicability(generator.standard_t(2, size=(200, 12)), values, 0.1, [FREE] * 12)
    hidden = np.where(generator.random(values.shape) < share, NULL, values)
    assert (fitted.strangeness(hidden) <= fitted.strangeness(values) + 1e-12).all()


def test_an_account_alone_gets_the_bits_it_gets_in_a_batch() -> None:
    generator = np.random.default_rng(2)
    values = 3.0 * generator.normal(size=(300, 37))
    values[generator.random(values.shape) < 0.2] = NULL
    fitted = fit_applicability(generator.normal(size=(500, 37)), values, 0.01, [FREE] * 37)
    alone = np.concatenate([fitted.strangeness(values[index : index + 1]) for index in range(len(values))])
    np.testing.assert_array_equal(alone, fitted.strangeness(values))


def test_more_of_what_is_suspicious_is_evidence_and_not_strange() -> None:
    training = np.tile(np.linspace(0.0, 1.0, 1001)[:, None], 3)
    fitted = fit_applicability(training, training, 0.02, [1, -1, FREE])
    beyond = fitted.outside(np.array([[9.0, 9.0, 9.0], [-9.0, -9.0, -9.0]]))
    assert beyond.tolist() == [[False, True, True], [True, False, True]]
