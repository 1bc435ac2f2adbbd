"""Engagement a post, and the selection of accounts."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from features.engagement_level import engagement_per_post
from features.tables import only
from tests.features.builders_engagement import Counts, account, posts, tables


def level(likes: Counts | None, comments: Counts | None = None, *, hours: float = 72) -> float | None:
    rows = posts(likes=likes, comments=comments, seen_after=timedelta(hours=hours))
    value: float | None = engagement_per_post(tables(rows))["engagement_per_post"].item()
    return value


def test_an_account_without_posts_has_no_level() -> None:
    assert engagement_per_post(tables(accounts=[account()])).rows() == [("a", None)]


@pytest.mark.parametrize(
    ("likes", "comments", "expected"),
    [
        pytest.param([10, 20, 60], [1, 2, 3], 20 + 2, id="likes and comments"),
        pytest.param([10, 20, 60, 80], [1, 2, 3, 4], (22 + 63) / 2, id="between the middle two"),
        pytest.param([10, 20, 30], [1, None, 3], 20, id="a post with unknown comments counts its likes"),
        pytest.param([10, None, 30], [1, 2, 3], (11 + 33) / 2, id="a post that hides its likes is left out"),
        pytest.param([100, 0, 300], [1, 2, 3], (101 + 303) / 2, id="a zero among many likes is hidden"),
        pytest.param([3, 0, 2], [1, 1, 1], 3, id="a zero among few likes is one"),
        pytest.param([None, None], [1, 2], None, id="all likes hidden"),
        pytest.param([0, 0], [5, 6], None, id="all likes zero beside comments: hidden"),
        pytest.param([0, 0], [0, 0], 0.0, id="seen, and nobody cared"),
        pytest.param([9_000, *[10] * 10], None, 10, id="an eleventh post takes no part"),
        pytest.param([9_000, *[10] * 9, None], None, 10, id="nor does the oldest of ten that are not hidden carry it"),
    ],
)
def test_the_level_is_the_median_of_the_newest_posts_that_show_likes(
    likes: Counts, comments: Counts | None, expected: float | None
) -> None:
    assert level(likes, comments) == (None if expected is None else pytest.approx(expected))


def test_the_level_reads_the_newest_posts_whatever_their_order_in_the_table() -> None:
    rows = posts(likes=[1_000, 900, *range(10, 20)])
    assert engagement_per_post(tables(rows[::-1]))["engagement_per_post"].item() == (14 + 15) / 2


@pytest.mark.parametrize(("hours", "expected"), [(47, None), (48, 20.0)], ids=["an hour too young", "old enough"])
def test_young_posts_do_not_count(hours: float, expected: float | None) -> None:
    assert level([10, 20, 30], hours=hours) == expected


def test_only_keeps_the_named_accounts_in_every_table() -> None:
    rows = [*posts(likes=[1, 2], account_id="a"), *posts(likes=[3], account_id="b")]
    chosen = only(tables(rows), pl.Series(["b", "nobody"]))
    assert chosen.accounts["account_id"].to_list() == ["b"]
    assert chosen.posts["like_count"].to_list() == [3]
    assert (chosen.comments.height, chosen.followers_daily.height) == (0, 0)
