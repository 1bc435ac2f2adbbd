"""Accounts as the profile features see them, and how one is put into words: never by its name."""

from __future__ import annotations

import polars as pl

from features.tables import Tables
from features.wording import counted, grouped

YOUNGEST_AGE = 30
"""Days of age below which a rate over an account's life says little."""

FOLLOWING_LIMITS = {"instagram": 7_500, "tiktok": 10_000, "x": 5_000}
"""Accounts that one account may follow, as the platforms document; others have no limit that is documented."""

FOLLOW_EXCHANGE = r"(?i)\b(?:f4f|l4l|fol(?:low)?\s*(?:4|for)\s*fol(?:low)?|follow\s*-?\s*back|sub\s*(?:4|for)\s*sub)\b"
"""Wordings that offer followers, likes or subscriptions in exchange."""


def accounts(tables: Tables) -> pl.DataFrame:
    """One row per account, by `account_id`.

    Added columns: `age_days` (from opening to the counts' own instant; null under 30 days), `following_limit` (of the
    platform, null where none is known), `handle_length`, `handle_digits`, `handle_final_digits` (of the run of
    digits that ends it; all null without a handle), `biography_length` (without outer white space) and
    `offers_exchange` (both null where the biography was not observed).
    """
    seen_on = pl.coalesce("observed_at", "newest_at").dt.date()
    age = (seen_on - pl.col("created_on")).dt.total_days().cast(pl.Float64)
    limit = pl.col("platform").replace_strict(FOLLOWING_LIMITS, default=None, return_dtype=pl.Float64)
    handle = pl.when(pl.col("handle").str.len_chars() > 0).then("handle")
    return tables.accounts.with_columns(
        age_days=pl.when(age >= YOUNGEST_AGE).then(age),
        following_limit=limit,
        handle_length=handle.str.len_chars(),
        handle_digits=handle.str.count_matches(r"[0-9]"),
        handle_final_digits=handle.str.extract(r"([0-9]*)$", 1).str.len_chars(),
        biography_length=pl.col("biography").str.strip_chars().str.len_chars(),
        offers_exchange=pl.col("biography").str.contains(FOLLOW_EXCHANGE),
    ).sort("account_id")


def account_text() -> pl.Expr:
    """What is known of an account, without its name.

    "12,000 followers, follows 3,400 (the platform's limit: 7,500), 560 posts, opened on 2019-03-01, handle of 9
    characters with 2 digits (2 at its end), biography of 80 characters that offers a follow in exchange".
    """
    limit = pl.when(pl.col("following_limit").is_not_null()).then(
        pl.format(" (the platform's limit: {})", grouped("following_limit"))
    )
    exchange = pl.when("offers_exchange").then(pl.lit(" that offers a follow in exchange")).otherwise(pl.lit(""))
    parts = [
        counted("followers", "follower"),
        pl.format("follows {}{}", grouped("following_count"), limit.fill_null("")),
        counted("post_count", "post"),
        pl.format("opened on {}", pl.col("created_on").cast(pl.String)),
        pl.format(
            "handle of {} with {} ({} at its end)",
            counted("handle_length", "character"),
            counted("handle_digits", "digit"),
            "handle_final_digits",
        ),
        pl.format("biography of {}{}", counted("biography_length", "character"), exchange),
    ]
    return pl.concat_str(parts, separator=", ", ignore_nulls=True)
