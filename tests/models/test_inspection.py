"""One account under the model: contributions beside ordinary ranges, and verdicts with a signal left out."""

from __future__ import annotations

from functools import cache

import polars as pl
import pytest
from scipy.special import logit

from features.signals import SIGNALS
from models.inspection import AS_IS, distance_to_cuts, pushes, without_each_signal
from models.scoring import Scorer
from tests.models.synthetic import FEATURES, NAMES, context, labelled_accounts, trained

PREVALENCE = 0.2


@cache
def scorer() -> Scorer:
    return Scorer(trained().bundle, FEATURES)


def account(**values: float) -> pl.DataFrame:
    """One account of which only `values` are observed."""
    columns = {name: [values.get(name)] for name in NAMES}
    return pl.DataFrame({"account_id": ["an account"], **columns}, schema_overrides=dict.fromkeys(NAMES, pl.Float64))


@cache
def suspected() -> pl.DataFrame:
    """The account of a labelled cohort that the model finds most suspicious."""
    everyone = labelled_accounts(seed=77).select("account_id", *NAMES)
    scores = scorer().score(everyone, context(everyone), PREVALENCE)
    most = scores.sort("probability_inauthentic")["account_id"][-1]
    return everyone.filter(pl.col("account_id") == most)


def without(features: pl.DataFrame) -> pl.DataFrame:
    return without_each_signal(scorer(), FEATURES, features, context(features), PREVALENCE)


def test_of_nothing_observed_every_value_is_null_and_no_side_suspicious() -> None:
    table = pushes(scorer(), FEATURES, account())
    assert sorted(table["feature"]) == sorted(NAMES)
    assert table["value"].null_count() == table["side"].null_count() == len(NAMES)


def test_contributions_come_the_largest_in_size_first() -> None:
    size = pushes(scorer(), FEATURES, suspected())["contribution"].abs()
    assert size.to_list() == sorted(size, reverse=True)
    assert size[0] > 0


def test_a_value_beyond_the_ordinary_on_the_declared_side_is_named_there() -> None:
    ordinary = trained().bundle.ordinary["growth_burst_share"]
    assert ordinary.low is not None
    assert ordinary.high is not None
    for value, side in ((ordinary.high + 0.01, "high"), (ordinary.high, None), (ordinary.low - 0.01, None)):
        row = pushes(scorer(), FEATURES, account(growth_burst_share=value)).filter(feature="growth_burst_share")
        assert row.select("value", "side", "ordinary_high", "sees").row(0) == (
            value,
            side,
            ordinary.high,
            SIGNALS["follower_burst"].heading,
        )


def test_nothing_observed_leaves_no_signal_to_leave_out() -> None:
    assert without(account())["without"].to_list() == [AS_IS]


def test_every_observed_signal_is_left_out_once() -> None:
    table = without(account(growth_burst_share=0.9, comments_repeat_share=0.5))
    headings = {SIGNALS[FEATURES[name].signal].heading for name in ("growth_burst_share", "comments_repeat_share")}
    assert table["without"][0] == AS_IS
    assert set(table["without"][1:]) == headings
    assert table["features"].to_list() == [0, 1, 1]


def test_a_row_is_the_score_of_the_account_without_that_signal() -> None:
    table = without(suspected())
    signal = FEATURES["growth_burst_share"].signal
    own = [name for name in NAMES if FEATURES[name].signal == signal]
    left = suspected().with_columns(pl.lit(None, pl.Float64).alias(name) for name in own)
    expected = scorer().score(left, context(left), PREVALENCE)
    row = table.filter(without=SIGNALS[signal].heading)
    assert row["probability_inauthentic"].to_list() == expected["probability_inauthentic"].to_list()
    assert row["verdict"].to_list() == expected["verdict"].to_list()
    change = logit(expected["probability_inauthentic"][0]) - logit(table["probability_inauthentic"][0])
    assert row["change"].to_list() == pytest.approx([change])


def test_without_a_verdict_there_is_no_change_to_tell() -> None:
    features = suspected()
    lacking = context(features, insufficient_because=pl.lit(["nothing"], pl.List(pl.String)))
    table = without_each_signal(scorer(), FEATURES, features, lacking, PREVALENCE)
    assert set(table["verdict"]) == {"insufficient_data"}
    assert table["change"].null_count() == table.height > 1


def test_the_distance_is_zero_on_a_cut_and_null_without_a_probability() -> None:
    cuts = distance_to_cuts(scorer(), None, PREVALENCE)
    assert cuts["distance"].null_count() == 3
    for index, at in enumerate(cuts["at"]):
        assert distance_to_cuts(scorer(), at, PREVALENCE)["distance"][index] == pytest.approx(0.0)


def test_the_cut_on_the_evidence_moves_with_the_prevalence_and_the_others_do_not() -> None:
    bundle = trained().bundle
    for prevalence in (0.1, 0.5):
        at = distance_to_cuts(scorer(), 0.5, prevalence)["at"].to_list()
        assert at[:2] == [bundle.thresholds.pass_below, bundle.thresholds.reject_above]
        # logit p = evidence + logit prevalence
        assert logit(at[2]) - logit(prevalence) == pytest.approx(bundle.thresholds.reject_above_evidence)
