"""Command `ui`: MLflow's interface on the project's store, with settings that suit a laptop."""

from __future__ import annotations

import os
import sys

import typer

from pipeline.tracking import runs_address, tracking_uri

PORT = 5000


def run(*, quiet: bool = False) -> None:
    """Print the link (unless `quiet`) and become the server: one worker, no job executor (0.6 GB instead of 3)."""
    uri = tracking_uri()
    if uri.startswith(("http://", "https://")):
        typer.echo(f"Runs are kept by the tracking server: {uri}/{runs_address()}")
        return
    os.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    if not quiet:
        # Without an address of our own the interface opens in its view for language models, with no figures.
        typer.echo(f"Runs: http://127.0.0.1:{PORT}/{runs_address()}  (stop with Ctrl-C)", err=True)
    command = [sys.executable, "-m", "mlflow", "ui", "--workers", "1", "--port", str(PORT), "--backend-store-uri", uri]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, fixed arguments
