"""A small made-up world for the tests of `models`: six features, labelled cohorts, settings, a bundle made by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import polars as pl

from features.definition import Feature, feature
from features.tables import LABELS
from models.applicability import Applicability
from models.baselines import ENGAGEMENT_RATE_FEATURE, Baseline, Constant, Cut
from models.bundle import Bundle, Head
from models.calibration import Calibration
from models.classifier import ClassifierSettings
from models.drift import Distribution, Drift
from models.explanation import OrdinaryRange
from models.shares import LEVELS, ShareModel
from models.thresholds import Costs, Thresholds
from models.training import Trained, TrainingSettings, train

FEATURES: dict[str, Feature] = {}


def _declare(name: str, group: str, suspicious: Any, signal: str, **reasons: str) -> None:
    def expression() -> pl.Expr:
        return pl.col(name).first()

    expression.__name__ = name
    feature(
        FEATURES,
        group=group,
        frame="made_up",
        signal=signal,
        unit="none",
        formula=name,
        suspicious=suspicious,
        source="made up",
        evidence=expression,
        **reasons,
    )(expression)


_declare("growth_burst_share", "growth", "high", "follower_burst", reason="{value:.0%} of the gain came on one day")
_declare("growth_calm_spread", "growth", "low", "steady_gain", reason="daily growth varies by {value:.2f} only")
_declare(
    "comments_repeat_share",
    "comments",
    "high",
    "comments_alike",
    reason="{value:.0%} of the comments repeat another one",
)
_declare(
    ENGAGEMENT_RATE_FEATURE,
    "engagement",
    "both",
    "engagement_for_size",
    reason_high="likes per follower are unusually high ({value:+.1f})",
    reason_low="likes per follower are unusually low ({value:+.1f})",
)
_declare("engagement_even_spread", "engagement", "low", "even_likes", reason="likes vary by {value:.2f} only")
_declare("profile_age_days", "profile", "context", "profile")

NAMES = list(FEATURES)

SHARES = {"fit": 0.5, "tune": 0.125, "calibrate": 0.25, "test": 0.125}

CLASSIFIER = ClassifierSettings(
    num_leaves=7,
    learning_rate=0.1,
    num_boost_round=60,
    early_stopping_rounds=15,
    min_child_samples=10,
    lambda_l2=1.0,
    feature_fraction=0.8,
    bagging_fraction=0.8,
    extra_trees=False,
    monotone=True,
    masked_copies=1,
    mask_share=0.3,
    empty_share=0.05,
    expert_weight=0.5,
    seed=5,
    threads=1,
)

SETTINGS = TrainingSettings(
    classifier=CLASSIFIER,
    shares=SHARES,
    prevalence=0.2,
    costs=Costs(pay_inauthentic=4.0, refuse_genuine=20.0, review=1.0),
    honest_reject_cap=0.02,
    abstain_share=0.02,
    verdict={
        "suspected_scheme_above": 0.5,
        "most_reasons": 3,
        "least_named_evidence": 0.0,
        "smallest_follower_count": 200,
        "largest_follower_count": 5_000_000,
    },
    seed=5,
)


def labelled_accounts(seed: int = 1, cohorts: int = 8, accounts: int = 60) -> pl.DataFrame:
    """Labelled feature rows, sorted by account id.

    A third bought followers or comments, which shows in the features of that group; each group is unobserved for
    one account in ten, whatever its label; one account in twenty took a dose too small for the label.
    """
    generator = np.random.default_rng(seed)
    count = cohorts * accounts
    followers_bought = generator.random(count) < 0.2
    comments_bought = ~followers_bought & (generator.random(count) < 0.15)
    low_dose = ~followers_bought & ~comments_bought & (generator.random(count) < 0.05)
    noise = generator.normal(size=(count, len(NAMES)))
    share = {
        "growth_burst_share": _squash(noise[:, 0] - 2.0 + 2.5 * followers_bought),
        "growth_calm_spread": np.exp(0.3 * noise[:, 1] - 0.4 * followers_bought),
        "comments_repeat_share": _squash(noise[:, 2] - 3.0 + 3.0 * comments_bought),
        ENGAGEMENT_RATE_FEATURE: noise[:, 3] - 1.0 * followers_bought,
        "engagement_even_spread": np.exp(0.3 * noise[:, 4]),
        "profile_age_days": 1000.0 * np.exp(0.5 * noise[:, 5]),
    }
    for group in sorted({entry.group for entry in FEATURES.values()}):
        unobserved = generator.random(count) < 0.1
        for name in NAMES:
            if FEATURES[name].group == group:
                share[name] = np.where(unobserved, np.nan, share[name])
    inauthentic = followers_bought | comments_bought
    # Larger doses show more; drawn apart, so that what was drawn before stays.
    dose = np.clip(0.25 + 0.12 * noise[:, 0] + np.random.default_rng([seed, 1]).normal(0.0, 0.05, count), 0.1, 0.6)
    scheme = np.select(
        [followers_bought, comments_bought, low_dose],
        ["bought_followers", "bought_comments", "bought_followers"],
        default="",
    )
    return pl.DataFrame(
        {
            "account_id": [f"account-{index:05d}" for index in range(count)],
            "cohort": [f"cohort-{index // accounts:02d}" for index in range(count)],
            "is_inauthentic": inauthentic,
            "scheme": [each or None for each in scheme.tolist()],
            "inauthentic_follower_share": np.where(followers_bought, dose, np.where(low_dose, 0.05, 0.0)),
            "inauthentic_engagement_share": np.where(comments_bought, 0.6, np.where(low_dose, 0.05, 0.0)),
            **share,
        },
        schema_overrides={name: LABELS.schema[name] for name in ("scheme", "is_inauthentic")},
    ).with_columns(pl.col(NAMES).fill_nan(None))


def _squash(value: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-value))


def silent(_: str) -> None:
    """A progress report that nobody watches."""


def train_on(
    labelled: pl.DataFrame, settings: TrainingSettings = SETTINGS, report: Callable[[str], None] = silent
) -> Trained:
    """Training on the made-up features."""
    return train(labelled, list(FEATURES.values()), "0123456789abcdef", settings, {"libraries": {}}, report)


@cache
def trained() -> Trained:
    """One training run on `labelled_accounts()`, shared by the tests that only read it."""
    return train_on(labelled_accounts())


def context(features: pl.DataFrame, **columns: Any) -> pl.DataFrame:
    """A context in which every account of `features` is owed a verdict, unless `columns` say otherwise."""
    return features.select(
        "account_id",
        followers=pl.lit(10_000, pl.Int64),
        insufficient_because=pl.lit([], pl.List(pl.String)),
        engagement_per_post=pl.lit(100.0),
    ).with_columns(**columns)


def handmade_share(**changes: Any) -> ShareModel:
    """A share model of plain numbers, whose trees are text that nothing parses."""
    parts: dict[str, Any] = {
        "any_bought": "tree\nany\n",
        "calibration": Calibration(-1.0, 0.25, (0.5,), (1.0, 0.9), (), (1.5,)),
        "how_much": tuple(f"tree\nlevel {level}\n" for level in LEVELS),
        "smallest": 0.03,
        "largest": 0.75,
        "tiers": (1_000, 10_000),
        "levels": (0.85, 0.9, 0.95, 0.9),
        "bought_per_inauthentic": 0.6,
        "small_per_inauthentic": 0.1,
        "needed": ("growth_burst_share",),
    }
    return ShareModel(**(parts | changes))


BLANK_CUT = Cut(column=0, cut=None, below=0.25, above=0.25, missing=0.25)


def handmade_bundle(**changes: Any) -> Bundle:
    """A bundle of plain numbers, whose trees are text that nothing parses."""
    calibration = Calibration(-1.25, 0.3, (0.5, 2.0), (1.0, 0.9, 0.8), (1.5,), (1.1, 0.1))
    parts: dict[str, Any] = {
        "classifier": Head("tree\nfirst\n", calibration),
        "schemes": {
            "engagement_pod": Head("tree\npod\n", calibration),
            "bought_comments": Head("tree\ncomments\n", Calibration(0.1, 0.1, (), (1.0,), (), (1.0,))),
        },
        "shares": {"follower": handmade_share()},
        "features": ("growth_burst_share", "profile_age_days"),
        "catalog_hash": "0123456789abcdef",
        "prevalence": 0.2,
        "costs": Costs(4.0, 20.0, 1.0),
        "thresholds": Thresholds(0.25, 0.95, 3.1415926535897931),
        "applicability": Applicability((0.0, -1e300), (1.0, 1e300), (1.0, 1.0), 0.1 + 0.2),
        "ordinary": {
            "growth_burst_share": OrdinaryRange(0.1, 0.3),
            "profile_age_days": OrdinaryRange(None, None),
        },
        "evidence_cuts": ((0.005, 3.25), (0.01, 3.0)),
        "settings": {
            "least_named_evidence": 0.69,
            "most_reasons": 5,
            "suspected_scheme_above": 0.5,
            "smallest_follower_count": 200,
            "largest_follower_count": 5_000_000,
        },
        "provenance": {"accounts": {"fit": 10}, "libraries": {"lightgbm": "4.7.0"}, "note": "größer"},
        "drift": Drift(
            features={
                "growth_burst_share": Distribution(
                    (0.25,), 0.0, 1.0, (6, 3), 1, {"values": 0.01, "missing": 0.1 + 0.2}
                ),
                "profile_age_days": Distribution((), 0.0, 0.0, (0,), 10, {"values": 0.0, "missing": 0.0}),
            },
            score=Distribution((0.1, 0.5), 0.01, 0.99, (4, 3, 2), 1, {"values": 0.0, "missing": 0.0}),
            limits={"values": 7.5, "missing": 12.0},
        ),
        "baselines": (Baseline("prevalence", "the share", Constant(0.25)), Baseline("rule", "a cut", BLANK_CUT)),
    }
    return Bundle(**(parts | changes))
