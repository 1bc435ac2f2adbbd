"""The page says what the figures say: every number of it moves with them, and a limit that breaks is shown."""

from __future__ import annotations

import copy
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from benchmarks import study
from benchmarks.__main__ import app
from benchmarks.accounts import Size
from benchmarks.limits import limits
from benchmarks.page import INTRODUCTION, NOT_MEASURED, page_of
from benchmarks.plot import lines, plot_of
from benchmarks.study import measure
from pipeline.storage import write_json
from tests.benchmarks import made_up

FIGURE = re.compile(r"\d")
NAMES = re.compile(r"`[^`]*`|Jaccard [\d.]+|ratio \d+|catch22|\(at (?:most|least) [\d,.]+\)|^\| [\d,]+ \|")
"""What holds a digit and says what a row is, not how much was found: its name, its bound, the size of a batch."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Figures of runs that did not take place, the largest and a cluster among them."""
    place = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "in_own_process", made_up.process)
        patch.setattr(study, "command_cost", made_up.command)
        patch.setattr(study.scoring, "has_engines", lambda: True)
        return measure(
            400,
            Size(days=3, posts=2, comments=4),
            runs=2,
            model=place / "model",
            largest=3200,
            largest_size=Size(days=2, posts=1, comments=2),
            place=place,
            report=made_up.silent,
        )


@pytest.fixture
def figures(made: dict[str, Any]) -> dict[str, Any]:
    """The same; a test may change them."""
    return copy.deepcopy(made)


def section(page: str, heading: str) -> str:
    return page.split(f"## {heading}\n")[1].split("\n## ", maxsplit=1)[0]


def test_the_fixed_text_holds_no_figure() -> None:
    assert FIGURE.findall(NAMES.sub("", NOT_MEASURED)) == []
    assert FIGURE.findall(NAMES.sub("", INTRODUCTION)) == []


def test_every_figure_moves(figures: dict[str, Any]) -> None:
    before = page_of(figures).splitlines()
    other = _shifted(figures)
    after = set(page_of(other).splitlines())
    assert [line for line in before if line in after and FIGURE.search(NAMES.sub("", line))] == []


def _shifted(figures: dict[str, Any]) -> dict[str, Any]:
    """Every number moved, each by a factor of its own, and the numbers of accounts that figures are filed under."""
    renamed = {str(size): 7 * size + 3 for size in figures["sizes"]}
    moved = itertools.count(1)

    def other(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(renamed.get(key, key)): other(each) for key, each in value.items()}
        if isinstance(value, list):
            return [other(each) for each in value]
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        if str(value) in renamed:
            return renamed[str(value)]
        factor = 1.3 + (0.618 * next(moved)) % 1
        return round(value * factor) + 1 if isinstance(value, int) else value * factor

    # Versions are words.
    versions = [[name, f"{number}.1"] for name, number in figures["machine"]["versions"]]
    return other(figures) | {"machine": other(figures["machine"]) | {"versions": versions}}


def test_the_page_is_made_of_the_figures(figures: dict[str, Any]) -> None:
    page = page_of(figures)
    # 400 accounts at 0.06 s against 0.01 s of the bare read.
    assert "| all groups but network | 124 | 6.0 | 17 | 24.00 | 24.25 | 304 | 0% |" in page
    assert "All 124 per-account features cost 6.0 times the bare read of the files" in page
    # (400 - 10) * 0.15 s beyond the start, against 4 s of the bare read: 14.6 times.
    assert "the whole command, beyond its start, 14.6 times" in page
    # 3.5 s of ten accounts, and (242 - 3.5) s of 1,600 for each 1,600 more: 41.4 hours.
    assert "| 1,000,000 | 41.4 h |" in page
    # The dearest frame first: 9 of 12 seconds.
    frames = section(page, "Extraction")
    assert frames.index("| comments | comments | 39 | 8.00 | 1.00 | 75% |") < frames.index("| growth | days | 8 |")
    assert "Compiling the kernels costs 7.0 CPU seconds" in page
    assert "needs 15.0 times the CPU of all 124 if it is vectorised, 67 times with groupby.apply" in page


def test_limits_that_hold_and_one_that_does_not(figures: dict[str, Any]) -> None:
    assert {limit.promise for limit in limits(figures) if limit.holds is not True} == set()
    assert "- Every limit that was measured holds." in page_of(figures)
    figures["tasks"]["all"]["cpu_seconds"] = 9 * figures["tasks"]["read"]["cpu_seconds"]
    page = page_of(figures)
    assert (
        "| All per-account features: times the bare read, CPU | 9.0 (at most 8) | **does not hold** | "
        "dearest frame: comments / comments, 75% of extraction |"
    ) in page
    assert "- 1 of the limits below does not hold: All per-account features: times the bare read, CPU." in page


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ({"score_exponent": 1.06}, "CPU of `score`"),
        ({"exponents": {"read": 1.0, "all": 1.2}}, "The same for extraction"),
    ],
)
def test_growth_beyond_its_limit_is_shown(figures: dict[str, Any], change: dict[str, Any], promise: str) -> None:
    broken = [limit.promise for limit in limits(figures | change) if limit.holds is False]
    assert len(broken) == 1
    assert broken[0].startswith(promise)


def test_memory_is_judged_for_each_worker(figures: dict[str, Any]) -> None:
    figures["score"]["2"]["1600"]["peak_megabytes"] = 2200.0
    broken = {limit.promise: limit.measured for limit in limits(figures) if limit.holds is False}
    # Two workers share 2,200 MB.
    assert broken == {"Peak memory of `score` per worker, MB, one worker or two": 1100.0}


def test_what_was_not_measured_says_why(figures: dict[str, Any]) -> None:
    figures |= {"dask": {"not_measured": "`score` has no option --engine"}, "largest": None}
    figures["start"]["repro"] = {"not_measured": "DVC does not run here"}
    page = page_of(figures)
    assert "Not measured: `score` has no option --engine." in page
    assert "Not measured: ask for it with `--largest`." in page
    assert "| `dvc repro` with nothing to do (dry run), seconds on the clock | - | not measured | DVC does not" in page
    assert "| Dask gives the same bytes | - | not measured |" in page


def test_a_peer_that_did_not_run_and_a_feature_that_differs_are_named(figures: dict[str, Any]) -> None:
    figures["curves"][0] = {"library": "tsfresh minimal", "failed": "no module 'tsfresh'"}
    figures["duplicates"][4] = {"finder": "datasketch: Jaccard 0.5", "failed": "no module 'datasketch'"}
    figures["notebook"]["agreement"][0]["difference"] = 0.1
    page = page_of(figures)
    assert "| tsfresh minimal | - | - | - | - | - | did not run: no module 'tsfresh' |" in page
    assert "| datasketch: Jaccard 0.5 | did not run: no module 'datasketch' |" in page
    assert "Not the same, and so not comparable: growth_drawdown_share." in page


def test_other_bytes_and_disturbed_runs_are_in_bold(figures: dict[str, Any]) -> None:
    assert "**" not in section(page_of(figures), "The whole `score`")
    figures["same_bytes_with_two_jobs"] = False
    figures["dask"]["same_bytes"] = False
    figures["tasks"]["network"]["spread"] = 1.4
    page = page_of(figures)
    assert page.count("**other bytes**") == 2
    assert "| **40%** |" in section(page, "Extraction")
    assert [limit.promise for limit in limits(figures) if limit.holds is False] == ["Dask gives the same bytes"]


def test_every_table_has_as_many_cells_in_each_row(figures: dict[str, Any]) -> None:
    figures["curves"][0] = {"library": "tsfresh minimal", "failed": "no module 'tsfresh'"}
    figures["duplicates"][4] = {"finder": "datasketch: Jaccard 0.5", "failed": "no module 'datasketch'"}
    tables = re.findall(r"(?:^\|.*\n?)+", page_of(figures), flags=re.MULTILINE)
    assert len(tables) == 11
    for table in tables:
        assert len({line.count(" | ") for line in table.strip().splitlines()}) == 1


def test_the_plot_shows_measured_points_alone(figures: dict[str, Any]) -> None:
    found = lines(figures)
    assert found["Assay, features"] == [(100.0, 6.0), (400.0, 24.0), (1600.0, 96.0)]
    assert [accounts for accounts, _ in found["pandas, vectorised"]] == [10.0, 40.0]
    # 3,200 accounts of 5 rows where the others have 9.
    assert found["the largest, in accounts of the same size"][0][0] == pytest.approx(3200 * 5 / 9)
    (axes,) = plot_of(figures).axes
    assert [line.get_label() for line in axes.get_lines()] == list(found)
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    figures["largest"] = None
    assert "the largest, in accounts of the same size" not in lines(figures)


def test_the_page_can_be_made_again_from_kept_figures(figures: dict[str, Any], tmp_path: Path) -> None:
    write_json(figures, tmp_path / "figures.json")
    arguments = ["page", "--page", str(tmp_path / "page.md"), "--figures", str(tmp_path / "figures.json")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    # JSON sorts keys; the page does not depend on their order.
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == page_of(figures, "page.png")
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_without_a_bundle_nothing_is_measured(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["bench", "--model", str(tmp_path / "none"), "--page", str(tmp_path / "page.md")])
    assert done.exit_code == 2
    assert "model: there is no bundle at" in done.output
    assert list(tmp_path.iterdir()) == []


def test_the_command_measures_and_leaves_page_plot_and_figures(
    made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def measured(accounts: int, size: Size, **more: Any) -> dict[str, Any]:
        asked.update(more, accounts=accounts, size=size)
        return made

    monkeypatch.setattr(study, "measure", measured)
    monkeypatch.setattr("pipeline.bundles.load_scorer", lambda _: None)
    places = ["--page", str(tmp_path / "page.md"), "--figures", str(tmp_path / "figures.json")]
    options = ["--accounts", "400", "--runs", "1", "--largest", "9", "--largest-rows", "0.25"]
    done = CliRunner().invoke(app, ["bench", *options, *places])
    assert done.exit_code == 0, done.output
    assert asked["largest_size"] == Size(days=50, posts=25, comments=50)
    assert (asked["accounts"], asked["runs"], asked["largest"]) == (400, 1, 9)
    assert {path.name for path in tmp_path.iterdir()} == {"page.md", "page.png", "figures.json"}
