"""Figures of the audits: what they draw, in words and numbers, and that the same input draws the same picture."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from audits import figures
from models.figures import COLOURS


def left_out_rows(measure: str = "flagged") -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "left_out": name,
            "trained_with": trained_with,
            "measure": measure,
            "accounts": 1200,
            "value": 0.5 if trained_with else 0.25,
            "lower": 0.2,
            "upper": 0.7,
        }
        for kind, name in (("scheme", "engagement_pod"), ("scheme", "bought_comments"), ("story", "viral"))
        for trained_with in (True, False)
    ]


BATCHES = [
    {
        "batch_accounts": size,
        "batches": 2,
        "auc": area,
        "auc_lowest": area,
        "auc_highest": area,
        **{
            f"{name}{end}": 0.25
            for name in ("recall_flagged", "recall_rejected", "genuine_flagged", "genuine_rejected")
            for end in ("", "_lower", "_upper")
        },
    }
    for size, area in ((50, None), (500, 0.8), (5000, 0.82))
]

LEARNING = [
    {"curve": curve, "cohorts": cohorts, "accounts": 100.0 * cohorts, "auc": 0.7, "auc_lowest": 0.6, "auc_highest": 0.8}
    for curve in ("whole_cohorts", "cohorts_at_equal_accounts", "accounts_of_all_cohorts")
    for cohorts in (5, 50)
]

DOSE = {
    "half_doses": [
        {"scheme": scheme, "decision": decision, "accounts": 1200, "half_dose": half, "in_words": words}
        for scheme, half, words in (("any", 0.3, "under half below a dose of 30%"), ("engagement_pod", None, "never"))
        for decision in ("flagged", "rejected")
    ],
    "curves": [
        {"scheme": "any", "decision": "flagged", "dose": dose, "recall": recall}
        for dose, recall in ((0.03, 0.1), (0.9, 0.9))
    ],
    "bins": [
        {
            "scheme": "any",
            "dose_from": 0.1,
            "dose_to": 0.4,
            "accounts": accounts,
            **{
                f"{decision}_{end}": (0.5 if accounts else None)
                for decision in ("flagged", "reject")
                for end in ("share", "lower", "upper")
            },
        }
        for accounts in (9, 0)
    ],
}

NUISANCE = {
    "accounts": 1200,
    "cohorts": 40,
    "auc": 0.51,
    "lower": 0.49,
    "upper": 0.53,
    "importance": [{"covariate": f"post_rows_{index}", "auc_lost": 0.01, "gain_share": 0.1} for index in range(20)],
}

RULES = {
    "accounts": 1200,
    "tree": {"accounts": 600, "auc": 0.7, "lower": 0.65, "upper": 0.75},
    "rules": [
        {"rule": name, "accounts": 900, "auc": area, "best_auc": best, "best_lower": best, "best_upper": best}
        for name, area, best in (("follows_many", 0.6, 0.6), ("likes_range", 0.45, 0.55), ("unseen", None, None))
    ],
}


def realism_table(*rows: tuple[Any, ...]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={
            "group": pl.String,
            "quantity": pl.String,
            "level": pl.Float64,
            **dict.fromkeys(("real", "low", "median", "high"), pl.Float64),
            "inside": pl.Boolean,
        },
        orient="row",
    )


REALISM = realism_table(
    ("growth", "largest_z", 0.5, 7.1, 5.0, 7.1, 9.0, True),
    ("growth", "largest_z", 0.95, 8.1, 5.0, 7.1, 9.1, True),
    ("growth", "sd", 0.5, 1.0, 5.0, 7.0, 9.0, False),
    ("comments", "emoji_share", None, 0.1, 0.1, 0.1, 0.1, True),
)


def compared(curve: str, strength: float, value: float) -> dict[str, Any]:
    share = {"value": value, "lower": value, "upper": None}
    metrics = dict.fromkeys(("auc", "expected_calibration_error"), share)
    verdicts = dict.fromkeys(("genuine_rejected", "genuine_passed", "inauthentic_rejected", "no_verdict"), share)
    return {"curve": curve, "strength": strength, "models": {"otherwise": metrics}, **verdicts}


ROBUSTNESS = (
    compared("", 0.0, 0.8),
    [compared("noise", 0.01, 0.7), compared("noise", 0.1, 0.6), compared("sparse", 7.0, 0.5)],
    {
        "later": {"title": "later", "unit": "days"},
        "noise": {"title": "noise", "unit": "share"},
        "sparse": {"title": "days apart", "unit": "days"},
    },
)

DRAW: dict[str, Callable[[], Figure]] = {
    "leave_one_out": lambda: figures.leave_one_out(left_out_rows(), measure="flagged", split="test cohorts"),
    "leave_one_out by AUC": lambda: figures.leave_one_out(left_out_rows("auc"), measure="auc", split="test cohorts"),
    "batches": lambda: figures.batches(BATCHES, split="test cohorts"),
    "learning_curve": lambda: figures.learning_curve(LEARNING, split="test cohorts"),
    "dose_response": lambda: figures.dose_response(DOSE, split="test cohorts"),
    "nuisance": lambda: figures.nuisance(NUISANCE, limit=0.55, split="test cohorts"),
    "rules": lambda: figures.rules(RULES, single_limit=0.8, tree_limit=0.82, split="test cohorts"),
    "robustness": lambda: figures.robustness(*ROBUSTNESS, split="test cohorts"),
    "robustness_verdicts": lambda: figures.robustness_verdicts(*ROBUSTNESS, split="test cohorts"),
    "realism": lambda: figures.realism(REALISM, split="test cohorts"),
}


def picture(figure: Figure) -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format="png", dpi=50, metadata={"Software": None})
    return written.getvalue()


def ticks(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_yticklabels()]


def lines(axes: Any) -> list[tuple[list[float], list[float]]]:
    """Points of every line that has some."""
    found = [tuple(np.asarray(each, dtype=float).tolist() for each in line.get_data()) for line in axes.get_lines()]
    return [each for each in found if each[0]]


@pytest.mark.parametrize("name", DRAW)
def test_the_same_input_draws_the_same_picture_and_names_the_split(name: str) -> None:
    figure = DRAW[name]()
    titles = [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
    assert any("\ntest cohorts" in title for title in titles)
    assert picture(figure) == picture(DRAW[name]())


def test_left_out_schemes_and_stories_stand_apart_with_their_numbers() -> None:
    schemes, stories = DRAW["leave_one_out"]().axes
    assert ticks(schemes) == ["engagement pod (1,200)", "bought comments (1,200)"]
    assert ticks(stories) == ["viral (1,200)"]
    with_it, without_it = schemes.containers
    assert [list(each.lines[0].get_xdata()) for each in (with_it, without_it)] == [[0.5, 0.5], [0.25, 0.25]]
    assert [text.get_text() for text in schemes.get_legend().get_texts()] == ["trained with it", "trained without it"]


def test_nothing_left_out_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no scheme or story with the measure 'auc'"):
        figures.leave_one_out(left_out_rows("flagged"), measure="auc", split="test")


def test_batches_without_an_auc_keep_their_shares() -> None:
    left, right = DRAW["batches"]().axes
    assert list(left.containers[0].lines[0].get_xdata()) == [500, 5000]
    assert [list(each.lines[0].get_xdata()) for each in right.containers] == [[50, 500, 5000]] * 4
    assert "2 of 50, 2 of 500, 2 of 5,000" in DRAW["batches"]().get_suptitle()


def test_the_learning_curve_shows_cohorts_left_and_accounts_right() -> None:
    left, right = DRAW["learning_curve"]().axes
    assert [list(each.lines[0].get_xdata()) for each in left.containers] == [[5, 50]] * 2
    assert [list(each.lines[0].get_xdata()) for each in right.containers] == [[500.0, 5000.0]] * 2
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["whole cohorts", "accounts of all cohorts"]


def test_dose_panels_say_in_words_where_half_is_found() -> None:
    shown = [axes for axes in DRAW["dose_response"]().axes if axes.get_visible()]
    assert [axes.get_title() for axes in shown] == [
        "any (1,200)\nunder half below a dose of 30%",
        "engagement pod (1,200)\nnever",
    ]
    flagged, _ = shown[0].containers
    # The middle of a bin in the logarithm; the bin without accounts is not drawn.
    assert flagged.lines[0].get_xdata() == pytest.approx([np.sqrt(0.1 * 0.4)])
    assert any(points[0] == [0.3, 0.3] for points in lines(shown[0]))
    assert not any(points[0] == [0.3, 0.3] for points in lines(shown[1]))


def test_nuisance_shows_the_limit_and_some_covariates() -> None:
    top, bottom = DRAW["nuisance"]().axes
    assert top.get_xlabel() == "AUC: 0.510 (0.490 to 0.530)"
    assert any(points[0] == [0.55, 0.55] for points in lines(top))
    assert ticks(bottom) == [f"post rows {index}" for index in range(figures.MOST_COVARIATES)]


def test_rules_stand_with_the_tree_and_say_when_they_are_reversed() -> None:
    (axes,) = DRAW["rules"]().axes
    assert ticks(axes) == ["depth-2 tree over all rules (600)", "follows many (900)", "likes range, reversed (900)"]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.2, 0.1, 0.05])
    assert to_hex(axes.patches[0].get_facecolor()) == COLOURS[1].lower()
    limits = [text.get_text() for text in axes.get_legend().get_texts()]
    assert limits == ["limit of one rule, 0.80", "limit of the tree, 0.82"]


def test_real_values_stand_on_the_scale_of_the_simulated_band() -> None:
    growth, comments = DRAW["realism"]().axes
    assert ticks(growth) == ["largest z", "sd"]
    drawn = {(round(x, 6), marker) for x, marker in _dots(growth)}
    # 7.1 is the median; 8.1 lies half-way to 9.1; 1 lies three half-bands of 2 below 7, which is the border.
    assert drawn == {(0.0, "o"), (0.5, "o"), (-3.0, "o")}
    assert _dots(comments) == [(0.0, "D")]  # a mean
    assert "3 of 4 within the band" in DRAW["realism"]().get_suptitle()


@pytest.mark.parametrize(
    ("real", "marker"), [pytest.param(99.0, ">", id="far above"), pytest.param(-99.0, "<", id="far below")]
)
def test_a_real_value_far_off_is_a_triangle_at_the_border(real: float, marker: str) -> None:
    table = realism_table(("growth", "sd", 0.5, real, 5.0, 7.0, 9.0, False))
    (axes,) = figures.realism(table, split="test").axes
    ((place, drawn),) = _dots(axes)
    assert drawn == marker
    assert abs(place) == pytest.approx(figures.FARTHEST, abs=0.02)


def test_what_differs_from_a_band_without_width_lies_far_off() -> None:
    table = realism_table(("growth", "sd", 0.5, 0.2, 0.1, 0.1, 0.1, False))
    (axes,) = figures.realism(table, split="test").axes
    assert [marker for _, marker in _dots(axes)] == [">"]


def test_nothing_to_compare_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no quantity has both"):
        figures.realism(realism_table(("growth", "sd", 0.5, None, 1.0, 1.0, 1.0, None)), split="test")


def _dots(axes: Any) -> list[tuple[float, str]]:
    return [
        (float(place), line.get_marker())
        for line in axes.get_lines()
        if line.get_linestyle() == "None"
        for place in line.get_xdata()
    ]


@pytest.mark.parametrize(("name", "drawn"), [("robustness", 2), ("robustness_verdicts", 4)])
def test_every_perturbation_has_a_panel_that_starts_as_recorded(name: str, drawn: int) -> None:
    noise, sparse, *others = DRAW[name]().axes
    assert [axes.get_title(loc="left") for axes in (noise, sparse)] == ["noise", "days apart"]
    assert [text.get_text() for text in noise.get_xticklabels()] == ["as is", "1 %", "10 %"]
    assert [text.get_text() for text in sparse.get_xticklabels()] == ["as is", "7"]
    assert [list(each.lines[0].get_ydata()) for each in noise.containers] == [[0.8, 0.7, 0.6]] * drawn
    assert [list(each.lines[0].get_ydata()) for each in sparse.containers] == [[0.8, 0.5]] * drawn
    assert not any(axes.axison for axes in others)
