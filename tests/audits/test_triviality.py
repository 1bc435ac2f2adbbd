"""Triviality: each rule on numbers that can be checked by hand, and what is said of them together."""

from __future__ import annotations

import inspect
import json
import math
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from audits.triviality import triviality
from models import rules as module
from models.rules import RULES, rule_values
from tests.audits.tables import NOON, comments, curve, nothing, posts, tables

FILLER = [f"word{index} more{index}" for index in range(20)]
"""Twenty comments of two words, no two alike."""


GROWTH = [0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 10]
STEPS = np.cumsum([0, *GROWTH])
"""Growth of ln followers by day and in total, in thousandths."""


def value(name: str, **parts: Any) -> float | None:
    """One rule's value for the only account."""
    found = rule_values(tables(**parts))
    assert found.height == 1
    number: float | None = found[name].item()
    return number


def test_no_account_has_no_value() -> None:
    assert rule_values(nothing()).shape == (0, 1 + len(RULES))


def test_rules_without_their_table_say_nothing() -> None:
    found = rule_values(tables()).to_dicts()[0]
    said = {name for name in RULES if found[name] is not None}
    assert said == {"following_per_follower", "follows_many"}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        pytest.param("largest_day_log_growth", {"followers_daily": curve([100] * 13)}, id="13 readings"),
        pytest.param("likes_variation", {"posts": posts([1, 2, 3, 4])}, id="four posts"),
        pytest.param("short_comment_share", {"comments": comments(FILLER[:19])}, id="19 comments"),
        pytest.param("spike_robust_z", {"followers_daily": curve([100] * 14)}, id="a curve that never moves"),
        pytest.param("best_day_share", {"followers_daily": curve(range(114, 100, -1))}, id="a curve that only falls"),
        pytest.param("comments_per_like", {"posts": posts([None] * 5, comment_count=[1] * 5)}, id="hidden likes"),
        pytest.param("following_per_follower", {"accounts": [{"follower_count": 0}]}, id="nobody follows"),
        pytest.param("following_swing", {"followers_daily": curve([100] * 14)}, id="following not recorded"),
        pytest.param(
            "engagement_rate_out_of_band",
            {"accounts": [{"platform": "youtube"}], "posts": posts([100] * 5)},
            id="bands are Instagram's",
        ),
        pytest.param("hollow_views_share", {"posts": posts([10] * 5)}, id="no views"),
    ],
)
def test_too_little_to_say_anything(name: str, parts: dict[str, Any]) -> None:
    assert value(name, **parts) is None


@pytest.mark.parametrize(
    ("name", "parts", "expected"),
    [
        pytest.param("following_per_follower", {}, 500 / 10_000, id="following over followers"),
        pytest.param("follows_many", {}, 500, id="accounts followed"),
        pytest.param(
            "largest_day_log_growth", {"followers_daily": curve([100] * 13 + [150])}, math.log(1.5), id="the last day"
        ),
        pytest.param(
            "largest_day_log_growth",
            {"followers_daily": curve([100] * 13 + [150], every=7)},
            math.log(1.5) / 7,
            id="a week's growth is spread over its days",
        ),
        pytest.param(
            "largest_day_log_growth",
            {"followers_daily": curve([100] * 7 + [0] + [100] * 7)},
            0.0,
            id="a reading of 0 is a glitch",
        ),
        pytest.param("days_over_5_percent", {"followers_daily": curve([100] * 13 + [106])}, 1, id="6 % is over 5 %"),
        pytest.param("days_over_5_percent", {"followers_daily": curve([100] * 13 + [104])}, 0, id="4 % is not"),
        pytest.param(
            "spike_robust_z",
            {"followers_daily": curve([round(1e9 * math.exp(0.001 * step)) for step in STEPS])},
            # Growth in thousandths: six days of 0, two of 1, five of 2 and one of 10, median 1, median deviation 1.
            (10 - 1) / (1.4826 * 1),
            id="robust standard deviations",
        ),
        pytest.param(
            "spike_robust_z",
            {"followers_daily": curve([100] * 13 + [200])},
            # 12 days of no change and one of ln 2: the mean deviation is ln 2 / 13.
            13 / 1.2533,
            id="the mean deviation stands in where most days are alike",
        ),
        pytest.param(
            "best_day_share", {"followers_daily": curve([*range(100, 113), 118])}, 6 / 18, id="6 of 18 new followers"
        ),
        pytest.param(
            "loss_after_the_best_day",
            {"followers_daily": curve([100] * 6 + [200] + [150] * 7)},
            50 / 100,
            id="half of what came is gone",
        ),
        pytest.param(
            "net_growth_a_month",
            {"followers_daily": curve([100] * 15 + [200], every=2)},
            math.log(2),
            id="twice as many after 30 days",
        ),
        pytest.param(
            "following_swing",
            {"followers_daily": curve([100] * 14, following_count=[400] * 7 + [500] * 7)},
            100 / 500,
            id="from 400 to 500",
        ),
        pytest.param(
            "engagement_rate",
            {"posts": posts([90, 190, 290, 390, 490], comment_count=[10] * 5)},
            100 * 300 / 10_000,
            id="the median post: 300 of 10,000",
        ),
        pytest.param(
            "engagement_rate_off_average",
            {"posts": posts([195] * 5)},
            math.log(1.95 / 0.975),
            id="twice the average of 10k to 50k",
        ),
        pytest.param("engagement_rate_out_of_band", {"posts": posts([100] * 5)}, 0.0, id="1 % is within .39 to 2.61"),
        pytest.param(
            "engagement_rate_out_of_band", {"posts": posts([522] * 5)}, math.log(2), id="twice the upper end of 2.61"
        ),
        pytest.param("likes_variation", {"posts": posts([8, 10, 12, 8, 12])}, 2 / 10, id="sd 2, mean 10"),
        pytest.param("likes_range", {"posts": posts([8, 10, 12, 8, 12])}, 4 / 10, id="range 4, mean 10"),
        pytest.param("even_likes_share", {"posts": posts([90, 100, 110, 111, 50])}, 3 / 5, id="within 90 to 110"),
        pytest.param(
            "comments_per_like",
            {"posts": posts([10, 20, 30, 40, None], comment_count=[1, 2, 3, 4, 1000])},
            10 / 100,
            id="only where both are counted",
        ),
        pytest.param(
            "hollow_views_share",
            {"posts": posts([100, 100, 100, 100, 100], view_count=[1000, 1000, 1000, 1000, 2000])},
            1 / 5,
            id="twice the views at half the rate",
        ),
        pytest.param("likes_per_view", {"posts": posts([10] * 5, view_count=[100] * 5)}, 10 / 100, id="likes per view"),
        pytest.param(
            "duplicate_comment_share",
            {"comments": comments(["So nice", "so NICE!", "wow", "wow", *FILLER[:18]])},
            1 / 20,
            id="one repeat among twenty of two words and more",
        ),
        pytest.param(
            "emoji_comment_share", {"comments": comments(["🔥🔥", "❤️", "@anna 🔥", *FILLER[:17]])}, 2 / 20, id="emoji"
        ),
        pytest.param(
            "mention_comment_share", {"comments": comments(["@anna @bob", "@anna hi", *FILLER[:18]])}, 1 / 20, id="@"
        ),
        pytest.param(
            "short_comment_share",
            {"comments": comments(["so very nice", "นี่คือ", *FILLER[:18]])},
            19 / 20,
            id="all but one have two words at most",
        ),
        pytest.param(
            "short_comment_share",
            {"comments": comments(["a long reply here", *FILLER], commenter_id=["a", *"bcdefghijklmnopqrstu"])},
            1.0,
            id="the owner's replies do not count",
        ),
        pytest.param(
            "repeated_commenter_share",
            {"comments": comments(FILLER, commenter_id=["x"] * 5 + [f"u{index}" for index in range(15)])},
            4 / 20,
            id="four more of one",
        ),
        pytest.param(
            "same_order_share",
            # x, y, z under two posts: two pairs each, all seen twice; 14 others in a row under a third: 13 pairs.
            {
                "comments": comments(
                    FILLER, commenter_id=[*"xyzxyz", *"bcdefghijklmno"], post_id=["p0"] * 3 + ["p1"] * 3 + ["p2"] * 14
                )
            },
            4 / (4 + 13),
            id="four of seventeen pairs",
        ),
        pytest.param(
            "first_hour_comment_share",
            {
                "posts": posts([1]),
                "comments": comments(
                    FILLER, commented_at=[NOON + timedelta(minutes=60 if each < 5 else 61) for each in range(20)]
                ),
            },
            5 / 20,
            id="five within the hour",
        ),
    ],
)
def test_rules(name: str, parts: dict[str, Any], expected: float) -> None:
    assert value(name, **parts) == pytest.approx(expected, rel=1e-3)


def test_every_rule_has_a_case() -> None:
    (cases,) = test_rules.pytestmark
    assert {case.values[0] for case in cases.args[1]} == set(RULES)


def test_rules_are_documented_and_independent_of_the_features() -> None:
    assert all(rule.meaning and rule.source for rule in RULES.values())
    imported = [line for line in inspect.getsource(module).splitlines() if line.startswith("from features")]
    assert imported == ["from features.tables import Tables"]


# --- together ---------------------------------------------------------------------------------------------------------

SETTINGS = {"seed": 3, "replicates": 50, "confidence": 0.9}
LABELS = np.random.default_rng(0).random(800) < 0.3
COHORTS = [f"cohort-{index % 8}" for index in range(800)]


def rules_with(**columns: Any) -> pl.DataFrame:
    """Values of noise for every rule, but for those named."""
    generator = np.random.default_rng(1)
    noise = {name: generator.normal(size=800) for name in RULES}
    return pl.DataFrame({"account_id": [f"{index:03d}" for index in range(800)], **(noise | columns)})


def found_with(**columns: Any) -> dict[str, Any]:
    return triviality(rules_with(**columns), LABELS, COHORTS, **SETTINGS)


def row_of(found: dict[str, Any], name: str) -> dict[str, Any]:
    (row,) = [row for row in found["rules"] if row["rule"] == name]
    return row


def test_noise_is_worth_nothing() -> None:
    found = found_with()
    assert found["best"]["auc"] < 0.6
    assert found["tree"]["auc"] == pytest.approx(0.5, abs=0.06)
    assert found["tree"]["accounts"] + found["tree"]["accounts_fitted"] == 800


def test_a_rule_that_tells_all_is_found_by_itself_and_by_the_tree() -> None:
    found = found_with(follows_many=LABELS.astype(float))
    assert found["best"] == {"rule": "follows_many", "auc": 1.0, "lower": 1.0, "upper": 1.0}
    assert found["tree"]["auc"] == 1.0
    assert found["tree"]["rules"] == ["follows_many"]


def test_a_rule_on_its_wrong_side_counts_as_well_as_it_can() -> None:
    row = row_of(found_with(follows_many=-LABELS.astype(float)), "follows_many")
    assert (row["suspicious"], row["auc"], row["best_auc"], row["best_lower"]) == ("high", 0.0, 1.0, 1.0)


def test_a_low_value_is_what_a_low_rule_looks_for() -> None:
    row = row_of(found_with(likes_variation=-LABELS.astype(float)), "likes_variation")
    assert (row["suspicious"], row["auc"]) == ("low", 1.0)


def test_a_null_says_nothing_and_stands_in_the_middle() -> None:
    # Seen and told apart for every second account; the AUC over all pairs counts the unseen ones half.
    seen = np.arange(800) % 2 == 0
    values = pl.Series(np.where(seen, LABELS.astype(float), np.nan)).fill_nan(None)
    row = row_of(found_with(follows_many=values), "follows_many")
    assert (row["accounts"], row["auc"]) == (400, 1.0)
    both = (LABELS & seen).sum() / LABELS.sum(), (~LABELS & seen).sum() / (~LABELS).sum()
    unseen = (1 - both[0]) * (1 - both[1])
    assert row["auc_over_all"] == pytest.approx(1 - unseen / 2, abs=0.02)


def test_a_rule_that_nobody_shows_has_no_auc() -> None:
    row = row_of(found_with(follows_many=pl.Series([None] * 800, dtype=pl.Float64)), "follows_many")
    assert (row["accounts"], row["auc"], row["best_auc"]) == (0, None, None)


def test_results_are_plain_and_repeat() -> None:
    texts = [json.dumps(found_with(), allow_nan=False) for _ in range(2)]
    assert texts[0] == texts[1]


def test_one_class_cannot_be_audited() -> None:
    with pytest.raises(ValueError, match="only one class"):
        triviality(rules_with(), np.zeros(800, dtype=bool), COHORTS, **SETTINGS)
