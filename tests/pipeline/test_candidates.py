"""The candidates list: found faults are named by line, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.candidates import read_candidates
from pipeline.errors import UnusableInputError


def written(folder: Path, text: str) -> Path:
    path = folder / "candidates.csv"
    path.write_text(text)
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(UnusableInputError) as caught:
        read_candidates(path)
    return caught.value.problems


def test_a_list_without_rows_is_empty(tmp_path: Path) -> None:
    assert read_candidates(written(tmp_path, "campaign,account_id\n")).is_empty()


def test_a_missing_file_names_the_flag(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "none.csv") == [
        f"candidates: {tmp_path / 'none.csv'} is missing. Name a CSV file with --candidates."
    ]


def test_an_empty_file_cannot_be_read(tmp_path: Path) -> None:
    assert "cannot be read as CSV" in problems_of(written(tmp_path, ""))[0]


def test_missing_columns_come_with_a_suggestion(tmp_path: Path) -> None:
    found = problems_of(written(tmp_path, "campain,account\nspring,a\n"))
    assert found == [
        (
            "candidates: column 'campaign' is missing. Found: campain, account. Did you mean 'campain'? "
            "Rename it to 'campaign'."
        ),
        (
            "candidates: column 'account_id' is missing, and so are 'platform' and 'handle'. Found: campain, account. "
            "Did you mean 'account'? Rename it to 'account_id'."
        ),
    ]


def test_blank_cells_and_absent_columns_are_null(tmp_path: Path) -> None:
    frame = read_candidates(written(tmp_path, "campaign,account_id,fee\nspring, a1 ,\n"))
    assert frame.row(0, named=True) == {
        "campaign": "spring",
        "account_id": "a1",
        "platform": None,
        "handle": None,
        "fee": None,
        "currency": None,
    }


def test_bad_rows_are_named_by_line_all_at_once(tmp_path: Path) -> None:
    rows = ["spring,a,,,250", ",b,,,1", "spring,,x,,1", "spring,c,,,lots", "spring,d,,,-1"]
    text = "\n".join(["campaign,account_id,platform,handle,fee", *rows]) + "\n"
    assert problems_of(written(tmp_path, text)) == [
        "candidates: line 3 names no campaign. Fill 'campaign'.",
        "candidates: line 4 names no account. Fill 'account_id', or 'platform' and 'handle'.",
        "candidates: line 5 has a fee that is not a number of 0 or more. Write it as 250 or 250.00.",
        "candidates: line 6 has a fee that is not a number of 0 or more. Write it as 250 or 250.00.",
    ]


def test_a_fee_that_is_not_a_number_at_all_is_refused(tmp_path: Path) -> None:
    text = "campaign,account_id,fee\nspring,a,nan\n"
    assert "line 2 has a fee" in problems_of(written(tmp_path, text))[0]
