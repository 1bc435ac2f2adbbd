"""What a delivery of likes does that honest posts do not: worked examples, a plain version, who must not stand out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import fmean, median, stdev
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.compute import compute_group
from features.engagement import FEATURES
from features.engagement_frames import NEWEST_POSTS
from features.tables import Tables
from tests.features.builders_engagement import (
    Row,
    account,
    features_of,
    honest,
    number,
    posts,
    readings,
    real,
    tables,
    value,
)

APART = ("likes_beyond_comments_ratio", "likes_beyond_views_ratio", "likes_step_beyond_comments_ratio")
"""Features that say how much further likes moved than what should move with them."""

DELIVERIES = (
    *APART,
    "likes_to_views_spread_ratio",
    "sponsored_comments_per_like_ratio",
    "first_digit_residual",
)


# --- nothing to go by -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DELIVERIES)
@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([], id="no post"),
        pytest.param(posts([100] * 7, [10] * 7, [1000] * 7), id="seven posts"),
        pytest.param(posts([100] * 20, [10] * 20, [1000] * 20), id="all posts alike: no two groups, no step"),
    ],
)
def test_without_enough_or_any_difference_nothing_stands_out(name: str, rows: list[Row]) -> None:
    quiet = {"likes_to_views_spread_ratio", "likes_step_beyond_comments_ratio"}
    expected = 1.0 if name in quiet and len(rows) == 20 else None  # a change of nothing is matched by one of nothing
    assert value(name, rows, accounts=[account()]) == expected


def test_few_likes_or_comments_are_left_to_chance() -> None:
    likes = [100] * 9 + [300] * 3
    assert value("likes_beyond_comments_ratio", posts([each // 3 for each in likes], [10] * 12)) is None
    assert value("likes_beyond_comments_ratio", posts(likes, [2] * 12)) is None
    assert value("likes_step_beyond_comments_ratio", posts(likes, [2] * 12)) is None
    assert value("likes_beyond_views_ratio", posts([each // 3 for each in likes], None, [1000] * 12)) is None


# --- worked examples --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        pytest.param([10] * 12, 3.0, id="comments stay"),
        pytest.param([10] * 9 + [20] * 3, 3.0 / 2.0, id="comments follow half the way"),
        pytest.param([10] * 9 + [30] * 3, 1.0, id="comments follow"),
        pytest.param([10] * 9 + [40] * 3, 3.0 / 4.0, id="comments lead"),
    ],
)
def test_likes_beyond_comments(comments: list[int], expected: float) -> None:
    assert number("likes_beyond_comments_ratio", posts([100] * 9 + [300] * 3, comments)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        pytest.param([1000] * 12, 3.0, id="views stay"),
        pytest.param([1000] * 9 + [2000] * 3, 3.0 / 2.0, id="views follow half the way"),
        pytest.param([1000] * 9 + [500] * 3, 3.0, id="fewer views: the likes themselves count, not the quotient"),
        # Nine posts have three times the likes per view of the last three, and a third of their likes.
        pytest.param([1000] * 9 + [4000] * 3, 1.0 / 3.0, id="shown to strangers"),
    ],
)
def test_likes_beyond_views(views: list[int], expected: float) -> None:
    assert number("likes_beyond_views_ratio", posts([100] * 9 + [300] * 3, None, views)) == pytest.approx(expected)


def test_spread_of_likes_against_that_of_views() -> None:
    # Twelve posts, half of them at double likes and fourfold views: deviations of ln 2 / 2 and ln 2 from the middle.
    rows = posts([100, 200] * 6, None, [1000, 4000] * 6)
    likes, views = (math.log(2) * part * math.sqrt(12 / 11) for part in (0.5, 1.0))
    assert number("likes_to_views_spread_ratio", rows) == pytest.approx((likes + 0.05) / (views + 0.05))


@pytest.mark.parametrize(
    ("likes", "comments", "expected"),
    [
        pytest.param([100] * 5 + [300] * 5, [10] * 10, 3.0, id="a rise without comments"),
        pytest.param([300] * 5 + [100] * 5, [10] * 10, 3.0, id="a fall without comments"),
        pytest.param([100] * 5 + [300] * 5, [10] * 5 + [30] * 5, 1.0, id="a rise with comments"),
        pytest.param([300] * 5 + [100] * 5, [30] * 5 + [10] * 5, 1.0, id="a fall with comments"),
        pytest.param([100] * 5 + [300] * 5, [20] * 5 + [10] * 5, 3.0 * 2.0, id="a rise while comments fall"),
        pytest.param([300] * 5 + [100] * 5, [20] * 5 + [10] * 5, 3.0 / 2.0, id="a fall, half of it in comments"),
        pytest.param([100] * 29 + [300], [10] * 30, 3 ** (1 / 5), id="a single post: five, 15 %, share its rise"),
    ],
)
def test_step_of_likes_beyond_comments(likes: list[int], comments: list[int], expected: float) -> None:
    assert number("likes_step_beyond_comments_ratio", posts(likes, comments)) == pytest.approx(expected)


def test_sponsored_comments_per_like() -> None:
    paid = [True] * 3 + [False] * 4 + [None]
    # One comment on ten likes elsewhere: 30 expected on the 300 likes of the sponsored posts, where there are 15.
    rows = posts([100] * 8, [5] * 3 + [10] * 5, is_sponsored=paid)
    assert number("sponsored_comments_per_like_ratio", rows) == pytest.approx(15 / 30)
    few = posts([33] * 3 + [100] * 5, [5] * 3 + [10] * 5, is_sponsored=paid)
    assert value("sponsored_comments_per_like_ratio", few) is None  # 9.9 expected


def test_first_digits() -> None:
    # Twenty counts that all begin with 1: X2 = 20 / log10(2) - 20.
    rows = posts([100 + step for step in range(10)] + [1100 + step for step in range(10)])
    expected = (20 / math.log10(2) - 20 - 8) / 20
    assert number("first_digit_residual", rows) == pytest.approx(expected)


@pytest.mark.parametrize(
    "likes",
    [
        pytest.param([100 + step for step in range(30)], id="of one magnitude"),
        pytest.param(
            [5] * 4 + [100 + step for step in range(13)] + [1100 + step for step in range(13)], id="too small"
        ),
        pytest.param([100 + step for step in range(9)] + [1100 + step for step in range(10)], id="nineteen"),
    ],
)
def test_first_digits_that_no_law_rules(likes: list[int]) -> None:
    assert value("first_digit_residual", posts(likes)) is None


def test_first_digits_of_natural_counts_are_at_no_distance_however_many_there_are() -> None:
    """300 accounts of 20 and of 60 counts over three decades: the mean is zero within three standard errors of .008."""
    generator = np.random.default_rng(4)
    for size in (20, 60):
        rows: list[Row] = []
        for index in range(300):
            counts = (10 ** generator.uniform(1, 4, size)).astype(int).tolist()
            rows += posts(counts, account_id=f"{index:03d}")
        found = compute_group(tables(rows), "engagement")["engagement_first_digit_residual"]
        assert found.null_count() < 20
        assert found.mean() == pytest.approx(0.0, abs=0.03)


# --- a slow, plain version gives the same -----------------------------------------------------------------------------


def clipped(counts: Sequence[int]) -> list[float]:
    usual = median(math.log(max(count, 0.5)) for count in counts)
    return [min(max(math.log(max(count, 0.5)) - usual, -1.5), 1.5) for count in counts]


def plain_groups(values: Sequence[float]) -> list[bool]:
    """Whether each value is in the upper of the two groups with the most variance between them."""
    ordered, best, cut = sorted(values), -1.0, 0.0
    for below in range(1, len(ordered)):
        above = len(ordered) - below
        if min(below, above) < 0.15 * len(ordered):
            continue
        between = (fmean(ordered[below:]) - fmean(ordered[:below])) ** 2 * below * above
        if between > best:
            best, cut = between, ordered[below]
    return [each >= cut for each in values]


def plain_apart(values: Sequence[float], upper: Sequence[bool]) -> float:
    return fmean(each for each, above in zip(values, upper, strict=True) if above) - fmean(
        each for each, above in zip(values, upper, strict=True) if not above
    )


def plain_step(likes: Sequence[float], comments: Sequence[float]) -> float:
    fewest = 0.15 * len(likes)
    cuts = [cut for cut in range(1, len(likes)) if min(cut, len(likes) - cut) >= fewest]

    def moved(values: Sequence[float], cut: int) -> float:
        return fmean(values[cut:]) - fmean(values[:cut])

    best = max(cuts, key=lambda cut: moved(likes, cut) ** 2 * cut * (len(likes) - cut))
    return abs(moved(likes, best)) - math.copysign(1, moved(likes, best)) * moved(comments, best)


def plain_first_digits(*kinds: Sequence[int]) -> float:
    judged: list[int] = []
    for counts in kinds:
        low, high = np.quantile(counts, [0.1, 0.9])
        if low >= 10 and high >= 10 * low:
            judged += [count for count in counts if count >= 10]
    seen = Counter(str(count)[0] for count in judged)
    shares = {str(digit): math.log10(1 + 1 / digit) for digit in range(1, 10)}
    size = len(judged)
    return (sum((seen[digit] - size * share) ** 2 / (size * share) for digit, share in shares.items()) - 8) / size


@pytest.mark.parametrize("seed", range(6))
def test_parity_with_a_plain_version(seed: int) -> None:
    generator = np.random.default_rng(seed)
    size = int(generator.integers(30, NEWEST_POSTS + 1))
    interest = generator.normal(0, 0.6, size)
    likes = (900 * np.exp(interest) + 700 * (generator.random(size) < 0.3)).astype(int).tolist()
    comments = generator.negative_binomial(1.5, 1.5 / (1.5 + 15 * np.exp(interest))).tolist()
    views = (30_000 * np.exp(2 * interest)).astype(int).tolist()
    paid = (generator.random(size) < 0.3).tolist()
    x, c, v = clipped(likes), clipped(comments), clipped(views)
    liked = plain_groups(x)
    raw = [math.log(one) - math.log(other) for one, other in zip(likes, views, strict=True)]
    offset = median(map(math.log, likes)) - median(map(math.log, views))
    per_view = plain_groups([min(max(each - offset, -1.5), 1.5) for each in raw])
    of_paid, of_others = (
        sum(count for count, is_paid in zip(comments, paid, strict=True) if is_paid == wanted)
        / sum(count for count, is_paid in zip(likes, paid, strict=True) if is_paid == wanted)
        for wanted in (True, False)
    )
    expected = {
        "likes_beyond_comments_ratio": math.exp(plain_apart(x, liked) - plain_apart(c, liked)),
        "likes_beyond_views_ratio": math.exp(plain_apart(x, per_view) - max(plain_apart(v, per_view), 0)),
        "likes_to_views_spread_ratio": (stdev(x) + 0.05) / (stdev(v) + 0.05),
        "likes_step_beyond_comments_ratio": math.exp(plain_step(x, c)),
        "sponsored_comments_per_like_ratio": of_paid / of_others,
        "first_digit_residual": plain_first_digits(likes, comments, views),
    }
    found = features_of(posts(likes, comments, views, is_sponsored=paid))
    assert {name: found[f"engagement_{name}"] for name in expected} == pytest.approx(expected, rel=1e-6, abs=1e-9)


# --- what may not matter ----------------------------------------------------------------------------------------------


def test_an_archive_beyond_the_newest_posts_does_not_matter() -> None:
    rows = honest(1, size=80)
    newest = rows[-NEWEST_POSTS:]
    history = readings(range(20_000, 24_000, 50))
    assert features_of(rows, followers=history) == features_of(newest, followers=history)


def test_weekly_follower_readings_serve_as_daily_ones_do() -> None:
    history = readings([round(20_000 * 1.005**day) for day in range(60)])
    daily, weekly = (features_of(honest(2), followers=given) for given in (history, history[::7]))
    for name in ("like_rate_residual", "comment_rate_residual", "view_rate_residual"):
        assert weekly[f"engagement_{name}"] == pytest.approx(daily[f"engagement_{name}"], abs=0.05), name


@pytest.mark.parametrize("seed", range(3))
def test_counts_of_three_digits_say_the_same(seed: int) -> None:
    """Platforms show 12,345 as 12,300: half a per cent at most, which moves no value by more than a twentieth."""

    def shown(count: int) -> int:
        return int(float(f"{count:.3g}"))

    exact = honest(seed, scale=3)
    rounded = [
        row | {name: shown(row[name]) for name in ("like_count", "comment_count", "view_count")} for row in exact
    ]
    before, after = features_of(exact), features_of(rounded)
    for name in FEATURES:
        if before[name] is not None and "digit" not in name and "round" not in name:
            assert after[name] == pytest.approx(before[name], rel=0.05, abs=0.05), name


# --- archetypes -------------------------------------------------------------------------------------------------------


def changed(rows: Sequence[Row], chosen: Sequence[int], **change: Any) -> list[Row]:
    """The rows with counts of the chosen posts changed by functions."""
    return [
        row | ({name: int(by(row[name])) for name, by in change.items()} if index in chosen else {})
        for index, row in enumerate(rows)
    ]


SOME = range(0, 40, 4)


@pytest.mark.parametrize("seed", range(4))
def test_likes_bought_for_some_posts_stand_apart(seed: int) -> None:
    before = features_of(honest(seed))
    after = features_of(changed(honest(seed), SOME, like_count=lambda count: count + 2_000))
    for name in ("likes_beyond_comments_ratio", "likes_beyond_views_ratio"):
        assert (after[f"engagement_{name}"] or 0) > 1.5 * (before[f"engagement_{name}"] or 0), name
        assert (after[f"engagement_{name}"] or 0) > 2.0, name
    spread = "engagement_likes_to_views_spread_ratio"
    assert (after[spread] or 0) > (before[spread] or 0) + 0.3


@pytest.mark.parametrize("chosen", [range(20, 40), range(28)], ids=["since the middle", "until some weeks ago"])
def test_a_purchase_that_starts_or_ends_is_a_step(chosen: range) -> None:
    bought = changed(honest(5), chosen, like_count=lambda count: count + 2_000)
    assert number("likes_step_beyond_comments_ratio", bought) > 2.0
    assert number("likes_step_beyond_comments_ratio", bought) > 1.5 * number(
        "likes_step_beyond_comments_ratio", honest(5)
    )


HONEST_BUT_ODD = {
    "a viral post": changed(
        honest(5),
        [20],
        like_count=lambda count: count * 30,
        comment_count=lambda count: (count + 1) * 20,
        view_count=lambda count: count * 120,
    ),
    "giveaways": changed(
        honest(5), [8, 18, 28], like_count=lambda count: count * 1.3, comment_count=lambda count: (count + 5) * 15
    ),
    "advertised posts": changed(
        honest(5), SOME, like_count=lambda count: count * 1.4, view_count=lambda count: count * 20
    ),
    "a change of subject": changed(
        honest(5),
        range(20, 40),
        like_count=lambda count: count * 3,
        comment_count=lambda count: count * 3,
        view_count=lambda count: count * 3,
    ),
    "hidden comments": [row | {"comment_count": None} for row in honest(5)],
}


@pytest.mark.parametrize("story", HONEST_BUT_ODD)
def test_honest_stories_do_not_stand_apart(story: str) -> None:
    found = features_of(HONEST_BUT_ODD[story])
    for name in APART:
        assert (found[f"engagement_{name}"] or 1.0) < 2.0, name


# --- real accounts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["youtube-tech-227", "instagram-instafake-700"])
def test_real_accounts_rarely_stand_apart(folder: str) -> None:
    """Limits: the 99th percentile of simulated genuine accounts, to two digits."""
    given = real(folder)
    found = compute_group(
        Tables(given.accounts, given.followers_daily, given.posts, given.comments), "engagement"
    ).rename(lambda name: name.removeprefix("engagement_"))
    # On private accounts with a handful of comments a post it is null, but for thirteen.
    if found["likes_beyond_comments_ratio"].count() >= FEWEST_REAL:
        assert share(found["likes_beyond_comments_ratio"] > 3.1) < 0.05
    assert share(found["likes_step_beyond_comments_ratio"] > 5.0) < 0.05
    if given.posts["view_count"].null_count() < given.posts.height:
        assert share(found["likes_beyond_views_ratio"] > 2.5) < 0.05
        assert share(~found["likes_to_views_spread_ratio"].is_between(0.38, 1.45)) < 0.05
        assert share(found["first_digit_residual"] > 0.4) < 0.05


FEWEST_REAL = 50


def share(condition: pl.Series) -> float:
    known = condition.drop_nulls()
    assert known.len() >= FEWEST_REAL
    return known.cast(pl.Float64).to_numpy().mean()
