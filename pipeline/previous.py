"""What changed since an account was scored before: columns beside the scores, which stay as they are to the bit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from features.tables import INSTANT
from pipeline.scores_file import read_scores

TABLE = "previous"
"""What messages call the earlier scores: the option that names them."""

COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "account_id": pl.String,
    "verdict": pl.String,
    "probability_inauthentic": pl.Float64,
    "reasons": pl.List(pl.Struct({"feature": pl.String, "text": pl.String})),
    "as_of": INSTANT,
    "model_version": pl.String,
}
"""What is read of the earlier scores."""

SHOWN = ("verdict", "probability_inauthentic", "as_of", "model_version")
"""Columns that stand again beside the new ones, as `previous_<name>`."""

WITH_REASONS = ("review", "reject")
"""Verdicts that come with reasons. A pass shows none, so that its reasons are neither new nor gone."""


@dataclass(frozen=True, slots=True)
class Compared:
    """New scores with the columns on the earlier ones, and the counts for the summary."""

    scores: pl.DataFrame
    summary: dict[str, Any]
    warnings: list[str]


def read_previous(path: Path) -> pl.DataFrame:
    """The earlier scores, one row an account.

    Raises:
        UnusableInputError: see `read_scores`.
    """
    return read_scores(path, COLUMNS, TABLE)


def compare(scores: pl.DataFrame, previous: pl.DataFrame) -> Compared:
    """Put `previous_<name>` of every column in `SHOWN`, and `changed`, behind the columns of the new scores.

    `changed` is a list of sentences: the model version, the verdict, reasons that are new or gone among those shown.
    It is empty where nothing of that changed. All of it is null for an account that the earlier scores do not have.
    Probabilities are never compared in words: `previous_probability_inauthentic` stands beside the new one.
    """
    earlier = previous.select("account_id", *(pl.col(name).alias(f"previous_{name}") for name in SHOWN))
    reasons = previous.select("account_id", _reasons=pl.col("reasons"), _known=pl.lit(True))
    joined = scores.join(earlier, on="account_id", how="left", maintain_order="left")
    both = joined.join(reasons, on="account_id", how="left", maintain_order="left")
    changed = [_changes(row) if row["_known"] else None for row in both.iter_rows(named=True)]
    result = joined.with_columns(pl.Series("changed", changed, dtype=pl.List(pl.String)))
    return Compared(result, _summary(both, previous), _warnings(both))


def _changes(row: dict[str, Any]) -> list[str]:
    """What changed of one account, in words."""
    found = []
    before, after = row["previous_verdict"], row["verdict"]
    if row["previous_model_version"] != row["model_version"]:
        found.append(
            f"model version changed, {row['previous_model_version']} -> {row['model_version']}: "
            "the two scores may not compare"
        )
    if before != after:
        found.append(f"verdict {before} -> {after}")
    if before in WITH_REASONS and after in WITH_REASONS:
        old, new = ({each["feature"]: each["text"] for each in row[name] or []} for name in ("_reasons", "reasons"))
        found += [f"reason gone: {text}" for feature, text in old.items() if feature not in new]
        found += [f"reason new: {text}" for feature, text in new.items() if feature not in old]
    return found


def _summary(both: pl.DataFrame, previous: pl.DataFrame) -> dict[str, Any]:
    known = both.filter(pl.col("_known"))
    flips = Counter(
        f"{before} -> {after}"
        for before, after in known.select("previous_verdict", "verdict").iter_rows()
        if before != after
    )
    return {
        "accounts_in_both": known.height,
        "accounts_new": both.height - known.height,
        "accounts_gone": previous.height - known.height,
        "verdicts_changed": dict(sorted(flips.items())),
        "model_versions": known["previous_model_version"].unique().drop_nulls().sort().to_list(),
        "as_of": [instant.isoformat() for instant in known["previous_as_of"].unique().drop_nulls().sort()],
    }


def _warnings(both: pl.DataFrame) -> list[str]:
    known = both.filter(pl.col("_known"))
    others = known.filter(pl.col("previous_model_version").ne_missing(pl.col("model_version")))
    newer = known.filter(pl.col("previous_as_of") > pl.col("as_of"))
    found = []
    if known.is_empty():
        found.append(f"{TABLE}: none of the accounts is among the earlier scores (ids are compared as written).")
    if not others.is_empty():
        versions = ", ".join(others["previous_model_version"].unique().drop_nulls().sort())
        found.append(
            f"{TABLE}: {others.height:,} earlier scores are of another model ({versions}): what changed may be the "
            "model and not the account."
        )
    if not newer.is_empty():
        found.append(f"{TABLE}: {newer.height:,} earlier scores rest on newer data than these.")
    return found
