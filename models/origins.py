"""Where a labelled account came from: names that the preparation, the training and the reports share."""

from __future__ import annotations

ORIGIN = "origin"
"""Column of the prepared labels: one of `DATASET` and `OWN`."""

DATASET, OWN = "dataset", "own"
"""The accounts of `prepare.dataset`, and a user's own put beside them."""


def one_class_problem(genuine: int, inauthentic: int) -> str | None:
    """Why so many labelled own accounts of each class cannot be learned from; None where they can."""
    if genuine and inauthentic:
        return None
    found, missing = ("genuine", "inauthentic") if genuine else ("inauthentic", "genuine")
    return (
        f"own_dataset: all {genuine + inauthentic:,} labelled accounts are {found}. They would teach which accounts "
        f"are yours, not which were bought. Add {missing} ones, or leave 'prepare.own_dataset' empty and use the "
        "folder with 'python -m pipeline evaluate'."
    )
