"""A sample of `make faults`."""

import pathlib
import random
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import inject
import kills
import recordings


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return inject.Bench(tmp_path_factory.mktemp("faults-"))


@pytest.mark.parametrize("command", ["record", "report", "stat", "recover"])
def test_survives(bench, command):
    """One call per fault, the same ones each time as far as the machine makes the same calls."""
    choice, by_fault, reached = random.Random(8), {}, 0
    for case in bench.cases(command):
        by_fault.setdefault(case.fault, []).append(case)
    for cases in by_fault.values():
        case = choice.choice(cases)
        run = bench.inject(case)
        wrong = inject.wrong_with(case, run)
        assert wrong is None, f"{case}: {wrong}\n{run}"
        reached += run.reached
    assert reached > 5


def test_recordings_killed_at_random_moments_open_in_both():
    killed, opened, wrong = kills.kill(12, None)
    assert killed == opened == 12, wrong


@pytest.mark.parametrize("command", [["record", "-q", "-o", "{out}"], ["stat"]])
def test_a_parent_that_ignores_its_children_is_no_reason_to_wait(run, build, tmp_path, command):
    argv = [word.replace("{out}", str(tmp_path / "perf.data")) for word in command]
    run("env", "--ignore-signal=CHLD", build / "perfbox", *argv, "--", "sh", "-c", "exit 3", status=3, timeout=20)


def test_a_limit_on_file_sizes_is_a_failed_write(run, build, workload, tmp_path):
    path = tmp_path / "perf.data"
    said = run("prlimit", "--fsize=8000", build / "perfbox", "record", "-q", "-g", "-F", "2000", "-o", path, workload("deep"), "0.2",
               status=1).err
    assert "File too large" in said and path.stat().st_size <= 8000
    assert recordings.wrong_with_file(path) is None
