"""Audit stage `scores`: the verdicts of the model in use on the audit's cohorts, beside their labels."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from pipeline import layout
from pipeline.bundles import load_scorer
from pipeline.evaluate import scored_labels
from pipeline.params import Section, read_section
from pipeline.storage import write_parquet


class AuditScoresParams(Section):
    """Section `audit_scores` of params.yaml."""

    jobs: int = Field(ge=1)


def run(report: Callable[[str], None]) -> None:
    """The stage."""
    params = read_section("audit_scores", AuditScoresParams)
    scorer = load_scorer()
    for prepared, scored in (
        (layout.AUDIT_FRESH, layout.AUDIT_FRESH_SCORED),
        (layout.AUDIT_BATCHES, layout.AUDIT_BATCHES_SCORED),
    ):
        table = scored_labels(scorer, prepared, explained=("reject",), jobs=params.jobs, report=report)
        write_parquet(table.drop("reasons", "signals", "suspected_schemes", "insufficient_because"), scored)
