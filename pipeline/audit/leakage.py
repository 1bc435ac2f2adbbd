"""Audit stage `leakage`: what tells the classes apart on fresh cohorts and should not: nuisances, simple rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
from pydantic import Field

from audits.nuisance import nuisance_auc, nuisance_columns
from audits.triviality import triviality
from features.tables import Tables
from models.evaluation import headline_rows
from models.rules import rule_values
from models.training import with_cohorts
from pipeline import layout
from pipeline.aside import over_buckets
from pipeline.dataset import read_bucket, read_labels
from pipeline.params import Section, read_section
from pipeline.storage import write_json

Columns = Callable[[Tables], pl.DataFrame]
Measure = Callable[..., dict[str, Any]]


class AuditLeakageParams(Section):
    """Section `audit_leakage` of params.yaml."""

    replicates: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)
    jobs: int = Field(ge=1)


def run(report: Callable[[str], None]) -> None:
    """The stage."""
    params = read_section("audit_leakage", AuditLeakageParams)
    labels = headline_rows(with_cohorts(read_labels(layout.AUDIT_FRESH))).sort("account_id")

    def measured(what: str, columns_of: Columns, measure: Measure) -> dict[str, Any]:
        columns = over_buckets(
            layout.AUDIT_FRESH,
            lambda bucket: columns_of(read_bucket(layout.AUDIT_FRESH, bucket)),
            report,
            params.jobs,
            doing=what,
        )
        joined = labels.join(columns, on="account_id", how="inner", maintain_order="left")
        return measure(
            joined.select(columns.columns),
            joined["is_inauthentic"].to_numpy(),
            joined["cohort"].to_list(),
            seed=params.seed,
            replicates=params.replicates,
            confidence=params.confidence,
        )

    found = {
        "nuisance": measured("nuisance", nuisance_columns, nuisance_auc),
        "triviality": measured("simple rules", rule_values, triviality),
    }
    write_json({"confidence": params.confidence, **found}, layout.AUDIT_LEAKAGE)
