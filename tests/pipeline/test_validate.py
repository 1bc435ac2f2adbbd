from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from features.sufficiency import sufficiency
from features.tables import CONTRACTS, Tables
from pipeline.errors import UnusableInputError
from pipeline.validate import run
from tests.pipeline.dataset_builders import START, frames, table, write, write_text

NOTHING = [
    "0 readings; 14 are needed",
    "0 posts older than 48 hours with counts; 3 are needed",
    "0 comments; 20 are needed",
]


def tables(**content: pl.DataFrame) -> Tables:
    account = {"account_id": "a", "platform": "x", "follower_count": 5}
    present = {"accounts": table("accounts", [account]), **content}
    return Tables(**{name: present.get(name, CONTRACTS[name].empty()) for name in CONTRACTS if name != "labels"})


def readings(days: int) -> pl.DataFrame:
    rows = [
        {"account_id": "a", "date": date(2026, 1, 1) + timedelta(days=7 * day), "follower_count": 1}
        for day in range(days)
    ]
    return table("followers_daily", rows)


def posts(*ages_in_hours: int, **cells: object) -> pl.DataFrame:
    shared = {"account_id": "a", "observed_at": START, "view_count": 9, **cells}
    rows = [
        {**shared, "post_id": str(number), "posted_at": START - timedelta(hours=age)}
        for number, age in enumerate(ages_in_hours)
    ]
    return table("posts", rows)


def comments(count: int) -> pl.DataFrame:
    return table(
        "comments", [{"account_id": "a", "post_id": "p", "comment_id": str(n), "text": ""} for n in range(count)]
    )


def test_no_account_needs_no_verdict() -> None:
    assert sufficiency(Tables(*(CONTRACTS[name].empty() for name in list(CONTRACTS)[:4]))).is_empty()


def test_an_account_of_which_nothing_was_observed_lacks_all_three() -> None:
    row = sufficiency(tables()).row(0, named=True)
    assert row == {
        "account_id": "a",
        "observed_days": 0,
        "observed_posts": 0,
        "observed_comments": 0,
        "insufficient_because": NOTHING,
    }


@pytest.mark.parametrize(
    ("observed", "lacks"),
    [
        pytest.param({"followers_daily": readings(14)}, [], id="fourteen weekly readings are enough"),
        pytest.param(
            {"followers_daily": readings(12)}, ["12 readings; 14 are needed", *NOTHING[1:]], id="twelve are not"
        ),
        pytest.param(
            {"followers_daily": readings(1)}, ["1 reading; 14 are needed", *NOTHING[1:]], id="one is in the singular"
        ),
        pytest.param({"posts": posts(48, 49, 500)}, [], id="three posts of 48 hours or more are enough"),
        pytest.param(
            {"posts": posts(47, 49, 500)},
            [NOTHING[0], "2 posts older than 48 hours with counts; 3 are needed", NOTHING[2]],
            id="a younger post does not count",
        ),
        pytest.param({"posts": posts(60, 60, 60, view_count=None)}, NOTHING, id="posts without any count do not count"),
        pytest.param({"posts": posts(60, 60, 60, view_count=None, like_count=0)}, [], id="a count of zero is a count"),
        pytest.param({"comments": comments(20)}, [], id="twenty comments are enough"),
        pytest.param({"comments": comments(19)}, [*NOTHING[:2], "19 comments; 20 are needed"], id="nineteen are not"),
    ],
)
def test_a_verdict_is_owed_as_soon_as_one_of_three_is_observed(
    observed: dict[str, pl.DataFrame], lacks: list[str]
) -> None:
    assert sufficiency(tables(**observed))["insufficient_because"].to_list() == [lacks]


def test_without_observed_at_a_post_is_as_old_as_the_newest_row_of_its_account_says() -> None:
    undated = posts(72, 60, 50, 0, observed_at=None)
    assert sufficiency(tables(posts=undated))["observed_posts"].to_list() == [3]
    only_old = posts(72, 60, 50, observed_at=None)  # the newest row is the post of 50 hours: ages 22, 10 and 0
    assert sufficiency(tables(posts=only_old))["observed_posts"].to_list() == [0]


def test_it_tells_counts_problems_and_what_each_account_lacks(tmp_path: Path) -> None:
    content = frames(accounts=3)
    rich_in_data = pl.col("account_id") != "account-2"
    for name in ("followers_daily", "posts", "comments"):
        content[name] = content[name].filter(rich_in_data)
    bad = content["comments"].head(1).with_columns(comment_id=pl.lit("bad"), like_count=pl.lit(-1, dtype=pl.Int64))
    content["comments"] = pl.concat([content["comments"], bad])
    content["accounts"] = content["accounts"].with_columns(mood=pl.lit("fine"))
    source = write(tmp_path / "in", content)
    checked = run(source)
    lines = checked.lines
    assert lines[0].split() == [
        "rows_in", "used", "quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of", "repaired",
    ]  # fmt: skip
    assert lines[4].split() == ["comments", "25", "24", "1", "0", "0", "0", "0"]
    assert lines[6:] == [
        "comments: like_count is below 0 (1 row)",
        "  account_id 'account-0', comment_id 'bad', like_count '-1'",
        "as_of: 2026-01-21T12:00:00+00:00",
        "accounts with enough for a verdict: 2 of 3",
        "account-2: " + " | ".join(NOTHING),
    ]
    assert checked.warnings == ["accounts: columns that the contract does not know are not used: 'mood'."]
    assert (checked.accounts, checked.enough) == (3, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_folder_without_instants_says_so(tmp_path: Path) -> None:
    source = write_text(tmp_path / "in", accounts__csv="account_id,platform,follower_count\na,x,5\n")
    assert "as_of: unknown, no row carries an instant" in run(source).lines


HEADER = "account_id,date,follower_count"
TWO_ACCOUNTS = "account_id,platform,follower_count\na,x,5\nb,x,5\n"


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        pytest.param(
            ["a,2026-01-01,-1"],
            [
                "followers_daily: follower_count is below 0 (1 row)",
                "  account_id 'a', date '2026-01-01', follower_count '-1'",
            ],
            id="the cell is told beside the key",
        ),
        pytest.param(
            ["b,soon,7"],
            ["followers_daily: date cannot be read as a date (1 row)", "  account_id 'b', date 'soon'"],
            id="a cell of the key is told once",
        ),
        pytest.param(
            [",2026-01-01,7"],
            [
                "followers_daily: account_id is null (1 row)",
                "  account_id nothing, date '2026-01-01', follower_count '7'",
            ],
            id="without a key the row's other cells tell which it is",
        ),
        pytest.param(
            [f"a,2026-01-0{day},-{day}" for day in (5, 3, 1, 2, 4)],
            [
                "followers_daily: follower_count is below 0 (5 rows)",
                "  account_id 'a', date '2026-01-01', follower_count '-1'",
                "  account_id 'a', date '2026-01-02', follower_count '-2'",
                "  account_id 'a', date '2026-01-03', follower_count '-3'",
                "  ... and 2 more",
            ],
            id="the first three, whatever the order of the rows",
        ),
        pytest.param(
            ["a,2026-01-01," + "\x1b" * 61],
            [
                "followers_daily: follower_count cannot be read as a whole number (1 row)",
                "  account_id 'a', date '2026-01-01', follower_count '" + "\\x1b" * 60 + "'...",
            ],
            id="a long cell is cut, and what a terminal would obey is escaped",
        ),
        pytest.param(
            ["a,soon,-1"],
            [
                "followers_daily: date cannot be read as a date (1 row)",
                "  account_id 'a', date 'soon'",
            ],
            id="a row that cannot be read is not judged further",
        ),
    ],
)
def test_bad_rows_are_named(rows: list[str], named: list[str], tmp_path: Path) -> None:
    good = [f"b,2026-02-{day:02},7" for day in range(1, 4)]
    text = "\n".join([HEADER, *good, *rows, ""])
    lines = run(write_text(tmp_path / "in", accounts__csv=TWO_ACCOUNTS, followers_daily__csv=text)).lines
    assert lines[3 : 3 + len(named)] == named


class TestSpacesAroundIds:
    """An id is compared as written: two that look alike would otherwise be one account or two, as a reader likes."""

    def warnings(self, folder: Path, accounts: str, readings: str) -> list[str]:
        header = "account_id,platform,follower_count"
        texts = {"accounts__csv": f"{header}\n{accounts}", "followers_daily__csv": f"{HEADER}\n{readings}"}
        return run(write_text(folder / "in", **texts)).warnings

    def test_none_is_no_warning(self, tmp_path: Path) -> None:
        assert self.warnings(tmp_path, "a,x,5\n", "a,2026-01-01,5\nb ,2026-01-01,5\n") == []

    def test_accounts_are_named(self, tmp_path: Path) -> None:
        found = self.warnings(tmp_path, " b,x,5\na ,x,5\nc,x,5\n", "c,2026-01-01,5\n")
        assert found == [
            "accounts: ids with spaces around: 2, such as ' b', 'a '. Ids are compared as written. Remove the spaces."
        ]

    def test_rows_that_would_be_of_an_account_are_named(self, tmp_path: Path) -> None:
        found = self.warnings(tmp_path, "a,x,5\n", "a,2026-01-01,5\na ,2026-01-01,5\nghost ,2026-01-01,5\n")
        start = "followers_daily: rows out of scope only for spaces around account_id: 1, such as 'a '. "
        assert found == [f"{start}Ids are compared as written. Remove the spaces."]


class TestTablesOfOtherAccounts:
    def warnings(self, folder: Path, readings: str) -> list[str]:
        texts = {
            "accounts__csv": "account_id,platform,follower_count\na,x,5\n",
            "followers_daily__csv": f"{HEADER}\n{readings}",
        }
        return run(write_text(folder / "in", **texts)).warnings

    def test_a_table_of_which_no_row_is_of_an_account_is_named(self, tmp_path: Path) -> None:
        (found,) = self.warnings(tmp_path, "17,2026-01-01,5\n16,2026-01-02,5\n")
        assert found == (
            "followers_daily: none of the 2 rows is of an account in accounts; all are out of scope, such as those of "
            "'16'. Check that account_id means the same in both."
        )

    def test_one_row_in_scope_is_enough(self, tmp_path: Path) -> None:
        assert self.warnings(tmp_path, "a,2026-01-01,5\n16,2026-01-02,5\n") == []


def test_as_of_cuts_before_anything_is_counted(tmp_path: Path) -> None:
    source = write(tmp_path / "in", {name: frames(accounts=1)[name] for name in ("accounts", "followers_daily")})
    lines = run(source, as_of=datetime(2026, 1, 13, tzinfo=UTC)).lines
    assert lines[-1].startswith("account-0: 12 readings; 14 are needed | ")


def test_a_table_that_cannot_be_used_stops_the_command(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match="accounts: the table is missing"):
        run(write_text(tmp_path / "in"))
