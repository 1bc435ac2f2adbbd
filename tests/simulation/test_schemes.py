from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from features.tables import SCHEMES as CONTRACT_SCHEMES
from simulation.cohort import World
from simulation.comments import collect, organic_source
from simulation.draws import Floats, Integers
from simulation.engagement import engage
from simulation.growth import _in_rhythm, grow
from simulation.life import WARM_UP_DAYS, Life
from simulation.rules import draw_rules
from simulation.schemes import (
    LABEL_DOSE,
    LARGEST_BOUGHT_SHARE,
    LARGEST_TRADED_FOLLOWING,
    REFILL_LOSS,
    SCHEMES,
    CountOrder,
    _bought_comment_counts,
    _bought_counts,
    _drip,
    _stock,
    _visitors,
    draw_deed,
    in_lots,
    post_topics,
)
from simulation.text import Dice
from tests.priors import PRIORS
from tests.simulation.lives import life, world

FOLLOWER_SCHEMES = ("bought_followers", "follow_unfollow")
ENGAGEMENT_SCHEMES = ("bought_engagement", "bought_comments", "engagement_pod")


def test_the_registry_holds_the_schemes_of_the_contract() -> None:
    assert set(SCHEMES) == set(CONTRACT_SCHEMES)
    assert all(SCHEMES[name].name == name for name in SCHEMES)


@pytest.mark.parametrize("name", FOLLOWER_SCHEMES)
@pytest.mark.parametrize("dose", [0.03, 0.3, 0.7])
def test_bought_stock_ends_near_the_dose(name: str, dose: float) -> None:
    around, shares = world(), []
    for seed in range(16):
        account = life(around, seed)
        SCHEMES[name].plan_growth(account, dose, around.market, around.rules, np.random.default_rng(seed))
        grow(account, {}, around.rules, np.random.default_rng(seed))
        shares.append(account.follower_share())

        assert account.bought_stock.min() >= 0.0
        assert account.follower_share() == pytest.approx(account.bought_stock[-1], abs=1 / 20_000)
        assert (account.follower_share() >= LABEL_DOSE) == (dose >= LABEL_DOSE)
        assert account.organic_followers[-1] + account.bought_followers[-1] == 20_000

    # Lots are round: a single order may lie a third off, all of them do not.
    assert np.median(shares) == pytest.approx(dose, rel=0.1)
    assert all(0.6 * dose < share <= LARGEST_BOUGHT_SHARE for share in shares)


@pytest.mark.parametrize(
    ("case", "wanted", "orders"),
    [
        ("nothing asked for is one piece", 0.2, {1.0}),
        ("below ten it goes by the piece", 6.4, {6.0}),
        ("lots of ten, fifty or a hundred", 100.0, {100.0, 10 * 10.0, 2 * 50.0}),
        ("one lot of a thousand, or some smaller ones", 1300.0, {1000.0, 500 * 3.0, 300 * 4.0, 100 * 13.0}),
        ("the largest lot as often as it takes", 200_000.0, {30_000 * 7.0}),
    ],
)
def test_orders_come_in_lots(case: str, wanted: float, orders: set[float]) -> None:
    rng = np.random.default_rng(1)

    assert {in_lots(wanted, rng) for _ in range(60)} <= orders, case


def test_lots_drop_off_and_are_refilled() -> None:
    arrivals = np.zeros(120)
    arrivals[10] = 1.0
    never, always = np.zeros(120, dtype=bool), np.ones(120, dtype=bool)

    kept = _stock(arrivals, 0.0, 0.0, never)
    dropped = _stock(arrivals, 0.5, 0.0, never)
    asked = _stock(arrivals, 0.5, 60.0, always)

    assert kept[-1] == pytest.approx(1.0)
    assert dropped[10 + 30] == pytest.approx(1.0 * 0.5)
    assert dropped[10 + 60] == pytest.approx(1.0 * 0.5**2)
    assert asked[10:70].min() >= 1.0 - REFILL_LOSS - 0.5 / 20
    assert asked[70 + 40] < 0.6
    assert np.diff(asked[10:70]).max() > 0.04


def test_a_drip_feed_is_even_or_in_the_rhythm_of_growth() -> None:
    even = [_drip(200, 20, 150, np.random.default_rng(seed), evasive=False) for seed in range(20)]
    organic = [_drip(200, 20, 150, np.random.default_rng(seed), evasive=True) for seed in range(20)]

    def spread(shape: Floats) -> float:
        return float(shape[20:170].std() / shape[20:170].mean())

    assert np.median([spread(shape) for shape in even]) < 0.5 < np.median([spread(shape) for shape in organic])
    assert all(shape.sum() == pytest.approx(1.0) and shape[:20].max() == 0.0 for shape in even + organic)


def test_who_is_met_in_a_cycle_of_follow_and_unfollow_follows_more() -> None:
    around = world()
    more = []
    for seed in range(20):
        account = life(around, seed)
        before = account.persona.following
        SCHEMES["follow_unfollow"].plan_growth(account, 0.2, around.market, around.rules, np.random.default_rng(seed))
        more.append(account.persona.following - before)
        assert account.persona.following <= max(LARGEST_TRADED_FOLLOWING, before) + 200

    assert min(more) >= 0
    assert np.median(more) > 100


def test_purchases_lie_before_and_within_the_window() -> None:
    around = world()
    before, within = 0, 0
    for seed in range(80):
        account = life(around, seed)
        SCHEMES["bought_followers"].plan_growth(account, 0.3, around.market, around.rules, np.random.default_rng(seed))
        rise = np.diff(account.bought_stock, prepend=0.0)
        before += rise[:WARM_UP_DAYS].sum() > 0.2
        within += rise[WARM_UP_DAYS:].clip(min=0.0).sum() > 0.2

    assert before >= 10
    assert within >= 20


def test_followers_in_rhythm_come_when_others_come_and_are_as_many() -> None:
    bought = np.array([100, 100, 600, 600, 550, 550])
    gains = np.array([0, 9, 0, 0, 9, 0])
    moved = _in_rhythm(bought, gains, np.random.default_rng(1))
    assert (moved[0], moved[-1]) == (100, 550)
    # Ten parts of 23 each on the two days on which nine others come; fifty still leave on the fourth.
    assert np.diff(moved)[0] == pytest.approx(500 * 10 / 23, abs=40)
    assert np.diff(moved)[3] == pytest.approx(500 * 10 / 23 - 50, abs=40)
    # Fewer would be there than leave: nothing is moved.
    early = np.array([0, 400, 0, 300])
    assert _in_rhythm(early, np.array([0, 0, 0, 99]), np.random.default_rng(1)).tolist() == early.tolist()


def test_follow_unfollow_raises_and_lowers_the_following_count() -> None:
    around = world()
    account = life(around, 3)
    SCHEMES["follow_unfollow"].plan_growth(account, 0.2, around.market, around.rules, np.random.default_rng(3))
    steps = np.diff(account.following_offset)

    assert steps.max() > 20
    assert steps.min() < -20


@pytest.mark.parametrize("name", ENGAGEMENT_SCHEMES)
@pytest.mark.parametrize("dose", [0.05, 0.4, 0.9])
def test_orders_reach_their_dose(name: str, dose: float) -> None:
    around = world()
    shares = []
    for seed in range(16):
        account, rng = _engaged(around, seed)
        assert account.engagement_share() == 0.0
        SCHEMES[name].order_engagement(account, dose, around.market, around.rules, rng, Dice(seed))
        shares.append(account.engagement_share())
        assert (account.likes + account.bought_likes <= account.views + account.bought_views)[account.has_views].all()

    assert np.median(shares) == pytest.approx(dose, abs=0.2 * dose)
    assert max(shares) <= 1.0


def _engaged(around: World, seed: int) -> tuple[Life, np.random.Generator]:
    """An account with its honest counts, and the generator that drew them."""
    account, rng = life(around, seed), np.random.default_rng(seed)
    grow(account, {}, around.rules, rng)
    engage(account, 0.0, around.rules, rng)
    return account, rng


def _ordered(account: Life, *, per_day: float, lost: float = 0.0, dose: float = 0.5) -> Integers:
    """Likes bought under every post, of an account that draws 200 each and takes no care."""
    account.likes = np.full(account.posts, 200)
    account.care = 0.0
    rules = replace(world().rules, schemes=world().rules.schemes.model_copy(update={"fixed_lots": 1.0, "surplus": 1.0}))
    order = CountOrder(dose, np.ones(account.posts), per_day, 0.0, lost)
    return _bought_counts(account, account.likes, order, rules, np.random.default_rng(1))


def test_the_same_lot_comes_on_every_post() -> None:
    account = life(world(), 2)
    account.post_age_hours = np.linspace(4000.0, 100.0, account.posts)

    assert set(_ordered(account, per_day=100_000.0).tolist()) == {200}


def test_posts_younger_than_the_delivery_have_less_of_it() -> None:
    account = life(world(), 2)
    account.post_age_hours = np.linspace(4000.0, 1.0, account.posts)
    likes = _ordered(account, per_day=20.0)

    assert likes[-1] < 0.02 * likes[0]
    assert np.all(np.diff(likes) <= 0)
    assert likes.sum() / (likes.sum() + account.likes.sum()) == pytest.approx(0.5, abs=0.1)


def test_bought_likes_drop_under_old_posts() -> None:
    account = life(world(), 2)
    account.post_age_hours = np.linspace(4000.0, 10.0, account.posts)
    likes = _ordered(account, per_day=1_000_000.0, lost=0.3)

    assert likes[0] == pytest.approx(0.7 * likes[-1], rel=0.05)


def test_comments_come_in_lots_on_some_posts_or_by_the_piece() -> None:
    around = world()
    rules = replace(around.rules, schemes=around.rules.schemes.model_copy(update={"comment_lots": 1.0}))
    vendor = replace(around.market.comments["en"][0], lot=100)
    account = life(around, 2)
    account.comments = np.full(account.posts, 20)
    account.care = 0.0
    lots = _bought_comment_counts(account, 0.3, vendor, rules, np.random.default_rng(1))
    account.care = 1.0
    pieces = _bought_comment_counts(account, 0.3, vendor, rules, np.random.default_rng(1))

    assert lots.max() >= 50
    assert np.count_nonzero(lots) < 0.3 * account.posts
    assert len(set(lots[lots > 0].tolist())) == 1
    assert np.count_nonzero(pieces) > np.count_nonzero(lots)


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


def test_who_takes_care_covers_what_was_bought() -> None:
    around = world()
    covered, alone = [], []
    for seed in range(12):
        account, rng = _engaged(around, seed)
        account.care = 1.0 if seed % 2 else 0.0
        SCHEMES["bought_comments"].order_engagement(account, 0.5, around.market, around.rules, rng, Dice(seed))
        (covered if seed % 2 else alone).append(account.bought_sources)

    assert [len(sources) for sources in alone] == [1] * 6
    assert [len(sources) for sources in covered] == [2] * 6
    for ordered, written in ((ordered, written) for written, ordered in covered):
        # A fifth to twice as many, by strangers of whom nobody comes twice.
        assert 0.1 * ordered.counts.sum() < written.counts.sum() < 2.5 * ordered.counts.sum()
        authors = [name for post in range(5) for name in written.authors(post, 20)]
        assert len(set(authors)) == 5 * 20


def test_doses_too_small_to_count_are_not_covered() -> None:
    around = world()
    account, rng = _engaged(around, 1)
    account.care = 1.0
    SCHEMES["bought_comments"].order_engagement(account, 0.05, around.market, around.rules, rng, Dice(1))
    assert len(account.bought_sources) == 1


def test_pod_members_are_accounts_of_the_cohort_and_come_back() -> None:
    members, early = [], []
    for seed in range(1, 20):
        around = world(seed)
        if next(pod for pod in around.market.pods if "account-0" in pod.members).is_open:
            continue
        authors, cohort, lags = _collected("engagement_pod", seed, around)
        assert len(authors) == 150
        members.append(sum(author in cohort for author in authors))
        early.append(np.mean(np.array(lags) < 1.0))

    assert np.mean(members) >= 12
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
    assert around.market.pods[-1].is_open
    for pod in around.market.pods:
        assert 1000 <= len(pod.members) <= 3000 if pod.is_open else 15 <= len(pod.members) <= 50


def test_an_open_group_sends_other_people_to_each_post_and_some_come_often() -> None:
    members = [f"member-{index}" for index in range(1000)]
    dice = Dice(1)
    visits = [_visitors(members, 40, dice) for _ in range(50)]
    often = Counter(member for visit in visits for member in visit)

    assert all(len(set(visit)) == 40 for visit in visits)
    assert sum(count for member, count in often.items() if int(member[7:]) < 100) > 0.25 * 50 * 40
    assert len(often) > 500
    assert sorted(_visitors(members, 1000, dice)) == sorted(members)


def test_an_account_that_outgrows_its_pod_trades_in_the_open_group() -> None:
    around = world()
    account = life(around, 4, followers=300_000)
    rng = np.random.default_rng(4)
    grow(account, {}, around.rules, rng)
    engage(account, 0.0, around.rules, rng)
    account.comments = np.full(account.posts, 300)
    SCHEMES["engagement_pod"].order_engagement(account, 0.5, around.market, around.rules, rng, Dice(4))
    source = account.bought_sources[0]
    post = int(np.argmax(source.counts))
    authors = source.authors(post, int(source.counts[post]))

    assert len(authors) == len(set(authors)) == source.counts[post] > 100
    assert set(authors) & set(around.market.pods[-1].members)


def test_doses_by_role() -> None:
    rules = draw_rules(PRIORS, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    low = [draw_deed("low_dose", rules, rng).doses for _ in range(200)]
    high = [draw_deed("inauthentic", rules, rng).doses for _ in range(400)]

    assert draw_deed("genuine", rules, rng).doses == {}
    assert all(len(doses) == 1 and 0.03 <= next(iter(doses.values())) < LABEL_DOSE for doses in low)
    assert all(max(doses.values()) > LABEL_DOSE for doses in high)
    largest = LARGEST_BOUGHT_SHARE + 1e-9
    assert all(sum(doses.get(name, 0.0) for name in FOLLOWER_SCHEMES) <= largest for doses in high)
    assert {len(doses) for doses in high} == {1, 2}


@pytest.mark.parametrize("name", SCHEMES)
def test_doses_of_every_scheme_reach_from_the_limit_to_seventy_percent(name: str) -> None:
    doses = []
    for seed in range(40):
        rules = draw_rules(PRIORS, np.random.default_rng(seed))
        only = replace(rules, schemes=rules.schemes.model_copy(update={"weights": {name: 1.0}, "mix_share": 0.0}))
        rng = np.random.default_rng(seed)
        doses += [draw_deed("inauthentic", only, rng).doses[name] for _ in range(50)]

    assert 0.1 < min(doses) < 0.12
    assert np.quantile(doses, 0.25) < 0.35
    assert max(doses) > 0.68


def test_realised_doses_keep_to_their_side_of_the_label(tables: dict[str, pl.DataFrame]) -> None:
    """Lots, drops and young posts move the realised share; all but a few deliveries still earn the label meant."""
    labels = tables["labels"].filter(pl.col("scheme").is_not_null())
    share = pl.max_horizontal("inauthentic_follower_share", "inauthentic_engagement_share")

    assert labels.filter(share.is_between(0.0935, 0.0999)).height < 0.02 * labels.height
    assert 0.08 < labels.filter(~pl.col("is_inauthentic")).height / labels.height < 0.3
