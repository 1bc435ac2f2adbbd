"""Pages of a batch and its accounts: complete, self-contained, and text from data stays text."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.evidence import EVIDENCE_SCHEMA
from features.tables import CONTRACTS, Tables
from pages.account import account_view
from pages.batch import batch_view, table_json
from pages.charts import DELAY_LABELS, stretch
from pages.observed import observed
from pages.render import page
from pipeline.errors import UnusableInputError
from pipeline.report import COLUMNS, address, report_folder
from pipeline.storage import write_parquet
from tests.pipeline.dataset_builders import table, write
from tests.pipeline.projects import invoke, read, silent

HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "the end of a script": "</script><script>alert(1)</script>",
    "an attribute": '" onmouseover="alert(1)',
    "a template": "{{ 7 * 7 }}{% raw %}",
    "right to left": "\u202eabc \u05e9\u05dc\u05d5\u05dd",
    "zero width": "a\u200bb\u200dc\ufeff",
    "10,000 characters": "x" * 10_000,
    "line separators": "a\u2028b\u2029c",
}


class Page(HTMLParser):
    """What a browser would make of a page: elements, attributes that lead elsewhere or run, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.leading: list[str] = []
        self.running: list[str] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.leading += [value or "" for name, value in attrs if name in ("src", "href", "action", "data")]
        self.running += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def words(self) -> str:
        """The text as a person reads it, element after element."""
        return " ".join(" ".join(self.texts).split())


def score_row(account_id: str = "a1", **columns: Any) -> dict[str, Any]:
    given = {
        "account_id": account_id,
        "platform": "instagram",
        "handle": "someone",
        "follower_count": 12_000,
        "probability_inauthentic": 0.9,
        "authenticity_score": 10,
        "verdict": "reject",
        "insufficient_because": [],
        "suspected_schemes": [{"scheme": "bought_comments", "probability": 0.8}],
        "reasons": [
            {
                "feature": "comments_repeated_text_share",
                "value": 0.5,
                "contribution": 1.2,
                "text": "Comments alike: half repeat (eight in ten: 0% to 1%). May explain it: one occasion (a post). "
                "Not checkable: other scripts (not observed).",
            }
        ],
        "observed_days": 0,
        "observed_posts": 0,
        "observed_comments": 20,
        "as_of": datetime(2026, 1, 31, tzinfo=UTC),
        "model_version": "0123456789abcdef",
        "catalog_hash": "fedcba9876543210",
    }
    return dict.fromkeys(COLUMNS) | given | columns


def scores_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=COLUMNS)


def written_tables(place: Path, tables: dict[str, list[dict[str, Any]]]) -> Path:
    return write(place, {name: table(name, rows) for name, rows in tables.items() if rows})


def folder_of(place: Path, *, texts: tuple[str, ...] = (), handle: str = "someone", account_id: str = "a1") -> Path:
    """One account with daily readings, posts and two people's comments."""
    day = date(2026, 1, 1)
    start = datetime(2026, 1, 1, 12, tzinfo=UTC)
    return written_tables(
        place,
        {
            "accounts": [
                {"account_id": account_id, "platform": "instagram", "handle": handle, "follower_count": 12_000}
            ],
            "followers_daily": [
                {"account_id": account_id, "date": day + timedelta(days=i), "follower_count": 11_000 + 50 * i}
                for i in range(20)
            ],
            "posts": [
                {
                    "account_id": account_id,
                    "post_id": f"p{i}",
                    "posted_at": start + timedelta(days=i),
                    "like_count": 300 + i,
                    "comment_count": 5,
                }
                for i in range(6)
            ],
            "comments": [
                {
                    "account_id": account_id,
                    "post_id": f"p{i % 6}",
                    "comment_id": f"c{i}-{person}",
                    "commenter_id": f"secret-{person}",
                    "commented_at": start + timedelta(days=i % 6, hours=2),
                    "text": text,
                }
                for i, text in enumerate(texts)
                for person in (1, 2)
            ],
        },
    )


def written(folder: Path, scores: pl.DataFrame, output: Path, **options: Any) -> dict[str, int]:
    place = output.parent / "scored" / "scores.parquet"
    write_parquet(scores, place)
    return report_folder(folder, place, output, report=silent, **options)


def only_account_page(output: Path) -> str:
    (file,) = (output / "accounts").iterdir()
    return file.read_text(encoding="utf-8")


def test_a_batch_of_no_account_has_a_page() -> None:
    html = page("batch.html", batch_view(scores_of(), None, {}))
    assert "Authenticity of 0 accounts" in html


def test_rejects_and_reviews_have_a_page_each_by_default(incoming: Path, project: Path, tmp_path: Path) -> None:
    scores = project / "data" / "scores" / "scores.parquet"
    counts = report_folder(incoming, scores, tmp_path / "pages", report=silent)
    asked = pl.read_parquet(scores).filter(pl.col("verdict").is_in(["review", "reject"]))["account_id"].to_list()
    assert counts == {"accounts": 80, "pages": len(asked)}
    assert {file.name for file in (tmp_path / "pages" / "accounts").iterdir()} == {address(name) for name in asked}
    html = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    assert all(f"accounts/{address(name)}" in html for name in asked)


def test_an_account_asked_for_stands_beside_the_rejects_and_reviews(
    incoming: Path, project: Path, tmp_path: Path
) -> None:
    scores = project / "data" / "scores" / "scores.parquet"
    known = pl.read_parquet(scores)
    passed = known.filter(pl.col("verdict") == "pass")["account_id"][0]
    paged = known.filter(pl.col("verdict").is_in(["review", "reject"]))["account_id"].to_list()
    counts = report_folder(incoming, scores, tmp_path / "pages", accounts=[passed], report=silent)
    assert counts == {"accounts": 80, "pages": len(paged) + 1}
    files = {file.name for file in (tmp_path / "pages" / "accounts").iterdir()}
    assert files == {address(name) for name in [*paged, passed]}


def test_any_account_may_be_asked_for(incoming: Path, project: Path, tmp_path: Path) -> None:
    scores = project / "data" / "scores" / "scores.parquet"
    passed = pl.read_parquet(scores).filter(pl.col("verdict") == "pass")["account_id"][0]
    result = invoke(
        "report", "--input", incoming, "--scores", scores, "--output", tmp_path / "pages", "--account", passed, "--only"
    )
    assert result.exit_code == 0, result.output
    assert "80 accounts, 1 with a page of their own" in result.stderr
    assert "Pass: nothing that a brand must look into first" in only_account_page(tmp_path / "pages")


def test_only_the_pages_of_nobody_is_refused(tmp_path: Path) -> None:
    options = ["--input", tmp_path, "--scores", tmp_path / "scores.parquet", "--output", tmp_path / "pages"]
    result = invoke("report", *options, "--only")
    assert result.exit_code == 2
    assert "Found: no --account. Name one." in " ".join(result.output.replace("│", " ").split())


def test_the_same_input_gives_the_same_bytes_whatever_the_jobs(incoming: Path, project: Path, tmp_path: Path) -> None:
    scores = project / "data" / "scores" / "scores.parquet"
    for jobs in (1, 2):
        report_folder(incoming, scores, tmp_path / str(jobs), jobs=jobs, report=silent)
    files = [sorted(path for path in (tmp_path / jobs).rglob("*") if path.is_file()) for jobs in ("1", "2")]
    assert [path.name for path in files[0]] == [path.name for path in files[1]]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]


@pytest.mark.parametrize("what", HOSTILE)
def test_what_the_judged_wrote_stays_text(what: str, tmp_path: Path) -> None:
    text = HOSTILE[what]
    said = f"great {text}"
    folder = folder_of(tmp_path / "in", texts=(said,) * 10, handle=text)
    reason = score_row()["reasons"][0] | {"text": f"Comments alike: {text}"}
    written(folder, scores_of(score_row(handle=text, reasons=[reason])), tmp_path / "out")
    own = Page(only_account_page(tmp_path / "out"))
    batch = Page((tmp_path / "out" / "index.html").read_text(encoding="utf-8"))
    assert "script" not in own.elements
    assert "img" not in (*own.elements, *batch.elements)
    assert batch.elements.count("script") == 2  # the rows and ours
    assert own.running == batch.running == []
    assert text in own.text
    rows = json.loads(next(each for each in batch.texts if each.startswith("[[")))
    assert rows[0][1] == text


def test_a_page_leads_nowhere_else_and_runs_nothing_but_its_own(incoming: Path, project: Path, tmp_path: Path) -> None:
    report_folder(incoming, project / "data" / "scores" / "scores.parquet", tmp_path / "out", report=silent)
    for file in (tmp_path / "out").rglob("*.html"):
        html = file.read_text(encoding="utf-8")
        assert all(re.fullmatch(r"\.\./index\.html|#?[\w/.-]*", each) for each in Page(html).leading)
        policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
        assert policy is not None
        assert policy[1].startswith("default-src 'none'")
        assert "unsafe" not in policy[1]
        assert "http://" not in html
        assert "https://" not in html


def test_a_reason_is_shown_in_its_parts_beside_its_rows(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", texts=("what a look",) * 10)
    row = dict(
        zip(EVIDENCE_SCHEMA, ("a1", "comments_repeated_text_share", 1, "comments", "c3-1", 0.4, "3 words"), strict=True)
    )
    write_parquet(pl.DataFrame([row], schema=EVIDENCE_SCHEMA), tmp_path / "scored" / "evidence.parquet")
    written(folder, scores_of(score_row()), tmp_path / "out")
    shown = Page(only_account_page(tmp_path / "out")).words
    assert "1. Comments alike Half repeat (eight in ten: 0% to 1%). May explain it One occasion (a post)." in shown
    assert "Not checkable Other scripts (not observed)." in shown
    assert "1 row behind it" in shown
    assert "comments c3-1 3 words" in shown
    assert "Signals are consistent with bought comments (80%)" in shown


def test_scores_in_csv_bring_their_evidence(incoming: Path, model: Path, tmp_path: Path) -> None:
    for form in ("parquet", "csv"):
        result = invoke(
            *("score", "--input", incoming, "--output", tmp_path / form, "--model", model, "--format", form, "--quiet")
        )
        assert result.exit_code == 0, result.output
        report_folder(incoming, tmp_path / form / f"scores.{form}", tmp_path / f"pages-{form}", report=silent)
    pages = [sorted((tmp_path / f"pages-{form}").rglob("*.html")) for form in ("parquet", "csv")]
    assert any("behind it" in page.read_text(encoding="utf-8") for page in pages[0])
    assert [page.read_bytes() for page in pages[0]] == [page.read_bytes() for page in pages[1]]


def test_like_comments_are_grouped_and_nobody_is_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", texts=(*["What a LOOK!"] * 3, "how did you make this"))
    written(folder, scores_of(score_row()), tmp_path / "out")
    html = only_account_page(tmp_path / "out")
    shown = Page(html).words
    assert "What a LOOK! 6 2 3" in shown  # three times two people, under three posts
    assert "how did you make this 2 2 1" in shown
    assert "Person 1 4 4 0" in shown
    assert "secret-" not in html


def test_no_probability_is_told_as_certainty(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in")
    written(folder, scores_of(score_row(probability_inauthentic=0.9999, authenticity_score=0)), tmp_path / "out")
    shown = Page(only_account_page(tmp_path / "out")).words
    assert "more than 99 in 100" in shown
    assert "100 in 100" not in shown
    assert "100.0%" not in shown


def test_whom_a_comment_names_is_not_shown(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", texts=("what a look @some.body-else",) * 5)
    written(folder, scores_of(score_row()), tmp_path / "out")
    html = only_account_page(tmp_path / "out")
    assert "what a look @\u2026" in html
    assert "some.body" not in html


def test_what_was_not_observed_is_said(tmp_path: Path) -> None:
    folder = written_tables(
        tmp_path / "in",
        {"accounts": [{"account_id": "a1", "platform": "x", "follower_count": 900}]},
    )
    row = score_row(
        verdict="insufficient_data",
        probability_inauthentic=None,
        authenticity_score=None,
        insufficient_because=["0 posts older than 48 hours with counts; 3 are needed"],
        reasons=[],
        suspected_schemes=[],
    )
    written(folder, scores_of(row), tmp_path / "out", accounts=["a1"])
    shown = Page(only_account_page(tmp_path / "out")).words
    assert "No verdict: too little is observed to tell" in shown
    assert "0 posts older than 48 hours with counts; 3 are needed" in shown
    for lack in ("how the follower count developed", "posts and their engagement", "texts of comments"):
        assert lack in shown


def test_delays_are_counted_in_their_bars(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", texts=("one two three",) * 10)  # all come after two hours
    written(folder, scores_of(score_row()), tmp_path / "out")
    assert "6 h: 100% of its comments, 19% elsewhere" in only_account_page(tmp_path / "out")
    assert len(DELAY_LABELS) == 7


def test_shares_of_a_handful_of_comments_are_not_drawn(tmp_path: Path) -> None:
    written(folder_of(tmp_path / "in", texts=("one two", "three")), scores_of(score_row()), tmp_path / "out")
    assert "Delay of comments" not in only_account_page(tmp_path / "out")  # four of them


def test_every_row_of_a_curve_says_which_days_it_is_about(project: Path) -> None:
    evidence = pl.read_parquet(project / "data" / "scores" / "evidence.parquet")
    rows = evidence.filter(pl.col("table") == "followers_daily").to_dicts()
    assert rows
    for row in rows:
        after, last = stretch(row)
        assert after < last
        assert f"{last}" in row["text"]
        assert (last - after).days == 1 or f"{after}" in row["text"] or re.match(r"week|\d+ days", row["text"])


def test_what_to_do_next_fits_the_reason_for_no_verdict(tmp_path: Path) -> None:
    nothing = {"verdict": "insufficient_data", "reasons": [], "suspected_schemes": [], "authenticity_score": None}
    for because, told in (
        ("0 posts older than 48 hours with counts; 3 are needed", "Supply more of this account"),
        ("unlike the accounts trained on: 6 of 27 signals lie outside their range", "More data of this account would"),
        ("480,000,000 followers; 200 to 5,000,000 are in range", "More data of this account would"),
    ):
        row = score_row(**nothing, probability_inauthentic=None, insufficient_because=[because])
        written(folder_of(tmp_path / "in"), scores_of(row), tmp_path / "out", accounts=["a1"])
        assert told in Page(only_account_page(tmp_path / "out")).words


def test_a_review_without_a_reason_asks_for_no_days_and_posts(tmp_path: Path) -> None:
    written(folder_of(tmp_path / "in"), scores_of(score_row(verdict="review", reasons=[])), tmp_path / "out")
    shown = Page(only_account_page(tmp_path / "out")).words
    assert "no single signal can be named" in shown
    assert "read the signals below" not in shown


def test_an_account_that_was_not_scored_is_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in")
    with pytest.raises(UnusableInputError, match=r"account: 'ghost' is not among the scores\. Found: 1 others"):
        written(folder, scores_of(score_row()), tmp_path / "out", accounts=["ghost"])
    assert not (tmp_path / "out").exists()


def test_scores_of_another_folder_are_refused(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", account_id="b2")
    with pytest.raises(UnusableInputError, match=r"1 scored accounts are not in .*none of a1"):
        written(folder, scores_of(score_row()), tmp_path / "out")
    assert not (tmp_path / "out" / "index.html").exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "a/b\\c", "con\x00", "ü" * 300, "A", "a"])
def test_no_id_leads_out_of_the_folder(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,60}\.html", address(name))


def test_ids_that_differ_have_addresses_that_differ_whatever_the_case() -> None:
    names = ["a b", "a-b", "A-B", "a/b", "..", "."]
    assert len({address(name).lower() for name in names}) == len(names)


def test_twenty_thousand_accounts_stay_under_five_megabytes() -> None:
    row = score_row(handle="a.handle.of.usual.length", reasons=score_row()["reasons"])
    scores = scores_of(*(row | {"account_id": f"account-{i:012d}"} for i in range(20_000)))
    pages = {name: f"accounts/{address(name)}" for name in scores["account_id"]}
    assert len(page("batch.html", batch_view(scores, None, pages)).encode()) < 5_000_000


def test_the_table_holds_every_account(scores: pl.DataFrame) -> None:
    rows = json.loads(table_json(scores, {}))
    assert [row[0] for row in rows] == scores["account_id"].to_list()
    assert [row[6] for row in rows] == scores["verdict"].to_list()


def test_every_account_of_a_batch_can_be_shown(incoming: Path, scores: pl.DataFrame) -> None:
    content = read(incoming)
    tables = Tables(
        *(
            content.get(name, CONTRACTS[name].empty()).select(*CONTRACTS[name].schema).sort(*CONTRACTS[name].key)
            for name in ("accounts", "followers_daily", "posts", "comments")
        )
    )
    seen = observed(tables)
    for row in scores.iter_rows(named=True):
        html = page(
            "account.html", {**account_view(seen[row["account_id"]], row, []), "prevalence": None, "batch": None}
        )
        assert row["account_id"] in html


def test_a_folder_of_parts_is_never_replaced_by_pages(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in")
    (folder / "accounts").mkdir()
    (folder / "accounts.parquet").rename(folder / "accounts" / "a.parquet")
    with pytest.raises(UnusableInputError, match=r"Found: a\.parquet in it, so it is no folder of pages"):
        written(folder, scores_of(score_row()), folder)
    assert [path.name for path in (folder / "accounts").iterdir()] == ["a.parquet"]


def test_no_two_ids_can_be_found_that_share_a_page() -> None:
    told_apart = address("a").removesuffix(".html").rpartition("-")[2]
    assert len(told_apart) * 4 >= 128  # bits: by chance two of 2 to the 64 ids share one


def test_who_commented_decides_nothing_of_the_order_in_which_people_are_listed(tmp_path: Path) -> None:
    pages = []
    for number, (first, second) in enumerate([("anna", "zoe"), ("zoe", "anna")]):
        folder = folder_of(tmp_path / f"in-{number}", texts=("hello",) * 8)
        rows = pl.read_parquet(folder / "comments.parquet")
        # Four comments each: the first person's under four posts, the second's under two.
        under_two = pl.col("post_id").is_in(["p0", "p1"]) & (pl.col("commenter_id") == "secret-2")
        under_four = pl.col("post_id").is_in(["p2", "p3", "p4", "p5"]) & (pl.col("commenter_id") == "secret-1")
        names = pl.when(under_two).then(pl.lit(second)).otherwise(pl.lit(first)).alias("commenter_id")
        rows.filter(under_two | under_four).with_columns(names).write_parquet(folder / "comments.parquet")
        written(folder, scores_of(score_row()), tmp_path / f"out-{number}", accounts=["a1"])
        pages.append(only_account_page(tmp_path / f"out-{number}"))
    assert "Who comes back" in pages[0]
    assert pages[0] == pages[1]
