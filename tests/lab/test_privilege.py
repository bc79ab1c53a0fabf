"""The two procedures of the kernel's "Perf events and tool security", on kernels that boot with
Debian's gate: a file for a group, and a shell for a user. The machine has busybox's addgroup only."""

import contextlib

import pytest

DOCUMENT = ["CapInh:\t0000004000000000", "CapPrm:\t0000004000000000", "CapEff:\t0000004000000000", "CapAmb:\t0000004000000000"]
RECORD = "record -a -e cpu-clock -o /dev/null true"


@contextlib.contextmanager
def paranoid(machine, level):
    machine.run(f"echo {level} >/proc/sys/kernel/perf_event_paranoid")
    try:
        yield
    finally:
        machine.run("echo 3 >/proc/sys/kernel/perf_event_paranoid")


@pytest.fixture
def program(machine):
    """A copy of perfbox where capabilities count: the tmpfs of /tmp."""
    machine.run("cp /bin/perfbox /tmp/box; chmod 755 /tmp/box")
    yield "/tmp/box"
    machine.run("rm -f /tmp/box")


def test_a_group_may_record_the_system(machine, program):
    with paranoid(machine, 2):
        machine.run(f"{program} {RECORD}", user="alice", status=1)
        said = machine.run(f"perfbox grant {program}")
        assert "members of the group now: alice " in said.out
        assert "warning" not in said.err or "addgroup" in said.err
        assert machine.run(f"perfbox getcap {program}; stat -c %a:%g {program}").lines == \
            [f"{program} cap_perfmon=ep", "750:900"]
        machine.run(f"{program} {RECORD}", user="alice")
        said = machine.run(f"{program} version", user="bob", status=126)
        machine.run(f"perfbox grant --revoke {program}")
        machine.run(f"{program} {RECORD}", user="alice", status=1)
        machine.run(f"{program} version", user="bob")
        assert machine.run(f"perfbox getcap -v {program}; stat -c %a:%g {program}").lines == [program, "755:0"]


def test_debians_gate_is_told(machine, program):
    said = machine.run(f"perfbox grant {program}")
    assert "lets only CAP_SYS_ADMIN in" in said.err
    machine.run(f"{program} {RECORD}", user="alice", status=1)
    assert "lets only CAP_SYS_ADMIN in" in machine.run("SUDO_USER=bob perfbox shell -- -c true").err
    with paranoid(machine, 2):
        assert "CAP_SYS_ADMIN" not in machine.run(f"perfbox grant {program}").err


def test_a_group_is_made_by_addgroup_or_its_line_is_told(machine, program):
    said = machine.run(f"perfbox grant --group newcomers {program}", status=1)
    assert "\nnewcomers:x:999:\n" in said.err
    assert machine.run(f"stat -c %a:%g {program}").out == "755:0\n"
    machine.run("""cp /etc/group /tmp/group; printf '#!/bin/sh\\necho "$1:x:902:" >>/etc/group\\n' >/sbin/addgroup
                   chmod 755 /sbin/addgroup""")
    try:
        assert "group newcomers was made" in machine.run(f"perfbox grant --group newcomers {program}").out
        assert machine.run(f"stat -c %a:%g {program}").out == "750:902\n"
    finally:
        machine.run("cp /tmp/group /etc/group; rm /tmp/group /sbin/addgroup")


def test_the_dry_run_does_the_same(machine, program):
    said = machine.run(f"perfbox grant --dry-run {program} >/tmp/script; sh -e /tmp/script; rm /tmp/script; "
                       f"stat -c %a:%u:%g {program}; perfbox getcap {program}")
    assert said.lines == [f"{program}: OK", "750:0:900", f"{program} cap_perfmon=ep"]


def test_a_shell_for_a_user(machine):
    with paranoid(machine, 2):
        said = machine.run("SUDO_USER=bob perfbox shell -- -c 'grep Cap /proc/self/status; id -u; "
                           f"perfbox {RECORD} && echo recorded'")
    assert [line for line in said.lines if line.startswith("Cap") and "Bnd" not in line] == DOCUMENT
    assert said.lines[-2:] == ["1001", "recorded"]
    said = machine.run("perfbox capsh --iab=^cap_perfmon --secbits=239 --user=bob -- -c 'grep Cap /proc/self/status'")
    assert [line for line in said.lines if "Bnd" not in line] == DOCUMENT


def test_set_id_programs_gain_nothing_in_it(machine, program):
    machine.run(f"chmod 4755 {program}")
    assert " =ep" in machine.run(f"{program} caps", user="bob").out
    said = machine.run(f"SUDO_USER=bob perfbox shell -- -c '{program} caps'").out
    assert said.splitlines()[1].split()[6:9] == ["-", "0", "cap_perfmon=i"]


@pytest.mark.parametrize("environment", ["SUDO_USER=", "SUDO_USER=root", "SUDO_USER=nobody-here", "SUDO_USER=bob SUDO_UID=1000"])
def test_a_shell_is_refused(machine, environment):
    said = machine.run(f"{environment} perfbox shell -- -c id", status=1)
    assert said.out == "" and said.err.count("\n") == 1


def test_files_give_nothing_on_nosuid_and_with_no_new_privs(machine, program):
    with paranoid(machine, 2):
        machine.run(f"perfbox grant {program}")
        machine.run(f"setpriv --nnp {program} {RECORD}", user="alice", status=1)
        machine.run("mkdir -p /tmp/nosuid; mount -t tmpfs -o nosuid,mode=755 x /tmp/nosuid; cp /bin/perfbox /tmp/nosuid")
        try:
            assert "mounted nosuid" in machine.run("perfbox grant /tmp/nosuid/perfbox").err
            assert "counts here: no" in machine.run("perfbox caps /tmp/nosuid/perfbox").out
            machine.run(f"/tmp/nosuid/perfbox {RECORD}", user="alice", status=1)
        finally:
            machine.run("umount /tmp/nosuid; rmdir /tmp/nosuid")


def test_changing_the_group_erases_the_capability(machine, program):
    said = machine.run(f"perfbox grant {program} >/dev/null; chgrp 901 {program}; perfbox setcap -v cap_perfmon=ep {program}", status=1)
    assert said.out == f"{program} differs in [pe]\n"


def test_file_capabilities_of_a_user_namespace(machine, program):
    said = machine.run(f"perfbox setcap -n 1000 cap_perfmon=ep {program}; perfbox getcap -n {program}")
    assert said.out == f"{program} cap_perfmon=ep [rootid=1000]\n"
    with paranoid(machine, 2):
        machine.run(f"{program} {RECORD}", user="bob", status=1)


def test_a_bounding_set_without_it(machine, program):
    said = machine.run(f"perfbox setcap cap_perfmon=ep {program}; perfbox capsh --drop=cap_perfmon --user=bob --shell=/bin/sh -- "
                       f"-c '{program} version'", status=126)
    assert "perfbox version" not in said.out


def test_sets_are_those_the_kernel_shows(machine):
    shown = dict(line.split(":\t") for line in machine.run("grep Cap /proc/self/status").lines)
    names = machine.run(f"perfbox capsh --decode={shown['CapEff']}").out
    assert names.startswith(f"0x{shown['CapEff']}=cap_chown,") and names.endswith("cap_checkpoint_restore\n")
    assert machine.run("perfbox getpcaps 1").out == "1: =ep\n"
    assert machine.run("perfbox capsh --current").lines[0] == "Current: =ep"
    assert machine.run("perfbox caps 1").lines[1].endswith(" =ep")
