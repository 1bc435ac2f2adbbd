from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
import yaml

from models.bundle import Head
from models.classifier import MixtureTrees, import_lightgbm
from pipeline import layout
from pipeline.bundles import read_bundle


@pytest.fixture(scope="session")
def notebook_project(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small project with a champion of a few trees in `blunt`, trained in one process."""
    folder = tmp_path_factory.mktemp("notebooks") / "project"
    shutil.copytree(project, folder)
    bundle = read_bundle(folder / layout.MODEL)
    whole = bundle.classifier.trees
    general = whole.general if isinstance(whole, MixtureTrees) else whole
    few = import_lightgbm().Booster(model_str=general).model_to_string(num_iteration=3)
    (folder / "blunt").mkdir()
    blunt = dataclasses.replace(bundle, classifier=Head(few, bundle.classifier.calibration))
    for name, content in blunt.to_files().items():
        (folder / "blunt" / name).write_bytes(content)
    params = yaml.safe_load((folder / layout.PARAMS).read_text(encoding="utf-8"))
    params["train"]["jobs"] = 1  # to start processes takes longer than what they would do
    (folder / layout.PARAMS).write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    return folder
