"""A trial training on one's own labels, aside from the project: `data/model` and `reports/` stay as they are.

`dvc repro` does the same for good (docs/own-data.md, section 5). The own accounts get the same roles whether they
train alone or beside simulated cohorts, so that both models can be judged on the same test accounts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from features.catalog import catalog_hash, features
from features.compute import compute
from models.bundle import Bundle
from models.evaluation import Draws
from models.origins import DATASET, ORIGIN, OWN, one_class_problem
from models.own import OwnAccountsError, accounts_by_role
from models.promotion import side_by_side
from models.scoring import Scorer
from models.split import ROLES, TooFewCohortsError, assign_roles
from models.training import OneClassError, few_accounts, is_headline, train, with_cohorts
from pipeline import layout
from pipeline.aside import over_buckets
from pipeline.dataset import MAX_QUARANTINED_SHARE, prepare_dataset, read_bucket, read_follower_counts, read_labels
from pipeline.errors import UnusableInputError
from pipeline.evaluate import CONFIDENCE, REPLICATES, SEED, scored_labels
from pipeline.measure import measure
from pipeline.merging import OWN_COHORT
from pipeline.params import read_section
from pipeline.side_by_side import figure_rows
from pipeline.simulate import read_priors, write_cohorts
from pipeline.storage import atomic_folder
from pipeline.train import TrainParams, labelled_features, library_versions

Report = Callable[[str], None]


FEW_COHORTS = 30
"""Test cohorts below which an interval that draws whole cohorts is too narrow (Cameron, Gelbach and Miller 2008, Review
of Economics and Statistics 90: five to thirty clusters are few)."""


@dataclass(frozen=True, slots=True)
class OwnAccounts:
    """Labelled accounts of a user's folder.

    Attributes:
        prepared: the clean folder.
        labelled: labels, `cohort`, `followers` and every feature, one row an account, sorted.
        roles: each cohort's role in a training.
    """

    prepared: Path
    labelled: pl.DataFrame
    roles: dict[str, str]

    def split(self) -> pl.DataFrame:
        """How many accounts of each class play which role; doses too small for the label left out."""
        counted = accounts_by_role(self.labelled.filter(is_headline()), self.roles)
        return pl.DataFrame([{"role": role, **counted[role]} for role in ROLES])

    def cautions(self) -> list[str]:
        """What the split makes of the intervals, a sentence each; empty where nothing is to be said."""
        tested = self.labelled.filter(pl.col("account_id").is_in(self.test_accounts.implode()))
        cohorts = tested["cohort"].n_unique()
        found = []
        if cohorts == tested.height:
            found.append(
                f"labels: no two of the {cohorts:,} test accounts are said to belong together. Where some share a "
                "seller or an agency, every interval is too narrow. Name their 'cohort'."
            )
        elif cohorts < FEW_COHORTS:
            found.append(
                f"labels: {cohorts:,} cohorts test; intervals that draw fewer than {FEW_COHORTS} are too narrow. Label "
                "accounts of more cohorts before you believe a difference."
            )
        return found

    @property
    def test_accounts(self) -> pl.Series:
        """Ids of the accounts that no training sees."""
        cohorts = [cohort for cohort, role in self.roles.items() if role == "test"]
        return self.labelled.filter(pl.col("cohort").is_in(cohorts))["account_id"]


@dataclass(frozen=True, slots=True)
class Trial:
    """A trained bundle, and what there were too few labelled accounts for, a sentence each."""

    bundle: Bundle
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class Judged:
    """A model on the own test accounts: what `evaluate` reports of them."""

    scored: pl.DataFrame
    metrics: dict[str, Any]
    segments: dict[str, Any]
    figures: dict[str, Any]


def stand_in(folder: Path, cohorts: int, accounts: int, seed: int, report: Report) -> Path:
    """A simulated labelled folder for who has none yet: so many cohorts of so many accounts. One that is there stays.

    Such accounts follow the very rules that the model was trained on: they show how a training goes, and nothing of
    what it would be worth on real ones.
    """
    if not folder.is_dir():
        with atomic_folder(folder) as temporary:
            write_cohorts(temporary, [(seed + each, accounts) for each in range(cohorts)], read_priors(), 1, report)
    return folder


def open_own(source: Path, place: Path, report: Report) -> OwnAccounts:
    """Prepare a labelled folder of the contract into `place`, compute its features and deal out the roles.

    Raises:
        UnusableInputError: the folder cannot be used, has no labels, labels of one class, or too few cohorts.
        TooManyBadRowsError: see `prepare_dataset`.
    """
    prepare_dataset(
        source, place, as_of=None, buckets=None, max_quarantined_share=MAX_QUARANTINED_SHARE, progress=report
    )
    labels = with_cohorts(read_labels(place)).with_columns(cohort=OWN_COHORT + pl.col("cohort"))
    values = over_buckets(place, lambda bucket: compute(read_bucket(place, bucket)), report, 1)
    labelled = (
        labels.join(values, on="account_id", how="inner")
        .join(read_follower_counts(place), on="account_id", how="left")
        .sort("account_id")
    )
    usable = labelled.filter(is_headline())["is_inauthentic"]
    if usable.is_empty():
        raise UnusableInputError(f"labels: training needs labelled accounts. Found: none in '{source}'. Add them.")
    problem = one_class_problem(int((~usable).sum()), int(usable.sum()))
    if problem is not None:
        raise UnusableInputError(problem)
    settings = read_section("train", TrainParams).settings()
    try:
        roles = assign_roles(labelled["cohort"].to_list(), settings.shares, settings.seed)
    except TooFewCohortsError as error:
        raise UnusableInputError(str(error)) from error
    return OwnAccounts(place, labelled, roles)


def simulated_cohorts(most: int) -> pl.DataFrame:
    """The project's training accounts of so many cohorts at equal steps, with the features that `dvc repro` left.

    The cohorts on which the project itself is tested are left out: they stay unseen.

    Raises:
        UnusableInputError: the stages have not run.
    """
    if not layout.feature_file("growth").is_file():
        raise UnusableInputError(
            f"dataset: its features are not at '{layout.FEATURES}'. Run 'dvc repro', or train on your accounts alone."
        )
    labelled = labelled_features(layout.PREPARED).with_columns(pl.lit(DATASET).alias(ORIGIN))
    tested = pl.read_parquet(layout.TEST_ACCOUNTS)["cohort"].unique()
    names = labelled.filter(~pl.col("cohort").is_in(tested.implode()))["cohort"].unique().sort()
    chosen = names.gather_every(max(1, -(-len(names) // most)))
    return labelled.filter(pl.col("cohort").is_in(chosen.implode()))


def train_trial(own: OwnAccounts | None, beside: pl.DataFrame | None, report: Report) -> Trial:
    """Train with the settings of params.yaml: on the own accounts, on those of `simulated_cohorts`, or on both.

    Raises:
        UnusableInputError: too few accounts or cohorts, or one class only.
        ValueError: nothing to train on.
    """
    settings = read_section("train", TrainParams).settings()
    origin = DATASET if beside is None else OWN
    parts = [] if own is None else [own.labelled.with_columns(pl.lit(origin).alias(ORIGIN))]
    parts += [] if beside is None else [beside]
    if not parts:
        raise ValueError("train_trial: neither own accounts nor simulated ones were given.")
    labelled = pl.concat([part.select(parts[0].columns) for part in parts], how="vertical_relaxed").sort("account_id")
    provenance = {"libraries": library_versions()}
    try:
        trained = train(labelled, list(features().values()), catalog_hash(), settings, provenance, report)
    except (TooFewCohortsError, OneClassError, OwnAccountsError) as error:
        raise UnusableInputError(str(error)) from error
    return Trial(trained.bundle, few_accounts(labelled, trained.roles, settings))


def judge(own: OwnAccounts, bundle: Bundle, report: Report) -> Judged:
    """A model on the own test accounts, with its baselines and intervals: exact ones where no cohorts are named."""
    scored = scored_labels(Scorer(bundle, features()), own.prepared, accounts=own.test_accounts, jobs=1, report=report)
    draws = Draws(replicates=REPLICATES, confidence=CONFIDENCE, seed=SEED)
    split = f"own test accounts of {scored['cohort'].n_unique():,} cohorts"
    metrics, segments, figures, _ = measure(scored, split, draws)
    return Judged(scored, metrics, segments, figures)


def paired(models: dict[str, Judged]) -> pl.DataFrame:
    """Two models on the same own test accounts: each figure, and the first less the second, paired.

    The shares of verdicts have bootstrap intervals here, which a share of nobody makes too narrow: read those of
    `Judged.segments` for each model by itself.
    """
    first, second = models
    shared = models[first].scored.sort("account_id")
    columns = ("probability", "verdict", "declared_prevalence")
    named = {
        name: judged.scored.select(
            "account_id",
            **{f"{column.removeprefix('declared_')}_{name}": pl.col(column) for column in columns},
        )
        for name, judged in models.items()
    }
    both = shared.drop(*columns)
    for each in named.values():
        both = both.join(each, on="account_id", how="inner")
    draws = Draws(replicates=REPLICATES, confidence=CONFIDENCE, seed=SEED)
    rows = figure_rows(side_by_side(both.sort("account_id"), (first, second), **draws), (first, second))
    return pl.DataFrame(list(rows), schema=["figure", first, second, f"{first} less {second}"], orient="row")
