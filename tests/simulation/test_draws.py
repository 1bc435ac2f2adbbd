from __future__ import annotations

import numpy as np
import pytest

from simulation.draws import from_quantiles, lopsided, middle, weighted_choice

TABLE = (1.0, 2.0, 4.0, 8.0, 16.0)


@pytest.mark.parametrize("logarithmic", [False, True], ids=["even", "logarithmic"])
def test_draws_have_the_quantiles_of_their_table(logarithmic: bool) -> None:  # noqa: FBT001
    rng = np.random.default_rng(1)
    drawn = [from_quantiles(TABLE, rng, logarithmic=logarithmic) for _ in range(20_000)]

    assert np.quantile(drawn, [0.05, 0.25, 0.5, 0.75, 0.95]) == pytest.approx(TABLE, rel=0.05)


def test_beyond_the_outer_quantiles_the_last_segment_goes_on_with_half_its_slope() -> None:
    rng = np.random.default_rng(1)
    drawn = [from_quantiles(TABLE, rng) for _ in range(20_000)]

    assert min(drawn) == pytest.approx(1.0 - (2.0 - 1.0) * 0.5, abs=0.01)
    assert max(drawn) == pytest.approx(16.0 + (16.0 - 8.0) * 0.5, abs=0.1)


def test_a_table_that_starts_at_zero_never_gives_less() -> None:
    rng = np.random.default_rng(1)

    assert min(from_quantiles((0.0, 0.1, 0.2, 0.3, 0.4), rng) for _ in range(5_000)) >= 0.0


def test_a_lopsided_draw_has_median_zero_and_a_longer_lower_tail() -> None:
    rng = np.random.default_rng(1)
    drawn = np.array([lopsided(2.0, 0.3, rng) for _ in range(20_000)])

    assert np.median(drawn) == pytest.approx(0.0, abs=0.05)
    # A normal's 5 % lies 1.645 sd below its median.
    assert np.quantile(drawn, [0.05, 0.95]) == pytest.approx([-1.645 * 2.0 * 1.3, 1.645 * 2.0 * 0.7], rel=0.05)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([3.0], 3.0, id="one value"),
        pytest.param([5.0, 1.0, 3.0], 3.0, id="odd"),
        pytest.param([4.0, 1.0, 3.0, 2.0], 3.0, id="even: the upper one"),
    ],
)
def test_middle(values: list[float], expected: float) -> None:
    assert middle(np.array(values)) == expected


def test_choices_follow_the_weights_and_a_weight_of_zero_is_never_chosen() -> None:
    rng = np.random.default_rng(1)
    drawn = [weighted_choice({"never": 0.0, "once": 1.0, "thrice": 3.0, "last": 0.0}, rng) for _ in range(4_000)]

    assert set(drawn) == {"once", "thrice"}
    assert drawn.count("thrice") / 4_000 == pytest.approx(3 / 4, abs=0.03)
