"""CPU seconds against accounts, from the figures of the benchmark."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.tasks import ALL, READ, notebook_task
from models.figures import COLOURS, DASHES

Points = list[tuple[float, float]]


def plot_of(figures: dict[str, Any]) -> Figure:
    """Both axes logarithmic, one line a method; what is in proportion has the slope of the grid's diagonal."""
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    for (name, points), colour, dash in zip(lines(figures).items(), cycle(COLOURS), cycle(DASHES), strict=False):
        accounts, seconds = zip(*points, strict=True)
        axes.plot(accounts, seconds, color=colour, linestyle=dash, marker="o", markersize=4, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("Accounts")
    axes.set_ylabel("CPU seconds")
    size = figures["size"]
    axes.set_title(f"{size['days']} days, {size['posts']} posts, {size['comments']} comments an account")
    axes.legend(loc="upper left", fontsize="small")
    return figure


def lines(figures: dict[str, Any]) -> dict[str, Points]:
    """Accounts and CPU seconds of each method, fewest accounts first; measured points alone."""
    by_size = figures["by_size"]
    found = {
        "bare read": _points(by_size[READ]),
        "Assay, features": _points(by_size[ALL]),
        "Assay, the whole score": _points(figures["score"]["1"]),
    }
    parts, costs = figures["parts"], figures["notebook"]["costs"]
    for way, name in (("vectorised", "pandas, vectorised"), ("apply", "pandas, groupby.apply")):
        measured = [(parts[part], costs[part][notebook_task(way)]["cpu_seconds"]) for part in costs]
        found[name] = sorted((float(accounts), seconds) for accounts, seconds in measured)
    for row in figures["curves"]:
        if "failed" not in row and row["library"] == "tsfresh efficient":
            seconds = row["milliseconds"] * row["curves"] / 1e3
            found["tsfresh efficient, curves only"] = [(float(row["curves"]), seconds)]
    largest = figures["largest"]
    if largest is not None:
        # Counted in accounts of the main size, since it may have fewer rows each.
        rows = sum(largest["size"].values()) / sum(figures["size"].values())
        found["the largest, in accounts of the same size"] = [
            (largest["accounts"] * rows, largest["score"]["cpu_seconds"])
        ]
    return found


def _points(by_size: dict[str, dict[str, float]]) -> Points:
    return sorted((float(accounts), row["cpu_seconds"]) for accounts, row in by_size.items())
