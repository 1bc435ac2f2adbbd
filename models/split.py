"""Which cohort trains, tunes, calibrates and tests.

Vendors, pods, commenters and phrase families are shared by the accounts of a cohort and by nobody else, so whole
cohorts are assigned: a split by accounts would let the model meet the same seller on both sides.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

ROLES = ("fit", "tune", "calibrate", "test")


LARGE_COHORT = 10.0
"""Cohorts with more accounts than this many times the mean only fit: one set of rules would otherwise be most of what
the model is judged by. None is so large among cohorts of about one size."""


class TooFewCohortsError(ValueError):
    """Fewer cohorts than roles: something would be trained and tested on the same accounts."""


def assign_roles(cohorts: Sequence[str], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Each distinct cohort's role, one of `ROLES`.

    Cohorts are put in the order of a keyed hash, independent of how they came, those of more than `LARGE_COHORT`
    times the mean size first, and cut by `shares` (positive, in the order of `ROLES`, scaled to one); every role gets
    at least one cohort. `cohorts` holds one name an account.

    Raises:
        TooFewCohortsError: fewer than four distinct cohorts.
    """
    sizes = Counter(cohorts)
    large = LARGE_COHORT * len(cohorts) / max(len(sizes), 1)
    names = sorted(
        sizes, key=lambda name: (sizes[name] <= large, hashlib.blake2b(f"{seed}/{name}".encode()).hexdigest())
    )
    if len(names) < len(ROLES):
        raise TooFewCohortsError(
            f"labels: {len(names)} cohorts found; at least {len(ROLES)} are needed to fit, tune, calibrate and test "
            "apart. Supply more labelled accounts, or more values in the column 'cohort'."
        )
    total = sum(shares[role] for role in ROLES)
    roles: dict[str, str] = {}
    start, cumulated = 0, 0.0
    for index, role in enumerate(ROLES):
        cumulated += shares[role] / total
        still_to_serve = len(ROLES) - index - 1
        end = min(max(round(cumulated * len(names)), start + 1), len(names) - still_to_serve)
        roles.update(dict.fromkeys(names[start:end], role))
        start = end
    return roles


def cohort_folds(cohorts: Sequence[str], folds: int, seed: int) -> NDArray[np.intp]:
    """The fold of each account, 0 to `folds` - 1: whole cohorts in the order of a keyed hash, dealt in turn.

    Raises:
        ValueError: fewer distinct cohorts than folds.
    """
    names = sorted(set(cohorts), key=lambda name: hashlib.blake2b(f"{seed}/{name}".encode()).hexdigest())
    if len(names) < folds:
        raise ValueError(f"cohorts: {len(names)} found; at least {folds} are needed, one for each fold.")
    fold_of = {name: index % folds for index, name in enumerate(names)}
    return np.array([fold_of[name] for name in cohorts], dtype=np.intp)
