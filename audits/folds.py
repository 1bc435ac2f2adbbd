"""Whole cohorts dealt into folds: accounts of one cohort share sellers and rules, and stay on one side."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def cohort_folds(cohorts: Sequence[str], folds: int, seed: int) -> NDArray[np.intp]:
    """The fold of each account, 0 to `folds` - 1: cohorts in the order of a keyed hash, dealt in turn.

    Raises:
        ValueError: fewer distinct cohorts than folds.
    """
    names = sorted(set(cohorts), key=lambda name: hashlib.blake2b(f"{seed}/{name}".encode()).hexdigest())
    if len(names) < folds:
        raise ValueError(f"cohorts: {len(names)} found; at least {folds} are needed, one for each fold.")
    fold_of = {name: index % folds for index, name in enumerate(names)}
    return np.array([fold_of[name] for name in cohorts], dtype=np.intp)
