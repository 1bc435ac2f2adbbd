"""What all tests share: settings, and the small project that commands and notebooks run in."""

from __future__ import annotations

import os
from contextlib import chdir
from pathlib import Path

import pytest
from hypothesis import settings

# CI repeats the same examples, so that a change is judged by itself; a developer's run draws new ones.
settings.register_profile("repeatable", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder in which every stage but `track` ran once on small simulated data. Read it only."""
    from tests.pipeline.projects import run_stages, write_params  # tests of the pure packages need no pipeline

    folder = tmp_path_factory.mktemp("project")
    write_params(folder)
    with chdir(folder):
        run_stages()
    return folder
