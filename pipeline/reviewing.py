"""A model put beside the champion for a reviewer: both scored on the frozen cohorts, nothing written to the store.

`python -m pipeline compare` writes and attaches such a comparison, and `promote` decides on it; this hands over the
accounts, to be looked at part by part (`models.reviewing`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from models.evaluation import Draws, size_tier
from models.promotion import CANDIDATE, CHAMPION, Limits, decide, side_by_side, transitions
from pipeline.contenders import check_unseen, frozen_cohorts, open_contender, score_contenders
from pipeline.params import read_section
from pipeline.promote import FIGURES, PromoteParams
from pipeline.side_by_side import figure_rows
from pipeline.simulate import read_priors
from pipeline.track import TrackParams

ARMS = (CANDIDATE, CHAMPION)


@dataclass(frozen=True, slots=True)
class Review:
    """Both models on the same accounts.

    Attributes:
        names: which model is behind each of `ARMS`.
        split: accounts that both were scored on, in words.
        accounts: labels and, for each arm, `probability_`, `prevalence_`, `verdict_`, `reasons_`; and `size_tier`.
        draws: of every interval.
        compared: what `models.promotion.side_by_side` found.
        limits: what a promotion may not exceed.
    """

    names: dict[str, str]
    split: str
    accounts: pl.DataFrame
    draws: Draws
    compared: dict[str, Any]
    limits: Limits

    def figures(self) -> pl.DataFrame:
        """Every figure of both, with intervals, and their paired difference."""
        return pl.DataFrame(list(figure_rows(self.compared, ARMS)), schema=FIGURES, orient="row")

    def decision(self) -> tuple[bool, tuple[str, ...]]:
        """Whether the rule of `promote` would promote the candidate, and why; nothing is logged or moved."""
        decided = decide(self.compared, self.limits, self.draws["confidence"])
        return decided.is_promoted, decided.reasons

    def transitions(self) -> pl.DataFrame:
        """How many accounts go from which verdict of the candidate to which of the champion, by class."""
        schema = {"class": pl.String, "from": pl.String, "to": pl.String, "accounts": pl.Int64, "share": pl.Float64}
        return pl.DataFrame(transitions(self.accounts, ARMS), schema=schema).rename(
            {"from": f"verdict_{CANDIDATE}", "to": f"verdict_{CHAMPION}"}
        )


def review(candidate: str, champion: str, *, cohorts: int | None = None, report: Callable[[str], None]) -> Review:
    """Score both models on the frozen cohorts of params.yaml (section `promote`).

    Args:
        candidate: a bundle folder, `models:/NAME@ALIAS`, or a run, as `compare` takes them.
        champion: likewise.
        cohorts: how many of the frozen cohorts to use; None: all of them.
        report: told what is being done.

    Raises:
        UnusableInputError: one of the models is not known, cannot be scored, or was trained on these cohorts.
    """
    params, names = read_section("promote", PromoteParams), read_section("track", TrackParams)
    if cohorts is not None:
        params = params.model_copy(update={"cohorts": cohorts})
    with tempfile.TemporaryDirectory() as scratch:
        pair = [
            open_contender(reference, label, Path(scratch), names.experiment, names.registered_model)
            for reference, label in zip((candidate, champion), ARMS, strict=True)
        ]
        frozen = frozen_cohorts(params, read_priors(), report)
        for each in pair:
            check_unseen(each, frozen)
        scored = score_contenders(pair, frozen, params.jobs, report).accounts
        called = {each.label: each.name for each in pair}  # while what came from the store is still there
    report("metrics")
    draws = Draws(replicates=params.replicates, confidence=params.confidence, seed=params.seed)
    compared = side_by_side(scored, ARMS, **draws)
    split = (
        f"{params.cohorts} frozen simulated cohorts, seeds {params.seeds[0]} to {params.seeds[-1]}, unseen in training"
    )
    accounts = scored.with_columns(size_tier())
    return Review(called, split, accounts, draws, compared, params.limits)
