"""Accounts that were judged, one dict each, for the tables of an evaluation."""

from __future__ import annotations

from typing import Any

import polars as pl

from models.evaluation import Sample

SCHEMA = {
    "account_id": pl.String,
    "is_inauthentic": pl.Boolean,
    "scheme": pl.String,
    "benign_story": pl.String,
    "inauthentic_follower_share": pl.Float64,
    "inauthentic_engagement_share": pl.Float64,
    "cohort": pl.String,
    "platform": pl.String,
    "language": pl.String,
    "follower_count": pl.Int64,
    "probability": pl.Float64,
    "probability_inauthentic": pl.Float64,
    "named_evidence": pl.Float64,
    "probability_without_busiest_month": pl.Float64,
    "verdict": pl.String,
    "insufficient_because": pl.List(pl.String),
}


def judged(*rows: dict[str, Any]) -> pl.DataFrame:
    """One account per dict; genuine, passed with probability .1, a cohort of its own unless it says otherwise."""
    usual = {"is_inauthentic": False, "probability": 0.1, "verdict": "pass", "platform": "instagram"}
    usual |= {"named_evidence": 9.0}
    return pl.DataFrame(
        [usual | {"account_id": f"{index}", "cohort": f"{index}"} | row for index, row in enumerate(rows)],
        schema=SCHEMA,
    ).with_columns(pl.coalesce("probability_inauthentic", "probability").alias("probability_inauthentic"))


def bought(scheme: str | None, dose: float, verdict: str = "reject", **columns: Any) -> dict[str, Any]:
    """An account with a scheme, inauthentic from a dose of .1 on, rejected with probability .9 unless it says so."""
    label = {"is_inauthentic": dose >= 0.1, "scheme": scheme, "inauthentic_follower_share": dose}
    return label | {"verdict": verdict, "probability": 0.9} | columns


def sampled(frame: pl.DataFrame) -> Sample:
    """With fifty draws and intervals of 90 %."""
    return Sample(frame, replicates=50, confidence=0.9, seed=3)
