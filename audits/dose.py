"""How much must be bought before it is seen: recall against dose for each scheme, and the dose where it reaches half.

The table of `models.evaluation.dose_table` counts in bins; beside it stands a curve, logistic in ln dose and never
falling, since a few accounts a bin cannot say where one half lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from features.tables import SCHEMES
from models.evaluation import Sample, dose_table

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DECISIONS = {"flagged": ("reject", "review"), "rejected": ("reject",)}

SMALLEST_DOSE = 0.03
"""Smallest dose of a scheme; below it nobody was simulated and nothing is claimed."""

CURVE_POINTS = 40
"""Doses at which a curve is given, evenly spaced in the logarithm."""

FEWEST_ACCOUNTS = 30
"""Accounts below which no curve is drawn through them; assumed."""

HALF = 0.5

RIDGE = 0.02
"""Pull on level and slope, in accounts' log-loss: keeps them finite where a dose divides seen from unseen exactly."""

MOST_STEPS, LARGEST_STEP, SMALLEST_STEP = 50, 2.0, 1e-8
"""Of Newton's method, in log-odds; it takes about six steps."""


def dose_response(
    scored: pl.DataFrame, *, replicates: int, confidence: float, seed: int
) -> dict[str, list[dict[str, Any]]]:
    """Recall against dose, for every scheme alone and for all accounts that did anything.

    The dose is the larger of the two inauthentic shares. An account that mixes schemes shows the dose of one and is
    caught by another, so mixes count under `any` only. An account without a verdict counts as not seen.

    Args:
        scored: `scheme`, `inauthentic_follower_share`, `inauthentic_engagement_share`, `verdict` and `cohort`, one
            row an account, small doses included; others than those with a scheme are left out.
        replicates: bootstrap draws of whole cohorts, for the interval of the half dose.
        confidence: coverage of every interval, 0 to 1.
        seed: of the draws.

    Returns:
        `bins`: the rows of `dose_table`. `curves`: rows of `scheme`, `decision` (flagged, rejected), `dose`,
        `recall`. `half_doses`: rows of `scheme`, `decision`, `accounts`, `half_dose` (the dose from which at least
        half are seen; None where that is nowhere in the doses at hand, or everywhere), `lower`, `upper` (None
        likewise; of the draws that have one), `share_reached` (of the draws) and `in_words`.
    """
    dose = pl.max_horizontal("inauthentic_follower_share", "inauthentic_engagement_share")
    bought = scored.filter(pl.col("scheme").is_not_null()).with_columns(dose=dose)
    bought = bought.filter(pl.col("dose") >= SMALLEST_DOSE)

    def binned(members: pl.DataFrame, scheme: str) -> list[dict[str, Any]]:
        sample = Sample(members, replicates=replicates, confidence=confidence, seed=seed)
        return [row for row in dose_table(sample) if row["scheme"] == scheme]

    bins = binned(bought, "any")
    curves: list[dict[str, Any]] = []
    halves: list[dict[str, Any]] = []
    alone = {name: bought.filter(pl.col("scheme") == name) for name in SCHEMES}
    for name, members in alone.items():
        bins += binned(members, name)
    for name, members in {"any": bought, **alone}.items():
        doses, cohorts = members["dose"].to_numpy(), members["cohort"].to_numpy()
        for decision, verdicts in DECISIONS.items():
            seen = members["verdict"].is_in(verdicts).to_numpy()
            same = {"scheme": name, "decision": decision}
            curves += [same | row for row in _curve(doses, seen)]
            halves.append(same | _half_dose(doses, seen, cohorts, replicates, confidence, seed))
    return {"bins": bins, "curves": curves, "half_doses": halves}


def _fitted(doses: FloatArray, seen: BoolArray, weights: FloatArray | None = None) -> tuple[float, float] | None:
    """Level and slope of the log-odds of being seen in ln dose, the slope not negative; None for too few accounts.

    Newton's method on a ridged logistic likelihood, each account counted `weights` times.
    """
    weights = np.ones(len(doses)) if weights is None else weights
    if weights.sum() < FEWEST_ACCOUNTS:
        return None
    centre = float(weights @ np.log(doses) / weights.sum())
    design = np.vstack([np.ones(len(doses)), np.log(doses) - centre])
    line = _newton(design, seen, weights)
    if line[1] < 0.0:
        # Recall that falls with the dose is chance; the best curve that never falls is then a level one.
        line = np.array([_newton(design[:1], seen, weights)[0], 0.0])
    return float(line[0] - line[1] * centre), float(line[1])


def _newton(design: FloatArray, seen: BoolArray, weights: FloatArray) -> FloatArray:
    line = np.zeros(len(design))
    for _ in range(MOST_STEPS):
        recall = expit(line @ design)
        gradient = design @ (weights * (seen - recall)) - RIDGE * line
        curvature = (design * (weights * recall * (1.0 - recall))) @ design.T + RIDGE * np.eye(len(design))
        step = np.linalg.solve(curvature, gradient)
        # A step of more than two in log-odds overshoots where nearly all are seen, or nearly none.
        line = line + step * min(1.0, LARGEST_STEP / max(float(np.abs(step).max()), LARGEST_STEP))
        if np.abs(step).max() < SMALLEST_STEP:
            break
    return line


def _curve(doses: FloatArray, seen: BoolArray) -> list[dict[str, float]]:
    line = _fitted(doses, seen)
    if line is None:
        return []
    shown = np.geomspace(doses.min(), doses.max(), CURVE_POINTS)
    recall = expit(line[0] + line[1] * np.log(shown))
    return [{"dose": float(dose), "recall": float(value)} for dose, value in zip(shown, recall, strict=True)]


def _half_dose(
    doses: FloatArray, seen: BoolArray, cohorts: NDArray[Any], replicates: int, confidence: float, seed: int
) -> dict[str, Any]:
    line = _fitted(doses, seen)
    half = None if line is None else _half_of(line, doses)
    generator = np.random.default_rng(seed)
    names, members = np.unique(cohorts, return_inverse=True)
    drawn = []
    for _ in range(replicates if line else 0):
        weights = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names))[members]
        redrawn = _fitted(doses, seen, weights.astype(np.float64))
        drawn.append(None if redrawn is None else _half_of(redrawn, doses))
    reached = [each for each in drawn if each is not None]
    lower, upper = _interval(reached, confidence)
    return {
        "accounts": len(doses),
        "half_dose": half,
        "lower": lower,
        "upper": upper,
        "share_reached": len(reached) / len(drawn) if drawn else None,
        "in_words": _in_words(line, half, lower, upper, doses),
    }


def _half_of(line: tuple[float, float], doses: FloatArray) -> float | None:
    """Where the curve passes one half, within the doses at hand."""
    level, slope = line
    if slope <= 0.0:
        return None
    log_dose = -level / slope
    return float(np.exp(log_dose)) if np.log(doses.min()) <= log_dose <= np.log(doses.max()) else None


def _interval(values: Sequence[float], confidence: float) -> tuple[float | None, float | None]:
    if not values:
        return None, None
    tail = (1.0 - confidence) / 2.0
    lower, upper = np.quantile(values, [tail, 1.0 - tail])
    return float(lower), float(upper)


def _in_words(
    line: tuple[float, float] | None, half: float | None, lower: float | None, upper: float | None, doses: FloatArray
) -> str:
    if line is None:
        return f"too few accounts ({len(doses)}) to tell"
    if half is not None:
        interval = "" if lower is None else f" ({lower:.0%} to {upper:.0%})"
        return f"under half below a dose of {half:.0%}{interval}"
    if expit(line[0] + line[1] * np.log(doses.max())) < HALF:
        return f"under half at every dose up to {doses.max():.0%}"
    return f"at least half at every dose from {doses.min():.0%}"
