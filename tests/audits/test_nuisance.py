"""Nuisance: what the covariates are, that they see nothing else, and that a planted leak is found."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from audits.nuisance import nuisance_auc, nuisance_columns
from features.tables import CONTRACTS, Tables
from simulation.cohort import simulate_cohort
from tests.audits.tables import DAY, NOON, comments, curve, nothing, posts, tables
from tests.priors import PRIORS


def one(**parts: Any) -> dict[str, Any]:
    """The covariates of the only account."""
    (row,) = nuisance_columns(tables(**parts)).to_dicts()
    return row


# --- covariates -------------------------------------------------------------------------------------------------------


def test_no_account_has_the_same_columns_as_some() -> None:
    empty = nuisance_columns(nothing())
    assert empty.height == 0
    assert empty.columns == nuisance_columns(tables()).columns


def test_an_account_with_nothing_observed_has_no_rows_and_no_rhythm() -> None:
    found = one()
    assert (found["reading_rows"], found["post_rows"], found["comment_rows"]) == (0, 0, 0)
    assert found["history_days"] is None
    assert found["accounts_handle_null_share"] == 1.0
    assert found["accounts_following_count_null_share"] == 0.0


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param({"followers_daily": curve([9] * 4, every=7)}, {"history_days": 3 * 7 + 1}, id="length"),
        pytest.param({"followers_daily": curve([9] * 4, every=7)}, {"reading_spacing_median_days": 7.0}, id="rhythm"),
        pytest.param({"followers_daily": curve([9] * 4, every=7)}, {"reading_spacing_variation": 0.0}, id="even"),
        pytest.param({"posts": posts([1, None, 3, None])}, {"post_rows": 4, "post_span_days": 3.0}, id="posts"),
        pytest.param({"posts": posts([1, None, 3, None])}, {"posts_like_count_null_share": 2 / 4}, id="missing cells"),
        pytest.param({"comments": comments(["a", "b"])}, {"comment_rows": 2, "commenter_id_length": 2}, id="comments"),
        pytest.param(
            {"accounts": [{"observed_at": NOON, "created_on": DAY - timedelta(days=30)}]},
            {"observed_hour": 12.0, "observed_weekday": 1, "observed_hours_before_newest": 0.0, "age_days": 30},
            id="instants: 2024-01-01 was a Monday",
        ),
        pytest.param({"accounts": [{"handle": "anna_99"}]}, {"handle_length": 7, "handle_digits": 2}, id="handle"),
        pytest.param({"accounts": [{"account_id": "10"}]}, {"account_id_first": 36}, id="an id is a number in base 36"),
        pytest.param({"accounts": [{"follower_count": 999}]}, {"size_tier": 0}, id="the smallest tier"),
        pytest.param({"accounts": [{"follower_count": 500_000}]}, {"size_tier": 5}, id="the largest tier"),
    ],
)
def test_covariates(parts: dict[str, Any], expected: dict[str, Any]) -> None:
    found = one(**parts)
    assert {name: found[name] for name in expected} == expected


def test_nothing_that_can_be_bought_is_seen() -> None:
    def seen(factor: int, text: str) -> pl.DataFrame:
        return nuisance_columns(
            tables(
                accounts=[{"follower_count": 11_000 * factor, "following_count": 100 * factor}],
                followers_daily=curve([100 * factor + day for day in range(5)]),
                posts=posts([factor] * 3, comment_count=[factor] * 3, view_count=[9 * factor] * 3),
                comments=comments([text] * 3, like_count=[factor] * 3),
            )
        )

    assert seen(1, "so nice").equals(seen(3, "🔥🔥"))


def test_simulated_accounts_have_all_covariates() -> None:
    cohort = simulate_cohort(3, 40, PRIORS)
    found = nuisance_columns(Tables(*(cohort[name] for name in CONTRACTS if name != "labels")))
    assert found["account_id"].to_list() == cohort["accounts"]["account_id"].to_list()
    numbers = found.select(pl.selectors.float())
    assert numbers.select(pl.all().is_infinite().any() | pl.all().is_nan().any()).row(0) == (False,) * numbers.width


# --- their AUC --------------------------------------------------------------------------------------------------------

SETTINGS = {"seed": 3, "replicates": 50, "confidence": 0.95}


def covariates(accounts: int, seed: int = 0) -> pl.DataFrame:
    generator = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "account_id": [f"{index:05d}" for index in range(accounts)],
            "platform": generator.choice(["instagram", "youtube", None], accounts).tolist(),
            "post_rows": generator.integers(1, 50, accounts),
            "comment_rows": generator.integers(1, 50, accounts),
        }
    )


def cohorts_of(accounts: int) -> list[str]:
    return [f"cohort-{index % 12}" for index in range(accounts)]


def test_covariates_without_a_leak_are_chance() -> None:
    # Cohorts differ in prevalence, which must not push the pooled AUC to either side.
    generator = np.random.default_rng(1)
    labels = generator.random(2400) < np.arange(2400) % 12 / 14
    found = nuisance_auc(covariates(2400), labels, cohorts_of(2400), **SETTINGS)
    assert found["auc"] == pytest.approx(0.5, abs=0.03)
    assert found["lower"] < found["auc"] < found["upper"]
    assert (found["accounts"], found["cohorts"]) == (2400, 12)


def test_a_leak_is_found_and_named() -> None:
    labels = np.random.default_rng(1).random(2400) < 0.3
    leaking = covariates(2400).with_columns(comment_rows=pl.col("comment_rows") + 15 * pl.Series(labels).cast(pl.Int64))
    found = nuisance_auc(leaking, labels, cohorts_of(2400), **SETTINGS)
    assert found["lower"] > 0.55
    first, *others = found["importance"]
    assert first["covariate"] == "comment_rows"
    assert first["auc_lost"] > 0.1 > others[0]["auc_lost"]
    assert sum(row["gain_share"] for row in found["importance"]) == pytest.approx(1.0)


def test_the_same_covariates_give_the_same_result() -> None:
    labels = np.random.default_rng(2).random(600) < 0.3
    texts = [
        json.dumps(nuisance_auc(covariates(600), labels, cohorts_of(600), **SETTINGS), allow_nan=False)
        for _ in range(2)
    ]
    assert texts[0] == texts[1]


def test_one_class_cannot_be_audited() -> None:
    with pytest.raises(ValueError, match="hold only one class"):
        nuisance_auc(covariates(60), np.zeros(60, dtype=bool), cohorts_of(60), **SETTINGS)
