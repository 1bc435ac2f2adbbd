"""Audit stage `rival`: what it costs to get an honest creator refused by sending bots, on cohorts no training saw."""

from __future__ import annotations

from collections.abc import Callable

import joblib
import polars as pl
from pydantic import Field

from audits.adversary.moves import Moves
from audits.adversary.rival import AT_ONCE, RIVAL_MOVES
from audits.adversary.search import search
from audits.rival import outcomes, size_of
from features.compute import compute
from features.tables import Tables
from models.evaluation import Draws
from models.scoring import Scorer
from pipeline import layout
from pipeline.audit.catalogue import first_by_hash, read_accounts, without_outside_rule
from pipeline.audit.searching import SearchParams
from pipeline.bundles import load_scorer
from pipeline.params import read_section
from pipeline.score_bucket import score_features
from pipeline.storage import write_json

SCENARIOS: dict[str, tuple[Moves, bool]] = {
    "without the rule": (AT_ONCE, False),
    "within a month": (AT_ONCE, True),
    "over months": (RIVAL_MOVES, True),
}
"""What the rival may do, and whether the rule of `models.outside` holds."""


class AuditRivalParams(SearchParams):
    """Section `audit_rival` of params.yaml."""

    accounts_per_size: int = Field(ge=1)


def run(report: Callable[[str], None]) -> None:
    """The stage."""
    params = read_section("audit_rival", AuditRivalParams)
    honest = pl.read_parquet(layout.AUDIT_FRESH_SCORED).filter(~pl.col("is_inauthentic"), pl.col("scheme").is_null())
    judged = honest.filter(pl.col("verdict") != "insufficient_data").with_columns(size_of())
    accounts = chosen(judged.filter(pl.col("verdict") != "reject"), params.accounts_per_size)
    report(f"searching {accounts.height:,} honest accounts")
    tables = read_accounts(accounts["account_id"])
    # Processes, since the search between two scores is Python; each scenario is its own.
    found = joblib.Parallel(n_jobs=params.jobs)(joblib.delayed(searched)(tables, name, params) for name in SCENARIOS)
    drawn = Draws(replicates=params.replicates, confidence=params.confidence, seed=params.seed)
    write_json(
        {
            "budgets": list(params.budgets),
            "confidence": params.confidence,
            "honest": honest.height,
            "honest_rejected": judged.filter(pl.col("verdict") == "reject").height,
            "outside_days": load_scorer().bundle.settings.get("outside_days", 0),
            "plans": sum(each.height for each in found),
            "moves": [
                {"title": each.title, "unit": each.unit, "price": each.price, "source": each.source}
                | {"burden": each.burden, "meaning": each.meaning}
                for each in RIVAL_MOVES.values()
            ],
            "scenarios": {
                name: outcomes(trials, accounts, SCENARIOS[name][0], params.budgets, drawn)
                for name, trials in zip(SCENARIOS, found, strict=True)
            },
        },
        layout.AUDIT_RIVAL,
    )


def chosen(accounts: pl.DataFrame, count: int) -> pl.DataFrame:
    """`account_id`, `cohort` and `size` of so many accounts of each size, the first by hash, sorted by `account_id`."""
    parts = [
        accounts.filter(pl.col("account_id").is_in(first_by_hash(part["account_id"], count).implode()))
        for part in accounts.partition_by("size", maintain_order=True)
    ]
    return pl.concat([accounts.clear(), *parts]).select("account_id", "cohort", "size").sort("account_id")


def searched(tables: Tables, scenario: str, params: AuditRivalParams) -> pl.DataFrame:
    """The trials of one of `SCENARIOS`."""
    moves, is_held_back = SCENARIOS[scenario]
    scorer = load_scorer()
    if not is_held_back:
        scorer = without_outside_rule(scorer)
    return search(tables, moves, lambda each: verdicts(scorer, each), params.searching("reject", 1))


def verdicts(scorer: Scorer, tables: Tables) -> pl.DataFrame:
    """`account_id`, `verdict` and `probability` as the search climbs it.

    Past the cut on rejects the model's own probability wins a rival nothing more: there what is left of the account
    without its busiest month leads on.
    """
    scores = score_features(scorer, tables, compute(tables), scorer.bundle.prevalence, explained=("reject",))
    told, cut = pl.col("probability_inauthentic"), scorer.bundle.thresholds.reject_above
    left = pl.col("probability_without_busiest_month").fill_null(0.0)
    climbed = pl.when(told < cut).then(told).otherwise(cut + (1.0 - cut) * left)
    return scores.select("account_id", "verdict", probability=climbed)
