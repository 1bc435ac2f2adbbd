"""What is shown of a shortlist: each campaign's candidates in order, and what its money buys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

MOST_SMALL = 20
"""Accounts, at most, that the money of one large account is spread over: more cannot be looked after."""

FEWEST_SMALL = 2
"""Accounts from which a spread is one."""


def shortlist_view(ranked: pl.DataFrame, pages: Mapping[str, str]) -> dict[str, Any]:
    """What the template `shortlist.html` shows.

    Args:
        ranked: the rows of a shortlist, in their order.
        pages: address of the page of each account that has one.
    """
    campaigns = []
    for (campaign,), rows in ranked.group_by("campaign", maintain_order=True):
        candidates = [{**row, "page": pages.get(row["account_id"] or "")} for row in rows.iter_rows(named=True)]
        campaigns.append({"campaign": campaign, "candidates": candidates, "comparison": same_budget(candidates)})
    return {"campaigns": campaigns, "candidates": ranked.height}


def same_budget(candidates: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What the fee of the largest passing candidate buys from it, and from smaller passing ones instead.

    The smaller ones are taken by their cost per authentic engagement, cheapest first, as long as the money lasts, up to
    `MOST_SMALL`. None where fees are in several currencies, or fewer than `FEWEST_SMALL` smaller ones can be paid.
    """
    eligible = [
        row
        for row in candidates
        if row["verdict"] == "pass" and row["fee"] and row["cost_per_authentic_engagement"] is not None
    ]
    if not eligible or len({row["currency"] for row in eligible}) > 1:
        return None
    large = max(eligible, key=lambda row: (row["follower_count"], row["account_id"]))
    left = large["fee"]
    chosen: list[Mapping[str, Any]] = []
    for row in sorted(eligible, key=lambda row: (row["cost_per_authentic_engagement"], row["account_id"])):
        if row is not large and row["fee"] <= left and len(chosen) < MOST_SMALL:
            chosen.append(row)
            left -= row["fee"]
    if len(chosen) < FEWEST_SMALL:
        return None
    return {
        "currency": large["currency"] or "",
        "budget": large["fee"],
        "options": [_option("one large account", [large]), _option(f"{len(chosen)} smaller ones", chosen)],
    }


def _option(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sums over the accounts. Bounds are summed, too, as if all were at theirs at once: wider than they need be."""

    def total(column: str) -> float | None:
        values = [row[column] for row in rows if row[column] is not None]
        return sum(values) if len(values) == len(rows) else None

    columns = ("authentic_followers", "expected_engagement_per_post")
    return {
        "name": name,
        "handles": [row["handle"] or row["account_id"] for row in rows],
        "fee": total("fee"),
        **{f"{each}{end}": total(f"{each}{end}") for each in columns for end in ("", "_lower", "_upper")},
    }
