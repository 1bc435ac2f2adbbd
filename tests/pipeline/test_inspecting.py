"""One account looked into: the very score of the batch, and what it would be with less observed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from features.tables import OBSERVED_TABLES
from models.inspection import AS_IS
from models.scoring import Scorer
from pipeline.errors import UnusableInputError
from pipeline.inspecting import Inspection, inspect_account, pushes, without_each_table, without_signals
from pipeline.score_bucket import score_tables
from tests.pipeline.projects import silent


@pytest.fixture(scope="module")
def account_id(scores: pl.DataFrame) -> str:
    """The reviewed account of the batch with most observed."""
    seen = pl.sum_horizontal(pl.col("observed_days", "observed_posts", "observed_comments") > 0)
    reviewed = scores.filter(pl.col("verdict") == "review")
    return str(reviewed.sort(seen, "probability_inauthentic")["account_id"][-1])


@pytest.fixture(scope="module")
def found(incoming: Path, scorer: Scorer, account_id: str) -> Inspection:
    return inspect_account(incoming, account_id, scorer, report=silent)


def test_the_score_is_that_of_the_batch(found: Inspection, scores: pl.DataFrame, account_id: str) -> None:
    own = scores.filter(account_id=account_id).row(0, named=True)
    differing = [name for name in own if name != "as_of" and own[name] != found.score[name]]
    assert differing == []


def test_evidence_is_that_of_the_batch(found: Inspection, project: Path, account_id: str) -> None:
    batch = pl.read_parquet(project / "data" / "scores" / "evidence.parquet").filter(account_id=account_id)
    assert batch.height > 0
    assert_frame_equal(found.evidence, batch)


def test_nobody_else_s_rows_are_kept(found: Inspection, account_id: str) -> None:
    for name in ("accounts", *OBSERVED_TABLES):
        assert set(getattr(found.tables, name)["account_id"]) <= {account_id}


def test_an_inspection_leaves_nothing_beside_the_data(incoming: Path, found: Inspection) -> None:
    assert found.score["verdict"] == "review"
    assert [path.name for path in incoming.parent.iterdir() if path.name.startswith(".")] == []


def test_a_pass_is_told_what_spoke_against_it(incoming: Path, scorer: Scorer, scores: pl.DataFrame) -> None:
    passed = scores.filter(pl.col("verdict") == "pass").sort("probability_inauthentic")["account_id"].tail(8)
    inspected = [inspect_account(incoming, account, scorer, report=silent).score for account in passed]
    assert {score["verdict"] for score in inspected} == {"pass"}
    assert any(score["reasons"] for score in inspected)


def test_contributions_name_the_features_of_the_reasons(found: Inspection, scorer: Scorer) -> None:
    table = pushes(found, scorer)
    for reason in found.score["reasons"]:
        row = table.filter(feature=reason["feature"])
        assert row["value"].to_list() == [reason["value"]]
        assert row["side"][0] is not None


def test_each_table_with_rows_is_left_out_once(found: Inspection, scorer: Scorer) -> None:
    table = without_each_table(found, scorer)
    held = [name for name in OBSERVED_TABLES if getattr(found.tables, name).height]
    assert table["without"].to_list() == [AS_IS, *held]
    assert table["probability_inauthentic"][0] == found.score["probability_inauthentic"]
    for name in held:
        less = replace(found.tables, **{name: getattr(found.tables, name).clear()})
        expected = score_tables(scorer, less, scorer.bundle.prevalence)
        row = table.filter(without=name)
        assert row["verdict"].to_list() == expected["verdict"].to_list()
        assert row["probability_inauthentic"].to_list() == expected["probability_inauthentic"].to_list()


def test_signals_are_left_out_at_the_prevalence_that_is_given(found: Inspection, scorer: Scorer) -> None:
    at_own, at_half = without_signals(found, scorer), without_signals(found, scorer, 0.5)
    assert at_own["probability_inauthentic"][0] == found.score["probability_inauthentic"]
    assert at_half["probability_inauthentic"][0] > at_own["probability_inauthentic"][0]
    assert at_half.sort("without")["change"].to_list() == pytest.approx(at_own.sort("without")["change"].to_list())


def test_an_unknown_account_is_refused_with_the_nearest(incoming: Path, scorer: Scorer, account_id: str) -> None:
    with pytest.raises(UnusableInputError, match=rf"account: '{account_id}x' is not in .* Did you mean '{account_id}'"):
        inspect_account(incoming, f"{account_id}x", scorer, report=silent)
