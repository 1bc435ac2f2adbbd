"""Ranking a campaign's candidates."""

from __future__ import annotations

import errno
from pathlib import Path

import polars as pl
import pytest

from models.scoring import REASON
from pipeline.errors import UnusableInputError
from pipeline.export import write_csv
from pipeline.scores_file import read_file
from pipeline.shortlist import shortlist, shortlist_file

SCORES_SCHEMA = {
    "account_id": pl.String,
    "platform": pl.String,
    "handle": pl.String,
    "follower_count": pl.Int64,
    "probability_inauthentic": pl.Float64,
    "authenticity_score": pl.Int64,
    "verdict": pl.String,
    "insufficient_because": pl.List(pl.String),
    "reasons": pl.List(REASON),
    "authentic_follower_share_lower": pl.Float64,
    "authentic_follower_share_estimate": pl.Float64,
    "authentic_follower_share_upper": pl.Float64,
    "expected_engagement_per_post": pl.Float64,
    "expected_engagement_per_post_lower": pl.Float64,
    "expected_engagement_per_post_upper": pl.Float64,
}
CANDIDATES_SCHEMA = {
    "campaign": pl.String,
    "account_id": pl.String,
    "platform": pl.String,
    "handle": pl.String,
    "fee": pl.Float64,
    "currency": pl.String,
}


def scores(**accounts: dict[str, object]) -> pl.DataFrame:
    blank = dict.fromkeys(SCORES_SCHEMA) | {"platform": "instagram", "insufficient_because": [], "reasons": []}
    return pl.DataFrame([blank | {"account_id": name} | row for name, row in accounts.items()], schema=SCORES_SCHEMA)


def candidates(*rows: dict[str, object]) -> pl.DataFrame:
    blank = dict.fromkeys(CANDIDATES_SCHEMA) | {"campaign": "spring"}
    return pl.DataFrame([blank | row for row in rows], schema=CANDIDATES_SCHEMA)


def test_no_candidate_gives_no_row() -> None:
    assert shortlist(candidates(), scores(a={"verdict": "pass"})).is_empty()


def test_a_candidate_nobody_scored_is_unscored_and_never_passes() -> None:
    ranked = shortlist(candidates({"account_id": "ghost"}), scores(a={"verdict": "pass"}))
    assert ranked.row(0, named=True)["verdict"] == "unscored"
    assert ranked.row(0, named=True)["insufficient_because"] == "not among the scores"


def test_verdicts_rank_before_costs_and_probabilities() -> None:
    known = scores(
        rejected={"verdict": "reject", "probability_inauthentic": 0.99},
        passed={"verdict": "pass", "probability_inauthentic": 0.1},
        unsure={"verdict": "insufficient_data"},
        odd={"verdict": "review", "probability_inauthentic": 0.5},
    )
    wanted = candidates(*({"account_id": each} for each in ("rejected", "ghost", "unsure", "odd", "passed")))
    assert shortlist(wanted, known)["account_id"].to_list() == ["passed", "odd", "unsure", "ghost", "rejected"]


def test_cost_is_fee_by_expected_engagement() -> None:
    known = scores(a={"verdict": "pass", "expected_engagement_per_post": 400.0})
    ranked = shortlist(candidates({"account_id": "a", "fee": 100.0, "currency": "EUR"}), known)
    assert ranked["cost_per_authentic_engagement"].to_list() == [100 / 400]


@pytest.mark.parametrize("engagement", [None, 0.0], ids=["not observed", "none expected"])
def test_cost_is_null_where_nothing_can_be_bought(engagement: float | None) -> None:
    known = scores(a={"verdict": "pass", "expected_engagement_per_post": engagement})
    ranked = shortlist(candidates({"account_id": "a", "fee": 100.0}), known)
    assert ranked["cost_per_authentic_engagement"].to_list() == [None]


def test_costs_decide_within_one_currency() -> None:
    known = scores(
        dear={"verdict": "pass", "expected_engagement_per_post": 10.0, "probability_inauthentic": 0.01},
        cheap={"verdict": "pass", "expected_engagement_per_post": 100.0, "probability_inauthentic": 0.2},
    )
    fees = [{"account_id": each, "fee": 50.0, "currency": "EUR"} for each in ("dear", "cheap")]
    assert shortlist(candidates(*fees), known)["account_id"].to_list() == ["cheap", "dear"]


def test_costs_in_two_currencies_are_not_compared() -> None:
    known = scores(
        euros={"verdict": "pass", "expected_engagement_per_post": 10.0, "probability_inauthentic": 0.01},
        yen={"verdict": "pass", "expected_engagement_per_post": 100.0, "probability_inauthentic": 0.2},
    )
    wanted = candidates(
        {"account_id": "yen", "fee": 50.0, "currency": "JPY"}, {"account_id": "euros", "fee": 50.0, "currency": "EUR"}
    )
    warnings: list[str] = []
    assert shortlist(wanted, known, warnings.append)["account_id"].to_list() == ["euros", "yen"]
    (said,) = warnings
    assert said.startswith("campaign 'spring': fees in EUR, JPY are not compared. Its candidates are ranked within a")


def test_each_campaign_has_ranks_of_its_own() -> None:
    known = scores(a={"verdict": "pass"}, b={"verdict": "review"})
    wanted = candidates(
        {"campaign": "spring", "account_id": "b"},
        {"campaign": "autumn", "account_id": "b"},
        {"campaign": "spring", "account_id": "a"},
    )
    ranked = shortlist(wanted, known).select("campaign", "rank", "account_id").rows()
    assert ranked == [("autumn", 1, "b"), ("spring", 1, "a"), ("spring", 2, "b")]


@pytest.mark.parametrize("handle", ["mara", "@mara", " Mara "], ids=["plain", "with at", "other case, blanks"])
def test_a_handle_finds_its_account(handle: str) -> None:
    known = scores(a={"verdict": "pass", "handle": "mara"})
    ranked = shortlist(candidates({"platform": "Instagram", "handle": handle}), known)
    assert ranked["account_id"].to_list() == ["a"]


def test_a_handle_that_two_accounts_share_matches_neither() -> None:
    known = scores(a={"verdict": "pass", "handle": "mara"}, b={"verdict": "pass", "handle": "MARA"})
    ranked = shortlist(candidates({"platform": "instagram", "handle": "mara"}), known)
    assert ranked["verdict"].to_list() == ["unscored"]


def test_authentic_followers_come_with_their_bounds() -> None:
    shares = {
        f"authentic_follower_share_{kind}": value
        for kind, value in zip(("lower", "estimate", "upper"), (0.5, 0.7, 0.9), strict=True)
    }
    known = scores(a={"verdict": "pass", "follower_count": 1000, **shares})
    row = shortlist(candidates({"account_id": "a"}), known).row(0, named=True)
    assert (row["authentic_followers_lower"], row["authentic_followers"], row["authentic_followers_upper"]) == (
        500,
        700,
        900,
    )


def test_followers_that_cannot_be_told_stay_unsaid() -> None:
    known = scores(a={"verdict": "pass", "follower_count": 1000})
    row = shortlist(candidates({"account_id": "a"}), known).row(0, named=True)
    assert [row[name] for name in row if name.startswith("authentic_followers")] == [None, None, None]


def test_the_bounds_of_the_expected_engagement_are_listed() -> None:
    bounds = {"expected_engagement_per_post_lower": 40.0, "expected_engagement_per_post_upper": 90.0}
    known = scores(a={"verdict": "pass", "expected_engagement_per_post": 80.0, **bounds})
    row = shortlist(candidates({"account_id": "a"}), known).row(0, named=True)
    assert {name: row[name] for name in bounds} == bounds


def test_missing_scores_name_the_command_that_makes_them(tmp_path: Path) -> None:
    listed = tmp_path / "candidates.csv"
    listed.write_text("campaign,account_id\nspring,a\n")
    with pytest.raises(UnusableInputError, match="python -m pipeline score"):
        shortlist_file(listed, tmp_path / "scores.parquet", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_scores_that_are_not_parquet_are_refused(tmp_path: Path) -> None:
    listed, broken = tmp_path / "candidates.csv", tmp_path / "scores.parquet"
    listed.write_text("campaign,account_id\nspring,a\n")
    broken.write_text("account_id\n")
    with pytest.raises(UnusableInputError, match="cannot be read as Parquet"):
        shortlist_file(listed, broken, tmp_path / "out")


def test_a_formula_in_a_handle_is_neutralised_in_the_file(tmp_path: Path) -> None:
    listed, file = tmp_path / "candidates.csv", tmp_path / "scores.parquet"
    listed.write_text("campaign,account_id\nspring,a\n")
    scores(a={"verdict": "pass", "handle": '=HYPERLINK("x")'}).write_parquet(file)
    shortlist_file(listed, file, tmp_path / "out")
    assert pl.read_csv(tmp_path / "out" / "shortlist.csv")["handle"].to_list() == ['\'=HYPERLINK("x")']


def test_an_account_named_by_id_and_by_handle_stands_once() -> None:
    warnings: list[str] = []
    rows = ({"account_id": "a"}, {"platform": "instagram", "handle": "@Anna"})
    ranked = shortlist(candidates(*rows), scores(a={"verdict": "pass", "handle": "anna"}), warnings.append)
    assert ranked["account_id"].to_list() == ["a"]
    assert warnings == ["candidates: line 3 says the same as line 2: counted once."]


def test_an_account_named_twice_with_different_fees_is_refused() -> None:
    rows = ({"account_id": "a", "fee": 5.0}, {"platform": "instagram", "handle": "anna", "fee": 6.0})
    with pytest.raises(UnusableInputError, match=r"lines 2 and 3 name one account, 'a'.*Found: 5\.00, 6\.00\."):
        shortlist(candidates(*rows), scores(a={"verdict": "pass", "handle": "anna"}))


def test_scores_in_csv_give_the_same_shortlist(tmp_path: Path) -> None:
    listed = tmp_path / "candidates.csv"
    listed.write_text("campaign,account_id\nspring,'=1+1\nspring,b\n")
    reason = {"feature": "f", "value": 0.5, "contribution": 1.0, "text": "seen; -0.5, and \u201cmore\u201d"}
    known = scores(
        **{"=1+1": {"verdict": "reject", "reasons": [reason]}, "b": {"verdict": "pass", "follower_count": 9}}
    )
    known.write_parquet(tmp_path / "scores.parquet")
    write_csv(known, tmp_path / "scores.csv")
    found = [shortlist_file(listed, tmp_path / f"scores.{form}", tmp_path / form) for form in ("parquet", "csv")]
    assert found[0]["verdict"].to_list() == ["pass", "reject"]
    assert found[0].equals(found[1])


def test_a_verdict_that_is_none_is_refused(tmp_path: Path) -> None:
    listed, file = tmp_path / "candidates.csv", tmp_path / "scores.parquet"
    listed.write_text("campaign,account_id\nspring,a\n")
    scores(a={"verdict": "fine"}).write_parquet(file)
    with pytest.raises(UnusableInputError, match="Found: 'fine'"):
        shortlist_file(listed, file, tmp_path / "out")


def test_scores_that_a_thread_of_polars_panics_on_are_refused(tmp_path: Path) -> None:
    damaged = Path(__file__).parents[1] / "soak" / "corpus" / "parquet_with_changed_bytes" / "labels.parquet"
    (tmp_path / "scores.parquet").write_bytes(damaged.read_bytes())
    with pytest.raises(UnusableInputError, match=r"scores\.parquet cannot be read as Parquet \(.*\)\. Score again\."):
        read_file(tmp_path / "scores.parquet", "scores")


def test_scores_that_may_not_be_read_are_no_damaged_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "scores.csv")

    (tmp_path / "scores.csv").touch()
    monkeypatch.setattr(pl, "read_csv", refuse)
    with pytest.raises(PermissionError):
        read_file(tmp_path / "scores.csv", "scores")
