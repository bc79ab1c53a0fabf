"""The lab: tests on real kernels, booted in QEMU with perfbox, busybox and the workloads only.

    machine               a booted machine; each test that asks for it runs once per kernel and
                          architecture of --kernels (make check: 6.1, make check-kernels: all).
                          All tests of one kernel share one boot: leave it as you found it.
    machine.run(script, status=0, timeout=60, user="root")
                          runs a shell script in the machine (in /tmp, a tmpfs with xattrs); gives
                          .status .out .err .lines and .raw (bytes of .out); other users: alice
                          (uid 1000, in the group perf_users, gid 900), bob (1001)
    machine.push(path, bytes), machine.pull(path)
                          files in and out: a perf.data pulled out can be read by the host's perf
    machine.version, .arch, .release
                          "6.1", "arm64", "6.1.0-..."; machine.at_least("6.12") compares

A machine that died or hung fails the test at hand; the next one boots it again.
perfbox is /bin/perfbox, workloads are /workload/NAME (tests/workload/NAME.c), tracefs is mounted on
/sys/kernel/tracing. perf_event_paranoid is 3, as Debian boots. arm64 has a PMU whose `cycles`
counts and overflows; x86_64 has software events only.
"""

import functools
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from machine import ARCHES, SUITES, Machine, MachineError  # noqa: E402

BOOT_TRIES = 3


def pytest_generate_tests(metafunc):
    if "machine" not in metafunc.fixturenames:
        return
    kernels = kernels_asked(metafunc.config.getoption("kernels"))
    metafunc.parametrize("booted", kernels, ids=["-".join(k) for k in kernels], indirect=True, scope="session")


@functools.cache
def kernels_asked(asked):
    """The same objects each time: pytest takes a parameter that is equal for another one, and would boot anew."""
    return [(version, arch) for version in (SUITES if asked == "all" else asked.split(",")) for arch in ARCHES]


def boot(version, arch):
    """An emulated kernel that dies before anything of ours has run is booted again, and that is said."""
    for attempt in range(1, BOOT_TRIES + 1):
        try:
            return Machine(version, arch)
        except MachineError as error:
            print(f"boot {attempt} of {version} {arch} failed: {error}")
            last = error
    raise last


@pytest.fixture(scope="session")
def booted(request):
    machine = [boot(*request.param)]
    yield machine
    machine[0].close()


@pytest.fixture
def machine(booted):
    if booted[0].process.poll() is not None:
        booted[0] = boot(booted[0].version, booted[0].arch)
    return booted[0]
