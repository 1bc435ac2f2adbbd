"""What the code may not do anywhere: run what it reads."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("audits", "campaigns", "features", "models", "pages", "pipeline", "simulation")

FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "torch", "skops"}
"""Their files run code when they are read."""

FORBIDDEN_CALLS = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "joblib.load",
    "joblib.dump",
    "yaml.unsafe_load",
    "yaml.full_load",
    "lightgbm.Booster",
}
"""`lightgbm.Booster` reads text with a parser that a malformed text crashes; training calls it on what it just made."""

ALLOWED = {
    ("pipeline/mapping/checking.py", "yaml.load"): "with a loader that is a kind of SafeLoader",
    ("models/classifier.py", "library.Booster"): "on what was trained a line before",
}


def findings(source: str, place: str) -> list[str]:
    """Imports and calls of a module that may run, or be crashed by, what it reads."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [name for name in names if name.partition(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            asks_for_pickles = any(
                keyword.arg == "allow_pickle" and ast.unparse(keyword.value) != "False" for keyword in node.keywords
            )
            is_other_yaml = called == "yaml.load" or called.endswith(".Booster")
            if called in FORBIDDEN_CALLS or asks_for_pickles or is_other_yaml:
                found.append(called)
    return [f"{place}: {name}" for name in found if (place, name) not in ALLOWED]


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import pickle", "pickle"),
        ("from cloudpickle import loads", "cloudpickle"),
        ("import joblib\njoblib.load('model')", "joblib.load"),
        ("import numpy\nnumpy.load('x', allow_pickle=True)", "numpy.load"),
        ("import yaml\nyaml.load(text, Loader)", "yaml.load"),
        ("import lightgbm\nlightgbm.Booster(model_str=text)", "lightgbm.Booster"),
        ("eval(text)", "eval"),
    ],
)
def test_the_search_finds_what_it_looks_for(source: str, what: str) -> None:
    assert findings(source, "a.py") == [f"a.py: {what}"]


def test_nothing_that_is_read_is_run() -> None:
    modules = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    assert len(modules) > 100
    found = [
        each
        for path in modules
        for each in findings(path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix())
    ]
    assert found == []


def test_the_one_yaml_loader_of_our_own_is_safe() -> None:
    import yaml

    from pipeline.mapping.checking import _Loader

    assert issubclass(_Loader, yaml.SafeLoader)
