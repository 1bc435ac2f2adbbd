"""What is shown of a scored batch: counts, distribution, tiers, what was not used, and a table of every account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup

from models.thresholds import VERDICTS
from pages import drawing
from pages.wording import PLATFORM_WORDS, VERDICT_MEANINGS

TIERS = (
    ("under 1k", 0, 1_000),
    ("1k to 10k", 1_000, 10_000),
    ("10k to 50k", 10_000, 50_000),
    ("50k to 100k", 50_000, 100_000),
    ("100k to 500k", 100_000, 500_000),
    ("500k and more", 500_000, None),
)
"""Follower tiers of the trade."""

SCORE_STEP = 5
"""Points of the score per bar."""


def batch_view(scores: pl.DataFrame, summary: Mapping[str, Any] | None, pages: Mapping[str, str]) -> dict[str, Any]:
    """What the template `batch.html` shows.

    Args:
        scores: columns of the scores file.
        summary: of the same run; None where it does not lie beside the scores.
        pages: address of the page of each account that has one.
    """
    return {
        "accounts": scores.height,
        "verdicts": _verdicts(scores),
        "distribution": _distribution(scores),
        "tiers": _tiers(scores),
        "summary": summary,
        "problems": summary is not None and any(table["problems"] for table in summary["tables"].values()),
        "table": table_json(scores, pages),
        "as_of": scores["as_of"].drop_nulls().max(),
        "models": sorted(scores["model_version"].drop_nulls().unique()),
    }


def _verdicts(scores: pl.DataFrame) -> list[dict[str, Any]]:
    total = max(scores.height, 1)
    counts = dict(scores["verdict"].value_counts().iter_rows())
    return [
        {
            "verdict": verdict,
            "meaning": VERDICT_MEANINGS[verdict],
            "accounts": counts.get(verdict, 0),
            "share": counts.get(verdict, 0) / total,
        }
        for verdict in VERDICTS
    ]


def _distribution(scores: pl.DataFrame) -> Markup | None:
    known = scores["authenticity_score"].drop_nulls().to_numpy()
    if known.size == 0:
        return None
    counts = np.histogram(known, np.arange(0, 100 + SCORE_STEP + 1, SCORE_STEP))[0]
    across = drawing.Scale(0.0, 100.0 + SCORE_STEP, drawing.LEFT, drawing.WIDTH - drawing.RIGHT)
    up = drawing.vertical([0.0, *counts.astype(float)], from_zero=True)
    labels = [f"score {index * SCORE_STEP} and more: {count:,} accounts" for index, count in enumerate(counts)]
    return drawing.chart(
        [drawing.bars([float(count) for count in counts], across, up, "bar", labels)],
        across,
        up,
        title="Accounts by authenticity score",
        description=f"{known.size:,} accounts with a score, median {np.median(known):.0f} of 100",
        across_text=lambda tick: f"{tick:.0f}",
    )


def _tiers(scores: pl.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for name, low, high in TIERS:
        followers = pl.col("follower_count")
        inside = scores.filter((followers >= low) & (followers < high if high is not None else pl.lit(True)))
        if inside.height:
            counts = dict(inside["verdict"].value_counts().iter_rows())
            rows.append({"tier": name, "accounts": inside.height, **{each: counts.get(each, 0) for each in VERDICTS}})
    return rows


def table_json(scores: pl.DataFrame, pages: Mapping[str, str]) -> Markup:
    """Every account as one short list, for the table; safe inside a script element.

    In order: id, handle, platform, followers, score, probability, verdict, suspected scheme, first reason's heading,
    page.
    """
    rows = [
        [
            row["account_id"],
            row["handle"] or "",
            PLATFORM_WORDS.get(row["platform"], row["platform"]),
            row["follower_count"],
            row["authenticity_score"],
            None if row["probability_inauthentic"] is None else round(row["probability_inauthentic"], 3),
            row["verdict"],
            row["suspected_schemes"][0]["scheme"] if row["suspected_schemes"] else "",
            row["reasons"][0]["text"].partition(": ")[0] if row["reasons"] else "; ".join(row["insufficient_because"]),
            pages.get(row["account_id"], ""),
        ]
        for row in scores.iter_rows(named=True)
    ]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    # What could end the element, or start a comment, is written as an escape that JSON reads back.
    for mark, escape in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(mark, escape)
    return Markup(text)  # noqa: S704 - escaped just above
