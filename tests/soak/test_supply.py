"""What the supply chain's part finds, and that telemetry is off."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from soak import supply
from soak.supply import HOOK, Licence, kind_of, licence_figures, licences_page, pinned

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("UNKNOWN", "not stated"),
        ("MIT License", "permissive"),
        ("GNU General Public License v3 or later (GPLv3+)", "strong copyleft"),
        ("AGPL-3.0-only", "strong copyleft"),
        ("GPLv2 with linking exception", "a choice"),
        ("EPL-2.0 OR GPL-2.0-or-later", "a choice"),
        ("GNU Library or Lesser General Public License (LGPL)", "weak copyleft"),
        ("Mozilla Public License 2.0 (MPL 2.0)", "weak copyleft"),
    ],
)
def test_licences_are_told_apart(text: str, kind: str) -> None:
    assert Licence("a", "1", text, "use").kind == kind


def test_strong_copyleft_counts_where_running_needs_it_and_nobody_explained_it() -> None:
    gpl = "GNU General Public License v2 (GPLv2)"
    assert licence_figures([])[1].holds
    assert licence_figures([Licence("grandalf", "1", gpl, "use"), Licence("b", "1", gpl, "bench")])[1].holds
    assert not licence_figures([Licence("b", "1", gpl, "use")])[1].holds


def test_the_page_lists_all_and_remarks_on_some() -> None:
    page = licences_page(
        [Licence("pygit2", "1.0", "GPLv2 with linking exception", "use"), Licence("x", "2", "MIT", "")]
    )
    assert "2 packages, 1 of them permissive" in page
    assert "| pygit2 | GPLv2 with linking exception | a choice | use | its exception" in page
    assert "| x | 2 | MIT | - |" in page
    assert kind_of("MIT") == "permissive"


def test_what_is_remarked_on_is_pinned() -> None:
    known = pinned((ROOT / "constraints.txt").read_text().splitlines())
    assert set(supply.NOTED) <= set(known)
    assert len(known) > 200


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"dependencies": [{"name": "a", "skip_reason": "not found"}]}, "not reachable: 0 of "),
        ({"dependencies": [{"name": "a", "vulns": []}]}, "1 of "),
    ],
    ids=["all were skipped", "one was looked at"],
)
def test_an_audit_that_looked_at_nothing_is_no_good_news(
    answer: dict[str, object], value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = subprocess.CompletedProcess([], 0, json.dumps(answer), "No known vulnerabilities found")
    monkeypatch.setattr(supply.subprocess, "run", lambda *_, **__: done)
    assert supply.audited()[0].value.startswith(value)


def test_a_known_fault_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"dependencies": [{"name": "a", "vulns": [{"id": "CVE-1"}]}]}
    done = subprocess.CompletedProcess([], 1, json.dumps(answer), "")
    monkeypatch.setattr(supply.subprocess, "run", lambda *_, **__: done)
    assert [(each.value, each.holds) for each in supply.audited()][1] == ("a CVE-1", False)


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("import socket; socket.socket().connect(('192.0.2.1', 9))", "far socket.connect 192.0.2.1"),
        ("import socket; socket.getaddrinfo('example.invalid', 80)", "far socket.getaddrinfo example.invalid"),
        ("import urllib.request as r; r.urlopen('https://example.invalid')", "far socket.getaddrinfo example.invalid"),
    ],
    ids=["an address", "a name", "a page"],
)
def test_attempts_are_refused_and_noted(program: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    log = tmp_path / "log"
    environment = {"PYTHONPATH": str(tmp_path), "ASSAY_WATCHED_LOG": str(log)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "the network is closed" in done.stderr
    assert expected in log.read_text()


def test_a_socket_of_this_machine_is_no_attempt(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HOOK)
    program = (
        "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); "
        "socket.create_connection(s.getsockname())"
    )
    environment = {"PYTHONPATH": str(tmp_path), "ASSAY_WATCHED_LOG": str(tmp_path / "log")}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    lines = (tmp_path / "log").read_text().splitlines()
    assert lines
    assert all(line.startswith("near ") for line in lines)


# --- telemetry --------------------------------------------------------------------------------------------------------


def test_every_program_of_the_environment_has_telemetry_off(tmp_path: Path) -> None:
    file = ROOT / ".ci" / "no_telemetry.pth"
    (tmp_path / file.name).write_bytes(file.read_bytes())
    program = (
        f"import os, site; site.addsitedir({str(tmp_path)!r}); "
        "print(os.environ['MLFLOW_DISABLE_TELEMETRY'], os.environ['DVC_NO_ANALYTICS'])"
    )
    done = subprocess.run([sys.executable, "-c", program], env={}, capture_output=True, text=True, check=True)
    assert done.stdout == "true true\n"
    assert f"cp .ci/{file.name}" in (ROOT / "Makefile").read_text()


def test_dvc_sends_nothing_whoever_calls_it() -> None:
    text = (ROOT / ".dvc" / "config").read_text()
    assert "analytics = false" in text
    assert "check_update = false" in text


@pytest.mark.slow
def test_the_programs_own_commands_switch_telemetry_off_before_mlflow_is_there() -> None:
    program = (
        "import sys, pipeline.tracking; from mlflow.telemetry.utils import is_telemetry_disabled; "
        "print(is_telemetry_disabled())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env={}, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
