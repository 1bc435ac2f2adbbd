"""What size, platform and format lead one to expect."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from features.context import with_account_context
from features.engagement_frames import posts_frame
from features.expectations import (
    LIKES_PER_VIEW,
    MIDDLE_SIZE,
    RATIOS,
    YOUTUBE_FORMATS,
    Expectation,
    expected_of_accounts,
)
from features.tables import FORMATS, PLATFORMS
from tests.features.builders_engagement import account, number, posts, tables

YOUTUBE = [account(platform="youtube", follower_count=20_000)]


def test_expectation_is_linear_in_logarithms_and_constant_outside() -> None:
    line = Expectation(((100, 0.10), (10_000, 0.01)), 1.0)
    found = np.exp(line.log_ratio(np.array([10.0, 100.0, 1_000.0, 10_000.0, 1e6])))
    assert found.tolist() == pytest.approx([0.10, 0.10, math.sqrt(0.10 * 0.01), 0.01, 0.01])


def test_every_ratio_is_expected_of_every_platform_with_anchors_in_order() -> None:
    for name, table in RATIOS.items():
        assert set(table) == set(PLATFORMS), name
        for platform, line in table.items():
            sizes = [size for size, _ in line.anchors]
            assert sizes == sorted(set(sizes)), (name, platform)
            assert 0.5 < line.spread < 2.0, (name, platform)


def expected_of(ratio: str, platform: str, followers: float | None) -> tuple[float, float]:
    """The expected ratio and the spread of one account."""
    one = pl.DataFrame({"account_id": ["a"], "platform": [platform], "followers": [followers]})
    row = expected_of_accounts(one).row(0, named=True)
    return math.exp(row[f"expected_{ratio}"]), row[f"spread_{ratio}"]


MEASURED = {
    ("like_rate", "instagram"): (
        {500: 0.09, 3_200: 0.038, 22_000: 0.030, 70_000: 0.026, 220_000: 0.025, 1_000_000: 0.022},
        0.95,
    ),
    ("like_rate", "youtube"): ({1_000: 0.025, 5_000: 0.020, 20_000: 0.007, 100_000: 0.0035, 500_000: 0.004}, 1.6),
    ("comments_per_like", "instagram"): (
        {500: 0.035, 3_200: 0.042, 22_000: 0.030, 70_000: 0.019, 220_000: 0.0124, 1_000_000: 0.0072},
        1.1,
    ),
    ("comments_per_like", "youtube"): ({5_000: 0.11, 20_000: 0.094, 100_000: 0.070, 500_000: 0.057}, 0.95),
    ("view_rate", "youtube"): ({1_000: 0.9, 5_000: 0.8, 20_000: 0.32, 100_000: 0.145, 500_000: 0.125}, 1.3),
}
"""Followers and ratio at the anchors, and the spread: as FACTS and the 227 channels of 2026 have them."""

AT_THE_MIDDLE = {
    "like_rate": {
        "tiktok": (0.040, 1.6),
        "twitch": (0.005, 1.6),
        "x": (0.005, 1.6),
        "facebook": (0.005, 1.6),
        "other": (0.015, 1.8),
    },
    "comments_per_like": {
        "tiktok": (0.015, 1.3),
        "twitch": (0.060, 1.5),
        "x": (0.060, 1.3),
        "facebook": (0.060, 1.3),
        "other": (0.040, 1.5),
    },
    "view_rate": {
        "instagram": (0.35, 1.3),
        "tiktok": (0.50, 1.6),
        "twitch": (0.10, 1.6),
        "x": (0.25, 1.6),
        "facebook": (0.10, 1.6),
        "other": (0.25, 1.8),
    },
}
"""Ratio at 22,000 followers and spread of the platforms that were not measured."""

OF_ANY_SIZE = {
    "youtube": (0.024, 0.8),
    "instagram": (0.045, 0.9),
    "tiktok": (0.075, 0.9),
    "twitch": (0.020, 1.3),
    "x": (0.015, 1.1),
    "facebook": (0.025, 1.1),
    "other": (0.030, 1.3),
}
"""Likes per view and spread."""


@pytest.mark.parametrize(("ratio", "platform"), MEASURED)
def test_what_was_measured_is_expected_at_the_anchors_and_the_geometric_mean_between(ratio: str, platform: str) -> None:
    anchors, spread = MEASURED[ratio, platform]
    for followers, expected in anchors.items():
        assert expected_of(ratio, platform, followers) == pytest.approx((expected, spread))
    for (fewer, before), (more, after) in pairwise(anchors.items()):
        found = expected_of(ratio, platform, math.sqrt(fewer * more))
        assert found == pytest.approx((math.sqrt(before * after), spread))
    (fewest, first), *_, (most, last) = anchors.items()
    assert expected_of(ratio, platform, fewest / 2) == pytest.approx((first, spread))
    assert expected_of(ratio, platform, most * 2) == pytest.approx((last, spread))


@pytest.mark.parametrize(("ratio", "shape"), [("like_rate", "instagram"), ("view_rate", "youtube")])
def test_platforms_that_were_not_measured_have_the_shape_of_one_that_was(ratio: str, shape: str) -> None:
    anchors, _ = MEASURED[ratio, shape]
    (fewest, first), *_, (most, last) = anchors.items()
    for platform, (_, spread) in AT_THE_MIDDLE[ratio].items():
        (small, _), (large, _) = (expected_of(ratio, platform, followers) for followers in (fewest, most))
        assert small / large == pytest.approx(first / last), (platform, spread)


@pytest.mark.parametrize("ratio", AT_THE_MIDDLE)
def test_platforms_that_were_not_measured_have_their_assumed_ratio_at_the_middle_size(ratio: str) -> None:
    for platform, expected in AT_THE_MIDDLE[ratio].items():
        assert expected_of(ratio, platform, 22_000) == pytest.approx(expected), platform
        assert expected_of(ratio, platform, None) == pytest.approx(expected), platform


def test_likes_per_view_are_the_same_at_every_size() -> None:
    for platform, expected in OF_ANY_SIZE.items():
        for followers in (10, 1_000, 10_000_000):
            assert expected_of("likes_per_view", platform, followers) == pytest.approx(expected), platform


def test_shifts_are_of_formats_of_the_contract_and_cancel_over_the_usual_mix() -> None:
    for ratio, shifts in YOUTUBE_FORMATS.items():
        assert ratio in RATIOS
        assert set(shifts) <= set(FORMATS)
        assert 0.73 * shifts["video"] + 0.27 * shifts["short"] == pytest.approx(0.0, abs=0.01)


def expected_likes_per_view(platform: str, format_name: str | None) -> float:
    rows = posts([50], [1], [1000], format=[format_name])
    frame = posts_frame(with_account_context(tables(rows, accounts=[account(platform=platform)])))
    found: float = frame["expected_likes_per_view"].item()
    return found


@pytest.mark.parametrize(
    ("platform", "format_name", "shift"),
    [
        pytest.param("youtube", "short", -0.27, id="a short"),
        pytest.param("youtube", "video", 0.10, id="a video"),
        pytest.param("youtube", None, 0.0, id="format not given"),
        pytest.param("youtube", "live", 0.0, id="format not measured"),
        pytest.param("tiktok", "short", 0.0, id="platform not measured"),
    ],
)
def test_formats_shift_the_expectation_where_it_was_measured(
    platform: str, format_name: str | None, shift: float
) -> None:
    line = LIKES_PER_VIEW[platform].log_ratio(np.array([MIDDLE_SIZE]))[0]
    assert expected_likes_per_view(platform, format_name) == pytest.approx(line + shift)


def test_shorts_are_not_blamed_for_having_few_comments_per_like() -> None:
    # .094 comments per like are expected at 20,000 followers of the usual mix of formats.
    likes, formats = [1000] * 6, ["video"] * 3 + ["short"] * 3
    comments = [round(1000 * 0.094 * math.exp(YOUTUBE_FORMATS["comments_per_like"][each])) for each in formats]
    rows = posts(likes, comments, format=formats)
    assert number("comments_per_like_residual", rows, accounts=YOUTUBE) == pytest.approx(0.0, abs=0.02)
    unknown = posts(likes[3:], comments[3:])
    assert number("comments_per_like_residual", unknown, accounts=YOUTUBE) == pytest.approx(-0.62 / 0.95, abs=0.02)
