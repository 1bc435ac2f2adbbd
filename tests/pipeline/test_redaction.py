"""What `--redact` withholds, and what it leaves."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from features.evidence import EVIDENCE_SCHEMA
from pipeline.redaction import WITHHELD, redact_quarantine, redacted
from pipeline.shortlist import shortlist_file
from pipeline.storage import write_parquet
from tests.pipeline.dataset_builders import frames, prepare, write
from tests.pipeline.projects import invoke, silent
from tests.pipeline.test_report import folder_of, only_account_page, score_row, scores_of, written
from tests.pipeline.test_shortlist import scores as scored

WORDS = "come and see my garden"


def test_nothing_to_withhold() -> None:
    empty = pl.DataFrame(schema={"account_id": pl.String, "text": pl.String})
    assert redacted(empty).equals(empty)
    assert redacted(pl.DataFrame({"account_id": ["a"]})).to_dicts() == [{"account_id": "a"}]


def test_texts_and_names_are_withheld_and_nothing_else() -> None:
    rows = pl.DataFrame({"account_id": ["a"], "handle": ["ann"], "text": [WORDS], "caption": [None], "problem": ["is"]})
    assert redacted(rows).to_dicts() == [
        {"account_id": "a", "handle": WITHHELD, "text": WITHHELD, "caption": None, "problem": "is"}
    ]


def test_a_quarantine(tmp_path: Path) -> None:
    content = frames()
    bad = content["comments"].head(1).with_columns(text=pl.lit(WORDS), like_count=pl.lit(-1, pl.Int64))
    bad = bad.with_columns(comment_id=pl.lit("bad"))
    content["comments"] = pl.concat([content["comments"], bad])
    prepare(write(tmp_path / "in", content), tmp_path / "out")
    path = tmp_path / "out" / "quarantine" / "comments.parquet"
    assert pl.read_parquet(path)["text"].to_list() == [WORDS]
    redact_quarantine(tmp_path / "out")
    row = pl.read_parquet(path).row(0, named=True)
    assert (row["text"], row["comment_id"], row["problem"]) == (WITHHELD, "bad", "like_count is below 0")


def test_pages(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "in", texts=(WORDS,) * 3, handle="gardenann")
    reason = {
        "feature": "comments_repeated_text_share",
        "value": 0.5,
        "contribution": 1.0,
        "text": "Comments alike: half repeat",
    }
    row = {"handle": "gardenann", "reasons": [reason]}
    evidence = [
        {"account_id": "a1", "feature": reason["feature"], "rank": rank, "table": name, "key": key, "push": 1.0,
         "text": "written 3 times"}
        for rank, name, key in ((1, "comments", "c0-1"), (2, "posts", "p3"))
    ]  # fmt: skip
    write_parquet(pl.DataFrame(evidence, schema=EVIDENCE_SCHEMA), tmp_path / "scored" / "evidence.parquet")
    for name, redact in (("open", False), ("redacted", True)):
        written(folder, scores_of(score_row(**row)), tmp_path / name, redact=redact)
        pages = only_account_page(tmp_path / name) + (tmp_path / name / "index.html").read_text(encoding="utf-8")
        for secret in (WORDS, "gardenann", "c0-1"):
            assert (secret in pages) is not redact, secret
        assert (WITHHELD in pages) is redact
        # What was seen stays, and the id by which it can be looked up.
        for kept in ("a1", "p3", "half repeat", "written 3 times", "Comments alike"):
            assert kept in pages, kept


def test_a_shortlist_without_public_names(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("campaign,account_id,platform,handle\nspring,a,,\n,,,\n".removesuffix(",,,\n"))
    write_parquet(scored(a={"verdict": "pass", "handle": "gardenann"}), tmp_path / "scores.parquet")
    for name, redact in (("open", False), ("redacted", True)):
        shortlist_file(
            tmp_path / "list.csv", tmp_path / "scores.parquet", tmp_path / name, redact=redact, report=silent
        )
        for file in ("shortlist.csv", "shortlist.html"):
            assert ("gardenann" in (tmp_path / name / file).read_text(encoding="utf-8")) is not redact


def test_validate_prints_no_comment_and_nobody_who_wrote_one(tmp_path: Path) -> None:
    content = frames()
    bad = content["comments"].head(1).with_columns(comment_id=pl.lit(None, pl.String), text=pl.lit(WORDS))
    content["comments"] = pl.concat([content["comments"], bad])
    said = invoke("validate", "--input", write(tmp_path / "in", content), "--quiet").output
    assert f"commenter_id {WITHHELD}" in said
    assert f"text {WITHHELD}" in said or "text" not in said
    assert WORDS not in said
    assert "fan-" not in said
