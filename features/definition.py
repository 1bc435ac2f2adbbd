"""What a feature is: one object that computes the value and says everything else about it.

The column name, the legal range, the row in the documentation, the sentence shown to a person, the monotone
direction handed to the classifier and the property tests all come from the same `Feature`, so that they cannot
drift apart. `@feature` on a small expression function is the only registration there is.
"""

from __future__ import annotations

import inspect
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from features.tables import Tables

GROUPS = ("growth", "comments", "engagement", "profile")
"""One module of this package each; the order is the order of the catalogue."""

Suspicious = Literal["high", "low", "both", "context"]
"""The side on which a value is consistent with a scheme. `context` features inform the model and are never a reason."""

KINDS = (
    "share",
    "ratio",
    "rate_per_day",
    "rate_per_month",
    "count",
    "days",
    "hours",
    "entropy_bits",
    "zscore",
    "correlation",
    "residual",
    "spread",
    "flag",
    "length",
)
"""Last words of a feature's name: what kind of number it is."""

Expression = Callable[[], pl.Expr]
FrameBuilder = Callable[[Tables], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Feature:
    """One number per account.

    Attributes:
        name: column name, `<group>_<what>[_<window>]_<kind>`; also the name of the function.
        group: one of `GROUPS`.
        frame: name of the group's frame whose rows of one account are aggregated.
        unit: what the number counts, in words, with its range.
        formula: how it is computed, in the terms of the frame's columns.
        suspicious: side on which the value is consistent with a scheme.
        reason: sentence for a person with `{value}`; for `both`, one sentence per side.
        source: where the idea or a constant comes from.
        low, high: inclusive bounds of a legal value; None where there is none.
        min_rows: rows of the frame below which the value is null.
        description: first paragraph of the docstring.
        expression: returns the aggregation, usable in any `group_by().agg()` over the frame.
    """

    name: str
    group: str
    frame: str
    unit: str
    formula: str
    suspicious: Suspicious
    reason: dict[str, str]
    source: str
    low: float | None
    high: float | None
    min_rows: int
    description: str
    expression: Expression

    @property
    def monotone(self) -> int:
        """Direction for the classifier: 1 rises with suspicion, -1 falls, 0 free."""
        return {"high": 1, "low": -1, "both": 0, "context": 0}[self.suspicious]

    def sentence(self, value: float, side: Literal["high", "low"]) -> str:
        """The reason in words for a value seen on the given side. KeyError where that side is not suspicious."""
        return self.reason[side].format(value=value)

    def aggregation(self) -> pl.Expr:
        """The null rule applied to the expression: too few rows, or a number that is not finite, give null."""
        value = self.expression().cast(pl.Float64)
        value = pl.when(pl.len() >= self.min_rows).then(value)
        return value.alias(self.name)

    def definition_text(self) -> str:
        """Everything that defines the value, as text: the material of the catalogue's hash."""
        source = inspect.getsource(self.expression)
        return "\n".join((self.name, self.frame, str(self.min_rows), self.suspicious, self.formula, source))


class DuplicateFeatureError(ValueError):
    """Two features share one name."""


def feature(
    registry: dict[str, Feature],
    *,
    group: str,
    frame: str,
    unit: str,
    formula: str,
    suspicious: Suspicious,
    source: str,
    reason: str = "",
    reason_high: str = "",
    reason_low: str = "",
    low: float | None = None,
    high: float | None = None,
    min_rows: int = 1,
) -> Callable[[Expression], Expression]:
    """Register the decorated expression function as a feature of `registry`, under its own name.

    Raises:
        ValueError: a name off the house's convention, or a reason that does not fit the declared side.
        DuplicateFeatureError: the name is taken.
    """

    def register(function: Expression) -> Expression:
        name = function.__name__
        _check_name(name, group)
        if name in registry:
            raise DuplicateFeatureError(f"feature '{name}' is defined twice in group '{group}'.")
        registry[name] = Feature(
            name=name,
            group=group,
            frame=frame,
            unit=unit,
            formula=formula,
            suspicious=suspicious,
            reason=_reasons(name, suspicious, reason, reason_high, reason_low),
            source=source,
            low=low,
            high=high,
            min_rows=min_rows,
            description=(inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " "),
            expression=function,
        )
        return function

    return register


def _check_name(name: str, group: str) -> None:
    if group not in GROUPS:
        raise ValueError(f"feature '{name}': group '{group}' is not one of {', '.join(GROUPS)}.")
    pattern = rf"{group}(_[a-z0-9]+)+_({'|'.join(KINDS)})"
    if not re.fullmatch(pattern, name):
        raise ValueError(f"feature '{name}': rename it to {group}_<what>_<kind>, kind one of {', '.join(KINDS)}.")


def _reasons(name: str, suspicious: Suspicious, reason: str, reason_high: str, reason_low: str) -> dict[str, str]:
    reasons = {
        "high": {"high": reason},
        "low": {"low": reason},
        "both": {"high": reason_high, "low": reason_low},
        "context": {},
    }[suspicious]
    for side, sentence in reasons.items():
        fields = {field for _, field, _, _ in string.Formatter().parse(sentence) if field}
        if fields != {"value"}:
            raise ValueError(f"feature '{name}': its reason for a {side} value must name {{value}}, found {fields}.")
    return reasons
