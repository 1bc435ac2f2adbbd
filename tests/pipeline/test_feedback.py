"""Reviewers' outcomes: to labels, and to what they tell about the verdicts and what they cannot."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.tables import CONTRACTS, SCHEMES
from pipeline.decisions import Decisions, read_decisions
from pipeline.errors import TooManyBadRowsError, UnusableInputError
from pipeline.feedback import by_verdict, feedback_file, labels_of, selection_warnings
from tests.pipeline.dataset_builders import content_of
from tests.pipeline.projects import invoke, refused

HEADER = "account_id,decision,decided_on,reviewer,scheme,note"
CHOSEN = (
    "reject: the 20 looked at have {} probabilities than the others: they were not drawn at random, and the share "
    "found does not hold for all 40."
)
DRAWN = (
    "recall: can be told only if the 2 passes looked at were drawn at random; each of them then stands for 2.5 passes"
)
ACCOUNTS = pl.Series([f"a{number}" for number in range(200)])


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "decisions.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def decided(folder: Path, *rows: str) -> Decisions:
    return read_decisions(written(folder, *rows), ACCOUNTS, 0.05)


def problems(decisions: Decisions) -> list[str]:
    return decisions.quarantine["problem"].to_list()


def reviewed(**verdicts: str) -> pl.DataFrame:
    """Scored accounts: per verdict one letter each (i, g, u as decided, - not looked at), by rising probability."""
    words = {"i": "inauthentic", "g": "genuine", "u": "unclear", "-": None}
    rows = [
        {"verdict": verdict, "decision": words[letter], "probability_inauthentic": (place + 1) / (len(letters) + 1)}
        for verdict, letters in verdicts.items()
        for place, letter in enumerate(letters)
    ]
    schema = {"verdict": pl.String, "decision": pl.String, "probability_inauthentic": pl.Float64}
    return pl.DataFrame(rows, schema=schema)


def warnings(**verdicts: str) -> list[str]:
    found = reviewed(**verdicts)
    return selection_warnings(found, by_verdict(found))


class TestDecisions:
    def test_a_file_without_rows_decides_nothing(self, tmp_path: Path) -> None:
        found = decided(tmp_path)
        assert found.standing.is_empty()
        assert found.quarantine.is_empty()
        assert set(found.counts.values()) == {0}
        assert labels_of(found.standing).is_empty()

    def test_decisions_become_labels_of_the_contract(self, tmp_path: Path) -> None:
        found = decided(
            tmp_path,
            "a2,genuine,2026-03-01,anna,,",
            'a1, Inauthentic ,2026-03-02,anna,engagement_pod+bought_comments,"same order, twice"',
            "a3,unclear,2026-03-03,,,",
        )
        labels = labels_of(found.standing)
        contract = CONTRACTS["labels"].schema
        assert {name: contract[name] for name in labels.columns} == dict(labels.schema)
        assert labels.rows() == [
            ("a1", True, "bought_comments+engagement_pod", date(2026, 3, 2), "review"),
            ("a2", False, None, date(2026, 3, 1), "review"),
        ]
        assert (found.counts["rows_in"], found.counts["used"]) == (3, 3)

    def test_ids_copied_from_our_own_csv_are_found(self, tmp_path: Path) -> None:
        known = pl.Series(["=1+1", "'=1+1"])
        path = written(tmp_path, "'=1+1,genuine,2026-03-01,bo,,", "''=1+1,inauthentic,2026-03-01,bo,,")
        found = read_decisions(path, known, 0.05).standing
        assert found.select("account_id", "decision").rows() == [("'=1+1", "inauthentic"), ("=1+1", "genuine")]

    def test_identical_rows_are_one_whatever_is_noted_beside_them(self, tmp_path: Path) -> None:
        found = decided(tmp_path, "a1,genuine,2026-03-01,bo,,", "a1,genuine,2026-03-01,bo,,seen again")
        assert found.counts["duplicates_collapsed"] == 1
        assert found.standing.height == 1

    def test_the_newest_decision_of_a_reviewer_stands(self, tmp_path: Path) -> None:
        found = decided(tmp_path, "a1,inauthentic,2026-03-01,bo,,", "a1,genuine,2026-03-05,bo,,")
        assert labels_of(found.standing)["is_inauthentic"].to_list() == [False]
        assert found.counts["superseded"] == 1

    def test_reviewers_who_disagree_give_no_label_and_no_bad_row(self, tmp_path: Path) -> None:
        both = (("inauthentic", "anna"), ("genuine", "bo"))
        rows = [f"a{number},{word},2026-03-01,{who},," for number in range(30) for word, who in both]
        found = decided(tmp_path, *rows, "a99,genuine,2026-03-01,bo,,")
        assert found.standing["account_id"].to_list() == ["a99"]
        assert (found.counts["disagreeing"], found.counts["quarantined"]) == (60, 0)
        assert set(problems(found)) == {"the reviewers of the account disagree"}

    def test_a_definite_decision_stands_beside_an_unclear_one(self, tmp_path: Path) -> None:
        found = decided(tmp_path, "a1,unclear,2026-03-09,bo,,", "a1,inauthentic,2026-03-01,anna,engagement_pod,")
        assert found.standing.rows() == [("a1", "inauthentic", date(2026, 3, 1), "engagement_pod")]

    def test_the_schemes_of_reviewers_who_agree_are_joined(self, tmp_path: Path) -> None:
        found = decided(
            tmp_path,
            "a1,inauthentic,2026-03-01,bo,engagement_pod,",
            "a1,inauthentic,2026-03-02,anna,bought_comments+engagement_pod,",
            "a1,inauthentic,2026-03-03,carla,,",
        )
        assert found.standing["scheme"].to_list() == ["bought_comments+engagement_pod"]

    def test_accounts_that_nobody_scored_are_counted_and_left_out(self, tmp_path: Path) -> None:
        found = decided(tmp_path, "ghost,fake,never,,,", "a1,genuine,2026-03-01,,,")
        assert (found.counts["out_of_scope"], found.counts["quarantined"]) == (1, 0)

    @pytest.mark.parametrize(
        ("row", "problem"),
        [
            (
                "a1,fake,2026-03-01,,,",
                "decision 'fake' is none of inauthentic, genuine, unclear. Did you mean 'inauthentic'?",
            ),
            (
                "a1,real,2026-03-01,,,",
                "decision 'real' is none of inauthentic, genuine, unclear. Did you mean 'genuine'?",
            ),
            (
                "a1,maybe,2026-03-01,,,",
                "decision 'maybe' is none of inauthentic, genuine, unclear. Did you mean 'unclear'?",
            ),
            (
                "a1,genuin,2026-03-01,,,",
                "decision 'genuin' is none of inauthentic, genuine, unclear. Did you mean 'genuine'?",
            ),
            ("a1,xyz,2026-03-01,,,", "decision 'xyz' is none of inauthentic, genuine, unclear"),
            ("a1,genuine,yesterday,,,", "decided_on cannot be read as a date"),
            ("a1,genuine,,,,", "decided_on is null"),
            ("a1,,2026-03-01,,,", "decision is null"),
            (",genuine,2026-03-01,,,", "account_id is null"),
            ("a1,genuine,2026-03-01,,engagement_pod,", "scheme is named and the decision is not inauthentic"),
            (
                "a1,inauthentic,2026-03-01,,pods,",
                f"scheme 'pods' is none of {', '.join(SCHEMES)}",
            ),
            ("a1,genuine,2026-03-01", "the row has more or fewer cells than the header"),
        ],
        ids=[
            "a synonym of inauthentic",
            "a synonym of genuine",
            "a synonym of unclear",
            "a slip of the pen",
            "a word nobody knows",
            "no day",
            "no day at all",
            "no decision",
            "no account",
            "a genuine account with a scheme",
            "an unknown scheme",
            "a short row",
        ],
    )
    def test_a_bad_row_is_quarantined_and_not_guessed_at(self, tmp_path: Path, row: str, problem: str) -> None:
        found = decided(tmp_path, row, "a5,unclear,2026-03-01,,,")
        assert problems(found) == [problem]
        assert found.standing["account_id"].to_list() == ["a5"]
        assert (found.counts["quarantined"], found.problems) == (1, {problem: 1})

    def test_two_decisions_of_one_reviewer_and_day_are_both_quarantined(self, tmp_path: Path) -> None:
        found = decided(
            tmp_path, "a1,genuine,2026-03-01,,,", "a1,inauthentic,2026-03-01,,,", "a2,genuine,2026-03-01,,,"
        )
        assert problems(found) == ["the key (account_id, reviewer, decided_on) appears with different content"] * 2
        assert found.standing["account_id"].to_list() == ["a2"]

    def test_a_file_of_which_no_row_can_be_used_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(
            UnusableInputError, match=r"no row of .* can be used\. Found: decision 'fake' .* 'inauthentic'"
        ):
            decided(tmp_path, "a1,fake,2026-03-01,,,", "a2,fake,2026-03-01,,,")

    def test_too_many_bad_rows_are_refused(self, tmp_path: Path) -> None:
        rows = [f"a{number},{'fake' if number < 20 else 'genuine'},2026-03-01,,," for number in range(200)]
        with pytest.raises(TooManyBadRowsError, match=r"decisions: 20 of 200 rows .* decision 'fake'"):
            decided(tmp_path, *rows)
        assert decided(tmp_path, *rows[1:]).counts["quarantined"] == 19

    def test_of_a_short_list_most_rows_may_not_be_bad(self, tmp_path: Path) -> None:
        rows = [f"a{number},{'fake' if number < 6 else 'genuine'},2026-03-01,,," for number in range(11)]
        with pytest.raises(TooManyBadRowsError, match=r"decisions: 6 of 11 rows in scope were quarantined"):
            decided(tmp_path, *rows)
        assert decided(tmp_path, *rows[1:]).counts["quarantined"] == 5  # half of 10 is not most of them
        assert decided(tmp_path, *rows[2:8]).counts["quarantined"] == 4  # most of 6, but fewer than five

    @pytest.mark.parametrize(
        ("header", "message"),
        [
            ("account_id,verdict,decided_on", "decisions: column 'decision' is missing. Found: account_id, verdict"),
            ("account_id,decision,decided_at", "Did you mean 'decided_at'? Rename it to 'decided_on'."),
            ("account_id;decision;decided_on", "Separate the cells by commas."),
        ],
        ids=["no decision", "another name", "semicolons"],
    )
    def test_a_file_without_its_columns_is_refused(self, tmp_path: Path, header: str, message: str) -> None:
        with pytest.raises(UnusableInputError) as error:
            read_decisions(written(tmp_path, "a1,genuine,2026-03-01", header=header), ACCOUNTS, 0.05)
        assert message in str(error.value)

    def test_a_column_that_is_not_used_is_named(self, tmp_path: Path) -> None:
        path = written(tmp_path, "a1,genuine,2026-03-01,x", header="account_id,decision,decided_on,mood")
        assert read_decisions(path, ACCOUNTS, 0.05).warnings == [
            "decisions: columns that the contract does not know are not used: 'mood'."
        ]


class TestWhatIsTold:
    def test_where_nobody_looked_nothing_is_told(self) -> None:
        rows = by_verdict(reviewed(reject="--"))
        assert rows["reject"]["inauthentic_share"] is None
        assert rows["pass"]["looked_at_share"] is None
        assert warnings(reject="--") == [
            "decisions: none is on a scored account (ids are compared as written): nothing can be told."
        ]

    def test_shares_are_of_the_definite_ones_with_exact_intervals(self) -> None:
        row = by_verdict(reviewed(reject="iiiiiiiiigu---------", review="--"))["reject"]
        assert (row["accounts"], row["looked_at"], row["looked_at_share"]) == (20, 11, 11 / 20)
        assert (row["inauthentic"], row["genuine"], row["unclear"]) == (9, 1, 1)
        assert row["inauthentic_share"] == 9 / 10
        # 9 of 10, Clopper-Pearson 95 %: the ends that any table gives.
        assert (row["lower"], row["upper"]) == pytest.approx((0.5550, 0.9975), abs=1e-4)
        assert (row["if_unclear_genuine"], row["if_unclear_inauthentic"]) == (9 / 11, 10 / 11)

    def test_how_many_of_each_verdict_were_looked_at_is_said_first(self) -> None:
        assert warnings(**{"reject": "ii-", "pass": "g---"})[0] == (
            "selection: 3 of 7 scored accounts were looked at (pass 1 of 4; review 0 of 0; reject 2 of 3; "
            "insufficient_data 0 of 0); the share inauthentic among the labels is not the share among the scored."
        )

    @pytest.mark.parametrize(
        ("letters", "expected"),
        [
            ("i-g-i-g-", "reject: the share found holds for all 8 only if the 4 were drawn at random among them."),
            (
                "-" * 20 + "i" * 20,
                CHOSEN.format("higher"),
            ),
            (
                "i" * 20 + "-" * 20,
                CHOSEN.format("lower"),
            ),
            ("iigg", None),
        ],
        ids=["some here and there", "the most suspicious", "the least suspicious", "all of them"],
    )
    def test_for_whom_the_precision_of_rejects_holds(self, letters: str, expected: str | None) -> None:
        found = [each for each in warnings(reject=letters) if each.startswith("reject:")]
        assert found == ([] if expected is None else [expected])

    @pytest.mark.parametrize(
        ("passed", "expected"),
        [
            ("", "recall: no account passed"),
            ("----", "recall: cannot be told, nor the share of inauthentic accounts: nobody looked at a pass"),
            (
                "-" * 20 + "g" * 20,
                "recall: cannot be told, nor the share of inauthentic accounts: the passes looked at",
            ),
            (
                "-g-g-",
                DRAWN,
            ),
            ("ggi", "recall: every pass was looked at"),
        ],
        ids=["no pass", "nobody looked", "the most suspicious", "some here and there", "all of them"],
    )
    def test_whether_recall_can_be_told(self, passed: str, expected: str) -> None:
        found = warnings(**{"reject": "i", "pass": passed})
        assert [each.startswith(expected) for each in found if each.startswith("recall")] == [True]

    def test_labels_of_one_class_are_warned_of(self) -> None:
        assert warnings(reject="iii")[-1].startswith("labels: 3 inauthentic and 0 genuine: one class alone")
        assert not any(each.startswith("labels:") for each in warnings(reject="ig"))


class TestTheCommand:
    def arguments(self, tmp_path: Path, scores: pl.DataFrame, name: str = "scores.parquet") -> tuple[Any, ...]:
        ids = scores.sort("probability_inauthentic", descending=True, nulls_last=True)["account_id"]
        words = ("inauthentic", "genuine", "unclear")
        decisions = written(
            tmp_path,
            *(f"{each},{words[place % 3]},2026-03-0{place % 9 + 1},bo,," for place, each in enumerate(ids[:30])),
        )
        if name.endswith(".csv"):
            scores.select("account_id", "verdict", "probability_inauthentic").write_csv(tmp_path / name)
        else:
            scores.write_parquet(tmp_path / name)
        return ("feedback", "--decisions", decisions, "--scores", tmp_path / name, "--output", tmp_path / "out")

    def test_labels_summary_and_a_table_come_out(self, tmp_path: Path, scores: pl.DataFrame) -> None:
        done = invoke(*self.arguments(tmp_path, scores))
        assert (done.exit_code, done.stdout) == (0, "")
        assert "What reviewers found, by verdict" in " ".join(done.stderr.split())
        assert "20 labels written to" in done.stderr
        assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
            "labels.parquet",
            "quarantine",
            "summary.json",
        ]
        labels = pl.read_parquet(tmp_path / "out" / "labels.parquet")
        assert (labels.height, int(labels["is_inauthentic"].sum())) == (20, 10)
        summary = json.loads((tmp_path / "out" / "summary.json").read_text())
        assert sum(row["looked_at"] for row in summary["verdicts"].values()) == 30
        assert sum(row["accounts"] for row in summary["verdicts"].values()) == scores.height

    def test_scores_in_csv_tell_the_same(self, tmp_path: Path, scores: pl.DataFrame) -> None:
        for name, folder in (("scores.parquet", "first"), ("scores.csv", "second")):
            assert invoke(*self.arguments(tmp_path, scores, name)[:-1], tmp_path / folder, "--quiet").exit_code == 0
        assert content_of(tmp_path / "first") == content_of(tmp_path / "second")

    def test_the_order_of_rows_changes_no_byte(self, tmp_path: Path, scores: pl.DataFrame) -> None:
        arguments = self.arguments(tmp_path, scores)
        path = tmp_path / "decisions.csv"
        with path.open("a") as file:
            file.write(f"{scores['account_id'][0]},fake,2026-03-01,,,\nghost,genuine,2026-03-01,,,\n")
        assert invoke(*arguments[:-1], tmp_path / "first", "--quiet").exit_code == 0
        header, *rows = path.read_text().splitlines()
        path.write_text("\n".join([header, *reversed(rows)]) + "\n")
        assert invoke(*arguments[:-1], tmp_path / "second", "--quiet").exit_code == 0
        assert content_of(tmp_path / "first") == content_of(tmp_path / "second")

    @pytest.mark.parametrize(("changed", "code"), [("genuine", 2), ("account_id", 2)], ids=["no row", "no column"])
    def test_what_cannot_be_used_leaves_an_earlier_result(
        self, tmp_path: Path, scores: pl.DataFrame, changed: str, code: int
    ) -> None:
        arguments = self.arguments(tmp_path, scores)
        feedback_file(arguments[2], arguments[4], arguments[6])
        before = content_of(tmp_path / "out")
        path = tmp_path / "decisions.csv"
        first, second, *_ = path.read_text().splitlines()
        path.write_text(f"{first}\n{second}\n".replace("inauthentic", "genuine").replace(changed, "fake"))
        assert "decisions:" in refused(*arguments, code=code)
        assert content_of(tmp_path / "out") == before

    def test_too_many_bad_rows_end_with_three(self, tmp_path: Path, scores: pl.DataFrame) -> None:
        arguments = self.arguments(tmp_path, scores)
        path = tmp_path / "decisions.csv"
        path.write_text(path.read_text().replace("genuine", "ok").replace("unclear", "maybe"))
        assert "decisions: 20 of 30 rows in scope were quarantined" in refused(*arguments, code=3)
        assert not (tmp_path / "out").exists()
