"""Where a bundle comes from: a folder, or MLflow's registry."""

from __future__ import annotations

from pathlib import Path

from features.catalog import catalog_hash, features
from models.bundle import Bundle, UnusableBundleError
from models.scoring import Scorer
from pipeline.errors import UnusableInputError
from pipeline.layout import MODEL

REGISTRY_SCHEME = "models:/"


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
    return Bundle.from_files({path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()})
