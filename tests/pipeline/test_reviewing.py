"""A model beside the champion: what is handed to a reviewer, from folders and from the store."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from models.promotion import CANDIDATE, CHAMPION
from pipeline.errors import UnusableInputError
from pipeline.reviewing import ARMS, review
from tests.pipeline.projects import silent


def logged(project: Path) -> list[int]:
    """How many rows the store's tables have that a log would add to."""
    with closing(sqlite3.connect(project / "mlflow.db")) as store:
        return [
            store.execute(f"select count(*) from {table}").fetchone()[0]  # noqa: S608 - names of our own
            for table in ("runs", "tags", "metrics", "model_versions", "registered_model_aliases")
        ]


@pytest.mark.slow
@pytest.mark.usefixtures("rivals")
class TestReview:
    def test_the_registry_s_champion_is_put_beside_a_folder_and_nothing_is_logged(self, rivals: Path) -> None:
        before = logged(rivals)
        found = review("blunt", "models:/authenticity@champion", report=silent)
        assert logged(rivals) == before
        assert set(found.names) == set(ARMS)
        assert found.figures().columns == ["figure", "candidate", "champion", "difference, paired"]
        assert {f"verdict_{arm}" for arm in ARMS} | {"size_tier", "platform"} <= set(found.accounts.columns)
        assert "5 frozen simulated cohorts, seeds 880001 to 880005" in found.split

    def test_the_rule_is_that_of_promote_and_flips_are_told_by_class(self) -> None:
        found = review("blunt", "models:/authenticity@champion", report=silent)
        is_promoted, reasons = found.decision()
        assert not is_promoted
        assert "recall at 1 % false positives" in reasons[0]
        flipped = found.accounts.filter(pl.col(f"verdict_{CANDIDATE}") != pl.col(f"verdict_{CHAMPION}")).height
        assert found.transitions()["accounts"].sum() == flipped > 0

    def test_a_model_beside_itself_flips_nobody(self) -> None:
        found = review("blunt", "blunt", report=silent)
        assert found.transitions().is_empty()
        assert "+0.000 (+0.000 to +0.000)" in found.figures()["difference, paired"].to_list()

    def test_a_model_that_is_not_there_is_refused(self) -> None:
        with pytest.raises(UnusableInputError):
            review("blunt", "nowhere", report=silent)
