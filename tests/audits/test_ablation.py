"""Ablation: which columns each variant sees, on whom it is judged, and what the differences say."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import polars as pl
import pytest

from audits.ablation import MEASURES, ablation
from models.split import TooFewCohortsError, assign_roles
from tests.models.synthetic import FEATURES, SETTINGS, labelled_accounts, silent

BOOTSTRAP: dict[str, Any] = {"replicates": 20, "confidence": 0.9, "seed": 3, "report": silent}
GROUPS = ["growth", "comments", "engagement", "profile"]


@cache
def frame() -> pl.DataFrame:
    labelled = labelled_accounts()
    return labelled.filter(pl.col("is_inauthentic") | pl.col("scheme").is_null()).sort("account_id")


@cache
def found() -> dict[str, Any]:
    return ablation(frame(), list(FEATURES.values()), SETTINGS, **BOOTSTRAP)


def rows() -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(row["kind"], row["group"]): row for row in found()["rows"]}


def test_no_account_cannot_be_split() -> None:
    with pytest.raises(TooFewCohortsError):
        ablation(frame().clear(), list(FEATURES.values()), SETTINGS, **BOOTSTRAP)


def test_every_group_is_left_out_and_stands_alone() -> None:
    everything = len(FEATURES)
    by_group = {group: sum(feature.group == group for feature in FEATURES.values()) for group in GROUPS}
    assert [(kind, group, row["features"]) for (kind, group), row in rows().items()] == [
        ("all", None, everything),
        *(("left_out", group, everything - by_group[group]) for group in GROUPS),
        *(("alone", group, by_group[group]) for group in GROUPS),
    ]
    json.dumps(found(), allow_nan=False)


def test_the_test_cohorts_alone_are_judged() -> None:
    roles = assign_roles(frame()["cohort"].to_list(), SETTINGS.shares, SETTINGS.seed)
    tested = frame().filter(pl.col("cohort").is_in([cohort for cohort, role in roles.items() if role == "test"]))
    assert (found()["accounts"], found()["inauthentic"]) == (tested.height, int(tested["is_inauthentic"].sum()))
    names = [name for name, feature in FEATURES.items() if feature.group == "comments"]
    known = tested.select(pl.any_horizontal(pl.col(names).is_not_null())).to_series().mean()
    assert rows()["alone", "comments"]["observed_share"] == pytest.approx(known)


def test_losses_are_the_whole_less_the_variant() -> None:
    everything = rows()["all", None]
    for variant, row in rows().items():
        for measure in MEASURES:
            lost = row[f"{measure}_lost"]
            if variant == ("all", None):
                assert lost is None
            else:
                assert lost["value"] == pytest.approx(everything[measure]["value"] - row[measure]["value"])


def test_the_group_that_shows_the_schemes_is_missed_and_the_idle_one_is_not() -> None:
    idle = rows()["alone", "profile"]["auc"]
    assert abs(idle["value"] - 0.5) < 0.2
    assert rows()["alone", "growth"]["auc"]["value"] > idle["value"]
    assert rows()["left_out", "growth"]["auc_lost"]["value"] > 0.02
    assert rows()["left_out", "growth"]["auc_lost"]["value"] > rows()["left_out", "profile"]["auc_lost"]["value"]


def test_a_second_run_says_the_same() -> None:
    assert ablation(frame(), list(FEATURES.values()), SETTINGS, **BOOTSTRAP) == found()
