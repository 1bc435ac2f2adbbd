"""The network features through the commands: folders, references, `as_of`, and what is left on the disk."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import polars as pl
import pytest

from features import network_survey
from features.catalog import features
from features.definition import MODEL_GROUPS
from features.network import FEATURES
from models.scoring import Scorer
from pipeline import network as network_module
from pipeline.aside import prepared_aside
from pipeline.engines import Engine
from pipeline.features_table import features_file
from pipeline.network import write_network
from pipeline.score import score_folder
from tests.pipeline.dataset_builders import START, Frames, table, write
from tests.pipeline.projects import invoke, read, refused, silent

Result = TypeVar("Result")

pytestmark = pytest.mark.usefixtures("few_buckets")

WIDE, LOCKSTEP, RECIPROCAL, TIES, CREATORS, DROPS = FEATURES
ACCOUNTS = 510
RING = 10
"""The last accounts, on which the same ten bots comment; everybody else has commenters of their own."""


def content(first: int = 0, count: int = ACCOUNTS, bots_later_by: timedelta = timedelta()) -> Frames:
    """Accounts number `first` and following, each with ten commenters; the ring is the last ten of all."""
    ids = [f"account-{number:03}" for number in range(first, first + count)]
    comments = [
        {
            "account_id": each,
            "post_id": "post",
            "comment_id": f"comment-{number}",
            "commenter_id": f"bot-{number}" if each >= f"account-{ACCOUNTS - RING}" else f"{each}'s fan {number}",
            "commented_at": START
            + timedelta(minutes=number / 2)
            + (bots_later_by if each >= f"account-{ACCOUNTS - RING}" else timedelta()),
            "text": "so nice",
        }
        for each in ids
        for number in range(10)
    ]
    accounts = [{"account_id": each, "platform": "instagram", "follower_count": 5_000} for each in ids]
    return {"accounts": table("accounts", accounts), "comments": table("comments", comments)}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`whole`, and its last twenty accounts as `few`."""
    folder = tmp_path_factory.mktemp("network")
    write(folder / "whole", content())
    write(folder / "few", content(ACCOUNTS - 20, 20))
    return folder


def computed(source: Path, output: Path, reference: Path | None = None, groups: tuple[str, ...] = ("network",)) -> Path:
    features_file(source, output, groups, reference=reference, as_of=None, jobs=1, report=silent)
    return output


@pytest.fixture(scope="module")
def whole(folders: Path) -> pl.DataFrame:
    return pl.read_parquet(computed(folders / "whole", folders / "whole.parquet"))


class TestFeatures:
    def test_the_ring_shows_and_nobody_else(self, whole: pl.DataFrame) -> None:
        assert whole.columns == ["account_id", *FEATURES]
        for name in (WIDE, LOCKSTEP):
            assert whole[name].to_list() == [0.0] * (ACCOUNTS - RING) + [1.0] * RING

    def test_a_few_accounts_alone_are_null_and_with_a_reference_like_the_whole(
        self, folders: Path, whole: pl.DataFrame
    ) -> None:
        alone = pl.read_parquet(computed(folders / "few", folders / "alone.parquet"))
        assert all(alone[name].null_count() == 20 for name in FEATURES)
        # The reference holds the twenty once more: they count once.
        seen = pl.read_parquet(computed(folders / "few", folders / "seen.parquet", folders / "whole"))
        assert seen.equals(whole.tail(20))

    def test_the_folder_s_rows_win_over_the_reference_s(self, folders: Path) -> None:
        changed = content(ACCOUNTS - 20, 20)
        strangers = pl.col("account_id") + pl.col("commenter_id")
        changed["comments"] = changed["comments"].with_columns(commenter_id=strangers)
        write(folders / "changed", changed)
        seen = pl.read_parquet(computed(folders / "changed", folders / "changed.parquet", folders / "whole"))
        assert set(seen[WIDE]) == {0.0}

    def test_the_reference_is_cut_at_the_folder_s_as_of(self, folders: Path) -> None:
        late = timedelta(days=9)
        write(folders / "early", content(ACCOUNTS - 20, 11))  # one account of the ring
        write(folders / "late", content(bots_later_by=late))
        seen = pl.read_parquet(computed(folders / "early", folders / "early.parquet", folders / "late"))
        assert set(seen[WIDE]) == {0.0}, "the bots went round after the folder's newest row"

    @pytest.mark.usefixtures("whole")
    @pytest.mark.parametrize("key", ["", "one", "another"])
    def test_no_key_changes_a_byte(self, folders: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(network_module.KEY_VARIABLE, key)
        again = computed(folders / "whole", folders / f"again-{key}.parquet")
        assert again.read_bytes() == (folders / "whole.parquet").read_bytes()

    def test_neither_jobs_nor_the_number_of_buckets_changes_a_byte(
        self, folders: Path, whole: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("pipeline.aside.BUCKETS", 5)
        features_file(folders / "whole", folders / "jobs.parquet", ["network"], as_of=None, jobs=3, report=silent)
        assert pl.read_parquet(folders / "jobs.parquet").equals(whole)

    def test_how_much_is_held_at_a_time_changes_no_byte(
        self, folders: Path, whole: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(network_survey, "PERSONS_AT_ONCE", 300)
        monkeypatch.setattr(network_survey, "MEETINGS_AT_ONCE", 20)
        monkeypatch.setattr(network_module, "ROWS_PER_GROUP", 50)
        assert pl.read_parquet(computed(folders / "whole", folders / "ranges.parquet")).equals(whole)

    def test_every_other_feature_is_the_same_alone_and_in_any_batch(self, folders: Path) -> None:
        groups = (*MODEL_GROUPS, "network")
        few = pl.read_parquet(computed(folders / "few", folders / "few.parquet", groups=groups))
        seen = pl.read_parquet(computed(folders / "few", folders / "few-seen.parquet", folders / "whole", groups))
        batch = pl.read_parquet(computed(folders / "whole", folders / "batch.parquet", groups=groups)).tail(20)
        columns = ["account_id", *features()]
        assert few.select(columns).equals(batch.select(columns))
        assert few.select(columns).equals(seen.select(columns))
        assert few.columns == [*columns, *FEATURES]

    def test_the_command_takes_a_reference(self, folders: Path, whole: pl.DataFrame) -> None:
        output = folders / "command.parquet"
        options = ("--input", folders / "few", "--output", output, "--groups", "network", "--quiet")
        assert invoke("features", *options, "--reference", folders / "whole").exit_code == 0
        assert pl.read_parquet(output).equals(whole.tail(20))

    def test_an_unusable_reference_is_named_as_such(self, folders: Path) -> None:
        options = ("--input", folders / "few", "--output", folders / "no.parquet", "--quiet")
        message = refused("features", *options, "--reference", folders / "nowhere")
        assert message.startswith("reference: ")
        assert not (folders / "no.parquet").exists()

    def test_the_stage_refuses_the_group_that_no_classifier_sees(self) -> None:
        assert "'network' is unknown" in refused("stage", "extract", "network", "--quiet")


class Elsewhere:
    """An engine that sends the work, and does everything twice, as where a worker was lost in between."""

    def map(self, work: Callable[[int], Result], buckets: Sequence[int]) -> Iterator[Result]:
        sent = pickle.dumps(work)
        for bucket in buckets:
            pickle.loads(sent)(bucket)  # noqa: S301 -- what was dumped above
            yield pickle.loads(sent)(bucket)  # noqa: S301

    def check(self, folder: Path) -> None:
        """It sees what this process sees."""


class Broken:
    """An engine whose second step fails."""

    def __init__(self) -> None:
        self.steps = 0

    def map(self, work: Callable[[int], Result], buckets: Sequence[int]) -> Iterator[Result]:
        self.steps += 1
        if self.steps > 1:
            raise OSError("the disk is full")
        return map(work, buckets)

    def check(self, folder: Path) -> None:
        """It sees what this process sees."""


class TestNotes:
    def written(
        self, source: Path, output: Path, reference: Path | None = None, engine: Engine | None = None
    ) -> pl.DataFrame:
        output.mkdir()
        with prepared_aside(source, output, as_of=None, jobs=1, report=silent) as prepared:
            before = set(prepared.folder.iterdir())
            try:
                write_network(prepared, reference, silent, 1, engine)
            finally:
                left = {path.name for path in set(prepared.folder.iterdir()) - before}
                assert left <= {"network.parquet"}, "neither the parts nor the prepared reference"
            return pl.read_parquet(prepared.folder / "network.parquet")

    def test_the_work_may_be_done_elsewhere_and_again(self, folders: Path, tmp_path: Path) -> None:
        here = self.written(folders / "few", tmp_path / "here", folders / "whole")
        assert self.written(folders / "few", tmp_path / "elsewhere", folders / "whole", Elsewhere()).equals(here)

    def test_a_failure_leaves_nothing(self, folders: Path, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="the disk is full"):
            self.written(folders / "few", tmp_path / "out", engine=Broken())

    def test_notes_and_their_evidence_are_the_ring_s(self, folders: Path, tmp_path: Path, whole: pl.DataFrame) -> None:
        found = self.written(folders / "whole", tmp_path / "out")
        assert found.select("account_id", *FEATURES).equals(whole)
        assert found["notes"].list.len().to_list() == [0] * (ACCOUNTS - RING) + [3] * RING
        ring = found.tail(RING)
        assert ring["notes"].list.get(0).str.starts_with("100% of the people who comment here").all()
        rows = ring.explode("evidence").unnest("evidence")
        assert rows.group_by("account_id", "feature").len()["len"].to_list() == [10] * 3 * RING
        assert set(rows["table"]) == {"comments"}
        assert set(rows["key"]) == {f"comment-{number}" for number in range(10)}
        assert found.head(ACCOUNTS - RING)["evidence"].list.len().sum() == 0

    def test_a_reference_is_a_yardstick_too(self, folders: Path, tmp_path: Path) -> None:
        alone = self.written(folders / "few", tmp_path / "alone")
        assert alone["notes"].list.len().to_list() == [0] * 20
        seen = self.written(folders / "few", tmp_path / "seen", folders / "whole")
        assert seen["notes"].list.len().to_list() == [0] * 10 + [3] * 10


class TestScore:
    def test_scores_do_not_change_and_the_file_stands_beside_them(
        self, scorer: Scorer, incoming: Path, folders: Path, tmp_path: Path
    ) -> None:
        whole = read(folders / "whole")
        # Without instants nothing of the reference is later than the batch, whenever that was.
        write(tmp_path / "whole", whole | {"comments": whole["comments"].drop("commented_at")})
        for name, reference in (("alone", None), ("seen", tmp_path / "whole")):
            score_folder(incoming, tmp_path / name, scorer, reference=reference, timed=False, report=silent)
        alone, seen = (pl.read_parquet(tmp_path / name / "network.parquet") for name in ("alone", "seen"))
        assert alone.columns == ["account_id", *FEATURES, "notes", "evidence"]
        assert alone["account_id"].to_list() == read(incoming)["accounts"].sort("account_id")["account_id"].to_list()
        assert alone[WIDE].null_count() == alone.height
        assert seen[WIDE].null_count() < seen.height
        for name in ("scores.parquet", "summary.json"):
            assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "seen" / name).read_bytes()
        left = {path.name for path in (tmp_path / "seen").iterdir()}
        assert left == {path.name for path in (tmp_path / "alone").iterdir()}
