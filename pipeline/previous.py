"""What changed since an account was scored before: columns beside the scores, which stay as they are to the bit."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
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
class Changes:
    """What changed between some accounts' earlier and new scores, as counts that add up over parts of the accounts.

    `other_models` are the earlier scores of another model than the new ones, by version (empty: not
    told); `newer` the earlier scores
    that rest on newer data.
    """

    in_both: int = 0
    new: int = 0
    gone: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    versions: frozenset[str] = frozenset()
    instants: frozenset[datetime] = frozenset()
    other_models: Counter[str] = field(default_factory=Counter)
    newer: int = 0

    def __add__(self, other: Changes) -> Changes:
        """Both together."""
        return Changes(
            self.in_both + other.in_both,
            self.new + other.new,
            self.gone + other.gone,
            self.verdicts + other.verdicts,
            self.versions | other.versions,
            self.instants | other.instants,
            self.other_models + other.other_models,
            self.newer + other.newer,
        )

    def summary(self) -> dict[str, Any]:
        """The counts for summary.json."""
        return {
            "accounts_in_both": self.in_both,
            "accounts_new": self.new,
            "accounts_gone": self.gone,
            "verdicts_changed": dict(sorted(self.verdicts.items())),
            "model_versions": sorted(self.versions),
            "as_of": [instant.isoformat() for instant in sorted(self.instants)],
        }

    def warnings(self) -> list[str]:
        """What makes the comparison doubtful."""
        found = []
        if self.in_both == 0:
            found.append(f"{TABLE}: none of the accounts is among the earlier scores (ids are compared as written).")
        if self.other_models:
            versions = ", ".join(sorted(filter(None, self.other_models)))
            found.append(
                f"{TABLE}: {self.other_models.total():,} earlier scores are of another model ({versions}): what "
                "changed may be the model and not the account."
            )
        if self.newer:
            found.append(f"{TABLE}: {self.newer:,} earlier scores rest on newer data than these.")
        return found


@dataclass(frozen=True, slots=True)
class Compared:
    """New scores with the columns on the earlier ones, and what changed."""

    scores: pl.DataFrame
    changes: Changes


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
    return Compared(result, _counted(both, previous))


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


def _counted(both: pl.DataFrame, previous: pl.DataFrame) -> Changes:
    known = both.filter(pl.col("_known"))
    others = known.filter(pl.col("previous_model_version").ne_missing(pl.col("model_version")))
    return Changes(
        in_both=known.height,
        new=both.height - known.height,
        gone=previous.height - known.height,
        verdicts=Counter(
            f"{before} -> {after}"
            for before, after in known.select("previous_verdict", "verdict").iter_rows()
            if before != after
        ),
        versions=frozenset(known["previous_model_version"].drop_nulls()),
        instants=frozenset(known["previous_as_of"].drop_nulls()),
        other_models=Counter(others["previous_model_version"].fill_null("")),
        newer=int((known["previous_as_of"] > known["as_of"]).sum()),
    )
