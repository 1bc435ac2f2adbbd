"""What an adversary can do to an account: a move is one registered object with its price and what else it takes.

A plan says how much of each move every account makes. Moves are made on clean tables, in the order of the registry,
and always from the account as it was: a plan of nothing changes nothing, and the same plan gives the same rows
whichever accounts stand beside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from audits.adversary.dice import COPY
from features.tables import OBSERVED_TABLES, Tables

Change = Callable[[Tables, pl.DataFrame, int], Tables]
"""From clean tables, `account_id` and `amount` (above 0) of those who make the move, and a seed, to tables."""


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that can be done.

    Attributes:
        name: name of its function.
        title: what is done, in a few words.
        actor: `creator` (or the agent, who bought) or `rival` (who wants somebody else refused).
        kind: `plan` (decided before buying), `public` (done to the account where everybody can see it), `undo` (what
            was bought is removed again: what is left may be honest) or `withhold` (left out of what is handed over;
            whoever collects the data needs not fear it).
        unit: what an amount counts, a plural noun.
        price: dollars a unit; 0 where no money is needed, then `doses` are all that is tried.
        source: where the price comes from, or the word assumed.
        burden: what it takes besides money.
        doses: amounts that are tried, ascending; of a move with a price the largest that can be used at all is last,
            and budgets decide what is tried.
        meaning: what is done, for a reader of the report.
        change: see `Change`.
    """

    name: str
    title: str
    actor: str
    kind: str
    unit: str
    price: float
    source: str
    burden: str
    doses: tuple[float, ...]
    meaning: str
    change: Change


Moves = Mapping[str, Move]
"""By name, in the order in which they are made."""


def move(
    registry: dict[str, Move],
    title: str,
    *,
    actor: str,
    kind: str,
    unit: str,
    doses: tuple[float, ...],
    burden: str,
    price: float = 0.0,
    source: str = "no money changes hands",
) -> Callable[[Change], Change]:
    """Register the decorated function in `registry`; its docstring is what the report says of it."""

    def register(function: Change) -> Change:
        name = function.__name__
        meaning = " ".join((function.__doc__ or "").split())
        registry[name] = Move(name, title, actor, kind, unit, price, source, burden, doses, meaning, function)
        return function

    return register


def apply(tables: Tables, plan: pl.DataFrame, moves: Moves, seed: int) -> Tables:
    """The tables after every account made its moves.

    Args:
        tables: clean tables, sorted by their keys, without account context.
        plan: `account_id` and a Float64 column for each move; 0 or null: not made. Accounts without a row do nothing.
        moves: of which the columns of the plan are names.
        seed: of what is left to chance.
    """
    for name, each in moves.items():
        amounts = plan.filter(pl.col(name) > 0.0).select("account_id", amount=name)
        if amounts.height:
            tables = each.change(tables, amounts, seed)
    return tables


def dollars(amounts: Mapping[str, float], moves: Moves) -> float:
    """What the amounts cost."""
    return sum(moves[name].price * amount for name, amount in amounts.items())


def copied(tables: Tables, copies: Sequence[tuple[str, str]]) -> Tables:
    """The tables of `copies`, pairs of an account and the id that it gets; an account may be copied more than once.

    Ids made by `copy_id` keep their account's random numbers.
    """
    pairs = pl.DataFrame(copies, schema={"account_id": pl.String, "copy": pl.String}, orient="row")
    frames = {}
    for name in ("accounts", *OBSERVED_TABLES):
        table: pl.DataFrame = getattr(tables, name)
        joined = pairs.join(table, on="account_id", how="inner", maintain_order="left_right")
        if "commenter_id" in table.columns:
            own = pl.col("commenter_id") == pl.col("account_id")
            joined = joined.with_columns(commenter_id=pl.when(own).then("copy").otherwise("commenter_id"))
        # By id first, as every clean table is; the rows of one account come as they were.
        renamed = joined.drop("account_id").rename({"copy": "account_id"})
        frames[name] = renamed.select(table.columns).sort("account_id", maintain_order=True)
    return Tables(**frames)


def copy_id(account: str, number: int) -> str:
    """The id of a copy."""
    return f"{account}{COPY}{number}"


def only_made(table: pl.DataFrame, amounts: pl.DataFrame) -> pl.DataFrame:
    """The table with the column `amount`, null for the rows of accounts that do not make the move."""
    return table.join(amounts, on="account_id", how="left", maintain_order="left")


def by_account(table: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each account's rows, in the order of the table."""
    for (account,), rows in table.group_by("account_id", maintain_order=True):
        yield str(account), rows
