"""A sample of `make faults`."""

import pathlib
import random
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import inject
import kills


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
