"""Where the store is, one process at a time in it, and its errors as ours."""

from __future__ import annotations

import os
import re
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

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
from mlflow.entities import Experiment  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from sqlalchemy.exc import SQLAlchemyError  # noqa: E402

from pipeline.errors import UnusableInputError, UnusableStoreError  # noqa: E402
from pipeline.storage import atomic_path  # noqa: E402

URI_VARIABLE = "MLFLOW_TRACKING_URI"


SQLITE = "sqlite:///"


DATABASE = "mlflow.db"


ARTIFACTS = "mlruns"


LOCK_SECONDS = 120.0
"""How long a process waits for another that holds a local store; a run is logged in a few."""


ABSOLUTE_PATHS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
)
"""Tables and columns of the store in which MLflow keeps absolute artefact paths."""


def tracking_uri() -> str:
    """The tracking store: `MLFLOW_TRACKING_URI`, else `mlflow.db` of the main repository; a local one as full path."""
    given = os.environ.get(URI_VARIABLE) or f"{SQLITE}{DATABASE}"
    if not given.startswith(SQLITE):
        return given
    root = Path(os.environ.get("DVC_ROOT") or Path.cwd())
    return f"{SQLITE}{(root / given.removeprefix(SQLITE)).resolve()}"


@contextmanager
def connected(*, create: bool) -> Iterator[mlflow.MlflowClient]:
    """A client of the store, which everything of MLflow inside the block uses; its errors become ours."""
    uri = tracking_uri()
    local = local_database(uri)
    if local and not create and not local.is_file():
        raise UnusableInputError(
            [f"tracking: there is no store at {local}. Make it with 'dvc repro', or set {URI_VARIABLE}."]
        )
    try:
        with _environment(URI_VARIABLE, uri), _known_warnings_ignored(), _locked(local):
            if local and not local.is_file():
                _make(local)
            yield mlflow.MlflowClient()
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise UnusableStoreError([_unusable_store(uri, error)]) from error


def _make(database: Path) -> None:
    """Make a local store under another name first: MLflow takes seconds for its tables and cannot use half of them."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    with atomic_path(database) as temporary:
        store = SqlAlchemyStore(f"{SQLITE}{temporary}", (database.parent / ARTIFACTS).as_uri())
        store.engine.dispose()


def local_database(uri: str) -> Path | None:
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


def experiment_of(client: mlflow.MlflowClient, name: str) -> Experiment:
    """The experiment, made or brought back where needed."""
    found = client.get_experiment_by_name(name)
    if found is None:
        database = local_database(tracking_uri())
        location = (database.parent / ARTIFACTS / name).as_uri() if database else None  # a server has its own
        return client.get_experiment(client.create_experiment(name, artifact_location=location))
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return found


def _unusable_store(uri: str, error: Exception) -> str:
    reason = without_password(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
    repair = (
        "Check that the file and the folder beside it can be written and that no other process holds them; a spoilt "
        "store can be moved away and is built anew."
        if uri.startswith(SQLITE)
        else f"Start the server, or correct {URI_VARIABLE} (unset, ./{DATABASE} is used)."
    )
    return (
        f"tracking: the store at {without_password(uri)} cannot be used. Found: {reason.rstrip('.')}. {repair} "
        "Then repeat the command: the results of the other stages are kept."
    )


def without_password(text: str) -> str:
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
