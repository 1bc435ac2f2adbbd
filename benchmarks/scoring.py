"""The measured work of `python -m pipeline score`: the whole command, and what its phases cost."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.measuring import cpu_seconds

PHASES: dict[str, tuple[tuple[str, str], ...]] = {
    "prepare: check, clean, put into buckets": (("pipeline.aside", "prepare_dataset"),),
    "read the buckets": (("pipeline.score_bucket", "read_bucket"),),
    "extract features": (("pipeline.score_bucket", "compute"),),
    "predict": (("models.scoring", "Scorer.score"),),
    "contributions of what is reviewed or rejected": (("models.scoring", "contributions_of"),),
    "benign explanations": (("pipeline.score_bucket", "explanations"),),
    "evidence": (("pipeline.score_bucket", "evidence_of_reasons"),),
    "across accounts (network)": (("pipeline.score", "write_network"),),
    "write": (
        ("pipeline.parts", "Parts.write"),
        ("pipeline.score", "write_parquet_parts"),
        ("pipeline.score", "publish"),
    ),
}
"""Phases of `score` and the functions that they are, where they are looked up: what runs inside another counts there
alone. A test tells when one is renamed."""

REST = "all else"


def score(folder: Path, output: Path, model: str, jobs: int = 1, engine: str = "threads") -> dict[str, Any]:
    """Run the command in this process.

    Returns:
        `accounts` scored, `flagged`: share of them reviewed or rejected, who cost reasons and evidence, and `digest`:
        SHA-256 of scores.parquet and of evidence.parquet.
    """
    from pipeline.__main__ import app

    arguments = ["score", "--input", folder, "--output", output, "--model", model, "--jobs", jobs, "--quiet"]
    if engine != "threads":
        arguments += ["--engine", engine]
    app([str(each) for each in arguments], prog_name="python -m pipeline", standalone_mode=False)
    files = [output / name for name in ("scores.parquet", "evidence.parquet")]
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    verdict = pl.read_parquet(files[0], columns=["verdict"])["verdict"]
    return {"accounts": len(verdict), "flagged": verdict.is_in(["review", "reject"]).mean(), "digest": digest}


def has_engines() -> bool:
    """Whether `score` can be told where to work."""
    from pipeline import __main__ as commands

    return "engine" in inspect.signature(commands.score).parameters


def phase_costs(folder: Path, output: Path, model: str) -> list[dict[str, Any]]:
    """CPU seconds of each phase of `score`, one worker; what one phase calls of another counts for that one alone."""
    spent = dict.fromkeys(PHASES, 0.0)
    stack: list[float] = []

    def timed(phase: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            started = cpu_seconds()
            stack.append(0.0)
            try:
                return work(*arguments, **named)
            finally:
                whole = cpu_seconds() - started
                spent[phase] += whole - stack.pop()
                if stack:
                    stack[-1] += whole

        return call

    with _replaced(timed):
        started = cpu_seconds()
        score(folder, output, model)
        whole = cpu_seconds() - started
    rows = [{"phase": phase, "cpu_seconds": seconds} for phase, seconds in spent.items()]
    return [*rows, {"phase": REST, "cpu_seconds": max(whole - sum(spent.values()), 0.0)}]


@contextmanager
def _replaced(timed: Callable[[str, Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """Every function of `PHASES` replaced by its timed self."""
    former: list[tuple[Any, str, Callable[..., Any]]] = []
    try:
        for phase, functions in PHASES.items():
            for module, path in functions:
                owner, name = place_of(module, path)
                former.append((owner, name, getattr(owner, name)))
                setattr(owner, name, timed(phase, getattr(owner, name)))
        yield
    finally:
        for owner, name, function in reversed(former):
            setattr(owner, name, function)


def place_of(module: str, path: str) -> tuple[Any, str]:
    """What holds the function, and the function's name in it. AttributeError where there is none."""
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    getattr(owner, name)
    return owner, name
