"""record on real kernels; on arm64 `cycles` is a PMU with overflow interrupts."""

import re
import subprocess

import pytest


def samples(text):
    found = re.search(r"(\d+) samples, (\d+) lost", text)
    assert found, text
    return int(found.group(1)), int(found.group(2))


def read_by_perf(perf, machine, tmp_path, *options):
    path = tmp_path / "perf.data"
    path.write_bytes(machine.pull("/tmp/perf.data"))
    machine.run("rm /tmp/perf.data")
    said = perf("script", "-f", "-i", path, *options)
    assert "incompatible" not in said.err and "corrupt" not in said.err.lower()
    return said.lines


def test_the_default_event(machine, perf, tmp_path):
    said = machine.run("perfbox record -F 500 -o /tmp/perf.data /workload/deep 0.5")
    count, lost = samples(said.err)
    assert count > 20 and lost == 0
    event = "cycles" if machine.arch == "arm64" else "cpu-clock"
    lines = read_by_perf(perf, machine, tmp_path, "-F", "comm,event")
    assert len(lines) == count and all(event in line for line in lines)
    assert sum("deep" in line for line in lines) > 0.8 * count  # the first are of the exec itself


def test_callchains(machine, perf, tmp_path):
    machine.run("perfbox record -F 500 -g -o /tmp/perf.data /workload/deep 0.5")
    stacks = "\n".join(read_by_perf(perf, machine, tmp_path, "-F", "ip")).split("\n\n")
    assert sum(len(stack.split()) >= 40 for stack in stacks) > 0.5 * len(stacks)


def test_tracepoints_with_their_fields(machine, perf, tmp_path):
    said = machine.run("perfbox record -e sched:sched_process_exec -o /tmp/perf.data "
                       "sh -c 'busybox true; busybox true; busybox true'")
    count, _ = samples(said.err)
    lines = read_by_perf(perf, machine, tmp_path)
    assert len(lines) == count == 4
    assert sum("filename=/" in line and "old_pid=" in line for line in lines) == 4


def test_the_whole_system_with_the_kernel(machine, perf, tmp_path):
    said = machine.run("perfbox record -F 200 -a -g -o /tmp/perf.data /workload/deep 0.5")
    count, lost = samples(said.err)
    assert count > 20 and lost == 0
    lines = read_by_perf(perf, machine, tmp_path, "-F", "comm,ip,dso", "-G")
    assert any("[kernel.kallsyms]" in line for line in lines)


def test_debians_gate_refuses_and_says_so(machine):
    said = machine.run("perfbox record -o /tmp/alice.data true", user="alice", status=1)
    assert "perf_event_paranoid" in said.err and "(3)" in said.err


def test_an_ordinary_user_at_paranoid_2(machine, perf, tmp_path):
    machine.run("echo 2 >/proc/sys/kernel/perf_event_paranoid")
    try:
        said = machine.run("perfbox record -F 500 -g -o /tmp/perf.data /workload/deep 0.5", user="alice")
    finally:
        machine.run("echo 3 >/proc/sys/kernel/perf_event_paranoid")
    assert "user space only" in said.err
    count, _ = samples(said.err)
    lines = read_by_perf(perf, machine, tmp_path, "-F", "comm,ip,dso", "-G")
    assert len(lines) == count > 20 and not any("[kernel.kallsyms]" in line for line in lines)


def test_a_flood_of_samples_loses_no_mapping(machine, perf, tmp_path):
    """Tiny rings, forks and execs: samples may be lost, and are counted; every fork is told."""
    said = machine.run("perfbox record -c 1 -e page-faults -m 1 -g -o /tmp/perf.data /workload/forks 100")
    assert "records of processes and mappings were lost" not in said.err
    path = tmp_path / "perf.data"
    path.write_bytes(machine.pull("/tmp/perf.data"))
    machine.run("rm /tmp/perf.data")
    tasks = subprocess.run(["perf", "script", "-f", "--show-task-events", "-i", path], capture_output=True, text=True).stdout
    assert tasks.count("PERF_RECORD_FORK(") >= 100


def test_one_weight_where_there_are_no_three(machine, perf, tmp_path):
    said = machine.run("perfbox record -W -F 500 -e cpu-clock:u -o /tmp/perf.data /workload/deep 0.2")
    one = machine.version == "5.10"
    assert ("one weight" in said.err) == one
    path = tmp_path / "perf.data"
    path.write_bytes(machine.pull("/tmp/perf.data"))
    machine.run("rm /tmp/perf.data")
    kind = perf("evlist", "-v", "-f", "-i", path).lines[0]
    assert ("WEIGHT_STRUCT" in kind) != one and "WEIGHT" in kind
