from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from audits.realism import COHORT_SIZE, DESIGNS, QUANTITIES, design_priors, measure, realism_table, share_inside
from features.tables import CONTRACTS, Tables
from simulation.cohort import simulate_cohort
from tests.priors import PRIORS

NAMES = ("accounts", "followers_daily", "posts", "comments")
END = datetime(2025, 6, 30, 12, tzinfo=UTC)


def _tables(**rows: list[dict[str, object]]) -> Tables:
    """Contract tables from rows that name only the columns in question."""
    return Tables(*(pl.DataFrame(rows.get(name, []), schema=CONTRACTS[name].schema) for name in NAMES))


def _account(account_id: str, followers: int, platform: str = "twitch") -> dict[str, object]:
    return {"account_id": account_id, "platform": platform, "follower_count": followers, "observed_at": END}


def _curve(account_id: str, counts: list[int]) -> list[dict[str, object]]:
    return [
        {"account_id": account_id, "date": date(2025, 1, 1) + timedelta(days=day), "follower_count": count}
        for day, count in enumerate(counts)
    ]


def _values(frame: pl.DataFrame, name: str) -> list[float]:
    return frame.filter(pl.col("measure") == name)["value"].to_list()


@pytest.mark.parametrize("design", list(DESIGNS))
def test_no_accounts_give_no_values(design: str) -> None:
    assert measure(_tables(), design).is_empty()


def test_without_cohorts_nothing_is_inside_and_nothing_outside() -> None:
    table = realism_table([])

    assert table.height == sum(len(quantity.real) for quantity in QUANTITIES)
    assert table["inside"].null_count() == table.height
    assert share_inside(table) is None


def test_curve_figures_of_a_hand_made_curve() -> None:
    # 71 changes: 60 days of nothing, ten days of +10, one day of -5.
    counts = [1000] * 61 + [1000 + 10 * day for day in range(1, 11)] + [1095]
    result = measure(_tables(accounts=[_account("a", 1095)], followers_daily=_curve("a", counts)), "twitch")

    assert _values(result, "no_change_share") == pytest.approx([60 / 71])
    assert _values(result, "loss_share") == pytest.approx([1 / 71])
    assert _values(result, "best_day_share") == pytest.approx([10 / 100])
    assert _values(result, "net_growth") == pytest.approx([math.log(1095 / 1000)])
    assert _values(result, "growth_median") == [0.0]
    assert _values(result, "large_jump") == [0.0]


def test_only_the_last_days_of_a_long_curve_count_and_short_curves_are_left_out() -> None:
    long = [500, 900] + [1000 + day for day in range(71)]  # the jump lies before the last 71 changes
    tables = _tables(
        accounts=[_account("long", 1070), _account("short", 1070)],
        followers_daily=_curve("long", long) + _curve("short", long[-71:]),
    )

    result = measure(tables, "twitch")

    assert _values(result, "net_growth") == pytest.approx([math.log(1070 / 900)])
    assert _values(result, "large_jump") == [1.0]  # 900 to 1,000 is the first of the 71


def test_young_posts_are_left_out_and_the_newest_settled_one_is_seen() -> None:
    posts = [
        {"account_id": "a", "post_id": str(days), "posted_at": END - timedelta(days=days), "like_count": likes,
         "comment_count": 2, "is_sponsored": False}
        for days, likes in ((1, 999), (3, 50), (9, 999))
    ]  # fmt: skip
    result = measure(_tables(accounts=[_account("a", 1000, "instagram")], posts=posts), "instagram")

    assert _values(result, "likes_per_follower") == pytest.approx([50 / 1000])
    assert _values(result, "comments_per_100_likes") == pytest.approx([100 * 2 / 50])


def test_comment_figures_leave_the_owner_out_and_ask_for_thirty() -> None:
    post = {"account_id": "a", "post_id": "p", "posted_at": END - timedelta(days=90), "like_count": 500,
            "comment_count": 40}  # fmt: skip
    texts = ["🔥"] * 8 + ["love it"] * 8 + ["what a lovely day"] * 8 + ["@a.friend"] * 8
    comments = [
        {"account_id": "a", "post_id": "p", "comment_id": f"{index:02}", "commenter_id": f"c{index % 16}",
         "commented_at": END - timedelta(days=89), "text": text}
        for index, text in enumerate(texts)
    ] + [
        {"account_id": "a", "post_id": "p", "comment_id": f"o{index}", "commenter_id": "a",
         "commented_at": END - timedelta(days=89), "text": "thank you"}
        for index in range(8)
    ]  # fmt: skip
    accounts = [_account("a", 20_000, "instagram")]
    result = measure(_tables(accounts=accounts, posts=[post], comments=comments), "instagram")

    assert _values(result, "emoji_only") == pytest.approx([8 / 32])
    assert _values(result, "short") == pytest.approx([24 / 32])  # emoji, two words, a mention
    assert _values(result, "distinct") == pytest.approx([16 / 32])
    assert _values(result, "repeated") == pytest.approx([1 - 2 / 16])
    assert _values(result, "owner_replies") == pytest.approx([8 / 40])
    fewer = measure(_tables(accounts=accounts, posts=[post], comments=comments[:20]), "instagram")
    assert _values(fewer, "emoji_only") == []


def _cohort(values: list[float], followers: int = 2000) -> pl.DataFrame:
    rows = [("twitch", "net_growth", followers, value) for value in values]
    schema = {"design": pl.String, "measure": pl.String, "followers": pl.Int64, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_band_and_deviation_of_a_median() -> None:
    # Medians of eleven cohorts are 0, 0.01 ... 0.1: the band is 0.01 to 0.09 around 0.05.
    table = realism_table([_cohort([step / 100 - 1, step / 100, step / 100 + 1]) for step in range(11)])
    row = table.filter((pl.col("quantity") == "net_growth") & (pl.col("level") == 0.5)).row(0, named=True)

    assert (row["low"], row["median"], row["high"]) == pytest.approx((0.01, 0.05, 0.09))
    assert row["cohorts"] == 11
    assert row["real"] == 0.012
    assert row["inside"]
    assert row["deviation"] == pytest.approx((0.012 - 0.05) / 0.04)


def test_a_real_value_is_known_up_to_half_its_rounding() -> None:
    # The real 0.134 is rounded to 0.001: a band that ends at 0.1336 holds it, one that ends at 0.133 does not.
    for value, inside in ((0.1336, True), (0.133, False)):
        table = realism_table([_cohort([value])])
        row = table.filter((pl.col("quantity") == "net_growth") & (pl.col("level") == 0.95)).row(0, named=True)
        assert row["inside"] is inside
        assert row["deviation"] is None


def test_a_tier_looks_at_accounts_of_its_size_only() -> None:
    frame = _cohort([0.5]).with_columns(measure=pl.lit("loss_share"))
    large = frame.with_columns(followers=pl.lit(60_000, pl.Int64))
    whole = frame.with_columns(followers=pl.lit(COHORT_SIZE, pl.Int64))

    counts = dict(
        realism_table([frame, large, whole]).filter(pl.col("level") == 0.5).select("quantity", "cohorts").rows()
    )

    assert counts["loss_share"] == 3
    assert counts["loss_share, 1-10k"] == 2


def test_every_quantity_is_declared_once_with_rising_values() -> None:
    keys = [(quantity.name, quantity.design) for quantity in QUANTITIES]

    assert len(set(keys)) == len(keys)
    for quantity in QUANTITIES:
        assert quantity.design in DESIGNS
        values = [value for _, value in quantity.real]
        assert values == sorted(values), quantity.name


@pytest.fixture(scope="module")
def measured() -> dict[str, tuple[Tables, pl.DataFrame, pl.DataFrame]]:
    """Per design a small cohort: tables, labels, values."""
    result = {}
    for design in DESIGNS:
        cohort = simulate_cohort(77, 80, design_priors(PRIORS, design))
        tables = Tables(*(cohort[name] for name in NAMES))
        result[design] = (tables, cohort["labels"], measure(tables, design))
    return result


@pytest.mark.parametrize("design", list(DESIGNS))
def test_a_design_simulates_genuine_accounts_of_its_platform(
    measured: dict[str, tuple[Tables, pl.DataFrame, pl.DataFrame]], design: str
) -> None:
    tables, labels, values = measured[design]

    assert not labels["is_inauthentic"].any()
    assert labels["scheme"].null_count() == 80
    assert tables.accounts["platform"].unique().to_list() == [DESIGNS[design].platform]
    wanted = {quantity.measure for quantity in QUANTITIES if quantity.design == design}
    assert set(values["measure"]) == wanted
    assert values["value"].is_finite().all()


def test_a_design_leaves_the_rules_of_growth_and_engagement_alone() -> None:
    priors = design_priors(PRIORS, "twitch")

    assert priors.growth == PRIORS.growth
    assert priors.comments == PRIORS.comments
