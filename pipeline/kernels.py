"""Command `kernels`: compile what numba compiles, so that no later command is waited for.

Compiled code is kept beside the kernels' modules. It is compiled for the kinds of arrays that a kernel is called with,
so the kernels are not asked for one by one here: a small cohort is put through everything that calls them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from features.benign import explanations
from features.catalog import features
from features.definition import GROUPS
from features.evidence import evidence_of_reasons
from models.trees import Trees
from pipeline import layout
from pipeline.aside import prepared_aside
from pipeline.dataset import bucket_ids, read_bucket
from pipeline.features_table import features_file
from pipeline.simulate import read_priors, simulate_folder

ACCOUNTS, SEED = 30, 5_000_000
"""A cohort that holds all tables, and accounts with and without rows in them."""

ONE_TREE = """tree
version=v4
num_class=1
num_tree_per_iteration=1
feature_names=any
tree_sizes=1

Tree=0
num_leaves=2
num_cat=0
split_feature=0
threshold=0.5
decision_type=8
left_child=-1
right_child=-2
leaf_value=0 1
leaf_count=1 1
internal_count=2
is_linear=0

end of trees
"""
"""As LightGBM writes one, which is not needed for it: setup does not fail where its runtime is missing."""

Report = Callable[[str], None]


def compile_kernels(report: Report) -> None:
    """Run every kernel once. What is compiled already is not compiled again."""
    with tempfile.TemporaryDirectory() as aside:
        cohort = Path(aside) / "cohort"
        report("a small cohort is simulated")
        simulate_folder(cohort, ACCOUNTS, SEED, read_priors(layout.OWN_PARAMS), labels=False)
        report("its features are computed")
        table = Path(aside) / "features.parquet"
        features_file(cohort, table, GROUPS, as_of=None, jobs=1, report=report)
        report("and explained")
        with prepared_aside(cohort, table, as_of=None, jobs=1, report=report) as prepared:
            tables = read_bucket(prepared.folder, bucket_ids(prepared.folder)[0])
            catalogue = pl.DataFrame({"feature": list(features())})
            reasons = (
                tables.accounts.select("account_id").join(catalogue, how="cross").with_columns(side=pl.lit("high"))
            )
            evidence_of_reasons(tables, reasons)
            explanations(tables, reasons)
    report("a tree is walked")
    trees = Trees(ONE_TREE)
    trees.raw_scores(np.zeros((1, 1)))
    trees.contributions(np.zeros((1, 1)))
