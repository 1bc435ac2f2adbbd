"""What is left of an account without the days in which most came that somebody else can order."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from features.catalog import features
from features.tables import LARGEST_COUNT
from models.outside import GROUPS, OWN_SIGNALS, features_without_busiest_days, without_busiest_days
from tests.audits.tables import DAY, NOON, curve, nothing, tables


def left_of(counts: list[int], days: int, every: int = 1) -> list[tuple[date, int]]:
    left = without_busiest_days(tables(followers_daily=curve(counts, every=every)), days).followers_daily
    return list(left.select("date", "follower_count").iter_rows())


def day(number: int) -> date:
    return DAY + timedelta(days=number)


def comment(
    number: int, days: float | None, text: str = "", author: str | None = "", **columns: object
) -> dict[str, object]:
    return {
        "account_id": "a",
        "post_id": "p",
        "comment_id": f"{number:03}",
        "commenter_id": author if author != "" else f"author {number}",
        "commented_at": None if days is None else NOON + timedelta(days=days),
        "text": text or f"text {number}",
    } | columns


def comments_left(*rows: dict[str, object], days: int = 30) -> list[int]:
    left = without_busiest_days(tables(comments=rows), days).comments
    return [int(each) for each in left["comment_id"]]


def test_of_nothing_nothing_is_left() -> None:
    left = without_busiest_days(nothing(), 30)
    assert all(getattr(left, name).equals(getattr(nothing(), name)) for name in ("followers_daily", "comments"))
    assert features_without_busiest_days(nothing(), 30).is_empty()


@pytest.mark.parametrize(
    ("counts", "left"),
    [
        pytest.param([5], [(0, 5)], id="one reading"),
        pytest.param([5, 5, 5], [(0, 5), (1, 5), (2, 5)], id="a standstill has no busiest days"),
        # The two days up to 2,002 are the busiest. What follows moves up by two days, and by 1,000 / 2,002.
        pytest.param([1000, 1000, 2000, 2002, 2004], [(0, 1000), (1, 1000), (2, 1001)], id="a jump"),
        # Without the jump 1,000, 750, 750, 758; without the fall 1,000 and 758 * 1,000 / 750.
        pytest.param([1000, 1000, 2000, 1500, 1500, 1515], [(0, 1000), (1, 1011)], id="followers that leave again"),
        pytest.param([10, 12], [(0, 10)], id="shorter than the days"),
        pytest.param([100, 100, 10, 10, 10], [(0, 100), (1, 100), (2, 100)], id="a loss alone"),
    ],
)
def test_a_curve_goes_on_where_its_busiest_days_began(counts: list[int], left: list[tuple[int, int]]) -> None:
    assert left_of(counts, days=2) == [(day(number), count) for number, count in left]


def test_readings_a_week_apart_lose_no_more_than_the_days() -> None:
    # Within ten days fits one week, of which the largest is +50: 152 * 101 / 151 is 101.7, 153 * 101 / 151 is 102.3.
    left = left_of([100, 101, 151, 152, 153], days=10, every=7)
    assert left == [(day(0), 100), (day(7), 101), (day(14), 102), (day(21), 102)]


def test_of_equal_rises_the_newest_is_cut_out() -> None:
    # +9 up to the second and up to the fifth day.
    left = left_of([1, 10, 10, 10, 19, 19], days=1)
    assert left == [(day(number), count) for number, count in enumerate([1, 10, 10, 10, 10])]


@pytest.mark.parametrize(
    "counts",
    [
        pytest.param([0, 500, 0, 500, 0, 3], id="to nothing and back"),
        # Without the rise at the end, and without the fall to 1, half of the largest count is scaled by all of it.
        pytest.param([LARGEST_COUNT, 1, LARGEST_COUNT // 2, 1, LARGEST_COUNT // 2 + 1], id="the largest counts"),
    ],
)
def test_no_count_leaves_its_range(counts: list[int]) -> None:
    assert all(0 <= count <= LARGEST_COUNT for _, count in left_of(counts, days=1))


def test_comments_lose_the_days_in_which_most_repeat() -> None:
    many = [comment(number, 100 + number / 100) for number in range(9)]
    alike = [comment(number, 10 + number / 100, text="Nice") for number in range(10, 14)]
    # Nine different comments by nine people within a day, four times "Nice" within another: the four go.
    assert comments_left(*many, *alike) == list(range(9))


@pytest.mark.parametrize(
    ("repeated", "left"),
    [
        pytest.param([comment(1, 0, author="b"), comment(2, 1, author="b")], [9], id="an author"),
        pytest.param([comment(1, 0, text="Nice"), comment(2, 1, text="Nice")], [9], id="a text"),
        pytest.param([comment(1, 0, author="a"), comment(2, 1, author="a")], [1, 2], id="the owner's replies"),
        pytest.param([comment(1, 0, author=None), comment(2, 1, author=None)], [1, 2], id="nobody's name"),
        pytest.param([comment(1, None), comment(2, None)], [], id="no date"),
    ],
)
def test_what_repeats_is_what_somebody_may_have_ordered(repeated: list[dict[str, object]], left: list[int]) -> None:
    # Two comments, and a single one 100 days later, which is the busiest where nothing repeats and both are elsewhere.
    later = [comment(9, 100), *([comment(8, 100), comment(7, 100)] if left == [1, 2] else [])]
    assert comments_left(*repeated, *later) == left


def test_an_account_is_left_the_same_alone_and_among_others() -> None:
    mine = tables(followers_daily=curve([1, 5, 9, 2]), comments=[comment(1, 0), comment(2, 50)])
    rows = [{"account_id": "b", "date": day(number), "follower_count": 100 * (number % 3)} for number in range(9)]
    both = tables(
        accounts=[{"account_id": "a"}, {"account_id": "b"}],
        followers_daily=[*curve([1, 5, 9, 2]), *rows],
        comments=[comment(1, 0), comment(2, 50), comment(1, 3) | {"account_id": "b"}],
    )
    alone, among = (without_busiest_days(each, 2) for each in (mine, both))
    for name in ("followers_daily", "comments"):
        assert getattr(alone, name).equals(getattr(among, name).filter(pl.col("account_id") == "a"))


def test_of_engagement_nothing_is_computed_and_the_owner_s_own_signals_exist() -> None:
    known = features_without_busiest_days(tables(), 30).columns
    assert "engagement" not in GROUPS
    assert known == ["account_id", *(name for name, each in features().items() if each.group in GROUPS)]
    assert {each.signal for each in features().values()} >= set(OWN_SIGNALS)
