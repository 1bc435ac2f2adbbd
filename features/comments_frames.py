"""Frames of the comment features: one row per comment, or per visit of a regular commenter, with what is counted of it.

Every count of likes ("comments by other authors with the same words") is made within one account, and every column
that a share is formed of refers to a random draw of twenty comments, so that 20 and 2,000 comments tell the same.

Texts, posts and authors are compared by 64-bit hashes within one account, where two different ones share a hash once in
a million million accounts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.context import ACCOUNT
from features.kernels import comments as kernels
from features.tables import Tables
from features.text import SCRIPTS, SENTENCE_WORDS, TextPass, script_of_language, text_pass
from features.wording import counted

DRAW = 20
"""Comments in the random draw that repetition shares refer to: the fewest that are owed a verdict."""

LONGEST_CAPTION = 60
"""Words of a caption that comments are compared with."""

FEWEST_REGULARS = 3
"""Regular commenters on a post from which their order is read: of two, one always follows the other."""

BURST_SECONDS = 60.0
"""Gap up to which a comment follows the one before it at once."""

HOURS_SHOWN = 48
"""Delay from which days are named instead of hours."""

LATE_HOURS = 72.0
"""Delay from which a comment is late: half of all comments come within 15 hours, three quarters within 57."""

SHORT_WORDS = 2
"""Words up to which a comment is short, as in FACTS ("at most two words"); also the fewest that count as repeated."""

EMOJI_ROW_KINDS = 3
"""Different symbols from which a row of emoji is more than a habit."""

SHORTEST_DELAY_HOURS = 1 / 60
"""Added to a delay before its logarithm is taken: within a minute it does not matter who was first."""

FIRST_HOURS = 1.0
"""Delay up to which a comment is early: 15 % of all are; pods and delivered comments are what comes at once."""

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


def everyone(tables: Tables) -> pl.DataFrame:
    """One row per comment whose author is known, the owner's included: `is_owner`, and its delay `lag_hours`."""
    given = _given(tables)
    is_known = pl.Series(given.is_known)
    rows = [tables.comments[name] for name in (ACCOUNT, "account_id", "comment_id")]
    rows.append(pl.Series("is_owner", given.is_owner))
    rows.append(pl.Series("lag_hours", given.lag_hours, nan_to_null=True))
    return pl.DataFrame(rows if is_known.all() else [column.filter(is_known) for column in rows])


# Posts and places -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Posts:
    """The posts of the accounts and those that are only known by a comment, in order of account and post id.

    Attributes:
        table: `account`, `post_id`, `posted_at` and `caption`, both null for a post known by a comment only.
        starts: first post of each account, and the number of posts at the end.
        posted_at: microseconds, `NO_INSTANT` where unknown.
        of_comments: the post of every row of `comments`.
    """

    table: pl.DataFrame
    starts: Integers
    posted_at: Integers
    of_comments: Integers


def _posts(tables: Tables) -> Posts:
    return tables.once("comments/posts", lambda: _posts_seen(tables))


def _posts_seen(tables: Tables) -> Posts:
    starts = _starts(tables.comments, tables)
    keys = _keys(tables.comments["post_id"])
    table = tables.posts.select(ACCOUNT, "post_id", "posted_at", "caption")
    found = kernels.rows_of(starts, keys, _starts(table, tables), _keys(table["post_id"]))
    if (found < 0).any():
        unknown = tables.comments.select(ACCOUNT, "post_id").filter(pl.Series(found) < 0).unique()
        table = pl.concat([table, unknown], how="diagonal").sort(ACCOUNT, "post_id")
        found = kernels.rows_of(starts, keys, _starts(table, tables), _keys(table["post_id"]))
    return Posts(table, _starts(table, tables), _instants(table["posted_at"]), found)


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """What is known of every row of `comments`.

    Attributes:
        is_known: whether the author is known.
        is_owner: whether it is the account itself.
        author_keys: hashes of the authors, 0 where unknown.
        lag_hours: hours from post to comment, NaN where unknown.
    """

    is_known: Flags
    is_owner: Flags
    author_keys: Integers
    lag_hours: Numbers


def _given(tables: Tables) -> Given:
    return tables.once("comments/given", lambda: _given_of(tables))


def _given_of(tables: Tables) -> Given:
    posts = _posts(tables)
    is_known = tables.comments["commenter_id"].is_not_null().to_numpy()
    author_keys = np.where(is_known, _keys(tables.comments["commenter_id"]), 0)
    is_owner = author_keys == _keys(tables.accounts["account_id"])[tables.comments[ACCOUNT].to_numpy()]
    hours = kernels.delays(posts.of_comments, _instants(tables.comments["commented_at"]), posts.posted_at)
    return Given(is_known, is_owner, author_keys, hours)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The comments that are not the owner's, and who wrote them where and when, as `features.kernels.comments` has it.

    Attributes:
        rows: `account`, `account_id`, `comment_id`, `like_count` and `text`.
        starts, post, author, order, several: see the kernels.
        instants: microseconds, `NO_INSTANT` where unknown.
        lag_hours: NaN where unknown.
        knows_author: whether the author is known.
    """

    rows: pl.DataFrame
    starts: Integers
    post: Integers
    author: Integers
    order: Integers
    several: Integers
    instants: Integers
    lag_hours: Numbers
    knows_author: Flags


def _places(tables: Tables) -> Places:
    return tables.once("comments/places", lambda: _places_of_others(tables))


def _places_of_others(tables: Tables) -> Places:
    posts, given = _posts(tables), _given(tables)
    chosen = np.flatnonzero(~given.is_owner)
    others = pl.Series(~given.is_owner)
    rows = pl.DataFrame(
        [tables.comments[name].filter(others) for name in (ACCOUNT, "account_id", "comment_id", "like_count", "text")]
    )
    starts, post = _starts(rows, tables), posts.of_comments[chosen]
    instants = _instants(tables.comments["commented_at"])[chosen]
    order = kernels.order_of(post, posts.table.height, instants)
    author = kernels.authors_of(starts, kernels.codes_of(starts, given.author_keys[chosen]))
    several = kernels.several_of(author, order)
    lag_hours, knows_author = given.lag_hours[chosen], given.is_known[chosen]
    return Places(rows, starts, post, author, order, several, instants, lag_hours, knows_author)


_OWN: tuple[Literal["C"], Literal["W"]] = ("C", "W")
"""Kernels are compiled once for arrays that may be written to, and again for others: they get nothing else."""


def _starts(rows: pl.DataFrame, tables: Tables) -> Integers:
    """First row of each account, and the number of rows at the end."""
    return np.searchsorted(rows[ACCOUNT].to_numpy(), np.arange(tables.accounts.height + 1)).astype(np.int64)


def _keys(strings: pl.Series) -> Integers:
    """Hashes, never 0; of a null any."""
    hashes = strings.hash().to_numpy().view(np.int64)
    return np.where(hashes == 0, 1, hashes)


def _int64(values: NDArray[Any]) -> Integers:
    """For a kernel, whatever the type."""
    return np.require(values.view(np.int64) if values.dtype == np.uint64 else values, np.int64, _OWN)


def _instants(instants: pl.Series) -> Integers:
    """Microseconds, `NO_INSTANT` for null."""
    return _int64(instants.to_physical().fill_null(kernels.NO_INSTANT).to_numpy())


# Comments -------------------------------------------------------------------------------------------------------------

Columns = Mapping[str, NDArray[Any]]
"""Columns of the frame by name, one value per row of `Places`; NaN becomes null."""


def comments(tables: Tables) -> pl.DataFrame:
    """One row per comment that is not the owner's, with all derived columns."""
    places = _places(tables)
    texts = text_pass(places.rows["text"])
    text = kernels.codes_of(places.starts, _unless(texts.has_mention, texts.text_key))
    authors = _authors(tables)
    columns: Columns = {
        **{name: getattr(texts, name) for name in _TEXT_COLUMNS},
        **_sizes(texts),
        **_scripts(texts, places, tables),
        **authors,
        **_repetition(texts, text, places, authors),
        **_shared_words(texts, places, authors, tables),
        **_timing(places),
        **_text_order(text, places),
        **_arrivals(texts, places, authors),
    }
    series = [pl.Series(name, values, nan_to_null=True) for name, values in columns.items()]
    script = pl.col("script", "own_script")
    return (
        places.rows.drop("text")
        .with_columns(series)
        .with_columns(
            pl.when(script >= 0).then(script).cast(pl.UInt8).cat.to(pl.Enum(SCRIPTS)),
            is_early=pl.col("lag_hours") <= FIRST_HOURS,
        )
    )


_TEXT_COLUMNS = (
    *("word_count", "letter_count", "has_mention", "has_link", "has_contact", "has_question"),
    *("is_emoji_only", "is_mention_only"),
)


def _unless(flags: Flags, keys: NDArray[np.uint64]) -> Integers:
    """Keys for a kernel, 0 where the flag is set."""
    return np.where(flags, 0, _int64(keys))


def _pairs(codes: NDArray[np.int32], others: NDArray[Any], where: Flags) -> Integers:
    """A key for each pair of a code with another or a row; 0 elsewhere."""
    return np.where(where, (codes.astype(np.int64) << _HIGH_BITS | others) + 1, 0)


_HIGH_BITS = 32


def _sizes(texts: TextPass) -> Columns:
    """ln(words) and ln(letters) of comments with words and no mention; null for all others."""
    is_free = (texts.word_count > 0) & ~texts.has_mention
    return {
        "words_size": np.where(is_free, _logarithm(texts.word_count), np.nan),
        "text_size": np.where(is_free, _logarithm(texts.letter_count), np.nan),
    }


def _logarithm(counts: Integers) -> Numbers:
    """Natural logarithm of counts, looked up: far fewer different ones occur than rows."""
    table: Numbers = pl.Series(np.arange(counts.max(initial=0) + 1)).log().to_numpy()
    return table[counts]


def _scripts(texts: TextPass, places: Places, tables: Tables) -> Columns:
    """`script` and `own_script`, that of the account: places in `SCRIPTS`, -1 where unknown.

    An account's own script is that of its language or, where that is unknown, the commonest of its captions.
    """
    languages = tables.accounts.select(script_of_language(pl.col("language"))).to_series()
    own = languages.cast(pl.Enum(SCRIPTS)).to_physical().cast(pl.Int8).fill_null(-1).to_numpy()
    captions = _captions(tables)
    by_name = sorted(range(len(SCRIPTS)), key=SCRIPTS.__getitem__)
    shown = captions.script >= 0
    places_of = captions.account[shown] * len(SCRIPTS) + captions.script[shown]
    number = np.bincount(places_of, minlength=len(own) * len(SCRIPTS)).reshape(len(own), len(SCRIPTS))
    # Of equally common ones the first by name.
    commonest = np.where(number.any(axis=1), np.array(by_name)[number[:, by_name].argmax(axis=1)], -1)
    return {"script": texts.script, "own_script": np.where(own >= 0, own, commonest)[places.rows[ACCOUNT]]}


def _authors(tables: Tables) -> Columns:
    return tables.once("comments/authors", lambda: _authors_of(_places(tables)))


def _authors_of(places: Places) -> Columns:
    """Add how often authors come, and come back.

    `same_author` are other comments by the same author, and `same_author_here` those of them under the same post;
    `known` are the account's comments of known author, and `known_here` those under the post. `is_regular`: by a known
    author with comments under two posts; `regular_people` how many such authors the account has. `is_arrival`: the
    first comment of a known author under the post; `arrivals_here` and `regulars_here` count those and the regulars
    among them. `regulars_excess`: (r - n p)^2 / n - p (1 - p) for r regulars among the n arrivals under the post and
    their share p in those of the account. These three are null elsewhere. `is_passing`: by a known author who is no
    regular.
    """
    counts, is_regular, is_arrival = kernels.authorship(
        places.order, places.post, places.several, places.author, places.knows_author
    )
    is_regular_arrival = is_arrival & is_regular
    arrivals, regulars = np.where(is_arrival, counts[4], np.nan), np.where(is_arrival, counts[5], np.nan)
    share = _number(is_regular_arrival, places.starts) / np.maximum(_number(is_arrival, places.starts), 1)
    expected = np.repeat(share, np.diff(places.starts))
    is_first = np.zeros(len(is_regular), np.bool_)
    is_first[places.several[np.flatnonzero(np.diff(places.author[places.several], prepend=-1))]] = True
    return {
        "knows_author": places.knows_author,
        "comments_here": counts[0],
        "same_author": counts[1],
        "same_author_here": counts[2],
        "known": _per_account(places.knows_author, places.starts),
        "known_here": counts[3],
        "arrivals_here": arrivals,
        "regulars_here": regulars,
        "regulars_excess": (regulars - arrivals * expected) ** 2 / arrivals - expected * (1 - expected),
        "regular_people": _per_account(is_first & is_regular, places.starts),
        "is_regular": is_regular,
        "is_passing": places.knows_author & ~is_regular,
        "is_arrival": is_arrival,
        "is_regular_arrival": is_regular_arrival,
    }


def _number(flags: Flags, starts: Integers) -> Integers:
    """Rows with the flag, per account."""
    return np.diff(np.concatenate([[0], np.cumsum(flags)])[starts])


def _per_account(flags: Flags, starts: Integers) -> Integers:
    """Rows of the account with the flag, per row."""
    return np.repeat(_number(flags, starts), np.diff(starts))


def _repetition(texts: TextPass, text: NDArray[np.int32], places: Places, authors: Columns) -> Columns:
    """Add, per comment, the probabilities `meets_...` of meeting its like in a draw of `DRAW`, and author counts.

    Entries to a giveaway name friends in the words that its rules ask for: a mention excuses repetition.
    """

    def by_others(codes: NDArray[np.int32]) -> Integers:
        """Comments by other authors with the same code."""
        found: Integers = kernels.by_other_authors(codes, places.several, authors["same_author"])
        return found

    def by_others_free(keys: NDArray[np.uint64]) -> Integers:
        return by_others(kernels.codes_of(places.starts, _unless(texts.has_mention, keys)))

    same_text = by_others(text)
    elsewhere = same_text - by_others(kernels.codes_of(places.starts, _pairs(text, places.post, same_text > 0)))
    slotted = [by_others_free(texts.slotted_keys[:, slot]) for slot in range(SENTENCE_WORDS - 1)]
    framed = np.maximum(by_others_free(texts.opening_key), by_others_free(texts.closing_key))
    is_row = texts.is_emoji_only & (texts.symbol_kinds >= EMOJI_ROW_KINDS)
    # Who writes the very same shares beginning and end with it, too.
    like_template = np.maximum(framed - same_text, 0)
    like_slotted = np.maximum(np.maximum.reduce(slotted) - same_text, 0)
    same_emoji_row = by_others(kernels.codes_of(places.starts, _unless(~is_row, texts.symbols_key)))
    first_symbol = kernels.codes_of(places.starts, _int64(texts.first_symbol_key))
    # An unbroken run in a script without spaces is a stock phrase up to several words: as generic as one English word.
    phrase_words = np.maximum(texts.list_length, texts.word_count // 2)
    number = np.diff(places.starts)

    def meets(like: Integers, drawn_from: Integers = number) -> Numbers:
        chances: Numbers = kernels.chances_of_meeting(places.starts, like, drawn_from, DRAW)
        return chances

    has_elsewhere = np.repeat(number, number) > authors["comments_here"]
    repeated_elsewhere = np.where(phrase_words >= SHORT_WORDS, elsewhere, 0)
    known = _number(places.knows_author, places.starts)
    return {
        "same_text": same_text,
        "like_template": like_template,
        "like_slotted": like_slotted,
        "same_emoji_row": same_emoji_row,
        "same_first_symbol": kernels.others_alike(first_symbol),
        "meets_text": meets(np.where(phrase_words >= SHORT_WORDS, same_text, 0)),
        "meets_sentence": meets(np.where(phrase_words >= SENTENCE_WORDS, same_text, 0)),
        "meets_text_elsewhere": meets(np.where(has_elsewhere, repeated_elsewhere, -1)),
        "meets_template": meets(like_template),
        "meets_slotted": meets(like_slotted),
        "meets_emoji_row": meets(same_emoji_row),
        "meets_author": meets(np.where(places.knows_author, authors["same_author"], -1), known),
    }


@dataclass(frozen=True, slots=True, eq=False)
class Captions:
    """The words of the captions of the accounts that have comments.

    Attributes:
        account, script: of each caption; `script` is its place in `SCRIPTS`, -1 where it has no letter.
        offsets: of every row of `Posts.table`, where its words start, and the number of words at the end.
        words: keys, 0 for words that do not count as content.
        following: of every row of `Posts.table`, the account's next post with content words, see the kernel.
    """

    account: Integers
    script: NDArray[np.int8]
    offsets: Integers
    words: Integers
    following: Integers


def _captions(tables: Tables) -> Captions:
    return tables.once("comments/captions", lambda: _captions_of(_posts(tables), _starts(tables.comments, tables)))


def _captions_of(posts: Posts, comment_starts: Integers) -> Captions:
    account = posts.table[ACCOUNT].to_numpy()
    is_read = (np.diff(comment_starts) > 0)[account] & posts.table["caption"].is_not_null().to_numpy()
    texts = text_pass(posts.table["caption"].filter(pl.Series(is_read)), LONGEST_CAPTION)
    words = np.zeros(len(account), np.int64)
    words[is_read] = texts.list_length
    offsets = np.concatenate([[0], np.cumsum(words)])
    content = np.concatenate([[0], np.cumsum(texts.word_is_content)])[offsets]
    following = kernels.following_posts(posts.starts, posts.posted_at, content[1:] > content[:-1])
    keys = _unless(~texts.word_is_content, texts.word_keys)
    return Captions(account[is_read].astype(np.int64), texts.script, offsets, keys, following)


def _shared_words(texts: TextPass, places: Places, authors: Columns, tables: Tables) -> Columns:
    """Add, per comment, how often others use its words and word pairs, and whether it takes up a caption.

    Adds `word_total`, `word_matches`, `author_word_total`, the same for pairs of neighbouring words (`pair_...`), and
    `touches_own`, `touches_other`: 1 if a content word stands in the post's own caption, and in that of the account's
    next one, else 0; null where the account has not two captions. Comments with a mention take no part, as in
    `_repetition`.
    """
    by_author = places.several, authors["same_author"]
    offsets = _int64(texts.word_offsets)
    begins, ends = offsets[:-1], np.where(texts.has_mention, offsets[:-1], offsets[1:])
    words, pairs, repeats = kernels.word_codes(places.starts, begins, ends, _int64(texts.word_keys))
    word_total, pair_total = ends - begins, np.maximum(ends - begins - 1, 0)
    captions = _captions(tables)
    content = _unless(~texts.word_is_content, texts.word_keys)
    touches = kernels.touched_captions(
        places.post, captions.following, begins, ends, content, captions.offsets, captions.words
    )
    return {
        "word_total": word_total,
        "word_matches": kernels.matches_by_others(begins, ends, words, repeats, *by_author),
        "author_word_total": kernels.sums_by_author(word_total, *by_author),
        "pair_total": pair_total,
        "pair_matches": kernels.matches_by_others(begins, ends, pairs, repeats, *by_author),
        "author_pair_total": kernels.sums_by_author(pair_total, *by_author),
        "touches_own": touches[0],
        "touches_other": touches[1],
    }


def _timing(places: Places) -> Columns:
    """Add delays after the post, gaps between neighbouring comments of a post, hours and late days; null if unknown."""
    gap_seconds, follows_same_author, gap_variation = kernels.gaps(
        places.order, places.post, places.author, places.instants
    )
    late_days = kernels.late_days(places.instants, places.lag_hours, LATE_HOURS)
    return {
        "lag_hours": places.lag_hours,
        "lag_size": _size(places.lag_hours),
        "gap_seconds": gap_seconds,
        "follows_same_author": follows_same_author,
        "gap_variation": gap_variation,
        "same_hour": kernels.others_alike(kernels.hour_codes(places.starts, places.instants)),
        "same_late_day": kernels.others_alike(kernels.codes_of(places.starts, late_days)),
    }


def _size(lag_hours: Numbers) -> Numbers:
    """ln(hours + 1 minute)."""
    size: Numbers = pl.Series(lag_hours + SHORTEST_DELAY_HOURS).log().to_numpy()
    return size


def _text_order(text: NDArray[np.int32], places: Places) -> Columns:
    """Add how often one text follows another: a list that is worked through shows the same order under every post.

    A comment is followed where the next one of its post has words, too, and both instants are known. Of the followed
    comments under other posts, `next_trials` have the same words as this one, `next_matches` of them also the same
    words behind them; of all those `next_pairs`, `next_chance` have the same words behind them. 0 elsewhere.
    """
    following = kernels.next_codes(text, places.order, places.post, places.instants)
    is_followed = following >= 0

    followed = places.order[is_followed[places.order]]

    def elsewhere(codes: NDArray[np.int32]) -> Integers:
        found: Integers = kernels.alike_elsewhere(codes, followed, places.post)
        return found

    return {
        "next_matches": elsewhere(kernels.codes_of(places.starts, _pairs(text, following, is_followed))),
        "next_trials": elsewhere(text),
        "next_chance": elsewhere(following),
        "next_pairs": elsewhere(places.rows[ACCOUNT].to_numpy().astype(np.int32)),
    }


def _arrivals(texts: TextPass, places: Places, authors: Columns) -> Columns:
    """Add how alike two arrivals under different posts are, of one person and of different people.

    `is_sentence`: more than `SHORT_WORDS` words of its own and no mention. An arrival counts with a known delay, as
    `size` = ln(hours + 1 minute). `return_pairs` are the same author's arrivals under other posts and `return_squares`
    the squared differences of size to them, summed; `other_pairs` and `other_squares` are those to other authors'
    arrivals under other posts. `return_matches` of `return_pairs` are whole sentences within `FIRST_HOURS`, as this
    one is. 0 where the comment is not such an arrival.
    """
    is_sentence = (texts.word_count > SHORT_WORDS) & ~texts.has_mention
    is_arrival, lag_hours = authors["is_arrival"], places.lag_hours
    size = kernels.from_first(places.starts, np.where(is_arrival, _size(lag_hours), np.nan))
    is_prompt = is_arrival & is_sentence & (lag_hours <= FIRST_HOURS)
    own = kernels.own_returns(size, is_prompt, places.several, authors["same_author"])
    other = kernels.other_returns(places.starts, places.order, places.post, size, own)
    return {
        "is_sentence": is_sentence,
        "return_pairs": own[0],
        "return_squares": np.maximum(own[1], 0),
        "return_matches": own[2],
        "other_pairs": other[0],
        "other_squares": other[1],
    }


# Visits ---------------------------------------------------------------------------------------------------------------


def visits(tables: Tables) -> pl.DataFrame:
    """One row per post and regular commenter, first comment only, on posts with at least `FEWEST_REGULARS` of them.

    A regular comments under two or more of the account's posts. `position` is the place among the post's regulars by
    time, 0 first to 1 last; `next_position` the same author's place under the next of their posts; `successor_matches`
    of `successor_trials` other visits are followed by the same regular as this one; `successor_chance` is the share
    that a random order would give.
    """
    places = _places(tables)
    authors = _authors(tables)
    chosen = kernels.regular_visits(
        places.order,
        places.post,
        places.several,
        authors["same_author"],
        places.knows_author & (places.instants != kernels.NO_INSTANT),
        FEWEST_REGULARS,
    )
    rows = places.order[chosen[places.order]]
    present = places.rows.select(ACCOUNT, "account_id", "comment_id")[rows].with_columns(
        post=pl.Series(places.post[rows]), author=pl.Series(places.author[rows])
    )
    placed = present.with_columns(
        regulars_here=pl.len().over("post").cast(pl.Int64),
        place=pl.int_range(1, pl.len() + 1).over("post"),
        successor=pl.when(pl.col("post") == pl.col("post").shift(-1)).then(pl.col("author").shift(-1)),
    ).with_columns(
        position=(pl.col("place") - 1) / (pl.col("regulars_here") - 1),
        has_successor=pl.col("successor").is_not_null(),
    )
    trials = pl.len().over("author", "has_successor").cast(pl.Int64) - 1
    matches = pl.len().over("author", "successor").cast(pl.Int64) - 1
    return placed.select(
        ACCOUNT,
        "account_id",
        "comment_id",
        "place",
        "regulars_here",
        "position",
        next_place=pl.col("place").shift(-1).over("author"),
        next_regulars_here=pl.col("regulars_here").shift(-1).over("author"),
        next_position=pl.col("position").shift(-1).over("author"),
        successor_matches=pl.when("has_successor").then(matches),
        successor_trials=pl.when("has_successor").then(trials),
        successor_chance=pl.when("has_successor").then(1 / (pl.col("regulars_here") - 1)),
    )


# Words ----------------------------------------------------------------------------------------------------------------


def comment_text() -> pl.Expr:
    """What is seen of a comment beside its text and its author: "3 words, 12 minutes after the post, ..."."""
    kind = (
        pl.when("is_emoji_only")
        .then(pl.lit("no word"))
        .when("is_mention_only")
        .then(pl.lit("mentions only"))
        .otherwise(counted("word_count", "word"))
    )
    return pl.concat_str(
        kind,
        pl.when(pl.col("has_mention") & ~pl.col("is_mention_only")).then(pl.lit("a mention")),
        pl.when("has_link").then(pl.lit("a web address")),
        pl.when("has_contact").then(pl.lit("a way to get in touch")),
        pl.when("has_question").then(pl.lit("a question")),
        pl.when(pl.col("script") != pl.col("own_script")).then(pl.format("in {} script", pl.col("script"))),
        delay_text(),
        pl.when(pl.col("gap_seconds") <= BURST_SECONDS).then(
            pl.format("{} s after the comment before it", pl.col("gap_seconds").round().cast(pl.Int64))
        ),
        _others("same_text", "the same words as"),
        _others("like_template", "begins or ends as"),
        _others("like_slotted", "begins and ends as"),
        _others("same_emoji_row", "the same row as"),
        pl.when(pl.col("same_author") > 0).then(pl.format("one of {} by the same author", pl.col("same_author") + 1)),
        pl.when(pl.col("like_count") > 0).then(counted("like_count", "like")),
        separator=", ",
        ignore_nulls=True,
    )


def reply_text() -> pl.Expr:
    """Who wrote a comment, the account itself or somebody else, and when."""
    writer = pl.when("is_owner").then(pl.lit("by the account itself")).otherwise(pl.lit("by somebody else"))
    return pl.concat_str(writer, delay_text(), separator=", ", ignore_nulls=True)


def visit_text() -> pl.Expr:
    """A regular commenter's place under this post and their next, and how often the same person came behind them."""
    return pl.concat_str(
        pl.format("regular commenter {} of {} under this post", pl.col("place"), pl.col("regulars_here")),
        pl.format("then {} of {} under their next", pl.col("next_place"), pl.col("next_regulars_here")),
        pl.when(pl.col("successor_trials") > 0).then(
            pl.format(
                "the same one behind them in {} of {} other posts",
                pl.col("successor_matches"),
                pl.col("successor_trials"),
            )
        ),
        separator=", ",
        ignore_nulls=True,
    )


def delay_text() -> pl.Expr:
    """The delay after the post in its largest whole unit; null where it is unknown."""
    hours = pl.col("lag_hours")
    return (
        pl.when(hours < 1 / 60)
        .then(pl.lit("under a minute after the post"))
        .when(hours < 1)
        .then(pl.format("{} after the post", counted((hours * 60).floor(), "minute")))
        .when(hours < HOURS_SHOWN)
        .then(pl.format("{} after the post", counted(hours.floor(), "hour")))
        .when(hours >= HOURS_SHOWN)
        .then(pl.format("{} after the post", counted((hours / 24).floor(), "day")))
    )


def _others(count: str, what: str) -> pl.Expr:
    """How many comments by other people it is like, and in what; null where there are none."""
    return pl.when(pl.col(count) > 0).then(pl.format(f"{what} {{}} by other people", counted(count, "comment")))
