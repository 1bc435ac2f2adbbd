"""What the same money buys: the best spread, its sums with both intervals, and when nothing is compared."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from campaigns.budget import FEWEST_SMALL, MOST_SMALL, Comparison, best_spread, same_budget, total


def candidate(
    account_id: str, followers: int, fee: float | None, engagement: float | None, **columns: Any
) -> dict[str, Any]:
    given = {
        "account_id": account_id,
        "handle": account_id,
        "platform": "instagram",
        "verdict": "pass",
        "follower_count": followers,
        "fee": fee,
        "currency": "EUR",
        "expected_engagement_per_post": engagement,
        "expected_engagement_per_post_lower": None if engagement is None else engagement / 2,
        "expected_engagement_per_post_upper": None if engagement is None else engagement * 2,
        "authentic_followers": followers * 0.9,
        "authentic_followers_lower": followers * 0.8,
        "authentic_followers_upper": float(followers),
    }
    return given | columns


LARGE = candidate("large", 100_000, 1_000.0, 1_000.0)


def names(rows: Any) -> list[str]:
    return [row["account_id"] for row in rows]


def only_comparison(rows: list[dict[str, Any]]) -> Comparison:
    (found,) = same_budget(rows)
    return found


def test_nobody_gives_no_comparison() -> None:
    assert same_budget([]) == []
    assert best_spread([], 100.0) == []


def test_the_money_of_the_largest_is_spread_for_the_most_engagement() -> None:
    rows = [
        LARGE,
        candidate(
            "cheapest each", 5_000, 300.0, 600.0
        ),  # 0.50 each; 700 are left, of which only one of the others fits
        candidate("half", 6_000, 500.0, 800.0),  # 0.63 each
        candidate("other half", 7_000, 500.0, 790.0),  # 0.63 each
        candidate("too dear", 9_000, 1_001.0, 9_000.0),
    ]
    large, small = only_comparison(rows).options
    assert names(large.accounts) == ["large"]
    # By cost alone: 600 + 800 for 800. Best: 800 + 790 for 1,000.
    assert names(small.accounts) == ["half", "other half"]
    assert (small.fee, small.engagement.estimate) == (500.0 + 500.0, 800.0 + 790.0)
    assert small.followers.estimate == pytest.approx(0.9 * (6_000 + 7_000))
    assert small.fewest_people == pytest.approx(0.9 * 7_000)


@pytest.mark.parametrize("seed", range(8))
def test_no_other_choice_brings_more(seed: int) -> None:
    dice = np.random.default_rng(seed)
    rows = [
        candidate(f"s{number:02d}", 900, float(fee), float(engagement))
        for number, (fee, engagement) in enumerate(
            zip(dice.integers(1, 90, 11), dice.integers(1, 900, 11), strict=True)
        )
    ]
    best = max(
        sum(row["expected_engagement_per_post"] for row in chosen)
        for size in range(len(rows) + 1)
        for chosen in combinations(rows, size)
        if sum(row["fee"] for row in chosen) <= 120
    )
    chosen = best_spread(rows, 120.0)
    assert sum(row["fee"] for row in chosen) <= 120
    assert sum(row["expected_engagement_per_post"] for row in chosen) == pytest.approx(best)
    assert best_spread(rows[::-1], 120.0) == chosen


@pytest.mark.parametrize("budget", [1_234.56, 98_765.43], ids=["in whole cents", "in parts of the budget"])
def test_an_integer_programme_finds_nothing_better(budget: float) -> None:
    dice = np.random.default_rng(9)
    fees, engagement = dice.lognormal(5, 1.5, 60).round(2), dice.lognormal(5, 1.5, 60)
    rows = [candidate(f"s{i:02d}", 900, fees[i], engagement[i]) for i in range(60)]
    limits = LinearConstraint(np.vstack([fees, np.ones(60)]), -np.inf, [budget, MOST_SMALL])
    solved = milp(-engagement, integrality=np.ones(60), bounds=Bounds(0, 1), constraints=limits)
    chosen = best_spread(rows, budget)
    assert sum(row["fee"] for row in chosen) <= budget
    found = sum(row["expected_engagement_per_post"] for row in chosen)
    # 20 accounts by 1/20,000 of the budget each may stay unused: less than one in a hundred of what it buys here.
    assert -solved.fun * 0.99 <= found <= -solved.fun * 1.001
    assert found > 0


@pytest.mark.parametrize("fee", [1e-300, 1e-3, 1e15, 1e300], ids=["next to nothing", "a mill", "huge", "absurd"])
def test_any_fee_is_reckoned_with(fee: float) -> None:
    rows = [candidate("a", 900, fee / 2, 9.0), candidate("b", 900, fee / 2, 8.0), candidate("c", 900, fee, 10.0)]
    assert names(best_spread(rows, fee)) == ["a", "b"]


def test_no_more_are_chosen_than_can_be_looked_after() -> None:
    rows = [LARGE, *(candidate(f"s{i:03d}", 900, 1.0, 9.0 + i) for i in range(400))]
    chosen = only_comparison(rows).options[1].accounts
    assert names(chosen) == [f"s{i:03d}" for i in range(400 - MOST_SMALL, 400)]


def test_whoever_does_not_pass_or_cannot_be_reckoned_takes_no_part() -> None:
    rows = [
        LARGE,
        candidate("for review", 800, 1.0, 900.0, verdict="review"),
        candidate("no fee", 800, None, 900.0),
        candidate("no engagement", 800, 1.0, None),
        candidate("none expected", 800, 1.0, 0.0),
        candidate("as large", 100_000, 1.0, 900.0),
        candidate("for nothing", 800, 0.0, 5.0),
        candidate("b", 800, 1.0, 9.0),
    ]
    assert names(only_comparison(rows).options[1].accounts) == ["b", "for nothing"]


def test_who_is_listed_twice_is_paid_once_at_the_lower_fee() -> None:
    rows = [
        LARGE,
        candidate("a", 900, 50.0, 9.0),
        candidate("a", 900, 40.0, 9.0),
        candidate("b", 900, 10.0, 9.0),
        LARGE,
    ]
    small = only_comparison(rows).options[1]
    assert (names(small.accounts), small.fee) == (["a", "b"], 50.0)


def test_currencies_are_compared_each_within_itself() -> None:
    euros = [LARGE, candidate("a", 900, 10.0, 9.0), candidate("b", 900, 10.0, 9.0, currency="eur")]
    yen = [candidate(each["account_id"] + "y", each["follower_count"], 9.0, 9.0, currency="JPY") for each in euros]
    unnamed = [candidate("u", 5_000, 9.0, 9.0, currency=None)]
    found = same_budget([*yen, *euros, *unnamed])
    assert [(each.currency, each.budget, len(each.options)) for each in found] == [
        ("", 9.0, 1),
        ("EUR", 1_000.0, 2),
        ("JPY", 9.0, 1),
    ]
    assert all(bool(each.why_not) == (len(each.options) == 1) for each in found)


@pytest.mark.parametrize(
    ("others", "why"),
    [
        ([], "no smaller passing candidate"),
        ([candidate("a", 900, 10.0, 9.0)], "does not reach for two"),
        ([candidate("a", 900, 2_000.0, 9.0), candidate("b", 900, 2_000.0, 9.0)], "does not reach for two"),
    ],
    ids=["alone", "a single small one", "all too dear"],
)
def test_without_enough_others_it_says_why(others: list[dict[str, Any]], why: str) -> None:
    found = only_comparison([LARGE, *others])
    assert why in found.why_not
    assert len(found.options) == 1


def test_a_free_account_alone_sets_no_budget() -> None:
    assert same_budget([candidate("a", 900, 0.0, 9.0), candidate("b", 900, None, 9.0)]) == []


def test_beyond_its_platform_the_choice_within_it_stands_beside() -> None:
    here = [candidate(name, 900, 100.0, 50.0) for name in "ab"]
    elsewhere = [candidate(name, 900, 100.0, 500.0, platform="youtube") for name in "cd"]
    found = only_comparison([LARGE, *here, *elsewhere])
    assert found.several_platforms
    assert [names(option.accounts) for option in found.options] == [["large"], ["a", "b", "c", "d"], ["a", "b"]]
    assert not only_comparison([LARGE, *here]).several_platforms
    assert len(only_comparison([LARGE, here[0], *elsewhere]).options) == FEWEST_SMALL


def test_sums_come_with_the_interval_of_each_way_to_err() -> None:
    rows = [
        candidate(
            "a", 1_000, 1.0, 100.0, expected_engagement_per_post_lower=70.0, expected_engagement_per_post_upper=130.0
        ),
        candidate(
            "b", 1_000, 1.0, 200.0, expected_engagement_per_post_lower=160.0, expected_engagement_per_post_upper=280.0
        ),
    ]
    found = total(rows, "expected_engagement_per_post")
    assert found.estimate == 100 + 200
    assert found.together == (70 + 160, 130 + 280)
    assert found.independent == pytest.approx((300 - (30**2 + 40**2) ** 0.5, 300 + (30**2 + 80**2) ** 0.5))


def test_the_independent_interval_is_that_of_normal_errors() -> None:
    dice = np.random.default_rng(1)
    spreads = np.array([3.0, 10.0, 6.0])
    rows = [
        {"x": 50.0, "x_lower": 50 - 1.6449 * spread, "x_upper": 50 + 1.6449 * spread} for spread in spreads.tolist()
    ]
    simulated = np.quantile(dice.normal(50, spreads, (200_000, 3)).sum(axis=1), [0.05, 0.95])
    assert total(rows, "x").independent == pytest.approx(tuple(simulated), abs=0.2)


@pytest.mark.parametrize(
    ("unknown", "estimate"),
    [({"authentic_followers": None}, None), ({"authentic_followers_lower": None}, 0.9 * 1_800)],
    ids=["an estimate", "a bound"],
)
def test_an_unknown_part_makes_the_sum_unknown(unknown: dict[str, None], estimate: float | None) -> None:
    found = total([candidate("a", 900, 1.0, 9.0, **unknown), candidate("b", 900, 1.0, 9.0)], "authentic_followers")
    assert found.estimate == (None if estimate is None else pytest.approx(estimate))
    assert found.unknown == int(estimate is None)
    assert (found.independent, found.together) == (None, None)
