"""What a feature is: one object that computes the value and says everything else about it.

The column name, the legal range, the row in the documentation, the sentence shown to a person, the monotone
direction handed to the classifier and the property tests all come from the same `Feature`, so that they cannot
drift apart. `@feature` on a small expression function is the only registration there is.
"""

from __future__ import annotations

import difflib
import functools
import inspect
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from features.signals import SIGNALS
from features.tables import Tables

MODEL_GROUPS = ("growth", "comments", "engagement", "profile")
"""Groups whose features look at one account alone: what the classifier may see."""

GROUPS = (*MODEL_GROUPS, "network")
"""One module of this package each; the order is the order of the catalogue."""

Scope = Literal["account", "batch"]
"""`batch`: the value looks across the accounts of the folder, and changes with who else is in it."""

MOST_EVIDENCE = 10
"""Rows behind one value that a person is shown."""

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


class Shown(float):
    """A number as sentences show it: what rounds to all or nothing, and is not, reads as over or under.

    "100% of the gains" would be refuted by the first gain elsewhere, and "0%" is no reason: 0.997 reads "over 99%" and
    0.003 "under 1%" in whole per cent. Other formats, and per cents with a sign, are those of a float.
    """

    def __format__(self, specification: str) -> str:
        """The number in that format."""
        text = super().__format__(specification)
        if not specification.endswith("%") or "+" in specification:
            return text
        digits = int(specification.removesuffix("%").removeprefix(".") or "6")
        step, whole = 10.0 ** -(digits + 2), f"{1.0:.{digits}%}"
        if text.lstrip("-") == f"{0.0:.{digits}%}":
            return f"under {step:.{digits}%}" if self > 0 else text.lstrip("-")
        return f"over {1.0 - step:.{digits}%}" if text == whole and self < 1 else text


@dataclass(frozen=True, slots=True)
class Citation:
    """How the rows of a frame are named to a person.

    Attributes:
        table: the contract's table that the rows come from.
        key: column of the frame that finds the row in that table, or the last day of a stretch of it.
        text: what is seen on the row, in words with numbers and from that row alone; never the text of a comment, nor
            who wrote it.
    """

    table: str
    key: str
    text: Expression


@dataclass(frozen=True, slots=True)
class Feature:
    """One number per account.

    Attributes:
        name: column name, `<group>_<what>[_<window>]_<kind>`; also the name of the function.
        group: one of `GROUPS`.
        frame: name of the group's frame whose rows of one account are aggregated.
        signal: one of `SIGNALS`: what this feature sees together with others. One reason speaks for all of them.
        unit: what the number counts, in words, with its range.
        formula: how it is computed, in the terms of the frame's columns.
        suspicious: side on which the value is consistent with a scheme.
        reason: sentence for a person with `{value}`; for `both`, one sentence per side.
        source: where the idea or a constant comes from.
        low, high: inclusive bounds of a legal value; None where there is none.
        min_rows: rows of the frame below which the value is null.
        description: first paragraph of the docstring.
        expression: returns the aggregation, usable in any `group_by().agg()` over the frame; or, of a frame whose rows
            are counted by a kernel, an expression over the totals of an account (`TOTALS` of the group's module).
        evidence: returns the push of each row of the frame, of the frame's length within one account: positive where
            the row makes the value higher, negative where it makes it lower, zero or null where it takes no part.
            It is made of the same columns and helpers as the expression or, where that is over totals, of the
            columns that were summed.
        scope: `account`, or `batch` where the value depends on the other accounts of the folder.
    """

    name: str
    group: str
    frame: str
    signal: str
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
    evidence: Expression
    scope: Scope

    @property
    def monotone(self) -> int:
        """Direction for the classifier: 1 rises with suspicion, -1 falls, 0 free."""
        return {"high": 1, "low": -1, "both": 0, "context": 0}[self.suspicious]

    def sentence(self, value: float, side: Literal["high", "low"]) -> str:
        """The reason in words for a value seen on the given side. KeyError where that side is not suspicious."""
        return self.reason[side].format(value=Shown(value))

    def aggregation(self, rows: str | None = None) -> pl.Expr:
        """The null rule applied to the expression: too few rows give null.

        `rows` is the column that counts them, where the expression is over totals; None: the rows of the group.
        """
        return _aggregation(self.expression, self.min_rows, self.name, rows)

    def definition_text(self) -> str:
        """Everything that defines the value, as text: the material of the catalogue's hash."""
        source = inspect.getsource(self.expression)
        return "\n".join((self.name, self.frame, str(self.min_rows), self.suspicious, self.formula, source))


@functools.cache  # to build an expression takes as long as to evaluate it on a few hundred accounts
def _aggregation(expression: Expression, min_rows: int, name: str, rows: str | None) -> pl.Expr:
    value = expression().cast(pl.Float64)
    value = pl.when((pl.len() if rows is None else pl.col(rows)) >= min_rows).then(value)
    return value.alias(name)


class DuplicateFeatureError(ValueError):
    """Two features share one name."""


def feature(
    registry: dict[str, Feature],
    *,
    group: str,
    frame: str,
    signal: str,
    unit: str,
    formula: str,
    suspicious: Suspicious,
    source: str,
    evidence: Expression,
    reason: str = "",
    reason_high: str = "",
    reason_low: str = "",
    low: float | None = None,
    high: float | None = None,
    min_rows: int = 1,
    scope: Scope = "account",
) -> Callable[[Expression], Expression]:
    """Register the decorated expression function as a feature of `registry`, under its own name.

    Raises:
        ValueError: a name off the house's convention, an unknown signal, or a reason that does not fit the declared
            side.
        DuplicateFeatureError: the name is taken.
    """

    def register(function: Expression) -> Expression:
        name = function.__name__
        _check_name(name, group)
        _check_signal(name, signal)
        if name in registry:
            raise DuplicateFeatureError(f"feature '{name}' is defined twice in group '{group}'.")
        registry[name] = Feature(
            name=name,
            group=group,
            frame=frame,
            signal=signal,
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
            evidence=evidence,
            scope=scope,
        )
        return function

    return register


def _check_name(name: str, group: str) -> None:
    if group not in GROUPS:
        raise ValueError(f"feature '{name}': group '{group}' is not one of {', '.join(GROUPS)}.")
    pattern = rf"{group}(_[a-z0-9]+)+_({'|'.join(KINDS)})"
    if not re.fullmatch(pattern, name):
        raise ValueError(f"feature '{name}': rename it to {group}_<what>_<kind>, kind one of {', '.join(KINDS)}.")


def _check_signal(name: str, signal: str) -> None:
    if signal not in SIGNALS:
        near = difflib.get_close_matches(signal, SIGNALS, n=3)
        hint = f" Did you mean {' or '.join(repr(each) for each in near)}?" if near else ""
        raise ValueError(f"feature '{name}': signal '{signal}' is not in features/signals.py.{hint}")


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
