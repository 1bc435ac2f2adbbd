"""The rows behind a value: chosen by the value's own columns, cited so that a person finds them."""

from __future__ import annotations

from dataclasses import fields

import polars as pl
import pytest

from features.catalog import features
from features.compute import compute, group_module
from features.context import with_account_context
from features.definition import GROUPS, MODEL_GROUPS, MOST_EVIDENCE
from features.evidence import EVIDENCE_SCHEMA, evidence, evidence_of_reasons
from features.tables import CONTRACTS, Tables, only
from simulation.cohort import simulate_cohort
from tests.features.builders_growth import daily
from tests.features.builders_growth import tables as growth_tables
from tests.priors import PRIORS

KEYS = {"followers_daily": "date", "posts": "post_id", "comments": "comment_id", "accounts": "account_id"}


def nothing() -> Tables:
    return Tables(**{field.name: CONTRACTS[field.name].empty() for field in fields(Tables)})


@pytest.fixture(scope="module")
def cohort() -> Tables:
    frames = simulate_cohort(31, 40, PRIORS)
    return Tables(**{field.name: frames[field.name] for field in fields(Tables)})


@pytest.fixture(scope="module")
def wanted(cohort: Tables) -> pl.DataFrame:
    """Every value that the cohort shows, once per side on which it could be a reason."""
    values = compute(cohort).unpivot(index="account_id", variable_name="feature").drop_nulls("value")
    sides = {name: [*entry.reason] or ["context"] for name, entry in features().items()}
    return values.with_columns(side=pl.col("feature").replace_strict(sides)).explode("side", empty_as_null=False)


@pytest.fixture(scope="module")
def found(cohort: Tables, wanted: pl.DataFrame) -> pl.DataFrame:
    return evidence(cohort, wanted)


def test_nothing_wanted_gives_no_row_and_all_columns() -> None:
    result = evidence(
        nothing(), pl.DataFrame(schema={"account_id": pl.String, "feature": pl.String, "side": pl.String})
    )
    assert result.height == 0
    assert result.schema == pl.Schema(EVIDENCE_SCHEMA)


def test_a_wanted_account_without_rows_has_no_evidence() -> None:
    asked = pl.DataFrame({"account_id": ["a"], "feature": ["growth_peak_day_share"], "side": ["high"]})
    assert evidence(nothing(), asked).height == 0


def test_an_unknown_feature_is_named() -> None:
    asked = pl.DataFrame({"account_id": ["a"], "feature": ["growth_guess"], "side": ["high"]})
    with pytest.raises(KeyError, match="growth_guess not in the catalogue"):
        evidence(nothing(), asked)


@pytest.mark.parametrize("name", features(GROUPS))
def test_every_feature_says_which_rows_push_it_and_its_frame_how_they_are_cited(name: str) -> None:
    entry = features(GROUPS)[name]
    citation = group_module(entry.group).CITATIONS[entry.frame]
    assert citation.table in KEYS
    assert isinstance(entry.evidence(), pl.Expr)
    assert isinstance(citation.text(), pl.Expr)


def test_every_group_of_the_model_looks_at_one_account_alone() -> None:
    assert {entry.scope for entry in features(MODEL_GROUPS).values()} == {"account"}
    assert {entry.scope for entry in features(["network"]).values()} == {"batch"}


def test_ranks_count_from_one_to_ten_at_most(found: pl.DataFrame) -> None:
    per_value = found.group_by("account_id", "feature").agg(pl.col("rank"))
    assert per_value.height > 500
    for ranks in per_value["rank"].to_list():
        assert sorted(set(ranks)) == list(range(1, max(ranks) + 1))
        assert max(ranks) <= MOST_EVIDENCE


def test_every_row_cited_is_there_and_known_in_time(found: pl.DataFrame, cohort: Tables) -> None:
    accounts = with_account_context(cohort).accounts.select("account_id", "newest_at")
    for (table,), rows in found.partition_by("table", as_dict=True).items():
        key = KEYS[str(table)]
        own = getattr(cohort, str(table)).select("account_id", key=pl.col(key).cast(pl.String))
        if table == "followers_daily":
            # A week or month is cited by its last day, on which there need not have been a reading.
            late = rows.join(accounts, on="account_id").filter(
                pl.col("key").str.to_date() > pl.col("newest_at").dt.date()
            )
            assert late.height == 0
        else:
            assert rows.join(own, on=["account_id", "key"], how="anti").height == 0, table


def test_most_values_on_a_suspicious_side_have_rows_to_show(found: pl.DataFrame, cohort: Tables) -> None:
    """Beyond nine tenths of its cohort a value has evidence, feature by feature."""
    values = compute(cohort).unpivot(index="account_id", variable_name="feature").drop_nulls("value")
    shown = found.select("account_id", "feature").unique()
    bare = []
    for name, entry in features().items():
        own = values.filter(pl.col("feature") == name)
        if "high" in entry.reason:
            far = own.filter(pl.col("value") > pl.col("value").quantile(0.9), pl.col("value") != 0)
            missing = far.join(shown, on=["account_id", "feature"], how="anti").height
            bare += [(name, missing, far.height)] if missing else []
    assert bare == []


def test_no_comment_and_no_commenter_is_quoted(found: pl.DataFrame, cohort: Tables) -> None:
    texts = set(found["text"].str.to_lowercase())
    long_comments = cohort.comments.filter(pl.col("text").str.len_chars() > 12)["text"].str.to_lowercase()
    assert long_comments.len() > 100
    everything = "\n".join(sorted(texts))
    assert not [comment for comment in long_comments.unique() if comment in everything]
    assert not [author for author in cohort.comments["commenter_id"].drop_nulls().unique() if author in everything]


def test_alone_in_another_order_or_in_company_the_evidence_is_the_same(
    found: pl.DataFrame, wanted: pl.DataFrame, cohort: Tables
) -> None:
    account = str(cohort.comments["account_id"].mode().sort().first())
    ids = pl.Series("account_id", [account])
    own = only(cohort, ids)
    shuffled = Tables(
        **{field.name: getattr(own, field.name).sample(fraction=1, shuffle=True, seed=2) for field in fields(Tables)}
    )
    expected = found.filter(pl.col("account_id") == account)
    assert expected.height > 50
    assert evidence(shuffled, wanted.filter(pl.col("account_id") == account)).equals(expected)


# Reasons of one account -----------------------------------------------------------------------------------------------


def reasons_of(*names: str, account_id: str = "a", side: str = "high") -> pl.DataFrame:
    return pl.DataFrame({"account_id": [account_id] * len(names), "feature": names, "side": [side] * len(names)})


ONE_BUSY_DAY = ("growth_burst_mass_share", "growth_peak_day_tail_ratio")


def test_no_reason_shows_no_row() -> None:
    asked = pl.DataFrame(schema={"account_id": pl.String, "feature": pl.String, "side": pl.String})
    found = evidence_of_reasons(nothing(), asked)
    assert found.height == 0
    assert found.schema == pl.Schema(EVIDENCE_SCHEMA)


@pytest.mark.parametrize("order", [ONE_BUSY_DAY, ONE_BUSY_DAY[::-1]], ids=["weaker has one row", "stronger has one"])
def test_the_reason_with_one_row_keeps_it_and_the_other_shows_its_next(order: tuple[str, str]) -> None:
    curve = growth_tables(followers=daily([10] * 20 + [900, 700] + [10] * 20))
    alone = {name: evidence(curve, reasons_of(name))["key"].to_list() for name in order}
    assert alone == {
        "growth_burst_mass_share": ["2024-01-22", "2024-01-23"],
        "growth_peak_day_tail_ratio": ["2024-01-22"],
    }
    found = evidence_of_reasons(curve, reasons_of(*order))
    assert found.select("feature", "rank", "key").rows() == [
        ("growth_peak_day_tail_ratio", 1, "2024-01-22"),
        ("growth_burst_mass_share", 1, "2024-01-23"),
    ]


def test_a_reason_whose_rows_are_all_taken_shows_them_again() -> None:
    curve = growth_tables(followers=daily([10] * 20 + [900] + [10] * 20))
    found = evidence_of_reasons(curve, reasons_of(*ONE_BUSY_DAY))
    assert found.select("feature", "rank", "key").rows() == [
        ("growth_peak_day_tail_ratio", 1, "2024-01-22"),
        ("growth_burst_mass_share", 1, "2024-01-22"),
    ]


def test_reasons_of_a_cohort_share_no_row_that_they_need_not(cohort: Tables) -> None:
    names = (
        "engagement_like_rate_residual",
        "engagement_comments_per_like_residual",
        "engagement_comment_rate_residual",
    )
    asked = pl.concat([reasons_of(*names, account_id=name) for name in cohort.accounts["account_id"]])
    alone, shared = evidence(cohort, asked, 30), evidence_of_reasons(cohort, asked)
    reason, row = ["account_id", "feature"], ["account_id", "table", "key"]
    assert shared.select(reason).unique().height == alone.select(reason).unique().height > 60
    assert shared.select(*reason, "table", "key").join(alone, on=[*reason, "table", "key"], how="anti").height == 0
    twice = shared.filter(pl.struct(row).is_duplicated())
    # Of three reasons the others can only have taken all rows of one that has no more than two.
    rows = shared.group_by(reason).len("rows").join(twice.select(reason).unique(), on=reason)
    assert rows.group_by("account_id").agg(pl.col("rows").min())["rows"].max() <= len(names) - 1
    ranks = shared.group_by(reason).agg(pl.col("rank"), pl.col("push"))
    for own, pushes in ranks.select("rank", "push").iter_rows():
        assert own == list(range(1, len(own) + 1))
        assert pushes == sorted(pushes, reverse=True)


def test_the_rows_of_reasons_do_not_depend_on_company(cohort: Tables) -> None:
    names = ("engagement_like_rate_residual", "engagement_comments_per_like_residual")
    accounts = cohort.accounts["account_id"]
    asked = pl.concat([reasons_of(*names, account_id=name) for name in accounts])
    together = evidence_of_reasons(cohort, asked)
    for name in accounts[:10]:
        own = only(cohort, pl.Series("account_id", [name]))
        alone = evidence_of_reasons(own, reasons_of(*names, account_id=name))
        assert alone.equals(together.filter(pl.col("account_id") == name))


def test_nor_do_they_depend_on_company_with_more_reasons(cohort: Tables) -> None:
    few = ("engagement_comments_per_like_residual", "engagement_comments_per_view_residual")
    many = (*few, "engagement_like_rate_residual", "engagement_view_rate_residual", "engagement_comment_rate_residual")
    observed = cohort.posts.group_by("account_id").len().filter(pl.col("len") > 2 * MOST_EVIDENCE).sort("account_id")
    talkative, *others = observed["account_id"].head(30)
    asked = pl.concat([reasons_of(*few, account_id=name) for name in others])
    alone = evidence_of_reasons(cohort, asked)
    together = evidence_of_reasons(cohort, pl.concat([asked, reasons_of(*many, account_id=talkative)]))
    assert alone.height > 0
    assert alone.equals(together.filter(pl.col("account_id") != talkative))
