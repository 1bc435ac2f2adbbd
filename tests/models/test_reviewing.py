"""Two models part by part: which segments are compared, with what, and whose verdict moved furthest."""

from __future__ import annotations

import io

import polars as pl
import pytest

from models.evaluation import Draws
from models.promotion import CANDIDATE, CHAMPION, side_by_side
from models.reviewing import FEWEST_OF_A_CLASS, by_segment, flipped, reliability
from tests.models.test_promotion import ARMS, scored

DRAWS = Draws(replicates=40, confidence=0.9, seed=3)


def accounts() -> pl.DataFrame:
    """Accounts of two platforms and a third of nine accounts."""
    frame = scored()
    index = pl.int_range(pl.len())
    reasons = pl.lit([{"feature": "first"}, {"feature": "second"}])
    return frame.with_columns(
        platform=pl.when(index < 9)
        .then(pl.lit("x"))
        .when(index % 2 == 0)
        .then(pl.lit("tiktok"))
        .otherwise(pl.lit("youtube")),
        follower_count=pl.lit(1000),
        **{f"reasons_{arm}": pl.when(pl.col(f"verdict_{arm}") != "pass").then(reasons) for arm in ARMS},
    )


def test_no_account_has_no_segment() -> None:
    assert by_segment(accounts().clear(), ARMS, "platform", DRAWS) == []


def test_segments_with_too_few_of_a_class_are_left_out() -> None:
    rows = by_segment(accounts(), ARMS, "platform", DRAWS)
    assert [row["segment"] for row in rows] == ["tiktok", "youtube"]
    assert all(min(row["genuine"], row["inauthentic"]) >= FEWEST_OF_A_CLASS for row in rows)
    assert sum(row["accounts"] for row in rows) == accounts().height - 9


def test_a_segment_is_compared_as_its_accounts_by_themselves() -> None:
    row = by_segment(accounts(), ARMS, "platform", DRAWS)[0]
    alone = side_by_side(accounts().filter(platform="tiktok"), ARMS, **DRAWS)
    assert row[f"auc_{CANDIDATE}"] == alone["metrics"]["models"][CANDIDATE]["auc"]
    assert row["auc_difference"] == alone["metrics"]["differences"][CHAMPION]["auc"]
    assert row["genuine_rejected_difference"] == alone["shares"]["differences"][CHAMPION]["genuine_rejected"]
    # The candidate is twice as sharp: it ranks better, beyond the interval.
    assert row["auc_difference"]["lower"] > 0


def test_accounts_of_no_segment_are_in_none() -> None:
    unknown = accounts().with_columns(platform=pl.lit(None, pl.String))
    assert by_segment(unknown, ARMS, "platform", DRAWS) == []


def test_both_models_are_in_the_picture_of_reliability() -> None:
    figure = reliability(accounts(), ARMS, DRAWS, split="made up")
    labels = {text.get_text() for text in figure.axes[0].get_legend().get_texts()}
    assert {CANDIDATE, CHAMPION} <= labels
    figure.savefig(io.BytesIO(), format="png")


@pytest.mark.parametrize("most", [0, 3])
def test_at_most_so_many_flips_are_listed_with_the_reason_that_spoke(most: int) -> None:
    table = flipped(accounts(), ARMS, most)
    assert table.height == most
    for arm in ARMS:
        passed = table[f"verdict_{arm}"] == "pass"
        assert table.filter(passed)[f"strongest_reason_{arm}"].null_count() == passed.sum()
        assert set(table.filter(~passed)[f"strongest_reason_{arm}"]) <= {"first"}
    assert (table[f"verdict_{CANDIDATE}"] != table[f"verdict_{CHAMPION}"]).all()
