"""One bucket's scores: what a worker does, wherever it runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from scipy.special import expit, logit

from features.benign import explanations
from features.compute import compute
from features.context import with_account_context
from features.engagement_level import engagement_per_post
from features.evidence import evidence_of_reasons
from features.sufficiency import sufficiency
from features.tables import Tables, only
from models import drift
from models.outside import features_without_busiest_days
from models.scoring import EXPLAINED, SCORE_COLUMNS, Scorer, with_explanations
from pipeline.bundles import ScorerAt
from pipeline.dataset import read_bucket
from pipeline.parts import Parts, Ranges
from pipeline.storage import read_json, write_json


@dataclass(frozen=True, slots=True)
class BucketCounts:
    """What is told of a scored bucket; adds up over buckets."""

    verdicts: Counter[str]
    drift: drift.Tally

    def __add__(self, other: BucketCounts) -> BucketCounts:
        """Both together."""
        return BucketCounts(self.verdicts + other.verdicts, drift.added(self.drift, other.drift))

    def told(self) -> dict[str, Any]:
        """For a file; `of` reads it back, to the bit."""
        tally = {name: [str(counts.dtype), counts.tolist()] for name, counts in self.drift.items()}
        return {"verdicts": dict(self.verdicts), "drift": [[name, *rest] for name, rest in tally.items()]}

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """What `told` said."""
        tally = {name: np.array(counts, dtype=kind) for name, kind, counts in told["drift"]}
        return cls(Counter(told["verdicts"]), tally)


@dataclass(frozen=True, slots=True)
class ScoreBucket:
    """Scores the accounts of one bucket of a prepared folder and leaves scores and evidence as parts.

    It holds paths and numbers alone, so that it can be sent to another process; of a bucket's tables nothing is left
    when it is done.
    """

    prepared: Path
    model: ScorerAt
    prevalence: float
    scores: Parts
    evidence: Parts
    done: Path

    @classmethod
    def of(cls, prepared: Path, scorer: Scorer, prevalence: float) -> Self:
        """The work on a prepared folder: all that it needs is put, and all that it leaves will lie, in there."""
        cuts = Ranges.of(prepared)
        return cls(
            prepared=prepared,
            model=ScorerAt.left_in(prepared / "bundle", scorer),
            prevalence=prevalence,
            scores=Parts(prepared / "scores", cuts),
            evidence=Parts(prepared / "evidence", cuts),
            done=prepared / "done",
        )

    def __call__(self, bucket: int) -> BucketCounts:
        """Read, compute, predict, explain, write; nothing of it where an earlier run came to the end of the bucket."""
        finished = self.done / f"bucket-{bucket:03d}.json"
        if finished.is_file():
            return BucketCounts.of(read_json(finished))
        scorer = self.model.scorer
        tables = read_bucket(self.prepared, bucket)
        features = compute(tables)
        scores = score_features(scorer, tables, features, self.prevalence)
        asked = scorer.sides_of_reasons(scores)
        # Only here, where the tables are at hand, the reasons' texts tell which benign explanations were checked.
        scores = with_explanations(scores, explanations(tables, asked))
        self.scores.write(bucket, scores)
        self.evidence.write(bucket, evidence_of_reasons(tables, asked))
        stated = _at_stated_prevalence(scores, self.prevalence)
        counts = BucketCounts(Counter(scores["verdict"]), scorer.bundle.drift.tally(features, stated))
        write_json(counts.told(), finished)
        return counts


def _at_stated_prevalence(scores: pl.DataFrame, prevalence: float) -> drift.FloatArray:
    """The probabilities as drift is told of them, NaN without a verdict."""
    probability = scores["probability_inauthentic"].fill_null(np.nan).to_numpy()
    with np.errstate(divide="ignore"):  # the log-odds of a probability that rounds to 1
        stated: drift.FloatArray = expit(logit(probability) + logit(drift.STATED_AT) - logit(prevalence))
    return stated


def score_tables(scorer: Scorer, tables: Tables, prevalence: float) -> pl.DataFrame:
    """Scores of the accounts of some clean tables: the contract's columns up to `observed_comments`."""
    return score_features(scorer, tables, compute(tables), prevalence)


def _withstood(
    scorer: Scorer, tables: Tables, features: pl.DataFrame, scores: pl.DataFrame, prevalence: float
) -> pl.DataFrame:
    """The scores, nobody rejected for what may have come from outside in one go; a bundle may lack that rule."""
    days = int(scorer.bundle.settings.get("outside_days", 0))
    asked = scores.filter(pl.col("verdict").is_in(EXPLAINED))["account_id"]
    if not days or asked.is_empty():
        return scores
    return scorer.withstood(scores, features, features_without_busiest_days(only(tables, asked), days), prevalence)


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
    scores = _withstood(scorer, tables, features, scores, prevalence)
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
