"""What is bought or traded. A scheme is one registered object: add one here and nowhere else.

A scheme may change growth before the curve is drawn (`plan_growth`) and place orders on the posts that then exist
(`order_engagement`). Its dose is the share of present followers, or of the engagement, that it brings.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from simulation.comments import Lags, early_lags, organic_lags
from simulation.draws import Floats, Integers, random_identifiers, weighted_choice
from simulation.life import CommentSource, Life
from simulation.rules import Rules, draw_range
from simulation.text import Dice, Family, comment, draw_family, family_text

SMALLEST_DOSE = 0.03
LABEL_DOSE = 0.10
"""The label's limit: `inauthentic` from here on; see the contract."""

FOLLOWER_SCHEMES = {"bought_followers", "follow_unfollow"}
"""Schemes whose dose is a share of followers; that of the others is a share of engagement."""

LARGEST_TRADED_FOLLOWING = 7500
"""Instagram lets nobody follow more."""


@dataclass(frozen=True, slots=True)
class FollowerVendor:
    """Sells followers: delivery a day, loss a month as a share, and whether losses are refilled."""

    speed_per_day: float
    drop_per_month: float
    refills: bool


@dataclass(frozen=True, slots=True)
class CommentVendor:
    """Sells comments: who writes, in what words, in what order."""

    authors: tuple[str, ...]
    family: Family | None
    keeps_order: bool
    start_hours: float
    comments_per_day: float


@dataclass(frozen=True, slots=True)
class Pod:
    """People who comment on each other's posts: accounts of the cohort first, outsiders after them."""

    members: tuple[str, ...]
    first_hour: float


@dataclass(frozen=True, slots=True)
class Market:
    """All sellers and pods of one cohort; none of their authors or phrases appears in another cohort."""

    followers: tuple[FollowerVendor, ...]
    comments: dict[str, tuple[CommentVendor, ...]]
    """By language."""
    pods: tuple[Pod, ...]


def open_market(
    seed: int, languages: list[str], pod_accounts: list[str], rules: Rules, rng: np.random.Generator, dice: Dice
) -> Market:
    """The sellers of a cohort. `pod_accounts` are its accounts that trade engagement; each joins one pod."""
    priors = rules.priors.schemes
    count = max(1, round(rules.schemes.vendors))
    followers = tuple(
        FollowerVendor(
            draw_range(priors.speed_per_day, rng), draw_range(priors.drop_per_month, rng) ** 1.5, rng.random() < 0.4
        )
        for _ in range(count)
    )
    sellers = {
        language: tuple(_comment_vendor(seed, language, rules, rng, dice) for _ in range(count))
        for language in languages
    }
    pods: list[Pod] = []
    remaining = list(pod_accounts)
    while remaining or not pods:
        size = round(draw_range(priors.pod_members, rng))
        insiders = min(len(remaining), max(1, round(size * rng.uniform(0.2, 1.0))))
        members = remaining[:insiders] + random_identifiers(size - insiders, rng)
        del remaining[:insiders]
        pods.append(Pod(tuple(members), draw_range(priors.pod_first_hour, rng)))
    return Market(followers, sellers, tuple(pods))


def _comment_vendor(seed: int, language: str, rules: Rules, rng: np.random.Generator, dice: Dice) -> CommentVendor:
    priors = rules.priors.schemes
    kind = weighted_choice({"template": 0.35, "praise": 0.2, "short": 0.18, "emoji": 0.12, "varied": 0.15}, rng)
    spoken = language if rng.random() < 0.6 else "en"
    family = None if kind == "varied" else draw_family(kind, spoken, seed, round(draw_range(priors.phrases, rng)), dice)
    return CommentVendor(
        authors=tuple(random_identifiers(round(draw_range(priors.comment_pool, rng)), rng)),
        family=family,
        keeps_order=rng.random() < 0.4,
        start_hours=draw_range(priors.start_hours, rng),
        comments_per_day=draw_range(priors.comments_per_day, rng),
    )


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
        followers = dose * life.persona.followers
        evasive = rng.random() < life.care
        pattern = weighted_choice(
            {"before": 0.3, "drip": 0.3, "lots": 0.3, "once": 0.1}
            if evasive
            else {"before": 0.2, "drip": 0.1, "lots": 0.35, "once": 0.35},
            rng,
        )
        shape = np.zeros(life.days)
        if pattern == "before":
            shape[0] = 1.0
            for start in rng.integers(0, life.window_start + 1, size=rng.integers(0, 3)):
                _deliver(shape, int(start), rng.uniform(0.1, 0.6), rng.uniform(2.0, 15.0), rng)
        elif pattern == "drip":
            start = int(rng.integers(0, max(life.days // 2, 1)))
            _deliver(shape, start, 1.0, (life.days - start) * rng.uniform(0.5, 1.0), rng)
        else:
            for _ in range(1 if pattern == "once" else int(rng.integers(2, 7))):
                low, high = rules.priors.schemes.delivery_days
                days = float(np.clip(followers / vendor.speed_per_day, low, high))
                if rng.random() < rules.schemes.at_once * (1.0 - life.care):
                    days = rng.uniform(1.0, 3.0)
                start = int(rng.integers(life.window_start // 2, max(life.days - 2, life.window_start // 2 + 1)))
                _deliver(shape, start, rng.uniform(0.3, 1.0), days * rng.uniform(0.7, 1.5), rng)
        monthly = vendor.drop_per_month * (0.3 if evasive else 1.0)
        _hold(life, _stock(shape, monthly, vendor.refills, rules, rng), dose, rng)


def _deliver(shape: Floats, start: int, mass: float, days: float, rng: np.random.Generator) -> None:
    """Arrivals at an even pace with some noise, from `start` over `days`, cut at the end of the curve."""
    length = max(1, round(days))
    pace = rng.gamma(rng.uniform(2.0, 40.0), 1.0, size=length)
    pace *= mass / pace.sum()
    stop = min(start + length, len(shape))
    shape[start:stop] += pace[: stop - start]


def _stock(arrivals: Floats, monthly: float, refills: bool, rules: Rules, rng: np.random.Generator) -> Floats:  # noqa: FBT001
    """Bought followers still there on each day; a refill brings the lost ones back while the guarantee lasts."""
    daily = 1.0 - (1.0 - min(monthly, 0.9)) ** (1.0 / 30.0)
    guarantee = draw_range(rules.priors.schemes.refill_days, rng)
    first = int(np.argmax(arrivals > 0.0))
    stock, lost = 0.0, 0.0
    result = np.zeros(len(arrivals))
    for day, arriving in enumerate(arrivals):
        leaving = stock * daily
        stock += float(arriving) - leaving
        lost += leaving
        # Sellers refill only past a loss of 5 %; FACTS "Schemes".
        if refills and day - first < guarantee and lost > 0.05 * (stock + lost):
            stock, lost = stock + lost, 0.0
        result[day] = stock
    return result


def _hold(life: Life, stock: Floats, dose: float, rng: np.random.Generator) -> None:
    """Add a stock scaled so that its last value is the dose; its steps get the clumps of small numbers."""
    if stock[-1] <= 0.0:
        stock = np.ones(life.days)
    scaled = stock * (dose / stock[-1])
    excess = scaled.max() / max(2.5 * dose, 1e-9)
    if excess > 1.0:
        # A lot that has all but vanished would have been many times today's followers: it was smaller.
        scaled = dose + (scaled - dose) / excess
    steps = np.diff(scaled, prepend=scaled[0])
    # Deliveries run evenly, losses come in sweeps of the platform.
    shape = np.where(steps > 0.0, 6.0, 0.4)
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
            down = int(rng.integers(2, 15)) * (2 if evasive else 1)
            daily = pace * rng.uniform(0.6, 1.3, size=up)
            ending = min(day + up, life.days)
            follows[day:ending] += daily[: ending - day]
            back_at = day + up + wait
            if back_at < life.days:
                unfollows[back_at : back_at + down] += daily.sum() * (1.0 - back * 0.3) / down
            day = back_at + down + int(rng.integers(0, 12))
        offset = np.cumsum(follows - unfollows)
        limit = max(LARGEST_TRADED_FOLLOWING - life.persona.following, 200)
        life.following_offset += offset * min(1.0, limit / max(float(offset.max()), 1.0))
        arrivals = np.concatenate((np.zeros(lag), follows * back))[: life.days]
        stock = np.cumsum(arrivals) + draw_range((0.0, 0.8), rng) * arrivals.sum()
        _hold(life, stock - 0.3 * np.maximum(stock - stock[-1], 0.0), dose, rng)


@scheme
class BoughtEngagement(Scheme):
    """Likes or views: too even on every post, or in proportion, or on some posts only; comments do not follow."""

    name = "bought_engagement"

    def order_engagement(
        self,
        life: Life,
        dose: float,
        market: Market,  # noqa: ARG002
        rules: Rules,
        rng: np.random.Generator,
        dice: Dice,  # noqa: ARG002
    ) -> None:
        """Buy likes, views or both up to `dose` of the posts' total."""
        has_views = bool(life.has_views.any())
        kind = weighted_choice({"likes": 0.6, "views": 0.25, "both": 0.15}, rng) if has_views else "likes"
        if rng.random() < rules.schemes.fixed_lots * (1.0 - life.care):
            # The same lot on every post ordered for: the order form's default, and the evenest there is.
            weights, exact = _ordered_posts(len(life.likes), rng), True
        else:
            weights, exact = _order_weights(life.likes, life.care, rng), False
        if kind in ("likes", "both"):
            life.bought_likes = life.bought_likes + _split(dose, life.likes, weights, rng, exact=exact)
        if kind in ("views", "both"):
            life.bought_views = life.bought_views + _split(dose, life.views, weights * life.has_views, rng)
        # Nobody sees more likes than views; a seller who is asked for likes delivers the views along.
        lacking = np.where(life.has_views, life.bought_likes + life.likes - life.views - life.bought_views, 0)
        spare = rng.uniform(1.0, 3.0)
        life.bought_views = life.bought_views + np.where(lacking > 0, np.rint(lacking * spare), 0).astype(np.int64)


def _order_weights(organic: Integers, care: float, rng: np.random.Generator) -> Floats:
    """How an order is spread over posts: even, in proportion to what a post draws, or on a part of the posts."""
    evasive = rng.random() < care
    proportion = rng.uniform(0.6, 1.0) if evasive else rng.uniform(0.0, 0.3)
    weights = np.maximum(organic, 1.0) ** proportion * rng.lognormal(0.0, 0.3 if evasive else 0.08, size=len(organic))
    return weights * _ordered_posts(len(organic), rng)


def _ordered_posts(posts: int, rng: np.random.Generator) -> Floats:
    """1 for the posts of an order, else 0: all of them, those since the account began, or some here and there."""
    pattern = weighted_choice({"all": 0.35, "since": 0.35, "some": 0.3}, rng)
    chosen = np.ones(posts)
    if pattern == "since":
        chosen[: int(posts * rng.uniform(0.1, 0.8))] = 0.0
    elif pattern == "some":
        chosen *= rng.random(posts) < rng.uniform(0.15, 0.7)
    return chosen if chosen.any() else np.ones(posts)


def _split(
    dose: float, organic: Integers, weights: Floats, rng: np.random.Generator, *, exact: bool = False
) -> Integers:
    """Counts per post that bring the total's bought share to `dose`, spread by weights; Poisson or exact."""
    if weights.sum() <= 0.0:
        return np.zeros(len(organic), dtype=np.int64)
    total = dose / (1.0 - dose) * max(float(organic.sum()), len(organic) * 0.5)
    if exact:
        even: Integers = np.rint(total * weights / weights.sum()).astype(np.int64)
        return even
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
        counts = _split(dose, life.comments, _order_weights(life.comments, life.care, rng), rng)
        if rng.random() < life.care:
            lags: Lags = organic_lags(rules, rng)
        else:
            lags = _delivered(vendor)
        # Varied text is written by people: in the account's own voice, but not about the post.
        plain = life.voice.changed(relevance=0.1, mention_only=0.0)
        start = int(rng.integers(len(vendor.authors)))

        def authors(post: int, count: int) -> list[str]:  # noqa: ARG001
            size = len(vendor.authors)
            if vendor.keeps_order:
                return [vendor.authors[(start + index) % size] for index in range(count)]
            return [dice.pick(vendor.authors) for _ in range(count)]

        def text(post: int) -> str:  # noqa: ARG001
            return comment(plain, (), dice) if vendor.family is None else family_text(vendor.family, plain, dice)

        life.bought_sources.append(CommentSource(counts, lags, authors, text))


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
        # Small pods by direct message cannot serve a large account: that one trades in an open group.
        missing = max(int(counts.max(initial=0)) - len(pod.members) + 1, 0)
        strangers = random_identifiers(round(missing * 1.3), rng)
        members = [member for member in (*pod.members, *strangers) if member != own]
        voice = life.voice.changed(emoji_only=0.02, mention_only=0.0, short=0.06, relevance=rng.uniform(0.5, 0.95))

        def authors(post: int, count: int) -> list[str]:  # noqa: ARG001
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
    further ones may be of any dose. Doses are log-uniform.
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
        factor = min(1.0, 0.75 / sum(doses[name] for name in follower_doses))
        doses = {name: dose * factor if name in follower_doses else dose for name, dose in doses.items()}
    return Deed({name: doses[name] for name in SCHEMES if name in doses})


def _dose(name: str, smallest: float, rules: Rules, rng: np.random.Generator) -> float:
    """A dose from `smallest` up to what the scheme reaches: engagement is bought in multiples of what is real."""
    largest = rules.schemes.dose if name in FOLLOWER_SCHEMES else rules.schemes.engagement_dose
    return _log_uniform(smallest, largest, rules.schemes.dose_skew, rng)


def _log_uniform(low: float, high: float, skew: float, rng: np.random.Generator) -> float:
    return math.exp(math.log(low) + rng.random() ** skew * math.log(high / low))
