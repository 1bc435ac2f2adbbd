"""How good the authentic shares are: coverage, width and error by hand on a few accounts."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from models.coverage import coverage_table

SCHEMA = {
    "account_id": pl.String,
    "is_inauthentic": pl.Boolean,
    "scheme": pl.String,
    "inauthentic_follower_share": pl.Float64,
    "cohort": pl.String,
    "declared_prevalence": pl.Float64,
    "size_tier": pl.String,
    "tables_observed": pl.String,
    "authentic_follower_share_lower": pl.Float64,
    "authentic_follower_share_estimate": pl.Float64,
    "authentic_follower_share_upper": pl.Float64,
}


def account(number: int, bought: float | None, *interval: float | None, **changes: Any) -> dict[str, Any]:
    """A scored account that bought this share; without an interval it is not told."""
    ends = dict(zip(("lower", "estimate", "upper"), interval or (None, None, None), strict=True))
    return {
        "account_id": f"account-{number}",
        "is_inauthentic": bought is not None and bought >= 0.1,
        "scheme": "bought_followers" if bought else None,
        "inauthentic_follower_share": bought,
        "cohort": f"cohort-{number % 2}",
        "declared_prevalence": 0.2,
        "size_tier": "1k-10k",
        "tables_observed": "days",
        **{f"authentic_follower_share_{end}": value for end, value in ends.items()},
        **changes,
    }


def table(*accounts: dict[str, Any]) -> list[dict[str, Any]]:
    frame = pl.DataFrame(list(accounts), schema=SCHEMA)
    return coverage_table(frame, "follower", replicates=50, confidence=0.9, seed=1)


def row(rows: list[dict[str, Any]], by: str, segment: str | None) -> dict[str, Any]:
    (found,) = (each for each in rows if (each["by"], each["segment"]) == (by, segment))
    return found


def test_no_account_gives_no_row() -> None:
    assert table() == []


def test_accounts_whose_share_is_unknown_are_left_out() -> None:
    unknown = account(1, None, 0.5, 0.8, 1.0, is_inauthentic=True, scheme="bought_followers")
    assert table(unknown) == []
    assert row(table(unknown, account(2, 0.0, 0.9, 1.0, 1.0)), "all", "all")["accounts"] == 1


def test_a_genuine_account_without_a_share_has_bought_none() -> None:
    assert row(table(account(1, None, 0.9, 1.0, 1.0)), "all", "all")["coverage"] == 1.0


def test_where_nobody_is_told_only_the_counts_are_known() -> None:
    found = row(table(account(1, 0.0), account(2, 0.3)), "all", "all")
    assert (found["accounts"], found["told"], found["null_share"]) == (2, 0, 1.0)
    assert {found[name] for name in ("coverage", "coverage_lower", "coverage_at_declared", "mean_width")} == {None}


def four() -> list[dict[str, Any]]:
    return table(
        account(1, 0.0, 0.8, 1.0, 1.0),
        account(2, 0.0, 0.9, 1.0, 1.0),
        account(3, 0.0),
        account(4, 0.5, 0.6, 0.9, 1.0),  # truth 0.5 lies 0.1 below
    )


def test_coverage_width_and_error_are_means_over_the_told() -> None:
    found = row(four(), "all", "all")
    assert found["coverage"] == pytest.approx(2 / 3)
    assert found["null_share"] == pytest.approx(1 / 4)
    assert found["mean_width"] == pytest.approx((0.2 + 0.1 + 0.4) / 3)
    assert found["mean_absolute_error"] == pytest.approx((0 + 0 + 0.4) / 3)
    assert found["interval_score"] == pytest.approx((0.2 + 0.1 + 0.4 + 2 / 0.1 * 0.1) / 3)


def test_the_constant_is_the_best_interval_that_looks_at_nobody() -> None:
    found = row(four(), "all", "all")
    # Truths 0.5, 1, 1: most bought nothing, so the upper bound is 1 and the lower their 10 % quantile, 0.5 + 0.2 * 0.5.
    assert found["constant_width"] == pytest.approx(1 - 0.6)
    assert found["constant_error"] == pytest.approx(0.5 / 3)
    assert found["constant_interval_score"] == pytest.approx((3 * 0.4 + 2 / 0.1 * 0.1) / 3)


def test_the_constant_leaves_out_both_tails_where_few_bought_nothing() -> None:
    # Truths 0, 0.05, ... 1: one in 21 bought nothing, less than a tail of 5 %, so the 5 % and 95 % quantiles.
    found = row(table(*(account(number, number / 20, 0.0, 0.5, 1.0) for number in range(21))), "all", "all")
    assert found["constant_width"] == pytest.approx(0.95 - 0.05)
    assert found["constant_error"] == pytest.approx(2 * sum(each / 20 for each in range(11)) / 21)


def test_the_constant_ends_at_one_where_more_than_a_tail_bought_nothing() -> None:
    # Truths 0, 0.1, ... 1: one in 11 bought nothing, more than 5 %, so all of the miss lies below: the 10 % quantile.
    found = row(table(*(account(number, number / 10, 0.0, 0.5, 1.0) for number in range(11))), "all", "all")
    assert found["constant_width"] == pytest.approx(1 - 0.1)


def test_the_declared_prevalence_weights_the_classes() -> None:
    # One in four is inauthentic, one in five declared: weights 0.8 / 0.75 and 0.2 / 0.25; two and one are told.
    held, missed = 2 * 0.8 / 0.75, 0.2 / 0.25
    assert row(four(), "all", "all")["coverage_at_declared"] == pytest.approx(held / (held + missed))


def test_one_class_alone_cannot_be_weighted() -> None:
    assert row(table(account(1, 0.0, 0.9, 1.0, 1.0)), "all", "all")["coverage_at_declared"] is None


def test_rounding_misses_nobody() -> None:
    found = table(account(1, 0.0, 0.9, 1.0, 1.0), account(2, 1 / 3, 0.666667, 0.7, 0.8))
    assert row(found, "all", "all")["coverage"] == 1.0


def test_doses_schemes_and_classes_stand_apart() -> None:
    rows = table(
        account(1, 0.0, 0.9, 1.0, 1.0),
        account(2, 0.05, 0.9, 1.0, 1.0),
        account(3, 0.1, 0.9, 1.0, 1.0, scheme="bought_followers+engagement_pod"),
        account(4, 1.0, 0.9, 1.0, 1.0),
    )
    counts = {(each["by"], each["segment"]): each["accounts"] for each in rows}
    assert [counts["account_class", name] for name in ("genuine", "small dose", "inauthentic")] == [1, 1, 2]
    assert [counts["scheme", name] for name in ("bought_followers", "engagement_pod")] == [3, 1]
    doses = ("none", "0% to 10%", "10% to 20%", "20% to 30%", "30% to 50%", "50% to 100%")
    assert [counts["bought_share", name] for name in doses] == [1, 1, 1, 0, 0, 1]


def test_the_bootstrap_draws_whole_cohorts() -> None:
    # One cohort is held whole, the other missed whole: draws of two are held at 0, 0.5 or 1.
    accounts = [account(number, 0.0, *((0.9, 1.0, 1.0) if number % 2 else (0.5, 0.6, 0.7))) for number in range(200)]
    found = row(table(*accounts), "all", "all")
    assert (found["coverage_lower"], found["coverage"], found["coverage_upper"]) == (0.0, 0.5, 1.0)


def test_of_one_cohort_accounts_are_drawn() -> None:
    accounts = [
        account(number, 0.0, *((0.9, 1.0, 1.0) if number % 2 else (0.5, 0.6, 0.7)), cohort="only")
        for number in range(200)
    ]
    found = row(table(*accounts), "all", "all")
    assert 0.4 < found["coverage_lower"] < 0.5 < found["coverage_upper"] < 0.6


def test_the_order_of_rows_changes_nothing() -> None:
    accounts = [account(number, 0.0, 0.9, 1.0, 1.0) for number in range(10)] + [account(11, 0.4, 0.8, 0.9, 1.0)]
    assert table(*accounts) == table(*reversed(accounts))
