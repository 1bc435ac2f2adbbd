"""Tables by part of the accounts, and what an account belongs to."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from models.evaluation import (
    SIZE_NAMES,
    clopper_pearson,
    dose_table,
    headline_rows,
    scheme_table,
    segment_table,
    size_tier,
    story_table,
)
from models.evaluation.segments import range_names, reading_rhythm
from tests.models.evaluation.judged import bought, judged, sampled


def test_headline_leaves_small_doses_out() -> None:
    frame = judged({}, bought("bought_followers", 0.05), bought("bought_followers", 0.2), bought(None, 0.2))
    assert headline_rows(frame)["account_id"].to_list() == ["0", "2", "3"]


def test_tables_of_nothing_are_empty() -> None:
    empty = judged()
    assert (
        segment_table(sampled(empty), "platform") == story_table(sampled(empty)) == scheme_table(sampled(empty)) == []
    )
    assert {row["reject_share"] for row in dose_table(sampled(empty))} == {None}


def test_segments() -> None:
    frame = judged(
        {"platform": "tiktok", "verdict": "reject", "probability": 0.8},
        {"platform": "tiktok", "verdict": "insufficient_data", "probability": None},
        {},
        {},
        bought("bought_followers", 0.4),
        {"platform": None},
    )
    instagram, tiktok, unknown = segment_table(sampled(frame), "platform")
    assert [instagram["segment"], tiktok["segment"], unknown["segment"]] == ["instagram", "tiktok", None]
    assert (instagram["accounts"], instagram["genuine_accounts"], instagram["inauthentic_accounts"]) == (3, 2, 1)
    assert (instagram["auc"], tiktok["auc"]) == (1.0, None)
    assert (instagram["genuine_pass_share"], instagram["inauthentic_reject_share"]) == (1.0, 1.0)
    assert (tiktok["genuine_reject_share"], tiktok["genuine_insufficient_data_share"]) == (1 / 2, 1 / 2)
    assert (tiktok["genuine_reject_lower"], tiktok["genuine_reject_upper"]) == clopper_pearson(1, 2, 0.9)
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
    giveaway, viral, ordinary = story_table(sampled(frame))
    assert [each["story"] for each in (giveaway, viral, ordinary)] == ["giveaway", "viral", None]
    assert [each["accounts"] for each in (giveaway, viral, ordinary)] == [1, 2, 1]
    assert (viral["reject_share"], viral["review_share"], ordinary["reject_share"]) == (1 / 2, 1 / 2, 0.0)


def test_a_mixed_account_counts_for_each_of_its_schemes() -> None:
    frame = judged(
        bought("bought_followers", 0.4),
        bought("bought_comments+bought_followers", 0.4, "review"),
        bought("bought_followers", 0.05, "pass"),
    )
    comments, followers = scheme_table(sampled(frame))
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
    rows = {(row["scheme"], row["dose_from"]): row for row in dose_table(sampled(frame))}
    assert {scheme for scheme, _ in rows} == {"any", "bought_followers", "engagement_pod"}
    counts = {dose: row["accounts"] for (scheme, dose), row in rows.items() if scheme == "any"}
    assert counts == {0.03: 1, 0.1: 1, 0.2: 0, 0.3: 0, 0.5: 0, 0.7: 1}
    assert (rows["any", 0.1]["reject_share"], rows["any", 0.1]["flagged_share"]) == (0.0, 1.0)
    assert (rows["any", 0.7]["dose_to"], rows["any", 0.7]["reject_share"]) == (1.0, 1.0)


def test_ranges_are_named_by_their_edges() -> None:
    assert range_names([10]) == ("under 10", "10 and more")
    assert range_names([1_000, 1_500, 2_000_000]) == ("under 1k", "1k-1500", "1500-2m", "2m and more")


def test_other_tiers_have_other_names() -> None:
    frame = pl.DataFrame({"follower_count": [99, 100]})
    assert frame.select(size_tier(tiers=[100]))["size_tier"].to_list() == ["under 100", "100 and more"]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        pytest.param([], None, id="no reading"),
        pytest.param([0], None, id="one reading has no rhythm"),
        pytest.param(range(20), "daily", id="every day"),
        pytest.param([day for day in range(40) if day % 10], "daily", id="a day in ten is missing"),
        pytest.param([day for day in range(40) if day % 3], "irregular", id="a day in three is missing"),
        pytest.param(range(0, 70, 7), "weekly", id="every seventh day"),
        pytest.param([0, 31, 59, 90, 120], "monthly", id="the first of each month"),
        pytest.param([0, 2, 9, 11, 30], "irregular", id="now and then"),
    ],
)
def test_rhythm_of_readings(days: list[int], expected: str | None) -> None:
    first = date(2026, 1, 1)
    frame = pl.DataFrame(
        {"account_id": ["a"] * len(list(days)), "date": [first + timedelta(days=day) for day in days]},
        schema={"account_id": pl.String, "date": pl.Date},
    )
    assert reading_rhythm(frame)["reading_rhythm"].to_list() == ([] if expected is None else [expected])


def test_one_threshold_flags_one_per_cent_of_all_genuine_accounts() -> None:
    genuine = [{"platform": "tiktok" if index < 50 else "x", "probability": index / 200} for index in range(100)]
    frame = judged(*genuine, bought("bought_followers", 0.4, platform="x"), {"platform": "x", "probability": None})
    tiktok, other = segment_table(sampled(frame), "platform")
    # One of a hundred may be flagged, and it is of x; the account without a verdict is not among them.
    assert (tiktok["flagged_share"], other["flagged_share"], other["found_share"]) == (0.0, 1 / 50, 1.0)
    assert tiktok["found_share"] is None


def test_a_segment_says_how_far_probabilities_lie_from_what_was_so() -> None:
    rows = [{"probability": 0.3}] * 8 + [bought("bought_followers", 0.5, probability=0.3)] * 2
    (row,) = segment_table(sampled(judged(*rows)), "platform")
    assert row["calibration"] == pytest.approx(abs(0.2 - 0.3))
    assert row["difference"] == pytest.approx(0.2 - 0.3)
    assert row["calibration_noise_floor"] == pytest.approx(np.sqrt(2 / np.pi * 10 * 0.3 * 0.7) / 10)
