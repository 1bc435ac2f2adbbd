"""Accounts to measure with, made in seconds.

How much there is of each is given; the content only has to cost what real content costs: words of fourteen languages,
scripts with and without spaces, a vocabulary that grows with the number of comments. Nothing here is meant to look like
an honest account; `simulation/` is for that. Every fourth account shows a crude purchase, since an account that is sent
to review or rejected costs reasons and evidence, and a batch without any would seem cheap to score.
"""

from __future__ import annotations

import functools
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.tables import CONTRACTS, FORMATS, INSTANT, NICHES, OBSERVED_TABLES, Tables
from pipeline.routing import prepared_schema
from pipeline.storage import bucket_path, write_parquet
from simulation.lexicon import LEXICONS
from simulation.text import Dice, Voice, account_emoji, account_topics, biography, caption, comment, handle

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

OBSERVED = ("accounts", *OBSERVED_TABLES)

LAST_DAY = date(2026, 6, 30)
UNIX_DAY = date(1970, 1, 1).toordinal()

ACCOUNTS_PER_BUCKET = 1_250
"""Accounts of a bucket, at most: what is held at once does not grow with their number."""

TEXTS, CAPTIONS = 2000, 300
"""Different comments and captions of a language, before words are added to the comments."""

OTHER_LANGUAGES = 0.15
"""Share of comments that are not in the account's own language; assumed."""

ENGLISH_SHARE = 0.5
"""Share of accounts whose language is English; the others are spread over the lexicon's languages. Assumed."""

LONG_SHARE = 0.3
"""Share of comments that are two texts in one, or half of a large corpus would be repeats, which Parquet reads for
nothing; assumed."""

RARE_WORDS, RARE_EXPONENT = 0.25, 0.8
"""Share of comments with a word from an open vocabulary, and the exponent of its ranks: what makes it grow; assumed."""

REGULARS, REGULAR_SHARE, OWNER_SHARE = 20, 0.1, 0.02
"""Regular commenters of an account, their share of its comments and the owner's; FACTS, Comments: distinct .94."""

WANDERERS, WANDERER_SHARE = 1_000_000, 0.05
"""People who comment on any account, and their share of the comments; assumed."""

LAG_HOURS, LAG_SPREAD = 15.0, 2.2
"""Median delay of a comment and the sd of its logarithm; FACTS, Comments: 2.6 / 15 / 57 hours."""

DAILY_GROWTH, LIKES_SPREAD, LIKE_RATE = 6e-4, 0.35, 0.03
"""Sd of daily log growth, within-account sd of ln likes, likes per follower; FACTS, Growth and Engagement."""

VERIFIED_SHARE, BUSINESS_SHARE, SPONSORED_SHARE = 0.05, 0.5, 0.05
"""Flags that are set; the last of FACTS, Engagement, the others assumed."""

BOUGHT_EVERY = 4
"""One account in so many shows a purchase: about as many as are reviewed or rejected of a batch of prevalence 0.2."""

LOT_SHARE, LOT_DAYS = 0.4, 4
"""Followers bought, as a share of those before, and the days of their delivery; crude, so that it is seen."""

ORDER_SHARE, ORDER_TEXTS = 0.3, 3
"""Share of comments that an order brings, and its different texts; crude likewise."""

SHUFFLE_SEED = 7

_SYLLABLES = {
    str(digit): part for digit, part in enumerate(["ka", "lo", "mi", "ne", "tu", "ra", "si", "vo", "pe", "du"])
}


PARAGRAPH_SHARE, PARAGRAPH_TEXTS = 0.01, 8
"""Share of comments that are a paragraph, and the texts it is made of; FACTS, Comments: a tail beyond 6 words."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of each account."""

    days: int = 200
    posts: int = 100
    comments: int = 200


def write_accounts(folder: Path, accounts: int, size: Size, seed: int) -> None:
    """Write clean accounts as a prepared folder: the files that extraction reads, in the product's own form.

    The same arguments give the same bytes. Accounts go to buckets by their number and not by a hash; labels, quarantine
    and summary are left out. One bucket is held at a time.
    """
    texts = texts_of(seed)
    buckets = max(1, -(-accounts // ACCOUNTS_PER_BUCKET))
    for bucket in range(buckets):
        tables = make_tables(np.arange(bucket, accounts, buckets), size, np.random.default_rng((seed, bucket)), texts)
        for name in OBSERVED:
            write_parquet(getattr(tables, name), bucket_path(folder, name, bucket))


def write_raw(prepared: Path, raw: Path, *, shuffled: bool = False) -> None:
    """The same accounts as a dataset folder of the contract, a part a bucket: what `score` reads.

    The parts are the prepared files themselves (linked, or copied where the disk cannot link), but for the accounts,
    which have a column that the contract does not know; or, `shuffled`, the same rows in random order in each part.
    """
    for name in OBSERVED:
        for part in sorted((prepared / name).glob("*.parquet")):
            place = raw / name / part.name
            place.parent.mkdir(parents=True, exist_ok=True)
            if shuffled:
                rows = pl.read_parquet(part).select(*CONTRACTS[name].schema)
                write_parquet(rows.sample(fraction=1.0, shuffle=True, seed=SHUFFLE_SEED), place)
            elif name == "accounts":
                write_parquet(pl.read_parquet(part).select(*CONTRACTS[name].schema), place)
            else:
                _link(part, place)


def _link(part: Path, place: Path) -> None:
    try:
        os.link(part, place)
    except OSError:
        shutil.copy2(part, place)


def make_tables(members: Integers, size: Size, generator: np.random.Generator, texts: Texts) -> Tables:
    """The tables of the accounts with these numbers, as `pipeline.dataset.read_bucket` gives them."""
    ids = pl.Series("account_id", members + 10**8, dtype=pl.Int64).cast(pl.String)
    languages = _languages(len(members), generator)
    followers = np.exp(generator.normal(9.7, 1.5, len(members)))
    counts = followers[:, None] * np.exp(
        np.cumsum(generator.standard_t(3, (len(members), size.days)), axis=1) * DAILY_GROWTH
    )
    is_bought = members % BOUGHT_EVERY == 1
    counts[is_bought] *= _delivery(int(is_bought.sum()), size, generator)
    posts = _posts(ids, languages, counts, size, generator, texts)
    return Tables(
        accounts=_in_form("accounts", _accounts(ids, languages, counts, size, generator, texts)),
        followers_daily=_in_form("followers_daily", _readings(ids, counts, size, generator)),
        posts=_in_form("posts", posts),
        comments=_in_form("comments", _comments(ids, languages, posts, size, generator, texts, is_bought)),
    )


def _in_form(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    contract = CONTRACTS[table]
    return frame.cast(prepared_schema(contract)).select(*prepared_schema(contract)).sort(*contract.key)  # type: ignore[arg-type]


def _languages(count: int, generator: np.random.Generator) -> Integers:
    """Place of each account's language in the lexicon, in which English comes first."""
    drawn = generator.integers(1, len(LEXICONS), count)
    return np.where(generator.random(count) < ENGLISH_SHARE, 0, drawn)


def _delivery(accounts: int, size: Size, generator: np.random.Generator) -> Floats:
    """Factor on the followers of each account and day: a lot that arrives over some days."""
    begin = generator.integers(size.days // 4, max(size.days // 2, 1), (accounts, 1))
    return 1 + LOT_SHARE * ((np.arange(size.days) - begin + 1) / LOT_DAYS).clip(0, 1)


def _accounts(
    ids: pl.Series,
    languages: Integers,
    counts: Floats,
    size: Size,
    generator: np.random.Generator,
    texts: Texts,
) -> pl.DataFrame:
    count = len(ids)
    now = pl.Series(counts[:, -1] if size.days else np.ones(count)).round().cast(pl.Int64)
    age = generator.integers(size.days + 30, 4000, count)
    return pl.DataFrame(
        {
            "account_id": ids,
            "platform": _drawn(("instagram", "tiktok", "youtube"), count, generator),
            "handle": _drawn(texts.handles, count, generator),
            "follower_count": now,
            "follower_count_given": now,
            "following_count": generator.integers(100, 3000, count),
            "post_count": generator.integers(size.posts, size.posts + 2000, count),
            "observed_at": pl.Series([_end()] * count, dtype=INSTANT),
            "created_on": pl.Series(LAST_DAY.toordinal() - UNIX_DAY - age).cast(pl.Int32).cast(pl.Date),
            "is_verified": generator.random(count) < VERIFIED_SHARE,
            "is_business": generator.random(count) < BUSINESS_SHARE,
            "niche": _drawn(NICHES, count, generator),
            "language": texts.names.gather(languages),
            "country": pl.Series([None] * count, dtype=pl.String),
            "biography": _drawn(texts.biographies, count, generator),
        }
    )


def _readings(ids: pl.Series, counts: Floats, size: Size, generator: np.random.Generator) -> pl.DataFrame:
    days = pl.Series([LAST_DAY - timedelta(days=size.days - 1 - day) for day in range(size.days)], dtype=pl.Date)
    following = 500 + np.cumsum(generator.integers(-1, 2, counts.shape), axis=1)
    return pl.DataFrame(
        {
            "account_id": ids.gather(np.repeat(np.arange(len(ids)), size.days)),
            "date": days.gather(np.tile(np.arange(size.days), len(ids))),
            "follower_count": counts.round().astype(np.int64).ravel(),
            "following_count": following.ravel().clip(min=0),
        }
    )


def _posts(
    ids: pl.Series,
    languages: Integers,
    counts: Floats,
    size: Size,
    generator: np.random.Generator,
    texts: Texts,
) -> pl.DataFrame:
    rows = len(ids) * size.posts
    owner = np.repeat(np.arange(len(ids)), size.posts)
    day = generator.integers(0, max(size.days, 1), rows)
    posted = _instants(24.0 * (size.days - 1 - day + generator.random(rows)))
    likes = generator.poisson(LIKE_RATE * counts[owner, day] * np.exp(generator.normal(0, LIKES_SPREAD, rows)))
    return pl.DataFrame(
        {
            "account_id": ids.gather(owner),
            "post_id": pl.Series(generator.integers(10**11, 10**12, rows)).cast(pl.String),
            "posted_at": posted,
            "observed_at": pl.Series([_end()], dtype=INSTANT).new_from_index(0, rows),
            "format": _drawn(FORMATS[:4], rows, generator),
            "like_count": likes,
            "comment_count": generator.poisson(0.03 * likes),
            "view_count": likes * generator.integers(5, 40, rows),
            "caption": texts.captions.gather(languages[owner] * CAPTIONS + generator.integers(0, CAPTIONS, rows)),
            "is_sponsored": generator.random(rows) < SPONSORED_SHARE,
        }
    )


def _comments(
    ids: pl.Series,
    languages: Integers,
    posts: pl.DataFrame,
    size: Size,
    generator: np.random.Generator,
    texts: Texts,
    is_bought: Booleans,
) -> pl.DataFrame:
    rows = len(ids) * size.comments
    owner = np.repeat(np.arange(len(ids)), size.comments)
    under = owner * size.posts + np.floor(size.posts * generator.random(rows) ** 2).astype(np.int64)
    language = np.where(
        generator.random(rows) < OTHER_LANGUAGES, generator.integers(0, len(LEXICONS), rows), languages[owner]
    )
    posted = posts["posted_at"].gather(under)
    left = (pl.Series([_end()], dtype=INSTANT) - posted).dt.total_seconds(fractional=True).to_numpy() / 3600
    lag = LAG_HOURS * np.exp(generator.normal(0, LAG_SPREAD, rows))
    lag = np.where(lag < left, lag, left * generator.random(rows))
    drawn = [texts.comments.gather(language * TEXTS + generator.integers(0, TEXTS, rows)) for _ in range(2)]
    text = (drawn[0] + ". " + drawn[1]).zip_with(pl.Series(generator.random(rows) < LONG_SHARE), drawn[0])
    text = _with_paragraphs(text, generator)
    return pl.DataFrame(
        {
            "account_id": ids.gather(owner),
            "post_id": posts["post_id"].gather(under),
            "comment_id": pl.Series(generator.integers(10**11, 10**12, rows)).cast(pl.String),
            "commenter_id": _commenters(ids, owner, generator),
            "commented_at": posted + _hours(lag),
            "text": _with_orders(_with_rare_words(text, generator), is_bought[owner], size, generator),
            "like_count": generator.poisson(1.0, rows),
        }
    )


def _commenters(ids: pl.Series, owner: Integers, generator: np.random.Generator) -> pl.Series:
    rows = len(owner)
    stranger = generator.integers(10**11, 10**12, rows)
    regular = 10**12 + owner * REGULARS + generator.integers(0, REGULARS, rows)
    wanderer = 10**13 + np.floor(WANDERERS * generator.random(rows) ** 3).astype(np.int64)
    kind = generator.random(rows)
    chosen = [kind < REGULAR_SHARE, kind < REGULAR_SHARE + WANDERER_SHARE]
    drawn = pl.Series(np.select(chosen, [regular, wanderer], stranger)).cast(pl.String)
    return ids.gather(owner).zip_with(pl.Series(kind > 1 - OWNER_SHARE), drawn).alias("commenter_id")


def _with_paragraphs(text: pl.Series, generator: np.random.Generator) -> pl.Series:
    """The texts, a few of them followed by some others: whatever language those are in, people quote each other."""
    chosen = np.flatnonzero(generator.random(len(text)) < PARAGRAPH_SHARE)
    longer = text.gather(chosen)
    for _ in range(PARAGRAPH_TEXTS - 1):
        longer = longer + ". " + text.gather(generator.integers(0, max(len(text), 1), len(chosen)))
    return text.scatter(chosen, longer).alias(text.name)


def _with_orders(text: pl.Series, is_bought: Booleans, size: Size, generator: np.random.Generator) -> pl.Series:
    """The texts, of some accounts a part replaced by a few of the account's own."""
    ordered = is_bought & (generator.random(len(text)) < ORDER_SHARE)
    place = np.arange(len(text)) % max(size.comments, 1)
    kept = np.minimum(place, generator.integers(0, ORDER_TEXTS, len(text)))
    copied = text.gather(np.arange(len(text)) - place + kept)
    return copied.zip_with(pl.Series(ordered), text).alias(text.name)


def _with_rare_words(text: pl.Series, generator: np.random.Generator) -> pl.Series:
    """The texts, some with a word whose rank is Pareto-distributed: more comments bring words not seen before."""
    rank = np.minimum(generator.random(len(text)) ** (-1 / RARE_EXPONENT), 1e12).astype(np.int64)
    word = pl.Series(rank).cast(pl.String).str.replace_many(_SYLLABLES)
    longer = (text + " " + word).alias(text.name)
    return longer.zip_with(pl.Series(generator.random(len(text)) < RARE_WORDS), text)


def _drawn(items: tuple[str, ...], count: int, generator: np.random.Generator) -> pl.Series:
    return pl.Series(items, dtype=pl.String).gather(generator.integers(0, len(items), count))


def _end() -> datetime:
    return datetime.combine(LAST_DAY + timedelta(days=1), datetime.min.time(), UTC)


def _instants(hours_before_the_end: Floats) -> pl.Series:
    before = _hours(hours_before_the_end)
    return (pl.Series([_end()], dtype=INSTANT).new_from_index(0, len(before)) - before).alias("posted_at")


def _hours(hours: Floats) -> pl.Series:
    return pl.Series(hours * 3.6e9).cast(pl.Duration("us"))


class Texts:
    """Ready texts of every language, language after language."""

    def __init__(self, seed: int) -> None:
        dice = Dice(seed)
        self.names = pl.Series("language", list(LEXICONS), dtype=pl.String)
        self.handles = tuple(handle(dice, 0.4, 0.5) for _ in range(TEXTS))
        comments: list[str] = []
        captions: list[str] = []
        biographies: list[str] = []
        for language in LEXICONS:
            voice, topics = _voice(language, dice), account_topics(language, "other", 8, dice)
            comments += [comment(voice, topics, dice) for _ in range(TEXTS)]
            captions += [caption(voice, topics, False, dice) for _ in range(CAPTIONS)]
            biographies += [biography(language, topics, dice) for _ in range(CAPTIONS)]
        self.comments = pl.Series("text", comments, dtype=pl.String)
        self.captions = pl.Series("caption", captions, dtype=pl.String)
        self.biographies = tuple(biographies)


@functools.cache
def texts_of(seed: int) -> Texts:
    """The texts of a seed, made once in a process."""
    return Texts(seed)


def _voice(language: str, dice: Dice) -> Voice:
    """Everybody who writes in the language. Shares of FACTS, Comments; the rest assumed."""
    return Voice(
        language=language,
        niche="other",
        foreign_languages=(),
        foreign_share=0.0,
        emoji_only=0.12,
        mention_only=0.02,
        short=0.28,
        question=0.1,
        mention=0.1,
        link=0.001,
        relevance=0.5,
        emoji_tail=0.3,
        stretched=0.05,
        typo=0.03,
        second_sentence=0.3,
        lowercase=0.6,
        taste=1.5,
        emoji=account_emoji(dice),
    )
