"""Stage and command `shortlist`: which candidates of a campaign may enter it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import polars as pl
from pydantic import Field

from features.tables import INSTANT
from pages.render import page
from pages.shortlist import shortlist_view
from pipeline import layout
from pipeline.addresses import links
from pipeline.candidate_facts import candidate_facts
from pipeline.candidates import read_candidates, without_repeats
from pipeline.claims import claimed
from pipeline.errors import UnusableInputError
from pipeline.export import json_text, write_csv
from pipeline.params import Section, read_section
from pipeline.redaction import without_names
from pipeline.scores_file import Columns, read_scores
from pipeline.storage import check_output_folder, publish, scratch_folder, write_text

UNSCORED = "unscored"
"""Verdict of a candidate whom the scores do not know; it never passes."""

RANK_ORDER = ("pass", "review", "insufficient_data", UNSCORED, "reject")
"""Best first: a review may still end well, a missing score can be made, a reject has had its answer."""

MONEY_DIGITS = 4

SHORTLIST_PAGE = "shortlist.html"

SCORES_READ: Columns = {
    "account_id": pl.String,
    "platform": pl.String,
    "handle": pl.String,
    "follower_count": pl.Int64,
    "probability_inauthentic": pl.Float64,
    "authenticity_score": pl.Int64,
    "verdict": pl.String,
    "insufficient_because": pl.List(pl.String),
    "reasons": pl.List(pl.Struct({"text": pl.String})),
    "authentic_follower_share_lower": pl.Float64,
    "authentic_follower_share_estimate": pl.Float64,
    "authentic_follower_share_upper": pl.Float64,
    "expected_engagement_per_post": pl.Float64,
    "expected_engagement_per_post_lower": pl.Float64,
    "expected_engagement_per_post_upper": pl.Float64,
}
"""Columns of the scores that a shortlist is made of."""

SCORES_KNOWN: Columns = {"as_of": INSTANT}
"""Columns that it takes where they are there."""


class ShortlistParams(Section):
    """Section `shortlist` of params.yaml, for the stage."""

    candidates: Path
    dataset: Path
    jobs: int = Field(ge=1)


def run(report: Callable[[str], None]) -> None:
    """The stage."""
    params = read_section("shortlist", ShortlistParams)
    report("candidates")
    scores = layout.SCORES / layout.SCORES_FILE
    shortlist_file(params.candidates, scores, layout.SHORTLIST, source=params.dataset, jobs=params.jobs, report=report)


def shortlist_file(
    candidates: Path,
    scores: Path,
    output: Path,
    *,
    source: Path | None = None,
    pages: Path | None = None,
    redact: bool = False,
    jobs: int = 1,
    report: Callable[[str], None] = lambda _: None,
    warn: Callable[[str], None] = lambda _: None,
) -> pl.DataFrame:
    """Read both files, write `shortlist.csv` and `shortlist.html` into the output folder, and return the rows.

    Args:
        candidates: the list of a campaign manager.
        scores: what `score` wrote.
        output: folder for the results.
        source: the dataset folder that was scored; with it, the columns of `campaigns.facts` stand behind the others.
        pages: what `report` wrote; the page then leads to the pages of accounts that have one.
        redact: whether the file and the page are written without public names.
        jobs: threads over the source.
        report: called now and then with what is being done.
        warn: told of candidates who stand there more than once.

    Raises:
        UnusableInputError: a file that is missing, unreadable or without the columns it needs, or a source that lacks
            a scored candidate; nothing is written then.
        TooManyBadRowsError: too many bad rows in the source.
    """
    check_output_folder(output)
    known = read_scores(scores, SCORES_READ, "scores", SCORES_KNOWN)
    ranked = shortlist(read_candidates(candidates), known, warn)
    scored = ranked.filter(pl.col("verdict") != UNSCORED)["account_id"].unique().sort()
    addresses = {} if pages is None else links(pages, output, scored)
    with claimed(output, report), scratch_folder(output) as place:
        if source is not None:
            facts = candidate_facts(source, scored, output, as_of=_as_of(known), jobs=jobs, report=report)
            ranked = ranked.join(facts, on="account_id", how="left", maintain_order="left")
        if redact:
            ranked = without_names(ranked)
        write_csv(ranked, place / layout.SHORTLIST_FILE)
        write_text(page("shortlist.html", shortlist_view(ranked, addresses)), place / SHORTLIST_PAGE)
        publish(place, (layout.SHORTLIST_FILE, SHORTLIST_PAGE), output)
    return ranked


def shortlist(
    candidates: pl.DataFrame, scores: pl.DataFrame, warn: Callable[[str], None] = lambda _: None
) -> pl.DataFrame:
    """One row per candidate, in order of campaign, rank and candidate.

    A candidate is found by `account_id` or, without one, by `platform` and `handle` (whatever the case, with or
    without @). Costs are compared within a campaign only where all its fees are in one currency.
    """
    found = without_repeats(_find(candidates, scores), warn)
    followers = pl.col("follower_count")
    costs = pl.col("fee") / pl.when(pl.col("expected_engagement_per_post") > 0).then("expected_engagement_per_post")
    found = found.with_columns(
        verdict=pl.col("verdict").fill_null(UNSCORED),
        authentic_followers=(followers * pl.col("authentic_follower_share_estimate")).round(0),
        authentic_followers_lower=(followers * pl.col("authentic_follower_share_lower")).round(0),
        authentic_followers_upper=(followers * pl.col("authentic_follower_share_upper")).round(0),
        cost_per_authentic_engagement=costs.round(MONEY_DIGITS),
    )
    several = _several_currencies(found)
    for campaign, currencies in several.items():
        warn(
            f"campaign '{campaign}': fees in {currencies} are not compared. Its candidates are ranked within a verdict "
            "by probability."
        )
    one_currency = ~pl.col("campaign").is_in(list(several))
    order = pl.col("verdict").replace_strict(
        {name: place for place, name in enumerate(RANK_ORDER)}, return_dtype=pl.Int64
    )
    found = (
        found.with_columns(_order=order, _cost=pl.when(one_currency).then("cost_per_authentic_engagement"))
        .sort("campaign", "_order", "_cost", "probability_inauthentic", "_row", nulls_last=True)
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over("campaign"))
    )
    reasons = pl.col("reasons").map_elements(_reason_texts, return_dtype=pl.String, skip_nulls=False)
    return found.select(
        "campaign",
        "rank",
        "account_id",
        "platform",
        "handle",
        "verdict",
        "probability_inauthentic",
        "authenticity_score",
        "follower_count",
        "authentic_followers",
        "authentic_followers_lower",
        "authentic_followers_upper",
        "expected_engagement_per_post",
        "expected_engagement_per_post_lower",
        "expected_engagement_per_post_upper",
        "fee",
        "currency",
        "cost_per_authentic_engagement",
        reasons.alias("reasons"),
        pl.col("insufficient_because").list.join("; ").fill_null("not among the scores").alias("insufficient_because"),
    )


def _several_currencies(rows: pl.DataFrame) -> dict[str, str]:
    """The campaigns whose fees are in more than one currency, with these."""
    paid = rows.filter(pl.col("fee").is_not_null()).with_columns(
        currency=pl.col("currency").str.to_uppercase().fill_null("no currency")
    )
    named = paid.group_by("campaign").agg(pl.col("currency").unique().sort()).sort("campaign")
    return {campaign: ", ".join(found) for campaign, found in named.iter_rows() if len(found) > 1}


def _find(candidates: pl.DataFrame, scores: pl.DataFrame) -> pl.DataFrame:
    """Candidates beside their scores, null where there is none; two accounts of one handle match neither."""
    handle = pl.col("handle").str.strip_chars().str.strip_prefix("@").str.to_lowercase()
    platform = pl.col("platform").str.strip_chars().str.to_lowercase()
    known = scores.with_columns(_platform=platform, _handle=handle)
    by_handle = (
        known.filter(pl.col("_handle").is_not_null())
        .group_by("_platform", "_handle")
        .agg(pl.col("account_id").unique())
        .filter(pl.col("account_id").list.len() == 1)
        .with_columns(_found=pl.col("account_id").list.first())
        .drop("account_id")
    )
    wanted = candidates.with_row_index("_row").with_columns(_platform=platform, _handle=handle)
    wanted = wanted.join(by_handle, on=["_platform", "_handle"], how="left", maintain_order="left").with_columns(
        _key=pl.coalesce("account_id", "_found")
    )
    given = [column for column in scores.columns if column not in ("account_id", "platform", "handle")]
    joined = wanted.join(
        scores.rename({"account_id": "_key", "platform": "_scored_platform", "handle": "_scored_handle"}),
        on="_key",
        how="left",
        maintain_order="left",
    )
    return joined.select(
        "_row",
        "campaign",
        pl.col("_key").alias("account_id"),
        pl.coalesce("_scored_platform", "platform").alias("platform"),
        pl.coalesce("_scored_handle", "handle").alias("handle"),
        "fee",
        "currency",
        *given,
    )


def _reason_texts(reasons: pl.Series | list[dict[str, object]] | None) -> str:
    texts = [str(entry["text"]) for entry in reasons] if reasons is not None else []
    return json_text(texts)


def _as_of(scores: pl.DataFrame) -> datetime | None:
    """Up to when the scores used data: what became known later is not shown beside them."""
    if "as_of" not in scores.columns:
        raise UnusableInputError(
            f"scores: column 'as_of' is missing. Found: {', '.join(scores.columns)}. Score again, or leave out --input."
        )
    newest: datetime | None = scores.select(pl.col("as_of").max()).item()
    return newest
