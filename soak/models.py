"""Part `models`: bundles that were changed, and bundles that were rewritten with every digest right.

What was changed must be refused before anything is parsed. What was rewritten must be refused with a message, or be a
sound bundle that only differs: it then scores every account, within the bounds of the contract. Each of the rewritten
ones is loaded in a process of its own kind, so that a crash or a hang is seen and counted, too.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features.catalog import features
from models.bundle import CHECKSUMS, Bundle, Head, UnusableBundleError
from models.classifier import MixtureTrees, import_lightgbm
from models.scoring import Scorer
from pipeline.bundles import load_scorer, read_bundle
from pipeline.errors import AssayError
from soak.mutations import Files, Spoilt, changed, rewritten
from soak.result import Figure, Result, stopwatch

ACCOUNTS = 60
"""Accounts that a rewritten bundle scores, where it is not refused."""

TREES_KEPT = 3
"""Trees of each ensemble that rewritten bundles keep: what is walked is the same, and it loads in milliseconds."""

SECONDS_EACH = 60
"""Within which a bundle is refused or has scored; more is a hang."""

REFUSED, SCORED = "refused with a message", "sound: scored within the contract's bounds"
"""The two ways in which a rewritten bundle may end."""

FEW = 0.1
"""Share of the values of the accounts scored that are huge, and that are zero; twice as many are missing."""


def run(model: Path, flips: int, count: int, through_command: int, seed: int) -> Result:
    """The part's figures. `model`: the bundle that is spoilt; see the command for the others."""
    with stopwatch() as seconds, tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        files = {path.name: path.read_bytes() for path in sorted(model.iterdir())}
        behind = _changed(files, flips, place, random.Random(seed))
        small = cut_down(read_bundle(model)).to_files()
        anew, kept = _rewritten(small, count, random.Random(seed + 1))
        codes = _through_the_command(_one_of_each([*behind.examples, *kept], through_command), place)
    return Result(
        part="models",
        title="Models",
        command="python -m soak models",
        seconds=seconds[0],
        figures=(*behind.figures(), *anew, *codes),
        notes=NOTES,
    )


NOTES = (
    (
        "Changed: in each file of the bundle random bits are flipped, it is cut off, appended to, renamed, removed "
        "and replaced by a pickle, a joblib file, a zip archive, a link or a folder; neighbours are swapped and a "
        "file is added. Rewritten: entries of the JSON files and numbers of the trees (or any byte of them) are "
        "replaced by NaN, infinities, negatives, numbers of thousands of digits, other types, paths, or removed, "
        "and **every digest is put right afterwards**; with whole files that are made to hurt a parser, and other "
        "format versions. These are tried on the bundle with each ensemble cut to its first trees. A sha256 says "
        "that a file is whole, not who wrote it: signing is out of scope, so whoever can rewrite a bundle can make "
        "it say anything within these bounds. What was looked for is that it crashes the program, makes it hang, "
        "runs code, or gives a score out of the contract's bounds. Compare `model_sha256` of the scores with the "
        "one that MLflow or a colleague names."
    ),
    (
        "MLflow's registry may hand over code beside a bundle, which `promote` and `compare` run for models whose "
        "feature definitions are not this program's, and which `mlflow.pyfunc.load_model` runs always. Name such "
        "models only from a store that you trust. `score --model models:/...` never runs it."
    ),
)


class _Behind:
    """What became of the bundles that were changed behind their checksums."""

    def __init__(self) -> None:
        self.made: Counter[str] = Counter()
        self.accepted: list[str] = []
        self.parsed = 0
        self.traps = 0
        self.examples: list[Spoilt] = []

    def figures(self) -> tuple[Figure, ...]:
        """Rows of the table."""
        total = self.made.total()
        return (
            Figure(
                name=f"changed bundles refused ({', '.join(f'{count:,} {kind}' for kind, count in self.made.items())})",
                value=f"{total - len(self.accepted):,} of {total:,}",
                owed="all",
                holds=not self.accepted,
            ),
            Figure(
                name="of these, parsed before they were refused",
                value=f"{self.parsed:,}",
                owed="0",
                holds=not self.parsed,
            ),
            Figure(name="pickles that were run", value=f"{self.traps:,}", owed="0", holds=not self.traps),
        )


def _changed(files: Files, flips: int, scratch: Path, dice: random.Random) -> _Behind:
    """Each changed bundle is written to a folder and loaded as `--model` loads it; parsers count their calls."""
    found = _Behind()
    trap = scratch / "trap"
    with _parsers_counted() as parsed:
        for spoilt in _with_links(changed(files, dice, flips, trap), files):
            folder = _written(spoilt.files, files, scratch / "changed")
            found.made[spoilt.kind] += 1
            if found.made[spoilt.kind] == 1:
                found.examples.append(spoilt)
            try:
                load_scorer(str(folder))
                found.accepted.append(f"{spoilt.kind}: {spoilt.place}")
            except AssayError:
                pass
            _say(f"changed {found.made.total():,}")
        found.parsed = len(parsed)
    found.traps = int(trap.exists())
    return found


def _with_links(given: Iterator[Spoilt], files: Files) -> Iterator[Spoilt]:
    """All that is given; links and folders in a file's place are made in `_written` from an empty content's mark."""
    yield from given
    for name in sorted(files):
        yield Spoilt("a link that leads nowhere", name, files | {name: _LINK})
        yield Spoilt("a link to another file", name, files | {name: _ELSEWHERE})
        yield Spoilt("a folder in its place", name, files | {name: _FOLDER})


_LINK, _ELSEWHERE, _FOLDER = b"\0link", b"\0elsewhere", b"\0folder"
"""Stand for what is no content: `_written` makes them."""


def _written(files: Files, former: Files, folder: Path) -> Path:
    """The files in a folder; those that stand there rightly are left, which saves writing megabytes each time."""
    folder.mkdir(exist_ok=True)
    for path in sorted(folder.iterdir()):
        if path.is_symlink() or path.is_file():
            content = files.get(path.name)
            if (
                content is None
                or path.is_symlink()
                or content is not former.get(path.name)
                or path.stat().st_size != len(content)
            ):
                path.unlink()
        else:
            path.rmdir()
    marks: dict[bytes, Callable[[Path], object]] = {
        _LINK: lambda path: path.symlink_to("nowhere"),
        _ELSEWHERE: lambda path: path.symlink_to("/proc/self/status"),
        _FOLDER: Path.mkdir,
    }
    changed_before = folder.parent / "written.json"
    spoilt = set(json.loads(changed_before.read_text())) if changed_before.exists() else set()
    for name, content in files.items():
        path = folder / name
        if content in marks:
            marks[content](path)
        elif not path.exists() or name in spoilt or content is not former.get(name):
            path.write_bytes(content)
    changed_before.write_text(json.dumps([name for name in files if files[name] is not former.get(name)]))
    return folder


@contextmanager
def _parsers_counted() -> Iterator[list[str]]:
    """A list that grows whenever JSON or trees of a bundle are read."""
    import models.bundle as place

    seen: list[str] = []
    json_before, trees_before = place.json, place.Trees

    class Watched:
        dumps = staticmethod(json.dumps)

        @staticmethod
        def loads(content: Any) -> Any:
            seen.append("json")
            return json.loads(content)

    def trees(text: str) -> Any:
        seen.append("trees")
        return trees_before(text)

    place.json, place.Trees = Watched, trees  # type: ignore[assignment,misc,attr-defined]
    try:
        yield seen
    finally:
        place.json, place.Trees = json_before, trees_before  # type: ignore[misc,attr-defined]


def cut_down(bundle: Bundle) -> Bundle:
    """The bundle with the first trees of each ensemble."""

    def few(text: str) -> str:
        made: str = import_lightgbm().Booster(model_str=text).model_to_string(num_iteration=TREES_KEPT)
        return made

    whole = bundle.classifier.trees
    trees: str | MixtureTrees = (
        few(whole)
        if isinstance(whole, str)
        else replace(
            whole, general=few(whole.general), experts={name: few(each) for name, each in whole.experts.items()}
        )
    )
    return replace(
        bundle,
        classifier=Head(trees, bundle.classifier.calibration),
        schemes={name: Head(few(str(head.trees)), head.calibration) for name, head in bundle.schemes.items()},
        shares={
            name: replace(share, any_bought=few(share.any_bought), how_much=tuple(map(few, share.how_much)))
            for name, share in bundle.shares.items()
        },
    )


def _rewritten(files: Files, count: int, dice: random.Random) -> tuple[list[Figure], list[Spoilt]]:
    """Each is tried in a worker process, which is replaced where it dies or hangs."""
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    kept: dict[str, Spoilt] = {}
    worker = _Worker()
    for number, spoilt in enumerate(rewritten(files, dice, count), 1):
        kept.setdefault(spoilt.kind, spoilt)
        end = worker.tried(spoilt.files)
        ends[end] += 1
        if end not in (REFUSED, SCORED):
            wrong.append(f"{spoilt.kind}, {spoilt.place}: {end}")
            print(wrong[-1], file=sys.stderr)
        _say(f"rewritten {number:,}")
    worker.close()
    total = ends.total()
    return [
        Figure(
            name=f"rewritten bundles, digests right: {REFUSED} or {SCORED}",
            value=f"{ends[REFUSED]:,} and {ends[SCORED]:,} of {total:,}",
            owed="all",
            holds=not wrong,
        ),
        Figure(
            name="rewritten bundles that crashed the process, hung, raised, or scored out of bounds",
            value=f"{len(wrong):,}" + (f": {'; '.join(wrong[:5])}" if wrong else ""),
            owed="0",
            holds=not wrong,
        ),
    ], list(kept.values())


class _Worker:
    """A process that loads bundles one after the other, and is made anew where one kills it."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        ours, theirs = get_context("spawn").Pipe()
        self._pipe = ours
        self._process = get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def tried(self, files: Files) -> str:
        """How a bundle ended."""
        try:
            self._pipe.send(files)
            if self._pipe.poll(SECONDS_EACH):
                return str(self._pipe.recv())
            end = f"no end within {SECONDS_EACH} s"
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self._process.join()
            end = f"the process died ({self._process.exitcode})"
        self.close()
        self._start()
        return end

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _serve(pipe: Connection) -> None:
    """Take bundles, tell how each ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    accounts = strange_accounts(ACCOUNTS)
    while True:
        try:
            files = pipe.recv()
        except EOFError:
            return
        pipe.send(end_of(files, accounts))


def end_of(files: Files, accounts: pl.DataFrame) -> str:
    """Load and score: `REFUSED`, `SCORED`, or what went wrong."""
    try:
        bundle = Bundle.from_files(files)
        scorer = Scorer(bundle, features())
    except UnusableBundleError:
        return REFUSED
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return f"loading raised {type(error).__name__}: {str(error)[:200]}"
    try:
        scores = scorer.score(accounts, _context(accounts), bundle.prevalence)
        scorer.baselines(accounts, bundle.prevalence)
        tally = bundle.drift.tally(accounts, np.full(accounts.height, 0.5))
        bundle.drift.warnings({name: counts * 50 for name, counts in tally.items()})
    except Exception as error:  # noqa: BLE001 - likewise
        return f"scoring raised {type(error).__name__}: {str(error)[:200]}"
    return out_of_bounds(scores) or SCORED


def out_of_bounds(scores: pl.DataFrame) -> str:
    """What of the scores leaves the contract's bounds; empty where nothing does."""
    owed = pl.col("verdict") != "insufficient_data"
    inside = {
        "probability": pl.col("probability_inauthentic").is_between(0.0, 1.0),
        "score": pl.col("authenticity_score").is_between(0, 100),
    }
    shares = [name for name in scores.columns if "_share_" in name]
    inside |= {name: pl.col(name).is_between(0.0, 1.0) | pl.col(name).is_null() for name in shares}
    said = [
        f"{name} out of bounds"
        for name, holds in inside.items()
        if not scores.filter(owed).select(holds.fill_null(False).all()).item()
    ]
    return "; ".join(said)


def strange_accounts(count: int) -> pl.DataFrame:
    """Feature rows of all sorts: usual and huge values, zeros, and each group and everything missing."""
    dice = np.random.default_rng(8)
    catalogue = features()
    columns: dict[str, Any] = {"account_id": [f"account-{number:03d}" for number in range(count)]}
    for name, each in catalogue.items():
        values = dice.normal(size=count) * np.where(dice.random(count) < FEW, 1e6, 1.0)
        values[dice.random(count) < FEW] = 0.0
        hidden = (
            (dice.random(count) < 2 * FEW) | (np.arange(count) % 7 == hash_of(each.group) % 7) | (np.arange(count) == 0)
        )
        columns[name] = pl.Series(np.where(hidden, np.nan, values)).fill_nan(None)
    return pl.DataFrame(columns)


def hash_of(text: str) -> int:
    """The same number for the same text in every process."""
    return sum(text.encode())


def _context(accounts: pl.DataFrame) -> pl.DataFrame:
    count = pl.int_range(pl.len())
    return accounts.select(
        "account_id",
        followers=pl.when(count % 5 > 0).then(10 ** (count % 9).cast(pl.Int64)),
        insufficient_because=pl.lit([], pl.List(pl.String)),
        engagement_per_post=pl.when(count % 3 > 0).then(100.0),
    )


def _one_of_each(spoilt: list[Spoilt], most: int) -> list[Spoilt]:
    by_kind = {each.kind: each for each in spoilt}
    return list(by_kind.values())[:most]


def _through_the_command(spoilt: list[Spoilt], scratch: Path) -> list[Figure]:
    """`score` in a process of its own with each of these bundles: exit code 2, a message, no traceback, no output."""
    from pipeline.simulate import read_priors, simulate_folder

    source = scratch / "cohort"
    simulate_folder(source, 20, 5_000_001, read_priors(), overwrite=True, report=lambda _: None)
    wrong = []
    for number, each in enumerate(spoilt):
        folder, output = scratch / f"model-{number}", scratch / f"output-{number}"
        _written(each.files, {}, folder)
        command = [sys.executable, "-m", "pipeline", "score", "--input", source, "--output", output, "--model", folder]
        done = subprocess.run([*map(str, command), "--quiet"], capture_output=True, text=True, timeout=300, check=False)
        is_refused = done.returncode == 2 and done.stderr.startswith("model: ") and not output.exists()
        is_scored = done.returncode == 0 and CHECKSUMS in each.files and not each.kind.startswith("a bit")
        if "Traceback" in done.stderr or not (is_refused or is_scored):
            wrong.append(f"{each.kind}, {each.place}: exit code {done.returncode}, {done.stderr.strip()[-200:]}")
            print(wrong[-1], file=sys.stderr)
        _say(f"through the command {number + 1:,}")
    return [
        Figure(
            name="kinds of change through `score --model` in a process of its own: exit code 2, a message, no output",
            value=f"{len(spoilt) - len(wrong):,} of {len(spoilt):,}",
            owed="all",
            holds=not wrong,
        )
    ]


def _say(text: str) -> None:
    """Progress, where a person watches."""
    if sys.stderr.isatty():
        print(f"\r{text}", end="", file=sys.stderr, flush=True)
