"""The account context: one order, one number an account, its newest row and its followers."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime

import polars as pl

from features.context import of_accounts, with_account_context
from features.tables import CONTRACTS, Tables, only


def tables(**rows: list[dict[str, object]]) -> Tables:
    return Tables(
        **{
            field.name: pl.DataFrame(rows.get(field.name, []), schema=CONTRACTS[field.name].schema)
            for field in fields(Tables)
        }
    )


def account(account_id: str, followers: int | None, observed_at: datetime | None = None) -> dict[str, object]:
    return {"account_id": account_id, "platform": "x", "follower_count": followers, "observed_at": observed_at}


def at(day: int) -> datetime:
    return datetime(2024, 1, day, tzinfo=UTC)


def test_no_account() -> None:
    assert with_account_context(tables()).accounts.columns[-2:] == ["newest_at", "followers"]


def test_newest_row_and_followers_whatever_the_order_of_the_rows() -> None:
    given = tables(
        accounts=[account("c", None), account("a", 5, at(2)), account("b", None), account("d", None)],
        followers_daily=[
            {"account_id": "b", "date": date(2024, 1, 9), "follower_count": 30},
            {"account_id": "b", "date": date(2024, 1, 3), "follower_count": 20},
            {"account_id": "a", "date": date(2024, 1, 1), "follower_count": 4},
            {"account_id": "nobody", "date": date(2024, 1, 20), "follower_count": 4},
        ],
        posts=[
            {"account_id": "c", "post_id": "2", "posted_at": at(4), "observed_at": at(8)},
            {"account_id": "c", "post_id": "1", "posted_at": at(6)},
        ],
        comments=[{"account_id": "a", "post_id": "1", "comment_id": "1", "commented_at": at(7), "text": "so"}],
    )
    context = with_account_context(given)
    found = context.accounts.select("account", "account_id", "newest_at", "followers").rows()
    # A reading is known at the end of its day.
    assert found == [(0, "a", at(7), 5), (1, "b", at(10), 30), (2, "c", at(8), None), (3, "d", None, None)]
    assert context.followers_daily.select("account", "date").rows() == [
        (0, date(2024, 1, 1)),
        (1, date(2024, 1, 3)),
        (1, date(2024, 1, 9)),
    ]
    assert context.posts["post_id"].to_list() == ["1", "2"]
    assert with_account_context(given) is context
    assert with_account_context(context) is context


def test_rows_of_some_accounts() -> None:
    posts = [{"account_id": each, "post_id": "1", "posted_at": at(1)} for each in "abc"]
    context = with_account_context(tables(accounts=[account(each, 1) for each in "abc"], posts=posts))
    chosen = of_accounts(context.posts, pl.Series([2, 0], dtype=pl.UInt32), "account_id")
    assert chosen.rows() == [(0, "a"), (2, "c")]
    assert of_accounts(context.posts, pl.Series([], dtype=pl.UInt32), "account_id").height == 0
    assert of_accounts(context.comments, pl.Series([1], dtype=pl.UInt32), "text").height == 0


def test_accounts_taken_out_are_numbered_anew() -> None:
    context = with_account_context(tables(accounts=[account(each, 1) for each in "abc"]))
    again = with_account_context(only(context, pl.Series(["b", "c"])))
    assert again.accounts.select("account", "account_id").rows() == [(0, "b"), (1, "c")]
