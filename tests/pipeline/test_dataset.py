from __future__ import annotations

import dataclasses
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.tables import CONTRACTS, TableContract
from pipeline import dataset
from pipeline.cleaning import CleanBucket, clean_bucket
from pipeline.dataset import bucket_ids, read_bucket, read_labels, read_summary
from pipeline.errors import LostRowsError
from pipeline.pseudonyms import Pseudonyms
from pipeline.routing import bucket_of
from pipeline.storage import quarantine_path, write_parquet
from tests.pipeline.dataset_builders import START, frames, prepare, prepared_table, table, write, write_text

EMPTY_TABLES = ("followers_daily", "posts", "comments", "labels")


def test_a_folder_with_accounts_alone_leaves_the_other_tables_empty_with_their_schema(tmp_path: Path) -> None:
    source = write(tmp_path / "in", {"accounts": frames(accounts=1)["accounts"]})
    summary = prepare(source, tmp_path / "out", buckets=2)
    assert list(summary.tables) == ["accounts"]
    assert summary.tables["accounts"].used == 1
    for name in EMPTY_TABLES:
        found = prepared_table(tmp_path / "out", name)
        assert found.is_empty()
        assert dict(found.schema) == CONTRACTS[name].schema


@pytest.mark.parametrize("form", ["parquet", "csv", "jsonl"])
def test_tables_without_rows_are_not_observed(tmp_path: Path, form: str) -> None:
    content = {name: frame if name == "accounts" else frame.clear() for name, frame in frames(accounts=2).items()}
    summary = prepare(write(tmp_path / "in", content, form), tmp_path / "out")
    assert {name: summary.tables[name].rows_in for name in EMPTY_TABLES} == dict.fromkeys(EMPTY_TABLES, 0)
    assert summary.tables["accounts"].used == 2


def test_the_only_instant_of_a_bare_account_is_as_of_or_there_is_none(tmp_path: Path) -> None:
    bare = write_text(tmp_path / "bare", accounts__csv="account_id,platform,follower_count\na,x,5\n")
    assert prepare(bare, tmp_path / "out").as_of is None
    dated = write_text(
        tmp_path / "dated",
        accounts__csv="account_id,platform,follower_count,observed_at\na,x,5,2026-01-01T06:00:00+02:00\n",
    )
    assert prepare(dated, tmp_path / "out").as_of == datetime(2026, 1, 1, 4, tzinfo=UTC)


def test_prepared_buckets_hold_whole_accounts_sorted_by_key(tmp_path: Path) -> None:
    content = frames(accounts=9)
    prepare(write(tmp_path / "in", content), tmp_path / "out", buckets=4)
    assert bucket_ids(tmp_path / "out") == [0, 1, 2, 3]
    for bucket in range(4):
        tables = read_bucket(tmp_path / "out", bucket)
        ids = tables.accounts["account_id"].to_list()
        assert all(zlib.crc32(each.encode()) % 4 == bucket for each in ids)
        assert ids == sorted(ids)
        for name in ("followers_daily", "posts", "comments"):
            found: pl.DataFrame = getattr(tables, name)
            expected = content[name].filter(pl.col("account_id").is_in(ids)).sort(CONTRACTS[name].key)
            if name == "comments":
                expected = expected.with_columns(Pseudonyms().replaced(expected))
            assert found.equals(expected)


def test_the_bucket_of_an_account_is_the_same_on_every_machine() -> None:
    assert [bucket_of(each, 16) for each in ("a", "b", "Ünïcode 😍")] == [3, 9, 10]


def test_prepared_accounts_are_the_contract_and_the_count_as_given(tmp_path: Path) -> None:
    prepare(write(tmp_path / "in", frames()), tmp_path / "out")
    accounts = prepared_table(tmp_path / "out", "accounts")
    assert accounts.columns == [*CONTRACTS["accounts"].schema, "follower_count_given"]
    assert accounts["follower_count_given"].to_list() == accounts["follower_count"].to_list()


def test_labels_come_back_sorted_and_typed(tmp_path: Path) -> None:
    content = frames(accounts=6)
    prepare(write(tmp_path / "in", content), tmp_path / "out")
    assert read_labels(tmp_path / "out").drop("origin").equals(content["labels"].sort("account_id"))


def test_the_summary_file_says_what_the_call_returned(tmp_path: Path) -> None:
    summary = prepare(write(tmp_path / "in", frames()), tmp_path / "out")
    assert read_summary(tmp_path / "out") == summary
    assert summary.as_of == START + timedelta(days=20)


def test_every_row_is_used_quarantined_collapsed_out_of_scope_or_after_as_of(tmp_path: Path) -> None:
    content = frames(accounts=4, days=30)
    daily = content["followers_daily"].with_columns(
        pl.col("date").cast(pl.String), pl.col("follower_count").cast(pl.String)
    )
    first = daily.row(0, named=True)
    extra = [
        first,  # an identical duplicate
        {**first, "date": "2026-01-02", "follower_count": "77"},  # clashes with a row that is there
        {**first, "account_id": "stranger"},
        {**first, "account_id": None},
        {**first, "date": "someday"},
        {**first, "date": "2027-01-01"},
        {**first, "date": "2026-01-31", "follower_count": "-1"},
    ]
    content["followers_daily"] = pl.concat([daily, pl.DataFrame(extra, schema=daily.schema)])
    as_of = datetime(2026, 1, 29, tzinfo=UTC)
    found = prepare(write(tmp_path / "in", content, "csv"), tmp_path / "out", as_of=as_of).tables["followers_daily"]
    assert found.rows_in == 4 * 30 + 7
    assert found.out_of_scope == 1
    # Readings of 29 and 30 January are known after the 29th has begun; so are 31 January and the year 2027.
    assert found.after_as_of == 4 * 2 + 2
    assert found.duplicates_collapsed == 1
    assert found.quarantined == 1 + 1 + 2  # null key, unreadable date, both rows of the clash
    assert found.problems == {
        "account_id is null": 1,
        "date cannot be read as a date": 1,
        "the key (account_id, date) appears with different content": 2,
    }
    parts = (found.used, found.quarantined, found.duplicates_collapsed, found.out_of_scope, found.after_as_of)
    assert found.rows_in == sum(parts)
    assert prepared_table(tmp_path / "out", "followers_daily").height == found.used - found.repaired
    assert pl.read_parquet(quarantine_path(tmp_path / "out", "followers_daily")).height == found.quarantined


@pytest.mark.parametrize(
    ("counts", "kept"),
    [
        pytest.param([5, 0, 6], [5, 6], id="a single zero between readings above zero is dropped"),
        pytest.param([5, 0, 0, 6], [5, 0, 0, 6], id="two zeros in a row stay"),
        pytest.param([0, 5, 6], [0, 5, 6], id="a zero at the start stays"),
        pytest.param([5, 6, 0], [5, 6, 0], id="a zero at the end stays"),
        pytest.param([0], [0], id="a lone zero stays"),
        pytest.param([5, 0, 6, 0, 7], [5, 6, 7], id="two separate glitches are both dropped"),
    ],
)
def test_glitches_are_repaired_and_counted(tmp_path: Path, counts: list[int], kept: list[int]) -> None:
    content = frames(accounts=2)
    content["followers_daily"] = table(
        "followers_daily",
        [
            {"account_id": each, "date": date(2026, 1, 1) + timedelta(days=7 * week), "follower_count": count}
            for each in ("account-0", "account-1")
            for week, count in enumerate(counts)
        ],
    )
    summary = prepare(write(tmp_path / "in", content), tmp_path / "out", buckets=1)
    daily = prepared_table(tmp_path / "out", "followers_daily")
    assert daily.filter(account_id="account-0")["follower_count"].to_list() == kept
    assert summary.tables["followers_daily"].used == 2 * len(counts)
    assert summary.tables["followers_daily"].repaired == 2 * (len(counts) - len(kept))


def test_a_zero_between_two_accounts_is_no_glitch(tmp_path: Path) -> None:
    rows = [("account-0", 1, 5), ("account-0", 2, 0), ("account-1", 1, 0), ("account-1", 2, 9)]
    content = frames(accounts=2)
    content["followers_daily"] = table(
        "followers_daily",
        [{"account_id": a, "date": date(2026, 1, day), "follower_count": count} for a, day, count in rows],
    )
    prepare(write(tmp_path / "in", content), tmp_path / "out", buckets=1)
    assert prepared_table(tmp_path / "out", "followers_daily")["follower_count"].to_list() == [5, 0, 0, 9]


def test_unknown_columns_and_words_are_named_once_and_left_out(tmp_path: Path) -> None:
    rows = "".join(
        f"a{n},{platform},5,{niche},x\n"
        for n, (platform, niche) in enumerate(
            [("Instagram ", "FOOD"), ("myspace", "gardening"), ("MySpace", ""), ("vine", "gardening")]
        )
    )
    source = write_text(tmp_path / "in", accounts__csv="account_id,platform,follower_count,niche,mood\n" + rows)
    summary = prepare(source, tmp_path / "out")
    accounts = prepared_table(tmp_path / "out", "accounts")
    assert accounts["platform"].to_list() == ["instagram", "other", "other", "other"]
    assert accounts["niche"].to_list() == ["food", "other", None, "other"]
    assert summary.warnings == [
        "accounts: columns that the contract does not know are not used: 'mood'.",
        "accounts: unknown values of 'niche' are read as 'other': 'gardening'.",
        "accounts: unknown values of 'platform' are read as 'other': 'myspace', 'vine'.",
    ]


def test_a_warning_shows_five_unknown_values_at_most(tmp_path: Path) -> None:
    rows = "".join(f"a{n},site-{n},5\n" for n in range(9))
    source = write_text(tmp_path / "in", accounts__csv="account_id,platform,follower_count\n" + rows)
    (warning,) = prepare(source, tmp_path / "out").warnings
    assert warning.endswith("'site-0', 'site-1', 'site-2', 'site-3', 'site-4' and more.")


def test_a_file_that_looks_like_a_misspelt_table_is_warned_of(tmp_path: Path) -> None:
    source = write(tmp_path / "in", {"accounts": frames()["accounts"]})
    (source / "comment.csv").write_text("account_id,comment_id,text\n")
    (warning,) = prepare(source, tmp_path / "out").warnings
    assert warning.startswith("input: 'comment.csv' is not read. Did you mean a table 'comments'")


def test_an_account_gets_the_same_rows_alone_and_among_others(tmp_path: Path) -> None:
    content = frames(accounts=7)
    prepare(write(tmp_path / "all", content), tmp_path / "all-out")
    alone = {name: frame.filter(account_id="account-4") for name, frame in content.items()}
    prepare(write(tmp_path / "one", alone), tmp_path / "one-out", buckets=1)
    for name in content:
        among = prepared_table(tmp_path / "all-out", name).filter(account_id="account-4")
        assert prepared_table(tmp_path / "one-out", name).equals(among)


def test_the_prepared_folder_is_asked_for_by_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"is not a prepared folder: it holds no accounts/\."):
        bucket_ids(tmp_path)


@pytest.mark.parametrize("lost", ["rows", "counts", "quarantine"])
def test_a_fault_that_loses_rows_stops_the_run_and_names_the_table(
    lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = frames(accounts=2)
    bad = content["posts"].head(1).with_columns(post_id=pl.lit("bad"), like_count=pl.lit(-1, pl.Int64))
    source = write(tmp_path / "in", content | {"posts": pl.concat([content["posts"], bad])})

    def losing(rows: pl.DataFrame, contract: TableContract) -> CleanBucket:
        clean = clean_bucket(rows, contract)
        return clean if contract.name != "posts" else dataclasses.replace(clean, rows=clean.rows.head(5))

    def writing(frame: pl.DataFrame, path: Path, *options: Any) -> None:
        short = {"rows": "posts/bucket", "quarantine": "quarantine/posts"}.get(lost)
        write_parquet(frame.head(0) if short and short in str(path) else frame, path, *options)

    if lost == "counts":
        monkeypatch.setattr(dataset, "clean_bucket", losing)
    monkeypatch.setattr("pipeline.storage.write_parquet", writing)
    with pytest.raises(
        LostRowsError, match=r"^posts: rows are lost or counted twice\. Found: rows_in 9, used"
    ) as caught:
        prepare(source, tmp_path / "out", buckets=1)
    assert caught.value.exit_code == 1
    assert not (tmp_path / "out").exists()
