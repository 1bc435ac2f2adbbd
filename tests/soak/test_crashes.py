"""The part that kills: what it counts is what happened."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from pipeline.errors import UnusableInputError
from pipeline.storage import JOURNAL, RUN_PREFIX
from soak.crashes import kills
from soak.crashes.children import Command, run
from soak.crashes.disks import Outcome
from soak.crashes.kills import ABSENT, MIXED, NEW, OLD, PENDING, Counts, kill_all, leftovers, phase, state
from soak.crashes.part import _killed, _notes, _tried, crashes
from soak.crashes.scene import Case, Scene, SceneError, done, files_of


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """A command whose earlier result is a file `a` of 1, and whose new one is of 2."""
    (tmp_path / "earlier").mkdir()
    (tmp_path / "earlier" / "a").write_text("1", encoding="utf-8")
    (tmp_path / "work").mkdir()
    made = Case("made up", ("--help",), 1, tmp_path / "work", tmp_path / "work" / "out", tmp_path / "earlier")
    made.new = {"a": b"2", "b": b"2"}
    return made


def put(case: Case, **files: str) -> None:
    case.output.mkdir(exist_ok=True)
    for name, text in files.items():
        (case.output / name).write_text(text, encoding="utf-8")


def test_nothing_there_is_nothing_found(case: Case) -> None:
    assert files_of(case.output) == {}
    assert state(case, {}) == ABSENT
    assert leftovers(case.output) == []
    assert phase(case) == "beginning or ending"


@pytest.mark.parametrize(
    ("files", "expected"),
    [({"a": "1"}, OLD), ({"a": "2", "b": "2"}, NEW), ({"a": "2"}, MIXED), ({"a": "1", "b": "2"}, MIXED)],
    ids=["earlier", "new", "half of the new", "some of both"],
)
def test_what_a_reader_finds_is_told(files: dict[str, str], expected: str, case: Case) -> None:
    put(case, **files)
    assert state(case, case.old) == expected


def test_a_journal_marks_a_half_renamed_result(case: Case) -> None:
    put(case, a="2")
    (case.output / JOURNAL).mkdir()
    assert state(case, case.old) == PENDING
    assert phase(case) == "publishing"
    assert leftovers(case.output) == [JOURNAL]


def test_a_scratch_folder_tells_the_phase(case: Case) -> None:
    put(case, a="1")
    place = case.output / f"{RUN_PREFIX}0"
    place.mkdir()
    assert phase(case) == "reading"
    (place / "prepared").mkdir()
    assert phase(case) == "scoring or pages"
    (place / "prepared" / ".complete").mkdir()
    assert phase(case) == "writing"


def test_a_summary_is_compared_without_its_seconds(tmp_path: Path) -> None:
    for name, seconds in (("a", 1), ("b", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.json").write_text(f'{{"seconds": {seconds}, "x": 1}}', encoding="utf-8")
    assert files_of(tmp_path / "a") == files_of(tmp_path / "b")


def test_a_fault_is_a_figure_that_does_not_hold() -> None:
    good, bad = Counts(kills=2, finished=2), Counts(kills=2, finished=1, faults=["it broke"])
    bad.states = Counter({MIXED: 1, OLD: 1})
    assert all(figure.holds for figure in _killed({"a": good}, 2))
    assert not _killed({"a": good}, 3)[0].holds  # one run was done before its kill
    broken = {figure.name: figure.holds for figure in _killed({"a": good, "b": bad}, 4)}
    assert not broken["parts of two results, unmarked"]
    assert not broken["faults"]
    assert not broken["`b`"]
    assert broken["`a`"]


def test_what_this_machine_does_not_allow_is_said() -> None:
    assert "Not tried, since this machine does not allow it: a disk (no mount)." in _notes({}, ["a disk (no mount)"])
    assert not any("Not tried" in note for note in _notes({}, []))
    (figure,) = _tried([Outcome("a disk", "exit code 2", False, "exit code 1")])
    assert (figure.value, figure.holds) == ("exit code 1", False)


def test_without_a_model_there_is_nothing_to_kill(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match="there is no model"):
        crashes(1, 1, tmp_path)


@pytest.mark.slow
def test_commands_are_killed_and_finished(project: Path, tmp_path: Path) -> None:
    scene = Scene(tmp_path, project / "data" / "model", project, accounts=20)
    for name in ("first", "second"):
        simulated = ("simulate", "--output", name, "--accounts", "20", "--seed", "6100001", "--quiet")
        done(Command(simulated, tmp_path), tmp_path / "log")
        scored = ("score", "--input", name, "--output", f"scored-{name}", "--model", str(scene.model), "--quiet")
        done(Command(scored, tmp_path), tmp_path / "log")
    for name in ("second.csv", "map.yaml"):
        (tmp_path / name).touch()
    (over,) = (each for each in scene.cases(with_dvc=False) if each.name == "score over an earlier result")
    told: list[str] = []
    counts = kill_all(scene, [over], 2, 1, told.append)[over.name]
    assert counts.kills == counts.finished == 2
    assert counts.faults == []
    assert told[-1] == f"{over.name}: 2 of 2"
    with pytest.raises(SceneError, match="ended with 2"):
        done(Command(("score", "--input", "nowhere", "--output", "x"), tmp_path), tmp_path / "log")
    kills.clean(tmp_path / "work")
    assert not (tmp_path / "work").exists()
    hung = run(Command(("sleep", "30"), tmp_path, is_shell=True), tmp_path / "log", 0.5)
    assert hung.code == -9
    shutil.rmtree(tmp_path / "scored-first")
