"""A study on a made-up world: judged cohort by cohort on what was not fitted, the same twice, and started in use."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.split import TooFewCohortsError, assign_roles
from models.tuning import Judge, Range, StudySettings, UnusableSpaceError, _interval, check_space, partial_auc, study
from tests.models.synthetic import CLASSIFIER, FEATURES, SETTINGS, labelled_accounts, silent

TRAINING = replace(SETTINGS, classifier=replace(CLASSIFIER, num_boost_round=15, masked_copies=0, learning_rate=0.3))
STUDY = StudySettings(trials=7, folds=2, false_positive_share=0.2, replicates=100, confidence=0.9, seed=3)
SPACE = {"num_leaves": Range(2, 15, log=True), "lambda_l2": Range(0.5, 5.0), "monotone": [True, False]}


def labelled() -> pl.DataFrame:
    return labelled_accounts(seed=7)


@cache
def found() -> dict[str, Any]:
    return study(labelled(), list(FEATURES.values()), TRAINING, SPACE, STUDY, silent)


def fitting_cohorts(accounts: pl.DataFrame) -> list[str]:
    roles = assign_roles(accounts["cohort"].to_list(), TRAINING.shares, TRAINING.seed)
    return [cohort for cohort, role in roles.items() if role == "fit"]


def test_no_account_gives_no_study() -> None:
    with pytest.raises(TooFewCohortsError, match="0 cohorts found"):
        study(labelled().clear(), list(FEATURES.values()), TRAINING, SPACE, STUDY, silent)


def test_cohorts_too_small_to_allow_one_false_positive_cannot_be_judged() -> None:
    judge = Judge(labelled(), list(FEATURES.values()), TRAINING, replace(STUDY, false_positive_share=0.001))
    with pytest.raises(ValueError, match="no fitting cohort has genuine accounts enough"):
        judge.by_cohort(TRAINING.classifier)


@pytest.mark.parametrize(
    ("labels", "raw", "expected"),
    [
        ([False, False, True, True], [1.0, 2.0, 3.0, 4.0], 1.0),
        # Up to half of the genuine below the first step: area 0 of 0.5, McClish: (1 + (0 - 0.125) / (0.5 - 0.125)) / 2.
        ([True, True, False, False], [1.0, 2.0, 3.0, 4.0], (1 + (0 - 0.125) / (0.5 - 0.125)) / 2),
        ([False, False, True, True], [1.0, 1.0, 1.0, 1.0], 0.5),
    ],
    ids=["all bought accounts above", "all below", "all tied"],
)
def test_the_partial_area_is_half_for_chance_and_one_for_a_perfect_ranking(
    labels: list[bool], raw: list[float], expected: float
) -> None:
    assert partial_auc(np.array(labels), np.array(raw), 0.5) == pytest.approx(expected)


def test_the_first_trial_is_what_is_in_use_and_differs_from_itself_by_nothing() -> None:
    first = found()["trials"][0]
    assert first["settings"] == {"num_leaves": 7, "lambda_l2": 1.0, "monotone": True}
    assert first["difference"] == {"value": 0.0, "lower": 0.0, "upper": 0.0}
    assert 0.6 < first["lower"] < first["value"] < first["upper"] < 1.0


def test_every_trial_lies_in_the_space_and_the_best_is_the_highest() -> None:
    trials = found()["trials"]
    assert len(trials) == STUDY.trials
    for trial in trials:
        assert set(trial["settings"]) == set(SPACE)
        assert 2 <= trial["settings"]["num_leaves"] <= 15
        assert isinstance(trial["settings"]["num_leaves"], int)
        assert 0.5 <= trial["settings"]["lambda_l2"] <= 5.0
        assert trial["difference"]["value"] == pytest.approx(trial["value"] - trials[0]["value"])
    assert len({trial["settings"]["lambda_l2"] for trial in trials}) > 4
    best = found()["best"]
    assert trials[best]["value"] == max(trial["value"] for trial in trials)
    assert found()["is_better"] == (trials[best]["difference"]["lower"] > 0)


def test_the_same_study_twice_gives_the_same_numbers_whatever_the_order_of_rows() -> None:
    shuffled = labelled().sample(fraction=1.0, shuffle=True, seed=4)
    assert study(shuffled, list(FEATURES.values()), TRAINING, SPACE, STUDY, silent) == found()


def test_calibration_and_test_cohorts_are_not_looked_at() -> None:
    accounts = labelled()
    roles = assign_roles(accounts["cohort"].to_list(), TRAINING.shares, TRAINING.seed)
    unseen = pl.col("cohort").replace_strict(roles).is_in(["calibrate", "test"])
    turned = accounts.with_columns(
        is_inauthentic=pl.when(unseen).then(~pl.col("is_inauthentic")).otherwise("is_inauthentic")
    )
    judges = [Judge(each, list(FEATURES.values()), TRAINING, STUDY) for each in (accounts, turned)]
    first, second = (judge.by_cohort(TRAINING.classifier) for judge in judges)
    np.testing.assert_array_equal(first, second)


def test_every_fitting_cohort_is_judged_once_by_trees_that_never_saw_it() -> None:
    accounts = labelled()
    cohorts = fitting_cohorts(accounts)
    assert found()["cohorts"] == len(cohorts)
    # Labels that are noise: trees judged by what they were fitted on would find them again.
    labels = ("is_inauthentic", "scheme", "inauthentic_engagement_share")
    noise = accounts.with_columns(accounts.select(labels).sample(fraction=1.0, shuffle=True, seed=8))
    eager = replace(TRAINING.classifier, num_leaves=31, min_child_samples=1, monotone=False)
    judged = Judge(noise, list(FEATURES.values()), TRAINING, STUDY).by_cohort(eager)
    assert judged.mean() == pytest.approx(0.5, abs=3 * judged.std() / np.sqrt(len(judged)))


def test_each_scheme_is_left_out_in_turn_with_the_monotone_sides_and_without() -> None:
    unmet = found()["unmet_schemes"]
    assert set(unmet) - {"best"} == {"in_use", "monotone_turned"}
    assert ("best" in unmet) == (found()["best"] != 0)
    for by_scheme in unmet.values():
        assert sorted(by_scheme) == ["bought_comments", "bought_followers"]
    # What betrays followers says nothing of comments here: without the lesson little is left of the ranking.
    met = found()["trials"][0]["value"]
    assert all(each["partial_auc"] < met for each in unmet["in_use"].values())


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"leaves": Range(2, 9)}, r"'leaves' is no setting of the classifier\. Known: num_leaves,"),
        ({"num_leaves": Range(8, 9)}, r"'num_leaves' is 7 in use, which the space does not hold\. Widen the space\."),
        ({"monotone": [False], "leaves": [1]}, r"'monotone' is True in use.*'leaves' is no setting"),
    ],
    ids=["an unknown name", "a range beside the value in use", "two problems at once"],
)
def test_a_space_that_does_not_fit_is_refused(space: Any, message: str) -> None:
    with pytest.raises(UnusableSpaceError, match=message):
        check_space(space, CLASSIFIER)


def test_progress_is_told() -> None:
    told: list[str] = []
    study(labelled(), list(FEATURES.values()), TRAINING, SPACE, replace(STUDY, trials=1), told.append)
    assert told == ["trial 1 of 1", "schemes left out, in use", "schemes left out, monotone turned"]


@pytest.mark.parametrize(("confidence", "lower", "upper"), [(0.6, 0.0, 1.0), (0.4, 0.5, 0.5)])
def test_the_interval_leaves_out_half_of_the_miss_on_each_side(confidence: float, lower: float, upper: float) -> None:
    # Two cohorts drawn twice: the mean is 0, 1/2 or 1 with chance 1/4, 1/2 and 1/4; tails of 0.2 reach the ends, of 0.3
    # they do not.
    found = _interval(np.array([0.0, 1.0]), replace(STUDY, confidence=confidence, replicates=2_000))
    assert found == {"value": 0.5, "lower": lower, "upper": upper}
