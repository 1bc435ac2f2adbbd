"""Stage `tune` of tuning/dvc.yaml: a study of the classifier's settings on the training dataset, into a report."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from features.catalog import features
from models.classifier import LibraryMissingError
from models.split import TooFewCohortsError
from models.tuning import Range, Space, StudySettings, UnusableSpaceError, study
from pipeline import layout
from pipeline.errors import UnusableInputError
from pipeline.params import Section, read_section
from pipeline.storage import write_json
from pipeline.train import TrainParams, labelled_features


class RangeParams(Section):
    """A range of numbers to try."""

    low: float
    high: float
    log: bool = False


class TuneParams(Section):
    """Section `tune` of params.yaml."""

    trials: int = Field(ge=1)
    folds: int = Field(ge=2)
    false_positive_share: float = Field(gt=0, le=1)
    replicates: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int = Field(ge=0)
    space: dict[str, RangeParams | list[bool | int | float]] = Field(min_length=1)

    def settings(self) -> StudySettings:
        """The same numbers in the shape that the pure packages take."""
        return StudySettings(**{name: getattr(self, name) for name in StudySettings.__dataclass_fields__})

    def ranges(self) -> Space:
        """What may be tried, likewise."""
        return {
            name: Range(entry.low, entry.high, entry.log) if isinstance(entry, RangeParams) else entry
            for name, entry in self.space.items()
        }


def run(report: Callable[[str], None]) -> None:
    """The stage.

    Raises:
        UnusableInputError: Optuna is not installed, the space does not fit, or the labels do not suffice.
    """
    params = read_section("tune", TuneParams)
    training = read_section("train", TrainParams).settings()
    labelled = labelled_features(layout.PREPARED)
    try:
        found = study(labelled, list(features().values()), training, params.ranges(), params.settings(), report)
    except UnusableSpaceError as error:
        raise UnusableInputError([f"params: tune.space: {error}"]) from error
    except ModuleNotFoundError as error:
        raise UnusableInputError(
            [f"tune: {error.name} is not installed. Install it: pip install '.[tune]'."]
        ) from error
    except (TooFewCohortsError, LibraryMissingError) as error:
        raise UnusableInputError([str(error)]) from error
    write_json(found, layout.TUNING)
