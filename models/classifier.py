"""The gradient-boosted classifier and what it is trained on.

Accounts come with whole tables missing, so whole feature groups are masked at random in training: the model then
answers from what is there, and learns no meaning of absence, since masking never looks at the label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import lightgbm

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


class LibraryMissingError(OSError):
    """LightGBM's wheel is installed and the OpenMP runtime it needs is not."""


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """LightGBM's parameters that are ours to choose, in LightGBM's own terms, and how training rows are masked."""

    num_leaves: int
    learning_rate: float
    num_boost_round: int
    early_stopping_rounds: int
    min_child_samples: int
    lambda_l2: float
    feature_fraction: float
    bagging_fraction: float
    extra_trees: bool
    monotone: bool
    masked_copies: int
    mask_share: float
    empty_share: float
    seed: int
    threads: int


def masked_copies(
    values: FloatArray, target: FloatArray, column_groups: Sequence[str], settings: ClassifierSettings
) -> tuple[FloatArray, FloatArray]:
    """The rows as observed, and `masked_copies` further copies of each with whole groups blanked.

    In a copy each group is blanked with probability `mask_share`, and everything with probability `empty_share`, so
    that the account with nothing observed is learned too. The draw looks at neither label nor values.
    """
    generator = np.random.default_rng(settings.seed)
    groups = sorted(set(column_groups))
    member = np.array([[group == name for name in column_groups] for group in groups], dtype=bool)
    parts = [values]
    for _ in range(settings.masked_copies):
        drop = generator.random((len(values), len(groups))) < settings.mask_share
        drop |= (generator.random(len(values)) < settings.empty_share)[:, None]
        hidden = (drop.astype(np.int64) @ member.astype(np.int64)) > 0
        parts.append(np.where(hidden, np.nan, values))
    return np.vstack(parts), np.tile(target, settings.masked_copies + 1)


def train_booster(
    fit: tuple[FloatArray, FloatArray],
    tune: tuple[FloatArray, FloatArray],
    names: Sequence[str],
    monotone: Sequence[int],
    settings: ClassifierSettings,
    quantile: float | None = None,
    weights: tuple[FloatArray, FloatArray] | None = None,
) -> lightgbm.Booster:
    """Train on `fit`, stop where `tune` (other cohorts) stops improving. Same rows and settings give the same trees.

    Targets are 0 or 1; with `quantile`, a level in 0 to 1, they are numbers whose quantile is predicted. `weights` says
    how much each row of `fit` and of `tune` counts; None: all the same.
    Rows must come in a fixed order (sorted by account id): LightGBM's trees depend on it.

    Raises:
        LibraryMissingError: LightGBM cannot load its OpenMP runtime.
    """
    library = import_lightgbm()
    parameters: dict[str, Any] = {
        "objective": "binary" if quantile is None else "quantile",
        "metric": "binary_logloss" if quantile is None else "quantile",
        "num_leaves": settings.num_leaves,
        "learning_rate": settings.learning_rate,
        "min_child_samples": settings.min_child_samples,
        "lambda_l2": settings.lambda_l2,
        "feature_fraction": settings.feature_fraction,
        "bagging_fraction": settings.bagging_fraction,
        "extra_trees": settings.extra_trees,
        "bagging_freq": 1,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": settings.threads,
        "seed": settings.seed,
        "verbosity": -1,
    }
    if quantile is not None:
        parameters["alpha"] = quantile
    if settings.monotone and any(monotone):
        parameters["monotone_constraints"] = list(monotone)
    fit_weights, tune_weights = weights if weights is not None else (None, None)
    fit_data = library.Dataset(fit[0], fit[1], weight=fit_weights, feature_name=list(names), free_raw_data=True)
    tune_data = library.Dataset(tune[0], tune[1], weight=tune_weights, reference=fit_data)
    stopping = library.early_stopping(settings.early_stopping_rounds, verbose=False)
    booster = library.train(
        parameters, fit_data, settings.num_boost_round, valid_sets=[tune_data], callbacks=[stopping]
    )
    # Only the trees up to the best round travel: a reader of the file needs no second number to use it rightly.
    best: lightgbm.Booster = library.Booster(model_str=booster.model_to_string(num_iteration=booster.best_iteration))
    return best


def raw_scores(booster: lightgbm.Booster, values: FloatArray) -> FloatArray:
    """The booster's raw scores, one per row: log-odds before calibration, or the predicted quantile."""
    return np.asarray(booster.predict(values, raw_score=True), dtype=np.float64)


def contributions_of(booster: lightgbm.Booster, values: FloatArray) -> FloatArray:
    """Each feature's push on the raw score (log-odds), shape of `values`; the constant term is left out."""
    return np.asarray(booster.predict(values, pred_contrib=True), dtype=np.float64)[:, :-1]


def import_lightgbm() -> ModuleType:
    """The lightgbm module; a missing OpenMP runtime gives a message with the repair instead of a loader's trace."""
    try:
        import lightgbm
    except OSError as error:
        raise LibraryMissingError(
            f"LightGBM cannot load its OpenMP runtime ({error}). Install it: 'apt-get install libgomp1' on Debian and "
            "Ubuntu, 'dnf install libgomp' on Fedora, 'brew install libomp' on macOS."
        ) from error
    return lightgbm
