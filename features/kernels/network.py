"""Kernels of the network: ids to numbers, who comments how often, who comes when, who meets whom."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Integers = NDArray[np.int64]
Counts = NDArray[np.uint32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_WORD = 8
"""Bytes that SipHash takes at a time."""

_SMALLEST_TABLE = 64
"""Slots of a hash table at the least; a power of two, like all of its sizes."""

_FEW = 24
"""Rows up to which sorting by insertion is the fastest."""


@njit(cache=True, nogil=True)
def _turned(value: np.uint64, bits: int) -> np.uint64:
    return (value << np.uint64(bits)) | (value >> np.uint64(64 - bits))


@njit(cache=True, nogil=True)
def _mixed(a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    a += b
    c += d
    b = _turned(b, 13) ^ a
    d = _turned(d, 16) ^ c
    a = _turned(a, 32)
    c += b
    a += d
    b = _turned(b, 17) ^ c
    d = _turned(d, 21) ^ a
    c = _turned(c, 32)
    return a, b, c, d


@njit(cache=True, nogil=True)
def _siphash(data: NDArray[np.uint8], start: int, end: int, low: np.uint64, high: np.uint64) -> np.uint64:
    a = low ^ np.uint64(0x736F6D6570736575)
    b = high ^ np.uint64(0x646F72616E646F6D)
    c = low ^ np.uint64(0x6C7967656E657261)
    d = high ^ np.uint64(0x7465646279746573)
    place = start
    while place + _WORD <= end:
        word = np.uint64(0)
        for byte in range(_WORD):
            word |= np.uint64(data[place + byte]) << np.uint64(8 * byte)
        d ^= word
        for _ in range(2):
            a, b, c, d = _mixed(a, b, c, d)
        a ^= word
        place += _WORD
    word = np.uint64((end - start) & 0xFF) << np.uint64(56)
    for byte in range(end - place):
        word |= np.uint64(data[place + byte]) << np.uint64(8 * byte)
    d ^= word
    for _ in range(2):
        a, b, c, d = _mixed(a, b, c, d)
    a ^= word
    c ^= np.uint64(0xFF)
    for _ in range(4):
        a, b, c, d = _mixed(a, b, c, d)
    return a ^ b ^ c ^ d


@njit(cache=True, nogil=True)
def siphashes(data: NDArray[np.uint8], offsets: Integers, key_of: Counts, keys: Hashes) -> Hashes:
    """SipHash-2-4 (Aumasson and Bernstein 2012) of each text.

    Args:
        data: bytes of all texts, one after the other; read only, as Arrow gives them.
        offsets: where each text begins, and the end of the last; read only.
        key_of: row of `keys` for each text.
        keys: the 128-bit keys, each as its two little-endian halves.
    """
    found = np.empty(len(key_of), np.uint64)
    for text in range(len(key_of)):
        key = key_of[text]
        found[text] = _siphash(data, offsets[text], offsets[text + 1], keys[key, 0], keys[key, 1])
    return found


@njit(cache=True, nogil=True)
def distinct(starts: Integers, ids: Hashes, takes_part: Flags) -> tuple[Integers, Counts, Counts, Integers]:
    """The different ids of each account, numbered through in the order in which they are first seen.

    Args:
        starts: first row of each account, and the number of rows.
        ids: hashes; their low bits must be spread evenly.
        takes_part: rows that are looked at.

    Returns:
        The number of each row's id, -1 where it takes no part; of each number the first row within the account and the
        number of rows; of each account how many numbers it has.
    """
    number_of = np.full(len(ids), -1, np.int64)
    first = np.empty(len(ids), np.uint32)
    rows = np.zeros(len(ids), np.uint32)
    value = np.empty(len(ids), np.uint64)
    numbers_of = np.zeros(len(starts) - 1, np.int64)
    table = np.empty(_SMALLEST_TABLE, np.int64)
    numbers = 0
    for account in range(len(starts) - 1):
        begin, end = starts[account], starts[account + 1]
        slots = _SMALLEST_TABLE
        while slots < 2 * (end - begin):
            slots *= 2
        if slots > len(table):
            table = np.empty(slots, np.int64)
        table[:slots] = -1
        before = numbers
        for row in range(begin, end):
            if not takes_part[row]:
                continue
            slot = np.int64(ids[row] & np.uint64(slots - 1))
            while table[slot] >= 0 and value[table[slot]] != ids[row]:
                slot = (slot + 1) & (slots - 1)
            if table[slot] < 0:
                table[slot] = numbers
                value[numbers] = ids[row]
                first[numbers] = row - begin
                numbers += 1
            number_of[row] = table[slot]
            rows[table[slot]] += np.uint32(1)
        numbers_of[account] = numbers - before
    return number_of, first[:numbers].copy(), rows[:numbers].copy(), numbers_of


@njit(cache=True, nogil=True)
def _sort_by_time(rows: Integers, times: Integers) -> None:
    """Put rows, which are ascending, in the order of their times; equal times stay as they are."""
    if len(rows) > _FEW:
        rows[:] = rows[np.argsort(times[rows], kind="mergesort")]
        return
    for place in range(1, len(rows)):
        row = rows[place]
        before = place - 1
        while before >= 0 and times[rows[before]] > times[row]:
            rows[before + 1] = rows[before]
            before -= 1
        rows[before + 1] = row


@njit(cache=True, nogil=True)
def first_arrivals(post_of: Integers, rows_of_post: Counts, edge_of: Integers, times: Integers) -> Integers:
    """Rows by post and time, of several rows of an edge under a post the first alone.

    Args:
        post_of: number of each row's post, -1 where the row takes no part; as `distinct` gives it.
        rows_of_post: number of rows of each post.
        edge_of: number of each row's edge (an account's commenter).
        times: of each row; of equal ones the lesser row is the first.
    """
    ends = np.zeros(len(rows_of_post) + 1, np.int64)
    for post in range(len(rows_of_post)):
        ends[post + 1] = ends[post] + rows_of_post[post]
    next_place = ends[:-1].copy()
    ordered = np.empty(ends[-1], np.int64)
    edges = 0
    for row in range(len(post_of)):
        if post_of[row] >= 0:
            ordered[next_place[post_of[row]]] = row
            next_place[post_of[row]] += 1
            edges = max(edges, edge_of[row] + 1)
    last_post = np.full(edges, -1, np.int64)
    kept = 0
    for post in range(len(rows_of_post)):
        _sort_by_time(ordered[ends[post] : ends[post + 1]], times)
        for place in range(ends[post], ends[post + 1]):
            row = ordered[place]
            if last_post[edge_of[row]] != post:
                last_post[edge_of[row]] = post
                ordered[kept] = row
                kept += 1
    return ordered[:kept].copy()


@njit(cache=True, nogil=True)
def looked_up(keys: Hashes, places: Counts, table: Hashes, values: Counts, found: Counts) -> None:
    """Write the value of each key that is in the table to its place in `found`; keys and table are ascending."""
    entry = 0
    for key in range(len(keys)):
        while entry < len(table) and table[entry] < keys[key]:
            entry += 1
        if entry == len(table):
            return
        if table[entry] == keys[key]:
            found[places[key]] = values[entry]


@njit(cache=True, nogil=True)
def near_pairs(places: Counts, posts: Counts, times: Integers, window: int, accounts: int) -> Integers:
    """Of each account the pairs of its arrivals under one post within the window; rows are by post and time."""
    pairs = np.zeros(accounts, np.int64)
    last = 0
    for row in range(len(posts)):
        last = max(last, row)
        while last + 1 < len(posts) and posts[last + 1] == posts[row] and times[last + 1] - times[row] <= window:
            last += 1
        pairs[places[row]] += last - row
    return pairs


@njit(cache=True, nogil=True)
def meetings(
    posts: Counts, times: Integers, persons: Hashes, window: int, neighbours: int
) -> tuple[Integers, Integers]:
    """Pairs of rows under one post within the window, each with so many next rows at the most; the lesser person first.

    Rows are by post and time.
    """
    count = 0
    for row in range(len(posts)):
        for other in range(row + 1, min(row + 1 + neighbours, len(posts))):
            if posts[other] != posts[row] or times[other] - times[row] > window:
                break
            count += 1
    lesser = np.empty(count, np.int64)
    greater = np.empty(count, np.int64)
    count = 0
    for row in range(len(posts)):
        for other in range(row + 1, min(row + 1 + neighbours, len(posts))):
            if posts[other] != posts[row] or times[other] - times[row] > window:
                break
            is_lesser = persons[row] < persons[other]
            lesser[count] = row if is_lesser else other
            greater[count] = other if is_lesser else row
            count += 1
    return lesser, greater


@njit(cache=True, nogil=True)
def _sorted_sum(values: Floats) -> float:
    """The sum, least first: whatever the order in which the values come, the same bits."""
    for place in range(1, len(values)):
        value = values[place]
        before = place - 1
        while before >= 0 and values[before] > value:
            values[before + 1] = values[before]
            before -= 1
        values[before + 1] = value
    total = 0.0
    for value in values:
        total += value
    return total


@njit(cache=True, nogil=True)
def ties(accounts: Counts, persons: Counts, starts: Integers, others: Counts, weights: Floats) -> Floats:
    """Of each edge the sum over the person's other accounts of weight x (commenters shared with that one - 1).

    Args:
        accounts: of each edge, all edges of an account together.
        persons: of each edge, numbered from 0.
        starts: where each person's accounts begin in `others`, and its length.
        others: the accounts of each person.
        weights: of each account.
    """
    found = np.zeros(len(accounts), np.float64)
    shared = np.zeros(len(weights), np.int64)
    terms = np.empty(np.max(starts[1:] - starts[:-1]) if len(starts) > 1 else 0, np.float64)
    begin = 0
    while begin < len(accounts):
        account = accounts[begin]
        end = begin
        while end < len(accounts) and accounts[end] == account:
            person = persons[end]
            for place in range(starts[person], starts[person + 1]):
                shared[others[place]] += 1
            end += 1
        for edge in range(begin, end):
            person = persons[edge]
            count = 0
            for place in range(starts[person], starts[person + 1]):
                other = others[place]
                if other != account and shared[other] > 1:
                    terms[count] = weights[other] * (shared[other] - 1)
                    count += 1
            found[edge] = _sorted_sum(terms[:count])
        for edge in range(begin, end):
            for place in range(starts[persons[edge]], starts[persons[edge] + 1]):
                shared[others[place]] = 0
        begin = end
    return found
