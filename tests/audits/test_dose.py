"""Dose-response: where the curve passes one half, and what is said where it does not."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from audits.dose import dose_response

SETTINGS: dict[str, Any] = {"replicates": 30, "confidence": 0.9, "seed": 3}
DOSES = np.geomspace(0.03, 0.9, 400)


def scored(
    doses: np.ndarray, verdicts: list[str], scheme: str = "engagement_pod", column: str = "engagement"
) -> pl.DataFrame:
    """Scored accounts of one scheme in four cohorts, one dose each."""
    other = "follower" if column == "engagement" else "engagement"
    return pl.DataFrame(
        {
            "scheme": [scheme] * len(doses),
            f"inauthentic_{column}_share": doses,
            f"inauthentic_{other}_share": [0.0] * len(doses),
            "verdict": verdicts,
            "cohort": [f"cohort-{index % 4}" for index in range(len(doses))],
        }
    )


def half_dose(found: dict[str, Any], scheme: str = "engagement_pod", decision: str = "flagged") -> dict[str, Any]:
    (row,) = [row for row in found["half_doses"] if (row["scheme"], row["decision"]) == (scheme, decision)]
    return row


def seen_as(probability: np.ndarray) -> list[str]:
    """Reviewed with the given probability each, else passed."""
    drawn = np.random.default_rng(0).random(len(probability)) < probability
    return ["review" if each else "pass" for each in drawn]


def test_nobody_says_nothing() -> None:
    empty = scored(np.array([]), []).cast({"scheme": pl.String, "verdict": pl.String, "cohort": pl.String})
    found = dose_response(empty, **SETTINGS)
    assert found["curves"] == []
    assert half_dose(found)["half_dose"] is None
    assert half_dose(found)["in_words"] == "too few accounts (0) to tell"


def test_the_half_dose_of_a_known_curve() -> None:
    verdicts = seen_as(expit(3.0 * np.log(DOSES / 0.25)))
    found = dose_response(scored(DOSES, verdicts), **SETTINGS)
    row = half_dose(found)
    assert row["half_dose"] == pytest.approx(0.25, rel=0.15)
    assert row["lower"] < row["half_dose"] < row["upper"]
    assert row["share_reached"] == 1.0
    expected = f"{row['half_dose']:.0%} ({row['lower']:.0%} to {row['upper']:.0%})"
    assert row["in_words"] == f"under half below a dose of {expected}"
    assert half_dose(found, "any") == row | {"scheme": "any"}


def test_a_curve_never_falls_and_spans_the_doses() -> None:
    found = dose_response(scored(DOSES, seen_as(0.8 - 0.5 * DOSES)), **SETTINGS)
    curve = [row for row in found["curves"] if (row["scheme"], row["decision"]) == ("engagement_pod", "flagged")]
    assert (curve[0]["dose"], curve[-1]["dose"]) == pytest.approx((0.03, 0.9))
    assert (np.diff([row["recall"] for row in curve]) >= 0.0).all()


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        pytest.param(["pass"] * 400, "under half at every dose up to 90%", id="nobody is seen"),
        pytest.param(["insufficient_data"] * 400, "under half at every dose up to 90%", id="nobody can be judged"),
        pytest.param(["review"] * 400, "at least half at every dose from 3%", id="everybody is seen"),
    ],
)
def test_half_is_never_passed(verdicts: list[str], expected: str) -> None:
    row = half_dose(dose_response(scored(DOSES, verdicts), **SETTINGS))
    assert (row["half_dose"], row["lower"], row["share_reached"]) == (None, None, 0.0)
    assert row["in_words"] == expected


def test_a_review_is_no_rejection() -> None:
    verdicts = ["review"] * 200 + ["reject"] * 200
    found = dose_response(scored(DOSES, verdicts), **SETTINGS)
    assert half_dose(found)["in_words"] == "at least half at every dose from 3%"
    assert half_dose(found, decision="rejected")["half_dose"] == pytest.approx(DOSES[200], rel=0.02)


def test_bins_count_what_the_table_counts() -> None:
    found = dose_response(scored(np.array([0.05, 0.07, 0.15]), ["pass", "reject", "reject"]), **SETTINGS)
    rows = [row for row in found["bins"] if row["scheme"] == "engagement_pod"]
    assert [(row["accounts"], row["reject_share"]) for row in rows[:3]] == [(2, 1 / 2), (1, 1.0), (0, None)]


def test_mixes_count_under_any_alone_and_doses_under_3_percent_nowhere() -> None:
    both = pl.concat(
        [
            scored(np.full(40, 0.4), ["reject"] * 40, "bought_followers", "follower"),
            scored(np.full(7, 0.4), ["reject"] * 7, "bought_followers+engagement_pod").select(
                "scheme", "inauthentic_follower_share", "inauthentic_engagement_share", "verdict", "cohort"
            ),
            scored(np.full(5, 0.02), ["pass"] * 5, "bought_followers", "follower"),
        ],
        how="diagonal",
    )
    found = dose_response(both, **SETTINGS)
    assert half_dose(found, "any")["accounts"] == 47
    assert half_dose(found, "bought_followers")["accounts"] == 40
    assert half_dose(found, "engagement_pod")["accounts"] == 0


def test_genuine_accounts_take_no_part() -> None:
    genuine = scored(DOSES, ["reject"] * 400).with_columns(scheme=pl.lit(None, pl.String))
    assert half_dose(dose_response(genuine, **SETTINGS), "any")["accounts"] == 0


def test_results_are_plain_and_repeat() -> None:
    frame = scored(DOSES, seen_as(DOSES))
    texts = [json.dumps(dose_response(frame, **SETTINGS), allow_nan=False) for _ in range(2)]
    assert texts[0] == texts[1]
