"""Whether the scheme that is suspected is the one that was used, and whether each head's probability is one.

An account that mixes schemes has no single right answer, so mixes stand apart. A scheme is named only of accounts that
did not pass, as in the scores; `several` is an answer too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit, logit

from models.evaluation.metrics import BoolArray, FloatArray
from models.evaluation.reliability import noise_floor, ranking_and_calibration
from models.evaluation.resampling import Sample
from models.evaluation.segments import is_headline_row

PREFIX = "scheme_"
"""What the columns of the heads' probabilities start with."""

MIXED, SEVERAL, NONE_NAMED, NOT_SUSPECTED = "mixed", "several", "none named", "not suspected"


@dataclass(frozen=True, slots=True)
class Heads:
    """What turns the heads' probabilities into suspicions.

    Attributes:
        prevalence: scheme to the share of accounts with it that its probabilities are stated at.
        above: probability above which a scheme is named.
    """

    prevalence: Mapping[str, float]
    above: float


def scheme_confusion(sample: Sample, heads: Heads) -> list[dict[str, Any]]:
    """What was done against what is suspected: one row a scheme alone, for mixes and for genuine accounts.

    Rows of `true`, `accounts`, `answers` (accounts by the one scheme named, `several`, `none named` where an account is
    reviewed or rejected without one, and `not suspected` where it passed or got no verdict), `named` (the share of the
    accounts whose scheme, or one of whose schemes, is among those named; None for genuine ones) and `named_wrongly`
    (the share with a scheme named that was not used).
    """
    named = {name: _suspected(sample, heads, name) for name in heads.prevalence}
    number_named = np.sum(list(named.values()), axis=0) if named else np.zeros(sample.frame.height, dtype=int)
    asked = sample.where(pl.col("verdict").is_in(["review", "reject"]))
    rows = []
    for true, members in _truths(sample, heads.prevalence).items():
        used = {name: members & _used(sample, name) for name in named}
        right = np.any([flags & used[name] for name, flags in named.items()], axis=0) if named else members & False
        wrong = np.any([flags & ~used[name] for name, flags in named.items()], axis=0) if named else members & False
        answers = {name: members & flags & (number_named == 1) for name, flags in named.items()}
        answers |= {
            SEVERAL: members & (number_named > 1),
            NONE_NAMED: members & asked & (number_named == 0),
            NOT_SUSPECTED: members & ~asked,
        }
        rows.append(
            {
                "true": true,
                "accounts": int(members.sum()),
                "answers": {name: int(flags.sum()) for name, flags in answers.items()},
                "named": None if true == "genuine" else sample.share(right, members),
                "named_wrongly": sample.share(wrong & members, members),
            }
        )
    return rows


def head_table(sample: Sample, heads: Heads) -> list[dict[str, Any]]:
    """Each head by itself, over the headline accounts with a verdict.

    Rows of `scheme`, `accounts` (with it, mixes too), `auc`, `calibration` (expected calibration error, at the share
    of accounts with the scheme at hand; value, lower, upper) and `noise_floor`, `recall` (share of accounts with the
    scheme that its threshold finds, whatever the verdict), `precision` (share with the scheme among those found), and
    `genuine_found`.
    """
    told = sample.where(is_headline_row() & pl.col("probability_inauthentic").is_not_null())
    genuine = told & ~sample.where(pl.col("is_inauthentic"))
    rows = []
    for name in heads.prevalence:
        stated = sample.frame[PREFIX + name].to_numpy()
        used, found = told & _used(sample, name), stated > heads.above
        probability = _at_share(stated, heads.prevalence[name], used, told)
        area, error = ranking_and_calibration(sample, used, probability, told)
        rows.append(
            {
                "scheme": name,
                "accounts": int(used.sum()),
                "auc": area,
                "calibration": error,
                "noise_floor": noise_floor(probability[told]),
                "recall": sample.share(found, used),
                "precision": sample.share(used, found & told),
                "genuine_found": sample.share(found, genuine),
            }
        )
    return rows


def _truths(sample: Sample, schemes: Sequence[str] | Mapping[str, float]) -> dict[str, BoolArray]:
    bought = sample.where(pl.col("is_inauthentic"))
    truths = {name: bought & sample.where(pl.col("scheme") == name) for name in schemes}
    mixed = bought & sample.where(pl.col("scheme").str.contains("+", literal=True))
    return truths | {MIXED: mixed, "genuine": sample.where(is_headline_row()) & ~bought}


def _used(sample: Sample, name: str) -> BoolArray:
    return sample.where(pl.col("is_inauthentic") & pl.col("scheme").str.split("+").list.contains(name))


def _suspected(sample: Sample, heads: Heads, name: str) -> BoolArray:
    return sample.where(pl.col("verdict").is_in(["review", "reject"]) & (pl.col(PREFIX + name) > heads.above))


def _at_share(stated: FloatArray, prevalence: float, used: BoolArray, told: BoolArray) -> FloatArray:
    """Probabilities carried over to the share of told accounts with the scheme; as stated where that is 0 or 1."""
    share = used.sum() / max(int(told.sum()), 1)
    if not 0.0 < share < 1.0:
        return stated
    carried: FloatArray = expit(logit(stated) - logit(prevalence) + logit(share))
    return carried
