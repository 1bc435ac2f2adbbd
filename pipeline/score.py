"""Stage and command `score`: a dataset folder to one scored row per account."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field

from features.tables import INSTANT
from models.drift import FEWEST_ACCOUNTS, MOST_WARNINGS
from models.scoring import Scorer
from models.thresholds import VERDICTS
from pipeline import layout
from pipeline.aside import prepared_aside, scratch_parent
from pipeline.bundles import load_scorer
from pipeline.claims import claimed
from pipeline.dataset import DatasetSummary, bucket_ids
from pipeline.engines import Engine, Threads
from pipeline.errors import UnusableInputError
from pipeline.export import write_csv_parts
from pipeline.network import write_network
from pipeline.params import Instant, Section, read_section
from pipeline.parts import Parts
from pipeline.places import is_remote
from pipeline.previous import Changes, compare, read_previous
from pipeline.progress import counted
from pipeline.pseudonyms import Pseudonyms
from pipeline.redaction import redact_quarantine
from pipeline.score_bucket import BucketCounts, ScoreBucket
from pipeline.storage import (
    QUARANTINE_FOLDER,
    check_output_folder,
    publish,
    write_json,
    write_parquet,
    write_parquet_parts,
)

PARQUET_FILES = (layout.SCORES_FILE, layout.EVIDENCE_FILE)
CSV_FILES = ("scores.csv", "evidence.csv")

Report = Callable[[str], None]

_COMPLETE = ".complete"
"""Where the result waits in the scratch folder until all of it is there; a run that goes on makes it anew."""

BESIDE_INPUT = (
    "output: '{}' is the input folder, too: results now stand beside the tables they were made of. Name another folder "
    "with --output to keep them apart."
)


class ScoreParams(Section):
    """Section `score` of params.yaml, for the stage; the command takes flags instead."""

    dataset: Path
    as_of: Instant | None
    prevalence: float | None = Field(gt=0, lt=1)
    jobs: int = Field(ge=1)


def run(report: Report) -> None:
    """The stage: score the incoming batch. Its summary tells no duration, so that equal runs leave equal bytes."""
    params = read_section("score", ScoreParams)
    summary = score_folder(
        params.dataset,
        layout.SCORES,
        load_scorer(),
        as_of=params.as_of,
        prevalence=params.prevalence,
        jobs=params.jobs,
        timed=False,
        report=report,
    )
    write_json({key: summary[key] for key in ("verdicts", "tables", "thresholds")}, layout.SCORING_REPORT)


def score_folder(
    source: Path,
    output: Path,
    scorer: Scorer,
    *,
    as_of: datetime | None = None,
    prevalence: float | None = None,
    reference: Path | None = None,
    previous: Path | None = None,
    jobs: int = 1,
    engine: Engine | None = None,
    scratch: Path | None = None,
    file_format: str = "parquet",
    timed: bool = True,
    resume: str | None = None,
    under: Pseudonyms | None = None,
    redact: bool = False,
    report: Report,
) -> dict[str, Any]:
    """Score every usable account of a dataset folder; write scores, evidence, network, quarantine and summary.

    With `previous`, earlier scores, what changed since stands beside them. Returns the summary.

    Args:
        source: dataset folder; as `output` and `reference`, of this machine or a path of `pipeline.places.place`.
        output: folder of the results.
        scorer: with a bundle.
        as_of: instant up to which data is used; None: all.
        prevalence: declared share of inauthentic accounts; None: the bundle's.
        reference: dataset folder whose accounts count as seen for the network features.
        previous: earlier scores.
        jobs: threads of this process.
        engine: what the buckets are worked on by; None: those threads. No byte depends on it.
        scratch: folder that the scratch folder is made in; None: the output.
        file_format: `parquet` or `csv`.
        timed: whether the summary tells the seconds.
        resume: `run_digest` of this run: what an earlier run of it finished before it broke off is not done again.
        under: what commenters' ids are replaced by; None: under the key of the environment. No score depends on it.
        redact: whether the quarantine is kept without what people wrote.
        report: is told what is being done.

    Raises:
        UnusableInputError, TooManyBadRowsError: see `prepare_dataset` and `read_previous`; nothing is written then.
            Also where another run is at work in the output.
    """
    check_output_folder(output)
    if resume is not None and scratch is None and is_remote(output):
        raise UnusableInputError(
            f"resume: '{output}' is no place to keep intermediate files. Found: a remote place. Name a folder of this "
            "machine with --scratch."
        )
    # What is to be found again must have one place, whether the output was there or not.
    scratch = scratch or (output if resume is not None else scratch_parent(output))
    # Read before anything is written: it may be the very file that is replaced in the end.
    earlier = None if previous is None else read_previous(previous)
    started = time.monotonic()
    prevalence = scorer.bundle.prevalence if prevalence is None else prevalence
    engine = engine or Threads(jobs)
    aside = prepared_aside(
        source, output, as_of=as_of, jobs=jobs, report=report, scratch=scratch, resume=resume, under=under
    )
    with claimed(output, report), aside as prepared:
        engine.check(prepared.folder)
        folder, stamps = prepared.folder, _stamps(scorer, prepared.summary)
        work = ScoreBucket.of(folder, scorer, prevalence)
        table = _Scores(work.scores, bucket_ids(folder), stamps, _aside(earlier, folder))
        del earlier
        results = engine.map(work, table.buckets)
        accounts = prepared.summary.tables["accounts"].used
        counts = reduce(add, counted(results, report, "features and verdicts", "accounts", accounts, size=_accounts))
        if not (folder / layout.NETWORK_FILE).is_file():
            write_network(prepared, reference, report, jobs, engine)
        report("writing")
        complete = folder / _COMPLETE
        complete.mkdir()
        shutil.copytree(folder / QUARANTINE_FOLDER, complete / QUARANTINE_FOLDER)
        shutil.copyfile(folder / layout.NETWORK_FILE, complete / layout.NETWORK_FILE)
        names, others = (CSV_FILES, PARQUET_FILES) if file_format == "csv" else (PARQUET_FILES, CSV_FILES)
        write = write_csv_parts if file_format == "csv" else write_parquet_parts
        write(table.ranges(), complete / names[0])
        write(work.evidence.ranges(table.buckets), complete / names[1])
        seconds = time.monotonic() - started if timed else None
        summary = _summary(scorer, prepared.summary, counts, prevalence, seconds) | _drift(scorer, counts)
        if source.resolve() == output.resolve():
            summary["warnings"] = [*summary["warnings"], BESIDE_INPUT.format(output)]
        if table.earlier is not None:
            summary |= {
                "previous": table.changes.summary(),
                "warnings": [*summary["warnings"], *table.changes.warnings()],
            }
        write_json(summary, complete / layout.SUMMARY_FILE)
        if redact:
            redact_quarantine(complete)
        # The summary last: a folder that has it is complete. Scores of an earlier run in the other format would stand
        # beside a summary that is not theirs.
        publish(complete, (QUARANTINE_FOLDER, layout.NETWORK_FILE, *names, layout.SUMMARY_FILE), output, gone=others)
    return summary


def _accounts(counts: BucketCounts) -> int:
    """The accounts of one bucket."""
    return counts.verdicts.total()


def _stamps(scorer: Scorer, dataset: DatasetSummary) -> dict[str, pl.Expr]:
    """The columns that are the same of every account."""
    return {
        "as_of": pl.lit(dataset.as_of).cast(INSTANT),
        "model_version": pl.lit(scorer.bundle.version),
        "catalog_hash": pl.lit(scorer.bundle.catalog_hash),
    }


def _aside(earlier: pl.DataFrame | None, folder: Path) -> Path | None:
    """The earlier scores as a file, of which a range is read at a time."""
    if earlier is None:
        return None
    write_parquet(earlier, folder / "previous.parquet", "uncompressed")
    return folder / "previous.parquet"


@dataclass(slots=True)
class _Scores:
    """The scores as they stand in the result, range by range; `changes` since the earlier ones add up on the way."""

    parts: Parts
    buckets: list[int]
    stamps: dict[str, pl.Expr]
    earlier: Path | None
    changes: Changes = field(default_factory=Changes)

    def ranges(self) -> Iterator[pl.DataFrame]:
        for number, rows in enumerate(self.parts.ranges(self.buckets)):
            scores = rows.with_columns(**self.stamps)
            if self.earlier is not None:
                within = self.parts.cuts.within(number)
                compared = compare(scores, pl.scan_parquet(self.earlier, glob=False).filter(within).collect())
                self.changes += compared.changes
                scores = compared.scores
            yield scores


def _summary(
    scorer: Scorer, dataset: DatasetSummary, counts: BucketCounts, prevalence: float, seconds: float | None
) -> dict[str, Any]:
    """What was scored with what."""
    bundle = scorer.bundle
    return {
        **dataset.model_dump(mode="json"),
        "verdicts": {verdict: counts.verdicts[verdict] for verdict in VERDICTS},
        "prevalence": prevalence,
        "cohort_spread": bundle.settings.get("cohort_spread"),
        "model_version": bundle.version,
        "catalog_hash": bundle.catalog_hash,
        "thresholds": {
            "pass_below": bundle.thresholds.pass_below,
            "reject_above": bundle.thresholds.reject_above,
            "reject_above_evidence": bundle.thresholds.reject_above_evidence,
        },
        "seconds": None if seconds is None else round(seconds, 3),
    }


def _drift(scorer: Scorer, counts: BucketCounts) -> dict[str, Any]:
    """Where the batch is unlike the training: `drift_warnings` is null where that was not measured, and it says why."""
    found = scorer.bundle.drift.warnings(counts.drift)
    accounts = counts.verdicts.total()
    too_few = f"{accounts:,} accounts; {FEWEST_ACCOUNTS:,} are needed to tell drift from chance"
    return {
        "drift_warnings": None if found is None else found[:MOST_WARNINGS],
        "drift_warnings_found": None if found is None else len(found),
        "drift_not_measured": too_few if found is None else None,
    }
