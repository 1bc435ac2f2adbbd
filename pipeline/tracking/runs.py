"""Runs that hold a model: logged once, found again, and added to."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import mlflow
from mlflow.entities import Metric, Run
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

from pipeline.errors import UnusableInputError, did_you_mean
from pipeline.tracking.entries import (
    CLASSIC,
    CONTENT_TAG,
    NOTE,
    end_killed_runs,
    former_run,
    gains,
    has_artifacts,
    log_files,
    log_values,
    model_id_of,
    run_link,
    runs_of,
)
from pipeline.tracking.records import ExperimentPage, LoggedRun, ModelToRegister, Record
from pipeline.tracking.registry import PARAGRAPH, logged_run, make_challenger, run_of_model, say_who_is_champion
from pipeline.tracking.store import connected, experiment_of, local_database, tracking_uri, without_password

SHORTEST_REVISION = 7
"""Digits of a git revision, at least, that name a run: git's own short form."""


VIEW_TAG = "mlflow.sharedViewState."
"""Tag of an experiment under which MLflow keeps a view of the table of runs that a link may name."""

VIEW = "figures"
"""Our view's name."""

LISTED_RUNS = 5
"""Runs named in a message."""


def track_run(record: Record, model: ModelToRegister, experiment: ExperimentPage) -> None:
    """Log the record as one finished run, register its model and make that the challenger.

    The first model ever registered becomes the champion too: there is nobody to compare it with. If a run with the
    same content is there, finished and with its artefacts, nothing is logged: it is only made sure that its model is
    registered and the challenger. Runs of the same content that failed, were killed or lost their artefacts go.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    with connected(create=True) as client:
        experiment_id = _show(client, experiment)
        end_killed_runs(client, experiment_id)
        found = client.search_runs([experiment_id], f"tags.{CONTENT_TAG} = '{record.content_sha256}'")
        whole = [run for run in found if run.info.status == "FINISHED" and has_artifacts(client, run)]
        for run_id in {run.info.run_id for run in found if run.info.status != "RUNNING"}:
            if run_id not in {run.info.run_id for run in whole}:
                client.delete_run(run_id)
        run = whole[0] if whole else _log(client, experiment_id, record, model)
        log_files(client, run.info.run_id, record.documents)
        make_challenger(client, run, record, model.name)
        say_who_is_champion(client, [client.get_run(run.info.run_id)], model.name)


def find_run(reference: str, experiment: str, registered_model: str) -> LoggedRun:
    """The finished run behind a registry address, a run's id or name, or the start of its git revision.

    Raises:
        UnusableInputError: none, or several; or the store cannot be reached or used.
    """
    with connected(create=False) as client:
        if reference.startswith("models:/"):
            return logged_run(client, run_of_model(client, reference), registered_model)
        runs = _finished_with_model(client, experiment)
        found = [run for run in runs if reference in {run.info.run_id, run.info.run_name}]
        if not found and len(reference) >= SHORTEST_REVISION:
            found = [run for run in runs if run.data.tags.get("git_revision", "").startswith(reference)]
        if len(found) != 1:
            raise UnusableInputError([_not_one_run(reference, found, runs)])
        return logged_run(client, found[0], registered_model)


def run_of_bundle(model_sha256: str, experiment: str, registered_model: str) -> LoggedRun | None:
    """The newest run that logged this very bundle; None where no run did or there is no store at all.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    local = local_database(tracking_uri())
    if local and not local.is_file():
        return None
    with connected(create=False) as client:
        runs = _finished_with_model(client, experiment)
        found = [run for run in runs if run.data.tags.get("model_sha256") == model_sha256]
        return logged_run(client, found[0], registered_model) if found else None


def run_file(run_id: str, place: str, folder: Path) -> Path | None:
    """One file of a run, put into `folder`; None where the run holds none of that name.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    with connected(create=False) as client:
        if place not in {entry.path for entry in client.list_artifacts(run_id)}:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        return Path(client.download_artifacts(run_id, place, str(folder)))


def runs_address() -> str:
    """Where the interface shows the runs, with the columns that matter; its list of experiments where there are none.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    local = local_database(tracking_uri())
    if not local or local.is_file():
        with connected(create=False) as client:
            for each in client.search_experiments():
                if f"{VIEW_TAG}{VIEW}" in each.tags:
                    return f"#/experiments/{each.experiment_id}/runs?{CLASSIC}&viewStateShareKey={VIEW}"
    return f"#/experiments?{CLASSIC}"


def attach_files(run_id: str, files: Mapping[str, Path]) -> None:
    """Add files to a run; what stands there under the same names is replaced.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    with connected(create=False) as client:
        log_files(client, run_id, files)


def attach_to_run(
    experiment: str, model_sha256: str, tag: tuple[str, str], metrics: Mapping[str, float], files: Mapping[str, Path]
) -> None:
    """Add files and metrics to the newest finished run of a model; what stands there under the same names is replaced.

    `tag` names the content: a run that carries it already is left alone.

    Raises:
        UnusableInputError: no run of that model, or the store cannot be reached or used.
    """
    with connected(create=False) as client:
        found = client.get_experiment_by_name(experiment)
        query = f"tags.model_sha256 = '{model_sha256}' and attributes.status = 'FINISHED'"
        runs = client.search_runs([found.experiment_id], query, max_results=1) if found else []
        if not runs:
            raise UnusableInputError(
                [f"tracking: no run of the model {model_sha256[:12]} in experiment '{experiment}'. Run 'dvc repro'."]
            )
        run = runs[0].info
        if runs[0].data.tags.get(tag[0]) == tag[1]:
            return
        log_files(client, run.run_id, files)
        entries = [Metric(name, value, run.end_time, 0) for name, value in metrics.items()]
        client.log_batch(run.run_id, metrics=entries)
        client.set_tag(run.run_id, *tag)


def _finished_with_model(client: mlflow.MlflowClient, experiment: str) -> list[Run]:
    return [run for run in runs_of(client, experiment) if run.info.status == "FINISHED" and model_id_of(run)]


def _log(client: mlflow.MlflowClient, experiment_id: str, record: Record, model: ModelToRegister) -> Run:
    """A new run with everything in the record; it is marked as failed when a step fails."""
    note = _beside_former(former_run(client, experiment_id), record)
    tags = {**record.tags, CONTENT_TAG: record.content_sha256, NOTE: note}
    run = client.create_run(experiment_id, run_name=record.name, tags=tags)
    run_id = run.info.run_id
    with mlflow.start_run(run_id=run_id):
        log_values(client, run, record)
        mlflow.pyfunc.log_model(
            name="model",
            loader_module=model.loader.__name__,
            data_path=str(model.folder),
            code_paths=[str(path) for path in model.code],
            signature=ModelSignature(
                inputs=Schema([ColSpec("double", name) for name in model.bundle.features]),
                outputs=Schema([ColSpec(kind, name) for name, kind in model.outputs.items()]),
            ),
            pip_requirements=list(model.requirements),
        )
    return client.get_run(run_id)


def _show(client: mlflow.MlflowClient, page: ExperimentPage) -> str:
    """Bring the experiment's own page up to date; its identifier."""
    found = experiment_of(client, page.name)
    columns = json.dumps({"selectedColumns": [f"metrics.`{name}`" for name in page.columns]})
    for tag, value in {NOTE: page.note, f"{VIEW_TAG}{VIEW}": columns}.items():
        if found.tags.get(tag) != value:
            client.set_experiment_tag(found.experiment_id, tag, value)
    return str(found.experiment_id)


def _beside_former(former: Run | None, record: Record) -> str:
    """The record's note, told after its first paragraph how it differs from the run before."""
    if former is None:
        return record.note
    # Older runs hold sections that make no model, too.
    sections = {name.partition(".")[0] for name in record.parameters}
    params = {name: text for name, text in former.data.params.items() if name.partition(".")[0] in sections}
    changed = sum(params.get(name) != record.parameters.get(name) for name in {*params, *record.parameters})
    inputs = former.inputs.dataset_inputs if former.inputs else []
    data = {each.dataset.digest for each in inputs} == {digest for _, digest, _, _ in record.datasets}
    definitions = former.data.tags.get("catalog_hash") == record.tags.get("catalog_hash")
    differing = [
        words
        for words, differs in (
            (f"{changed} parameter{'s' * (changed != 1)}", changed),
            ("definitions of the features", not definitions),
            ("data", not data),
        )
        if differs
    ]
    what = f"what differs: {', '.join(differing)}" if differing else "no parameter, definition or data differs"
    gained = gains(record.metrics, former.data.metrics) or "no figure in common"
    short, _, rest = record.note.partition(PARAGRAPH)
    before = f"**Run before:** [{former.info.run_name}]({run_link(former)}). Since then {gained}; {what}."
    return PARAGRAPH.join([short, before, rest])


def _not_one_run(reference: str, found: Sequence[Run], runs: Sequence[Run]) -> str:
    """Why a reference names no single run, and which there are."""
    if found:
        listed = ", ".join(f"{run.info.run_id} ({run.info.run_name})" for run in found)
        return f"run: '{reference}' names {len(found)} runs. Found: {listed}. Give the id of one."
    names = [run.info.run_name for run in runs]
    near = did_you_mean(reference, names)
    hint = f" Did you mean '{near}'?" if near else ""
    listed = ", ".join(f"'{name}'" for name in names[:LISTED_RUNS]) or "no run with a model"
    return (
        f"run: '{reference}' is no run in the store at {without_password(tracking_uri())}, nor a bundle folder. "
        f"Found: {listed}.{hint} Give a run's id or name, the start of its git revision, models:/NAME@ALIAS, or a "
        "folder."
    )
