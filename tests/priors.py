"""The priors of the project's own params.yaml, and how a test changes some of them."""

from __future__ import annotations

from typing import Any

from pipeline.layout import OWN_PARAMS
from pipeline.simulate import read_priors
from simulation.priors import Priors

PRIORS = read_priors(OWN_PARAMS)


def changed(**sections: dict[str, Any]) -> Priors:
    """The priors with some values of some sections replaced: `changed(growth={"memory": (0.25, 0.25)})`."""
    values = PRIORS.model_dump()
    for name, section in sections.items():
        values[name] |= section
    return Priors.model_validate(values)
