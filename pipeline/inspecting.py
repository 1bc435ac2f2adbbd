"""One account of a folder under a model: its rows, its features, its verdict, and what would change it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from features.benign import explanations
from features.catalog import features as catalogue
from features.compute import compute
from features.context import with_account_context
from features.engagement_level import engagement_per_post
from features.evidence import evidence_of_reasons
from features.sufficiency import sufficiency
from features.tables import OBSERVED_TABLES, Tables, only
from models import inspection as inspected
from models.inspection import AS_IS
from models.scoring import Scorer, with_explanations
from pages.account import account_view
from pages.observed import Observed, observed
from pipeline.aside import prepared_aside
from pipeline.dataset import bucket_ids, read_bucket
from pipeline.errors import UnusableInputError, did_you_mean
from pipeline.score_bucket import score_features, score_tables

EXPLAINED = ("pass", "review", "reject")
"""Verdicts that an inspection names reasons for: who looks at a pass wants to know what spoke against it."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is known of one account.

    Attributes:
        tables: its clean rows, and nobody else's.
        seen: the same with the frames that its page is made of.
        features: one row, every feature that the classifier sees.
        score: its row of the scores, with reasons whatever the verdict.
        evidence: the rows behind the reasons.
        view: what its page shows.
    """

    tables: Tables
    seen: Observed
    features: pl.DataFrame
    score: dict[str, Any]
    evidence: pl.DataFrame
    view: dict[str, Any]


def inspect_account(
    source: Path,
    account_id: str,
    scorer: Scorer,
    *,
    as_of: datetime | None = None,
    prevalence: float | None = None,
    report: Callable[[str], None],
) -> Inspection:
    """Prepare the folder as `score` does, and score and explain one account of it.

    Raises:
        UnusableInputError: the folder cannot be used, or has no such account (or only in quarantine).
        TooManyBadRowsError: see `prepare_dataset`.
    """
    # In the system's place for temporary files: a look at an account leaves nothing beside the data.
    with tempfile.TemporaryDirectory() as scratch:
        aside = prepared_aside(source, Path(scratch), as_of=as_of, jobs=1, report=report)
        with aside as prepared:
            tables = _of_account(prepared.folder, account_id, source)
    at = scorer.bundle.prevalence if prevalence is None else prevalence
    features = compute(tables)
    scores = score_features(scorer, tables, features, at, EXPLAINED)
    asked = scorer.sides_of_reasons(scores)
    scores = with_explanations(scores, explanations(tables, asked))
    evidence = evidence_of_reasons(tables, asked)
    score = {
        **scores.row(0, named=True),
        "as_of": prepared.summary.as_of,
        "model_version": scorer.model_version,
        "model_sha256": scorer.model_sha256,
        "catalog_hash": scorer.bundle.catalog_hash,
    }
    seen = observed(tables)[account_id]
    return Inspection(tables, seen, features, score, evidence, account_view(seen, score, evidence.to_dicts()))


def _of_account(prepared: Path, account_id: str, source: Path) -> Tables:
    known: list[str] = []
    for bucket in bucket_ids(prepared):
        tables = read_bucket(prepared, bucket)
        if account_id in tables.accounts["account_id"]:
            return only(tables, pl.Series("account_id", [account_id]))
        known += tables.accounts["account_id"].to_list()
    near = did_you_mean(account_id, known)
    hint = f" Did you mean '{near}'?" if near else ""
    raise UnusableInputError(
        f"account: '{account_id}' is not in '{source}'. Found: {len(known):,} others.{hint} Name one of them."
    )


def pushes(inspection: Inspection, scorer: Scorer) -> pl.DataFrame:
    """Every feature of the account beside its ordinary range and its contribution; see `models.inspection.pushes`."""
    return inspected.pushes(scorer, catalogue(), inspection.features)


def without_each_table(inspection: Inspection, scorer: Scorer, prevalence: float | None = None) -> pl.DataFrame:
    """The account scored again from its rows with one table left out, as if nobody had collected it.

    Returns:
        A row as observed and one for each table that has rows: `without`, `rows`, `probability_inauthentic`,
        `verdict`.
    """
    at = scorer.bundle.prevalence if prevalence is None else prevalence
    own = inspection.tables
    held = {name: getattr(own, name) for name in OBSERVED_TABLES}
    chosen = [(AS_IS, 0, own)] + [
        (name, rows.height, replace(own, **{name: rows.clear()})) for name, rows in held.items() if rows.height
    ]
    scored = [
        score_tables(scorer, tables, at).select(
            without=pl.lit(name),
            rows=pl.lit(rows, pl.Int64),
            probability_inauthentic="probability_inauthentic",
            verdict="verdict",
        )
        for name, rows, tables in chosen
    ]
    return pl.concat(scored)


def without_signals(inspection: Inspection, scorer: Scorer, prevalence: float | None = None) -> pl.DataFrame:
    """The account's verdict if a signal were not observed; see `models.inspection.without_each_signal`."""
    at = scorer.bundle.prevalence if prevalence is None else prevalence
    tables = with_account_context(inspection.tables)
    context = tables.accounts.select("account_id", "followers")
    for known in (sufficiency(tables), engagement_per_post(tables)):
        context = context.join(known, on="account_id", how="left", maintain_order="left")
    return inspected.without_each_signal(scorer, catalogue(), inspection.features, context, at)
