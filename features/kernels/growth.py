"""The follower curve walked account by account: its intervals, days, periods and bursts, and what they add up to.

What is a row and what its columns mean is said in `features.growth_frames`, which puts the rows into frames; how the
sums become values is said in `features.growth`. Rows and sums come from the same functions here, so that the rows shown
to a person are those that were counted.

Rows are kept as float arrays, a row of the array per column: dates as days since 1970, flags as 0 and 1, null as NaN.
Counters that are handed on start as `np.int64(0)`: for a literal 0 numba would compile what they go to a second time.
Counts are below 2**53, so sums of them are exact. Quantiles are linear between the two nearest, as in polars.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

Integer = int | np.int64

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

COMPARED_DAY = 5
"""The busiest day is compared with the fifth busiest: organic growth is heavy-tailed, the tail is its own yardstick."""

COMPARED_WEEK = 3
"""The busiest week is compared with the third busiest."""

FEWEST_WEEKS = 3
"""Weeks on each side of a change of pace: three make a mean."""

EVERYDAY_MOVE = 2
"""Accounts followed or given up between two readings that are neither counted nor worth a word; assumed."""

FOLLOWING_MOVE = 0.01
"""Share of the accounts followed from which a move counts, at least `FOLLOWING_MOVE_LEAST`."""

FOLLOWING_MOVE_LEAST = 20

SMALLEST_LOT_SEEN = 75.0
"""Mass of a burst from which it is compared with lots: three quarters of the smallest, 100."""

LOT_NOISE = 0.05
"""Share of its mass up to which a burst's size may be off when it is compared with lots."""

SMALLEST_SPREAD = 1e-9
"""A series that varies less has a variance of the order of its own rounding error, not zero."""

# --- what is walked ---------------------------------------------------------------------------------------------------


class Curves(NamedTuple):
    """The readings of some accounts, one account after the other and in order of time.

    Attributes:
        offsets: where the readings of each account begin, and their number; int64.
        days: of each reading, days since 1970; int32.
        counts: followers; int64.
        following: accounts followed; float, NaN where not read.
    """

    offsets: Any
    days: Any
    counts: Any
    following: Any


class Posts(NamedTuple):
    """The posts of the same accounts, one account after the other.

    Attributes:
        offsets: where the posts of each account begin, and their number; int64.
        posted_at, observed_at: of each post, microseconds since 1970; int64, `NULL_INSTANT` where not known.
        likes, views: float, NaN where not known.
        newest: of each account, the instant of its newest row; int64.
    """

    offsets: Any
    posted_at: Any
    observed_at: Any
    likes: Any
    views: Any
    newest: Any


class OwnPosts(NamedTuple):
    """The posts of one account.

    Attributes:
        rows: `POST_COLUMNS`, the first `number` rows being the account's.
        number: how many.
        known_from, known_until: first and last day of which we know what was posted. Without an instant of observation
            the last post is all that shows until when anybody looked; a week is added.
        has_draws: whether five mature posts have a draw: fewer do not say what is usual for them.
    """

    rows: Any
    number: Integer
    known_from: float
    known_until: float
    has_draws: bool


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

(START, DATE, DAYS, BEFORE, AFTER, CHANGE, LOG_GROWTH, ROUNDING, FOLLOWING_BEFORE, FOLLOWING_CHANGE, LOSS_UNTIL) = (
    range(len(INTERVAL_COLUMNS))
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
    "plateau_days",
    "plateau_unexplained_days",
    "half_life",
    "lot_closeness",
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
"""`half_life`, `lot_closeness`, `daily_spread`, `late_share`, `engagement_residual`: of the largest burst with one."""
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
    B_PLATEAU_DAYS,
    B_PLATEAU_UNEXPLAINED_DAYS,
    B_HALF_LIFE,
    B_LOT_CLOSENESS,
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

OF_LARGEST = (HALF_LIFE, LOT_CLOSENESS, DAILY_SPREAD, LATE_SHARE, ENGAGEMENT_RESIDUAL)
"""Columns of bursts of which the largest burst's value is told, in the order of the totals from `B_HALF_LIFE` on."""

# --- order statistics -------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _select(values: Any, length: Integer, place: Integer) -> Any:
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
    return values[place]


@njit(cache=True, nogil=True)
def _quantile(values: Any, length: Integer, share: float) -> Any:
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
    return lower if upper == lower else (position - place) * (upper - lower) + lower


@njit(cache=True, nogil=True)
def _sort(values: Any, length: Integer) -> None:
    """Put the first `length` values in order: Shell's sort with Knuth's gaps."""
    gap = 1
    while 3 * gap < length:
        gap = 3 * gap + 1
    while gap >= 1:
        for index in range(gap, length):
            value, place = values[index], index
            while place >= gap and values[place - gap] > value:
                values[place] = values[place - gap]
                place -= gap
            values[place] = value
        gap //= 3


@njit(cache=True, nogil=True)
def _ranks(values: Any, length: Integer, ranks: Any) -> None:
    """Ranks from 1 of the first `length` values, counted pair by pair; equal values share their mean rank."""
    for index in range(length):
        below = equal = 0
        for other in range(length):
            below += values[other] < values[index]
            equal += values[other] == values[index]
        ranks[index] = below + (equal + 1) / 2


@njit(cache=True, nogil=True)
def _correlation(left: Any, right: Any, length: Integer) -> float:
    """Pearson's correlation of the first `length` pairs, null where one side does not vary; shifts both sides."""
    if length == 0:
        return NULL
    left_mean = right_mean = 0.0
    for index in range(length):
        left_mean += left[index]
        right_mean += right[index]
    left_mean /= length
    right_mean /= length
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
    return max(min(products / spread, 1.0), -1.0)


# --- readings and posts of one account --------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _trailing_zeros(count: Integer) -> Any:
    zeros = 0
    while count % 10 == 0:
        count //= 10
        zeros += 1
    return zeros


@njit(cache=True, nogil=True)
def _digits(count: Integer) -> Any:
    digits = 0
    while count > 0:
        count //= 10
        digits += 1
    return digits


@njit(cache=True, nogil=True)
def _kept_readings(counts: Any, first: Integer, last: Integer, kept: Any) -> Integer:
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
def _shared_rounding(counts: Any, kept: Any, length: Integer) -> tuple[int, bool]:
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
def _rounding_step(count: Integer, shared: Integer, is_rounded: Any) -> float:
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
def _intervals(curves: Curves, account: int, kept: Any, rows: Any) -> Integer:
    """Intervals of one account; how many."""
    days, counts, following = curves.days, curves.counts, curves.following
    first, last = curves.offsets[account], curves.offsets[account + 1]
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
def _up_to(rows: Any, length: Integer, longest: float, short: Any) -> tuple[Any, Integer]:
    """The intervals of at most `longest` days, copied into `short` unless all are; how many."""
    count = 0
    for index in range(length):
        count += rows[DAYS, index] <= longest
    if count == length:
        return rows, length
    place = 0
    for index in range(length):
        if rows[DAYS, index] <= longest:
            for column in range(rows.shape[0]):
                short[column, place] = rows[column, index]
            place += 1
    return short, count


@njit(cache=True, nogil=True)
def _keep(rows: Any, length: Integer, out: Any, place: Integer) -> None:
    """Copy the first `length` rows to `place` of `out`."""
    for column in range(rows.shape[0]):
        for index in range(length):
            out[column, place + index] = rows[column, index]


@njit(cache=True, nogil=True)
def _fill(totals: Any, value: float) -> None:
    for column in range(len(totals)):
        totals[column] = value


@njit(cache=True, nogil=True)
def _over(value: Any, usual: Any) -> Any:
    """The value as a multiple of the usual one, null where that is zero or either is null."""
    return value / usual if usual > 0 else NULL


@njit(cache=True, nogil=True)
def _larger(left: Any, right: Any) -> Any:
    """The larger of two values, or the one that is not null."""
    return right if math.isnan(left) or right > left else left


@njit(cache=True, nogil=True)
def _own_posts(posts: Posts, account: int, rows: Any, work: Any) -> OwnPosts:
    """Posts of one account, put into `rows`.

    `draw` (best of likes and views over the account's own medians) and `engagement` (likes or, where an account shows
    none, views) are null for a post seen before it was 48 hours old.
    """
    first = posts.offsets[account]
    count = posts.offsets[account + 1] - first
    if count == 0:
        return OwnPosts(rows, count, NULL, NULL, False)
    oldest_age = MATURE_HOURS * (MICROSECONDS_PER_DAY // 24)
    last_seen = NULL_INSTANT
    liked, viewed = np.int64(0), np.int64(0)
    for index in range(count):
        row = first + index
        seen = posts.observed_at[row]
        last_seen = max(last_seen, seen)
        if seen == NULL_INSTANT:
            seen = posts.newest[account]
        is_mature = seen - posts.posted_at[row] >= oldest_age
        rows[POSTED_ON, index] = posts.posted_at[row] // MICROSECONDS_PER_DAY
        rows[IS_MATURE, index] = is_mature
        if is_mature and not math.isnan(posts.likes[row]):
            work[0, liked] = posts.likes[row]
            liked += 1
        if is_mature and not math.isnan(posts.views[row]):
            work[1, viewed] = posts.views[row]
            viewed += 1
    usual_likes, usual_views = _quantile(work[0], liked, 0.5), _quantile(work[1], viewed, 0.5)
    drawn = 0
    known_from = known_until = rows[POSTED_ON, 0]
    for index in range(count):
        likes, views = posts.likes[first + index], posts.views[first + index]
        rows[DRAW, index] = rows[POST_ENGAGEMENT, index] = NULL
        if rows[IS_MATURE, index] == 1.0:
            rows[DRAW, index] = _larger(_over(likes, usual_likes), _over(views, usual_views))
            rows[POST_ENGAGEMENT, index] = likes if liked > 0 else views
        drawn += not math.isnan(rows[DRAW, index])
        known_from = min(known_from, rows[POSTED_ON, index])
        known_until = max(known_until, rows[POSTED_ON, index])
    known_until += DAYS_PER_WEEK
    if last_seen != NULL_INSTANT:
        known_until = float(last_seen // MICROSECONDS_PER_DAY)
    return OwnPosts(rows, count, known_from, known_until, drawn >= FEWEST_POSTS)


# --- days of one account ----------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _days(rows: Any, length: Integer, newest: float, posts: OwnPosts, out: Any, marks: Any, work: Any) -> None:
    """Columns of the intervals of one day; `newest` is the account's last reading, `marks` all zero and left so."""
    if length == 0:
        return
    _calm_changes(rows, length, out, work)
    _follows(rows, length, out)
    _mark_posts(rows, length, posts, marks, 1)
    first = rows[START, 0]
    for index in range(length):
        date = rows[DATE, index]
        out[RECENT, index] = date > newest - DAYS_PER_QUARTER
        follows_on = index + 1 < length and rows[DATE, index + 1] == date + 1
        out[NEXT_LOG_GROWTH, index] = rows[LOG_GROWTH, index + 1] if follows_on else NULL
        is_known = rows[START, index] >= posts.known_from and date <= posts.known_until
        day = int(date - first)
        out[AFTER_POST, index] = max(marks[day], marks[day - 1]) if is_known else NULL
    _mark_posts(rows, length, posts, marks, 0)


@njit(cache=True, nogil=True)
def _calm_changes(rows: Any, length: Integer, out: Any, work: Any) -> None:
    """`calm_change`, the change within its 5 to 95 % range, and `weekday_mean` of it."""
    for index in range(length):
        work[0, index] = rows[CHANGE, index]
    low, high = _quantile(work[0], length, TAIL_SHARE), _quantile(work[0], length, 1 - TAIL_SHARE)
    for weekday in range(DAYS_PER_WEEK):
        work[1, weekday] = work[2, weekday] = 0.0
    for index in range(length):
        weekday = int(rows[DATE, index]) % DAYS_PER_WEEK
        out[CALM_CHANGE, index] = max(min(rows[CHANGE, index], high), low)
        work[1, weekday] += out[CALM_CHANGE, index]
        work[2, weekday] += 1
    for index in range(length):
        weekday = int(rows[DATE, index]) % DAYS_PER_WEEK
        out[WEEKDAY_MEAN, index] = work[1, weekday] / work[2, weekday]


@njit(cache=True, nogil=True)
def _follows(rows: Any, length: Integer, out: Any) -> None:
    """`follows`: root of the accounts followed in the seven days before, null where one of them was not read."""
    unread, followed = 0, 0.0
    for index in range(length):
        before = index - DAYS_PER_WEEK
        is_read = before >= 0 and unread == 0 and rows[DATE, before] == rows[DATE, index] - DAYS_PER_WEEK
        out[FOLLOWS, index] = math.sqrt(followed) if is_read else NULL
        change = rows[FOLLOWING_CHANGE, index]
        unread += math.isnan(change)
        followed += change if change > 0 else 0.0
        if before >= 0:
            change = rows[FOLLOWING_CHANGE, before]
            unread -= math.isnan(change)
            followed -= change if change > 0 else 0.0


@njit(cache=True, nogil=True)
def _mark_posts(rows: Any, length: Integer, posts: OwnPosts, marks: Any, mark: int) -> None:
    """Put the mark on the days of posts, counted from the first reading."""
    first, last = rows[START, 0], rows[DATE, length - 1]
    for index in range(posts.number):
        if first <= posts.rows[POSTED_ON, index] <= last:
            marks[int(posts.rows[POSTED_ON, index] - first)] = mark


@njit(cache=True, nogil=True)
def _movement_totals(change: Any, rounding: Any, recent: Any, length: Integer, totals: Any, work: Any) -> None:
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
def _wins_after_posts(rows: Any, out: Any, length: Integer, totals: Any, keys: Any) -> None:
    """Pairs of a day after a post and one without where the former gained more; equal gains count half."""
    known, with_post = np.int64(0), 0
    for index in range(length):
        after = out[AFTER_POST, index]
        if not math.isnan(after):
            # The flag rides on the gain, a whole number, so that one sort orders both.
            keys[known] = max(rows[CHANGE, index], 0.0) + after / 2
            known += 1
            with_post += int(after)
    _sort(keys, known)
    wins = 0.0
    before = first = 0  # days without a post that gained less; first of the equal gains
    while first < known:
        gain = math.floor(keys[first])
        last, own = first, 0
        while last < known and keys[last] < gain + 1:
            own += keys[last] > gain
            last += 1
        without = last - first - own
        wins += own * (before + without / 2)
        before += without
        first = last
    totals[D_ROWS_AFTER_POSTS] = with_post
    totals[D_ROWS_WITHOUT_POSTS] = known - with_post
    totals[D_WINS_AFTER_POSTS] = wins
    totals[D_GAINS_DIFFER] = known > 0 and math.floor(keys[0]) != math.floor(keys[known - 1])


@njit(cache=True, nogil=True)
def _day_totals(rows: Any, out: Any, length: Integer, totals: Any, work: Any) -> None:
    """`DAY_TOTALS` of one account."""
    _fill(totals, NULL)
    totals[M_ROWS] = length
    if length == 0:
        return
    _movement_totals(rows[CHANGE], rows[ROUNDING], out[RECENT], length, totals, work)
    mean, calm_mean = totals[M_GAIN] / length, 0.0
    for index in range(length):
        calm_mean += out[CALM_CHANGE, index]
    calm_mean /= length
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
    totals[M_GAIN_RANKED] = _select(work[0], length, max(length - COMPARED_DAY, 0))
    _wins_after_posts(rows, out, length, totals, work[0])

    for index in range(length):
        work[0, index] = rows[LOG_GROWTH, index]
    low, high = _quantile(work[0], length, TAIL_SHARE), _quantile(work[0], length, 1 - TAIL_SHARE)
    pairs = np.int64(0)
    for index in range(length):
        if not math.isnan(out[NEXT_LOG_GROWTH, index]):
            work[0, pairs] = max(min(rows[LOG_GROWTH, index], high), low)
            work[1, pairs] = max(min(out[NEXT_LOG_GROWTH, index], high), low)
            pairs += 1
    totals[D_PAIRS] = pairs
    totals[D_PAIR_CORRELATION] = _correlation(work[0], work[1], pairs)
    pairs = np.int64(0)
    for index in range(length):
        if not math.isnan(out[FOLLOWS, index]):
            work[0, pairs] = out[FOLLOWS, index]
            work[1, pairs] = math.log1p(max(rows[CHANGE, index], 0.0))
            pairs += 1
    totals[D_FOLLOW_ROWS] = pairs
    totals[D_FOLLOW_CORRELATION] = _correlation(work[0], work[1], pairs)


@njit(cache=True, nogil=True)
def _interval_totals(rows: Any, length: Integer, totals: Any) -> None:
    """`INTERVAL_TOTALS` of one account."""
    _fill(totals, 0.0)
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
            totals[I_FOLLOWING_LOST] += max(-change - EVERYDAY_MOVE, 0.0)
            following += rows[FOLLOWING_BEFORE, index]
    totals[I_DEEPEST_FALL] = deepest
    totals[I_FOLLOWING_MEAN] = following / totals[I_FOLLOWING_ROWS] if totals[I_FOLLOWING_ROWS] > 0 else NULL


# --- weeks and months of one account ----------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _periods(rows: Any, length: Integer, newest: float, days_apart: float, out: Any) -> Integer:
    """The curve at every so many days back from the newest reading, one row per such period, oldest first."""
    spacing, count = int(days_apart), np.int64(0)
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
def _shift_zscores(out: Any, length: Integer, work: Any) -> None:
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
    out: Any,
    length: Integer,
    newest: float,
    posts: OwnPosts,
    work: Any,
) -> None:
    """What the posts of each week drew; null where posts were not observed then, or one is too young or not counted."""
    if length == 0:
        return
    oldest = int(out[PERIODS_AGO, 0])
    for ago in range(oldest + 1):
        work[0, ago] = 0.0
    if posts.has_draws:
        for index in range(posts.number):
            ago = int(newest - posts.rows[POSTED_ON, index]) // DAYS_PER_WEEK
            if 0 <= ago <= oldest:
                work[0, ago] += posts.rows[POST_ENGAGEMENT, index]
    for index in range(length):
        end = out[PERIOD_END, index]
        is_known = posts.has_draws and end - DAYS_PER_WEEK >= posts.known_from and end <= posts.known_until
        out[ENGAGEMENT, index] = work[0, int(out[PERIODS_AGO, index])] if is_known else NULL


@njit(cache=True, nogil=True)
def _period_totals(out: Any, length: Integer, totals: Any, work: Any) -> None:
    """`MOVEMENT_TOTALS` of weeks or months but for the ranked gain; the gains are left in the first row of `work`."""
    _fill(totals, NULL)
    totals[M_ROWS] = length
    if length == 0:
        return
    for index in range(length):
        work[1, index] = out[PERIODS_AGO, index] < WEEKS_PER_QUARTER
    _movement_totals(out[PERIOD_CHANGE], out[PERIOD_ROUNDING], work[1], length, totals, work)


@njit(cache=True, nogil=True)
def _month_totals(out: Any, length: Integer, totals: Any, work: Any) -> None:
    """`MOVEMENT_TOTALS` of the months of one account."""
    _period_totals(out, length, totals, work)
    totals[M_GAIN_RANKED] = _quantile(work[0], length, 0.5)


@njit(cache=True, nogil=True)
def _week_totals(out: Any, length: Integer, totals: Any, work: Any) -> None:
    """`WEEK_TOTALS` of one account."""
    _period_totals(out, length, totals, work)
    if length == 0:
        return
    totals[M_GAIN_RANKED] = _select(work[0], length, max(length - COMPARED_WEEK, 0))
    largest = NULL
    known = np.int64(0)
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
def _usual_pace(rows: Any, length: Integer, sign: float, work: Any) -> float:
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
def _is_elevated(rows: Any, out: Any, index: Integer) -> Any:
    """Whether the gain passes the expected one twofold, by six Poisson deviations and by two rounding steps."""
    expected = out[EXPECTED, index]
    allowance = NOISE_WIDTHS * math.sqrt(max(expected, 1.0)) + ROUNDING_STEPS * rows[ROUNDING, index]
    return out[EXCESS, index] > max(expected, allowance)


@njit(cache=True, nogil=True)
def _loss_of_drop(rows: Any, out: Any, index: Integer) -> float:
    """Loss beyond the usual where the interval is a drop, else 0."""
    expected = out[USUAL_LOSS, index] * rows[DAYS, index]
    allowance = NOISE_WIDTHS * math.sqrt(max(expected, 1.0)) + ROUNDING_STEPS * rows[ROUNDING, index]
    beyond = max(-rows[CHANGE, index], 0.0) - expected
    return beyond if beyond > max(allowance, MATERIAL_LOSS * rows[BEFORE, index]) else 0.0


@njit(cache=True, nogil=True)
def _mark_late(rows: Any, out: Any, first: Integer, last: Integer) -> float:
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
def _course(rows: Any, out: Any, first: Integer, last: Integer, episode: Any) -> None:
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
def _lost_within(rows: Any, length: Integer, episode: Any, usual_loss: float, window: float) -> Any:
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
            return max(min((lost - usual_loss * window) / episode[MASS], 1.0), 0.0)
    return NULL


@njit(cache=True, nogil=True)
def _half_life(rows: Any, length: Integer, episode: Any, usual_loss: float) -> float:
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
            return found if back <= days and found <= HALF_LIFE_HORIZON else NULL
    return NULL


@njit(cache=True, nogil=True)
def _explain(posts: OwnPosts, episode: Any) -> None:
    """`unexplained_mass`: the mass where no post accounts for the burst, 0 where one does, null if unknown.

    Unknown: posts were not observed at the time, or a post in question was too young to tell. `best_draw` and
    `best_draw_on` are the draw and the day of the post that drew most at the time; null where none has a draw.
    """
    best = best_on = NULL
    start, end = episode[BURST_START], episode[BURST_END]
    is_known = posts.has_draws and start >= posts.known_from and end <= posts.known_until
    if posts.has_draws:
        for index in range(posts.number):
            on, draw = posts.rows[POSTED_ON, index], posts.rows[DRAW, index]
            if start - POST_LEAD <= on <= end:
                is_known = is_known and posts.rows[IS_MATURE, index] == 1.0
                if not math.isnan(draw) and (math.isnan(best) or draw > best or (draw == best and on < best_on)):
                    best, best_on = draw, on
    episode[BEST_DRAW] = best
    episode[BEST_DRAW_ON] = best_on
    episode[UNEXPLAINED_MASS] = 0.0 if best > POST_DRAW else (episode[MASS] if is_known else NULL)


@njit(cache=True, nogil=True)
def _usual_engagement(posts: OwnPosts, first: float, last: float, work: Any) -> float:
    """Median engagement of the posts of those days; null under three, or where it is zero."""
    counted = np.int64(0)
    for index in range(posts.number):
        if first <= posts.rows[POSTED_ON, index] <= last and not math.isnan(posts.rows[POST_ENGAGEMENT, index]):
            work[0, counted] = posts.rows[POST_ENGAGEMENT, index]
            counted += 1
    median = _quantile(work[0], counted, 0.5)
    return median if counted >= FEWEST_POSTS_COMPARED and median > 0 else NULL


@njit(cache=True, nogil=True)
def _compare_engagement(posts: OwnPosts, episode: Any, work: Any) -> None:
    """`engagement_residual`: log change of the median post's engagement over a burst, less that of followers.

    Posts of the 60 days before the burst against those of the 60 days after it, three of each at least; null for a
    burst under 5 % of the followers, or where a median is zero. `engagement_before` and `engagement_after` are the two.
    """
    before = after = NULL
    if posts.has_draws:
        start, end = episode[BURST_START], episode[BURST_END]
        before = _usual_engagement(posts, start - COMPARISON_DAYS, start, work)
        after = _usual_engagement(posts, end + 1, end + COMPARISON_DAYS, work)
    episode[ENGAGEMENT_BEFORE] = before
    episode[ENGAGEMENT_AFTER] = after
    episode[ENGAGEMENT_RESIDUAL] = NULL
    if episode[MASS] >= LARGE_BURST * episode[BURST_BEFORE]:
        followers = math.log(episode[BURST_AFTER] / episode[BURST_BEFORE])
        episode[ENGAGEMENT_RESIDUAL] = math.log(after / before) - followers


@njit(cache=True, nogil=True)
def _paces(rows: Any, length: Integer, posts: OwnPosts, out: Any, work: Any) -> None:
    """The columns of `BURST_COLUMNS` that need no burst; the others null, or 0."""
    usual_gain, usual_loss = _usual_pace(rows, length, 1.0, work), _usual_pace(rows, length, -1.0, work)
    for index in range(length):
        gain = max(rows[CHANGE, index], 0.0)
        out[EXPECTED, index] = usual_gain * rows[DAYS, index]
        out[EXCESS, index] = gain - out[EXPECTED, index]
        out[USUAL_LOSS, index] = usual_loss
        out[DROP_LOSS, index] = _loss_of_drop(rows, out, index)
        is_known = rows[START, index] >= posts.known_from and rows[DATE, index] <= posts.known_until
        out[GAIN_WITH_POSTS, index] = gain if posts.has_draws and is_known else NULL
        out[IS_LATE, index] = out[BURST, index] = out[DAYS_AFTER_BURST, index] = NULL
        out[RESTORED_LOSS, index] = 0.0


@njit(cache=True, nogil=True)
def _weigh(rows: Any, out: Any, first: Integer, last: Integer, episode: Any) -> Any:
    """What the intervals of a run add up to; whether that makes the run a burst."""
    mass = expected = rounding = 0.0
    for index in range(first, last + 1):
        mass += out[EXCESS, index]
        expected += out[EXPECTED, index]
        rounding = max(rounding, rows[ROUNDING, index])
    episode[FIRST_ROW] = first
    episode[LAST_ROW] = last
    episode[BURST_START] = rows[START, first]
    episode[BURST_END] = rows[DATE, last]
    episode[BURST_BEFORE] = rows[BEFORE, first]
    episode[BURST_AFTER] = rows[AFTER, last]
    episode[MASS] = mass
    episode[MASS_NOISE] = 2 * math.sqrt(expected) + rounding
    return mass >= MATERIAL_BURST * rows[BEFORE, first]


@njit(cache=True, nogil=True)
def _bursts(rows: Any, length: Integer, posts: OwnPosts, out: Any, episodes: Any, work: Any) -> Integer:
    """Columns of the intervals of at most ten days, and the account's bursts into `episodes`; how many bursts."""
    if length == 0:
        return 0
    _paces(rows, length, posts, out, work)
    found, first = np.int64(0), np.int64(0)
    last_drop = NULL
    while first < length:
        if not _is_elevated(rows, out, first):
            if out[DROP_LOSS, first] > 0:
                last_drop = rows[DATE, first]
            first += 1
            continue
        last = first
        while last + 1 < length and rows[START, last + 1] == rows[DATE, last] and _is_elevated(rows, out, last + 1):
            last += 1
        episode, usual_loss = episodes[found], out[USUAL_LOSS, first]
        episode[BURST_DAYS] = _mark_late(rows, out, first, last)
        if _weigh(rows, out, first, last, episode):
            episode[LAST_DROP] = last_drop
            _course(rows, out, first, last, episode)
            episode[LOST_7] = _lost_within(rows, length, episode, usual_loss, float(DAYS_PER_WEEK))
            episode[LOST_30] = _lost_within(rows, length, episode, usual_loss, float(DAYS_PER_MONTH))
            episode[HALF_LIFE] = _half_life(rows, length, episode, usual_loss)
            episode[LOT_CLOSENESS] = _lot_closeness(episode[MASS], episode[MASS_NOISE])
            _explain(posts, episode)
            _compare_engagement(posts, episode, work)
            for index in range(first, last + 1):
                out[BURST, index] = found
            found += 1
        first = last + 1
    _after_bursts(rows, length, out, episodes, found)
    _restore_losses(rows, out, episodes, found)
    return found


@njit(cache=True, nogil=True)
def _after_bursts(rows: Any, length: Integer, out: Any, episodes: Any, found: Integer) -> None:
    """`days_after_burst`: from the end of the latest burst to the interval's start, null in it and before the first."""
    for number in range(found):
        until = int(episodes[number + 1, FIRST_ROW]) if number + 1 < found else length
        for index in range(int(episodes[number, FIRST_ROW]), until):
            since = rows[START, index] - episodes[number, BURST_END]
            out[DAYS_AFTER_BURST, index] = since if since >= 0 else NULL


@njit(cache=True, nogil=True)
def _restore_losses(rows: Any, out: Any, episodes: Any, found: Integer) -> None:
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
def _of_largest(episodes: Any, found: Integer, column: Integer) -> float:
    """The value of the largest burst that has one; of equal bursts, of the latest."""
    mass, value = -math.inf, NULL
    for number in range(found):
        if not math.isnan(episodes[number, column]) and episodes[number, MASS] >= mass:
            mass, value = episodes[number, MASS], episodes[number, column]
    return value


@njit(cache=True, nogil=True)
def _reversals(rows: Any, length: Integer, totals: Any) -> None:
    """Bulk moves of the accounts followed against the bulk move before, and how much of them was read."""
    direction = 0.0
    for index in range(length):
        change = rows[FOLLOWING_CHANGE, index]
        if math.isnan(change):
            continue
        totals[B_FOLLOWING_ROWS] += 1
        totals[B_FOLLOWING_DAYS] += rows[DAYS, index]
        if abs(change) >= max(FOLLOWING_MOVE * rows[FOLLOWING_BEFORE, index], FOLLOWING_MOVE_LEAST):
            sign = math.copysign(1.0, change)
            totals[B_FOLLOWING_REVERSALS] += sign == -direction
            direction = sign


@njit(cache=True, nogil=True)
def _sum_bursts(episodes: Any, found: Integer, totals: Any) -> None:
    """What the bursts of an account add up to."""
    for number in range(found):
        episode = episodes[number]
        if not math.isnan(episode[LOST_7]):
            totals[B_MASS_KNOWN_7] += episode[MASS]
            totals[B_MASS_LOST_7] += episode[MASS] * episode[LOST_7]
        if not math.isnan(episode[LOST_30]):
            totals[B_MASS_KNOWN_30] += episode[MASS]
            totals[B_MASS_LOST_30] += episode[MASS] * episode[LOST_30]
        if episode[DAILY_SPREAD] <= EVEN_SPREAD:
            totals[B_PLATEAU_DAYS] = max(totals[B_PLATEAU_DAYS], episode[BURST_DAYS])
            if episode[UNEXPLAINED_MASS] > 0:
                totals[B_PLATEAU_UNEXPLAINED_DAYS] = max(totals[B_PLATEAU_UNEXPLAINED_DAYS], episode[BURST_DAYS])
        if not math.isnan(episode[UNEXPLAINED_MASS]):
            totals[B_UNEXPLAINED_MASS] += episode[UNEXPLAINED_MASS]
        totals[B_REFILLS] += episode[BURST_START] - episode[LAST_DROP] <= REFILL_WINDOW
    for place in range(len(OF_LARGEST)):
        totals[B_HALF_LIFE + place] = _of_largest(episodes, found, OF_LARGEST[place])


@njit(cache=True, nogil=True)
def _burst_totals(rows: Any, out: Any, length: Integer, episodes: Any, found: Integer, totals: Any, work: Any) -> None:
    """`BURST_TOTALS` of one account."""
    _fill(totals, 0.0)
    totals[B_ROWS] = length
    if length == 0:
        return
    for index in range(length):
        work[0, index] = rows[DAYS, index]
        totals[B_DAYS] += rows[DAYS, index]
        totals[B_GAIN] += max(rows[CHANGE, index], 0.0)
        totals[B_DROP_LOSS] += out[DROP_LOSS, index]
        totals[B_DROP_SHARE] += out[DROP_LOSS, index] / rows[BEFORE, index]
        totals[B_RESTORED_LOSS] += out[RESTORED_LOSS, index]
        if not math.isnan(out[BURST, index]):
            totals[B_BURST_GAIN] += out[EXCESS, index]
        if not math.isnan(out[GAIN_WITH_POSTS, index]):
            totals[B_DAYS_WITH_POSTS] += rows[DAYS, index]
            totals[B_GAIN_WITH_POSTS] += out[GAIN_WITH_POSTS, index]
    totals[B_DAYS_MEDIAN] = _quantile(work[0], length, 0.5)
    _reversals(rows, length, totals)
    _sum_bursts(episodes, found, totals)


# --- all accounts -----------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _most(offsets: Any) -> Integer:
    """Rows of the account that has most."""
    most = 0
    for account in range(len(offsets) - 1):
        most = max(most, offsets[account + 1] - offsets[account])
    return most


@njit(cache=True, nogil=True)
def _longest_span(curves: Curves) -> Integer:
    """Days from the first to the last reading of the account whose readings span most."""
    offsets, days = curves.offsets, curves.days
    longest = 0
    for account in range(len(offsets) - 1):
        if offsets[account + 1] > offsets[account]:
            longest = max(longest, days[offsets[account + 1] - 1] - days[offsets[account]])
    return longest


@njit(cache=True, nogil=True)
def interval_rows(curves: Curves) -> tuple[Any, Any]:
    """Intervals of every account: how many each has, and their `INTERVAL_COLUMNS`."""
    accounts, most = len(curves.offsets) - 1, _most(curves.offsets)
    kept, rows = np.empty(most, np.int64), np.empty((len(INTERVAL_COLUMNS), most))
    lengths, out = np.empty(accounts, np.int64), np.empty((len(INTERVAL_COLUMNS), len(curves.counts)))
    total = np.int64(0)
    for account in range(accounts):
        length = _intervals(curves, account, kept, rows)
        _keep(rows, length, out, total)
        lengths[account] = length
        total += length
    return lengths, out[:, :total]


DAILY, WEEKLY, MONTHLY, STEADY, BURSTS = range(5)
"""Places of the rows in what `walk` returns; `STEADY` are the intervals of at most ten days."""


@njit(cache=True, nogil=True)
def walk(curves: Curves, observed_posts: Posts, keeps_rows: Any) -> tuple[Any, Any, Any]:
    """Totals of every account over its intervals, days, weeks, months and bursts, and the rows if they are asked for.

    The readings and the posts are of the same accounts. `keeps_rows`: whether the rows are kept; the totals need those
    of one account at a time.

    Returns:
        A row an account of `INTERVAL_TOTALS`, `DAY_TOTALS`, `WEEK_TOTALS`, `MOVEMENT_TOTALS` (of months) and
        `BURST_TOTALS`; how many rows each account has; and the rows, a column each: `DAY_COLUMNS`, `PERIOD_COLUMNS` of
        weeks and of months, `BURST_COLUMNS` and `EPISODE_COLUMNS`, in which rows and bursts count over all accounts.
    """
    accounts, most, most_posts = len(curves.offsets) - 1, _most(curves.offsets), _most(observed_posts.offsets)
    span = _longest_span(curves)
    widest = max(most, most_posts, span // DAYS_PER_WEEK + 1, DAYS_PER_WEEK)
    kept, marks, work = np.empty(most, np.int64), np.zeros(span + 1, np.int8), np.empty((4, widest))
    rows, short = np.empty((len(INTERVAL_COLUMNS), most)), np.empty((len(INTERVAL_COLUMNS), most))
    own, episodes = np.empty((len(POST_COLUMNS), most_posts)), np.empty((most, len(EPISODE_COLUMNS)))
    row = np.empty((max(len(DAY_COLUMNS), len(PERIOD_COLUMNS), len(BURST_COLUMNS)), widest))

    room = len(curves.counts) if keeps_rows else 0
    lengths = np.zeros((5, accounts), np.int64)
    totals = (
        np.empty((accounts, len(INTERVAL_TOTALS))),
        np.empty((accounts, len(DAY_TOTALS))),
        np.empty((accounts, len(WEEK_TOTALS))),
        np.empty((accounts, len(MOVEMENT_TOTALS))),
        np.empty((accounts, len(BURST_TOTALS))),
    )
    periods = _periods_at_most(curves) if keeps_rows else 0
    out = (
        np.empty((len(DAY_COLUMNS), room)),
        np.empty((len(PERIOD_COLUMNS), periods)),
        np.empty((len(PERIOD_COLUMNS), periods)),
        np.empty((len(BURST_COLUMNS), room)),
        np.empty((len(EPISODE_COLUMNS), room)),
    )
    ends = np.zeros(5, np.int64)
    for account in range(accounts):
        length = _intervals(curves, account, kept, rows)
        newest_day = rows[DATE, length - 1] if length > 0 else NULL
        posts = _own_posts(observed_posts, account, own, work)
        _interval_totals(rows, length, totals[0][account])

        part, found = _up_to(rows, length, 1.0, short)
        _days(part, found, newest_day, posts, row, marks, work)
        _day_totals(part, row, found, totals[1][account], work)
        lengths[DAILY, account] = found
        if keeps_rows:
            _keep(row[: len(DAY_COLUMNS)], found, out[0], ends[DAILY])

        part, found = _up_to(rows, length, float(LONGEST_MONTH_INTERVAL), short)
        found = _periods(part, found, newest_day, float(DAYS_PER_MONTH), row)
        _month_totals(row, found, totals[3][account], work)
        lengths[MONTHLY, account] = found
        if keeps_rows:
            _keep(row[: len(PERIOD_COLUMNS)], found, out[2], ends[MONTHLY])

        part, steady = _up_to(rows, length, float(LONGEST_SHORT_INTERVAL), short)
        found = _periods(part, steady, newest_day, float(DAYS_PER_WEEK), row)
        _shift_zscores(row, found, work)
        _weekly_engagement(row, found, newest_day, posts, work)
        _week_totals(row, found, totals[2][account], work)
        lengths[WEEKLY, account] = found
        if keeps_rows:
            _keep(row[: len(PERIOD_COLUMNS)], found, out[1], ends[WEEKLY])

        found = _bursts(part, steady, posts, row, episodes, work)
        _burst_totals(part, row, steady, episodes, found, totals[4][account], work)
        lengths[STEADY, account] = steady
        lengths[BURSTS, account] = found
        if keeps_rows:
            _keep(row[: len(BURST_COLUMNS)], steady, out[3], ends[STEADY])
            _keep_bursts(episodes, found, steady, out, ends)
        for place in range(len(ends)):
            ends[place] += lengths[place, account]
    return totals, lengths, out


@njit(cache=True, nogil=True)
def _periods_at_most(curves: Curves) -> Integer:
    """No account has more weeks than fit between its first and its last reading."""
    offsets, days = curves.offsets, curves.days
    weeks = 0
    for account in range(len(offsets) - 1):
        if offsets[account + 1] > offsets[account]:
            weeks += (days[offsets[account + 1] - 1] - days[offsets[account]]) // DAYS_PER_WEEK
    return weeks


@njit(cache=True, nogil=True)
def _keep_bursts(episodes: Any, found: Integer, steady: Integer, out: Any, ends: Any) -> None:
    """Copy the bursts of an account; rows and bursts of the accounts before it are added to the numbers."""
    for index in range(steady):
        out[3][BURST, ends[STEADY] + index] += ends[BURSTS]
    for number in range(found):
        place = ends[BURSTS] + number
        for column in range(len(EPISODE_COLUMNS)):
            out[4][column, place] = episodes[number, column]
        out[4][FIRST_ROW, place] += ends[STEADY]
        out[4][LAST_ROW, place] += ends[STEADY]
