"""One look for all commands: tables, sentences, and the command that comes next."""

from __future__ import annotations

import io
import sys

import pytest
import typer
from rich.console import Console

from pipeline.console import reported
from pipeline.errors import UnusableInputError
from pipeline.plain import LONGEST_LINE, MOST_LINES, markdown
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

    def test_an_interval_gives_way_to_words_and_a_bare_number_does_not(self) -> None:
        console, raw = plain(36)
        show_table(console, "", ("figure", "value", "accounts"), [("recall of these", "0.41 (0.38 to 0.43)", "73,114")])
        text = raw.getvalue().decode()
        assert "73,114" in text
        assert "0.41 (0.38 to 0.43)" not in text
        assert all(word in text for word in ("recall", "these", "0.41", "0.43)"))

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


UNSEEN = {
    "an escape sequence": ("\x1b[31mred", "\\x1b[31mred"),
    "a line of its own": ("a\r\nscored: 5", "a\\r\\nscored: 5"),
    "another direction": ("a\u202eb\u2066", "a\\u202eb\\u2066"),
    "no width": ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
    "emoji": ("\U0001f469\u200d\U0001f467", "\U0001f469\u200d\U0001f467"),
}


@pytest.mark.parametrize("what", UNSEEN)
def test_what_others_wrote_is_shown_and_never_obeyed(what: str) -> None:
    text, shown = UNSEEN[what]
    console, raw = plain(120, terminal=False)
    warn(console, [text])
    say(console, text)
    show_table(console, text, (text,), [(text,)])
    lines = [line.strip() for line in lines_of(raw)]
    assert lines[:3] == [f"warning: {shown}", shown, shown]
    assert lines.count(shown) == 4  # a sentence, a title, a head, a cell


@pytest.mark.parametrize("what", UNSEEN)
def test_an_error_that_quotes_a_cell_is_one_line(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    text, shown = UNSEEN[what]
    with pytest.raises(typer.Exit), reported(quiet=True, title="score"):
        raise UnusableInputError([f"posts: {text}", "accounts: x"])
    assert capsys.readouterr().err == f"posts: {shown}\naccounts: x\n"


def test_a_message_of_megabytes_is_cut_and_ends_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit), reported(quiet=True, title="score"):
        raise UnusableInputError([f"posts: Found: {'x' * 10**7}. Rename it.", *["accounts: x"] * 1_000])
    first, *others = capsys.readouterr().err.splitlines()
    assert len(first) < LONGEST_LINE + 100
    assert first.startswith("posts: Found: xxx")
    assert first.endswith("xxx. Rename it.")
    assert others[-2:] == ["accounts: x", f"... and {1_001 - MOST_LINES:,} more."]


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:alert(1))", "![a](http://b)", "<img src=x>", "a | b", "`a`", "**a**", "http://b", "www.b",
        "a\n\n# b", "\\[a](b)",
    ],
    ids=["link", "picture", "markup", "cell", "code", "bold", "address", "www", "heading", "escaped link"],
)  # fmt: skip
def test_names_in_markdown_are_text(text: str) -> None:
    from markdown_it import MarkdownIt

    read = MarkdownIt("gfm-like", {"linkify": False})
    (paragraph,) = [token for token in read.parse(f"name {markdown(text)} end") if token.type == "inline"]
    assert {token.type for token in paragraph.children or []} <= {"text", "text_special"}
