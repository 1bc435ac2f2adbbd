"""Progress: what the line says, who gets to see it, and that nothing of it reaches a log."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.console import reported
from pipeline.progress import Amount, counted, duration, is_watched, live_line, progress, rate_text, steps
from tests.pipeline.projects import ROOT

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def amount(
    done: float = 50, total: float | None = 200, unit: str = "rows", rate: float | None = 10.0, elapsed: float = 5.0
) -> Amount:
    return Amount(done, total, unit, rate, elapsed)


class TestWords:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            pytest.param(0, "0:00", id="nothing"),
            pytest.param(-3, "0:00", id="less than nothing"),
            pytest.param(7.4, "0:07", id="seconds"),
            pytest.param(12 * 60 + 30, "12:30", id="minutes"),
            pytest.param(3600 + 2 * 60 + 3, "1:02:03", id="hours"),
        ],
    )
    def test_a_duration_is_read_as_on_a_clock(self, seconds: float, text: str) -> None:
        assert duration(seconds) == text

    @pytest.mark.parametrize(
        ("per_second", "text"),
        [
            pytest.param(12_345.6, "12,346/s", id="thousands a second"),
            pytest.param(2.25, "2.2/s", id="a few a second"),
            pytest.param(0.05, "3.0/min", id="0.05 * 60 a minute"),
        ],
    )
    def test_a_rate_is_told_in_a_unit_of_time_that_suits_it(self, per_second: float, text: str) -> None:
        assert rate_text(per_second) == text

    def test_time_left_is_what_is_missing_at_the_rate(self) -> None:
        assert amount().left() == "0:15 left"  # (200 - 50) / 10

    @pytest.mark.parametrize(
        "unknown",
        [
            pytest.param(amount(total=None), id="no total"),
            pytest.param(amount(rate=None), id="no rate yet"),
            pytest.param(amount(rate=0.0), id="a rate of nothing"),
        ],
    )
    def test_time_left_is_not_guessed(self, unknown: Amount) -> None:
        assert unknown.left() is None

    @pytest.mark.parametrize(
        ("shown", "width", "text"),
        [
            pytest.param(amount(unit="", total=None), 80, "0:05", id="a phase of no known length"),
            pytest.param(amount(), 80, "50 of 200 rows, 10/s, 0:15 left", id="all is known"),
            pytest.param(amount(total=None), 80, "50 rows, 10/s, 0:05", id="the total is not"),
            pytest.param(amount(done=0, rate=None), 80, "0 of 200 rows, 0:05", id="nothing is done yet"),
            pytest.param(amount(), 40, "25%, 0:15 left", id="a narrow terminal"),
            pytest.param(amount(done=0, total=0, rate=None), 40, "0%", id="nothing to do"),
        ],
    )
    def test_the_amount_says_what_is_known(self, shown: Amount, width: int, text: str) -> None:
        assert shown.text(width) == text


class TestPlainReports:
    """A function of a text is all that the packages and the tests need to know of."""

    def test_no_result_is_no_report(self) -> None:
        told: list[str] = []
        assert list(counted([], told.append, "reading", "rows")) == []
        assert told == []

    def test_each_result_is_counted_in_its_unit_and_handed_on(self) -> None:
        told: list[str] = []
        results = counted(["ab", "c"], told.append, "reading", "letters", 3, size=len)
        assert list(results) == ["ab", "c"]
        assert told == ["reading: 2 of 3 letters", "reading: 3 of 3 letters"]  # 2, then 2 + 1

    def test_without_a_total_the_amount_is_told_alone(self) -> None:
        told: list[str] = []
        advance = steps(told.append, "reading", "rows")
        advance(1000)
        advance(234)
        assert told == ["reading: 1,000 rows", "reading: 1,234 rows"]


def shown(width: int, *, encoding: str = "utf-8", seconds: int = 0) -> str:
    """What a terminal of that width is sent while two phases run; control sequences are taken out.

    The first phase is so many `seconds` old when a quarter of it is done.
    """
    clock = [0.0]
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=file, force_terminal=True, width=width, color_system=None, legacy_windows=False)
    with live_line("score", console) as line:
        line._live.get_time = lambda: clock[0]
        advance = steps(line, "reading posts", "rows", 2000)
        clock[0] = float(seconds)
        advance(500)
        line._live.refresh()
        line("writing")
    file.flush()
    return CONTROL.sub("", raw.getvalue().decode(encoding))


class TestLine:
    def test_it_names_the_phase_and_how_far_it_is(self) -> None:
        text = shown(80)
        assert "score: reading posts 500 of 2,000 rows, 0:00" in text  # too early for a rate
        assert "score: writing 0:00" in text

    def test_rate_and_time_left_are_those_of_the_phase(self) -> None:
        text = shown(80, seconds=10)
        assert "500 of 2,000 rows, 50/s, 0:30 left" in text  # 500 / 10, and 1,500 / 50

    def test_a_wide_terminal_gets_a_bar(self) -> None:
        assert "━" in shown(120)
        assert "━" not in shown(80)

    def test_a_narrow_terminal_gets_a_percentage_and_no_second_line(self) -> None:
        text = shown(40)
        assert "25%" in text
        assert all(len(line) <= 40 for line in re.split(r"[\r\n]+", text))

    def test_an_encoding_without_braille_gets_ascii(self) -> None:
        assert shown(120, encoding="ascii").isascii()

    def test_one_step_alone_is_not_counted(self) -> None:
        file = io.StringIO()
        with live_line("score", Console(file=file, force_terminal=True, width=80)) as line:
            steps(line, "sorting", "buckets", 1)
        assert "sorting" in file.getvalue()
        assert "bucket" not in file.getvalue()

    def test_a_phase_of_text_has_no_amount(self) -> None:
        file = io.StringIO()
        with live_line("score", Console(file=file, force_terminal=True, width=80)) as line:
            line("[red]writing")
        assert "score: [red]writing" in CONTROL.sub("", file.getvalue())

    def test_stdout_stays_stdout(self) -> None:
        before = sys.stdout
        with live_line("score", Console(file=io.StringIO(), force_terminal=True)):
            assert sys.stdout is before


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Stderr seems to be a terminal that somebody looks at."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("CI", raising=False)
    return monkeypatch


class TestWatched:
    @pytest.mark.usefixtures("watched")
    def test_a_terminal_is_watched(self) -> None:
        assert is_watched()

    @pytest.mark.parametrize(
        ("variable", "value"),
        [
            pytest.param("TERM", "dumb", id="a terminal that cannot redraw"),
            pytest.param("CI", "true", id="a job"),
            pytest.param("CI", "1", id="a job that says 1"),
        ],
    )
    def test_nobody_looks(self, variable: str, value: str, watched: pytest.MonkeyPatch) -> None:
        watched.setenv(variable, value)
        assert not is_watched()

    def test_a_variable_that_says_no_job(self, watched: pytest.MonkeyPatch) -> None:
        watched.setenv("CI", "false")
        assert is_watched()

    @pytest.mark.usefixtures("watched")
    def test_quiet_says_nothing_to_a_terminal(self, capsys: pytest.CaptureFixture[str]) -> None:
        with progress("score", quiet=True) as report:
            report("reading")
        assert capsys.readouterr() == ("", "")

    def test_a_log_is_told_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        with progress("score", quiet=False) as report:
            steps(report, "reading", "rows", 10)(5)
        assert capsys.readouterr() == ("", "")


def in_terminal(command: list[str], columns: int, stdout: Path, **environment: str) -> str:
    """What a person sees on stderr at a terminal of so many columns, while stdout goes to a file."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    given = {name: value for name, value in os.environ.items() if name not in ("CI", "COLUMNS", "NO_COLOR")}
    with stdout.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=slave, stdout=file, stderr=slave, env={**given, "TERM": "xterm", **environment}
        )
        os.close(slave)
        seen = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # how Linux says that the other end is closed
                break
            if not piece:
                break
            seen += piece
    os.close(master)
    assert process.wait() == 0, seen
    return seen.decode()


WORK = """
import sys
from pipeline.console import reported
from pipeline.progress import counted
with reported(False, "count") as report:
    for number in counted(range(3), report, "counting", "numbers", 3):
        print(number)
"""


class TestTerminal:
    def test_the_line_is_gone_at_the_end_and_results_go_to_the_file(self, tmp_path: Path) -> None:
        seen = in_terminal([sys.executable, "-c", WORK], 80, tmp_path / "out")
        assert "count: counting" in CONTROL.sub("", seen)
        assert seen.rstrip().endswith("\x1b[2K")  # the last that was sent erases the line
        assert (tmp_path / "out").read_text() == "0\n1\n2\n"

    @pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"CI": "true"}], ids=["dumb", "CI"])
    def test_nothing_is_sent_where_nobody_looks(self, environment: dict[str, str], tmp_path: Path) -> None:
        assert in_terminal([sys.executable, "-c", WORK], 80, tmp_path / "out", **environment) == ""

    def test_no_colour_where_none_is_wanted(self, tmp_path: Path) -> None:
        seen = in_terminal([sys.executable, "-c", WORK], 80, tmp_path / "out", NO_COLOR="1")
        assert re.search(r"\x1b\[(3|4|9)\d", seen) is None


class _Import:
    """As a module in C that is being imported, or an object that ends: it drops every exception."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


class TestRequestToEnd:
    """SIGTERM, as docker, systemd and clusters send it."""

    def test_it_is_no_exception_that_a_library_would_catch(self) -> None:
        caught = []

        def importing() -> None:
            try:
                signal.raise_signal(signal.SIGTERM)
            except Exception as error:  # noqa: BLE001 - as libraries do
                caught.append(error)

        with pytest.raises(SystemExit) as ended, reported(quiet=True, title="score"):
            importing()
        assert ended.value.code == 128 + 15
        assert caught == []

    def test_where_it_is_lost_the_next_report_of_progress_ends_the_command(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        done = []

        def score(report: Callable[[str], None]) -> None:
            report("before")
            _Import()
            done.append("the import")
            report("after")
            done.append("more")

        with pytest.raises(SystemExit) as ended, reported(quiet=True, title="score") as report:
            score(report)
        assert ended.value.code == 128 + 15
        assert done == ["the import"]
        assert capsys.readouterr().err == ""

    def test_a_live_line_hears_it_too(self) -> None:
        console = Console(file=io.StringIO(), force_terminal=True, width=80)
        asked: list[int] = []
        with live_line("score", console, lambda: asked.append(1)) as line:
            asked.clear()
            line("reading")
            assert asked
            asked.clear()
            line.advance(1)
            assert asked == [1]

    def test_afterwards_signals_mean_what_they_did(self) -> None:
        former, hook = signal.getsignal(signal.SIGTERM), sys.unraisablehook
        with pytest.raises(SystemExit), reported(quiet=True, title="score"):
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is former
        assert sys.unraisablehook is hook
