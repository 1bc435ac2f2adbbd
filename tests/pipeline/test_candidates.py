"""The candidates list: found faults are named by line, all at once."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipeline.candidates import read_candidates, without_repeats
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


def without(folder: Path, *lines: str) -> tuple[pl.DataFrame, list[str]]:
    """What is left of the lines, and the warnings."""
    path = written(folder, "\n".join(["campaign,account_id,platform,handle,fee,currency", *lines, ""]))
    warnings: list[str] = []
    return without_repeats(read_candidates(path).with_row_index("_row"), warnings.append), warnings


class TestRepeats:
    def test_an_empty_list_has_none(self, tmp_path: Path) -> None:
        found, warnings = without(tmp_path)
        assert (found.height, warnings) == (0, [])

    @pytest.mark.parametrize(
        ("lines", "kept", "warnings"),
        [
            pytest.param(["spring,a,,,5,EUR", "spring,b,,,5,EUR"], [0, 1], [], id="two accounts"),
            pytest.param(["spring,a,,,5,EUR", "autumn,a,,,9,EUR"], [0, 1], [], id="two campaigns"),
            pytest.param(
                ["spring,a,,,5,EUR", "spring,b,,,5,EUR", "spring,a,,,5.00,eur"],
                [0, 1],
                ["candidates: line 4 says the same as line 2: counted once."],
                id="the same terms, written otherwise",
            ),
            pytest.param(
                ["spring,a,,,,", "spring,a,,,,EUR", "spring,a,,,,"],
                [0],
                ["candidates: lines 3, 4 say the same as line 2: counted once."],
                id="no fee, thrice",
            ),
            pytest.param(
                ["spring,,x,@Anna,5,EUR", "spring,,X,anna,5,EUR", "spring,,tiktok,anna,5,EUR"],
                [0, 2],
                ["candidates: line 3 says the same as line 2: counted once."],
                id="a handle in another case, and one of another platform",
            ),
        ],
    )
    def test_lines_that_say_the_same_count_once(
        self, lines: list[str], kept: list[int], warnings: list[str], tmp_path: Path
    ) -> None:
        found, told = without(tmp_path, *lines)
        assert found["_row"].to_list() == kept
        assert told == warnings

    def test_different_fees_are_refused_all_at_once(self, tmp_path: Path) -> None:
        lines = ["spring,a,,,1250,EUR", "spring,b,,,5,EUR", "spring,a,,,1300.5,EUR", "spring,b,,,,", "spring,b,,,5,USD"]
        with pytest.raises(UnusableInputError) as caught:
            without(tmp_path, *lines)
        assert caught.value.problems == [
            (
                "candidates: lines 2 and 4 name one account, 'a', in campaign 'spring' with different fees. Found: "
                "1,250.00 EUR, 1,300.50 EUR. Keep one line of them."
            ),
            (
                "candidates: lines 3, 5 and 6 name one account, 'b', in campaign 'spring' with different fees. Found: "
                "5.00 EUR, no fee, 5.00 USD. Keep one line of them."
            ),
        ]


def test_ids_copied_from_our_own_csv_are_found(tmp_path: Path) -> None:
    rows = "spring,'=1+1\nspring,''=1+1\nspring,'tis\n"
    listed = read_candidates(written(tmp_path, f"campaign,account_id\n{rows}"))
    assert listed["account_id"].to_list() == ["=1+1", "'=1+1", "'tis"]
