"""Stage and command `score`: a dataset folder to one scored row per account."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from pydantic import Field
from scipy.special import expit, logit

from features.benign import explanations
from features.compute import compute
from features.context import with_account_context
from features.engagement_level import engagement_per_post
from features.evidence import EVIDENCE_SCHEMA, evidence_of_reasons
from features.sufficiency import sufficiency
from features.tables import INSTANT, Tables
from models.drift import FEWEST_ACCOUNTS, MOST_WARNINGS, STATED_AT
from models.scoring import EXPLAINED, SCORE_COLUMNS, Scorer, with_explanations
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
        tallies: list[dict[str, Any]] = []

        def work(bucket: int) -> pl.DataFrame:
            tables = read_bucket(folder, bucket)
            features = compute(tables)
            tallies.append(scorer.bundle.drift.tally(features))
            return _scores_and_evidence(scorer, tables, features, prevalence)

        found = over_buckets(folder, work, report, jobs)
        rows_behind = found.select("account_id", EVIDENCE).explode(EVIDENCE, empty_as_null=False).unnest(EVIDENCE)
        scores = found.drop(EVIDENCE).with_columns(
            as_of=pl.lit(prepared.summary.as_of).cast(INSTANT),
            model_version=pl.lit(scorer.bundle.version),
            catalog_hash=pl.lit(scorer.bundle.catalog_hash),
        )
        write_network(prepared, reference, report, jobs)
        seconds = time.monotonic() - started if timed else None
        summary = _summary(scorer, prepared.summary, scores, prevalence, seconds)
        summary |= _drift(scorer, tallies, scores, prevalence)
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


def _scores_and_evidence(scorer: Scorer, tables: Tables, features: pl.DataFrame, prevalence: float) -> pl.DataFrame:
    """Scores of some clean tables with the rows behind their reasons, a list per account in column `EVIDENCE`.

    Only here, where the tables are at hand, the reasons' texts tell which benign explanations were checked.
    """
    scores = score_features(scorer, tables, features, prevalence)
    columns = [name for name in EVIDENCE_SCHEMA if name != "account_id"]
    asked = scorer.sides_of_reasons(scores)
    scores = with_explanations(scores, explanations(tables, asked))
    found = evidence_of_reasons(tables, asked).group_by("account_id", maintain_order=True)
    listed = found.agg(pl.struct(columns).alias(EVIDENCE))
    nothing = pl.lit([], dtype=listed.schema[EVIDENCE])
    return scores.join(listed, on="account_id", how="left", maintain_order="left").with_columns(
        pl.col(EVIDENCE).fill_null(nothing)
    )


def score_tables(scorer: Scorer, tables: Tables, prevalence: float) -> pl.DataFrame:
    """Scores of the accounts of some clean tables: the contract's columns up to `observed_comments`."""
    return score_features(scorer, tables, compute(tables), prevalence)


def score_features(
    scorer: Scorer,
    tables: Tables,
    features: pl.DataFrame,
    prevalence: float,
    explained: Collection[str] = EXPLAINED,
) -> pl.DataFrame:
    """The same where the features of the tables are at hand, one row an account, sorted; see `Scorer.score`."""
    context = with_account_context(tables).accounts.select(
        "account_id", "platform", "handle", "followers", follower_count="follower_count_given"
    )
    for observed in (sufficiency(tables), engagement_per_post(tables)):
        context = context.join(observed, on="account_id", how="left", maintain_order="left")
    scores = scorer.score(features, context, prevalence, explained)
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
    """What was scored with what."""
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
        "seconds": None if seconds is None else round(seconds, 3),
    }


def _drift(scorer: Scorer, tallies: list[dict[str, Any]], scores: pl.DataFrame, prevalence: float) -> dict[str, Any]:
    """Where the batch is unlike the training: `drift_warnings` is null where that was not measured, and it says why."""
    probability = scores["probability_inauthentic"].fill_null(np.nan).to_numpy()
    with np.errstate(divide="ignore"):  # the log-odds of a probability that rounds to 1
        stated = expit(logit(probability) + logit(STATED_AT) - logit(prevalence))
    found = scorer.bundle.drift.warnings(tallies, stated)
    too_few = f"{scores.height:,} accounts; {FEWEST_ACCOUNTS:,} are needed to tell drift from chance"
    return {
        "drift_warnings": None if found is None else found[:MOST_WARNINGS],
        "drift_warnings_found": None if found is None else len(found),
        "drift_not_measured": too_few if found is None else None,
    }
