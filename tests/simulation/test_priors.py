from __future__ import annotations

import re

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from pipeline.layout import OWN_PARAMS
from simulation.draws import LEVELS, from_quantiles, overdispersed, random_identifiers, weighted_choice
from simulation.priors import Priors
from simulation.rules import draw_range, draw_rules
from tests.priors import PRIORS, changed

SECTIONS = ("population", "growth", "engagement", "comments", "schemes", "stories", "observation")


SOURCE = r"assumed|FACTS|measured|offers|\bas [a-z]+_[a-z_]+$"
"""What the comment of each constant says, unless its section names the row of FACTS that holds for all."""


def _comments() -> dict[tuple[str, str], str]:
    """Comment of each constant in section `priors` of params.yaml, by section and name; with its section's own."""
    found: dict[tuple[str, str], str] = {}
    section, general, above = "", "", ""
    text = OWN_PARAMS.read_text(encoding="utf-8").partition("\npriors:\n")[2]
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        code, _, comment = line.partition("#")
        if not code.strip():
            above += comment
        elif indent == 2:
            section, general, above = code.strip().rstrip(":"), above, ""
        else:
            if indent == 4:
                found[section, code.partition(":")[0].strip()] = f"{(above + comment).strip()}|{general}"
            above = ""
    return found


@pytest.mark.parametrize("section", SECTIONS)
def test_every_constant_says_what_it_is_and_where_it_comes_from(section: str) -> None:
    comments = _comments()
    own = {
        name: comments.get((section, name), "|").partition("|") for name in type(getattr(PRIORS, section)).model_fields
    }
    bare = [name for name, (comment, _, _) in own.items() if not comment.strip()]
    unsourced = [
        name
        for name, (comment, _, general) in own.items()
        if "unless said otherwise" not in general and not re.search(SOURCE, comment)
    ]

    assert (bare, unsourced) == ([], [])


def test_a_prior_can_be_changed_and_the_others_stay() -> None:
    priors = changed(growth={"memory": [0.25, 0.25]})

    assert priors.growth.memory == (0.25, 0.25)
    assert priors.growth.purge_depth == PRIORS.growth.purge_depth
    assert draw_rules(priors, np.random.default_rng(1)).growth.memory == 0.25


def test_a_prior_that_is_not_given_is_asked_for() -> None:
    values = PRIORS.model_dump()
    del values["growth"]["memory"]

    with pytest.raises(ValidationError, match=r"growth\.memory\s+Field required"):
        Priors.model_validate(values)


@pytest.mark.parametrize(
    ("case", "override", "message"),
    [
        ("unknown key", {"growth": {"memry": [0.0, 1.0]}}, "Extra inputs are not permitted"),
        ("range upside down", {"growth": {"memory": [0.5, 0.1]}}, "must not fall from left to right"),
        ("three numbers for a range", {"growth": {"memory": [0.1, 0.2, 0.3]}}, "at most 2 items"),
    ],
)
def test_a_wrong_value_is_refused(case: str, override: dict[str, dict[str, object]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        changed(**override)
    assert case


def test_an_unknown_section_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Priors.model_validate(PRIORS.model_dump() | {"grwth": {}})


def test_priors_survive_a_round_trip_through_json() -> None:
    assert Priors.model_validate_json(PRIORS.model_dump_json()) == PRIORS


def test_two_cohorts_draw_different_constants_inside_their_ranges() -> None:
    priors = PRIORS
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


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"instgram": (1.0, 2.0)}, "platform_weights: instgram is unknown; known: instagram, tiktok"),
        ({"instagram": (-38.0, 62.0)}, "platform_weights must lie within 0 to inf"),
    ],
    ids=["unknown platform", "negative weight"],
)
def test_weights_are_of_known_names_and_not_negative(weights: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        changed(population={"platform_weights": weights})
