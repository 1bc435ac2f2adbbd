"""A finished run as the other stages leave it, made by hand: a bundle, reports, figures, params.yaml, dvc.lock."""

from __future__ import annotations

import json
from pathlib import Path

from models.bundle import Bundle
from pipeline import layout
from pipeline.tracking import URI_VARIABLE

OUTSIDE = (URI_VARIABLE, "DVC_ROOT", "DVC_EXP_NAME")
"""Variables of whoever runs the tests that would lead them to another store."""

PARAMS = """
prepare: {dataset: data/raw/training, as_of: null}
simulate: {jobs: 2}
priors: {growth: {memory: [0.0, 0.5]}}
train: {num_leaves: 4, monotone: true, prevalence: 0.2}
evaluate: {tiers: [0, 1000]}
score: {dataset: data/raw/incoming}
track: {experiment: assay, registered_model: authenticity}
"""

LOCK = """
schema: '2.0'
stages:
  simulate:
    cmd: python -m pipeline stage simulate
    deps:
    - {path: pipeline/simulate.py, hash: md5, md5: 00000000000000000000000000000000}
    outs:
    - {path: data/raw/training, hash: md5, md5: 11111111111111111111111111111111.dir}
    - {path: data/raw/incoming, hash: md5, md5: 22222222222222222222222222222222.dir}
  track:
    cmd: python -m pipeline stage track
    outs:
    - {path: data/tracked.json, hash: md5, md5: 33333333333333333333333333333333}
"""

METRICS = {
    "split": "test cohorts (3 simulated, unseen)",
    "accounts": 120,
    "confidence": 0.9,
    "interval": "bootstrap over cohorts",
    "models": {
        "assay": {
            "auc": {"value": 0.87, "lower": 0.84, "upper": 0.9},
            "recall_at_1_percent_false_positives": {"value": 0.45, "lower": 0.3, "upper": 0.6},
        },
        "prevalence": {
            "auc": {"value": 0.5, "lower": None, "upper": None},
            "recall_at_1_percent_false_positives": {"value": None, "lower": None, "upper": None},
        },
    },
    "differences": {"prevalence": {"auc": {"value": 0.37, "lower": 0.34, "upper": 0.4}}},
    "confusion": {
        "genuine": {"pass": 90, "review": 9, "reject": 1, "insufficient_data": 0},
        "inauthentic": {"pass": 5, "review": 6, "reject": 9, "insufficient_data": 0},
    },
}

SEGMENTS = {
    "size_tier": [
        {"segment": "1k-10k", "accounts": 700, "auc": 0.8, "genuine_reject_share": 0.01},
        {"segment": "10k-50k", "accounts": 400, "auc": 0.7, "genuine_reject_share": 0.0},
        {"segment": "under 1k", "accounts": 99, "auc": 0.1, "genuine_reject_share": 0.0},
    ],
    "platform": [{"segment": "instagram", "accounts": 500, "auc": None, "genuine_reject_share": 0.0}],
    "benign_story": [
        {"story": "viral", "accounts": 200, "reject_share": 0.005, "review_share": 0.1},
        {"story": None, "accounts": 900, "reject_share": 0.0, "review_share": 0.05},
    ],
    "scheme": [{"scheme": "engagement_pod", "accounts": 150, "flagged_share": 0.4, "reject_share": 0.2}],
}

TRAINING = {"accounts": 400, "pass_below": 0.25, "model_version": "text", "importance": {"growth_burst_share": 1.0}}

SCORING = {"verdicts": {"pass": 7, "review": 2, "reject": 1, "insufficient_data": 0}, "tables": {}, "thresholds": {}}

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000000020001e221bc330000"
    "000049454e44ae426082"
)
"""A PNG of one pixel."""


def write_run(folder: Path, bundle: Bundle) -> None:
    """Everything that stage `track` reads, under `folder`."""
    contents = {
        layout.PARAMS: PARAMS,
        Path("dvc.lock"): LOCK,
        layout.METRICS: json.dumps(METRICS),
        layout.SEGMENTS: json.dumps(SEGMENTS),
        layout.TRAINING_REPORT: json.dumps(TRAINING),
        layout.SCORING_REPORT: json.dumps(SCORING),
        layout.PLOTS / "roc.json": "[]",
        layout.FIGURES / "roc.png": PIXEL,
        **{layout.MODEL / name: content for name, content in bundle.to_files().items()},
    }
    for path, content in contents.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
