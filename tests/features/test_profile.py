"""Profile features: worked examples, what is unknown, and independence of other accounts."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.compute import compute_group
from features.profile import FEATURES
from features.tables import PLATFORMS
from tests.features.builders_growth import account, readings, tables, values

SEEN = {"observed_at": datetime(2024, 4, 10, 12, tzinfo=UTC), "created_on": date(2024, 1, 1)}
"""One hundred days of age."""


def test_no_account_gives_no_row() -> None:
    assert compute_group(tables(), "profile").height == 0


def test_an_account_of_which_nothing_is_known_has_null_everywhere() -> None:
    row = values(tables([account("a")]), "profile")
    assert row == dict.fromkeys(FEATURES)


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        pytest.param(
            "profile_following_follower_ratio",
            {"follower_count": 999, "following_count": 499},
            math.log(500 / 1_000),
            id="half as many followed as followers",
        ),
        pytest.param(
            "profile_following_follower_ratio",
            {"follower_count": 0, "following_count": 0},
            math.log(1 / 1),
            id="nobody either way",
        ),
        pytest.param("profile_following_limit_share", {"following_count": 1_500}, 1_500 / 7_500, id="mass follower"),
        pytest.param("profile_following_limit_share", {"following_count": 9_999}, 1.0, id="above the limit"),
        pytest.param(
            "profile_following_limit_share",
            {"following_count": 1_500, "platform": "twitch"},
            None,
            id="platform without a known limit",
        ),
        pytest.param("profile_post_rate_per_month", SEEN | {"post_count": 50}, 50 * 30 / 100, id="50 posts, 100 days"),
        pytest.param(
            "profile_post_rate_per_month",
            SEEN | {"post_count": 50, "created_on": date(2024, 3, 20)},
            None,
            id="three weeks of age say nothing",
        ),
        pytest.param(
            "profile_post_rate_per_month",
            SEEN | {"post_count": 50, "created_on": date(2025, 1, 1)},
            None,
            id="opened after it was seen",
        ),
        pytest.param(
            "profile_following_rate_per_day", SEEN | {"following_count": 250}, 250 / 100, id="250 in 100 days"
        ),
        pytest.param("profile_handle_digit_share", {"handle": "ab12"}, 2 / 4, id="two of four characters"),
        pytest.param("profile_handle_digit_share", {"handle": ""}, None, id="empty handle"),
        pytest.param("profile_handle_final_digit_count", {"handle": "a1b2024"}, 4, id="a year at the end"),
        pytest.param("profile_handle_final_digit_count", {"handle": "2024ab"}, 0, id="digits in front"),
        pytest.param("profile_handle_length", {"handle": "müller"}, 6, id="characters, not bytes"),
        pytest.param("profile_biography_flag", {"biography": "  "}, 0, id="white space is no biography"),
        pytest.param("profile_biography_flag", {"biography": "Baker"}, 1, id="a word"),
        pytest.param("profile_biography_length", {"biography": " Baker\n"}, 5, id="outer white space is not counted"),
        pytest.param("profile_follow_exchange_flag", {"biography": "Follow back always"}, 1, id="follow back"),
        pytest.param("profile_follow_exchange_flag", {"biography": "F4F!"}, 1, id="f4f"),
        pytest.param("profile_follow_exchange_flag", {"biography": "sub 4 sub"}, 1, id="sub 4 sub"),
        pytest.param("profile_follow_exchange_flag", {"biography": "follow for recipes"}, 0, id="an honest invitation"),
        pytest.param("profile_follow_exchange_flag", {"biography": "AF4FX engines"}, 0, id="letters inside a word"),
    ],
)
def test_worked_example(name: str, columns: dict[str, Any], expected: float | None) -> None:
    value = values(tables([account("a", **columns)]), "profile")[name]
    assert value == (None if expected is None else pytest.approx(expected))


def test_followers_come_from_the_curve_where_the_count_is_missing() -> None:
    row = values(tables([account("a", following_count=499)], readings([(0, 800), (1, 999)])), "profile")
    assert row["profile_following_follower_ratio"] == pytest.approx(math.log(500 / 1_000))


def test_age_ends_at_the_newest_row_where_the_counts_have_no_instant() -> None:
    known = account("a", created_on=date(2023, 12, 3), post_count=60)
    row = values(tables([known], readings([(30, 500)])), "profile")
    # The reading of 31 January is known at the end of that day: 60 days after 3 December.
    assert row["profile_post_rate_per_month"] == pytest.approx(60 * 30 / 60)


ANY_ACCOUNT = st.fixed_dictionaries(
    {
        "platform": st.sampled_from(PLATFORMS),
        "handle": st.one_of(st.none(), st.text(max_size=12)),
        "follower_count": st.one_of(st.none(), st.integers(0, 10**9)),
        "following_count": st.one_of(st.none(), st.integers(0, 10**6)),
        "post_count": st.one_of(st.none(), st.integers(0, 10**6)),
        "created_on": st.one_of(st.none(), st.dates(date(1990, 1, 1), date(2030, 1, 1))),
        "observed_at": st.one_of(st.none(), st.just(SEEN["observed_at"])),
        "biography": st.one_of(st.none(), st.text(max_size=40)),
    }
)


@given(ANY_ACCOUNT, ANY_ACCOUNT)
@settings(max_examples=60, deadline=None)
def test_bounds_and_independence_of_other_accounts(mine: dict[str, Any], other: dict[str, Any]) -> None:
    alone = tables([account("b", **mine)])
    row = values(alone, "profile")
    for name, value in row.items():
        low, high = FEATURES[name].low, FEATURES[name].high
        assert value is None or low is None or value >= low, (name, value)
        assert value is None or high is None or value <= high, (name, value)
    both = tables([account("b", **mine), account("a", **other)])
    together = compute_group(both, "profile").filter(pl.col("account_id") == "b")
    assert together.equals(compute_group(alone, "profile"))


def test_only_what_an_account_does_may_be_a_reason() -> None:
    reasons = {name for name, entry in FEATURES.items() if entry.suspicious != "context"}
    assert reasons == {"profile_following_limit_share", "profile_follow_exchange_flag"}
