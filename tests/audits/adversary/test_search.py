"""The search, on a score that is known by heart."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from audits.adversary.dice import original
from audits.adversary.moves import Move, move
from audits.adversary.search import Searching, cheapest, search
from features.tables import Tables
from tests.audits.tables import nothing, table

MOVES: dict[str, Move] = {}


@move(
    MOVES, "more", actor="creator", kind="public", unit="units", price=2.0, source="assumed", doses=(100.0,), burden="-"
)
def more(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:  # noqa: ARG001
    """So many followed more."""
    joined = tables.accounts.join(amounts, on="account_id", how="left", maintain_order="left")
    count = pl.col("following_count") + pl.col("amount").fill_null(0.0).cast(pl.Int64)
    return replace(tables, accounts=joined.with_columns(following_count=count).drop("amount"))


@move(MOVES, "free", actor="creator", kind="public", unit="units", doses=(3.0, 5.0), burden="-")
def free(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:
    """The same for nothing."""
    return more(tables, amounts, seed)


HOW = Searching(
    goal=("pass",),
    towards=-1,
    budgets=(10.0, 40.0),
    rounds=2,
    proposals=2,
    random_plans=1,
    refinements=4,
    batch=5,
    seed=3,
)


def people(following: dict[str, int]) -> Tables:
    """Accounts that follow so many; nothing else is known of them."""
    rows = [
        {"account_id": name, "platform": "x", "follower_count": 1000, "following_count": count}
        for name, count in following.items()
    ]
    return replace(nothing(), accounts=table("accounts", rows))


def score(tables: Tables) -> pl.DataFrame:
    """Who follows 30 passes, who follows 10 is reviewed, who follows more than 200 gets no verdict."""
    count = pl.col("following_count")
    verdict = pl.when(count > 200).then(pl.lit("insufficient_data")).when(count >= 30).then(pl.lit("pass"))
    return tables.accounts.select(
        "account_id",
        verdict=verdict.when(count >= 10).then(pl.lit("review")).otherwise(pl.lit("reject")),
        probability=pl.when(count <= 200).then(1.0 / (1.5 + count)),
    )


def test_nobody_is_searched() -> None:
    trials = search(people({}), MOVES, score, HOW)
    assert trials.height == 0
    assert cheapest(trials, ("pass",)).height == 0


def test_the_cheapest_pass_is_found_beside_what_costs_nothing() -> None:
    trials = search(people({"a": 10, "free": 26, "never": 0, "silent": 300}), MOVES, score, HOW)
    found = cheapest(trials, ("pass",))
    assert found["account_id"].to_list() == ["a", "free"]
    # 30 - 10 - 5 that are free = 15 units of 2 dollars; half of what a budget buys is as fine as the search looks.
    assert 2 * 15 <= found["dollars"][0] <= 40
    assert found["dollars"][1] == 0.0
    assert found["free"][1] == 5.0


def test_every_account_is_tried_as_it_is_first() -> None:
    trials = search(people({"a": 10, "b": 0}), MOVES, score, HOW)
    first = trials.group_by("account_id", maintain_order=True).first()
    assert first["moves"].to_list() == [0, 0]
    assert first["verdict"].to_list() == ["review", "reject"]


def test_an_account_alone_is_searched_as_beside_others() -> None:
    beside = search(people({"a": 10, "b": 3, "c": 7}), MOVES, score, HOW)
    alone = search(people({"b": 3}), MOVES, score, replace(HOW, batch=1))
    assert alone.equals(beside.filter(pl.col("account_id") == "b"))


def test_no_budget_is_exceeded() -> None:
    trials = search(people({"a": 0, "b": 9}), MOVES, score, HOW)
    assert trials["dollars"].max() <= 40.0
    assert trials.select((pl.col("dollars") == 2.0 * pl.col("more")).all()).item()


@pytest.mark.parametrize(("towards", "goal", "expected"), [(-1, "pass", ["a"]), (1, "reject", [])], ids=["down", "up"])
def test_a_rival_wants_the_other_way(towards: int, goal: str, expected: list[str]) -> None:
    trials = search(people({"a": 20}), MOVES, score, replace(HOW, towards=towards, goal=(goal,)))
    assert cheapest(trials, (goal,))["account_id"].to_list() == expected


def test_an_id_with_a_copy_sign_is_no_copy_of_another() -> None:
    assert original("a") == "a"
    assert original("a\x1f12") == "a"
