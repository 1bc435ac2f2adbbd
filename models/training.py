"""From a labelled feature table to a bundle: who fits, tunes and calibrates, and what is learned from whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import joblib
import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.definition import Feature
from features.tables import SCHEMES
from models.applicability import fit_applicability
from models.baselines import fit_baselines
from models.bundle import Bundle, Head, booster
from models.calibration import cohort_spread, fit_calibration
from models.classifier import ClassifierSettings, MixtureTrees, masked_copies, raw_scores, train_booster
from models.drift import STATED_AT, fit_drift
from models.explanation import ordinary_ranges
from models.own import (
    account_weights,
    accounts_by_role,
    assign_roles_by_origin,
    own_class_weights,
    own_only,
)
from models.shares import ShareModel, fit_shares
from models.thresholds import Costs, choose_thresholds, evidence_cuts

FloatArray = NDArray[np.float64]

WEIGHT = "account_weight"
"""Column of how much an account counts."""

GENERAL, EXPERT, SCHEME = "general", "expert ", "scheme "
"""What the ensembles are called while they are trained."""

FEW_FOR_A_CURVE = 60
"""Inauthentic calibration accounts below which the curve is called rough: ten for each of its six slopes, the rule of
thumb for logistic regression (Peduzzi et al. 1996, Journal of Clinical Epidemiology 49)."""

LARGE_WEIGHT = 10.0
"""What an own account may count before it is warned of (assumed; docs/own-data.md tells what a weight of 60 did)."""

FEW_FOR_A_TEST = 50
"""Test accounts of a class below which figures are called vague: an exact 95 % interval of a share is up to 0.29 wide
at 50 accounts."""


class OneClassError(ValueError):
    """The cohorts of a role hold only genuine or only inauthentic accounts: nothing can be told apart."""


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Everything about a training run besides the data.

    Attributes:
        shares: share of cohorts per role of `models.split.ROLES`.
        honest_reject_cap: largest share of genuine calibration accounts that the evidence cut may reject, 0 to 1.
        abstain_share: largest share of held-out accounts called unlike the training accounts, 0 to 1.
        verdict: the numbers of the verdict that are not learned; see `Bundle.settings`.
        own_weight: how much an own account counts against one of the dataset, above 0; see `models.own`.
        jobs: processes that ensembles are trained in, each in one; changes no byte.
    """

    classifier: ClassifierSettings
    shares: Mapping[str, float]
    prevalence: float
    costs: Costs
    honest_reject_cap: float
    abstain_share: float
    verdict: Mapping[str, float]
    seed: int
    own_weight: float = 1.0
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training run yields: the bundle, each cohort's role, and own accounts by role and class."""

    bundle: Bundle
    roles: dict[str, str]
    own_accounts: dict[str, dict[str, int]]


def with_cohorts(labels: pl.DataFrame) -> pl.DataFrame:
    """Labels with a cohort for everyone: an account of no named cohort is a cohort of its own."""
    return labels.with_columns(cohort=pl.coalesce("cohort", "account_id"))


def is_headline() -> pl.Expr:
    """Rows that training and headline figures use: all but doses too small to count as inauthentic."""
    return pl.col("is_inauthentic") | pl.col("scheme").is_null()


def train(
    labelled: pl.DataFrame,
    features: Sequence[Feature],
    catalog_hash: str,
    settings: TrainingSettings,
    provenance: Mapping[str, Any],
    report: Callable[[str], None],
) -> Trained:
    """Train every head, calibrate and set the thresholds.

    `labelled` has one row an account: `account_id`, the label columns of the contract with `cohort` filled, and one
    column per feature of `features`, whose order becomes the model's. `report` is told in a few words what is done.
    """
    roles = assign_roles_by_origin(labelled, settings.shares, settings.seed)
    usable = labelled.filter(is_headline()).sort("account_id")
    counts = account_weights(usable, settings.own_weight)
    usable = usable.with_columns(pl.Series(WEIGHT, np.ones(usable.height) if counts is None else counts))
    names = [feature.name for feature in features]
    part = {
        role: usable.filter(pl.col("cohort").is_in([cohort for cohort, each in roles.items() if each == role]))
        for role in ("fit", "tune", "calibrate")
    }
    weights = None if counts is None else {role: frame[WEIGHT].to_numpy() for role, frame in part.items()}
    own = accounts_by_role(own_only(usable), roles)
    values = {role: feature_values(frame, names) for role, frame in part.items()}
    target = {role: frame["is_inauthentic"].to_numpy() for role, frame in part.items()}
    for role, classes in target.items():
        if classes.all() or not classes.any():
            raise OneClassError(
                f"labels: the cohorts that {role} hold {len(classes)} usable accounts of one class. Genuine and "
                "inauthentic accounts are needed in each. Supply more labelled accounts or cohorts: a few hundred "
                "accounts of each class are the least from which a useful model can be expected."
            )

    fitter = _HeadFitter(values, features, settings.classifier, weights)
    belongs = {scheme: {role: has_scheme(frame, scheme) for role, frame in part.items()} for scheme in SCHEMES}
    known = [
        scheme for scheme, by_role in belongs.items() if all({0.0, 1.0} <= set(flags) for flags in by_role.values())
    ]
    experts = known if settings.classifier.expert_weight > 0 else []
    report(f"{len(known) + len(experts) + 1} ensembles of trees, and the bought shares")
    heads = {GENERAL: target}
    heads |= {f"{EXPERT}{scheme}": against_genuine(belongs[scheme], target) for scheme in experts}
    heads |= {f"{SCHEME}{scheme}": belongs[scheme] for scheme in known}
    # Processes, not threads: ensembles trained in threads of one process have crashed LightGBM.
    *trees, shares = joblib.Parallel(n_jobs=settings.jobs)(
        [
            *(joblib.delayed(fitter.trees)(each) for each in heads.values()),
            joblib.delayed(_fit_shares)(labelled, roles, list(features), settings.classifier),
        ]
    )
    fitted = dict(zip(heads, trees, strict=True))
    classifier = fitter.classifier(fitted[GENERAL], {each: fitted[f"{EXPERT}{each}"] for each in experts}, target)
    schemes = {scheme: fitter.calibrated(fitted[f"{SCHEME}{scheme}"], belongs[scheme]) for scheme in known}

    report("baselines")
    genuine = ~target["calibrate"]
    calibrated = fitter.raw(classifier, "calibrate")
    evidence = classifier.calibration.log_likelihood_ratio(calibrated)
    spread = cohort_spread(
        classifier.calibration.probability(calibrated, classifier.calibration.prevalence),
        target["calibrate"],
        part["calibrate"]["cohort"].to_numpy(),
    )
    genuine_weights = None if weights is None else weights["calibrate"][genuine]
    held_out = np.vstack([values["tune"], values["calibrate"]])
    bundle = Bundle(
        classifier=classifier,
        schemes=schemes,
        shares=shares,
        features=tuple(names),
        catalog_hash=catalog_hash,
        prevalence=settings.prevalence,
        costs=settings.costs,
        thresholds=choose_thresholds(settings.costs, evidence[genuine], settings.honest_reject_cap, genuine_weights),
        applicability=fit_applicability(
            values["fit"],
            held_out,
            settings.abstain_share,
            [feature.monotone if settings.classifier.monotone else 0 for feature in features],
        ),
        ordinary=ordinary_ranges(values["fit"][~target["fit"]], names),
        evidence_cuts=evidence_cuts(evidence[genuine], settings.honest_reject_cap, genuine_weights),
        settings={**settings.verdict, "cohort_spread": spread},
        provenance={
            **provenance,
            "classifier": asdict(settings.classifier),
            "accounts": {role: frame.height for role, frame in part.items()},
            **({"own_accounts": own, "own_weight": settings.own_weight} if own else {}),
            "cohorts": dict(Counter(roles.values())),
        },
        baselines=tuple(fit_baselines(values["fit"], target["fit"], names, settings.seed)),
        drift=fit_drift(
            np.vstack([*values.values()]),
            names,
            np.concatenate([frame["cohort"].to_numpy() for frame in part.values()]),
            classifier.calibration.probability(np.concatenate([fitter.raw(classifier, "tune"), calibrated]), STATED_AT),
            np.concatenate([part[role]["cohort"].to_numpy() for role in ("tune", "calibrate")]),
            settings.seed,
        ),
    )
    return Trained(bundle, roles, own)


def few_accounts(labelled: pl.DataFrame, roles: Mapping[str, str], settings: TrainingSettings) -> list[str]:
    """What the numbers of labelled accounts are too small for, a sentence each; empty where they are large enough."""
    labelled = labelled.filter(is_headline())
    honest_reject_cap = settings.honest_reject_cap
    counted = accounts_by_role(labelled, roles)
    genuine, bought = (counted["calibrate"][name] for name in ("genuine", "inauthentic"))
    found = []
    if (genuine - 1) * honest_reject_cap < 1.0:
        found.append(
            f"labels: {genuine:,} genuine accounts calibrate; at most a share of {honest_reject_cap:g} of them may be "
            "rejected, which is not one: an account is rejected only with more evidence than every one of them."
        )
    if bought < FEW_FOR_A_CURVE:
        found.append(
            f"labels: {bought:,} inauthentic accounts calibrate; below {FEW_FOR_A_CURVE} the probabilities are rough."
        )
    own = accounts_by_role(own_only(labelled), roles)
    for table, tested in (("labels", counted["test"]), ("own_dataset", own.get("test"))):
        if tested is not None and min(tested.values()) < FEW_FOR_A_TEST:
            found.append(
                f"{table}: {tested['genuine']:,} genuine and {tested['inauthentic']:,} inauthentic accounts test; "
                f"below {FEW_FOR_A_TEST} of each no figure says much. Read the intervals."
            )
    for name, weight in own_class_weights(labelled, settings.own_weight).items():
        if weight > LARGE_WEIGHT:
            found.append(
                f"own_dataset: each {name} account counts as much as {weight:.0f} of the dataset: few accounts decide "
                "much. Label more of them, or lower 'train.own_weight'."
            )
    return found


def _fit_shares(
    labelled: pl.DataFrame, roles: Mapping[str, str], features: Sequence[Feature], settings: ClassifierSettings
) -> dict[str, ShareModel]:
    """The bought shares, from all labelled accounts: doses too small for the label are known shares too."""
    names = [feature.name for feature in features]
    part = {
        role: labelled.filter(pl.col("cohort").replace_strict(roles) == role).sort("account_id")
        for role in ("fit", "tune", "calibrate")
    }
    return fit_shares(
        part,
        {role: feature_values(frame, names) for role, frame in part.items()},
        names,
        [feature.group for feature in features],
        [feature.monotone for feature in features],
        settings,
    )


def feature_values(frame: pl.DataFrame, names: Sequence[str]) -> FloatArray:
    """The feature columns as float64, shape (accounts, features), nulls as NaN, columns in the order of `names`."""
    values: FloatArray = np.ascontiguousarray(
        frame.select(pl.col(list(names)).cast(pl.Float64).fill_null(float("nan"))).to_numpy(), dtype=np.float64
    )
    return values


def has_scheme(frame: pl.DataFrame, scheme: str) -> FloatArray:
    """1 for accounts with the scheme, 0 for others, NaN for inauthentic ones of which nobody said what was done."""
    listed = pl.col("scheme").fill_null("").str.split("+").list.contains(scheme)
    unknown = pl.col("is_inauthentic") & pl.col("scheme").is_null()
    flag = pl.when(unknown).then(float("nan")).otherwise((listed & pl.col("is_inauthentic")).cast(pl.Float64))
    flags: FloatArray = frame.select(flag).to_series().to_numpy()
    return flags


def against_genuine(
    member: Mapping[str, NDArray[Any]], inauthentic: Mapping[str, NDArray[np.bool_]]
) -> dict[str, FloatArray]:
    """Targets of a scheme's expert by role: 1 for its accounts, 0 for genuine ones, NaN for the other inauthentic."""
    return {
        role: np.where(flags == 1.0, 1.0, np.where(inauthentic[role], np.nan, 0.0)).astype(np.float64)
        for role, flags in member.items()
    }


class _HeadFitter:
    """Fits one ensemble after another on the same masked rows."""

    def __init__(
        self,
        values: Mapping[str, FloatArray],
        features: Sequence[Feature],
        settings: ClassifierSettings,
        weights: Mapping[str, FloatArray] | None,
    ) -> None:
        self._values = values
        self._names = [feature.name for feature in features]
        self._groups = [feature.group for feature in features]
        self._monotone = [feature.monotone for feature in features]
        self._settings = settings
        self._weights = weights

    def trees(self, target: Mapping[str, NDArray[Any]]) -> str:
        """Trees for a yes or no, as text; accounts whose target is NaN take no part."""
        trained = train_booster(
            self._masked("fit", target["fit"]),
            self._masked("tune", target["tune"]),
            self._names,
            self._monotone,
            self._settings,
            weights=self._masked_weights(target),
        )
        return trained.model_to_string()

    def classifier(self, general: str, experts: Mapping[str, str], target: Mapping[str, NDArray[np.bool_]]) -> Head:
        """The main head: the general classifier and the expert of each scheme, calibrated together."""
        trees = MixtureTrees(general, dict(experts), self._settings.expert_weight) if experts else general
        return self.calibrated(trees, target)

    def calibrated(self, trees: str | MixtureTrees, target: Mapping[str, NDArray[Any]]) -> Head:
        """A head of the trees and the curve that makes their raw score a probability."""
        ensemble = booster(trees)
        nothing_observed = np.full((1, len(self._names)), np.nan)
        anchor = float(raw_scores(ensemble, nothing_observed)[0])
        known = _is_known(target["calibrate"])
        calibration = fit_calibration(
            raw_scores(ensemble, self._values["calibrate"][known]),
            target["calibrate"][known].astype(bool),
            anchor,
            None if self._weights is None else self._weights["calibrate"][known],
        )
        return Head(trees, calibration)

    def raw(self, head: Head, role: str) -> FloatArray:
        """Raw scores of a role's accounts as observed."""
        return raw_scores(booster(head.trees), self._values[role])

    def _masked(self, role: str, target: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
        """The role's masked rows and their targets; rows whose target is not known (NaN) are left out."""
        known = _is_known(target)
        values, known_target = self._values[role][known], target[known].astype(np.float64)
        return masked_copies(values, known_target, self._groups, self._settings)

    def _masked_weights(self, target: Mapping[str, NDArray[Any]]) -> tuple[FloatArray, FloatArray] | None:
        """How much each masked row counts when fitting and tuning: a copy as much as its account."""
        if self._weights is None:
            return None
        copies = self._settings.masked_copies + 1
        fit, tune = (np.tile(self._weights[role][_is_known(target[role])], copies) for role in ("fit", "tune"))
        return fit, tune


def _is_known(target: NDArray[Any]) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = ~np.isnan(target.astype(np.float64))
    return known
