"""What is shown of a shortlist: each campaign's candidates in order, what is beside the verdict, what money buys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from markupsafe import Markup

from campaigns.budget import currency, same_budget
from campaigns.facts import COMPARED_DAYS, FACTS_SCHEMA, FEWEST_COMPARED, FEWEST_RATED, RECENT_DAYS
from pages import drawing

LONGEST_NAME = 80
"""Characters of a handle, campaign or currency that are shown: what others wrote must not push a table off the page."""

SHAPES = {
    "pass": ("circle", "pass"),
    "review": ("triangle", "review"),
    "insufficient_data": ("square", "no verdict"),
    "reject": ("cross", "reject"),
}
"""Verdict to the shape of its mark, and what it is called: never by colour alone. Unscored candidates have no place."""

LEAST_SPAN = 10.0
"""How many times its low end the high end of an axis is at least: so that it has labels, and near values look near."""

AXIS_ROOM = 1.3

LONGEST_CURRENCY = 12
"""Characters of a currency that are shown, beside an amount that is not broken into lines."""


def shortlist_view(ranked: pl.DataFrame, pages: Mapping[str, str]) -> dict[str, Any]:
    """What the template `shortlist.html` shows.

    Args:
        ranked: the rows of a shortlist, in their order; with the columns of `campaigns.facts`, or without any of them.
        pages: address of the page of each account that has one.
    """
    has_facts = set(FACTS_SCHEMA) <= set(ranked.columns)
    campaigns = []
    for number, ((campaign,), rows) in enumerate(ranked.group_by("campaign", maintain_order=True)):
        candidates = [_candidate(row, pages, has_facts=has_facts) for row in rows.iter_rows(named=True)]
        campaigns.append(
            {
                "number": number,
                "campaign": _short(campaign),
                "candidates": candidates,
                "charts": _charts(candidates),
                "comparisons": [(_short(each.currency, LONGEST_CURRENCY), each) for each in same_budget(candidates)],
                "currencies": sorted({currency(row) for row in candidates if row["fee"] is not None}),
                "not_compared": sum(row["verdict"] == "pass" and _cost(row) is None for row in candidates),
            }
        )
    return {
        "campaigns": campaigns,
        "candidates": ranked.height,
        "has_facts": has_facts,
        "recent_days": RECENT_DAYS,
        "compared_days": COMPARED_DAYS,
        "fewest_compared": FEWEST_COMPARED,
    }


def _candidate(row: Mapping[str, Any], pages: Mapping[str, str], *, has_facts: bool) -> dict[str, Any]:
    """A row with its name, the address of its page, and what is beside the verdict in words."""
    shown = {
        **row,
        "name": _short(row["handle"] or row["account_id"] or "not named"),
        "platform": _short(row["platform"] or ""),
        "page": pages.get(row["account_id"] or ""),
        "fee_currency": _short(row["currency"] or "", LONGEST_CURRENCY),
    }
    if has_facts:
        # A candidate whom the scores do not know was not looked up either.
        shown["beside"] = _beside(row) if row["verdict"] != "unscored" else None
    return shown


def _short(text: str, longest: int = LONGEST_NAME) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


# Beside the verdict ---------------------------------------------------------------------------------------------------


UNKNOWN = "cannot be told"


def _beside(row: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Per column what is said, and what it rests on."""
    about = " · ".join(_short(row[name]) for name in ("niche", "language", "country") if row[name])
    return {
        "about": (about or "not known", ""),
        "sponsored": _sponsored(row),
        "against_own": _against_own(row),
        "replies": _replies(row),
        "mood": _mood(row),
        "rhythm": _rhythm(row),
    }


def _sponsored(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["declared_posts"] is None:
        return UNKNOWN, "no post says it"
    if row["declared_posts"] == 0:
        return UNKNOWN, "none of these posts says it" if row["recent_posts"] else "no post in this time"
    return f"{row['sponsored_post_share']:.0%}", f"{row['sponsored_posts']:,} of {row['declared_posts']:,} posts"


def _against_own(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["sponsored_posts_compared"] is None:
        return UNKNOWN, "no post to compare"
    among = f"{row['sponsored_posts_compared']:,} sponsored, {row['own_posts_compared']:,} others"
    if row["sponsored_engagement_ratio"] is None:
        return UNKNOWN, among
    low, high = row["sponsored_engagement_ratio_lower"], row["sponsored_engagement_ratio_upper"]
    return f"{row['sponsored_engagement_ratio']:.2f} times", f"{low:.2f} to {high:.2f}; {among}"


def _replies(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["owner_replies"] is None:
        return UNKNOWN, "no comments whose authors are known"
    posts = f"{row['posts_with_comments']:,} posts with comments"
    if row["owner_replies"] == 0:
        return "none seen", f"on {posts}"
    return f"{row['owner_replies']:,}", f"on {row['posts_with_owner_reply']:,} of {posts}"


def _mood(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["comments_by_others"] is None:
        return UNKNOWN, "no comments observed"
    coverage = (
        f"of {row['comments_by_others']:,} comments {row['english_comments']:,} English, {row['rated_comments']:,} "
        "with words the list knows"
    )
    if row["positive_comment_share"] is None:
        return UNKNOWN, f"{coverage}; {FEWEST_RATED} are needed"
    return f"{row['positive_comment_share']:.0%} positive, {row['negative_comment_share']:.0%} negative", coverage


def _rhythm(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["last_post_on"] is None:
        return UNKNOWN, "no posts observed"
    days = math.floor(row["days_since_last_post"])
    last = f"last {row['last_post_on']}, {days:,} {'day' if days == 1 else 'days'} before its newest data"
    return (UNKNOWN if row["posts_per_week"] is None else f"{row['posts_per_week']:.1f} a week"), last


# Drawing --------------------------------------------------------------------------------------------------------------


def _cost(row: Mapping[str, Any]) -> float | None:
    """What an expected like or comment costs, unrounded; None where it cannot be told."""
    engagement = row["expected_engagement_per_post"]
    return None if row["fee"] is None or not engagement else float(row["fee"] / engagement)


def _charts(candidates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One chart per currency: what a like or comment costs by followers not bought. Both axes are logarithmic."""
    found = []
    for name in sorted({currency(row) for row in candidates}):
        rows = [row for row in candidates if currency(row) == name and (_cost(row) or 0) > 0 and _followers(row)]
        if len(rows) > 1:
            found.append(
                {
                    "currency": _short(name, LONGEST_CURRENCY),
                    "drawing": _chart(rows, _short(name, LONGEST_CURRENCY)),
                    "shown": len(rows),
                }
            )
    return found


def _followers(row: Mapping[str, Any]) -> bool:
    return (row["authentic_followers"] or 0) > 0 and row["verdict"] in SHAPES


def _chart(rows: Sequence[Mapping[str, Any]], name: str) -> Markup:
    followers = [_bounds(row, "authentic_followers") for row in rows]
    costs = [_bounds(row, "expected_engagement_per_post") for row in rows]
    # The more it brings, the less each costs: the bounds change places.
    costs = [(row["fee"] / high, row["fee"] / low) for row, (low, high) in zip(rows, costs, strict=True)]
    across = _logarithmic([end for each in followers for end in each], drawing.LEFT, drawing.WIDTH - drawing.RIGHT)
    up = _logarithmic([end for each in costs for end in each], drawing.HEIGHT - drawing.BOTTOM, drawing.TOP)
    marks = []
    for row, (least, most), (low, high) in zip(rows, followers, costs, strict=True):
        shape, called = SHAPES[row["verdict"]]
        x, y = row["authentic_followers"], _cost(row) or low
        label = f"{row['name']}: {called}; {x:,.0f} followers not bought; {y:,.4g} {name} each"
        marks += [
            drawing.line([(least, y), (most, y)], across, up, "whisker"),
            drawing.line([(x, low), (x, high)], across, up, "whisker"),
            drawing.mark(shape, x, y, across, up, f"shape {row['verdict']}", label),
        ]
    counts = ", ".join(
        f"{sum(row['verdict'] == verdict for row in rows)} {called} ({shape})"
        for verdict, (shape, called) in SHAPES.items()
        if any(row["verdict"] == verdict for row in rows)
    )
    return drawing.chart(
        marks,
        across,
        up,
        title=f"Cost of a real like or comment by followers not bought{', ' + name if name else ''}",
        description=f"{len(rows)} candidates: {counts}. Every value stands in the table of candidates.",
        across_text=drawing.amount,
        up_text=drawing.amount,
    )


def _bounds(row: Mapping[str, Any], column: str) -> tuple[float, float]:
    """The interval of a positive estimate on a logarithmic axis; the estimate itself where there is none."""
    middle = row[column]
    low, high = row[f"{column}_lower"], row[f"{column}_upper"]
    return (middle if not low else min(low, middle)), (middle if not high else max(high, middle))


def _logarithmic(values: Sequence[float], start: float, end: float) -> drawing.Scale:
    low, high = min(values) / AXIS_ROOM, max(values) * AXIS_ROOM
    short = math.sqrt(max(LEAST_SPAN * low / high, 1.0))
    return drawing.Scale(low / short, high * short, start, end, logarithmic=True)
