"""The command `score`, end to end, against the data contract."""

from __future__ import annotations

import json
import pickle
import random
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.special import logit

from features.benign import OUTCOMES
from features.catalog import features
from features.compute import compute
from features.evidence import EVIDENCE_SCHEMA
from features.signals import SIGNALS
from features.sufficiency import COMMENTS_NEEDED, READINGS_NEEDED
from features.tables import CONTRACTS, INSTANT
from models.scoring import Scorer
from pipeline import aside, parts
from pipeline.dataset import bucket_ids, prepare_dataset, read_bucket
from pipeline.score import score_folder
from pipeline.score_bucket import ScoreBucket
from tests.pipeline.dataset_builders import Frames, content_of, write, write_text
from tests.pipeline.projects import ROOT, invoke, read, refused, silent

pytestmark = pytest.mark.usefixtures("few_buckets")

CONTRACT_COLUMNS = {
    "account_id": pl.String,
    "platform": pl.String,
    "handle": pl.String,
    "follower_count": pl.Int64,
    "probability_inauthentic": pl.Float64,
    "authenticity_score": pl.Int64,
    "verdict": pl.String,
    "probability_without_busiest_month": pl.Float64,
    "insufficient_because": pl.List(pl.String),
    "suspected_schemes": pl.List(pl.Struct({"scheme": pl.String, "probability": pl.Float64})),
    "reasons": pl.List(
        pl.Struct({"feature": pl.String, "value": pl.Float64, "contribution": pl.Float64, "text": pl.String})
    ),
    "signals": pl.List(pl.Struct({"signal": pl.String, "contribution": pl.Float64})),
    "authentic_follower_share_lower": pl.Float64,
    "authentic_follower_share_estimate": pl.Float64,
    "authentic_follower_share_upper": pl.Float64,
    "authentic_engagement_share_lower": pl.Float64,
    "authentic_engagement_share_estimate": pl.Float64,
    "authentic_engagement_share_upper": pl.Float64,
    "expected_engagement_per_post_lower": pl.Float64,
    "expected_engagement_per_post": pl.Float64,
    "expected_engagement_per_post_upper": pl.Float64,
    "observed_days": pl.Int64,
    "observed_posts": pl.Int64,
    "observed_comments": pl.Int64,
    "as_of": INSTANT,
    "model_version": pl.String,
    "model_sha256": pl.String,
    "catalog_hash": pl.String,
}

ALMOST_ALL = 0.97
"""A prevalence at which few accounts pass, so that most have reasons."""

TABLE_OF_GROUP = {"growth": "followers_daily", "comments": "comments", "engagement": "posts"}


def scored(scorer: Scorer, source: Path, output: Path, **options: Any) -> pl.DataFrame:
    score_folder(source, output, scorer, report=silent, **options)
    return pl.read_parquet(output / "scores.parquet")


def summary_of(output: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((output / "summary.json").read_text(encoding="utf-8"))
    return summary


def bare_accounts(*rows: dict[str, object]) -> Frames:
    """Accounts of which nothing but a row in `accounts` was observed."""
    blank = {"platform": "instagram", "follower_count": 5_000}
    return {"accounts": pl.DataFrame([blank | row for row in rows])}


def some_of(content: Frames, account_ids: list[str]) -> Frames:
    return {name: frame.filter(pl.col("account_id").is_in(account_ids)) for name, frame in content.items()}


def half_of(folder: Path) -> list[str]:
    ids: list[str] = pl.read_parquet(folder / "accounts.parquet")["account_id"].sort().head(40).to_list()
    return ids


@pytest.fixture(scope="module")
def suspicious(
    scorer: Scorer, incoming: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scores at a prevalence that lets few pass, and the features."""
    folder = tmp_path_factory.mktemp("suspicious")
    table = scored(scorer, incoming, folder / "scores", prevalence=ALMOST_ALL)
    assert invoke("features", "--input", incoming, "--output", folder / "f.parquet", "--quiet").exit_code == 0
    return table, pl.read_parquet(folder / "f.parquet")


@pytest.fixture(scope="module")
def evident(scorer: Scorer, incoming: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output folder of a run at a prevalence that lets few pass."""
    output = tmp_path_factory.mktemp("evidence")
    scored(scorer, incoming, output, prevalence=ALMOST_ALL)
    return output


@pytest.fixture(scope="module")
def folder(
    incoming: Path, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("csv")
    content = read(incoming)
    handle = pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("=1+1")).otherwise("handle")
    content["accounts"] = content["accounts"].sort("account_id").with_columns(handle=handle)
    write(folder / "in", content)
    options = ("--input", folder / "in", "--output", folder / "out", "--model", model, "--prevalence", ALMOST_ALL)
    assert invoke("score", *options, "--format", "csv", "--quiet").exit_code == 0
    rows = pl.read_csv(folder / "out" / "scores.csv", infer_schema=False).rows(named=True)
    return folder, {row["account_id"]: row for row in rows}


@pytest.fixture(scope="module")
def as_of(incoming: Path) -> datetime:
    """Ten days before the newest post."""
    newest = pl.read_parquet(incoming / "posts.parquet")["posted_at"].dt.date().max()
    assert isinstance(newest, date)
    return datetime(newest.year, newest.month, newest.day, tzinfo=UTC) - timedelta(days=10)


@pytest.fixture(scope="module")
def expected(project: Path) -> bytes:
    return (project / "data" / "scores" / "scores.parquet").read_bytes()


class TestColumns:
    def test_columns_types_and_order_are_the_contract_s(self, scores: pl.DataFrame) -> None:
        assert dict(scores.schema) == CONTRACT_COLUMNS
        assert scores.columns == list(CONTRACT_COLUMNS)

    def test_every_account_has_one_row_sorted(self, scores: pl.DataFrame, incoming: Path) -> None:
        accounts = pl.read_parquet(incoming / "accounts.parquet").sort("account_id")
        assert scores["account_id"].to_list() == accounts["account_id"].to_list()
        given_columns = ["platform", "handle", "follower_count"]
        assert scores.select(given_columns).equals(accounts.select(given_columns))

    def test_verdicts_are_the_contract_s(self, scores: pl.DataFrame) -> None:
        assert set(scores["verdict"]) <= {"pass", "review", "reject", "insufficient_data"}
        assert {"pass", "review"} <= set(scores["verdict"]), "the small model tells nobody apart"

    def test_probability_and_score_are_null_with_insufficient_data_and_only_then(self, scores: pl.DataFrame) -> None:
        insufficient = scores["verdict"] == "insufficient_data"
        assert insufficient.any()
        for column in ("probability_inauthentic", "authenticity_score"):
            assert scores[column].is_null().equals(insufficient.alias(column)), column
        assert (scores["insufficient_because"].list.len() > 0).equals(insufficient.alias("insufficient_because"))

    def test_the_score_is_the_rounded_complement_of_the_probability(self, scores: pl.DataFrame) -> None:
        told = scores.drop_nulls("probability_inauthentic")
        # The bundle's prevalence is that of the score, 0.2, so that the two columns speak of the same probability.
        expected = (100 * (1 - told["probability_inauthentic"])).round(0, mode="half_to_even").cast(pl.Int64)
        assert told["authenticity_score"].to_list() == expected.to_list()

    def test_probabilities_have_no_plateau(self, scores: pl.DataFrame) -> None:
        told = scores["probability_inauthentic"].drop_nulls()
        assert told.is_between(0, 1, closed="none").all()

    def test_reasons_and_schemes_are_empty_unless_reviewed_or_rejected(self, scores: pl.DataFrame) -> None:
        rest = scores.filter(pl.col("verdict").is_in(["pass", "insufficient_data"]))
        assert rest["reasons"].list.len().to_list() == [0] * rest.height
        assert rest["suspected_schemes"].list.len().to_list() == [0] * rest.height
        asked = scores.filter(pl.col("verdict").is_in(["review", "reject"]))
        assert asked["reasons"].list.len().sum() > 0

    def test_model_features_and_instant_are_named(self, scores: pl.DataFrame, scorer: Scorer) -> None:
        assert scores["model_version"].unique().to_list() == [scorer.bundle.version]
        assert scores["catalog_hash"].unique().to_list() == [scorer.bundle.catalog_hash]
        assert scores["model_sha256"].unique().to_list() == [scorer.bundle.sha256]
        assert scores["as_of"].n_unique() == 1

    def test_what_was_observed_is_counted(self, scores: pl.DataFrame, incoming: Path) -> None:
        for column, table in (("observed_days", "followers_daily"), ("observed_comments", "comments")):
            rows = dict(pl.read_parquet(incoming / f"{table}.parquet")["account_id"].value_counts().iter_rows())
            if table == "followers_daily":
                # A reading that was repaired as a glitch is not observed.
                assert all(row[column] <= rows.get(row["account_id"], 0) for row in scores.iter_rows(named=True))
            else:
                assert scores[column].to_list() == [rows.get(each, 0) for each in scores["account_id"]]


class TestEvidence:
    """The rows behind the reasons, in a file beside the scores."""

    def test_nobody_suspected_leaves_an_empty_file_with_all_columns(self, scorer: Scorer, tmp_path: Path) -> None:
        write(tmp_path / "in", bare_accounts({"account_id": "a"}))
        scored(scorer, tmp_path / "in", tmp_path / "out")
        found = pl.read_parquet(tmp_path / "out" / "evidence.parquet")
        assert found.height == 0
        assert found.schema == pl.Schema(EVIDENCE_SCHEMA)

    def test_evidence_stands_behind_reasons_and_nothing_else(self, evident: Path) -> None:
        found = pl.read_parquet(evident / "evidence.parquet").select("account_id", "feature").unique()
        scores = pl.read_parquet(evident / "scores.parquet").select("account_id", "reasons")
        reasons = scores.explode("reasons", empty_as_null=False).unnest("reasons").select("account_id", "feature")
        assert found.height > 50
        assert found.join(reasons, on=["account_id", "feature"], how="anti").height == 0
        # A value of nought or one may rest on no single row; nearly all have rows to show.
        assert found.height > 0.9 * reasons.height

    def test_rows_push_towards_the_suspicious_side(self, evident: Path) -> None:
        found = pl.read_parquet(evident / "evidence.parquet")
        sides = {name: entry.suspicious for name, entry in features().items()}
        pushed = found.with_columns(side=pl.col("feature").replace_strict(sides))
        assert (pushed.filter(pl.col("side") == "high")["push"] > 0).all()
        assert (pushed.filter(pl.col("side") == "low")["push"] < 0).all()

    def test_csv_holds_the_same_rows(self, evident: Path, scorer: Scorer, incoming: Path, tmp_path: Path) -> None:
        score_folder(incoming, tmp_path, scorer, prevalence=ALMOST_ALL, file_format="csv", report=silent)
        text = pl.read_csv(tmp_path / "evidence.csv", infer_schema=False)
        expected = pl.read_parquet(evident / "evidence.parquet")
        assert text.columns == list(EVIDENCE_SCHEMA)
        assert text["key"].to_list() == expected["key"].to_list()


class TestReasons:
    def test_reasons_are_strongest_first_and_push_towards_inauthentic(self, suspicious: Any) -> None:
        pushes = [[each["contribution"] for each in reasons] for reasons in suspicious[0]["reasons"].to_list()]
        assert any(len(each) > 1 for each in pushes)
        assert all(each == sorted(each, reverse=True) for each in pushes)
        assert min(push for each in pushes for push in each) > 0

    def test_reasons_lie_on_the_suspicious_side_and_say_so(self, suspicious: Any, scorer: Scorer) -> None:
        catalogue = features()
        for reasons in suspicious[0]["reasons"].to_list():
            for each in reasons:
                feature, ordinary = catalogue[each["feature"]], scorer.bundle.ordinary[each["feature"]]
                side = "high" if each["value"] > ordinary.high else "low"
                assert side == "high" or each["value"] < ordinary.low, each
                sentence = feature.sentence(each["value"], side)
                heading = SIGNALS[feature.signal].heading
                assert each["text"].startswith(f"{heading}: {sentence} (eight in ten genuine training accounts: ")
                assert feature.suspicious in (side, "both")

    def test_every_reason_tells_what_was_checked_and_no_signal_twice(self, evident: Path) -> None:
        for reasons in pl.read_parquet(evident / "scores.parquet")["reasons"].to_list():
            signals = [features()[each["feature"]].signal for each in reasons]
            assert len(signals) == len(set(signals))
            for each in reasons:
                assert any(f" {label}: " in each["text"] for label in OUTCOMES.values()), each["text"]
                assert "None" not in each["text"]

    def test_reasons_give_the_value_of_the_feature(self, suspicious: Any) -> None:
        table, values = suspicious
        known = {row["account_id"]: row for row in values.iter_rows(named=True)}
        for account_id, reasons in table.select("account_id", "reasons").iter_rows():
            for each in reasons:
                assert known[account_id][each["feature"]] == each["value"]

    def test_suspected_schemes_are_most_probable_first_and_above_the_threshold(self, suspicious: Any) -> None:
        found = [[each["probability"] for each in row] for row in suspicious[0]["suspected_schemes"].to_list()]
        assert any(found)
        assert all(each == sorted(each, reverse=True) for each in found)
        assert min(value for each in found for value in each) > 0.5

    @pytest.mark.parametrize("group", TABLE_OF_GROUP)
    def test_no_reason_comes_from_a_table_that_was_not_observed(
        self, group: str, suspicious: Any, scorer: Scorer, incoming: Path, tmp_path: Path
    ) -> None:
        def groups(table: pl.DataFrame) -> set[str]:
            return {each["feature"].split("_")[0] for reasons in table["reasons"].to_list() for each in reasons}

        whole = suspicious[0]
        assert len(groups(whole)) > 1
        content = read(incoming)
        del content[TABLE_OF_GROUP[group]]
        without = scored(scorer, write(tmp_path / "in", content), tmp_path / "out", prevalence=ALMOST_ALL)
        assert group not in groups(without)
        flags = ("--input", tmp_path / "in", "--output", tmp_path / "f.parquet", "--groups", group)
        assert invoke("features", *flags).exit_code == 0
        values = pl.read_parquet(tmp_path / "f.parquet").drop("account_id")
        assert values.null_count().row(0) == (whole.height,) * values.width


class TestSummary:
    def test_every_row_is_accounted_for(self, incoming: Path, scorer: Scorer, tmp_path: Path) -> None:
        content = read(incoming)
        ghost = content["posts"].head(2).with_columns(account_id=pl.lit("ghost"))
        late = (
            content["posts"]
            .head(1)
            .with_columns(post_id=pl.lit("late"), posted_at=pl.lit(datetime(2090, 1, 1, tzinfo=UTC)).cast(INSTANT))
        )
        bad = content["posts"].head(1).with_columns(post_id=pl.lit("bad"), like_count=pl.lit(-1, pl.Int64))
        content["posts"] = pl.concat([content["posts"], content["posts"].head(3), ghost, late, bad])
        as_of = datetime(2080, 1, 1, tzinfo=UTC)
        scored(scorer, write(tmp_path / "in", content), tmp_path / "out", as_of=as_of)
        summary = summary_of(tmp_path / "out")
        for name, rows in summary["tables"].items():
            parts = ("used", "quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of")
            assert rows["rows_in"] == content[name].height == sum(rows[part] for part in parts), name
        posts = summary["tables"]["posts"]
        found = (posts["duplicates_collapsed"], posts["out_of_scope"], posts["after_as_of"], posts["quarantined"])
        assert found == (3, 2, 1, 1)
        quarantined = pl.read_parquet(tmp_path / "out" / "quarantine" / "posts.parquet")
        assert quarantined["post_id"].to_list() == ["bad"]
        assert "like_count" in quarantined["problem"].item()

    def test_it_says_with_what_was_scored(self, incoming: Path, scorer: Scorer, tmp_path: Path) -> None:
        table = scored(scorer, incoming, tmp_path / "out", prevalence=0.3)
        summary = summary_of(tmp_path / "out")
        assert summary["prevalence"] == 0.3
        assert summary["model_version"] == scorer.bundle.version
        assert summary["catalog_hash"] == scorer.bundle.catalog_hash
        assert summary["model_sha256"] == scorer.bundle.sha256
        assert summary["thresholds"] == {
            name: getattr(scorer.bundle.thresholds, name)
            for name in ("pass_below", "reject_above", "reject_above_evidence")
        }
        assert datetime.fromisoformat(summary["as_of"]) == table["as_of"][0]
        assert summary["seconds"] > 0

    def test_a_batch_too_small_for_drift_says_so(self, incoming: Path, scorer: Scorer, tmp_path: Path) -> None:
        scored(scorer, incoming, tmp_path / "out")
        summary = summary_of(tmp_path / "out")
        assert summary["drift_warnings"] is summary["drift_warnings_found"] is None
        assert summary["drift_not_measured"] == "80 accounts; 500 are needed to tell drift from chance"

    def test_a_large_batch_without_comments_warns_and_no_score_depends_on_it(
        self, incoming: Path, scorer: Scorer, tmp_path: Path
    ) -> None:
        content = {name: frame for name, frame in read(incoming).items() if name != "comments"}
        copies = [
            {name: frame.with_columns(pl.col("account_id") + f"-{copy}") for name, frame in content.items()}
            for copy in range(7)
        ]
        many = {name: pl.concat([copy[name] for copy in copies]) for name in content}
        one, large = write(tmp_path / "one", copies[3]), write(tmp_path / "large", many)
        alone = scored(scorer, one, tmp_path / "alone")
        together = scored(scorer, large, tmp_path / "together")
        assert together.filter(pl.col("account_id").str.ends_with("-3")).equals(alone)
        summary = summary_of(tmp_path / "together")
        assert summary["drift_not_measured"] is None
        assert summary["drift_warnings_found"] >= len(summary["drift_warnings"]) > 0
        assert len(summary["drift_warnings"]) <= 10
        assert all(each["psi"] > each["expected"] for each in summary["drift_warnings"])
        (comments,) = [each for each in summary["drift_warnings"] if each["feature"].startswith("comments_")]
        assert comments["kind"] == "missing"
        assert "known of 0% of the accounts" in comments["text"]
        # Neither threads nor the order of rows nor the declared prevalence change what is said of drift.
        shuffled = {name: frame.sample(fraction=1.0, shuffle=True, seed=1) for name, frame in many.items()}
        other = write(tmp_path / "other", shuffled)
        scored(scorer, other, tmp_path / "again", jobs=2, prevalence=0.6)
        assert summary_of(tmp_path / "again")["drift_warnings"] == summary["drift_warnings"]

    def test_verdicts_are_counted_absent_ones_as_zero(self, project: Path, scores: pl.DataFrame) -> None:
        verdicts = summary_of(project / "data" / "scores")["verdicts"]
        assert list(verdicts) == sorted(["pass", "review", "reject", "insufficient_data"])
        assert verdicts == {name: (scores["verdict"] == name).sum() for name in verdicts}

    def test_the_stage_tells_no_duration(self, project: Path) -> None:
        assert summary_of(project / "data" / "scores")["seconds"] is None

    def test_a_quarantined_account_has_no_row(self, incoming: Path, scorer: Scorer, tmp_path: Path) -> None:
        content = read(incoming)
        spoilt = content["accounts"]["account_id"].sort()[0]
        count = pl.when(pl.col("account_id") == spoilt).then(-5).otherwise("follower_count")
        content["accounts"] = content["accounts"].with_columns(follower_count=count)
        table = scored(scorer, write(tmp_path / "in", content), tmp_path / "out")
        assert table.height == 80 - 1
        assert spoilt not in table["account_id"].to_list()


class TestCsv:
    def test_it_holds_what_the_parquet_holds(self, folder: Any, scorer: Scorer) -> None:
        place, rows = folder
        table = scored(scorer, place / "in", place / "parquet", prevalence=ALMOST_ALL)
        assert list(rows) == table["account_id"].to_list()
        for row in table.iter_rows(named=True):
            cells = rows[row["account_id"]]
            assert list(cells) == list(CONTRACT_COLUMNS)
            for name in ("insufficient_because", "suspected_schemes", "reasons", "signals"):
                assert json.loads(cells[name]) == row[name]
            probability = cells["probability_inauthentic"]
            assert (None if probability is None else float(probability)) == row["probability_inauthentic"]
            assert datetime.fromisoformat(cells["as_of"]) == row["as_of"]

    def test_a_formula_is_neutralised(self, folder: Any) -> None:
        assert next(iter(folder[1].values()))["handle"] == "'=1+1"

    def test_a_run_in_the_other_format_leaves_no_stale_scores(
        self, incoming: Path, scorer: Scorer, tmp_path: Path
    ) -> None:
        for form in ("parquet", "csv", "parquet"):
            score_folder(incoming, tmp_path, scorer, file_format=form, report=silent)
            names = [f"evidence.{form}", "network.parquet", "quarantine", f"scores.{form}", "summary.json"]
            assert sorted(path.name for path in tmp_path.iterdir()) == names


class TestPrevalence:
    def test_it_moves_probabilities_by_the_formula_and_no_score(
        self, incoming: Path, scorer: Scorer, scores: pl.DataFrame, tmp_path: Path
    ) -> None:
        table = scored(scorer, incoming, tmp_path / "out", prevalence=0.4)
        assert table["authenticity_score"].equals(scores["authenticity_score"])
        both = scores.join(table, on="account_id", suffix="_moved").drop_nulls("probability_inauthentic")
        expected = logit(both["probability_inauthentic"].to_numpy()) + logit(0.4) - logit(0.2)
        assert logit(both["probability_inauthentic_moved"].to_numpy()) == pytest.approx(expected, abs=1e-9)

    def test_the_model_s_own_is_the_default(
        self, incoming: Path, scorer: Scorer, scores: pl.DataFrame, tmp_path: Path
    ) -> None:
        assert scorer.bundle.prevalence == 0.2
        assert scored(scorer, incoming, tmp_path / "out", prevalence=0.2).equals(scores)

    @pytest.mark.parametrize("value", ["0", "1", "-0.2", "20", "nan", "inf", "20%", ""])
    def test_what_is_no_share_is_refused(self, value: str, incoming: Path, model: Path, tmp_path: Path) -> None:
        options = ("--input", incoming, "--output", tmp_path / "out", "--model", model)
        assert "is not a share from 0.001 to 0.999" in refused("score", *options, f"--prevalence={value}")
        assert not (tmp_path / "out").exists()


def cut_by_hand(content: Frames, as_of: datetime) -> Frames:
    """What was known at `as_of`; counts read later are null, and the followers are the newest reading's."""
    late = (pl.col("observed_at") > as_of).fill_null(False)
    readings = content["followers_daily"].filter(pl.col("date").cast(INSTANT) + timedelta(days=1) <= as_of)
    newest = readings.sort("date").group_by("account_id").agg(reading=pl.col("follower_count").last())
    accounts = content["accounts"].join(newest, on="account_id", how="left", maintain_order="left")
    created = pl.col("created_on").cast(INSTANT) + timedelta(days=1)
    return {
        "accounts": accounts.with_columns(
            *(pl.when(~late).then(name).alias(name) for name in ("following_count", "post_count", "observed_at")),
            follower_count=pl.when(late).then("reading").otherwise("follower_count"),
            created_on=pl.when(created <= as_of).then("created_on"),
        )
        .filter(pl.col("follower_count").is_not_null())
        .drop("reading"),
        "followers_daily": readings,
        "posts": content["posts"]
        .filter(pl.col("posted_at") <= as_of)
        .with_columns(
            pl.when(~late).then(name).alias(name)
            for name in ("like_count", "comment_count", "view_count", "observed_at")
        ),
        "comments": content["comments"].filter(pl.col("commented_at").is_null() | (pl.col("commented_at") <= as_of)),
    }


class TestAsOf:
    def test_it_does_what_cutting_by_hand_does(
        self, incoming: Path, model: Path, as_of: datetime, tmp_path: Path
    ) -> None:
        content = read(incoming)
        for name in ("accounts", "posts"):
            # A third was read after it, a third before, and of a third nobody knows.
            turn = pl.int_range(pl.len()) % 3
            read_at = pl.when(turn == 0).then(pl.lit(as_of + timedelta(days=1)))
            content[name] = content[name].with_columns(
                observed_at=read_at.when(turn == 1).then(pl.lit(as_of)).cast(INSTANT)
            )
        by_hand = cut_by_hand(content, as_of)
        write(tmp_path / "whole", some_of(content, by_hand["accounts"]["account_id"].to_list()))
        write(tmp_path / "cut", by_hand)
        flag = ("--as-of", as_of.isoformat())
        tables = {}
        for name, options in (("whole", flag), ("cut", ())):
            source, quiet = ("--input", tmp_path / name), ("--quiet", *options)
            out = tmp_path / f"{name}-out"
            assert invoke("features", *source, "--output", out / "features.parquet", *quiet).exit_code == 0
            assert invoke("score", *source, "--output", out, "--model", model, *quiet).exit_code == 0
            tables[name] = [pl.read_parquet(out / f"{each}.parquet") for each in ("features", "scores")]
        assert tables["whole"][0].equals(tables["cut"][0])
        # `follower_count` is shown as it was given; `as_of` is the newest row where no flag names it.
        shown = ("follower_count", "as_of")
        assert tables["whole"][1].drop(shown).equals(tables["cut"][1].drop(shown))
        assert tables["whole"][1]["as_of"].unique().to_list() == [as_of]
        assert summary_of(tmp_path / "whole-out")["tables"]["followers_daily"]["after_as_of"] > 0

    def test_a_bare_date_is_the_end_of_its_day(
        self, incoming: Path, model: Path, as_of: datetime, tmp_path: Path
    ) -> None:
        day = as_of.date()
        for name, text in (("date", day.isoformat()), ("instant", f"{day + timedelta(days=1)}T00:00:00Z")):
            options = ("--input", incoming, "--output", tmp_path / name, "--model", model, "--as-of", text, "--quiet")
            assert invoke("score", *options).exit_code == 0
        assert (tmp_path / "date" / "scores.parquet").read_bytes() == (
            tmp_path / "instant" / "scores.parquet"
        ).read_bytes()

    def test_before_everything_nothing_is_known_of_anybody(
        self, incoming: Path, scorer: Scorer, tmp_path: Path
    ) -> None:
        table = scored(scorer, incoming, tmp_path / "out", as_of=datetime(1999, 1, 1, tzinfo=UTC))
        assert table.height == 80
        # Comments may come without an instant, and such cannot be cut.
        timeless = table["observed_comments"] > 0
        assert (table["observed_days"] + table["observed_posts"]).to_list() == [0] * 80
        assert not timeless.all()
        assert set(table.filter(~timeless)["verdict"]) == {"insufficient_data"}

    @pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "9999-12-31", "0001-01-01T00:00:00+09:00", ""])
    def test_what_is_no_instant_is_refused(self, text: str, incoming: Path, model: Path, tmp_path: Path) -> None:
        options = ("--input", incoming, "--output", tmp_path / "out", "--model", model, "--as-of", text)
        assert "is not an ISO 8601 instant such as 2026-02-01T00:00:00Z" in refused("score", *options)


class TestInvariance:
    """Equal content gives equal bytes, however it was written."""

    @pytest.mark.parametrize("form", ["parquet", "csv", "jsonl.gz", "parts"])
    def test_form_parts_and_order_of_rows(
        self, form: str, expected: bytes, incoming: Path, scorer: Scorer, tmp_path: Path
    ) -> None:
        shuffled = {name: frame.sample(fraction=1, shuffle=True, seed=3) for name, frame in read(incoming).items()}
        scored(scorer, write(tmp_path / "in", shuffled, form), tmp_path / "out")
        assert (tmp_path / "out" / "scores.parquet").read_bytes() == expected

    @pytest.mark.parametrize(("buckets", "jobs"), [(16, 2), (1, 1)], ids=["many, two workers", "a single one"])
    def test_buckets_and_workers(
        self,
        buckets: int,
        jobs: int,
        expected: bytes,
        incoming: Path,
        model: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(aside, "BUCKETS", buckets)
        options = ("--input", incoming, "--output", tmp_path / "out", "--model", model, "--jobs", jobs, "--quiet")
        assert invoke("score", *options).exit_code == 0
        assert (tmp_path / "out" / "scores.parquet").read_bytes() == expected

    @pytest.mark.parametrize("file_format", ["parquet", "csv"])
    def test_ranges_that_the_result_is_put_together_from(
        self, file_format: str, incoming: Path, scorer: Scorer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = [f"{table}.{file_format}" for table in ("scores", "evidence")]
        options: dict[str, Any] = {"file_format": file_format, "prevalence": ALMOST_ALL, "timed": False}
        options |= {"previous": tmp_path / "earlier" / "scores.parquet", "report": silent}
        scored(scorer, write(tmp_path / "half", some_of(read(incoming), half_of(incoming))), tmp_path / "earlier")
        score_folder(incoming, tmp_path / "whole", scorer, **options)
        monkeypatch.setattr(parts, "ACCOUNTS_PER_RANGE", 13)
        score_folder(incoming, tmp_path / "ranges", scorer, **options)
        for name in [*names, "summary.json"]:
            assert (tmp_path / "ranges" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
        assert summary_of(tmp_path / "ranges")["previous"]["accounts_in_both"] == 40

    @pytest.mark.parametrize(("buckets", "jobs"), [(1, 1), (7, 2)], ids=["a single one", "seven, two workers"])
    def test_evidence_of_any_buckets(
        self,
        buckets: int,
        jobs: int,
        evident: Path,
        incoming: Path,
        scorer: Scorer,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(aside, "BUCKETS", buckets)
        scored(scorer, incoming, tmp_path, prevalence=ALMOST_ALL, jobs=jobs)
        assert (tmp_path / "evidence.parquet").read_bytes() == (evident / "evidence.parquet").read_bytes()

    def test_a_bucket_is_scored_alike_by_what_was_sent_to_another_process(
        self, incoming: Path, scorer: Scorer, tmp_path: Path
    ) -> None:
        prepare_dataset(incoming, tmp_path / "here", as_of=None, buckets=2, max_quarantined_share=0.05)
        work = ScoreBucket.of(tmp_path / "here", scorer, ALMOST_ALL)
        counts = work(1)
        written = content_of(tmp_path / "here")
        twin = pickle.loads(pickle.dumps(work))  # noqa: S301 - made on the spot
        found = twin(1)
        assert found.verdicts == counts.verdicts
        assert content_of(tmp_path / "here") == written
        assert (found + counts).verdicts.total() == 2 * counts.verdicts.total() > 0

    def test_an_account_alone_has_the_row_that_it_has_in_the_batch(
        self, incoming: Path, scorer: Scorer, scores: pl.DataFrame, tmp_path: Path
    ) -> None:
        content = read(incoming)
        for verdict in scores["verdict"].unique().sort():
            row = scores.filter(pl.col("verdict") == verdict).head(1)
            source = write(tmp_path / verdict / "in", some_of(content, row["account_id"].to_list()))
            alone = scored(scorer, source, tmp_path / verdict / "out")
            assert alone.drop("as_of").equals(row.drop("as_of")), verdict

    @settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(seed=st.integers(0, 10**6), size=st.integers(1, 12), buckets=st.integers(1, 3))
    def test_features_depend_on_no_other_account_and_on_no_order(
        self, seed: int, size: int, buckets: int, incoming: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        def computed(content: Frames, name: str, count: int) -> pl.DataFrame:
            prepared = folder / f"{name}-prepared"
            prepare_dataset(
                write(folder / name, content), prepared, as_of=None, buckets=count, max_quarantined_share=0.05
            )
            return pl.concat(compute(read_bucket(prepared, each)) for each in bucket_ids(prepared)).sort("account_id")

        folder = tmp_path_factory.mktemp("features")
        content = read(incoming)
        everybody = content["accounts"]["account_id"].to_list()
        chosen = random.Random(seed).sample(everybody, size)  # noqa: S311 - a sample of accounts, no secret
        shuffled = {
            name: frame.sample(fraction=1, shuffle=True, seed=seed) for name, frame in some_of(content, chosen).items()
        }
        expected = computed(some_of(content, everybody[:40] + chosen), "more", 1)
        expected = expected.filter(pl.col("account_id").is_in(chosen))
        assert computed(shuffled, "fewer", buckets).equals(expected)


class TestLittleData:
    def test_an_account_of_which_nothing_was_observed_lacks_all_three(self, scorer: Scorer, tmp_path: Path) -> None:
        table = scored(scorer, write(tmp_path / "in", bare_accounts({"account_id": "bare"})), tmp_path / "out")
        row = table.row(0, named=True)
        assert row["verdict"] == "insufficient_data"
        assert row["insufficient_because"] == [
            "0 readings; 14 are needed",
            "0 posts older than 48 hours with counts; 3 are needed",
            "0 comments; 20 are needed",
        ]
        assert (row["observed_days"], row["observed_posts"], row["observed_comments"]) == (0, 0, 0)
        assert row["as_of"] is None
        assert dict(table.schema) == CONTRACT_COLUMNS

    @pytest.mark.parametrize(
        ("followers", "said"),
        [(0, True), (199, True), (200, False), (5_000_000, False), (5_000_001, True)],
        ids=["nobody", "just too few", "fewest", "most", "just too many"],
    )
    def test_accounts_out_of_range_get_no_verdict(
        self,
        followers: int,
        said: bool,  # noqa: FBT001
        scorer: Scorer,
        incoming: Path,
        scores: pl.DataFrame,
        tmp_path: Path,
    ) -> None:
        chosen = scores.filter(pl.col("verdict") == "pass")["account_id"].head(1).to_list()
        content = some_of(read(incoming), chosen)
        content["accounts"] = content["accounts"].with_columns(follower_count=pl.lit(followers, pl.Int64))
        row = scored(scorer, write(tmp_path / "in", content), tmp_path / "out").row(0, named=True)
        text = f"{followers:,} followers; 200 to 5,000,000 are in range"
        assert (text in row["insufficient_because"]) == said
        assert row["verdict"] == "insufficient_data" or not said

    def test_no_account_left_is_an_empty_table(self, scorer: Scorer, tmp_path: Path) -> None:
        source = write_text(tmp_path / "in", accounts__csv="account_id,platform,follower_count\na,instagram,-4\n")
        table = scored(scorer, source, tmp_path / "out")
        assert table.is_empty()
        assert dict(table.schema) == CONTRACT_COLUMNS


class TestRefusals:
    @pytest.fixture
    def spoilt(self, incoming: Path, tmp_path: Path) -> Path:
        """A batch with 30 bad rows among 100 comments."""
        content = read(incoming)
        likes = pl.when(pl.int_range(pl.len()) < 30).then(-1).otherwise("like_count")
        content["comments"] = content["comments"].head(100).with_columns(like_count=likes)
        return write(tmp_path / "spoilt", content)

    def test_a_failed_run_leaves_an_earlier_output_untouched(
        self, spoilt: Path, incoming: Path, scorer: Scorer, model: Path, tmp_path: Path
    ) -> None:
        scored(scorer, incoming, tmp_path / "out")
        before = content_of(tmp_path / "out")
        options = ("--output", tmp_path / "out", "--model", model)
        message = refused("score", "--input", spoilt, *options, code=3)
        assert message.startswith("comments: ")
        assert "accounts: the table is missing" in refused("score", "--input", tmp_path, *options)
        assert content_of(tmp_path / "out") == before

    def test_a_failed_run_makes_no_output(self, spoilt: Path, model: Path, tmp_path: Path) -> None:
        refused("score", "--input", spoilt, "--output", tmp_path / "out", "--model", model, code=3)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["spoilt"]

    def test_a_write_that_fails_leaves_an_earlier_output_untouched(
        self, incoming: Path, scorer: Scorer, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        scored(scorer, incoming, tmp_path / "out")
        before = content_of(tmp_path / "out")
        monkeypatch.setattr("pipeline.score.write_parquet_parts", full)
        options = ("--input", incoming, "--output", tmp_path / "out", "--model", model, "--prevalence", 0.5)
        assert "No space left on device" in refused("score", *options)
        assert content_of(tmp_path / "out") == before

    def test_a_file_in_the_place_of_the_output(self, incoming: Path, model: Path, tmp_path: Path) -> None:
        place = tmp_path / "out"
        place.write_text("mine")
        message = refused("score", "--input", incoming, "--output", place, "--model", model)
        assert message == f"output: '{place}' is not a folder. Found: a file. Give a folder."
        assert place.read_text() == "mine"

    @pytest.mark.parametrize("command", ["score", "evaluate", "features"])
    def test_an_output_below_a_file(self, command: str, incoming: Path, model: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("mine")
        options = () if command == "features" else ("--model", model)
        message = refused(command, "--input", incoming, "--output", tmp_path / "file" / "deeper" / "out", *options)
        assert message.startswith("files: ")
        assert "may be read and written to" in message

    @pytest.mark.parametrize("exists", [False, True], ids=["to be made", "there already"])
    def test_an_output_that_may_not_be_written_to(
        self,
        exists: bool,  # noqa: FBT001
        incoming: Path,
        model: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def forbidden(**options: object) -> str:
            # Root may write anywhere, so that a mode of the folder would test nothing where root runs the tests.
            raise PermissionError(13, "Permission denied", str(options["dir"]))

        place = tmp_path / "out"
        if exists:
            place.mkdir()
        monkeypatch.setattr("pipeline.aside.tempfile.mkdtemp", forbidden)
        message = refused("score", "--input", incoming, "--output", place, "--model", model)
        assert "Permission denied" in message
        assert str(place if exists else tmp_path) in message

    def test_a_real_process_ends_with_the_message_and_no_trace(self, tmp_path: Path, model: Path) -> None:
        write_text(tmp_path / "in", accounts__csv="account_id,followers\na,5\n")
        command = [sys.executable, "-m", "pipeline", "score", "--input", "in", "--output", "out", "--model", str(model)]
        done = subprocess.run(
            command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        assert done.stderr.splitlines() == [
            "accounts: column 'platform' is missing. Found: account_id, followers. Add it.",
            (
                "accounts: column 'follower_count' is missing. Found: account_id, followers. Did you mean 'followers'? "
                "Rename it to 'follower_count'."
            ),
        ]


class TestPlaces:
    def test_the_output_is_made_with_its_parents(self, incoming: Path, scorer: Scorer, tmp_path: Path) -> None:
        scored(scorer, incoming, tmp_path / "a" / "b" / "out")
        assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == ["out"]

    def test_strangers_in_the_output_stay(self, incoming: Path, scorer: Scorer, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("mine")
        scored(scorer, incoming, tmp_path)
        names = [
            "evidence.parquet",
            "network.parquet",
            "notes.txt",
            "quarantine",
            "scores.parquet",
            "summary.json",
        ]
        assert sorted(path.name for path in tmp_path.iterdir()) == names

    def test_the_output_may_be_the_input(
        self, incoming: Path, scorer: Scorer, scores: pl.DataFrame, tmp_path: Path
    ) -> None:
        shutil.copytree(incoming, tmp_path / "batch")
        before = content_of(incoming)
        assert scored(scorer, tmp_path / "batch", tmp_path / "batch").equals(scores)
        assert before.items() <= content_of(tmp_path / "batch").items()

    def test_the_project_s_own_bundle_is_the_default(
        self, project: Path, incoming: Path, scores: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(project)
        assert invoke("score", "--input", incoming, "--output", tmp_path / "out", "--quiet").exit_code == 0
        assert pl.read_parquet(tmp_path / "out" / "scores.parquet").equals(scores)

    def test_labels_in_the_folder_change_nothing(self, labelled: Path, scorer: Scorer, tmp_path: Path) -> None:
        content = read(labelled)
        with_labels = scored(scorer, write(tmp_path / "with", content), tmp_path / "with-out")
        del content["labels"]
        assert scored(scorer, write(tmp_path / "without", content), tmp_path / "without-out").equals(with_labels)
        assert set(CONTRACTS["labels"].schema) & set(with_labels.columns) == {"account_id"}


def test_what_is_required_and_kept_back_is_no_pass(scorer: Scorer, incoming: Path, tmp_path: Path) -> None:
    plain = scored(scorer, incoming, tmp_path / "plain")
    needed = scored(scorer, incoming, tmp_path / "needed", required=("days", "comments"))
    lacks = (pl.col("observed_days") < READINGS_NEEDED) | (pl.col("observed_comments") < COMMENTS_NEEDED)
    assert plain.filter(lacks & (pl.col("verdict") == "pass")).height > 0
    assert set(needed.filter(lacks)["verdict"]) == {"insufficient_data"}
    assert needed.filter(~lacks).equals(plain.filter(~lacks))
    silent_one = needed.filter((pl.col("observed_days") == 0) & (pl.col("observed_comments") >= COMMENTS_NEEDED)).row(
        0, named=True
    )
    assert f"days are required: at least {READINGS_NEEDED}" in silent_one["insufficient_because"]
    assert summary_of(tmp_path / "needed")["required"] == ["days", "comments"]
    assert "required" not in summary_of(tmp_path / "plain")


def test_the_command_takes_what_is_required(incoming: Path, tmp_path: Path) -> None:
    ran = invoke("score", "--input", incoming, "--output", tmp_path, "--require", "posts", "--quiet")
    assert ran.exit_code == 0
    assert summary_of(tmp_path)["required"] == ["posts"]
    refused = invoke("score", "--input", incoming, "--output", tmp_path, "--require", "likes", "--quiet")
    assert refused.exit_code == 2
