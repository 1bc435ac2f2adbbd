"""Growth features against plain Python on random curves: two ways to the same number."""

# ruff: noqa: S311 -- curves are drawn, no secret is
from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from itertools import pairwise
from statistics import correlation, mean, median, pstdev

import pytest

from features.compute import compute_group
from features.growth import FEATURES
from tests.features.builders_growth import FIRST_DAY, Row, post, readings, tables

Interval = tuple[int, int, float, float]
"""Start day, end day, count before, count after."""


def random_curve(seed: int) -> list[tuple[int, int]]:
    """Readings at irregular days with bursts, drops, weekly gaps and a longer one; exact counts."""
    dice = random.Random(seed)
    day, count, points = 0, dice.randrange(2_001, 60_000), []
    steps = dice.choice([[1], [1], [7], [1, 1, 1, 2, 5], [3, 7, 12]])
    for _ in range(dice.randrange(40, 90)):
        points.append((day, count))
        step = dice.choice(steps)
        day += step
        count += sum(int(dice.gauss(count * 0.0005, count * 0.0006)) for _ in range(step))
        if dice.random() < 0.08:
            count += int(count * dice.uniform(-0.05, 0.12))
    return points


def plain_intervals(points: list[tuple[int, int]], longest: float = math.inf) -> list[Interval]:
    rows = [(a[0], b[0], a[1], b[1]) for a, b in pairwise(points)]
    return [row for row in rows if row[1] - row[0] <= longest]


def quantile(values: list[float], share: float) -> float:
    """Linear between the two nearest."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def gain(row: Interval) -> float:
    return max(row[3] - row[2], 0)


def loss(row: Interval) -> float:
    return max(row[2] - row[3], 0)


def length(row: Interval) -> int:
    return row[1] - row[0]


def usual(rows: list[Interval], amount: Callable[[Interval], float]) -> float:
    limit = quantile([amount(row) / length(row) for row in rows], 0.75)
    calm = [row for row in rows if amount(row) / length(row) <= limit]
    return sum(amount(row) for row in calm) / sum(length(row) for row in calm)


def plain_bursts(rows: list[Interval]) -> list[tuple[list[Interval], float]]:
    """Bursts as their intervals and mass."""
    pace = usual(rows, gain)
    runs: list[list[Interval]] = []
    for row in rows:
        expected = pace * length(row)
        if gain(row) - expected <= max(expected, 6 * math.sqrt(max(expected, 1))):
            continue
        if runs and runs[-1][-1][1] == row[0]:
            runs[-1].append(row)
        else:
            runs.append([row])
    with_mass = [(run, sum(gain(row) - pace * length(row) for row in run)) for run in runs]
    return [(run, mass) for run, mass in with_mass if mass >= 0.01 * run[0][2]]


def plain_mass_share(points: list[tuple[int, int]]) -> float | None:
    rows = plain_intervals(points, 10)
    total = sum(gain(row) for row in rows)
    return sum(mass for _, mass in plain_bursts(rows)) / total if total else None


def plain_lost(points: list[tuple[int, int]], window: int) -> float | None:
    every, rows = plain_intervals(points), plain_intervals(points, 10)
    weighted = weights = 0.0
    for run, mass in plain_bursts(rows):
        end = run[-1][1]
        reached = [row for row in rows if row[1] >= end + window]
        if not reached or reached[0][0] > end + window:
            continue
        last = reached[0]
        lost = sum(loss(row) for row in every if end < row[1] <= last[1])
        lost -= loss(last) * (last[1] - end - window) / length(last)
        weights += mass
        weighted += mass * min(max((lost - usual(rows, loss) * window) / mass, 0), 1)
    return weighted / weights if weights else None


def plain_refills(points: list[tuple[int, int]]) -> float | None:
    rows = plain_intervals(points, 10)
    pace, refills = usual(rows, loss), 0
    for run, _ in plain_bursts(rows):
        drops = []
        for row in rows:
            expected = pace * length(row)
            least = max(6 * math.sqrt(max(expected, 1)), 0.005 * row[2])
            if row[1] <= run[0][0] and loss(row) - expected > least:
                drops.append(row[1])
        refills += bool(drops) and run[0][0] - drops[-1] <= 14
    return refills * 30 / sum(length(row) for row in rows)


def plain_half_life(points: list[tuple[int, int]]) -> float | None:
    every, rows = plain_intervals(points), plain_intervals(points, 10)
    pace, found = usual(rows, loss), []
    for run, mass in plain_bursts(rows):
        end = run[-1][1]
        for row in (row for row in rows if row[1] > end and row[0] < end + 30):
            lost = sum(loss(each) for each in every if end < each[1] <= row[1]) - pace * (row[1] - end)
            if lost >= mass / 2:
                lost_here = loss(row) - pace * length(row)
                if lost - lost_here < mass / 2:
                    found.append((mass, row[1] - end - (lost - mass / 2) / lost_here * length(row)))
                break
    kept = [pair for pair in found if pair[1] <= 30]
    return max(kept)[1] if kept else None


def plain_drops(rows: list[Interval]) -> list[tuple[Interval, float]]:
    """Drops and the loss beyond the usual."""
    pace = usual(rows, loss)
    beyond = [(row, loss(row) - pace * length(row)) for row in rows]
    return [
        (row, amount)
        for row, amount in beyond
        if amount > max(6 * math.sqrt(max(pace * length(row), 1)), 0.005 * row[2])
    ]


def plain_drop_rate(points: list[tuple[int, int]]) -> float | None:
    rows = plain_intervals(points, 10)
    return 30 * sum(amount / row[2] for row, amount in plain_drops(rows)) / sum(length(row) for row in rows)


def plain_restored(points: list[tuple[int, int]]) -> float | None:
    rows = plain_intervals(points, 10)
    drops, restored, since = plain_drops(rows), 0.0, -math.inf
    for run, mass in plain_bursts(rows):
        start = run[0][0]
        refilled = sum(amount for row, amount in drops if since < row[1] <= start and start - row[1] <= 14)
        restored += min(refilled, mass)
        since = start
    total = sum(amount for _, amount in drops)
    return restored / total if total else None


def plain_weeks(points: list[tuple[int, int]]) -> list[tuple[float, float]]:
    """Counts before and after each week back from the newest reading, oldest first."""
    rows, newest = plain_intervals(points, 10), points[-1][0]
    counts: dict[int, float] = {}
    for ago in range((newest - points[0][0]) // 7 + 1):
        day = newest - 7 * ago
        for row in rows:
            if row[0] <= day <= row[1]:
                counts[ago] = row[2] + (row[3] - row[2]) * (day - row[0]) / length(row)
    return [(counts[ago + 1], counts[ago]) for ago in sorted(counts, reverse=True) if ago + 1 in counts]


def plain_weekly_loss(points: list[tuple[int, int]]) -> float | None:
    weeks = plain_weeks(points)
    movement = sum(abs(after - before) for before, after in weeks)
    lost = sum(max(before - after, 0) for before, after in weeks)
    return lost / movement if len(weeks) >= 6 and movement else None


def plain_level_shift(points: list[tuple[int, int]]) -> float | None:
    weeks = plain_weeks(points)
    if len(weeks) < 8:
        return None
    growths = [math.log(after / before) for before, after in weeks]
    floor = mean(max(math.sqrt(max(after - before, 0)), 1) / after for before, after in weeks)
    scatter = 1.4826 / math.sqrt(2) * median(abs(b - a) for a, b in pairwise(growths))
    deviation, middle = max(scatter, floor), median(growths)
    clipped = [min(max(value, middle - 3 * deviation), middle + 3 * deviation) for value in growths]
    best = 0.0
    for k in range(3, len(weeks) - 2):
        after = len(weeks) - k
        shift = (mean(clipped[k:]) - mean(clipped[:k])) / (deviation * math.sqrt(1 / k + 1 / after))
        best = shift if abs(shift) >= abs(best) else best
    return best


def plain_drawdown(points: list[tuple[int, int]]) -> float | None:
    counts = [count for _, count in points]
    return max(1 - count / max(counts[: index + 1]) for index, count in enumerate(counts) if index)


def plain_acceleration(points: list[tuple[int, int]]) -> float | None:
    newest, rates = points[-1][0], []
    for is_recent in (True, False):
        rows = [row for row in plain_intervals(points) if (row[0] >= newest - 30) == is_recent]
        if not rows:
            return None
        rates.append(30 * sum(math.log(row[3] / row[2]) for row in rows) / sum(length(row) for row in rows))
    return rates[0] - rates[1]


PLAIN: dict[str, Callable[[list[tuple[int, int]]], float | None]] = {
    "growth_burst_mass_share": plain_mass_share,
    "growth_burst_lost_7_days_share": lambda points: plain_lost(points, 7),
    "growth_burst_lost_30_days_share": lambda points: plain_lost(points, 30),
    "growth_burst_half_life_days": plain_half_life,
    "growth_drop_rate_per_month": plain_drop_rate,
    "growth_drop_restored_share": plain_restored,
    "growth_refill_rate_per_month": plain_refills,
    "growth_weekly_loss_share": plain_weekly_loss,
    "growth_level_shift_zscore": plain_level_shift,
    "growth_drawdown_share": plain_drawdown,
    "growth_recent_acceleration_rate_per_month": plain_acceleration,
}
SEEDS = range(40)
FEWEST_SHORT_INTERVALS = 14


@cache
def computed(curve: Callable[[int], list[tuple[int, int]]], posts: int = 0) -> dict[str, list[float | None]]:
    """Every feature of the curves of all seeds, with so many drawn posts each."""
    names = [f"seed {seed:02}" for seed in SEEDS]
    followers, drawn = [], []
    for name, seed in zip(names, SEEDS, strict=True):
        points = curve(seed)
        followers += readings(points, account_id=name)
        drawn += [row | {"account_id": name} for row in drawn_posts(seed, points, posts)]
    return compute_group(tables(followers=followers, posts=drawn), "growth").to_dict(as_series=False)


@pytest.mark.parametrize("name", PLAIN)
def test_parity_with_plain_python(name: str) -> None:
    for seed, value in zip(SEEDS, computed(random_curve)[name], strict=True):
        points = random_curve(seed)
        is_owed = FEATURES[name].frame != "bursts" or len(plain_intervals(points, 10)) >= FEWEST_SHORT_INTERVALS
        expected = PLAIN[name](points) if is_owed else None
        assert value == (None if expected is None else pytest.approx(expected, rel=1e-6, abs=1e-9)), seed


@pytest.mark.parametrize("name", PLAIN)
def test_random_curves_exercise_the_feature(name: str) -> None:
    values = {PLAIN[name](random_curve(seed)) for seed in SEEDS}
    assert len(values - {None, 0.0}) >= 5


def drawn_posts(seed: int, points: list[tuple[int, int]], count: int) -> list[Row]:
    dice, last = random.Random(seed), points[-1][0]
    moments = sorted(dice.uniform(last * 0.1, last * 0.9) for _ in range(count))
    return [post(day, seen_after=9, like_count=int(100 * dice.paretovariate(2))) for day in moments]


def post_day(row: Row) -> int:
    return int((row["posted_at"].date() - FIRST_DAY).days)


def known_days(posts: list[Row]) -> tuple[int, int]:
    """First day, and last day, of which posts are known."""
    return min(map(post_day, posts)), (max(row["observed_at"] for row in posts).date() - FIRST_DAY).days


def plain_gain_after_posts(points: list[tuple[int, int]], posts: list[Row]) -> float | None:
    (first, last), days = known_days(posts), {post_day(row) for row in posts}
    rows = [row for row in plain_intervals(points, 1) if row[0] >= first and row[1] <= last]
    after = [gain(row) for row in rows if {row[0], row[1]} & days]
    without = [gain(row) for row in rows if not {row[0], row[1]} & days]
    if min(len(after), len(without)) < 5 or len(plain_intervals(points, 1)) < 20:
        return None
    wins = sum((left > right) + (left == right) / 2 for left in after for right in without)
    return 2 * wins / (len(after) * len(without)) - 1


def ranks(values: list[float]) -> list[float]:
    return [sum(other < value for other in values) + sum(other == value for other in values) / 2 for value in values]


def plain_gain_engagement(points: list[tuple[int, int]], posts: list[Row]) -> float | None:
    (first, last), newest = known_days(posts), points[-1][0]
    rows, pairs = plain_intervals(points, 10), []
    counts: dict[int, float] = {}
    for day in range(newest, points[0][0] - 1, -7):
        for row in rows:
            if row[0] <= day <= row[1]:
                counts[day] = row[2] + (row[3] - row[2]) * (day - row[0]) / length(row)
    for day, count in counts.items():
        if day - 7 in counts and day - 7 >= first and day <= last:
            likes = sum(row["like_count"] for row in posts if day - 7 < post_day(row) <= day)
            pairs.append((max(count - counts[day - 7], 0), likes))
    gains, engagement = ranks([pair[0] for pair in pairs]), ranks([pair[1] for pair in pairs])
    if len(pairs) < 8 or len(set(gains)) == 1 or len(set(engagement)) == 1:
        return None
    return correlation(gains, engagement)


def plain_unexplained_plateau(points: list[tuple[int, int]], posts: list[Row]) -> float | None:
    rows, (first, last) = plain_intervals(points, 10), known_days(posts)
    covered = sum(length(row) for row in rows if row[0] >= first and row[1] <= last)
    if median(length(row) for row in rows) > 2 or covered < 14:
        return None
    usual_likes, longest = median(row["like_count"] for row in posts), 0
    for run, _ in plain_bursts(rows):
        start, end = run[0][0], run[-1][1]
        paces = [gain(row) / length(row) for row in run[1:-1]]
        is_resolved = len(run) >= 5 and max(length(row) for row in run) <= 2
        draws = [row["like_count"] / usual_likes for row in posts if start - 3 <= post_day(row) <= end]
        is_unexplained = start >= first and end <= last and max(draws, default=0) <= 2
        if is_resolved and is_unexplained and pstdev(paces) / mean(paces) <= 0.4:
            longest = max(longest, sum(length(row) for row in run))
    return longest


def with_deliveries(seed: int) -> list[tuple[int, int]]:
    """A random curve read daily, with two deliveries of a week, each day within a twentieth of the same."""
    dice, count, points = random.Random(seed), 20_001, []
    starts = (dice.randrange(20, 40), dice.randrange(60, 80))
    for day in range(100):
        points.append((day, count))
        count += int(dice.gauss(10, 6))
        count += sum(int(300 * dice.uniform(0.95, 1.05)) for start in starts if start <= day < start + 7)
    return points


def plain_unexplained(points: list[tuple[int, int]], posts: list[Row]) -> float | None:
    rows = plain_intervals(points, 10)
    days = {id(row): (row["posted_at"].date() - FIRST_DAY).days for row in posts}
    first = min(days.values())
    known_until = max(row["observed_at"] for row in posts).date() - FIRST_DAY
    typical = median(row["like_count"] for row in posts)
    covered = [row for row in rows if row[0] >= first and timedelta(days=row[1]) <= known_until]
    unexplained = 0.0
    for run, mass in plain_bursts(rows):
        start, end = run[0][0], run[-1][1]
        draws = [row["like_count"] / typical for row in posts if start - 3 <= days[id(row)] <= end]
        if start >= first and timedelta(days=end) <= known_until and max(draws, default=0) <= 2:
            unexplained += mass
    total = sum(gain(row) for row in covered)
    return unexplained / total if total and sum(length(row) for row in covered) >= 14 else None


PLAIN_WITH_POSTS: dict[str, tuple[Callable[..., float | None], Callable[[int], list[tuple[int, int]]], int]] = {
    "growth_gain_after_posts_correlation": (plain_gain_after_posts, random_curve, 15),
    "growth_weekly_gain_engagement_correlation": (plain_gain_engagement, random_curve, 30),
    "growth_burst_unexplained_share": (plain_unexplained, random_curve, 15),
    "growth_plateau_unexplained_days": (plain_unexplained_plateau, with_deliveries, 12),
}


@pytest.mark.parametrize("name", PLAIN_WITH_POSTS)
def test_parity_with_plain_python_over_posts(name: str) -> None:
    plain, curve, count = PLAIN_WITH_POSTS[name]
    values = set()
    for seed, value in zip(SEEDS, computed(curve, count)[name], strict=True):
        points = curve(seed)
        is_owed = FEATURES[name].frame != "bursts" or len(plain_intervals(points, 10)) >= FEWEST_SHORT_INTERVALS
        expected = plain(points, drawn_posts(seed, points, count)) if is_owed else None
        assert value == (None if expected is None else pytest.approx(expected, rel=1e-6, abs=1e-9)), seed
        values.add(expected)
    assert len(values - {None}) >= 2
