"""Audit stage `realism`: genuine accounts, simulated and observed as the measured ones were, beside their quantiles."""

from __future__ import annotations

from collections.abc import Callable

import joblib
import polars as pl
from pydantic import Field

from audits.realism import DESIGNS, design_priors, measure, realism_table, share_inside
from features.tables import Tables
from pipeline import layout
from pipeline.params import Section, read_section
from pipeline.progress import counted
from pipeline.simulate import read_priors
from pipeline.storage import write_json
from simulation.cohort import simulate_cohort
from simulation.priors import Priors


class AuditRealismParams(Section):
    """Section `audit_realism` of params.yaml."""

    first_seed: int = Field(ge=0)
    cohorts: int = Field(ge=1)
    jobs: int = Field(ge=1)


def run(report: Callable[[str], None]) -> None:
    """The stage."""
    params, priors = read_section("audit_realism", AuditRealismParams), read_priors()
    tasks = [(params.first_seed + index, design) for design in DESIGNS for index in range(params.cohorts)]
    work = joblib.Parallel(n_jobs=params.jobs, return_as="generator")(
        joblib.delayed(measured)(seed, design, design_priors(priors, design)) for seed, design in tasks
    )
    cohorts = list(counted(work, report, "measuring", "cohorts", len(tasks)))
    table = realism_table(cohorts)
    write_json(
        {"cohorts": params.cohorts, "inside_share": share_inside(table), "table": table.to_dicts()},
        layout.AUDIT_REALISM,
    )


def measured(seed: int, design: str, priors: Priors) -> pl.DataFrame:
    """Every quantity of a design on one cohort."""
    tables = simulate_cohort(seed, DESIGNS[design].accounts, priors)
    return measure(Tables(**{name: tables[name] for name in Tables.__dataclass_fields__}), design)
