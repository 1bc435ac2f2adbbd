"""Generalisation: who is left out of what, shares that can be counted, batches, and the learning curve's draws."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from audits.generalisation import KINDS, Fitted, by_batch, learning_curve, leave_one_out, light_fit
from features.tables import LABELS
from models.evaluation import clopper_pearson
from models.split import assign_roles
from models.training import TrainingSettings
from tests.models.synthetic import CLASSIFIER, FEATURES, SETTINGS, labelled_accounts, silent

BOOTSTRAP = {"replicates": 20, "confidence": 0.9, "seed": 3, "report": silent}


def with_stories(frame: pl.DataFrame) -> pl.DataFrame:
    """Every fifth genuine account without a small dose went viral."""
    is_viral = ~pl.col("is_inauthentic") & pl.col("scheme").is_null() & (pl.int_range(pl.len()) % 5 == 0)
    return frame.with_columns(benign_story=pl.when(is_viral).then(pl.lit("viral")))


@cache
def frame() -> pl.DataFrame:
    """Eight cohorts of sixty, one mix of schemes among them."""
    first_comments = (pl.col("scheme") == "bought_comments").fill_null(value=False).cum_sum() == 1
    mixed = first_comments & (pl.col("scheme") == "bought_comments")
    return with_stories(labelled_accounts()).with_columns(
        scheme=pl.when(mixed).then(pl.lit("bought_followers+bought_comments")).otherwise("scheme")
    )


@dataclass
class Recorded:
    """A fit that remembers its rows and scores by a fixed number."""

    raw: np.ndarray
    trained: list[np.ndarray] = field(default_factory=list)

    def __call__(self, rows: np.ndarray) -> Fitted:
        self.trained.append(rows)
        return Fitted(self.raw, 0.0)


def recorded(labelled: pl.DataFrame) -> Recorded:
    """Scores in the order of the rows' burst share, unobserved ones in the middle."""
    return Recorded(labelled["growth_burst_share"].fill_null(0.2).to_numpy() * 4.0)


def role_of(labelled: pl.DataFrame, settings: TrainingSettings = SETTINGS) -> np.ndarray:
    roles = assign_roles(labelled["cohort"].to_list(), settings.shares, settings.seed)
    return np.array([roles[cohort] for cohort in labelled["cohort"]])


def column(labelled: pl.DataFrame, expression: pl.Expr) -> np.ndarray:
    return labelled.select(expression.fill_null(value=False)).to_series().to_numpy()


# --- leave one out ----------------------------------------------------------------------------------------------------


def test_nobody_of_a_left_out_scheme_or_story_is_trained_on() -> None:
    fit = recorded(frame())
    reports: list[str] = []
    leave_one_out(frame(), fit, SETTINGS, **(BOOTSTRAP | {"report": reports.append}))
    assert reports == [
        "nothing left out",
        "without scheme bought_followers",
        "without scheme bought_comments",
        "without story viral",
    ]
    usable = column(frame(), pl.col("is_inauthentic") | pl.col("scheme").is_null())
    everybody = usable & np.isin(role_of(frame()), ("fit", "tune"))
    left_out = [
        np.zeros(frame().height, dtype=bool),
        column(frame(), pl.col("scheme").str.contains("bought_followers")),
        column(frame(), pl.col("scheme").str.contains("bought_comments")),
        column(frame(), pl.col("benign_story") == "viral"),
    ]
    for trained, members in zip(fit.trained, left_out, strict=True):
        assert np.array_equal(trained, everybody & ~members)
    assert all((everybody & members).any() for members in left_out[1:])


def test_stories_told_of_inauthentic_accounts_leave_the_training_too() -> None:
    told = frame().with_columns(benign_story=pl.when(pl.int_range(pl.len()) % 5 == 0).then(pl.lit("viral")))
    fit = recorded(told)
    rows = leave_one_out(told, fit, SETTINGS, **BOOTSTRAP)
    assert not (fit.trained[-1] & column(told, pl.col("benign_story") == "viral")).any()
    tested = column(told, (pl.col("benign_story") == "viral") & ~pl.col("is_inauthentic") & pl.col("scheme").is_null())
    expected = int((tested & (role_of(told) == "test")).sum())
    assert {row["accounts"] for row in rows if row["kind"] == "story"} == {expected}


def test_shares_are_counted_above_a_cut_of_the_genuine_calibration_accounts() -> None:
    fit = recorded(frame())
    rows = leave_one_out(frame(), fit, SETTINGS, **BOOTSTRAP)
    role = role_of(frame())
    is_genuine = column(frame(), ~pl.col("is_inauthentic") & pl.col("scheme").is_null())
    cut = np.quantile(fit.raw[is_genuine & (role == "calibrate")], 0.95, method="higher")
    members = column(frame(), pl.col("is_inauthentic") & pl.col("scheme").str.contains("bought_comments"))
    tested = members & (role == "test")
    count, total = int((fit.raw[tested] > cut).sum()), int(tested.sum())
    (row,) = [
        row
        for row in rows
        if (row["left_out"], row["measure"], row["trained_with"]) == ("bought_comments", "above_5_percent", False)
    ]
    lower, upper = clopper_pearson(count, total, 0.9)
    assert row == {
        "kind": "scheme",
        "left_out": "bought_comments",
        "trained_with": False,
        "measure": "above_5_percent",
        "accounts": total,
        "value": count / total,
        "lower": lower,
        "upper": upper,
    }


def test_a_fit_that_does_not_care_loses_nothing() -> None:
    rows = leave_one_out(frame(), recorded(frame()), SETTINGS, **BOOTSTRAP)
    areas = {
        (row["left_out"], row["measure"], row["trained_with"]): row["value"] for row in rows if "auc" in row["measure"]
    }
    for name in ("bought_followers", "bought_comments"):
        assert areas[name, "auc", True] == pytest.approx(areas[name, "auc", False])
        assert areas[name, "auc_lost", False] == pytest.approx(0.0)
    assert areas["bought_followers", "auc", True] > 0.8  # burst share is what they show
    json.dumps(rows, allow_nan=False)


def test_a_scheme_never_met_is_found_less_often() -> None:
    labelled = frame()
    fit = light_fit(labelled, list(FEATURES.values()), CLASSIFIER)
    rows = leave_one_out(labelled, fit, SETTINGS, **BOOTSTRAP)
    (lost,) = [row for row in rows if (row["left_out"], row["measure"]) == ("bought_followers", "auc_lost")]
    assert lost["value"] > 0.1


def test_a_scheme_without_test_accounts_has_no_row() -> None:
    rows = leave_one_out(frame(), recorded(frame()), SETTINGS, **BOOTSTRAP)
    assert "engagement_pod" not in {row["left_out"] for row in rows}
    assert {row["left_out"] for row in rows if row["kind"] == "reference"} == {"genuine", "inauthentic"}


# --- the light fit ----------------------------------------------------------------------------------------------------


def test_the_light_fit_ranks_and_repeats() -> None:
    labelled = frame()
    trained = np.isin(role_of(labelled), ("fit", "tune"))
    first, second = (light_fit(labelled, list(FEATURES.values()), CLASSIFIER)(trained) for _ in range(2))
    assert np.array_equal(first.raw, second.raw)
    assert first.anchor == second.anchor
    inauthentic = labelled["is_inauthentic"].to_numpy()
    assert first.raw[inauthentic & ~trained].mean() > first.raw[~inauthentic & ~trained].mean() + 1.0


def test_labels_of_accounts_not_trained_on_change_nothing() -> None:
    trained = np.isin(role_of(frame()), ("fit", "tune"))
    turned = frame().with_columns(is_inauthentic=pl.col("is_inauthentic") ^ ~pl.Series(trained))
    scores = [light_fit(each, list(FEATURES.values()), CLASSIFIER)(trained).raw for each in (frame(), turned)]
    assert np.array_equal(*scores)


# --- batches ----------------------------------------------------------------------------------------------------------


def batch(
    name: str, rows: list[tuple[bool, float | None, str]], scheme: str | None = "bought_comments"
) -> pl.DataFrame:
    return pl.DataFrame(
        [(name, label, scheme if label else None, probability, verdict) for label, probability, verdict in rows],
        schema={
            "batch": pl.String,
            "is_inauthentic": pl.Boolean,
            "scheme": LABELS.schema["scheme"],
            "probability": pl.Float64,
            "verdict": pl.String,
        },
        orient="row",
    )


GOOD = [(True, 0.9, "reject"), (False, 0.1, "pass"), (False, 0.2, "pass"), (False, None, "insufficient_data")]
POOR = [(True, 0.3, "pass"), (True, 0.8, "review"), (False, 0.5, "review"), (False, 0.1, "pass")]


def test_no_batch_has_no_row() -> None:
    assert by_batch(batch("none", [])) == []


def test_batches_of_one_size_stand_in_one_row() -> None:
    rows = by_batch(pl.concat([batch("one", GOOD), batch("two", POOR), batch("three", GOOD[:2])]))
    assert [(row["batch_accounts"], row["batches"]) for row in rows] == [(2, 1), (4, 2)]
    large = rows[1]
    # AUCs: 1 in the first; in the second .8 beats both genuine accounts and .3 one of two.
    assert (large["auc"], large["auc_lowest"], large["auc_highest"]) == ((1.0 + 0.75) / 2, 0.75, 1.0)
    assert (large["recall_accounts"], large["recall_rejected"], large["recall_flagged"]) == (3, 1 / 3, 2 / 3)
    assert (large["genuine_accounts"], large["genuine_rejected"], large["genuine_flagged"]) == (5, 0.0, 1 / 5)
    assert (large["recall_flagged_lower"], large["recall_flagged_upper"]) == clopper_pearson(2, 3)
    json.dumps(rows, allow_nan=False)


def test_small_doses_count_for_the_size_of_a_batch_and_for_nothing_else() -> None:
    low = batch("one", [(False, 0.9, "reject")]).with_columns(scheme=pl.lit("bought_comments"))
    (row,) = by_batch(pl.concat([batch("one", GOOD), low]))
    assert (row["batch_accounts"], row["genuine_accounts"], row["genuine_rejected"]) == (5, 3, 0.0)


def test_a_batch_of_one_class_has_no_auc() -> None:
    (row,) = by_batch(batch("one", GOOD[1:]))
    assert (row["auc"], row["recall_flagged"], row["genuine_flagged"]) == (None, None, 0.0)


# --- learning curve ---------------------------------------------------------------------------------------------------


def curve_of(fit: Recorded, **changes: Any) -> list[dict[str, Any]]:
    arguments: dict[str, Any] = {
        "cohort_counts": (1, 3, 5, 99),
        "account_shares": (0.5, 1.0),
        "repeats": 2,
        "seed": 1,
        "report": silent,
    }
    return learning_curve(frame(), fit, SETTINGS, **(arguments | changes))


def test_nothing_asked_is_no_curve() -> None:
    assert curve_of(recorded(frame()), cohort_counts=(), account_shares=()) == []


def test_draws_have_the_cohorts_and_accounts_that_they_say() -> None:
    fit = recorded(frame())
    rows = curve_of(fit)
    # Five cohorts train: .5 + .125 of eight. 99 are more than there are.
    assert [(row["curve"], row["cohorts"], row["fits"]) for row in rows] == [
        ("whole_cohorts", 1, 2),
        ("whole_cohorts", 3, 2),
        ("whole_cohorts", 5, 1),
        ("cohorts_at_equal_accounts", 1, 2),
        ("cohorts_at_equal_accounts", 3, 2),
        ("cohorts_at_equal_accounts", 5, 2),
        ("accounts_of_all_cohorts", 5, 2),
        ("accounts_of_all_cohorts", 5, 1),
    ]
    drawn = iter(fit.trained)
    cohorts = frame()["cohort"].to_numpy()
    for row in rows:
        masks = [next(drawn) for _ in range(row["fits"])]
        assert np.mean([mask.sum() for mask in masks]) == row["accounts"]
        assert max(len(set(cohorts[mask])) for mask in masks) == row["cohorts"]
    equal = {row["accounts"] for row in rows if row["curve"] == "cohorts_at_equal_accounts"}
    assert len(equal) == 1
    assert rows[6]["accounts"] == round(rows[7]["accounts"] / 2)


def test_the_same_scores_are_worth_the_same_whoever_trained() -> None:
    rows = curve_of(recorded(frame()))
    assert len({row["auc"] for row in rows}) == 1
    assert rows[0]["auc"] == rows[0]["auc_lowest"] == rows[0]["auc_highest"]
    json.dumps(rows, allow_nan=False)


def test_a_draw_of_one_class_is_left_out() -> None:
    rows = curve_of(recorded(frame()), cohort_counts=(), account_shares=(0.001, 1.0))
    assert [row["fits"] for row in rows] == [1]


def test_kinds_apart_are_the_whole() -> None:
    fits = (recorded(frame()) for _ in range(3))
    whole = leave_one_out(frame(), next(fits), SETTINGS, **BOOTSTRAP)
    parts = [leave_one_out(frame(), next(fits), SETTINGS, kinds=(kind,), **BOOTSTRAP) for kind in KINDS]
    assert all(parts)
    assert parts[0] + parts[1] == whole
