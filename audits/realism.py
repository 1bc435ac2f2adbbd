"""Simulated genuine accounts against every quantile that FACTS gives of real ones.

A quantity means the same on both sides only where both were sampled alike. So each names the *design* of its real
sample, and genuine accounts are simulated and observed by that design: the same platform and sizes, the same length
of curve, the same few posts. Each cohort has rules of its own; a real quantile is *inside* where it lies within the
central 80 % of the cohorts' quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from features.tables import Tables
from simulation.priors import Priors

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles that FACTS gives, unless a row says otherwise."""

BAND = (0.1, 0.9)
"""The central 80 % of the cohorts."""

CURVE_DAYS = 71
"""Daily changes of a real curve; FACTS Growth."""

MEDIAN_ABSOLUTE, MEAN_ABSOLUTE = 1.4826, 1.2533
"""What turns the median and the mean absolute deviation of normal values into their standard deviation."""

LARGE_JUMP = 0.05
"""Daily log growth that FACTS counts as a jump."""

SETTLED_HOURS = 48.0
"""Posts younger than this are left out, since they still gather likes; FACTS Engagement."""

POSTS_SEEN = (1, 1, 1, 1, 1, 1, 1, 1, 2, 3)
"""Posts seen of each account in turn: 39,730 posts of 33,935 influencers are 1.2 each; FACTS Sources."""

FEW_POSTS = 4
"""Posts behind the spread "with fewer posts"; the real accounts had one to eight, so assumed."""

CONSECUTIVE_POSTS = 17
"""Consecutive posts behind the spreads of likes; FACTS Engagement."""

FEW_WORDS = 2
"""Words up to which a comment is short, and from which a repeated text counts as repeated; FACTS Comments."""

FEWEST_COMMENTS = 30
"""Comments from which FACTS gives shares per account; FACTS Comments."""

DAYS_PER_MONTH = 30.4


@dataclass(frozen=True, slots=True)
class Design:
    """How a real sample was drawn and observed: what to simulate beside it.

    Attributes:
        name: key in `DESIGNS`.
        platform: the only platform.
        followers: 5 / 25 / 50 / 75 / 95 % of the sizes.
        accounts: accounts of one cohort; no larger than the real sample, so that a band holds no less chance than it.
        overrides: values of the priors by section, in force beside those that every design shares.
        settled_hours: age from which a post is looked at.
    """

    name: str
    platform: str
    followers: tuple[float, float, float, float, float]
    accounts: int
    overrides: dict[str, dict[str, Any]]
    settled_hours: float = SETTLED_HOURS


@dataclass(frozen=True, slots=True)
class Quantity:
    """One row of FACTS: a number per account (or comment) of a real sample, as quantiles or as a mean.

    Attributes:
        name: unique.
        measure: which of the values of `measure` it is.
        unit: what the number counts.
        group: heading of FACTS: growth, engagement or comments.
        design: key of `DESIGNS`.
        real: pairs of a level from 0 to 1 and the real value there; level None: the mean over all values.
        resolution: step to which FACTS rounds the value. A real value is known up to half of it.
        lowest_followers, highest_followers: accounts that it is about, both ends included.
        source: where the real value stands.
    """

    name: str
    measure: str
    unit: str
    group: str
    design: str
    real: tuple[tuple[float | None, float], ...]
    resolution: float
    lowest_followers: int
    highest_followers: int
    source: str


_CURVE_ONLY = {"observation": {"history_days": (CURVE_DAYS + 1.0, CURVE_DAYS + 1.0), "comments_missing": (1.0, 1.0)}}

DESIGNS = {
    design.name: design
    for design in (
        Design("twitch", "twitch", (1080.0, 1600.0, 2700.0, 5300.0, 24_000.0), 400, _CURVE_ONLY),
        Design("twitch_larger", "twitch", (10_500.0, 13_500.0, 18_500.0, 27_000.0, 45_000.0), 100, _CURVE_ONLY),
        Design(
            "instagram",
            "instagram",
            (1300.0, 5000.0, 16_000.0, 54_000.0, 417_000.0),
            400,
            {
                "observation": {"history_days": (61.0, 61.0), "comments_observed": (100.0, 100.0)},
                "engagement": {"posts_observed": (30.0,) * 5},
            },
        ),
        Design(
            "instagram_large",
            "instagram",
            (57_000.0, 110_000.0, 190_000.0, 480_000.0, 1_500_000.0),
            300,
            {
                "observation": {"history_days": (61.0, 61.0), "comments_observed": (40.0, 40.0)},
                "engagement": {"posts_observed": (45.0,) * 5},
            },
        ),
        Design(
            "instagram_late",
            "instagram",
            (1300.0, 5000.0, 16_000.0, 54_000.0, 417_000.0),
            150,
            {
                "observation": {"followers_missing": (1.0, 1.0), "comments_observed": (100.0, 100.0)},
                "engagement": {
                    "posts_observed": (6.0,) * 5,
                    "posts_per_week": (0.05,) * 5,
                    "posts_per_week_small": (0.05,) * 5,
                },
            },
            settled_hours=100 * 24.0,
        ),
    )
}
"""Sample designs by name. The sizes of the Twitch sample are known as 675 accounts of 783 from 1,000 to 10,000 and 91
from 10,000 to 50,000; inside these, and among the large Instagram accounts, they are assumed. `instagram_late` holds
the posts of accounts that post seldom, months later: the real lags reach 48 days, and were read when posts were old."""

STORY_SHARE_FLOOR = 0.0
"""Least share of accounts with an honest story. How many of the real accounts went through one is not known, and the
training cohorts hold more than life does, on purpose: so it ranges from none to theirs."""

_PLAIN_OBSERVATION: dict[str, Any] = {
    "gap_share": (0.0, 0.0),
    "glitch_share": (0.0, 0.0),
    "rounded_share": (0.0, 0.0),
    "followers_missing": (0.0, 0.0),
    "posts_missing": (0.0, 0.0),
    "comments_missing": (0.0, 0.0),
    "everything_missing": (0.0, 0.0),
    "column_missing": (0.0, 0.0),
    "column_dropped": (0.0, 0.0),
}


def design_priors(priors: Priors, design: str) -> Priors:
    """The priors under which only genuine accounts live, sampled and observed as the real ones of a design.

    Everything else stays: every cohort draws its rules from the same ranges as the training cohorts do. Honest stories
    are as frequent as there, or rarer (`STORY_SHARE_FLOOR`). Influencers and streamers are no private people.

    Raises:
        KeyError: an unknown design.
    """
    chosen = DESIGNS[design]
    values = priors.model_dump()
    values["population"] |= {
        "prevalence": (0.0, 0.0),
        "low_dose_share": (0.0, 0.0),
        "small_share": (0.0, 0.0),
        "personal_share": (0.0, 0.0),
        "followers": chosen.followers,
        "platform_weights": {
            name: (float(name == chosen.platform),) * 2 for name in priors.population.platform_weights
        },
    }
    values["observation"] |= _PLAIN_OBSERVATION | {
        "sampling_weights": {name: (float(name == "daily"),) * 2 for name in priors.observation.sampling_weights},
        "sample_weights": {name: (float(name == "all"),) * 2 for name in priors.observation.sample_weights},
        "reading_weights": {name: (float(name == "end"),) * 2 for name in priors.observation.reading_weights},
    }
    values["stories"]["genuine_share"] = (STORY_SHARE_FLOOR, priors.stories.genuine_share[1])
    values["engagement"] |= {"whole_history_small": (0.0, 0.0), "whole_history_large": (0.0, 0.0)}
    for section, overrides in chosen.overrides.items():
        values[section] |= overrides
    return Priors.model_validate(values)


# --- what is measured --------------------------------------------------------------------------------------------


def measure(tables: Tables, design: str) -> pl.DataFrame:
    """Every quantity of a design, measured on one cohort simulated by it.

    Args:
        tables: one cohort's tables in the contract's shape.
        design: key of `DESIGNS`; decides which quantities are measured.

    Returns:
        Rows of `design`, `measure`, `followers` (of the account) and `value`; a value that an account has too little
        data for is left out.
    """
    parts = (
        [_growth(tables)] if design.startswith("twitch") else [_engagement(tables, design), _comments(tables, design)]
    )
    wanted = {quantity.measure for quantity in QUANTITIES if quantity.design == design}
    return (
        pl.concat(parts)
        .filter(pl.col("measure").is_in(wanted) & pl.col("value").is_finite())
        .select(pl.lit(design).alias("design"), "measure", "followers", "value")
    )


def _long(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per account and figure, from one column per figure beside `account_id` and `followers`."""
    figures = pl.exclude("account_id", "followers").cast(pl.Float64)
    return (
        frame.with_columns(figures)
        .unpivot(index=["account_id", "followers"], variable_name="measure")
        .drop_nulls("value")
        .sort("measure", "account_id")
        .select("measure", "followers", "value")
    )


def _sizes(tables: Tables) -> pl.DataFrame:
    return tables.accounts.select("account_id", followers="follower_count")


def _growth(tables: Tables) -> pl.DataFrame:
    """Figures of the last daily changes of every curve that has all of them."""
    account, growth, step = "account_id", pl.col("growth"), pl.col("step")
    changes = (
        tables.followers_daily.sort(account, "date")
        .with_columns(step=pl.col("follower_count").diff().over(account))
        .with_columns(growth=pl.col("follower_count").log().diff().over(account))
        .drop_nulls("step")
        .group_by(account, maintain_order=True)
        .tail(CURVE_DAYS)
        .with_columns(centred=growth - growth.median().over(account))
        .with_columns(before=growth.shift().over(account))
    )
    robust = MEDIAN_ABSOLUTE * pl.col("centred").abs().median()
    scale = pl.when(robust > 0).then(robust).otherwise(MEAN_ABSOLUTE * pl.col("centred").abs().mean())
    gain, mean = step.clip(lower_bound=0), growth.mean()
    figures = changes.group_by(account, maintain_order=True).agg(
        rows=pl.len(),
        growth_median=growth.median() * 1e4,
        growth_spread=growth.std(ddof=0) * 1e4,
        no_change_share=(step == 0).mean(),
        loss_share=(step < 0).mean(),
        best_day_share=gain.max() / gain.sum(),
        largest_z=pl.col("centred").max() / scale,
        kurtosis=growth.kurtosis(),
        net_growth=growth.sum(),
        growth_memory=((growth - mean) * (pl.col("before") - mean)).sum() / ((growth - mean) ** 2).sum(),
        large_jump=(growth.max() > LARGE_JUMP),
    )
    return _long(figures.filter(pl.col("rows") == CURVE_DAYS).drop("rows").join(_sizes(tables), on=account))


def _settled_posts(tables: Tables, design: str) -> pl.DataFrame:
    """Posts that have gathered their likes, newest first per account, with `place` counted from 1."""
    ends = tables.accounts.select("account_id", "observed_at", followers="follower_count")
    age = (pl.col("observed_at") - pl.col("posted_at")).dt.total_minutes() / 60.0
    return (
        tables.posts.drop("observed_at")
        .join(ends, on="account_id")
        .filter((age > DESIGNS[design].settled_hours) & pl.col("like_count").is_not_null())
        .sort("account_id", "posted_at", descending=[False, True])
        .with_columns(place=pl.int_range(1, pl.len() + 1).over("account_id"))
    )


def _seen_posts(tables: Tables, design: str) -> pl.DataFrame:
    """The newest posts, as few per account as in the real sample."""
    accounts = tables.accounts.select("account_id").sort("account_id").with_row_index("turn")
    seen = pl.Series("seen", POSTS_SEEN).gather(accounts["turn"] % len(POSTS_SEEN))
    return (
        _settled_posts(tables, design)
        .join(accounts.with_columns(seen), on="account_id")
        .filter(pl.col("place") <= pl.col("seen"))
    )


def _engagement(tables: Tables, design: str) -> pl.DataFrame:
    account = "account_id"
    likes, comments = pl.col("like_count"), pl.col("comment_count")
    log_likes, log_comments = (likes + 1).log(), (comments + 1).log()
    rates = (
        _seen_posts(tables, design)
        .group_by(account, maintain_order=True)
        .agg(
            likes_per_follower=likes.mean() / pl.col("followers").first(),
            comments_per_100_likes=pl.when(likes.sum() > 0).then(100.0 * comments.sum() / likes.sum()),
            sponsored_share=pl.col("is_sponsored").mean(),
        )
        .join(_sizes(tables), on=account)
    )
    settled = _settled_posts(tables, design)
    few = settled.filter(pl.col("place") <= FEW_POSTS).group_by(account).agg(rows=pl.len(), few_spread=log_likes.std())
    consecutive = (
        settled.filter(pl.col("place") <= CONSECUTIVE_POSTS)
        .group_by(account, maintain_order=True)
        .agg(
            rows=pl.len(),
            likes_spread=log_likes.std(),
            largest_over_median=likes.max() / likes.median(),
            likes_memory=pl.corr(log_likes, log_likes.shift()),
            comments_dispersion=comments.mean() ** 2 / (comments.var() - comments.mean()).clip(lower_bound=1e-9),
            likes_comments_correlation=pl.corr(log_likes, log_comments),
        )
        .filter(pl.col("rows") == CONSECUTIVE_POSTS)
    )
    profile = (
        tables.accounts.select(
            account, followers="follower_count", influencer_followers="follower_count", following="following_count"
        )
        .join(_pace(tables), on=account, how="left")
        .join(_monthly_growth(tables), on=account, how="left")
    )
    parts = [
        _long(rates),
        _long(few.filter(pl.col("rows") == FEW_POSTS).drop("rows").join(_sizes(tables), on=account)),
        _long(consecutive.drop("rows").join(_sizes(tables), on=account)),
        _long(profile),
        _size_law(rates),
    ]
    return pl.concat(parts)


def _pace(tables: Tables) -> pl.DataFrame:
    """Posts a week over the newest posts."""
    posted = pl.col("posted_at")
    weeks = (posted.max() - posted.min()).dt.total_minutes() / (7 * 24 * 60)
    newest = (
        tables.posts.sort("account_id", "posted_at").group_by("account_id", maintain_order=True).tail(CONSECUTIVE_POSTS)
    )
    return newest.group_by("account_id").agg(
        posts_per_week=pl.when((pl.len() == CONSECUTIVE_POSTS) & (weeks > 0)).then((pl.len() - 1) / weeks)
    )


def _monthly_growth(tables: Tables) -> pl.DataFrame:
    count, day = pl.col("follower_count"), pl.col("date")
    months = (day.max() - day.min()).dt.total_days() / DAYS_PER_MONTH
    ordered = tables.followers_daily.sort("account_id", "date")
    return ordered.group_by("account_id").agg(monthly_growth=(count.last() / count.first() - 1.0) / months)


def _size_law(rates: pl.DataFrame) -> pl.DataFrame:
    """Slope of ln(likes per follower) on the decades of followers, and the spread around it: one value a cohort."""
    logs = rates.filter(pl.col("likes_per_follower") > 0).select(
        rate=pl.col("likes_per_follower").log(), decades=pl.col("followers").log10()
    )
    slope = pl.cov("rate", "decades") / pl.col("decades").var()
    residual = (pl.col("rate").var() - slope**2 * pl.col("decades").var()).sqrt()
    # The law is the cohort's and no account's: its row carries a size that every filter lets through.
    return logs.select(
        size_slope=slope, size_residual=residual, account_id=pl.lit(""), followers=pl.lit(COHORT_SIZE, pl.Int64)
    ).pipe(_long)


COHORT_SIZE = -1
"""What stands for the followers where a value belongs to the whole cohort."""


def _comments(tables: Tables, design: str) -> pl.DataFrame:
    """Figures of the comments under the posts seen: per account with enough of them, and per comment."""
    account, text = "account_id", pl.col("text")
    tokens = text.str.split(" ")
    has_word = r"[\p{L}\p{N}]"
    posts = _seen_posts(tables, design).select(account, "post_id", "posted_at", "followers")
    creators = tables.accounts[account].implode()
    rows = (
        tables.comments.join(posts, on=[account, "post_id"])
        .with_columns(
            is_owner=pl.col("commenter_id") == pl.col(account),
            is_creator=pl.col("commenter_id").is_in(creators),
            words=tokens.list.eval(pl.element().str.contains(has_word)).list.sum().cast(pl.Float64),
            is_emoji=~text.str.contains(has_word),
            is_mention=text.str.contains(r"^\s*(@[\w.]+\s*)+$"),
            lag_hours=(pl.col("commented_at") - pl.col("posted_at")).dt.total_seconds() / 3600.0,
        )
        .sort(account, "comment_id")
    )
    guests = rows.filter(~pl.col("is_owner"))
    phrases = text.filter(pl.col("words") >= FEW_WORDS)
    per_account = (
        guests.group_by(account, maintain_order=True)
        .agg(
            pl.col("followers").first(),
            count=pl.len(),
            emoji_only=pl.col("is_emoji").mean(),
            short=(pl.col("words") <= FEW_WORDS).mean(),
            distinct=pl.col("commenter_id").n_unique() / pl.len(),
            repeated=1.0 - phrases.n_unique() / phrases.len(),
            creators=pl.col("is_creator").mean(),
        )
        .filter(pl.col("count") >= FEWEST_COMMENTS)
        .drop("count")
    )
    owner = (
        rows.group_by(account, maintain_order=True)
        .agg(pl.col("followers").first(), count=pl.len(), owner_replies=pl.col("is_owner").mean())
        .filter(pl.col("count") >= FEWEST_COMMENTS)
        .drop("count")
    )
    single = guests.select(
        account,
        "followers",
        "lag_hours",
        "words",
        first_hour=pl.col("lag_hours") < 1.0,
        two_words=pl.col("words") <= FEW_WORDS,
        three_words=pl.col("words") <= FEW_WORDS + 1,
        emoji_comment="is_emoji",
        mention_comment="is_mention",
        mentions=text.str.contains("@"),
        links=text.str.contains("http"),
        other_script=text.str.contains(r"[\p{L}--\p{Latin}]"),
    )
    return pl.concat([_long(per_account), _long(owner), _long(single)])


# --- what is real ------------------------------------------------------------------------------------------------

_EVERY_SIZE = (0, 10**9)
_TIERS = {
    "1-10k": (1_000, 9_999),
    "10-50k": (10_000, 49_999),
    "10-100k": (10_000, 99_999),
    "50-100k": (50_000, 99_999),
    "100-500k": (100_000, 499_999),
    "from 100k": (100_000, 10**9),
    "over 500k": (500_000, 10**9),
}
"""Followers of the accounts that a row of FACTS is about."""

_MEAN: tuple[float | None, ...] = (None,)


def _row(
    group: str,
    design: str,
    measured: str,
    unit: str,
    values: Sequence[float],
    resolution: float,
    *,
    tier: str | None = None,
    levels: Sequence[float | None] = LEVELS,
    row: str,
) -> Quantity:
    lowest, highest = _EVERY_SIZE if tier is None else _TIERS[tier]
    return Quantity(
        name=measured if tier is None else f"{measured}, {tier}",
        measure=measured,
        unit=unit,
        group=group,
        design=design,
        real=tuple(zip(levels, values, strict=True)),
        resolution=resolution,
        lowest_followers=lowest,
        highest_followers=highest,
        source=f"FACTS {row}",
    )


def _growth_rows() -> tuple[Quantity, ...]:
    table, surprise, notes = "Growth, daily", "What surprises 1", "Growth, notes"
    basis, share, ratio = "log growth a day x 10,000", "share, 0 to 1", "ratio"
    larger = "10-50k"
    return (
        _row("growth", "twitch", "largest_z", "robust z-score", (2.4, 4.1, 7.1, 12.9, 30.1), 0.1, row=surprise),
        _row("growth", "twitch", "kurtosis", "excess kurtosis", (0.3, 1.8, 4.7, 10.8, 30.6), 0.1, row=surprise),
        _row("growth", "twitch", "growth_median", basis, (0, 0, 0, 1.3, 8.9), 0.1, row=table),
        _row("growth", "twitch", "growth_median", basis, (0, 0, 0, 0, 8.5), 0.1, tier="1-10k", row=table),
        _row("growth", "twitch_larger", "growth_median", basis, (-0.6, 0, 0.8, 3.5, 13), 0.1, tier=larger, row=table),
        _row("growth", "twitch", "growth_spread", basis, (1.4, 3, 5.9, 11, 32), 0.1, row=table),
        _row("growth", "twitch", "growth_spread", basis, (1.8, 3.4, 6.2, 11, 35), 0.1, tier="1-10k", row=table),
        _row("growth", "twitch_larger", "growth_spread", basis, (0.7, 2, 4.1, 12, 30), 0.1, tier=larger, row=table),
        _row("growth", "twitch", "no_change_share", share, (0.04, 0.25, 0.46, 0.68, 0.85), 0.01, row=table),
        _row(
            "growth", "twitch", "no_change_share", share, (0.11, 0.34, 0.52, 0.7, 0.85), 0.01, tier="1-10k", row=table
        ),
        _row(
            "growth",
            "twitch_larger",
            "no_change_share",
            share,
            (0, 0.04, 0.11, 0.2, 0.39),
            0.01,
            tier=larger,
            row=table,
        ),
        _row("growth", "twitch", "loss_share", share, (0.03, 0.11, 0.15, 0.23, 0.41), 0.01, row=table),
        _row("growth", "twitch", "loss_share", share, (0.04, 0.11, 0.15, 0.21, 0.32), 0.01, tier="1-10k", row=table),
        _row("growth", "twitch_larger", "loss_share", share, (0, 0.08, 0.23, 0.39, 0.66), 0.01, tier=larger, row=table),
        _row("growth", "twitch", "best_day_share", share, (0.06, 0.11, 0.17, 0.27, 0.59), 0.01, row=table),
        _row(
            "growth", "twitch", "best_day_share", share, (0.07, 0.11, 0.18, 0.29, 0.67), 0.01, tier="1-10k", row=table
        ),
        _row(
            "growth",
            "twitch_larger",
            "best_day_share",
            share,
            (0.05, 0.08, 0.13, 0.17, 0.45),
            0.01,
            tier=larger,
            row=table,
        ),
        _row(
            "growth",
            "twitch",
            "net_growth",
            "log growth in 71 days",
            (-0.008, -0.002, 0.012, 0.038, 0.134),
            0.001,
            row=table,
        ),
        _row("growth", "twitch", "growth_memory", "correlation", (-0.18, -0.07, 0.02, 0.12, 0.4), 0.01, row=table),
        _row("growth", "twitch", "large_jump", share, (10 / 779,), 0.001, levels=_MEAN, row=notes),
        # Vendors give bands of an average account: a value in the middle, known up to half the band.
        _row("growth", "instagram", "monthly_growth", ratio, (0.035,), 0.03, tier="1-10k", levels=_MEAN, row=notes),
        _row("growth", "instagram", "monthly_growth", ratio, (0.02,), 0.02, tier="10-100k", levels=_MEAN, row=notes),
        _row(
            "growth",
            "instagram_large",
            "monthly_growth",
            ratio,
            (0.01,),
            0.01,
            tier="from 100k",
            levels=_MEAN,
            row=notes,
        ),
    )


_RATES = (
    ("instagram", "1-10k", (0.0058, 0.019, 0.038, 0.069, 0.153), (0, 1.8, 4.2, 8.8, 21.9)),
    ("instagram", "10-50k", (0.0049, 0.016, 0.030, 0.052, 0.110), (0.2, 1.35, 3.0, 6.0, 15.5)),
    ("instagram_large", "50-100k", (0.0042, 0.014, 0.025, 0.044, 0.098), (0.3, 1.0, 1.9, 3.7, 8.8)),
    ("instagram_large", "100-500k", (0.0042, 0.013, 0.025, 0.042, 0.091), (0.26, 0.67, 1.24, 2.3, 5.6)),
    ("instagram_large", "over 500k", (0.0024, 0.010, 0.022, 0.044, 0.098), (0.2, 0.44, 0.72, 1.2, 3.2)),
)
"""Design, tier, likes per follower and comments per 100 likes; FACTS Engagement."""


def _engagement_rows() -> tuple[Quantity, ...]:
    table, large, logs = "Engagement", "from 100k", "sd of ln likes"
    rates = [
        quantity
        for design, tier, likes, comments in _RATES
        for quantity in (
            _row("engagement", design, "likes_per_follower", "ratio", likes, 0.0005, tier=tier, row=table),
            _row("engagement", design, "comments_per_100_likes", "comments", comments, 0.05, tier=tier, row=table),
        )
    ]

    def of_large(measured: str, unit: str, pairs: dict[float | None, float], resolution: float) -> Quantity:
        values, levels = tuple(pairs.values()), tuple(pairs)
        return _row(
            "engagement", "instagram_large", measured, unit, values, resolution, tier=large, levels=levels, row=table
        )

    def of_all(measured: str, unit: str, pairs: dict[float | None, float], resolution: float) -> Quantity:
        values, levels = tuple(pairs.values()), tuple(pairs)
        return _row("engagement", "instagram", measured, unit, values, resolution, levels=levels, row=table)

    def at_levels(*values: float) -> dict[float | None, float]:
        return dict(zip(LEVELS, values, strict=True))

    return (
        *rates,
        of_all("size_slope", "ln rate per tenfold followers", {None: -0.26}, 0.01),
        of_all("size_residual", "sd of ln rate", {None: 0.95}, 0.01),
        of_large("size_residual", "sd of ln rate", {None: 0.83}, 0.01),
        of_large("likes_spread", logs, at_levels(0.15, 0.25, 0.34, 0.46, 0.79), 0.01),
        of_all("few_spread", logs, {0.25: 0.22, 0.5: 0.37}, 0.01),
        of_large("likes_memory", "correlation", {0.5: 0.0}, 0.1),
        of_large("largest_over_median", "ratio", {0.5: 1.65, 0.95: 3.4}, 0.05),
        of_large("comments_dispersion", "negative binomial size", {0.1: 0.31, 0.5: 0.9, 0.9: 2.7}, 0.05),
        of_large("likes_comments_correlation", "correlation", {0.05: -0.07, 0.5: 0.34}, 0.01),
        of_large("posts_per_week", "posts", at_levels(1, 3.4, 6.3, 11.9, 30), 0.1),
        of_all("sponsored_share", "share, 0 to 1", {None: 0.05}, 0.01),
        of_all("influencer_followers", "followers", at_levels(1300, 5000, 16_000, 54_000, 417_000), 100.0),
        of_all("following", "accounts", at_levels(176, 557, 974, 1828, 5316), 1.0),
    )


def _comment_rows() -> tuple[Quantity, ...]:
    share = "share, 0 to 1"

    def per_account(measured: str, *values: float) -> Quantity:
        return _row("comments", "instagram", measured, share, values, 0.01, row="Comments, accounts")

    def per_comment(
        measured: str, value: float, resolution: float, design: str = "instagram", tier: str | None = None
    ) -> Quantity:
        return _row(
            "comments", design, measured, share, (value,), resolution, tier=tier, levels=_MEAN, row="Comments, all"
        )

    return (
        per_account("emoji_only", 0, 0.05, 0.11, 0.19, 0.32),
        per_account("short", 0.11, 0.28, 0.42, 0.57, 0.73),
        per_account("distinct", 0.76, 0.9, 0.94, 0.98, 1),
        per_account("repeated", 0, 0, 0, 0.03, 0.07),
        per_account("creators", 0, 0, 0.03, 0.08, 0.21),
        per_account("owner_replies", 0, 0, 0, 0.05, 0.33),
        _row(
            "comments", "instagram_late", "lag_hours", "hours", (0.18, 2.6, 15, 57, 48 * 24), 0.01, row="Comments, lag"
        ),
        _row("comments", "instagram", "words", "words", (0, 1, 3, 6), 1.0, levels=LEVELS[:4], row="Comments, all"),
        per_comment("first_hour", 0.15, 0.01, "instagram_late"),
        per_comment("two_words", 0.42, 0.01),
        per_comment("three_words", 0.53, 0.01),
        per_comment("emoji_comment", 0.12, 0.01, tier="1-10k"),
        per_comment("emoji_comment", 0.18, 0.01, design="instagram_large", tier="over 500k"),
        per_comment("mention_comment", 0.013, 0.001, tier="1-10k"),
        per_comment("mention_comment", 0.059, 0.001, design="instagram_large", tier="over 500k"),
        per_comment("mentions", 0.10, 0.01),
        per_comment("links", 0.001, 0.001),
        per_comment("other_script", 0.02, 0.01),
    )


QUANTITIES: tuple[Quantity, ...] = (*_growth_rows(), *_engagement_rows(), *_comment_rows())
"""Every quantity of FACTS that a cohort has too, as quantiles or as a single number."""


# --- the table ---------------------------------------------------------------------------------------------------


def realism_table(cohorts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Each real value beside the same value of every simulated cohort.

    Args:
        cohorts: results of `measure`, one per cohort and design.

    Returns:
        One row per quantity and level: `group`, `quantity`, `unit`, `design`, `level` (null: the mean), `real`,
        `low`, `median` and `high` (10, 50 and 90 % over the cohorts), `cohorts` with a value, `inside` (the real value
        within low to high, up to half its rounding) and `deviation`: (real - median) over half the band's width, so
        that the band ends near -1 and 1; null where the band has no width. `inside` is null without cohorts.
    """
    rows = [row for quantity in QUANTITIES for row in _table_rows(quantity, cohorts)]
    return pl.DataFrame(rows, schema=_TABLE_SCHEMA, orient="row")


_TABLE_SCHEMA = {
    "group": pl.String,
    "quantity": pl.String,
    "unit": pl.String,
    "design": pl.String,
    "level": pl.Float64,
    "real": pl.Float64,
    "low": pl.Float64,
    "median": pl.Float64,
    "high": pl.Float64,
    "cohorts": pl.Int64,
    "inside": pl.Boolean,
    "deviation": pl.Float64,
    "source": pl.String,
}


def _table_rows(quantity: Quantity, cohorts: Sequence[pl.DataFrame]) -> list[tuple[Any, ...]]:
    followers = pl.col("followers")
    chosen = (pl.col("design") == quantity.design) & (pl.col("measure") == quantity.measure)
    of_size = followers.is_between(quantity.lowest_followers, quantity.highest_followers) | (followers == COHORT_SIZE)
    samples = [cohort.filter(chosen & of_size)["value"] for cohort in cohorts]
    samples = [sample for sample in samples if len(sample)]
    return [_table_row(quantity, level, real, samples) for level, real in quantity.real]


def _table_row(quantity: Quantity, level: float | None, real: float, samples: list[pl.Series]) -> tuple[Any, ...]:
    values = pl.Series(
        [sample.mean() if level is None else sample.quantile(level, "linear") for sample in samples], dtype=pl.Float64
    )
    low, median, high = (values.quantile(each, "linear") for each in (BAND[0], 0.5, BAND[1]))
    inside, deviation = None, None
    if low is not None and median is not None and high is not None:
        slack = quantity.resolution / 2.0
        inside = low - slack <= real <= high + slack
        deviation = (real - median) / ((high - low) / 2.0) if high > low else None
    about = (quantity.group, quantity.name, quantity.unit, quantity.design)
    return (*about, level, real, low, median, high, len(values), inside, deviation, quantity.source)


def share_inside(table: pl.DataFrame) -> float | None:
    """Share of the table's real values that lie inside their band, 0 to 1; null for a table without cohorts."""
    share = table["inside"].drop_nulls().mean()
    return None if share is None else float(share)  # type: ignore[arg-type]
