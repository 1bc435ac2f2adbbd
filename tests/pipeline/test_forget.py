"""Command `forget`: an account is found in files of every form, erased, and nobody else is."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from pipeline.addresses import address
from pipeline.pseudonyms import Pseudonyms
from pipeline.traces import ERASED, Wanted, erase, trace
from tests.pipeline.dataset_builders import content_of, frames, prepare, prepared_table, write
from tests.pipeline.projects import invoke, refused

ANNA = Wanted(frozenset({"anna-1"}))
NUMBER = Wanted(frozenset({"178414"}))


def held(path: Path, wanted: Wanted = ANNA) -> int:
    found = trace(path, wanted)
    return 0 if found is None else found.count


def erased(path: Path, wanted: Wanted = ANNA) -> str:
    assert held(path, wanted)
    erase(path, wanted)
    assert not held(path, wanted)
    return path.read_text(encoding="utf-8")


class TestWords:
    @pytest.mark.parametrize(
        "text", ["anna-1", "of anna-1.", "(anna-1)", "own/anna-1", '"anna-1"', "@anna-1, bob", "anna-1 anna-1"]
    )
    def test_an_id_alone_is_found_and_erased(self, text: str) -> None:
        assert ANNA.stands_in(text)
        assert ANNA.erased_from(text) == text.replace("anna-1", ERASED)

    @pytest.mark.parametrize("text", ["", "anna", "anna-12", "anna-1-b", "anna-1.b", "joanna-1", "x.anna-1", "anna_1"])
    def test_others_are_not(self, text: str) -> None:
        assert not ANNA.stands_in(text)
        assert ANNA.erased_from(text) == text


class TestFiles:
    def test_nothing_is_found_in_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "empty.csv").write_bytes(b"")
        (tmp_path / "empty.json").write_bytes(b"")
        assert not any(held(path) for path in tmp_path.iterdir())

    def test_csv_rows_and_mentions(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text('account_id,note\nanna-1,x\nanna-12,"like anna-1, ""too"""\nbob,y\n')
        assert erased(path) == f'account_id,note\nanna-12,"like {ERASED}, ""too"""\nbob,y\n'

    def test_a_number_in_a_column_of_numbers_is_no_id(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv"
        path.write_text("account_id,follower_count\n178414,5\nbob,178414\n")
        assert erased(path, NUMBER) == "account_id,follower_count\nbob,178414\n"

    def test_json_entries_and_mentions(self, tmp_path: Path) -> None:
        path = tmp_path / "a.json"
        value = {"rows": [["anna-1", 1], ["bob", 2]], "list": [{"id": "anna-1"}], "said": "anna-1 is out", "n": 178414}
        path.write_text(json.dumps(value))
        assert json.loads(erased(path)) == {"rows": [["bob", 2]], "list": [], "said": f"{ERASED} is out", "n": 178414}
        assert not held(path, NUMBER)

    def test_json_lines(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl"
        path.write_text('{"account_id": "anna-1"}\n{"account_id": "bob", "t": "anna-1!"}\nbroken anna-1\n')
        assert erased(path) == f'{{"account_id": "bob", "t": "{ERASED}!"}}\nbroken {ERASED}\n'

    def test_packed_text(self, tmp_path: Path) -> None:
        path = tmp_path / "a.csv.gz"
        path.write_bytes(gzip.compress(b"account_id\nanna-1\nbob\n"))
        assert held(path) == 1
        erase(path, ANNA)
        assert gzip.decompress(path.read_bytes()) == b"account_id\nbob\n"

    def test_tables_at_any_depth(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        reasons = [[{"text": "x", "n": 1}], [{"text": "met anna-1 here", "n": 2}], [], None]
        pl.DataFrame({"account_id": ["anna-1", "bob", "cy", "di"], "reasons": reasons}).write_parquet(path)
        assert held(path) == 2
        erase(path, ANNA)
        assert not held(path)
        found = pl.read_parquet(path)
        assert found["account_id"].to_list() == ["bob", "cy", "di"]
        assert found["reasons"].to_list() == [[{"text": f"met {ERASED} here", "n": 2}], [], None]

    def test_whole_numbers_as_ids(self, tmp_path: Path) -> None:
        path = tmp_path / "a.parquet"
        pl.DataFrame({"account_id": [178414, 5], "follower_count": [1, 178414]}).write_parquet(path)
        assert held(path, NUMBER) == 1
        erase(path, NUMBER)
        assert pl.read_parquet(path).rows() == [(5, 178414)]

    def test_a_database_and_its_free_pages(self, tmp_path: Path) -> None:
        path = tmp_path / "mlflow.db"
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE tags (key TEXT, value TEXT)")
            connection.execute("INSERT INTO tags VALUES ('note', 'reject anna-1 now'), ('n', 'anna-12')")
        assert held(path) == 1
        erase(path, ANNA)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT value FROM tags").fetchall() == [(f"reject {ERASED} now",), ("anna-12",)]
        assert b"anna-1 now" not in path.read_bytes()

    @pytest.mark.parametrize("content", ["<p>anna-1</p>", '<script>[["anna-1"]]</script>'], ids=["text", "data"])
    def test_a_page_goes_whole(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "index.html"
        path.write_text(content)
        found = trace(path, ANNA)
        assert found is not None
        assert found.remedy == "removed"

    def test_a_page_by_its_address_and_an_escaped_id(self, tmp_path: Path) -> None:
        odd = Wanted(frozenset({"a&b"}))
        for name, content in ((address("a&b"), ""), ("index.html", "<p>a&amp;b</p>")):
            (tmp_path / name).write_text(content)
            assert held(tmp_path / name, odd) == 1

    def test_what_broke_off_is_searched_as_bytes(self, tmp_path: Path) -> None:
        for name, start in (("a.partial", b"PAR1"), ("b", b"SQLite format 3\x00"), ("c.arrows", b"\x00\x01")):
            (tmp_path / name).write_bytes(start + b" anna-1 ")
            found = trace(tmp_path / name, ANNA)
            assert found is not None, name
            assert found.remedy == "removed"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an account in every kind of place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    content = frames()
    elsewhere = pl.col("account_id") == "account-3"
    content["comments"] = content["comments"].with_columns(
        commenter_id=pl.when(elsewhere).then(pl.lit("account-1")).otherwise("commenter_id")
    )
    write(tmp_path / "own", content)
    prepare(tmp_path / "own", tmp_path / "data" / "prepared")
    cached = tmp_path / ".dvc" / "cache" / "files" / "md5" / "ab"
    cached.mkdir(parents=True)
    for number, path in enumerate((tmp_path / "data" / "prepared").rglob("*.parquet")):
        (cached / f"{number:030d}").write_bytes(path.read_bytes())
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "metrics.json").write_text('{"auc": 0.9}')
    (tmp_path / "params.yaml").write_text("prepare:\n  own_dataset: own\n")
    return tmp_path


class TestCommand:
    def test_without_erase_nothing_changes(self, project: Path) -> None:
        before = content_of(project)
        done = invoke("forget", "--account", "account-1", "--quiet")
        assert done.exit_code == 4
        assert content_of(project) == before
        assert "rewritten without it" in " ".join(done.stdout.split())

    def test_it_is_nowhere_afterwards_and_others_are_untouched(self, project: Path) -> None:
        before = prepared_table(project / "data" / "prepared", "comments")
        done = invoke("forget", "--account", "account-1", "--in", "own", "--erase", "--quiet")
        assert done.exit_code == 0, done.output
        prepared = prepared_table(project / "data" / "prepared", "comments")
        was_its_own = (pl.col("account_id") == "account-1") | (pl.col("account_id") == "account-3")
        assert prepared.equals(before.filter(~was_its_own))
        assert pl.read_parquet(project / "own" / "accounts.parquet")["account_id"].to_list() == [
            f"account-{number}" for number in (0, 2, 3, 4)
        ]
        pseudonym = Pseudonyms().of(pl.Series(["account-1"])).item()
        for path in project.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                text = pl.read_parquet(path).write_ndjson() if content.startswith(b"PAR1") else str(content)
                assert '"account-1"' not in text, path
                assert pseudonym not in text, path
        assert invoke("forget", "--account", "account-1", "--quiet").exit_code == 0

    def test_a_folder_of_one_s_own_is_named_and_left(self, project: Path) -> None:
        before = content_of(project / "own")
        done = invoke("forget", "--account", "account-1", "--erase", "--quiet")
        assert done.exit_code == 4
        assert content_of(project / "own") == before
        said = " ".join(done.stdout.split())
        assert "own/accounts.parquet is of your own and holds it. Name its folder with --in." in said
        assert "run 'dvc repro'" in said

    def test_somebody_who_only_commented(self, project: Path) -> None:
        done = invoke("forget", "--commenter", "fan-2", "--in", "own", "--erase", "--quiet")
        assert done.exit_code == 0
        pseudonym = Pseudonyms().of(pl.Series(["fan-2"])).item()
        for folder, name in (("own", "comments.parquet"), ("data", "prepared/comments/*.parquet")):
            left = pl.read_parquet(project / folder / name)
            assert left.filter(pl.col("commenter_id").is_in(["fan-2", pseudonym])).is_empty()
            assert left["account_id"].n_unique() == 5

    def test_a_spreadsheet_is_named_for_a_person_to_mend(self, project: Path) -> None:
        path = project / "data" / "list.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/sharedStrings.xml", "<t>account-1</t>")
        before = path.read_bytes()
        done = invoke("forget", "--account", "account-1", "--in", "own", "--erase", "--quiet")
        assert done.exit_code == 4
        assert path.read_bytes() == before
        assert "data/list.xlsx still holds it. Erase it by hand." in " ".join(done.stdout.split())

    def test_the_cache_that_dvc_is_told_of_is_searched(self, project: Path) -> None:
        other = project / "elsewhere"
        (project / ".dvc" / "cache").rename(other)
        (project / ".dvc" / "config.local").write_text(f"[cache]\n    dir = {other}\n")
        assert invoke("forget", "--account", "account-1", "--in", "own", "--erase", "--quiet").exit_code == 0
        left = [path for path in other.rglob("*") if path.is_file()]
        assert left
        assert not any("account-1" in pl.read_parquet(path).write_ndjson() for path in left)

    def test_a_key_finds_what_is_stored_under_it(self, project: Path) -> None:
        key = "a key of thirty-two characters.."
        prepare(project / "own", project / "data" / "keyed", under=Pseudonyms(key.encode()))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ASSAY_PSEUDONYM_KEY", key)
            command = ("forget", "--commenter", "fan-2", "--in", "own", "--erase", "--quiet")
            assert invoke(*command).exit_code == 0
        pseudonym = Pseudonyms(key.encode()).of(pl.Series(["fan-2"])).item()
        assert pseudonym not in prepared_table(project / "data" / "keyed", "comments")["commenter_id"].to_list()

    def test_nobody_and_nowhere_are_refused(self, project: Path) -> None:
        assert "nobody is named" in refused("forget", "--quiet")
        assert "Found: nothing there" in refused("forget", "--account", "a", "--in", project / "no", "--quiet")
