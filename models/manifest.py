"""What the numbers of a bundle must be, whoever wrote them: a sha256 says that a file is whole, not that it is sound.

A manifest can be written anew together with its checksums. So its entries, the baselines' and the drift's are held
against the types and bounds below before anything is computed with them, all problems at once. Entries that are not
named here are refused elsewhere: `Bundle.from_files` writes the bundle again and compares the bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

MOST_JSON_BYTES = 1 << 20
"""Bytes of one of the JSON files, at most: 1 MiB, twenty times the largest so far (assumed). A long list of wrong entries
costs far more than its text."""

MOST_NAMED = 3
"""Problems of one file that a message names; the others are counted."""

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Inside = Annotated[float, Field(gt=0.0, lt=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
AtLeastZero = Annotated[float, Field(ge=0.0)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
"""Of a feature, a scheme or a share: a word that can be part of a file's name and of a page."""


class _Entry(BaseModel):
    """Numbers are finite, and a text is no number."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, allow_inf_nan=False)


class _Calibration(_Entry):
    """`models.calibration.Calibration`."""

    anchor: float
    prevalence: Inside
    knots_above: tuple[Positive, ...]
    slopes_above: tuple[Positive, ...]
    knots_below: tuple[Positive, ...]
    slopes_below: tuple[Positive, ...]

    @model_validator(mode="after")
    def _segments(self) -> Self:
        for knots, slopes in ((self.knots_above, self.slopes_above), (self.knots_below, self.slopes_below)):
            _rising(knots, "knots")
            _owed(len(slopes) == len(knots) + 1, f"{len(slopes)} slopes for {len(knots)} knots")
        return self


class _Share(_Entry):
    """`models.shares.ShareModel` without its trees."""

    calibration: _Calibration
    smallest: Share
    largest: Share
    tiers: tuple[Annotated[int, Field(gt=0)], ...]
    levels: tuple[Inside, ...]
    bought_per_inauthentic: Positive
    small_per_inauthentic: AtLeastZero
    needed: Annotated[tuple[Name, ...], Field(min_length=1)]
    parts: tuple[Name, ...]

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        _rising(self.tiers, "tiers")
        _owed(len(self.levels) == len(self.tiers) + 2, f"{len(self.levels)} levels for {len(self.tiers)} tiers")
        _owed(self.smallest <= self.largest, "smallest is above largest")
        # Else more than all accounts bought some at a high prevalence: see `ShareModel.prior`.
        _owed(
            self.bought_per_inauthentic <= 1.0 + self.small_per_inauthentic, "more bought some than cheats and doses are"
        )
        return self


class _Costs(_Entry):
    """`models.thresholds.Costs`."""

    pay_inauthentic: Positive
    refuse_genuine: Positive
    review: Positive


class _Thresholds(_Entry):
    """`models.thresholds.Thresholds`."""

    pass_below: Share
    reject_above: Share
    reject_above_evidence: float

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _owed(self.pass_below <= self.reject_above, "pass_below is above reject_above")
        return self


class _Applicability(_Entry):
    """`models.applicability.Applicability`."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    width: tuple[Positive, ...]
    limit: AtLeastZero

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _owed(len(self.low) == len(self.high) == len(self.width), "low, high and width differ in length")
        _owed(all(low <= high for low, high in zip(self.low, self.high, strict=True)), "a low is above its high")
        return self


class _Ordinary(_Entry):
    """`models.explanation.OrdinaryRange`."""

    low: float | None
    high: float | None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _owed((self.low is None) == (self.high is None), "one of low and high is missing")
        _owed(self.low is None or self.high is None or self.low <= self.high, "low is above high")
        return self


class _Settings(_Entry):
    """The numbers of the verdict; further ones are numbers too."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float]

    suspected_scheme_above: Share
    most_reasons: Annotated[int, Field(ge=1)]
    least_named_evidence: AtLeastZero
    smallest_follower_count: AtLeastZero
    largest_follower_count: AtLeastZero

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _owed(self.smallest_follower_count <= self.largest_follower_count, "smallest is above largest follower count")
        return self


class _Manifest(_Entry):
    """manifest.json."""

    features: Annotated[tuple[Name, ...], Field(min_length=1)]
    catalog_hash: Annotated[str, Field(pattern=r"^[0-9a-f]+$")]
    prevalence: Inside
    calibration: _Calibration
    experts: tuple[Name, ...]
    expert_weight: Share
    schemes: dict[Name, _Calibration]
    shares: dict[Name, _Share]
    costs: _Costs
    thresholds: _Thresholds
    applicability: _Applicability
    ordinary: dict[str, _Ordinary]
    evidence_cuts: tuple[tuple[Share, float], ...]
    settings: _Settings
    provenance: dict[str, Any]

    @model_validator(mode="after")
    def _of_the_same_features(self) -> Self:
        _owed(len(set(self.features)) == len(self.features), "a feature stands there twice")
        _owed(len(self.applicability.low) == len(self.features), "applicability is of another number of features")
        _owed(set(self.ordinary) == set(self.features), "ordinary is of other features")
        for name, share in self.shares.items():
            _owed(set(share.needed) <= set(self.features), f"the share {name} needs a feature that is not there")
        return self


class _Constant(_Entry):
    """`models.baselines.Constant`; a share of 0 or 1 has no log-odds to move."""

    share: Inside


class _Cut(_Entry):
    """`models.baselines.Cut`."""

    column: Annotated[int, Field(ge=0)]
    cut: float | None
    below: Share
    above: Share
    missing: Share


class _Tree(_Entry):
    """`models.baselines.Tree`, in scikit-learn's arrays."""

    column: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    missing_goes_left: tuple[bool, ...]
    share: Annotated[tuple[Share, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_a_tree(self) -> Self:
        nodes = len(self.share)
        arrays = (self.column, self.threshold, self.left, self.right, self.missing_goes_left)
        _owed(all(len(each) == nodes for each in arrays), "the nodes' arrays differ in length")
        for node, (left, right) in enumerate(zip(self.left, self.right, strict=True)):
            is_leaf = left < 0 and right < 0
            _owed(is_leaf or (node < left < nodes and node < right < nodes), "the nodes do not make a tree")
        return self


class _Line(_Entry):
    """`models.baselines.Line`."""

    low: tuple[float, ...]
    high: tuple[float, ...]
    centre: tuple[float, ...]
    scale: tuple[Positive, ...]
    weight: tuple[float, ...]
    missing_weight: tuple[float, ...]
    intercept: float


class _Baseline(_Entry):
    """`models.baselines.Baseline` by the name of its kind."""

    name: Name
    description: str


class _ConstantBaseline(_Baseline):
    kind: Literal["constant"]
    rule: _Constant


class _CutBaseline(_Baseline):
    kind: Literal["cut"]
    rule: _Cut


class _TreeBaseline(_Baseline):
    kind: Literal["tree"]
    rule: _Tree


class _LineBaseline(_Baseline):
    kind: Literal["line"]
    rule: _Line


_BASELINES = TypeAdapter(
    tuple[
        Annotated[
            _ConstantBaseline | _CutBaseline | _TreeBaseline | _LineBaseline,
            Field(discriminator="kind"),
        ],
        ...,
    ]
)


class _ByKind(_Entry):
    values: AtLeastZero
    missing: AtLeastZero


class _Distribution(_Entry):
    """`models.drift.Distribution`."""

    edges: tuple[float, ...]
    low: float
    high: float
    counts: tuple[Annotated[int, Field(ge=0)], ...]
    missing: Annotated[int, Field(ge=0)]
    surplus: _ByKind

    @model_validator(mode="after")
    def _bins(self) -> Self:
        _rising(self.edges, "edges")
        _owed(len(self.counts) == len(self.edges) + 1, f"{len(self.counts)} counts for {len(self.edges)} edges")
        _owed(self.low <= self.high, "low is above high")
        return self


class _Drift(_Entry):
    """`models.drift.Drift`."""

    features: dict[Name, _Distribution]
    score: _Distribution
    limits: _ByKind


def problems_of(manifest: bytes, baselines: bytes, drift: bytes) -> dict[str, list[str]]:
    """What is wrong in each of the three JSON files, by `manifest`, `baselines`, `drift`; empty where they are sound."""
    found: dict[str, list[str]] = {}
    read: dict[str, Any] = {}
    for name, content in (("manifest", manifest), ("baselines", baselines), ("drift", drift)):
        if len(content) > MOST_JSON_BYTES:
            found[name] = [f"{len(content):,} bytes, at most {MOST_JSON_BYTES:,}"]
            continue
        try:
            read[name] = _ADAPTERS[name].validate_json(content, strict=True)
        except ValidationError as error:
            found[name] = _said(error)
    if not found:
        names = read["manifest"].features
        found |= {"drift": ["it is of other features"]} if set(read["drift"].features) != set(names) else {}
        found |= {"baselines": said} if (said := _of_baselines(read["baselines"], len(names))) else {}
    return found


_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    "manifest": TypeAdapter(_Manifest),
    "baselines": _BASELINES,
    "drift": TypeAdapter(_Drift),
}


def _of_baselines(baselines: Sequence[_Baseline], features: int) -> list[str]:
    """Baselines that ask for features which are not there; and the one that the others' prevalence is taken from."""
    said = []
    for each in baselines:
        rule = getattr(each, "rule", None)
        if isinstance(rule, _Line):
            lengths = {len(numbers) for numbers in (rule.low, rule.high, rule.centre, rule.scale, rule.weight)}
            fits = lengths | {len(rule.missing_weight)} == {features}
        else:
            asked = rule.column if isinstance(rule, _Tree) else (rule.column,) if isinstance(rule, _Cut) else ()
            fits = all(column < features for column in asked)
        if not fits:
            said.append(f"{each.name} is of another number of features")
    if not any(isinstance(each, _ConstantBaseline) for each in baselines):
        said.append("none is of the kind 'constant'")
    return said


def _said(error: ValidationError) -> list[str]:
    """Entry and problem, the first of them."""
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    said = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}".removeprefix(": ") for each in errors]
    more = [f"and {len(said) - MOST_NAMED:,} more"] if len(said) > MOST_NAMED else []
    return [*said[:MOST_NAMED], *more]


def _rising(numbers: Sequence[float], what: str) -> None:
    _owed(all(one < other for one, other in pairwise(numbers)), f"{what} do not rise")


def _owed(holds: object, problem: str) -> None:
    """A problem of a whole entry, as pydantic wants it."""
    if not holds:
        raise ValueError(problem)
