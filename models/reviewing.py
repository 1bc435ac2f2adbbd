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

FLAGGED = ("reject", "review")


def by_segment(scored: pl.DataFrame, arms: Sequence[str], column: str, draws: Draws) -> list[dict[str, Any]]:
    """Both models within each value of a column, in its order: ranking, honest rejects, and what is found.

    Returns:
        Rows of `segment`, `accounts`, `genuine`, `inauthentic`, and of `auc`, `genuine_rejected` and
        `inauthentic_flagged` (rejected or reviewed) an entry `<figure>_<arm>` each and `<figure>_difference`, the first
        arm less the second and paired; entries are of `value`, `lower` and `upper`. An arm's shares have intervals that
        are never narrower than the exact ones. A difference has none but the draws of cohorts: where neither arm
        rejects anybody it is 0 in every draw. Segments with fewer than `FEWEST_OF_A_CLASS` of a class are left out.
    """
    rows = []
    parts = headline_rows(scored).drop_nulls(column).partition_by(column, as_dict=True)
    for (segment,), members in sorted(parts.items()):
        inauthentic = int(members["is_inauthentic"].sum())
        if min(inauthentic, members.height - inauthentic) >= FEWEST_OF_A_CLASS:
            counts = {"segment": segment, "accounts": members.height}
            counts |= {"genuine": members.height - inauthentic, "inauthentic": inauthentic}
            rows.append(counts | _compared(members.sort("account_id"), arms, draws))
    return rows


def _compared(members: pl.DataFrame, arms: Sequence[str], draws: Draws) -> dict[str, Any]:
    found = side_by_side(members, arms, **draws)
    differences = found["metrics"]["differences"][arms[1]] | found["shares"]["differences"][arms[1]]
    row = {f"{name}_difference": differences[name] for name in ("auc", "genuine_rejected", "inauthentic_flagged")}
    sample = Sample(members, **draws)
    bought = sample.where(pl.col("is_inauthentic"))
    for arm in arms:
        verdict = pl.col(f"verdict_{arm}")
        row |= {
            f"auc_{arm}": found["metrics"]["models"][arm]["auc"],
            f"genuine_rejected_{arm}": sample.share(sample.where(verdict == "reject"), ~bought),
            f"inauthentic_flagged_{arm}": sample.share(sample.where(verdict.is_in(FLAGGED)), bought),
        }
    return row


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
