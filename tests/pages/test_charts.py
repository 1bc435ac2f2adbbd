"""Drawings of an account: which days are shaded, which dates are labelled, and what is too little to draw."""

from __future__ import annotations

import re
from datetime import date

import pytest

from pages import drawing
from pages.charts import gauge, stretch


def row(text: str, key: str = "2024-07-16") -> dict[str, str]:
    return {"table": "followers_daily", "key": key, "text": text}


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("2024-07-16: 3,035 to 3,585 followers (+550)", date(2024, 7, 15)),
        ("2024-07-09 to 2024-07-16: 61 to 171 followers (+110)", date(2024, 7, 9)),
        ("week to 2024-07-16: 9,038 to 8,958 followers (-80)", date(2024, 7, 9)),
        ("30 days to 2024-07-16: 54,742 to 70,834 followers (+16,092)", date(2024, 6, 16)),
        ("in other words", date(2024, 7, 15)),
    ],
    ids=["a day", "two readings apart", "a week", "a month", "words that tell no days"],
)
def test_a_row_is_about_all_the_days_that_it_speaks_of(text: str, after: date) -> None:
    assert stretch(row(text)) == (after, date(2024, 7, 16))


def test_a_period_ends_where_its_text_says_not_at_its_newest_reading() -> None:
    assert stretch(row("30 days to 2024-07-18: 5 to 9 followers (+4)")) == (date(2024, 6, 18), date(2024, 7, 18))


def test_the_first_day_of_the_calendar_has_none_before() -> None:
    assert stretch(row("0001-01-01: 1 to 2 followers", key="0001-01-01")) == (date(1, 1, 1), date(1, 1, 1))


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        (date(2024, 3, 1), date(2024, 3, 1), ["1 Mar"]),
        (date(2024, 3, 1), date(2024, 3, 5), ["2 Mar", "3 Mar", "4 Mar", "5 Mar"]),
        (date(2024, 2, 1), date(2024, 8, 1), ["Mar 2024", "May 2024", "Jul 2024"]),
        (date(2021, 2, 2), date(2026, 1, 31), ["2022", "2023", "2024", "2025"]),
        (date(1900, 1, 1), date(2026, 1, 1), None),
    ],
    ids=["one day", "five days", "half a year", "five years", "a century"],
)
def test_dates_are_round_and_few(first: date, last: date, labels: list[str] | None) -> None:
    across = drawing.horizontal(drawing.day_number(first), drawing.day_number(last) + 1.0)
    found = drawing.day_labels(across)
    assert 0 < len(found) <= drawing.MOST_DAY_LABELS
    assert all(across.low <= number <= across.high for number, _ in found)
    if labels is not None:
        assert [label for _, label in found] == labels


@pytest.mark.parametrize("days", range(1, 4_000, 37))
def test_every_length_of_time_has_dates_in_order(days: int) -> None:
    found = [number for number, _ in drawing.day_labels(drawing.horizontal(19_000.0, 19_000.0 + days))]
    assert found == sorted(set(found))
    assert 0 < len(found) <= drawing.MOST_DAY_LABELS


@pytest.mark.parametrize(("score", "width"), [(0, "10.0"), (50, "200.0"), (100, "400.0")])
def test_a_score_fills_its_share_and_none_is_still_seen(score: int, width: str) -> None:
    assert re.search(rf'class="filled" width="{width}"', gauge(score))  # 50 of 100 of 400 units are 200
    assert f'aria-label="{score} of 100"' in gauge(score)


def test_without_a_score_there_is_no_gauge() -> None:
    assert gauge(None) == ""


def test_posts_of_one_place_are_marked_once() -> None:
    across = drawing.horizontal(0.0, 650.0)
    assert drawing.posts([], across, "post").count("v12") == 0
    assert drawing.posts([5.0, 5.001, 400.0], across, "post").count("v12") == 2


def test_a_usual_range_stands_at_its_post_and_claims_nothing_between() -> None:
    across, up = drawing.horizontal(0.0, 646.0), drawing.vertical([1.0, 100.0], logarithmic=True)
    drawn = drawing.ranges([(100.0, 10.0, 20.0), (400.0, 10.0, 20.0)], across, up, "expected")
    assert re.findall(r"M([\d.]+) ", drawn) == ["159.0", "459.0"]  # 64 + 100 - 10 / 2, and 300 farther on


def test_none_on_a_scale_of_multiples_is_called_none() -> None:
    across, up = drawing.horizontal(0.0, 10.0), drawing.vertical([drawing.LEAST_COUNT, 50.0], logarithmic=True)
    drawn = drawing.chart([], across, up, title="", description="", across_text=str, across_ticks=[])
    assert re.findall(r'class="up">([^<]*)<', drawn) == ["0", "1", "2", "5", "10", "20", "50"]
