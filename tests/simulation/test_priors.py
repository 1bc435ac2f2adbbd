from __future__ import annotations

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from simulation.draws import LEVELS, from_quantiles, overdispersed, random_identifiers, weighted_choice
from simulation.priors import Priors
from simulation.rules import draw_range, draw_rules

SECTIONS = ("population", "growth", "engagement", "comments", "schemes", "stories", "observation")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_constant_says_what_it_is_and_where_it_comes_from(section: str) -> None:
    fields = type(getattr(Priors(), section)).model_fields

    assert [name for name, field in fields.items() if not (field.description or "").strip()] == []


def test_a_prior_can_be_overridden_and_the_others_stay() -> None:
    priors = Priors.model_validate({"growth": {"memory": [0.25, 0.25]}})

    assert priors.growth.memory == (0.25, 0.25)
    assert priors.growth.purge_depth == Priors().growth.purge_depth
    assert draw_rules(priors, np.random.default_rng(1)).growth.memory == 0.25


@pytest.mark.parametrize(
    ("case", "override", "message"),
    [
        ("unknown key", {"growth": {"memry": [0.0, 1.0]}}, "Extra inputs are not permitted"),
        ("unknown section", {"grwth": {}}, "Extra inputs are not permitted"),
        ("range upside down", {"growth": {"memory": [0.5, 0.1]}}, "must not fall from left to right"),
        ("three numbers for a range", {"growth": {"memory": [0.1, 0.2, 0.3]}}, "at most 2 items"),
    ],
)
def test_a_wrong_override_is_refused(case: str, override: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Priors.model_validate(override)
    assert case


def test_priors_survive_a_round_trip_through_json() -> None:
    assert Priors.model_validate_json(Priors().model_dump_json()) == Priors()


def test_two_cohorts_draw_different_constants_inside_their_ranges() -> None:
    priors = Priors()
    first, second = (draw_rules(priors, np.random.default_rng(seed)) for seed in (1, 2))

    for section in SECTIONS:
        ranges: BaseModel = getattr(priors, section)
        for name in type(ranges).model_fields:
            bounds = getattr(ranges, name)
            if isinstance(bounds, tuple) and len(bounds) == 2 and bounds[0] < bounds[1]:
                drawn = [getattr(getattr(rules, section), name) for rules in (first, second)]
                assert all(bounds[0] <= value <= bounds[1] for value in drawn), name
                assert drawn[0] != drawn[1], name


def test_a_range_over_orders_of_magnitude_is_drawn_in_the_logarithm() -> None:
    rng = np.random.default_rng(3)
    drawn = np.array([draw_range((1.0, 10_000.0), rng) for _ in range(2000)])

    assert 70 < np.median(drawn) < 140  # evenly in the logarithm: 100; evenly: 5000


def test_drawn_quantiles_are_the_table() -> None:
    table = (0.0, 0.05, 0.11, 0.19, 0.32)
    rng = np.random.default_rng(4)
    drawn = [from_quantiles(table, rng) for _ in range(20_000)]

    assert np.quantile(drawn, LEVELS) == pytest.approx(table, abs=0.01)
    assert min(drawn) >= 0.0


def test_negative_binomial_counts_have_their_mean_and_variance() -> None:
    counts = overdispersed(np.full(100_000, 4.0), 2.0, np.random.default_rng(5))

    assert counts.mean() == pytest.approx(4.0, rel=0.03)
    assert counts.var() == pytest.approx(4.0 + 4.0**2 / 2.0, rel=0.05)


def test_weighted_choice_follows_the_weights() -> None:
    rng = np.random.default_rng(6)
    drawn = [weighted_choice({"rare": 1.0, "common": 3.0, "never": 0.0}, rng) for _ in range(4000)]

    assert drawn.count("never") == 0
    assert drawn.count("common") / 4000 == pytest.approx(3 / (1 + 3), abs=0.03)


def test_identifiers_are_distinct_hexadecimal() -> None:
    identifiers = random_identifiers(1000, np.random.default_rng(7))

    assert len(set(identifiers)) == 1000
    assert all(len(each) == 12 and int(each, 16) >= 0 for each in identifiers)
    assert random_identifiers(0, np.random.default_rng(7)) == []
