"""One simulated account per scheme and per benign story, to look at and to compare with accounts one knows."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from features.tables import SCHEMES, Tables
from models.figures import COLOURS, GUIDE_COLOUR

COLUMNS = 5
"""Panels in a row."""

FEWEST_READINGS, FEWEST_POSTS = 60, 5
"""Follower readings and posts in sight of the curve that an account must have to be shown."""

Example = tuple[str, str, str]
"""What it is an example of, as title; its class; the account."""


def choose_examples(tables: Tables, labels: pl.DataFrame) -> list[Example]:
    """The account to show for each scheme alone (schemes first) and each story, where one is observed well enough.

    Of several, the one with the largest dose, then with the most readings, then the first by id: never the prettiest.

    Args:
        tables: accounts with curves and posts.
        labels: the contract's labels.
    """
    readings = tables.followers_daily.group_by("account_id").agg(
        readings=pl.len(), first=pl.col("date").min(), last=pl.col("date").max()
    )
    posts = (
        tables.posts.filter(pl.col("like_count").is_not_null() | pl.col("view_count").is_not_null())
        .join(readings, on="account_id")
        .filter(pl.col("posted_at").dt.date() >= pl.col("first"))
        .group_by("account_id")
        .agg(posts=pl.len())
    )
    dose = pl.max_horizontal("inauthentic_follower_share", "inauthentic_engagement_share").fill_null(0.0)
    seen = (
        labels.join(readings, on="account_id")
        .join(posts, on="account_id")
        .filter((pl.col("readings") >= FEWEST_READINGS) & (pl.col("posts") >= FEWEST_POSTS))
        .sort(dose, "readings", "account_id", descending=[True, True, False])
    )
    stories = seen["benign_story"].drop_nulls().unique().sort()
    honest = seen.filter(pl.col("scheme").is_null())
    chosen = [
        *((scheme, "scheme", seen.filter(pl.col("scheme") == scheme)) for scheme in SCHEMES),
        *((story, "story", honest.filter(pl.col("benign_story") == story)) for story in stories),
    ]
    return [(name, kind, rows["account_id"][0]) for name, kind, rows in chosen if rows.height]


def gallery(tables: Tables, examples: Sequence[Example], *, split: str) -> Figure:
    """A panel an example: followers as a line, the likes (or views) of each post as dots on an axis of their own."""
    rows = max(1, -(-len(examples) // COLUMNS))
    figure = Figure(figsize=(3.0 * COLUMNS, 0.8 + 2.0 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel().tolist()
    for axes, (name, kind, account) in zip(panels, examples, strict=False):
        curve = tables.followers_daily.filter((pl.col("account_id") == account) & (pl.col("follower_count") > 0))
        posts = tables.posts.filter(pl.col("account_id") == account)
        _panel(axes, curve.sort("date"), posts.sort("posted_at"))
        axes.set_title(name.replace("_", " "), fontsize=10, color=COLOURS[1] if kind == "scheme" else COLOURS[0])
    for axes in panels[len(examples) :]:
        axes.set_visible(False)
    figure.suptitle(
        "One simulated account each: schemes in red, honest stories in blue. Line: followers. Dots: likes or views "
        f"of a post.\n{split}"
    )
    return figure


def _panel(axes: Axes, curve: pl.DataFrame, posts: pl.DataFrame) -> None:
    axes.plot(curve["date"].to_list(), curve["follower_count"].to_list(), color="#000000", linewidth=1.0)
    count = "like_count" if posts["like_count"].drop_nulls().len() else "view_count"
    shown = posts.filter((pl.col("posted_at").dt.date() >= curve["date"].min()) & (pl.col(count) > 0))
    beside = axes.twinx()
    beside.scatter(shown["posted_at"].to_list(), shown[count].to_list(), s=6, color=GUIDE_COLOUR, alpha=0.7)
    beside.set_yscale("log")
    beside.set_yticks([])
    beside.yaxis.set_minor_locator(NullLocator())
    locator = AutoDateLocator(minticks=2, maxticks=4)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.tick_params(labelsize=7)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
