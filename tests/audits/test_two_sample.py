from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from audits.two_sample import as_observed, priors_like, two_sample, with_context
from features.tables import CONTRACTS, Tables
from simulation.cohort import simulate_cohort
from tests.priors import PRIORS

NAMES = ("accounts", "followers_daily", "posts", "comments")


def _features(prefix: str, count: int, *, shift: float = 0.0, platform: str = "youtube", seed: int = 0) -> pl.DataFrame:
    """Accounts of 1,000 to 2,500 followers with a telling feature `height` and a blind one `width`."""
    rng = np.random.default_rng([seed, *prefix.encode()])
    return pl.DataFrame(
        {
            "account_id": [f"{prefix}{index:04}" for index in range(count)],
            "platform": [platform] * count,
            "follower_count": rng.integers(1000, 2500, count),
            "tables_observed": ["posts"] * count,
            "height": rng.normal(shift, 1.0, count),
            "width": rng.normal(0.0, 1.0, count),
        }
    )


def test_no_accounts_are_said_to_be_too_few() -> None:
    result = two_sample(_features("r", 0), _features("s", 50))

    assert result["auc"] is None
    assert result["accounts"] == 0
    assert "at least 200 are needed" in result["message"]
    assert result["features"] == []


def test_fewer_matched_accounts_than_asked_for_give_no_figure() -> None:
    result = two_sample(_features("r", 60), _features("s", 300), fewest=61)

    assert (result["accounts"], result["auc"]) == (60, None)


def test_the_same_distribution_cannot_be_told_apart() -> None:
    result = two_sample(_features("r", 300), _features("s", 900))

    assert result["lower"] < 0.5 < result["upper"]
    assert result["upper"] - result["lower"] < 0.15


def test_a_shifted_feature_gives_the_simulation_away_and_is_named() -> None:
    result = two_sample(_features("r", 200, shift=3.0), _features("s", 600))

    assert result["auc"] > 0.95
    first = result["features"][0]
    assert first["name"] == "height"
    assert first["gain_share"] > 0.9
    assert first["real_median"] - first["simulated_median"] == pytest.approx(3.0, abs=0.3)


def test_order_of_the_rows_does_not_matter() -> None:
    real, simulated = _features("r", 80, shift=0.5), _features("s", 200)

    again = two_sample(real.reverse(), simulated.sample(fraction=1.0, shuffle=True, seed=3), fewest=10)

    assert again == two_sample(real, simulated, fewest=10)


@pytest.mark.parametrize(
    ("change", "matched"),
    [
        pytest.param({}, 40, id="alike"),
        pytest.param({"platform": "tiktok"}, 0, id="another platform"),
        pytest.param({"follower_count": 250_000}, 0, id="another size"),
        pytest.param({"tables_observed": "posts+comments"}, 0, id="other tables"),
    ],
)
def test_accounts_are_matched_by_platform_size_and_tables(change: dict[str, object], matched: int) -> None:
    simulated = _features("s", 200).with_columns(pl.lit(value).alias(name) for name, value in change.items())

    result = two_sample(_features("r", 40), simulated, fewest=1000)

    assert (result["accounts"], result["unmatched"]) == (matched, 40 - matched)


def test_at_most_five_simulated_accounts_stand_beside_a_real_one() -> None:
    real = _features("r", 10).with_columns(follower_count=pl.lit(2000))
    simulated = _features("s", 300).with_columns(follower_count=pl.lit(2000))

    assert two_sample(real, simulated, fewest=1000)["simulated"] == 5 * 10


def test_a_different_mix_of_sizes_alone_does_not_tell() -> None:
    # Small accounts have height 0, large ones 5; real accounts are mostly large, simulated ones mostly small.
    def sized(prefix: str, small: int, large: int) -> pl.DataFrame:
        frame = _features(prefix, small + large).with_columns(is_small=pl.int_range(pl.len()) < small)
        size = pl.when("is_small").then(1200).otherwise(40_000)
        return frame.with_columns(
            follower_count=size, height=pl.col("height") + pl.when("is_small").then(0.0).otherwise(5.0)
        ).drop("is_small")

    result = two_sample(sized("r", 60, 240), sized("s", 400, 200))

    assert (
        result["auc"] < 0.6
    )  # without matching, height alone gives about 0.5 + 0.5 * (0.8 * 0.67 - 0.2 * 0.33) = 0.73


def test_a_feature_that_one_side_never_has_is_not_used() -> None:
    real = _features("r", 60).with_columns(width=pl.lit(None, pl.Float64))

    result = two_sample(real, _features("s", 200), fewest=10)

    assert [row["name"] for row in result["features"]] == ["height"]


def _real() -> Tables:
    """Two channels with a curve of ten days, three videos without captions, and no comments."""
    end = datetime(2026, 1, 31, tzinfo=UTC)
    rows: dict[str, list[dict[str, object]]] = {
        "accounts": [
            {"account_id": name, "platform": "youtube", "follower_count": size, "post_count": 3}
            for name, size in (("a", 5000), ("b", 9000))
        ],
        "followers_daily": [
            {"account_id": name, "date": date(2026, 1, day), "follower_count": 5000}
            for name in ("a", "b")
            for day in range(1, 11)
        ],
        "posts": [
            {"account_id": name, "post_id": f"{name}{index}", "posted_at": end - timedelta(days=9 * index),
             "like_count": 10, "comment_count": 1, "view_count": 300}
            for name in ("a", "b")
            for index in range(3)
        ],
    }  # fmt: skip
    return Tables(*(pl.DataFrame(rows.get(name, []), schema=CONTRACTS[name].schema) for name in NAMES))


@pytest.fixture(scope="module")
def simulated() -> Tables:
    cohort = simulate_cohort(78, 60, priors_like(PRIORS, _real()))
    return Tables(*(cohort[name] for name in NAMES))


def test_accounts_are_simulated_like_those_of_the_folder(simulated: Tables) -> None:
    assert simulated.accounts["platform"].unique().to_list() == ["youtube"]
    assert simulated.comments.is_empty()
    assert simulated.followers_daily["account_id"].n_unique() == 60
    days = simulated.followers_daily.group_by("account_id").agg(pl.col("date").max() - pl.col("date").min())["date"]
    assert days.max() == timedelta(days=9)


def test_what_the_folder_never_has_is_blank_and_lengths_are_cut(simulated: Tables) -> None:
    longer = Tables(simulated.accounts, simulated.followers_daily, simulated.posts, simulated.comments)
    result = as_observed(longer, _real())

    assert simulated.posts["caption"].null_count() < simulated.posts.height
    assert result.posts["caption"].null_count() == result.posts.height
    assert result.accounts["created_on"].null_count() == 60
    assert result.accounts["post_count"].null_count() == 0
    assert result.posts.group_by("account_id").len()["len"].max() == 3
    assert result.posts.filter(pl.col("account_id") == result.posts["account_id"][0])["posted_at"].max() == (
        simulated.posts.filter(pl.col("account_id") == result.posts["account_id"][0])["posted_at"].max()
    )


def test_context_names_what_was_observed() -> None:
    real = _real()
    blind = Tables(real.accounts, real.followers_daily.clear(), real.posts.with_columns(like_count=None), real.comments)
    features = real.accounts.select("account_id", height=pl.lit(1.0))

    assert with_context(features, real)["tables_observed"].to_list() == ["followers_daily+posts+likes"] * 2
    assert with_context(features, blind)["tables_observed"].to_list() == ["posts"] * 2
