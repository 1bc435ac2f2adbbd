"""Audit stage `robustness`: fresh accounts recorded otherwise and scored earlier, and other mixes of schemes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import joblib
import polars as pl
from pydantic import Field

from audits.perturbation import CURVES, Curve, touched
from audits.robustness import Draws, compared, mixes, transitions
from features.compute import compute
from features.tables import Tables
from models.scoring import Scorer
from models.training import with_cohorts
from pipeline import layout
from pipeline.audit.catalogue import cleaned, first_by_hash, read_accounts
from pipeline.bundles import load_scorer
from pipeline.dataset import read_labels
from pipeline.params import Section, read_section
from pipeline.score_bucket import score_features
from pipeline.storage import write_json

LATER = "collected_earlier"
"""The curve that is read backwards: scored so many days earlier, and now."""


class AuditRobustnessParams(Section):
    """Section `audit_robustness` of params.yaml."""

    accounts: int = Field(ge=1)
    replicates: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)
    jobs: int = Field(ge=1)


def run(report: Callable[[str], None]) -> None:
    """The stage."""
    params = read_section("audit_robustness", AuditRobustnessParams)
    draws = Draws(params.replicates, params.confidence, params.seed)
    scorer = load_scorer()
    labels = with_cohorts(read_labels(layout.AUDIT_FRESH))
    tables = read_accounts(first_by_hash(labels["account_id"], params.accounts))
    recorded = verdicts(scorer, tables).join(labels, on="account_id")

    def measured(each: Curve, strength: float) -> dict[str, Any]:
        report(f"{each.title}: {strength:g}")
        changed = cleaned(each.change(tables, strength))
        after = verdicts(scorer, changed)
        before, later = (after.join(labels, on="account_id"), recorded) if each.name == LATER else (recorded, after)
        row: dict[str, Any] = {"curve": each.name, "strength": strength, "touched": touched(tables, changed).len()}
        row |= compared(before, later, draws)
        return row | ({"transitions": transitions(before, later)} if each.name == LATER else {})

    # Threads, since polars and LightGBM release the interpreter's lock; the result does not depend on their number.
    rows = joblib.Parallel(n_jobs=params.jobs, backend="threading")(
        joblib.delayed(measured)(each, strength) for each in CURVES.values() for strength in each.strengths
    )
    report("mixes of schemes")
    write_json(
        {
            "cohorts": recorded["cohort"].n_unique(),
            "confidence": params.confidence,
            "curves": {
                name: {"title": each.title, "unit": each.unit, "meaning": each.meaning} for name, each in CURVES.items()
            },
            "as_recorded": compared(recorded, recorded, draws),
            "rows": [row for row in rows if row["curve"] != LATER],
            "later": [row for row in rows if row["curve"] == LATER],
            "mixes": mixes(pl.read_parquet(layout.AUDIT_FRESH_SCORED), draws),
        },
        layout.AUDIT_ROBUSTNESS,
    )


def verdicts(scorer: Scorer, tables: Tables) -> pl.DataFrame:
    """The columns of scores that `compared` takes, of some clean tables."""
    at = scorer.bundle.prevalence
    scores = score_features(scorer, tables, compute(tables), at, explained=("reject",))
    return scores.select("account_id", "verdict", probability="probability_inauthentic", declared_prevalence=pl.lit(at))
