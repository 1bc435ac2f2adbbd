"""Part `supply`: licences of all that is installed, known faults of it, and whether anything talks to the network.

The pipeline is run in a copy of the project on small data, in a network namespace that holds nothing where the machine
permits that, and every process of it notes each attempt to resolve a name or to connect.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import chdir
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline.audit.page import table
from pipeline.storage import write_text
from soak.result import Figure, Result, stopwatch

LICENCES = Path("docs/licences.md")
CONSTRAINTS = Path("constraints.txt")

OWN = "assay"

STRONG = re.compile(r"\b(A?GPL|GNU (Affero )?General Public)", re.IGNORECASE)
WEAK = re.compile(r"\b(LGPL|MPL|EPL|CDDL|Mozilla|Eclipse|Lesser General|Zope)", re.IGNORECASE)
"""Names of licences that ask for something of whoever passes the code on; the others listed here are permissive."""

CHOICE = re.compile(r"\bOR\b|[Ee]xception")
"""Another licence may be chosen, or linking is excepted."""

NOTED = {
    "grandalf": "its metadata offers EPL-1.0 beside GPL-2.0; dvc draws `dvc dag` with it, and nothing else needs it",
    "pygit2": "its exception lets any program link to it; dvc reads git with it",
    "asyncssh": "EPL-2.0 may be chosen; dvc's remotes over SSH, not used here",
    "dulwich": "Apache-2.0 may be chosen; dvc reads git with it",
    "pycatch22": "a library that Assay is measured against (`make bench`); in no other environment",
    "yattag": "comes with cosmic-ray (`make soak`), which only who develops Assay installs",
}
"""What a reader of the table asks next."""

UNKNOWN = "not stated in its metadata"

HOOK = """\
import os, sys

_LOG = os.environ["ASSAY_WATCHED_LOG"]
_EVENTS = ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname")
_NEAR = ("127.", "::1", "localhost", "0.0.0.0")


def _watch(event, arguments):
    if event not in _EVENTS:
        return
    address = arguments[0] if event in ("socket.getaddrinfo", "socket.gethostbyname") else arguments[-1]
    host = address[0] if isinstance(address, tuple) else address
    if event in ("socket.connect", "socket.sendto") and not isinstance(address, tuple):
        return  # a socket of this machine's file system
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    is_near = host is None or name.startswith(_NEAR)
    line = ("near" if is_near else "far") + " " + event + " " + name + " by " + " ".join(sys.argv[:4]) + "\\n"
    with open(_LOG, "a") as log:
        log.write(line)
    if not is_near:
        raise OSError("the network is closed: " + line)


sys.addaudithook(_watch)
"""
"""`sitecustomize.py` of every Python process that is watched; an audit hook cannot be taken off again."""

ISOLATED = ("unshare", "--map-root-user", "--net")
"""Runs a command in a network namespace of its own, without an address."""


def run(suite: Sequence[str], *, audit: bool) -> Result:
    """The part's figures; `suite`: tests that run without a network, too. `audit`: whether pip-audit is tried."""
    with stopwatch() as seconds:
        listed = licences()
        write_text(licences_page(listed), LICENCES)
        figures = [*licence_figures(listed), *(audited() if audit else []), *without_network(suite)]
    return Result(
        part="supply",
        title="Supply chain",
        command="python -m soak supply",
        seconds=seconds[0],
        figures=tuple(figures),
        notes=NOTES,
    )


NOTES = (
    (
        "Licences: [licences.md](licences.md), made by this part from the metadata of what is installed. Known "
        "faults: `pip-audit --requirement constraints.txt --no-deps --disable-pip` asks PyPI's JSON service (or, "
        "with `--vulnerability-service osv`, api.osv.dev), which are no package registries: where neither answers, "
        "no package is looked at, and the figure says so."
    ),
    (
        "Without a network: every Python process notes each name it resolves and each address it connects to (an "
        "audit hook), and refuses other machines; where this machine permits it, all of them run in a network "
        "namespace that holds nothing, so that compiled code gets nowhere either. No variable switches telemetry "
        "off and `CI` is not set: what holds here holds for a person who types the commands."
    ),
    (
        "DVC's analytics and update checks are off by `.dvc/config`, whoever calls it, in this repository. MLflow's "
        "telemetry knows no configuration file: the program's own commands switch it off before MLflow is imported, "
        "and `make setup` puts `.ci/no_telemetry.pth` into `.venv`, which does so for every program of that "
        "environment, `mlflow ui` among them. In an environment made otherwise, a plain `mlflow ui` sends what "
        "MLflow sends: use `python -m pipeline ui`, or set `MLFLOW_DISABLE_TELEMETRY=true`."
    ),
)


class Licence:
    """One installed package."""

    def __init__(self, name: str, version: str, text: str, where: str) -> None:
        self.name, self.version, self.where = name, version, where
        self.text = text if text.strip().upper() != "UNKNOWN" else UNKNOWN
        self.kind = kind_of(self.text)


def kind_of(text: str) -> str:
    """`strong copyleft`, `weak copyleft`, `a choice` of which one is none or excepted, `not stated`, `permissive`."""
    if text == UNKNOWN:
        return "not stated"
    if STRONG.search(text):
        return "a choice" if CHOICE.search(text) else "strong copyleft"
    return "weak copyleft" if WEAK.search(text) else "permissive"


def licences() -> list[Licence]:
    """All installed packages but our own, by name."""
    done = subprocess.run(
        [sys.executable, "-m", "piplicenses", "--format=json", "--from=mixed", "--with-system"],
        capture_output=True,
        text=True,
        check=True,
    )
    where = where_needed()
    found = [
        Licence(
            each["Name"],
            each["Version"],
            spdx_of(each["Name"]) or each["License"],
            where.get(canonicalize_name(each["Name"]), ""),
        )
        for each in json.loads(done.stdout)
    ]
    constrained = pinned(CONSTRAINTS.read_text(encoding="utf-8").splitlines())
    return sorted(
        (each for each in found if canonicalize_name(each.name) in constrained), key=lambda each: each.name.lower()
    )


def spdx_of(name: str) -> str:
    """The licence as PEP 639 has it, which says more than old classifiers; empty where the package has none."""
    try:
        return str(distribution(name).metadata.get("License-Expression") or "")
    except PackageNotFoundError:
        return ""


def pinned(lines: Iterable[str]) -> dict[str, str]:
    """Versions by name of a constraints file."""
    found = [Requirement(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in found}


def where_needed() -> dict[str, str]:
    """By package, the first of our requirement sets that it comes with: `use`, then the extras."""
    extras = ("tune", "cluster", "notebooks", "dev", "bench", "soak")
    found: dict[str, str] = {}
    for extra in ("", *extras):
        for name in closure(OWN, {extra}):
            found.setdefault(name, extra or "use")
    return found


def closure(name: str, extras: set[str], seen: set[tuple[str, str]] | None = None) -> set[str]:
    """All that a package and some of its extras bring, as far as it is installed."""
    seen = set() if seen is None else seen
    found: set[str] = set()
    try:
        wanted = [Requirement(each) for each in requires(name) or []]
    except PackageNotFoundError:
        return found
    for each in wanted:
        applies = each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras | {""})
        key = (canonicalize_name(each.name), ",".join(sorted(each.extras)))
        if applies and key not in seen:
            seen.add(key)
            found |= {key[0]} | closure(each.name, set(each.extras), seen)
    return found - {OWN}


def licence_figures(listed: Sequence[Licence]) -> list[Figure]:
    """How many of which kind; what the installed product must not need is a licence that binds its user's own code."""
    kinds = Counter(each.kind for each in listed)
    binding = [each.name for each in listed if each.kind == "strong copyleft" and each.where == "use"]
    unexplained = [name for name in binding if canonicalize_name(name) not in NOTED]
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return [
        Figure(name="licences of the packages installed", value=f"{len(listed)}: {said}"),
        Figure(
            name="strong copyleft without a choice in its metadata, among what running Assay needs",
            value=", ".join(binding) or "none",
            owed="none that docs/licences.md does not explain",
            holds=not unexplained,
        ),
    ]


def licences_page(listed: Sequence[Licence]) -> str:
    """docs/licences.md."""
    remarked = [each for each in listed if each.kind != "permissive"]
    rows = [
        [each.name, each.text, each.kind, each.where or "-", NOTED.get(canonicalize_name(each.name), "")]
        for each in remarked
    ]
    every = [[each.name, each.version, each.text, each.where or "-"] for each in listed]
    return "\n".join(
        [
            PAGE_START,
            f"{len(listed)} packages, {len(listed) - len(remarked)} of them permissive (MIT, BSD and the like).\n",
            "## Others\n",
            *table(["package", "licence", "kind", "comes with", "remark"], rows),
            "",
            "## All\n",
            *table(["package", "version", "licence", "comes with"], every),
            "",
        ]
    )


PAGE_START = """\
# Licences of what Assay needs

<!-- Made by `python -m soak supply` from the metadata of the installed packages. Run that instead of changing this. -->

What the packages of `constraints.txt` say of themselves, as far as they are installed on this system. *Comes with*:
`use` is what running Assay needs, the others are the extras of `pyproject.toml` that bring it first. Assay imports its
dependencies and passes none of them on. Assay itself states no licence yet: without one, nobody but its owner may pass
it on.
"""


def audited() -> list[Figure]:
    """What pip-audit knows of the pinned packages, and of how many it knows anything."""
    command = [
        "--requirement",
        str(CONSTRAINTS),
        "--no-deps",
        "--disable-pip",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *command], capture_output=True, text=True, timeout=600, check=False
        )
        looked_at = [
            each for each in json.loads(done.stdout or "{}").get("dependencies", []) if "skip_reason" not in each
        ]
        problem = "" if looked_at else (done.stderr.strip().splitlines() or ["no answer"])[-1][:200]
    except (subprocess.TimeoutExpired, ValueError) as error:
        looked_at, problem = [], type(error).__name__
    total = len(pinned(CONSTRAINTS.read_text(encoding="utf-8").splitlines()))
    faults = {f"{each['name']} {fault['id']}" for each in looked_at for fault in each["vulns"]}
    if not looked_at:
        return [
            Figure(
                name="known faults of the packages (pip-audit)",
                value=f"not reachable: 0 of {total} looked at ({problem})",
            )
        ]
    return [
        Figure(name="packages that pip-audit looked at", value=f"{len(looked_at)} of {total}"),
        Figure(
            name="known faults of the packages",
            value=", ".join(sorted(faults)) or "none",
            owed="none",
            holds=not faults,
        ),
    ]


def without_network(suite: Sequence[str]) -> list[Figure]:
    """The commands in a copy of the project, watched."""
    with tempfile.TemporaryDirectory() as scratch:
        project, hook = Path(scratch) / "project", Path(scratch) / "hook"
        small_project(project)
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
        log = Path(scratch) / "attempts.log"
        environment = {
            **{name: value for name, value in os.environ.items() if name not in TELLING},
            "PYTHONPATH": os.pathsep.join([str(hook), str(project)]),
            "ASSAY_WATCHED_LOG": str(log),
            "HOME": scratch,
        }
        prefix = ISOLATED if is_permitted(ISOLATED) else ()
        failed = [
            " ".join(command)
            for command in commands(suite)
            if not _ended_well([*prefix, *command], project, environment)
        ]
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    far, near = ([line for line in lines if line.startswith(kind)] for kind in ("far", "near"))
    return [
        Figure(
            name="commands that ran well "
            + ("in a network namespace that holds nothing" if prefix else "with every connection refused")
            + f" ({', '.join(' '.join(each[1:4]) for each in commands(suite))})",
            value=f"{len(commands(suite)) - len(failed)} of {len(commands(suite))}"
            + (f": not {'; '.join(failed)}" if failed else ""),
            owed="all",
            holds=not failed,
        ),
        Figure(
            name="attempts to reach another machine, of all their processes",
            value=f"{len(far)}" + (f": {'; '.join(sorted(set(far))[:5])}" if far else ""),
            owed="0",
            holds=not far,
        ),
        Figure(name="connections within this machine", value=f"{len(near)}"),
    ]


TELLING = (
    "MLFLOW_DISABLE_TELEMETRY",
    "DVC_NO_ANALYTICS",
    "DO_NOT_TRACK",
    "CI",
    "MLFLOW_TRACKING_URI",
    "PYTEST_CURRENT_TEST",
)
"""Variables that would switch off what is looked for, or lead elsewhere."""

FEW = {"simulate": {"cohorts": 6, "smallest_cohort": 60, "largest_cohort": 120, "incoming_accounts": 40}}
"""The small project's data beside the sizes that the tests use."""


def small_project(folder: Path) -> None:
    """A copy of the files that git knows, with small parameters and nothing computed."""
    from tests.pipeline.projects import write_params

    known = subprocess.run(["git", "ls-files", "-z", "--cached"], capture_output=True, text=True, check=True).stdout
    for name in known.split("\0"):
        if name and name != "dvc.lock" and Path(name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, folder / name)  # with its time: compiled kernels are of a file of that time
    for compiled in [*Path("features").rglob("*.nb*"), *Path("models").rglob("*.nb*")]:
        (folder / compiled).parent.mkdir(exist_ok=True)
        shutil.copy2(compiled, folder / compiled)
    write_params(folder, **FEW)
    with chdir(folder):
        subprocess.run(["git", "init", "--quiet"], check=True)


def commands(suite: Sequence[str]) -> list[list[str]]:
    """What is run, one after the other; `dvc repro` makes what the others need."""
    python = sys.executable
    own = [
        ["score", "--input", "data/raw/incoming", "--output", "watched"],
        ["validate", "--input", "data/raw/incoming"],
        ["report", "--input", "data/raw/incoming", "--scores", "watched/scores.parquet", "--output", "watched/report"],
    ]
    made = [[python, "-m", "dvc", "repro"], *([python, "-m", "pipeline", *each] for each in own)]
    return [*made, *([[python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *suite]] if suite else [])]


def is_permitted(prefix: Sequence[str]) -> bool:
    """Whether this machine lets us."""
    if shutil.which(prefix[0]) is None:
        return False
    return subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0


def _ended_well(command: Sequence[str], folder: Path, environment: Mapping[str, Any]) -> bool:
    print(" ".join(command[-6:]), file=sys.stderr, flush=True)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout[-2000:], done.stderr[-2000:], sep="\n", file=sys.stderr)
    return done.returncode == 0
