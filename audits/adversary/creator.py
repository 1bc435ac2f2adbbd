"""What a creator, or the agent who bought for one, can do so that a purchase looks like nothing was bought.

Prices are assumed, but for the ratio of views to likes. Kolomeets and Chechulin's offers (FACTS "Schemes") give lots
and speeds, not what a purchase of this care costs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from audits.adversary.dice import generator, original, seed_of, uniform
from audits.adversary.moves import Change, Move, by_account, move, only_made
from features.sufficiency import READINGS_NEEDED
from features.tables import Tables
from simulation.lexicon import LEXICONS
from simulation.text import Dice, Voice, account_emoji, account_topics, comment

Floats = npt.NDArray[np.float64]

CREATOR_MOVES: dict[str, Move] = {}
"""Every move by name, in the order in which they are made."""

LIKE_PRICE = 0.004
"""Dollars a like; assumed."""
VIEWS_PER_LIKE_PRICE = 7.0
"""Views cost a seventh of likes; FACTS "Schemes"."""
FOLLOWER_PRICE = 0.02
"""Dollars a follower that stays; assumed."""
WRITTEN_COMMENT_PRICE = 0.25
"""Dollars a comment that somebody writes for this post from an account of its own; assumed."""

MOST_COMMENTS = 400
"""Written comments at most; assumed: folders hold up to 300 comments of an account."""
MOST_COUNTS = 1_000_000.0
"""Likes, views or followers at most; assumed, beyond the largest budget tried."""

PURCHASE_DEVIATIONS = 3.0
"""Robust standard deviations above its median beyond which a day's growth is taken for the purchase; assumed."""
MAD_TO_SD = 1.4826
"""Median absolute deviation to standard deviation of a normal distribution."""
SHOWN_DIGITS = 3
"""Digits that YouTube shows of a subscriber count (FACTS, Growth)."""
FEWEST_READINGS = 8
"""Curves with fewer are left as they are: nobody can tell their purchase from their growth. Assumed."""
FEWEST_POSTS = 3
"""Posts that deleting leaves at least: a verdict takes three (data contract)."""

LAG_HOURS = (0.27, 2.9, 15.0, 50.0, 950.0)
"""Hours of a comment after its post at 5 / 25 / 50 / 75 / 95 %; FACTS "Comments"."""
LAG_LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)

REPLY_HOURS = 6.0
"""Mean hours until the owner replies; assumed."""
TOPICS = 12
"""Things that an account is about; assumed."""
HONEST_VOICE: dict[str, Any] = {
    "emoji_only": 0.05,
    "mention_only": 0.0,
    "short": 0.15,
    "question": 0.2,
    "mention": 0.0,
    "link": 0.0,
    "relevance": 0.8,
    "emoji_tail": 0.3,
    "stretched": 0.03,
    "typo": 0.03,
    "second_sentence": 0.4,
    "lowercase": 0.7,
    "taste": 1.2,
}
"""Rates of written comments: what somebody would ask for who wants them to look genuine; assumed."""


# --- the curve --------------------------------------------------------------------------------------------------------


Redrawn = Callable[[Floats, Floats, float, np.random.Generator], Floats]
"""From days between readings, changes, an amount and a generator to the changes as they would have been."""


def _redrawn(tables: Tables, amounts: pl.DataFrame, seed: int, purpose: str, redraw: Redrawn) -> Tables:
    """The curves of those who make a move, with other changes between the same readings.

    Rounding to three digits is kept where the curve had it. The profile's count follows the last reading.
    """
    wanted = dict(amounts.iter_rows())
    counts, last = [], {}
    for account, rows in by_account(tables.followers_daily):
        was = rows["follower_count"].cast(pl.Float64).to_numpy()
        if account not in wanted or len(was) < FEWEST_READINGS:
            counts.append(rows["follower_count"])
            continue
        days = np.diff(rows["date"].to_physical().to_numpy()).astype(np.float64)
        changes = redraw(days, np.diff(was), wanted[account], generator(account, purpose, seed))
        now = np.maximum(np.rint(was[0] + np.concatenate(([0.0], np.cumsum(changes)))), 0.0)
        if np.array_equal(was, _shown(was)):
            now = _shown(now)
        counts.append(pl.Series("follower_count", now).cast(pl.Int64))
        last[account] = int(now[-1] - was[-1])
    curves = tables.followers_daily.with_columns(follower_count=pl.concat(counts)) if counts else tables.followers_daily
    return replace(tables, followers_daily=curves, accounts=_more_followers(tables.accounts, last))


def _more_followers(accounts: pl.DataFrame, gained: dict[str, int]) -> pl.DataFrame:
    """The profiles with so many followers more or fewer."""
    change = pl.col("account_id").replace_strict(gained, default=0, return_dtype=pl.Int64)
    names = [name for name in ("follower_count", "follower_count_given") if name in accounts.columns]
    return accounts.with_columns((pl.col(name) + change).clip(lower_bound=0) for name in names)


def _shown(counts: Floats) -> Floats:
    """Counts cut to three digits."""
    step = 10.0 ** np.maximum(np.floor(np.log10(np.maximum(counts, 1.0))) + 1 - SHOWN_DIGITS, 0.0)
    shown: Floats = np.floor(counts / step) * step
    return shown


def _usual(days: Floats, changes: Floats) -> tuple[Floats, Floats]:
    """The least and the most that an interval changes without standing out from the account's own."""
    pace = changes / days
    middle = float(np.median(pace))
    spread = PURCHASE_DEVIATIONS * MAD_TO_SD * float(np.median(np.abs(pace - middle)))
    # Half of real days have no change at all: one follower a day is then the least that can be told apart.
    spread = max(spread, 1.0)
    return np.floor((middle - spread) * days), np.ceil((middle + spread) * days)


@move(
    CREATOR_MOVES,
    "spread the purchase over more days",
    actor="creator",
    kind="plan",
    unit="days",
    doses=(7.0, 30.0, 90.0),
    burden="days of waiting",
)
def spread_purchase(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:
    """What came above the usual pace comes unevenly over so many days around the day on which it came."""

    def redraw(days: Floats, changes: Floats, width: float, rng: np.random.Generator) -> Floats:
        _, most = _usual(days, changes)
        excess = np.maximum(changes - most, 0.0)
        middle = np.cumsum(days) - days / 2.0
        pace = days * rng.gamma(2.0, 0.5, len(days))
        spread = changes - excess
        for each in np.flatnonzero(excess):
            near = np.where(np.abs(middle - middle[each]) <= max(width, days[each]) / 2.0, pace, 0.0)
            spread = spread + excess[each] * near / near.sum()
        return spread

    return _redrawn(tables, amounts, seed, "spread", redraw)


@move(
    CREATOR_MOVES,
    "buy in steps that follow the account's own good days",
    actor="creator",
    kind="plan",
    unit="share of the purchase",
    doses=(0.5, 1.0),
    burden="months of waiting",
)
def follow_own_rhythm(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:
    """So much of what came above the usual pace comes in proportion to the account's own gains, day by day."""

    def redraw(days: Floats, changes: Floats, share: float, rng: np.random.Generator) -> Floats:
        _, most = _usual(days, changes)
        excess = np.maximum(changes - most, 0.0)
        kept = changes - share * excess
        own = (np.maximum(kept - (1.0 - share) * excess, 0.0) + days / days.sum()) * rng.lognormal(0.0, 0.3, len(days))
        rhythm: Floats = kept + share * excess.sum() * own / own.sum()
        return rhythm

    return _redrawn(tables, amounts, seed, "rhythm", redraw)


@move(
    CREATOR_MOVES,
    "top up followers that drop",
    actor="creator",
    kind="public",
    unit="followers",
    price=FOLLOWER_PRICE,
    source="assumed",
    doses=(MOST_COUNTS,),
    burden="an order for every sweep",
)
def top_up_followers(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:
    """Losses beyond the usual are filled on the same day, the same share of each, as far as the followers go."""

    def redraw(days: Floats, changes: Floats, bought: float, rng: np.random.Generator) -> Floats:  # noqa: ARG001
        least, _ = _usual(days, changes)
        lost = np.maximum(least - changes, 0.0)
        filled: Floats = changes + lost * min(1.0, bought / max(float(lost.sum()), 1.0))
        return filled

    return _redrawn(tables, amounts, seed, "top up", redraw)


@move(
    CREATOR_MOVES,
    "wait",
    actor="creator",
    kind="plan",
    unit="days",
    doses=(30.0, 90.0),
    burden="days of waiting",
)
def wait(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:
    """So many quiet days more at the end of the curve, drawn from the account's own usual ones; nothing is posted."""
    wanted = dict(amounts.iter_rows())
    later, gained, until = [], {}, {}
    for account, rows in by_account(tables.followers_daily):
        if account not in wanted or rows.height < FEWEST_READINGS:
            continue
        counts = rows["follower_count"].cast(pl.Float64).to_numpy()
        days = np.diff(rows["date"].to_physical().to_numpy()).astype(np.float64)
        least, most = _usual(days, np.diff(counts))
        quiet = np.clip(np.diff(counts), least, most) / days
        step = max(round(float(np.median(days))), 1)
        more = max(round(wanted[account] / step), 1)
        drawn = generator(account, "wait", seed).choice(quiet, more) * step
        now = np.maximum(np.rint(counts[-1] + np.cumsum(drawn)), 0.0)
        now = _shown(now) if np.array_equal(counts, _shown(counts)) else now
        last = rows[-1]
        later.append(
            pl.concat([last] * more).with_columns(
                date=pl.Series([last["date"][0] + timedelta(days=step * (index + 1)) for index in range(more)]),
                follower_count=pl.Series(now).cast(pl.Int64),
            )
        )
        gained[account], until[account] = int(now[-1] - counts[-1]), step * more
    if not later:
        return tables
    shift = pl.col("account_id").replace_strict(until, default=0, return_dtype=pl.Int64)
    accounts = _more_followers(tables.accounts, gained)
    return replace(
        tables,
        accounts=accounts.with_columns(observed_at=pl.col("observed_at") + pl.duration(days=shift)),
        followers_daily=pl.concat([tables.followers_daily, *later]).sort("account_id", "date"),
    )


@move(
    CREATOR_MOVES,
    "unfollow slowly",
    actor="creator",
    kind="plan",
    unit="days",
    doses=(14.0, 60.0),
    burden="days of waiting",
)
def unfollow_slowly(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:  # noqa: ARG001
    """The following count of each reading is the mean over so many days around it; the last one stays."""
    curves = only_made(tables.followers_daily, amounts)
    smooth = []
    for _, rows in by_account(curves):
        width = rows["amount"][0]
        if width is None or rows["following_count"].null_count() == rows.height:
            smooth.append(rows["following_count"])
            continue
        days = rows["date"].to_physical().cast(pl.Float64).to_numpy()
        counts = rows["following_count"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        first = np.searchsorted(days, days - width / 2.0)
        ends = np.searchsorted(days, days + width / 2.0, side="right")
        means = [_mean(counts[start:end]) for start, end in zip(first, ends, strict=True)]
        means[-1] = counts[-1]
        now = pl.Series("following_count", means).fill_nan(None).round().cast(pl.Int64)
        smooth.append(pl.select(pl.when(rows["following_count"].is_not_null()).then(now)).to_series())
    if not smooth:
        return tables
    return replace(
        tables, followers_daily=tables.followers_daily.with_columns(following_count=pl.concat(smooth, rechunk=True))
    )


def _mean(counts: Floats) -> float:
    """The mean of the counts that are known; NaN without any."""
    known = counts[~np.isnan(counts)]
    return float(known.mean()) if known.size else float("nan")


# --- posts ------------------------------------------------------------------------------------------------------------


@move(
    CREATOR_MOVES,
    "delete posts with odd engagement",
    actor="creator",
    kind="undo",
    unit="share of posts",
    doses=(0.1, 0.25, 0.5),
    burden="posts deleted, with what they drew",
)
def delete_odd_posts(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:  # noqa: ARG001
    """The posts whose likes, comments and views, and their ratios, lie farthest from the account's own medians go.

    Their comments go with them. Three posts stay.
    """
    logs = {name: (pl.col(name) + 1.0).log() for name in ("like_count", "comment_count", "view_count")}
    ratios = [*logs.values(), logs["like_count"] - logs["comment_count"], logs["like_count"] - logs["view_count"]]
    distances = [(ratio - ratio.median().over("account_id")).abs() for ratio in ratios]
    made = only_made(tables.posts, amounts).with_columns(odd=pl.sum_horizontal(distances))
    place = pl.struct("odd", "post_id").rank("ordinal", descending=True).over("account_id")
    most = (pl.len().over("account_id").cast(pl.Int64) - FEWEST_POSTS).clip(lower_bound=0)
    goes = place <= pl.min_horizontal((pl.col("amount") * pl.len().over("account_id")).floor(), most)
    gone = made.filter(pl.col("amount").is_not_null() & goes)
    fewer = dict(gone.group_by("account_id").len().iter_rows())
    left = pl.col("post_count") - pl.col("account_id").replace_strict(fewer, default=0, return_dtype=pl.Int64)
    return replace(
        tables,
        accounts=tables.accounts.with_columns(post_count=left.clip(lower_bound=0)),
        posts=_without(tables.posts, gone),
        comments=_without(tables.comments, gone),
    )


def _without(table: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """The rows that are not of these posts."""
    return table.join(posts, on=["account_id", "post_id"], how="anti", maintain_order="left")


@move(
    CREATOR_MOVES,
    "hide likes",
    actor="creator",
    kind="public",
    unit="yes or no",
    doses=(1.0,),
    burden="likes are shown to nobody",
)
def hide_likes(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:  # noqa: ARG001
    """No post shows its likes."""
    shown = pl.when(pl.col("amount").is_null()).then("like_count").alias("like_count")
    return replace(tables, posts=only_made(tables.posts, amounts).with_columns(shown).drop("amount"))


def _bought(tables: Tables, amounts: pl.DataFrame, column: str, weight: pl.Expr, room: pl.Expr | None = None) -> Tables:
    """The posts with so many more counts an account, spread by weight, and no more than there is room on a post."""
    made = only_made(tables.posts, amounts).with_columns(weight=pl.when(pl.col(column).is_not_null()).then(weight))
    total = pl.col("weight").sum().over("account_id")
    more = (pl.col("amount") * pl.col("weight") / total).round()
    if room is not None:
        more = pl.min_horizontal(more, room.clip(lower_bound=0))
    counted = pl.when(pl.col("amount").is_not_null() & (total > 0.0)).then(more).fill_null(0).cast(pl.Int64)
    bought = made.with_columns(pl.col(column) + counted)
    return replace(tables, posts=bought.select(tables.posts.columns))


def _with_noise(tables: Tables, purpose: str, seed: int) -> Tables:
    """The tables whose posts have a column `noise`: 0 to 1, by account and place."""
    return replace(tables, posts=tables.posts.with_columns(noise=uniform(tables.posts, purpose, seed)))


def _plain(tables: Tables) -> Tables:
    return replace(tables, posts=tables.posts.drop("noise"))


UNDER_VIEWS = pl.col("view_count") - pl.col("like_count")
"""Likes that a post has room for: nobody sees more likes than views; null where views are not known."""


@move(
    CREATOR_MOVES,
    "buy likes in proportion",
    actor="creator",
    kind="public",
    unit="likes",
    price=LIKE_PRICE,
    source="assumed",
    doses=(MOST_COUNTS,),
    burden="an order for every post",
)
def pad_likes(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:
    """Likes on every post in proportion to what it drew, times a number between 0.5 and 1.5 of its own."""
    noisy = _with_noise(tables, "pad", seed)
    weight = (pl.col("like_count") + 1.0) * (0.5 + pl.col("noise"))
    return _plain(_bought(noisy, amounts, "like_count", weight, UNDER_VIEWS))


@move(
    CREATOR_MOVES,
    "buy likes unevenly",
    actor="creator",
    kind="public",
    unit="likes",
    price=LIKE_PRICE,
    source="assumed",
    doses=(MOST_COUNTS,),
    burden="an order for every post",
)
def vary_likes(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:
    """Likes whatever a post drew, few on most and many on some, so that bought lots do not look alike."""
    noisy = _with_noise(tables, "vary", seed)
    return _plain(_bought(noisy, amounts, "like_count", -(1.0 - pl.col("noise")).log(), UNDER_VIEWS))


@move(
    CREATOR_MOVES,
    "buy likes where they lack",
    actor="creator",
    kind="public",
    unit="likes",
    price=LIKE_PRICE,
    source="assumed",
    doses=(MOST_COUNTS,),
    burden="an order for every post",
)
def match_likes(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:  # noqa: ARG001
    """Likes on posts that have fewer of them to their comments or views than the account's posts have on average."""
    gaps = []
    for other in ("comment_count", "view_count"):
        ratio = (pl.col("like_count") / pl.when(pl.col(other) > 0).then(pl.col(other))).median().over("account_id")
        gaps.append((ratio * pl.col(other) - pl.col("like_count")).clip(lower_bound=0.0))
    gap = pl.max_horizontal(*gaps, pl.lit(0.0))
    filled = pl.min_horizontal(gap, UNDER_VIEWS)
    return _bought(tables, amounts, "like_count", gap, filled)


@move(
    CREATOR_MOVES,
    "buy views in proportion",
    actor="creator",
    kind="public",
    unit="views",
    price=LIKE_PRICE / VIEWS_PER_LIKE_PRICE,
    source='assumed for likes; views at a seventh, FACTS "Schemes"',
    doses=(MOST_COUNTS,),
    burden="an order for every post",
)
def pad_views(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:
    """Views on every post in proportion to its likes and views, times a number between 0.5 and 1.5 of its own."""
    noisy = _with_noise(tables, "views", seed)
    drew = pl.col("view_count") + 10.0 * pl.col("like_count").fill_null(0)
    return _plain(_bought(noisy, amounts, "view_count", (drew + 1.0) * (0.5 + pl.col("noise"))))


# --- comments ---------------------------------------------------------------------------------------------------------


@move(
    CREATOR_MOVES,
    "delete odd comments",
    actor="creator",
    kind="undo",
    unit="kinds",
    doses=(1.0, 2.0),
    burden="comments deleted, the counts of their posts with them",
)
def delete_odd_comments(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:  # noqa: ARG001
    """Of comments in the same words all but the first go; of two kinds, also all but the first of each commenter.

    The owner's replies stay.
    """
    made = only_made(tables.comments, amounts)
    words = pl.col("text").str.to_lowercase().str.strip_chars()
    by_owner = (pl.col("commenter_id") == pl.col("account_id")).fill_null(value=False)
    same_words = ~pl.struct("account_id", words).is_first_distinct()
    same_author = ~pl.struct("account_id", "commenter_id").is_first_distinct() & pl.col("commenter_id").is_not_null()
    both = pl.col("amount") > 1.0
    goes = pl.col("amount").is_not_null() & ~by_owner & (same_words | (both & same_author))
    gone = made.filter(goes)
    counts = gone.group_by("account_id", "post_id").agg(fewer=pl.len().cast(pl.Int64))
    posts = tables.posts.join(counts, on=["account_id", "post_id"], how="left", maintain_order="left")
    left = (pl.col("comment_count") - pl.col("fewer").fill_null(0)).clip(lower_bound=0)
    return replace(
        tables,
        posts=posts.with_columns(comment_count=left).drop("fewer"),
        comments=made.filter(~goes).drop("amount"),
    )


FOREIGN = ("en", "es", "pt", "id", "hi")
"""Languages that comments are mixed in from; assumed."""


@move(
    CREATOR_MOVES,
    "add written comments",
    actor="creator",
    kind="public",
    unit="comments",
    price=WRITTEN_COMMENT_PRICE,
    source="assumed",
    doses=(float(MOST_COMMENTS),),
    burden="somebody to write them",
)
def written_comments(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:
    """Comments in the account's language about what it posts, none like another, by strangers, in their own time."""
    return _commented(tables, amounts, seed, "written")


@move(
    CREATOR_MOVES,
    "add written comments in other languages",
    actor="creator",
    kind="public",
    unit="comments",
    price=WRITTEN_COMMENT_PRICE,
    source="assumed",
    doses=(float(MOST_COMMENTS),),
    burden="somebody to write them",
)
def foreign_comments(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:
    """The same in five other languages."""
    return _commented(tables, amounts, seed, "foreign")


@move(
    CREATOR_MOVES,
    "reply to comments",
    actor="creator",
    kind="public",
    unit="share of comments",
    doses=(0.1, 0.3),
    burden="a minute a reply",
)
def reply_to_comments(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:
    """The owner answers so many of the comments within hours, in words of its own."""
    made = tables.comments.join(amounts, on="account_id", how="inner", maintain_order="left")
    made = made.with_columns(drawn=uniform(made, "reply", seed)).filter(
        (pl.col("drawn") < pl.col("amount")) & (pl.col("commenter_id") != pl.col("account_id")).fill_null(value=True)
    )
    rows = []
    for account, under in by_account(made):
        texts = _texts_of(tables, account, seed, "replies")
        rng = generator(account, "replies", seed)
        later = pl.Series(rng.exponential(REPLY_HOURS * 3600e6, under.height)).cast(pl.Int64).cast(pl.Duration("us"))
        rows.append(
            under.with_columns(
                comment_id=pl.format("reply-{}", "comment_id"),
                commenter_id="account_id",
                commented_at=pl.min_horizontal(pl.col("commented_at") + later, pl.col("commented_at").max()),
                text=pl.Series([texts[index % len(texts)] for index in range(under.height)], dtype=pl.String),
                like_count=pl.lit(0, pl.Int64),
            )
        )
    return _with_comments(tables, rows)


def _commented(tables: Tables, amounts: pl.DataFrame, seed: int, purpose: str) -> Tables:
    """The tables with so many written comments under the posts that have collected ones."""
    wanted = dict(amounts.iter_rows())
    rows = []
    for account, posts in by_account(_places(tables, amounts)):
        size = min(round(wanted[account]), MOST_COMMENTS)
        # Drawn in full and cut: more of them are the same ones and some besides.
        rng = generator(account, purpose, seed)
        under = posts[rng.integers(0, posts.height, MOST_COMMENTS)[:size]]
        hours = np.exp(np.interp(rng.random(MOST_COMMENTS), LAG_LEVELS, np.log(LAG_HOURS)))[:size]
        names = [f"{value:016x}" for value in rng.integers(0, 2**62, MOST_COMMENTS)[:size]]
        lag = pl.Series(hours * 3600e6).cast(pl.Int64).cast(pl.Duration("us"))
        rows.append(
            under.with_columns(
                comment_id=pl.Series([f"{purpose}-{name}" for name in names], dtype=pl.String),
                commenter_id=pl.Series([f"{name}-{purpose}" for name in names], dtype=pl.String),
                commented_at=pl.min_horizontal(pl.col("posted_at") + lag, "until"),
                text=pl.Series(_texts_of(tables, account, seed, purpose)[:size], dtype=pl.String),
                like_count=pl.lit(0, pl.Int64),
            )
        )
    return _with_comments(tables, rows)


def _places(tables: Tables, amounts: pl.DataFrame) -> pl.DataFrame:
    """Where comments can stand: posts of those who make the move and have comments at all, and until when.

    Comments are laid under the posts that have collected ones: what nobody read needs nothing added.
    """
    seen = tables.comments.join(amounts, on="account_id", how="semi")
    first = seen.group_by("account_id", "post_id").agg(
        earliest=pl.col("commented_at").min(), until=pl.col("commented_at").max()
    )
    known = first.join(
        tables.posts.select("account_id", "post_id", "posted_at"), on=["account_id", "post_id"], how="left"
    )
    until = pl.col("until").max().over("account_id")
    return (
        known.select("account_id", "post_id", posted_at=pl.coalesce("posted_at", "earliest"), until=until)
        .sort("account_id", "post_id")
        .set_sorted("account_id")
    )


def _with_comments(tables: Tables, rows: list[pl.DataFrame]) -> Tables:
    """The tables with some comments more, in the counts of their posts, too."""
    if not rows:
        return tables
    added = pl.concat(rows).select(pl.col(name).cast(dtype) for name, dtype in tables.comments.schema.items())
    counts = added.group_by("account_id", "post_id").agg(more=pl.len().cast(pl.Int64))
    posts = tables.posts.join(counts, on=["account_id", "post_id"], how="left", maintain_order="left")
    more = pl.col("comment_count") + pl.col("more").fill_null(0)
    return replace(
        tables,
        posts=posts.with_columns(comment_count=more).drop("more"),
        comments=pl.concat([tables.comments, added]).sort("account_id", "comment_id"),
    )


def _texts_of(tables: Tables, account: str, seed: int, purpose: str) -> tuple[str, ...]:
    """`MOST_COMMENTS` different texts for the account; its copies get the same."""
    profile = tables.accounts.row(by_predicate=pl.col("account_id") == account, named=True)
    return _texts(original(account), profile["language"], profile["niche"], seed, purpose)


@lru_cache(maxsize=4096)
def _texts(account: str, language: str | None, niche: str | None, seed: int, purpose: str) -> tuple[str, ...]:
    """Whole sentences about what the account is about, some short ones and some emoji among them."""
    dice = Dice(seed_of(account, purpose, seed))
    own = language if language in LEXICONS else "en"
    voice = Voice(
        language=own,
        niche=niche or "other",
        foreign_languages=tuple(each for each in FOREIGN if each != own),
        foreign_share=1.0 if purpose == "foreign" else 0.0,
        **HONEST_VOICE,
        emoji=account_emoji(dice),
    )
    topics = account_topics(own, niche or "other", TOPICS, dice)
    drawn: dict[str, None] = {}
    while len(drawn) < MOST_COMMENTS:
        drawn[comment(voice, topics, dice)] = None
    return tuple(drawn)


# --- what is handed over ----------------------------------------------------------------------------------------------


def _withheld(table: str) -> Change:
    """The move that leaves out a table."""

    def change(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:  # noqa: ARG001
        rows: pl.DataFrame = getattr(tables, table)
        return replace(tables, **{table: rows.join(amounts, on="account_id", how="anti", maintain_order="left")})

    return change


for _table, _title in (
    ("followers_daily", "hand over no curve"),
    ("posts", "hand over no posts"),
    ("comments", "hand over no comments"),
):
    CREATOR_MOVES[f"withhold_{_table}"] = Move(
        name=f"withhold_{_table}",
        title=_title,
        actor="creator",
        kind="withhold",
        unit="yes or no",
        price=0.0,
        source="no money changes hands",
        burden="a question why",
        doses=(1.0,),
        meaning=f"The table {_table} has no row of the account.",
        change=_withheld(_table),
    )


@move(
    CREATOR_MOVES,
    "hand over the newest days of the curve alone",
    actor="creator",
    kind="withhold",
    unit="fourteenths of a verdict's minimum",
    doses=(1.0, 2.0, 4.0),
    burden="a question why",
)
def withhold_older_days(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:  # noqa: ARG001
    """Of the curve the newest readings alone are handed over: once, twice or four times the fourteen of a verdict."""
    made = only_made(tables.followers_daily, amounts)
    age = pl.col("date").rank("ordinal", descending=True).over("account_id")
    kept = made.filter(pl.col("amount").is_null() | (age <= READINGS_NEEDED * pl.col("amount")))
    return replace(tables, followers_daily=kept.drop("amount"))


@move(
    CREATOR_MOVES,
    "hand over no following counts",
    actor="creator",
    kind="withhold",
    unit="yes or no",
    doses=(1.0,),
    burden="a question why",
)
def withhold_following(tables: Tables, amounts: pl.DataFrame, seed: int) -> Tables:  # noqa: ARG001
    """The following count is missing in the curve; the profile shows it."""
    known = pl.when(pl.col("amount").is_null()).then("following_count").alias("following_count")
    curves = only_made(tables.followers_daily, amounts).with_columns(known).drop("amount")
    return replace(tables, followers_daily=curves)
