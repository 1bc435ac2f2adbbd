"""The accounts that are measured: as many rows as asked for, within the contract, of many scripts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from benchmarks.accounts import BOUGHT_EVERY, OBSERVED, Size, write_accounts, write_raw
from features.tables import CONTRACTS
from pipeline.dataset import bucket_ids, prepare_dataset, read_bucket
from pipeline.pseudonyms import Pseudonyms
from tests.benchmarks.conftest import ACCOUNTS, SMALL

TABLES = [("accounts", 20), ("followers_daily", 20 * 40), ("posts", 20 * 12), ("comments", 20 * 30)]


def whole(folder: Path, table: str) -> pl.DataFrame:
    return pl.concat([getattr(read_bucket(folder, bucket), table) for bucket in bucket_ids(folder)])


def test_no_account_can_be_written(tmp_path: Path) -> None:
    write_accounts(tmp_path, 0, SMALL, seed=1)
    assert {name: whole(tmp_path, name).height for name in OBSERVED} == dict.fromkeys(OBSERVED, 0)


@pytest.mark.parametrize(("table", "rows"), TABLES)
def test_every_table_has_its_rows_and_fits_the_contract(folder: Path, table: str, rows: int) -> None:
    found = whole(folder, table)
    assert found.height == rows
    CONTRACTS[table].pandera_schema().validate(found.select(*CONTRACTS[table].schema))
    assert not found.select(CONTRACTS[table].key).is_duplicated().any()


def test_a_bucket_is_full_before_there_is_another(folder: Path) -> None:
    assert [read_bucket(folder, bucket).accounts.height for bucket in bucket_ids(folder)] == [10, 10]


def test_nothing_is_written_before_its_post_or_after_the_end(folder: Path) -> None:
    comments = whole(folder, "comments").join(whole(folder, "posts"), on=["account_id", "post_id"])
    assert comments.height == 20 * 30
    assert (comments["commented_at"] >= comments["posted_at"]).all()
    assert (comments["commented_at"] <= comments["observed_at"]).all()


def test_the_vocabulary_grows_with_the_comments(tmp_path: Path) -> None:
    words = {}
    for accounts in (40, 160):
        place = tmp_path / str(accounts)
        write_accounts(place, accounts, Size(days=1, posts=1, comments=50), seed=2)
        words[accounts] = whole(place, "comments")["text"].str.split(" ").explode().n_unique()
    assert words[160] > 1.2 * words[40]


def test_comments_are_of_many_scripts_and_lengths_and_not_all_alike(tmp_path: Path) -> None:
    write_accounts(tmp_path, 60, Size(days=1, posts=1, comments=50), seed=2)
    texts = whole(tmp_path, "comments")["text"]
    for script in (r"\p{Latin}", r"\p{Cyrillic}", r"\p{Thai}", r"\p{Han}|\p{Hiragana}|\p{Katakana}", r"\p{Arabic}"):
        assert texts.str.contains(script).any()
    words = texts.str.split(" ").list.len()
    assert (words == 1).any()
    assert (words > 40).any()
    assert texts.n_unique() > texts.len() / 2


def test_every_fourth_account_repeats_itself_and_grows_at_once(folder: Path) -> None:
    comments, readings = whole(folder, "comments"), whole(folder, "followers_daily")
    alike = comments.group_by("account_id").agg(most=pl.col("text").value_counts().struct.field("count").max())
    count = pl.col("follower_count")
    growth = readings.sort("date").group_by("account_id").agg(growth=(count / count.shift(4)).max())
    found = alike.join(growth, on="account_id").with_columns(
        bought=(pl.col("account_id").cast(pl.Int64) - 10**8) % BOUGHT_EVERY == 1
    )
    bought, honest = found.filter("bought"), found.filter(~pl.col("bought"))
    assert bought.height == 5
    assert bought["growth"].min() > 1.35  # type: ignore[operator]
    assert honest["growth"].max() < 1.1  # type: ignore[operator]
    assert bought["most"].mean() > honest["most"].mean()  # type: ignore[operator]


def test_the_same_seed_gives_the_same_accounts(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.accounts.ACCOUNTS_PER_BUCKET", 10)
    write_accounts(tmp_path, ACCOUNTS, SMALL, seed=1)
    for table in OBSERVED:
        assert_frame_equal(whole(tmp_path, table), whole(folder, table))


def test_the_raw_folder_holds_the_same_accounts(folder: Path, raw: Path, tmp_path: Path) -> None:
    summary = prepare_dataset(raw, tmp_path / "again", as_of=None, buckets=1, max_quarantined_share=0.0)
    assert summary.warnings == []
    for table, _ in TABLES:
        key = list(CONTRACTS[table].key)
        expected = whole(folder, table).sort(key)
        if table == "comments":  # the folder holds ids, what is prepared their pseudonyms
            expected = expected.with_columns(Pseudonyms().replaced(expected))
        assert_frame_equal(whole(tmp_path / "again", table), expected)


def test_a_shuffled_raw_folder_has_the_same_rows_in_another_order(folder: Path, raw: Path, tmp_path: Path) -> None:
    write_raw(folder, tmp_path, shuffled=True)
    for table in ("followers_daily", "posts", "comments"):
        sorted_rows, shuffled = (pl.read_parquet(place / table) for place in (raw, tmp_path))
        assert not shuffled.equals(sorted_rows)
        assert_frame_equal(shuffled, sorted_rows, check_row_order=False)


def test_where_the_disk_cannot_link_parts_are_copied(
    folder: Path, raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError("links are not supported")

    monkeypatch.setattr("os.link", refused)
    write_raw(folder, tmp_path)
    assert_frame_equal(pl.read_parquet(tmp_path / "posts"), pl.read_parquet(raw / "posts"))
