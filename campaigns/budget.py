"""What the fee of one large account buys, from it or from several smaller candidates of the same campaign."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_SMALL = 20
"""Accounts, at most, that the money of one large account is spread over: more cannot be looked after (assumed)."""

FEWEST_SMALL = 2
"""Accounts from which a spread is one."""

FOLLOWERS, ENGAGEMENT = "authentic_followers", "expected_engagement_per_post"

MOST_UNITS = 20_000
"""Into which a budget is divided at most when it is spread (assumed): memory and time grow with it."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over accounts with two 90 % intervals, one for each way in which errors may hang together.

    The truth lies between them.

    Attributes:
        unknown: accounts of which the estimate is unknown.
        estimate: None where there is any; so are the bounds.
        independent: as if each account erred on its own: distances to the bounds add as squares.
        together: as if all erred alike, since one model judged them all: bounds add.
    """

    unknown: int
    estimate: float | None
    independent: tuple[float, float] | None
    together: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Option:
    """One way to spend the money.

    Attributes:
        fewest_people: followers of the largest of its accounts: how many are reached if all others follow it, too.
    """

    name: str
    accounts: tuple[Row, ...]
    fee: float
    followers: Total
    engagement: Total
    fewest_people: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Of one campaign and currency.

    Attributes:
        budget: the fee of the largest account.
        options: that account first; without others, `why_not` says why.
        left_out: passing candidates of this campaign without a fee, or whose engagement cannot be told.
    """

    currency: str
    budget: float
    options: tuple[Option, ...]
    why_not: str
    several_platforms: bool


def same_budget(candidates: Sequence[Row]) -> list[Comparison]:
    """What the fee of the largest passing candidate buys from it, and from smaller passing ones instead.

    One comparison per currency, by its name: no rate of exchange is assumed. The smaller ones are those that together
    bring the most expected engagement for no more money, at most `MOST_SMALL`: a knapsack, see `best_spread`; and once
    more among those of the large account's platform where the first choice goes beyond it. Candidates without a fee, or
    whose engagement cannot be told, take no part; who is listed twice takes part at the lower fee.
    """
    taking_part: dict[str, dict[str, Row]] = {}
    for row in sorted(candidates, key=lambda row: (row["fee"] or 0.0, row["account_id"] or "")):
        if row["verdict"] == "pass" and row["fee"] is not None and (row[ENGAGEMENT] or 0.0) > 0:
            taking_part.setdefault(currency(row), {}).setdefault(row["account_id"], row)
    return [
        found
        for name in sorted(taking_part)
        if (found := _comparison(name, list(taking_part[name].values()))) is not None
    ]


def currency(row: Row) -> str:
    """The currency of a fee, in capitals; empty where none is given, which is then one of its own."""
    return (row["currency"] or "").upper()


def _comparison(name: str, rows: list[Row]) -> Comparison | None:
    paid = [row for row in rows if row["fee"] > 0]
    if not paid:
        return None
    large = max(paid, key=lambda row: (row["follower_count"], row["account_id"]))
    smaller = [row for row in rows if row is not large and row["follower_count"] < large["follower_count"]]
    chosen = best_spread(smaller, large["fee"])
    options = [_option("one large account", [large])]
    why_not = ""
    if len(chosen) < FEWEST_SMALL:
        why_not = (
            "there is no smaller passing candidate with a fee and a known engagement"
            if not smaller
            else "the money does not reach for two smaller passing candidates, or one alone brings the most"
        )
    else:
        options.append(_option(f"{len(chosen)} smaller ones", chosen))
    several = len({row["platform"] for row in (large, *chosen)}) > 1
    if several and not why_not:
        alike = best_spread([row for row in smaller if row["platform"] == large["platform"]], large["fee"])
        if len(alike) >= FEWEST_SMALL:
            options.append(_option(f"{len(alike)} smaller ones of its platform", alike))
    return Comparison(name, large["fee"], tuple(options), why_not, several)


def best_spread(rows: Sequence[Row], budget: float) -> list[Row]:
    """At most `MOST_SMALL` of the rows whose fees fit the budget and whose expected engagement sums highest.

    The same rows whatever their order; sorted by account. A knapsack by dynamic programming: the best sum of at most k
    accounts for at most u units of money, one account after another. Fees count in whole units, rounded up, so that
    the budget holds: the result is exact where a unit divides every fee, and otherwise leaves at most `MOST_SMALL`
    units of `MOST_UNITS` unused that a better choice might have used.
    """
    affordable = sorted((row for row in rows if row["fee"] <= budget), key=lambda row: row["account_id"])
    if not affordable:
        return []
    fees, units = _in_units([row["fee"] for row in affordable], budget)
    best = np.zeros((MOST_SMALL + 1, units + 1))
    taken = []
    for row, fee in zip(affordable, fees, strict=True):
        before = best[1:, fee:]
        with_it = best[:-1, : units + 1 - fee] + row[ENGAGEMENT]
        is_better = np.zeros(best.shape, dtype=np.bool_)
        is_better[1:, fee:] = with_it > before
        best[1:, fee:] = np.maximum(with_it, before)
        taken.append(np.packbits(is_better, axis=1))  # a bit a state: thousands of accounts stay in memory
    chosen, accounts, left = [], MOST_SMALL, units
    for row, fee, bits in zip(reversed(affordable), reversed(fees), reversed(taken), strict=True):
        if bits[accounts, left // 8] >> (7 - left % 8) & 1:
            chosen.append(row)
            accounts, left = accounts - 1, left - fee
    return chosen[::-1]


def _in_units(fees: Sequence[float], budget: float) -> tuple[list[int], int]:
    """Fees and budget in whole units: the largest that divides all of them, or a `MOST_UNITS`th of the budget."""
    cents = [round(amount * 100) for amount in (*fees, budget)]
    unit = math.gcd(*cents)
    is_exact = all(math.isclose(cent, amount * 100) for cent, amount in zip(cents, (*fees, budget), strict=True))
    if is_exact and cents[-1] <= MOST_UNITS * unit:
        return [cent // unit for cent in cents[:-1]], cents[-1] // unit
    return [math.ceil(fee / budget * MOST_UNITS - _ROUNDING) for fee in fees], MOST_UNITS


_ROUNDING = 1e-6
"""Of a unit: what floating point may add to a whole number of them."""


def _option(name: str, rows: Sequence[Row]) -> Option:
    followers = [row[FOLLOWERS] for row in rows]
    return Option(
        name,
        tuple(rows),
        math.fsum(row["fee"] for row in rows),
        total(rows, FOLLOWERS),
        total(rows, ENGAGEMENT),
        None if None in followers else max(followers),
    )


def total(rows: Sequence[Row], column: str) -> Total:
    """The sum of a column over the rows with both intervals, from `<column>_lower` and `<column>_upper`."""
    estimates, lower, upper = ([row[f"{column}{end}"] for row in rows] for end in ("", "_lower", "_upper"))
    if None in estimates:
        return Total(estimates.count(None), None, None, None)
    estimate = math.fsum(estimates)
    if None in lower or None in upper:
        return Total(0, estimate, None, None)
    down = math.hypot(*(middle - low for middle, low in zip(estimates, lower, strict=True)))
    above = math.hypot(*(high - middle for middle, high in zip(estimates, upper, strict=True)))
    return Total(0, estimate, (estimate - down, estimate + above), (math.fsum(lower), math.fsum(upper)))
