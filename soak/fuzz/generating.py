"""The datasets of a run, each from its number alone: a clean one in a random form, and up to four mutations of it."""

from __future__ import annotations

import random

from pipeline.reading import FORMS
from soak.fuzz.content import Dataset, Row, base_rows, written
from soak.fuzz.mutations import MUTATIONS

DATASETS_OF_A_BASE = 20
"""Datasets that are made of one clean one, whose scores are then computed once."""

MOST_MUTATIONS, MOST_PARTS = 4, 3

UNCHANGED_SHARE = 0.1
"""Datasets that are written as they should be."""


def base_of(seed: int, number: int) -> int:
    """The seed of the clean dataset that a dataset is made of."""
    return seed * 1_000_003 + number // DATASETS_OF_A_BASE


def clean_rows(seed: int, number: int) -> dict[str, list[Row]]:
    """The rows of that clean dataset."""
    return base_rows(base_of(seed, number))


def generated(seed: int, number: int) -> Dataset:
    """Dataset `number` of the run with that seed."""
    draw = random.Random(f"{seed}/{number}")
    dataset = written(clean_rows(seed, number))
    form = draw.choice(list(FORMS))
    is_mixed = draw.random() < 0.4
    for content in dataset.tables.values():
        content.form = draw.choice(list(FORMS)) if is_mixed else form
        content.parts = draw.randint(1, MOST_PARTS) if draw.random() < 0.3 else 0
    names = list(MUTATIONS)
    # The first of each dataset in turn, so that every one comes about as often as any other; one in ten has none.
    chosen = [names[number % len(names)], *draw.choices(names, k=2 * MOST_MUTATIONS)]
    most = 0 if draw.random() < UNCHANGED_SHARE else draw.randint(1, MOST_MUTATIONS)
    for name in chosen:
        if len(dataset.mutations) < most and MUTATIONS[name](draw, dataset):
            dataset.mutations.append(name)
    return dataset
