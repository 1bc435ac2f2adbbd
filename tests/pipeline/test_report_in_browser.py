"""Pages as a browser shows them: no error, nothing fetched, no serious fault of accessibility, sorting and filtering.

It runs where a Chromium is installed (Debian's `chromium`), and says so where none is.
"""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from features.evidence import EVIDENCE_SCHEMA
from pages.batch import batch_view
from pages.render import page as render
from pipeline.report import report_folder
from pipeline.storage import write_json, write_parquet
from tests.pipeline.projects import silent
from tests.pipeline.test_report import HOSTILE, folder_of, score_row, scores_of, written

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE, DESKTOP = {"width": 390, "height": 800}, {"width": 1280, "height": 900}
ACCOUNTS_LOOKED_AT = 2

HOSTILE_IN_BROWSER = HOSTILE | {
    "bidi overrides": "\u202e\u2066\u202bgnirts\u2067 \u05d0\u05d1\u05d2 \u061c\u0627\u0628",
    "emoji sequences": "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466\U0001f3f3\ufe0f\u200d\U0001f308"
    * 40,
    "null bytes": "a\x00b\x00c",
    "stacked marks": "a" + "\u0301\u0323" * 400,
}

TALLEST_NAME = 120
"""Pixels that a name may fill: two lines, and what their marks need."""

LONGEST_WAIT = 5_000
"""Milliseconds; a fraction of one second is usual (see docs/experiments.md), this one bears a busy machine."""

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


def summary_of(text: str) -> dict[str, Any]:
    """A summary whose free texts all hold what the judged wrote."""
    rows = dict.fromkeys(("rows_in", "used", "quarantined", "duplicates_collapsed", "out_of_scope", "after_as_of"), 1)
    return {
        "prevalence": 0.2,
        "drift_warnings": [{"text": text}],
        "drift_warnings_found": 1,
        "warnings": [f"accounts: unknown values of 'niche' are read as 'other': {text}."],
        "tables": {"accounts": {**rows, "problems": {text: 1}}},
    }


@pytest.fixture
def table(browser: Browser, pages: Path) -> Iterator[Page]:
    page = browser.new_page(viewport=DESKTOP)
    page.goto((pages / "index.html").as_uri())
    yield page
    page.close()


def followers_shown(page: Page) -> list[int]:
    return [int(text.replace(",", "")) for text in page.locator("#table tbody td:nth-child(3)").all_inner_texts()]


class Watched:
    """A page under watch: what it complained of, and what it asked for."""

    def __init__(
        self, browser: Browser, file: Path, *, scheme: str = "light", viewport: dict[str, int] = PHONE
    ) -> None:
        self.complaints: list[str] = []
        self.fetched: list[str] = []
        self.page = browser.new_page(color_scheme=scheme, viewport=viewport, reduced_motion="reduce")
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.fetched.append(request.url))
        self.page.goto(file.as_uri())

    @property
    def overflowing(self) -> list[str]:
        """Elements wider than their card or the page, but for those in a region that scrolls by itself."""
        found: list[str] = self.page.evaluate(OVERFLOWING)
        return found

    @property
    def wider(self) -> int:
        """Pixels by which the page is wider than its window."""
        found: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return found

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Serious faults of accessibility."""
        return [
            (fault["id"], fault["nodes"][0]["html"])
            for fault in Axe().run(self.page).response["violations"]
            if fault["impact"] in ("serious", "critical")
        ]


OVERFLOWING = """() => {
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > window.innerWidth) found.push(`page: ${root.scrollWidth} of ${window.innerWidth}`);
  for (const each of document.querySelectorAll("body *")) {
    if (each.closest("svg, .scroll, noscript")) continue;
    const own = each.getBoundingClientRect();
    const card = (each.parentElement.closest(".panel, figure, .answer, .facts > div, .tiles button") ?? document.body)
      .getBoundingClientRect();
    if (own.width && (own.right > card.right + 1 || own.left < card.left - 1)) found.push(each.outerHTML.slice(0, 80));
  }
  return found;
}"""


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_show_without_a_fault(browser: Browser, pages: Path, scheme: str, viewport: dict[str, int]) -> None:
    files = [pages / "index.html", *sorted((pages / "accounts").iterdir())[:ACCOUNTS_LOOKED_AT]]
    assert len(files) > 1
    for file in files:
        seen = Watched(browser, file, scheme=scheme, viewport=viewport)
        for each in seen.page.locator("summary").all():
            each.click()
        found = (seen.complaints, seen.fetched, seen.overflowing, seen.faults)
        seen.page.close()
        assert found == ([], [file.as_uri()], [], [])


@pytest.mark.parametrize("what", HOSTILE_IN_BROWSER)
def test_what_the_judged_wrote_breaks_no_layout(browser: Browser, tmp_path: Path, what: str) -> None:
    text = HOSTILE_IN_BROWSER[what]
    source = folder_of(tmp_path / "in", texts=(f"great {text}",) * 10, handle=text, account_id=text)
    row = score_row(text, handle=text)
    feature = row["reasons"][0]["feature"]
    evidence = dict(zip(EVIDENCE_SCHEMA, (text, feature, 1, "comments", text, 0.4, f"words {text}"), strict=True))
    write_parquet(pl.DataFrame([evidence], schema=EVIDENCE_SCHEMA), tmp_path / "scored" / "evidence.parquet")
    write_json(summary_of(text), tmp_path / "scored" / "summary.json")
    written(source, scores_of(row), tmp_path / "out")
    (account,) = (tmp_path / "out" / "accounts").iterdir()
    for file, place in ((account, "h1"), (tmp_path / "out" / "index.html", "#table tbody th bdi >> nth=0")):
        seen = Watched(browser, file)
        for each in seen.page.locator("summary").all():
            each.click()
        shown = seen.page.locator(place).text_content()
        height = seen.page.locator(place).evaluate("each => each.getBoundingClientRect().height")
        assert (seen.complaints, seen.fetched, seen.overflowing) == ([], [file.as_uri()], [])
        assert (shown or "").replace("\x00", "") == text.replace("\x00", "").replace("\r", "")
        assert height <= TALLEST_NAME
        assert seen.page.locator("img, iframe, object").count() == 0
        seen.page.close()


def test_pages_say_what_they_are(browser: Browser, pages: Path) -> None:
    for file in (pages / "index.html", next((pages / "accounts").iterdir())):
        page = Watched(browser, file).page
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.title().startswith("Assay: ")
        assert [page.locator(each).count() for each in ("main", "h1", "footer")] == [1, 1, 1]
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map((each) => Number(each.tagName[1]))")
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        page.close()


def test_the_focus_is_seen_and_nothing_moves(table: Page) -> None:
    table.keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement)"
    assert table.evaluate(f"{outline}.outlineStyle") == "solid"
    assert table.evaluate(f"parseFloat({outline}.outlineWidth)") >= 2
    moving = "[...document.querySelectorAll('*')].filter((each) => getComputedStyle(each).transitionDuration !== '0s')"
    assert table.evaluate(f"{moving}.length + document.getAnimations().length") == 0


def test_a_page_prints_in_light_with_its_evidence_and_without_its_controls(browser: Browser, pages: Path) -> None:
    page = Watched(browser, pages / "index.html", scheme="dark", viewport=DESKTOP).page
    page.emulate_media(media="print", color_scheme="dark")
    assert not any(each.is_visible() for each in page.locator(".controls").all())
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    page.close()
    account = next(each for each in (pages / "accounts").iterdir() if "<details>" in each.read_text(encoding="utf-8"))
    page = Watched(browser, account).page
    rows = page.locator("details table").first
    assert not rows.is_visible()
    page.emulate_media(media="print")
    assert rows.is_visible()
    page.close()


def test_a_click_on_a_heading_sorts_and_another_turns_round(table: Page) -> None:
    table.click("button[data-column='3']")
    largest_first = followers_shown(table)
    assert largest_first == sorted(largest_first, reverse=True)
    table.click("button[data-column='3']")
    smallest_first = followers_shown(table)
    assert smallest_first == sorted(smallest_first)
    assert smallest_first[0] < largest_first[0]
    assert table.locator("#table th[aria-sort='ascending']").inner_text() == "Followers"


def test_the_keyboard_sorts_and_filters(table: Page) -> None:
    assert table.locator("#table th[aria-sort='descending']").inner_text() == "Probability"
    table.focus("button[data-column='3']")
    table.keyboard.press("Enter")
    most_first = followers_shown(table)
    assert most_first == sorted(most_first, reverse=True)
    table.keyboard.press("Space")
    assert followers_shown(table) == most_first[::-1]
    table.focus("#verdict")
    table.keyboard.type("pass")
    assert set(table.locator("#table tbody td:nth-child(6)").all_inner_texts()) == {"pass"}
    table.focus("#find")
    table.keyboard.type("no account is called so")
    assert table.inner_text("#shown") == "No account fits."


def test_a_tile_shows_its_verdict_alone_and_then_all_again(table: Page) -> None:
    tile = table.locator("button[data-verdict='pass']")
    before = table.inner_text("#shown")
    tile.click()
    assert tile.get_attribute("aria-pressed") == "true"
    assert set(table.locator("#table tbody td:nth-child(6)").all_inner_texts()) == {"pass"}
    tile.click()
    assert tile.get_attribute("aria-pressed") == "false"
    assert table.inner_text("#shown") == before


def test_on_a_phone_what_does_not_fit_stands_under_the_name(browser: Browser, pages: Path) -> None:
    page = Watched(browser, pages / "index.html").page
    first = page.locator("#table tbody tr").first
    assert re.search(r"[\d,]+ followers", first.inner_text())
    assert page.locator("#table thead th:visible").all_inner_texts() == ["Account", "Score", "Verdict"]
    page.select_option("#sort", "0 rising")
    names = [text.partition("\n")[0] for text in page.locator("#table tbody th").all_inner_texts()]
    assert names[0] != names[-1]
    assert page.locator("#table th[aria-sort='ascending']").inner_text() == "Account"
    page.close()


def test_twenty_thousand_accounts_open_and_sort_without_delay(browser: Browser, tmp_path: Path) -> None:
    row = score_row()
    scores = scores_of(
        *(row | {"account_id": f"a{i:06d}", "follower_count": i * 7_919 % 20_011} for i in range(20_000))
    )
    (tmp_path / "index.html").write_text(render("batch.html", batch_view(scores, None, {})), encoding="utf-8")
    page = Watched(browser, tmp_path / "index.html", viewport=DESKTOP).page
    opened = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    sort = "(() => { const from = performance.now(); document.querySelector('button[data-column=\"3\"]').click();"
    sorted_in = page.evaluate(f"{sort} document.body.offsetHeight; return performance.now() - from; }})()")
    page.close()
    assert (opened < LONGEST_WAIT, sorted_in < LONGEST_WAIT) == (True, True), (opened, sorted_in)


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
