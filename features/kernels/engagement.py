"""Medians, ranks, groups and digits of an account's posts.

Every kernel takes `account`, the account's code of each row (sorted), and columns of the same length, NaN where a
count is not known; what it returns has one entry per row again. Rows stand in order of publication within an account.
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
def _end(account: Codes, start: int) -> int:
    """First row after those of the account that begins at `start`."""
    end = start
    while end < len(account) and account[end] == account[start]:
        end += 1
    return end


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
def _known(values: Numbers, start: int, end: int, buffer: Numbers) -> Numbers:
    """The numbers among some rows, sorted, in `buffer`."""
    size = 0
    for row in range(start, end):
        if not math.isnan(values[row]):
            # Insertion: the rows of one account are few.
            place = size
            while place > 0 and buffer[place - 1] > values[row]:
                buffer[place] = buffer[place - 1]
                place -= 1
            buffer[place] = values[row]
            size += 1
    return buffer[:size]


@njit(cache=True, nogil=True)
def newest_rows(account: Codes, instant: Integers, most: int) -> Integers:
    """Numbers of the rows of each account's `most` newest instants, the oldest first; equal ones keep their order."""
    rows = np.empty(len(account), np.int64)
    size = start = 0
    while start < len(account):
        end = _end(account, start)
        order = np.argsort(instant[start:end], kind="mergesort")
        for each in order[max(0, end - start - most) :]:
            rows[size] = start + each
            size += 1
        start = end
    return rows[:size]


@njit(cache=True, nogil=True)
def ages(account: Codes) -> tuple[Integers, Integers]:
    """0 for the newest row of an account, 1 for the one before, and the number of its rows."""
    rank, rows = np.empty(len(account), np.int64), np.empty(len(account), np.int64)
    start = 0
    while start < len(account):
        end = _end(account, start)
        for row in range(start, end):
            rank[row] = end - 1 - row
            rows[row] = end - start
        start = end
    return rank, rows


@njit(cache=True, nogil=True)
def any_above_zero(account: Codes, values: Numbers) -> Flags:
    """Whether any of the account's values is above zero."""
    found = np.zeros(len(account), np.bool_)
    start = 0
    while start < len(account):
        end = _end(account, start)
        above = False
        for row in range(start, end):
            above |= values[row] > 0
        found[start:end] = above
        start = end
    return found


@njit(cache=True, nogil=True)
def tenths(account: Codes, values: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Tenth percentile, median and ninetieth percentile of the account's values."""
    low, middle, high = np.empty(len(account)), np.empty(len(account)), np.empty(len(account))
    buffer = np.empty(len(account))
    start = 0
    while start < len(account):
        end = _end(account, start)
        known = _known(values, start, end, buffer)
        low[start:end] = _quantile(known, 0.1)
        middle[start:end] = _quantile(known, 0.5)
        high[start:end] = _quantile(known, 0.9)
        start = end
    return low, middle, high


@njit(cache=True, nogil=True)
def median(account: Codes, values: Numbers) -> Numbers:
    """Median of the account's values."""
    middle, buffer = np.empty(len(account)), np.empty(len(account))
    start = 0
    while start < len(account):
        end = _end(account, start)
        middle[start:end] = _quantile(_known(values, start, end, buffer), 0.5)
        start = end
    return middle


@njit(cache=True, nogil=True)
def usual_of_kind(account: Codes, kind: Integers, values: Numbers, fewest: int) -> tuple[Numbers, Numbers]:
    """Median and mean of the account's values of the row's kind, or of all its values where too few are of that."""
    medians, means = np.full(len(account), math.nan), np.full(len(account), math.nan)
    buffer, same = np.empty(len(account)), np.empty(len(account))
    is_done = np.zeros(len(account), np.bool_)
    start = 0
    while start < len(account):
        end = _end(account, start)
        for first in range(start, end):
            if is_done[first]:
                continue
            for row in range(first, end):
                same[row] = values[row] if kind[row] == kind[first] else math.nan
            known = _known(same, first, end, buffer)
            if len(known) < fewest:
                known = _known(values, start, end, buffer)
            median_here, mean_here = _quantile(known, 0.5), _mean(known)
            for row in range(first, end):
                if kind[row] == kind[first]:
                    medians[row], means[row], is_done[row] = median_here, mean_here, True
        start = end
    return medians, means


@njit(cache=True, nogil=True)
def _mean(known: Numbers) -> float:
    total = 0.0
    for each in known:
        total += each
    return total / len(known) if len(known) > 0 else math.nan


@njit(cache=True, nogil=True)
def in_later_group(account: Codes, order: Numbers, value: Numbers, smallest_share: float) -> Numbers:
    """1 where a row is in the later, by `order`, of the two groups that its account's rows fall into best; else 0.

    The cut makes the variance of the value between the groups largest, where each has `smallest_share` of the rows.
    `order` rises from row to row, or is the value itself. NaN without a value, or where no cut leaves enough.
    """
    is_later, buffer = np.full(len(account), math.nan), np.empty(len(account))
    places = np.empty(len(account))
    start = 0
    while start < len(account):
        end = _end(account, start)
        size = 0
        for row in range(start, end):
            if not math.isnan(value[row]):
                place = size
                while place > 0 and places[place - 1] > order[row]:
                    places[place], buffer[place] = places[place - 1], buffer[place - 1]
                    place -= 1
                places[place], buffer[place] = order[row], value[row]
                size += 1
        cut = _best_cut(places[:size], buffer[:size], smallest_share * size)
        for row in range(start, end):
            if not math.isnan(value[row]) and not math.isnan(cut):
                is_later[row] = order[row] >= cut
        start = end
    return is_later


@njit(cache=True, nogil=True)
def _best_cut(order: Numbers, value: Numbers, fewest: float) -> float:
    """Order of the first row of the later group; NaN where no cut leaves so many on either side."""
    total = earlier = 0.0
    for each in value:
        total += each
    cut, most = math.nan, -1.0
    for below in range(1, len(value)):
        earlier += value[below - 1]
        above = len(value) - below
        if below >= fewest and above >= fewest:
            apart = (total - earlier) / above - earlier / below
            between = apart**2 * below * above
            if between > most:
                cut, most = order[below], between
    return cut


@njit(cache=True, nogil=True)
def rank_relation(account: Codes, first: Numbers, second: Numbers) -> tuple[Numbers, Numbers]:
    """Product of the two ranks' deviations from their means, among rows that have both, and what scales their sum.

    The scale is the root of the product of the two sums of squared deviations, one for all rows of an account: the
    account's products sum to Spearman's correlation times it.
    """
    product, scale = np.full(len(account), math.nan), np.full(len(account), math.nan)
    one, other = np.empty(len(account)), np.empty(len(account))
    rows = np.empty(len(account), np.int64)
    start = 0
    while start < len(account):
        end = _end(account, start)
        size = 0
        for row in range(start, end):
            if not (math.isnan(first[row]) or math.isnan(second[row])):
                one[size], other[size], rows[size] = first[row], second[row], row
                size += 1
        squares_one = squares_other = 0.0
        for each in range(size):
            here = _rank_from_middle(one[:size], one[each])
            there = _rank_from_middle(other[:size], other[each])
            product[rows[each]] = here * there
            squares_one += here * here
            squares_other += there * there
        scale[start:end] = math.sqrt(squares_one * squares_other)
        start = end
    return product, scale


@njit(cache=True, nogil=True)
def _rank_from_middle(values: Numbers, value: float) -> float:
    """Rank of a value among some, ties sharing the mean of their ranks, less the mean rank."""
    # Sums of comparisons, which the compiler turns into vector instructions: faster than to sort so few.
    below = above = 0
    for each in values:
        below += each < value
        above += each > value
    return 0.5 * (below - above)


@njit(cache=True, nogil=True)
def less_mean(account: Codes, values: Numbers) -> Numbers:
    """Each value less the mean of the account's."""
    left, buffer = np.empty(len(account)), np.empty(len(account))
    start = 0
    while start < len(account):
        end = _end(account, start)
        size = 0
        for row in range(start, end):
            if not math.isnan(values[row]):
                buffer[size] = values[row]
                size += 1
        mean = _mean(buffer[:size])
        for row in range(start, end):
            left[row] = values[row] - mean
        start = end
    return left


@njit(cache=True, nogil=True)
def value_before(account: Codes, values: Numbers) -> Numbers:
    """The value of the account's nearest earlier row that has one."""
    before = np.full(len(account), math.nan)
    for row in range(1, len(account)):
        if account[row] == account[row - 1]:
            before[row] = before[row - 1] if math.isnan(values[row - 1]) else values[row - 1]
    return before


@njit(cache=True, nogil=True)
def block_steps(account: Codes, values: Numbers, block: int) -> Numbers:
    """Median of the `block` values that end with a row, less that of as many before them; rows without value left out.

    NaN at the first rows of an account, which have no two blocks behind them.
    """
    steps, buffer = np.full(len(account), math.nan), np.empty(block)
    medians, rows = np.empty(len(account)), np.empty(len(account), np.int64)
    kept = np.empty(len(account))
    start = 0
    while start < len(account):
        end = _end(account, start)
        size = 0
        for row in range(start, end):
            if not math.isnan(values[row]):
                kept[size], rows[size] = values[row], row
                size += 1
        for each in range(block - 1, size):
            medians[each] = _quantile(_known(kept, each - block + 1, each + 1, buffer), 0.5)
            if each >= 2 * block - 1:
                steps[rows[each]] = medians[each] - medians[each - block]
        start = end
    return steps


@njit(cache=True, nogil=True)
def nearest_reading(
    account: Codes, instant: Integers, reading_account: Codes, reading_instant: Integers, reading: Numbers, within: int
) -> Numbers:
    """The reading nearest to each row of the same account, the later of two as near; NaN where none is so near.

    Rows and readings are ordered by account and instant; readings of NaN are none.
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
            and (math.isnan(reading[after]) or reading_instant[after] <= instant[row])
        ):
            if not math.isnan(reading[after]):
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
def same_last_digit(account: Codes, counts: Numbers, fewest: int, most: int) -> Integers:
    """Per row, over its columns of counts: for each from `fewest` to `most`, the account's such counts of like ending.

    `counts` is (columns, rows).
    """
    alike = np.zeros(len(account), np.int64)
    start = 0
    while start < len(account):
        end = _end(account, start)
        endings = np.zeros(BASE, np.int64)
        for column in range(len(counts)):
            for row in range(start, end):
                if fewest <= counts[column, row] <= most:
                    endings[int(counts[column, row]) % BASE] += 1
        for column in range(len(counts)):
            for row in range(start, end):
                if fewest <= counts[column, row] <= most:
                    alike[row] += endings[int(counts[column, row]) % BASE]
        start = end
    return alike


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
def same_first_digit(account: Codes, digits: Numbers, shares: Numbers) -> Numbers:
    """Per row, over its columns of first digits: for each, the account's counts of that digit over the digit's share.

    `digits` is (columns, rows), NaN where not judged; `shares` those expected of the digits 1 to 9.
    """
    alike = np.zeros(len(account))
    start = 0
    while start < len(account):
        end = _end(account, start)
        found = np.zeros(BASE, np.int64)
        for column in range(len(digits)):
            for row in range(start, end):
                if not math.isnan(digits[column, row]):
                    found[int(digits[column, row])] += 1
        for column in range(len(digits)):
            for row in range(start, end):
                if not math.isnan(digits[column, row]):
                    digit = int(digits[column, row])
                    alike[row] += found[digit] / shares[digit - 1]
        start = end
    return alike
