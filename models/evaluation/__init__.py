"""What a model is worth: metrics with intervals, paired comparisons with baselines, and tables by part of the accounts.

`metrics` are numbers, `resampling` gives them intervals, `comparison` puts models side by side, `reliability` asks
whether a probability is one, `decisions` what the verdicts do and cost, `schemes` whether the right scheme is named,
and `segments` where it all holds. Every number comes with an interval: accounts of one cohort share sellers, pods and
commenters, so the bootstrap draws whole cohorts; real accounts of no named cohort get exact (Clopper-Pearson) ones.
"""

from models.evaluation.comparison import evaluate_models
from models.evaluation.decisions import confusion
from models.evaluation.metrics import (
    METRICS,
    Metrics,
    auc,
    average_precision,
    brier,
    expected_calibration_error,
    flagged_at,
    metrics,
    precision_recall_points,
    recall_at_fpr,
    roc_points,
)
from models.evaluation.reliability import (
    calibration_error,
    calibration_under_mixes,
    cohort_calibration,
    noise_floor,
    reliability_bins,
)
from models.evaluation.resampling import Draws, Sample, clopper_pearson
from models.evaluation.segments import (
    SIZE_NAMES,
    SIZE_TIERS,
    dose_table,
    headline_rows,
    scheme_table,
    segment_table,
    size_tier,
    story_table,
)

__all__ = [
    "METRICS",
    "SIZE_NAMES",
    "SIZE_TIERS",
    "Draws",
    "Metrics",
    "Sample",
    "auc",
    "average_precision",
    "brier",
    "calibration_error",
    "calibration_under_mixes",
    "clopper_pearson",
    "cohort_calibration",
    "confusion",
    "dose_table",
    "evaluate_models",
    "expected_calibration_error",
    "flagged_at",
    "headline_rows",
    "metrics",
    "noise_floor",
    "precision_recall_points",
    "recall_at_fpr",
    "reliability_bins",
    "roc_points",
    "scheme_table",
    "segment_table",
    "size_tier",
    "story_table",
]
