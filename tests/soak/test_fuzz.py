"""Generated datasets: what is made, what is owed of it, and that the judge finds what is wrong."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.tables import CONTRACTS
from pipeline.dataset import prepare_dataset
from pipeline.reading import FORMS
from soak.fuzz import oracle as judging
from soak.fuzz import run as running
from soak.fuzz.content import Odd, Reading, Row, base_rows, written
from soak.fuzz.generating import base_of, clean_rows, generated
from soak.fuzz.large import LARGE
from soak.fuzz.mutations import MUTATIONS
from soak.fuzz.oracle import Oracle
from soak.fuzz.reference import expected
from soak.fuzz.writing import write
from tests.pipeline.dataset_builders import content_of

DATASETS = 40


def accounts(*rows: dict[str, object]) -> list[Row]:
    return [Row({"platform": "x", "follower_count": 5, **row}) for row in rows]


def test_a_table_without_a_row_owes_nothing_and_accounts_must_have_one() -> None:
    nothing = expected(written({"accounts": accounts({"account_id": "a"}), "posts": []}))
    assert nothing.exit_code == 0
    assert nothing.fates["posts"].counts() == dict.fromkeys(nothing.fates["posts"].counts(), 0)
    assert expected(written({"accounts": []})).exit_code == 2


def test_every_row_of_the_reference_is_in_one_place() -> None:
    good = accounts(
        {"account_id": "a"}, {"account_id": "b"}, {"account_id": "b"}, {"account_id": "c"}, {"account_id": "d"}
    )
    good[3].cells["follower_count"] = Odd("many", Reading.UNREADABLE)
    good.append(Row({"account_id": "d", "platform": "x", "follower_count": 6}))
    days = [("a", 1), ("a", 2), ("c", 1), ("nobody", 1), (None, 1)]
    daily = [
        Row({"account_id": each, "date": datetime(2026, 1, day, tzinfo=UTC).date(), "follower_count": 5})
        for each, day in days
    ]
    dataset = written({"accounts": good, "followers_daily": daily})
    dataset.as_of = datetime(2026, 1, 2, tzinfo=UTC)
    fates = expected(dataset).fates
    # d stands there twice with different content; c is of no use, so that its rows are out of scope
    assert fates["accounts"].counts() == {
        "rows_in": 6, "used": 2, "quarantined": 3, "duplicates_collapsed": 1, "out_of_scope": 0, "after_as_of": 0,
    }  # fmt: skip
    assert fates["followers_daily"].counts() == {
        "rows_in": 5, "used": 1, "quarantined": 1, "duplicates_collapsed": 0, "out_of_scope": 2, "after_as_of": 1,
    }  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("parts", [0, 3])
def test_a_clean_dataset_is_used_whole_in_every_form(form: str, parts: int, tmp_path: Path) -> None:
    rows = base_rows(7)
    write(written(rows, form, parts), tmp_path / "in")
    summary = prepare_dataset(tmp_path / "in", tmp_path / "out", as_of=None, buckets=2, max_quarantined_share=0.05)
    assert {table: counts.used for table, counts in summary.tables.items()} == {
        table: len(content) for table, content in rows.items()
    }


@pytest.mark.parametrize("name", LARGE)
def test_what_is_large_is_a_dataset_when_it_is_small(name: str, tmp_path: Path) -> None:
    write(written({"accounts": base_rows(1)["accounts"]}), tmp_path / "in")
    LARGE[name][0](tmp_path / "in", 100_000)
    summary = prepare_dataset(tmp_path / "in", tmp_path / "out", as_of=None, buckets=1, max_quarantined_share=0.05)
    assert summary.tables["accounts"].used == len(base_rows(1)["accounts"])
    assert all(counts.used for counts in summary.tables.values())


def test_datasets_depend_on_their_number_alone(tmp_path: Path) -> None:
    write(generated(1, 5), tmp_path / "a")
    for number in range(4, 6):
        write(generated(1, number), tmp_path / f"b{number}")
    assert content_of(tmp_path / "a") == content_of(tmp_path / "b5")
    assert content_of(tmp_path / "a") != content_of(tmp_path / "b4")


def test_every_mutation_form_and_table_comes_about() -> None:
    made = [generated(3, number) for number in range(6 * len(MUTATIONS))]
    seen = Counter(name for dataset in made for name in dataset.mutations)
    assert set(seen) == set(MUTATIONS)
    assert {content.form for dataset in made for content in dataset.tables.values()} == set(FORMS)
    assert {table for dataset in made for table in dataset.tables} == set(CONTRACTS)
    assert {expected(dataset).exit_code for dataset in made} == {None, 0, 2, 3}


@pytest.mark.slow
def test_some_datasets_are_scored_refused_or_set_aside_and_nothing_else(project: Path, tmp_path: Path) -> None:
    oracle = Oracle(tmp_path, str(project / "data" / "model"))
    outcomes = [
        oracle.judge(generated(9, number), number, base_of(9, number), clean_rows(9, number))
        for number in range(DATASETS)
    ]
    assert [fault for outcome in outcomes for fault in outcome.faults] == []
    assert {outcome.exit_code for outcome in outcomes} >= {0, 2}
    assert sum(outcome.compared for outcome in outcomes) > DATASETS


def test_the_judge_says_what_is_wrong(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = Oracle(tmp_path, str(project / "data" / "model"))
    rows = base_rows(2)
    dataset = written(rows)
    foreseen = expected(dataset)
    foreseen.fates["accounts"].used.pop("account-0")
    monkeypatch.setattr(judging, "expected", lambda _: foreseen)
    faults = oracle.judge(dataset, 4, 2, rows).faults
    assert any(fault.startswith("accounts: (found, owed) {'used': ") for fault in faults)
    assert any(fault.startswith("score: scored ['account-0'") for fault in faults)
    foreseen.exit_code = 2
    monkeypatch.setattr(judging, "LONGEST_MESSAGE", -1)
    again = oracle.judge(dataset, 5, 2, rows).faults
    assert any("exit code 0 instead of 2" in fault for fault in again)
    assert any("a message of 0 characters" in fault for fault in again)


def test_a_worker_that_dies_is_a_fault_of_the_dataset_in_hand_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rest = {"exit_code": 0, "faults": [], "quarantined": 1, "tables": 2, "compared": 3, "mutations": ["utf16"]}
    starts = []

    class Ended:
        stderr = "Fatal Python error: Segmentation fault"

        def __init__(self, first: int, last: int) -> None:
            numbers = range(first, min(last, 2) if first < 2 else last)
            lines = [line for number in numbers for line in ({"number": number}, {"number": number, **rest})]
            self.returncode = 0 if first >= 2 else -11
            self.stdout = "\n".join(json.dumps(line) for line in [*lines, *([{"number": 2}] if first < 2 else [])])

    def run(command: list[str], **_: object) -> Ended:
        first, last = (int(command[command.index(name) + 1]) for name in ("--first", "--last"))
        starts.append(first)
        return Ended(first, last)

    monkeypatch.setattr(running.subprocess, "run", run)
    result = running.run(5, seed=1, jobs=1, model="model")
    assert starts == [0, 3]
    values = {figure.name: (figure.value, figure.holds) for figure in result.figures}
    assert values["datasets"] == ("5", True)
    assert values["good accounts scored, bad rows in quarantine (exit code 0)"] == ("4", True)
    assert values["tracebacks, crashes, hangs, lost rows, wrong rows, wrong scores"] == ("1", False)
    assert result.notes[1] == "Fault in dataset 2: the process ended with -11: Fatal Python error: Segmentation fault"
    assert not result.holds


def test_what_was_not_begun_in_time_is_missing_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running.subprocess, "run", lambda *_, **__: pytest.fail("began"))
    result = running.run(5, seed=1, jobs=1, model="model", minutes=0.0)
    (datasets,) = [figure for figure in result.figures if figure.name == "datasets"]
    assert (datasets.value, datasets.owed, datasets.holds) == ("0", "5", False)
