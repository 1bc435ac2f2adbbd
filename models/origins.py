"""Where a labelled account came from: names that the preparation, the training and the reports share."""

from __future__ import annotations

ORIGIN = "origin"
"""Column of the prepared labels: one of `DATASET` and `OWN`."""

DATASET, OWN = "dataset", "own"
"""The accounts of `prepare.dataset`, and a user's own put beside them."""
