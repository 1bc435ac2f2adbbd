"""Medians, ranks, groups and digits of an account's posts.

Every kernel takes `starts`, the first row of each account that has rows and, last, the number of all rows, and columns
of that length, NaN where a count is not known; what it returns has one entry per row again. Rows stand in order of
publication within an account.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Codes = NDArray[np.uint32]
Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

BASE = 10
"""Of the digits."""


@njit(cache=True, nogil=True)
def _quantile(ordered: Numbers, level: float) -> float:
    """Quantile of sorted numbers, linear between two of them, in the arithmetic of polars; NaN of none."""
    if len(ordered) == 0:
        return math.nan
    place = (len(ordered) - 1) * level
    below, above = ordered[int(place)], ordered[math.ceil(place)]
    between: float = below if below == above else (place - int(place)) * (above - below) + below
    return between


@njit(cache=True, nogil=True)
def _known(values: Numbers, order: Integers, start: int, end: int, buffer: Numbers) -> Numbers:
    """The numbers among an account's rows, in the order given, in `buffer`."""
    size = 0
    for place in range(start, end):
        value = values[order[place]]
        if not math.isnan(value):
            buffer[size] = value
            size += 1
    return buffer[:size]


@njit(cache=True, nogil=True)
def sorted_rows(starts: Integers, values: Numbers) -> Integers:
    """The numbers of the rows, account after account, by rising value; those without a value last.

    The work grows with the square of an account's rows: meant for `NEWEST_POSTS` of them.
    """
    order, buffer = np.empty(starts[-1], np.int64), np.empty(starts[-1])
    taken = np.zeros(starts[-1], np.int64)
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        size = end - start
        for each in range(size):
            value = values[start + each]
            buffer[each] = math.inf if math.isnan(value) else value
        for each in range(size):
            # To count what is below takes vector instructions, and a third of the time of any sort of so few.
            below = np.int64(0)
            for other in range(size):
                below += np.int64(buffer[other] < buffer[each])
            place = start + below
            order[place + taken[place]] = start + each
            taken[place] += 1
    return order


@njit(cache=True, nogil=True)
def kinds(starts: Integers, kind: Integers) -> Integers:
    """The kinds of an account's rows numbered from 0 as they come, so that they are few and follow each other."""
    numbered = np.empty(starts[-1], np.int64)
    seen = np.empty(starts[-1], np.int64)
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        size = 0
        for row in range(start, end):
            number = 0
            while number < size and seen[number] != kind[row]:
                number += 1
            if number == size:
                seen[size] = kind[row]
                size += 1
            numbered[row] = number
    return numbered


@njit(cache=True, nogil=True)
def newest_rows(starts: Integers, instant: Integers, most: int) -> Integers:
    """Numbers of the rows of each account's `most` newest instants, the oldest first; equal ones keep their order."""
    rows = np.empty(starts[-1], np.int64)
    size = 0
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        order = np.argsort(instant[start:end], kind="mergesort")
        for each in order[max(0, end - start - most) :]:
            rows[size] = start + each
            size += 1
    return rows[:size]


@njit(cache=True, nogil=True)
def ages(starts: Integers) -> tuple[Integers, Integers]:
    """0 for the newest row of an account, 1 for the one before, and the number of its rows."""
    rank, rows = np.empty(starts[-1], np.int64), np.empty(starts[-1], np.int64)
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        for row in range(start, end):
            rank[row] = end - 1 - row
            rows[row] = end - start
    return rank, rows


@njit(cache=True, nogil=True)
def any_above_zero(starts: Integers, values: Numbers) -> Flags:
    """Whether any of the account's values is above zero."""
    found = np.zeros(starts[-1], np.bool_)
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        above = False
        for row in range(start, end):
            above |= values[row] > 0
        found[start:end] = above
    return found


@njit(cache=True, nogil=True)
def tenths(starts: Integers, values: Numbers, order: Integers) -> tuple[Numbers, Numbers, Numbers]:
    """Tenth percentile, median and ninetieth percentile of the account's values; `order` are the rows sorted by it."""
    low, middle, high = np.empty(starts[-1]), np.empty(starts[-1]), np.empty(starts[-1])
    buffer = np.empty(starts[-1])
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        known = _known(values, order, start, end, buffer)
        low[start:end] = _quantile(known, 0.1)
        middle[start:end] = _quantile(known, 0.5)
        high[start:end] = _quantile(known, 0.9)
    return low, middle, high


@njit(cache=True, nogil=True)
def median(starts: Integers, values: Numbers, order: Integers) -> Numbers:
    """Median of the account's values; `order` are the rows sorted by it."""
    middle, buffer = np.empty(starts[-1]), np.empty(starts[-1])
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        middle[start:end] = _quantile(_known(values, order, start, end, buffer), 0.5)
    return middle


@njit(cache=True, nogil=True)
def median_where(starts: Integers, values: Numbers, order: Integers, chosen: Flags) -> Numbers:
    """Median of the account's values in the chosen rows; `order` are the rows sorted by value."""
    middle, buffer = np.empty(starts[-1]), np.empty(starts[-1])
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        size = 0
        for row in order[start:end]:
            if chosen[row] and not math.isnan(values[row]):
                buffer[size] = values[row]
                size += 1
        middle[start:end] = _quantile(buffer[:size], 0.5)
    return middle


@njit(cache=True, nogil=True)
def rows_where(starts: Integers, chosen: Flags) -> Integers:
    """How many rows of the account are chosen."""
    rows = np.empty(starts[-1], np.int64)
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        rows[start:end] = chosen[start:end].sum()
    return rows


@njit(cache=True, nogil=True)
def usual_of_kind(
    starts: Integers, kind: Integers, values: Numbers, order: Integers, fewest: int
) -> tuple[Numbers, Numbers]:
    """Median and mean of the account's values of the row's kind, or of all its values where too few are of that.

    `kind` as `kinds` numbers them; `order` are the rows sorted by value.
    """
    medians, means = np.empty(starts[-1]), np.empty(starts[-1])
    buffer, of_kind = np.empty(starts[-1]), np.empty(starts[-1])
    firsts, ends = np.empty(starts[-1] + 1, np.int64), np.empty(starts[-1] + 1, np.int64)
    of_kinds = np.empty((2, starts[-1] + 1))
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        most = kind[start:end].max() + 1
        firsts[: most + 1] = 0
        for row in range(start, end):
            firsts[kind[row] + 1] += not math.isnan(values[row])
        for each in range(most):
            firsts[each + 1] += firsts[each]
        ends[:most] = firsts[:most]
        for row in order[start:end]:
            if not math.isnan(values[row]):
                of_kind[ends[kind[row]]] = values[row]
                ends[kind[row]] += 1
        for each in range(most):
            known = of_kind[firsts[each] : ends[each]]
            if len(known) < fewest:
                known = _known(values, order, start, end, buffer)
            of_kinds[0, each], of_kinds[1, each] = _quantile(known, 0.5), _mean(known)
        for row in range(start, end):
            medians[row], means[row] = of_kinds[0, kind[row]], of_kinds[1, kind[row]]
    return medians, means


@njit(cache=True, nogil=True)
def _mean(known: Numbers) -> float:
    total = 0.0
    for each in known:
        total += each
    return total / len(known) if len(known) > 0 else math.nan


@njit(cache=True, nogil=True)
def in_upper_group(starts: Integers, value: Numbers, order: Integers, smallest_share: float) -> Numbers:
    """1 where a row is in the higher of the two groups that its account's values fall into best; else 0 (Otsu).

    The cut makes the variance between the groups largest, where each has `smallest_share` of the values. NaN without
    a value, or where no cut leaves enough. `order` are the rows sorted by value.
    """
    is_upper, buffer = np.full(starts[-1], math.nan), np.empty(starts[-1])
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        known = _known(value, order, start, end, buffer)
        cut = _best_cut(known, smallest_share * len(known))
        for row in range(start, end):
            if cut > 0 and not math.isnan(value[row]):
                is_upper[row] = value[row] >= known[cut]
    return is_upper


@njit(cache=True, nogil=True)
def after_step(starts: Integers, value: Numbers, smallest_share: float) -> Numbers:
    """1 where a row comes after the cut in time that divides its account's values best; else 0. As `in_upper_group`."""
    is_after, buffer = np.full(starts[-1], math.nan), np.empty(starts[-1])
    rows = np.arange(starts[-1])
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        known = _known(value, rows, start, end, buffer)
        cut = _best_cut(known, smallest_share * len(known))
        place = 0
        for row in range(start, end):
            if cut > 0 and not math.isnan(value[row]):
                is_after[row] = place >= cut
                place += 1
    return is_after


@njit(cache=True, nogil=True)
def _best_cut(value: Numbers, fewest: float) -> int:
    """Place of the first value of the later group; 0 where no cut leaves so many on either side."""
    total = earlier = 0.0
    for each in value:
        total += each
    cut, most = 0, -1.0
    for below in range(1, len(value)):
        earlier += value[below - 1]
        above = len(value) - below
        if below >= fewest and above >= fewest:
            apart = (total - earlier) / above - earlier / below
            between = apart**2 * below * above
            if between > most:
                cut, most = below, between
    return cut


@njit(cache=True, nogil=True)
def rank_relation(
    starts: Integers, first: Numbers, first_order: Integers, second: Numbers, second_order: Integers
) -> tuple[Numbers, Numbers]:
    """Product of the two ranks' deviations from their means, among rows that have both, and what scales their sum.

    The scale is the root of the product of the two sums of squared deviations, one for all rows of an account: the
    account's products sum to Spearman's correlation times it. Each order are the rows sorted by the value.
    """
    product, scale = np.full(starts[-1], math.nan), np.empty(starts[-1])
    one, other = np.empty(starts[-1]), np.empty(starts[-1])
    rows = np.empty(starts[-1], np.int64)
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        _rank(first, first_order[start:end], second, rows, one)
        size = _rank(second, second_order[start:end], first, rows, other)
        squares_one = squares_other = 0.0
        for row in rows[:size]:
            product[row] = one[row] * other[row]
            squares_one += one[row] ** 2
            squares_other += other[row] ** 2
        scale[start:end] = math.sqrt(squares_one * squares_other)
    return product, scale


@njit(cache=True, nogil=True)
def _rank(values: Numbers, order: Integers, beside: Numbers, rows: Integers, rank: Numbers) -> int:
    """Into `rank` of each row with both values its rank less the mean rank, ties sharing theirs; into `rows` the rows.

    Returns how many rows have both.
    """
    size = 0
    for row in order:
        if not (math.isnan(values[row]) or math.isnan(beside[row])):
            rows[size] = row
            size += 1
    tied = 0
    while tied < size:
        above = tied
        while above < size and values[rows[above]] == values[rows[tied]]:
            above += 1
        for row in rows[tied:above]:
            rank[row] = 0.5 * (tied + above - size)
        tied = above
    return size


@njit(cache=True, nogil=True)
def less_mean(starts: Integers, values: Numbers) -> Numbers:
    """Each value less the mean of the account's."""
    left, buffer = np.empty(starts[-1]), np.empty(starts[-1])
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        size = 0
        for row in range(start, end):
            if not math.isnan(values[row]):
                buffer[size] = values[row]
                size += 1
        mean = _mean(buffer[:size])
        for row in range(start, end):
            left[row] = values[row] - mean
    return left


@njit(cache=True, nogil=True)
def value_before(starts: Integers, values: Numbers) -> Numbers:
    """The value of the account's nearest earlier row that has one."""
    before = np.empty(starts[-1])
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        last = math.nan
        for row in range(start, end):
            before[row] = last
            last = last if math.isnan(values[row]) else values[row]
    return before


@njit(cache=True, nogil=True)
def _middle(values: Numbers, buffer: Numbers) -> float:
    """Median of a few numbers."""
    for each in range(len(values)):
        place = each
        while place > 0 and buffer[place - 1] > values[each]:
            buffer[place] = buffer[place - 1]
            place -= 1
        buffer[place] = values[each]
    return _quantile(buffer[: len(values)], 0.5)


@njit(cache=True, nogil=True)
def block_steps(starts: Integers, values: Numbers, block: int) -> Numbers:
    """Median of the `block` values that end with a row, less that of as many before them; rows without value left out.

    NaN at the first rows of an account, which have no two blocks behind them.
    """
    steps, buffer = np.full(starts[-1], math.nan), np.empty(block)
    medians, rows = np.empty(starts[-1]), np.empty(starts[-1], np.int64)
    kept = np.empty(starts[-1])
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        size = 0
        for row in range(start, end):
            if not math.isnan(values[row]):
                kept[size], rows[size] = values[row], row
                size += 1
        for each in range(block - 1, size):
            medians[each] = _middle(kept[each - block + 1 : each + 1], buffer)
            if each >= 2 * block - 1:
                steps[rows[each]] = medians[each] - medians[each - block]
    return steps


@njit(cache=True, nogil=True)
def nearest_reading(
    account: Codes, instant: Integers, reading_account: Codes, reading_instant: Integers, reading: Integers, within: int
) -> Numbers:
    """The reading nearest to each row of the same account, the later of two as near; NaN where none is so near.

    Rows and readings are ordered by account and instant; readings of zero are none.
    """
    nearest = np.full(len(account), math.nan)
    before, after = -1, 0
    for row in range(len(account)):
        if row == 0 or account[row] != account[row - 1]:
            before = -1
            while after < len(reading) and reading_account[after] < account[row]:
                after += 1
        while (
            after < len(reading)
            and reading_account[after] == account[row]
            and (reading[after] == 0 or reading_instant[after] <= instant[row])
        ):
            if reading[after] > 0:
                before = after
            after += 1
        distance = within + 1
        if before >= 0:
            distance = instant[row] - reading_instant[before]
            if distance <= within:
                nearest[row] = reading[before]
        if after < len(reading) and reading_account[after] == account[row]:
            ahead = reading_instant[after] - instant[row]
            if ahead <= within and ahead <= distance:
                nearest[row] = reading[after]
    return nearest


@njit(cache=True, nogil=True)
def last_digits(
    starts: Integers, counts: Numbers, fewest: int, most: int, step: int
) -> tuple[Integers, Integers, Integers, Integers]:
    """Of each row's counts, those from `fewest` to `most`: how many, multiples of `step`, of ten, and of like ending.

    The last is, for each of them, the number of the account's such counts with the same last digit, summed. `counts`
    has a row per kind of count and a column per row of the frame.
    """
    exact, stepped = np.zeros(starts[-1], np.int64), np.zeros(starts[-1], np.int64)
    tens, alike = np.zeros(starts[-1], np.int64), np.zeros(starts[-1], np.int64)
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        endings = np.zeros(BASE, np.int64)
        for each in counts:
            for row in range(start, end):
                if fewest <= each[row] <= most:
                    count = int(each[row])
                    endings[count % BASE] += 1
                    exact[row] += 1
                    stepped[row] += count % step == 0
                    tens[row] += count % BASE == 0
        for each in counts:
            for row in range(start, end):
                if fewest <= each[row] <= most:
                    alike[row] += endings[int(each[row]) % BASE]
    return exact, stepped, tens, alike


@njit(cache=True, nogil=True)
def first_digits(counts: Numbers, is_judged: Flags) -> Numbers:
    """First digit of the counts that are judged; NaN of the others."""
    digits = np.full(len(counts), math.nan)
    for row in range(len(counts)):
        if is_judged[row]:
            left = int(counts[row])
            while left >= BASE:
                left //= BASE
            digits[row] = left
    return digits


@njit(cache=True, nogil=True)
def same_first_digit(starts: Integers, digits: Numbers, shares: Numbers) -> tuple[Integers, Numbers]:
    """How many first digits a row has and, for each, the account's of that digit over the digit's share, summed.

    `digits` has a row per kind of count and a column per row of the frame, NaN where not judged; `shares` are those
    expected of the digits 1 to 9.
    """
    judged, alike = np.zeros(starts[-1], np.int64), np.zeros(starts[-1])
    for group in range(len(starts) - 1):
        start, end = starts[group], starts[group + 1]
        found = np.zeros(BASE, np.int64)
        for each in digits:
            for row in range(start, end):
                if not math.isnan(each[row]):
                    found[int(each[row])] += 1
                    judged[row] += 1
        for each in digits:
            for row in range(start, end):
                if not math.isnan(each[row]):
                    digit = int(each[row])
                    alike[row] += found[digit] / shares[digit - 1]
    return judged, alike
