"""The part `outputs` itself: that it finds what it looks for, and a small run of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from soak.outputs import run
from soak.outputs.folders import CASES, Case, folder_fault
from soak.outputs.pages import faults_of, shortlisted


def test_equal_pages_have_no_fault() -> None:
    assert faults_of("<p>a</p>", "<p>b</p>") == []


@pytest.mark.parametrize(
    ("hostile", "fault"),
    [
        ("<p><b>a</b></p>", "other elements than the twin"),
        ('<p onclick="a">a</p>', "p has onclick"),
        ('<p class="c">a</p>', "other elements than the twin"),
        ('<p><a href="javascript:a">b</a></p>', "a leads to javascript:a"),
        ("<p>a</p><!-- b -->", "a comment"),
        ("<p>a</b></p>", "</b> closes another element"),
    ],
    ids=["an element", "a handler", "an attribute", "a link", "a comment", "an end"],
)
def test_what_gets_out_of_its_place_is_found(hostile: str, fault: str) -> None:
    assert any(fault in found for found in faults_of(hostile, "<p>x</p>"))


def test_a_page_that_escapes_nothing_is_found() -> None:
    (page,), (twin,) = shortlisted("<b>"), shortlisted("xxx")
    assert faults_of(page, twin) == []
    assert faults_of(page.replace("&lt;b&gt;", "<b>"), twin) != []


def test_a_folder_that_is_read_though_it_should_not_is_found(tmp_path: Path) -> None:
    case = Case("plain", lambda folder, _: _plain(folder))
    assert folder_fault(case, tmp_path) == "plain: read"


def _plain(folder: Path) -> None:
    (folder / "accounts.csv").write_text("account_id,platform,follower_count\n1,x,5\n")


def test_the_known_folders_are_told_apart() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.slow
def test_a_small_run_holds() -> None:
    result = run(cases=5, seed=7)
    assert [figure for figure in result.figures if not figure.holds] == []
    assert len(result.figures) == 8
