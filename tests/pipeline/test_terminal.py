"""One look for all commands: tables, sentences, and the command that comes next."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from pipeline.terminal import NUMBER, for_people, for_results, next_step, pipeline_step, say, show_table, warn


def plain(width: int, *, encoding: str = "utf-8", terminal: bool = True) -> tuple[Console, io.BytesIO]:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, errors="strict", write_through=True)
    return Console(file=file, width=width, force_terminal=terminal, color_system=None, highlight=False), raw


def lines_of(raw: io.BytesIO, encoding: str = "utf-8") -> list[str]:
    return [line.rstrip() for line in raw.getvalue().decode(encoding).splitlines()]


class TestTable:
    def test_no_row_is_a_head_alone(self) -> None:
        console, raw = plain(80)
        show_table(console, "Rows", ("table", "rows"), [])
        assert lines_of(raw)[:2] == ["Rows", "table   rows"]

    def test_numbers_are_flush_right_and_words_left(self) -> None:
        console, raw = plain(80)
        show_table(console, "Rows", ("table", "rows"), [("posts", "1,234"), ("comments", "5")])
        assert lines_of(raw)[1:] == [
            "table       rows",
            "────────────────",
            "posts      1,234",
            "comments       5",
            "",
        ]

    @pytest.mark.parametrize(
        ("cell", "is_number"),
        [
            ("1,234", True),
            ("-3", True),
            ("12.5%", True),
            ("0.912 (0.900 to 0.920)", True),
            ("0.900 to 0.920", True),
            ("410/s", True),
            ("-", True),
            ("", True),
            ("cannot be told", False),
            ("3 accounts", False),
            ("0032d6d49896", False),
        ],
    )
    def test_what_a_number_is(self, cell: str, is_number: bool) -> None:  # noqa: FBT001 - a parameter
        assert (NUMBER.fullmatch(cell) is not None) == is_number

    def test_markup_is_text(self) -> None:
        console, raw = plain(80)
        show_table(console, "[b]x", ("[i]head",), [("[/x]",), ("[red]y",)])
        text = "\n".join(lines_of(raw))
        assert all(part in text for part in ("[b]x", "[i]head", "[/x]", "[red]y"))

    def test_a_narrow_terminal_loses_no_letter(self) -> None:
        console, raw = plain(20)
        show_table(console, "Rows", ("table", "rows"), [("followers_daily_of_long_name", "1,234,567")])
        lines = lines_of(raw)
        assert all(len(line) <= 20 for line in lines)
        names = [line.split()[0] for line in lines[3:] if line]
        assert "".join(names) == "followers_daily_of_long_name"

    def test_ascii_where_the_encoding_is_no_more(self) -> None:
        console, raw = plain(80, encoding="ascii")
        show_table(console, "Rows", ("table", "rows"), [("posts", "1,234")])
        assert raw.getvalue().isascii()
        assert "posts" in raw.getvalue().decode()


class TestSentences:
    TEXT = "one two three four"

    def test_a_terminal_breaks_between_words(self) -> None:
        console, raw = plain(10)
        say(console, self.TEXT)
        assert lines_of(raw) == ["one two", "three four"]

    def test_a_log_has_it_on_one_line(self) -> None:
        console, raw = plain(10, terminal=False)
        warn(console, [self.TEXT])
        assert lines_of(raw) == [f"warning: {self.TEXT}"]

    def test_no_warning_is_no_line(self) -> None:
        console, raw = plain(10)
        warn(console, [])
        assert raw.getvalue() == b""

    def test_a_command_is_never_broken_and_its_words_are_quoted(self) -> None:
        console, raw = plain(10)
        pipeline_step(console, "score", "--input", "my exports", "--output", "[red]out")
        assert lines_of(raw) == ["next: python -m pipeline score --input 'my exports' --output '[red]out'"]

    def test_a_command_of_another_program(self) -> None:
        console, raw = plain(80)
        next_step(console, "dvc", "repro")
        assert lines_of(raw) == ["next: dvc repro"]


class TestStreams:
    def test_people_are_spoken_to_on_stderr(self, capsys: pytest.CaptureFixture[str]) -> None:
        say(for_people(), "done")
        assert capsys.readouterr() == ("", "done\n")

    def test_results_go_to_stdout(self, capsys: pytest.CaptureFixture[str]) -> None:
        say(for_results(), "figure")
        assert capsys.readouterr() == ("figure\n", "")

    def test_a_result_that_the_encoding_lacks_is_written_all_the_same(self, monkeypatch: pytest.MonkeyPatch) -> None:
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
        say(for_results(), "Zoë")
        assert raw.getvalue() == b"Zo\\xeb\n"
