"""Masking that never looks at the label, and trees that come out the same twice and keep to the declared sides."""

from __future__ import annotations

import builtins
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.metrics import log_loss

from models.classifier import (
    LibraryMissingError,
    Mixture,
    contributions_of,
    import_lightgbm,
    masked_copies,
    raw_scores,
    train_booster,
)
from models.trees import Trees
from tests.models.synthetic import CLASSIFIER

FloatArray = NDArray[np.float64]
Rows = tuple[FloatArray, FloatArray]

GROUPS = ["growth", "comments", "growth", "profile"]
"""The second feature of `growth` does not stand beside its first: groups are told by name, not by position."""


def wave(seed: int, count: int = 600) -> Rows:
    """Labels that rise, fall and rise with the first of two features."""
    generator = np.random.default_rng(seed)
    values = generator.uniform(-3.0, 3.0, size=(count, 2))
    return values, (generator.random(count) < expit(4.0 * np.sin(1.5 * values[:, 0]))).astype(np.float64)


def masking(**changes: Any) -> Any:
    return replace(CLASSIFIER, **({"masked_copies": 3, "mask_share": 0.4, "empty_share": 0.1} | changes))


def test_no_row_gives_no_copy() -> None:
    values, target = masked_copies(np.empty((0, 4)), np.empty(0), GROUPS, masking())
    assert values.shape == (0, 4)
    assert target.shape == (0,)


def test_without_copies_the_rows_come_as_observed() -> None:
    values = np.arange(8.0).reshape(2, 4)
    copied, target = masked_copies(values, np.array([0.0, 1.0]), GROUPS, masking(masked_copies=0))
    np.testing.assert_array_equal(copied, values)
    assert target.tolist() == [0.0, 1.0]


@given(seed=st.integers(0, 10**6), count=st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_copies_lack_whole_groups_and_change_nothing_else(seed: int, count: int) -> None:
    values = np.random.default_rng(seed).normal(size=(count, 4))
    target = np.arange(count, dtype=np.float64)
    copied, targets = masked_copies(values, target, GROUPS, masking(seed=seed))
    np.testing.assert_array_equal(copied[:count], values)
    np.testing.assert_array_equal(targets, np.tile(target, 1 + 3))
    hidden = np.isnan(copied)
    np.testing.assert_array_equal(hidden[:, 0], hidden[:, 2])
    np.testing.assert_array_equal(np.where(hidden, np.tile(values, (4, 1)), copied), np.tile(values, (4, 1)))


def test_the_draw_looks_at_neither_label_nor_value() -> None:
    values = np.random.default_rng(1).normal(size=(200, 4))
    target = (values[:, 0] > 0).astype(np.float64)
    first, _ = masked_copies(values, target, GROUPS, masking())
    second, _ = masked_copies(-9.0 * values, 1.0 - target, GROUPS, masking())
    np.testing.assert_array_equal(np.isnan(first), np.isnan(second))


def test_groups_are_masked_independently_and_as_often_as_asked() -> None:
    copied, _ = masked_copies(np.zeros((4000, 4)), np.zeros(4000), GROUPS, masking(masked_copies=1, empty_share=0.1))
    hidden = np.isnan(copied[4000:])
    assert hidden[:, 0].mean() == pytest.approx(1.0 - 0.6 * 0.9, abs=0.03)
    assert (hidden[:, 0] & hidden[:, 1]).mean() == pytest.approx(0.1 + 0.9 * 0.4**2, abs=0.03)
    assert hidden.all(axis=1).mean() == pytest.approx(0.1 + 0.9 * 0.4**3, abs=0.03)


@pytest.mark.parametrize(("share", "hidden"), [(0.0, 0.0), (1.0, 1.0)], ids=["never", "always"])
def test_whole_accounts_are_emptied_as_often_as_asked(share: float, hidden: float) -> None:
    settings = masking(mask_share=0.0, empty_share=share)
    copied, _ = masked_copies(np.zeros((50, 4)), np.zeros(50), GROUPS, settings)
    assert np.isnan(copied[50:]).mean() == hidden


def test_masks_do_not_depend_on_the_order_of_groups_columns() -> None:
    values = np.zeros((50, 2))
    first, _ = masked_copies(values, np.zeros(50), ["growth", "comments"], masking())
    second, _ = masked_copies(values, np.zeros(50), ["comments", "growth"], masking())
    np.testing.assert_array_equal(first, second[:, ::-1])


def test_the_same_rows_give_the_same_trees() -> None:
    texts = {train_booster(wave(1), wave(2), ["a", "b"], [0, 0], CLASSIFIER).model_to_string() for _ in range(2)}
    assert len(texts) == 1


def test_the_seed_reaches_the_trees() -> None:
    texts = {
        train_booster(wave(1), wave(2), ["a", "b"], [0, 0], replace(CLASSIFIER, seed=seed)).model_to_string()
        for seed in (1, 2)
    }
    assert len(texts) == 2


@pytest.mark.parametrize("direction", [1, -1], ids=["high is suspicious", "low is suspicious"])
def test_scores_keep_to_the_declared_side(direction: int) -> None:
    trees = train_booster(wave(1), wave(2), ["a", "b"], [direction, 0], CLASSIFIER)
    grid = np.column_stack([np.linspace(-4.0, 4.0, 400), np.zeros(400)])
    steps = direction * np.diff(raw_scores(trees, grid))
    assert (steps >= 0).all()
    assert (steps > 0).any()


@pytest.mark.parametrize(
    ("monotone", "direction"), [(True, 0), (False, 1)], ids=["a free feature", "constraints switched off"]
)
def test_scores_turn_with_the_data_where_they_may(monotone: bool, direction: int) -> None:  # noqa: FBT001 - a case
    trees = train_booster(wave(1), wave(2), ["a", "b"], [direction, 0], replace(CLASSIFIER, monotone=monotone))
    steps = np.diff(raw_scores(trees, np.column_stack([np.linspace(-3.0, 3.0, 400), np.zeros(400)])))
    assert (steps > 0).any()
    assert (steps < 0).any()


def test_only_the_trees_up_to_the_best_round_travel() -> None:
    hungry = replace(CLASSIFIER, learning_rate=0.5, num_boost_round=200, early_stopping_rounds=20, min_child_samples=3)
    values, target = wave(2)
    trees = train_booster(wave(1), (values, target), ["a", "b"], [0, 0], hungry)
    kept = trees.num_trees()
    assert 1 < kept < 200 - 20
    losses = [log_loss(target, trees.predict(values, num_iteration=rounds)) for rounds in range(1, kept + 1)]
    assert np.argmin(losses) == kept - 1
    np.testing.assert_array_equal(raw_scores(trees, values), trees.predict(values, raw_score=True, num_iteration=kept))


def test_all_rounds_travel_where_the_last_is_the_best() -> None:
    patient = replace(CLASSIFIER, learning_rate=0.01, num_boost_round=7)
    assert train_booster(wave(1), wave(2), ["a", "b"], [0, 0], patient).num_trees() == 7


def test_labels_that_are_noise_leave_a_score_near_the_prevalence() -> None:
    generator = np.random.default_rng(3)
    noise = [(generator.normal(size=(600, 2)), (generator.random(600) < 0.3).astype(np.float64)) for _ in range(2)]
    scores = expit(raw_scores(train_booster(noise[0], noise[1], ["a", "b"], [0, 0], CLASSIFIER), noise[1][0]))
    assert np.abs(scores - 0.3).max() < 0.2


@pytest.mark.parametrize(("level", "expected"), [(0.1, 0.1), (0.5, 0.5), (0.9, 0.9)])
def test_a_quantile_is_that_of_what_was_drawn(level: float, expected: float) -> None:
    values, _ = wave(1)
    drawn = np.random.default_rng(4).random(len(values))  # evenly from 0 to 1: the quantile is the level
    above = np.where(values[:, 0] > 0, 2.0, 0.0)
    pair = (values, drawn + above)
    trees = train_booster(pair, pair, ["a", "b"], [0, 0], CLASSIFIER, quantile=level)
    found = raw_scores(trees, values)
    for side, shift in ((values[:, 0] > 0, 2.0), (values[:, 0] <= 0, 0.0)):
        assert found[side].mean() == pytest.approx(expected + shift, abs=0.12)


def test_a_quantile_of_nothing_to_tell_apart_is_the_constant() -> None:
    values, _ = wave(1)
    nothing = np.zeros(len(values))
    trees = train_booster((values, nothing), (values, nothing), ["a", "b"], [0, 0], CLASSIFIER, quantile=0.9)
    assert raw_scores(trees, values[:2]).tolist() == [0.0, 0.0]


def test_contributions_add_up_to_the_score_but_for_one_constant() -> None:
    trees = ready(train_booster(wave(1), wave(2), ["a", "b"], [0, 0], CLASSIFIER))
    values, _ = wave(3, count=50)
    values[::4, 0] = np.nan
    contributions = contributions_of(trees, values)
    assert contributions.shape == values.shape
    constant = raw_scores(trees, values) - contributions.sum(axis=1)
    np.testing.assert_allclose(constant, constant[0], atol=1e-9)


def test_a_row_alone_gets_the_bits_it_gets_in_a_batch() -> None:
    trees = ready(train_booster(wave(1), wave(2), ["a", "b"], [0, 0], CLASSIFIER))
    values, _ = wave(3, count=60)
    for of in (raw_scores, contributions_of):
        alone = np.concatenate([of(trees, values[index : index + 1]) for index in range(len(values))])
        np.testing.assert_array_equal(alone, of(trees, values))


def ready(booster: Any) -> Trees:
    """What was trained, as it is read from its text."""
    return Trees(booster.model_to_string())


def test_what_was_just_trained_scores_like_what_is_read_from_its_text() -> None:
    trees = train_booster(wave(1), wave(2), ["a", "b"], [0, 0], CLASSIFIER)
    values, _ = wave(3, count=60)
    np.testing.assert_array_equal(raw_scores(trees, values), raw_scores(ready(trees), values))


@cache
def mixture(weight: float, experts: int = 2) -> tuple[Mixture, list[Trees]]:
    """A mixture held to the first feature's high side, and its parts, the general classifier first."""
    parts = [
        ready(train_booster(wave(seed), wave(seed + 10), ["a", "b"], [1, 0], replace(CLASSIFIER, seed=seed)))
        for seed in range(1, 2 + experts)
    ]
    return Mixture(parts[0], parts[1:], weight), parts


def test_a_mixture_of_no_row_gives_no_score() -> None:
    assert raw_scores(mixture(0.5)[0], np.empty((0, 2))).shape == (0,)


def test_the_odds_of_the_experts_add_up_and_are_averaged_with_the_general_score() -> None:
    both, (general, first, second) = mixture(0.25)
    values, _ = wave(3, count=40)
    odds = np.exp(raw_scores(first, values)) + np.exp(raw_scores(second, values))
    np.testing.assert_allclose(raw_scores(both, values), 0.75 * raw_scores(general, values) + 0.25 * np.log(odds))


def test_one_expert_alone_that_has_all_the_weight_is_the_classifier() -> None:
    alone, (_, expert) = mixture(1.0, experts=1)
    values, _ = wave(3, count=40)
    np.testing.assert_array_equal(raw_scores(alone, values), raw_scores(expert, values))
    np.testing.assert_allclose(contributions_of(alone, values), contributions_of(expert, values), atol=1e-12)


def test_pushes_of_experts_count_by_their_share_of_the_odds() -> None:
    both, (general, first, second) = mixture(0.25)
    values, _ = wave(3, count=40)
    share = expit(raw_scores(first, values) - raw_scores(second, values))[:, None]
    of_experts = share * contributions_of(first, values) + (1.0 - share) * contributions_of(second, values)
    expected = 0.75 * contributions_of(general, values) + 0.25 * of_experts
    np.testing.assert_allclose(contributions_of(both, values), expected, atol=1e-12)


def test_a_mixture_keeps_to_the_declared_side() -> None:
    grid = np.column_stack([np.linspace(-4.0, 4.0, 400), np.zeros(400)])
    steps = np.diff(raw_scores(mixture(0.5)[0], grid))
    # Where no part steps, the sum of exponentials may still move by its rounding.
    assert (steps >= -1e-12).all()
    assert (steps > 0.01).any()


def test_a_row_alone_gets_the_bits_of_its_batch_from_a_mixture() -> None:
    values, _ = wave(3, count=61)
    for of in (raw_scores, contributions_of):
        alone = np.concatenate([of(mixture(0.5)[0], values[index : index + 1]) for index in range(len(values))])
        np.testing.assert_array_equal(alone, of(mixture(0.5)[0], values))


def test_parts_of_other_features_are_no_mixture() -> None:
    orders = (["a", "b"], ["b", "a"])
    parts = [ready(train_booster(wave(1), wave(2), names, [0, 0], CLASSIFIER)) for names in orders]
    with pytest.raises(ValueError, match="the parts of the classifier list different features"):
        Mixture(parts[0], parts[1:], 0.5)
    assert Mixture(parts[0], parts[:1], 0.5).feature_name() == ["a", "b"]


def test_a_missing_openmp_runtime_is_told_with_its_repair(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def refusing(name: str, *rest: Any, **named: Any) -> Any:
        if name == "lightgbm":
            raise OSError("libgomp.so.1: cannot open shared object file")
        return real_import(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", refusing)
    with pytest.raises(LibraryMissingError, match=r"\(libgomp\.so\.1: cannot open.*apt-get install libgomp1.*libomp"):
        import_lightgbm()
