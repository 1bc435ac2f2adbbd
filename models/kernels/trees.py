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

from typing import NamedTuple

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


class Nodes(NamedTuple):
    """An ensemble.

    Attributes:
        features: of each column that nodes compare, the feature it is.
        missing: of each such column, what a NaN is compared as.
        starts: first inner node of each tree, and last the number of all.
        columns, thresholds, left, right: of each inner node: its column, up to what value rows go left, its children's
            slots.
        leaves: value of each leaf.
    """

    features: IntArray
    missing: FloatArray
    starts: IntArray
    columns: IntArray
    thresholds: FloatArray
    left: IntArray
    right: IntArray
    leaves: FloatArray


class Ways(NamedTuple):
    """What contributions need to know of the ways through the trees, an entry an inner node but for the last.

    Attributes:
        shares: share of the node's training rows that went left, above 0, below 1.
        earlier: the nearest node above it that asks for the same feature; -1: none does.
        earlier_left: whether the way goes left there.
        weights: share of rows that all such nodes above let pass; 1 without one.
        depths: per tree, the most features that differ on a way.
    """

    shares: FloatArray
    earlier: IntArray
    earlier_left: BoolArray
    weights: FloatArray
    depths: IntArray


class Rules(NamedTuple):
    """Gauss's rules on 0 to 1: row `n` of both arrays holds those of `n` points."""

    points: FloatArray
    weights: FloatArray


class Scratch(NamedTuple):
    """What is found of one tree for a block of rows: shape (nodes or slots, rows).

    Attributes:
        moves: by node, how far knowing the feature moves the chance of going left.
        means: by slot, the expected score below it.
        gaps: by node, how much more is expected on the left than on the right.
        chances: by node, the chance of coming to it; the last two rows are leaves', written and never read.
        slopes: by node, the slope of the tree's expected score along `moves`.
    """

    moves: FloatArray
    means: FloatArray
    gaps: FloatArray
    chances: FloatArray
    slopes: FloatArray


@njit(cache=True, nogil=True)
def raw_scores(values: FloatArray, nodes: Nodes) -> FloatArray:
    """Sum of the leaves that each row of `values` (rows, features) reaches, added tree by tree; shape (rows,)."""
    scores = np.zeros(len(values))
    seen = np.empty((nodes.features.size, BLOCK))
    reached = np.empty((2 * _most_inner(nodes.starts) + 1, BLOCK))  # by slot, the leaf's value that a row comes to
    for first in range(0, len(values), BLOCK):
        count = min(BLOCK, len(values) - first)
        _see(values, first, count, nodes, seen)
        for tree in range(nodes.starts.size - 1):
            _spread(nodes, tree, count, reached)
            start = nodes.starts[tree]
            for node in range(nodes.starts[tree + 1] - start - 1, -1, -1):
                threshold = nodes.thresholds[start + node]
                value = seen[nodes.columns[start + node]]
                at_left = reached[nodes.left[start + node]]
                at_right = reached[nodes.right[start + node]]
                here = reached[node]
                for row in range(count):
                    # Both are read before one is chosen: a choice between values needs no branch.
                    one = at_left[row]
                    other = at_right[row]
                    here[row] = one if value[row] <= threshold else other
            here = reached[0]
            for row in range(count):
                scores[first + row] += here[row]
    return scores


@njit(cache=True, nogil=True)
def contributions(values: FloatArray, nodes: Nodes, ways: Ways, rules: Rules) -> FloatArray:
    """Shapley value of each feature in each row's score, shape of `values`; `models.trees` says how."""
    found = np.zeros(values.shape)
    most = _most_inner(nodes.starts)
    seen = np.empty((nodes.features.size, BLOCK))
    pushes = np.empty((values.shape[1], BLOCK))
    tables = Scratch(
        np.empty((most, BLOCK)),
        np.empty((2 * most + 1, BLOCK)),
        np.empty((most, BLOCK)),
        np.empty((most + 2, BLOCK)),
        np.empty((most, BLOCK)),
    )
    for first in range(0, len(values), BLOCK):
        count = min(BLOCK, len(values) - first)
        _see(values, first, count, nodes, seen)
        pushes[:] = 0.0
        for tree in range(nodes.starts.size - 1):
            start = nodes.starts[tree]
            inner = nodes.starts[tree + 1] - start
            _spread(nodes, tree, count, tables.means)
            _decide(nodes, ways, tree, count, seen, tables.moves)
            tables.slopes[:inner] = 0.0
            points = (ways.depths[tree] + 1) // 2
            for point in range(points):
                known = rules.points[points, point]
                _expect(nodes, ways, tree, count, known, tables)
                tables.chances[0] = rules.weights[points, point]
                _descend(nodes, ways, tree, count, known, tables)
            for node in range(inner):
                push = pushes[nodes.features[nodes.columns[start + node]]]
                move = tables.moves[node]
                slope = tables.slopes[node]
                for row in range(count):
                    push[row] += move[row] * slope[row]
        for feature in range(values.shape[1]):
            for row in range(count):
                found[first + row, feature] = pushes[feature, row]
    return found


@njit(cache=True, nogil=True)
def paths(nodes: Nodes, shares: FloatArray) -> Ways:
    """The ways through the trees; `shares` as in `Ways`."""
    earlier = np.full(nodes.columns.size, -1, dtype=np.int32)
    earlier_left = np.zeros(nodes.columns.size, dtype=np.bool_)
    weights = np.ones(nodes.columns.size)
    depths = np.zeros(nodes.starts.size - 1, dtype=np.int32)
    most = _most_inner(nodes.starts)
    parents = np.empty(2 * most + 1, dtype=np.int32)
    is_left = np.empty(2 * most + 1, dtype=np.bool_)
    asked = np.empty(most, dtype=np.int32)  # by node, how many features differ from the root up to it
    for tree in range(nodes.starts.size - 1):
        start = nodes.starts[tree]
        parents[0] = -1
        for node in range(nodes.starts[tree + 1] - start):
            place = start + node
            left, right = nodes.left[place], nodes.right[place]
            parents[left], is_left[left] = node, True
            parents[right], is_left[right] = node, False
            feature = nodes.features[nodes.columns[place]]
            below, above = node, parents[node]
            asked[node] = 1 if above < 0 else asked[above] + 1
            while above >= 0 and nodes.features[nodes.columns[start + above]] != feature:
                below, above = above, parents[above]
            if above >= 0:
                share = shares[start + above]
                earlier[place] = above
                earlier_left[place] = is_left[below]
                weights[place] = weights[start + above] * (share if is_left[below] else 1.0 - share)
                asked[node] -= 1
            depths[tree] = max(depths[tree], asked[node])
    return Ways(shares, earlier, earlier_left, weights, depths)


@njit(cache=True, nogil=True)
def _decide(nodes: Nodes, ways: Ways, tree: int, count: int, seen: FloatArray, moves: FloatArray) -> None:
    """How far knowing each node's feature moves the chance of going left there: to 1, to 0, or not at all."""
    start = nodes.starts[tree]
    for node in range(nodes.starts[tree + 1] - start):
        place = start + node
        threshold = nodes.thresholds[place]
        value = seen[nodes.columns[place]]
        if_left = 1.0 - ways.shares[place]
        if_right = -ways.shares[place]
        move = moves[node]
        for row in range(count):
            move[row] = if_left if value[row] <= threshold else if_right
        if ways.earlier[place] >= 0:
            # A value that would have left this way at an earlier node of the feature leads nowhere here.
            before = moves[ways.earlier[place]]
            side = 1.0 if ways.earlier_left[place] else -1.0
            for row in range(count):
                own = move[row]
                move[row] = own if side * before[row] > 0.0 else 0.0


@njit(cache=True, nogil=True)
def _expect(nodes: Nodes, ways: Ways, tree: int, count: int, known: float, tables: Scratch) -> None:
    """Expected scores from the leaves up, where each feature is known with chance `known`."""
    start = nodes.starts[tree]
    for node in range(nodes.starts[tree + 1] - start - 1, -1, -1):
        place = start + node
        share = ways.shares[place]
        knowing = known / (known + ways.weights[place] * (1.0 - known))
        move = tables.moves[node]
        at_left = tables.means[nodes.left[place]]
        at_right = tables.means[nodes.right[place]]
        gap = tables.gaps[node]
        here = tables.means[node]
        for row in range(count):
            other = at_right[row]
            difference = at_left[row] - other
            gap[row] = difference
            here[row] = other + (share + knowing * move[row]) * difference


@njit(cache=True, nogil=True)
def _descend(nodes: Nodes, ways: Ways, tree: int, count: int, known: float, tables: Scratch) -> None:
    """Chances of coming to each node, from the root's down, and by them what `known` adds to the slopes."""
    start = nodes.starts[tree]
    inner = nodes.starts[tree + 1] - start
    for node in range(inner):
        place = start + node
        share = ways.shares[place]
        came = known + ways.weights[place] * (1.0 - known)  # who knows the feature surely, others by their weight
        knowing = known / came
        steepness = ways.weights[place] / (came * came)  # of `knowing` along `known`
        move = tables.moves[node]
        gap = tables.gaps[node]
        slope = tables.slopes[node]
        chance = tables.chances[node]
        to_left = tables.chances[min(nodes.left[place], inner)]
        to_right = tables.chances[nodes.right[place] if nodes.right[place] < inner else inner + 1]
        for row in range(count):
            whole = chance[row]
            slope[row] += steepness * whole * gap[row]
            part = whole * (share + knowing * move[row])
            to_left[row] = part
            to_right[row] = whole - part


@njit(cache=True, nogil=True)
def _most_inner(starts: IntArray) -> int:
    most = 0
    for tree in range(starts.size - 1):
        most = max(most, starts[tree + 1] - starts[tree])
    return most


@njit(cache=True, nogil=True)
def _see(values: FloatArray, first: int, count: int, nodes: Nodes, seen: FloatArray) -> None:
    """Write what nodes compare of `count` rows from `first` on into `seen`: shape (columns, rows)."""
    transposed = np.empty((values.shape[1], BLOCK))
    for feature in range(values.shape[1]):
        target = transposed[feature]
        for row in range(count):
            target[row] = values[first + row, feature]
    for column in range(nodes.features.size):
        source = transposed[nodes.features[column]]
        replacement = nodes.missing[column]
        target = seen[column]
        for row in range(count):
            value = source[row]
            value = 0.0 if abs(value) <= ZERO else value
            target[row] = replacement if np.isnan(value) else value


@njit(cache=True, nogil=True)
def _spread(nodes: Nodes, tree: int, count: int, slots: FloatArray) -> None:
    """Write the value of each leaf of a tree into its slot, the same for every row."""
    start = nodes.starts[tree]
    inner = nodes.starts[tree + 1] - start
    for leaf in range(inner + 1):
        value = nodes.leaves[start + tree + leaf]
        target = slots[inner + leaf]
        for row in range(count):
            target[row] = value
