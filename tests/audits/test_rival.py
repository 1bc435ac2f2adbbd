"""Orders for somebody else's account, and what a search over them says."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from audits.adversary.moves import apply
from audits.adversary.rival import AT_ONCE, PATIENT, PRICES, RIVAL_MOVES
from audits.rival import SIZES, outcomes, size_of
from features.tables import OBSERVED_TABLES, Tables
from models.evaluation import Draws
from tests.audits.tables import NOON, comments, curve, nothing, posts, tables

DRAWS = Draws(replicates=20, confidence=0.9, seed=1)


def account(days: int = 100, count: int = 10_003) -> Tables:
    likes = [100] * 12
    return tables(
        followers_daily=curve([count] * days),
        posts=posts(likes, comment_count=[5] * 12, view_count=[None] * 12),
        comments=comments([f"text {number}" for number in range(30)]),
    )


def after(order: str, amount: float, before: Tables | None = None) -> Tables:
    plan = pl.DataFrame({"account_id": ["a"], **{name: [0.0] for name in RIVAL_MOVES}}).with_columns(
        pl.lit(amount).alias(order)
    )
    return apply(account() if before is None else before, plan, RIVAL_MOVES, seed=1)


@pytest.mark.parametrize("order", RIVAL_MOVES)
def test_who_has_nothing_gets_nothing_that_was_not_observed(order: str) -> None:
    bare = Tables(tables().accounts, nothing().followers_daily, nothing().posts, nothing().comments)
    left = after(order, 100.0, bare)
    assert all(getattr(left, name).is_empty() for name in OBSERVED_TABLES)


@pytest.mark.parametrize("order", RIVAL_MOVES)
def test_an_order_keeps_columns_and_keys_and_leaves_the_owner_s_own_alone(order: str) -> None:
    before, found = account(), after(order, 500.0)
    for name in OBSERVED_TABLES:
        first, second = getattr(before, name), getattr(found, name)
        assert second.schema == first.schema
        assert second.columns == first.columns
    kept = ["account_id", "platform", "handle", "following_count", "post_count", "biography"]
    assert_frame_equal(found.accounts.select(kept), before.accounts.select(kept))
    assert_frame_equal(found.posts.select("post_id", "posted_at"), before.posts.select("post_id", "posted_at"))
    assert not found.comments.select("account_id", "comment_id").is_duplicated().any()
    assert not found.comments["commenter_id"].is_in(["a"]).any()


@pytest.mark.parametrize(
    ("order", "end"),
    [
        pytest.param("rival_followers_at_once", 10_503, id="at once"),
        # Half of 500 leave within 14 days from the seventh after the first day on; 28 days are enough.
        pytest.param("rival_followers_that_leave", 10_253, id="half of them leave"),
        pytest.param("rival_followers_in_lots", 10_503, id="in lots"),
        pytest.param("rival_followers_evenly", 10_503, id="evenly"),
        pytest.param("rival_followers_for_months", 10_503, id="for months"),
    ],
)
def test_followers_come_within_their_time(order: str, end: int) -> None:
    counts = after(order, 500.0).followers_daily["follower_count"].to_list()
    assert counts[-1] == end
    last_before = max(index for index, count in enumerate(counts) if count == counts[0] and index < 99)
    days = 99 - last_before
    assert days <= 30 if order in AT_ONCE else 30 < days <= 90
    assert counts[:last_before] == [10_003] * last_before


def test_a_curve_of_three_digits_stays_one() -> None:
    found = after("rival_followers_at_once", 550.0, account(count=10_000))
    # 10,550 are shown as 10,500.
    assert found.followers_daily["follower_count"].unique().sort().to_list() == [10_000, 10_200, 10_500]


def test_likes_come_in_one_lot_a_post() -> None:
    found = after("rival_likes_newest", 1_000.0).posts["like_count"].to_list()
    assert found == [100, 100, *([200] * 10)]
    assert after("rival_likes_all", 1_200.0).posts["like_count"].to_list() == [200] * 12


def test_counts_that_are_not_shown_stay_so() -> None:
    assert after("rival_views_newest", 1_000.0).posts["view_count"].null_count() == 12


def test_of_bought_comments_as_many_are_seen_as_of_the_others() -> None:
    # 30 of 60 comments were collected, so of 200 more 100 are seen, 10 under each of the newest ten posts.
    found = after("rival_praise_newest", 200.0)
    assert found.posts["comment_count"].to_list() == [5, 5, *([25] * 10)]
    bought = found.comments.filter(pl.col("comment_id").str.starts_with("rival"))
    assert bought.group_by("post_id").len()["len"].to_list() == [10] * 10
    orders = bought.sort("commented_at").group_by("post_id").agg("commenter_id")["commenter_id"].to_list()
    assert all(each == orders[0] for each in orders), "the same people in the same order"
    span: timedelta = bought["commented_at"].max() - bought["commented_at"].min()  # type: ignore[operator, assignment]
    assert span < timedelta(days=1)
    assert bought["commented_at"].min() > NOON  # type: ignore[operator]


def test_every_order_has_a_price_and_says_what_it_is() -> None:
    assert not set(AT_ONCE) & set(PATIENT)
    for each in RIVAL_MOVES.values():
        assert each.actor == "rival"
        assert each.price == PRICES[each.unit] > 0
        assert each.meaning
        assert each.source
        assert re.fullmatch(r"rival_[a-z_]+", each.name)


# What a search says ---------------------------------------------------------------------------------------------------


def trial(account_id: str, order: str | None, dollars: float, verdict: str) -> dict[str, Any]:
    amounts = dict.fromkeys(AT_ONCE, 0.0)
    if order:
        amounts[order] = dollars / AT_ONCE[order].price
    return {"account_id": account_id, **amounts, "dollars": dollars, "moves": int(order is not None)} | {
        "verdict": verdict,
        "probability": 0.5,
    }


def accounts(**sizes: str) -> pl.DataFrame:
    rows = [{"account_id": name, "cohort": f"of {name}", "size": size} for name, size in sizes.items()]
    return pl.DataFrame(rows, schema={"account_id": pl.String, "cohort": pl.String, "size": pl.String})


def test_nobody_attacked_gives_a_row_a_size_and_no_figure() -> None:
    none = pl.DataFrame([trial("a", None, 0.0, "pass")]).clear()
    rows = outcomes(none, accounts(), AT_ONCE, (10,), DRAWS)
    assert [row["size"] for row in rows] == ["all", *SIZES]
    assert {row["median_dollars"] for row in rows} == {None}
    assert {row["rejected"][0]["value"] for row in rows} == {None}


def test_the_cheapest_plan_of_each_account_counts() -> None:
    small, large = next(iter(SIZES)), list(SIZES)[-1]
    trials = pl.DataFrame(
        [
            trial("a", None, 0.0, "pass"),
            trial("a", "rival_followers_at_once", 20.0, "review"),
            trial("a", "rival_likes_all", 50.0, "reject"),
            trial("a", "rival_followers_at_once", 80.0, "reject"),
            trial("b", None, 0.0, "review"),
            trial("b", "rival_likes_all", 90.0, "review"),
        ]
    )
    everybody, *by_size = outcomes(trials, accounts(a=small, b=large), AT_ONCE, (10, 30, 100), DRAWS)
    assert [each["value"] for each in everybody["rejected"]] == [0.0, 0.0, 0.5]
    assert [each["value"] for each in everybody["flagged"]] == [0.5, 1.0, 1.0]
    assert everybody["median_dollars"] == 50.0
    assert everybody["first_move"] == {"likes on all posts": 1}
    assert [row["accounts"] for row in by_size] == [1, 0, 0, 1]
    assert by_size[0]["rejected"][-1]["value"] == 1.0
    assert by_size[-1]["median_dollars"] is None


@pytest.mark.parametrize(
    ("followers", "place"), [(200, 0), (1_999, 0), (2_000, 1), (20_000, 2), (199_999, 2), (200_000, 3), (5_000_000, 3)]
)
def test_sizes_begin_where_the_one_before_ends(followers: int, place: int) -> None:
    found = pl.DataFrame({"follower_count": [followers]}).select(size_of()).item()
    assert found == list(SIZES)[place]
