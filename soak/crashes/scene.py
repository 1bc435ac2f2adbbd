"""What the killed commands work on: small folders, an earlier result, and what an undisturbed run leaves."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pipeline import layout
from soak.crashes.children import Command, run

ACCOUNTS = 60
"""Of a folder that is scored: a run takes a second or two."""

FIRST_SEED, SECOND_SEED = 6_100_001, 6_100_002
"""Of the earlier result and of the new one: neither trained nor audited on."""

Files = dict[str, bytes]


def files_of(folder: Path) -> Files:
    """What a reader sees: every file that is not hidden, by path; the summary without its seconds."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            found[str(name)] = _timeless(path)
    return found


def _timeless(path: Path) -> bytes:
    content = path.read_bytes()
    if path.name != layout.SUMMARY_FILE:
        return content
    return json.dumps({**json.loads(content), "seconds": None}, sort_keys=True).encode()


@dataclass(slots=True)
class Case:
    """A command that is killed.

    Attributes:
        name: of the row in the figures.
        arguments: its command line; `{output}` stands for its output.
        weight: share of the kills, beside the others'.
        earlier: a result that stands in the output before; None: the output is not there.
        folder: working directory; `output` is within.
        output: what is looked at.
        environment: variables of the command.
        is_shell: not a command of Assay's.
        fault: what is wrong with the state besides the files, told after a kill (False) and after the second run.
        new, seconds: what an undisturbed run leaves, and how long it takes.
    """

    name: str
    arguments: tuple[str, ...]
    weight: int
    folder: Path
    output: Path
    earlier: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    is_shell: bool = False
    fault: Callable[[Path, bool], str] = lambda _folder, _is_over: ""
    new: Files = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def command(self) -> Command:
        """As it is run."""
        return Command(self.arguments, self.folder, self.environment, self.is_shell)

    @property
    def old(self) -> Files:
        """The earlier result's files; none where there is none."""
        return files_of(self.earlier) if self.earlier else {}


class SceneError(Exception):
    """The scene could not be set: nothing can be said of crashes."""


def done(command: Command, log: Path) -> float:
    """Run a command that must end well; its seconds."""
    ended = run(command, log)
    if ended.code != 0:
        raise SceneError(f"{' '.join(command.arguments)} ended with {ended.code}: {ended.told[-2000:]}")
    return ended.seconds


@dataclass(slots=True)
class Scene:
    """A folder with everything, made of a project in which `dvc repro` ran."""

    root: Path
    model: Path
    project: Path
    accounts: int = ACCOUNTS

    def make(self) -> None:
        """Simulate and score the two folders, and leave pages and lists of the first."""
        log = self.root / "log"
        for name, seed in (("first", FIRST_SEED), ("second", SECOND_SEED)):
            for arguments in (
                ("simulate", "--output", name, "--accounts", str(self.accounts), "--seed", str(seed)),
                ("score", "--input", name, "--output", f"scored-{name}", "--model", str(self.model)),
                ("report", "--input", name, "--scores", f"scored-{name}/scores.parquet", "--output", f"pages-{name}"),
                ("evaluate", "--input", name, "--output", f"measured-{name}", "--model", str(self.model)),
            ):
                done(Command(("--quiet",) if False else (*arguments, "--quiet"), self.root), log)
            self._candidates(name)
            listed = ("shortlist", "--candidates", f"{name}.csv", "--scores", f"scored-{name}/scores.parquet")
            done(Command((*listed, "--output", f"listed-{name}", "--exit-zero", "--quiet"), self.root), log)
        (self.root / "map.yaml").write_text(_MAPPING, encoding="utf-8")
        self._tracked()

    def cases(self, *, with_dvc: bool) -> list[Case]:
        """Every command that is killed, with what it should leave."""
        model = ("--model", str(self.model), "--quiet")
        into = ("--input", "second", "--output", "out")
        root, out = self.root / "work", self.root / "work" / "out"
        scores = ("--scores", "scored-second/scores.parquet", "--output", "out", "--quiet")
        found = [
            Case("score, no earlier result", ("score", *into, *model), 4, root, out),
            Case("score over an earlier result", ("score", *into, *model), 6, root, out, self.root / "scored-first"),
            Case(
                "score --format csv over an earlier parquet",
                ("score", *into, *model, "--format", "csv"),
                4,
                root,
                out,
                self.root / "scored-first",
            ),
            Case("score --resume", ("score", *into, *model, "--resume"), 4, root, out, self.root / "scored-first"),
            Case("report", ("report", "--input", "second", *scores), 3, root, out, self.root / "pages-first"),
            Case(
                "shortlist",
                ("shortlist", "--candidates", "second.csv", *scores, "--exit-zero"),
                2,
                root,
                out,
                self.root / "listed-first",
            ),
            Case("evaluate", ("evaluate", *into, *model), 2, root, out, self.root / "measured-first"),
            Case(
                "simulate",
                (
                    "simulate",
                    "--output",
                    "out",
                    "--accounts",
                    str(self.accounts),
                    "--seed",
                    str(SECOND_SEED),
                    "--quiet",
                ),
                2,
                root,
                out,
                self.root / "first",
            ),
            Case(
                "map --to",
                ("map", "--input", "second", "--mapping", "map.yaml", "--to", "out", "--quiet"),
                1,
                root,
                out,
            ),
            Case(
                "track",
                ("stage", "track", "--quiet"),
                3,
                self.root / "work-track",
                self.root / "work-track" / "data",
                self.root / "project" / "data",
                environment={"MLFLOW_TRACKING_URI": "sqlite:///mlflow.db", "DVC_ROOT": ""},
                fault=store_fault,
            ),
        ]
        if with_dvc:
            data = self.root / "work-dvc" / "data" / "scores"
            found.append(
                Case("dvc repro", ("dvc", "repro", "--quiet"), 1, data.parents[1], data, is_shell=True, fault=dvc_fault)
            )
        return found

    def set_up(self, case: Case) -> None:
        """The state before the command, made anew."""
        shutil.rmtree(case.folder, ignore_errors=True)
        if case.name == "track":
            shutil.copytree(self.root / "project", case.folder)
            return
        if case.is_shell:
            self._dvc_project(case.folder)
            return
        case.folder.mkdir()
        for name in ("second", "scored-second", "second.csv", "map.yaml"):
            (case.folder / name).symlink_to(self.root / name)
        if case.earlier is not None:
            shutil.copytree(case.earlier, case.output)

    def _candidates(self, name: str) -> None:
        """A campaign's list of some accounts."""
        import polars as pl

        ids = pl.read_parquet(self.root / name / "accounts.parquet")["account_id"].head(8)
        lines = ["campaign,account_id,fee,currency", *(f"spring,{each},100,EUR" for each in ids)]
        (self.root / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _tracked(self) -> None:
        """The files that `track` reads, as the project has them."""
        target = self.root / "project"
        for name in ("reports", "data/model"):
            shutil.copytree(self.project / name, target / name)
        for name in ("params.yaml", "dvc.lock"):
            if (self.project / name).is_file():
                shutil.copyfile(self.project / name, target / name)

    def _dvc_project(self, folder: Path) -> None:
        """A project of the two stages that follow a model, under DVC without git."""
        (folder / "data" / "raw").mkdir(parents=True)
        shutil.copytree(self.root / "second", folder / "data" / "raw" / "incoming")
        shutil.copyfile(self.root / "second.csv", folder / "data" / "raw" / "candidates.csv")
        shutil.copytree(self.model, folder / "data" / "model")
        for name in ("reports",):
            (folder / name).mkdir()
        sections = yaml.safe_load((self.project / "params.yaml").read_text(encoding="utf-8"))
        stages = yaml.safe_load((self.project / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
        kept = {}
        for name in ("score", "shortlist"):
            stage = stages[name]
            stage["deps"] = [
                each for each in stage["deps"] if not each.endswith((".py", ".html", ".j2", ".css", ".js"))
            ]
            stage["deps"] = [each for each in stage["deps"] if each.startswith(("data/", "${"))]
            kept[name] = stage
        (folder / "params.yaml").write_text(yaml.safe_dump(sections, sort_keys=False), encoding="utf-8")
        (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": kept}, sort_keys=False), encoding="utf-8")
        done(Command(("dvc", "init", "--no-scm", "--quiet"), folder, is_shell=True), self.root / "log")


def store_fault(folder: Path, is_over: bool) -> str:  # noqa: FBT001 - the shape of `Case.fault`
    """What is wrong with the store of MLflow after a kill, and after the run that followed."""
    database = folder / "mlflow.db"
    if not database.is_file():
        return "there is no store" if is_over else ""
    with closing(sqlite3.connect(database)) as connection:
        if (answer := connection.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            return f"the store is damaged: {answer}"
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "runs" not in tables:
            return "the store has no runs" if is_over else ""
        runs = connection.execute(
            "SELECT artifact_uri, (SELECT count(*) FROM metrics WHERE metrics.run_uuid = runs.run_uuid) FROM runs "
            "WHERE status = 'FINISHED' AND lifecycle_stage = 'active'"
        ).fetchall()
        aliases: set[str] = set()
        if "registered_model_aliases" in tables:  # killed while MLflow made its tables, the store has none yet
            aliases = {name for (name,) in connection.execute("SELECT alias FROM registered_model_aliases")}
    for uri, metrics in runs:
        place = Path(uri.removeprefix("file://"))
        if not metrics or not (place / "params.yaml").is_file() or not (place / "reports" / "metrics.json").is_file():
            return "a run that looks finished lacks something"
    if is_over and (len(runs) != 1 or aliases != {"champion", "challenger"}):
        return f"{len(runs)} finished runs, aliases {sorted(aliases)}"
    return ""


def dvc_fault(folder: Path, is_over: bool) -> str:  # noqa: FBT001 - likewise
    """Whether the stage behind the scores came to its end, too."""
    return "there is no shortlist" if is_over and not (folder / layout.SHORTLIST / "shortlist.csv").is_file() else ""


_MAPPING = """\
tables:
  accounts:
    file: accounts.parquet
    columns: {account_id: account_id, platform: platform, follower_count: follower_count}
  posts:
    file: posts.parquet
    columns: {account_id: account_id, post_id: post_id, posted_at: posted_at, like_count: like_count}
"""
