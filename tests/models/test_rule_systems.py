"""The rules in use beside the model: at one per cent of false positives, and at the cuts that tools document."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from models.evaluation import Sample
from models.rule_systems import ANY, CUTS, NOT_COMPUTED, PREFIX, rule_systems
from models.rules import RULES


def accounts(labels: list[bool], **values: list[float | None]) -> Sample:
    """Accounts with these values of rules, null for all other rules."""
    columns = {
        PREFIX + name: pl.Series(values.get(name, [None] * len(labels)), dtype=pl.Float64, strict=False)
        for name in RULES
    }
    names = [f"{index}" for index in range(len(labels))]
    frame = pl.DataFrame(
        {"cohort": names, "is_inauthentic": labels, **columns},
        schema_overrides={"cohort": pl.String, "is_inauthentic": pl.Boolean},
    )
    return Sample(frame, replicates=10, confidence=0.9, seed=1)


def test_nobody_is_flagged() -> None:
    found = rule_systems(accounts([]), np.array([]))
    assert {row["accounts"] for row in (*found["rules"], *found["cuts"])} == {0}
    assert {row["recall"]["value"] for row in found["cuts"]} == {None}


def test_every_rule_has_a_row_and_every_cut_a_rule() -> None:
    found = rule_systems(accounts([True, False]), np.array([0.9, 0.1]))
    assert sorted(row["rule"] for row in found["rules"]) == sorted(RULES)
    assert {name for cut in CUTS for name in cut.rules} <= set(RULES)
    assert found["not_computed"] == NOT_COMPUTED
    assert json.loads(json.dumps(found)) == found


def test_a_rule_that_says_nothing_of_an_account_does_not_flag_it() -> None:
    found = rule_systems(accounts([True, True, False], follows_many=[2_000.0, None, 10.0]), np.array([0.9, 0.8, 0.1]))
    (row,) = (each for each in found["rules"] if each["rule"] == "follows_many")
    assert (row["accounts"], row["auc"]["value"], row["recall"]["value"]) == (2, 1.0, 1 / 2)


def test_a_low_value_is_what_a_low_rule_looks_for() -> None:
    found = rule_systems(accounts([True, False], likes_variation=[0.1, 0.9]), np.array([0.5, 0.5]))
    (row,) = (each for each in found["rules"] if each["rule"] == "likes_variation")
    assert row["recall"]["value"] == 1.0


@pytest.mark.parametrize(
    ("cut", "rule", "below", "above"),
    [
        pytest.param("robust z of daily growth over 6", "spike_robust_z", 6.0, 6.1, id="z"),
        pytest.param("a day over 5 %", "days_over_5_percent", 0.0, 1.0, id="a day"),
        pytest.param("robust z over 6, or a day over 5 %", "days_over_5_percent", 0.0, 1.0, id="either"),
        pytest.param("follows more than 1,500", "follows_many", 1_500.0, 1_501.0, id="mass follower"),
        pytest.param("followers over following under 0.70", "following_per_follower", 1 / 0.71, 1 / 0.69, id="ratio"),
        pytest.param("likes spread under 40 %, as a variation", "likes_variation", 0.4, 0.39, id="variation"),
        pytest.param("likes spread under 40 %, as range over mean", "likes_range", 0.4, 0.39, id="range"),
        pytest.param(CUTS[4].name, "short_comment_share", 0.49, 0.5, id="comments"),
        pytest.param(CUTS[8].name, "hollow_views_share", 0.0, 0.1, id="hollow views"),
        pytest.param(CUTS[9].name, "engagement_rate_out_of_band", 0.0, 0.01, id="band"),
    ],
)
def test_cuts_are_where_the_tools_say(cut: str, rule: str, below: float, above: float) -> None:
    found = rule_systems(accounts([False, True, False], **{rule: [below, above, None]}), np.array([0.1, 0.9, 0.2]))
    (row,) = (each for each in found["cuts"] if each["cut"] == cut)
    assert (row["accounts"], row["false_positives"]["value"], row["recall"]["value"]) == (2, 0.0, 1.0)
    (whole,) = (each for each in found["cuts"] if each["cut"] == ANY.name)
    assert (whole["false_positives"]["value"], whole["recall"]["value"]) == (0.0, 1.0)


def test_the_model_is_told_at_as_many_false_positives() -> None:
    labels = [False] * 4 + [True] * 4
    follows: list[float | None] = [2_000.0, 10.0, 10.0, 10.0, 2_000.0, 10.0, 10.0, 10.0]
    probability = np.array([0.7, 0.3, 0.2, 0.1, 0.9, 0.8, 0.4, 0.05])
    found = rule_systems(accounts(labels, follows_many=follows), probability)
    (row,) = (each for each in found["cuts"] if each["cut"] == "follows more than 1,500")
    assert (row["false_positives"]["value"], row["recall"]["value"]) == (1 / 4, 1 / 4)
    assert row["model_recall"]["value"] == 3 / 4  # above .3 lies one genuine account of four
