"""What differs between two models besides their figures: parameters, priors, code, features, data, libraries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from models.bundle import MANIFEST
from pipeline.contenders import Contender
from pipeline.side_by_side import Table
from pipeline.storage import read_json
from pipeline.track import LOCK_FILE, OTHER_SECTIONS, PRIORS, data_hashes, flat_parameters
from pipeline.tracking import run_file

MOST_ROWS = 40
"""Rows of a table of differences: what a person reads; how many there are is told."""

SOURCES = ("data/raw/", "own")
"""Starts of the paths that data comes in by; what the stages make of it differs with it."""


def changes(pair: Sequence[Contender], scratch: Path) -> list[Table]:
    """The tables of what differs, in the order to read them.

    Args:
        pair: `a` and `b`.
        scratch: folder for files that come from the store.
    """
    return [parameters(pair), priors(pair, scratch), made_of(pair, scratch)]


def parameters(pair: Sequence[Contender]) -> Table:
    """Parameters that differ; a bundle that nobody tracked has none to tell."""
    if not all(each.run for each in pair):
        return Table(
            "Parameters that differ", "Not known: one of the two was never tracked.", ("parameter", "a", "b"), []
        )
    a, b = (
        {name: text for name, text in (each.run.parameters if each.run else {}).items() if not _is_other(name)}
        for each in pair
    )
    rows = _differing(a, b)
    words = "" if rows else "None: what differs is code, data or libraries."
    return Table("Parameters that differ", words, ("parameter", "a", "b"), rows)


def priors(pair: Sequence[Contender], scratch: Path) -> Table:
    """Which of the simulation's priors differ, from the params.yaml that each run holds."""
    title, heads = "Priors of the simulation that differ", ("prior", "a", "b")
    found = [_priors_of(each, scratch) for each in pair]
    a, b = found
    if a is None or b is None:
        return Table(title, "Not known: not both runs hold their params.yaml.", heads, [])
    rows = _differing(a, b)
    if not rows:
        return Table(title, f"None of {len(b):,}: both were simulated by the same rules.", heads, [])
    words = f"{len(rows):,} of {len({*a, *b}):,}." + (f" The first {MOST_ROWS}:" if len(rows) > MOST_ROWS else "")
    return Table(title, words, heads, rows[:MOST_ROWS])


def made_of(pair: Sequence[Contender], scratch: Path) -> Table:
    """Code, features, data and libraries that differ; what is equal is named below the table's title."""
    manifests = [read_json(each.folder / MANIFEST) for each in pair]
    a, b = (dict(_made_of(each, manifest, scratch)) for each, manifest in zip(pair, manifests, strict=True))
    equal = [name for name in a if a[name] == b.get(name)]
    words = f"The same in both: {', '.join(equal)}." if equal else "Nothing is the same in both."
    return Table(
        "Code, features, data and libraries", words, ("what", "a", "b"), [*_differing(a, b), *_features(manifests)]
    )


def _made_of(contender: Contender, manifest: Mapping[str, Any], scratch: Path) -> Iterator[tuple[str, str]]:
    tags = contender.run.tags if contender.run else {}
    if "git_revision" in tags:
        yield "code", tags["git_revision"][:10] + (" and changes" if tags.get("git_dirty") == "true" else "")
    yield "definitions of the features", str(manifest["catalog_hash"])
    yield from _data_of(contender, scratch).items()
    yield from sorted(manifest.get("provenance", {}).get("libraries", {}).items())


def _features(manifests: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    a, b = (list(manifest["features"]) for manifest in manifests)
    if len(a) != len(b):
        yield "features", str(len(a)), str(len(b))
    for name in sorted({*a} ^ {*b}):
        yield f"feature {name}", "yes" if name in a else "-", "yes" if name in b else "-"


def _data_of(contender: Contender, scratch: Path) -> dict[str, str]:
    """Hashes of the data that came in, from the run's own dvc.lock; empty where it holds none."""
    if contender.run is None:
        return {}
    lock = run_file(contender.run.run_id, LOCK_FILE.name, scratch / f"lineage-{contender.label}")
    hashes = data_hashes(lock) if lock else {}
    return {path: digest for path, digest in hashes.items() if path.startswith(SOURCES)}


def _priors_of(contender: Contender, scratch: Path) -> dict[str, str] | None:
    if contender.run is None:
        return None
    file = run_file(contender.run.run_id, "params.yaml", scratch / f"lineage-{contender.label}")
    if file is None:
        return None
    return dict(flat_parameters((yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get(PRIORS, {})))


def _differing(a: Mapping[str, str], b: Mapping[str, str]) -> list[tuple[str, str, str]]:
    names = sorted(name for name in {*a, *b} if a.get(name) != b.get(name))
    return [(name, a.get(name, "-"), b.get(name, "-")) for name in names]


def _is_other(parameter: str) -> bool:
    """Does neither the model nor its figures depend on it? Older runs hold such parameters, too."""
    return parameter.startswith(OTHER_SECTIONS)
