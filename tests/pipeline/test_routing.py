"""Rows on their way to the buckets: what waits, where it goes, what is looked at."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.tables import CONTRACTS
from pipeline import dataset, quarantine, routing
from pipeline.dataset import prepare_dataset
from pipeline.routing import Members, Spill, bucket_of, read_spilled
from tests.pipeline.dataset_builders import content_of, frames, prepare, write

ACCOUNT = {"account_id": "a", "platform": "x", "follower_count": 5}


def test_nothing_spilled_is_nothing_read(tmp_path: Path) -> None:
    with Spill(tmp_path / "spill") as spill:
        spill.flush("posts")
        assert read_spilled(spill.folder, "posts", 0) is None


@pytest.mark.parametrize("waiting", [0, 10**9], ids=["each frame goes at once", "all wait"])
def test_rows_come_back_by_bucket_and_once(waiting: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "SPILLED_BYTES", waiting)
    with Spill(tmp_path / "spill") as spill:
        for start in (0, 6):
            numbers = pl.int_range(start, start + 6, eager=True).alias("number")
            spill.append("posts", numbers.to_frame().with_columns(bucket=(pl.col("number") % 3).cast(pl.UInt16)))
        spill.flush("posts")
        found = read_spilled(spill.folder, "posts", 1)
        assert found is not None
        assert sorted(found["number"]) == [1, 4, 7, 10]
        assert found.columns == ["number"]
        assert read_spilled(spill.folder, "posts", 1) is None


def test_members_know_their_bucket_and_nobody_else() -> None:
    members = Members.of(pl.Series(["b", "a", "Ünïcode 😍", "a"]), 16)
    asked = pl.Series(["a", "stranger", "Ünïcode 😍", None, "b"], dtype=pl.String)
    expected = [bucket_of(each, 16) if each in ("a", "b", "Ünïcode 😍") else None for each in asked]
    assert members.bucket(asked).to_list() == expected
    nobody = Members.of(pl.Series(dtype=pl.String), 16)
    assert nobody.bucket(asked).to_list() == [None] * 5


@pytest.mark.parametrize("rows", [3, 40], ids=["fewer rows than accounts", "more rows than accounts"])
def test_members_are_found_whichever_way_costs_less(rows: int) -> None:
    names = [f"account-{number:02d}" for number in range(20)]
    members = Members.of(pl.Series(names), 16)
    asked = pl.Series([*names, None, "", "account", "zz", "Ünïcode"] * 2, dtype=pl.String).sample(rows, seed=rows)
    expected = [bucket_of(each, 16) if each in names else None for each in asked]
    assert members.bucket(asked).to_list() == expected


def test_buckets_grow_in_number_with_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = frames(accounts=6)
    rows = sum(frame.height for frame in content.values())
    source = write(tmp_path / "in", content)

    def buckets() -> int:
        options: dict[str, Any] = {"as_of": None, "buckets": None, "max_quarantined_share": 0.05}
        return prepare_dataset(source, tmp_path / "out", **options).buckets

    assert buckets() == 1
    monkeypatch.setattr(dataset, "ROWS_PER_BUCKET", rows / 3)
    assert buckets() == 3


@pytest.mark.parametrize("form", ["csv", "jsonl", "csv.gz"])
def test_rows_of_text_are_guessed_from_its_size(form: str, tmp_path: Path) -> None:
    source = write(tmp_path / "in", frames(accounts=3), form)
    (table,) = [each for each in dataset.locate_tables(source).tables.values() if each.contract.name == "comments"]
    assert 0.1 < table.estimated_rows() / frames(accounts=3)["comments"].height < 10


def test_a_frame_in_many_pieces_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "in", frames(accounts=9))
    prepare(source, tmp_path / "expected")
    monkeypatch.setattr("pipeline.reading.BATCH_ROWS", 7)
    monkeypatch.setattr(routing, "SPILLED_BYTES", 1)
    prepare(source, tmp_path / "found")
    assert content_of(tmp_path / "found") == content_of(tmp_path / "expected")


@pytest.mark.parametrize("row", [{"niche": None}, {"created_on": date(2099, 12, 31)}], ids=["nulls", "the last day"])
def test_a_legal_table_needs_no_schema(row: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    contract = CONTRACTS["accounts"]
    monkeypatch.setattr(type(contract), "pandera_schema", lambda _: pytest.fail("the schema was asked"))
    frame = pl.DataFrame([ACCOUNT | row], schema=contract.schema)
    assert quarantine.illegal_rows(frame, contract).is_empty()
    assert quarantine.illegal_rows(frame.clear(), contract).is_empty()


@pytest.mark.parametrize(
    "row",
    [
        {"platform": None},
        {"follower_count": -1},
        {"post_count": 100_000_000_001},
        {"created_on": date(1969, 12, 31)},
        {"created_on": date(2100, 1, 1)},
        {"observed_at": datetime(1969, 12, 31, 23, tzinfo=UTC)},
        {"observed_at": datetime(2100, 1, 1, tzinfo=UTC)},
    ],
    ids=["null", "too small", "too large", "day too early", "day too late", "instant too early", "instant too late"],
)
def test_what_the_schema_refuses_is_never_taken_for_legal(row: dict[str, object]) -> None:
    contract = CONTRACTS["accounts"]
    frame = pl.DataFrame([ACCOUNT, ACCOUNT | {"account_id": "b"} | row], schema=contract.schema)
    found = quarantine.illegal_rows(frame, contract)
    assert found["row"].to_list() == [1]
    assert found["problem"][0].startswith(next(iter(row)))


@pytest.mark.parametrize("table", CONTRACTS)
def test_what_breaks_the_contract_is_said_in_the_words_of_its_schema(table: str) -> None:
    schema = CONTRACTS[table].pandera_schema()
    for column in CONTRACTS[table].columns:
        said = [text for _, text in quarantine._breaches(column) if text != "is null"]
        assert said == [check.error for check in schema.columns[column.name].checks]
        assert ("is null" in [text for _, text in quarantine._breaches(column)]) != schema.columns[column.name].nullable
