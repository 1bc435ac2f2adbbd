"""Figures of an evaluation, each a matplotlib `Figure` that the caller writes.

Drawn through the object interface, without pyplot: no global state, so the same input gives the same picture. The
colours are Okabe and Ito's, which people with any colour vision tell apart, and lines differ in their dashes too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models.evaluation import auc, average_precision, precision_recall_points, roc_points
from models.thresholds import Thresholds

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("-", "--", "-.", ":")
GENUINE_COLOUR, INAUTHENTIC_COLOUR = COLOURS[0], COLOURS[1]
GUIDE_COLOUR = "#767676"

INTERVALS_SHOWN = 400
"""Accounts in a picture of intervals, at most: a screen shows no more side by side."""

HISTOGRAM_BINS = 40
"""Bins of the score distribution over 0 to 1."""


def _axes(width: float = 6.4, height: float = 4.8) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.grid(visible=True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure, axes


def _title(name: str, split: str, labels: BoolArray) -> str:
    inauthentic = int(np.asarray(labels, dtype=bool).sum())
    return f"{name}\n{split}: {len(labels):,} accounts, {inauthentic:,} inauthentic"


def _unit_square(axes: Axes) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)


def roc(labels: BoolArray, predictions: Mapping[str, FloatArray], *, split: str) -> Figure:
    """Inauthentic accounts found against genuine ones flagged, one line a model.

    Raises:
        ValueError: a class is absent.
    """
    figure, axes = _axes()
    axes.plot([0, 1], [0, 1], color=GUIDE_COLOUR, linewidth=0.8, label="chance")
    for (name, probability), colour, dash in zip(predictions.items(), cycle(COLOURS), cycle(DASHES), strict=False):
        false_positives, found = roc_points(labels, probability)
        area = auc(labels, probability)
        axes.plot(false_positives, found, color=colour, linestyle=dash, label=f"{name} (AUC {area:.3f})")
    _unit_square(axes)
    axes.set_xlabel("Share of genuine accounts flagged")
    axes.set_ylabel("Share of inauthentic accounts found")
    axes.set_title(_title("Receiver operating characteristic", split, labels))
    axes.legend(loc="lower right")
    return figure


def precision_recall(labels: BoolArray, predictions: Mapping[str, FloatArray], *, split: str) -> Figure:
    """Share of flagged accounts that are inauthentic against the share found, one line a model.

    Raises:
        ValueError: a class is absent.
    """
    figure, axes = _axes()
    axes.axhline(float(np.mean(labels)), color=GUIDE_COLOUR, linewidth=0.8, label="chance")
    for (name, probability), colour, dash in zip(predictions.items(), cycle(COLOURS), cycle(DASHES), strict=False):
        recall, precision = precision_recall_points(labels, probability)
        mean = average_precision(labels, probability)
        label = f"{name} (average precision {mean:.3f})"
        axes.plot(recall, precision, color=colour, linestyle=dash, drawstyle="steps-pre", label=label)
    _unit_square(axes)
    axes.set_xlabel("Share of inauthentic accounts found (recall)")
    axes.set_ylabel("Inauthentic share of flagged accounts (precision)")
    axes.set_title(_title("Precision and recall", split, labels))
    axes.legend(loc="lower left")
    return figure


def reliability(
    labels: BoolArray, bins: Mapping[str, Sequence[Mapping[str, Any]]], *, split: str, confidence: float
) -> Figure:
    """Share inauthentic against the stated probability, by each model's `reliability_bins` and their intervals."""
    figure, axes = _axes()
    axes.plot([0, 1], [0, 1], color=GUIDE_COLOUR, linewidth=0.8, label="perfectly calibrated")
    for (name, rows), colour, dash in zip(bins.items(), cycle(COLOURS), cycle(DASHES), strict=False):
        share = np.array([row["inauthentic_share"] for row in rows])
        below = share - np.array([row["lower"] for row in rows])
        above = np.array([row["upper"] for row in rows]) - share
        axes.errorbar(
            [row["mean_probability"] for row in rows],
            share,
            yerr=np.vstack([below, above]).clip(min=0),
            color=colour,
            linestyle=dash,
            marker="o",
            markersize=4,
            capsize=2,
            linewidth=1,
            label=name,
        )
    _unit_square(axes)
    axes.set_xlabel("Mean stated probability of the bin")
    axes.set_ylabel(f"Share inauthentic, with {confidence:.0%} interval")
    axes.set_title(_title("Reliability", split, labels))
    axes.legend(loc="upper left")
    return figure


def score_distribution(labels: BoolArray, probability: FloatArray, *, split: str) -> Figure:
    """Histogram of the probability by class, each class summing to one."""
    figure, axes = _axes()
    labels = np.asarray(labels, dtype=bool)
    edges = np.linspace(0, 1, HISTOGRAM_BINS + 1)
    for name, chosen, colour, hatch in (
        ("genuine", ~labels, GENUINE_COLOUR, ""),
        ("inauthentic", labels, INAUTHENTIC_COLOUR, "///"),
    ):
        counts, _ = np.histogram(probability[chosen], edges)
        share = counts / max(int(chosen.sum()), 1)
        label = f"{name} ({int(chosen.sum()):,})"
        axes.stairs(share, edges, fill=True, color=colour, alpha=0.45, hatch=hatch, label=label)
        axes.stairs(share, edges, color=colour)
    axes.set_xlim(0, 1)
    axes.set_xlabel("Probability inauthentic")
    axes.set_ylabel("Share of the class")
    axes.set_title(_title("Scores by class", split, labels))
    axes.legend(loc="upper center")
    return figure


def reject_cuts(rows: Sequence[Mapping[str, Any]], thresholds: Thresholds, labels: BoolArray, *, split: str) -> Figure:
    """What rejecting above each probability would do, by the rows of `frontier`, beside the cuts in use.

    The axis is the cost of refusing an honest creator, in reviews, that leads to the cut; its ticks name both.
    """
    figure, axes = _axes(width=7.4)
    at = np.array([row["refuse_genuine"] for row in rows])
    for (key, name), colour, dash in zip(
        (
            ("inauthentic_rejected", "inauthentic accounts rejected"),
            ("rejects_right_at_prevalence", "rejects that are right, at the declared prevalence"),
            ("genuine_rejected", "genuine accounts rejected"),
            ("benign_rejected", "genuine accounts with a story that looks bought, rejected"),
        ),
        COLOURS,
        DASHES,
        strict=False,
    ):
        known = [row[key]["value"] is not None for row in rows]
        value, lower, upper = (
            np.array([row[key][part] for row, given in zip(rows, known, strict=True) if given], dtype=float)
            for part in ("value", "lower", "upper")
        )
        axes.plot(at[known], value, color=colour, linestyle=dash, marker="o", markersize=3, label=name)
        axes.fill_between(at[known], lower, upper, color=colour, alpha=0.15, linewidth=0)
    if thresholds.reject_above < 1.0:
        axes.axvline(1.0 / (1.0 - thresholds.reject_above), color=GUIDE_COLOUR, linewidth=1)
        axes.annotate("cut of the present costs", (1.0 / (1.0 - thresholds.reject_above), 0.5), rotation=90, fontsize=8)
    axes.set_xscale("log")
    axes.set_xticks(at, labels=[f"{cost:.3g}\n{row['reject_above']:.2f}" for cost, row in zip(at, rows, strict=True)])
    axes.minorticks_off()
    axes.set_ylim(-0.01, 1.01)
    axes.set_xlabel("Cost of refusing an honest creator, in reviews; below it the probability above which to reject")
    axes.set_ylabel("Share")
    axes.set_title(_title("Where to reject", split, labels))
    axes.legend(loc="center left", fontsize=8)
    return figure


def risk_coverage(found: Mapping[str, Any], labels: BoolArray, *, prevalence: float, split: str) -> Figure:
    """How often the likelier class is wrong among the accounts that the model is surest of; see `decisions`."""
    figure, axes = _axes()
    rows = found["curve"]
    coverage = np.array([row["coverage"] for row in rows])
    value, lower, upper = (
        np.array([row["risk"][part] for row in rows], dtype=float) for part in ("value", "lower", "upper")
    )
    axes.plot(coverage, value, color=COLOURS[0], marker="o", markersize=3, label="likelier class")
    axes.fill_between(coverage, lower, upper, color=COLOURS[0], alpha=0.2, linewidth=0)
    axes.axhline(min(prevalence, 1 - prevalence), color=GUIDE_COLOUR, linewidth=0.8, label="calling all accounts alike")
    if found["decided"]["value"] is not None and found["decided_risk"]["value"] is not None:
        place = found["decided"]["value"], found["decided_risk"]["value"]
        axes.plot(*place, color=COLOURS[1], marker="D", linestyle="none", label="verdicts pass and reject")
    axes.set_xlim(0, 1.01)
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"Coverage: share of accounts, surest first, at a prevalence of {prevalence:g}")
    axes.set_ylabel("Risk: share of them judged wrongly")
    axes.set_title(_title("Risk and coverage", split, labels))
    axes.legend(loc="upper left")
    return figure


def share_intervals(truth: FloatArray, lower: FloatArray, upper: FloatArray, *, share: str, split: str) -> Figure:
    """Accounts side by side, by rising bounds: the interval of the authentic share, and the true share as a point.

    Args:
        truth: true authentic share per account, 0-1; an account that bought nothing is at 1.
        lower: bound of its interval, NaN where the share is not told; such accounts are left out.
        upper: the other bound, likewise.
        share: of what, for the title.
        split: accounts that are shown.
    """
    figure, axes = _axes(width=8.0)
    told = ~np.isnan(lower)
    truth, lower, upper = truth[told], lower[told], upper[told]
    order = np.lexsort((truth, upper, lower))
    chosen = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), INTERVALS_SHOWN)).astype(int))]
    place = np.arange(len(chosen))
    held = (truth >= lower - 1e-6) & (truth <= upper + 1e-6)  # bounds are rounded to six decimals
    axes.vlines(place, lower[chosen], upper[chosen], color=COLOURS[5], linewidth=1.2, label="90 % interval")
    for name, which, colour, marker in (
        ("true share, held", held[chosen], GENUINE_COLOUR, "."),
        ("true share, missed", ~held[chosen], INAUTHENTIC_COLOUR, "x"),
    ):
        axes.plot(place[which], truth[chosen][which], marker, color=colour, markersize=4, label=name)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xlabel(f"{len(chosen):,} accounts, by the lower bound")
    axes.set_ylabel("Share that was not bought")
    rate = f"{held.mean():.1%} held" if held.size else "none told"
    axes.set_title(f"Authentic share, {share}: {rate}\n{split}: {len(held):,} accounts told")
    axes.legend(loc="lower right")
    return figure


def importance(shares: Mapping[str, float], *, split: str, accounts: int, top: int = 20) -> Figure:
    """Bars of the features that move the probability most, the largest on top.

    Args:
        shares: feature name to its share of all contributions, 0-1; equal shares are ordered by name.
        split: accounts that the contributions were taken on.
        accounts: how many those are.
        top: how many features to show.
    """
    ordered = sorted(shares.items(), key=lambda entry: (-entry[1], entry[0]))[:top]
    figure, axes = _axes(width=8.0, height=1.4 + 0.28 * len(ordered))
    names = [name.replace("_", " ") for name, _ in ordered]
    values = [value for _, value in ordered]
    axes.barh(range(len(ordered)), values, color=COLOURS[0])
    axes.set_yticks(range(len(ordered)), labels=names)
    axes.invert_yaxis()
    for row, value in enumerate(values):
        axes.annotate(f"{value:.1%}", (value, row), xytext=(3, 0), textcoords="offset points", va="center", fontsize=8)
    axes.margins(x=0.1)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("Share of all contributions to the log-odds")
    axes.set_title(f"Most influential features, {len(ordered)} of {len(shares)}\n{split}: {accounts:,} accounts")
    return figure
