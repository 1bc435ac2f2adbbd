"""LightGBM's trees without LightGBM: its text read into flat arrays, and kernels over them.

Raw scores are the library's to the last bit. Contributions are the Shapley values that its `pred_contrib` gives
(path-dependent TreeSHAP, Lundberg et al. 2018: a row whose feature is not known goes down both sides of a node, by the
shares of the training rows that went there); how they are found differs. Let every feature be known with the same
chance t. A feature's Shapley value is the slope of the expected score along that feature's own chance, averaged over t
from 0 to 1 (Owen 1972, multilinear extensions of games). The slope is a polynomial in t, of one degree less than
features differ on a way through the tree, so that Gauss's rule with half as many points is exact. At one t all expected
scores of a tree are one pass from its leaves up, and all slopes one pass down again. (Linear TreeSHAP, Yu et al. 2022,
evaluates the same polynomials.)

Where a feature is asked again on a way, the chance that it is known, given that the row came so far, takes the place
of t (Bayes); it is 0 where the row's own value would have left the way before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from models.kernels.trees import Nodes, Rules, Ways

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
LongArray = NDArray[np.int64]

HEAD = {"version": "v4", "num_class": "1", "num_tree_per_iteration": "1"}
"""What the text's head must say: other versions of it, and several scores a row, are not read."""

NAN_TAKEN_FOR = {0: 0.0, 2: 0.0, 8: float("nan"), 10: float("-inf")}
"""By `decision_type`, the kinds of a node and what a NaN is compared as with its threshold.

LightGBM's bits (its tree.h): 1 the split is categorical; 2 missing values go left; the next two say what is missing:
0 nothing (NaN is 0 then), 1 zeros, 2 NaN. No comparison with NaN is true, so it goes right; minus infinity goes left.
Training makes these four and no others."""

OF_NODES = ("split_feature", "threshold", "decision_type", "left_child", "right_child", "internal_count")
OF_LEAVES = ("leaf_value", "leaf_count")
"""Fields of a tree that are read: one entry an inner node, one a leaf."""


MOST_LEAVES = 131_072
"""Leaves of a tree, at most: LightGBM's own bound of `num_leaves`. The time and the memory that a tree takes rise faster
than its text."""

LARGEST_SCORE = 1e6
"""How far from 0 the leaves of an ensemble may add up to, at most: a log-odds or a share lies nowhere near it
(assumed). Beyond the range of floats two infinities would make a score that is no number."""


class UnreadableTreesError(ValueError):
    """The text is not a whole ensemble of LightGBM's, or of a kind that is not trained here."""


class Trees:
    """One ensemble, made ready from LightGBM's text.

    Raises:
        UnreadableTreesError: what is wrong with the text.
    """

    def __init__(self, text: str) -> None:
        head, blocks = _split(text)
        self._names = head.get("feature_names", "").split()
        fields = [_fields(number, block) for number, block in enumerate(blocks)]
        self._nodes = _nodes(fields, len(self._names))
        self._shares = _shares(fields, self._nodes)
        _check_leaves(fields)

    def feature_name(self) -> list[str]:
        """Feature names in the order of the columns."""
        return list(self._names)

    def raw_scores(self, values: FloatArray) -> FloatArray:
        """Sum of the trees, one a row of `values`: shape (rows, features), NaN where not observed."""
        from models.kernels import trees as kernels  # compiling them, or loading what was compiled, takes its time

        scores: FloatArray = kernels.raw_scores(self._given(values), self._nodes)
        return scores

    def contributions(self, values: FloatArray) -> FloatArray:
        """Each feature's push on the raw score, shape of `values`: with the trees' mean they add up to the score."""
        from models.kernels import trees as kernels

        pushes: FloatArray = kernels.contributions(self._given(values), self._nodes, *self._ways)
        return pushes

    def _given(self, values: FloatArray) -> FloatArray:
        # One layout, and writeable: a kernel is compiled anew for each kind of array that it is called with.
        given = np.require(values, np.float64, ["C", "W"])
        if given.ndim != 2 or given.shape[1] != len(self._names):  # noqa: PLR2004 - rows and columns
            raise ValueError(f"values of shape {given.shape} for trees of {len(self._names)} features")
        return given

    @cached_property
    def _ways(self) -> tuple[Ways, Rules]:
        """What contributions need beside the nodes."""
        from models.kernels import trees as kernels

        ways: Ways = kernels.paths(self._nodes, self._shares)
        deepest = int(ways.depths.max(initial=0))
        return ways, _gauss((deepest + 1) // 2)


def _split(text: str) -> tuple[dict[str, str], list[str]]:
    """The head's entries, and the text of each tree."""
    body, found, _ = text.partition("\nend of trees\n")
    if not body.startswith("tree\n") or not found:
        raise UnreadableTreesError("the text of the trees is not a whole one of LightGBM's")
    first, *blocks = body.split("\nTree=")
    head = _entries(first)
    wrong = [f"{key}={head.get(key, '')}" for key, value in HEAD.items() if head.get(key) != value]
    if "average_output" in first.split("\n"):
        wrong.append("average_output")
    if wrong:
        raise UnreadableTreesError(f"the trees are of a kind that is not trained here ({', '.join(wrong)})")
    announced = len(head.get("tree_sizes", "").split())
    if len(blocks) != announced:
        raise UnreadableTreesError(f"the text holds {len(blocks)} trees and announces {announced}")
    return head, blocks


def _entries(block: str) -> dict[str, str]:
    return {name: entry for name, equals, entry in (line.partition("=") for line in block.split("\n")) if equals}


def _fields(number: int, block: str) -> dict[str, list[str]]:
    """A tree's lists by name, as long as the tree has inner nodes, or leaves."""
    entries = _entries(block)
    for entry in ("num_cat", "is_linear"):
        if entries.get(entry) != "0":
            raise UnreadableTreesError(f"tree {number} is of a kind that is not trained here ({entry} is not 0)")
    leaves = entries.get("num_leaves", "")
    # Its length first: Python refuses to read a number of thousands of digits.
    if leaves.isdecimal() and (len(leaves) > len(str(MOST_LEAVES)) or int(leaves) > MOST_LEAVES):
        raise UnreadableTreesError(f"tree {number} announces more than {MOST_LEAVES:,} leaves")
    fields = {name: entries.get(name, "").split() for name in (*OF_NODES, *OF_LEAVES)}
    for name, found in fields.items():
        if not leaves.isdecimal() or len(found) != int(leaves) - (name in OF_NODES):
            raise UnreadableTreesError(f"tree {number} has {len(found)} entries in {name} for {leaves or 'no'} leaves")
    return fields


def _nodes(fields: Sequence[Mapping[str, list[str]]], names: int) -> Nodes:
    """All trees in flat arrays, checked: the kernels look at no bound."""
    from models.kernels.trees import Nodes

    inner = np.array([len(each["threshold"]) for each in fields], dtype=np.int64)
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(inner)])
    asked = _joined(fields, "split_feature", np.int64)
    if ((asked < 0) | (asked >= names)).any():
        raise UnreadableTreesError("a tree asks for a feature that the head does not name")
    kinds = _joined(fields, "decision_type", np.int64)
    if unknown := set(kinds.tolist()) - set(NAN_TAKEN_FOR):
        raise UnreadableTreesError(f"a node is of a kind that is not trained here (decision_type {min(unknown)})")
    # A column is a feature as a node sees it: nodes differ in what they take a missing value for.
    different, columns = np.unique(kinds * names + asked, return_inverse=True)
    first_leaf = np.repeat(inner, inner)  # of each node, the slot of its tree's first leaf
    sides = (_joined(fields, name, np.int64) for name in ("left_child", "right_child"))
    left, right = (np.where(side >= 0, side, first_leaf - 1 - side) for side in sides)  # leaf i is written -1 - i
    _check_children(left, right, first_leaf, np.repeat(starts[:-1], inner))
    return Nodes(
        features=(different % names).astype(np.int32),
        missing=np.array([NAN_TAKEN_FOR[kind] for kind in (different // names).tolist()], dtype=np.float64),
        starts=starts.astype(np.int32),
        columns=columns.astype(np.int32),
        thresholds=_joined(fields, "threshold", np.float64),
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        leaves=_joined(fields, "leaf_value", np.float64),
    )


def _joined(fields: Sequence[Mapping[str, list[str]]], name: str, kind: type[np.generic]) -> NDArray[Any]:
    """One field of all trees, one after the other."""
    try:
        numbers = np.array([text for each in fields for text in each[name]], dtype=kind)
    except (ValueError, OverflowError) as error:
        raise UnreadableTreesError(f"{name} of a tree cannot be read ({error})") from error
    if np.isnan(numbers).any():  # a threshold may be infinite: it splits what is observed from what is not
        raise UnreadableTreesError(f"{name} of a tree holds NaN")
    return numbers


def _check_children(left: LongArray, right: LongArray, first_leaf: LongArray, starts: LongArray) -> None:
    """Every slot but the root is the child of one node, and no inner node stands before its parent.

    Arrays hold one entry an inner node: its children's slots, its tree's first leaf slot and first node.
    """
    node = np.arange(len(left)) - starts
    both = np.stack([left, right])
    in_order = ((both > node) & (both <= 2 * first_leaf)).all()
    # A tree of n inner nodes has 2 n + 1 slots; those of all trees that have any stand one after the other here.
    everywhere = both + 2 * starts + np.cumsum(node == 0)
    if not in_order or np.unique(everywhere).size != everywhere.size:
        raise UnreadableTreesError("the nodes of a tree do not make a tree")


def _check_leaves(fields: Sequence[Mapping[str, list[str]]]) -> None:
    """No row's score can leave `LARGEST_SCORE`, whatever its leaves: a score that is no number gives no verdict."""
    leaves = _joined(fields, "leaf_value", np.float64)
    first = np.concatenate([[0], np.cumsum([len(each["leaf_value"]) for each in fields])[:-1]]).astype(np.int64)
    farthest = np.maximum.reduceat(np.abs(leaves), first).sum() if leaves.size else 0.0
    if not farthest <= LARGEST_SCORE:
        raise UnreadableTreesError(f"the leaves of the trees add up to more than {LARGEST_SCORE:,.0f}")


def _shares(fields: Sequence[Mapping[str, list[str]]], nodes: Nodes) -> FloatArray:
    """Of each inner node, the share of its training rows that went left: above 0, below 1."""
    inner, leaves = (_joined(fields, name, np.int64) for name in ("internal_count", "leaf_count"))
    sizes = np.diff(nodes.starts)
    of_tree = np.repeat(np.arange(len(sizes)), sizes)
    start = nodes.starts[of_tree]

    def rows(slot: IntArray) -> LongArray:
        is_leaf = slot >= sizes[of_tree]
        leaf = np.where(is_leaf, start + of_tree + slot - sizes[of_tree], 0)
        found: LongArray = np.where(is_leaf, leaves[leaf], inner[np.where(is_leaf, 0, start + slot)])
        return found

    left, right = rows(nodes.left), rows(nodes.right)
    if not ((left > 0) & (right > 0) & (left + right == inner)).all():
        raise UnreadableTreesError("the training rows counted in a tree do not add up")
    shares: FloatArray = left / inner
    return shares


def _gauss(most: int) -> Rules:
    """The rules of 0 up to `most` points."""
    from models.kernels.trees import Rules

    points, weights = np.zeros((2, most + 1, most))
    for count in range(1, most + 1):
        on_both_sides, weight = np.polynomial.legendre.leggauss(count)  # from -1 to 1
        points[count, :count] = (on_both_sides + 1.0) / 2.0
        weights[count, :count] = weight / 2.0
    return Rules(points, weights)
