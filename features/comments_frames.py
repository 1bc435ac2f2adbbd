"""Frames of the comment features: one row per comment, or per visit of a regular commenter, with what is counted of it.

Every count of likes ("comments by other authors with the same words") is made within one account, and every column
that a share is formed of refers to a random draw of twenty comments, so that 20 and 2,000 comments tell the same.
"""

from __future__ import annotations

import polars as pl

from features.tables import Tables
from features.text import (
    FRAME_WORDS,
    LONG_DENSE_WORD,
    LONG_SYLLABIC_WORD,
    SENTENCE_WORDS,
    SHORTEST_CONTENT_WORD,
    folded_text,
    own_words,
    script_of,
    script_of_language,
    with_text_columns,
    word_list,
)
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


def everyone(tables: Tables) -> pl.DataFrame:
    """One row per comment whose author is known, the owner's included: `is_owner`, and its delay `lag_hours`."""
    known = _with_posts(tables.comments.filter(pl.col("commenter_id").is_not_null()), tables)
    return known.select(
        "account_id",
        "comment_id",
        is_owner=pl.col("commenter_id") == pl.col("account_id"),
        lag_hours=_lag_hours(),
    )


def _with_posts(comments: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Add the instant of each comment's post."""
    posts = tables.posts.select("account_id", "post_id", "posted_at")
    return comments.join(posts, on=["account_id", "post_id"], how="left")


def _lag_hours() -> pl.Expr:
    """Delay after the post; null where unknown, or negative: a comment before its post is a clock that failed."""
    lag = (pl.col("commented_at") - pl.col("posted_at")).dt.total_seconds(fractional=True) / 3600
    return pl.when(lag >= 0).then(lag)


def comments(tables: Tables) -> pl.DataFrame:
    """One row per comment that is not the owner's, with all derived columns, in order of post and time."""
    rows = _by_others(tables)
    rows = with_text_columns(rows)
    rows = rows.join(_caption_scripts(tables), on="account_id", how="left", maintain_order="left")
    rows = _with_repetition(rows)
    rows = _with_shared_words(rows, _caption_words(tables))
    return _with_returns(_with_arrivals(_with_text_order(_with_timing(rows)))).drop("words", "text")


def _by_others(tables: Tables) -> pl.DataFrame:
    """Comments not by the owner, with `post` and `author` keys and the post's instant, in order of post and time.

    `post` and `author` are hashes that are unique over all accounts: only their equality means something. An unknown
    author gets a key of its own.
    """
    others = tables.comments.filter(pl.col("commenter_id").ne_missing(pl.col("account_id")))
    unknown_author = pl.struct("account_id", "comment_id", pl.lit(0)).hash()
    return (
        _with_posts(others, tables)
        .sort("account_id", "post_id", "commented_at", "comment_id")
        .with_row_index("row")
        .with_columns(
            post=pl.struct("account_id", "post_id").hash(),
            knows_author=pl.col("commenter_id").is_not_null(),
            author=pl.when(pl.col("commenter_id").is_not_null())
            .then(pl.struct("account_id", "commenter_id").hash())
            .otherwise(unknown_author),
        )
        .drop("commenter_id", "post_id")
    )


def _caption_scripts(tables: Tables) -> pl.DataFrame:
    """`own_script` per account: that of its language or, where that is unknown, the commonest of its captions."""
    accounts = tables.accounts.select("account_id", language_script=script_of_language(pl.col("language")))
    unknown = accounts.filter(pl.col("language_script").is_null())
    captions = tables.posts.join(unknown, on="account_id", how="semi").select(
        "account_id", script=script_of(own_words(folded_text(pl.col("caption"))))
    )
    commonest = (
        captions.filter(pl.col("script").is_not_null())
        .group_by("account_id", "script")
        .len()
        .sort("account_id", "len", "script", descending=[False, True, False])
        .unique("account_id", keep="first", maintain_order=True)
    )
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


SLOTTED_KEYS = tuple(f"slotted_after_{words}" for words in range(1, SENTENCE_WORDS))
"""Columns for a slot behind the first word, the second or the third."""


def _slotted_keys(is_free: pl.Expr) -> dict[str, pl.Expr]:
    """Equal for comments that begin and end alike, with `SENTENCE_WORDS` words around a slot inside; null where none.

    In scripts without spaces characters are counted off at both ends instead of words.
    """
    words = pl.col("words")
    characters = words.list.join("")
    per_word = (
        pl.when(pl.col("script") == "han_or_kana").then(LONG_DENSE_WORD).otherwise(LONG_SYLLABIC_WORD).cast(pl.Int64)
    )
    is_unspaced = pl.col("word_count") // 2 > words.list.len()
    keys: dict[str, pl.Expr] = {}
    for first in range(1, SENTENCE_WORDS):
        last = SENTENCE_WORDS - first
        spaced = pl.struct("account", words.list.head(first).hash(), words.list.tail(last).hash().alias("end")).hash()
        unspaced = pl.struct(
            "account", characters.str.head(per_word * first), characters.str.tail(per_word * last).alias("end")
        ).hash()
        keys[f"slotted_after_{first}"] = (
            pl.when(is_free & is_unspaced & (characters.str.len_chars() > per_word * SENTENCE_WORDS))
            .then(unspaced)
            .when(is_free & ~is_unspaced & (words.list.len() > SENTENCE_WORDS))
            .then(spaced)
        )
    return keys


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
        **_slotted_keys(is_free),
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
        same_slotted=pl.max_horizontal(_by_other_authors(name) for name in SLOTTED_KEYS),
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
    comments = pl.col("comments")
    return (
        counted.with_columns(
            # Who writes the very same shares beginning and end with it, too.
            like_template=(pl.max_horizontal("same_opening", "same_closing") - pl.col("same_text")).clip(lower_bound=0),
            like_slotted=(pl.col("same_slotted") - pl.col("same_text")).clip(lower_bound=0),
        )
        .with_columns(
            meets_text=_probability_of_meeting(repeated, comments),
            meets_sentence=_probability_of_meeting(sentence, comments),
            meets_text_elsewhere=pl.when(comments > pl.col("comments_here")).then(
                _probability_of_meeting(elsewhere, comments)
            ),
            meets_template=_probability_of_meeting(pl.col("like_template"), comments),
            meets_slotted=_probability_of_meeting(pl.col("like_slotted"), comments),
            meets_emoji_row=_probability_of_meeting(pl.col("same_emoji_row"), comments),
            is_regular=pl.col("knows_author") & (pl.col("same_author") > pl.col("same_author_here")),
            meets_author=pl.when("knows_author").then(_probability_of_meeting(pl.col("same_author"), pl.col("known"))),
        )
        .drop("opening", "closing", *SLOTTED_KEYS, "emoji_row")
    )


def _caption_words(tables: Tables) -> pl.DataFrame:
    """One row per captioned post: `post`, `other_post` (the account's next one, the last's is the first), `caption`.

    Captions become lists of content words; a post without one, or alone with one, is left out.
    """
    is_content = pl.element().str.len_chars() >= SHORTEST_CONTENT_WORD
    content = word_list(own_words(folded_text(pl.col("caption"))), LONGEST_CAPTION)
    captioned = (
        tables.posts.join(tables.comments, on="account_id", how="semi")
        .select(
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
    gap = (pl.col("commented_at") - pl.col("commented_at").shift(1)).dt.total_seconds(fractional=True)
    timed = rows.with_columns(
        lag_hours=_lag_hours(),
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


def _with_text_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Add how often one text follows another: a list that is worked through shows the same order under every post.

    A comment is followed where the next one of its post has words, too, and both instants are known. Of the followed
    comments under other posts, `next_trials` have the same words as this one, `next_matches` of them also the same
    words behind them; of all those `next_pairs`, `next_chance` have the same words behind them. Null elsewhere.
    """
    post, text = pl.col("post"), pl.col("text")
    is_timed = pl.col("commented_at").is_not_null() & pl.col("commented_at").shift(-1).is_not_null()
    is_followed = (post == post.shift(-1)) & is_timed & text.is_not_null() & text.shift(-1).is_not_null()
    ordered = rows.with_columns(
        next_text=pl.when(is_followed).then(text.shift(-1)),
        followed_text=pl.when(is_followed).then(text),
        followed_in=pl.when(is_followed).then(pl.col("account")),
    )
    counted = ordered.with_columns(
        pl.when(pl.col("followed_in").is_not_null())
        .then(_rows_sharing(*keys) - _rows_sharing(*keys, "post"))
        .alias(name)
        for name, keys in _SUCCESSIONS.items()
    )
    return counted.drop("next_text", "followed_text", "followed_in")


_SUCCESSIONS = {
    "next_matches": ("followed_text", "next_text"),
    "next_trials": ("followed_text",),
    "next_chance": ("next_text",),
    "next_pairs": ("followed_in",),
}


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


def _with_returns(rows: pl.DataFrame) -> pl.DataFrame:
    """Add how alike two arrivals under different posts are, of one person and of different people.

    An arrival counts with a known delay, as `size` = ln(hours + 1 minute). `return_pairs` are the same author's
    arrivals under other posts and `return_squares` the squared differences of size to them, summed; `other_pairs` and
    `other_squares` are those to other authors' arrivals under other posts. `return_matches` of `return_pairs` are
    whole sentences within `FIRST_HOURS`, as this one is. Null where the comment is not such an arrival.
    """
    counts = pl.col("is_arrival") & pl.col("lag_hours").is_not_null()
    sized = rows.with_columns(
        size=pl.when(counts).then((pl.col("lag_hours") + SHORTEST_DELAY_HOURS).log()),
        is_prompt=pl.when(counts).then(pl.col("is_early") & pl.col("is_sentence")),
    )
    size = pl.col("size")

    def pairs(*keys: str) -> tuple[pl.Expr, pl.Expr]:
        """Arrivals with these keys, and the squared differences of size to them, the arrival itself included."""
        group = pl.struct(*keys).hash() if len(keys) > 1 else pl.col(keys[0])
        number = size.count().over(group).cast(pl.Float64)
        total, squares = size.sum().over(group), (size**2).sum().over(group)
        return number, number * size**2 - 2 * size * total + squares

    everyone, here, own = pairs("account"), pairs("post"), pairs("author")
    prompt = pl.col("is_prompt")
    return sized.with_columns(
        return_pairs=pl.when(counts).then(own[0] - 1),
        return_squares=own[1].clip(lower_bound=0),
        return_matches=pl.when(counts).then(pl.when(prompt).then(prompt.sum().over("author") - 1).otherwise(0)),
        # Under its own post the author arrives once: the arrival itself is the only one that both sums take off.
        other_pairs=pl.when(counts).then(everyone[0] - here[0] - own[0] + 1),
        other_squares=(everyone[1] - here[1] - own[1]).clip(lower_bound=0),
    )


def visits(tables: Tables) -> pl.DataFrame:
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
        place=pl.int_range(1, pl.len() + 1).over("post"),
        successor=pl.when(pl.col("post") == pl.col("post").shift(-1)).then(
            pl.struct("author", pl.col("author").shift(-1).alias("next")).hash()
        ),
    ).with_columns(
        position=(pl.col("place") - 1) / (pl.col("regulars_here") - 1),
        has_successor=pl.col("successor").is_not_null(),
    )
    trials = _rows_sharing("author", "has_successor") - 1
    return placed.select(
        "account_id",
        "comment_id",
        "place",
        "regulars_here",
        "position",
        next_place=pl.col("place").shift(-1).over("author"),
        next_regulars_here=pl.col("regulars_here").shift(-1).over("author"),
        next_position=pl.col("position").shift(-1).over("author"),
        successor_matches=pl.when("has_successor").then(_rows_sharing("successor") - 1),
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
