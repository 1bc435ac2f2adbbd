"""The contract as a schema: a limit itself is legal, what lies beyond it is not, and no limit refuses nothing."""

from __future__ import annotations

import polars as pl
import pytest
from pandera.errors import SchemaError

from features.tables import Column, TableContract

CONTRACT = TableContract(
    name="made_up",
    grain="one row",
    key=("share",),
    known_by=None,
    columns=(
        Column("share", pl.Float64, low=0.0, high=1.0, description="both ends"),
        Column("free", pl.Float64, description="no end"),
    ),
)


def rows(*shares: float, free: float = 0.0) -> pl.DataFrame:
    return pl.DataFrame([{"share": share, "free": free} for share in shares], schema=CONTRACT.schema)


def test_no_row_is_legal() -> None:
    assert CONTRACT.pandera_schema().validate(rows()).height == 0


@pytest.mark.parametrize("free", [-9e99, 9e99])
def test_the_limits_are_legal_and_without_one_anything_is(free: float) -> None:
    assert CONTRACT.pandera_schema().validate(rows(0.0, 1.0, free=free)).height == 2


@pytest.mark.parametrize(("share", "said"), [(-0.001, "is below 0"), (1.001, "is above 1")])
def test_what_lies_beyond_a_limit_is_refused(share: float, said: str) -> None:
    with pytest.raises(SchemaError, match=said):
        CONTRACT.pandera_schema().validate(rows(0.5, share))
