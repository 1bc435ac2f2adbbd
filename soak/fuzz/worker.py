"""`python -m soak.fuzz.worker`: judges a slice of the datasets and prints a line of JSON for each.

A process of its own, so that a crash of native code is told from an error, and ends no more than itself.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

from soak.fuzz.generating import base_of, clean_rows, generated
from soak.fuzz.oracle import LONGEST_SECONDS, Oracle


def main() -> None:
    """Judge datasets `--first` to `--last` of the run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--last", type=int, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    share_model()
    scratch = Path(tempfile.mkdtemp(prefix="assay-fuzz-"))
    try:
        judge(options.seed, range(options.first, options.last), Oracle(scratch, options.model), keep=options.keep)
    finally:
        if not options.keep:
            shutil.rmtree(scratch, ignore_errors=True)


def judge(seed: int, numbers: range, oracle: Oracle, *, keep: bool = False) -> None:
    """Print `{"number": …}` before and the outcome after each dataset."""
    for number in numbers:
        print(json.dumps({"number": number}), flush=True)
        # Native code that never comes back ends the process: no signal reaches Python then.
        faulthandler.dump_traceback_later(2 * LONGEST_SECONDS, exit=True)
        dataset = generated(seed, number)
        outcome = oracle.judge(dataset, number, base_of(seed, number), clean_rows(seed, number))
        faulthandler.cancel_dump_traceback_later()
        if not (keep and outcome.faults):
            shutil.rmtree(oracle.scratch / f"dataset-{number}", ignore_errors=True)
        print(
            json.dumps(
                {
                    "number": number,
                    "exit_code": outcome.exit_code,
                    "quarantined": outcome.quarantined,
                    "tables": outcome.tables,
                    "compared": outcome.compared,
                    "faults": outcome.faults,
                    "mutations": dataset.mutations,
                    "forms": sorted({content.form for content in dataset.tables.values()}),
                }
            ),
            flush=True,
        )


def share_model() -> None:
    """Read a bundle once in this process: what is judged here is what becomes of data, not of models."""
    from models.bundle import Bundle
    from pipeline import bundles

    bundles.load_scorer = cache(bundles.load_scorer)
    to_files = Bundle.to_files
    kept: dict[int, tuple[Bundle, dict[str, bytes]]] = {}

    def once(bundle: Bundle) -> dict[str, bytes]:
        if id(bundle) not in kept:
            kept[id(bundle)] = (bundle, to_files(bundle))  # the bundle too, so that no other takes its id
        return kept[id(bundle)][1]

    Bundle.to_files = once  # type: ignore[method-assign]


if __name__ == "__main__":
    sys.exit(main())
