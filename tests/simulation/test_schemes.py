from __future__ import annotations

import numpy as np
import pytest

from features.tables import SCHEMES as CONTRACT_SCHEMES
from simulation.cohort import World
from simulation.comments import collect, organic_source
from simulation.engagement import engage
from simulation.growth import grow
from simulation.life import WARM_UP_DAYS
from simulation.priors import Priors
from simulation.rules import draw_rules
from simulation.schemes import LABEL_DOSE, SCHEMES, draw_deed, post_topics
from simulation.text import Dice
from tests.simulation.lives import life, world

FOLLOWER_SCHEMES = ("bought_followers", "follow_unfollow")
ENGAGEMENT_SCHEMES = ("bought_engagement", "bought_comments", "engagement_pod")


def test_the_registry_holds_the_schemes_of_the_contract() -> None:
    assert set(SCHEMES) == set(CONTRACT_SCHEMES)
    assert all(SCHEMES[name].name == name for name in SCHEMES)


@pytest.mark.parametrize("name", FOLLOWER_SCHEMES)
@pytest.mark.parametrize("dose", [0.03, 0.3, 0.7])
def test_bought_stock_ends_at_the_dose(name: str, dose: float) -> None:
    around = world()
    for seed in range(12):
        account = life(around, seed)
        SCHEMES[name].plan_growth(account, dose, around.market, around.rules, np.random.default_rng(seed))
        grow(account, {}, around.rules, np.random.default_rng(seed))

        assert account.bought_stock.min() >= 0.0
        assert account.bought_stock[-1] == pytest.approx(dose)
        assert account.follower_share() == pytest.approx(dose, abs=1 / 20_000)
        assert account.organic_followers[-1] + account.bought_followers[-1] == 20_000


def test_purchases_lie_before_and_within_the_window() -> None:
    around = world()
    before, within = 0, 0
    for seed in range(40):
        account = life(around, seed)
        SCHEMES["bought_followers"].plan_growth(account, 0.3, around.market, around.rules, np.random.default_rng(seed))
        rise = np.diff(account.bought_stock, prepend=0.0)
        before += rise[:WARM_UP_DAYS].sum() > 0.2
        within += rise[WARM_UP_DAYS:].clip(min=0.0).sum() > 0.2

    assert before >= 8
    assert within >= 8


def test_follow_unfollow_raises_and_lowers_the_following_count() -> None:
    around = world()
    account = life(around, 3)
    SCHEMES["follow_unfollow"].plan_growth(account, 0.2, around.market, around.rules, np.random.default_rng(3))
    steps = np.diff(account.following_offset)

    assert steps.max() > 20
    assert steps.min() < -20


@pytest.mark.parametrize("name", ENGAGEMENT_SCHEMES)
def test_orders_reach_their_dose(name: str) -> None:
    around = world()
    shares = []
    for seed in range(12):
        account = life(around, seed)
        rng = np.random.default_rng(seed)
        grow(account, {}, around.rules, rng)
        engage(account, 0.0, around.rules, rng)
        assert account.engagement_share() == 0.0
        SCHEMES[name].order_engagement(account, 0.4, around.market, around.rules, rng, Dice(seed))
        shares.append(account.engagement_share())
        assert (account.likes + account.bought_likes <= account.views + account.bought_views)[account.has_views].all()

    assert np.median(shares) == pytest.approx(0.4, abs=0.08)
    assert max(shares) <= 1.0


def test_the_engagement_share_is_the_largest_of_its_kinds() -> None:
    around = world()
    account = life(around, 1)
    grow(account, {}, around.rules, np.random.default_rng(1))
    engage(account, 0.0, around.rules, np.random.default_rng(1))
    likes, views = account.likes.sum(), account.views.sum()
    account.bought_likes = np.zeros(account.posts, dtype=np.int64)
    account.bought_likes[0] = likes
    account.bought_views[0] = views // 3

    assert account.engagement_share() == pytest.approx(likes / (likes + likes))


def _collected(name: str, seed: int, around: World | None = None) -> tuple[list[str], set[str], list[float]]:
    """Authors collected, authors of the honest account, and lags, of an account that uses the scheme heavily."""
    around = around or world()
    account = life(around, seed, followers=50_000)
    account.care = 0.0
    account.plan.comments_wanted, account.plan.comment_sample = 150, "all"
    rng, dice = np.random.default_rng(seed), Dice(seed)
    grow(account, {}, around.rules, rng)
    engage(account, 0.0, around.rules, rng)
    account.comments = np.full(account.posts, 40)
    SCHEMES[name].order_engagement(account, 0.5, around.market, around.rules, rng, dice)
    organic = organic_source(account, post_topics, around.account_ids, around.rules, rng, dice)
    rows = collect(account, organic, post_topics, around.rules, rng, dice)
    return rows.authors, set(around.account_ids), rows.lags


def test_pod_members_are_accounts_of_the_cohort_and_come_back() -> None:
    members, early = [], []
    for seed in range(1, 7):
        authors, cohort, lags = _collected("engagement_pod", seed, world(seed))
        assert len(authors) == 150
        members.append(sum(author in cohort for author in authors))
        early.append(np.mean(np.array(lags) < 1.0))

    assert np.mean(members) >= 20
    assert np.mean(early) > 0.25


def test_a_seller_uses_the_same_authors_for_several_accounts() -> None:
    around = world()
    vendor = around.market.comments["en"][0]

    assert len(vendor.authors) >= 15
    assert len(set(vendor.authors)) == len(vendor.authors)


def test_every_trading_account_joins_one_pod() -> None:
    around = world(accounts=70)
    members = [member for pod in around.market.pods for member in pod.members if member.startswith("account-")]

    assert sorted(members) == sorted(around.account_ids)
    assert all(15 <= len(pod.members) <= 50 for pod in around.market.pods)


def test_doses_by_role() -> None:
    rules = draw_rules(Priors(), np.random.default_rng(1))
    rng = np.random.default_rng(2)
    low = [draw_deed("low_dose", rules, rng).doses for _ in range(200)]
    high = [draw_deed("inauthentic", rules, rng).doses for _ in range(400)]

    assert draw_deed("genuine", rules, rng).doses == {}
    assert all(len(doses) == 1 and 0.03 <= next(iter(doses.values())) < LABEL_DOSE for doses in low)
    assert all(max(doses.values()) > LABEL_DOSE for doses in high)
    assert all(sum(doses.get(name, 0.0) for name in FOLLOWER_SCHEMES) <= 0.75 + 1e-9 for doses in high)
    assert {len(doses) for doses in high} == {1, 2}
