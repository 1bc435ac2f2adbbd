"""The posts behind each engagement feature: those that were planted, in numbers, some for every suspicious value."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import polars as pl
import pytest

from features.compute import compute_group
from features.context import with_account_context
from features.definition import MOST_EVIDENCE
from features.engagement import CITATIONS, FEATURES, FRAMES
from features.evidence import evidence
from features.tables import Tables
from simulation.cohort import simulate_cohort
from tests.features.builders_engagement import Row, account, cited, cited_posts, honest, posts, readings, tables
from tests.priors import PRIORS

# --- nothing to go by -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FEATURES)
def test_an_account_without_posts_has_no_evidence(name: str) -> None:
    assert cited(name.removeprefix("engagement_"), [], side="context", accounts=[account()]) == []


# --- planted posts ----------------------------------------------------------------------------------------------------

EVEN = [100] * 12
LIFTED = [100] * 9 + [300] * 3
PAID = [True] * 3 + [False] * 9

PLANTED: dict[str, tuple[str, list[Row], list[int]]] = {
    "like_rate_residual": ("high", posts([660, 661, 1320, 2640]), [3, 2, 1]),
    "comment_rate_residual": ("low", posts(None, [25, 0, 5]), [1, 2]),
    "comments_per_like_residual": ("high", posts([1000] * 4, [20, 40, 80, 29]), [2, 1]),
    "view_rate_residual": ("high", posts(None, None, [22_000 * 4, 22_000 * 3, 22, 22]), [0, 1]),
    "likes_per_view_residual": ("low", posts([45, 460, 10], None, [10_000, 10_000, 10_000]), [2, 0]),
    "comments_per_view_residual": ("high", posts([9] * 3, [90, 0, 20], [10_000] * 3), [0, 2]),
    "likes_spread": ("low", posts([100, 101, 400, 99, 25, 110, 100]), [0, 6, 1, 3, 5]),
    "likes_successive_spread": ("low", posts([300, 1200, 1200, 300, 300, 1200, 300]), [2, 4]),
    "views_spread": ("low", posts(None, None, [1000, 1000, 9000, 100, 1000, 9000]), [0, 1, 4]),
    "likes_per_view_spread": ("high", posts([100] * 5 + [900], None, [1000] * 6), [5]),
    "comments_dispersion_ratio": ("low", posts(None, [0, 9, 10, 20, 11, 40]), [4, 2, 3, 1, 0]),
    "likes_floor_ratio": ("context", posts([100] * 9 + [20, 40]), [9, 10]),
    "likes_ceiling_ratio": ("context", posts([100] * 9 + [300, 500]), [10, 9]),
    "likes_per_view_ceiling_ratio": ("context", posts([100] * 9 + [300, 500], None, [1000] * 11), [10, 9]),
    "likes_per_view_floor_ratio": ("context", posts([100] * 9 + [50, 70], None, [1000] * 11), [9, 10]),
    "likes_to_views_spread_ratio": ("high", posts([100] * 7 + [400], None, [1000] * 8), [7, 0, 1, 2, 3, 4, 5, 6]),
    # Ranks of likes -3.5 to 3.5 from their middle, of comments 3.5, 1, -2, 1, 1, -2, 1, -3.5: products below zero.
    "likes_comments_correlation": ("low", posts(range(100, 900, 100), [8, 5, 3, 5, 5, 3, 5, 2]), [0, 7, 5, 1, 3]),
    "likes_views_correlation": ("low", posts(range(100, 900, 100), None, [8, 5, 5, 5, 5, 5, 5, 2]), [0, 7]),
    "comments_on_likes_slope_ratio": ("context", posts([100] * 7 + [400], [10] * 7 + [40]), [7, 0, 1, 2, 3, 4, 5, 6]),
    "likes_without_comments_share": ("high", posts([100] * 7 + [200, 300], [10] * 9), [8, 7]),
    "comments_without_likes_share": ("context", posts([100] * 9, [10] * 7 + [30, 40]), [8, 7]),
    "views_spike_share": ("context", posts([100] * 9, None, [1000] * 7 + [2000, 3000]), [8, 7]),
    "views_without_likes_share": ("high", posts([100] * 9, None, [1000] * 7 + [1500, 3000]), [8, 7]),
    "likes_without_views_share": ("high", posts([100] * 7 + [150, 300], None, [1000] * 9), [8, 7]),
    "uncommented_residual": ("high", posts(None, [9, 0, 9, 9, 0, 9, 9, 9]), [1, 4]),
    "likes_beyond_comments_ratio": ("high", posts(LIFTED, [10] * 12), [9, 10, 11]),
    "likes_beyond_views_ratio": ("high", posts(LIFTED, None, [1000] * 12), [9, 10, 11]),
    # Middles of the oldest and newest four: 42 and 400; half-way 130.
    "likes_trend_rate_per_month": (
        "high",
        posts([10, 20, 90, 100, 100, 100, 100, 100, 400, 400, 300, 900], every=10),
        [0, 11, 1, 8, 9, 10, 2, 3],
    ),
    "likes_step_beyond_comments_ratio": ("high", posts([300] * 3 + EVEN, [10] * 15), [0, 1, 2, *range(3, 10)]),
    "likes_lag_correlation": ("context", posts(range(100, 112)), [1, 11, 2, 10, 3, 9, 4, 8, 5, 7]),
    "comments_per_like_change_residual": ("low", posts(EVEN[:8], [10] * 4 + [5, 4, 3, 10]), [6, 5, 4, 0, 1, 2, 3]),
    "sponsored_likes_ratio": ("high", posts([300, 100, 200, *EVEN[:9]], is_sponsored=PAID), [0, 2]),
    "sponsored_comments_per_like_ratio": ("low", posts(EVEN, [5, 3, 9] + [10] * 9, is_sponsored=PAID), [1, 0, 2]),
    "round_counts_share": ("high", posts([100, *range(101, 119), 950], [150, *[1] * 19]), [0, 19]),
    # Nine of twenty end in 7; of the others, those end as often as chance has it or less.
    "last_digit_zscore": (
        "high",
        posts([*[107] * 9, 110, 111, 112, 113, 114, 115, 116, 118, 119, 110, 111]),
        [*range(9)],
    ),
    # Eleven of 22 begin with 9, where one is to be expected, and the others with 1 or 2.
    "first_digit_residual": ("high", posts([*[95] * 11, *[120] * 5, *[1200] * 5, 2100]), [*range(10)]),
}


@pytest.mark.parametrize("name", PLANTED)
def test_the_planted_posts_are_the_evidence(name: str) -> None:
    side, rows, expected = PLANTED[name]
    assert cited_posts(name, rows, side) == expected


def test_the_ten_posts_around_the_largest_step_are_the_evidence() -> None:
    # The medians of posts 4 to 8 and 9 to 13 are the first that are 100 and 500.
    rows = posts([200] * 6 + [100] * 5 + [500] * 5)
    assert set(cited_posts("likes_step_ratio", rows, "context")) == set(range(4, 14))


def pushes(name: str, rows: list[Row]) -> list[float | None]:
    """Push of each post of one account on a feature, the oldest first."""
    frame = FRAMES["posts"](with_account_context(tables(rows))).sort("posted_at")
    return frame.select(FEATURES[f"engagement_{name}"].evidence()).to_series().to_list()


def test_the_ten_posts_around_the_largest_step_push_by_its_size() -> None:
    # Five posts after of which two have 100 likes and three 500, five before of which two have 200 and three 100.
    found = pushes("likes_step_ratio", posts([200] * 6 + [100] * 5 + [500] * 5))
    assert [number for number, push in enumerate(found) if push is not None] == [*range(4, 14)]
    after, before = (2 * math.log(100) + 3 * math.log(500)) / 5, (2 * math.log(200) + 3 * math.log(100)) / 5
    assert sum(push for push in found if push is not None) == pytest.approx(after - before)
    half_way = (after + before) / 2
    assert found[13] == pytest.approx((math.log(500) - half_way) / 5)
    assert found[4] == pytest.approx((half_way - math.log(200)) / 5)


def test_posts_push_a_slope_by_the_product_of_their_deviations() -> None:
    # Half at 100 likes and 10 comments, half at 200 and 40: ln 2 / 2 and ln 4 / 2 below or above the two means.
    found = pushes("comments_on_likes_slope_ratio", posts([100] * 4 + [200] * 4, [10] * 4 + [40] * 4))
    assert found == pytest.approx([math.log(2) / 2 * math.log(4) / 2] * 8)


def test_posts_that_fall_behind_their_audience_are_the_evidence() -> None:
    doubled = readings([10_000] * 4 + [20_000] * 8)
    rows = posts([100, 100, 100, 110, 150, 150, 90, 150])
    # Followers doubled; the seventh post has less than ever.
    assert cited_posts("followers_outgrow_likes_residual", rows, followers=doubled)[0] == 6
    assert cited_posts("likes_follow_followers_residual", rows, "context", followers=doubled)[0] == 6


def test_every_feature_has_a_worked_example() -> None:
    elsewhere = {"likes_step_ratio", "followers_outgrow_likes_residual", "likes_follow_followers_residual"}
    assert {f"engagement_{name}" for name in elsewhere | set(PLANTED)} == set(FEATURES)
    assert set(CITATIONS) == set(FRAMES)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param(
            {"likes": [100] * 7 + [1240], "comments": [10] * 7 + [1], "views": [9_000] * 8},
            "2024-01-08: 1,240 likes, 1 comment, 9,000 views; 12 times the usual likes, 0.1 times the usual comments, "
            "the usual views",
            id="all counts",
        ),
        pytest.param(
            {"likes": [100] * 7 + [230], "comments": [0] * 7 + [0], "is_sponsored": [None] * 7 + [True]},
            "2024-01-08 (sponsored): 230 likes; 2.3 times the usual likes",
            id="comments may be closed, so they are not called none",
        ),
        pytest.param(
            {"likes": [100] * 7 + [230], "comments": [5] + [0] * 7},
            "2024-01-08: 230 likes, 0 comments; 2.3 times the usual likes",
            id="nothing is so many times none",
        ),
        pytest.param(
            {"likes": [100] * 7 + [230], "comments": [4] * 7 + [0]},
            "2024-01-08: 230 likes, 0 comments; 2.3 times the usual likes, none of the usual comments",
            id="none is no part of the usual",
        ),
    ],
)
def test_a_post_is_cited_in_numbers(columns: dict[str, Any], expected: str) -> None:
    (first, *_) = cited("likes_ceiling_ratio", posts(**columns), "context")
    assert first == ("007", expected)


def test_hidden_likes_are_not_cited() -> None:
    hidden = [row | {"like_count": None} for row in honest(5)]
    assert cited("likes_spread", hidden, "low") == []
    texts = [text for _, text in cited("comment_rate_residual", hidden)]
    assert texts
    assert not [text for text in texts if "like" in text]


# --- a simulated cohort -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cohort() -> Tables:
    frames = simulate_cohort(31, 60, PRIORS)
    return Tables(**{field.name: frames[field.name] for field in fields(Tables)})


@pytest.fixture(scope="module")
def values(cohort: Tables) -> pl.DataFrame:
    unpivoted = compute_group(cohort, "engagement").unpivot(index="account_id", variable_name="feature")
    return unpivoted.drop_nulls("value")


@pytest.mark.parametrize("name", [name for name, entry in FEATURES.items() if entry.suspicious != "context"])
def test_a_value_far_on_its_suspicious_side_has_one_to_ten_posts_behind_it(
    name: str, cohort: Tables, values: pl.DataFrame
) -> None:
    own = values.filter(pl.col("feature") == name)
    for side in FEATURES[name].reason:
        limit = own["value"].quantile(0.9 if side == "high" else 0.1, "linear")
        far = own.filter(pl.col("value") > limit if side == "high" else pl.col("value") < limit)
        asked = far.select("account_id", "feature", side=pl.lit(side))
        found = evidence(cohort, asked)
        rows = found.group_by("account_id").agg(pl.len(), pl.col("push").sign().unique())
        assert rows.sort("account_id")["account_id"].to_list() == far.sort("account_id")["account_id"].to_list()
        assert rows["len"].is_between(1, MOST_EVIDENCE).all()
        assert set(rows["push"].explode()) <= {1.0 if side == "high" else -1.0}
        keys = found.select("account_id", post_id="key")
        assert keys.join(cohort.posts, on=["account_id", "post_id"], how="anti").height == 0


def test_pushes_apart_add_up_to_the_logarithm_of_the_value(cohort: Tables, values: pl.DataFrame) -> None:
    frame = FRAMES["posts"](with_account_context(cohort))
    names = ["engagement_likes_beyond_comments_ratio", "engagement_likes_step_beyond_comments_ratio"]
    pushes = frame.group_by("account_id").agg(FEATURES[name].evidence().sum().alias(name) for name in names)
    for name in names:
        compared = values.filter(pl.col("feature") == name).join(pushes, on="account_id")
        assert compared.height >= 15
        assert compared[name].to_list() == pytest.approx(compared["value"].log().to_list(), abs=1e-6)
