from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest

from simulation.cohort import _draw_deeds
from simulation.comments import organic_source
from simulation.engagement import engage
from simulation.growth import LARGEST_DAILY_ADVERTISING, grow
from simulation.life import Life
from simulation.rules import draw_rules
from simulation.schemes import post_topics
from simulation.stories import STORIES
from simulation.text import Dice
from tests.priors import PRIORS
from tests.simulation.lives import life, world


def _told(story: str, seed: int, followers: int = 20_000) -> Life:
    around = world()
    account = life(around, seed, followers=followers)
    STORIES[story](account, around.rules, np.random.default_rng(seed))
    return account


def test_all_stories_of_the_brief_are_registered() -> None:
    assert sorted(STORIES) == [
        "bot_targeted",
        "dormant_return",
        "emoji_culture",
        "follow_back",
        "giveaway",
        "hidden_likes",
        "mega_low_rate",
        "mixed_language",
        "niche_switch",
        "paid_ads",
        "press",
        "purge",
        "shoutout",
        "tight_community",
        "viral",
    ]


@pytest.mark.parametrize("story", STORIES)
def test_a_story_buys_nothing_and_leaves_a_life_that_can_be_lived(story: str) -> None:
    around = world()
    for seed in range(4):
        account = _told(story, seed)
        assert account.bought_stock.max() == 0.0
        rates = account.voice.emoji_only + account.voice.mention_only + account.voice.short
        assert rates <= 1.0 + 1e-9
        grow(account, {}, around.rules, np.random.default_rng(seed))
        engage(account, 0.0, around.rules, np.random.default_rng(seed))
        assert account.organic_followers[-1] == 20_000
        assert account.organic_followers.min() >= 1
        assert account.follower_share() == account.engagement_share() == 0.0
        assert np.all(np.diff(account.post_age_hours) <= 0.0)


@pytest.mark.parametrize("story", ["viral", "giveaway", "paid_ads", "shoutout", "press", "bot_targeted", "follow_back"])
def test_stories_that_win_followers(story: str) -> None:
    gains = [_told(story, seed).arrivals.sum() for seed in range(10)]

    assert min(gains) > 0.0
    assert 0.004 < np.median(gains) < 0.4


def test_advertising_is_steady_and_capped() -> None:
    followers = 1_000_000
    daily = _told("paid_ads", 2, followers).arrivals * followers
    paid = daily[daily > 0.0]

    assert paid.mean() <= LARGEST_DAILY_ADVERTISING * 1.1
    assert paid.std() / paid.mean() < 0.3


def test_advertised_videos_gather_views_and_few_likes() -> None:
    around = world()
    ratios = []
    for seed in range(8):
        account = life(around, seed, platform="youtube")
        account.is_promoted = np.arange(account.posts) % 3 == 0
        grow(account, {}, around.rules, np.random.default_rng(seed))
        engage(account, 0.0, around.rules, np.random.default_rng(seed))
        per_view = account.likes / np.maximum(account.views, 1)
        ratios.append(np.median(per_view[account.is_promoted]) / np.median(per_view[~account.is_promoted]))

    assert np.median(ratios) < 0.8


def test_a_viral_post_lies_on_the_day_of_the_jump() -> None:
    for seed in range(6):
        account = _told("viral", seed)
        day = int(np.flatnonzero(account.arrivals)[0])
        post = int(np.argmax(account.post_quality))

        assert account.days_of_posts()[post] == day
        assert account.post_quality[post] > 1.0


@pytest.mark.parametrize("story", ["viral", "shoutout"])
def test_honest_newcomers_like_in_proportion(story: str) -> None:
    """Likes per follower of the time are the same long before and long after the jump, over lives on average."""
    around = world()
    changes = []
    for seed in range(30):
        account = _told(story, seed)
        account.bought_stock[:] = 0.0
        grow(account, {}, around.rules, np.random.default_rng(seed))
        engage(account, 0.0, around.rules, np.random.default_rng(seed))
        days = account.days_of_posts()
        jump = int(np.argmax(account.arrivals))
        rates = account.likes / account.organic_followers[np.clip(days, 0, None)]
        before, after = (days >= 0) & (days < jump - 10), days > jump + 20
        if before.sum() >= 2 and after.sum() >= 2:
            changes.append(np.log((np.median(rates[after]) + 1e-6) / (np.median(rates[before]) + 1e-6)))

    assert len(changes) >= 5
    assert -0.25 < np.median(changes) < 0.35


def test_bots_like_nothing() -> None:
    account = _told("bot_targeted", 1)

    assert account.rate_offset == 0.0
    assert account.post_quality.max() <= 0.0


def test_a_giveaway_brings_mentions_and_many_leave() -> None:
    account = _told("giveaway", 1)

    assert account.voice.mention_only >= 0.25
    assert account.departures.sum() > 0.1 * account.arrivals.sum()


def test_a_purge_takes_followers_on_one_day() -> None:
    assert np.count_nonzero(_told("purge", 1).departures) == 1


def test_a_purge_in_sight_falls_on_the_day_of_the_platform() -> None:
    around = world()
    account = life(around, 1)
    account.sweep_day = account.window_start + 3
    STORIES["purge"](account, around.rules, np.random.default_rng(1))

    assert np.flatnonzero(account.departures).tolist() == [account.sweep_day]


def test_a_tight_community_is_small() -> None:
    assert 8 <= _told("tight_community", 1).circle_size <= 40


def test_friends_and_family_of_a_small_account_comment_on_every_post() -> None:
    """The same twenty people: each is met under half of the posts and more, once, and few others write."""
    around, judged = world(), 0
    for seed in range(30):
        account = _told("tight_community", seed, followers=600)
        account.circle_size = 20
        rng = np.random.default_rng(seed)
        grow(account, {}, around.rules, rng)
        engage(account, 0.0, around.rules, rng)
        # Among strangers nobody comes back; without creators of the cohort all others are strangers.
        source = organic_source(account, post_topics, ["nobody"], around.rules, rng, Dice(seed))
        posts = [post for post in range(account.posts) if 20 <= source.counts[post] <= 40]
        visits = [
            [name for name in source.authors(post, int(source.counts[post])) if name != "nobody"] for post in posts
        ]
        met = Counter(name for visit in visits for name in set(visit))
        regulars = [name for name, count in met.most_common(20) if count >= 0.4 * len(posts)]

        assert account.circle_attendance >= 0.5
        if len(posts) >= 10:
            judged += 1
            # Each comes to at least half of the posts; by chance some are met under fewer than 40 % of a dozen, and an
            # account with many more comments than twenty is judged by its quietest posts.
            assert len(regulars) >= 15
            assert np.mean([len(set(regulars) & set(visit)) for visit in visits]) >= 7
    assert judged >= 3


def test_some_clubs_of_larger_accounts_are_as_faithful() -> None:
    faithful = [_told("tight_community", seed).circle_attendance > 0.0 for seed in range(60)]

    assert 0.1 < np.mean(faithful) < 0.6


def test_a_third_of_the_genuine_accounts_have_a_story_in_every_cohort_of_five_hundred() -> None:
    for seed in range(300):
        rules = draw_rules(PRIORS, np.random.default_rng(seed))
        plan = _draw_deeds(500, rules, np.random.default_rng(seed + 10_000))
        told = [story is not None for deed, story in plan if not deed.doses]

        assert sum(told) >= 0.35 * len(told)


def test_the_owner_hides_the_likes() -> None:
    assert _told("hidden_likes", 1).plan.hides_likes


def test_platform_purges_hit_every_account_of_the_platform_on_one_day() -> None:
    around = world()
    drops = set()
    for seed in range(4):
        account = life(around, seed)
        grow(account, {"instagram": (-20, 0.3)}, around.rules, np.random.default_rng(seed))
        steps = np.diff(account.organic_followers)
        drops.add(account.first_day + int(np.argmin(steps)) + 1)

    assert drops == {-20}


def _shares(tables: dict[str, pl.DataFrame], story: str | None, value: pl.Expr) -> float:
    """Median over genuine accounts with the story (None: without one) of an aggregate of their comments."""
    labels = tables["labels"].filter(pl.col("scheme").is_null() & pl.col("benign_story").eq_missing(pl.lit(story)))
    comments = tables["comments"].join(labels.select("account_id"), on="account_id")
    values = comments.group_by("account_id").agg(n=pl.len(), value=value).filter(pl.col("n") >= 15)["value"]
    return float(values.drop_nulls().median())  # type: ignore[arg-type]


_NAMED = pl.col("commenter_id").filter(pl.col("commenter_id") != pl.col("account_id"))
_REPEATED_AUTHORS = (1.05 - _NAMED.n_unique() / _NAMED.len()).fill_nan(None)  # 0.05 for authors who all differ


@pytest.mark.parametrize(
    ("story", "value", "factor"),
    [
        ("giveaway", pl.col("text").str.contains(r"^(@\S+\s*)+$").mean(), 5.0),
        ("emoji_culture", (~pl.col("text").str.contains(r"[\p{L}\p{N}]")).mean(), 2.5),
        ("tight_community", _REPEATED_AUTHORS, 1.8),
    ],
)
def test_stories_show_in_the_comments(
    tables: dict[str, pl.DataFrame], story: str, value: pl.Expr, factor: float
) -> None:
    assert _shares(tables, story, value) > factor * _shares(tables, None, value)
