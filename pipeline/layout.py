"""Every path of the project, once. All are relative to the working directory, so that a run in a copy stays there."""

from __future__ import annotations

from pathlib import Path

PARAMS = Path("params.yaml")
DVC_FOLDER = Path(".dvc")
OWN_PARAMS = Path(__file__).resolve().parent.parent / PARAMS
"""The project's own params.yaml, wherever a command is called."""

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
PROMOTE = Path("data/promote")
COMPARISONS = Path("data/compare")
NOTEBOOKS = Path("data/notebooks")

METRICS = Path("reports/metrics.json")
SEGMENTS = Path("reports/segments.json")
TRAINING_REPORT = Path("reports/training.json")
SCORING_REPORT = Path("reports/scoring.json")
FIGURES = Path("reports/figures")
PLOTS = Path("reports/plots")

AUDIT_FRESH = Path("data/audit/fresh")
AUDIT_BATCHES = Path("data/audit/batches")
AUDIT_FRESH_SCORED = Path("data/audit/fresh_scored.parquet")
AUDIT_BATCHES_SCORED = Path("data/audit/batches_scored.parquet")
AUDIT_PAGE = Path("data/audit/audit.md")
AUDIT_CARD = Path("data/audit/model-card.md")
AUDIT_TRACKED = Path("data/audit/tracked.json")

AUDIT_LEAKAGE = Path("reports/audit/leakage.json")
AUDIT_REALISM = Path("reports/audit/realism.json")
AUDIT_GENERALISATION = Path("reports/audit/generalisation.json")
AUDIT_ABLATION = Path("reports/audit/ablation.json")
AUDIT_CATALOGUE = Path("reports/audit/catalogue.json")
AUDIT_ROBUSTNESS = Path("reports/audit/robustness.json")
AUDIT_RECALL = Path("reports/audit/recall.json")
AUDIT_EVASION = Path("reports/audit/evasion.json")
AUDIT_RIVAL = Path("reports/audit/rival.json")
AUDIT_SUMMARY = Path("reports/audit/summary.json")
AUDIT_FIGURES = Path("reports/audit/figures")

TUNING = Path("reports/tuning/study.json")
TUNING_TRACKED = Path("data/tuning_tracked.json")

SCORES_FILE = "scores.parquet"
EVIDENCE_FILE = "evidence.parquet"
NETWORK_FILE = "network.parquet"
SUMMARY_FILE = "summary.json"
SHORTLIST_FILE = "shortlist.csv"


def feature_file(group: str) -> Path:
    """Where one group's feature table lives."""
    return FEATURES / f"{group}.parquet"
