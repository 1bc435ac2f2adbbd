"""Network features: what only shows across the accounts of a folder, and so depends on who else is in it.

They are `scope="batch"`: no classifier sees them, no probability moves with them, and an account's score is the same
alone and in any batch. They stand beside the scores as observations, judged against the folder itself
(`standing_out`). Sharing commenters is normal between creators of one niche, so only much of it is noted, and never on
the word of a single commenter: shares count people, not comments, but for one that informs only.

The frames are in `features.network_frames`. Simulated commenters are drawn per account: on a simulated cohort these
values say nothing, and no figure of theirs is given.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import polars as pl

from features.definition import Citation, Feature, FrameBuilder, feature
from features.network_frames import commenters, drops
from features.network_survey import FEWEST_COMMENTERS, LOCKSTEP_MINUTES
from features.wording import counted

SHARED_BY_MOST = 0.5
"""Share of the observed accounts that must fall together for a purge: everybody's loss says nothing about one."""

NOTED_DOSE = 0.1
"""What a note must exceed at the least, and what is added before values are compared: a tenth is the smallest dose
that carries a label, and below it a doubling is a matter of one or two people."""

NOTED_PAIRS = NOTED_DOSE**2
"""The same for a value per pair of commenters: a tenth of the people are a hundredth of the pairs."""

NOTED_FACTOR = 2.0
"""Times the batch's median (both with the dose added) that a note must reach; assumed."""

NOTED_DEVIATIONS = 3.0
"""Robust deviations, of the logarithm, above the batch's median that a note must reach; one in 740 of a log-normal."""

DEVIATION_PER_MAD = 1.4826
"""Standard deviation of a normal with a median absolute deviation of one."""

FEWEST_JUDGED = 100
"""Known values below which a batch is no yardstick; assumed."""

FEATURES: dict[str, Feature] = {}
"""The group's features by name, in catalogue order."""

FRAMES: dict[str, FrameBuilder] = {"commenters": commenters, "drops": drops}
"""The group's frames by name; each is built once for all of its features."""


def _seen(column: str, words: str, noun: str) -> pl.Expr:
    """The words, with the column's number and its noun in them, where it is above zero; else nothing."""
    return pl.when(pl.col(column) > 0).then(pl.format(words, counted(column, noun))).otherwise(pl.lit(""))


def _commenter_text() -> pl.Expr:
    creator = (
        pl.when("is_mutual")
        .then(pl.lit("; an account that this one comments under, too"))
        .when("is_creator")
        .then(pl.lit("; one of the observed accounts"))
        .otherwise(pl.lit(""))
    )
    return pl.concat_str(
        pl.format("its author comments under {}", counted("commenter_accounts", "observed account")),
        _seen("mates", f"; within {LOCKSTEP_MINUTES} minutes of it {{}} whom they meet so again and again", "other"),
        _seen("meetings", ", under up to {}", "account"),
        creator,
    )


def _drop_text() -> pl.Expr:
    return pl.format(
        "{}: lost {}% of followers; {}% of the observed accounts fell unusually on the same day",
        pl.col("date").cast(pl.String),
        (100 * pl.col("loss_share")).round(1),
        (100 * pl.col("fallen_share")).round(0).cast(pl.Int64),
    )


CITATIONS: dict[str, Citation] = {
    "commenters": Citation("comments", "comment_id", _commenter_text),
    "drops": Citation("followers_daily", "date", _drop_text),
}
"""How the rows of each frame are named to a person."""

network_feature = functools.partial(feature, FEATURES, group="network", scope="batch")
commenter_feature = functools.partial(network_feature, frame="commenters", min_rows=FEWEST_COMMENTERS)


@commenter_feature(
    signal="shared_commenters",
    unit="share of commenters, 0 to 1",
    formula="mean over commenters of (accounts they comment under > max(5, 2 x the platform's median over accounts of "
    "the 90th percentile of their commenters' accounts))",
    suspicious="high",
    reason="{value:.0%} of the people who comment here comment under unusually many of the observed accounts",
    source="FACTS, Rules: HypeAuditor, commenter seen in suspicious activity; Schemes: pods, bought comments",
    evidence=lambda: pl.when("is_wide").then("commenter_accounts"),
    low=0.0,
    high=1.0,
)
def network_wide_commenter_share() -> pl.Expr:
    """Share of the commenters who are seen on unusually many accounts.

    The push is the number of accounts, so that the widest commenters are shown first.
    """
    return pl.col("is_wide").mean()


@commenter_feature(
    signal="shared_commenters",
    unit="share of commenters, 0 to 1",
    formula="mean over commenters of (meets, within 10 minutes under a post of this account, somebody they so meet "
    "under 3 accounts and more, and more often than chance: Chernoff bound of a Poisson number below 1e-6)",
    suspicious="high",
    reason="{value:.0%} of the people who comment here do so within minutes of the same other people under account "
    "after account",
    source="Beutel et al. 2013 (CopyCatch): near-bicliques in time; FACTS, Rules: Tagger, the same commenters; "
    "Weerasinghe et al. 2020 (The Pod People)",
    evidence=lambda: pl.col("mates"),
    low=0.0,
    high=1.0,
)
def network_lockstep_commenter_share() -> pl.Expr:
    """Share of the commenters who arrive together with the same others under several accounts."""
    return (pl.col("mates") > 0).mean()


@commenter_feature(
    signal="shared_commenters",
    unit="share of commenters, 0 to 1",
    formula="mean over commenters of (is an observed account, and this account comments under it)",
    suspicious="high",
    reason="{value:.0%} of the people who comment here are observed accounts that this account comments under in turn",
    source="Weerasinghe et al. 2020 (The Pod People); FACTS, Schemes: pods of 15-50 members, 1,000+ on Telegram",
    evidence=lambda: pl.col("is_mutual").cast(pl.Float64),
    low=0.0,
    high=1.0,
)
def network_reciprocal_commenter_share() -> pl.Expr:
    """Share of the commenters with whom the account trades comments, among the observed accounts.

    A sample of the comments shows a part of the trade only: the value is then too low, never too high.
    """
    return pl.col("is_mutual").mean()


@commenter_feature(
    signal="shared_commenters",
    unit="other accounts per pair of commenters, popular ones counted less, 0 or more",
    formula="sum over other accounts b of s (s - 1) / ln(c) / (n (n - 1)), s commenters shared with b, c commenters "
    "of b, n commenters of this account",
    suspicious="high",
    reason="any two people who comment here meet under {value:.2f} other accounts on average, popular accounts counted "
    "less",
    source="Adamic and Adar 2003, averaged over the pairs of an account's commenters: density of the co-comment graph",
    evidence=lambda: pl.col("ties"),
    low=0.0,
)
def network_commenter_tie_ratio() -> pl.Expr:
    """How densely the account's commenters are tied to each other by commenting under the same other accounts."""
    return pl.col("ties").sum() / (pl.len() * (pl.len() - 1.0))


@commenter_feature(
    signal="shared_commenters",
    unit="share of comments, 0 to 1",
    formula="comments by observed accounts / comments of known author, the owner's own left out",
    suspicious="context",
    source="FACTS, Comments: comments by other listed creators 0 / 0 / .03 / .08 / .21, falling with size",
    evidence=lambda: pl.col("is_creator").cast(pl.Float64) * pl.col("commenter_comments"),
    low=0.0,
    high=1.0,
)
def network_creator_comment_share() -> pl.Expr:
    """Share of the comments that other observed accounts wrote."""
    comments = pl.col("commenter_comments")
    return comments.filter("is_creator").sum() / comments.sum()


@network_feature(
    frame="drops",
    signal="shared_losses",
    unit="share of drops, 0 to 1",
    formula="mean over the account's biggest drops (up to 3, of 0.5 % and more) of (more than half of the platform's "
    "observed accounts have one of theirs on the same day)",
    suspicious="context",
    source="FACTS, Growth: platform purges, for everybody at once; a benign explanation of a loss",
    evidence=lambda: pl.col("fallen_share") - SHARED_BY_MOST,
    low=0.0,
    high=1.0,
)
def network_shared_drop_share() -> pl.Expr:
    """Share of the account's biggest losses that fell on a day on which most others lost followers, too."""
    return (pl.col("fallen_share") > SHARED_BY_MOST).mean()


# --- judged against the batch -----------------------------------------------------------------------------------------


def standing_out(values: pl.DataFrame, accounts: pl.Series) -> pl.DataFrame:
    """Which of the accounts' values stand out on their suspicious side: `account_id`, `feature`, `value`, `text`.

    With y = ln(value + dose), a value stands out where y exceeds the median of y by three robust deviations and by
    ln 2, so that the value exceeds the dose at the least: 0.1, or 0.01 for `network_commenter_tie_ratio`, which is per
    pair. Median and deviation hold until half of the batch is bought; the dose keeps a batch without any such value
    from making the first one a finding, as a pure quantile or z-score would.

    Args:
        values: `account_id` and the group's features of all observed accounts, the yardstick.
        accounts: ids of those that are to be judged.

    Returns:
        Rows by account and in catalogue order; none for a feature with fewer than 100 known values.
    """
    judged = values.filter(pl.col("account_id").is_in(accounts.unique().implode()))
    found = [
        pl.DataFrame(schema={"account_id": pl.String, "feature": pl.String, "value": pl.Float64, "text": pl.String})
    ]
    for name, entry in FEATURES.items():
        dose = NOTED_PAIRS if name == network_commenter_tie_ratio.__name__ else NOTED_DOSE
        limit = _limit(values[name], dose) if entry.suspicious == "high" else None
        if limit is None:
            continue
        above = judged.select("account_id", feature=pl.lit(name), value=name).filter(pl.col("value") > limit)
        texts = pl.Series([entry.sentence(value, "high") for value in above["value"]], dtype=pl.String)
        found.append(above.with_columns(text=texts))
    return pl.concat(found).sort("account_id", maintain_order=True)


def _limit(values: pl.Series, dose: float) -> float | None:
    """The value above which one stands out; None where too few are known."""
    known = values.drop_nulls()
    if known.len() < FEWEST_JUDGED:
        return None
    sizes = np.log(known.to_numpy() + dose)
    middle = float(np.median(sizes))
    deviation = DEVIATION_PER_MAD * float(np.median(np.abs(sizes - middle)))
    return math.exp(middle + max(NOTED_DEVIATIONS * deviation, math.log(NOTED_FACTOR))) - dose
