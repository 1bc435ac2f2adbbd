"""A small project that the stages run in, and the commands as a person calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import yaml
from click.testing import Result
from typer.testing import CliRunner

from pipeline import evaluate, extract, prepare, score, shortlist, simulate, train
from pipeline.__main__ import app
from tests.pipeline.dataset_builders import Frames, content_of

ROOT = Path(__file__).parent.parent.parent
GROUPS = ("growth", "comments", "engagement", "profile")

SMALL: dict[str, dict[str, Any]] = {
    "simulate": {
        "cohorts": 10,
        "smallest_cohort": 60,
        "largest_cohort": 350,
        "incoming_seed": 700_001,
        "incoming_accounts": 80,
        "candidates": 12,
        "jobs": 1,
    },
    "prepare": {"buckets": 3, "jobs": 1},
    "train": {
        "num_leaves": 7,
        "learning_rate": 0.2,
        "num_boost_round": 30,
        "early_stopping_rounds": 10,
        "min_child_samples": 10,
        "tune_share": 0.25,
        # Passing below 1 / 5, the prevalence itself: some accounts lie above it and some below, however weak the model.
        "cost_pay_inauthentic": 5.0,
    },
    "tune": {
        "trials": 2,
        "replicates": 20,
        "false_positive_share": 0.2,
        "space": {"num_leaves": {"low": 2, "high": 15, "log": True}, "monotone": [True, False]},
    },
    "evaluate": {"replicates": 40, "jobs": 1},
    "score": {"jobs": 1},
    "shortlist": {"jobs": 1},
    "promote": {"cohorts": 5, "smallest_cohort": 30, "largest_cohort": 60, "replicates": 20, "jobs": 1},
    "audit_cohorts": {"cohorts": 6, "smallest_cohort": 60, "largest_cohort": 150, "batches": {40: 2, 80: 1}, "jobs": 1},
    "audit_scores": {"jobs": 1},
    "audit_leakage": {"replicates": 20, "jobs": 1},
    "audit_realism": {"cohorts": 1, "jobs": 1},
    "audit_generalisation": {"cohort_counts": [2, 4], "account_shares": [0.5], "repeats": 1, "replicates": 20},
    "audit_ablation": {"replicates": 20},
    "audit_catalogue": {"perturbed_accounts": 60, "replicates": 20, "jobs": 1},
    "audit_robustness": {"accounts": 120, "replicates": 20, "jobs": 1},
    "audit_evasion": {
        "accounts_per_scheme": 2,
        "budgets": [100],
        "rounds": 1,
        "proposals": 1,
        "random_plans": 1,
        "refinements": 1,
        "replicates": 20,
        "jobs": 1,
    },
    "audit_rival": {"accounts_per_size": 3, "budgets": [30, 300], "rounds": 1, "replicates": 20, "jobs": 1},
    "audit_recall": {"replicates": 20},
}
"""What differs from the repository's params.yaml: sizes, above all."""


def write_params(folder: Path, **changes: dict[str, Any]) -> None:
    """The repository's params.yaml, made small, with a section's keys changed further; and no own accounts."""
    (folder / "own").mkdir(exist_ok=True)
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    for sections in (SMALL, changes):
        for section, values in sections.items():
            params[section] |= values
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def run_stages() -> None:
    """Every stage but `track`, in the working directory."""
    simulate.run(silent)
    prepare.run(silent)
    for group in GROUPS:
        extract.run(group, silent)
    train.run(silent)
    evaluate.run(silent)
    score.run(silent)
    shortlist.run(silent)


def silent(_: str) -> None:
    """A progress report that nobody watches."""


def results_of(folder: Path) -> dict[str, bytes]:
    """Every file that the stages leave, by path."""
    return {
        f"{part}/{name}": content for part in ("data", "reports") for name, content in content_of(folder / part).items()
    }


def invoke(*arguments: object) -> Result:
    """Run a command in this process. What is no foreseen end is raised, so that no test mistakes it for one."""
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def refused(*arguments: object, code: int = 2) -> str:
    """Run a command that ends with `code`, a message and an empty stdout; returns the message."""
    result = invoke(*arguments)
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.strip()
    return " ".join(result.stderr.replace("│", " ").split())


def read(folder: Path) -> Frames:
    """The tables of a dataset folder of single Parquet files."""
    return {path.stem: pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
