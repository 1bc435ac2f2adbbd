"""Training end to end on a made-up world: it learns what is planted, and nothing where nothing is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from models.baselines import ENGAGEMENT_RATE_FEATURE
from models.bundle import booster
from models.classifier import MixtureTrees, raw_scores
from models.scoring import Scorer
from models.shares import SharePredictor
from models.split import ROLES, TooFewCohortsError
from models.training import against_genuine, feature_values, is_headline, with_cohorts
from tests.models.synthetic import (
    FEATURES,
    NAMES,
    SETTINGS,
    context,
    labelled_accounts,
    train_on,
    trained,
)

HALF_TESTED = replace(SETTINGS, shares={"fit": 0.25, "tune": 0.125, "calibrate": 0.125, "test": 0.5})


def of_role(labelled: pl.DataFrame, roles: dict[str, str], role: str) -> pl.DataFrame:
    return labelled.filter(pl.col("cohort").replace_strict(roles) == role)


def probabilities(bundle_of: pl.DataFrame, prevalence: float = 0.2) -> np.ndarray:
    scores = Scorer(trained().bundle, FEATURES).score(bundle_of, context(bundle_of), prevalence)
    return scores["probability_inauthentic"].to_numpy()


def test_no_account_is_refused() -> None:
    with pytest.raises(TooFewCohortsError, match="labels: 0 cohorts found"):
        train_on(labelled_accounts().clear())


def test_an_account_of_no_cohort_is_a_cohort_of_its_own() -> None:
    labels = pl.DataFrame({"account_id": ["a", "b", "c"], "cohort": ["first", None, None]})
    assert with_cohorts(labels)["cohort"].to_list() == ["first", "b", "c"]


def test_headline_rows_are_the_bought_and_those_without_any_scheme() -> None:
    labels = pl.DataFrame(
        {"is_inauthentic": [True, True, False, False], "scheme": ["bought_comments", None, "bought_comments", None]}
    )
    assert labels.select(is_headline()).to_series().to_list() == [True, True, False, True]


def test_values_come_in_the_order_asked_for_with_nulls_as_nan() -> None:
    frame = pl.DataFrame({"a": [1, None], "b": [0.5, 0.25], "c": [None, None]})
    np.testing.assert_array_equal(feature_values(frame, ["b", "a", "c"]), [[0.5, 1.0, np.nan], [0.25, np.nan, np.nan]])
    assert feature_values(frame.clear(), ["b", "a"]).shape == (0, 2)


def test_a_planted_signal_is_learned() -> None:
    fresh = labelled_accounts(seed=99).filter(is_headline())
    truth = fresh["is_inauthentic"].to_numpy()
    found = raw_scores(booster(trained().bundle.classifier.trees), feature_values(fresh, NAMES))
    assert roc_auc_score(truth, found) > 0.85
    assert np.median(found[truth]) > np.median(found[~truth]) + 2.0


def test_the_calibrated_probability_can_be_taken_at_its_word() -> None:
    fresh = labelled_accounts(seed=99, cohorts=40).filter(is_headline())
    truth = fresh["is_inauthentic"].to_numpy()
    found = probabilities(fresh, prevalence=float(truth.mean()))
    for low, high in ((0.0, 0.2), (0.2, 0.6), (0.6, 1.0)):
        inside = (found >= low) & (found < high)
        assert found[inside].mean() == pytest.approx(truth[inside].mean(), abs=0.1)


def test_labels_that_are_noise_are_not_learned() -> None:
    labelled = labelled_accounts(seed=3)
    labels = ("is_inauthentic", "scheme", "inauthentic_follower_share", "inauthentic_engagement_share")
    shuffled = labelled.with_columns(labelled.select(labels).sample(fraction=1.0, shuffle=True, seed=8))
    result = train_on(shuffled, HALF_TESTED)
    unseen = of_role(shuffled, result.roles, "test")
    assert unseen.height == 240
    raw = raw_scores(booster(result.bundle.classifier.trees), feature_values(unseen, NAMES))
    chance = 3 * 0.5 / np.sqrt(3 * 240 * 0.35 * 0.65)  # three standard errors of an AUC of 0.5
    assert roc_auc_score(unseen["is_inauthentic"], raw) == pytest.approx(0.5, abs=chance)


def test_test_cohorts_and_small_doses_leave_no_trace_in_the_bundle() -> None:
    labelled = labelled_accounts()
    unused = pl.col("cohort").replace_strict(trained().roles).eq("test") | ~is_headline()
    assert 60 < labelled.filter(unused).height < 200
    scrambled = labelled.with_columns(
        pl.when(unused & (pl.col("cohort").replace_strict(trained().roles) == "test"))
        .then(~pl.col("is_inauthentic"))
        .otherwise("is_inauthentic")
        .alias("is_inauthentic"),
        *(pl.when(unused).then(7.0).otherwise(name).alias(name) for name in NAMES),
    )
    found = replace(train_on(scrambled).bundle, shares=trained().bundle.shares)  # a small dose is a known share
    assert found.to_files() == trained().bundle.to_files()


def test_test_cohorts_leave_no_trace_in_the_shares() -> None:
    unused = pl.col("cohort").replace_strict(trained().roles).eq("test")
    scrambled = labelled_accounts().with_columns(
        *(pl.when(unused).then(7.0).otherwise(name).alias(name) for name in NAMES),
        pl.when(unused).then(0.9).otherwise("inauthentic_follower_share").alias("inauthentic_follower_share"),
    )
    assert train_on(scrambled).bundle.shares == trained().bundle.shares


def test_the_accounts_trained_on_are_counted_without_small_doses() -> None:
    labelled = labelled_accounts()
    for role in ("fit", "tune", "calibrate"):
        rows = of_role(labelled, trained().roles, role)
        counted = trained().bundle.provenance["accounts"][role]
        assert counted == rows.filter(is_headline()).height
        assert counted < rows.height


def test_neither_order_of_rows_nor_of_columns_changes_a_byte() -> None:
    labelled = labelled_accounts()
    shuffled = labelled.sample(fraction=1.0, shuffle=True, seed=4).select(reversed(labelled.columns))
    result = train_on(shuffled)
    assert result.bundle.to_files() == trained().bundle.to_files()
    assert result.roles == trained().roles


def test_the_seed_changes_the_bundle() -> None:
    assert train_on(labelled_accounts(), replace(SETTINGS, seed=6)).bundle.version != trained().bundle.version


@pytest.mark.parametrize("prevalence", [0.01, 0.2, 0.5, 0.9])
def test_an_account_with_nothing_observed_gets_the_declared_prevalence(prevalence: float) -> None:
    nothing = pl.DataFrame(
        {"account_id": ["unknown"], **{name: [None] for name in NAMES}},
        schema_overrides=dict.fromkeys(NAMES, pl.Float64),
    )
    assert probabilities(nothing, prevalence)[0] == pytest.approx(prevalence, abs=1e-9)


def test_features_keep_to_their_declared_sides() -> None:
    bundle = trained().bundle
    trees = booster(bundle.classifier.trees)
    generator = np.random.default_rng(2)
    accounts = feature_values(labelled_accounts(seed=50), NAMES)[:100]
    constrained = [entry for entry in FEATURES.values() if entry.monotone]
    assert len(constrained) == 4
    for entry in constrained:
        column = NAMES.index(entry.name)
        lower, higher = accounts.copy(), accounts.copy()
        lower[:, column] = generator.uniform(-1.0, 1.0, size=100)
        higher[:, column] = lower[:, column] + generator.uniform(0.0, 1.0, size=100)
        # Where no part steps, the sum of the experts' odds may still move by its rounding.
        assert (entry.monotone * (raw_scores(trees, higher) - raw_scores(trees, lower)) >= -1e-12).all()


def test_each_scheme_with_examples_in_every_role_gets_a_head() -> None:
    assert sorted(trained().bundle.schemes) == ["bought_comments", "bought_followers"]
    bought = pl.DataFrame(
        {"account_id": ["a"], **{name: [None] for name in NAMES}, "comments_repeat_share": [0.9]},
        schema_overrides=dict.fromkeys(NAMES, pl.Float64),
    )
    values = feature_values(bought, NAMES)
    found = {
        name: head.calibration.log_likelihood_ratio(raw_scores(booster(head.trees), values))[0]
        for name, head in trained().bundle.schemes.items()
    }
    assert found["bought_comments"] > 1.0 > found["bought_followers"]


def test_each_head_has_an_expert_that_tells_its_scheme_from_genuine_accounts() -> None:
    trees = trained().bundle.classifier.trees
    assert isinstance(trees, MixtureTrees)
    assert sorted(trees.experts) == ["bought_comments", "bought_followers"]
    fresh = labelled_accounts(seed=99).filter(is_headline())
    values = feature_values(fresh, NAMES)
    for scheme, text in trees.experts.items():
        asked = fresh["scheme"].eq_missing(scheme) | ~fresh["is_inauthentic"]
        found = raw_scores(booster(text), values)
        assert roc_auc_score(fresh["is_inauthentic"].filter(asked), found[asked.to_numpy()]) > 0.85


def test_an_expert_never_sees_the_accounts_of_other_schemes() -> None:
    member = {"fit": np.array([True, False, False])}
    targets = against_genuine(member, {"fit": np.array([True, True, False])})
    np.testing.assert_array_equal(targets["fit"], [1.0, np.nan, 0.0])


def test_without_weight_or_named_schemes_there_is_the_general_classifier_alone() -> None:
    weightless = replace(SETTINGS, classifier=replace(SETTINGS.classifier, expert_weight=0.0))
    told: list[str] = []
    assert isinstance(train_on(labelled_accounts(), weightless, told.append).bundle.classifier.trees, str)
    assert told == ["3 ensembles of trees, and the bought shares", "baselines"]
    unnamed = labelled_accounts().filter(is_headline()).with_columns(scheme=pl.lit(None, pl.String))
    bundle = train_on(unnamed).bundle
    assert isinstance(bundle.classifier.trees, str)
    assert bundle.schemes == {}


def test_joined_schemes_count_for_each_of_them() -> None:
    labelled = labelled_accounts()
    joined = labelled.with_columns(
        scheme=pl.when("is_inauthentic").then(pl.lit("bought_engagement+engagement_pod")).otherwise("scheme")
    )
    assert sorted(train_on(joined).bundle.schemes) == ["bought_engagement", "engagement_pod"]


def test_accounts_whose_bought_share_is_unknown_do_not_teach_that_it_is_zero() -> None:
    labelled = labelled_accounts()
    odd = pl.col("account_id").str.tail(1).is_in(["1", "3", "5", "7", "9"])
    share = pl.when(~odd | ~pl.col("is_inauthentic")).then("inauthentic_engagement_share")
    half_known = labelled.with_columns(inauthentic_engagement_share=share)
    assert half_known["inauthentic_engagement_share"].null_count() > 50
    bought = feature_values(labelled, NAMES)[:1].copy()
    bought[0, NAMES.index("comments_repeat_share")] = 0.95
    for bundle in (trained().bundle, train_on(half_known).bundle):
        told = SharePredictor(bundle.shares["engagement"], NAMES).predict(bought, np.array([np.nan]), 0.3)
        assert told.mean[0] > 0.35


def test_a_genuine_account_without_a_share_has_bought_none() -> None:
    labelled = labelled_accounts()
    share = pl.when(is_headline() & ~pl.col("is_inauthentic")).then(None).otherwise("inauthentic_engagement_share")
    unsaid = labelled.with_columns(inauthentic_engagement_share=share.cast(pl.Float64))
    assert train_on(unsaid).bundle.shares["engagement"] == trained().bundle.shares["engagement"]


def test_labels_of_one_class_are_refused() -> None:
    genuine = labelled_accounts().with_columns(is_inauthentic=pl.lit(False), scheme=pl.lit(None, pl.String))
    with pytest.raises(ValueError, match=r"the cohorts that fit hold .* usable accounts of one class"):
        train_on(genuine)


def test_the_bundle_holds_what_it_was_trained_with() -> None:
    bundle, roles = trained().bundle, trained().roles
    assert bundle.features == tuple(NAMES)
    assert bundle.catalog_hash == "0123456789abcdef"
    assert bundle.prevalence == SETTINGS.prevalence
    assert {name: bundle.settings[name] for name in SETTINGS.verdict} == SETTINGS.verdict
    assert bundle.settings["cohort_spread"] >= 0.0
    assert set(bundle.ordinary) == set(NAMES)
    assert len(bundle.applicability.low) == len(bundle.applicability.high) == len(NAMES)
    assert bundle.thresholds.pass_below == 1.0 / 4.0
    # Counts alone: where every account is its own cohort, names would be the ids of people.
    assert bundle.provenance["cohorts"] == {role: list(roles.values()).count(role) for role in ROLES}
    assert booster(bundle.classifier.trees).feature_name() == NAMES


def test_ordinary_is_what_genuine_accounts_look_like() -> None:
    fit = of_role(labelled_accounts(), trained().roles, "fit").filter(is_headline() & ~pl.col("is_inauthentic"))
    seen = fit[ENGAGEMENT_RATE_FEATURE].drop_nulls()
    ordinary = trained().bundle.ordinary[ENGAGEMENT_RATE_FEATURE]
    assert ordinary.low == pytest.approx(seen.quantile(0.1, "linear"))
    assert ordinary.high == pytest.approx(seen.quantile(0.9, "linear"))


def test_progress_is_told() -> None:
    told: list[str] = []
    train_on(labelled_accounts(), report=told.append)
    # The general classifier, and for each of the two schemes that occur a head and an expert.
    assert told == ["5 ensembles of trees, and the bought shares", "baselines"]


@pytest.mark.slow
def test_processes_change_no_byte() -> None:
    alone, beside = (train_on(labelled_accounts(), replace(SETTINGS, jobs=jobs)).bundle.to_files() for jobs in (1, 2))
    assert alone == beside


def test_baselines_are_fitted_beside_the_classifier() -> None:
    assert [each.name for each in trained().bundle.baselines] == [
        "prevalence",
        "engagement_rate_rule",
        "depth_two_tree",
        "logistic_regression",
    ]
