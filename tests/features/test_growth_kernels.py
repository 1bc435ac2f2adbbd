"""The kernels of the curves against the same features as polars expressions, on readings of every kind."""

# ruff: noqa: S311 -- curves are drawn, no secret is
from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from features.compute import compute_group
from features.context import with_account_context
from features.growth import FEATURES, FRAMES, TOTALS
from features.kernels import growth as kernels
from features.tables import Tables
from simulation.cohort import simulate_cohort
from tests.features import naive_growth as naive
from tests.features.builders_growth import FIRST_DAY, Row, account, daily, post, readings, tables
from tests.priors import PRIORS

ACCOUNTS = 160
SAMPLINGS = ([1], [1], [1, 1, 1, 2, 5], [7], [7, 7, 9], [30], [1, 1, 1, 1, 1, 1, 60])
ABSOLUTE, RELATIVE = 1e-9, 1e-8
"""Values are given to nine digits."""


def drawn_curve(dice: random.Random, name: str) -> list[Row]:
    """Readings with bursts, drops, refills, glitches, zeros and rounding, at regular or irregular days."""
    steps = dice.choice(SAMPLINGS)
    day, count, followed = 0, float(dice.choice([9, 300, 4_000, 60_000, 3_000_000])), 800
    digits = dice.choice([None, None, None, 3, 2])
    delivery, points, following = 0.0, [], []
    for _ in range(dice.choice([0, 1, 2, 8, 60, 140, 200])):
        step = dice.choice(steps)
        day += step
        count += step * dice.gauss(count * 0.0005, count * 0.0004)
        if dice.random() < 0.03:
            delivery = count * dice.uniform(0.005, 0.03) * dice.choice([1, -1, -0.5])
        delivery *= dice.random() > 0.2
        count = max(count + delivery, 1)
        followed = max(followed + dice.choice([0, 0, 1, 40, -30]), 0)
        shown = round(count) if dice.random() > 0.02 else dice.choice([0, round(count) * 30, round(count) // 40])
        if digits is not None:
            place = 10 ** max(len(str(shown)) - digits, 0)
            shown = shown // place * place
        points.append((day, shown))
        following.append(followed if dice.random() > 0.005 else None)
    if dice.random() < 0.3:
        following = [None] * len(points)
    return readings(points, account_id=name, following_count=following)  # type: ignore[arg-type]


def drawn_posts(dice: random.Random, name: str, last: int) -> list[Row]:
    """Posts about the time of the readings: some too young, some with no counts, some with views alone."""
    hides_likes, known = dice.random() < 0.2, dice.random() > 0.2
    rows = []
    for number in range(dice.choice([0, 3, 30, 60])):
        likes = None if hides_likes or dice.random() < 0.02 else int(100 * dice.paretovariate(2))
        views = None if dice.random() < 0.1 else int(900 * dice.paretovariate(2))
        day = dice.uniform(-20, last + 5) + number / 1_000
        row = post(day, account_id=name, seen_after=dice.choice([9, 9, 9, 30, 1]), like_count=likes, view_count=views)
        rows.append(row if known else row | {"observed_at": None})
    return rows


def drawn_accounts() -> Tables:
    dice = random.Random(6)
    followers, posts = [], []
    for number in range(ACCOUNTS):
        name = f"account {number:03}"
        curve = drawn_curve(dice, name)
        followers += curve
        posts += drawn_posts(dice, name, (curve[-1]["date"] - curve[0]["date"]).days if curve else 50)
    named = [account(f"account {number:03}") for number in range(ACCOUNTS)]
    return with_account_context(tables(named, followers, posts))


def simulated_accounts() -> Tables:
    frames = simulate_cohort(23, 150, PRIORS)
    return with_account_context(Tables(**{field.name: frames[field.name] for field in fields(Tables)}))


SOURCES = {"drawn": drawn_accounts, "simulated": simulated_accounts}


@cache
def observed(source: str) -> Tables:
    return SOURCES[source]()


@cache
def naive_frame(source: str, name: str) -> pl.DataFrame:
    return naive.FRAMES[name](observed(source))


@cache
def naive_values(source: str, frame: str) -> pl.DataFrame:
    members = [entry for entry in FEATURES.values() if entry.frame == frame]
    values = [
        pl.when(pl.len() >= entry.min_rows).then(naive.VALUES[entry.name]().cast(pl.Float64)).alias(entry.name)
        for entry in members
    ]
    found = naive_frame(source, frame).group_by("account_id").agg(values)
    return observed(source).accounts.select("account_id").join(found, on="account_id", how="left")


def test_no_account_has_no_row_in_any_frame() -> None:
    for name in FRAMES:
        assert FRAMES[name](tables()).height == 0
        assert TOTALS[name](tables()).height == 0


def test_every_feature_has_a_naive_twin() -> None:
    assert list(naive.VALUES) == list(FEATURES)


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("source", SOURCES)
def test_frames_equal_the_naive_ones(source: str, name: str) -> None:
    found, expected = FRAMES[name](observed(source)), naive_frame(source, name)
    common = [column for column in expected.columns if column in found.columns]
    assert {"account_id", "date", "change"} <= set(common)
    assert_frame_equal(
        found.select(common), expected.select(common), check_dtypes=False, rel_tol=RELATIVE, abs_tol=ABSOLUTE
    )


@pytest.mark.parametrize("name", FEATURES)
@pytest.mark.parametrize("source", SOURCES)
def test_values_equal_the_naive_ones(source: str, name: str) -> None:
    expected = naive_values(source, FEATURES[name].frame)[name]
    expected = expected.set(~expected.is_finite(), None)
    found = compute_group(observed(source), "growth")[name]
    pairs = zip(found, expected, strict=True)
    assert all(
        left == right or (None not in {left, right} and left == pytest.approx(right, rel=RELATIVE, abs=ABSOLUTE))
        for left, right in pairs
    )


@pytest.mark.parametrize("name", FEATURES)
def test_the_accounts_exercise_the_feature(name: str) -> None:
    both = [naive_values(source, FEATURES[name].frame)[name].drop_nulls() for source in SOURCES]
    assert len({*both[0], *both[1]} - {0.0}) >= 3


@pytest.mark.parametrize("name", TOTALS)
def test_totals_count_the_rows_that_the_evidence_shows(name: str) -> None:
    own = observed("drawn")
    rows = FRAMES[name](own).group_by("account").agg(rows=pl.len(), gain=pl.col("gain").sum())
    totals = TOTALS[name](own).join(rows, on="account", how="left", suffix="_shown")
    assert totals["rows"].to_list() == totals["rows_shown"].fill_null(0).to_list()
    if "gain" in TOTALS[name](own).columns:
        assert totals["gain"].fill_null(0).to_list() == pytest.approx(totals["gain_shown"].fill_null(0).to_list())


def test_a_frame_tells_its_accounts_by_code_and_by_name() -> None:
    own = observed("drawn")
    codes = dict(own.accounts.select("account_id", "account").iter_rows())
    for name in FRAMES:
        frame = FRAMES[name](own)
        assert frame["account"].to_list() == [codes[each] for each in frame["account_id"]]


# --- order statistics -------------------------------------------------------------------------------------------------

NUMBERS = [
    pytest.param([], id="none"),
    pytest.param([3.0], id="one"),
    pytest.param([2.0, 1.0], id="two"),
    pytest.param([1.0, 1.0, 1.0, 1.0], id="all equal"),
    pytest.param([float(each) for each in range(50)], id="in order"),
    pytest.param([float(-each) for each in range(50)], id="in reverse"),
    pytest.param([float(each * 37 % 11) for each in range(200)], id="with many equals"),
    pytest.param([random.Random(9).gauss(0, 1) for _ in range(401)], id="drawn"),
]


@pytest.mark.parametrize("numbers", NUMBERS)
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 0.75, 0.95, 1.0])
def test_quantile_is_that_of_polars(numbers: list[float], share: float) -> None:
    expected = pl.Series(numbers, dtype=pl.Float64).quantile(share, "linear")
    found = kernels._quantile(np.array(numbers), len(numbers), share)
    assert np.isnan(found) if expected is None else found == expected


@pytest.mark.parametrize("numbers", NUMBERS)
def test_sort_puts_in_order(numbers: list[float]) -> None:
    values = np.array(numbers)
    kernels._sort(values, len(numbers))
    assert values.tolist() == sorted(numbers)


@pytest.mark.parametrize("numbers", NUMBERS)
def test_ranks_are_those_of_polars(numbers: list[float]) -> None:
    ranks = np.zeros(len(numbers))
    kernels._ranks(np.array(numbers), len(numbers), ranks)
    assert ranks.tolist() == pl.Series(numbers, dtype=pl.Float64).rank().to_list()


@pytest.mark.parametrize("numbers", NUMBERS)
def test_correlation_is_pearsons_or_null_where_nothing_varies(numbers: list[float]) -> None:
    others = [each**2 + index for index, each in enumerate(numbers)]
    found = kernels._correlation(np.array(numbers), np.array(others), len(numbers))
    if len(set(numbers)) > 1:
        assert found == pytest.approx(np.corrcoef(numbers, others)[0, 1])
    else:
        assert np.isnan(found)


# --- bursts and weeks -------------------------------------------------------------------------------------------------


def test_a_burst_is_halved_where_the_step_is_fine_again() -> None:
    # A burst of 100 that ended on day 10; the day after moves in steps of 10, in which its halves cannot be told apart.
    rows, episode = np.zeros((len(kernels.INTERVAL_COLUMNS), 3)), np.zeros(len(kernels.EPISODE_COLUMNS))
    rows[kernels.DATE], rows[kernels.DAYS], rows[kernels.ROUNDING] = [10, 11, 12], 1, [1, 10, 1]
    rows[kernels.CHANGE], rows[kernels.LOSS_UNTIL] = [110, -20, -60], [0, 20, 80]
    episode[kernels.BURST_END], episode[kernels.MASS] = 10, 100
    # The 50th is lost on the second day, after 30 of its 60.
    assert kernels._half_life(rows, 3, episode, 0.0) == 1 + 30 / 60


@pytest.mark.parametrize("days", [(11.0, 12.0), (12.0, 11.0)])
def test_of_posts_that_drew_the_same_the_earlier_is_named(days: Sequence[float]) -> None:
    rows, episode = np.zeros((len(kernels.POST_COLUMNS), 2)), np.zeros(len(kernels.EPISODE_COLUMNS))
    rows[kernels.POSTED_ON], rows[kernels.IS_MATURE], rows[kernels.DRAW] = days, 1, 3
    episode[kernels.BURST_START], episode[kernels.BURST_END] = 10, 14
    kernels._explain(kernels.OwnPosts(rows, 2, 0.0, 99.0, True), episode)
    assert (episode[kernels.BEST_DRAW], episode[kernels.BEST_DRAW_ON]) == (3, 11)


def test_a_burst_ends_with_the_readings_whatever_the_account_before_went_on_to() -> None:
    longer = daily([10] * 60 + [610] * 3 + [10] * 9, account_id="a")
    shorter = daily([10] * 60 + [610], account_id="b")
    found = FRAMES["bursts"](with_account_context(tables(followers=[*longer, *shorter]))).drop_nulls("mass")
    assert found.select("account_id", "end_date", "mass").rows() == [
        ("a", FIRST_DAY + timedelta(days=63), pytest.approx(3 * 600)),
        ("b", FIRST_DAY + timedelta(days=61), pytest.approx(600)),
    ]


def test_of_a_single_week_its_gain_is_the_ranked_one() -> None:
    (found,) = TOTALS["weeks"](with_account_context(tables(followers=daily([10] * 8)))).to_dicts()
    assert (found["rows"], found["gain_ranked"]) == (1, 7 * 10)


def test_without_a_week_none_is_ranked() -> None:
    (found,) = TOTALS["weeks"](with_account_context(tables(followers=daily([10] * 3)))).to_dicts()
    assert (found["rows"], found["gain_ranked"]) == (0, None)
