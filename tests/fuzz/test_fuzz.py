"""A short, repeatable run of each fuzz target; make fuzz TIME=... is the long one."""

import pathlib

import pytest

HERE = pathlib.Path(__file__).parent
NAMES = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.c"))


@pytest.mark.parametrize("name", NAMES)
def test_survives(name, run, build, tmp_path):
    seeds = [path for path in [HERE / "seeds" / name] if path.exists()]
    run(build / "fuzz" / name, "-runs=5000", "-seed=1", "-timeout=10", "-detect_leaks=0",
        f"-artifact_prefix={build}/fuzz/{name}-", tmp_path, *seeds, timeout=120)
