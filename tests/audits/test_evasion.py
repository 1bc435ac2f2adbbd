"""What a pass costs, by scheme."""

from __future__ import annotations

import polars as pl
import pytest

from audits.adversary.creator import CREATOR_MOVES
from audits.evasion import ALLOWED, allowed, costs, described
from audits.robustness import Draws

MOVES = allowed(CREATOR_MOVES, ("withhold",))
DRAWN = Draws(replicates=50, confidence=0.9, seed=1)
ACCOUNTS = {"account_id": pl.String, "scheme": pl.String, "cohort": pl.String}


def trials(rows: list[tuple[str, float, str]]) -> pl.DataFrame:
    """Plans of so many dollars and the verdict that came of them; all hold one move."""
    plain = [
        {"account_id": account, "dollars": dollars, "moves": 1, "verdict": verdict, "probability": 0.5}
        | dict.fromkeys(MOVES, 0.0)
        | {"withhold_posts": 1.0}
        for account, dollars, verdict in rows
    ]
    schema = {"account_id": pl.String, **dict.fromkeys(MOVES, pl.Float64), "dollars": pl.Float64, "moves": pl.Int64}
    return pl.DataFrame(plain, schema={**schema, "verdict": pl.String, "probability": pl.Float64})


def people(rows: list[tuple[str, str, str]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=ACCOUNTS, orient="row")


def test_without_accounts_nothing_is_told() -> None:
    (row,) = costs(trials([]), people([]), MOVES, (10.0,), DRAWN)
    assert row["accounts"] == 0
    assert row["passed"] == [{"budget": budget, "value": None, "lower": None, "upper": None} for budget in (0.0, 10.0)]
    assert row["median_dollars"] == {"value": None, "lower": None, "upper": None}
    assert row["moves"] == []


def test_the_cheapest_pass_counts_and_silence_does_not() -> None:
    tried = [
        ("a", 8.0, "pass"),
        ("a", 5.0, "pass"),
        ("a", 0.0, "review"),
        ("b", 0.0, "insufficient_data"),
        ("b", 3.0, "review"),
        ("c", 20.0, "pass"),
        ("d", 0.0, "reject"),
    ]
    accounts = people([("a", "pod", "x"), ("b", "pod", "y"), ("c", "likes", "x"), ("d", "likes", "y")])
    everybody, likes, pod = costs(trials(tried), accounts, MOVES, (10.0, 30.0), DRAWN)
    assert [row["scheme"] for row in (everybody, likes, pod)] == ["any", "likes", "pod"]
    assert [step["value"] for step in everybody["passed"]] == [0.0, 1 / 4, 2 / 4]
    assert [step["value"] for step in everybody["left_reject"]] == [1 / 4, 2 / 4, 3 / 4]
    assert everybody["no_verdict"]["value"] == 1 / 4
    assert everybody["median_dollars"]["value"] == 20.0
    assert pod["median_dollars"]["value"] == 5.0
    assert pod["moves"] == [{"move": "withhold_posts", "share": 1.0}]


def test_a_median_that_nobody_reaches_is_endless() -> None:
    (row, _) = costs(trials([("a", 0.0, "reject")]), people([("a", "pod", "x")]), MOVES, (10.0,), DRAWN)
    assert row["median_dollars"] == {"value": None, "lower": None, "upper": None}
    assert row["passed"][0]["upper"] == pytest.approx(0.95, abs=0.01)  # of one account, exactly


def test_what_is_allowed_grows() -> None:
    sizes = [len(allowed(CREATOR_MOVES, kinds)) for kinds in ALLOWED.values()]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] == len(CREATOR_MOVES)
    assert described(MOVES)["withhold_posts"]["kind"] == "withhold"
