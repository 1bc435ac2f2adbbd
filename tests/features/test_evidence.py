"""The rows behind a value: chosen by the value's own columns, cited so that a person finds them."""

from __future__ import annotations

from dataclasses import fields

import polars as pl
import pytest

from features.catalog import features
from features.compute import compute, group_module
from features.context import with_account_context
from features.definition import GROUPS, MODEL_GROUPS, MOST_EVIDENCE
from features.evidence import EVIDENCE_SCHEMA, evidence
from features.tables import CONTRACTS, Tables, only
from simulation.cohort import simulate_cohort
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
