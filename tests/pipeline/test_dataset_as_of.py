"""`as_of` only cuts: the same as cutting by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.pipeline.dataset_builders import START, Frames, content_of, frames, prepare, prepared_table, write


def cut_by_hand(content: Frames, as_of: datetime) -> Frames:
    accounts, posts = content["accounts"], content["posts"]
    late_count = pl.col("observed_at") > as_of
    return {
        **content,
        "accounts": accounts.with_columns(
            pl.when(~late_count).then(pl.col(name)).alias(name)
            for name in ("following_count", "post_count", "observed_at")
        ),
        "followers_daily": content["followers_daily"].filter(pl.col("date") < as_of.date()),
        "posts": posts.filter(pl.col("posted_at") <= as_of).with_columns(
            pl.when(~late_count).then(pl.col(name)).alias(name)
            for name in ("like_count", "comment_count", "view_count", "observed_at")
        ),
        "comments": content["comments"].filter(pl.col("commented_at").is_null() | (pl.col("commented_at") <= as_of)),
    }


@pytest.mark.parametrize(
    "as_of",
    [
        pytest.param(datetime(2026, 1, 1, 0, 0, tzinfo=UTC), id="before everything"),
        pytest.param(START + timedelta(hours=5), id="at the instant of a comment"),
        pytest.param(datetime(2026, 1, 3, 0, 0, tzinfo=UTC), id="at the end of a day"),
        pytest.param(START + timedelta(days=9), id="before the counts of the posts were read"),
        pytest.param(datetime(2026, 3, 1, 0, 0, tzinfo=UTC), id="after everything"),
    ],
)
def test_the_flag_does_what_cutting_by_hand_does(tmp_path: Path, as_of: datetime) -> None:
    content = frames()
    prepare(write(tmp_path / "in", content), tmp_path / "flag", as_of=as_of)
    prepare(write(tmp_path / "cut", cut_by_hand(content, as_of)), tmp_path / "hand")
    for name in ("followers_daily", "posts", "comments", "labels"):
        assert prepared_table(tmp_path / "flag", name).equals(prepared_table(tmp_path / "hand", name)), name
    # The count itself cannot be cut by hand, since accounts must carry one; it is null, and kept for output alone.
    by_flag, by_hand = prepared_table(tmp_path / "flag", "accounts"), prepared_table(tmp_path / "hand", "accounts")
    assert by_flag.drop("follower_count").equals(by_hand.drop("follower_count"))


def test_the_default_is_the_newest_row_and_cuts_nothing(tmp_path: Path) -> None:
    source = write(tmp_path / "in", frames(days=40))
    summary = prepare(source, tmp_path / "default")
    assert summary.as_of == START + timedelta(days=40)
    assert {counts.after_as_of for counts in summary.tables.values()} == {0}
    prepare(source, tmp_path / "flag", as_of=summary.as_of)
    assert content_of(tmp_path / "flag") == content_of(tmp_path / "default")


def test_a_reading_is_known_at_the_end_of_its_day(tmp_path: Path) -> None:
    source = write(tmp_path / "in", frames(accounts=1, days=10))
    for as_of, last in (
        (datetime(2026, 1, 5, 23, 59, 59, tzinfo=UTC), date(2026, 1, 4)),
        (datetime(2026, 1, 6, tzinfo=UTC), date(2026, 1, 5)),
    ):
        prepare(source, tmp_path / "out", as_of=as_of)
        assert prepared_table(tmp_path / "out", "followers_daily")["date"].max() == last


def test_a_naive_as_of_is_read_as_utc_and_another_zone_is_converted(tmp_path: Path) -> None:
    source = write(tmp_path / "in", frames())
    naive = prepare(source, tmp_path / "naive", as_of=datetime(2026, 1, 5, 12))  # noqa: DTZ001 - what is tested
    zoned = prepare(source, tmp_path / "zoned", as_of=datetime.fromisoformat("2026-01-05T14:00:00+02:00"))
    assert naive.as_of == zoned.as_of == datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert content_of(tmp_path / "naive") == content_of(tmp_path / "zoned")


def test_counts_read_later_are_not_used_but_the_given_count_is_kept_for_output(tmp_path: Path) -> None:
    prepare(write(tmp_path / "in", frames(accounts=1)), tmp_path / "out", as_of=START + timedelta(days=5))
    account = prepared_table(tmp_path / "out", "accounts").row(0, named=True)
    assert account["follower_count"] is None
    assert account["observed_at"] is None
    assert account["follower_count_given"] == 1_000
    posts = prepared_table(tmp_path / "out", "posts")
    assert posts.height == 4
    assert posts.select("like_count", "comment_count", "view_count", "observed_at").null_count().row(0) == (4, 4, 4, 4)
    assert posts["caption"].null_count() == 0


def test_a_creation_date_after_as_of_is_not_known_yet(tmp_path: Path) -> None:
    content = frames(accounts=1)
    content["accounts"] = content["accounts"].with_columns(created_on=pl.lit(date(2026, 1, 6)))
    source = write(tmp_path / "in", content)
    for as_of, expected in ((START + timedelta(days=4), None), (START + timedelta(days=5), date(2026, 1, 6))):
        prepare(source, tmp_path / "out", as_of=as_of)
        assert prepared_table(tmp_path / "out", "accounts")["created_on"].to_list() == [expected]


def test_comments_without_an_instant_cannot_be_cut(tmp_path: Path) -> None:
    summary = prepare(write(tmp_path / "in", frames(accounts=1)), tmp_path / "out", as_of=START - timedelta(days=1))
    comments = prepared_table(tmp_path / "out", "comments")
    assert comments["comment_id"].to_list() == ["comment-3"]
    assert summary.tables["comments"].after_as_of == 12 - 1


def test_a_bad_row_known_after_as_of_is_not_quarantined(tmp_path: Path) -> None:
    content = frames(accounts=1)
    late = content["comments"].head(1).with_columns(comment_id=pl.lit("late"), like_count=pl.lit(-5, dtype=pl.Int64))
    late = late.with_columns(commented_at=pl.lit(START + timedelta(days=100)).cast(late.schema["commented_at"]))
    content["comments"] = pl.concat([content["comments"], late])
    summary = prepare(write(tmp_path / "in", content), tmp_path / "out", as_of=START + timedelta(days=99))
    assert summary.tables["comments"].after_as_of == 1
    assert summary.tables["comments"].quarantined == 0
