"""Event strings: what stock perf gives the kernel for them is what perfbox gives it."""

import os
import re

import pytest

# A sysfs of PMUs that are not here, put over the machine's in a mount namespace of its own.
PMUS = r"""
set -e
mount -t tmpfs pmus /sys/bus/event_source/devices
mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
cd /sys/bus/event_source/devices
put() { mkdir -p "$(dirname "$1")"; printf '%s\n' "$2" > "$1"; }
put cpu/type 4
put cpu/format/event config:0-7
put cpu/format/umask config:8-15
put cpu/format/wide config:0-7,32-35
put cpu/format/edge config:18
put cpu/format/ldlat config1:0-63
put cpu/events/cpu-cycles event=0x3c
put cpu/events/mem-loads event=0xcd,umask=0x1,ldlat=3
put uncore_imc_0/type 20
put uncore_imc_0/cpumask 0
put uncore_imc_0/format/event config:0-7
put uncore_imc_0/events/reads event=0x4
put uncore_imc_0/events/reads.scale 6.103515625e-5
put uncore_imc_0/events/reads.unit MiB
exec "$@"
"""

EVENTS = """
cycles cpu-cycles:u instructions:k branches:uk branch-misses:ukh bus-cycles ref-cycles
stalled-cycles-frontend idle-cycles-backend cache-references cache-misses:pp
cs:HG cs:G cs:H cpu-clock task-clock:u page-faults minor-faults major-faults alignment-faults
emulation-faults dummy context-switches cpu-migrations cgroup-switches bpf-output
L1-dcache-loads L1-dcache-load-misses L1-dcache-stores L1-dcache-store-misses L1-dcache-prefetches
L1-icache-loads L1-icache-load-misses LLC-loads LLC-load-misses LLC-stores LLC-prefetch-misses
dTLB-loads dTLB-store-misses iTLB-loads iTLB-load-misses branch-loads branch-load-misses
node-loads node-store-misses node-prefetches l1d bpu
r1a8 r1a8:u r0 1:2 4:0x1a8
mem:0x1000 mem:0x1000/8:rw mem:0x1000:x mem:0x1000/2:w mem:0x1000/1:r mem:0x1000:rw:u
cpu// cpu/event=0x3c/ cpu/event=0x3c,umask=2/u cpu/edge/ cpu/wide=0xabc/ cpu/config=7,config1=5/
cpu/r1a8/ cpu/mem-loads/ cpu/mem-loads/ppp cpu/cpu-cycles,edge/ mem-loads mem-loads:u
cpu/umask=010/ uncore_imc_0/reads/ imc/event=9/ reads
""".split()

FIELDS = {"type", "config", "pinned", "exclusive", "exclude_user", "exclude_kernel", "exclude_hv",
          "exclude_idle", "precise_ip", "exclude_host", "exclude_guest", "bp_type",
          "{ bp_addr, config1 }", "{ bp_len, config2 }"}


def attr(said, event):
    """The fields that an event string decides, of the first attr shown.

    With perf some modifiers (k, h, I...) let guests in by the way, which is not ours to follow.
    """
    block = re.search(r"perf_event_attr:\n(.*?)\n---", said, re.S)
    assert block, said
    pairs = re.findall(r"^  (\S.*?)  +(\S+)$", block[1], re.M)
    shown = {name: int(value, 0) for name, value in pairs if name in FIELDS}
    if re.search(r":[khIDeSW]+$", event):
        shown.pop("exclude_guest", None)
    return shown


@pytest.fixture(scope="module")
def on_made_up_pmus(run):
    if os.geteuid() != 0:
        pytest.skip("only root may put other PMUs over sysfs")
    return lambda *argv: run("unshare", "-m", "sh", "-c", PMUS, "sh", *argv, status=None)


@pytest.mark.parametrize("event", EVENTS)
def test_the_attr_is_perfs(event, on_made_up_pmus, perf, build):
    how = ("stat", "-vv", "-e", event, "true")
    ours, theirs = (on_made_up_pmus(tool, *how) for tool in (build / "perfbox", "/usr/bin/perf"))
    assert ours.status == 0
    assert attr(ours.err, event) == attr(theirs.err, event)


@pytest.mark.parametrize("event", ["cpu/umask=0x100/", "cpu/evnt=1/", "cpu/event=1", "nosuch",
                                   "cycles:q", "{cycles,cs", "mem:zz", "sched:nosuch", "cs,,cs"])
def test_what_perf_refuses_is_refused(event, on_made_up_pmus, perf, build):
    how = ("stat", "-e", event, "true")
    ours, theirs = (on_made_up_pmus(tool, *how) for tool in (build / "perfbox", "/usr/bin/perf"))
    assert ours.status == 2
    if event != "{cycles,cs":  # perf takes it for {cycles,cs}
        assert theirs.status != 0
    assert re.fullmatch(r"perfbox stat: -e .*\n", ours.err), ours.err


def test_tracepoints_need_tracefs(run, build):
    if os.geteuid() != 0:
        pytest.skip("only root may hide tracefs")
    said = run("unshare", "-m", "sh", "-c",
               "mount -t tmpfs none /sys/kernel/tracing; mount -t tmpfs none /sys/kernel/debug; exec \"$@\"",
               "sh", build / "perfbox", "stat", "-e", "sched:sched_switch", "true", status=1)
    assert "not mounted" in said.err and said.err.count("\n") == 1
