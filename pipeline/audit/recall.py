"""Audit stage `recall`: is there something to learn on fresh cohorts, from which dose on, in batches of which size."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
from pydantic import Field

from audits.dose import dose_response
from audits.generalisation import by_batch
from models.evaluation import Draws
from pipeline import layout
from pipeline.measure import measure
from pipeline.params import Section, read_section
from pipeline.storage import write_json

EVERYTHING = "days+posts+comments"
"""Value of `tables_observed` of an account that lacks no table."""


class AuditRecallParams(Section):
    """Section `audit_recall` of params.yaml."""

    replicates: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)


def run(report: Callable[[str], None]) -> None:
    """The stage."""
    params = read_section("audit_recall", AuditRecallParams)
    fresh = pl.read_parquet(layout.AUDIT_FRESH_SCORED)
    batches = pl.read_parquet(layout.AUDIT_BATCHES_SCORED)
    report("fresh cohorts")
    split = f"fresh cohorts ({fresh['cohort'].n_unique()} simulated, unseen)"
    draws = Draws(replicates=params.replicates, confidence=params.confidence, seed=params.seed)
    metrics, segments, _, _ = measure(fresh, split, draws)
    observed = fresh.filter(pl.col("tables_observed") == EVERYTHING)
    where_observed, _, _, _ = measure(observed, f"{split}, all tables observed", draws)
    report("dose and batch size")
    write_json(
        {
            "fresh": metrics,
            "fresh_observed": where_observed,
            "scheme": segments["scheme"],
            "benign_story": segments["benign_story"],
            "dose": dose_response(
                pl.concat([fresh, batches]),
                **draws,
            ),
            "batches": by_batch(batches.with_columns(batch="cohort"), confidence=params.confidence),
        },
        layout.AUDIT_RECALL,
    )
