"""Stage `track`: everything the other stages left, as one MLflow run, from files alone.

The stages before it never talk to MLflow, so a cached one cannot leave a run half empty, and a lost store is rebuilt
by the command `track`. The registered model becomes `@challenger` with every tracked run; once there is a champion,
only `promote` makes it that.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field

import features
import models
import pipeline
from models.bundle import MANIFEST, Bundle, UnusableBundleError
from pipeline import layout, serving
from pipeline.bundles import read_bundle
from pipeline.errors import UnusableInputError, UnusableStoreError
from pipeline.params import Section, read_section
from pipeline.run_page import run_page
from pipeline.storage import read_json, write_json
from pipeline.tracking import ExperimentPage, ModelToRegister, Record, track_run

LOCK_FILE = Path("dvc.lock")
HEADLINE = "recall_at_1_percent_false_positives"
"""The metric that comes first."""

NO_DATA, NO_DATA_FILES = ("reports/", "pages/"), (".py", ".yaml")
"""What stages depend on besides data: reports, which the run holds itself, templates, code and parameters."""
OTHER_SECTIONS = ("audit_", "tune", "promote", "track")
"""Starts of the sections of params.yaml that neither the model nor its figures depend on: two runs that differ in them
are equal. The run's params.yaml holds them."""

PRIORS = "priors"
"""The section of params.yaml that holds the simulation's priors."""

LONGEST_PARAMETER = 500
"""Characters of a parameter's value that a table of runs can use; the whole stands in the run's params.yaml."""

COLUMNS = (
    "assay/recall_at_1_percent_false_positives",
    "assay/auc",
    "evaluation/decisions/genuine/reject",
    "evaluation/decisions/inauthentic/reject",
    "audit/limits that do not hold",
)
"""Figures that the table of runs shows beside a name."""

EXPERIMENT_NOTE = (
    "One run a `dvc repro`. Open one for what was trained on what, how good it is against which baseline, and where "
    "it fails. Two runs: `python -m pipeline compare RUN_A RUN_B` pairs them on frozen cohorts and tells whose verdict "
    "flips; *Compare* in this table shows each run's own figures, which are not paired. Figures are shares from 0 to 1 "
    "on simulated test cohorts that the model never saw; `_lower` and `_upper` are the ends of the 90 % interval; "
    "calibration error and Brier score are better when lower."
)
"""What stands above the table of runs."""

FIGURE_ORDER = (
    "score_distribution",
    "roc",
    "precision_recall",
    "reliability",
    "reject_cuts",
    "risk_coverage",
    "importance",
)
"""The order in which a person reads the figures; others follow by name."""

MODEL_CARD = Path("docs/model-card.md")
"""The generated page that goes with the model it names. The audit's page comes to the run with the audit."""


NOT_TRACKED = (
    "track: this run is not in MLflow yet; its files are complete. Log it once the store answers: python -m pipeline "
    "track"
)
"""Said where the store could not be used."""


class TrackParams(Section):
    """Section `track` of params.yaml."""

    experiment: str = Field(pattern=r"^[\w.-]+$")
    registered_model: str = Field(pattern=r"^[\w.-]+$")


def run(report: Callable[[str], None]) -> None:
    """The stage.

    Raises:
        UnusableInputError: a stage before it left nothing, or the tracking store cannot be used. Nothing is lost then.
    """
    bundle = _bundle()
    _track(bundle, report)
    _leave(bundle)


def run_stage(report: Callable[[str], None]) -> list[str]:
    """The stage within `dvc repro`: a store that cannot be used ends no run of the pipeline.

    All that the record is made of lies in files, so that nothing is lost; returns what is to be told then.

    Raises:
        UnusableInputError: a stage before it left nothing.
    """
    bundle = _bundle()
    try:
        _track(bundle, report)
    except UnusableStoreError as error:
        warnings = [*error.problems, NOT_TRACKED]
    else:
        warnings = []
    _leave(bundle)
    return warnings


def _leave(bundle: Bundle) -> None:
    """The stage's output, which is the same whatever the store said or held: a run's id differs on every machine."""
    params = read_section("track", TrackParams)
    tracked = {"experiment": params.experiment, "model_version": bundle.version, "model_sha256": model_sha256(bundle)}
    write_json(tracked, layout.TRACKED)


def _track(bundle: Bundle, report: Callable[[str], None]) -> None:
    """Read the other stages' results and log them.

    Raises:
        UnusableStoreError: the tracking store cannot be used; UnusableInputError: a stage before it left nothing.
    """
    params = read_section("track", TrackParams)
    model = ModelToRegister(
        name=params.registered_model,
        bundle=bundle,
        folder=layout.MODEL,
        loader=serving,
        outputs=serving.OUTPUTS,
        requirements=[f"{name}=={version(name)}" for name in serving.REQUIREMENTS],
        code=[Path(path) for package in (features, models, pipeline) for path in package.__path__],
    )
    report("MLflow")
    track_run(run_record(bundle), model, ExperimentPage(params.experiment, EXPERIMENT_NOTE, COLUMNS))


def run_record(bundle: Bundle) -> Record:
    """The run's whole content, read from params.yaml, the reports, dvc.lock and git."""
    metrics, training, scoring = map(_report, (layout.METRICS, layout.TRAINING_REPORT, layout.SCORING_REPORT))
    segments = _report(layout.SEGMENTS)
    sections = yaml.safe_load(layout.PARAMS.read_text(encoding="utf-8"))
    parameters = dict(flat_parameters(without_priors(of_the_model(sections))))
    numbers = dict(metrics_of(metrics, training, scoring))
    tags = {
        "model_version": bundle.version,
        "model_sha256": model_sha256(bundle),
        "catalog_hash": bundle.catalog_hash,
        "split": str(metrics.get("split", "")),
    }
    files = run_files()
    hashes = data_hashes(LOCK_FILE)
    revision = git_tags()
    # The revision and the hashes are of the moment: the page without them is what tells equal content.
    page = (metrics, segments, training, scoring, sections, bundle)
    lineage = {
        "revision": revision.get("git_revision", ""),
        "is_changed": revision.get("git_dirty") == "true",
        "data": hashes,
    }
    trial = os.environ.get("DVC_EXP_NAME", "")
    return Record(
        name=trial or run_name(revision.get("git_revision", ""), metrics),
        note=run_page(*page, lineage),
        parameters=parameters,
        metrics=numbers,
        tags={
            **tags,
            **revision,
            **({"dvc_experiment": trial} if trial else {}),
            "mlflow.source.name": "dvc repro",
        },
        files={**files, **({LOCK_FILE.name: LOCK_FILE} if LOCK_FILE.is_file() else {})},
        datasets=[
            (Path(path).name, hashes[path], path, use)
            for use, stage in (("training", "prepare"), ("scoring", "score"))
            if (path := (sections.get(stage) or {}).get("dataset")) in hashes
        ],
        content_sha256=_digest([parameters, numbers, tags, run_page(*page, {})], files),
        documents=documents(bundle.version),
    )


def of_the_model(sections: Mapping[str, Any]) -> dict[str, Any]:
    """The sections that the model and its figures depend on, the training's first: they are what is looked for."""
    kept = {name: values for name, values in sections.items() if not name.startswith(OTHER_SECTIONS)}
    return {name: kept[name] for name in sorted(kept, key=lambda name: name != "train")}


def without_priors(sections: Mapping[str, Any]) -> dict[str, Any]:
    """The sections with the simulation's hundreds of priors as one digest: two runs differ in it, or share them all.

    Which of them differ, the two runs' params.yaml says.
    """
    priors = sections.get(PRIORS)
    digest = hashlib.sha256(json.dumps(priors, sort_keys=True).encode()).hexdigest()[:12]
    return {**{name: values for name, values in sections.items() if name != PRIORS}, PRIORS: digest}


def flat_parameters(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """params.yaml as `section.key` and text: lists as JSON, null as `null`, empty mappings left out."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flat_parameters(inner, f"{name}.{key}" if name else str(key))
        return
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    yield name, text if len(text) <= LONGEST_PARAMETER else text[: LONGEST_PARAMETER - 1] + "…"


def metrics_of(
    metrics: Mapping[str, Any], training: Mapping[str, Any], scoring: Mapping[str, Any]
) -> Iterator[tuple[str, float]]:
    """Every number of the reports that a person would sort runs by; what is null is left out.

    In the order in which a person reads them, which the run's page keeps and whose first MLflow draws when runs are
    compared. `<model>/<metric>` with `_lower` and `_upper`, `difference_to_<baseline>/<metric>`, `evaluation/<count>`,
    `training/<number>` and `scored/<verdict>`.
    """
    for model, values in metrics["models"].items():
        first = {HEADLINE: values[HEADLINE]} if HEADLINE in values else {}
        yield from _numbers({**first, **values}, model)
    for baseline, values in metrics.get("differences", {}).items():
        yield from _numbers(values, f"difference_to_{baseline}")
    rest = {key: value for key, value in metrics.items() if key not in {"models", "differences"}}
    yield from _numbers(rest, "evaluation")
    yield from _numbers({key: value for key, value in training.items() if key != "importance"}, "training")
    yield from _numbers(scoring["verdicts"], "scored")


def run_name(revision: str, metrics: Mapping[str, Any]) -> str:
    """Revision and headline, such as `1a2b3c4 recall 0.451 auc 0.872`; recall is that at 1 % false positives.

    The table of runs shows some 22 characters of it: enough for the figure by which models are judged here.
    """
    main: Mapping[str, Any] = next(iter(metrics["models"].values()), {})
    parts = [revision[:7]]
    for label, key in (("recall", "recall_at_1_percent_false_positives"), ("auc", "auc")):
        value = main.get(key, {}).get("value")
        parts.append(f"{label} {value:.3f}" if value is not None else "")
    return " ".join(part for part in parts if part) or "no metric"


def run_files() -> dict[str, Path]:
    """Reports, figures, curves and params.yaml by their place in the run; dvc.lock is not content, it names it."""
    found = {layout.PARAMS.name: layout.PARAMS}
    for folder, pattern, place in (
        (layout.METRICS.parent, "*.json", "reports"),
        (layout.PLOTS, "*.json", "plots"),
    ):
        found |= {f"{place}/{path.name}": path for path in sorted(folder.glob(pattern))}
    figures = sorted(layout.FIGURES.glob("*.png"), key=lambda path: (_place(path.stem), path.stem))
    return found | {f"figures/{number:02d}_{path.name}": path for number, path in enumerate(figures, start=1)}


def documents(version: str) -> dict[str, Path]:
    """The model card by its place in the run, where it was made for this very bundle.

    `make docs` comes after `dvc repro`: until then the card tells of the model before, and is left out.
    """
    is_this = MODEL_CARD.is_file() and version in MODEL_CARD.read_text(encoding="utf-8")
    return {f"documents/{MODEL_CARD.name}": MODEL_CARD} if is_this else {}


def data_hashes(lock: Path) -> dict[str, str]:
    """DVC's hash of every data file or folder of the graph, a dataset of one's own wherever it lies, by path.

    Empty where there is no dvc.lock.
    """
    if not lock.is_file():
        return {}
    stages = (yaml.safe_load(lock.read_text(encoding="utf-8")) or {}).get("stages", {})
    entries = [entry for stage in stages.values() for kind in ("deps", "outs") for entry in stage.get(kind, [])]
    data = {
        entry["path"]: entry["md5"]
        for entry in entries
        if "md5" in entry and not entry["path"].startswith(NO_DATA) and Path(entry["path"]).suffix not in NO_DATA_FILES
    }
    return {path: digest for path, digest in sorted(data.items()) if path != layout.TRACKED.as_posix()}


def git_tags() -> dict[str, str]:
    """Revision of the code, and whether it was changed since; empty outside git or before the first commit."""
    git = shutil.which("git")
    revision = _output(git, "rev-parse", "--verify", "HEAD") if git else None
    if not git or not revision:
        return {}
    # What the pipeline itself writes is not a change of what it ran.
    changed = _output(git, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!dvc.lock", ":!reports")
    return {
        "git_revision": revision,
        "git_dirty": str(bool(changed)).lower(),
        "mlflow.source.git.commit": revision,
    }


def model_sha256(bundle: Bundle) -> str:
    """The sha256 whose start is the bundle's version: its manifest's, which holds those of all its files."""
    return hashlib.sha256(bundle.to_files()[MANIFEST]).hexdigest()


def _bundle() -> Bundle:
    try:
        return read_bundle(layout.MODEL)
    except UnusableBundleError as error:
        raise UnusableInputError([str(error)]) from error


def _report(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UnusableInputError(
            [f"track: {path.as_posix()} is missing. Run 'dvc repro', which makes it before this stage."]
        )
    content: dict[str, Any] = read_json(path)
    return content


def _numbers(value: Any, name: str) -> Iterator[tuple[str, float]]:
    """Numbers inside nested mappings as `a/b/c`; an interval gives `a`, `a_lower` and `a_upper`."""
    if isinstance(value, Mapping):
        # Reports are sorted by name; a value comes before its bounds.
        for key, inner in sorted(value.items(), key=lambda entry: entry[0] != "value"):
            step = {"value": "", "lower": "_lower", "upper": "_upper"} if "value" in value else {}
            yield from _numbers(inner, f"{name}{step.get(key, f'/{key}')}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield re.sub(r"[^\w\-. :/]", "_", name), float(value)


def _place(figure: str) -> int:
    return FIGURE_ORDER.index(figure) if figure in FIGURE_ORDER else len(FIGURE_ORDER)


def _digest(described: Any, files: Mapping[str, Path]) -> str:
    hashes = {place: hashlib.sha256(path.read_bytes()).hexdigest() for place, path in sorted(files.items())}
    return hashlib.sha256(json.dumps([described, hashes], sort_keys=True).encode()).hexdigest()


def _output(git: str, *arguments: str) -> str | None:
    """What git answers, or None where it refuses."""
    done = subprocess.run([git, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    return done.stdout.strip() if done.returncode == 0 else None
