"""The ordered catalogue of all features: look-up by name, and the hash of their definitions."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from pathlib import Path

from features.compute import group_module
from features.definition import GROUPS, MODEL_GROUPS, Feature

WORDS_ONLY = ("benign.py", "evidence.py", "signals.py", "wording.py")
"""Modules that say something about values and compute none: a better sentence must not make a bundle unusable."""


class UnknownFeatureError(KeyError):
    """A name that is not in the catalogue; the message suggests the nearest one."""

    def __str__(self) -> str:
        return str(self.args[0])


def features(groups: Sequence[str] = MODEL_GROUPS) -> dict[str, Feature]:
    """Every feature of the groups by name, in catalogue order; by default those that the classifier sees."""
    return {name: entry for group in groups for name, entry in group_module(group).FEATURES.items()}


def feature_by_name(name: str) -> Feature:
    """The feature of that name.

    Raises:
        UnknownFeatureError: with the nearest names of the catalogue.
    """
    catalogue = features(GROUPS)
    if name in catalogue:
        return catalogue[name]
    near = difflib.get_close_matches(name, catalogue, n=3)
    hint = f" Did you mean {' or '.join(repr(each) for each in near)}?" if near else ""
    raise UnknownFeatureError(f"feature '{name}' is not in the catalogue.{hint}")


def catalog_hash() -> str:
    """Sixteen hex digits that change whenever a definition, or a module that computes one, changes.

    The modules' whole text is hashed beside the definitions: a frame or a helper decides a value as much as the
    expression does. A docstring alone therefore changes the hash too, which is the safe side; modules of words alone
    (`WORDS_ONLY`) do not count.
    """
    digest = hashlib.sha256()
    for entry in features(GROUPS).values():
        digest.update(entry.definition_text().encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        if path.name in WORDS_ONLY:
            continue
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
