"""The follower curve walked account by account: its intervals, days, periods and bursts, and what they add up to.

What is a row and what its columns mean is said in `features.growth_frames`, which puts the rows into frames; how the
sums become values is said in `features.growth`. Rows and sums come from the same functions here, so that the rows shown
to a person are those that were counted.

Rows are kept as float arrays, a row of the array per column: dates as days since 1970, flags as 0 and 1, null as NaN.
Counts are below 2**53, so sums of them are exact. Quantiles are linear between the two nearest, as in polars.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

NULL = math.nan

NULL_INSTANT = -(2**63)
"""Stands for an instant that is not known: no clock of the contract shows it."""

MICROSECONDS_PER_DAY = 86_400_000_000

GLITCH_FACTOR = 10
"""A reading this many times above or below both neighbours is a tracker's fault: nobody gains and loses nine tenths."""

SIGNIFICANT_DIGITS_SHOWN = 3
"""Platforms that round show three digits (YouTube: 87 % of daily differences are exactly zero)."""

DAYS_PER_WEEK = 7
DAYS_PER_MONTH = 30
DAYS_PER_QUARTER = 90
WEEKS_PER_QUARTER = 13

LONGEST_SHORT_INTERVAL = 10
"""Days up to which two readings say when something happened, to the week: weekly sampling with a late reading."""

LONGEST_MONTH_INTERVAL = 40
"""Days up to which two readings say when something happened, to the month."""

CALM_SHARE = 0.75
"""Share of an account's intervals, the quietest, that tell its usual pace: bursts and most plateaus stay outside."""

TAIL_SHARE = 0.05
"""Share of the days at either end that are drawn in to the rest, so that one spike is not the answer."""

NOISE_WIDTHS = 6.0
"""Poisson standard deviations by which a gain must pass the usual one: counts of people are at least that noisy."""

ROUNDING_STEPS = 2.0
"""Steps of a rounded count that may be rounding: one at each end of the interval."""

MATERIAL_BURST = 0.01
"""Share of the followers before it that a burst must add: a tenth of the smallest dose that carries a label."""

MATERIAL_LOSS = 0.005
"""Share of the followers that a loss must take to count as a drop."""

REFILL_WINDOW = 14
"""Days after a drop within which a new burst reads as its refill; sellers refill within days of a complaint."""

POST_LEAD = 3
"""Days before a burst in which a post may have set it off."""

POST_DRAW = 2.0
"""Times its usual likes or views that a post must draw to account for a burst; 1.65 is the median best of 17 posts."""

MATURE_HOURS = 48
"""Age from which a post's counts are comparable: missing the first hour alone loses 20 to 30 % of the likes."""

FEWEST_POSTS = 5
"""Mature posts needed to say what is usual for them."""

FEWEST_POSTS_COMPARED = 3
"""Posts before and after a burst that a comparison of their engagement needs; assumed."""

COMPARISON_DAYS = 60
"""Days before and after a burst whose posts are compared."""

LARGE_BURST = 0.05
"""Share of the followers from which a burst ought to show in the likes at all."""

HALF_LIFE_HORIZON = 30
"""Days after a burst within which its decay is looked for: cheap lots lose 75 % in a month. Without an end everyday
losses halve any burst in time: simulated genuine accounts then had a median of 49 days."""

RESOLVED_STEPS = 10
"""Rounding steps that a burst must hold for its halves to be told apart."""

EVEN_SPREAD = 0.4
"""Coefficient of variation up to which daily gains are near constant; Poisson noise at 24 a day alone gives 0.2."""

FEWEST_BURST_INTERVALS = 5
"""Intervals, of two days at most, that a burst must have for its course to be told: three without the ends."""

NEAR_DAILY = 2

FEWEST_WEEKS = 3
"""Weeks on each side of a change of pace: three make a mean."""

FOLLOWING_MOVE = 0.01
"""Share of the accounts followed from which a move counts, at least `FOLLOWING_MOVE_LEAST`."""

FOLLOWING_MOVE_LEAST = 20

SMALLEST_LOT_SEEN = 75.0
"""Mass of a burst from which it is compared with lots: three quarters of the smallest, 100."""

LOT_NOISE = 0.05
"""Share of its mass up to which a burst's size may be off when it is compared with lots."""

SMALLEST_SPREAD = 1e-9
"""A series that varies less has a variance of the order of its own rounding error, not zero."""

# --- columns of the rows ----------------------------------------------------------------------------------------------

INTERVAL_COLUMNS = (
    "start_date",
    "date",
    "days",
    "count_before",
    "count_after",
    "change",
    "log_growth",
    "rounding",
    "following_before",
    "following_change",
    "loss_until",
)
"""`loss_until`: losses of the account up to and with this interval."""

(START, DATE, DAYS, BEFORE, AFTER, CHANGE, LOG_GROWTH, ROUNDING, FOLLOWING_BEFORE, FOLLOWING_CHANGE, LOSS_UNTIL) = range(
    len(INTERVAL_COLUMNS)
)

DAY_COLUMNS = ("recent", "follows", "calm_change", "weekday_mean", "next_log_growth", "after_post")
(RECENT, FOLLOWS, CALM_CHANGE, WEEKDAY_MEAN, NEXT_LOG_GROWTH, AFTER_POST) = range(len(DAY_COLUMNS))

PERIOD_COLUMNS = (
    "periods_ago",
    "period_end",
    "date",
    "count_before",
    "count_after",
    "change",
    "log_growth",
    "rounding",
    "shift_zscore",
    "engagement",
)
(
    PERIODS_AGO,
    PERIOD_END,
    PERIOD_DATE,
    PERIOD_BEFORE,
    PERIOD_AFTER,
    PERIOD_CHANGE,
    PERIOD_LOG_GROWTH,
    PERIOD_ROUNDING,
    SHIFT_ZSCORE,
    ENGAGEMENT,
) = range(len(PERIOD_COLUMNS))

BURST_COLUMNS = (
    "expected",
    "usual_loss",
    "excess",
    "drop_loss",
    "gain_with_posts",
    "restored_loss",
    "is_late",
    "burst",
    "days_after_burst",
)
"""`burst`: number of the account's burst that the interval lies in, from 0; null outside."""
(EXPECTED, USUAL_LOSS, EXCESS, DROP_LOSS, GAIN_WITH_POSTS, RESTORED_LOSS, IS_LATE, BURST, DAYS_AFTER_BURST) = range(
    len(BURST_COLUMNS)
)

EPISODE_COLUMNS = (
    "first_row",
    "last_row",
    "burst_start",
    "end_date",
    "burst_days",
    "burst_count_before",
    "burst_count_after",
    "mass",
    "mass_noise",
    "last_drop_date",
    "daily_spread",
    "late_share",
    "lost_7",
    "lost_30",
    "half_life",
    "best_draw",
    "best_draw_on",
    "unexplained_mass",
    "engagement_before",
    "engagement_after",
    "engagement_residual",
    "lot_closeness",
)
"""One row per burst; `first_row` and `last_row` count the account's intervals of at most ten days."""
(
    FIRST_ROW,
    LAST_ROW,
    BURST_START,
    BURST_END,
    BURST_DAYS,
    BURST_BEFORE,
    BURST_AFTER,
    MASS,
    MASS_NOISE,
    LAST_DROP,
    DAILY_SPREAD,
    LATE_SHARE,
    LOST_7,
    LOST_30,
    HALF_LIFE,
    BEST_DRAW,
    BEST_DRAW_ON,
    UNEXPLAINED_MASS,
    ENGAGEMENT_BEFORE,
    ENGAGEMENT_AFTER,
    ENGAGEMENT_RESIDUAL,
    LOT_CLOSENESS,
) = range(len(EPISODE_COLUMNS))

POST_COLUMNS = ("posted_on", "is_mature", "draw", "engagement")
(POSTED_ON, IS_MATURE, DRAW, POST_ENGAGEMENT) = range(len(POST_COLUMNS))

# --- columns of the totals --------------------------------------------------------------------------------------------

INTERVAL_TOTALS = (
    "rows",
    "days",
    "log_growth",
    "recent_days",
    "recent_log_growth",
    "earlier_days",
    "earlier_log_growth",
    "deepest_fall",
    "following_rows",
    "following_days",
    "following_lost",
    "following_mean",
)
(
    I_ROWS,
    I_DAYS,
    I_LOG_GROWTH,
    I_RECENT_DAYS,
    I_RECENT_LOG_GROWTH,
    I_EARLIER_DAYS,
    I_EARLIER_LOG_GROWTH,
    I_DEEPEST_FALL,
    I_FOLLOWING_ROWS,
    I_FOLLOWING_DAYS,
    I_FOLLOWING_LOST,
    I_FOLLOWING_MEAN,
) = range(len(INTERVAL_TOTALS))

MOVEMENT_TOTALS = (
    "rows",
    "rounding",
    "movement",
    "gain",
    "loss",
    "gain_largest",
    "gain_ranked",
    "recent_rows",
    "recent_gain",
    "recent_gain_largest",
)
"""Of days, weeks and months alike: sums of `gain`, `loss` and |change| (`movement`), the largest gain and the fifth
largest of the days, third largest of the weeks, the median of the months (`gain_ranked`); of the last quarter too."""
(
    M_ROWS,
    M_ROUNDING,
    M_MOVEMENT,
    M_GAIN,
    M_LOSS,
    M_GAIN_LARGEST,
    M_GAIN_RANKED,
    M_RECENT_ROWS,
    M_RECENT_GAIN,
    M_RECENT_GAIN_LARGEST,
) = range(len(MOVEMENT_TOTALS))

DAY_TOTALS = (
    *MOVEMENT_TOTALS,
    "losing_rows",
    "gain_variance",
    "pairs",
    "pair_correlation",
    "weekday_variation",
    "calm_variation",
    "follow_rows",
    "follow_correlation",
    "rows_after_posts",
    "rows_without_posts",
    "wins_after_posts",
    "gains_differ",
)
(
    D_LOSING_ROWS,
    D_GAIN_VARIANCE,
    D_PAIRS,
    D_PAIR_CORRELATION,
    D_WEEKDAY_VARIATION,
    D_CALM_VARIATION,
    D_FOLLOW_ROWS,
    D_FOLLOW_CORRELATION,
    D_ROWS_AFTER_POSTS,
    D_ROWS_WITHOUT_POSTS,
    D_WINS_AFTER_POSTS,
    D_GAINS_DIFFER,
) = range(len(MOVEMENT_TOTALS), len(DAY_TOTALS))

WEEK_TOTALS = (*MOVEMENT_TOTALS, "largest_shift", "engagement_rows", "engagement_correlation")
(W_LARGEST_SHIFT, W_ENGAGEMENT_ROWS, W_ENGAGEMENT_CORRELATION) = range(len(MOVEMENT_TOTALS), len(WEEK_TOTALS))

BURST_TOTALS = (
    "rows",
    "days",
    "days_median",
    "gain",
    "burst_gain",
    "days_with_posts",
    "gain_with_posts",
    "unexplained_mass",
    "mass_known_7",
    "mass_lost_7",
    "mass_known_30",
    "mass_lost_30",
    "half_life",
    "lot_closeness",
    "plateau_days",
    "plateau_unexplained_days",
    "daily_spread",
    "late_share",
    "engagement_residual",
    "refills",
    "drop_loss",
    "drop_share",
    "restored_loss",
    "following_rows",
    "following_days",
    "following_reversals",
)
"""`half_life`, `lot_closeness`, `daily_spread`, `late_share`, `engagement_residual`: of the largest burst that has it."""
(
    B_ROWS,
    B_DAYS,
    B_DAYS_MEDIAN,
    B_GAIN,
    B_BURST_GAIN,
    B_DAYS_WITH_POSTS,
    B_GAIN_WITH_POSTS,
    B_UNEXPLAINED_MASS,
    B_MASS_KNOWN_7,
    B_MASS_LOST_7,
    B_MASS_KNOWN_30,
    B_MASS_LOST_30,
    B_HALF_LIFE,
    B_LOT_CLOSENESS,
    B_PLATEAU_DAYS,
    B_PLATEAU_UNEXPLAINED_DAYS,
    B_DAILY_SPREAD,
    B_LATE_SHARE,
    B_ENGAGEMENT_RESIDUAL,
    B_REFILLS,
    B_DROP_LOSS,
    B_DROP_SHARE,
    B_RESTORED_LOSS,
    B_FOLLOWING_ROWS,
    B_FOLLOWING_DAYS,
    B_FOLLOWING_REVERSALS,
) = range(len(BURST_TOTALS))

# --- order statistics -------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _select(values: Any, length: int, place: int) -> float:
    """The value at `place` (from 0) of the first `length` in order; those before it move before it, the others after.

    Hoare's quickselect with the median of three as pivot.
    """
    low, high = 0, length - 1
    while low < high:
        first, middle, last = values[low], values[(low + high) // 2], values[high]
        pivot = max(min(first, middle), min(max(first, middle), last))
        left, right = low, high
        while left <= right:
            while values[left] < pivot:
                left += 1
            while values[right] > pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left += 1
                right -= 1
        if place <= right:
            high = right
        elif place >= left:
            low = left
        else:
            break
    return values[place]  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _quantile(values: Any, length: int, share: float) -> float:
    """Quantile of the first `length` values, linear between the two nearest; reorders them."""
    if length == 0:
        return NULL
    position = (length - 1) * share
    place = int(position)
    lower = _select(values, length, place)
    if place == position:
        return lower
    upper = values[place + 1]
    for index in range(place + 2, length):
        upper = min(upper, values[index])
    return lower if upper == lower else (position - place) * (upper - lower) + lower  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _ranks(values: Any, length: int, ranks: Any) -> None:
    """Ranks from 1 of the first `length` values; equal values share their mean rank."""
    order = np.argsort(values[:length], kind="mergesort")
    first = 0
    while first < length:
        last = first
        while last + 1 < length and values[order[last + 1]] == values[order[first]]:
            last += 1
        for index in range(first, last + 1):
            ranks[order[index]] = (first + last) / 2 + 1
        first = last + 1


@njit(cache=True, nogil=True)
def _correlation(left: Any, right: Any, length: int) -> float:
    """Pearson's correlation of the first `length` pairs, null where one side does not vary; shifts both sides."""
    if length == 0:
        return NULL
    left_mean, right_mean = left[:length].sum() / length, right[:length].sum() / length
    left_least = left_most = left[0] - left_mean
    right_least = right_most = right[0] - right_mean
    left_squares = right_squares = products = 0.0
    for index in range(length):
        x, y = left[index] - left_mean, right[index] - right_mean
        left_least, left_most = min(left_least, x), max(left_most, x)
        right_least, right_most = min(right_least, y), max(right_most, y)
        left_squares += x * x
        right_squares += y * y
        products += x * y
    spread = math.sqrt(left_squares) * math.sqrt(right_squares)
    if left_most - left_least <= SMALLEST_SPREAD or right_most - right_least <= SMALLEST_SPREAD or spread <= 0:
        return NULL
    return max(min(products / spread, 1.0), -1.0)  # type: ignore[no-any-return]


# --- readings and posts of one account --------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _trailing_zeros(count: int) -> int:
    zeros = 0
    while count % 10 == 0:
        count //= 10
        zeros += 1
    return zeros


@njit(cache=True, nogil=True)
def _digits(count: int) -> int:
    digits = 0
    while count > 0:
        count //= 10
        digits += 1
    return digits


@njit(cache=True, nogil=True)
def _kept_readings(counts: Any, first: int, last: int, kept: Any) -> int:
    """Rows of the readings that are neither 0 nor glitches, into `kept`; how many.

    A count of 0 is how trackers fail; an account that really starts at 0 loses its first reading only.
    """
    positive = 0
    for row in range(first, last):
        if counts[row] > 0:
            kept[positive] = row
            positive += 1
    length = 0
    before = 0
    for index in range(positive):
        count = counts[kept[index]]
        is_glitch = False
        if 0 < index < positive - 1:
            after = counts[kept[index + 1]]
            too_low = count * GLITCH_FACTOR < before and count * GLITCH_FACTOR < after
            is_glitch = too_low or (count > before * GLITCH_FACTOR and count > after * GLITCH_FACTOR)
        before = count
        if not is_glitch:
            kept[length] = kept[index]
            length += 1
    return length


@njit(cache=True, nogil=True)
def _shared_rounding(counts: Any, kept: Any, length: int) -> tuple[int, bool]:
    """Zeros that end all counts of an account, and whether none shows more digits than platforms that round do."""
    shared, most = 18, 0
    for index in range(length):
        count = counts[kept[index]]
        zeros = _trailing_zeros(count)
        shared = min(shared, zeros)
        most = max(most, _digits(count) - zeros)
        if shared == 0 and most > SIGNIFICANT_DIGITS_SHOWN:
            break
    return shared, most <= SIGNIFICANT_DIGITS_SHOWN


@njit(cache=True, nogil=True)
def _rounding_step(count: int, shared: int, is_rounded: bool) -> float:
    """Step in which the count of a reading can move: the account's own granularity, 0 for exact counts.

    The larger of the largest power of ten that divides all of the account's readings and, where none of them shows
    more than three digits, the place of the third digit of this reading.
    """
    zeros = max(shared, _digits(count) - SIGNIFICANT_DIGITS_SHOWN) if is_rounded else shared
    step = 10.0 if zeros > 0 else 0.0
    for _ in range(zeros - 1):
        step *= 10.0
    return step


@njit(cache=True, nogil=True)
def _intervals(days: Any, counts: Any, following: Any, first: int, last: int, kept: Any, rows: Any) -> int:
    """Intervals of one account, its readings being the rows from `first` to before `last`; how many."""
    length = _kept_readings(counts, first, last, kept)
    if length == 0:
        return 0
    shared, is_rounded = _shared_rounding(counts, kept, length)
    step = _rounding_step(counts[kept[0]], shared, is_rounded)
    lost = 0.0
    for index in range(length - 1):
        start, end = kept[index], kept[index + 1]
        before, after = float(counts[start]), float(counts[end])
        step_before = step
        if is_rounded:
            step = _rounding_step(counts[end], shared, is_rounded)
        lost += max(before - after, 0.0)
        rows[START, index] = days[start]
        rows[DATE, index] = days[end]
        rows[DAYS, index] = days[end] - days[start]
        rows[BEFORE, index] = before
        rows[AFTER, index] = after
        rows[CHANGE, index] = after - before
        rows[LOG_GROWTH, index] = math.log(after / before)
        rows[ROUNDING, index] = max(step, step_before)
        rows[FOLLOWING_BEFORE, index] = following[start]
        rows[FOLLOWING_CHANGE, index] = following[end] - following[start]
        rows[LOSS_UNTIL, index] = lost
    return length - 1


@njit(cache=True, nogil=True)
def _up_to(rows: Any, length: int, longest: float, short: Any) -> tuple[Any, int]:
    """The intervals of at most `longest` days, copied into `short` unless all are; how many."""
    count = 0
    for index in range(length):
        count += rows[DAYS, index] <= longest
    if count == length:
        return rows, length
    place = 0
    for index in range(length):
        if rows[DAYS, index] <= longest:
            short[:, place] = rows[:, index]
            place += 1
    return short, count


@njit(cache=True, nogil=True)
def _posts(
    posted_at: Any, observed_at: Any, likes: Any, views: Any, newest: int, first: int, last: int, posts: Any, work: Any
) -> tuple[float, float, bool]:
    """Posts of one account into `posts`; first and last day of which we know what it posted; whether draws are told.

    `draw` (best of likes and views over the account's own medians) and `engagement` (likes or, where an account shows
    none, views) are null for a post seen before it was 48 hours old. Draws are told from five mature posts on.

    Without an instant of observation the last post is all that shows until when anybody looked; a week is added.
    """
    count = last - first
    if count == 0:
        return NULL, NULL, False
    oldest_age = MATURE_HOURS * (MICROSECONDS_PER_DAY // 24)
    last_seen = NULL_INSTANT
    liked = viewed = 0
    for index in range(count):
        row = first + index
        seen = observed_at[row]
        last_seen = max(last_seen, seen)
        if seen == NULL_INSTANT:
            seen = newest
        is_mature = seen - posted_at[row] >= oldest_age
        posts[POSTED_ON, index] = posted_at[row] // MICROSECONDS_PER_DAY
        posts[IS_MATURE, index] = is_mature
        if is_mature and not math.isnan(likes[row]):
            work[0, liked] = likes[row]
            liked += 1
        if is_mature and not math.isnan(views[row]):
            work[1, viewed] = views[row]
            viewed += 1
    usual_likes, usual_views = _quantile(work[0], liked, 0.5), _quantile(work[1], viewed, 0.5)
    drawn = 0
    known_from = known_until = posts[POSTED_ON, 0]
    for index in range(count):
        row = first + index
        draw = engagement = NULL
        if posts[IS_MATURE, index] == 1.0:
            if usual_likes > 0 and not math.isnan(likes[row]):
                draw = likes[row] / usual_likes
            if usual_views > 0 and not math.isnan(views[row]):
                by_views = views[row] / usual_views
                draw = by_views if math.isnan(draw) else max(draw, by_views)
            engagement = likes[row] if liked > 0 else views[row]
        posts[DRAW, index] = draw
        posts[POST_ENGAGEMENT, index] = engagement
        drawn += not math.isnan(draw)
        known_from = min(known_from, posts[POSTED_ON, index])
        known_until = max(known_until, posts[POSTED_ON, index])
    known_until += DAYS_PER_WEEK
    if last_seen != NULL_INSTANT:
        known_until = float(last_seen // MICROSECONDS_PER_DAY)
    return known_from, known_until, drawn >= FEWEST_POSTS


# --- days of one account ----------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _days(
    rows: Any, length: int, newest: float, posts: Any, count: int, known_from: float, known_until: float,
    out: Any, marks: Any, work: Any,
) -> None:  # fmt: skip
    """Columns of the intervals of one day; `newest` is the account's last reading, `marks` all zero and left so."""
    if length == 0:
        return
    for index in range(length):
        work[0, index] = rows[CHANGE, index]
    low, high = _quantile(work[0], length, TAIL_SHARE), _quantile(work[0], length, 1 - TAIL_SHARE)
    for weekday in range(DAYS_PER_WEEK):
        work[1, weekday] = work[2, weekday] = 0.0
    unread = 0  # of the seven rows before, those without the accounts followed
    followed = 0.0
    for index in range(length):
        date = rows[DATE, index]
        calm = max(min(rows[CHANGE, index], high), low)
        out[CALM_CHANGE, index] = calm
        work[1, int(date) % DAYS_PER_WEEK] += calm
        work[2, int(date) % DAYS_PER_WEEK] += 1
        out[RECENT, index] = date > newest - DAYS_PER_QUARTER
        follows_on = index + 1 < length and rows[DATE, index + 1] == date + 1
        out[NEXT_LOG_GROWTH, index] = rows[LOG_GROWTH, index + 1] if follows_on else NULL
        out[FOLLOWS, index] = NULL
        if index >= DAYS_PER_WEEK and unread == 0 and rows[DATE, index - DAYS_PER_WEEK] == date - DAYS_PER_WEEK:
            out[FOLLOWS, index] = math.sqrt(followed)
        change = rows[FOLLOWING_CHANGE, index]
        unread += math.isnan(change)
        followed += 0.0 if math.isnan(change) else max(change, 0.0)
        if index >= DAYS_PER_WEEK:
            change = rows[FOLLOWING_CHANGE, index - DAYS_PER_WEEK]
            unread -= math.isnan(change)
            followed -= 0.0 if math.isnan(change) else max(change, 0.0)
    first, last = rows[START, 0], rows[DATE, length - 1]
    for index in range(count):
        if first <= posts[POSTED_ON, index] <= last:
            marks[int(posts[POSTED_ON, index] - first)] = 1
    for index in range(length):
        out[WEEKDAY_MEAN, index] = (
            work[1, int(rows[DATE, index]) % DAYS_PER_WEEK] / work[2, int(rows[DATE, index]) % DAYS_PER_WEEK]
        )
        out[AFTER_POST, index] = NULL
        if rows[START, index] >= known_from and rows[DATE, index] <= known_until:
            day = int(rows[DATE, index] - first)
            out[AFTER_POST, index] = max(marks[day], marks[day - 1])
    for index in range(count):
        if first <= posts[POSTED_ON, index] <= last:
            marks[int(posts[POSTED_ON, index] - first)] = 0


@njit(cache=True, nogil=True)
def _largest(values: Any, length: int, rank: int) -> float:
    """The `rank`-th largest of the first `length` values, or the smallest where there are fewer; reorders them."""
    if length == 0:
        return NULL
    return _select(values, length, max(length - rank, 0))  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _movement_totals(change: Any, rounding: Any, recent: Any, length: int, totals: Any, work: Any) -> None:
    """`MOVEMENT_TOTALS` but for the ranked gain; the gains are left in the first row of `work`."""
    gained = lost = largest = step = 0.0
    rows = recent_gained = recent_largest = 0.0
    for index in range(length):
        gain = max(change[index], 0.0)
        work[0, index] = gain
        gained += gain
        lost += gain - change[index]
        largest = max(largest, gain)
        step = max(step, rounding[index])
        if recent[index] == 1.0:
            rows += 1
            recent_gained += gain
            recent_largest = max(recent_largest, gain)
    totals[M_ROWS] = length
    totals[M_ROUNDING] = step
    totals[M_GAIN] = gained
    totals[M_LOSS] = lost
    totals[M_MOVEMENT] = gained + lost
    totals[M_GAIN_LARGEST] = largest
    totals[M_RECENT_ROWS] = rows
    totals[M_RECENT_GAIN] = recent_gained
    totals[M_RECENT_GAIN_LARGEST] = recent_largest


@njit(cache=True, nogil=True)
def _wins_after_posts(rows: Any, out: Any, length: int, totals: Any, keys: Any) -> None:
    """Pairs of a day after a post and one without where the former gained more; equal gains count half."""
    known = with_post = 0
    for index in range(length):
        after = out[AFTER_POST, index]
        if not math.isnan(after):
            # The flag rides on the gain, so that one sort of whole numbers orders both.
            keys[known] = 2 * int(max(rows[CHANGE, index], 0.0)) + int(after)
            known += 1
            with_post += int(after)
    ordered = keys[:known]
    ordered.sort()
    wins = 0.0
    before = first = 0  # days without a post that gained less; first of the equal gains
    while first < known:
        last, own = first, 0
        while last < known and ordered[last] // 2 == ordered[first] // 2:
            own += ordered[last] % 2
            last += 1
        without = last - first - own
        wins += own * (before + without / 2)
        before += without
        first = last
    totals[D_ROWS_AFTER_POSTS] = with_post
    totals[D_ROWS_WITHOUT_POSTS] = known - with_post
    totals[D_WINS_AFTER_POSTS] = wins
    totals[D_GAINS_DIFFER] = known > 0 and ordered[0] // 2 != ordered[known - 1] // 2


@njit(cache=True, nogil=True)
def _day_totals(rows: Any, out: Any, length: int, totals: Any, work: Any, keys: Any) -> None:
    """`DAY_TOTALS` of one account."""
    totals[:] = NULL
    totals[M_ROWS] = length
    if length == 0:
        return
    _movement_totals(rows[CHANGE], rows[ROUNDING], out[RECENT], length, totals, work)
    mean, calm_mean = totals[M_GAIN] / length, out[CALM_CHANGE, :length].sum() / length
    squares = calm_squares = weekday_squares = 0.0
    losing = 0
    for index in range(length):
        losing += rows[CHANGE, index] < 0
        squares += (work[0, index] - mean) ** 2
        calm_squares += (out[CALM_CHANGE, index] - calm_mean) ** 2
        weekday_squares += (out[CALM_CHANGE, index] - out[WEEKDAY_MEAN, index]) ** 2
    totals[D_LOSING_ROWS] = losing
    totals[D_GAIN_VARIANCE] = squares / length
    totals[D_CALM_VARIATION] = calm_squares
    totals[D_WEEKDAY_VARIATION] = weekday_squares
    totals[M_GAIN_RANKED] = _largest(work[0], length, 5)
    _wins_after_posts(rows, out, length, totals, keys)

    for index in range(length):
        work[0, index] = rows[LOG_GROWTH, index]
    low, high = _quantile(work[0], length, TAIL_SHARE), _quantile(work[0], length, 1 - TAIL_SHARE)
    pairs = 0
    for index in range(length):
        if not math.isnan(out[NEXT_LOG_GROWTH, index]):
            work[0, pairs] = max(min(rows[LOG_GROWTH, index], high), low)
            work[1, pairs] = max(min(out[NEXT_LOG_GROWTH, index], high), low)
            pairs += 1
    totals[D_PAIRS] = pairs
    totals[D_PAIR_CORRELATION] = _correlation(work[0], work[1], pairs)
    pairs = 0
    for index in range(length):
        if not math.isnan(out[FOLLOWS, index]):
            work[0, pairs] = out[FOLLOWS, index]
            work[1, pairs] = math.log1p(max(rows[CHANGE, index], 0.0))
            pairs += 1
    totals[D_FOLLOW_ROWS] = pairs
    totals[D_FOLLOW_CORRELATION] = _correlation(work[0], work[1], pairs)


@njit(cache=True, nogil=True)
def _interval_totals(rows: Any, length: int, totals: Any) -> None:
    """`INTERVAL_TOTALS` of one account."""
    totals[:] = 0.0
    totals[I_ROWS] = length
    if length == 0:
        return
    month_ago = rows[DATE, length - 1] - DAYS_PER_MONTH
    highest = rows[BEFORE, 0]
    deepest = -math.inf
    following = 0.0
    for index in range(length):
        growth, days, change = rows[LOG_GROWTH, index], rows[DAYS, index], rows[FOLLOWING_CHANGE, index]
        is_recent = rows[START, index] >= month_ago
        totals[I_DAYS] += days
        totals[I_LOG_GROWTH] += growth
        totals[I_RECENT_DAYS if is_recent else I_EARLIER_DAYS] += days
        totals[I_RECENT_LOG_GROWTH if is_recent else I_EARLIER_LOG_GROWTH] += growth
        highest = max(highest, rows[AFTER, index])
        deepest = max(deepest, 1 - rows[AFTER, index] / highest)
        if not math.isnan(change):
            totals[I_FOLLOWING_ROWS] += 1
            totals[I_FOLLOWING_DAYS] += days
            totals[I_FOLLOWING_LOST] += max(-change, 0.0)
            following += rows[FOLLOWING_BEFORE, index]
    totals[I_DEEPEST_FALL] = deepest
    totals[I_FOLLOWING_MEAN] = following / totals[I_FOLLOWING_ROWS] if totals[I_FOLLOWING_ROWS] > 0 else NULL


# --- weeks and months of one account ----------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _periods(rows: Any, length: int, newest: float, spacing: int, out: Any) -> int:
    """The curve at every `spacing` days back from the newest reading, one row per such period, oldest first."""
    count = 0
    ago_before, count_before, rounding_before = -1, NULL, NULL
    for index in range(length):
        to_end, to_start = int(newest - rows[DATE, index]), int(newest - rows[START, index])
        # An interval owns its end and not its start, unless no other short interval ends there.
        follows_another = index > 0 and rows[START, index] == rows[DATE, index - 1]
        first, last = (to_end + spacing - 1) // spacing, (to_start - int(follows_another)) // spacing
        for ago in range(last, first - 1, -1):
            after = rows[BEFORE, index] + rows[CHANGE, index] * (to_start - ago * spacing) / rows[DAYS, index]
            if ago_before == ago + 1:
                is_at_end = to_end - ago * spacing >= 0
                out[PERIODS_AGO, count] = ago
                out[PERIOD_END, count] = newest - ago * spacing
                out[PERIOD_DATE, count] = rows[DATE, index] if is_at_end else rows[START, index]
                out[PERIOD_BEFORE, count] = count_before
                out[PERIOD_AFTER, count] = after
                out[PERIOD_CHANGE, count] = after - count_before
                out[PERIOD_LOG_GROWTH, count] = math.log(after / count_before)
                out[PERIOD_ROUNDING, count] = max(rows[ROUNDING, index], rounding_before)
                count += 1
            ago_before, count_before, rounding_before = ago, after, rows[ROUNDING, index]
    return count


@njit(cache=True, nogil=True)
def _shift_zscores(out: Any, length: int, work: Any) -> None:
    """How far mean weekly log growth before and after each week differ, in standard errors; null within 3 of an end.

    Growth is first clipped to three robust deviations about the median, so that a lasting change counts and one
    spike does not. The deviation is that of week-to-week differences, which a lasting change leaves alone, and never
    below what Poisson noise or one rounding step would give.
    """
    if length == 0:
        return
    floor = 0.0
    for index in range(length):
        work[0, index] = out[PERIOD_LOG_GROWTH, index]
        noise = max(math.sqrt(max(out[PERIOD_CHANGE, index], 0.0)), out[PERIOD_ROUNDING, index], 1.0)
        floor += noise / out[PERIOD_AFTER, index]
        if index > 0:
            work[1, index - 1] = abs(out[PERIOD_LOG_GROWTH, index] - out[PERIOD_LOG_GROWTH, index - 1])
    median = _quantile(work[0], length, 0.5)
    deviation = floor / length
    if length > 1:
        deviation = max(deviation, 1.4826 / math.sqrt(2) * _quantile(work[1], length - 1, 0.5))
    low, high = median - 3 * deviation, median + 3 * deviation
    total = 0.0
    for index in range(length):
        total += max(min(out[PERIOD_LOG_GROWTH, index], high), low)
    until = 0.0
    for index in range(length):
        until += max(min(out[PERIOD_LOG_GROWTH, index], high), low)
        weeks_until, weeks_after = index + 1, length - index - 1
        out[SHIFT_ZSCORE, index] = NULL
        if weeks_until >= FEWEST_WEEKS and weeks_after >= FEWEST_WEEKS:
            apart = (total - until) / weeks_after - until / weeks_until
            out[SHIFT_ZSCORE, index] = apart / (deviation * math.sqrt(1 / weeks_until + 1 / weeks_after))


@njit(cache=True, nogil=True)
def _weekly_engagement(
    out: Any, length: int, newest: float, posts: Any, count: int, known_from: float, known_until: float,
    has_draws: bool, work: Any,
) -> None:  # fmt: skip
    """What the posts of each week drew; null where posts were not observed then, or one is too young or not counted."""
    if length == 0:
        return
    oldest = int(out[PERIODS_AGO, 0])
    for ago in range(oldest + 1):
        work[0, ago] = 0.0
    if has_draws:
        for index in range(count):
            ago = int(newest - posts[POSTED_ON, index]) // DAYS_PER_WEEK
            if 0 <= ago <= oldest:
                work[0, ago] += posts[POST_ENGAGEMENT, index]
    for index in range(length):
        end = out[PERIOD_END, index]
        is_known = has_draws and end - DAYS_PER_WEEK >= known_from and end <= known_until
        out[ENGAGEMENT, index] = work[0, int(out[PERIODS_AGO, index])] if is_known else NULL


@njit(cache=True, nogil=True)
def _period_totals(out: Any, length: int, rank: int, totals: Any, work: Any) -> None:
    """`MOVEMENT_TOTALS` of weeks or months; with a rank of 0 the median gain."""
    totals[:] = NULL
    totals[M_ROWS] = length
    if length == 0:
        return
    for index in range(length):
        work[1, index] = out[PERIODS_AGO, index] < WEEKS_PER_QUARTER
    _movement_totals(out[PERIOD_CHANGE], out[PERIOD_ROUNDING], work[1], length, totals, work)
    totals[M_GAIN_RANKED] = _largest(work[0], length, rank) if rank > 0 else _quantile(work[0], length, 0.5)


@njit(cache=True, nogil=True)
def _week_totals(out: Any, length: int, totals: Any, work: Any) -> None:
    """`WEEK_TOTALS` of one account."""
    _period_totals(out, length, 3, totals, work)
    largest = NULL
    known = 0
    for index in range(length):
        shift = out[SHIFT_ZSCORE, index]
        if not math.isnan(shift) and (math.isnan(largest) or abs(shift) >= abs(largest)):
            largest = shift
        if not math.isnan(out[ENGAGEMENT, index]):
            work[0, known] = max(out[PERIOD_CHANGE, index], 0.0)
            work[1, known] = out[ENGAGEMENT, index]
            known += 1
    totals[W_LARGEST_SHIFT] = largest
    totals[W_ENGAGEMENT_ROWS] = known
    _ranks(work[0], known, work[2])
    _ranks(work[1], known, work[3])
    totals[W_ENGAGEMENT_CORRELATION] = _correlation(work[2], work[3], known)


# --- bursts of one account --------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _usual_pace(rows: Any, length: int, sign: float, work: Any) -> float:
    """Mean gain (sign 1) or loss (-1) per day over the calm intervals: the quietest three quarters of them."""
    for index in range(length):
        work[0, index] = work[1, index] = max(sign * rows[CHANGE, index], 0.0) / rows[DAYS, index]
    limit = _quantile(work[0], length, CALM_SHARE)
    total = days = 0.0
    for index in range(length):
        if work[1, index] <= limit:
            total += max(sign * rows[CHANGE, index], 0.0)
            days += rows[DAYS, index]
    return total / days


@njit(cache=True, nogil=True)
def _is_elevated(rows: Any, out: Any, index: int) -> bool:
    """Whether the gain passes the expected one twofold, by six Poisson deviations and by two rounding steps."""
    expected = out[EXPECTED, index]
    allowance = NOISE_WIDTHS * math.sqrt(max(expected, 1.0)) + ROUNDING_STEPS * rows[ROUNDING, index]
    return out[EXCESS, index] > max(expected, allowance)  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _loss_of_drop(rows: Any, out: Any, index: int) -> float:
    """Loss beyond the usual where the interval is a drop, else 0."""
    expected = out[USUAL_LOSS, index] * rows[DAYS, index]
    allowance = NOISE_WIDTHS * math.sqrt(max(expected, 1.0)) + ROUNDING_STEPS * rows[ROUNDING, index]
    beyond = max(-rows[CHANGE, index], 0.0) - expected
    return beyond if beyond > max(allowance, MATERIAL_LOSS * rows[BEFORE, index]) else 0.0  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _mark_late(rows: Any, out: Any, first: int, last: int) -> float:
    """Mark the intervals whose middle lies in the second half of the run's days; the days of the run."""
    days = 0.0
    for index in range(first, last + 1):
        days += rows[DAYS, index]
    until = 0.0
    for index in range(first, last + 1):
        until += rows[DAYS, index]
        out[IS_LATE, index] = until - rows[DAYS, index] / 2 > days / 2
    return days


@njit(cache=True, nogil=True)
def _course(rows: Any, out: Any, first: int, last: int, episode: Any) -> None:
    """`daily_spread` and `late_share` of a run of near-daily intervals, null for others."""
    episode[DAILY_SPREAD] = episode[LATE_SHARE] = NULL
    longest = 0.0
    for index in range(first, last + 1):
        longest = max(longest, rows[DAYS, index])
    if last - first + 1 < FEWEST_BURST_INTERVALS or longest > NEAR_DAILY:
        return
    inner = last - first - 1
    mean = squares = late = whole = 0.0
    for index in range(first + 1, last):
        mean += rows[CHANGE, index] / rows[DAYS, index]
    mean /= inner
    for index in range(first + 1, last):
        squares += (rows[CHANGE, index] / rows[DAYS, index] - mean) ** 2
    for index in range(first, last + 1):
        whole += out[EXCESS, index]
        late += out[EXCESS, index] * out[IS_LATE, index]
    episode[DAILY_SPREAD] = math.sqrt(squares / inner) / mean
    episode[LATE_SHARE] = late / whole


@njit(cache=True, nogil=True)
def _lot_closeness(mass: float, noise: float) -> float:
    """Closeness of a burst's mass to the nearest lot; null where its size is not known within 5 %."""
    if noise > LOT_NOISE * mass or mass < SMALLEST_LOT_SEEN:
        return NULL
    base = math.log(10.0)
    position = (math.log(mass) / base) % 1.0
    low, high = math.log(2.5) / base, math.log(5.0) / base
    start, end = 0.0, low
    if position >= low:
        start, end = low, high
    if position >= high:
        start, end = high, 1.0
    return 1 - min(position - start, end - position) / ((end - start) / 2)


@njit(cache=True, nogil=True)
def _lost_within(rows: Any, length: int, episode: Any, usual_loss: float, window: int) -> float:
    """Share of the mass lost, beyond usual losses, within so many days after the burst.

    Summed losses and not the net change: a refill must not hide the drop before it. Null where no short interval
    reaches so far.
    """
    target = episode[BURST_END] + window
    last = int(episode[LAST_ROW])
    for index in range(last + 1, length):
        if rows[DATE, index] >= target:
            if rows[START, index] > target:
                break
            beyond = (rows[DATE, index] - target) / rows[DAYS, index]
            lost = rows[LOSS_UNTIL, index] - beyond * max(-rows[CHANGE, index], 0.0) - rows[LOSS_UNTIL, last]
            return max(min((lost - usual_loss * window) / episode[MASS], 1.0), 0.0)  # type: ignore[no-any-return]
    return NULL


@njit(cache=True, nogil=True)
def _half_life(rows: Any, length: int, episode: Any, usual_loss: float) -> float:
    """Days from the burst's end until half of its mass was lost again, beyond usual losses.

    Within an interval the loss is spread evenly. Null where that took longer than 30 days or was not seen to happen,
    where it happened in an interval over ten days, and where the mass is within ten rounding steps.
    """
    last, mass = int(episode[LAST_ROW]), episode[MASS]
    for index in range(last + 1, length):
        days = rows[DAYS, index]
        until = rows[DATE, index] - episode[BURST_END]
        if until - days >= HALF_LIFE_HORIZON:
            break
        # The mass is only as sure as the step in which the count moves.
        if mass <= RESOLVED_STEPS * rows[ROUNDING, index]:
            continue
        missing = mass / 2 + usual_loss * until - (rows[LOSS_UNTIL, index] - rows[LOSS_UNTIL, last])
        if missing <= 0:
            lost = max(-rows[CHANGE, index], 0.0) - usual_loss * days
            if lost <= 0:
                return NULL
            # Days from the moment to the interval's end; longer than it where the half went in a gap before it.
            back = -missing / lost * days
            found = until - back
            return found if back <= days and found <= HALF_LIFE_HORIZON else NULL  # type: ignore[no-any-return]
    return NULL


@njit(cache=True, nogil=True)
def _explain(posts: Any, count: int, known_from: float, known_until: float, has_draws: bool, episode: Any) -> None:
    """`unexplained_mass`: the mass where no post accounts for the burst, 0 where one does, null if unknown.

    Unknown: posts were not observed at the time, or a post in question was too young to tell. `best_draw` and
    `best_draw_on` are the draw and the day of the post that drew most at the time; null where none has a draw.
    """
    best = best_on = NULL
    start, end = episode[BURST_START], episode[BURST_END]
    is_known = has_draws and start >= known_from and end <= known_until
    if has_draws:
        for index in range(count):
            on, draw = posts[POSTED_ON, index], posts[DRAW, index]
            if start - POST_LEAD <= on <= end:
                is_known = is_known and posts[IS_MATURE, index] == 1.0
                if not math.isnan(draw) and (math.isnan(best) or draw > best or (draw == best and on < best_on)):
                    best, best_on = draw, on
    episode[BEST_DRAW] = best
    episode[BEST_DRAW_ON] = best_on
    episode[UNEXPLAINED_MASS] = 0.0 if best > POST_DRAW else (episode[MASS] if is_known else NULL)


@njit(cache=True, nogil=True)
def _usual_engagement(posts: Any, count: int, first: float, last: float, work: Any) -> float:
    """Median engagement of the posts of those days; null under three, or where it is zero."""
    counted = 0
    for index in range(count):
        if first <= posts[POSTED_ON, index] <= last and not math.isnan(posts[POST_ENGAGEMENT, index]):
            work[0, counted] = posts[POST_ENGAGEMENT, index]
            counted += 1
    median = _quantile(work[0], counted, 0.5)
    return median if counted >= FEWEST_POSTS_COMPARED and median > 0 else NULL  # type: ignore[no-any-return]


@njit(cache=True, nogil=True)
def _compare_engagement(posts: Any, count: int, has_draws: bool, episode: Any, work: Any) -> None:
    """`engagement_residual`: log change of the median post's engagement over a burst, less that of followers.

    Posts of the 60 days before the burst against those of the 60 days after it, three of each at least; null for a
    burst under 5 % of the followers, or where a median is zero. `engagement_before` and `engagement_after` are the two.
    """
    before = after = NULL
    if has_draws:
        start, end = episode[BURST_START], episode[BURST_END]
        before = _usual_engagement(posts, count, start - COMPARISON_DAYS, start, work)
        after = _usual_engagement(posts, count, end + 1, end + COMPARISON_DAYS, work)
    episode[ENGAGEMENT_BEFORE] = before
    episode[ENGAGEMENT_AFTER] = after
    episode[ENGAGEMENT_RESIDUAL] = NULL
    if episode[MASS] >= LARGE_BURST * episode[BURST_BEFORE]:
        followers = math.log(episode[BURST_AFTER] / episode[BURST_BEFORE])
        episode[ENGAGEMENT_RESIDUAL] = math.log(after / before) - followers


@njit(cache=True, nogil=True)
def _bursts(
    rows: Any, length: int, posts: Any, count: int, known_from: float, known_until: float, has_draws: bool,
    out: Any, episodes: Any, work: Any,
) -> int:  # fmt: skip
    """Columns of the intervals of at most ten days, and the account's bursts into `episodes`; how many bursts."""
    if length == 0:
        return 0
    usual_gain, usual_loss = _usual_pace(rows, length, 1.0, work), _usual_pace(rows, length, -1.0, work)
    for index in range(length):
        gain = max(rows[CHANGE, index], 0.0)
        out[EXPECTED, index] = usual_gain * rows[DAYS, index]
        out[EXCESS, index] = gain - out[EXPECTED, index]
        out[USUAL_LOSS, index] = usual_loss
        out[DROP_LOSS, index] = _loss_of_drop(rows, out, index)
        with_posts = has_draws and rows[START, index] >= known_from and rows[DATE, index] <= known_until
        out[GAIN_WITH_POSTS, index] = gain if with_posts else NULL
        out[IS_LATE, index] = out[BURST, index] = out[DAYS_AFTER_BURST, index] = NULL
        out[RESTORED_LOSS, index] = 0.0
    found = 0
    last_drop = NULL
    first = 0
    while first < length:
        if not _is_elevated(rows, out, first):
            if out[DROP_LOSS, first] > 0:
                last_drop = rows[DATE, first]
            first += 1
            continue
        last = first
        while (
            last + 1 < length
            and rows[START, last + 1] == rows[DATE, last]
            and _is_elevated(rows, out, last + 1)
        ):
            last += 1
        days = _mark_late(rows, out, first, last)
        mass = expected = rounding = 0.0
        for index in range(first, last + 1):
            mass += out[EXCESS, index]
            expected += out[EXPECTED, index]
            rounding = max(rounding, rows[ROUNDING, index])
        if mass >= MATERIAL_BURST * rows[BEFORE, first]:
            episode = episodes[found]
            episode[FIRST_ROW] = first
            episode[LAST_ROW] = last
            episode[BURST_START] = rows[START, first]
            episode[BURST_END] = rows[DATE, last]
            episode[BURST_DAYS] = days
            episode[BURST_BEFORE] = rows[BEFORE, first]
            episode[BURST_AFTER] = rows[AFTER, last]
            episode[MASS] = mass
            episode[MASS_NOISE] = 2 * math.sqrt(expected) + rounding
            episode[LAST_DROP] = last_drop
            _course(rows, out, first, last, episode)
            episode[LOST_7] = _lost_within(rows, length, episode, usual_loss, DAYS_PER_WEEK)
            episode[LOST_30] = _lost_within(rows, length, episode, usual_loss, DAYS_PER_MONTH)
            episode[HALF_LIFE] = _half_life(rows, length, episode, usual_loss)
            episode[LOT_CLOSENESS] = _lot_closeness(mass, episode[MASS_NOISE])
            _explain(posts, count, known_from, known_until, has_draws, episode)
            _compare_engagement(posts, count, has_draws, episode, work)
            out[BURST, first : last + 1] = found
            found += 1
        first = last + 1
    _after_bursts(rows, length, out, episodes, found)
    _restore_losses(rows, out, episodes, found)
    return found


@njit(cache=True, nogil=True)
def _after_bursts(rows: Any, length: int, out: Any, episodes: Any, found: int) -> None:
    """`days_after_burst`: from the end of the latest burst to the interval's start, null in it and before the first."""
    for number in range(found):
        until = int(episodes[number + 1, FIRST_ROW]) if number + 1 < found else length
        for index in range(int(episodes[number, FIRST_ROW]), until):
            since = rows[START, index] - episodes[number, BURST_END]
            out[DAYS_AFTER_BURST, index] = since if since >= 0 else NULL


@njit(cache=True, nogil=True)
def _restore_losses(rows: Any, out: Any, episodes: Any, found: int) -> None:
    """`restored_loss`; drops before one burst share its mass, and none counts for two bursts."""
    since = 0
    for number in range(found):
        start, until = episodes[number, BURST_START], int(episodes[number, FIRST_ROW])
        refillable = 0.0
        for index in range(since, until):
            if start - rows[DATE, index] <= REFILL_WINDOW:
                refillable += out[DROP_LOSS, index]
        if refillable > 0:
            share = min(episodes[number, MASS] / refillable, 1.0)
            for index in range(since, until):
                if start - rows[DATE, index] <= REFILL_WINDOW:
                    out[RESTORED_LOSS, index] = out[DROP_LOSS, index] * share
        since = until


@njit(cache=True, nogil=True)
def _of_largest(episodes: Any, found: int, column: int) -> float:
    """The value of the largest burst that has one; of equal bursts, of the latest."""
    mass, value = -math.inf, NULL
    for number in range(found):
        if not math.isnan(episodes[number, column]) and episodes[number, MASS] >= mass:
            mass, value = episodes[number, MASS], episodes[number, column]
    return value


@njit(cache=True, nogil=True)
def _burst_totals(rows: Any, out: Any, length: int, episodes: Any, found: int, totals: Any, work: Any) -> None:
    """`BURST_TOTALS` of one account."""
    totals[:] = 0.0
    totals[B_ROWS] = length
    if length == 0:
        return
    direction = 0.0
    for index in range(length):
        days, change = rows[DAYS, index], rows[FOLLOWING_CHANGE, index]
        work[0, index] = days
        totals[B_DAYS] += days
        totals[B_GAIN] += max(rows[CHANGE, index], 0.0)
        totals[B_DROP_LOSS] += out[DROP_LOSS, index]
        totals[B_DROP_SHARE] += out[DROP_LOSS, index] / rows[BEFORE, index]
        totals[B_RESTORED_LOSS] += out[RESTORED_LOSS, index]
        if not math.isnan(out[BURST, index]):
            totals[B_BURST_GAIN] += out[EXCESS, index]
        if not math.isnan(out[GAIN_WITH_POSTS, index]):
            totals[B_DAYS_WITH_POSTS] += days
            totals[B_GAIN_WITH_POSTS] += out[GAIN_WITH_POSTS, index]
        if not math.isnan(change):
            totals[B_FOLLOWING_ROWS] += 1
            totals[B_FOLLOWING_DAYS] += days
            if abs(change) >= max(FOLLOWING_MOVE * rows[FOLLOWING_BEFORE, index], FOLLOWING_MOVE_LEAST):
                sign = math.copysign(1.0, change)
                totals[B_FOLLOWING_REVERSALS] += sign == -direction
                direction = sign
    totals[B_DAYS_MEDIAN] = _quantile(work[0], length, 0.5)
    for number in range(found):
        episode = episodes[number]
        mass = episode[MASS]
        if not math.isnan(episode[LOST_7]):
            totals[B_MASS_KNOWN_7] += mass
            totals[B_MASS_LOST_7] += mass * episode[LOST_7]
        if not math.isnan(episode[LOST_30]):
            totals[B_MASS_KNOWN_30] += mass
            totals[B_MASS_LOST_30] += mass * episode[LOST_30]
        if episode[DAILY_SPREAD] <= EVEN_SPREAD:
            totals[B_PLATEAU_DAYS] = max(totals[B_PLATEAU_DAYS], episode[BURST_DAYS])
            if episode[UNEXPLAINED_MASS] > 0:
                totals[B_PLATEAU_UNEXPLAINED_DAYS] = max(totals[B_PLATEAU_UNEXPLAINED_DAYS], episode[BURST_DAYS])
        if not math.isnan(episode[UNEXPLAINED_MASS]):
            totals[B_UNEXPLAINED_MASS] += episode[UNEXPLAINED_MASS]
        totals[B_REFILLS] += episode[BURST_START] - episode[LAST_DROP] <= REFILL_WINDOW
    totals[B_HALF_LIFE] = _of_largest(episodes, found, HALF_LIFE)
    totals[B_LOT_CLOSENESS] = _of_largest(episodes, found, LOT_CLOSENESS)
    totals[B_DAILY_SPREAD] = _of_largest(episodes, found, DAILY_SPREAD)
    totals[B_LATE_SHARE] = _of_largest(episodes, found, LATE_SHARE)
    totals[B_ENGAGEMENT_RESIDUAL] = _of_largest(episodes, found, ENGAGEMENT_RESIDUAL)


# --- all accounts -----------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _most(offsets: Any) -> int:
    """Rows of the account that has most."""
    most = 0
    for account in range(len(offsets) - 1):
        most = max(most, offsets[account + 1] - offsets[account])
    return most


@njit(cache=True, nogil=True)
def _longest_span(offsets: Any, days: Any) -> int:
    """Days from the first to the last reading of the account whose readings span most."""
    longest = 0
    for account in range(len(offsets) - 1):
        if offsets[account + 1] > offsets[account]:
            longest = max(longest, days[offsets[account + 1] - 1] - days[offsets[account]])
    return longest


@njit(cache=True, nogil=True)
def interval_rows(offsets: Any, days: Any, counts: Any, following: Any) -> tuple[Any, Any]:
    """Intervals of every account: how many each has, and their `INTERVAL_COLUMNS`.

    Args:
        offsets: where the readings of each account begin, and their number; int64.
        days: of the readings in order, days since 1970, int32. counts: followers, int64. following: float, NaN unread.
    """
    accounts = len(offsets) - 1
    most = _most(offsets)
    kept, rows = np.empty(most, np.int64), np.empty((len(INTERVAL_COLUMNS), most))
    lengths = np.empty(accounts, np.int64)
    out = np.empty((len(INTERVAL_COLUMNS), len(counts)))
    total = 0
    for account in range(accounts):
        length = _intervals(days, counts, following, offsets[account], offsets[account + 1], kept, rows)
        out[:, total : total + length] = rows[:, :length]
        lengths[account] = length
        total += length
    return lengths, out[:, :total]


@njit(cache=True, nogil=True)
def day_rows(
    offsets: Any, days: Any, counts: Any, following: Any,
    post_offsets: Any, posted_at: Any, observed_at: Any, likes: Any, views: Any, newest: Any,
) -> Any:  # fmt: skip
    """`DAY_COLUMNS` of the intervals of one day of every account, in the order of `interval_rows`.

    Args:
        offsets, days, counts, following: as in `interval_rows`.
        post_offsets: where the posts of each account begin, and their number; int64.
        posted_at, observed_at: microseconds since 1970, int64; `NULL_INSTANT` where not known.
        likes, views: float, NaN where not known. newest: of each account, the instant of its newest row; int64.
    """
    kept, rows, short, posts, marks, work, keys = _room(offsets, days, post_offsets)
    row = np.empty((len(DAY_COLUMNS), rows.shape[1]))
    out = np.empty((len(DAY_COLUMNS), len(counts)))
    total = 0
    for account in range(len(offsets) - 1):
        length = _intervals(days, counts, following, offsets[account], offsets[account + 1], kept, rows)
        if length == 0:
            continue
        first, last = post_offsets[account], post_offsets[account + 1]
        known_from, known_until, _ = _posts(
            posted_at, observed_at, likes, views, newest[account], first, last, posts, work
        )
        daily, daily_length = _up_to(rows, length, 1.0, short)
        _days(
            daily, daily_length, rows[DATE, length - 1], posts, last - first, known_from, known_until, row, marks, work
        )
        out[:, total : total + daily_length] = row[:, :daily_length]
        total += daily_length
    return out[:, :total]


@njit(cache=True, nogil=True)
def period_rows(
    spacing: int, longest: int, offsets: Any, days: Any, counts: Any, following: Any,
    post_offsets: Any, posted_at: Any, observed_at: Any, likes: Any, views: Any, newest: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """Periods of every account: how many each has, and their `PERIOD_COLUMNS`.

    Args:
        spacing: days of a period. longest: days up to which the counts between two readings are interpolated.
        offsets and all that follow: as in `day_rows`.
    """
    kept, rows, short, posts, _, work, _ = _room(offsets, days, post_offsets)
    row = np.empty((len(PERIOD_COLUMNS), work.shape[1]))
    accounts = len(offsets) - 1
    lengths = np.zeros(accounts, np.int64)
    most = 0
    for account in range(accounts):
        if offsets[account + 1] > offsets[account]:
            most += (days[offsets[account + 1] - 1] - days[offsets[account]]) // spacing
    out = np.empty((len(PERIOD_COLUMNS), most))
    total = 0
    for account in range(accounts):
        length = _intervals(days, counts, following, offsets[account], offsets[account + 1], kept, rows)
        if length == 0:
            continue
        first, last = post_offsets[account], post_offsets[account + 1]
        known_from, known_until, has_draws = _posts(
            posted_at, observed_at, likes, views, newest[account], first, last, posts, work
        )
        reading = rows[DATE, length - 1]
        steady, steady_length = _up_to(rows, length, float(longest), short)
        periods = _periods(steady, steady_length, reading, spacing, row)
        _shift_zscores(row, periods, work)
        _weekly_engagement(row, periods, reading, posts, last - first, known_from, known_until, has_draws, work)
        out[:, total : total + periods] = row[:, :periods]
        lengths[account] = periods
        total += periods
    return lengths, out[:, :total]


@njit(cache=True, nogil=True)
def burst_rows(
    offsets: Any, days: Any, counts: Any, following: Any,
    post_offsets: Any, posted_at: Any, observed_at: Any, likes: Any, views: Any, newest: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """`BURST_COLUMNS` of the intervals of at most ten days of every account, and `EPISODE_COLUMNS` of its bursts.

    In the order of `interval_rows`; `burst`, `first_row` and `last_row` count over all accounts. Arguments as in
    `day_rows`.
    """
    kept, rows, short, posts, _, work, _ = _room(offsets, days, post_offsets)
    row = np.empty((len(BURST_COLUMNS), rows.shape[1]))
    own = np.empty((rows.shape[1], len(EPISODE_COLUMNS)))
    out = np.empty((len(BURST_COLUMNS), len(counts)))
    episodes = np.empty((len(EPISODE_COLUMNS), len(counts)))
    total = bursts = 0
    for account in range(len(offsets) - 1):
        length = _intervals(days, counts, following, offsets[account], offsets[account + 1], kept, rows)
        if length == 0:
            continue
        first, last = post_offsets[account], post_offsets[account + 1]
        known_from, known_until, has_draws = _posts(
            posted_at, observed_at, likes, views, newest[account], first, last, posts, work
        )
        steady, steady_length = _up_to(rows, length, float(LONGEST_SHORT_INTERVAL), short)
        found = _bursts(
            steady, steady_length, posts, last - first, known_from, known_until, has_draws, row, own, work
        )
        out[:, total : total + steady_length] = row[:, :steady_length]
        out[BURST, total : total + steady_length] += bursts
        for number in range(found):
            episodes[:, bursts + number] = own[number]
        episodes[FIRST_ROW, bursts : bursts + found] += total
        episodes[LAST_ROW, bursts : bursts + found] += total
        total += steady_length
        bursts += found
    return out[:, :total], episodes[:, :bursts]


@njit(cache=True, nogil=True)
def totals_of_accounts(
    offsets: Any, days: Any, counts: Any, following: Any,
    post_offsets: Any, posted_at: Any, observed_at: Any, likes: Any, views: Any, newest: Any,
) -> tuple[Any, Any, Any, Any, Any]:  # fmt: skip
    """Totals of every account over its intervals, days, weeks, months and bursts, a column of the array per account.

    The rows of `INTERVAL_TOTALS`, `DAY_TOTALS`, `WEEK_TOTALS`, `MOVEMENT_TOTALS` and `BURST_TOTALS`. Arguments as in
    `day_rows`.
    """
    kept, rows, short, posts, marks, work, keys = _room(offsets, days, post_offsets)
    most = rows.shape[1]
    of_day, of_period = np.empty((len(DAY_COLUMNS), most)), np.empty((len(PERIOD_COLUMNS), work.shape[1]))
    of_burst, episodes = np.empty((len(BURST_COLUMNS), most)), np.empty((most, len(EPISODE_COLUMNS)))
    accounts = len(offsets) - 1
    of_intervals, of_days = np.empty((accounts, len(INTERVAL_TOTALS))), np.empty((accounts, len(DAY_TOTALS)))
    of_weeks, of_months = np.empty((accounts, len(WEEK_TOTALS))), np.empty((accounts, len(MOVEMENT_TOTALS)))
    of_bursts = np.empty((accounts, len(BURST_TOTALS)))
    for account in range(accounts):
        length = _intervals(days, counts, following, offsets[account], offsets[account + 1], kept, rows)
        newest_day = rows[DATE, length - 1] if length > 0 else NULL
        first, last = post_offsets[account], post_offsets[account + 1]
        count = last - first
        known_from, known_until, has_draws = _posts(
            posted_at, observed_at, likes, views, newest[account], first, last, posts, work
        )
        _interval_totals(rows, length, of_intervals[account])

        part, part_length = _up_to(rows, length, 1.0, short)
        _days(part, part_length, newest_day, posts, count, known_from, known_until, of_day, marks, work)
        _day_totals(part, of_day, part_length, of_days[account], work, keys)

        part, part_length = _up_to(rows, length, float(LONGEST_MONTH_INTERVAL), short)
        periods = _periods(part, part_length, newest_day, DAYS_PER_MONTH, of_period)
        _period_totals(of_period, periods, 0, of_months[account], work)

        part, part_length = _up_to(rows, length, float(LONGEST_SHORT_INTERVAL), short)
        periods = _periods(part, part_length, newest_day, DAYS_PER_WEEK, of_period)
        _shift_zscores(of_period, periods, work)
        _weekly_engagement(of_period, periods, newest_day, posts, count, known_from, known_until, has_draws, work)
        _week_totals(of_period, periods, of_weeks[account], work)

        found = _bursts(
            part, part_length, posts, count, known_from, known_until, has_draws, of_burst, episodes, work
        )
        _burst_totals(part, of_burst, part_length, episodes, found, of_bursts[account], work)
    return of_intervals.T, of_days.T, of_weeks.T, of_months.T, of_bursts.T


@njit(cache=True, nogil=True)
def _room(offsets: Any, days: Any, post_offsets: Any) -> tuple[Any, Any, Any, Any, Any, Any, Any]:
    """Arrays that hold what is worked on of one account: readings kept, intervals, short intervals, posts, the days of
    posts, numbers to be ordered, and whole numbers to be ordered.
    """
    most, most_posts, span = _most(offsets), _most(post_offsets), _longest_span(offsets, days)
    rows, short = np.empty((len(INTERVAL_COLUMNS), most)), np.empty((len(INTERVAL_COLUMNS), most))
    posts = np.empty((len(POST_COLUMNS), most_posts))
    work = np.empty((4, max(most, most_posts, span // DAYS_PER_WEEK + 1, DAYS_PER_WEEK)))
    return np.empty(most, np.int64), rows, short, posts, np.zeros(span + 1, np.int8), work, np.empty(most, np.int64)
