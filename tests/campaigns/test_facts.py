"""What stands beside the verdict: counts with what they were counted among, and null where nothing was observed."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from statistics import median
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import mannwhitneyu

from campaigns.facts import FACTS_SCHEMA, FEWEST_COMPARED, account_facts, ratio_by_ranks
from features.tables import Tables, only
from tests.campaigns.builders import NOW, account, comment, post, tables


def facts(*accounts: dict[str, Any], posts: Any = None, comments: Any = None) -> dict[str, Any]:
    return account_facts(tables(list(accounts) or [account()], posts, comments)).row(0, named=True)


def test_no_account_gives_no_row_and_every_column() -> None:
    found = account_facts(tables([]))
    assert found.is_empty()
    assert dict(found.schema) == FACTS_SCHEMA


def test_what_was_not_observed_is_null() -> None:
    found = facts(account(niche="food", language="en", country="GB"))
    known = {name: value for name, value in found.items() if value is not None}
    assert known == {"account_id": "a", "niche": "food", "language": "en", "country": "GB"}


def test_sponsored_posts_are_counted_among_those_that_say_it_and_are_recent() -> None:
    said = [post(1, is_sponsored=True), post(2, is_sponsored=False), post(89, is_sponsored=False), post(3)]
    old = [post(91, is_sponsored=True), post(200, is_sponsored=True)]
    found = facts(posts=[*said, *old])
    assert (found["recent_posts"], found["declared_posts"], found["sponsored_posts"]) == (4, 3, 1)
    assert found["sponsored_post_share"] == pytest.approx(1 / 3)


def test_a_table_that_never_says_what_is_advertising_has_not_observed_it() -> None:
    found = facts(posts=[post(1), post(2)])
    assert (found["recent_posts"], found["declared_posts"], found["sponsored_posts"]) == (2, None, None)
    assert found["sponsored_post_share"] is None


def test_no_recent_post_has_no_share() -> None:
    found = facts(posts=[post(100, is_sponsored=True)])
    assert (found["declared_posts"], found["sponsored_posts"], found["sponsored_post_share"]) == (0, 0, None)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([100, 60, 30, 1], 3 * 7 / 90),  # the time is whole: three posts in it
        ([71, 50, 30, 1], 3 * 7 / 71),  # observed from the first post on: three gaps
        ([95], 0.0),
        ([13, 1], None),
        ([50], 0.0),  # none in the 50 days since its only post
    ],
    ids=["whole", "from its first post", "none lately", "too short", "a single one"],
)
def test_rhythm(days: list[float], expected: float | None) -> None:
    assert facts(posts=[post(each) for each in days])["posts_per_week"] == pytest.approx(expected)


def test_the_last_post_is_told_by_its_day_and_age_at_the_newest_row() -> None:
    found = facts(posts=[post(4.5), post(10)])
    assert (found["last_post_on"], found["days_since_last_post"]) == (date(2026, 2, 24), 4.5)


def with_counts(days: int, likes: int, **columns: Any) -> dict[str, Any]:
    return post(days, like_count=likes, observed_at=NOW, **columns)


def test_sponsored_posts_are_compared_with_the_others_by_ranks() -> None:
    own = [with_counts(10 + number, 100 + number, comment_count=10, is_sponsored=False) for number in range(6)]
    paid = [with_counts(30 + number, 49 + number, comment_count=5, is_sponsored=True) for number in range(5)]
    found = facts(posts=[*own, *paid])
    assert (found["sponsored_posts_compared"], found["own_posts_compared"]) == (5, 6)
    ratios = [(49 + a + 5 + 1) / (100 + b + 10 + 1) for a, b in product(range(5), range(6))]
    assert found["sponsored_engagement_ratio"] == pytest.approx(median(ratios), rel=1e-3)
    assert found["sponsored_engagement_ratio_lower"] < found["sponsored_engagement_ratio"] < 1
    assert found["sponsored_engagement_ratio_upper"] < 1


@pytest.mark.parametrize(
    "left_out",
    [
        {"like_count": None, "comment_count": 5},
        {"posted_at": NOW - timedelta(hours=40)},
        {"posted_at": NOW - timedelta(days=366)},
        {"is_sponsored": None},
    ],
    ids=["likes hidden", "younger than 48 hours", "older than a year", "not declared"],
)
def test_posts_that_say_nothing_are_not_compared(left_out: dict[str, Any]) -> None:
    own = [with_counts(10 + number, 100, is_sponsored=False) for number in range(5)]
    paid = [with_counts(30 + number, 50, is_sponsored=True) for number in range(FEWEST_COMPARED)]
    assert facts(posts=[*own, *paid])["sponsored_engagement_ratio"] == pytest.approx(51 / 101)
    found = facts(posts=[*own, *paid[1:], {**paid[0], **left_out}])
    assert (found["sponsored_posts_compared"], found["sponsored_engagement_ratio"]) == (FEWEST_COMPARED - 1, None)


def test_ratio_bounds_are_those_the_rank_test_would_just_not_reject() -> None:
    dice = np.random.default_rng(5)
    ones, others = dice.lognormal(4, 0.6, 12), dice.lognormal(4.3, 0.6, 15)
    _, low, high = ratio_by_ranks(ones, others)
    assert low is not None
    assert high is not None

    def rejected(ratio: float) -> bool:
        moved = np.log1p(ones) - np.log(ratio)
        return float(mannwhitneyu(moved, np.log1p(others), method="asymptotic", use_continuity=False).pvalue) < 0.1

    assert [rejected(low * 0.99), rejected(low * 1.01)] == [True, False]
    assert [rejected(high * 0.99), rejected(high * 1.01)] == [False, True]


def test_ratio_interval_holds_the_truth_about_nine_times_in_ten() -> None:
    dice = np.random.default_rng(11)
    held = 0
    for _ in range(1_000):
        bounds = ratio_by_ranks(dice.lognormal(5, 0.6, 6), dice.lognormal(5, 0.6, 20))
        held += bounds[1] is not None and bounds[2] is not None and bounds[1] <= 1 <= bounds[2]
    # Exact coverage is 90 % or more by whole ranks; the sampling error of 1,000 is 1 %.
    assert 870 <= held <= 940


def test_owner_replies_are_counted_on_posts_that_others_commented_on() -> None:
    rows = [
        comment(1, "hi", commenter_id="fan"),
        comment(2, "thanks", commenter_id="a"),
        comment(3, "and you?", commenter_id="a"),
        comment(4, "hi", commenter_id="fan", post_id="p2"),
        comment(5, "first!", commenter_id="a", post_id="p3"),
    ]
    found = facts(comments=rows)
    assert (found["owner_replies"], found["posts_with_comments"], found["posts_with_owner_reply"]) == (3, 2, 1)


def test_replies_without_ids_are_not_known_rather_than_none() -> None:
    found = facts(comments=[comment(1, "hi"), comment(2, "thanks")])
    assert (found["owner_replies"], found["posts_with_comments"]) == (None, None)
    assert found["comments_by_others"] == 2


def test_shares_of_moods_need_twenty_rated_comments() -> None:
    good = [comment(number, "great", commenter_id="fan") for number in range(19)]
    assert facts(account(language="en"), comments=good)["positive_comment_share"] is None
    found = facts(account(language="en"), comments=[*good, comment(19, "terrible", commenter_id="fan")])
    assert (found["positive_comment_share"], found["negative_comment_share"]) == (19 / 20, 1 / 20)


def crowd() -> Tables:
    dice = np.random.default_rng(3)
    names = [f"a{number}" for number in range(6)]
    posts = [
        post(float(day), account_id=name, like_count=int(likes), comment_count=3, is_sponsored=bool(day % 3 == 0))
        for name in names
        for day, likes in enumerate(dice.integers(50, 500, 40), start=3)
    ]
    words = ["great video", "so bad", "hola que tal", "😍", "thank you for this lovely video, my friends and i watched"]
    comments = [
        comment(number, words[int(which)], account_id=name, commenter_id=name if which == 3 else "fan")
        for name in names
        for number, which in enumerate(dice.integers(0, 5, 30))
    ]
    return tables([account(name, language="en") for name in names], posts, comments)


def test_an_account_alone_gets_the_same_facts_as_among_others_in_any_order() -> None:
    whole = crowd()
    shuffled = Tables(
        *(getattr(whole, name).sample(fraction=1.0, shuffle=True, seed=2) for name in Tables.__dataclass_fields__)
    )
    together = account_facts(whole)
    assert account_facts(shuffled).equals(together)
    for name in together["account_id"]:
        alone = account_facts(only(whole, pl.Series([name])))
        assert alone.equals(together.filter(pl.col("account_id") == name))
