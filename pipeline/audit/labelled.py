"""Audit on other people's labels, which lie outside the repository: `make audit-labels LABELLED=folder`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from audits.labelled import (
    BOUGHT_FROM,
    CHANCE,
    INSTAFAKE_COLUMNS,
    SMALL,
    SPAM_SHARES,
    beyond_ordinary,
    comment_features,
    learned,
    model_by_share,
    ratios,
    videos,
)
from audits.pseudo_accounts import LABELLED_COLUMNS, pseudo_accounts
from features.catalog import features
from features.compute import compute
from features.tables import INSTANT
from models.bundle import booster
from models.classifier import raw_scores
from models.explanation import ORDINARY_QUANTILES
from models.scoring import Scorer
from models.training import feature_values
from pipeline.audit.page import table
from pipeline.bundles import load_scorer
from pipeline.errors import UnusableInputError, did_you_mean
from pipeline.storage import check_output_folder, write_json

DEALS, SMALLEST, LARGEST, SEED = 20, 20, 40, 20_150_529
"""Deals of each video, comments of a pseudo-account, and a seed of no meaning (the newest day of the comments)."""

TUBESPAM_COLUMNS = LABELLED_COLUMNS | {"commented_at": INSTANT}
RESULT = "labelled.json"

FEATURE_COLUMNS = [
    "feature",
    "suspicious side",
    "AUC",
    "lowest to highest video",
    "as declared",
    "beyond ordinary",
    "has a value",
]
VIDEO_COLUMNS = ["video", "genuine", "spam", "authors of the spam", "different texts", "spam older by (median, days)"]

INTRODUCTION = """\
# Other people's labels

<!-- Made by `make -s audit-labels LABELLED=folder > docs/labelled.md`. Run it again instead of editing this page. -->

What the signals say of real comments and real accounts that others labelled. Nothing of the product is fitted on them
or chosen by them. Neither label is the product's question, whether an audience or engagement was bought: read the traps
before the figures. The two files lie outside the repository: `tubespam_1956.csv` (YouTube Spam Collection, Alberto et
al. 2015, CC BY 4.0) and `instafake_automated_1400.csv` (InstaFake, Akyon and Kalfaoglu 2019, CC BY-NC 4.0).
"""

TUBESPAM_TRAPS = """\
- **Spam is not bought comments.** It advertises the spammer under a stranger's video; a bought comment praises the
  owner of the post. A signal that finds links and invitations finds this spam and no purchase.
- Comments under five music videos of 2013 to 2015, mostly English, labelled one by one, by reading them.
- The same author writes spam in bulk (see the table): part of what repeats is one person's copies, where a seller would
  use many accounts.
- Pseudo-accounts of one video share its comments. The unit is the video: intervals are Student's over the
  videos, 95 %.
- All comments of an account stand under one post; captions, likes and followers are absent. What needs a second post
  is null here, or says nothing.
- Instants are left out on purpose: under some videos the spam is far older than the genuine comments (see the table),
  so that the calendar would tell. Timing features are null.
"""

INSTAFAKE_TRAPS = """\
- **Automated is not bought.** The label is about accounts that a tool runs: it follows, likes and comments by itself.
- Size tells the label (see below). A ratio carries size too, since a larger account has fewer likes a follower: each is
  therefore also judged among accounts of like size, over the pairs within the same tenth by followers.
- The upload-time columns are not read: they hold calendar dates. Nor are counts, hashtags, places and highlights, which
  are not scale-free or not ours.
- A ratio here is one of means over all posts; the product's features are medians and residuals of single posts. The
  columns allow no more.
"""


def run(
    tubespam: Path | None, instafake: Path | None, output: Path, model: str | None, report: Callable[[str], None]
) -> str:
    """Judge comment features on `tubespam` and ratios on `instafake`; JSON in `output`; returns a Markdown text.

    Raises:
        UnusableInputError: no file named, one that is missing or lacks a column, or no model.
    """
    if tubespam is None and instafake is None:
        raise UnusableInputError("labelled: no file is named. Give --tubespam, --instafake or both.")
    check_output_folder(output)
    problems: list[str] = []
    comments = _read(tubespam, tuple(TUBESPAM_COLUMNS), problems)
    accounts = _read(instafake, INSTAFAKE_COLUMNS, problems)
    if problems:
        raise UnusableInputError(problems)
    found: dict[str, Any] = {}
    if comments is not None:
        found["tubespam"] = judged_comments(_typed(comments), load_scorer(model), report)
    if accounts is not None:
        report("ratios")
        found["instafake"] = ratios(accounts.cast(dict.fromkeys(INSTAFAKE_COLUMNS, pl.Float64)), seed=SEED)
    output.mkdir(parents=True, exist_ok=True)
    write_json(found, output / RESULT)
    return page(found)


def _read(path: Path | None, columns: Sequence[str], problems: list[str]) -> pl.DataFrame | None:
    """The named columns of a CSV; None, with a problem noted, where it cannot be had."""
    if path is None:
        return None
    if not path.is_file():
        problems.append(f"labelled: there is no file '{path}'. Name a CSV of labelled rows.")
        return None
    frame = pl.read_csv(path, infer_schema_length=None, glob=False)
    for column in columns:
        if column not in frame.columns:
            near = did_you_mean(column, frame.columns)
            hint = f" Did you mean '{near}'? Rename it to '{column}'." if near else ""
            problems.append(f"{path.name}: column '{column}' is missing. Found: {', '.join(frame.columns)}.{hint}")
    return frame.select(column for column in columns if column in frame.columns)


def _typed(comments: pl.DataFrame) -> pl.DataFrame:
    """Comments with the types that the cutting into accounts needs. UnusableInputError where they cannot have them."""
    instant = pl.col("commented_at").cast(pl.String).str.to_datetime(time_unit="us", time_zone="UTC")
    flag = pl.col("is_spam").cast(pl.String).str.to_lowercase().replace_strict({"true": True, "false": False})
    try:
        return comments.with_columns(instant, flag).cast(TUBESPAM_COLUMNS)  # type: ignore[arg-type]
    except pl.exceptions.PolarsError as error:
        raise UnusableInputError(f"tubespam: a column does not hold what it should: {error}") from error


def judged_comments(comments: pl.DataFrame, scorer: Scorer, report: Callable[[str], None]) -> dict[str, Any]:
    """The figures of labelled comments: each comment feature, the model in use, and models fitted on the videos."""
    report("dealing comments")
    accounts = pseudo_accounts(comments, SPAM_SHARES, deals=DEALS, smallest=SMALLEST, largest=LARGEST, seed=SEED)
    report(f"features of {accounts.key.height:,} pseudo-accounts")
    values = compute(accounts.tables)
    catalogue = features(("comments",))
    report("the model in use, and models on the videos")
    bundle = scorer.bundle
    matrix = feature_values(values, bundle.features)
    raw = raw_scores(booster(bundle.classifier.trees), matrix)
    probability = bundle.classifier.calibration.probability(raw, bundle.prevalence)
    verdicts, _ = scorer.judged(matrix, raw, np.ones(len(raw), dtype=bool), bundle.prevalence)
    sides = {name: entry.suspicious for name, entry in catalogue.items()}
    beyond = beyond_ordinary(accounts.key, values, catalogue, bundle.ordinary)
    return {
        "videos": videos(comments),
        "accounts": accounts.key.height,
        "deals": DEALS,
        "comments": [SMALLEST, LARGEST],
        "prevalence": bundle.prevalence,
        "model_version": bundle.version,
        "features": [
            row | {"beyond_ordinary": beyond[row["name"]]} for row in comment_features(accounts.key, values, sides)
        ],
        "model": model_by_share(accounts.key, probability, [str(each) for each in verdicts]),
        "learned": learned(accounts.key, values, list(catalogue), seed=SEED),
    }


# --- as a page --------------------------------------------------------------------------------------------------------


def page(found: dict[str, Any]) -> str:
    """The figures as Markdown (docs/labelled.md), each set under its traps."""
    parts = [INTRODUCTION]
    parts += [_tubespam(found["tubespam"])] if "tubespam" in found else []
    parts += [_instafake(found["instafake"])] if "instafake" in found else []
    return "\n".join(parts).rstrip("\n")


def _tubespam(found: dict[str, Any]) -> str:
    smallest, largest = found["comments"]
    dealt = (
        f"Each video's comments are dealt into pseudo-accounts of {smallest} to {largest} comments at known shares of "
        f"spam, {found['deals']} times over: {found['accounts']:,} accounts. Only comments are observed of them.\n"
    )
    alone = (
        f"AUC of **high** values, accounts with {BOUGHT_FROM:.0%} spam or more against accounts without: 0.5 tells "
        "nothing, below 0.5 spam makes the value lower. Mean over the videos with its interval, and the videos' "
        'extremes. "As declared": whether spam moves the value to the side that the catalogue calls suspicious; '
        '"open" where the interval holds 0.5. "Beyond ordinary": share of the accounts **without** spam whose value '
        f"could be a reason against them, being on a suspicious side of the range in which {_ordinary_share()} of "
        "simulated genuine accounts lie.\n"
    )
    fitted = (
        f"Fitted on all videos but one ({BOUGHT_FROM:.0%} spam or more against none) and judged on that one; none of "
        "their numbers is tuned. They say how much the features hold, not what the product does.\n"
    )
    known = [_feature(row) for row in found["features"] if row["over_videos"]["value"] is not None]
    lines = [
        "## Comment features on labelled spam comments\n",
        dealt,
        TUBESPAM_TRAPS,
        *table(VIDEO_COLUMNS, [_video(row) for row in found["videos"]]),
        "\n### Each feature alone\n",
        alone,
        *table(FEATURE_COLUMNS, known),
        f"\n{_null(found['features'])}\n",
        "### The model in use, all but comments unobserved\n",
        *_model(found),
        "\n### Models fitted on the other videos\n",
        fitted,
        *table(
            ["model", f"{BOUGHT_FROM:.0%} or more against none", "10% against none"],
            [[row["name"], _interval(row["bought"]), _interval(row["tenth"])] for row in found["learned"]],
        ),
        f"\n{_rules(found['learned'])}\n",
    ]
    return "\n".join(lines)


def _video(row: dict[str, Any]) -> list[str]:
    earlier = row["spam_earlier_by_days"]
    counts = [f"{row[name]:,}" for name in ("genuine", "spam", "spam_authors", "spam_texts")]
    return [row["video"], *counts, "-" if earlier is None else f"{earlier:,.0f}"]


def _feature(row: dict[str, Any]) -> list[str]:
    found = row["over_videos"]
    extremes = f"{found['lowest']:.2f} to {found['highest']:.2f}"
    declared = _as_declared(row["suspicious"], found)
    beyond = "-" if row["beyond_ordinary"] is None else f"{row['beyond_ordinary']:.1%}"
    name, known = f"`{row['name']}`", f"{row['known_share']:.0%}"
    return [name, row["suspicious"], _interval(found), extremes, declared, beyond, known]


def _ordinary_share() -> str:
    low, high = ORDINARY_QUANTILES
    return f"{high - low:.0%}"


def _as_declared(suspicious: str, found: dict[str, Any]) -> str:
    if suspicious in ("both", "context"):
        return "-"
    if found["lower"] is None or found["lower"] <= CHANCE <= found["upper"]:
        return "open"
    return "yes" if suspicious == ("high" if found["value"] > CHANCE else "low") else "**no**"


def _null(rows: list[dict[str, Any]]) -> str:
    names = [f"`{row['name']}`" for row in rows if row["over_videos"]["value"] is None]
    return f"Without a value here, or with one on too few accounts: {', '.join(names) or 'none'}."


def _model(found: dict[str, Any]) -> list[str]:
    model, rising = found["model"], found["model"]["monotone"]
    text = (
        f"Its own probability (prevalence {found['prevalence']:g}, model {found['model_version']}). Twenty comments "
        "are enough for a verdict; those of the table are of the probability alone, and do not ask whether an account "
        "is unlike the accounts trained on. With every step of "
        f"the share the mean probability rises under {rising['rising']} of {rising['videos']} videos; rank correlation "
        f"of share and probability within a video {_interval(model['rank_correlation'])}. AUC of half spam against "
        f"none {_interval(model['half_against_none'])}, of {BOUGHT_FROM:.0%} or more against none "
        f"{_interval(model['bought_against_none'])}.\n"
    )
    rows = [
        [
            f"{row['spam_share']:.0%}",
            f"{row['accounts']:,}",
            f"{row['median']:.3f}",
            f"{row['mean']:.3f}",
            f"{row['lowest_median']:.3f} to {row['highest_median']:.3f}",
            f"{row['reviewed_share']:.1%}",
            f"{row['rejected_share']:.1%}",
        ]
        for row in model["by_share"]
    ]
    head = ["spam", "accounts", "median", "mean", "lowest to highest video's median", "reviewed", "rejected"]
    return [text, *table(head, rows)]


def _rules(rows: list[dict[str, Any]]) -> str:
    rules = next(row["rules"] for row in rows if "rules" in row)
    return f"The one rule, by the video left out: {', '.join(f'{video}: {rule}' for video, rule in rules.items())}."


def _instafake(found: dict[str, Any]) -> str:
    automated, others = found["median_followers"]["automated"], found["median_followers"]["others"]
    counted = (
        f"{found['accounts']:,} accounts, {found['automated']:,} automated; {found['repeated']} repeated rows are left "
        f"out. Median followers: automated {automated:,.0f}, others {others:,.0f}. Of the others "
        f"{found['small_share']:.0%} have under {SMALL:,}, below what the product is for.\n"
    )
    rows = [
        [row["meaning"], row["nearest"], _interval(row), _number(row["within_size"]), f"{row['known_share']:.0%}"]
        for row in found["ratios"]
    ]
    models = [[row["name"], _interval(row), _number(row["within_size"])] for row in found["models"]]
    lines = [
        "## Ratios on labelled automated accounts\n",
        counted,
        INSTAFAKE_TRAPS,
        "AUC of **high** values for automated, 95 % bootstrap over accounts.\n",
        *table(["ratio", "comes nearest to", "AUC", "among accounts of like size", "has a value"], rows),
        "",
        *table(["model", "AUC", "among accounts of like size"], models),
        f"\nThe regression is cross-validated in five folds; less followers alone: {_interval(found['difference'])}.\n",
    ]
    return "\n".join(lines)


def _interval(row: dict[str, Any]) -> str:
    if row["value"] is None:
        return "-"
    if row["lower"] is None:
        return f"{row['value']:.3f}"
    return f"{row['value']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
