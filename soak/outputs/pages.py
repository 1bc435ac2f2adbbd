"""Every page with texts of others in every place, beside the same page with harmless ones."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl

from campaigns.facts import FACTS_SCHEMA
from features.evidence import EVIDENCE_SCHEMA
from features.tables import CONTRACTS
from pages.compare import compare_view
from pages.drawing import Difference
from pages.render import page
from pages.shortlist import shortlist_view
from pipeline.report import COLUMNS, report_folder
from pipeline.shortlist import SCORES_READ, shortlist
from pipeline.storage import write_json, write_parquet

DAYS, POSTS, PEOPLE = 20, 6, 4

START = datetime(2026, 1, 1, 12, tzinfo=UTC)

VOID = frozenset(("meta", "br", "input", "img", "link", "hr", "base", "embed", "source"))

LEADING = ("href", "src", "action", "data", "srcdoc", "formaction", "poster", "background", "ping", "xlink:href")

ALLOWED_LINKS = ("#", "accounts/", "../index.html")


class Structure(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and what of it could run or lead away.

    Values of attributes that hold texts of others are left out; those of all others count.
    """

    SAID = frozenset(("aria-label", "data-name", "data-platform", "data-value", "href", "d", "x", "y"))

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: Counter[tuple[Any, ...]] = Counter()
        self.faults: list[str] = []
        self._open: list[str] = []
        self._scripts: list[str] = []
        self.feed(html)
        self.close()
        if self._open:
            self.faults.append(f"not closed: {self._open[:3]}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element, and what it could do."""
        shown = tuple(sorted((name, None if name in self.SAID else value) for name, value in attrs))
        self.elements[(tag, self._open[-1] if self._open else "", *shown)] += 1
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "target", "srcdoc"):
                self.faults.append(f"{tag} has {name}")
            if name in LEADING and not (value or "").startswith(ALLOWED_LINKS):
                self.faults.append(f"{tag} leads to {(value or '')[:40]}")
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of a drawing that holds nothing."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        if not self._open or self._open.pop() != tag:
            self.faults.append(f"</{tag}> closes another element")

    def handle_comment(self, data: str) -> None:
        """No page of ours has one."""
        self.faults.append(f"a comment: {data[:40]}")


def faults_of(hostile: str, twin: str) -> list[str]:
    """What a page of hostile texts does that its twin does not; nothing where it only shows other texts."""
    found, expected = Structure(hostile), Structure(twin)
    faults = [*found.faults, *(f"twin: {fault}" for fault in expected.faults)]
    if found.elements != expected.elements:
        changed = (found.elements - expected.elements) or (expected.elements - found.elements)
        faults.append(f"other elements than the twin: {str(next(iter(changed)))[:200]}")
    return faults


# The pages ------------------------------------------------------------------------------------------------------------


def reported(text: str, folder: Path) -> list[str]:
    """The pages that `report` writes of a scored folder in which every text is this one: the batch's, the account's."""
    source, scored = folder / "in", folder / "scored"
    for name, rows in _tables(text).items():
        contract = CONTRACTS[name]
        write_parquet(
            pl.DataFrame(rows, schema={key: contract.schema[key] for key in rows[0]}), source / f"{name}.parquet"
        )
    write_parquet(pl.DataFrame([score_of(text)], schema=COLUMNS), scored / "scores.parquet")
    cited = [("followers_daily", "2026-01-05"), ("posts", text), ("comments", text), ("accounts", text)]
    rows = [
        ("a" + text, "comments_repeated_text_share", n, table, key, 0.5, text) for n, (table, key) in enumerate(cited)
    ]
    write_parquet(pl.DataFrame(rows, schema=EVIDENCE_SCHEMA, orient="row"), scored / "evidence.parquet")
    write_json(summary_of(text), scored / "summary.json")
    report_folder(source, scored / "scores.parquet", folder / "out", report=lambda _: None)
    return [path.read_text(encoding="utf-8") for path in sorted((folder / "out").rglob("*.html"))]


def shortlisted(text: str) -> list[str]:
    """The page of a shortlist in which every text is this one."""
    interval = {
        f"{name}{end}": value
        for name, value in (("expected_engagement_per_post", 100.0), ("authentic_follower_share", 0.9))
        for end in ("", "_lower", "_estimate", "_upper")
    }
    known = {key: value for key, value in (score_of(text) | interval).items() if key in SCORES_READ}
    scores = [{**known, "account_id": f"{n}{text}", "verdict": verdict} for n, verdict in enumerate(("pass", "reject"))]
    wanted = [
        {"campaign": text or "x", "account_id": f"{n}{text}", "fee": 10.0, "currency": text or "x"} for n in range(3)
    ]
    names = {"campaign": pl.String, "account_id": pl.String, "platform": pl.String, "handle": pl.String}
    schema = names | {"fee": pl.Float64, "currency": pl.String}
    ranked = shortlist(pl.DataFrame(wanted, schema=schema), pl.DataFrame(scores, schema=SCORES_READ))
    said = dict.fromkeys(FACTS_SCHEMA) | {"niche": text, "language": text, "country": text}
    facts = pl.DataFrame([said | {"account_id": row["account_id"]} for row in scores], schema=FACTS_SCHEMA)
    ranked = ranked.join(facts, on="account_id", how="left", maintain_order="left")
    addresses = {row["account_id"]: f"accounts/{n}.html" for n, row in enumerate(scores)}
    return [page("shortlist.html", shortlist_view(ranked, addresses))]


def compared(text: str) -> list[str]:
    """The page of two models in which every name is this text."""
    table = {"title": text, "words": text, "heads": (text or "x", text or "x"), "rows": [(text, text)]}
    drawn = [Difference(text, 0.1, 0.05, 0.2, is_good=True)]
    return [page("compare.html", compare_view(text, [text, text], [table], drawn, text))]


def _tables(text: str) -> dict[str, list[dict[str, Any]]]:
    """A folder of one account with this text wherever a contract has one."""
    account = "a" + text
    days = [START + timedelta(days=day) for day in range(DAYS)]
    said = {"niche": text, "language": text, "country": text, "biography": text, "handle": text}
    return {
        "accounts": [{"account_id": account, "platform": "instagram", "follower_count": 12_000, **said}],
        "followers_daily": [
            {"account_id": account, "date": day.date(), "follower_count": 11_000 + 50 * number}
            for number, day in enumerate(days)
        ],
        "posts": [
            {
                "account_id": account,
                "post_id": f"{number}{text}",
                "posted_at": day,
                "like_count": 300 + number,
                "comment_count": 5,
                "caption": text,
            }
            for number, day in enumerate(days[:POSTS])
        ],
        "comments": [
            {
                "account_id": account,
                "post_id": f"{number}{text}",
                "comment_id": f"{number}-{person}{text}",
                "commenter_id": f"{person}{text}",
                "commented_at": day + timedelta(hours=2),
                "text": f"great photo {text}",
            }
            for number, day in enumerate(days[:POSTS])
            for person in range(PEOPLE)
        ],
    }


def score_of(text: str) -> dict[str, Any]:
    """A row of the scores with this text wherever a file of scores has one; the verdict alone is checked on reading."""
    reason = {"feature": text, "value": 0.5, "contribution": 1.2, "text": f"Comments alike: {text}"}
    given = {
        "account_id": "a" + text,
        "platform": text,
        "handle": text,
        "follower_count": 12_000,
        "probability_inauthentic": 0.9,
        "authenticity_score": 10,
        "verdict": "reject",
        "insufficient_because": [text],
        "suspected_schemes": [{"scheme": text, "probability": 0.8}],
        "reasons": [reason, reason | {"feature": "comments_repeated_text_share"}],
        "signals": [{"signal": text, "contribution": 1.0}],
        "observed_days": DAYS,
        "observed_posts": POSTS,
        "observed_comments": POSTS * PEOPLE,
        "as_of": datetime(2026, 1, 31, tzinfo=UTC),
        "model_version": text,
        "catalog_hash": text,
    }
    return dict.fromkeys(COLUMNS) | given


def summary_of(text: str) -> dict[str, Any]:
    """A summary with this text wherever it has one."""
    rows = dict.fromkeys(("rows_in", "used", "quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of"), 1)
    return {
        "prevalence": 0.2,
        "drift_warnings": [{"text": text}],
        "drift_warnings_found": 1,
        "warnings": [text],
        "tables": {"accounts": {**rows, "problems": {text: 1}}},
    }
