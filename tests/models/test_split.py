"""Cohorts to roles: nobody on two sides, whatever order they come in."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.split import ROLES, TooFewCohortsError, assign_roles

SHARES = {"fit": 0.45, "tune": 0.10, "calibrate": 0.20, "test": 0.25}


def cohorts(count: int) -> list[str]:
    return [f"cohort-{index}" for index in range(count)]


@pytest.mark.parametrize("count", [0, 1, 3], ids=["no cohort", "one cohort", "one too few"])
def test_too_few_cohorts_are_refused_with_the_number_found_and_the_repair(count: int) -> None:
    with pytest.raises(TooFewCohortsError, match=rf"labels: {count} cohorts found; at least 4 .*column 'cohort'"):
        assign_roles(cohorts(count), SHARES, seed=1)


def test_repeated_names_are_one_cohort() -> None:
    with pytest.raises(TooFewCohortsError, match="labels: 3 cohorts found"):
        assign_roles(cohorts(3) * 50, SHARES, seed=1)


def test_four_cohorts_give_each_role_one() -> None:
    assert sorted(assign_roles(cohorts(4), SHARES, seed=1).values()) == sorted(ROLES)


@given(
    count=st.integers(4, 120),
    seed=st.integers(0, 10**6),
    weights=st.tuples(*[st.floats(0.001, 1000.0)] * 4),
)
@settings(max_examples=100, deadline=None)
def test_every_cohort_has_one_role_and_every_role_a_cohort(
    count: int, seed: int, weights: tuple[float, float, float, float]
) -> None:
    roles = assign_roles(cohorts(count), dict(zip(ROLES, weights, strict=True)), seed)
    assert set(roles) == set(cohorts(count))
    assert set(roles.values()) == set(ROLES)


def test_roles_get_their_shares() -> None:
    counted = Counter(assign_roles(cohorts(200), SHARES, seed=3).values())
    assert counted == {"fit": 0.45 * 200, "tune": 0.10 * 200, "calibrate": 0.20 * 200, "test": 0.25 * 200}


def test_shares_are_scaled_to_one() -> None:
    tenfold = {role: 10 * share for role, share in SHARES.items()}
    assert assign_roles(cohorts(40), tenfold, seed=3) == assign_roles(cohorts(40), SHARES, seed=3)


def test_order_and_repeats_do_not_matter() -> None:
    names = cohorts(40)
    shuffled = names * 3
    random.Random(7).shuffle(shuffled)  # noqa: S311 - no secret
    assert assign_roles(shuffled, SHARES, seed=3) == assign_roles(names, SHARES, seed=3)


def test_the_seed_decides() -> None:
    splits = [tuple(sorted(assign_roles(cohorts(40), SHARES, seed).items())) for seed in range(5)]
    assert len(set(splits)) == 5


def test_the_name_s_place_in_the_alphabet_does_not_decide() -> None:
    roles = assign_roles(cohorts(40), SHARES, seed=3)
    first_half = Counter(roles[name] for name in sorted(roles)[:20])
    assert set(first_half) == set(ROLES)


def test_a_missing_share_is_an_error_and_not_a_zero() -> None:
    with pytest.raises(KeyError, match="test"):
        assign_roles(cohorts(8), {"fit": 1.0, "tune": 1.0, "calibrate": 1.0}, seed=3)


def test_a_cohort_of_more_than_ten_times_the_mean_only_fits() -> None:
    names = [f"cohort {index}" for index in range(20)]
    for seed in range(20):
        # 20 cohorts: 19 * 10 + 400 accounts, 29.5 in the mean; ten times that is 295.
        roles = assign_roles([name for name in names[1:] for _ in range(10)] + [names[0]] * 400, SHARES, seed)
        assert roles[names[0]] == "fit"
    alike = {assign_roles([name for name in names for _ in range(10)], SHARES, seed)[names[0]] for seed in range(40)}
    assert alike == set(ROLES)
