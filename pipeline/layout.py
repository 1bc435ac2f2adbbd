"""Every path of the project, once. All are relative to the working directory, so that a run in a copy stays there."""

from __future__ import annotations

from pathlib import Path

PARAMS = Path("params.yaml")

TRAINING = Path("data/raw/training")
INCOMING = Path("data/raw/incoming")
CANDIDATES = Path("data/raw/candidates.csv")
PREPARED = Path("data/prepared")
FEATURES = Path("data/features")
MODEL = Path("data/model")
TEST_ACCOUNTS = Path("data/test_accounts.parquet")
EVALUATION = Path("data/evaluation.parquet")
SCORES = Path("data/scores")
SHORTLIST = Path("data/shortlist")
TRACKED = Path("data/tracked.json")

METRICS = Path("reports/metrics.json")
SEGMENTS = Path("reports/segments.json")
TRAINING_REPORT = Path("reports/training.json")
SCORING_REPORT = Path("reports/scoring.json")
FIGURES = Path("reports/figures")
PLOTS = Path("reports/plots")

SCORES_FILE = "scores.parquet"
SUMMARY_FILE = "summary.json"
SHORTLIST_FILE = "shortlist.csv"


def feature_file(group: str) -> Path:
    """Where one group's feature table lives."""
    return FEATURES / f"{group}.parquet"
