"""How cheaply a rival gets an honest creator refused: what a search found, by size of account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from audits.adversary.moves import Moves
from audits.adversary.search import cheapest
from models.evaluation import Draws, Sample

SIZES = {"200 to 2,000": 2_000, "2,000 to 20,000": 20_000, "20,000 to 200,000": 200_000, "200,000 and more": None}
"""Sizes of accounts by name, with the follower count below which they end."""

REFUSED, STOPPED = ("reject",), ("reject", "review")
"""What a rival wants, and what costs the creator a reviewer's time."""


def size_of(followers: str = "follower_count") -> pl.Expr:
    """The name of `SIZES` that a follower count falls into."""
    *below, (last, _) = SIZES.items()
    size: pl.Expr = pl.lit(last)
    for name, end in reversed(below):
        size = pl.when(pl.col(followers) < end).then(pl.lit(name)).otherwise(size)
    return size.alias("size")


def outcomes(
    trials: pl.DataFrame, accounts: pl.DataFrame, moves: Moves, budgets: Sequence[float], drawn: Draws
) -> list[dict[str, Any]]:
    """A row for each of `SIZES`, and one for `all` of them.

    Args:
        trials: what `audits.adversary.search.search` tried, of these accounts.
        accounts: `account_id`, `cohort`, `size`, one row an account; all were passed or reviewed before.
        moves: that were tried.
        budgets: dollars.
        drawn: the bootstrap over cohorts.

    Returns:
        `size`, `accounts`; `rejected` and `flagged` (rejected or reviewed), a list of {budget, value, lower, upper},
        shares of the accounts that some plan of at most so many dollars brings there; `median_dollars`, of the
        cheapest plans of those that were rejected at all, and `first_move`, the title of what most dollars of those
        plans buy, counted by account: {title: accounts}. Nulls and an empty dict where nobody was.
    """
    bought = {name: each.price for name, each in moves.items()}
    refused, stopped = (cheapest(trials, verdicts) for verdicts in (REFUSED, STOPPED))
    largest = pl.concat_list([pl.col(name).fill_null(0.0) * price for name, price in bought.items()]).list.arg_max()
    titles = [each.title for each in moves.values()]
    found = (
        accounts.sort("account_id")
        .join(refused.select("account_id", refused="dollars", place=largest), on="account_id", how="left")
        .join(stopped.select("account_id", stopped="dollars"), on="account_id", how="left")
    )
    sample = Sample(found, **drawn)
    groups = {"all": np.ones(found.height, dtype=bool)} | {name: sample.where(pl.col("size") == name) for name in SIZES}
    rows = []
    for name, members in groups.items():
        reached = found.filter(pl.Series(members) & pl.col("refused").is_not_null())
        within = {
            verdict: [
                {"budget": budget, **sample.share(sample.where(pl.col(column) <= budget), members)}
                for budget in budgets
            ]
            for verdict, column in (("rejected", "refused"), ("flagged", "stopped"))
        }
        counted = reached.group_by("place").len().sort("len", "place", descending=[True, False])
        rows.append(
            {
                "size": name,
                "accounts": int(members.sum()),
                **within,
                "median_dollars": None if reached.is_empty() else float(np.median(reached["refused"].to_numpy())),
                "first_move": {titles[place]: count for place, count in counted.iter_rows()},
            }
        )
    return rows
