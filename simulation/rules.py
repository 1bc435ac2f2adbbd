"""One cohort's own constants, drawn from the priors: domain randomisation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from simulation.priors import Comments, Engagement, Growth, Observation, Population, Priors, Range, Schemes, Stories

LOGARITHMIC_RATIO = 4.0
"""A range whose ends differ by more is drawn evenly in its logarithm: its order of magnitude is what is uncertain."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The constants of one cohort.

    What differs from account to account in its whole range (the speed of a delivery, the size of a giveaway) is drawn
    by each account from `priors`, and not used from here.
    """

    population: Population[float]
    growth: Growth[float]
    engagement: Engagement[float]
    comments: Comments[float]
    schemes: Schemes[float]
    stories: Stories[float]
    observation: Observation[float]
    priors: Priors


def draw_rules(priors: Priors, rng: np.random.Generator) -> Rules:
    """Draw every constant of a cohort from its range; the same generator state gives the same rules."""

    def section(ranges: BaseModel) -> dict[str, Any]:
        names = type(ranges).model_fields
        return {name: _draw_field(getattr(ranges, name), priors.table_factor, rng) for name in names}

    return Rules(
        population=Population[float](**section(priors.population)),
        growth=Growth[float](**section(priors.growth)),
        engagement=Engagement[float](**section(priors.engagement)),
        comments=Comments[float](**section(priors.comments)),
        schemes=Schemes[float](**section(priors.schemes)),
        stories=Stories[float](**section(priors.stories)),
        observation=Observation[float](**section(priors.observation)),
        priors=priors,
    )


def draw_range(bounds: Range, rng: np.random.Generator) -> float:
    """One value of a range: evenly, or evenly in the logarithm where the ends are orders of magnitude apart."""
    low, high = bounds
    if low > 0.0 and high / low > LOGARITHMIC_RATIO:
        return math.exp(rng.uniform(math.log(low), math.log(high)))
    return float(rng.uniform(low, high))


def _draw_field(value: Any, table_factor: Range, rng: np.random.Generator) -> Any:
    if isinstance(value, dict):
        return {key: draw_range(bounds, rng) for key, bounds in value.items()}
    if len(value) == 2:
        return draw_range(value, rng)
    factor = draw_range(table_factor, rng)
    return tuple(entry * factor for entry in value)
