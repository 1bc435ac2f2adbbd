"""The drawings of an account: its curves, its posts against what is usual, when its comments came.

Each has a title, a legend in marks and words, and a sentence that says the same to whoever does not see it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from markupsafe import Markup

from pages import drawing, telling
from pages.observed import Observed, by_others

LONGEST_GAP_DRAWN = 45.0
"""Days between two readings that are still joined by a line (assumed): monthly readings are, a hole is not."""

FEW_READINGS = 60
"""Readings up to which each is drawn as a dot (assumed): between monthly ones a line alone would seem to know more."""

FEWEST_READINGS = 2
"""Readings from which there is a curve."""

FEWEST_DELAYS = 10
"""Comments from which shares by delay say something; assumed."""

LEAST_RANGE = 0.2
"""Share of the largest count that a curve's chart spans at least; assumed."""

DELAY_QUANTILES = ((0.05, 11 / 60), (0.25, 2.6), (0.5, 15.0), (0.75, 57.0), (0.95, 48 * 24.0))
"""Hours after the post up to which so many comments have come on real accounts (FACTS, "Comments")."""

DELAY_EDGES = (1 / 6, 1.0, 6.0, 24.0, 72.0, 14 * 24.0)
"""Hours between the bars of the arrival times."""

DELAY_LABELS = ("10 min", "1 h", "6 h", "1 day", "3 days", "14 days", "later")

_STRETCH = re.compile(r"(?:(?P<first>\d{4}-\d\d-\d\d)|(?P<days>\d+) days|(?P<week>week)) to (?P<last>\d{4}-\d\d-\d\d)")
"""How the text of a row of the curve begins where it speaks of more than a day; see `features.growth_wording`."""

DAYS_OF_A_WEEK = 7

POST_ROOM = 0.02
"""Share of the time between first and last post that is left free on either side."""

RATIOS = {"likes": ("like_rate",), "views": ("view_rate",), "comments": ("like_rate", "comments_per_like")}
"""What a count per follower is expected from, as the engagement features have it."""


def charts(seen: Observed, evidence: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Title, legend, words and drawing of every chart that the account's rows allow; what a reason names is marked.

    Args:
        seen: the account's rows.
        evidence: its rows of the evidence.
    """
    stretches = sorted({stretch(row) for row in evidence if row["table"] == "followers_daily"})
    named = {row["key"] for row in evidence if row["table"] == "posts"}
    found = [
        _curve(seen, stretches, "follower_count", "Followers"),
        _curve(seen, stretches, "following_count", "Accounts followed"),
        *(_engagement(seen, named, count) for count in RATIOS),
        _arrivals(seen.comments),
    ]
    return [each for each in found if each is not None]


def stretch(row: Mapping[str, Any]) -> tuple[date, date]:
    """The days that an evidence row of the follower curve speaks of: after the first, up to and with the last.

    Its key is the last day only; its text says since when. A row that says nothing of it is about that day.
    """
    found = _STRETCH.match(row["text"])
    last = date.fromisoformat(row["key"])
    if found is None:
        return drawing.day_before(last), last
    last = date.fromisoformat(found["last"])
    if found["first"]:
        return date.fromisoformat(found["first"]), last
    return drawing.day_before(last, DAYS_OF_A_WEEK if found["week"] else int(found["days"])), last


def gauge(score: int | None) -> Markup:
    """A score on its way from 0 to 100; nothing for an account without."""
    return Markup("") if score is None else drawing.gauge(score, "less authentic", "more authentic")


# Curves ---------------------------------------------------------------------------------------------------------------


def _curve(seen: Observed, stretches: Sequence[tuple[date, date]], column: str, title: str) -> dict[str, Any] | None:
    readings = seen.readings.drop_nulls(column)
    if readings.height < FEWEST_READINGS:
        return None
    points = [(drawing.day_number(day), float(count)) for day, count in readings.select("date", column).iter_rows()]
    across, counts = _days_across([number for number, _ in points]), [count for _, count in points]
    # A change of a few per cent should not look like a cliff.
    up = drawing.vertical([*counts, max(counts) * (1 - LEAST_RANGE)])
    shaded = [
        # A reading is of the end of its day.
        drawing.band(drawing.day_number(after), drawing.day_number(last), across, "marked", _days_named(after, last))
        for after, last in stretches
    ]
    posted = [drawing.day_number(moment) for moment in seen.posts["posted_at"]]
    posted = [number for number in posted if across.low <= number <= across.high]
    is_dotted = len(points) <= FEW_READINGS
    legend = [
        (drawing.key_line("curve", dotted="reading" if is_dotted else ""), title),
        *([(drawing.key_box("marked"), "days that a reason names")] if shaded else []),
        *([(drawing.key_posts("post"), f"posts ({len(posted):,})")] if posted else []),
    ]
    first, last = points[0], points[-1]
    words = (
        f"{len(points):,} readings from {drawing.day_text(first[0])} ({first[1]:,.0f}) to {drawing.day_text(last[0])} "
        f"({last[1]:,.0f})."
        + ("" if up.low <= 0 else " The scale does not begin at zero.")
        + f" {telling.moves([drawing.day_text(day) for day, _ in points], counts)}"
    ).rstrip()
    marks = [
        *shaded,
        drawing.posts(posted, across, "post"),
        drawing.line(points, across, up, "curve", breaks_after=LONGEST_GAP_DRAWN),
        *([drawing.dots(points, across, up, "reading")] if is_dotted else []),
    ]
    return _chart(title, legend, words, marks, across, up)


def _days_across(numbers: Sequence[float]) -> drawing.Scale:
    return drawing.horizontal(min(numbers), max(numbers) + 1.0)


def _days_named(after: date, last: date) -> str:
    """What a shaded stretch says of itself."""
    begun = drawing.day_before(after, -1)
    return f"{last}: named in a reason" if begun == last else f"{begun} to {last}: named in a reason"


# Posts ----------------------------------------------------------------------------------------------------------------


def _engagement(seen: Observed, named: set[str], count: str) -> dict[str, Any] | None:
    """Counts of the settled posts against what accounts of its size and platform show."""
    posts = seen.measured.drop_nulls(count)
    if posts.is_empty():
        return None
    expected = pl.sum_horizontal(pl.col(f"expected_{ratio}") for ratio in RATIOS[count])
    spread = pl.sum_horizontal(pl.col(f"spread_{ratio}") ** 2 for ratio in RATIOS[count]).sqrt()
    audience = pl.coalesce("followers_then", "followers")
    rows = posts.select("post_id", "posted_at", count, audience.alias("audience"), expected=expected, spread=spread)
    usual: list[tuple[tuple[float, float], str]] = []
    told: list[tuple[tuple[float, float], str]] = []
    bands: list[tuple[float, float, float]] = []
    for key, at, value, followers, level, width in rows.iter_rows():
        day = drawing.day_number(at)
        point = (day, max(float(value), drawing.LEAST_COUNT))
        (told if key in named else usual).append((point, f"{drawing.day_text(day)}: {value:,} {count}"))
        if followers and level is not None:
            bands.append((day, followers * math.exp(level - width), followers * math.exp(level + width)))
    days = [point[0] for point, _ in (*usual, *told)]
    room = max((max(days) - min(days)) * POST_ROOM, 1.0)
    across = drawing.horizontal(min(days) - room, max(days) + room)
    heights = [point[1] for point, _ in (*usual, *told)]
    up = drawing.vertical([*heights, *(each for _, *ends in bands for each in ends)], logarithmic=True)
    legend = [
        (drawing.key_dot("dot"), "a post"),
        *([(drawing.key_dot("dot named"), f"a post that a reason names ({len(told)})")] if told else []),
        *(
            [(drawing.key_box("expected"), "usual for honest accounts of its size, platform and format")]
            if bands
            else []
        ),
    ]
    words = (
        f"The newest {len(heights):,} posts older than 48 hours with {count}, from {drawing.day_text(min(days))} to "
        f"{drawing.day_text(max(days))}; median {np.median(rows[count]):,.0f}."
        + ("" if bands else " What accounts of its size show is not drawn: the follower count is unknown.")
    )
    marks = [
        drawing.ranges(bands, across, up, "expected"),
        *(
            drawing.dots([point for point, _ in group], across, up, style, [label for _, label in group])
            for group, style in ((usual, "dot"), (told, "dot named"))
        ),
    ]
    return _chart(f"{count.capitalize()} per post", legend, words, marks, across, up)


# Comments -------------------------------------------------------------------------------------------------------------


def _arrivals(comments: pl.DataFrame) -> dict[str, Any] | None:
    """When comments came after their post, beside when they come on real accounts."""
    lags = by_others(comments)["lag_hours"].drop_nulls().to_numpy()
    if lags.size < FEWEST_DELAYS:
        return None
    edges = np.array([0.0, *DELAY_EDGES, math.inf])
    shares = np.histogram(lags, edges)[0] / lags.size
    usual = np.diff([0.0, *(_usual_share(edge) for edge in DELAY_EDGES), 1.0])
    across = drawing.Scale(0.0, float(len(shares)), drawing.LEFT, drawing.WIDTH - drawing.RIGHT)
    up = drawing.vertical([0.0, *shares * 100, *usual * 100], from_zero=True)
    labels = [
        f"{label}: {share:.0%} of its comments, {other:.0%} elsewhere"
        for label, share, other in zip(DELAY_LABELS, shares, usual, strict=True)
    ]
    title = "Delay of comments after their post"
    marks = [
        drawing.bars(list(shares * 100), across, up, "delay", labels),
        drawing.levels(list(usual * 100), across, up, "usual"),
    ]
    drawn = drawing.chart(
        marks,
        across,
        up,
        title=title,
        description=f"{lags.size:,} comments with a known delay, in per cent. {'; '.join(labels)}.",
        across_text=lambda tick: DELAY_LABELS[math.floor(tick)],
        across_ticks=[index + 0.5 for index in range(len(shares))],
    )
    legend = [
        (drawing.key_box("delay"), f"per cent of {lags.size:,} comments here, up to that delay"),
        (drawing.key_level("usual"), "of comments under influencers' posts"),
    ]
    words = (
        "For comparison: 514,901 comments on Instagram (Kim et al. 2020). The earliest or newest comments come with "
        "other delays than all of them."
    )
    return {"title": title, "legend": legend, "words": words, "drawing": drawn}


def _usual_share(hours: float) -> float:
    """Share of real accounts' comments up to a delay: straight lines in the logarithm between the known quantiles."""
    shares, delays = zip(*DELAY_QUANTILES, strict=True)
    return float(np.interp(math.log(hours), np.log(delays), shares))


def _chart(
    title: str,
    legend: Iterable[tuple[Markup, str]],
    words: str,
    marks: Sequence[Markup],
    across: drawing.Scale,
    up: drawing.Scale,
) -> dict[str, Any]:
    legend = list(legend)
    days = dict(drawing.day_labels(across))
    described = f"{words} Shown: {'; '.join(text for _, text in legend)}."
    drawn = drawing.chart(
        marks, across, up, title=title, description=described, across_text=days.__getitem__, across_ticks=list(days)
    )
    return {"title": title, "legend": legend, "words": words, "drawing": drawn}
