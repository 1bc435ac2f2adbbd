"""A verdict is owed as soon as one of readings, posts and comments is enough."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import polars as pl
import pytest

from features.sufficiency import sufficiency
from features.tables import ACCOUNTS, COMMENTS, FOLLOWERS_DAILY, POSTS, Tables

OBSERVED_AT = datetime(2024, 3, 1, tzinfo=UTC)
ENOUGH = (14, 3, 20)
"""Readings, posts and comments, any of which is enough; one less is not."""


def tables(readings: int, posts: int, comments: int) -> Tables:
    """One account with so many of each; every post is 48 hours old and shows its likes."""
    shared = {"account_id": "a"}
    days = [shared | {"date": date(2024, 1, 1) + timedelta(days=n), "follower_count": 9} for n in range(readings)]
    posted = {"posted_at": OBSERVED_AT - timedelta(hours=48), "observed_at": OBSERVED_AT, "like_count": 5}
    return Tables(
        pl.DataFrame([shared | {"platform": "instagram"}], schema=ACCOUNTS.schema),
        pl.DataFrame(days, schema=FOLLOWERS_DAILY.schema),
        pl.DataFrame([shared | posted | {"post_id": f"{n}"} for n in range(posts)], schema=POSTS.schema),
        pl.DataFrame(
            [shared | {"post_id": "0", "comment_id": f"{n:02}", "text": "hi"} for n in range(comments)],
            schema=COMMENTS.schema,
        ),
    )


@pytest.mark.parametrize("has", list(product([0, 1], repeat=3)), ids=str)
def test_any_of_the_three_is_enough_and_one_less_of_each_is_not(has: tuple[int, int, int]) -> None:
    row = sufficiency(tables(*(needed - 1 + own for needed, own in zip(ENOUGH, has, strict=True)))).row(0, named=True)
    observed = (row["observed_days"], row["observed_posts"], row["observed_comments"])
    assert observed == (13 + has[0], 2 + has[1], 19 + has[2])
    lacks = [
        "13 readings; 14 are needed",
        "2 posts older than 48 hours with counts; 3 are needed",
        "19 comments; 20 are needed",
    ]
    assert row["insufficient_because"] == ([] if any(has) else lacks)
