"""What an adversary can do to an account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import polars as pl
import pytest

from audits.adversary.creator import CREATOR_MOVES, FEWEST_POSTS, MOST_COMMENTS
from audits.adversary.dice import generator, uniform
from audits.adversary.moves import Moves, apply, copied, copy_id, dollars
from features.tables import CONTRACTS, Tables
from tests.audits.tables import DAY, NOON, nothing, table

BURST = [1000 + day + (500 if day >= 20 else 0) for day in range(40)]
"""One follower a day, and 500 more on the twentieth day."""


def account(name: str, counts: list[int] = BURST) -> dict[str, list[dict[str, object]]]:
    """One account with all tables: 40 readings, ten posts of which one is odd, thirty comments of which ten repeat."""
    return {
        "accounts": [
            {
                "account_id": name,
                "platform": "instagram",
                "follower_count": counts[-1],
                "post_count": 10,
                "language": "de",
            }
        ],
        "followers_daily": [
            {
                "account_id": name,
                "date": DAY + timedelta(days=day),
                "follower_count": count,
                "following_count": 100 + 50 * (day % 10),
            }
            for day, count in enumerate(counts)
        ],
        "posts": [
            {
                "account_id": name,
                "post_id": f"p{post}",
                "posted_at": NOON + timedelta(days=post),
                "like_count": 9000 if post == 3 else 100 + post,
                "comment_count": 10,
                "view_count": 1000 if post else None,
            }
            for post in range(10)
        ],
        "comments": [
            {
                "account_id": name,
                "post_id": f"p{index % 10}",
                "comment_id": f"c{index:02d}",
                "commenter_id": name if index == 29 else f"u{index % 20}",
                "commented_at": NOON + timedelta(days=index % 10, hours=1 + index),
                "text": "so nice" if index < 10 else f"text number {index}",
            }
            for index in range(30)
        ],
    }


def both() -> Tables:
    """Two accounts that differ in nothing but their ids."""
    one, two = account("a"), account("b")
    return Tables(*(table(name, one[name] + two[name]) for name in one))


def plan(amounts: dict[str, float], *, of: str = "a", moves: Moves = CREATOR_MOVES) -> pl.DataFrame:
    """One account's plan."""
    return pl.DataFrame([{"account_id": of} | {name: amounts.get(name, 0.0) for name in moves}])


def changed(**amounts: float) -> Tables:
    """Both accounts, of which the first makes the moves."""
    return apply(both(), plan(amounts), CREATOR_MOVES, 1)


def rows(each: Tables, name: str, of: str = "a") -> pl.DataFrame:
    found: pl.DataFrame = getattr(each, name)
    return found.filter(pl.col("account_id") == of)


def test_tables_without_rows_stay_without_rows() -> None:
    for name, each in CREATOR_MOVES.items():
        made = each.change(nothing(), pl.DataFrame({"account_id": ["a"], "amount": [each.doses[0]]}), 1)
        assert [getattr(made, field).height for field in made.__dataclass_fields__] == [0, 0, 0, 0], name


@pytest.mark.parametrize("name", CREATOR_MOVES)
def test_a_move_changes_one_account_and_leaves_the_other(name: str) -> None:
    # A purchase that was followed by a loss, so that there is something to top up.
    dropped = [count - (300 if day >= 30 else 0) for day, count in enumerate(BURST)]
    one, two = account("a", dropped), account("b", dropped)
    before = Tables(*(table(each, one[each] + two[each]) for each in one))
    amounts = {name: min(CREATOR_MOVES[name].doses[0], 500.0)}
    after = apply(before, plan(amounts), CREATOR_MOVES, 1)
    for each in one:
        assert rows(after, each, "b").equals(rows(before, each, "b")), each
    assert any(not rows(after, each).equals(rows(before, each)) for each in one)
    for each in one:
        assert getattr(after, each).schema == getattr(before, each).schema
        assert getattr(after, each).sort(CONTRACTS[each].key).equals(getattr(after, each)), f"{each} is not sorted"


def test_a_plan_of_nothing_changes_nothing() -> None:
    before, after = both(), changed()
    assert all(getattr(after, each).equals(getattr(before, each)) for each in before.__dataclass_fields__)


@pytest.mark.parametrize("name", ["spread_purchase", "follow_own_rhythm"])
def test_a_purchase_comes_over_more_days_and_to_the_same_total(name: str) -> None:
    counts = rows(changed(**{name: CREATOR_MOVES[name].doses[-1]}), "followers_daily")["follower_count"]
    assert counts[0] == BURST[0]
    assert counts[-1] == BURST[-1]
    assert counts.diff().max() < 500 / 4


def test_counts_of_three_digits_keep_three_digits() -> None:
    rounded = [10_000 + 100 * (day // 4) + (5_000 if day >= 20 else 0) for day in range(40)]
    one = account("a", rounded)
    before = Tables(*(table(each, one[each]) for each in one))
    after = apply(before, plan({"spread_purchase": 30.0}), CREATOR_MOVES, 1)
    counts = after.followers_daily["follower_count"]
    assert counts.to_list() != rounded
    assert (counts % 100 == 0).all()


def test_followers_are_topped_up_as_far_as_they_are_paid_for() -> None:
    dropped = [count - (300 if day >= 30 else 0) for day, count in enumerate(BURST)]
    one = account("a", dropped)
    before = Tables(*(table(each, one[each]) for each in one))
    half = apply(before, plan({"top_up_followers": 150.0}), CREATOR_MOVES, 1)
    assert half.followers_daily["follower_count"][-1] == dropped[-1] + 150
    assert half.accounts["follower_count"].item() == dropped[-1] + 150
    # 299 are missing: one a day is no loss that stands out.
    full = apply(before, plan({"top_up_followers": 1000.0}), CREATOR_MOVES, 1)
    assert dropped[-1] + 290 < full.followers_daily["follower_count"][-1] <= dropped[-1] + 300


def test_the_odd_post_goes_first_with_its_comments_and_three_stay() -> None:
    after = changed(delete_odd_posts=0.1)
    assert set(rows(after, "posts")["post_id"]) == {f"p{post}" for post in range(10)} - {"p3"}
    assert "p3" not in set(rows(after, "comments")["post_id"])
    assert rows(after, "accounts")["post_count"].item() == 10 - 1
    assert rows(changed(delete_odd_posts=1.0), "posts").height == FEWEST_POSTS


def test_likes_are_bought_below_the_views() -> None:
    before, after = rows(both(), "posts"), rows(changed(pad_likes=2000.0), "posts")
    bought = after["like_count"] - before["like_count"]
    assert bought.min() >= 0
    assert 0 < bought.sum() <= 2000 + 10
    over = after.filter(pl.col("like_count") > pl.col("view_count"))["post_id"].to_list()
    assert over == ["p3"], "it had more likes than views before"


def test_repeated_words_go_and_the_owner_stays() -> None:
    after = rows(changed(delete_odd_comments=1.0), "comments")
    assert after.height == 30 - 9
    both_kinds = rows(changed(delete_odd_comments=2.0), "comments")
    assert both_kinds["commenter_id"].is_unique().all()
    assert "c29" in set(both_kinds["comment_id"])
    assert rows(changed(delete_odd_comments=1.0), "posts")["comment_count"].sum() == 10 * 10 - 9


@pytest.mark.parametrize("name", ["written_comments", "foreign_comments"])
def test_written_comments_are_different_from_strangers_and_counted(name: str) -> None:
    after = changed(**{name: 50.0})
    added = rows(after, "comments").filter(~pl.col("comment_id").str.starts_with("c"))
    assert added.height == 50
    assert added["text"].is_unique().all()
    assert added["commenter_id"].is_unique().all()
    assert rows(after, "posts")["comment_count"].sum() == 10 * 10 + 50
    assert added["commented_at"].max() <= rows(both(), "comments")["commented_at"].max()
    fewer = rows(changed(**{name: 20.0}), "comments")
    assert set(fewer["comment_id"]) < set(rows(after, "comments")["comment_id"]), (
        "more of them are the same and some more"
    )


def test_more_comments_than_can_be_used_are_as_many_as_can() -> None:
    assert rows(changed(written_comments=10_000.0), "comments").height == 30 + MOST_COMMENTS


def test_the_owner_replies() -> None:
    added = rows(changed(reply_to_comments=0.3), "comments").filter(pl.col("comment_id").str.starts_with("reply"))
    assert added.height > 0
    assert set(added["commenter_id"]) == {"a"}


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("withhold_followers_daily", lambda each: rows(each, "followers_daily").height == 0),
        ("withhold_posts", lambda each: rows(each, "posts").height == 0),
        ("withhold_comments", lambda each: rows(each, "comments").height == 0),
        ("withhold_older_days", lambda each: rows(each, "followers_daily").height == 14),
        ("withhold_following", lambda each: rows(each, "followers_daily")["following_count"].null_count() == 40),
        ("hide_likes", lambda each: rows(each, "posts")["like_count"].null_count() == 10),
    ],
)
def test_what_is_kept_back_is_not_observed(name: str, left: Callable[[Tables], bool]) -> None:
    assert left(changed(**{name: 1.0}))


def test_waiting_adds_quiet_days() -> None:
    after = rows(changed(wait=30.0), "followers_daily")
    assert after.height == 40 + 30
    assert after["follower_count"].diff().tail(30).max() <= 3


def test_a_copy_does_what_its_account_does() -> None:
    copies = copied(both(), [("a", copy_id("a", 0)), ("a", copy_id("a", 1))])
    assert copies.accounts.height == 2
    own = pl.col("commenter_id") == pl.col("account_id")
    assert copies.comments.filter(own).height == 2, "the owner of a copy is the copy"
    done = apply(copies, plan({"written_comments": 30.0}, of=copy_id("a", 1)), CREATOR_MOVES, 1)
    alone = changed(written_comments=30.0)
    copy = rows(done, "comments", copy_id("a", 1))
    assert copy["text"].sort().to_list() == rows(alone, "comments")["text"].sort().to_list()
    assert rows(done, "comments", copy_id("a", 0)).height == 30


def test_numbers_follow_from_the_account_alone() -> None:
    alone = uniform(pl.DataFrame({"account_id": ["a", "a"]}), "likes", 1)
    beside = uniform(pl.DataFrame({"account_id": ["0", "a", "a", "z"]}), "likes", 1)
    assert alone.to_list() == beside.to_list()[1:3]
    assert generator("a", "likes", 1).random() == generator(copy_id("a", 7), "likes", 1).random()
    assert generator("a", "likes", 1).random() != generator("a", "views", 1).random()


def test_a_plan_costs_what_its_units_cost() -> None:
    assert dollars({}, CREATOR_MOVES) == 0.0
    price = CREATOR_MOVES["written_comments"].price
    assert dollars({"written_comments": 40.0, "hide_likes": 1.0}, CREATOR_MOVES) == pytest.approx(40 * price)


def test_every_move_says_what_it_takes() -> None:
    for name, each in CREATOR_MOVES.items():
        assert each.name == name
        assert each.kind in {"plan", "public", "undo", "withhold"}
        assert each.meaning
        assert each.burden
        assert (each.price == 0.0) == (each.source == "no money changes hands")
        assert "assumed" in each.source or each.price == 0.0
