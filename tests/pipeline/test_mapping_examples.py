"""The examples of docs/mapping.md as they stand there: files, mapping, and what becomes of them."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipeline.mapping.apply import map_folder
from pipeline.mapping.checking import read_mapping
from pipeline.pseudonyms import Pseudonyms
from tests.pipeline.dataset_builders import prepare, prepared_table
from tests.pipeline.projects import ROOT, invoke, silent
from tests.pipeline.spreadsheets import Sheet, write_workbook

PAGE = (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"`([^`\n]+)`(?:, sheet `([^`\n]+)`)?:\n\n```\w+\n(.*?)```", re.DOTALL)

Files = dict[str, str | dict[str, Sheet]]


def examples() -> list[tuple[Files, str]]:
    """The files of each example and its mapping, in the order of the page."""
    found, files = [], Files()
    for name, sheet, text in BLOCK.findall(PAGE):
        if name == "map.yaml":
            found.append((files, text))
            files = Files()
        elif sheet:
            sheets = files.setdefault(name, {})
            assert isinstance(sheets, dict)
            sheets[sheet] = [[cell or None for cell in row] for row in csv.reader(io.StringIO(text))]
        else:
            files[name] = text
    return found


EXAMPLES = dict(
    zip(("spreadsheet", "its CSV", "tracker", "growth", "scraper", "youtube api", "pages"), examples(), strict=True)
)


def write_example(folder: Path, name: str) -> tuple[Path, Path]:
    """The files of an example in a folder, and its mapping beside it."""
    files, mapping = EXAMPLES[name]
    for file, content in files.items():
        path = folder / "export" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding=yaml.safe_load(mapping)["tables"]["accounts"].get("encoding", "utf-8"))
        else:
            write_workbook(path, content)
    (folder / "map.yaml").write_text(mapping, encoding="utf-8")
    return folder / "export", folder / "map.yaml"


def prepared(folder: Path, name: str) -> Path:
    export, mapping = write_example(folder, name)
    mapped = folder / "mapped"
    mapped.mkdir()
    map_folder(export, read_mapping(mapping), mapped, "map.yaml", silent)
    summary = prepare(mapped, folder / "prepared")
    assert {table: counts.quarantined for table, counts in summary.tables.items() if counts.quarantined} == {}
    return folder / "prepared"


def rows(prepared: Path, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return prepared_table(prepared, table).select(columns).rows()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


def test_a_spreadsheet_of_accounts_and_posts(tmp_path: Path) -> None:
    found = prepared(tmp_path, "spreadsheet")
    accounts = rows(found, "accounts", "account_id", "platform", "follower_count", "created_on", "is_verified")
    assert accounts == [
        ("anna", "instagram", 12_300, date(2019, 5, 31), True),
        ("ben", "instagram", 1_204, date(2018, 1, 2), False),
    ]
    posts = rows(found, "posts", "account_id", "posted_at", "like_count", "comment_count")
    # Berlin is an hour ahead of UTC in January.
    assert posts == [
        ("anna", at(13, 17, 5), 300, 12),
        ("anna", at(15, 17, 5), None, 9),
        ("ben", at(15, 7, 5), 80, 2),
    ]


def test_the_csv_of_a_german_spreadsheet(tmp_path: Path) -> None:
    found = prepared(tmp_path, "its CSV")
    accounts = rows(found, "accounts", "account_id", "follower_count", "following_count", "created_on")
    assert accounts == [("anna", 12_345, 310, date(2019, 5, 31)), ("ben", 1_200_000, 900, date(2018, 1, 2))]


@pytest.mark.parametrize("name", ["tracker", "growth"])
def test_a_tracker_one_column_a_day_or_one_column_an_account(tmp_path: Path, name: str) -> None:
    found = prepared(tmp_path, name)
    readings = rows(found, "followers_daily", "account_id", "date", "follower_count")
    assert readings == [
        ("Anna", date(2026, 1, 17), 1000),
        ("Anna", date(2026, 1, 19), 1200),
        ("Ben", date(2026, 1, 17), 50),
        ("Ben", date(2026, 1, 18), 51),
        ("Ben", date(2026, 1, 19), 52),
    ]
    accounts = rows(found, "accounts", "account_id", "platform", "follower_count", "observed_at")
    # The newest reading, known at the end of its day.
    assert accounts == [("Anna", "youtube", 1200, at(20, 0)), ("Ben", "youtube", 52, at(20, 0))]


def test_scraper_json_with_posts_and_comments_inside(tmp_path: Path) -> None:
    found = prepared(tmp_path, "scraper")
    assert rows(found, "accounts", "account_id", "follower_count", "following_count", "post_count") == [
        ("anna", 1234, 321, 2)
    ]
    posts = rows(found, "posts", "account_id", "post_id", "posted_at", "format", "like_count", "comment_count")
    assert posts == [("anna", "A1", at(13, 18, 5), "carousel", None, 2), ("anna", "A2", at(15, 18, 5), "photo", 80, 0)]
    comments = rows(found, "comments", "account_id", "post_id", "comment_id", "commenter_id", "commented_at", "text")
    fan = Pseudonyms().of(pl.Series(["fan"])).item()
    assert comments == [
        ("anna", "A1", "c1", fan, at(13, 18, 9), "where is this?"),
        ("anna", "A1", "c2", "anna", at(13, 19), "Lisbon!"),
    ]


def test_answers_of_the_youtube_data_api(tmp_path: Path) -> None:
    found = prepared(tmp_path, "youtube api")
    accounts = rows(found, "accounts", "account_id", "handle", "follower_count", "created_on", "country")
    assert accounts == [("UC1", "Anna", 1230, date(2015, 1, 2), "PT")]
    posts = rows(found, "posts", "post_id", "posted_at", "view_count", "like_count", "comment_count", "caption")
    assert posts == [("v1", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), 100, 10, None, "One")]


def test_what_youtube_shows_on_its_pages(tmp_path: Path) -> None:
    found = prepared(tmp_path, "pages")
    accounts = rows(found, "accounts", "account_id", "follower_count", "created_on")
    assert accounts == [("@anna", 1_200_000, date(2015, 1, 5)), ("@ben", 5_340, date(2019, 12, 31))]
    posts = rows(found, "posts", "account_id", "posted_at", "view_count")
    assert posts == [
        ("@anna", datetime(2026, 2, 3, tzinfo=UTC), 12_000),
        ("@ben", datetime(2026, 2, 4, tzinfo=UTC), 980),
    ]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_guess_finds_the_tables_of_every_example(tmp_path: Path, name: str) -> None:
    """What it guesses reads the same rows as the mapping of the page, as far as it maps the same columns."""
    export, mapping = write_example(tmp_path, name)
    guessed = tmp_path / "guessed.yaml"
    result = invoke("map", "--input", export, "--output", guessed, "--guess")
    text = guessed.read_text(encoding="utf-8")
    # What nothing tells, and what the page knows besides the files.
    text = text.replace("platform: {value: undecided}", f"platform: {{value: {'youtube'}}}")
    assert result.exit_code == (4 if "undecided" in guessed.read_text(encoding="utf-8") else 0), result.output
    guessed.write_text(text, encoding="utf-8")
    tables = {}
    for each in (mapping, guessed):
        folder = tmp_path / each.stem
        folder.mkdir()
        map_folder(export, read_mapping(each), folder, each.name, silent)
        prepare(folder, tmp_path / f"{each.stem} prepared")
        tables[each] = {path.stem for path in folder.glob("*.parquet")}
    assert tables[mapping] == tables[guessed]
    for table in tables[mapping]:
        one, other = (prepared_table(tmp_path / f"{each.stem} prepared", table) for each in (mapping, guessed))
        assert one.height == other.height
        same = [
            column for column in ("account_id", "date", "follower_count", "like_count", "text") if column in one.columns
        ]
        assert one.select(same).rows() == other.select(same).rows()
