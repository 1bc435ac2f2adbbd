"""Tracking stores that are down, slow, broken, lost, locked or full: no result waits for one."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline import layout
from soak.crashes.children import Command, Ended, run
from soak.crashes.disks import ACCEPTED_TRACE, NoMountError, Outcome, small_disk
from soak.crashes.scene import Scene, done, store_fault

LONGEST = 150.0
"""Seconds until a store that does not answer is given up: two attempts of 15 seconds for each of a few requests, and
what a loaded machine adds."""

LOCAL = "sqlite:///mlflow.db"


@contextmanager
def server(answer: bytes | None) -> Iterator[str]:
    """The address of a server that answers every request so; None: it takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        kept: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                kept.append(connection)
                if answer is not None:
                    connection.recv(65_536)
                    connection.sendall(answer)
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for connection in kept:
                connection.close()


@contextmanager
def nobody() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    yield address


BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\nConnection: close\r\n\r\noops"

SERVERS: dict[str, Callable[[], object]] = {
    "the server is down": nobody,
    "the server takes the connection and never answers": lambda: server(None),
    "the server answers 500": lambda: server(BROKEN),
}


def store_cases(scene: Scene, say: Callable[[str], None]) -> tuple[list[Outcome], list[str]]:
    """Every case, and the names of those that this machine does not allow."""
    bench = _Bench(scene)
    found, skipped = [], []
    for name, opened in SERVERS.items():
        say(name)
        found += _of_a_server(bench, name, opened)
    for name, spoil, mends in SPOILT:
        say(name)
        try:
            found.append(_of_a_store(bench, name, spoil, mends=mends))
        except NoMountError as error:
            skipped.append(f"{name} ({error})")
    return found, skipped


@dataclass(slots=True)
class _Bench:
    """A project whose stages before `track` ran."""

    scene: Scene

    def fresh(self, *, tracked: bool = False) -> Path:
        folder = self.scene.root / "bench"
        shutil.rmtree(folder, ignore_errors=True)
        if not tracked:
            shutil.copytree(self.scene.root / "project", folder)
            return folder
        kept = self.scene.root / "tracked"
        if not kept.is_dir():
            shutil.copytree(self.scene.root / "project", kept)
            done(Command(("stage", "track", "--quiet"), kept, _local(kept)), self.scene.root / "log")
        shutil.copytree(kept, folder)
        (folder / layout.TRACKED).unlink()
        return folder

    def track(self, folder: Path, uri: str = LOCAL, *, stage: bool) -> Ended:
        words = ("stage", "track", "--quiet") if stage else ("track", "--quiet")
        return run(Command(words, folder, {**_local(folder), "MLFLOW_TRACKING_URI": uri}), self.scene.root / "log")


def _local(folder: Path) -> dict[str, str]:
    return {"MLFLOW_TRACKING_URI": LOCAL, "DVC_ROOT": str(folder), "DVC_EXP_NAME": "", "NO_PROXY": "127.0.0.1"}


def _of_a_server(bench: _Bench, name: str, opened: Callable[[], object]) -> list[Outcome]:
    """The stage ends well and says so; what needs the store is refused in time; later the run is logged."""
    folder = bench.fresh()
    with opened() as uri:  # type: ignore[attr-defined]
        ended = bench.track(folder, uri, stage=True)
        faults = _warned(folder, ended)
        again = bench.track(folder, uri, stage=False)
        faults += _refused(again)
        registry = Command(
            ("score", "--input", "second", "--output", "out", "--model", "models:/authenticity@champion", "--quiet"),
            bench.scene.root,
            {"MLFLOW_TRACKING_URI": uri, "NO_PROXY": "127.0.0.1"},
        )
        asked = run(registry, bench.scene.root / "log")
    missed = _refused(asked)
    later = bench.track(folder, stage=False)
    faults += [] if later.code == 0 else [f"later: {later.code} {later.told[-300:]}"]
    faults += [fault] if (fault := store_fault(folder, True)) else []
    owed = "`dvc repro` ends well with a warning; `track` logs the run later"
    return [
        Outcome(f"{name}: track", owed, not faults, "; ".join(faults) or f"so it is, after {ended.seconds:.0f} s"),
        Outcome(
            f"{name}: score --model models:/…",
            f"exit code 2 and what to do, within {LONGEST:.0f} s",
            not missed,
            "; ".join(missed) or f"so it is, after {asked.seconds:.0f} s",
        ),
    ]


def _warned(folder: Path, ended: Ended) -> list[str]:
    faults = [] if ended.code == 0 else [f"exit code {ended.code}: {ended.told[-300:]}"]
    faults += [] if "python -m pipeline track" in ended.told else ["no word of what to do"]
    faults += ["a traceback"] if ACCEPTED_TRACE in ended.told else []
    faults += [] if ended.seconds < LONGEST else [f"took {ended.seconds:.0f} s"]
    return faults + ([] if (folder / layout.TRACKED).is_file() else ["no data/tracked.json"])


def _refused(ended: Ended) -> list[str]:
    faults = [] if ended.code == 2 else [f"exit code {ended.code}: {ended.told[-300:]}"]
    faults += ["a traceback"] if ACCEPTED_TRACE in ended.told else []
    return faults + ([] if ended.seconds < LONGEST else [f"took {ended.seconds:.0f} s"])


# --- stores of this machine -------------------------------------------------------------------------------------------


@contextmanager
def _without_database(folder: Path) -> Iterator[str]:
    (folder / "mlflow.db").unlink()
    yield LOCAL


@contextmanager
def _without_artefacts(folder: Path) -> Iterator[str]:
    shutil.rmtree(folder / "mlruns")
    yield LOCAL


@contextmanager
def _locked(folder: Path) -> Iterator[str]:
    with closing(sqlite3.connect(folder / "mlflow.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield LOCAL


@contextmanager
def _spoilt(folder: Path) -> Iterator[str]:
    database = folder / "mlflow.db"
    whole = database.read_bytes()
    database.write_bytes(b"no database" * 1000)
    yield LOCAL
    database.write_bytes(whole)


@contextmanager
def _halved(folder: Path) -> Iterator[str]:
    database = folder / "mlflow.db"
    whole = database.read_bytes()
    database.write_bytes(whole[: len(whole) // 2])
    yield LOCAL
    database.write_bytes(whole)


@contextmanager
def _full(folder: Path) -> Iterator[str]:
    with small_disk(folder / "disk", 300) as disk:
        yield f"sqlite:///{disk}/mlflow.db"


SPOILT: tuple[tuple[str, Callable[[Path], object], bool], ...] = (
    ("the store's database is deleted", _without_database, True),
    ("the store's files are deleted", _without_artefacts, True),
    ("another program holds the database", _locked, False),
    ("the database is no database any more", _spoilt, False),
    ("the database is cut in half", _halved, False),
    ("the store's disk is full", _full, False),
)
"""Name, what is done to a store that holds a run, and whether `track` mends it by itself."""


def _of_a_store(bench: _Bench, name: str, spoil: Callable[[Path], object], *, mends: bool) -> Outcome:
    folder = bench.fresh(tracked=True)
    with spoil(folder) as uri:  # type: ignore[attr-defined]
        ended = bench.track(folder, str(uri), stage=True)
        if mends:
            faults = [] if ended.code == 0 and "warning:" not in ended.told else [f"{ended.code}: {ended.told[-300:]}"]
        else:
            faults = _warned(folder, ended)
    later = bench.track(folder, stage=False)
    faults += [] if later.code == 0 else [f"later: {later.code} {later.told[-300:]}"]
    faults += [fault] if (fault := store_fault(folder, True)) else []
    owed = "the run is logged anew" if mends else "ends well with a warning; the run is there once the store is"
    return Outcome(name, owed, not faults, "; ".join(faults) or f"so it is, after {ended.seconds:.0f} s")
