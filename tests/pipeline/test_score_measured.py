"""The benchmark's tasks that need a bundle, beside the project's: the whole `score`, and its phases."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from benchmarks.accounts import Size, write_accounts, write_raw
from benchmarks.scoring import PHASES, REST, has_engines, phase_costs, place_of, score


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve small accounts as a dataset folder."""
    place = tmp_path_factory.mktemp("measured")
    write_accounts(place / "prepared", 12, Size(days=40, posts=12, comments=30), seed=1)
    write_raw(place / "prepared", place / "raw")
    return place / "raw"


def test_score_is_measured_as_the_command_runs_it(accounts: Path, model: Path, tmp_path: Path) -> None:
    found = score(accounts, tmp_path / "scored", str(model))
    verdicts = pl.read_parquet(tmp_path / "scored" / "scores.parquet")["verdict"]
    assert found["accounts"] == len(verdicts) == 12
    assert found["flagged"] == verdicts.is_in(["review", "reject"]).mean()
    again = score(accounts, tmp_path / "again", str(model), jobs=2)
    assert again["digest"] == found["digest"]


def test_phases_add_up_and_nothing_stays_replaced(accounts: Path, model: Path, tmp_path: Path) -> None:
    before = {place: getattr(*place_of(*place)) for functions in PHASES.values() for place in functions}
    rows = {row["phase"]: row["cpu_seconds"] for row in phase_costs(accounts, tmp_path / "scored", str(model))}
    assert list(rows) == [*PHASES, REST]
    assert rows["extract features"] > 0
    assert min(rows.values()) >= 0
    assert {place: getattr(*place_of(*place)) for place in before} == before


@pytest.mark.parametrize("place", [place for functions in PHASES.values() for place in functions], ids=str)
def test_every_phase_is_a_function_that_is_there(place: tuple[str, str]) -> None:
    assert callable(getattr(*place_of(*place)))


def test_whether_score_takes_an_engine_is_read_from_the_command() -> None:
    from pipeline.__main__ import score as command

    assert has_engines() is ("engine" in command.__annotations__)
