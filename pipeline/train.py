"""Stage `train`: feature tables and labels to a bundle, and the list of accounts kept for the test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import Field

from features.catalog import catalog_hash, features
from features.definition import MODEL_GROUPS
from models.bundle import Bundle, booster
from models.classifier import ClassifierSettings, LibraryMissingError, contributions_of
from models.own import OwnAccountsError
from models.split import TooFewCohortsError
from models.thresholds import Costs
from models.training import OneClassError, Trained, TrainingSettings, feature_values, few_accounts, train, with_cohorts
from models.trees import MOST_LEAVES
from pipeline import layout
from pipeline.dataset import read_follower_counts, read_labels
from pipeline.errors import UnusableInputError
from pipeline.params import Section, read_section
from pipeline.storage import atomic_folder, write_json, write_parquet

IMPORTANCE_ACCOUNTS = 3000
"""Accounts whose contributions are averaged, at most: they cost fifty times a prediction, and these give a share of
0.1 to within a few thousandths."""

SMALLEST_PUSH = 1e-12
"""Stands for nothing where no feature moves anything, so that shares stay numbers."""


class TrainParams(Section):
    """Section `train` of params.yaml."""

    seed: int = Field(ge=0)
    fit_share: float = Field(gt=0)
    tune_share: float = Field(gt=0)
    calibrate_share: float = Field(gt=0)
    test_share: float = Field(gt=0)
    num_leaves: int = Field(ge=2, le=MOST_LEAVES)
    learning_rate: float = Field(gt=0, le=1)
    num_boost_round: int = Field(ge=1)
    early_stopping_rounds: int = Field(ge=1)
    min_child_samples: int = Field(ge=1)
    lambda_l2: float = Field(ge=0)
    feature_fraction: float = Field(gt=0, le=1)
    bagging_fraction: float = Field(gt=0, le=1)
    extra_trees: bool
    monotone: bool
    masked_copies: int = Field(ge=0)
    mask_share: float = Field(ge=0, le=1)
    empty_share: float = Field(ge=0, le=1)
    expert_weight: float = Field(ge=0, le=1)
    threads: int = Field(ge=1)
    prevalence: float = Field(gt=0, lt=1)
    cost_review: float = Field(gt=0)
    cost_pay_inauthentic: float = Field(gt=0)
    cost_refuse_genuine: float = Field(gt=0)
    honest_reject_cap: float = Field(ge=0, lt=1)
    abstain_share: float = Field(ge=0, le=0.02)
    suspected_scheme_above: float = Field(gt=0, lt=1)
    most_reasons: int = Field(ge=1)
    least_named_evidence: float = Field(ge=0, allow_inf_nan=False)
    outside_days: int = Field(ge=0)
    smallest_follower_count: int = Field(ge=0)
    largest_follower_count: int = Field(ge=1)
    own_weight: float = Field(gt=0, allow_inf_nan=False)
    jobs: int = Field(ge=1)

    def settings(self) -> TrainingSettings:
        """The same numbers in the shape that the pure packages take."""
        names = ClassifierSettings.__dataclass_fields__
        return TrainingSettings(
            classifier=ClassifierSettings(**{name: getattr(self, name) for name in names}),
            shares={role: getattr(self, f"{role}_share") for role in ("fit", "tune", "calibrate", "test")},
            prevalence=self.prevalence,
            costs=Costs(self.cost_pay_inauthentic, self.cost_refuse_genuine, self.cost_review),
            honest_reject_cap=self.honest_reject_cap,
            abstain_share=self.abstain_share,
            verdict={
                "suspected_scheme_above": self.suspected_scheme_above,
                "most_reasons": self.most_reasons,
                "least_named_evidence": self.least_named_evidence,
                "outside_days": self.outside_days,
                "smallest_follower_count": self.smallest_follower_count,
                "largest_follower_count": self.largest_follower_count,
            },
            seed=self.seed,
            own_weight=self.own_weight,
            jobs=self.jobs,
        )


def run(report: Callable[[str], None]) -> list[str]:
    """The stage. Returns what there are too few labelled accounts for, a sentence each."""
    settings = read_section("train", TrainParams).settings()
    labelled = labelled_features(layout.PREPARED)
    catalogue = features()
    provenance = {"libraries": library_versions()}
    try:
        trained = train(labelled, list(catalogue.values()), catalog_hash(), settings, provenance, report)
    except (TooFewCohortsError, OneClassError, OwnAccountsError, LibraryMissingError) as error:
        raise UnusableInputError([str(error)]) from error
    with atomic_folder(layout.MODEL) as folder:
        for name, content in trained.bundle.to_files().items():
            (folder / name).write_bytes(content)
    write_parquet(accounts_of_role(trained, labelled, "test"), layout.TEST_ACCOUNTS)
    warnings = few_accounts(labelled, trained.roles, settings)
    write_json({**training_report(trained, labelled), "warnings": warnings}, layout.TRAINING_REPORT)
    return warnings


def labelled_features(prepared: Path) -> pl.DataFrame:
    """Labels of the prepared dataset beside `followers` and every feature, one row a labelled account, sorted.

    Raises:
        UnusableInputError: the dataset has no labels.
    """
    labels = with_cohorts(read_labels(prepared))
    if labels.is_empty():
        raise UnusableInputError(
            ["labels: training needs labelled accounts and none was found. Add a table 'labels' to the dataset folder."]
        )
    for group in MODEL_GROUPS:
        labels = labels.join(pl.read_parquet(layout.feature_file(group)), on="account_id", how="inner")
    return labels.join(read_follower_counts(prepared), on="account_id", how="left").sort("account_id")


def accounts_of_role(trained: Trained, labelled: pl.DataFrame, role: str) -> pl.DataFrame:
    """`account_id` and `cohort` of the accounts whose cohorts play the role."""
    cohorts = [cohort for cohort, each in trained.roles.items() if each == role]
    return labelled.filter(pl.col("cohort").is_in(cohorts)).select("account_id", "cohort")


def training_report(trained: Trained, labelled: pl.DataFrame) -> dict[str, object]:
    """What was trained on what, for people and for the tracking: counts, thresholds, the baselines in words."""
    bundle = trained.bundle
    return {
        "model_version": bundle.version,
        "catalog_hash": bundle.catalog_hash,
        "accounts": labelled.height,
        "accounts_inauthentic": int(labelled["is_inauthentic"].sum()),
        "cohorts": dict(Counter(trained.roles.values())),
        "own_accounts": trained.own_accounts,
        "pass_below": bundle.thresholds.pass_below,
        "reject_above": bundle.thresholds.reject_above,
        "reject_above_evidence": bundle.thresholds.reject_above_evidence,
        "calibration_prevalence": bundle.classifier.calibration.prevalence,
        "strangeness_limit": bundle.applicability.limit,
        "scheme_heads": sorted(bundle.schemes),
        "shares": {
            name: {"smallest": share.smallest, "largest": share.largest, "levels": list(share.levels)}
            for name, share in bundle.shares.items()
        },
        "baselines": {each.name: each.description for each in bundle.baselines},
        "importance": importance(bundle, importance_sample(labelled)),
        "importance_accounts": importance_sample(labelled).height,
    }


def importance_sample(labelled: pl.DataFrame) -> pl.DataFrame:
    """Accounts at equal steps through the sorted table, `IMPORTANCE_ACCOUNTS` of them at most."""
    return labelled.gather_every(max(1, -(-labelled.height // IMPORTANCE_ACCOUNTS)))


def importance(bundle: Bundle, labelled: pl.DataFrame) -> dict[str, float]:
    """Each feature's share of all absolute contributions to the log-odds, over the accounts given."""
    values = feature_values(labelled, bundle.features)
    push = np.abs(contributions_of(booster(bundle.classifier.trees), values)).sum(axis=0)
    shares = push / max(float(push.sum()), SMALLEST_PUSH)
    return {name: round(float(share), 6) for name, share in zip(bundle.features, shares, strict=True)}


def library_versions() -> dict[str, str]:
    """Versions of the libraries that decide the trees' bytes."""
    return {name: version(name) for name in ("lightgbm", "numpy", "polars", "scikit-learn", "scipy")}
