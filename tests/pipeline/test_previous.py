"""`score --previous`: what changed since an account was scored before, beside scores that stay as they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.tables import INSTANT
from pipeline.errors import UnusableInputError
from pipeline.export import write_csv
from pipeline.previous import COLUMNS, compare, read_previous
from tests.pipeline.projects import invoke, refused

MARCH, APRIL = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4))
ADDED = [
    "previous_verdict",
    "previous_probability_inauthentic",
    "previous_as_of",
    "previous_model_version",
    "changed",
]
BURST = {"feature": "growth_peak_day_share", "text": "80% of all new followers arrived on a single day"}
REPEATS = {"feature": "comments_repeat_share", "text": "half of the comments repeat another one"}


def scores(*rows: dict[str, Any]) -> pl.DataFrame:
    blank = {"verdict": "review", "probability_inauthentic": 0.5, "reasons": [], "as_of": MARCH, "model_version": "one"}
    return pl.DataFrame([blank | row for row in rows], schema=COLUMNS)


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str] | None:
    found = compare(scores({"account_id": "a"} | after), scores({"account_id": "a"} | before)).scores
    return found["changed"].to_list()[0]


def test_no_account_gives_no_row_and_says_that_none_was_found() -> None:
    compared = compare(scores(), scores())
    assert compared.scores.height == 0
    assert compared.scores.columns[-5:] == ADDED
    assert compared.changes.summary()["accounts_in_both"] == 0
    assert compared.changes.warnings() == [
        "previous: none of the accounts is among the earlier scores (ids are compared as written)."
    ]


def test_what_was_said_earlier_stands_beside_what_is_said_now() -> None:
    before = scores({"account_id": "a", "verdict": "pass", "probability_inauthentic": 0.125, "model_version": "zero"})
    row = compare(scores({"account_id": "a", "as_of": APRIL}), before).scores.row(0, named=True)
    assert [row[name] for name in ADDED[:4]] == ["pass", 0.125, MARCH, "zero"]


def test_an_account_that_was_not_scored_before_has_nulls_and_no_empty_list() -> None:
    found = compare(scores({"account_id": "new"}, {"account_id": "old"}), scores({"account_id": "old"})).scores
    assert found.select(ADDED).row(0) == (None,) * 5
    assert found["changed"].to_list() == [None, []]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({}, {"probability_inauthentic": 0.6}, [], id="a probability alone is no change"),
        pytest.param({"verdict": "review"}, {"verdict": "pass"}, ["verdict review -> pass"], id="another verdict"),
        pytest.param(
            {"model_version": "zero"},
            {},
            ["model version changed, zero -> one: the two scores may not compare"],
            id="another model",
        ),
        pytest.param(
            {"reasons": [BURST]},
            {"reasons": [REPEATS]},
            [f"reason gone: {BURST['text']}", f"reason new: {REPEATS['text']}"],
            id="one reason for another",
        ),
        pytest.param({"reasons": [BURST]}, {"reasons": [BURST | {"text": "70%"}]}, [], id="the same reason, reworded"),
        pytest.param(
            {"reasons": [BURST]},
            {"verdict": "pass"},
            ["verdict review -> pass"],
            id="a pass shows no reasons, so none is gone",
        ),
        pytest.param(
            {"verdict": "insufficient_data", "probability_inauthentic": None},
            {"reasons": [BURST]},
            ["verdict insufficient_data -> review"],
            id="no verdict shows no reasons, so none is new",
        ),
    ],
)
def test_changes_are_told_in_words(before: dict[str, Any], after: dict[str, Any], expected: list[str]) -> None:
    assert changes(before, after) == expected


def test_the_summary_counts_verdicts_that_changed_and_accounts_that_came_and_went() -> None:
    after = scores(*({"account_id": each, "verdict": "pass"} for each in "abc"), {"account_id": "new"})
    before = scores(
        {"account_id": "a"}, {"account_id": "b"}, {"account_id": "c", "verdict": "pass"}, {"account_id": "x"}
    )
    assert compare(after, before).changes.summary() == {
        "accounts_in_both": 3,
        "accounts_new": 1,
        "accounts_gone": 1,
        "verdicts_changed": {"review -> pass": 2},
        "model_versions": ["one"],
        "as_of": ["2026-03-01T00:00:00+00:00"],
    }


def test_scores_of_another_model_or_of_newer_data_are_warned_of() -> None:
    before = scores({"account_id": "a", "model_version": "zero", "as_of": APRIL}, {"account_id": "b"})
    assert compare(scores({"account_id": "a"}, {"account_id": "b"}), before).changes.warnings() == [
        "previous: 1 earlier scores are of another model (zero): what changed may be the model and not the account.",
        "previous: 1 earlier scores rest on newer data than these.",
    ]


def test_a_csv_reads_as_the_parquet_it_was_made_of(scores: pl.DataFrame, tmp_path: Path) -> None:
    odd = scores.head(40).with_columns(account_id=pl.lit("=") + pl.col("account_id"))
    odd.write_parquet(tmp_path / "scores.parquet")
    write_csv(odd, tmp_path / "scores.csv")
    read = read_previous(tmp_path / "scores.csv")
    assert read["reasons"].list.len().sum() > 0
    assert read.equals(read_previous(tmp_path / "scores.parquet"))
    assert read["account_id"][0].startswith("=")


class TestABadFile:
    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(
            UnusableInputError, match=r"previous: .*none\.parquet is missing\. Name the scores\.parquet"
        ):
            read_previous(tmp_path / "none.parquet")

    @pytest.mark.parametrize(("name", "form"), [("scores.parquet", "Parquet"), ("scores.csv", "CSV")])
    def test_a_file_of_another_kind(self, tmp_path: Path, name: str, form: str) -> None:
        (tmp_path / name).write_text("a,b\n1,2,3\n")
        with pytest.raises(UnusableInputError, match=rf"previous: .* cannot be read as {form}"):
            read_previous(tmp_path / name)

    def test_columns_that_are_missing_are_all_named(self, tmp_path: Path) -> None:
        frame = scores({"account_id": "a"}).drop("reasons").rename({"verdict": "verdicts"})
        frame.write_parquet(tmp_path / "scores.parquet")
        with pytest.raises(UnusableInputError) as error:
            read_previous(tmp_path / "scores.parquet")
        assert "Did you mean 'verdicts'? Rename it to 'verdict'." in error.value.problems[0]
        assert [each.split()[2] for each in error.value.problems] == ["'verdict'", "'reasons'"]

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"probability_inauthentic": "much"}, "column 'probability_inauthentic' of .* holds something else"),
            ({"reasons": "none"}, "column 'reasons' of .* holds something else"),
            ({"as_of": "yesterday"}, "column 'as_of' of .* holds something else"),
            (
                {"verdict": "fake"},
                r"verdicts of .* are none of pass, review, reject, insufficient_data\. Found: 'fake'",
            ),
            ({"account_id": None}, "1 rows of .* have no account_id"),
        ],
        ids=[
            "a probability in words",
            "reasons that are no JSON",
            "a day in words",
            "no verdict of ours",
            "no account",
        ],
    )
    def test_cells_that_scores_do_not_hold(self, tmp_path: Path, wrong: dict[str, Any], message: str) -> None:
        cells = {
            "account_id": "a",
            "verdict": "pass",
            "probability_inauthentic": "0.1",
            "reasons": "[]",
            "as_of": "2026-03-01T00:00:00.000000Z",
            "model_version": "one",
        }
        pl.DataFrame([cells | wrong], schema=dict.fromkeys(cells, pl.String)).write_csv(tmp_path / "scores.csv")
        with pytest.raises(UnusableInputError, match=message):
            read_previous(tmp_path / "scores.csv")

    def test_an_account_twice(self, tmp_path: Path) -> None:
        scores({"account_id": "a"}, {"account_id": "a"}).write_parquet(tmp_path / "scores.parquet")
        with pytest.raises(UnusableInputError, match=r"1 accounts stand in .* more than once\. Found: a\."):
            read_previous(tmp_path / "scores.parquet")

    def test_instants_in_another_type(self, tmp_path: Path) -> None:
        scores({"account_id": "a"}).with_columns(as_of=pl.lit(1)).write_parquet(tmp_path / "scores.parquet")
        with pytest.raises(UnusableInputError, match=r"column 'as_of' of .* Found: Int32, such as \[1\]"):
            read_previous(tmp_path / "scores.parquet")


@pytest.mark.usefixtures("few_buckets")
class TestTheCommand:
    def test_scores_do_not_change_by_a_bit(
        self, incoming: Path, model: Path, scores: pl.DataFrame, tmp_path: Path
    ) -> None:
        known, gone = scores.head(60), scores.head(1).with_columns(account_id=pl.lit("gone"))
        other = pl.when(pl.int_range(60) < 10).then(pl.lit("another")).otherwise("model_version").alias("model_version")
        flipped = pl.when(pl.col("verdict") == "pass").then(pl.lit("review")).otherwise("verdict").alias("verdict")
        # The earlier file may be the one that is replaced.
        out = tmp_path / "out"
        out.mkdir()
        pl.concat([known.with_columns(other, flipped), gone]).write_parquet(out / "scores.parquet")
        done = invoke(
            "score", "--input", incoming, "--output", out, "--model", model, "--previous", out / "scores.parquet"
        )
        assert done.exit_code == 0
        assert done.stdout == ""
        found = pl.read_parquet(out / "scores.parquet")
        assert found.columns == [*scores.columns, *ADDED]
        assert found.select(scores.columns).equals(scores, null_equal=True)
        assert found.schema["changed"] == pl.List(pl.String)
        assert found.schema["previous_as_of"] == INSTANT
        assert found["changed"].is_null().to_list() == [False] * 60 + [True] * 20
        summary = json.loads((out / "summary.json").read_text())
        assert [summary["previous"][f"accounts_{name}"] for name in ("in_both", "new", "gone")] == [60, 20, 1]
        passes = int((known["verdict"] == "pass").sum())
        assert summary["previous"]["verdicts_changed"] == {"review -> pass": passes}
        assert any("10 earlier scores are of another model (another)" in each for each in summary["warnings"])
        assert f"verdicts changed: review -> pass: {passes}" in " ".join(done.stderr.split())

    def test_csv_in_and_out(self, incoming: Path, model: Path, scores: pl.DataFrame, tmp_path: Path) -> None:
        write_csv(scores, tmp_path / "earlier.csv")
        arguments = ("--model", model, "--previous", tmp_path / "earlier.csv", "--format", "csv", "--quiet")
        assert invoke("score", "--input", incoming, "--output", tmp_path / "out", *arguments).exit_code == 0
        found = pl.read_csv(tmp_path / "out" / "scores.csv", infer_schema=False)
        assert found["changed"].unique().to_list() == ["[]"]
        assert found["previous_as_of"].equals(found["as_of"].alias("previous_as_of"))

    def test_a_bad_earlier_file_stops_the_command_before_it_writes(
        self, incoming: Path, model: Path, tmp_path: Path
    ) -> None:
        message = refused(
            *("score", "--input", incoming, "--output", tmp_path / "out", "--model", model),
            *("--previous", tmp_path / "nowhere.parquet"),
        )
        assert "nowhere.parquet is missing" in message
        assert not (tmp_path / "out").exists()
