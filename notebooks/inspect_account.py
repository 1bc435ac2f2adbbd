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
# # Why does this account have this verdict, and what would change it?
#
# **Reads** one dataset folder of the contract and one bundle; scores the account afresh, so nothing needs to have been
# scored. Without parameters: the incoming batch of `dvc repro` (simulated), of its reviewed accounts the one nearest
# to a reject. **Takes** half a minute.
#
# Everything below speaks of signals consistent with bought audience or engagement. It does not say what anybody did.

# %% tags=["parameters"]
from os import environ

FOLDER = environ.get("ASSAY_FOLDER", "data/raw/incoming")
ACCOUNT = environ.get("ASSAY_ACCOUNT", "")  # name one with a folder of yours; empty: one of data/scores
MODEL = environ.get("ASSAY_MODEL", "data/model")

# %%
from pathlib import Path

import polars as pl

from audits import exploration_figures
from models.inspection import distance_to_cuts
from pipeline import layout
from pipeline.bundles import load_scorer
from pipeline.inspecting import inspect_account, pushes, without_each_table, without_signals
from pipeline.notebook import open_project, silent

open_project()
scorer = load_scorer(MODEL)
scores = pl.read_parquet(layout.SCORES / layout.SCORES_FILE)
order = [pl.col("verdict") == "review", "probability_inauthentic"]
account_id = ACCOUNT or scores.sort(order, nulls_last=False)["account_id"][-1]
found = inspect_account(Path(FOLDER), account_id, scorer, report=silent)

# %% [markdown]
# ## What is the verdict, and what does it rest on?

# %%
shown = ["platform", "follower_count", "verdict", "probability_inauthentic", "authenticity_score"]
rests = ["observed_days", "observed_posts", "observed_comments", "as_of", "model_version"]
pl.DataFrame([found.score]).select(pl.col(shown + rests).cast(pl.String)).unpivot(variable_name="of the account")

# %%
print("Not observed:", "; ".join(found.view["not_observed"]) or "nothing that the contract asks for")
found.score["insufficient_because"], found.score["suspected_schemes"]

# %% [markdown]
# ## What do the rows look like?
#
# Days and posts that a reason names are marked. The band holds two thirds of honest accounts of this size and platform:
# one honest account in three lies outside it. Where the follower count at posting is unknown, it is drawn for today's.

# %%
exploration_figures.account(
    found.seen.readings, found.seen.measured, found.evidence, title=f"{account_id}: {found.score['verdict']}"
)

# %% [markdown]
# ## What do people write?
#
# Groups of comments with the same words by different people, and who came back. Generic comments are ordinary: on real
# influencers' posts 42 % have at most two words.

# %%
pl.DataFrame(found.view["clusters"]).drop("text_key", strict=False)

# %%
pl.DataFrame(found.view["authors"])

# %% [markdown]
# ## Which reasons does the model give?
#
# One a signal, strongest first, with the benign explanations that were looked into. A passing account can have reasons
# that did not suffice; in `scores.parquet` they are left out.

# %%
for reason in found.score["reasons"]:
    print(f"{reason['contribution']:+.2f}  {reason['text']}\n")

# %% [markdown]
# ## Which rows are behind them?

# %%
found.evidence.select("feature", "rank", "table", "key", "push", "text")

# %% [markdown]
# ## Which features pushed, and which way?
#
# Log-odds, beside the range of eight in ten genuine training accounts. `side` is empty where the value is ordinary or
# lies on the harmless side: such a push is no reason, however large.

# %%
contributions = pushes(found, scorer)
contributions.select("feature", "value", "ordinary_low", "ordinary_high", "suspicious", "side", "contribution").head(20)

# %%
contributions.group_by("sees").agg(pl.col("contribution").sum()).sort("contribution", descending=True)

# %% [markdown]
# ## What would change the verdict?
#
# How far the cuts are (log-odds); then the verdict if a table had not been collected, and if one signal were not
# observed. What is left out is treated as unknown, as the model has learned to; no value is made up. A verdict that
# turns on one signal is only as good as that signal: read its reason, and ask the creator.

# %%
distance_to_cuts(scorer, found.score["probability_inauthentic"], scorer.bundle.prevalence)

# %%
without_each_table(found, scorer)

# %%
without_signals(found, scorer)
