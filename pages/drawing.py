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

WIDTH, HEIGHT = 720, 280
"""Units of the drawing; the page scales it to its width."""

LEFT, RIGHT, TOP, BOTTOM = 64, 10, 12, 32
"""Margins around the plot, for the labels of the axes, which are twice as large on a phone."""

TICKS = 5
"""Labels on an axis, about."""

LOG_TICKS_PER_DECADE = (1, 2, 5)

LEAST_COUNT = 0.5
"""Where none stands on a scale of multiples."""

POST_MARK = 12
"""Height of the mark of a post on the lower edge of a curve."""

RANGE_WIDTH = 10
"""Width of the usual range of a post: those of neighbours flow together, those far apart claim nothing between them."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

MOST_DAY_LABELS, MOST_MONTH_LABELS = 5, 4
"""Dates on an axis, at most: as many as fit at phone width; a month comes with its year."""

DAY_LABEL_INSET = 0.06
"""Share of the axis at either end where a date would stand out of the drawing."""

DAY_STEPS, MONTH_STEPS = (1, 2, 3, 5, 7, 14), (1, 2, 3, 6, 12, 24, 60, 120)
"""Distances between the dates of an axis."""

Points = Sequence[tuple[float, float]]

EPOCH = date(1970, 1, 1)


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
        low, high = max(low, LEAST_COUNT), max(high, 1.0)
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


def posts(days: Sequence[float], across: Scale, style: str) -> Markup:
    """A short mark on the lower edge a day; days that fall together are marked once."""
    places = sorted({f"{across(day):.1f}" for day in days}, key=float)
    bottom = HEIGHT - BOTTOM
    marks = "".join(f"M{place} {bottom - POST_MARK}v{POST_MARK}" for place in places)
    return Markup('<path class="{}" d="{}"/>').format(style, marks)


def ranges(ends: Sequence[tuple[float, float, float]], across: Scale, up: Scale, style: str) -> Markup:
    """An upright bar a place, from a lower to an upper value."""
    marks = []
    for x, low, high in ends:
        left, top = max(across(x) - RANGE_WIDTH / 2, LEFT), up(high)
        marks.append(f"M{left:.1f} {top:.1f}h{RANGE_WIDTH}V{up(low):.1f}h-{RANGE_WIDTH}Z")
    return Markup('<path class="{}" d="{}"/>').format(style, "".join(marks))


def levels(heights: Sequence[float], across: Scale, up: Scale, style: str) -> Markup:
    """A bold line across each bar's place, to compare it with."""
    width = (across.end - across.start) / max(len(heights), 1)
    marks = "".join(
        f"M{across.start + index * width:.1f} {up(height) - 2:.1f}h{width:.1f}v4h-{width:.1f}Z"
        for index, height in enumerate(heights)
    )
    return Markup('<path class="{}" d="{}"/>').format(style, marks)


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
    up_text: Callable[[float], str] | None = None,
) -> Markup:
    """The drawing with its axes; `title` and `description` are what a screen reader says of it.

    Without `up_text` the axis is one of counts, of which the least of a logarithmic one stands for none.
    """
    parts = [Markup('<g class="axis">')]
    for tick in up.ticks():
        place = f"{up(tick):.1f}"
        parts.append(Markup('<line x1="{}" x2="{}" y1="{}" y2="{}"/>').format(LEFT, WIDTH - RIGHT, place, place))
        said = (up_text or (count_on_logarithms if up.logarithmic else amount))(tick)
        parts.append(Markup('<text x="{}" y="{}" dy="4" class="up">{}</text>').format(LEFT - 6, place, said))
    for tick in across.ticks() if across_ticks is None else across_ticks:
        place = f"{across(tick):.1f}"
        parts.append(
            Markup('<text x="{}" y="{}" class="across">{}</text>').format(place, HEIGHT - 8, across_text(tick))
        )
    parts.append(Markup("</g>"))
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, f"{title}. {description}", Markup("").join([*parts, *marks])
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """One paired difference for a forest plot.

    Attributes:
        name: of the figure.
        value, lower, upper: the difference and the ends of its interval.
        is_good: is a positive difference an improvement? None where it is neither good nor bad.
    """

    name: str
    value: float
    lower: float
    upper: float
    is_good: bool | None

    @property
    def style(self) -> str:
        """`better` or `worse` where the interval leaves zero out, `open` otherwise."""
        if self.is_good is None or self.lower <= 0.0 <= self.upper:
            return "open"
        return "better" if (self.lower > 0.0) == self.is_good else "worse"


FOREST_ROW, FOREST_AXIS = 28, 30
"""Units that an interval of a forest plot and its axis are high."""


def forest(differences: Sequence[Difference]) -> tuple[list[Markup], Markup]:
    """Each difference as a dot with its interval around zero, and the axis below them; `differences` not empty.

    All on one scale. The drawings say nothing to a screen reader: the words stand beside them.
    """
    ends = [0.0, *(end for each in differences for end in (each.lower, each.upper))]
    room = (max(ends) - min(ends)) * 0.05 or 0.01
    across = Scale(min(ends) - room, max(ends) + room, RIGHT, WIDTH - RIGHT)
    zero, middle = f"{across(0.0):.1f}", FOREST_ROW // 2
    rows = [
        _picture(
            FOREST_ROW,
            Markup('<line class="zero" x1="{}" x2="{}" y1="0" y2="{}"/>').format(zero, zero, FOREST_ROW)
            + Markup('<path class="{}" d="M{} {}H{}"/><circle class="{}" cx="{}" cy="{}" r="6"/>').format(
                each.style,
                f"{across(each.lower):.1f}",
                middle,
                f"{across(each.upper):.1f}",
                each.style,
                f"{across(each.value):.1f}",
                middle,
            ),
        )
        for each in differences
    ]
    labels = [
        Markup('<text x="{}" y="{}" class="across">{}</text>').format(f"{across(tick):.1f}", FOREST_AXIS - 6, text)
        for tick in across.ticks()
        if (text := f"{tick:+z.3g}" if tick else "0")
    ]
    return rows, _picture(FOREST_AXIS, Markup('<g class="axis">{}</g>').format(Markup("").join(labels)))


def _picture(height: int, marks: Markup) -> Markup:
    return Markup('<svg viewBox="0 0 {} {}" aria-hidden="true">{}</svg>').format(WIDTH, height, marks)


OUTCOMES = {"better": "better", "worse": "worse", "open": "not told apart"}
"""What an interval says, in words."""


def amount(value: float) -> str:
    """A number short enough for an axis: 950, 1.2k, 3M."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def count_on_logarithms(value: float) -> str:
    """A count on a logarithmic axis, where the least one drawn stands for none."""
    return "0" if value <= LEAST_COUNT else amount(value)


def day_number(day: date | datetime) -> float:
    """Days since 1970, with the part of the day: what instants and dates have in common."""
    if isinstance(day, datetime):
        moment = day if day.tzinfo else day.replace(tzinfo=UTC)
        return moment.timestamp() / 86_400
    return float((day - EPOCH).days)


def day_text(number: float) -> str:
    """The date of a day number."""
    return (EPOCH + timedelta(days=math.floor(number))).isoformat()


def day_before(day: date, days: int = 1) -> date:
    """The date so many days earlier, but none before the calendar begins."""
    return date.fromordinal(max(day.toordinal() - days, 1))


def day_labels(across: Scale) -> list[tuple[float, str]]:
    """Round dates along a scale of day numbers with their labels, as close as there is room for.

    They are weeks or days where the scale is short, else the first days of months or years.
    """
    inset = (across.high - across.low) * DAY_LABEL_INSET
    low, high = across.low + inset, across.high - inset
    for step in DAY_STEPS:
        first = math.ceil(low / step) * step
        days = range(first, math.floor(high) + 1, step)
        if 0 < len(days) <= MOST_DAY_LABELS:
            return [(float(day), _day_label(day)) for day in days]
    start, end = (EPOCH + timedelta(days=math.floor(number)) for number in (low, high))
    for step in MONTH_STEPS:
        months = range(start.year * 12, (end.year + 1) * 12, step)
        found = [(day_number(date(month // 12, month % 12 + 1, 1)), month) for month in months]
        kept = [(number, _month_label(month, step)) for number, month in found if low <= number <= high]
        if 0 < len(kept) <= MOST_MONTH_LABELS:
            return kept
    return [(low, _day_label(math.floor(low)))]


def _day_label(number: int) -> str:
    day = EPOCH + timedelta(days=number)
    return f"{day.day} {MONTHS[day.month - 1]}"


def _month_label(month: int, step: int) -> str:
    return str(month // 12) if step % 12 == 0 else f"{MONTHS[month % 12]} {month // 12}"


def gauge(share: float, low: str, high: str) -> Markup:
    """A place from 0 to 100 as a bar, with what its ends mean."""
    filled = max(min(share, 100.0), 0.0) / 100 * GAUGE_WIDTH
    return Markup(
        '<svg class="gauge" viewBox="0 0 {} 34" role="img" aria-label="{}">'
        '<rect class="track" width="{}" height="10" rx="5"/><rect class="filled" width="{}" height="10" rx="5"/>'
        '<text y="29">0 {}</text><text x="{}" y="29" text-anchor="end">{} 100</text></svg>'
    ).format(GAUGE_WIDTH, f"{share:.0f} of 100", GAUGE_WIDTH, f"{max(filled, 10.0):.1f}", low, GAUGE_WIDTH, high)


GAUGE_WIDTH = 400


# Marks of a legend, each a little drawing of its own.


def key_line(style: str, dotted: str = "") -> Markup:
    """A line, with a dot on it where its points are drawn."""
    dot = Markup('<circle class="{}" cx="16" cy="9" r="3"/>').format(dotted) if dotted else ""
    return _key(Markup('<path class="{}" d="M0 9h32"/>{}').format(style, dot))


def key_box(style: str) -> Markup:
    """A shaded stretch."""
    return _key(Markup('<rect class="{}" x="2" width="28" height="18"/>').format(style))


def key_level(style: str) -> Markup:
    """The line that a bar is compared with."""
    return _key(Markup('<rect class="{}" y="7" width="32" height="4"/>').format(style))


def key_dot(style: str) -> Markup:
    """A point."""
    return _key(Markup('<circle class="{}" cx="16" cy="9" r="4"/>').format(style))


def key_posts(style: str) -> Markup:
    """Marks of posts."""
    return _key(Markup('<path class="{}" d="M8 3v12M16 3v12M24 3v12"/>').format(style))


def _key(mark: Markup) -> Markup:
    return Markup('<svg viewBox="0 0 32 18" aria-hidden="true">{}</svg>').format(mark)
