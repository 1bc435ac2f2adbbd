"""Where a bundle comes from: a folder, or MLflow's registry."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Self

from features.catalog import catalog_hash, features
from models.bundle import CHECKSUMS, MANIFEST, Bundle, ChangedBundleError, UnusableBundleError
from models.scoring import Scorer
from pipeline.errors import UnusableInputError
from pipeline.layout import MODEL

REGISTRY_SCHEME = "models:/"

MOST_BYTES = 1 << 29
"""Bytes of all files of a bundle, at most: 512 MiB, thirty times the largest so far (assumed)."""


def load_scorer(model: str | None = None) -> Scorer:
    """The scorer behind `--model`: a bundle folder, `models:/<name>@<alias>`, or (None) what `dvc repro` left.

    Raises:
        UnusableInputError: missing, changed, or made for other features.
    """
    try:
        if model is not None and model.startswith(REGISTRY_SCHEME):
            from pipeline.tracking import download_bundle

            bundle = download_bundle(model)
        else:
            bundle = read_bundle(Path(model) if model is not None else MODEL)
        bundle.check_catalog(catalog_hash())
        return Scorer(bundle, features())
    except UnusableBundleError as error:
        raise UnusableInputError([str(error)]) from error


def read_bundle(folder: Path) -> Bundle:
    """Read and verify the bundle in a folder.

    Raises:
        UnusableBundleError: see `Bundle.from_files`.
    """
    if not folder.is_dir():
        raise UnusableBundleError(
            f"model: there is no bundle at {folder}. Train one with 'dvc repro', or name one with --model."
        )
    # A link is read as what it leads to, since DVC can link its cache so: what counts is the content's sha256.
    entries = sorted(folder.iterdir())
    files = [path for path in entries if path.is_file()]
    if not {CHECKSUMS, MANIFEST} <= {path.name for path in files}:
        return Bundle.from_files({path.name: b"" for path in files})  # which says so: nothing of it is read
    if others := sorted({path.name for path in entries} - {path.name for path in files}):
        raise ChangedBundleError(
            f"model: the bundle is not what was written (no files: {', '.join(others)}). Copy it again, or retrain."
        )
    size = sum(path.stat().st_size for path in files)
    if size > MOST_BYTES:
        raise ChangedBundleError(
            f"model: the files of {folder} hold {size:,} bytes; a bundle holds at most {MOST_BYTES:,}. Copy it again, "
            "or retrain."
        )
    return Bundle.from_files({path.name: path.read_bytes() for path in files})


@dataclass(frozen=True, slots=True)
class ScorerAt:
    """A scorer that can be sent to another process as the folder of its bundle; there it is made ready once."""

    folder: Path
    _loaded: Scorer | None = field(default=None, compare=False, repr=False)

    @classmethod
    def left_in(cls, folder: Path, scorer: Scorer) -> Self:
        """Write the scorer's bundle into a folder that every worker can read."""
        folder.mkdir(exist_ok=True)
        for name, content in scorer.bundle.to_files().items():
            (folder / name).write_bytes(content)
        return cls(folder, scorer)

    @property
    def scorer(self) -> Scorer:
        """The scorer: the very one that was given, or in another process its twin."""
        return self._loaded if self._loaded is not None else _ready(self.folder)

    def __reduce__(self) -> tuple[type[Self], tuple[Path]]:
        """Without what is loaded: trees of LightGBM take longer to send than to read."""
        return type(self), (self.folder,)


@lru_cache(maxsize=1)
def _ready(folder: Path) -> Scorer:
    return Scorer(read_bundle(folder), features())
