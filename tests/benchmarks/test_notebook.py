"""The pandas notebook computes the catalogue's values, on simulated accounts and on those that are measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.extraction import notebook_agreement
from pipeline.dataset import prepare_dataset
from pipeline.layout import OWN_PARAMS
from pipeline.simulate import read_priors, simulate_folder


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifty simulated accounts: tables that are missing, coarse curves, hidden counts, unknown authors."""
    place = tmp_path_factory.mktemp("simulated")
    simulate_folder(place / "raw", 50, 4711, read_priors(OWN_PARAMS))
    prepare_dataset(place / "raw", place / "prepared", as_of=None, buckets=2, max_quarantined_share=1.0)
    return place / "prepared"


def disagreeing(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["nulls"] or row["difference"] > 1e-6]


def test_on_simulated_accounts_every_feature_is_the_catalogues(simulated: Path) -> None:
    rows = notebook_agreement(simulated)
    assert disagreeing(rows) == []
    assert len(rows) == 37
    # This cohort's export knows no handles; the accounts of the other test have them.
    without = {row["feature"] for row in rows if row["accounts"] < 5}
    assert without == {"profile_handle_digit_share", "profile_handle_length"}


def test_on_the_measured_accounts_every_feature_is_the_catalogues(folder: Path) -> None:
    rows = notebook_agreement(folder)
    assert disagreeing(rows) == []
    assert {row["feature"] for row in rows if row["accounts"] == 20} >= {
        "profile_handle_digit_share",
        "profile_handle_length",
    }


def test_a_value_that_is_off_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.notebook.MAD_TO_SD", 1.5)
    rows = {row["feature"]: row for row in notebook_agreement(folder)}
    # The spread is a multiple of the constant: 1.5 / 1.4826 - 1 = 0.012 times the value, which is below 1 here.
    assert 0.001 < rows["engagement_likes_spread"]["difference"] < 0.012
    assert rows["growth_drawdown_share"]["difference"] < 1e-6
