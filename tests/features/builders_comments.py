"""Small comment tables: dicts in, contract frames out, and accounts of known character."""

# ruff: noqa: SIM905 - a list of thirty short strings would take thirty lines

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from features.compute import compute_group
from features.tables import ACCOUNTS, COMMENTS, FOLLOWERS_DAILY, POSTS, TableContract, Tables

PUBLISHED = datetime(2024, 5, 1, 18, tzinfo=UTC)
DAYS_BETWEEN_POSTS = 3

Row = dict[str, Any]

NOUNS = (
    "dress garden recipe smile sister jacket mountain coffee haircut kitchen sunset puppy workout lipstick ring bike "
    "camera song beach bread balcony lamp painting boots bracelet soup ferry tent guitar pillow"
).split()
VERBS = "adore want miss remember see like follow admire enjoy trust paint cook bring wear keep".split()
OPENERS = (
    "honestly|when did you|my aunt and i|we all|so happy you|nobody does|today i|please tell us where you|the way you|"
    "ok but|finally|last summer we|can you|never thought i would|every morning i|do they"
).split("|")
PRAISE = ["beautiful", "wow", "gorgeous", "nice", "love this", "so cute", "love it", "amazing", "stunning", "cute"]
HEARTS = ["❤️", "😍", "🔥", "😍😍", "❤️❤️❤️", "👏👏", "🔥🔥🔥"]


def comment(number: int, text: str = "hello", *, account_id: str = "a", post: int = 0, **columns: Any) -> Row:
    """Comment `number` of an account, by an author of its own, a number of minutes after the post."""
    row = {
        "account_id": account_id,
        "post_id": f"p{post:02}",
        "comment_id": f"c{number:05}",
        "commenter_id": f"u{number}",
        "commented_at": published(post) + timedelta(minutes=number),
        "text": text,
    }
    return row | columns


def comments(texts: Sequence[str], **columns: Any) -> list[Row]:
    return [comment(number, text, **columns) for number, text in enumerate(texts)]


def published(post: int) -> datetime:
    return PUBLISHED + timedelta(days=DAYS_BETWEEN_POSTS * post)


def tables(comments: Sequence[Row], captions: Sequence[str | None] | None = None, **account: Any) -> Tables:
    """The contract's frames for these comments: every account named has one post per caption (20 without one)."""
    captions = [None] * 20 if captions is None else captions
    accounts = sorted({row["account_id"] for row in comments}) or ["a"]
    posts = [
        {"account_id": name, "post_id": f"p{post:02}", "posted_at": published(post), "caption": caption}
        for name in accounts
        for post, caption in enumerate(captions)
    ]
    return Tables(
        _frame(ACCOUNTS, [{"account_id": name, "platform": "instagram"} | account for name in accounts]),
        FOLLOWERS_DAILY.empty(),
        _frame(POSTS, posts),
        _frame(COMMENTS, comments),
    )


def _frame(contract: TableContract, rows: Sequence[Row]) -> pl.DataFrame:
    full = [{name: row.get(name) for name in contract.schema} for row in rows]
    return pl.DataFrame(full, schema=contract.schema).sort(contract.key)


def values(tables: Tables) -> Row:
    """The comment features of the only account."""
    (row,) = compute_group(tables, "comments").drop("account_id").to_dicts()
    return row


def value(name: str, comments: Sequence[Row], captions: Sequence[str | None] | None = None, **account: Any) -> Any:
    """One feature of the only account."""
    return values(tables(comments, captions, **account))[f"comments_{name}"]


# Accounts of known character ------------------------------------------------------------------------------------------


def organic(count: int, seed: int = 0, account_id: str = "a", posts: int = 8) -> list[Row]:
    """Passers-by who write hearts, generic praise or a sentence of their own, minutes to days after the post."""
    random = np.random.default_rng(seed)
    return [
        comment(
            number,
            _genuine_text(random),
            account_id=account_id,
            post=(post := int(random.integers(posts))),
            commenter_id=f"u{random.integers(count * 4 + 40)}",
            commented_at=_after(post, hours=float(np.exp(random.normal(2.5, 2.2)))),
            like_count=int(random.poisson(0.3)),
        )
        for number in range(count)
    ]


def template_seller(count: int, seed: int = 0) -> list[Row]:
    """Slots filled by different accounts, delivered every seven to thirteen seconds under each post."""
    random = np.random.default_rng(seed)
    frames = ["love your {} so much", "this {} is absolutely amazing", "great {} keep it up"]
    return [
        comment(
            number,
            str(random.choice(frames)).format(random.choice(["photo", "content", "style"])),
            post=number % 5,
            commented_at=_after(number % 5, hours=1 + (10 * (number // 5) + float(random.uniform(0, 3))) / 3600),
        )
        for number in range(count)
    ]


def emoji_row_seller(count: int, seed: int = 0) -> list[Row]:
    """The same few rows of mixed emoji from different accounts."""
    random = np.random.default_rng(seed)
    rows = ["😍🔥💯", "👏😍❤️", "🔥🔥👏💯", "❤️😍🔥🙌"]
    return [comment(number, str(random.choice(rows)), post=number % 5) for number in range(count)]


def fixed_order_pod(members: int = 15, posts: int = 10, seed: int = 0) -> list[Row]:
    """The same members in the same order within half an hour of every post, each with words of their own."""
    random = np.random.default_rng(seed)
    return [
        comment(
            100 * post + member,
            _sentence(random),
            post=post,
            commenter_id=f"member{member}",
            commented_at=_after(post, hours=(2 * member + float(random.uniform(0, 1))) / 60),
        )
        for post in range(posts)
        for member in range(members)
    ]


def tight_community(people: int = 20, posts: int = 10, seed: int = 0) -> list[Row]:
    """The same twenty friends under every post, in emoji and few words, whenever they see it."""
    random = np.random.default_rng(seed)
    return [
        comment(
            100 * post + person,
            str(random.choice(HEARTS)) if random.random() < 0.6 else _genuine_text(random),
            post=post,
            commenter_id=f"friend{person}",
            commented_at=_after(post, hours=float(np.exp(random.normal(1.5, 1.5)))),
        )
        for post in range(posts)
        for person in range(people)
    ]


def giveaway(count: int, seed: int = 0) -> list[Row]:
    """Entries that name two friends, some with the words that the rules ask for."""
    random = np.random.default_rng(seed)
    entries = ["@friend{} @pal{}", "@friend{} @pal{} 🤞", "i want to win this @friend{} @pal{}"]
    return [
        comment(number, str(random.choice(entries)).format(number, number), post=number % 2) for number in range(count)
    ]


def _genuine_text(random: np.random.Generator) -> str:
    kind = random.random()
    if kind < 0.12:
        return str(random.choice(HEARTS))
    if kind < 0.4:
        return str(random.choice(PRAISE))
    return _sentence(random)


def _sentence(random: np.random.Generator) -> str:
    clauses = [
        f"{random.choice(OPENERS)} {random.choice(VERBS)} {random.choice(['that', 'the', 'your', 'her'])} "
        f"{random.choice(NOUNS)}"
        for _ in range(1 + random.geometric(0.7))
    ]
    return " and ".join(clauses)


def _after(post: int, hours: float) -> datetime:
    return published(post) + timedelta(hours=hours)
