"""CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from pipeline.export import write_csv


def written(frame: pl.DataFrame, folder: Path) -> pl.DataFrame:
    write_csv(frame, folder / "out.csv")
    return pl.read_csv(folder / "out.csv", infer_schema=False)


def test_a_frame_without_rows_keeps_its_header(tmp_path: Path) -> None:
    frame = pl.DataFrame(schema={"handle": pl.String, "reasons": pl.List(pl.String)})
    assert written(frame, tmp_path).columns == ["handle", "reasons"]


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r"], ids=["equals", "plus", "minus", "at", "tab", "return"]
)
def test_text_that_would_run_is_neutralised(start: str, tmp_path: Path) -> None:
    assert written(pl.DataFrame({"handle": [f"{start}1+1"]}), tmp_path)["handle"].to_list() == [f"'{start}1+1"]


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
