# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # What does the catalogue see, and which features tell bought from genuine?
#
# **Reads** the feature tables and labels that `dvc repro` left in `data/`.
# **Cohort**: the simulated test cohorts, which no training saw. Nothing here is measured on real accounts except where
# it says so; what real accounts show stands in `docs/real.md`.
# **Takes** about a minute on the default run.

# %% tags=["parameters"]
from os import environ

# Bootstrap draws of whole cohorts behind each interval, and their coverage.
REPLICATES = int(environ.get("ASSAY_REPLICATES", "100"))
CONFIDENCE = 0.9

# %%
import polars as pl
from IPython.display import display

from audits import exploration, exploration_figures
from audits.catalogue import described
from features.catalog import features
from models.evaluation import headline_rows
from pipeline import layout
from pipeline.notebook import open_project
from pipeline.train import labelled_features

open_project()
catalogue = list(features().values())
tested = pl.read_parquet(layout.TEST_ACCOUNTS).select("account_id")
labelled = (
    headline_rows(labelled_features(layout.PREPARED)).join(tested, on="account_id", how="semi").sort("account_id")
)
labels = labelled["is_inauthentic"].to_numpy()
split = (
    f"{labelled['cohort'].n_unique()} simulated test cohorts: {len(labels):,} accounts, {labels.sum():,} inauthentic"
)
split

# %% [markdown]
# ## What is there?
#
# Every feature is one function under `@feature`; this table is read off those objects. `suspicious` is the side on
# which a value is consistent with a scheme (`context`: never a reason), `fewest_rows` the number of rows of its frame
# below which the value is null. Null means *cannot be told*, never zero, and is never a reason.

# %%
overview = exploration.overview(catalogue)
display(overview.group_by("group", "suspicious").len().sort("group", "suspicious"))
overview.select("feature", "sees", "unit", "suspicious", "rows", "fewest_rows").head(20)

# %% [markdown]
# ## What does each see together with others?
#
# Features of one signal see one thing, and one reason speaks for all of them.

# %%
overview.group_by("sees", maintain_order=True).agg(features=pl.len(), names=pl.col("feature").str.join(", "))

# %% [markdown]
# ## How often is a value null?
#
# By group, the share of test accounts that show anything of it, and of its values that are known; then the features
# that are null most often. A high AUC below may rest on few accounts: read `accounts` beside it.

# %%
exploration.observed_by_group(labelled, catalogue)

# %%
found = described(
    labelled, labels, labelled["cohort"].to_numpy(), catalogue, replicates=REPLICATES, confidence=CONFIDENCE, seed=7
)
alone = exploration.alone(found)
alone.sort("missing_share", descending=True).select("feature", "missing_share", "accounts").head(15)

# %% [markdown]
# ## What is each feature worth alone?
#
# AUC among the accounts with a value, on the side that the feature declares: below 0.5 the declared side is wrong on
# these cohorts. Intervals draw whole cohorts. Chance is 0.5; no single feature should come near the model's AUC
# (`review_run`), or the cohort would be too easy.

# %%
exploration_figures.features_alone(alone.head(25), split=split, confidence=CONFIDENCE)

# %%
alone.tail(10).select("feature", "auc", "lower", "upper", "accounts", "better_side")

# %% [markdown]
# ## How do genuine and inauthentic accounts differ in the strongest ones?
#
# Look at the overlap before the difference: most accounts of both classes lie where both classes lie.

# %%
strongest = [feature for feature in catalogue if feature.name in alone["feature"].head(9).to_list()]
exploration_figures.by_class(labelled, labels, strongest, split=split)

# %% [markdown]
# ## Which features say the same thing?
#
# Rank correlation among genuine accounts alone: among both classes, any two features that see a purchase would go
# together. Two features of one signal may be alike; two of different signals that are alike would be counted as two
# reasons for one observation.

# %%
genuine = labelled.filter(~pl.col("is_inauthentic"))
pairs = exploration.redundancy(genuine, catalogue)
pairs.head(20)

# %%
pairs.filter(~pl.col("same_signal")).head(15)
