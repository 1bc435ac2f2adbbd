"""Every task does its work on tiny folders, and a process of its own tells what it cost. No test depends on a time."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.accounts import write_accounts
from benchmarks.extraction import frame_costs
from benchmarks.measuring import Cost, ProcessFailedError, command_cost, in_own_process, machine, median, spent_since
from benchmarks.tasks import ALL, FRAMES, NETWORK, READ, READ_PANDAS, TASKS, Task, notebook_task, task_of
from features.compute import group_module
from features.definition import MODEL_GROUPS
from tests.benchmarks.conftest import ACCOUNTS, SMALL

OF_ACCOUNTS = [READ, READ_PANDAS, ALL, NETWORK, *MODEL_GROUPS, notebook_task("vectorised")]


def test_a_folder_without_accounts_is_read(tmp_path: Path) -> None:
    write_accounts(tmp_path, 0, SMALL, seed=1)
    assert task_of(READ).run(tmp_path) == 0


@pytest.mark.parametrize("task", OF_ACCOUNTS)
def test_a_task_sees_every_account(folder: Path, task: str) -> None:
    assert task_of(task).run(folder) == ACCOUNTS


def test_a_raw_folder_is_read_like_a_prepared_one(raw: Path) -> None:
    assert task_of(READ).run(raw) == ACCOUNTS


@pytest.mark.slow
@pytest.mark.parametrize("library", ["tsfresh minimal", "pycatch22"])
def test_a_library_for_curves_describes_every_curve(folder: Path, library: str) -> None:
    pytest.importorskip(library.split(maxsplit=1)[0])
    found = task_of(f"curves-{library.replace(' ', '-')}").run(folder)
    assert found == {"curves": ACCOUNTS, "features": {"tsfresh minimal": 10, "pycatch22": 24}[library]}


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(ValueError, match=r"task 'growht' is unknown\. Known: read, growth, comments"):
        task_of("growht")


def test_the_time_of_every_frame_is_told(folder: Path) -> None:
    rows = {(row["group"], row["frame"]): row for row in frame_costs(folder)}
    expected = {(group, frame) for group in MODEL_GROUPS for frame in group_module(group).FRAMES}
    assert set(rows) == expected | {("each", "context of the account")}
    features = sum(row["features"] for row in rows.values())
    assert features == sum(len(group_module(group).FEATURES) for group in MODEL_GROUPS)
    assert sum(row["build"] for row in rows.values()) > 0


def test_work_is_warmed_up_before_it_counts_and_a_whole_process_is_not(tmp_path: Path) -> None:
    seen: list[str] = []

    def work(folder: Path, **settings: Any) -> int:
        seen.append(folder.name)
        return int(settings["number"])

    cost, found = Task(work).cost(tmp_path / "whole", {"number": 3}, tmp_path / "ten", 0.0)
    assert seen == ["ten", "whole"]
    assert found == 3
    assert cost.peak_megabytes > 10
    Task(work, whole=True).cost(tmp_path / "whole", {"number": 3}, tmp_path / "ten", 0.0)
    assert seen == ["ten", "whole", "whole"]


def test_a_whole_process_counts_from_its_start() -> None:
    cost, _ = spent_since(time.monotonic() - 5.0, lambda: None)
    assert 5.0 <= cost.wall_seconds < 60.0
    assert cost.cpu_seconds > 0


def test_the_median_of_each_figure_counts() -> None:
    assert median([Cost(9, 1, 5), Cost(1, 2, 5), Cost(3, 3, 6)]) == Cost(3, 2, 5)


def test_work_prints_its_cost_on_the_last_line(folder: Path) -> None:
    done = CliRunner().invoke(app, ["work", READ, str(folder)])
    assert done.exit_code == 0
    assert done.output.startswith('{"cost": {"cpu_seconds": ')
    assert done.output.endswith('"found": 20}\n')


def test_a_process_of_its_own_tells_its_cost(folder: Path) -> None:
    cost, seen = in_own_process([READ, str(folder), "--warm", str(folder)])
    assert seen == ACCOUNTS
    assert cost.cpu_seconds >= 0
    assert cost.peak_megabytes > 10


def test_a_process_that_fails_tells_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ProcessFailedError, match=r"growht: ended with code 1\. Found: ValueError: work: task 'growht'"):
        in_own_process(["growht", str(tmp_path)])


def test_a_command_is_measured_or_its_failure_told() -> None:
    cost, printed = command_cost([sys.executable, "-c", "print('so')"])
    assert printed == "so\n"
    assert cost.wall_seconds > 0
    with pytest.raises(ProcessFailedError, match=r"ended with code 3\. Found: no"):
        command_cost([sys.executable, "-c", "print('no'); raise SystemExit(3)"])


def test_the_machine_is_described() -> None:
    told = machine()
    assert ["python", sys.version.split()[0]] in told["versions"]
    assert told["gigabytes"] > 0


def test_every_task_has_a_name_of_its_own() -> None:
    assert {FRAMES, *OF_ACCOUNTS, notebook_task("apply")} <= set(TASKS)
