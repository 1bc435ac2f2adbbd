"""Two models side by side on frozen cohorts: where they come from, and how each gets its scores.

A model is scored by the code at hand where that computes its features. Any edit below features/ changes their
definition's hash, so a champion is often older than the code: then the copy of the code that travels with the
registered model scores, in a process of its own, through the command `score`, whose tables the data contract fixes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from pydantic import Field, model_validator

import simulation
from features.catalog import catalog_hash, features
from features.compute import compute
from models.bundle import MANIFEST, ChangedBundleError, UnusableBundleError
from models.scoring import Scorer
from models.training import with_cohorts
from pipeline import layout
from pipeline.aside import over_buckets, prepared_aside
from pipeline.bundles import REGISTRY_SCHEME, read_bundle
from pipeline.dataset import read_bucket, read_labels
from pipeline.errors import UnusableInputError
from pipeline.params import Section
from pipeline.score_bucket import score_features
from pipeline.simulate import write_cohorts
from pipeline.storage import atomic_folder, read_json, write_parquet
from pipeline.tracking import LoggedRun, download_model, find_run, run_of_bundle
from simulation.cohort import cohort_sizes
from simulation.priors import Priors

Report = Callable[[str], None]

SCORED = ("account_id", "platform", "follower_count", "probability_inauthentic", "verdict", "reasons")
"""Columns of the scores that a comparison reads; the data contract fixes them."""

VERSION_DIGITS = 16
"""Digits of the manifest's sha256 that name a bundle, as `Bundle.version` has them."""


class NotScorableError(UnusableInputError):
    """One of the models cannot be scored here; `label` says which."""

    def __init__(self, label: str, problem: str) -> None:
        self.label = label
        super().__init__(f"{label}: {problem}")


class FrozenParams(Section):
    """The part of section `promote` of params.yaml that says what both models are put side by side on."""

    first_seed: int = Field(ge=0)
    cohorts: int = Field(ge=5)
    smallest_cohort: int = Field(ge=1)
    largest_cohort: int = Field(ge=1)
    replicates: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)
    jobs: int = Field(ge=1)

    @model_validator(mode="after")
    def _sizes_are_ordered(self) -> FrozenParams:
        if self.largest_cohort < self.smallest_cohort:
            raise ValueError("largest_cohort is below smallest_cohort")
        return self

    @property
    def seeds(self) -> range:
        """Seeds of the frozen cohorts."""
        return range(self.first_seed, self.first_seed + self.cohorts)

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Seed and accounts of each frozen cohort."""
        sizes = cohort_sizes(self.cohorts, self.smallest_cohort, self.largest_cohort, self.first_seed)
        return list(zip(self.seeds, sizes, strict=True))


@dataclass(frozen=True, slots=True)
class Contender:
    """One of the models.

    Attributes:
        label: short, as columns name it.
        folder: the bundle's files.
        code: packages that travelled with it, if any did.
        run: where it was logged, if it was.
    """

    label: str
    folder: Path
    code: Path | None
    run: LoggedRun | None

    @property
    def model_sha256(self) -> str:
        """The manifest's sha256, which holds those of all files."""
        return hashlib.sha256((self.folder / MANIFEST).read_bytes()).hexdigest()

    @property
    def version(self) -> str:
        """As scores name it."""
        return self.model_sha256[:VERSION_DIGITS]

    @property
    def name(self) -> str:
        """For people: the run's name and the bundle's version."""
        return f"{self.run.name} ({self.version})" if self.run else f"bundle {self.version}"


@dataclass(frozen=True, slots=True)
class Frozen:
    """Frozen cohorts on disk.

    Attributes:
        folder: of this set, with the dataset and what was computed from it.
        sha256: of all that decides the cohorts: seeds, sizes, priors, the simulation's code.
        seeds: of the cohorts.
    """

    folder: Path
    sha256: str
    seeds: range

    @property
    def dataset(self) -> Path:
        """The labelled dataset folder, in the data contract."""
        return self.folder / "dataset"


@dataclass(frozen=True, slots=True)
class Scored:
    """Both models' scores of the frozen cohorts.

    Attributes:
        accounts: labels, and for each label of a contender `probability_`, `prevalence_`, `verdict_`, `reasons_`.
        features: of the code at hand; None where no contender is scored by it.
        scorers: by the label of the contenders that the code at hand scores.
    """

    accounts: pl.DataFrame
    features: pl.DataFrame | None
    scorers: Mapping[str, Scorer]


def open_contender(
    reference: str, label: str, scratch: Path, experiment: str, registered_model: str, *, run: LoggedRun | None = None
) -> Contender:
    """The model behind a bundle folder, a registry address, a run's id or name, or the start of a git revision.

    What comes from the store is put into `scratch`. A folder whose very bundle was tracked comes from there too: its
    copy brings the code that scores it.

    Raises:
        NotScorableError: its files cannot be had.
        UnusableInputError: nothing of that name; or the store cannot be reached or used.
    """
    folder = Path(reference)
    if not reference.startswith(REGISTRY_SCHEME) and folder.is_dir():
        if not (folder / MANIFEST).is_file():
            raise UnusableInputError(f"model: '{reference}' is no bundle. Found: no {MANIFEST} in it.")
        contender = Contender(label, folder.resolve(), None, None)
        run = run_of_bundle(contender.model_sha256, experiment, registered_model)
        if run is None:
            return contender
    run = run or find_run(reference, experiment, registered_model)
    destination = scratch / label
    destination.mkdir(parents=True)
    try:
        bundle, code = download_model(run.model, destination)
    except (UnusableInputError, UnusableBundleError) as error:
        raise NotScorableError(label, str(error)) from error
    return Contender(label, bundle, code, run)


def frozen_cohorts(params: FrozenParams, priors: Priors, report: Report) -> Frozen:
    """The frozen cohorts, simulated unless they are there: their folder is named by all that decides them."""
    digest = hashlib.sha256(json.dumps([params.sizes, priors.model_dump(mode="json")], sort_keys=True).encode())
    for path in sorted(Path(next(iter(simulation.__path__))).glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    frozen = Frozen(layout.PROMOTE / digest.hexdigest()[:VERSION_DIGITS], digest.hexdigest(), params.seeds)
    if not frozen.dataset.is_dir():
        report("frozen cohorts")
        with atomic_folder(frozen.dataset) as temporary:
            write_cohorts(temporary, params.sizes, priors, params.jobs, report)
    return frozen


def check_unseen(contender: Contender, frozen: Frozen) -> None:
    """Refuse cohorts that a model was trained on, as far as its run tells.

    Raises:
        UnusableInputError: a seed is one of its training's.
    """
    parameters = contender.run.parameters if contender.run else {}
    first, count = (parameters.get(f"simulate.{name}", "") for name in ("first_seed", "cohorts"))
    if not (first.isdigit() and count.isdigit()):
        return
    seen = sorted(set(frozen.seeds) & set(range(int(first), int(first) + int(count))))
    if seen:
        raise UnusableInputError(
            f"promote: the {contender.label} was trained on the cohorts of seeds {seen[0]} to {seen[-1]}, on which it "
            "would be judged. Give others, in params.yaml or with --seeds."
        )


def score_contenders(contenders: Sequence[Contender], frozen: Frozen, jobs: int, report: Report) -> Scored:
    """Every contender's scores of the same accounts, beside their labels, sorted by account.

    Raises:
        NotScorableError: a model neither the code at hand nor code of its own can score.
    """
    scorers = {each.label: scorer for each in contenders if (scorer := _scorer(each)) is not None}
    by_others = {
        each.label: _by_own_code(each, frozen, jobs, report) for each in contenders if each.label not in scorers
    }
    with prepared_aside(frozen.dataset, frozen.folder, as_of=None, jobs=jobs, report=report) as prepared:
        accounts = with_cohorts(read_labels(prepared.folder))
        table = _features(prepared.folder, frozen, jobs, report) if scorers else None
        for each in contenders:
            if each.label in scorers and table is not None:
                scored = _by_this_code(scorers[each.label], table, prepared.folder, jobs, report)
            else:
                scored = by_others[each.label]
            accounts = accounts.join(_named(scored, each.label, accounts), on="account_id", how="inner")
    return Scored(accounts.sort("account_id"), table, scorers)


def _scorer(contender: Contender) -> Scorer | None:
    """The scorer of this program, or None where the model's own code has to do it."""
    try:
        bundle = read_bundle(contender.folder)
        bundle.check_catalog(catalog_hash())
    except ChangedBundleError as error:
        # Whoever changed the files may have changed the code beside them: it is not run.
        raise NotScorableError(contender.label, str(error)) from error
    except UnusableBundleError as error:
        # Without this file Python would run whatever program of that name is installed.
        if contender.code is not None and (contender.code / "pipeline" / "__main__.py").is_file():
            return None
        raise NotScorableError(
            contender.label,
            f"{error} A folder brings no code of its own: name the model by its registry address (models:/NAME@ALIAS) "
            "or its run, whose copy does.",
        ) from error
    try:
        return Scorer(bundle, features())
    except UnusableBundleError as error:
        raise NotScorableError(contender.label, str(error)) from error


def _by_this_code(scorer: Scorer, table: pl.DataFrame, prepared: Path, jobs: int, report: Report) -> pl.DataFrame:
    prevalence = scorer.bundle.prevalence

    def score_bucket(bucket: int) -> pl.DataFrame:
        tables = read_bucket(prepared, bucket)
        own = table.join(tables.accounts.select("account_id"), on="account_id", how="semi").sort("account_id")
        return score_features(scorer, tables, own, prevalence).select(SCORED)

    return over_buckets(prepared, score_bucket, report, jobs, doing="verdicts").with_columns(
        prevalence=pl.lit(prevalence)
    )


def _by_own_code(contender: Contender, frozen: Frozen, jobs: int, report: Report) -> pl.DataFrame:
    """The scores that the model's own code gives, kept: neither model, code nor cohorts can change."""
    code = contender.code or Path()
    digest = _digest_of(path.read_bytes() for path in sorted(code.rglob("*.py")))
    kept = frozen.folder / f"scores-{contender.version}-{digest}.parquet"
    if not kept.is_file():
        report(f"{contender.label}, by the code it brings")
        with tempfile.TemporaryDirectory(dir=frozen.folder) as output:
            write_parquet(_run_own_code(contender, frozen, Path(output).resolve(), jobs), kept)
    return pl.read_parquet(kept)


def _run_own_code(contender: Contender, frozen: Frozen, output: Path, jobs: int) -> pl.DataFrame:
    """The command `score` of the code that the model brought, in a process of its own."""
    arguments = ["--input", frozen.dataset.resolve(), "--output", output, "--model", contender.folder.resolve()]
    done = subprocess.run(  # noqa: S603 - our own interpreter; the code was logged by this project's `track`
        [sys.executable, "-m", "pipeline", "score", *map(str, arguments), "--jobs", str(jobs), "--quiet"],
        cwd=contender.code,
        env={**os.environ, "PYTHONPATH": str(contender.code)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise NotScorableError(
            contender.label,
            f"the code that its run holds cannot score it here. Found: {last} Track that revision again, or decide "
            "without a comparison (--force-reason).",
        )
    prevalence = read_json(output / layout.SUMMARY_FILE)["prevalence"]
    scores = pl.read_parquet(output / layout.SCORES_FILE, columns=list(SCORED))
    return scores.with_columns(prevalence=pl.lit(prevalence))


def _features(prepared: Path, frozen: Frozen, jobs: int, report: Report) -> pl.DataFrame:
    """Every feature of the prepared accounts, computed once for a set of definitions and of prepared rows."""
    digest = _digest_of(path.read_bytes() for path in sorted(prepared.glob("*/bucket-*.parquet")))
    kept = frozen.folder / f"features-{catalog_hash()}-{digest}.parquet"
    if not kept.is_file():
        write_parquet(over_buckets(prepared, lambda bucket: compute(read_bucket(prepared, bucket)), report, jobs), kept)
    return pl.read_parquet(kept)


def _digest_of(contents: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for content in contents:
        digest.update(content)
    return digest.hexdigest()[:VERSION_DIGITS]


def _named(scored: pl.DataFrame, label: str, accounts: pl.DataFrame) -> pl.DataFrame:
    """The scores' columns under the contender's label; what both contenders share is kept once."""
    shared = [name for name in ("platform", "follower_count") if name not in accounts.columns]
    return scored.select(
        "account_id",
        *shared,
        pl.col("probability_inauthentic").alias(f"probability_{label}"),
        pl.col("prevalence").alias(f"prevalence_{label}"),
        pl.col("verdict").alias(f"verdict_{label}"),
        pl.col("reasons").alias(f"reasons_{label}"),
    )
