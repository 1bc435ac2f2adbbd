"""Every line of the data contract's section "Bad input": what stops a run, what does not, and in which words."""

from __future__ import annotations

import csv
import gzip
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import TooManyBadRowsError, UnusableInputError, did_you_mean
from pipeline.storage import quarantine_path
from tests.pipeline.dataset_builders import content_of, frames, prepare, prepared_table, write, write_text

ACCOUNTS = "account_id,platform,follower_count\na,instagram,5\nb,instagram,6\n"
DAILY = "account_id,date,follower_count\n"


def problems_of(source: Path, tmp_path: Path, **options: Any) -> list[str]:
    """The problems that stop the run, having checked that it left nothing behind."""
    before = content_of(tmp_path)
    with pytest.raises(UnusableInputError) as caught:
        prepare(source, tmp_path / "out", **options)
    assert caught.value.exit_code == 2
    assert content_of(tmp_path) == before
    assert not (tmp_path / "out").exists()
    return caught.value.problems


# whole tables


def test_an_empty_folder_is_said_to_lack_accounts(tmp_path: Path) -> None:
    source = write_text(tmp_path / "in")
    assert problems_of(source, tmp_path) == [
        (
            "accounts: the table is missing. Found: nothing. "
            "Add accounts.parquet, accounts.csv or accounts.jsonl with one row an account."
        )
    ]


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path / "nowhere", tmp_path)
    assert problem.endswith("Found: there is no such folder. Give a dataset folder.")


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS)
    (problem,) = problems_of(source / "accounts.csv", tmp_path)
    assert problem.endswith("Found: it is a file. Give a dataset folder.")


def test_a_misspelt_accounts_file_is_suggested(tmp_path: Path) -> None:
    source = write_text(tmp_path / "in", account__csv=ACCOUNTS, posts__csv="account_id,post_id,posted_at\n")
    (problem,) = problems_of(source, tmp_path)
    assert "Found: account.csv, posts.csv. Did you mean 'account.csv'?" in problem


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_accounts_without_a_row(tmp_path: Path, form: str) -> None:
    source = write(tmp_path / "in", {"accounts": frames()["accounts"].clear()}, form)
    assert problems_of(source, tmp_path) == [
        "accounts: the table has no account in it. Found: 0 rows. Add one row an account."
    ]


def test_a_missing_column_names_what_was_found_and_the_repair(tmp_path: Path) -> None:
    source = write_text(
        tmp_path / "in", accounts__csv=ACCOUNTS, followers_daily__csv="account_id,day,followers\na,2026-01-01,5\n"
    )
    assert problems_of(source, tmp_path) == [
        "followers_daily: column 'date' is missing. Found: account_id, day, followers. Add it.",
        (
            "followers_daily: column 'follower_count' is missing. Found: account_id, day, followers. "
            "Did you mean 'followers'? Rename it to 'follower_count'."
        ),
    ]


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl", "parts"])
def test_a_missing_column_in_every_form(tmp_path: Path, form: str) -> None:
    content = frames()
    content["posts"] = content["posts"].rename({"posted_at": "published_at"})
    (problem,) = problems_of(write(tmp_path / "in", content, form), tmp_path)
    assert problem.startswith("posts: column 'posted_at' is missing. Found: account_id, post_id, published_at, ")


def test_all_problems_of_a_folder_are_reported_at_once(tmp_path: Path) -> None:
    source = write_text(
        tmp_path / "in",
        accounts__csv="account_id,follower_count\na,5\n",
        followers_daily__csv=DAILY + "".join(f"a,2026-01-0{day},many\n" for day in range(1, 5)),
        posts__csv="",
        comments__csv="account_id,post_id,comment_id,text\n",
        comments__jsonl="{}\n",
    )
    found = problems_of(source, tmp_path)
    assert [problem.split(":")[0] for problem in found] == ["comments", "accounts", "posts", "followers_daily"]
    assert "the table is present in 2 forms. Found: comments.csv, comments.jsonl. Keep one of them." in found[0]
    assert "column 'platform' is missing" in found[1]
    assert "unreadable file. Found: 'posts.csv': the file is empty" in found[2]
    assert "column 'follower_count' has the wrong type: a whole number is expected. Found: 'many'" in found[3]


@pytest.mark.parametrize(
    ("table", "column", "values", "found"),
    [
        pytest.param("posts", "posted_at", pa.array([1, 2, 3]), "int64", id="number for an instant"),
        pytest.param("followers_daily", "date", pa.array([1.0, 2.0, 3.0]), "double", id="number for a date"),
        pytest.param("accounts", "follower_count", pa.array([True, False, True]), "bool", id="flag for a count"),
        pytest.param("accounts", "account_id", pa.array([["a"], ["b"], ["c"]]), "list", id="list for an identifier"),
        pytest.param("accounts", "handle", pa.array([{"x": 1}] * 3), "struct", id="struct for a text"),
        pytest.param("comments", "text", pa.array([b"a", b"b", b"c"]), "binary", id="bytes for a text"),
        pytest.param("accounts", "is_verified", pa.array([0, 0, 0], pa.time64("us")), "time64", id="time for a flag"),
        pytest.param("accounts", "post_count", pa.array([1, 2, 3], pa.decimal256(50)), "decimal256", id="wide decimal"),
    ],
)
def test_parquet_types_that_can_never_be_read(
    tmp_path: Path, table: str, column: str, values: pa.Array, found: str
) -> None:
    content = {name: frame.head(3) for name, frame in frames().items()}
    source = write(tmp_path / "in", content)
    arrow = content[table].to_arrow()
    arrow = arrow.set_column(arrow.schema.get_field_index(column), column, values)
    pq.write_table(arrow, source / f"{table}.parquet")
    (problem,) = problems_of(source, tmp_path)
    assert problem.startswith(f"{table}: column '{column}' has the wrong type: ")
    assert f"Found: {found}" in problem
    assert "Convert it to" in problem


def test_a_column_of_which_no_cell_can_be_read_is_of_the_wrong_type(tmp_path: Path) -> None:
    rows = "".join(f"a,{day}/01/2026,5\n" for day in range(1, 8))
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS, followers_daily__csv=DAILY + rows)
    assert problems_of(source, tmp_path) == [
        (
            "followers_daily: column 'date' has the wrong type: a date is expected. "
            "Found: '1/01/2026', and no readable cell in 7. Convert it to ISO 8601 dates such as 2026-01-31."
        )
    ]


def test_nested_json_is_of_the_wrong_type(tmp_path: Path) -> None:
    line = '{"account_id":"a","platform":"x","follower_count":{"value":5}}\n'
    (problem,) = problems_of(write_text(tmp_path / "in", accounts__jsonl=line), tmp_path)
    assert problem.startswith("accounts: column 'follower_count' has the wrong type: a whole number is expected.")
    assert "Found: nested JSON." in problem


def test_a_column_name_that_appears_twice(tmp_path: Path) -> None:
    text = "account_id,platform,follower_count,follower_count\na,x,5,6\n"
    assert problems_of(write_text(tmp_path / "in", accounts__csv=text), tmp_path) == [
        (
            "accounts: column 'follower_count' appears more than once. "
            "Found: account_id, platform, follower_count, follower_count. Keep one of them."
        )
    ]


def test_a_message_shows_some_of_a_thousand_columns_and_the_start_of_a_long_name(tmp_path: Path) -> None:
    columns = ["account_id", "platform", "x" * 5_000, *(f"extra_{number}" for number in range(1_000))]
    text = ",".join(columns) + "\n" + ",".join(["a"] * len(columns)) + "\n"
    (problem,) = problems_of(write_text(tmp_path / "in", accounts__csv=text), tmp_path)
    assert problem.startswith(
        f"accounts: column 'follower_count' is missing. Found: account_id, platform, {'x' * 80}..., "
    )
    assert problem.endswith("extra_6 and 993 more. Add it.")
    good = "follower_count," + text.replace("\n", "\n5,", 1)
    warning, *_ = prepare(write_text(tmp_path / "good", accounts__csv=good), tmp_path / "out").warnings
    assert warning.startswith("accounts: columns that the contract does not know are not used: 'extra_0', 'extra_1', ")
    assert warning.endswith(" and 991 more.")


def test_a_column_named_by_half_a_character_can_be_shown(tmp_path: Path) -> None:
    line = '{"account_id":"a","platform":"x","\\ud800":5}\n'
    (problem,) = problems_of(write_text(tmp_path / "in", accounts__jsonl=line), tmp_path)
    assert "Found: account_id, platform, \ufffd." in problem


def test_cells_separated_by_something_else_than_commas(tmp_path: Path) -> None:
    text = ACCOUNTS.replace(",", ";")
    assert problems_of(write_text(tmp_path / "in", accounts__csv=text), tmp_path) == [
        (
            "accounts: the file has a single column. Found: account_id;platform;follower_count. "
            "Separate the cells by commas."
        )
    ]


@pytest.mark.parametrize(
    ("arrow_type", "value"),
    [
        pytest.param(pa.date32(), 2**31 - 1, id="a day in the year 5,881,580"),
        pytest.param(pa.date32(), 213_503_983 + 20_458, id="a day that becomes one of 2026 in microseconds"),
        pytest.param(pa.timestamp("ms", "UTC"), 2**63 - 1, id="the last millisecond"),
        pytest.param(pa.timestamp("ms", "UTC"), 18_446_745_841_309_551, id="one that becomes one of 2026"),
        pytest.param(pa.timestamp("us"), -(2**63), id="the first microsecond"),
        pytest.param(pa.timestamp("us", "Europe/Berlin"), 2**63 - 1, id="the last microsecond of Berlin"),
    ],
)
@pytest.mark.parametrize("column", ["posted_at", "observed_at"])
def test_parquet_instants_beyond_any_calendar_are_bad_cells(
    tmp_path: Path, column: str, arrow_type: pa.DataType, value: int
) -> None:
    content = frames(accounts=1, posts=3)
    source = write(tmp_path / "in", content)
    arrow = content["posts"].to_arrow()
    physical = pa.int32() if arrow_type == pa.date32() else pa.int64()
    cells = pa.array([20_458, value, 20_460], physical).view(arrow_type)
    pq.write_table(arrow.set_column(arrow.schema.get_field_index(column), column, cells), source / "posts.parquet")
    if arrow_type != pa.date32():  # the other two lie in 1970, within the first minute
        assert prepare(source, tmp_path / "cut", as_of=datetime(2026, 6, 1, tzinfo=UTC)).tables["posts"].used == 2
    counts = prepare(source, tmp_path / "out").tables["posts"]
    assert (counts.used, counts.quarantined) == (2, 1)
    assert counts.problems == {f"{column} cannot be read as an instant": 1}
    (cell,) = pl.read_parquet(quarantine_path(tmp_path / "out", "posts"))[column]
    assert cell == str(value)  # no calendar has it: the number as it stands in the file


def test_a_parquet_file_with_an_unknown_column_twice(tmp_path: Path) -> None:
    source = write(tmp_path / "in", frames(accounts=2))
    arrow = frames(accounts=2)["accounts"].to_arrow()
    for _ in range(2):
        arrow = arrow.append_column("index", pa.array([1, 2]))
    pq.write_table(arrow, source / "accounts.parquet")
    summary = prepare(source, tmp_path / "out")
    assert summary.tables["accounts"].used == 2
    assert summary.warnings == ["accounts: columns that the contract does not know are not used: 'index'."]


def test_categories_of_a_parquet_file_that_are_not_utf8(tmp_path: Path) -> None:
    source = write(tmp_path / "in", frames(accounts=2))
    offsets, letters = pa.array([0, 1, 2], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff")
    words = pa.Array.from_buffers(pa.string(), 2, [None, offsets, letters])
    categories = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int32()), words)
    arrow = frames(accounts=2)["accounts"].to_arrow()
    place = arrow.schema.get_field_index("biography")
    pq.write_table(arrow.set_column(place, "biography", categories), source / "accounts.parquet")
    assert problems_of(source, tmp_path) == [
        "accounts: unreadable file. Found: 'accounts.parquet' is not UTF-8. Write the file anew."
    ]


LONG = ACCOUNTS + "".join(f"account-{number},instagram,{number * 7919}\n" for number in range(2_000))
UNREADABLE = {
    "an empty CSV": ("accounts.csv", b"", "the file is empty"),
    "an empty gzip": ("accounts.csv.gz", b"", "the file is empty"),
    "a CSV that is not UTF-8": ("accounts.csv", (ACCOUNTS + "ü,x,5\n").encode("latin-1"), "is not UTF-8"),
    "a header that is not UTF-8": ("accounts.csv", "größe,x\n".encode("latin-1"), "is not UTF-8"),
    "UTF-16": ("accounts.csv", ACCOUNTS.encode("utf-16"), "is not UTF-8"),
    "JSON lines that are not UTF-8": ("accounts.jsonl", b'{"account_id":"\xff"}\n', "is not UTF-8"),
    "a gzip that breaks off": ("accounts.csv.gz", gzip.compress(LONG.encode())[:-2_000], "accounts.csv.gz"),
    "a CSV that is named gzip": ("accounts.csv.gz", ACCOUNTS.encode(), "Not a gzipped file"),
    "JSON lines that break off in the gzip": (
        "accounts.jsonl.gz",
        gzip.compress(b'{"account_id":"a"}\n' * 9)[:-9],
        "accounts.jsonl.gz",
    ),
    "an array instead of JSON lines": ("accounts.jsonl", b"[\n1,\n2\n]\n", "no line of it is a JSON object"),
    "a text that is named parquet": ("accounts.parquet", ACCOUNTS.encode(), "Parquet magic bytes not found"),
    "an empty parquet": ("accounts.parquet", b"", "accounts.parquet"),
}


@pytest.mark.parametrize(("name", "content", "found"), UNREADABLE.values(), ids=list(UNREADABLE))
def test_unreadable_files(tmp_path: Path, name: str, content: bytes, found: str) -> None:
    source = write_text(tmp_path / "in")
    (source / name).write_bytes(content)
    (problem,) = problems_of(source, tmp_path)
    assert problem.startswith("accounts: unreadable file. Found: ")
    assert found in problem
    assert problem.endswith("Write the file anew.")


def test_a_parquet_that_breaks_off(tmp_path: Path) -> None:
    source = write(tmp_path / "in", frames())
    whole = (source / "posts.parquet").read_bytes()
    (source / "posts.parquet").write_bytes(whole[: len(whole) // 2])
    (problem,) = problems_of(source, tmp_path)
    assert problem.startswith("posts: unreadable file. Found: 'posts.parquet'")


def test_a_parquet_with_damaged_pages(tmp_path: Path) -> None:
    source = write(tmp_path / "in", frames())
    damaged = bytearray((source / "comments.parquet").read_bytes())
    damaged[4:400] = b"\xff" * 396
    (source / "comments.parquet").write_bytes(damaged)
    (problem,) = problems_of(source, tmp_path)
    assert problem.startswith("comments: unreadable file. Found: 'comments.parquet'")


def test_a_quote_that_is_never_closed_is_told_whatever_python_s_own_limit_is(tmp_path: Path) -> None:
    limit = csv.field_size_limit(1 << 27)
    try:
        test_a_quote_that_is_never_closed(tmp_path)
    finally:
        csv.field_size_limit(limit)


def test_a_short_row_cut_within_a_character_is_a_message_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    (tmp_path / "in").mkdir()
    text = (
        b"account_id,platform,follower_count,handle\n"
        + b"a,x,5,h\n" * 3_000
        + "b,\u00e9".encode()[:-1]
        + b"\nc,x,6,h\n"
    )
    (tmp_path / "in" / "accounts.csv").write_bytes(text)
    (problem,) = problems_of(tmp_path / "in", tmp_path)
    assert problem.startswith("accounts: unreadable file. Found: 'accounts.csv'")
    assert capsys.readouterr().err == ""
    assert sys.unraisablehook is sys.__unraisablehook__


def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    text = "account_id,platform,follower_count\n" + 'a,"x,5\n' + "b,x,6\n" * 50_000
    (problem,) = problems_of(write_text(tmp_path / "in", accounts__csv=text), tmp_path)
    assert problem.startswith("accounts: unreadable file. Found: 'accounts.csv'")
    assert "a quote may not be closed" in problem


@pytest.mark.parametrize("what", ["file", "parts", "dangling"])
def test_links_that_lead_out_of_the_folder_are_not_followed(tmp_path: Path, what: str) -> None:
    outside = write(tmp_path / "outside", frames(), "parts")
    source = write(tmp_path / "in", {"accounts": frames()["accounts"]})
    if what == "file":
        (source / "posts.parquet").symlink_to(outside / "posts" / "a.parquet")
    elif what == "parts":
        (source / "posts").symlink_to(outside / "posts")
    else:
        (source / "posts.parquet").symlink_to(tmp_path / "gone.parquet")
    (problem,) = problems_of(source, tmp_path)
    assert problem.startswith("posts: links that lead out of the folder are not followed. Found: ")
    assert problem.endswith("Copy the file into the folder.")


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    source = write_text(tmp_path / "in", real__txt=ACCOUNTS)
    (source / "accounts.csv").symlink_to("real.txt")
    assert prepare(source, tmp_path / "out").tables["accounts"].used == 2


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        pytest.param("year=2026", "folders inside 'posts/' are not read. Found: year=2026.", id="nested folders"),
        pytest.param("", "the folder 'posts/' holds no part.", id="no part"),
    ],
)
def test_table_folders_that_are_not_parts(tmp_path: Path, entry: str, found: str) -> None:
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS)
    (source / "posts" / entry).mkdir(parents=True)
    (problem,) = problems_of(source, tmp_path)
    assert problem.startswith(f"posts: {found}")


def test_parts_of_two_forms(tmp_path: Path) -> None:
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS)
    write_text(source / "posts", a__csv="account_id,post_id,posted_at\n", b__jsonl="")
    (problem,) = problems_of(source, tmp_path)
    assert problem == "posts: the table is present in 2 forms. Found: a.csv, b.jsonl. Keep one form."


# rows


BAD_CELLS = {
    "no account": (",2026-01-01,5", "account_id is null"),
    "a blank account": ("  ,2026-01-01,5", "account_id is null"),
    "no date": ("a,,5", "date is null"),
    "an unparseable date": ("a,someday,5", "date cannot be read as a date"),
    "a day that does not exist": ("a,2026-02-30,5", "date cannot be read as a date"),
    "a year of a failed clock": ("a,1969-12-31,5", "date lies outside the years 1970 to 2099"),
    "no count": ("a,2026-01-01,", "follower_count is null"),
    "a negative count": ("a,2026-01-01,-5", "follower_count is below 0"),
    "a count beyond all counts": ("a,2026-01-01,1000000000000", "follower_count is above 1e+11"),
    "an abbreviated count": ("a,2026-01-01,12k", "follower_count cannot be read as a whole number"),
    "a fraction of a follower": ("a,2026-01-01,1.5", "follower_count cannot be read as a whole number"),
    "an infinite count": ("a,2026-01-01,inf", "follower_count cannot be read as a whole number"),
    "two defects of one kind": (
        "a,someday,many",
        "date cannot be read as a date; follower_count cannot be read as a whole number",
    ),
    "too few cells": ("a,2026-01-01", "the row has more or fewer cells than the header"),
    "too many cells": ("a,2026-01-01,5,6", "the row has more or fewer cells than the header"),
}


@pytest.mark.parametrize(("row", "problem"), BAD_CELLS.values(), ids=list(BAD_CELLS))
def test_a_bad_row_goes_to_quarantine_and_never_stops_the_run(tmp_path: Path, row: str, problem: str) -> None:
    good = "a,2026-01-02,5\na,2026-01-03,5\n"
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS, followers_daily__csv=f"{DAILY}{good}{row}\n")
    counts = prepare(source, tmp_path / "out").tables["followers_daily"]
    assert (counts.rows_in, counts.used, counts.quarantined) == (3, 2, 1)
    assert counts.problems == dict.fromkeys(problem.split("; "), 1)
    quarantine = pl.read_parquet(quarantine_path(tmp_path / "out", "followers_daily"))
    assert quarantine.columns == ["account_id", "date", "follower_count", "following_count", "problem"]
    assert quarantine["problem"].to_list() == [problem]
    cells = row.split(",")[:3]
    assert [cell or "" for cell in quarantine.row(0)[: len(cells)]] == cells  # as they came, unreadable or not
    assert prepared_table(tmp_path / "out", "followers_daily").height == 2


def test_only_bad_rows_of_a_small_table_never_stop_the_run(tmp_path: Path) -> None:
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS, followers_daily__csv=f"{DAILY}a,someday,5\n")
    counts = prepare(source, tmp_path / "out").tables["followers_daily"]
    assert (counts.used, counts.quarantined) == (0, 1)


def test_a_line_that_is_no_json_object_is_a_bad_row(tmp_path: Path) -> None:
    lines = ['{"account_id":"a","platform":"x","follower_count":5}', "{broken", "[1]", '{"account_id":NaN}', ""]
    source = write_text(tmp_path / "in", accounts__jsonl="\n".join(lines))
    counts = prepare(source, tmp_path / "out").tables["accounts"]
    assert (counts.rows_in, counts.used, counts.quarantined) == (4, 1, 3)
    assert counts.problems == {"the line is not a JSON object": 3}


def json_posts(*cells: str) -> str:
    """A post of account a for each `"name":value` that it has beside its key."""
    lines = (
        f'{{"account_id":"a","post_id":"p{number}","posted_at":"2026-01-01",{cell}}}\n'
        for number, cell in enumerate(cells)
    )
    return "".join(lines)


@pytest.mark.parametrize("value", ["[]", '["a","b"]', '{"text":"a"}', '[{"a":[1]}]', "[" * 3_000 + "]" * 3_000])
def test_nested_json_in_place_of_a_text_is_a_bad_row(tmp_path: Path, value: str) -> None:
    rows = json_posts('"caption":"[a list] of my own"', f'"caption":{value}', '"caption":null')
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS, posts__jsonl=rows)
    counts = prepare(source, tmp_path / "out").tables["posts"]
    assert (counts.used, counts.quarantined) == (2, 1)
    assert prepared_table(tmp_path / "out", "posts")["caption"].to_list() == ["[a list] of my own", None]


def test_a_whole_number_of_thousands_of_digits_is_a_bad_cell(tmp_path: Path) -> None:
    rows = json_posts('"like_count":5', f'"like_count":{"9" * 5_000}')
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS, posts__jsonl=rows)
    counts = prepare(source, tmp_path / "out").tables["posts"]
    assert (counts.used, counts.quarantined) == (1, 1)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param(r"cut \ud83d", "cut \ufffd", id="first half"),
        pytest.param(r"\ude00y", "\ufffdy", id="second half"),
        pytest.param(r"\ud83d\ud83d\ude00", "\ufffd😀", id="a half before a whole one"),
        pytest.param(r"\ud83d\ude00\ude00", "😀\ufffd", id="a half behind a whole one"),
        pytest.param(r"\\ud83d", r"\ud83d", id="a backslash and letters"),
        pytest.param(r"\\\uD83D", "\\\ufffd", id="a backslash and a half"),
    ],
)
def test_half_a_character_is_read_as_the_sign_for_it(tmp_path: Path, written: str, read: str) -> None:
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS, posts__jsonl=json_posts(f'"caption":"{written}"'))
    assert prepare(source, tmp_path / "out").tables["posts"].used == 1
    assert prepared_table(tmp_path / "out", "posts")["caption"].to_list() == [read]


def test_a_date_before_the_year_1_lets_no_other_bad_row_pass(tmp_path: Path) -> None:
    rows = "a,0000-01-01,5\na,2100-01-01,5\na,2026-01-01,5\na,9999-12-31,5\na,1600-01-01,5\n"
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS, followers_daily__csv=DAILY + rows)
    counts = prepare(source, tmp_path / "out").tables["followers_daily"]
    assert (counts.rows_in, counts.used, counts.quarantined) == (5, 1, 4)
    assert counts.problems == {"date lies outside the years 1970 to 2099": 4}


def test_an_instant_outside_the_years_of_the_contract(tmp_path: Path) -> None:
    posts = "account_id,post_id,posted_at\na,p1,2026-01-01\na,p2,2100-01-01\n"
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS, posts__csv=posts)
    counts = prepare(source, tmp_path / "out").tables["posts"]
    assert counts.problems == {"posted_at lies outside the years 1970 to 2099": 1}


def test_identical_rows_collapse_and_rows_in_conflict_are_all_quarantined(tmp_path: Path) -> None:
    rows = "a,2026-01-01,5\na,2026-01-01,5.0\na,2026-01-02,6\na,2026-01-02,7\na,2026-01-02,7\nb,2026-01-01,8\n"
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS, followers_daily__csv=DAILY + rows)
    counts = prepare(source, tmp_path / "out").tables["followers_daily"]
    assert (counts.rows_in, counts.used, counts.duplicates_collapsed, counts.quarantined) == (6, 2, 2, 2)
    quarantine = pl.read_parquet(quarantine_path(tmp_path / "out", "followers_daily"))
    assert quarantine["follower_count"].to_list() == ["6", "7"]
    assert set(quarantine["problem"]) == {"the key (account_id, date) appears with different content"}
    daily = prepared_table(tmp_path / "out", "followers_daily")
    assert daily.select("account_id", "follower_count").rows() == [("a", 5), ("b", 8)]


@pytest.mark.parametrize(
    "accounts",
    [
        pytest.param("a,instagram,5\nb,instagram,-6\n", id="a bad row"),
        pytest.param("a,instagram,5\nb,instagram,6\nb,tiktok,6\n", id="two rows in conflict"),
    ],
)
def test_rows_of_a_quarantined_account_are_out_of_scope(tmp_path: Path, accounts: str) -> None:
    source = write_text(
        tmp_path / "in",
        accounts__csv="account_id,platform,follower_count\n" + accounts,
        followers_daily__csv=DAILY + "a,2026-01-01,5\nb,2026-01-01,6\nstranger,2026-01-01,7\n",
    )
    summary = prepare(source, tmp_path / "out")
    assert prepared_table(tmp_path / "out", "accounts")["account_id"].to_list() == ["a"]
    assert (summary.tables["followers_daily"].used, summary.tables["followers_daily"].out_of_scope) == (1, 2)
    assert not quarantine_path(tmp_path / "out", "followers_daily").exists()


def test_accounts_of_which_none_is_left_do_not_stop_the_run(tmp_path: Path) -> None:
    source = write_text(tmp_path / "in", accounts__csv="account_id,platform,follower_count\na,x,-5\n")
    summary = prepare(source, tmp_path / "out")
    assert summary.warnings == ["accounts: every row was quarantined, so that no account is left to look at."]
    assert prepared_table(tmp_path / "out", "accounts").is_empty()


# too many


@pytest.mark.parametrize(
    ("bad", "good", "stops"),
    [
        pytest.param(20, 379, True, id="just over the share: 20 of 399"),
        pytest.param(20, 380, False, id="exactly the share: 20 of 400"),
        pytest.param(19, 1, False, id="nearly all, but fewer than twenty"),
        pytest.param(20, 1, True, id="twenty, and nearly all"),
    ],
)
def test_too_many_bad_rows_stop_the_run(tmp_path: Path, bad: int, good: int, stops: bool) -> None:  # noqa: FBT001
    rows = [f"a,p,c{number},nice,{number}" for number in range(good)]
    rows += [f"a,p,bad-{number},nice,-7" for number in range(bad)]
    # Rows out of scope do not dilute the share.
    rows += [f"stranger,p,c{number},nice,1" for number in range(1_000)]
    header = "account_id,post_id,comment_id,text,like_count\n"
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS, comments__csv=header + "\n".join(rows) + "\n")
    if not stops:
        assert prepare(source, tmp_path / "out").tables["comments"].quarantined == bad
        return
    with pytest.raises(TooManyBadRowsError) as caught:
        prepare(source, tmp_path / "out")
    assert caught.value.exit_code == 3
    assert caught.value.problems == [
        (
            f"comments: {bad} of {bad + good} rows in scope were quarantined, "
            "more than the share of 0.05 that is allowed. "
            f"Found: like_count is below 0 ({bad} rows, such as account_id 'a', comment_id 'bad-0', like_count '-7'). "
            "Correct the rows or the export."
        )
    ]
    assert not (tmp_path / "out").exists()


# the output


def test_a_failed_run_leaves_an_existing_output_untouched(tmp_path: Path) -> None:
    prepare(write(tmp_path / "good", frames()), tmp_path / "out")
    before = content_of(tmp_path / "out")
    with pytest.raises(UnusableInputError):
        prepare(write_text(tmp_path / "bad", accounts__csv=""), tmp_path / "out")
    assert content_of(tmp_path / "out") == before
    assert {path.name for path in tmp_path.iterdir()} == {"good", "bad", "out"}


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    source = write(tmp_path / "in", frames())

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(source, tmp_path / "out", progress=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_an_existing_output_is_replaced_whole(tmp_path: Path) -> None:
    prepare(write(tmp_path / "many", frames()), tmp_path / "out", buckets=9)
    source = write_text(tmp_path / "one", accounts__csv=ACCOUNTS)
    prepare(source, tmp_path / "out", buckets=2)
    prepare(source, tmp_path / "fresh", buckets=2)
    assert content_of(tmp_path / "out") == content_of(tmp_path / "fresh")


def test_the_input_is_never_replaced(tmp_path: Path) -> None:
    source = write(tmp_path / "folder" / "in", frames())
    for destination in (source, source.parent):
        with pytest.raises(UnusableInputError, match=r"would replace the input\. Found: .* Give another folder\."):
            prepare(source, destination)


def test_a_folder_of_somebody_else_is_never_replaced(tmp_path: Path) -> None:
    source = write(tmp_path / "in", frames())
    mine = write_text(tmp_path / "mine", letter__txt="dear")
    with pytest.raises(UnusableInputError, match=r"is not empty and would be replaced whole\. Found: no summary\.json"):
        prepare(source, mine)
    with pytest.raises(UnusableInputError, match=r"is not a folder\. Found: a file\."):
        prepare(source, mine / "letter.txt")
    assert (mine / "letter.txt").read_text() == "dear"


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("follower_count", [], None),
        ("follower_count", ["followers", "day"], "followers"),
        ("platform", ["Platform"], "Platform"),
        ("caption", ["post_caption_text"], "post_caption_text"),
        ("text", ["", "t"], None),
    ],
)
def test_did_you_mean(name: str, known: list[str], expected: str | None) -> None:
    assert did_you_mean(name, known) == expected


# what is no file of the folder


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "posts.csv")


def _device(folder: Path) -> None:
    (folder / "posts.csv").symlink_to("/dev/zero")


def _circle(folder: Path) -> None:
    (folder / "posts.csv").symlink_to("comments.csv")
    (folder / "comments.csv").symlink_to("posts.csv")


def _pipe_among_parts(folder: Path) -> None:
    (folder / "posts").mkdir()
    os.mkfifo(folder / "posts" / "b.csv")


@pytest.mark.parametrize(
    ("fill", "found"),
    [
        pytest.param(_pipe, "posts: only files are read. Found: posts.csv,", id="a pipe"),
        pytest.param(_pipe_among_parts, "posts: only files are read. Found: b.csv,", id="a pipe among the parts"),
        pytest.param(_device, "posts: links that lead out of the folder are not followed.", id="a device"),
        pytest.param(_circle, "posts: links that lead out of the folder are not followed.", id="links in a circle"),
    ],
)
def test_what_is_no_file_is_refused_before_it_is_opened(
    tmp_path: Path, fill: Callable[[Path], None], found: str
) -> None:
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS)
    fill(source)
    with pytest.raises(UnusableInputError) as caught:
        prepare(source, tmp_path / "out")
    assert caught.value.problems[0].startswith(found)


@pytest.mark.parametrize("content", ["[broken", '{"a": 1}', "[1]"], ids=["no JSON", "no list", "no sentences"])
def test_notes_that_are_no_list_of_sentences_are_left_out(tmp_path: Path, content: str) -> None:
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS)
    (source / "_mapped.json").write_text(content)
    assert prepare(source, tmp_path / "out").warnings == [
        "input: '_mapped.json' is not read. It is no list of sentences."
    ]


def test_notes_elsewhere_are_not_read(tmp_path: Path) -> None:
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS)
    (tmp_path / "list.json").write_text('["secret"]')
    (source / "_mapped.json").symlink_to(tmp_path / "list.json")
    assert prepare(source, tmp_path / "out").warnings == []


@pytest.mark.parametrize("config", ["", "[cache]\n    dir = {}\n"], ids=["its own place", "another place"])
def test_links_into_the_cache_of_the_project_are_followed(
    tmp_path: Path, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / ("elsewhere" if config else ".dvc/cache")
    write_text(cache, ab12=ACCOUNTS)
    (tmp_path / ".dvc").mkdir(exist_ok=True)
    (tmp_path / ".dvc" / "config").write_text(config.format(cache))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "accounts.csv").symlink_to(cache / "ab12")
    assert prepare(tmp_path / "in", tmp_path / "out").tables["accounts"].used == 2


def test_a_cache_that_the_folder_itself_names_is_none(tmp_path: Path) -> None:
    write_text(tmp_path / "elsewhere", ab12=ACCOUNTS)
    source = write_text(tmp_path / "in", posts__csv="account_id,post_id,posted_at\n")
    write_text(source / ".dvc", config=f"[cache]\n    dir = {tmp_path / 'elsewhere'}\n")
    (source / "accounts.csv").symlink_to(tmp_path / "elsewhere" / "ab12")
    assert any("links that lead out of the folder" in problem for problem in problems_of(source, tmp_path))


def _blank_lines(folder: Path) -> None:
    with gzip.open(folder / "posts.csv.gz", "wb", compresslevel=1) as file:
        for _number in range(270):  # MB: more than any packed file may hold, and more than 200 times its size
            file.write(b"\n" * 2**20)


def _one_line(folder: Path) -> None:
    with gzip.open(folder / "posts.csv.gz", "wb", compresslevel=1) as file:
        file.write(b"x" * (9 * 2**20))


def _texts_that_repeat(folder: Path) -> None:
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000, pa.int32()), pa.array(["x" * 100_000]))
    table = pa.table({"account_id": long, "post_id": long, "posted_at": long})
    pq.write_table(table, folder / "posts.parquet", store_schema=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fill", "found"),
    [
        pytest.param(_blank_lines, "holds more than 200 times its size once it is unpacked", id="gzip of blank lines"),
        pytest.param(_one_line, "holds a row too long to be read", id="gzip of one line"),
        pytest.param(_texts_that_repeat, "50,000 rows of it hold 15 GB of text", id="Parquet of texts that repeat"),
    ],
)
def test_files_that_unpack_beyond_measure_are_refused(tmp_path: Path, fill: Callable[[Path], None], found: str) -> None:
    source = write_text(tmp_path / "in", accounts__csv=ACCOUNTS)
    fill(source)
    assert sum(path.stat().st_size for path in source.iterdir()) < 2**21
    with pytest.raises(UnusableInputError, match=found):
        prepare(source, tmp_path / "out")
