"""The shortlist as a page: candidates in their order, what is beside the verdict, and what the same money buys."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from campaigns.facts import FACTS_SCHEMA
from pages.render import page
from pages.shortlist import LONGEST_NAME, shortlist_view
from pipeline.addresses import address
from pipeline.report import report_folder
from pipeline.shortlist import shortlist, shortlist_file
from tests.pipeline.projects import invoke, refused, silent
from tests.pipeline.test_report import HOSTILE, Page
from tests.pipeline.test_shortlist import candidates, scores

NAMED = {"campaign": "spring", "account_id": "a"}


def shown(ranked: pl.DataFrame, pages: dict[str, str] | None = None) -> Page:
    return Page(page("shortlist.html", shortlist_view(ranked, pages or {})))


def beside(**facts: Any) -> pl.DataFrame:
    """A shortlist of one candidate with these facts."""
    ranked = shortlist(candidates(NAMED), scores(a={"verdict": "pass"}))
    row = dict.fromkeys(FACTS_SCHEMA) | {"account_id": "a"} | facts
    return ranked.join(pl.DataFrame([row], schema=FACTS_SCHEMA), on="account_id", how="left")


def test_no_candidate_gives_a_page_that_says_so() -> None:
    assert "Shortlist of 0 candidates" in shown(shortlist(candidates(), scores())).text


def test_without_the_folder_the_page_says_what_is_left_out() -> None:
    text = shown(shortlist(candidates(NAMED), scores(a={"verdict": "pass"}))).text
    assert "the folder that was scored was not given" in text
    assert "Beside the verdict" not in text


def test_what_was_not_observed_cannot_be_told() -> None:
    text = shown(beside()).text
    assert "None of it moves the verdict, the score or the rank" in text
    for reason in ("no post says it", "no post to compare", "whose authors are known", "no comments observed"):
        assert reason in text


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (
            {"recent_posts": 60, "declared_posts": 60, "sponsored_posts": 12, "sponsored_post_share": 0.2},
            "20%12 of 60 posts",
        ),
        ({"recent_posts": 3, "declared_posts": 0, "sponsored_posts": 0}, "none of these posts says it"),
        ({"recent_posts": 0, "declared_posts": 0, "sponsored_posts": 0}, "no post in this time"),
        ({"sponsored_posts_compared": 2, "own_posts_compared": 40}, "cannot be told2 sponsored, 40 others"),
        (
            {
                "sponsored_posts_compared": 8,
                "own_posts_compared": 40,
                "sponsored_engagement_ratio": 0.81,
                "sponsored_engagement_ratio_lower": 0.62,
                "sponsored_engagement_ratio_upper": 1.05,
            },
            "0.81 times0.62 to 1.05; 8 sponsored, 40 others",
        ),
        ({"owner_replies": 31, "posts_with_comments": 40, "posts_with_owner_reply": 14}, "31on 14 of 40 posts"),
        ({"owner_replies": 0, "posts_with_comments": 40, "posts_with_owner_reply": 0}, "none seenon 40 posts"),
        (
            {
                "comments_by_others": 412,
                "english_comments": 318,
                "rated_comments": 190,
                "positive_comment_share": 0.71,
                "negative_comment_share": 0.06,
            },
            "71% positive, 6% negativeof 412 comments 318 English, 190 with words the list knows",
        ),
        (
            {"comments_by_others": 12, "english_comments": 2, "rated_comments": 1},
            "cannot be toldof 12 comments 2 English, 1 with words the list knows; 20 are needed",
        ),
        ({"niche": "food", "language": "en", "country": "GB"}, "food · en · GB"),
    ],
    ids=[
        "sponsored share",
        "nothing declared lately",
        "nothing posted lately",
        "too few to compare",
        "sponsored against others",
        "replies",
        "no reply",
        "mood",
        "too few rated",
        "about",
    ],
)
def test_what_is_beside_the_verdict_comes_with_what_it_rests_on(facts: dict[str, Any], words: str) -> None:
    assert words in shown(beside(**facts)).text


def test_candidates_with_a_fee_are_drawn_by_shape() -> None:
    engagement = {f"expected_engagement_per_post{end}": 100.0 for end in ("", "_lower", "_upper")}
    shares = {f"authentic_follower_share_{kind}": 0.9 for kind in ("lower", "estimate", "upper")}
    known = {"follower_count": 1_000, **engagement, **shares}
    ranked = shortlist(
        candidates(*({"account_id": name, "fee": 10.0, "currency": "EUR"} for name in ("good", "bad", "ghost"))),
        scores(good={"verdict": "pass", **known}, bad={"verdict": "reject", **known}),
    )
    (chart,) = shortlist_view(ranked, {})["campaigns"][0]["charts"]
    assert "2 candidates: 1 pass (circle), 1 reject (cross)" in chart["drawing"]
    assert "good: pass; 900 followers not bought; 0.1 EUR each" in chart["drawing"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_whatever_a_list_says_appears_as_text(text: str, tmp_path: Path, project: Path) -> None:
    listed = tmp_path / "candidates.csv"
    with listed.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [
                ["campaign", "platform", "handle", "fee", "currency", "note"],
                [text, text, text, "10", text, text],
                [text, "instagram", text, "", "", text],
            ]
        )
    file = project / "data" / "scores" / "scores.parquet"
    shortlist_file(listed, file, tmp_path / "out")
    html = Page((tmp_path / "out" / "shortlist.html").read_text(encoding="utf-8"))
    assert (html.elements.count("script"), html.running, html.leading) == (1, [], [])
    assert "img" not in html.elements
    assert text.strip()[: LONGEST_NAME - 1] in html.text
    assert "x" * (LONGEST_NAME + 1) not in html.text


def test_hostile_facts_and_scored_handles_stay_text() -> None:
    hostile = HOSTILE["markup"]
    ranked = shortlist(
        candidates(NAMED | {"fee": 5.0, "currency": hostile}),
        scores(a={"verdict": "pass", "handle": hostile, "expected_engagement_per_post": 5.0, "follower_count": 9}),
    )
    row = dict.fromkeys(FACTS_SCHEMA) | {"account_id": "a", "language": hostile, "country": hostile}
    html = shown(ranked.join(pl.DataFrame([row], schema=FACTS_SCHEMA), on="account_id", how="left"))
    assert (html.elements.count("script"), html.running) == (1, [])
    assert html.text.count(hostile) >= 4


@pytest.fixture(scope="session")
def listed(project: Path) -> dict[str, Path]:
    return {
        "candidates": project / "data" / "raw" / "candidates.csv",
        "scores": project / "data" / "scores" / "scores.parquet",
    }


def test_the_page_stands_beside_the_csv(listed: dict[str, Path], tmp_path: Path) -> None:
    ranked = shortlist_file(listed["candidates"], listed["scores"], tmp_path / "out")
    html = (tmp_path / "out" / "shortlist.html").read_text(encoding="utf-8")
    assert f"Shortlist of {ranked.height} candidates" in html
    words = Page(html).words
    assert all(name in words for name in ranked["handle"].drop_nulls())


@pytest.mark.usefixtures("few_buckets")
def test_with_the_folder_facts_stand_behind_and_move_nothing(
    listed: dict[str, Path], incoming: Path, tmp_path: Path
) -> None:
    plain = shortlist_file(listed["candidates"], listed["scores"], tmp_path / "plain")
    full = shortlist_file(listed["candidates"], listed["scores"], tmp_path / "full", source=incoming)
    assert full.select(plain.columns).equals(plain)
    assert full.columns[plain.width :] == [name for name in FACTS_SCHEMA if name != "account_id"]
    scored = full.filter(pl.col("verdict") != "unscored")
    assert scored["recent_posts"].count() > 0
    assert scored.height < full.height
    assert (
        full.filter(pl.col("verdict") == "unscored")["comments_by_others"].null_count() == full.height - scored.height
    )
    assert pl.read_csv(tmp_path / "full" / "shortlist.csv").columns == full.columns
    assert sorted(each.name for each in (tmp_path / "full").iterdir()) == ["shortlist.csv", "shortlist.html"]


@pytest.mark.usefixtures("few_buckets")
def test_the_command_links_the_pages_that_report_wrote(listed: dict[str, Path], incoming: Path, tmp_path: Path) -> None:
    first = pl.read_csv(listed["candidates"])["account_id"].to_list()
    known = pl.read_parquet(listed["scores"])["account_id"].to_list()
    paged = next(name for name in first if name in known)
    report_folder(incoming, listed["scores"], tmp_path / "the pages", accounts=[paged], only_those=True, report=silent)
    arguments = [f"--{name}={path}" for name, path in listed.items()]
    output = tmp_path / "out"
    result = invoke("shortlist", *arguments, "--output", output, "--pages", tmp_path / "the pages", "--exit-zero")
    assert result.exit_code == 0
    html = Page((output / "shortlist.html").read_text(encoding="utf-8"))
    assert set(html.leading) == {f"../the%20pages/accounts/{address(paged)}"}


def test_a_folder_without_pages_is_refused(listed: dict[str, Path], tmp_path: Path) -> None:
    arguments = [f"--{name}={path}" for name, path in listed.items()]
    said = refused("shortlist", *arguments, "--output", tmp_path / "out", "--pages", tmp_path)
    assert "python -m pipeline report" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("few_buckets")
def test_another_folder_than_the_scored_one_is_refused(listed: dict[str, Path], labelled: Path, tmp_path: Path) -> None:
    arguments = [f"--{name}={path}" for name, path in listed.items()]
    said = refused("shortlist", *arguments, "--output", tmp_path / "out", "--input", labelled, "--quiet")
    assert "Name the folder that was scored" in said
    assert not (tmp_path / "out" / "shortlist.csv").exists()


def test_scores_that_do_not_say_up_to_when_need_no_folder(tmp_path: Path, incoming: Path) -> None:
    listed, file = tmp_path / "candidates.csv", tmp_path / "scores.parquet"
    listed.write_text("campaign,account_id\nspring,a\n")
    scores(a={"verdict": "pass"}).write_parquet(file)
    arguments = ["--candidates", listed, "--scores", file, "--output", tmp_path / "out"]
    assert invoke("shortlist", *arguments).exit_code == 0
    assert "column 'as_of' is missing" in refused("shortlist", *arguments, "--input", incoming)
