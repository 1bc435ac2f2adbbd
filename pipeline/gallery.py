"""Command `gallery`: six accounts of a cohort that nobody trained on, as their pages show them, with the truth beside.

Which accounts are shown is settled by `KINDS` and `chosen` before anybody looks: the middle one of each kind. Pictures
are drawn with the fonts of this machine, so that another one gives other bytes; the pages and the words are the same.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from features.evidence import EVIDENCE_SCHEMA
from features.tables import only
from models.scoring import Scorer
from pages.account import SCHEME_WORDS, account_view
from pages.observed import observed
from pages.render import page
from pages.wording import VERDICT_NAMES
from pipeline import layout
from pipeline.aside import over_buckets, prepared_aside
from pipeline.dataset import read_bucket
from pipeline.errors import UnusableInputError
from pipeline.report import PAGED
from pipeline.score import score_folder
from pipeline.scores_file import read_file
from pipeline.simulate import read_priors, simulate_folder
from pipeline.storage import publish, read_json

SEED, ACCOUNTS = 960_001, 800
"""The cohort: a seed that no training, audit, promotion or experiment uses."""

PICTURE_WIDTH, PICTURE_HEIGHT = 1000, 2400
"""Pixels of a picture; a longer page is cut below."""

PICTURE_COLOURS = 64
"""Of a picture: a page has a dozen, and the edges of its letters the rest. A third of the bytes of true colour."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

TRUTHS = ("is_inauthentic", "scheme", "inauthentic_follower_share", "inauthentic_engagement_share", "benign_story")
"""Columns of the labels that say what was simulated."""

PAGE, FOLDER = "gallery.md", "gallery"

INTRODUCTION = """\
# What the pages look like

<!-- Made by `python -m pipeline gallery` with model {model}. Run it again rather than edit this page. -->

Six accounts of {accounts:,} that were simulated for this page alone (seed {seed}, used for nothing else) and scored by
model `{model}`. Nothing in them is real. Of each kind and verdict the account with the middle probability is
shown, and of equals the first by id; nobody chose by eye. A picture shows the top of its page; `make gallery` draws
them again and leaves the whole pages, one file each to open, in `docs/gallery`. Fonts are those of the machine that
drew them.
"""


@dataclass(frozen=True)
class Kind:
    """A kind of account that the gallery shows.

    Attributes:
        name: of its files.
        title: heading.
        called: the kind in the plural, whatever the verdict.
        members: the accounts of the kind, by columns of scores and labels.
        verdict: of the one that is shown.
    """

    name: str
    title: str
    called: str
    members: pl.Expr
    verdict: str


_HONEST = ~pl.col("is_inauthentic") & pl.col("scheme").is_null()


def _honest_story(name: str, title: str, called: str, story: str) -> Kind:
    return Kind(name, title, f"honest accounts with {called}", _HONEST & (pl.col("benign_story") == story), "pass")


def _scheme(name: str, title: str, called: str, scheme: str) -> Kind:
    members = pl.col("is_inauthentic") & (pl.col("scheme") == scheme)
    return Kind(name, title, f"accounts with {called} and nothing else, a tenth or more of them", members, "reject")


KINDS = (
    _honest_story("viral", "An honest viral week, passed", "a viral week", "viral"),
    _honest_story("circle", "A small, close circle, passed", "a close circle of commenters", "tight_community"),
    _scheme("followers", "Bought followers, rejected", "bought followers", "bought_followers"),
    _scheme("pod", "An engagement pod, rejected", "engagement of a pod", "engagement_pod"),
    Kind("review", "An honest account that a person should look at", "honest accounts of any story", _HONEST, "review"),
    Kind("insufficient", "An account without a verdict", "accounts in all", pl.lit(value=True), "insufficient_data"),
)


def gallery(output: Path, scorer: Scorer, *, report: Callable[[str], None]) -> Path:
    """Simulate, score and draw; write `gallery.md` and `gallery/` with a page and a picture a kind into `output`.

    Returns where the page is.

    Raises:
        UnusableInputError: no browser is installed; nothing is written then.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise UnusableInputError(
            "gallery: no browser is installed. Found: none of chromium, google-chrome. Run 'apt-get install chromium'."
        )
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output, prefix=".gallery-") as scratch:
        place = Path(scratch)
        report("cohort")
        simulate_folder(place / "cohort", ACCOUNTS, SEED, read_priors(layout.OWN_PARAMS))
        summary = score_folder(place / "cohort", place / "scored", scorer, report=report)
        found = _scored(place)
        shown = {kind.name: chosen(found, kind) for kind in KINDS}
        complete = place / FOLDER
        complete.mkdir()
        views = _write_pages(place, found, shown, complete, report)
        report("pictures")
        draw(sorted(complete.glob("*.html")), browser)
        (place / PAGE).write_text(_text(found, shown, views, summary["model_version"]), encoding="utf-8")
        publish(place, (FOLDER, PAGE), output)
    return output / PAGE


def _scored(place: Path) -> pl.DataFrame:
    """Scores with the truth beside them."""
    truth = pl.read_parquet(place / "cohort" / "labels.parquet")
    scores = pl.read_parquet(place / "scored" / layout.SCORES_FILE)
    return scores.join(truth.select("account_id", *TRUTHS), on="account_id", how="left", maintain_order="left")


def chosen(scored: pl.DataFrame, kind: Kind) -> dict[str, Any] | None:
    """The account of a kind whose probability is the middle one, the first by id of equals; None where there is none.

    Without probabilities all are equal.
    """
    members = scored.filter(kind.members, pl.col("verdict") == kind.verdict)
    probability = pl.col("probability_inauthentic")
    middle = probability.median()
    # Rounded, so that two as far from the middle are equal whatever the last bits say.
    ordered = members.sort((probability - middle).abs().round(9), "account_id")
    return ordered.row(0, named=True) if ordered.height else None


def _write_pages(
    place: Path,
    found: pl.DataFrame,
    shown: dict[str, dict[str, Any] | None],
    folder: Path,
    report: Callable[[str], None],
) -> dict[str, dict[str, Any]]:
    """One page a kind; returns what each shows."""
    evidence = read_file(place / "scored" / layout.EVIDENCE_FILE, "evidence").select(*EVIDENCE_SCHEMA)
    summary = read_json(place / "scored" / layout.SUMMARY_FILE)
    ids = pl.Series("account_id", [row["account_id"] for row in shown.values() if row is not None], dtype=pl.String)
    views: dict[str, dict[str, Any]] = {}

    def view_of(bucket: int) -> pl.DataFrame:
        tables = read_bucket(prepared.folder, bucket)
        seen = observed(only(tables, tables.accounts["account_id"].filter(tables.accounts["account_id"].is_in(ids))))
        for name, row in shown.items():
            if row is not None and row["account_id"] in seen:
                behind = evidence.filter(pl.col("account_id") == row["account_id"]).to_dicts()
                views[name] = account_view(seen[row["account_id"]], row, behind, summary)
        return pl.DataFrame({"account_id": list(seen)}, schema={"account_id": pl.String})

    as_of: datetime = found.select(pl.col("as_of").max()).item()
    with prepared_aside(place / "cohort", place / "pages", as_of=as_of, jobs=1, report=report) as prepared:
        over_buckets(prepared.folder, view_of, report, 1)
    for name, view in views.items():
        html = page("account.html", {**view, "prevalence": summary["prevalence"], "batch": None})
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    return views


def draw(files: list[Path], browser: str) -> None:
    """A picture of the top of each page beside it."""
    from PIL import Image
    from playwright.sync_api import FloatRect, sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for file in files:
            tab = opened.new_page(
                viewport={"width": PICTURE_WIDTH, "height": PICTURE_HEIGHT}, color_scheme="light", device_scale_factor=1
            )
            tab.goto(file.absolute().as_uri())
            height = min(PICTURE_HEIGHT, tab.evaluate("document.documentElement.scrollHeight"))
            clip = FloatRect(x=0.0, y=0.0, width=PICTURE_WIDTH, height=height)
            picture = Image.open(io.BytesIO(tab.screenshot(full_page=True, clip=clip))).convert("RGB")
            picture.quantize(PICTURE_COLOURS, dither=Image.Dither.NONE).save(file.with_suffix(".png"), optimize=True)
            tab.close()
        opened.close()


# Words ----------------------------------------------------------------------------------------------------------------


def _text(
    found: pl.DataFrame, shown: dict[str, dict[str, Any] | None], views: dict[str, dict[str, Any]], model: str
) -> str:
    parts = [INTRODUCTION.format(model=model, accounts=found.height, seed=SEED)]
    for kind in KINDS:
        row = shown[kind.name]
        parts.append(f"\n## {kind.title}\n")
        if row is None:
            parts.append("None in this cohort.\n")
            continue
        parts.append(f"{caption(row, views[kind.name])} {_among(found, kind)}\n")
        parts.append(f"![Page of the account: {row['verdict'].replace('_', ' ')}]({FOLDER}/{kind.name}.png)\n")
    return "\n".join(parts)


def caption(row: dict[str, Any], view: dict[str, Any]) -> str:
    """What the page says first, and what is true."""
    said = f"**The page:** {view['verdict'].partition(':')[0].lower()}"
    if row["authenticity_score"] is not None:
        said += f", score {row['authenticity_score']} of 100"
    why = [f"{each['heading'].lower()} ({each['short']})" for each in view["strongest"]] or row["insufficient_because"]
    if not why and row["verdict"] in PAGED:
        why = ["several small signals, none of which stands out"]
    return f"{said}{': ' if why else ''}{'; '.join(why)}. **The truth:** {truth(row)}."


def truth(row: dict[str, Any]) -> str:
    """What the simulation did to an account."""
    story = row["benign_story"]
    beside = f", with the story \u201c{story.replace('_', ' ')}\u201d" if story else ""
    if row["scheme"] is None:
        return f"nothing was bought or traded{beside}"
    schemes = " and ".join(SCHEME_WORDS.get(each, each) for each in row["scheme"].split("+"))
    shares = [
        f"{row[column]:.0%} of its {what}"
        for column, what in (
            ("inauthentic_follower_share", "followers"),
            ("inauthentic_engagement_share", "engagement"),
        )
        if row[column]
    ]
    return f"{schemes}{': ' if shares else ''}{' and '.join(shares)}{beside}"


def _among(found: pl.DataFrame, kind: Kind) -> str:
    """What became of all accounts of the kind, so that the one shown is not taken for the rule."""
    members = found.filter(kind.members)
    counts = dict(members["verdict"].value_counts().iter_rows())
    told = ", ".join(
        f"{counts[verdict]:,} {VERDICT_NAMES.get(verdict, verdict)}"
        for verdict in ("pass", "review", "reject", "insufficient_data")
        if verdict in counts
    )
    return f"Of {members.height:,} {kind.called}: {told}."
