"""The network's kernels beside plain Python on random rows, and SipHash beside its published vectors."""

# ruff: noqa: S311 -- rows are drawn, no secret is
from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from features.kernels import network as kernels
from features.kernels.network import distinct, first_arrivals, looked_up, meetings, near_pairs, ties
from features.network_sightings import hashed

WINDOW = 600
SEEDS = range(8)

REFERENCE_KEY = np.frombuffer(bytes(range(16)), "<u8").astype(np.uint64).reshape(1, 2)
"""00 01 02 ... 0f, as in the paper."""


def hashes(values: list[int]) -> np.ndarray:
    return np.array(values, np.uint64)


class TestHash:
    # Aumasson and Bernstein 2012, appendix A, and vectors.h of the reference implementation: bytes 00 01 02 ...
    @pytest.mark.parametrize(
        ("length", "expected"),
        [(0, "310e0edd47db6f72"), (1, "fd67dc93c539f874"), (2, "5a4fa9d909806c0d"), (15, "e545be4961ca29a1")],
    )
    def test_published_vectors(self, length: int, expected: str) -> None:
        text = pl.Series([bytes(range(length)).decode()])
        (found,) = hashed(text, np.zeros(1, np.uint32), REFERENCE_KEY)
        assert int(found).to_bytes(8, "little").hex() == expected

    def test_no_text_gives_no_hash(self) -> None:
        assert len(hashed(pl.Series([], dtype=pl.String), np.zeros(0, np.uint32), REFERENCE_KEY)) == 0

    def test_a_text_has_its_hash_wherever_it_stands(self) -> None:
        texts = [None, "", "a", "ä ö", "eight888", "nine 9999", "a", "🙂" * 40, None, "eight888"]
        whole = pl.concat([pl.Series(texts[:4]), pl.Series(texts[4:])], rechunk=False)
        together = hashed(whole, np.zeros(len(texts), np.uint32), REFERENCE_KEY)
        for place, text in enumerate(texts):
            alone = hashed(pl.Series([text], dtype=pl.String), np.zeros(1, np.uint32), REFERENCE_KEY)
            assert together[place] == alone[0]
        assert len({together[place] for place, text in enumerate(texts) if text is not None}) == 6

    def test_another_key_is_another_hash(self) -> None:
        keys = np.concatenate([REFERENCE_KEY, REFERENCE_KEY + np.uint64(1)])
        first, second = hashed(pl.Series(["a", "a"]), np.array([0, 1], np.uint32), keys)
        assert first != second


class TestDistinct:
    def test_nobody(self) -> None:
        number_of, first, rows, numbers_of = distinct(np.array([0, 0]), hashes([]), np.zeros(0, np.bool_))
        assert [len(each) for each in (number_of, first, rows)] == [0, 0, 0]
        assert numbers_of.tolist() == [0]

    @pytest.mark.parametrize("seed", SEEDS)
    @pytest.mark.parametrize("spread", [1, 1 << 20], ids=["spread", "with the same low bits"])
    def test_as_a_dictionary_numbers_them(self, seed: int, spread: int) -> None:
        draw = random.Random(seed)
        sizes = [draw.choice([0, 1, 5, 70, 300]) for _ in range(6)]
        ids = [[draw.randrange(size + 1) * spread for _ in range(size)] for size in sizes]
        part = [[draw.random() < 0.8 for _ in range(size)] for size in sizes]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        flat = [each for own in ids for each in own]
        number_of, first, rows, numbers_of = distinct(
            starts, hashes(flat), np.array([each for own in part for each in own], np.bool_)
        )
        expected: list[int] = []
        firsts: list[int] = []
        for own, takes in zip(ids, part, strict=True):
            numbers: dict[int, int] = {}
            before = len(firsts)
            for row, (each, takes_part) in enumerate(zip(own, takes, strict=True)):
                if takes_part and each not in numbers:
                    numbers[each] = before + len(numbers)
                    firsts.append(row)
                expected.append(numbers[each] if takes_part else -1)
        assert number_of.tolist() == expected
        assert first.tolist() == firsts
        assert rows.tolist() == [Counter(expected)[number] for number in range(len(firsts))]
        assert numbers_of.sum() == len(firsts)


def drawn_posts(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Post, edge and second of each row of some posts, some of them crowded; -1 where a row takes no part."""
    draw = random.Random(seed)
    sizes = [draw.choice([1, 3, 20, 60]) for _ in range(8)]
    rows = [
        (post, draw.randrange(40), draw.randrange(30) * 100) for post, size in enumerate(sizes) for _ in range(size)
    ]
    rows += [(-1, draw.choice([-1, 2]), 0)] * 9
    draw.shuffle(rows)
    post, edge, time = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    return post, edge, time


def arrivals(seed: int) -> list[int]:
    post, edge, time = drawn_posts(seed)
    rows = np.bincount(post[post >= 0]).astype(np.uint32)
    found: list[int] = first_arrivals(post, rows, edge, time).tolist()
    return found


class TestArrivals:
    def test_nobody(self) -> None:
        empty = np.zeros(0, np.int64)
        assert len(first_arrivals(empty, np.zeros(0, np.uint32), empty, empty)) == 0

    @pytest.mark.parametrize("seed", SEEDS)
    def test_by_post_and_time_each_edge_once(self, seed: int) -> None:
        post, edge, time = drawn_posts(seed)
        seen = set()
        expected = []
        for _, _, row in sorted((post[row], time[row], row) for row in range(len(post)) if post[row] >= 0):
            if (post[row], edge[row]) not in seen:
                seen.add((post[row], edge[row]))
                expected.append(row)
        assert arrivals(seed) == expected

    @pytest.mark.parametrize("seed", SEEDS)
    def test_near_pairs_of_each_account(self, seed: int) -> None:
        post, _, time = drawn_posts(seed)
        rows = arrivals(seed)
        place = (post % 3).astype(np.uint32)  # an account's posts need not stand together here
        found = near_pairs(place[rows], post[rows].astype(np.uint32), time[rows], WINDOW, 4)
        expected = [0, 0, 0, 0]
        for before, one in enumerate(rows):
            for other in rows[before + 1 :]:
                expected[place[one]] += post[one] == post[other] and time[other] - time[one] <= WINDOW
        assert found.tolist() == expected
        assert sum(expected) > 0

    @pytest.mark.parametrize("seed", SEEDS)
    def test_meetings_with_the_next_neighbours(self, seed: int) -> None:
        post, edge, time = drawn_posts(seed)
        rows = arrivals(seed)
        person = (np.uint64(7) * edge[rows].astype(np.uint64)) % np.uint64(41)
        lesser, greater = meetings(post[rows].astype(np.uint32), time[rows], person, WINDOW, 3)
        expected = set()
        for before, one in enumerate(rows):
            for after, other in enumerate(rows[before + 1 : before + 4], start=before + 1):
                if post[one] == post[other] and time[other] - time[one] <= WINDOW:
                    expected.add((before, after) if person[before] < person[after] else (after, before))
        assert set(zip(lesser.tolist(), greater.tolist(), strict=True)) == expected
        assert len(lesser) == len(expected) > 0


def test_nobody_meets_nobody() -> None:
    posts, times = np.zeros(0, np.uint32), np.zeros(0, np.int64)
    assert near_pairs(posts, posts, times, WINDOW, 2).tolist() == [0, 0]
    assert [len(each) for each in meetings(posts, times, hashes([]), WINDOW, 3)] == [0, 0]


class TestLookedUp:
    def look(self, keys: list[int], table: dict[int, int]) -> list[int]:
        """What is found for the keys, which are ascending and whose places are backwards."""
        places = np.arange(len(keys), dtype=np.uint32)[::-1].copy()
        found = np.full(len(keys), 9, np.uint32)
        entries = sorted(table.items())
        values = np.array([value for _, value in entries], np.uint32)
        looked_up(hashes(keys), places, hashes([key for key, _ in entries]), values, found)
        return found[::-1].tolist()

    def test_nothing_to_look_for_or_in(self) -> None:
        assert self.look([], {1: 5}) == []
        assert self.look([1, 2], {}) == [9, 9]

    @pytest.mark.parametrize("seed", SEEDS)
    def test_as_a_dictionary_says(self, seed: int) -> None:
        draw = random.Random(seed)
        keys = sorted(draw.choices([*range(50), 2**64 - 1], k=80))
        table = {draw.randrange(50): draw.randrange(10, 99) for _ in range(20)} | {2**64 - 1: 77} | {60: 1}
        assert self.look(keys, table) == [table.get(key, 9) for key in keys]


class TestTies:
    def tied(self, people_of: dict[int, list[int]]) -> list[list[float]]:
        """The ties of each account's people; account number a has the weight 1 / ln(a + 2)."""
        edges = [(account, person) for account, people in people_of.items() for person in people]
        accounts, persons = (np.array([edge[side] for edge in edges], np.uint32) for side in (0, 1))
        sizes = np.bincount(persons, minlength=0)
        others = accounts[np.argsort(persons, kind="stable")]
        weights = 1 / np.log(np.arange(max(people_of, default=0) + 1) + 2)
        found = ties(accounts, persons, np.concatenate([[0], np.cumsum(sizes)]), others, weights)
        ends = np.cumsum([0] + [len(people) for people in people_of.values()])
        return [found[begin:end].tolist() for begin, end in pairwise(ends)]

    def test_nobody(self) -> None:
        assert self.tied({}) == []

    @pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
    def test_the_least_is_added_first(self, order: tuple[int, ...]) -> None:
        # Next to 2^53 = 9,007,199,254,740,992 a one alone is rounded away, but two are not if they come first.
        values = np.array([1.0, 1.0, 2.0**53])[list(order)]
        assert kernels._sorted_sum(values) == 2.0**53 + 2

    def test_two_shared_count_one_other_each_and_one_shared_none(self) -> None:
        first, second, third = self.tied({0: [0, 1], 1: [0, 1, 2], 2: [2]})
        assert first == [1 / math.log(3)] * 2
        assert second == [1 / math.log(2)] * 2 + [0]
        assert third == [0]

    @pytest.mark.parametrize("seed", SEEDS)
    def test_as_sets_say_and_in_any_order_of_the_accounts(self, seed: int) -> None:
        draw = random.Random(seed)
        people_of = {account: draw.sample(range(12), draw.randrange(12)) for account in range(9)}
        found = dict(zip(people_of, self.tied(people_of), strict=True))
        for account, people in people_of.items():
            for person, value in zip(people, found[account], strict=True):
                terms = [
                    (len(set(people) & set(others)) - 1) / math.log(other + 2)
                    for other, others in people_of.items()
                    if other != account and person in others
                ]
                assert value == pytest.approx(sum(terms))
        order = draw.sample(sorted(people_of), len(people_of))
        assert dict(zip(order, self.tied({account: people_of[account] for account in order}), strict=True)) == found
