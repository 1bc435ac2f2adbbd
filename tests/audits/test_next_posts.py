"""What the next posts draw, against two forecasts."""

import pytest

from audits.next_posts import next_posts
from features.tables import only
from tests.features.builders_engagement import posts, tables


def test_no_account_has_posts_enough() -> None:
    assert next_posts(tables(posts(likes=[5] * 15))) is None  # ten before the last five: eleven are needed


def test_a_steady_account_is_foretold_by_both() -> None:
    found = next_posts(tables(posts(likes=[100] * 16)))
    exactly = {"factor": 1.0, "lower": 1.0, "upper": 1.0, "bias": 1.0}
    assert found == {"accounts": 1, "mean of all before": exactly, "median of the 10 before": exactly}


def test_after_a_collapse_the_mean_says_too_much() -> None:
    # Ten posts of 1,000, ten of 10, five of 10: the mean before is 505, and (505 + 0.5) / (10 + 0.5) = 48.14.
    found = next_posts(tables(posts(likes=[1000] * 10 + [10] * 15)))
    assert found is not None
    assert found["mean of all before"]["factor"] == pytest.approx(505.5 / 10.5, abs=1e-3)
    assert found["mean of all before"]["bias"] == found["mean of all before"]["factor"]
    assert found["median of the 10 before"]["factor"] == 1.0


def test_hidden_likes_are_left_out_and_other_accounts_change_nothing_of_one() -> None:
    one = posts(likes=[7] * 16 + [None], comments=[1] * 17)
    rows = tables([*one, *posts(likes=[3] * 20, account_id="b")])
    assert next_posts(only(rows, rows.accounts["account_id"].head(1))) == next_posts(tables(one))
