"""Kernels of the comment frames: which comments of an account share a text, an author, a post or an hour.

Arrays have one entry per comment, called a row, in the order of the table: by account, then by comment id. What most
kernels take besides:

    starts: int64, first row of each account, and the number of rows at the end.
    post: int64, the comment's post as a row of the posts, which are in order of account and post id.
    author: int32, the comment's author, counted from 0 within the account; each unknown one is another.
    order: int64, the rows of each account in order of post, instant and comment id.
    by_author: int64, the rows of each account author by author, those of one author as in `order`.
    codes: int32, equal within an account for what is alike, counted from 0; -1 where there is nothing.

Results are NaN where nothing can be said, which the frames turn into null.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

NO_INSTANT = np.iinfo(np.int64).min
"""Stands for an unknown instant, which comes before every other, as null does."""

_MIX = -7046029254386353131  # 2^64 / golden ratio, as a signed number: Fibonacci hashing (Knuth, vol. 3, 6.4)
_HIGH_BITS = 32
_INSERTION = 16  # rows up to which sorting by insertion is faster than by merging
_MICROSECOND = 1e-6  # in seconds; polars multiplies by it, too
_SECONDS_PER_HOUR = 3600
_HOUR = 3_600_000_000  # in microseconds
_HOURS_OF_DAY = 24


# Codes and orders -----------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def _longest(starts):
    """Most rows of an account."""
    longest = 0
    for account in range(len(starts) - 1):
        longest = max(longest, starts[account + 1] - starts[account])
    return longest


@njit(cache=True, nogil=True)
def _size_for(entries):
    """Slots of a table that stays at most half full: a power of two."""
    size = 2
    while size < 2 * entries:
        size *= 2
    return size


@njit(cache=True, nogil=True)
def _slot_of(key, keys, stamps, stamp, mask):
    """Slot of the key, or the free one where it belongs; a slot is taken if it bears the stamp of this round."""
    slot = ((key * _MIX) >> _HIGH_BITS) & mask
    while stamps[slot] == stamp and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot


@njit(cache=True, nogil=True)
def codes_of(starts, keys):
    """Codes of int64 keys within each account, in order of first appearance; key 0 gets -1."""
    codes = np.empty(len(keys), np.int32)
    size = _size_for(_longest(starts))
    held, held_codes, stamps = np.empty(size, np.int64), np.empty(size, np.int32), np.zeros(size, np.int64)
    for account in range(len(starts) - 1):
        mask, stamp, count = _size_for(starts[account + 1] - starts[account]) - 1, account + 1, 0
        for row in range(starts[account], starts[account + 1]):
            if keys[row] == 0:
                codes[row] = -1
                continue
            slot = _slot_of(keys[row], held, stamps, stamp, mask)
            if stamps[slot] != stamp:
                stamps[slot], held[slot], held_codes[slot] = stamp, keys[row], count
                count += 1
            codes[row] = held_codes[slot]
    return codes


@njit(cache=True, nogil=True)
def rows_of(starts, keys, target_starts, target_keys):
    """For each row the row among the targets of the same account that has its key; -1 where none has."""
    found = np.empty(len(keys), np.int64)
    size = _size_for(_longest(target_starts))
    held, held_rows, stamps = np.empty(size, np.int64), np.empty(size, np.int64), np.zeros(size, np.int64)
    for account in range(len(starts) - 1):
        first, end, stamp = target_starts[account], target_starts[account + 1], account + 1
        mask = _size_for(end - first) - 1
        for row in range(first, end):
            slot = _slot_of(target_keys[row], held, stamps, stamp, mask)
            stamps[slot], held[slot], held_rows[slot] = stamp, target_keys[row], row
        for row in range(starts[account], starts[account + 1]):
            slot = _slot_of(keys[row], held, stamps, stamp, mask)
            found[row] = held_rows[slot] if stamps[slot] == stamp else -1
    return found


@njit(cache=True, nogil=True)
def _insert(rows, first, end, instants):
    """Sort a short stretch of `rows` by instant; equal ones stay as they are."""
    for place in range(first + 1, end):
        row = rows[place]
        before = place - 1
        while before >= first and instants[rows[before]] > instants[row]:
            rows[before + 1] = rows[before]
            before -= 1
        rows[before + 1] = row


@njit(cache=True, nogil=True)
def _sort_by_instant(rows, first, end, instants, spare):
    """Sort a stretch of `rows` by instant; equal ones stay as they are. `spare` is as long as `rows`."""
    for place in range(first, end, _INSERTION):
        _insert(rows, place, min(place + _INSERTION, end), instants)
    width = _INSERTION
    while width < end - first:
        for left in range(first, end, 2 * width):
            middle, right = min(left + width, end), min(left + 2 * width, end)
            one, two = left, middle
            for place in range(left, right):
                if one < middle and (two >= right or instants[rows[one]] <= instants[rows[two]]):
                    spare[place] = rows[one]
                    one += 1
                else:
                    spare[place] = rows[two]
                    two += 1
        rows[first:end] = spare[first:end]
        width *= 2


@njit(cache=True, nogil=True)
def order_of(starts, post, post_starts, instants):
    """`order`: the rows of each account by post, instant and row."""
    order, spare = np.empty(len(post), np.int64), np.empty(len(post), np.int64)
    places = np.empty(_longest(post_starts) + 1, np.int64)
    for account in range(len(starts) - 1):
        first_post, posts = post_starts[account], post_starts[account + 1] - post_starts[account]
        places[: posts + 1] = 0
        for row in range(starts[account], starts[account + 1]):
            places[post[row] - first_post + 1] += 1
        places[0] = starts[account]
        for each in range(posts):
            places[each + 1] += places[each]
        for row in range(starts[account], starts[account + 1]):
            order[places[post[row] - first_post]] = row
            places[post[row] - first_post] += 1
        # Each place is now the end of its post.
        first = starts[account]
        for each in range(posts):
            _sort_by_instant(order, first, places[each], instants, spare)
            first = places[each]
    return order


@njit(cache=True, nogil=True)
def authors_of(starts, codes, order):
    """`author` from the codes of the commenters, -1 where unknown, and `by_author`."""
    author, by_author = np.empty(len(codes), np.int32), np.empty(len(codes), np.int64)
    places = np.empty(_longest(starts) + 1, np.int64)
    for account in range(len(starts) - 1):
        first, end, count = starts[account], starts[account + 1], 0
        for row in range(first, end):
            count = max(count, codes[row] + 1)
        for row in range(first, end):
            author[row] = codes[row]
            if codes[row] < 0:
                author[row] = count
                count += 1
        places[: count + 1] = 0
        for row in range(first, end):
            places[author[row] + 1] += 1
        places[0] = first
        for each in range(count):
            places[each + 1] += places[each]
        for place in range(first, end):
            row = order[place]
            by_author[places[author[row]]] = row
            places[author[row]] += 1
    return author, by_author


@njit(cache=True, nogil=True)
def _end_of_run(place, end, rows, values):
    """Where the stretch of `rows` ends that has the same value as the row at `place`."""
    value = values[rows[place]]
    place += 1
    while place < end and values[rows[place]] == value:
        place += 1
    return place


# What texts share -----------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def by_other_authors(starts, codes, author, by_author):
    """Comments by other authors with the same code, int64; 0 where there is none."""
    shared = np.zeros(len(codes), np.int64)
    longest = _longest(starts)
    totals, own = np.zeros(longest, np.int64), np.zeros(longest, np.int64)
    for account in range(len(starts) - 1):
        first, end, most = starts[account], starts[account + 1], 0
        for row in range(first, end):
            if codes[row] >= 0:
                totals[codes[row]] += 1
                most = max(most, totals[codes[row]])
        place = first
        while place < end and most > 1:
            run_end = _end_of_run(place, end, by_author, author)
            for each in by_author[place:run_end]:
                if codes[each] >= 0:
                    own[codes[each]] += 1
            for each in by_author[place:run_end]:
                if codes[each] >= 0:
                    shared[each] = totals[codes[each]] - own[codes[each]]
            for each in by_author[place:run_end]:
                own[max(codes[each], 0)] = 0
            place = run_end
        for row in range(first, end):
            totals[max(codes[row], 0)] = 0
    return shared


@njit(cache=True, nogil=True)
def by_other_authors_elsewhere(starts, codes, shared, author, by_author, order, post):
    """Of the comments that `by_other_authors` has found, `shared`, those under other posts."""
    elsewhere = np.zeros(len(codes), np.int64)
    count = np.zeros(_longest(starts), np.int64)
    for account in range(len(starts) - 1):
        first, end = starts[account], starts[account + 1]
        if not np.any(shared[first:end]):
            continue
        place = first
        while place < end:  # less all comments under the same post
            run_end = _end_of_run(place, end, order, post)
            for each in order[place:run_end]:
                if codes[each] >= 0:
                    count[codes[each]] += 1
            for each in order[place:run_end]:
                if shared[each] > 0:
                    elsewhere[each] = shared[each] - count[codes[each]]
            for each in order[place:run_end]:
                count[max(codes[each], 0)] = 0
            place = run_end
        place = first
        while place < end:  # but not less the author's own, which `shared` does not hold
            run_end = place + 1
            while run_end < end and (
                author[by_author[run_end]] == author[by_author[place]]
                and post[by_author[run_end]] == post[by_author[place]]
            ):
                run_end += 1
            for each in by_author[place:run_end]:
                if codes[each] >= 0:
                    count[codes[each]] += 1
            for each in by_author[place:run_end]:
                if shared[each] > 0:
                    elsewhere[each] += count[codes[each]]
            for each in by_author[place:run_end]:
                count[max(codes[each], 0)] = 0
            place = run_end
    return elsewhere


@njit(cache=True, nogil=True)
def others_alike(starts, codes):
    """Other comments of the account with the same code; NaN where there is none."""
    alike = np.full(len(codes), np.nan)
    totals = np.zeros(_longest(starts), np.int64)
    for account in range(len(starts) - 1):
        for row in range(starts[account], starts[account + 1]):
            totals[max(codes[row], 0)] += codes[row] >= 0
        for row in range(starts[account], starts[account + 1]):
            if codes[row] >= 0:
                alike[row] = totals[codes[row]] - 1
        for row in range(starts[account], starts[account + 1]):
            totals[max(codes[row], 0)] = 0
    return alike


@njit(cache=True, nogil=True)
def chances_of_meeting(starts, like, comments, draw):
    """Probability that a random draw of `draw` of the account's comments that holds this one holds one like it.

    `like` are the comments like this one, negative where that is not asked; `comments` how many there are to draw
    from. NaN with fewer than `draw` of them, and where not asked.
    """
    chances = np.full(len(like), np.nan)
    known = np.empty(_longest(starts) + 1, np.float64)
    for account in range(len(starts) - 1):
        if comments[account] < draw:
            continue
        known[: comments[account] + 1] = -1.0
        for row in range(starts[account], starts[account + 1]):
            if like[row] < 0:
                continue
            if known[like[row]] < 0:
                known[like[row]] = _chance_of_meeting(like[row], comments[account], draw)
            chances[row] = known[like[row]]
    return chances


@njit(cache=True, nogil=True)
def _chance_of_meeting(like, comments, draw):
    others, none_met = comments - 1, 1.0
    for drawn in range(draw - 1):
        none_met *= max(others - like - drawn, 0) / (others - drawn)
    return 1.0 - none_met


# Words ----------------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def shared_words(starts, author, by_author, has_mention, offsets, words):
    """How often other authors use the words, and pairs of neighbouring words, of each comment without a mention.

    `offsets` and `words` are the flat word lists of all rows: int64 keys.

    Returns:
        Rows of an int64 array: the comment's words; the like ones of other authors, summed over them; the words of all
        comments of its author; then the same of pairs. 0 where the comment takes no part.
    """
    counts = np.zeros((6, len(author)), np.int64)
    most = 0
    for account in range(len(starts) - 1):
        most = max(most, offsets[starts[account + 1]] - offsets[starts[account]])
    size = _size_for(most)
    held, held_codes, stamps = np.empty(size, np.int64), np.empty(size, np.int32), np.zeros(size, np.int64)
    codes, totals, own = np.empty(most, np.int32), np.zeros(most, np.int64), np.zeros(most, np.int64)
    pair_codes, pair_totals = np.empty(most, np.int32), np.zeros(most, np.int64)
    for account in range(len(starts) - 1):
        first, end = starts[account], starts[account + 1]
        base = offsets[first]
        mask, stamp, count = _size_for(offsets[end] - base) - 1, 2 * account + 1, 0
        for row in range(first, end):
            if has_mention[row]:
                continue
            for token in range(offsets[row], offsets[row + 1]):
                slot = _slot_of(words[token], held, stamps, stamp, mask)
                if stamps[slot] != stamp:
                    stamps[slot], held[slot], held_codes[slot] = stamp, words[token], count
                    totals[count] = 0
                    count += 1
                codes[token - base] = held_codes[slot]
                totals[held_codes[slot]] += 1
        # A pair with a word that is used once is used once: its code is -1 and it has no like.
        stamp, count = stamp + 1, 0
        for row in range(first, end):
            if has_mention[row]:
                continue
            for token in range(offsets[row] + 1 - base, offsets[row + 1] - base):
                pair_codes[token] = -1
                if totals[codes[token - 1]] > 1 and totals[codes[token]] > 1:
                    pair = (np.int64(codes[token - 1]) << _HIGH_BITS) | np.int64(codes[token])
                    slot = _slot_of(pair, held, stamps, stamp, mask)
                    if stamps[slot] != stamp:
                        stamps[slot], held[slot], held_codes[slot] = stamp, pair, count
                        pair_totals[count] = 0
                        count += 1
                    pair_codes[token] = held_codes[slot]
                    pair_totals[held_codes[slot]] += 1
        place = first
        while place < end:
            run_end = _end_of_run(place, end, by_author, author)
            rows = by_author[place:run_end]
            _matches(rows, has_mention, offsets, base, 0, codes, totals, own, counts[:3])
            _matches(rows, has_mention, offsets, base, 1, pair_codes, pair_totals, own, counts[3:])
            place = run_end
    return counts


@njit(cache=True, nogil=True)
def _matches(rows, has_mention, offsets, base, skipped, codes, totals, own, counts):
    """Tokens, matches by others and tokens of the author into `counts`, for the rows of one author.

    The first `skipped` tokens of a row do not count. `own` is zero before and after.
    """
    tokens = 0
    for row in rows:
        if not has_mention[row]:
            counts[0, row] = max(offsets[row + 1] - offsets[row] - skipped, 0)
            tokens += counts[0, row]
            for token in range(offsets[row] + skipped - base, offsets[row + 1] - base):
                if codes[token] >= 0:
                    own[codes[token]] += 1
    for row in rows:
        counts[2, row] = tokens
        if not has_mention[row]:
            for token in range(offsets[row] + skipped - base, offsets[row + 1] - base):
                if codes[token] >= 0:
                    counts[1, row] += totals[codes[token]] - own[codes[token]]
    for row in rows:
        if not has_mention[row]:
            for token in range(offsets[row] + skipped - base, offsets[row + 1] - base):
                own[max(codes[token], 0)] = 0


@njit(cache=True, nogil=True)
def following_posts(post_starts, posted_at, has_words):
    """For each post with words in its caption the next such post of the account, for the last the first; else -1.

    -1 also for the only one of its account.
    """
    following = np.full(len(posted_at), -1, np.int64)
    longest = _longest(post_starts)
    rows, spare = np.empty(longest, np.int64), np.empty(longest, np.int64)
    for account in range(len(post_starts) - 1):
        count = 0
        for post in range(post_starts[account], post_starts[account + 1]):
            if has_words[post]:
                rows[count] = post
                count += 1
        _sort_by_instant(rows, 0, count, posted_at, spare)
        for place in range(count if count > 1 else 0):
            following[rows[place]] = rows[(place + 1) % count]
    return following


@njit(cache=True, nogil=True)
def _has_any(words, candidates):
    """Whether any of the words is among the candidates; word 0 is none."""
    for word in words:
        if word != 0:
            for candidate in candidates:
                if candidate == word:
                    return True
    return False


@njit(cache=True, nogil=True)
def touched_captions(post, following, has_mention, offsets, words, caption_offsets, caption_words):
    """Whether a comment takes up a word of its own post's caption, and of the following post's: 1 or 0.

    Words are flat lists of int64 keys, 0 for those that do not count. NaN where the post has no following one, and for
    comments that have no word, or a mention.
    """
    touches = np.full((2, len(post)), np.nan)
    for row in range(len(post)):
        if has_mention[row] or offsets[row] == offsets[row + 1] or following[post[row]] < 0:
            continue
        own_words = words[offsets[row] : offsets[row + 1]]
        for which, caption in enumerate((post[row], following[post[row]])):
            candidates = caption_words[caption_offsets[caption] : caption_offsets[caption + 1]]
            touches[which, row] = _has_any(own_words, candidates)
    return touches


@njit(cache=True, nogil=True)
def successions(starts, codes, order, post, instants):
    """How often one text follows another, over the comments that the next one of their post follows with words.

    Returns:
        Rows of a float array, of the followed comments under other posts: those with the same text as this one that
        also have the same next text; those with the same text; those with the same next text; all. NaN for comments
        that are not followed.
    """
    counts = np.full((4, len(codes)), np.nan)
    longest = _longest(starts)
    size = _size_for(longest)
    held, held_codes, stamps = np.empty(size, np.int64), np.empty(size, np.int32), np.zeros(size, np.int64)
    codes_here = np.empty((3, longest), np.int32)
    totals, here = np.zeros((3, longest), np.int64), np.zeros((3, longest), np.int64)
    for account in range(len(starts) - 1):
        first, end, stamp, count, followed = starts[account], starts[account + 1], account + 1, 0, 0
        mask = _size_for(end - first) - 1
        for place in range(first, end):
            row, at = order[place], place - first
            codes_here[0, at] = -1
            if place + 1 == end or post[order[place + 1]] != post[row] or instants[row] == NO_INSTANT:
                continue
            after = order[place + 1]
            if instants[after] == NO_INSTANT or codes[row] < 0 or codes[after] < 0:
                continue
            pair = (np.int64(codes[row]) << _HIGH_BITS) | np.int64(codes[after])
            slot = _slot_of(pair, held, stamps, stamp, mask)
            if stamps[slot] != stamp:
                stamps[slot], held[slot], held_codes[slot] = stamp, pair, count
                count += 1
            codes_here[0, at], codes_here[1, at], codes_here[2, at] = held_codes[slot], codes[row], codes[after]
            followed += 1
            for kind in range(3):
                totals[kind, codes_here[kind, at]] += 1
        place = first
        while place < end and followed > 0:
            run_end, followed_here = _end_of_run(place, end, order, post), 0
            for at in range(place - first, run_end - first):
                if codes_here[0, at] >= 0:
                    followed_here += 1
                    for kind in range(3):
                        here[kind, codes_here[kind, at]] += 1
            for at in range(place - first, run_end - first):
                if codes_here[0, at] >= 0:
                    for kind in range(3):
                        code = codes_here[kind, at]
                        counts[kind, order[first + at]] = totals[kind, code] - here[kind, code]
                    counts[3, order[first + at]] = followed - followed_here
            for at in range(place - first, run_end - first):
                if codes_here[0, at] >= 0:
                    for kind in range(3):
                        here[kind, codes_here[kind, at]] = 0
            place = run_end
        totals[:, : end - first] = 0
    return counts


# Instants -------------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def delays(post, instants, posted_at):
    """Hours from the post to the comment; NaN where unknown, or negative: a comment before its post is a failed clock.

    `posted_at` is per post.
    """
    hours = np.full(len(post), np.nan)
    for row in range(len(post)):
        instant, posted = instants[row], posted_at[post[row]]
        if instant != NO_INSTANT and posted != NO_INSTANT and instant >= posted:
            hours[row] = (instant - posted) * _MICROSECOND / _SECONDS_PER_HOUR
    return hours


@njit(cache=True, nogil=True)
def gaps(starts, order, post, author, instants):
    """Seconds since the comment before under the same post, whether its author is the same, and local variation.

    The variation is 3 ((g1 - g2) / (g1 + g2))^2 of two neighbouring gaps (Shinomoto et al. 2003). NaN where instants
    are unknown, both gaps are 0, or both are whole hours: such evenness is the display's of the clock.
    """
    seconds, variation = np.full(len(post), np.nan), np.full(len(post), np.nan)
    follows_same_author = np.zeros(len(post), np.bool_)
    for account in range(len(starts) - 1):
        for place in range(starts[account] + 1, starts[account + 1]):
            row, before = order[place], order[place - 1]
            if post[row] != post[before]:
                continue
            follows_same_author[row] = author[row] == author[before]
            if instants[row] == NO_INSTANT or instants[before] == NO_INSTANT:
                continue
            gap = instants[row] - instants[before]
            seconds[row] = gap * _MICROSECOND
            if math.isnan(seconds[before]) or seconds[before] + seconds[row] <= 0:
                continue
            first_gap = instants[before] - instants[order[place - 2]]
            if first_gap % _HOUR != 0 or gap % _HOUR != 0:
                first, second = seconds[before], seconds[row]
                variation[row] = 3 * ((first - second) / (first + second)) ** 2
    return seconds, follows_same_author, variation


@njit(cache=True, nogil=True)
def others_in_same_hour(starts, instants):
    """Other comments of the account in the same hour of the UTC day; NaN where the instant is unknown."""
    others = np.full(len(instants), np.nan)
    comments = np.zeros(_HOURS_OF_DAY, np.int64)
    for account in range(len(starts) - 1):
        comments[:] = 0
        for instant in instants[starts[account] : starts[account + 1]]:
            if instant != NO_INSTANT:
                comments[(instant // _HOUR) % _HOURS_OF_DAY] += 1
        for row in range(starts[account], starts[account + 1]):
            if instants[row] != NO_INSTANT:
                others[row] = comments[(instants[row] // _HOUR) % _HOURS_OF_DAY] - 1
    return others


@njit(cache=True, nogil=True)
def late_days(instants, hours, late_hours):
    """A key per UTC day of the comments that came later than `late_hours`; 0 of all others."""
    days = np.zeros(len(instants), np.int64)
    for row in range(len(instants)):
        if hours[row] > late_hours:
            days[row] = instants[row] // (_HOUR * _HOURS_OF_DAY) + 1
    return days


# Authors --------------------------------------------------------------------------------------------------------------


@njit(cache=True, nogil=True)
def authorship(starts, order, post, author, by_author, knows_author):
    """Who comes, and who comes back.

    Returns:
        Rows of an int64 array: comments under the same post; other comments of the same author; those of them under
        the same post; comments of known author under the post; first comments of known authors under it; those of
        regulars among these; known authors of the account that are regular. Then two bool arrays: whether the
        comment is by a regular, a known author with comments under two posts; whether it is the author's first there.
    """
    counts = np.zeros((7, len(post)), np.int64)
    is_regular, is_arrival = np.zeros(len(post), np.bool_), np.zeros(len(post), np.bool_)
    for account in range(len(starts) - 1):
        first, end, regulars = starts[account], starts[account + 1], 0
        place = first
        while place < end:
            run_end = _end_of_run(place, end, by_author, author)
            several_posts = post[by_author[place]] != post[by_author[run_end - 1]]
            regulars += several_posts
            here = place
            while here < run_end:
                here_end = _end_of_run(here, run_end, by_author, post)
                is_arrival[by_author[here]] = knows_author[by_author[here]]
                for row in by_author[here:here_end]:
                    counts[1, row], counts[2, row] = run_end - place - 1, here_end - here - 1
                    is_regular[row] = several_posts
                here = here_end
            place = run_end
        place = first
        while place < end:
            run_end = _end_of_run(place, end, order, post)
            known, arrivals, regular_arrivals = 0, 0, 0
            for row in order[place:run_end]:
                known += knows_author[row]
                arrivals += is_arrival[row]
                regular_arrivals += is_arrival[row] and is_regular[row]
            for row in order[place:run_end]:
                counts[0, row], counts[3, row] = run_end - place, known
                counts[4, row], counts[5, row] = arrivals, regular_arrivals
            place = run_end
        counts[6, first:end] = regulars
    return counts, is_regular, is_arrival


@njit(cache=True, nogil=True)
def returns(starts, order, post, author, by_author, size, is_prompt):
    """How alike two arrivals under different posts are, of one person and of different people.

    An arrival is a row with a `size`, at most one of an author under a post; all others are NaN there.

    Returns:
        Rows of a float array: arrivals of the author under other posts; the squared differences of size to them,
        summed; those of them that are prompt, as this one is, 0 if it is not; arrivals of other authors under other
        posts; the squared differences to these. NaN where the row is no arrival.
    """
    found = np.full((5, len(size)), np.nan)
    moments, own, here = np.empty(3), np.empty(3), np.empty(3)
    for account in range(len(starts) - 1):
        first, end = starts[account], starts[account + 1]
        origin = _first_of(order[first:end], size)
        _moments(order[first:end], size, origin, moments)
        place = first
        while place < end:
            run_end = _end_of_run(place, end, by_author, author)
            _moments(by_author[place:run_end], size, origin, own)
            prompt = 0
            for row in by_author[place:run_end]:
                prompt += is_prompt[row]
            for row in by_author[place:run_end]:
                if not math.isnan(size[row]):
                    found[0, row] = own[0] - 1
                    found[1, row] = _distance(size[row] - origin, own)
                    found[2, row] = prompt - 1 if is_prompt[row] else 0
            place = run_end
        place = first
        while place < end:
            run_end = _end_of_run(place, end, order, post)
            _moments(order[place:run_end], size, origin, here)
            for row in order[place:run_end]:
                if not math.isnan(size[row]):
                    elsewhere = _distance(size[row] - origin, moments) - _distance(size[row] - origin, here)
                    # Under its own post the author arrives once: only the arrival itself is in both that go off.
                    found[3, row] = moments[0] - here[0] - found[0, row]
                    found[4, row] = max(elsewhere - found[1, row], 0.0)
                    found[1, row] = max(found[1, row], 0.0)
            place = run_end
    return found


@njit(cache=True, nogil=True)
def _first_of(rows, size):
    """The first size that there is: sizes are taken from it, so that equal ones leave no noise of rounding."""
    for row in rows:
        if not math.isnan(size[row]):
            return size[row]
    return 0.0


@njit(cache=True, nogil=True)
def _moments(rows, size, origin, moments):
    """Number, sum and sum of squares, from `origin`, of the sizes that there are, into `moments`."""
    moments[:] = 0.0
    for row in rows:
        if not math.isnan(size[row]):
            moments[0] += 1.0
            moments[1] += size[row] - origin
            moments[2] += (size[row] - origin) ** 2


@njit(cache=True, nogil=True)
def _distance(size, moments):
    """Sum of the squared differences of a size to those with these moments."""
    return moments[0] * size**2 - 2 * size * moments[1] + moments[2]


@njit(cache=True, nogil=True)
def regular_visits(starts, order, post, author, by_author, visits, fewest):
    """The first of an author's `visits` under a post, of authors under two posts, on posts with `fewest` such authors.

    `visits` is a bool array: the comments that count, by known authors at known instants.
    """
    chosen = np.zeros(len(visits), np.bool_)
    for account in range(len(starts) - 1):
        first, end = starts[account], starts[account + 1]
        place = first
        while place < end:
            run_end, posts = _end_of_run(place, end, by_author, author), 0
            seen = np.int64(-1)
            for row in by_author[place:run_end]:
                if visits[row] and post[row] != seen:
                    chosen[row], seen = True, post[row]
                    posts += 1
            if posts == 1:
                for row in by_author[place:run_end]:
                    chosen[row] = False
            place = run_end
        place = first
        while place < end:
            run_end, people = _end_of_run(place, end, order, post), 0
            for row in order[place:run_end]:
                people += chosen[row]
            if people < fewest:
                for row in order[place:run_end]:
                    chosen[row] = False
            place = run_end
    return chosen
