"""The bought share's distribution: worked quantiles, the level chosen, and what is told of whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from models.calibration import Calibration
from models.shares import (
    CANDIDATE_LEVELS,
    LEVELS,
    SHARES,
    ShareDistribution,
    ShareModel,
    SharePredictor,
    bought_share,
    conformal_levels,
    fit_shares,
    tier_of,
)
from models.training import feature_values
from tests.models.synthetic import CLASSIFIER, FEATURES, NAMES, handmade_share, labelled_accounts, trained

EVEN = np.array([[0.0, *LEVELS, 1.0]])
"""Quantiles of a share that lies evenly between 0 and 1: each is its own level."""


def accounts(seed: int = 99, cohorts: int = 30) -> pl.DataFrame:
    return labelled_accounts(seed=seed, cohorts=cohorts)


def predicted(frame: pl.DataFrame, name: str = "follower", prevalence: float = 0.2) -> tuple[np.ndarray, ...]:
    predictor = SharePredictor(trained().bundle.shares[name], NAMES)
    found = predictor.predict(feature_values(frame, NAMES), np.full(frame.height, np.nan), prevalence)
    return found.lower, found.median, found.mean, found.upper


def test_no_account_gives_no_share() -> None:
    assert [each.shape for each in predicted(accounts().clear())] == [(0,)] * 4


@pytest.mark.parametrize(
    ("bought", "level", "expected"),
    [
        pytest.param(0.2, 0.5, 0.0, id="within the spike"),
        pytest.param(0.2, 0.8, 0.0, id="at its end"),
        pytest.param(0.2, 0.9, (0.9 - 0.8) / 0.2, id="half of those who bought lie below"),
        pytest.param(1.0, 0.3, 0.3, id="everybody bought"),
        pytest.param(0.5, 1.0, 1.0, id="the largest"),
    ],
)
def test_a_quantile_counts_the_spike_first(bought: float, level: float, expected: float) -> None:
    found = ShareDistribution(np.array([bought]), EVEN).quantile(np.array([level]))
    assert found[0] == pytest.approx(expected)


def test_within_the_spike_not_even_the_smallest_share_is_bought() -> None:
    quantiles = np.array([[0.03, *[0.5] * len(LEVELS), 1.0]])
    # Level 0.7 lies half of the bought fifth below the spike's end, (0.7 - 0.8) / 0.2; just above it 0.03 begins.
    found = [
        ShareDistribution(np.array([0.2]), quantiles).quantile(np.array([level]))[0] for level in (0.7, 0.8 + 1e-9)
    ]
    assert found == pytest.approx([0.0, 0.03], abs=1e-6)


@pytest.mark.parametrize(
    ("bought", "lower", "upper"),
    [
        pytest.param(0.05, 0.0, 0.03, id="surely nothing is told as less than the smallest share"),
        pytest.param(0.2, 0.0, (0.9 - 0.8) / 0.2, id="nothing lies below the spike so all the miss lies above"),
        pytest.param(1.0, 0.05, 0.95, id="without a spike both tails are missed"),
    ],
)
def test_the_interval_holds_nine_tenths(bought: float, lower: float, upper: float) -> None:
    found = ShareDistribution(np.array([bought]), EVEN).interval(np.array([0.9]), 0.03)
    assert [each[0] for each in found] == pytest.approx([lower, upper])


def test_the_mean_is_that_of_those_who_bought_times_their_share() -> None:
    assert ShareDistribution(np.array([0.4]), EVEN).mean()[0] == pytest.approx(0.4 * 0.5)


def test_a_probability_of_nothing_is_no_division_by_zero() -> None:
    distribution = ShareDistribution(np.array([0.0]), EVEN)
    assert distribution.quantile(np.array([0.999]))[0] == 0.0
    assert distribution.mean()[0] < 1e-300


def test_the_prior_counts_small_doses_beside_the_labelled() -> None:
    model = handmade_share(bought_per_inauthentic=0.6, small_per_inauthentic=0.1)
    assert model.prior(0.2) == pytest.approx(0.2 * 0.6 / (1 + 0.2 * 0.1))


@pytest.mark.parametrize(
    ("followers", "tier"),
    [(999.0, 0), (1_000.0, 1), (9_999.0, 1), (10_000.0, 2), (5_000_000.0, 2), (float("nan"), 3)],
)
def test_a_tier_begins_at_its_edge_and_unknown_comes_last(followers: float, tier: int) -> None:
    assert tier_of(np.array([followers]), (1_000, 10_000)).tolist() == [tier]


def test_the_level_goes_by_size() -> None:
    model = trained().bundle.shares["follower"]
    by_size = replace(model, tiers=(1_000,), levels=(0.75, 0.95, 0.75))
    frame = accounts(cohorts=4)
    values = feature_values(frame, NAMES)
    small, large, unknown = (
        SharePredictor(by_size, NAMES).predict(values, np.full(len(values), count), 0.2).upper
        for count in (500.0, 2_000.0, np.nan)
    )
    np.testing.assert_array_equal(small, unknown)
    assert np.nanmean(large) > np.nanmean(small) + 0.01


def test_a_model_survives_the_trip() -> None:
    model = handmade_share()
    assert ShareModel.from_json(model.to_json(), model.texts()) == model


# --- the level --------------------------------------------------------------------------------------------------------


def drawn(count: int, bought: float, seed: int = 5) -> tuple[ShareDistribution, np.ndarray]:
    """Accounts whose distribution is known exactly, and a share drawn from it for each."""
    generator = np.random.default_rng(seed)
    share = np.where(generator.random(count) < bought, generator.random(count), 0.0)
    return ShareDistribution(np.full(count, bought), np.repeat(EVEN, count, axis=0)), share


def levels_of(distribution: ShareDistribution, share: np.ndarray, tier: np.ndarray) -> tuple[float, ...]:
    cohorts = np.array([f"cohort-{number % 50}" for number in range(len(share))])
    return conformal_levels(distribution, share, cohorts, tier, handmade_share(levels=()))


def test_without_accounts_the_level_is_the_highest() -> None:
    distribution, share = drawn(0, 0.5)
    assert levels_of(distribution, share, np.zeros(0, dtype=int)) == (CANDIDATE_LEVELS[-1],) * 4


def test_a_distribution_that_is_right_is_read_at_about_its_word() -> None:
    distribution, share = drawn(20_000, 0.5)
    *_, whole = levels_of(distribution, share, np.zeros(20_000, dtype=int))
    assert whole == pytest.approx(0.905, abs=0.006)


def test_a_distribution_that_is_too_sure_is_read_at_a_higher_level() -> None:
    distribution, _ = drawn(5_000, 0.3)
    _, share = drawn(5_000, 0.5)
    *_, whole = levels_of(distribution, share, np.zeros(5_000, dtype=int))
    lower, upper = distribution.interval(np.full(5_000, whole), 0.03)
    assert whole > 0.92
    assert ((share >= lower) & (share <= upper)).mean() >= 0.9


def test_few_accounts_ask_for_more_and_a_tiny_tier_takes_the_level_of_all() -> None:
    distribution, share = drawn(20_000, 0.5)
    tier = np.repeat([0, 1, 2], [19_800, 150, 50])
    first, second, third, whole = levels_of(distribution, share, tier)
    assert second > first
    assert third == whole


# --- fitting ----------------------------------------------------------------------------------------------------------


def fitted(labelled: pl.DataFrame) -> dict[str, ShareModel]:
    roles = trained().roles
    part = {
        role: labelled.filter(pl.col("cohort").replace_strict(roles) == role) for role in ("fit", "tune", "calibrate")
    }
    values = {role: feature_values(frame, NAMES) for role, frame in part.items()}
    groups = [entry.group for entry in FEATURES.values()]
    return fit_shares(part, values, NAMES, groups, [0] * len(NAMES), CLASSIFIER)


def test_shares_that_no_label_tells_have_no_model() -> None:
    untold = labelled_accounts().with_columns(
        inauthentic_follower_share=pl.lit(None, pl.Float64), inauthentic_engagement_share=pl.lit(None, pl.Float64)
    )
    assert fitted(untold) == {}
    assert fitted(untold.drop("inauthentic_follower_share", "inauthentic_engagement_share")) == {}


def test_too_few_purchases_are_no_model() -> None:
    few = labelled_accounts().with_columns(
        inauthentic_follower_share=pl.when(pl.int_range(pl.len()) % 40 == 0).then("inauthentic_follower_share")
    )
    assert list(fitted(few)) == ["engagement"]


def test_a_share_is_zero_for_the_genuine_and_unknown_for_a_cheat_without_one() -> None:
    labels = pl.DataFrame(
        {
            "is_inauthentic": [False, True, True, False, False],
            "scheme": [None, "bought_followers", "bought_followers", "bought_followers", "bought_followers"],
            "inauthentic_follower_share": [None, None, 0.4, 0.05, None],
        }
    )
    found = bought_share(labels, "inauthentic_follower_share")
    np.testing.assert_array_equal(found, [0.0, np.nan, 0.4, 0.05, np.nan])


def test_the_prior_counts_only_accounts_of_whom_the_share_is_known() -> None:
    share = "inauthentic_follower_share"
    is_third = pl.int_range(pl.len()) % 3 == 0
    partly = labelled_accounts().with_columns(
        # of the cheats a third bought little, which is called genuine, and of another third nothing is known
        is_inauthentic=pl.col("is_inauthentic") & ~is_third,
    )
    partly = partly.with_columns(pl.when(pl.int_range(pl.len()) % 3 != 1).then(share).alias(share))
    of_fit = partly.filter(pl.col("cohort").replace_strict(trained().roles) == "fit")
    cheats = small = bought = 0
    for is_cheat, scheme, known in of_fit.select("is_inauthentic", "scheme", share).iter_rows():
        cheats += is_cheat and known is not None
        small += not is_cheat and scheme is not None and known is not None
        bought += scheme is not None and known is not None and known > 0.0
    model = fitted(partly)["follower"]
    assert small
    assert model.bought_per_inauthentic == pytest.approx(bought / cheats)
    assert model.small_per_inauthentic == pytest.approx(small / cheats)


def test_what_was_trained_on_bounds_what_is_told() -> None:
    for name, model in trained().bundle.shares.items():
        lower, median, mean, upper = predicted(accounts(), name)
        told = ~np.isnan(upper)
        assert (upper[told] >= model.smallest).all()
        assert (upper[told] <= model.largest).all()
        for inner in (median[told], mean[told]):
            assert (lower[told] <= inner).all()
            assert (inner <= upper[told]).all()


def test_a_large_purchase_is_told_and_an_honest_account_left_alone() -> None:
    fresh = accounts()
    lower, median, _, upper = predicted(fresh)
    bought = bought_share(fresh, SHARES["follower"].label)
    told = ~np.isnan(upper)
    assert median[told & (bought > 0.3)].mean() > 0.2
    assert median[told & (bought == 0.0)].mean() < 0.03
    assert (lower[told & (bought == 0.0)] > 0.0).mean() < 0.05  # one tail of the interval


def test_the_interval_holds_what_it_says_on_cohorts_never_met() -> None:
    fresh = accounts()
    lower, _, _, upper = predicted(fresh)
    bought = bought_share(fresh, SHARES["follower"].label)
    told = ~np.isnan(upper)
    held = ((bought >= lower) & (bought <= upper))[told]
    assert 0.85 <= held.mean() <= 0.97
    assert (upper - lower)[told].mean() < 0.3


def test_the_share_is_told_only_where_a_feature_that_it_needs_is_observed() -> None:
    fresh = accounts()
    *_, upper = predicted(fresh)
    growth = fresh.select(pl.any_horizontal(pl.col("^growth_.*$").is_not_null())).to_series().to_numpy()
    np.testing.assert_array_equal(~np.isnan(upper), growth)


def test_the_probability_of_the_verdict_plays_no_part() -> None:
    bundle = trained().bundle
    other = replace(bundle.classifier, calibration=Calibration(0.0, 0.5, (), (9.0,), (), (9.0,)))
    changed = replace(bundle, classifier=other)
    assert changed.shares == bundle.shares
    assert all(bundle.classifier.trees not in model.texts().values() for model in bundle.shares.values())


def test_the_mean_is_right_on_average_at_the_accounts_own_prevalence() -> None:
    fresh = accounts()
    share = float(fresh["is_inauthentic"].mean())
    _, _, mean, upper = predicted(fresh, prevalence=share)
    told = ~np.isnan(upper)
    bought = bought_share(fresh, SHARES["follower"].label)
    assert mean[told].mean() == pytest.approx(bought[told].mean(), abs=0.02)
