"""What the rules in use are worth beside the model: each at 1 % false positives, and at the cut its tool documents.

Everything is told on the same accounts as the model: a rule that says nothing of an account does not flag it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from scipy.stats import rankdata

from models.evaluation import flagged_at
from models.evaluation.metrics import BoolArray, FloatArray
from models.evaluation.reliability import ranking_and_calibration
from models.evaluation.resampling import Sample
from models.rules import RULES, Rule

PREFIX = "rule_"
"""What the columns of the rules' values start with."""

FALSE_POSITIVES = 0.01
"""Share of genuine accounts that a rule may flag where it is compared with the model."""

MASS_FOLLOWING = 1_500
FEWEST_FOLLOWERS_PER_FOLLOWED = 0.70
LARGEST_Z = 6
SMALLEST_SPREAD = 0.40
ALARMING_COMMENTS = 0.5
"""The tools' own cuts; FACTS "Rules that vetting tools document"."""

NOT_COMPUTED = {
    "Modash: over 25 % fake followers": "who the followers are is in no table",
    "SRF Data: followers without picture, with digits, few posts": "who the followers are is in no table",
    "CreatorDB: worst quarter of the size bucket": "the bucket is the vendor's own database",
    "Tagger: growth jump then taper, commenters in the same order": "no cut is documented",
}
"""Documented rules that have no row at a cut, and why."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A rule with the cut that its tool documents.

    Attributes:
        name: what flags an account, in words.
        source: who documents it.
        rules: names of the rules it needs.
        flags: the condition over their columns.
    """

    name: str
    source: str
    rules: tuple[str, ...]
    flags: Callable[[], pl.Expr]


def _column(name: str) -> pl.Expr:
    return pl.col(PREFIX + name)


CUTS: tuple[Cut, ...] = (
    Cut(
        "robust z of daily growth over 6",
        "a naive curve rule",
        ("spike_robust_z",),
        lambda: _column("spike_robust_z") > LARGEST_Z,
    ),
    Cut("a day over 5 %", "a naive curve rule", ("days_over_5_percent",), lambda: _column("days_over_5_percent") > 0),
    Cut(
        "robust z over 6, or a day over 5 %",
        "a naive curve rule",
        ("spike_robust_z", "days_over_5_percent"),
        lambda: (_column("spike_robust_z") > LARGEST_Z) | (_column("days_over_5_percent") > 0),
    ),
    Cut(
        "follows more than 1,500",
        "HypeAuditor",
        ("follows_many",),
        lambda: _column("follows_many") > MASS_FOLLOWING,
    ),
    Cut(
        "half of the comments alarming, read as two words at most, emoji or mentions only",
        "HypeAuditor",
        ("short_comment_share",),
        lambda: _column("short_comment_share") >= ALARMING_COMMENTS,
    ),
    Cut(
        "followers over following under 0.70",
        "IG Audit style",
        ("following_per_follower",),
        lambda: _column("following_per_follower") > 1.0 / FEWEST_FOLLOWERS_PER_FOLLOWED,
    ),
    Cut(
        "likes spread under 40 %, as a variation",
        "trendHERO",
        ("likes_variation",),
        lambda: _column("likes_variation") < SMALLEST_SPREAD,
    ),
    Cut(
        "likes spread under 40 %, as range over mean",
        "trendHERO",
        ("likes_range",),
        lambda: _column("likes_range") < SMALLEST_SPREAD,
    ),
    Cut(
        "a post with 1.5 times the median of views at a rate down by 30 %",
        "CreatorDB",
        ("hollow_views_share",),
        lambda: _column("hollow_views_share") > 0,
    ),
    Cut(
        "engagement rate outside the band for the size",
        "vendor engagement bands, Instagram",
        ("engagement_rate_out_of_band",),
        lambda: _column("engagement_rate_out_of_band") > 0,
    ),
)
"""Every cut that a tool documents and that the contract's tables can tell."""

ANY = Cut(
    "any of the above",
    "all of them",
    tuple(sorted({name for cut in CUTS for name in cut.rules})),
    lambda: pl.any_horizontal([cut.flags().fill_null(False) for cut in CUTS]),
)


def rule_systems(sample: Sample, probability: FloatArray) -> dict[str, Any]:
    """Every rule and every documented cut on the accounts of a sample, beside the model.

    Args:
        sample: accounts with a verdict, with `is_inauthentic` and a column per rule under `PREFIX`.
        probability: the model's, one value an account.

    Returns:
        `rules`: rows of `rule`, `meaning`, `source`, `accounts` that it says something about, its `auc` among them and
        its `recall` over all accounts beyond the value that flags 1 % of the genuine ones (ties are flagged whole or
        not at all), the best first. `cuts`: rows of `cut`, `source`, `accounts`, the `false_positives` and `recall` of
        the documented cut, and `model_recall`, that of the model at as many false positives. `not_computed`: what is
        documented and has no row, and why.
    """
    inauthentic = sample.where(pl.col("is_inauthentic"))
    rules = [_rule_row(sample, inauthentic, rule) for rule in RULES.values()]
    rules.sort(key=lambda row: (-(row["recall"]["value"] or 0.0), row["rule"]))
    cuts = [_cut_row(sample, inauthentic, probability, cut) for cut in (*CUTS, ANY)]
    return {"rules": rules, "cuts": cuts, "not_computed": NOT_COMPUTED}


def _rule_row(sample: Sample, inauthentic: BoolArray, rule: Rule) -> dict[str, Any]:
    values = sample.frame[PREFIX + rule.name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    said = ~np.isnan(values)
    rank = np.zeros(len(values))  # what nothing is said of stands below everybody
    side = values[said] if rule.suspicious == "high" else -values[said]
    rank[said] = rankdata(side) / (said.sum() + 1.0)
    area, _ = ranking_and_calibration(sample, inauthentic, rank, said)
    return {
        "rule": rule.name,
        "meaning": rule.meaning,
        "source": rule.source,
        "accounts": int(said.sum()),
        "auc": area,
        "recall": sample.share(flagged_at(inauthentic, rank, FALSE_POSITIVES), inauthentic),
    }


def _cut_row(sample: Sample, inauthentic: BoolArray, probability: FloatArray, cut: Cut) -> dict[str, Any]:
    flagged = sample.where(cut.flags())
    wronged = sample.share(flagged, ~inauthentic)
    beside = flagged_at(inauthentic, probability, wronged["value"] or 0.0)
    return {
        "cut": cut.name,
        "source": cut.source,
        "accounts": int(sample.where(pl.any_horizontal(_column(name).is_not_null() for name in cut.rules)).sum()),
        "false_positives": wronged,
        "recall": sample.share(flagged, inauthentic),
        "model_recall": sample.share(beside, inauthentic),
    }
