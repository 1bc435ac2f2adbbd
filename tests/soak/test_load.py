"""Load: what counts as growth, and a handful of calls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from soak import load
from soak.load import Held, digest_of, growth

CALM = Held(resident=400 << 20, files=10, threads=3, temporary=0, kernels=50, beside=0)


@pytest.fixture(scope="session")
def model(project: Path) -> Path:
    return project / "data" / "model"


@pytest.fixture(scope="session")
def incoming(project: Path) -> Path:
    return project / "data" / "raw" / "incoming"


def test_a_process_that_stays_as_it_is_does_not_grow() -> None:
    memory, others = growth([CALM] * 20)
    assert memory.holds
    assert memory.value.startswith("+0.0 kB (+0.0 to +0.0), at 400 MB")
    assert others.value.startswith("0 open files, 0 threads")


def test_forty_kilobytes_a_call_are_a_leak_and_the_first_half_is_not_looked_at() -> None:
    leaking = [replace(CALM, resident=CALM.resident + 40_960 * number) for number in range(20)]
    settling = [replace(CALM, resident=CALM.resident - 40_960 * max(10 - number, 0)) for number in range(20)]
    assert not growth(leaking)[0].holds
    assert growth(settling)[0].holds


@pytest.mark.parametrize("what", ["files", "threads", "temporary", "kernels", "beside"])
def test_one_more_of_anything_is_a_leak(what: str) -> None:
    assert not growth([*[CALM] * 19, replace(CALM, **{what: getattr(CALM, what) + 1})])[1].holds


def test_the_seconds_alone_may_differ(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text('{"seconds": 1.0, "verdicts": {}}')
    before = digest_of(tmp_path)
    (tmp_path / "summary.json").write_text('{"seconds": 2.0, "verdicts": {}}')
    assert digest_of(tmp_path) == before
    (tmp_path / "summary.json").write_text('{"seconds": 2.0, "verdicts": {"pass": 1}}')
    assert digest_of(tmp_path) != before


@pytest.mark.slow
def test_calls_after_each_other_and_at_once_agree(model: Path, incoming: Path, tmp_path: Path) -> None:
    after = load.in_one_process(incoming, model, 4, tmp_path)
    assert after[1].value == "1"
    (at_once,) = load.in_threads(incoming, model, 2, tmp_path)
    assert at_once.holds
