"""Own accounts beside a dataset's: who plays which role, and how much each counts.

A user's labelled accounts differ from the dataset's in more than what was bought: real readings, other platforms,
other years, and most of them labelled because somebody suspected them. Two things follow. Each origin is split into
the roles by itself, so that the dataset's cohorts keep the roles that they have without own accounts, and own accounts
stand in every role. And the weights give both origins the same share of inauthentic accounts, for if they differ,
"looks like one of yours" becomes a sign of having bought.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.origins import ORIGIN, OWN, one_class_problem
from models.split import ROLES, TooFewCohortsError, assign_roles

FloatArray = NDArray[np.float64]


class OwnAccountsError(ValueError):
    """Own accounts from which nothing can be learned beside a dataset; the message says what to add."""


def assign_roles_by_origin(labelled: pl.DataFrame, shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Each cohort's role, as `assign_roles` gives it, every origin by itself.

    `labelled` has `cohort` and, where accounts of two origins are together, `origin`; no cohort stands in both.

    Raises:
        TooFewCohortsError: fewer cohorts of the dataset than roles.
        OwnAccountsError: fewer own cohorts than roles.
    """
    if not _has_own(labelled):
        return assign_roles(labelled["cohort"].to_list(), shares, seed)
    own = pl.col(ORIGIN) == OWN
    roles = assign_roles(labelled.filter(~own)["cohort"].to_list(), shares, seed)
    try:
        return roles | assign_roles(labelled.filter(own)["cohort"].to_list(), shares, seed)
    except TooFewCohortsError as error:
        raise OwnAccountsError(f"own_dataset: {error}") from error


def account_weights(labelled: pl.DataFrame, own_weight: float) -> FloatArray | None:
    """How much each account counts in the fit, the calibration and the evidence cut; None: all the same.

    An account of the dataset counts 1. Own accounts count `own_weight` on average, the genuine and the inauthentic
    among them so that the weighted share of inauthentic ones is the dataset's: with shares p of the dataset and q of
    the own accounts, an inauthentic own account counts own_weight * p / q and a genuine one
    own_weight * (1 - p) / (1 - q). This is correction for the prior shift between two samples (Saerens et al. 2002,
    Neural Computation 14).

    `labelled` has `is_inauthentic` and, where accounts of two origins are together, `origin`.

    Raises:
        OwnAccountsError: own accounts, or those of the dataset, of one class only.
    """
    by_class = own_class_weights(labelled, own_weight)
    if not by_class:
        return None
    own = (labelled[ORIGIN] == OWN).to_numpy()
    own_weights = np.where(labelled["is_inauthentic"].to_numpy(), by_class["inauthentic"], by_class["genuine"])
    weights: FloatArray = np.where(own, own_weights, 1.0)
    return weights


def own_class_weights(labelled: pl.DataFrame, own_weight: float) -> dict[str, float]:
    """What an own account of each class (`genuine`, `inauthentic`) counts; empty without own accounts.

    Arguments and errors as of `account_weights`.
    """
    if not _has_own(labelled):
        return {}
    own = (labelled[ORIGIN] == OWN).to_numpy()
    bought = labelled["is_inauthentic"].to_numpy()
    found, share = float(bought[own].mean()), float(bought[~own].mean())
    if not 0.0 < share < 1.0:
        raise OwnAccountsError(
            f"labels: all {int((~own).sum())} accounts of the dataset beside the own ones are of one class. Name the "
            "own folder as 'prepare.dataset' to train on it alone."
        )
    problem = one_class_problem(int((own & ~bought).sum()), int((own & bought).sum()))
    if problem is not None:
        raise OwnAccountsError(problem)
    return {"genuine": own_weight * (1.0 - share) / (1.0 - found), "inauthentic": own_weight * share / found}


def own_only(labelled: pl.DataFrame) -> pl.DataFrame:
    """The own accounts of a labelled frame; none where it holds accounts of one origin."""
    return labelled.filter(pl.col(ORIGIN) == OWN) if _has_own(labelled) else labelled.clear()


def accounts_by_role(labelled: pl.DataFrame, roles: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Number of accounts by role and class (`genuine`, `inauthentic`); empty without accounts."""
    if labelled.is_empty():
        return {}
    counted: dict[str, dict[str, int]] = {role: {"genuine": 0, "inauthentic": 0} for role in ROLES}
    for cohort, bought in labelled.select("cohort", "is_inauthentic").iter_rows():
        counted[roles[cohort]]["inauthentic" if bought else "genuine"] += 1
    return counted


def _has_own(labelled: pl.DataFrame) -> bool:
    return ORIGIN in labelled.columns and bool((labelled[ORIGIN] == OWN).any())
