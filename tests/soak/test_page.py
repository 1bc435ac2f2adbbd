"""The page of what was done to break Assay."""

import re
from pathlib import Path

import pytest

from pipeline.errors import UnusableInputError
from soak.page import page_of
from soak.result import FINDINGS, PARTS, Figure, Finding, Result, findings

ROOT = Path(__file__).parent.parent.parent


def written(folder: Path, **changed: object) -> Path:
    values: dict[str, object] = {
        "part": "load",
        "title": "Load",
        "command": "python -m soak load",
        "seconds": 12.4,
        "figures": (Figure(name="calls", value="1,000", owed="1,000"),),
        "notes": ("One process after another.",),
    }
    Result.model_validate(values | changed).write(folder)
    return folder


def test_no_part_has_run_and_each_says_so(tmp_path: Path) -> None:
    page = page_of(tmp_path, tmp_path)
    assert page.count("has not been run") == len(PARTS)


def test_a_part_shows_its_figures_and_how_they_are_made(tmp_path: Path) -> None:
    page = page_of(written(tmp_path), tmp_path)
    assert "`python -m soak load`, 12 seconds." in page
    assert "| calls | 1,000 | 1,000 |" in page
    assert "One process after another." in page


def test_what_does_not_hold_is_said(tmp_path: Path) -> None:
    folder = written(tmp_path, figures=(Figure(name="calls", value="999", owed="1,000", holds=False),))
    result = Result.read("load", folder)
    assert result is not None
    assert not result.holds
    assert "1,000: **does not hold**" in page_of(folder, tmp_path)


def test_findings_stand_below_their_part(tmp_path: Path) -> None:
    (tmp_path / "load.yaml").write_text("- {found: a lock, mended: none any more, test: 'tests/a.py::b'}\n")
    assert findings("load", tmp_path) == [Finding(found="a lock", mended="none any more", test="tests/a.py::b")]
    assert "| a lock | none any more | `tests/a.py::b` |" in page_of(written(tmp_path), tmp_path)


@pytest.mark.parametrize("text", ["- found: [", "- {found: a}", "just words"])
def test_findings_that_cannot_be_read_name_their_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "load.yaml").write_text(text)
    with pytest.raises(UnusableInputError, match=r"findings: '.*load\.yaml' cannot be read\. Found: "):
        findings("load", tmp_path)


@pytest.mark.parametrize("part", PARTS)
def test_every_test_that_a_finding_names_exists(part: str) -> None:
    for finding in findings(part, FINDINGS):
        if finding.test is not None:
            path, *_, name = finding.test.split("::")
            assert re.search(rf"^ *def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), finding.test


def test_the_page_in_the_repository_is_of_the_figures_there() -> None:
    assert (ROOT / "docs/reliability.md").read_text(encoding="utf-8") == page_of()
