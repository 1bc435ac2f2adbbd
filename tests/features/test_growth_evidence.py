"""The rows behind growth and profile values: planted days come first, and the words say what was counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate

import polars as pl
import pytest

from features.catalog import features
from features.compute import compute_group
from features.definition import MOST_EVIDENCE
from features.evidence import evidence
from features.growth import FEATURES, _two_days
from features.growth_frames import grouped
from features.tables import Tables
from simulation.cohort import simulate_cohort
from tests.features.builders_growth import FIRST_DAY, START, Row, account, daily, post, readings, tables
from tests.priors import PRIORS

CALM = [10] * 20
SPIKE = [*CALM, 610, *CALM]
SPIKE_DAY = 21
HALVED = [*CALM, 610, *[-100] * 5, *CALM]
REFILLED = [10] * 15 + [610] + [10] * 4 + [-300] + [10] * 4 + [310] + [10] * 15
PLATEAU = [10] * 30 + [210] * 8 + [10] * 30
QUIET_POSTS = [post(day + 0.5, like_count=100) for day in range(0, 70, 5)]
SAW_TOOTH = ([60] * 14 + [-50] * 14) * 3


def shown(
    name: str, followers: Sequence[Row], posts: Sequence[Row] = (), *, side: str = "high", accounts: Sequence[Row] = ()
) -> pl.DataFrame:
    """Evidence of one feature of account "a"."""
    asked = pl.DataFrame({"account_id": ["a"], "feature": [name], "side": [side]})
    return evidence(tables(accounts, followers, posts), asked)


def days(found: pl.DataFrame) -> list[int]:
    """Days since `FIRST_DAY` that are cited, strongest first."""
    return [(date.fromisoformat(key) - FIRST_DAY).days for key in found["key"]]


def saw_tooth() -> list[Row]:
    return daily([5] * 84, following_count=list(accumulate(SAW_TOOTH, initial=1_001)))


def test_no_curve_has_no_evidence() -> None:
    assert shown("growth_peak_day_share", [], accounts=[account("a")]).height == 0


PLANTED = [
    pytest.param("growth_peak_day_share", SPIKE, "high", [SPIKE_DAY], id="the busiest day alone"),
    pytest.param("growth_peak_day_tail_ratio", SPIKE, "high", [SPIKE_DAY], id="the busiest day before the fifth"),
    pytest.param("growth_burst_mass_share", SPIKE, "high", [SPIKE_DAY], id="the burst"),
    pytest.param("growth_burst_lot_closeness_ratio", SPIKE, "high", [SPIKE_DAY], id="the burst of that size"),
    pytest.param("growth_net_log_rate_per_month", SPIKE, "context", [SPIKE_DAY], id="the day that moved most"),
    pytest.param("growth_gain_variation_ratio", SPIKE, "high", [SPIKE_DAY], id="the day furthest off the mean"),
    pytest.param("growth_burst_mass_share", PLATEAU, "high", [*range(31, 39)], id="all days of the plateau"),
    pytest.param("growth_plateau_days", PLATEAU, "high", [*range(31, 39)], id="the days counted"),
    pytest.param("growth_burst_daily_spread", PLATEAU, "low", [*range(32, 38)], id="inner days of the burst"),
    pytest.param("growth_burst_lost_7_days_share", HALVED, "high", [*range(22, 27)], id="the losses after the burst"),
    pytest.param("growth_burst_lost_30_days_share", HALVED, "high", [*range(22, 27)], id="losses of the month after"),
    pytest.param("growth_burst_half_life_days", HALVED, "context", [*range(22, 26)], id="losses until half is gone"),
    pytest.param("growth_drop_rate_per_month", HALVED, "high", [*range(26, 21, -1)], id="drops, the deepest first"),
    pytest.param("growth_drawdown_share", HALVED, "high", [*range(22, 27)], id="from the high to the low"),
    pytest.param("growth_losing_day_share", HALVED, "high", [*range(22, 27)], id="days with a loss"),
    pytest.param("growth_refill_rate_per_month", REFILLED, "high", [26, 21], id="the refill and its drop"),
    pytest.param("growth_drop_restored_share", REFILLED, "high", [26, 21], id="the drop made good and what did it"),
]


@pytest.mark.parametrize(("name", "gains", "side", "expected"), PLANTED)
def test_planted_days_come_first(name: str, gains: list[int], side: str, expected: list[int]) -> None:
    assert days(shown(name, daily(gains), side=side))[: len(expected)] == expected


def test_what_is_not_behind_the_value_is_not_shown() -> None:
    assert days(shown("growth_burst_mass_share", daily(PLATEAU))) == [*range(31, 39)]
    assert days(shown("growth_burst_lost_7_days_share", daily(HALVED))) == [*range(22, 27)]


def test_unexplained_bursts_are_shown_and_explained_ones_are_not() -> None:
    good = post(20.6, like_count=500)
    for name in ("growth_burst_unexplained_share", "growth_plateau_unexplained_days"):
        assert days(shown(name, daily(PLATEAU), QUIET_POSTS)) == [*range(31, 39)], name
    assert days(shown("growth_burst_unexplained_share", daily(SPIKE), QUIET_POSTS)) == [SPIKE_DAY]
    assert days(shown("growth_burst_unexplained_share", daily(SPIKE), [*QUIET_POSTS, good])) == []


def test_a_saw_tooth_shows_its_reversals_and_its_losses() -> None:
    turns = days(shown("growth_following_reversal_rate_per_month", saw_tooth()))
    assert sorted(turns) == [15, 29, 43, 57, 71]
    lost = days(shown("growth_following_lost_rate_per_month", saw_tooth()))
    assert len(lost) == MOST_EVIDENCE
    assert all((day - 1) // 14 % 2 == 1 for day in lost)


def test_one_or_two_accounts_given_up_are_no_evidence() -> None:
    tidy = daily([5] * 20, following_count=[9] * 8 + [8] * 8 + [6] * 5)
    assert shown("growth_following_lost_rate_per_month", tidy).height == 0
    clean_up = daily([5] * 20, following_count=[9] * 8 + [8] * 8 + [3] * 5)
    assert days(shown("growth_following_lost_rate_per_month", clean_up)) == [16]


def test_follow_backs_show_days_of_many_followers_after_many_follows() -> None:
    follows = [0] * 7 + [40, 0, 0, 0, 0, 0, 0, 0, 0, 0] * 4
    gains = [40 if 40 in follows[max(0, day - 7) : day] else 0 for day in range(len(follows))]
    following = list(accumulate(follows, initial=1_001))
    found = shown("growth_follow_back_correlation", daily(gains, following_count=following))
    assert [gains[day - 1] for day in days(found)] == [40] * MOST_EVIDENCE


def test_posts_and_gains_show_on_which_days_they_meet() -> None:
    gains = [20 if day % 6 in (0, 1) else 5 for day in range(48)]
    posts = [post(day + 0.5) for day in range(-5, 48, 6)]
    found = shown("growth_gain_after_posts_correlation", daily(gains), posts, side="context")
    assert all("; a post that day or the day before" in text for text in found["text"])


def test_weeks_push_a_correlation_by_the_product_of_their_ranks_deviations() -> None:
    # Eleven weeks, each with more followers and more likes than the one before: both ranks are 1 to 11, 5 to -5 from
    # their mean, and the sum of squares is 110.
    gains = [10 + day // 7 for day in range(77)]
    weekly = [post(day + 0.5, like_count=100 * (1 + day // 7)) for day in range(-1, 80, 7)]
    found = shown("growth_weekly_gain_engagement_correlation", daily(gains), weekly, side="context")
    assert found["push"].to_list() == pytest.approx(
        [each / 110 for each in (25, 25, 16, 16, 9, 9, 4, 4, 1, 1)], abs=1e-6
    )


def test_days_next_to_each_other_are_compared_within_their_5_to_95_per_cent() -> None:
    # Of 0 to 20 the twentieth part is 1 at either end, so 0 counts as 1 and 20 as 19.
    rows = pl.DataFrame({"log_growth": [float(day) for day in range(21)]})
    today, tomorrow = _two_days()
    clipped = rows.with_columns(next_log_growth=pl.col("log_growth").shift(-1)).select(today=today, tomorrow=tomorrow)
    assert clipped["today"].to_list() == [1, *range(1, 20), None]
    assert clipped["tomorrow"].to_list() == [*range(1, 20), 19, None]


def test_weeks_are_cited_by_the_newest_reading_up_to_their_end() -> None:
    gains = [10] * 20 + [610] + [10] * 21
    found = shown("growth_peak_week_share", daily([*gains, *[10] * 20]))
    assert days(found) == [27]  # 62 days end on day 62: weeks on 27, 34, ...
    assert found["text"].item().startswith("week to 2024-01-28: 10,201 to 10,871 followers (+670)")


def test_a_week_that_ends_between_readings_is_cited_by_the_reading_before() -> None:
    counts = list(accumulate([50] * 10 + [900] + [50] * 5, initial=START))
    found = shown("growth_peak_week_share", readings([(9 * index, count) for index, count in enumerate(counts)]))
    dates = {str(row["date"]) for row in readings([(9 * index, 0) for index in range(len(counts))])}
    assert found.height >= 1
    assert set(found["key"]) <= dates


def test_words_of_an_interval() -> None:
    found = shown("growth_burst_mass_share", daily(SPIKE))
    assert found["text"].to_list() == ["2024-01-22: 10,201 to 10,811 followers (+610); 10 expected at the usual pace"]
    assert found["table"].to_list() == ["followers_daily"]
    weekly = shown("growth_net_log_rate_per_month", daily([-150] * 42)[::7], side="context")
    assert "2024-01-01 to 2024-01-08: 10,001 to 8,951 followers (-1,050)" in weekly["text"].to_list()


def test_words_of_a_move_of_the_accounts_followed() -> None:
    found = shown("growth_following_reversal_rate_per_month", saw_tooth())
    assert "2024-01-16: 10,071 to 10,076 followers (+5); follows 1,841 to 1,791 (-50)" in found["text"].to_list()


def test_words_of_engagement_across_a_burst() -> None:
    posts = [post(day + 0.5, like_count=1_000 if day <= 20 else 900) for day in range(0, 42, 5)]
    (text,) = shown("growth_burst_engagement_residual", daily(SPIKE), posts, side="low")["text"]
    assert text.endswith("; median likes or views of posts 1,000 before and 900 after")


@pytest.mark.parametrize(
    ("number", "expected"),
    [(0.0, "0"), (-0.4, "0"), (999.6, "1,000"), (-150.0, "-150"), (-1_234.0, "-1,234"), (12_345_678.0, "12,345,678")],
)
def test_numbers_are_grouped_by_thousands(number: float, expected: str) -> None:
    assert pl.DataFrame({"number": [number]}).select(grouped(pl.col("number"))).item() == expected


# --- profile ----------------------------------------------------------------------------------------------------------


def test_a_profile_is_cited_as_itself_without_its_name() -> None:
    row = account(
        "a",
        handle="ab12",
        follower_count=12_000,
        following_count=3_400,
        post_count=560,
        created_on=date(2019, 3, 1),
        biography="Follow back always",
    )
    for name in ("profile_following_limit_share", "profile_follow_exchange_flag"):
        found = shown(name, [], accounts=[row])
        assert found.select("table", "key").row(0) == ("accounts", "a")
        assert found["text"].item() == (
            "12,000 followers, follows 3,400 (the platform's limit: 7,500), 560 posts, opened on 2019-03-01, "
            "handle of 4 characters with 2 digits (2 at its end), "
            "biography of 18 characters that offers a follow in exchange"
        )


def test_what_is_unknown_of_a_profile_is_left_out() -> None:
    row = account("a", platform="twitch", follower_count=900, following_count=30)
    found = shown("profile_following_follower_ratio", [], side="context", accounts=[row])
    assert found["text"].item() == "900 followers, follows 30"


# --- any account ------------------------------------------------------------------------------------------------------

OWN = features(["growth", "profile"])


@pytest.fixture(scope="module")
def cohort() -> Tables:
    frames = simulate_cohort(41, 150, PRIORS)
    return Tables(*(frames[name] for name in ("accounts", "followers_daily", "posts", "comments")))


@pytest.fixture(scope="module")
def far(cohort: Tables) -> pl.DataFrame:
    """Values beyond the cohort's nine tenths on a side that could be a reason, or on either side of a context value."""
    parts = []
    for group in ("growth", "profile"):
        values = compute_group(cohort, group).unpivot(index="account_id", variable_name="feature").drop_nulls("value")
        for name, entry in OWN.items():
            own = values.filter(pl.col("feature") == name)
            for side in entry.reason or ("context",):
                value = pl.col("value")
                is_beyond = value < value.quantile(0.1) if side == "low" else value > value.quantile(0.9)
                parts.append(own.filter(is_beyond).select("account_id", "feature", side=pl.lit(side)))
    return pl.concat(parts)


def test_values_far_out_have_evidence_that_exists(cohort: Tables, far: pl.DataFrame) -> None:
    assert far["feature"].n_unique() > len(OWN) - 10
    for side in ("high", "low", "context"):
        asked = far.filter(pl.col("side") == side)
        found = evidence(cohort, asked)
        assert asked.join(found, on=["account_id", "feature"], how="anti").rows() == []
        assert found["rank"].is_between(1, MOST_EVIDENCE).all()
        assert found["text"].null_count() == 0
        own = pl.concat(
            [
                cohort.followers_daily.select(
                    "account_id", table=pl.lit("followers_daily"), key=pl.col("date").cast(str)
                ),
                cohort.accounts.select("account_id", table=pl.lit("accounts"), key="account_id"),
            ]
        )
        assert found.join(own, on=["account_id", "table", "key"], how="anti").height == 0


def test_evidence_ends_with_the_table(cohort: Tables, far: pl.DataFrame) -> None:
    """Cut off two months, it tells of what is left, and a value of the shorter curve rests on rows of that curve."""
    cut = cohort.followers_daily["date"].max() - timedelta(days=60)
    short = Tables(
        cohort.accounts,
        cohort.followers_daily.filter(pl.col("date") <= cut),
        cohort.posts.filter(pl.col("posted_at").dt.date() <= cut),
        cohort.comments,
    )
    found = evidence(short, far.filter(pl.col("feature").is_in(list(FEATURES)), pl.col("side") == "high"))
    assert found.height > 0
    assert found["key"].max() <= str(cut)
