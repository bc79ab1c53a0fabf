"""perfbox check on real kernels: what the rules predict is what trying it comes to, and the layer
that is named is the one that was built. The expectation below is written from the kernel's
documentation, apart from the rules in src/access."""

import json
import re

import pytest

from machine import Machine

PERFMON, ADMIN, PTRACE, IPC_LOCK, SYSLOG = 38, 21, 19, 14, 34


def caps(*numbers):
    return f"{sum(1 << n for n in numbers):x}"


ALL = frozenset(range(41))

# name: (words for tests/workload/caller.c, capabilities that count, the wall that is built)
CALLERS = {
    "root": ("", ALL, None),
    "nobody": ("uid 1000", set(), None),
    "perfmon": (f"uid 1000 caps {caps(PERFMON)}", {PERFMON}, None),
    "admin": (f"uid 1000 caps {caps(ADMIN)}", {ADMIN}, None),
    "perfmon+ptrace": (f"uid 1000 caps {caps(PERFMON, PTRACE)}", {PERFMON, PTRACE}, None),
    "perfmon+lock+syslog": (f"uid 1000 caps {caps(PERFMON, IPC_LOCK, SYSLOG)}",
                            {PERFMON, IPC_LOCK, SYSLOG}, None),
    "root of a user namespace": ("uid 1000 userns", set(), "user-namespace"),
    "perfmon, filter EPERM": (f"uid 1000 caps {caps(PERFMON)} seccomp eperm", {PERFMON}, "seccomp"),
    "perfmon, filter ENOSYS": (f"uid 1000 caps {caps(PERFMON)} seccomp enosys", {PERFMON}, "seccomp"),
    "perfmon, filter kill": (f"uid 1000 caps {caps(PERFMON)} seccomp kill", {PERFMON}, "seccomp"),
}

LEVELS = [-1, 0, 1, 2, 3, 4]

# Where one kernel stands for all (make check), some of the matrix does.
QUICK_LEVELS = [-1, 2, 3]
QUICK_CALLERS = ["nobody", "perfmon", "admin", "root of a user namespace", "perfmon, filter kill"]

# The level above which an operation needs CAP_PERFMON.
SCOPE = {
    "count-user": 99, "sample-user": 99, "hardware-user": 99, "switch-records": 99,
    "breakpoint-user": 99, "registers": 99, "branch-user": 99, "process-own": 99, "ksymbol-bpf": 99,
    "count-kernel": 1, "sample-kernel": 1, "hardware-kernel": 1, "switch-count": 1, "physical": 1,
    "branch-kernel": 1, "tracepoint-count": 1, "breakpoint-kernel": 1, "kprobe": 1,
    "system-user": 0, "system-kernel": 0, "cgroup": 0,
    "tracepoint-raw": -1, "ftrace": -1,
}


def wall(key, held, level, special):
    """The layer that refuses an event to whoever holds that, or None."""
    admin = ADMIN in held
    perfmon = admin or PERFMON in held
    if level > 2 and not admin:
        return "gate"
    scope = 1 if key in special else SCOPE.get(key, 99)
    if level > scope and not perfmon:
        return "paranoid"
    if key in ("kprobe", "namespaces") and not perfmon:
        return "capability"
    if key == "uprobe" and perfmon and "uprobe by perfmon" in special:
        return None
    if key in ("uprobe", "breakpoint-kernel") and not admin:
        return "capability"
    if key == "process-other" and not perfmon:
        return "ptrace"
    return None


def addresses(held, level):
    return None if SYSLOG in held or level <= 1 else "paranoid"


def surveys(machine, level, callers):
    """What check says to each caller, in one go."""
    script = [f"echo {level} > /proc/sys/kernel/perf_event_paranoid"]
    script += [f"/workload/caller {CALLERS[name][0]} -- /bin/perfbox check --json || exit 1; echo @@@"
               for name in callers]
    said = machine.run("\n".join(script), timeout=300).out.split("@@@\n")
    return zip(callers, map(json.loads, said[:-1]), strict=True)


def expected(row, caller, level, special):
    words, held, built = CALLERS[caller]
    if row["key"] == "kallsyms":
        layer = addresses(held, level)
        inside = addresses(ALL, level)
    elif built == "seccomp":
        return "seccomp"
    else:
        layer = wall(row["key"], held, level, special)
        inside = wall(row["key"], ALL, level, special)
    if layer and built == "user-namespace" and inside is None and row["key"] != "kallsyms":
        return "user-namespace"
    return layer


def particular(machine):
    """Where this release differs: what it counts as kernel scope too, and who may set a uprobe."""
    release = re.search(r"Debian (\d+)\.(\d+)\.(\d+)", machine.run("uname -v").out)
    major, minor, patch = (int(n) for n in release.groups())
    special = set()
    if (major, minor, patch) >= (7, 2, 0) or ((major, minor) == (6, 12) and patch >= 113):
        special |= {"text-poke", "chain-kernel"}
    if (major, minor) == (6, 1) and patch >= 191:
        special |= {"text-poke"}
    if (major, minor) == (5, 10) and patch < 240:
        special |= {"uprobe by perfmon"}
    return special


@pytest.fixture
def machine_with_cgroups(machine):
    machine.run("mount -t cgroup2 none /sys/fs/cgroup; mount -t securityfs none /sys/kernel/security")
    machine.run("cat /proc/sys/kernel/perf_event_paranoid > /tmp/paranoid")
    yield machine
    machine.run("cat /tmp/paranoid > /proc/sys/kernel/perf_event_paranoid; umount /sys/fs/cgroup "
                "/sys/kernel/security")


def test_rules_probes_and_walls_agree(machine_with_cgroups, pytestconfig):
    machine = machine_with_cgroups
    whole = pytestconfig.getoption("kernels") != "6.1"
    special = particular(machine)
    cells, compared, wrong = 0, 0, []
    for level in LEVELS if whole else QUICK_LEVELS:
        for caller, found in surveys(machine, level, CALLERS if whole else QUICK_CALLERS):
            for row in found["operations"]:
                cells += 1
                want = expected(row, caller, level, special)
                here = f"paranoid {level}, {caller}: {row}"
                if row["predicted"] == "unknown":
                    wrong.append(f"no prediction: {here}")
                compared += row["probed"] != "not tried"
                if not row["agrees"]:
                    wrong.append(f"differs: {here}")
                # a wall in front of missing hardware is seen only where it could be tried
                if row["layer"] != (want or "none") and (want or row["layer"] != "hardware") and not (
                        row["probed"] == "not tried" and row["layer"] == "hardware"):
                    wrong.append(f"{want} was built: {here}")
    text = f"{machine.release} {machine.arch}: {cells} cells, {compared} tried, {len(wrong)} wrong"
    print(text)
    assert not wrong, text + "\n" + "\n".join(wrong[:40])


def test_lockdown_takes_registers_from_root_too(pytestconfig):
    """One boot of its own: a kernel cannot be unlocked."""
    if pytestconfig.getoption("kernels") == "6.1":
        pytest.skip("lockdown is tried by make check-kernels")
    machine = Machine("6.12", "arm64", words="lockdown=confidentiality")
    try:
        before = json.loads(machine.run("perfbox check --json").out)
        machine.run("mount -t securityfs none /sys/kernel/security")
        after = json.loads(machine.run("perfbox check --json").out)
    finally:
        machine.close()
    assert before["who"]["lockdown"] is None and after["who"]["lockdown"] == "confidentiality"
    for found, predicted in ((before, "unknown"), (after, "no")):
        row = next(row for row in found["operations"] if row["key"] == "registers")
        assert (row["predicted"], row["probed"], row["layer"]) == (predicted, "EPERM", "lockdown")
