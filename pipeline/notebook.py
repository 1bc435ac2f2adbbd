"""What the notebooks share: finding the project, tables with intervals, and running them from a script.

Needs the extra `notebooks` (part of `dev`) only where a notebook is executed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline import layout
from pipeline.errors import UnusableInputError
from pipeline.results import METRIC_NAMES, MODEL_NAMES
from pipeline.side_by_side import with_interval
from pipeline.storage import atomic_path

if TYPE_CHECKING:
    from nbformat import NotebookNode

SOURCES = Path("notebooks")

ROWS_SHOWN, LETTERS_SHOWN = 60, 400
"""Of a table in a notebook: rows, and letters of a text."""

SECONDS = 1800
"""A notebook is given up after so long: the slowest takes some minutes on the full default run."""


def open_project() -> Path:
    """Make the project's folder the working directory, and show tables and figures; returns the folder.

    An editor starts a notebook in the notebook's own folder, a script where it is called: the project is the nearest
    folder at or above it that holds params.yaml.

    Raises:
        UnusableInputError: there is none.
    """
    here = Path.cwd()
    found = next((folder for folder in (here, *here.parents) if (folder / layout.PARAMS).is_file()), None)
    if found is None:
        raise UnusableInputError(f"project: there is no {layout.PARAMS} in '{here}' or above. Open the notebook there.")
    os.chdir(found)
    pl.Config.set_tbl_rows(ROWS_SHOWN)
    pl.Config.set_fmt_str_lengths(LETTERS_SHOWN)
    pl.Config.set_tbl_hide_column_data_types(True)
    pl.Config.set_tbl_hide_dataframe_shape(True)
    _show_figures()
    return found


def _show_figures() -> None:
    """Figures of the packages are made without pyplot, and IPython shows only what it was told how to."""
    import sys

    if "IPython" in sys.modules:
        from IPython.core.getipython import get_ipython
        from IPython.core.pylabtools import select_figure_formats

        shell = get_ipython()
        if shell is not None:
            select_figure_formats(shell, {"png"})  # type: ignore[no-untyped-call]


def silent(_: str) -> None:
    """A progress report that a notebook does not show."""


def interval_table(rows: Sequence[Mapping[str, Any]], by: str, figures: Mapping[str, str]) -> pl.DataFrame:
    """Rows of the reports as a table of text: `by`, accounts where they are told, and each figure with its interval.

    Args:
        rows: of reports/segments.json, or entries of `value`, `lower` and `upper` under the figure's name.
        by: the column that names a row.
        figures: heading to the figure's name in the rows; of a flat row, `name` or `name_share` with `name_lower` and
            `name_upper`.
    """
    return pl.DataFrame(
        [
            {
                by.replace("_", " "): str(row[by] or "none"),
                **({"accounts": row["accounts"]} if "accounts" in row else {}),
                **{heading: with_interval(_entry(row, name)) for heading, name in figures.items()},
            }
            for row in rows
        ]
    )


def _entry(row: Mapping[str, Any], name: str) -> Mapping[str, float | None]:
    if isinstance(row.get(name), Mapping):
        entry: Mapping[str, float | None] = row[name]
        return entry
    value = row[name] if name in row else row[f"{name}_share"]
    return {"value": value, "lower": row.get(f"{name}_lower"), "upper": row.get(f"{name}_upper")}


def metrics_table(metrics: Mapping[str, Any]) -> pl.DataFrame:
    """The model and its baselines, every metric with its interval; of reports/metrics.json or what `measure` found."""
    return pl.DataFrame(
        [
            {
                "model": MODEL_NAMES.get(model, model).replace("*", ""),
                **{words: with_interval(found[name]) for name, words in METRIC_NAMES.items()},
            }
            for model, found in metrics["models"].items()
        ]
    )


def execute(source: Path, *, first: str = "", seconds: int = SECONDS) -> NotebookNode:
    """Run a percent-form notebook with this very interpreter, in the working directory; returns it with its outputs.

    No kernel needs to be installed for the user: the specification is made for the run.

    Args:
        source: the .py file.
        first: code to run before the first cell; not part of the result.
        seconds: for one cell.

    Raises:
        UnusableInputError: the extra `notebooks` is not installed.
        nbclient.exceptions.CellExecutionError: a cell raised; its traceback is the message.
    """
    _check_extra()
    import jupytext
    import nbformat
    from nbclient import NotebookClient

    notebook: NotebookNode = jupytext.read(source)
    if first:
        notebook.cells.insert(0, nbformat.v4.new_code_cell(first))  # type: ignore[no-untyped-call]
    place = {"metadata": {"path": str(Path.cwd())}}
    # Its class and not an instance: nbclient ends only kernels that it has started itself.
    NotebookClient(notebook, timeout=seconds, kernel_manager_class=_own_kernel(), resources=place).execute()
    if first:
        del notebook.cells[0]
    return notebook


def _check_extra() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("jupytext", "nbclient", "ipykernel") if find_spec(name) is None]
    if missing:
        raise UnusableInputError(
            f"notebooks: {', '.join(missing)} not installed. Install the extra: pip install -e '.[notebooks]'."
        )


def _own_kernel() -> Any:
    """The class of a kernel of this interpreter, whatever kernels the user has."""
    import sys

    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class OwnKernel(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
            return KernelSpec(argv=command, display_name="Assay", language="python")

    return OwnKernel


def execute_all(output: Path, report: Callable[[str], None]) -> list[Path]:
    """Every notebook of the project, run on what `dvc repro` left, as .ipynb with outputs in `output`.

    Raises:
        UnusableInputError: there are none, the extra `notebooks` is not installed, or some ended with an error: all of
            them at once; the others are written.
    """
    sources = sorted(SOURCES.glob("*.py"))
    if not sources:
        raise UnusableInputError(f"notebooks: there are none in '{SOURCES}'. Run the command in the project's folder.")
    _check_extra()
    written, problems = [], []
    for source in sources:
        report(source.stem)
        path = output / f"{source.stem}.ipynb"
        problem = _execute_into(source, path)
        if problem is None:
            written.append(path)
        else:
            problems.append(problem)
    if problems:
        raise UnusableInputError(problems)
    return written


def _execute_into(source: Path, path: Path) -> str | None:
    """Run one and write it; returns why it ended early, if it did."""
    import nbformat
    from nbclient.exceptions import CellExecutionError

    try:
        notebook = execute(source)
    except CellExecutionError as error:
        return f"notebooks: '{source}' ended with {error.ename}: {error.evalue}"
    with atomic_path(path) as temporary:
        nbformat.write(notebook, temporary)  # type: ignore[no-untyped-call]
    return None
