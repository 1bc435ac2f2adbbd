"""What goes into the store and comes out of it, in words of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from models.bundle import Bundle


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
class ExperimentPage:
    """What the experiment's own page shows.

    Attributes:
        name: of the experiment.
        note: Markdown, above the table of runs.
        columns: metrics that the table of runs shows, by name; MLflow alone shows none.
    """

    name: str
    note: str
    columns: Sequence[str]


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
