"""Audit stage `ablation`: each group of features left out of the training, and each alone."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from audits.ablation import ablation
from features.catalog import features
from models.training import is_headline
from pipeline import layout
from pipeline.params import Section, read_section
from pipeline.storage import write_json
from pipeline.train import TrainParams, labelled_features


class AuditAblationParams(Section):
    """Section `audit_ablation` of params.yaml."""

    replicates: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)


def run(report: Callable[[str], None]) -> None:
    """The stage: on the training dataset, split as the model's training splits it."""
    params = read_section("audit_ablation", AuditAblationParams)
    settings = read_section("train", TrainParams).settings()
    found = ablation(
        labelled_features(layout.PREPARED).filter(is_headline()),
        list(features().values()),
        settings,
        replicates=params.replicates,
        confidence=params.confidence,
        seed=params.seed,
        report=report,
    )
    write_json(found, layout.AUDIT_ABLATION)
