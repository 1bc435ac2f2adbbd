"""Pages as a browser shows them: no error, nothing fetched, no serious fault of accessibility, sorting and filtering.

It runs where a Chromium is installed (Debian's `chromium`), and says so where none is.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.report import report_folder
from tests.pipeline.projects import silent

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE, DESKTOP = {"width": 390, "height": 800}, {"width": 1280, "height": 900}
ACCOUNTS_LOOKED_AT = 3

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def pages(incoming: Path, project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    report_folder(incoming, project / "data" / "scores" / "scores.parquet", folder, report=silent)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def table(browser: Browser, pages: Path) -> Iterator[Page]:
    page = browser.new_page(viewport=DESKTOP)
    page.goto((pages / "index.html").as_uri())
    yield page
    page.close()


def followers_shown(page: Page) -> list[int]:
    return [int(text.replace(",", "")) for text in page.locator("#table tbody td:nth-child(3)").all_inner_texts()]


@pytest.mark.parametrize(("scheme", "viewport"), [("light", PHONE), ("dark", DESKTOP)], ids=["phone", "dark desktop"])
def test_pages_show_without_a_fault(browser: Browser, pages: Path, scheme: str, viewport: dict[str, int]) -> None:
    files = [pages / "index.html", *sorted((pages / "accounts").iterdir())[:ACCOUNTS_LOOKED_AT]]
    assert len(files) > 1
    for file in files:
        page = browser.new_page(color_scheme=scheme, viewport=viewport)
        complaints: list[str] = []
        fetched: list[str] = []
        page.on("console", lambda message, told=complaints: told.append(message.text))
        page.on("pageerror", lambda error, told=complaints: told.append(str(error)))
        page.on("request", lambda request, told=fetched: told.append(request.url))
        page.goto(file.as_uri())
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        faults = [
            (fault["id"], fault["nodes"][0]["html"])
            for fault in Axe().run(page).response["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        page.close()
        assert (complaints, fetched, wider, faults) == ([], [file.as_uri()], 0, [])


def test_a_click_on_a_heading_sorts_and_another_turns_round(table: Page) -> None:
    table.click("button[data-column='3']")
    largest_first = followers_shown(table)
    assert largest_first == sorted(largest_first, reverse=True)
    table.click("button[data-column='3']")
    smallest_first = followers_shown(table)
    assert smallest_first == sorted(smallest_first)
    assert smallest_first[0] < largest_first[0]
    assert table.locator("#table th[aria-sort='ascending']").inner_text() == "Followers"


def test_verdict_and_words_filter(table: Page) -> None:
    table.select_option("#verdict", "pass")
    verdicts = set(table.locator("#table tbody td:nth-child(6)").all_inner_texts())
    assert verdicts == {"pass"}
    table.fill("#find", "no account is called so")
    assert table.inner_text("#shown") == "No account fits."


def test_a_link_leads_to_the_account_and_back(table: Page) -> None:
    link = table.locator("#table tbody a").first
    name = link.inner_text()
    link.click()
    assert table.locator("h1").inner_text() == name
    table.click("text=All accounts of the batch")
    assert table.locator("h1").inner_text().startswith("Authenticity of 80 accounts")
