"""The kernels of the posts and of the evidence against naive twins, on random accounts with gaps and ties."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from features.kernels import engagement as kernels
from features.kernels.evidence import in_turns

SIZES = (1, 2, 7, 12, 30, 60)
STARTS = np.append(0, np.cumsum(SIZES))
ROWS = int(STARTS[-1])
NOTHING = (np.zeros(1, np.int64), np.empty(0), np.empty(0, np.int64))


def accounts() -> Iterator[slice]:
    return (slice(start, end) for start, end in pairwise(STARTS))


def numbers(seed: int, *, among: int = 9, missing: float = 0.2) -> np.ndarray:
    """Whole numbers with ties, some of them missing."""
    random = np.random.default_rng(seed)
    return np.where(random.random(ROWS) < missing, np.nan, random.integers(0, among, ROWS).astype(float))


def known(values: np.ndarray) -> np.ndarray:
    return values[~np.isnan(values)]


def per_account(values: np.ndarray, expected: Sequence[float | None]) -> bool:
    """Whether every row holds what is expected of its account."""
    wanted = np.concatenate(
        [np.full(size, math.nan if each is None else each) for size, each in zip(SIZES, expected, strict=True)]
    )
    return np.allclose(values, wanted, equal_nan=True)


def test_no_rows() -> None:
    starts, values, order = NOTHING
    assert kernels.newest_rows(starts, order, 3).tolist() == []
    assert kernels.sorted_rows(starts, values).tolist() == []
    assert kernels.usual_of_kind(starts, order, values, order, 5)[0].tolist() == []
    assert kernels.rank_relation(starts, values, order, values, order)[0].tolist() == []


@pytest.mark.parametrize("seed", range(3))
def test_rows_sorted_by_value(seed: int) -> None:
    values = numbers(seed)
    order = kernels.sorted_rows(STARTS, values)
    for rows in accounts():
        assert sorted(order[rows]) == list(range(rows.start, rows.stop))
        in_order = values[order[rows]]
        assert np.array_equal(in_order, np.sort(values[rows]), equal_nan=True)


def test_newest_rows_keep_the_order_of_equal_instants() -> None:
    instants = np.random.default_rng(0).integers(0, 20, ROWS)
    found = kernels.newest_rows(STARTS, instants, 10)
    expected = [
        row for rows in accounts() for row in sorted(range(rows.start, rows.stop), key=lambda row: instants[row])[-10:]
    ]
    assert found.tolist() == expected


@pytest.mark.parametrize("seed", range(3))
def test_medians_and_quantiles_are_those_of_polars(seed: int) -> None:
    values = numbers(seed) / 7
    order = kernels.sorted_rows(STARTS, values)
    columns = [pl.Series(known(values[rows])) for rows in accounts()]
    for found, level in zip(kernels.tenths(STARTS, values, order), (0.1, 0.5, 0.9), strict=True):
        assert per_account(found, [column.quantile(level, "linear") for column in columns])
    assert per_account(kernels.median(STARTS, values, order), [column.median() for column in columns])
    chosen = numbers(seed + 10) > 3
    expected = [pl.Series(known(values[rows][chosen[rows]]), dtype=pl.Float64).median() for rows in accounts()]
    assert per_account(kernels.median_where(STARTS, values, order, chosen), expected)


@pytest.mark.parametrize("seed", range(3))
def test_usual_of_a_kind_or_of_all_where_too_few(seed: int) -> None:
    values = numbers(seed)
    labels = np.random.default_rng(seed).choice([-1, 3, 1000], ROWS)
    kind, order = kernels.kinds(STARTS, labels), kernels.sorted_rows(STARTS, values)
    medians, means = kernels.usual_of_kind(STARTS, kind, values, order, 5)
    for rows in accounts():
        assert sorted(set(kind[rows])) == list(range(len(set(labels[rows]))))
        for row in range(rows.start, rows.stop):
            own = known(values[rows][labels[rows] == labels[row]])
            judged = own if len(own) >= 5 else known(values[rows])
            expected = (math.nan, math.nan) if len(judged) == 0 else (median(judged), judged.mean())
            assert np.allclose((medians[row], means[row]), expected, equal_nan=True)


def best_cut(values: Sequence[float], share: float) -> int | None:
    """Number of values before the cut that makes the variance between the two groups largest."""
    cuts = [cut for cut in range(1, len(values)) if min(cut, len(values) - cut) >= share * len(values)]
    apart = {cut: (np.mean(values[cut:]) - np.mean(values[:cut])) ** 2 * cut * (len(values) - cut) for cut in cuts}
    return max(cuts, key=lambda cut: round(float(apart[cut]), 9)) if cuts else None


@pytest.mark.parametrize("seed", range(3))
def test_two_groups_by_value_and_in_time(seed: int) -> None:
    values = numbers(seed, among=1000)
    upper = kernels.in_upper_group(STARTS, values, kernels.sorted_rows(STARTS, values), 0.15)
    after = kernels.after_step(STARTS, values, 0.15)
    for rows in accounts():
        own = known(values[rows])
        by_value, in_time = best_cut(sorted(own), 0.15), best_cut(list(own), 0.15)
        is_upper = [math.nan] * len(own) if by_value is None else own >= sorted(own)[by_value]
        is_after = [math.nan] * len(own) if in_time is None else np.arange(len(own)) >= in_time
        assert np.array_equal(upper[rows][~np.isnan(values[rows])], is_upper, equal_nan=True)
        assert np.array_equal(after[rows][~np.isnan(values[rows])], is_after, equal_nan=True)
        assert np.isnan(upper[rows][np.isnan(values[rows])]).all()


@pytest.mark.parametrize("seed", range(3))
def test_rank_products_sum_to_the_correlation(seed: int) -> None:
    first, second = numbers(seed), numbers(seed + 10)
    product, scale = kernels.rank_relation(
        STARTS, first, kernels.sorted_rows(STARTS, first), second, kernels.sorted_rows(STARTS, second)
    )
    for rows in list(accounts())[2:]:
        both = ~np.isnan(first[rows] + second[rows])
        expected = spearmanr(first[rows][both], second[rows][both]).statistic
        assert np.nansum(product[rows]) / scale[rows.start] == pytest.approx(expected)
        assert np.isnan(product[rows][~both]).all()


def test_what_rows_have_before_them_and_less_their_mean() -> None:
    values = numbers(1)
    before, left = kernels.value_before(STARTS, values), kernels.less_mean(STARTS, values)
    rank, size = kernels.ages(STARTS)
    for rows in accounts():
        own = pl.Series(values[rows], nan_to_null=True)
        assert pl.Series(before[rows], nan_to_null=True).equals(own.forward_fill().shift(1), null_equal=True)
        assert np.allclose(
            left[rows], values[rows] - (known(values[rows]).mean() if own.count() else 0), equal_nan=True
        )
        assert rank[rows].tolist() == list(range(own.len()))[::-1]
        assert (size[rows] == own.len()).all()
    assert per_account(kernels.rows_where(STARTS, values > 3), [int((values[rows] > 3).sum()) for rows in accounts()])
    above = kernels.any_above_zero(STARTS, values)
    assert per_account(above, [bool((values[rows] > 0).any()) for rows in accounts()])


def test_steps_between_blocks_are_those_of_rolling_medians() -> None:
    values = numbers(2, among=500)
    steps = kernels.block_steps(STARTS, values, 5)
    for rows in accounts():
        is_known = ~np.isnan(values[rows])
        middle = pl.Series(values[rows][is_known]).rolling_median(5)
        found = pl.Series(steps[rows][is_known], nan_to_null=True)
        assert found.equals(middle - middle.shift(5), null_equal=True)


def test_nearest_readings_are_those_of_an_asof_join() -> None:
    random = np.random.default_rng(3)
    start, hour = datetime(2024, 1, 1, tzinfo=UTC), timedelta(hours=1)
    # Full hours, so that many lie in the middle of two readings or as far as the tolerance allows.
    posts, readings = (
        pl.DataFrame(
            {
                "account": random.integers(first, first + 6, rows),
                "at": [start + hour * int(each) for each in random.integers(0, 2000, rows)],
                "reading": random.integers(0, 5, rows),
            }
        )
        .unique(["account", "at"], keep="first", maintain_order=True)
        .sort("account", "at")
        for first, rows in ((0, 300), (1, 80))
    )
    posts = posts.drop("reading")
    joined = posts.join_asof(
        readings.filter(pl.col("reading") > 0),
        on="at",
        by="account",
        strategy="nearest",
        tolerance=timedelta(hours=40),
        check_sortedness=False,
    )
    arguments = [
        each[name].cast(dtype).to_physical().to_numpy(writable=True)
        for each in (posts, readings)
        for name, dtype in (("account", pl.UInt32), ("at", pl.Datetime("us", "UTC")))
    ]
    found = kernels.nearest_reading(*arguments, readings["reading"].to_numpy(writable=True), 40 * 3_600_000_000)
    assert pl.Series(found, nan_to_null=True).cast(pl.Int64).to_list() == joined["reading"].to_list()
    assert 0 < joined["reading"].null_count() < joined.height


def test_last_digits() -> None:
    counts = np.array([numbers(seed, among=1200) for seed in (4, 5)])
    exact, round_, tens, alike = kernels.last_digits(STARTS, counts, 100, 999, 50)
    for rows in accounts():
        judged = [[int(each) for each in column if 100 <= each <= 999] for column in counts[:, rows].T]
        assert exact[rows].tolist() == [len(own) for own in judged]
        assert round_[rows].tolist() == [sum(each % 50 == 0 for each in own) for own in judged]
        assert tens[rows].tolist() == [sum(each % 10 == 0 for each in own) for own in judged]
        digits = [each % 10 for own in judged for each in own]
        assert alike[rows].tolist() == [sum(digits.count(each % 10) for each in own) for own in judged]


def test_first_digits() -> None:
    counts = numbers(6, among=100_000)
    digits = kernels.first_digits(counts, counts >= 10)
    expected = [int(str(int(each))[0]) if each >= 10 else math.nan for each in counts]
    assert np.array_equal(digits, expected, equal_nan=True)
    shares = np.arange(1.0, 10.0)
    judged, alike = kernels.same_first_digit(STARTS, np.array([digits, digits]), shares)
    for rows in accounts():
        own = known(digits[rows]).tolist()
        wanted = [0.0 if math.isnan(each) else 2 * 2 * own.count(each) / each for each in digits[rows]]
        assert alike[rows].tolist() == pytest.approx(wanted)
        assert judged[rows].tolist() == [0 if math.isnan(each) else 2 for each in digits[rows]]


def plain_turns(offers: Sequence[Sequence[int]], most: int) -> list[list[int]]:
    """Places of the rows that each reason of one account shows."""
    taken: set[int] = set()
    shown: list[list[int]] = [[] for _ in offers]
    left = [iter(enumerate(offer)) for offer in offers]
    for _ in range(most):
        for own, rows, offer in zip(shown, offers, left, strict=True):
            place = next((place for place, row in offer if row not in taken), None)
            if place is not None:
                own.append(place)
                taken.add(rows[place])
    return [own or list(range(min(most, len(rows)))) for own, rows in zip(shown, offers, strict=True)]


@pytest.mark.parametrize("seed", range(20))
def test_reasons_choose_in_turns(seed: int) -> None:
    random = np.random.default_rng(seed)
    offered = [
        [random.permutation(12)[: random.integers(1, 9)].tolist() for _ in range(random.integers(1, 5))]
        for _ in range(6)
    ]
    offers = [offer for account in offered for offer in account]
    starts, size = np.cumsum([0, *map(len, offered)]), np.array([len(offer) for offer in offers])
    keys = np.array([row for offer in offers for row in offer], dtype=np.uint64)
    shown = in_turns(starts, np.cumsum(size) - size, size, keys, 3)
    expected = [
        place in own
        for account in offered
        for own, offer in zip(plain_turns(account, 3), account, strict=True)
        for place in range(len(offer))
    ]
    assert shown.tolist() == expected


def test_a_reason_whose_rows_are_taken_shows_them_again() -> None:
    keys = np.array([7, 8, 7], dtype=np.uint64)
    assert in_turns(np.array([0, 2]), np.array([0, 2]), np.array([2, 1]), keys, 2).tolist() == [True, True, True]
