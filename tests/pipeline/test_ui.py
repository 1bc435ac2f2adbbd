"""Command `ui`: it becomes MLflow's server on the project's own store, or says where another server is."""

import os
import sys
from pathlib import Path

import pytest

from pipeline import ui


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[list[str]]:
    """Command lines that the process would have become."""
    commands: list[list[str]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(os, "execv", lambda program, command: commands.append([program, *command]))
    return commands


def test_it_becomes_the_server_of_the_projects_store_without_a_word_to_anybody(
    started: list[list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui, "tracking_uri", lambda: "sqlite:///mlflow.db")
    os.environ.pop("MLFLOW_DISABLE_TELEMETRY", None)
    ui.run()
    [[program, *command]] = started
    assert program == command[0] == sys.executable
    assert command[1:4] == ["-m", "mlflow", "ui"]
    assert command[-2:] == ["--backend-store-uri", "sqlite:///mlflow.db"]
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    said = capsys.readouterr()
    assert said.out == ""  # stdout is left to results
    assert said.err.startswith(f"Runs: http://127.0.0.1:{ui.PORT}/#/")


def test_quiet_says_no_link(
    started: list[list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui, "tracking_uri", lambda: "sqlite:///mlflow.db")
    ui.run(quiet=True)
    assert len(started) == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "https://runs.example"])
def test_another_server_is_named_and_none_started(
    started: list[list[str]], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    monkeypatch.setattr(ui, "tracking_uri", lambda: uri)
    ui.run()
    assert started == []
    assert capsys.readouterr().out.startswith(f"Runs are kept by the tracking server: {uri}/#/")
