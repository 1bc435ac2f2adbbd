"""What the pages for people say, against what is there: links, anchors, commands, targets, numbers, worked examples."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.testing import CliRunner

from features import sufficiency
from models import drift
from models.thresholds import Costs, cost_cuts
from pipeline.__main__ import app
from pipeline.audit.__main__ import app as audit_app

ROOT = Path(__file__).parent.parent
NOT_OURS = ("data", "mlruns", "mlartifacts", "build", "own")
"""Folders whose pages are not the project's; `own/` holds a user's files beside its own page."""

APPS = {"pipeline": typer.main.get_command(app), "pipeline.audit": typer.main.get_command(audit_app)}
COMMAND = re.compile(r"python -m (pipeline(?:\.audit)?) ([^`]*)")
MADE_UP = {"…", "..."}
"""Stand for arguments that the sentence leaves out."""


def pages() -> list[str]:
    """Every page in Markdown, by its path below the project's folder."""
    tops = [
        path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".") and path.name not in NOT_OURS
    ]
    found = [*ROOT.glob("*.md"), ROOT / "own" / "README.md", *(page for top in tops for page in top.rglob("*.md"))]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


PAGES = pages()


@cache
def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def code_blocks(text: str) -> list[str]:
    """What is fenced, and what is indented by four spaces after an empty line."""
    fenced = re.findall(r"^```[^\n]*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"(?:\A|\n)\n((?:(?: {4}[^\n]*)?\n)+)", rest + "\n")
    return [*fenced, *(re.sub(r"^ {4}", "", block, flags=re.MULTILINE) for block in indented if block.strip())]


def prose(text: str) -> str:
    """The text without its blocks of code."""
    rest = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(\A|\n)\n((?:(?: {4}[^\n]*)?\n)+)", r"\1\n\n", rest + "\n")


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for title in re.findall(r"^#{1,6} +(.+?) *#*$", prose(text), flags=re.MULTILINE):
        shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title)
        anchor = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        repeated = sum(1 for other in found if re.fullmatch(re.escape(anchor) + r"(-\d+)?", other))
        found.add(f"{anchor}-{repeated}" if anchor in found else anchor)
    return found


def links(text: str) -> Iterator[str]:
    """Targets of the links and pictures of a page that lead into the project."""
    spoken = re.sub(r"`[^`\n]*`", "`code`", prose(text))
    in_brackets, in_tags = r"\]\(\s*<?([^)\s>]+)>?[^)]*\)", r"<(?:a|img)\b[^>]*?\b(?:href|src)=\"([^\"]+)\""
    for target in [*re.findall(in_brackets, spoken), *re.findall(in_tags, spoken)]:
        if not re.match(r"[a-z][a-z0-9+.-]*:", target):
            yield target


def test_anchors_are_those_of_github() -> None:
    text = "# What's in `a_b`?\n\n## 2026-11-21 · How [many](x.md)\n\n## Twice\n\n## Twice\n\n```\n# no heading\n```\n"
    assert anchors(text) == {"whats-in-a_b", "2026-11-21--how-many", "twice", "twice-1"}


def test_links_in_code_are_none() -> None:
    text = '[a](b.md#c) `[d](e.md)` ![f](g.png)\n\n    [h](i.md)\n\n[j](https://k.org) <img width="9" src="l.png">\n'
    assert list(links(text)) == ["b.md#c", "g.png", "l.png"]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    broken = []
    for target in links(text_of(page)):
        path, _, anchor = target.partition("#")
        goal = (ROOT / page).parent / path if path else ROOT / page
        if not goal.exists():
            broken.append(f"{target}: no such file")
        elif anchor and goal.suffix == ".md" and anchor not in anchors(goal.read_text(encoding="utf-8")):
            broken.append(f"{target}: no such heading")
    assert broken == []


# Commands -------------------------------------------------------------------------------------------------------------


def blocks_of_commands() -> Iterator[tuple[str, str, str]]:
    """Page, application and arguments of every command that stands in a block of code."""
    for page in PAGES:
        for block in code_blocks(text_of(page)):
            for line in block.replace("\\\n", " ").splitlines():
                called = COMMAND.match(line.strip())
                if called:
                    yield page, called[1], called[2]


def commands_in_sentences() -> Iterator[tuple[str, str, str]]:
    """The same of every command in a sentence, also those without `python -m pipeline` that name an option."""
    names = "|".join(APPS["pipeline"].commands)
    for page in PAGES:
        for code in re.findall(r"`([^`]+)`", prose(text_of(page))):
            words = " ".join(code.split())
            called = COMMAND.match(words)
            if called:
                yield page, called[1], called[2]
            elif re.match(rf"({names}) .*--", words):
                yield page, "pipeline", words


def command_of(application: str, words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and the words after its name."""
    command: Any = APPS[application]
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"there is no command '{words[0]}'"
        command, words = command.commands[words[0]], words[1:]
    return command, words


def case(page: str, application: str, arguments: str) -> Any:
    return pytest.param(application, arguments, id=f"{page}: {' '.join(arguments.split())}")


@pytest.mark.parametrize(("application", "arguments"), [case(*each) for each in sorted(set(blocks_of_commands()))])
def test_every_command_in_a_block_could_be_run_as_it_stands(application: str, arguments: str) -> None:
    """Options exist, those required are given, and values are of their type; nothing is run."""
    command, rest = command_of(application, shlex.split(arguments, comments=True))
    if "--help" not in rest:
        # A store of the network needs a library that tests do not have; to the options it is a place like any other.
        command.make_context(command.name, [word.replace("s3://", "memory://") for word in rest])


@pytest.mark.parametrize(("application", "arguments"), [case(*each) for each in sorted(set(commands_in_sentences()))])
def test_every_command_in_a_sentence_has_the_options_named(application: str, arguments: str) -> None:
    words = [word for word in shlex.split(arguments) if word not in MADE_UP]
    command, rest = command_of(application, words)
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert {word.partition("=")[0] for word in rest if word.startswith("--")} <= known


OPTIONS_OF_OTHERS = {"--temp", "--require-hashes", "--generate-hashes", "--vulnerability-service"}
"""Options of DVC, pip, uv and pip-audit that the pages name."""


def options_of(command: Any) -> set[str]:
    """Every option of a command and of those below it."""
    found = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    return found.union(*(options_of(each) for each in getattr(command, "commands", {}).values()))


@pytest.mark.parametrize("page", PAGES)
def test_every_option_that_stands_alone_exists(page: str) -> None:
    known = {"--help"}.union(OPTIONS_OF_OTHERS, *map(options_of, APPS.values()))
    assert set(re.findall(r"`(--[a-z][a-z-]*)", prose(text_of(page)))) <= known


def test_a_made_up_option_and_command_would_be_seen() -> None:
    command, rest = command_of("pipeline", ["score", "--input", "a", "--output", "b", "--threshold", "0.5"])
    with pytest.raises(Exception, match="--threshold"):
        command.make_context("score", rest)
    with pytest.raises(AssertionError, match="no command 'scoring'"):
        command_of("pipeline", ["scoring"])


def test_every_target_of_make_exists_with_its_variables() -> None:
    makefile = text_of("Makefile")
    targets = set(re.findall(r"^([a-z-]+):(?!=)", makefile, flags=re.MULTILINE))
    wrong = []
    for page in PAGES:
        code = [*code_blocks(text_of(page)), *re.findall(r"`([^`]+)`", prose(text_of(page)))]
        for call in re.findall(r"(?:^|\n|&& )make +((?:-s +)?[a-z][^\n#]*)", "\n".join(code)):
            words = [word for word in shlex.split(call) if word not in {"-s", ">"}]
            wrong += [f"{page}: make {words[0]}"] if words[0] not in targets else []
            named = [word.partition("=")[0] for word in words[1:] if re.match(r"[A-Z_]+=", word)]
            wrong += [f"{page}: {name}" for name in named if f"$({name})" not in makefile]
    assert wrong == []


# Numbers --------------------------------------------------------------------------------------------------------------


def deciding_numbers() -> dict[str, str]:
    """Value by place of the table at the end of the concepts."""
    table = text_of("docs/concepts.md").partition("## Numbers that decide")[2]
    return {
        place: value for value, place in re.findall(r"^\| [^|]+ \| ([\d.]+) \| `(\S+)` in \S+ \|$", table, re.MULTILINE)
    }


def test_numbers_that_decide_are_those_in_use() -> None:
    settings = yaml.safe_load(text_of("params.yaml"))["train"]
    named = deciding_numbers()
    assert len(named) == len(re.findall(r"^\| .*` in ", text_of("docs/concepts.md"), re.MULTILINE))
    for place, value in named.items():
        section, _, key = place.partition(".")
        found = settings[key] if section == "train" else getattr(sufficiency, place, None) or getattr(drift, place)
        assert float(value) == float(found), place


def test_worked_examples_of_the_concepts_are_right() -> None:
    """The arithmetic that the page shows, with the page's own numbers."""
    text = " ".join(text_of("docs/concepts.md").split())
    logit, prevalence = lambda share: math.log(share / (1 - share)), 0.2

    def restated(probability: float, share: float) -> float:
        return 1 / (1 + math.exp(-(logit(probability) + logit(share) - logit(prevalence))))

    said = f"is {restated(0.6, 0.05):.2f} at 0.05 and {restated(0.6, 0.4):.2f} at 0.4"
    assert said == "is 0.24 at 0.05 and 0.80 at 0.4"
    assert said in text
    assert f"= {logit(0.6):.2f} + {-logit(0.2):.2f} = {logit(0.6) - logit(0.2):.2f}." in text
    assert cost_cuts(Costs(pay_inauthentic=4, refuse_genuine=4, review=1)) == (0.25, 0.75)
    for probability in (0.2, 0.3, 0.8):
        row = f"| {probability:.2f} | {4 * probability:.2f} | 1 | {4 * (1 - probability):.2f} | "
        assert row in text
    index = 0.3 * math.log(0.8 / 0.5) - 0.3 * math.log(0.2 / 0.5)
    assert f"{index:.3f} unrounded" in text


# The quick start ------------------------------------------------------------------------------------------------------


def written(folder: Path, shown_as: str) -> list[str]:
    """Names of the files that the quick start shows below their path, written into the folder as they stand."""
    text = text_of("docs/quick-start.md")
    files = re.findall(rf"^`{shown_as}`\n\n((?: {{4}}.*\n)+)", text, flags=re.MULTILINE)
    for name, content in files:
        (folder / name).write_text(re.sub("^ {4}", "", content, flags=re.MULTILINE), encoding="utf-8")
    return [name for name, _ in files]


def test_the_quick_starts_folder_is_checked_as_shown(tmp_path: Path) -> None:
    assert written(tmp_path, r"my_accounts/(\w+\.csv)") == ["accounts.csv", "posts.csv", "followers_daily.csv"]
    done = CliRunner().invoke(app, ["validate", "--input", str(tmp_path)], catch_exceptions=False)
    assert done.exit_code == 0
    shown = shown_after(text_of("docs/quick-start.md"), "Of the folder above:")
    assert [line.rstrip() for line in done.stdout.splitlines()] == shown


def test_the_quick_starts_export_is_read_by_its_mapping(tmp_path: Path) -> None:
    export, mapping = tmp_path / "my_export", tmp_path / "map.yaml"
    export.mkdir()
    assert written(export, r"my_export/(\w+\.csv)") == ["creators.csv", "tracker.csv"]
    assert written(tmp_path, r"(map\.yaml)") == ["map.yaml"]
    called = ["validate", "--input", str(export), "--mapping", str(mapping)]
    done = CliRunner().invoke(app, called, catch_exceptions=False)
    assert done.exit_code == 0
    rows = {line.split()[0]: line.split()[1:3] for line in done.stdout.splitlines()[1:3]}
    # Of six cells of the tracker one is empty: not observed, and no reading of 0.
    assert rows == {"accounts": ["2", "2"], "followers_daily": [f"{6 - 1}"] * 2}


def shown_after(text: str, words: str) -> list[str]:
    """The lines of the block of code that follows the words, wherever their lines break."""
    start = re.search(r"\s+".join(map(re.escape, words.split())), text)
    assert start is not None, words
    block = re.match(r"\n\n((?: {4}.*\n)+)", text[start.end() :])
    assert block is not None, words
    return [line[4:].rstrip() for line in block[1].splitlines()]


def test_the_readme_is_a_page_and_no_book() -> None:
    """A newcomer's first page: what is longer moves to docs/."""
    longest = 200
    assert len(text_of("README.md").splitlines()) <= longest
