"""Stage and command `score`: a dataset folder to one scored row per account."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field

from features.compute import compute
from features.context import with_account_context
from features.engagement_level import engagement_per_post
from features.evidence import EVIDENCE_SCHEMA, evidence
from features.sufficiency import sufficiency
from features.tables import INSTANT, Tables
from models.scoring import SCORE_COLUMNS, Scorer
from models.thresholds import VERDICTS
from pipeline import layout
from pipeline.aside import over_buckets, prepared_aside
from pipeline.bundles import load_scorer
from pipeline.dataset import DatasetSummary, read_bucket
from pipeline.export import write_csv
from pipeline.network import write_network
from pipeline.params import Instant, Section, read_section
from pipeline.previous import compare, read_previous
from pipeline.storage import QUARANTINE_FOLDER, check_output_folder, publish, write_json, write_parquet

CSV_FILE, EVIDENCE_CSV_FILE = "scores.csv", "evidence.csv"

EVIDENCE = "evidence"
"""Column of a bucket's result that becomes a file of its own."""


class ScoreParams(Section):
    """Section `score` of params.yaml, for the stage; the command takes flags instead."""

    dataset: Path
    as_of: Instant | None
    prevalence: float | None = Field(gt=0, lt=1)
    jobs: int = Field(ge=1)


def run(report: Callable[[str], None]) -> None:
    """The stage: score the incoming batch. Its summary tells no duration, so that equal runs leave equal bytes."""
    params = read_section("score", ScoreParams)
    summary = score_folder(
        params.dataset,
        layout.SCORES,
        load_scorer(),
        as_of=params.as_of,
        prevalence=params.prevalence,
        jobs=params.jobs,
        timed=False,
        report=report,
    )
    write_json({key: summary[key] for key in ("verdicts", "tables", "thresholds")}, layout.SCORING_REPORT)


def score_folder(
    source: Path,
    output: Path,
    scorer: Scorer,
    *,
    as_of: datetime | None = None,
    prevalence: float | None = None,
    reference: Path | None = None,
    previous: Path | None = None,
    jobs: int = 1,
    file_format: str = "parquet",
    timed: bool = True,
    report: Callable[[str], None],
) -> dict[str, Any]:
    """Score every usable account of a dataset folder; write scores, evidence, network, quarantine and summary.

    With `previous`, earlier scores, what changed since stands beside them. Returns the summary.

    Raises:
        UnusableInputError, TooManyBadRowsError: see `prepare_dataset` and `read_previous`; nothing is written then.
    """
    check_output_folder(output)
    # Read before anything is written: it may be the very file that is replaced in the end.
    earlier = None if previous is None else read_previous(previous)
    started = time.monotonic()
    prevalence = scorer.bundle.prevalence if prevalence is None else prevalence
    with prepared_aside(source, output, as_of=as_of, jobs=jobs, report=report) as prepared:
        folder = prepared.folder
        found = over_buckets(
            folder, lambda bucket: _scores_and_evidence(scorer, read_bucket(folder, bucket), prevalence), report, jobs
        )
        rows_behind = found.select("account_id", EVIDENCE).explode(EVIDENCE, empty_as_null=False).unnest(EVIDENCE)
        scores = found.drop(EVIDENCE).with_columns(
            as_of=pl.lit(prepared.summary.as_of).cast(INSTANT),
            model_version=pl.lit(scorer.bundle.version),
            catalog_hash=pl.lit(scorer.bundle.catalog_hash),
        )
        write_network(prepared, reference, report, jobs)
        seconds = time.monotonic() - started if timed else None
        summary = _summary(scorer, prepared.summary, scores, prevalence, seconds)
        if earlier is not None:
            compared = compare(scores, earlier)
            scores = compared.scores
            summary |= {"previous": compared.summary, "warnings": [*summary["warnings"], *compared.warnings]}
        write_json(summary, folder / layout.SUMMARY_FILE)
        parquet, csv = (layout.SCORES_FILE, layout.EVIDENCE_FILE), (CSV_FILE, EVIDENCE_CSV_FILE)
        names, others = (csv, parquet) if file_format == "csv" else (parquet, csv)
        for table, name in zip((scores, rows_behind), names, strict=True):
            (write_csv if file_format == "csv" else write_parquet)(table, folder / name)
        publish(folder, (QUARANTINE_FOLDER, layout.SUMMARY_FILE, layout.NETWORK_FILE, *names), output)
        # Scores of an earlier run in the other format would stand beside a summary that is not theirs.
        for other in others:
            (output / other).unlink(missing_ok=True)
    return summary


def _scores_and_evidence(scorer: Scorer, tables: Tables, prevalence: float) -> pl.DataFrame:
    """Scores of some clean tables with the rows behind their reasons, a list per account in column `EVIDENCE`."""
    scores = score_tables(scorer, tables, prevalence)
    columns = [name for name in EVIDENCE_SCHEMA if name != "account_id"]
    found = evidence(tables, scorer.sides_of_reasons(scores)).group_by("account_id", maintain_order=True)
    listed = found.agg(pl.struct(columns).alias(EVIDENCE))
    nothing = pl.lit([], dtype=listed.schema[EVIDENCE])
    return scores.join(listed, on="account_id", how="left", maintain_order="left").with_columns(
        pl.col(EVIDENCE).fill_null(nothing)
    )


def score_tables(scorer: Scorer, tables: Tables, prevalence: float) -> pl.DataFrame:
    """Scores of the accounts of some clean tables: the contract's columns up to `observed_comments`."""
    return score_features(scorer, tables, compute(tables), prevalence)


def score_features(scorer: Scorer, tables: Tables, features: pl.DataFrame, prevalence: float) -> pl.DataFrame:
    """The same where the features of the tables are at hand, one row an account, sorted."""
    context = with_account_context(tables).accounts.select(
        "account_id", "platform", "handle", "followers", follower_count="follower_count_given"
    )
    for observed in (sufficiency(tables), engagement_per_post(tables)):
        context = context.join(observed, on="account_id", how="left", maintain_order="left")
    scores = scorer.score(features, context, prevalence)
    own = [column for column in SCORE_COLUMNS if column != "account_id"]
    return context.join(scores, on="account_id", how="left", maintain_order="left", suffix="_scored").select(
        "account_id",
        "platform",
        "handle",
        "follower_count",
        *(pl.col(f"{column}_scored" if column in context.columns else column).alias(column) for column in own),
        "observed_days",
        "observed_posts",
        "observed_comments",
    )


def _summary(
    scorer: Scorer, dataset: DatasetSummary, scores: pl.DataFrame, prevalence: float, seconds: float | None
) -> dict[str, Any]:
    """What was scored with what; `drift_warnings` is null: drift is not measured yet, which is not 'none found'."""
    counts = dict(scores["verdict"].value_counts().iter_rows())
    bundle = scorer.bundle
    return {
        **dataset.model_dump(mode="json"),
        "verdicts": {verdict: counts.get(verdict, 0) for verdict in VERDICTS},
        "prevalence": prevalence,
        "model_version": bundle.version,
        "catalog_hash": bundle.catalog_hash,
        "thresholds": {
            "pass_below": bundle.thresholds.pass_below,
            "reject_above": bundle.thresholds.reject_above,
            "reject_above_evidence": bundle.thresholds.reject_above_evidence,
        },
        "drift_warnings": None,
        "seconds": None if seconds is None else round(seconds, 3),
    }
