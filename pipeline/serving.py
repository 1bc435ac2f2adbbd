"""How MLflow serves a bundle: its loader calls this module, so that no pickle travels with the model.

Nothing here imports MLflow. A registered model holds the bundle's files and a copy of the packages this module needs;
`mlflow.pyfunc.load_model` therefore works outside the repository too, and with pickles forbidden.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.catalog import features
from models.bundle import Bundle, booster
from models.classifier import raw_scores
from models.scoring import SCORE_PREVALENCE, Scorer
from pipeline.bundles import read_bundle

REQUIREMENTS = ("numba", "numpy", "pandas", "polars", "scipy")
"""What a process that loads the model must have installed, besides MLflow."""

OUTPUTS = {"probability_inauthentic": "double", "authenticity_score": "long", "verdict": "string"}
"""Columns of an answer and their types in MLflow's terms."""


class ServedBundle:
    """A bundle behind MLflow's `predict`. It sees features only, so it cannot tell who lacks the data for a verdict."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._classifier = booster(bundle.classifier.trees)

    @cached_property
    def _scorer(self) -> Scorer:
        """What gives reasons, which a reject needs."""
        return Scorer(self.bundle, features())

    def predict(self, features: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002
        """Probability (0 to 1, at the bundle's prevalence), score (0 to 100) and verdict, one row per row given.

        Args:
            features: one column per feature of the bundle, in any order; NaN where it is not observed.
            params: MLflow's; there are none.

        The verdict is `pass`, `review` or `reject`: whether enough was observed for one, `score` alone can tell. So it
        is with a reject where the bundle asks whether it stands without the busiest days: it is a review here.
        """
        values = features[list(self.bundle.features)].to_numpy(dtype=np.float64)
        raw = raw_scores(self._classifier, values)
        calibration = self.bundle.classifier.calibration
        probability = calibration.probability(raw, self.bundle.prevalence)
        score = np.round(100.0 * (1.0 - calibration.probability(raw, SCORE_PREVALENCE))).astype(np.int64)
        verdict, _ = self._scorer.judged(values, raw, np.ones(len(values), dtype=bool), self.bundle.prevalence)
        if self.bundle.settings.get("outside_days", 0):
            verdict = np.where(verdict == "reject", "review", verdict)
        answers = (probability, score, verdict.astype(object))
        return pd.DataFrame(dict(zip(OUTPUTS, answers, strict=True)), index=features.index)


def _load_pyfunc(path: str) -> ServedBundle:
    """MLflow's entry point: the verified bundle in the folder `path`."""
    return ServedBundle(read_bundle(Path(path)))
