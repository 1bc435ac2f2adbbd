"""Audit stage `generalisation`: one scheme or story left out of training, and what more cohorts or accounts win."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import joblib
import polars as pl
from pydantic import Field

from audits.generalisation import learning_curve, leave_one_out, light_fit
from features.catalog import features
from models.training import TrainingSettings, is_headline
from pipeline import layout
from pipeline.params import Section, read_section
from pipeline.storage import write_json
from pipeline.train import TrainParams, labelled_features


class AuditGeneralisationParams(Section):
    """Section `audit_generalisation` of params.yaml."""

    cohort_counts: list[int]
    account_shares: list[float]
    repeats: int = Field(ge=1)
    replicates: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)


def run(report: Callable[[str], None]) -> None:
    """The stage: on the training dataset, split as the model's training splits it."""
    params = read_section("audit_generalisation", AuditGeneralisationParams)
    settings = read_section("train", TrainParams).settings()
    frame = labelled_features(layout.PREPARED).filter(is_headline())
    report("schemes and stories left out; learning curve")
    # A process each: ensembles trained in threads of one process have crashed LightGBM.
    schemes, stories, curve = joblib.Parallel(n_jobs=settings.jobs)(
        [
            joblib.delayed(_left_out)("scheme", frame, settings, params),
            joblib.delayed(_left_out)("story", frame, settings, params),
            joblib.delayed(_curve)(frame, settings, params),
        ]
    )
    write_json(
        {"confidence": params.confidence, "leave_one_out": schemes + stories, "learning_curve": curve},
        layout.AUDIT_GENERALISATION,
    )


def _left_out(
    kind: str, frame: pl.DataFrame, settings: TrainingSettings, params: AuditGeneralisationParams
) -> list[dict[str, Any]]:
    return leave_one_out(
        frame,
        light_fit(frame, list(features().values()), settings.classifier),
        settings,
        kinds=(kind,),
        replicates=params.replicates,
        confidence=params.confidence,
        seed=params.seed,
        report=_silent,
    )


def _curve(frame: pl.DataFrame, settings: TrainingSettings, params: AuditGeneralisationParams) -> list[dict[str, Any]]:
    return learning_curve(
        frame,
        light_fit(frame, list(features().values()), settings.classifier),
        settings,
        cohort_counts=params.cohort_counts,
        account_shares=params.account_shares,
        repeats=params.repeats,
        seed=params.seed,
        report=_silent,
    )


def _silent(_: str) -> None:
    """Processes beside each other have no terminal of their own to report to."""
