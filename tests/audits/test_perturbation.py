"""Perturbations: what exactly is changed, that nothing else is, and that the choice follows from the rows' names."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from audits.perturbation import (
    CURVES,
    PERTURBATIONS,
    cells_missing,
    clock_ahead,
    collected_earlier,
    comments_kept,
    count_noise,
    earliest_comments,
    follower_digits,
    follower_noise,
    half_of_comments,
    half_of_posts,
    posts_kept,
    readings_apart,
    rounded_counts,
    touched,
    week_cut_off,
    weekly_readings,
    zero_glitch,
)
from features.tables import CONTRACTS, Tables
from pipeline.audit.catalogue import cleaned
from simulation.cohort import simulate_cohort
from tests.audits.tables import DAY, NOON, comments, curve, nothing, posts, tables
from tests.priors import PRIORS

NAMES = ("accounts", "followers_daily", "posts", "comments")


def same(one: Tables, other: Tables) -> bool:
    return all(getattr(one, name).equals(getattr(other, name)) for name in NAMES)


def of(found: Tables, account: str) -> Tables:
    return Tables(*(getattr(found, name).filter(pl.col("account_id") == account) for name in NAMES))


@pytest.fixture(scope="module")
def cohort() -> Tables:
    frames = simulate_cohort(4711, 40, PRIORS)
    return Tables(**{name: frames[name].sort(CONTRACTS[name].key) for name in NAMES})


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_nothing_stays_nothing(name: str) -> None:
    found = PERTURBATIONS[name].change(nothing())
    assert same(found, nothing())
    assert touched(nothing(), found).is_empty()


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_an_account_is_perturbed_alike_alone_in_company_and_in_any_order(name: str, cohort: Tables) -> None:
    change = PERTURBATIONS[name].change
    in_company = change(cohort)
    assert not touched(cohort, in_company).is_empty()
    shuffled = Tables(*(getattr(cohort, each).sample(fraction=1.0, shuffle=True, seed=3) for each in NAMES))
    account = touched(cohort, in_company)[0]
    for other in (change(of(cohort, account)), of(change(shuffled), account)):
        assert touched(of(in_company, account), other).is_empty()


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_columns_and_types_stay(name: str, cohort: Tables) -> None:
    found = PERTURBATIONS[name].change(cohort)
    for each in NAMES:
        assert getattr(found, each).schema == getattr(cohort, each).schema


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_the_catalogue_says_what_is_done(name: str) -> None:
    each = PERTURBATIONS[name]
    assert each.name == name
    assert each.meaning.endswith(".")
    assert "  " not in each.meaning


@pytest.mark.parametrize(
    ("missing", "kept"),
    [
        pytest.param([], [0, 7, 14], id="ages 0 to 6, 7 to 13 and 14: the newest of each"),
        pytest.param([7], [0, 6, 14], id="the reading a week old is missing: the one before it stands in"),
    ],
)
def test_the_newest_reading_of_every_seven_days_is_kept(missing: list[int], kept: list[int]) -> None:
    rows = [row for day, row in enumerate(curve(range(100, 115))) if day not in missing]
    found = weekly_readings(tables(followers_daily=rows))
    assert found.followers_daily["follower_count"].to_list() == [100 + day for day in kept]


def test_weekly_readings_are_weekly_already() -> None:
    before = tables(followers_daily=curve([10, 20, 30], every=7))
    assert touched(before, weekly_readings(before)).is_empty()


def test_counts_keep_three_digits() -> None:
    exact = [0, 7, 999, 1_000, 1_239, 12_399, 999_999, 1_234_567]
    found = rounded_counts(tables([{"follower_count": 54_321}], curve(exact)))
    cut = [0, 7, 999, 1_000, 1_230, 12_300, 999_000, 1_230_000]
    assert found.followers_daily["follower_count"].to_list() == cut
    assert found.accounts["follower_count"].to_list() == [54_300]


def test_a_count_that_is_not_known_stays_unknown() -> None:
    before = tables()
    blank = replace(before, accounts=before.accounts.with_columns(follower_count=pl.lit(None, pl.Int64)))
    assert rounded_counts(blank).accounts["follower_count"].to_list() == [None]


@pytest.mark.parametrize(
    ("readings", "zeros"),
    [
        pytest.param(1, 0, id="one reading has no inside"),
        pytest.param(2, 0, id="two neither"),
        pytest.param(3, 1, id="three: the middle one"),
        pytest.param(30, 1, id="many: one of them"),
    ],
)
def test_one_reading_between_the_ends_says_zero_and_cleaning_takes_it_out(readings: int, zeros: int) -> None:
    before = tables(followers_daily=curve(range(100, 100 + readings)))
    counts = zero_glitch(before).followers_daily["follower_count"].to_list()
    assert counts.count(0) == zeros
    assert counts[0] == 100
    assert counts[-1] == 100 + readings - 1
    repaired = cleaned(zero_glitch(before)).followers_daily
    assert repaired.height == readings - zeros
    assert repaired.join(before.followers_daily, on=repaired.columns, how="anti", nulls_equal=True).is_empty()


def test_glitches_wander_over_the_curve() -> None:
    rows = [row | {"account_id": f"a{account}"} for account in range(40) for row in curve(range(100, 112))]
    hit = zero_glitch(tables(followers_daily=rows)).followers_daily.filter(pl.col("follower_count") == 0)
    assert hit.height == 40
    assert hit["date"].n_unique() > 5


@pytest.mark.parametrize(("before", "after"), [(1, 1), (2, 1), (9, 5), (10, 5)])
def test_half_of_the_comments_stay(before: int, after: int) -> None:
    given = tables(comments=comments(["wow"] * before))
    found = half_of_comments(given)
    assert found.comments.height == after
    assert found.comments.join(given.comments, on="comment_id", how="anti").is_empty()


def test_comments_are_drawn_at_random_and_not_from_one_end() -> None:
    kept = half_of_comments(tables(comments=comments(["wow"] * 100))).comments["comment_id"].to_list()
    early = sum(name < "c050" for name in kept)
    assert 15 <= early <= 35  # 25 expected of 50


def test_the_fifty_earliest_comments_stay() -> None:
    when = [NOON + timedelta(hours=60 - index) for index in range(60)]
    found = earliest_comments(tables(comments=comments(["wow"] * 60, commented_at=when)))
    assert found.comments["comment_id"].to_list() == [f"c{index:03d}" for index in range(10, 60)]


def test_comments_without_an_instant_have_no_earliest() -> None:
    when = [NOON] * 59 + [None]
    given = tables(comments=comments(["wow"] * 60, commented_at=when))
    assert same(earliest_comments(given), given)


def test_half_of_the_posts_leave_with_their_comments() -> None:
    under = ["p0", "p1", "p2", "p3", "p0", "p1", "p2", "p3", "elsewhere"]
    given = tables(posts=posts([1, 2, 3, 4]), comments=comments(["wow"] * 9, post_id=under))
    found = half_of_posts(given)
    kept = found.posts["post_id"].to_list()
    assert len(kept) == 2
    assert sorted(found.comments["post_id"]) == sorted([*kept, *kept, "elsewhere"])


def test_a_week_less_is_the_folder_of_a_week_ago() -> None:
    newest = NOON + timedelta(days=20)
    account = {"follower_count": 500, "observed_at": newest}
    given = tables(
        [account],
        curve(range(100, 121)),  # day d, known at the end of it, 12 hours after noon
        posts([1] * 21, observed_at=[newest] * 21),
        comments(["wow"] * 21, commented_at=[NOON + timedelta(days=day) for day in range(21)]),
    )
    found = week_cut_off(given)
    # The last reading, day 20, is known at 0:00 of day 21, the newest instant; the cut is 0:00 of day 14.
    assert found.followers_daily["date"].max() == DAY + timedelta(days=13)
    assert found.posts["posted_at"].max() == NOON + timedelta(days=13)
    assert found.comments["commented_at"].max() == NOON + timedelta(days=13)
    assert set(found.posts["observed_at"]) == {NOON + timedelta(days=13, hours=12)}
    (row,) = found.accounts.to_dicts()
    assert (row["follower_count"], row["observed_at"]) == (113, NOON + timedelta(days=13, hours=12))


def test_what_has_no_instant_is_not_cut() -> None:
    given = tables(comments=comments(["wow", "nice"], commented_at=[None, NOON]), posts=posts([1], posted_at=[NOON]))
    found = week_cut_off(given)
    assert found.comments["text"].to_list() == ["wow"]
    assert found.posts.is_empty()
    assert found.accounts["follower_count"].to_list() == [10_000]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        pytest.param(tables(posts=posts([1, 2])), [], id="the same"),
        pytest.param(tables(posts=posts([1])), ["a"], id="a row less"),
        pytest.param(tables(posts=posts([1, 2, 3])), ["a"], id="a row more"),
        pytest.param(tables(posts=posts([1, None])), ["a"], id="a cell"),
    ],
)
def test_accounts_are_touched_where_a_row_differs(other: Tables, expected: list[str]) -> None:
    assert touched(tables(posts=posts([1, 2])), other).to_list() == expected


STRENGTHS = [(name, strength) for name, each in CURVES.items() for strength in each.strengths]


@pytest.mark.parametrize(("name", "strength"), STRENGTHS)
def test_nothing_stays_nothing_at_any_strength(name: str, strength: float) -> None:
    assert same(CURVES[name].change(nothing(), strength), nothing())


@pytest.mark.parametrize("name", CURVES)
def test_every_strength_changes_alike_alone_in_company_and_in_any_order(name: str, cohort: Tables) -> None:
    each = CURVES[name]
    in_company = each.change(cohort, each.strengths[-1])
    assert not touched(cohort, in_company).is_empty()
    for table in NAMES:
        assert getattr(in_company, table).schema == getattr(cohort, table).schema
    shuffled = Tables(*(getattr(cohort, table).sample(fraction=1.0, shuffle=True, seed=3) for table in NAMES))
    account = touched(cohort, in_company)[0]
    for other in (
        each.change(of(cohort, account), each.strengths[-1]),
        of(each.change(shuffled, each.strengths[-1]), account),
    ):
        assert touched(of(in_company, account), other).is_empty()


@pytest.mark.parametrize("name", CURVES)
def test_the_report_says_what_a_curve_does(name: str) -> None:
    each = CURVES[name]
    assert each.name == name
    assert each.meaning.endswith(".")
    assert len(each.strengths) == len(set(each.strengths))


def test_noise_has_the_spread_asked_for_and_leaves_zeros_and_nulls() -> None:
    before = tables(followers_daily=curve([1_000_000] * 2000 + [0]), posts=posts([1_000_000] * 2000 + [0, None]))
    curves = follower_noise(before, 0.03).followers_daily["follower_count"]
    assert np.log(curves[:2000].to_numpy() / 1e6).std() == pytest.approx(0.03, rel=0.1)
    assert abs(np.log(curves[:2000].to_numpy() / 1e6).mean()) < 0.003
    assert curves[2000] == 0
    likes = count_noise(before, 0.3).posts.join(before.posts, on="post_id", suffix="_before").sort("like_count_before")
    assert likes.filter(pl.col("like_count_before").is_null())["like_count"].to_list() == [None]
    assert likes.filter(pl.col("like_count_before") == 0)["like_count"].to_list() == [0]
    noisy = likes.filter(pl.col("like_count_before") > 0)["like_count"].to_numpy()
    assert np.log(noisy / 1e6).std() == pytest.approx(0.3, rel=0.1)


def test_the_clock_moves_instants_and_no_date() -> None:
    before = tables([{"observed_at": NOON}], curve([1, 2]), posts([3]), comments(["nice"]))
    after = clock_ahead(before, 6)
    moved = timedelta(hours=6)
    assert after.accounts["observed_at"][0] - before.accounts["observed_at"][0] == moved
    assert after.posts["posted_at"][0] - before.posts["posted_at"][0] == moved
    assert after.comments["commented_at"][0] - before.comments["commented_at"][0] == moved
    assert after.followers_daily.equals(before.followers_daily)


def test_cells_go_missing_in_optional_columns_alone_and_more_of_the_same_ones() -> None:
    before = tables(posts=posts(list(range(1000)), comment_count=list(range(1000))))
    few, many = (cells_missing(before, share).posts for share in (0.1, 0.4))
    assert few["like_count"].null_count() == pytest.approx(100, abs=30)
    assert many["like_count"].null_count() == pytest.approx(400, abs=50)
    assert (few["like_count"].is_null() & many["like_count"].is_not_null()).sum() == 0
    assert (few["like_count"].is_null() == few["comment_count"].is_null()).mean() < 0.9
    assert few["posted_at"].null_count() == 0


def test_shares_are_rounded_up_and_nested() -> None:
    before = tables(posts=posts([1] * 7), comments=comments(["text"] * 21))
    kept = [set(comments_kept(before, share).comments["comment_id"]) for share in (0.5, 0.25, 0.1)]
    assert [len(each) for each in kept] == [11, 6, 3]
    assert kept[0] > kept[1] > kept[2]
    assert posts_kept(before, 0.1).posts.height == 1


def test_readings_come_monthly_and_counts_with_two_digits() -> None:
    rows = curve(range(1_000, 1_061))
    found = readings_apart(tables(followers_daily=rows), 30).followers_daily
    assert found["follower_count"].to_list() == [1_000, 1_030, 1_060]
    cut = follower_digits(tables(followers_daily=rows), 2).followers_daily
    assert set(cut["follower_count"]) == {1_000}


def test_collected_two_weeks_earlier_the_last_reading_left_is_the_count() -> None:
    found = collected_earlier(tables(followers_daily=curve(range(100, 130))), 14)
    assert found.followers_daily["follower_count"].max() == found.accounts["follower_count"][0] == 115
