"""Command `forget`: where an account is held, and the project without it."""

from __future__ import annotations

import configparser
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import yaml

from pipeline import layout
from pipeline.errors import UnusableInputError
from pipeline.progress import counted
from pipeline.pseudonyms import KEY_VARIABLE, Pseudonyms
from pipeline.traces import BY_HAND, REMOVE, Trace, Wanted, erase, trace

OWN_PLACES = (Path("data"), Path("reports"), Path("mlruns"), Path("mlartifacts"), Path("mlflow.db"))
"""Where the product leaves anything, in the working directory."""

SOURCES = (
    ("prepare", "dataset"),
    ("prepare", "own_dataset"),
    ("score", "dataset"),
    ("shortlist", "candidates"),
    ("shortlist", "dataset"),
)
"""Keys of params.yaml that name what a user supplies: told, and touched only where `--in` names it."""

TRACKING = "MLFLOW_TRACKING_URI"

DVC_CONFIGURATION = (Path(".dvc/config"), Path(".dvc/config.local"))

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Held:
    """What was found.

    Attributes:
        traces: files of the places searched that hold it, and what erasing does, or did, to each.
        left: those that still hold it; before erasing, all of them.
        sources: files of the user's own that hold it and were not named.
        notes: what else is to be done or known, a sentence each.
        searched: files.
    """

    traces: list[Trace]
    left: list[Path]
    sources: list[Path]
    notes: list[str]
    searched: int


def forget(
    accounts: Sequence[str],
    commenters: Sequence[str],
    folders: Sequence[Path],
    under: Pseudonyms,
    *,
    erasing: bool,
    report: Report,
) -> Held:
    """Search every file that the product left, and with `erasing` erase what is found and search again.

    Args:
        accounts: ids of scored or labelled accounts.
        commenters: ids of people who commented; those of `accounts` count as such, too.
        folders: further folders: results elsewhere, datasets of one's own.
        under: pseudonyms under its key, and under none, are looked for beside the ids.
        erasing: False: nothing is changed.
        report: told what is being done.

    Raises:
        UnusableInputError: no id, or a folder that is not there.
    """
    missing = [str(folder) for folder in folders if not folder.exists()]
    if missing:
        raise UnusableInputError(f"in: {', '.join(missing)} cannot be searched. Found: nothing there. Name a folder.")
    ids = sorted({*accounts, *commenters} - {""})
    if not ids:
        raise UnusableInputError("account: nobody is named. Found: no id. Give --account or --commenter.")
    names = pl.Series(ids, dtype=pl.String)
    wanted = Wanted(frozenset([*ids, *under.of(names), *Pseudonyms().of(names)]))
    cache = dvc_cache()
    places = [*OWN_PLACES, *folders, *([cache] if cache else [])]
    files = sorted(set(_files(places)))
    found = _search(files, wanted, cache, report)
    sources = _search(sorted(set(_files(_sources())) - set(files)), wanted, None, report)
    left = [each.path for each in found]
    if erasing:
        for each in found:
            if each.remedy == REMOVE:
                each.path.unlink()
            elif each.remedy != BY_HAND:
                erase(each.path, wanted)
        left = [each.path for each in _search(sorted(set(_files(places))), wanted, cache, report)]
    return Held(found, left, [each.path for each in sources], _notes(found, cache, under), len(files))


def dvc_cache() -> Path | None:
    """DVC's cache, as the repository in the working directory configures it; None where there is none."""
    directory = ".dvc/cache"
    for path in DVC_CONFIGURATION:
        parsed = configparser.ConfigParser(interpolation=None)
        parsed.read(path)
        if parsed.has_option("cache", "dir"):
            directory = os.path.join(".dvc", parsed.get("cache", "dir"))  # noqa: PTH118 - an absolute one stays
    return Path(directory) if Path(directory).is_dir() else None


def _search(files: Sequence[Path], wanted: Wanted, cache: Path | None, report: Report) -> list[Trace]:
    results = counted((trace(path, wanted) for path in files), report, "searching", "files", len(files))
    found = [each for each in results if each is not None]
    # An object of the cache has the name of its content: it cannot be rewritten, only go.
    return [
        Trace(each.path, each.count, REMOVE) if cache is not None and each.path.is_relative_to(cache) else each
        for each in found
    ]


def _files(places: Sequence[Path]) -> Iterator[Path]:
    """Every file below the places, hidden ones too; links to folders are not followed."""
    for place in places:
        if place.is_file():
            yield place
        for folder, _, names in os.walk(place):
            yield from (path for name in names if (path := Path(folder) / name).is_file())


def _sources() -> list[Path]:
    """What params.yaml names of the user's own."""
    if not layout.PARAMS.is_file():
        return []
    sections = yaml.safe_load(layout.PARAMS.read_text(encoding="utf-8")) or {}
    return [Path(value) for section, key in SOURCES if (value := (sections.get(section) or {}).get(key))]


def _notes(found: Sequence[Trace], cache: Path | None, under: Pseudonyms) -> list[str]:
    """What erasing does not reach, and what is stale after it."""
    notes = []
    if not under.secret:
        notes.append(
            "key: none was given, and pseudonyms of commenters that were made under one cannot be found without it. "
            f"Give it with --pseudonym-key-file or {KEY_VARIABLE} if there was one."
        )
    if any(each.remedy == REMOVE and each.path.suffix == ".html" for each in found):
        notes.append("pages: those that hold it go, an index among them. 'python -m pipeline report' makes it anew.")
    paths = [each.path for each in found]
    if any(path.is_relative_to(place) for path in paths for place in (layout.PREPARED, layout.FEATURES)):
        notes.append(
            f"{layout.MODEL}: the model may have been trained on it, and so may registered ones. Take it out of the "
            "source as well, and run 'dvc repro'."
        )
    if cache is not None and any(path.is_relative_to(cache) for path in paths):
        notes.append(
            "dvc: objects of the cache go, so that 'dvc checkout' of older revisions lacks them and 'dvc status' shows "
            "their outputs as changed. 'dvc repro' makes them anew; remotes are not searched ('dvc gc --cloud')."
        )
    if any(path.is_relative_to("reports") for path in paths):
        notes.append("git: reports are in the history of the repository, which is not rewritten.")
    uri = os.environ.get(TRACKING, "")
    if uri and not uri.startswith("sqlite:///"):
        notes.append(f"tracking: the server of {TRACKING} is not searched. Search it with its own means.")
    return notes
