"""A study of the classifier's settings: which of them tell accounts of cohorts apart that they were not fitted on.

Trials are judged by the ranking that matters, the one above nearly all genuine accounts. Only cohorts that fit are
dealt into folds; those that tune stop the boosting, as in training; those that calibrate and test are never looked
at. It is the general classifier that is judged: the experts and heads take the same settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from features.definition import Feature
from features.tables import SCHEMES
from models.classifier import ClassifierSettings, masked_copies, raw_scores, train_booster
from models.split import assign_roles, cohort_folds
from models.training import TrainingSettings, feature_values, has_scheme, is_headline

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

RANDOM_TRIALS = 5
"""Trials drawn at random before the sampler leans on what it saw (Optuna's own 10 would be most of a small study);
assumed."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`, even in the logarithm if `log`; whole numbers where the setting is one."""

    low: float
    high: float
    log: bool = False


Space = Mapping[str, Range | Sequence[bool | int | float]]
"""What may be tried, by name of the setting: a range, or the values to choose from."""


@dataclass(frozen=True, slots=True)
class StudySettings:
    """How trials are made and judged.

    Attributes:
        trials: number of trials, the settings in use among them as the first.
        folds: parts into which the fitting cohorts are dealt; each is judged by trees of the others.
        false_positive_share: share of genuine accounts up to which the area under the curve counts, 0 to 1.
        replicates: bootstrap resamples of the judged cohorts.
        confidence: of every interval, 0 to 1.
        seed: of the folds, the sampler and the resampling.
    """

    trials: int
    folds: int
    false_positive_share: float
    replicates: int
    confidence: float
    seed: int


class UnusableSpaceError(ValueError):
    """The space names something that is no setting, or does not hold the settings in use."""


def study(
    labelled: pl.DataFrame,
    features: Sequence[Feature],
    training: TrainingSettings,
    space: Space,
    settings: StudySettings,
    report: Callable[[str], None],
) -> dict[str, Any]:
    """Try settings, the ones in use first, and compare each trial with them on the same cohorts.

    Args:
        labelled: as in `models.training.train`.
        features: likewise.
        training: the settings in use; of the classifier's, those that `space` names are varied.
        space: what may be tried.
        settings: of the study itself.
        report: is told in a few words what is done.

    Returns:
        `trials` (settings, value with interval, difference to the first with interval), `best` (its number),
        `is_better` (its difference's interval lies above 0), `unmet_schemes` (AUC and partial AUC with each scheme left
        out of the fit, by settings: in use, monotone constraints turned over, best), `cohorts`, `accounts` and
        `study` (its settings). Values are partial AUCs, standardised so that 0.5 is chance and 1 perfect, averaged over
        cohorts.

    Raises:
        UnusableSpaceError: see there.
        TooFewCohortsError: see `models.split.assign_roles`.
        ValueError: fewer cohorts to fit than folds, or none that can be judged.
    """
    import optuna

    check_space(space, training.classifier)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    judge = Judge(labelled, features, training, settings)
    sampler = optuna.samplers.TPESampler(seed=settings.seed, n_startup_trials=RANDOM_TRIALS)
    search = optuna.create_study(direction="maximize", sampler=sampler)
    search.enqueue_trial({name: getattr(training.classifier, name) for name in space})
    tried: list[ClassifierSettings] = []
    values: list[FloatArray] = []
    for number in range(settings.trials):
        report(f"trial {number + 1} of {settings.trials}")
        trial = search.ask()
        tried.append(replace(training.classifier, **_suggested(trial, space, training.classifier)))
        values.append(judge.by_cohort(tried[-1]))
        search.tell(trial, float(values[-1].mean()))
    best = int(np.argmax([each.mean() for each in values]))
    trials: list[dict[str, Any]] = [
        {
            "settings": {name: getattr(each, name) for name in space},
            **_interval(value, settings),
            "difference": _interval(value - values[0], settings),
        }
        for each, value in zip(tried, values, strict=True)
    ]
    candidates = {"in_use": tried[0], "monotone_turned": replace(tried[0], monotone=not tried[0].monotone)}
    if best:
        candidates["best"] = tried[best]
    unmet = {}
    for name, each in candidates.items():
        report(f"schemes left out, {name.replace('_', ' ')}")
        unmet[name] = judge.unmet_schemes(each)
    return {
        "trials": trials,
        "best": best,
        "is_better": trials[best]["difference"]["lower"] > 0.0,
        "unmet_schemes": unmet,
        "cohorts": len(values[0]),
        "accounts": judge.accounts,
        "study": asdict(settings),
    }


def check_space(space: Space, in_use: ClassifierSettings) -> None:
    """Every name is a setting, and the value in use can be drawn: the study starts from it.

    Raises:
        UnusableSpaceError: otherwise; all problems at once.
    """
    known = asdict(in_use)
    problems = []
    for name, choices in space.items():
        if name not in known:
            problems.append(f"'{name}' is no setting of the classifier. Known: {', '.join(known)}.")
            continue
        value = known[name]
        inside = choices.low <= value <= choices.high if isinstance(choices, Range) else value in choices
        if not inside:
            problems.append(f"'{name}' is {value} in use, which the space does not hold. Widen the space.")
    if problems:
        raise UnusableSpaceError(" ".join(problems))


def _suggested(trial: Any, space: Space, in_use: ClassifierSettings) -> dict[str, Any]:
    found = {}
    for name, choices in space.items():
        if not isinstance(choices, Range):
            found[name] = trial.suggest_categorical(name, list(choices))
        elif isinstance(getattr(in_use, name), int):
            found[name] = trial.suggest_int(name, int(choices.low), int(choices.high), log=choices.log)
        else:
            found[name] = trial.suggest_float(name, choices.low, choices.high, log=choices.log)
    return found


class Judge:
    """Fits on all folds but one and judges that one, cohort by cohort; the same folds for every trial."""

    def __init__(
        self, labelled: pl.DataFrame, features: Sequence[Feature], training: TrainingSettings, settings: StudySettings
    ) -> None:
        roles = assign_roles(labelled["cohort"].to_list(), training.shares, training.seed)
        role = pl.col("cohort").replace_strict(roles)
        usable = labelled.filter(is_headline()).sort("account_id")
        self._fit, self._tune = usable.filter(role == "fit"), usable.filter(role == "tune")
        self._features = features
        names = [feature.name for feature in features]
        self._values = {"fit": feature_values(self._fit, names), "tune": feature_values(self._tune, names)}
        self._target = self._fit["is_inauthentic"].to_numpy()
        self._fold = cohort_folds(self._fit["cohort"].to_list(), settings.folds, settings.seed)
        self._folds = settings.folds
        self._share = settings.false_positive_share
        self.accounts = self._fit.height

    def by_cohort(self, classifier: ClassifierSettings) -> FloatArray:
        """Partial AUC of each judged cohort, in the order of their names.

        A cohort is judged if one of its genuine accounts is no more than the counted share of them, and one is bought.
        """
        raw = np.empty(len(self._target))
        stopping = np.ones(self._tune.height, dtype=bool)
        for fold in range(self._folds):
            held_out = self._fold == fold
            raw[held_out] = self._scores(classifier, ~held_out, stopping)[held_out]
        names, member = np.unique(self._fit["cohort"].to_numpy(), return_inverse=True)
        found = []
        for index in range(len(names)):
            own = member == index
            if (own & ~self._target).sum() * self._share >= 1.0 and (own & self._target).any():
                found.append(partial_auc(self._target[own], raw[own], self._share))
        if not found:
            raise ValueError("labels: no fitting cohort has genuine accounts enough to judge a trial by.")
        return np.array(found)

    def unmet_schemes(self, classifier: ClassifierSettings) -> dict[str, dict[str, float]]:
        """For each scheme: how its accounts of the first fold rank, pooled, by trees that never met the scheme."""
        held_out = self._fold == 0
        found = {}
        for scheme in SCHEMES:
            member = has_scheme(self._fit, scheme) == 1.0
            judged = held_out & (member | ~self._target)
            if not (judged & member).any():
                continue
            raw = self._scores(classifier, ~held_out & ~member, has_scheme(self._tune, scheme) != 1.0)[judged]
            found[scheme] = {
                "auc": float(roc_auc_score(self._target[judged], raw)),
                "partial_auc": partial_auc(self._target[judged], raw, self._share),
            }
        return found

    def _scores(self, classifier: ClassifierSettings, fitted: BoolArray, tuned: BoolArray) -> FloatArray:
        """Raw scores of every fitting account by trees of the `fitted` ones, stopped on the `tuned` ones."""
        groups = [feature.group for feature in self._features]
        tune_target = self._tune["is_inauthentic"].to_numpy()
        trees = train_booster(
            masked_copies(self._values["fit"][fitted], self._target[fitted].astype(float), groups, classifier),
            masked_copies(self._values["tune"][tuned], tune_target[tuned].astype(float), groups, classifier),
            [feature.name for feature in self._features],
            [feature.monotone for feature in self._features],
            classifier,
        )
        return raw_scores(trees, self._values["fit"])


def partial_auc(labels: BoolArray, raw: FloatArray, false_positive_share: float) -> float:
    """Area under the ROC curve up to that share of false positives, as McClish standardises it: 0.5 chance, 1 perfect.

    Source: McClish 1989, Analyzing a portion of the ROC curve; scikit-learn's `max_fpr`.
    """
    return float(roc_auc_score(labels, raw, max_fpr=false_positive_share))


def _interval(values: FloatArray, settings: StudySettings) -> dict[str, float]:
    """Mean over cohorts and the percentile interval of its bootstrap."""
    generator = np.random.default_rng(settings.seed)
    draws = values[generator.integers(0, len(values), (settings.replicates, len(values)))].mean(axis=1)
    tail = (1.0 - settings.confidence) / 2.0
    lower, upper = np.quantile(draws, [tail, 1.0 - tail])
    return {"value": float(values.mean()), "lower": float(lower), "upper": float(upper)}
