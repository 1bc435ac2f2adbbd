"""Two models on the same accounts, part by part: what `models.promotion` decides on, opened for a reviewer.

`arms` are two names, the reviewed model first; the frames are those of `models.promotion.side_by_side`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from matplotlib.figure import Figure

from models import figures
from models.evaluation import Draws, Sample, headline_rows, reliability_bins
from models.promotion import at_own_share, flips, side_by_side

FEWEST_OF_A_CLASS = 10
"""Accounts of a class below which a segment is not compared: any interval would be as wide as the scale (assumed)."""

COMPARED = (("metrics", "auc"), ("shares", "genuine_rejected"), ("shares", "inauthentic_flagged"))
"""What is compared segment by segment: ranking, honest rejects, and what is found."""


def by_segment(scored: pl.DataFrame, arms: Sequence[str], column: str, draws: Draws) -> list[dict[str, Any]]:
    """The paired comparison within each value of a column, in its order.

    Returns:
        Rows of `segment`, `accounts`, `genuine`, `inauthentic` and, for each figure of `COMPARED`, one entry an arm
        and `difference` (the first arm less the second), each with `value`, `lower` and `upper`: `auc_<arm>`,
        `auc_difference`, and so on. Segments with fewer than `FEWEST_OF_A_CLASS` accounts of a class are left out.
    """
    main, other = arms
    rows = []
    parts = headline_rows(scored).drop_nulls(column).partition_by(column, as_dict=True)
    for (segment,), members in sorted(parts.items()):
        inauthentic = int(members["is_inauthentic"].sum())
        if min(inauthentic, members.height - inauthentic) < FEWEST_OF_A_CLASS:
            continue
        found = side_by_side(members.sort("account_id"), arms, **draws)
        row: dict[str, Any] = {
            "segment": segment,
            "accounts": members.height,
            "genuine": members.height - inauthentic,
            "inauthentic": inauthentic,
        }
        for part, name in COMPARED:
            row |= {f"{name}_{arm}": found[part]["models"][arm][name] for arm in (main, other)}
            row[f"{name}_difference"] = found[part]["differences"][other][name]
        rows.append(row)
    return rows


def reliability(scored: pl.DataFrame, arms: Sequence[str], draws: Draws, *, split: str) -> Figure:
    """Both models' reliability at the share of inauthentic accounts at hand, over the accounts that both judge."""
    told = headline_rows(scored).filter(pl.all_horizontal(pl.col(f"probability_{arm}").is_not_null() for arm in arms))
    told = told.sort("account_id")
    labels = told["is_inauthentic"].to_numpy()
    sample = Sample(told, **draws)
    bins = {arm: reliability_bins(sample, labels, at_own_share(told, arm, labels)) for arm in arms}
    return figures.reliability(labels, bins, split=split, confidence=draws["confidence"])


def flipped(scored: pl.DataFrame, arms: Sequence[str], most: int) -> pl.DataFrame:
    """The accounts whose verdict moved furthest in log-odds, at most so many.

    Columns: `account_id`, `class`, `platform`, `follower_count`, `scheme`, `benign_story`, and for each arm `verdict_`,
    `probability_` and `strongest_reason_`, the feature that speaks in it (null for a pass).
    """
    listed = flips(scored, arms).head(most)
    strongest = [
        pl.col(f"reasons_{arm}").list.first().struct.field("feature").alias(f"strongest_reason_{arm}") for arm in arms
    ]
    return listed.select(
        "account_id",
        "class",
        "platform",
        "follower_count",
        "scheme",
        "benign_story",
        *(f"verdict_{arm}" for arm in arms),
        *(f"probability_{arm}" for arm in arms),
        *strongest,
    )
