"""The model that travels: text trees and JSON, verified before anything parses them. No pickle, no joblib.

LightGBM's text format cannot run code, but a malformed file crashes the process; so every file's sha256 stands in
`SHA256SUMS`, which is compared first. A digest says that a file is whole and not who wrote it: files can be changed
together with their digests. So what passed is held against `models.manifest`, trees against `models.trees`, and the
bundle is written again and must give the same bytes. This module turns a bundle into bytes by file name and back;
where the bytes live is not its business.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, overload

from models.applicability import Applicability
from models.baselines import Baseline
from models.calibration import Calibration
from models.classifier import Mixture, MixtureTrees
from models.drift import Drift
from models.explanation import OrdinaryRange
from models.manifest import MOST_JSON_BYTES, problems_of
from models.shares import ShareModel
from models.thresholds import Costs, Thresholds
from models.trees import Trees, UnreadableTreesError

FORMAT_VERSION = 2
MANIFEST = "manifest.json"
CHECKSUMS = "SHA256SUMS"
CLASSIFIER = "model.txt"
BASELINES = "baselines.json"
DRIFT = "drift.json"


LONGEST_SHOWN = 100
"""Characters of what a file says that a message repeats."""

MOST_NAMED = 20
"""Files of a folder that a message names."""


class UnusableBundleError(ValueError):
    """The bundle is incomplete, changed, from a future format or for other features; the message says what to do."""


class ChangedBundleError(UnusableBundleError):
    """The files are not those that were written: no program is to use them, of whatever version."""


@dataclass(frozen=True, slots=True)
class Head:
    """One trained ensemble in the bundle, or several that answer together, with the curve to a probability."""

    trees: str | MixtureTrees
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Bundle:
    """All that scoring needs besides the features themselves.

    Attributes:
        classifier: the main head.
        schemes: one head per scheme.
        shares: models of the bought share, by name of `models.shares.SHARES`, those that the labels sufficed for.
        features: feature names in the order of the trees' columns.
        catalog_hash: of the definitions that the trees were trained on.
        prevalence: declared share of inauthentic accounts, used unless a command says otherwise.
        ordinary: genuine accounts' ordinary range per feature.
        evidence_cuts: other caps on honest rejects, each with the evidence cut that it would give; no part of a score.
        settings: numbers of the verdict and the explanation that are not learned (`most_reasons`,
            `least_named_evidence`, `outside_days` (whole, of `models.outside`; 0 or absent: no such rule),
            `suspected_scheme_above`, `smallest_follower_count`, `largest_follower_count`); and one that is,
            `cohort_spread` of `models.calibration`, for people: no score reads it, and older bundles lack it.
        provenance: what it was trained on, with what; for people, never read by scoring.
        baselines: what the classifier is measured against; no part of a score.
        drift: what the training accounts looked like, to compare batches with; no part of a score.
    """

    classifier: Head
    schemes: dict[str, Head]
    shares: dict[str, ShareModel]
    features: tuple[str, ...]
    catalog_hash: str
    prevalence: float
    costs: Costs
    thresholds: Thresholds
    applicability: Applicability
    ordinary: dict[str, OrdinaryRange]
    evidence_cuts: tuple[tuple[float, float], ...]
    settings: dict[str, float]
    provenance: dict[str, Any]
    baselines: tuple[Baseline, ...]
    drift: Drift

    def to_files(self) -> dict[str, bytes]:
        """Bytes by file name. The same bundle gives the same bytes."""
        main = self.classifier.trees
        mixture = main if isinstance(main, MixtureTrees) else MixtureTrees(str(main), {}, 0.0)
        trees = {CLASSIFIER: mixture.general}
        trees |= {_expert_file(name): text for name, text in mixture.experts.items()}
        trees |= {f"scheme_{name}.txt": str(head.trees) for name, head in self.schemes.items()}
        for name, share in self.shares.items():
            trees |= {_share_file(name, part): text for part, text in share.texts().items()}
        files = {name: text.encode() for name, text in trees.items()}
        files[BASELINES] = _json([baseline.to_json() for baseline in self.baselines])
        files[DRIFT] = _json(asdict(self.drift))
        manifest = {
            "format_version": FORMAT_VERSION,
            "features": list(self.features),
            "catalog_hash": self.catalog_hash,
            "prevalence": self.prevalence,
            "calibration": asdict(self.classifier.calibration),
            "experts": sorted(mixture.experts),
            "expert_weight": mixture.weight,
            "schemes": {name: asdict(head.calibration) for name, head in self.schemes.items()},
            "shares": {name: share.to_json() for name, share in self.shares.items()},
            "costs": asdict(self.costs),
            "thresholds": asdict(self.thresholds),
            "applicability": asdict(self.applicability),
            "ordinary": {name: asdict(entry) for name, entry in self.ordinary.items()},
            "evidence_cuts": self.evidence_cuts,
            "settings": self.settings,
            "provenance": self.provenance,
            "sha256": {name: _sha256(content) for name, content in sorted(files.items())},
        }
        files[MANIFEST] = _json(manifest)
        files[CHECKSUMS] = _checksums(files)
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Bundle:
        """Verify, then read. Nothing is parsed before its sha256 is right.

        Raises:
            ChangedBundleError: a file is missing, changed or extra.
            UnusableBundleError: the format is not this program's, or an entry is not what it must be.
        """
        _verify(files)
        if len(files[MANIFEST]) > MOST_JSON_BYTES:
            raise UnusableBundleError(
                f"model: {MANIFEST} is not one of Assay's. Found: {len(files[MANIFEST]):,} bytes. Copy it again, or "
                "retrain."
            )
        try:
            manifest = json.loads(files[MANIFEST])
            found = manifest["format_version"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UnusableBundleError(f"model: {MANIFEST} is not one of Assay's. Copy it again, or retrain.") from error
        if found != FORMAT_VERSION:
            raise UnusableBundleError(
                f"model: the bundle has format version {str(found)[:LONGEST_SHOWN]}; this program reads "
                f"{FORMAT_VERSION}. "
                "Score with the version of Assay that made it, or train again."
            )
        try:
            _check_entries(files)
            bundle = cls._from_manifest(manifest, files)
            _check_written_so(files, bundle.to_files())
        except UnusableBundleError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnusableBundleError(
                f"model: {MANIFEST} lacks or garbles an entry ({error}). Copy the bundle again, or retrain."
            ) from error
        return bundle

    @classmethod
    def _from_manifest(cls, manifest: dict[str, Any], files: Mapping[str, bytes]) -> Bundle:
        return cls(
            classifier=Head(_classifier_trees(manifest, files), _calibration(manifest["calibration"])),
            schemes={
                name: Head(files[f"scheme_{name}.txt"].decode(), _calibration(entry))
                for name, entry in manifest["schemes"].items()
            },
            shares={
                name: ShareModel.from_json(
                    entry, {part: files[_share_file(name, part)].decode() for part in entry["parts"]}
                )
                for name, entry in manifest["shares"].items()
            },
            features=tuple(manifest["features"]),
            catalog_hash=manifest["catalog_hash"],
            prevalence=manifest["prevalence"],
            costs=Costs(**manifest["costs"]),
            thresholds=Thresholds(**manifest["thresholds"]),
            applicability=Applicability(
                tuple(manifest["applicability"]["low"]),
                tuple(manifest["applicability"]["high"]),
                tuple(manifest["applicability"]["width"]),
                manifest["applicability"]["limit"],
            ),
            ordinary={name: OrdinaryRange(**entry) for name, entry in manifest["ordinary"].items()},
            evidence_cuts=tuple((float(cap), float(cut)) for cap, cut in manifest["evidence_cuts"]),
            settings=manifest["settings"],
            provenance=manifest["provenance"],
            baselines=tuple(Baseline.from_json(entry) for entry in json.loads(files[BASELINES])),
            drift=Drift.from_json(json.loads(files[DRIFT])),
        )

    @property
    def sha256(self) -> str:
        """The sha256 of its manifest, which holds those of all other files: 64 hex digits that name this very bundle.

        It says which bundle, and not who made it: nothing is signed.
        """
        return _sha256(self.to_files()[MANIFEST])

    @property
    def version(self) -> str:
        """The first sixteen digits of `sha256`, for people."""
        return self.sha256[:16]

    def check_catalog(self, current_hash: str) -> None:
        """Refuse to score with features other than those trained on.

        Raises:
            UnusableBundleError: the hashes differ.
        """
        if current_hash != self.catalog_hash:
            raise UnusableBundleError(
                f"model: it was trained on feature definitions {self.catalog_hash}; this program computes "
                f"{current_hash}. Score with the version of Assay that made it, or train again ('dvc repro')."
            )


@overload
def booster(trees: str) -> Trees: ...
@overload
def booster(trees: MixtureTrees) -> Mixture: ...
@overload
def booster(trees: str | MixtureTrees) -> Trees | Mixture: ...
def booster(trees: str | MixtureTrees) -> Trees | Mixture:
    """The ensemble behind a verified text, or the mixture behind several.

    Raises:
        UnusableBundleError: a text is not an ensemble of the kind that is trained here, or the parts of a mixture list
            different features.
    """
    if isinstance(trees, MixtureTrees):
        experts = [booster(trees.experts[name]) for name in sorted(trees.experts)]
        try:
            return Mixture(booster(trees.general), experts, trees.weight)
        except ValueError as error:
            raise UnusableBundleError(f"model: {error}. Train again.") from error
    try:
        return Trees(trees)
    except UnreadableTreesError as error:
        raise UnusableBundleError(f"model: {error}. Train again.") from error


def _share_file(name: str, part: str) -> str:
    return f"share_{name}_{part}.txt"


def _expert_file(scheme: str) -> str:
    return f"expert_{scheme}.txt"


def _classifier_trees(manifest: Mapping[str, Any], files: Mapping[str, bytes]) -> str | MixtureTrees:
    general = files[CLASSIFIER].decode()
    experts = {name: files[_expert_file(name)].decode() for name in manifest["experts"]}
    weight = float(manifest["expert_weight"])
    return MixtureTrees(general, experts, weight) if experts else general


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def _calibration(entry: dict[str, Any]) -> Calibration:
    return Calibration(
        anchor=entry["anchor"],
        prevalence=entry["prevalence"],
        knots_above=tuple(entry["knots_above"]),
        slopes_above=tuple(entry["slopes_above"]),
        knots_below=tuple(entry["knots_below"]),
        slopes_below=tuple(entry["slopes_below"]),
    )


def _check_entries(files: Mapping[str, bytes]) -> None:
    """Types and bounds of all numbers, which a digest vouches for as little as it does for who wrote them."""
    found = problems_of(files[MANIFEST], files[BASELINES], files[DRIFT])
    if found:
        said = "; ".join(f"{name}.json lacks or garbles an entry ({'; '.join(each)})" for name, each in found.items())
        raise UnusableBundleError(f"model: {said}. Copy the bundle again, or retrain.")


def _check_written_so(files: Mapping[str, bytes], again: Mapping[str, bytes]) -> None:
    """The bundle, written again, is the files: no entry was passed over, and no number read otherwise than it stands.

    So `Bundle.sha256` is the digest of the file, too.
    """
    if different := sorted(name for name in again.keys() | files.keys() if again.get(name) != files.get(name)):
        unknown = sorted(set(json.loads(files[MANIFEST])) - set(json.loads(again[MANIFEST])))
        said = f" Found: {', '.join(map(repr, unknown))[:LONGEST_SHOWN]}." if unknown else ""
        raise UnusableBundleError(
            f"model: {', '.join(different)} holds more than this program knows, or is not written as it writes.{said} "
            "Copy the bundle again, or retrain."
        )


def _verify(files: Mapping[str, bytes]) -> None:
    if CHECKSUMS not in files or MANIFEST not in files:
        found = ", ".join(sorted(files)[:MOST_NAMED]) + (", ..." if len(files) > MOST_NAMED else "") or "nothing"
        raise UnusableBundleError(
            f"model: not a bundle of Assay: {CHECKSUMS} or {MANIFEST} is missing. Found: {found}. "
            "Point --model at the folder that 'dvc repro' left (data/model), or at models:/<name>@<alias>."
        )
    try:
        lines = [line.split("  ", 1) for line in files[CHECKSUMS].decode("ascii").splitlines()]
        expected = {name: digest for digest, name in lines}
    except ValueError as error:
        raise ChangedBundleError(f"model: {CHECKSUMS} cannot be read. Copy the bundle again.") from error
    missing = sorted(set(expected) - set(files))
    changed = sorted(name for name in expected if name in files and _sha256(files[name]) != expected[name])
    unlisted = sorted(set(files) - set(expected) - {CHECKSUMS})
    if not (missing or changed or unlisted) and files[CHECKSUMS] != _checksums(files):
        changed = [CHECKSUMS]  # every digest is right and the text is not ours: a line ending, a repeated line
    if missing or changed or unlisted:
        details = "; ".join(
            f"{label}: {', '.join(names)}"
            for label, names in (("missing", missing), ("changed", changed), ("not listed", unlisted))
            if names
        )
        raise ChangedBundleError(f"model: the bundle is not what was written ({details}). Copy it again, or retrain.")


def _checksums(files: Mapping[str, bytes]) -> bytes:
    """The text of `SHA256SUMS` for the files beside it, as `sha256sum -c` reads it."""
    lines = (f"{_sha256(files[name])}  {name}\n" for name in sorted(files) if name != CHECKSUMS)
    return "".join(lines).encode()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
