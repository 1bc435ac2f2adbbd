"""What a verdict is worth: who is refused, how often a reject is right, what it costs, and what abstaining buys.

A share is of all accounts of its class, those without a verdict too. What depends on how common inauthentic accounts
are is stated twice: among the accounts at hand, and carried over to the declared prevalence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logit

from models.evaluation.metrics import BoolArray, FloatArray, number
from models.evaluation.resampling import NOTHING, Interval, Sample, percentiles
from models.thresholds import VERDICTS, Costs, Thresholds, cost_cuts

VerdictArray = NDArray[np.str_]

PAY_INAUTHENTIC = (2.0, 4.0, 8.0, 16.0)
REFUSE_GENUINE = (5.0, 10.0, 20.0, 40.0)
"""Costs of both mistakes, in reviews, that the table tries: half to four times the defaults, in doublings; assumed."""

REJECT_CUTS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.98, 0.99)
"""Probabilities at the declared prevalence above which the frontier rejects."""

COVERAGES = tuple(round(0.05 * step, 2) for step in range(1, 21))
"""Shares of accounts, the most certain first, at which the risk is told."""

HALF = 0.5


def confusion(verdict: Iterable[str], label: Iterable[bool]) -> dict[str, dict[str, int]]:
    """Number of accounts by class (`genuine`, `inauthentic`) and verdict; every cell is present."""
    counted = Counter(zip(label, verdict, strict=True))
    classes = {"genuine": False, "inauthentic": True}
    return {name: {each: counted[(value, each)] for each in VERDICTS} for name, value in classes.items()}


class Decisions:
    """Accounts with a label, what is known of them, and what any set of cuts would make of them.

    Args:
        sample: headline accounts with `is_inauthentic`, `benign_story`, `probability_inauthentic` (at the declared
            prevalence; null without a verdict), `named_evidence`, what their reasons add in log-odds, and
            `probability_without_busiest_month` (null where it was not asked; see `Scorer.withstood`).
        prevalence: the declared one, 0 to 1 exclusive.
        least_named: what the reasons of a reject must add; see `Scorer.judged`.
    """

    def __init__(self, sample: Sample, prevalence: float, least_named: float) -> None:
        self.sample = sample
        self.prevalence = prevalence
        self.inauthentic = sample.where(pl.col("is_inauthentic"))
        self.benign = ~self.inauthentic & sample.where(pl.col("benign_story").is_not_null())
        self.told = sample.where(pl.col("probability_inauthentic").is_not_null())
        self.probability = sample.frame["probability_inauthentic"].fill_null(0.0).to_numpy()
        self.unnamed = sample.where(pl.col("named_evidence") < least_named)
        left = sample.frame["probability_without_busiest_month"].cast(pl.Float64)
        self.left, self.is_asked = left.fill_null(0.0).to_numpy(), left.is_not_null().to_numpy()

    def verdicts(self, thresholds: Thresholds) -> VerdictArray:
        """Each account's verdict by other cuts. Reasons are those of the present ones: whoever passes now has none."""
        by_cuts, left = (self._by_cuts(thresholds, each) for each in (self.probability, self.left))
        held_back = self.unnamed | (self.is_asked & (left != "reject"))
        named = np.where((by_cuts == "reject") & held_back, "review", by_cuts)
        found: VerdictArray = np.where(self.told, named, "insufficient_data").astype(np.str_)
        return found

    def _by_cuts(self, thresholds: Thresholds, probability: FloatArray) -> VerdictArray:
        with np.errstate(divide="ignore"):  # no probability at all stands as 0 here, and is no verdict
            return thresholds.verdicts(probability, logit(probability) - logit(self.prevalence))

    def worth(self, verdict: VerdictArray) -> dict[str, Any]:
        """The intervals that a choice of cuts is judged by.

        Returns:
            For `genuine` and `inauthentic` the share of each verdict; `benign_rejected`, of genuine accounts with a
            story that looks bought; `rejects` (their number) and `rejects_right`, the share of them that is
            inauthentic among the accounts at hand, and `rejects_right_at_prevalence`, the same where inauthentic
            accounts are as common as declared: p r / (p r + (1 - p) g) with the shares r and g of inauthentic and
            genuine accounts rejected, its interval from the far ends of theirs, which is wider than it need be.
        """
        shares = {
            name: {each: self.sample.share(verdict == each, members) for each in VERDICTS}
            for name, members in (("genuine", ~self.inauthentic), ("inauthentic", self.inauthentic))
        }
        rejected = verdict == "reject"
        return {
            **shares,
            "benign_accounts": int(self.benign.sum()),
            "benign_rejected": self.sample.share(rejected, self.benign),
            "rejects": int(rejected.sum()),
            "rejects_right": self.sample.share(self.inauthentic, rejected),
            "rejects_right_at_prevalence": self._at_prevalence(
                shares["inauthentic"]["reject"], shares["genuine"]["reject"]
            ),
        }

    def row(self, thresholds: Thresholds, costs: Costs) -> dict[str, Any]:
        """One choice of cuts in a table: the cuts, which one binds, what becomes of whom, and the expected cost.

        `binding` is the stricter cut on rejects: `cost`, or `evidence` for the cap on honest rejects. `cost_per_100`
        is of 100 accounts at the declared prevalence, in units of the costs; an account without a verdict costs a
        review.
        """
        verdict = self.verdicts(thresholds)
        worth = self.worth(verdict)
        cost_evidence = float(logit(thresholds.reject_above) - logit(self.prevalence))
        return {
            "pass_below": thresholds.pass_below,
            "reject_above": thresholds.reject_above,
            "reject_above_evidence": thresholds.reject_above_evidence,
            "evidence_as_probability": float(expit(thresholds.reject_above_evidence + logit(self.prevalence))),
            "binding": "cost" if cost_evidence >= thresholds.reject_above_evidence else "evidence",
            "genuine_passed": worth["genuine"]["pass"],
            "genuine_reviewed": worth["genuine"]["review"],
            "genuine_rejected": worth["genuine"]["reject"],
            "benign_rejected": worth["benign_rejected"],
            "inauthentic_rejected": worth["inauthentic"]["reject"],
            "inauthentic_flagged": self.sample.share(np.isin(verdict, ("reject", "review")), self.inauthentic),
            "rejects": worth["rejects"],
            "rejects_right": worth["rejects_right"],
            "rejects_right_at_prevalence": worth["rejects_right_at_prevalence"],
            "cost_per_100": self._cost_per_100(verdict, costs),
        }

    def _at_prevalence(self, found: Interval, wronged: Interval) -> Interval:
        def right(inauthentic: float | None, genuine: float | None) -> float | None:
            if inauthentic is None or genuine is None:
                return None
            top = self.prevalence * inauthentic
            below = top + (1.0 - self.prevalence) * genuine
            return top / below if below > 0.0 else None

        return {
            "value": right(found["value"], wronged["value"]),
            "lower": right(found["lower"], wronged["upper"]),
            "upper": right(found["upper"], wronged["lower"]),
        }

    def _cost_per_100(self, verdict: VerdictArray, costs: Costs) -> float | None:
        if self.inauthentic.all() or not self.inauthentic.any():
            return None
        cost = np.where(np.isin(verdict, ("review", "insufficient_data")), costs.review, 0.0)
        cost = np.where((verdict == "pass") & self.inauthentic, costs.pay_inauthentic, cost)
        cost = np.where((verdict == "reject") & ~self.inauthentic, costs.refuse_genuine, cost)
        of_class = [float(cost[members].mean()) for members in (self.inauthentic, ~self.inauthentic)]
        return 100.0 * (self.prevalence * of_class[0] + (1.0 - self.prevalence) * of_class[1])


# --- what other choices would do --------------------------------------------------------------------------------------


def cost_table(decisions: Decisions, costs: Costs, evidence_cut: float) -> list[dict[str, Any]]:
    """Other costs of both mistakes, in units of a review, with the present evidence cut; the present costs are marked.

    Rows of `pay_inauthentic`, `refuse_genuine`, `is_present` and `Decisions.row`.
    """
    present = (costs.pay_inauthentic / costs.review, costs.refuse_genuine / costs.review)
    tried = {(pay, refuse) for pay in PAY_INAUTHENTIC for refuse in REFUSE_GENUINE} | {present}
    rows = []
    for pay, refuse in sorted(tried):
        each = Costs(pay, refuse, 1.0)
        thresholds = Thresholds(*cost_cuts(each), evidence_cut)
        named = {"pay_inauthentic": pay, "refuse_genuine": refuse, "is_present": (pay, refuse) == present}
        rows.append(named | decisions.row(thresholds, each))
    return rows


def cap_table(
    decisions: Decisions, costs: Costs, evidence_cuts: Mapping[float, float], present_cut: float
) -> list[dict[str, Any]]:
    """Other caps on honest rejects, with the present costs, and with the cap alone.

    Args:
        decisions: the accounts.
        costs: the present ones.
        evidence_cuts: cap, a share of genuine accounts, to the evidence cut that calibration accounts gave it.
        present_cut: the evidence cut in use.

    Returns:
        Rows of `honest_reject_cap`, `is_present` (its cut is the one in use), `Decisions.row`, and `alone`: the share
        of genuine, benign and inauthentic accounts rejected if the costs' own cut on rejects were left away.
    """
    pass_below, reject_above = cost_cuts(costs)
    rows = []
    for cap, cut in sorted(evidence_cuts.items()):
        alone = decisions.worth(decisions.verdicts(Thresholds(pass_below, 0.0, cut)))
        rows.append(
            {
                "honest_reject_cap": cap,
                "is_present": cut == present_cut,
                **decisions.row(Thresholds(pass_below, reject_above, cut), costs),
                "alone": {
                    "genuine_rejected": alone["genuine"]["reject"],
                    "benign_rejected": alone["benign_rejected"],
                    "inauthentic_rejected": alone["inauthentic"]["reject"],
                    "rejects_right_at_prevalence": alone["rejects_right_at_prevalence"],
                },
            }
        )
    return rows


def frontier(decisions: Decisions, cuts: Sequence[float] = REJECT_CUTS) -> list[dict[str, Any]]:
    """What rejecting above each probability would do by itself, without an evidence cut: one row a cut, rising.

    Rows of `reject_above`, `refuse_genuine` (the cost, in reviews, that leads to the cut), and the shares rejected and
    right.
    """
    rows = []
    for cut in cuts:
        worth = decisions.worth(decisions.verdicts(Thresholds(0.0, cut, -np.inf)))
        rows.append(
            {
                "reject_above": cut,
                "refuse_genuine": 1.0 / (1.0 - cut),
                "genuine_rejected": worth["genuine"]["reject"],
                "benign_rejected": worth["benign_rejected"],
                "inauthentic_rejected": worth["inauthentic"]["reject"],
                "rejects": worth["rejects"],
                "rejects_right": worth["rejects_right"],
                "rejects_right_at_prevalence": worth["rejects_right_at_prevalence"],
            }
        )
    return rows


# --- abstention -------------------------------------------------------------------------------------------------------


def risk_coverage(decisions: Decisions) -> dict[str, Any]:
    """How often the likelier class is the wrong one, among the share of accounts that the model is surest of.

    Certainty is the distance of the probability from one half; accounts weigh so that inauthentic ones are as common as
    declared. Accounts without a verdict are never covered.

    Returns:
        `curve`: rows of `coverage` and the `risk` up to it (value, lower, upper), as far as there are verdicts;
        `coverage`: the share with a verdict; `risk`: among all of them; `decided`: the share passed or rejected, and
        `decided_risk`: the share of those passed though inauthentic or rejected though genuine.
    """
    weight = _class_weights(decisions)
    if weight is None:
        return {"curve": [], **{name: dict(NOTHING) for name in ("coverage", "risk", "decided", "decided_risk")}}
    sample, told = decisions.sample, decisions.told
    wrong = (decisions.probability > HALF) != decisions.inauthentic
    order = np.lexsort((decisions.inauthentic, -np.abs(decisions.probability - HALF), ~told))
    covered, mistaken = (weight * told)[order], (weight * told * wrong)[order]
    value = _risks(covered, mistaken, weight.sum())
    drawn = sample.draws[:, sample.members]
    draws = np.array([_risks(covered * each[order], mistaken * each[order], weight @ each) for each in drawn])
    curve = []
    for column, coverage in enumerate(COVERAGES):
        if not np.isnan(value[column]):
            lower, upper = percentiles(draws.reshape(-1, len(COVERAGES))[:, column], sample.confidence)
            risk = {"value": float(value[column]), "lower": number(lower), "upper": number(upper)}
            curve.append({"coverage": coverage, "risk": risk})
    verdict = sample.frame["verdict"]
    decided = told & verdict.is_in(["pass", "reject"]).to_numpy()
    mistake = np.where(decisions.inauthentic, (verdict == "pass").to_numpy(), (verdict == "reject").to_numpy())
    return {
        "curve": curve,
        "coverage": sample.ratio(weight * told, weight),
        "risk": sample.ratio(weight * told * wrong, weight * told),
        "decided": sample.ratio(weight * decided, weight),
        "decided_risk": sample.ratio(weight * decided * mistake, weight * decided),
    }


def _class_weights(decisions: Decisions) -> FloatArray | None:
    """Weights that make inauthentic accounts as common as declared; None where a class is absent."""
    labels: BoolArray = decisions.inauthentic
    if labels.size == 0 or labels.all() or not labels.any():
        return None
    share = float(labels.mean())
    return np.where(labels, decisions.prevalence / share, (1.0 - decisions.prevalence) / (1.0 - share))


def _risks(covered: FloatArray, mistaken: FloatArray, total: float) -> FloatArray:
    """Share mistaken up to each coverage, of accounts in falling order of certainty; NaN beyond the last."""
    reached, wrong = np.cumsum(covered), np.cumsum(mistaken)
    targets = np.array(COVERAGES) * total
    at = np.minimum(np.searchsorted(reached, targets - 1e-9 * total), len(reached) - 1)
    risk: FloatArray = np.divide(wrong[at], reached[at], out=np.full(len(at), np.nan), where=reached[at] > 0)
    return np.where(targets <= reached[-1] * (1.0 + 1e-9), risk, np.nan)


def insufficiency(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Why accounts got no verdict: rows of `because` (its first number left open), `accounts` and `genuine`.

    The most frequent stands first. An account counts under each thing that it lacks. `frame` holds
    `insufficient_because` (list of str) and `is_inauthentic`.
    """
    # "12 readings; 14 are needed" and "1 reading; 14 are needed" are one reason.
    plural = pl.col("because").str.replace(r"^\d[\d,]* (reading|post|comment)s?\b", "too few ${1}s")
    kind = plural.str.replace(r"^\d[\d,]* followers", "followers out of range").str.replace(r": \d.*$", "")
    listed = frame.select("is_inauthentic", because="insufficient_because").explode("because", empty_as_null=False)
    counted = listed.with_columns(because=kind).group_by("because")
    table = counted.agg(accounts=pl.len(), genuine=(~pl.col("is_inauthentic")).sum())
    return table.sort("accounts", "because", descending=[True, False]).to_dicts()
