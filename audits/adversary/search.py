"""A search for the cheapest plan that changes a verdict: random and greedy, all accounts' next candidates in one batch.

Nothing here knows what a feature is: plans are tried and scored. So what is found is an upper bound of what changing
the verdict costs; a cleverer adversary may need less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from audits.adversary.dice import generator, original
from audits.adversary.moves import Moves, apply, copied, copy_id, dollars
from features.tables import Tables

Score = Callable[[Tables], pl.DataFrame]
"""From tables to `account_id`, `verdict`, `probability` (null without a verdict), a row an account."""

Amounts = dict[str, float]
"""How much of which moves; a move that is not made is not there."""

PENNIES = 1e-9
"""Below it two sums of money are one."""


@dataclass(frozen=True, slots=True)
class Searching:
    """How a search is made.

    Attributes:
        goal: verdicts that end it; the last of them is what is wanted most.
        towards: 1 if the probability is to rise, -1 if it is to fall.
        budgets: dollars, ascending; 0 is tried before them.
        rounds: greedy steps at each budget.
        proposals: plans that an account tries in a step.
        random_plans: plans drawn at random at each budget, for accounts that have not got there.
        refinements: steps that try to make the cheapest plan of an account cheaper.
        batch: accounts, copies included, that are scored at once.
        seed: of what is left to chance.
    """

    goal: tuple[str, ...]
    towards: int
    budgets: tuple[float, ...]
    rounds: int
    proposals: int
    random_plans: int
    refinements: int
    batch: int
    seed: int


@dataclass(slots=True)
class _Account:
    """What is known of one account while the search goes on."""

    name: str
    rng: np.random.Generator
    probability: float
    """Of the current plan, as log-odds times `towards`: higher is better."""
    plan: Amounts = field(default_factory=dict)
    gains: dict[str, float] = field(default_factory=dict)
    """What each move won by itself, at the dose that won most, in log-odds."""
    cheapest: float = float("inf")
    """Dollars of the cheapest plan that got there."""
    best: Amounts = field(default_factory=dict)


def search(tables: Tables, moves: Moves, score: Score, how: Searching) -> pl.DataFrame:
    """Every plan that was tried, with what it cost and the verdict that came of it.

    First every move by itself in every dose, then from the best plan at each budget the moves that won most by
    themselves and some others, then plans at random, then the cheapest plan of each account with less in it.

    Args:
        tables: clean tables, without account context, of the accounts to be changed.
        moves: what may be done.
        score: what judges.
        how: see `Searching`.

    Returns:
        `account_id`, a Float64 column for each move, `dollars`, `moves` (how many are made), `verdict`, `probability`;
        of each account first the plan of nothing. It depends on nothing but the account, the moves and the seed.
    """
    trials = _Trials(tables, moves, score, how)
    names = tables.accounts["account_id"].sort().to_list()
    accounts = [_Account(name, generator(name, "search", how.seed), float("-inf")) for name in names]
    for account, reached in zip(accounts, trials.of([(each, {}) for each in accounts]), strict=True):
        account.probability = reached
    _singles(accounts, moves, trials, how)
    for budget in (0.0, *how.budgets):
        for _ in range(how.rounds):
            _step(accounts, budget, moves, trials, how)
        waiting = [each for each in accounts if each.cheapest > budget]
        drawn = [(each, _random_plan(each, budget, moves)) for each in waiting for _ in range(how.random_plans)]
        trials.of(drawn)
    for _ in range(how.refinements):
        _refine(accounts, moves, trials)
    return trials.table()


def cheapest(trials: pl.DataFrame, verdicts: Sequence[str]) -> pl.DataFrame:
    """Of each account the plan of fewest dollars, then fewest moves, that ended in one of the verdicts.

    A row an account that got there, sorted by `account_id`, with the columns of the trials.
    """
    there = trials.filter(pl.col("verdict").is_in(list(verdicts)))
    first = there.with_row_index("order").sort("account_id", "dollars", "moves", "order")
    return first.group_by("account_id", maintain_order=True).first().drop("order")


@dataclass(slots=True)
class _Trials:
    """Tries plans and keeps what came of them."""

    tables: Tables
    moves: Moves
    score: Score
    how: Searching
    rows: list[pl.DataFrame] = field(default_factory=list)
    known: dict[tuple[str, tuple[tuple[str, float], ...]], float] = field(default_factory=dict)

    def of(self, candidates: Sequence[tuple[_Account, Amounts]]) -> list[float]:
        """What each candidate's plan reached, as log-odds in the wanted direction; -inf without a verdict."""
        fresh = {(account.name, _key(plan)): (account, plan) for account, plan in candidates}
        todo = [pair for key, pair in fresh.items() if key not in self.known]
        for start in range(0, len(todo), self.how.batch):
            self._try(todo[start : start + self.how.batch])
        return [self.known[account.name, _key(plan)] for account, plan in candidates]

    def _try(self, candidates: Sequence[tuple[_Account, Amounts]]) -> None:
        """One batch."""
        ids = [copy_id(account.name, number) for number, (account, _) in enumerate(candidates)]
        copies = copied(self.tables, [(pair[0].name, name) for pair, name in zip(candidates, ids, strict=True)])
        plan = pl.DataFrame(
            [
                (name, *(amounts.get(move, 0.0) for move in self.moves))
                for name, (_, amounts) in zip(ids, candidates, strict=True)
            ],
            schema={"account_id": pl.String, **dict.fromkeys(self.moves, pl.Float64)},
            orient="row",
        )
        judged = self.score(apply(copies, plan, self.moves, self.how.seed))
        table = plan.join(judged, on="account_id", how="left", maintain_order="left").with_columns(
            account_id=pl.col("account_id").map_elements(original, return_dtype=pl.String),
            dollars=pl.Series([dollars(amounts, self.moves) for _, amounts in candidates], dtype=pl.Float64),
            moves=pl.Series([len(amounts) for _, amounts in candidates], dtype=pl.Int64),
        )
        self.rows.append(table.select("account_id", *self.moves, "dollars", "moves", "verdict", "probability"))
        for (account, amounts), row in zip(candidates, table.iter_rows(named=True), strict=True):
            self.known[account.name, _key(amounts)] = self._log_odds(row["probability"])
            if row["verdict"] in self.how.goal and row["dollars"] < account.cheapest - PENNIES:
                account.cheapest, account.best = row["dollars"], amounts

    def _log_odds(self, probability: float | None) -> float:
        if probability is None:
            return float("-inf")
        with np.errstate(divide="ignore"):
            return float(self.how.towards * (np.log(probability) - np.log1p(-probability)))

    def table(self) -> pl.DataFrame:
        """All that was tried, by account in the order of trying."""
        amounts = dict.fromkeys((*self.moves, "dollars"), pl.Float64)
        schema = {
            "account_id": pl.String,
            **amounts,
            "moves": pl.Int64,
            "verdict": pl.String,
            "probability": pl.Float64,
        }
        return pl.concat([pl.DataFrame(schema=schema), *self.rows]).sort("account_id", maintain_order=True)


def _key(plan: Amounts) -> tuple[tuple[str, float], ...]:
    return tuple(sorted(plan.items()))


def _doses(name: str, moves: Moves, purse: float) -> list[float]:
    """Amounts of a move that a purse can pay: its own doses, or of one with a price what all and half of it buys."""
    each = moves[name]
    if each.price == 0.0:
        return list(each.doses)
    most = min(np.floor(purse / each.price + PENNIES), each.doses[-1])
    return [float(amount) for amount in dict.fromkeys((most, np.floor(most / 2.0))) if amount >= 1.0]


def _singles(accounts: Iterable[_Account], moves: Moves, trials: _Trials, how: Searching) -> None:
    """Every move by itself, in its own doses or at every budget: who is there by one move, and what each move wins."""
    accounts = list(accounts)
    tried = [
        (account, {name: dose}) for name in moves for dose in _ladder(name, moves, how.budgets) for account in accounts
    ]
    for (account, plan), reached in zip(tried, trials.of(tried), strict=True):
        (name,) = plan
        account.gains[name] = max(account.gains.get(name, float("-inf")), reached - account.probability)


def _ladder(name: str, moves: Moves, budgets: Sequence[float]) -> list[float]:
    """The doses of a move by itself: its own, or of one with a price what each budget buys."""
    each = moves[name]
    if each.price == 0.0:
        return list(each.doses)
    bought = dict.fromkeys(min(np.floor(budget / each.price + PENNIES), each.doses[-1]) for budget in budgets)
    return [float(amount) for amount in bought if amount >= 1.0]


def _step(accounts: Iterable[_Account], budget: float, moves: Moves, trials: _Trials, how: Searching) -> None:
    """One greedy step of every account that has not got there for the budget."""
    tried = [
        (account, plan)
        for account in accounts
        if account.cheapest > budget
        for plan in _proposals(account, budget, moves, how)
    ]
    for (account, plan), reached in zip(tried, trials.of(tried), strict=True):
        if reached > account.probability:
            account.probability, account.plan = reached, plan


def _proposals(account: _Account, budget: float, moves: Moves, how: Searching) -> list[Amounts]:
    """Plans next to the account's: one move more or in another dose.

    Half of them take the moves that won most by themselves and are not in it, the others come at random.
    """
    by_gain = sorted(
        (name for name in moves if name not in account.plan), key=lambda name: -account.gains.get(name, 0.0)
    )
    chosen = by_gain[: (how.proposals + 1) // 2]
    others = [name for name in moves if name not in chosen]
    account.rng.shuffle(others)
    plans = []
    for name in [*chosen, *others]:
        rest = {other: amount for other, amount in account.plan.items() if other != name}
        purse = budget - dollars(rest, moves)
        doses = [dose for dose in _doses(name, moves, purse) if dose != account.plan.get(name)]
        if doses:
            dose = doses[int(account.rng.integers(len(doses)))]
            plans.append(rest | {name: dose})
        if len(plans) == how.proposals:
            break
    return plans


def _random_plan(account: _Account, budget: float, moves: Moves) -> Amounts:
    """One to six moves at random, in random doses, for at most the budget."""
    names = list(moves)
    account.rng.shuffle(names)
    plan: Amounts = {}
    for name in names[: int(account.rng.integers(1, 7))]:
        doses = _doses(name, moves, budget - dollars(plan, moves))
        if doses:
            plan[name] = doses[int(account.rng.integers(len(doses)))]
    return plan


def _refine(accounts: Iterable[_Account], moves: Moves, trials: _Trials) -> None:
    """The cheapest plan of each account with a move less, or half of one that costs money."""
    tried = []
    for account in accounts:
        if not PENNIES < account.cheapest < float("inf"):
            continue
        paid = [name for name in account.best if moves[name].price > 0.0]
        name = paid[int(account.rng.integers(len(paid)))]
        rest = {other: amount for other, amount in account.best.items() if other != name}
        half = float(np.floor(account.best[name] / 2.0))
        tried.append((account, rest))
        if half >= 1.0:
            tried.append((account, rest | {name: half}))
    trials.of(tried)
