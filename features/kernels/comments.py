"""Kernels of the comment frames: which comments of an account share a text, an author, a post or an hour.

Arrays have one entry per comment, called a row, in the order of the table: by account, then by comment id. What several
kernels take:

    starts: the first row of each account, and the number of rows at the end.
    post: the comment's post, as a row of the posts, which are in order of account and post id.
    order: the rows by account, post, instant and comment id.
    author: the comment's author; each unknown one is another.
    several: the rows of authors with several comments, by author, those of one author as in `order`.
    same_author: other comments of the same author, which says how long the stretch of `several` is that is theirs.

Codes are equal for what is alike within one account, and different in different accounts, whose codes follow each other
from 0; -1 where there is nothing. NaN stands for null.

What is called per post, row or word takes the limits of its stretch: a slice costs more than a short stretch does.
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
_BITS, _BIT_OF_WORD = 6, 63  # the bits that number the bits of a word, and their mask
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
def _slot_of(key: int | np.int64, keys: Integers, mask: int) -> int:
    """Slot of the key in the first `mask` + 1 of the table, or the free one, which holds 0, where it belongs."""
    slot: int = int(key * _MIX >> _HIGH_BITS) & mask
    while keys[slot] != 0 and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@njit(cache=True, nogil=True)
def _clear(keys: Integers, mask: int) -> None:
    for slot in range(mask + 1):
        keys[slot] = 0


@njit(cache=True, nogil=True)
def codes_of(starts: Integers, keys: Integers) -> Codes:
    """Codes of keys, in order of first appearance; key 0 is nothing."""
    codes = np.full(len(keys), -1, np.int32)
    size = _size_for(_longest(starts))
    held, held_codes = np.empty(size, np.int64), np.empty(size, np.int32)
    count = 0
    for account in range(len(starts) - 1):
        mask = _size_for(starts[account + 1] - starts[account]) - 1
        _clear(held, mask)
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
        _clear(held, mask)
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
    for place in range(left, right):
        rows[place] = spare[place]


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
def authors_of(starts: Integers, codes: Codes) -> Integers:
    """`author`, from the codes of the commenters: numbers from 0 to the number of rows."""
    author = np.empty(len(codes), np.int64)
    for account in range(len(starts) - 1):
        first, end = starts[account], starts[account + 1]
        # As many authors as rows at most: those of an account get numbers from its first row on, the known ones first.
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
    return author


@njit(cache=True, nogil=True)
def several_of(author: Integers, order: Integers) -> Integers:
    """`several`, by counting the rows of each author."""
    counts, ends = np.zeros(len(author), np.int64), np.empty(len(author), np.int64)
    for row in range(len(author)):
        counts[author[row]] += 1
    number = 0
    for each in range(len(author)):
        ends[each] = number
        number += counts[each] if counts[each] > 1 else 0
    several = np.empty(number, np.int64)
    for row in order:
        if counts[author[row]] > 1:
            several[ends[author[row]]] = row
            ends[author[row]] += 1
    return several


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
def _totals(codes: Codes) -> Codes:
    """Rows of each code."""
    highest = -1
    for row in range(len(codes)):
        highest = max(highest, codes[row])
    totals = np.zeros(highest + 1, np.int32)
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
def by_other_authors(codes: Codes, several: Integers, same_author: Integers) -> Integers:
    """Rows by other authors with the same code; 0 where there is none."""
    shared, totals = np.zeros(len(codes), np.int64), _totals(codes)
    for row in range(len(codes)):
        if codes[row] >= 0:
            shared[row] = totals[codes[row]] - 1
    own = np.zeros(len(totals), np.int32)
    place = 0
    while place < len(several):
        rows = several[place : place + same_author[several[place]] + 1]
        _take_own(rows, codes, own, shared)
        place += len(rows)
    return shared


@njit(cache=True, nogil=True)
def _take_own(rows: Integers, codes: Codes, own: Codes, shared: Integers) -> None:
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
def alike_elsewhere(codes: Codes, rows: Integers, post: Integers) -> Integers:
    """Of the rows given, which have codes and are in the order of posts, those under other posts with the same code.

    0 for all other rows.
    """
    elsewhere = np.zeros(len(codes), np.int64)
    highest = -1
    for row in rows:
        highest = max(highest, codes[row])
    totals, here = np.zeros(highest + 1, np.int64), np.zeros(highest + 1, np.int64)
    for row in rows:
        totals[codes[row]] += 1
    place = 0
    while place < len(rows):
        end = _end_of_run(place, rows, post)
        for each in range(place, end):
            here[codes[rows[each]]] += 1
        for each in range(place, end):
            elsewhere[rows[each]] = totals[codes[rows[each]]] - here[codes[rows[each]]]
        for each in range(place, end):
            here[codes[rows[each]]] = 0
        place = end
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
        for each in range(comments[account] + 1):
            known[each] = -1.0
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
def word_codes(starts: Integers, begins: Integers, ends: Integers, keys: Integers) -> tuple[Codes, Codes, Flags]:
    """Codes of the words, and of each word with the one before it in its row, from keys other than 0.

    Also whether the row has a word twice. The first word of a row is in no pair, and a pair with a word that is used
    only once gets no code.
    """
    words, pairs = np.full(len(keys), -1, np.int32), np.full(len(keys), -1, np.int32)
    repeats = np.zeros(len(begins), np.bool_)
    most = 0
    for account in range(len(starts) - 1):
        first, end = starts[account], starts[account + 1]
        if end > first:
            most = max(most, ends[end - 1] - begins[first])
    size = _size_for(most)
    held, held_codes = np.empty(size, np.int64), np.empty(size, np.int32)
    totals, latest = np.empty(most, np.int32), np.empty(most, np.int64)
    number, pair_number = 0, 0
    for account in range(len(starts) - 1):
        first, end = starts[account], starts[account + 1]
        if end > first:
            mask = _size_for(ends[end - 1] - begins[first]) - 1
            lowest = number
            _clear(held, mask)
            for row in range(first, end):
                for word in range(begins[row], ends[row]):
                    slot = _slot_of(keys[word], held, mask)
                    if held[slot] == 0:
                        held[slot], held_codes[slot] = keys[word], number
                        totals[number - lowest], latest[number - lowest] = 0, -1
                        number += 1
                    words[word] = held_codes[slot]
                    totals[held_codes[slot] - lowest] += 1
                    repeats[row] |= latest[held_codes[slot] - lowest] == row
                    latest[held_codes[slot] - lowest] = row
            _clear(held, mask)
            for row in range(first, end):
                for word in range(begins[row] + 1, ends[row]):
                    if totals[words[word - 1] - lowest] > 1 and totals[words[word] - lowest] > 1:
                        key = ((np.int64(words[word - 1]) << _HIGH_BITS) | np.int64(words[word])) + 1
                        slot = _slot_of(key, held, mask)
                        if held[slot] == 0:
                            held[slot], held_codes[slot] = key, pair_number
                            pair_number += 1
                        pairs[word] = held_codes[slot]
    return words, pairs, repeats


@njit(cache=True, nogil=True)
def matches_by_others(
    begins: Integers, ends: Integers, codes: Codes, repeats: Flags, several: Integers, same_author: Integers
) -> Integers:
    """Words of other authors with the same codes as the row's, summed over its words; `repeats`: see `word_codes`."""
    matches, totals = np.zeros(len(begins), np.int64), _totals(codes)
    # Others of each code, one place further: the first is that of code -1, which has none.
    others = np.zeros(len(totals) + 1, np.int32)
    for code in range(len(totals)):
        others[code + 1] = totals[code] - 1
    for row in range(len(begins)):
        if same_author[row] == 0:
            found = 0
            for word in range(begins[row], ends[row]):
                found += others[codes[word] + 1]
            matches[row] = found - 2 * _pairs_alike(codes, begins[row], ends[row]) if repeats[row] else found
    own = np.zeros(len(totals), np.int32)
    place = 0
    while place < len(several):
        rows = several[place : place + same_author[several[place]] + 1]
        _matches_of_several(rows, begins, ends, codes, totals, own, matches)
        place += len(rows)
    return matches


@njit(cache=True, nogil=True)
def _pairs_alike(codes: Codes, first: int, end: int) -> int:
    """Pairs of words with the same code in a stretch of them."""
    pairs = 0
    for word in range(first, end):
        for before in range(first, word):
            pairs += codes[word] >= 0 and codes[before] == codes[word]
    return pairs


@njit(cache=True, nogil=True)
def _matches_of_several(
    rows: Integers, begins: Integers, ends: Integers, codes: Codes, totals: Codes, own: Codes, matches: Integers
) -> None:
    """Matches of the rows of one author; `own` is zero before and after."""
    for row in rows:
        for word in range(begins[row], ends[row]):
            if codes[word] >= 0:
                own[codes[word]] += 1
    for row in rows:
        for word in range(begins[row], ends[row]):
            if codes[word] >= 0:
                matches[row] += totals[codes[word]] - own[codes[word]]
    for row in rows:
        for word in range(begins[row], ends[row]):
            if codes[word] >= 0:
                own[codes[word]] = 0


@njit(cache=True, nogil=True)
def sums_by_author(values: Integers, several: Integers, same_author: Integers) -> Integers:
    """Sum of the values of all rows of the author."""
    sums = values.copy()
    place = 0
    while place < len(several):
        rows = several[place : place + same_author[several[place]] + 1]
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
    # Each word sets two of the 64 bits of its caption: most words of a comment are ruled out by a look at them.
    bits = np.zeros(len(following), np.int64)
    for caption in range(len(following)):
        seen = 0
        for place in range(caption_offsets[caption], caption_offsets[caption + 1]):
            if caption_words[place] != 0:
                seen |= _bits_of(caption_words[place])
        bits[caption] = seen
    for row in range(len(post)):
        if begins[row] < ends[row] and following[post[row]] >= 0:
            own, other = post[row], following[post[row]]
            touches_own, touches_other = False, False
            for place in range(begins[row], ends[row]):
                word, looked_for = words[place], _bits_of(words[place])
                if bits[own] & looked_for == looked_for:
                    touches_own |= _is_among(word, caption_words, caption_offsets[own], caption_offsets[own + 1])
                if bits[other] & looked_for == looked_for:
                    touches_other |= _is_among(word, caption_words, caption_offsets[other], caption_offsets[other + 1])
            touches[0, row], touches[1, row] = touches_own, touches_other
    return touches


@njit(cache=True, nogil=True)
def _bits_of(word: int) -> int:
    """Two bits, at the places that the lowest and the next six bits of the word give."""
    return (1 << (word & _BIT_OF_WORD)) | (1 << ((word >> _BITS) & _BIT_OF_WORD))


@njit(cache=True, nogil=True)
def _is_among(word: int, words: Integers, first: int, end: int) -> bool:
    """Whether the word is one of this stretch; 0 is none."""
    for place in range(first, end):
        if words[place] == word:
            return bool(word != 0)
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
    order: Integers, post: Integers, several: Integers, author: Integers, knows_author: Flags
) -> tuple[Integers, Flags, Flags]:
    """Who comes, and who comes back.

    Returns:
        Rows of an array: comments under the same post; other comments of the same author; those of them under the same
        post; comments of known author under the post; first comments of known authors under it; those of regulars among
        these. Then whether the comment is by a regular, an author with comments under two posts; and whether it is a
        known author's first under the post.
    """
    counts = np.zeros((6, len(post)), np.int64)
    is_regular, is_arrival = np.zeros(len(post), np.bool_), knows_author.copy()
    place = 0
    while place < len(several):
        end = _end_of_run(place, several, author)
        rows = several[place:end]
        comes_back = post[rows[0]] != post[rows[-1]]
        here = 0
        while here < len(rows):
            here_end = _end_of_run(here, rows, post)
            for row in rows[here:here_end]:
                counts[1, row], counts[2, row] = len(rows) - 1, here_end - here - 1
                is_regular[row], is_arrival[row] = comes_back, row == rows[here]
            here = here_end
        place = end
    place = 0
    while place < len(order):
        end = _end_of_run(place, order, post)
        known, arrivals, regulars = 0, 0, 0
        for each in range(place, end):
            row = order[each]
            known += knows_author[row]
            arrivals += is_arrival[row]
            regulars += is_arrival[row] and is_regular[row]
        for each in range(place, end):
            row = order[each]
            counts[0, row], counts[3, row] = end - place, known
            counts[4, row], counts[5, row] = arrivals, regulars
        place = end
    return counts, is_regular, is_arrival


@njit(cache=True, nogil=True)
def from_first(starts: Integers, sizes: Numbers) -> Numbers:
    """Differences from the account's first size, NaN where there is none.

    So equal sizes leave no noise of rounding in what is made of their sums.
    """
    differences = np.full(len(sizes), np.nan)
    for account in range(len(starts) - 1):
        first = np.nan
        for row in range(starts[account], starts[account + 1]):
            if math.isnan(first):
                first = sizes[row]
            differences[row] = sizes[row] - first
    return differences


@njit(cache=True, nogil=True)
def own_returns(size: Numbers, is_prompt: Flags, several: Integers, same_author: Integers) -> Numbers:
    """How alike an arrival is to the same author's under other posts.

    An arrival is a row with a `size`, at most one of an author under a post; all others are NaN there, and not prompt.

    Returns:
        Rows of an array: the author's other arrivals; the squared differences of size to them, summed; those of them
        that are prompt, as this one is, 0 if it is not. 0 where the row is no arrival.
    """
    found = np.zeros((3, len(size)), np.float64)
    moments = np.empty(3, np.float64)
    place = 0
    while place < len(several):
        rows = several[place : place + same_author[several[place]] + 1]
        _moments(rows, 0, len(rows), size, moments)
        prompt = 0
        for row in rows:
            prompt += is_prompt[row]
        for row in rows:
            if not math.isnan(size[row]):
                found[0, row], found[1, row] = moments[0] - 1, _distance(size[row], moments)
                found[2, row] = prompt - 1 if is_prompt[row] else 0
        place += len(rows)
    return found


@njit(cache=True, nogil=True)
def other_returns(starts: Integers, order: Integers, post: Integers, size: Numbers, own: Numbers) -> Numbers:
    """How alike an arrival is to other authors' under other posts; `own` is what `own_returns` has found.

    Returns:
        Rows of an array: those arrivals; the squared differences of size to them, summed. 0 where the row is none.
    """
    found = np.zeros((2, len(size)), np.float64)
    everyone, here = np.empty(3, np.float64), np.empty(3, np.float64)
    for account in range(len(starts) - 1):
        place, end = starts[account], starts[account + 1]
        _moments(order, place, end, size, everyone)
        while place < end:
            run_end = _end_of_run(place, order, post)
            _moments(order, place, run_end, size, here)
            for each in range(place, run_end):
                row = order[each]
                if not math.isnan(size[row]):
                    elsewhere = _distance(size[row], everyone) - _distance(size[row], here)
                    # Under its own post the author arrives once: the arrival itself is already taken off.
                    found[0, row] = everyone[0] - here[0] - own[0, row]
                    found[1, row] = max(elsewhere - own[1, row], 0.0)
            place = run_end
    return found


@njit(cache=True, nogil=True)
def _moments(rows: Integers, first: int, end: int, size: Numbers, moments: Numbers) -> None:
    """Number, sum and sum of squares of the sizes that there are in a stretch of `rows`, into `moments`."""
    moments[0] = moments[1] = moments[2] = 0.0
    for place in range(first, end):
        row = rows[place]
        if not math.isnan(size[row]):
            moments[0] += 1.0
            moments[1] += size[row]
            moments[2] += size[row] ** 2


@njit(cache=True, nogil=True)
def _distance(size: float, moments: Numbers) -> float:
    """Sum of the squared differences of a size to those with these moments."""
    distance: float = moments[0] * size**2 - 2 * size * moments[1] + moments[2]
    return distance


@njit(cache=True, nogil=True)
def regular_visits(
    order: Integers, post: Integers, several: Integers, same_author: Integers, counts: Flags, fewest: int
) -> Flags:
    """The first of an author's rows under a post, of authors with two posts, on posts with `fewest` such authors.

    Only rows count that `counts` says: those by known authors at known instants.
    """
    chosen = np.zeros(len(post), np.bool_)
    place = 0
    while place < len(several):
        rows = several[place : place + same_author[several[place]] + 1]
        posts, latest = 0, np.int64(-1)
        for row in rows:
            if counts[row] and post[row] != latest:
                chosen[row], latest = True, post[row]
                posts += 1
        if posts < _REGULAR_POSTS:
            for row in rows:
                chosen[row] = False
        place += len(rows)
    place = 0
    while place < len(order):
        end, people = _end_of_run(place, order, post), 0
        for each in range(place, end):
            people += chosen[order[each]]
        if people < fewest:
            for each in range(place, end):
                chosen[order[each]] = False
        place = end
    return chosen
