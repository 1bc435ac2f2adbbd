"""Figures of the notebooks, in the style of `models.figures`: a feature by class, features alone, one account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import NDArray

from features.definition import Feature
from models.figures import COLOURS, DASHES, GENUINE_COLOUR, GUIDE_COLOUR, INAUTHENTIC_COLOUR

BoolArray = NDArray[np.bool_]

COLUMNS = 3
"""Panels side by side."""

BINS = 30
"""Of a histogram, over the middle 98 % of the values."""

SHADE, SHADE_ALPHA = "#F0E442", 0.45
"""Behind days that a reason names: of the same palette, and pale enough to leave the curve to be seen."""

LONGEST_GAP = 45
"""Days between two readings that are still joined by a line, as on the account's page."""


def _panels(count: int, columns: int, *, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """So many panels with a quiet grid; `height` is one row's, in inches."""
    rows = max(1, -(-count // columns))
    figure = Figure(figsize=(width, 0.8 + height * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axes in panels:
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
    for axes in panels[count:]:
        axes.set_visible(False)
    return figure, panels


def by_class(values: pl.DataFrame, labels: BoolArray, features: Sequence[Feature], *, split: str) -> Figure:
    """A histogram a feature, genuine against inauthentic accounts, each class summing to one.

    Args:
        values: one column a feature, one row an account, null where the value cannot be told: left out.
        labels: true for inauthentic, in the same order.
        features: those to draw.
        split: accounts that are shown.
    """
    figure, panels = _panels(len(features), COLUMNS, width=12.0, height=2.6)
    for axes, feature in zip(panels, features, strict=False):
        numbers = values[feature.name].cast(pl.Float64)
        known = numbers.is_not_null().to_numpy()
        shown = numbers.drop_nulls().to_numpy()
        low, high = np.quantile(shown, [0.01, 0.99]) if shown.size else (0.0, 1.0)
        edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
        for name, chosen, colour, dash in (
            ("genuine", ~labels[known], GENUINE_COLOUR, DASHES[0]),
            ("inauthentic", labels[known], INAUTHENTIC_COLOUR, DASHES[1]),
        ):
            counts, _ = np.histogram(np.clip(shown[chosen], edges[0], edges[-1]), edges)
            label = f"{name} ({int(chosen.sum()):,})"
            axes.stairs(counts / max(int(chosen.sum()), 1), edges, color=colour, linestyle=dash, label=label)
        missing = 1.0 - known.mean() if known.size else 0.0
        axes.set_title(f"{_words(feature.name)}\nsuspicious: {feature.suspicious}, null: {missing:.0%}", fontsize=9)
        axes.tick_params(labelsize=7)
        axes.legend(fontsize=7)
    figure.suptitle(f"Share of each class by value; the outermost bins hold what lies beyond\n{split}")
    return figure


def features_alone(table: pl.DataFrame, *, split: str, confidence: float) -> Figure:
    """The AUC of single features with intervals, the first row of the table on top.

    Args:
        table: rows of `audits.exploration.alone` to draw.
        split: accounts judged.
        confidence: coverage of the intervals, 0 to 1.
    """
    known = table.drop_nulls("auc")
    figure, panels = _panels(1, 1, width=8.0, height=0.6 + 0.26 * max(known.height, 1))
    axes = panels[0]
    value, lower, upper = (known[name].to_numpy() for name in ("auc", "lower", "upper"))
    error = np.vstack([value - lower, upper - value]).clip(min=0)
    axes.errorbar(value, range(known.height), xerr=error, fmt="o", markersize=4, capsize=2, color=COLOURS[0])
    axes.axvline(0.5, color=GUIDE_COLOUR, linewidth=0.8)
    axes.set_yticks(range(known.height), labels=[_words(name) for name in known["feature"]], fontsize=8)
    axes.set_ylim(known.height - 0.4, -0.6)
    axes.set_xlabel(f"AUC alone, among the accounts with a value, with {confidence:.0%} interval; line: chance")
    figure.suptitle(f"Features one by one\n{split}")
    return figure


def account(readings: pl.DataFrame, posts: pl.DataFrame, evidence: pl.DataFrame, *, title: str) -> Figure:
    """One account: followers, accounts followed, and likes and views per post against what its size and platform show.

    What evidence names is marked: days by a shade, posts by a ring.

    Args:
        readings: its `followers_daily`.
        posts: its settled posts: `posted_at`, `post_id`, `likes`, `views`, `followers`, `followers_then`, and
            `expected_` and `spread_` of `like_rate` and `view_rate` (the frame "posts" of the engagement features).
        evidence: its evidence rows, `table` and `key`.
        title: of the figure.
    """
    figure, panels = _panels(4, 2, width=12.0, height=3.0)
    days = evidence.filter(pl.col("table") == "followers_daily")["key"].to_list()
    named = evidence.filter(pl.col("table") == "posts")["key"].to_list()
    for axes, column, what in (
        (panels[0], "follower_count", "Followers"),
        (panels[1], "following_count", "Accounts followed"),
    ):
        _curve(axes, readings, column, days)
        axes.set_title(what, fontsize=10)
    for axes, count, rate in ((panels[2], "likes", "like_rate"), (panels[3], "views", "view_rate")):
        _counts(axes, posts, count, rate, named)
        axes.set_title(f"{count.capitalize()} per post", fontsize=10)
    figure.suptitle(title)
    return figure


def _curve(axes: Axes, readings: pl.DataFrame, column: str, days: Sequence[str]) -> None:
    known = readings.drop_nulls(column).sort("date")
    if known.is_empty():
        _nothing(axes)
        return
    parts = known.with_columns(
        part=(pl.col("date").diff().dt.total_days() > LONGEST_GAP).fill_null(value=False).cum_sum()
    )
    for part in parts.partition_by("part", maintain_order=True):
        axes.plot(part["date"].to_list(), part[column].to_list(), color="#000000", linewidth=1.0, marker=".", ms=2)
    for day in days:
        end = date.fromisoformat(day)
        axes.axvspan(end - timedelta(days=1), end, color=SHADE, alpha=SHADE_ALPHA, zorder=0)  # type: ignore[arg-type]
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    _dates(axes)


def _counts(axes: Axes, posts: pl.DataFrame, count: str, rate: str, named: Sequence[str]) -> None:
    known = posts.drop_nulls(count).sort("posted_at").with_columns(pl.col(count).clip(0.5))
    if known.is_empty():
        _nothing(axes)
        return
    audience = pl.coalesce("followers_then", "followers")
    expected, spread = pl.col(f"expected_{rate}"), pl.col(f"spread_{rate}")
    band = known.select(
        "posted_at", low=audience * (expected - spread).exp(), high=audience * (expected + spread).exp()
    ).drop_nulls()
    if band.height:
        axes.fill_between(
            band["posted_at"].to_list(),
            band["low"].to_list(),
            band["high"].to_list(),
            color=COLOURS[5],
            alpha=0.3,
            linewidth=0,
            label="two thirds of honest accounts of its size",
        )
    axes.plot(known["posted_at"].to_list(), known[count].to_list(), "o", markersize=4, color=COLOURS[0], label="posts")
    told = known.filter(pl.col("post_id").is_in(named))
    axes.plot(
        told["posted_at"].to_list(),
        told[count].to_list(),
        "o",
        markersize=9,
        fillstyle="none",
        color=INAUTHENTIC_COLOUR,
        label="named in a reason",
    )
    axes.set_yscale("log")
    axes.legend(fontsize=7)
    _dates(axes)


def _dates(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.tick_params(labelsize=8)


def _nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "not observed", ha="center", va="center", transform=axes.transAxes, color=GUIDE_COLOUR)
    axes.set_xticks([])
    axes.set_yticks([])


def _words(name: str) -> str:
    return name.replace("_", " ")
