"""A study of settings as a run with its trials nested in it."""

from __future__ import annotations

from pipeline.tracking.entries import CONTENT_TAG, PARENT_TAG, fill
from pipeline.tracking.records import StudyRecord
from pipeline.tracking.store import connected, experiment_of


def track_study(record: StudyRecord, experiment: str) -> None:
    """Log a study as one finished run and its trials as runs nested in it; nothing if the same study is there.

    A study whose logging was cut short is deleted, its trials too, and logged anew.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    with connected(create=True) as client:
        experiment_id = experiment_of(client, experiment).experiment_id
        found = client.search_runs([experiment_id], f"tags.{CONTENT_TAG} = '{record.content_sha256}'")
        if any(run.info.status == "FINISHED" for run in found):
            return
        for unfinished in found:
            for child in client.search_runs([experiment_id], f"tags.{PARENT_TAG} = '{unfinished.info.run_id}'"):
                client.delete_run(child.info.run_id)
            client.delete_run(unfinished.info.run_id)
        tags = {CONTENT_TAG: record.content_sha256, "mlflow.note.content": record.note}
        parent = client.create_run(experiment_id, run_name=record.name, tags=tags).info
        fill(client, parent.run_id, parent.start_time, record.parameters, record.metrics)
        for place, path in record.files.items():
            client.log_artifact(parent.run_id, str(path), place.rpartition("/")[0] or None)
        for trial in record.trials:
            nested = client.create_run(experiment_id, run_name=trial.name, tags={PARENT_TAG: parent.run_id}).info
            fill(client, nested.run_id, nested.start_time, trial.parameters, trial.metrics)
            client.set_terminated(nested.run_id)
        client.set_terminated(parent.run_id)
