"""Audit stage `track`: the audit's report, figures and limits on the MLflow run of the model that was audited."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline import layout
from pipeline.audit.page import audit_page
from pipeline.card import card_page
from pipeline.params import read_section
from pipeline.storage import atomic_path, read_json, write_json
from pipeline.track import TrackParams
from pipeline.tracking import attach_to_run

CONTENT_TAG = "audit_sha256"
NOT_IN_A_NAME = r"[^\w\-. :/]"
"""What MLflow refuses in the name of a metric."""


def run(report: Callable[[str], None]) -> None:
    """The stage.

    Raises:
        UnusableInputError: the audited model was not tracked, or the store cannot be used.
    """
    params = read_section("track", TrackParams)
    tracked = read_json(layout.TRACKED)
    report("MLflow")
    with atomic_path(layout.AUDIT_PAGE) as page:
        page.write_text(audit_page(), encoding="utf-8")
    with atomic_path(layout.AUDIT_CARD) as page:
        page.write_text(card_page(), encoding="utf-8")
    files = {
        f"audit/{layout.AUDIT_PAGE.name}": layout.AUDIT_PAGE,
        f"documents/{layout.AUDIT_CARD.name}": layout.AUDIT_CARD,
        **dict(report_files()),
    }
    digest = hashlib.sha256(b"".join(path.read_bytes() for _, path in sorted(files.items()))).hexdigest()
    limits = read_json(layout.AUDIT_SUMMARY)["limits"]
    metrics = {
        f"audit/{re.sub(NOT_IN_A_NAME, '', each['name'])}": each["value"]
        for each in limits
        if each["value"] is not None
    }
    metrics["audit/limits that do not hold"] = float(sum(not each["holds"] and not each["is_goal"] for each in limits))
    attach_to_run(params.experiment, tracked["model_sha256"], (CONTENT_TAG, digest), metrics, files)
    write_json({"model_sha256": tracked["model_sha256"], CONTENT_TAG: digest}, layout.AUDIT_TRACKED)


def report_files() -> Iterator[tuple[str, Path]]:
    """The audit's reports and figures by their place in the run."""
    for path in sorted(layout.AUDIT_SUMMARY.parent.glob("*.json")):
        yield f"audit/{path.name}", path
    for path in sorted(layout.AUDIT_FIGURES.glob("*.png")):
        yield f"audit/figures/{path.name}", path
