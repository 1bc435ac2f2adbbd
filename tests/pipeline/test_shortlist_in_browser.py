"""The shortlist as a browser shows it: no error, nothing fetched, no serious fault of accessibility, clicks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pipeline.shortlist import shortlist_file
from tests.pipeline.test_report import HOSTILE
from tests.pipeline.test_report_in_browser import DESKTOP, PHONE, Watched, browser, pytestmark

__all__ = ["browser", "pytestmark"]

PAPER = {"width": 718, "height": 1000}
"""A4 between usual margins, in the browser's pixels."""

NAMES = "table.ranked tbody tr:visible th"


@pytest.fixture(scope="module")
def shortlisted(project: Path, incoming: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's candidates, and hostile names beside them in a campaign of their own."""
    folder = tmp_path_factory.mktemp("shortlisted")
    listed = folder / "candidates.csv"
    raw = (project / "data" / "raw" / "candidates.csv").read_text(encoding="utf-8")
    quoted = ['"' + text.replace('"', '""') + '"' for text in HOSTILE.values()]
    hostile = "".join(f"{text},,{text},{text},5,{text}\n" for text in quoted)
    listed.write_text(raw + hostile, encoding="utf-8")
    shortlist_file(listed, project / "data" / "scores" / "scores.parquet", folder / "out", source=incoming)
    return folder / "out" / "shortlist.html"


@pytest.fixture
def opened(browser: Browser, shortlisted: Path) -> Iterator[Page]:
    page = browser.new_page(viewport=DESKTOP)
    page.goto(shortlisted.as_uri())
    yield page
    page.close()


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("light", PHONE), ("dark", PHONE), ("light", DESKTOP), ("dark", DESKTOP)],
    ids=["phone", "dark phone", "desktop", "dark desktop"],
)
def test_the_shortlist_shows_without_a_fault(
    browser: Browser,
    shortlisted: Path,
    scheme: str,
    viewport: dict[str, int],
) -> None:
    seen = Watched(browser, shortlisted, scheme=scheme, viewport=viewport)
    found = (seen.complaints, seen.fetched, seen.wider, seen.faults)
    seen.page.close()
    assert found == ([], [shortlisted.as_uri()], 0, [])


def test_a_heading_sorts_its_own_table_by_number_with_the_unknown_last(opened: Page) -> None:
    def followers() -> list[str]:
        return autumn.locator("tbody td:nth-child(5)").all_inner_texts()

    autumn, spring = (opened.get_by_role("region", name=f"Candidates of {name}") for name in ("autumn", "spring"))
    heading = autumn.get_by_role("button", name="Followers")
    others = spring.locator("tbody").inner_text()
    heading.click()
    rising = [int(text.replace(",", "")) for text in followers() if text]
    assert rising == sorted(rising)
    heading.press("Enter")
    falling = [int(text.replace(",", "")) for text in followers() if text]
    assert falling == rising[::-1]
    assert falling != rising
    assert followers()[: len(falling)] == [f"{count:,}" for count in falling]
    assert opened.locator("th[aria-sort='descending']").inner_text() == "Followers"
    assert spring.locator("tbody").inner_text() == others


def test_filters_hold_for_every_table(opened: Page) -> None:
    every = opened.locator(NAMES).count()
    opened.select_option("#verdict", "pass")
    verdicts = set(opened.locator("table.ranked tbody tr:visible td:nth-child(3)").all_inner_texts())
    passing = opened.locator(NAMES).count()
    assert verdicts == {"pass"}
    assert 0 < passing < every
    assert opened.locator("table.candidates tbody tr:visible").count() == 2 * passing
    assert opened.inner_text("#shown") == f"{passing} of {every} candidates"
    opened.fill("#find", "no account is called so")
    assert opened.inner_text("#shown") == "No candidate fits."


def test_print_and_a_browser_without_scripts_show_every_candidate(browser: Browser, shortlisted: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(shortlisted.as_uri())
    rows = page.locator("table.ranked tbody tr")
    assert rows.count() == page.locator("table.ranked tbody tr:visible").count() > len(HOSTILE)
    assert not page.locator("#controls").is_visible()
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print")
    regions = page.locator(".scroll")
    assert regions.count() > 0
    for region in regions.all():
        assert region.evaluate("each => each.scrollWidth - each.clientWidth") == 0, "the paper cuts a table off"
    assert page.locator("table.ranked tbody tr:visible").count() == rows.count()
    context.close()
