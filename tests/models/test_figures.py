"""Figures: what they draw, in words and numbers, and that the same input draws the same picture."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure

from models import figures
from models.evaluation import Sample, reliability_bins
from models.evaluation.decisions import Decisions, frontier, risk_coverage
from models.thresholds import Thresholds

LABELS = np.array([False] * 60 + [True] * 20)
GOOD = np.concatenate([np.linspace(0.01, 0.6, 60), np.linspace(0.4, 0.99, 20)])
EACH_ALONE = pl.DataFrame(
    {
        "cohort": [f"{index}" for index in range(80)],
        "is_inauthentic": LABELS,
        "benign_story": ["viral", None] * 40,
        "probability_inauthentic": GOOD,
        "named_evidence": 9.0,
        "probability_without_busiest_month": None,
        "verdict": np.where(GOOD > 0.5, "reject", "pass"),
    }
)
SAMPLE = Sample(EACH_ALONE, replicates=20, confidence=0.9, seed=1)
DECISIONS = Decisions(SAMPLE, 0.2, 0.0)
CUTS = Thresholds(0.25, 0.95, 1.0)
BINS = reliability_bins(SAMPLE, LABELS, GOOD)
POOR = np.tile(np.linspace(0.1, 0.9, 8), 10)

DRAW: dict[str, Callable[[], Figure]] = {
    "roc": lambda: figures.roc(LABELS, {"gradient boosting": GOOD, "one rule": POOR}, split="test"),
    "precision_recall": lambda: figures.precision_recall(LABELS, {"boosting": GOOD, "one rule": POOR}, split="test"),
    "reliability": lambda: figures.reliability(LABELS, {"boosting": BINS, "rule": BINS}, split="test", confidence=0.9),
    "reject_cuts": lambda: figures.reject_cuts(frontier(DECISIONS), CUTS, LABELS, split="test"),
    "risk_coverage": lambda: figures.risk_coverage(risk_coverage(DECISIONS), LABELS, prevalence=0.2, split="test"),
    "score_distribution": lambda: figures.score_distribution(LABELS, GOOD, split="test"),
    "share_intervals": lambda: figures.share_intervals(
        np.where(LABELS, 0.5, 1.0), GOOD / 2, np.full(80, 0.9), share="follower", split="test"
    ),
    "importance": lambda: figures.importance({"growth_burst_share": 0.6, "a_b_ratio": 0.4}, split="test", accounts=80),
}


def picture(figure: Figure) -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=50, metadata={"Software": None})
    return written.getvalue()


@pytest.mark.parametrize("name", DRAW)
def test_a_figure_says_what_it_shows_and_on_how_many(name: str) -> None:
    (axes,) = DRAW[name]().axes
    assert "\ntest: 80 accounts" in axes.get_title()
    assert axes.get_xlabel()
    assert axes.get_ylabel() or name == "importance"  # whose bars are named


@pytest.mark.parametrize("name", DRAW)
def test_the_same_input_draws_the_same_picture(name: str) -> None:
    assert picture(DRAW[name]()) == picture(DRAW[name]())


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def test_models_are_named_with_their_numbers() -> None:
    perfect = {"perfect": LABELS.astype(float)}
    assert legend(figures.roc(LABELS, perfect, split="test")) == ["chance", "perfect (AUC 1.000)"]
    shown = legend(figures.precision_recall(LABELS, perfect, split="test"))
    assert shown == ["chance", "perfect (average precision 1.000)"]


def test_an_interval_is_drawn_for_each_account_told_and_misses_stand_apart() -> None:
    truth, lower, upper = (
        np.array([1.0, 0.2, 0.5, 0.9]),
        np.array([0.9, 0.5, 0.4, np.nan]),
        np.array([1.0, 1, 1, np.nan]),
    )
    axes = figures.share_intervals(truth, lower, upper, share="follower", split="test").axes[0]
    assert axes.get_title() == "Authentic share, follower: 66.7% held\ntest: 3 accounts told"
    held, missed = axes.get_lines()
    assert held.get_xydata().tolist() == [[0, 0.5], [2, 1.0]]
    assert missed.get_xydata().tolist() == [[1, 0.2]]


def test_intervals_of_nobody_are_an_empty_picture() -> None:
    nothing = np.full(3, np.nan)
    axes = figures.share_intervals(np.ones(3), nothing, nothing, share="follower", split="test").axes[0]
    assert "none told" in axes.get_title()


def test_models_differ_in_colour_and_dash() -> None:
    lines = figures.roc(LABELS, {"one": GOOD, "two": POOR}, split="test").axes[0].get_lines()[1:]
    assert len({line.get_color() for line in lines}) == 2
    assert len({line.get_linestyle() for line in lines}) == 2


def test_reliability_draws_each_bin_with_its_interval() -> None:
    bins = {"coin": reliability_bins(SAMPLE, LABELS, np.full(80, 0.25))}
    axes = figures.reliability(LABELS, bins, split="test", confidence=0.9).axes[0]
    (container,) = axes.containers
    x, y = container.lines[0].get_data()
    assert (list(x), list(y)) == ([0.25], [20 / 80])


def test_the_cut_of_the_present_costs_is_drawn_where_its_cost_is() -> None:
    axes = figures.reject_cuts(frontier(DECISIONS), CUTS, LABELS, split="test").axes[0]
    assert axes.get_lines()[-1].get_xdata()[0] == pytest.approx(1 / (1 - 0.95))
    assert axes.get_xticklabels()[0].get_text() == "2\n0.50"


def test_rejects_that_nobody_gets_are_not_drawn() -> None:
    low = Decisions(
        Sample(EACH_ALONE.with_columns(probability_inauthentic=0.1), replicates=5, confidence=0.9, seed=1), 0.2, 0.0
    )
    axes = figures.reject_cuts(frontier(low), Thresholds(0.25, 1.0, 1.0), LABELS, split="test").axes[0]
    drawn = {line.get_label(): len(line.get_xdata()) for line in axes.get_lines()}
    assert drawn["rejects that are right, at the declared prevalence"] == 0
    assert drawn["inauthentic accounts rejected"] == 10


def test_scores_of_each_class_sum_to_one() -> None:
    axes = figures.score_distribution(LABELS, GOOD, split="test").axes[0]
    filled = [patch for patch in axes.patches if patch.get_fill()]
    assert [patch.get_data().values.sum() for patch in filled] == pytest.approx([1.0, 1.0])


def test_a_class_without_accounts_is_an_empty_histogram() -> None:
    axes = figures.score_distribution(np.zeros(5, dtype=bool), np.full(5, 0.3), split="test").axes[0]
    assert axes.get_legend().get_texts()[1].get_text() == "inauthentic (0)"


def test_importance_shows_the_largest_in_words_and_breaks_ties_by_name() -> None:
    shares = {"c_c_share": 0.1, "b_b_share": 0.3, "a_a_share": 0.1, "d_d_share": 0.05}
    axes = figures.importance(shares, split="test", accounts=80, top=3).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["b b share", "a a share", "c c share"]
    assert axes.yaxis_inverted()
    assert axes.get_title().startswith("Most influential features, 3 of 4\n")


@pytest.mark.parametrize("draw", [figures.roc, figures.precision_recall])
def test_a_curve_needs_both_classes(draw: Callable[..., Figure]) -> None:
    with pytest.raises(ValueError, match="one class is absent"):
        draw(np.zeros(3, dtype=bool), {"model": np.full(3, 0.5)}, split="test")
