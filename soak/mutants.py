"""The changes that a mutation run may make: every place of the code where cosmic-ray can change something.

One operator of the source can be changed in eleven ways and one number in two, so a draw among changes would mostly ask
whether a sum of a date and a text is noticed. A draw here is of a place, then of one change at it.
"""

from __future__ import annotations

import ast
import difflib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

Position = tuple[int, int]
COMPILED = "njit"
"""A decorator that does nothing in a run without the compiler, so that taking it away is no change."""


@dataclass(frozen=True)
class Change:
    """One thing that cosmic-ray can do to a module: the operator's name, and its occurrence in the module from 0."""

    operator: str
    occurrence: int


@dataclass(frozen=True)
class Place:
    """Where a module can be changed: its path, the first line (from 1) and column (from 0), and the changes there."""

    path: Path
    line: int
    column: int
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Mutant:
    """One change at one place."""

    path: Path
    line: int
    change: Change

    def source(self, root: Path) -> str:
        """The module with the change in it."""
        operator = get_operator(self.change.operator)()
        changed = mutate_code((root / self.path).read_text(encoding="utf-8"), operator, self.change.occurrence)
        if changed is None:
            raise LookupError(f"{self.path}: no occurrence {self.change.occurrence} of {self.change.operator}")
        return str(changed)

    def difference(self, root: Path) -> str:
        """The lines taken away and put in."""
        before = (root / self.path).read_text(encoding="utf-8").splitlines()
        lines = list(difflib.unified_diff(before, self.source(root).splitlines(), lineterm="", n=0))
        return "\n".join(line for line in lines[2:] if not line.startswith("@@"))


def places_of(path: Path, root: Path) -> list[Place]:
    """Every place of one module, in the order of the source; what runs nowhere (annotations) left out."""
    source = (root / path).read_text(encoding="utf-8")
    idle = list(_idle(source))
    tree = get_ast(source)
    nodes = list(ast_nodes(tree))
    found: dict[tuple[Position, Position], list[Change]] = {}
    for name in sorted(operator_names()):
        operator_class = get_operator(name)
        if operator_class.arguments():
            continue  # needs the names of variables: not for a run over all modules
        operator = operator_class()
        positions = (position for node in nodes for position in operator.mutation_positions(node))
        for occurrence, (start, end) in enumerate(positions):
            if not any(first <= start < last for first, last in idle):
                found.setdefault((start, end), []).append(Change(name, occurrence))
    return [Place(path, start[0], start[1], tuple(changes)) for (start, _), changes in sorted(found.items())]


def _idle(source: str) -> Iterator[tuple[Position, Position]]:
    """Stretches that no run evaluates: annotations of functions and of what is in them, the compiler's decorator."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        annotations = [argument.annotation for argument in arguments if argument] + [node.returns]
        annotations += [inner.annotation for inner in ast.walk(node) if isinstance(inner, ast.AnnAssign)]
        for annotation in annotations:
            if annotation is not None:
                yield _stretch(annotation)
        for decorator in node.decorator_list:
            if COMPILED in ast.unparse(decorator):
                first, last = _stretch(decorator)
                yield (first[0], 0), (last[0] + 1, 0)


def _stretch(node: ast.expr) -> tuple[Position, Position]:
    """From the node's first position to behind its last."""
    return (node.lineno, node.col_offset), (node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


def drawn(places: list[Place], count: int, seed: int) -> list[Mutant]:
    """A sample stratified by module: in proportion to its places, at least one; one change at each, in random order.

    The order is random so that a run that is out of time has tried a fair part of it.
    """
    modules: dict[Path, list[Place]] = {}
    for place in places:
        modules.setdefault(place.path, []).append(place)
    dice = random.Random(seed)
    taken = []
    for path in sorted(modules):
        wanted = max(1, round(count * len(modules[path]) / len(places)))
        places_taken = dice.sample(modules[path], min(wanted, len(modules[path])))
        taken += [Mutant(path, place.line, dice.choice(place.changes)) for place in places_taken]
    dice.shuffle(taken)
    return taken
