"""What is compiled, what start-up waits for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest
from numba.core.dispatcher import Dispatcher

import features.kernels
import models.kernels
from pipeline.kernels import compile_kernels
from tests.pipeline.projects import ROOT, silent

NOT_FOR_SCORING = ("lightgbm", "matplotlib", "mlflow", "sklearn", "scipy.stats", "scipy.optimize")
"""Libraries that only training, measuring or serving needs, and that take up to a second to import."""


def rooms() -> Iterator[dict[str, Any]]:
    """By name, what numba compiles in each module of kernels."""
    for room in (features.kernels, models.kernels):
        for found in iter_modules(room.__path__, f"{room.__name__}."):
            members = vars(import_module(found.name)).items()
            yield {
                name: each
                for name, each in members
                if isinstance(each, Dispatcher) and each.py_func.__module__ == found.name
            }


def compiled(room: dict[str, Any]) -> set[str]:
    """Kernels that were called, and those that they call: compiled code that is read back holds its callees."""
    waiting = [name for name, each in room.items() if each.signatures]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in room and name not in found:
            found.add(name)
            waiting.extend(room[name].py_func.__code__.co_names)
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("few_buckets")
def test_setup_compiles_every_kernel_that_there_is() -> None:
    compile_kernels(silent)
    assert [set(room) - compiled(room) for room in rooms()] == [set() for _ in rooms()]
    assert any("contributions" in compiled(room) for room in rooms())


@pytest.mark.slow
def test_scoring_imports_nothing_that_only_training_needs(incoming: Path, model: Path, tmp_path: Path) -> None:
    # Each of these takes from a tenth of a second to more than one; a score of ten accounts takes three in all.
    words = ["score", "--input", incoming, "--model", model, "--output", tmp_path / "scored", "--quiet"]
    code = (
        "import sys\n"
        "from pipeline.__main__ import app\n"
        "try:\n    app()\n"
        "except SystemExit as left:\n    assert not left.code\n"
        f"print(*sorted(set({NOT_FOR_SCORING!r}) & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code, *(str(word) for word in words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stderr, done.stdout.strip()) == ("", "")
    assert (tmp_path / "scored" / "scores.parquet").is_file()
