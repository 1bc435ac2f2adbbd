"""MLflow behind a small door: the only module that imports it. Where the store is, one run, one model out of it.

The store is `MLFLOW_TRACKING_URI`, or `mlflow.db` in the main repository with the artefacts in `mlruns/` beside it:
`dvc exp run --temp` works in another folder and names the main one in `DVC_ROOT`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
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
from mlflow.entities.model_registry import ModelVersion  # noqa: E402
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
"""Alias of the model in use: `models:/authenticity@champion`. Only `promote` moves it, once there is one."""

CHALLENGER = "challenger"
"""Alias of the model tracked last: `promote` asks whether it earns the champion's place."""

CHAMPION_WORDS = "**Champion:** "
"""What the first paragraph of a run's note starts with: the interface folds all but the first lines away. It changes
with each decision, so it is no part of what a run holds."""

NOTE = "mlflow.note.content"
"""Tag that the run's page shows as its description."""

DECISION_TAG = "decision"
"""Tag of a decision's run, and of both model versions: how it ended."""

COHORTS_TAG = "cohorts_sha256"
"""Tag of a decision's run: on which frozen cohorts it was taken."""

SHORTEST_REVISION = 7
"""Digits of a git revision, at least, that name a run: git's own short form."""

MOST_RUNS = 1000
"""Runs of one experiment that are looked at."""

LISTED_RUNS = 5
"""Runs named in a message."""

UNKNOWN = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
"""MLflow's codes for what is not there."""

STALE_SECONDS = 24 * 3600.0
"""A run of ours on a server that has been running for so long was killed: logging takes seconds (assumed). In a local
store the lock says it better: whoever holds it is the only one who logs."""

MODEL_ADDRESS = r"models:/[^/@]+([/@][^/@]+)?"
"""A name with a version or an alias, or the identifier of a logged model."""

CONTENT_TAG = "content_sha256"
"""Tag that names everything a run holds: equal content is never logged twice."""

PARENT_TAG = "mlflow.parentRunId"
"""MLflow's own tag that nests a run in another."""

LOCK_SECONDS = 120.0
"""How long a process waits for another that holds a local store; a run is logged in a few."""

ENTRIES_PER_REQUEST = 100
"""MLflow's limit on parameters in one request."""

METRICS_PER_REQUEST = 1000
"""Likewise on metrics."""

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
        content_sha256: names all of it but the tags of the moment (revision, trial) and the documents.
        documents: further files, which a run of the same content gets too when they came later.
    """

    name: str
    note: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    files: dict[str, Path]
    datasets: Sequence[tuple[str, str, str, str]]
    content_sha256: str
    documents: Mapping[str, Path] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """A finished run that holds a model.

    Attributes:
        run_id, name: MLflow's and ours.
        model: address of the run's own model, `models:/m-...`.
        versions: its numbers in the registry, newest first.
        parameters, metrics, tags: as logged.
    """

    run_id: str
    name: str
    model: str
    versions: tuple[str, ...]
    parameters: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class LoggedDecision:
    """What `promote` found, as the store keeps it.

    Attributes:
        record: the decision's own run.
        candidate, champion: the runs compared.
        is_promoted: does the candidate take the alias?
        why: half a sentence, for the versions' descriptions.
    """

    record: Record
    candidate: LoggedRun
    champion: LoggedRun
    is_promoted: bool
    why: str


def track_run(record: Record, model: ModelToRegister, experiment: str) -> None:
    """Log the record as one finished run, register its model and make that the challenger.

    The first model ever registered becomes the champion too: there is nobody to compare it with. If a run with the
    same content is there, finished and with its artefacts, nothing is logged: it is only made sure that its model is
    registered and the challenger. Runs of the same content that failed, were killed or lost their artefacts go.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    with _connected(create=True) as client:
        experiment_id = _experiment(client, experiment).experiment_id
        _end_killed_runs(client, experiment_id)
        found = client.search_runs([experiment_id], f"tags.{CONTENT_TAG} = '{record.content_sha256}'")
        whole = [run for run in found if run.info.status == "FINISHED" and _has_artifacts(client, run)]
        for run_id in {run.info.run_id for run in found if run.info.status != "RUNNING"}:
            if run_id not in {run.info.run_id for run in whole}:
                client.delete_run(run_id)
        run = whole[0] if whole else _log(client, experiment_id, record, model)
        _log_files(client, run.info.run_id, record.documents)
        _make_challenger(client, run, record, model.name)
        _say_who_is_champion(client, [client.get_run(run.info.run_id)], model.name)


def find_run(reference: str, experiment: str, registered_model: str) -> LoggedRun:
    """The finished run behind a registry address, a run's id or name, or the start of its git revision.

    Raises:
        UnusableInputError: none, or several; or the store cannot be reached or used.
    """
    with _connected(create=False) as client:
        if reference.startswith("models:/"):
            return _logged(client, _run_of_model(client, reference), registered_model)
        runs = _finished_with_model(client, experiment)
        found = [run for run in runs if reference in {run.info.run_id, run.info.run_name}]
        if not found and len(reference) >= SHORTEST_REVISION:
            found = [run for run in runs if run.data.tags.get("git_revision", "").startswith(reference)]
        if len(found) != 1:
            raise UnusableInputError([_not_one_run(reference, found, runs)])
        return _logged(client, found[0], registered_model)


def run_of_bundle(model_sha256: str, experiment: str, registered_model: str) -> LoggedRun | None:
    """The newest run that logged this very bundle; None where no run did or there is no store at all.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    local = _local_database(tracking_uri())
    if local and not local.is_file():
        return None
    with _connected(create=False) as client:
        runs = _finished_with_model(client, experiment)
        found = [run for run in runs if run.data.tags.get("model_sha256") == model_sha256]
        return _logged(client, found[0], registered_model) if found else None


def download_model(uri: str, folder: Path) -> tuple[Path, Path | None]:
    """The files of a registered model, put into `folder`: the folder of its bundle, and that of the code it brings.

    Raises:
        UnusableInputError, UnusableBundleError: as `download_bundle`; the bundle itself is not read.
    """
    with _connected(create=False) as client:
        return _download(client, uri, folder)


def attach_files(run_id: str, files: Mapping[str, Path]) -> None:
    """Add files to a run; what stands there under the same names is replaced.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    with _connected(create=False) as client:
        _log_files(client, run_id, files)


def decisions_so_far(experiment: str, cohorts_sha256: str) -> int:
    """How many candidates these frozen cohorts have judged: each further look makes a lucky winner likelier.

    Raises:
        UnusableInputError: the store cannot be reached or used.
    """
    with _connected(create=False) as client:
        return sum(run.data.tags.get(COHORTS_TAG) == cohorts_sha256 for run in _runs(client, experiment))


def log_decision(decision: LoggedDecision, experiment: str, registered_model: str) -> None:
    """Log a decision as a run of its own, mark both versions, and move the alias where the candidate earned it.

    Raises:
        UnusableInputError: the champion was replaced meanwhile; or the store cannot be reached or used.
    """
    with _connected(create=False) as client:
        now = client.get_model_version_by_alias(registered_model, CHAMPION)
        if str(now.version) not in decision.champion.versions:
            raise UnusableInputError(
                [f"promote: version {now.version} became the champion meanwhile. Run the command again."]
            )
        record = decision.record
        tags = {**record.tags, CONTENT_TAG: record.content_sha256, NOTE: record.note}
        run = client.create_run(_experiment(client, experiment).experiment_id, run_name=record.name, tags=tags)
        _log_values(client, run, record)
        # The alias first: a description without it would say what is not so.
        candidate = decision.candidate.versions[0]
        if decision.is_promoted:
            client.set_registered_model_alias(registered_model, CHAMPION, candidate)
        for version, (tag, text) in _said_of_versions(decision, now).items():
            client.set_model_version_tag(registered_model, version, DECISION_TAG, tag)
            client.set_model_version_tag(registered_model, version, "decision_run", run.info.run_id)
            client.update_model_version(registered_model, version, f"{text} [Decision]({_run_link(run)})")
        client.set_terminated(run.info.run_id, status="FINISHED")
        _say_who_is_champion(client, _runs(client, experiment), registered_model)


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
        _log_files(client, run.run_id, files)
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
        return read_bundle(_download(client, uri, Path(folder))[0])


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


def _download(client: mlflow.MlflowClient, uri: str, folder: Path) -> tuple[Path, Path | None]:
    """The model's files under `folder`: the bundle's folder, and the code's where it brings any."""
    if not re.fullmatch(MODEL_ADDRESS, uri):
        raise UnusableInputError([_unknown_model(client, uri)])
    try:
        mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder))
        flavour = Model.load(str(folder)).flavors.get("python_function", {})
    except MlflowException as error:
        if error.error_code not in UNKNOWN:
            raise
        raise UnusableInputError([_unknown_model(client, uri)]) from error
    if "data" not in flavour:
        raise UnusableBundleError(f"model: {uri} is not a bundle of Assay. Name one that 'dvc repro' registered.")
    return folder / flavour["data"], folder / flavour["code"] if "code" in flavour else None


def _run_of_model(client: mlflow.MlflowClient, uri: str) -> Run:
    """The run that logged a registered model."""
    matched = re.fullmatch(r"models:/([^/@]+)(?:([/@])([^/@]+))?", uri)
    if not matched:
        raise UnusableInputError([_unknown_model(client, uri)])
    name, separator, which = matched.groups()
    try:
        if separator is None:
            run_id = client.get_logged_model(name).source_run_id
        elif separator == "@":
            run_id = client.get_model_version_by_alias(name, which).run_id
        else:
            run_id = client.get_model_version(name, which).run_id
        return client.get_run(str(run_id))
    except MlflowException as error:
        if error.error_code not in UNKNOWN:
            raise
        raise UnusableInputError([_unknown_model(client, uri)]) from error


def _runs(client: mlflow.MlflowClient, experiment: str) -> list[Run]:
    """The experiment's runs, newest first."""
    found = client.get_experiment_by_name(experiment)
    return list(client.search_runs([found.experiment_id], max_results=MOST_RUNS)) if found else []


def _finished_with_model(client: mlflow.MlflowClient, experiment: str) -> list[Run]:
    return [run for run in _runs(client, experiment) if run.info.status == "FINISHED" and _model_id(run)]


def _logged(client: mlflow.MlflowClient, run: Run, registered_model: str) -> LoggedRun:
    return LoggedRun(
        run_id=run.info.run_id,
        name=run.info.run_name,
        model=f"models:/{_model_id(run)}",
        versions=tuple(str(each.version) for each in _versions(client, registered_model, run)),
        parameters=dict(run.data.params),
        metrics=dict(run.data.metrics),
        tags=dict(run.data.tags),
    )


def _versions(client: mlflow.MlflowClient, name: str, run: Run) -> list[ModelVersion]:
    """The registered versions of a run's model, newest first."""
    found = client.search_model_versions(f"name = '{name}'")
    return sorted((each for each in found if each.run_id == run.info.run_id), key=lambda each: -int(each.version))


def _end_killed_runs(client: mlflow.MlflowClient, experiment_id: str) -> None:
    """Mark our runs whose process was killed: MLflow would show them as running for ever.

    Whoever logs to a local store holds its lock, which we hold now; on a server, only age can tell.
    """
    youngest = 0.0 if _local_database(tracking_uri()) else STALE_SECONDS
    for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'", max_results=MOST_RUNS):
        if CONTENT_TAG in run.data.tags and time.time() - run.info.start_time / 1000 >= youngest:
            client.set_terminated(run.info.run_id, status="KILLED")


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
    tags = {**record.tags, CONTENT_TAG: record.content_sha256, NOTE: record.note}
    run = client.create_run(experiment_id, run_name=record.name, tags=tags)
    run_id = run.info.run_id
    with mlflow.start_run(run_id=run_id):
        _log_values(client, run, record)
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


def _log_values(client: mlflow.MlflowClient, run: Run, record: Record) -> None:
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
    _log_files(client, run_id, record.files)


def _log_files(client: mlflow.MlflowClient, run_id: str, files: Mapping[str, Path]) -> None:
    """Each file at its place in the run, under the name given there: MLflow itself keeps the local name."""
    with tempfile.TemporaryDirectory() as scratch:
        for place, path in files.items():
            folder, _, name = place.rpartition("/")
            named = path
            if path.name != name:
                named = Path(scratch) / name
                shutil.copyfile(path, named)
            client.log_artifact(run_id, str(named), folder or None)


def _dataset(name: str, digest: str, path: str, context: str) -> DatasetInput:
    dataset = Dataset(name, digest, "local", json.dumps({"uri": path}))
    return DatasetInput(dataset, [InputTag("mlflow.data.context", context)])


def _make_challenger(client: mlflow.MlflowClient, run: Run, record: Record, name: str) -> None:
    """Register the run's model unless it is, and let the challenger's alias point to it; the first is champion too."""
    registered = client.search_registered_models(f"name = '{name}'")
    if not registered:
        client.create_registered_model(name)
    versions = _versions(client, name, run)
    if not versions:
        model_id = _model_id(run)
        tags = {key: record.tags[key] for key in ("model_version", "model_sha256")}
        versions = [client.create_model_version(name, f"models:/{model_id}", run.info.run_id, tags, model_id=model_id)]
    client.set_registered_model_alias(name, CHALLENGER, str(versions[0].version))
    if not registered or CHAMPION not in registered[0].aliases:
        text = "The first champion of this registry: there was none to compare it with."
        _crown(client, name, versions[0], "champion as the first", text)
        return
    champion = client.get_model_version_by_alias(name, CHAMPION)
    is_same = champion.tags.get("model_sha256") == record.tags["model_sha256"]
    crowned = client.get_run(str(champion.run_id))
    is_lost = crowned.info.lifecycle_stage == "deleted" or not _has_artifacts(client, crowned)
    if is_same and is_lost:
        # The same bundle, logged anew after its files were lost: nothing is to be decided.
        _crown(client, name, versions[0], champion.tags.get(DECISION_TAG, ""), champion.description or "")


def _crown(client: mlflow.MlflowClient, name: str, version: ModelVersion, tag: str, text: str) -> None:
    """Make a version the champion without a decision, and say why."""
    client.set_registered_model_alias(name, CHAMPION, str(version.version))
    client.set_model_version_tag(name, str(version.version), DECISION_TAG, tag)
    client.update_model_version(name, str(version.version), text)


def _said_of_versions(decision: LoggedDecision, champion: ModelVersion) -> dict[str, tuple[str, str]]:
    """Tag and description of the two versions after a decision."""
    new, old, why = decision.candidate.versions[0], str(champion.version), decision.why
    if decision.is_promoted:
        return {
            new: (f"promoted over version {old}", f"Promoted over version {old}: {why}."),
            old: (f"replaced by version {new}", f"Replaced by version {new}: {why}."),
        }
    # How it became champion stays; of those it was kept against, the last one is named.
    origin = str(champion.description or "").partition(" Kept against version")[0]
    return {
        new: (f"not promoted over version {old}", f"Not promoted over version {old}: {why}."),
        old: (f"kept against version {new}", f"{origin} Kept against version {new}: {why}.".strip()),
    }


def _say_who_is_champion(client: mlflow.MlflowClient, runs: Sequence[Run], name: str) -> None:
    """The first paragraph of the runs' notes, and the registered model's description, as things stand now."""
    champion = client.get_model_version_by_alias(name, CHAMPION)
    crowned = client.get_run(str(champion.run_id))
    who = (
        f"Version {champion.version} of `{name}`, bundle `{champion.tags.get('model_version', '?')}`, from the run "
        f"[{crowned.info.run_name}]({_run_link(crowned)}): `models:/{name}@{CHAMPION}`. {champion.description or ''}"
    )
    client.update_registered_model(name, f"Champion: {who}")
    by_run: dict[str, list[str]] = {}
    for each in client.search_model_versions(f"name = '{name}'"):
        by_run.setdefault(str(each.run_id), []).append(str(each.version))
    for run in runs:
        note, versions = run.data.tags.get(NOTE, ""), by_run.get(run.info.run_id)
        if not note or not versions:
            continue
        is_champion = run.info.run_id == crowned.info.run_id
        own = "the model of this run." if is_champion else f"not this run's model, which is version {versions[0]}."
        rest = note.partition("\n\n")[2] if note.startswith(CHAMPION_WORDS) else note
        said = f"{CHAMPION_WORDS}{own} {who.strip()}\n\n{rest}"
        if said != note:
            client.set_tag(run.info.run_id, NOTE, said)


def _run_link(run: Run) -> str:
    """Address of a run's page within MLflow's interface."""
    return f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"


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
        f"run: '{reference}' is no run in the store at {_without_password(tracking_uri())}, nor a bundle folder. "
        f"Found: {listed}.{hint} Give a run's id or name, the start of its git revision, models:/NAME@ALIAS, or a "
        "folder."
    )


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
