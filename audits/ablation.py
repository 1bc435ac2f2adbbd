"""What each group of features is worth: the model's light fit without one group, and with one group alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from audits.generalisation import light_fit
from features.definition import Feature
from models.evaluation import evaluate_models
from models.own import assign_roles_by_origin
from models.training import TrainingSettings, feature_values

FloatArray = NDArray[np.float64]

EVERYTHING = "all"
"""Kind of the row that the others are compared with."""

MEASURES = ("auc", "recall_at_1_percent_false_positives")


def ablation(
    frame: pl.DataFrame,
    features: Sequence[Feature],
    settings: TrainingSettings,
    *,
    replicates: int,
    confidence: float,
    seed: int,
    report: Callable[[str], None],
) -> dict[str, Any]:
    """Every group of features left out, and every group alone, on the test cohorts of the training's own split.

    Each variant is fitted on the fit and tune cohorts (the light fit needs nobody to stop it) with the same rows,
    trees and seed; what differs is the columns.

    Args:
        frame: the labelled frame without doses too small to count (`is_headline`): `is_inauthentic`, `cohort` filled
            and the feature columns, sorted by account.
        features: in the order of the trees' columns; at least two groups.
        settings: the model's training settings, for the split and the trees.
        replicates: bootstrap draws of whole test cohorts, the same for all variants.
        confidence: coverage of every interval, 0 to 1.
        seed: of the draws.
        report: told in a few words what is done.

    Returns:
        `accounts`, `inauthentic`, `cohorts` (of the test), `interval`, `confidence` and `rows`: the first of kind
        `all`, then `left_out` and `alone` by group. A row has `kind`, `group` (None for all), `features` (columns
        used), `observed_share` (test accounts with any value in them) and for each of `MEASURES` its `value`, `lower`,
        `upper`, and the paired `<measure>_lost`: all less this one. None where a class is absent.

    Raises:
        TooFewCohortsError: fewer cohorts than roles.
    """
    roles = assign_roles_by_origin(frame, settings.shares, settings.seed)
    role = np.array([roles[cohort] for cohort in frame["cohort"]])
    trained, tested = np.isin(role, ("fit", "tune")), role == "test"
    variants = _variants(features)
    report(f"{len(variants)} fits")
    raws = joblib.Parallel(n_jobs=settings.jobs)(
        joblib.delayed(_raw)(frame, variant.columns, settings, trained) for variant in variants.values()
    )
    predictions = {name: expit(raw[tested]) for name, raw in zip(variants, raws, strict=True)}
    labels, cohorts = frame["is_inauthentic"].to_numpy()[tested], frame["cohort"].to_numpy()[tested]
    found = evaluate_models(labels, predictions, cohorts, replicates=replicates, confidence=confidence, seed=seed)
    test_accounts = frame.filter(pl.Series(tested))
    return {
        **{name: found[name] for name in ("accounts", "inauthentic", "cohorts", "interval", "confidence")},
        "rows": [_row(name, variant, found, test_accounts) for name, variant in variants.items()],
    }


def _raw(
    frame: pl.DataFrame, columns: Sequence[Feature], settings: TrainingSettings, trained: NDArray[np.bool_]
) -> FloatArray:
    """Raw scores of every row by a light fit of some columns on some rows; of a process of its own."""
    return light_fit(frame, columns, settings.classifier)(trained).raw


@dataclass(frozen=True, slots=True)
class _Variant:
    """Which columns one fit sees."""

    kind: str
    group: str | None
    columns: list[Feature]


def _variants(features: Sequence[Feature]) -> dict[str, _Variant]:
    """The variants by what they are called in the report of progress, the one with everything first."""
    groups = list(dict.fromkeys(feature.group for feature in features))
    variants = {"every group": _Variant(EVERYTHING, None, list(features))}
    for group in groups:
        others = [feature for feature in features if feature.group != group]
        variants[f"without {group}"] = _Variant("left_out", group, others)
    for group in groups:
        members = [feature for feature in features if feature.group == group]
        variants[f"{group} alone"] = _Variant("alone", group, members)
    return variants


def _row(name: str, variant: _Variant, found: Mapping[str, Any], test_accounts: pl.DataFrame) -> dict[str, Any]:
    values = feature_values(test_accounts, [feature.name for feature in variant.columns])
    observed = ~np.isnan(values).all(axis=1)
    row: dict[str, Any] = {
        "kind": variant.kind,
        "group": variant.group,
        "features": len(variant.columns),
        "observed_share": float(observed.mean()) if observed.size else None,
    }
    lost = found["differences"].get(name)
    for measure in MEASURES:
        row[measure] = found["models"][name][measure]
        row[f"{measure}_lost"] = None if lost is None else lost[measure]
    return row
