"""The bundle's bytes: the same bundle gives the same, and nothing that was changed is read."""

from __future__ import annotations

import hashlib
import json
import pickle
from dataclasses import replace
from typing import Any

import pytest

from models.applicability import Applicability
from models.bundle import BASELINES, CHECKSUMS, CLASSIFIER, DRIFT, MANIFEST, Bundle, UnusableBundleError, booster
from models.classifier import MixtureTrees
from models.manifest import MOST_JSON_BYTES
from tests.models.synthetic import handmade_bundle, handmade_share, trained

FILES = (
    "baselines.json",
    CHECKSUMS,
    DRIFT,
    MANIFEST,
    CLASSIFIER,
    "scheme_bought_comments.txt",
    "scheme_engagement_pod.txt",
    "share_follower_any.txt",
    "share_follower_level_05.txt",
    "share_follower_level_25.txt",
    "share_follower_level_50.txt",
    "share_follower_level_75.txt",
    "share_follower_level_95.txt",
)


def with_right_checksums(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files as somebody leaves them who changes one and writes the checksums anew."""
    others = sorted(set(files) - {CHECKSUMS})
    lines = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in others]
    return files | {CHECKSUMS: "".join(lines).encode()}


def with_manifest(**entries: Any) -> dict[str, bytes]:
    """A bundle whose manifest says something else, with checksums that are right; None takes an entry out."""
    files = handmade_bundle().to_files()
    manifest = json.loads(files[MANIFEST]) | entries
    kept = {name: entry for name, entry in manifest.items() if entry is not None}
    return with_right_checksums(files | {MANIFEST: json.dumps(kept).encode()})


DISTRIBUTION = {"edges": [], "low": 0, "high": 0, "counts": [0], "missing": 1, "surplus": {"values": 0, "missing": 0}}
COSTS = {"review": 1.0, "pay_inauthentic": 4.0, "refuse_genuine": 20.0}
CUT = {"column": 0, "cut": None, "below": 0.2, "above": 0.2, "missing": 0.2}
CYCLE = {
    "column": [0, -2, -2],
    "threshold": [0.5, -2.0, -2.0],
    "left": [0, -1, -1],
    "right": [2, -1, -1],
    "missing_goes_left": [True, False, False],
    "share": [0.2, 0.1, 0.4],
}
LINE = {name: [1.0] for name in ("low", "high", "centre", "scale", "weight", "missing_weight")} | {"intercept": 0.0}


def spoilt_baselines(content: bytes) -> dict[str, bytes]:
    """The files that must change for other baselines to have right digests."""
    files = handmade_bundle().to_files() | {BASELINES: content}
    manifest = json.loads(files[MANIFEST])
    manifest["sha256"][BASELINES] = hashlib.sha256(content).hexdigest()
    return with_right_checksums(files | {MANIFEST: (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()})


class Trap:
    """Unpickling one of these is noticed."""

    sprung = False

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return setattr, (Trap, "sprung", True)


def test_an_empty_folder_is_no_bundle() -> None:
    with pytest.raises(
        UnusableBundleError, match=r"not a bundle of Assay: SHA256SUMS or manifest.json is missing. Fou"
    ):
        Bundle.from_files({})


WITH_EXPERTS = handmade_bundle(
    classifier=replace(
        handmade_bundle().classifier,
        trees=MixtureTrees("tree\nfirst\n", {"engagement_pod": "tree\npod\n", "bought_comments": "tree\n\n"}, 0.5),
    )
)


@pytest.mark.parametrize(
    "bundle",
    [handmade_bundle(), handmade_bundle(schemes={}), WITH_EXPERTS],
    ids=["two schemes", "no scheme", "two experts"],
)
def test_a_bundle_survives_the_trip_in_value_and_in_bytes(bundle: Bundle) -> None:
    files = bundle.to_files()
    again = Bundle.from_files(files)
    assert again == bundle
    assert again.to_files() == files
    assert again.version == bundle.version


def test_a_trained_bundle_survives_the_trip() -> None:
    bundle = trained().bundle
    assert Bundle.from_files(bundle.to_files()) == bundle


def test_the_files_are_text_json_and_checksums() -> None:
    files = handmade_bundle().to_files()
    assert sorted(files) == sorted(FILES)
    assert files[CLASSIFIER] == b"tree\nfirst\n"
    assert json.loads(files[MANIFEST])["format_version"] == 2
    lines = files[CHECKSUMS].decode().splitlines()
    assert lines[-1] == f"{hashlib.sha256(files[lines[-1][66:]]).hexdigest()}  share_follower_level_95.txt"
    assert len(lines) == len(FILES) - 1


def test_experts_travel_in_files_of_their_own() -> None:
    files = WITH_EXPERTS.to_files()
    assert sorted(files) == sorted((*FILES, "expert_bought_comments.txt", "expert_engagement_pod.txt"))
    assert files[CLASSIFIER] == b"tree\nfirst\n"
    assert json.loads(files[MANIFEST])["expert_weight"] == 0.5


def test_an_expert_that_the_manifest_names_and_no_file_holds_is_missed() -> None:
    with pytest.raises(UnusableBundleError, match=r"manifest.json lacks or garbles an entry \('expert_gone.txt'\)"):
        Bundle.from_files(with_manifest(experts=["gone"]))


def test_parts_that_list_other_features_are_refused() -> None:
    trees = trained().bundle.classifier.trees
    assert isinstance(trees, MixtureTrees)
    turned = trees.general.replace("growth_burst_share", "growth_other_share")
    with pytest.raises(UnusableBundleError, match=r"the parts of the classifier list different features\. Train again"):
        booster(replace(trees, general=turned))


def test_the_order_of_entries_changes_no_byte() -> None:
    bundle = handmade_bundle()
    turned = handmade_bundle(
        schemes=dict(reversed(bundle.schemes.items())),
        ordinary=dict(reversed(bundle.ordinary.items())),
        provenance=dict(reversed(bundle.provenance.items())),
    )
    assert turned.to_files() == bundle.to_files()


def test_infinity_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        handmade_bundle(applicability=Applicability((0.0,), (float("inf"),), (1.0,), 0.1)).to_files()


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_refused_wherever_it_is(name: str) -> None:
    files = handmade_bundle().to_files()
    for position in range(len(files[name])):
        content = bytearray(files[name])
        content[position] ^= 0x01
        with pytest.raises(UnusableBundleError, match=r"bundle is not what was written|cannot be read"):
            Bundle.from_files(files | {name: bytes(content)})


@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_named(name: str) -> None:
    files = handmade_bundle().to_files()
    with pytest.raises(UnusableBundleError, match=rf"\(changed: {name}\). Copy it again, or retrain."):
        Bundle.from_files(files | {name: files[name] + (files[name] if name == CHECKSUMS else b" ")})


@pytest.mark.parametrize("name", [CHECKSUMS, MANIFEST])
def test_without_manifest_or_checksums_it_is_no_bundle(name: str) -> None:
    files = handmade_bundle().to_files()
    del files[name]
    with pytest.raises(UnusableBundleError, match=r"not a bundle of Assay.* Found: .*baselines.json, .*m"):
        Bundle.from_files(files)


def test_missing_and_extra_files_are_named_together() -> None:
    files = handmade_bundle().to_files()
    del files[CLASSIFIER]
    with pytest.raises(UnusableBundleError, match=r"\(missing: model.txt; not listed: model.pkl\)"):
        Bundle.from_files(files | {"model.pkl": b""})


@pytest.mark.parametrize(
    "garbage",
    [b"\xff\xfe\x00", b"no digest here\n", b"\n", "Prüfsummen".encode()],
    ids=["no text", "no two columns", "an empty line", "not ascii"],
)
def test_checksums_that_are_none_are_refused(garbage: bytes) -> None:
    with pytest.raises(UnusableBundleError, match=r"SHA256SUMS cannot be read\. Copy"):
        Bundle.from_files(handmade_bundle().to_files() | {CHECKSUMS: garbage})


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text + text.splitlines(keepends=True)[0],
        lambda text: b"".join(reversed(text.splitlines(keepends=True))),
    ],
    ids=["line endings", "a line twice", "another order"],
)
def test_checksums_that_are_right_and_not_ours_are_refused(rewrite: Any) -> None:
    files = handmade_bundle().to_files()
    with pytest.raises(UnusableBundleError, match=r"\(changed: SHA256SUMS\)"):
        Bundle.from_files(files | {CHECKSUMS: rewrite(files[CHECKSUMS])})


def test_an_empty_list_of_checksums_vouches_for_nothing() -> None:
    with pytest.raises(UnusableBundleError, match=r"not listed: .*manifest\.json.*model\.txt"):
        Bundle.from_files(handmade_bundle().to_files() | {CHECKSUMS: b""})


@pytest.mark.parametrize("name", [CLASSIFIER, MANIFEST])
@pytest.mark.parametrize("checksums_follow", [False, True], ids=["checksums as they were", "checksums made to match"])
def test_a_pickle_in_place_of_a_file_is_refused_and_never_run(
    name: str,
    checksums_follow: bool,  # noqa: FBT001 - a case
) -> None:
    files = handmade_bundle().to_files() | {name: pickle.dumps(Trap())}
    with pytest.raises(UnusableBundleError):
        Bundle.from_files(with_right_checksums(files) if checksums_follow else files)
    assert not Trap.sprung


@pytest.mark.parametrize("found", [3, 1, "2"], ids=["the future", "the past", "a text"])
def test_another_format_is_refused(found: object) -> None:
    with pytest.raises(UnusableBundleError, match=rf"format version {found}; this program reads 2. Score with the ver"):
        Bundle.from_files(with_manifest(format_version=found))


@pytest.mark.parametrize("content", [b"[]", b"{}", b"", b"{"], ids=["a list", "no entry", "empty", "cut off"])
def test_a_manifest_that_is_none_is_refused(content: bytes) -> None:
    files = with_right_checksums(handmade_bundle().to_files() | {MANIFEST: content})
    with pytest.raises(UnusableBundleError, match=r"manifest\.json is not one of Assay's"):
        Bundle.from_files(files)


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param({"thresholds": None}, id="an entry is missing"),
        pytest.param({"costs": {"review": 1.0}}, id="a number is missing"),
        pytest.param({"costs": {"review": 1.0, "pay_inauthentic": 1, "refuse_genuine": 1, "bribe": 1}}, id="one extra"),
        pytest.param({"schemes": []}, id="a list for a table"),
        pytest.param({"schemes": {"bought_likes": {}}}, id="a scheme without its trees"),
        pytest.param({"shares": {"follower": {"parts": []}}}, id="a share without its numbers"),
        pytest.param(
            {"shares": {"follower": handmade_share().to_json() | {"parts": ["any", "level_05"]}}},
            id="a share without some of its trees",
        ),
    ],
)
def test_a_garbled_manifest_is_refused_with_what_is_wrong(entries: dict[str, Any]) -> None:
    with pytest.raises(UnusableBundleError, match=r"manifest.json lacks or garbles an entry \(.+\)"):
        Bundle.from_files(with_manifest(**entries))


def garbled(name: str, *path: object, value: object) -> dict[str, bytes]:
    """A bundle of which one entry of a JSON file is another, and every digest right."""
    files = handmade_bundle().to_files()
    whole = entry = json.loads(files[name])
    for step in path[:-1]:
        entry = entry[step]
    entry[path[-1]] = value
    files[name] = (json.dumps(whole, indent=1, sort_keys=True) + "\n").encode()
    manifest = json.loads(files[MANIFEST])
    manifest["sha256"] |= {each: hashlib.sha256(files[each]).hexdigest() for each in manifest["sha256"]}
    return with_right_checksums(files | {MANIFEST: (json.dumps(manifest, indent=1, sort_keys=True) + "\n").encode()})


@pytest.mark.parametrize(
    ("name", "path", "value", "message"),
    [
        (MANIFEST, ["prevalence"], 1.0, r"prevalence: Input should be less than 1"),
        (MANIFEST, ["prevalence"], "0.2", r"prevalence: Input should be a valid number"),
        (MANIFEST, ["prevalence"], float("nan"), r"prevalence: Input should be a finite number"),
        (MANIFEST, ["expert_weight"], -0.5, r"expert_weight: Input should be greater than or equal to 0"),
        (MANIFEST, ["features"], ["x", "x"], r"a feature stands there twice"),
        (MANIFEST, ["features"], [], r"features: Tuple should have at least 1 item"),
        (MANIFEST, ["features", 0], "../x", r"features\.0: String should match pattern"),
        (MANIFEST, ["schemes", "../../x"], {}, r"schemes\.\.\./\.\./x\.\[key\]: String should match pattern"),
        (MANIFEST, ["thresholds", "pass_below"], 0.99, r"pass_below is above reject_above"),
        (MANIFEST, ["thresholds", "reject_above_evidence"], float("inf"), r"Input should be a finite number"),
        (MANIFEST, ["calibration", "slopes_above"], [1.0], r"calibration: Value error, 1 slopes for 2 knots"),
        (MANIFEST, ["calibration", "knots_above"], [2.0, 0.5], r"knots do not rise"),
        (MANIFEST, ["calibration", "slopes_below", 0], -1.0, r"Input should be greater than 0"),
        (MANIFEST, ["applicability", "low"], [0.0], r"low, high and width differ in length"),
        (MANIFEST, ["applicability", "low", 0], 2.0, r"a low is above its high"),
        (
            MANIFEST,
            ["applicability"],
            {"low": [], "high": [], "width": [], "limit": 0},
            r"of another number of features",
        ),
        (MANIFEST, ["ordinary"], {}, r"ordinary is of other features"),
        (MANIFEST, ["ordinary", "growth_burst_share", "high"], None, r"one of low and high is missing"),
        (MANIFEST, ["settings", "most_reasons"], 0, r"settings\.most_reasons: Input should be greater"),
        (MANIFEST, ["settings", "smallest_follower_count"], 1e9, r"smallest is above largest follower count"),
        (MANIFEST, ["settings", "another"], "word", r"settings\.another: Input should be a valid number"),
        (MANIFEST, ["shares", "follower", "levels"], [0.9], r"1 levels for 2 tiers"),
        (MANIFEST, ["shares", "follower", "needed"], ["elsewhere"], r"needs a feature that is not there"),
        (MANIFEST, ["shares", "follower", "smallest"], 0.9, r"smallest is above largest"),
        (MANIFEST, ["shares", "follower", "bought_per_inauthentic"], 9.0, r"more bought some than cheats and doses"),
        (DRIFT, ["score", "counts"], [1], r"drift\.json .*1 counts for 2 edges"),
        (DRIFT, ["score", "edges"], [0.5, 0.1], r"edges do not rise"),
        (DRIFT, ["features", "elsewhere"], DISTRIBUTION, r"drift\.json .*it is of other features"),
        (BASELINES, [1, "rule", "column"], 2, r"baselines\.json .*rule is of another number of features"),
        (BASELINES, [0, "rule", "share"], 1.0, r"baselines\.json .*Input should be less than 1"),
        (BASELINES, [0, "kind"], "oracle", r"baselines\.json .*does not match any of the expected tags"),
        (
            BASELINES,
            [0],
            {"name": "rule", "description": "", "kind": "cut", "rule": CUT},
            r"none is of the kind 'const",
        ),
        (BASELINES, [1], {"name": "rule", "description": "", "kind": "tree", "rule": CYCLE}, r"do not make a tree"),
        (
            BASELINES,
            [1],
            {"name": "rule", "description": "", "kind": "line", "rule": LINE},
            r"another number of features",
        ),
    ],
)
def test_numbers_out_of_bounds_are_refused_though_every_digest_is_right(
    name: str, path: list[Any], value: object, message: str
) -> None:
    with pytest.raises(UnusableBundleError, match=message):
        Bundle.from_files(garbled(name, *path, value=value))


@pytest.mark.parametrize(
    ("entry", "value", "named"),
    [("unknown", 1, r" Found: 'unknown'\."), ("format_version", 2.0, ""), ("costs", COSTS | {"bribe": 1}, "")],
    ids=["an unknown entry", "a number in another form", "an unknown entry inside another"],
)
def test_what_this_program_would_not_write_is_refused(entry: str, value: object, named: str) -> None:
    with pytest.raises(UnusableBundleError, match=rf"lacks or garbles an entry|not written as it writes\.{named}"):
        Bundle.from_files(garbled(MANIFEST, entry, value=value))


@pytest.mark.parametrize(
    "content",
    [b"[" * 200_000, b'{"format_version": ' + b"9" * 10_000 + b"}", b" " * (MOST_JSON_BYTES + 1)],
    ids=["200,000 levels", "a number of 10,000 digits", "too long"],
)
def test_a_manifest_made_to_hurt_its_parser_is_refused(content: bytes) -> None:
    with pytest.raises(UnusableBundleError, match=r"manifest\.json is not one of Assay's"):
        Bundle.from_files(with_right_checksums(handmade_bundle().to_files() | {MANIFEST: content}))


def test_a_long_list_of_wrong_entries_is_not_read() -> None:
    with pytest.raises(UnusableBundleError, match=r"baselines\.json .*1,200,001 bytes, at most 1,048,576"):
        Bundle.from_files(spoilt_baselines(b"[" + b"0," * 599_999 + b"0]"))


def test_the_digest_is_that_of_the_manifest_as_a_person_takes_it() -> None:
    bundle = handmade_bundle()
    digest = hashlib.sha256(bundle.to_files()[MANIFEST]).hexdigest()
    assert bundle.sha256 == digest
    assert bundle.version == digest[:16]


def test_a_bundle_without_its_trees_is_refused_though_the_checksums_agree() -> None:
    files = handmade_bundle().to_files()
    del files["share_follower_any.txt"]
    with pytest.raises(UnusableBundleError, match=r"garbles an entry \('share_follower_any\.txt'\)"):
        Bundle.from_files(with_right_checksums(files))


def test_other_feature_definitions_are_refused() -> None:
    bundle = handmade_bundle()
    bundle.check_catalog("0123456789abcdef")
    with pytest.raises(UnusableBundleError, match="definitions 0123456789abcdef; this program computes fedcba98"):
        bundle.check_catalog("fedcba9876543210")


def test_the_version_names_the_content() -> None:
    versions = {
        handmade_bundle().version,
        handmade_bundle(prevalence=0.3).version,
        handmade_bundle(shares={"follower": handmade_share(any_bought="tree\nother\n")}).version,
        handmade_bundle(provenance={}).version,
    }
    assert len(versions) == 4
    assert all(len(version) == 16 and int(version, 16) >= 0 for version in versions)
    assert handmade_bundle().version == handmade_bundle().version
