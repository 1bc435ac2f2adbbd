"""MLflow behind a small door: the only package that imports it.

The store is `MLFLOW_TRACKING_URI`, or `mlflow.db` in the main repository with the artefacts in `mlruns/` beside it:
`dvc exp run --temp` works in another folder and names the main one in `DVC_ROOT`. Rooms, each leaning on those before:
`store` (where it is, its lock and errors), `records` (what goes in and comes out), `entries` (what a run holds),
`registry` (versions and the champion), then `runs`, `studies` and `decisions`. Everything else asks here.
"""

from pipeline.tracking.decisions import COHORTS_TAG, decisions_so_far, log_decision
from pipeline.tracking.records import (
    ExperimentPage,
    LoggedDecision,
    LoggedRun,
    ModelToRegister,
    NestedRun,
    Record,
    StudyRecord,
)
from pipeline.tracking.registry import CHALLENGER, CHAMPION, DECISION_TAG, download_bundle, download_model
from pipeline.tracking.runs import (
    attach_files,
    attach_to_run,
    find_run,
    run_file,
    run_of_bundle,
    runs_address,
    track_run,
)
from pipeline.tracking.store import ARTIFACTS, DATABASE, SQLITE, URI_VARIABLE, tracking_uri
from pipeline.tracking.studies import track_study

__all__ = [
    "ARTIFACTS",
    "CHALLENGER",
    "CHAMPION",
    "COHORTS_TAG",
    "DATABASE",
    "DECISION_TAG",
    "SQLITE",
    "URI_VARIABLE",
    "ExperimentPage",
    "LoggedDecision",
    "LoggedRun",
    "ModelToRegister",
    "NestedRun",
    "Record",
    "StudyRecord",
    "attach_files",
    "attach_to_run",
    "decisions_so_far",
    "download_bundle",
    "download_model",
    "find_run",
    "log_decision",
    "run_file",
    "run_of_bundle",
    "runs_address",
    "track_run",
    "track_study",
    "tracking_uri",
]
