"""What is shown of two models side by side: what to conclude first, then the figures as a forest plot, then tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pages.drawing import OUTCOMES, Difference, forest


def compare_view(
    title: str,
    sentences: Sequence[str],
    tables: Sequence[Mapping[str, Any]],
    differences: Sequence[Difference],
    caption: str,
) -> dict[str, Any]:
    """What the template `compare.html` shows.

    Args:
        title: of the page.
        sentences: what to conclude, the most important first.
        tables: `title`, `words`, `heads` and `rows` of text each, in the order to read them.
        differences: paired differences with their intervals; none draws nothing.
        caption: what is drawn, in words.
    """
    drawings, axis = forest(differences) if differences else ([], None)
    told = [
        {
            "name": each.name,
            # Four digits: an interval that ends just beside zero would seem to hold it.
            "figures": f"{each.value:+z.4f} ({each.lower:+z.4f} to {each.upper:+z.4f})",
            "style": each.style,
            "outcome": OUTCOMES[each.style],
            "drawing": drawing,
        }
        for each, drawing in zip(differences, drawings, strict=True)
    ]
    return {
        "title": title,
        "sentences": sentences,
        "tables": tables,
        "differences": told,
        "axis": axis,
        "caption": caption,
    }
