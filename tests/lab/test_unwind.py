"""Stacks unwound while recording, on real kernels: the workload knows its own stacks."""

import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from stacks import CALLERS, known_share  # noqa: E402

BUILD = pathlib.Path(__file__).parents[2] / "build"


def stacks_by_leaf(folded):
    """{leaf: {(caller, ...): samples}}, callers from the leaf outwards."""
    found = {}
    for line in folded:
        stack, count = line.rsplit(" ", 1)
        names = stack.split(";")[::-1]
        leaf = names.pop(0)
        found.setdefault(leaf, {})
        found[leaf][tuple(names)] = found[leaf].get(tuple(names), 0) + int(count)
    return found


def share(folded, leaf):
    """The share of samples in `leaf` whose callers, without what is in none of ours, are the known
    ones."""
    ours = {name for names in CALLERS.values() for name in names}
    stacks = stacks_by_leaf(folded)[leaf]
    right = sum(count for names, count in stacks.items() if [n for n in names if n in ours] == CALLERS[leaf])
    return right / sum(stacks.values())


@pytest.mark.parametrize("shape, leaf", [("a", "spin_alloca"), ("d", "spin_depth"), ("s", "spin_interrupted"), ("s", "spin_signal"), ("q", "spin_sort")])
def test_known_stacks(machine, shape, leaf):
    machine.run(f"perfbox record -F 500 -e {event(machine)} --call-graph dwarf,16384 -o /tmp/perf.data "
                f"/workload/frames 1 {shape}")
    folded = machine.run("perfbox report --folded -i /tmp/perf.data").lines
    machine.run("rm /tmp/perf.data")
    assert share(folded, leaf) > 0.99, "\n".join(folded)


def event(machine):
    return "cycles:u" if machine.arch == "arm64" else "cpu-clock:u"


def test_kept_stacks_of_another_machine(machine, run, tmp_path):
    """Its recording reported by the other architecture's perfbox, with its files below a directory."""
    machine.run(f"perfbox record -F 500 -e {event(machine)} --call-graph dwarf,16384 --keep-stacks -o /tmp/perf.data "
                "/workload/frames 1")
    data, other = tmp_path / "perf.data", {"x86_64": "arm64", "arm64": "x86_64"}[machine.arch]
    data.write_bytes(machine.pull("/tmp/perf.data"))
    machine.run("rm /tmp/perf.data")
    (tmp_path / "root/workload").mkdir(parents=True)
    shutil.copy(BUILD / "workload" / machine.arch / "frames", tmp_path / "root/workload/frames")
    emulator = [] if (BUILD / other / "perfbox").samefile(BUILD / "perfbox") else [f"qemu-{other.replace('arm64', 'aarch64')}-static"]
    said = run(*emulator, BUILD / other / "perfbox", "report", "--folded", "--symfs", tmp_path / "root", "-i", data)
    shares = known_share(said.lines)
    print(shares)
    assert shares and all(share > 0.98 for share in shares.values())
    bare = run(*emulator, BUILD / other / "perfbox", "report", "--folded", "--symfs", tmp_path, "-i", data)
    assert not known_share(bare.lines)
