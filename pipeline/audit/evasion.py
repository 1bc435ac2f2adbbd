"""Audit stage `evasion`: what it costs whoever bought to turn a reject into a pass, on cohorts that no training saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import joblib
import polars as pl
from pydantic import Field

from audits.adversary.creator import CREATOR_MOVES
from audits.adversary.search import search
from audits.evasion import ALLOWED, allowed, costs, described
from audits.robustness import Draws
from features.tables import CONTRACTS, OBSERVED_TABLES, Tables, only
from models.scoring import EXPLAINED
from pipeline import layout
from pipeline.audit.catalogue import cleaned, first_by_hash, without_outside_rule
from pipeline.audit.robustness import verdicts
from pipeline.audit.searching import SearchParams
from pipeline.bundles import load_scorer
from pipeline.dataset import bucket_ids, read_bucket
from pipeline.params import read_section
from pipeline.storage import write_json

SEVERAL = "several"
"""Stands for every mix of schemes."""

FOLDERS = {layout.AUDIT_FRESH: layout.AUDIT_FRESH_SCORED, layout.AUDIT_BATCHES: layout.AUDIT_BATCHES_SCORED}
"""Accounts of both are searched: of some schemes few are rejected."""


class AuditEvasionParams(SearchParams):
    """Section `audit_evasion` of params.yaml."""

    accounts_per_scheme: int = Field(ge=1)


def run(report: Callable[[str], None]) -> None:
    """The stage."""
    params = read_section("audit_evasion", AuditEvasionParams)
    suspected = pl.concat([_flagged(scored) for scored in FOLDERS.values()])
    tables = read_tables(suspected["account_id"])
    told = verdicts(without_outside_rule(load_scorer()), tables).filter(pl.col("verdict") == "reject")
    accounts = chosen(suspected.join(told, on="account_id", how="semi"), params.accounts_per_scheme)
    report(f"searching {accounts.height:,} rejected accounts")
    tables = only(tables, accounts["account_id"])
    # Processes: half of a move's time is Python's. Halves of the accounts, so that the work is even.
    parts = [only(tables, accounts["account_id"].gather_every(2, each)) for each in range(2)]
    found = joblib.Parallel(n_jobs=params.jobs)(
        joblib.delayed(searched)(part, kinds, params) for kinds in ALLOWED.values() for part in parts
    )
    drawn = Draws(params.replicates, params.confidence, params.seed)
    rows = {}
    for place, (name, kinds) in enumerate(ALLOWED.items()):
        # Whoever may do more may do as little: what was found with fewer moves counts, too.
        tried = pl.concat(found[: 2 * place + 2], how="diagonal")
        trials = tried.with_columns(pl.col(list(allowed(CREATOR_MOVES, kinds))).fill_null(0.0))
        rows[name] = costs(trials, accounts, allowed(CREATOR_MOVES, kinds), params.budgets, drawn)
    write_json(
        {
            "budgets": list(params.budgets),
            "confidence": params.confidence,
            "moves": described(CREATOR_MOVES),
            "plans": sum(each.height for each in found),
            "allowed": rows,
        },
        layout.AUDIT_EVASION,
    )


def searched(tables: Tables, kinds: tuple[str, ...], params: AuditEvasionParams) -> pl.DataFrame:
    """The trials of some accounts with the moves of some kinds.

    The rule of decision 25 is left out: it makes reviews of rejects, of some schemes of all, and a pass needs as much
    from either.
    """
    scorer = without_outside_rule(load_scorer())
    return search(
        tables,
        allowed(CREATOR_MOVES, kinds),
        lambda each: verdicts(scorer, cleaned(each)),
        params.searching("pass", -1),
    )


def _flagged(scored: Path) -> pl.DataFrame:
    """The inauthentic accounts that the model in use reviews or rejects, with their scheme; mixes are `SEVERAL`."""
    mixed = pl.col("scheme").str.contains("+", literal=True)
    return (
        pl.read_parquet(scored, columns=["account_id", "cohort", "scheme", "is_inauthentic", "verdict"])
        .filter(pl.col("is_inauthentic") & pl.col("verdict").is_in(EXPLAINED))
        .select("account_id", "cohort", scheme=pl.when(mixed).then(pl.lit(SEVERAL)).otherwise("scheme"))
    )


def chosen(accounts: pl.DataFrame, count: int) -> pl.DataFrame:
    """So many accounts of each scheme, by hash, one of every cohort before the second of any; sorted by `account_id`.

    Cohorts differ in size a hundredfold: the largest alone would make up half, and an interval over cohorts say little.
    """
    order = {account: place for place, account in enumerate(first_by_hash(accounts["account_id"], accounts.height))}
    placed = accounts.with_columns(place=pl.col("account_id").replace_strict(order, return_dtype=pl.Int64))
    turn = pl.col("place").rank("ordinal").over("scheme", "cohort")
    ranked = placed.with_columns(turn=turn).with_columns(
        chosen=pl.struct("turn", "place").rank("ordinal").over("scheme") <= count
    )
    return ranked.filter("chosen").select(accounts.columns).sort("account_id")


def read_tables(accounts: pl.Series) -> Tables:
    """The clean tables of some accounts of both folders, as the contract has them, sorted by their keys."""
    parts = [only(read_bucket(folder, bucket), accounts) for folder in FOLDERS for bucket in bucket_ids(folder)]
    return Tables(
        **{
            name: pl.concat([getattr(part, name) for part in parts]).sort(CONTRACTS[name].key)
            for name in ("accounts", *OBSERVED_TABLES)
        }
    )
