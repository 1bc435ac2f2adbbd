"""MLflow behind a small door: the only module that imports it. Where the store is, one run, one model out of it.

The store is `MLFLOW_TRACKING_URI`, or `mlflow.db` in the main repository with the artefacts in `mlruns/` beside it:
`dvc exp run --temp` works in another folder and names the main one in `DVC_ROOT`.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

# Read once, when MLflow is imported: nothing is sent anywhere, and standard output is left to results.
for _name, _value in {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # MLflow's own defaults let a stage hang for minutes on a server that is not there.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
}.items():
    os.environ.setdefault(_name, _value)

import mlflow  # noqa: E402
from mlflow.entities import Dataset, DatasetInput, Experiment, InputTag, Metric, Param, Run  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.models import Model, ModelSignature  # noqa: E402
from mlflow.types import ColSpec, Schema  # noqa: E402
from sqlalchemy.exc import SQLAlchemyError  # noqa: E402

from models.bundle import Bundle, UnusableBundleError  # noqa: E402
from pipeline.bundles import read_bundle  # noqa: E402
from pipeline.errors import UnusableInputError, did_you_mean  # noqa: E402

URI_VARIABLE = "MLFLOW_TRACKING_URI"
SQLITE = "sqlite:///"
DATABASE = "mlflow.db"
ARTIFACTS = "mlruns"
CHAMPION = "champion"
"""Alias of the model in use: `models:/authenticity@champion`."""

MODEL_ADDRESS = r"models:/[^/@]+([/@][^/@]+)?"
"""A name with a version or an alias, or the identifier of a logged model."""

CONTENT_TAG = "content_sha256"
"""Tag that names everything a run holds: equal content is never logged twice."""

PARENT_TAG = "mlflow.parentRunId"
"""MLflow's own tag that nests a run in another."""

LOCK_SECONDS = 120.0
"""How long a process waits for another that holds a local store; a run is logged in a few."""

ENTRIES_PER_REQUEST = 100
"""MLflow's limit on parameters in one request (metrics: 1,000)."""

ABSOLUTE_PATHS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
)
"""Tables and columns of the store in which MLflow keeps absolute artefact paths."""


@dataclass(frozen=True, slots=True)
class Record:
    """What one run holds.

    Attributes:
        name: of the run, telling: the table of runs shows no metric at first.
        note: Markdown, shown on the run's page.
        parameters, metrics, tags: as MLflow has them; a `/` in a metric's name makes a group.
        files: local file by folder and name in the run.
        datasets: (name, hash, path, what it was used for).
        content_sha256: names all of it but the tags of the moment (revision, trial).
    """

    name: str
    note: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    files: dict[str, Path]
    datasets: Sequence[tuple[str, str, str, str]]
    content_sha256: str


@dataclass(frozen=True, slots=True)
class ModelToRegister:
    """The model of a run: its bundle, how MLflow loads it, and under which name it is registered.

    Attributes:
        name: in the registry.
        bundle: for the signature: one column of doubles per feature.
        folder: the bundle's files.
        loader: module whose `_load_pyfunc` reads the folder.
        outputs: the answer's columns and types.
        requirements: `name==version` of what the loader imports.
        code: package folders that travel with the model.
    """

    name: str
    bundle: Bundle
    folder: Path
    loader: ModuleType
    outputs: dict[str, str]
    requirements: Sequence[str]
    code: Sequence[Path]


@dataclass(frozen=True, slots=True)
class NestedRun:
    """One trial of a study: its name, settings and figures."""

    name: str
    parameters: dict[str, str]
    metrics: dict[str, float]


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """A study as a run with nested ones; fields as in `Record`."""

    name: str
    note: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    files: dict[str, Path]
    trials: Sequence[NestedRun]
    content_sha256: str


def tracking_uri() -> str:
    """The tracking store: `MLFLOW_TRACKING_URI`, else `mlflow.db` of the main repository; a local one as full path."""
    given = os.environ.get(URI_VARIABLE) or f"{SQLITE}{DATABASE}"
    if not given.startswith(SQLITE):
        return given
    root = Path(os.environ.get("DVC_ROOT") or Path.cwd())
    return f"{SQLITE}{(root / given.removeprefix(SQLITE)).resolve()}"


def track_run(record: Record, model: ModelToRegister, experiment: str) -> None:
    """Log the record as one finished run, register its model and make that the champion.

    If a run with the same content is there, finished and with its artefacts, nothing is logged: it is only made sure
    that its model is registered and the champion. Runs of the same content that failed or lost their artefacts go.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    with _connected(create=True) as client:
        experiment_id = _experiment(client, experiment).experiment_id
        found = client.search_runs([experiment_id], f"tags.{CONTENT_TAG} = '{record.content_sha256}'")
        whole = [run for run in found if run.info.status == "FINISHED" and _has_artifacts(client, run)]
        for run_id in {run.info.run_id for run in found if run.info.status != "RUNNING"}:
            if run_id not in {run.info.run_id for run in whole}:
                client.delete_run(run_id)
        run = whole[0] if whole else _log(client, experiment_id, record, model)
        _make_champion(client, run, record, model.name)


def track_study(record: StudyRecord, experiment: str) -> None:
    """Log a study as one finished run and its trials as runs nested in it; nothing if the same study is there.

    A study whose logging was cut short is deleted, its trials too, and logged anew.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    with _connected(create=True) as client:
        experiment_id = _experiment(client, experiment).experiment_id
        found = client.search_runs([experiment_id], f"tags.{CONTENT_TAG} = '{record.content_sha256}'")
        if any(run.info.status == "FINISHED" for run in found):
            return
        for unfinished in found:
            for child in client.search_runs([experiment_id], f"tags.{PARENT_TAG} = '{unfinished.info.run_id}'"):
                client.delete_run(child.info.run_id)
            client.delete_run(unfinished.info.run_id)
        tags = {CONTENT_TAG: record.content_sha256, "mlflow.note.content": record.note}
        parent = client.create_run(experiment_id, run_name=record.name, tags=tags).info
        _fill(client, parent.run_id, parent.start_time, record.parameters, record.metrics)
        for place, path in record.files.items():
            client.log_artifact(parent.run_id, str(path), place.rpartition("/")[0] or None)
        for trial in record.trials:
            nested = client.create_run(experiment_id, run_name=trial.name, tags={PARENT_TAG: parent.run_id}).info
            _fill(client, nested.run_id, nested.start_time, trial.parameters, trial.metrics)
            client.set_terminated(nested.run_id)
        client.set_terminated(parent.run_id)


def _fill(
    client: mlflow.MlflowClient, run_id: str, at: int, parameters: Mapping[str, str], metrics: Mapping[str, float]
) -> None:
    """Parameters, few enough for one request, and metrics of the moment `at` of a run."""
    client.log_batch(
        run_id,
        params=[Param(name, value) for name, value in parameters.items()],
        metrics=[Metric(name, value, at, 0) for name, value in metrics.items()],
    )


def attach_to_run(
    experiment: str, model_sha256: str, tag: tuple[str, str], metrics: Mapping[str, float], files: Mapping[str, Path]
) -> None:
    """Add files and metrics to the newest finished run of a model; what stands there under the same names is replaced.

    `tag` names the content: a run that carries it already is left alone.

    Raises:
        UnusableInputError: no run of that model, or the store cannot be reached or used.
    """
    with _connected(create=False) as client:
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
        for place, path in files.items():
            client.log_artifact(run.run_id, str(path), place.rpartition("/")[0] or None)
        entries = [Metric(name, value, run.end_time, 0) for name, value in metrics.items()]
        client.log_batch(run.run_id, metrics=entries)
        client.set_tag(run.run_id, *tag)


def download_bundle(uri: str) -> Bundle:
    """The verified bundle behind a registry address such as `models:/authenticity@champion`.

    Raises:
        UnusableInputError: no such model, or the store cannot be reached or used.
        UnusableBundleError: the model is not a bundle of Assay, or was changed; see `Bundle.from_files`.
    """
    with _connected(create=False) as client, tempfile.TemporaryDirectory() as folder:
        if not re.fullmatch(MODEL_ADDRESS, uri):
            raise UnusableInputError([_unknown_model(client, uri)])
        try:
            mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=folder)
            flavour = Model.load(folder).flavors.get("python_function", {})
        except MlflowException as error:
            if error.error_code not in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                raise
            raise UnusableInputError([_unknown_model(client, uri)]) from error
        if "data" not in flavour:
            raise UnusableBundleError(f"model: {uri} is not a bundle of Assay. Name one that 'dvc repro' registered.")
        return read_bundle(Path(folder) / flavour["data"])


@contextmanager
def _connected(*, create: bool) -> Iterator[mlflow.MlflowClient]:
    """A client of the store, which everything of MLflow inside the block uses; its errors become ours."""
    uri = tracking_uri()
    local = _local_database(uri)
    if local and not create and not local.is_file():
        raise UnusableInputError(
            [f"tracking: there is no store at {local}. Make it with 'dvc repro', or set {URI_VARIABLE}."]
        )
    try:
        with _environment(URI_VARIABLE, uri), _known_warnings_ignored(), _locked(local):
            yield mlflow.MlflowClient()
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise UnusableInputError([_unusable_store(uri, error)]) from error


def _local_database(uri: str) -> Path | None:
    """The file of a local store; None for a server's address."""
    return Path(uri.removeprefix(SQLITE)) if uri.startswith(SQLITE) else None


@contextmanager
def _locked(database: Path | None) -> Iterator[None]:
    """One process at a time in a local store: two that create it at once crash, two that log at once repeat a run.

    The lock is a transaction on an empty database: it ends with the process, on every system, and knows a time limit.
    """
    if database is None:
        yield
        return
    artifacts = database.parent / ARTIFACTS
    artifacts.mkdir(parents=True, exist_ok=True)
    lock = sqlite3.connect(artifacts / ".lock", timeout=LOCK_SECONDS, isolation_level=None)
    with closing(lock):
        lock.execute("BEGIN EXCLUSIVE")
        _mend_locations(database, artifacts)
        yield


def _mend_locations(database: Path, artifacts: Path) -> None:
    """After the repository was moved or copied: point the store's absolute artefact paths to where they are now.

    Only experiments in a folder of their own name under `mlruns/` are ours to mend; the others stay.
    """
    if not database.is_file():
        return
    with closing(sqlite3.connect(database)) as connection, connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'model_versions'").fetchone():
            return
        for name, location in connection.execute("SELECT name, artifact_location FROM experiments").fetchall():
            old, new = str(location).removesuffix(name), f"{artifacts.as_uri()}/"
            if old == new or not old.endswith(f"/{ARTIFACTS}/"):
                continue
            for table, column in ABSOLUTE_PATHS:
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",  # noqa: S608 - constants above
                    (new, len(old) + 1, len(old), old),
                )


def _experiment(client: mlflow.MlflowClient, name: str) -> Experiment:
    """The experiment, made or brought back where needed."""
    found = client.get_experiment_by_name(name)
    if found is None:
        database = _local_database(tracking_uri())
        location = (database.parent / ARTIFACTS / name).as_uri() if database else None  # a server has its own
        return client.get_experiment(client.create_experiment(name, artifact_location=location))
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return found


def _has_artifacts(client: mlflow.MlflowClient, run: Run) -> bool:
    """Are the run's files and its model's still there? The database outlives a deleted folder."""
    model = _model_id(run)
    return bool(model and client.list_artifacts(run.info.run_id) and client.list_logged_model_artifacts(model))


def _model_id(run: Run) -> str | None:
    """MLflow's name of the model that the run logged."""
    outputs = run.outputs.model_outputs if run.outputs else []
    return outputs[0].model_id if outputs else None


def _log(client: mlflow.MlflowClient, experiment_id: str, record: Record, model: ModelToRegister) -> Run:
    """A new run with everything in the record; it is marked as failed when a step fails."""
    tags = {**record.tags, CONTENT_TAG: record.content_sha256, "mlflow.note.content": record.note}
    run = client.create_run(experiment_id, run_name=record.name, tags=tags)
    run_id, at = run.info.run_id, run.info.start_time
    with mlflow.start_run(run_id=run_id):
        parameters = [Param(name, value) for name, value in record.parameters.items()]
        for start in range(0, len(parameters), ENTRIES_PER_REQUEST):
            client.log_batch(run_id, params=parameters[start : start + ENTRIES_PER_REQUEST])
        client.log_batch(run_id, metrics=[Metric(name, value, at, 0) for name, value in record.metrics.items()])
        client.log_inputs(run_id, datasets=[_dataset(*entry) for entry in record.datasets])
        for place, path in record.files.items():
            client.log_artifact(run_id, str(path), place.rpartition("/")[0] or None)
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


def _dataset(name: str, digest: str, path: str, context: str) -> DatasetInput:
    dataset = Dataset(name, digest, "local", json.dumps({"uri": path}))
    return DatasetInput(dataset, [InputTag("mlflow.data.context", context)])


def _make_champion(client: mlflow.MlflowClient, run: Run, record: Record, name: str) -> None:
    """Register the run's model unless it is, and let the alias point to it."""
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description="Bundles of Assay; the alias names the one in use.")
    versions = [each for each in client.search_model_versions(f"name = '{name}'") if each.run_id == run.info.run_id]
    if not versions:
        model_id = _model_id(run)
        tags = {key: record.tags[key] for key in ("model_version", "model_sha256")}
        versions = [client.create_model_version(name, f"models:/{model_id}", run.info.run_id, tags, model_id=model_id)]
    client.set_registered_model_alias(name, CHAMPION, str(versions[0].version))


def _unknown_model(client: mlflow.MlflowClient, uri: str) -> str:
    """What the registry holds instead of the model asked for."""
    known = []
    for model in client.search_registered_models():
        known += [f"models:/{model.name}@{alias}" for alias in model.aliases] or [f"models:/{model.name}/1"]
    if uri in known:
        return f"model: the files of {uri} are gone from the store. Log it again with 'dvc repro -f -s track'."
    near = did_you_mean(uri, known)
    hint = f" Did you mean '{near}'?" if near else ""
    found = ", ".join(known) or "no model"
    return f"model: {uri} is not in the registry at {_without_password(tracking_uri())}. Found: {found}.{hint}"


def _unusable_store(uri: str, error: Exception) -> str:
    reason = _without_password(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
    repair = (
        "Check that the file and the folder beside it can be written and that no other process holds them; a spoilt "
        "store can be moved away and is built anew."
        if uri.startswith(SQLITE)
        else f"Start the server, or correct {URI_VARIABLE} (unset, ./{DATABASE} is used)."
    )
    return (
        f"tracking: the store at {_without_password(uri)} cannot be used. Found: {reason.rstrip('.')}. {repair} "
        "Then repeat the command: the results of the other stages are kept."
    )


def _without_password(text: str) -> str:
    """An address may carry a user and a password; messages end up in logs."""
    return re.sub(r"://[^/@\s]+@", "://", text)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    former = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if former is None:
            del os.environ[name]
        else:
            os.environ[name] = former


@contextmanager
def _known_warnings_ignored() -> Iterator[None]:
    """MLflow's own, none of which we can mend: about how it uses SQLAlchemy and pydantic, and advice to add an example.

    An example would be loaded and scored at every run; the signature says the same.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
        warnings.filterwarnings("ignore", message=".*Any type hint is inferred as AnyType")
        warnings.filterwarnings("ignore", message=".*An input example was not provided")
        yield
