"""Robustness: what is counted where verdicts change, with which interval, and calibration under another mix."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.special import expit, logit

from audits.robustness import Draws, compared, mixes, transitions

DRAWN = Draws(replicates=40, confidence=0.9, seed=3)
VERDICT = pl.Schema({"account_id": pl.String, "verdict": pl.String, "probability": pl.Float64})


def scored(verdicts: str, probabilities: list[float | None], inauthentic: str, **columns: Any) -> pl.DataFrame:
    """Accounts in two cohorts by turns; verdicts p, v, r, n and classes 0, 1, one letter an account."""
    names = {"p": "pass", "v": "review", "r": "reject", "n": "insufficient_data"}
    rows = {
        "account_id": [f"account-{index:03d}" for index in range(len(verdicts))],
        "cohort": ["a" if index % 2 else "b" for index in range(len(verdicts))],
        "is_inauthentic": [each == "1" for each in inauthentic],
        "scheme": ["bought_comments" if each == "1" else None for each in inauthentic],
        "verdict": [names[each] for each in verdicts],
        "probability": probabilities,
        "declared_prevalence": [0.2] * len(verdicts),
    }
    schema = VERDICT | {"cohort": pl.String, "is_inauthentic": pl.Boolean, "scheme": pl.String}
    return pl.DataFrame(rows | columns, schema_overrides=schema)


BEFORE = scored("ppppvrrn", [0.1, 0.1, 0.2, 0.1, 0.5, 0.97, 0.98, None], "00000111")
AFTER = scored("rvpnvrpv", [0.97, 0.5, 0.2, None, 0.5, 0.97, 0.1, 0.4], "00000111")


def test_no_account_gives_no_figure() -> None:
    nobody = scored("", [], "")
    found = compared(nobody, nobody, DRAWN)
    assert found["accounts"] == found["judged"] == 0
    assert found["genuine_rejected"] == {"value": None, "lower": None, "upper": None}
    assert found["correlation"] is None
    assert found["models"]["otherwise"]["auc"]["value"] is None
    assert transitions(nobody, nobody) == []
    assert mixes(nobody, DRAWN) == []


def test_every_share_is_of_the_accounts_it_names() -> None:
    found = compared(BEFORE, AFTER, DRAWN)
    values = {name: each["value"] for name, each in found.items() if isinstance(each, dict) and "value" in each}
    assert (found["accounts"], found["inauthentic"], found["judged"]) == (8, 3, 6)
    assert values["genuine_rejected"] == 1 / 5
    assert values["genuine_passed"] == 1 / 5
    assert values["inauthentic_rejected"] == 1 / 3
    assert values["no_verdict"] == 1 / 8
    assert values["swapped"] == 2 / 8
    assert values["verdict_changed"] == 5 / 8
    assert values["genuine_pass_to_reject"] == 1 / 4
    moves = [logit(0.97) - logit(0.1), logit(0.5) - logit(0.1), 0, 0, 0, logit(0.98) - logit(0.1)]
    assert values["log_odds_moved"] == pytest.approx(sum(moves) / 6)


def test_the_same_scores_change_nothing() -> None:
    found = compared(BEFORE, BEFORE, DRAWN)
    assert found["verdict_changed"]["value"] == found["swapped"]["value"] == found["log_odds_moved"]["value"] == 0.0
    assert found["auc_lost"] == {"value": 0.0, "lower": 0.0, "upper": 0.0}
    assert found["models"]["otherwise"] == found["models"]["as recorded"]
    assert found["correlation"] == pytest.approx(1.0)


def test_an_account_that_is_gone_has_no_verdict() -> None:
    found = compared(BEFORE, BEFORE.head(4), DRAWN)
    assert found["no_verdict"]["value"] == 4 / 8


def test_small_doses_are_left_out() -> None:
    small = BEFORE.with_columns(scheme=pl.lit("bought_followers"))
    assert compared(small, AFTER, DRAWN)["accounts"] == 3


def test_where_nobody_is_rejected_the_upper_end_is_exact() -> None:
    calm = scored("pppp", [0.1, 0.2, 0.1, 0.2], "0000")
    found = compared(calm, calm, DRAWN)["genuine_rejected"]
    assert (found["value"], found["lower"]) == (0.0, 0.0)
    assert found["upper"] == pytest.approx(1 - 0.05 ** (1 / 4))


def test_the_order_of_rows_changes_nothing() -> None:
    assert compared(BEFORE.reverse(), AFTER.sample(fraction=1.0, shuffle=True, seed=1), DRAWN) == compared(
        BEFORE, AFTER, DRAWN
    )


def test_an_interval_comes_from_whole_cohorts() -> None:
    """One cohort is rejected whole, the other not at all: half are, and a draw holds none, half or all of them."""
    before = scored("rprprprp", [0.9, 0.1] * 4, "00000000")
    assert compared(before, before, DRAWN)["genuine_rejected"] == {"value": 0.5, "lower": 0.0, "upper": 1.0}


def test_transitions_count_every_pair_by_class_from_pass_to_no_verdict() -> None:
    found = [tuple(each.values()) for each in transitions(BEFORE, AFTER)]
    assert found == [
        (False, "pass", "pass", 1),
        (False, "pass", "review", 1),
        (False, "pass", "reject", 1),
        (False, "pass", "insufficient_data", 1),
        (False, "review", "review", 1),
        (True, "reject", "pass", 1),
        (True, "reject", "reject", 1),
        (True, "insufficient_data", "review", 1),
    ]


def world(count: int = 24_000) -> pl.DataFrame:
    """Accounts whose calibrated evidence is stronger for followers bought than for comments."""
    generator = np.random.default_rng(4)
    scheme = generator.choice(["", "bought_followers", "bought_comments"], count, p=[0.5, 0.25, 0.25])
    is_inauthentic = scheme != ""
    signal = generator.normal(np.select([scheme == "bought_followers", is_inauthentic], [2.0, 0.5], 0.0), 1.0)
    density = {level: np.exp(-0.5 * (signal - level) ** 2) for level in (0.0, 0.5, 2.0)}
    ratio = np.log((density[0.5] + density[2.0]) / 2 / density[0.0])
    return pl.DataFrame(
        {
            "account_id": [f"{index:05d}" for index in range(count)],
            "cohort": [f"{index % 20:02d}" for index in range(count)],
            "is_inauthentic": is_inauthentic,
            "scheme": pl.Series([each or None for each in scheme.tolist()], dtype=pl.String),
            "probability": expit(ratio + logit(0.2)),
            "declared_prevalence": 0.2,
        }
    )


def test_a_calibration_holds_for_its_own_mix_at_any_share_and_not_for_others() -> None:
    rows = {(each["mix"], each["prevalence"]): each for each in mixes(world(), DRAWN)}
    assert {mix for mix, _ in rows} == {
        "as simulated",
        "every scheme alike",
        "bought_followers alone",
        "bought_comments alone",
    }
    for prevalence in (0.05, 0.2, 0.5):
        own = rows["as simulated", prevalence]
        assert own["expected_calibration_error"] < 0.02
        assert own["mean_predicted"] == pytest.approx(prevalence, abs=0.01)
        for each in rows.values():
            assert each["lower"] <= each["expected_calibration_error"] <= each["upper"]
    hard, easy = rows["bought_comments alone", 0.5], rows["bought_followers alone", 0.5]
    assert hard["mean_predicted"] < 0.5 - 0.05 < 0.5 + 0.05 < easy["mean_predicted"]
    assert min(hard["expected_calibration_error"], easy["expected_calibration_error"]) > 0.05


def test_several_schemes_at_once_are_a_mix_of_their_own_and_no_scheme_alone() -> None:
    mixed = world(2000).with_columns(
        scheme=pl.when(pl.col("scheme") == "bought_comments")
        .then(pl.lit("bought_comments+bought_followers"))
        .otherwise("scheme")
    )
    counts = {each["mix"]: each["accounts"] for each in mixes(mixed, DRAWN)}
    assert set(counts) == {"as simulated", "every scheme alike", "bought_followers alone", "several at once"}
    assert counts["several at once"] + counts["bought_followers alone"] == counts["as simulated"]
