"""One account under the model: what each feature pushed, and what the verdict would be if something were not known.

What would change a verdict is asked by leaving things out, never by inventing other values: a feature that is not
observed is what the trees were trained to expect (masked copies), and a made-up value of one feature contradicts the
others that are computed from the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl
from scipy.special import expit, logit

from features.definition import Feature
from features.signals import SIGNALS
from models.bundle import booster
from models.classifier import contributions_of
from models.explanation import suspicious_side
from models.scoring import Scorer
from models.training import feature_values

AS_IS = "as observed"
"""What the row that leaves nothing out is called."""


def pushes(scorer: Scorer, catalogue: Mapping[str, Feature], features: pl.DataFrame) -> pl.DataFrame:
    """Every feature of one account beside the ordinary range and its contribution, the largest in size first.

    Args:
        scorer: of the model.
        catalogue: the features by name.
        features: one row, `account_id` and every feature of the bundle.

    Returns:
        `feature`, `sees` (its signal's heading), `value` (null: not observed), `ordinary_low` and `ordinary_high` (of
        eight in ten genuine training accounts), `suspicious` (the declared side), `side` (on which the value is
        suspicious; null where it is ordinary or harmless) and `contribution` (log-odds).
    """
    bundle = scorer.bundle
    values = feature_values(features, bundle.features)
    contributions = contributions_of(booster(bundle.classifier.trees), values)[0]
    rows = []
    for name, value, contribution in zip(bundle.features, values[0], contributions, strict=True):
        feature, ordinary = catalogue[name], bundle.ordinary[name]
        rows.append(
            {
                "feature": name,
                "sees": SIGNALS[feature.signal].heading,
                "value": None if np.isnan(value) else float(value),
                "ordinary_low": ordinary.low,
                "ordinary_high": ordinary.high,
                "suspicious": feature.suspicious,
                "side": suspicious_side(feature, float(value), ordinary),
                "contribution": float(contribution),
            }
        )
    numbers = dict.fromkeys(("value", "ordinary_low", "ordinary_high"), pl.Float64)
    table = pl.DataFrame(rows, schema_overrides=numbers | {"side": pl.String}, infer_schema_length=None)
    return table.sort(pl.col("contribution").abs(), "feature", descending=[True, False])


def without_each_signal(
    scorer: Scorer,
    catalogue: Mapping[str, Feature],
    features: pl.DataFrame,
    context: pl.DataFrame,
    prevalence: float,
) -> pl.DataFrame:
    """The account's probability and verdict if a signal were not observed, one signal at a time.

    Args:
        scorer: of the model.
        catalogue: the features by name.
        features: one row, `account_id` and every feature of the bundle.
        context: the account's row as `Scorer.score` takes it.
        prevalence: declared share of inauthentic accounts.

    Returns:
        First the account `AS_IS`, then a row for every signal of which it shows anything, those that change the
        log-odds most first: `without`, `features` (that were observed, how many), `probability_inauthentic`, `verdict`
        and `change` (log-odds; negative: without it the account looks more authentic). Nulls without a verdict.
    """
    members: dict[str, list[str]] = {}
    for name in scorer.bundle.features:
        if features[name].null_count() == 0:
            members.setdefault(catalogue[name].signal, []).append(name)
    left_out = [(AS_IS, list[str]()), *((SIGNALS[signal].heading, own) for signal, own in members.items())]
    rows = [features.with_columns(pl.lit(None, pl.Float64).alias(name) for name in own) for _, own in left_out]
    # One at a time: rows of one id are not told apart, and nothing but the row decides a score.
    scored = pl.concat([scorer.score(row, context, prevalence) for row in rows])
    table = scored.select(
        pl.Series("without", [name for name, _ in left_out]),
        pl.Series("features", [len(own) for _, own in left_out]),
        "probability_inauthentic",
        "verdict",
    )
    probability = table["probability_inauthentic"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    change = logit(probability) - logit(probability[0])
    table = table.with_columns(change=pl.Series(change).fill_nan(None))
    return pl.concat(
        [
            table.head(1),
            table.slice(1).sort(pl.col("change").abs(), "without", descending=[True, False], nulls_last=True),
        ]
    )


def distance_to_cuts(scorer: Scorer, probability: float | None, prevalence: float) -> pl.DataFrame:
    """How far a probability lies from the cuts of the verdict: `cut`, `at` (the probability), `distance` (log-odds).

    A negative distance: the account lies below the cut; null without a probability. The cut on the evidence is stated
    as the probability that it is at the given prevalence. Both reject cuts must be exceeded, and the reasons must add
    up to `least_named_evidence`, or a reject becomes a review.
    """
    thresholds = scorer.bundle.thresholds
    evidence = float(expit(logit(prevalence) + thresholds.reject_above_evidence))
    cuts = {
        "pass below": thresholds.pass_below,
        "reject above, by cost": thresholds.reject_above,
        "reject above, by evidence": evidence,
    }
    distances = [None if probability is None else float(logit(probability) - logit(at)) for at in cuts.values()]
    return pl.DataFrame(
        {"cut": list(cuts), "at": list(cuts.values()), "distance": distances}, schema_overrides={"distance": pl.Float64}
    )
