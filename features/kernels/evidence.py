"""Which rows each reason of an account shows, where none is to be shown twice."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Keys = NDArray[np.uint64]
Flags = NDArray[np.bool_]


@njit(cache=True, nogil=True)
def in_turns(starts: Integers, first: Integers, size: Integers, keys: Keys, most: int) -> Flags:
    """Whether each row offered is shown: the reasons of an account choose in turns, each its first that is not taken.

    A reason whose rows are all taken shows its first ones again.

    Args:
        starts: where each account's reasons begin, in the order in which they choose, and the number of all reasons.
        first: of each reason the place of its first row, the strongest.
        size: how many rows it offers.
        keys: of each row offered; rows of one account and key are the same row of the tables.
        most: rows that a reason shows.
    """
    shown = np.zeros(len(keys), np.bool_)
    next_offer, count = np.zeros(len(first), np.int64), np.zeros(len(first), np.int64)
    for account in range(len(starts) - 1):
        reasons = range(starts[account], starts[account + 1])
        taken = np.empty(most * len(reasons), np.uint64)
        takings = 0
        for _ in range(most):
            for reason in reasons:
                while next_offer[reason] < size[reason]:
                    place = first[reason] + next_offer[reason]
                    next_offer[reason] += 1
                    if not _is_among(taken[:takings], keys[place]):
                        shown[place] = True
                        taken[takings] = keys[place]
                        takings += 1
                        count[reason] += 1
                        break
        for reason in reasons:
            if count[reason] == 0:
                shown[first[reason] : first[reason] + min(size[reason], most)] = True
    return shown


@njit(cache=True, nogil=True)
def _is_among(taken: Keys, key: np.uint64) -> bool:
    found = False
    for each in taken:
        found |= each == key
    return found
