"""The registered models: versions, aliases, who is champion, and their files."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import mlflow
import yaml
from mlflow.entities import Run
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from models.bundle import Bundle, UnusableBundleError
from pipeline.bundles import read_bundle
from pipeline.errors import UnusableInputError, did_you_mean
from pipeline.tracking.entries import NOT_PAIRED, NOTE, gains, has_artifacts, headline, model_id_of, run_link
from pipeline.tracking.records import LoggedRun, Record
from pipeline.tracking.store import connected, tracking_uri, without_password

CHAMPION = "champion"
"""Alias of the model in use: `models:/authenticity@champion`. Only `promote` moves it, once there is one."""


CHALLENGER = "challenger"
"""Alias of the model tracked last: `promote` asks whether it earns the champion's place."""


CHAMPION_WORDS = "**Champion:** "
"""What the second paragraph of a run's note starts with: the interface folds all but the first lines away. It changes
with each decision, so it is no part of what a run holds."""

PARAGRAPH = "\n\n"
"""What parts a note's paragraphs."""


DECISION_TAG = "decision"
"""Tag of a decision's run, and of both model versions: how it ended."""


UNKNOWN = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}
"""MLflow's codes for what is not there."""


DESCRIPTION = "MLmodel"
"""MLflow's description of a model, beside its files."""

MODEL_ADDRESS = r"models:/[^/@]+([/@][^/@]+)?"
"""A name with a version or an alias, or the identifier of a logged model."""


def download_model(uri: str, folder: Path) -> tuple[Path, Path | None]:
    """The files of a registered model, put into `folder`: the folder of its bundle, and that of the code it brings.

    Raises:
        UnusableInputError, UnusableBundleError: as `download_bundle`; the bundle itself is not read.
    """
    with connected(create=False) as client:
        return _download(client, uri, folder)


def download_bundle(uri: str) -> Bundle:
    """The verified bundle behind a registry address such as `models:/authenticity@champion`.

    Raises:
        UnusableInputError: no such model, or the store cannot be reached or used.
        UnusableBundleError: the model is not a bundle of Assay, or was changed; see `Bundle.from_files`.
    """
    with connected(create=False) as client, tempfile.TemporaryDirectory() as folder:
        return read_bundle(_download(client, uri, Path(folder))[0])


def _download(client: mlflow.MlflowClient, uri: str, folder: Path) -> tuple[Path, Path | None]:
    """The model's files under `folder`: the bundle's folder, and the code's where it brings any."""
    if not re.fullmatch(MODEL_ADDRESS, uri):
        raise UnusableInputError([_unknown_model(client, uri)])
    try:
        mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(folder))
    except MlflowException as error:
        if error.error_code not in UNKNOWN:
            raise
        raise UnusableInputError([_unknown_model(client, uri)]) from error
    if not (folder / DESCRIPTION).is_file():
        raise UnusableInputError([_unknown_model(client, uri)])
    parts = _parts(folder)
    if "data" not in parts:
        raise UnusableBundleError(f"model: {uri} is not a bundle of Assay. Name one that 'dvc repro' registered.")
    return parts["data"], parts.get("code")


def _parts(folder: Path) -> dict[str, Path]:
    """Folders of a downloaded model by what they hold, `data` and `code`, as its description names them.

    The description has no digest and is MLflow's own file, so nothing in it is taken for granted: what is no table, or
    leads out of the download, is as if it were not there.
    """
    try:
        described = yaml.safe_load((folder / DESCRIPTION).read_text(encoding="utf-8"))
        flavour = described["flavors"]["python_function"]
        named = {part: (folder / flavour[part]).resolve() for part in ("data", "code") if part in flavour}
    except (yaml.YAMLError, OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return {part: path for part, path in named.items() if path.is_relative_to(folder.resolve())}


def run_of_model(client: mlflow.MlflowClient, uri: str) -> Run:
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


def _versions(client: mlflow.MlflowClient, name: str, run: Run) -> list[ModelVersion]:
    """The registered versions of a run's model, newest first."""
    found = client.search_model_versions(f"name = '{name}'")
    return sorted((each for each in found if each.run_id == run.info.run_id), key=lambda each: -int(each.version))


def logged_run(client: mlflow.MlflowClient, run: Run, registered_model: str) -> LoggedRun:
    """A run of MLflow's in words of our own."""
    return LoggedRun(
        run_id=run.info.run_id,
        name=run.info.run_name,
        model=f"models:/{model_id_of(run)}",
        versions=tuple(str(each.version) for each in _versions(client, registered_model, run)),
        parameters=dict(run.data.params),
        metrics=dict(run.data.metrics),
        tags=dict(run.data.tags),
    )


def make_challenger(client: mlflow.MlflowClient, run: Run, record: Record, name: str) -> None:
    """Register the run's model unless it is, and let the challenger's alias point to it; the first is champion too."""
    registered = client.search_registered_models(f"name = '{name}'")
    if not registered:
        client.create_registered_model(name)
    versions = _versions(client, name, run)
    if not versions:
        model_id = model_id_of(run)
        tags = {key: record.tags[key] for key in ("model_version", "model_sha256")}
        source, said = f"models:/{model_id}", f"{headline(record.metrics)}; not judged yet."
        versions = [
            client.create_model_version(name, source, run.info.run_id, tags, description=said, model_id=model_id)
        ]
    client.set_registered_model_alias(name, CHALLENGER, str(versions[0].version))
    if not registered or CHAMPION not in registered[0].aliases:
        text = "The first champion of this registry: there was none to compare it with."
        _crown(client, name, versions[0], "champion as the first", text)
        return
    champion = client.get_model_version_by_alias(name, CHAMPION)
    is_same = champion.tags.get("model_sha256") == record.tags["model_sha256"]
    crowned = client.get_run(str(champion.run_id))
    is_lost = crowned.info.lifecycle_stage == "deleted" or not has_artifacts(client, crowned)
    if is_same and is_lost:
        # The same bundle, logged anew after its files were lost: nothing is to be decided.
        _crown(client, name, versions[0], champion.tags.get(DECISION_TAG, ""), champion.description or "")


def _crown(client: mlflow.MlflowClient, name: str, version: ModelVersion, tag: str, text: str) -> None:
    """Make a version the champion without a decision, and say why."""
    client.set_registered_model_alias(name, CHAMPION, str(version.version))
    client.set_model_version_tag(name, str(version.version), DECISION_TAG, tag)
    client.update_model_version(name, str(version.version), text)


def say_who_is_champion(client: mlflow.MlflowClient, runs: Sequence[Run], name: str) -> None:
    """The runs' notes, below what they say in short, and the registered model's description, as things stand now."""
    champion = client.get_model_version_by_alias(name, CHAMPION)
    crowned = client.get_run(str(champion.run_id))
    who = (
        f"Version {champion.version} of `{name}`, bundle `{champion.tags.get('model_version', '?')}`, from the run "
        f"[{crowned.info.run_name}]({run_link(crowned)}): `models:/{name}@{CHAMPION}`. {champion.description or ''}"
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
        gained = "" if is_champion else gains(run.data.metrics, crowned.data.metrics)
        beside = f" Beside the champion: {gained} ({NOT_PAIRED})." if gained else ""
        short, *rest = (each for each in note.split(PARAGRAPH) if not each.startswith(CHAMPION_WORDS))
        said = PARAGRAPH.join([short, f"{CHAMPION_WORDS}{own}{beside} {who.strip()}", *rest])
        if said != note:
            client.set_tag(run.info.run_id, NOTE, said)


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
    return f"model: {uri} is not in the registry at {without_password(tracking_uri())}. Found: {found}.{hint}"
