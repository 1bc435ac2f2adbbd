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
# # What do my own labels win, and may I trust the figures?
#
# **Reads** a labelled dataset folder of the contract (`ASSAY_OWN`), the simulated training accounts of `dvc repro` and
# the model that it left. **Writes** under `data/notebooks/` alone: the project's model and reports stay as they are;
# `docs/own-data.md`, section 5, says how to train for good.
# **Cohort**: your accounts. Without `ASSAY_OWN` simulated ones stand in, which follow the very rules that the model was
# trained on: they show how it goes, and nothing of what it is worth on real accounts.
# **Takes** three minutes with 60 simulated cohorts beside.

# %% tags=["parameters"]
from os import environ

OWN = environ.get("ASSAY_OWN", "")  # your folder: accounts, labels and what you observed
BESIDE = int(environ.get("ASSAY_BESIDE", "60"))  # simulated cohorts to train beside yours
STAND_IN_COHORTS = int(environ.get("ASSAY_STAND_IN_COHORTS", "64"))
STAND_IN_ACCOUNTS, STAND_IN_SEED = 15, 960_001

# %%
from pathlib import Path

from pipeline import layout, own_training
from pipeline.bundles import load_scorer
from pipeline.notebook import interval_table, metrics_table, open_project, silent

open_project()
stand_in = layout.NOTEBOOKS / "stand_in"
folder = Path(OWN or own_training.stand_in(stand_in, STAND_IN_COHORTS, STAND_IN_ACCOUNTS, STAND_IN_SEED, silent))
own = own_training.open_own(folder, layout.NOTEBOOKS / "own", silent)
print(f"{folder}: {own.labelled.height:,} labelled accounts of {own.labelled['cohort'].n_unique():,} cohorts")

# %% [markdown]
# ## Who learns, and who judges?
#
# Whole cohorts play one role: accounts of one seller or agency on both sides of the split would make any figure look
# better than it is. Without a column `cohort` every account is its own, and this is on your head.

# %%
own.split()

# %%
own.cautions()

# %% [markdown]
# ## What is the model as it is worth on these accounts?
#
# This is the figure to beat. The baselines stand beside it; where the intervals of two overlap widely, these accounts
# cannot tell them apart.

# %%
as_is = own_training.judge(own, load_scorer().bundle, silent)
print(f"{as_is.metrics['split']}; {as_is.metrics['confidence']:.0%} intervals, {as_is.metrics['interval']}")
metrics_table(as_is.metrics)

# %% [markdown]
# ## Training on your labels alone
#
# A few hundred accounts of each class are the least from which a useful model can be expected. The warnings say what
# there is too little of.

# %%
alone = own_training.train_trial(own, None, silent)
alone.warnings

# %% [markdown]
# ## Training beside simulated cohorts
#
# Yours are weighted so that bought accounts are as common among them as among the simulated: labels come from
# suspicion, and *looking like one of yours* must not become a sign of having bought. The same cohorts without yours are
# trained on, too: only the difference between these two is what your labels win.

# %%
simulated = own_training.simulated_cohorts(BESIDE)
beside = own_training.train_trial(own, simulated, silent)
without = own_training.train_trial(None, simulated, silent)
beside.warnings

# %% [markdown]
# ## Did it help?
#
# All on the same test accounts of yours. Shares of verdicts have intervals never narrower than the exact ones.

# %%
judged = {
    "as it is": as_is,
    "yours alone": own_training.judge(own, alone.bundle, silent),
    "without yours": own_training.judge(own, without.bundle, silent),
    "beside": own_training.judge(own, beside.bundle, silent),
}
rows = [{"model": name, **each.segments["origin"][0]} for name, each in judged.items()]
shown = {"AUC": "auc", "genuine rejected": "genuine_reject", "inauthentic rejected": "inauthentic_reject"}
interval_table(rows, "model", shown | {"calibration error": "calibration"})

# %% [markdown]
# The difference that your labels make, paired. An interval that holds zero tells nothing apart.

# %%
own_training.paired({"beside": judged["beside"], "without yours": judged["without yours"]})

# %% [markdown]
# And against the model as it is, which learned from all simulated cohorts: this is what you would give up or win by
# changing today. With fewer cohorts beside, a loss here says nothing about your labels; set `ASSAY_BESIDE` higher.

# %%
own_training.paired({"beside": judged["beside"], "as it is": as_is})

# %%
judged["beside"].figures["reliability"]

# %% [markdown]
# ## When not to trust it
#
# - Labels chosen by score or suspicion: the AUC is of those you looked at, not of those you will meet
#   (`docs/own-data.md`, section 3).
# - Fewer than 50 test accounts of a class: an exact 95 % interval of a share is up to 0.29 wide.
# - Few test cohorts: see the caution above. The intervals are then narrower than what is known.
# - *Genuine rejected* of 0 among 60 still allows 5 % (the upper end of the exact 90 % interval).
# - A gain on the stand-in's accounts, which no real account resembles in all respects.
# - You looked at these test accounts more than once and kept the best: label new ones.

# %%
judged["beside"].scored.group_by("is_inauthentic", "verdict").len().sort("is_inauthentic", "verdict")
