from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from rich.prompt import Prompt

from features.tables import CONTRACTS
from pipeline.errors import UnusableInputError
from pipeline.map import make_mapping
from pipeline.mapping.ask import decide
from pipeline.mapping.checking import read_mapping
from pipeline.mapping.guess import Proposal, propose
from pipeline.mapping.names import NAMES, rank
from pipeline.mapping.writing import mapping_text
from tests.pipeline.dataset_builders import FORMS, frames, write, write_text
from tests.pipeline.projects import invoke, silent


def guessed(export: Path) -> dict[str, Any]:
    """The tables of the mapping that a folder suggests."""
    tables: dict[str, Any] = yaml.safe_load(mapping_text(propose(export)))["tables"]
    return tables


def questions(proposal: Proposal) -> list[str]:
    return [guess.question or "" for guess in proposal.open_questions()]


def test_nothing_is_guessed_of_an_empty_folder_or_of_none(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"nothing in .* looks like accounts"):
        make_mapping(tmp_path, tmp_path / "map.yaml", ask=False, report=silent)
    with pytest.raises(UnusableInputError, match="there is no such folder"):
        make_mapping(tmp_path / "none", tmp_path / "map.yaml", ask=False, report=silent)
    assert list(tmp_path.iterdir()) == []


def test_every_name_is_of_a_table_and_column_of_the_contract_and_finds_it() -> None:
    for table, columns in NAMES.items():
        assert set(columns) <= set(CONTRACTS[table].schema)
        for column in columns:
            assert rank(table, column, column) == 0, f"{table}.{column} is not its own likeliest name"


@pytest.mark.parametrize("form", [form for form in FORMS if form != "parts"])
def test_a_folder_in_the_contract_maps_to_itself(tmp_path: Path, form: str) -> None:
    content = frames()
    write(tmp_path / "export", content, form)
    tables = guessed(tmp_path / "export")
    assert set(tables) == set(content)
    for table, spec in tables.items():
        assert spec["file"] == f"{table}.{form}"
        odd = {name: value for name, value in spec["columns"].items() if name != value}
        # The niche of all is 'food', two accounts have no row that fills this column, and so on: names stay names.
        assert odd == {}, table
        required = set(CONTRACTS[table].required)
        assert required <= set(spec["columns"])


def test_the_same_folder_gives_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "export", frames(), "csv")
    assert mapping_text(propose(tmp_path / "export")) == mapping_text(propose(tmp_path / "export"))


def test_the_order_of_day_and_month_is_told_by_a_day_above_12_or_left_to_a_person(tmp_path: Path) -> None:
    header = "channel,{},02/02/2026,03/02/2026\nyoutube a,1,2,3\n"
    told = write_text(tmp_path / "told", youtube__csv=header.format("13/02/2026"))
    assert guessed(told)["followers_daily"]["wide"]["date"] == "%d/%m/%Y"
    other = write_text(tmp_path / "other", youtube__csv=header.replace("02/02", "02/14").format("01/02/2026"))
    assert guessed(other)["followers_daily"]["wide"]["date"] == "%m/%d/%Y"
    undecided = write_text(tmp_path / "undecided", youtube__csv=header.format("01/02/2026"))
    [question] = questions(propose(undecided))
    assert "day first (2026-02-01) or month first (2026-01-02)?" in question
    # The first of January is the same day either way and tells nobody what is asked.
    same_first = write_text(tmp_path / "same", youtube__csv=header.format("01/01/2026"))
    assert "'03/02/2026' day first (2026-02-03) or month first (2026-03-02)?" in questions(propose(same_first))[0]
    output = tmp_path / "map.yaml"
    result = invoke("map", "--input", undecided, "--output", output)
    assert result.exit_code == 4
    assert "undecided: followers_daily.wide" in result.stderr
    with pytest.raises(UnusableInputError, match="the order of day and month is undecided"):
        read_mapping(output)


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (("1,234", "950"), "."),  # 1.234 followers there are none
        (("1.234", "950"), ","),
        (("1.5K", "2K"), "."),
        (("1,5K", "2K"), ","),
        (("1.234M", "2M"), "undecided"),
        (("1,234K", "2K"), "undecided"),
        (("12.000", "5.000"), "undecided"),  # twelve thousand, or a number that passed through a float
    ],
)
def test_the_decimal_mark_is_told_by_the_cells_or_left_to_a_person(
    tmp_path: Path, cells: tuple[str, str], decimal: str
) -> None:
    text = "".join(f"{who};{cell}\n" for who, cell in zip(("a", "b"), cells, strict=True))
    export = write_text(tmp_path / "instagram", accounts__csv=f"username;followers\n{text}")
    assert guessed(export)["accounts"]["columns"]["follower_count"] == {"from": "followers", "decimal": decimal}


def test_columns_of_numbers_beside_dates_are_accounts_only_where_something_says_so(tmp_path: Path) -> None:
    text = "date,revenue,clicks\n2026-01-01,5,6\n2026-01-02,5,6\n"
    unclear = write_text(tmp_path / "youtube", analytics__csv=text)
    [question] = questions(propose(unclear))
    assert "are revenue, clicks accounts, and the cells their followers?" in question
    assert "wide" not in guessed(unclear)["followers_daily"]
    output = tmp_path / "map.yaml"
    assert invoke("map", "--input", unclear, "--output", output).exit_code == 4
    with pytest.raises(UnusableInputError, match="column 'account_id' is required, and not mapped"):
        read_mapping(output)
    told = write_text(tmp_path / "told" / "youtube", followers__csv=text)
    assert guessed(told)["followers_daily"]["wide"] == {"headers": "account_id", "cells": {"follower_count": None}}


def test_two_open_questions_about_one_table_are_one_with_all_answers(tmp_path: Path) -> None:
    text = "channel;01/02/2026;02/02/2026;03/02/2026\na;1.234M;1.300M;1.301M\n"
    [guess] = propose(write_text(tmp_path / "youtube", tracker__csv=text)).open_questions()
    assert [label for label, _ in guess.choices] == [
        'day first, decimal ".", thousands ","',
        'day first, decimal ",", thousands "."',
        'month first, decimal ".", thousands ","',
        'month first, decimal ",", thousands "."',
    ]
    assert guess.choices[1][1] == {
        "headers": "date",
        "date": "%d/%m/%Y",
        "cells": {"follower_count": {"decimal": ","}},
    }


def test_headers_that_are_dates_are_told_from_others_that_hold_digits(tmp_path: Path) -> None:
    text = "channel id 2,likes 2026,2026-01-01,2026-01-02,2026-01-03\na,5,1,2,3\nb,6,1,2,3\n"
    tables = guessed(write_text(tmp_path / "youtube", tracker__csv=text))
    assert tables["followers_daily"]["wide"]["headers"] == "date"


def test_a_platform_that_nothing_tells_or_two_are_named_is_left_to_a_person(tmp_path: Path) -> None:
    text = "username,followers\n{},5\n"
    for names, platform in (
        (("accounts__csv",), "undecided"),
        (("instagram__csv",), "instagram"),
        (("instagram__csv", "tiktok__csv"), "undecided"),
    ):
        export = write_text(tmp_path / "-".join(names), **{name: text.format(name) for name in names})
        assert guessed(export)["accounts"]["columns"]["platform"] == {"value": platform}


def test_hidden_likes_and_texts_for_nothing_are_named(tmp_path: Path) -> None:
    post = {"shortCode": "A", "timestamp": "2026-01-01T10:00:00Z", "likesCount": -1, "commentsCount": 3}
    record = {"username": "a", "followersCount": 7, "latestPosts": [post]}
    export = write_text(tmp_path / "export", profile__json=json.dumps(record))
    assert guessed(export)["posts"]["columns"]["like_count"] == {"from": "likesCount", "missing": ["-1"]}


def test_ids_are_chosen_so_that_the_tables_refer_to_each_other(tmp_path: Path) -> None:
    export = write_text(
        tmp_path / "tiktok",
        accounts__csv="id,username,followers\n1,anna,5\n2,ben,6\n",
        videos__csv="video_id,author,created_at,views\nv1,anna,2026-01-01,5\nv2,ben,2026-01-01,6\n",
    )
    tables = guessed(export)
    assert tables["accounts"]["columns"]["account_id"] == "username"
    assert tables["posts"]["columns"]["account_id"] == "author"


def test_a_column_of_some_other_judgement_is_no_label(tmp_path: Path) -> None:
    text = "username,followers,is_fake,label\na,5,true,1\nb,6,false,0\n"
    export = write_text(
        tmp_path / "instagram", accounts__csv=text, labels__csv="username,is_inauthentic\na,true\nb,false\n"
    )
    tables = guessed(export)
    assert tables["labels"]["file"] == "labels.csv"
    assert set(tables["accounts"]["columns"]) == {"account_id", "platform", "handle", "follower_count"}


def test_what_is_not_mapped_is_said(tmp_path: Path) -> None:
    export = write_text(
        tmp_path / "instagram",
        accounts__csv="username,followers,shoe size\na,5,44\n",
        notes__csv="a,b\n1,2\n",
        x__pdf="?",
    )
    text = mapping_text(propose(export))
    assert "# accounts: not used of accounts.csv: shoe size." in text
    assert "# not mapped: notes.csv." in text
    assert "# not read: x.pdf: no form that is read." in text


def test_names_and_cells_that_carry_markup_stay_in_their_comment(tmp_path: Path) -> None:
    odd = 'handle": {value: x}\u2028tables: {}'
    export = tmp_path / "instagram"
    export.mkdir()
    (export / "accounts.csv").write_text(f'username,followers,"{odd.replace(chr(34), chr(34) * 2)}"\n"a\nb: c",5,x\n')
    text = mapping_text(propose(export))
    assert set(yaml.safe_load(text)) == {"tables"}
    assert set(yaml.safe_load(text)["tables"]) == {"accounts"}


def test_a_mapping_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    export = write_text(tmp_path / "instagram", accounts__csv="username,followers\na,5\n")
    output = tmp_path / "map.yaml"
    output.write_text("mine")
    result = invoke("map", "--input", export, "--output", output)
    assert result.exit_code == 2
    assert "is there already" in result.stderr
    assert output.read_text() == "mine"


def test_a_complete_guess_ends_with_the_next_step(tmp_path: Path) -> None:
    export = write_text(tmp_path / "instagram", accounts__csv="username,followers\na,5\n")
    result = invoke("map", "--input", export, "--output", tmp_path / "map.yaml")
    assert result.exit_code == 0
    assert "follower_count: 'followers' holds '5'." in result.stdout
    assert "Score it next: python -m pipeline score" in result.stderr
    assert read_mapping(tmp_path / "map.yaml").tables["accounts"].columns["platform"].value == "instagram"


def test_a_person_is_asked_what_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = write_text(tmp_path / "export", tracker__csv="channel,01/02/2026,02/02/2026,03/02/2026\na,1,2,3\n")
    proposal = propose(export)
    answers = iter(["3", "2"])  # youtube; month first
    asked = []

    def answer(*_: object, choices: list[str], **__: object) -> str:
        asked.append(choices)
        return next(answers)

    monkeypatch.setattr(Prompt, "ask", answer)
    console = Console(file=io.StringIO(), width=100)
    decide(proposal, console)
    assert asked == [["0", "1", "2", "3", "4", "5", "6"], ["0", "1", "2"]]
    assert proposal.open_questions() == []
    tables = yaml.safe_load(mapping_text(proposal))["tables"]
    assert tables["accounts"]["columns"]["platform"] == {"value": "youtube"}
    assert tables["followers_daily"]["wide"]["date"] == "%m/%d/%Y"
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "where do these accounts live?" in shown
    assert "day first (2026-02-01) or month first (2026-01-02)?" in " ".join(shown.split())


def test_who_answers_later_leaves_the_question_in_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = write_text(tmp_path / "export", accounts__csv="username,followers\na,5\n")
    proposal = propose(export)
    monkeypatch.setattr(Prompt, "ask", lambda *_, **__: "0")
    decide(proposal, Console(file=io.StringIO()))
    assert len(proposal.open_questions()) == 1


def test_the_mapping_quotes_nothing_that_people_wrote_and_nobody_who_did(tmp_path: Path) -> None:
    content = frames()
    content["comments"] = content["comments"].rename({"text": "message", "commenter_id": "author"})
    write(tmp_path / "in", content, "csv")
    done = invoke("map", "--input", tmp_path / "in", "--output", tmp_path / "map.yaml", "--guess")
    for said in (done.output, (tmp_path / "map.yaml").read_text(encoding="utf-8")):
        assert "'message' holds 7 different cells" in said  # one of the eight texts is empty
        assert "'author' holds 7 different cells, 5 characters in the middle" in said
        for quoted in ("so nice", "fan-0", "hello, world", "and c"):
            assert quoted not in said
