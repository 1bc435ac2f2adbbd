"""The benchmark runs, and its page says what was measured. No test depends on a time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from benchmarks import extraction
from benchmarks.accounts import Size, write_accounts
from benchmarks.extraction import ALL, NETWORK, READ, Cost, app, do, frame_costs, machine, page_of
from features.compute import group_module
from features.definition import MODEL_GROUPS
from features.tables import CONTRACTS
from pipeline.dataset import bucket_ids, read_bucket

SMALL = Size(days=30, posts=12, comments=25)
ACCOUNTS = 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifty small accounts."""
    place = tmp_path_factory.mktemp("bench") / "prepared"
    write_accounts(place, ACCOUNTS, SMALL, seed=1)
    return place


def whole(folder: Path, table: str) -> pl.DataFrame:
    return pl.concat([getattr(read_bucket(folder, bucket), table) for bucket in bucket_ids(folder)])


# --- the accounts -----------------------------------------------------------------------------------------------------


def test_no_account_can_be_written(tmp_path: Path) -> None:
    write_accounts(tmp_path, 0, SMALL, seed=1)
    assert do(tmp_path, READ) == 0


@pytest.mark.parametrize(
    ("table", "rows"),
    [("accounts", 50), ("followers_daily", 50 * 30), ("posts", 50 * 12), ("comments", 50 * 25)],
)
def test_every_table_has_its_rows_and_fits_the_contract(folder: Path, table: str, rows: int) -> None:
    found = whole(folder, table)
    assert found.height == rows
    CONTRACTS[table].pandera_schema().validate(found.select(*CONTRACTS[table].schema))
    assert not found.select(CONTRACTS[table].key).is_duplicated().any()


def test_nothing_is_written_before_its_post_or_after_the_end(folder: Path) -> None:
    comments = whole(folder, "comments").join(whole(folder, "posts"), on=["account_id", "post_id"])
    assert comments.height == 50 * 25
    assert (comments["commented_at"] >= comments["posted_at"]).all()
    assert (comments["commented_at"] <= comments["observed_at"]).all()


def test_the_vocabulary_grows_with_the_comments(tmp_path: Path) -> None:
    words = {}
    for accounts in (40, 160):
        place = tmp_path / str(accounts)
        write_accounts(place, accounts, Size(days=1, posts=1, comments=50), seed=2)
        words[accounts] = whole(place, "comments")["text"].str.split(" ").explode().n_unique()
    assert words[160] > 1.2 * words[40]


def test_comments_are_of_many_scripts_and_not_all_alike(folder: Path) -> None:
    texts = whole(folder, "comments")["text"]
    for script in (r"\p{Latin}", r"\p{Cyrillic}", r"\p{Thai}", r"\p{Han}|\p{Hiragana}|\p{Katakana}", r"\p{Arabic}"):
        assert texts.str.contains(script).any()
    assert texts.n_unique() > texts.len() / 2


def test_the_same_seed_gives_the_same_accounts(folder: Path, tmp_path: Path) -> None:
    write_accounts(tmp_path, ACCOUNTS, SMALL, seed=1)
    for table in ("accounts", "followers_daily", "posts", "comments"):
        assert_frame_equal(whole(tmp_path, table), whole(folder, table))


# --- what is measured -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", [READ, *MODEL_GROUPS, ALL, NETWORK])
def test_a_task_sees_every_account(folder: Path, task: str) -> None:
    assert do(folder, task) == ACCOUNTS


def test_an_unknown_task_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"task 'growht' is unknown\. Known: read, all, network, growth"):
        do(folder, "growht")


def test_the_time_of_every_frame_is_told(folder: Path) -> None:
    rows = {(row["group"], row["frame"]): row for row in frame_costs(folder)}
    expected = {(group, frame) for group in MODEL_GROUPS for frame in group_module(group).FRAMES}
    assert set(rows) == expected | {("each", "context of the account")}
    features = sum(row["features"] for row in rows.values())
    assert features == sum(len(group_module(group).FEATURES) for group in MODEL_GROUPS)
    assert sum(row["build"] for row in rows.values()) > 0


def test_a_task_in_a_process_of_its_own_tells_its_cost(folder: Path) -> None:
    cost, seen = extraction._run(folder, READ, threads=1)
    assert seen == ACCOUNTS
    assert cost.cpu_seconds >= 0
    assert cost.peak_megabytes > 10


COSTS = {READ: 2.0, ALL: 80.0, NETWORK: 8.0, **dict.fromkeys(MODEL_GROUPS, 20.0)}


def made_up(folder: Path, task: str, threads: int) -> tuple[Cost, Any]:  # noqa: ARG001
    """What a process would answer: a quarter of the accounts cost a quarter."""
    if task == extraction.FRAMES:
        return Cost(1, 1, 1), [
            {"group": "growth", "frame": "days", "features": 3, "build": 1.0, "aggregate": 2.0},
            {"group": "comments", "frame": "comments", "features": 30, "build": 8.0, "aggregate": 1.0},
        ]
    part = 4.0 if folder.name == "part" else 1.0
    return Cost(COSTS[task] / part, 2 * COSTS[task] / part, 300.0 / part), None


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Figures of runs that did not take place."""
    monkeypatch.setattr(extraction, "_run", made_up)
    return extraction.measure(80, Size(days=2, posts=2, comments=2), runs=3, threads=1)


def test_figures_follow_from_the_costs(figures: dict[str, Any]) -> None:
    assert figures["ratio"] == 80.0 / 2.0
    assert figures["tasks"][ALL]["accounts_per_cpu_second"] == 80 / 80.0
    assert figures["tasks"]["growth"]["ratio"] == 20.0 / 2.0
    # Four times the accounts at four times the cost.
    assert figures["growth"]["exponent"] == pytest.approx(1.0)


def test_the_median_run_counts() -> None:
    assert extraction._median([Cost(9, 1, 5), Cost(1, 2, 5), Cost(3, 3, 6)]) == Cost(3, 2, 5)


def test_the_page_is_made_of_the_figures(figures: dict[str, Any]) -> None:
    count = sum(len(group_module(group).FEATURES) for group in MODEL_GROUPS)
    page = page_of(figures)
    assert "| bare read | 0 | 2.0 | 1.0 | 40 | 4.0 | 300 |" in page
    assert f"| all groups but network | {count} | 80.0 | 40.0 | 1 | 160.0 | 300 |" in page
    assert "From 20 to 80 accounts the CPU seconds of all groups grow from 20.0 to 80.0" in page
    assert "power 1.00" in page
    # The dearest frame first: 9 of 12 seconds.
    assert page.index("| comments | comments | 30 | 8.0 | 1.0 | 75% |") < page.index("| growth | days | 3 |")
    assert machine()["polars"] in page


@pytest.mark.slow
def test_the_command_measures_in_processes_and_writes_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = []

    def here(folder: Path, task: str, threads: int) -> tuple[Cost, Any]:
        """The same work in this process: ten interpreters would take most of a minute to start."""
        measured.append((folder.name, task, threads))
        found = frame_costs(folder) if task == extraction.FRAMES else do(folder, task)
        return Cost(1.0, 1.0, 1.0), found

    monkeypatch.setattr(extraction, "Size", lambda: SMALL)
    monkeypatch.setattr(extraction, "_run", here)
    page = tmp_path / "benchmarks.md"
    done = CliRunner().invoke(app, ["bench", "--accounts", "50", "--runs", "1", "--threads", "2", "--page", str(page)])
    assert done.exit_code == 0, done.output
    tasks = {task for name, task, _ in measured if name == "whole"}
    assert tasks == {READ, *MODEL_GROUPS, ALL, NETWORK, extraction.FRAMES}
    assert {threads for _, _, threads in measured} == {2}
    assert page.read_text().startswith("# Benchmarks\n")
    assert f"python {sys.version.split()[0]}" in page.read_text()
    assert "nan" not in page.read_text()
