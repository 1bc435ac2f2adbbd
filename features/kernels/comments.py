"""Kernels of the comment frames: which comments of an account share a text, an author, a post or an hour.

Arrays have one entry per comment, called a row, in the order of the table: by account, then by comment id. What several
kernels take:

    starts: the first row of each account, and the number of rows at the end.
    post: the comment's post, as a row of the posts, which are in order of account and post id.
    order: the rows by account, post, instant and comment id.
    author: the comment's author; each unknown one is another.
    by_author: the rows by account and author, those of one author as in `order`.
    same_author, same_author_here, comments_here: see `authorship`. They also say how long a stretch of `by_author` is
        that has one author, or one author and post, and a stretch of `order` that has one post.

Codes are equal for what is alike within one account, and different in different accounts, whose codes follow each other
from 0; -1 where there is nothing. NaN stands for null.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]

NO_INSTANT = np.iinfo(np.int64).min
"""Stands for an unknown instant, which comes before every other, as null does."""

_MIX = -7046029254386353131  # 2^64 / golden ratio, as a signed number: Fibonacci hashing (Knuth, vol. 3, 6.4)
_HIGH_BITS = 32
_BIT_OF_WORD = 63  # mask of the six bits that number the bits of a word
_INSERTION = 16  # rows up to which sorting by insertion is faster than by merging
_MICROSECOND = 1e-6  # in seconds; polars multiplies by it, too
_SECONDS_PER_HOUR = 3600
_HOUR = 3_600_000_000  # in microseconds
_HOURS_OF_DAY = 24
_REGULAR_POSTS = 2


# Codes and orders -----------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _longest(starts: Integers) -> int:
    """Most rows of an account."""
    longest = 0
    for account in range(len(starts) - 1):
        longest = max(longest, starts[account + 1] - starts[account])
    return longest


@njit(cache=True, nogil=True)
def _size_for(entries: int) -> int:
    """Slots of a table that stays at most half full: a power of two."""
    size = 2
    while size < 2 * entries:
        size *= 2
    return size


@njit(cache=True, nogil=True)
def _slot_of(key: int, keys: Integers, mask: int) -> int:
    """Slot of the key in the first `mask` + 1 of the table, or the free one, which holds 0, where it belongs."""
    slot = ((key * _MIX) >> _HIGH_BITS) & mask
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@njit(cache=True, nogil=True)
def codes_of(starts: Integers, keys: Integers) -> Codes:
    """Codes of keys, in order of first appearance; key 0 is nothing."""
    codes = np.full(len(keys), -1, np.int32)
    size = _size_for(_longest(starts))
    held, held_codes = np.empty(size, np.int64), np.empty(size, np.int32)
    count = 0
    for account in range(len(starts) - 1):
        mask = _size_for(starts[account + 1] - starts[account]) - 1
        held[: mask + 1] = 0
        for row in range(starts[account], starts[account + 1]):
            if keys[row] == 0:
                continue
            slot = _slot_of(keys[row], held, mask)
            if held[slot] == 0:
                held[slot], held_codes[slot] = keys[row], count
                count += 1
            codes[row] = held_codes[slot]
    return codes


@njit(cache=True, nogil=True)
def rows_of(starts: Integers, keys: Integers, target_starts: Integers, target_keys: Integers) -> Integers:
    """For each row the row among the targets of the same account that has its key, which is not 0; -1 if none has."""
    found = np.full(len(keys), -1, np.int64)
    size = _size_for(_longest(target_starts))
    held, held_rows = np.empty(size, np.int64), np.empty(size, np.int64)
    for account in range(len(starts) - 1):
        first, end = target_starts[account], target_starts[account + 1]
        mask = _size_for(end - first) - 1
        held[: mask + 1] = 0
        for row in range(first, end):
            slot = _slot_of(target_keys[row], held, mask)
            held[slot], held_rows[slot] = target_keys[row], row
        for row in range(starts[account], starts[account + 1]):
            slot = _slot_of(keys[row], held, mask)
            if held[slot] != 0:
                found[row] = held_rows[slot]
    return found


@njit(cache=True, nogil=True)
def _insert(rows: Integers, first: int, end: int, instants: Integers) -> None:
    """Sort a short stretch of `rows` by instant; equal ones stay as they are."""
    for place in range(first + 1, end):
        row = rows[place]
        before = place - 1
        while before >= first and instants[rows[before]] > instants[row]:
            rows[before + 1] = rows[before]
            before -= 1
        rows[before + 1] = row


@njit(cache=True, nogil=True)
def _merge(rows: Integers, left: int, middle: int, right: int, instants: Integers, spare: Integers) -> None:
    """Merge two sorted stretches of `rows` that follow each other."""
    one, two = left, middle
    for place in range(left, right):
        if one < middle and (two >= right or instants[rows[one]] <= instants[rows[two]]):
            spare[place] = rows[one]
            one += 1
        else:
            spare[place] = rows[two]
            two += 1
    rows[left:right] = spare[left:right]


@njit(cache=True, nogil=True)
def _sort_by_instant(rows: Integers, first: int, end: int, instants: Integers, spare: Integers) -> None:
    """Sort a stretch of `rows` by instant; equal ones stay as they are. `spare` is as long as `rows`."""
    for place in range(first, end, _INSERTION):
        _insert(rows, place, min(place + _INSERTION, end), instants)
    width = _INSERTION
    while width < end - first:
        for left in range(first, end - width, 2 * width):
            _merge(rows, left, left + width, min(left + 2 * width, end), instants, spare)
        width *= 2


@njit(cache=True, nogil=True)
def order_of(post: Integers, posts: int, instants: Integers) -> Integers:
    """`order`, by counting the comments of each of `posts` posts and sorting them by instant."""
    order, spare = np.empty(len(post), np.int64), np.empty(len(post), np.int64)
    ends = np.zeros(posts + 1, np.int64)
    for row in range(len(post)):
        ends[post[row] + 1] += 1
    for each in range(posts):
        ends[each + 1] += ends[each]
    for row in range(len(post)):
        order[ends[post[row]]] = row
        ends[post[row]] += 1
    first = 0
    for each in range(posts):
        if ends[each] - first > 1:
            _sort_by_instant(order, first, ends[each], instants, spare)
        first = ends[each]
    return order


@njit(cache=True, nogil=True)
def authors_of(starts: Integers, codes: Codes, order: Integers) -> tuple[Integers, Integers]:
    """`author`, from the codes of the commenters, and `by_author`."""
    author, by_author = np.empty(len(codes), np.int64), np.empty(len(codes), np.int64)
    ends = np.zeros(len(codes) + 1, np.int64)
    # As many authors as rows at most: those of an account get numbers from its first row on, the known ones first.
    for account in range(len(starts) - 1):
        first, end = starts[account], starts[account + 1]
        lowest, number = -1, first
        for row in range(first, end):
            if codes[row] >= 0:
                lowest = codes[row] if lowest < 0 else lowest  # codes are given in order of appearance
                author[row] = first + codes[row] - lowest
                number = max(number, author[row] + 1)
        for row in range(first, end):
            if codes[row] < 0:
                author[row] = number
                number += 1
            ends[author[row] + 1] += 1
    for each in range(len(codes)):
        ends[each + 1] += ends[each]
    for place in range(len(order)):
        row = order[place]
        by_author[ends[author[row]]] = row
        ends[author[row]] += 1
    return author, by_author


@njit(cache=True, nogil=True)
def _end_of_run(place: int, rows: Integers, values: Integers) -> int:
    """Where the stretch of `rows` ends that has the same value as the row at `place`."""
    value = values[rows[place]]
    place += 1
    while place < len(rows) and values[rows[place]] == value:
        place += 1
    return place


# What is alike --------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _totals(codes: Codes) -> Integers:
    """Rows of each code."""
    highest = -1
    for row in range(len(codes)):
        highest = max(highest, codes[row])
    totals = np.zeros(highest + 1, np.int64)
    for row in range(len(codes)):
        if codes[row] >= 0:
            totals[codes[row]] += 1
    return totals


@njit(cache=True, nogil=True)
def others_alike(codes: Codes) -> Numbers:
    """Other rows with the same code; NaN where there is none."""
    alike, totals = np.full(len(codes), np.nan), _totals(codes)
    for row in range(len(codes)):
        if codes[row] >= 0:
            alike[row] = totals[codes[row]] - 1
    return alike


@njit(cache=True, nogil=True)
def by_other_authors(codes: Codes, by_author: Integers, same_author: Integers) -> Integers:
    """Rows by other authors with the same code; 0 where there is none."""
    shared, totals = np.zeros(len(codes), np.int64), _totals(codes)
    own = np.zeros(len(totals), np.int64)
    for row in range(len(codes)):
        if codes[row] >= 0:
            shared[row] = totals[codes[row]] - 1
    place = 0
    while place < len(codes):
        rows = by_author[place : place + same_author[by_author[place]] + 1]
        if len(rows) > 1:
            _take_own(rows, codes, own, shared)
        place += len(rows)
    return shared


@njit(cache=True, nogil=True)
def _take_own(rows: Integers, codes: Codes, own: Integers, shared: Integers) -> None:
    """Take from `shared` the other rows of the author with the same code; `own` is zero before and after."""
    for row in rows:
        if codes[row] >= 0:
            own[codes[row]] += 1
    for row in rows:
        if codes[row] >= 0:
            shared[row] -= own[codes[row]] - 1
    for row in rows:
        if codes[row] >= 0:
            own[codes[row]] = 0


@njit(cache=True, nogil=True)
def alike_elsewhere(codes: Codes, order: Integers, comments_here: Integers) -> Integers:
    """Rows under other posts with the same code; 0 where there is none."""
    elsewhere, totals = np.zeros(len(codes), np.int64), _totals(codes)
    here = np.zeros(len(totals), np.int64)
    place = 0
    while place < len(codes):
        rows = order[place : place + comments_here[order[place]]]
        for row in rows:
            if codes[row] >= 0:
                here[codes[row]] += 1
        for row in rows:
            if codes[row] >= 0:
                elsewhere[row] = totals[codes[row]] - here[codes[row]]
        for row in rows:
            if codes[row] >= 0:
                here[codes[row]] = 0
        place += len(rows)
    return elsewhere


@njit(cache=True, nogil=True)
def chances_of_meeting(starts: Integers, like: Integers, comments: Integers, draw: int) -> Numbers:
    """Probability that a random draw of `draw` of the account's comments that holds this one holds one like it.

    `like` are the comments like this one, negative where that is not asked; `comments` per account how many there are
    to draw from. NaN with fewer than `draw` of them, and where not asked.
    """
    chances = np.full(len(like), np.nan)
    known = np.empty(_longest(starts) + 1, np.float64)
    for account in range(len(starts) - 1):
        if comments[account] < draw:
            continue
        known[: comments[account] + 1] = -1.0
        for row in range(starts[account], starts[account + 1]):
            if like[row] >= 0:
                if known[like[row]] < 0:
                    known[like[row]] = _chance_of_meeting(like[row], comments[account], draw)
                chances[row] = known[like[row]]
    return chances


@njit(cache=True, nogil=True)
def _chance_of_meeting(like: int, comments: int, draw: int) -> float:
    """1 - product over j = 0..draw-2 of (others - like - j) / (others - j), with others = comments - 1.

    Rarefaction: Hurlbert 1971, Ecology 52. Its mean does not depend on the number of comments.
    """
    others, none_met = comments - 1, 1.0
    for drawn in range(draw - 1):
        none_met *= max(others - like - drawn, 0) / (others - drawn)
    return 1.0 - none_met


# Words ----------------------------------------------------------------------------------------------------------------
#
# Words are flat lists: those of a row are `begins[row]` to `ends[row]`, those of an account follow each other.


@njit(cache=True, nogil=True)
def pair_keys(begins: Integers, ends: Integers, codes: Codes) -> Integers:
    """A key for each word and the one before it in its row; 0 for the first, and if either is used only once."""
    keys, totals = np.zeros(len(codes), np.int64), _totals(codes)
    for row in range(len(begins)):
        for word in range(begins[row] + 1, ends[row]):
            before, code = codes[word - 1], codes[word]
            if totals[before] > 1 and totals[code] > 1:
                keys[word] = ((np.int64(before) << _HIGH_BITS) | np.int64(code)) + 1
    return keys


@njit(cache=True, nogil=True)
def matches_by_others(
    begins: Integers, ends: Integers, codes: Codes, by_author: Integers, same_author: Integers
) -> Integers:
    """Words of other authors with the same codes as the row's, summed over its words."""
    matches, totals = np.zeros(len(begins), np.int64), _totals(codes)
    own, latest = np.zeros(len(totals), np.int64), np.full(len(totals), -1, np.int64)
    for row in range(len(begins)):
        if same_author[row] == 0:
            matches[row] = _matches_of_one(row, codes[begins[row] : ends[row]], totals, own, latest)
    own[:] = 0
    place = 0
    while place < len(begins):
        rows = by_author[place : place + same_author[by_author[place]] + 1]
        if len(rows) > 1:
            _matches_of_several(rows, begins, ends, codes, totals, own, matches)
        place += len(rows)
    return matches


@njit(cache=True, nogil=True)
def _matches_of_one(row: int, codes: Codes, totals: Integers, own: Integers, latest: Integers) -> int:
    """Matches of the only row of an author; `own` counts a code in the row that is its `latest`."""
    matches = 0
    for code in codes:
        if code >= 0 and totals[code] > 1:
            own[code] = own[code] + 1 if latest[code] == row else 1
            latest[code] = row
            # k like words in one row have total - k matches each: k (total - 1), less 2 (j - 1) for j = 1..k.
            matches += totals[code] - 1 - 2 * (own[code] - 1)
    return matches


@njit(cache=True, nogil=True)
def _matches_of_several(
    rows: Integers, begins: Integers, ends: Integers, codes: Codes, totals: Integers, own: Integers, matches: Integers
) -> None:
    """Matches of the rows of one author; `own` is zero before and after."""
    for row in rows:
        for code in codes[begins[row] : ends[row]]:
            if code >= 0:
                own[code] += 1
    for row in rows:
        for code in codes[begins[row] : ends[row]]:
            if code >= 0:
                matches[row] += totals[code] - own[code]
    for row in rows:
        for code in codes[begins[row] : ends[row]]:
            if code >= 0:
                own[code] = 0


@njit(cache=True, nogil=True)
def sums_by_author(values: Integers, by_author: Integers, same_author: Integers) -> Integers:
    """Sum of the values of all rows of the author."""
    sums = np.empty(len(values), np.int64)
    place = 0
    while place < len(values):
        rows = by_author[place : place + same_author[by_author[place]] + 1]
        total = 0
        for row in rows:
            total += values[row]
        for row in rows:
            sums[row] = total
        place += len(rows)
    return sums


@njit(cache=True, nogil=True)
def following_posts(starts: Integers, posted_at: Integers, has_words: Flags) -> Integers:
    """For each post with words in its caption the next such post of the account, for the last the first; else -1.

    -1 also for the only one of its account. Here a row is a post.
    """
    following = np.full(len(posted_at), -1, np.int64)
    rows, spare = np.empty(_longest(starts), np.int64), np.empty(_longest(starts), np.int64)
    for account in range(len(starts) - 1):
        count = 0
        for row in range(starts[account], starts[account + 1]):
            if has_words[row]:
                rows[count] = row
                count += 1
        _sort_by_instant(rows, 0, count, posted_at, spare)
        for place in range(count if count > 1 else 0):
            following[rows[place]] = rows[(place + 1) % count]
    return following


@njit(cache=True, nogil=True)
def touched_captions(
    post: Integers,
    following: Integers,
    begins: Integers,
    ends: Integers,
    words: Integers,
    caption_offsets: Integers,
    caption_words: Integers,
) -> Numbers:
    """Whether a comment takes up a word of its own post's caption, and of the following post's: 1 or 0.

    Words are keys, 0 for one that does not count; those of post p are `caption_offsets[p]` to `caption_offsets[p + 1]`.
    NaN where the post has no following one, or the row no word.
    """
    touches = np.full((2, len(post)), np.nan)
    # Each word sets one of the 64 bits of its caption: most words of a comment are ruled out by a look at it.
    bits = np.zeros(len(following), np.int64)
    for caption in range(len(following)):
        seen = np.int64(0)
        for word in range(caption_offsets[caption], caption_offsets[caption + 1]):
            seen |= np.int64(caption_words[word] != 0) << (caption_words[word] & _BIT_OF_WORD)
        bits[caption] = seen
    for row in range(len(post)):
        if begins[row] < ends[row] and following[post[row]] >= 0:
            for which, caption in enumerate((post[row], following[post[row]])):
                candidates = caption_words[caption_offsets[caption] : caption_offsets[caption + 1]]
                touches[which, row] = _has_any(words[begins[row] : ends[row]], candidates, bits[caption])
    return touches


@njit(cache=True, nogil=True)
def _has_any(words: Integers, candidates: Integers, bits: int) -> bool:
    """Whether any of the words is among the candidates, whose bits these are; word 0 is none."""
    for word in words:
        if (bits >> (word & _BIT_OF_WORD)) & 1 and word != 0:
            for candidate in candidates:
                if candidate == word:
                    return True
    return False


@njit(cache=True, nogil=True)
def next_codes(codes: Codes, order: Integers, post: Integers, instants: Integers) -> Codes:
    """The code of the next row of the same post; -1 where either has none, or its instant is unknown."""
    following = np.full(len(codes), -1, np.int32)
    for place in range(len(order) - 1):
        row, after = order[place], order[place + 1]
        if post[row] == post[after] and codes[row] >= 0 and instants[row] != NO_INSTANT:
            following[row] = codes[after]  # what comes after a known instant has one
    return following


# Instants -------------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def delays(post: Integers, instants: Integers, posted_at: Integers) -> Numbers:
    """Hours from the post to the comment; NaN where unknown, or negative: a comment before its post is a failed clock.

    `posted_at` is per post.
    """
    hours = np.full(len(post), np.nan)
    for row in range(len(post)):
        instant, posted = instants[row], posted_at[post[row]]
        if NO_INSTANT < posted <= instant:
            hours[row] = (instant - posted) * _MICROSECOND / _SECONDS_PER_HOUR
    return hours


@njit(cache=True, nogil=True)
def gaps(order: Integers, post: Integers, author: Integers, instants: Integers) -> tuple[Numbers, Flags, Numbers]:
    """Seconds since the comment before under the same post, whether its author is the same, and local variation.

    The variation is 3 ((g1 - g2) / (g1 + g2))^2 of two neighbouring gaps (Shinomoto et al. 2003). NaN where instants
    are unknown, both gaps are 0, or both are whole hours: such evenness is the display's of the clock.
    """
    seconds, variation = np.full(len(post), np.nan), np.full(len(post), np.nan)
    follows_same_author = np.zeros(len(post), np.bool_)
    for place in range(1, len(order)):
        row, before = order[place], order[place - 1]
        if post[row] != post[before]:
            continue
        follows_same_author[row] = author[row] == author[before]
        if instants[before] == NO_INSTANT:
            continue
        gap = instants[row] - instants[before]
        seconds[row] = gap * _MICROSECOND
        first, second = seconds[before], seconds[row]
        # Not greater than 0 if there is no first gap.
        if first + second > 0 and (gap % _HOUR != 0 or (instants[before] - instants[order[place - 2]]) % _HOUR != 0):
            variation[row] = 3 * ((first - second) / (first + second)) ** 2
    return seconds, follows_same_author, variation


@njit(cache=True, nogil=True)
def hour_codes(starts: Integers, instants: Integers) -> Codes:
    """Codes of the hour of the UTC day."""
    codes = np.full(len(instants), -1, np.int32)
    for account in range(len(starts) - 1):
        for row in range(starts[account], starts[account + 1]):
            if instants[row] != NO_INSTANT:
                codes[row] = account * _HOURS_OF_DAY + (instants[row] // _HOUR) % _HOURS_OF_DAY
    return codes


@njit(cache=True, nogil=True)
def late_days(instants: Integers, hours: Numbers, late_hours: float) -> Integers:
    """A key per UTC day of the comments that came later than `late_hours`; 0 of all others."""
    days = np.zeros(len(instants), np.int64)
    for row in range(len(instants)):
        if hours[row] > late_hours:
            days[row] = instants[row] // (_HOUR * _HOURS_OF_DAY) + 1
    return days


# Authors --------------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def authorship(
    order: Integers, post: Integers, author: Integers, by_author: Integers, knows_author: Flags
) -> tuple[Integers, Flags, Flags]:
    """Who comes, and who comes back.

    Returns:
        Rows of an array: `comments_here`, comments under the same post; `same_author`, other comments of the same
        author; `same_author_here`, those of them under the same post; comments of known author under the post; first
        comments of known authors under it; those of regulars among these. Then whether the comment is by a regular, an
        author with comments under two posts; and whether it is a known author's first under the post.
    """
    counts = np.zeros((6, len(post)), np.int64)
    is_regular, is_arrival = np.zeros(len(post), np.bool_), np.zeros(len(post), np.bool_)
    place = 0
    while place < len(post):
        end = _end_of_run(place, by_author, author)
        rows = by_author[place:end]
        comes_back = post[rows[0]] != post[rows[-1]]
        here = 0
        while here < len(rows):
            here_end = _end_of_run(here, rows, post)
            is_arrival[rows[here]] = knows_author[rows[here]]
            for row in rows[here:here_end]:
                counts[1, row], counts[2, row] = len(rows) - 1, here_end - here - 1
                is_regular[row] = comes_back
            here = here_end
        place = end
    place = 0
    while place < len(post):
        end = _end_of_run(place, order, post)
        known, arrivals, regulars = 0, 0, 0
        for row in order[place:end]:
            known += knows_author[row]
            arrivals += is_arrival[row]
            regulars += is_arrival[row] and is_regular[row]
        for row in order[place:end]:
            counts[0, row], counts[3, row] = end - place, known
            counts[4, row], counts[5, row] = arrivals, regulars
        place = end
    return counts, is_regular, is_arrival


@njit(cache=True, nogil=True)
def returns(
    starts: Integers,
    order: Integers,
    comments_here: Integers,
    by_author: Integers,
    same_author: Integers,
    size: Numbers,
    is_prompt: Flags,
) -> Numbers:
    """How alike two arrivals under different posts are, of one person and of different people.

    An arrival is a row with a `size`, at most one of an author under a post; all others are NaN there, and not prompt.

    Returns:
        Rows of an array: arrivals of the author under other posts; the squared differences of size to them, summed;
        those of them that are prompt, as this one is, 0 if it is not; arrivals of other authors under other posts; the
        squared differences to these. 0 where the row is no arrival.
    """
    found = np.zeros((5, len(size)), np.float64)
    everyone, here, own = np.empty(3), np.empty(3), np.empty(3)
    for account in range(len(starts) - 1):
        first, end = starts[account], starts[account + 1]
        origin = _first_of(size[first:end])
        place = first
        while place < end:
            rows = by_author[place : place + same_author[by_author[place]] + 1]
            if len(rows) > 1:
                _moments(rows, size, origin, own)
                _own_returns(rows, size, origin, own, is_prompt, found)
            place += len(rows)
        _moments(order[first:end], size, origin, everyone)
        place = first
        while place < end:
            rows = order[place : place + comments_here[order[place]]]
            _moments(rows, size, origin, here)
            for row in rows:
                if not math.isnan(size[row]):
                    elsewhere = _distance(size[row] - origin, everyone) - _distance(size[row] - origin, here)
                    # Under its own post the author arrives once: only the arrival itself is in both that go off.
                    found[3, row] = everyone[0] - here[0] - found[0, row]
                    found[4, row] = max(elsewhere - found[1, row], 0.0)
                    found[1, row] = max(found[1, row], 0.0)
            place += len(rows)
    return found


@njit(cache=True, nogil=True)
def _own_returns(rows: Integers, size: Numbers, origin: float, own: Numbers, is_prompt: Flags, found: Numbers) -> None:
    """The first three of `returns`, for the rows of one author, whose moments are `own`."""
    prompt = 0
    for row in rows:
        prompt += is_prompt[row]
    for row in rows:
        if not math.isnan(size[row]):
            found[0, row] = own[0] - 1
            found[1, row] = _distance(size[row] - origin, own)
            found[2, row] = prompt - 1 if is_prompt[row] else 0


@njit(cache=True, nogil=True)
def _first_of(size: Numbers) -> float:
    """The first size that there is: sizes are taken from it, so that equal ones leave no noise of rounding."""
    for each in size:
        if not math.isnan(each):
            return each
    return 0.0


@njit(cache=True, nogil=True)
def _moments(rows: Integers, size: Numbers, origin: float, moments: Numbers) -> None:
    """Number, sum and sum of squares, from `origin`, of the sizes that there are, into `moments`."""
    moments[:] = 0.0
    for row in rows:
        if not math.isnan(size[row]):
            moments[0] += 1.0
            moments[1] += size[row] - origin
            moments[2] += (size[row] - origin) ** 2


@njit(cache=True, nogil=True)
def _distance(size: float, moments: Numbers) -> float:
    """Sum of the squared differences of a size to those with these moments."""
    return moments[0] * size**2 - 2 * size * moments[1] + moments[2]


@njit(cache=True, nogil=True)
def regular_visits(
    order: Integers,
    post: Integers,
    comments_here: Integers,
    by_author: Integers,
    same_author: Integers,
    counts: Flags,
    fewest: int,
) -> Flags:
    """The first of an author's rows under a post, of authors with two posts, on posts with `fewest` such authors.

    Only rows count that `counts` says: those by known authors at known instants.
    """
    chosen = np.zeros(len(post), np.bool_)
    place = 0
    while place < len(post):
        rows = by_author[place : place + same_author[by_author[place]] + 1]
        posts, latest = 0, np.int64(-1)
        for row in rows:
            if counts[row] and post[row] != latest:
                chosen[row], latest = True, post[row]
                posts += 1
        if posts < _REGULAR_POSTS:
            chosen[rows] = False
        place += len(rows)
    place = 0
    while place < len(post):
        rows = order[place : place + comments_here[order[place]]]
        people = 0
        for row in rows:
            people += chosen[row]
        if people < fewest:
            for row in rows:
                chosen[row] = False
        place += len(rows)
    return chosen
