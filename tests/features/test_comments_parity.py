"""Comment features against a naive version that loops over pairs and draws, on random tables with holes."""

from __future__ import annotations

import random
from collections import defaultdict
from itertools import combinations, pairwise, permutations
from math import comb, log
from statistics import correlation
from typing import Any

import pytest

from tests.features.builders_comments import Row, comment, published, tables, values

TEXTS = [
    *("wow", "so cute", "So cute!!", "love your bag", "love your new bag", "love your new ring", "what a day", "❤️"),
    *("so love your bag a lot", "so love your new ring a lot", "so happy with a lot of love", "you love a lot"),
]
PHRASES = {text: text.lower().strip("!❤️").split() for text in TEXTS}
CAPTIONS = ["the bag i love", "a new ring", None, "what a day"]


def random_account(seed: int) -> list[Row]:
    """Ninety comments by a dozen people under four posts; some of unknown author or instant, some instants equal."""
    generator = random.Random(seed)  # noqa: S311 - test data
    return [
        comment(
            number,
            generator.choice(TEXTS),
            post=(post := generator.randrange(4)),
            commenter_id=None if generator.random() < 0.1 else f"u{generator.randrange(12)}",
            commented_at=None if generator.random() < 0.1 else published(post) + _delay(generator),
            like_count=generator.choice([None, 0, 1]),
        )
        for number in range(90)
    ]


def _delay(generator: random.Random) -> Any:
    """Up to a day, half of them within two hours."""
    longest = generator.choice([80, 1000])
    return (published(1) - published(0)) * generator.randrange(longest) / 3000


def same_person(first: Row, second: Row) -> bool:
    return first["commenter_id"] is not None and first["commenter_id"] == second["commenter_id"]


def share_in_draws_of_twenty(rows: list[Row], alike: Any) -> float:
    """By counting draws: of all draws of 19 others, those without any that is alike."""
    others = len(rows) - 1
    met = [sum(alike(row, other) for other in rows if other is not row) for row in rows]
    return sum(1 - comb(others - like, 19) / comb(others, 19) for like in met) / len(rows)


def repeats(first: Row, second: Row) -> bool:
    words = PHRASES[first["text"]]
    return len(words) >= 2 and words == PHRASES[second["text"]] and not same_person(first, second)


def repeats_elsewhere(first: Row, second: Row) -> bool:
    return repeats(first, second) and first["post_id"] != second["post_id"]


def shares_frame(first: Row, second: Row) -> bool:
    one, other = PHRASES[first["text"]], PHRASES[second["text"]]
    framed = len(one) > 3 and len(other) > 3 and (one[:3] == other[:3] or one[-3:] == other[-3:])
    return framed and one != other and not same_person(first, second)


def slotted(rows: list[Row]) -> float:
    """As by counting draws, with the place of the slot at which most others agree."""
    shares = 0.0
    for row in rows:
        words = PHRASES[row["text"]]
        strangers = [PHRASES[other["text"]] for other in rows if other is not row and not same_person(row, other)]
        met = max(
            sum(
                other != words and len(other) > 4 and other[:first] == words[:first] and other[-last:] == words[-last:]
                for other in strangers
            )
            for first, last in ((1, 3), (2, 2), (3, 1))
        )
        met = met if len(words) > 4 else 0
        shares += 1 - comb(len(rows) - 1 - met, 19) / comb(len(rows) - 1, 19)
    return shares / len(rows)


def same_next_text(rows: list[Row]) -> float:
    """Over pairs of comments under different posts that are followed at once by another with words."""
    followed = []
    for post in {row["post_id"] for row in rows}:
        here = sorted((row for row in rows if row["post_id"] == post), key=in_order)
        followed += [
            (post, PHRASES[one["text"]], PHRASES[two["text"]])
            for one, two in pairwise(here)
            if one["commented_at"] and PHRASES[one["text"]] and PHRASES[two["text"]]
        ]
    apart = [(one, two) for one, two in permutations(followed, 2) if one[0] != two[0]]
    chance = sum(one[2] == two[2] for one, two in apart) / len(apart)
    trials = [(one, two) for one, two in apart if one[1] == two[1]]
    return (sum(one[2] == two[2] for one, two in trials) - chance * len(trials)) / (len(trials) + 20)


def in_order(row: Row) -> tuple[bool, Any, str]:
    return row["commented_at"] is not None, row["commented_at"] or published(0), row["comment_id"]


def arrivals(rows: list[Row]) -> list[tuple[Row, float]]:
    """First comments of known authors under each post, with a delay, and ln(hours + 1 minute)."""
    first: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=in_order):
        if row["commenter_id"]:
            first.setdefault((row["post_id"], row["commenter_id"]), row)
    timed = [row for row in first.values() if row["commented_at"]]
    return [(row, log(hours_after(row) + 1 / 60)) for row in timed if hours_after(row) >= 0]


def hours_after(row: Row) -> float:
    return (row["commented_at"] - published(int(row["post_id"][1:]))).total_seconds() / 3600


def returning_delay(rows: list[Row]) -> float:
    apart = [
        (same_person(one, two), (size - other) ** 2)
        for (one, size), (two, other) in permutations(arrivals(rows), 2)
        if one["post_id"] != two["post_id"]
    ]
    own = [square for same, square in apart if same]
    others = [square for same, square in apart if not same]
    usual = sum(others) / len(others)
    return ((sum(own) + 20 * usual) / (len(own) + 20) / usual) ** 0.5


def returning_early_sentences(rows: list[Row]) -> float:
    prompt = [(row, hours_after(row) <= 1 and len(PHRASES[row["text"]]) >= 3) for row, _ in arrivals(rows)]
    own = [(one, two) for (row, one), (other, two) in permutations(prompt, 2) if same_person(row, other)]
    return sum(one and two for one, two in own) / (len(own) + 20)


def phrase_agreement(rows: list[Row]) -> float:
    pairs = [(row, phrase) for row in rows for phrase in pairwise(PHRASES[row["text"]])]
    strangers = [
        (one, two)
        for (row, one), (other, two) in combinations(pairs, 2)
        if row is not other and not same_person(row, other)
    ]
    return sum(one == two for one, two in strangers) / len(strangers)


def relevance(rows: list[Row]) -> float:
    """The post after the next takes the place of the uncaptioned one: p0 -> p1 -> p3 -> p0."""
    content = {
        post: {word for word in caption.split() if len(word) >= 4}
        for post, caption in zip(("p00", "p01", "p03"), (CAPTIONS[0], CAPTIONS[1], CAPTIONS[3]), strict=True)
        if caption
    }
    following = {"p00": "p01", "p01": "p03", "p03": "p00"}
    judged = [row for row in rows if row["post_id"] in content and PHRASES[row["text"]]]
    own = [bool(content[row["post_id"]] & set(PHRASES[row["text"]])) for row in judged]
    other = [bool(content[following[row["post_id"]]] & set(PHRASES[row["text"]])) for row in judged]
    return (sum(own) - sum(other)) / len(judged)


def first_visits(rows: list[Row]) -> dict[str, list[str]]:
    """Per post, its regular commenters in order of their first comment; posts with three or more."""
    known = [row for row in rows if row["commenter_id"] and row["commented_at"]]
    posts: dict[str, list[str]] = defaultdict(list)
    for row in sorted(known, key=lambda row: (row["commented_at"], row["comment_id"])):
        if row["commenter_id"] not in posts[row["post_id"]]:
            posts[row["post_id"]].append(row["commenter_id"])
    everyone = [author for visitors in posts.values() for author in visitors]
    regular = {author for author in everyone if everyone.count(author) > 1}
    kept = {post: [author for author in posts[post] if author in regular] for post in sorted(posts)}
    return {post: visitors for post, visitors in kept.items() if len(visitors) >= 3}


def same_successor(rows: list[Row]) -> float:
    visits = [
        (author, successor, 1 / (len(visitors) - 1))
        for visitors in first_visits(rows).values()
        for author, successor in pairwise(visitors)
    ]
    trials = [(one, two) for one, two in permutations(visits, 2) if one[0] == two[0]]
    observed = sum(one[1] == two[1] for one, two in trials) / len(trials)
    chance = sum(one[2] for one, _ in trials) / len(trials)
    return (observed - chance) / (1 - chance)


def order_correlation(rows: list[Row]) -> float:
    posts = list(first_visits(rows).values())
    returns = []
    for author in {author for visitors in posts for author in visitors}:
        places = [visitors.index(author) / (len(visitors) - 1) for visitors in posts if author in visitors]
        returns += pairwise(places)
    return correlation(*zip(*returns, strict=True))


def local_variation(rows: list[Row]) -> float:
    variations = []
    for post in {row["post_id"] for row in rows}:
        instants = sorted(row["commented_at"] for row in rows if row["post_id"] == post and row["commented_at"])
        gaps = [(second - first).total_seconds() for first, second in pairwise(instants)]
        variations += [
            3 * ((one - two) / (one + two)) ** 2
            for one, two in pairwise(gaps)
            if one + two > 0 and (one % 3600 or two % 3600)
        ]
    return sum(variations) / len(variations)


def same_author_elsewhere(rows: list[Row]) -> float:
    known = [row for row in rows if row["commenter_id"]]
    apart = [(one, two) for one, two in combinations(known, 2) if one["post_id"] != two["post_id"]]
    return sum(same_person(one, two) for one, two in apart) / len(apart)


@pytest.mark.parametrize("seed", range(6))
def test_parity_with_loops_over_pairs(seed: int) -> None:
    rows = random_account(seed)
    observed = values(tables(rows, CAPTIONS))
    known = [row for row in rows if row["commenter_id"]]
    expected = {
        "comments_repeated_text_share": share_in_draws_of_twenty(rows, repeats),
        "comments_repeated_text_across_posts_share": share_in_draws_of_twenty(rows, repeats_elsewhere),
        "comments_template_share": share_in_draws_of_twenty(rows, shares_frame),
        "comments_repeat_author_share": share_in_draws_of_twenty(known, same_person),
        "comments_slotted_text_share": slotted(rows),
        "comments_same_next_text_residual": same_next_text(rows),
        "comments_returning_delay_ratio": returning_delay(rows),
        "comments_returning_early_sentence_share": returning_early_sentences(rows),
        "comments_phrase_agreement_share": phrase_agreement(rows),
        "comments_caption_relevance_residual": relevance(rows),
        "comments_same_author_across_posts_share": same_author_elsewhere(rows),
        "comments_same_successor_residual": same_successor(rows),
        "comments_author_order_correlation": order_correlation(rows),
        "comments_gap_spread": local_variation(rows),
    }
    assert {name: observed[name] for name in expected} == pytest.approx(expected, rel=1e-7)
