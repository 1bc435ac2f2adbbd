"""Command `report`: a scored batch, and accounts of it, as pages a person reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from features.evidence import EVIDENCE_SCHEMA
from features.tables import only
from models.scoring import SCORE_COLUMNS
from pages.account import account_view
from pages.batch import batch_view
from pages.observed import observed
from pages.render import page
from pipeline import layout
from pipeline.addresses import ACCOUNTS_FOLDER, BATCH_PAGE, address
from pipeline.aside import over_buckets, prepared_aside
from pipeline.claims import claimed
from pipeline.dataset import read_bucket
from pipeline.errors import UnusableInputError
from pipeline.redaction import without_comment_ids, without_names, without_texts
from pipeline.scores_file import read_file, read_scores
from pipeline.storage import check_output_folder, publish, read_json

PAGED = ("review", "reject")
"""Verdicts whose accounts get a page unless others are asked for."""

COLUMNS: dict[str, Any] = {
    **SCORE_COLUMNS,
    "platform": pl.String,
    "handle": pl.String,
    "follower_count": pl.Int64,
    "observed_days": pl.Int64,
    "observed_posts": pl.Int64,
    "observed_comments": pl.Int64,
    "as_of": pl.Datetime("us", "UTC"),
    "model_version": pl.String,
    "catalog_hash": pl.String,
}
"""Columns of the scores that the pages show."""

SHOWN_IDS = 5

_COMPLETE = ".complete"
"""Where the pages wait in the scratch folder until all are there."""


def report_folder(
    source: Path,
    scores_file: Path,
    output: Path,
    *,
    accounts: Sequence[str] = (),
    only_those: bool = False,
    redact: bool = False,
    jobs: int = 1,
    report: Callable[[str], None],
) -> dict[str, int]:
    """Write the batch's page, one page for every reject and review, and one for each of `accounts`.

    With `only_those` the rejects and reviews have none unless they are named. Evidence and summary are taken from
    beside the scores where they lie there. With `redact` the pages have no text of a comment, no id of one and no
    public name. Pages of accounts that stood in the folder are replaced. Returns how many
    were written.

    Raises:
        UnusableInputError, TooManyBadRowsError: a file or the folder cannot be used, or an account is not among the
            scores; nothing is written then.
    """
    _check_place(output)
    scores = read_scores(scores_file, COLUMNS, "scores")
    asked = _asked(scores, accounts, only_those=only_those)
    evidence = _evidence(scores_file)
    if redact:
        scores, evidence = without_names(scores), without_comment_ids(evidence)
    summary_file = scores_file.parent / layout.SUMMARY_FILE
    summary = read_json(summary_file) if summary_file.is_file() else None
    as_of: datetime | None = scores.select(pl.col("as_of").max()).item()
    aside = prepared_aside(source, output, as_of=as_of, jobs=jobs, report=report)
    with claimed(output, report), aside as prepared:
        complete = prepared.folder / _COMPLETE
        (complete / ACCOUNTS_FOLDER).mkdir(parents=True)
        paged = scores.join(asked, on="account_id", how="semi", maintain_order="left")
        work = _Pages(prepared.folder, complete / ACCOUNTS_FOLDER, paged, evidence, summary, redact)
        written = over_buckets(prepared.folder, work, report, jobs, doing="pages", rows=asked.height)
        missing = asked.join(written, on="account_id", how="anti")["account_id"].to_list()
        if missing:
            raise UnusableInputError(
                f"input: {len(missing):,} scored accounts are not in '{source}'. Found: none of "
                f"{', '.join(missing[:SHOWN_IDS])}. Name the folder that was scored."
            )
        addresses = {name: f"{ACCOUNTS_FOLDER}/{address(name)}" for name in written["account_id"]}
        html = page("batch.html", {**batch_view(scores, summary, addresses), "redacted": redact})
        (complete / BATCH_PAGE).write_text(html, encoding="utf-8")
        publish(complete, (ACCOUNTS_FOLDER, BATCH_PAGE), output)
    return {"accounts": scores.height, "pages": written.height}


def _check_place(output: Path) -> None:
    """Refuse to replace a folder of somebody else: `accounts` is also what a dataset calls the parts of a table."""
    check_output_folder(output)
    place = output / ACCOUNTS_FOLDER
    others = sorted(path.name for path in place.iterdir() if path.suffix != ".html") if place.is_dir() else []
    if others:
        raise UnusableInputError(
            f"output: '{place}' would be replaced whole. Found: {others[0]} in it, so it is no folder of pages. Give "
            "another folder."
        )


@dataclass(frozen=True)
class _Pages:
    """The pages of the asked accounts of one bucket; returns their ids."""

    prepared: Path
    folder: Path
    scores: pl.DataFrame
    evidence: pl.DataFrame
    summary: dict[str, Any] | None
    redact: bool

    def __call__(self, bucket: int) -> pl.DataFrame:
        tables = read_bucket(self.prepared, bucket)
        own = self.scores.join(tables.accounts, on="account_id", how="semi", maintain_order="left")
        if own.is_empty():
            return own.select("account_id")
        behind = _by_account(self.evidence.join(own, on="account_id", how="semi", maintain_order="left"))
        seen = observed(only(tables, own["account_id"]))
        prevalence = None if self.summary is None else self.summary["prevalence"]
        for score in own.iter_rows(named=True):
            view = account_view(seen[score["account_id"]], score, behind.get(score["account_id"], []), self.summary)
            if self.redact:
                view = without_texts(view)
            html = page(
                "account.html", {**view, "redacted": self.redact, "prevalence": prevalence, "batch": f"../{BATCH_PAGE}"}
            )
            (self.folder / address(score["account_id"])).write_text(html, encoding="utf-8")
        return own.select("account_id")


def _by_account(rows: pl.DataFrame) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows.iter_rows(named=True):
        found.setdefault(row["account_id"], []).append(row)
    return found


def _asked(scores: pl.DataFrame, accounts: Iterable[str], *, only_those: bool) -> pl.DataFrame:
    """The accounts that get a page, in the order of the scores."""
    wanted = pl.Series("account_id", list(dict.fromkeys(accounts)), dtype=pl.String)
    unknown = wanted.filter(~wanted.is_in(scores["account_id"].to_list())).to_list()
    if unknown:
        raise UnusableInputError(
            [
                f"account: '{name}' is not among the scores. Found: {scores.height:,} others. Score it."
                for name in unknown
            ]
        )
    named = pl.col("account_id").is_in(wanted.to_list())
    return scores.filter(named if only_those else named | pl.col("verdict").is_in(PAGED)).select("account_id")


def _evidence(scores_file: Path) -> pl.DataFrame:
    """The evidence beside the scores, in their format; no rows where there is none."""
    place = (scores_file.parent / layout.EVIDENCE_FILE).with_suffix(scores_file.suffix)
    if not place.is_file():
        return pl.DataFrame(schema=EVIDENCE_SCHEMA)
    return read_file(place, "evidence").select(pl.col(name).cast(dtype) for name, dtype in EVIDENCE_SCHEMA.items())
