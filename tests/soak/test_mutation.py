"""The mutation run: which changes it draws, whose tests meet them, and what it takes for noticed."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import coverage
import pytest

from soak.covering import Coverings, coverings, environment
from soak.mutants import Change, Mutant, drawn, places_of
from soak.mutation import UNTESTED, Tried, result_of
from soak.noting import TooLongError, _give_up
from soak.trial import KILLED, SURVIVED, TIMED_OUT, changed

ROOT = Path(__file__).parent.parent.parent
MODULE = Path("rooms.py")
SOURCE = """\
from numba import njit

@njit(cache=True)
def doubled(number: int | None) -> int | None:
    taken: int | str = number * 2
    return taken

UNUSED = 7
"""
TEST = """\
from rooms import doubled

def test_doubled():
    assert doubled(3) == 6
"""
POPULATION = {"places": 4, "changes": 15, "modules": 1}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / MODULE).write_text(SOURCE)
    (tmp_path / "test_rooms.py").write_text(TEST)
    return tmp_path


def outcomes(tree: Path, trials: list[dict[str, object]]) -> list[str]:
    """What the process that tries mutants answers."""
    told = subprocess.run(
        [sys.executable, "-m", "soak.trial"],
        cwd=tree,
        env=environment(tree) | {"PYTHONPATH": f"{tree}:{ROOT}"},
        input="".join(json.dumps(trial) + "\n" for trial in trials),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_an_empty_module_has_no_place_to_change(tmp_path: Path) -> None:
    (tmp_path / MODULE).write_text("")
    assert places_of(MODULE, tmp_path) == []
    assert drawn([], 5, seed=1) == []


def test_places_are_what_runs_and_not_annotations_nor_the_compilers_decorator(tree: Path) -> None:
    places = places_of(MODULE, tree)
    # the product (eleven other operators), its 2 and the 7 (one more, one less each)
    assert [(place.line, len(place.changes)) for place in places] == [(5, 11), (5, 2), (8, 2)]


def test_a_mutant_is_the_module_with_one_change(tree: Path) -> None:
    mutant = Mutant(MODULE, 8, Change("core/NumberReplacer", 2))
    assert mutant.source(tree) == SOURCE.replace("UNUSED = 7", "UNUSED = 8")
    assert mutant.difference(tree) == "-UNUSED = 7\n+UNUSED = 8"
    with pytest.raises(LookupError, match="no occurrence 9"):
        Mutant(MODULE, 8, Change("core/NumberReplacer", 9)).source(tree)


def test_a_draw_hangs_on_its_seed_and_holds_every_module(tree: Path) -> None:
    (tree / "small.py").write_text("ONE = 1\n")
    places = [*places_of(MODULE, tree), *places_of(Path("small.py"), tree)]
    first = drawn(places, 2, seed=1)
    assert first == drawn(places, 2, seed=1)
    assert {mutant.path for mutant in first} == {MODULE, Path("small.py")}
    assert {tuple(drawn(places, 2, seed=seed)) for seed in range(10)} != {tuple(first)}


def test_a_line_meets_the_tests_that_run_it_and_then_their_neighbours(tree: Path) -> None:
    lines = {MODULE: {5: frozenset({"a.py::slow", "a.py::quick"}), 8: frozenset({""}), 6: frozenset({"b.py::other"})}}
    seconds = {"a.py::slow": 2.0, "a.py::quick": 0.1, "a.py::neighbour": 0.2, "b.py::other": 0.3, "c.py::far": 0.1}
    known = Coverings(tree, lines, seconds)
    assert known.tests(MODULE, 5) == ["a.py::quick", "a.py::slow", "a.py::neighbour"]
    assert known.tests(MODULE, 8) == [
        "a.py::quick",
        "b.py::other",
        "a.py::slow",
    ]  # run at import: all of the module
    assert known.tests(Path("test_rooms.py"), 4) == []


def test_a_constant_meets_the_tests_of_the_lines_that_name_it_in_any_module(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("LEAD = 3\n\ndef near(day):\n    return day < LEAD\n\ndef far():\n    return 9\n")
    (tmp_path / "two.py").write_text("import one\n\ndef later():\n    return one.LEAD\n")
    lines = {
        Path("one.py"): {1: frozenset({""}), 4: frozenset({"a.py::near"}), 7: frozenset({"a.py::far"})},
        Path("two.py"): {4: frozenset({"b.py::later"})},
    }
    seconds = {"a.py::near": 0.2, "a.py::far": 0.1, "b.py::later": 0.3}
    known = Coverings(tmp_path, lines, seconds)
    assert known.tests(Path("one.py"), 1) == ["a.py::near", "b.py::later", "a.py::far"]  # the last as a neighbour


def test_a_decorator_meets_the_tests_of_what_it_stands_on(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(
        "@rule(\n    least=14,\n)\ndef near():\n    return 1\n\ndef far():\n    return 9\n"
    )
    lines = {
        Path("one.py"): {
            1: frozenset({""}),
            2: frozenset({""}),
            5: frozenset({"a.py::near"}),
            8: frozenset({"b.py::far"}),
        }
    }
    known = Coverings(tmp_path, lines, {"a.py::near": 0.2, "b.py::far": 0.1})
    assert known.tests(Path("one.py"), 2) == ["a.py::near"]


def test_tests_beyond_half_a_minute_are_left_out_but_one_is_always_asked(tree: Path) -> None:
    lines = {MODULE: {5: frozenset({"a.py::hour", "a.py::week"})}}
    assert Coverings(tree, lines, {"a.py::hour": 3600.0, "a.py::week": 604800.0}).tests(MODULE, 5)[:1] == ["a.py::hour"]


def test_the_module_is_as_before_after_a_trial(tree: Path) -> None:
    before = (tree / MODULE).stat().st_mtime
    with changed(tree / MODULE, "UNUSED = 8\n", 1_000):
        assert (tree / MODULE).read_text() == "UNUSED = 8\n"
        assert (tree / MODULE).stat().st_mtime == 1_000
    assert (tree / MODULE).read_text() == SOURCE
    assert (tree / MODULE).stat().st_mtime == before


@pytest.mark.slow
def test_a_trial_tells_a_noticed_change_from_an_unnoticed_and_from_an_endless_one(tree: Path) -> None:
    sources = [
        SOURCE,
        SOURCE.replace("* 2", "* 3"),
        SOURCE.replace("= 7", "= 8"),
        SOURCE.replace("UNUSED = 7", "while True: pass"),
        SOURCE,
    ]
    trials = [{"path": str(MODULE), "source": source, "tests": ["test_rooms.py"], "seconds": 2} for source in sources]
    assert outcomes(tree, trials) == [SURVIVED, KILLED, SURVIVED, TIMED_OUT, SURVIVED]


@pytest.mark.slow
def test_a_file_that_cannot_be_imported_is_told_from_cases_with_new_names(tree: Path) -> None:
    (tree / "test_rooms.py").write_text(
        "import pytest, rooms\n\n"
        "@pytest.mark.parametrize('unused', [rooms.UNUSED])\n"
        "def test_unused(unused):\n    assert unused > 5\n\n"
        "def test_nothing():\n    pass\n"
    )
    sources = [SOURCE.replace("= 7", "= 8"), SOURCE.replace("= 7", "= 4"), SOURCE.replace("= 7", "= 1 / 0"), SOURCE]
    name = "test_rooms.py::test_unused[7]"
    trials = [{"path": str(MODULE), "source": source, "tests": [name], "seconds": 5} for source in sources]
    assert outcomes(tree, trials) == [SURVIVED, KILLED, KILLED, SURVIVED]


@pytest.mark.slow
def test_lines_are_credited_to_the_tests_that_run_them_in_any_of_the_trees(tmp_path: Path) -> None:
    source = "from functools import cache\n\n@cache\ndef one():\n    return 1\n\ndef two():\n    return 2\n"
    for number in range(2):
        package, tests = (tmp_path / f"tree{number}" / name for name in ("houses", "tests"))
        for folder in (package, tests):
            folder.mkdir(parents=True)
            (folder / "__init__.py").touch()
        (package / "rooms.py").write_text(source)
        (tests / "test_one.py").write_text(
            "from houses.rooms import one\n\ndef test_one():\n    assert one() == 1\n\n"
            "def test_broken():\n    assert one() == 2\n\n"
            "def test_again():\n    assert one() == 1\n"
        )
        (tests / "test_two.py").write_text("from houses.rooms import two\n\ndef test_two():\n    assert two() == 2\n")
        (tmp_path / f"tree{number}" / "soak").symlink_to(ROOT / "soak")
        (tmp_path / f"tree{number}" / "pipeline").symlink_to(ROOT / "pipeline")
    found = coverings([tmp_path / "tree0", tmp_path / "tree1"], ("houses",), ("tests",), tmp_path)
    ones = {"tests/test_one.py::test_one", "tests/test_one.py::test_again"}  # the other has what the first was given
    assert set(found.seconds) == {*ones, "tests/test_two.py::test_two"}
    assert found.lines[Path("houses/rooms.py")][5] >= ones
    assert set(found.tests(Path("houses/rooms.py"), 5)) == ones
    assert found.tests(Path("houses/rooms.py"), 8) == ["tests/test_two.py::test_two"]


def test_no_trial_within_the_time_does_not_hold() -> None:
    result = result_of([], POPULATION, 4, "command", 1.0)
    assert not result.holds
    assert {figure.name: figure.value for figure in result.figures}["tried within the time"] == "0"


def test_survivors_and_what_no_test_runs_are_counted_by_package_with_an_interval() -> None:
    change = Change("core/NumberReplacer", 0)
    outcomes = [
        ("features/a.py", KILLED),
        ("features/a.py", SURVIVED),
        ("models/b.py", UNTESTED),
        ("models/b.py", TIMED_OUT),
    ]
    tried = [Tried(Mutant(Path(path), 1, change), 1, outcome) for path, outcome in outcomes]
    result = result_of(tried, POPULATION, 4, "command", 1.0)
    values = {figure.name: figure.value for figure in result.figures}
    assert values["share that survived, all"] == "2 of 4: 50.0% (6.8% to 93.2%)"  # Clopper-Pearson of 2 of 4
    assert values["share that survived, models"].startswith("1 of 2: 50.0%")
    assert "| `features/a.py` | 2 | 1 |" in result.notes[-1]
    assert result.holds


def test_a_test_is_not_given_up_while_coverage_holds_its_lock() -> None:
    def frame_of(name: str) -> FrameType:
        return eval(compile("sys._getframe()", name, "eval"))  # noqa: S307 -- a frame of that file

    data_lock = str(Path(coverage.__file__).parent / "collector.py")
    asked_again = []
    former = signal.signal(signal.SIGVTALRM, lambda *_: asked_again.append(1))
    try:
        _give_up(signal.SIGVTALRM, frame_of(data_lock))
        began = time.process_time()
        while not asked_again and time.process_time() - began < 10:
            pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, former)
    assert asked_again == [1]
    with pytest.raises(TooLongError):
        _give_up(signal.SIGVTALRM, frame_of(__file__))
