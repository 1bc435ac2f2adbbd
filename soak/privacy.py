"""What people wrote and who they are, planted as canaries and looked for in every file that a small project leaves."""

from __future__ import annotations

import contextlib
import gzip
import io
import shutil
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import chdir, closing
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from pipeline.dataset import prepare_dataset
from pipeline.pseudonyms import COLUMN, Pseudonyms
from soak.result import Figure, Result, stopwatch

PAGE = Path(__file__).resolve().parent.parent / "docs" / "privacy.md"
"""The page whose table the findings are held against."""

TEXT, COMMENTER = "canarywrote", "canarycommenter"
"""What stands in every text that somebody wrote, and in every commenter's id."""

SMALL: dict[str, dict[str, Any]] = {
    "simulate": {"cohorts": 6, "smallest_cohort": 60, "largest_cohort": 90, "incoming_accounts": 40, "candidates": 8},
    "prepare": {"buckets": 3, "jobs": 1, "own_dataset": "../sources/own"},
    "train": {"num_leaves": 7, "learning_rate": 0.2, "num_boost_round": 20, "early_stopping_rounds": 10,
              "min_child_samples": 10, "tune_share": 0.25},
    "evaluate": {"replicates": 20, "jobs": 1},
    "score": {"jobs": 1, "dataset": "../sources/incoming"},
    "shortlist": {"jobs": 1, "dataset": "../sources/incoming", "candidates": "../sources/candidates.csv"},
}  # fmt: skip
"""What differs from the repository's params.yaml."""

OWN_ACCOUNTS, INCOMING_ACCOUNTS, OWN_SEED, INCOMING_SEED = 60, 40, 810_001, 810_002

KEYS = (b"", b"a key of thirty-two characters..", b"another one of thirty-two, too...")

REPEATS = 3
"""Times that preparing is timed with pseudonyms and without; the fastest of each counts: others use the machine."""


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the page's table: a pattern of paths and whether texts, and commenters' own ids, may be there."""

    pattern: str
    texts: bool
    commenters: bool


def places(page: Path = PAGE) -> list[Place]:
    """The places of docs/privacy.md: rows whose first cell is a path in backticks."""
    found = []
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `") and len(cells) > 2:
            found += [
                Place(path.strip().strip("`"), cells[1].startswith("yes"), cells[2].startswith("yes"))
                for path in cells[0].split(", ")
            ]
    return found


def outside(folder: Path, known: list[Place]) -> tuple[int, list[str], list[str]]:
    """How many files there are, those that hold a canary, and those that do where the page does not say so."""
    searched, holding, wrong = 0, [], []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        searched += 1
        text = decoded(path)
        for canary, kind in ((TEXT, "texts"), (COMMENTER, "commenters")):
            if canary not in text:
                continue
            name = path.relative_to(folder).as_posix()
            holding.append(f"{name}: {kind}")
            # The first pattern that fits speaks for the file.
            place = next((each for each in known if fnmatch(name, each.pattern)), None)
            if place is None or not getattr(place, kind):
                wrong.append(f"{name}: {kind}")
    return searched, holding, wrong


def decoded(path: Path) -> str:
    """All that a file says, whatever its form: its own way, so that no decoder of the product is trusted."""
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        content = gzip.decompress(content)
    if content.startswith(b"PAR1"):
        return pl.read_parquet(io.BytesIO(content)).write_ndjson()
    if content.startswith(b"SQLite format 3\x00"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return "\n".join(connection.iterdump()) + content.decode("utf-8", "replace")
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return content.decode("utf-8", "replace")


def planted(folder: Path, *, labels: bool) -> None:
    """Canaries in a simulated folder: in every text, and in the id of everybody who commented and is no account."""
    accounts = pl.read_parquet(folder / "accounts.parquet")["account_id"]
    for path in folder.glob("*.parquet"):
        rows = pl.read_parquet(path)
        written = [name for name in ("text", "caption", "biography") if name in rows.columns]
        texts = (pl.format("{} {}", pl.col(name).fill_null("hello"), pl.lit(TEXT)).alias(name) for name in written)
        rows = rows.with_columns(texts)
        if COLUMN in rows.columns:
            marked = pl.format("{}-{}", pl.lit(COMMENTER), pl.col(COLUMN))
            # Accounts of the folder who comment keep their id: it is looked for when they are to be forgotten.
            is_account = pl.col(COLUMN).is_in(accounts.implode())
            rows = rows.with_columns(pl.when(is_account).then(COLUMN).otherwise(marked).alias(COLUMN))
            # Two rows that go to quarantine, with all that they hold.
            bad = rows.head(2).with_columns(like_count=pl.lit(-5, pl.Int64), comment_id=pl.col("comment_id") + "-bad")
            rows = pl.concat([rows, bad])
        if path.stem == "labels":
            rows = rows.drop("cohort")  # so that each account is a cohort of its own, named by its id
        rows.write_parquet(path)
    if not labels:
        (folder / "labels.parquet").unlink(missing_ok=True)


def build(folder: Path) -> Path:
    """A project with canaries in both of its sources, in which every stage and command ran; returns its folder."""
    from pipeline import evaluate, extract, prepare, score, shortlist, simulate, track, train
    from pipeline.layout import OWN_PARAMS
    from pipeline.simulate import read_priors, simulate_folder

    project, sources = folder / "project", folder / "sources"
    project.mkdir(parents=True)
    params = yaml.safe_load(OWN_PARAMS.read_text(encoding="utf-8"))
    for section, values in SMALL.items():
        params[section] |= values
    (project / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    for name, count, seed, labels in (
        ("own", OWN_ACCOUNTS, OWN_SEED, True),
        ("incoming", INCOMING_ACCOUNTS, INCOMING_SEED, False),
    ):
        simulate_folder(sources / name, count, seed, read_priors(OWN_PARAMS), report=_silent)
        planted(sources / name, labels=labels)
    _lists(sources)
    with chdir(project), _said(Path("said.log")):
        simulate.run(_silent)
        prepare.run(_silent)
        for group in ("growth", "comments", "engagement", "profile"):
            extract.run(group, _silent)
        train.run(_silent)
        evaluate.run(_silent)
        score.run(_silent)
        shortlist.run(_silent)
        track.run(_silent)
        _commands()
    return project


def _lists(sources: Path) -> None:
    """A list of candidates, and what reviewers found: their words are of theirs."""
    ids = pl.read_parquet(sources / "incoming" / "accounts.parquet")["account_id"].head(6).to_list()
    (sources / "candidates.csv").write_text(
        "campaign,account_id,platform,handle,fee,currency\n" + "".join(f"spring,{each},,,10,EUR\n" for each in ids)
    )
    lines = [f"{each},{word},2026-01-02,ann,,{TEXT}\n" for each, word in zip(ids, ["genuine", "fake"] * 3, strict=True)]
    (sources / "decisions.csv").write_text("account_id,decision,decided_on,reviewer,scheme,note\n" + "".join(lines[:3]))


def _commands() -> None:
    """Every command on the scoring folder, as a person calls it; what each says goes to the log of the project."""
    from pipeline.__main__ import app

    given, scores = "../sources/incoming", "scored/scores.parquet"
    for arguments in (
        ["validate", "--input", given],
        ["score", "--input", given, "--output", "scored"],
        ["score", "--input", given, "--output", "scored-redacted", "--redact", "--format", "csv"],
        ["report", "--input", given, "--scores", scores, "--output", "pages"],
        ["report", "--input", given, "--scores", scores, "--output", "pages-redacted", "--redact"],
        ["shortlist", "--candidates", "../sources/candidates.csv", "--scores", scores, "--output", "list",
         "--input", given, "--redact", "--exit-zero"],
        ["features", "--input", given, "--output", "features.parquet"],
        ["feedback", "--decisions", "../sources/decisions.csv", "--scores", scores, "--output", "reviewed"],
        ["evaluate", "--input", "../sources/own", "--output", "evaluated"],
    ):  # fmt: skip
        ended = app(arguments, standalone_mode=False)
        if ended:
            raise RuntimeError(f"{arguments[0]} ended with {ended}.")


@contextlib.contextmanager
def _said(log: Path) -> Iterator[None]:
    """Everything printed inside goes to a file, which is searched as well."""
    with (
        log.open("w", encoding="utf-8") as file,
        contextlib.redirect_stdout(file),
        contextlib.redirect_stderr(file),
    ):
        yield


def same_under_keys(folder: Path) -> bool:
    """Whether scores, evidence and network are the same to the byte under three keys, the public one among them."""
    from pipeline.bundles import load_scorer
    from pipeline.score import score_folder

    scorer = load_scorer(str(folder / "project" / "data" / "model"))
    found = set()
    for number, key in enumerate(KEYS):
        output = folder / f"key-{number}"
        source = folder / "sources" / "incoming"
        score_folder(source, output, scorer, under=Pseudonyms(key), timed=False, report=_silent)
        names = ("scores.parquet", "evidence.parquet", "network.parquet")
        found.add(tuple((output / name).read_bytes() for name in names))
    return len(found) == 1


class _AsTheyAre(Pseudonyms):
    """Preparing as it was before ids were hashed, to compare with."""

    __slots__ = ()

    def replaced(self, rows: pl.DataFrame, *, are_pseudonyms: bool = False) -> pl.Series:  # noqa: ARG002
        return rows[COLUMN]


def cost(folder: Path, comments: int) -> tuple[float, float]:
    """Seconds of processor time to prepare so many comments of a million people, without pseudonyms and with."""
    source = folder / "many"
    source.mkdir(parents=True)
    generator = np.random.default_rng(1)
    count = 2_000
    ids = pl.Series([f"account-{number:05d}" for number in range(count)])
    pl.DataFrame({"account_id": ids, "platform": "instagram", "follower_count": 10_000}).write_parquet(
        source / "accounts.parquet"
    )
    words = pl.Series(["love this", "so beautiful, where did you get it?", "great photo my friend", "first"])
    pl.DataFrame(
        {
            "account_id": ids.gather(np.sort(generator.integers(0, count, comments))),
            "post_id": pl.Series(generator.integers(0, 300, comments)).cast(pl.String),
            "comment_id": pl.Series(np.arange(comments) + 17_000_000_000).cast(pl.String),
            "commenter_id": pl.Series(generator.integers(10**9, 10**9 + 10**6, comments)).cast(pl.String),
            "text": words.gather(generator.integers(0, len(words), comments)),
        }
    ).write_parquet(source / "comments.parquet")
    Pseudonyms().of(pl.Series(["compiled now"]))
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(REPEATS):
        for with_hash, under in ((False, _AsTheyAre()), (True, Pseudonyms(KEYS[1]))):
            started = time.process_time()
            prepare_dataset(
                source, folder / "prepared", as_of=None, buckets=None, max_quarantined_share=0.05, under=under,
                compression="uncompressed",
            )  # fmt: skip
            seconds[with_hash].append(time.process_time() - started)
            shutil.rmtree(folder / "prepared")
    return min(seconds[False]), min(seconds[True])


def run(comments: int, folder: Path | None = None) -> Result:
    """The part: canaries, keys, forgetting, and what hashing costs."""
    with stopwatch() as seconds, tempfile.TemporaryDirectory() as scratch:
        place = folder or Path(scratch)
        project = build(place)
        searched, holding, wrong = outside(project, places())
        redacted = [each for each in holding if "redacted" in each and "quarantine" not in each]
        equal = same_under_keys(place)
        gone = _forgotten(place)
        before, after = cost(place / "cost", comments)
    figures = (
        Figure(name="files searched for canaries", value=f"{searched:,}"),
        Figure(name="files with texts that people wrote", value=f"{sum(': texts' in each for each in holding):,}"),
        Figure(name="files with a canary where docs/privacy.md has none", value=str(len(wrong)), owed="0",
               holds=not wrong),
        Figure(name="redacted results with a canary", value=str(len(redacted)), owed="0", holds=not redacted),
        Figure(name="scores, evidence and network the same under three keys", value="yes" if equal else "no",
               owed="yes", holds=equal),
        *gone,
        Figure(name=f"preparing {comments:,} comments without pseudonyms", value=f"{before:.1f} s of processor time"),
        Figure(name="the same with pseudonyms", value=f"{after:.1f} s ({after / before - 1:+.0%})"),
    )  # fmt: skip
    kinds = sorted({each.split("/")[0] if "/" in each else each for each in holding})
    how = (
        "Unique words are put into every comment, caption and biography, and into every commenter's id, of a labelled "
        "folder that is trained on and of one that is scored; every stage and command runs, and every file they leave "
        "is decoded (tables, databases, packed files) and searched. Texts or ids were found below: "
    )
    notes = [
        how + ", ".join(f"`{kind}`" for kind in kinds) + ".",
        *(f"Not as docs/privacy.md says: `{each}`." for each in wrong),
    ]
    return Result(
        part="privacy",
        title="Privacy",
        command=f"python -m soak privacy --comments {comments}",
        seconds=seconds[0],
        figures=figures,
        notes=tuple(notes),
    )


def _forgotten(folder: Path) -> tuple[Figure, ...]:
    """Forget an own labelled account and a scored one, and look for both with our own decoder."""
    from pipeline.forget import forget

    scored = pl.read_parquet(folder / "project" / "scored" / "scores.parquet")["account_id"][0]
    labelled = pl.read_parquet(folder / "sources" / "own" / "accounts.parquet")["account_id"][0]
    own = ["said.log", "features.parquet", "../sources"]
    names = ["scored", "scored-redacted", "pages", "pages-redacted", "list", "reviewed", "evaluated", *own]
    with chdir(folder / "project"):
        started = time.monotonic()
        held = forget(
            [scored, labelled], [], [Path(each) for each in names], Pseudonyms(), erasing=True, report=_silent
        )
        took = time.monotonic() - started
        files = [each for root in (Path(), Path("../sources")) for each in root.rglob("*") if each.is_file()]
        left = [each for each in files if any(name in decoded(each) for name in (scored, labelled))]
    nothing = not held.left and not left
    return (
        Figure(name="files that held either of two accounts, of all searched", value=f"{len(held.traces)} of "
               f"{held.searched:,}"),
        Figure(name="files that hold them after `forget --erase`", value=str(len({*held.left, *left})), owed="0",
               holds=nothing),
        Figure(name="seconds to erase them and search again", value=f"{took:.1f}"),
    )  # fmt: skip


def _silent(_: str) -> None:
    """Nobody watches."""
