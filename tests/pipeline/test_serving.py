"""What a served bundle says, which sees features alone."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from pipeline.serving import ServedBundle
from tests.models.synthetic import FEATURES, NAMES, labelled_accounts, trained


@pytest.mark.parametrize(("days", "says"), [(0, "reject"), (30, "review")], ids=["no rule", "the rule of what is left"])
def test_who_cannot_be_asked_what_is_left_is_not_rejected(
    monkeypatch: pytest.MonkeyPatch, days: int, says: str
) -> None:
    monkeypatch.setattr("pipeline.serving.features", lambda: FEATURES)
    accounts = labelled_accounts(seed=77, cohorts=8, accounts=40)
    given = pd.DataFrame({name: accounts[name].to_numpy() for name in NAMES})
    bundle = trained().bundle
    plain = ServedBundle(replace(bundle, settings={**bundle.settings, "outside_days": 0})).predict(given)
    rejected = (plain["verdict"] == "reject").to_numpy()
    found = ServedBundle(replace(bundle, settings={**bundle.settings, "outside_days": days})).predict(given)
    assert rejected.any()
    assert set(found["verdict"][rejected]) == {says}
    assert found["verdict"][~rejected].equals(plain["verdict"][~rejected])
    assert found.drop(columns="verdict").equals(plain.drop(columns="verdict"))
