"""Figures of the audits, each a matplotlib `Figure` that the caller writes; in the style of `models.figures`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import polars as pl
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter
from numpy.typing import NDArray

from models.figures import COLOURS, DASHES, GUIDE_COLOUR

FloatArray = NDArray[np.float64]
Row = Mapping[str, Any]

MOST_COVARIATES = 12
"""Bars of the nuisance figure."""

FARTHEST = 3.0
"""Real values farther than this many half-bands from the median cohort are drawn at the border, as a triangle."""

LIGHTEST = 0.93
"""Place on the colour map of the highest quantile: beyond it yellow is hard to see on white."""

PANELS_PER_ROW = 4
"""Panels side by side, one a perturbation."""

MEASURES = {
    "auc": "AUC",
    "above_1_percent": "Share above the cut that 1 % of genuine accounts exceed",
    "above_5_percent": "Share above the cut that 5 % of genuine accounts exceed",
    "rejected": "Share rejected",
    "flagged": "Share flagged (rejected or reviewed)",
}
"""Measures of `generalisation.leave_one_out` in words."""


def _panels(
    rows: int, columns: int, *, width: float, height: float, heights: Sequence[float] | None = None, **shared: Any
) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False, height_ratios=heights, **shared).ravel().tolist()
    for axes in panels:
        axes.grid(visible=True, color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
    return figure, panels


def _words(name: str) -> str:
    return name.replace("_", " ")


def _error(rows: Sequence[Row], value: str, lower: str, upper: str) -> FloatArray:
    """Lengths of the whiskers to both sides, shape (2, rows); none where an end is not known."""
    ends = [
        (
            0.0 if row[lower] is None else max(row[value] - row[lower], 0.0),
            0.0 if row[upper] is None else max(row[upper] - row[value], 0.0),
        )
        for row in rows
    ]
    return np.array(ends, dtype=np.float64).reshape(-1, 2).T


# --- generalisation ---------------------------------------------------------------------------------------------------


def leave_one_out(rows: Sequence[Row], *, measure: str, split: str) -> Figure:
    """A dot with its interval per scheme and per story, with it in training and without it.

    Args:
        rows: of `generalisation.leave_one_out`.
        measure: one of `MEASURES`.
        split: accounts judged, in words.

    Raises:
        ValueError: no row of that measure.
    """
    shown = {
        kind: [row for row in rows if row["kind"] == kind and row["measure"] == measure and row["value"] is not None]
        for kind in ("scheme", "story")
    }
    shown = {kind: chosen for kind, chosen in shown.items() if chosen}
    if not shown:
        raise ValueError(f"leave_one_out: no scheme or story with the measure '{measure}'.")
    names = {kind: list(dict.fromkeys(row["left_out"] for row in chosen)) for kind, chosen in shown.items()}
    heights = [len(each) + 1.0 for each in names.values()]
    figure, panels = _panels(
        len(shown), 1, width=8.0, height=1.8 + 0.32 * sum(heights), heights=heights, sharex=measure == "auc"
    )
    for axes, (kind, chosen) in zip(panels, shown.items(), strict=True):
        _with_and_without(axes, chosen, names[kind])
        axes.set_title({"scheme": "Inauthentic accounts of a scheme", "story": "Genuine accounts with a story"}[kind])
        if measure != "auc":
            axes.xaxis.set_major_formatter(PercentFormatter(1.0))
            axes.set_xlim(left=-0.005)
    panels[0].legend(loc="best")
    panels[-1].set_xlabel(MEASURES[measure])
    figure.suptitle(f"Left out of training, one at a time\n{split}")
    return figure


def _with_and_without(axes: Axes, rows: Sequence[Row], names: Sequence[str]) -> None:
    place = {name: index for index, name in enumerate(names)}
    for trained_with, shift, colour, marker in ((True, -0.13, COLOURS[0], "o"), (False, 0.13, COLOURS[1], "s")):
        chosen = [row for row in rows if row["trained_with"] == trained_with]
        axes.errorbar(
            [row["value"] for row in chosen],
            [place[row["left_out"]] + shift for row in chosen],
            xerr=_error(chosen, "value", "lower", "upper"),
            linestyle="none",
            marker=marker,
            markersize=4,
            capsize=2,
            linewidth=1,
            color=colour,
            label="trained with it" if trained_with else "trained without it",
        )
    accounts = {row["left_out"]: row["accounts"] for row in rows}
    axes.set_yticks(range(len(names)), labels=[f"{_words(name)} ({accounts[name]:,})" for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)


def batches(rows: Sequence[Row], *, split: str) -> Figure:
    """AUC with its spread between batches, and the shares found and wrongly suspected, by batch size."""
    figure, (left, right) = _panels(1, 2, width=10.0, height=4.2)
    sizes = [row["batch_accounts"] for row in rows]
    ranked = [row for row in rows if row["auc"] is not None]
    left.errorbar(
        [row["batch_accounts"] for row in ranked],
        [row["auc"] for row in ranked],
        yerr=_error(ranked, "auc", "auc_lowest", "auc_highest"),
        marker="o",
        capsize=3,
        linewidth=1,
        color=COLOURS[0],
    )
    left.set_ylabel("AUC: mean, lowest and highest batch")
    drawn = (
        ("recall_flagged", "inauthentic flagged"),
        ("recall_rejected", "inauthentic rejected"),
        ("genuine_flagged", "genuine flagged"),
        ("genuine_rejected", "genuine rejected"),
    )
    for (name, label), colour, dash in zip(drawn, COLOURS, cycle(DASHES), strict=False):
        chosen = [row for row in rows if row[name] is not None]
        right.errorbar(
            [row["batch_accounts"] for row in chosen],
            [row[name] for row in chosen],
            yerr=_error(chosen, name, f"{name}_lower", f"{name}_upper"),
            marker="o",
            markersize=4,
            capsize=3,
            linewidth=1,
            linestyle=dash,
            color=colour,
            label=label,
        )
    right.yaxis.set_major_formatter(PercentFormatter(1.0))
    right.set_ylim(bottom=0.0)
    right.set_ylabel("Share of the class, with interval")
    right.legend(loc="best")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(sizes, labels=[f"{size:,}" for size in sizes])
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("Accounts in the batch")
    counts = ", ".join(f"{row['batches']} of {row['batch_accounts']:,}" for row in rows)
    figure.suptitle(f"Batches of different sizes\n{split}: {counts}")
    return figure


def learning_curve(rows: Sequence[Row], *, split: str) -> Figure:
    """AUC on the test cohorts against the number of training cohorts, and against the number of accounts."""
    figure, (left, right) = _panels(1, 2, width=10.0, height=4.2, sharey=True)
    parts = (
        (left, "cohorts", ("whole_cohorts", "cohorts_at_equal_accounts"), "Training cohorts"),
        (right, "accounts", ("whole_cohorts", "accounts_of_all_cohorts"), "Training accounts"),
    )
    names = ("whole_cohorts", "cohorts_at_equal_accounts", "accounts_of_all_cohorts")
    style = {name: (COLOURS[index], DASHES[index]) for index, name in enumerate(names)}
    for axes, along, curves, label in parts:
        for curve in curves:
            chosen = [row for row in rows if row["curve"] == curve and row["auc"] is not None]
            colour, dash = style[curve]
            axes.errorbar(
                [row[along] for row in chosen],
                [row["auc"] for row in chosen],
                yerr=_error(chosen, "auc", "auc_lowest", "auc_highest"),
                marker="o",
                markersize=4,
                capsize=3,
                linewidth=1,
                linestyle=dash,
                color=colour,
                label=_words(curve),
            )
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.set_xlabel(label)
        axes.legend(loc="upper left")
    left.set_ylabel("AUC: mean, lowest and highest draw")
    figure.suptitle(f"What more training cohorts and accounts win\n{split}")
    return figure


# --- dose -------------------------------------------------------------------------------------------------------------


def dose_response(found: Mapping[str, Sequence[Row]], *, split: str) -> Figure:
    """A panel a scheme: counted shares with exact intervals, the fitted curve, and the dose where half are flagged.

    Args:
        found: what `dose.dose_response` returns.
        split: accounts judged, in words.
    """
    schemes = list(dict.fromkeys(row["scheme"] for row in found["half_doses"]))
    columns = 3
    height = -(-len(schemes) // columns)
    figure, panels = _panels(height, columns, width=10.5, height=0.8 + 2.9 * height, sharex=True, sharey=True)
    for axes, scheme in zip(panels, schemes, strict=False):
        halves = {row["decision"]: row for row in found["half_doses"] if row["scheme"] == scheme}
        for decision, prefix, colour, dash in (
            ("flagged", "flagged", COLOURS[0], "-"),
            ("rejected", "reject", COLOURS[1], "--"),
        ):
            curve = [row for row in found["curves"] if (row["scheme"], row["decision"]) == (scheme, decision)]
            axes.plot([row["dose"] for row in curve], [row["recall"] for row in curve], color=colour, linestyle=dash)
            bins = [row for row in found["bins"] if row["scheme"] == scheme and row["accounts"]]
            axes.errorbar(
                [float(np.sqrt(row["dose_from"] * row["dose_to"])) for row in bins],
                [row[f"{prefix}_share"] for row in bins],
                yerr=_error(bins, f"{prefix}_share", f"{prefix}_lower", f"{prefix}_upper"),
                linestyle="none",
                marker="o",
                markersize=4,
                capsize=2,
                linewidth=1,
                color=colour,
                label=decision,
            )
        half = halves["flagged"]["half_dose"]
        if half is not None:
            axes.axvline(half, color=GUIDE_COLOUR, linestyle=":")
        axes.axhline(0.5, color=GUIDE_COLOUR, linewidth=0.6)
        axes.set_title(f"{_words(scheme)} ({halves['flagged']['accounts']:,})\n{halves['flagged']['in_words']}")
        axes.title.set_fontsize(9)
    for axes in panels[len(schemes) :]:
        axes.set_visible(False)
    first = panels[0]
    first.set_xscale("log")
    first.set_xticks([0.03, 0.1, 0.3, 1.0], labels=["3%", "10%", "30%", "100%"])
    first.xaxis.set_minor_formatter(NullFormatter())
    first.set_ylim(-0.02, 1.02)
    first.yaxis.set_major_formatter(PercentFormatter(1.0))
    first.legend(loc="upper left")
    figure.supxlabel("Dose: bought share of followers or of engagement")
    figure.supylabel("Share of accounts found")
    figure.suptitle(f"Recall against dose\n{split}")
    return figure


# --- shortcuts --------------------------------------------------------------------------------------------------------


def nuisance(found: Mapping[str, Any], *, limit: float, split: str) -> Figure:
    """The AUC of what must not tell, against chance and the limit, and the covariates that it leans on most.

    Args:
        found: what `nuisance.nuisance_auc` returns.
        limit: that the lower bound must not exceed.
        split: accounts judged, in words.
    """
    rows = [row for row in found["importance"] if row["auc_lost"] is not None][:MOST_COVARIATES]
    figure, (top, bottom) = _panels(2, 1, width=8.0, height=2.2 + 0.26 * len(rows), heights=[1.6, max(len(rows), 1)])
    top.errorbar(
        [found["auc"]],
        [0],
        xerr=_error([found], "auc", "lower", "upper"),
        marker="o",
        capsize=4,
        color=COLOURS[0],
        linestyle="none",
    )
    top.axvline(0.5, color=GUIDE_COLOUR, linewidth=0.8)
    top.axvline(limit, color=COLOURS[1], linestyle="--")
    top.annotate("chance", (0.5, 0.4), xytext=(3, 0), textcoords="offset points", fontsize=8)
    top.annotate("limit of the lower bound", (limit, 0.4), xytext=(3, 0), textcoords="offset points", fontsize=8)
    top.set_yticks([])
    top.set_ylim(-1.0, 1.0)
    top.set_xlim(0.45, max(0.6, found["upper"] + 0.02, limit + 0.04))
    top.set_xlabel(f"AUC: {found['auc']:.3f} ({found['lower']:.3f} to {found['upper']:.3f})")
    bottom.barh(range(len(rows)), [row["auc_lost"] for row in rows], color=COLOURS[0])
    bottom.set_yticks(range(len(rows)), labels=[_words(row["covariate"]) for row in rows])
    bottom.invert_yaxis()
    bottom.grid(visible=False, axis="y")
    bottom.set_xlabel("AUC lost when shuffled")
    figure.suptitle(
        f"What must not tell the label\n{split}: {found['accounts']:,} accounts, {found['cohorts']} cohorts"
    )
    return figure


def rules(found: Mapping[str, Any], *, single_limit: float, tree_limit: float, split: str) -> Figure:
    """Bars of what each simple rule achieves, in its better direction, with the depth-2 tree and both limits.

    Args:
        found: what `triviality.triviality` returns.
        single_limit: AUC that the best rule must not exceed.
        tree_limit: AUC that the tree must not exceed.
        split: accounts judged, in words.
    """
    rows = [row for row in found["rules"] if row["best_auc"] is not None]
    bars = [{"label": "depth-2 tree over all rules", "colour": COLOURS[1], **found["tree"]}] + [
        {
            # A rule that does better against its documented direction says so.
            "label": f"{_words(row['rule'])}{'' if row['auc'] == row['best_auc'] else ', reversed'}",
            "colour": COLOURS[0],
            "accounts": row["accounts"],
            **{name: row[f"best_{name}"] for name in ("auc", "lower", "upper")},
        }
        for row in rows
    ]
    figure, (axes,) = _panels(1, 1, width=8.5, height=1.6 + 0.27 * len(bars))
    places = range(len(bars))
    axes.barh(
        places,
        [bar["auc"] - 0.5 for bar in bars],
        left=0.5,
        color=[bar["colour"] for bar in bars],
        alpha=0.8,
        xerr=_error(bars, "auc", "lower", "upper"),
        error_kw={"linewidth": 1, "capsize": 2},
    )
    axes.set_yticks(places, labels=[f"{bar['label']} ({bar['accounts']:,})" for bar in bars])
    axes.axvline(single_limit, color=COLOURS[0], linestyle="--", label=f"limit of one rule, {single_limit:.2f}")
    axes.axvline(tree_limit, color=COLOURS[1], linestyle="-.", label=f"limit of the tree, {tree_limit:.2f}")
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlim(0.5, 1.0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("AUC among the accounts that the rule says something about")
    axes.legend(loc="lower right")
    axes.set_title(f"Rules that anybody would try first\n{split}: {found['accounts']:,} accounts")
    return figure


# --- robustness -------------------------------------------------------------------------------------------------------


def robustness(recorded: Row, rows: Sequence[Row], curves: Mapping[str, Row], *, split: str) -> Figure:
    """AUC and calibration error against the strength of each perturbation, a panel each, with intervals.

    Args:
        recorded: of `robustness.compared`, the accounts as recorded.
        rows: the same of each perturbation, with `curve` and `strength`, from the least strength to the most.
        curves: `title` and `unit` of the strengths, by curve.
        split: accounts judged, in words.
    """
    drawn = {"auc": "AUC", "expected_calibration_error": "calibration error"}

    def of(row: Row, name: str) -> Row:
        found: Row = row["models"]["otherwise"][name]
        return found

    figure = _by_strength(recorded, rows, curves, drawn, of)
    figure.suptitle(f"The same accounts recorded otherwise: ranking and calibration\n{split}")
    return figure


def robustness_verdicts(recorded: Row, rows: Sequence[Row], curves: Mapping[str, Row], *, split: str) -> Figure:
    """Shares of verdicts against the strength of each perturbation; arguments as for `robustness`."""
    drawn = {
        "genuine_rejected": "genuine rejected",
        "genuine_passed": "genuine passed",
        "inauthentic_rejected": "inauthentic rejected",
        "no_verdict": "no verdict",
    }
    figure = _by_strength(recorded, rows, curves, drawn, lambda row, name: row[name])
    for axes in figure.axes:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    figure.suptitle(f"The same accounts recorded otherwise: verdicts\n{split}")
    return figure


def _by_strength(
    recorded: Row,
    rows: Sequence[Row],
    curves: Mapping[str, Row],
    drawn: Mapping[str, str],
    of: Callable[[Row, str], Row],
) -> Figure:
    """A panel per curve: each drawn figure as recorded and at every strength, evenly spaced since units differ."""
    shown = list(dict.fromkeys(row["curve"] for row in rows))
    count = -(-len(shown) // PANELS_PER_ROW)
    figure, panels = _panels(count, PANELS_PER_ROW, width=12.5, height=1.2 + 2.6 * count, sharey=True)
    for axes, name in zip(panels, shown, strict=False):
        points = [recorded, *(row for row in rows if row["curve"] == name)]
        labels = ["as is", *(_strength_label(row["strength"], curves[name]["unit"]) for row in points[1:])]
        for (measure, label), colour, dash in zip(drawn.items(), COLOURS, cycle(DASHES), strict=False):
            found = [(place, of(row, measure)) for place, row in enumerate(points)]
            known = [(place, entry) for place, entry in found if entry["value"] is not None]
            axes.errorbar(
                [place for place, _ in known],
                [entry["value"] for _, entry in known],
                yerr=_error([entry for _, entry in known], "value", "lower", "upper"),
                marker="o",
                markersize=4,
                capsize=3,
                linewidth=1,
                linestyle=dash,
                color=colour,
                label=label,
            )
        axes.set_xticks(range(len(points)), labels=labels)
        axes.set_ylim(0.0, 1.0)
        axes.set_title(curves[name]["title"], fontsize=10, loc="left")
        axes.set_xlabel(curves[name]["unit"], fontsize=8)
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(drawn), fontsize=9)
    return figure


def _strength_label(strength: float, unit: str) -> str:
    return f"{100 * strength:.3g} %" if unit == "share" else f"{strength:.3g}"


# --- evasion ----------------------------------------------------------------------------------------------------------


def evasion(allowed: Mapping[str, Sequence[Row]], *, split: str) -> Figure:
    """Share of rejects turned into passes against dollars, a panel for what is allowed, a line a scheme.

    Args:
        allowed: rows of `audits.evasion.costs` by what is allowed.
        split: accounts searched, in words.
    """
    figure, panels = _panels(1, len(allowed), width=12.5, height=4.4, sharey=True)
    for axes, (name, rows) in zip(panels, allowed.items(), strict=True):
        for row, colour, dash in zip(rows, cycle(COLOURS), cycle(DASHES), strict=False):
            steps = [step for step in row["passed"] if step["value"] is not None]
            axes.errorbar(
                range(len(steps)),
                [step["value"] for step in steps],
                yerr=_error(steps, "value", "lower", "upper") if row["scheme"] == "any" else None,
                marker="o",
                markersize=4,
                capsize=3,
                linewidth=2 if row["scheme"] == "any" else 1,
                linestyle=dash,
                color=colour,
                label=_words(row["scheme"]),
            )
            axes.set_xticks(range(len(steps)), labels=[f"{step['budget']:,.0f}" for step in steps])
        axes.set_ylim(0.0, 1.0)
        axes.set_title(name, fontsize=10, loc="left")
        axes.set_xlabel("dollars at most", fontsize=8)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), fontsize=9)
    figure.suptitle(f"Rejects turned into passes by whoever bought\n{split}")
    return figure


# --- realism ----------------------------------------------------------------------------------------------------------


def realism(table: pl.DataFrame, *, split: str) -> Figure:
    """Real quantiles over the band of simulated cohorts, a panel a group, each on the scale of its own band.

    The simulated cohorts' median stands at 0 and the ends of their band at -1 and 1, each side scaled by itself; a
    real value between -1 and 1 lies within. A value farther off than `FARTHEST` is drawn at the border.

    Args:
        table: `group`, `quantity`, `level` (of the quantile, 0 to 1; null for a mean), `real`, `low`, `median`,
            `high` and `inside`; rows in the order to draw.
        split: what is compared, in words.

    Raises:
        ValueError: no row with a real value and a band.
    """
    known = table.drop_nulls(["real", "low", "median", "high"]).with_columns(place=_place())
    if known.is_empty():
        raise ValueError("realism: no quantity has both a real value and a simulated band.")
    groups = known.partition_by("group", maintain_order=True)
    most = max(group["quantity"].n_unique() for group in groups)
    figure, panels = _panels(1, len(groups), width=5.4 * len(groups), height=2.0 + 0.24 * most, sharex=True)
    levels = known["level"].unique().sort(nulls_last=True).to_list()
    for axes, group in zip(panels, groups, strict=True):
        _band(axes, group, levels)
    drawn = [axes.get_legend_handles_labels() for axes in panels]
    by_label = {label: handle for handles, labels in drawn for handle, label in zip(handles, labels, strict=True)}
    order = [label for label in map(_level_label, levels) if label in by_label]
    figure.legend([by_label[label] for label in order], order, loc="outside lower center", ncols=len(order), fontsize=8)
    panels[-1].set_xlim(-FARTHEST - 0.2, FARTHEST + 0.2)
    for axes in panels:
        axes.set_xlabel("Real value; 0: median simulated cohort, -1 to 1: their band", fontsize=8)
    inside = int(known["inside"].sum())
    figure.suptitle(f"Real accounts over simulated cohorts\n{split}: {inside} of {known.height} within the band")
    return figure


def _place() -> pl.Expr:
    """Distance of the real value from the median cohort in widths of the band on its side; 0 where it is equal."""
    off = pl.col("real") - pl.col("median")
    width = pl.when(off > 0).then(pl.col("high") - pl.col("median")).otherwise(pl.col("median") - pl.col("low"))
    # A band without width: whatever differs from it is as far off as can be drawn.
    scaled = pl.when(off == 0).then(0.0).when(width > 0).then(off / width).otherwise(off.sign() * 2 * FARTHEST)
    return scaled.clip(-FARTHEST - 0.01, FARTHEST + 0.01)


def _level_label(level: float | None) -> str:
    return "mean" if level is None else f"{level:.0%}"


def _band(axes: Axes, group: pl.DataFrame, levels: Sequence[float | None]) -> None:
    names = group["quantity"].unique(maintain_order=True).to_list()
    rows = {name: index for index, name in enumerate(names)}
    axes.axvspan(-1.0, 1.0, color="#d9e8f2", zorder=0)
    axes.axvline(0.0, color=GUIDE_COLOUR, linewidth=0.8)
    for level in levels:
        chosen = group.filter(pl.col("level").eq_missing(pl.lit(level)))
        if chosen.is_empty():
            continue
        # From dark to light, which stays an order in print and to any colour vision.
        colour = "#000000" if level is None else colormaps["viridis"](LIGHTEST * level)
        # The levels of one quantity stand a little apart, the lowest on top.
        shift = 0.0 if level is None else (level - 0.5) * 0.5
        places, far = chosen["place"].to_numpy(), (chosen["place"].abs() > FARTHEST).to_numpy()
        heights = np.array([rows[name] + shift for name in chosen["quantity"]])
        near = "D" if level is None else "o"
        for which, marker in ((~far, near), (far & (places < 0), "<"), (far & (places > 0), ">")):
            axes.plot(places[which], heights[which], linestyle="none", marker=marker, markersize=4, color=colour)
        axes.plot([], [], linestyle="none", marker=near, markersize=4, color=colour, label=_level_label(level))
    axes.set_yticks(range(len(names)), labels=[_words(name) for name in names], fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_title(_words(str(group["group"][0])), fontsize=10, loc="left")
