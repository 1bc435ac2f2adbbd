"""The gallery: the account of a kind is settled by rule, and its caption says the truth beside the verdict."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from models.scoring import Scorer
from pipeline import gallery as module
from pipeline import layout
from pipeline.docs import GALLERY, stale_gallery
from pipeline.errors import UnusableInputError
from pipeline.gallery import ACCOUNTS, BROWSERS, KINDS, SEED, chosen, gallery, truth
from pipeline.params import read_section
from pipeline.promote import PromoteParams
from pipeline.simulate import SimulateParams
from pipeline.storage import write_json
from tests.pipeline.projects import invoke, silent

VIRAL, *_, INSUFFICIENT = KINDS


def scored(*rows: tuple[str, float | None, str, str | None]) -> pl.DataFrame:
    schema = {
        "account_id": pl.String,
        "probability_inauthentic": pl.Float64,
        "verdict": pl.String,
        "benign_story": pl.String,
    }
    return pl.DataFrame(list(rows), schema=schema, orient="row").with_columns(
        is_inauthentic=False, scheme=pl.lit(None, dtype=pl.String)
    )


def test_of_no_account_none_is_chosen() -> None:
    assert chosen(scored(), VIRAL) is None


def test_the_middle_one_is_chosen_and_the_first_by_id_of_equals() -> None:
    found = scored(
        ("c", 0.10, "pass", "viral"),  # the middle of .02, .10 and .30
        ("b", 0.02, "pass", "viral"),
        ("a", 0.30, "pass", "viral"),
        ("d", 0.90, "review", "viral"),
        ("e", 0.11, "pass", "press"),
    )
    assert (chosen(found, VIRAL) or {})["account_id"] == "c"
    even = found.filter(pl.col("account_id").is_in(["a", "b"]))  # the middle is .16, as far from either
    assert (chosen(even, VIRAL) or {})["account_id"] == "a"


def test_without_probabilities_the_first_by_id_is_chosen() -> None:
    found = scored(("b", None, "insufficient_data", None), ("a", None, "insufficient_data", None))
    assert (chosen(found, INSUFFICIENT) or {})["account_id"] == "a"


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({}, "nothing was bought or traded"),
        ({"benign_story": "bot_targeted"}, "nothing was bought or traded, with the story \u201cbot targeted\u201d"),
        (
            {"scheme": "bought_followers+engagement_pod", "inauthentic_follower_share": 0.34},
            "bought followers and an engagement pod: 34% of its followers",
        ),
    ],
    ids=["nothing", "a story", "two schemes"],
)
def test_the_truth_is_told_in_words(row: dict[str, Any], told: str) -> None:
    given = dict.fromkeys(("benign_story", "scheme", "inauthentic_follower_share", "inauthentic_engagement_share"))
    assert truth(given | row) == told


def test_no_training_or_audit_knows_the_cohort() -> None:
    simulated, promote = read_section("simulate", SimulateParams), read_section("promote", PromoteParams)
    assert SEED not in (*simulated.seeds, simulated.incoming_seed, *promote.seeds)


def test_without_a_browser_nothing_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scorer: Scorer) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda _: None)
    with pytest.raises(UnusableInputError, match="no browser is installed"):
        gallery(tmp_path / "docs", scorer, report=silent)
    assert not (tmp_path / "docs").exists()


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, BROWSERS)), reason="no Chromium is installed: apt-get install chromium")
def test_the_command_writes_words_pages_and_pictures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, project: Path, model: Path
) -> None:
    monkeypatch.setattr(module, "ACCOUNTS", 80)
    assert ACCOUNTS > 80
    monkeypatch.chdir(project)
    result = invoke("gallery", "--output", tmp_path / "docs", "--model", model, "--quiet")
    assert result.exit_code == 0, result.output
    text = (tmp_path / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert all(f"## {kind.title}\n" in text for kind in KINDS)
    shown = set(re.findall(r"\]\(gallery/(\w+)\.png\)", text))
    assert len(shown) + text.count("None in this cohort.") == len(KINDS)
    assert shown
    for name in shown:
        assert (tmp_path / "docs" / "gallery" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "index.html" not in (tmp_path / "docs" / "gallery" / f"{name}.html").read_text(encoding="utf-8")
    assert {path.stem for path in (tmp_path / "docs" / "gallery").iterdir()} == shown
    assert [path.name for path in (tmp_path / "docs").iterdir() if path.name.startswith(".")] == []


def test_a_gallery_of_another_model_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_json({"model_version": "0123456789abcdef"}, layout.TRAINING_REPORT)
    assert stale_gallery() == []  # none is drawn
    GALLERY.parent.mkdir()
    GALLERY.write_text("Scored by model `another`.\n", encoding="utf-8")
    assert stale_gallery() == [
        "docs: docs/gallery.md shows another model than 0123456789abcdef. Run 'make gallery' and commit it."
    ]
    GALLERY.write_text("Scored by model `0123456789abcdef`.\n", encoding="utf-8")
    assert stale_gallery() == []
