"""Comment features: repetition, authorship, order and timing over an account's comments.

Genuine comments are generic (FACTS, "Comments": 42 % have at most two words), so no single comment tells. What tells
is what comments have in common: the same words from different people, the same people in the same order, gaps as even
as a timer's. Three rules follow from what may be supplied:

- The table holds 20 to 2,000 comments, all of them or a sample. Repetition is therefore measured by quantities whose
  expectation does not depend on how many are seen: the probability that two random comments agree, or the share that
  meets its like in a random draw of twenty (`DRAW`). A share of repeats over all comments would grow with their number.
- The earliest, newest or top comments have other delays and hours than all of them. What shifts with the kind of
  sample informs the model and is never a reason (`context`).
- A tight community, a giveaway, fans who answer in emoji and an audience of many languages are honest. What they share
  with schemes is `context` as well.

A comment of unknown author counts as written by somebody else. The owner's own replies are left out everywhere but in
`comments_owner_reply_share`, and comments with a mention where texts are compared.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from features.definition import Feature, feature
from features.tables import Tables
from features.text import folded_text, own_words, script_of, script_of_language, with_text_columns, word_list

FEATURES: dict[str, Feature] = {}

DRAW = 20
"""Comments in the random draw that repetition shares refer to: the fewest that are owed a verdict."""

FEWEST_FOR_SHARE = 10
"""Comments below which a share of them is not formed."""

LONGEST_CAPTION = 60
"""Words of a caption that comments are compared with."""

SHORTEST_CONTENT_WORD = 4
"""Letters from which a word counts as content: shorter ones are mostly articles and pronouns, in any alphabet."""

FEWEST_REGULARS = 3
"""Regular commenters on a post from which their order is read: of two, one always follows the other."""

LATE_HOURS = 72.0
"""Delay from which a comment is late: half of all comments come within 15 hours, three quarters within 57."""

SHORT_WORDS = 2
"""Words up to which a comment is short, as in FACTS ("at most two words"); also the fewest that count as repeated."""

SENTENCE_WORDS = 4
"""Words from which two people hardly write the same by chance."""

FRAME_WORDS = 3
"""Words at the start or end of a comment that make it a template's, where the rest differs."""

EMOJI_ROW_KINDS = 3
"""Different symbols from which a row of emoji is more than a habit."""

FEWEST_COMPARED = 3
"""Comments of regulars, and of others, from which the two are compared; `_shrunk_difference` weighs so few lightly."""

SHRINKAGE = 5.0
"""Comments, as an effective number, at which a difference of two shares counts half: what so few show may be chance."""

EXCESS_SHRINKAGE = 20
"""Comments at which an excess over chance counts half; the fewest that are owed a verdict."""

FIRST_HOURS = 1.0
"""Delay up to which a comment is early: 15 % of all are; pods and delivered comments are what comes at once."""

FEWEST_POSTS = 3
"""Posts from which it can be said how regulars are spread over them."""

BURST_SECONDS = 60.0
"""Gap up to which a comment follows the one before it at once."""

_FACTS = "FACTS, Comments"
_SELLERS = "FACTS, Schemes as they are sold and seen: bought comments"
_TAGGER = "FACTS, Rules that vetting tools document: Tagger"
_PODS = "FACTS, Schemes as they are sold and seen: pods"
_STORIES = "FACTS, Stories that look bought and are not"


# Frames ---------------------------------------------------------------------------------------------------------------


def _everyone(tables: Tables) -> pl.DataFrame:
    """One row per comment whose author is known, the owner's included: `is_owner`."""
    known = tables.comments.filter(pl.col("commenter_id").is_not_null())
    return known.select("account_id", is_owner=pl.col("commenter_id") == pl.col("account_id"))


def _comments(tables: Tables) -> pl.DataFrame:
    """One row per comment that is not the owner's, with all derived columns, in order of post and time."""
    rows = _by_others(tables)
    rows = with_text_columns(rows)
    rows = rows.join(_caption_scripts(tables), on="account_id", how="left", maintain_order="left")
    rows = _with_repetition(rows)
    rows = _with_shared_words(rows, _caption_words(tables))
    return _with_arrivals(_with_timing(rows)).drop("words")


def _by_others(tables: Tables) -> pl.DataFrame:
    """Comments not by the owner, with `post` and `author` keys and the post's instant, in order of post and time.

    `post` and `author` are hashes that are unique over all accounts: only their equality means something. An unknown
    author gets a key of its own.
    """
    comments = tables.comments.filter(pl.col("commenter_id").ne_missing(pl.col("account_id")))
    posts = tables.posts.select("account_id", "post_id", "posted_at")
    unknown_author = pl.struct("account_id", "comment_id", pl.lit(0)).hash()
    return (
        comments.join(posts, on=["account_id", "post_id"], how="left")
        .sort("account_id", "post_id", "commented_at", "comment_id")
        .with_row_index("row")
        .with_columns(
            account=pl.col("account_id").hash(),
            post=pl.struct("account_id", "post_id").hash(),
            knows_author=pl.col("commenter_id").is_not_null(),
            author=pl.when(pl.col("commenter_id").is_not_null())
            .then(pl.struct("account_id", "commenter_id").hash())
            .otherwise(unknown_author),
        )
        .drop("commenter_id", "comment_id")
    )


def _caption_scripts(tables: Tables) -> pl.DataFrame:
    """`own_script` per account: that of its language or, where that is unknown, the commonest of its captions."""
    captions = tables.posts.select("account_id", script=script_of(own_words(folded_text(pl.col("caption")))))
    commonest = (
        captions.filter(pl.col("script").is_not_null())
        .group_by("account_id", "script")
        .len()
        .sort("account_id", "len", "script", descending=[False, True, False])
        .unique("account_id", keep="first", maintain_order=True)
    )
    accounts = tables.accounts.select("account_id", language_script=script_of_language(pl.col("language")))
    return accounts.join(commonest, on="account_id", how="left").select(
        "account_id", own_script=pl.coalesce("language_script", "script")
    )


def _rows_sharing(*keys: str) -> pl.Expr:
    """Rows of the frame with the same values in these key columns, the row itself included."""
    key = pl.col(keys[0]) if len(keys) == 1 else pl.struct(*keys).hash()
    return pl.len().over(key).cast(pl.Int64)


def _by_other_authors(key: str) -> pl.Expr:
    """Comments by other authors with the same key; 0 where the key is null."""
    shared = _rows_sharing(key) - _rows_sharing(key, "author")
    return pl.when(pl.col(key).is_not_null()).then(shared).otherwise(0)


def _by_other_authors_elsewhere(key: str) -> pl.Expr:
    """Comments by other authors under other posts with the same key; 0 where the key is null."""
    shared_here = _rows_sharing(key, "post") - _rows_sharing(key, "post", "author")
    shared = _rows_sharing(key) - _rows_sharing(key, "author") - shared_here
    return pl.when(pl.col(key).is_not_null()).then(shared).otherwise(0)


def _probability_of_meeting(like: pl.Expr, comments: pl.Expr) -> pl.Expr:
    """Probability that a random draw of `DRAW` comments that holds this one holds another that is like it.

    1 - product over j = 0..DRAW-2 of (others - like - j) / (others - j), with others = comments - 1 (rarefaction:
    Hurlbert 1971, Ecology 52). Its mean does not depend on the number of comments. Null with fewer than `DRAW`.
    """
    others = comments - 1
    none_met = pl.lit(1.0)
    for drawn in range(DRAW - 1):
        none_met = none_met * ((others - like - drawn).clip(lower_bound=0) / (others - drawn))
    return pl.when(comments >= DRAW).then(1.0 - none_met)


def _with_repetition(rows: pl.DataFrame) -> pl.DataFrame:
    """Add, per comment, the probabilities `meets_…` of meeting its like in a draw of twenty, and author counts."""
    words = pl.col("words")
    length = words.list.len()
    # Entries to a giveaway name friends in the words that its rules ask for: a mention excuses repetition.
    is_free = ~pl.col("has_mention")
    keyed = rows.with_columns(
        text=pl.when(is_free & (length >= 1)).then(pl.struct("account", words.hash()).hash()),
        opening=pl.when(is_free & (length > FRAME_WORDS)).then(
            pl.struct("account", words.list.head(FRAME_WORDS).hash()).hash()
        ),
        closing=pl.when(is_free & (length > FRAME_WORDS)).then(
            pl.struct("account", words.list.tail(FRAME_WORDS).hash()).hash()
        ),
        emoji_row=pl.when(pl.col("is_emoji_only") & (pl.col("symbol_kinds") >= EMOJI_ROW_KINDS)).then(
            pl.struct("account", "symbols").hash()
        ),
        first_symbol=pl.when(pl.col("symbols") != "").then(
            pl.struct("account", pl.col("symbols").str.slice(0, 1)).hash()
        ),
    )
    counted = keyed.with_columns(
        comments=pl.len().over("account").cast(pl.Int64),
        comments_here=_rows_sharing("post"),
        known=pl.col("knows_author").sum().over("account").cast(pl.Int64),
        text_elsewhere=_by_other_authors_elsewhere("text"),
        same_text=_by_other_authors("text"),
        same_opening=_by_other_authors("opening"),
        same_closing=_by_other_authors("closing"),
        same_emoji_row=_by_other_authors("emoji_row"),
        same_first_symbol=_rows_sharing("first_symbol") - 1,
        same_author=_rows_sharing("author") - 1,
        same_author_here=_rows_sharing("author", "post") - 1,
        known_here=pl.col("knows_author").sum().over("post").cast(pl.Int64),
    )
    # An unbroken run in a script without spaces is a stock phrase up to several words: as generic as one English word.
    phrase_words = pl.max_horizontal(length.cast(pl.Int64), pl.col("word_count") // 2)
    repeated = pl.when(phrase_words >= SHORT_WORDS).then(pl.col("same_text")).otherwise(0)
    sentence = pl.when(phrase_words >= SENTENCE_WORDS).then(pl.col("same_text")).otherwise(0)
    elsewhere = pl.when(phrase_words >= SHORT_WORDS).then(pl.col("text_elsewhere")).otherwise(0)
    template = pl.max_horizontal("same_opening", "same_closing") - pl.col("same_text")
    comments = pl.col("comments")
    return counted.with_columns(
        meets_text=_probability_of_meeting(repeated, comments),
        meets_sentence=_probability_of_meeting(sentence, comments),
        meets_text_elsewhere=pl.when(comments > pl.col("comments_here")).then(
            _probability_of_meeting(elsewhere, comments)
        ),
        meets_template=_probability_of_meeting(template.clip(lower_bound=0), comments),
        meets_emoji_row=_probability_of_meeting(pl.col("same_emoji_row"), comments),
        is_regular=pl.col("knows_author") & (pl.col("same_author") > pl.col("same_author_here")),
        meets_author=pl.when("knows_author").then(_probability_of_meeting(pl.col("same_author"), pl.col("known"))),
    ).drop("opening", "closing", "emoji_row", "text")


def _caption_words(tables: Tables) -> pl.DataFrame:
    """One row per captioned post: `post`, `other_post` (the account's next one, the last's is the first), `caption`.

    Captions become lists of content words; a post without one, or alone with one, is left out.
    """
    is_content = pl.element().str.len_chars() >= SHORTEST_CONTENT_WORD
    content = word_list(own_words(folded_text(pl.col("caption"))), LONGEST_CAPTION)
    captioned = (
        tables.posts.select(
            "account_id",
            "posted_at",
            "post_id",
            post=pl.struct("account_id", "post_id").hash(),
            caption=content.list.eval(pl.element().filter(is_content)),
        )
        .filter(pl.col("caption").list.len() > 0)
        .sort("account_id", "posted_at", "post_id")
    )
    following = pl.col("post").shift(-1).over("account_id")
    return (
        captioned.with_columns(other_post=pl.coalesce(following, pl.col("post").first().over("account_id")))
        .filter(pl.col("post") != pl.col("other_post"))
        .select("post", "other_post", "caption")
    )


def _with_shared_words(rows: pl.DataFrame, captions: pl.DataFrame) -> pl.DataFrame:
    """Add, per comment, how often others use its words and word pairs, and whether it takes up a caption.

    Adds `word_total`, `word_matches`, `author_word_total`, the same for pairs of neighbouring words (`pair_…`), and
    `touches_own`, `touches_other`: whether a content word stands in the post's own caption, and in another post's;
    null where the account has not two captions. Comments with a mention take no part, as in `_with_repetition`.
    """
    rows = rows.join(captions.select("post", "other_post"), on="post", how="left", maintain_order="left")
    tokens = (
        rows.filter(~pl.col("has_mention") & (pl.col("words").list.len() > 0))
        .select("row", "account", "author", "post", "other_post", word="words")
        .explode("word")
        .with_columns(
            is_content=pl.col("word").str.len_chars() >= SHORTEST_CONTENT_WORD,
            word=pl.col("word").hash(),
        )
        .with_columns(
            pair=pl.when(pl.col("row") == pl.col("row").shift(1)).then(
                pl.struct("account", pl.col("word").shift(1).alias("before"), "word").hash()
            ),
            word_here=pl.struct("account", "word").hash(),
        )
    )
    in_captions = (
        captions.select("post", word="caption")
        .explode("word")
        .select(key=pl.struct("post", pl.col("word").hash().alias("word")).hash())
    )
    known_keys = in_captions["key"].unique().implode()
    counted = tokens.with_columns(
        word_matches=_by_other_authors("word_here"),
        pair_matches=_by_other_authors("pair"),
        in_own=pl.col("is_content") & pl.struct("post", "word").hash().is_in(known_keys),
        in_other=pl.col("is_content") & pl.struct(pl.col("other_post").alias("post"), "word").hash().is_in(known_keys),
    )
    per_comment = counted.group_by("row").agg(
        word_total=pl.len().cast(pl.Int64),
        word_matches=pl.col("word_matches").sum(),
        pair_total=pl.col("pair").count().cast(pl.Int64),
        pair_matches=pl.col("pair_matches").sum(),
        in_own=pl.col("in_own").any(),
        in_other=pl.col("in_other").any(),
    )
    totals = ["word_total", "word_matches", "pair_total", "pair_matches"]
    has_captions = pl.col("other_post").is_not_null() & pl.col("word_total").is_not_null()
    return (
        rows.join(per_comment, on="row", how="left", maintain_order="left")
        .with_columns(
            touches_own=pl.when(has_captions).then(pl.col("in_own")),
            touches_other=pl.when(has_captions).then(pl.col("in_other")),
        )
        .drop("in_own", "in_other", "other_post")
        .with_columns(pl.col(totals).fill_null(0))
        .with_columns(
            author_word_total=pl.col("word_total").sum().over("author"),
            author_pair_total=pl.col("pair_total").sum().over("author"),
        )
    )


def _with_timing(rows: pl.DataFrame) -> pl.DataFrame:
    """Add delays after the post, gaps between neighbouring comments of a post, hours and late days; null if unknown."""
    lag = (pl.col("commented_at") - pl.col("posted_at")).dt.total_seconds(fractional=True) / 3600
    gap = (pl.col("commented_at") - pl.col("commented_at").shift(1)).dt.total_seconds(fractional=True)
    timed = rows.with_columns(
        # A comment before its post is a clock that failed.
        lag_hours=pl.when(lag >= 0).then(lag),
        gap_seconds=pl.when(pl.col("post") == pl.col("post").shift(1)).then(gap),
        hour=pl.when(pl.col("commented_at").is_not_null()).then(
            pl.struct("account", pl.col("commented_at").dt.hour()).hash()
        ),
        follows_same_author=pl.col("author") == pl.col("author").shift(1),
    )
    first, second = pl.col("gap_seconds").shift(1), pl.col("gap_seconds")
    # Gaps of whole hours come from clocks that show hours, days or weeks: their evenness is the display's.
    is_rounded = (first % 3600 == 0) & (second % 3600 == 0)
    are_neighbours = (pl.col("post") == pl.col("post").shift(1)) & (first + second > 0) & ~is_rounded
    late_day = pl.struct("account", pl.col("commented_at").dt.date()).hash()
    return timed.with_columns(
        gap_variation=pl.when(are_neighbours).then(3 * ((first - second) / (first + second)) ** 2),
        same_hour=pl.when(pl.col("hour").is_not_null()).then(_rows_sharing("hour") - 1),
        late_day=pl.when(pl.col("lag_hours") > LATE_HOURS).then(late_day),
    ).with_columns(same_late_day=pl.when(pl.col("late_day").is_not_null()).then(_rows_sharing("late_day") - 1))


def _with_arrivals(rows: pl.DataFrame) -> pl.DataFrame:
    """Add what signs of a pod are put together from.

    `is_early`: within `FIRST_HOURS` of the post, null where the delay is unknown. `is_sentence`: more than
    `SHORT_WORDS` words of its own and no mention. `is_arrival`: the first comment of a known author under the post;
    `arrivals_here` and `regulars_here` count those and the regulars among them.
    """
    visit = pl.when("knows_author").then(pl.struct("author", "post").hash())
    return (
        rows.with_columns(
            is_early=pl.col("lag_hours") <= FIRST_HOURS,
            is_sentence=(pl.col("word_count") > SHORT_WORDS) & ~pl.col("has_mention"),
            is_arrival=visit.is_not_null() & visit.is_first_distinct(),
        )
        .with_columns(is_regular_arrival=pl.col("is_arrival") & pl.col("is_regular"))
        .with_columns(
            arrivals_here=pl.col("is_arrival").sum().over("post").cast(pl.Float64),
            regulars_here=pl.col("is_regular_arrival").sum().over("post").cast(pl.Float64),
        )
    )


def _visits(tables: Tables) -> pl.DataFrame:
    """One row per post and regular commenter, first comment only, on posts with at least `FEWEST_REGULARS` of them.

    A regular comments under two or more of the account's posts. `position` is the place among the post's regulars by
    time, 0 first to 1 last; `next_position` the same author's place under the next of their posts; `successor_matches`
    of `successor_trials` other visits are followed by the same regular as this one; `successor_chance` is the share
    that a random order would give.
    """
    known = _by_others(tables).filter(pl.col("knows_author") & pl.col("commented_at").is_not_null())
    first = known.unique(["author", "post"], keep="first", maintain_order=True)
    regulars = first.filter(pl.len().over("author") > 1)
    present = regulars.with_columns(regulars_here=pl.len().over("post").cast(pl.Int64)).filter(
        pl.col("regulars_here") >= FEWEST_REGULARS
    )
    placed = present.with_columns(
        position=pl.int_range(pl.len()).over("post") / (pl.col("regulars_here") - 1),
        successor=pl.when(pl.col("post") == pl.col("post").shift(-1)).then(
            pl.struct("author", pl.col("author").shift(-1).alias("next")).hash()
        ),
    ).with_columns(has_successor=pl.col("successor").is_not_null())
    trials = _rows_sharing("author", "has_successor") - 1
    return placed.select(
        "account_id",
        "position",
        next_position=pl.col("position").shift(-1).over("author"),
        successor_matches=pl.when("has_successor").then(_rows_sharing("successor") - 1),
        successor_trials=pl.when("has_successor").then(trials),
        successor_chance=pl.when("has_successor").then(1 / (pl.col("regulars_here") - 1)),
    )


FRAMES: dict[str, Callable[[Tables], pl.DataFrame]] = {
    "comments": _comments,
    "everyone": _everyone,
    "visits": _visits,
}


# Parts of expressions -------------------------------------------------------------------------------------------------


def _where_observed(value: pl.Expr, observed: pl.Expr, fewest: int) -> pl.Expr:
    """The value where at least `fewest` rows of the account are observed, else null."""
    return pl.when(observed.sum() >= fewest).then(value)


def _has_free_words() -> pl.Expr:
    """The comment has words of its own and no mention: entries to a giveaway are as long as its rules ask for."""
    return (pl.col("word_count") > 0) & ~pl.col("has_mention")


def _share_of_worded(condition: pl.Expr) -> pl.Expr:
    """Share of the comments with free words; null with fewer than `FEWEST_FOR_SHARE` of them."""
    worded = _has_free_words()
    return _where_observed((worded & condition).sum() / worded.sum(), worded, FEWEST_FOR_SHARE)


def _agreement(total: str, matches: str, author_total: str) -> pl.Expr:
    """Probability that two random tokens by different authors are the same; null with fewer than twenty comments."""
    everything = pl.col(total).sum()
    pairs = everything**2 - (pl.col(total) * pl.col(author_total)).sum()
    return _where_observed(pl.col(matches).sum() / pairs, pl.col(total) > 0, DRAW)


def _shrunk_difference(condition: pl.Expr, among: pl.Expr) -> pl.Expr:
    """Share of regulars' comments that fulfil the condition, minus that of others', drawn towards 0 where few.

    Shares are (hits + 1/2) / (comments + 1); the factor is m / (m + `SHRINKAGE`), m = r o / (r + o) for r comments of
    regulars and o of others. So three comments may speak, softly, and the value tends to the plain difference with
    their number instead of growing like a z-score. Null under `FEWEST_COMPARED` of either.
    """
    among = among & pl.col("knows_author")
    regulars, others = among & pl.col("is_regular"), among & ~pl.col("is_regular")
    difference = _add_half_share(condition, regulars) - _add_half_share(condition, others)
    effective = regulars.sum() * others.sum() / among.sum()
    enough = (regulars.sum() >= FEWEST_COMPARED) & (others.sum() >= FEWEST_COMPARED)
    return pl.when(enough).then(difference * effective / (effective + SHRINKAGE))


def _add_half_share(condition: pl.Expr, among: pl.Expr) -> pl.Expr:
    return ((condition & among).sum() + 0.5) / (among.sum() + 1)


def _excess_share(among: pl.Expr, *signs: pl.Expr) -> pl.Expr:
    """Share of comments that show all the signs at once, beyond what their separate shares lead to expect.

    (observed - expected) / (n + `EXCESS_SHRINKAGE`), expected = n times the product of the signs' shares among the n
    comments. Null with fewer than `FEWEST_FOR_SHARE`; it tends to a share with their number and does not grow.
    """
    count = among.sum()
    together, expected = among, count.cast(pl.Float64)
    for sign in signs:
        together = together & sign
        expected = expected * (among & sign).sum() / count
    return _where_observed((together.sum() - expected) / (count + EXCESS_SHRINKAGE), among, FEWEST_FOR_SHARE)


# Words ----------------------------------------------------------------------------------------------------------------


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments, 0 to 1",
    formula="mean(no letter, digit or mention, and at least one symbol)",
    suspicious="context",
    source=f"{_FACTS}: 0 / .05 / .11 / .19 / .32; fan emoji culture is honest ({_STORIES})",
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_emoji_only_share() -> pl.Expr:
    """Share of comments without a word: emoji, hearts, punctuation."""
    return pl.col("is_emoji_only").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments, 0 to 1",
    formula="mean(at least one mention and no word or link beside it)",
    suspicious="context",
    source=f"{_FACTS}: .013 at 1-10k to .059; giveaways ask for it ({_STORIES})",
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_mention_only_share() -> pl.Expr:
    """Share of comments that only name other accounts, as giveaways ask for."""
    return pl.col("is_mention_only").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments, 0 to 1",
    formula="mean(at least one @mention)",
    suspicious="context",
    source=f"{_FACTS}: 10 % carry a mention",
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_mention_share() -> pl.Expr:
    """Share of comments that name another account."""
    return pl.col("has_mention").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments, 0 to 1",
    formula="mean(web address in the text)",
    suspicious="context",
    source=f"{_FACTS}: 0.1 %; spammers visit accounts that bought nothing",
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_link_share() -> pl.Expr:
    """Share of comments with a web address."""
    return pl.col("has_link").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments with words, 0 to 1",
    formula="questions / comments, both with at least one word and no mention",
    suspicious="context",
    source="assumed: audiences ask, praise sellers do not; few genuine comments are questions either",
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_question_share() -> pl.Expr:
    """Share of comments with words that ask something."""
    return _share_of_worded(pl.col("has_question"))


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments with words, 0 to 1",
    formula="comments of 1 or 2 words / comments of at least 1 word, without a mention; estimated in scripts without "
    "spaces",
    suspicious="both",
    reason_high="{value:.0%} of the comments with words consist of only one or two",
    reason_low="only {value:.0%} of the comments with words are as short as one or two words",
    source=f"{_FACTS}: at most 2 words .11 / .28 / .42 / .57 / .73 of all; {_PODS}: 'three words and more'",
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_short_share() -> pl.Expr:
    """Share of comments with words that have one or two of them.

    Emoji and mentions alone are not counted on either side, so that fans and giveaways do not shift it.
    """
    return _share_of_worded(pl.col("word_count") <= SHORT_WORDS)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="words, geometric mean, 1 or more",
    formula="exp(mean(ln(words))) over comments with words and no mention",
    suspicious="context",
    source=f"{_FACTS}: 0 / 1 / 3 / 6 words",
    low=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_words_length() -> pl.Expr:
    """Typical number of words of a comment that has any."""
    worded = _has_free_words()
    typical = pl.col("word_count").filter(worded).log().mean().exp()
    return _where_observed(typical, worded, FEWEST_FOR_SHARE)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="standard deviation of ln(letters), 0 or more",
    formula="sd(ln(letters and digits)) over comments with words and no mention",
    suspicious="context",
    source=f"{_SELLERS}: two to four praise words; friends of a small account write alike, too ({_STORIES})",
    low=0.0,
    min_rows=DRAW,
)
def comments_text_size_spread() -> pl.Expr:
    """Spread of the comments' lengths, relative: one word beside a paragraph is what audiences write."""
    worded = _has_free_words()
    return _where_observed(pl.col("letter_count").filter(worded).log().std(), worded, DRAW)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments that show a script, 0 to 1",
    formula="mean(script of the first letter is not the script of the account's language, or else of its captions)",
    suspicious="context",
    source=f"{_TAGGER}: foreign-language comments; mixed-language audiences are honest ({_STORIES})",
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_foreign_script_share() -> pl.Expr:
    """Share of comments written in another script than the account's own."""
    is_foreign = pl.col("script") != pl.col("own_script")
    return _where_observed(is_foreign.mean(), is_foreign.is_not_null(), FEWEST_FOR_SHARE)


# Repetition -----------------------------------------------------------------------------------------------------------


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="mean P(a draw of 20 holds the same words by another author); texts of 2 words or more without a mention, "
    "emoji, links and figures ignored; in scripts without spaces of 4 estimated words or more",
    suspicious="high",
    reason="in any twenty comments, {value:.0%} repeat word for word what another person wrote",
    source=f"{_FACTS}: exact repeats 0 / 0 / 0 / .03 / .07; {_SELLERS}: templates with slots",
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_repeated_text_share() -> pl.Expr:
    """Share of comments whose words another author repeats, as seen in a draw of twenty comments."""
    return pl.col("meets_text").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="as comments_repeated_text_share, texts of 4 words or more (8 estimated in scripts without spaces)",
    suspicious="high",
    reason="in any twenty comments, {value:.0%} repeat a whole sentence of another person",
    source=f"{_SELLERS}: templates with slots",
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_repeated_sentence_share() -> pl.Expr:
    """Share of comments of four words or more that another author repeats, as seen in a draw of twenty comments.

    Two people may both write "so cute"; hardly a whole sentence.
    """
    return pl.col("meets_sentence").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="as comments_repeated_text_share, the other author's text under another post",
    suspicious="high",
    reason="in any twenty comments, {value:.0%} repeat word for word what another person wrote under a different post",
    source=f"{_SELLERS}; wishes and condolences repeat too, but under one post",
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_repeated_text_across_posts_share() -> pl.Expr:
    """Share of comments whose words another author repeats under a different post, in a draw of twenty comments."""
    return pl.col("meets_text_elsewhere").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="mean P(a draw of 20 holds a different text by another author with the same first or last 3 words); "
    "texts of 4 words or more",
    suspicious="high",
    reason="in any twenty comments, {value:.0%} start or end with the same three words as a different person's comment",
    source=f"{_SELLERS}: templates with slots",
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_template_share() -> pl.Expr:
    """Share of comments that start or end like another author's different comment, in a draw of twenty comments."""
    return pl.col("meets_template").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="mean P(a draw of 20 holds the same row of symbols by another author); rows of 3 different symbols or more",
    suspicious="high",
    reason="in any twenty comments, {value:.0%} are the same row of different emoji as another person's",
    source=f"{_SELLERS}: emoji rows",
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_repeated_emoji_row_share() -> pl.Expr:
    """Share of comments that are the same row of three or more different emoji as another author's.

    Fans repeat one heart; the same mixed row from two people is an order's.
    """
    return pl.col("meets_emoji_row").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="probability, 0 to 1",
    formula="pairs of comments with the same first symbol / all pairs of comments with a symbol",
    suspicious="context",
    source=f"Simpson 1949 (pair probability); fan emoji culture is honest ({_STORIES})",
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_first_emoji_agreement_share() -> pl.Expr:
    """Probability that two random comments with emoji start with the same one."""
    has_symbol = pl.col("first_symbol").is_not_null()
    with_symbol = has_symbol.sum()
    agreeing = pl.col("same_first_symbol").filter(has_symbol).sum()
    return _where_observed(agreeing / (with_symbol * (with_symbol - 1)), has_symbol, FEWEST_FOR_SHARE)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="probability, 0 to 1",
    formula="pairs of equal words by different authors / all pairs of words by different authors",
    suspicious="context",
    source="Simpson 1949, Measurement of diversity: independent of the amount of text, unlike type/token ratios; "
    f"depends on the language, and one-word praise is genuine ({_FACTS})",
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_word_agreement_share() -> pl.Expr:
    """Probability that two random words by different authors are the same word."""
    return _agreement("word_total", "word_matches", "author_word_total")


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="probability, 0 to 1",
    formula="pairs of equal neighbouring-word pairs by different authors / all such pairs",
    suspicious="high",
    reason="two random word pairs of different commenters are the same in {value:.1%} of cases: shared phrases",
    source=f"Simpson 1949, on word pairs; {_SELLERS}: templates with slots",
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_phrase_agreement_share() -> pl.Expr:
    """Probability that two random pairs of neighbouring words by different authors are the same.

    Finds templates wherever their slots are, which whole-text comparisons miss.
    """
    return _agreement("pair_total", "pair_matches", "author_pair_total")


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="difference of two shares, -1 to 1",
    formula="share of comments with a content word of their post's caption, minus the share with one of another post's",
    suspicious="context",
    source="assumed: genuine comments touch their post a little, pods more, sellers at chance",
    low=-1.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_caption_relevance_residual() -> pl.Expr:
    """How much more often comments take up a word of their own post's caption than of another's.

    The other caption shows what chance gives, since both share the account's vocabulary.
    """
    excess = pl.col("touches_own").mean() - pl.col("touches_other").mean()
    return _where_observed(excess, pl.col("touches_own").is_not_null(), DRAW)


# Authors --------------------------------------------------------------------------------------------------------------


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="mean P(a draw of 20 holds another comment of the same author) over comments with known author",
    suspicious="context",
    source=f"{_FACTS}: distinct commenters / comments .76 / .90 / .94 / .98 / 1; tight communities ({_STORIES})",
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_repeat_author_share() -> pl.Expr:
    """Share of comments whose author wrote another one, as seen in a draw of twenty comments."""
    return pl.col("meets_author").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="probability, 0 to 1",
    formula="pairs of comments under different posts by one author / all pairs under different posts, known authors",
    suspicious="context",
    source=f"{_PODS}: the same members everywhere; so are friends and family ({_STORIES})",
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_same_author_across_posts_share() -> pl.Expr:
    """Probability that two random comments under different posts are by the same person."""
    known = pl.col("knows_author")
    elsewhere = (pl.col("same_author") - pl.col("same_author_here")).filter(known).sum()
    pairs = (pl.col("known") - pl.col("known_here")).filter(known).sum()
    return _where_observed(elsewhere / pairs, known, DRAW)


@feature(
    FEATURES,
    group="comments",
    frame="visits",
    unit="correlation, -1 to 1",
    formula="corr(place among a post's regulars, the same author's place under the next post); posts with 3 or more",
    suspicious="high",
    reason="regular commenters appear in nearly the same order under every post (correlation {value:.2f})",
    source=f"{_TAGGER}: the same commenters in the same order over posts",
    low=-1.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_author_order_correlation() -> pl.Expr:
    """How far regular commenters keep their places in the queue from post to post.

    Habits give friends some order; a list that is worked through gives nearly 1. Null with fewer than twenty returns.
    """
    kept = pl.corr("position", "next_position")
    return _where_observed(kept, pl.col("next_position").is_not_null(), DRAW)


@feature(
    FEATURES,
    group="comments",
    frame="visits",
    unit="excess over chance, 1 at most; 0 if always the same people come in random order, below if they change",
    formula="(observed - chance) / (1 - chance), observed = same next regular / other visits of the same author, "
    "chance = 1 / (regulars under the post - 1)",
    suspicious="high",
    reason="the same person comments right after the same other person {value:.0%} more often than chance explains",
    source=f"{_TAGGER}: the same commenters in the same order over posts; {_SELLERS}",
    low=-1.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_same_successor_residual() -> pl.Expr:
    """How much more often than by chance one regular commenter is followed by the same other one."""
    trials = pl.col("successor_trials")
    observed = pl.col("successor_matches").sum() / trials.sum()
    chance = (pl.col("successor_chance") * trials).sum() / trials.sum()
    return pl.when(trials.sum() >= DRAW).then((observed - chance) / (1 - chance))


@feature(
    FEATURES,
    group="comments",
    frame="everyone",
    unit="share of comments with known author, 0 to 1",
    formula="comments by the account itself / comments with known author",
    suspicious="context",
    source=f"{_FACTS}: owner's own replies 0 / 0 / 0 / .05 / .33",
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_owner_reply_share() -> pl.Expr:
    """Share of comments that are the account's own replies."""
    return pl.col("is_owner").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments with known likes, 0 to 1",
    formula="mean(comment has at least one like)",
    suspicious="context",
    source="assumed: nobody likes a bought comment, but few genuine ones are liked under small accounts either",
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_liked_share() -> pl.Expr:
    """Share of comments that somebody liked."""
    likes = pl.col("like_count")
    return _where_observed((likes > 0).mean(), likes.is_not_null(), FEWEST_FOR_SHARE)


# Timing ---------------------------------------------------------------------------------------------------------------


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="hours, 0 or more",
    formula="median(comment instant - post instant)",
    suspicious="context",
    source=f"{_FACTS}: 11 min / 2.6 h / 15 h / 57 h / 48 days; shifts with the kind of sample",
    low=0.0,
    min_rows=DRAW,
)
def comments_lag_median_hours() -> pl.Expr:
    """Typical delay of a comment after its post."""
    return _where_observed(pl.col("lag_hours").median(), pl.col("lag_hours").is_not_null(), DRAW)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="quartile distance of ln(hours), 0 or more",
    formula="q75 - q25 of ln(delay + 1 minute)",
    suspicious="context",
    source=f"{_FACTS}: 11 min / 2.6 h / 15 h / 57 h / 48 days, a distance of 3.1; shifts with the kind of sample",
    low=0.0,
    min_rows=DRAW,
)
def comments_lag_spread() -> pl.Expr:
    """Spread of the delays after the post, relative."""
    size = (pl.col("lag_hours") + 1 / 60).log()
    distance = size.quantile(0.75, "linear") - size.quantile(0.25, "linear")
    return _where_observed(distance, size.is_not_null(), DRAW)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments, 0 to 1",
    formula="mean(delay after the post <= 1 hour)",
    suspicious="context",
    source=f"{_FACTS}: 15 % within the first hour; {_PODS}; an earliest sample gives 1",
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_first_hour_share() -> pl.Expr:
    """Share of comments that came within an hour of their post."""
    lag = pl.col("lag_hours")
    return _where_observed((lag <= 1).mean(), lag.is_not_null(), DRAW)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="difference of two shares, -1 to 1, towards 0 where few comments are seen",
    formula="(first-hour share of regulars' comments - that of all others') m / (m + 5), shares with a half added to "
    "hits and misses, m = r o / (r + o) for r and o comments, at least 3 of each; regular: comments under two posts",
    suspicious="high",
    reason="people who comment again and again come within the first hour far more often than the others "
    "(by at least {value:+.0%} of their comments, allowing for chance)",
    source=f"{_PODS}: members react at once; the difference cancels the kind of sample",
    low=-1.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_regulars_first_hour_residual() -> pl.Expr:
    """How much more often regular commenters come within the first hour than the rest of the same audience."""
    return _shrunk_difference(pl.col("is_early"), pl.col("is_early").is_not_null())


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="difference of two shares, -1 to 1, towards 0 where few comments are seen",
    formula="(share of 3 words and more among regulars' comments - that among all others') m / (m + 5), as "
    "comments_regulars_first_hour_residual; comments with words and no mention",
    suspicious="context",
    source=f"{_PODS}: 'three words and more'; devoted fans may write more than passers-by, too",
    low=-1.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_regulars_sentence_residual() -> pl.Expr:
    """How much more often regular commenters write three words or more than the rest of the same audience."""
    return _shrunk_difference(pl.col("is_sentence"), _has_free_words())


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments beyond chance, -1 to 1, towards 0 where few comments are seen",
    formula="(comments by regulars, within an hour and of 3 words and more - n times the product of the three shares) "
    "/ (n + 20); regular: comments under two posts; n comments with known author and delay",
    suspicious="high",
    reason="{value:.1%} of comments, more than chance would bring together, are whole sentences that the same people "
    "write within the first hour",
    source=f"{_PODS}: early, in three words and more, by the same members; FACTS, Rules: HypeAuditor, a comment is "
    "suspicious only if several signs co-occur",
    low=-1.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_early_sentences_by_regulars_residual() -> pl.Expr:
    """How far regular authors, haste and whole sentences come together beyond what each alone would give."""
    known = pl.col("knows_author") & pl.col("is_early").is_not_null()
    return _excess_share(known, pl.col("is_regular"), pl.col("is_early"), pl.col("is_sentence"))


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments beyond chance, -1 to 1, towards 0 where few comments are seen",
    formula="(comments by regulars of 3 words and more - n times the product of the two shares) / (n + 20)",
    suspicious="context",
    source=f"{_PODS}, where instants are not observed; devoted fans may write more than passers-by, too",
    low=-1.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_sentences_by_regulars_residual() -> pl.Expr:
    """How far regular authors and whole sentences come together beyond what each alone would give."""
    return _excess_share(pl.col("knows_author"), pl.col("is_regular"), pl.col("is_sentence"))


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of comments beyond chance, -1 to 1, towards 0 where few comments are seen",
    formula="(comments of 3 words and more within an hour - n times the product of the two shares) / (n + 20)",
    suspicious="context",
    source=f"{_PODS}, where authors are not observed; readers who come first may have most to say, too",
    low=-1.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_early_sentences_residual() -> pl.Expr:
    """How far haste and whole sentences come together beyond what each alone would give."""
    return _excess_share(pl.col("is_early").is_not_null(), pl.col("is_early"), pl.col("is_sentence"))


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="correlation of two authors under one post, -1 to 1, towards 0 where few comments are seen",
    formula="sum((r - n p)^2 - n p (1 - p)) / (p (1 - p) (sum(n (n - 1)) + 20)) over posts with r regulars among n "
    "people, p = sum(r) / sum(n); at least 3 posts",
    suspicious="context",
    source=f"{_SELLERS}; {_PODS}: orders and rounds are for some posts; overdispersion of a binomial share",
    low=-1.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_regulars_between_posts_spread() -> pl.Expr:
    """How unevenly regular commenters are spread over the posts, beyond chance: all at once or not at all."""
    arrivals, people, regulars = pl.col("is_arrival"), pl.col("arrivals_here"), pl.col("regulars_here")
    share = pl.col("is_regular_arrival").sum() / arrivals.sum()
    noise = share * (1 - share)
    # Every post has as many rows as people: dividing by them turns sums over rows into sums over posts.
    posts = (1 / people.filter(arrivals)).sum()
    excess = ((regulars - people * share) ** 2 / people - noise).filter(arrivals).sum()
    pairs = (people - 1).filter(arrivals).sum()
    value = excess / (noise * (pairs + EXCESS_SHRINKAGE))
    return pl.when((posts >= FEWEST_POSTS - 0.5) & (noise > 0)).then(value.clip(-1, 1))


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="share of gaps, 0 to 1",
    formula="mean(gap to the previous comment of the post, by somebody else, <= 60 s)",
    suspicious="context",
    source="assumed: deliveries come in seconds, and so do crowds under a large account's new post",
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_burst_share() -> pl.Expr:
    """Share of comments that came within a minute of another person's comment under the same post."""
    gap = pl.col("gap_seconds").filter(~pl.col("follows_same_author"))
    return _where_observed((gap <= BURST_SECONDS).mean(), gap.is_not_null(), DRAW)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="local variation, 0 to 3; 1 for random arrivals",
    formula="mean(3 ((g1 - g2) / (g1 + g2))^2) over neighbouring gaps g1, g2 of a post",
    suspicious="low",
    reason="comments arrive at unusually even intervals (variation {value:.2f})",
    source="Shinomoto et al. 2003, local variation: does not depend on the rate, nor on its slow decay after a post",
    low=0.0,
    high=3.0,
    min_rows=DRAW,
)
def comments_gap_spread() -> pl.Expr:
    """How uneven neighbouring gaps between the comments of a post are.

    Thinning by a sample moves it towards 1, the value of chance, and so never accuses.
    """
    return _where_observed(pl.col("gap_variation").mean(), pl.col("gap_variation").is_not_null(), DRAW)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="bits, 0 to 4.585",
    formula="-log2(pairs of comments in the same hour of the day / all pairs), at most log2(24)",
    suspicious="context",
    source="Renyi entropy of order 2 by pair probability; shifts with time zones and the kind of sample",
    low=0.0,
    high=4.585,
    min_rows=DRAW,
)
def comments_hour_entropy_bits() -> pl.Expr:
    """How evenly comments fall on the hours of the day."""
    timed = pl.col("same_hour").count()
    agreeing = pl.col("same_hour").sum() / (timed * (timed - 1))
    bits = -agreeing.clip(lower_bound=1 / 24).log(2)
    return pl.when(timed >= DRAW).then(bits)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    unit="probability, 0 to 1",
    formula="pairs of late comments on the same UTC day / all such pairs; late: over 72 hours after the post",
    suspicious="context",
    source=f"{_SELLERS}: 100-500 a day; old posts also revive honestly ({_STORIES}: viral, press)",
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_late_same_day_share() -> pl.Expr:
    """Probability that two comments that came late were written on the same day."""
    late = pl.col("same_late_day").count()
    agreeing = pl.col("same_late_day").sum() / (late * (late - 1))
    return pl.when(late >= FEWEST_FOR_SHARE).then(agreeing)
