"""Stage and command `evaluate`: what the model is worth on labelled accounts that it never saw."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field, field_validator

from features.compute import compute
from features.tables import only
from models import figures
from models.evaluation import SIZE_TIERS, Draws, size_tier
from models.evaluation.schemes import PREFIX as SCHEME
from models.evaluation.segments import ROW_EDGES, in_range, reading_rhythm
from models.rule_systems import PREFIX as RULE
from models.rules import rule_values
from models.scoring import EXPLAINED, Scorer
from models.training import with_cohorts
from pipeline import layout
from pipeline.aside import over_buckets, prepared_aside
from pipeline.bundles import load_scorer
from pipeline.claims import claimed
from pipeline.dataset import read_bucket, read_labels
from pipeline.errors import UnusableInputError
from pipeline.measure import BASELINE, measure, measure_verdicts
from pipeline.params import Section, read_section
from pipeline.score_bucket import score_features
from pipeline.storage import (
    atomic_folder,
    atomic_path,
    check_output_folder,
    publish,
    read_json,
    scratch_folder,
    write_json,
    write_parquet,
)

SIMULATED = "simulation"
"""`label_source` of simulated accounts."""

REPLICATES, CONFIDENCE, SEED = 500, 0.9, 7
"""Bootstrap of the command, which reads no params.yaml."""


class EvaluateParams(Section):
    """Section `evaluate` of params.yaml."""

    replicates: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)
    size_tiers: list[int] = Field(min_length=1)
    jobs: int = Field(ge=1)

    @field_validator("size_tiers")
    @classmethod
    def _rising(cls, tiers: list[int]) -> list[int]:
        if tiers[0] < 1 or any(low >= high for low, high in pairwise(tiers)):
            raise ValueError("follower counts between tiers must rise and start above 0")
        return tiers


def run(report: Callable[[str], None]) -> None:
    """The stage: the test cohorts of the training dataset, beside every baseline."""
    params = read_section("evaluate", EvaluateParams)
    accounts = pl.read_parquet(layout.TEST_ACCOUNTS)["account_id"]
    scorer = load_scorer()
    scored = scored_labels(
        scorer, layout.PREPARED, accounts=accounts, size_tiers=params.size_tiers, jobs=params.jobs, report=report
    )
    report("metrics")
    split = f"test cohorts ({_described(scored)})"
    draws = Draws(replicates=params.replicates, confidence=params.confidence, seed=params.seed)
    metrics, segments, pictures, curves = measure(scored, split, draws)
    more, more_pictures = measure_verdicts(scored, split, scorer, draws)
    write_json(metrics | more, layout.METRICS)
    write_json(segments, layout.SEGMENTS)
    write_parquet(scored.drop("reasons", "signals", "suspected_schemes", "insufficient_because"), layout.EVALUATION)
    pictures |= more_pictures
    training = read_json(layout.TRAINING_REPORT)
    pictures["importance"] = figures.importance(
        training["importance"], split="labelled accounts", accounts=training["importance_accounts"]
    )
    save_figures(pictures, layout.FIGURES)
    save_curves(curves, layout.PLOTS)


def evaluate_folder(
    source: Path,
    output: Path,
    scorer: Scorer,
    *,
    as_of: datetime | None,
    prevalence: float | None,
    jobs: int,
    report: Callable[[str], None],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The command: any labelled folder; writes metrics.json, segments.json and figures, and returns the first two.

    Raises:
        UnusableInputError: no labels, or an input that cannot be used.
        TooManyBadRowsError: see `prepare_dataset`.
    """
    check_output_folder(output)
    with claimed(output, report):
        with prepared_aside(source, output, as_of=as_of, jobs=jobs, report=report) as prepared:
            if read_labels(prepared.folder).is_empty():
                raise UnusableInputError(
                    "labels: evaluation needs labelled accounts. Found: none. Add a table 'labels' with 'account_id' "
                    "and 'is_inauthentic'."
                )
            scored = scored_labels(scorer, prepared.folder, prevalence=prevalence, jobs=jobs, report=report)
        report("metrics")
        split = f"folder {source.name}"
        draws = Draws(replicates=REPLICATES, confidence=CONFIDENCE, seed=SEED)
        metrics, segments, pictures, _ = measure(scored, split, draws)
        more, more_pictures = measure_verdicts(scored, split, scorer, draws)
        metrics, pictures = metrics | more, pictures | more_pictures
        with scratch_folder(output) as place:
            save_figures(pictures, place / layout.FIGURES.name)
            write_json(segments, place / layout.SEGMENTS.name)
            write_json(metrics, place / layout.METRICS.name)
            publish(place, (layout.FIGURES.name, layout.SEGMENTS.name, layout.METRICS.name), output)
        return metrics, segments


def scored_labels(
    scorer: Scorer,
    prepared: Path,
    *,
    accounts: pl.Series | None = None,
    prevalence: float | None = None,
    size_tiers: Sequence[int] = SIZE_TIERS,
    explained: Collection[str] = EXPLAINED,
    jobs: int,
    report: Callable[[str], None],
) -> pl.DataFrame:
    """Labels beside scores of the labelled accounts of a prepared folder (or of those named), sorted by account.

    Adds `probability` (null where no verdict is given), each baseline's at the same prevalence, each scheme's, the
    values of the rules in use, and the columns of `SEGMENTS`.
    """
    at = scorer.bundle.prevalence if prevalence is None else prevalence
    labels = with_cohorts(read_labels(prepared))
    if accounts is not None:
        labels = labels.filter(pl.col("account_id").is_in(accounts.implode()))
    observed = pl.concat_str(
        [pl.when(pl.col(f"observed_{what}") > 0).then(pl.lit(what)) for what in ("days", "posts", "comments")],
        separator="+",
        ignore_nulls=True,
    )

    def score_labelled(bucket: int) -> pl.DataFrame:
        tables = only(read_bucket(prepared, bucket), labels["account_id"])
        features = compute(tables)
        found = score_features(scorer, tables, features, at, explained).join(labels, on="account_id", how="inner")
        for columns in (
            _prefixed(scorer.baselines(features, at), BASELINE),
            _prefixed(scorer.scheme_probabilities(features, at), SCHEME),
            _prefixed(rule_values(tables), RULE),
            tables.accounts.select("account_id", "language"),
            reading_rhythm(tables.followers_daily),
        ):
            found = found.join(columns, on="account_id", how="left")
        return found

    rows = pl.sum_horizontal("observed_days", "observed_posts", "observed_comments")
    return over_buckets(prepared, score_labelled, report, jobs, doing="features and verdicts").with_columns(
        size_tier(tiers=size_tiers),
        probability="probability_inauthentic",
        named_evidence=pl.col("reasons").list.eval(pl.element().struct.field("contribution")).list.sum(),
        tables_observed=observed,
        rows_observed=in_range(rows, ROW_EDGES),
        declared_prevalence=pl.lit(at),
    )


def _described(scored: pl.DataFrame) -> str:
    """How many cohorts, unseen in training, and how many of their accounts are no simulated ones."""
    real = scored.filter(pl.col("label_source").ne_missing(SIMULATED)).height
    cohorts = f"{scored['cohort'].n_unique():,}"
    if real == 0:
        return f"{cohorts} simulated, unseen"
    return f"{cohorts}, unseen; {real:,} of {scored.height:,} accounts are not simulated"


def save_figures(pictures: dict[str, Any], folder: Path) -> None:
    """Each figure as PNG; the folder is replaced whole."""
    with atomic_folder(folder) as temporary:
        for name, figure in pictures.items():
            figure.savefig(temporary / f"{name}.png", dpi=110, metadata={"Software": None})


def save_curves(curves: dict[str, list[dict[str, Any]]], folder: Path) -> None:
    """Each curve as JSON in the shape of DVC's plots."""
    for name, points in curves.items():
        with atomic_path(folder / f"{name}.json") as path:
            path.write_text(json.dumps(points) + "\n", encoding="utf-8")


def _prefixed(columns: pl.DataFrame, prefix: str) -> pl.DataFrame:
    return columns.rename(lambda name: name if name == "account_id" else prefix + name)
