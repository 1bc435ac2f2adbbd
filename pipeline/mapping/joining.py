"""Columns of ids, chosen so that the tables of an export refer to each other."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.mapping.likeness import ids_of
from pipeline.mapping.names import plain, rank
from pipeline.mapping.nested import UP
from pipeline.mapping.shapes import Shape

OF_ONE_KIND = 0.1
"""Weight of ids that are of one kind, beside the shares of ids that are found in other tables; assumed."""


def join(chosen: dict[str, Shape], named: dict[str, dict[str, str]]) -> None:
    """Choose the columns of ids so that the tables refer to each other; changes `named`."""
    accounts = chosen.get("accounts")
    options = [] if accounts is None else [name for name in ids_of("accounts", accounts) if _is_key(accounts, name)]
    if accounts is not None and options:
        others = {table: shape for table, shape in chosen.items() if table != "accounts"}
        commenter = named.get("comments", {}).get("commenter_id", "")
        matches = {
            name: {table: _best(table, shape, accounts, name) for table, shape in others.items()} for name in options
        }
        # An owner's own reply is told by the commenter being the account: the ids should be of one kind.
        points = {
            name: sum(share for share, _ in best.values())
            + OF_ONE_KIND * (commenter != "" and _is_id(name) == _is_id(commenter))
            for name, best in matches.items()
        }
        key = max(options, key=lambda name: (points[name], -options.index(name)))
        named["accounts"]["account_id"] = key
        for table, (share, column) in matches[key].items():
            if column is not None and share > 0:
                named[table]["account_id"] = column
    if "comments" in chosen and "posts" in chosen:
        ids = set(chosen["posts"].cells.get(named["posts"].get("post_id", ""), []))
        found = {
            name: _overlap(cells, ids)
            for name, cells in chosen["comments"].cells.items()
            if rank("comments", "post_id", name) is not None or name.startswith(UP)
        }
        if found and max(found.values()) > 0:
            named["comments"]["post_id"] = max(found, key=lambda name: found[name])


def _is_id(name: str) -> bool:
    """Whether a column holds ids and not names, by its own name."""
    return plain(name.rsplit(".", maxsplit=1)[-1]).endswith(("id", "pk"))


def _is_key(shape: Shape, name: str) -> bool:
    cells = shape.cells[name]
    return all(cells) and len(set(cells)) == shape.height


def _best(table: str, shape: Shape, accounts: Shape, name: str) -> tuple[float, str | None]:
    """The share of a table's ids that are found among the accounts', and the column of the table that they are in."""
    known = set(accounts.cells[name])
    if shape.across is not None and shape.across[0] == "account_id":
        return _overlap(shape.across[1], known), None
    columns = ids_of(table, shape) + [each for each in shape.cells if each.startswith(UP)]
    shares = {each: _overlap(shape.cells[each], known) for each in dict.fromkeys(columns)}
    best = max(shares, key=lambda each: shares[each], default=None)
    return (shares[best], best) if best is not None else (0.0, None)


def _overlap(cells: Iterable[str | None], known: set[str | None]) -> float:
    filled = {cell for cell in cells if cell}
    return len(filled & known) / len(filled) if filled else 0.0
