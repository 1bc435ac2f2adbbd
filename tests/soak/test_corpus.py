"""Small damaged folders, each with what must become of it beside it: what fuzzing found, and what it may never find."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.dataset import prepare_dataset
from pipeline.errors import AssayError
from pipeline.params import as_instant

CORPUS = Path(__file__).parent / "corpus"
CASES = sorted(path for path in CORPUS.iterdir() if path.is_dir())


def test_every_case_says_what_is_owed() -> None:
    assert [path.stem for path in sorted(CORPUS.glob("*.json"))] == [path.name for path in CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_a_damaged_folder_comes_to_what_is_owed(case: Path, tmp_path: Path) -> None:
    owed = json.loads((CORPUS / f"{case.name}.json").read_text(encoding="utf-8"))
    as_of = as_instant(owed["as_of"]) if "as_of" in owed else None
    exit_code, said, counts = 0, "", {}
    try:
        summary = prepare_dataset(case, tmp_path / "out", as_of=as_of, buckets=2, max_quarantined_share=0.05)
        counts = {table: each.model_dump(exclude={"problems", "repaired"}) for table, each in summary.tables.items()}
    except AssayError as error:
        exit_code, said = error.exit_code, str(error)
    assert exit_code == owed["exit_code"], said
    assert said.startswith(owed.get("message", ""))
    assert counts == owed.get("tables", {})
