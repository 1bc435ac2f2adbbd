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

import polars as pl

from features.comments_frames import (
    BURST_SECONDS,
    DRAW,
    FEWEST_REGULARS,
    SHORT_WORDS,
    comment_text,
    comments,
    everyone,
    reply_text,
    visit_text,
    visits,
)
from features.definition import Citation, Feature, FrameBuilder, feature

FEATURES: dict[str, Feature] = {}

FEWEST_FOR_SHARE = 10
"""Comments below which a share of them is not formed."""

FEWEST_COMPARED = 3
"""Comments of regulars, and of others, from which the two are compared; `_shrunk_difference` weighs so few lightly."""

FEWEST_RETURN_PAIRS = 6
"""Pairs of one author's arrivals, counted both ways round, from which they are compared: three people twice."""

SHRINKAGE = 5.0
"""Comments, as an effective number, at which a difference of two shares counts half: what so few show may be chance."""

EXCESS_SHRINKAGE = 20
"""Comments at which an excess over chance counts half; the fewest that are owed a verdict."""

FEWEST_POSTS = 3
"""Posts from which it can be said how regulars are spread over them."""

_FACTS = "FACTS, Comments"
_SELLERS = "FACTS, Schemes as they are sold and seen: bought comments"
_TAGGER = "FACTS, Rules that vetting tools document: Tagger"
_PODS = "FACTS, Schemes as they are sold and seen: pods"
_STORIES = "FACTS, Stories that look bought and are not"


FRAMES: dict[str, FrameBuilder] = {
    "comments": comments,
    "everyone": everyone,
    "visits": visits,
}

CITATIONS: dict[str, Citation] = {
    "comments": Citation("comments", "comment_id", comment_text),
    "everyone": Citation("comments", "comment_id", reply_text),
    "visits": Citation("comments", "comment_id", visit_text),
}
"""How the rows of each frame are named: by what was counted, never by the text or its author."""


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
    regulars, others = among & pl.col("is_regular"), among & pl.col("is_passing")
    difference = _add_half_share(condition, regulars) - _add_half_share(condition, others)
    effective = 1 / (1 / regulars.sum() + 1 / others.sum())
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


# Parts of evidence ----------------------------------------------------------------------------------------------------


def _push_of_share(condition: pl.Expr, among: pl.Expr | None = None) -> pl.Expr:
    """Push on a share of comments: 1 or 0 less the share, with a half added to hits and misses.

    So one of few outweighs one of many, and where all comments are alike all of them still push the same way.
    """
    hit = condition.cast(pl.Float64)
    hit = hit if among is None else pl.when(among).then(hit)
    return hit - (hit.sum() + 0.5) / (hit.count() + 1)


def _push_of_mean(value: pl.Expr) -> pl.Expr:
    """Push on a mean of values from 0 up: the value less the mean, drawn a little towards 0 as in `_push_of_share`."""
    return value - value.sum() / (value.count() + 1)


def _push_of_agreement(total: str, matches: str, author_total: str) -> pl.Expr:
    """Push on `_agreement`: the probability that a token of the comment meets its like."""
    pairs = pl.col(total) * (pl.col(total).sum() - pl.col(author_total))
    return _push_of_mean(pl.when(pairs > 0).then(pl.col(matches) / pairs))


def _push_of_difference(condition: pl.Expr, among: pl.Expr) -> pl.Expr:
    """Push on `_shrunk_difference`: regulars who fulfil the condition and others who do not, each by their number."""
    regulars, others = among & pl.col("is_regular"), among & pl.col("is_passing")
    push = _push_of_share(condition, regulars | others)
    return pl.when(regulars).then(push / regulars.sum()).when(others).then(-push / others.sum())


def _push_of_excess(among: pl.Expr, *signs: pl.Expr) -> pl.Expr:
    """Push on `_excess_share`: comments that show all the signs at once, less the share expected."""
    together, expected = among, pl.lit(1.0)
    for sign in signs:
        together = together & sign
        expected = expected * (among & sign).sum() / among.sum()
    return pl.when(among).then(together.cast(pl.Float64) - expected)


# Words ----------------------------------------------------------------------------------------------------------------


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="emoji_comments",
    unit="share of comments, 0 to 1",
    formula="mean(no letter, digit or mention, and at least one symbol)",
    suspicious="context",
    source=f"{_FACTS}: 0 / .05 / .11 / .19 / .32; fan emoji culture is honest ({_STORIES})",
    evidence=lambda: _push_of_share(pl.col("is_emoji_only")),
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
    signal="comment_content",
    unit="share of comments, 0 to 1",
    formula="mean(at least one mention and no word or link beside it)",
    suspicious="context",
    source=f"{_FACTS}: .013 at 1-10k to .059; giveaways ask for it ({_STORIES})",
    evidence=lambda: _push_of_share(pl.col("is_mention_only")),
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
    signal="comment_content",
    unit="share of comments, 0 to 1",
    formula="mean(at least one @mention)",
    suspicious="context",
    source=f"{_FACTS}: 10 % carry a mention",
    evidence=lambda: _push_of_share(pl.col("has_mention")),
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
    signal="comment_content",
    unit="share of comments, 0 to 1",
    formula="mean(web address in the text)",
    suspicious="context",
    source=f"{_FACTS}: 0.1 %; spammers visit accounts that bought nothing",
    evidence=lambda: _push_of_share(pl.col("has_link")),
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
    signal="comment_content",
    unit="share of comments, 0 to 1",
    formula="mean(mail address, telephone number or name of a messenger in the text)",
    suspicious="context",
    source="assumed: bait to go on elsewhere; spammers visit accounts that bought nothing",
    evidence=lambda: _push_of_share(pl.col("has_contact")),
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_contact_share() -> pl.Expr:
    """Share of comments that offer a way to get in touch: mail, telephone, messenger."""
    return pl.col("has_contact").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="comment_content",
    unit="share of comments with words, 0 to 1",
    formula="questions / comments, both with at least one word and no mention",
    suspicious="context",
    source="assumed: audiences ask, praise sellers do not; few genuine comments are questions either",
    evidence=lambda: _push_of_share(pl.col("has_question"), _has_free_words()),
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
    signal="short_comments",
    unit="share of comments with words, 0 to 1",
    formula="comments of 1 or 2 words / comments of at least 1 word, without a mention; estimated in scripts without "
    "spaces",
    suspicious="both",
    reason_high="{value:.0%} of the comments with words consist of only one or two",
    reason_low="only {value:.0%} of the comments with words are as short as one or two words",
    source=f"{_FACTS}: at most 2 words .11 / .28 / .42 / .57 / .73 of all; {_PODS}: 'three words and more'",
    evidence=lambda: _push_of_share(pl.col("word_count") <= SHORT_WORDS, _has_free_words()),
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
    signal="short_comments",
    unit="words, geometric mean, 1 or more",
    formula="exp(mean(ln(words))) over comments with words and no mention",
    suspicious="context",
    source=f"{_FACTS}: 0 / 1 / 3 / 6 words",
    evidence=lambda: _push_of_mean(pl.col("words_size")),
    low=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_words_length() -> pl.Expr:
    """Typical number of words of a comment that has any."""
    return pl.when(pl.col("words_size").count() >= FEWEST_FOR_SHARE).then(pl.col("words_size").mean().exp())


def _push_on_text_size() -> pl.Expr:
    size = pl.col("text_size")
    return (size - size.mean()) ** 2 - size.var()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="short_comments",
    unit="standard deviation of ln(letters), 0 or more",
    formula="sd(ln(letters and digits)) over comments with words and no mention",
    suspicious="context",
    source=f"{_SELLERS}: two to four praise words; friends of a small account write alike, too ({_STORIES})",
    evidence=_push_on_text_size,
    low=0.0,
    min_rows=DRAW,
)
def comments_text_size_spread() -> pl.Expr:
    """Spread of the comments' lengths, relative: one word beside a paragraph is what audiences write."""
    return pl.when(pl.col("text_size").count() >= DRAW).then(pl.col("text_size").std())


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="comment_content",
    unit="share of comments that show a script, 0 to 1",
    formula="mean(script of the first letter is not the script of the account's language, or else of its captions)",
    suspicious="context",
    source=f"{_TAGGER}: foreign-language comments; mixed-language audiences are honest ({_STORIES})",
    evidence=lambda: _push_of_share(pl.col("script") != pl.col("own_script")),
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
    signal="comments_alike",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="mean P(a draw of 20 holds the same words by another author); texts of 2 words or more without a mention, "
    "emoji, links and figures ignored; in scripts without spaces of 4 estimated words or more",
    suspicious="high",
    reason="in any twenty comments, {value:.0%} repeat word for word what another person wrote",
    source=f"{_FACTS}: exact repeats 0 / 0 / 0 / .03 / .07; {_SELLERS}: templates with slots",
    evidence=lambda: _push_of_mean(pl.col("meets_text")),
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
    signal="comments_alike",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="as comments_repeated_text_share, texts of 4 words or more (8 estimated in scripts without spaces)",
    suspicious="high",
    reason="in any twenty comments, {value:.0%} repeat a whole sentence of another person",
    source=f"{_SELLERS}: templates with slots",
    evidence=lambda: _push_of_mean(pl.col("meets_sentence")),
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
    signal="comments_alike",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="as comments_repeated_text_share, the other author's text under another post",
    suspicious="high",
    reason="in any twenty comments, {value:.0%} repeat word for word what another person wrote under a different post",
    source=f"{_SELLERS}; wishes and condolences repeat too, but under one post",
    evidence=lambda: _push_of_mean(pl.col("meets_text_elsewhere")),
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
    signal="comments_alike",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="mean P(a draw of 20 holds a different text by another author with the same first or last 3 words); "
    "texts of 4 words or more",
    suspicious="high",
    reason="in any twenty comments, {value:.0%} start or end with the same three words as a different person's comment",
    source=f"{_SELLERS}: templates with slots",
    evidence=lambda: _push_of_mean(pl.col("meets_template")),
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
    signal="comments_alike",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="mean P(a draw of 20 holds a different text by another author with the same words at both ends, 1 and 3, 2 "
    "and 2 or 3 and 1, around a slot of any length); in scripts without spaces 8 Thai or 4 Han characters a word",
    suspicious="high",
    reason="in any twenty comments, {value:.0%} begin and end like another person's, with other words put in between",
    source=f"{_SELLERS}: templates with slots. On 951 genuine YouTube comments 0.33 of 10,000 pairs agree so (12.9 in "
    "their first or last three words), of planted one-slot templates 97 % (83 %)",
    evidence=lambda: _push_of_mean(pl.col("meets_slotted")),
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_slotted_text_share() -> pl.Expr:
    """Share of comments that begin and end like another author's, around a slot, in a draw of twenty comments."""
    return pl.col("meets_slotted").mean()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="emoji_comments",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="mean P(a draw of 20 holds the same row of symbols by another author); rows of 3 different symbols or more",
    suspicious="high",
    reason="in any twenty comments, {value:.0%} are the same row of different emoji as another person's",
    source=f"{_SELLERS}: emoji rows",
    evidence=lambda: _push_of_mean(pl.col("meets_emoji_row")),
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
    signal="emoji_comments",
    unit="probability, 0 to 1",
    formula="pairs of comments with the same first symbol / all pairs of comments with a symbol",
    suspicious="context",
    source=f"Simpson 1949 (pair probability); fan emoji culture is honest ({_STORIES})",
    evidence=lambda: _push_of_mean(pl.col("same_first_symbol")),
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_first_emoji_agreement_share() -> pl.Expr:
    """Probability that two random comments with emoji start with the same one."""
    with_symbol = pl.col("same_first_symbol").count()
    agreeing = pl.col("same_first_symbol").sum()
    return pl.when(with_symbol >= FEWEST_FOR_SHARE).then(agreeing / (with_symbol * (with_symbol - 1)))


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="comments_alike",
    unit="probability, 0 to 1",
    formula="pairs of equal words by different authors / all pairs of words by different authors",
    suspicious="context",
    source="Simpson 1949, Measurement of diversity: independent of the amount of text, unlike type/token ratios; "
    f"depends on the language, and one-word praise is genuine ({_FACTS})",
    evidence=lambda: _push_of_agreement("word_total", "word_matches", "author_word_total"),
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
    signal="comments_alike",
    unit="probability, 0 to 1",
    formula="pairs of equal neighbouring-word pairs by different authors / all such pairs",
    suspicious="high",
    reason="two random word pairs of different commenters are the same in {value:.1%} of cases: shared phrases",
    source=f"Simpson 1949, on word pairs; {_SELLERS}: templates with slots",
    evidence=lambda: _push_of_agreement("pair_total", "pair_matches", "author_pair_total"),
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
    signal="comment_order",
    unit="probability beyond chance, -1 to 1, towards 0 where few comments are seen",
    formula="P(the next texts under two posts agree, given that the texts do) - P(the next texts agree), each text "
    "counted where the next comment of its post has words, too; drawn towards 0 as by 20 pairs more",
    suspicious="high",
    reason="after the same comment the same next one follows under other posts, more often than in most accounts "
    "({value:+.1%} against chance)",
    source=f"{_TAGGER}: in the same order over posts; {_SELLERS}: a list that is worked through",
    evidence=lambda: pl.col("next_matches") - _next_text_chance() * pl.col("next_trials"),
    low=-1.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_same_next_text_residual() -> pl.Expr:
    """How much more often than by chance one text is followed by the same other text under different posts."""
    trials = pl.col("next_trials").sum()
    beyond = pl.col("next_matches").sum() - _next_text_chance() * trials
    return pl.when(trials >= DRAW).then(beyond / (trials + EXCESS_SHRINKAGE))


def _next_text_chance() -> pl.Expr:
    return pl.col("next_chance").sum() / pl.col("next_pairs").sum()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="comment_content",
    unit="difference of two shares, -1 to 1",
    formula="share of comments with a content word of their post's caption, minus the share with one of another post's",
    suspicious="context",
    source="assumed: genuine comments touch their post a little, pods more, sellers at chance",
    evidence=lambda: pl.col("touches_own") - pl.col("touches_other"),
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
    signal="same_commenters",
    unit="share of comments in a draw of twenty, 0 to 1",
    formula="mean P(a draw of 20 holds another comment of the same author) over comments with known author",
    suspicious="context",
    source=f"{_FACTS}: distinct commenters / comments .76 / .90 / .94 / .98 / 1; tight communities ({_STORIES})",
    evidence=lambda: _push_of_mean(pl.col("meets_author")),
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_repeat_author_share() -> pl.Expr:
    """Share of comments whose author wrote another one, as seen in a draw of twenty comments."""
    return pl.col("meets_author").mean()


def _push_on_same_author_across_posts() -> pl.Expr:
    elsewhere = pl.col("known") - pl.col("known_here")
    share = (pl.col("same_author") - pl.col("same_author_here")) / elsewhere
    return _push_of_mean(pl.when(pl.col("knows_author") & (elsewhere > 0)).then(share))


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="same_commenters",
    unit="probability, 0 to 1",
    formula="pairs of comments under different posts by one author / all pairs under different posts, known authors",
    suspicious="context",
    source=f"{_PODS}: the same members everywhere; so are friends and family ({_STORIES})",
    evidence=_push_on_same_author_across_posts,
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


def _push_on_author_order() -> pl.Expr:
    returns = pl.col("next_position").is_not_null()
    before, after = pl.when(returns).then(pl.col("position")), pl.col("next_position")
    return (before - before.mean()) * (after - after.mean())


@feature(
    FEATURES,
    group="comments",
    frame="visits",
    signal="comment_order",
    unit="correlation, -1 to 1",
    formula="corr(place among a post's regulars, the same author's place under the next post); posts with 3 or more",
    suspicious="high",
    reason="regular commenters keep their order from post to post (correlation {value:.2f}; 1 is the same order)",
    source=f"{_TAGGER}: the same commenters in the same order over posts",
    evidence=_push_on_author_order,
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
    signal="comment_order",
    unit="excess over chance, 1 at most; 0 if always the same people come in random order, below if they change",
    formula="(observed - chance) / (1 - chance), observed = same next regular / other visits of the same author, "
    "chance = 1 / (regulars under the post - 1)",
    suspicious="high",
    reason="among regular commenters the same person comes right after the same other one, more often than in most "
    "accounts ({value:+.0%} against chance; +100% is always)",
    source=f"{_TAGGER}: the same commenters in the same order over posts; {_SELLERS}",
    evidence=lambda: pl.col("successor_matches") - pl.col("successor_chance") * pl.col("successor_trials"),
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
    signal="comment_content",
    unit="share of comments with known author, 0 to 1",
    formula="comments by the account itself / comments with known author",
    suspicious="context",
    source=f"{_FACTS}: owner's own replies 0 / 0 / 0 / .05 / .33",
    evidence=lambda: _push_of_share(pl.col("is_owner")),
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
    signal="comment_content",
    unit="share of comments with known likes, 0 to 1",
    formula="mean(comment has at least one like)",
    suspicious="context",
    source="assumed: nobody likes a bought comment, but few genuine ones are liked under small accounts either",
    evidence=lambda: _push_of_share(pl.col("like_count") > 0),
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
    signal="comment_timing",
    unit="hours, 0 or more",
    formula="median(comment instant - post instant)",
    suspicious="context",
    source=f"{_FACTS}: 11 min / 2.6 h / 15 h / 57 h / 48 days; shifts with the kind of sample",
    evidence=lambda: pl.col("lag_hours") - pl.col("lag_hours").median(),
    low=0.0,
    min_rows=DRAW,
)
def comments_lag_median_hours() -> pl.Expr:
    """Typical delay of a comment after its post."""
    return _where_observed(pl.col("lag_hours").median(), pl.col("lag_hours").is_not_null(), DRAW)


def _push_on_lag_spread() -> pl.Expr:
    size = pl.col("lag_size")
    distance = size.quantile(0.75, "linear") - size.quantile(0.25, "linear")
    return (size - size.median()).abs() - distance / 2


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="comment_timing",
    unit="quartile distance of ln(hours), 0 or more",
    formula="q75 - q25 of ln(delay + 1 minute)",
    suspicious="context",
    source=f"{_FACTS}: 11 min / 2.6 h / 15 h / 57 h / 48 days, a distance of 3.1; shifts with the kind of sample",
    evidence=_push_on_lag_spread,
    low=0.0,
    min_rows=DRAW,
)
def comments_lag_spread() -> pl.Expr:
    """Spread of the delays after the post, relative."""
    size = pl.col("lag_size")
    distance = size.quantile(0.75, "linear") - size.quantile(0.25, "linear")
    return _where_observed(distance, size.is_not_null(), DRAW)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="comment_timing",
    unit="share of comments, 0 to 1",
    formula="mean(delay after the post <= 1 hour)",
    suspicious="context",
    source=f"{_FACTS}: 15 % within the first hour; {_PODS}; an earliest sample gives 1",
    evidence=lambda: _push_of_share(pl.col("is_early")),
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_first_hour_share() -> pl.Expr:
    """Share of comments that came within an hour of their post."""
    return _where_observed(pl.col("is_early").mean(), pl.col("is_early").is_not_null(), DRAW)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="same_commenters",
    unit="difference of two shares, -1 to 1, towards 0 where few comments are seen",
    formula="(first-hour share of regulars' comments - that of all others') m / (m + 5), shares with a half added to "
    "hits and misses, m = r o / (r + o) for r and o comments, at least 3 of each; regular: comments under two posts",
    suspicious="high",
    reason="people who comment again and again come within the first hour more often than the others "
    "(by at least {value:+.0%} of their comments, allowing for chance)",
    source=f"{_PODS}: members react at once; the difference cancels the kind of sample",
    evidence=lambda: _push_of_difference(pl.col("is_early"), pl.col("is_early").is_not_null()),
    low=-1.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_regulars_first_hour_residual() -> pl.Expr:
    """How much more often regular commenters come within the first hour than the rest of the same audience.

    Null where one or two people alone come back.
    """
    return _unless_one_or_two_return(_shrunk_difference(pl.col("is_early"), pl.col("is_early").is_not_null()))


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="same_commenters",
    unit="difference of two shares, -1 to 1, towards 0 where few comments are seen",
    formula="(share of 3 words and more among regulars' comments - that among all others') m / (m + 5), as "
    "comments_regulars_first_hour_residual; comments with words and no mention",
    suspicious="context",
    source=f"{_PODS}: 'three words and more'; devoted fans may write more than passers-by, too",
    evidence=lambda: _push_of_difference(pl.col("is_sentence"), _has_free_words()),
    low=-1.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_regulars_sentence_residual() -> pl.Expr:
    """How much more often regular commenters write three words or more than the rest of the same audience."""
    return _shrunk_difference(pl.col("is_sentence"), _has_free_words())


def _unless_one_or_two_return(value: pl.Expr) -> pl.Expr:
    """The value, or null where one or two people alone come back to several posts: they say nothing of many."""
    people = pl.col("regular_people").first()
    return pl.when((people == 0) | (people >= FEWEST_REGULARS)).then(value)


def _is_placed() -> pl.Expr:
    return pl.col("knows_author") & pl.col("is_early").is_not_null()


def _pod_signs() -> tuple[pl.Expr, ...]:
    return pl.col("is_regular"), pl.col("is_early"), pl.col("is_sentence")


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="same_commenters",
    unit="share of comments beyond chance, -1 to 1, towards 0 where few comments are seen",
    formula="(comments by regulars, within an hour and of 3 words and more - n times the product of the three shares) "
    "/ (n + 20); regular: comments under two posts; n comments with known author and delay",
    suspicious="high",
    reason="{value:.1%} of comments, more than chance would bring together, are whole sentences that the same people "
    "write within the first hour",
    source=f"{_PODS}: early, in three words and more, by the same members; FACTS, Rules: HypeAuditor, a comment is "
    "suspicious only if several signs co-occur",
    evidence=lambda: _push_of_excess(_is_placed(), *_pod_signs()),
    low=-1.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_early_sentences_by_regulars_residual() -> pl.Expr:
    """How far regular authors, haste and whole sentences come together beyond what each alone would give.

    Null where one or two people alone come back.
    """
    return _unless_one_or_two_return(_excess_share(_is_placed(), *_pod_signs()))


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="same_commenters",
    unit="share of comments beyond chance, -1 to 1, towards 0 where few comments are seen",
    formula="(comments by regulars of 3 words and more - n times the product of the two shares) / (n + 20)",
    suspicious="context",
    source=f"{_PODS}, where instants are not observed; devoted fans may write more than passers-by, too",
    evidence=lambda: _push_of_excess(pl.col("knows_author"), pl.col("is_regular"), pl.col("is_sentence")),
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
    signal="same_commenters",
    unit="share of comments beyond chance, -1 to 1, towards 0 where few comments are seen",
    formula="(comments of 3 words and more within an hour - n times the product of the two shares) / (n + 20)",
    suspicious="context",
    source=f"{_PODS}, where authors are not observed; readers who come first may have most to say, too",
    evidence=lambda: _push_of_excess(pl.col("is_early").is_not_null(), pl.col("is_early"), pl.col("is_sentence")),
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
    signal="same_commenters",
    unit="correlation of two authors under one post, -1 to 1, towards 0 where few comments are seen",
    formula="sum((r - n p)^2 - n p (1 - p)) / (p (1 - p) (sum(n (n - 1)) + 20)) over posts with r regulars among n "
    "people, p = sum(r) / sum(n); at least 3 posts",
    suspicious="context",
    source=f"{_SELLERS}; {_PODS}: orders and rounds are for some posts; overdispersion of a binomial share",
    evidence=lambda: pl.col("regulars_excess"),
    low=-1.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_regulars_between_posts_spread() -> pl.Expr:
    """How unevenly regular commenters are spread over the posts, beyond chance: all at once or not at all."""
    people = pl.col("arrivals_here")
    share = pl.col("is_regular_arrival").sum() / people.count()
    noise = share * (1 - share)
    # Every post has as many rows as people: dividing by them turns sums over rows into sums over posts.
    posts = (1 / people).sum()
    value = pl.col("regulars_excess").sum() / (noise * ((people - 1).sum() + EXCESS_SHRINKAGE))
    return pl.when((posts >= FEWEST_POSTS - 0.5) & (noise > 0)).then(value.clip(-1, 1))


def _usual_square() -> pl.Expr:
    """Mean squared difference of two different people's delays after different posts, in ln(hours + 1 minute)."""
    return pl.col("other_squares").sum() / pl.col("other_pairs").sum()


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="same_commenters",
    unit="ratio of two distances, 0 or more; 1 where people have no habits, and towards 1 where few come back",
    formula="sqrt((S + 20 u) / (P + 20) / u), S the squared differences of ln(delay + 1 minute) over the P pairs of "
    "one author's arrivals under different posts, u their mean over pairs of different authors; at least 6 pairs",
    suspicious="low",
    reason="the same people come back with like delays after their posts: their delays differ only {value:.0%} as "
    "much as those of different people",
    source=f"{_PODS}: members react to a message at once; the ratio cancels the kind of sample. Friends may have "
    "habits, too",
    evidence=lambda: pl.col("return_squares") / _usual_square() - pl.col("return_pairs"),
    low=0.0,
    min_rows=DRAW,
)
def comments_returning_delay_ratio() -> pl.Expr:
    """How alike one person's delays after different posts are, beside those of different people.

    Null where one or two people alone come back: a faithful fan is no crowd.
    """
    pairs = pl.col("return_pairs").sum()
    own, usual = pl.col("return_squares").sum(), _usual_square()
    ratio = (own / usual + EXCESS_SHRINKAGE) / (pairs + EXCESS_SHRINKAGE)
    differ = (pairs >= FEWEST_RETURN_PAIRS) & (pl.col("other_squares").sum() > 0)
    return _unless_one_or_two_return(pl.when(differ).then(ratio.sqrt()))


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="same_commenters",
    unit="probability, 0 to 1, towards 0 where few come back",
    formula="pairs of one author's arrivals under different posts that are both of 3 words and more within an hour / "
    "(all such pairs + 20); at least 6 pairs",
    suspicious="context",
    source=f"{_PODS}: early, in three words and more, every time; an earliest sample makes everybody early",
    evidence=lambda: pl.col("return_matches") - _returning_promptly() * pl.col("return_pairs"),
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_returning_early_sentence_share() -> pl.Expr:
    """Probability that who comes back writes a whole sentence within the first hour both times."""
    return pl.when(pl.col("return_pairs").sum() >= FEWEST_RETURN_PAIRS).then(_returning_promptly())


def _returning_promptly() -> pl.Expr:
    return pl.col("return_matches").sum() / (pl.col("return_pairs").sum() + EXCESS_SHRINKAGE)


def _gap_to_another() -> pl.Expr:
    """Seconds since the comment before it, where somebody else wrote that."""
    return pl.when(~pl.col("follows_same_author")).then(pl.col("gap_seconds"))


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="comment_timing",
    unit="share of gaps, 0 to 1",
    formula="mean(gap to the previous comment of the post, by somebody else, <= 60 s)",
    suspicious="context",
    source="assumed: deliveries come in seconds, and so do crowds under a large account's new post",
    evidence=lambda: _push_of_share(_gap_to_another() <= BURST_SECONDS),
    low=0.0,
    high=1.0,
    min_rows=DRAW,
)
def comments_burst_share() -> pl.Expr:
    """Share of comments that came within a minute of another person's comment under the same post."""
    gap = _gap_to_another()
    return _where_observed((gap <= BURST_SECONDS).mean(), gap.is_not_null(), DRAW)


@feature(
    FEATURES,
    group="comments",
    frame="comments",
    signal="comment_timing",
    unit="local variation, 0 to 3; 1 for random arrivals",
    formula="mean(3 ((g1 - g2) / (g1 + g2))^2) over neighbouring gaps g1, g2 of a post",
    suspicious="low",
    reason="comments arrive at even intervals (variation {value:.2f}, where chance gives 1)",
    source="Shinomoto et al. 2003, local variation: does not depend on the rate, nor on its slow decay after a post",
    evidence=lambda: pl.col("gap_variation") - 1.0,
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
    signal="comment_timing",
    unit="bits, 0 to 4.585",
    formula="-log2(pairs of comments in the same hour of the day / all pairs), at most log2(24)",
    suspicious="context",
    source="Renyi entropy of order 2 by pair probability; shifts with time zones and the kind of sample",
    evidence=lambda: -_push_of_mean(pl.col("same_hour")),
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
    signal="comment_timing",
    unit="probability, 0 to 1",
    formula="pairs of late comments on the same UTC day / all such pairs; late: over 72 hours after the post",
    suspicious="context",
    source=f"{_SELLERS}: 100-500 a day; old posts also revive honestly ({_STORIES}: viral, press)",
    evidence=lambda: _push_of_mean(pl.col("same_late_day")),
    low=0.0,
    high=1.0,
    min_rows=FEWEST_FOR_SHARE,
)
def comments_late_same_day_share() -> pl.Expr:
    """Probability that two comments that came late were written on the same day."""
    late = pl.col("same_late_day").count()
    agreeing = pl.col("same_late_day").sum() / (late * (late - 1))
    return pl.when(late >= FEWEST_FOR_SHARE).then(agreeing)
