"""Near-duplicates: planted templates among realistic comments, and who finds which pairs of them at what cost.

A template is a sentence of the account's language; its copies differ as sellers' copies do, by other words in a slot,
or as people's retyping does, by case, emoji and slips. The sentences come from the genuine voices and not from the
simulation's seller phrases, which Assay's keys were made for. Pairs are looked for within one account.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.accounts import BOUGHT_EVERY, Size, Texts, make_tables, texts_of
from benchmarks.measuring import cpu_seconds

Pairs = NDArray[np.int64]
"""Rows of comments that a finder says are alike: one row a pair, smaller number first, within one account."""

KINDS = ("retyped", "slot inside", "slot at an end", "two slots", "misspelt")
"""How the copies of a template differ; each template has one kind, all kinds alike often."""

COPIES, TEMPLATES, COMMENTS = 10, 2, 200
"""Copies of a template, templates of every second account, comments of an account; assumed: a tenth of the comments."""

MANY_COMMENTS = 2_000
"""Comments of an account at which the cost is measured once more: the most that the data contract expects."""

FEWEST_WORDS = 5
"""Words of a sentence that can be a template."""

CHUNK = 3
"""Characters that stand for a word where a script has no spaces."""

TAILS = ("", "!", "!!", " 😍", " ❤️❤️", " 🔥", "...")
LETTERS = "abcdefghijklmnoprstuvyz"

PERMUTATIONS, SHINGLE = 128, 3
"""Of MinHash, as datasketch has by default; shingles of three characters, since most comments have few words."""


def planted(accounts: int, seed: int, comments_each: int = COMMENTS) -> pl.DataFrame:
    """Comments with planted templates, in random order within each account.

    Returns:
        `account` (number), `text`, `template` (number, -1 for a genuine comment), `kind` (place in `KINDS`, or -1).
    """
    generator, texts = np.random.default_rng(seed), texts_of(seed)
    size = Size(days=1, posts=1, comments=comments_each)
    # None of those whose comments were bought: their repeats are planted, too, and nobody counts them.
    tables = make_tables(BOUGHT_EVERY * np.arange(accounts), size, generator, texts)
    of_account = tables.comments["text"].to_numpy().reshape(accounts, comments_each)
    rows: list[tuple[int, str, int, int]] = []
    made = 0
    for account in range(accounts):
        own = [(account, text, -1, -1) for text in of_account[account]]
        if account % 2:
            for place in range(TEMPLATES):
                kind = (account // 2 * TEMPLATES + place) % len(KINDS)
                copies = _copies(_sentence(of_account[account], generator), kind, texts, generator)
                start = place * COPIES
                own[start : start + COPIES] = [(account, text, made, kind) for text in copies]
                made += 1
        rows += [own[index] for index in generator.permutation(len(own))]
    schema = {"account": pl.Int64, "text": pl.String, "template": pl.Int64, "kind": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _sentence(own: Any, generator: np.random.Generator) -> str:
    """One of the account's comments that is long enough, not longer than twice that, and names nobody."""
    fitting = [text for text in own if FEWEST_WORDS <= len(_parts(text)[0]) <= 2 * FEWEST_WORDS and "@" not in text]
    return fitting[generator.integers(len(fitting))] if fitting else "this is what we all want"


def _parts(text: str) -> tuple[list[str], str]:
    """Words and what joins them; of a text without spaces, runs of characters and nothing."""
    words = text.split()
    if len(words) == 1:
        return [text[start : start + CHUNK] for start in range(0, len(text), CHUNK)], ""
    return words, " "


def _copies(sentence: str, kind: int, texts: Texts, generator: np.random.Generator) -> list[str]:
    parts, joiner = _parts(sentence)
    found = []
    for _ in range(COPIES):
        copy = list(parts)
        for place in _slots(kind, len(parts)):
            copy[place] = _filler(texts, generator)
        text = joiner.join(copy)
        if KINDS[kind] == "misspelt":
            text = _slip(_slip(text, generator), generator)
        text = text.capitalize() if generator.random() < 0.5 else text.lower()  # noqa: PLR2004 -- a coin
        found.append(text + TAILS[generator.integers(len(TAILS))])
    return found


def _slots(kind: int, length: int) -> list[int]:
    match KINDS[kind]:
        case "slot inside":
            return [length // 2]
        case "slot at an end":
            return [length - 1]
        case "two slots":
            return sorted({1, length - 2})
        case _:
            return []


def _filler(texts: Texts, generator: np.random.Generator) -> str:
    """One or two words of any comment of any language: slots hold names, products, places."""
    words = texts.comments[int(generator.integers(len(texts.comments)))].split()
    return " ".join(words[: 1 + int(generator.random() < 0.3)])  # noqa: PLR2004 -- assumed


def _slip(text: str, generator: np.random.Generator) -> str:
    """The text with one letter replaced."""
    place = int(generator.integers(len(text)))
    return text[:place] + LETTERS[generator.integers(len(LETTERS))] + text[place + 1 :]


# --- finders ----------------------------------------------------------------------------------------------------------


def _assay(which: tuple[str, ...]) -> Callable[[pl.DataFrame], Pairs]:
    """Assay's keys of the whole text, of its first or last words, or of both ends around a slot: equal keys pair."""

    def find(comments: pl.DataFrame) -> Pairs:
        from features.text import text_pass

        found = text_pass(comments["text"])
        keys: list[NDArray[np.uint64]] = []
        for name in which:
            key = getattr(found, name)
            keys += [key] if key.ndim == 1 else list(key.T)
        return _union([_equal(comments["account"], key) for key in keys])

    return find


def _equal(account: pl.Series, key: NDArray[np.uint64]) -> Pairs:
    """Pairs of rows of one account with the same key, 0 being none."""
    rows = pl.DataFrame({"account": account, "key": key}).with_row_index("row").filter(pl.col("key") != 0)
    shared = rows.filter(pl.len().over("account", "key") > 1)
    pairs = shared.join(shared, on=["account", "key"], suffix="_other").filter(pl.col("row") < pl.col("row_other"))
    return pairs.select("row", "row_other").to_numpy().astype(np.int64)


def _union(parts: list[Pairs]) -> Pairs:
    together = np.concatenate(parts)
    return np.unique(together, axis=0) if len(together) else together.reshape(0, 2)


def _minhash(threshold: float) -> Callable[[pl.DataFrame], Pairs]:
    """Datasketch's MinHash and LSH over shingles of characters, one index an account."""

    def find(comments: pl.DataFrame) -> Pairs:
        from datasketch import MinHash, MinHashLSH

        pairs = []
        for first, texts in _of_accounts(comments):
            shingles = [
                [text[start : start + SHINGLE].encode() for start in range(max(len(text) - SHINGLE + 1, 1))]
                for text in map(_plain, texts)
            ]
            index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
            for row, sketch in enumerate(MinHash.generator(shingles, num_perm=PERMUTATIONS)):
                pairs += [(first + other, first + row) for other in index.query(sketch)]
                index.insert(row, sketch)
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    return find


def _rapidfuzz(cutoff: int) -> Callable[[pl.DataFrame], Pairs]:
    """Rapidfuzz's ratio (normalised edit similarity, 0 to 100) of all pairs of an account, in one matrix."""

    def find(comments: pl.DataFrame) -> Pairs:
        from rapidfuzz import fuzz, process

        pairs = []
        for first, texts in _of_accounts(comments):
            plain = [_plain(text) for text in texts]
            matrix = process.cdist(plain, plain, scorer=fuzz.ratio, score_cutoff=cutoff, dtype=np.uint8, workers=1)
            pairs.append(first + np.argwhere(np.triu(matrix >= cutoff, 1)))
        return np.concatenate(pairs) if pairs else np.empty((0, 2), np.int64)

    return find


def _of_accounts(comments: pl.DataFrame) -> Iterator[tuple[int, list[str]]]:
    """First row and texts of each account; its rows follow each other."""
    first = 0
    for rows in comments.partition_by("account", maintain_order=True):
        yield first, rows["text"].to_list()
        first += rows.height


def _plain(text: str) -> str:
    """Lower case, runs of anything but letters and digits as one space: what the libraries' own preparation does."""
    return re.sub(r"\W+", " ", text.lower()).strip()


FINDERS: dict[str, Callable[[pl.DataFrame], Pairs]] = {
    "Assay: whole text": _assay(("text_key",)),
    "Assay: first or last three words": _assay(("text_key", "opening_key", "closing_key")),
    "Assay: both ends around a slot": _assay(("text_key", "slotted_keys")),
    "Assay: all of these": _assay(("text_key", "opening_key", "closing_key", "slotted_keys")),
    "datasketch: Jaccard 0.5": _minhash(0.5),
    "datasketch: Jaccard 0.7": _minhash(0.7),
    "rapidfuzz: ratio 70": _rapidfuzz(70),
    "rapidfuzz: ratio 85": _rapidfuzz(85),
}
"""Ways to find near-duplicates. Each library has a loose and a strict setting, so that none is chosen for it."""


def duplicates(accounts: int, seed: int, finder: str, comments_each: int = COMMENTS) -> dict[str, Any]:
    """Precision and recall per pair of one finder, and what finding cost.

    A pair of genuine comments that are the same text counts neither way: no method can tell it from a planted one.

    Returns:
        `comments`, `planted_pairs`, `found_pairs` (those that count), `precision` (null where nothing was found),
        `recall`, `recall_of_kind` (by name, null where none was planted), and `cpu_seconds_per_million` comments of
        finding alone.
    """
    comments = planted(accounts, seed, comments_each)
    find = FINDERS[finder]
    find(comments.head(COMMENTS))  # imports and compiled kernels are not what is measured
    started = cpu_seconds()
    pairs = find(comments)
    cost = cpu_seconds() - started
    template, kind = comments["template"].to_numpy(), comments["kind"].to_numpy()
    plain = np.array([_plain(text) for text in comments["text"]], dtype=object)
    first, second = pairs.T
    genuine = (template[first] < 0) & (template[second] < 0)
    counts = ~(genuine & (plain[first] == plain[second]))
    hits = (template[first] >= 0) & (template[first] == template[second])
    pairs_of_template = COPIES * (COPIES - 1) // 2
    templates = np.array([len(np.unique(template[kind == each])) for each in range(len(KINDS))])
    found = np.array([int((hits & (kind[first] == each)).sum()) for each in range(len(KINDS))])
    possible = templates * pairs_of_template
    return {
        "comments": comments.height,
        "planted_pairs": int(possible.sum()),
        "found_pairs": int(counts.sum()),
        "precision": float(hits.sum() / counts.sum()) if counts.any() else None,
        "recall": float(found.sum() / possible.sum()),
        "recall_of_kind": {
            name: float(found[each] / possible[each]) if possible[each] else None for each, name in enumerate(KINDS)
        },
        "cpu_seconds_per_million": 1e6 * cost / comments.height,
    }
