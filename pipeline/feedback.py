"""Command `feedback`: reviewers' outcomes to labels, and to what they tell about the verdicts and what they cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from scipy.stats import mannwhitneyu

from features.tables import CONTRACTS
from models.evaluation import clopper_pearson
from models.thresholds import VERDICTS
from pipeline import layout
from pipeline.claims import claimed
from pipeline.dataset import MAX_QUARANTINED_SHARE
from pipeline.decisions import GENUINE, INAUTHENTIC, UNCLEAR, read_decisions
from pipeline.scores_file import read_scores
from pipeline.storage import (
    QUARANTINE_FOLDER,
    check_output_folder,
    publish,
    quarantine_path,
    scratch_folder,
    write_json,
    write_parquet,
)

LABELS_FILE = "labels.parquet"
LABEL_SOURCE = "review"

SCORES_READ: dict[str, pl.DataType | type[pl.DataType]] = {
    "account_id": pl.String,
    "verdict": pl.String,
    "probability_inauthentic": pl.Float64,
}

CHOSEN_BY_SCORE = 0.01
"""p of a two-sided Mann-Whitney test below which those looked at are said to differ in probability from the others of
their verdict (assumed: four verdicts are tested, and a false warning should be rare)."""


def feedback_file(decisions: Path, scores: Path, output: Path) -> dict[str, Any]:
    """Write `labels.parquet`, `quarantine/` and `summary.json` to the output folder; returns the summary.

    Raises:
        UnusableInputError: a file that cannot be used; TooManyBadRowsError: more bad rows than allowed. Nothing is
            written then.
    """
    check_output_folder(output)
    scored = read_scores(scores, SCORES_READ, "scores")
    read = read_decisions(decisions, scored["account_id"], MAX_QUARANTINED_SHARE)
    reviewed = scored.join(read.standing, on="account_id", how="left", maintain_order="left")
    labels = labels_of(read.standing)
    verdicts = by_verdict(reviewed)
    summary = {
        "decisions": {**read.counts, "problems": read.problems},
        "labels": labels.height,
        "verdicts": verdicts,
        "warnings": [*read.warnings, *selection_warnings(reviewed, verdicts)],
    }
    with claimed(output), scratch_folder(output) as folder:
        (folder / QUARANTINE_FOLDER).mkdir()
        if not read.quarantine.is_empty():
            write_parquet(read.quarantine, quarantine_path(folder, "decisions"))
        write_parquet(labels, folder / LABELS_FILE)
        write_json(summary, folder / layout.SUMMARY_FILE)
        publish(folder, (QUARANTINE_FOLDER, LABELS_FILE, layout.SUMMARY_FILE), output)
    return summary


def labels_of(standing: pl.DataFrame) -> pl.DataFrame:
    """The definite decisions as the contract's table `labels`, sorted by account; the unclear ones are no label."""
    schema = CONTRACTS["labels"].schema
    definite = standing.filter(pl.col("decision") != UNCLEAR).select(
        "account_id",
        "scheme",
        is_inauthentic=pl.col("decision") == INAUTHENTIC,
        labelled_on="decided_on",
        label_source=pl.lit(LABEL_SOURCE),
    )
    given = [name for name in schema if name in definite.columns]
    return definite.select(given).sort("account_id")


def by_verdict(reviewed: pl.DataFrame) -> dict[str, dict[str, Any]]:
    """Per verdict: accounts, how many were looked at, what was found, and the share inauthentic with its interval.

    `reviewed` has one row a scored account: `verdict`, `decision` (null: nobody looked). The share is of those with a
    definite decision, with an exact (Clopper-Pearson) 95 % interval; for rejects it is their observed precision.
    `if_unclear_genuine` and `if_unclear_inauthentic` bound what the unclear ones could make of it.
    """
    rows = {}
    for verdict in VERDICTS:
        members = reviewed.filter(pl.col("verdict") == verdict)["decision"]
        found = {name: int((members == name).sum()) for name in (INAUTHENTIC, GENUINE, UNCLEAR)}
        definite = found[INAUTHENTIC] + found[GENUINE]
        seen = definite + found[UNCLEAR]
        lower, upper = clopper_pearson(found[INAUTHENTIC], definite)
        rows[verdict] = {
            "accounts": members.len(),
            "looked_at": seen,
            "looked_at_share": _share(seen, members.len()),
            **found,
            "inauthentic_share": _share(found[INAUTHENTIC], definite),
            "lower": lower,
            "upper": upper,
            "if_unclear_genuine": _share(found[INAUTHENTIC], seen),
            "if_unclear_inauthentic": _share(found[INAUTHENTIC] + found[UNCLEAR], seen),
        }
    return rows


def selection_warnings(reviewed: pl.DataFrame, verdicts: dict[str, dict[str, Any]]) -> list[str]:
    """What the outcomes cannot tell, since people look where there is a suspicion; a sentence each."""
    seen = sum(row["looked_at"] for row in verdicts.values())
    if seen == 0:
        return ["decisions: none is on a scored account (ids are compared as written): nothing can be told."]
    chosen = {verdict: _unlike(reviewed.filter(pl.col("verdict") == verdict)) for verdict in verdicts}
    looked = "; ".join(f"{name} {row['looked_at']:,} of {row['accounts']:,}" for name, row in verdicts.items())
    selected = (
        f"selection: {seen:,} of {reviewed.height:,} scored accounts were looked at ({looked}); the share inauthentic "
        "among the labels is not the share among the scored."
    )
    found = [
        selected,
        *(_holds_for(verdict, row, chosen[verdict]) for verdict, row in verdicts.items() if _is_sample(row)),
        _recall(verdicts["pass"], chosen["pass"]),
    ]
    definite = {name: sum(row[name] for row in verdicts.values()) for name in (INAUTHENTIC, GENUINE)}
    if not all(definite.values()):
        found.append(
            f"labels: {definite[INAUTHENTIC]:,} inauthentic and {definite[GENUINE]:,} genuine: one class alone teaches "
            "nothing. Review some accounts of the other verdicts before training on them."
        )
    return found


def _is_sample(row: dict[str, Any]) -> bool:
    return bool(0 < row["looked_at"] < row["accounts"])


def _holds_for(verdict: str, row: dict[str, Any], chosen: str | None) -> str:
    """For whom the share found among those looked at of a verdict holds."""
    if chosen is None:
        return (
            f"{verdict}: the share found holds for all {row['accounts']:,} only if the {row['looked_at']:,} were drawn "
            "at random among them."
        )
    return (
        f"{verdict}: the {row['looked_at']:,} looked at have {chosen} probabilities than the others: they were not "
        f"drawn at random, and the share found does not hold for all {row['accounts']:,}."
    )


def _unlike(members: pl.DataFrame) -> str | None:
    """Whether those looked at of a verdict have `higher` or `lower` probabilities; None: no difference is shown."""
    told = members.filter(pl.col("probability_inauthentic").is_not_null())
    was_seen = told["decision"].is_not_null()
    seen, unseen = (told.filter(flag)["probability_inauthentic"].to_numpy() for flag in (was_seen, ~was_seen))
    if not seen.size or not unseen.size:
        return None
    test = mannwhitneyu(seen, unseen)
    if test.pvalue >= CHOSEN_BY_SCORE:
        return None
    return "higher" if test.statistic > seen.size * unseen.size / 2 else "lower"


def _recall(passed: dict[str, Any], chosen: str | None) -> str:
    """Whether recall can be told: only where somebody looked at accounts that passed, whoever they were."""
    if passed["accounts"] == 0:
        return "recall: no account passed, so none was missed among those with a verdict."
    if passed["looked_at"] == passed["accounts"]:
        return "recall: every pass was looked at; the share inauthentic among them is what was missed."
    if passed["looked_at"] == 0 or chosen is not None:
        why = "nobody looked at a pass" if chosen is None else "the passes looked at were not drawn at random"
        return (
            f"recall: cannot be told, nor the share of inauthentic accounts: {why}. Let reviewers judge some passes "
            "drawn at random, without showing them the verdict."
        )
    weight = passed["accounts"] / passed["looked_at"]
    return (
        f"recall: can be told only if the {passed['looked_at']:,} passes looked at were drawn at random; each of them "
        f"then stands for {weight:.1f} passes, and so with the other verdicts."
    )


def _share(count: int, total: int) -> float | None:
    return count / total if total else None
