"""From features to score columns: what is null when, and what may not depend on who else is scored."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.special import logit

from features.tables import SCHEMES
from models.baselines import Constant
from models.bundle import UnusableBundleError, booster
from models.classifier import raw_scores
from models.scoring import SCORE_COLUMNS, SCORE_PREVALENCE, Scorer, with_explanations
from models.thresholds import Thresholds
from models.training import feature_values
from tests.models.synthetic import FEATURES, NAMES, context, labelled_accounts, trained


@cache
def accounts() -> pl.DataFrame:
    return labelled_accounts(seed=77, cohorts=8, accounts=40).select("account_id", *NAMES)


def score(features: pl.DataFrame, prevalence: float = 0.2, **columns: Any) -> pl.DataFrame:
    return Scorer(trained().bundle, FEATURES).score(features, context(features, **columns), prevalence)


def extreme(**values: float) -> pl.DataFrame:
    """One account of which only `values` are observed."""
    return pl.DataFrame(
        {
            "account_id": ["extreme"],
            **{name: [values.get(name)] for name in NAMES},
        },
        schema_overrides=dict.fromkeys(NAMES, pl.Float64),
    )


def test_no_account_gives_no_row_and_all_columns() -> None:
    scores = score(accounts().clear())
    assert scores.height == 0
    assert scores.schema == pl.Schema(SCORE_COLUMNS)


def test_every_account_gets_one_row_in_its_place() -> None:
    shuffled = accounts().sample(fraction=1.0, shuffle=True, seed=3)
    scores = score(shuffled)
    assert scores.schema == pl.Schema(SCORE_COLUMNS)
    assert scores["account_id"].to_list() == shuffled["account_id"].to_list()
    assert_frame_equal(scores.sort("account_id"), score(accounts()).sort("account_id"), check_exact=True)


def test_the_made_up_accounts_get_every_verdict() -> None:
    assert set(score(accounts(), prevalence=0.4)["verdict"]) == {"pass", "review", "reject", "insufficient_data"}


def test_the_order_of_feature_columns_does_not_matter() -> None:
    turned = accounts().select(reversed(accounts().columns))
    assert_frame_equal(score(turned), score(accounts()), check_exact=True)


def test_an_account_alone_gets_the_row_it_gets_in_a_batch() -> None:
    batch = score(accounts(), prevalence=0.4)
    alone = pl.concat([score(accounts()[index], prevalence=0.4) for index in range(0, accounts().height, 8)])
    assert_frame_equal(alone, batch.gather_every(8), check_exact=True)


def test_insufficient_data_has_neither_probability_nor_score_nor_reason() -> None:
    lacking = pl.Series([["no follower reading"]] * accounts().height)
    scores = score(accounts(), insufficient_because=lacking)
    assert set(scores["verdict"]) == {"insufficient_data"}
    for column in ("probability_inauthentic", "authenticity_score", "expected_engagement_per_post", *SHARE_COLUMNS):
        assert scores[column].null_count() == scores.height
    for column in ("reasons", "signals", "suspected_schemes"):
        assert scores[column].list.len().sum() == 0
    assert scores["insufficient_because"].list.first().unique().to_list() == ["no follower reading"]


def test_a_verdict_comes_with_probability_and_score_and_lacks_nothing() -> None:
    given = score(accounts()).filter(pl.col("verdict") != "insufficient_data")
    assert given["probability_inauthentic"].is_between(0.0, 1.0, closed="none").all()
    assert given["authenticity_score"].is_between(0, 100).all()
    assert given["insufficient_because"].list.len().sum() == 0


@pytest.mark.parametrize(
    ("followers", "because"),
    [
        pytest.param(199, "199 followers; 200 to 5,000,000 are in range", id="one too few"),
        pytest.param(0, "0 followers; 200 to 5,000,000 are in range", id="none"),
        pytest.param(6_000_000, "6,000,000 followers; 200 to 5,000,000 are in range", id="too many"),
        pytest.param(200, None, id="just enough"),
        pytest.param(5_000_000, None, id="just not too many"),
        pytest.param(None, None, id="not observed"),
    ],
)
def test_accounts_out_of_range_are_told_their_count(followers: int | None, because: str | None) -> None:
    calm = extreme(growth_burst_share=0.15)
    scores = score(calm, followers=pl.lit(followers, pl.Int64))
    assert scores["insufficient_because"].to_list() == [[because] if because else []]
    assert (scores["verdict"][0] == "insufficient_data") == (because is not None)


def test_what_is_missing_and_the_range_are_both_told() -> None:
    scores = score(extreme(), followers=pl.lit(50, pl.Int64), insufficient_because=pl.Series([["no post"]]))
    assert scores["insufficient_because"].to_list() == [["no post", "50 followers; 200 to 5,000,000 are in range"]]


def test_an_account_unlike_any_is_told_how_much_of_it_is() -> None:
    scores = score(extreme(growth_burst_share=-50.0, growth_calm_spread=400.0, profile_age_days=1000.0))
    assert scores["insufficient_because"].to_list() == [
        ["unlike the accounts trained on: 2 of 3 signals lie outside their range"]
    ]
    assert scores["probability_inauthentic"].to_list() == [None]


def test_few_ordinary_accounts_are_called_strange() -> None:
    fresh = labelled_accounts(seed=123, cohorts=40)
    strange = score(fresh).filter(pl.col("verdict") == "insufficient_data").height
    assert 0 < strange < 0.06 * fresh.height  # the limit is 2 % of no more than 180 held-out accounts


def test_a_pass_has_no_reason_and_names_no_scheme() -> None:
    passed = score(accounts(), prevalence=0.4).filter(pl.col("verdict") == "pass")
    assert passed.height > 20
    assert passed["reasons"].list.len().sum() == 0
    assert passed["suspected_schemes"].list.len().sum() == 0


def test_suspected_accounts_get_reasons_that_keep_the_rules() -> None:
    asked = score(accounts(), prevalence=0.4).filter(pl.col("verdict").is_in(["review", "reject"]))
    assert (asked["reasons"].list.len() > 0).mean() > 0.9
    assert asked["reasons"].list.len().max() <= 3
    values = {row["account_id"]: row for row in accounts().iter_rows(named=True)}
    for row in asked.iter_rows(named=True):
        strengths = [reason["contribution"] for reason in row["reasons"]]
        assert strengths == sorted(strengths, reverse=True)
        for reason in row["reasons"]:
            assert reason["contribution"] > 0
            assert reason["value"] == values[row["account_id"]][reason["feature"]]
            side = "high" if reason["value"] > trained().bundle.ordinary[reason["feature"]].high else "low"
            sentence = FEATURES[reason["feature"]].sentence(reason["value"], side)
            assert f": {sentence} (eight in ten genuine training accounts: " in reason["text"]


def test_what_was_checked_is_appended_to_the_reasons_it_belongs_to() -> None:
    scores = score(accounts(), prevalence=0.4)
    (account_id, first, *_), *_ = (
        (name, *reasons) for name, reasons in scores.select("account_id", "reasons").iter_rows() if len(reasons) > 1
    )
    checked = pl.DataFrame({"account_id": [account_id], "feature": [first["feature"]], "text": ["Checked."]})
    told = with_explanations(scores, checked)
    assert told.schema == scores.schema
    assert told.drop("reasons").equals(scores.drop("reasons"))
    before, after = (
        table.filter(pl.col("account_id") == account_id)["reasons"].item().to_list() for table in (scores, told)
    )
    assert after == [{**before[0], "text": f"{before[0]['text']} Checked."}, *before[1:]]
    others = pl.col("account_id") != account_id
    assert told.filter(others).equals(scores.filter(others))


def test_nothing_checked_changes_no_reason() -> None:
    none = pl.DataFrame(schema={"account_id": pl.String, "feature": pl.String, "text": pl.String})
    for scores in (score(accounts(), prevalence=0.4), score(accounts().clear())):
        assert with_explanations(scores, none).equals(scores)


def test_reasons_asked_for_come_strongest_first() -> None:
    scores = score(accounts(), prevalence=0.4)
    asked = Scorer(trained().bundle, FEATURES).sides_of_reasons(scores)
    listed = [(name, each["feature"]) for name, own in scores.select("account_id", "reasons").rows() for each in own]
    assert asked.select("account_id", "feature").rows() == listed
    assert set(asked["side"]) == {"high", "low"}


def test_suspected_schemes_lie_above_their_threshold_most_probable_first() -> None:
    found = score(accounts(), prevalence=0.6)["suspected_schemes"].to_list()
    assert max(len(each) for each in found) == 2
    assert {entry["scheme"] for each in found for entry in each} == {"bought_comments", "bought_followers"}
    for each in found:
        probability = [entry["probability"] for entry in each]
        assert probability == sorted(probability, reverse=True)
        assert all(0.5 < value < 1.0 for value in probability)
        assert all(entry["scheme"] in SCHEMES for entry in each)


def test_every_account_has_a_probability_of_each_scheme_and_suspicions_are_those() -> None:
    scorer = Scorer(trained().bundle, FEATURES)
    found = scorer.scheme_probabilities(accounts(), 0.6)
    assert found.columns == ["account_id", *scorer.scheme_prevalences(0.6)]
    suspected = score(accounts(), prevalence=0.6)["suspected_schemes"].to_list()
    named = [(entry, row) for row, entries in zip(found.to_dicts(), suspected, strict=True) for entry in entries]
    assert named
    assert all(entry["probability"] == row[entry["scheme"]] for entry, row in named)


def test_a_scheme_s_share_moves_as_the_prevalence_does() -> None:
    bundle = trained().bundle
    shares = Scorer(bundle, FEATURES).scheme_prevalences(bundle.classifier.calibration.prevalence)
    assert shares == pytest.approx({name: head.calibration.prevalence for name, head in bundle.schemes.items()})


def test_the_planted_scheme_is_the_one_suspected() -> None:
    comments = score(extreme(comments_repeat_share=0.6), prevalence=0.5)
    followers = score(extreme(growth_burst_share=0.7, growth_calm_spread=0.6), prevalence=0.5)
    assert [entry["scheme"] for entry in comments["suspected_schemes"][0]] == ["bought_comments"]
    assert [entry["scheme"] for entry in followers["suspected_schemes"][0]] == ["bought_followers"]


def test_probability_strictly_increases_with_the_raw_score() -> None:
    scores = score(accounts(), prevalence=0.35)
    raw = raw_scores(booster(trained().bundle.classifier.trees), feature_values(accounts(), NAMES))
    owed = scores["probability_inauthentic"].is_not_null().to_numpy()
    distinct, first = np.unique(raw[owed], return_index=True)
    assert len(distinct) > 100
    assert (np.diff(scores["probability_inauthentic"].drop_nulls().to_numpy()[first]) > 0).all()


@pytest.mark.parametrize("prevalence", [0.01, 0.05, 0.5, 0.9])
def test_prevalence_moves_the_probability_and_never_the_score(prevalence: float) -> None:
    usual, other = score(accounts(), SCORE_PREVALENCE), score(accounts(), prevalence)
    assert other["authenticity_score"].to_list() == usual["authenticity_score"].to_list()
    shift = logit(other["probability_inauthentic"].drop_nulls()) - logit(usual["probability_inauthentic"].drop_nulls())
    np.testing.assert_allclose(shift, logit(prevalence) - logit(SCORE_PREVALENCE), atol=1e-9)


def test_the_score_is_a_hundred_less_the_probability_in_whole_points() -> None:
    scores = score(accounts(), prevalence=0.2).drop_nulls("probability_inauthentic")
    expected = [round(100 * (1 - value)) for value in scores["probability_inauthentic"]]
    assert scores["authenticity_score"].to_list() == expected
    assert len(set(expected)) > 20


def test_the_verdict_follows_the_bundle_s_cuts() -> None:
    scores = score(accounts(), prevalence=0.4).drop_nulls("probability_inauthentic")
    cuts = trained().bundle.thresholds
    shift = logit(0.4)
    for probability, verdict in scores.select("probability_inauthentic", "verdict").iter_rows():
        beyond = probability > cuts.reject_above and logit(probability) - shift > cuts.reject_above_evidence
        assert verdict == ("reject" if beyond else "pass" if probability < cuts.pass_below else "review")


def test_a_reject_whose_reasons_add_too_little_is_a_review() -> None:
    plain = score(accounts()).filter(pl.col("verdict") == "reject")
    added = plain["reasons"].list.eval(pl.element().struct.field("contribution")).list.sum()
    least = float(added.median())
    assert 0 < (added < least).sum() < plain.height
    bundle = trained().bundle
    strict = replace(bundle, settings={**bundle.settings, "least_named_evidence": least})
    scores = Scorer(strict, FEATURES).score(accounts(), context(accounts()), 0.2)
    found = scores.filter(pl.col("account_id").is_in(plain["account_id"].implode()))
    assert found["verdict"].to_list() == ["review" if each < least else "reject" for each in added]
    assert found["reasons"].to_list() == plain["reasons"].to_list(), "a reviewer sees what there is"


def test_a_reject_that_does_not_stand_on_what_is_left_is_a_review() -> None:
    scorer, before = Scorer(trained().bundle, FEATURES), score(accounts())
    rejected = before.filter(pl.col("verdict") == "reject")["account_id"]
    asked = accounts().filter(pl.col("account_id").is_in(rejected.implode()))
    kept, lost = asked.head(1), asked.slice(1)
    # Of the first all is left, of the others nothing; everybody else is not asked.
    left = pl.concat([kept, lost.with_columns(pl.lit(None, pl.Float64).alias(name) for name in NAMES)])
    after = scorer.withstood(before, accounts(), left, 0.2)
    assert lost.height > 0
    by_account = dict(after.select("account_id", "verdict").iter_rows())
    assert by_account[kept["account_id"][0]] == "reject"
    assert {by_account[each] for each in lost["account_id"]} == {"review"}
    told = after.filter(pl.col("probability_without_busiest_month").is_not_null())
    assert sorted(told["account_id"]) == sorted(rejected)
    same = before.join(kept, on="account_id")["probability_inauthentic"][0]
    assert told.join(kept, on="account_id")["probability_without_busiest_month"].to_list() == [same]
    untouched = before.columns.copy()
    untouched.remove("verdict")
    untouched.remove("probability_without_busiest_month")
    assert after.columns == before.columns
    assert after.select(untouched).equals(before.select(untouched))


def test_what_only_the_owner_can_move_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer, before = Scorer(trained().bundle, FEATURES), score(accounts())
    rejected = before.filter(pl.col("verdict") == "reject")["account_id"].head(1)
    asked = accounts().filter(pl.col("account_id").is_in(rejected.implode()))
    monkeypatch.setattr("models.scoring.OWN_SIGNALS", tuple({each.signal for each in FEATURES.values()}))
    nothing = asked.with_columns(pl.lit(None, pl.Float64).alias(name) for name in NAMES)
    after = scorer.withstood(before, accounts(), nothing, 0.2)
    assert after.filter(pl.col("account_id").is_in(rejected.implode()))["verdict"].to_list() == ["reject"]


def test_nobody_asked_changes_nothing() -> None:
    before = score(accounts())
    assert Scorer(trained().bundle, FEATURES).withstood(before, accounts(), accounts().clear(), 0.2).equals(before)


def test_reasons_of_reviews_may_be_left_out_and_nothing_else_changes() -> None:
    whole = score(accounts())
    spared = Scorer(trained().bundle, FEATURES).score(accounts(), context(accounts()), 0.2, explained=("reject",))
    assert spared.drop("reasons", "signals").equals(whole.drop("reasons", "signals"))
    rejected = pl.col("verdict") == "reject"
    assert spared.filter(rejected).equals(whole.filter(rejected))
    assert spared.filter(~rejected)["reasons"].list.len().sum() == 0
    assert whole.filter(~rejected)["reasons"].list.len().sum() > 0


def test_a_high_prevalence_alone_rejects_nobody() -> None:
    bundle = replace(trained().bundle, thresholds=Thresholds(0.25, 0.95, reject_above_evidence=99.0))
    scores = Scorer(bundle, FEATURES).score(accounts(), context(accounts()), 0.99)
    assert scores["probability_inauthentic"].max() > 0.95
    assert "reject" not in set(scores["verdict"])


def test_expected_engagement_is_the_observed_less_what_is_bought() -> None:
    scores = score(accounts()).filter(pl.col("verdict") != "insufficient_data")
    assert scores["expected_engagement_per_post"].is_between(0.0, 100.0).all()
    honest = score(extreme(comments_repeat_share=0.02))["expected_engagement_per_post"][0]
    bought = score(extreme(comments_repeat_share=0.6))["expected_engagement_per_post"][0]
    assert honest > 90.0
    assert bought < 70.0


def test_engagement_that_was_not_observed_is_not_expected() -> None:
    scores = score(accounts(), engagement_per_post=pl.lit(None, pl.Float64))
    assert scores["expected_engagement_per_post"].null_count() == scores.height


SHARE_COLUMNS = [name for name in SCORE_COLUMNS if name.startswith(("authentic_follower", "authentic_engagement"))]


def test_without_a_model_of_its_own_a_share_is_null() -> None:
    bundle = replace(trained().bundle, shares={})
    found = Scorer(bundle, FEATURES).score(accounts(), context(accounts()), 0.2).select("^(authentic|expected)_e.*$")
    assert found.width == 6
    assert found.null_count().sum_horizontal()[0] == 6 * accounts().height


def test_shares_lie_in_order_between_nothing_and_everything() -> None:
    scores = score(accounts(), prevalence=0.4)
    for share in ("authentic_follower_share", "authentic_engagement_share"):
        lower, estimate, upper = (scores[f"{share}_{end}"].drop_nulls() for end in ("lower", "estimate", "upper"))
        assert lower.len() > 200
        assert (lower >= 0.0).all()
        assert (lower <= estimate).all()
        assert (estimate <= upper).all()
        assert (upper <= 1.0).all()
    lower, expected, upper = (
        scores[f"expected_engagement_per_post{end}"].drop_nulls() for end in ("_lower", "", "_upper")
    )
    assert (lower <= expected).all()
    assert (expected <= upper).all()


def test_engagement_per_post_is_the_observed_times_its_share() -> None:
    scores = score(accounts()).drop_nulls("authentic_engagement_share_lower")
    for end in ("lower", "upper"):
        left = 100.0 * scores[f"authentic_engagement_share_{end}"]
        np.testing.assert_allclose(scores[f"expected_engagement_per_post_{end}"], left, atol=1e-4)


def test_bought_followers_are_told_from_growth_alone() -> None:
    grown = score(extreme(growth_burst_share=0.7, growth_calm_spread=0.6), prevalence=0.5)
    calm = score(extreme(growth_burst_share=0.12, growth_calm_spread=1.2), prevalence=0.5)
    unseen = score(extreme(comments_repeat_share=0.6), prevalence=0.5)
    assert grown["authentic_follower_share_estimate"][0] < 0.8
    assert calm["authentic_follower_share_estimate"][0] == 1.0
    assert unseen.select("^authentic_follower_share_.*$").null_count().sum_horizontal()[0] == 3


def test_an_account_with_nothing_observed_has_no_share() -> None:
    found = score(extreme()).select(SHARE_COLUMNS)
    assert found.null_count().sum_horizontal()[0] == len(SHARE_COLUMNS)


def test_a_lower_prevalence_than_the_cohorts_narrows_no_interval() -> None:
    usual, rare, common = (score(accounts(), prevalence=each) for each in (0.2, 0.01, 0.8))
    for end in ("lower", "upper"):
        column = f"authentic_follower_share_{end}"
        assert rare[column].to_list() == usual[column].to_list()
    assert common["authentic_follower_share_lower"].mean() < usual["authentic_follower_share_lower"].mean()


def test_a_feature_the_program_lacks_is_an_error() -> None:
    with pytest.raises(UnusableBundleError, match=r"does not know\. Found: growth_burst_share\. Train again"):
        Scorer(trained().bundle, {name: FEATURES[name] for name in NAMES[1:]})


def test_trees_of_a_share_that_cannot_be_read_are_refused() -> None:
    bundle = trained().bundle
    spoilt = {name: replace(share, any_bought="tree\n") for name, share in bundle.shares.items()}
    with pytest.raises(UnusableBundleError, match=r"not a whole one of LightGBM's\. Train again"):
        Scorer(replace(bundle, shares=spoilt), FEATURES)


def test_trees_whose_columns_are_in_another_order_are_refused() -> None:
    bundle = replace(trained().bundle, features=tuple(reversed(NAMES)))
    with pytest.raises(UnusableBundleError, match="its trees and its manifest list different features"):
        Scorer(bundle, FEATURES)


@pytest.mark.parametrize("prevalence", [0.05, 0.2, 0.6])
def test_baselines_move_in_log_odds_as_far_as_the_prevalence(prevalence: float) -> None:
    values, baselines = feature_values(accounts(), NAMES), trained().bundle.baselines
    (constant,) = (each for each in baselines if isinstance(each.rule, Constant))
    found = Scorer(trained().bundle, FEATURES).baselines(accounts(), prevalence)
    # The constant says the prevalence that the others were fitted at; all move from there by the same log-odds.
    assert found[constant.name].to_list() == pytest.approx([prevalence] * found.height)
    for each in baselines:
        before = each.predict(values)
        after = logit(before) + logit(prevalence) - logit(constant.predict(values))
        assert logit(found[each.name].to_numpy()) == pytest.approx(after), each.name
