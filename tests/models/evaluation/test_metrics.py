"""Metrics against worked examples and scikit-learn, and the points of curves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from models.evaluation import (
    Metrics,
    auc,
    average_precision,
    brier,
    expected_calibration_error,
    flagged_at,
    metrics,
    precision_recall_points,
    recall_at_fpr,
    roc_points,
)
from models.evaluation.metrics import METRICS, Ranked, bins_of

NOTHING = np.array([])


def arrays(*pairs: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities from (label, probability) pairs."""
    return np.array([label for label, _ in pairs], dtype=bool), np.array([each for _, each in pairs], dtype=float)


def test_nothing_has_no_metric() -> None:
    assert metrics(NOTHING.astype(bool), NOTHING) == Metrics(None, None, None, None, None, None)
    assert recall_at_fpr(NOTHING.astype(bool), NOTHING, 0.05) is None


@pytest.mark.parametrize("label", [False, True])
def test_one_class_has_calibration_and_no_ranking(label: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    found = metrics(np.full(4, label), np.full(4, 0.25))
    error = abs(label - 0.25)
    assert found == Metrics(None, None, None, None, pytest.approx(error**2), pytest.approx(error))
    assert recall_at_fpr(np.full(4, label), np.full(4, 0.25), 0.05) is None


def test_auc_counts_ties_half() -> None:
    labels, probability = arrays((0, 0.1), (0, 0.5), (1, 0.5), (1, 0.9))
    # Pairs: .5 > .1, .5 = .5, .9 > .1, .9 > .5.
    assert auc(labels, probability) == (1 + 0.5 + 1 + 1) / 4


def test_average_precision_takes_ties_together() -> None:
    labels, probability = arrays((0, 0.1), (0, 0.5), (1, 0.5), (1, 0.9))
    assert average_precision(labels, probability) == pytest.approx(0.5 * 1 / 1 + 0.5 * 2 / 3)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(0.05, 2 / 4, id="one of twenty genuine accounts may be flagged, at .90"),
        pytest.param(0.049, 1 / 4, id="none may: only what lies above every genuine account"),
        pytest.param(0.10, 2 / 4, id="the tie at .80 holds two genuine accounts, so it is not flagged"),
        pytest.param(0.15, 3 / 4, id="three may: the tie at .80 as a whole"),
        pytest.param(1.00, 4 / 4, id="all may"),
    ],
)
def test_recall_at_a_share_of_false_positives(share: float, expected: float) -> None:
    genuine = [(0, 0.9), (0, 0.8), (0, 0.8), *[(0, 0.2)] * 17]
    labels, probability = arrays(*genuine, (1, 0.95), (1, 0.9), (1, 0.8), (1, 0.1))
    assert recall_at_fpr(labels, probability, share) == expected


def test_brier() -> None:
    labels, probability = arrays((1, 0.8), (0, 0.4), (0, 0.0))
    assert brier(labels, probability) == pytest.approx((0.2**2 + 0.4**2 + 0.0**2) / 3)


def test_calibration_error() -> None:
    # Two ties of 50: stated .2 with 20 of 50 inauthentic, stated .6 with 30 of 50.
    labels = np.array([True] * 20 + [False] * 30 + [True] * 30 + [False] * 20)
    probability = np.array([0.2] * 50 + [0.6] * 50)
    assert expected_calibration_error(labels, probability) == pytest.approx(0.5 * abs(0.4 - 0.2) + 0.5 * 0.0)


@pytest.mark.parametrize(
    ("labels", "probability", "message"),
    [
        pytest.param([True, False], [0.5], "must be of one length", id="lengths"),
        pytest.param([True, False], [0.5, 1.5], "must lie in 0 to 1", id="above one"),
        pytest.param([True, False], [0.5, math.nan], "given for every account", id="missing"),
    ],
)
def test_what_is_no_probability_is_refused(labels: list[bool], probability: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metrics(np.array(labels), np.array(probability))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=60))
def test_metrics_agree_with_scikit_learn(rows: list[tuple[bool, int]]) -> None:
    labels, probability = arrays(*((label, score / 12) for label, score in rows))
    found = metrics(labels, probability)
    assert found.brier == pytest.approx(brier_score_loss(labels, probability))
    if labels.all() or not labels.any():
        assert found.auc is None
        return
    assert found.auc == pytest.approx(roc_auc_score(labels, probability))
    assert found.average_precision == pytest.approx(average_precision_score(labels, probability))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=60), st.randoms())
def test_row_order_does_not_matter(rows: list[tuple[bool, int]], random: Any) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)
    first, second = (metrics(*arrays(*((label, score / 12) for label, score in each))) for each in (rows, shuffled))
    assert first == second


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=60), st.floats(0.0, 1.0))
def test_what_is_flagged_is_what_recall_counts(rows: list[tuple[bool, int]], share: float) -> None:
    labels, probability = arrays(*((label, score / 12) for label, score in rows))
    flagged = flagged_at(labels, probability, share)
    recall = recall_at_fpr(labels, probability, share)
    if recall is not None:
        assert flagged[labels].mean() == pytest.approx(recall)
        assert flagged[~labels].mean() <= share + 1e-9


def test_without_a_genuine_account_all_are_flagged() -> None:
    assert flagged_at(np.array([True, True]), np.array([0.1, 0.9]), 0.01).tolist() == [True, True]
    assert flagged_at(NOTHING.astype(bool), NOTHING, 0.01).tolist() == []


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=60), st.integers(0, 10**6))
def test_many_draws_at_once_give_what_each_gives_alone(rows: list[tuple[bool, int]], seed: int) -> None:
    labels, probability = arrays(*((label, score / 12) for label, score in rows))
    ranked = Ranked(labels, probability)
    weights = np.random.default_rng(seed).integers(0, 3, (5, len(rows))).astype(np.uint16)
    alone = np.array([ranked.metrics(row.astype(float)) for row in weights])
    np.testing.assert_allclose(ranked.areas(weights), alone[:, METRICS.index("auc")])
    error = alone[:, METRICS.index("expected_calibration_error")]
    np.testing.assert_allclose(ranked.calibration_errors(weights), error, atol=1e-12)


def test_bins_hold_equal_mass_and_keep_ties_together() -> None:
    assert bins_of(NOTHING).tolist() == []
    assert bins_of(np.array([0.9, 0.1, 0.2, 0.8]), bins=2).tolist() == [1, 0, 0, 1]
    assert len(set(bins_of(np.array([0.1, 0.5, 0.5, 0.5]), bins=4)[1:].tolist())) == 1


def test_curve_points() -> None:
    labels, probability = arrays((0, 0.1), (0, 0.5), (1, 0.5), (1, 0.9))
    false_positives, found = roc_points(labels, probability)
    assert (false_positives.tolist(), found.tolist()) == ([0, 0, 0.5, 1], [0, 0.5, 1, 1])
    recall, precision = precision_recall_points(labels, probability)
    assert recall.tolist() == [0.5, 1, 1]
    assert precision.tolist() == pytest.approx([1 / 1, 2 / 3, 2 / 4])


@pytest.mark.parametrize("curve", [roc_points, precision_recall_points])
def test_a_curve_needs_both_classes(curve: Any) -> None:
    with pytest.raises(ValueError, match="one class is absent"):
        curve(np.array([True, True]), np.array([0.2, 0.3]))
