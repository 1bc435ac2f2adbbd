"""How good the authentic shares and their intervals are: coverage, width and error, beside a constant's.

An interval from 0 to 1 covers everybody and tells nothing, so its width and its interval score (Gneiting and Raftery
2007; 2 / (1 - level) times the pinball loss of its bounds) stand beside those of the one interval that fits the
accounts at hand best without looking at any of them. All columns hold one value an account.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from models.shares import COVERAGE, SHARES, bought_share

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DOSES = (0.0, 0.1, 0.2, 0.3, 0.5, 1.01)
"""Edges of the bought share in the table; 0.1 is the label's own border, and the last bin holds 1."""

ROUNDING = 1e-6
"""Reported shares have six decimals: a truth this close to a bound is held by it."""


def coverage_table(
    scored: pl.DataFrame, share: str, *, replicates: int, confidence: float, seed: int
) -> list[dict[str, Any]]:
    """How well one share is told: overall, and per size, tables observed, class, scheme and bought share.

    Args:
        scored: labels beside scores, one row an account: `authentic_<share>_share_lower`, `_estimate`, `_upper`, the
            label columns of the contract, `cohort`, `declared_prevalence`, `size_tier`, `tables_observed`. Accounts
            whose true share is not known are left out; doses too small for the label are not.
        share: `follower` or `engagement`.
        replicates: draws of whole cohorts behind the interval of each coverage.
        confidence: of that interval, 0 to 1.
        seed: of the draws.

    Returns:
        One row a group with `by` (what groups: `all`, `size_tier`, ...), `segment` and `accounts`; `null_share` of
        them (not told); and over the told: `coverage` with `coverage_lower` and `coverage_upper`,
        `coverage_at_declared` (accounts weighted to the declared prevalence), `mean_width`, `interval_score`,
        `mean_absolute_error`, and `constant_width`, `constant_interval_score`, `constant_error` of the one interval
        and the one estimate (the median) that fit all told accounts best. None where nobody is told.
    """
    kind = SHARES[share]
    columns = ("is_inauthentic", "scheme", "cohort", "declared_prevalence", "size_tier", "tables_observed")
    ends = {end: pl.col(f"authentic_{share}_share_{end}") for end in ("lower", "estimate", "upper")}
    frame = (
        scored.select("account_id", *columns, **ends)
        .with_columns(bought=pl.Series(bought_share(scored, kind.label), dtype=pl.Float64).fill_nan(None))
        .filter(pl.col("bought").is_not_null())
        .sort("account_id")  # so that sums are added up in one order
        .with_columns(truth=1.0 - pl.col("bought"), account_class=_account_class(), weight=_weight())
    )
    if frame.is_empty():
        return []
    measured = _measured(frame)
    return [
        {"by": by, "segment": segment, **_row(members, replicates, confidence, seed)}
        for by, segment, members in _groups(measured)
    ]


def _account_class() -> pl.Expr:
    small = pl.col("scheme").is_not_null()
    named = pl.when("is_inauthentic").then(pl.lit("inauthentic")).when(small).then(pl.lit("small dose"))
    return named.otherwise(pl.lit("genuine"))


def _weight() -> pl.Expr:
    """Weight that carries an account to the declared prevalence; small doses go with the inauthentic."""
    genuine = ~pl.col("is_inauthentic") & pl.col("scheme").is_null()
    inauthentic = pl.col("is_inauthentic").sum()
    share = inauthentic / (inauthentic + genuine.sum())
    declared = pl.col("declared_prevalence")
    both = share.is_between(0.0, 1.0, closed="none")
    return pl.when(both).then(pl.when(genuine).then((1.0 - declared) / (1.0 - share)).otherwise(declared / share))


def _measured(frame: pl.DataFrame) -> pl.DataFrame:
    """Whether each interval holds the truth, how wide it is, how far off; the same for the best constant."""
    told = frame.filter(pl.col("upper").is_not_null())
    low, middle, high = _constant(told["truth"].to_numpy())
    return frame.with_columns(
        held=pl.col("truth").is_between(pl.col("lower") - ROUNDING, pl.col("upper") + ROUNDING),
        width=pl.col("upper") - pl.col("lower"),
        error=(pl.col("truth") - pl.col("estimate")).abs(),
        score=_interval_score(pl.col("lower"), pl.col("upper")),
        constant_width=pl.lit(high - low),
        constant_error=(pl.col("truth") - middle).abs(),
        constant_score=_interval_score(pl.lit(low), pl.lit(high)),
    )


def _constant(truth: FloatArray) -> tuple[float, float, float]:
    """The interval and the median that one would give everybody: with the accounts that bought nothing, if many."""
    if not truth.size:
        return 0.0, 1.0, 1.0
    tail = (1.0 - COVERAGE) / 2.0
    if np.mean(truth == 1.0) >= tail:
        return float(np.quantile(truth, 1.0 - COVERAGE)), float(np.median(truth)), 1.0
    low, middle, high = np.quantile(truth, [tail, 0.5, 1.0 - tail])
    return float(low), float(middle), float(high)


def _interval_score(lower: pl.Expr, upper: pl.Expr) -> pl.Expr:
    missed = (lower - pl.col("truth")).clip(lower_bound=0.0) + (pl.col("truth") - upper).clip(lower_bound=0.0)
    return upper - lower + 2.0 / (1.0 - COVERAGE) * missed


def _groups(frame: pl.DataFrame) -> list[tuple[str, Any, pl.DataFrame]]:
    groups: list[tuple[str, Any, pl.DataFrame]] = [("all", "all", frame)]
    apart = frame.with_columns(scheme=pl.col("scheme").str.split("+")).explode("scheme")
    for by, rows in (
        ("size_tier", frame),
        ("tables_observed", frame),
        ("account_class", frame),
        ("scheme", apart.filter(pl.col("scheme").is_not_null())),
    ):
        values = rows[by].unique().sort(nulls_last=True).to_list()
        groups.extend((by, value, rows.filter(pl.col(by).eq_missing(pl.lit(value)))) for value in values)
    groups.append(("bought_share", "none", frame.filter(pl.col("bought") == 0.0)))
    for low, high in pairwise(DOSES):
        inside = (pl.col("bought") > 0.0) & (pl.col("bought") >= low) & (pl.col("bought") < high)
        groups.append(("bought_share", f"{low:.0%} to {min(high, 1.0):.0%}", frame.filter(inside)))
    return groups


def _row(members: pl.DataFrame, replicates: int, confidence: float, seed: int) -> dict[str, Any]:
    told = members.filter(pl.col("upper").is_not_null())
    held = told["held"].to_numpy().astype(np.float64)
    lower, upper = _bootstrap(held, told["cohort"].to_numpy(), replicates, confidence, seed)
    weighted = told.select((pl.col("held") * pl.col("weight")).sum() / pl.col("weight").sum()).item()
    means = {
        "mean_width": "width",
        "interval_score": "score",
        "mean_absolute_error": "error",
        "constant_width": "constant_width",
        "constant_interval_score": "constant_score",
        "constant_error": "constant_error",
    }
    return {
        "accounts": members.height,
        "told": told.height,
        "null_share": 1.0 - told.height / members.height if members.height else None,
        "coverage": float(held.mean()) if held.size else None,
        "coverage_lower": lower,
        "coverage_upper": upper,
        "coverage_at_declared": weighted if told["weight"].null_count() == 0 and told.height else None,
        **{name: told[column].mean() for name, column in means.items()},
    }


def _bootstrap(
    held: FloatArray, cohorts: NDArray[Any], replicates: int, confidence: float, seed: int
) -> tuple[float | None, float | None]:
    """Percentile interval of a mean from draws of whole cohorts, of accounts where there is but one cohort."""
    if not held.size:
        return None, None
    names, member = np.unique(cohorts, return_inverse=True)
    if len(names) == 1:
        member = np.arange(held.size)
    count = np.bincount(member).astype(np.float64)
    total = np.bincount(member, weights=held)
    draws = np.random.default_rng(seed).multinomial(len(count), np.full(len(count), 1.0 / len(count)), replicates)
    found = (draws * total).sum(axis=1) / (draws * count).sum(axis=1)
    tail = (1.0 - confidence) / 2.0
    lower, upper = np.quantile(found, [tail, 1.0 - tail])
    return float(lower), float(upper)
