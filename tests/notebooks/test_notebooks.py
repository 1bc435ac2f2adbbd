"""The notebooks run on a small project, hold no logic, and are kept without outputs."""

from __future__ import annotations

import ast
import subprocess
from contextlib import chdir
from pathlib import Path

import jupytext
import pytest
from nbformat import NotebookNode

from pipeline.notebook import execute
from tests.pipeline.projects import ROOT

SOURCES = sorted((ROOT / "notebooks").glob("*.py"))
NAMES = [path.stem for path in SOURCES]

LONGEST_CELL = 25
"""Lines of code that are seen without scrolling."""

SMALL = {
    "ASSAY_REPLICATES": "20",
    "ASSAY_COHORTS": "5",
    "ASSAY_CHAMPION": "blunt",
    "ASSAY_BESIDE": "5",
    "ASSAY_STAND_IN_COHORTS": "10",
}

STRICT = """\
import warnings
warnings.simplefilter("error")
# ipykernel warns of its own shutdown: a plain function where it now asks for a coroutine.
warnings.filterwarnings("ignore", category=PendingDeprecationWarning, module=r"ipykernel\\.kernelbase")
"""

ANSWERS = {
    "explore_catalogue": ("growth_burst_mass_share", "same_signal"),
    "review_run": ("decision tree of depth 2", "candidate", "less champion"),
    "inspect_account": ("pass below", "as observed", "observed_comments"),
    "train_on_own_labels": ("inauthentic accounts calibrate", "without yours", "beside less as it is"),
}
"""What a reader finds in the outputs."""


def cells(path: Path, kind: str) -> list[str]:
    return [cell.source for cell in jupytext.read(path).cells if cell.cell_type == kind]


def outputs_of(notebook: NotebookNode) -> tuple[str, int]:
    """The text of all outputs, and how many pictures there are."""
    found = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    data = [output.get("data", {}) for output in found]
    text = [output.get("text", "") for output in found] + [
        str(each.get(form, "")) for each in data for form in ("text/plain", "text/html")
    ]
    return "\n".join(text), sum("image/png" in each for each in data)


def test_there_is_an_answer_to_look_for_in_each() -> None:
    assert sorted(ANSWERS) == NAMES


def test_git_holds_no_notebook_with_outputs() -> None:
    listed = subprocess.run(["git", "ls-files", "*.ipynb"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert listed.stdout == ""


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
class TestTheText:
    def test_begins_with_its_question_and_says_what_it_reads_and_how_long_it_takes(self, path: Path) -> None:
        first = cells(path, "markdown")[0]
        assert first.startswith("# ")
        assert first.splitlines()[0].endswith("?")
        assert all(word in first for word in ("**Reads**", "**Takes**", "imulated"))

    def test_defines_nothing_and_branches_nowhere(self, path: Path) -> None:
        logic = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.If, ast.While, ast.Try)
        nodes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, logic)]
        assert [node.lineno for node in nodes] == []

    def test_has_no_cell_longer_than_a_screen(self, path: Path) -> None:
        assert max(len(source.splitlines()) for source in cells(path, "code")) <= LONGEST_CELL

    def test_is_as_jupytext_writes_it(self, path: Path) -> None:
        """Saved from JupyterLab it must not change, or every look at a notebook would be a change in git."""
        written = jupytext.writes(jupytext.read(path), fmt="py:percent")
        body = written.split("# ---\n", 2)[2]
        assert path.read_text().split("# ---\n", 2)[2] == body

    def test_is_told_of_in_the_readme(self, path: Path) -> None:
        assert f"({path.name})" in (ROOT / "notebooks" / "README.md").read_text()

    def test_its_parameters_are_told_of_in_the_readme(self, path: Path) -> None:
        told = (ROOT / "notebooks" / "README.md").read_text()
        named = [
            node.value
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Constant) and str(node.value).startswith("ASSAY_")
        ]
        assert named
        assert [name for name in named if f"`{name}`" not in told] == []


@pytest.mark.slow
@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_runs_without_a_warning_and_answers(
    path: Path, notebook_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SMALL.items():
        monkeypatch.setenv(name, value)
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with chdir(notebook_project):
        found = execute(path, first=STRICT)
    text, pictures = outputs_of(found)
    assert [words for words in ANSWERS[path.stem] if words not in text] == []
    assert pictures >= 1
