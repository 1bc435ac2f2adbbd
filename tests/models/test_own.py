"""Own accounts beside a dataset: who plays which role, how much each counts, and that one origin teaches nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from models.bundle import booster
from models.calibration import fit_calibration
from models.classifier import raw_scores, train_booster
from models.own import (
    OwnAccountsError,
    account_weights,
    accounts_by_role,
    assign_roles_by_origin,
    own_class_weights,
    own_only,
)
from models.split import ROLES, assign_roles
from models.thresholds import Costs, choose_thresholds
from models.training import feature_values, few_accounts, is_headline
from tests.models.synthetic import (
    CLASSIFIER,
    NAMES,
    SETTINGS,
    SHARES,
    labelled_accounts,
    train_on,
    trained,
)

COSTS = Costs(4.0, 20.0, 1.0)


def labelled(dataset: str, own: str) -> pl.DataFrame:
    """One account a letter, b bought and g genuine, each a cohort of its own."""
    rows = [
        {
            "account_id": f"{origin}-{place}",
            "cohort": f"{origin}-{place}",
            "origin": origin,
            "is_inauthentic": each == "b",
        }
        for origin, letters in (("dataset", dataset), ("own", own))
        for place, each in enumerate(letters)
    ]
    return pl.DataFrame(
        rows, schema={"account_id": pl.String, "cohort": pl.String, "origin": pl.String, "is_inauthentic": bool}
    )


def with_own(seed: int = 21, *, shift: float = 0.0, genuine_kept: int | None = None) -> pl.DataFrame:
    """The made-up accounts, and own ones of the same making whose `profile_age_days` lies apart by `shift`."""
    own = labelled_accounts(seed, cohorts=1, accounts=200).with_columns(
        pl.concat_str(pl.lit("own-"), "account_id").alias("account_id"),
        pl.col("profile_age_days") + shift,
        origin=pl.lit("own"),
    )
    own = own.with_columns(cohort="account_id").filter(is_headline())
    if genuine_kept is not None:
        own = pl.concat([own.filter("is_inauthentic"), own.filter(~pl.col("is_inauthentic")).head(genuine_kept)])
    return pl.concat([labelled_accounts().with_columns(origin=pl.lit("dataset")), own])


class TestRoles:
    def test_without_own_accounts_nothing_changes(self) -> None:
        alone = labelled("gb" * 20, "")
        plain = assign_roles(alone["cohort"].to_list(), SHARES, 3)
        assert assign_roles_by_origin(alone, SHARES, 3) == plain
        assert assign_roles_by_origin(alone.drop("origin"), SHARES, 3) == plain

    def test_the_dataset_s_cohorts_keep_their_roles_and_own_ones_play_every_role(self) -> None:
        both = labelled("gb" * 20, "gggbbb")
        roles = assign_roles_by_origin(both, SHARES, 3)
        alone = assign_roles_by_origin(both.filter(pl.col("origin") == "dataset"), SHARES, 3)
        assert {cohort: role for cohort, role in roles.items() if cohort.startswith("dataset")} == alone
        assert {role for cohort, role in roles.items() if cohort.startswith("own")} == set(ROLES)

    def test_fewer_own_cohorts_than_roles_are_refused(self) -> None:
        with pytest.raises(OwnAccountsError, match=r"own_dataset: labels: 3 cohorts found; at least 4 are needed"):
            assign_roles_by_origin(labelled("gb" * 20, "ggb"), SHARES, 3)

    def test_accounts_are_counted_by_role_and_class(self) -> None:
        both = labelled("gb" * 20, "gggbbb")
        counted = accounts_by_role(own_only(both), assign_roles_by_origin(both, SHARES, 3))
        assert list(counted) == list(ROLES)
        assert sum(each["genuine"] for each in counted.values()) == 3
        assert sum(each["inauthentic"] for each in counted.values()) == 3
        assert accounts_by_role(own_only(both.drop("origin")), {}) == {}


class TestWeights:
    def test_without_own_accounts_all_count_the_same(self) -> None:
        assert account_weights(labelled("gb", ""), 5.0) is None
        assert account_weights(labelled("gb", "").drop("origin"), 5.0) is None
        assert own_class_weights(labelled("", ""), 5.0) == {}

    def test_bought_accounts_are_as_common_among_own_ones_as_in_the_dataset(self) -> None:
        # The dataset's share is 1/4, the own one's 3/4: a bought account counts 1/4 / 3/4, a genuine one 3/4 / 1/4.
        both = labelled("gggb", "bbbg")
        weights = account_weights(both, 2.0)
        assert weights is not None
        assert weights == pytest.approx([1, 1, 1, 1, *[2 * (1 / 4) / (3 / 4)] * 3, 2 * (3 / 4) / (1 / 4)])
        own = (both["origin"] == "own").to_numpy()
        bought = both["is_inauthentic"].to_numpy()
        assert weights[own].mean() == pytest.approx(2.0)
        assert weights[own & bought].sum() / weights[own].sum() == pytest.approx(1 / 4)

    @pytest.mark.parametrize(("own", "missing"), [("ggg", "inauthentic"), ("bbb", "genuine")])
    def test_own_accounts_of_one_class_are_refused(self, own: str, missing: str) -> None:
        with pytest.raises(OwnAccountsError, match=rf"own_dataset: all 3 labelled accounts .* Add {missing} ones"):
            account_weights(labelled("gggb", own), 1.0)

    def test_a_dataset_of_one_class_is_refused(self) -> None:
        with pytest.raises(OwnAccountsError, match=r"labels: all 3 accounts of the dataset .* are of one class"):
            account_weights(labelled("ggg", "gb"), 1.0)

    def test_a_curve_fitted_with_whole_weights_is_that_of_repeated_accounts(self) -> None:
        generator = np.random.default_rng(4)
        raw, times = generator.normal(size=300), generator.integers(1, 4, 300)
        labels = raw + generator.normal(size=300) > 0.5
        # Knots are quantiles of accounts, not of their weight: close to each other, and not the same.
        weighted = fit_calibration(raw, labels, anchor=-20.0, weights=times.astype(float))
        repeated = fit_calibration(np.repeat(raw, times), np.repeat(labels, times), anchor=-20.0)
        assert weighted.prevalence == pytest.approx(repeated.prevalence)
        grid = np.linspace(-2, 2, 9)
        found = weighted.probability(grid, weighted.prevalence)
        assert found == pytest.approx(repeated.probability(grid, repeated.prevalence), abs=0.02)

    def test_weights_of_one_change_no_bit(self) -> None:
        generator = np.random.default_rng(5)
        raw = generator.normal(size=200)
        labels = raw + generator.normal(size=200) > 0.5
        assert fit_calibration(raw, labels, -1.0, np.ones(200)) == fit_calibration(raw, labels, -1.0)

    @pytest.mark.parametrize("cap", [0.0, 0.005, 0.05, 0.2])
    def test_the_cut_of_equal_weights_is_the_unweighted_one(self, cap: float) -> None:
        for count in (1, 7, 200, 400):
            evidence = np.random.default_rng(count).normal(size=count).round(1)
            weighted = choose_thresholds(COSTS, evidence, cap, np.full(count, 0.3))
            assert weighted == choose_thresholds(COSTS, evidence, cap)

    def test_at_most_the_cap_of_the_weight_lies_above_the_cut(self) -> None:
        # Above 3 lies 1 of the other 5 parts; above 2 it would be 6 of the other 8.
        cut = choose_thresholds(COSTS, np.array([4.0, 1.0, 2.0, 3.0]), 0.2, np.array([1.0, 2.0, 2.0, 5.0]))
        assert cut.reject_above_evidence == 3.0

    def test_an_account_that_counts_nothing_teaches_nothing(self) -> None:
        generator = np.random.default_rng(6)
        values = generator.normal(size=(600, 2))
        target = (values[:, 0] > 0).astype(float)
        wrong = np.where(np.arange(600) < 300, target, 1.0 - target)
        weights = np.where(np.arange(600) < 300, 1.0, 1e-9)
        tune = (values[:200], target[:200])
        settings = replace(CLASSIFIER, monotone=False)
        taught = train_booster((values, wrong), tune, ["a", "b"], [0, 0], settings, weights=(weights, np.ones(200)))
        confused = train_booster((values, wrong), tune, ["a", "b"], [0, 0], settings)
        assert roc_auc_score(target, raw_scores(taught, values)) > 0.95
        assert roc_auc_score(target, raw_scores(confused, values)) < 0.95


class TestTraining:
    def test_without_own_accounts_not_a_byte_changes(self) -> None:
        named = labelled_accounts().with_columns(origin=pl.lit("dataset"))
        assert train_on(named).bundle.to_files() == trained().bundle.to_files()

    def test_own_accounts_are_counted_in_the_bundle(self) -> None:
        found = train_on(with_own(), replace(SETTINGS, own_weight=2.0))
        assert {cohort for cohort in found.roles if not cohort.startswith("own")} == set(trained().roles)
        provenance = found.bundle.provenance
        assert provenance["own_weight"] == 2.0
        assert provenance["own_accounts"] == found.own_accounts
        own = with_own().filter(pl.col("origin") == "own")
        assert sum(each["inauthentic"] for each in found.own_accounts.values()) == int(own["is_inauthentic"].sum())
        assert "own_accounts" not in trained().bundle.provenance

    def test_looking_like_an_own_account_is_no_sign_of_having_bought(self) -> None:
        # Own accounts lie apart in a feature that says nothing, and nearly all that were labelled had bought.
        apart = with_own(shift=50_000.0, genuine_kept=12)
        assert apart.filter(pl.col("origin") == "own")["is_inauthentic"].mean() > 0.8
        fresh = with_own(seed=77, shift=50_000.0).filter(~pl.col("is_inauthentic") & (pl.col("origin") == "own"))
        alike = fresh.with_columns(pl.col("profile_age_days") - 50_000.0)
        balanced, plain = train_on(apart), train_on(apart.with_columns(origin=pl.lit("dataset")))

        def pushed(bundle) -> float:  # noqa: ANN001 - how much more suspicious the feature makes genuine own accounts
            raw = [raw_scores(booster(bundle.classifier.trees), feature_values(each, NAMES)) for each in (fresh, alike)]
            return float(np.median(raw[0] - raw[1]))

        assert pushed(plain.bundle) > 0.5
        assert pushed(balanced.bundle) < pushed(plain.bundle) / 2

    def test_an_inauthentic_account_of_unknown_scheme_is_no_example_of_having_none(self) -> None:
        frame = labelled_accounts()
        unnamed = pl.col("is_inauthentic") & (pl.col("account_id").str.ends_with("0"))
        blank = frame.with_columns(scheme=pl.when(~unnamed).then("scheme"))
        gone = blank.filter(~(unnamed & pl.col("scheme").is_null()))
        heads = [train_on(each).bundle.schemes["bought_followers"] for each in (blank, gone)]
        assert heads[0].calibration == heads[1].calibration

    def test_what_there_are_too_few_accounts_for_is_said(self) -> None:
        roles = assign_roles_by_origin(with_own(), SHARES, SETTINGS.seed)
        small = few_accounts(with_own(), roles, replace(SETTINGS, honest_reject_cap=0.005, own_weight=40.0))
        assert [each.split(":")[0] for each in small] == [
            "labels",
            "labels",
            "labels",
            "own_dataset",
            "own_dataset",
            "own_dataset",
        ]
        assert "at most a share of 0.005 of them may be rejected, which is not one" in small[0]
        large = labelled_accounts(cohorts=40)
        roles = assign_roles_by_origin(large, SHARES, SETTINGS.seed)
        assert few_accounts(large, roles, SETTINGS) == []


@pytest.mark.parametrize(
    ("bought", "tested", "said"),
    [
        pytest.param(60, 50, [], id="just enough"),
        pytest.param(59, 50, ["below 60 the probabilities are rough"], id="one too few for the curve"),
        pytest.param(60, 49, ["below 50 of each no figure says much"], id="one too few to test"),
    ],
)
def test_how_many_accounts_are_enough(bought: int, tested: int, said: list[str]) -> None:
    counts = [("c", True, bought), ("c", False, 1_000), ("t", True, tested), ("t", False, 50)]
    rows = [{"cohort": cohort, "is_inauthentic": label} for cohort, label, count in counts for _ in range(count)]
    schema = {"account_id": pl.String, "cohort": pl.String, "is_inauthentic": pl.Boolean, "scheme": pl.String}
    frame = pl.DataFrame(
        [row | {"account_id": f"{index}", "scheme": None} for index, row in enumerate(rows)], schema=schema
    )
    found = few_accounts(frame, {"c": "calibrate", "t": "test"}, replace(SETTINGS, honest_reject_cap=0.01))
    assert [text in sentence for text, sentence in zip(said, found, strict=True)] == [True] * len(said)


@pytest.mark.parametrize(("weight", "said"), [(10.0, 0), (10.5, 2)], ids=["ten", "more than ten"])
def test_from_which_weight_on_few_accounts_decide_much(weight: float, said: int) -> None:
    # As many bought among the own accounts as in the dataset: a weight is what the setting says.
    rows = [
        {
            "account_id": f"{index}",
            "cohort": "c",
            "is_inauthentic": index % 2 == 0,
            "scheme": None,
            "origin": origin,
        }
        for index in range(100)
        for origin in ("dataset", "own")
    ]
    frame = pl.DataFrame(rows, schema_overrides={"scheme": pl.String})
    found = few_accounts(frame, {"c": "fit"}, replace(SETTINGS, own_weight=weight))
    assert len([each for each in found if "counts as much as" in each]) == said
