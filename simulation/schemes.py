"""What is bought or traded. A scheme is one registered object: add one here and nowhere else.

A scheme may change growth before the curve is drawn (`plan_growth`) and place orders on the posts that then exist
(`order_engagement`). Its dose is the share of present followers, or of the engagement, that it brings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.signal import lfilter

from simulation.comments import Lags, early_lags, organic_lags
from simulation.draws import Floats, Integers, from_quantiles, random_identifiers, weighted_choice
from simulation.life import CommentSource, Life
from simulation.rules import Rules, draw_range
from simulation.text import Dice, Family, comment, draw_family, family_text

SMALLEST_DOSE = 0.03
LARGEST_BOUGHT_SHARE = 0.75
"""Share of followers that all follower schemes of an account bring at most: an organic audience must be left."""
LABEL_DOSE = 0.10
"""The label's limit: `inauthentic` from here on; see the contract."""

FOLLOWER_SCHEMES = {"bought_followers", "follow_unfollow"}
"""Schemes whose dose is a share of followers; that of the others is a share of engagement."""

LARGEST_TRADED_FOLLOWING = 7500
"""Instagram lets nobody follow more."""

LOTS = (10, 50, 100, 300, 500, 1000, 3000, 5000, 10_000, 30_000)
"""Lots on offer: 98 % of the followers', likes' and views' lots from ten units on (Kolomeets and Chechulin 2021)."""

COMMENT_LOTS = {100: 0.31, 300: 0.17, 500: 0.19, 1000: 0.26, 3000: 0.07}
"""Lots of comments on offer with their shares, of 58 that are not sold by the piece (ibid.)."""

FINEST_LOT = 5
"""An order is made of the largest lots that are at most the whole, a half, ... or a fifth of it; assumed."""

LARGEST_LOSS_FACTOR = 2.5
"""Bought followers were at no time more than this many times today's: such a purchase was smaller. Assumed."""

CAREFUL_DROP = 0.3
"""Factor on the loss a month where care is taken: better followers are dearer and stay. Assumed."""

REFILL_LOSS = 0.05
"""Loss past which sellers refill; FACTS "Schemes"."""

REFILL_CHANCE = 0.1
"""Chance a day that the buyer asks for a refill that is due; assumed."""

LIKES_GO_DAYS = 14.0
"""Days in which two thirds of the likes that will drop have dropped: most are gone after 4 weeks; FACTS "Schemes"."""

ORDERED_POSTS = {"all": 0.35, "since": 0.35, "some": 0.3}
"""Orders for all posts, for those since the account began to pay, and for some of them; assumed."""

IN_RHYTHM = 0.4
"""Of buyers who take care, those who order followers for the days on which others come; assumed."""

SLOWEST_UNFOLLOW = 6
"""Who takes care unfollows up to so many times as slowly; assumed."""

COVER = (0.2, 2.0)
"""Written comments for each ordered one, where they are to cover them; assumed."""

OPEN_GROUP_TASTE = 2.0
"""Exponent by which an open group's keen members are met more often: a tenth of them writes a third. Assumed."""


@dataclass(frozen=True, slots=True)
class FollowerVendor:
    """Sells followers: delivery a day, loss a month as a share, and whether losses are refilled."""

    speed_per_day: float
    drop_per_month: float
    refills: bool


@dataclass(frozen=True, slots=True)
class CountVendor:
    """Sells likes and views: delivery a day of each, delay of the start, and the share of the likes that drop."""

    likes_per_day: float
    views_per_day: float
    start_hours: float
    likes_lost: float


@dataclass(frozen=True, slots=True)
class CommentVendor:
    """Sells comments: who writes, in what words, in what order."""

    authors: tuple[str, ...]
    family: Family | None
    relevance: float
    """Of varied text: share of sentences that take up the post's topic."""
    keeps_order: bool
    start_hours: float
    comments_per_day: float
    lot: int


@dataclass(frozen=True, slots=True)
class Pod:
    """People who comment on each other's posts: accounts of the cohort first, outsiders after them."""

    members: tuple[str, ...]
    first_hour: float
    is_open: bool
    """A group of a thousand and more, of whom some come to a post; else everybody knows everybody."""


@dataclass(frozen=True, slots=True)
class Market:
    """All sellers and pods of one cohort; none of their authors or phrases appears in another cohort."""

    followers: tuple[FollowerVendor, ...]
    counts: tuple[CountVendor, ...]
    comments: dict[str, tuple[CommentVendor, ...]]
    """By language."""
    pods: tuple[Pod, ...]
    """The last one is open: who outgrows a small pod trades there."""


def open_market(
    seed: int, languages: list[str], pod_accounts: list[str], rules: Rules, rng: np.random.Generator, dice: Dice
) -> Market:
    """The sellers of a cohort. `pod_accounts` are its accounts that trade engagement; each joins one pod."""
    count = max(1, round(rules.schemes.vendors))
    return Market(
        followers=tuple(_follower_vendor(rules, rng) for _ in range(count)),
        counts=tuple(_count_vendor(rules, rng) for _ in range(count)),
        comments={
            language: tuple(_comment_vendor(seed, language, rules, rng, dice) for _ in range(count))
            for language in languages
        },
        pods=_open_pods(pod_accounts, rules, rng),
    )


def _open_pods(accounts: list[str], rules: Rules, rng: np.random.Generator) -> tuple[Pod, ...]:
    priors = rules.priors.schemes
    pods: list[Pod] = []
    remaining = list(accounts)
    while remaining or not pods or not pods[-1].is_open:
        is_open = not remaining or rng.random() < rules.schemes.open_pods
        size = round(draw_range(priors.open_pod_members if is_open else priors.pod_members, rng))
        # A cohort is a small part of the accounts there are: few of an open group belong to it.
        most = min(size, priors.pod_members[1]) if is_open else size
        insiders = min(len(remaining), max(1, round(most * rng.uniform(0.2, 1.0))))
        members = remaining[:insiders] + random_identifiers(size - insiders, rng)
        del remaining[:insiders]
        pods.append(Pod(tuple(members), draw_range(priors.pod_first_hour, rng), is_open))
    return tuple(pods)


def _follower_vendor(rules: Rules, rng: np.random.Generator) -> FollowerVendor:
    priors = rules.priors.schemes
    low, high = priors.drop_per_month
    drops = rng.random() < rules.schemes.drop_share
    return FollowerVendor(
        speed_per_day=from_quantiles(rules.schemes.speed_per_day, rng, logarithmic=True),
        drop_per_month=draw_range((low, high), rng) if drops else rng.uniform(0.0, low),
        refills=rng.random() < rules.schemes.refill_share,
    )


def _count_vendor(rules: Rules, rng: np.random.Generator) -> CountVendor:
    priors = rules.priors.schemes
    drops = rng.random() < rules.schemes.like_drop_share
    return CountVendor(
        likes_per_day=from_quantiles(rules.schemes.likes_per_day, rng, logarithmic=True),
        views_per_day=from_quantiles(rules.schemes.views_per_day, rng, logarithmic=True),
        start_hours=draw_range(priors.start_hours, rng),
        likes_lost=draw_range(priors.likes_lost, rng) if drops else 0.0,
    )


def _comment_vendor(seed: int, language: str, rules: Rules, rng: np.random.Generator, dice: Dice) -> CommentVendor:
    priors = rules.priors.schemes
    kind = weighted_choice(rules.schemes.comment_kinds, rng)
    spoken = language if rng.random() < rules.schemes.comments_in_language else "en"
    family = None if kind == "varied" else draw_family(kind, spoken, seed, round(draw_range(priors.phrases, rng)), dice)
    return CommentVendor(
        authors=tuple(random_identifiers(round(draw_range(priors.comment_pool, rng)), rng)),
        family=family,
        relevance=draw_range(priors.bought_relevance, rng),
        keeps_order=rng.random() < rules.schemes.fixed_order,
        start_hours=draw_range(priors.start_hours, rng),
        comments_per_day=from_quantiles(rules.schemes.comments_per_day, rng, logarithmic=True),
        lot=int(weighted_choice({str(lot): share for lot, share in COMMENT_LOTS.items()}, rng)),
    )


def in_lots(wanted: float, rng: np.random.Generator) -> float:
    """The order nearest to `wanted` that lots of one size make, one or several; below ten units, so many pieces."""
    if wanted < LOTS[0]:
        return float(max(round(wanted), 1))
    most = max(wanted / int(rng.integers(1, FINEST_LOT + 1)), LOTS[0])
    lot = max(each for each in LOTS if each <= most)
    return float(lot * max(round(wanted / lot), 1))


def _same_side(share: float, dose: float) -> bool:
    """Whether what was ordered in lots stays on its side of the label's limit."""
    return (share >= LABEL_DOSE) == (dose >= LABEL_DOSE)


class Scheme:
    """One way to cheat; subclasses change what they touch and leave the rest."""

    name: ClassVar[str]

    def plan_growth(self, life: Life, dose: float, market: Market, rules: Rules, rng: np.random.Generator) -> None:
        """Change the follower curve to come. Nothing by default."""

    def order_engagement(
        self, life: Life, dose: float, market: Market, rules: Rules, rng: np.random.Generator, dice: Dice
    ) -> None:
        """Place orders on the posts. Nothing by default."""


SCHEMES: dict[str, Scheme] = {}
"""Every scheme by name."""


def scheme(kind: type[Scheme]) -> type[Scheme]:
    """Register a scheme under its name."""
    SCHEMES[kind.name] = kind()
    return kind


@scheme
class BoughtFollowers(Scheme):
    """Lots of followers: a capped plateau over days, drip-feed, refills, or all of it before the window."""

    name = "bought_followers"

    def plan_growth(self, life: Life, dose: float, market: Market, rules: Rules, rng: np.random.Generator) -> None:
        """Build the stock of bought followers up to `dose` of the present followers."""
        vendor = market.followers[int(rng.integers(len(market.followers)))]
        evasive = rng.random() < life.care
        life.buys_in_rhythm = evasive and rng.random() < IN_RHYTHM
        patterns = rules.schemes.delivery_evasive if evasive else rules.schemes.delivery_careless
        orders = _follower_orders(life, weighted_choice(patterns, rng), dose, vendor, rules, rng, evasive=evasive)
        monthly = vendor.drop_per_month * (CAREFUL_DROP if evasive else 1.0)
        refill_days = draw_range(rules.priors.schemes.refill_days, rng) if vendor.refills else 0.0
        due = rng.random(life.days) < REFILL_CHANCE
        masses = np.array([mass for mass, _ in orders])
        paces = np.array([pace for _, pace in orders])
        stock = _stock(masses @ paces, monthly, refill_days, due)
        while stock.max() > LARGEST_LOSS_FACTOR * stock[-1]:
            monthly *= 0.5
            stock = _stock(masses @ paces, monthly, refill_days, due)
        wanted = dose * life.persona.followers
        bought = np.array([in_lots(mass * wanted / stock[-1], rng) for mass in masses])
        in_stock = _stock(bought @ paces, monthly, refill_days, due)
        share = in_stock[-1] / life.persona.followers
        if _same_side(share, dose) and share <= LARGEST_BOUGHT_SHARE:
            stock, dose = in_stock, share
        _hold(life, stock, dose, rng)


def _follower_orders(
    life: Life,
    pattern: str,
    dose: float,
    vendor: FollowerVendor,
    rules: Rules,
    rng: np.random.Generator,
    *,
    evasive: bool,
) -> list[tuple[float, Floats]]:
    """Orders of an account: relative size, and arrivals a day that sum to at most one."""
    priors, days = rules.priors.schemes, life.days
    if pattern == "drip":
        start = int(rng.integers(0, max(days // 2, 1)))
        return [(1.0, _drip(days, start, round((days - start) * rng.uniform(0.5, 1.0)), rng, evasive=evasive))]
    if pattern == "before":
        stock = np.zeros(days)
        stock[0] = 1.0
        later = rng.integers(0, life.window_start + 1, size=rng.integers(0, 3))
        return [
            (1.0, stock),
            *((rng.uniform(0.1, 0.6), _delivery(days, int(start), rng.uniform(2.0, 15.0), rng)) for start in later),
        ]
    earliest, latest = life.window_start // 2, days - 2
    if pattern == "once":
        starts, masses = [int(rng.integers(earliest, latest))], [1.0]
    else:
        # A campaign of some months, in one of which most of it comes; FACTS "Schemes", GitHub.
        first = int(rng.integers(earliest, latest))
        last = min(first + round(draw_range(priors.campaign_days, rng)), latest)
        starts = [first, *(int(day) for day in rng.integers(first, last + 1, size=int(rng.integers(1, 6))))]
        masses = list(rng.dirichlet(np.full(len(starts), 1.0)))
    at_once = rng.random() < rules.schemes.at_once * (1.0 - life.care)
    low, high = priors.delivery_days
    orders = []
    for start, mass in zip(starts, masses, strict=True):
        length = float(np.clip(mass * dose * life.persona.followers / vendor.speed_per_day, low, high))
        length = min(length, rng.uniform(1.0, 3.0)) if at_once else length
        orders.append((mass, _delivery(days, start, length * rng.uniform(0.7, 1.5), rng)))
    return orders


def _delivery(days: int, start: int, length: float, rng: np.random.Generator) -> Floats:
    """Arrivals a day that sum to one: an even pace with some noise over `length` days, cut at the end of the curve."""
    stop = min(start + max(1, round(length)), days)
    arrivals = np.zeros(days)
    pace = rng.gamma(rng.uniform(2.0, 40.0), 1.0, size=stop - start)
    arrivals[start:stop] = pace / pace.sum()
    return arrivals


def _drip(days: int, start: int, length: int, rng: np.random.Generator, *, evasive: bool) -> Floats:
    """A drip-feed: the same number every day, or in the rhythm of organic growth with its weekdays and good days."""
    arrivals = _delivery(days, start, length, rng)
    if evasive:
        weekdays = np.exp(rng.normal(0.0, 0.25, 7))[np.arange(days) % 7]
        arrivals *= weekdays * rng.lognormal(0.0, rng.uniform(0.3, 1.0), days)
    share: Floats = arrivals / arrivals.sum()
    return share


def _stock(arrivals: Floats, monthly: float, refill_days: float, due: np.ndarray) -> Floats:
    """Bought followers still there on each day.

    While the guarantee of `refill_days` lasts, a refill brings the lost ones back on a day that is `due`.
    """
    kept = (1.0 - min(monthly, 0.9)) ** (1.0 / 30.0)
    if refill_days <= 0.0:
        decayed: Floats = lfilter([1.0], [1.0, -kept], arrivals)
        return decayed
    guaranteed = int(np.argmax(arrivals > 0.0)) + refill_days
    stock, lost = 0.0, 0.0
    result = np.zeros(len(arrivals))
    for day, arriving in enumerate(arrivals.tolist()):
        lost += stock * (1.0 - kept)
        stock = stock * kept + arriving
        if day < guaranteed and lost > REFILL_LOSS * (stock + lost) and due[day]:
            stock, lost = stock + lost, 0.0
        result[day] = stock
    return result


def _hold(life: Life, stock: Floats, dose: float, rng: np.random.Generator) -> None:
    """Add a stock scaled so that its last value is the dose; its steps get the clumps of small numbers."""
    scaled = stock * (dose / stock[-1])
    steps = np.diff(scaled, prepend=scaled[0])
    # Deliveries run evenly, losses come in sweeps of the platform.
    shape = np.where(steps > 0.0, rng.uniform(4.0, 40.0), 0.4)
    clumped = steps * rng.gamma(shape, 1.0 / shape)
    noise = np.cumsum(clumped - steps)
    life.bought_stock += np.maximum(scaled + noise - noise[-1], 0.0)


@scheme
class FollowUnfollow(Scheme):
    """Follow many, wait for them to follow back, unfollow: a saw-tooth with followers a few days behind."""

    name = "follow_unfollow"

    def plan_growth(self, life: Life, dose: float, market: Market, rules: Rules, rng: np.random.Generator) -> None:  # noqa: ARG002
        """Raise the following count in cycles and let a share follow back."""
        priors = rules.priors.schemes
        pace, back = draw_range(priors.follows_per_day, rng), draw_range(priors.follow_back, rng)
        lag = round(draw_range(priors.follow_lag_days, rng))
        evasive = rng.random() < life.care
        start = 0 if rng.random() < 0.5 else int(rng.integers(0, life.days // 2))
        stop = life.days if rng.random() < 0.6 else int(rng.integers(start + 10, life.days + 1))
        follows, unfollows = np.zeros(life.days), np.zeros(life.days)
        day = start
        while day < stop:
            up, wait = int(rng.integers(3, 18)), int(rng.integers(1, 10))
            down = int(rng.integers(2, 15)) * (int(rng.integers(2, SLOWEST_UNFOLLOW + 1)) if evasive else 1)
            daily = pace * rng.uniform(0.6, 1.3, size=up)
            ending = min(day + up, life.days)
            follows[day:ending] += daily[: ending - day]
            back_at = day + up + wait
            if back_at < life.days:
                unfollows[back_at : back_at + down] += daily.sum() * (1.0 - back * 0.3) / down
            day = back_at + down + int(rng.integers(0, 12))
        offset = np.cumsum(follows - unfollows)
        limit = max(LARGEST_TRADED_FOLLOWING - life.persona.following, 200)
        offset *= min(1.0, limit / max(float(offset.max()), 1.0))
        life.following_offset += offset
        # Who is met in the middle of a cycle follows more than usual: mass followers follow over 1,500 (FACTS "Rules").
        life.persona.following += max(round(offset[-1]), 0)
        arrivals = np.concatenate((np.zeros(lag), follows * back))[: life.days]
        stock = np.cumsum(arrivals) + draw_range((0.0, 0.8), rng) * arrivals.sum()
        if stock[-1] <= 0.0:
            # All of it lies before these days.
            stock = np.ones(life.days)
        # Lots bought besides may have been a little larger than meant; an organic audience must be left.
        dose = min(dose, LARGEST_BOUGHT_SHARE - life.bought_stock[-1] + SMALLEST_DOSE)
        _hold(life, stock - 0.3 * np.maximum(stock - stock[-1], 0.0), dose, rng)


@scheme
class BoughtEngagement(Scheme):
    """Likes or views: the same lot on every post, or in proportion, or on some posts only; comments do not follow."""

    name = "bought_engagement"

    def order_engagement(
        self,
        life: Life,
        dose: float,
        market: Market,
        rules: Rules,
        rng: np.random.Generator,
        dice: Dice,  # noqa: ARG002
    ) -> None:
        """Buy likes, views or both up to `dose` of the posts' total."""
        vendor = market.counts[int(rng.integers(len(market.counts)))]
        has_views = bool(life.has_views.any())
        kind = weighted_choice(rules.schemes.counts_bought, rng) if has_views else "likes"
        chosen = _ordered_posts(life.posts, rng)
        if kind in ("likes", "both"):
            per_day, lost = vendor.likes_per_day, vendor.likes_lost
            order = CountOrder(dose, chosen, per_day, vendor.start_hours, lost)
            life.bought_likes = life.bought_likes + _bought_counts(life, life.likes, order, rules, rng)
        if kind in ("views", "both"):
            viewed = chosen * life.has_views if (chosen * life.has_views).any() else life.has_views.astype(float)
            order = CountOrder(dose, viewed, vendor.views_per_day, vendor.start_hours, 0.0)
            life.bought_views = life.bought_views + _bought_counts(life, life.views, order, rules, rng)
        # Nobody sees more likes than views; a seller who is asked for likes delivers the views along.
        lacking = np.where(life.has_views, life.bought_likes + life.likes - life.views - life.bought_views, 0)
        spare = rng.uniform(1.0, 3.0)
        life.bought_views = life.bought_views + np.where(lacking > 0, np.rint(lacking * spare), 0).astype(np.int64)


@dataclass(frozen=True, slots=True)
class CountOrder:
    """Likes or views ordered: their share of all, the posts (1 or 0), delivery a day, and the share that drops."""

    dose: float
    posts: Floats
    per_day: float
    start_hours: float
    lost: float


def _bought_counts(
    life: Life, organic: Integers, order: CountOrder, rules: Rules, rng: np.random.Generator
) -> Integers:
    """Bought counts per post: what was ordered, as far as it has been delivered and not dropped."""
    wanted = order.dose / (1.0 - order.dose) * max(float(organic.sum()), len(organic) * 0.5)
    evasive = rng.random() < life.care
    in_same_lots = not evasive and rng.random() < rules.schemes.fixed_lots
    weights = order.posts * (1.0 if in_same_lots else _order_weights(life, organic, rules, rng, evasive=evasive))
    hours = 24.0 * wanted / order.posts.sum() / order.per_day
    if evasive:
        hours = max(hours, 24.0 * draw_range(rules.priors.schemes.gradual_days, rng))
    there = np.clip((life.post_age_hours - order.start_hours) / hours, 0.0, 1.0)
    there *= 1.0 - order.lost * -np.expm1(-life.post_age_hours / (24.0 * LIKES_GO_DAYS))
    if (weights * there).sum() > 0.0:
        weights = weights * there
    if not in_same_lots:
        counts: Integers = rng.poisson(wanted * weights / weights.sum()).astype(np.int64)
        return counts
    # Sellers deliver a little more than was paid for.
    weights = weights * rng.uniform(1.0, rules.schemes.surplus, len(weights))
    each = wanted / weights.sum()
    lot = in_lots(each, rng)
    bought = lot * weights.sum()
    even: Integers = np.rint((lot if _same_side(bought / (bought + organic.sum()), order.dose) else each) * weights)
    return even.astype(np.int64)


def _order_weights(life: Life, organic: Integers, rules: Rules, rng: np.random.Generator, *, evasive: bool) -> Floats:
    """How an order is spread over posts: nearly even, as the followers were, or in proportion to what a post draws."""
    if rng.random() < rules.schemes.as_followers:
        days = np.clip(life.days_of_posts(), 0, None)
        present = (life.organic_followers + life.bought_followers)[days].astype(np.float64)
        return present * rng.lognormal(0.0, 0.2 if evasive else 0.05, size=len(organic))
    proportion = rng.uniform(0.6, 1.0) if evasive else rng.uniform(0.0, 0.3)
    weights: Floats = np.maximum(organic, 1.0) ** proportion
    return weights * rng.lognormal(0.0, 0.3 if evasive else 0.08, size=len(organic))


def _ordered_posts(posts: int, rng: np.random.Generator) -> Floats:
    """1 for the posts of an order, else 0: all of them, those since the account began, or some here and there."""
    pattern = weighted_choice(ORDERED_POSTS, rng)
    chosen = np.ones(posts)
    if pattern == "since":
        chosen[: int(posts * rng.uniform(0.1, 0.8))] = 0.0
    elif pattern == "some":
        chosen *= rng.random(posts) < rng.uniform(0.15, 0.7)
    return chosen if chosen.any() else np.ones(posts)


def _split(dose: float, organic: Integers, weights: Floats, rng: np.random.Generator) -> Integers:
    """Poisson counts per post, spread by weights, that bring the total's bought share to `dose`."""
    if weights.sum() <= 0.0:
        return np.zeros(len(organic), dtype=np.int64)
    total = dose / (1.0 - dose) * max(float(organic.sum()), len(organic) * 0.5)
    counts: Integers = rng.poisson(total * weights / weights.sum()).astype(np.int64)
    return counts


@scheme
class BoughtComments(Scheme):
    """Comments of a seller: ready phrases or varied text, by a pool of authors who write for others too."""

    name = "bought_comments"

    def order_engagement(
        self, life: Life, dose: float, market: Market, rules: Rules, rng: np.random.Generator, dice: Dice
    ) -> None:
        """Buy comments up to `dose` of the posts' total."""
        sellers = market.comments[life.persona.language]
        vendor = sellers[int(rng.integers(len(sellers)))]
        counts = _bought_comment_counts(life, dose, vendor, rules, rng)
        if rng.random() < life.care:
            lags: Lags = organic_lags(rules, rng)
            if dose >= LABEL_DOSE:
                life.bought_sources.append(_written(life, counts, rules, rng, dice))
        else:
            lags = _delivered(vendor)
        # Varied text is written by people: in the account's own voice, and at times about the post.
        plain = life.voice.changed(relevance=vendor.relevance, mention_only=0.0)
        start = int(rng.integers(len(vendor.authors)))

        def authors(post: int, count: int) -> list[str]:  # noqa: ARG001
            size = len(vendor.authors)
            if vendor.keeps_order:
                return [vendor.authors[(start + index) % size] for index in range(count)]
            return [dice.pick(vendor.authors) for _ in range(count)]

        def text(post: int) -> str:
            if vendor.family is None:
                return comment(plain, post_topics(life, post), dice)
            return family_text(vendor.family, plain, dice)

        life.bought_sources.append(CommentSource(counts, lags, authors, text))


def _written(life: Life, ordered: Integers, rules: Rules, rng: np.random.Generator, dice: Dice) -> CommentSource:
    """Comments written to cover the ordered ones: on topic, none by the same stranger, in their own time.

    They are bought, too: who is content with them alone needs no lots.
    """
    cover = draw_range(COVER, rng) * ordered.sum()
    counts = _even_share(life, cover, rng)
    voice = life.voice.changed(relevance=rng.uniform(0.7, 0.95), mention_only=0.0, emoji_only=0.05, short=0.15)

    def authors(post: int, count: int) -> list[str]:  # noqa: ARG001
        return random_identifiers(count, rng)

    def text(post: int) -> str:
        return comment(voice, post_topics(life, post), dice)

    return CommentSource(counts, organic_lags(rules, rng), authors, text)


def _even_share(life: Life, total: float, rng: np.random.Generator) -> Integers:
    """Poisson counts per post that sum to about the total, in proportion to the comments a post draws."""
    weights = life.comments + 1.0
    counts: Integers = rng.poisson(total * weights / weights.sum()).astype(np.int64)
    return counts


def _bought_comment_counts(
    life: Life, dose: float, vendor: CommentVendor, rules: Rules, rng: np.random.Generator
) -> Integers:
    """Comments bought per post: whole lots on a few posts, or some by the piece on each of those ordered for."""
    evasive = rng.random() < life.care
    wanted = dose / (1.0 - dose) * max(float(life.comments.sum()), life.posts * 0.5)
    if evasive or wanted < vendor.lot / 2.0 or rng.random() >= rules.schemes.comment_lots:
        weights = _order_weights(life, life.comments, rules, rng, evasive=evasive) * _ordered_posts(life.posts, rng)
        return _split(dose, life.comments, weights, rng)
    posts = round(wanted / vendor.lot)
    counts = np.zeros(life.posts, dtype=np.int64)
    ordered = rng.permutation(np.flatnonzero(_ordered_posts(life.posts, rng)))[: max(posts, 1)]
    counts[ordered] = round(in_lots(wanted / len(ordered), rng))
    bought = float(counts.sum())
    if not _same_side(bought / (bought + life.comments.sum()), dose):
        return _split(dose, life.comments, counts.astype(np.float64), rng)
    return counts


def _delivered(vendor: CommentVendor) -> Lags:
    def lags(rng: np.random.Generator, count: int) -> Floats:
        pace: Floats = vendor.start_hours + np.sort(
            rng.uniform(0.05, 0.05 + 24.0 * max(count, 1) / vendor.comments_per_day, count)
        )
        return pace

    return lags


@scheme
class EngagementPod(Scheme):
    """A pod: the same people comment early on each post, in whole sentences about it, and like it."""

    name = "engagement_pod"

    def order_engagement(
        self, life: Life, dose: float, market: Market, rules: Rules, rng: np.random.Generator, dice: Dice
    ) -> None:
        """Trade comments and likes up to `dose` of the posts' comments, as far as members go round."""
        own = life.persona.account_id
        pod = next((each for each in market.pods if own in each.members), market.pods[0])
        active = _ordered_posts(life.posts, rng) * (rng.random(life.posts) < rng.uniform(0.6, 1.0))
        counts = _split(dose, life.comments, active * rng.lognormal(0.0, 0.15, life.posts), rng)
        first_hour = pod.first_hour * (0.5 if rng.random() < life.care else 1.0)
        # Small pods by direct message cannot serve a large account: that one trades in an open group as well.
        most = int(counts.max(initial=0))
        outgrown = most >= len(pod.members)
        joined = tuple(dict.fromkeys((*pod.members, *market.pods[-1].members))) if outgrown else pod.members
        strangers = random_identifiers(max(round(1.3 * (most + 1 - len(joined))), 0), rng)
        members = [member for member in (*joined, *strangers) if member != own]
        careful = rng.random() < life.care
        relevance = rng.uniform(0.7, 0.95) if careful else rng.uniform(0.2, 0.8)
        voice = life.voice.changed(emoji_only=0.02, mention_only=0.0, short=0.06, relevance=relevance)
        is_open = pod.is_open or outgrown

        def authors(post: int, count: int) -> list[str]:  # noqa: ARG001
            if is_open:
                return _visitors(members, count, dice)
            order = sorted(range(len(members)), key=lambda index: index * 0.02 + dice.draw())
            return [members[order[index % len(order)]] for index in range(count)]

        def text(post: int) -> str:
            return comment(voice, post_topics(life, post), dice)

        life.bought_sources.append(CommentSource(counts, early_lags(first_hour, rules), authors, text))
        liking = np.minimum(counts * rng.uniform(1.0, 3.0), counts + 0.3 * life.likes * dose / LABEL_DOSE)
        room = life.views + life.bought_views - life.likes - life.bought_likes
        life.bought_likes = life.bought_likes + np.where(
            life.has_views, np.minimum(liking, np.maximum(room, 0)), liking
        ).astype(np.int64)


def _visitors(members: list[str], count: int, dice: Dice) -> list[str]:
    """Different members of an open group in order of arrival, the keen ones oftener; at most all of them."""
    chosen: dict[str, None] = {}
    while len(chosen) < min(count, len(members) // 2):
        chosen[dice.common(members, OPEN_GROUP_TASTE)] = None
    if len(chosen) < count:
        chosen |= dict.fromkeys(members)
    return list(chosen)[:count]


def post_topics(life: Life, post: int) -> tuple[str, ...]:
    """The one to three topics of a post: a window that moves over the account's topics."""
    topics = life.persona.topics
    width = 1 + post % min(3, len(topics))
    return tuple(topics[(post * 7 + index) % len(topics)] for index in range(width))


@dataclass(frozen=True, slots=True)
class Deed:
    """What an account does: schemes with their doses; empty for a genuine one."""

    doses: dict[str, float]


def draw_deed(role: str, rules: Rules, rng: np.random.Generator) -> Deed:
    """The schemes and doses of an account of the given role: genuine, low_dose or inauthentic.

    The first scheme of an inauthentic account passes the label's limit, with a margin for the noise of delivery;
    further ones may be of any dose.
    """
    if role == "genuine":
        return Deed({})
    names = [weighted_choice(rules.schemes.weights, rng)]
    if role == "low_dose":
        return Deed({names[0]: _log_uniform(SMALLEST_DOSE, LABEL_DOSE * 0.93, 1.0, rng)})
    if rng.random() < rules.schemes.mix_share:
        others = {name: weight for name, weight in rules.schemes.weights.items() if name not in names}
        names.append(weighted_choice(others, rng))
    doses = {names[0]: _dose(names[0], LABEL_DOSE * 1.05, rules, rng)}
    for name in names[1:]:
        doses[name] = _dose(name, SMALLEST_DOSE, rules, rng)
    follower_doses = FOLLOWER_SCHEMES & set(doses)
    if len(follower_doses) > 1:
        # Both together must leave an organic audience.
        factor = min(1.0, LARGEST_BOUGHT_SHARE / sum(doses[name] for name in follower_doses))
        doses = {name: dose * factor if name in follower_doses else dose for name, dose in doses.items()}
    return Deed({name: doses[name] for name in SCHEMES if name in doses})


def _dose(name: str, smallest: float, rules: Rules, rng: np.random.Generator) -> float:
    """A dose from `smallest` up to what the scheme reaches.

    Followers come as a share of those that are there; likes, views and comments in multiples of what a post draws, so
    that there the bought ones per organic one are even in the logarithm.
    """
    constants = rules.schemes
    if name in FOLLOWER_SCHEMES:
        return _log_uniform(smallest, constants.dose, constants.dose_skew, rng)
    largest = constants.engagement_dose if name == "bought_engagement" else constants.comment_dose
    odds = _log_uniform(smallest / (1.0 - smallest), largest / (1.0 - largest), 1.0, rng)
    return odds / (1.0 + odds)


def _log_uniform(low: float, high: float, skew: float, rng: np.random.Generator) -> float:
    return math.exp(math.log(low) + rng.random() ** skew * math.log(high / low))
