"""From a labelled feature table to a bundle: who fits, tunes and calibrates, and what is learned from whom."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.definition import Feature
from features.tables import SCHEMES
from models.applicability import fit_applicability
from models.baselines import fit_baselines
from models.bundle import Bundle, Head, booster
from models.calibration import fit_calibration
from models.classifier import ClassifierSettings, MixtureTrees, masked_copies, raw_scores, train_booster
from models.explanation import ordinary_ranges
from models.split import assign_roles
from models.thresholds import Costs, choose_thresholds

FloatArray = NDArray[np.float64]


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
    """

    classifier: ClassifierSettings
    shares: Mapping[str, float]
    prevalence: float
    costs: Costs
    honest_reject_cap: float
    abstain_share: float
    verdict: Mapping[str, float]
    seed: int


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training run yields: the bundle, and each cohort's role."""

    bundle: Bundle
    roles: dict[str, str]


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
    roles = assign_roles(labelled["cohort"].to_list(), settings.shares, settings.seed)
    usable = labelled.filter(is_headline()).sort("account_id")
    names = [feature.name for feature in features]
    part = {
        role: usable.filter(pl.col("cohort").is_in([cohort for cohort, each in roles.items() if each == role]))
        for role in ("fit", "tune", "calibrate")
    }
    values = {role: feature_values(frame, names) for role, frame in part.items()}
    target = {role: frame["is_inauthentic"].to_numpy() for role, frame in part.items()}
    for role, classes in target.items():
        if classes.all() or not classes.any():
            raise OneClassError(
                f"labels: the cohorts that {role} hold {len(classes)} usable accounts of one class. Genuine and "
                "inauthentic accounts are needed in each. Supply more labelled accounts or cohorts."
            )

    fitter = _HeadFitter(values, features, settings.classifier)
    belongs = {scheme: {role: has_scheme(frame, scheme) for role, frame in part.items()} for scheme in SCHEMES}
    known = [
        scheme for scheme, by_role in belongs.items() if all(0 < flags.sum() < flags.size for flags in by_role.values())
    ]
    experts = known if settings.classifier.expert_weight > 0 else []
    report(f"{len(known) + len(experts) + 2} ensembles of trees")
    # One after another: ensembles trained in threads of one process have crashed LightGBM.
    classifier = fitter.classifier(target, {scheme: belongs[scheme] for scheme in experts})
    engagement_share = fitter.engagement_share(part)
    schemes = {scheme: fitter.head(belongs[scheme]) for scheme in known}

    report("baselines")
    genuine = ~target["calibrate"]
    evidence = classifier.calibration.log_likelihood_ratio(fitter.raw(classifier, "calibrate"))
    held_out = np.vstack([values["tune"], values["calibrate"]])
    bundle = Bundle(
        classifier=classifier,
        schemes=schemes,
        engagement_share=engagement_share,
        features=tuple(names),
        catalog_hash=catalog_hash,
        prevalence=settings.prevalence,
        costs=settings.costs,
        thresholds=choose_thresholds(settings.costs, evidence[genuine], settings.honest_reject_cap),
        applicability=fit_applicability(
            values["fit"],
            held_out,
            settings.abstain_share,
            [feature.monotone if settings.classifier.monotone else 0 for feature in features],
        ),
        ordinary=ordinary_ranges(values["fit"][~target["fit"]], names),
        settings=dict(settings.verdict),
        provenance={
            **provenance,
            "classifier": asdict(settings.classifier),
            "accounts": {role: frame.height for role, frame in part.items()},
            "cohorts": dict(Counter(roles.values())),
        },
        baselines=tuple(fit_baselines(values["fit"], target["fit"], names, settings.seed)),
    )
    return Trained(bundle, roles)


def feature_values(frame: pl.DataFrame, names: Sequence[str]) -> FloatArray:
    """The feature columns as float64, shape (accounts, features), nulls as NaN, columns in the order of `names`."""
    values: FloatArray = np.ascontiguousarray(
        frame.select(pl.col(list(names)).cast(pl.Float64).fill_null(float("nan"))).to_numpy(), dtype=np.float64
    )
    return values


def has_scheme(frame: pl.DataFrame, scheme: str) -> NDArray[np.bool_]:
    """Which rows are inauthentic accounts of the scheme, alone or with others."""
    listed = pl.col("scheme").fill_null("").str.split("+").list.contains(scheme)
    flags: NDArray[np.bool_] = frame.select(listed & pl.col("is_inauthentic")).to_series().to_numpy()
    return flags


def against_genuine(
    member: Mapping[str, NDArray[np.bool_]], inauthentic: Mapping[str, NDArray[np.bool_]]
) -> dict[str, FloatArray]:
    """Targets of a scheme's expert by role: 1 for its accounts, 0 for genuine ones, NaN for those of other schemes."""
    return {
        role: np.where(flags, 1.0, np.where(inauthentic[role], np.nan, 0.0)).astype(np.float64)
        for role, flags in member.items()
    }


class _HeadFitter:
    """Fits one ensemble after another on the same masked rows."""

    def __init__(
        self, values: Mapping[str, FloatArray], features: Sequence[Feature], settings: ClassifierSettings
    ) -> None:
        self._values = values
        self._names = [feature.name for feature in features]
        self._groups = [feature.group for feature in features]
        self._monotone = [feature.monotone for feature in features]
        self._settings = settings

    def head(self, target: Mapping[str, NDArray[np.bool_]]) -> Head:
        """A calibrated binary head."""
        return self._calibrated(self._trees(target), target)

    def classifier(
        self, target: Mapping[str, NDArray[np.bool_]], belongs: Mapping[str, Mapping[str, NDArray[np.bool_]]]
    ) -> Head:
        """The main head: the general classifier and an expert for each scheme of `belongs`, calibrated together."""
        general = self._trees(target)
        experts = {scheme: self._trees(against_genuine(member, target)) for scheme, member in belongs.items()}
        trees = MixtureTrees(general, experts, self._settings.expert_weight) if experts else general
        return self._calibrated(trees, target)

    def _trees(self, target: Mapping[str, NDArray[Any]]) -> str:
        """Trees for a yes or no, as text; accounts whose target is NaN take no part."""
        trained = train_booster(
            self._masked("fit", target["fit"]),
            self._masked("tune", target["tune"]),
            self._names,
            self._monotone,
            self._settings,
        )
        return trained.model_to_string()

    def _calibrated(self, trees: str | MixtureTrees, target: Mapping[str, NDArray[np.bool_]]) -> Head:
        ensemble = booster(trees)
        nothing_observed = np.full((1, len(self._names)), np.nan)
        anchor = float(raw_scores(ensemble, nothing_observed)[0])
        raw = raw_scores(ensemble, self._values["calibrate"])
        return Head(trees, fit_calibration(raw, target["calibrate"], anchor))

    def raw(self, head: Head, role: str) -> FloatArray:
        """Raw scores of a role's accounts as observed."""
        return raw_scores(booster(head.trees), self._values[role])

    def engagement_share(self, part: Mapping[str, pl.DataFrame]) -> str:
        """Trees for the bought share of engagement.

        A genuine account without a share has bought none; an inauthentic one without a share is left out, since its
        share is unknown and not 0.
        """
        bought = pl.coalesce("inauthentic_engagement_share", pl.when(~pl.col("is_inauthentic")).then(0.0))
        share = {
            role: frame.select(bought.fill_null(float("nan"))).to_series().to_numpy() for role, frame in part.items()
        }
        free = [0] * len(self._names)
        trained = train_booster(
            self._masked("fit", share["fit"]),
            self._masked("tune", share["tune"]),
            self._names,
            free,
            self._settings,
            objective="regression",
        )
        return trained.model_to_string()

    def _masked(self, role: str, target: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
        """The role's masked rows and their targets; rows whose target is not known (NaN) are left out."""
        target = target.astype(np.float64)
        known = ~np.isnan(target)
        return masked_copies(self._values[role][known], target[known], self._groups, self._settings)
