"""stat on real kernels; on arm64 cycles is a PMU, and instructions count where QEMU counts them."""

import csv
import json

from machine import Machine


def counts(said):
    return {row[2]: row for row in csv.reader(said.err.splitlines())}


def test_the_default_set(machine):
    rows = counts(machine.run("perfbox stat -x, /workload/deep 0.3"))
    assert list(rows) == ["task-clock", "context-switches", "cpu-migrations", "page-faults", "cycles",
                          "instructions", "branches", "branch-misses"]
    assert float(rows["task-clock"][0]) > 100 and rows["task-clock"][6] == "CPUs utilized"
    assert int(rows["page-faults"][0]) >= 3
    if machine.arch == "arm64":
        assert int(rows["cycles"][0]) > 1e6 and rows["cycles"][6] == "GHz"
    else:
        assert rows["cycles"][0] == "<not supported>"


def test_cycles_are_told_by_level(machine):
    rows = counts(machine.run("perfbox stat -x, -e cycles:u,cycles:k,cycles /workload/deep 0.3"))
    if machine.arch != "arm64":
        assert {row[0] for row in rows.values()} == {"<not supported>"}
        return
    user, kernel, both = (int(rows[name][0]) for name in ("cycles:u", "cycles:k", "cycles"))
    assert user > kernel > 0 and abs(user + kernel - both) < 0.05 * both


def test_more_events_than_counters_share_and_say_so(machine):
    # each has a counter of its own only as long as they last: raw 0x11 is cycles again; clocks never share
    events = ",".join(["cycles"] + ["r11"] * 12 if machine.arch == "arm64" else ["task-clock"] * 13)
    said = machine.run(f"perfbox stat -x, -e {events} /workload/deep 1")
    rows = list(csv.reader(said.err.splitlines()))
    assert any(0 < float(row[4]) < 100 for row in rows) == (machine.arch == "arm64"), said.err
    shared = [float(row[0]) for row in rows]
    assert min(shared) > 0.5 * max(shared)


def test_a_pmu_by_its_terms(machine):
    event = "msr/event=0,name=mine/"  # the time stamp counter
    if machine.arch == "arm64":
        pmu = machine.run("cd /sys/bus/event_source/devices; ls -d armv8*").out.strip()
        event = f"{pmu}/event=0x11,name=mine/u"
    row = json.loads(machine.run(f"perfbox stat -j -e {event} /workload/deep 0.2").err)
    assert row["event"] == "mine" and float(row["counter-value"]) > 1e6


def test_the_whole_system_by_cpu(machine):
    said = machine.run("perfbox stat -x, -a -A -e cpu-clock,sched:sched_switch sleep 0.3")
    rows = list(csv.reader(said.err.splitlines()))
    assert [row[0] for row in rows] == ["CPU0", "CPU1"] * 2
    assert all(float(row[1]) > 100 for row in rows[:2])


def test_intervals(machine):
    said = machine.run("perfbox stat -x, -I 200 -a -e cpu-clock sleep 0.7")
    assert len(said.err.splitlines()) >= 3


def test_list_shows_what_can_be_counted(machine):
    names = [line.split()[0] for line in machine.run("perfbox list hw cache", status=None).lines]
    assert ("cpu-cycles" in names) == (machine.arch == "arm64")
    for name in names:
        assert counts(machine.run(f"perfbox stat -x, -e {name} true"))[name][0].isdigit()


def test_debians_gate_refuses_and_says_so(machine):
    said = machine.run("perfbox stat -e cs true", user="alice", status=1)
    assert "perf_event_paranoid" in said.err and "(3)" in said.err


def test_instructions_where_each_takes_a_nanosecond():
    """A boot of its own: QEMU counts instructions only when they drive its clock."""
    machine = Machine("6.1", "arm64", qemu=("-icount", "shift=0"))
    try:
        rows = counts(machine.run("perfbox stat -x, -e task-clock,cycles,instructions /workload/deep 0.2"))
        user = [counts(machine.run("perfbox stat -x, -e instructions:u busybox true"))["instructions:u"][0]
                for _ in range(3)]
    finally:
        machine.close()
    assert rows["instructions"][5:] == ["1.00", "insn per cycle"] and rows["cycles"][5:] == ["1.000", "GHz"]
    assert abs(int(rows["instructions"][0]) / 1e6 - float(rows["task-clock"][0])) < 1
    assert max(map(int, user)) - min(map(int, user)) < 0.01 * int(user[0])
