"""Charts as inline SVG, small enough for thousands of pages and drawn in the reader's colours, light or dark.

A chart is a list of marks over two scales. Colours are classes of the page's style sheet, so that a dark page is dark
throughout; numbers have at most one decimal, so that the same data gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from markupsafe import Markup

WIDTH, HEIGHT = 720, 220
"""Units of the drawing; the page scales it to its width."""

LEFT, RIGHT, TOP, BOTTOM = 64, 10, 10, 24
"""Margins around the plot, for the labels of the axes."""

TICKS = 5
"""Labels on an axis, about."""

LOG_TICKS_PER_DECADE = (1, 2, 5)

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to units of the drawing.

    Attributes:
        low, high: values at the ends; `high` above `low`.
        start, end: units at the ends.
        logarithmic: both ends above 0.
    """

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value, held within the drawing."""
        low, high = self._size(self.low), self._size(self.high)
        share = (self._size(max(value, self.low)) - low) / (high - low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round values along the scale."""
        if self.logarithmic:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            steps = LOG_TICKS_PER_DECADE if len(decades) <= TICKS - 1 else (1,)
            found = [float(step) * 10.0**decade for decade in decades for step in steps]
            return [tick for tick in found if self.low <= tick <= self.high]
        rough = (self.high - self.low) / TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
        first = math.ceil(self.low / step)
        return [index * step for index in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def _size(self, value: float) -> float:
        return math.log(value) if self.logarithmic else value


def horizontal(low: float, high: float) -> Scale:
    """A scale across the plot; equal ends are moved apart."""
    return Scale(low, high if high > low else low + 1.0, LEFT, WIDTH - RIGHT)


def vertical(values: Sequence[float], *, logarithmic: bool = False, from_zero: bool = False) -> Scale:
    """A scale up the plot that holds the values with some room; `values` must not be empty."""
    low, high = min(values), max(values)
    if logarithmic:
        low, high = max(low, 0.5), max(high, 1.0)
        return Scale(low / 1.2, high * 1.2, HEIGHT - BOTTOM, TOP, logarithmic=True)
    room = (high - low) * 0.05 or max(abs(high) * 0.05, 1.0)
    return Scale(0.0 if from_zero else low - room, high + room, HEIGHT - BOTTOM, TOP)


def line(points: Points, across: Scale, up: Scale, style: str, *, breaks_after: float = math.inf) -> Markup:
    """A line through the points, broken where two of them are farther apart across than `breaks_after`."""
    commands: list[str] = []
    former = -math.inf
    for x, y in points:
        commands.append(f"{'L' if commands and x - former <= breaks_after else 'M'}{across(x):.1f} {up(y):.1f}")
        former = x
    return Markup('<path class="{}" d="{}"/>').format(style, "".join(commands))


def dots(points: Points, across: Scale, up: Scale, style: str, labels: Sequence[str] = ()) -> Markup:
    """A dot a point; a label is shown when it is pointed at."""
    found = []
    for index, (x, y) in enumerate(points):
        title = Markup("<title>{}</title>").format(labels[index]) if labels else ""
        found.append(
            Markup('<circle class="{}" cx="{}" cy="{}" r="3">{}</circle>').format(
                style, f"{across(x):.1f}", f"{up(y):.1f}", title
            )
        )
    return Markup("").join(found)


SHAPES = {
    "circle": "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z",
    "square": "M-4 -4H4V4H-4Z",
    "triangle": "M0 -5L5 4H-5Z",
    "cross": "M-4 -4L4 4M-4 4L4 -4",
}
"""Outlines around their own middle, so that kinds are told apart without colour."""


def mark(shape: str, x: float, y: float, across: Scale, up: Scale, style: str, label: str) -> Markup:
    """One of the `SHAPES` at a place; its label is shown when it is pointed at."""
    return Markup('<path class="{}" transform="translate({} {})" d="{}"><title>{}</title></path>').format(
        style, f"{across(x):.1f}", f"{up(y):.1f}", SHAPES[shape], label
    )


def band(start: float, end: float, across: Scale, style: str, label: str = "") -> Markup:
    """A shaded stretch across the whole height, at least two units wide so that a day is seen."""
    left, right = across(start), across(end)
    title = Markup("<title>{}</title>").format(label) if label else ""
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}">{}</rect>').format(
        style, f"{left:.1f}", TOP, f"{max(right - left, 2.0):.1f}", HEIGHT - TOP - BOTTOM, title
    )


def area(low: Points, high: Points, across: Scale, up: Scale, style: str) -> Markup:
    """The area between two lines, given from left to right."""
    there = [f"{across(x):.1f} {up(y):.1f}" for x, y in low]
    back = [f"{across(x):.1f} {up(y):.1f}" for x, y in reversed(high)]
    return Markup('<path class="{}" d="M{}Z"/>').format(style, "L".join([*there, *back]))


def bars(heights: Sequence[float], across: Scale, up: Scale, style: str, labels: Sequence[str]) -> Markup:
    """Bars side by side, the first at `across.low`; each tells its label when it is pointed at."""
    width = (across.end - across.start) / max(len(heights), 1)
    found = []
    for index, (height, label) in enumerate(zip(heights, labels, strict=True)):
        top, left = up(height), across.start + index * width
        found.append(
            Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
                style, f"{left + 1:.1f}", f"{top:.1f}", f"{width - 2:.1f}", f"{up.start - top:.1f}", label
            )
        )
    return Markup("").join(found)


def chart(
    marks: Sequence[Markup],
    across: Scale,
    up: Scale,
    *,
    title: str,
    description: str,
    across_text: Callable[[float], str],
    across_ticks: Sequence[float] | None = None,
) -> Markup:
    """The drawing with its axes; `title` and `description` are what a screen reader says of it."""
    parts = [Markup('<g class="axis">')]
    for tick in up.ticks():
        place = f"{up(tick):.1f}"
        parts.append(Markup('<line x1="{}" x2="{}" y1="{}" y2="{}"/>').format(LEFT, WIDTH - RIGHT, place, place))
        parts.append(Markup('<text x="{}" y="{}" dy="4" class="up">{}</text>').format(LEFT - 6, place, amount(tick)))
    for tick in across.ticks() if across_ticks is None else across_ticks:
        place = f"{across(tick):.1f}"
        parts.append(
            Markup('<text x="{}" y="{}" class="across">{}</text>').format(place, HEIGHT - 6, across_text(tick))
        )
    parts.append(Markup("</g>"))
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, f"{title}. {description}", Markup("").join([*parts, *marks])
    )


def amount(value: float) -> str:
    """A number short enough for an axis: 950, 1.2k, 3M."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def day_number(day: date | datetime) -> float:
    """Days since 1970, with the part of the day: what instants and dates have in common."""
    if isinstance(day, datetime):
        moment = day if day.tzinfo else day.replace(tzinfo=UTC)
        return moment.timestamp() / 86_400
    return float((day - date(1970, 1, 1)).days)


def day_text(number: float) -> str:
    """The date of a day number."""
    return (date(1970, 1, 1) + timedelta(days=math.floor(number))).isoformat()


def day_ticks(across: Scale) -> list[float]:
    """Four days along the scale, the first and last a little inside so that their labels fit."""
    inset = (across.high - across.low) * 0.08
    first, last = across.low + inset, across.high - inset
    return [first + (last - first) * index / (TICKS - 2) for index in range(TICKS - 1)]
