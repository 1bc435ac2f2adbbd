"""The walk over LightGBM's trees gives what LightGBM gives, and refuses what it would read wrongly."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from math import factorial
from typing import Any

import lightgbm
import numpy as np
import pytest
from numpy.typing import NDArray

from models.kernels.trees import BLOCK
from models.trees import Trees, UnreadableTreesError

FloatArray = NDArray[np.float64]

NAMES = ["a", "b", "c", "d", "e"]

STUMP = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=a b
feature_infos=[-1:1] [-1:1]
tree_sizes=SIZE

Tree=0
num_leaves=2
num_cat=0
split_feature=1
threshold=0.5
decision_type=8
left_child=-1
right_child=-2
leaf_value=-1.5 2.5
leaf_weight=30 10
leaf_count=30 10
internal_value=0
internal_weight=40
internal_count=40
is_linear=0
shrinkage=1


end of trees

parameters:
end of parameters
"""


def in_lightgbm(text: str) -> lightgbm.Booster:
    """The same text read by the library, which must be told how long each tree is."""
    tree = text[text.index("Tree=0") : text.index("end of trees")]
    return lightgbm.Booster(model_str=text.replace("SIZE", str(len(tree))))


def rows(seed: int, count: int) -> FloatArray:
    """Numbers, rounded so that thresholds are met, some missing, some at the edges of what a float is."""
    generator = np.random.default_rng(seed)
    values = np.round(generator.normal(size=(count, len(NAMES))), 1)
    values[generator.random(values.shape) < 0.25] = np.nan
    edges = [0.0, -0.0, 1e-36, -1e-36, 2e-35, 1e300, np.inf, -np.inf]
    chosen = generator.random(values.shape) < 0.03
    values[chosen] = generator.choice(edges, chosen.sum())
    return values


@cache
def trained(kind: str) -> lightgbm.Booster:
    """A small ensemble of each kind that training makes."""
    values = rows(1, 1500)
    if kind == "nothing missing":
        values = np.nan_to_num(values, posinf=9.0, neginf=-9.0)
    known = np.nan_to_num(values, posinf=3.0, neginf=-3.0).clip(-3.0, 3.0)
    odds = known[:, 0] + known[:, 1] * known[:, 2] + np.isnan(values[:, 3]) - 0.5
    target = odds + np.random.default_rng(2).normal(size=len(values)) > 0.0
    settings: dict[str, Any] = {"objective": "binary", "num_leaves": 24, "extra_trees": True, "learning_rate": 0.1}
    if kind == "quantile":
        settings |= {"objective": "quantile", "alpha": 0.9}
    if kind == "deep":
        settings |= {"num_leaves": 200, "min_child_samples": 2, "extra_trees": False}
    if kind == "monotone, bagged and weighted":
        settings |= {"monotone_constraints": [1, 0, 0, -1, 0], "bagging_fraction": 0.6, "bagging_freq": 1}
    weight = np.random.default_rng(3).uniform(0.5, 2.0, len(values)) if "weighted" in kind else None
    label = np.zeros(len(values)) if kind == "nothing to learn" else target.astype(np.float64)
    if kind == "nothing to learn":
        settings |= {"objective": "quantile"}
    settings |= {"verbosity": -1, "num_threads": 1, "deterministic": True, "seed": 4}
    data = lightgbm.Dataset(values, label, weight=weight, feature_name=NAMES)
    return lightgbm.train(settings, data, 40)


KINDS = (
    "plain",
    "nothing missing",
    "quantile",
    "deep",
    "monotone, bagged and weighted",
    "nothing to learn",
)


def ready(kind: str) -> Trees:
    return Trees(trained(kind).model_to_string())


def test_no_row_gives_no_score_and_no_push() -> None:
    none = np.empty((0, len(NAMES)))
    assert ready("plain").raw_scores(none).shape == (0,)
    assert ready("plain").contributions(none).shape == (0, len(NAMES))


def test_an_ensemble_of_no_tree_scores_nought() -> None:
    head, _, rest = STUMP.partition("\nTree=0")
    empty = Trees(head.replace("=SIZE", "=") + "\nend of trees" + rest.partition("end of trees")[2])
    assert empty.raw_scores(np.ones((3, 2))).tolist() == [0.0, 0.0, 0.0]
    assert empty.contributions(np.ones((3, 2))).tolist() == [[0.0, 0.0]] * 3


def test_a_stump_by_hand() -> None:
    values = np.array([[0.0, 0.5], [0.0, 0.6], [0.0, np.nan]])
    assert Trees(STUMP).feature_name() == ["a", "b"]
    assert Trees(STUMP).raw_scores(values).tolist() == [-1.5, 2.5, 2.5]  # at most the threshold; NaN to the right
    mean = (30 * -1.5 + 10 * 2.5) / 40
    assert Trees(STUMP).contributions(values).tolist() == [[0.0, -1.5 - mean], [0.0, 2.5 - mean], [0.0, 2.5 - mean]]


@pytest.mark.parametrize(
    ("decision", "of_missing", "of_nought"),
    [("8", 2.5, -1.5), ("10", -1.5, -1.5), ("0", -1.5, -1.5), ("2", -1.5, -1.5)],
    ids=["missing to the right", "missing to the left", "missing is nought", "missing is nought, left bit set"],
)
def test_where_a_missing_value_goes(decision: str, of_missing: float, of_nought: float) -> None:
    text = STUMP.replace("decision_type=8", f"decision_type={decision}")
    values = np.array([[0.0, np.nan], [0.0, 0.0]])
    assert Trees(text).raw_scores(values).tolist() == [of_missing, of_nought]
    assert in_lightgbm(text).predict(values, raw_score=True).tolist() == [of_missing, of_nought]


def test_next_to_nought_is_nought_as_lightgbm_has_it() -> None:
    text = STUMP.replace("threshold=0.5", "threshold=-1e-36")
    values = np.array([[0.0, -1e-35], [0.0, -1.1e-35], [0.0, 0.0]])
    assert Trees(text).raw_scores(values).tolist() == [2.5, -1.5, 2.5]
    assert in_lightgbm(text).predict(values, raw_score=True).tolist() == [2.5, -1.5, 2.5]


@pytest.mark.parametrize("kind", KINDS)
def test_raw_scores_are_those_of_lightgbm_to_the_last_bit(kind: str) -> None:
    values = rows(7, 3 * BLOCK + 5)
    assert ready(kind).feature_name() == NAMES
    np.testing.assert_array_equal(ready(kind).raw_scores(values), trained(kind).predict(values, raw_score=True))


@pytest.mark.parametrize("kind", KINDS)
def test_contributions_are_those_of_lightgbm(kind: str) -> None:
    values = rows(8, BLOCK + 5)
    expected = np.asarray(trained(kind).predict(values, pred_contrib=True))[:, :-1]
    np.testing.assert_allclose(ready(kind).contributions(values), expected, rtol=0.0, atol=1e-9)


def test_the_kinds_hold_what_they_are_here_for() -> None:
    texts = {kind: trained(kind).model_to_string() for kind in KINDS}
    kinds_of_nodes = {
        kind: {code for line in text.split("\n") if line.startswith("decision_type=") for code in line[14:].split()}
        for kind, text in texts.items()
    }
    assert kinds_of_nodes["plain"] == {"8", "10"}
    assert kinds_of_nodes["nothing missing"] == {"2"}
    assert "threshold=inf" in texts["plain"].replace(" ", "\nthreshold=")
    assert "num_leaves=200\n" in texts["deep"]
    assert "num_leaves=1\n" in texts["nothing to learn"]


@pytest.mark.parametrize("kind", KINDS)
def test_contributions_and_the_mean_add_up_to_the_score(kind: str) -> None:
    values = rows(9, 40)
    rest = ready(kind).raw_scores(values) - ready(kind).contributions(values).sum(axis=1)
    np.testing.assert_allclose(rest, rest[0], rtol=0.0, atol=1e-9)


def test_contributions_are_shapley_values_of_the_game_on_the_tree() -> None:
    settings = {"num_leaves": 12, "min_child_samples": 5, "verbosity": -1, "num_threads": 1, "deterministic": True}
    values = rows(10, 400)
    target = np.nan_to_num(values[:, 0] * values[:, 1], posinf=0.0, neginf=0.0).clip(-5.0, 5.0)
    booster = lightgbm.train(settings, lightgbm.Dataset(values, target, feature_name=NAMES), 3)
    dumped = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    found = Trees(booster.model_to_string()).contributions(values[:25])
    for row, pushes in zip(values[:25], found, strict=True):
        np.testing.assert_allclose(pushes, sum(shapley(tree, row) for tree in dumped), rtol=0.0, atol=1e-12)


def shapley(tree: dict[str, Any], row: FloatArray) -> FloatArray:
    """By definition: what a feature adds to every set of the others, weighted by the orders that have it so."""
    count = len(row)
    pushes = np.zeros(count)
    for feature in range(count):
        others = [other for other in range(count) if other != feature]
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for known in combinations(others, size):
                pushes[feature] += weight * (expected(tree, row, {*known, feature}) - expected(tree, row, {*known}))
    return pushes


def expected(node: dict[str, Any], row: FloatArray, known: set[int]) -> float:
    """Mean of the tree where only some features are known: the others go down both sides, by their training rows."""
    if "leaf_value" in node:
        return float(node["leaf_value"])
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        value = row[node["split_feature"]]
        if np.isnan(value) and node["missing_type"] == "None":
            value = 0.0
        to_left = node["default_left"] if np.isnan(value) else value <= node["threshold"]
        return expected(left if to_left else right, row, known)
    weight = [float(side.get("leaf_count", side.get("internal_count"))) for side in (left, right)]
    both = weight[0] * expected(left, row, known) + weight[1] * expected(right, row, known)
    return both / sum(weight)


def test_a_row_gets_the_same_bits_alone_and_in_any_batch() -> None:
    values = rows(11, 2 * BLOCK + 3)
    trees = ready("deep")
    for of in (trees.raw_scores, trees.contributions):
        whole = of(values)
        for chosen in ([5], [BLOCK, 5, 5], list(range(BLOCK + 1))[::-1]):
            np.testing.assert_array_equal(of(values[chosen]), whole[chosen])


def test_any_layout_of_the_values_is_read() -> None:
    values = rows(12, 20)
    trees = ready("plain")
    sealed = values.copy()
    sealed.flags.writeable = False
    for other in (np.asfortranarray(values), sealed, np.repeat(values, 2, axis=0)[::2]):
        np.testing.assert_array_equal(trees.raw_scores(other), trees.raw_scores(values))


@pytest.mark.parametrize("shape", [(3, 4), (3, 6), (5,)])
def test_values_of_another_number_of_features_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"for trees of 5 features"):
        ready("plain").raw_scores(np.zeros(shape))


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("tree\nversion", "version", "not a whole one of LightGBM's"),
        ("end of trees", "end", "not a whole one of LightGBM's"),
        ("version=v4", "version=v3", r"not trained here \(version=v3\)"),
        ("num_class=1", "num_class=3", r"not trained here \(num_class=3\)"),
        ("num_tree_per_iteration=1\n", "", r"not trained here \(num_tree_per_iteration=\)"),
        ("max_feature_idx=1", "max_feature_idx=1\naverage_output", r"not trained here \(average_output\)"),
        ("tree_sizes=SIZE", "tree_sizes=300 300", "holds 1 trees and announces 2"),
        ("num_cat=0", "num_cat=1", r"tree 0 is of a kind that is not trained here \(num_cat is not 0\)"),
        ("is_linear=0", "is_linear=1", r"tree 0 is of a kind that is not trained here \(is_linear is not 0\)"),
        ("num_leaves=2", "num_leaves=256", "tree 0 announces more than 255 leaves"),
        ("num_leaves=2", f"num_leaves={'9' * 10_000}", "tree 0 announces more than 255 leaves"),
        ("leaf_value=-1.5", "leaf_value=inf", "leaves of the trees add up to more than 1,000,000"),
        ("leaf_value=-1.5 2.5", "leaf_value=-1e308 1e308", "leaves of the trees add up to more than 1,000,000"),
        ("num_leaves=2\n", "", "tree 0 has 1 entries in split_feature for no leaves"),
        ("threshold=0.5", "threshold=0.5 0.6", "tree 0 has 2 entries in threshold for 2 leaves"),
        ("leaf_value=-1.5 2.5\n", "", "tree 0 has 0 entries in leaf_value for 2 leaves"),
        ("threshold=0.5", "threshold=half", "threshold of a tree cannot be read"),
        ("left_child=-1", "left_child=-1.5", "left_child of a tree cannot be read"),
        ("leaf_count=30", "leaf_count=99999999999999999999", "leaf_count of a tree cannot be read"),
        ("threshold=0.5", "threshold=nan", "threshold of a tree holds NaN"),
        ("split_feature=1", "split_feature=2", "asks for a feature that the head does not name"),
        ("split_feature=1", "split_feature=-1", "asks for a feature that the head does not name"),
        ("decision_type=8", "decision_type=1", r"not trained here \(decision_type 1\)"),
        ("decision_type=8", "decision_type=6", r"not trained here \(decision_type 6\)"),
        ("left_child=-1", "left_child=0", "do not make a tree"),
        ("left_child=-1", "left_child=-2", "do not make a tree"),
        ("left_child=-1", "left_child=-3", "do not make a tree"),
        ("left_child=-1", "left_child=7", "do not make a tree"),
        ("internal_count=40", "internal_count=41", "training rows counted in a tree do not add up"),
        ("leaf_count=30 10", "leaf_count=40 0", "training rows counted in a tree do not add up"),
    ],
)
def test_what_is_no_whole_ensemble_of_ours_is_refused(was: str, becomes: str, message: str) -> None:
    assert was in STUMP
    with pytest.raises(UnreadableTreesError, match=message):
        Trees(STUMP.replace(was, becomes, 1))


def test_linear_and_categorical_trees_of_lightgbm_are_refused() -> None:
    values = np.nan_to_num(np.column_stack([np.arange(400) % 7, rows(13, 400)[:, 0]]), posinf=0.0, neginf=0.0)
    target = (values[:, 0] % 2) + values[:, 1].clip(-2.0, 2.0)
    quiet = {"verbosity": -1, "num_threads": 1}
    linear = lightgbm.train(quiet | {"linear_tree": True}, lightgbm.Dataset(values, target), 3)
    categorical = lightgbm.train(quiet, lightgbm.Dataset(values, target, categorical_feature=[0]), 3)
    for booster in (linear, categorical):
        with pytest.raises(UnreadableTreesError, match="of a kind that is not trained here"):
            Trees(booster.model_to_string())
