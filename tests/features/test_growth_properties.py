"""Growth features on any curve: bounds, and independence of row order, of other accounts and of later rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from features.compute import compute_group
from features.growth import FEATURES
from features.growth_frames import intervals
from features.tables import Tables
from tests.features.builders_growth import FIRST_DAY, Row, account, daily, post, readings, tables, values

COUNTS = st.one_of(
    st.integers(0, 3_000),
    st.integers(0, 5_000_000),
    st.integers(20, 999).map(lambda digits: digits * 10_000),
)


@st.composite
def curves(draw: st.DrawFn, account_id: str = "a") -> list[Row]:
    """Any readings: irregular days, arbitrary or slowly moving counts, following read or not."""
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 2, 7, 9, 30]), min_size=0, max_size=60))
    days = [sum(steps[:index]) for index in range(len(steps))]
    if draw(st.booleans()):
        counts = draw(st.lists(COUNTS, min_size=len(days), max_size=len(days)))
    else:
        start = draw(st.integers(200, 100_000))
        moves = draw(st.lists(st.integers(-60, 90), min_size=len(days), max_size=len(days)))
        counts = [max(start + sum(moves[:index]), 0) for index in range(len(days))]
    following = draw(st.lists(st.one_of(st.none(), st.integers(0, 7_500)), min_size=len(days), max_size=len(days)))
    return readings(zip(days, counts, strict=True), account_id=account_id, following_count=following)


@st.composite
def post_lists(draw: st.DrawFn, account_id: str = "a") -> list[Row]:
    days = draw(st.lists(st.integers(-20, 400), max_size=15, unique=True))
    count = st.one_of(st.none(), st.integers(0, 10_000))
    return [
        post(day, account_id=account_id, seen_after=draw(st.sampled_from([1, 5, 90])), like_count=draw(count))
        for day in sorted(days)
    ]


@given(curves(), post_lists())
@settings(max_examples=60, deadline=None)
def test_values_stay_within_their_declared_bounds(followers: list[Row], posts: list[Row]) -> None:
    row = values(tables([account("a")], followers, posts))
    for name, value in row.items():
        low, high = FEATURES[name].low, FEATURES[name].high
        assert value is None or low is None or value >= low, (name, value)
        assert value is None or high is None or value <= high, (name, value)


@given(curves("a"), curves("b"), post_lists("a"), post_lists("b"), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_row_order_and_other_accounts_change_nothing(
    curve: list[Row], other: list[Row], posts: list[Row], other_posts: list[Row], seed: int
) -> None:
    alone = tables([account("a")], curve, posts)
    both = tables([account("a"), account("b")], [*curve, *other], [*posts, *other_posts])
    shuffled = Tables(
        *(
            table.sample(fraction=1.0, shuffle=True, seed=seed)
            for table in (both.accounts, both.followers_daily, both.posts, both.comments)
        )
    )
    expected = compute_group(alone, "growth")
    assert compute_group(both, "growth").filter(pl.col("account_id") == "a").equals(expected)
    assert compute_group(shuffled, "growth").filter(pl.col("account_id") == "a").equals(expected)


@given(st.lists(st.integers(-60, 90), min_size=1, max_size=60), st.integers(2, 60))
@settings(max_examples=30, deadline=None)
def test_later_readings_leave_earlier_intervals_alone(moves: list[int], length: int) -> None:
    """For exact counts without glitches; both of these are judged by all that is known."""
    followers = daily(moves, start=10_001)
    part = intervals(tables(followers=followers[:length]))
    whole = intervals(tables(followers=followers))
    assert part.equals(whole.head(part.height))
    assert part.height == min(length, len(followers)) - 1


@given(st.integers(1, 40))
@settings(max_examples=10, deadline=None)
def test_rows_before_the_first_reading_or_a_later_snapshot_change_nothing(days_later: int) -> None:
    """The follower count of `accounts` and its instant are no reading of the curve."""
    followers = readings([(day, 10_001 + 13 * day + 7 * (day % 3)) for day in range(60)])
    snapshot = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=60 + days_later)
    later = account("a", follower_count=99_999, observed_at=snapshot)
    assert values(tables([later], followers)) == values(tables([account("a")], followers))
