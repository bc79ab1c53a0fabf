"""Stacks unwound while recording, on real kernels: the workload knows its own stacks."""

import re

import pytest

# What every stack with this leaf must end with; main is followed by the C library's entry.
CALLERS = {
    "spin_alloca": ["with_alloca", "finish", "main"],
    "spin_depth": ["dive"] * 200 + ["with_depth", "finish", "main"],
    "spin_signal": ["handler", "with_signal", "finish", "main"],
    "spin_interrupted": ["with_signal", "finish", "main"],
    "spin_sort": ["compare", "with_sort", "finish", "main"],
}


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
