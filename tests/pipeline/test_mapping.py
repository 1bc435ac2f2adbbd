from __future__ import annotations

import json
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.tables import CONTRACTS
from pipeline import prepare as prepare_stage
from pipeline import unpacking
from pipeline.errors import UnusableInputError
from pipeline.mapping.apply import map_folder, mapped_aside
from pipeline.mapping.checking import read_mapping
from pipeline.mapping.dates import read_date
from pipeline.mapping.files import sheet_rows
from pipeline.mapping.numbers import read_number
from pipeline.mapping.specification import Mapping
from pipeline.places import place
from pipeline.pseudonyms import Pseudonyms
from tests.pipeline.dataset_builders import content_of, frames, prepare, prepared_table, write, write_text
from tests.pipeline.projects import invoke, silent
from tests.pipeline.spreadsheets import write_workbook

ACCOUNTS = {"file": "a.csv", "columns": {"account_id": "who", "platform": {"value": "x"}, "follower_count": "fans"}}


def mapping_file(folder: Path, **tables: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "map.yaml"
    path.write_text(json.dumps({"tables": tables}), encoding="utf-8")  # JSON is YAML
    return path


def problems(mapping: Path) -> list[str]:
    with pytest.raises(UnusableInputError) as error:
        read_mapping(mapping)
    return error.value.problems


def mapped(export: Path, mapping: Path, folder: Path) -> list[str]:
    """The notes; the tables are in `folder`."""
    folder.mkdir()
    return map_folder(export, read_mapping(mapping), folder, mapping.name, silent)


def numbers(cells: list[str | None], decimal: str, times: float = 1.0, **suffixes: float) -> list[str | None]:
    read = read_number(pl.col("cell"), decimal, times, suffixes)
    return pl.DataFrame({"cell": cells}, schema={"cell": pl.String}).select(read).to_series().to_list()


def dates(cells: list[str | None], *formats: str, zone: str | None = None, day_only: bool = False) -> list[str | None]:
    read = read_date(pl.col("cell"), formats, zone, day_only=day_only)
    return pl.DataFrame({"cell": cells}, schema={"cell": pl.String}).select(read).to_series().to_list()


# texts of numbers and dates


def test_no_cell_is_no_number_and_no_date() -> None:
    assert numbers([], ".") == []
    assert numbers([None], ",") == [None]
    assert dates([], "%d.%m.%Y") == []
    assert dates([None], "%d.%m.%Y") == [None]


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("0", ".", "0"),
        ("1234", ".", "1234"),
        ("1,234", ".", "1234"),
        ("1.234", ",", "1234"),
        ("1 234 567", ",", "1234567"),
        ("1\u202f234", ",", "1234"),
        ("1'234", ".", "1234"),
        ("12.3K", ".", "12300"),
        ("12,3 Tsd.", ",", "12300"),
        ("1,2 Mio.", ",", "1200000"),
        ("1,2 Mio. Abonnenten", ",", "1200000"),
        ("1.2M subscribers", ".", "1200000"),
        ("1,2 M de suscriptores", ",", "1200000"),
        ("3,45 Mrd", ",", "3450000000"),
        ("1.1万", ".", "11000"),
        ("8 lakh", ".", "800000"),
        ("1.005M", ".", "1005000"),
        ("0.5", ".", "0.5"),
        ("90071992547409931", ".", "90071992547409931"),
        ("1.234", ".", "1.234"),
        ("-5", ".", "-5"),
        ("", ".", None),
        ("1,23,4", ".", None),
        ("12.5.1", ".", None),
        ("12 mil", ".", None),
        ("5 hours ago", ".", None),
        ("many", ".", None),
    ],
)
def test_numbers_as_texts(text: str, decimal: str, value: str | None) -> None:
    assert numbers([text], decimal) == [value]


def test_a_word_that_means_two_things_is_read_as_the_mapping_says() -> None:
    assert numbers(["12 mil"], ".", mil=1_000) == ["12000"]
    assert numbers(["12 mil."], ".", mil=1_000_000) == ["12000000"]
    assert numbers(["12.3", "1"], ".", times=1000) == ["12300", "1000"]


@pytest.mark.parametrize(
    ("text", "form", "iso"),
    [
        ("31.01.2026", "%d.%m.%Y", "2026-01-31"),
        ("1/2/2026", "%d/%m/%Y", "2026-02-01"),
        ("1/2/2026", "%m/%d/%Y", "2026-01-02"),
        ("31.01.26", "%d.%m.%y", "2026-01-31"),
        ("31.01.26", "%d.%m.%Y", None),
        ("Jan 5, 2026", "%b %d, %Y", "2026-01-05"),
        ("5. Januar 2026", "%d. %B %Y", "2026-01-05"),
        ("5. Jan. 2026", "%d. %b %Y", "2026-01-05"),
        ("5 de enero de 2026", "%d de %B de %Y", "2026-01-05"),
        ("5 août 2026", "%d %B %Y", "2026-08-05"),
        ("5 maggio 2026", "%d %B %Y", "2026-05-05"),
        ("Premiered Feb 4, 2026", "Premiered %b %d, %Y", "2026-02-04"),
        ("2026-01-31", "%d.%m.%Y", "2026-01-31"),
        ("31.13.2026", "%d.%m.%Y", None),
        ("3 weeks ago", "%d.%m.%Y", None),
    ],
)
def test_days_as_texts(text: str, form: str, iso: str | None) -> None:
    assert dates([text], form, day_only=True) == [iso]


@pytest.mark.parametrize(
    ("text", "form", "zone", "iso"),
    [
        ("31.01.2026 18:05", "%d.%m.%Y %H:%M", None, "2026-01-31T18:05:00.000000Z"),
        ("31.01.2026 18:05", "%d.%m.%Y %H:%M", "Europe/Berlin", "2026-01-31T17:05:00.000000Z"),
        ("31.07.2026 18:05", "%d.%m.%Y %H:%M", "Europe/Berlin", "2026-07-31T16:05:00.000000Z"),
        ("01/31/2026 6:05:07 PM", "%m/%d/%Y %I:%M:%S %p", None, "2026-01-31T18:05:07.000000Z"),
        ("1769882700", "epoch_seconds", "Europe/Berlin", "2026-01-31T18:05:00.000000Z"),
        ("1769882700123", "epoch_milliseconds", None, "2026-01-31T18:05:00.123000Z"),
        ("Sat Jan 31 18:05:00 +0100 2026", "%a %b %d %H:%M:%S %z %Y", None, "2026-01-31T17:05:00.000000Z"),
        ("2026-01-31T18:05:00", "%d.%m.%Y", "Europe/Berlin", "2026-01-31T17:05:00.000000Z"),
        ("2026-01-31T18:05:00Z", "%d.%m.%Y", "Europe/Berlin", "2026-01-31T18:05:00Z"),
        ("29.03.2026 02:30", "%d.%m.%Y %H:%M", "Europe/Berlin", None),  # the clock leaves this hour out
        ("25.10.2026 02:30", "%d.%m.%Y %H:%M", "Europe/Berlin", "2026-10-25T00:30:00.000000Z"),  # the first of two
    ],
)
def test_instants_as_texts(text: str, form: str, zone: str | None, iso: str | None) -> None:
    assert dates([text], form, zone=zone) == [iso]


# what a mapping may say


def test_a_mapping_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    [problem] = problems(tmp_path / "map.yaml")
    assert "Found: no such file. Make one: python -m pipeline map" in problem


def test_a_mapping_that_is_a_folder_cannot_be_read(tmp_path: Path) -> None:
    [problem] = problems(tmp_path)
    assert problem.endswith("Give a text file.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tables: {}",
        "- 1",
        "tables: [",
        pytest.param("tables: {accounts: {missing: 2026-02-30}}", id="a day that there is not"),
        pytest.param(f"tables: {'[' * 3_000}", id="thousands of brackets"),
        pytest.param(f"tables: {'9' * 5_000}", id="thousands of digits"),
        pytest.param("? [a, b]\n: 1", id="a list for a key"),
    ],
)
def test_a_file_that_is_no_mapping(tmp_path: Path, text: str) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(text, encoding="utf-8")
    assert len(problems(path)) == 1


def test_all_faults_of_a_mapping_are_told_at_once(tmp_path: Path) -> None:
    path = mapping_file(
        tmp_path,
        accounts={
            "file": "a.csv",
            "column": {},
            "columns": {"account_id": {"from": "who", "value": "x"}, "created_on": {"from": "d", "date": "%Q"}},
        },
        posts={"sheet": "P", "columns": {"posted_at": {"from": "d", "zone": "Berlin", "decimals": ","}}},
    )
    found = "\n".join(problems(path))
    assert "'tables.accounts.column' is not a known key. Found: {}. Did you mean 'columns'?" in found
    assert (
        "'tables.accounts.columns.account_id' cannot be used: exactly one of 'from', 'value' and 'file_name'" in found
    )
    assert "'tables.accounts.columns.created_on.date' cannot be used: is not a format such as %Y-%m-%d" in found
    assert "'tables.posts.columns.posted_at.zone' cannot be used: is not an IANA time zone" in found
    assert "'tables.posts.columns.posted_at.decimals' is not a known key. Found: ','. Did you mean 'decimal'?" in found


def test_names_that_the_contract_does_not_know_and_columns_that_it_needs(tmp_path: Path) -> None:
    path = mapping_file(
        tmp_path,
        accounts={
            "file": "a.csv",
            "columns": {"account_id": "a", "followers": "f", "platform": {"value": "undecided"}},
        },
        post={"file": "p.csv"},
        followers_daily={
            "file": "d.csv",
            "columns": {"account_id": "a", "follower_count": "n"},
            "wide": {"headers": "date", "date": "undecided", "cells": {"follower_count": {"decimal": "undecided"}}},
        },
    )
    found = "\n".join(problems(path))
    assert "tables.accounts: column 'followers': is not in the data contract. Found: 'followers'. Did you" in found
    assert "tables.accounts: column 'follower_count' is required, and not mapped" in found
    assert "tables.accounts.platform: the value is undecided" in found
    assert "tables.post: is not in the data contract. Found: 'post'. Did you mean 'posts'?" in found
    assert "tables.followers_daily: column 'follower_count' is mapped 2 times" in found
    assert "the order of day and month is undecided" in found
    assert '"%d/%m/%Y" (day first) or "%m/%d/%Y" (month first)' in found
    assert "tables.followers_daily.follower_count: the decimal mark is undecided" in found


def test_a_column_that_stands_twice_in_the_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text("tables:\n  accounts:\n    file: a.csv\n    columns:\n      platform: p\n      platform: q\n")
    [problem] = problems(path)
    assert "'platform' stands twice" in problem
    assert "line 6" in problem


def test_words_of_yaml_that_mean_yes_and_no_elsewhere_stay_texts(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(
        "tables: {accounts: {file: a.csv, missing: [-1, no], columns: {account_id: a, follower_count: f, "
        "platform: {value: x}, language: {value: no}, is_verified: {from: v, values: {On: yes, Off: false}}}}}"
    )
    accounts = read_mapping(path).tables["accounts"]
    assert accounts.columns["language"].value == "no"
    assert accounts.columns["is_verified"].values == {"On": "yes", "Off": "false"}
    assert accounts.missing == ("-1", "no")


# what it names


def test_all_that_the_files_lack_is_told_at_once(tmp_path: Path) -> None:
    export = write_text(tmp_path / "export", a__csv="whom,fans\n1,2\n", p__csv="a;b\n1;2\n", readme__md="x")
    (export / "secret.csv").symlink_to("/etc/hostname")
    columns = {"account_id": "a", "post_id": "b", "posted_at": "c"}
    path = mapping_file(
        tmp_path,
        accounts=ACCOUNTS,
        posts={"file": "p.csv", "columns": columns},
        comments={
            "file": ["../c.csv", "/etc/*.csv", "secret.csv", "readme.md", "coments.csv"],
            "columns": {**dict.fromkeys(("account_id", "post_id", "comment_id", "text"), "a")},
        },
    )
    with pytest.raises(UnusableInputError) as error:
        mapped(export, path, tmp_path / "mapped")
    found = "\n".join(error.value.problems)
    assert "tables.accounts: there is no column 'who' in 'a.csv'. Found: whom, fans. Did you mean 'whom'?" in found
    assert 'Say what separates the cells: separator: ";".' in found
    assert "'../c.csv' leads out of the folder" in found
    assert "'/etc/*.csv' leads out of the folder" in found
    assert "links that lead out of the folder are not followed. Found: secret.csv" in found
    assert "no such form is read. Found: readme.md" in found
    assert "there is no file 'coments.csv'" in found


def test_what_is_of_json_and_what_of_tables_is_told_apart(tmp_path: Path) -> None:
    texts = {"p__json": '[{"id": "1"}]', "t__csv": "who,n,n,2026-01-01\na,1,2,5\n", "c__csv": "id,id\na,b\n"}
    export = write_text(tmp_path / "export", a__csv="who,fans\nanna,1\n", **texts)
    wide = {"headers": "date", "cells": {"follower_count": None}, "leave_out": ["sum"]}
    path = mapping_file(
        tmp_path,
        accounts=ACCOUNTS | {"rows": "list"},
        followers_daily={"file": "t.csv", "columns": {"account_id": "who"}, "wide": wide},
        posts={"file": "p.json", "columns": {"account_id": "id"}, "wide": wide | {"cells": {"like_count": None}}},
        comments={"file": "c.csv", "columns": dict.fromkeys(("account_id", "post_id", "comment_id", "text"), "id")},
    )
    both = mapping_file(
        tmp_path / "both", accounts=ACCOUNTS, followers_daily={"file": "t.csv", "rows": "list", "wide": wide}
    )
    assert "map.yaml: tables.followers_daily: 'rows' is for JSON and 'wide' for tables. Found: both." in "\n".join(
        problems(both)
    )
    with pytest.raises(UnusableInputError) as error:
        map_folder(export, Mapping.model_validate(json.loads(path.read_text())), tmp_path / "out", "map.yaml", silent)
    found = "\n".join(error.value.problems)
    assert "tables.accounts: 'rows' is for JSON. Found: the table 'a.csv'. Remove it." in found
    assert "tables.posts: 'wide' is for tables. Found: JSON in 'p.json'. Say the path with 'rows'." in found
    assert "there is no column 'sum' to leave out in 't.csv'" in found
    assert "tables.comments: column 'id' appears more than once in 'c.csv'. Rename one of them." in found


def test_an_input_that_is_no_folder_says_what_it_is(tmp_path: Path) -> None:
    path = mapping_file(tmp_path, accounts=ACCOUNTS)
    with pytest.raises(UnusableInputError, match=r"cannot be read\. Found: there is no such folder\. Give the folder"):
        mapped(tmp_path / "nowhere", path, tmp_path / "one")
    with pytest.raises(UnusableInputError, match=r"cannot be read\. Found: it is a file\."):
        mapped(path, path, tmp_path / "two")


def test_a_file_that_breaks_off_is_named_with_its_table(tmp_path: Path) -> None:
    export = write_text(tmp_path / "export", a__json='[{"who": "anna", "fans": 1}')
    path = mapping_file(tmp_path, accounts=ACCOUNTS | {"file": "a.json"})
    with pytest.raises(
        UnusableInputError, match=r"map\.yaml: tables\.accounts: unreadable file\. Found: .*is not JSON"
    ):
        mapped(export, path, tmp_path / "mapped")


@pytest.mark.parametrize("deep", [False, True], ids=["no list in the document", "too many lists in the document"])
def test_documents_that_are_no_list_of_records(tmp_path: Path, deep: bool) -> None:  # noqa: FBT001 - a case
    export = write_text(tmp_path / "export", a__json="[" * 3_000 if deep else '{"who": "anna", "fans": 1}')
    path = mapping_file(tmp_path, accounts=ACCOUNTS | {"file": "a.json"})
    if deep:
        with pytest.raises(UnusableInputError, match=r"Found: .*is nested too deeply"):
            mapped(export, path, tmp_path / "mapped")
    else:
        mapped(export, path, tmp_path / "mapped")
        assert pl.read_parquet(tmp_path / "mapped" / "accounts.parquet")["account_id"].to_list() == ["anna"]


def test_lines_under_the_name_of_a_document_are_read_as_lines(tmp_path: Path) -> None:
    text = '{"who": "anna", "fans": 1}\n\n{"who": "ben", "fans": true}\n'
    export = write_text(tmp_path / "export", a__json=text)
    mapped(export, mapping_file(tmp_path, accounts=ACCOUNTS | {"file": "a.json"}), tmp_path / "mapped")
    accounts = pl.read_parquet(tmp_path / "mapped" / "accounts.parquet")
    assert accounts["account_id"].to_list() == ["anna", "ben"]


def test_places_without_a_list_are_counted(tmp_path: Path) -> None:
    lines = [
        '{"id": "a", "list": [{"fans": 1}]}',
        '{"id": "b", "list": 5}',
        '{"id": "c"}',
        '{"id": "d", "list": ["x"]}',
    ]
    export = write_text(tmp_path / "export", a__jsonl="\n".join(lines))
    columns = {"account_id": "../id", "platform": {"value": "x"}, "follower_count": "fans"}
    path = mapping_file(tmp_path, accounts={"file": "a.jsonl", "rows": "list", "columns": columns})
    [note] = mapped(export, path, tmp_path / "mapped")
    # 5 and "x" are no lists of objects; an absent list was not observed
    assert note == "accounts: 2 places hold no list where 'list' should lead to one: no rows."


def test_a_workbook_that_is_none_and_a_sheet_without_a_cell(tmp_path: Path) -> None:
    export = write_text(tmp_path / "export", broken__xlsx="no workbook")
    write_workbook(export / "empty.xlsx", {"S": []})
    found = []
    for name in ("broken", "empty"):
        path = mapping_file(tmp_path, accounts=ACCOUNTS | {"file": f"{name}.xlsx"})
        with pytest.raises(UnusableInputError) as error:
            mapped(export, path, tmp_path / name)
        found.append("\n".join(error.value.problems))
    assert "unreadable file" in found[0]
    assert "there is no column 'who' in 'empty.xlsx'" in found[1]


def test_what_cannot_be_a_suffix_or_an_encoding_and_what_yaml_made_a_date_of(tmp_path: Path) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(
        "tables: {accounts: {file: a.csv, encoding: utf-9, columns: {account_id: a, platform: {value: x}, "
        "follower_count: {from: f, suffixes: {k: 0}}}}}"
    )
    found = "\n".join(problems(path))
    assert "a suffix multiplies by a number above 0" in found
    assert "is not an encoding such as utf-8, cp1252 or utf-16" in found
    path.write_text(
        "tables: {accounts: {file: a.csv, columns: {account_id: a, follower_count: f, platform: {value: x}, "
        "created_on: {value: 2026-01-31}}}}"
    )
    assert read_mapping(path).tables["accounts"].columns["created_on"].value == "2026-01-31"


def test_a_path_that_leads_nowhere_is_a_problem_where_the_column_is_required(tmp_path: Path) -> None:
    export = write_text(tmp_path / "export", a__json='[{"id": "1", "fans": 5}]')
    columns = {"account_id": "id", "platform": {"value": "x"}, "follower_count": "stats.fans", "country": "land"}
    path = mapping_file(tmp_path, accounts={"file": "a.json", "columns": columns})
    with pytest.raises(UnusableInputError, match=r"'follower_count' is required, and no record has 'stats\.fans'"):
        mapped(export, path, tmp_path / "one")
    columns["follower_count"] = "fans"
    path = mapping_file(tmp_path, accounts={"file": "a.json", "columns": columns})
    assert mapped(export, path, tmp_path / "two") == ["accounts: no record has land: not observed."]


# what becomes of the rows


def test_a_cell_that_is_not_as_the_mapping_says_goes_to_quarantine_with_its_text(tmp_path: Path) -> None:
    rows = ["anna,12K,05.01.2020", "ben,many,05.01.2020", "celi,1234,13/14/2020", "dora,-,", "eva,1,2,3"]
    export = write_text(tmp_path / "export", a__csv="\n".join(["who,fans,since", *rows]) + "\n")
    columns = {
        "account_id": "who",
        "platform": {"value": "youtube"},
        "follower_count": {"from": "fans", "decimal": ".", "missing": ["-"]},
        "created_on": {"from": "since", "date": "%d.%m.%Y"},
    }
    path = mapping_file(tmp_path, accounts={"file": "a.csv", "columns": columns})
    mapped(export, path, tmp_path / "mapped")
    summary = prepare(tmp_path / "mapped", tmp_path / "prepared")
    assert summary.tables["accounts"].rows_in == 5
    bad = pl.read_parquet(tmp_path / "prepared" / "quarantine" / "accounts.parquet").sort("account_id")
    assert bad.select("account_id", "follower_count", "created_on", "problem").rows() == [
        ("ben", "unreadable: many", "2020-01-05", "follower_count cannot be read as a whole number"),
        ("celi", "1234", "unreadable: 13/14/2020", "created_on cannot be read as a date"),
        ("dora", None, None, "follower_count is null"),
        (
            "eva",
            "1",
            "unreadable: 2",
            "the row has more or fewer cells than the header; created_on cannot be read as a date",
        ),
    ]
    assert prepared_table(tmp_path / "prepared", "accounts")["follower_count"].to_list() == [12_000]


def test_lines_that_are_no_json_and_values_that_are_nested_are_bad_rows(tmp_path: Path) -> None:
    lines = ['{"id": "1", "fans": 5.0}', "not json", '{"id": "2", "fans": {"count": 5}}', "[]"]
    export = write_text(tmp_path / "export", a__jsonl="\n".join(lines))
    path = mapping_file(
        tmp_path,
        accounts={
            "file": "a.jsonl",
            "columns": {"account_id": "id", "platform": {"value": "x"}, "follower_count": "fans"},
        },
    )
    mapped(export, path, tmp_path / "mapped")
    summary = prepare(tmp_path / "mapped", tmp_path / "prepared")
    assert summary.tables["accounts"].used == 1
    bad = pl.read_parquet(tmp_path / "prepared" / "quarantine" / "accounts.parquet")
    assert sorted(bad["problem"].str.split("; ").list.first()) == [
        "fans holds nested JSON instead of a value",
        "the line is not a JSON object",
        "the line is not a JSON object",
    ]
    assert '{"count": 5}' in bad["follower_count"].to_list()


def test_half_an_emoji_at_the_end_of_a_text_is_no_reason_to_refuse_the_file(tmp_path: Path) -> None:
    lines = [
        '{"id": "1", "fans": 5, "about": "so nice \\ud83d"}',
        '{"id": "2", "fans": 5, "about": "\\ud83d\\ude0d é"}',
    ]
    export = write_text(tmp_path / "export", a__jsonl="\n".join(lines))
    columns = {"account_id": "id", "platform": {"value": "x"}, "follower_count": "fans", "biography": "about"}
    mapped(export, mapping_file(tmp_path, accounts={"file": "a.jsonl", "columns": columns}), tmp_path / "mapped")
    texts = pl.read_parquet(tmp_path / "mapped" / "accounts.parquet")["biography"].to_list()
    assert texts == ["so nice \ufffd", "😍 é"]


def test_a_line_with_more_digits_than_python_reads_is_a_bad_row(tmp_path: Path) -> None:
    export = write_text(
        tmp_path / "export", a__jsonl='{"id": "1", "fans": 5}\n{"id": "2", "fans": ' + "9" * 5_000 + "}"
    )
    columns = {"account_id": "id", "platform": {"value": "x"}, "follower_count": "fans"}
    path = mapping_file(tmp_path, accounts={"file": "a.jsonl", "columns": columns})
    mapped(export, path, tmp_path / "mapped")
    assert prepare(tmp_path / "mapped", tmp_path / "prepared").tables["accounts"].used == 1
    bad = pl.read_parquet(tmp_path / "prepared" / "quarantine" / "accounts.parquet")
    assert bad["problem"].str.split("; ").list.first().to_list() == ["the line is not a JSON object"]


def test_a_document_with_more_digits_than_python_reads_is_said_to_be_unreadable(tmp_path: Path) -> None:
    export = write_text(tmp_path / "export", a__json='{"id": "1", "fans": ' + "9" * 5_000 + "}")
    columns = {"account_id": "id", "platform": {"value": "x"}, "follower_count": "fans"}
    path = mapping_file(tmp_path, accounts={"file": "a.json", "columns": columns})
    with pytest.raises(UnusableInputError, match="holds a number that is too long"):
        mapped(export, path, tmp_path / "mapped")


def test_empty_cells_of_a_wide_table_are_counted_and_never_zero(tmp_path: Path) -> None:
    text = "who,note,2026-01-01,2026-01-02,2026-01-03\nanna,x,5,,-\nben,y,,,\nceli,z,1,oops,3\n"
    export = write_text(tmp_path / "export", t__csv=text)
    path = mapping_file(
        tmp_path,
        accounts={"from_table": "followers_daily", "columns": {"platform": {"value": "x"}}},
        followers_daily={
            "file": "t.csv",
            "missing": ["-"],
            "columns": {"account_id": "who"},
            "wide": {"headers": "date", "cells": {"follower_count": None}},
        },
    )
    notes = mapped(export, path, tmp_path / "mapped")
    assert notes == [
        "followers_daily: 5 empty cells of the wide table were not observed: no row each.",
        "followers_daily: 1 rows of the wide table hold no reading at all.",
        "followers_daily: columns of the export whose header is no date of the mapping are not used: note.",
    ]
    summary = prepare(tmp_path / "mapped", tmp_path / "prepared")
    assert summary.warnings == notes  # and so in summary.json
    assert prepared_table(tmp_path / "prepared", "followers_daily")["follower_count"].to_list() == [5, 1, 3]
    bad = pl.read_parquet(tmp_path / "prepared" / "quarantine" / "followers_daily.parquet")
    assert bad.select("account_id", "date", "follower_count").rows() == [("celi", "2026-01-02", "oops")]
    assert prepared_table(tmp_path / "prepared", "accounts").select("account_id", "follower_count").rows() == [
        ("anna", 5),
        ("celi", 3),
    ]


def test_a_row_of_a_wide_table_that_is_broken_is_one_bad_row(tmp_path: Path) -> None:
    text = "who,2026-01-01,2026-01-02\nanna,1,2\nben,1,2,3\nceli,4,5\n"
    export = write_text(tmp_path / "export", t__csv=text)
    wide = {"headers": "date", "cells": {"follower_count": None}}
    path = mapping_file(
        tmp_path,
        accounts={"from_table": "followers_daily", "columns": {"platform": {"value": "x"}}},
        followers_daily={"file": "t.csv", "columns": {"account_id": "who"}, "wide": wide},
    )
    assert mapped(export, path, tmp_path / "mapped") == []
    readings = pl.read_parquet(tmp_path / "mapped" / "followers_daily.parquet").sort("account_id", "date")
    assert readings.filter(pl.col("assay:row_problem").is_not_null()).select("account_id", "date").rows() == [
        ("ben", "2026-01-01")
    ]
    assert readings.height == 2 + 1 + 2


def test_headers_of_a_workbook_that_are_dates(tmp_path: Path) -> None:
    rows = [["who", date(2026, 1, 31), date(2026, 2, 1), "sum"], ["anna", 5, None, 5]]
    write_workbook(tmp_path / "export" / "book.xlsx", {"Tracker": rows})
    wide = {"headers": "date", "date": "%d.%m.%Y", "cells": {"follower_count": None}}
    path = mapping_file(
        tmp_path,
        accounts={"from_table": "followers_daily", "columns": {"platform": {"value": "x"}}},
        followers_daily={"file": "book.xlsx", "columns": {"account_id": "who"}, "wide": wide},
    )
    notes = mapped(tmp_path / "export", path, tmp_path / "mapped")
    assert len(notes) == 2
    found = pl.read_parquet(tmp_path / "mapped" / "followers_daily.parquet").drop("assay:row_problem")
    assert found.rows() == [("anna", "2026-01-31 00:00:00", "5")]


def test_patterns_that_are_none_and_places_that_are_not_of_this_machine(tmp_path: Path) -> None:
    export = write_text(tmp_path / "export", a__csv="who,fans\n1,2\n")
    path = mapping_file(tmp_path, accounts={**ACCOUNTS, "file": ["", "**a/*.csv"]})
    with pytest.raises(UnusableInputError) as error:
        mapped(export, path, tmp_path / "mapped")
    assert len([problem for problem in error.value.problems if "is no pattern" in problem]) == 2
    remote = place("memory://export")
    with (
        pytest.raises(UnusableInputError, match="a mapping reads files of this machine"),
        mapped_aside(remote, mapping_file(tmp_path, accounts=ACCOUNTS), None, silent),
    ):
        pass


def test_accounts_of_a_tracker_have_constants_alone(tmp_path: Path) -> None:
    path = mapping_file(
        tmp_path,
        accounts={"from_table": "followers_daily", "columns": {"platform": {"value": "x"}, "handle": "name"}},
        posts={"file": "p.csv", "columns": {name: name for name in CONTRACTS["posts"].required}},
    )
    found = "\n".join(problems(path))
    assert "tables.accounts.handle: accounts made of a tracker have constants alone" in found
    assert "Map followers_daily, and use it for accounts alone" in found


def test_cells_of_a_workbook_keep_their_types(tmp_path: Path) -> None:
    rows = [
        ["Creators 2026", None, None, None],
        ["who", "fans", "since", "seen"],
        ["anna", 1234, date(2020, 2, 29), datetime(2026, 1, 31, 18, 5)],  # noqa: DTZ001 - as Excel has it
        [None, None, None, None],
        [7, "1.2K", "29.02.2020", None],
    ]
    write_workbook(tmp_path / "export" / "book.xlsx", {"Notes": [["x"]], "Creators": rows})
    columns = {
        "account_id": "who",
        "platform": {"value": "x"},
        "follower_count": {"from": "fans", "decimal": "."},
        "created_on": {"from": "since", "date": "%d.%m.%Y"},
        "observed_at": "seen",
    }
    table = {"file": "book.xlsx", "sheet": "Creators", "skip_rows": 1, "columns": columns}
    mapped(tmp_path / "export", mapping_file(tmp_path, accounts=table), tmp_path / "mapped")
    found = pl.read_parquet(tmp_path / "mapped" / "accounts.parquet").drop("assay:row_problem")
    assert found.rows() == [
        ("anna", "x", "1234", "2026-01-31 18:05:00", "2020-02-29 00:00:00"),
        ("7", "x", "1200", None, "2020-02-29"),
    ]
    wrong = mapping_file(tmp_path, accounts={**table, "sheet": "Creator"})
    with pytest.raises(
        UnusableInputError, match=r"has no sheet 'Creator', but Notes, Creators; did you mean 'Creators'"
    ):
        mapped(tmp_path / "export", wrong, tmp_path / "wrong")


def test_files_of_one_account_each_and_another_encoding(tmp_path: Path) -> None:
    export = tmp_path / "export"
    export.mkdir()
    (export / "a.csv").write_bytes("who;fans\nanna\xe9;5\n".encode("cp1252"))
    write_text(export / "daily", annaé__csv="day;n\n2026-01-01;4\n", ben__csv="day;n\n2026-01-01;9\n")
    path = mapping_file(
        tmp_path,
        accounts={**ACCOUNTS, "separator": ";", "encoding": "cp1252"},
        followers_daily={
            "file": "daily/*.csv",
            "separator": ";",
            "columns": {"account_id": {"file_name": True}, "date": "day", "follower_count": "n"},
        },
    )
    mapped(export, path, tmp_path / "mapped")
    summary = prepare(tmp_path / "mapped", tmp_path / "prepared")
    assert prepared_table(tmp_path / "prepared", "followers_daily")["account_id"].to_list() == ["annaé"]
    assert summary.tables["followers_daily"].out_of_scope == 1
    utf8 = mapping_file(tmp_path, accounts={**ACCOUNTS, "separator": ";"})
    with pytest.raises(UnusableInputError, match=r"'a\.csv' is not UTF-8"):
        mapped(export, utf8, tmp_path / "wrong")


NAMES = st.text(alphabet="abcXYZ ;,.'\"é", min_size=1, max_size=8).filter(lambda name: name.strip() == name)


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_any_names_and_any_order_of_columns_give_the_same_dataset(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("renamed")
    content = frames(accounts=3, days=4, posts=2, comments=8)
    write(folder / "contract", content)
    (folder / "export").mkdir()
    tables = {}
    for table, frame in content.items():
        order = data.draw(st.permutations(frame.columns))
        names = data.draw(st.lists(NAMES, min_size=len(order), max_size=len(order), unique=True))
        frame.select(order).rename(dict(zip(order, names, strict=True))).write_csv(folder / "export" / f"{table}.csv")
        tables[table] = {"file": f"{table}.csv", "columns": dict(zip(order, names, strict=True))}
    mapped(folder / "export", mapping_file(folder, **tables), folder / "mapped")
    for each in ("contract", "mapped"):
        prepare(folder / each, folder / f"prepared {each}")
    one, other = (content_of(folder / f"prepared {each}") for each in ("contract", "mapped"))
    assert one == other


def test_parquet_of_other_names_and_types(tmp_path: Path) -> None:
    content = frames(accounts=2, days=3, posts=2, comments=3)
    write(tmp_path / "contract", content)
    (tmp_path / "export").mkdir()
    tables = {}
    for table, frame in content.items():
        frame.rename(lambda name: f"my {name}").write_parquet(tmp_path / "export" / f"{table}.parquet")
        tables[table] = {"file": f"{table}.parquet", "columns": {name: f"my {name}" for name in frame.columns}}
    mapped(tmp_path / "export", mapping_file(tmp_path, **tables), tmp_path / "mapped")
    for each in ("contract", "mapped"):
        prepare(tmp_path / each, tmp_path / f"prepared {each}")
    assert content_of(tmp_path / "prepared contract") == content_of(tmp_path / "prepared mapped")


def test_what_means_missing_in_a_table_is_kept_where_people_write(tmp_path: Path) -> None:
    text = "who,post,id,said,by\nanna,p,c1,-,-\nanna,p,c2,,fan\n"
    export = write_text(tmp_path / "export", a__csv="who,fans\nanna,2\n", c__csv=text)
    columns = {"account_id": "who", "post_id": "post", "comment_id": "id", "text": "said", "commenter_id": "by"}
    comments = {"file": "c.csv", "missing": ["-"], "columns": columns}
    mapped(export, mapping_file(tmp_path, accounts=ACCOUNTS, comments=comments), tmp_path / "mapped")
    prepare(tmp_path / "mapped", tmp_path / "prepared")
    rows = prepared_table(tmp_path / "prepared", "comments").select("comment_id", "text", "commenter_id").rows()
    assert rows == [("c1", "-", None), ("c2", "", Pseudonyms().of(pl.Series(["fan"])).item())]


def test_the_mapped_tables_are_gone_in_the_end_whatever_happens(tmp_path: Path) -> None:
    export = write_text(tmp_path / "export", a__csv="who,fans\n1,2\n")
    path = mapping_file(tmp_path, accounts=ACCOUNTS)
    aside = mapped_aside(export, path, tmp_path / "out", silent)
    folder = aside.__enter__()
    assert folder.name == "export"
    assert (folder / "accounts.parquet").is_file()
    assert not aside.__exit__(KeyError, KeyError(), None)  # it goes on to whoever called
    assert sorted(each.name for each in tmp_path.iterdir()) == ["export", "map.yaml"]
    with mapped_aside(export, None, None, silent) as folder:
        assert folder == export


def test_every_table_of_the_contract_can_be_mapped() -> None:
    """The declaration is of strings: a table of the contract is a key, and each of its columns."""
    tables = {
        table: {"file": "x.csv", "columns": {n: n for n in contract.schema}} for table, contract in CONTRACTS.items()
    }
    assert set(Mapping.model_validate({"tables": tables}).tables) == set(CONTRACTS)


# the commands


def test_validate_reads_an_export_and_says_the_next_step(tmp_path: Path) -> None:
    export = write_text(
        tmp_path / "export",
        a__csv="who,fans\nanna,2000\nbob,2000\n",
        f__csv="who,day,fans\n" + "".join(f"bob,2026-03-{day:02},2000\n" for day in range(1, 15)),
    )
    readings = {"file": "f.csv", "columns": {"account_id": "who", "date": "day", "follower_count": "fans"}}
    path = mapping_file(tmp_path, accounts=ACCOUNTS, followers_daily=readings)
    result = invoke("validate", "--input", export, "--mapping", path)
    assert result.exit_code == 0
    assert "anna: 0 readings; 14 are needed | 0 posts" in result.stdout
    step = f"next: python -m pipeline score --input {export} --mapping {path} --output {tmp_path / 'export-scored'}"
    assert step in " ".join(result.stderr.split())


def test_validate_of_an_export_that_is_enough_for_nobody_says_so(tmp_path: Path) -> None:
    export = write_text(tmp_path / "export", a__csv="who,fans\nanna,2\n")
    result = invoke("validate", "--input", export, "--mapping", mapping_file(tmp_path, accounts=ACCOUNTS))
    assert result.exit_code == 0
    assert "next: add what is lacking above" in " ".join(result.stderr.split())


def test_an_export_that_cannot_be_used_leaves_nothing_and_exits_with_2(tmp_path: Path) -> None:
    export = write_text(tmp_path / "export", a__csv="x\n1\n")
    path = mapping_file(tmp_path, accounts=ACCOUNTS)
    result = invoke("validate", "--input", export, "--mapping", path)
    assert result.exit_code == 2
    assert "there is no column 'fans' in 'a.csv'" in result.stderr
    assert "there is no column 'who' in 'a.csv'" in result.stderr


def test_map_writes_the_tables_to_look_at(tmp_path: Path) -> None:
    export = write_text(tmp_path / "export", a__csv="who,fans,more\nanna,2,x\n")
    path = mapping_file(tmp_path, accounts=ACCOUNTS)
    result = invoke("map", "--input", export, "--mapping", path, "--to", tmp_path / "to")
    assert result.exit_code == 0
    assert "does not use: more" in " ".join(result.stderr.split())
    assert pl.read_parquet(tmp_path / "to" / "accounts.parquet")["account_id"].to_list() == ["anna"]
    again = invoke("map", "--input", export, "--mapping", path, "--to", tmp_path / "to")
    assert again.exit_code == 2
    assert "is not empty" in again.stderr
    assert invoke("map", "--input", export, "--mapping", path).exit_code == 2


# scores


def wide_csv(frame: pl.DataFrame, path: Path) -> None:
    wide = frame.pivot(on="date", index="account_id", values="follower_count", sort_columns=True, maintain_order=True)
    wide.write_csv(path)


def records(content: dict[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """Accounts with their readings, posts and their comments inside."""

    def plain(row: dict[str, Any], *without: str) -> dict[str, Any]:
        kept = {name: value for name, value in row.items() if value is not None and name not in without}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in kept.items()}

    found = {row["account_id"]: plain(row) | {"daily": [], "posts": []} for row in content["accounts"].to_dicts()}
    posts: dict[tuple[str, str], dict[str, Any]] = {}
    for row in content["followers_daily"].to_dicts():
        found[row["account_id"]]["daily"].append(plain(row, "account_id"))
    for row in content["posts"].to_dicts():
        posts[row["account_id"], row["post_id"]] = post = plain(row, "account_id") | {"comments": []}
        found[row["account_id"]]["posts"].append({"node": post})
    for row in content["comments"].to_dicts():
        posts[row["account_id"], row["post_id"]]["comments"].append(plain(row, "account_id", "post_id"))
    return list(found.values())


def same_names(table: str, *without: str) -> dict[str, str]:
    return {name: name for name in CONTRACTS[table].schema if name not in without}


JSON_TABLES = {
    "accounts": {"columns": same_names("accounts")},
    "followers_daily": {
        "rows": "daily",
        "columns": {"account_id": "../account_id", **same_names("followers_daily", "account_id")},
    },
    "posts": {"rows": "posts.node", "columns": {"account_id": "../account_id", **same_names("posts", "account_id")}},
    "comments": {
        "rows": "posts.node.comments",
        "columns": {
            "account_id": "../../account_id",
            "post_id": "../node.post_id",
            **same_names("comments", "account_id", "post_id"),
        },
    },
}


def export_of(shape: str, content: dict[str, pl.DataFrame], folder: Path) -> Path:
    """A folder with the same accounts in another shape, and its mapping beside it."""
    export = folder / "export"
    export.mkdir()
    if shape == "tracker":
        for table in ("accounts", "posts", "comments"):
            content[table].write_csv(export / f"{table}.csv", separator=";")
        wide_csv(content["followers_daily"].select("account_id", "date", "follower_count"), export / "tracker.csv")
        tables: dict[str, Any] = {
            table: {
                "file": f"{table}.csv",
                "separator": ";",
                "columns": {name: name for name in content[table].columns},
            }
            for table in ("accounts", "posts", "comments")
        }
        tables["followers_daily"] = {
            "file": "tracker.csv",
            "columns": {"account_id": "account_id"},
            "wide": {"headers": "date", "date": "%Y-%m-%d", "cells": {"follower_count": None}},
        }
        return mapping_file(folder, **tables)
    if shape == "files of json":
        for record in records(content):
            (export / f"{record['account_id']}.json").write_text(json.dumps(record), encoding="utf-8")
        return mapping_file(folder, **{table: {"file": "*.json", **spec} for table, spec in JSON_TABLES.items()})
    if shape == "lines of json":
        lines = [json.dumps(record, ensure_ascii=False) for record in records(content)]
        (export / "all.jsonl").write_text("\n".join(lines), encoding="utf-8")
        return mapping_file(folder, **{table: {"file": "all.jsonl", **spec} for table, spec in JSON_TABLES.items()})
    texts = {table: frame.select(pl.all().cast(pl.String)) for table, frame in content.items()}
    write_workbook(export / "book.xlsx", {table: [frame.columns, *frame.rows()] for table, frame in texts.items()})
    return mapping_file(
        folder,
        **{
            table: {"file": "book.xlsx", "sheet": table, "columns": {name: name for name in frame.columns}}
            for table, frame in texts.items()
        },
    )


@pytest.mark.slow
def test_scores_are_the_same_bytes_through_every_shape(incoming: Path, model: Path, tmp_path: Path) -> None:
    content = {table: pl.read_parquet(incoming / f"{table}.parquet") for table in ("accounts", "posts", "comments")}
    content["followers_daily"] = pl.read_parquet(incoming / "followers_daily.parquet").drop("following_count")
    some = content["accounts"]["account_id"].sort().head(12)
    content = {table: frame.filter(pl.col("account_id").is_in(some.implode())) for table, frame in content.items()}
    direct = write(tmp_path / "direct", content)
    expected = scored(direct, model, tmp_path / "expected")
    for shape in ("workbook", "tracker", "files of json", "lines of json"):
        folder = tmp_path / shape
        folder.mkdir()
        mapping = export_of(shape, content, folder)
        assert scored(folder / "export", model, folder / "scored", "--mapping", mapping) == expected, shape


def scored(source: Path, model: Path, output: Path, *options: Any) -> bytes:
    result = invoke("score", "--input", source, "--output", output, "--model", model, "--quiet", *options)
    assert result.exit_code == 0, result.output
    assert not [each.name for each in output.iterdir() if each.name.startswith(".")]
    return (output / "scores.parquet").read_bytes()


def renamed(folder: Path, output: Path) -> Path:
    """The tables of a dataset folder under other names, and the mapping of them beside it."""
    (output / "export").mkdir(parents=True)
    tables = {}
    for file in sorted(folder.glob("*.parquet")):
        frame = pl.read_parquet(file)
        frame.rename(lambda name: f"my {name}").write_parquet(output / "export" / f"my {file.name}")
        tables[file.stem] = {"file": f"my {file.name}", "columns": {name: f"my {name}" for name in frame.columns}}
    return mapping_file(output, **tables)


@pytest.mark.slow
def test_every_command_that_reads_a_folder_takes_a_mapping(
    labelled: Path, model: Path, scores: pl.DataFrame, incoming: Path, tmp_path: Path
) -> None:
    mapping = renamed(labelled, tmp_path / "labelled")
    export = ("--input", tmp_path / "labelled" / "export", "--mapping", mapping)
    results = {}
    for name, source in (("direct", ("--input", labelled)), ("mapped", export)):
        metrics = invoke("evaluate", *source, "--model", model, "--output", tmp_path / name, "--quiet")
        assert metrics.exit_code == 0, metrics.output
        table = tmp_path / f"{name}.parquet"
        assert invoke("features", *source, "--groups", "growth", "--output", table, "--quiet").exit_code == 0
        content = json.loads((tmp_path / name / "metrics.json").read_text())
        results[name] = json.dumps(content).replace("folder export", f"folder {labelled.name}"), table.read_bytes()
    assert results["mapped"] == results["direct"]
    scores.write_parquet(tmp_path / "scores.parquet")
    mapping = renamed(incoming, tmp_path / "incoming")
    source = ("--input", tmp_path / "incoming" / "export", "--mapping", mapping)
    pages = invoke(
        "report", *source, "--scores", tmp_path / "scores.parquet", "--output", tmp_path / "pages", "--quiet"
    )
    assert pages.exit_code == 0, pages.output
    assert (tmp_path / "pages" / "index.html").is_file()
    wanted = write_text(tmp_path / "wanted", campaign__csv=f"campaign,account_id\nspring,{scores['account_id'][0]}\n")
    options = ("--candidates", wanted / "campaign.csv", "--scores", tmp_path / "scores.parquet", "--exit-zero")
    direct = invoke("shortlist", *options, "--input", incoming, "--output", tmp_path / "by_folder", "--quiet")
    mapped = invoke("shortlist", *options, *source, "--output", tmp_path / "by_mapping", "--quiet")
    assert (direct.exit_code, mapped.exit_code) == (0, 0), mapped.output
    lists = [(tmp_path / name / "shortlist.csv").read_bytes() for name in ("by_folder", "by_mapping")]
    assert lists[0] == lists[1]
    assert b"posts_per_week" in lists[0]
    alone = invoke("shortlist", *options, "--mapping", mapping, "--output", tmp_path / "alone")
    assert alone.exit_code == 2
    assert "Found: no --input. Name the folder." in " ".join(alone.output.replace("│", " ").split())


def test_the_stage_prepare_takes_mappings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "contract", frames())
    mapping = renamed(tmp_path / "contract", tmp_path / "raw")
    (tmp_path / "own").mkdir()
    for name, dataset in (("direct", tmp_path / "contract"), ("mapped", tmp_path / "raw" / "export")):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        section = {
            "dataset": str(dataset),
            "own_dataset": str(tmp_path / "own"),
            "mapping": str(mapping) if name == "mapped" else None,
            "buckets": 2,
            "max_quarantined_share": 0.05,
            "jobs": 1,
        }
        Path("params.yaml").write_text(json.dumps({"prepare": section}))
        prepare_stage.run()
    one, other = (content_of(tmp_path / name / "data") for name in ("direct", "mapped"))
    assert one == other


def test_a_parquet_export_without_any_text_is_read(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    pl.DataFrame({"id": [7, 8], "fans": [10, 20]}).write_parquet(tmp_path / "export" / "a.parquet")
    columns = {"account_id": "id", "platform": {"value": "x"}, "follower_count": "fans"}
    mapping = mapping_file(tmp_path, accounts={"file": "a.parquet", "columns": columns})
    mapped(tmp_path / "export", mapping, tmp_path / "out")
    read = pl.read_parquet(tmp_path / "out" / "accounts.parquet").sort("account_id")
    assert read.select("account_id", "follower_count").rows() == [("7", "10"), ("8", "20")]


def test_rows_that_a_damaged_parquet_file_hides_are_no_rows_less(tmp_path: Path) -> None:
    # Two of its three rows come before a thread of polars panics, which ends them without an error.
    damaged = Path(__file__).parents[1] / "soak" / "corpus" / "parquet_with_changed_bytes" / "labels.parquet"
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "a.parquet").write_bytes(damaged.read_bytes())
    columns = {"account_id": "account_id", "platform": {"value": "x"}, "follower_count": "inauthentic_follower_share"}
    mapping = mapping_file(tmp_path, accounts={"file": "a.parquet", "columns": columns})
    with pytest.raises(UnusableInputError, match=r"'a\.parquet'.*") as refused:
        mapped(tmp_path / "export", mapping, tmp_path / "out")
    assert "of its 3 rows can be read" in str(refused.value) or "panic" in str(refused.value).lower()


def test_a_workbook_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    sheet = '<worksheet><sheetData><row><c r="A1"/></row><row><c r="XFD1048576"/></row></sheetData></worksheet>'
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", sheet)
    with pytest.raises(OSError, match="a sheet of 1,048,576 rows and 16,384 columns"):
        sheet_rows(path, None)


def test_a_workbook_that_says_it_is_small_is_unpacked_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "ALWAYS_UNPACKED", 2**20)
    path = tmp_path / "large.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/sharedStrings.xml", "x" * 2**21)
    content = path.read_bytes()
    path.write_bytes(content.replace((2**21).to_bytes(4, "little"), (1).to_bytes(4, "little")))
    with pytest.raises(OSError, match="holds more than 200 times its size"):
        sheet_rows(path, None)
