"""What a verdict is worth: shares, precision at two prevalences, costs, caps, abstention."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from models.evaluation import confusion
from models.evaluation.decisions import (
    Decisions,
    cap_table,
    cost_table,
    frontier,
    insufficiency,
    risk_coverage,
)
from models.thresholds import Costs, Thresholds
from tests.models.evaluation.judged import bought, judged, sampled

COSTS = Costs(pay_inauthentic=4.0, refuse_genuine=20.0, review=1.0)
ANY_EVIDENCE = -100.0
LEAST_NAMED = 0.7


def decisions(*rows: dict[str, Any], prevalence: float = 0.2) -> Decisions:
    return Decisions(sampled(judged(*rows)), prevalence, LEAST_NAMED)


def genuine(probability: float | None, **columns: Any) -> dict[str, Any]:
    return {"probability": probability} | columns


def inauthentic(probability: float | None, **columns: Any) -> dict[str, Any]:
    return bought("bought_followers", 0.5, probability=probability) | columns


def test_confusion_has_every_cell() -> None:
    found = confusion(["pass", "reject", "reject"], [False, False, True])
    assert found["genuine"] == {"pass": 1, "review": 0, "reject": 1, "insufficient_data": 0}
    assert found["inauthentic"] == {"pass": 0, "review": 0, "reject": 1, "insufficient_data": 0}
    with pytest.raises(ValueError, match="shorter"):
        confusion(["pass"], [False, True])


def test_nobody_decides_nothing() -> None:
    nobody = decisions()
    worth = nobody.worth(nobody.verdicts(Thresholds(0.25, 0.95, 0.0)))
    assert (worth["rejects"], worth["rejects_right"]["value"], worth["genuine"]["pass"]["value"]) == (0, None, None)
    assert {row["cost_per_100"] for row in cost_table(nobody, COSTS, 0.0)} == {None}
    assert risk_coverage(nobody)["curve"] == []


def test_a_reject_needs_reasons_that_add_enough() -> None:
    found = decisions(genuine(0.99, named_evidence=0.69), inauthentic(0.99, named_evidence=0.7))
    assert found.verdicts(Thresholds(0.25, 0.95, ANY_EVIDENCE)).tolist() == ["review", "reject"]


def test_a_reject_must_stand_by_the_same_cuts_on_what_is_left() -> None:
    lefts = (None, 0.94, 0.96)
    found = decisions(*(genuine(0.99, probability_without_busiest_month=left) for left in lefts))
    assert found.verdicts(Thresholds(0.25, 0.95, ANY_EVIDENCE)).tolist() == ["reject", "review", "reject"]
    # logit .96 less logit .2 is 4.56: not enough for an evidence cut of 5; of .94 at a cut of .9 it is 4.14.
    assert found.verdicts(Thresholds(0.25, 0.95, 5.0)).tolist() == ["reject", "review", "review"]
    assert found.verdicts(Thresholds(0.25, 0.9, 4.0)).tolist() == ["reject", "reject", "reject"]


def test_verdicts_are_those_of_the_cuts() -> None:
    found = decisions(genuine(0.1), genuine(0.3), genuine(0.96), genuine(None), inauthentic(0.99))
    assert found.verdicts(Thresholds(0.25, 0.95, ANY_EVIDENCE)).tolist() == [
        "pass",
        "review",
        "reject",
        "insufficient_data",
        "reject",
    ]
    # logit .96 less logit .2 is 4.56, logit .99 less logit .2 is 5.98.
    assert found.verdicts(Thresholds(0.25, 0.95, 5.0)).tolist()[2:] == ["review", "insufficient_data", "reject"]


def test_a_reject_is_worth_what_the_prevalence_makes_of_it() -> None:
    # One of ten genuine and four of five inauthentic accounts are rejected: 4 of 5 rejects are right here.
    found = decisions(*[genuine(0.1)] * 9, genuine(0.99), *[inauthentic(0.99)] * 4, inauthentic(0.3))
    worth = found.worth(found.verdicts(Thresholds(0.25, 0.95, ANY_EVIDENCE)))
    assert worth["rejects_right"]["value"] == 4 / 5
    here, wronged = 0.2 * 4 / 5, 0.8 * 1 / 10
    assert worth["rejects_right_at_prevalence"]["value"] == pytest.approx(here / (here + wronged))
    assert worth["rejects_right_at_prevalence"]["lower"] < here / (here + wronged)
    assert worth["genuine"]["reject"]["value"] == 1 / 10
    assert worth["inauthentic"]["review"]["value"] == 1 / 5


def test_benign_stories_are_those_of_genuine_accounts() -> None:
    found = decisions(
        genuine(0.99, benign_story="viral"), genuine(0.1, benign_story="press"), inauthentic(0.99, benign_story="viral")
    )
    worth = found.worth(found.verdicts(Thresholds(0.25, 0.95, ANY_EVIDENCE)))
    assert (worth["benign_accounts"], worth["benign_rejected"]["value"]) == (2, 1 / 2)


def test_each_mistake_costs_what_it_costs() -> None:
    # Genuine: passed, reviewed, rejected, not judged; inauthentic: passed, rejected.
    found = decisions(genuine(0.1), genuine(0.5), genuine(0.99), genuine(None), inauthentic(0.1), inauthentic(0.99))
    row = found.row(Thresholds(0.25, 0.95, ANY_EVIDENCE), COSTS)
    of_genuine, of_inauthentic = (0 + 1 + 20 + 1) / 4, (4 + 0) / 2
    assert row["cost_per_100"] == pytest.approx(100 * (0.8 * of_genuine + 0.2 * of_inauthentic))


def test_other_costs_move_the_cuts_and_the_present_ones_are_marked() -> None:
    rows = cost_table(decisions(genuine(0.1), inauthentic(0.93)), COSTS, ANY_EVIDENCE)
    by_costs = {(row["pay_inauthentic"], row["refuse_genuine"]): row for row in rows}
    assert [key for key, row in by_costs.items() if row["is_present"]] == [(4.0, 20.0)]
    assert by_costs[4.0, 10.0]["reject_above"] == 1 - 1 / 10
    assert by_costs[8.0, 20.0]["pass_below"] == 1 / 8
    assert by_costs[4.0, 10.0]["inauthentic_rejected"]["value"] == 1.0
    assert by_costs[4.0, 20.0]["inauthentic_rejected"]["value"] == 0.0


def test_costs_in_another_unit_are_the_same_costs() -> None:
    found = decisions(genuine(0.1), inauthentic(0.93))
    hours = Costs(pay_inauthentic=8.0, refuse_genuine=40.0, review=2.0)
    assert cost_table(found, hours, ANY_EVIDENCE) == cost_table(found, COSTS, ANY_EVIDENCE)


def test_the_stricter_cut_binds() -> None:
    found = decisions(genuine(0.1), inauthentic(0.93))
    # At a prevalence of .2 a probability of .95 is evidence of 2.94 + 1.39.
    bound = [found.row(Thresholds(0.25, 0.95, cut), COSTS)["binding"] for cut in (4.3, 4.4)]
    assert bound == ["cost", "evidence"]


def test_caps_are_told_with_the_costs_and_alone() -> None:
    found = decisions(genuine(0.1), genuine(0.9, benign_story="viral"), inauthentic(0.93))
    loose, strict = cap_table(found, COSTS, {0.01: 2.0, 0.001: 4.0}, 4.0)[::-1]
    assert (strict["honest_reject_cap"], strict["is_present"], loose["is_present"]) == (0.001, True, False)
    assert loose["inauthentic_rejected"]["value"] == 0.0
    assert loose["alone"]["inauthentic_rejected"]["value"] == 1.0
    assert loose["alone"]["benign_rejected"]["value"] == 1.0
    # logit .9 less logit .2 is 3.58, logit .93 less logit .2 is 3.97.
    assert strict["alone"]["genuine_rejected"]["value"] == 0.0


def test_the_frontier_falls_with_the_cut() -> None:
    low, high = frontier(decisions(genuine(0.6), inauthentic(0.7), inauthentic(0.99)), cuts=(0.5, 0.9))
    assert (low["rejects"], high["rejects"]) == (3, 1)
    assert (low["refuse_genuine"], high["refuse_genuine"]) == (2.0, pytest.approx(10.0))
    assert (low["rejects_right"]["value"], high["rejects_right"]["value"]) == (2 / 3, 1.0)


def test_risk_rises_from_the_surest_to_the_least_sure() -> None:
    # Half are inauthentic, as declared. The surest four are right, the fifth is wrong, and the sixth has no verdict.
    found = risk_coverage(
        decisions(
            genuine(0.01),
            genuine(0.02),
            inauthentic(0.97),
            inauthentic(0.96),
            inauthentic(0.4),
            genuine(None),
            prevalence=0.5,
        )
    )
    risks = {row["coverage"]: row["risk"]["value"] for row in found["curve"]}
    assert max(risks) == 0.8
    assert risks[0.05] == risks[0.65] == 0.0
    assert risks[0.8] == pytest.approx(1 / 5)
    assert (found["coverage"]["value"], found["risk"]["value"]) == (pytest.approx(5 / 6), pytest.approx(1 / 5))


def test_accounts_weigh_as_declared() -> None:
    # Where one in ten is inauthentic, the one missed weighs a tenth, and the ten genuine ones nine tenths.
    found = risk_coverage(decisions(*[genuine(0.1)] * 10, inauthentic(0.3, verdict="pass"), prevalence=0.1))
    assert found["risk"]["value"] == pytest.approx(0.1)
    assert found["decided"]["value"] == pytest.approx(1.0)
    assert found["decided_risk"]["value"] == pytest.approx(0.1)


def test_what_is_lacking_is_counted_by_kind() -> None:
    assert insufficiency(judged()) == []
    frame = judged(
        {
            "insufficient_because": [
                "12 readings; 14 are needed",
                "1 post older than 48 hours with counts; 3 are needed",
            ]
        },
        inauthentic(None, insufficient_because=["1 reading; 14 are needed"]),
        {"insufficient_because": ["150 followers; 200 to 5,000,000 are in range"]},
        {"insufficient_because": ["unlike the accounts trained on: 3 of 40 signals lie outside their range"]},
        {"insufficient_because": []},
    )
    assert {row["because"]: (row["accounts"], row["genuine"]) for row in insufficiency(frame)} == {
        "too few readings; 14 are needed": (2, 1),
        "too few posts older than 48 hours with counts; 3 are needed": (1, 1),
        "followers out of range; 200 to 5,000,000 are in range": (1, 1),
        "unlike the accounts trained on": (1, 1),
    }


def test_rows_in_another_order_are_worth_the_same() -> None:
    rows = [genuine(p / 40, account_id=f"{p}", cohort=f"{p % 3}") for p in range(1, 40, 2)]
    rows += [inauthentic(p / 40, account_id=f"{p}", cohort=f"{p % 3}") for p in range(2, 40, 2)]
    frame = judged(*rows)
    first, second = (Decisions(sampled(each), 0.2, LEAST_NAMED) for each in (frame, frame.reverse()))
    assert isinstance(frame, pl.DataFrame)
    assert risk_coverage(first) == risk_coverage(second) or np.allclose(
        [row["risk"]["value"] for row in risk_coverage(first)["curve"]],
        [row["risk"]["value"] for row in risk_coverage(second)["curve"]],
    )
    cuts = Thresholds(0.25, 0.6, ANY_EVIDENCE)
    assert first.worth(first.verdicts(cuts)) == second.worth(second.verdicts(cuts))
