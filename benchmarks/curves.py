"""General features of follower curves, by the two libraries that people reach for first."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def curve_features(folder: Path, library: str) -> dict[str, int]:
    """Features of every follower curve of a prepared folder, one process, no parallel workers.

    Args:
        folder: prepared.
        library: one of `LIBRARIES`.

    Returns:
        `curves` and `features`, the numbers of both.
    """
    import pandas as pd

    readings = pd.read_parquet(folder / "followers_daily", columns=["account_id", "date", "follower_count"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # their own about the pandas to come, and about curves that do not vary
        features = LIBRARIES[library](readings.astype({"follower_count": float}))
    return {"curves": readings["account_id"].nunique(), "features": features}


def _minimal(readings: pd.DataFrame) -> int:
    from tsfresh.feature_extraction import MinimalFCParameters

    return _tsfresh(readings, MinimalFCParameters())


def _efficient(readings: pd.DataFrame) -> int:
    from tsfresh.feature_extraction import EfficientFCParameters

    return _tsfresh(readings, EfficientFCParameters())


def _tsfresh(readings: pd.DataFrame, settings: object) -> int:
    from tsfresh import extract_features

    found = extract_features(
        readings,
        column_id="account_id",
        column_sort="date",
        column_value="follower_count",
        default_fc_parameters=settings,
        n_jobs=0,
        disable_progressbar=True,
    )
    return int(found.shape[1])


def _catch22(readings: pd.DataFrame) -> int:
    import pycatch22

    features = 0
    for _, curve in readings.sort_values("date").groupby("account_id")["follower_count"]:
        features = len(pycatch22.catch22_all(curve.tolist(), catch24=True)["values"])
    return features


LIBRARIES: dict[str, Callable[[pd.DataFrame], int]] = {
    "tsfresh minimal": _minimal,
    "tsfresh efficient": _efficient,
    "pycatch22": _catch22,
}
