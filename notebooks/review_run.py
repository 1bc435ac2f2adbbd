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
# # Is the last run better than the champion, and for whom is it worse?
#
# **Reads** `reports/` and `data/` of the last `dvc repro`, and the champion from MLflow (or a bundle folder).
# **Cohort**: the report's figures are on the simulated test cohorts; candidate and champion are put side by side on the
# frozen cohorts of params.yaml (section `promote`), which neither saw. All of it is simulated by the rules that the
# model was trained on: the audit (`docs/audit.md`) and real accounts (`docs/real.md`) are the other half of a review.
# **Takes** five minutes the first time (the frozen cohorts are simulated once), two afterwards. Nothing is logged and
# no model is promoted; `python -m pipeline promote` decides.

# %% tags=["parameters"]
from os import environ

# A bundle folder, models:/NAME@ALIAS, or a run's id or name.
CANDIDATE = environ.get("ASSAY_CANDIDATE", "data/model")
CHAMPION = environ.get("ASSAY_CHAMPION", "models:/authenticity@champion")
# How many of the frozen cohorts; fewer are faster and give wider intervals.
COHORTS = int(environ.get("ASSAY_COHORTS", "100"))

# %%
import polars as pl
from IPython.display import Image, display

from audits import figures
from audits.dose import dose_response
from models import reviewing
from pipeline import layout
from pipeline.notebook import interval_table, metrics_table, open_project, silent
from pipeline.reviewing import ARMS, review
from pipeline.storage import read_json

open_project()
metrics, segments = read_json(layout.METRICS), read_json(layout.SEGMENTS)

# %% [markdown]
# ## What does the run say of itself?
#
# Every metric beside every baseline. Read the depth-2 tree first: where it comes close, the cohort is too easy and
# proves nothing.

# %%
print(f"{metrics['split']}; {metrics['confidence']:.0%} intervals, {metrics['interval']}")
metrics_table(metrics)

# %% [markdown]
# ## What becomes of genuine accounts, and of inauthentic ones?
#
# The first row that matters is genuine accounts rejected.

# %%
decisions = metrics["decisions"]
rows = [{"class": name, **decisions[name]} for name in ("genuine", "inauthentic")]
interval_table(rows, "class", {verdict: verdict for verdict in ("pass", "review", "reject", "insufficient_data")})

# %% [markdown]
# ## For whom does it hold?
#
# The AUC, and how many of each class are rejected, by part of the test accounts.

# %%
shown = {"AUC": "auc", "genuine rejected": "genuine_reject", "inauthentic rejected": "inauthentic_reject"}
for part in ("platform", "size_tier", "tables_observed", "reading_rhythm"):
    display(interval_table(segments[part], "segment", shown).rename({"segment": part.replace("_", " ")}))

# %% [markdown]
# ## Which honest stories are suspected?

# %%
interval_table(segments["benign_story"], "story", {"rejected": "reject", "reviewed": "review"})

# %% [markdown]
# ## Is a probability one?

# %%
error = metrics["calibration"]["expected_calibration_error"]
print(
    f"calibration error {error['value']:.3f} ({error['lower']:.3f} to {error['upper']:.3f}); "
    f"a perfectly calibrated model would show {error['noise_floor']:.3f} on so many accounts"
)
Image(layout.FIGURES / "reliability.png")

# %% [markdown]
# ## From which dose is a purchase seen?

# %%
scored = pl.read_parquet(layout.EVALUATION)
doses = dose_response(scored, replicates=100, confidence=0.9, seed=7)
figures.dose_response(doses, split=metrics["split"])

# %% [markdown]
# ## Side by side with the champion
#
# Both on the same accounts: the difference is paired, and an interval of it that holds zero tells nothing apart.

# %%
both = review(CANDIDATE, CHAMPION, cohorts=COHORTS, report=silent)
print(both.names, both.split, sep="\n")
both.figures()

# %%
both.decision()

# %% [markdown]
# ## For whom is one better?
#
# Fewer accounts, wider intervals; of forty intervals of 90 %, four miss zero by chance.

# %%
compared = {
    "AUC candidate": "auc_candidate",
    "less champion": "auc_difference",
    "genuine rejected": "genuine_rejected_candidate",
    "less champion's": "genuine_rejected_difference",
}
for column in ("platform", "size_tier", "benign_story"):
    rows = reviewing.by_segment(both.accounts, ARMS, column, both.draws)
    display(interval_table(rows, "segment", compared))

# %%
reviewing.reliability(both.accounts, ARMS, both.draws, split=both.split)

# %% [markdown]
# ## Whose verdict flips?
#
# First how many, by class; then the accounts that moved furthest. Look at the genuine ones (`inspect_account`) before
# you promote.

# %%
both.transitions()

# %%
reviewing.flipped(both.accounts, ARMS, 15)
