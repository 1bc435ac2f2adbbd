"""What the model does with what it never met: a scheme, a benign story, other cohorts, batches of another size.

A model that only recognises the cheats it was shown is worth little, since real ones were not simulated. So each
scheme is left out of training in turn, with the mixes that contain it, and each story likewise; the rest stays as it
is, so that the row beside it says what the lesson was worth.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.definition import Feature
from features.tables import SCHEMES
from models.calibration import fit_calibration
from models.classifier import ClassifierSettings, import_lightgbm, masked_copies, raw_scores
from models.evaluation import auc, clopper_pearson, evaluate_models, headline_rows, metrics
from models.own import assign_roles_by_origin
from models.thresholds import choose_thresholds
from models.training import TrainingSettings, feature_values, is_headline

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

ROUNDS = 400
LEARNING_RATE = 0.1
LEAVES = 15
BINS = 63
"""The light fit: five seconds for 35,000 accounts, and an AUC 0.001 below the model's own (one set, November 2026)."""

CUT_SHARES = {"above_1_percent": 0.01, "above_5_percent": 0.05}
"""Score cuts by the share of genuine calibration accounts that lies above."""

REJECTED, FLAGGED = ("reject",), ("reject", "review")


# --- a light fit ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a fit says of every row of its frame.

    Attributes:
        raw: raw score, higher is more suspicious; one a row.
        anchor: raw score of an account of which nothing is observed.
    """

    raw: FloatArray
    anchor: float


Fit = Callable[[BoolArray], Fitted]
"""Fits on the marked rows of a frame that it was made for, and scores them all."""


def light_fit(frame: pl.DataFrame, features: Sequence[Feature], settings: ClassifierSettings) -> Fit:
    """A quick version of the model's own fit: fewer and smaller trees, one masked copy, values sorted into bins once.

    Args:
        frame: `is_inauthentic` and the feature columns, sorted by account; rows never fitted on are only scored.
        features: in the order of the trees' columns.
        settings: the model's; what makes it light is replaced here.
    """
    library = import_lightgbm()
    light = replace(settings, masked_copies=1)
    names = [feature.name for feature in features]
    values = feature_values(frame, names)
    target = frame["is_inauthentic"].to_numpy().astype(np.float64)
    rows, targets = masked_copies(values, target, [feature.group for feature in features], light)
    shared: dict[str, Any] = {"max_bin": BINS, "verbosity": -1, "num_threads": light.threads, "seed": light.seed}
    binned = library.Dataset(rows, targets, feature_name=names, params=shared, free_raw_data=False).construct()
    parameters = shared | {
        "objective": "binary",
        "num_leaves": LEAVES,
        "learning_rate": LEARNING_RATE,
        "min_child_samples": light.min_child_samples,
        "lambda_l2": light.lambda_l2,
        "feature_fraction": light.feature_fraction,
        "bagging_fraction": light.bagging_fraction,
        "extra_trees": light.extra_trees,
        "bagging_freq": 1,
        "deterministic": True,
        "force_row_wise": True,
    }
    monotone = [feature.monotone for feature in features]
    if light.monotone and any(monotone):
        parameters["monotone_constraints"] = monotone

    def fit(trained: BoolArray) -> Fitted:
        chosen = np.flatnonzero(np.tile(trained, light.masked_copies + 1)).tolist()
        booster = library.train(parameters, binned.subset(chosen), ROUNDS)
        nothing = np.full((1, len(names)), np.nan)
        return Fitted(raw_scores(booster, values), float(raw_scores(booster, nothing)[0]))

    return fit


# --- leave one out ----------------------------------------------------------------------------------------------------

KINDS = ("scheme", "story")
"""What is left out of training, one at a time."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """Every row as one fit sees it: probability at the declared prevalence, and what it would decide."""

    probability: FloatArray
    decided: dict[str, BoolArray]


class _Parts:
    """Who is who in a labelled frame, as marks on its rows."""

    def __init__(self, frame: pl.DataFrame, settings: TrainingSettings) -> None:
        roles = assign_roles_by_origin(frame, settings.shares, settings.seed)
        role = np.array([roles[cohort] for cohort in frame["cohort"]])
        usable = frame.select(is_headline()).to_series().to_numpy()
        self.labels: BoolArray = frame["is_inauthentic"].to_numpy()
        self.cohorts = frame["cohort"].to_numpy()
        # The light fit needs nobody to stop it, so the tune cohorts train too.
        self.train = usable & np.isin(role, ("fit", "tune"))
        self.calibrate = usable & (role == "calibrate")
        self.test = usable & (role == "test")
        self.settings = settings
        self._schemes = frame["scheme"].fill_null("").str.split("+")
        self._stories = frame["benign_story"]

    def scheme(self, name: str) -> BoolArray:
        """Inauthentic accounts whose scheme is, or contains, this one."""
        found: BoolArray = self._schemes.list.contains(name).to_numpy() & self.labels
        return found

    def story(self, name: str) -> BoolArray:
        """Accounts that went through this story, as far as the labels tell."""
        found: BoolArray = self._stories.eq_missing(pl.Series([name])).to_numpy()
        return found

    def stories(self) -> list[str]:
        """Stories of the frame, sorted."""
        return sorted(name for name in self._stories.unique().to_list() if name is not None)

    def judge(self, fit: Fit, left_out: BoolArray) -> _Judged:
        """Fit without some accounts, calibrate and set the cuts without them too, and judge everybody."""
        fitted = fit(self.train & ~left_out)
        held = self.calibrate & ~left_out
        genuine = held & ~self.labels
        calibration = fit_calibration(fitted.raw[held], self.labels[held], fitted.anchor)
        evidence = calibration.log_likelihood_ratio(fitted.raw)
        probability = calibration.probability(fitted.raw, self.settings.prevalence)
        thresholds = choose_thresholds(self.settings.costs, evidence[genuine], self.settings.honest_reject_cap)
        verdicts = thresholds.verdicts(probability, evidence)
        decided: dict[str, BoolArray] = {
            name: fitted.raw > np.quantile(fitted.raw[genuine], 1.0 - share, method="higher")
            for name, share in CUT_SHARES.items()
        }
        decided |= {"rejected": np.isin(verdicts, REJECTED), "flagged": np.isin(verdicts, FLAGGED)}
        return _Judged(probability, decided)


def leave_one_out(
    frame: pl.DataFrame,
    fit: Fit,
    settings: TrainingSettings,
    *,
    kinds: Collection[str] = KINDS,
    replicates: int,
    confidence: float,
    seed: int,
    report: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Each scheme and each benign story left out of training in turn, judged on the test cohorts.

    A row says one thing (`measure`) about the test accounts of one scheme or story, `trained_with` it or without:
    `auc` (against all genuine accounts for a scheme, against all inauthentic ones for a story), `above_1_percent` and
    `above_5_percent` (share above the cut that so many genuine calibration accounts exceed), `rejected` and `flagged`
    (by verdicts set as the model sets its own). For a scheme these shares are recall, for a story false positives.
    `auc_lost` is the AUC with less the AUC without it. Rows of kind `reference` are all inauthentic and all genuine
    test accounts, nothing left out. Where the labels also tell the stories of inauthentic accounts, these leave the
    training with the genuine ones: otherwise the model would learn the left-out story as a sign of cheating.

    Args:
        frame: the labelled frame that `fit` was made for: `account_id`, the contract's label columns with `cohort`
            filled, features; sorted by account.
        fit: see `light_fit`.
        settings: the model's training settings, for the split, the costs and the cap.
        kinds: which of `KINDS` are left out; the rows of kind `reference` come with schemes.
        replicates: bootstrap draws of whole test cohorts.
        confidence: coverage of every interval, 0 to 1.
        seed: of the draws.
        report: told in a few words what is done.

    Returns:
        Rows of `kind` (reference, scheme, story), `left_out`, `trained_with`, `measure`, `accounts`, `value`,
        `lower`, `upper`; None where there is nobody to measure.
    """
    parts = _Parts(frame, settings)
    report("nothing left out")
    reference = parts.judge(fit, np.zeros(len(parts.labels), dtype=bool))
    bootstrap = {"replicates": replicates, "confidence": confidence, "seed": seed}
    rows = []
    for name, members in (("inauthentic", parts.labels), ("genuine", ~parts.labels)) if "scheme" in kinds else ():
        everybody = {"kind": "reference", "left_out": name, "trained_with": True}
        rows += [everybody | row for row in _shares(reference, members & parts.test, confidence)]
    cases = [("scheme", name, parts.scheme(name), parts.labels) for name in SCHEMES]
    cases += [("story", name, parts.story(name), ~parts.labels) for name in parts.stories()]
    for kind, name, members, judged_class in cases:
        tested = members & judged_class & parts.test
        if kind not in kinds or not tested.any():
            continue
        report(f"without {kind} {name}")
        judged = {True: reference, False: parts.judge(fit, members)}
        rows += [{"kind": kind, "left_out": name, **row} for row in _ranking(parts, judged, tested, bootstrap)]
        for trained_with, each in judged.items():
            same = {"kind": kind, "left_out": name, "trained_with": trained_with}
            rows += [same | row for row in _shares(each, tested, confidence)]
    return rows


def _ranking(
    parts: _Parts, judged: dict[bool, _Judged], tested: BoolArray, bootstrap: dict[str, Any]
) -> list[dict[str, Any]]:
    """AUC of the accounts against the test accounts of the other class, with and without, and the paired loss."""
    is_scheme = bool(parts.labels[tested].all())
    shown = tested | (parts.test & (parts.labels != is_scheme))
    found = evaluate_models(
        parts.labels[shown],
        {"with": judged[True].probability[shown], "without": judged[False].probability[shown]},
        parts.cohorts[shown],
        **bootstrap,
    )
    measured = {
        ("auc", True): found["models"]["with"]["auc"],
        ("auc", False): found["models"]["without"]["auc"],
        ("auc_lost", False): found["differences"]["without"]["auc"],
    }
    return [
        {"trained_with": trained_with, "measure": measure, "accounts": int(tested.sum()), **value}
        for (measure, trained_with), value in measured.items()
    ]


def _shares(judged: _Judged, members: BoolArray, confidence: float) -> list[dict[str, Any]]:
    return [{"measure": measure, **_share(decided[members], confidence)} for measure, decided in judged.decided.items()]


def _share(found: BoolArray, confidence: float) -> dict[str, Any]:
    count, total = int(found.sum()), len(found)
    lower, upper = clopper_pearson(count, total, confidence)
    return {"accounts": total, "value": count / total if total else None, "lower": lower, "upper": upper}


# --- batches ----------------------------------------------------------------------------------------------------------


def by_batch(scored: pl.DataFrame, *, confidence: float = 0.95) -> list[dict[str, Any]]:
    """Whether accounts are judged alike in small and large batches: one row a batch size, the smallest first.

    Args:
        scored: `batch` (its name), `is_inauthentic`, `scheme`, `probability` (null where no verdict is given) and
            `verdict`, one row an account.
        confidence: coverage of the exact intervals of the shares, which take accounts as independent.

    Returns:
        Rows of `batch_accounts` (size), `batches`, `auc` (mean over the batches that hold both classes), `auc_lowest`,
        `auc_highest`, and for `recall_rejected`, `recall_flagged`, `genuine_rejected`, `genuine_flagged` the share
        over all accounts of the size, `_lower`, `_upper`. Doses under 10 % are left out.
    """
    sizes = scored.group_by("batch").len("batch_accounts")
    sized = headline_rows(scored).join(sizes, on="batch")
    rows = []
    for size in sized["batch_accounts"].unique().sort():
        members = sized.filter(pl.col("batch_accounts") == size)
        batches = members.partition_by("batch", maintain_order=True)
        areas = [area for area in map(_area, batches) if area is not None]
        row: dict[str, Any] = {
            "batch_accounts": int(size),
            "batches": len(batches),
            "auc": float(np.mean(areas)) if areas else None,
            "auc_lowest": min(areas, default=None),
            "auc_highest": max(areas, default=None),
        }
        for name, inauthentic in (("recall", True), ("genuine", False)):
            verdicts = members.filter(pl.col("is_inauthentic") == inauthentic)["verdict"].to_numpy()
            for decision, among in (("rejected", REJECTED), ("flagged", FLAGGED)):
                share = _share(np.isin(verdicts, among), confidence)
                row |= {
                    f"{name}_accounts": share["accounts"],
                    f"{name}_{decision}": share["value"],
                    f"{name}_{decision}_lower": share["lower"],
                    f"{name}_{decision}_upper": share["upper"],
                }
        rows.append(row)
    return rows


def _area(batch: pl.DataFrame) -> float | None:
    told = batch.filter(pl.col("probability").is_not_null())
    return auc(told["is_inauthentic"].to_numpy(), told["probability"].to_numpy())


# --- learning curve ---------------------------------------------------------------------------------------------------


def learning_curve(
    frame: pl.DataFrame,
    fit: Fit,
    settings: TrainingSettings,
    *,
    cohort_counts: Sequence[int],
    account_shares: Sequence[float],
    repeats: int,
    seed: int,
    report: Callable[[str], None],
) -> list[dict[str, Any]]:
    """What more cohorts and more accounts win on the test cohorts.

    Three curves: `whole_cohorts` (so many cohorts, all of their accounts), `cohorts_at_equal_accounts` (so many
    cohorts, and as many accounts of them as the smallest count brings) and `accounts_of_all_cohorts` (a share of the
    accounts of every cohort). Each point is fitted `repeats` times on other draws; a draw without one of the classes
    is left out.

    Args:
        frame: as for `leave_one_out`.
        fit: likewise.
        settings: likewise.
        cohort_counts: rising; those beyond the training cohorts at hand are left out.
        account_shares: above 0, up to 1.
        repeats: draws per point; a point that draws nothing (all cohorts, all accounts) is fitted once.
        seed: of the draws.
        report: told in a few words what is done.

    Returns:
        Rows of `curve`, `cohorts`, `accounts` (mean over the draws), `fits`, and `auc` and
        `recall_at_1_percent_false_positives` with `_lowest` and `_highest` over the draws.
    """
    parts = _Parts(frame, settings)
    generator = np.random.default_rng(seed)
    names = np.unique(parts.cohorts[parts.train])
    orders = [generator.permutation(names) for _ in range(repeats)]
    counts = [count for count in cohort_counts if count <= len(names)]
    whole = {count: [_within(parts, order[:count]) for order in orders] for count in counts}
    fewest = min((int(rows.sum()) for rows in whole[counts[0]]), default=0) if counts else 0
    draws: list[tuple[str, int, list[BoolArray]]] = []
    for count, chosen in whole.items():
        draws.append(("whole_cohorts", count, chosen[:1] if count == len(names) else chosen))
    for count, chosen in whole.items():
        equal = [_drawn(rows, fewest, generator) for rows in chosen]
        draws.append(("cohorts_at_equal_accounts", count, equal))
    for share in account_shares:
        some = [_drawn(parts.train, round(share * int(parts.train.sum())), generator) for _ in range(repeats)]
        draws.append(("accounts_of_all_cohorts", len(names), some[:1] if share >= 1.0 else some))
    rows = []
    for curve, cohorts, chosen in draws:
        usable = [each for each in chosen if parts.labels[each].any() and not parts.labels[each].all()]
        if not usable:
            continue
        accounts = float(np.mean([each.sum() for each in usable]))
        report(f"{curve.replace('_', ' ')}: {cohorts} cohorts, {accounts:.0f} accounts")
        rows.append({"curve": curve, "cohorts": cohorts, "accounts": accounts, **_learned(parts, fit, usable)})
    return rows


def _within(parts: _Parts, cohorts: NDArray[Any]) -> BoolArray:
    return parts.train & np.isin(parts.cohorts, cohorts)


def _drawn(rows: BoolArray, accounts: int, generator: np.random.Generator) -> BoolArray:
    """So many of the marked rows."""
    chosen = generator.choice(np.flatnonzero(rows), size=accounts, replace=False)
    result = np.zeros(len(rows), dtype=bool)
    result[chosen] = True
    return result


def _learned(parts: _Parts, fit: Fit, draws: Sequence[BoolArray]) -> dict[str, Any]:
    """Metrics on the test cohorts after a fit on each draw."""
    found = []
    for rows in draws:
        raw = fit(rows).raw[parts.test]
        # Ranking is all that is asked here; scaled to 0 to 1 as a metric wants it.
        scaled = (raw - raw.min()) / max(float(np.ptp(raw)), np.finfo(float).tiny) if raw.size else raw
        found.append(metrics(parts.labels[parts.test], scaled))
    row: dict[str, Any] = {"fits": len(draws)}
    for name in ("auc", "recall_at_1_percent_false_positives"):
        values = [value for value in (getattr(each, name) for each in found) if value is not None]
        row |= {
            name: float(np.mean(values)) if values else None,
            f"{name}_lowest": min(values, default=None),
            f"{name}_highest": max(values, default=None),
        }
    return row
