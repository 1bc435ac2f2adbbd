"""The result depends on the rows alone: not on form, order, parts, batches or jobs."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import reading
from pipeline.pseudonyms import Pseudonyms
from tests.pipeline.dataset_builders import FORMS, content_of, frames, prepare, prepared_table, write, write_text

SHUFFLED = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_numbers = itertools.count()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_bytes(tmp_path: Path, form: str) -> None:
    content = frames()
    prepare(write(tmp_path / "parquet", content), tmp_path / "expected")
    prepare(write(tmp_path / form, content, form), tmp_path / "found")
    assert content_of(tmp_path / "found") == content_of(tmp_path / "expected")


@SHUFFLED
@given(seed=st.integers(0, 10_000), form=st.sampled_from(FORMS))
def test_the_order_of_rows_does_not_matter(tmp_path: Path, seed: int, form: str) -> None:
    folder = tmp_path / str(next(_numbers))
    content = _with_defects(frames())
    prepare(write(folder / "in", content), folder / "expected", max_quarantined_share=1.0)
    shuffled = {name: frame.sample(fraction=1.0, shuffle=True, seed=seed) for name, frame in content.items()}
    prepare(write(folder / "shuffled", shuffled, form), folder / "found", max_quarantined_share=1.0)
    # The quarantine keeps cells as they came, and a number is written in one way by parquet, in another by JSON.
    assert content_of(folder / "found", without="quarantine") == content_of(folder / "expected", without="quarantine")


def test_the_order_of_rows_does_not_matter_to_the_quarantine(tmp_path: Path) -> None:
    content = _with_defects(frames())
    prepare(write(tmp_path / "in", content), tmp_path / "expected", max_quarantined_share=1.0)
    backwards = {name: frame.reverse() for name, frame in content.items()}
    prepare(write(tmp_path / "backwards", backwards, "parts"), tmp_path / "found", max_quarantined_share=1.0)
    assert content_of(tmp_path / "found") == content_of(tmp_path / "expected")
    assert (tmp_path / "found" / "quarantine" / "comments.parquet").exists()


def _with_defects(content: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """An account in conflict with itself, and comments that repeat, clash, lack an account or hold a negative count."""
    comments = content["comments"]
    clash = comments.head(1).with_columns(text=pl.lit("something else"))
    negative = comments.slice(5, 1).with_columns(comment_id=pl.lit("new"), like_count=pl.lit(-1, dtype=pl.Int64))
    stranger = comments.slice(6, 1).with_columns(account_id=pl.lit("stranger"))
    rows = [comments, clash, negative, stranger, comments.tail(3)]
    accounts = content["accounts"]
    rival = accounts.tail(1).with_columns(platform=pl.lit("tiktok"))
    return {**content, "comments": pl.concat(rows), "accounts": pl.concat([accounts, rival])}


@pytest.mark.parametrize("form", ["parquet", "csv", "csv.gz", "jsonl"])
def test_small_batches_give_the_same_bytes(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(tmp_path / "in", _with_defects(frames()), form)
    prepare(source, tmp_path / "expected")
    monkeypatch.setattr(reading, "BATCH_ROWS", 7)
    monkeypatch.setattr(reading, "CHUNK_BYTES", 500)
    messages: list[str] = []
    prepare(source, tmp_path / "found", progress=messages.append)
    assert content_of(tmp_path / "found") == content_of(tmp_path / "expected")
    assert sum(message.startswith("reading comments:") for message in messages) > 3


def test_jobs_do_not_change_a_byte(tmp_path: Path) -> None:
    source = write(tmp_path / "in", _with_defects(frames(accounts=12)))
    prepare(source, tmp_path / "expected", buckets=5)
    prepare(source, tmp_path / "found", buckets=5, jobs=3)
    assert content_of(tmp_path / "found") == content_of(tmp_path / "expected")


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    text = "account_id,platform,follower_count\na,x,5\n"
    for name, content in {"csv": text, "jsonl": '{"account_id":"a","platform":"x","follower_count":5}\n'}.items():
        source = tmp_path / name
        source.mkdir()
        (source / f"accounts.{name}").write_bytes(b"\xef\xbb\xbf" + content.encode())
        prepare(source, tmp_path / f"{name}-out")
        assert prepared_table(tmp_path / f"{name}-out", "accounts")["account_id"].to_list() == ["a"]


@pytest.mark.parametrize("header", ["account_id,platform,follower_count", "\naccount_id,platform,follower_count\n\n"])
def test_blank_lines_of_a_csv_are_no_rows(tmp_path: Path, header: str) -> None:
    source = write_text(tmp_path / "in", accounts__csv=f"{header}\na,x,5\n\n")
    assert prepare(source, tmp_path / "out").tables["accounts"].rows_in == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"], ids=["unix", "windows", "old mac"])
def test_every_line_ending_is_read(tmp_path: Path, ending: str) -> None:
    source = write_text(tmp_path / "in", accounts__csv="")
    lines = ("account_id,platform,follower_count", "a,x,5", "b,x,6")
    (source / "accounts.csv").write_bytes(ending.join(lines).encode())
    assert prepare(source, tmp_path / "out").tables["accounts"].used == 2


def test_parts_of_a_marked_folder_and_hidden_files_are_read_over(tmp_path: Path) -> None:
    source = write(tmp_path / "in", frames(), "parts")
    (source / "accounts" / "_SUCCESS").touch()
    (source / "accounts" / ".part.crc").write_bytes(b"x")
    assert prepare(source, tmp_path / "out").warnings == []


@pytest.mark.parametrize(
    ("column", "values"),
    [
        pytest.param("account_id", pa.array([1, 2]), id="whole numbers as identifiers"),
        pytest.param("account_id", pa.array([1.0, 2.0]), id="identifiers that went through a float column"),
        pytest.param("account_id", pa.array(["1", "2"]).dictionary_encode(), id="dictionary-encoded identifiers"),
        pytest.param("account_id", pa.array(["1", "2"], pa.large_string()), id="large strings"),
        pytest.param("follower_count", pa.array([5.0, 6.0]), id="counts as floats"),
        pytest.param("follower_count", pa.array([5, 6], pa.uint16()), id="small unsigned counts"),
        pytest.param("follower_count", pa.array(["5", " 6.0 "]), id="counts as text"),
        pytest.param("observed_at", pa.array([0, 10**9], pa.timestamp("ns")), id="naive nanoseconds"),
        pytest.param("observed_at", pa.array([0, 1_000], pa.timestamp("ms", "UTC")), id="milliseconds in UTC"),
        pytest.param("observed_at", pa.array([0, 1], pa.timestamp("s", "Asia/Tokyo")), id="seconds in another zone"),
        pytest.param("observed_at", pa.array(["1970-01-01", "1970-01-01 00:00:01"]), id="instants as text"),
        pytest.param("created_on", pa.array([0, 0], pa.date64()), id="dates of 64 bits"),
        pytest.param("created_on", pa.array([7_200, 0], pa.timestamp("s")), id="dates as naive instants"),
        pytest.param("is_verified", pa.array([1, 0]), id="flags as numbers"),
        pytest.param("is_verified", pa.array(["Yes", "FALSE"]), id="flags as words"),
        pytest.param("biography", pa.nulls(2), id="a column of nothing but null"),
    ],
)
def test_parquet_types_that_hold_the_same_values_are_read_alike(tmp_path: Path, column: str, values: Any) -> None:
    plain = {
        "account_id": pa.array(["1", "2"]),
        "platform": pa.array(["x", "x"]),
        "follower_count": pa.array([5, 6]),
        "observed_at": pa.array([0, 10**6], pa.timestamp("us", "UTC")),
        "created_on": pa.array([0, 0], pa.date32()),
        "is_verified": pa.array([True, False]),
        "biography": pa.nulls(2, pa.string()),
    }
    for name, columns in {"plain": plain, "other": {**plain, column: values}}.items():
        (tmp_path / name).mkdir()
        pq.write_table(pa.table(columns), tmp_path / name / "accounts.parquet")
        prepare(tmp_path / name, tmp_path / f"{name}-out")
    assert content_of(tmp_path / "other-out") == content_of(tmp_path / "plain-out")


INSTANTS = {
    "2026-01-31": "2026-01-31 00:00:00",
    "2026-01-31T18:05": "2026-01-31 18:05:00",
    "2026-01-31 18:05:07": "2026-01-31 18:05:07",
    "2026-01-31T18:05:07Z": "2026-01-31 18:05:07",
    "2026-01-31T18:05:07.5+02:00": "2026-01-31 16:05:07.500",
    "2026-01-31T18:05:07.123456789-0330": "2026-01-31 21:35:07.123456",
    "2026-01-31 18:05:07 UTC": "2026-01-31 18:05:07",
}


@pytest.mark.parametrize(("cell", "expected"), INSTANTS.items(), ids=list(INSTANTS))
def test_instants_as_people_write_them(tmp_path: Path, cell: str, expected: str) -> None:
    source = write_text(
        tmp_path / "in", accounts__csv=f"account_id,platform,follower_count,observed_at\na,x,5,{cell}\n"
    )
    prepare(source, tmp_path / "out")
    (found,) = prepared_table(tmp_path / "out", "accounts")["observed_at"].to_list()
    assert found == datetime.fromisoformat(f"{expected}+00:00")


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("1234", 1234), ("1234.0", 1234), ("1e+05", 100_000), ('" 7 "', 7), ("99999999999", 99_999_999_999)],
)
def test_counts_as_exports_write_them(tmp_path: Path, cell: str, expected: int) -> None:
    source = write_text(tmp_path / "in", accounts__csv=f"account_id,platform,follower_count\na,x,{cell}\n")
    prepare(source, tmp_path / "out")
    assert prepared_table(tmp_path / "out", "accounts")["follower_count"].to_list() == [expected]


def test_an_empty_cell_is_null_but_an_empty_comment_is_a_comment(tmp_path: Path) -> None:
    source = write_text(
        tmp_path / "in",
        accounts__csv="account_id,platform,follower_count,handle\na,x,5,\n",
        comments__csv='account_id,post_id,comment_id,commenter_id,text\na,p,c1,,""\na,p,c2,u," "\n',
    )
    prepare(source, tmp_path / "out")
    assert prepared_table(tmp_path / "out", "accounts")["handle"].to_list() == [None]
    comments = prepared_table(tmp_path / "out", "comments")
    assert comments["text"].to_list() == ["", " "]
    assert comments["commenter_id"].to_list() == [None, *Pseudonyms().of(pl.Series(["u"]))]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+02:00", "-05:30", "Mars/Base", None])
def test_parquet_instants_in_any_zone(tmp_path: Path, zone: str | None) -> None:
    content = frames(accounts=2)
    source = write(tmp_path / "in", content)
    arrow = content["posts"].to_arrow()
    ticks = arrow["posted_at"].cast(pa.int64()).combine_chunks()
    arrow = arrow.set_column(
        arrow.schema.get_field_index("posted_at"), "posted_at", ticks.view(pa.timestamp("us", zone))
    )
    pq.write_table(arrow, source / "posts.parquet")
    prepare(source, tmp_path / "out")
    expected = content["posts"].sort("account_id", "post_id")["posted_at"]
    assert prepared_table(tmp_path / "out", "posts")["posted_at"].to_list() == expected.to_list()
