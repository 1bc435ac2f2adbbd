"""Results put together from parts: the same file, whatever the buckets and the ranges."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from features.tables import CONTRACTS
from pipeline import parts
from pipeline.export import write_csv, write_csv_parts
from pipeline.parts import Parts, Ranges
from pipeline.storage import bucket_path, write_parquet, write_parquet_parts

IDS = [f"account-{number:02d}" for number in range(11)]


def rows_of(ids: list[str]) -> pl.DataFrame:
    """Two rows an account, whose order within it is not that of their text."""
    texts = [text for each in ids for text in (f"second of {each}", f"first of {each}")]
    return pl.DataFrame({"account_id": [each for each in ids for _ in range(2)], "text": texts}).cast(pl.String)


@pytest.mark.parametrize(
    ("firsts", "expected"),
    [
        pytest.param((), [4], id="a single range"),
        pytest.param(("b", "c"), [2, 0, 2], id="none of the accounts in the middle one"),
        pytest.param(("a",), [0, 4], id="the first account begins a range"),
        pytest.param(("x", "y"), [4, 0, 0], id="all before the cuts"),
    ],
)
def test_rows_are_cut_where_the_ranges_begin(firsts: tuple[str, ...], expected: list[int]) -> None:
    rows = rows_of(["a", "c"])
    cut = list(Ranges(firsts).cut(rows))
    assert [part.height for part in cut] == expected
    assert pl.concat(cut).equals(rows)
    for number, part in enumerate(cut):
        assert rows.filter(Ranges(firsts).within(number)).equals(part)


def test_no_rows_are_cut_into_empty_ones_with_their_columns() -> None:
    cut = list(Ranges(("b",)).cut(rows_of([])))
    assert [part.shape for part in cut] == [(0, 2), (0, 2)]


def test_ranges_hold_so_many_accounts_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ACCOUNTS_PER_RANGE", 4)
    for bucket in range(3):
        frame = pl.DataFrame({"account_id": IDS[bucket::3]})
        write_parquet(frame, bucket_path(tmp_path, "accounts", bucket))
    assert Ranges.of(tmp_path).firsts == (IDS[4], IDS[8])
    write_parquet(CONTRACTS["accounts"].empty(), bucket_path(tmp_path / "none", "accounts", 0))
    assert Ranges.of(tmp_path / "none").firsts == ()


@pytest.mark.parametrize("buckets", [1, 3], ids=["a bucket", "three buckets"])
@pytest.mark.parametrize("firsts", [(), (IDS[3], IDS[4])], ids=["a range", "three ranges"])
def test_parts_come_back_sorted_by_account_and_as_they_were_within(
    buckets: int, firsts: tuple[str, ...], tmp_path: Path
) -> None:
    made = Parts(tmp_path, Ranges(firsts))
    for bucket in range(buckets):
        made.write(bucket, rows_of(IDS[bucket::buckets]))
        made.write(bucket, rows_of(IDS[bucket::buckets]))  # as after a lost worker
    assert pl.concat(made.ranges(list(range(buckets)))).equals(rows_of(IDS))


@pytest.mark.parametrize("pieces", [1, 4], ids=["one", "four"])
def test_frames_that_follow_each_other_give_the_bytes_of_the_whole(pieces: int, tmp_path: Path) -> None:
    rows = rows_of(IDS).with_columns(numbers=pl.int_ranges(0, pl.int_range(pl.len()) % 3))
    some = -(-rows.height // pieces)
    frames = [rows.slice(start, some) for start in range(0, rows.height, some)]
    assert len(frames) == pieces
    for whole, in_parts in ((write_parquet, write_parquet_parts), (write_csv, write_csv_parts)):
        whole(rows, tmp_path / "whole")
        in_parts(iter(frames), tmp_path / "parts")
        assert (tmp_path / "parts").read_bytes() == (tmp_path / "whole").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["parts", "whole"]


def test_frames_that_break_off_leave_the_former_file(tmp_path: Path) -> None:
    def broken() -> object:
        yield rows_of(IDS)
        raise OSError("no room")

    for write in (write_parquet_parts, write_csv_parts):
        (tmp_path / "file").write_text("former")
        with pytest.raises(OSError, match="no room"):
            write(broken(), tmp_path / "file")  # type: ignore[arg-type]
        assert [path.name for path in tmp_path.iterdir()] == ["file"]
        assert (tmp_path / "file").read_text() == "former"
