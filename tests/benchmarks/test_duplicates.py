"""Planted templates are there and known, and finders are counted pair by pair."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from benchmarks import duplicates
from benchmarks.duplicates import COPIES, FINDERS, KINDS, planted

ASSAY = [name for name in FINDERS if name.startswith("Assay")]


def test_every_second_account_carries_two_templates() -> None:
    found = planted(10, seed=3)
    assert found.height == 10 * 200
    copies = found.filter(pl.col("template") >= 0).group_by("account").len().sort("account")
    # Accounts 1, 3, 5, 7 and 9, two templates of ten copies each.
    assert copies.rows() == [(account, 2 * COPIES) for account in (1, 3, 5, 7, 9)]
    assert sorted(found["kind"].unique()) == [-1, 0, 1, 2, 3, 4]


def test_the_same_seed_plants_the_same() -> None:
    assert planted(4, seed=3).equals(planted(4, seed=3))
    assert not planted(4, seed=3).equals(planted(4, seed=4))


def test_copies_of_a_retyped_template_have_the_same_letters() -> None:
    retyped = planted(10, seed=3).filter(pl.col("kind") == KINDS.index("retyped"))
    letters = retyped["text"].str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", "")
    assert retyped.with_columns(letters=letters).group_by("template").agg(pl.col("letters").n_unique())[
        "letters"
    ].to_list() == [1, 1]


def all_pairs(comments: pl.DataFrame) -> np.ndarray:
    return np.array([(i, j) for i in range(comments.height) for j in range(i + 1, comments.height)])


def planted_pairs(comments: pl.DataFrame) -> np.ndarray:
    pairs = all_pairs(comments)
    template = comments["template"].to_numpy()
    return pairs[(template[pairs[:, 0]] >= 0) & (template[pairs[:, 0]] == template[pairs[:, 1]])]


def nothing(_: pl.DataFrame) -> np.ndarray:
    return np.empty((0, 2), np.int64)


def test_who_finds_nothing_has_no_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FINDERS, "none", nothing)
    found = duplicates.duplicates(2, 3, "none", 40)
    assert (found["precision"], found["recall"], found["found_pairs"]) == (None, 0.0, 0)


def test_who_finds_all_planted_pairs_and_no_other_is_perfect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FINDERS, "oracle", planted_pairs)
    found = duplicates.duplicates(2, 3, "oracle", 40)
    # One account of two has templates: two of them, 10 * 9 / 2 pairs each, of the first two kinds.
    assert found["planted_pairs"] == found["found_pairs"] == 2 * 45
    assert (found["precision"], found["recall"]) == (1.0, 1.0)
    assert found["recall_of_kind"] == {"retyped": 1.0, "slot inside": 1.0} | dict.fromkeys(KINDS[2:])


def test_genuine_pairs_with_the_same_text_count_neither_way(monkeypatch: pytest.MonkeyPatch) -> None:
    comments = pl.DataFrame(
        {
            "account": [0] * 4,
            "text": ["So cute!", "so cute", "love it", "love it"],
            "template": [-1, -1, -1, 0],
            "kind": [-1, -1, -1, 0],
        }
    )
    monkeypatch.setattr(duplicates, "planted", lambda *_: comments)
    monkeypatch.setitem(FINDERS, "all", all_pairs)
    found = duplicates.duplicates(1, 3, "all", 4)
    # Six pairs, of which the first is left out.
    assert (found["found_pairs"], found["precision"]) == (5, 0.0)


@pytest.mark.parametrize("finder", FINDERS)
def test_every_finder_finds_what_was_only_retyped(finder: str) -> None:
    if finder not in ASSAY:
        pytest.importorskip(finder.split(":", maxsplit=1)[0])
    found = duplicates.duplicates(2, 3, finder, 40)
    assert found["recall_of_kind"]["retyped"] == 1.0
    assert found["comments"] == 80
    assert found["cpu_seconds_per_million"] >= 0


def test_pairs_lie_within_one_account_and_are_told_once() -> None:
    comments = pl.DataFrame({"account": [0, 0, 1, 1], "text": ["what a lovely day here"] * 4})
    for finder in ASSAY:
        assert FINDERS[finder](comments).tolist() == [[0, 1], [2, 3]]
