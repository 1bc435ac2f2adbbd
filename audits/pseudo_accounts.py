"""Accounts put together from labelled comments: real words, and a share of spam that is known because it was dealt.

Labels of whole accounts with their comments do not exist in public. Labels of single comments do. What is made here
has the real comments of one place (a video, a post) and none of the rest: no followers, posts, captions or instants.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.tables import CONTRACTS, Tables

Integers = NDArray[np.int64]

LABELLED_COLUMNS = {
    "video": pl.String,
    "comment_id": pl.String,
    "commenter_id": pl.String,
    "text": pl.String,
    "is_spam": pl.Boolean,
}
"""What is needed of each labelled comment. Its instant is not: see `pseudo_accounts`."""

KEY_SCHEMA = {
    "account_id": pl.String,
    "video": pl.String,
    "deal": pl.Int64,
    "spam_share": pl.Float64,
    "comments": pl.Int64,
    "spam_comments": pl.Int64,
}
"""What is known of a pseudo-account: the share that was asked for, and the counts that came of it."""

PLATFORM = "youtube"
"""Where the comments were written; no comment feature reads it."""


@dataclass(frozen=True, slots=True)
class PseudoAccounts:
    """Tables of the contract, and what is known of each account of them (`KEY_SCHEMA`, sorted by account)."""

    tables: Tables
    key: pl.DataFrame


def pseudo_accounts(
    comments: pl.DataFrame, shares: Sequence[float], *, deals: int, smallest: int, largest: int, seed: int
) -> PseudoAccounts:
    """Deal each video's comments into accounts at every spam share, several times over.

    In one deal of one share no comment is used twice: comments are shuffled and handed out, `smallest` to `largest`
    to an account, until too few of either kind are left. Deals of one video use the same comments again, so that more
    deals tell a video's value more exactly and say nothing more about other videos.

    Instants are left out: in the set this was written for, half of a video's spam may be years older than its genuine
    comments, so that the calendar alone would tell.

    Args:
        comments: at least `LABELLED_COLUMNS`, one row a comment; a comment that is listed twice counts once.
        shares: shares of spam, 0 to 1.
        deals: how often each video is dealt anew at each share.
        smallest: fewest comments of an account.
        largest: most comments of an account.
        seed: of the shuffling. A video's accounts depend on its own comments alone, whatever their order.

    Returns:
        Accounts of which nothing but comments is observed; none where a video has too few.
    """
    listed = comments.select(*LABELLED_COLUMNS).sort(*LABELLED_COLUMNS).unique("comment_id", keep="first")
    listed = listed.sort("video", "comment_id")
    hands: list[pl.DataFrame] = []
    for (video,), rows in listed.group_by("video", maintain_order=True):
        is_spam = rows["is_spam"].to_numpy()
        spam, genuine = np.flatnonzero(is_spam), np.flatnonzero(~is_spam)
        for deal in range(deals):
            for share in shares:
                place = (seed, zlib.crc32(str(video).encode()), deal, round(1000 * share))
                generator = np.random.default_rng(place)
                cards = _deal(spam, genuine, share, smallest, largest, generator)
                hands += [
                    rows[chosen].with_columns(
                        account_id=pl.lit(f"{video} {share:.0%} deal {deal:03d} account {number:03d}"),
                        deal=pl.lit(deal, dtype=pl.Int64),
                        spam_share=pl.lit(share, dtype=pl.Float64),
                    )
                    for number, chosen in enumerate(cards)
                ]
    if not hands:
        return PseudoAccounts(Tables(*(_only_comments(None))), pl.DataFrame(schema=KEY_SCHEMA))
    dealt = pl.concat(hands)
    key = dealt.group_by("account_id", "video", "deal", "spam_share").agg(
        comments=pl.len().cast(pl.Int64), spam_comments=pl.col("is_spam").sum().cast(pl.Int64)
    )
    return PseudoAccounts(Tables(*_only_comments(dealt)), key.select(*KEY_SCHEMA).sort("account_id"))


def _deal(
    spam: Integers, genuine: Integers, share: float, smallest: int, largest: int, generator: np.random.Generator
) -> list[Integers]:
    """Rows of each account of one deal, by their place in the video's table."""
    spam, genuine = generator.permutation(spam), generator.permutation(genuine)
    accounts: list[Integers] = []
    while True:
        size = int(generator.integers(smallest, largest + 1))
        of_spam = round(size * share)
        if of_spam > len(spam) or size - of_spam > len(genuine):
            return accounts
        accounts.append(np.sort(np.concatenate([spam[:of_spam], genuine[: size - of_spam]])))
        spam, genuine = spam[of_spam:], genuine[size - of_spam :]


def _only_comments(dealt: pl.DataFrame | None) -> list[pl.DataFrame]:
    """The tables in the contract's order: accounts, then everything that is observed of them."""
    empty = {name: contract.empty() for name, contract in CONTRACTS.items() if name != "labels"}
    if dealt is None:
        return list(empty.values())
    accounts = dealt.select(pl.col("account_id").unique().sort(), platform=pl.lit(PLATFORM))
    found = {
        "accounts": accounts,
        "comments": dealt.select("account_id", "comment_id", "commenter_id", "text", post_id=pl.col("video")),
    }
    return [
        pl.concat([table, found[name]], how="diagonal").sort(CONTRACTS[name].key) if name in found else table
        for name, table in empty.items()
    ]
