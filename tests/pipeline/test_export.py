"""CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.export import DANGEROUS, write_csv
from pipeline.scores_file import read_file


def written(frame: pl.DataFrame, folder: Path) -> pl.DataFrame:
    write_csv(frame, folder / "out.csv")
    return pl.read_csv(folder / "out.csv", infer_schema=False)


def test_a_frame_without_rows_keeps_its_header(tmp_path: Path) -> None:
    frame = pl.DataFrame(schema={"handle": pl.String, "reasons": pl.List(pl.String)})
    assert written(frame, tmp_path).columns == ["handle", "reasons"]


@pytest.mark.parametrize(
    "start",
    ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff20", " =", "\ufeff=", "\u00a0@", "\x00=", "'=", "''+"],
    ids=[
        "equals", "plus", "minus", "at", "tab", "return", "newline", "wide equals", "wide at", "a blank",
        "byte order mark", "a blank that does not break", "null", "a mark", "two marks",
    ],
)  # fmt: skip
def test_text_that_would_run_is_neutralised(start: str, tmp_path: Path) -> None:
    assert written(pl.DataFrame({"handle": [f"{start}1+1"]}), tmp_path)["handle"].to_list() == [f"'{start}1+1"]


def test_what_would_begin_a_cell_between_semicolons_is_neutralised(tmp_path: Path) -> None:
    assert written(pl.DataFrame({"handle": ["a;=1; b;c"]}), tmp_path)["handle"].to_list() == ["a;'=1; b;c"]


def test_a_sign_within_a_list_is_an_escape_that_reads_as_the_same_list(tmp_path: Path) -> None:
    cell = written(pl.DataFrame({"reasons": [["a; =1"]]}), tmp_path)["reasons"].item()
    assert cell == '["a; \\u003d1"]'
    assert json.loads(cell) == ["a; =1"]


def test_categories_and_headers_are_neutralised(tmp_path: Path) -> None:
    frame = pl.DataFrame({"=1": pl.Series(["@a", "b"], dtype=pl.Enum(["@a", "b"]))})
    assert written(frame, tmp_path).to_dict(as_series=False) == {"'=1": ["'@a", "b"]}


CELLS = st.lists(
    st.text(
        st.sampled_from("=+-@\t\r\n;' \"',\uff1d\ufeff\x00ab1") | st.characters(exclude_categories=["Cs"]), max_size=9
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(CELLS)
def test_whatever_a_cell_holds_comes_back_and_cannot_run(cells: list[str]) -> None:
    listed = [[{"text": cell}] for cell in cells]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.csv"
        write_csv(pl.DataFrame({"handle": cells, "reasons": listed}), path)
        back = read_file(path, "scores")
        with path.open(newline="", encoding="utf-8") as file:
            raw = [cell for row in csv.reader(file) for cell in row]
    assert back["handle"].to_list() == cells
    assert [json.loads(cell) for cell in back["reasons"]] == listed
    assert [cell for cell in raw if DANGEROUS.search(cell)] == []


def test_harmless_text_and_negative_numbers_stay(tmp_path: Path) -> None:
    frame = written(pl.DataFrame({"handle": ["mara=1"], "change": [-3.5]}), tmp_path)
    assert frame.row(0) == ("mara=1", "-3.5")


def test_lists_are_json_text(tmp_path: Path) -> None:
    value = [{"scheme": "bought_followers", "probability": 0.75}]
    cell = written(pl.DataFrame({"suspected": [value]}), tmp_path)["suspected"].item()
    assert json.loads(cell) == value


def test_an_instant_is_iso_8601_in_utc(tmp_path: Path) -> None:
    frame = pl.DataFrame({"as_of": [datetime(2026, 2, 1, 12, tzinfo=UTC)]})
    assert written(frame, tmp_path)["as_of"].item().startswith("2026-02-01T12:00:00")
