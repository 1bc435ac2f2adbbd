"""Evaluation: metrics against worked examples and scikit-learn, intervals, paired differences, tables."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from models.evaluation import (
    METRICS,
    SIZE_NAMES,
    Metrics,
    auc,
    average_precision,
    brier,
    clopper_pearson,
    confusion,
    dose_table,
    evaluate_models,
    expected_calibration_error,
    headline_rows,
    metrics,
    precision_recall_points,
    recall_at_fpr,
    reliability_bins,
    roc_points,
    scheme_table,
    segment_table,
    size_tier,
    story_table,
)

NOTHING = np.array([])


def arrays(*pairs: tuple[int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities from (label, probability) pairs."""
    return np.array([label for label, _ in pairs], dtype=bool), np.array([each for _, each in pairs], dtype=float)


# --- metrics ----------------------------------------------------------------------------------------------------------


def test_nothing_has_no_metric() -> None:
    assert metrics(NOTHING.astype(bool), NOTHING) == Metrics(None, None, None, None, None, None)
    assert recall_at_fpr(NOTHING.astype(bool), NOTHING, 0.05) is None


@pytest.mark.parametrize("label", [False, True])
def test_one_class_has_calibration_and_no_ranking(label: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    found = metrics(np.full(4, label), np.full(4, 0.25))
    error = abs(label - 0.25)
    assert found == Metrics(None, None, None, None, pytest.approx(error**2), pytest.approx(error))
    assert recall_at_fpr(np.full(4, label), np.full(4, 0.25), 0.05) is None


def test_auc_counts_ties_half() -> None:
    labels, probability = arrays((0, 0.1), (0, 0.5), (1, 0.5), (1, 0.9))
    # Pairs: .5 > .1, .5 = .5, .9 > .1, .9 > .5.
    assert auc(labels, probability) == (1 + 0.5 + 1 + 1) / 4


def test_average_precision_takes_ties_together() -> None:
    labels, probability = arrays((0, 0.1), (0, 0.5), (1, 0.5), (1, 0.9))
    assert average_precision(labels, probability) == pytest.approx(0.5 * 1 / 1 + 0.5 * 2 / 3)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        pytest.param(0.05, 2 / 4, id="one of twenty genuine accounts may be flagged, at .90"),
        pytest.param(0.049, 1 / 4, id="none may: only what lies above every genuine account"),
        pytest.param(0.10, 2 / 4, id="the tie at .80 holds two genuine accounts, so it is not flagged"),
        pytest.param(0.15, 3 / 4, id="three may: the tie at .80 as a whole"),
        pytest.param(1.00, 4 / 4, id="all may"),
    ],
)
def test_recall_at_a_share_of_false_positives(share: float, expected: float) -> None:
    genuine = [(0, 0.9), (0, 0.8), (0, 0.8), *[(0, 0.2)] * 17]
    labels, probability = arrays(*genuine, (1, 0.95), (1, 0.9), (1, 0.8), (1, 0.1))
    assert recall_at_fpr(labels, probability, share) == expected


def test_brier() -> None:
    labels, probability = arrays((1, 0.8), (0, 0.4), (0, 0.0))
    assert brier(labels, probability) == pytest.approx((0.2**2 + 0.4**2 + 0.0**2) / 3)


def test_calibration_error() -> None:
    # Two ties of 50: stated .2 with 20 of 50 inauthentic, stated .6 with 30 of 50.
    labels = np.array([True] * 20 + [False] * 30 + [True] * 30 + [False] * 20)
    probability = np.array([0.2] * 50 + [0.6] * 50)
    assert expected_calibration_error(labels, probability) == pytest.approx(0.5 * abs(0.4 - 0.2) + 0.5 * 0.0)


@pytest.mark.parametrize(
    ("labels", "probability", "message"),
    [
        pytest.param([True, False], [0.5], "must be of one length", id="lengths"),
        pytest.param([True, False], [0.5, 1.5], "must lie in 0 to 1", id="above one"),
        pytest.param([True, False], [0.5, math.nan], "given for every account", id="missing"),
    ],
)
def test_what_is_no_probability_is_refused(labels: list[bool], probability: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        metrics(np.array(labels), np.array(probability))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=60))
def test_metrics_agree_with_scikit_learn(rows: list[tuple[bool, int]]) -> None:
    labels, probability = arrays(*((label, score / 12) for label, score in rows))
    found = metrics(labels, probability)
    assert found.brier == pytest.approx(brier_score_loss(labels, probability))
    if labels.all() or not labels.any():
        assert found.auc is None
        return
    assert found.auc == pytest.approx(roc_auc_score(labels, probability))
    assert found.average_precision == pytest.approx(average_precision_score(labels, probability))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12)), min_size=2, max_size=60), st.randoms())
def test_row_order_does_not_matter(rows: list[tuple[bool, int]], random: Any) -> None:
    shuffled = rows.copy()
    random.shuffle(shuffled)
    first, second = (metrics(*arrays(*((label, score / 12) for label, score in each))) for each in (rows, shuffled))
    assert first == second


# --- intervals --------------------------------------------------------------------------------------------------------


def sample(size: int, signal: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = generator.random(size) < 0.3
    return labels, 1 / (1 + np.exp(1 - signal * labels - generator.normal(size=size)))


def evaluate(labels: np.ndarray, predictions: dict[str, np.ndarray], cohorts: np.ndarray, **options: Any) -> Any:
    return evaluate_models(
        labels, predictions, cohorts, **({"replicates": 200, "confidence": 0.95, "seed": 5} | options)
    )


def test_evaluation_of_nothing_has_only_nones() -> None:
    found = evaluate(NOTHING.astype(bool), {"main": NOTHING, "other": NOTHING}, NOTHING)
    empty = {name: {"value": None, "lower": None, "upper": None} for name in METRICS}
    assert found["accounts"] == found["inauthentic"] == found["cohorts"] == 0
    assert found["models"] == {"main": empty, "other": empty}
    assert found["differences"] == {"other": empty}


def test_values_lie_within_their_intervals_and_the_same_seed_repeats_them() -> None:
    labels, probability = sample(600, 2.0, seed=1)
    cohorts = np.arange(600) // 10
    found = evaluate(labels, {"main": probability}, cohorts)
    for name in METRICS[:5]:
        entry = found["models"]["main"][name]
        assert entry["lower"] < entry["value"] < entry["upper"], name
    assert found["interval"] == "bootstrap over cohorts"
    assert (found["accounts"], found["cohorts"], found["left_out"]) == (600, 60, 0)
    assert found == evaluate(labels, {"main": probability}, cohorts)
    assert found != evaluate(labels, {"main": probability}, cohorts, seed=6)
    assert json.loads(json.dumps(found)) == found


def test_interval_matches_theory_where_accounts_are_independent() -> None:
    labels, probability = sample(2_000, 1.0, seed=2)
    entry = evaluate(labels, {"main": probability}, np.arange(2_000), replicates=400)["models"]["main"]["brier"]
    error = np.std((probability - labels) ** 2) / math.sqrt(2_000)
    assert entry["upper"] - entry["lower"] == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_accounts_that_share_a_cohort_widen_the_interval() -> None:
    labels, probability = sample(40, 1.0, seed=3)
    labels, probability = np.repeat(labels, 25), np.repeat(probability, 25)
    together = evaluate(labels, {"main": probability}, np.repeat(np.arange(40), 25))
    apart = evaluate(labels, {"main": probability}, np.arange(1_000))
    width = [
        each["models"]["main"]["auc"]["upper"] - each["models"]["main"]["auc"]["lower"] for each in (together, apart)
    ]
    assert width[0] > 3 * width[1]


@pytest.mark.parametrize(
    ("cohorts", "interval"),
    [
        pytest.param(np.zeros(100), "bootstrap over accounts", id="one cohort cannot be resampled"),
        pytest.param(np.arange(100), "bootstrap over accounts", id="every account its own"),
        pytest.param(np.arange(100) % 2, "bootstrap over cohorts", id="two"),
    ],
)
def test_the_result_says_what_was_drawn(cohorts: np.ndarray, interval: str) -> None:
    labels, probability = sample(100, 1.0, seed=4)
    assert evaluate(labels, {"main": probability}, cohorts)["interval"] == interval


def test_differences_are_paired() -> None:
    labels, probability = sample(500, 1.5, seed=5)
    found = evaluate(labels, {"main": probability, "same": probability, "coin": np.full(500, 0.3)}, np.arange(500) // 5)
    assert found["differences"]["same"]["auc"] == {"value": 0.0, "lower": 0.0, "upper": 0.0}
    over_coin = found["differences"]["coin"]["auc"]
    assert over_coin["value"] == pytest.approx(found["models"]["main"]["auc"]["value"] - 0.5)
    assert over_coin["lower"] > 0
    assert set(found["differences"]) == {"same", "coin"}


def test_an_account_that_one_model_cannot_score_is_left_out_for_all() -> None:
    labels, probability = sample(100, 1.5, seed=6)
    gap = probability.copy()
    gap[:7] = np.nan
    found = evaluate(labels, {"main": gap, "other": probability}, np.arange(100))
    without = evaluate(labels[7:], {"main": probability[7:], "other": probability[7:]}, np.arange(93))
    assert (found["accounts"], found["left_out"]) == (93, 7)
    assert found["models"]["other"] == without["models"]["other"]


def test_evaluation_refuses_what_it_cannot_compare() -> None:
    labels, probability = sample(10, 1.0, seed=7)
    with pytest.raises(ValueError, match="at least one model"):
        evaluate(labels, {}, np.arange(10))
    with pytest.raises(ValueError, match=r"cohorts \(9\) and labels \(10\)"):
        evaluate(labels, {"main": probability}, np.arange(9))


@pytest.mark.parametrize(
    ("count", "total", "expected"),
    [
        pytest.param(0, 0, (None, None), id="none at all"),
        pytest.param(0, 30, (0.0, 1 - 0.025 ** (1 / 30)), id="0 of 30: the upper end in closed form"),
        pytest.param(30, 30, (0.025 ** (1 / 30), 1.0), id="30 of 30"),
        pytest.param(5, 10, (0.1871, 0.8129), id="5 of 10, from Clopper and Pearson's tables"),
    ],
)
def test_clopper_pearson(count: int, total: int, expected: tuple[float | None, float | None]) -> None:
    assert clopper_pearson(count, total) == (pytest.approx(expected[0], abs=1e-4), pytest.approx(expected[1], abs=1e-4))


# --- curves -----------------------------------------------------------------------------------------------------------


def test_curve_points() -> None:
    labels, probability = arrays((0, 0.1), (0, 0.5), (1, 0.5), (1, 0.9))
    false_positives, found = roc_points(labels, probability)
    assert (false_positives.tolist(), found.tolist()) == ([0, 0, 0.5, 1], [0, 0.5, 1, 1])
    recall, precision = precision_recall_points(labels, probability)
    assert recall.tolist() == [0.5, 1, 1]
    assert precision.tolist() == pytest.approx([1 / 1, 2 / 3, 2 / 4])


@pytest.mark.parametrize("curve", [roc_points, precision_recall_points])
def test_a_curve_needs_both_classes(curve: Any) -> None:
    with pytest.raises(ValueError, match="one class is absent"):
        curve(np.array([True, True]), np.array([0.2, 0.3]))


def test_reliability_bins() -> None:
    assert reliability_bins(NOTHING.astype(bool), NOTHING) == []
    labels = np.array([True] * 20 + [False] * 30 + [True] * 30 + [False] * 20)
    probability = np.array([0.2] * 50 + [0.6] * 50)
    low, high = reliability_bins(labels, probability)
    assert (low["accounts"], low["mean_probability"], low["inauthentic_share"]) == (50, pytest.approx(0.2), 20 / 50)
    assert (low["lower"], low["upper"]) == clopper_pearson(20, 50)
    assert high["inauthentic_share"] == 30 / 50


# --- tables -----------------------------------------------------------------------------------------------------------

SCHEMA = {
    "account_id": pl.String,
    "is_inauthentic": pl.Boolean,
    "scheme": pl.String,
    "benign_story": pl.String,
    "inauthentic_follower_share": pl.Float64,
    "inauthentic_engagement_share": pl.Float64,
    "cohort": pl.String,
    "platform": pl.String,
    "language": pl.String,
    "follower_count": pl.Int64,
    "probability": pl.Float64,
    "verdict": pl.String,
}


def judged(*rows: dict[str, Any]) -> pl.DataFrame:
    """One account per dict; genuine, passed with probability .1 unless it says otherwise."""
    usual = {"is_inauthentic": False, "probability": 0.1, "verdict": "pass", "platform": "instagram"}
    return pl.DataFrame([usual | {"account_id": f"{index}"} | row for index, row in enumerate(rows)], schema=SCHEMA)


def bought(scheme: str | None, dose: float, verdict: str = "reject", **columns: Any) -> dict[str, Any]:
    label = {"is_inauthentic": dose >= 0.1, "scheme": scheme, "inauthentic_follower_share": dose}
    return label | {"verdict": verdict, "probability": 0.9} | columns


def test_headline_leaves_small_doses_out() -> None:
    frame = judged({}, bought("bought_followers", 0.05), bought("bought_followers", 0.2), bought(None, 0.2))
    assert headline_rows(frame)["account_id"].to_list() == ["0", "2", "3"]


def test_tables_of_nothing_are_empty() -> None:
    empty = judged()
    assert segment_table(empty, "platform") == story_table(empty) == scheme_table(empty) == []
    assert {row["reject_share"] for row in dose_table(empty)} == {None}


def test_segments() -> None:
    frame = judged(
        {"platform": "tiktok", "verdict": "reject", "probability": 0.8},
        {"platform": "tiktok", "verdict": "insufficient_data", "probability": None},
        {},
        {},
        bought("bought_followers", 0.4),
        {"platform": None},
    )
    instagram, tiktok, unknown = segment_table(frame, "platform")
    assert [instagram["segment"], tiktok["segment"], unknown["segment"]] == ["instagram", "tiktok", None]
    assert (instagram["accounts"], instagram["genuine_accounts"], instagram["inauthentic_accounts"]) == (3, 2, 1)
    assert (instagram["auc"], tiktok["auc"]) == (1.0, None)
    assert (instagram["genuine_pass_share"], instagram["inauthentic_reject_share"]) == (1.0, 1.0)
    assert (tiktok["genuine_reject_share"], tiktok["genuine_insufficient_data_share"]) == (1 / 2, 1 / 2)
    assert (tiktok["genuine_reject_lower"], tiktok["genuine_reject_upper"]) == clopper_pearson(1, 2)
    assert tiktok["inauthentic_reject_share"] is None


def test_size_tiers_start_at_their_lower_edge() -> None:
    counts = [None, 0, 999, 1_000, 9_999, 10_000, 50_000, 100_000, 499_999, 500_000]
    frame = pl.DataFrame({"follower_count": counts}, schema={"follower_count": pl.Int64})
    first, second, third, fourth, fifth, sixth = SIZE_NAMES
    expected = [None, first, first, second, second, third, fourth, fifth, fifth, sixth]
    assert frame.select(size_tier())["size_tier"].to_list() == expected


def test_stories_are_of_genuine_accounts_and_end_with_those_that_have_none() -> None:
    frame = judged(
        {"benign_story": "viral", "verdict": "reject"},
        {"benign_story": "viral", "verdict": "review"},
        {"benign_story": "giveaway"},
        {},
        bought("bought_followers", 0.4, benign_story="viral"),
        bought("bought_followers", 0.05),
    )
    giveaway, viral, ordinary = story_table(frame)
    assert [each["story"] for each in (giveaway, viral, ordinary)] == ["giveaway", "viral", None]
    assert [each["accounts"] for each in (giveaway, viral, ordinary)] == [1, 2, 1]
    assert (viral["reject_share"], viral["review_share"], ordinary["reject_share"]) == (1 / 2, 1 / 2, 0.0)


def test_a_mixed_account_counts_for_each_of_its_schemes() -> None:
    frame = judged(
        bought("bought_followers", 0.4),
        bought("bought_comments+bought_followers", 0.4, "review"),
        bought("bought_followers", 0.05, "pass"),
    )
    comments, followers = scheme_table(frame)
    assert (comments["scheme"], comments["accounts"], comments["mixed_accounts"]) == ("bought_comments", 1, 1)
    assert (followers["scheme"], followers["accounts"], followers["mixed_accounts"]) == ("bought_followers", 2, 1)
    assert (followers["reject_share"], followers["flagged_share"]) == (1 / 2, 2 / 2)


def test_doses() -> None:
    frame = judged(
        {},
        bought("bought_followers", 0.03, "pass"),
        bought("bought_followers", 0.1, "review"),
        bought("bought_followers", 0.05, "reject", inauthentic_engagement_share=1.0, is_inauthentic=True),
        bought("engagement_pod", 0.02),
    )
    rows = {(row["scheme"], row["dose_from"]): row for row in dose_table(frame)}
    assert {scheme for scheme, _ in rows} == {"any", "bought_followers", "engagement_pod"}
    counts = {dose: row["accounts"] for (scheme, dose), row in rows.items() if scheme == "any"}
    assert counts == {0.03: 1, 0.1: 1, 0.2: 0, 0.3: 0, 0.5: 0, 0.7: 1}
    assert (rows["any", 0.1]["reject_share"], rows["any", 0.1]["flagged_share"]) == (0.0, 1.0)
    assert (rows["any", 0.7]["dose_to"], rows["any", 0.7]["reject_share"]) == (1.0, 1.0)


def test_confusion_has_every_cell() -> None:
    found = confusion(["pass", "reject", "reject"], [False, False, True])
    assert found["genuine"] == {"pass": 1, "review": 0, "reject": 1, "insufficient_data": 0}
    assert found["inauthentic"] == {"pass": 0, "review": 0, "reject": 1, "insufficient_data": 0}
    with pytest.raises(ValueError, match="shorter"):
        confusion(["pass"], [False, True])


def test_the_interval_of_the_calibration_error_holds_its_value() -> None:
    # Resampling adds noise that this error counts as miscalibration: unmended, the value lies below its own interval.
    generator = np.random.default_rng(4)
    probability = generator.uniform(size=1500)
    labels = generator.uniform(size=1500) < probability
    found = evaluate_models(labels, {"model": probability}, np.arange(1500), replicates=60, confidence=0.9, seed=1)[
        "models"
    ]["model"]["expected_calibration_error"]
    assert 0.0 <= found["lower"] <= found["value"] <= found["upper"]
