"""What the notebooks share: the project is found, tables state intervals, and a cell that raises is told."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import polars as pl
import pytest

from pipeline import layout
from pipeline.errors import UnusableInputError
from pipeline.notebook import execute, interval_table, metrics_table, open_project
from pipeline.results import METRIC_NAMES
from pipeline.storage import read_json
from tests.pipeline.projects import invoke, refused


@pytest.fixture(autouse=True)
def as_before() -> object:
    with pl.Config():  # what `open_project` sets is for a notebook
        yield


class TestOpening:
    @pytest.mark.parametrize("below", [".", "notebooks", "notebooks/deeper"], ids=["in it", "below", "far below"])
    def test_the_project_is_found_from(self, below: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / layout.PARAMS).write_text("")
        (tmp_path / below).mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(tmp_path / below)
        assert open_project().samefile(tmp_path)
        assert Path.cwd().samefile(tmp_path)

    def test_without_a_project_it_says_where_to_open_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(
            UnusableInputError, match=r"project: there is no params\.yaml in .* Open the notebook there"
        ):
            open_project()


class TestTables:
    def test_of_no_row_is_empty(self) -> None:
        assert interval_table([], "segment", {"AUC": "auc"}).is_empty()

    def test_a_row_of_the_reports_states_its_interval(self) -> None:
        row = {"segment": "x", "accounts": 7, "auc": 0.8, "auc_lower": 0.7, "auc_upper": 0.9, "reject_share": 0.25}
        row |= {"reject_lower": 0.0, "reject_upper": 0.5}
        table = interval_table([row], "segment", {"AUC": "auc", "rejected": "reject"})
        assert table.rows(named=True) == [
            {"segment": "x", "accounts": 7, "AUC": "0.800 (0.700 to 0.900)", "rejected": "0.250 (0.000 to 0.500)"}
        ]

    def test_so_does_an_entry_of_the_metrics_and_what_is_not_defined_is_a_hyphen(self) -> None:
        row = {"size_tier": None, "auc": {"value": 0.5, "lower": 0.4, "upper": 0.6}, "none": {"value": None}}
        table = interval_table([row], "size_tier", {"AUC": "auc", "other": "none"})
        assert table.rows(named=True) == [{"size tier": "none", "AUC": "0.500 (0.400 to 0.600)", "other": "-"}]

    def test_a_figure_that_no_row_has_is_refused(self) -> None:
        with pytest.raises(KeyError, match="recall"):
            interval_table([{"segment": "x"}], "segment", {"recall": "recall"})

    def test_the_metrics_stand_beside_every_baseline(self, project: Path) -> None:
        metrics = read_json(project / layout.METRICS)
        table = metrics_table(metrics)
        assert table.columns == ["model", *METRIC_NAMES.values()]
        assert table.height == len(metrics["models"])
        assert table["model"][0] == "Assay (LightGBM)"
        value = metrics["models"]["assay"]["auc"]["value"]
        assert table["AUC"][0].startswith(f"{value:.3f} (")


@pytest.mark.slow
class TestExecuting:
    def written(self, folder: Path, code: str) -> Path:
        path = folder / "made_up.py"
        path.write_text(f"# %% [markdown]\n# # A question?\n\n# %%\n{code}\n")
        return path

    def test_runs_in_this_interpreter_and_in_the_working_directory(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        path = self.written(tmp_path, "import os, sys\nprint(sys.executable, os.getcwd(), first)")
        found = execute(path, first="first = 3")
        assert [cell.cell_type for cell in found.cells] == ["markdown", "code"]  # and not what ran before
        assert found.cells[1].outputs[0]["text"].split() == [sys.executable, str(tmp_path), "3"]

    def test_a_cell_that_raises_ends_it_with_its_traceback(self, tmp_path: Path) -> None:
        from nbclient.exceptions import CellExecutionError

        with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
            execute(self.written(tmp_path, "1 / 0"))

    def test_without_the_extra_it_says_what_to_install(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        known = importlib.util.find_spec
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "nbclient" else known(name))
        with pytest.raises(UnusableInputError, match=r"notebooks: nbclient not installed\. Install the extra"):
            execute(self.written(tmp_path, "1"))

    def test_the_command_writes_those_that_end_well_and_tells_of_the_others(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert "there are none in 'notebooks'" in refused("notebooks")
        (tmp_path / "notebooks").mkdir()
        self.written(tmp_path / "notebooks", "6 * 7")
        done = invoke("notebooks", "--output", "out")
        assert done.exit_code == 0
        assert done.stdout.split() == ["out/made_up.ipynb"]
        cells = json.loads((tmp_path / "out" / "made_up.ipynb").read_text())["cells"]
        assert cells[1]["outputs"][0]["data"]["text/plain"] == ["42"]
        (tmp_path / "notebooks" / "a_wrong_one.py").write_text("# %%\n1 / 0\n")
        (tmp_path / "out" / "made_up.ipynb").unlink()
        message = refused("notebooks", "--output", "out")
        assert "'notebooks/a_wrong_one.py' ended with ZeroDivisionError: division by zero" in message
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["made_up.ipynb"]
