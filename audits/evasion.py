"""What it costs whoever bought to turn a reject into a pass: of trials of `audits.adversary.search`, by scheme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from audits.adversary.moves import Moves
from audits.adversary.search import cheapest
from audits.robustness import Draws
from models.evaluation.resampling import clopper_pearson, draws_of, percentiles

FloatArray = NDArray[np.float64]

ALLOWED: dict[str, tuple[str, ...]] = {
    "disguise": ("plan", "public"),
    "disguise or undo": ("plan", "public", "undo"),
    "disguise, undo or withhold": ("plan", "public", "undo", "withhold"),
}
"""Kinds of moves that are allowed, by what it is called: everything bought stays and is disguised; it may also be
removed again; and tables may be kept back."""

EVERY = "any"
"""Name of all schemes together."""

MIDDLE = 0.5
MOST_MOVES = 3
"""Moves named of a scheme; assumed."""


def allowed(moves: Moves, kinds: Sequence[str]) -> Moves:
    """The moves of some kinds."""
    return {name: each for name, each in moves.items() if each.kind in kinds}


def costs(
    trials: pl.DataFrame, accounts: pl.DataFrame, moves: Moves, budgets: Sequence[float], drawn: Draws
) -> list[dict[str, Any]]:
    """What a verdict costs, by scheme.

    Args:
        trials: of `search`, made with the moves.
        accounts: `account_id`, `scheme` and `cohort` of the accounts that were searched, all rejected as they were.
        moves: what was allowed.
        budgets: dollars, ascending; 0 is told before them.
        drawn: how the intervals are made: bootstrap over cohorts.

    Returns:
        Rows of `scheme` (`any` first), `accounts`, `cohorts`; `passed`: for each budget the share that got to pass for
        at most so much, as {budget, value, lower, upper}; `left_reject`: the same of pass or review;
        `median_dollars`, {value, lower, upper}, of a pass, None where the median account never got there;
        `no_verdict`: share that got to no verdict at all and never to pass, which is not a pass;
        `moves`: those that most of the cheapest plans hold, as {move, share}, most first.
    """
    passed = cheapest(trials, ("pass",))
    left = cheapest(trials, ("pass", "review"))
    silent = cheapest(trials, ("insufficient_data",)).select("account_id", silent=pl.lit(value=True))
    table = accounts.sort("account_id").join(
        passed.select("account_id", "dollars", *moves), on="account_id", how="left"
    )
    table = table.join(left.select("account_id", left="dollars"), on="account_id", how="left")
    table = table.join(silent, on="account_id", how="left").sort("account_id")
    schemes = [EVERY, *table["scheme"].unique().sort().to_list()]
    return [
        _row(scheme, table if scheme == EVERY else table.filter(pl.col("scheme") == scheme), moves, budgets, drawn)
        for scheme in schemes
    ]


def _row(scheme: str, table: pl.DataFrame, moves: Moves, budgets: Sequence[float], drawn: Draws) -> dict[str, Any]:
    counted = _Counted(table["cohort"].to_numpy(), drawn)
    dollars, left = (table[name].fill_null(float("inf")).to_numpy() for name in ("dollars", "left"))
    silent = table["silent"].fill_null(value=False).to_numpy() & np.isinf(dollars)
    steps = (0.0, *budgets)
    return {
        "scheme": scheme,
        "accounts": table.height,
        "cohorts": table["cohort"].n_unique(),
        "passed": [{"budget": budget} | counted.share(dollars <= budget) for budget in steps],
        "left_reject": [{"budget": budget} | counted.share(left <= budget) for budget in steps],
        "median_dollars": counted.median(dollars),
        "no_verdict": counted.share(silent),
        "moves": _commonest(table.filter(pl.col("dollars").is_not_null()), moves),
    }


def _commonest(plans: pl.DataFrame, moves: Moves) -> list[dict[str, Any]]:
    """The moves that most of the plans hold."""
    shares = [(name, plans.filter(pl.col(name) > 0.0).height / plans.height) for name in moves if plans.height]
    most = sorted((each for each in shares if each[1] > 0.0), key=lambda each: (-each[1], each[0]))[:MOST_MOVES]
    return [{"move": name, "share": share} for name, share in most]


class _Counted:
    """How often each account counts in each bootstrap draw of whole cohorts."""

    def __init__(self, cohorts: NDArray[Any], drawn: Draws) -> None:
        names, members = np.unique(cohorts, return_inverse=True)
        self._confidence = drawn.confidence
        self._weights = draws_of(len(names), drawn.replicates, drawn.seed).astype(np.float64)[:, members]

    def share(self, event: NDArray[np.bool_]) -> dict[str, float | None]:
        """Share with the event; where all or none have it, the exact interval over accounts."""
        if not event.size:
            return {"value": None, "lower": None, "upper": None}
        if event.all() or not event.any():
            lower, upper = clopper_pearson(int(event.sum()), event.size, self._confidence)
            return {"value": float(event.mean()), "lower": lower, "upper": upper}
        total = self._weights.sum(axis=1)
        kept = total > 0
        lower, upper = percentiles((self._weights @ event)[kept] / total[kept], self._confidence)
        return {"value": float(event.mean()), "lower": lower, "upper": upper}

    def median(self, dollars: FloatArray) -> dict[str, float | None]:
        """The median, which may be endless: None."""
        if not dollars.size:
            return {"value": None, "lower": None, "upper": None}
        order = np.argsort(dollars, kind="stable")
        sums = np.cumsum(self._weights[:, order], axis=1)
        sums = sums[sums[:, -1] > 0]
        places = (sums >= MIDDLE * sums[:, -1:]).argmax(axis=1)
        ends = np.quantile(dollars[order][places], _tails(self._confidence), method="nearest")
        middle = dollars[order][(len(dollars) - 1) // 2]
        return dict(zip(("value", "lower", "upper"), map(_finite, (middle, *ends)), strict=True))


def _tails(confidence: float) -> tuple[float, float]:
    return (1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def described(moves: Moves) -> Mapping[str, dict[str, Any]]:
    """What the report says of each move."""
    names = ("title", "kind", "unit", "price", "source", "burden", "meaning")
    return {name: {each: getattr(move, each) for each in names} for name, move in moves.items()}
