"""Command `promote`: the candidate takes the champion's place only if it earns it, on cohorts neither ever saw.

The decision is kept in the tracking store alone: no output of the pipeline depends on who is champion.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import Field

from models.promotion import CANDIDATE, CHAMPION, Decision, Limits, decide, side_by_side
from pages.compare import compare_view
from pages.drawing import Difference
from pages.render import page
from pipeline import layout
from pipeline.conclusions import drawn_differences
from pipeline.contenders import (
    Contender,
    Frozen,
    FrozenParams,
    NotScorableError,
    check_unseen,
    frozen_cohorts,
    open_contender,
    score_contenders,
)
from pipeline.errors import UnusableInputError
from pipeline.params import read_section
from pipeline.plain import markdown
from pipeline.side_by_side import Table, figure_numbers, figure_rows, markdown_table
from pipeline.simulate import read_priors
from pipeline.storage import write_json
from pipeline.track import TrackParams
from pipeline.tracking import (
    CHALLENGER,
    COHORTS_TAG,
    DECISION_TAG,
    LoggedDecision,
    Record,
    decisions_so_far,
    find_run,
    log_decision,
)

ARMS = (CANDIDATE, CHAMPION)
FIGURES = ("figure", "candidate", "champion", "difference, paired")
DRAWN = (
    "Candidate less champion on the same accounts, with the interval. An interval that holds zero tells nothing apart."
)
LIMITS = ("limit", "candidate", "champion", "at most", "holds")


class PromoteParams(FrozenParams):
    """Section `promote` of params.yaml."""

    most_genuine_rejected: float = Field(ge=0, le=1)
    most_story_rejected: float = Field(ge=0, le=1)
    most_calibration_error: float = Field(ge=0, le=1)
    more_without_verdict: float = Field(ge=0, le=1)

    @property
    def limits(self) -> Limits:
        """In the shape that the rule takes."""
        return Limits(
            self.most_genuine_rejected,
            self.most_story_rejected,
            self.most_calibration_error,
            self.more_without_verdict,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a person is told.

    Attributes:
        title: candidate and champion, and how it ended.
        is_champion: is the candidate the champion now (or would be, in a dry run)?
        sentences: the reasons, and what else is to be known.
        figures, limits: rows of the two tables; empty where nothing was compared.
        differences: the same figures' paired differences, candidate less champion, for the page.
    """

    title: str
    is_champion: bool
    sentences: tuple[str, ...]
    figures: Sequence[tuple[str, ...]]
    limits: Sequence[tuple[str, ...]]
    differences: Sequence[Difference] = ()


def promote(
    candidate: str | None,
    *,
    seeds: range | None,
    dry_run: bool,
    force_reason: str | None,
    report: Callable[[str], None],
) -> Outcome:
    """Compare the candidate (default: the challenger) with the champion, decide, and log the decision.

    Args:
        candidate: as `open_contender` takes it.
        seeds: of the frozen cohorts, instead of those of params.yaml.
        dry_run: log nothing and move nothing.
        force_reason: promote whatever the comparison says, for this reason, which is logged.
        report: told what is being done.

    Raises:
        UnusableInputError: no champion, no such candidate, or one that nobody tracked; a model that cannot be scored.
    """
    params, names = read_section("promote", PromoteParams), read_section("track", TrackParams)
    if seeds is not None:
        params = params.model_copy(update={"first_seed": seeds[0], "cohorts": len(seeds)})
    store = (names.experiment, names.registered_model)
    with tempfile.TemporaryDirectory() as scratch:
        report("models")
        run = find_run(f"models:/{names.registered_model}@{CHAMPION}", *store)
        reference = candidate or f"models:/{names.registered_model}@{CHALLENGER}"
        ours = open_contender(reference, CANDIDATE, Path(scratch), *store)
        if ours.model_sha256 == run.tags.get("model_sha256"):
            return Outcome(f"{ours.name} is the champion", True, ("There is nothing to decide.",), [], [])
        if not dry_run and (ours.run is None or not ours.run.versions):
            raise UnusableInputError(
                f"promote: {ours.name} is not in the registry. 'dvc repro' puts it there; --dry-run does without."
            )
        frozen = frozen_cohorts(params, read_priors(), report)
        compared: dict[str, Any] | None = None
        try:
            theirs = open_contender(
                f"models:/{names.registered_model}@{CHAMPION}", CHAMPION, Path(scratch), *store, run=run
            )
            compared = _compare(ours, theirs, frozen, params, report)
        except NotScorableError as error:
            if force_reason is None or error.label != CHAMPION:
                raise
            grounds = Decision(False, (f"nothing was compared ({error})",), ())
        else:
            grounds = decide(compared, params.limits, params.confidence)
        is_promoted = grounds.is_promoted or force_reason is not None
        outcome = _outcome(ours, run.name, grounds, compared, is_promoted=is_promoted, force_reason=force_reason)
        if dry_run or ours.run is None:
            return outcome
        looks = decisions_so_far(names.experiment, frozen.sha256) + 1
        sentences = (*outcome.sentences, f"Candidates that these cohorts have judged, this one included: {looks}.")
        outcome = replace(outcome, sentences=sentences)
        report("MLflow")
        name = f"promote version {ours.run.versions[0]} over {', '.join(run.versions)}"
        record = _record(name, outcome, compared, grounds, frozen, params, Path(scratch))
        why = f"forced, because {force_reason}" if force_reason is not None else "; ".join(grounds.reasons)
        log_decision(LoggedDecision(record, ours.run, run, is_promoted, why), *store)
        return outcome


def _compare(
    ours: Contender, theirs: Contender, frozen: Frozen, params: PromoteParams, report: Callable[[str], None]
) -> dict[str, Any]:
    for each in (ours, theirs):
        check_unseen(each, frozen)
    scored = score_contenders((ours, theirs), frozen, params.jobs, report)
    report("metrics")
    return side_by_side(
        scored.accounts, ARMS, replicates=params.replicates, confidence=params.confidence, seed=params.seed
    )


def _outcome(
    ours: Contender,
    champion: str,
    grounds: Decision,
    compared: Mapping[str, Any] | None,
    *,
    is_promoted: bool,
    force_reason: str | None,
) -> Outcome:
    forced = () if force_reason is None else (f"Forced: {force_reason}.",)
    return Outcome(
        f"{ours.name} over {champion}: {'promoted' if is_promoted else 'champion kept'}",
        is_promoted,
        (*forced, *(f"{reason[0].upper()}{reason[1:]}." for reason in grounds.reasons)),
        figure_rows(compared, ARMS) if compared else [],
        [
            (
                check.name,
                "-" if check.value is None else f"{check.value:.4f}",
                "-" if check.champion is None else f"{check.champion:.4f}",
                f"{check.limit:g}",
                "yes" if check.holds else "no",
            )
            for check in grounds.checks
        ],
        drawn_differences(compared, CHAMPION) if compared else (),
    )


def _record(
    name: str,
    outcome: Outcome,
    compared: dict[str, Any] | None,
    grounds: Decision,
    frozen: Frozen,
    params: PromoteParams,
    scratch: Path,
) -> Record:
    """The decision's run: the same tables as a person sees."""
    accounts = f", {compared['metrics']['accounts']:,} accounts that both judge" if compared else ""
    cohorts = f"{len(frozen.seeds)} simulated, seeds {frozen.seeds[0]} to {frozen.seeds[-1]}{accounts}"
    lines = [
        f"**{markdown(outcome.title)}**\n",
        *(f"- {markdown(sentence)}" for sentence in outcome.sentences),
        f"\nFrozen cohorts: {cohorts}; {params.confidence:.0%} intervals, cohorts drawn whole.\n",
    ]
    if outcome.figures:
        lines += ["## Figures\n", *markdown_table(FIGURES, outcome.figures), ""]
        lines += ["## Limits\n", *markdown_table(LIMITS, outcome.limits)]
    note = "\n".join(lines) + "\n"
    text, shown, numbers = (scratch / f"promotion.{ending}" for ending in ("md", "html", "json"))
    text.write_text(note, encoding="utf-8")
    tables = [
        asdict(Table("Limits", "", LIMITS, outcome.limits)),
        asdict(Table("Figures", f"Frozen cohorts: {cohorts}.", FIGURES, outcome.figures)),
    ]
    said = [outcome.title, *outcome.sentences]
    view = compare_view("may the candidate become the champion?", said, tables, outcome.differences, DRAWN)
    shown.write_text(page("compare.html", view), encoding="utf-8")
    decision = asdict(grounds) | {"is_promoted": outcome.is_champion, "sentences": list(outcome.sentences)}
    write_json({"decision": decision, "compared": compared, "seeds": [frozen.seeds[0], len(frozen.seeds)]}, numbers)
    how = "promoted" if outcome.is_champion else "kept"
    return Record(
        name=f"{name}: {'promoted' if outcome.is_champion else 'champion kept'}",
        note=note,
        parameters={f"promote.{key}": json.dumps(value) for key, value in params.model_dump(mode="json").items()},
        metrics=dict(figure_numbers(compared, ARMS)) if compared else {},
        tags={DECISION_TAG: how, COHORTS_TAG: frozen.sha256, "mlflow.source.name": "python -m pipeline promote"},
        files={each.name: each for each in (shown, text, numbers)},
        datasets=[(frozen.dataset.parent.name, frozen.sha256[:32], layout.PROMOTE.as_posix(), "promotion")],
        content_sha256=hashlib.sha256(note.encode()).hexdigest(),
    )
