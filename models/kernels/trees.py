"""Walks over all trees of an ensemble: scores, and each feature's part in them.

A tree is three stretches of flat arrays. Its inner nodes stand one after the other, a parent before its children, tree
`t` from `starts[t]` up to `starts[t + 1]`; its leaves follow in an array of their own, one more than the inner nodes,
so that they begin at `starts[t] + t`. A child is a *slot* of its tree: 0 to inner nodes - 1 an inner node, above it a
leaf.

Rows are worked on in blocks, tree by tree and node by node; the innermost loop runs over the rows of a block and does
the same to each, which a processor does to eight at once, and no row's result hangs on another's. To that end a tree is
not walked down, which would take another way for every row: all of its nodes are decided, from the leaves up.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]
BoolArray = NDArray[np.bool_]

BLOCK = 64
"""Rows at a time: enough that a node's overhead is shared, few enough for a tree's scratch to stay near the core."""

ZERO = float(np.float32(1e-35))
"""LightGBM takes values up to this for 0 (kZeroThreshold of its meta.h, a float)."""


@njit(cache=True, nogil=True)
def raw_scores(
    values: FloatArray,
    features: IntArray,
    missing: FloatArray,
    starts: IntArray,
    columns: IntArray,
    thresholds: FloatArray,
    left: IntArray,
    right: IntArray,
    leaves: FloatArray,
) -> FloatArray:
    """Sum of the leaves that each row reaches, added tree by tree; shape (rows,).

    Args:
        values: shape (rows, features), NaN where not observed.
        features: of each column that nodes compare, the feature it is.
        missing: of each such column, what a NaN is taken for.
        starts: first inner node of each tree, and the number of all.
        columns, thresholds, left, right: of each inner node: to the left where the column is at most the threshold.
        leaves: value of each leaf.
    """
    scores = np.zeros(len(values))
    trees = starts.size - 1
    most = _most_nodes(starts)
    seen = np.empty((features.size, BLOCK))
    reached = np.empty((2 * most + 1, BLOCK))  # by slot, the value of the leaf that a row comes to from there
    transposed = np.empty((values.shape[1], BLOCK))
    for first in range(0, len(values), BLOCK):
        count = min(BLOCK, len(values) - first)
        _see(values, first, count, features, missing, transposed, seen)
        for tree in range(trees):
            start = starts[tree]
            nodes = starts[tree + 1] - start
            _spread(leaves, start + tree, nodes, count, reached)
            for node in range(nodes - 1, -1, -1):
                threshold = thresholds[start + node]
                value = seen[columns[start + node]]
                at_left = reached[left[start + node]]
                at_right = reached[right[start + node]]
                here = reached[node]
                for row in range(count):
                    # Both are read before either is chosen: a choice between values is no branch.
                    one = at_left[row]
                    other = at_right[row]
                    here[row] = one if value[row] <= threshold else other
            here = reached[0]
            for row in range(count):
                scores[first + row] += here[row]
    return scores


@njit(cache=True, nogil=True)
def contributions(
    values: FloatArray,
    features: IntArray,
    missing: FloatArray,
    starts: IntArray,
    columns: IntArray,
    thresholds: FloatArray,
    left: IntArray,
    right: IntArray,
    leaves: FloatArray,
    shares: FloatArray,
    earlier: IntArray,
    earlier_left: BoolArray,
    weights: FloatArray,
    depths: IntArray,
    abscissae: FloatArray,
    rule_weights: FloatArray,
) -> FloatArray:
    """Shapley value of each feature in each row's score, shape of `values`; see `models.trees` for the formula.

    Args:
        values, features, missing, starts, columns, thresholds, left, right, leaves: as for `raw_scores`.
        shares: of each inner node, the share of its training rows that went left, strictly between 0 and 1.
        earlier, earlier_left, weights, depths: what `paths` gives.
        abscissae, rule_weights: row `n` holds the `n` points of Gauss's rule on 0 to 1, and their weights.
    """
    found = np.zeros(values.shape)
    trees = starts.size - 1
    most = _most_nodes(starts)
    seen = np.empty((features.size, BLOCK))
    transposed = np.empty((values.shape[1], BLOCK))
    pushes = np.empty((values.shape[1], BLOCK))
    moves = np.empty((most, BLOCK))  # by node, how far knowing the feature moves the chance of going left
    means = np.empty((2 * most + 1, BLOCK))  # by slot, the mean of the tree below it
    gaps = np.empty((most, BLOCK))  # by node, the left child's mean minus the right child's
    chances = np.empty((most + 2, BLOCK))  # by node, the chance of coming to it; two rows for leaves, never read
    slopes = np.empty((most, BLOCK))  # by node, the slope of the tree's mean along the node's chance of going left
    for first in range(0, len(values), BLOCK):
        count = min(BLOCK, len(values) - first)
        _see(values, first, count, features, missing, transposed, seen)
        pushes[:] = 0.0
        for tree in range(trees):
            start = starts[tree]
            nodes = starts[tree + 1] - start
            if nodes == 0:
                continue
            _spread(leaves, start + tree, nodes, count, means)
            for node in range(nodes):
                place = start + node
                threshold = thresholds[place]
                value = seen[columns[place]]
                if_left = 1.0 - shares[place]
                if_right = -shares[place]
                move = moves[node]
                slope = slopes[node]
                for row in range(count):
                    move[row] = if_left if value[row] <= threshold else if_right
                    slope[row] = 0.0
                if earlier[place] >= 0:
                    # Whose value left this path at an earlier node of the feature cannot be led by it here.
                    before = moves[earlier[place]]
                    side = 1.0 if earlier_left[place] else -1.0
                    for row in range(count):
                        own = move[row]
                        move[row] = own if side * before[row] > 0.0 else 0.0
            points = (depths[tree] + 1) // 2
            for point in range(points):
                known = abscissae[points, point]
                for node in range(nodes - 1, -1, -1):
                    place = start + node
                    share = shares[place]
                    # Of those who came here, the share whose feature is known: all who know it came, of the others
                    # `weights` did (Bayes).
                    knowing = known / (weights[place] * (1.0 - known) + known)
                    move = moves[node]
                    at_left = means[left[place]]
                    at_right = means[right[place]]
                    gap = gaps[node]
                    here = means[node]
                    for row in range(count):
                        other = at_right[row]
                        difference = at_left[row] - other
                        gap[row] = difference
                        here[row] = other + (share + knowing * move[row]) * difference
                chance = chances[0]
                for row in range(count):
                    chance[row] = rule_weights[points, point]
                for node in range(nodes):
                    place = start + node
                    share = shares[place]
                    came = weights[place] * (1.0 - known) + known
                    knowing = known / came
                    steepness = weights[place] / (came * came)  # of `knowing` along `known`
                    move = moves[node]
                    gap = gaps[node]
                    slope = slopes[node]
                    chance = chances[node]
                    to_left = chances[min(left[place], nodes)]
                    to_right = chances[right[place] if right[place] < nodes else nodes + 1]
                    for row in range(count):
                        whole = chance[row]
                        slope[row] += steepness * whole * gap[row]
                        part = whole * (share + knowing * move[row])
                        to_left[row] = part
                        to_right[row] = whole - part
            for node in range(nodes):
                push = pushes[features[columns[start + node]]]
                move = moves[node]
                slope = slopes[node]
                for row in range(count):
                    push[row] += move[row] * slope[row]
        for feature in range(values.shape[1]):
            for row in range(count):
                found[first + row, feature] = pushes[feature, row]
    return found


@njit(cache=True, nogil=True)
def paths(
    features: IntArray, starts: IntArray, columns: IntArray, left: IntArray, right: IntArray, shares: FloatArray
) -> tuple[IntArray, BoolArray, FloatArray, IntArray]:
    """Where a feature is asked a second time on the way to a node.

    Returns:
        Per inner node: the nearest node above it, within its tree, that asks the same feature (-1: none); whether the
        way goes left there; the share of rows that all such nodes above let pass (1 without one). Per tree: the most
        features that differ on one way.
    """
    earlier = np.full(columns.size, -1, dtype=np.int32)
    earlier_left = np.zeros(columns.size, dtype=np.bool_)
    weights = np.ones(columns.size)
    depths = np.zeros(starts.size - 1, dtype=np.int32)
    most = _most_nodes(starts)
    parents = np.empty(2 * most + 1, dtype=np.int32)
    is_left = np.empty(2 * most + 1, dtype=np.bool_)
    asked = np.empty(most, dtype=np.int32)  # by node, the number of features asked from the root up to it
    for tree in range(starts.size - 1):
        start = starts[tree]
        parents[0] = -1
        for node in range(starts[tree + 1] - start):
            place = start + node
            parents[left[place]] = node
            is_left[left[place]] = True
            parents[right[place]] = node
            is_left[right[place]] = False
            above = parents[node]
            asked[node] = 1 if above < 0 else asked[above] + 1
            below = node
            while above >= 0:
                if features[columns[start + above]] == features[columns[place]]:
                    share = shares[start + above]
                    earlier[place] = above
                    earlier_left[place] = is_left[below]
                    weights[place] = weights[start + above] * (share if is_left[below] else 1.0 - share)
                    asked[node] -= 1
                    break
                below = above
                above = parents[above]
            depths[tree] = max(depths[tree], asked[node])
    return earlier, earlier_left, weights, depths


@njit(cache=True, nogil=True)
def _most_nodes(starts: IntArray) -> int:
    most = 0
    for tree in range(starts.size - 1):
        most = max(most, starts[tree + 1] - starts[tree])
    return most


@njit(cache=True, nogil=True)
def _see(
    values: FloatArray,
    first: int,
    count: int,
    features: IntArray,
    missing: FloatArray,
    transposed: FloatArray,
    seen: FloatArray,
) -> None:
    """Fill `seen` with the columns that nodes compare, a row of the array each, for `count` rows from `first` on."""
    for feature in range(values.shape[1]):
        target = transposed[feature]
        for row in range(count):
            target[row] = values[first + row, feature]
    for column in range(features.size):
        source = transposed[features[column]]
        replacement = missing[column]
        target = seen[column]
        for row in range(count):
            value = source[row]
            value = 0.0 if abs(value) <= ZERO else value
            target[row] = replacement if value != value else value  # noqa: PLR0124 - only NaN differs from itself


@njit(cache=True, nogil=True)
def _spread(leaves: FloatArray, first: int, nodes: int, count: int, slots: FloatArray) -> None:
    """Write each leaf of a tree of so many inner nodes into its slot, the same for every row."""
    for leaf in range(nodes + 1):
        value = leaves[first + leaf]
        target = slots[nodes + leaf]
        for row in range(count):
            target[row] = value
