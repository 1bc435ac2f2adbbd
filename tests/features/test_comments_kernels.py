"""Kernels of the comment frames against loops over pairs of rows, on random accounts of which some have no comment."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
import pytest

from features.kernels import comments as kernels
from features.kernels.comments import NO_INSTANT

HOUR = 3_600_000_000
DAY = 24 * HOUR
DRAW = 20


@dataclass
class World:
    """Comments of some accounts: of every row its account, post, author, whether that is known, and its instant."""

    starts: np.ndarray
    account: np.ndarray
    post_starts: np.ndarray
    post: np.ndarray
    commenter: np.ndarray
    instants: np.ndarray

    @property
    def rows(self) -> range:
        return range(len(self.account))

    @property
    def knows_author(self) -> np.ndarray:
        return self.commenter >= 0

    def same_author(self, one: int, other: int) -> bool:
        if one == other:
            return True
        known = self.commenter[one] >= 0 and self.commenter[one] == self.commenter[other]
        return bool(known and self.account[one] == self.account[other])

    def in_order(self) -> list[int]:
        return sorted(self.rows, key=lambda row: (self.post[row], self.instants[row], row))

    def order(self) -> np.ndarray:
        return np.array(self.in_order(), np.int64)

    def author(self) -> np.ndarray:
        """Numbers of the authors: the first row of each."""
        return np.array([next(o for o in self.rows if self.same_author(row, o)) for row in self.rows], np.int64)

    def others_of_author(self) -> np.ndarray:
        return np.array([sum(self.same_author(row, o) for o in self.rows) - 1 for row in self.rows], np.int64)

    def several(self) -> np.ndarray:
        many = [row for row in self.in_order() if self.others_of_author()[row] > 0]
        author = self.author()
        return np.array(sorted(many, key=lambda row: author[row]), np.int64)

    def codes(self, values: Iterable[Any]) -> np.ndarray:
        """Codes as the kernels give them, of values of which None is nothing."""
        seen: dict[Any, int] = {}
        keys = [
            None if value is None else (account, value) for account, value in zip(self.account, values, strict=True)
        ]
        return np.array([-1 if key is None else seen.setdefault(key, len(seen)) for key in keys], np.int32)

    def count(self, like: Callable[[int, int], bool]) -> list[int]:
        """Other rows that are like each row."""
        return [sum(like(row, other) for other in self.rows if other != row) for row in self.rows]


def world(seed: int, sizes: tuple[int, ...] = (0, 70, 1, 0, 25)) -> World:
    random = np.random.default_rng(seed)
    account = np.repeat(np.arange(len(sizes)), sizes)
    posts = [0 if size == 0 else int(random.integers(1, 6)) for size in sizes]
    post_starts = np.concatenate([[0], np.cumsum(posts)]).astype(np.int64)
    post = np.array([random.integers(post_starts[each], post_starts[each + 1]) for each in account], np.int64)
    commenter = random.integers(-2, 14, len(account)).clip(-1)
    hours = np.where(random.random(len(account)) < 0.3, random.integers(0, 100, len(account)) * HOUR, 0)
    instants = np.where(hours > 0, hours, random.integers(0, 200 * HOUR, len(account)))
    instants = np.where(random.random(len(account)) < 0.15, NO_INSTANT, instants)
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return World(starts, account, post_starts, post, commenter.astype(np.int64), instants.astype(np.int64))


def texts(given: World, seed: int, kinds: int = 6) -> list[int | None]:
    """A value for every row, often the same; None for some."""
    drawn = np.random.default_rng(seed + 100).integers(-1, kinds, len(given.account))
    return [None if value < 0 else int(value) for value in drawn]


SEEDS = range(4)
seeds = pytest.mark.parametrize("seed", SEEDS)


# No comment -----------------------------------------------------------------------------------------------------------


def test_no_account_has_no_codes() -> None:
    assert kernels.codes_of(np.array([0]), np.array([], np.int64)).tolist() == []


def test_accounts_without_comments_have_no_order_author_or_return() -> None:
    given = world(0, (0, 0))
    order = kernels.order_of(given.post, 0, given.instants)
    assert order.tolist() == []
    assert kernels.authors_of(given.starts, given.codes([])).tolist() == []
    assert kernels.several_of(given.author(), order).tolist() == []
    assert kernels.from_first(given.starts, np.array([])).tolist() == []


def test_a_comment_without_words_is_like_no_other() -> None:
    offsets = np.array([0, 0], np.int64)
    words, pairs, repeats = kernels.word_codes(np.array([0, 1]), offsets[:1], offsets[1:], np.array([], np.int64))
    assert (words.tolist(), pairs.tolist(), repeats.tolist()) == ([], [], [False])


# Codes and orders -----------------------------------------------------------------------------------------------------


@seeds
def test_codes_number_the_keys_of_each_account(seed: int) -> None:
    given = world(seed)
    values = texts(given, seed)
    keys = np.array([0 if value is None else 2**62 + value * 2**33 for value in values], np.int64)
    np.testing.assert_array_equal(kernels.codes_of(given.starts, keys), given.codes(values))


@seeds
def test_rows_are_found_in_their_own_account(seed: int) -> None:
    given = world(seed)
    post_keys = np.arange(given.post_starts[-1], dtype=np.int64) % 3 + 1  # the same key in several accounts
    keys = np.random.default_rng(seed).integers(1, 5, len(given.account))
    expected = [
        max((p for p in range(given.post_starts[a], given.post_starts[a + 1]) if post_keys[p] == key), default=-1)
        for a, key in zip(given.account, keys, strict=True)
    ]
    assert kernels.rows_of(given.starts, keys, given.post_starts, post_keys).tolist() == expected


@pytest.mark.parametrize("rows", [1, 16, 17, 40, 333], ids="{} comments".format)
def test_the_order_is_of_post_instant_and_row(rows: int) -> None:
    given = world(rows, (rows, 3))
    assert kernels.order_of(given.post, given.post_starts[-1], given.instants).tolist() == given.in_order()


@seeds
def test_authors_have_a_number_of_their_own_and_the_unknown_one_each(seed: int) -> None:
    given = world(seed)
    codes = given.codes([None if commenter < 0 else commenter for commenter in given.commenter])
    author = kernels.authors_of(given.starts, codes)
    assert all(
        (author[one] == author[other]) == given.same_author(one, other) for one in given.rows for other in given.rows
    )
    assert all(0 <= each < len(given.account) for each in author)


@seeds
def test_authors_of_several_comments_follow_each_other(seed: int) -> None:
    given = world(seed)
    assert kernels.several_of(given.author(), given.order()).tolist() == given.several().tolist()


# What is alike --------------------------------------------------------------------------------------------------------


@seeds
def test_alike_by_loops_over_pairs(seed: int) -> None:
    given = world(seed)
    values = texts(given, seed)
    codes, several, same_author = given.codes(values), given.several(), given.others_of_author()

    def alike(one: int, other: int) -> bool:
        return codes[one] >= 0 and codes[one] == codes[other]

    expected = [math.nan if codes[row] < 0 else number for row, number in enumerate(given.count(alike))]
    np.testing.assert_array_equal(kernels.others_alike(codes), expected)
    by_others = given.count(lambda one, other: alike(one, other) and not given.same_author(one, other))
    assert kernels.by_other_authors(codes, several, same_author).tolist() == by_others


@seeds
def test_alike_elsewhere_by_loops_over_pairs(seed: int) -> None:
    given = world(seed)
    codes = given.codes(texts(given, seed))
    rows = np.array([row for row in given.in_order() if codes[row] >= 0 and row % 3], np.int64)
    chosen = set(rows.tolist())
    expected = given.count(
        lambda one, other: (
            {one, other} <= chosen and codes[one] == codes[other] and given.post[one] != given.post[other]
        )
    )
    assert kernels.alike_elsewhere(codes, rows, given.post).tolist() == expected


@seeds
def test_chances_by_counting_draws(seed: int) -> None:
    given = world(seed)
    like = np.random.default_rng(seed).integers(-1, 20, len(given.account))
    comments = np.diff(given.starts)
    expected = [
        1 - comb(int(comments[a] - 1 - number), DRAW - 1) / comb(int(comments[a] - 1), DRAW - 1)
        if comments[a] >= DRAW and number >= 0
        else math.nan
        for a, number in zip(given.account, np.minimum(like, comments[given.account] - 1), strict=True)
    ]
    like = np.minimum(like, comments[given.account] - 1)
    np.testing.assert_allclose(kernels.chances_of_meeting(given.starts, like, comments, DRAW), expected, rtol=1e-12)


# Words ----------------------------------------------------------------------------------------------------------------


def sentences(given: World, seed: int) -> list[list[int]]:
    """Up to nine words a row, as keys."""
    random = np.random.default_rng(seed + 200)
    return [(random.integers(1, 25, random.integers(0, 10)) * 2**40 + 1).tolist() for _ in given.rows]


def flat(lists: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    offsets = np.concatenate([[0], np.cumsum([len(each) for each in lists])]).astype(np.int64)
    return offsets, np.array([word for each in lists for word in each], np.int64)


@seeds
def test_words_and_pairs_of_others_by_loops(seed: int) -> None:
    given = world(seed)
    said = sentences(given, seed)
    offsets, keys = flat(said)
    is_read = np.array([row % 5 != 0 for row in given.rows], np.bool_)
    ends = np.where(is_read, offsets[1:], offsets[:-1])
    words, pairs, repeats = kernels.word_codes(given.starts, offsets[:-1], ends, keys)
    assert repeats.tolist() == [read and len(set(own)) < len(own) for own, read in zip(said, is_read, strict=True)]
    for codes, parts in (
        (words, said),
        (pairs, [list(itertools.pairwise(own)) for own in said]),
    ):
        expected = [
            sum(
                parts[other].count(part)
                for part in parts[row]
                for other in given.rows
                if is_read[other] and given.account[other] == given.account[row] and not given.same_author(row, other)
            )
            if is_read[row]
            else 0
            for row in given.rows
        ]
        found = kernels.matches_by_others(offsets[:-1], ends, codes, repeats, given.several(), given.others_of_author())
        assert found.tolist() == expected
    assert max(expected) > 0


@seeds
def test_sums_by_author_by_loops(seed: int) -> None:
    given = world(seed)
    values = np.arange(len(given.account))
    expected = [sum(values[other] for other in given.rows if given.same_author(row, other)) for row in given.rows]
    assert kernels.sums_by_author(values, given.several(), given.others_of_author()).tolist() == expected


@seeds
def test_following_posts_go_round(seed: int) -> None:
    given = world(seed)
    random = np.random.default_rng(seed)
    posts = given.post_starts[-1]
    posted_at, has_words = random.integers(0, 4, posts), random.random(posts) < 0.7
    expected = [-1] * posts
    for first, end in zip(given.post_starts[:-1], given.post_starts[1:], strict=True):
        worded = sorted(
            (post for post in range(first, end) if has_words[post]), key=lambda post: (posted_at[post], post)
        )
        for place, post in enumerate(worded if len(worded) > 1 else []):
            expected[post] = worded[(place + 1) % len(worded)]
    assert kernels.following_posts(given.post_starts, posted_at, has_words).tolist() == expected


@seeds
def test_touched_captions_by_sets(seed: int) -> None:
    given = world(seed)
    random = np.random.default_rng(seed)
    said = [[0 if word % 3 == 0 else word for word in own] for own in sentences(given, seed)]
    captions = [
        (random.integers(0, 60, random.integers(0, 12)) * 2**40 + 1).tolist() for _ in range(given.post_starts[-1])
    ]
    captions = [[word if word % 7 else 0 for word in caption] for caption in captions]
    following = random.integers(-1, len(captions), len(captions))
    offsets, words = flat(said)
    found = kernels.touched_captions(given.post, following, offsets[:-1], offsets[1:], words, *flat(captions))
    for which, caption_of in enumerate((lambda post: post, lambda post: following[post])):
        expected = [
            float(bool((set(own) & set(captions[caption_of(post)])) - {0}))
            if own and following[post] >= 0
            else math.nan
            for own, post in zip(said, given.post, strict=True)
        ]
        np.testing.assert_array_equal(found[which], expected)


@seeds
def test_the_next_code_is_that_behind_in_the_queue(seed: int) -> None:
    given = world(seed)
    codes = given.codes(texts(given, seed))
    expected = [-1] * len(codes)
    for post in set(given.post.tolist()):
        queue = [row for row in given.in_order() if given.post[row] == post]
        for row, after in itertools.pairwise(queue):
            if given.instants[row] != NO_INSTANT and codes[row] >= 0:
                expected[row] = codes[after]
    assert kernels.next_codes(codes, given.order(), given.post, given.instants).tolist() == expected


# Instants -------------------------------------------------------------------------------------------------------------


@seeds
def test_delays_are_known_after_the_post_only(seed: int) -> None:
    given = world(seed)
    posted_at = np.random.default_rng(seed).integers(0, 100 * HOUR, given.post_starts[-1])
    posted_at[0] = NO_INSTANT
    expected = [
        (instant - posted_at[post]) / HOUR
        if instant != NO_INSTANT and posted_at[post] != NO_INSTANT and instant >= posted_at[post]
        else math.nan
        for instant, post in zip(given.instants, given.post, strict=True)
    ]
    np.testing.assert_allclose(kernels.delays(given.post, given.instants, posted_at), expected, rtol=1e-12)


@seeds
def test_gaps_by_walking_each_queue(seed: int) -> None:
    given = world(seed)
    seconds, same, variation = kernels.gaps(given.order(), given.post, given.author(), given.instants)
    for post in set(given.post.tolist()):
        queue = [row for row in given.in_order() if given.post[row] == post]
        assert not same[queue[0]]
        gap = [math.nan]
        for before, row in itertools.pairwise(queue):
            timed = NO_INSTANT not in given.instants[[before, row]]
            gap.append((given.instants[row] - given.instants[before]) / 1e6 if timed else math.nan)
            assert same[row] == given.same_author(before, row)
        varies = [math.nan]
        for one, two in itertools.pairwise(gap):
            counts = one + two > 0 and (one % 3600 > 0 or two % 3600 > 0)
            varies.append(3 * ((one - two) / (one + two)) ** 2 if counts else math.nan)
        np.testing.assert_allclose(seconds[queue], gap, rtol=1e-12)
        np.testing.assert_allclose(variation[queue], varies, rtol=1e-9)


@seeds
def test_hours_and_late_days_by_division(seed: int) -> None:
    given = world(seed)
    hours = np.where(given.instants == NO_INSTANT, np.nan, given.instants / HOUR)
    of_day = [None if instant == NO_INSTANT else instant // HOUR % 24 for instant in given.instants]
    same_hour = given.count(
        lambda one, other: of_day[one] is not None and given.codes(of_day)[one] == given.codes(of_day)[other]
    )
    found = kernels.others_alike(kernels.hour_codes(given.starts, given.instants))
    np.testing.assert_array_equal(found, [math.nan if o is None else s for o, s in zip(of_day, same_hour, strict=True)])
    days = [i // DAY + 1 if h > 72 else 0 for i, h in zip(given.instants, hours, strict=True)]
    assert kernels.late_days(given.instants, hours, 72.0).tolist() == days


# Authors --------------------------------------------------------------------------------------------------------------


def first_visits(given: World, counts: Callable[[int], bool]) -> list[int]:
    """The first row of each known author under each post, of the rows that count."""
    first: dict[tuple[int, int], int] = {}
    for row in given.in_order():
        if given.commenter[row] >= 0 and counts(row):
            first.setdefault((given.post[row], given.commenter[row]), row)
    return list(first.values())


@seeds
def test_authorship_by_loops_over_pairs(seed: int) -> None:
    given = world(seed)
    counts, is_regular, is_arrival = kernels.authorship(
        given.order(), given.post, given.several(), given.author(), given.knows_author
    )
    arrivals = set(first_visits(given, lambda _: True))
    regulars = {
        row
        for row in given.rows
        if any(given.same_author(row, o) and given.post[row] != given.post[o] for o in given.rows)
    }
    here = [[other for other in given.rows if given.post[other] == given.post[row]] for row in given.rows]
    expected = [
        [len(rows) for rows in here],
        given.count(given.same_author),
        given.count(lambda one, other: given.same_author(one, other) and given.post[one] == given.post[other]),
        [sum(given.knows_author[rows]) for rows in here],
        [len(arrivals & set(rows)) for rows in here],
        [len(arrivals & regulars & set(rows)) for rows in here],
    ]
    assert counts.tolist() == expected
    assert set(np.flatnonzero(is_regular)) == regulars
    assert set(np.flatnonzero(is_arrival)) == arrivals


@seeds
def test_returns_by_loops_over_pairs(seed: int) -> None:
    given = world(seed)
    random = np.random.default_rng(seed)
    arrivals = [row for row in first_visits(given, lambda _: True) if random.random() < 0.8]
    size, is_prompt = np.full(len(given.account), np.nan), np.zeros(len(given.account), np.bool_)
    size[arrivals], is_prompt[arrivals] = random.normal(size=len(arrivals)), random.random(len(arrivals)) < 0.5
    expected = np.zeros((5, len(given.account)))
    for one in arrivals:
        for other in arrivals:
            if given.post[one] != given.post[other] and given.account[one] == given.account[other]:
                square = (size[one] - size[other]) ** 2
                if given.same_author(one, other):
                    expected[:3, one] += 1, square, is_prompt[one] and is_prompt[other]
                else:
                    expected[3:, one] += 1, square
    centred = kernels.from_first(given.starts, size)
    own = kernels.own_returns(centred, is_prompt, given.several(), given.others_of_author())
    other = kernels.other_returns(given.starts, given.order(), given.post, centred, own)
    np.testing.assert_allclose(np.concatenate([own, other]), expected, rtol=1e-9, atol=1e-12)


@seeds
def test_equal_sizes_leave_no_noise(seed: int) -> None:
    given = world(seed)
    size = np.full(len(given.account), math.log(0.1 + seed))
    assert set(kernels.from_first(given.starts, size).tolist()) == {0.0}


@pytest.mark.parametrize("fewest", [1, 3, 9])
@seeds
def test_regular_visits_by_sets(seed: int, fewest: int) -> None:
    given = world(seed)
    counts = given.knows_author & (given.instants != NO_INSTANT)
    visits = first_visits(given, lambda row: bool(counts[row]))
    regular = [v for v in visits if any(given.same_author(v, other) for other in visits if other != v)]
    expected = {v for v in regular if sum(given.post[v] == given.post[other] for other in regular) >= fewest}
    found = kernels.regular_visits(given.order(), given.post, given.several(), given.others_of_author(), counts, fewest)
    assert set(np.flatnonzero(found)) == expected
