"""Ways to spoil a bundle: bytes that change behind its checksums, and files that are rewritten with them."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from models.bundle import BASELINES, CHECKSUMS, DRIFT, MANIFEST

Files = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A folder that is no bundle any more: what was done to it, and whether its checksums were made to match."""

    kind: str
    place: str
    files: Files


class Trap:
    """Unpickling one of these writes a file: nothing of ours must ever do it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self._path,)


def with_right_checksums(files: Files) -> Files:
    """The files as somebody leaves them who changes one, names its digest in the manifest, and writes the checksums."""
    others = sorted(set(files) - {CHECKSUMS})
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in others]
    return files | {CHECKSUMS: "".join(lines).encode()}


def with_manifest(files: Files, manifest: Any) -> Files:
    """Another manifest, written as the program writes it where that can be."""
    content = (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()
    return with_right_checksums(files | {MANIFEST: content})


def with_digests(files: Files) -> Files:
    """The manifest's own digests of the other files put right, and the checksums after it."""
    manifest = json.loads(files[MANIFEST])
    for name in manifest["sha256"]:
        manifest["sha256"][name] = hashlib.sha256(files[name]).hexdigest()
    return with_manifest(files, manifest)


def changed(files: Files, dice: random.Random, flips: int, trap: Path) -> Iterator[Spoilt]:
    """One file at a time is not what was written; the checksums stay as they were."""
    for name, content in sorted(files.items()):
        for _ in range(flips):
            place, bit = dice.randrange(len(content)), 1 << dice.randrange(8)
            spoilt = bytearray(content)
            spoilt[place] ^= bit
            yield Spoilt("a bit flipped", name, files | {name: bytes(spoilt)})
        for cut in (0, 1, len(content) // 2, len(content) - 1):
            yield Spoilt("cut off", name, files | {name: content[:cut]})
        for more in (b"\0", b"\n", content):
            yield Spoilt("bytes appended", name, files | {name: content + more})
        yield Spoilt("renamed", name, {**_without(files, name), f"{name}.bak": content})
        yield Spoilt("missing", name, _without(files, name))
        for kind, foreign in _foreign(trap).items():
            yield Spoilt(f"a {kind} in its place", name, files | {name: foreign})
    yield Spoilt("an extra file", "model.pkl", files | {"model.pkl": _foreign(trap)["pickle"]})
    names = sorted(set(files) - {CHECKSUMS, MANIFEST})
    for one, other in pairwise(names):
        yield Spoilt("two files swapped", one, files | {one: files[other], other: files[one]})


def rewritten(files: Files, dice: random.Random, count: int) -> Iterator[Spoilt]:
    """Entries of the JSON files and fields of trees are changed by somebody who puts every digest right."""
    made = [_json_changes(files, name, dice) for name in (MANIFEST, BASELINES, DRIFT)]
    made.append(_tree_changes(files, dice))
    made.append(_texts(files))
    left = count
    while left > 0 and made:
        for each in [*made]:
            spoilt = next(each, None)
            if spoilt is None:
                made.remove(each)
            elif left > 0:
                left -= 1
                yield spoilt


NASTY: tuple[Any, ...] = (
    float("nan"),
    float("inf"),
    -float("inf"),
    -1,
    0,
    1,
    2**63,
    -(10**400),
    1e308,
    0.5,
    "",
    "x",
    "../../outside",
    "0.5",
    None,
    True,
    [],
    {},
    [0.5],
    [[]],
    {"x": 1},
)
"""What an entry of a JSON file is replaced by."""


def _json_changes(files: Files, name: str, dice: random.Random) -> Iterator[Spoilt]:
    """Without end: an entry anywhere in the file is replaced, removed, doubled or joined by an unknown one."""
    whole = json.loads(files[name])
    places = list(_places(whole))
    while True:
        again = json.loads(files[name])
        path = dice.choice(places)
        parent = again
        for step in path[:-1]:
            parent = parent[step]
        last = path[-1]
        action = dice.choice(("replace", "replace", "replace", "remove", "swap", "add"))
        if action == "remove":
            del parent[last]
        elif action == "add" and isinstance(parent, dict):
            parent["unknown"] = dice.choice(NASTY)
        elif action == "add" or (action == "swap" and isinstance(parent, list)):
            parent.append(dice.choice([*parent, *NASTY]))
        elif action == "swap":
            parent[last] = dice.choice(list(parent.values()))
        else:
            parent[last] = dice.choice(NASTY)
        if again == whole:
            continue
        spoilt = with_right_checksums(files | {name: (json.dumps(again, indent=1, sort_keys=True) + "\n").encode()})
        place = f"{name}: {'.'.join(map(str, path))}"
        yield Spoilt("an entry rewritten", place, spoilt if name == MANIFEST else with_digests(spoilt))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all entries; of a long list its first and its last stand for all."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _places(each, (*path, key))
    elif isinstance(value, list):
        for index in sorted({0, len(value) - 1} & set(range(len(value)))):
            yield from _places(value[index], (*path, index))


NUMBERS = ("nan", "inf", "-inf", "1e308", "-1e308", "-1", "0", "1", "7", "-99", "2147483648", "9" * 25, "x", "1.5", "")
"""What a number of a tree is replaced by."""


def _tree_changes(files: Files, dice: random.Random) -> Iterator[Spoilt]:
    """Without end: a number in a field of a tree or of the head is replaced, or any byte of the text."""
    names = sorted(name for name in files if name.endswith(".txt"))
    while True:
        name = dice.choice(names)
        text = files[name]
        end = text.index(b"\nend of trees\n")
        if dice.random() < 0.3:
            spoilt = bytearray(text)
            spoilt[dice.randrange(end)] = dice.randrange(256)
            made, field = bytes(spoilt), "a byte"
        else:
            lines = text[:end].split(b"\n")
            number = dice.choice([index for index, line in enumerate(lines) if b"=" in line])
            key, _, entries = lines[number].partition(b"=")
            values = entries.split(b" ")
            values[dice.randrange(len(values))] = dice.choice((*NUMBERS, *map(bytes.decode, values[:3]))).encode()
            lines[number] = key + b"=" + b" ".join(values)
            made, field = b"\n".join(lines) + text[end:], key.decode()
        if made != text:
            yield Spoilt("a tree rewritten", f"{name}: {field}", with_digests(files | {name: made}))


def _texts(files: Files) -> Iterator[Spoilt]:
    """Whole files that are made to hurt whoever parses them."""
    deep = b"[" * 200_000
    for name in (MANIFEST, BASELINES, DRIFT):
        for kind, content in {
            "JSON of 200,000 levels": deep,
            "JSON of 1 MB": b"[" + b"0," * 500_000 + b"0]",
            "not UTF-8": b'{"format_version": "\xff"}',
            "a number of 10,000 digits": b'{"format_version": ' + b"9" * 10_000 + b"}",
            "empty": b"",
        }.items():
            spoilt = with_right_checksums(files | {name: content})
            yield Spoilt(kind, name, spoilt if name == MANIFEST else with_digests(files | {name: content}))
    for version in (1, 3, 999, "2", 2.0, None, "9" * 100_000):
        manifest = json.loads(files[MANIFEST]) | {"format_version": version}
        yield Spoilt("another format version", MANIFEST, with_manifest(files, manifest))
    for name in sorted(each for each in files if each.endswith(".txt")):
        text = files[name]
        for kind, content in {
            "empty": b"",
            "a head alone": text.partition(b"\nTree=")[0] + b"\nend of trees\n",
            "a chain of 100,000 leaves": chain(text, 100_000),
            "a leaf count of 10,000 digits": text.replace(b"num_leaves=", b"num_leaves=" + b"9" * 10_000, 1),
            "a cycle": _cycle(text),
            "NUL bytes": text.replace(b"\n", b"\0", 3),
        }.items():
            yield Spoilt(kind, name, with_digests(files | {name: content}))


def chain(text: bytes, leaves: int) -> bytes:
    """An ensemble of one sound tree that is one long way down: costly for whoever walks up its ancestors."""
    head = text.partition(b"\nTree=")[0].decode()
    head = "\n".join("tree_sizes=1" if line.startswith("tree_sizes=") else line for line in head.split("\n"))
    inner = leaves - 1
    fields = {
        "num_leaves": [leaves],
        "num_cat": [0],
        "split_feature": [0] + [1] * (inner // 2 - 1) + [0] * (inner - inner // 2),
        "threshold": [0.5] * inner,
        "decision_type": [2] * inner,
        "left_child": [*range(1, inner), -1 - inner],
        "right_child": [-1 - node for node in range(inner)],
        "leaf_value": [0.001] * leaves,
        "leaf_count": [1] * leaves,
        "internal_count": [leaves - node for node in range(inner)],
        "is_linear": [0],
        "shrinkage": [1],
    }
    lines = [f"{name}={' '.join(map(str, values))}" for name, values in fields.items()]
    return (head + "\nTree=0\n" + "\n".join(lines) + "\n\n\nend of trees\n").encode()


def _cycle(text: bytes) -> bytes:
    """The first tree's first node becomes its own child."""
    start = text.index(b"\nleft_child=") + len(b"\nleft_child=")
    stop = min(text.index(b" ", start), text.index(b"\n", start))
    return text[:start] + b"0" + text[stop:]


def _foreign(trap: Path) -> dict[str, bytes]:
    """Files of kinds that run code, or unpack, where somebody opens them without asking."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("data.pkl", pickle.dumps(Trap(trap)))
    return {
        "pickle": pickle.dumps(Trap(trap)),
        "joblib file": b"\x80\x04\x95" + pickle.dumps(Trap(trap)),
        "zip archive": archive.getvalue(),
    }


def _without(files: Files, name: str) -> Files:
    return {each: content for each, content in files.items() if each != name}
