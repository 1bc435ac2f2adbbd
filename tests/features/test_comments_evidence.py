"""The comments behind a value: the ones that make it what it is, cited by what was counted of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import timedelta

import polars as pl
import pytest

from features.comments import CITATIONS, FEATURES, FRAMES
from features.compute import compute_group
from features.context import with_account_context
from features.definition import MOST_EVIDENCE
from features.evidence import evidence
from features.tables import Tables
from simulation.cohort import simulate_cohort
from tests.features.builders_comments import (
    NOUNS,
    Row,
    comment,
    comments,
    fixed_order_pod,
    giveaway,
    organic,
    published,
    tables,
    template_seller,
)
from tests.priors import PRIORS

ACCOUNTS = 60


def behind(given: Tables, feature: str, side: str = "high", account_id: str = "a") -> pl.DataFrame:
    """Evidence of one feature of one account."""
    asked = pl.DataFrame({"account_id": [account_id], "feature": [f"comments_{feature}"], "side": [side]})
    return evidence(given, asked)


def cited(rows: Sequence[Row], feature: str, side: str = "high") -> list[str]:
    """Ids of the comments behind the value, strongest first."""
    return behind(tables(rows), feature, side)["key"].to_list()


def different(count: int) -> list[str]:
    """Sentences that share no three words in a row."""
    return [f"{noun} {number} {noun} says {noun} it" for number, noun in enumerate(NOUNS[:count])]


# Nothing to show ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FEATURES)
def test_no_comment_gives_no_evidence(name: str) -> None:
    assert behind(tables([]), name.removeprefix("comments_")).height == 0


def test_nothing_repeated_has_no_repetition_behind_it() -> None:
    assert cited(comments(different(20)), "repeated_text_share") == []


def test_every_frame_and_every_feature_can_be_cited() -> None:
    assert set(CITATIONS) == set(FRAMES)
    assert [name for name, entry in FEATURES.items() if entry.evidence is None] == []


# Worked examples ------------------------------------------------------------------------------------------------------


def test_the_repeated_texts_are_behind_their_share() -> None:
    rows = comments(["what a style", "What a style!!", *different(18)])
    found = behind(tables(rows), "repeated_text_share")
    assert found.select("rank", "table", "key").rows() == [(1, "comments", "c00000"), (2, "comments", "c00001")]
    # Each meets the other in every draw of 20 of 20; the mean is 2 / 20, drawn towards zero as by one comment more.
    assert found["push"].to_list() == pytest.approx([1 - 2 / 21] * 2, rel=1e-5)
    assert found["text"].to_list() == [
        "3 words, under a minute after the post, the same words as 1 comment by other people",
        (
            "3 words, 1 minute after the post, 60 s after the comment before it, "
            "the same words as 1 comment by other people"
        ),
    ]


def test_comments_that_are_all_alike_are_shown_ten_at_a_time() -> None:
    found = cited(comments(["what a lovely style"] * 30), "repeated_sentence_share")
    assert found == [f"c{number:05}" for number in range(MOST_EVIDENCE)]


@pytest.mark.parametrize(
    ("feature", "rows", "expected"),
    [
        pytest.param(
            "slotted_text_share",
            comments(["love your bag so much", "love your red hat so much", *different(18)]),
            ["c00000", "c00001"],
            id="sentences with a slot",
        ),
        pytest.param(
            "template_share",
            comments(["love your new bag", "love your new ring", *different(18)]),
            ["c00000", "c00001"],
            id="the same beginning",
        ),
        pytest.param(
            "repeated_emoji_row_share",
            comments(["😍🔥💯", "😍🔥💯", "❤️", *different(17)]),
            ["c00000", "c00001"],
            id="rows of emoji",
        ),
        pytest.param(
            "short_share",
            comments([*different(18), "so cute", "wow"]),
            ["c00018", "c00019"],
            id="short ones",
        ),
        pytest.param(
            "phrase_agreement_share",
            comments([*different(18), "such a dream come true", "such a dream come by"]),
            ["c00018", "c00019"],
            id="shared phrases",
        ),
        pytest.param(
            "emoji_only_share",
            comments([*different(18), "❤️", "!!"]),
            ["c00018", "c00019"],
            id="no word",
        ),
        pytest.param(
            "owner_reply_share",
            [*comments(different(18)), *(comment(90 + n, "thanks", commenter_id="a") for n in range(2))],
            ["c00090", "c00091"],
            id="own replies",
        ),
        pytest.param(
            "same_author_across_posts_share",
            [*comments(different(18)), *(comment(90 + n, "hi", post=n, commenter_id="u") for n in range(2))],
            # Under other posts than that of c00090 there is one comment, the same author's; of c00091 it is 1 of 19.
            ["c00090", "c00091"],
            id="who comes back",
        ),
    ],
)
def test_the_comments_behind_a_value(feature: str, rows: list[Row], expected: list[str]) -> None:
    assert cited(rows, feature) == expected


def test_long_comments_are_behind_a_low_share_of_short_ones() -> None:
    rows = comments([*["so cute"] * 3, *different(17)])
    assert set(cited(rows, "short_share", "low")) <= {f"c{number:05}" for number in range(3, 20)}


def test_even_gaps_are_behind_a_low_spread() -> None:
    timer = [comment(n, "hi", commented_at=published(0) + timedelta(minutes=5 * n)) for n in range(25)]
    found = behind(tables(timer), "gap_spread", "low")
    # Two gaps alike vary by 0 where chance gives 1.
    assert found["push"].to_list() == [-1.0] * MOST_EVIDENCE


def test_a_pod_is_behind_the_signs_of_a_pod() -> None:
    pod = [row | {"comment_id": f"pod{index:04}"} for index, row in enumerate(fixed_order_pod(15, 8))]
    strangers = [row | {"commenter_id": f"stranger{index}"} for index, row in enumerate(organic(200))]
    given = tables([*strangers, *pod])
    sides = {
        "author_order_correlation": "high",
        "same_successor_residual": "high",
        "early_sentences_by_regulars_residual": "high",
        "regulars_first_hour_residual": "high",
        "returning_delay_ratio": "low",
        "returning_early_sentence_share": "context",
    }
    for feature, side in sides.items():
        found = behind(given, feature, side)
        assert found.height == MOST_EVIDENCE, feature
        assert found["key"].str.starts_with("pod").all(), feature


def test_a_visit_is_cited_by_its_place_in_the_queue() -> None:
    found = behind(tables(fixed_order_pod(members=6, posts=8)), "author_order_correlation")
    # First of six under the first post and the next one; the second person came behind the first under all 7 others.
    assert found.filter(pl.col("key") == "c00000")["text"].item() == (
        "regular commenter 1 of 6 under this post, then 1 of 6 under their next, "
        "the same one behind them in 7 of 7 other posts"
    )


def test_a_visit_says_nothing_of_who_came_behind_where_that_is_seen_once() -> None:
    # First of three under the one post, last of them under the other: nobody comes behind u0 there.
    order = {0: [0, 1, 2], 1: [1, 2, 0]}
    rows = [
        comment(10 * post + place, "hi", post=post, commenter_id=f"u{person}")
        for post, people in order.items()
        for place, person in enumerate(people)
    ]
    frame = FRAMES["visits"](with_account_context(tables(rows))).filter(pl.col("comment_id") == "c00000")
    assert frame["successor_trials"].to_list() == [0]
    text = frame.select(CITATIONS["visits"].text()).item()
    assert text == "regular commenter 1 of 3 under this post, then 3 of 3 under their next"


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        pytest.param("❤️", {}, "no word, 20 minutes after the post", id="emoji"),
        pytest.param("@ann @bob", {}, "mentions only, 20 minutes after the post", id="names"),
        pytest.param("@ann look here", {}, "2 words, a mention, 20 minutes after the post", id="a name and words"),
        pytest.param("see murdev.com", {}, "1 word, a web address, 20 minutes after the post", id="a link"),
        pytest.param(
            "write ann@mail.com", {}, "1 word, a way to get in touch, 20 minutes after the post", id="a mail address"
        ),
        pytest.param("why?", {}, "1 word, a question, 20 minutes after the post", id="a question"),
        pytest.param("красиво", {}, "1 word, in cyrillic script, 20 minutes after the post", id="another script"),
        pytest.param("hi", {"like_count": 3}, "1 word, 20 minutes after the post, 3 likes", id="likes"),
        pytest.param("hi", {"commented_at": None}, "1 word", id="no instant"),
        pytest.param(
            "hi",
            {"commented_at": published(0) + timedelta(minutes=59, seconds=30)},
            "1 word, 59 minutes after the post",
            id="whole minutes",
        ),
        pytest.param(
            "hi", {"commented_at": published(0) + timedelta(hours=47.9)}, "1 word, 47 hours after the post", id="hours"
        ),
        pytest.param("hi", {"commented_at": published(2)}, "1 word, 6 days after the post", id="days"),
    ],
)
def test_a_comment_is_cited_by_what_is_seen_of_it(text: str, columns: Row, expected: str) -> None:
    others = [comment(100 + n, each, commented_at=published(7)) for n, each in enumerate(different(19))]
    given = tables([*others, comment(20, text, **columns)], language="en")
    frame = FRAMES["comments"](with_account_context(given)).filter(pl.col("comment_id") == "c00020")
    assert frame.select(CITATIONS["comments"].text()).item() == expected


# A cohort -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cohort() -> Tables:
    frames = simulate_cohort(33, ACCOUNTS, PRIORS)
    return Tables(**{field.name: frames[field.name] for field in fields(Tables)})


@pytest.fixture(scope="module")
def far(cohort: Tables) -> pl.DataFrame:
    """Accounts and features beyond the cohort's tenth or ninth decile, on each side that may be a reason."""
    values = compute_group(cohort, "comments").unpivot(index="account_id", variable_name="feature").drop_nulls("value")
    deciles = values.with_columns(
        low=pl.col("value").quantile(0.1).over("feature"), high=pl.col("value").quantile(0.9).over("feature")
    )
    parts = [
        deciles.filter(
            pl.col("feature").is_in(
                [name for name, entry in FEATURES.items() if side in (*entry.reason, entry.suspicious)]
            ),
            beyond,
        ).select("account_id", "feature", side=pl.lit(side))
        for side, beyond in {
            "high": (pl.col("value") > pl.col("high")) & (pl.col("value") != 0),
            "low": pl.col("value") < pl.col("low"),
            "context": (pl.col("value") > pl.col("high")) & (pl.col("value") != 0),
        }.items()
    ]
    return pl.concat(parts).sort("account_id", "feature", "side")


@pytest.fixture(scope="module")
def found(cohort: Tables, far: pl.DataFrame) -> pl.DataFrame:
    return pl.concat(
        evidence(cohort, far.filter(pl.col("side") == side)).with_columns(side=pl.lit(side))
        for side in ("high", "low", "context")
    )


def test_every_value_far_out_has_one_to_ten_comments_behind_it(far: pl.DataFrame, found: pl.DataFrame) -> None:
    assert far["feature"].n_unique() >= 35
    shown = found.group_by("account_id", "feature", "side").agg(pl.col("rank").max())
    assert shown["rank"].max() == MOST_EVIDENCE
    bare = far.join(shown, on=["account_id", "feature", "side"], how="anti")
    assert bare.rows() == []


def test_every_comment_cited_is_the_account_s_own(cohort: Tables, found: pl.DataFrame) -> None:
    own = cohort.comments.select("account_id", key="comment_id")
    assert set(found["table"]) == {"comments"}
    assert found.join(own, on=["account_id", "key"], how="anti").height == 0


def test_every_citation_has_words_and_quotes_nobody(cohort: Tables, found: pl.DataFrame) -> None:
    assert found["text"].null_count() == 0
    assert found["text"].str.len_chars().min() > len("1 word") - 1
    everything = "\n".join(found["text"].unique().sort())
    authors = cohort.comments["commenter_id"].drop_nulls().unique()
    assert [author for author in authors if author in everything] == []
    texts = cohort.comments["text"].filter(cohort.comments["text"].str.len_chars() > 12).unique()
    assert texts.len() > 1000
    assert [text for text in texts if text in everything] == []


def test_rows_in_another_order_are_cited_alike(cohort: Tables, far: pl.DataFrame) -> None:
    shuffled = Tables(
        cohort.accounts,
        cohort.followers_daily,
        cohort.posts.sample(fraction=1, shuffle=True, seed=3),
        cohort.comments.sample(fraction=1, shuffle=True, seed=3),
    )
    wanted = far.filter(pl.col("side") == "high")
    assert evidence(shuffled, wanted).equals(evidence(cohort, wanted))


def test_other_accounts_change_no_evidence() -> None:
    alone = tables(template_seller(60))
    company = tables([*template_seller(60), *(row | {"account_id": "b"} for row in giveaway(60))])
    for feature in ("repeated_text_share", "slotted_text_share", "phrase_agreement_share"):
        assert behind(company, feature).equals(behind(alone, feature)), feature
