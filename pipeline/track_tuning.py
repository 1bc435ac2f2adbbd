"""Stage `track_tuning` of tuning/dvc.yaml: the study's report as one MLflow run with a nested run for each trial."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from pipeline import layout
from pipeline.errors import UnusableInputError
from pipeline.params import read_section
from pipeline.storage import read_json, write_json
from pipeline.track import TrackParams, flat_parameters
from pipeline.tracking import NestedRun, StudyRecord, track_study

MEASURE = "partial_auc"


def run(report: Callable[[str], None]) -> None:
    """The stage.

    Raises:
        UnusableInputError: there is no study, or the tracking store cannot be used. Nothing is lost then.
    """
    params = read_section("track", TrackParams)
    if not layout.TUNING.is_file():
        raise UnusableInputError([f"track_tuning: {layout.TUNING.as_posix()} is missing. Run 'make tune'."])
    content = hashlib.sha256(layout.TUNING.read_bytes()).hexdigest()
    report("MLflow")
    track_study(study_record(read_json(layout.TUNING), content), params.experiment)
    # Nothing from the store may enter an output: a run's id differs on every machine.
    write_json({"experiment": params.experiment, "study_sha256": content}, layout.TUNING_TRACKED)


def study_record(study: Mapping[str, Any], content: str) -> StudyRecord:
    """The parent run: the best trial's figures; its children: every trial's settings and figures."""
    best = study["trials"][study["best"]]
    runs = [
        NestedRun(f"trial {number}", dict(flat_parameters(trial["settings"])), _metrics(trial))
        for number, trial in enumerate(study["trials"])
    ]
    numbers = {**study["study"], "cohorts": study["cohorts"], "accounts": study["accounts"]}
    return StudyRecord(
        name=f"tuning {len(runs)} trials, best {best['value']:.3f}",
        note=note(study),
        parameters=dict(flat_parameters({"tune": numbers, "best": best["settings"]})),
        metrics={**_metrics(best), "is_better": float(study["is_better"])},
        files={"reports/tuning/study.json": layout.TUNING},
        trials=runs,
        content_sha256=content,
    )


def note(study: Mapping[str, Any]) -> str:
    """The study's page in words."""
    settings, in_use, best = study["study"], study["trials"][0], study["trials"][study["best"]]
    difference = best["difference"]
    verdict = (
        "better beyond its interval, though the best of several trials on the same cohorts is flattered by the choice"
        if study["is_better"]
        else "no better beyond its interval: the settings in use stay"
    )
    rows = [
        f"| {name} | {in_use['settings'][name]} | {best['settings'][name]} |" for name in sorted(in_use["settings"])
    ]
    return (
        f"**Measure:** partial AUC up to {settings['false_positive_share']:.0%} false positives (0.5 is chance), "
        f"averaged over {study['cohorts']} held-out cohorts in {settings['folds']} folds; {settings['confidence']:.0%} "
        "intervals (bootstrap over cohorts). Neither calibration nor test cohorts were looked at.\n\n"
        f"**In use (trial 0):** {_interval(in_use)}. **Best (trial {study['best']}):** {_interval(best)}; difference "
        f"{_interval(difference)}: {verdict}.\n\n"
        "| setting | in use | best |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n"
    )


def _metrics(trial: Mapping[str, Any]) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, entry in ((MEASURE, trial), (f"difference_to_in_use/{MEASURE}", trial["difference"])):
        found |= {name: entry["value"], f"{name}_lower": entry["lower"], f"{name}_upper": entry["upper"]}
    return found


def _interval(entry: Mapping[str, float]) -> str:
    return f"{entry['value']:.4f} ({entry['lower']:.4f} to {entry['upper']:.4f})"
