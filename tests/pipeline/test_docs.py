"""The command `docs`: pages that say what the code says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from features.catalog import features
from features.signals import SIGNALS
from features.tables import CONTRACTS
from pipeline.docs import FIGURES_END, FIGURES_START, pages
from tests.pipeline.dataset_builders import content_of
from tests.pipeline.projects import invoke, refused


@pytest.fixture(autouse=True)
def folder(audited: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with reports and a README, and no page yet."""
    shutil.copytree(audited / "reports", tmp_path / "reports")
    (tmp_path / "README.md").write_text(f"# Assay\n\n{FIGURES_START}\n{FIGURES_END}\n\nBy hand.\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_missing_pages_are_stale_and_none_is_written_by_a_check(folder: Path) -> None:
    before = content_of(folder)
    message = refused("docs", "--check")
    assert all(f"docs: {path} is not what" in message for path in pages())
    assert "Run 'make docs'" in message
    assert content_of(folder) == before


def test_what_was_written_by_hand_stays(folder: Path) -> None:
    assert invoke("docs").exit_code == 0
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text.startswith(f"# Assay\n\n{FIGURES_START}\n")
    assert text.endswith(f"{FIGURES_END}\n\nBy hand.\n")
    assert "auc" in text.lower()


def test_without_reports_there_is_a_message_and_no_trace(folder: Path) -> None:
    (folder / "reports" / "metrics.json").unlink()
    assert "metrics.json" in refused("docs", "--check")


def test_written_pages_are_fresh() -> None:
    assert invoke("docs").exit_code == 0
    assert invoke("docs", "--check").exit_code == 0
    assert {path: path.read_text(encoding="utf-8") for path in pages()} == pages()


@pytest.mark.parametrize(
    "page", ["docs/features.md", "docs/data.md", "docs/results.md", "docs/audit.md", "docs/model-card.md"]
)
def test_one_stale_page_is_named_alone_and_mended(page: str) -> None:
    assert invoke("docs").exit_code == 0
    with Path(page).open("a", encoding="utf-8") as file:
        file.write("A sentence by hand.\n")
    assert refused("docs", "--check").startswith(f"docs: {page} is not what the code says.")
    assert invoke("docs").exit_code == 0
    assert invoke("docs", "--check").exit_code == 0


def test_every_feature_and_every_column_has_its_row() -> None:
    text = {str(path): content for path, content in pages().items()}
    for name in features():
        assert text["docs/features.md"].count(f"| `{name}` |") == 1, name
    for signal in SIGNALS.values():
        assert text["docs/features.md"].count(f"\n| {signal.heading} | ") == 1, signal.heading
    for contract in CONTRACTS.values():
        section = text["docs/data.md"].split(f"\n## {contract.name}\n")[1].split("\n## ")[0]
        assert [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")] == list(contract.schema)


def test_every_row_of_a_table_has_the_cells_of_its_head() -> None:
    for path, content in pages().items():
        width = 0
        for line in content.splitlines():
            cells = line.replace("\\|", "").count("|") if line.startswith("|") else 0
            assert not (width and cells) or cells == width, (path, line)
            width = cells
