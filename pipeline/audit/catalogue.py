"""Audit stage `catalogue`: what each feature shows on fresh cohorts, and whether it keeps its value when perturbed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import joblib
import polars as pl
from pydantic import Field

from audits.catalogue import described, genuine_ranges, stability
from audits.perturbation import PERTURBATIONS, Perturbation, touched
from features.catalog import features
from features.compute import compute
from features.definition import MODEL_GROUPS
from features.tables import CONTRACTS, Tables, only
from models.evaluation import headline_rows
from models.scoring import Scorer
from models.training import with_cohorts
from pipeline import layout
from pipeline.aside import over_buckets
from pipeline.cleaning import clean_bucket
from pipeline.dataset import bucket_ids, read_bucket, read_labels
from pipeline.params import Section, read_section
from pipeline.storage import write_json


class AuditCatalogueParams(Section):
    """Section `audit_catalogue` of params.yaml."""

    perturbed_accounts: int = Field(ge=1)
    replicates: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)
    jobs: int = Field(ge=1)


def run(report: Callable[[str], None]) -> None:
    """The stage: on the fresh cohorts, doses too small to count left out but for the perturbations."""
    params = read_section("audit_catalogue", AuditCatalogueParams)
    catalogue = list(features().values())
    values = over_buckets(
        layout.AUDIT_FRESH, lambda bucket: compute(read_bucket(layout.AUDIT_FRESH, bucket)), report, params.jobs
    )
    labelled = headline_rows(with_cohorts(read_labels(layout.AUDIT_FRESH))).join(values, on="account_id")
    labelled = labelled.sort("account_id")
    labels, cohorts = labelled["is_inauthentic"].to_numpy(), labelled["cohort"].to_numpy()
    report("each feature alone")
    found = described(
        labelled,
        labels,
        cohorts,
        catalogue,
        replicates=params.replicates,
        confidence=params.confidence,
        seed=params.seed,
    )
    ranges = genuine_ranges(labelled, labels, catalogue)
    tables = read_accounts(first_by_hash(values["account_id"], params.perturbed_accounts))
    perturbed = perturbations(tables, values, ranges, params.jobs, report)
    write_json(
        {
            "accounts": labelled.height,
            "inauthentic": int(labels.sum()),
            "cohorts": len(set(cohorts)),
            "confidence": params.confidence,
            "observed": {group: _observed_share(labelled, group) for group in MODEL_GROUPS},
            "perturbed_accounts": tables.accounts.height,
            "perturbations": {name: each["accounts"] for name, each in perturbed.items()},
            "features": {name: row | {"stability": _of_feature(name, perturbed)} for name, row in found.items()},
        },
        layout.AUDIT_CATALOGUE,
    )


def _observed_share(values: pl.DataFrame, group: str) -> float | None:
    """Share of the accounts with a value in the group; None without accounts."""
    known = values.select(pl.any_horizontal(pl.col(list(features([group]))).is_not_null())).to_series()
    return float(known.sum() / known.len()) if known.len() else None


def _of_feature(name: str, perturbed: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """How steady one feature is, by the perturbations that change any of its values."""
    return {each: found["features"][name] for each, found in perturbed.items() if name in found["features"]}


def first_by_hash(accounts: pl.Series, count: int) -> pl.Series:
    """So many of the accounts, which do not depend on the order or number of the others."""
    chosen = sorted(accounts.to_list(), key=lambda account: hashlib.sha256(account.encode()).digest())[:count]
    return pl.Series("account_id", chosen, dtype=pl.String)


def read_accounts(accounts: pl.Series) -> Tables:
    """The clean tables of some fresh accounts, sorted by their keys."""
    parts = [only(read_bucket(layout.AUDIT_FRESH, bucket), accounts) for bucket in bucket_ids(layout.AUDIT_FRESH)]
    return Tables(
        **{
            name: pl.concat([getattr(part, name) for part in parts]).sort(CONTRACTS[name].key)
            for name in Tables.__dataclass_fields__
        }
    )


def perturbations(
    tables: Tables, values: pl.DataFrame, ranges: dict[str, float], jobs: int, report: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """By perturbation, how many accounts it touches and how steady each feature of theirs is.

    `values` are the features of at least these accounts, `ranges` those of `genuine_ranges`. Threads, since polars
    releases the interpreter's lock; the result does not depend on their number.
    """

    def measured(each: Perturbation) -> dict[str, Any]:
        report(each.title)
        after = cleaned(each.change(tables))
        members = touched(tables, after)
        before = values.filter(pl.col("account_id").is_in(members.implode()))
        return {"accounts": members.len(), "features": stability(before, compute(only(after, members)), ranges)}

    results = joblib.Parallel(n_jobs=jobs, backend="threading")(
        joblib.delayed(measured)(each) for each in PERTURBATIONS.values()
    )
    return dict(zip(PERTURBATIONS, results, strict=True))


def cleaned(tables: Tables) -> Tables:
    """The tables as preparing them leaves them: a glitch in a curve is left out."""
    return replace(tables, followers_daily=clean_bucket(tables.followers_daily, CONTRACTS["followers_daily"]).rows)


def without_outside_rule(scorer: Scorer) -> Scorer:
    """The same model without the rule of what may have come from outside (decision 25): the cuts and reasons alone."""
    bundle = scorer.bundle
    return Scorer(replace(bundle, settings={**bundle.settings, "outside_days": 0}), features())
