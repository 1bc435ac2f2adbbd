"""The rule by which a candidate becomes champion, and whose verdict flips."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from models.promotion import (
    CANDIDATE,
    CHAMPION,
    DECISION_METRIC,
    PARTIAL_AREA,
    SHARES,
    Limits,
    decide,
    flips,
    side_by_side,
    transitions,
)

ARMS = (CANDIDATE, CHAMPION)
LIMITS = Limits(genuine_rejected=0.01, story_rejected=0.02, calibration_error=0.05, more_without_verdict=0.01)
SETTINGS: dict[str, Any] = {"replicates": 60, "confidence": 0.9, "seed": 3}


def scored(candidate: float = 2.0, champion: float = 1.0, cohorts: int = 12, accounts: int = 60) -> pl.DataFrame:
    """Accounts whose log-odds are their label times an arm's sharpness, plus noise of one that both arms share."""
    generator = np.random.default_rng(11)
    count = cohorts * accounts
    bought = generator.random(count) < 0.3
    noise = generator.normal(size=count)
    columns: dict[str, Any] = {
        "account_id": [f"account-{index:05d}" for index in range(count)],
        "cohort": [f"cohort-{index // accounts}" for index in range(count)],
        "is_inauthentic": bought,
        "scheme": ["bought_followers" if each else None for each in bought],
        "benign_story": [None if each or index % 2 else "viral" for index, each in enumerate(bought)],
    }
    for arm, sharpness in ((CANDIDATE, candidate), (CHAMPION, champion)):
        probability = 1.0 / (1.0 + np.exp(-(sharpness * (2.0 * bought - 1.0) + noise)))
        columns[f"probability_{arm}"] = probability
        columns[f"prevalence_{arm}"] = 0.2
        columns[f"verdict_{arm}"] = np.select([probability > 0.95, probability > 0.5], ["reject", "review"], "pass")
    return pl.DataFrame(columns)


def compared(difference: tuple[float | None, float | None, float | None], **shares: float | None) -> dict[str, Any]:
    """What `side_by_side` gives, with the decision's difference and the candidate's figures as told."""
    value, lower, upper = difference
    candidate = {name: {"value": shares.get(name, 0.0)} for name in SHARES}
    error = {"expected_calibration_error": {"value": shares.get("calibration_error", 0.01)}}
    return {
        "metrics": {
            "models": {CANDIDATE: error, CHAMPION: error},
            "differences": {CHAMPION: {DECISION_METRIC: {"value": value, "lower": lower, "upper": upper}}},
        },
        "shares": {
            "models": {CANDIDATE: candidate, CHAMPION: {name: {"value": 0.0} for name in SHARES}},
            "differences": {CHAMPION: {"without_verdict": {"value": shares.get("more_without_verdict", 0.0)}}},
        },
    }


# --- side by side -----------------------------------------------------------------------------------------------------


def test_no_account_gives_no_figure_and_no_promotion() -> None:
    found = side_by_side(scored().clear(), ARMS, **SETTINGS)
    assert all(entry["value"] is None for entry in found["shares"]["models"][CANDIDATE].values())
    assert not decide(found, LIMITS, 0.9).is_promoted


def test_a_sharper_candidate_is_promoted_and_a_blunter_one_is_not() -> None:
    generous = Limits(1.0, 1.0, 1.0, 1.0)
    assert decide(side_by_side(scored(2.0, 1.0), ARMS, **SETTINGS), generous, 0.9).is_promoted
    assert not decide(side_by_side(scored(1.0, 2.0), ARMS, **SETTINGS), generous, 0.9).is_promoted


def test_the_champion_against_itself_differs_by_exactly_nothing_and_is_kept() -> None:
    found = side_by_side(scored(1.0, 1.0), ARMS, **SETTINGS)
    differences = [
        *found["metrics"]["differences"][CHAMPION].values(),
        *found["shares"]["differences"][CHAMPION].values(),
    ]
    assert {entry[bound] for entry in differences for bound in ("value", "upper")} == {0.0}
    assert not decide(found, Limits(1.0, 1.0, 1.0, 1.0), 0.9).is_promoted


def test_shares_are_counted_over_all_accounts_but_small_doses() -> None:
    verdicts = ["reject", "pass", "review", "insufficient_data", "reject", "reject"]
    frame = pl.DataFrame(
        {
            "account_id": list("abcdef"),
            "cohort": ["1", "1", "2", "2", "2", "2"],
            "is_inauthentic": [True, True, False, False, False, False],
            "scheme": ["bought_followers", "engagement_pod", None, None, None, "bought_comments"],
            "benign_story": [None, None, "viral", None, "viral", None],
        }
    ).with_columns(
        *(
            pl.Series(f"{name}_{arm}", values)
            for arm in ARMS
            for name, values in (("verdict", verdicts), ("probability", [0.9, 0.1, 0.5, None, 0.9, 0.9]))
        ),
        *(pl.lit(0.2).alias(f"prevalence_{arm}") for arm in ARMS),
    )
    shares = side_by_side(frame, ARMS, **SETTINGS)["shares"]["models"][CANDIDATE]
    assert {name: entry["value"] for name, entry in shares.items()} == {
        "genuine_rejected": 1 / 3,  # e of c, d, e
        "story_rejected": 1 / 2,  # e of c, e
        "genuine_passed": 0 / 3,
        "inauthentic_rejected": 1 / 2,  # a of a, b
        "inauthentic_flagged": 1 / 2,
        "rejects_right": 1 / 2,  # a of a, e; f took too small a dose
        "without_verdict": 1 / 5,  # d
    }


def test_the_partial_area_is_the_mean_recall_up_to_five_percent_and_agrees_with_sklearn() -> None:
    frame = scored()
    found = side_by_side(frame, ARMS, **SETTINGS)["metrics"]
    limit = 0.05
    expected = {}
    for arm in ARMS:
        standard = roc_auc_score(frame["is_inauthentic"], frame[f"probability_{arm}"], max_fpr=limit)
        lowest = limit**2 / 2  # McClish: 0.5 * (1 + (area - lowest) / (limit - lowest))
        expected[arm] = ((2 * standard - 1) * (limit - lowest) + lowest) / limit
        assert found["models"][arm][PARTIAL_AREA]["value"] == pytest.approx(expected[arm])
    difference = found["differences"][CHAMPION][PARTIAL_AREA]
    assert difference["value"] == pytest.approx(expected[CANDIDATE] - expected[CHAMPION])
    assert difference["lower"] < difference["value"] < difference["upper"]


def test_probabilities_stated_at_another_prevalence_change_no_metric() -> None:
    frame = scored()
    odds = pl.col(f"probability_{CANDIDATE}") / (1 - pl.col(f"probability_{CANDIDATE}"))
    shifted = odds / (0.2 / 0.8)  # logit 0.5 - logit 0.2, since odds of one are 0 in log-odds
    restated = frame.with_columns(
        (shifted / (1 + shifted)).alias(f"probability_{CANDIDATE}"), pl.lit(0.5).alias(f"prevalence_{CANDIDATE}")
    )
    first, second = (
        side_by_side(each, ARMS, **SETTINGS)["metrics"]["models"][CANDIDATE]["expected_calibration_error"]["value"]
        for each in (frame, restated)
    )
    assert second == pytest.approx(first, abs=1e-9)


def test_accounts_that_one_arm_does_not_judge_are_in_no_ranking_metric() -> None:
    frame = scored().with_columns(
        pl.when(pl.col("account_id") < "account-00100")
        .then(None)
        .otherwise(f"probability_{CHAMPION}")
        .alias(f"probability_{CHAMPION}")
    )
    assert side_by_side(frame, ARMS, **SETTINGS)["metrics"]["accounts"] == 12 * 60 - 100


# --- the rule ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("difference", "shares", "is_promoted", "reason"),
    [
        pytest.param((None, None, None), {}, False, "cannot be told", id="no class to measure"),
        pytest.param((0.02, 0.001, 0.04), {}, True, "is better beyond its interval", id="better beyond"),
        pytest.param((0.02, 0.0, 0.04), {}, False, "is not better beyond its interval", id="touches zero"),
        pytest.param((0.02, -0.01, 0.04), {}, False, "is not better beyond its interval", id="within"),
        pytest.param(
            (0.2, 0.1, 0.3),
            {"genuine_rejected": 0.011},
            False,
            "genuine accounts rejected 0.0110, at most 0.01",
            id="honest",
        ),
        pytest.param((0.2, 0.1, 0.3), {"story_rejected": 0.03}, False, "story rejected 0.0300", id="stories"),
        pytest.param((0.2, 0.1, 0.3), {"story_rejected": None}, False, "story rejected not defined", id="no story"),
        pytest.param((0.2, 0.1, 0.3), {"calibration_error": 0.06}, False, "calibration error 0.0600", id="calibration"),
        pytest.param(
            (0.2, 0.1, 0.3), {"more_without_verdict": 0.02}, False, "without a verdict 0.0200", id="judges fewer"
        ),
        pytest.param((0.2, 0.1, 0.3), {"genuine_rejected": 0.01}, True, "every limit holds", id="at the limit"),
    ],
)
def test_the_decision_and_its_reason(
    difference: tuple[float | None, float | None, float | None],
    shares: dict[str, float | None],
    is_promoted: bool,  # noqa: FBT001 - a case's expectation
    reason: str,
) -> None:
    decision = decide(compared(difference, **shares), LIMITS, 0.9)
    assert decision.is_promoted == is_promoted
    assert reason in "; ".join(decision.reasons)


# --- flips ------------------------------------------------------------------------------------------------------------


def _flipping() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "account_id": ["kept", "small", "far", "near", "silent"],
            "is_inauthentic": [False, False, False, True, False],
            "scheme": [None, "engagement_pod", None, "engagement_pod", None],
            "verdict_a": ["pass", "pass", "pass", "review", "insufficient_data"],
            "verdict_b": ["pass", "review", "reject", "pass", "pass"],
            "probability_a": [0.1, 0.2, 0.1, 0.3, None],
            "probability_b": [0.1, 0.4, 0.99, 0.2, 0.1],
        }
    )


def test_equal_verdicts_flip_nobody() -> None:
    frame = _flipping().head(1)
    assert transitions(frame, ("a", "b")) == []
    assert flips(frame, ("a", "b")).is_empty()


def test_transitions_are_counted_by_class() -> None:
    found = {(row["class"], row["from"], row["to"]): row["share"] for row in transitions(_flipping(), ("a", "b"))}
    assert found == {
        ("genuine", "insufficient_data", "pass"): 1 / 3,  # silent of kept, far, silent
        ("genuine", "pass", "reject"): 1 / 3,
        ("inauthentic", "review", "pass"): 1 / 1,
        ("small dose", "pass", "review"): 1 / 1,
    }


def test_the_furthest_flip_comes_first_and_one_without_a_probability_last() -> None:
    assert flips(_flipping(), ("a", "b"))["account_id"].to_list() == ["far", "small", "near", "silent"]
