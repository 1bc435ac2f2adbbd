"""A labelled cohort: accounts lived one by one under one set of rules, and recorded in the data contract."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from features.tables import CONTRACTS, NICHES
from simulation.comments import collect, organic_source
from simulation.draws import random_identifiers
from simulation.engagement import engage, post_ages, post_formats
from simulation.growth import grow
from simulation.life import WARM_UP_DAYS, Life
from simulation.observation import EARLIEST_END, END_DAYS, Records, draw_dropped_columns, draw_plan, record
from simulation.population import draw_persona, draw_voice
from simulation.priors import Priors
from simulation.rules import Rules, draw_range, draw_rules
from simulation.schemes import LABEL_DOSE, SCHEMES, Deed, Market, draw_deed, open_market, post_topics
from simulation.stories import STORIES
from simulation.text import Dice

CHUNK = 500
"""Accounts whose rows are held as Python objects at a time."""

LATEST_LAG_DAYS = 20
"""Accounts of a cohort are read on its last day or up to this many days earlier."""


@dataclass(frozen=True, slots=True)
class World:
    """What all accounts of a cohort share."""

    seed: int
    rules: Rules
    end_date: date
    dropped: frozenset[str]
    sweep_days: dict[str, int]
    """Per platform: day on the cohort's calendar (its last day is 0, earlier ones negative) of its removals."""
    purges: dict[str, tuple[int, float]]
    """Day and depth of a purge that hits everybody, for the platforms where that day's removals were one."""
    niche_offsets: dict[str, float]
    account_ids: list[str]
    market: Market


def cohort_sizes(cohorts: int, smallest: int, largest: int, seed: int) -> list[int]:
    """Numbers of accounts of many cohorts: mostly small ones, a few large ones.

    The density falls off as size^-2.5 between the bounds, so that most cohorts are near the smallest and yet one
    account in seven comes from a cohort of a thousand and more (for 50 to 5,000). The quantiles of that density are
    dealt out in an order that the seed decides, so that the total does not depend on it; both bounds are among them.
    """
    level = np.random.default_rng(seed).permutation(cohorts) / max(cohorts - 1, 1)
    ends = float(smallest) ** -1.5, float(largest) ** -1.5
    return [round(float(each)) for each in (ends[0] - level * (ends[0] - ends[1])) ** (-1.0 / 1.5)]


def simulate_cohort(seed: int, accounts: int, priors: Priors) -> dict[str, pl.DataFrame]:
    """Simulate a labelled cohort.

    Args:
        seed: decides everything; cohorts of different seeds differ in their rules, sellers, pods and phrase families.
        accounts: number of accounts, 0 or more.
        priors: ranges of all constants.

    Returns:
        The tables accounts, followers_daily, posts, comments and labels with the contract's schema, sorted by key.
        The same arguments give the same bytes.

    Raises:
        ValueError: a negative seed or number of accounts.
    """
    chunks = list(simulate_chunks(seed, accounts, priors))
    return {name: pl.concat([chunk[name] for chunk in chunks]).rechunk() for name in CONTRACTS}


def simulate_chunks(seed: int, accounts: int, priors: Priors) -> Iterator[dict[str, pl.DataFrame]]:
    """The tables of `simulate_cohort`, some hundred accounts at a time: one below the other they are the cohort's.

    At least one chunk comes, if need be an empty one. Memory does not grow with the number of accounts.
    """
    if seed < 0 or accounts < 0:
        raise ValueError(
            f"simulate_cohort: seed and accounts must be 0 or more, found seed {seed}, accounts {accounts}."
        )
    shared, identities, deeds, people = np.random.SeedSequence(seed).spawn(4)
    account_ids = sorted(random_identifiers(accounts, np.random.default_rng(identities)))
    rng = np.random.default_rng(shared)
    rules = draw_rules(priors, rng)
    plan = _draw_deeds(accounts, rules, np.random.default_rng(deeds))
    world = _draw_world(seed, account_ids, plan, rules, rng)
    for start in range(0, max(accounts, 1), CHUNK):
        records = Records()
        for index in range(start, min(start + CHUNK, accounts)):
            _live(world, account_ids[index], *plan[index], records, np.random.default_rng(people.spawn(1)[0]))
        frames = records.frames()
        yield {name: frames[name].sort(list(contract.key)) for name, contract in CONTRACTS.items()}


def _draw_deeds(accounts: int, rules: Rules, rng: np.random.Generator) -> list[tuple[Deed, str | None]]:
    """What each account does and goes through: schemes with doses, and a story or none."""
    population, stories = rules.population, rules.stories
    names = list(STORIES)
    result: list[tuple[Deed, str | None]] = []
    for _ in range(accounts):
        drawn = rng.random()
        if drawn < population.prevalence:
            role, share = "inauthentic", stories.inauthentic_share
        elif drawn < population.prevalence + population.low_dose_share:
            role, share = "low_dose", stories.inauthentic_share
        else:
            role, share = "genuine", stories.genuine_share
        story = names[int(rng.integers(len(names)))] if rng.random() < share else None
        result.append((draw_deed(role, rules, rng), story))
    return result


def _draw_world(
    seed: int, account_ids: list[str], plan: list[tuple[Deed, str | None]], rules: Rules, rng: np.random.Generator
) -> World:
    growth = rules.growth
    sweep_days = {platform: -int(rng.integers(0, 300)) for platform in rules.population.platform_weights}
    purges = {
        platform: (day, draw_range(rules.priors.growth.purge_depth, rng))
        for platform, day in sweep_days.items()
        if rng.random() < growth.purge_probability
    }
    pod_accounts = [name for name, (deed, _) in zip(account_ids, plan, strict=True) if "engagement_pod" in deed.doses]
    pod_accounts = [pod_accounts[int(index)] for index in rng.permutation(len(pod_accounts))]
    dice = Dice(int(rng.integers(2**63)))
    languages = list(rules.population.language_weights)
    return World(
        seed=seed,
        rules=rules,
        end_date=EARLIEST_END + timedelta(days=int(rng.integers(END_DAYS))),
        dropped=draw_dropped_columns(rules, rng),
        sweep_days=sweep_days,
        purges=purges,
        niche_offsets={niche: rng.normal(0.0, rules.engagement.niche_spread) for niche in NICHES},
        account_ids=account_ids,
        market=open_market(seed, languages, pod_accounts, rules, rng, dice),
    )


def _live(
    world: World, account_id: str, deed: Deed, story: str | None, records: Records, rng: np.random.Generator
) -> None:
    """Live and record one account."""
    rules = world.rules
    # What the account is and what is recorded of it have streams of their own: no deed can shift them.
    who, what, other = rng.spawn(3)
    dice = Dice(int(what.integers(2**63)))
    life = _birth(world, account_id, who)
    if story is not None:
        STORIES[story](life, rules, what)
        life.story = story
    evasion = rules.schemes.evasion
    life.care = what.beta(1.5 * evasion, 1.5 * (1.0 - evasion))
    for name, dose in deed.doses.items():
        SCHEMES[name].plan_growth(life, dose, world.market, rules, what)
        life.scheme_names.append(name)
    grow(life, world.purges, rules, what)
    engage(life, world.niche_offsets[life.persona.niche], rules, what)
    for name, dose in deed.doses.items():
        SCHEMES[name].order_engagement(life, dose, world.market, rules, what, dice)
    comments = None
    if life.plan.has_comments:
        organic = organic_source(life, post_topics, world.account_ids, rules, what, dice)
        comments = collect(life, organic, post_topics, rules, what, dice)
    record(life, comments, records, other, dice)
    _label(world, life, records)


def _birth(world: World, account_id: str, rng: np.random.Generator) -> Life:
    """The account before anything happens to it."""
    rules = world.rules
    dice = Dice(int(rng.integers(2**63)))
    persona = draw_persona(account_id, rules, rng, dice)
    lag = 0 if rng.random() < 0.6 else int(rng.integers(0, LATEST_LAG_DAYS + 1))
    end_date = world.end_date - timedelta(days=lag)
    plan = draw_plan(end_date, persona.platform, persona.followers, world.dropped, rules, rng)
    days = WARM_UP_DAYS + plan.history_days
    ages = post_ages(persona.posts_wanted, persona.posts_per_week, persona.age_days, rules, rng)
    return Life(
        persona=persona,
        plan=plan,
        first_day=1 - lag - days,
        days=days,
        post_age_hours=ages,
        post_format=post_formats(persona.platform, len(ages), rules, rng),
        voice=draw_voice(persona, rules, rng, dice),
        gain_factor=np.ones(days),
        loss_factor=np.ones(days),
        arrivals=np.zeros(days),
        departures=np.zeros(days),
        bought_stock=np.zeros(days),
        following_offset=np.zeros(days),
        post_quality=np.zeros(len(ages)),
        is_promoted=np.zeros(len(ages), dtype=bool),
        sweep_day=world.sweep_days[persona.platform] + lag + days - 1,
        comment_factor=np.ones(len(ages)),
    )


def _label(world: World, life: Life, records: Records) -> None:
    followers, engagement = life.follower_share(), life.engagement_share()
    is_inauthentic = max(followers, engagement) >= LABEL_DOSE
    records.append(
        "labels",
        account_id=life.persona.account_id,
        is_inauthentic=is_inauthentic,
        scheme="+".join(life.scheme_names) or None,
        inauthentic_follower_share=followers,
        inauthentic_engagement_share=engagement,
        labelled_on=(world.end_date - date(1970, 1, 1)).days,
        label_source="simulation",
        benign_story=life.story,
        cohort=f"simulated-{world.seed}",
    )
