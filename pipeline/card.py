"""docs/model-card.md: what the model is for, what it was measured on and where it fails, from `reports/` alone."""

from __future__ import annotations

from typing import Any

from pipeline import layout
from pipeline.audit.page import table
from pipeline.results import headline
from pipeline.storage import read_json

Entry = dict[str, Any]

USE = """\
## What it is for

To say, before a brand pays, how far an account's follower curve, engagement and comments show signals consistent with
bought or traded ones, with evidence a person can check. A verdict is `pass`, `review`, `reject` or
`insufficient_data`; a person decides, and the account can contest it. It is not for public accusations, for hiring or
credit, nor for saying that somebody committed fraud.

## What it learned from

Simulated cohorts alone ([cohort](cohort.md)): nobody has public labels for accounts with growth, posts and comments
together. Inauthentic means that at least 10 % of the present followers, or of the engagement on the posts supplied,
were bought or traded. Honest audiences hold 5 to 20 % fake followers that nobody bought: that is not the label.
"""

LIMITS = """\
## Where it fails

- A probability is calibrated on simulated cohorts. On cohorts by other rules the order of accounts held better than
  the probabilities did ([experiments](experiments.md)).
- A classifier tells real accounts from simulated ones better than chance, most of all YouTube channels
  ([experiments](experiments.md)): figures on simulated cohorts say how models compare, not how often a real account is
  judged rightly.
- Likes bought in proportion to what a post draws leave next to no trace in counts read once.
- Signals in who comments and in which order were never checked on real comments, for want of a set with authors.
"""


def card_page() -> str:
    """The page."""
    training, recall = read_json(layout.TRAINING_REPORT), read_json(layout.AUDIT_RECALL)
    cohorts = training["cohorts"]
    facts = (
        f"Version `{training['model_version']}`, feature catalogue `{training['catalog_hash']}`. LightGBM, one "
        f"ensemble for the label and one for each of {len(training['scheme_heads'])} schemes, calibrated on cohorts of "
        f"their own. {training['accounts']:,} labelled accounts in {sum(cohorts.values())} cohorts: {cohorts['fit']} "
        f"fitted, {cohorts['tune']} stopped the fitting, {cohorts['calibrate']} calibrated, {cohorts['test']} tested.\n"
    )
    parts = [facts, USE, "## How good it is\n", headline(), "## From which dose on\n", *_half_doses(recall["dose"])]
    return "\n".join([*parts, "", LIMITS]).rstrip("\n") + "\n"


def _half_doses(found: Entry) -> list[str]:
    text = (
        "The dose is the bought share of followers or of engagement, the larger one. Below the dose named here, fewer "
        "than half of the accounts that did nothing else are seen, on fresh simulated cohorts, by a logistic curve in "
        "the logarithm of the dose; `any` includes mixes:\n"
    )
    rows = [
        [each["scheme"].replace("_", " "), each["decision"], f"{each['accounts']:,}", each["in_words"]]
        for each in found["half_doses"]
    ]
    return [text, *table(["scheme alone", "decision", "accounts", "half are seen"], rows)]
