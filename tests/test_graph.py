"""The graphs against the code: a stage that forgets a dependency leaves stale results behind `dvc repro`."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PACKAGES = ("audits", "campaigns", "features", "models", "pages", "pipeline", "simulation")
AUDIT = "audit/"
TUNING = "tuning/"
"""What the names of the second and of the third graph's stages start with here."""
READERS = {"read_priors": "priors"}
"""Functions that read a section for several stages."""


COMMANDS = ("compare", "own_training", "promote", "reviewing")
"""Modules of pipeline/ that are no stage and read params.yaml all the same."""


def module_path(name: str) -> Path | None:
    """The file of a first-party module, or None."""
    path = ROOT / Path(*name.split("."))
    if path.with_suffix(".py").is_file():
        return path.with_suffix(".py")
    return path / "__init__.py" if (path / "__init__.py").is_file() else None


@cache
def imported_by(name: str, *, lazily_too: bool = True) -> frozenset[str]:
    """First-party modules that a module imports, those inside functions included unless told otherwise."""
    path = module_path(name)
    assert path is not None, f"{name} is not a first-party module"
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if lazily_too else iter(tree.body)
    found: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
    return frozenset(each for each in found if each.split(".")[0] in PACKAGES and module_path(each))


def closure(start: str, *, skip: frozenset[str] = frozenset()) -> set[str]:
    """`start` and every first-party module that it leads to, packages' __init__ included."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in seen or name in skip:
            continue
        seen.add(name)
        # What a package's __init__ imports is imported with any of its modules.
        waiting.extend(parent for parent in [name.rpartition(".")[0]] if parent)
        waiting.extend(imported_by(name))
    return seen


def expand(stages: dict) -> dict[str, dict]:
    """Stages by name, each item of a foreach apart."""
    result = {}
    for name, stage in stages.items():
        if "foreach" not in stage:
            result[name] = stage
            continue
        for item in stage["foreach"]:
            text = yaml.safe_dump(stage["do"]).replace("${item}", item)
            result[f"{name}@{item}"] = yaml.safe_load(text)
    return result


STAGES = {
    **expand(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]),
    **{
        f"{AUDIT}{name}": stage
        for name, stage in expand(yaml.safe_load((ROOT / "audits" / "dvc.yaml").read_text())["stages"]).items()
    },
    **{
        f"{TUNING}{name}": stage
        for name, stage in yaml.safe_load((ROOT / "tuning" / "dvc.yaml").read_text())["stages"].items()
    },
}


def stage_module(name: str) -> str:
    package = "pipeline.audit" if name.startswith(AUDIT) else "pipeline"
    return f"{package}.{name.removeprefix(AUDIT).removeprefix(TUNING).partition('@')[0]}"


def needed_modules(name: str) -> set[str]:
    """What a stage imports: its module's closure, the entry point, and the feature groups that it asks for by name."""
    entry = "pipeline.audit.__main__" if name.startswith(AUDIT) else "pipeline.__main__"
    modules = closure(stage_module(name)) | {entry, *imported_by(entry, lazily_too=False)}
    modules |= {entry.rpartition(".")[0]}
    for module in imported_by(entry, lazily_too=False):
        modules |= closure(module)
    groups = {name.partition("@")[2]} if "@" in name else {"growth", "comments", "engagement", "profile"}
    if "features.catalog" in modules:
        # The hash of the catalogue covers the group that no model sees, too.
        groups.add("network")
    if "features.compute" in modules:
        for group in groups:
            modules |= closure(f"features.{group}")
    return modules


def sections_read(modules: set[str]) -> set[str]:
    """Sections of params.yaml that the modules ask `read_section` for."""
    found = set()
    for module in modules:
        path = module_path(module)
        assert path is not None
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "id", "")
            if called == "read_section":
                assert isinstance(node.args[0], ast.Constant), f"{module} reads a section that no test can name"
                found.add(node.args[0].value)
            elif called in READERS:
                found.add(READERS[called])
    return found


@pytest.mark.parametrize("name", STAGES)
def test_deps_cover_every_module_a_stage_imports(name: str) -> None:
    declared = {str(dep) for dep in STAGES[name].get("deps", [])}
    needed = {str(path.relative_to(ROOT)) for each in needed_modules(name) if (path := module_path(each))}
    assert needed <= declared, f"add to deps of {name}: {sorted(needed - declared)}"


@pytest.mark.parametrize("name", STAGES)
def test_deps_name_no_module_a_stage_does_not_import(name: str) -> None:
    declared = {str(dep) for dep in STAGES[name].get("deps", []) if str(dep).endswith(".py")}
    # The items of a foreach share one list, so a helper module of one group stands in the lists of all.
    items = [each for each in STAGES if each.partition("@")[0] == name.partition("@")[0]]
    modules = {module for item in items for module in needed_modules(item)}
    needed = {str(path.relative_to(ROOT)) for each in modules if (path := module_path(each))}
    assert declared <= needed, f"drop from deps of {name}: {sorted(declared - needed)}"


@pytest.mark.parametrize("name", STAGES)
def test_params_name_exactly_the_sections_a_stage_reads(name: str) -> None:
    declared = {entry for entry in STAGES[name].get("params", []) if isinstance(entry, str)}
    own = {stage_module(name)} if sections_read({stage_module(name)}) else set()
    assert declared == sections_read(own), f"params of {name}"


@pytest.mark.parametrize("name", [name for name in STAGES if name.startswith(AUDIT)])
def test_an_audit_runs_in_the_project_and_as_its_module(name: str) -> None:
    assert STAGES[name]["wdir"] == ".."
    assert STAGES[name]["cmd"] == f"python -m pipeline.audit {name.removeprefix(AUDIT)}"


@pytest.mark.parametrize("name", [name for name in STAGES if name.startswith(TUNING)])
def test_a_study_runs_in_the_project_and_as_its_command(name: str) -> None:
    assert STAGES[name]["wdir"] == ".."
    assert STAGES[name]["cmd"] == f"python -m pipeline stage {name.removeprefix(TUNING).replace('_', '-')}"


@pytest.mark.parametrize(
    ("graph", "word"), [(AUDIT, "audit"), (TUNING, "tuning")], ids=["the audits", "the study of settings"]
)
def test_no_other_graph_needs_an_optional_one(graph: str, word: str) -> None:
    outs = {str(out) for name, stage in STAGES.items() if name.startswith(graph) for out in _places(stage, "outs")}
    deps = {str(dep) for name, stage in STAGES.items() if not name.startswith(graph) for dep in stage.get("deps", [])}
    assert outs
    assert not {dep for dep in deps if dep.startswith((f"{word}s/", f"{word}/")) or f"/{word}" in dep} | (outs & deps)


def _places(stage: dict, kind: str) -> list[str]:
    return [next(iter(out)) if isinstance(out, dict) else out for out in stage.get(kind, [])]


def test_the_whole_graph_reads_nothing_outside_the_repository() -> None:
    paths = [str(dep) for stage in STAGES.values() for dep in stage.get("deps", [])]
    assert not [path for path in paths if path.startswith(("/", "..", "~")) or "://" in path]


def test_editing_growth_leaves_the_comment_features_valid() -> None:
    for growth in ("features/growth.py", "features/growth_frames.py"):
        assert growth in STAGES["extract@growth"]["deps"]
        assert growth not in STAGES["extract@comments"]["deps"]


def test_every_section_of_params_belongs_to_a_stage_or_a_command() -> None:
    sections = yaml.safe_load((ROOT / "params.yaml").read_text())
    of_commands = sections_read({f"pipeline.{name}" for name in COMMANDS})
    assert set(sections) == {entry for stage in STAGES.values() for entry in stage.get("params", [])} | of_commands
