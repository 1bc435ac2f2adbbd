"""Sentences of a page: true of the rows they speak of, and none where there is nothing to say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from features.catalog import features
from features.definition import MODEL_GROUPS
from features.signals import SIGNALS
from features.tables import CONTRACTS
from pages.account import not_observed
from pages.telling import WHAT_CONTESTS, balance, contests, how_sure, level, moves, outside, settled, signals, told

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NEWEST = NOON + timedelta(days=400)


def posts(*drawn: tuple[int | None, int | None], every: float = 1.0) -> pl.DataFrame:
    """Posts of these likes and comments, a day apart from the first of January on unless said otherwise."""
    rows = [
        {"account_id": "a", "post_id": f"p{n:03}", "posted_at": NOON + timedelta(days=every * n)}
        | {"like_count": likes, "comment_count": comments}
        for n, (likes, comments) in enumerate(drawn)
    ]
    empty = CONTRACTS["posts"].empty()
    return pl.concat([empty, pl.DataFrame(rows, schema_overrides=empty.schema)], how="diagonal") if rows else empty


def measured(*counts: tuple[int | None, int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(NOON + timedelta(days=day), *each) for day, each in enumerate(counts)],
        schema={"posted_at": pl.Datetime("us", "UTC"), "likes": pl.Int64, "comments": pl.Int64},
        orient="row",
    )


def seen(**tables: pl.DataFrame) -> Any:
    names = ("readings", "posts", "comments")
    empty = {"readings": "followers_daily", "posts": "posts", "comments": "comments"}
    rows = {name: tables.get(name, CONTRACTS[empty[name]].empty()) for name in names}
    return SimpleNamespace(account={"newest_at": NEWEST}, measured=tables.get("measured", measured()), **rows)


def reason(heading: str, contribution: float, *rows: dict[str, Any]) -> dict[str, Any]:
    return {"heading": heading, "contribution": contribution, "rows": list(rows)}


def push(signal: str, contribution: float) -> dict[str, Any]:
    return {"signal": signal, "contribution": contribution}


# How sure -------------------------------------------------------------------------------------------------------------


def test_without_a_probability_nothing_is_said_of_it() -> None:
    assert how_sure(None, 0.3) == []


def test_without_a_spread_no_range_is_made_up() -> None:
    assert not any("in about nine of ten" in each for each in how_sure(0.75, None))


def test_the_range_is_nine_in_ten_cohorts_in_log_odds() -> None:
    # ln 3 ± 1.645 * 0.35: 0.523 and 1.674, which are 0.628 and 0.842.
    assert any(each.endswith("the probability would be 63 to 84 in 100.") for each in how_sure(0.75, 0.35))


def test_no_end_of_the_range_is_certain() -> None:
    assert any(each.endswith("would be 99 to 99 in 100.") for each in how_sure(0.99999, 0.35))


# What somebody else may have ordered ---------------------------------------------------------------------------------


def score_of(verdict: str, probability: float, left: float | None) -> dict[str, Any]:
    return {"verdict": verdict, "probability_inauthentic": probability, "probability_without_busiest_month": left}


def readings(*days: int) -> pl.DataFrame:
    return pl.DataFrame({"date": [(NOON + timedelta(days=day)).date() for day in days]})


def commented(*days: int | None) -> pl.DataFrame:
    instants = [None if day is None else NOON + timedelta(days=day) for day in days]
    return pl.DataFrame({"commented_at": instants}, schema={"commented_at": pl.Datetime("us", "UTC")})


@pytest.mark.parametrize(
    ("verdict", "probability", "left", "says"),
    [
        pytest.param("review", 0.9, None, [], id="not asked"),
        pytest.param("review", 0.9, 0.1, ["would be 10%.", "Ask the creator"], id="most of it came in a month"),
        pytest.param("review", 0.3, 0.4, ["would be 40%."], id="the month spoke for the account"),
        pytest.param("reject", 0.9, 0.8, ["would be 80%.", "does not rest on what somebody else could"], id="a reject"),
    ],
)
def test_what_is_left_without_the_busiest_month_is_told(
    verdict: str, probability: float, left: float | None, says: list[str]
) -> None:
    sentences = outside(seen(readings=readings(0, 200)), score_of(verdict, probability, left), [reason("x", 1.0)])
    assert len(sentences) == len(says)
    assert all(words in sentence for words, sentence in zip(says, sentences, strict=True))
    assert not any(word in " ".join(sentences).lower() for word in ("fraud", "fake"))


@pytest.mark.parametrize(
    ("tables", "without", "little"),
    [
        pytest.param({"readings": readings(0, 31)}, "Without the busiest month of its follower readings, the", False),
        pytest.param({"readings": readings(0, 30)}, "its follower readings, which span a month at most, the", True),
        pytest.param({"comments": commented(0, None, 40)}, "Without the busiest month of its comments, the", False),
        pytest.param({"comments": commented(None)}, "Without its comments, which bear no date, the", True),
        pytest.param({"measured": measured((5, 1))}, "Without the counts of its posts, which bear no date, the", True),
        pytest.param(
            {"readings": readings(0, 90), "measured": measured((5, 1))},
            "the busiest month of its follower readings, and without the counts of its posts, which bear no date, the",
            False,
        ),
    ],
)
def test_only_what_was_observed_is_said_to_be_left_out(
    tables: dict[str, pl.DataFrame], without: str, *, little: bool
) -> None:
    said = " ".join(outside(seen(**tables), score_of("review", 0.5, 0.2), [reason("x", 1.0)]))
    assert without in said
    assert ("on so little nobody is rejected" in said) == little


def test_where_no_reason_can_be_named_there_is_nothing_to_ask() -> None:
    said = " ".join(outside(seen(readings=readings(0, 200)), score_of("review", 0.5, 0.2), []))
    assert "Ask the creator" not in said


# Which posts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [(), ((None, 3),)], ids=["no settled post", "likes hidden"])
def test_without_a_settled_post_it_is_said_why(rows: tuple[tuple[int | None, int | None], ...]) -> None:
    assert level(measured(*rows)) == ["No post older than 48 hours shows its likes."]


def test_one_post_is_no_median() -> None:
    assert level(measured((100, 3))) == ["Of a single post of 2026-01-01."]


def test_few_posts_have_a_period_and_no_newest_ones() -> None:
    assert level(measured((100, 3), (80, 2))) == [
        "The median of the 2 posts that show their likes, 2026-01-01 to 2026-01-02."
    ]


def test_an_account_that_collapsed_is_told_what_it_drew_before() -> None:
    # (10 * 1,040 + 10 * 22) / 20 = 531, more than twice 22.
    assert level(measured(*[(1000, 40)] * 10, *[(20, 2)] * 10)) == [
        "The median of the newest 10 posts that show their likes, 2026-01-11 to 2026-01-20.",
        "The mean of 20 is 531, as observed: few posts, or older ones, make it.",
    ]


def test_an_account_that_rises_is_told_so() -> None:
    # (40 * 10 + 10 * 100) / 50 = 28.
    said = level(measured(*[(10, 0)] * 40, *[(100, 0)] * 10))
    assert said[1] == "The mean of 50 is 28, as observed: the newest draw more."


def test_hidden_likes_and_unknown_comments_are_no_zeros() -> None:
    assert level(measured(*[(50, None)] * 11, *[(None, 4)] * 9)) == [
        "The median of the newest 10 posts that show their likes, 2026-01-02 to 2026-01-11."
    ]


def test_a_post_without_the_counts_asked_for_is_not_settled() -> None:
    rows = posts((1, 1), (None, 1), (None, None))
    assert settled(rows, NEWEST, ("like_count",)).height == 1
    assert settled(rows, NEWEST, ("like_count", "comment_count")).height == 2


# Moves of a curve -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        pytest.param([], "", id="no reading"),
        pytest.param([5.0], "", id="one reading"),
        pytest.param([5.0, 5.0], "", id="no move"),
        pytest.param([100.0, 150.0], "Between two readings: largest rise +50 (50.0%) from d0 to d1.", id="a rise"),
        pytest.param([0.0, 7.0], "Between two readings: largest rise +7 from d0 to d1.", id="from nobody"),
        pytest.param([9000.0, 8999.0], "Between two readings: largest fall -1 (under 0.1%) from d0 to d1.", id="tiny"),
        pytest.param(
            [100.0, 110.0, 120.0, 90.0, 95.0],
            "Between two readings: largest rise +10 (10.0%) from d0 to d1; largest fall -30 (25.0%) from d2 to d3.",
            id="of equal ones the first",
        ),
    ],
)
def test_the_largest_moves_are_named(counts: list[float], said: str) -> None:
    assert moves([f"d{place}" for place in range(len(counts))], counts) == said


# What moved it --------------------------------------------------------------------------------------------------------


def test_nothing_known_of_the_signals_says_nothing() -> None:
    assert balance([], []) == ""
    assert signals([], []) == []


def test_a_probability_that_no_reason_explains_says_what_moved_it() -> None:
    # A review of a real channel: its followers rose from 963 to 2,390 in four weeks, and no reason could say so.
    said = balance([push("growth_pace", 1.4), push("even_likes", -0.3), push("count_digits", 0.1)], [])
    assert said == (
        "Together the signals add +1.50 to the log-odds, most of it pace of growth (+1.40), digits of the counts "
        "(+0.10); -0.30 speaks for the account."
    )


def test_reasons_that_are_the_smaller_part_say_so() -> None:
    pushes = [push("growth_pace", 2.0), push("comments_alike", 0.5)]
    said = balance(pushes, [reason("Comments alike", 0.4)])
    # 2.5 in all, of which the reason shows 0.4.
    assert said == (
        "The signals above are the smaller part of what moved the probability: they add +0.40 to the log-odds, what "
        "cannot be shown as a reason adds +2.10 (most of it pace of growth (+2.00), other values of “comments alike” "
        "(+0.10))."
    )
    assert "are the larger part" in balance(pushes, [reason("Comments alike", 1.9)])


def test_every_signal_has_its_standing() -> None:
    pushes = [
        push("growth_pace", 2.0),
        push("comments_alike", 0.5),
        push("even_likes", -0.4),
        push("count_digits", 0.1),
    ]
    found = signals(pushes, [reason("Comments alike", 0.4)])
    assert [each["standing"] for each in found] == [
        "never a reason by itself: honest accounts show it, too",
        "reason 1",
        "speaks for the account",
        "no value that may be shown as a reason",
    ]


# What contests it -----------------------------------------------------------------------------------------------------


def test_every_signal_that_may_be_a_reason_can_be_contested() -> None:
    speaking = {entry.signal for entry in features(MODEL_GROUPS).values() if entry.reason}
    assert set(WHAT_CONTESTS) == speaking
    assert set(WHAT_CONTESTS) <= set(SIGNALS)


def test_a_reason_is_contested_by_its_days_and_missing_tables_are_asked_for() -> None:
    row = {"table": "followers_daily", "key": "2026-01-26"}
    found = contests(seen(), [reason("Burst of new followers", 0.9, row)])
    assert found[0].startswith("Against 1 (burst of new followers, most of all around 2026-01-26): what brought the ")
    assert found[1] == (
        "Not looked at so far, and may speak for the account: daily follower counts, from the platform's export or a "
        "tracker; posts with their dates, likes, comments and views; comments with their authors and times."
    )


def test_reasons_that_the_same_thing_contests_share_a_line() -> None:
    headings = ("Comments against likes", "Digits of the counts", "Engagement for an account of its size")
    found = contests(seen(), [reason(heading, 0.5) for heading in headings])
    assert found[0].startswith("Against 1 (comments against likes) and 3 (engagement for an account of its size): the ")
    assert found[1] == "Against 2 (digits of the counts): the counts as the platform exports them."


def test_likes_that_are_hidden_throughout_are_asked_for() -> None:
    found = contests(seen(posts=posts((None, 3), (None, 4))), [])
    assert "the likes of posts, where they are hidden" in found[0]
    assert "posts with their dates" not in found[0]


# What was not observed ------------------------------------------------------------------------------------------------


def observed_of(rows: pl.DataFrame, shown: list[int | None]) -> Any:
    """An account of these posts, of which the features take these likes: None for those that hide them."""
    measured = rows.select("post_id", likes=pl.Series(shown, dtype=pl.Int64))
    account = {"newest_at": NEWEST, "created_on": NOON.date(), "biography": "words"}
    whole = seen(posts=rows)
    return SimpleNamespace(
        account=account, measured=measured, **{n: getattr(whole, n) for n in ("readings", "posts", "comments")}
    )


def test_zeros_taken_for_hidden_likes_are_not_told_as_shown() -> None:
    found = not_observed(observed_of(posts((90, 9), (80, 8), (0, 12)), [90, 80, None]))
    assert "likes of 1 further post: 0 is read where others have dozens" in found
    assert not any("hidden or not read" in each for each in found)


def test_views_missing_on_some_posts_and_young_posts_are_counted() -> None:
    rows = posts((90, 9), (80, 8), (70, 7), every=200.0).with_columns(view_count=pl.Series([900, None, None]))
    found = not_observed(observed_of(rows, [90, 80, None]))
    assert "views of posts: 2 of 3" in found  # the third is of the newest day
    assert "the engagement of 1 of 3 posts: under 48 hours old when read, or without a count" in found


# Together -------------------------------------------------------------------------------------------------------------


def score(**columns: Any) -> dict[str, Any]:
    given = {"verdict": "review", "probability_inauthentic": 0.5, "suspected_schemes": [], "signals": []}
    return given | columns


def test_a_flag_without_a_scheme_says_so_and_a_pass_does_not() -> None:
    assert told(seen(), score(), [], None)["no_scheme"]
    assert not told(seen(), score(verdict="pass"), [], None)["no_scheme"]
    assert not told(seen(), score(suspected_schemes=[{"scheme": "bought_followers"}]), [], None)["no_scheme"]


def test_a_pass_is_told_neither_what_moved_it_nor_how_to_contest_it() -> None:
    whole = told(seen(), score(verdict="pass", signals=[push("growth_pace", 1.0)]), [], None)
    assert (whole["balance"], whole["contests"]) == ("", [])


def test_reasons_beside_a_larger_rest_are_called_the_smaller_part() -> None:
    pushes = [push("growth_pace", 1.6), push("likes_against_views", 0.1)]
    given = [reason("Likes and comments against views", 0.1)]
    assert told(seen(), score(signals=pushes), given, None)["is_more_unnamed"]
    assert not told(seen(), score(signals=pushes[1:]), given, None)["is_more_unnamed"]
    assert not told(seen(), score(signals=[]), given, None)["is_more_unnamed"]


def test_the_spread_comes_from_the_summary() -> None:
    assert any("in about nine of ten" in each for each in told(seen(), score(), [], {"cohort_spread": 0.3})["sure"])
    assert not any("in about nine of ten" in each for each in told(seen(), score(), [], {})["sure"])
