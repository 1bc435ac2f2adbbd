"""What size, platform and format lead one to expect."""

from __future__ import annotations

import math

import numpy as np
import pytest

from features.context import with_account_context
from features.engagement_frames import posts_frame
from features.expectations import LIKES_PER_VIEW, MIDDLE_SIZE, RATIOS, YOUTUBE_FORMATS, Expectation
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
