"""Schemes: what was done against what is suspected, and each head by itself."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from models.evaluation import Sample
from models.evaluation.schemes import Heads, head_table, scheme_confusion
from tests.models.evaluation.judged import bought, judged, sampled

HEADS = Heads({"bought_followers": 0.3, "engagement_pod": 0.1}, above=0.5)


def suspected(*rows: tuple[dict[str, Any], float, float]) -> Sample:
    """Accounts with the probabilities of the followers' and of the pods' head."""
    frame = judged(*(row for row, _, _ in rows))
    return sampled(
        frame.with_columns(
            pl.Series("scheme_bought_followers", [each for _, each, _ in rows], dtype=pl.Float64),
            pl.Series("scheme_engagement_pod", [each for _, _, each in rows], dtype=pl.Float64),
        )
    )


def test_nobody_is_suspected_of_nothing() -> None:
    empty = suspected()
    assert {row["accounts"] for row in scheme_confusion(empty, HEADS)} == {0}
    assert {row["recall"]["value"] for row in head_table(empty, HEADS)} == {None}
    assert [row["true"] for row in scheme_confusion(empty, Heads({}, 0.5))] == ["mixed", "genuine"]


def test_without_heads_nobody_is_named_rightly_or_wrongly() -> None:
    rows = scheme_confusion(
        suspected((bought("bought_followers", 0.4, "review"), 0.9, 0.9), ({}, 0.9, 0.9)), Heads({}, 0.5)
    )
    mixed, genuine = rows
    assert genuine["answers"] == {"several": 0, "none named": 0, "not suspected": 1}
    assert (genuine["named"], genuine["named_wrongly"]["value"]) == (None, 0.0)
    assert mixed["answers"]["several"] == mixed["answers"]["not suspected"] == 0
    assert mixed["named_wrongly"]["value"] in {None, 0.0}


def test_confusion_between_schemes() -> None:
    sample = suspected(
        (bought("bought_followers", 0.4), 0.9, 0.1),
        (bought("bought_followers", 0.4), 0.2, 0.8),
        (bought("bought_followers", 0.4, "review"), 0.9, 0.8),
        (bought("bought_followers", 0.4, "review"), 0.2, 0.1),
        (bought("bought_followers", 0.4, "pass"), 0.9, 0.1),
        (bought("bought_followers+engagement_pod", 0.4), 0.2, 0.8),
        ({"verdict": "review"}, 0.6, 0.1),
        ({}, 0.1, 0.1),
    )
    rows = {row["true"]: row for row in scheme_confusion(sample, HEADS)}
    assert rows["bought_followers"]["answers"] == {
        "bought_followers": 1,
        "engagement_pod": 1,
        "several": 1,
        "none named": 1,
        "not suspected": 1,
    }
    # Named rightly by itself and among several; wrongly by the pod alone and among several.
    assert rows["bought_followers"]["named"]["value"] == 2 / 5
    assert rows["bought_followers"]["named_wrongly"]["value"] == 2 / 5
    assert (rows["mixed"]["named"]["value"], rows["mixed"]["named_wrongly"]["value"]) == (1.0, 0.0)
    assert (rows["genuine"]["named"], rows["genuine"]["named_wrongly"]["value"]) == (None, 1 / 2)
    for row in rows.values():
        assert sum(row["answers"].values()) == row["accounts"]


def test_a_head_is_judged_at_the_share_of_its_scheme() -> None:
    # Two of five told accounts bought followers, where .3 was declared: .3 stated is .4 here, and right.
    rows = [bought("bought_followers", 0.4)] * 2 + [{}] * 3 + [{"probability": None, "verdict": "insufficient_data"}]
    followers, pods = head_table(suspected(*((row, 0.3, 0.05) for row in rows)), HEADS)
    assert (followers["accounts"], pods["accounts"]) == (2, 0)
    assert followers["calibration"]["value"] == pytest.approx(0.0, abs=1e-12)
    assert followers["recall"]["value"] == 0.0
    assert pods["recall"]["value"] is None


def test_a_head_finds_what_lies_above_its_threshold() -> None:
    sample = suspected(
        (bought("bought_followers", 0.4), 0.9, 0.1),
        (bought("bought_followers+engagement_pod", 0.4, "pass"), 0.6, 0.9),
        (bought("bought_followers", 0.4), 0.5, 0.1),
        ({}, 0.7, 0.1),
    )
    followers, pods = head_table(sample, HEADS)
    assert followers["recall"]["value"] == 2 / 3
    assert followers["precision"]["value"] == 2 / 3
    assert followers["genuine_found"]["value"] == 1.0
    assert (pods["recall"]["value"], pods["precision"]["value"]) == (1.0, 1.0)
