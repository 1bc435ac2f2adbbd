"""Single lives for tests: an account before anything happens to it, and the cohort around it."""

from __future__ import annotations

import numpy as np

from simulation.cohort import World, _birth, _draw_world
from simulation.life import Life
from simulation.rules import draw_rules
from simulation.schemes import Deed
from tests.priors import PRIORS


def world(seed: int = 1, accounts: int = 20) -> World:
    rng = np.random.default_rng(seed)
    account_ids = [f"account-{index}" for index in range(accounts)]
    deeds: list[tuple[Deed, str | None]] = [(Deed({"engagement_pod": 0.3}), None)] * accounts
    return _draw_world(seed, account_ids, deeds, draw_rules(PRIORS, rng), rng)


def life(
    around: World, seed: int = 1, *, followers: int = 20_000, platform: str = "instagram", days: int = 200
) -> Life:
    """An account of the given size with a daily curve; posts, voice and habits are drawn by the seed."""
    for attempt in range(seed * 1000, seed * 1000 + 1000):
        born = _birth(around, "account-0", np.random.default_rng(attempt))
        if born.persona.platform == platform and 10 <= born.posts <= 60 and born.plan.history_days + 60 >= days:
            break
    born.persona.followers = followers
    return born
