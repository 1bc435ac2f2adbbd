"""What one run holds, read and written through a client: values, files, datasets, links."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import mlflow
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, Run

from pipeline.tracking.records import Record
from pipeline.tracking.store import local_database, tracking_uri

NOTE = "mlflow.note.content"
"""Tag that the run's page shows as its description."""


CONTENT_TAG = "content_sha256"
"""Tag that names everything a run holds: equal content is never logged twice."""


HEADLINE = {"assay/recall_at_1_percent_false_positives": "recall", "assay/auc": "AUC"}
"""The metrics by which two runs are told apart at a glance, in a word; the recall is that at 1 % false positives."""

CLASSIC = "workflowType=machine_learning"
"""What a link ends with that shall not open MLflow's view for language models."""

NOT_PAIRED = "not paired; `python -m pipeline compare` gives an interval"
"""What is to be known of such a difference: each figure is from its run's own report."""

PARENT_TAG = "mlflow.parentRunId"
"""MLflow's own tag that nests a run in another."""


MOST_RUNS = 1000
"""Runs of one experiment that are looked at."""


STALE_SECONDS = 24 * 3600.0
"""A run of ours on a server that has been running for so long was killed: logging takes seconds (assumed). In a local
store the lock says it better: whoever holds it is the only one who logs."""


ENTRIES_PER_REQUEST = 100
"""MLflow's limit on parameters in one request."""


METRICS_PER_REQUEST = 1000
"""Likewise on metrics."""


def runs_of(client: mlflow.MlflowClient, experiment: str) -> list[Run]:
    """The experiment's runs, newest first."""
    found = client.get_experiment_by_name(experiment)
    return list(client.search_runs([found.experiment_id], max_results=MOST_RUNS)) if found else []


def model_id_of(run: Run) -> str | None:
    """MLflow's name of the model that the run logged."""
    outputs = run.outputs.model_outputs if run.outputs else []
    return outputs[0].model_id if outputs else None


def has_artifacts(client: mlflow.MlflowClient, run: Run) -> bool:
    """Are the run's files and its model's still there? The database outlives a deleted folder."""
    model = model_id_of(run)
    return bool(model and client.list_artifacts(run.info.run_id) and client.list_logged_model_artifacts(model))


def end_killed_runs(client: mlflow.MlflowClient, experiment_id: str) -> None:
    """Mark our runs whose process was killed: MLflow would show them as running for ever.

    Whoever logs to a local store holds its lock, which we hold now; on a server, only age can tell.
    """
    youngest = 0.0 if local_database(tracking_uri()) else STALE_SECONDS
    for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'", max_results=MOST_RUNS):
        if CONTENT_TAG in run.data.tags and time.time() - run.info.start_time / 1000 >= youngest:
            client.set_terminated(run.info.run_id, status="KILLED")


def log_values(client: mlflow.MlflowClient, run: Run, record: Record) -> None:
    """Parameters, metrics, datasets and files of a record."""
    run_id, at = run.info.run_id, run.info.start_time
    parameters = [Param(name, value) for name, value in record.parameters.items()]
    for start in range(0, len(parameters), ENTRIES_PER_REQUEST):
        client.log_batch(run_id, params=parameters[start : start + ENTRIES_PER_REQUEST])
    metrics = [Metric(name, value, at, 0) for name, value in record.metrics.items()]
    for start in range(0, len(metrics), METRICS_PER_REQUEST):
        client.log_batch(run_id, metrics=metrics[start : start + METRICS_PER_REQUEST])
    if record.datasets:
        client.log_inputs(run_id, datasets=[_dataset(*entry) for entry in record.datasets])
    log_files(client, run_id, record.files)


def log_files(client: mlflow.MlflowClient, run_id: str, files: Mapping[str, Path]) -> None:
    """Each file at its place in the run, under the name given there: MLflow itself keeps the local name."""
    with tempfile.TemporaryDirectory() as scratch:
        for place, path in files.items():
            folder, _, name = place.rpartition("/")
            named = path
            if path.name != name:
                named = Path(scratch) / name
                shutil.copyfile(path, named)
            client.log_artifact(run_id, str(named), folder or None)


def fill(
    client: mlflow.MlflowClient, run_id: str, at: int, parameters: Mapping[str, str], metrics: Mapping[str, float]
) -> None:
    """Parameters, few enough for one request, and metrics of the moment `at` of a run."""
    client.log_batch(
        run_id,
        params=[Param(name, value) for name, value in parameters.items()],
        metrics=[Metric(name, value, at, 0) for name, value in metrics.items()],
    )


def _dataset(name: str, digest: str, path: str, context: str) -> DatasetInput:
    dataset = Dataset(name, digest, "local", json.dumps({"uri": path}))
    return DatasetInput(dataset, [InputTag("mlflow.data.context", context)])


def former_run(client: mlflow.MlflowClient, experiment_id: str) -> Run | None:
    """The newest finished run that holds a model; None in an empty experiment."""
    query = "attributes.status = 'FINISHED' and tags.model_version LIKE '%'"
    return next(iter(client.search_runs([experiment_id], query, max_results=1)), None)


def headline(metrics: Mapping[str, float]) -> str:
    """The headline figures in words; `no figure` where none was measured."""
    told = [f"{words} {metrics[name]:.3f}" for name, words in HEADLINE.items() if name in metrics]
    return ", ".join(told) or "no figure"


def gains(run: Mapping[str, float], other: Mapping[str, float]) -> str:
    """How much higher the headline figures of one run are than another's, in words; empty where none is in both."""
    told = [
        f"{words} {run[name] - other[name]:+z.3f}" for name, words in HEADLINE.items() if name in run and name in other
    ]
    return ", ".join(told)


def run_link(run: Run) -> str:
    """Address of a run's page within MLflow's interface."""
    return f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}?{CLASSIC}"
