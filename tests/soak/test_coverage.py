"""The coverage part: its counts, and that compiled kernels and commands in processes of their own are in them."""

from soak.coverage import _failed, is_ours, result_of


def counts(branches: int, taken: int) -> dict[str, int]:
    return {"num_branches": branches, "covered_branches": taken, "num_statements": 10, "covered_lines": 9}


def test_nothing_measured_does_not_hold() -> None:
    result = result_of({}, 0, "command", 1.0)
    assert not result.holds
    assert {figure.value for figure in result.figures} == {"0", "none there"}


def test_branches_of_a_package_are_summed_over_its_modules_before_the_share_is_taken() -> None:
    modules = {"features/a.py": counts(90, 90), "features/b.py": counts(10, 0), "pipeline/c.py": counts(10, 8)}
    result = result_of(modules, 0, "command", 1.0)
    figures = {figure.name: figure for figure in result.figures}
    assert figures["branches taken in features/"].value == "90.0% (90 of 100)"
    assert figures["branches taken in features/"].holds
    assert figures["branches taken in pipeline/"].value == "80.0% (8 of 10)"
    assert not figures["branches taken in pipeline/"].holds
    assert "| `features/b.py` | 0.0% (0 of 10) | 90.0% (9 of 10) |" in result.notes[-1]


def test_a_failing_suite_does_not_hold() -> None:
    modules = {f"{package}/a.py": counts(10, 10) for package in ("features", "models", "pipeline")}
    assert result_of(modules, 0, "command", 1.0).holds
    assert not result_of(modules, 1, "command", 1.0).holds


def test_failures_are_read_from_the_last_line() -> None:
    assert _failed("FAILED tests/a.py::b - 7 failed\n== 2 failed, 90 passed, 1 error in 3.2s ==\n") == 3
    assert _failed("90 passed in 3.2s") == 0
    assert _failed("") == 0


def test_copies_of_the_code_that_tests_run_are_not_counted() -> None:
    assert is_ours("features/growth.py")
    assert is_ours("pipeline/audit/page.py")
    assert not is_ours("/tmp/models/m-1/code/features/growth.py")  # noqa: S108 - nothing is written there
    assert not is_ours("tests/features/test_growth.py")
