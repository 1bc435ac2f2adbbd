"""Who commented: a keyed hash from the first moment a row is read, on which nothing else depends."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import UnusableInputError
from pipeline.pseudonyms import FORM, KEY_VARIABLE, NOTE_FILE, Pseudonyms, known_ids, pseudonyms, with_known_ids
from tests.pipeline.dataset_builders import Frames, frames, prepare, prepared_table, table, write
from tests.pipeline.projects import invoke, refused

KEY, OTHER = Pseudonyms(b"a key of thirty-two characters.."), Pseudonyms(b"another one of thirty-two, too..")


def ids(*values: str | None) -> pl.Series:
    return pl.Series("commenter_id", values, dtype=pl.String)


class TestPseudonyms:
    def test_nobody_has_none(self) -> None:
        assert KEY.of(ids()).to_list() == []
        assert KEY.of(ids(None, None)).to_list() == [None, None]

    def test_equal_ids_are_equal_and_others_are_not_wherever_they_stand(self) -> None:
        found = KEY.of(ids("ann", None, "bob", "ann", "", "Ann"))
        assert found[0] == found[3]
        assert found.drop_nulls().n_unique() == 4  # ann, bob, nobody's name, Ann
        assert found[1] is None
        assert KEY.of(ids("x", "bob").tail(1)).item() == found[2]
        assert found.drop_nulls().str.contains(FORM).all()

    def test_another_key_gives_others_and_no_key_too(self) -> None:
        several = {under.of(ids("ann")).item() for under in (KEY, OTHER, Pseudonyms())}
        assert len(several) == 3

    def test_they_are_the_same_on_every_machine(self) -> None:
        # SipHash-2-4 of "ann" under BLAKE2b of the key, in base64: a change would part stored folders from new ones.
        assert Pseudonyms().of(ids("ann")).item() == "rTkXv/6YjMQ="
        assert KEY.of(ids("ann")).item() == "f7XvcOd604E="

    def test_the_owner_s_replies_keep_the_account_s_id(self) -> None:
        rows = table(
            "comments",
            [
                {"account_id": "a", "post_id": "p", "comment_id": str(number), "commenter_id": who, "text": ""}
                for number, who in enumerate(["a", "b", None])
            ],
        )
        assert KEY.replaced(rows).to_list() == ["a", KEY.of(ids("b")).item(), None]

    def test_a_check_tells_keys_apart_and_gives_none_away(self) -> None:
        checks = [under.check for under in (KEY, OTHER, Pseudonyms())]
        assert len(set(checks)) == 3
        assert KEY.secret.decode() not in KEY.check


def test_no_file_of_a_prepared_folder_tells_who_commented(tmp_path: Path) -> None:
    content = frames()
    bad = content["comments"].head(1).with_columns(comment_id=pl.lit("bad"), like_count=pl.lit(-1, pl.Int64))
    content["comments"] = pl.concat([content["comments"], bad])
    prepare(write(tmp_path / "in", content), tmp_path / "out", under=KEY, max_quarantined_share=1.0)
    prepared = prepared_table(tmp_path / "out", "comments")
    assert prepared["commenter_id"].str.contains(FORM).all()
    assert pl.read_parquet(tmp_path / "out" / "quarantine" / "comments.parquet")["commenter_id"].to_list() == [
        KEY.of(ids("fan-0")).item()
    ]
    for path in (tmp_path / "out").rglob("*.parquet"):
        assert "fan-" not in pl.read_parquet(path).write_ndjson()


class TestPrepared:
    @pytest.mark.parametrize("form", ["parquet", "csv", "jsonl.gz", "parts"])
    def test_the_form_of_the_file_changes_no_pseudonym(self, tmp_path: Path, form: str) -> None:
        prepare(write(tmp_path / "in", frames(), form), tmp_path / "out", under=KEY)
        expected = KEY.replaced(frames()["comments"].sort("account_id", "comment_id"))
        assert prepared_table(tmp_path / "out", "comments")["commenter_id"].equals(expected)

    def test_a_prepared_folder_is_read_again_under_its_own_key(self, tmp_path: Path) -> None:
        prepare(write(tmp_path / "in", frames()), tmp_path / "once", under=KEY)
        prepare(tmp_path / "once", tmp_path / "twice", under=KEY)
        first, second = (prepared_table(tmp_path / name, "comments") for name in ("once", "twice"))
        assert first.equals(second)

    @pytest.mark.parametrize("under", [OTHER, Pseudonyms()], ids=["another key", "no key"])
    def test_under_another_it_is_refused(self, tmp_path: Path, under: Pseudonyms) -> None:
        prepare(write(tmp_path / "in", frames()), tmp_path / "once", under=KEY)
        with pytest.raises(UnusableInputError, match=r"comments: .* pseudonyms of another key\. Found: key check '.*'"):
            prepare(tmp_path / "once", tmp_path / "twice", under=under)
        assert not (tmp_path / "twice").exists()

    def test_a_note_does_not_pass_raw_ids_for_pseudonyms(self, tmp_path: Path) -> None:
        source = write(tmp_path / "in", frames(), "parts")
        (source / "comments" / NOTE_FILE).write_text('{"key": "no key"}')
        prepare(source, tmp_path / "out", under=Pseudonyms())
        assert prepared_table(tmp_path / "out", "comments")["commenter_id"].str.contains(FORM).all()


def test_commenters_who_are_accounts_are_found_again() -> None:
    comments = pl.DataFrame({"commenter_id": KEY.of(ids("a", "b", None)), "row": [0, 1, 2]})
    found = with_known_ids(comments, known_ids(ids("b", "c"), KEY))
    assert found["commenter_id"].to_list() == [comments["commenter_id"][0], "b", None]
    assert found["row"].to_list() == [0, 1, 2]


class TestKeys:
    def test_none_is_the_public_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(KEY_VARIABLE, raising=False)
        assert pseudonyms() == Pseudonyms()

    def test_a_file_goes_before_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(KEY_VARIABLE, OTHER.secret.decode())
        (tmp_path / "key").write_text(f"{KEY.secret.decode()}\n")
        assert pseudonyms(tmp_path / "key") == KEY
        assert pseudonyms() == OTHER

    @pytest.mark.parametrize("text", ["", "fifteen letters"], ids=["empty", "too short"])
    def test_a_short_key_is_refused(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "key").write_text(text)
        with pytest.raises(UnusableInputError, match=r"too short a key\. Found: "):
            pseudonyms(tmp_path / "key")

    def test_a_short_one_of_the_environment_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(KEY_VARIABLE, "short")
        with pytest.raises(UnusableInputError, match=r"the variable ASSAY_PSEUDONYM_KEY holds too short a key"):
            pseudonyms()

    def test_a_file_that_git_could_keep_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / ".git").mkdir()
        (tmp_path / "secrets").mkdir()
        (tmp_path / "secrets" / "key").write_text(KEY.secret.decode())
        with pytest.raises(UnusableInputError, match=r"lies in a git repository\. Found: "):
            pseudonyms(tmp_path / "secrets" / "key")

    def test_a_file_that_is_not_there_is_refused_by_the_command(self, tmp_path: Path) -> None:
        said = refused("forget", "--account", "a", "--pseudonym-key-file", tmp_path / "nowhere")
        assert "cannot be read. Found: No such file or directory. Name a text file with the key." in said


def roaming(count: int) -> Frames:
    """Enough accounts for the network; every fifth comment is by an account, maybe one that a smaller folder lacks."""
    content = frames(accounts=count, days=2, posts=1, comments=10)
    position = pl.int_range(pl.len())
    creator = pl.format("account-{}", (position * 7) % MOST_ACCOUNTS)
    content["comments"] = content["comments"].with_columns(
        commenter_id=pl.when(position % 5 == 0).then(creator).otherwise(pl.format("fan-{}", position % 600))
    )
    return content


ACCOUNTS, MOST_ACCOUNTS = 510, 520
"""Of the folder and of the reference; 500 are needed."""


def test_no_feature_depends_on_the_key_and_accounts_are_known_among_commenters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, raw = write(tmp_path / "in", roaming(ACCOUNTS)), write(tmp_path / "other", roaming(MOST_ACCOUNTS))
    (tmp_path / "key").write_text(KEY.secret.decode())
    prepare(raw, tmp_path / "prepared", under=KEY)
    command = ("features", "--input", source, "--groups", "network", "--quiet", "--output")
    found = {}
    for name, key, reference in (
        ("no key", "", raw),
        ("a key", KEY.secret.decode(), raw),
        ("another key", OTHER.secret.decode(), raw),
        ("a prepared reference", KEY.secret.decode(), tmp_path / "prepared"),
    ):
        monkeypatch.setenv(KEY_VARIABLE, key)
        assert invoke(*command, tmp_path / f"{name}.parquet", "--reference", reference).exit_code == 0
        found[name] = (tmp_path / f"{name}.parquet").read_bytes()
    assert len(set(found.values())) == 1
    # Two of the ten comments under each account are by accounts, some of whom only the reference has.
    shares = pl.read_parquet(tmp_path / "a key.parquet")["network_creator_comment_share"]
    assert shares.drop_nulls().median() == pytest.approx(2 / 10)
    monkeypatch.setenv(KEY_VARIABLE, OTHER.secret.decode())
    said = refused(*command, tmp_path / "c.parquet", "--reference", tmp_path / "prepared")
    assert "reference: comments: the commenters of" in said
    assert "are pseudonyms of another key" in said
