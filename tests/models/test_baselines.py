"""What the classifier must beat: every baseline answers every account, and its arithmetic can be followed."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from features.catalog import features
from models.baselines import ENGAGEMENT_RATE_FEATURE, Baseline, Line, fit_baselines

FloatArray = NDArray[np.float64]

NAMES = ["growth_first_share", ENGAGEMENT_RATE_FEATURE, "comments_second_share", "profile_never_seen_flag"]
"""The rate stands second, so that a rule on the first column would be noticed."""

NULL = np.nan


def accounts(seed: int = 1, count: int = 400) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Labels from the first feature and, less, the rate; a quarter of two features null, the last never observed."""
    generator = np.random.default_rng(seed)
    values = generator.standard_t(3, size=(count, 4))
    target = values[:, 0] - 0.7 * values[:, 1] + generator.normal(size=count) > 0.5
    values[generator.random(count) < 0.25, 1] = NULL
    values[generator.random(count) < 0.25, 2] = NULL
    values[:, 3] = NULL
    return values, target


def fitted(values: FloatArray, target: NDArray[np.bool_]) -> dict[str, Baseline]:
    return {each.name: each for each in fit_baselines(values, target, NAMES, seed=1)}


def rule(rate: list[float], target: list[bool]) -> Baseline:
    """The one-rule baseline fitted on these rates; the other features are noise for the other baselines to fit."""
    values = np.random.default_rng(1).normal(size=(len(rate), 4))
    values[:, 1] = rate
    return fitted(values, np.array(target))["engagement_rate_rule"]


def rates(*given: float) -> FloatArray:
    values = np.zeros((len(given), 4))
    values[:, 1] = given
    return values


def test_the_rate_is_a_feature_of_the_catalogue() -> None:
    assert ENGAGEMENT_RATE_FEATURE in features(("engagement",))


def test_a_table_without_the_rate_is_refused() -> None:
    values, target = accounts()
    with pytest.raises(ValueError, match=f"engagement-rate rule needs '{ENGAGEMENT_RATE_FEATURE}'"):
        fit_baselines(values, target, ["a", "b", "c", "d"], seed=1)


def test_there_are_four_and_each_says_what_it_is() -> None:
    baselines = fitted(*accounts())
    assert list(baselines) == ["prevalence", "engagement_rate_rule", "depth_two_tree", "logistic_regression"]
    assert all(each.description for each in baselines.values())


@pytest.mark.parametrize("name", ["prevalence", "engagement_rate_rule", "depth_two_tree", "logistic_regression"])
def test_every_account_gets_a_probability(name: str) -> None:
    predict = fitted(*accounts())[name].predict
    unseen, _ = accounts(seed=2)
    strange = np.array([[NULL] * 4, [1e12] * 4, [-1e12] * 4, [0.0] * 4])
    for values in (unseen, strange):
        probability = predict(values)
        assert probability.shape == (len(values),)
        assert ((probability >= 0.0) & (probability <= 1.0)).all()


@pytest.mark.parametrize("name", ["depth_two_tree", "logistic_regression"])
def test_the_fitted_ones_learn_what_there_is(name: str) -> None:
    unseen, target = accounts(seed=2)
    probability = fitted(*accounts())[name].predict(unseen)
    assert probability[target].mean() > probability[~target].mean() + 0.2


def test_the_prevalence_is_the_share_for_everyone() -> None:
    values, target = accounts()
    assert np.unique(fitted(values, target)["prevalence"].predict(values)) == pytest.approx([target.mean()])


def test_a_tree_of_depth_two_has_at_most_four_answers() -> None:
    answers = np.unique(fitted(*accounts())["depth_two_tree"].predict(accounts(seed=2)[0]))
    assert 2 < len(answers) <= 4


def test_the_rule_cuts_where_the_rate_tells_most() -> None:
    rate = [-2.0] * 40 + [2.0] * 60
    target = [True] * 30 + [False] * 10 + [True] * 6 + [False] * 54
    predict = rule(rate, target).predict
    assert predict(rates(-5.0, -2.0, 2.0, 5.0)) == pytest.approx([30 / 40, 30 / 40, 6 / 60, 6 / 60])
    assert predict(rates(NULL)) == pytest.approx([36 / 100])


def test_the_rule_takes_either_side_as_the_suspicious_one() -> None:
    predict = rule([-2.0] * 50 + [2.0] * 50, [False] * 50 + [True] * 50).predict
    assert predict(rates(-2.0, 2.0)).tolist() == [0.0, 1.0]


def test_accounts_without_a_rate_are_left_out_of_the_rule() -> None:
    rate = [-2.0] * 40 + [2.0] * 40 + [NULL] * 20
    target = [True] * 30 + [False] * 10 + [True] * 10 + [False] * 30 + [True] * 20
    predict = rule(rate, target).predict
    assert predict(rates(-2.0, 2.0, NULL)) == pytest.approx([30 / 40, 10 / 40, 60 / 100])


def test_a_rate_nobody_shows_leaves_the_prevalence() -> None:
    baseline = rule([NULL] * 40, [True] * 10 + [False] * 30)
    assert baseline.predict(rates(-3.0, 3.0, NULL)) == pytest.approx([10 / 40] * 3)
    assert baseline.description.endswith("not observed in training, so the prevalence for every account")


def test_the_rule_s_description_names_its_cut() -> None:
    description = rule([-2.0] * 40 + [2.0] * 60, [True] * 40 + [False] * 60).description
    interpolated = -2.0 + 0.6 * (2.0 - -2.0)  # the 0.4 quantile of a hundred lies 0.6 of the way to the 41st
    assert description == f"one cut of likes per follower for the size, at {interpolated:+.2f} standard deviations"


def test_the_same_accounts_give_the_same_answers() -> None:
    unseen, _ = accounts(seed=2)
    first, second = fitted(*accounts()), fitted(*accounts())
    for name in first:
        np.testing.assert_array_equal(first[name].predict(unseen), second[name].predict(unseen))


def test_the_tree_answers_as_scikit_learn_s_does() -> None:
    values, target = accounts()
    unseen = accounts(seed=2)[0]
    theirs = DecisionTreeClassifier(max_depth=2, min_samples_leaf=20, random_state=1).fit(values, target)
    ours = fitted(values, target)["depth_two_tree"]
    np.testing.assert_allclose(ours.predict(unseen), theirs.predict_proba(unseen)[:, 1])


def test_the_line_reads_a_null_as_the_centre_and_its_flag() -> None:
    line = Line(
        low=(-2.0,), high=(4.0,), centre=(1.0,), scale=(2.0,), weight=(3.0,), missing_weight=(0.5,), intercept=-1.0
    )
    probability = line.probability(np.array([[2.0], [99.0], [NULL]]))
    log_odds = [-1.0 + 3.0 * (2.0 - 1.0) / 2.0, -1.0 + 3.0 * (4.0 - 1.0) / 2.0, -1.0 + 0.5]
    assert probability == pytest.approx(1.0 / (1.0 + np.exp(-np.array(log_odds))))


@pytest.mark.parametrize("name", ["prevalence", "engagement_rate_rule", "depth_two_tree", "logistic_regression"])
def test_a_baseline_survives_json_with_the_same_answers(name: str) -> None:
    baseline = fitted(*accounts())[name]
    unseen = accounts(seed=2)[0]
    again = Baseline.from_json(json.loads(json.dumps(baseline.to_json(), allow_nan=False)))
    assert again == baseline
    np.testing.assert_array_equal(again.predict(unseen), baseline.predict(unseen))
