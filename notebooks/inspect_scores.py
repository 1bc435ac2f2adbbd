# ---
# jupyter:
#   jupytext:
#     formats: py:percent
# ---

# %% [markdown]
# # Inspect a scored batch
#
# Open as a notebook with jupytext, or run as a script from the project's folder after `dvc repro`. It holds no logic:
# the numbers come from the scores, the feature sentences from the catalogue.

# %%
import polars as pl

from features.catalog import feature_by_name
from pipeline import layout

scores = pl.read_parquet(layout.SCORES / layout.SCORES_FILE)
print(scores["verdict"].value_counts(sort=True))

# %% [markdown]
# ## Which signals bring accounts to a reviewer

# %%
reasons = scores.select("account_id", "verdict", "reasons").explode("reasons").drop_nulls("reasons").unnest("reasons")
common = reasons["feature"].value_counts(sort=True).head(10)
for name, count in common.iter_rows():
    print(f"{count:>5}  {name}: {feature_by_name(name).description}")

# %% [markdown]
# ## One account, in words

# %%
most_suspicious = scores.drop_nulls("probability_inauthentic").sort("probability_inauthentic").tail(1)
for account in most_suspicious.iter_rows(named=True):
    print(account["account_id"], account["verdict"], f"score {account['authenticity_score']} of 100")
    for reason in account["reasons"]:
        print(" -", reason["text"])
