"""Benign explanations: possible, checked and not borne out, or not checkable; each from rows planted here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, time, timedelta
from typing import Any

import polars as pl
import pytest

from features.benign import EXPLANATIONS_SCHEMA, OUTCOMES, explanations
from features.catalog import features
from features.signals import SIGNALS
from features.tables import CONTRACTS, Tables, only
from simulation.cohort import simulate_cohort
from tests.features import builders_comments as written
from tests.features.builders_growth import Row, account, daily, post, tables
from tests.priors import PRIORS

POSSIBLE, NOT_BORNE_OUT, NOT_CHECKABLE = OUTCOMES.values()

BURST = [10] * 40 + [900] + [10] * 20
"""Forty calm days, one of 900 on 2024-02-10, twenty calm days."""


def wanted(feature: str, side: str, account_id: str = "a") -> pl.DataFrame:
    return pl.DataFrame({"account_id": [account_id], "feature": [feature], "side": [side]})


def told(found: Tables, feature: str, side: str = "high") -> str:
    """The whole text behind one reason of account `a`."""
    text: str = explanations(found, wanted(feature, side))["text"].item()
    return text


def posts(count: int, *, every: float = 4.0, **columns: Any) -> list[Row]:
    """Posts of 100 likes each from the first day on, unless the columns (of one value or one a post) say otherwise."""
    rows = []
    for number in range(count):
        own = {name: value[number] if isinstance(value, list) else value for name, value in columns.items()}
        rows.append(post(every * number, **({"like_count": 100, "comment_count": 10} | own)))
    return rows


def burst(*extra: Row) -> Tables:
    """The burst beside fifteen posts of 100 likes, and further ones."""
    return tables(followers=daily(BURST), posts=[*posts(15), *extra])


def with_comments(given: Tables, *, day: int, mentions: int) -> Tables:
    """Twenty-five comments on the day that is so many after the first reading, some of which name a friend."""
    at = given.followers_daily["date"][0] + timedelta(days=day)
    texts = [*different(25 - mentions), *["@friend look"] * mentions]
    rows = comments(texts, commented_at=datetime.combine(at, time(12), UTC)).comments
    return Tables(given.accounts, given.followers_daily, given.posts, rows)


def comments(texts: list[str], **columns: Any) -> Tables:
    return written.tables(written.comments(texts, **columns))


def counted_elsewhere(given: Tables, count: int) -> Tables:
    """The same where every post counts so many comments; those observed stand under one."""
    posts = given.posts.with_columns(comment_count=pl.lit(count, given.posts.schema["comment_count"]))
    return Tables(given.accounts, given.followers_daily, posts, given.comments)


def different(count: int) -> list[str]:
    return [f"number {number} of its own kind" for number in range(count)]


def test_nothing_wanted_gives_no_row_and_all_columns() -> None:
    nothing = Tables(**{field.name: CONTRACTS[field.name].empty() for field in fields(Tables)})
    none = pl.DataFrame(schema={"account_id": pl.String, "feature": pl.String, "side": pl.String})
    found = explanations(nothing, none)
    assert found.height == 0
    assert found.schema == pl.Schema(EXPLANATIONS_SCHEMA)


def speakers() -> list[tuple[str, str]]:
    return [(name, side) for name, entry in features().items() for side in entry.reason]


@pytest.mark.parametrize(("feature", "side"), speakers())
def test_of_an_account_without_rows_nothing_is_claimed(feature: str, side: str) -> None:
    text = told(tables([account("a")]), feature, side)
    # What the source rounds is left out whatever was observed.
    if SIGNALS[features()[feature].signal].checks == ("rounding_source",):
        assert text.startswith(NOT_BORNE_OUT)
    else:
        assert text.startswith(f"{NOT_CHECKABLE}: ")
        assert text.count(": ") == text.count(NOT_CHECKABLE) + text.count("tables: ask") + text.count("tell: network")


CASES: dict[str, tuple[Callable[[], Tables], str, str, str]] = {
    "the post of that day went viral": (
        lambda: burst(post(39.5, like_count=610, comment_count=60)),
        "growth_burst_mass_share",
        "high",
        f"{POSSIBLE}: a viral post (the post of 2024-02-09 drew 6.1 times the usual likes or views).",
    ),
    "posts of those days drew the usual": (
        burst,
        "growth_burst_mass_share",
        "high",
        (
            f"{NOT_BORNE_OUT}: a viral post (from 3 days before the largest burst began on 2024-02-10 until it ended "
            "on 2024-02-11, the best post drew the usual likes or views)"
        ),
    ),
    "a post long after the burst began": (
        lambda: tables(
            followers=daily([10] * 40 + [300] * 30 + [10] * 20), posts=[*posts(22), post(60.0, like_count=610)]
        ),
        "growth_burst_mass_share",
        "high",
        (
            f"{NOT_CHECKABLE}: a viral post (the post of 2024-03-01, 20 days after the burst began on 2024-02-10, drew "
            "6.1 times the usual likes or views; it explains no more than what came after it)"
        ),
    ),
    "a post eight days after the burst began, one more than it may": (
        lambda: tables(
            followers=daily([10] * 40 + [300] * 30 + [10] * 20), posts=[*posts(13), post(48.0, like_count=610)]
        ),
        "growth_burst_mass_share",
        "high",
        (
            f"{NOT_CHECKABLE}: a viral post (the post of 2024-02-18, 8 days after the burst began on 2024-02-10, drew "
            "6.1 times the usual likes or views; it explains no more than what came after it)"
        ),
    ),
    "a post seven days after the burst began": (
        lambda: tables(
            followers=daily([10] * 40 + [300] * 30 + [10] * 20), posts=[*posts(13), post(47.0, like_count=610)]
        ),
        "growth_burst_mass_share",
        "high",
        f"{POSSIBLE}: a viral post (the post of 2024-02-17 drew 6.1 times the usual likes or views).",
    ),
    "no post in those days": (
        lambda: tables(followers=daily(BURST), posts=posts(7, every=9.0)),
        "growth_burst_mass_share",
        "high",
        (
            f"{NOT_BORNE_OUT}: a viral post (from 3 days before the largest burst began on 2024-02-10 until it ended "
            "on 2024-02-11, no post was seen)"
        ),
    ),
    "no posts at all": (
        lambda: tables(followers=daily(BURST)),
        "growth_burst_mass_share",
        "high",
        f"{NOT_CHECKABLE}: a viral post (no burst could be set beside posts with counts)",
    ),
    "comments of the burst's days name friends": (
        lambda: with_comments(burst(), day=40, mentions=5),
        "growth_burst_mass_share",
        "high",
        (
            f"{POSSIBLE}: a giveaway (from 3 days before the largest burst began on 2024-02-10 until it ended on "
            "2024-02-11, 20% of comments name other accounts; 10% is usual, 20% speaks for one)"
        ),
    ),
    "comments of the burst's days name hardly anybody": (
        lambda: with_comments(burst(), day=38, mentions=1),
        "growth_burst_mass_share",
        "high",
        "2024-02-11, 4% of comments name other accounts; 10% is usual, 20% speaks for one)",
    ),
    "mentions in between the usual and a giveaway's": (
        lambda: with_comments(burst(), day=40, mentions=4),
        "growth_burst_mass_share",
        "high",
        (
            "2024-02-11, 16% of comments name other accounts; 10% is usual, 20% speaks for one; in between, which "
            "speaks neither way)"
        ),
    ),
    "comments of a later time tell nothing of the burst": (
        lambda: with_comments(burst(), day=45, mentions=1),
        "growth_burst_mass_share",
        "high",
        "a giveaway (under 20 comments of the burst's days observed)",
    ),
    "comments that name nobody clear no losses of an unknown time": (
        lambda: with_comments(burst(), day=45, mentions=1),
        "growth_weekly_loss_share",
        "high",
        "a giveaway whose followers left (the comments observed show none, and need not be of the time",
    ),
    "a shout-out is never seen": (
        burst,
        "growth_burst_mass_share",
        "high",
        (
            "a shout-out, press, paid advertising or bots that nobody ordered (it leaves no trace in these tables: ask "
            "the creator)"
        ),
    ),
    "five of twenty-five comments name friends": (
        lambda: comments([*different(20), *["@friend look"] * 5]),
        "engagement_comments_per_like_residual",
        "high",
        f"{POSSIBLE}: a giveaway (20% of comments name other accounts; 10% is usual, 20% speaks for one)",
    ),
    "one of twenty-five comments names a friend": (
        lambda: comments([*different(24), "@friend look"]),
        "engagement_comments_per_like_residual",
        "high",
        f"{NOT_BORNE_OUT}: a giveaway (4% of comments name other accounts; 10% is usual, 20% speaks for one)",
    ),
    "too few comments for a giveaway": (
        lambda: comments(different(19)),
        "engagement_comments_per_like_residual",
        "high",
        "a giveaway (under 20 comments observed)",
    ),
    "one post holds most comments": (
        lambda: tables(posts=posts(10, comment_count=[90] + [10] * 9)),
        "engagement_comments_per_like_residual",
        "high",
        f"{POSSIBLE}: one occasion, such as a giveaway (one post holds 50% of 180 comments)",
    ),
    "two posts with twice the likes reached more people": (
        lambda: tables(posts=posts(10, like_count=[250] * 2 + [100] * 8, view_count=[3_000] * 2 + [1_000] * 8)),
        "engagement_likes_without_comments_share",
        "high",
        (
            f"{POSSIBLE}: posts that reached more people (2 posts with twice the usual likes or more had 3 times the "
            "usual views)"
        ),
    ),
    "a post with twice the likes reached as many": (
        lambda: tables(posts=posts(10, like_count=[250] + [100] * 9, view_count=1_000)),
        "engagement_likes_without_comments_share",
        "high",
        (
            f"{NOT_BORNE_OUT}: posts that reached more people (1 post with twice the usual likes or more had the usual "
            "views)"
        ),
    ),
    "likes hidden on a fifth of the posts": (
        lambda: tables(posts=posts(10, like_count=[None] * 2 + [100] * 8)),
        "engagement_like_rate_residual",
        "low",
        f"{POSSIBLE}: hidden likes (likes are shown on 8 of 10 posts)",
    ),
    "likes shown on all posts": (
        lambda: tables(posts=posts(10)),
        "engagement_like_rate_residual",
        "low",
        "hidden likes (likes are shown on 10 of 10 posts)",
    ),
    "a pause before the newest posts": (
        lambda: tables(posts=[*posts(8), *(post(128.0 + day) for day in range(3))]),
        "engagement_likes_trend_rate_per_month",
        "low",
        "a return after a pause",
    ),
    "from photos to videos": (
        lambda: tables(posts=posts(10, format=["photo"] * 5 + ["video"] * 5)),
        "engagement_likes_trend_rate_per_month",
        "low",
        f"{POSSIBLE}: a change of format (photo prevails in the older half of the posts, video in the newer)",
    ),
    "photos throughout": (
        lambda: tables(posts=posts(10, format="photo")),
        "engagement_likes_trend_rate_per_month",
        "low",
        (
            f"{NOT_BORNE_OUT}: a change of format (photo prevails in both halves of the posts); a return after a pause "
            "(never more than 4 days between posts)"
        ),
    ),
    "two dozen comments by one person": (
        lambda: comments(different(24), commenter_id="u1"),
        "comments_returning_delay_ratio",
        "low",
        f"{POSSIBLE}: a close circle of friends or fans (1 person wrote 24 comments; fewer than 76 people to 100 ",
    ),
    "as many people as comments": (
        lambda: comments(different(24)),
        "comments_returning_delay_ratio",
        "low",
        f"{NOT_BORNE_OUT}: a close circle of friends or fans (24 people wrote 24 comments; fewer than 76 people to ",
    ),
    "a few of many comments do not show who comes back": (
        lambda: counted_elsewhere(comments(different(24)), 605),
        "comments_returning_delay_ratio",
        "low",
        (
            f"{NOT_CHECKABLE}: a close circle of friends or fans (24 people wrote 24 comments of the 605 counted; "
            "fewer than 76 people to 100 comments speaks for one; too small a part to see who comes back)."
        ),
    ),
    "half of the comments are enough": (
        lambda: counted_elsewhere(comments(different(24)), 48),
        "comments_returning_delay_ratio",
        "low",
        f"{NOT_BORNE_OUT}: a close circle of friends or fans (24 people wrote 24 comments of the 48 counted; ",
    ),
    "all under one post, in Latin letters": (
        lambda: comments(different(24)),
        "comments_repeated_text_share",
        "high",
        (
            f"{POSSIBLE}: one occasion, such as wishes or a live event (the busiest post holds 100% of the comments). "
            f"{NOT_BORNE_OUT}: a language not in Latin letters (0% of comments; 2% is usual)."
        ),
    ),
    "a quarter in Cyrillic": (
        lambda: comments([*different(18), *["очень красиво"] * 6]),
        "comments_repeated_text_share",
        "high",
        "a language not in Latin letters (25% of comments; 2% is usual)",
    ),
    "half of the comments are hearts": (
        lambda: comments([*different(12), *["❤️❤️"] * 12]),
        "comments_repeated_emoji_row_share",
        "high",
        f"{POSSIBLE}: an audience fond of emoji (50% of comments are emoji alone; 19% is common, 32% speaks for one)",
    ),
    "a quarter of the comments are hearts": (
        lambda: comments([*different(18), *["❤️❤️"] * 6]),
        "comments_repeated_emoji_row_share",
        "high",
        (
            f"{NOT_CHECKABLE}: an audience fond of emoji (25% of comments are emoji alone; 19% is common, 32% speaks "
            "for one; in between, which speaks neither way)."
        ),
    ),
    "more likes than followers are no private circle": (
        lambda: tables([account("a", follower_count=90)], posts=posts(10)),
        "engagement_likes_spread",
        "low",
        f"{NOT_BORNE_OUT}: a private circle of friends and family (90 followers, and 100 likes on a usual post)",
    ),
    "more views than followers": (
        lambda: tables([account("a", follower_count=900)], posts=posts(10, view_count=2_000)),
        "engagement_like_rate_residual",
        "high",
        "posts that many see who do not follow (a usual post has 2,000 views; 900 followers)",
    ),
    "nine thousand followers": (
        lambda: tables([account("a", follower_count=9_000)]),
        "engagement_likes_spread",
        "low",
        f"{POSSIBLE}: a private circle of friends and family (9,000 followers)",
    ),
    "one under ten thousand followers": (
        lambda: tables([account("a", follower_count=9_999)]),
        "engagement_likes_spread",
        "low",
        f"{POSSIBLE}: a private circle of friends and family (9,999 followers)",
    ),
    "ten thousand followers": (
        lambda: tables([account("a", follower_count=10_000)]),
        "engagement_likes_spread",
        "low",
        f"{NOT_BORNE_OUT}: a private circle of friends and family (10,000 followers)",
    ),
    "two million followers": (
        lambda: tables([account("a", follower_count=2_000_000)]),
        "engagement_like_rate_residual",
        "low",
        f"{POSSIBLE}: a very large audience (2,000,000 followers; the comparison is with accounts of that size)",
    ),
    "follows as many as follow it": (
        lambda: tables([account("a", follower_count=1_000, following_count=900)]),
        "profile_following_limit_share",
        "high",
        f"{POSSIBLE}: mutual following by custom (follows 900 and has 1,000 followers)",
    ),
    "follows 1,499 and is followed by many more": (
        lambda: tables([account("a", follower_count=90_000, following_count=1_499)]),
        "profile_following_limit_share",
        "high",
        f"{NOT_BORNE_OUT}: mutual following by custom (follows 1,499 and has 90,000 followers)",
    ),
    "follows 1,500 and is followed by many more": (
        lambda: tables([account("a", follower_count=90_000, following_count=1_500)]),
        "profile_following_limit_share",
        "high",
        f"{POSSIBLE}: mutual following by custom (follows 1,500 and has 90,000 followers)",
    ),
    "follows 7,000 and is followed by many more": (
        lambda: tables([account("a", follower_count=90_000, following_count=7_000)]),
        "profile_following_limit_share",
        "high",
        f"{POSSIBLE}: mutual following by custom (follows 7,000 and has 90,000 followers)",
    ),
    "one clean-up": (
        lambda: tables(followers=daily([5] * 20, following_count=[900] * 10 + [500] * 11)),
        "growth_following_lost_rate_per_month",
        "high",
        f"{POSSIBLE}: a clean-up of the accounts followed (0 follows and 1 unfollow in bulk)",
    ),
    "a few given up at a time, none followed in bulk": (
        lambda: tables(followers=daily([5] * 20, following_count=[1247] * 10 + [1241] * 11)),
        "growth_following_lost_rate_per_month",
        "high",
        f"{POSSIBLE}: a clean-up of the accounts followed (0 follows and 0 unfollows in bulk)",
    ),
    "followed and unfollowed": (
        lambda: tables(followers=daily([5] * 20, following_count=[500] * 7 + [900] * 7 + [500] * 7)),
        "growth_following_lost_rate_per_month",
        "high",
        f"{NOT_BORNE_OUT}: a clean-up of the accounts followed (1 follow and 1 unfollow in bulk)",
    ),
    "exact counts hide no losses": (
        lambda: tables(followers=daily(BURST)),
        "growth_losing_day_share",
        "low",
        f"{NOT_BORNE_OUT}: rounding that hides losses (the counts are exact)",
    ),
    "rounded counts may hide losses": (
        lambda: tables(followers=daily([0, 100] * 10, start=12_300)),
        "growth_losing_day_share",
        "low",
        f"{POSSIBLE}: rounding that hides losses (the counts move in steps of 100)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_check_says_what_was_seen(name: str) -> None:
    build, feature, side, words = CASES[name]
    assert words in told(build(), feature, side)


def test_a_check_that_does_not_fit_the_side_is_not_told() -> None:
    whole = tables([account("a", follower_count=2_000_000)], posts=posts(10))
    assert "very large" not in told(whole, "engagement_like_rate_residual", "high")
    assert "giveaway" not in told(whole, "engagement_likes_without_comments_share", "high")


def test_nobody_is_told_that_a_small_account_is_not_very_large() -> None:
    whole = tables([account("a", follower_count=961)], posts=posts(10))
    assert "very large" not in told(whole, "engagement_like_rate_residual", "low")


def test_a_pause_of_years_ago_explains_nothing_of_today() -> None:
    old = [post(4.0 * number, like_count=100) for number in range(3)]
    whole = tables(posts=[*old, *(post(400.0 + 4.0 * number, like_count=100) for number in range(60))])
    assert "a return after a pause (never more than 4 days" in told(
        whole, "engagement_likes_trend_rate_per_month", "low"
    )


def test_three_occasions_among_thirty_posts_may_explain_many_comments() -> None:
    counts = [4] * 27 + [100, 120, 140]  # the three hold 360 of 468
    text = told(tables(posts=posts(30, comment_count=counts)), "engagement_comments_per_like_residual")
    assert f"{POSSIBLE}: one occasion, such as a giveaway (the 3 busiest posts hold 77% of 468 comments)" in text


# A cohort: whatever the rows, there are words -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cohort() -> Tables:
    frames = simulate_cohort(33, 40, PRIORS)
    return Tables(**{field.name: frames[field.name] for field in fields(Tables)})


@pytest.fixture(scope="module")
def everything(cohort: Tables) -> pl.DataFrame:
    """Every reason that any account might have."""
    pairs = pl.DataFrame(speakers(), schema=["feature", "side"], orient="row")
    # One side a feature, as in scores; which one alternates.
    one = pairs.group_by("feature", maintain_order=True).agg(pl.col("side").first())
    return cohort.accounts.select("account_id").join(one, how="cross")


@pytest.fixture(scope="module")
def found(cohort: Tables, everything: pl.DataFrame) -> pl.DataFrame:
    return explanations(cohort, everything)


def test_every_reason_has_one_text_without_gaps(found: pl.DataFrame, everything: pl.DataFrame) -> None:
    assert (
        found.select("account_id", "feature")
        .sort(pl.all())
        .equals(everything.select("account_id", "feature").sort(pl.all()))
    )
    texts = found["text"].to_list()
    assert not [text for text in texts if "None" in text or "null" in text or "()" in text or not text.endswith(".")]
    for outcome in OUTCOMES.values():
        assert sum(f"{outcome}: " in text for text in texts) > 100


def test_alone_or_in_another_order_the_words_are_the_same(
    cohort: Tables, everything: pl.DataFrame, found: pl.DataFrame
) -> None:
    name = str(cohort.comments["account_id"].mode().sort().first())
    own = only(cohort, pl.Series("account_id", [name]))
    shuffled = Tables(
        **{field.name: getattr(own, field.name).sample(fraction=1, shuffle=True, seed=2) for field in fields(Tables)}
    )
    asked = everything.filter(pl.col("account_id") == name).sample(fraction=1, shuffle=True, seed=3)
    assert explanations(shuffled, asked).equals(found.filter(pl.col("account_id") == name))


def test_no_comment_and_no_commenter_is_quoted(found: pl.DataFrame, cohort: Tables) -> None:
    texts = "\n".join(found["text"])
    long_comments = cohort.comments.filter(pl.col("text").str.len_chars() > 12)["text"].unique()
    assert not [text for text in long_comments if text in texts]
    assert not [name for name in cohort.comments["commenter_id"].drop_nulls().unique() if name in texts]
