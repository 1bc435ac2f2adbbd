"""The gallery: which accounts are shown, and that a picture comes of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from audits.gallery import FEWEST_POSTS, FEWEST_READINGS, choose_examples, gallery
from features.tables import CONTRACTS, Tables

FIRST = date(2026, 1, 1)


def _frame(name: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=CONTRACTS[name].schema, infer_schema_length=None)


def _world(accounts: dict[str, dict[str, object]]) -> tuple[Tables, pl.DataFrame]:
    """Accounts by id with `readings`, `posts` and the label's columns."""
    curves, posts, labels = [], [], []
    for account, told in accounts.items():
        curves += [
            {"account_id": account, "date": FIRST + timedelta(days=day), "follower_count": 1000 + day}
            for day in range(int(str(told.get("readings", FEWEST_READINGS))))
        ]
        for post in range(int(str(told.get("posts", FEWEST_POSTS)))):
            at = datetime(2026, 1, 2 + post, tzinfo=UTC)
            posts.append({"account_id": account, "post_id": str(post), "posted_at": at, "like_count": 10 + post})
        dose = told.get("dose")
        labels.append(
            {
                "account_id": account,
                "is_inauthentic": told.get("scheme") is not None,
                "scheme": told.get("scheme"),
                "benign_story": told.get("story"),
                "inauthentic_follower_share": dose,
            }
        )
    rows = [{"account_id": account, "platform": "instagram", "follower_count": 1000} for account in accounts]
    tables = Tables(
        _frame("accounts", rows),
        _frame("followers_daily", curves),
        _frame("posts", posts),
        _frame("comments", []),
    )
    return tables, _frame("labels", labels)


def test_nobody_gives_an_empty_picture() -> None:
    tables, labels = _world({})
    assert choose_examples(tables, labels) == []
    assert not [axes for axes in gallery(tables, [], split="none").axes if axes.get_visible()]


@pytest.mark.parametrize(
    ("accounts", "chosen"),
    [
        pytest.param(
            {"a": {"scheme": "bought_followers", "dose": 0.2}, "b": {"scheme": "bought_followers", "dose": 0.5}},
            "b",
            id="the largest dose",
        ),
        pytest.param(
            {
                "a": {"scheme": "bought_followers", "dose": 0.5, "readings": FEWEST_READINGS},
                "b": {"scheme": "bought_followers", "dose": 0.5, "readings": FEWEST_READINGS + 1},
            },
            "b",
            id="then the most readings",
        ),
        pytest.param(
            {"b": {"scheme": "bought_followers"}, "a": {"scheme": "bought_followers"}}, "a", id="then the first by id"
        ),
        pytest.param(
            {
                "a": {"scheme": "bought_followers", "readings": FEWEST_READINGS - 1},
                "b": {"scheme": "bought_followers", "posts": FEWEST_POSTS - 1},
                "c": {"scheme": "bought_followers"},
            },
            "c",
            id="only what is observed well enough",
        ),
        pytest.param(
            {"a": {"scheme": "bought_followers+engagement_pod"}, "b": {"scheme": "bought_followers"}},
            "b",
            id="one scheme alone",
        ),
    ],
)
def test_who_is_shown_for_a_scheme(accounts: dict[str, dict[str, object]], chosen: str) -> None:
    assert choose_examples(*_world(accounts)) == [("bought_followers", "scheme", chosen)]


def test_schemes_come_first_and_each_panel_is_named() -> None:
    tables, labels = _world({"a": {"story": "viral"}, "b": {"scheme": "engagement_pod", "dose": 0.3}})
    examples = choose_examples(tables, labels)
    assert examples == [("engagement_pod", "scheme", "b"), ("viral", "story", "a")]
    figure = gallery(tables, examples, split="two accounts")
    assert [axes.get_title() for axes in figure.axes if axes.get_title()] == ["engagement pod", "viral"]
